//! Partial sums of gradients.

use super::super::size::GROUP;
use super::super::{LifError, Matrices, Shape};
use rayon::prelude::*;

/// Partial sums of gradients, used again from step to step.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) partial: Vec<Matrices>,
}

impl Workspace {
    /// The gradients of the last [`Kernel::step`](super::Kernel::step).
    ///
    /// # Panics
    /// If there was none.
    pub fn gradients(&self) -> &Matrices {
        &self.partial[0]
    }

    /// Makes room for `groups` partial sums.
    pub(super) fn prepare(&mut self, shape: Shape, groups: usize) -> Result<(), LifError> {
        shape.check_batch(groups * GROUP)?;
        if self.partial.first().is_some_and(|m| m.shape != shape) {
            self.partial.clear();
        }
        while self.partial.len() < groups {
            self.partial.push(Matrices::zeros(shape)?);
        }
        Ok(())
    }

    /// Sums the first `groups` partial sums into the first, in order.
    pub(super) fn reduce(&mut self, groups: usize) {
        /// Floats that one task sums.
        const CHUNK: usize = 1 << 12;
        let Some((total, rest)) = self.partial[..groups].split_first_mut() else { return };
        let sum = |total: &mut [f32], part: fn(&Matrices) -> &[f32]| {
            total.par_chunks_mut(CHUNK).enumerate().for_each(|(k, total)| {
                for other in rest.iter() {
                    let other = &part(other)[k * CHUNK..k * CHUNK + total.len()];
                    for (a, b) in total.iter_mut().zip(other) {
                        *a += b;
                    }
                }
            });
        };
        sum(&mut total.rows, |m| &m.rows);
        sum(&mut total.readout, |m| &m.readout);
    }
}
