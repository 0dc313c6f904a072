//! A trained reconstructor as one safetensors file.

use super::archive::{self, ArchiveError, Array};
use crate::reconstruct::weights::{self, WeightsError};
use crate::reconstruct::{
    ConfigError, DecoderConfig, DecoderModel, FeatureConfig, ImageShape, Normaliser, Reconstructor,
};
use burn::tensor::Device;
use std::io;
use std::path::{Path, PathBuf};

const KIND: &str = "equipoise decoder";
const MEAN: &str = "normaliser.mean";
const SCALE: &str = "normaliser.scale";

/// Why a model cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be opened, read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file is no decoder, or is damaged.
    #[error("{path} is not a usable decoder: {error}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ContentError,
    },
}

/// What is wrong with the bytes of a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The container.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The settings of the decoder.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// The bytes of a safetensors file with the model, its settings and its normalisation.
///
/// # Errors
/// When the settings cannot be written as JSON.
pub fn model_to_bytes(model: &Reconstructor) -> Result<Vec<u8>, ArchiveError> {
    model_with_origin_to_bytes(model, "")
}

/// As [`model_to_bytes`], with a text that says what the model was made from; the file's checksum
/// covers it too.
///
/// # Errors
/// As [`model_to_bytes`].
pub fn model_with_origin_to_bytes(
    model: &Reconstructor,
    origin: &str,
) -> Result<Vec<u8>, ArchiveError> {
    let json = |value: Result<String, serde_json::Error>| value.map_err(ArchiveError::json);
    let texts = [
        ("decoder", json(serde_json::to_string(&model.config))?),
        ("features", json(serde_json::to_string(&model.features))?),
        ("image", json(serde_json::to_string(&model.shape))?),
        ("inputs", model.normaliser.mean.len().to_string()),
        ("origin", origin.to_owned()),
    ];
    let parameters = weights::read(&model.model);
    let size = [model.normaliser.mean.len()];
    let mut arrays = vec![
        Array::new(MEAN, &size, &model.normaliser.mean),
        Array::new(SCALE, &size, &model.normaliser.scale),
    ];
    arrays.extend(parameters.iter().map(|w| Array::new(w.name.as_str(), &w.shape, &w.values)));
    archive::to_bytes(KIND, &texts, &arrays)
}

/// What a model was made from, as [`model_with_origin_to_bytes`] was told; empty if it was not.
///
/// # Errors
/// When the bytes are not a whole, undamaged decoder.
pub fn origin_from_bytes(bytes: &[u8]) -> Result<String, ContentError> {
    let archive = archive::from_bytes(KIND, bytes)?;
    Ok(archive.text("origin").unwrap_or_default().to_owned())
}

/// A model from the bytes that [`model_to_bytes`] gave.
///
/// # Errors
/// When they are not a whole, undamaged decoder.
pub fn model_from_bytes(bytes: &[u8], device: &Device) -> Result<Reconstructor, ContentError> {
    let mut archive = archive::from_bytes(KIND, bytes)?;
    let config: DecoderConfig =
        serde_json::from_str(archive.text("decoder")?).map_err(ArchiveError::json)?;
    let features: FeatureConfig =
        serde_json::from_str(archive.text("features")?).map_err(ArchiveError::json)?;
    let shape: ImageShape =
        serde_json::from_str(archive.text("image")?).map_err(ArchiveError::json)?;
    let inputs: usize =
        serde_json::from_str(archive.text("inputs")?).map_err(ArchiveError::json)?;
    config.validate(shape)?;
    let mean = archive.take(MEAN, &[inputs])?;
    let scale = archive.take(SCALE, &[inputs])?;
    let model = DecoderModel::new(&config, inputs, shape, 0, device);
    let mut parameters = weights::read(&model);
    for parameter in &mut parameters {
        parameter.values = archive.take(&parameter.name, &parameter.shape)?;
    }
    let model = weights::write(model, &parameters)?;
    Ok(Reconstructor { model, config, features, normaliser: Normaliser { mean, scale }, shape })
}

/// Writes a model to a file, under a temporary name first.
///
/// # Errors
/// When the file cannot be written.
pub fn save(model: &Reconstructor, path: &Path) -> Result<(), ModelError> {
    let content =
        |error: ArchiveError| ModelError::Content { path: path.into(), error: error.into() };
    let file = |error: io::Error| ModelError::File { path: path.into(), error };
    let bytes = model_to_bytes(model).map_err(content)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    std::fs::write(&temporary, bytes).map_err(file)?;
    std::fs::rename(&temporary, path).map_err(file)
}

/// Reads a model from a file.
///
/// # Errors
/// When the file is not there, or is not a whole, undamaged decoder.
pub fn load(path: &Path, device: &Device) -> Result<Reconstructor, ModelError> {
    let bytes =
        std::fs::read(path).map_err(|error| ModelError::File { path: path.into(), error })?;
    model_from_bytes(&bytes, device)
        .map_err(|error| ModelError::Content { path: path.into(), error })
}
