//! `equipoise balance track`: how the population rate follows an external rate that changes.

use equipoise_encoder::balance::{Stop, Tracking, TrackingConfig, Waveform, tracking};
use equipoise_encoder::network::Network;
use equipoise_figure::{Axis, Color, Dash, Figure, Line, Panel, Plot};
use equipoise_report::{Cell, Column, Report, Table};
use serde::{Deserialize, Serialize};

use super::choice::{self, Case, NetworkArgs, Preset, RegimeChoice};
use super::figures;
use crate::Global;
use crate::console::print;
use crate::failure::{OrFail, Outcome};
use crate::interrupt;
use crate::job::{self, Job};

/// The waveforms by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    Ramp,
    Step,
    Sinusoid,
}

/// Options of `balance track`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Only this waveform [default: all three]
    #[arg(long, value_enum)]
    waveform: Option<Shape>,
    /// Trials over which the rate is averaged
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
    /// External rate at the top of a waveform, in units of the threshold rate.
    peak: f64,
    waveforms: Vec<Waveform>,
    trials: usize,
    duration: f64,
    bin_ms: f64,
    smoothing_ms: f64,
    greatest_lag_ms: f64,
    network: toml::Table,
}

const RAMP: Waveform = Waveform::Ramp { low: 0.0, rise_ms: 700.0 };
const STEP: Waveform = Waveform::Step { low: 0.4, on_ms: 300.0, off_ms: 600.0 };
const SINUSOID: Waveform = Waveform::Sinusoid { low: 0.4, period_ms: 200.0 };

impl Default for Config {
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
            network: toml::Table::new(),
        }
    }
}

impl Config {
    fn cases(&self) -> Result<Vec<Case>, String> {
        let mut base = choice::base(self.preset, &self.network)?;
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

impl job::Config for Config {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
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
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let waveforms = args.waveform.map(|shape| {
        vec![match shape {
            Shape::Ramp => RAMP,
            Shape::Step => STEP,
            Shape::Sinusoid => SINUSOID,
        }]
    });
    let flags = args.network.flags().set("waveforms", &waveforms).set("trials", &args.trials);
    Job::<Config>::open("balance-track", &args.network.run, flags, global)?.run(work)
}

fn work(job: &Job<Config>) -> Outcome {
    let config = &job.config;
    let cases = config.cases().or_request()?;
    let runs = cases.len() * config.waveforms.len() * config.trials;
    let task = job.progress.task("tracking", runs as u64);
    let done = || task.advance(1);
    let stop = Stop::on(job.stop(), &done);
    let mut found: Vec<Vec<Tracking>> = Vec::new();
    for case in &cases {
        let network = Network::build(&case.network, None, config.seed).or_request()?;
        let mut row = Vec::new();
        for waveform in &config.waveforms {
            let result = tracking(&network, &config.tracking(*waveform), config.seed, &stop);
            interrupt::check()?;
            row.push(result.or_run()?);
        }
        found.push(row);
    }
    task.finish();

    let mut table = Table::new("Tracking")
        .column(Column::text("waveform"))
        .column(Column::text("regime"))
        .column(Column::number("lag").unit("ms").decimals(1))
        .column(Column::number("correlation at the lag").decimals(4))
        .column(Column::number("correlation at lag 0").decimals(4))
        .column(Column::number("normalised error").decimals(4))
        .note(
            "The error is the root mean square of the rate, scaled onto the input by one factor, \
             minus the input, over the range of the input.",
        );
    let mut traces = Table::new("Traces")
        .column(Column::text("waveform"))
        .column(Column::text("regime"))
        .column(Column::number("time").unit("ms").decimals(2))
        .column(Column::number("input").decimals(5))
        .column(Column::number("rate").unit("Hz").decimals(3));
    let mut figure = Figure::new().columns(1);
    for (w, waveform) in config.waveforms.iter().enumerate() {
        let mut plot = Plot::new(&format!("{}: input and scaled rate", waveform.name()))
            .x_axis(Axis::new("time").unit("ms").range(0.0, config.duration))
            .y_axis(Axis::new("in units of the input's peak").from(0.0))
            .with(
                Line::new(&found[0][w].time_ms, &found[0][w].input)
                    .label("input")
                    .color(Color::GREY)
                    .dash(Dash::Dashed),
            );
        for (k, case) in cases.iter().enumerate() {
            let result = &found[k][w];
            plot = plot.with(
                Line::new(&result.time_ms, &result.scaled)
                    .label(&case.name)
                    .color(figures::color(&case.name, k))
                    .width(1.0),
            );
            table.row([
                waveform.name().into(),
                case.name.as_str().into(),
                result.lag_ms.into(),
                result.correlation.into(),
                result.correlation_at_zero.into(),
                result.error.into(),
            ]);
            for ((&t, &input), &rate) in
                result.time_ms.iter().zip(&result.input).zip(&result.rate_hz)
            {
                let row: [Cell; 5] = [
                    waveform.name().into(),
                    case.name.as_str().into(),
                    t.into(),
                    input.into(),
                    rate.into(),
                ];
                traces.row(row);
            }
        }
        figure = figure.panel(Panel::new(plot).height(150.0));
    }
    print(table.to_text());
    job.dir.write_csv("traces", &traces).or_run()?;
    let mut report = Report::new("How quickly does the network follow its input?");
    report.subtitle("Tracking of an external rate that changes in time");
    report.heading("Tracking").table("tracking", &table);
    report.figure(
        "tracking",
        &figure,
        "The external rate (dashed) and the population rates, each scaled onto it by one factor, \
         averaged over trials.",
    );
    job.dir.save_report(&report).or_run()?;
    Ok(())
}
