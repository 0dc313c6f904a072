//! Which bins are trained on and which are tested, and the regression of one fold.

use equipoise_data::Counts;
use equipoise_metrics::ridge::{NormalEquations, Table};
use serde::{Deserialize, Serialize};

use crate::{OrStudyError, StudyError};

/// Penalties that are tried, as shares of the features' mean variance.
const PENALTIES: [f64; 9] = [1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 10.0];

/// The responses, the stimulus, and how they are divided.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    pub counts: &'a Counts,
    /// Recording after recording, a value each bin.
    pub stimulus: &'a [Vec<f32>],
    /// Bins before and after.
    pub reach: (usize, usize),
    pub folds: usize,
    pub blocks: usize,
    /// Whether blocks are parts of the time that all recordings share, or recordings.
    pub of_time: bool,
}

/// What one fold gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FoldFound {
    /// The penalty.
    pub penalty: f64,
    /// Estimates of the bins of the fold, in the order of [`Problem::rows`].
    pub linear: Vec<f32>,
    /// The same with turned responses.
    pub shuffled: Vec<f32>,
    /// The mean of the training bins.
    pub mean: f64,
    /// Weights, unit after unit.
    pub weights: Vec<f64>,
}

/// A bin: its recording and place.
pub(super) type Row = (u32, u32);

impl Problem<'_> {
    pub fn bins(&self) -> usize {
        self.counts.bins
    }

    pub fn lags(&self) -> usize {
        self.reach.0 + self.reach.1 + 1
    }

    pub fn features(&self) -> usize {
        self.counts.units * self.lags()
    }

    /// The block of a bin.
    pub fn block(&self, (recording, bin): Row) -> usize {
        let (place, of) = if self.of_time {
            (bin as usize, self.bins())
        } else {
            (recording as usize, self.counts.len())
        };
        place * self.blocks / of
    }

    /// The bins that have all their counts, and belong to one of these folds; with a gap, those whose
    /// neighbours within reach do too.
    pub fn rows(&self, is_in: impl Fn(usize) -> bool, gap: bool) -> Vec<Row> {
        let (before, after) = self.reach;
        let last = self.bins().saturating_sub(after);
        let width = self.lags() - 1;
        let mut rows = Vec::new();
        for recording in 0..self.counts.len() as u32 {
            for bin in before..last.max(before) {
                let row = (recording, bin as u32);
                // All blocks that the weights reach, or that of the bin.
                let reach = if gap { width } else { 0 };
                let block = |bin: usize| self.block((recording, bin as u32));
                let (from, to) = (bin.saturating_sub(reach), (bin + reach).min(self.bins() - 1));
                if (block(from)..=block(to)).all(|block| is_in(block % self.folds)) {
                    rows.push(row);
                }
            }
        }
        rows
    }

    /// Writes the counts around a bin, the response turned by so many bins.
    fn features_of(&self, (recording, bin): Row, turned: usize, out: &mut [f64]) {
        let bins = self.bins();
        let counts = self.counts.recording(recording as usize);
        let start = bin as usize + turned + bins - self.reach.0;
        for (unit, out) in out.chunks_exact_mut(self.lags()).enumerate() {
            let row = &counts[unit * bins..(unit + 1) * bins];
            for (lag, out) in out.iter_mut().enumerate() {
                *out = f64::from(row[(start + lag) % bins]);
            }
        }
    }

    pub fn value(&self, (recording, bin): Row) -> f64 {
        f64::from(self.stimulus[recording as usize][bin as usize])
    }

    /// Decodes a fold from the others.
    pub fn solve(&self, fold: usize) -> Result<FoldFound, StudyError> {
        let chosen_on = (fold + 1) % self.folds;
        let training = self.rows(|f| f != fold && f != chosen_on, self.of_time);
        let validation = self.rows(|f| f == chosen_on, self.of_time);
        let test = self.rows(|f| f == fold, false);
        for (rows, what) in [(&training, "train on"), (&validation, "choose the penalty on")] {
            if rows.len() < 10 {
                return Err(StudyError::input(format!(
                    "{} recordings of {} bins leave {} bins to {what}, in {} blocks with gaps of \
                     {} bins; record longer, or take fewer blocks, narrower weights or finer bins",
                    self.counts.len(),
                    self.bins(),
                    rows.len(),
                    self.blocks,
                    self.lags() - 1
                )));
            }
        }
        let mean = training.iter().map(|&row| self.value(row)).sum::<f64>() / training.len() as f64;
        let (linear, weights, penalty) = self.regress(0, &training, &validation, &test)?;
        let (shuffled, ..) = self.regress(self.bins() / 2, &training, &validation, &test)?;
        Ok(FoldFound { penalty, linear, shuffled, mean, weights })
    }

    fn regress(
        &self,
        turned: usize,
        training: &[Row],
        validation: &[Row],
        test: &[Row],
    ) -> Result<(Vec<f32>, Vec<f64>, f64), StudyError> {
        let x_of = |rows: &'_ [Row], i: usize, out: &mut [f64]| {
            self.features_of(rows[i], turned, out);
        };
        let train_x = |i: usize, out: &mut [f64]| x_of(training, i, out);
        let choose_x = |i: usize, out: &mut [f64]| x_of(validation, i, out);
        let test_x = |i: usize, out: &mut [f64]| x_of(test, i, out);
        let train_y = |i: usize, out: &mut [f64]| out[0] = self.value(training[i]);
        let choose_y = |i: usize, out: &mut [f64]| out[0] = self.value(validation[i]);
        let n = self.features();
        let equations = NormalEquations::sum(
            Table::of_rows(training.len(), n, &train_x),
            Table::of_rows(training.len(), 1, &train_y),
        )
        .or_failed()?;
        let ridge = equations
            .fit(
                &PENALTIES,
                Table::of_rows(validation.len(), n, &choose_x),
                Table::of_rows(validation.len(), 1, &choose_y),
            )
            .or_failed()?;
        let estimates = ridge.predict(Table::of_rows(test.len(), n, &test_x)).or_failed()?;
        let weights = ridge.weights().col(0).iter().copied().collect();
        Ok((estimates.into_iter().map(|x| x as f32).collect(), weights, ridge.penalty()))
    }
}
