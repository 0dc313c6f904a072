//! Balance: diagnoses of networks, of anybody's recordings, and maps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use equipoise_encoder::balance::{
    self, Activity, Axis, BalanceError, BalanceMap, DiagnosisConfig, InputTrace, check_map,
    map_point,
};
use equipoise_encoder::network::{NetworkConfig, Watch};
use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::arrays::Borrowed;
use crate::call::long;
use crate::errors::Failure;
use crate::json;
use crate::network::{Network, Run, Spikes, Traces, layers};

/// The settings of a diagnosis as JSON: the defaults with these changes, JSON by key.
#[pyfunction]
pub fn diagnosis_settings(changes: &str) -> Result<String, Failure> {
    let config: DiagnosisConfig = layers(None, None, changes)?.resolve()?;
    config.validate()?;
    json::write(&config)
}

/// Runs a network and says whether it is balanced: (diagnosis in JSON, spikes, traces).
#[pyfunction]
#[pyo3(signature = (network, settings, seed, trial, duration=None, warm_up=None, image=None,
                    progress=None))]
#[expect(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub fn diagnose(
    py: Python<'_>,
    network: &Network,
    settings: &str,
    seed: u64,
    trial: u64,
    duration: Option<f64>,
    warm_up: Option<f64>,
    image: Option<PyReadonlyArray1<'_, f32>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(String, Spikes, Traces)> {
    let config: DiagnosisConfig = json::read(settings)?;
    let image = image.map(|image| Borrowed::of("image", &image)).transpose()?;
    let run = Run { duration, warm_up, seed, trial, image, background: None };
    let network = Arc::clone(&network.inner);
    let found = long(py, progress, move |watcher| {
        run.with(&network, watcher, |trial| Ok(balance::diagnose(&network, trial, &config)?))
    })?;
    let diagnosis = json::write(&found.diagnosis)?;
    Ok((diagnosis, Spikes::give(py, found.spikes), Traces::give(py, &found.probe)?))
}

/// Says of a recording whether the network is balanced: the diagnosis in JSON.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub fn judge(
    py: Python<'_>,
    times: PyReadonlyArray1<'_, f32>,
    ids: PyReadonlyArray1<'_, u32>,
    excitation: PyReadonlyArray2<'_, f32>,
    inhibition: PyReadonlyArray2<'_, f32>,
    recorded: Vec<usize>,
    neurons: usize,
    excitatory: usize,
    duration: f64,
    threshold: f64,
    refractory: f64,
    sample: f64,
    settings: &str,
) -> Result<String, Failure> {
    let config: DiagnosisConfig = json::read(settings)?;
    let samples = excitation.shape()[1];
    if excitation.shape() != inhibition.shape() || excitation.shape()[0] != recorded.len() {
        return Err(Failure::Request(format!(
            "excitation is of shape {:?} and inhibition of {:?}, of {} neurons; \
             both must be [recorded neurons, samples]",
            excitation.shape(),
            inhibition.shape(),
            recorded.len()
        )));
    }
    let (times, ids) = (Borrowed::of("times", &times)?, Borrowed::of("ids", &ids)?);
    let excitation = Borrowed::of("excitation", &excitation)?;
    let inhibition = Borrowed::of("inhibition", &inhibition)?;
    long(py, None, move |_| {
        let row = |k: usize| k * samples..(k + 1) * samples;
        let activity = Activity {
            neurons,
            excitatory_neurons: excitatory,
            duration_ms: duration,
            threshold_mv: threshold,
            refractory_ms: refractory,
            times_ms: times.numbers(),
            ids: ids.numbers(),
            sample_ms: sample,
            inputs: recorded
                .iter()
                .enumerate()
                .map(|(k, &neuron)| InputTrace {
                    neuron,
                    excitation: &excitation.numbers()[row(k)],
                    inhibition: &inhibition.numbers()[row(k)],
                })
                .collect(),
        };
        json::write(&balance::judge(&activity, &config)?)
    })
}

/// Where balance ends, over two settings: the map in JSON.
#[pyfunction]
#[pyo3(signature = (network, x, y, settings, seed, progress=None))]
pub fn balance_map(
    py: Python<'_>,
    network: &str,
    x: &str,
    y: &str,
    settings: &str,
    seed: u64,
    progress: Option<Py<PyAny>>,
) -> Result<String, Failure> {
    let network: NetworkConfig = json::read(network)?;
    let config: DiagnosisConfig = json::read(settings)?;
    let (x, y): (Axis, Axis) = (json::read(x)?, json::read(y)?);
    check_map(&network, &x, &y)?;
    config.validate()?;
    long(py, progress, move |watcher| {
        let places = BalanceMap::grid(&x, &y);
        let (done, total) = (AtomicU64::new(0), places.len() as u64);
        let watch: Watch<'_> = &|_| watcher.poll();
        // Nothing is done yet: the name of the stage.
        let _ = watcher.step("mapping", 0, total);
        let points = places
            .into_par_iter()
            .map(|(a, b)| {
                let (x, y) = ((x.setting, a), (y.setting, b));
                let point = map_point(&network, x, y, &config, seed, Some(watch))?;
                match watcher.step("mapping", done.fetch_add(1, Ordering::Relaxed) + 1, total) {
                    std::ops::ControlFlow::Continue(()) => Ok(point),
                    std::ops::ControlFlow::Break(()) => Err(BalanceError::Stopped),
                }
            })
            .collect::<Result<_, BalanceError>>()?;
        json::write(&BalanceMap { x, y, points })
    })
}
