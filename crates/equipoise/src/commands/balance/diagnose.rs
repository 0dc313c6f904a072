//! `equipoise balance`: simulate and diagnose a network, or several regimes side by side.

use equipoise_encoder::balance::{Diagnosis, DiagnosisConfig, Recording, diagnose};
use equipoise_encoder::network::{Network, Probe};
use equipoise_report::{Cell, Column, Report, Table};
use serde::{Deserialize, Serialize};

use super::choice::{self, Case, NetworkArgs, Preset, RegimeChoice};
use super::figures;
use crate::Global;
use crate::console::print;
use crate::failure::{OrFail, Outcome};
use crate::interrupt;
use crate::job::{self, Job};

/// Options of `balance` without a subcommand.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Length of the recording that figures show, ms
    #[arg(long, value_name = "MS")]
    window: Option<f64>,
    /// Neurons whose potential and inputs are written to a table, such as 0,17
    #[arg(long, value_name = "NEURONS", value_delimiter = ',')]
    record: Option<Vec<usize>>,
}

/// What a person can say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    seed: u64,
    preset: Preset,
    regimes: Vec<RegimeChoice>,
    /// Length of the recording that figures show, ms.
    window: f64,
    /// Neurons whose potential and inputs are written to a table, a row each `diagnosis.sample_ms`.
    record: Vec<usize>,
    network: toml::Table,
    diagnosis: DiagnosisConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            preset: Preset::Brunel,
            regimes: Vec::new(),
            window: 300.0,
            record: Vec::new(),
            network: toml::Table::new(),
            diagnosis: DiagnosisConfig::default(),
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
        if !(self.window > 0.0 && self.window.is_finite()) {
            return Err(format!("`window`: {} ms is not a positive time", self.window));
        }
        self.diagnosis.validate().map_err(|e| e.to_string())?;
        for case in self.cases()? {
            let neurons = case.network.neurons;
            if let Some(neuron) = self.record.iter().find(|&&neuron| neuron >= neurons) {
                return Err(format!(
                    "`record`: neuron {neuron}, but there are {neurons} from 0 on"
                ));
            }
            if case.network.duration < 2.0 * self.diagnosis.count_ms {
                return Err(format!(
                    "`network.duration`: {} ms are fewer than two windows of {} ms",
                    case.network.duration, self.diagnosis.count_ms
                ));
            }
        }
        Ok(())
    }
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = args.network.flags().set("window", &args.window).set("record", &args.record);
    Job::<Config>::open("balance", &args.network.run, flags, global)?.run(work)
}

fn work(job: &Job<Config>) -> Outcome {
    let config = &job.config;
    let cases = config.cases().or_request()?;
    let task = job.progress.task("simulating", cases.len() as u64);
    let mut recordings: Vec<Recording> = Vec::new();
    for case in &cases {
        interrupt::check()?;
        let network = Network::build(&case.network, None, config.seed).or_request()?;
        let trial = network.trial(config.seed, 0);
        recordings.push(diagnose(&network, &trial, &config.diagnosis).or_run()?);
        if !config.record.is_empty() {
            let interval = case.network.steps(config.diagnosis.sample_ms).max(1);
            // The same trial again: recording changes no spike.
            let mut probe = Probe::of(config.record.clone(), interval);
            network.run(&trial, &mut probe).or_run()?;
            job.dir.write_csv(&format!("recording-{}", case.name), &traces(&probe)).or_run()?;
        }
        task.advance(1);
    }
    task.finish();

    let mut report = Report::new("Is the network balanced?");
    report.subtitle("Diagnosis from a simulation");
    for (case, recording) in cases.iter().zip(&recordings) {
        let found = &recording.diagnosis;
        print(format!("{}: {}", case.name, found.verdict));
        report.summary(&format!("{}: {}.", case.name, found.verdict));
        report.tile(
            &case.name,
            if found.verdict.balanced { "balanced" } else { "not balanced" },
            "",
            &format!("{:.1} Hz, {}", found.rate_hz, found.verdict.state.label()),
        );
        job.dir.write_json(&format!("diagnosis-{}.json", case.name), found).or_run()?;
    }
    report.heading("Numbers").table("diagnosis", &numbers(&cases, &recordings));
    report.heading("Verdict");
    report.paragraph(
        "A network is called balanced if every criterion below is met: excitation and inhibition, \
         each large against the threshold, cancel to a net input of the order of the threshold, \
         and the neurons fire irregularly and not together.",
    );
    report.table("verdict", &reasons(&cases, &recordings));
    report.heading("Activity");
    for (case, recording) in cases.iter().zip(&recordings) {
        let figure = figures::network(
            &case.name,
            &case.network,
            recording,
            config.window,
            config.diagnosis.minimum_spikes,
        );
        report.figure(
            &format!("activity-{}", case.name),
            &figure,
            &format!(
                "{}: spikes of 100 neurons, population rate, excitatory, inhibitory and net input \
                 of one neuron; distributions of the inter-spike intervals and of their CV.",
                case.name
            ),
        );
    }
    job.dir.save_report(&report).or_run()?;
    Ok(())
}

/// Potential and inputs of the recorded neurons.
fn traces(probe: &Probe) -> Table {
    let mut table = Table::new("Potentials and inputs")
        .column(Column::integer("neuron"))
        .column(Column::number("time").unit("ms").decimals(3))
        .column(Column::number("potential").unit("mV").decimals(4))
        .column(Column::number("excitatory input").unit("mV").decimals(4))
        .column(Column::number("inhibitory input").unit("mV").decimals(4));
    for (k, &neuron) in probe.neurons().iter().enumerate() {
        let inputs = probe.excitatory(k).iter().zip(probe.inhibitory(k));
        for (sample, (&v, (&e, &i))) in probe.potential(k).iter().zip(inputs).enumerate() {
            table.row([
                Cell::Integer(neuron as i64),
                ((sample + 1) as f64 * probe.sample_ms()).into(),
                f64::from(v).into(),
                f64::from(e).into(),
                f64::from(i).into(),
            ]);
        }
    }
    table
}

fn numbers(cases: &[Case], recordings: &[Recording]) -> Table {
    type Value = fn(&Diagnosis) -> Option<f64>;
    let rows: [(&str, Value); 18] = [
        ("rate (Hz)", |d| Some(d.rate_hz)),
        ("rate of excitatory neurons (Hz)", |d| Some(d.excitatory_rate_hz)),
        ("rate of inhibitory neurons (Hz)", |d| Some(d.inhibitory_rate_hz)),
        ("mean-field rate (Hz)", |d| Some(d.mean_field_rate_hz)),
        ("excitatory input (mV)", |d| Some(d.excitation)),
        ("inhibitory input (mV)", |d| Some(d.inhibition)),
        ("net input (mV)", |d| Some(d.net)),
        ("inhibition over excitation", |d| Some(d.inhibition_over_excitation)),
        ("net over excitation", |d| Some(d.net_over_excitation)),
        ("correlation of excitation and inhibition", |d| d.input_correlation),
        ("CV, mean over neurons", |d| d.irregularity.cv.mean),
        ("CV, median", |d| d.irregularity.cv.median),
        ("local variation, mean", |d| d.irregularity.local_variation.mean),
        ("Fano factor, mean", |d| d.fano.mean),
        ("synchrony index chi", |d| d.synchrony.map(|s| s.chi)),
        ("count correlation, mean over pairs", |d| d.count_correlations.mean),
        ("count correlation, lower quartile", |d| d.count_correlations.pairs.lower_quartile),
        ("count correlation, upper quartile", |d| d.count_correlations.pairs.upper_quartile),
    ];
    let mut table = Table::new("Diagnosis").column(Column::text("quantity"));
    for case in cases {
        table = table.column(Column::number(&case.name).decimals(3));
    }
    for (name, value) in rows {
        let cells = recordings.iter().map(|r| number(value(&r.diagnosis)));
        table.row(std::iter::once(Cell::from(name)).chain(cells));
    }
    table
}

fn reasons(cases: &[Case], recordings: &[Recording]) -> Table {
    let mut table = Table::new("Criteria of balance")
        .column(Column::text("network"))
        .column(Column::text("criterion"))
        .column(Column::number("found").decimals(3))
        .column(Column::text("bound"))
        .column(Column::text("met"));
    for (case, recording) in cases.iter().zip(recordings) {
        for reason in &recording.diagnosis.verdict.reasons {
            let relation = if reason.at_least { "at least" } else { "at most" };
            table.row([
                case.name.as_str().into(),
                reason.criterion.as_str().into(),
                number(reason.value),
                format!("{relation} {}", reason.bound).into(),
                if reason.met { "yes" } else { "no" }.into(),
            ]);
        }
    }
    table
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, Cell::from)
}
