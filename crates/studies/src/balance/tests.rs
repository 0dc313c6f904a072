//! What all studies of balance have in common: they are continued to the same end after a stop,
//! make again what is damaged, and take no results of other settings for their own.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use equipoise_encoder::balance::{DiagnosisConfig, Setting};
use equipoise_encoder::network::NetworkConfig;
use equipoise_report::{RunDir, RunInfo};

use super::coding::CodingSettings;
use super::diagnose::DiagnoseSettings;
use super::linearity::LinearitySettings;
use super::map::{Axes, MapSettings};
use super::track::{STEP, TrackSettings};
use super::{Coding, Diagnose, Linear, Maps, Track};
use crate::{Context, Event, Observer, Silent, Study, StudyError};

/// Asks to stop at one event, and keeps the remarks.
struct Witness {
    stop_at: usize,
    events: AtomicUsize,
    remarks: Mutex<Vec<String>>,
}

impl Witness {
    fn until(stop_at: usize) -> Self {
        Self { stop_at, events: AtomicUsize::new(0), remarks: Mutex::default() }
    }
}

impl Observer for Witness {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::Remark(text) = event {
            self.remarks.lock().unwrap().push((*text).to_owned());
        }
        match self.events.fetch_add(1, Ordering::Relaxed) >= self.stop_at {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

fn small() -> NetworkConfig {
    NetworkConfig { duration: 60.0, warm_up: 10.0, ..NetworkConfig::brunel(100, 5.0, 2.0) }
}

fn diagnosis() -> DiagnosisConfig {
    DiagnosisConfig { probed_neurons: 5, ..DiagnosisConfig::default() }
}

/// Every file below a folder with its bytes, but those of the run directory itself.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
            match path.is_dir() {
                true => folders.push(path),
                false if name == "run.json" || name.starts_with('.') => {}
                false => found.push((name, std::fs::read(&path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

/// A study is stopped at each of many events and continued; a unit is damaged; the settings are
/// changed under it.
fn check<S: Study>(settings: &S::Settings, other: &S::Settings, unit: &str) {
    let temp = tempfile::tempdir().unwrap();
    let inputs = S::open(settings, Path::new("none")).unwrap();
    let make = |name: &str| {
        let info = RunInfo::new(S::NAME, "0", 0);
        RunDir::create(Some(&temp.path().join(name)), &info, settings).unwrap()
    };
    let whole = make("whole");
    let expected = S::run(settings, &inputs, &Context::new(Silent, &whole)).unwrap();
    let expected = serde_json::to_value(&expected).unwrap();
    let expected_files = files(whole.path());
    assert!(expected_files.iter().any(|(name, _)| name == unit), "{unit} is no unit");

    for stop_at in [0, 1, 2, 3, 5, 8] {
        let dir = make(&format!("stopped-{stop_at}"));
        let witness = Witness::until(stop_at);
        match S::run(settings, &inputs, &Context::new(&witness, &dir)) {
            Err(StudyError::Stopped) => {}
            Err(error) => panic!("{error}"),
            Ok(_) => {
                assert!(witness.events.load(Ordering::Relaxed) <= stop_at + 3, "it did not stop")
            }
        }
        let found = S::run(settings, &inputs, &Context::new(Silent, &dir)).unwrap();
        assert_eq!(serde_json::to_value(&found).unwrap(), expected, "stopped at {stop_at}");
        assert!(files(dir.path()) == expected_files, "stopped at {stop_at}");
    }

    // A unit that is damaged is said to be, and made again.
    let path = whole.path().join(unit);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let witness = Witness::until(usize::MAX);
    let found = S::run(settings, &inputs, &Context::new(&witness, &whole)).unwrap();
    assert_eq!(serde_json::to_value(&found).unwrap(), expected);
    let remarks = witness.remarks.into_inner().unwrap();
    assert!(remarks.iter().any(|remark| remark.contains(unit)), "{remarks:?}");
    assert!(files(whole.path()) == expected_files);

    // What was made from other settings is refused.
    let inputs = S::open(other, Path::new("none")).unwrap();
    match S::run(other, &inputs, &Context::new(Silent, &whole)) {
        Err(StudyError::MadeFromOther { .. }) => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("results of other settings were taken"),
    }
    assert!(files(whole.path()) == expected_files, "what was refused was written over");
}

#[test]
fn a_diagnosis_is_continued() {
    let settings = DiagnoseSettings {
        regimes: vec!["balanced".into(), "unbalanced-g".into()],
        record: vec![3],
        network: small().into(),
        diagnosis: diagnosis(),
        ..DiagnoseSettings::default()
    };
    let other = DiagnoseSettings { window: 20.0, ..settings.clone() };
    check::<Diagnose>(&settings, &other, "diagnoses/2-unbalanced-g.json");
}

#[test]
fn a_diagnosis_with_images_is_continued() {
    let settings = DiagnoseSettings {
        regimes: vec!["balanced".into()],
        datasets: vec!["synthetic-digits".to_owned()],
        images: 3,
        image_duration: 60.0,
        network: NetworkConfig { neurons: 100, ..NetworkConfig::encoder() }.into(),
        diagnosis: diagnosis(),
        ..DiagnoseSettings::default()
    };
    let other = DiagnoseSettings { seed: 1, ..settings.clone() };
    check::<Diagnose>(&settings, &other, "diagnoses/1-synthetic-digits-1-balanced-2.json");
}

#[test]
fn a_lost_recording_is_made_again() {
    let temp = tempfile::tempdir().unwrap();
    let settings = DiagnoseSettings {
        record: vec![3],
        network: small().into(),
        diagnosis: diagnosis(),
        ..DiagnoseSettings::default()
    };
    let inputs = Diagnose::open(&settings, Path::new("none")).unwrap();
    let info = RunInfo::new(Diagnose::NAME, "0", 0);
    let dir = RunDir::create(Some(&temp.path().join("run")), &info, &settings).unwrap();
    let run = |witness: &Witness| {
        Diagnose::run(&settings, &inputs, &Context::new(witness, &dir)).unwrap();
    };
    let witness = Witness::until(usize::MAX);
    run(&witness);
    let before = files(dir.path());
    std::fs::remove_file(dir.path().join("recording-network.csv")).unwrap();
    run(&witness);
    assert!(files(dir.path()) == before);
    let remarks = witness.remarks.into_inner().unwrap();
    assert!(remarks.iter().any(|r| r.contains("recording-network.csv")), "{remarks:?}");
}

#[test]
fn a_map_is_continued() {
    use equipoise_encoder::balance::Axis;
    let axis = |setting, values: &[f64]| Axis { setting, values: values.to_vec() };
    let axes = Axes { x: axis(Setting::G, &[3.0, 5.0]), y: axis(Setting::Eta, &[1.0, 2.0]) };
    let settings = MapSettings {
        maps: vec![axes],
        network: small().into(),
        diagnosis: diagnosis(),
        ..MapSettings::default()
    };
    let other = MapSettings { seed: 1, ..settings.clone() };
    check::<Maps>(&settings, &other, "points/1-00003.json");
}

#[test]
fn linearity_is_continued() {
    let settings = LinearitySettings {
        sweep: vec![1.0, 2.0, 3.0],
        trials: 2,
        network: small().into(),
        ..LinearitySettings::default()
    };
    let network = NetworkConfig { delay: 1.0.into(), ..small() }.into();
    let other = LinearitySettings { network, ..settings.clone() };
    check::<Linear>(&settings, &other, "rates/1-balanced-2-3.json");
}

#[test]
fn tracking_is_continued() {
    let settings = TrackSettings {
        waveforms: vec![STEP],
        trials: 2,
        duration: 80.0,
        greatest_lag_ms: 20.0,
        network: small().into(),
        ..TrackSettings::default()
    };
    let other = TrackSettings { bin_ms: 2.0, ..settings.clone() };
    check::<Track>(&settings, &other, "trials/2-unbalanced-g-1-step-1.json");
    // How the rate is smoothed is no part of a trial.
    let smoother = TrackSettings { smoothing_ms: 9.0, ..settings.clone() };
    let context = Context::default();
    let inputs = Track::open(&settings, Path::new("none")).unwrap();
    let first = Track::run(&settings, &inputs, &context).unwrap();
    let again = Track::run(&smoother, &inputs, &context).unwrap();
    assert_ne!(first, again);
}

#[test]
fn coding_is_continued_within_a_network_too() {
    let settings = CodingSettings {
        training_images: 1100,
        test_images: 10,
        durations: vec![5.0, 10.0],
        sizes: vec![20],
        size_duration: 5.0,
        regimes: vec!["balanced".into()],
        network: NetworkConfig { neurons: 20, warm_up: 5.0, ..NetworkConfig::encoder() }.into(),
        ..CodingSettings::default()
    };
    let other = CodingSettings { penalty: 0.2, ..settings.clone() };
    check::<Coding>(&settings, &other, "coding/1-balanced-20.json");

    // Stopped in the second piece of the training images, the first is kept, and goes when the
    // network is done.
    let temp = tempfile::tempdir().unwrap();
    let info = RunInfo::new(Coding::NAME, "0", 0);
    let dir = RunDir::create(Some(&temp.path().join("run")), &info, &settings).unwrap();
    let inputs = Coding::open(&settings, Path::new("none")).unwrap();
    let stopped = Coding::run(&settings, &inputs, &Context::new(Witness::until(1050), &dir));
    assert!(matches!(stopped, Err(StudyError::Stopped)));
    let pieces = |dir: &RunDir| {
        files(dir.path()).into_iter().filter(|(name, _)| name.ends_with(".ckpt")).count()
    };
    assert_eq!(pieces(&dir), 1);
    let found = Coding::run(&settings, &inputs, &Context::new(Silent, &dir)).unwrap();
    assert_eq!(pieces(&dir), 0);
    let whole = Coding::run(&settings, &inputs, &Context::default()).unwrap();
    assert_eq!(found, whole);
}
