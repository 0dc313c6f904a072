//! The population rate against the external rate.

use std::path::Path;

use equipoise_encoder::balance::{self, BalanceError, Linearity};
use equipoise_encoder::network::{Network, NetworkConfig};
use equipoise_figure::{Axis, Dash, Figure, Line, Marker, Plot};
use equipoise_report::{Cell, Column, Report, Step, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::{self, Case, NetworkChoice, Preset, RegimeChoice};
use super::figures;
use super::units::{Planned, units};
use crate::context::{Stage, gather};
use crate::{Context, Identity, Metrics, OrStudyError, Settings, Study, StudyError, cost, strip};

/// The settings of a study of linearity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinearitySettings {
    /// Seed of the networks and their input.
    pub seed: u64,
    /// The network that settings are changed of.
    pub preset: Preset,
    /// The regimes to compare.
    pub regimes: Vec<RegimeChoice>,
    /// The external rates, in units of the threshold rate.
    pub sweep: Vec<f64>,
    /// Networks over which each rate is averaged.
    pub trials: usize,
    /// The network, or what is changed of the preset.
    pub network: NetworkChoice,
}

impl Default for LinearitySettings {
    fn default() -> Self {
        Self {
            seed: 0,
            preset: Preset::Brunel,
            regimes: choice::default_regimes(),
            sweep: vec![1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0],
            trials: 1,
            network: NetworkChoice::default(),
        }
    }
}

impl LinearitySettings {
    fn cases(&self) -> Result<Vec<Case>, String> {
        choice::cases(&self.network.config(self.preset)?, &self.regimes)
    }
}

impl Settings for LinearitySettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        choice::check_trials(self.trials)?;
        if self.sweep.len() < 3 || !self.sweep.windows(2).all(|w| w[0] < w[1]) {
            return Err("`sweep` needs at least three values, ascending".to_owned());
        }
        if let Some(bad) = self.sweep.iter().find(|&&eta| !(eta > 0.0 && eta.is_finite())) {
            return Err(format!("`sweep`: {bad} is not a positive number"));
        }
        self.cases().map(|_| ())
    }

    fn resolved(self) -> Result<Self, String> {
        Ok(Self { network: self.network.config(self.preset)?.into(), ..self })
    }
}

/// What a regime's rate does over the sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The regime with its network.
    pub case: Case,
    /// Its rates and the line through them.
    pub linearity: Linearity,
}

/// The population rate against the external rate; a unit is one rate of one network.
#[derive(Debug)]
pub struct Linear;

impl Study for Linear {
    const NAME: &'static str = "balance-linearity";
    type Settings = LinearitySettings;
    /// The networks of the regimes.
    type Inputs = Vec<Case>;
    type Results = Vec<Response>;

    fn open(settings: &LinearitySettings, _: &Path) -> Result<Vec<Case>, StudyError> {
        settings.cases().or_settings()
    }

    fn run(
        settings: &LinearitySettings,
        cases: &Vec<Case>,
        context: &Context<'_>,
    ) -> Result<Vec<Response>, StudyError> {
        let runs = cases.len() * settings.sweep.len() * settings.trials;
        let stage = context.stage("sweeping", runs as u64)?;
        gather(cases.iter().enumerate().map(|(k, case)| {
            let name = choice::numbered(k, &case.name);
            let trials = 0..settings.trials as u64;
            let rates = gather(
                trials.map(|trial| rates(settings, &name, &case.network, trial, context, &stage)),
            )?;
            let linearity =
                balance::line_through(&case.network, &settings.sweep, &rates).or_failed()?;
            Ok(Response { case: case.clone(), linearity })
        }))
    }

    fn report(found: &Vec<Response>) -> Report {
        let mut report = Report::new("Does the rate follow the external rate in a straight line?");
        report.subtitle("Linearity of the population response");
        if let Some(first) = found.first() {
            let of = |(k, response): (usize, &'_ Response)| {
                let Linearity { eta, rate_hz, .. } = &response.linearity;
                (eta.clone(), rate_hz.clone(), figures::color(&response.case.name, k))
            };
            let curves: Vec<_> = found.iter().enumerate().map(of).collect();
            let curves = curves.iter().map(|(x, y, color)| (&x[..], &y[..], *color));
            let mut rates = Step::new("Rates", "of the population, Hz");
            if let Some(figure) = strip::curves(curves) {
                rates = rates.figure(&figure);
            }
            report.strip([
                Step::new("External rate", &format!("{} values", first.linearity.eta.len())),
                rates,
                Step::new("Straight line", "R² and the largest deviation from it"),
            ]);
        }
        for Response { case, linearity } in found {
            let line = &linearity.line;
            report.found(&match line.r_squared {
                Some(r) => format!(
                    "{}: a straight line explains {:.2} % of the variance of the rate; the \
                     largest deviation from it is {:.1} % of the largest rate.",
                    case.name,
                    100.0 * r,
                    100.0 * line.max_residual
                ),
                None => format!("{}: the rate does not change with the external rate.", case.name),
            });
        }
        report.heading("Linearity").table("linearity", &lines(found));
        report.figure(
            "linearity",
            &figure(found),
            "Left: normalised rates and their straight lines (dashed). Right: rates and the \
             mean-field rates of Siegert's formula (dotted).",
        );
        report.table("rates", &rate_table(found));
        let cases: Vec<&Case> = found.iter().map(|response| &response.case).collect();
        report.heading("Network").table("network", &choice::network_table(&cases));
        report
    }

    fn metrics(found: &Vec<Response>) -> Metrics {
        let mut metrics = Metrics::default();
        for Response { case, linearity } in found {
            let name = &case.name;
            metrics.put(format!("{name}.slope"), linearity.line.slope);
            metrics.put_some(format!("{name}.r_squared"), linearity.line.r_squared);
            metrics.put(format!("{name}.max_deviation"), linearity.line.max_residual);
            metrics.put(format!("{name}.rms_deviation"), linearity.line.rms_residual);
        }
        metrics
    }

    fn summary_within(found: &Vec<Response>, width: usize) -> String {
        lines(found).to_text_within(width)
    }
}

/// The rates of one network over the sweep.
fn rates(
    settings: &LinearitySettings,
    name: &str,
    network: &NetworkConfig,
    trial: u64,
    context: &Context<'_>,
    stage: &Stage<'_>,
) -> Result<Vec<f64>, StudyError> {
    let failed = |error: BalanceError| StudyError::failed(error);
    let base = balance::sweep_base(network, &settings.sweep).or_settings()?;
    let identity = Identity::new().with_settings("network", &base).with("seed", settings.seed);
    let seconds = cost::simulation(&base, base.duration);
    let planned: Vec<Planned> = settings
        .sweep
        .iter()
        .map(|&eta| {
            let key = format!("rates/{name}-{}-{eta}", trial + 1);
            (key, identity.clone().with_settings("point", &(trial, eta)), seconds)
        })
        .collect();
    let seed = settings.seed.wrapping_add(trial);
    let build = || Network::build(&base, None, seed).or_settings();
    units(context, stage, &planned, build, |network, index| {
        balance::rate_at(network, settings.sweep[index], settings.seed, trial).map_err(failed)
    })
}

fn lines(found: &[Response]) -> Table {
    let mut lines = Table::new("Linearity of the population rate")
        .column(Column::text("regime"))
        .column(Column::number("slope").decimals(4))
        .column(Column::number("R²").key("r_squared").decimals(4))
        .column(Column::number("largest deviation").decimals(4))
        .column(Column::number("rms deviation").decimals(4))
        .column(Column::number("R² of the mean field").key("mean_field_r_squared").decimals(4))
        .note("Rates are divided by the largest of the sweep before the line is fitted.");
    for Response { case, linearity } in found {
        let line = &linearity.line;
        let field = linearity.mean_field_line.and_then(|l| l.r_squared);
        lines.row([
            case.name.as_str().into(),
            line.slope.into(),
            line.r_squared.map_or(Cell::Missing, Cell::from),
            line.max_residual.into(),
            line.rms_residual.into(),
            field.map_or(Cell::Missing, Cell::from),
        ]);
    }
    lines
}

fn rate_table(found: &[Response]) -> Table {
    let mut rates = Table::new("Rates")
        .column(Column::text("regime"))
        .column(Column::number("eta").decimals(3))
        .column(Column::number("rate").unit("Hz").decimals(2))
        .column(Column::number("mean-field rate").unit("Hz").decimals(2));
    for Response { case, linearity } in found {
        let measured = linearity.eta.iter().zip(&linearity.rate_hz);
        for ((&eta, &rate), &field) in measured.zip(&linearity.mean_field_hz) {
            rates.row([case.name.as_str().into(), eta.into(), rate.into(), field.into()]);
        }
    }
    rates
}

fn figure(found: &[Response]) -> Figure {
    let mut plot = Plot::new("Rate against external rate")
        .x_axis(Axis::new("external rate η (in units of the threshold rate)"))
        .y_axis(Axis::new("rate / largest rate").from(0.0));
    let mut absolute = Plot::new("Rates and mean field")
        .x_axis(Axis::new("external rate η"))
        .y_axis(Axis::new("rate").unit("Hz").from(0.0));
    for (k, Response { case, linearity }) in found.iter().enumerate() {
        let (line, color) = (&linearity.line, figures::color(&case.name, k));
        let eta = &linearity.eta;
        let fitted: Vec<f64> = eta.iter().map(|eta| line.slope * eta + line.intercept).collect();
        let field = Line::new(eta, &linearity.mean_field_hz).color(color);
        let rate = Line::new(eta, &linearity.rate_hz).color(color).marker(Marker::Circle);
        let normalised = Line::new(eta, &linearity.normalised).color(color).marker(Marker::Circle);
        plot = plot
            .with(Line::new(eta, &fitted).color(color).dash(Dash::Dashed).width(0.8))
            .with(normalised.width(0.0).label(&case.name));
        absolute = absolute.with(field.dash(Dash::Dotted).width(0.8)).with(rate.label(&case.name));
    }
    Figure::new().columns(2).panel(plot).panel(absolute)
}
