//! The comparison of regimes and its three steps: the same numbers by either way, refusals of what
//! does not belong together, and the same bits after any interruption or damage.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use equipoise_decoder::reconstruct::DecoderKind;
use equipoise_report::{RunDir, RunInfo};
use equipoise_studies::populations::PopulationsCase;
use equipoise_studies::reconstruction::method::Method;
use equipoise_studies::reconstruction::settings::Control;
use equipoise_studies::reconstruction::steps::{Encode, Evaluate, Evaluation, Train};
use equipoise_studies::reconstruction::{Comparison, Reconstruction, Settings};
use equipoise_studies::{Context, Event, Observer, Settings as _, Silent, Study, StudyError};

const UNET: Method = Method::Decoder {
    kind: DecoderKind::MlpUnet,
    input: equipoise_studies::reconstruction::method::Input::Spikes,
};

/// Seconds of work, and numbers that mean nothing.
fn tiny() -> Settings {
    let mut settings = Settings { seed: 5, ..Settings::default() };
    settings.data.dataset = "synthetic-digits".into();
    (settings.data.train, settings.data.validation, settings.data.test) =
        (Some(60), Some(20), Some(20));
    (settings.network.neurons, settings.network.duration) = (60, 40.0);
    settings.decoder.hidden = vec![8, 8];
    settings.decoder.channels = 2;
    settings.training.epochs = 2;
    settings.training.checkpoint_every = 1;
    settings
}

/// Runs a study in a run directory, or what is missing of it in one that is there, as a command
/// does.
fn run<S: Study>(
    dir: &Path,
    settings: &S::Settings,
    observer: impl Observer,
) -> Result<S::Results, StudyError> {
    let info = RunInfo::new(S::NAME, "0", settings.seed());
    let is_there = dir.exists();
    let settings = if is_there { &RunDir::stored_config(dir)? } else { settings };
    settings.validate().map_err(StudyError::settings)?;
    let inputs = S::open(settings, Path::new("."))?;
    let store = match is_there {
        true => RunDir::resume(dir, &info, Some(settings))?,
        false => RunDir::create(Some(dir), &info, settings)?,
    };
    let results = S::run(settings, &inputs, &Context::new(observer, &store))?;
    store.finish()?;
    Ok(results)
}

/// Encodes, trains and evaluates under `dir`.
fn steps(dir: &Path, settings: &Settings) -> Evaluation {
    let [encoded, model] = ["encoded", "model"].map(|name| dir.join(name));
    run::<Encode>(&encoded, settings, Silent).unwrap();
    let with = Settings { encoded: Some(encoded), ..settings.clone() };
    run::<Train>(&model, &with, Silent).unwrap();
    let with = Settings { model: Some(model), ..with };
    run::<Evaluate>(&dir.join("evaluated"), &with, Silent).unwrap()
}

fn quality<'a>(
    evaluation: &'a Evaluation,
    regime: Option<&str>,
    method: Method,
) -> &'a [equipoise_metrics::image::ImageQuality] {
    let alike = |row: &&_| -> bool {
        let row: &equipoise_studies::reconstruction::steps::Evaluated = row;
        row.regime.as_deref() == regime && row.method == method
    };
    &evaluation.rows.iter().find(alike).unwrap().quality
}

#[test]
fn the_steps_give_the_numbers_of_the_comparison() {
    let base = tempfile::tempdir().unwrap();
    for (name, bins) in [("counts", None), ("bins", Some(2))] {
        let dir = base.path().join(name);
        fs::create_dir(&dir).unwrap();
        let mut settings = tiny();
        if let Some(bins) = bins {
            settings.features.kind = equipoise_decoder::reconstruct::FeatureKind::Bins;
            settings.features.bins = bins;
        }
        let whole = run::<Reconstruction>(&dir.join("whole"), &settings, Silent).unwrap();
        let stepwise = steps(&dir, &settings);
        for (regime, method) in
            [(Some("balanced"), UNET), (Some("balanced"), Method::Ridge), (None, Method::MeanImage)]
        {
            let score = whole.score(0, regime, method).unwrap();
            assert_eq!(score.quality, quality(&stepwise, regime, method), "{name} {method:?}");
        }
        let [a, b] = ["whole/models/1-balanced-mlp-unet", "model/models/decoder"]
            .map(|model| fs::read(dir.join(format!("{model}.safetensors"))).unwrap());
        assert!(a == b, "other models of {name}");

        // The run by itself, on the images that it was scored on and on others.
        let again = Settings { run: Some(dir.join("whole")), ..settings.clone() };
        let found = run::<Evaluate>(&dir.join("again"), &again, Silent).unwrap();
        for regime in ["balanced", "unbalanced-g"] {
            for method in [UNET, Method::Ridge] {
                let score = whole.score(0, Some(regime), method).unwrap();
                assert_eq!(score.quality, quality(&found, Some(regime), method), "{regime}");
            }
        }
        let of_training = Settings { run: Some(dir.join("model")), ..settings.clone() };
        let found = run::<Evaluate>(&dir.join("of-training"), &of_training, Silent).unwrap();
        let score = whole.score(0, Some("balanced"), UNET).unwrap();
        assert_eq!(score.quality, quality(&found, Some("balanced"), UNET));
        let mut others = again.clone();
        others.data.test = Some(30);
        let found = run::<Evaluate>(&dir.join("others"), &others, Silent).unwrap();
        assert_eq!(found.images.labels.len(), 30);
        let mut colored = again;
        colored.data.dataset = "synthetic-color".into();
        let refused = run::<Evaluate>(&dir.join("colored"), &colored, Silent).unwrap_err();
        assert!(
            matches!(refused, StudyError::Input(ref reason) if reason.contains("3x32x32")),
            "{refused}"
        );
    }
}

/// A network of populations in the place of the regimes.
fn of_populations() -> Settings {
    let mut settings = tiny();
    settings.populations = toml::from_str::<Populations>(
        r#"
        [[populations]]
        name = "column"
        record = ["E", "J"]
        image = { onto = ["E"], in_degree = 30, weight = 200.0, warm_up = 10.0, duration = 40.0 }
        network = { populations = [
            { name = "E", size = 40, background = [{ rate = 12000.0, weight = 87.8 }] },
            { name = "I", size = 10, sign = "inhibitory", background = [{ rate = 9000.0, weight = 87.8 }] },
            { name = "J", size = 5, sign = "inhibitory", background = [{ rate = 12000.0, weight = 87.8 }] },
        ], projections = [
            { source = "I", target = "E", connect = { rule = "probability", probability = 0.3 }, weight = 300.0, delay = 1.0 },
            { source = "E", target = "J", connect = { rule = "probability", probability = 0.3 }, weight = 100.0, delay = 1.5 },
        ] }
        [[populations]]
        published = { name = "brunel", scale = 0.04 }
        image = { warm_up = 10.0, duration = 40.0 }
        "#,
    )
    .unwrap()
    .populations;
    settings
}

#[derive(serde::Deserialize)]
struct Populations {
    populations: Vec<PopulationsCase>,
}

#[test]
fn networks_of_populations_stand_where_regimes_do() {
    let base = tempfile::tempdir().unwrap();
    let settings = of_populations();
    let whole = run::<Reconstruction>(&base.path().join("whole"), &settings, Silent).unwrap();
    assert_eq!(whole.names(), ["column", "brunel"]);
    assert_eq!(whole.coded.iter().map(|code| code.units).collect::<Vec<_>>(), [45, 500]);
    // All populations are judged, though not all are read.
    let names = |k: usize| {
        let found = &whole.activity[k].populations;
        found.iter().map(|p| (p.name.as_str(), p.neurons, p.inhibitory)).collect::<Vec<_>>()
    };
    assert_eq!(names(0), [("E", 40, false), ("I", 10, true), ("J", 5, true)]);
    assert_eq!(names(1), [("E", 400, false), ("I", 100, true)]);
    assert!(whole.coded.iter().all(|code| code.spikes_per_image > 10.0), "{:?}", whole.coded);
    let report = Reconstruction::report(&whole);
    assert!(report.tables().iter().any(|(name, _)| name == "populations"));

    // Step by step, on another number of threads.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let stepwise = pool.install(|| steps(base.path(), &settings));
    for method in [UNET, Method::Ridge] {
        let score = whole.score(0, Some("column"), method).unwrap();
        assert_eq!(score.quality, quality(&stepwise, Some("column"), method), "{method:?}");
    }
    // Who receives from whom.
    let npz = fs::read(base.path().join("encoded/network.npz")).unwrap();
    assert!(npz.len() > 1000);
    // The networks of the run on other images.
    let mut again = Settings { run: Some(base.path().join("whole")), ..settings.clone() };
    again.data.test = Some(15);
    let found = run::<Evaluate>(&base.path().join("again"), &again, Silent).unwrap();
    let score = whole.score(0, Some("brunel"), UNET).unwrap();
    assert_eq!(score.quality[..15], *quality(&found, Some("brunel"), UNET));

    // What belongs to another network is refused.
    let refused = |change: &dyn Fn(&mut Settings), part: &str| {
        let mut other = Settings { encoded: Some(base.path().join("encoded")), ..settings.clone() };
        change(&mut other);
        let error = run::<Train>(&base.path().join("refused"), &other, Silent).unwrap_err();
        assert!(error.is_request() && error.to_string().contains(part), "{part}: {error}");
        assert!(!base.path().join("refused").exists());
    };
    refused(&|s| s.populations[0].image.r_max = 50.0, "populations.image.r_max");
    refused(&|s| s.populations.clear(), "populations");
    refused(&|s| s.populations[0].record = vec!["K".into()], "K");
    let twice = Settings {
        populations: vec![settings.populations[0].clone(), settings.populations[0].clone()],
        ..settings.clone()
    };
    assert!(twice.validate().unwrap_err().contains("column"));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let dir = |name: &str| base.path().join(name);
    let settings = tiny();
    run::<Encode>(&dir("encoded"), &settings, Silent).unwrap();
    let with = Settings { encoded: Some(dir("encoded")), ..settings.clone() };
    run::<Train>(&dir("model"), &with, Silent).unwrap();
    let refused = |settings: &Settings, part: &str| {
        let error = if settings.model.is_some() {
            run::<Evaluate>(&dir("refused"), settings, Silent).unwrap_err()
        } else {
            run::<Train>(&dir("refused"), settings, Silent).unwrap_err()
        };
        assert!(error.is_request() && error.to_string().contains(part), "{part}: {error}");
        assert!(!dir("refused").exists());
    };
    // Settings of the images and the network that are not those of the encoding.
    let mut other = with.clone();
    other.data.train = Some(50);
    refused(&other, "data.train");
    let mut other = with.clone();
    other.network.g = 4.5;
    refused(&other, "network.g");
    // A model of the spikes of another regime, and of another seed.
    for (name, seed, regime, part) in
        [("regime", 5, "unbalanced-g", "network.g"), ("seed", 6, "balanced", "network.")]
    {
        let mut other = settings.clone();
        (other.seed, other.regimes) = (seed, vec![regime.into()]);
        run::<Encode>(&dir(name), &other, Silent).unwrap();
        other.encoded = Some(dir(name));
        other.model = Some(dir("model"));
        refused(&other, part);
        other.model = Some(dir("model/models/decoder.safetensors"));
        refused(&other, part);
    }
    // An encoding whose settings were edited afterwards, and damaged counts.
    let edit = |name: &str, from: &str, to: &str| {
        let file = dir(name).join("config.toml");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&file, text.replace(from, to)).unwrap();
    };
    edit("regime", "g = 5.0", "g = 5.5");
    let mut other = Settings { encoded: Some(dir("regime")), ..settings.clone() };
    other.regimes = vec!["unbalanced-p".into()];
    refused(&other, "regime");
    let counts = dir("encoded/counts/train.safetensors");
    let mut bytes = fs::read(&counts).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&counts, bytes).unwrap();
    refused(&with, "counts/train.safetensors");
}

/// The results of a comparison, and all files of its run but those that hold times.
fn whole_run(dir: &Path) -> (Comparison, BTreeSet<(PathBuf, Vec<u8>)>) {
    let results = run::<Reconstruction>(dir, &tiny(), Silent).unwrap();
    (results, files(dir))
}

fn files(dir: &Path) -> BTreeSet<(PathBuf, Vec<u8>)> {
    let mut found = BTreeSet::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !["run.json", "timings.csv", ".lock"].iter().any(|name| path.ends_with(name))
            {
                let bytes = fs::read(&path).unwrap();
                found.insert((path.strip_prefix(dir).unwrap().to_owned(), bytes));
            }
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target)
        } else {
            fs::copy(&path, &target).map(drop).unwrap()
        }
    }
}

/// Asks to stop at an event.
struct StopAt(AtomicU64);

impl Observer for StopAt {
    fn observe(&self, _: &Event<'_>) -> ControlFlow<()> {
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        if left.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

#[test]
fn a_run_stopped_anywhere_goes_on_to_the_same_bits() {
    let base = tempfile::tempdir().unwrap();
    let whole = whole_run(&base.path().join("whole"));
    // The events of a run that nobody stops.
    let patient = StopAt(AtomicU64::new(u64::MAX));
    run::<Reconstruction>(&base.path().join("counted"), &tiny(), &patient).unwrap();
    let events = u64::MAX - patient.0.load(Ordering::Relaxed);
    let places = [0, 3, events / 5, events / 2, 3 * events / 4, events - 20, events - 3];
    for (k, first) in places.into_iter().enumerate() {
        let dir = base.path().join(format!("stopped-{k}"));
        let mut limit = first;
        let mut stops = 0;
        // Stopped again and again, each time a little later.
        while let Err(error) = run::<Reconstruction>(&dir, &tiny(), StopAt(AtomicU64::new(limit))) {
            assert!(matches!(error, StudyError::Stopped), "{error}");
            (limit, stops) = (limit + events / 3, stops + 1);
        }
        assert!(stops > 0, "not stopped at {first} of {events}");
        assert!(
            (run::<Reconstruction>(&dir, &tiny(), Silent).unwrap(), files(&dir)) == whole,
            "{first}"
        );
    }
}

/// Edits of run directories; `EQUIPOISE_EDITS` sets how many.
#[test]
fn an_edited_run_is_refused_or_made_anew_never_another() {
    let count = std::env::var("EQUIPOISE_EDITS").map_or(40, |n| n.parse().unwrap());
    let base = tempfile::tempdir().unwrap();
    let original = base.path().join("whole");
    let whole = whole_run(&original);
    let names: Vec<PathBuf> = whole.1.iter().map(|(name, _)| name.clone()).collect();
    let (mut refused, mut same) = (0, 0);
    for k in 0..count {
        let mut random = equipoise_random::stream(11, "test/edits", k);
        let mut below = |n: usize| random.below(n);
        let dir = base.path().join(format!("edited-{k}"));
        copy(&original, &dir);
        // Some of the run is still to be done.
        for name in &names {
            if name.starts_with("cells") && below(4) == 0 {
                fs::remove_file(dir.join(name)).unwrap();
            }
        }
        let name = &names[below(names.len())];
        let path = dir.join(name);
        let mut bytes = fs::read(original.join(name)).unwrap();
        let place = below(bytes.len().max(1));
        let edit = below(5);
        match edit {
            0 => bytes[place] ^= 1 << below(8),
            1 => bytes.truncate(place),
            2 => drop(bytes.splice(place..place, [b'0'])),
            // The file of something else in its place.
            3 => bytes = fs::read(original.join(&names[below(names.len())])).unwrap(),
            // A number of the configuration or of a result is another.
            _ => {
                if let Some(digit) = (0..bytes.len())
                    .map(|i| (i + place) % bytes.len())
                    .find(|&i| bytes[i].is_ascii_digit())
                {
                    bytes[digit] = b'0' + (bytes[digit] - b'0' + 1) % 10;
                }
            }
        }
        fs::write(&path, bytes).unwrap();
        match run::<Reconstruction>(&dir, &tiny(), Silent) {
            Ok(found) => {
                assert!(found == whole.0, "edit {k} ({edit}) of {}", name.display());
                same += 1;
            }
            Err(error) => {
                assert!(!matches!(error, StudyError::Stopped), "{error}");
                refused += 1;
            }
        }
        fs::remove_dir_all(&dir).unwrap();
    }
    println!("{refused} refused, {same} the same");
    assert!(refused > 0 && same > 0);
}

#[test]
fn a_run_goes_on_with_its_own_settings_only() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("run");
    run::<Reconstruction>(&dir, &tiny(), Silent).unwrap();
    for (from, to, key) in [
        ("epochs = 2", "epochs = 3", "training.epochs"),
        ("repeats = 1", "repeats = 2", "repeats"),
        ("train = 60", "train = 59", "data.train"),
        ("g = 5.0", "g = 4.9", "network.g"),
    ] {
        let file = dir.join("config.toml");
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{text}");
        fs::write(&file, text.replace(from, to)).unwrap();
        match run::<Reconstruction>(&dir, &tiny(), Silent) {
            Err(error) if error.is_request() => {
                assert!(error.to_string().contains(key), "{error}");
            }
            other => panic!("{from}: {other:?}"),
        }
        fs::write(&file, text).unwrap();
    }
}

#[test]
fn remarks_say_what_must_be_known() {
    let base = tempfile::tempdir().unwrap();
    let mut settings = tiny();
    settings.regimes = vec!["balanced".into()];
    settings.controls = vec![Control::MeanImage];
    // No input and no background: a silent network.
    settings.network.background_rate = Some(0.0);
    settings.network.input.drive = None;
    settings.network.input.weight = 0.0;
    let silent = run::<Reconstruction>(&base.path().join("silent"), &settings, Silent).unwrap();
    let remarks = equipoise_studies::reconstruction::verdicts::remarks(&silent);
    assert_eq!(remarks.iter().filter(|r| r.contains("silent")).count(), 1, "{remarks:?}");
    assert_eq!(silent.activity[0].rate_hz, 0.0);
    assert!(remarks.iter().any(|r| r.contains("mean image")), "{remarks:?}");
}
