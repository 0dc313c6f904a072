//! A trained reconstructor as a file.

use super::config::DecoderConfig;
use super::features::{FeatureConfig, FeatureError, Normaliser};
use super::model::DecoderModel;
use super::reconstructor::Reconstructor;
use super::validate::ConfigError;
use super::weights::{self, WeightsError};
use crate::checkpoint::archive::{self, Archive, ArchiveError, Array, Kind, json};
use crate::checkpoint::file::{self, FileError};
use burn::tensor::Device;
use equipoise_data::ImageShape;
use std::path::Path;

const DECODER: &str = "decoder";
const FEATURES: &str = "features";
const IMAGE: &str = "image";
const INPUTS: &str = "inputs";
const MEAN: &str = "normaliser.mean";
const SCALE: &str = "normaliser.scale";

/// What is wrong with the bytes of a reconstructor.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The settings of the decoder.
    #[error("its settings are of no decoder: {0}")]
    Config(#[from] ConfigError),
    /// The settings of its features.
    #[error("its settings are of no features: {0}")]
    Features(#[from] FeatureError),
    /// The weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

impl Reconstructor {
    /// The bytes of a file with the model, its settings, its normalisation and its origin.
    ///
    /// # Errors
    /// When a number of the settings has no JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArchiveError> {
        let inputs = self.normaliser.mean.len();
        let texts = [
            (DECODER, json(DECODER, &self.config)?),
            (FEATURES, json(FEATURES, &self.features)?),
            (IMAGE, json(IMAGE, &self.shape)?),
            (INPUTS, inputs.to_string()),
        ];
        let parameters = weights::read(&self.model);
        let mut arrays = vec![
            Array::new(MEAN, &[inputs], &self.normaliser.mean),
            Array::new(SCALE, &[inputs], &self.normaliser.scale),
        ];
        arrays.extend(parameters.iter().map(|w| Array::new(w.name.as_str(), &w.shape, &w.values)));
        archive::to_bytes(Kind::Reconstructor, &self.origin, &texts, &arrays)
    }

    /// The reconstructor that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// When the bytes are not a whole, undamaged reconstructor.
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Reconstructor, ModelError> {
        let mut archive = archive::from_bytes(&[Kind::Reconstructor], bytes)?;
        let config: DecoderConfig = archive.value(DECODER)?;
        let features: FeatureConfig = archive.value(FEATURES)?;
        let shape: ImageShape = archive.value(IMAGE)?;
        let inputs: usize = archive.value(INPUTS)?;
        features.validate()?;
        config.validate_for(shape, inputs, 1)?;
        let mean = archive.take(MEAN, &[inputs])?;
        let scale = archive.take(SCALE, &[inputs])?;
        let model =
            with_weights(&mut archive, DecoderModel::new(&config, inputs, shape, 0, device))?;
        let normaliser = Normaliser { mean, scale };
        let origin = archive.origin().clone();
        Ok(Reconstructor { model, config, features, normaliser, shape, origin })
    }

    /// Writes the reconstructor to a file, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), FileError<ModelError>> {
        let bytes = self
            .to_bytes()
            .map_err(|error| FileError::Content { path: path.to_owned(), error: error.into() })?;
        file::save(path, &bytes)
    }

    /// Reads a reconstructor from a file.
    ///
    /// # Errors
    /// When the file is not there, or is not a whole, undamaged reconstructor.
    pub fn load(path: &Path, device: &Device) -> Result<Reconstructor, FileError<ModelError>> {
        file::load(path, |bytes| Self::from_bytes(bytes, device))
    }
}

/// The model with the weights of an archive.
fn with_weights(archive: &mut Archive, model: DecoderModel) -> Result<DecoderModel, ModelError> {
    let mut parameters = weights::read(&model);
    for parameter in &mut parameters {
        parameter.values = archive.take(&parameter.name, &parameter.shape)?;
    }
    Ok(weights::write(model, &parameters)?)
}
