//! Measures of activity over time: settings and results go as JSON.

use equipoise_metrics::dynamics::{
    self, Avalanches, BranchingConfig, CouplingConfig, DfaConfig, FeiConfig, PowerLawConfig,
    branching_ratio, couplings, critical_exponents, fit_power_law, population_counts,
};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use serde::Serialize;

use crate::arrays::{Borrowed, slice};
use crate::call::long;
use crate::errors::Failure;
use crate::json;

/// Spikes of a whole population in bins of `width`.
#[pyfunction]
pub fn binned<'py>(
    py: Python<'py>,
    times: PyReadonlyArray1<'py, f32>,
    duration: f64,
    width: f64,
) -> Result<Bound<'py, PyArray1<u32>>, Failure> {
    let counts = population_counts(slice("times", &times)?, 0.0, duration, width);
    Ok(counts.map_err(Failure::request)?.into_pyarray(py))
}

/// Sizes and durations of avalanches in binned activity.
#[pyfunction]
pub fn avalanches<'py>(
    py: Python<'py>,
    activity: PyReadonlyArray1<'py, u32>,
    least: u32,
) -> Result<[Bound<'py, PyArray1<u64>>; 2], Failure> {
    let found = dynamics::avalanches(slice("activity", &activity)?, least);
    Ok([found.sizes.into_pyarray(py), found.durations.into_pyarray(py)])
}

/// The exponents of avalanches in JSON, with their deviation from the scaling relation.
#[pyfunction]
pub fn avalanche_exponents(
    py: Python<'_>,
    sizes: PyReadonlyArray1<'_, u64>,
    durations: PyReadonlyArray1<'_, u64>,
    size_settings: &str,
    duration_settings: &str,
) -> Result<String, Failure> {
    #[derive(Serialize)]
    struct Found {
        #[serde(flatten)]
        exponents: dynamics::CriticalExponents,
        deviation: f64,
    }
    let of_sizes: PowerLawConfig = json::read(size_settings)?;
    let of_durations: PowerLawConfig = json::read(duration_settings)?;
    let sizes = slice("sizes", &sizes)?.to_vec();
    let durations = slice("durations", &durations)?.to_vec();
    long(py, None, move |_| {
        let found = Avalanches { sizes, durations };
        let exponents =
            critical_exponents(&found, &of_sizes, &of_durations).map_err(Failure::request)?;
        json::write(&Found { exponents, deviation: exponents.deviation() })
    })
}

/// A power law fitted to whole numbers from 1 on, in JSON.
#[pyfunction]
pub fn power_law(
    py: Python<'_>,
    sizes: PyReadonlyArray1<'_, u64>,
    settings: &str,
) -> Result<String, Failure> {
    let config: PowerLawConfig = json::read(settings)?;
    let sizes = Borrowed::of("values", &sizes)?;
    long(py, None, move |_| {
        json::write(&fit_power_law(sizes.numbers(), &config).map_err(Failure::request)?)
    })
}

/// The branching ratio of trials [trials, bins], in JSON.
#[pyfunction]
pub fn branching(
    py: Python<'_>,
    activity: PyReadonlyArray2<'_, f64>,
    settings: &str,
) -> Result<String, Failure> {
    let config: BranchingConfig = json::read(settings)?;
    let bins = activity.shape()[1];
    let activity = Borrowed::of("activity", &activity)?;
    long(py, None, move |_| {
        let trials: Vec<&[f64]> = activity.numbers().chunks(bins.max(1)).collect();
        json::write(&branching_ratio(&trials, &config).map_err(Failure::request)?)
    })
}

/// Detrended fluctuations of a signal, in JSON.
#[pyfunction]
pub fn dfa(
    py: Python<'_>,
    signal: PyReadonlyArray1<'_, f64>,
    settings: &str,
) -> Result<String, Failure> {
    let config: DfaConfig = json::read(settings)?;
    let signal = Borrowed::of("signal", &signal)?;
    long(py, None, move |_| {
        json::write(&dynamics::dfa(signal.numbers(), &config).map_err(Failure::request)?)
    })
}

/// The functional ratio of excitation to inhibition of an amplitude, in JSON.
#[pyfunction]
pub fn fei(
    py: Python<'_>,
    signal: PyReadonlyArray1<'_, f64>,
    settings: &str,
) -> Result<String, Failure> {
    let config: FeiConfig = json::read(settings)?;
    let signal = Borrowed::of("amplitude", &signal)?;
    long(py, None, move |_| {
        json::write(&dynamics::fei(signal.numbers(), &config).map_err(Failure::request)?)
    })
}

/// How the inhibition of neurons follows their excitation, both [neurons, samples], in JSON.
#[pyfunction]
pub fn coupling(
    py: Python<'_>,
    excitation: PyReadonlyArray2<'_, f64>,
    inhibition: PyReadonlyArray2<'_, f64>,
    settings: &str,
) -> Result<String, Failure> {
    let config: CouplingConfig = json::read(settings)?;
    let samples = excitation.shape()[1];
    if excitation.shape() != inhibition.shape() {
        return Err(Failure::Request(format!(
            "excitation is of shape {:?} and inhibition of {:?}; they must be alike",
            excitation.shape(),
            inhibition.shape()
        )));
    }
    let excitation = Borrowed::of("excitation", &excitation)?;
    let inhibition = Borrowed::of("inhibition", &inhibition)?;
    long(py, None, move |_| {
        let neurons: Vec<(&[f64], &[f64])> = excitation
            .numbers()
            .chunks(samples.max(1))
            .zip(inhibition.numbers().chunks(samples.max(1)))
            .collect();
        json::write(&couplings(&neurons, &config).map_err(Failure::request)?)
    })
}
