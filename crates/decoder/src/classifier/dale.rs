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
    /// Whether the hidden neurons are connected from inhibitory to excitatory ones alone: all other
    /// recurrent weights are 0.
    pub feed_forward: bool,
}

impl Signs {
    /// Sets every weight of the wrong sign to 0: input weights below 0, outgoing weights of
    /// excitatory neurons below 0 and of inhibitory ones above 0; and those where there is no
    /// connection. Without the law, nothing.
    pub fn clamp(&self, weights: &mut Matrices) {
        if !self.dale {
            return;
        }
        weights.par_rows_mut().for_each(|(source, row)| self.clamp_row(source, row));
    }

    /// Clamps the row of one source.
    pub(super) fn clamp_row(&self, source: Row, row: &mut [f32]) {
        if !self.dale {
            return;
        }
        if let Row::Recurrent(neuron) = source {
            let there = self.targets(neuron).end.min(row.len());
            row[there..].fill(0.0);
        }
        let neuron = hidden_source(source);
        // What is not a number stays so: it has to be seen, not hidden.
        if neuron.is_none_or(|n| n < self.excitatory) {
            row.iter_mut().filter(|w| **w < 0.0).for_each(|w| *w = 0.0);
        } else {
            row.iter_mut().filter(|w| **w > 0.0).for_each(|w| *w = 0.0);
        }
    }

    /// The hidden neurons to which a hidden neuron of so many may be connected, from 0.
    pub(super) fn targets(&self, neuron: usize) -> std::ops::RangeTo<usize> {
        match self.feed_forward {
            true if neuron < self.excitatory => ..0,
            true => ..self.excitatory,
            false => ..usize::MAX,
        }
    }

    /// Whether every weight has its sign (or is 0), and is 0 where there is no
    /// connection; always so without the law.
    pub fn hold(&self, weights: &Matrices) -> bool {
        let excitatory = |row: &[f32]| row.iter().all(|&w| w >= 0.0);
        let inhibitory = |row: &[f32]| row.iter().all(|&w| w <= 0.0);
        let of_neuron = |(n, row): (usize, &[f32])| {
            if n < self.excitatory { excitatory(row) } else { inhibitory(row) }
        };
        !self.dale
            || (weights.input_rows().all(excitatory)
                && weights.recurrent_rows().enumerate().all(of_neuron)
                && weights
                    .recurrent_rows()
                    .enumerate()
                    .all(|(n, row)| row.iter().skip(self.targets(n).end).all(|&w| w == 0.0))
                && weights.readout_rows().enumerate().all(of_neuron))
    }
}

/// The hidden neuron that a row comes from; none for an input channel.
fn hidden_source(row: Row) -> Option<usize> {
    match row {
        Row::Input(_) => None,
        Row::Recurrent(k) | Row::Readout(k) => Some(k),
    }
}
