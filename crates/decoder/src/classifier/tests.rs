//! Training: signs, resume, agreement with Burn's optimisers, and the study's numbers.

use super::*;
use crate::observer::{Event, Observer};
use burn::module::{Module, Param};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{AdamConfig, AdamWConfig, GradientsParams, SgdConfig};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use equipoise_data::{Dataset, OpenOptions, default_root, open};
use equipoise_encoder::code::{Events, Latency};
use equipoise_random::stream;
use proptest::prelude::*;
use std::ops::ControlFlow;

/// Three classes that differ in the channels that fire early: those of [`events`].
fn toy(samples: usize, seed: u64) -> LabelledEvents {
    let labels = (0..samples).map(|k| (k % 3) as u16).collect();
    let classes = ["a", "b", "c"].map(String::from).into();
    LabelledEvents::new(events(samples, seed), labels, classes).unwrap()
}

fn events(samples: usize, seed: u64) -> Events {
    let mut events = Events::new(40, 30).unwrap();
    for k in 0..samples {
        let mut random = stream(seed, "test/toy", k as u64);
        let class = k % 3;
        let mut drawn: Vec<(u16, u16)> = (0..25)
            .map(|_| {
                let channel = random.below(30);
                let early = channel % 3 == class;
                (random.below(if early { 8 } else { 30 }) as u16, channel as u16)
            })
            .collect();
        drawn.sort_unstable();
        events.step.extend(drawn.iter().map(|e| e.0));
        events.channel.extend(drawn.iter().map(|e| e.1));
        events.offsets.push(events.step.len());
    }
    events
}

fn small() -> ClassifierConfig {
    ClassifierConfig {
        hidden: 20,
        batch: 16,
        epochs: 4,
        initial: InitialWeights::Study { sigma_1: 0.1, sigma_2: None, sigma_recurrent: Some(0.05) },
        optimizer: Optimizer::Sgd { learning_rate: 0.1 },
        ..ClassifierConfig::default()
    }
}

fn train(trainer: &mut Trainer, data: &LabelledEvents) -> Vec<EpochRecord> {
    let mut records = trainer.fit(data, data, &mut Observer::silent()).unwrap();
    records.retain(|r| r.epoch > 0);
    records
}

fn numbers(trainer: &Trainer) -> Vec<u32> {
    let w = trainer.weights();
    let mut all = w.input();
    all.extend(w.recurrent().unwrap_or_default());
    all.extend(w.readout());
    all.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn a_small_network_learns() {
    let data = toy(120, 1);
    let config = ClassifierConfig { epochs: 80, optimizer: Optimizer::adam(0.01), ..small() };
    let mut trainer = Trainer::new(config, 3, &data).unwrap();
    let before = trainer.before(&data).unwrap();
    assert!(before.test.activity.rate > 5.0 && before.test.accuracy < 0.7);
    let records = train(&mut trainer, &data);
    let last = records.last().unwrap();
    // Chance is a third. The accuracy goes up and down by some per cent from epoch to epoch and from
    // network to network (of 40 networks 31 are above 0.9 in the last epoch), so that it is the mean
    // over both that is held to 0.9.
    let scores: Vec<f64> = (3..8)
        .map(|seed| score(&train(&mut Trainer::new(config, seed, &data).unwrap(), &data), 10))
        .map(|score| score.unwrap())
        .collect();
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    assert!(mean > 0.9 && scores.iter().all(|&score| score > 0.85), "{scores:?}");
    assert!(last.test.loss < before.test.loss);
    assert_eq!(records.len(), 80);
    assert_eq!(score(&records, 10), Some(scores[0]));
    let rows = weight_summary(trainer.weights(), trainer.signs());
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|r| (r.positive + r.zero + r.negative - 1.0).abs() < 1e-12));
    assert_eq!((rows[1].negative, rows[2].positive), (0.0, 0.0));
    let confusion: u64 = last.test.confusion.iter().flatten().sum();
    assert_eq!(confusion, 120);
    let spikes: f64 = last.test.class_activity.iter().map(|a| a.spikes).sum();
    assert!((spikes / 3.0 - last.test.activity.spikes).abs() < 1e-9);
}

/// A module's weights as the kernel orders them.
fn module_numbers(network: EiNetwork) -> Vec<f32> {
    let weights = network.valid().to_matrices().unwrap();
    let mut all = weights.input();
    all.extend(weights.recurrent().unwrap_or_default());
    all.extend(weights.readout());
    all
}

/// The steps of Burn's autodiff and SGD for these batches, Dale's law after each.
fn by_burn(trainer: &Trainer, data: &LabelledEvents, batches: &[Vec<usize>]) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let mut network = EiNetwork::from_matrices(trainer.weights(), &device);
    let mut sgd = SgdConfig::new().init();
    for samples in batches {
        let activity = network.forward(trainer.kernel(), data.shared(), samples).unwrap();
        let labels: Vec<i64> = samples.iter().map(|&s| data.labels()[s].into()).collect();
        let n = labels.len();
        let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [n, 1]), &device);
        let loss = log_softmax(activity.logits, 1).gather(1, labels).mean().neg();
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = sgd.step(0.1, network, gradients);
        let mut weights = network.to_matrices().unwrap();
        trainer.signs().clamp(&mut weights);
        network = EiNetwork::from_matrices(&weights, &device);
    }
    module_numbers(network)
}

#[test]
fn burn_takes_the_same_steps() {
    let data = toy(64, 2);
    for recurrent in [false, true] {
        let optimizer = Optimizer::Sgd { learning_rate: 0.1 };
        let config = ClassifierConfig { optimizer, recurrent, epochs: 1, batch: 32, ..small() };
        let mut trainer = Trainer::new(config, 7, &data).unwrap();
        let order = stream(7, "classifier/order", 1).permutation(64);
        let batches: Vec<Vec<usize>> = order.chunks_exact(32).map(<[usize]>::to_vec).collect();
        let want = by_burn(&trainer, &data, &batches);
        let before = numbers(&trainer);
        train(&mut trainer, &data);
        assert_ne!(before, numbers(&trainer));
        for (k, (a, b)) in numbers(&trainer).iter().zip(&want).enumerate() {
            let a = f32::from_bits(*a);
            assert!((a - b).abs() < 2e-6, "recurrent {recurrent}, weight {k}: {a} and {b}");
        }
    }
}

/// Both optimisers get the same gradients here. On gradients that each computes for itself they
/// part, and rightly: where a gradient is nothing but the rounding of a sum that is 0, Adam divides
/// it by its own size and takes a whole step in the direction that the rounding happened to have.
#[test]
fn burn_optimises_the_same_from_the_same_gradients() {
    let data = toy(64, 2);
    let device = Device::flex().autodiff();
    let cases = (0..8).map(|k| (k & 1 == 1, k & 2 == 2, if k & 4 == 4 { 0.3f32 } else { 0.0 }));
    for (adam, recurrent, decay) in cases {
        let rate = 0.01;
        let optimizer = match adam {
            true => Optimizer::adam(rate),
            false => Optimizer::Sgd { learning_rate: rate },
        };
        let weight_decay = decay.into();
        let config =
            ClassifierConfig { optimizer, recurrent, weight_decay, dale: false, ..small() };
        let trainer = Trainer::new(config, 7, &data).unwrap();
        let mut weights = trainer.weights().clone();
        let mut updates = optimizer::Updates::new(&config, 7, &weights);
        let mut network = EiNetwork::from_matrices(&weights, &device);
        let penalty = (decay > 0.0).then_some(WeightDecayConfig { penalty: decay });
        let mut sgd_state = SgdConfig::new().with_weight_decay(penalty).init();
        let mut adam_state = AdamConfig::new().with_epsilon(1e-8).init();
        let mut adam_w = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(decay).init();
        let shape = weights.shape();
        for update in 0..6 {
            let mut random = stream(1, "test/gradients", update);
            // Of all sizes, exact zeros among them.
            let mut draw = |n: usize| -> Vec<f32> {
                let mut one = || match random.below(5) {
                    0 => 0.0,
                    _ => random.normal() * libm::pow(10f64, random.range(-9.0, 0.0)),
                };
                (0..n).map(|_| one() as f32).collect()
            };
            let input = draw(shape.inputs * shape.hidden);
            let among = recurrent.then(|| draw(shape.hidden * shape.hidden));
            let readout = draw(shape.hidden * shape.classes);
            let gradients =
                crate::lif::Matrices::from_slices(shape, &input, among.as_deref(), &readout)
                    .unwrap();
            updates.apply(&mut weights, &gradients);
            // The gradient of a sum of weights times numbers is those numbers.
            let fixed = EiNetwork::from_matrices(&gradients, &device);
            let product =
                |w: &Param<Tensor<2>>, g: &Param<Tensor<2>>| (w.val() * g.val().detach()).sum();
            let mut loss =
                product(&network.input, &fixed.input) + product(&network.readout, &fixed.readout);
            if let (Some(w), Some(g)) = (&network.recurrent, &fixed.recurrent) {
                loss = loss + product(w, g);
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = match adam {
                true if decay > 0.0 => adam_w.step(rate, network, gradients),
                true => adam_state.step(rate, network, gradients),
                false => sgd_state.step(rate, network, gradients),
            };
        }
        let mut got = weights.input();
        got.extend(weights.recurrent().unwrap_or_default());
        got.extend(weights.readout());
        for (k, (a, b)) in got.iter().zip(&module_numbers(network)).enumerate() {
            // Some units in the last place of weights of up to 0.5 and steps of 0.01.
            let case = format!("adam {adam}, recurrent {recurrent}, decay {decay}");
            assert!((a - b).abs() < 2e-7, "{case}, {k}: {a} and {b}");
        }
    }
}

#[test]
fn a_linear_schedule_ends_at_rest() {
    let data = toy(32, 2);
    // So slow that the gradients stay what they are.
    let optimizer = Optimizer::Sgd { learning_rate: 1e-4 };
    let change = |schedule| {
        let config = ClassifierConfig { schedule, optimizer, epochs: 10, ..small() };
        let mut trainer = Trainer::new(config, 7, &data).unwrap();
        let mut change = Vec::new();
        while !trainer.is_finished() {
            let before = trainer.weights().input();
            trainer.train_epoch(&data, &data, &mut Observer::silent()).unwrap();
            let after = trainer.weights().input();
            change.push(before.iter().zip(&after).map(|(a, b)| f64::from((a - b).abs())).sum());
        }
        change
    };
    let (constant, linear): (Vec<f64>, Vec<f64>) =
        (change(Schedule::Constant), change(Schedule::Linear));
    for (epoch, (c, l)) in constant.iter().zip(&linear).enumerate() {
        // Two updates an epoch, at (epoch + 0) / 10 and (epoch + 0.5) / 10 of the training.
        let want = 1.0 - (epoch as f64 + 0.25) / 10.0;
        assert!((l / c - want).abs() < 0.03, "epoch {epoch}: {} instead of {want}", l / c);
    }
}

#[test]
fn a_saved_trainer_continues_to_the_same_bits() {
    let data = toy(50, 3);
    for optimizer in [Optimizer::Sgd { learning_rate: 0.1 }, Optimizer::adam(0.01)] {
        let config = ClassifierConfig {
            optimizer,
            recurrent: true,
            noise: 0.6,
            regularizer: Regularizer { total_spikes: 1e-5, squared_spikes: 1e-5 },
            schedule: Schedule::Linear,
            ..small()
        };
        let mut whole = Trainer::new(config, 1, &data).unwrap();
        let records = train(&mut whole, &data);
        let mut first = Trainer::new(config, 1, &data).unwrap();
        first.train_epoch(&data, &data, &mut Observer::silent()).unwrap();
        first.train_epoch(&data, &data, &mut Observer::silent()).unwrap();
        let mut second = Trainer::from_bytes(&first.to_bytes()).unwrap();
        assert_eq!((second.epoch(), second.config(), second.seed()), (2, &config, 1));
        let rest = train(&mut second, &data);
        assert_eq!(numbers(&second), numbers(&whole));
        assert!(second.to_bytes() == whole.to_bytes());
        assert_eq!(rest[..], records[2..]);
    }
}

#[test]
fn the_price_of_spikes_is_the_same_with_and_without_the_squared_penalty() {
    let data = toy(50, 3);
    for recurrent in [false, true] {
        let trained = |total_spikes, squared_spikes| {
            let regularizer = Regularizer { total_spikes, squared_spikes };
            let config = ClassifierConfig { regularizer, recurrent, ..small() };
            let mut trainer = Trainer::new(config, 1, &data).unwrap();
            let records = train(&mut trainer, &data);
            (numbers(&trainer), records)
        };
        // A penalty too small to change a number goes the way of those that need all states.
        let (fused, kept) = (trained(1e-4, 0.0), trained(1e-4, 1e-300));
        assert!(fused == kept);
        let spikes =
            |(_, records): &(_, Vec<EpochRecord>)| records.last().unwrap().test.activity.spikes;
        assert!(spikes(&trained(3e-3, 0.0)) < spikes(&trained(0.0, 0.0)));
    }
}

#[test]
fn a_damaged_state_is_refused() {
    let data = toy(50, 3);
    let trainer = Trainer::new(small(), 1, &data).unwrap();
    for bytes in [trainer.to_bytes(), trainer.classifier().to_bytes()] {
        let refused = |bytes: &[u8]| {
            let trainer = matches!(Trainer::from_bytes(bytes), Err(ClassifierError::Archive(_)));
            trainer && matches!(Classifier::from_bytes(bytes), Err(ClassifierError::Archive(_)))
        };
        assert!((0..bytes.len()).step_by(13).all(|cut| refused(&bytes[..cut])));
        for place in (0..bytes.len()).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << (place % 8);
            assert!(refused(&damaged), "byte {place}");
        }
    }
    // A classifier is no training; what is trained in a checkpoint is a classifier.
    assert!(Trainer::from_bytes(&trainer.classifier().to_bytes()).is_err());
    assert!(Classifier::from_bytes(&trainer.to_bytes()).is_ok());
}

#[test]
fn a_saved_classifier_answers_new_spikes_as_the_trainer_does() {
    let (data, new) = (toy(50, 3), toy(30, 4));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classifier.safetensors");
    for recurrent in [false, true] {
        let optimizer = Optimizer::adam(0.01);
        let config = ClassifierConfig { optimizer, recurrent, ..small() };
        let mut trainer = Trainer::new(config, 1, &data).unwrap();
        train(&mut trainer, &data);
        let mut classifier = trainer.classifier();
        classifier.origin.insert("data".into(), "toy".into());
        classifier.save(&path).unwrap();
        let read = Classifier::load(&path).unwrap();
        assert_eq!((read.config(), read.classes()), (&config, data.classes()));
        assert_eq!((read.grid(), &read.origin), (data.grid(), &classifier.origin));
        assert_eq!(read.origin[TRAINING_SAMPLES], data.fingerprint().hex());
        assert_eq!(read.origin[SEED], "1");
        assert_eq!(read.to_bytes(), classifier.to_bytes());
        let evaluation = trainer.evaluate(&new).unwrap();
        assert_eq!(read.evaluate(&new).unwrap(), evaluation);
        let answers = read.predict(&events(30, 4)).unwrap();
        let labels = new.labels().iter();
        let right = answers.iter().zip(labels).filter(|(a, l)| a.class == usize::from(**l)).count();
        assert_eq!(right as f64 / 30.0, evaluation.accuracy);
        let spikes: u64 = answers.iter().map(|a| a.spikes).sum();
        assert!((spikes as f64 / 30.0 - evaluation.activity.spikes).abs() < 1e-9);
        for answer in &answers {
            let most = answer.logits.iter().copied().fold(f32::MIN, f32::max);
            assert_eq!(answer.logits[answer.class], most);
        }
        // One sample is answered as all are.
        assert_eq!(read.predict(&events(30, 4).subset(&[7])).unwrap(), answers[7..8]);
        assert_eq!(read.predict(&Events::new(40, 30).unwrap()).unwrap(), []);
        let finer = Events::new(40, 30).unwrap().with_step_ms(0.5).unwrap();
        for other in [Events::new(41, 30).unwrap(), Events::new(40, 29).unwrap(), finer] {
            let refused = read.predict(&other);
            let grid = matches!(refused, Err(ClassifierError::Data(SampleError::Grid { .. })));
            assert!(grid, "{refused:?}");
        }
    }
}

#[test]
fn samples_have_a_fingerprint() {
    let data = toy(20, 3);
    assert_eq!(data.fingerprint(), toy(20, 3).fingerprint());
    assert_ne!(data.fingerprint(), toy(20, 4).fingerprint());
    assert_ne!(data.fingerprint(), toy(19, 3).fingerprint());
    let with = |labels: Vec<u16>, classes: [&str; 3]| {
        let classes = classes.map(String::from).into();
        LabelledEvents::new(events(20, 3), labels, classes).unwrap().fingerprint()
    };
    let labels = data.labels().to_vec();
    assert_eq!(with(labels.clone(), ["a", "b", "c"]), data.fingerprint());
    assert_ne!(with(labels.clone(), ["a", "b", "d"]), data.fingerprint());
    assert_ne!(with(vec![0; 20], ["a", "b", "c"]), data.fingerprint());
}

#[test]
fn stopping_gives_the_epoch_up() {
    let data = toy(50, 3);
    let mut trainer = Trainer::new(small(), 1, &data).unwrap();
    let mut batches = Vec::new();
    let mut observer = Observer::new(|event| match event {
        Event::Batch(batch) if batch.batch == 2 => {
            batches.push(batch);
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    let problem = trainer.train_epoch(&data, &data, &mut observer).unwrap_err();
    drop(observer);
    assert!(matches!(problem, ClassifierError::Stopped(1)));
    assert_eq!(trainer.epoch(), 0);
    assert_eq!((batches.len(), batches[0].epoch, batches[0].batches), (1, 1, 3));
    assert!(batches[0].loss > 0.0);
}

/// Stopped at any event, and gone on from the last checkpoint, a training ends in the same bits.
#[test]
fn stopped_anywhere_it_goes_on_to_the_same_bits() {
    let data = toy(50, 3);
    let config = ClassifierConfig { noise: 0.3, optimizer: Optimizer::adam(0.01), ..small() };
    let mut whole = Trainer::new(config, 1, &data).unwrap();
    let mut told = 0;
    let mut count = Observer::new(|_| {
        told += 1;
        ControlFlow::Continue(())
    });
    let records = whole.fit(&data, &data, &mut count).unwrap();
    drop(count);
    // Before training, and in each of four epochs three batches, a checkpoint and a record.
    assert_eq!((records.len(), told), (5, 1 + 4 * 5));
    for stop_at in 1..told - 1 {
        let (mut seen, mut kept) = (0, None);
        let mut observer = Observer::new(|event| {
            seen += 1;
            if let Event::Checkpoint(checkpoint) = event {
                kept = Some(checkpoint.to_bytes());
            }
            if seen == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let stopped = Trainer::new(config, 1, &data).unwrap().fit(&data, &data, &mut observer);
        drop(observer);
        assert!(matches!(stopped, Err(ClassifierError::Stopped(_))), "event {stop_at}");
        let mut again = Trainer::new(config, 1, &data).unwrap();
        let rest =
            again.fit(&data, &data, &mut Observer::silent().resume_from(kept.clone())).unwrap();
        assert!(again.to_bytes() == whole.to_bytes(), "event {stop_at}");
        assert_eq!(rest[..], records[records.len() - rest.len()..]);
        if kept.is_some() {
            let kept_again = kept.clone();
            let mut other = Trainer::new(config, 2, &data).unwrap();
            let refused = other.fit(&data, &data, &mut Observer::silent().resume_from(kept));
            assert!(matches!(refused, Err(ClassifierError::OtherTraining)));
            // As many other samples.
            let mut same = Trainer::new(config, 1, &data).unwrap();
            let others = toy(50, 4);
            let refused = same.fit(&others, &data, &mut Observer::silent().resume_from(kept_again));
            assert!(matches!(refused, Err(ClassifierError::OtherTraining)));
        }
    }
}

#[test]
fn divergence_is_explained() {
    let data = toy(50, 3);
    let optimizer = Optimizer::Sgd { learning_rate: 1e38 };
    let config = ClassifierConfig { optimizer, dale: false, ..small() };
    let mut trainer = Trainer::new(config, 1, &data).unwrap();
    let diverged = (0..4)
        .find_map(|_| trainer.train_epoch(&data, &data, &mut Observer::silent()).err())
        .expect("weights of 1e38 do not stay finite");
    let ClassifierError::Diverged { epoch, batch, learning_rate, .. } = diverged else {
        panic!("{diverged}");
    };
    assert!((1..=4).contains(&epoch) && (1..=3).contains(&batch) && learning_rate == 1e38);
}

#[test]
fn a_silent_network_is_recognised_and_stays_as_it_is() {
    let data = toy(50, 3);
    let initial = InitialWeights::Study { sigma_1: 0.0, sigma_2: Some(0.1), sigma_recurrent: None };
    let mut trainer = Trainer::new(ClassifierConfig { initial, ..small() }, 1, &data).unwrap();
    let before = trainer.before(&data).unwrap();
    assert!(before.is_silent() && before.test.activity.excitatory_percent.is_none());
    let weights = numbers(&trainer);
    let records = train(&mut trainer, &data);
    assert!(records.iter().all(EpochRecord::is_silent));
    assert_eq!(numbers(&trainer), weights);
}

#[test]
fn ratios_at_the_ends_and_in_between_are_networks_too() {
    let data = toy(40, 3);
    for (share, excitatory) in [(0.0, 0), (1.0, 20), (0.99, 19), (0.04, 0)] {
        let config = ClassifierConfig { excitatory_fraction: share, epochs: 1, ..small() };
        let mut trainer = Trainer::new(config, 1, &data).unwrap();
        assert_eq!(trainer.signs().excitatory, excitatory);
        let records = train(&mut trainer, &data);
        assert_eq!(records[0].test.activity.inhibitory_rate.is_none(), excitatory == 20);
        assert_eq!(records[0].test.activity.excitatory_rate.is_none(), excitatory == 0);
    }
}

#[test]
fn too_few_samples_are_refused() {
    let data = toy(15, 3);
    let few = Trainer::new(small(), 1, &data).unwrap_err();
    let want = SampleError::FewerThanABatch { batch: 16, samples: 15 };
    assert_eq!(few.to_string(), want.to_string());
    let other = toy(16, 3);
    let other = LabelledEvents::new(Events::new(40, 30).unwrap(), vec![], other.classes().to_vec());
    let trainer = Trainer::new(small(), 1, &toy(16, 3)).unwrap();
    let empty = trainer.evaluate(&other.unwrap());
    assert!(matches!(empty, Err(ClassifierError::Data(SampleError::Empty))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever the ratio, optimiser and noise, and over a resume, no weight has a wrong sign.
    #[test]
    fn signs_hold(
        ratio in prop::sample::select(vec![0.0, 0.5, 0.8, 0.95, 1.0]),
        noise in prop::sample::select(vec![0.0, 0.2, 1.0, 100.0]),
        adam: bool,
        recurrent: bool,
        seed: u64,
    ) {
        let data = toy(48, seed);
        let optimizer =
            if adam { Optimizer::adam(0.05) } else { Optimizer::Sgd { learning_rate: 0.5 } };
        let config = ClassifierConfig {
            excitatory_fraction: ratio, noise, optimizer, recurrent, epochs: 2, ..small()
        };
        let mut trainer = Trainer::new(config, seed, &data).unwrap();
        prop_assert!(trainer.signs().hold(trainer.weights()));
        trainer.train_epoch(&data, &data, &mut Observer::silent()).unwrap();
        prop_assert!(trainer.signs().hold(trainer.weights()));
        let mut trainer = Trainer::from_bytes(&trainer.to_bytes()).unwrap();
        trainer.train_epoch(&data, &data, &mut Observer::silent()).unwrap();
        prop_assert!(trainer.signs().hold(trainer.weights()));
        // The check itself can fail.
        let mut wrong = trainer.weights().readout();
        wrong[0] = if trainer.signs().excitatory > 0 { -1.0 } else { 1.0 };
        let w = trainer.weights();
        let wrong = crate::lif::Matrices::from_slices(
            w.shape(), &w.input(), w.recurrent().as_deref(), &wrong,
        ).unwrap();
        prop_assert!(!trainer.signs().hold(&wrong));
    }
}

/// The first images of the real Fashion-MNIST, if it is here.
fn fashion_mnist(count: usize) -> Option<LabelledEvents> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/datasets");
    let root = match std::env::var_os("EQUIPOISE_DATA") {
        Some(_) => default_root(),
        None => beside.into(),
    };
    match open("fashion-mnist", &root, &OpenOptions::default()) {
        Ok(Dataset::Images { train, .. }) => {
            let images = train.subset(&(0..count).collect::<Vec<_>>());
            Some(LabelledEvents::from_images(&images, &Latency::default()).unwrap())
        }
        _ => {
            println!("skipped: no Fashion-MNIST under {}", root.display());
            None
        }
    }
}

/// Mean and standard deviation.
fn spread(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (square / (values.len() - 1) as f64).sqrt())
}

/// The published numbers, on 900 images, to 3 % (6 % at 0.001). They are means over 3 networks,
/// and one network's initial weights alone move the distance at 0.002 by 4 % and that at 0.001 by
/// 5 %, so the means here are over enough networks to know them to a fifth of the tolerance. Which
/// images they were measured on is not said, and another 900 move the distance at 0.002 by 3 % and
/// that at 0.001 by 8 % (one standard error): these are the first of the training set.
/// `scripts/reference/initial_activity.py` finds the same in NumPy.
#[test]
fn the_numbers_that_need_no_training() {
    let Some(data) = fashion_mnist(900) else { return };
    let events = (0..data.len()).map(|k| data.input().sample(k).0.len()).sum::<usize>();
    let events = events as f64 / data.len() as f64;
    assert!((events / 327.0 - 1.0).abs() < 0.03, "{events} events");
    let earliest = (0..data.len()).filter_map(|k| data.input().sample(k).0.first()).min();
    assert_eq!(earliest, Some(&4));
    let samples: Vec<usize> = (0..900).collect();
    for (sigma_1, spikes, distance, tolerance, networks) in [
        (0.001, 10.3, 0.091, 0.06, 30),
        (0.002, 87.8, 0.367, 0.03, 30),
        (0.004, 226.6, 0.649, 0.03, 20),
        (0.01, 524.6, 1.125, 0.03, 10),
        (0.03, 996.0, 1.607, 0.03, 6),
        (0.07, 1402.0, 2.033, 0.03, 6),
    ] {
        let initial = InitialWeights::Study { sigma_1, sigma_2: None, sigma_recurrent: None };
        let config = ClassifierConfig { initial, batch: 1, ..ClassifierConfig::default() };
        let (mut s, mut d) = (Vec::new(), Vec::new());
        for seed in 0..networks {
            let trainer = Trainer::new(config, seed, &data).unwrap();
            let (kernel, weights, signs) = (trainer.kernel(), trainer.weights(), trainer.signs());
            let found = evaluate(kernel, weights, signs, &data, None).unwrap();
            s.push(found.activity.spikes);
            let found = van_rossum_by_type(kernel, weights, signs, &data, &samples, 1.0).unwrap();
            d.push(found.mean.excitatory.unwrap());
        }
        for (what, found, published) in [("spikes", s, spikes), ("van Rossum", d, distance)] {
            let (mean, deviation) = spread(&found);
            let error = deviation / (networks as f64).sqrt() / published;
            let apart = mean / published - 1.0;
            println!(
                "{sigma_1}: {what} {mean:.4}, published {published}: {:+.2} %, standard error {:.2} %",
                100.0 * apart,
                100.0 * error
            );
            assert!(error < 0.3 * tolerance, "{sigma_1}: {what} {mean} is not known well enough");
            assert!(apart.abs() < tolerance, "{sigma_1}: {what} {mean}, published {published}");
        }
    }
}
