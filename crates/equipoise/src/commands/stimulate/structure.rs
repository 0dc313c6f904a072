//! `equipoise stimulate structure`: a network becomes a ring attractor.

use std::ops::ControlFlow;

use equipoise_plasticity::stimulation::{
    BumpMeasurement, RingConfig, RingTask, SimulatedPlant, StimulationError, TrainingConfig,
    TrainingResult, train,
};
use equipoise_random::derive_seed;
use equipoise_report::{
    Axis, Color, Column, Figure, Heatmap, Line, Marker, NumberFormat, Panel, Plot, Report, Rule,
    Table,
};
use serde::{Deserialize, Serialize};

use super::figures;
use super::trials::{self, Summary, median_of};
use crate::Global;
use crate::failure::{OrFail, Outcome};
use crate::interrupt;
use crate::job::{Job, RunArgs};
use crate::settings::Flags;

/// All that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    seed: u64,
    /// Number of networks, each with its own initial weights.
    networks: u64,
    /// Steps in which the network under control integrates a stimulation.
    substeps: usize,
    /// The values of dt / tau_s of the curve of speed against accuracy; empty for none.
    durations: Vec<f64>,
    ring: RingConfig,
    training: TrainingConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            networks: 10,
            substeps: 1,
            durations: vec![0.01, 0.02, 0.03, 0.05, 0.1, 0.2],
            ring: RingConfig::default(),
            training: TrainingConfig::default(),
        }
    }
}

impl crate::job::Config for Config {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let wrong = |e: StimulationError| e.to_string();
        if self.networks == 0 || self.substeps == 0 {
            return Err("networks and substeps must be at least 1".into());
        }
        if let Some(d) = self.durations.iter().find(|d| !(**d > 0.0 && **d <= 10.0)) {
            return Err(format!("durations must be in (0, 10] tau_s, not {d}"));
        }
        let task = self.ring.build(self.seed).map_err(wrong)?;
        self.training.validate(&task.initial).map_err(wrong)
    }
}

/// Turn a network into a ring attractor.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Number of excitatory neurons, on the ring
    #[arg(long, value_name = "N")]
    excitatory: Option<usize>,
    /// Number of inhibitory neurons
    #[arg(long, value_name = "N")]
    inhibitory: Option<usize>,
    /// Number of networks to train
    #[arg(long, value_name = "N")]
    networks: Option<u64>,
    /// Largest number of stimulations
    #[arg(long, value_name = "N")]
    budget: Option<usize>,
    /// Train only as configured, without the curve over dt
    #[arg(long)]
    no_sweeps: bool,
}

const AS_CONFIGURED: &str = "as configured";
const DURATION: &str = "dt/tau_s";

#[derive(Serialize, Deserialize)]
struct Done {
    summary: Summary,
    full: Option<TrainingResult>,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = Flags::default()
        .set("ring.excitatory", &args.excitatory)
        .set("ring.inhibitory", &args.inhibitory)
        .set("networks", &args.networks)
        .set("training.budget", &args.budget)
        .set("durations", &args.no_sweeps.then(Vec::<f64>::new));
    Job::<Config>::open("stimulate-structure", &args.run, flags, global)?.run(work)
}

fn task_of(config: &Config, network: u64) -> Result<(RingTask, u64), StimulationError> {
    let seed = derive_seed(config.seed, "stimulate/ring", network);
    Ok((config.ring.build(seed)?, seed))
}

fn work(job: &Job<Config>) -> Outcome {
    let config = &job.config;
    let mut plan: Vec<(&str, f64, u64)> =
        (0..config.networks).map(|network| (AS_CONFIGURED, 0.0, network)).collect();
    for &dt in &config.durations {
        plan.extend((0..config.networks).map(|network| (DURATION, dt, network)));
    }
    let done = trials::compute(job, "trainings", "training", plan.len(), |index| {
        let (condition, value, network) = plan[index];
        let (task, seed) = task_of(config, network).or_request()?;
        let mut training = config.training.clone();
        if condition == DURATION {
            // Shorter stimulations may be as many more, so that all have the same time.
            let more = (training.control.duration / value).max(1.0);
            training.budget = (training.budget as f64 * more).round() as usize;
            training.control.duration = value;
            training.control.shortest = 1.0;
        }
        let mut plant = SimulatedPlant::new(task.initial.clone(), training.transfer, training.rule)
            .with_substeps(config.substeps);
        let mut watch = |_: &_| match interrupt::check() {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        let initial = &task.initial;
        let result = train(&mut plant, initial, &task.objective, &training, seed, &mut watch)
            .or_request()?;
        interrupt::check()?;
        let keep = condition == AS_CONFIGURED;
        let summary = Summary::of(condition, value, network, &result);
        Ok(Done { summary, full: keep.then_some(result) })
    })?;
    let (summaries, full): (Vec<Summary>, Vec<Option<TrainingResult>>) =
        done.into_iter().map(|d| (d.summary, d.full)).unzip();
    let full: Vec<TrainingResult> = full.into_iter().flatten().collect();
    write(job, &summaries, &full)
}

/// The bumps of all trained networks.
fn bumps(job: &Job<Config>, full: &[TrainingResult]) -> Outcome<Vec<Vec<BumpMeasurement>>> {
    let transfer = job.config.training.transfer;
    let each = |(network, result): (usize, &TrainingResult)| {
        let (task, _) = task_of(&job.config, network as u64).or_run()?;
        Ok(task.bumps(&transfer, &result.weights_after))
    };
    full.iter().enumerate().map(each).collect()
}

fn write(job: &Job<Config>, summaries: &[Summary], full: &[TrainingResult]) -> Outcome {
    let config = &job.config;
    let transfer = config.training.transfer;
    let measured = bumps(job, full)?;
    job.dir.write_records("summary", summaries)?;

    let base: Vec<&Summary> = summaries.iter().filter(|s| s.condition == AS_CONFIGURED).collect();
    let costs = median_of(base.iter().filter_map(|s| s.cost)).unwrap_or(f64::NAN);
    let reached_goal = |s: &&&Summary| s.cost.is_some_and(|cost| cost < config.ring.goal);
    let reached = base.iter().filter(reached_goal).count();
    let held = |bumps: &[BumpMeasurement]| bumps.iter().filter(|b| b.held).count();
    let all = measured.first().map_or(0, Vec::len);
    let shares = median_of(measured.iter().map(|b| 100.0 * held(b) as f64 / all.max(1) as f64));

    let mut report = Report::new("A ring attractor made by stimulation");
    report
        .subtitle(&format!(
            "{} excitatory neurons on a ring and {} inhibitory ones",
            config.ring.excitatory, config.ring.inhibitory
        ))
        .summary(
            "A network without structure is driven until its plasticity has made the connectivity \
             of a ring attractor of it: neighbours excite each other, a pool inhibits all. A bump \
             of activity is then placed at every neuron and half-way between neighbours, left \
             alone, and measured.",
        )
        .tile("Cost", &format!("{costs:.5}"), "", &format!("median; goal {}", config.ring.goal))
        .tile("Goal reached", &format!("{reached} of {}", base.len()), "", "networks")
        .tile(
            "Bumps held",
            &format!("{:.0}", shares.unwrap_or(0.0)),
            "%",
            "of the positions, median",
        );

    let mut table = Table::new("One row a network; the bump's numbers are over all positions.")
        .column(Column::integer("network"))
        .column(Column::text("outcome"))
        .column(Column::integer("goal reached at"))
        .column(Column::integer("stimulations"))
        .column(Column::number("initial cost").format(NumberFormat::Significant(3)))
        .column(Column::number("cost").format(NumberFormat::Significant(3)))
        .column(Column::integer("bumps held"))
        .column(Column::integer("positions"))
        .column(Column::number("median drift").unit("°").key("median_drift").decimals(1))
        .column(Column::number("largest drift").unit("°").key("largest_drift").decimals(1))
        .column(Column::number("median width").unit("°").key("median_width").decimals(1))
        .column(Column::number("residual").format(NumberFormat::Scientific(1)));
    let mut rows = Table::new("Every bump of every network.")
        .column(Column::integer("network"))
        .column(Column::number("cued"))
        .column(Column::number("position"))
        .column(Column::number("drift"))
        .column(Column::number("late drift"))
        .column(Column::number("width"))
        .column(Column::number("contrast"))
        .column(Column::text("held"));
    for (s, bumps) in base.iter().zip(&measured) {
        table.row([
            s.network.into(),
            s.outcome.clone().into(),
            s.solved_at.into(),
            s.stimulations.into(),
            s.initial_cost.into(),
            s.cost.into(),
            held(bumps).into(),
            bumps.len().into(),
            median_of(bumps.iter().map(|b| b.drift.abs())).into(),
            bumps.iter().map(|b| b.drift.abs()).fold(0.0, f64::max).into(),
            median_of(bumps.iter().map(|b| b.width)).into(),
            s.worst_residual.into(),
        ]);
        for b in bumps {
            rows.row([
                s.network.into(),
                b.cued.into(),
                b.position.into(),
                b.drift.into(),
                b.late_drift.into(),
                b.width.into(),
                b.contrast.into(),
                b.held.into(),
            ]);
        }
    }
    job.dir.write_csv("bumps", &rows)?;
    report.heading("Networks").table("networks", &table).paragraph(&format!(
        "A bump counts as held if, {} τ_n after its cue, the population vector has a length of 0.2 \
         or more and points within one and a half neurons of the cue. The residual is the largest \
         of any steady state that was judged during the training.",
        config.ring.delay
    ));
    let losses = trials::losses(summaries, AS_CONFIGURED);
    for loss in &losses {
        report.remark(loss);
    }
    if let (Some(first), Some(trained)) = (full.first(), measured.first()) {
        let (task, _) = task_of(config, 0).or_run()?;
        let n = task.target.neurons();
        report.heading("Network 0").figure(
            "weights",
            &figures::matrices(
                n,
                &[
                    ("Before", &first.weights_before),
                    ("After", &first.weights_after),
                    ("Target", task.target.weights()),
                ],
            ),
            "The weights before and after the training, and the target. The ring comes first.",
        );
        let target = task.bumps(&transfer, task.target.weights());
        report.figure("bumps", &bump_figure(config, trained, &target), BUMP_CAPTION);
        let costs = figures::curves(
            "Cost",
            Axis::new("U").log(),
            full,
            |r| Some(r.assessment.cost),
            &[(config.ring.goal, "goal", Color::GREEN)],
        );
        report.figure(
            "progress",
            &Figure::single(costs),
            "The cost over the stimulations, one line a network.",
        );
        if !first.stimulations.is_empty() {
            report.figure(
                "stimulations",
                &figures::stimulations(first),
                "Every stimulation: the drive of all neurons, the mean rate it evokes, and how long it lasts.",
            );
        }
    }
    speed(config, &mut report, summaries);
    job.dir.save_report(&report)?;
    crate::console::print(format!(
        "ring attractor: cost {costs:.5} (median), below {} in {reached} of {} networks, bumps held \
         at {:.0} % of the positions (median)",
        config.ring.goal,
        base.len(),
        shares.unwrap_or(0.0)
    ));
    losses.iter().for_each(crate::console::print);
    Ok(())
}

const BUMP_CAPTION: &str = "A bump at every position. Above: the rates of the ring after the delay \
    (columns), for every place of the cue (rows), in the trained network and in the target. Below: \
    drift and width at every position.";

fn bump_figure(config: &Config, trained: &[BumpMeasurement], target: &[BumpMeasurement]) -> Figure {
    let neurons: Vec<String> = (0..config.ring.excitatory).map(|i| i.to_string()).collect();
    let map = |title: &str, bumps: &[BumpMeasurement]| {
        let cues = bumps.iter().map(|b| format!("{:.0}", b.cued));
        let rates: Vec<f64> = bumps.iter().flat_map(|b| b.rates.iter().copied()).collect();
        Heatmap::with_names(title, neurons.clone(), cues, &rates)
            .x_label("neuron on the ring")
            .y_label("place of the cue (°)")
            .color_axis(Axis::new("rate"))
            .color_range(0.0, config.training.transfer.max_rate)
    };
    let curve = |title: &str, axis: Axis, value: fn(&BumpMeasurement) -> f64| {
        let line = |bumps: &[BumpMeasurement], label: &str, color| {
            let x: Vec<f64> = bumps.iter().map(|b| b.cued).collect();
            let y: Vec<f64> = bumps.iter().map(value).collect();
            Line::new(&x, &y).marker(Marker::Circle).label(label).color(color)
        };
        Plot::new(title)
            .x_axis(Axis::new("place of the cue").unit("°").range(0.0, 360.0))
            .y_axis(axis)
            .with(line(target, "target", Color::GREY))
            .with(line(trained, "trained", Color::BLUE))
    };
    Figure::new()
        .columns(2)
        .panel(map("Trained", trained))
        .panel(map("Target", target))
        .panel(Panel::new(
            curve("Drift", Axis::new("drift").unit("°"), |b| b.drift).with(Rule::horizontal(0.0)),
        ))
        .panel(curve("Width", Axis::new("width").unit("°").include(0.0), |b| b.width))
}

/// The curve over dt.
fn speed(config: &Config, report: &mut Report, summaries: &[Summary]) {
    if config.durations.is_empty() {
        return;
    }
    let mut table = Table::new("Stimulations of one length; medians over the networks.")
        .column(Column::number("dt").unit("τ_s").key("dt").format(NumberFormat::Significant(3)))
        .column(Column::integer("goal reached"))
        .column(Column::number("stimulations to the goal").decimals(1))
        .column(Column::number("stimulations").decimals(1))
        .column(Column::number("final cost").format(NumberFormat::Significant(3)));
    let (mut cost, mut until) = (Vec::new(), Vec::new());
    for &dt in &config.durations {
        let group: Vec<&Summary> =
            summaries.iter().filter(|s| s.condition == DURATION && s.value == dt).collect();
        let final_cost = median_of(group.iter().filter_map(|s| s.cost)).unwrap_or(f64::NAN);
        cost.push(final_cost);
        let reached =
            median_of(group.iter().map(|s| s.solved_at.map_or(f64::INFINITY, |at| at as f64)))
                .filter(|at| at.is_finite());
        until.push(reached.unwrap_or(f64::NAN));
        table.row([
            dt.into(),
            group
                .iter()
                .filter(|s| s.cost.is_some_and(|cost| cost < config.ring.goal))
                .count()
                .into(),
            reached.into(),
            median_of(group.iter().map(|s| s.stimulations as f64)).into(),
            final_cost.into(),
        ]);
    }
    let span = |f: fn(f64, f64) -> f64| config.durations.iter().copied().reduce(f);
    let (low, high) = (span(f64::min).unwrap_or(0.01), span(f64::max).unwrap_or(1.0));
    let axis = || Axis::new("dt / τ_{s}").log().from(0.9 * low).to(1.1 * high);
    let line =
        |y: &[f64], color| Line::new(&config.durations, y).marker(Marker::Circle).color(color);
    let speed = Plot::new("Speed")
        .x_axis(axis())
        .y_axis(Axis::new("stimulations to the goal").include(0.0))
        .with(line(&until, Color::BLUE));
    let accuracy = Plot::new("Accuracy")
        .x_axis(axis())
        .y_axis(Axis::new("final cost").log())
        .with(line(&cost, Color::ORANGE))
        .with(Rule::horizontal(config.ring.goal).label("goal").color(Color::GREEN));
    report.heading("Speed and accuracy").table("speed", &table).figure(
        "speed",
        &Figure::new().columns(2).panel(speed).panel(accuracy),
        "Stimulations until the goal is reached for good (median; none where fewer than half of \
         the networks reach it), and the cost at the end of the training, over the duration of a \
         stimulation. All trainings have the same time to stimulate, or more where stimulations \
         are long.",
    );
}
