//! E:I classifiers as studies: kills, damage, other inputs, and what is compared.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use equipoise_random::stream;
use equipoise_report::{RunDir, RunInfo};
use equipoise_studies::classification::data::DataSettings;
use equipoise_studies::classification::ratios::{Comparison, NoiseGrid, RatiosResults, Reference};
use equipoise_studies::classification::settings::{NetworkSettings, OptimizerKind, TimeUnit};
use equipoise_studies::classification::{
    Classify, ClassifySettings, EvaluateClassifier, EvaluateClassifierSettings, Ratios,
    RatiosSettings,
};
use equipoise_studies::{Context, Event, Memory, Observer, Silent, Study, StudyError};

/// Counts events and stops at one.
#[derive(Default)]
struct Witness {
    /// The event to stop at; 0 for none.
    stop_at: u64,
    seen: AtomicU64,
    remarks: AtomicU64,
}

impl Witness {
    fn stopping_at(stop_at: u64) -> Self {
        Self { stop_at, ..Self::default() }
    }
}

impl Observer for Witness {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::Remark(_) = event {
            self.remarks.fetch_add(1, Ordering::Relaxed);
        }
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        if self.stop_at > 0 && seen >= self.stop_at {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn digits() -> DataSettings {
    DataSettings {
        dataset: "synthetic-digits".into(),
        train: Some(120),
        test: Some(60),
        ..DataSettings::default()
    }
}

fn small() -> NetworkSettings {
    NetworkSettings {
        hidden: Some(20),
        batch: Some(32),
        epochs: Some(3),
        sigma_1: Some(0.01),
        optimizer: Some(OptimizerKind::Adam),
        ..NetworkSettings::default()
    }
}

fn one() -> ClassifySettings {
    ClassifySettings { data: digits(), network: small(), ..ClassifySettings::default() }
}

fn study() -> RatiosSettings {
    let noise =
        NoiseGrid { ratios: vec![0.8, 1.0], levels: vec![0.4], trials: 2, ..<_>::default() };
    RatiosSettings {
        ratios: vec![0.5, 0.8, 1.0],
        sigma_1: vec![0.01],
        trials: 2,
        unbounded: false,
        data: digits(),
        network: small(),
        noise,
        ..RatiosSettings::default()
    }
}

fn nowhere() -> &'static Path {
    Path::new("/no/data/here")
}

/// A study on its own data, in memory.
fn in_memory<S: Study>(settings: &S::Settings) -> S::Results {
    let inputs = S::open(settings, nowhere()).expect("the inputs open");
    S::run(settings, &inputs, &Context::default()).expect("the study runs")
}

fn run_dir<S: Study>(dir: &Path, settings: &S::Settings) -> RunDir {
    let info = RunInfo::new(S::NAME, "0", 0);
    match dir.exists() {
        true => RunDir::resume(dir, &info, Some(settings)).expect("a run to continue"),
        false => RunDir::create(Some(dir), &info, settings).expect("a new run"),
    }
}

/// Runs a study in a directory, from what is there.
fn run_in<S: Study>(
    dir: &Path,
    settings: &S::Settings,
    inputs: &S::Inputs,
    witness: &Witness,
) -> Result<S::Results, StudyError> {
    S::run(settings, inputs, &Context::new(witness, run_dir::<S>(dir, settings)))
}

/// The files of a study that hold its results.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name =
                path.strip_prefix(dir).expect("below").to_str().expect("plain names").to_owned();
            if !name.starts_with('.') && name != "run.json" {
                found.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn a_study_stopped_anywhere_ends_in_the_same_bits() {
    let base = tempfile::tempdir().unwrap();
    let whole = base.path().join("whole");
    let inputs = Ratios::open(&study(), nowhere()).unwrap();
    let witness = Witness::default();
    let expected = run_in::<Ratios>(&whole, &study(), &inputs, &witness).unwrap();
    assert_eq!(expected.trials.len(), 3 * 2 + 2 * 2);
    let events = witness.seen.load(Ordering::Relaxed);
    for k in 0..8 {
        let dir = base.path().join(format!("stopped-{k}"));
        let stop_at = 1 + events * k / 8;
        let stopping = Witness::stopping_at(stop_at);
        let stopped = run_in::<Ratios>(&dir, &study(), &inputs, &stopping);
        assert!(matches!(stopped, Err(StudyError::Stopped)), "at event {stop_at}");
        let found = run_in::<Ratios>(&dir, &study(), &inputs, &Witness::default()).unwrap();
        assert!(found == expected, "stopped at event {stop_at}");
        assert!(files(&dir) == files(&whole), "stopped at event {stop_at}");
    }
}

#[test]
fn results_survive_json_bit_by_bit() {
    let results = in_memory::<Ratios>(&study());
    let back: RatiosResults =
        serde_json::from_slice(&serde_json::to_vec(&results).unwrap()).unwrap();
    assert!(back == results);
    assert_eq!(Ratios::summary(&back), Ratios::summary(&results));
    assert!(Ratios::report(&back).to_html() == Ratios::report(&results).to_html());
}

#[test]
fn what_was_made_from_other_settings_or_data_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let memory = Memory::default();
    let inputs = Classify::open(&one(), nowhere()).unwrap();
    Classify::run(&one(), &inputs, &Context::new(Silent, &memory)).unwrap();
    let refused = |settings: &ClassifySettings| {
        let inputs = Classify::open(settings, nowhere()).unwrap();
        match Classify::run(settings, &inputs, &Context::new(Silent, &memory)) {
            Err(StudyError::MadeFromOther { part, .. }) => part,
            other => panic!("{other:?}"),
        }
    };
    let network = |change: fn(&mut NetworkSettings)| {
        let mut changed = one();
        change(&mut changed.network);
        changed
    };
    assert_eq!(refused(&network(|n| n.epochs = Some(4))), "network.epochs");
    assert_eq!(refused(&network(|n| n.hidden = Some(21))), "network.hidden");
    assert_eq!(refused(&ClassifySettings { ratio: 0.5, ..one() }), "network.excitatory_fraction");
    assert_eq!(refused(&ClassifySettings { van_rossum_tau: 2.0, ..one() }), "van_rossum.tau");
    let mut code = one();
    code.data.latency.tau = 30.0;
    assert_eq!(refused(&code), "events.tau");
    // Other digits, as many.
    assert_eq!(refused(&ClassifySettings { seed: 1, ..one() }), "measured data");

    // And a training under way.
    let dir = base.path().join("run");
    let stopped = run_in::<Classify>(&dir, &one(), &inputs, &Witness::stopping_at(6));
    assert!(matches!(stopped, Err(StudyError::Stopped)));
    let run = run_dir::<Classify>(&dir, &one());
    let other = network(|n| n.epochs = Some(4));
    let found = Classify::run(&other, &inputs, &Context::new(Silent, &run));
    assert!(matches!(found, Err(StudyError::MadeFromOther { .. })), "{found:?}");
}

#[test]
fn damage_is_said_and_made_good() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("run");
    let settings = RatiosSettings { keep_models: true, ..study() };
    let inputs = Ratios::open(&settings, nowhere()).unwrap();
    let expected = run_in::<Ratios>(&dir, &settings, &inputs, &Witness::default()).unwrap();
    let intact = files(&dir);
    let kept = |name: &&String| name.starts_with("trials/") || name.starts_with("models/");
    let names: Vec<&String> = intact.keys().filter(kept).collect();
    assert_eq!(names.len(), 20);
    let mut random = stream(7, "damage", 0);
    for round in 0..damages() {
        let name = names[random.below(names.len())];
        let mut bytes = intact[name].clone();
        let place = random.below(bytes.len());
        match random.below(4) {
            0 => bytes.truncate(place),
            1 => bytes[place] ^= 1 << random.below(8),
            2 => bytes.clone_from(&intact[names[random.below(names.len())]]),
            _ => bytes.clear(),
        }
        std::fs::write(dir.join(name), &bytes).unwrap();
        let witness = Witness::default();
        match run_in::<Ratios>(&dir, &settings, &inputs, &witness) {
            Ok(found) => {
                assert!(found == expected, "round {round}: {name}");
                // That trials are there is said in every case.
                let said = witness.remarks.load(Ordering::Relaxed) > 1;
                assert_eq!(said, bytes != intact[name], "round {round}: {name}");
                // Only the version that made a trial may stay changed: it is no part of the result.
                let now = std::fs::read(dir.join(name)).unwrap();
                assert!(now == intact[name] || now == bytes, "round {round}: {name}");
                std::fs::write(dir.join(name), &intact[name]).unwrap();
            }
            Err(other) => panic!("round {round}: {name}: {other}"),
        }
        assert!(files(&dir) == intact, "round {round}: {name}");
    }
}

/// How often to damage: a few times, or as often as one says.
fn damages() -> usize {
    std::env::var("EQUIPOISE_TEST_DAMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(30)
}

#[test]
fn distances_are_measured_on_the_same_samples_before_and_after() {
    // A learning rate so small that no weight changes by a bit.
    let network = NetworkSettings { learning_rate: Some(1e-30), ..small() };
    let settings = ClassifySettings { network, van_rossum_samples: 30, ..one() };
    let trial = in_memory::<Classify>(&settings).trial;
    let after = trial.after.as_ref().unwrap();
    assert!(trial.before.van_rossum.all.is_some_and(|d| d > 0.0));
    assert_eq!(&trial.before, after);
    // Spread over a set that may be sorted by class: some of every class.
    assert!(after.van_rossum_classes.iter().filter(|c| c.all.is_some()).count() > 5);
}

#[test]
fn ratios_are_compared_with_a_reference_or_each_with_each() {
    let pairs = |reference, ratios: &[f64]| {
        let noise = NoiseGrid { ratios: vec![], ..NoiseGrid::default() };
        let settings = RatiosSettings { reference, ratios: ratios.to_vec(), noise, ..study() };
        let comparisons = in_memory::<Ratios>(&settings).comparisons.rates.comparisons;
        let pair = |c: &Comparison| {
            // Corrected wherever there is a test, by the number of tests at most.
            match (&c.test.test, c.test.p_corrected) {
                (Ok(test), Some(p)) => {
                    let most = comparisons.len() as f64 * test.p_value;
                    assert!(test.p_value <= p && p <= most.min(1.0) + 1e-12);
                }
                (Err(_), None) => {}
                other => panic!("{other:?}"),
            }
            (c.condition.ratio, c.other.ratio)
        };
        comparisons.iter().map(pair).collect::<Vec<_>>()
    };
    assert_eq!(pairs(None, &[0.5, 0.8, 1.0]), [(0.5, 1.0), (0.8, 1.0)]);
    assert_eq!(pairs(None, &[0.5, 0.8]), [(0.5, 0.8)]);
    assert_eq!(pairs(Some(Reference::Ratio(0.5)), &[0.5, 0.8]), [(0.8, 0.5)]);
    let each = pairs(Some(Reference::Pairwise), &[0.5, 0.8, 1.0]);
    assert_eq!(each, [(0.5, 0.8), (0.5, 1.0), (0.8, 1.0)]);
}

#[test]
fn a_report_of_ratios_tells_how_balanced_networks_are() {
    let network = NetworkSettings { feed_forward_inhibition: true, ..small() };
    let noise = NoiseGrid { ratios: vec![], ..NoiseGrid::default() };
    let settings = RatiosSettings { ratios: vec![0.5, 0.8], network, noise, ..study() };
    let results = in_memory::<Ratios>(&settings);
    let report = Ratios::report(&results);
    let (_, table) = report.tables().iter().find(|(name, _)| name == "balance").unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    let at = rows[0].iter().position(|name| *name == "ratio_after").unwrap();
    for (row, ratio) in rows[1..].iter().zip([0.5, 0.8]) {
        let of = results.trials.iter().filter(|t| t.condition.ratio == ratio);
        let measured: Vec<f64> =
            of.map(|t| t.result.balance(true).and_then(|b| b.ratio).unwrap()).collect();
        assert!(measured.len() == 2 && measured.iter().all(|ratio| *ratio > 0.0), "{measured:?}");
        let shown: f64 = row[at].parse().unwrap();
        assert!((shown - 0.5 * (measured[0] + measured[1])).abs() < 1e-9, "{shown} {measured:?}");
    }
    assert_eq!(rows.len(), 3);
}

#[test]
fn held_out_speakers_are_pairs() {
    let settings = RatiosSettings {
        ratios: vec![0.8, 1.0],
        sigma_1: vec![0.01],
        trials: 2,
        unbounded: false,
        held_out_speakers: vec![0, 1, 2],
        data: DataSettings {
            dataset: "synthetic-speech".into(),
            train: Some(200),
            test: Some(20),
            ..DataSettings::default()
        },
        network: NetworkSettings { epochs: Some(2), ..small() },
        noise: NoiseGrid { ratios: vec![], ..NoiseGrid::default() },
        ..RatiosSettings::default()
    };
    let compared = in_memory::<Ratios>(&settings).comparisons.rates;
    assert_eq!(compared.comparisons.len(), 1);
    // Speakers, not trainings.
    assert_eq!(compared.comparisons[0].test.counts, (3, 3));
}

#[test]
fn rates_of_recordings_go_by_the_time_that_they_cover() {
    // Recordings of 1.4 s, whatever the number of steps.
    for steps in [50, 100, 200] {
        let mut data = DataSettings {
            dataset: "synthetic-speech".into(),
            train: Some(64),
            test: Some(20),
            ..DataSettings::default()
        };
        data.binning.steps = steps;
        let network = NetworkSettings { epochs: Some(1), sigma_1: Some(0.05), ..small() };
        let settings = ClassifySettings { data, network, ..ClassifySettings::default() };
        let trial = in_memory::<Classify>(&settings).trial;
        assert!((trial.data.steps as f64 * trial.data.step_ms - 1400.0).abs() < 1e-4);
        for record in &trial.records {
            for activity in [Some(record.test.activity), record.train_activity].iter().flatten() {
                let expected = activity.spikes / 20.0 / 1.4;
                assert!(activity.spikes > 0.0);
                assert!((activity.rate / expected - 1.0).abs() < 1e-6, "{steps} steps");
            }
        }
    }
}

#[test]
fn time_constants_count_steps_or_milliseconds() {
    let alpha = |time_unit| {
        let mut data = DataSettings {
            dataset: "synthetic-speech".into(),
            train: Some(64),
            test: Some(20),
            ..DataSettings::default()
        };
        data.binning.steps = 700;
        let network = NetworkSettings { time_unit, tau_syn: Some(4.0), ..small() };
        let settings = ClassifySettings { data, network, ..ClassifySettings::default() };
        let config = in_memory::<Classify>(&settings).trial.config;
        libm::exp(-config.dt / config.tau_syn)
    };
    // A step is 2 ms.
    assert!((alpha(TimeUnit::Steps) - libm::exp(-0.25f64)).abs() < 1e-7);
    assert!((alpha(TimeUnit::Milliseconds) - libm::exp(-0.5f64)).abs() < 1e-7);
}

#[test]
fn a_trained_network_is_measured_on_other_data() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("run");
    let inputs = Classify::open(&one(), nowhere()).unwrap();
    let trained = run_in::<Classify>(&dir, &one(), &inputs, &Witness::default()).unwrap().trial;
    let evaluate = |settings: EvaluateClassifierSettings| {
        let inputs = EvaluateClassifier::open(&settings, nowhere())?;
        EvaluateClassifier::run(&settings, &inputs, &Context::default())
    };
    let own = EvaluateClassifierSettings {
        run: dir.clone(),
        samples: Some(60),
        ..EvaluateClassifierSettings::default()
    };
    // The set that it was measured on in training: the same numbers.
    let found = evaluate(own.clone()).unwrap();
    assert_eq!(found.evaluation, trained.records.last().unwrap().test);
    assert!(found.accuracy.low < trained.last() && trained.last() < found.accuracy.high);
    // Other digits.
    let other = evaluate(EvaluateClassifierSettings { seed: 9, ..own.clone() }).unwrap();
    assert_ne!(other.evaluation, found.evaluation);
    assert_eq!(other.data.measured_samples(), 60);
    // Data that the network cannot read.
    for dataset in ["synthetic-color", "synthetic-speech"] {
        let wrong = EvaluateClassifierSettings { dataset: Some(dataset.into()), ..own.clone() };
        assert!(matches!(evaluate(wrong), Err(StudyError::Input(_))), "{dataset}");
    }
    // A file that is not the one that was trained, though it is one of the same kind.
    let model = dir.join("model.safetensors");
    let bytes = std::fs::read(&model).unwrap();
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&model, damaged).unwrap();
    assert!(matches!(evaluate(own.clone()), Err(StudyError::Input(_))));
    std::fs::write(&model, bytes).unwrap();
    let unit = dir.join("training.json");
    let text = std::fs::read_to_string(&unit).unwrap();
    std::fs::write(&unit, text.replacen("\"seed\":0", "\"seed\":1", 1)).unwrap();
    assert!(matches!(evaluate(own), Err(StudyError::Input(_))));
}
