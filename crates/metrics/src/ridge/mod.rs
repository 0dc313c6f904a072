//! Ridge regression (Hoerl & Kennard 1970, Technometrics 12:55): a linear map from spikes to images
//! or classes, fitted by least squares with a penalty on its squared weights.
//!
//! For samples x (rows of X, `[samples, features]`) with outputs y (rows of Y), both less their
//! means, the weights W `[features, outputs]` minimise
//!
//! ```text
//! |Y - X W|² + p |W|²:   W = (Xᵀ X + p I)⁻¹ Xᵀ Y     [as many samples as features, or more]
//!                        W = Xᵀ (X Xᵀ + p I)⁻¹ Y     [fewer; the same W]
//! ```
//!
//! and the intercept, mean(y) - mean(x) W, is not penalised. The penalty is given as a share s of
//! the mean variance of a feature summed over samples, p = s tr(XᵀX) / features, so that it means
//! the same for any number of samples and any unit of the features.
//!
//! [`NormalEquations`] are the sums over the samples, by far the most expensive part; they can be solved
//! for many penalties ([`NormalEquations::fit`]), and for features brought to other units
//! ([`NormalEquations::standardised`]), without going through the samples again. All work is cut
//! into blocks whose borders do not depend on the number of threads, and each block is computed by
//! one thread, so that the bits do not depend on it either.
//!
//! ```
//! use equipoise_metrics::ridge::{NormalEquations, Table};
//!
//! let counts = [0u16, 1, 2, 3, 4, 5];
//! let targets = [1.0f32, 3.0, 5.0, 7.0, 9.0, 11.0];
//! let (x, y) = (Table::of_counts(&counts, 1)?, Table::of_floats(&targets, 1)?);
//! let ridge = NormalEquations::sum(x, y)?.solve(1e-12)?;
//! assert!((ridge.predict(Table::of_counts(&[10], 1)?)?[0] - 21.0).abs() < 1e-6);
//! # Ok::<(), equipoise_metrics::ridge::RidgeError>(())
//! ```
//!
//! Not for features by the ten thousands: memory grows with the square of the features or of the
//! samples, whichever are fewer, time with the cube.

mod equations;
mod error;
mod linear;
mod table;
#[cfg(test)]
mod tests;

pub use equations::NormalEquations;
pub use error::RidgeError;
pub use linear::Ridge;
pub use table::Table;
