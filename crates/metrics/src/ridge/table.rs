//! Numbers of samples, read row by row from where they are.

use super::error::RidgeError;
use faer::Mat;

/// Samples turned into `f64` at a time.
pub(super) const SAMPLES: usize = 512;

/// Numbers in rows: one row a sample.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    numbers: Numbers<'a>,
}

#[derive(Clone, Copy)]
enum Numbers<'a> {
    Floats(&'a [f32]),
    Counts(&'a [u16]),
    Rows(&'a (dyn Fn(usize, &mut [f64]) + Sync)),
}

impl<'a> Table<'a> {
    /// Row-major floats.
    ///
    /// # Errors
    /// If they are no whole number of rows.
    pub fn of_floats(values: &'a [f32], columns: usize) -> Result<Self, RidgeError> {
        let rows = whole_rows(values.len(), columns)?;
        Ok(Self { rows, columns, numbers: Numbers::Floats(values) })
    }

    /// Row-major counts.
    ///
    /// # Errors
    /// If they are no whole number of rows.
    pub fn of_counts(values: &'a [u16], columns: usize) -> Result<Self, RidgeError> {
        let rows = whole_rows(values.len(), columns)?;
        Ok(Self { rows, columns, numbers: Numbers::Counts(values) })
    }

    /// Rows that are written by `row(index, out)`.
    pub fn of_rows(
        rows: usize,
        columns: usize,
        row: &'a (dyn Fn(usize, &mut [f64]) + Sync),
    ) -> Self {
        Self { rows, columns, numbers: Numbers::Rows(row) }
    }

    /// Samples.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers of a sample.
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn read(&self, row: usize, out: &mut [f64]) {
        let range = row * self.columns..(row + 1) * self.columns;
        match self.numbers {
            Numbers::Floats(v) => {
                out.iter_mut().zip(&v[range]).for_each(|(o, &v)| *o = f64::from(v));
            }
            Numbers::Counts(v) => {
                out.iter_mut().zip(&v[range]).for_each(|(o, &v)| *o = f64::from(v));
            }
            Numbers::Rows(read) => read(row, out),
        }
    }

    pub(super) fn means(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.columns];
        let mut row = vec![0.0; self.columns];
        for i in 0..self.rows {
            self.read(i, &mut row);
            mean.iter_mut().zip(&row).for_each(|(m, v)| *m += v);
        }
        mean.iter_mut().for_each(|m| *m /= self.rows as f64);
        mean
    }

    /// Rows from `from` to `to` less `mean`, as columns: `[columns, to - from]`.
    pub(super) fn block(&self, mean: &[f64], from: usize, to: usize) -> Mat<f64> {
        let mut block = Mat::zeros(self.columns, to - from);
        for k in from..to {
            let out = block.col_as_slice_mut(k - from);
            self.read(k, out);
            out.iter_mut().zip(mean).for_each(|(v, m)| *v -= m);
        }
        block
    }
}

fn whole_rows(numbers: usize, columns: usize) -> Result<usize, RidgeError> {
    if columns == 0 || !numbers.is_multiple_of(columns) {
        return Err(RidgeError::Rows { numbers, columns });
    }
    Ok(numbers / columns)
}
