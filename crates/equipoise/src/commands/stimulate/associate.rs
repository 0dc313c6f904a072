//! `equipoise stimulate associate`: input patterns learn to evoke digits.

use equipoise_figure::{Axis, Color, Figure, Panel};
use equipoise_plasticity::stimulation::{
    AssociativeConfig, AssociativeTask, GuideConfig, NetworkConfig, SimulatedPlant, TrainingConfig,
    TrainingResult, train, train_guided,
};
use equipoise_random::derive_seed;
use equipoise_report::{Column, NumberFormat, Report, Table};
use serde::{Deserialize, Serialize};

use super::trials::{self, AS_CONFIGURED, DURATION, SolvedAt, Summary, Trial, median_of};
use super::{conditions, figures};
use crate::Global;
use crate::failure::{OrFail, Outcome};
use crate::job::{Job, Request, RunArgs};
use crate::settings::Flags;

/// All that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    seed: u64,
    /// Number of networks, each with its own weights and codes.
    networks: u64,
    /// Steps in which the network under control integrates a stimulation; the controller plans
    /// with one.
    substeps: usize,
    /// The values of dt / tau_s of the curve of speed against accuracy; empty for none.
    pub(super) durations: Vec<f64>,
    /// The relative noises of the measured rates to train with; empty for none.
    pub(super) noises: Vec<f64>,
    /// The relative errors of the controller's constants to train with; empty for none.
    pub(super) parameter_errors: Vec<f64>,
    network: NetworkConfig,
    pub(super) task: AssociativeConfig,
    pub(super) training: TrainingConfig,
    /// Whether a training is guided; then the guide's phases set its budget.
    guide: GuideConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            networks: 10,
            substeps: 1,
            durations: vec![0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3],
            noises: vec![0.01, 0.02, 0.05, 0.1, 0.15, 0.2],
            parameter_errors: vec![0.02, 0.05, 0.1, 0.2],
            network: NetworkConfig::default(),
            task: AssociativeConfig::default(),
            training: TrainingConfig::default(),
            guide: GuideConfig::default(),
        }
    }
}

impl crate::job::Config for Config {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let wrong = |e: equipoise_plasticity::stimulation::StimulationError| e.to_string();
        trials::validate(self.networks, self.substeps, &self.durations)?;
        if let Some(x) = self.noises.iter().find(|x| !(0.0..=1.0).contains(*x)) {
            return Err(format!("noises must be in [0, 1], not {x}"));
        }
        if let Some(x) = self.parameter_errors.iter().find(|x| !(0.0..1.0).contains(*x)) {
            return Err(format!("parameter_errors must be in [0, 1), not {x}"));
        }
        self.guide.validate().map_err(|e| format!("guide: {e}"))?;
        self.task.validate(self.network.neurons).map_err(wrong)?;
        let network = self.network.build(self.seed).map_err(wrong)?;
        self.training.validate(&network).map_err(wrong)
    }
}

/// Teach input patterns to evoke digits on the output neurons.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// The digits to learn, such as 0,1,2
    #[arg(long, value_delimiter = ',', value_name = "D,..", value_parser = clap::value_parser!(u8).range(0..10))]
    digits: Option<Vec<u8>>,
    /// Learn the exclusive or of two groups of inputs, which is not linearly separable, instead
    #[arg(long, conflicts_with = "digits")]
    exclusive_or: bool,
    /// Lead the network towards weights that solve the task, and end once it is solved (the
    /// exclusive or always does): the shorter way to many digits
    #[arg(long)]
    guided: bool,
    /// Number of neurons
    #[arg(long, value_name = "N")]
    neurons: Option<usize>,
    /// How many of them are inhibitory
    #[arg(long, value_name = "N")]
    inhibitory: Option<usize>,
    /// Number of networks to train
    #[arg(long, value_name = "N")]
    networks: Option<u64>,
    /// Largest number of stimulations
    #[arg(long, value_name = "N")]
    budget: Option<usize>,
    /// Train only as configured, without the curves over dt, noise and wrong constants
    #[arg(long)]
    no_sweeps: bool,
}

pub(super) const NOISE: &str = "noise";
pub(super) const WRONG: &str = "wrong constants";
pub(super) const CORRECTED: &str = "wrong constants, corrected";

/// A guide, which the exclusive or needs to get off its plateau, and which is the shorter way to
/// many digits.
const GUIDED: &str = "
[guide]
rounds = 5
margin = 0.18
[training]
stop_when_solved = true
";

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let none: Option<Vec<f64>> = args.no_sweeps.then(Vec::new);
    // The share of inhibitory neurons stays what it is, unless it is given.
    let inhibitory = args.inhibitory.or(args.neurons.map(|n| NetworkConfig::of_size(n).inhibitory));
    let flags = Flags::default()
        .set("task.digits", &args.digits)
        .set("task.task", &args.exclusive_or.then_some(AssociativeTask::ExclusiveOr))
        .set("network.neurons", &args.neurons)
        .set("network.inhibitory", &inhibitory)
        .set("networks", &args.networks)
        .set("training.budget", &args.budget)
        .set("durations", &none)
        .set("noises", &none)
        .set("parameter_errors", &none);
    let preset = if args.exclusive_or || args.guided { GUIDED } else { "" };
    Request::<Config>::new("stimulate-associate", preset, &args.run, flags, global)?
        .begin()?
        .run(work)
}

fn work(job: &Job<Config>) -> Outcome {
    let config = &job.config;
    let conditions = [
        (DURATION, &config.durations[..]),
        (NOISE, &config.noises[..]),
        (WRONG, &config.parameter_errors[..]),
        (CORRECTED, &config.parameter_errors[..]),
    ];
    let (summaries, full) =
        trials::train_all(job, config.networks, &conditions, |trial| one(config, trial))?;
    write(job, &summaries, &full)
}

/// The seed of one network and its codes.
fn seed_of(config: &Config, network: u64) -> u64 {
    derive_seed(config.seed, "stimulate/network", network)
}

fn one(config: &Config, trial: &Trial) -> Outcome<TrainingResult> {
    let seed = seed_of(config, trial.network);
    let network = config.network.build(seed).or_request()?;
    let truth = config.training.transfer;
    let task = config.task.build(&network, &truth, seed).or_request()?;
    let mut plant = SimulatedPlant::new(network.clone(), truth, config.training.rule)
        .with_substeps(config.substeps);
    let mut training = config.training.clone();
    match trial.condition {
        DURATION => {
            training.control.duration = trial.value;
            training.control.shortest = 1.0;
        }
        NOISE => {
            training.inference.noise = trial.value;
            training.stop_when_solved = true;
            plant = plant.with_noise(trial.value, seed);
        }
        WRONG | CORRECTED => {
            training = training.with_wrong_constants(trial.value, seed);
            training.calibrate |= trial.condition == CORRECTED;
            training.stop_when_solved = true;
        }
        _ => {}
    }
    let mut watch = trials::until_interrupted;
    let result = if config.guide.rounds > 0 {
        let wider = AssociativeConfig { margin: config.guide.margin, ..config.task.clone() };
        let wider = wider.build(&network, &truth, seed).or_request()?;
        let guide = &config.guide;
        train_guided(&mut plant, &network, &task, &wider, &training, guide, seed, &mut watch)
    } else {
        train(&mut plant, &network, &task, &training, seed, &mut watch)
    };
    result.or_request()
}

fn write(job: &Job<Config>, summaries: &[Summary], full: &[TrainingResult]) -> Outcome {
    let config = &job.config;
    let base = || summaries.iter().filter(|s| s.condition == AS_CONFIGURED);
    let solved = SolvedAt::of(base());
    job.dir.write_records("summary", summaries)?;
    job.dir.write_csv("steps", &steps(full))?;

    let mut report = Report::new("Teaching a network by stimulating it");
    let what = match config.task.task {
        AssociativeTask::Digits => format!("digits {}", list(&config.task.digits)),
        AssociativeTask::ExclusiveOr => "the exclusive or of two groups of inputs".into(),
    };
    let median = solved.median.map_or("none".into(), |m| m.to_string());
    let range = solved.range.map_or("none solved".into(), |(a, b)| format!("{a} to {b}"));
    report
        .subtitle(&format!("{} neurons learn {what}", config.network.neurons))
        .summary(
            "A rate network whose synapses cannot be set is driven so that its own plasticity \
             teaches it to answer each input pattern with an image on its output neurons. The \
             controller infers the connectivity from measured rates, plans the next stimulation by \
             the implicit gradient of the steady state, stimulates, and begins again (Borra, Cocco \
             & Monasson, arXiv 2412.01683).",
        )
        .tile(
            "Stimulations until solved",
            &median,
            "",
            &format!("median of {}; {range}", solved.total),
        )
        .tile("Solved", &format!("{} of {}", solved.solved, solved.total), "", "networks");
    if let Some(margin) = median_of(base().filter_map(|s| s.margin)) {
        let wanted = config.task.margin * config.training.transfer.max_rate;
        report.tile(
            "Final margin",
            &format!("{margin:.3}"),
            "",
            &format!("median; wanted {wanted:.2}"),
        );
    }
    report.heading("As configured").table("networks", &table(base()));
    report.paragraph(
        "Outcome: finished is with the whole margin that is wanted, solved with less. \
         Solved: in every pattern all pixels that should be on are brighter than all that should \
         be off. The number that counts is that of the stimulations until this is so for the first \
         time, when a training could have ended; trainings go on to the wanted margin, and a later \
         stimulation can cost the solution for a while. The margin is the smallest difference \
         between such pixels. Probes of the connectivity are too short to change it and are not counted as \
         stimulations. Residual and eigenvalue are the largest over all steady states of the task \
         after every stimulation; a negative real part means that all of them were stable.",
    );
    let losses = trials::losses(summaries, AS_CONFIGURED);
    for loss in &losses {
        report.remark(loss);
    }
    if let Some(first) = full.first() {
        shown(job, &mut report, first, full)?;
    }
    conditions::write(config, &mut report, summaries);
    job.dir.save_report(&report)?;
    crate::console::print(format!(
        "{what}, {} neurons: solved {} of {}, median {median} stimulations ({range})",
        config.network.neurons, solved.solved, solved.total
    ));
    losses.iter().for_each(crate::console::print);
    Ok(())
}

fn list(digits: &[u8]) -> String {
    digits.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
}

fn table<'a>(summaries: impl Iterator<Item = &'a Summary>) -> Table {
    let mut table = Table::new("One row a network.")
        .column(Column::integer("network"))
        .column(Column::text("outcome"))
        .column(Column::integer("first solved"))
        .column(Column::integer("solved for good"))
        .column(Column::integer("stimulations"))
        .column(Column::number("time").unit("τ_s").key("time").decimals(2))
        .column(Column::number("initial cost").format(NumberFormat::Significant(3)))
        .column(Column::number("cost").format(NumberFormat::Significant(3)))
        .column(Column::number("margin").decimals(4))
        .column(Column::integer("probes"))
        .column(Column::number("residual").format(NumberFormat::Scientific(1)))
        .column(Column::number("eigenvalue").decimals(3))
        .column(Column::number("inference error").format(NumberFormat::Scientific(1)));
    for s in summaries {
        table.row([
            s.network.into(),
            s.outcome.clone().into(),
            s.first_solved_at.into(),
            s.solved_at.into(),
            s.stimulations.into(),
            s.time.into(),
            s.initial_cost.into(),
            s.cost.into(),
            s.margin.into(),
            s.probes.into(),
            s.worst_residual.into(),
            s.worst_abscissa.into(),
            s.worst_inference_error.into(),
        ]);
    }
    table
}

fn steps(full: &[TrainingResult]) -> Table {
    let mut table = Table::new("Every network after every stimulation.")
        .column(Column::integer("network"))
        .column(Column::integer("stimulations"))
        .column(Column::number("time"))
        .column(Column::number("cost"))
        .column(Column::number("predicted cost"))
        .column(Column::number("margin"))
        .column(Column::number("residual"))
        .column(Column::number("eigenvalue"))
        .column(Column::number("mean rate"))
        .column(Column::number("stimulated rate"))
        .column(Column::number("inference error"));
    for (network, result) in full.iter().enumerate() {
        for r in &result.records {
            let states = &r.assessment.states;
            let rate = states.iter().map(|s| s.mean_rate).sum::<f64>() / states.len().max(1) as f64;
            table.row([
                network.into(),
                r.stimulations.into(),
                r.time.into(),
                r.assessment.cost.into(),
                r.predicted_cost.into(),
                r.assessment.margin.into(),
                states.iter().map(|s| s.residual).fold(0.0, f64::max).into(),
                states.iter().map(|s| s.spectral_abscissa).fold(f64::MIN, f64::max).into(),
                rate.into(),
                r.stimulated_rate.into(),
                r.inference_error.into(),
            ]);
        }
    }
    table
}

/// The first network in pictures.
fn shown(
    job: &Job<Config>,
    report: &mut Report,
    first: &TrainingResult,
    full: &[TrainingResult],
) -> Outcome {
    let config = &job.config;
    let seed = seed_of(config, 0);
    let network = config.network.build(seed).or_run()?;
    let transfer = config.training.transfer;
    let task = config.task.build(&network, &transfer, seed).or_run()?;
    let n = network.neurons();

    let headings: Vec<String> = task.patterns().iter().map(|p| p.label.clone()).collect();
    // Where there are many, there is room for the numbers alone.
    let many = task.patterns().len() > 5;
    let wanted = task.patterns().iter().map(|p| {
        let pixels = p.image.iter().map(|&on| f64::from(u8::from(on))).collect();
        let code: Vec<String> = p.code.iter().map(usize::to_string).collect();
        (pixels, if code.len() <= 8 && !many { code.join(" ") } else { String::new() })
    });
    let label = if many { "wanted" } else { "wanted (code)" };
    let mut rows = vec![(label, wanted.collect::<Vec<_>>())];
    for (label, weights) in [("before", &first.weights_before), ("after", &first.weights_after)] {
        let Ok(images) = task.images(&transfer, weights) else { continue };
        let word = if many { "" } else { "margin " };
        let caption = |margin: f64| format!("{word}{margin:.3}");
        rows.push((label, images.iter().map(|(i, m)| (i.clone(), caption(*m))).collect()));
        if label == "after" {
            let stretched = images.iter().map(|(i, _)| (figures::stretched(i), String::new()));
            rows.push(("after, stretched", stretched.collect()));
        }
    }
    let grid = figures::digits("Output neurons as an image", &headings, rows);
    report.heading("Network 0").figure(
        "images",
        &if many {
            Figure::new().columns(2).panel(Panel::new(grid).span(2))
        } else {
            Figure::single(grid)
        },
        "The 15 output pixels for every input pattern: what is wanted (with the active input \
         neurons where there is room), what the network shows before and after (black for rate 0, \
         white for the maximal rate; stretched: from its darkest to its brightest pixel), and the \
         margin between the darkest pixel that should be on and the brightest that should be off.",
    );
    let wanted = task.wanted_margin();
    let margins = figures::curves(
        "Smallest margin",
        Axis::new("margin"),
        full,
        |r| r.assessment.margin,
        &[(0.0, "separated", Color::ORANGE), (wanted, "wanted", Color::GREEN)],
    );
    let costs = figures::curves(
        "Cost of the task",
        Axis::new("U").log(),
        full,
        |r| Some(r.assessment.cost).filter(|c| *c > 0.0),
        &[],
    );
    report.figure(
        "progress",
        &Figure::new().columns(2).shared_legend().panel(margins).panel(costs),
        "Margin and cost over the stimulations, one line a network.",
    );
    let change = figures::change(&first.weights_before, &first.weights_after);
    report.figure(
        "weights",
        &figures::matrices(
            n,
            &[
                ("Before", &first.weights_before),
                ("After", &first.weights_after),
                ("Change", &change),
            ],
        ),
        "The weights before and after the training, and their change. Input neurons come first, \
         then the output neurons, then hidden ones.",
    );
    if !first.stimulations.is_empty() {
        report.figure("stimulations", &figures::stimulations(first), figures::STIMULATIONS);
    }
    figures::write_tables(job, network.mask(), first)
}
