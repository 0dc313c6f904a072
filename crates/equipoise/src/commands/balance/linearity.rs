//! `equipoise balance linearity`: the population rate against the external rate.

use equipoise_encoder::balance::{Linearity, Stop, linearity};
use equipoise_figure::{Axis, Dash, Figure, Line, Marker, Plot};
use equipoise_report::{Cell, Column, Report, Table};
use serde::{Deserialize, Serialize};

use super::choice::{self, Case, NetworkArgs, Preset, RegimeChoice};
use super::figures;
use crate::Global;
use crate::console::print;
use crate::failure::{OrFail, Outcome};
use crate::interrupt;
use crate::job::{self, Job};

/// Options of `balance linearity`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Networks over which each rate is averaged
    #[arg(long, value_name = "N")]
    trials: Option<usize>,
}

/// What a person can say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    seed: u64,
    preset: Preset,
    regimes: Vec<RegimeChoice>,
    /// The external rates, in units of the threshold rate.
    sweep: Vec<f64>,
    trials: usize,
    network: toml::Table,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            preset: Preset::Brunel,
            regimes: choice::default_regimes(),
            sweep: vec![1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0],
            trials: 1,
            network: toml::Table::new(),
        }
    }
}

impl Config {
    fn cases(&self) -> Result<Vec<Case>, String> {
        choice::cases(&choice::base(self.preset, &self.network)?, &self.regimes)
    }
}

impl job::Config for Config {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if self.trials == 0 {
            return Err("`trials` is 0; at least one network is needed".to_owned());
        }
        if self.sweep.len() < 3 || !self.sweep.windows(2).all(|w| w[0] < w[1]) {
            return Err("`sweep` needs at least three values, ascending".to_owned());
        }
        if let Some(bad) = self.sweep.iter().find(|&&eta| !(eta > 0.0 && eta.is_finite())) {
            return Err(format!("`sweep`: {bad} is not a positive number"));
        }
        self.cases().map(|_| ())
    }
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = args.network.flags().set("trials", &args.trials);
    Job::<Config>::open("balance-linearity", &args.network.run, flags, global)?.run(work)
}

fn work(job: &Job<Config>) -> Outcome {
    let config = &job.config;
    let cases = config.cases().or_request()?;
    let runs = cases.len() * config.sweep.len() * config.trials;
    let task = job.progress.task("sweeping", runs as u64);
    let done = || task.advance(1);
    let stop = Stop::on(job.stop(), &done);
    let mut found: Vec<Linearity> = Vec::new();
    for case in &cases {
        let result = linearity(&case.network, &config.sweep, config.trials, config.seed, &stop);
        interrupt::check()?;
        found.push(result.or_run()?);
    }
    task.finish();

    let mut lines = Table::new("Linearity of the population rate")
        .column(Column::text("regime"))
        .column(Column::number("slope").decimals(4))
        .column(Column::number("R²").key("r_squared").decimals(4))
        .column(Column::number("largest deviation").decimals(4))
        .column(Column::number("rms deviation").decimals(4))
        .column(Column::number("R² of the mean field").key("mean_field_r_squared").decimals(4))
        .note("Rates are divided by the largest of the sweep before the line is fitted.");
    let mut rates = Table::new("Rates")
        .column(Column::text("regime"))
        .column(Column::number("eta").decimals(3))
        .column(Column::number("rate").unit("Hz").decimals(2))
        .column(Column::number("mean-field rate").unit("Hz").decimals(2));
    let mut plot = Plot::new("Rate against external rate")
        .x_axis(Axis::new("external rate η (in units of the threshold rate)"))
        .y_axis(Axis::new("rate / largest rate").from(0.0));
    let mut absolute = Plot::new("Rates and mean field")
        .x_axis(Axis::new("external rate η"))
        .y_axis(Axis::new("rate").unit("Hz").from(0.0));
    for (k, (case, found)) in cases.iter().zip(&found).enumerate() {
        let (line, color) = (&found.line, figures::color(&case.name, k));
        let fitted: Vec<f64> =
            found.eta.iter().map(|eta| line.slope * eta + line.intercept).collect();
        plot = plot
            .with(Line::new(&found.eta, &fitted).color(color).dash(Dash::Dashed).width(0.8))
            .with(
                Line::new(&found.eta, &found.normalised)
                    .color(color)
                    .marker(Marker::Circle)
                    .width(0.0)
                    .label(&case.name),
            );
        absolute = absolute
            .with(
                Line::new(&found.eta, &found.mean_field_hz)
                    .color(color)
                    .dash(Dash::Dotted)
                    .width(0.8),
            )
            .with(
                Line::new(&found.eta, &found.rate_hz)
                    .color(color)
                    .marker(Marker::Circle)
                    .label(&case.name),
            );
        let r_squared = line.r_squared.map_or(Cell::Missing, Cell::from);
        let field = found.mean_field_line.and_then(|l| l.r_squared);
        lines.row([
            case.name.as_str().into(),
            line.slope.into(),
            r_squared,
            line.max_residual.into(),
            line.rms_residual.into(),
            field.map_or(Cell::Missing, Cell::from),
        ]);
        for ((&eta, &rate), &field) in
            found.eta.iter().zip(&found.rate_hz).zip(&found.mean_field_hz)
        {
            rates.row([case.name.as_str().into(), eta.into(), rate.into(), field.into()]);
        }
    }
    print(lines.to_text());
    let mut report = Report::new("Does the rate follow the external rate in a straight line?");
    report.subtitle("Linearity of the population response");
    report.heading("Linearity").table("linearity", &lines);
    report.figure(
        "linearity",
        &Figure::new().columns(2).panel(plot).panel(absolute),
        "Left: normalised rates and their straight lines (dashed). Right: rates and the mean-field \
         rates of Siegert's formula (dotted).",
    );
    report.table("rates", &rates);
    job.dir.save_report(&report).or_run()?;
    Ok(())
}
