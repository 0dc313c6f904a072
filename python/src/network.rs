//! Networks: their settings, and runs.

use std::path::PathBuf;
use std::sync::Arc;

use equipoise_data::ImageShape;
use equipoise_encoder::network::{
    self, NetworkConfig, Probe, Regime, Simulation, Trial, Watch, theory,
};
use equipoise_studies::settings::Layers;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::arrays::{self, Borrowed};
use crate::call::{Watcher, long};
use crate::errors::Failure;
use crate::json;

/// The settings of Brunel's network (g, eta) as JSON.
#[pyfunction]
pub fn brunel(neurons: usize, g: f64, eta: f64) -> Result<String, Failure> {
    json::write(&NetworkConfig::brunel(neurons, g, eta))
}

/// The settings of a network as JSON: those of `base`, if given, else those of the TOML file above
/// the defaults; then `changes`, JSON by key, of which null stands for what is not set.
#[pyfunction]
#[pyo3(signature = (base=None, file=None, changes="{}"))]
pub fn network_settings(
    base: Option<&str>,
    file: Option<PathBuf>,
    changes: &str,
) -> Result<String, Failure> {
    // Wrong keys and types are told as those of a file are.
    let config: NetworkConfig = layers(None, file, changes)?.resolve()?;
    let config = match base {
        None => changed(json::read(&json::write(&config)?)?, changes)?,
        Some(base) => changed(json::read(base)?, changes)?,
    };
    config.validate()?;
    json::write(&config)
}

/// Settings, all of which are given, with other values of some.
fn changed(mut settings: Value, changes: &str) -> Result<NetworkConfig, Failure> {
    let changes: Map<String, Value> = json::read(changes)?;
    for (key, value) in changes {
        set(&mut settings, &key, value);
    }
    serde_json::from_value(settings).map_err(Failure::request)
}

/// Sets a key, dotted for tables. Tables merge key by key, but those of distributions, which are
/// values.
fn set(settings: &mut Value, key: &str, value: Value) {
    let (first, rest) = key.split_once('.').map_or((key, None), |(a, b)| (a, Some(b)));
    if !settings.is_object() {
        *settings = Value::Object(Map::new());
    }
    let Value::Object(table) = settings else { return };
    let place = table.entry(first.to_owned()).or_insert(Value::Null);
    match (rest, value) {
        (Some(rest), value) => set(place, rest, value),
        (None, Value::Object(inner)) if !inner.contains_key("distribution") => {
            for (key, value) in inner {
                set(place, &key, value);
            }
        }
        (None, value) => *place = value,
    }
}

/// Layers of settings: a base in JSON, a file, and changes in JSON by key.
pub fn layers(base: Option<&str>, file: Option<PathBuf>, changes: &str) -> Result<Layers, Failure> {
    let mut layers = Layers::default();
    if let Some(base) = base {
        let base: Value = json::read(base)?;
        let base = toml::to_string(&without_null(base)).map_err(Failure::request)?;
        layers = layers.preset(&base);
    }
    if let Some(file) = file {
        layers = layers.file(file);
    }
    let changes: Map<String, Value> = json::read(changes)?;
    for (key, value) in changes {
        layers = layers.value(key, &Some(without_null(value)));
    }
    Ok(layers)
}

/// TOML has no null: what is not given is left out.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_null(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_null).collect()),
        value => value,
    }
}

/// The settings of a network in one of the named regimes, as JSON.
#[pyfunction]
pub fn regime(name: &str, base: &str) -> Result<String, Failure> {
    json::write(&Regime::named(name)?.apply(&json::read(base)?))
}

/// The name that a regime has today, for one that it had before.
#[pyfunction]
pub fn new_regime_name(name: &str) -> Option<&'static str> {
    Regime::new_name(name)
}

/// The names of the regimes.
#[pyfunction]
pub fn regimes() -> Vec<&'static str> {
    network::REGIMES.to_vec()
}

/// Settings in JSON as TOML, whole: what a file leaves out has the default of the network that
/// encodes images, so background and its weight are always written.
#[pyfunction]
pub fn network_toml(settings: &str) -> Result<String, Failure> {
    let mut config: NetworkConfig = json::read(settings)?;
    config.background_rate = Some(config.background_rate_hz());
    config.background_weight = Some(config.weight_background());
    toml::to_string(&config).map_err(Failure::request)
}

/// Numbers that follow from the settings: (excitatory neurons, excitatory connections, inhibitory
/// connections, background rate in Hz).
#[pyfunction]
pub fn network_numbers(settings: &str) -> Result<(usize, usize, usize, f64), Failure> {
    let config: NetworkConfig = json::read(settings)?;
    config.validate()?;
    Ok((
        config.excitatory_neurons(),
        config.excitatory_connections(),
        config.inhibitory_connections(),
        config.background_rate_hz(),
    ))
}

/// The rate of a network by mean-field theory, Hz: milliseconds of work.
#[pyfunction]
pub fn mean_field_rate(settings: &str) -> Result<f64, Failure> {
    let config: NetworkConfig = json::read(settings)?;
    config.validate()?;
    Ok(theory::mean_field_rate(&config))
}

/// A network with its connections drawn.
#[pyclass(frozen, module = "equipoise._native")]
#[derive(Debug)]
pub struct Network {
    pub(crate) inner: Arc<network::Network>,
}

/// The spikes of a run.
#[pyclass(frozen, module = "equipoise._native", get_all)]
#[derive(Debug)]
pub struct Spikes {
    times: Py<PyArray1<f32>>,
    ids: Py<PyArray1<u32>>,
    duration: f64,
    units: usize,
}

/// What a probe recorded: arrays [neurons, samples].
#[pyclass(frozen, module = "equipoise._native", get_all)]
#[derive(Debug)]
pub struct Traces {
    neurons: Vec<usize>,
    sample: f64,
    potential: Py<PyArray2<f32>>,
    excitation: Py<PyArray2<f32>>,
    inhibition: Py<PyArray2<f32>>,
}

impl Spikes {
    /// Hands spikes to NumPy, without a copy.
    pub fn give(py: Python<'_>, spikes: equipoise_data::spikes::SpikeTrains) -> Self {
        Self {
            duration: spikes.duration_ms,
            units: spikes.units,
            times: spikes.times.into_pyarray(py).unbind(),
            ids: spikes.ids.into_pyarray(py).unbind(),
        }
    }
}

impl Traces {
    /// Hands the recording of a probe to NumPy.
    pub fn give(py: Python<'_>, probe: &Probe) -> PyResult<Self> {
        let count = probe.neurons().len();
        let gather = |row: &dyn Fn(usize) -> Vec<f32>| {
            let numbers: Vec<f32> = (0..count).flat_map(row).collect();
            let samples = numbers.len().checked_div(count).unwrap_or(0);
            Ok::<_, PyErr>(arrays::table(py, numbers, [count, samples])?.unbind())
        };
        Ok(Self {
            neurons: probe.neurons().to_vec(),
            sample: probe.sample_ms(),
            potential: gather(&|k| probe.potential(k).to_vec())?,
            excitation: gather(&|k| probe.excitatory(k).to_vec())?,
            inhibition: gather(&|k| probe.inhibitory(k).to_vec())?,
        })
    }
}

/// A background over time: times in ms, and the factor at each.
pub type Profile = (Borrowed<f64>, Borrowed<f64>);

/// One run: how long, of which random numbers, and what is shown.
pub struct Run {
    pub(crate) duration: Option<f64>,
    pub(crate) warm_up: Option<f64>,
    pub(crate) seed: u64,
    pub(crate) trial: u64,
    pub(crate) image: Option<Borrowed<f32>>,
    pub(crate) background: Option<Profile>,
}

impl Run {
    /// Calls `work` with the trial.
    pub fn with<T>(
        &self,
        network: &network::Network,
        watcher: &Watcher,
        work: impl FnOnce(&Trial<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let profile = |t: f64| match &self.background {
            Some((times, factors)) => between(times.numbers(), factors.numbers(), t),
            None => 1.0,
        };
        // The share of the run in thousandths.
        let watch: Watch<'_> = &|share| watcher.step("simulating", (1000.0 * share) as u64, 1000);
        let mut trial = network.trial(self.seed, self.trial);
        if let Some(duration) = self.duration {
            trial.duration = duration;
        }
        if let Some(warm_up) = self.warm_up {
            trial.warm_up = warm_up;
        }
        trial.image = self.image.as_ref().map(Borrowed::numbers);
        if self.background.is_some() {
            trial.background = Some(&profile);
        }
        trial.watch = Some(watch);
        // Handing each slice to the one thread of a pool takes longer than to go on here.
        trial.parallel = rayon::current_num_threads() > 1;
        work(&trial)
    }
}

/// The straight line between points of ascending x, level beyond the first and the last.
fn between(x: &[f64], y: &[f64], at: f64) -> f64 {
    let next = x.partition_point(|&x| x <= at);
    match (next.checked_sub(1), x.get(next)) {
        (None, _) => y[0],
        (Some(last), None) => y[last],
        (Some(k), Some(_)) => y[k] + (y[next] - y[k]) * (at - x[k]) / (x[next] - x[k]),
    }
}

/// A background over time, if it makes sense.
pub fn background(
    points: Option<(PyReadonlyArray1<'_, f64>, PyReadonlyArray1<'_, f64>)>,
) -> Result<Option<Profile>, Failure> {
    let Some((times, factors)) = points else { return Ok(None) };
    let (times, factors) =
        (Borrowed::of("background times", &times)?, Borrowed::of("background", &factors)?);
    let (t, f) = (times.numbers(), factors.numbers());
    if t.is_empty() || t.len() != f.len() {
        let reason = format!("background: {} times and {} factors", t.len(), f.len());
        return Err(Failure::Request(reason));
    }
    if !t.iter().all(|t| t.is_finite()) || t.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Failure::request("background: the times do not ascend"));
    }
    if !f.iter().all(|f| f.is_finite() && *f >= 0.0) {
        return Err(Failure::request("background: a factor is not a number from 0 on"));
    }
    Ok(Some((times, factors)))
}

#[pymethods]
impl Network {
    /// Draws the connections of a network. `shape` is that of its images: channels, height, width.
    #[new]
    #[pyo3(signature = (settings, seed, shape=None))]
    fn build(
        py: Python<'_>,
        settings: &str,
        seed: u64,
        shape: Option<(usize, usize, usize)>,
    ) -> Result<Self, Failure> {
        let config: NetworkConfig = json::read(settings)?;
        let shape = shape.map(ImageShape::from);
        let inner = long(py, None, move |_| Ok(network::Network::build(&config, shape, seed)?))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Runs the network. `probe` are the neurons whose potential and inputs are recorded, a sample
    /// every `sample` ms.
    #[pyo3(signature = (seed, trial, duration=None, warm_up=None, probe=Vec::new(), sample=1.0,
                        image=None, background=None, progress=None))]
    #[expect(clippy::too_many_arguments, reason = "they are keyword arguments")]
    fn run(
        &self,
        py: Python<'_>,
        seed: u64,
        trial: u64,
        duration: Option<f64>,
        warm_up: Option<f64>,
        probe: Vec<usize>,
        sample: f64,
        image: Option<PyReadonlyArray1<'_, f32>>,
        background: Option<(PyReadonlyArray1<'_, f64>, PyReadonlyArray1<'_, f64>)>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Spikes, Traces)> {
        if !(sample > 0.0 && sample.is_finite()) {
            return Err(
                Failure::request(format!("sample: {sample} ms is not a positive time")).into()
            );
        }
        let run = Run {
            duration,
            warm_up,
            seed,
            trial,
            image: image.map(|image| Borrowed::of("image", &image)).transpose()?,
            background: self::background(background)?,
        };
        let network = Arc::clone(&self.inner);
        let (spikes, probe) = long(py, progress, move |watcher| {
            let interval = network.config().steps(sample).max(1);
            let mut probe =
                if probe.is_empty() { Probe::none() } else { Probe::of(probe, interval) };
            let spikes = run.with(&network, watcher, |trial| {
                Ok(Simulation::new(&network).run(trial, &mut probe)?)
            })?;
            Ok((spikes, probe))
        })?;
        Ok((Spikes::give(py, spikes), Traces::give(py, &probe)?))
    }
}
