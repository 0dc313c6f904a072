//! How much of an image is in the spikes, before any decoder.

use std::ops::ControlFlow;
use std::path::Path;

use equipoise_data::{ImageSet, OpenOptions};
use equipoise_encoder::balance::{DEFAULT_PENALTY, ImageCoding};
use equipoise_encoder::network::{Network, NetworkConfig};
use equipoise_figure::Color;
use equipoise_report::{Column, Report, Step, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::{self, Case, NetworkChoice, Preset, RegimeChoice};
use super::figures::{self, Curves};
use super::measurement::Measurement;
use crate::context::{digest_of, gather, unless_deferred};
use crate::{Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError, strip};

/// The settings of a study of coding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CodingSettings {
    /// Seed of the networks, their input and the choice of images.
    pub seed: u64,
    /// The data set.
    pub dataset: String,
    /// The network that settings are changed of.
    pub preset: Preset,
    /// The regimes to compare.
    pub regimes: Vec<RegimeChoice>,
    /// Images that the readout is fitted to.
    #[schemars(range(min = 10))]
    pub training_images: usize,
    /// Images that it is tried on.
    #[schemars(range(min = 1))]
    pub test_images: usize,
    /// Lengths of the recording, ms.
    pub durations: Vec<f64>,
    /// Sizes of the network, each read for `size_duration` ms; empty to leave them out.
    pub sizes: Vec<usize>,
    /// Length of the recordings of the sizes, ms.
    pub size_duration: f64,
    /// Ridge penalty, relative to the mean variance of a count.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub penalty: f64,
    /// The network, or what is changed of the preset.
    pub network: NetworkChoice,
}

impl Default for CodingSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            dataset: "synthetic-digits".to_owned(),
            preset: Preset::Encoder,
            regimes: choice::default_regimes(),
            training_images: 2000,
            test_images: 500,
            durations: vec![10.0, 20.0, 50.0, 100.0, 200.0, 500.0],
            sizes: vec![100, 300, 1000, 3000, 10_000],
            size_duration: 100.0,
            penalty: DEFAULT_PENALTY,
            network: NetworkChoice::default(),
        }
    }
}

impl CodingSettings {
    fn base(&self) -> Result<NetworkConfig, String> {
        self.network.config(self.preset)
    }

    /// The longest recording.
    fn longest(&self) -> f64 {
        self.durations.iter().fold(0.0, |a: f64, &b| a.max(b))
    }
}

impl Settings for CodingSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if self.durations.is_empty() {
            return Err("`durations` is empty; give at least one in ms".to_owned());
        }
        let times = self.durations.iter().chain([&self.size_duration]);
        if let Some(bad) = times.into_iter().find(|&&d| !(d > 0.0 && d <= 1e6)) {
            return Err(format!("a duration of {bad} ms; from above 0 to 1,000,000 are possible"));
        }
        if self.training_images < 10 || self.test_images < 1 {
            return Err("`training_images` must be 10 or more, `test_images` 1 or more".to_owned());
        }
        if !(self.penalty > 0.0 && self.penalty.is_finite()) {
            return Err(format!("`penalty`: {} is not a positive number", self.penalty));
        }
        for case in choice::cases(&self.base()?, &self.regimes)? {
            for &neurons in &self.sizes {
                let sized = resized(&case.network, neurons);
                sized.validate().map_err(|e| format!("`sizes`: {neurons} neurons: {e}"))?;
            }
        }
        Ok(())
    }

    fn resolved(self) -> Result<Self, String> {
        Ok(Self { network: self.base()?.into(), ..self })
    }
}

/// The network with another number of neurons and the same recurrent input to each: the in-degree
/// grows with the network, so the weight falls with it.
fn resized(config: &NetworkConfig, neurons: usize) -> NetworkConfig {
    let mut sized = NetworkConfig { neurons, ..config.clone() };
    sized.background_weight = Some(config.weight_background());
    sized.background_rate = Some(config.background_rate_hz());
    let (before, after) = (config.excitatory_connections(), sized.excitatory_connections());
    if after > 0 {
        sized.excitatory_weight *= before as f64 / after as f64;
    }
    sized
}

/// The images, and the networks that they are shown to.
#[derive(Debug, Clone)]
pub struct CodingInputs {
    /// For fitting the readout.
    pub training: ImageSet,
    /// For trying it.
    pub test: ImageSet,
    /// The networks of the regimes.
    pub cases: Vec<Case>,
    /// What was noticed while the images were read.
    pub remarks: Vec<String>,
}

/// What the readout got out of one regime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coded {
    /// The regime with its network.
    pub case: Case,
    /// After each of the durations.
    pub over_time: Vec<ImageCoding>,
    /// With each of the sizes.
    pub over_size: Vec<ImageCoding>,
}

/// What a study of coding finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodingResults {
    /// The data set.
    pub dataset: String,
    /// Length of the recordings of the sizes, ms.
    pub size_duration: f64,
    /// Each regime.
    pub regimes: Vec<Coded>,
}

/// How much of an image a linear readout gets out of the spikes. A unit is one network; what it
/// has encoded is kept piece by piece until it is done.
#[derive(Debug)]
pub struct Coding;

impl Study for Coding {
    const NAME: &'static str = "balance-coding";
    type Settings = CodingSettings;
    type Inputs = CodingInputs;
    type Results = CodingResults;

    fn open(settings: &CodingSettings, root: &Path) -> Result<CodingInputs, StudyError> {
        let options = OpenOptions {
            train: Some(settings.training_images),
            test: Some(settings.test_images),
            // Of a small set all images are taken.
            fit_train: true,
            fit_test: true,
            seed: settings.seed,
            ..OpenOptions::default()
        };
        let go_on = || ControlFlow::Continue(());
        let loaded = equipoise_data::load(&settings.dataset, root, &options, &go_on)?;
        let remarks = loaded.remarks.iter().map(ToString::to_string).collect();
        let (training, test) = loaded.dataset.into_images()?;
        let base = settings.base().or_settings()?;
        let cases = choice::cases(&base, &settings.regimes).or_settings()?;
        for case in &cases {
            Network::check(&case.network, Some(training.shape)).or_settings()?;
        }
        Ok(CodingInputs { training, test, cases, remarks })
    }

    fn data(inputs: &CodingInputs) -> Identity {
        Identity::new()
            .with("data.training", inputs.training.fingerprint())
            .with("data.test", inputs.test.fingerprint())
    }

    fn remarks(_: &CodingSettings, inputs: &CodingInputs) -> Vec<String> {
        inputs.remarks.clone()
    }

    fn run(
        settings: &CodingSettings,
        inputs: &CodingInputs,
        context: &Context<'_>,
    ) -> Result<CodingResults, StudyError> {
        let images = (inputs.training.len() + inputs.test.len()) as u64;
        let networks = (inputs.cases.len() * (1 + settings.sizes.len())) as u64;
        let stage = context.stage("encoding images", images * networks)?;
        let data = digest_of(&[inputs.training.fingerprint(), inputs.test.fingerprint()]);
        let regimes = gather(inputs.cases.iter().enumerate().map(|(k, case)| {
            let name = choice::numbered(k, &case.name);
            let measure = |key: String, network: &NetworkConfig, durations: &[f64]| {
                let data = data.clone();
                let CodingInputs { training, test, .. } = inputs;
                let (seed, penalty) = (settings.seed, settings.penalty);
                Measurement { training, test, seed, penalty, network, durations, key, data }
                    .run(context, &stage)
            };
            let long = NetworkConfig { duration: settings.longest(), ..case.network.clone() };
            let over_time = measure(format!("coding/{name}"), &long, &settings.durations);
            let over_time = unless_deferred(over_time)?;
            let over_size = gather(settings.sizes.iter().map(|&neurons| {
                let mut sized = resized(&case.network, neurons);
                sized.duration = settings.size_duration;
                let key = format!("coding/{name}-{neurons}");
                measure(key, &sized, &[settings.size_duration])
            }))?;
            let over_time = over_time.ok_or(StudyError::Deferred)?;
            Ok(Coded { case: case.clone(), over_time, over_size: over_size.concat() })
        }))?;
        Ok(CodingResults {
            dataset: settings.dataset.clone(),
            size_duration: settings.size_duration,
            regimes,
        })
    }

    fn report(found: &CodingResults) -> Report {
        let mut report = Report::new("How much of an image is in the spikes?");
        report.subtitle(&format!("{}, linear readout of spike counts", found.dataset));
        let curves: Vec<(Vec<f64>, Vec<f64>, Color)> = found
            .regimes
            .iter()
            .enumerate()
            .map(|(k, regime)| {
                let of = |f: fn(&ImageCoding) -> f64| regime.over_time.iter().map(f).collect();
                (
                    of(|c| libm::log(c.duration_ms)),
                    of(|c| c.psnr_db),
                    figures::color(&regime.case.name, k),
                )
            })
            .collect();
        let curves = curves.iter().map(|(x, y, color)| (&x[..], &y[..], *color));
        let mut read = Step::new("Images from counts", "PSNR by the length of the recording");
        if let Some(figure) = strip::curves(curves) {
            read = read.figure(&figure);
        }
        let neurons = found.regimes.first().map_or(0, |regime| regime.case.network.neurons);
        report.strip([
            Step::new("Images", &found.dataset),
            Step::new("Spike counts", &format!("{neurons} neurons")),
            read,
        ]);
        for regime in &found.regimes {
            if let Some(longest) = regime.over_time.last() {
                report.found(&format!(
                    "{}: after {:.0} ms a linear readout explains {:.0} % of the variance of the \
                     pixels ({:.1} dB, the mean image {:.1} dB), with {:.0} spikes an image.",
                    regime.case.name,
                    longest.duration_ms,
                    100.0 * longest.r_squared,
                    longest.psnr_db,
                    longest.mean_image_psnr_db,
                    longest.spikes_per_image
                ));
            }
        }
        let spikes = |c: &ImageCoding| c.spikes_per_image.max(0.1);
        report.heading("Length of the recording").table("coding-duration", &by_duration(found));
        let named = |row: fn(&Coded) -> &[ImageCoding]| {
            found.regimes.iter().map(|r| (r.case.name.as_str(), row(r))).collect::<Vec<_>>()
        };
        let times = named(|regime| &regime.over_time);
        let over_time = |label, at| Curves { regimes: times.clone(), label, at };
        report.figure(
            "coding-duration",
            &over_time("recording (ms)", |c| c.duration_ms).figure(true),
            "What ridge regression from the counts gets back of unseen images, the share of \
             images whose class a linear readout finds, and the activity it is read from, by the \
             length of the recording: regimes compared at equal time.",
        );
        report.figure(
            "coding-spikes",
            &over_time("spikes per image", spikes).figure(false),
            "The same recordings against the spikes that an image costs: regimes compared at \
             equal spikes.",
        );
        if let Some(sizes) = by_size(found) {
            report.heading("Size of the network").table("coding-size", &sizes);
            let after = format!(
                "The same after {} ms by the number of neurons, the mean recurrent input to each \
                 kept equal.",
                found.size_duration
            );
            let rows = named(|regime| &regime.over_size);
            let over_size = |label, at| Curves { regimes: rows.clone(), label, at };
            let by_neurons = over_size("neurons", |c| c.neurons as f64);
            report.figure("coding-size", &by_neurons.figure(true), &after);
            report.figure(
                "coding-size-spikes",
                &over_size("spikes per image", spikes).figure(false),
                "The networks of all sizes against the spikes that an image costs.",
            );
        }
        let cases: Vec<&Case> = found.regimes.iter().map(|regime| &regime.case).collect();
        report.heading("Network").table("network", &choice::network_table(&cases));
        report
    }

    fn metrics(found: &CodingResults) -> Metrics {
        let mut metrics = Metrics::default();
        let mut add = |name: &str, coding: &ImageCoding| {
            metrics.put(format!("{name}.rate_hz"), coding.rate_hz);
            metrics.put(format!("{name}.spikes_per_image"), coding.spikes_per_image);
            metrics.put(format!("{name}.r_squared"), coding.r_squared);
            metrics.put(format!("{name}.psnr"), coding.psnr_db);
            metrics.put_some(format!("{name}.accuracy"), coding.accuracy);
        };
        for Coded { case, over_time, over_size } in &found.regimes {
            for coding in over_time {
                add(&format!("{}.{}_ms", case.name, coding.duration_ms), coding);
            }
            for coding in over_size {
                add(&format!("{}.{}_neurons", case.name, coding.neurons), coding);
            }
        }
        metrics
    }

    fn summary_within(found: &CodingResults, width: usize) -> String {
        let mut text = by_duration(found).to_text_within(width);
        if let Some(sizes) = by_size(found) {
            text.push('\n');
            text.push_str(&sizes.to_text_within(width));
        }
        text
    }
}

fn by_duration(found: &CodingResults) -> Table {
    table("By length of the recording", &found.regimes, |regime| &regime.over_time)
}

/// None if no sizes were asked for.
fn by_size(found: &CodingResults) -> Option<Table> {
    let any = found.regimes.iter().any(|regime| !regime.over_size.is_empty());
    any.then(|| table("By number of neurons", &found.regimes, |regime| &regime.over_size))
}

fn table(caption: &str, regimes: &[Coded], found: fn(&Coded) -> &[ImageCoding]) -> Table {
    let mut table = Table::new(caption)
        .column(Column::text("regime"))
        .column(Column::integer("neurons"))
        .column(Column::number("recording").unit("ms").decimals(1))
        .column(Column::number("rate").unit("Hz").decimals(1))
        .column(Column::number("spikes per image").decimals(1))
        .column(Column::number("silent").decimals(3))
        .column(Column::number("sparseness").decimals(3))
        .column(Column::number("R²").key("r_squared").decimals(3))
        .column(Column::number("PSNR").unit("dB").decimals(2))
        .column(Column::number("PSNR of the mean image").unit("dB").decimals(2))
        .column(Column::number("accuracy").decimals(3));
    for regime in regimes {
        for c in found(regime) {
            table.row([
                regime.case.name.as_str().into(),
                (c.neurons as i64).into(),
                c.duration_ms.into(),
                c.rate_hz.into(),
                c.spikes_per_image.into(),
                c.silent.into(),
                c.sparseness.into(),
                c.r_squared.into(),
                c.psnr_db.into(),
                c.mean_image_psnr_db.into(),
                c.accuracy.into(),
            ]);
        }
    }
    table
}
