//! The study as a call: its numbers, and that it goes on where it was stopped.

use std::sync::atomic::{AtomicU64, Ordering};

use equipoise_report::{RunDir, RunInfo};

use super::linearity::PopulationsLinearitySettings;
use super::map::PopulationsMapSettings;
use super::track::PopulationsTrackSettings;
use super::{
    Populations, PopulationsLinearity, PopulationsMap, PopulationsResults, PopulationsTrack,
};
use crate::context::{Context, Event, Observer, Silent};
use crate::populations::settings::PopulationsSettings;
use crate::settings::Layers;
use crate::{Settings, Study, StudyError};
use std::ops::ControlFlow;

fn settings(text: &str) -> PopulationsSettings {
    let settings: PopulationsSettings = toml::from_str(text).unwrap();
    settings.validate().unwrap();
    settings.resolved().unwrap()
}

fn run(settings: &PopulationsSettings) -> PopulationsResults {
    let inputs = Populations::open(settings, "".as_ref()).unwrap();
    Populations::run(settings, &inputs, &Context::default()).unwrap()
}

#[test]
fn brunels_network_is_balanced_and_near_its_mean_field() {
    let settings = settings(
        "seed = 1\nstability = { inhibition = [0.6, 1.0], drive = [1.0] }\n\
         [published]\nname = \"brunel\"\nscale = 0.4\n[network]\nduration = 400.0",
    );
    let found = run(&settings);
    let [recorded] = &found.simulated.recordings[..] else { panic!("one recording") };
    assert_eq!((recorded.name.as_str(), recorded.duration_ms), ("recording", 400.0));
    for state in &recorded.populations {
        // Siegert: 37.95 Hz.
        assert!((state.rate_hz / 37.95 - 1.0).abs() < 0.25, "{}", state.rate_hz);
        assert!(state.verdict.balanced, "{}", state.verdict);
        let parts: f64 = state.input_from_mv.iter().sum::<f64>() + state.input_from_outside_mv;
        assert!((parts / (state.input_mv[0] + state.input_mv[1]) - 1.0).abs() < 0.02);
    }
    assert!(found.mean_field.is_stable());
    let map = found.stability.as_ref().unwrap();
    // g = 3 instead of 5: the fast regular state.
    assert!(map.rate_hz[0] > 5.0 * map.rate_hz[1], "{map:?}");
    assert_eq!(map.largest_eigenvalue[1], found.mean_field.largest_eigenvalue);
    let report = Populations::report(&found);
    assert!(report.tables().iter().any(|(name, _)| name == "inputs"));
    assert!(report.to_html().len() > 10_000);
    let metrics = Populations::metrics(&found);
    assert_eq!(metrics.get("e.balanced"), Some(1.0));
    assert!(Populations::summary(&found).lines().all(|line| !line.is_empty()));
}

/// Stops at the n-th question after the simulation has begun.
struct StopAt {
    begun: AtomicU64,
    asked: AtomicU64,
    stop: u64,
}

impl Observer for StopAt {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Begin { name: "simulating", .. } => self.begun.store(1, Ordering::Relaxed),
            Event::Progress { .. } | Event::Poll
                if self.begun.load(Ordering::Relaxed) == 1
                    && self.asked.fetch_add(1, Ordering::Relaxed) >= self.stop =>
            {
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

const LEARNING: &str = "seed = 2\nrecord = [\"I\"]\n\
     learning = { time = 200.0, window = 50.0, lesion = 0.5 }\n\
     stability = { inhibition = [], drive = [] }\n\
     [published]\nname = \"vogels\"\nscale = 0.05\n[network]\nduration = 100.0\nwarm_up = 20.0";

#[test]
fn a_stopped_run_goes_on_to_the_same_results() {
    let settings = settings(LEARNING);
    let inputs = Populations::open(&settings, "".as_ref()).unwrap();
    let want = run(&settings);
    let names: Vec<&str> = want.simulated.recordings.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(want.simulated.course.len(), 8);
    assert_eq!(want.simulated.files.len(), 4);
    let parent = tempfile::tempdir().unwrap();
    let info = RunInfo::new(Populations::NAME, "0", settings.seed);
    let path = parent.path().join("run");
    let mut dir = RunDir::create(Some(&path), &info, &settings).unwrap();
    let mut stops = 0;
    let found = loop {
        // It stops while it simulates and while it diagnoses; a diagnosis asks 200 times.
        let (begun, asked) = (AtomicU64::new(0), AtomicU64::new(0));
        let stop = StopAt { begun, asked, stop: [7, 30, 90, 260][stops % 4] };
        let result = Populations::run(&settings, &inputs, &Context::new(stop, &dir));
        match result {
            Ok(found) => break found,
            Err(StudyError::Stopped) => stops += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(stops < 200, "it gets nowhere");
        dir.interrupt().unwrap();
        dir = RunDir::resume(&path, &info, Some(&settings)).unwrap();
    };
    assert!(stops > 5, "{stops}");
    assert!(found == want, "after {stops} stops");
    // What is done is not done again.
    let again = Populations::run(&settings, &inputs, &Context::new(Silent, &dir)).unwrap();
    assert!(again == want);
}

#[test]
fn images_become_recordings_that_decoders_take() {
    let settings = settings(
        "seed = 1\nrecord = [\"L4E\", \"L4I\"]\nstability = { drive = [] }\n\
         stimulus = { dataset = \"synthetic-digits\", images = 12, onto = [\"L4E\"], bins = 2, \
         r_max = 200.0 }\n\
         published = { scale = 0.02 }\nnetwork = { duration = 60.0, warm_up = 50.0 }",
    );
    let dir = tempfile::tempdir().unwrap();
    let inputs = Populations::open(&settings, dir.path()).unwrap();
    let sources = inputs.network.populations.last().unwrap();
    let shape = inputs.shown.as_ref().unwrap().images.shape;
    assert_eq!((sources.name.as_str(), sources.size), ("image", shape.pixels()));
    let info = RunInfo::new(Populations::NAME, "0", settings.seed);
    let path = dir.path().join("run");
    let run = RunDir::create(Some(&path), &info, &settings).unwrap();
    let found = Populations::run(&settings, &inputs, &Context::new(Silent, &run)).unwrap();
    let counted = found.counted.as_ref().unwrap();
    assert_eq!((counted.images, counted.neurons), (12, 438 + 110));
    assert!(counted.rate_hz > 1.0, "{counted:?}");
    let file = path.join("recordings.npz");
    let recorded =
        equipoise_data::read_recorded(&file, &file, None, equipoise_data::TO_THE_END).unwrap();
    let counts = recorded.response.counts(2).unwrap();
    assert_eq!((counts.units, counts.bins, counts.len()), (548, 2, 12));
    let total: u64 = counts.counts.iter().map(|&n| u64::from(n)).sum();
    assert!((total as f64 / 12.0 - counted.spikes_per_image).abs() < 1e-9);
    assert_eq!(recorded.images.shape, shape);
    assert_eq!(recorded.images.labels, inputs.shown.as_ref().unwrap().images.labels);
    // Another number of threads, and images in other chunks, would give the same; a dark screen less.
    let dark = PopulationsSettings {
        stimulus: crate::populations::showing::ImageSettings {
            r_max: 0.0,
            ..settings.stimulus.clone()
        },
        ..settings
    };
    let dark = Populations::run(&dark, &inputs, &Context::default()).unwrap();
    assert!(dark.counted.unwrap().spikes_per_image < 0.9 * counted.spikes_per_image);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (text, part) in [
        ("window = 0.0", "window"),
        ("record = [\"L4F\"]", "did you mean `L4"),
        ("learning = { lesion = 2.0 }", "lesion"),
        ("published = { name = \"vogels\" }\nlearning = { window = 1.0 }", "learning.window"),
        ("network = { duration = 1.0 }", "network.duration"),
        ("stability = { drive = [2.0, 1.0] }", "stability.drive"),
        ("diagnosis = { sample_ms = 1e-320 }", "diagnosis.sample_ms"),
        ("network = { duration = 5e7 }", "diagnosis.sample_ms"),
        ("published = { scale = 0.0 }", "published.scale"),
        ("stimulus = { dataset = \"mnist\" }", "stimulus.onto"),
        ("stimulus = { dataset = \"mnist\", onto = [\"L4F\"] }", "did you mean `L4"),
        ("stimulus = { dataset = \"mnist\", population = \"L4E\" }", "stimulus.population"),
        ("stimulus = { dataset = \"mnist\", onto = [\"L4E\"], bins = 0 }", "stimulus.bins"),
    ] {
        let settings: PopulationsSettings = toml::from_str(text).unwrap();
        let error = settings.validate().unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
}

/// Two populations of 400 and 100 neurons, whose rates the mean field has to about a tenth.
const SMALL: &str = "[published]\nname = \"brunel\"\nscale = 0.08\n[network]\nduration = 300.0\n\
     warm_up = 50.0";

#[test]
fn a_map_has_the_numbers_of_single_networks() {
    let text = "seed = 4\nx = { key = \"published.g\", values = [3.0, 5.0] }\n\
         y = { key = \"network.populations.*.background.0.rate\", values = [3000.0, 6000.0] }\n";
    let settings: PopulationsMapSettings = toml::from_str(&format!("{text}{SMALL}")).unwrap();
    settings.validate().unwrap();
    let settings = settings.resolved().unwrap();
    let network = PopulationsMap::open(&settings, "".as_ref()).unwrap();
    let of = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| PopulationsMap::run(&settings, &network, &Context::default()).unwrap())
    };
    let found = of(1);
    assert_eq!(of(3), found);
    assert_eq!(
        (found.points.len(), found.names.as_slice()),
        (4, &["E".to_owned(), "I".into()][..])
    );
    // The third point is the network with those two numbers written down.
    let single = settings_of_simulation(
        "seed = 4\nstability = { inhibition = [], drive = [] }\n[published]\nname = \"brunel\"\n\
         scale = 0.08\ng = 3.0\n[network]\nduration = 300.0\nwarm_up = 50.0\n\
         populations.E.background = [{ rate = 6000.0, weight = WEIGHT }]\n\
         populations.I.background = [{ rate = 6000.0, weight = WEIGHT }]\n\
         [diagnosis]\nprobed_neurons = 50",
        network.populations[0].background[0].weight,
    );
    let point = &found.points[2];
    assert_eq!((point.x, point.y), (3.0, 6000.0));
    for (state, alone) in point.populations.iter().zip(&single.simulated.recordings[0].populations)
    {
        assert_eq!((state.rate_hz, state.cv), (alone.rate_hz, alone.cv.mean));
        assert_eq!(state.state, alone.verdict.state);
    }
    assert_eq!(
        point.populations.iter().map(|p| p.mean_field_hz).collect::<Vec<_>>(),
        single.mean_field.rates_hz
    );
    // Less inhibition, more spikes.
    assert!(found.points[0].populations[0].rate_hz > 2.0 * found.points[1].populations[0].rate_hz);
    assert!(PopulationsMap::report(&found).to_html().len() > 10_000);
    for (key, values) in [("published.h", "[1.0]"), ("drive", "[]"), ("drive", "[2.0, 1.0]")] {
        let text = format!("x = {{ key = \"{key}\", values = {values} }}\n{SMALL}");
        let wrong: PopulationsMapSettings = toml::from_str(&text).unwrap();
        assert!(wrong.validate().is_err(), "{text}");
    }
}

#[test]
fn an_axis_of_a_map_can_be_set_key_by_key() {
    let layers = ["x.key=published.g", "x.values=[3, 4]"];
    let layers = layers.into_iter().fold(Layers::default(), Layers::assign);
    let settings: PopulationsMapSettings = layers.resolve().unwrap();
    assert_eq!((settings.x.key.as_str(), settings.x.values), ("published.g", vec![3.0, 4.0]));
    // With one of the two alone there is no map.
    for alone in ["x.key=published.g", "x.values=[3, 4]"] {
        let settings: PopulationsMapSettings = Layers::default().assign(alone).resolve().unwrap();
        assert!(settings.validate().unwrap_err().contains("x"), "{alone}");
    }
}

fn settings_of_simulation(text: &str, weight: f64) -> PopulationsResults {
    run(&settings(&text.replace("WEIGHT", &weight.to_string())))
}

#[test]
fn rates_rise_with_the_drive_as_the_mean_field_says() {
    let text = format!("drive = [0.8, 1.0, 1.2, 1.5]\ntrials = 2\n{SMALL}");
    let settings: PopulationsLinearitySettings = toml::from_str(&text).unwrap();
    settings.validate().unwrap();
    let settings = settings.resolved().unwrap();
    let network = PopulationsLinearity::open(&settings, "".as_ref()).unwrap();
    let found = PopulationsLinearity::run(&settings, &network, &Context::default()).unwrap();
    for population in &found.populations {
        assert!(population.rate_hz.windows(2).all(|pair| pair[0] < pair[1]), "{population:?}");
        assert!(population.line.r_squared.unwrap() > 0.7, "{population:?}");
        for (rate, field) in population.rate_hz.iter().zip(&population.mean_field_hz) {
            assert!((rate / field - 1.0).abs() < 0.3, "{population:?}");
        }
    }
    assert!(PopulationsLinearity::report(&found).to_html().len() > 5000);
    let clustered = PopulationsLinearitySettings { drive: vec![1.0, 1.1], ..settings };
    assert!(clustered.validate().is_err());
}

#[test]
fn populations_follow_a_background_that_changes() {
    let text = format!(
        "trials = 3\nduration = 400.0\npeak = 2.0\nwaveforms = [{{ shape = \"step\", low = 0.3, \
         on_ms = 100.0, off_ms = 300.0 }}]\ngreatest_lag_ms = 50.0\n{SMALL}"
    );
    let settings: PopulationsTrackSettings = toml::from_str(&text).unwrap();
    settings.validate().unwrap();
    let settings = settings.resolved().unwrap();
    let network = PopulationsTrack::open(&settings, "".as_ref()).unwrap();
    let of = |settings: &PopulationsTrackSettings| {
        PopulationsTrack::run(settings, &network, &Context::default()).unwrap()
    };
    let found = of(&settings);
    let [followed] = &found.waveforms[..] else { panic!("one waveform") };
    for tracking in &followed.populations {
        // A balanced network follows within a few delays and membrane time constants.
        assert!(tracking.correlation > 0.9 && tracking.lag_ms <= 10.0, "{tracking:?}");
        let mean = |range: std::ops::Range<usize>| {
            tracking.rate_hz[range.clone()].iter().sum::<f64>() / range.len() as f64
        };
        assert!(mean(120..280) > 2.0 * mean(20..80), "the step is followed");
    }
    // Only E is driven: it alone gets more from outside, and I follows through it.
    let excitatory = of(&PopulationsTrackSettings { driven: vec!["E".into()], ..settings.clone() });
    assert_ne!(excitatory, found);
    let wrong = PopulationsTrackSettings { driven: vec!["X".into()], ..settings.clone() };
    assert!(wrong.validate().unwrap_err().contains('X'));
    let undriven = toml::from_str::<PopulationsTrackSettings>("[published]\nname = \"vogels\"");
    assert!(undriven.unwrap().validate().is_err());
}
