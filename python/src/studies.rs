//! Studies: settings in, results, tables and a report out; in memory or in a run directory.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use equipoise_report::{Report, RunDir, RunInfo};
use equipoise_studies::balance::{Coding, Diagnose, Linear, Maps, Track};
use equipoise_studies::classification::{Classify, EvaluateClassifier, Ratios};
use equipoise_studies::coding::{Dose, Speed};
use equipoise_studies::decoding::Decoding;
use equipoise_studies::hebb::{HebbStudy, OneNetwork};
use equipoise_studies::populations::{
    Populations, PopulationsLinearity, PopulationsMap, PopulationsTrack,
};
use equipoise_studies::reconstruction::steps::{Encode, EncodedRun, Evaluate, Train, TrainedRun};
use equipoise_studies::reconstruction::sweep::{ReconstructionSweep, SweepSettings};
use equipoise_studies::reconstruction::{Demonstration, Reconstruction, Settings as ImageSettings};
use equipoise_studies::schema::known_keys;
use equipoise_studies::stimulation::{Associate, Controllability, GUIDED, Structure};
use equipoise_studies::{
    Context, Event, Memory, Observer, Settings, Store as _, Study, StudyError,
};
use pyo3::prelude::*;

use crate::call::{Watcher, long};
use crate::errors::Failure;
use crate::json;
use crate::network::layers;

/// What a study found: results in JSON, the summary, the tables as CSV by name, the report in HTML,
/// and the run directory.
type Found = (String, String, BTreeMap<String, String>, String, Option<PathBuf>);

/// What a person asks of a study.
struct Request {
    preset: String,
    file: Option<PathBuf>,
    changes: String,
    out: Option<PathBuf>,
    resume: Option<PathBuf>,
    data: PathBuf,
}

/// Hands what a study tells to the caller.
struct Teller(Watcher);

impl Observer for Teller {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        let told = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match *event {
            Event::Begin { stage, name, total } => {
                self.0.tell(|| (stage + 1, told(name), Some(0), Some(total), None));
            }
            Event::Progress { stage, done, detail } => {
                self.0.tell(|| (stage + 1, None, Some(done), None, told(detail)));
            }
            Event::End { stage } => self.0.tell(|| (stage + 1, None, None, None, None)),
            Event::Remark(text) => self.0.tell(|| (0, None, None, None, told(text))),
            _ => {}
        }
        self.0.poll()
    }
}

/// What a run directory keeps of this program and request, as the command writes it.
fn info<S: Study>(seed: u64, data: &Path) -> RunInfo {
    RunInfo::new(S::NAME, equipoise::VERSION, seed).built_from(equipoise::COMMIT).data_dir(data)
}

fn resolve<S: Study>(request: &Request) -> Result<S::Settings, Failure> {
    let settings = settings::<S>(request)?;
    settings.validate().map_err(Failure::Request)?;
    // Filled in once more, for the reason if that is not possible.
    settings.resolved().map_err(Failure::Request)
}

/// The settings, as far as they can be filled in.
fn settings<S: Study>(request: &Request) -> Result<S::Settings, Failure> {
    let layers = layers(None, request.file.clone(), &request.changes)?.preset(&request.preset);
    let (settings, _) = layers.resolve_beside::<S::Settings>(known_keys(S::NAME).as_ref())?;
    Ok(settings.clone().resolved().unwrap_or(settings))
}

fn run<S: Study>(watcher: &Watcher, mut request: Request) -> Result<Found, Failure> {
    let settings = match &request.resume {
        Some(dir) => {
            let record = RunDir::stored_record_of(dir, S::NAME).map_err(StudyError::from)?;
            if let Some(data) = record.data_dir {
                request.data = data;
            }
            RunDir::stored_config(dir).map_err(StudyError::from)?
        }
        None => resolve::<S>(&request)?,
    };
    if let Some(out) = &request.out {
        RunDir::check_free(out).map_err(StudyError::from)?;
    }
    let observer = Teller(watcher.clone());
    let inputs = S::open(&settings, &request.data)?;
    for remark in S::remarks(&settings, &inputs) {
        let _ = observer.observe(&Event::Remark(&remark));
    }
    let info = info::<S>(settings.seed(), &request.data);
    let directory = match (&request.resume, &request.out) {
        (Some(dir), _) => Some(RunDir::resume(dir, &info, Some(&settings))),
        (None, Some(out)) => Some(RunDir::create(Some(out), &info, &settings)),
        (None, None) => None,
    };
    let Some(directory) = directory.transpose().map_err(StudyError::from)? else {
        let memory = Memory::default();
        let results = S::run(&settings, &inputs, &Context::new(observer, &memory))?;
        let mut found = found::<S>(&results, None)?;
        for name in memory.names() {
            if let Some(key) = name.strip_suffix(".csv")
                && let Some(bytes) = memory.read(&name).map_err(StudyError::from)?
                && let Ok(text) = String::from_utf8(bytes)
            {
                found.2.entry(key.to_owned()).or_insert(text);
            }
        }
        return Ok(found);
    };
    let ended =
        S::run(&settings, &inputs, &Context::new(observer, &directory)).and_then(|results| {
            directory.save_report(&S::report(&results))?;
            directory.write_json("metrics.json", &S::metrics(&results))?;
            Ok(results)
        });
    match ended {
        Ok(results) => {
            let path = directory.finish().map_err(StudyError::from)?;
            found::<S>(&results, Some(path))
        }
        Err(StudyError::Stopped) => {
            directory.interrupt().map_err(StudyError::from)?;
            Err(Failure::Stopped)
        }
        Err(error) => {
            // The first failure is the one to tell; the record is best effort beside it.
            let _ = directory.fail(&error);
            Err(error.into())
        }
    }
}

fn found<S: Study>(results: &S::Results, path: Option<PathBuf>) -> Result<Found, Failure> {
    let report: Report = S::report(results);
    let tables = report.tables().iter().cloned().collect();
    Ok((json::write(results)?, S::summary(results), tables, report.to_html(), path))
}

/// The lowest layer of the settings of a study.
fn preset(name: &str, preset: Option<&str>, request: &Request) -> Result<String, Failure> {
    let images = |text: &str| ImageSettings::layer(text).map_err(Failure::Internal);
    match (name, preset) {
        ("demo", Some("standard")) => images(Demonstration::STANDARD),
        ("demo", Some("smoke")) => images(Demonstration::SMOKE),
        ("reconstruction", Some(name @ ("full" | "quick" | "smoke"))) => {
            type Of = ReconstructionSweep;
            SweepSettings::layer(of_size(name, [Of::FULL, Of::QUICK, Of::SMOKE]))
                .map_err(Failure::Internal)
        }
        ("speed", Some(name @ ("full" | "quick" | "smoke"))) => {
            Ok(of_size(name, [Speed::FULL, Speed::QUICK, Speed::SMOKE]).to_owned())
        }
        ("dose", Some(name @ ("full" | "quick" | "smoke"))) => {
            Ok(of_size(name, [Dose::FULL, Dose::QUICK, Dose::SMOKE]).to_owned())
        }
        // A step goes on with the settings of the run before it.
        ("train" | "evaluate", None) => {
            let defaults = images("")?;
            if request.resume.is_some() {
                return Ok(defaults);
            }
            let layers = layers(None, request.file.clone(), &request.changes)?.preset(&defaults);
            let asked: ImageSettings = layers.resolve()?;
            let earlier = match (&asked.run, &asked.encoded) {
                (Some(dir), _) => TrainedRun::settings_of(dir)?,
                (None, Some(dir)) => EncodedRun::settings_of(dir)?,
                (None, None) => return Ok(defaults),
            };
            toml::to_string(&earlier).map_err(Failure::run)
        }
        ("associate", Some("guided")) => Ok(GUIDED.to_owned()),
        (_, None) => lowest_by_name(name),
        (_, Some(preset)) => {
            Err(Failure::Request(format!("{name}: there is no preset {preset:?}")))
        }
    }
}

/// The preset of this name: that of a full study, a quick one, or one that only shows that all works.
fn of_size(name: &str, [full, quick, smoke]: [&'static str; 3]) -> &'static str {
    match name {
        "quick" => quick,
        "smoke" => smoke,
        _ => full,
    }
}

macro_rules! studies {
    ($($name:literal => $study:ty),* $(,)?) => {
        /// The names of the studies.
        const NAMES: &[&str] = &[$($name),*];

        fn by_name(name: &str, watcher: &Watcher, request: Request) -> Result<Found, Failure> {
            match name {
                $($name => run::<$study>(watcher, request),)*
                _ => Err(no_study(name)),
            }
        }

        fn lowest_by_name(name: &str) -> Result<String, Failure> {
            match name {
                $($name => <$study>::preset().map_err(Failure::Internal),)*
                _ => Err(no_study(name)),
            }
        }

        fn settings_by_name(name: &str, request: &Request) -> Result<String, Failure> {
            match name {
                $($name => json::write(&settings::<$study>(request)?),)*
                _ => Err(no_study(name)),
            }
        }
    };
}

studies! {
    "diagnose" => Diagnose,
    "balance_map" => Maps,
    "linearity" => Linear,
    "track" => Track,
    "coding" => Coding,
    "populations" => Populations,
    "populations_map" => PopulationsMap,
    "populations_linearity" => PopulationsLinearity,
    "populations_track" => PopulationsTrack,
    "demo" => Demonstration,
    "reconstruct" => Reconstruction,
    "reconstruction" => ReconstructionSweep,
    "speed" => Speed,
    "dose" => Dose,
    "decode" => Decoding,
    "encode" => Encode,
    "train" => Train,
    "evaluate" => Evaluate,
    "classify" => Classify,
    "evaluate_classifier" => EvaluateClassifier,
    "ratios" => Ratios,
    "hebb" => HebbStudy,
    "hebb_run" => OneNetwork,
    "associate" => Associate,
    "structure" => Structure,
    "controllability" => Controllability,
}

fn no_study(name: &str) -> Failure {
    Failure::Request(format!("there is no study {name:?}; there are {}", NAMES.join(", ")))
}

/// The names of the studies.
#[pyfunction]
pub fn study_names() -> Vec<&'static str> {
    NAMES.to_vec()
}

/// The settings that a study would run with, in JSON.
#[pyfunction]
#[pyo3(signature = (name, changes, file=None, preset=None))]
pub fn study_settings(
    name: &str,
    changes: String,
    file: Option<PathBuf>,
    preset: Option<&str>,
) -> Result<String, Failure> {
    let mut request = Request {
        preset: String::new(),
        file,
        changes,
        out: None,
        resume: None,
        data: PathBuf::new(),
    };
    request.preset = self::preset(name, preset, &request)?;
    settings_by_name(name, &request)
}

/// Runs a study: (results in JSON, summary, tables as CSV by name, report in HTML, run directory).
#[pyfunction]
#[pyo3(signature = (name, changes, file=None, preset=None, out=None, resume=None, data=None,
                    progress=None))]
#[expect(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub fn study(
    py: Python<'_>,
    name: String,
    changes: String,
    file: Option<PathBuf>,
    preset: Option<&str>,
    out: Option<PathBuf>,
    resume: Option<PathBuf>,
    data: Option<PathBuf>,
    progress: Option<Py<PyAny>>,
) -> Result<Found, Failure> {
    let data = data.unwrap_or_else(equipoise_data::default_root);
    let mut request = Request { preset: String::new(), file, changes, out, resume, data };
    request.preset = self::preset(&name, preset, &request)?;
    long(py, progress, move |watcher| by_name(&name, watcher, request))
}
