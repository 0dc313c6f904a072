//! Decoders: from spike counts back to images.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use equipoise_data::{Counts, ImageShape};
use equipoise_decoder::checkpoint::FileError;
use equipoise_decoder::device::Backend;
use equipoise_decoder::observer::{Event, Observer};
use equipoise_decoder::reconstruct::{
    FeatureConfig, LinearReconstructor, Pairs, Reconstructor, ReconstructorConfig, RidgeConfig,
    SpikeFeatures,
};
use equipoise_decoder::training::TrainError;
use equipoise_studies::settings::Layers;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::arrays::{Borrowed, slice};
use crate::call::{Watcher, long};
use crate::errors::Failure;
use crate::json;
use crate::network::layers;

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Stopped { .. } => Self::Stopped,
            TrainError::Diverged { .. } => Self::run(error),
            error => Self::request(error),
        }
    }
}

/// The settings of a decoder as JSON: the defaults with these changes, JSON by key.
#[pyfunction]
pub fn decoder_settings(changes: &str) -> Result<String, Failure> {
    let layers: Layers = layers(None, None, changes)?;
    json::write(&layers.resolve::<ReconstructorConfig>()?)
}

/// Counts as they come from Python: the numbers, units, bins, and the length of a recording in ms.
type Table<'py> = (PyReadonlyArray1<'py, u16>, usize, usize, f64);

fn counts((counts, units, bins, duration): &Table<'_>) -> Result<Counts, Failure> {
    Ok(Counts::new(*units, *bins, *duration, slice("counts", counts)?.to_vec())?)
}

/// What decodes.
enum Model {
    Network(Box<Reconstructor>),
    Ridge { model: LinearReconstructor, features: FeatureConfig },
}

/// A trained decoder.
#[pyclass(frozen, module = "equipoise._native")]
pub struct Decoder {
    model: Arc<Mutex<Model>>,
    shape: ImageShape,
}

impl Decoder {
    fn new(model: Model, shape: ImageShape) -> Self {
        Self { model: Arc::new(Mutex::new(model)), shape }
    }
}

/// A set of counts and the images that evoked them.
struct Set {
    counts: Counts,
    images: Borrowed<f32>,
}

impl Set {
    fn features(
        &self,
        config: &FeatureConfig,
        shape: ImageShape,
    ) -> Result<SpikeFeatures, Failure> {
        let features = config.extract(&self.counts).map_err(Failure::request)?;
        let images = self.images.numbers().len() / shape.pixels().max(1);
        if features.images != images {
            let counted = features.images;
            return Err(Failure::Request(format!(
                "counts of {counted} images, and {images} images"
            )));
        }
        Ok(features)
    }
}

fn fit_network(
    watcher: &Watcher,
    training: &Set,
    validation: &Set,
    shape: ImageShape,
    config: &ReconstructorConfig,
) -> Result<(Model, String), Failure> {
    let x = training.features(&config.features, shape)?;
    let y = validation.features(&config.features, shape)?;
    let pairs = Pairs { features: &x, images: training.images.numbers(), shape };
    let held_out = Pairs { features: &y, images: validation.images.numbers(), shape };
    let epochs = config.training.epochs as u64;
    let mut observer = Observer::new(|event| match event {
        Event::Batch(batch) => {
            let (n, of) = (batch.batches as u64, batch.batch as u64);
            let done = (batch.epoch as u64 - 1) * n + of;
            if done == 1 {
                let _ = watcher.step("training", 0, epochs * n);
            }
            let detail = (of == n).then(|| format!("loss {:.4}", batch.loss));
            watcher.tell(|| (0, None, Some(done), Some(epochs * n), detail));
            watcher.poll()
        }
        _ => watcher.poll(),
    });
    let fitted = Reconstructor::fit(pairs, held_out, config, &mut observer)?;
    let history = json::write(&fitted.history)?;
    Ok((Model::Network(Box::new(fitted.reconstructor)), history))
}

fn fit_ridge(
    training: &Set,
    validation: &Set,
    shape: ImageShape,
    features: &FeatureConfig,
) -> Result<(Model, String), Failure> {
    let x = training.features(features, shape)?;
    let y = validation.features(features, shape)?;
    let model = LinearReconstructor::fit(
        (&x, training.images.numbers()),
        (&y, validation.images.numbers()),
        &RidgeConfig::default(),
    )
    .map_err(Failure::request)?;
    Ok((Model::Ridge { model, features: features.clone() }, "[]".to_owned()))
}

/// Trains a decoder: (decoder, history in JSON).
#[pyfunction]
#[pyo3(signature = (settings, ridge, counts, images, held_out_counts, held_out_images, shape,
                    progress=None))]
#[expect(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub fn fit_decoder(
    py: Python<'_>,
    settings: &str,
    ridge: bool,
    counts: Table<'_>,
    images: PyReadonlyArray1<'_, f32>,
    held_out_counts: Table<'_>,
    held_out_images: PyReadonlyArray1<'_, f32>,
    shape: (usize, usize, usize),
    progress: Option<Py<PyAny>>,
) -> Result<(Decoder, String), Failure> {
    let config: ReconstructorConfig = json::read(settings)?;
    let training = Set { counts: self::counts(&counts)?, images: Borrowed::of("images", &images)? };
    let validation = Set {
        counts: self::counts(&held_out_counts)?,
        images: Borrowed::of("validation images", &held_out_images)?,
    };
    let shape = ImageShape::from(shape);
    let (model, history) = long(py, progress, move |watcher| match ridge {
        true => fit_ridge(&training, &validation, shape, &config.features),
        false => fit_network(watcher, &training, &validation, shape, &config),
    })?;
    Ok((Decoder::new(model, shape), history))
}

/// A decoder from the file that [`Decoder::save`], or a training of the command, wrote.
#[pyfunction]
pub fn load_decoder(py: Python<'_>, path: PathBuf) -> Result<Decoder, Failure> {
    let device = Backend::default().device().map_err(Failure::request)?;
    let model = long(py, None, move |_| Ok(Reconstructor::load(&path, &device)?))?;
    let shape = model.shape;
    Ok(Decoder::new(Model::Network(Box::new(model)), shape))
}

impl<E: std::error::Error> From<FileError<E>> for Failure {
    fn from(error: FileError<E>) -> Self {
        match &error {
            FileError::Io { error: of, .. } if of.kind() == std::io::ErrorKind::NotFound => {
                Self::Missing(error.to_string())
            }
            _ => Self::Data(error.to_string()),
        }
    }
}

#[pymethods]
impl Decoder {
    /// The shape of its images: channels, height, width.
    #[getter]
    fn shape(&self) -> (usize, usize, usize) {
        (self.shape.channels, self.shape.height, self.shape.width)
    }

    /// Its settings in JSON; None for a ridge regression.
    #[getter]
    fn settings(&self) -> Result<Option<String>, Failure> {
        match &*self.model.lock().unwrap_or_else(PoisonError::into_inner) {
            Model::Network(model) => {
                Ok(Some(json::write(&(model.config.clone(), model.features.clone()))?))
            }
            Model::Ridge { .. } => Ok(None),
        }
    }

    /// Reconstructs images: intensities [images, channels, height, width] as one list.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        counts: Table<'py>,
    ) -> Result<Bound<'py, PyArray1<f32>>, Failure> {
        let counts = self::counts(&counts)?;
        let model = Arc::clone(&self.model);
        let images = long(py, None, move |_| {
            match &*model.lock().unwrap_or_else(PoisonError::into_inner) {
                Model::Network(model) => {
                    let features = model.features.extract(&counts).map_err(Failure::request)?;
                    model.predict(&features).map_err(Failure::request)
                }
                Model::Ridge { model, features } => {
                    let features = features.extract(&counts).map_err(Failure::request)?;
                    model.predict(&features).map_err(Failure::request)
                }
            }
        })?;
        Ok(images.into_pyarray(py))
    }

    /// Writes the file of the decoder, which the command reads too.
    fn save(&self, py: Python<'_>, path: PathBuf) -> Result<(), Failure> {
        let model = Arc::clone(&self.model);
        long(py, None, move |_| match &*model.lock().unwrap_or_else(PoisonError::into_inner) {
            Model::Network(model) => Ok(model.save(&path)?),
            Model::Ridge { .. } => {
                Err(Failure::request("a ridge regression has no file; fit it again"))
            }
        })
    }
}
