//! E:I classifiers under Dale's law.

use std::path::PathBuf;
use std::sync::Arc;

use equipoise_decoder::classifier::{
    self, ClassifierConfig, ClassifierError, EpochRecord, LabelledEvents, Trainer,
};
use equipoise_decoder::lif::Input;
use equipoise_decoder::observer::{Event, Observer};
use equipoise_encoder::code::Events;
use equipoise_studies::exchange::nir::{self, ImportSettings, NirError, Readout};
use numpy::{PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arrays::{slice, table};
use crate::call::long;
use crate::errors::Failure;
use crate::json;
use crate::network::layers;

impl From<ClassifierError> for Failure {
    fn from(error: ClassifierError) -> Self {
        match error {
            ClassifierError::Stopped(_) => Self::Stopped,
            ClassifierError::Diverged { .. } => Self::run(error),
            ClassifierError::Archive(_) => Self::Data(error.to_string()),
            error => Self::request(error),
        }
    }
}

impl From<NirError> for Failure {
    fn from(error: NirError) -> Self {
        match error {
            NirError::File(error) => error.into(),
            NirError::NotReproduced(_) => Self::request(error),
            error => Self::Data(error.to_string()),
        }
    }
}

/// The settings of a classifier as JSON: the defaults with these changes, JSON by key.
#[pyfunction]
pub fn classifier_settings(changes: &str) -> Result<String, Failure> {
    let config: ClassifierConfig = layers(None, None, changes)?.resolve()?;
    config.validate()?;
    json::write(&config)
}

/// Samples as events: steps, channels, step in ms, where each sample starts, step and channel of
/// each event.
type Samples<'py> = (
    usize,
    usize,
    f64,
    PyReadonlyArray1<'py, u64>,
    PyReadonlyArray1<'py, u16>,
    PyReadonlyArray1<'py, u16>,
);

fn events(
    (steps, channels, step_ms, offsets, step, channel): &Samples<'_>,
) -> Result<Events, Failure> {
    let (step, channel) = (slice("steps", step)?, slice("channels", channel)?);
    let offsets = slice("offsets", offsets)?;
    let mut events = Events::new(*steps, *channels)
        .and_then(|events| events.with_step_ms(*step_ms))
        .map_err(Failure::request)?;
    for bounds in offsets.windows(2) {
        let range = bounds[0] as usize..bounds[1] as usize;
        let (Some(step), Some(channel)) = (step.get(range.clone()), channel.get(range)) else {
            return Err(Failure::request("offsets: they are not those of the events"));
        };
        let sample = step.iter().copied().zip(channel.iter().copied()).collect();
        events.push(sample).map_err(Failure::request)?;
    }
    Ok(events)
}

fn labelled(
    samples: &Samples<'_>,
    labels: &PyReadonlyArray1<'_, u16>,
    classes: Vec<String>,
) -> Result<LabelledEvents, Failure> {
    Ok(LabelledEvents::new(events(samples)?, slice("labels", labels)?.to_vec(), classes)?)
}

/// A trained classifier.
#[pyclass(frozen, module = "equipoise._native")]
#[derive(Debug)]
pub struct Classifier {
    inner: Arc<classifier::Classifier>,
}

/// The part of a classifier's origin that says of what type its labels are in Python.
const LABELS: &str = "python labels";

/// Trains a classifier on labels that are places in `classes`: (classifier, history in JSON). It is
/// measured on the test samples after each epoch. `kind` is the type of the labels in Python.
#[pyfunction]
#[pyo3(signature = (settings, seed, classes, kind, samples, labels, test_samples, test_labels,
                    progress=None))]
#[expect(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub fn fit_classifier(
    py: Python<'_>,
    settings: &str,
    seed: u64,
    classes: Vec<String>,
    kind: String,
    samples: Samples<'_>,
    labels: PyReadonlyArray1<'_, u16>,
    test_samples: Samples<'_>,
    test_labels: PyReadonlyArray1<'_, u16>,
    progress: Option<Py<PyAny>>,
) -> Result<(Classifier, String), Failure> {
    let config: ClassifierConfig = json::read(settings)?;
    let train = labelled(&samples, &labels, classes.clone())?;
    let test = labelled(&test_samples, &test_labels, classes)?;
    let (inner, history) = long(py, progress, move |watcher| {
        let mut trainer = Trainer::new(config, seed, &train)?;
        let epochs = config.epochs as u64;
        let mut observer = Observer::<EpochRecord>::new(|event| {
            if let Event::Batch(batch) = event {
                let (n, of) = (batch.batches as u64, batch.batch as u64);
                let done = (batch.epoch as u64 - 1) * n + of;
                if done == 1 {
                    let _ = watcher.step("training", 0, epochs * n);
                }
                let detail = (of == n).then(|| format!("loss {:.3}", batch.loss));
                watcher.tell(|| (0, None, Some(done), Some(epochs * n), detail));
            }
            watcher.poll()
        });
        let records = trainer.fit(&train, &test, &mut observer)?;
        let mut classifier = trainer.classifier();
        classifier.origin.insert(LABELS.to_owned(), kind);
        Ok((classifier, json::write(&records)?))
    })?;
    Ok((Classifier { inner: Arc::new(inner) }, history))
}

#[pymethods]
impl Classifier {
    /// A classifier from the bytes that [`Classifier::to_bytes`] gave.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> Result<Self, Failure> {
        Ok(Self { inner: Arc::new(classifier::Classifier::from_bytes(bytes)?) })
    }

    /// A classifier from the file that [`Classifier::save`], or the command, wrote.
    #[staticmethod]
    fn load(path: PathBuf) -> Result<Self, Failure> {
        Ok(Self { inner: Arc::new(classifier::Classifier::load(&path)?) })
    }

    /// Writes the file of the classifier, which the command reads too.
    fn save(&self, path: PathBuf) -> Result<(), Failure> {
        Ok(self.inner.save(&path)?)
    }

    /// Writes it as a graph of NIR, with this readout (`li`, `cubali` or `none`).
    #[pyo3(signature = (path, readout, force))]
    fn to_nir(&self, path: PathBuf, readout: &str, force: bool) -> Result<(), Failure> {
        let readout = match readout {
            "li" => Readout::Li,
            "cubali" => Readout::CubaLi,
            "none" => Readout::None,
            _ => {
                let there = "there are \"li\", \"cubali\" and \"none\"";
                return Err(Failure::Request(format!("readout: {readout:?}; {there}")));
            }
        };
        Ok(nir::write(&path, &nir::export(&self.inner, readout, force)?)?)
    }

    /// A classifier from a graph of NIR, and what to know of it. `step` is the length of a step in
    /// s; `steps` and `step_ms` are of samples, where the file does not say it; `classes` are the
    /// names of the classes and the type of the labels in Python.
    #[staticmethod]
    #[pyo3(signature = (path, step, steps, step_ms, classes))]
    fn from_nir(
        path: PathBuf,
        step: Option<f64>,
        steps: usize,
        step_ms: f64,
        classes: Option<(Vec<String>, String)>,
    ) -> Result<(Self, Vec<String>), Failure> {
        let told = |error: NirError| match Failure::from(error) {
            Failure::Data(why) if !why.contains(&*path.to_string_lossy()) => {
                Failure::Data(format!("{}: {why}", path.display()))
            }
            failure => failure,
        };
        let graph = nir::read(&path).map_err(told)?;
        let settings = ImportSettings { step, steps, step_ms };
        let imported = nir::import(&graph, &settings).map_err(told)?;
        let mut inner = imported.classifier;
        if let Some((names, kind)) = classes {
            if names.len() != inner.classes().len() {
                return Err(Failure::Request(format!(
                    "classes: {} for a readout of {}",
                    names.len(),
                    inner.classes().len()
                )));
            }
            let (config, grid) = (*inner.config(), inner.grid());
            inner = classifier::Classifier::new(config, names, grid, inner.weights().clone())?;
            inner.origin.insert(LABELS.to_owned(), kind);
        } else if inner.classes().iter().enumerate().all(|(k, name)| *name == k.to_string()) {
            inner.origin.insert(LABELS.to_owned(), "int64".to_owned());
        }
        Ok((Self { inner: Arc::new(inner) }, imported.remarks))
    }

    /// All of it as bytes: those of its file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.to_bytes())
    }

    /// The settings in JSON.
    #[getter]
    fn settings(&self) -> Result<String, Failure> {
        json::write(self.inner.config())
    }

    /// The names of the classes, and the type of the labels in Python.
    #[getter]
    fn classes(&self) -> (Vec<String>, Option<String>) {
        (self.inner.classes().to_vec(), self.inner.origin.get(LABELS).cloned())
    }

    /// Sizes: (inputs, hidden neurons, excitatory ones, classes, steps).
    #[getter]
    fn sizes(&self) -> (usize, usize, usize, usize, usize) {
        let (shape, grid) = (self.inner.kernel().shape(), self.inner.grid());
        (shape.inputs, shape.hidden, self.inner.signs().excitatory, shape.classes, grid.steps)
    }

    /// The time that a step stands for, ms.
    #[getter]
    fn step_ms(&self) -> f64 {
        self.inner.grid().step_ms
    }

    /// The weights: input [inputs, hidden], recurrent [hidden, hidden] or None, readout
    /// [hidden, classes].
    #[getter]
    #[expect(clippy::type_complexity, reason = "it is what Python gets")]
    fn weights<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(
        Bound<'py, PyArray2<f32>>,
        Option<Bound<'py, PyArray2<f32>>>,
        Bound<'py, PyArray2<f32>>,
    )> {
        let weights = self.inner.weights();
        let shape = weights.shape();
        let recurrent = weights
            .recurrent()
            .map(|weights| table(py, weights, [shape.hidden, shape.hidden]))
            .transpose()?;
        Ok((
            table(py, weights.input(), [shape.inputs, shape.hidden])?,
            recurrent,
            table(py, weights.readout(), [shape.hidden, shape.classes])?,
        ))
    }

    /// Logits [samples, classes], and the spikes of each hidden neuron [samples, hidden].
    #[expect(clippy::type_complexity, reason = "it is what Python gets")]
    fn logits<'py>(
        &self,
        py: Python<'py>,
        samples: Samples<'py>,
    ) -> PyResult<(Bound<'py, PyArray2<f32>>, Bound<'py, PyArray2<u32>>)> {
        let events = events(&samples)?;
        let (count, shape) = (events.len(), self.inner.kernel().shape());
        let network = Arc::clone(&self.inner);
        let (logits, counts) = long(py, None, move |watcher| {
            let (mut logits, mut counts) = (Vec::new(), Vec::new());
            let input = Input::new(&events).map_err(Failure::request)?;
            let all: Vec<usize> = (0..events.len()).collect();
            for chunk in all.chunks(1024) {
                if watcher.poll().is_break() {
                    return Err(Failure::Stopped);
                }
                let output = network
                    .kernel()
                    .evaluate(network.weights(), input, chunk)
                    .map_err(Failure::request)?;
                logits.extend(output.logits);
                counts.extend(output.counts);
            }
            Ok((logits, counts))
        })?;
        Ok((table(py, logits, [count, shape.classes])?, table(py, counts, [count, shape.hidden])?))
    }

    /// Accuracy, confusion, activity and loss on labelled samples, in JSON.
    fn evaluate(
        &self,
        py: Python<'_>,
        samples: Samples<'_>,
        labels: PyReadonlyArray1<'_, u16>,
    ) -> Result<String, Failure> {
        let network = Arc::clone(&self.inner);
        let data = labelled(&samples, &labels, network.classes().to_vec())?;
        long(py, None, move |_| json::write(&network.evaluate(&data)?))
    }
}
