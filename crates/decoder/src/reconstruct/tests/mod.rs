//! Decoders as wholes. This file holds what the tests share.

use super::loss::{reconstruction_loss, squared_error, ssim};
use super::*;
use crate::checkpoint::{self, ArchiveError, FileError, Kind, Origin};
use crate::observer::{Event, Observer};
use crate::training::{
    DataError, EpochReport, Examples, Finish, Set, TRAINING, TrainConfig, TrainError, TrainedModel,
    Training,
};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use equipoise_random::stream;
use std::ops::ControlFlow;

mod learning;
mod linear_start;
mod model;
mod trained;

/// Blurred blobs on black, and a linear code of them with Poisson noise.
struct Surrogate {
    shape: ImageShape,
    images: Vec<f32>,
    features: SpikeFeatures,
}

fn surrogate(count: usize, units: usize, shape: ImageShape, seed: u64) -> Surrogate {
    let ImageShape { height, width, channels } = shape;
    let mut images = Vec::new();
    for index in 0..count {
        let mut s = stream(seed, "blobs", index as u64);
        let blobs: Vec<[f64; 3]> = (0..3)
            .map(|_| {
                [
                    s.range(0.2, 0.8) * height as f64,
                    s.range(0.2, 0.8) * width as f64,
                    s.range(1.0, 3.0),
                ]
            })
            .collect();
        for [by, bx, size] in blobs.into_iter().cycle().take(channels) {
            for y in 0..height {
                for x in 0..width {
                    let d2 = (y as f64 - by).powi(2) + (x as f64 - bx).powi(2);
                    images.push(libm::exp(-d2 / (2.0 * size * size)) as f32);
                }
            }
        }
    }
    let pixels = shape.pixels();
    let inputs: Vec<Vec<usize>> = (0..units)
        .map(|unit| stream(7, "projection", unit as u64).choose(pixels, pixels / 20))
        .collect();
    let mut values = Vec::new();
    for (index, image) in images.chunks_exact(pixels).enumerate() {
        let mut s = stream(seed, "spikes", index as u64);
        for inputs in &inputs {
            let drive: f32 = inputs.iter().map(|&i| image[i]).sum();
            values.push(s.poisson(f64::from(2.0 * drive)) as f32);
        }
    }
    Surrogate { shape, images, features: SpikeFeatures { images: count, features: units, values } }
}

const GREY: ImageShape = ImageShape { height: 28, width: 28, channels: 1 };

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

fn small(kind: DecoderKind) -> DecoderConfig {
    DecoderConfig { kind, hidden: vec![48, 48], channels: 4, latent: 8, ..Default::default() }
}

/// The training of such a decoder on grey images, from random weights.
fn training<'a>(
    decoder: &'a DecoderConfig,
    config: &'a TrainConfig,
    device: &'a Device,
) -> Training<'a> {
    Training { decoder, shape: GREY, config, device, start: None }
}

/// Trains on 40 images and validates on 10 of the same surrogate.
fn fit(
    decoder: &DecoderConfig,
    config: &TrainConfig,
    observer: &mut Observer<'_, EpochReport>,
) -> Result<TrainedModel, TrainError> {
    let (a, b) = (surrogate(40, 60, GREY, 1), surrogate(10, 60, GREY, 2));
    let normaliser = Normaliser::fit(&a.features);
    let (x, y) = (normaliser.apply(&a.features).unwrap(), normaliser.apply(&b.features).unwrap());
    let seen = Examples { images: 40, features: &x.values, targets: &a.images };
    let held_out = Examples { images: 10, features: &y.values, targets: &b.images };
    training(decoder, config, &Device::flex()).run(seen, held_out, observer)
}

/// Weights after a training.
fn weights_of(trained: &TrainedModel) -> Vec<weights::Weights> {
    weights::read(&trained.model)
}

fn short(kind: DecoderKind) -> (DecoderConfig, TrainConfig) {
    let decoder =
        DecoderConfig { feature_dropout: 0.1, dropout: 0.2, ssim_share: 0.2, ..small(kind) };
    let config = TrainConfig {
        epochs: 3,
        batch_size: 7,
        seed: 5,
        checkpoint_every: 2,
        ..TrainConfig::default()
    };
    (decoder, config)
}
