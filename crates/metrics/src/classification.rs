//! How often a classifier is right: accuracy, confusion matrix, accuracy of each class.

use serde::{Deserialize, Serialize};

/// Why predictions cannot be scored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassificationError {
    /// There are more labels than predictions, or fewer.
    #[error("{predictions} predictions stand against {labels} labels; there must be as many")]
    LengthsDiffer {
        /// Number of predictions.
        predictions: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A class is not one of 0..classes.
    #[error("the {what} of sample {sample} is class {class}; the classes are 0..{classes}")]
    NoSuchClass {
        /// "label" or "prediction".
        what: &'static str,
        /// Place of the sample.
        sample: usize,
        /// The class found.
        class: usize,
        /// Number of classes.
        classes: usize,
    },
    /// Two matrices with different numbers of classes were to be added.
    #[error("a confusion matrix of {left} classes cannot be added to one of {right}")]
    ClassesDiffer {
        /// Classes of the one.
        left: usize,
        /// Classes of the other.
        right: usize,
    },
}

/// The share of predictions that are right; none of no samples.
///
/// # Errors
/// If there are not as many predictions as labels.
///
/// ```
/// use equipoise_metrics::classification::accuracy;
/// assert_eq!(accuracy(&[1, 2, 0, 0], &[1, 2, 2, 0])?, Some(0.75));
/// # Ok::<(), equipoise_metrics::classification::ClassificationError>(())
/// ```
pub fn accuracy<T: PartialEq>(
    predictions: &[T],
    labels: &[T],
) -> Result<Option<f64>, ClassificationError> {
    check_lengths(predictions.len(), labels.len())?;
    let right = predictions.iter().zip(labels).filter(|(p, l)| p == l).count();
    Ok(share(right as u64, labels.len() as u64))
}

/// How many samples of each class were taken for each class.
///
/// ```
/// use equipoise_metrics::classification::ConfusionMatrix;
/// let matrix = ConfusionMatrix::from_predictions(&[0, 1, 1, 1], &[0, 0, 1, 1], 3)?;
/// assert_eq!(matrix.count(0, 1), 1);
/// assert_eq!(matrix.per_class_accuracy(), vec![Some(0.5), Some(1.0), None]);
/// # Ok::<(), equipoise_metrics::classification::ClassificationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    /// Row: the true class; column: the predicted class.
    counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    /// A matrix of no samples.
    pub fn new(classes: usize) -> Self {
        Self { counts: vec![vec![0; classes]; classes] }
    }

    /// The matrix of these predictions against these labels.
    ///
    /// # Errors
    /// If there are not as many predictions as labels, or one is not in 0..classes.
    pub fn from_predictions(
        predictions: &[usize],
        labels: &[usize],
        classes: usize,
    ) -> Result<Self, ClassificationError> {
        check_lengths(predictions.len(), labels.len())?;
        let mut matrix = Self::new(classes);
        for (sample, (&prediction, &label)) in predictions.iter().zip(labels).enumerate() {
            for (what, class) in [("prediction", prediction), ("label", label)] {
                if class >= classes {
                    let error = ClassificationError::NoSuchClass { what, sample, class, classes };
                    return Err(error);
                }
            }
            matrix.counts[label][prediction] += 1;
        }
        Ok(matrix)
    }

    /// Adds the samples of another matrix of as many classes (of another batch).
    ///
    /// # Errors
    /// If the numbers of classes differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), ClassificationError> {
        let (left, right) = (self.classes(), other.classes());
        if left != right {
            return Err(ClassificationError::ClassesDiffer { left, right });
        }
        for (row, more) in self.counts.iter_mut().zip(&other.counts) {
            for (count, more) in row.iter_mut().zip(more) {
                *count += more;
            }
        }
        Ok(())
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// Samples of class `label` that were taken for class `prediction`.
    ///
    /// # Panics
    /// If one is not a class.
    pub fn count(&self, label: usize, prediction: usize) -> u64 {
        self.counts[label][prediction]
    }

    /// The counts: a row for each true class, a column for each predicted one.
    pub fn rows(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Number of samples.
    pub fn samples(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Number of samples that were classified rightly.
    pub fn right(&self) -> u64 {
        self.counts.iter().enumerate().map(|(class, row)| row[class]).sum()
    }

    /// The share of all samples classified rightly; none of no samples.
    pub fn accuracy(&self) -> Option<f64> {
        share(self.right(), self.samples())
    }

    /// For each class, the share of its samples classified rightly (its recall); none for a
    /// class without samples.
    pub fn per_class_accuracy(&self) -> Vec<Option<f64>> {
        let recall = |(class, row): (usize, &Vec<u64>)| share(row[class], row.iter().sum());
        self.counts.iter().enumerate().map(recall).collect()
    }

    /// For each class, the share of the samples taken for it that are of it (its precision); none
    /// for a class that was never predicted.
    pub fn per_class_precision(&self) -> Vec<Option<f64>> {
        let predicted = |class: usize| self.counts.iter().map(|row| row[class]).sum();
        (0..self.classes()).map(|c| share(self.counts[c][c], predicted(c))).collect()
    }

    /// The mean of the accuracies of the classes that have samples; none where no class has any.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let known: Vec<f64> = self.per_class_accuracy().into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn check_lengths(predictions: usize, labels: usize) -> Result<(), ClassificationError> {
    if predictions == labels {
        return Ok(());
    }
    Err(ClassificationError::LengthsDiffer { predictions, labels })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_matrix() {
        let labels = [0, 0, 0, 1, 1, 2];
        let predictions = [0, 1, 0, 1, 2, 2];
        let matrix = ConfusionMatrix::from_predictions(&predictions, &labels, 4).unwrap();
        assert_eq!(matrix.rows()[0], [2, 1, 0, 0]);
        assert_eq!(matrix.accuracy(), Some(4.0 / 6.0));
        assert_eq!(matrix.accuracy(), accuracy(&predictions, &labels).unwrap());
        assert_eq!(matrix.per_class_accuracy(), [Some(2.0 / 3.0), Some(0.5), Some(1.0), None]);
        assert_eq!(matrix.per_class_precision(), [Some(1.0), Some(0.5), Some(0.5), None]);
        assert_eq!(matrix.balanced_accuracy(), Some((2.0 / 3.0 + 0.5 + 1.0) / 3.0));
    }

    #[test]
    fn nothing_has_no_accuracy() {
        assert_eq!(accuracy::<usize>(&[], &[]).unwrap(), None);
        assert_eq!(ConfusionMatrix::new(3).accuracy(), None);
        assert_eq!(ConfusionMatrix::new(0).balanced_accuracy(), None);
    }

    #[test]
    fn bad_input_is_named() {
        let error = ConfusionMatrix::from_predictions(&[0, 3], &[0, 1], 3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the prediction of sample 1 is class 3; the classes are 0..3"
        );
        let error = ConfusionMatrix::from_predictions(&[0], &[0, 1], 3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "1 predictions stand against 2 labels; there must be as many"
        );
        assert!(ConfusionMatrix::new(2).merge(&ConfusionMatrix::new(3)).is_err());
    }

    proptest! {
        #[test]
        fn batches_add_up(pairs in prop::collection::vec((0usize..5, 0usize..5), 0..60), cut in 0usize..60) {
            let (p, l): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let cut = cut.min(p.len());
            let whole = ConfusionMatrix::from_predictions(&p, &l, 5).unwrap();
            let mut parts = ConfusionMatrix::from_predictions(&p[..cut], &l[..cut], 5).unwrap();
            parts.merge(&ConfusionMatrix::from_predictions(&p[cut..], &l[cut..], 5).unwrap()).unwrap();
            prop_assert_eq!(&whole, &parts);
            prop_assert_eq!(whole.accuracy(), accuracy(&p, &l).unwrap());
            prop_assert_eq!(whole.samples(), p.len() as u64);
        }
    }
}
