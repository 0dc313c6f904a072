//! Why there is no ridge regression.

/// Why there is no ridge regression.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RidgeError {
    /// Numbers that are no whole rows.
    #[error("{numbers} numbers are no whole number of rows of {columns}")]
    Rows {
        /// Numbers given.
        numbers: usize,
        /// Numbers of a row.
        columns: usize,
    },
    /// Features and outputs of different numbers of samples.
    #[error("features of {features} samples, but outputs of {outputs}")]
    Samples {
        /// Samples with features.
        features: usize,
        /// Samples with outputs.
        outputs: usize,
    },
    /// Too little to fit anything.
    #[error(
        "{samples} samples of {features} features and {outputs} outputs; at least one of each is needed"
    )]
    Empty {
        /// Samples.
        samples: usize,
        /// Features of a sample.
        features: usize,
        /// Outputs of a sample.
        outputs: usize,
    },
    /// Another number of features or outputs than in the fit.
    #[error("the regression has {wanted} {what} a sample, these are {found}")]
    Columns {
        /// "features" or "outputs".
        what: &'static str,
        /// Those of the fit.
        wanted: usize,
        /// Those given.
        found: usize,
    },
    /// A penalty that is negative or no number, or no penalty at all.
    #[error("the penalties are {0:?}; at least one is needed, each 0 or more")]
    Penalty(Vec<f64>),
    /// No penalty made the equations solvable.
    #[error("the equations are singular with every penalty: a larger one is needed")]
    Singular,
}
