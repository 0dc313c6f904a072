//! The weights of a network, or their gradients, in the kernel's layout.

use super::buffer::{Buffer, padded};
use super::{LifError, Shape};
use rayon::prelude::*;

/// Which row of the weights: its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// From an input channel to the hidden neurons.
    Input(usize),
    /// From a hidden neuron to the hidden neurons.
    Recurrent(usize),
    /// From a hidden neuron to the classes.
    Readout(usize),
}

/// Rows that one task of a pool takes at least.
const MIN_ROWS: usize = 64;

/// The weight matrices of a network (or the gradients of a loss for them), every row starting on
/// a vector boundary and padded with zeros to whole vectors: `[inputs, hidden]`, then
/// `[hidden, hidden]` if recurrent, in one piece; and `[hidden, classes]`.
#[derive(Debug, Clone)]
pub struct Matrices {
    pub(super) shape: Shape,
    pub(super) rows: Buffer,
    pub(super) readout: Buffer,
}

impl Matrices {
    /// All zeros.
    ///
    /// # Errors
    /// As [`Shape::validate`].
    pub fn zeros(shape: Shape) -> Result<Matrices, LifError> {
        shape.validate()?;
        let Shape { inputs, hidden, classes, recurrent } = shape;
        let rows = inputs + if recurrent { hidden } else { 0 };
        Ok(Matrices {
            shape,
            rows: Buffer::zeros(rows * padded(hidden)),
            readout: Buffer::zeros(hidden * padded(classes)),
        })
    }

    /// From row-major matrices: `input` `[inputs, hidden]`, `readout` `[hidden, classes]`, and
    /// `recurrent` `[hidden, hidden]` (source first) where the shape has it.
    ///
    /// # Errors
    /// If a size is wrong.
    pub fn from_slices(
        shape: Shape,
        input: &[f32],
        recurrent: Option<&[f32]>,
        readout: &[f32],
    ) -> Result<Matrices, LifError> {
        let mut matrices = Matrices::zeros(shape)?;
        matrices.set(input, recurrent, readout)?;
        Ok(matrices)
    }

    /// Overwrites all with row-major matrices, as [`Self::from_slices`] reads them.
    ///
    /// # Errors
    /// If a size is wrong.
    pub fn set(
        &mut self,
        input: &[f32],
        recurrent: Option<&[f32]>,
        readout: &[f32],
    ) -> Result<(), LifError> {
        let Shape { inputs, hidden, classes, recurrent: wanted } = self.shape;
        let check = |name, found: usize, expected: usize| {
            if found == expected { Ok(()) } else { Err(LifError::Matrix { name, found, expected }) }
        };
        check("input weights", input.len(), inputs * hidden)?;
        check("readout weights", readout.len(), hidden * classes)?;
        let square = if wanted { hidden * hidden } else { 0 };
        let recurrent = recurrent.unwrap_or(&[]);
        check("recurrent weights", recurrent.len(), square)?;
        let rows = input.chunks_exact(hidden).chain(recurrent.chunks_exact(hidden));
        for (to, from) in self.rows.chunks_exact_mut(padded(hidden)).zip(rows) {
            to[..hidden].copy_from_slice(from);
        }
        let rows = readout.chunks_exact(classes);
        for (to, from) in self.readout.chunks_exact_mut(padded(classes)).zip(rows) {
            to[..classes].copy_from_slice(from);
        }
        Ok(())
    }

    /// The sizes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The rows of the input weights (one a channel, `hidden` numbers each).
    pub fn input_rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        let hidden = self.shape.hidden;
        self.rows.chunks_exact(padded(hidden)).take(self.shape.inputs).map(move |r| &r[..hidden])
    }

    /// The rows of the recurrent weights (one a source neuron); none if feed-forward.
    pub fn recurrent_rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        let hidden = self.shape.hidden;
        self.rows.chunks_exact(padded(hidden)).skip(self.shape.inputs).map(move |r| &r[..hidden])
    }

    /// The rows of the readout weights (one a hidden neuron, `classes` numbers each).
    pub fn readout_rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        let classes = self.shape.classes;
        self.readout
            .chunks_exact(padded(classes))
            .take(self.shape.hidden)
            .map(move |r| &r[..classes])
    }

    /// The input weights, row-major `[inputs, hidden]`.
    pub fn input(&self) -> Vec<f32> {
        self.input_rows().flatten().copied().collect()
    }

    /// The recurrent weights, row-major `[hidden, hidden]`; absent if feed-forward.
    pub fn recurrent(&self) -> Option<Vec<f32>> {
        self.shape.recurrent.then(|| self.recurrent_rows().flatten().copied().collect())
    }

    /// The readout weights, row-major `[hidden, classes]`.
    pub fn readout(&self) -> Vec<f32> {
        self.readout_rows().flatten().copied().collect()
    }

    /// Zeros of the same shape.
    pub fn zeros_like(&self) -> Matrices {
        Matrices {
            shape: self.shape,
            rows: Buffer::zeros(self.rows.len()),
            readout: Buffer::zeros(self.readout.len()),
        }
    }

    /// All rows, in parallel, without their padding: input, recurrent, readout.
    pub fn par_rows(&self) -> impl IndexedParallelIterator<Item = &[f32]> {
        let Shape { hidden, classes, .. } = self.shape;
        let rows = self.rows.par_chunks_exact(padded(hidden)).with_min_len(MIN_ROWS);
        let readout = self.readout.par_chunks_exact(padded(classes)).with_min_len(MIN_ROWS);
        rows.map(move |r| &r[..hidden]).chain(readout.map(move |r| &r[..classes]))
    }

    /// All rows, in parallel, without their padding, and where each comes from.
    pub fn par_rows_mut(&mut self) -> impl IndexedParallelIterator<Item = (Row, &mut [f32])> {
        let Shape { inputs, hidden, classes, .. } = self.shape;
        let rows = self.rows.par_chunks_exact_mut(padded(hidden)).with_min_len(MIN_ROWS);
        let readout = self.readout.par_chunks_exact_mut(padded(classes)).with_min_len(MIN_ROWS);
        let rows = rows.enumerate().map(move |(k, row)| {
            let source = if k < inputs { Row::Input(k) } else { Row::Recurrent(k - inputs) };
            (source, &mut row[..hidden])
        });
        rows.chain(readout.enumerate().map(move |(k, row)| (Row::Readout(k), &mut row[..classes])))
    }

    /// Subtracts `rate` times the gradient: one step of plain gradient descent.
    ///
    /// # Panics
    /// If the gradient is that of another shape.
    pub fn descend(&mut self, gradient: &Matrices, rate: f32) {
        assert_eq!(self.shape, gradient.shape, "weights and gradients of one network");
        let pairs = [(&mut self.rows, &gradient.rows), (&mut self.readout, &gradient.readout)];
        for (weights, gradients) in pairs {
            for (w, g) in weights.iter_mut().zip(gradients.iter()) {
                *w -= rate * g;
            }
        }
    }

    /// Whether all numbers are finite.
    pub fn is_finite(&self) -> bool {
        self.rows.iter().chain(self.readout.iter()).all(|x| x.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let shape = Shape { inputs: 3, hidden: 17, classes: 2, recurrent: true };
        let numbers = |n: usize| (0..n).map(|k| k as f32 + 1.0).collect::<Vec<_>>();
        let (w1, v1, w2) = (numbers(51), numbers(289), numbers(34));
        let m = Matrices::from_slices(shape, &w1, Some(&v1), &w2).unwrap();
        assert_eq!(m.input(), w1);
        assert_eq!(m.recurrent().unwrap(), v1);
        assert_eq!(m.readout(), w2);
        assert_eq!(m.recurrent_rows().len(), 17);
    }

    #[test]
    fn wrong_sizes_are_refused() {
        let shape = Shape { inputs: 3, hidden: 4, classes: 2, recurrent: false };
        let no = |r: Result<Matrices, LifError>| r.unwrap_err().to_string();
        let (w1, w2) = (vec![0.0; 12], vec![0.0; 8]);
        assert!(no(Matrices::from_slices(shape, &w2, None, &w2)).contains("8 numbers"));
        assert!(no(Matrices::from_slices(shape, &w1, Some(&w1), &w2)).contains("recurrent"));
        let recurrent = Shape { recurrent: true, ..shape };
        assert!(no(Matrices::from_slices(recurrent, &w1, None, &w2)).contains("0 numbers"));
        assert!(no(Matrices::zeros(Shape { hidden: 0, ..shape })).contains("0 hidden"));
    }
}
