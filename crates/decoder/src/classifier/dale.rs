//! Dale's law: every neuron is excitatory or inhibitory, and all that it sends has that sign.

use crate::lif::{Matrices, Row};
use rayon::prelude::*;

/// Which hidden neurons are excitatory, and whether the law holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signs {
    /// The first so many hidden neurons are excitatory, the rest inhibitory.
    pub excitatory: usize,
    /// Whether weights are held to their signs.
    pub dale: bool,
}

impl Signs {
    /// Sets every weight of the wrong sign to 0: input weights below 0, outgoing weights of
    /// excitatory neurons below 0 and of inhibitory ones above 0. Without the law, nothing.
    pub fn clamp(&self, weights: &mut Matrices) {
        if !self.dale {
            return;
        }
        weights.par_rows_mut().for_each(|(source, row)| self.clamp_row(hidden_source(source), row));
    }

    /// Clamps the row of one source: a hidden neuron, or none for an input channel.
    pub(super) fn clamp_row(&self, neuron: Option<usize>, row: &mut [f32]) {
        if !self.dale {
            return;
        }
        // What is not a number stays so: it has to be seen, not hidden.
        if neuron.is_none_or(|n| n < self.excitatory) {
            row.iter_mut().filter(|w| **w < 0.0).for_each(|w| *w = 0.0);
        } else {
            row.iter_mut().filter(|w| **w > 0.0).for_each(|w| *w = 0.0);
        }
    }

    /// Whether every weight has its sign (or is 0); always so without the law.
    pub fn hold(&self, weights: &Matrices) -> bool {
        let excitatory = |row: &[f32]| row.iter().all(|&w| w >= 0.0);
        let inhibitory = |row: &[f32]| row.iter().all(|&w| w <= 0.0);
        let of_neuron = |(n, row): (usize, &[f32])| {
            if n < self.excitatory { excitatory(row) } else { inhibitory(row) }
        };
        !self.dale
            || (weights.input_rows().all(excitatory)
                && weights.recurrent_rows().enumerate().all(of_neuron)
                && weights.readout_rows().enumerate().all(of_neuron))
    }
}

/// The hidden neuron that a row comes from; none for an input channel.
pub(super) fn hidden_source(row: Row) -> Option<usize> {
    match row {
        Row::Input(_) => None,
        Row::Recurrent(k) | Row::Readout(k) => Some(k),
    }
}
