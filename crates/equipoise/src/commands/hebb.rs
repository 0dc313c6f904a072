//! `equipoise hebb`: one network that learns a one-to-one map by Hebb's rule.

use equipoise_studies::hebb::OneNetwork;
use equipoise_studies::settings::Layers;

use crate::failure::Outcome;
use crate::job::RunArgs;
use crate::{Global, study};

/// Learn one-to-one maps by Hebb's rule.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Train one network and show how its weights and outputs move
    ///
    /// The study over every mapping, E/I ratio and variant is `equipoise study hebb`.
    Run(Box<NetworkArgs>),
}

/// The network and its rule, for one network as for the study.
#[derive(Debug, clap::Args)]
pub struct RuleArgs {
    /// Neurons in each layer
    #[arg(long, value_name = "N")]
    neurons: Option<usize>,
    /// Layers, with input and output
    #[arg(long, value_name = "N")]
    layers: Option<usize>,
    /// exact, argmax, first-firing, target-fires or frozen
    #[arg(long, value_name = "NAME")]
    criterion: Option<String>,
    /// Rate of learning and of forgetting, in (0, 1)
    #[arg(long, value_name = "RATE")]
    epsilon: Option<f64>,
    /// The most epochs of a run
    #[arg(long, value_name = "N")]
    max_epochs: Option<usize>,
}

impl RuleArgs {
    /// The settings of a network at this key.
    pub fn layers(&self, key: &str) -> Layers {
        Layers::default()
            .value(format!("{key}.neurons"), &self.neurons)
            .value(format!("{key}.layers"), &self.layers)
            .value(format!("{key}.criterion"), &self.criterion)
            .value(format!("{key}.epsilon"), &self.epsilon)
            .value(format!("{key}.max_epochs"), &self.max_epochs)
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise hebb run
  equipoise hebb run --mapping 2-0-1-3 --types 'IEEE|EEII|EEEE'
  equipoise hebb run --neurons 6 --criterion argmax --max-epochs 1000")]
struct NetworkArgs {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    rule: RuleArgs,
    /// Targets of the inputs in order, such as 2-0-1-3 [default: drawn]
    #[arg(long, value_name = "MAP")]
    mapping: Option<String>,
    /// Types of all neurons, such as 'IEEE|EEII|EEEE' [default: drawn]
    #[arg(long, value_name = "TYPES")]
    types: Option<String>,
    /// Inhibitory input neurons, where types are drawn [default: half]
    #[arg(long, value_name = "N")]
    inhibitory_inputs: Option<usize>,
    /// Inhibitory hidden neurons, where types are drawn [default: half]
    #[arg(long, value_name = "N")]
    inhibitory_hidden: Option<usize>,
    /// Epochs that are drawn and written, converged or not
    #[arg(long, value_name = "N")]
    trace_epochs: Option<usize>,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let Command::Run(args) = &args.command;
    let flags = args
        .rule
        .layers("hebb")
        .value("mapping", &args.mapping)
        .value("types", &args.types)
        .value("inhibitory_inputs", &args.inhibitory_inputs)
        .value("inhibitory_hidden", &args.inhibitory_hidden)
        .value("trace_epochs", &args.trace_epochs);
    study::run::<OneNetwork>("", &args.run, flags, global)
}
