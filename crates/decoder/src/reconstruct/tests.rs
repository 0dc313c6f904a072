//! Decoders as wholes: shapes, learning, losses, and the latent space.

use super::loss::{reconstruction_loss, squared_error, ssim};
use super::*;
use crate::checkpoint;
use crate::observer::{Event, Observer};
use crate::training::{
    EpochReport, Examples, Finish, TrainConfig, TrainError, TrainedModel, Training,
};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use equipoise_random::stream;
use std::ops::ControlFlow;

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
                    images.push((-d2 / (2.0 * size * size)).exp() as f32);
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

#[test]
fn images_have_the_shape_asked_for() {
    let device = Device::flex();
    let colour = ImageShape { height: 32, width: 32, channels: 3 };
    for shape in [GREY, colour] {
        for (kind, residual) in [
            (DecoderKind::MlpUnet, false),
            (DecoderKind::MlpUnet, true),
            (DecoderKind::MlpVae, false),
        ] {
            let config = DecoderConfig { residual, ..small(kind) };
            config.validate(shape).unwrap();
            let model = DecoderModel::new(&config, 11, shape, 0, &device);
            let decoded = model.forward(&config, Tensor::ones([5, 11], &device), None);
            let ImageShape { height, width, channels } = shape;
            assert_eq!(decoded.images.dims(), [5, height, width, channels]);
            let images = numbers(decoded.images);
            let bounded = images.iter().all(|v| (0.0..=1.0).contains(v));
            assert!(bounded || config.output() == Output::Linear);
            assert!(images.iter().all(|v| v.is_finite()));
            assert!(images.iter().any(|v| (v - images[0]).abs() > 1e-3), "all pixels are equal");
        }
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let wrong = |change: fn(&mut DecoderConfig), name: &str| {
        let mut config = DecoderConfig::default();
        change(&mut config);
        let text = config.validate(GREY).unwrap_err().to_string();
        assert!(text.contains(name), "{text}");
    };
    wrong(|c| c.hidden = vec![], "hidden");
    wrong(|c| c.dropout = 1.0, "dropout");
    wrong(|c| c.feature_dropout = f64::NAN, "feature_dropout");
    wrong(|c| c.ssim_share = -0.1, "ssim_share");
    wrong(|c| c.channels = 0, "channels");
    wrong(|c| c.depth = 3, "depth");
    wrong(|c| c.depth = 0, "depth");
    wrong(|c| c.hidden_activation = HiddenActivation::Relu, "start");
    wrong(|c| c.output = Some(Output::Sigmoid), "residual");
    wrong(|c| c.latent = 0, "latent");
    wrong(|c| c.beta = f64::NAN, "beta");
    assert!(DecoderConfig::default().validate(GREY).is_ok());
}

#[test]
fn a_few_images_are_learned_by_heart() {
    let images = surrogate(8, 60, GREY, 3);
    let x = Normaliser::fit(&images.features).apply(&images.features).unwrap();
    let all = Examples { images: 8, features: &x.values, targets: &images.images };
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        // From random weights a residual U-Net has to unlearn its map first.
        let decoder = DecoderConfig { beta: 0.0, residual: false, ..small(kind) };
        let config = TrainConfig {
            epochs: 200,
            batch_size: 8,
            learning_rate: Some(3e-3),
            weight_decay: 0.0,
            ..Default::default()
        };
        let device = Device::flex();
        let trained =
            training(&decoder, &config, &device).run(all, all, &mut Observer::silent()).unwrap();
        let first = trained.history[0].validation_mse;
        let last = trained.history.last().unwrap().validation_mse;
        assert!(last < 2e-3 && last < first / 5.0, "{kind}: {first} to {last}");
    }
}

#[test]
fn one_image_is_enough() {
    let images = surrogate(1, 60, GREY, 3);
    let all = Examples { images: 1, features: &images.features.values, targets: &images.images };
    let config = TrainConfig { epochs: 2, ..Default::default() };
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        let decoder = DecoderConfig { ssim_share: 0.5, ..small(kind) };
        let device = Device::flex();
        let trained =
            training(&decoder, &config, &device).run(all, all, &mut Observer::silent()).unwrap();
        assert_eq!(trained.history.len(), 2);
    }
}

#[test]
fn divergence_is_the_closed_form() {
    let device = Device::flex();
    let tensor = |v: [[f32; 2]; 3]| Tensor::<2>::from_floats(v, &device);
    let latent = Latent {
        mean: tensor([[0.0, 0.0], [1.0, -2.0], [0.0, 0.0]]),
        log_variance: tensor([[0.0, 0.0], [0.0, 0.0], [2.0f32.ln(), 0.5f32.ln()]]),
    };
    // KL(N(m, v) || N(0, 1)) = (m² + v - ln v - 1) / 2, a dimension.
    let want = [0.0, 2.5, 0.5 * (2.0 + 0.5 - 2.0)];
    for (got, want) in numbers(latent.divergence()).iter().zip(want) {
        assert!((got - want).abs() < 1e-6, "{got} {want}");
    }
}

#[test]
fn latent_noise_belongs_to_epoch_and_image() {
    let device = Device::flex();
    let draw = |epoch, images: &[usize]| {
        let draws = Draws { seed: 3, epoch, images };
        numbers(draws.normal("decoder/latent", 4, &device))
    };
    let both = draw(2, &[5, 9]);
    assert_eq!(both[..4], draw(2, &[5]));
    assert_eq!(both[4..], draw(2, &[9]));
    assert_ne!(draw(2, &[5]), draw(3, &[5]));
    let mask = Draws { seed: 3, epoch: 0, images: &[0] }.mask("d", 4000, 0.8, &device);
    let mask = numbers(mask);
    assert!(mask.iter().all(|&v| v == 0.0 || v == 1.25));
    assert!((mask.iter().sum::<f32>() / 4000.0 - 1.0).abs() < 0.03);
}

#[test]
fn similarity_agrees_with_the_metrics_crate() {
    let device = Device::flex();
    let shape = ImageShape { height: 32, width: 28, channels: 3 };
    let a = surrogate(4, 1, shape, 1).images;
    let b = surrogate(4, 1, shape, 2).images;
    let tensor = |v: &[f32]| {
        let planes = TensorData::new(v.to_vec(), [4, 3, 32, 28]);
        Tensor::<4>::from_data(planes, &device).permute([0, 2, 3, 1])
    };
    let got = numbers(ssim(tensor(&a), tensor(&b)));
    let error = numbers(squared_error(tensor(&a), tensor(&b)));
    let share = numbers(reconstruction_loss(tensor(&a), tensor(&b), 0.25));
    let metrics = (3, 32, 28);
    let options = Default::default();
    for i in 0..4 {
        let (a, b) = (
            &a[i * shape.pixels()..][..shape.pixels()],
            &b[i * shape.pixels()..][..shape.pixels()],
        );
        let want = equipoise_metrics::image::ssim(a, b, metrics, &options).unwrap();
        assert!((f64::from(got[i]) - want).abs() < 1e-4, "{} {want}", got[i]);
        let want = 0.75 * error[i] + 0.25 * (1.0 - got[i]);
        assert!((share[i] - want).abs() < 1e-6);
    }
    for same in numbers(ssim(tensor(&a), tensor(&a))) {
        assert!((same - 1.0).abs() < 1e-6);
    }
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

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        let (decoder, config) = short(kind);
        // Wide enough that matrix products are split over threads.
        let decoder = DecoderConfig { hidden: vec![600, 700], channels: 16, ..decoder };
        let config = TrainConfig { epochs: 1, batch_size: 20, ..config };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| weights_of(&fit(&decoder, &config, &mut Observer::silent()).unwrap()))
        };
        let one = with(1);
        assert!(one == with(2), "two threads differ from one");
        assert!(one == with(3), "three threads differ from one");
    }
}

/// The losses of each epoch.
fn losses(trained: &TrainedModel) -> Vec<[f64; 2]> {
    trained.history.iter().map(|e| [e.train_loss, e.validation_loss]).collect()
}

#[test]
fn a_killed_training_goes_on_to_the_same_bits() {
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        let (decoder, config) = short(kind);
        let whole = fit(&decoder, &config, &mut Observer::silent()).unwrap();
        // All but the first so many checkpoints are lost, as by a kill or a full disk.
        for left in 0..8 {
            let mut kept = Vec::new();
            let mut dying = Observer::new(|event| match event {
                Event::Checkpoint(_) if kept.len() == left => ControlFlow::Break(()),
                Event::Checkpoint(checkpoint) => {
                    kept.push(checkpoint.to_bytes());
                    ControlFlow::Continue(())
                }
                _ => ControlFlow::Continue(()),
            });
            let killed = fit(&decoder, &config, &mut dying);
            drop(dying);
            assert!(matches!(killed, Err(TrainError::Stopped { .. })), "after {left}");
            let resumed =
                fit(&decoder, &config, &mut Observer::silent().resume_from(kept.pop())).unwrap();
            assert!(weights_of(&resumed) == weights_of(&whole), "after {left}");
            assert_eq!(losses(&resumed), losses(&whole));
        }
    }
}

#[test]
fn interrupted_anywhere_it_goes_on_to_the_same_bits() {
    let (decoder, config) = short(DecoderKind::MlpUnet);
    let whole = fit(&decoder, &config, &mut Observer::silent()).unwrap();
    let mut checkpoint: Option<Vec<u8>> = None;
    let mut rounds = 0;
    let finished = loop {
        let (mut seen, mut kept, from) = (0, None, checkpoint.take());
        let mut stop = Observer::new(|event| {
            if let Event::Checkpoint(checkpoint) = event {
                kept = Some(checkpoint.to_bytes());
                return ControlFlow::Continue(());
            }
            seen += 1;
            if seen == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .resume_from(from);
        let part = fit(&decoder, &config, &mut stop);
        drop(stop);
        checkpoint = kept;
        rounds += 1;
        match part {
            Ok(finished) => break finished,
            Err(TrainError::Stopped { epoch }) => assert!((1..=3).contains(&epoch)),
            Err(other) => panic!("{other}"),
        }
        assert!(rounds < 10);
    };
    assert!(rounds > 3);
    assert!(weights_of(&finished) == weights_of(&whole));
    assert_eq!(losses(&finished), losses(&whole));
    // The time of the parts adds up.
    let total: f64 = finished.history.iter().map(|epoch| epoch.seconds).sum();
    assert!(0.0 < finished.seconds_before && finished.seconds_before < total);
    // A finished training is not done again.
    let mut never = Observer::new(|_| panic!("trained again")).resume_from(checkpoint);
    let again = fit(&decoder, &config, &mut never).unwrap();
    assert!(weights_of(&again) == weights_of(&whole));
}

/// The newest checkpoint of a training that is not stopped.
fn last_checkpoint(decoder: &DecoderConfig, config: &TrainConfig) -> Vec<u8> {
    let mut kept = None;
    let mut observer = Observer::new(|event| {
        if let Event::Checkpoint(checkpoint) = event {
            kept = Some(checkpoint.to_bytes());
        }
        ControlFlow::Continue(())
    });
    fit(decoder, config, &mut observer).unwrap();
    drop(observer);
    kept.unwrap()
}

#[test]
fn a_checkpoint_of_another_training_or_a_damaged_one_is_refused() {
    let (decoder, config) = short(DecoderKind::MlpUnet);
    let config = TrainConfig { epochs: 1, ..config };
    let bytes = last_checkpoint(&decoder, &config);
    let resume = |config: &TrainConfig, bytes: Vec<u8>| {
        fit(&decoder, config, &mut Observer::silent().resume_from(Some(bytes)))
    };
    let other = TrainConfig { seed: 6, ..config.clone() };
    assert!(matches!(resume(&other, bytes.clone()), Err(TrainError::OtherTraining)));
    for damage in [0, 20, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[damage] ^= 0x10;
        let refused = resume(&config, damaged);
        assert!(matches!(refused, Err(TrainError::Checkpoint(_))), "byte {damage}");
    }
}

#[test]
fn training_stops_early_when_validation_does_not_improve() {
    let (decoder, config) = short(DecoderKind::MlpUnet);
    // A learning rate this small changes nothing that validation could see.
    let config = TrainConfig {
        epochs: 50,
        patience: 2,
        learning_rate: Some(1e-20),
        weight_decay: 0.0,
        ..config
    };
    let trained = fit(&decoder, &config, &mut Observer::silent()).unwrap();
    assert_eq!(trained.finish, Finish::EarlyStopping);
    assert_eq!(trained.history.len(), 3);
    assert!(trained.history[0].best);
}

#[test]
fn data_that_do_not_fit_are_refused() {
    let (decoder, config) = short(DecoderKind::MlpUnet);
    let device = Device::flex();
    let (x, y) = (vec![0.0; 20], vec![0.5; 2 * GREY.pixels()]);
    let good = Examples { images: 2, features: &x, targets: &y };
    let refused = |seen, held_out, text: &str| {
        let training = training(&decoder, &config, &device);
        let error = training.run(seen, held_out, &mut Observer::silent()).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    refused(Examples { images: 0, ..good }, good, "no images");
    refused(Examples { features: &x[1..], ..good }, good, "19 features");
    refused(Examples { targets: &y[1..], ..good }, good, "intensities");
    refused(good, Examples { features: &x[..10], ..good }, "validation images 5");
    let nan = vec![f32::NAN; 20];
    refused(Examples { features: &nan, ..good }, good, "not finite");
    let bright = vec![1.5; 2 * GREY.pixels()];
    refused(good, Examples { targets: &bright, ..good }, "intensity 1.5");
}

/// A reconstructor after a short training.
fn reconstructor(kind: DecoderKind) -> (Reconstructor, Surrogate) {
    let (a, b) = (surrogate(40, 60, GREY, 1), surrogate(10, 60, GREY, 2));
    let (decoder, training) = short(kind);
    let config = ReconstructorConfig { decoder, training, ..Default::default() };
    let fitted = Reconstructor::fit(
        Pairs { features: &a.features, images: &a.images, shape: GREY },
        Pairs { features: &b.features, images: &b.images, shape: GREY },
        &config,
        &mut Observer::silent(),
    );
    (fitted.unwrap().reconstructor, b)
}

#[test]
fn a_reconstruction_does_not_depend_on_the_others() {
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        let (model, data) = reconstructor(kind);
        let all = model.predict(&data.features).unwrap();
        assert_eq!(all.len(), data.images.len());
        assert!(all.iter().all(|v| (0.0..=1.0).contains(v)));
        for i in [0, 3, 9] {
            let one = model.predict(&data.features.select(&[i])).unwrap();
            assert_eq!(one, all[i * data.shape.pixels()..][..data.shape.pixels()]);
        }
        let wrong = SpikeFeatures { images: 1, features: 2, values: vec![0.0; 2] };
        assert!(model.predict(&wrong).unwrap_err().to_string().contains("60 features"));
    }
}

#[test]
fn the_latent_space_can_be_sampled_and_walked() {
    let (model, data) = reconstructor(DecoderKind::MlpVae);
    let means = model.latent_means(&data.features).unwrap().unwrap();
    assert_eq!(means.len(), 10 * 8);
    // An image is what the decoder makes of its latent mean.
    assert_eq!(model.decode(&means).unwrap().unwrap(), model.predict(&data.features).unwrap());
    let samples = model.sample_prior(3, 1).unwrap();
    assert_eq!(samples, model.sample_prior(4, 1).unwrap()[..samples.len()]);
    let code = &means[..8];
    let walk = model.traverse(code, 2, &[-2.0, code[2], 2.0]).unwrap().unwrap();
    assert_eq!(walk[GREY.pixels()..2 * GREY.pixels()], model.decode(code).unwrap().unwrap());
    assert_ne!(walk[..GREY.pixels()], walk[2 * GREY.pixels()..]);
    assert!(model.traverse(code, 8, &[0.0]).is_err());
    assert!(model.decode(&means[1..]).is_err());
    let (unet, _) = reconstructor(DecoderKind::MlpUnet);
    assert!(unet.sample_prior(1, 0).is_none());
}

#[test]
fn a_model_is_saved_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decoder.safetensors");
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        let (model, data) = reconstructor(kind);
        checkpoint::save(&model, &path).unwrap();
        let read = checkpoint::load(&path, &Device::flex()).unwrap();
        assert_eq!(read.config, model.config);
        assert_eq!(read.normaliser, model.normaliser);
        assert!(weights::read(&read.model) == weights::read(&model.model));
        let images = model.predict(&data.features).unwrap();
        assert_eq!(read.predict(&data.features).unwrap(), images);
        // The same model always gives the same bytes.
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes == checkpoint::model_to_bytes(&read).unwrap());
    }
}

#[test]
fn a_file_that_is_no_model_gives_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decoder.safetensors");
    let refused = |text: &str| {
        let error = checkpoint::load(&path, &Device::flex()).unwrap_err().to_string();
        assert!(error.contains("decoder.safetensors") && !error.contains('\n'), "{error}");
        assert!(error.contains(text), "{error}");
    };
    refused("No such file");
    let (model, _) = reconstructor(DecoderKind::MlpUnet);
    let bytes = checkpoint::model_to_bytes(&model).unwrap();
    for cut in [0, 5, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        refused("safetensors");
    }
    for place in (9..bytes.len()).step_by(bytes.len() / 40) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        refused("not a usable decoder");
    }
    let other = checkpoint::to_bytes("equipoise training checkpoint", &[], &[]).unwrap();
    std::fs::write(&path, other).unwrap();
    refused("training checkpoint");
}

#[test]
fn all_parameters_are_set_from_the_seed() {
    let device = Device::flex();
    let make = |seed| DecoderModel::new(&small(DecoderKind::MlpUnet), 10, GREY, seed, &device);
    assert!(weights::read(&make(1)) == weights::read(&make(1)));
    for (a, b) in weights::read(&make(1)).iter().zip(&weights::read(&make(2))) {
        let zero = a.values.iter().all(|v| *v == 0.0);
        assert_eq!(zero, a.name.ends_with("bias"), "{}", a.name);
        assert_eq!(zero, a.values == b.values, "{}", a.name);
    }
    // Weights have the variance 2 / inputs before a ReLU, and 1 / inputs elsewhere.
    let config = DecoderConfig { hidden: vec![400, 300], ..DecoderConfig::default() };
    let model = DecoderModel::new(&config, 500, GREY, 0, &device);
    for w in weights::read(&model).iter().filter(|w| w.values.len() > 20_000) {
        let square: f32 = w.values.iter().map(|v| v * v).sum::<f32>() / w.values.len() as f32;
        let linear = ["mlp", "map"].iter().any(|part| w.name.split('.').any(|p| p == *part));
        let gain = square * w.shape[0] as f32;
        let want = if linear { 1.0 } else { 2.0 };
        assert!((gain - want).abs() < 0.05, "{} {gain} {want}", w.name);
    }
    let count: usize = weights::read(&make(0)).iter().map(|w| w.values.len()).sum();
    assert_eq!(make(0).num_params(), count);
}

const COLOUR: ImageShape = ImageShape { channels: 3, height: 8, width: 8 };

/// Images that are a linear function of six features, with a little noise in the features.
fn linear_world(images: usize) -> (SpikeFeatures, Vec<f32>) {
    let mut s = stream(5, "linear-world", images as u64);
    let features = 20;
    let mut values = Vec::new();
    let mut targets = Vec::new();
    for _ in 0..images {
        let code: Vec<f64> = (0..6).map(|_| s.normal()).collect();
        values.extend((0..features).map(|f| (code[f % 6] * (1 + f / 6) as f64) as f32));
        targets.extend((0..COLOUR.pixels()).map(|p| {
            let mix = (0..6).map(|k| code[k] * ((p * (k + 3)) as f64 * 0.7).sin());
            (0.5 + 0.02 * mix.sum::<f64>()) as f32
        }));
    }
    (SpikeFeatures { images, features, values }, targets)
}

fn start_at_ridge(
    config: &DecoderConfig,
    (x, y): (&SpikeFeatures, &[f32]),
    (xv, yv): (&SpikeFeatures, &[f32]),
) -> LinearStart {
    let pairs = |features, images| Pairs { features, images, shape: COLOUR };
    let fits = LinearFits::new(pairs(x, y), pairs(xv, yv));
    LinearStart::new(config, COLOUR, fits.control().unwrap().ridge(), x)
}

fn mean_square(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / a.len() as f64
}

#[test]
fn a_unet_starts_at_the_ridge_regression() {
    let (x, y) = linear_world(300);
    let (xv, yv) = linear_world(50);
    for hidden in [vec![16, 24], vec![10]] {
        let config = DecoderConfig { hidden, channels: 2, ..DecoderConfig::default() };
        let device = Device::flex();
        let start = start_at_ridge(&config, (&x, &y), (&xv, &yv));
        let model = DecoderModel::new(&config, x.features, COLOUR, 1, &device).started_at(&start);
        let features = TensorData::new(xv.values.clone(), [xv.images, xv.features]);
        let images = model.forward(&config, Tensor::from_data(features, &device), None).images;
        let images: Vec<f32> = images.into_data().try_into_vec().unwrap();
        let mut first = Vec::new();
        for image in images.chunks_exact(COLOUR.pixels()) {
            layout::push_channels_first(image, COLOUR, &mut first);
        }
        let error = mean_square(&first, &yv);
        let variance = mean_square(&vec![0.5; yv.len()], &yv);
        assert!(error < 1e-4 * variance, "{error} of {variance}");
    }
}

#[test]
fn a_vae_starts_at_standard_codes() {
    let (x, y) = linear_world(300);
    let config = DecoderConfig {
        kind: DecoderKind::MlpVae,
        hidden: vec![16, 12],
        channels: 2,
        latent: 4,
        ..DecoderConfig::default()
    };
    let device = Device::flex();
    let start = start_at_ridge(&config, (&x, &y), (&x, &y));
    let model = DecoderModel::new(&config, x.features, COLOUR, 1, &device).started_at(&start);
    let DecoderModel::Vae(model) = model else { panic!() };
    let features = TensorData::new(x.values.clone(), [x.images, x.features]);
    let latent = model.encode(Tensor::from_data(features, &device), None);
    let means: Vec<f32> = latent.mean.into_data().try_into_vec().unwrap();
    for k in 0..4 {
        let column: Vec<f64> = means.iter().skip(k).step_by(4).map(|&v| f64::from(v)).collect();
        let mean = column.iter().sum::<f64>() / 300.0;
        let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 300.0;
        assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-2, "{mean} {variance}");
    }
}
