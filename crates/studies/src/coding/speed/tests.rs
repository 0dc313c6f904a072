//! The study on images that it draws itself.

use super::super::trained::TrainedSettings;
use super::results::Stream;
use super::*;
use crate::regimes::RegimeChoice;
use equipoise_decoder::reconstruct::DecoderConfig;
use equipoise_decoder::training::TrainConfig;
use equipoise_encoder::network::Regime;

fn tiny() -> SpeedSettings {
    let of = |name: &str, p: f64| -> RegimeChoice {
        let probability = Some(p);
        Regime { name: name.into(), connection_probability: probability, ..Regime::default() }
            .into()
    };
    let mut settings = SpeedSettings {
        repeats: 2,
        regimes: vec![of("feed-forward", 0.0), of("recurrent", 0.2)],
        controls_of: Some("recurrent".into()),
        times_ms: vec![2.0, 10.0, 50.0],
        trained: TrainedSettings {
            times_ms: vec![50.0],
            decoder: DecoderConfig { hidden: vec![16], channels: 2, ..DecoderConfig::small() },
            training: TrainConfig { epochs: 1, ..TrainConfig::default() },
        },
        windows_ms: vec![10.0],
        intervals_ms: vec![20.0, 50.0],
        blank_ms: 100.0,
        second_ms: 20.0,
        state_images: 1,
        network: toml::from_str("neurons = 200\n[input]\nr_max = 400.0\nin_degree = 32").unwrap(),
        ..SpeedSettings::default()
    };
    settings.targets.images = 8;
    settings.targets.silence_ms = 800.0;
    settings.data =
        toml::from_str("dataset = 'synthetic-digits'\ntrain = 200\nvalidation = 40\ntest = 60")
            .unwrap();
    settings
}

#[test]
fn networks_and_controls_are_read_and_compared() {
    let settings = tiny();
    let images = Speed::open(&settings, Path::new(".")).unwrap();
    let context = Context::default();
    let found = Speed::run(&settings, &images, &context).unwrap();
    // At equal rate two networks and three controls, at equal drive the networks.
    assert_eq!(found.cells.len(), 2 * (5 + 2));
    let groups = found.groups();
    assert_eq!(groups.len(), 2);
    for cell in &found.cells {
        let accuracy = |k: usize| cell.since_onset[k].accuracy;
        let trained = |k: usize| cell.since_onset[k].trained;
        assert!(trained(0).is_none() && trained(2).unwrap().psnr_db > 8.0, "{}", cell.condition);
        assert!(accuracy(2) > 0.15, "{}: {}", cell.condition, accuracy(2));
        assert!(cell.since_onset[2].spikes > cell.since_onset[0].spikes, "{}", cell.condition);
        let Some(dynamics) = &cell.dynamics else { continue };
        assert!((dynamics.before_hz / 8.0 - 1.0).abs() < 0.3, "{}: {dynamics:?}", cell.condition);
        if cell.matching == super::super::matching::Matching::Rate {
            assert!((dynamics.during_hz / 20.0 - 1.0).abs() < 0.2, "{}", cell.condition);
        } else {
            assert_eq!(dynamics.matched.drive_mv, 8.0);
        }
        let mean = dynamics.mean_ms.unwrap();
        assert!((0.0..50.0).contains(&mean), "{}: {mean}", cell.condition);
        assert_eq!((cell.after_change.len(), cell.streams.len()), (2, 2));
        // 200 neurons at the rate that was measured: what is counted is what there is.
        let expected = 200.0 * dynamics.during_hz * 0.05;
        assert!((cell.since_onset[2].spikes / expected - 1.0).abs() < 1e-9, "{}", cell.condition);
        assert!(cell.streams[1].spikes > 2.0 * cell.streams[0].spikes, "{}", cell.condition);
        assert!(cell.after_change.iter().all(|a| a.spikes > 0.0), "{}", cell.condition);
    }
    // Each network against itself at equal drive; the baseline has no change beyond its own.
    let contrasts = contrasts::contrasts(&found);
    assert!(contrasts.iter().all(|c| c.group == groups[1]));
    let accuracy: Vec<_> =
        contrasts.iter().filter(|c| c.measure == "accuracy after 50 ms, points").collect();
    assert_eq!(accuracy.len(), 2);
    for contrast in &accuracy {
        let mean = |group| {
            let values = found.numbers(group, &contrast.name, |c| Some(c.since_onset[2].accuracy));
            values.iter().sum::<f64>() / 2.0
        };
        let change = mean(&groups[1]) - mean(&groups[0]);
        assert!((contrast.change.mean - change).abs() < 1e-12);
        assert_eq!(contrast.beyond.is_none(), contrast.name == "feed-forward");
    }
    let [a, b] = [accuracy[0].change.mean, accuracy[1].change.mean];
    assert!((accuracy[1].beyond.as_ref().unwrap().mean - (b - a)).abs() < 1e-12);
    // So are images that follow one another.
    for (measure, value) in [
        ("present image, one every 20 ms, points", (|s| s.present) as fn(&Stream) -> f64),
        ("last image, one every 20 ms, points", |s| s.last),
    ] {
        let change = contrasts.iter().find(|c| c.measure == measure && c.name == "recurrent");
        let mean = |group| {
            let values = found.numbers(group, "recurrent", |c| Some(value(&c.streams[0])));
            values.iter().sum::<f64>() / 2.0
        };
        let expected = 100.0 * (mean(&groups[1]) - mean(&groups[0]));
        assert!((change.unwrap().change.mean * 100.0 - expected).abs() < 1e-9, "{measure}");
    }
    // The whole report can be made, and says what was found of every group.
    let page = Speed::report(&found).to_html();
    assert!(page.contains("recurrent"));
    // Mean and pattern, noise and the last image are told of always; when a class is read only where
    // it is.
    assert!((3..=7).contains(&report::sentences(&found, &groups[0]).len()));
    assert!(Speed::metrics(&found).get("equal_rate.recurrent.final_accuracy").is_some());
    assert!(Speed::summary_within(&found, 80).lines().count() > 10);
    // What is in the store is not made again, and is the same.
    let stored = Speed::run(&settings, &images, &context).unwrap();
    assert_eq!(stored, found);
    // A network is the same whatever is read beside it.
    let alone = SpeedSettings {
        repeats: 1,
        regimes: settings.regimes[1..].to_vec(),
        controls_of: None,
        ..settings.clone()
    };
    let one = Speed::run(&alone, &images, &Context::default()).unwrap();
    assert_eq!(one.cells[0].since_onset, found.cells[1].since_onset);
}

#[test]
fn presets_make_sense_and_grow() {
    let of = |text: &str| toml::from_str::<SpeedSettings>(text).unwrap();
    let [smoke, quick, full] = [Speed::SMOKE, Speed::QUICK, Speed::FULL].map(of);
    for settings in [&smoke, &quick, &full] {
        settings.validate().unwrap();
    }
    assert!(smoke.data.train < quick.data.train && quick.data.train < full.data.train);
    assert!(full.repeats >= 5 && full.regimes.len() >= 5 && quick.regimes.len() >= 5);
}

#[test]
fn data_without_what_the_study_needs_are_refused() {
    let mut settings = tiny();
    settings.data.test = Some(1);
    let error = Speed::open(&settings, Path::new(".")).unwrap_err();
    assert!(error.is_request() && error.to_string().contains("2 are needed"), "{error}");
}
