//! The rate of each population against the drive of all.

use std::path::Path;

use equipoise_encoder::populations::theory::mean_field_watched;
use equipoise_encoder::populations::{
    Network as Built, Recording, Settings as Network, Simulation,
};
use equipoise_figure::{Axis, Color, Dash, Figure, Line, Marker, Plot};
use equipoise_metrics::statistics::{LinearRegression, linear_regression};
use equipoise_report::{Cell, Column, Report, Step, Table};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::{NetworkChoice, PresetSettings};
use super::error::of_simulator;
use super::tables;
use super::variation::changed;
use crate::context::{Unit, gather, gather_parallel};
use crate::{Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError, cost};

/// Most networks over which a rate is averaged.
const MOST_TRIALS: usize = 1000;

/// The settings of a study of linearity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PopulationsLinearitySettings {
    /// Seed of the networks and their input.
    pub seed: u64,
    /// The published network that settings are changed of.
    pub published: PresetSettings,
    /// What all rates of the background and constant currents are multiplied by.
    pub drive: Vec<f64>,
    /// Networks over which each rate is averaged.
    #[schemars(range(min = 1, max = 1000))]
    pub trials: usize,
    /// The network, or what is changed of the published one.
    #[serde(skip_serializing_if = "NetworkChoice::is_empty")]
    pub network: NetworkChoice,
}

impl Default for PopulationsLinearitySettings {
    fn default() -> Self {
        Self {
            seed: 0,
            published: PresetSettings::default(),
            drive: vec![0.8, 0.9, 1.0, 1.1, 1.2, 1.4],
            trials: 1,
            network: NetworkChoice::default(),
        }
    }
}

impl Settings for PopulationsLinearitySettings {
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
        if self.drive.len() < 3 || !self.drive.windows(2).all(|w| w[0] < w[1]) {
            return Err("`drive` needs at least three values, ascending".to_owned());
        }
        if let Some(bad) = self.drive.iter().find(|&&x| !(x > 0.0 && x <= 1000.0)) {
            return Err(format!("`drive`: {bad} is not from above 0 to 1000"));
        }
        let network = self.network.network(&self.published)?;
        if !super::track::is_driven(&network)
            && network.populations.iter().all(|p| p.current.mean() == 0.0)
        {
            return Err(
                "`drive`: the network has no background and no current to be multiplied".into()
            );
        }
        for &drive in &self.drive {
            changed(&network, 1.0, drive)
                .validate()
                .map_err(|e| format!("`drive`, {drive}: {e}"))?;
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

/// The rate of one population over the drive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationLine {
    /// Its name.
    pub name: String,
    /// Its rates, Hz, mean over the networks.
    pub rate_hz: Vec<f64>,
    /// The rates of the mean field, Hz.
    pub mean_field_hz: Vec<f64>,
    /// The line through the rates over their largest.
    pub line: LinearRegression,
}

/// What a study of linearity finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationsLinearityResults {
    /// The network at a drive of 1.
    pub network: Network,
    /// The factors of the drive.
    pub drive: Vec<f64>,
    /// The populations of neurons.
    pub populations: Vec<PopulationLine>,
}

/// The rate of each population against the drive; a unit is one network under one drive.
#[derive(Debug)]
pub struct PopulationsLinearity;

impl Study for PopulationsLinearity {
    const NAME: &'static str = "balance-populations-linearity";
    type Settings = PopulationsLinearitySettings;
    /// The network.
    type Inputs = Network;
    type Results = PopulationsLinearityResults;

    fn open(settings: &PopulationsLinearitySettings, _: &Path) -> Result<Network, StudyError> {
        settings.network.network(&settings.published).or_settings()
    }

    fn run(
        settings: &PopulationsLinearitySettings,
        network: &Network,
        context: &Context<'_>,
    ) -> Result<PopulationsLinearityResults, StudyError> {
        let stage = context.stage("sweeping", (settings.drive.len() * settings.trials) as u64)?;
        let points: Vec<(usize, usize)> = (0..settings.drive.len())
            .flat_map(|at| (0..settings.trials).map(move |trial| (at, trial)))
            .collect();
        let seconds = cost::populations(network) * (network.warm_up + network.duration) / 1000.0;
        let rates: Vec<Vec<f64>> = gather_parallel(points.par_iter().map(|&(at, trial)| {
            let driven = changed(network, 1.0, settings.drive[at]);
            let seed = settings.seed.wrapping_add(trial as u64);
            let identity = Identity::new().with_settings("network", &driven).with("seed", seed);
            let key = format!("rates/{}-{}", at + 1, trial + 1);
            let unit = Unit::new(&key).seed(seed).seconds(seconds);
            let found = context.unit(unit, &identity, || rates(&driven, seed, context))?;
            stage.advance(1)?;
            Ok(found)
        }))?;
        let fields = gather(settings.drive.iter().enumerate().map(|(at, &drive)| {
            let driven = changed(network, 1.0, drive);
            let identity = Identity::new().with_settings("network", &driven);
            let key = format!("mean-field/{}", at + 1);
            context.unit(Unit::new(&key).immediate(), &identity, || {
                mean_field_watched(&driven, &|| context.poll()).map_err(of_simulator)
            })
        }))?;
        let mut populations = Vec::new();
        for (k, population) in network.populations.iter().enumerate() {
            if population.source.is_some() {
                continue;
            }
            let mean = |of: &[Vec<f64>]| of.iter().map(|r| r[k]).sum::<f64>() / of.len() as f64;
            let rate_hz: Vec<f64> = rates.chunks(settings.trials).map(mean).collect();
            let most = rate_hz.iter().fold(0.0f64, |a, &b| a.max(b)).max(f64::MIN_POSITIVE);
            let normalised: Vec<f64> = rate_hz.iter().map(|rate| rate / most).collect();
            populations.push(PopulationLine {
                name: population.name.clone(),
                line: linear_regression(&settings.drive, &normalised).or_failed()?,
                rate_hz,
                mean_field_hz: fields.iter().map(|field| field.rates_hz[k]).collect(),
            });
        }
        let drive = settings.drive.clone();
        Ok(PopulationsLinearityResults { network: network.clone(), drive, populations })
    }

    fn report(found: &PopulationsLinearityResults) -> Report {
        let mut report =
            Report::new("Do the rates of populations follow the drive in straight lines?");
        report.subtitle("Linearity of the response of each population");
        report.strip([
            Step::new("Drive", &format!("{} values", found.drive.len())),
            Step::new("Rates", &format!("of {} populations, Hz", found.populations.len())),
            Step::new("Straight line", "R² and the largest deviation from it"),
        ]);
        for PopulationLine { name, line, .. } in &found.populations {
            report.found(&match line.r_squared {
                Some(r) => format!(
                    "{name}: a straight line explains {:.2} % of the variance of the rate; the largest \
                     deviation from it is {:.1} % of the largest rate.",
                    100.0 * r,
                    100.0 * line.max_residual
                ),
                None => format!("{name}: the rate does not change with the drive."),
            });
        }
        report.heading("Linearity").table("linearity", &lines(found)).figure(
            "linearity",
            &figure(found),
            "Left: rates over the largest, and their straight lines (dashed). Right: rates, and those \
             of the mean field (dotted).",
        );
        report.table("rates", &rate_table(found));
        report.heading("Network");
        report.table("populations", &tables::populations(&found.network, "Populations"));
        report
    }

    fn metrics(found: &PopulationsLinearityResults) -> Metrics {
        let mut metrics = Metrics::default();
        for PopulationLine { name, line, .. } in &found.populations {
            metrics.put(format!("{name}.slope"), line.slope);
            metrics.put_some(format!("{name}.r_squared"), line.r_squared);
            metrics.put(format!("{name}.max_deviation"), line.max_residual);
        }
        metrics
    }

    fn summary_within(found: &PopulationsLinearityResults, width: usize) -> String {
        lines(found).to_text_within(width)
    }
}

/// The rates of all populations of one network, Hz.
fn rates(network: &Network, seed: u64, context: &Context<'_>) -> Result<Vec<f64>, StudyError> {
    let watch = &|| context.poll();
    let built = Built::build_watched(network, seed, 1, watch).map_err(of_simulator)?;
    let mut simulation = Simulation::new(&built, seed);
    simulation.set_learning(false);
    let report = &mut |_: f64| context.poll();
    simulation.advance(network.warm_up, &mut Recording::nothing(), report).map_err(of_simulator)?;
    let mut recording = Recording::spikes();
    simulation.advance(network.duration, &mut recording, report).map_err(of_simulator)?;
    Ok(recording.rates_hz(&built))
}

fn lines(found: &PopulationsLinearityResults) -> Table {
    let mut table = Table::new("Linearity of the rates of populations")
        .column(Column::text("population"))
        .column(Column::number("slope").decimals(4))
        .column(Column::number("R²").key("r_squared").decimals(4))
        .column(Column::number("largest deviation").decimals(4))
        .column(Column::number("rms deviation").decimals(4))
        .note("Rates are divided by the largest of the sweep before the line is fitted.");
    for PopulationLine { name, line, .. } in &found.populations {
        table.row([
            name.as_str().into(),
            line.slope.into(),
            line.r_squared.map_or(Cell::Missing, Cell::from),
            line.max_residual.into(),
            line.rms_residual.into(),
        ]);
    }
    table
}

fn rate_table(found: &PopulationsLinearityResults) -> Table {
    let mut table = Table::new("Rates")
        .column(Column::text("population"))
        .column(Column::number("drive").decimals(3))
        .column(Column::number("rate").unit("Hz").decimals(3))
        .column(Column::number("mean-field rate").unit("Hz").decimals(3));
    for population in &found.populations {
        let rates = population.rate_hz.iter().zip(&population.mean_field_hz);
        for (&drive, (&rate, &field)) in found.drive.iter().zip(rates) {
            table.row([population.name.as_str().into(), drive.into(), rate.into(), field.into()]);
        }
    }
    table
}

fn figure(found: &PopulationsLinearityResults) -> Figure {
    let mut plot = Plot::new("Rate against drive")
        .x_axis(Axis::new("factor of the drive"))
        .y_axis(Axis::new("rate / largest rate").from(0.0));
    let mut absolute = Plot::new("Rates and mean field")
        .x_axis(Axis::new("factor of the drive"))
        .y_axis(Axis::new("rate").unit("Hz").from(0.0));
    let drive = &found.drive;
    for (k, population) in found.populations.iter().enumerate() {
        let PopulationLine { name, rate_hz, mean_field_hz, line } = population;
        let color = Color::cycle(k);
        let most = rate_hz.iter().fold(f64::MIN_POSITIVE, |a, &b| a.max(b));
        let normalised: Vec<f64> = rate_hz.iter().map(|rate| rate / most).collect();
        let fitted: Vec<f64> = drive.iter().map(|x| line.slope * x + line.intercept).collect();
        let normalised = Line::new(drive, &normalised).color(color).marker(Marker::Circle);
        let rate = Line::new(drive, rate_hz).color(color).marker(Marker::Circle);
        let field = Line::new(drive, mean_field_hz).color(color);
        plot = plot
            .with(Line::new(drive, &fitted).color(color).dash(Dash::Dashed).width(0.8))
            .with(normalised.width(0.0).label(name));
        absolute = absolute.with(field.dash(Dash::Dotted).width(0.8)).with(rate.label(name));
    }
    Figure::new().columns(2).panel(plot).panel(absolute)
}
