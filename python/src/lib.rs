//! `equipoise._native`: what the Python package calls. It converts and calls, and nothing else.

use pyo3::prelude::*;

mod arrays;
mod balance;
mod call;
mod classifier;
mod command;
mod decoder;
mod dynamics;
mod encode;
mod errors;
mod json;
mod metrics;
mod network;
mod palette;
mod populations;
mod statistics;
mod studies;

/// The compiled half of the package.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::arrays::address;
    #[pymodule_export]
    use crate::balance::{balance_map, diagnose, diagnosis_settings, judge};
    #[pymodule_export]
    use crate::command::command;
    /// The version of the package.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "it is Python's name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    use crate::classifier::{Classifier, classifier_settings, fit_classifier};
    #[pymodule_export]
    use crate::decoder::{Decoder, decoder_settings, fit_decoder, load_decoder};
    #[pymodule_export]
    use crate::dynamics::{
        avalanche_exponents, avalanches, binned, branching, coupling, dfa, fei, power_law,
    };
    #[pymodule_export]
    use crate::encode::{driven, encode, latency, seeds_of_run};
    #[pymodule_export]
    use crate::metrics::{
        correlations, cv_of_trains, fano, image_quality, lv, mse_psnr, synchrony,
        van_rossum_distance, van_rossum_matrix,
    };
    #[pymodule_export]
    use crate::network::{
        Network, Spikes, Traces, brunel, mean_field_rate, network_numbers, network_settings,
        network_toml, new_regime_name, regime, regimes,
    };
    #[pymodule_export]
    use crate::palette::palette;
    #[pymodule_export]
    use crate::populations::{
        ImageEncoder, Populations, populations_brunel, populations_case, populations_microcircuit,
        populations_published, populations_settings, populations_toml,
    };
    #[pymodule_export]
    use crate::statistics::{
        bootstrap, compare, effect, holm, kruskal_wallis, pearson, regression, summary, test,
    };
    #[pymodule_export]
    use crate::studies::{study, study_names, study_settings};
}
