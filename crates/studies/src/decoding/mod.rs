//! What do recorded neurons say of a stimulus that changes over time?
//!
//! The stimulus at time t is estimated from the counts of all units around t,
//! ŝ(t) = c + Σ_u Σ_l w_u(l) n_u(t + l), by ridge regression (Bialek, Rieke, de Ruyter van Steveninck &
//! Warland 1991, Science 252:1854; Warland, Reinagel & Meister 1997, J. Neurophysiol. 78:2336). The
//! time is divided into blocks, which are dealt out to folds; each fold is decoded with weights from
//! the others, the penalty chosen on one of these, and with a gap as wide as the weights between them.
//! Controls are the mean stimulus, and the same regression on responses that are turned by half a
//! recording against the stimulus.
//!
//! Images that were shown are decoded by [`reconstruction`](crate::reconstruction).

mod folds;
mod report;
mod results;
mod settings;
mod study;
#[cfg(test)]
mod tests;

pub use results::{DecodingResults, MethodScore, UnitFilter};
pub use settings::{DecodingSettings, StimulusFiles};
pub use study::{Decoding, DecodingInputs};
