//! A trained decoder with all that belongs to it: from spikes to images in one call.

use super::config::{DecoderConfig, Start};
use super::features::{FeatureConfig, FeatureError, Normaliser, SpikeFeatures};
use super::layout::push_channels_first;
use super::linear::LinearFits;
use super::model::{DecoderModel, bounded};
use super::pairs::Pairs;
use super::start::LinearStart;
use crate::checkpoint::archive::Origin;
use crate::device::Backend;
use crate::observer::{Event, Observer, Remark};
use crate::training::{
    CHUNK, DataError, EpochReport, Examples, Finish, TRAINING, TrainConfig, TrainError,
    TrainedModel, Training,
};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use equipoise_data::ImageShape;
use serde::{Deserialize, Serialize};

/// A trained decoder.
#[derive(Debug)]
pub struct Reconstructor {
    /// The network.
    pub model: DecoderModel,
    /// What the network is made of.
    pub config: DecoderConfig,
    /// What it reads.
    pub features: FeatureConfig,
    /// How that is normalised.
    pub normaliser: Normaliser,
    /// What it gives.
    pub shape: ImageShape,
    /// What it was made from. Training says which training it was
    /// ([`TRAINING`]); whoever knows more,
    /// such as the network whose spikes it was trained on, adds it.
    pub origin: Origin,
}

/// A trained decoder and how the training went.
#[derive(Debug)]
pub struct Fitted {
    /// The decoder with the weights of its best epoch.
    pub reconstructor: Reconstructor,
    /// All epochs.
    pub history: Vec<EpochReport>,
    /// Why training ended.
    pub finish: Finish,
    /// Seconds of training that led to the checkpoint from which this one went on; 0 without one.
    pub seconds_before: f64,
}

/// Everything that decides what a reconstructor becomes on given data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReconstructorConfig {
    /// The network and its loss.
    pub decoder: DecoderConfig,
    /// What it reads.
    pub features: FeatureConfig,
    /// How it is trained.
    pub training: TrainConfig,
    /// Where it is trained.
    pub backend: Backend,
}

impl Reconstructor {
    /// Trains a decoder on `training`, choosing the epoch by `validation`; the normalisation comes
    /// from `training` alone. See [`Training::run`] for what the observer is told, and for going on
    /// from a checkpoint.
    ///
    /// # Errors
    /// As [`Training::run`], and a backend that is not there.
    pub fn fit(
        training: Pairs<'_>,
        validation: Pairs<'_>,
        config: &ReconstructorConfig,
        observer: &mut Observer<'_, EpochReport>,
    ) -> Result<Fitted, TrainError> {
        Self::fit_sharing(&LinearFits::new(training, validation), config, observer)
    }

    /// [`fit`](Self::fit) to the sets of `linear`, whose ridge regression a decoder that starts at
    /// one shares with controls and with other decoders.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_sharing(
        linear: &LinearFits<'_>,
        config: &ReconstructorConfig,
        observer: &mut Observer<'_, EpochReport>,
    ) -> Result<Fitted, TrainError> {
        let ReconstructorConfig { decoder, features, training: train, backend } = config;
        let device = backend.device()?;
        let (training, validation) = (linear.training(), linear.validation());
        let shape = training.shape;
        if validation.shape != shape {
            let (training, validation) = (shape, validation.shape);
            return Err(DataError::Shapes { training, validation }.into());
        }
        let normaliser = if features.standardise {
            linear.normaliser().clone()
        } else {
            Normaliser::identity(training.features.features)
        };
        let TrainConfig { batch_size, .. } = train;
        let images = training.features.images;
        decoder.validate_for(shape, training.features.features, images.min(*batch_size))?;
        if images > 1 && linear.normaliser().scale.iter().all(|&s| s == 0.0) {
            let features = training.features.features;
            let remark = Event::Remark(Remark::ConstantFeatures { features });
            if observer.tell(remark).is_break() {
                return Err(TrainError::Stopped { epoch: 1 });
            }
        }
        let normal =
            |pairs: Pairs<'_>| normaliser.apply(pairs.features).map_err(DataError::Normalise);
        let (x, x_validation) = (normal(training)?, normal(validation)?);
        let start = match decoder.start {
            Start::Random => None,
            Start::Ridge => {
                let ridge = match features.standardise {
                    true => linear.standardised()?,
                    false => linear.control()?.ridge(),
                };
                Some(LinearStart::new(decoder, shape, ridge, &x))
            }
        };
        let examples = Examples { images: x.images, features: &x.values, targets: training.images };
        let held_out = Examples {
            images: x_validation.images,
            features: &x_validation.values,
            targets: validation.images,
        };
        let training =
            Training { decoder, shape, config: train, device: &device, start: start.as_ref() };
        let TrainedModel { model, history, finish, seconds_before, fingerprint } =
            training.run(examples, held_out, observer)?;
        let reconstructor = Self {
            model,
            config: decoder.clone(),
            features: features.clone(),
            normaliser,
            shape,
            origin: Origin::from([(TRAINING.to_owned(), fingerprint)]),
        };
        Ok(Fitted { reconstructor, history, finish, seconds_before })
    }

    fn device(&self) -> Device {
        self.model.devices().pop().unwrap_or_default().without_autodiff()
    }

    /// Reconstructs every image from its features: intensities clamped to [0, 1],
    /// [images, channels, height, width].
    ///
    /// # Errors
    /// When the number of features is not the one that the decoder was trained on.
    pub fn predict(&self, features: &SpikeFeatures) -> Result<Vec<f32>, FeatureError> {
        let x = self.normaliser.apply(features)?;
        let mut images = Vec::with_capacity(x.images * self.shape.pixels());
        for chunk in x.values.chunks(CHUNK * x.features.max(1)) {
            let count = chunk.len() / x.features;
            let decoded = self.model.forward(&self.config, self.padded(chunk, x.features), None);
            self.append(decoded.images, count, &mut images);
        }
        Ok(images)
    }

    /// Latent means [images, latent] of a VAE; none for another decoder.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn latent_means(&self, features: &SpikeFeatures) -> Result<Option<Vec<f32>>, FeatureError> {
        let DecoderModel::Vae(model) = &self.model else { return Ok(None) };
        let x = self.normaliser.apply(features)?;
        let mut means = Vec::with_capacity(x.images * self.config.latent);
        for chunk in x.values.chunks(CHUNK * x.features.max(1)) {
            let count = chunk.len() / x.features;
            let latent = model.encode(self.padded(chunk, x.features), None);
            let all = numbers(latent.mean.into_data());
            means.extend_from_slice(&all[..count * self.config.latent]);
        }
        Ok(Some(means))
    }

    /// Images that a VAE makes of latent codes [codes, latent]; none for another decoder.
    ///
    /// # Errors
    /// When the codes are not a multiple of the latent dimensions.
    pub fn decode(&self, codes: &[f32]) -> Result<Option<Vec<f32>>, FeatureError> {
        let DecoderModel::Vae(model) = &self.model else { return Ok(None) };
        let latent = self.config.latent;
        if !codes.len().is_multiple_of(latent) {
            return Err(FeatureError::Codes { found: codes.len(), latent });
        }
        let mut images = Vec::with_capacity(codes.len() / latent * self.shape.pixels());
        for chunk in codes.chunks(CHUNK * latent) {
            let decoded = bounded(&self.config, model.decode(self.padded(chunk, latent)));
            let count = chunk.len() / latent;
            self.append(decoded, count, &mut images);
        }
        Ok(Some(images))
    }

    /// Images of a VAE from `count` codes drawn from the prior N(0, I).
    pub fn sample_prior(&self, count: usize, seed: u64) -> Option<Vec<f32>> {
        let codes: Vec<f32> = (0..count)
            .flat_map(|index| {
                let mut s = equipoise_random::stream(seed, "decoder/prior", index as u64);
                (0..self.config.latent).map(move |_| s.normal() as f32)
            })
            .collect();
        self.decode(&codes).expect("whole codes")
    }

    /// Images of a VAE as one dimension of a code `[latent]` goes through `values`.
    ///
    /// # Errors
    /// When the code has not the latent dimensions, or `dimension` is not one of them.
    pub fn traverse(
        &self,
        code: &[f32],
        dimension: usize,
        values: &[f32],
    ) -> Result<Option<Vec<f32>>, FeatureError> {
        let latent = self.config.latent;
        if code.len() != latent {
            return Err(FeatureError::Codes { found: code.len(), latent });
        }
        if dimension >= latent {
            return Err(FeatureError::Dimension { dimension, latent });
        }
        let mut codes = Vec::with_capacity(values.len() * code.len());
        for &value in values {
            let at = codes.len() + dimension;
            codes.extend_from_slice(code);
            codes[at] = value;
        }
        self.decode(&codes)
    }

    /// Appends the first `count` images of a batch, clamped to [0, 1].
    fn append(&self, batch: Tensor<4>, count: usize, images: &mut Vec<f32>) {
        let mut batch = numbers(batch.into_data());
        batch.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
        for image in batch.chunks_exact(self.shape.pixels()).take(count) {
            push_channels_first(image, self.shape, images);
        }
    }

    /// A batch of always [`CHUNK`] rows, zeros after the last: a row's result must not depend on
    /// how many others there are.
    fn padded(&self, rows: &[f32], size: usize) -> Tensor<2> {
        let mut values = rows.to_vec();
        values.resize(CHUNK * size, 0.0);
        Tensor::from_data(TensorData::new(values, [CHUNK, size]), &self.device())
    }
}

fn numbers(data: TensorData) -> Vec<f32> {
    data.try_into_vec().expect("images are f32")
}
