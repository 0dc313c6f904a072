//! Training: what is learned, the same bits, checkpoints, refusals.

use super::*;

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
    let refused = |seen, held_out| {
        let training = training(&decoder, &config, &device);
        match training.run(seen, held_out, &mut Observer::silent()).unwrap_err() {
            TrainError::Data(error) => error,
            other => panic!("{other}"),
        }
    };
    let set = Set::Training;
    assert_eq!(refused(Examples { images: 0, ..good }, good), DataError::NoImages(set));
    let uneven = DataError::Uneven { set, features: 19, images: 2 };
    assert_eq!(refused(Examples { features: &x[1..], ..good }, good), uneven);
    let cut = refused(Examples { targets: &y[1..], ..good }, good);
    let found = y.len() - 1;
    let want = DataError::Intensities { set, found, images: 2, shape: GREY, wanted: y.len() };
    assert_eq!(cut, want);
    let unequal = DataError::Unequal { training: 10, validation: 5 };
    assert_eq!(refused(good, Examples { features: &x[..10], ..good }), unequal);
    let mut nan = vec![0.0; 20];
    nan[13] = f32::NAN;
    let not_finite = DataError::NotFinite { set, image: 1, feature: 3 };
    assert_eq!(refused(Examples { features: &nan, ..good }, good), not_finite);
    let bright = vec![1.5; 2 * GREY.pixels()];
    let bright = refused(good, Examples { targets: &bright, ..good });
    let set = Set::Validation;
    assert_eq!(bright, DataError::Intensity { set, image: 0, intensity: 1.5 });
}

#[test]
fn what_would_not_fit_into_memory_is_refused_before_any_is_taken() {
    let (decoder, config) = short(DecoderKind::MlpUnet);
    let config = TrainConfig { batch_size: 1_000_000, ..config };
    let decoder = DecoderConfig { channels: 512, depth: 1, ..decoder };
    let device = Device::flex();
    let n = 500;
    let (x, y) = (vec![0.0; n], vec![0.5; n * GREY.pixels()]);
    let all = Examples { images: n, features: &x, targets: &y };
    let refused = training(&decoder, &config, &device).run(all, all, &mut Observer::silent());
    let size =
        |e| matches!(e, TrainError::Decoder(ConfigError::Size(SizeError::Activations { .. })));
    assert!(size(refused.unwrap_err()));
}
