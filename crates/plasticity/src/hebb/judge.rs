//! Does a network show the mapping?

use super::config::Criterion;
use super::network::argmax;
use super::{Frozen, Mapping};

/// What the outputs say about the mapping under each criterion that compares them with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The output is +1 at the target and -1 elsewhere, for every input.
    pub exact: bool,
    /// The target's raw sum is the largest, for every input.
    pub argmax: bool,
    /// The target is the first output that fires, for every input.
    pub first_firing: bool,
    /// The target fires, for every input.
    pub target_fires: bool,
}

impl Verdict {
    /// The verdict on raw output sums, `[input][output]`.
    ///
    /// # Panics
    /// If `sums` is not of `neurons * neurons`.
    pub fn of(sums: &[f64], mapping: &Mapping) -> Self {
        Self {
            exact: meets(Criterion::Exact, sums, mapping),
            argmax: meets(Criterion::Argmax, sums, mapping),
            first_firing: meets(Criterion::FirstFiring, sums, mapping),
            target_fires: meets(Criterion::TargetFires, sums, mapping),
        }
    }
}

/// Whether raw output sums, `[input][output]`, meet a criterion. `Frozen` is never met by sums
/// alone.
#[inline]
pub(crate) fn meets(criterion: Criterion, sums: &[f64], mapping: &Mapping) -> bool {
    let n = mapping.neurons();
    assert_eq!(sums.len(), n * n, "one sum for each input and output");
    sums.chunks_exact(n).enumerate().all(|(input, sums)| {
        let target = mapping.target(input);
        match criterion {
            Criterion::Exact => sums.iter().enumerate().all(|(k, &s)| (s >= 0.0) == (k == target)),
            Criterion::Argmax => argmax(sums) == target,
            Criterion::FirstFiring => sums.iter().position(|&s| s >= 0.0) == Some(target),
            Criterion::TargetFires => sums[target] >= 0.0,
            Criterion::Frozen => false,
        }
    })
}

/// How far the raw output sums, `[input][output]`, are from another verdict under a criterion: the
/// smallest distance of a sum that it looks at from 0, or, for `argmax`, of a target from the
/// largest other output. `Frozen` looks at no sum; it gets the margin of `Exact`.
pub(crate) fn margin(criterion: Criterion, sums: &[f64], mapping: &Mapping) -> f64 {
    let mut margin = f64::INFINITY;
    for (input, sums) in sums.chunks_exact(mapping.neurons()).enumerate() {
        let target = mapping.target(input);
        for (output, sum) in sums.iter().enumerate() {
            let distance = match criterion {
                Criterion::Exact | Criterion::Frozen => sum.abs(),
                Criterion::Argmax if output == target => continue,
                Criterion::Argmax => (sums[target] - sum).abs(),
                Criterion::FirstFiring if output > target => continue,
                Criterion::TargetFires if output != target => continue,
                Criterion::FirstFiring | Criterion::TargetFires => sum.abs(),
            };
            margin = margin.min(distance);
        }
    }
    margin
}

/// Watches for epochs without a change of sign in which the weights barely move.
#[derive(Debug, Clone)]
pub(crate) struct FreezeWatch {
    frozen: Frozen,
    weights: Vec<f64>,
    firing: Vec<u64>,
    quiet: usize,
}

impl FreezeWatch {
    /// Starts from the state before the first epoch.
    pub(crate) fn new(frozen: Frozen, weights: &[f64], firing: &[u64]) -> Self {
        Self { frozen, weights: weights.to_vec(), firing: firing.to_vec(), quiet: 0 }
    }

    /// Takes note of the state after an epoch; true once there were enough quiet ones in a row.
    pub(crate) fn after_epoch(&mut self, weights: &[f64], firing: &[u64]) -> bool {
        let moved =
            self.weights.iter().zip(weights).any(|(a, b)| (a - b).abs() > self.frozen.tolerance);
        self.quiet = if moved || self.firing != firing { 0 } else { self.quiet + 1 };
        self.weights.copy_from_slice(weights);
        self.firing.copy_from_slice(firing);
        self.quiet >= self.frozen.epochs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_criterion_by_hand() {
        let mapping = Mapping::new(&[1, 0]).unwrap();
        let verdict = |sums: [f64; 4]| {
            let v = Verdict::of(&sums, &mapping);
            (v.exact, v.argmax, v.first_firing, v.target_fires)
        };
        assert_eq!(verdict([-1.0, 0.0, 0.0, -1e-300]), (true, true, true, true));
        // The target of input 0 is the largest, but no output fires.
        assert_eq!(verdict([-2.0, -1.0, 1.0, -1.0]), (false, true, false, false));
        // Output 0 fires first for input 0.
        assert_eq!(verdict([0.5, 1.0, 1.0, -1.0]), (false, true, false, true));
        // Of equal sums the lowest output wins, which is wrong for input 0.
        assert_eq!(verdict([1.0, 1.0, 1.0, 1.0]), (false, false, false, true));
        // For input 1 the first that fires is right, though a later one is larger.
        assert_eq!(verdict([-1.0, 1.0, 1.0, 2.0]), (false, false, true, true));
    }

    #[test]
    fn margins_by_hand() {
        let mapping = Mapping::new(&[1, 0]).unwrap();
        let sums = [-0.5, 0.25, 0.75, 0.125];
        let of = |criterion| margin(criterion, &sums, &mapping);
        assert_eq!(of(Criterion::Exact), 0.125);
        assert_eq!(of(Criterion::Argmax), 0.625);
        assert_eq!(of(Criterion::FirstFiring), 0.25);
        assert_eq!(of(Criterion::TargetFires), 0.25);
    }

    #[test]
    fn frozen_counts_quiet_epochs_in_a_row() {
        let frozen = Frozen { epochs: 2, tolerance: 0.1 };
        let mut watch = FreezeWatch::new(frozen, &[0.0], &[1]);
        assert!(!watch.after_epoch(&[0.05], &[1]));
        assert!(!watch.after_epoch(&[0.5], &[1]));
        assert!(!watch.after_epoch(&[0.5], &[1]));
        assert!(!watch.after_epoch(&[0.5], &[0]));
        assert!(!watch.after_epoch(&[0.5], &[0]));
        assert!(watch.after_epoch(&[0.55], &[0]));
    }
}
