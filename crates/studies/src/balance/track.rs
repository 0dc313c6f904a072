//! How the population rate follows an external rate that changes in time.

use std::path::Path;

use equipoise_encoder::balance::{self, Tracking, TrackingConfig, Waveform};
use equipoise_encoder::network::Network;
use equipoise_figure::{Color, Figure};
use equipoise_report::{Report, Step, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::{self, Case, NetworkChoice, Preset, RegimeChoice};
use super::figures;
use super::tracking;
use super::units::{Planned, units};
use crate::context::gather;
use crate::{Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError, cost, strip};

/// A ramp over 0.7 s.
pub const RAMP: Waveform = Waveform::Ramp { low: 0.0, rise_ms: 700.0 };
/// A step of 0.3 s.
pub const STEP: Waveform = Waveform::Step { low: 0.4, on_ms: 300.0, off_ms: 600.0 };
/// A sinusoid of 5 Hz.
pub const SINUSOID: Waveform = Waveform::Sinusoid { low: 0.4, period_ms: 200.0 };

/// The settings of a study of tracking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrackSettings {
    /// Seed of the networks and their input.
    pub seed: u64,
    /// The network that settings are changed of.
    pub preset: Preset,
    /// The regimes to compare.
    pub regimes: Vec<RegimeChoice>,
    /// External rate at the top of a waveform, in units of the threshold rate.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub peak: f64,
    /// How the external rate goes over time.
    pub waveforms: Vec<Waveform>,
    /// Trials over which the rate is averaged.
    pub trials: usize,
    /// Length of a recording, ms.
    pub duration: f64,
    /// Bin of the population rate, ms.
    pub bin_ms: f64,
    /// Standard deviation of the Gaussian that smooths rate and input alike, ms.
    pub smoothing_ms: f64,
    /// Greatest lag that is looked for, ms.
    pub greatest_lag_ms: f64,
    /// The network, or what is changed of the preset.
    pub network: NetworkChoice,
}

impl Default for TrackSettings {
    fn default() -> Self {
        let tracking = TrackingConfig::default();
        Self {
            seed: 0,
            preset: Preset::Brunel,
            regimes: choice::default_regimes(),
            peak: 4.0,
            waveforms: vec![RAMP, STEP, SINUSOID],
            trials: tracking.trials,
            duration: tracking.duration,
            bin_ms: tracking.bin_ms,
            smoothing_ms: tracking.smoothing_ms,
            greatest_lag_ms: tracking.greatest_lag_ms,
            network: NetworkChoice::default(),
        }
    }
}

impl TrackSettings {
    fn cases(&self) -> Result<Vec<Case>, String> {
        let mut base = self.network.config(self.preset)?;
        base.eta = self.peak;
        base.background_rate = None;
        choice::cases(&base, &self.regimes)
    }

    fn tracking(&self, waveform: Waveform) -> TrackingConfig {
        TrackingConfig {
            waveform,
            duration: self.duration,
            trials: self.trials,
            bin_ms: self.bin_ms,
            smoothing_ms: self.smoothing_ms,
            greatest_lag_ms: self.greatest_lag_ms,
        }
    }
}

impl Settings for TrackSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        choice::check_trials(self.trials)?;
        if self.waveforms.is_empty() {
            return Err("`waveforms` is empty; give at least one".to_owned());
        }
        if !(self.peak > 0.0 && self.peak.is_finite()) {
            return Err(format!("`peak`: {} is not a positive number", self.peak));
        }
        for waveform in &self.waveforms {
            self.tracking(*waveform).validate().map_err(|e| e.to_string())?;
        }
        self.cases().map(|_| ())
    }

    fn resolved(self) -> Result<Self, String> {
        Ok(Self { network: self.network.config(self.preset)?.into(), ..self })
    }
}

/// How the regimes follow one waveform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Followed {
    /// The external rate over time.
    pub waveform: Waveform,
    /// How each regime follows it, in the order of the regimes.
    pub regimes: Vec<Tracking>,
}

/// What a study of tracking finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackResults {
    /// The regimes with their networks.
    pub cases: Vec<Case>,
    /// Length of a recording, ms.
    pub duration: f64,
    /// Each waveform.
    pub waveforms: Vec<Followed>,
}

/// How the population rate follows an external rate that changes; a unit is a trial of one regime
/// with one waveform.
#[derive(Debug)]
pub struct Track;

impl Study for Track {
    const NAME: &'static str = "balance-track";
    type Settings = TrackSettings;
    /// The networks of the regimes.
    type Inputs = Vec<Case>;
    type Results = TrackResults;

    fn open(settings: &TrackSettings, _: &Path) -> Result<Vec<Case>, StudyError> {
        settings.cases().or_settings()
    }

    fn run(
        settings: &TrackSettings,
        cases: &Vec<Case>,
        context: &Context<'_>,
    ) -> Result<TrackResults, StudyError> {
        let runs = cases.len() * settings.waveforms.len() * settings.trials;
        let stage = context.stage("tracking", runs as u64)?;
        let trials = settings.trials;
        let mut waveforms: Vec<Followed> = settings
            .waveforms
            .iter()
            .map(|&waveform| Followed { waveform, regimes: Vec::new() })
            .collect();
        let tracked = gather(cases.iter().enumerate().map(|(k, case)| {
            let name = choice::numbered(k, &case.name);
            let identity = Identity::new()
                .with_settings("network", &case.network)
                .with_settings("recording", &(settings.seed, settings.duration, settings.bin_ms));
            let seconds = cost::simulation(&case.network, settings.duration);
            let planned: Vec<Planned> = settings
                .waveforms
                .iter()
                .enumerate()
                .flat_map(|(w, waveform)| (0..trials).map(move |trial| (w, waveform, trial)))
                .map(|(w, waveform, trial)| {
                    let shape = choice::numbered(w, waveform.name());
                    let key = format!("trials/{name}-{shape}-{}", trial + 1);
                    let identity = identity.clone().with_settings("trial", &(waveform, trial));
                    (key, identity, seconds)
                })
                .collect();
            let build = || Network::build(&case.network, None, settings.seed).or_settings();
            units(context, &stage, &planned, build, |network, index| {
                let config = settings.tracking(settings.waveforms[index / trials]);
                let trial = (index % trials) as u64;
                balance::tracking_counts(network, &config, settings.seed, trial).or_failed()
            })
        }))?;
        for (case, counts) in cases.iter().zip(tracked) {
            for (followed, counts) in waveforms.iter_mut().zip(counts.chunks(trials)) {
                let config = settings.tracking(followed.waveform);
                let tracking = balance::tracking_of(case.network.neurons, &config, counts);
                followed.regimes.push(tracking.or_failed()?);
            }
        }
        let results = TrackResults { cases: cases.clone(), duration: settings.duration, waveforms };
        // Thousands of rows that nobody wants to read in a report.
        context.write("traces.csv", traces(&results).to_csv().as_bytes())?;
        Ok(results)
    }

    fn report(found: &TrackResults) -> Report {
        let mut report = Report::new("How quickly does the network follow its input?");
        report.subtitle("Tracking of an external rate that changes in time");
        if let Some((waveform, _, first)) = found.rows().next() {
            let input = [(&first.time_ms[..], &first.input[..], Color::GREY)];
            let of = found.waveforms.first().map_or(&[][..], |followed| &followed.regimes);
            let rates = found.cases.iter().zip(of).enumerate().map(|(k, (case, tracking))| {
                (&tracking.time_ms[..], &tracking.scaled[..], figures::color(&case.name, k))
            });
            let step = |title, text: &str, figure: Option<Figure>| {
                let step = Step::new(title, text);
                figure.map_or(step.clone(), |figure| step.figure(&figure))
            };
            report.strip([
                step("External rate", waveform.name(), strip::curves(input)),
                step("Rate", "of the population", strip::curves(rates)),
                Step::new("Lag", &format!("{:.1} ms", first.lag_ms)),
            ]);
        }
        for (waveform, case, tracking) in found.rows() {
            report.found(&format!(
                "{}, {}: the rate follows the input after {:.1} ms (correlation {:.2}).",
                waveform.name(),
                case.name,
                tracking.lag_ms,
                tracking.correlation
            ));
        }
        report.heading("Tracking").table("tracking", &table(found));
        report.figure(
            "tracking",
            &figure(found),
            "The external rate (dashed) and the population rates, each scaled onto it by one \
             factor, averaged over trials.",
        );
        let cases: Vec<&Case> = found.cases.iter().collect();
        report.heading("Network").table("network", &choice::network_table(&cases));
        report
    }

    fn metrics(found: &TrackResults) -> Metrics {
        let mut metrics = Metrics::default();
        for Followed { waveform, regimes } in &found.waveforms {
            for (case, tracking) in found.cases.iter().zip(regimes) {
                let name = format!("{}.{}", case.name, waveform.name());
                metrics.put(format!("{name}.lag_ms"), tracking.lag_ms);
                metrics.put(format!("{name}.correlation"), tracking.correlation);
                metrics.put(format!("{name}.error"), tracking.error);
            }
        }
        metrics
    }

    fn summary_within(found: &TrackResults, width: usize) -> String {
        table(found).to_text_within(width)
    }
}

impl TrackResults {
    /// Waveform, regime and what was found of them, row by row.
    fn rows(&self) -> impl Iterator<Item = (&Waveform, &Case, &Tracking)> {
        self.waveforms.iter().flat_map(|followed| {
            let regimes = self.cases.iter().zip(&followed.regimes);
            regimes.map(|(case, tracking)| (&followed.waveform, case, tracking))
        })
    }
}

fn table(found: &TrackResults) -> Table {
    tracking::table("regime", found.rows().map(|(w, case, t)| (w, case.name.as_str(), t)))
}

fn traces(found: &TrackResults) -> Table {
    tracking::traces("regime", found.rows().map(|(w, case, t)| (w, case.name.as_str(), t)))
}

fn figure(found: &TrackResults) -> Figure {
    found.waveforms.iter().fold(
        Figure::new().columns(1),
        |figure, Followed { waveform, regimes }| {
            let regimes = found.cases.iter().zip(regimes).enumerate();
            let curves: Vec<_> = regimes
                .map(|(k, (case, t))| (case.name.as_str(), figures::color(&case.name, k), t))
                .collect();
            figure.panel(tracking::panel(waveform, found.duration, &curves))
        },
    )
}
