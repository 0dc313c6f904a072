//! Is a network balanced, by itself or while it sees images?

use std::ops::ControlFlow;
use std::path::Path;

use equipoise_data::{ImageSet, Loaded, OpenOptions};
use equipoise_encoder::balance::{
    Activity, BalanceError, Diagnosis, DiagnosisConfig, Dynamics, Recording, Verdict, diagnose,
    dynamics,
};
use equipoise_encoder::network::{Network, NetworkConfig, Probe, Trial, Watch, off_grid};
use equipoise_report::{Report, Step};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::{self, Case, NetworkChoice, Preset, RegimeChoice};
use super::diagnosis::{
    Condition, DiagnoseResults, ShownImage, evidence, mean_evidence, part_name,
};
use super::picture::Picture;
use super::{figures, tables};
use crate::context::{Artefact, Stage, Turn, Unit, gather, gather_parallel};
use crate::cost;
use crate::drive::driven;
use crate::schema::network_table;
use crate::{Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError, strip};

/// The settings of a diagnosis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiagnoseSettings {
    /// Seed of the networks, their input and the choice of images.
    pub seed: u64,
    /// The network that settings are changed of; if not given, Brunel's, or the encoder where
    /// images are shown. Images drive the encoder as they do where they are reconstructed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// The regimes to diagnose; the network as it is, if there are none.
    pub regimes: Vec<RegimeChoice>,
    /// Data sets whose training images are shown; the network is left to its background, if there
    /// are none.
    pub datasets: Vec<String>,
    /// Images of each data set, spread over the classes.
    #[schemars(range(min = 1))]
    pub images: usize,
    /// How long each image is shown and recorded, ms; without images `network.duration` is.
    pub image_duration: f64,
    /// Length of the recording that figures show, ms.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub window: f64,
    /// Neurons whose potential and inputs are written to a table, a row each `diagnosis.sample_ms`.
    pub record: Vec<usize>,
    /// The network, or what is changed of the preset.
    pub network: NetworkChoice,
    /// How a recording is judged.
    pub diagnosis: DiagnosisConfig,
}

impl Default for DiagnoseSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            preset: None,
            regimes: Vec::new(),
            datasets: Vec::new(),
            images: 10,
            image_duration: 1000.0,
            window: 300.0,
            record: Vec::new(),
            network: NetworkChoice::default(),
            diagnosis: DiagnosisConfig::default(),
        }
    }
}

impl DiagnoseSettings {
    fn preset(&self) -> Preset {
        let usual = if self.datasets.is_empty() { Preset::Brunel } else { Preset::Encoder };
        self.preset.unwrap_or(usual)
    }

    /// The network before its regimes. With images it is the one that they are reconstructed
    /// from, so that the regimes are in the state that they have there.
    fn base(&self) -> Result<NetworkConfig, String> {
        if self.datasets.is_empty() || self.preset() != Preset::Encoder {
            return self.network.config(self.preset());
        }
        self.network.config_of_images()
    }

    fn check_duration(&self, key: &str, duration: f64) -> Result<(), String> {
        if duration >= 2.0 * self.diagnosis.count_ms && duration.is_finite() {
            return Ok(());
        }
        Err(format!(
            "`{key}`: {duration} ms are fewer than two windows of {} ms",
            self.diagnosis.count_ms
        ))
    }
}

impl Settings for DiagnoseSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if !(self.window > 0.0 && self.window.is_finite()) {
            return Err(format!("`window`: {} ms is not a positive time", self.window));
        }
        self.diagnosis.validate().map_err(|e| e.to_string())?;
        if !self.datasets.is_empty() {
            if self.images == 0 {
                return Err("`images` is 0; at least one is needed".to_owned());
            }
            self.check_duration("image_duration", self.image_duration)?;
        }
        for case in choice::cases(&self.base()?, &self.regimes)? {
            let neurons = case.network.neurons;
            if let Some(neuron) = self.record.iter().find(|&&neuron| neuron >= neurons) {
                return Err(format!(
                    "`record`: neuron {neuron}, but there are {neurons} from 0 on"
                ));
            }
            if self.datasets.is_empty() {
                self.check_duration("network.duration", case.network.duration)?;
            } else if let Some(reason) = off_grid(self.image_duration, case.network.dt) {
                return Err(format!("`image_duration`: {reason}"));
            }
        }
        Ok(())
    }

    fn resolved(self) -> Result<Self, String> {
        Ok(Self { preset: Some(self.preset()), network: self.base()?.into(), ..self })
    }
}

/// The networks, and what they are shown.
#[derive(Debug, Clone)]
pub struct Stimulus {
    /// The data set; none for a network that is left to its background.
    pub dataset: Option<Shown>,
    /// The networks of the regimes, with the input weight that `input.drive` asks for.
    pub cases: Vec<Case>,
}

/// Images of a data set.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The name of the data set.
    pub name: String,
    /// The images.
    pub images: ImageSet,
    /// The place of each in the training part.
    pub indices: Vec<usize>,
    /// What was noticed while they were read.
    pub remarks: Vec<String>,
}

/// Is a network balanced? A unit is one recording.
#[derive(Debug)]
pub struct Diagnose;

impl Study for Diagnose {
    const NAME: &'static str = "balance";
    type Settings = DiagnoseSettings;
    type Inputs = Vec<Stimulus>;
    type Results = DiagnoseResults;

    fn open(settings: &DiagnoseSettings, root: &Path) -> Result<Vec<Stimulus>, StudyError> {
        let base = settings.base().or_settings()?;
        if settings.datasets.is_empty() {
            let cases = choice::cases(&base, &settings.regimes).or_settings()?;
            return Ok(vec![Stimulus { dataset: None, cases }]);
        }
        let open = |name: &String| {
            let options = OpenOptions { seed: settings.seed, ..OpenOptions::default() };
            let go_on = || ControlFlow::Continue(());
            let Loaded { dataset, remarks } = equipoise_data::load(name, root, &options, &go_on)?;
            let mut remarks: Vec<String> = remarks.iter().map(ToString::to_string).collect();
            let (all, _) = dataset.into_images()?;
            // The drive is that of all images, so that few of them do not decide it.
            let base = driven(&base, &all)?;
            let cases = choice::cases(&base, &settings.regimes).or_settings()?;
            for case in &cases {
                Network::check(&case.network, Some(all.shape)).or_settings()?;
            }
            let count = settings.images.min(all.len());
            if count < settings.images {
                let wanted = settings.images;
                remarks.push(format!("{}: all {count} images are shown, not {wanted}", all.name));
            }
            let indices = all.balanced_indices(count, settings.seed)?;
            let images = all.subset(&indices);
            let shown = Shown { name: name.clone(), images, indices, remarks };
            Ok(Stimulus { dataset: Some(shown), cases })
        };
        settings.datasets.iter().map(open).collect()
    }

    fn data(stimuli: &Vec<Stimulus>) -> Identity {
        stimuli.iter().filter_map(|s| s.dataset.as_ref()).fold(
            Identity::new(),
            |identity, shown| {
                identity.with(&format!("data.{}", shown.name), shown.images.fingerprint())
            },
        )
    }

    fn remarks(_: &DiagnoseSettings, stimuli: &Vec<Stimulus>) -> Vec<String> {
        stimuli.iter().filter_map(|s| s.dataset.as_ref()).flat_map(|s| s.remarks.clone()).collect()
    }

    fn run(
        settings: &DiagnoseSettings,
        stimuli: &Vec<Stimulus>,
        context: &Context<'_>,
    ) -> Result<DiagnoseResults, StudyError> {
        let trials = |stimulus: &Stimulus| {
            stimulus.cases.len() * stimulus.dataset.as_ref().map_or(1, |shown| shown.indices.len())
        };
        let runs: usize = stimuli.iter().map(trials).sum();
        let stage = context.stage("simulating", runs as u64)?;
        let cases = stimuli.iter().enumerate().flat_map(|(s, stimulus)| {
            stimulus.cases.iter().enumerate().map(move |(k, case)| (s, stimulus, k, case))
        });
        let conditions = gather(cases.map(|(s, stimulus, k, case)| {
            let dataset = stimulus.dataset.as_ref();
            let mut name = choice::numbered(k, &case.name);
            if let Some(shown) = dataset {
                name = format!("{}-{name}", choice::numbered(s, &shown.name));
            }
            let file = file_name(dataset, case);
            let recorder = Recorder { settings, context, case, dataset, name };
            let condition = condition(settings, case, dataset, recorder.all(&stage, &file)?)?;
            let mut json =
                serde_json::to_vec_pretty(&condition.diagnosis).map_err(StudyError::failed)?;
            json.push(b'\n');
            context.write(&format!("diagnosis-{file}.json"), &json)?;
            if condition.case.name == "balanced" && !condition.verdict.balanced {
                context.remark(format!(
                    "the regime called balanced is not: {}: {}",
                    condition.name(),
                    condition.verdict
                ));
            }
            Ok(condition)
        }))?;
        Ok(DiagnoseResults { conditions, diagnosis: settings.diagnosis.clone() })
    }

    fn report(found: &DiagnoseResults) -> Report {
        let mut report = Report::new("Is the network balanced?");
        report.subtitle("Diagnosis from a simulation");
        if let Some(first) = found.conditions.first() {
            report.strip(steps(first));
        }
        for condition in &found.conditions {
            let (name, verdict) = (condition.name(), &condition.verdict);
            report.found(&format!("{name}: {verdict}."));
            report.tile(
                &name,
                if verdict.balanced { "balanced" } else { "not balanced" },
                "",
                &format!("{:.1} Hz, {}", condition.rate_hz(), verdict.state.label()),
            );
        }
        let conditions = &found.conditions;
        if conditions.iter().all(|condition| condition.images.is_empty()) {
            report.heading("Numbers").table("diagnosis", &tables::numbers(conditions));
        } else {
            report.heading("Numbers").table("data-sets", &tables::data_sets(conditions));
            report.table("images", &tables::images(conditions));
        }
        report.heading("Verdict");
        report.paragraph(
            "A network is called balanced if every criterion below is met: excitation and \
             inhibition, each large against the threshold, cancel to a net input of the order of \
             the threshold, and the neurons fire irregularly and not together.",
        );
        report
            .table("verdict", &tables::reasons(conditions.iter().map(|c| (c.name(), &c.verdict))));
        report.table("criteria", &tables::criteria(&found.diagnosis.criteria));
        report.heading("Dynamics").table("dynamics", &tables::dynamics(conditions));
        report.paragraph(
            "These describe, and no verdict rests on them: how well inhibition tracks excitation \
             sample by sample (tight) and in means over 50 ms (loose), avalanches of the whole \
             population, its branching ratio by multistep regression, and its functional ratio of \
             excitation to inhibition. With images, they are of the first.",
        );
        let cases: Vec<(String, &NetworkConfig)> =
            conditions.iter().map(|c| (c.name(), &c.case.network)).collect();
        let networks: Vec<(&str, &NetworkConfig)> =
            cases.iter().map(|(name, network)| (name.as_str(), *network)).collect();
        report.heading("Network").table("network", &network_table(&networks));
        report.heading("Activity");
        for condition in &found.conditions {
            let (name, diagnosis) = (condition.name(), &condition.diagnosis);
            let figure = figures::network(
                &name,
                &condition.picture,
                diagnosis.rate_hz,
                diagnosis.irregularity.cv.mean,
                found.diagnosis.minimum_spikes,
            );
            report.figure(
                &format!("activity-{}", condition.file_name()),
                &figure,
                &format!(
                    "{name}: spikes of 100 neurons, population rate, excitatory, inhibitory and \
                     net input of one neuron; distributions of the inter-spike intervals and of \
                     their CV.",
                ),
            );
        }
        report
    }

    fn metrics(found: &DiagnoseResults) -> Metrics {
        let mut metrics = Metrics::default();
        for condition in &found.conditions {
            let name = match &condition.dataset {
                Some(dataset) => format!("{dataset}.{}", condition.case.name),
                None => condition.case.name.clone(),
            };
            let evidence = condition.evidence();
            let balanced = u8::from(condition.verdict.balanced);
            metrics.put(format!("{name}.balanced"), balanced);
            metrics.put(format!("{name}.rate_hz"), evidence.rate_hz);
            metrics.put_some(format!("{name}.cv"), evidence.cv);
            let net = evidence.excitation_mv + evidence.inhibition_mv;
            metrics.put(format!("{name}.net_over_threshold"), net / evidence.threshold_mv);
            metrics.put_some(format!("{name}.synchrony"), evidence.synchrony);
        }
        metrics
    }

    fn summary_within(found: &DiagnoseResults, _: usize) -> String {
        found.conditions.iter().map(|c| verdict_lines(&c.name(), &c.verdict)).collect()
    }
}

/// What was done with one network.
fn steps(condition: &Condition) -> [Step; 3] {
    let Condition { case, picture, verdict, .. } = condition;
    let network = &case.network;
    let spikes = [&picture.excitatory_spikes[..], &picture.inhibitory_spikes[..]];
    let raster = strip::raster(spikes, picture.rows, (picture.start_ms, picture.end_ms));
    let drive = match &condition.dataset {
        Some(dataset) => format!("shown images of {dataset}"),
        None => "driven by its background".to_owned(),
    };
    let result = if verdict.balanced { "balanced" } else { "not balanced" };
    [
        Step::new("Network", &format!("{} neurons, {drive}", network.neurons)),
        Step::new("Spikes", &format!("{}: {:.1} Hz", case.name, condition.rate_hz()))
            .figure(&raster),
        Step::new("Verdict", result),
    ]
}

fn file_name(dataset: Option<&Shown>, case: &Case) -> String {
    part_name(dataset.map(|shown| shown.name.as_str()), case)
}

/// A verdict in lines of their own, with the reasons that decide.
fn verdict_lines(name: &str, verdict: &Verdict) -> String {
    let word = if verdict.balanced {
        "balanced".to_owned()
    } else {
        format!("not balanced ({})", verdict.state.label())
    };
    let reasons = verdict.reasons.iter().filter(|reason| reason.met == verdict.balanced);
    std::iter::once(format!("{name}: {word}\n"))
        .chain(reasons.map(|reason| format!("  {reason}\n")))
        .collect()
}

/// The result of a unit.
#[derive(Serialize, Deserialize)]
struct Recorded {
    diagnosis: Diagnosis,
    /// Of the first recording alone; none too in what a version without them has kept.
    #[serde(default)]
    dynamics: Option<Dynamics>,
    picture: Picture,
    files: Vec<Artefact>,
}

/// Makes the recordings of one network.
struct Recorder<'a> {
    settings: &'a DiagnoseSettings,
    context: &'a Context<'a>,
    case: &'a Case,
    dataset: Option<&'a Shown>,
    /// In the keys of its units.
    name: String,
}

impl Recorder<'_> {
    /// The recording of each image, or the one without; the potentials of the first are written to
    /// a file. The network is built only if a recording is missing.
    fn all(&self, stage: &Stage<'_>, file: &str) -> Result<Vec<Recorded>, StudyError> {
        let count = self.dataset.map_or(1, |shown| shown.indices.len());
        let planned: Vec<(String, Identity)> = (0..count).map(|index| self.unit(index)).collect();
        let turns = planned
            .iter()
            .map(|(key, identity)| {
                let duration = match self.dataset {
                    Some(_) => self.settings.image_duration,
                    None => self.case.network.duration,
                };
                let seconds = cost::simulation(&self.case.network, duration);
                let unit = Unit::new(key).seed(self.settings.seed).seconds(seconds);
                let files = |r: &Recorded| r.files.clone();
                self.context.turn(unit, identity, || {
                    self.context.stored_unit_with_files(key, identity, files)
                })
            })
            .collect::<Result<Vec<Turn<'_, Recorded>>, StudyError>>()?;
        let ours = turns.iter().any(|turn| matches!(turn, Turn::Ours(_)));
        let shape = self.dataset.map(|shown| shown.images.shape);
        let build = || Network::build(&self.case.network, shape, self.settings.seed).or_settings();
        let network = ours.then(build).transpose()?;
        gather_parallel(turns.into_par_iter().enumerate().map(|(index, turn)| {
            let recorded = match (turn, &network) {
                (Turn::Done(recorded), _) => recorded,
                (Turn::Ours(unit), Some(network)) => self.context.make(&unit, || {
                    let recorded = self.compute(network, index, file)?;
                    let (key, identity) = &planned[index];
                    self.context.keep_unit(key, identity, &recorded)?;
                    Ok(recorded)
                })?,
                _ => return Err(StudyError::Deferred),
            };
            stage.advance(1)?;
            Ok(recorded)
        }))
    }

    /// The neurons whose potentials are written with a recording.
    fn recorded_neurons(&self, index: usize) -> &[usize] {
        if index == 0 { &self.settings.record } else { &[] }
    }

    /// The key of a recording, and what it depends on.
    fn unit(&self, index: usize) -> (String, Identity) {
        let settings = self.settings;
        let mut identity = Identity::new()
            .with_settings("network", &self.case.network)
            .with("seed", settings.seed)
            .with_settings("diagnosis", &settings.diagnosis)
            .with_settings("recording", &(settings.window, self.recorded_neurons(index)));
        let mut key = format!("diagnoses/{}", self.name);
        if let Some(shown) = self.dataset {
            let image = shown.images.subset(&[index]).fingerprint();
            identity = identity.with("image", image).with("duration", settings.image_duration);
            key = format!("{key}-{}", index + 1);
        }
        (key, identity)
    }

    fn compute(&self, network: &Network, index: usize, file: &str) -> Result<Recorded, StudyError> {
        let pixels = self.dataset.map(|shown| shown.images.intensities(index));
        let watch: Watch<'_> = &|_| self.context.poll();
        let mut trial = network.trial(self.settings.seed, index as u64);
        trial.watch = Some(watch);
        if let Some(pixels) = &pixels {
            // Images share the threads.
            trial = Trial {
                image: Some(pixels),
                duration: self.settings.image_duration,
                parallel: false,
                ..trial
            };
        }
        self.record(network, &trial, index == 0, file)
    }

    fn record(
        &self,
        network: &Network,
        trial: &Trial<'_>,
        first: bool,
        file: &str,
    ) -> Result<Recorded, StudyError> {
        let settings = self.settings;
        let record = if first { &settings.record[..] } else { &[] };
        let config = network.config();
        let recording: Recording = diagnose(network, trial, &settings.diagnosis)?;
        let mut files = Vec::new();
        if !record.is_empty() {
            let interval = config.steps(settings.diagnosis.sample_ms).max(1);
            // The same trial again: recording changes no spike.
            let mut probe = Probe::of(record.to_vec(), interval);
            network.run(trial, &mut probe).map_err(BalanceError::from)?;
            let name = format!("recording-{file}.csv");
            files.push(self.context.write(&name, tables::traces(&probe).to_csv().as_bytes())?);
        }
        let picture = Picture::of(config, &recording, settings.window);
        let dynamics = first
            .then(|| dynamics(&Activity::of(network, &recording.spikes, &recording.probe)))
            .transpose()?;
        Ok(Recorded { diagnosis: recording.diagnosis, dynamics, picture, files })
    }
}

/// What the recordings of one network say.
fn condition(
    settings: &DiagnoseSettings,
    case: &Case,
    dataset: Option<&Shown>,
    recorded: Vec<Recorded>,
) -> Result<Condition, StudyError> {
    let images: Vec<ShownImage> = dataset.map_or_else(Vec::new, |shown| {
        let places = shown.indices.iter().zip(&shown.images.labels);
        let image = |((&index, &label), recorded): ((&usize, &u16), &Recorded)| ShownImage {
            index,
            class: shown.images.classes.get(usize::from(label)).cloned().unwrap_or_default(),
            evidence: evidence(&case.network, &recorded.diagnosis),
            verdict: recorded.diagnosis.verdict.clone(),
        };
        places.zip(&recorded).map(image).collect()
    });
    let first = recorded.into_iter().next();
    let Recorded { diagnosis, dynamics, picture, .. } =
        first.ok_or_else(|| StudyError::failed("nothing was recorded"))?;
    let verdict = match images.as_slice() {
        [] => diagnosis.verdict.clone(),
        images => settings.diagnosis.criteria.judge(&mean_evidence(images)),
    };
    let dataset = dataset.map(|shown| shown.name.clone());
    Ok(Condition { dataset, case: case.clone(), verdict, diagnosis, dynamics, picture, images })
}
