//! Many classifiers, over ratios of excitatory to inhibitory neurons, initial rates and noise.

mod comparison;
mod epochs;
mod figures;
mod grid;
mod reference;
mod report;
mod results;
mod settings;
mod study;
mod tables;
mod trials;

pub use comparison::{Comparison, Comparisons, DistanceTest, GridComparisons};
pub use grid::{Condition, Grid};
pub use reference::{NotAReference, Reference};
pub use results::{Best, RatiosResults};
pub use settings::{NoiseGrid, RatiosSettings, Scored};
pub use study::{Ratios, RatiosInputs};
pub use trials::Trial;
