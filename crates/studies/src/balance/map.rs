//! Where balance ends: maps of the state of a network over two of its settings.

use equipoise_encoder::balance::{
    Axis as MapAxis, BalanceMap, Criteria, DiagnosisConfig, MapPoint, Setting, State, map_point,
};
use equipoise_encoder::network::{NetworkConfig, Watch};
use equipoise_figure::{Axis, Color, Figure, Heatmap, Panel, RegionMap};
use equipoise_report::{Cell, Column, Report, Step, Table};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

use super::choice::{self, NetworkChoice, Preset, RegimeChoice};
use super::tables;
use crate::context::{Unit, gather, gather_parallel};
use crate::{
    Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError, cost, schema, strip,
};

/// The two settings of one map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axes {
    /// The setting that changes fastest, and its values.
    pub x: MapAxis,
    /// The other one.
    pub y: MapAxis,
}

/// The settings of a study of maps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MapSettings {
    /// Seed of the networks and their input.
    pub seed: u64,
    /// The network that settings are changed of.
    pub preset: Preset,
    /// At most one: the regime that the maps start from.
    pub regimes: Vec<RegimeChoice>,
    /// The maps.
    pub maps: Vec<Axes>,
    /// The network, or what is changed of the preset.
    pub network: NetworkChoice,
    /// How each network is diagnosed.
    pub diagnosis: DiagnosisConfig,
}

impl Default for MapSettings {
    fn default() -> Self {
        let axis = |setting, values: &[f64]| MapAxis { setting, values: values.to_vec() };
        let g = axis(Setting::G, &[2.0, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0]);
        let p = axis(Setting::ConnectionProbability, &[0.01, 0.02, 0.05, 0.1, 0.15, 0.2]);
        let threshold = axis(Setting::Threshold, &[12.0, 15.0, 20.0, 25.0, 30.0, 40.0]);
        let eta = axis(Setting::Eta, &[0.8, 0.9, 1.0, 1.5, 2.0, 3.0, 4.0]);
        let network: toml::Table = [
            ("neurons".to_owned(), toml::Value::Integer(5000)),
            ("duration".to_owned(), toml::Value::Float(500.0)),
        ]
        .into_iter()
        .collect();
        Self {
            seed: 0,
            preset: Preset::Brunel,
            regimes: Vec::new(),
            maps: vec![
                Axes { x: g.clone(), y: p },
                Axes { x: g.clone(), y: threshold },
                Axes { x: g, y: eta },
            ],
            network: NetworkChoice::Changes(network),
            diagnosis: DiagnosisConfig { probed_neurons: 50, ..DiagnosisConfig::default() },
        }
    }
}

impl MapSettings {
    fn network(&self) -> Result<NetworkConfig, String> {
        let base = self.network.config(self.preset)?;
        match choice::cases(&base, &self.regimes)?.as_slice() {
            [case] => Ok(case.network.clone()),
            _ => Err("`regimes`: a map starts from one regime".to_owned()),
        }
    }
}

impl Settings for MapSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if self.maps.is_empty() {
            return Err("`maps` is empty; give at least one".to_owned());
        }
        self.diagnosis.validate().map_err(|e| e.to_string())?;
        let network = self.network()?;
        for axes in &self.maps {
            equipoise_encoder::balance::check_map(&network, &axes.x, &axes.y)
                .map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    fn resolved(self) -> Result<Self, String> {
        Ok(Self { network: self.network.config(self.preset)?.into(), ..self })
    }
}

/// What a study of maps finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapResults {
    /// The network that the maps start from.
    pub network: NetworkConfig,
    /// How its state was judged at each point.
    pub criteria: Criteria,
    /// The maps.
    pub maps: Vec<BalanceMap>,
}

/// Maps of the state of a network over two of its settings; a unit is a point.
#[derive(Debug)]
pub struct Maps;

impl Study for Maps {
    const NAME: &'static str = "balance-map";
    type Settings = MapSettings;
    /// The network that the maps start from.
    type Inputs = NetworkConfig;
    type Results = MapResults;

    fn open(settings: &MapSettings, _: &Path) -> Result<NetworkConfig, StudyError> {
        settings.network().or_settings()
    }

    fn run(
        settings: &MapSettings,
        network: &NetworkConfig,
        context: &Context<'_>,
    ) -> Result<MapResults, StudyError> {
        let points: usize = settings.maps.iter().map(|m| m.x.values.len() * m.y.values.len()).sum();
        let stage = context.stage("mapping", points as u64)?;
        let base = Identity::new()
            .with_settings("network", network)
            .with_settings("diagnosis", &(&settings.diagnosis, settings.seed));
        let seconds = cost::simulation(network, network.duration);
        let point = |k: usize, index: usize, axes: &Axes, (a, b): (f64, f64)| {
            let (x, y) = ((axes.x.setting, a), (axes.y.setting, b));
            let identity = base.clone().with_settings("point", &(x, y));
            let key = format!("points/{}-{:05}", k + 1, index + 1);
            let unit = Unit::new(&key).seed(settings.seed).seconds(seconds);
            let found: MapPoint = context.unit(unit, &identity, || {
                let watch: Watch<'_> = &|_| context.poll();
                Ok(map_point(network, x, y, &settings.diagnosis, settings.seed, Some(watch))?)
            })?;
            stage.advance(1)?;
            Ok(found)
        };
        let maps = gather(settings.maps.iter().enumerate().map(|(k, axes)| {
            let places = BalanceMap::grid(&axes.x, &axes.y).into_par_iter().enumerate();
            let points = places.map(|(index, place)| point(k, index, axes, place));
            let points = gather_parallel(points)?;
            Ok(BalanceMap { x: axes.x.clone(), y: axes.y.clone(), points })
        }))?;
        let criteria = settings.diagnosis.criteria.clone();
        Ok(MapResults { network: network.clone(), criteria, maps })
    }

    fn report(found: &MapResults) -> Report {
        let maps = &found.maps;
        let mut report = Report::new("Where does balance end?");
        report.subtitle("Maps of the network's state");
        if let Some(first) = maps.first() {
            let width = first.x.values.len();
            // The first row of a picture is on top, the lowest value of a map below.
            let balanced: Vec<f64> = first
                .points
                .chunks(width.max(1))
                .rev()
                .flatten()
                .map(|point| f64::from(u8::from(point.verdict.balanced)))
                .collect();
            let (x, y) = (first.x.setting.label(), first.y.setting.label());
            report.strip([
                Step::new("Network", &format!("{} neurons", found.network.neurons)),
                Step::new("Settings", &format!("{x} and {y}, {} points", first.points.len())),
                Step::new("Balanced", "white where every criterion is met")
                    .picture(&strip::grey(width, &balanced)),
            ]);
        }
        for (k, found) in maps.iter().enumerate() {
            let (x, y) = (found.x.setting.label(), found.y.setting.label());
            report.found(&format!("{}.", headline(found)));
            report.heading(&format!("{x} and {y}"));
            report.figure(
                &format!("map-{}", k + 1),
                &figure(found),
                "State of the network at each point, its mean rate, the CV of its inter-spike \
                 intervals and its mean net input over the threshold, where -1 and 4 stand for \
                 what is beyond them too.",
            );
        }
        report.heading("Numbers").table("map", &table(maps));
        report.heading("Criteria of balance");
        report.table("criteria", &tables::criteria(&found.criteria));
        let network = schema::network_table(&[("", &found.network)]);
        report.heading("The network that the maps start from").table("network", &network);
        report
    }

    fn metrics(found: &MapResults) -> Metrics {
        let mut metrics = Metrics::default();
        let points = || found.maps.iter().flat_map(|map| &map.points);
        metrics.count("points", points().count());
        metrics.count("balanced_points", points().filter(|p| p.verdict.balanced).count());
        metrics.mean("balanced_share", points().map(|p| f64::from(u8::from(p.verdict.balanced))));
        metrics.mean("rate_hz", points().map(|p| p.rate_hz));
        metrics.mean("cv", points().filter_map(|p| p.cv));
        for (k, map) in found.maps.iter().enumerate() {
            let balanced = map.points.iter().filter(|p| p.verdict.balanced).count();
            metrics.count(format!("map_{}.balanced_points", k + 1), balanced);
        }
        metrics
    }

    fn summary_within(found: &MapResults, _: usize) -> String {
        found.maps.iter().map(|found| headline(found) + "\n").collect()
    }
}

/// How much of a map is balanced.
fn headline(found: &BalanceMap) -> String {
    let balanced = found.points.iter().filter(|p| p.verdict.balanced).count();
    let (x, y) = (found.x.setting.label(), found.y.setting.label());
    format!("{x} against {y}: {balanced} of {} points balanced", found.points.len())
}

fn table(maps: &[BalanceMap]) -> Table {
    let mut table = Table::new("Every point of the maps")
        .column(Column::text("x"))
        .column(Column::number("x value").decimals(4))
        .column(Column::text("y"))
        .column(Column::number("y value").decimals(4))
        .column(Column::text("state"))
        .column(Column::number("rate").unit("Hz").decimals(2))
        .column(Column::number("CV").decimals(3))
        .column(Column::number("inhibition over excitation").decimals(3))
        .column(Column::number("net input").unit("mV").decimals(2))
        .column(Column::number("net input over threshold").decimals(3))
        .column(Column::number("synchrony index").decimals(3));
    for found in maps {
        add_rows(&mut table, found);
    }
    table
}

fn add_rows(table: &mut Table, found: &BalanceMap) {
    let cell = |value: Option<f64>| value.map_or(Cell::Missing, Cell::from);
    for point in &found.points {
        table.row([
            found.x.setting.label().into(),
            point.x.into(),
            found.y.setting.label().into(),
            point.y.into(),
            point.verdict.state.label().into(),
            point.rate_hz.into(),
            cell(point.cv),
            point.inhibition_over_excitation.into(),
            point.net_mv.into(),
            point.net_over_threshold.into(),
            cell(point.synchrony),
        ]);
    }
}

/// The colour of a state in figures.
pub fn state_color(state: State) -> Color {
    match state {
        State::Balanced => Color::BALANCED,
        State::Silent => Color::LIGHT,
        State::Uncancelled => Color::YELLOW,
        State::MeanDriven => Color::UNBALANCED,
        State::Regular => Color::UNBALANCED_2,
        State::Bursting => Color::BLUE,
        State::Synchronous => Color::SKY,
    }
}

fn figure(found: &BalanceMap) -> Figure {
    let (x, y) = (&found.x.values, &found.y.values);
    let (x_label, y_label) = (found.x.setting.label(), found.y.setting.label());
    let mut regions = RegionMap::new("State", x, y).x_label(x_label).y_label(y_label);
    for state in State::ALL {
        regions = regions.region(state.label(), state_color(state));
    }
    let index = |state: State| State::ALL.iter().position(|&s| s == state);
    let cells: Vec<Option<usize>> = found.points.iter().map(|p| index(p.verdict.state)).collect();
    let heat = |title: &str, values: Vec<f64>, axis: Axis| {
        Heatmap::new(title, x, y, &values).x_label(x_label).y_label(y_label).color_axis(axis)
    };
    let rate = found.points.iter().map(|p| p.rate_hz.max(0.1)).collect();
    let cv = found.points.iter().map(|p| p.cv.unwrap_or(f64::NAN)).collect();
    let net = found.points.iter().map(|p| p.net_over_threshold).collect();
    Figure::new()
        .columns(2)
        .panel(Panel::new(regions.cells(&cells)))
        .panel(heat("Rate", rate, Axis::new("rate").unit("Hz").log()))
        .panel(heat("Irregularity", cv, Axis::new("CV")))
        .panel(heat("Net input", net, Axis::new("net input / threshold")).color_range(-1.0, 4.0))
}
