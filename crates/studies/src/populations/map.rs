//! Where balance ends, population by population: a map over any two numbers of a network.

use std::path::Path;

use equipoise_encoder::balance::{DiagnosisConfig, State};
use equipoise_encoder::populations::theory::mean_field_watched;
use equipoise_encoder::populations::{
    Network as Built, Recording, Settings as Network, Simulation, diagnose_watched,
};
use equipoise_figure::{Axis, Figure, Heatmap, Panel, RegionMap};
use equipoise_report::{Cell, Column, Report, Step, Table};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::{NetworkChoice, PresetSettings};
use super::error::of_simulator;
use super::keys::{DRIVE, INHIBITION, with_key};
use super::tables;
use crate::balance::map::state_color;
use crate::balance::tables::criteria;
use crate::context::{Unit, gather_parallel};
use crate::{Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError, cost};

/// Most points of a map.
const MOST_POINTS: usize = 10_000;

/// A number that a map goes over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MapAxis {
    /// Which: `inhibition` or `drive`, which are factors of all inhibitory weights and of all
    /// background, a key of the published network such as `published.g`, or any number of the network,
    /// such as `network.populations.SST.background.0.rate` or `network.projections.PV to E.weight`, with
    /// `*` for all populations or projections.
    pub key: String,
    /// Its values, ascending.
    pub values: Vec<f64>,
}

/// The settings of a map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PopulationsMapSettings {
    /// Seed of the networks and their input.
    pub seed: u64,
    /// The published network that settings are changed of.
    pub published: PresetSettings,
    /// What changes fastest.
    pub x: MapAxis,
    /// The other number.
    pub y: MapAxis,
    /// The network, or what is changed of the published one.
    #[serde(skip_serializing_if = "NetworkChoice::is_empty")]
    pub network: NetworkChoice,
    /// How each network is diagnosed.
    pub diagnosis: DiagnosisConfig,
}

impl Default for PopulationsMapSettings {
    fn default() -> Self {
        let axis = |key: &str, values: &[f64]| MapAxis { key: key.into(), values: values.to_vec() };
        Self {
            seed: 0,
            published: PresetSettings::default(),
            x: axis(INHIBITION, &[0.6, 0.8, 1.0, 1.2, 1.4]),
            y: axis(DRIVE, &[0.8, 1.0, 1.2]),
            network: NetworkChoice::default(),
            diagnosis: DiagnosisConfig { probed_neurons: 50, ..DiagnosisConfig::default() },
        }
    }
}

impl PopulationsMapSettings {
    fn at(&self, x: f64, y: f64) -> Result<Network, String> {
        let keys = [(self.x.key.as_str(), x), (self.y.key.as_str(), y)];
        with_key(&self.published, &self.network, &keys)
    }

    /// The points, those of the first row first.
    fn points(&self) -> Vec<(f64, f64)> {
        let rows = self.y.values.iter();
        rows.flat_map(|&y| self.x.values.iter().map(move |&x| (x, y))).collect()
    }
}

impl Settings for PopulationsMapSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        self.diagnosis.validate().map_err(|e| format!("`diagnosis`: {e}"))?;
        for (name, axis) in [("x", &self.x), ("y", &self.y)] {
            if axis.key.is_empty() {
                return Err(format!("`{name}.key` is needed: the number that the map goes over"));
            }
            if axis.values.is_empty() || !axis.values.windows(2).all(|pair| pair[0] < pair[1]) {
                return Err(format!("`{name}.values`: at least one value, ascending"));
            }
        }
        if self.x.key == self.y.key {
            return Err(format!("`y.key`: `{}` is that of x already", self.y.key));
        }
        if self.points().len() > MOST_POINTS {
            return Err(format!("`x`, `y`: more than {MOST_POINTS} points"));
        }
        let base = self.network.network(&self.published)?;
        let least = 2.0 * self.diagnosis.count_ms;
        for (x, y) in self.points() {
            let network = self.at(x, y)?;
            if network.duration < least {
                return Err(format!(
                    "`network.duration`: {} ms are fewer than two windows of {} ms",
                    network.duration, self.diagnosis.count_ms
                ));
            }
            if network.populations.len() != base.populations.len() {
                return Err("`x`, `y`: the number of populations is the same at every point".into());
            }
        }
        Ok(())
    }

    fn resolved(self) -> Result<Self, String> {
        if self.network.is_whole() {
            return Ok(self);
        }
        Ok(Self { published: self.published.resolved(), ..self })
    }
}

/// A population at a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapState {
    /// Its mean rate, Hz.
    pub rate_hz: f64,
    /// The rate of the mean field, Hz.
    pub mean_field_hz: f64,
    /// Its mean CV; none where no neuron fires enough.
    pub cv: Option<f64>,
    /// Synchrony index chi; none where nothing varies.
    pub synchrony: Option<f64>,
    /// Mean net input over the threshold.
    pub net_over_threshold: f64,
    /// What it is, in a word.
    pub state: State,
}

/// A point of the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationsPoint {
    /// Value of the first key.
    pub x: f64,
    /// Value of the other.
    pub y: f64,
    /// The populations of neurons, in their order.
    pub populations: Vec<MapState>,
    /// Whether the mean field has a stable state there.
    pub mean_field_stable: bool,
}

/// What a map finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationsMapResults {
    /// The network that the map starts from.
    pub network: Network,
    /// What was asked for.
    pub settings: PopulationsMapSettings,
    /// The populations of neurons.
    pub names: Vec<String>,
    /// The points, those of the first row first.
    pub points: Vec<PopulationsPoint>,
}

/// A map of the states of a network's populations; a unit is a point.
#[derive(Debug)]
pub struct PopulationsMap;

impl Study for PopulationsMap {
    const NAME: &'static str = "balance-populations-map";
    type Settings = PopulationsMapSettings;
    /// The network that the map starts from.
    type Inputs = Network;
    type Results = PopulationsMapResults;

    fn open(settings: &PopulationsMapSettings, _: &Path) -> Result<Network, StudyError> {
        settings.network.network(&settings.published).or_settings()
    }

    fn run(
        settings: &PopulationsMapSettings,
        network: &Network,
        context: &Context<'_>,
    ) -> Result<PopulationsMapResults, StudyError> {
        let stage = context.stage("mapping", settings.points().len() as u64)?;
        let base = Identity::new()
            .with("seed", settings.seed)
            .with_settings("diagnosis", &settings.diagnosis);
        let points = settings.points().into_par_iter().enumerate().map(|(index, (x, y))| {
            let here = settings.at(x, y).or_settings()?;
            let identity = base.clone().with_settings("network", &here);
            let key = format!("points/{:05}", index + 1);
            let seconds = cost::populations(&here) * (here.warm_up + here.duration) / 1000.0;
            let unit = Unit::new(&key).seed(settings.seed).seconds(seconds);
            let (populations, mean_field_stable) =
                context.unit(unit, &identity, || point(settings, &here, context))?;
            stage.advance(1)?;
            Ok(PopulationsPoint { x, y, populations, mean_field_stable })
        });
        let points = gather_parallel(points)?;
        let neurons = network.populations.iter().filter(|p| p.source.is_none());
        let names = neurons.map(|p| p.name.clone()).collect();
        let settings = settings.clone();
        Ok(PopulationsMapResults { network: network.clone(), settings, names, points })
    }

    fn report(found: &PopulationsMapResults) -> Report {
        let mut report = Report::new("Where does balance end in each population?");
        let (x, y) = (&found.settings.x.key, &found.settings.y.key);
        report.subtitle(&format!("A map over {x} and {y}"));
        report.strip([
            Step::new("Network", &format!("{} populations", found.names.len())),
            Step::new("Map", &format!("{} points", found.points.len())),
            Step::new("Verdicts", &headline(found)),
        ]);
        report.found(&format!("{}.", headline(found)));
        for (k, name) in found.names.iter().enumerate() {
            report.found(&format!("{name}: {}.", balanced_of(found, k)));
        }
        report.heading("Populations");
        for (k, name) in found.names.iter().enumerate() {
            report.figure(
                &format!("map-{}", k + 1),
                &figure(found, k),
                &format!(
                    "{name}: its state at each point, its mean rate, the rate of the mean field, and \
                     the CV of its intervals."
                ),
            );
        }
        report.heading("Numbers").table("map", &table(found));
        report.heading("The network that the map starts from");
        report.table("populations", &tables::populations(&found.network, "Populations"));
        report.table("criteria", &criteria(&found.settings.diagnosis.criteria));
        report
    }

    fn metrics(found: &PopulationsMapResults) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.count("points", found.points.len());
        let all = |point: &&PopulationsPoint| {
            point.populations.iter().all(|p| p.state == State::Balanced)
        };
        metrics.count("balanced_points", found.points.iter().filter(all).count());
        for (k, name) in found.names.iter().enumerate() {
            let of = || found.points.iter().map(move |point| &point.populations[k]);
            let balanced = of().filter(|p| p.state == State::Balanced).count();
            metrics.count(format!("{name}.balanced_points"), balanced);
            metrics.mean(format!("{name}.rate_hz"), of().map(|p| p.rate_hz));
            metrics.mean(format!("{name}.mean_field_hz"), of().map(|p| p.mean_field_hz));
        }
        metrics
    }

    fn summary_within(found: &PopulationsMapResults, width: usize) -> String {
        format!("{}\n{}\n", table(found).to_text_within(width), headline(found))
    }
}

/// What is found at a point: each population, and whether the mean field is stable.
fn point(
    settings: &PopulationsMapSettings,
    network: &Network,
    context: &Context<'_>,
) -> Result<(Vec<MapState>, bool), StudyError> {
    let watch = &|| context.poll();
    let field = mean_field_watched(network, watch).map_err(of_simulator)?;
    // Points are shared among threads, so each network runs on one.
    let built = Built::build_watched(network, settings.seed, 1, watch).map_err(of_simulator)?;
    let mut simulation = Simulation::new(&built, settings.seed);
    simulation.set_learning(false);
    let report = &mut |_: f64| context.poll();
    simulation.advance(network.warm_up, &mut Recording::nothing(), report).map_err(of_simulator)?;
    let mut recording = Recording::spikes();
    simulation.advance(network.duration, &mut recording, report).map_err(of_simulator)?;
    let found = diagnose_watched(&simulation, &recording, &settings.diagnosis, watch)
        .map_err(of_simulator)?;
    let states = found.populations.into_iter().filter_map(|found| {
        let at = network.population(&found.name)?;
        let neuron = &network.populations[at].neuron;
        let own = found.diagnosis;
        Some(MapState {
            rate_hz: own.rate_hz,
            mean_field_hz: field.rates_hz[at],
            cv: own.irregularity.cv.mean,
            synchrony: own.synchrony.map(|synchrony| synchrony.chi),
            net_over_threshold: own.net / (neuron.threshold.mean() - neuron.rest),
            state: own.verdict.state,
        })
    });
    Ok((states.collect(), field.is_stable()))
}

/// How many points are balanced in all populations.
fn headline(found: &PopulationsMapResults) -> String {
    let all =
        |point: &&PopulationsPoint| point.populations.iter().all(|p| p.state == State::Balanced);
    let balanced = found.points.iter().filter(all).count();
    format!("{balanced} of {} points with all populations balanced", found.points.len())
}

fn balanced_of(found: &PopulationsMapResults, k: usize) -> String {
    let of = found.points.iter().filter(|p| p.populations[k].state == State::Balanced).count();
    format!("balanced at {of} of {} points", found.points.len())
}

fn table(found: &PopulationsMapResults) -> Table {
    let mut table = Table::new("Every point of the map")
        .column(Column::number(&found.settings.x.key).key("x").decimals(4))
        .column(Column::number(&found.settings.y.key).key("y").decimals(4))
        .column(Column::text("population"))
        .column(Column::text("state"))
        .column(Column::number("rate").unit("Hz").decimals(3))
        .column(Column::number("mean field").key("mean_field").unit("Hz").decimals(3))
        .column(Column::text("mean field is stable").key("mean_field_stable"))
        .column(Column::number("CV").decimals(3))
        .column(Column::number("chi").decimals(3))
        .column(Column::number("net input over threshold").decimals(3));
    let cell = |value: Option<f64>| value.map_or(Cell::Missing, Cell::from);
    for point in &found.points {
        for (name, state) in found.names.iter().zip(&point.populations) {
            table.row([
                point.x.into(),
                point.y.into(),
                name.as_str().into(),
                state.state.label().into(),
                state.rate_hz.into(),
                state.mean_field_hz.into(),
                if point.mean_field_stable { "yes" } else { "no" }.into(),
                cell(state.cv),
                cell(state.synchrony),
                state.net_over_threshold.into(),
            ]);
        }
    }
    table
}

fn figure(found: &PopulationsMapResults, k: usize) -> Figure {
    let (x, y) = (&found.settings.x, &found.settings.y);
    let of = || found.points.iter().map(move |point| &point.populations[k]);
    let title = format!("{}: state", found.names[k]);
    let mut regions = RegionMap::new(&title, &x.values, &y.values).x_label(&x.key).y_label(&y.key);
    for state in State::ALL {
        regions = regions.region(state.label(), state_color(state));
    }
    let cells: Vec<Option<usize>> =
        of().map(|p| State::ALL.iter().position(|&state| state == p.state)).collect();
    let heat = |title: &str, values: Vec<f64>, axis: Axis| {
        let map = Heatmap::new(title, &x.values, &y.values, &values);
        map.x_label(&x.key).y_label(&y.key).color_axis(axis)
    };
    let rate = || Axis::new("rate").unit("Hz").log();
    let most = 1e4;
    let shown = |rate: f64| if rate.is_finite() { rate.clamp(0.1, most) } else { f64::NAN };
    Figure::new()
        .columns(2)
        .panel(Panel::new(regions.cells(&cells)))
        .panel(heat("Rate", of().map(|p| shown(p.rate_hz)).collect(), rate()))
        .panel(heat("Mean field", of().map(|p| shown(p.mean_field_hz)).collect(), rate()))
        .panel(heat(
            "Irregularity",
            of().map(|p| p.cv.unwrap_or(f64::NAN)).collect(),
            Axis::new("CV"),
        ))
}
