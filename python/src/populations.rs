//! Networks of any populations.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use equipoise_encoder::populations::{
    self, MicrocircuitInput, PopulationsError, Recording, Settings, Simulation,
};
use numpy::PyArray2;
use pyo3::prelude::*;

use crate::arrays::table;
use crate::call::long;
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
            let settings = network.settings();
            let warm_up = warm_up.unwrap_or(settings.warm_up);
            let duration = duration.unwrap_or(settings.duration);
            let total = warm_up + duration;
            let told = &mut |now: f64| -> ControlFlow<()> {
                watcher.step("simulating", (1000.0 * now / total) as u64, 1000)
            };
            let _ = watcher.step("simulating", 0, 1000);
            let mut simulation = Simulation::new(&network, seed);
            simulation.advance(warm_up, &mut Recording::nothing(), told)?;
            let mut recording = Recording::spikes().with_potentials(&probe);
            simulation.advance(duration, &mut recording, told)?;
            Ok(recording)
        })?;
        let rows = recording.potentials.len();
        let steps = recording.potentials.first().map_or(0, Vec::len);
        let potentials = recording.potentials.into_iter().flatten().collect();
        Ok((Spikes::give(py, recording.spikes), table(py, potentials, [rows, steps])?))
    }
}
