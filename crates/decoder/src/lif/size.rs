//! How much memory a network takes, computed before any is taken.

use super::{LifError, Shape};

/// Samples whose gradients one partial sum holds.
pub const GROUP: usize = 32;

/// The most weights of a network: half a GiB, three times that with Adam's means.
pub const MOST_WEIGHTS: u64 = 1 << 27;

/// The most states of a sample, neurons times steps: 64 MiB, and a thread holds up to eight samples.
pub const MOST_STATES: u64 = 1 << 24;

/// The most states that are kept for a backward pass, neurons times steps times samples: 4 GiB.
pub const MOST_KEPT_STATES: u64 = 1 << 30;

/// The most numbers in the partial sums of the gradients of a batch, one sum for each 32 samples:
/// 2 GiB.
pub const MOST_GRADIENTS: u64 = 1 << 29;

fn at_most(what: &'static str, numbers: u64, most: u64) -> Result<(), LifError> {
    if numbers <= most { Ok(()) } else { Err(LifError::TooLarge { what, numbers, most }) }
}

impl Shape {
    /// The number of weights.
    pub fn weights(&self) -> u64 {
        let Shape { inputs, hidden, classes, recurrent } = *self;
        let sources = inputs as u64 + if recurrent { hidden as u64 } else { 0 };
        (sources.saturating_add(classes as u64)).saturating_mul(hidden as u64)
    }

    /// Checks the sizes.
    ///
    /// # Errors
    /// If one is 0 or more than 65,536, or there are more weights than [`MOST_WEIGHTS`].
    pub fn validate(&self) -> Result<(), LifError> {
        let Shape { inputs, hidden, classes, .. } = *self;
        if [inputs, hidden, classes].iter().any(|n| !(1..=1 << 16).contains(n)) {
            return Err(LifError::Shape { inputs, hidden, classes });
        }
        at_most("the weights of the network", self.weights(), MOST_WEIGHTS)
    }

    /// Checks that a sample of so many steps can be computed.
    ///
    /// # Errors
    /// If its states are more than [`MOST_STATES`].
    pub(super) fn check_states(&self, steps: usize) -> Result<(), LifError> {
        let states = (steps as u64).saturating_mul(self.hidden as u64);
        at_most("the states of a sample (neurons times steps)", states, MOST_STATES)
    }

    /// Checks that the states of so many samples can be kept.
    ///
    /// # Errors
    /// If they are more than [`MOST_KEPT_STATES`].
    pub(super) fn check_kept_states(&self, steps: usize, samples: usize) -> Result<(), LifError> {
        let states = (steps as u64).saturating_mul(self.hidden as u64);
        let kept = states.saturating_mul(samples as u64);
        at_most("the states of a batch (neurons times steps times samples)", kept, MOST_KEPT_STATES)
    }

    /// Checks that the gradients of a batch of so many samples can be summed.
    ///
    /// # Errors
    /// If the partial sums hold more numbers than [`MOST_GRADIENTS`].
    pub fn check_batch(&self, samples: usize) -> Result<(), LifError> {
        let sums = samples.div_ceil(GROUP) as u64;
        let numbers = self.weights().saturating_mul(sums);
        at_most("the gradients of a batch (weights for each 32 samples)", numbers, MOST_GRADIENTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lif::kernel::Kernel;
    use crate::lif::{Dynamics, Matrices, Surrogate};

    #[test]
    fn what_would_not_fit_into_memory_is_refused_before_any_is_taken() {
        let shape = |inputs, hidden, recurrent| Shape { inputs, hidden, classes: 10, recurrent };
        assert_eq!(shape(784, 100, false).weights(), 79_400);
        assert_eq!(shape(700, 200, true).weights(), 182_000);
        let too_large = |found: Result<(), LifError>| matches!(found, Err(LifError::TooLarge { numbers, most, .. }) if numbers > most);
        assert!(too_large(shape(1, 1 << 16, true).validate()));
        assert!(too_large(Matrices::zeros(shape(1, 1 << 16, true)).map(|_| ())));
        assert!(too_large(shape(1 << 16, 1 << 16, false).validate()));
        assert!(matches!(shape(usize::MAX, 1, false).validate(), Err(LifError::Shape { .. })));
        let kernel = |hidden, steps| {
            let surrogate = Surrogate::default();
            let dynamics = Dynamics::from_time_constants(5.0, 10.0, 1.0, steps, surrogate);
            Kernel::new(shape(1, hidden, false), dynamics).map(|_| ())
        };
        assert!(too_large(kernel(1 << 10, 1 << 15)));
        assert_eq!(kernel(1 << 10, 1 << 14), Ok(()));
        assert!(too_large(shape(784, 1000, false).check_batch(1 << 16)));
        assert_eq!(shape(784, 100, false).check_batch(1 << 16), Ok(()));
        assert!(too_large(shape(1, 1000, false).check_kept_states(1000, 1 << 16)));
    }
}
