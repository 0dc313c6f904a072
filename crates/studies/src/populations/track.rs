//! How the rate of each population follows a drive that changes in time.

use std::path::Path;

use equipoise_encoder::balance::{Tracking, TrackingConfig, Waveform, tracking_of};
use equipoise_encoder::network::off_grid;
use equipoise_encoder::populations::{
    Network as Built, Recording, Settings as Network, Simulation,
};
use equipoise_figure::{Color, Figure};
use equipoise_report::{Report, Step, Table};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::{NetworkChoice, PresetSettings};
use super::error::of_simulator;
use super::tables;
use crate::balance::track::{RAMP, SINUSOID, STEP};
use crate::balance::tracking;
use crate::context::{Unit, gather_parallel};
use crate::{Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError, cost};

/// Most trials over which rates are averaged.
const MOST_TRIALS: usize = 10_000;

/// The settings of a study of tracking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PopulationsTrackSettings {
    /// Seed of the network and its input.
    pub seed: u64,
    /// The published network that settings are changed of.
    pub published: PresetSettings,
    /// The populations whose background follows the waveforms; all that have one if none are named.
    pub driven: Vec<String>,
    /// What the rates of their background are multiplied by at the top of a waveform.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub peak: f64,
    /// How the background goes over time, in units of the top.
    pub waveforms: Vec<Waveform>,
    /// Trials over which rates are averaged.
    #[schemars(range(min = 1, max = 10000))]
    pub trials: usize,
    /// Length of a recording, ms.
    pub duration: f64,
    /// Bin of the rates, in which the background is constant, ms.
    pub bin_ms: f64,
    /// Standard deviation of the Gaussian that smooths rates and input alike, ms.
    pub smoothing_ms: f64,
    /// Greatest lag that is looked for, ms.
    pub greatest_lag_ms: f64,
    /// The network, or what is changed of the published one.
    #[serde(skip_serializing_if = "NetworkChoice::is_empty")]
    pub network: NetworkChoice,
}

impl Default for PopulationsTrackSettings {
    fn default() -> Self {
        let tracking = TrackingConfig::default();
        Self {
            seed: 0,
            published: PresetSettings::default(),
            driven: Vec::new(),
            peak: 1.5,
            waveforms: vec![RAMP, STEP, SINUSOID],
            trials: 4,
            duration: tracking.duration,
            bin_ms: tracking.bin_ms,
            smoothing_ms: tracking.smoothing_ms,
            greatest_lag_ms: tracking.greatest_lag_ms,
            network: NetworkChoice::default(),
        }
    }
}

/// Whether a population of the network has a background.
pub(super) fn is_driven(network: &Network) -> bool {
    network.populations.iter().any(|population| !population.background.is_empty())
}

impl PopulationsTrackSettings {
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

    /// The places of the populations whose background changes.
    fn driven(&self, network: &Network) -> Result<Vec<usize>, String> {
        let places: Vec<usize> = match self.driven.as_slice() {
            [] => (0..network.populations.len())
                .filter(|&at| !network.populations[at].background.is_empty())
                .collect(),
            names => names
                .iter()
                .map(|name| {
                    network.population(name).ok_or_else(|| {
                        let known = network.populations.iter().map(|p| p.name.as_str());
                        let message = format!("`driven`: there is no population `{name}`");
                        crate::settings::suggesting(&message, name, known)
                    })
                })
                .collect::<Result<_, String>>()?,
        };
        if places.is_empty() {
            return Err("the network has no background that could change".to_owned());
        }
        match places.iter().find(|&&at| network.populations[at].background.is_empty()) {
            Some(&at) => {
                Err(format!("`driven`: {} has no background", network.populations[at].name))
            }
            None => Ok(places),
        }
    }
}

impl Settings for PopulationsTrackSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if !(1..=MOST_TRIALS).contains(&self.trials) {
            return Err(format!(
                "`trials` is {}; from 1 to {MOST_TRIALS} are possible",
                self.trials
            ));
        }
        if self.waveforms.is_empty() {
            return Err("`waveforms` is empty; give at least one".to_owned());
        }
        if !(self.peak > 0.0 && self.peak <= 1000.0) {
            return Err(format!("`peak`: {} is not from above 0 to 1000", self.peak));
        }
        for waveform in &self.waveforms {
            self.tracking(*waveform).validate().map_err(|e| e.to_string())?;
        }
        let network = self.network.network(&self.published)?;
        if self.bin_ms < 0.5 * network.dt {
            return Err(format!("`bin_ms`: {} ms is below dt = {} ms", self.bin_ms, network.dt));
        }
        if let Some(reason) = off_grid(self.bin_ms, network.dt) {
            return Err(format!("`bin_ms`: {reason}"));
        }
        self.driven(&network).map(|_| ())
    }

    fn resolved(self) -> Result<Self, String> {
        if self.network.is_whole() {
            return Ok(self);
        }
        Ok(Self { published: self.published.resolved(), ..self })
    }
}

/// How the populations follow one waveform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationsFollowed {
    /// The background over time.
    pub waveform: Waveform,
    /// How each population follows it, in their order.
    pub populations: Vec<Tracking>,
}

/// What a study of tracking finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationsTrackResults {
    /// The network.
    pub network: Network,
    /// The populations of neurons.
    pub names: Vec<String>,
    /// Length of a recording, ms.
    pub duration: f64,
    /// Each waveform.
    pub waveforms: Vec<PopulationsFollowed>,
}

/// How the rates of populations follow a drive that changes; a unit is a trial of one waveform.
#[derive(Debug)]
pub struct PopulationsTrack;

impl Study for PopulationsTrack {
    const NAME: &'static str = "balance-populations-track";
    type Settings = PopulationsTrackSettings;
    /// The network.
    type Inputs = Network;
    type Results = PopulationsTrackResults;

    fn open(settings: &PopulationsTrackSettings, _: &Path) -> Result<Network, StudyError> {
        settings.network.network(&settings.published).or_settings()
    }

    fn run(
        settings: &PopulationsTrackSettings,
        network: &Network,
        context: &Context<'_>,
    ) -> Result<PopulationsTrackResults, StudyError> {
        let trials = settings.trials;
        let count = settings.waveforms.len() * trials;
        let stage = context.stage("tracking", count as u64)?;
        let driven = settings.driven(network).or_settings()?;
        let base = Identity::new()
            .with_settings("network", network)
            .with("seed", settings.seed)
            .with_settings("recording", &(settings.duration, settings.bin_ms))
            .with_settings("drive", &(&driven, settings.peak));
        let seconds = cost::populations(network) * (network.warm_up + settings.duration) / 1000.0;
        let built = std::sync::OnceLock::new();
        let counts: Vec<Vec<Vec<u32>>> =
            gather_parallel((0..count).into_par_iter().map(|index| {
                let (w, trial) = (index / trials, index % trials);
                let waveform = settings.waveforms[w];
                let key = format!("trials/{}-{}-{}", w + 1, waveform.name(), trial + 1);
                let identity = base.clone().with_settings("trial", &(waveform, trial));
                let unit = Unit::new(&key).seed(settings.seed).seconds(seconds);
                let found = context.unit(unit, &identity, || {
                    let network: &Result<Built, StudyError> = built.get_or_init(|| {
                        Built::build_watched(network, settings.seed, 1, &|| context.poll())
                            .map_err(of_simulator)
                    });
                    match network {
                        Ok(network) => counts(settings, network, &driven, waveform, trial, context),
                        Err(StudyError::Stopped) => Err(StudyError::Stopped),
                        Err(error) => Err(StudyError::failed(error)),
                    }
                })?;
                stage.advance(1)?;
                Ok(found)
            }))?;
        let mut waveforms = Vec::new();
        let neurons: Vec<usize> = (0..network.populations.len())
            .filter(|&at| network.populations[at].source.is_none())
            .collect();
        for (waveform, trials) in settings.waveforms.iter().zip(counts.chunks(trials)) {
            let config = settings.tracking(*waveform);
            let populations = neurons.iter().map(|&at| {
                let own: Vec<Vec<u32>> = trials.iter().map(|trial| trial[at].clone()).collect();
                tracking_of(network.populations[at].size, &config, &own).or_failed()
            });
            let populations = populations.collect::<Result<_, _>>()?;
            waveforms.push(PopulationsFollowed { waveform: *waveform, populations });
        }
        let names = neurons.iter().map(|&at| network.populations[at].name.clone()).collect();
        let duration = settings.duration;
        let results =
            PopulationsTrackResults { network: network.clone(), names, duration, waveforms };
        // Thousands of rows that nobody wants to read in a report.
        context.write("traces.csv", traces(&results).to_csv().as_bytes())?;
        Ok(results)
    }

    fn report(found: &PopulationsTrackResults) -> Report {
        let mut report = Report::new("How quickly does each population follow its input?");
        report.subtitle("Tracking of a background that changes in time");
        report.strip([
            Step::new("Background", &format!("{} waveforms", found.waveforms.len())),
            Step::new("Rates", &format!("of {} populations", found.names.len())),
            Step::new("Lag", "at the peak of the correlation"),
        ]);
        for (waveform, name, tracking) in found.rows() {
            report.found(&format!(
                "{}, {name}: the rate follows the input after {:.1} ms (correlation {:.2}).",
                waveform.name(),
                tracking.lag_ms,
                tracking.correlation
            ));
        }
        report.heading("Tracking").table("tracking", &table(found)).figure(
            "tracking",
            &figure(found),
            "The background (dashed) and the rates of the populations, each scaled onto it by one \
             factor, averaged over trials.",
        );
        report.heading("Network");
        report.table("populations", &tables::populations(&found.network, "Populations"));
        report
    }

    fn metrics(found: &PopulationsTrackResults) -> Metrics {
        let mut metrics = Metrics::default();
        for (waveform, name, tracking) in found.rows() {
            let name = format!("{name}.{}", waveform.name());
            metrics.put(format!("{name}.lag_ms"), tracking.lag_ms);
            metrics.put(format!("{name}.correlation"), tracking.correlation);
            metrics.put(format!("{name}.error"), tracking.error);
        }
        metrics
    }

    fn summary_within(found: &PopulationsTrackResults, width: usize) -> String {
        table(found).to_text_within(width)
    }
}

/// Shows the network a waveform once; the spikes of each population in each bin.
fn counts(
    settings: &PopulationsTrackSettings,
    network: &Built,
    driven: &[usize],
    waveform: Waveform,
    trial: usize,
    context: &Context<'_>,
) -> Result<Vec<Vec<u32>>, StudyError> {
    let described = network.settings();
    let mut simulation = Simulation::new(network, settings.seed.wrapping_add(trial as u64));
    simulation.set_learning(false);
    let report = &mut |_: f64| context.poll();
    let drive = |simulation: &mut Simulation<'_>, value: f64| {
        let set = |&at: &usize| simulation.scale_background(at, settings.peak * value);
        driven.iter().try_for_each(set).map_err(of_simulator)
    };
    drive(&mut simulation, waveform.at(-settings.bin_ms))?;
    simulation
        .advance(described.warm_up, &mut Recording::nothing(), report)
        .map_err(of_simulator)?;
    let bins = (settings.duration / settings.bin_ms).round() as usize;
    let mut counts = vec![vec![0; bins]; described.populations.len()];
    let firsts = described.firsts();
    (0..bins).try_for_each(|bin| -> Result<(), StudyError> {
        drive(&mut simulation, waveform.at((bin as f64 + 0.5) * settings.bin_ms))?;
        let mut recording = Recording::spikes();
        simulation.advance(settings.bin_ms, &mut recording, report).map_err(of_simulator)?;
        for &id in &recording.spikes.ids {
            let at = firsts.partition_point(|&first| first <= id as usize) - 1;
            counts[at][bin] += 1;
        }
        Ok(())
    })?;
    Ok(counts)
}

impl PopulationsTrackResults {
    /// Waveform, population and what was found of them, row by row.
    fn rows(&self) -> impl Iterator<Item = (&Waveform, &str, &Tracking)> {
        self.waveforms.iter().flat_map(|followed| {
            let populations = self.names.iter().zip(&followed.populations);
            populations.map(|(name, tracking)| (&followed.waveform, name.as_str(), tracking))
        })
    }
}

fn table(found: &PopulationsTrackResults) -> Table {
    tracking::table("population", found.rows())
}

fn traces(found: &PopulationsTrackResults) -> Table {
    tracking::traces("population", found.rows())
}

fn figure(found: &PopulationsTrackResults) -> Figure {
    found.waveforms.iter().fold(Figure::new().columns(1), |figure, followed| {
        let populations = found.names.iter().zip(&followed.populations).enumerate();
        let curves: Vec<_> =
            populations.map(|(k, (name, t))| (name.as_str(), Color::cycle(k), t)).collect();
        figure.panel(tracking::panel(&followed.waveform, found.duration, &curves))
    })
}
