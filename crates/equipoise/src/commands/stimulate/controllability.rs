//! `equipoise stimulate controllability`: which changes of the weights stimulation can make.

use std::time::Instant;

use equipoise_figure::{Axis, Color, Figure, Line, Marker, Panel, Plot};
use equipoise_plasticity::stimulation::{
    AssociativeConfig, ControlConfig, Model, NetworkConfig, Objective, PlasticityRule,
    SteadySolver, StimulationError, Transfer, Workspace, controllability, plan, reachable_growth,
};
use equipoise_random::{derive_seed, stream};
use equipoise_report::{Column, NumberFormat, Report, Table};
use serde::{Deserialize, Serialize};

use super::trials::{self, median_of};
use crate::Global;
use crate::failure::{Failure, OrFail, Outcome};
use crate::interrupt;
use crate::job::{Job, RunArgs};
use crate::settings::Flags;

/// All that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    seed: u64,
    /// Number of networks per size and density.
    networks: u64,
    /// Sizes N to analyse, at the density of `network`.
    sizes: Vec<usize>,
    /// Densities to analyse, at the size of `network`.
    densities: Vec<f64>,
    /// Number of stimulations up to which the reachable directions are followed.
    stimulations: usize,
    /// Sizes at which a stimulation is planned and its cost measured; empty for none.
    timed_sizes: Vec<usize>,
    network: NetworkConfig,
    task: AssociativeConfig,
    control: ControlConfig,
    transfer: Transfer,
    rule: PlasticityRule,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            networks: 5,
            sizes: vec![30, 45, 60, 80, 100],
            densities: vec![0.1, 0.25, 0.5, 0.75, 1.0],
            stimulations: 25,
            timed_sizes: vec![30, 100, 300, 1000],
            network: NetworkConfig::default(),
            task: AssociativeConfig::default(),
            control: ControlConfig::default(),
            transfer: Transfer::default(),
            rule: PlasticityRule::default(),
        }
    }
}

impl Config {
    fn network(&self, neurons: usize, density: f64) -> NetworkConfig {
        let share = self.network.inhibitory as f64 / self.network.neurons as f64;
        let inhibitory = (share * neurons as f64).round() as usize;
        NetworkConfig { neurons, inhibitory, density, ..self.network.clone() }
    }
}

impl crate::job::Config for Config {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let wrong = |e: StimulationError| e.to_string();
        if self.networks == 0 || self.stimulations == 0 {
            return Err("networks and stimulations must be at least 1".into());
        }
        self.network.validate().map_err(wrong)?;
        for &neurons in self.sizes.iter().chain(&self.timed_sizes) {
            self.network(neurons, self.network.density).validate().map_err(wrong)?;
            self.task.validate(neurons).map_err(wrong)?;
        }
        for &density in &self.densities {
            self.network(self.network.neurons, density).validate().map_err(wrong)?;
        }
        self.task.validate(self.network.neurons).map_err(wrong)?;
        self.control.validate().map_err(wrong)?;
        self.transfer.validate().map_err(wrong)?;
        self.rule.validate().map_err(wrong)
    }
}

/// Analyse which changes of the weights stimulation can make.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Sizes to analyse, such as 30,60,100
    #[arg(long, value_delimiter = ',', value_name = "N,..")]
    sizes: Option<Vec<usize>>,
    /// Densities to analyse
    #[arg(long, value_delimiter = ',', value_name = "P,..")]
    densities: Option<Vec<f64>>,
    /// Number of networks per size and density
    #[arg(long, value_name = "N")]
    networks: Option<u64>,
    /// Leave out the cost of a step
    #[arg(long)]
    no_timing: bool,
}

/// One network that was analysed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Analysed {
    neurons: usize,
    density: f64,
    network: u64,
    synapses: usize,
    rank: usize,
    singular_values: Vec<f64>,
    one_share: f64,
    dimensions: Vec<usize>,
    shares: Vec<f64>,
    pairs: usize,
}

/// What planning one stimulation cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Timed {
    neurons: usize,
    gradients: usize,
    linearised: usize,
    seconds: f64,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = Flags::default()
        .set("sizes", &args.sizes)
        .set("densities", &args.densities)
        .set("networks", &args.networks)
        .set("timed_sizes", &args.no_timing.then(Vec::<usize>::new));
    Job::<Config>::open("stimulate-controllability", &args.run, flags, global)?.run(work)
}

fn work(job: &Job<Config>) -> Outcome {
    let config = &job.config;
    let mut plan: Vec<(usize, f64, u64)> = Vec::new();
    let sizes = config.sizes.iter().map(|&n| (n, config.network.density));
    let densities = config.densities.iter().map(|&p| (config.network.neurons, p));
    for (neurons, density) in sizes.chain(densities) {
        plan.extend((0..config.networks).map(|network| (neurons, density, network)));
    }
    let analysed = trials::compute(job, "networks", "analysing", plan.len(), |index| {
        let (neurons, density, network) = plan[index];
        analyse(config, neurons, density, network)
    })?;
    let mut timed: Vec<Timed> = job.dir.read_jsonl("timing")?;
    for &neurons in config.timed_sizes.iter().skip(timed.len()) {
        interrupt::check()?;
        job.progress.say(format!("planning a stimulation of {neurons} neurons"));
        let time = time(config, neurons)?;
        job.dir.append_jsonl("timing", &time)?;
        timed.push(time);
    }
    write(job, &analysed, &timed)
}

fn model(config: &Config, neurons: usize, density: f64, seed: u64) -> Outcome<Model> {
    let network = config.network(neurons, density).build(seed).or_request()?;
    Ok(Model { network, transfer: config.transfer, rule: config.rule })
}

fn analyse(config: &Config, neurons: usize, density: f64, network: u64) -> Outcome<Analysed> {
    interrupt::check()?;
    let seed = derive_seed(config.seed, "stimulate/controllability", network);
    let model = model(config, neurons, density, seed)?;
    let task = config.task.build(&model.network, &config.transfer, seed).or_request()?;
    let mut solvers = vec![SteadySolver::new(neurons); task.states()];
    let mut wanted = vec![0.0; neurons * neurons];
    let weights = model.network.weights();
    task.evaluate(&config.transfer, weights, &mut solvers, Some(&mut wanted)).or_run()?;
    let bounds = (config.control.drive_low, config.control.drive_high);
    let mut draws = stream(seed, "stimulate/drive", 0);
    let drive: Vec<f64> = (0..neurons).map(|_| draws.range(bounds.0, bounds.1)).collect();
    let one = controllability(&model, &drive, config.control.duration, &wanted).or_run()?;
    let growth = reachable_growth(&model, config.stimulations, bounds, &wanted, seed).or_run()?;
    let mask = model.network.mask();
    let both = |i: usize, j: usize| mask[i + j * neurons] + mask[j + i * neurons] > 0.0;
    let pairs = (0..neurons).map(|i| (0..i).filter(|&j| both(i, j)).count()).sum();
    Ok(Analysed {
        neurons,
        density,
        network,
        synapses: one.synapses,
        rank: one.rank,
        singular_values: one.singular_values,
        one_share: one.reachable_share.unwrap_or(f64::NAN),
        dimensions: growth.dimensions,
        shares: growth.reachable_share,
        pairs,
    })
}

fn time(config: &Config, neurons: usize) -> Outcome<Timed> {
    let seed = derive_seed(config.seed, "stimulate/timing", neurons as u64);
    let model = model(config, neurons, config.network.density, seed)?;
    let task = config.task.build(&model.network, &config.transfer, seed).or_request()?;
    let mut workspace = Workspace::new(neurons, task.states());
    // One thread, so that the number does not depend on how many cores there are.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .map_err(|e| Failure::run(format!("cannot start a thread: {e}")))?;
    let repeats = if neurons <= 100 { 5 } else { 1 };
    let start = Instant::now();
    let mut evaluations = (0, 0);
    for repeat in 0..repeats {
        let planned = pool
            .install(|| plan(&model, &task, &config.control, &mut workspace, None, seed, repeat))
            .or_run()?;
        evaluations.0 += planned.evaluations.0;
        evaluations.1 += planned.evaluations.1;
    }
    let repeats = repeats as usize;
    Ok(Timed {
        neurons,
        seconds: start.elapsed().as_secs_f64() / repeats as f64,
        linearised: evaluations.0 / repeats,
        gradients: evaluations.1 / repeats,
    })
}

fn write(job: &Job<Config>, analysed: &[Analysed], timed: &[Timed]) -> Outcome {
    let config = &job.config;
    let mut table = Table::new("Medians over the networks.")
        .column(Column::integer("neurons"))
        .column(Column::number("density").decimals(2))
        .column(Column::integer("synapses"))
        .column(Column::integer("rank of one"))
        .column(Column::percent("share of one", 1))
        .column(Column::integer("stimulations"))
        .column(Column::integer("directions"))
        .column(Column::integer("connected pairs + 2N"))
        .column(Column::percent("share of all", 1));
    let of = |neurons: usize, density: f64| -> Vec<&Analysed> {
        analysed.iter().filter(|a| a.neurons == neurons && a.density == density).collect()
    };
    let mut conditions: Vec<(usize, f64)> = Vec::new();
    for a in analysed {
        if !conditions.contains(&(a.neurons, a.density)) {
            conditions.push((a.neurons, a.density));
        }
    }
    for &(neurons, density) in &conditions {
        let group = of(neurons, density);
        let middle = |f: &dyn Fn(&Analysed) -> f64| {
            median_of(group.iter().map(|a| f(a))).unwrap_or(f64::NAN)
        };
        table.row([
            neurons.into(),
            density.into(),
            (middle(&|a| a.synapses as f64).round() as usize).into(),
            (middle(&|a| a.rank as f64).round() as usize).into(),
            middle(&|a| a.one_share).into(),
            config.stimulations.into(),
            (middle(&|a| last(&a.dimensions) as f64).round() as usize).into(),
            (middle(&|a| (a.pairs + 2 * a.neurons) as f64).round() as usize).into(),
            middle(&|a| a.shares.last().copied().unwrap_or(f64::NAN)).into(),
        ]);
    }
    let mut report = Report::new("What stimulation can reach");
    report
        .subtitle("Controllability of the synapses of a rate network")
        .summary(
            "One stimulation has as many degrees of freedom as there are neurons, and there are far \
             more synapses. This report counts the directions in which stimulation can move the \
             weights, says which share of the wanted change (−grad U of the associative task) lies \
             in them, and measures what planning a stimulation costs.",
        )
        .heading("Reach")
        .table("reach", &table)
        .paragraph(
            "Rank: directions that one stimulation reaches to first order, at most N. Directions: \
             those of many stimulations together, at the present weights: at most K N after K, and \
             at most the number of connected pairs and 2N, because the two synapses of a pair that \
             is connected both ways share the product of the two rates.",
        );
    let figure = Figure::new()
        .columns(2)
        .panel(spectra(config, analysed))
        .panel(growth(config, analysed))
        .panel(shares(&conditions, analysed, config, true))
        .panel(shares(&conditions, analysed, config, false));
    report.figure(
        "reach",
        &figure,
        "Singular values of d vec(ΔJ)/df of one stimulation, for networks of several sizes. The share \
         of −grad U within reach over the number of stimulations. The share that one stimulation \
         reaches, over size and density: the median, and bars from the least to the most of the networks.",
    );
    if !timed.is_empty() {
        cost(config, &mut report, timed);
        job.dir.write_records("cost-of-a-step", timed)?;
    }
    job.dir.save_report(&report)?;
    let first = table_line(config, analysed);
    crate::console::print(first);
    for t in timed {
        crate::console::print(format!(
            "{} neurons: {:.4} s to plan a stimulation ({} linearised and {} full gradients)",
            t.neurons, t.seconds, t.linearised, t.gradients
        ));
    }
    Ok(())
}

fn last(values: &[usize]) -> usize {
    values.last().copied().unwrap_or(0)
}

fn table_line(config: &Config, analysed: &[Analysed]) -> String {
    let share = median_of(analysed.iter().map(|a| a.one_share)).unwrap_or(f64::NAN);
    let all = median_of(analysed.iter().filter_map(|a| a.shares.last().copied()));
    format!(
        "one stimulation reaches {:.0} % of −grad U, {} stimulations reach {:.0} % (medians)",
        100.0 * share,
        config.stimulations,
        100.0 * all.unwrap_or(f64::NAN)
    )
}

fn spectra(config: &Config, analysed: &[Analysed]) -> Plot {
    let mut plot = Plot::new("Singular values of one stimulation")
        .x_axis(Axis::new("index"))
        .y_axis(Axis::new("singular value").log());
    for (index, &neurons) in config.sizes.iter().enumerate() {
        let found =
            analysed.iter().find(|a| a.neurons == neurons && a.density == config.network.density);
        if let Some(a) = found {
            let x: Vec<f64> = (1..=a.singular_values.len()).map(|i| i as f64).collect();
            plot = plot.with(
                Line::new(&x, &a.singular_values)
                    .color(Color::cycle(index))
                    .label(&format!("N = {neurons}")),
            );
        }
    }
    plot
}

fn growth(config: &Config, analysed: &[Analysed]) -> Plot {
    let mut plot = Plot::new("Reach of many stimulations")
        .x_axis(Axis::new("stimulations").from(0.0))
        .y_axis(Axis::new("share of −grad U").unit("%").range(0.0, 105.0));
    for (index, &neurons) in config.sizes.iter().enumerate() {
        let found =
            analysed.iter().find(|a| a.neurons == neurons && a.density == config.network.density);
        if let Some(a) = found {
            let x: Vec<f64> = (1..=a.shares.len()).map(|i| i as f64).collect();
            let y: Vec<f64> = a.shares.iter().map(|s| 100.0 * s).collect();
            plot = plot.with(
                Line::new(&x, &y).color(Color::cycle(index)).label(&format!("N = {neurons}")),
            );
        }
    }
    plot
}

fn shares(
    conditions: &[(usize, f64)],
    analysed: &[Analysed],
    config: &Config,
    by_size: bool,
) -> Panel {
    let (title, axis) = if by_size {
        ("Reach of one, over size", Axis::new("neurons"))
    } else {
        ("Reach of one, over density", Axis::new("density").range(0.0, 1.05))
    };
    let (mut x, mut y, mut low, mut high) = (vec![], vec![], vec![], vec![]);
    for &(neurons, density) in conditions {
        let wanted = if by_size {
            density == config.network.density && config.sizes.contains(&neurons)
        } else {
            neurons == config.network.neurons && config.densities.contains(&density)
        };
        if !wanted {
            continue;
        }
        let group: Vec<f64> = analysed
            .iter()
            .filter(|a| a.neurons == neurons && a.density == density)
            .map(|a| 100.0 * a.one_share)
            .collect();
        x.push(if by_size { neurons as f64 } else { density });
        y.push(median_of(group.iter().copied()).unwrap_or(f64::NAN));
        low.push(group.iter().copied().fold(f64::INFINITY, f64::min));
        high.push(group.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    }
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    let sorted = |v: &[f64]| order.iter().map(|&i| v[i]).collect::<Vec<f64>>();
    Panel::new(
        Plot::new(title)
            .x_axis(axis)
            .y_axis(Axis::new("share of −grad U").unit("%").include(0.0))
            .with(
                Line::new(&sorted(&x), &sorted(&y))
                    .errors(&sorted(&low), &sorted(&high))
                    .marker(Marker::Circle)
                    .color(Color::BLUE),
            ),
    )
}

/// The slope of a straight line through the logarithms of both.
fn growth_exponent(x: &[f64], y: &[f64]) -> Option<f64> {
    let count = x.len() as f64;
    let mean = |v: &[f64]| v.iter().map(|v| v.ln()).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let square: f64 = x.iter().map(|x| (x.ln() - mean_x).powi(2)).sum();
    let product: f64 = x.iter().zip(y).map(|(x, y)| (x.ln() - mean_x) * (y.ln() - mean_y)).sum();
    (square > 0.0).then(|| product / square)
}

fn cost(config: &Config, report: &mut Report, timed: &[Timed]) {
    let mut table = Table::new("Planning one stimulation on one thread, on this machine.")
        .column(Column::integer("neurons"))
        .column(
            Column::number("time").unit("s").key("seconds").format(NumberFormat::Significant(3)),
        )
        .column(Column::integer("linearised gradients"))
        .column(Column::integer("gradients"))
        .column(Column::number("exponent").decimals(2));
    let mut before: Option<&Timed> = None;
    for t in timed {
        let exponent = before
            .map(|b| (t.seconds / b.seconds).ln() / (t.neurons as f64 / b.neurons as f64).ln());
        table.row([
            t.neurons.into(),
            t.seconds.into(),
            t.linearised.into(),
            t.gradients.into(),
            exponent.into(),
        ]);
        before = Some(t);
    }
    let x: Vec<f64> = timed.iter().map(|t| t.neurons as f64).collect();
    let y: Vec<f64> = timed.iter().map(|t| t.seconds).collect();
    let fit = growth_exponent(&x, &y).map_or_else(String::new, |exponent| {
        format!("Over all sizes the time grows as N^{{{exponent:.2}}} (least squares of the logarithms). ")
    });
    let plot = Plot::new("Cost of a step")
        .x_axis(Axis::new("neurons").log())
        .y_axis(Axis::new("time to plan a stimulation").unit("s").log())
        .with(Line::new(&x, &y).marker(Marker::Circle).color(Color::BLUE));
    report
        .heading("Cost")
        .table("cost", &table)
        .paragraph(&format!(
            "The task has {} patterns. The exponent is that of the growth from the size above. {fit}Times \
             are of this machine and this moment; everything else in this report is the same \
             wherever it runs.",
            config.task.digits.len()
        ))
        .figure("cost", &Figure::single(plot), "Time to plan one stimulation.");
}
