//! Networks of any populations.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use equipoise_data::{Counts, ImageShape};
use equipoise_encoder::balance::DiagnosisConfig;
use equipoise_encoder::network::off_grid;
use equipoise_encoder::populations::{
    self, ImageEncoderConfig, MicrocircuitInput, PopulationsError, Recording, Settings, Simulation,
    diagnose_watched,
};
use equipoise_studies::populations::choice::PresetSettings;
use equipoise_studies::populations::{PopulationsCase, preset_or_file};
use numpy::{PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::arrays::{Borrowed, table};
use crate::call::{Watcher, long};
use crate::encode::{Table, give};
use crate::errors::Failure;
use crate::json;
use crate::network::{Spikes, layers};

impl From<PopulationsError> for Failure {
    fn from(error: PopulationsError) -> Self {
        match error {
            PopulationsError::Stopped => Self::Stopped,
            error => Self::request(error),
        }
    }
}

/// The settings of Brunel's network as two populations, in JSON.
#[pyfunction]
pub fn populations_brunel(neurons: usize, g: f64, eta: f64) -> Result<String, Failure> {
    json::write(&populations::brunel(neurons, g, eta))
}

/// The settings of the cortical microcircuit in JSON, with these shares of its neurons and of the
/// synapses of each; `poisson` says whether its input is spikes or the constant current of their
/// mean.
#[pyfunction]
pub fn populations_microcircuit(
    neurons: f64,
    synapses: f64,
    poisson: bool,
) -> Result<String, Failure> {
    for (name, share) in [("neurons", neurons), ("synapses", synapses)] {
        if !(share > 0.0 && share <= 1.0) {
            return Err(Failure::Request(format!("{name}: a share of {share}; above 0, up to 1")));
        }
    }
    let input = if poisson { MicrocircuitInput::Poisson } else { MicrocircuitInput::Dc };
    json::write(&populations::microcircuit(neurons, synapses, input))
}

/// The settings of a published network as JSON, and who sees images in it if nobody is named:
/// `published`, JSON by key, is what the command takes under `published`.
#[pyfunction]
pub fn populations_published(published: &str) -> Result<(String, Vec<String>), Failure> {
    let published: PresetSettings = layers(None, None, published)?.resolve()?;
    let case = PopulationsCase { published, ..PopulationsCase::default() };
    let network = case.network.network(&case.published).map_err(Failure::Request)?;
    // Without a weight of the images not every network encodes them.
    let sees = case.encoder().map(|encoder| encoder.image.onto).unwrap_or_default();
    Ok((json::write(&network)?, sees))
}

/// An entry of the key `populations` as JSON, from the name of a published network or the path of a
/// TOML file.
#[pyfunction]
pub fn populations_case(name: &str) -> Result<String, Failure> {
    json::write(&preset_or_file(name)?)
}

/// The settings of a network of populations as JSON: those of `base`, those of the TOML file, then
/// `changes`, JSON by key.
#[pyfunction]
#[pyo3(signature = (base=None, file=None, changes="{}"))]
pub fn populations_settings(
    base: Option<&str>,
    file: Option<PathBuf>,
    changes: &str,
) -> Result<String, Failure> {
    let settings: Settings = layers(base, file, changes)?.resolve()?;
    settings.validate()?;
    json::write(&settings)
}

/// Settings in JSON as TOML.
#[pyfunction]
pub fn populations_toml(settings: &str) -> Result<String, Failure> {
    toml::to_string(&json::read::<Settings>(settings)?).map_err(Failure::request)
}

/// A network of populations with its synapses drawn.
#[pyclass(frozen, module = "equipoise._native")]
#[derive(Debug)]
pub struct Populations {
    inner: Arc<populations::Network>,
}

#[pymethods]
impl Populations {
    /// Draws the synapses.
    #[new]
    fn build(py: Python<'_>, settings: &str, seed: u64) -> Result<Self, Failure> {
        let settings: Settings = json::read(settings)?;
        let inner = long(py, None, move |_| {
            Ok(populations::Network::build(&settings, seed, rayon::current_num_threads())?)
        })?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// How many synapses there are.
    #[getter]
    fn synapses(&self) -> usize {
        self.inner.synapses()
    }

    /// Runs the network from its start: spikes, and the potentials of the probed neurons after
    /// each time step, [neurons, steps].
    #[pyo3(signature = (seed, duration=None, warm_up=None, probe=Vec::new(), progress=None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        seed: u64,
        duration: Option<f64>,
        warm_up: Option<f64>,
        probe: Vec<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Spikes, Bound<'py, PyArray2<f32>>)> {
        let network = Arc::clone(&self.inner);
        let recording = long(py, progress, move |watcher| {
            let warm_up = warm_up.unwrap_or(network.settings().warm_up);
            let duration = duration.unwrap_or(network.settings().duration);
            let mut simulation = Simulation::new(&network, seed);
            let recording = Recording::spikes().with_potentials(&probe);
            record(&mut simulation, recording, warm_up, duration, watcher)
        })?;
        let rows = recording.potentials.len();
        let steps = recording.potentials.first().map_or(0, Vec::len);
        let potentials = recording.potentials.into_iter().flatten().collect();
        Ok((Spikes::give(py, recording.spikes), table(py, potentials, [rows, steps])?))
    }

    /// Runs the network from its start, without learning, and judges every population: spikes, and
    /// the diagnosis in JSON.
    #[pyo3(signature = (settings, seed, duration=None, warm_up=None, progress=None))]
    fn diagnose(
        &self,
        py: Python<'_>,
        settings: &str,
        seed: u64,
        duration: Option<f64>,
        warm_up: Option<f64>,
        progress: Option<Py<PyAny>>,
    ) -> Result<(Spikes, String), Failure> {
        let config: DiagnosisConfig = json::read(settings)?;
        let network = Arc::clone(&self.inner);
        let (spikes, found) = long(py, progress, move |watcher| {
            let warm_up = warm_up.unwrap_or(network.settings().warm_up);
            let duration = duration.unwrap_or(network.settings().duration);
            let mut simulation = Simulation::new(&network, seed);
            simulation.set_learning(false);
            let recording =
                record(&mut simulation, Recording::spikes(), warm_up, duration, watcher)?;
            let found = diagnose_watched(&simulation, &recording, &config, &|| watcher.poll())?;
            Ok((recording.spikes, json::write(&found)?))
        })?;
        Ok((Spikes::give(py, spikes), found))
    }
}

/// Simulates a warm-up and what is recorded after it.
fn record(
    simulation: &mut Simulation<'_>,
    mut recording: Recording,
    warm_up: f64,
    duration: f64,
    watcher: &Watcher,
) -> Result<Recording, Failure> {
    let dt = simulation.network().settings().dt;
    whole_steps("warm_up", warm_up, dt)?;
    whole_steps("duration", duration, dt)?;
    let total = warm_up + duration;
    let told = &mut |now: f64| -> ControlFlow<()> {
        watcher.step("simulating", (1000.0 * now / total) as u64, 1000)
    };
    let _ = watcher.step("simulating", 0, 1000);
    simulation.advance(warm_up, &mut Recording::nothing(), told)?;
    simulation.advance(duration, &mut recording, told)?;
    Ok(recording)
}

/// Refuses a time that the simulator would round to its steps, as for networks of a pair. What is no
/// time at all it refuses itself.
fn whole_steps(name: &str, time: f64, dt: f64) -> Result<(), Failure> {
    match off_grid(time, dt) {
        Some(reason) if time.is_finite() => Err(Failure::Request(format!("{name}: {reason}"))),
        _ => Ok(()),
    }
}

/// A network of populations that images are shown to, with its synapses drawn.
#[pyclass(frozen, module = "equipoise._native")]
#[derive(Debug)]
pub struct ImageEncoder {
    inner: Arc<populations::ImageEncoder>,
}

#[pymethods]
impl ImageEncoder {
    /// Draws the synapses. `image`, JSON by key, is how images of this shape (channels, height,
    /// width) come to the network; `record` are the populations that are read, none for all.
    #[new]
    fn build(
        py: Python<'_>,
        network: &str,
        image: &str,
        record: Vec<String>,
        seed: u64,
        shape: (usize, usize, usize),
    ) -> Result<Self, Failure> {
        let image = layers(None, None, image)?.resolve()?;
        let config = ImageEncoderConfig { network: json::read(network)?, image, record };
        let shape = ImageShape::from(shape);
        let inner = long(py, None, move |watcher| {
            let watch = &|| watcher.poll();
            Ok(populations::ImageEncoder::build(&config, shape, seed, watch)?)
        })?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Encodes images as [`encode`](crate::encode::encode) does.
    #[pyo3(signature = (images, pixels, seed, first, bins, progress=None))]
    #[expect(clippy::too_many_arguments, reason = "they are keyword arguments")]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        images: PyReadonlyArray1<'py, f32>,
        pixels: usize,
        seed: u64,
        first: usize,
        bins: usize,
        progress: Option<Py<PyAny>>,
    ) -> Result<Table<'py>, Failure> {
        let images = Borrowed::of("images", &images)?;
        let network = Arc::clone(&self.inner);
        give(py, images, pixels, first, progress, move |image, trials, watcher| {
            let (units, duration) = (network.neurons(), network.config().image.duration);
            let (start, total) = (trials.start, trials.len() as u64);
            let mut counts = Vec::new();
            counts.reserve_exact(trials.len() * units * bins);
            let mut table = Counts::new(units, bins, duration, counts)?;
            let watch = &|| watcher.poll();
            network.encode_each(image, trials, seed, watch, &mut |index, spikes| {
                table.counts.extend_from_slice(&spikes.binned_counts(bins));
                watcher.step("encoding", (index + 1 - start) as u64, total)
            })?;
            Ok(table)
        })
    }

    /// Shows one image for `duration` ms and judges every population: spikes of the network with
    /// its sources, and the diagnosis in JSON.
    fn observe(
        &self,
        py: Python<'_>,
        image: PyReadonlyArray1<'_, f32>,
        settings: &str,
        seed: u64,
        duration: f64,
    ) -> Result<(Spikes, String), Failure> {
        let config: DiagnosisConfig = json::read(settings)?;
        whole_steps("duration", duration, self.inner.config().network.dt)?;
        let image = Borrowed::of("image", &image)?;
        let network = Arc::clone(&self.inner);
        let (spikes, found) = long(py, None, move |watcher| {
            let watch = &|| watcher.poll();
            let (spikes, found) =
                network.observe(image.numbers(), seed, duration, &config, watch)?;
            Ok((spikes, json::write(&found)?))
        })?;
        Ok((Spikes::give(py, spikes), found))
    }
}
