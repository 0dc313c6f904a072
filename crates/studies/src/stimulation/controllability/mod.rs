//! Which changes of the weights stimulation can make.

mod report;
mod settings;

use std::path::Path;
use std::time::Instant;

use equipoise_plasticity::stimulation::{
    Model, Objective, SteadySolver, Workspace, controllability, plan, reachable_growth,
};
use equipoise_random::{derive_seed, stream};
use equipoise_report::Report;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::context::{gather, gather_parallel, unless_deferred};
use crate::{Context, Identity, Metrics, OrStudyError, Study, StudyError};
pub use settings::ControllabilitySettings;

/// One network that was analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysed {
    /// Its neurons.
    pub neurons: usize,
    /// The density it was drawn with.
    pub density: f64,
    /// Its number.
    pub network: u64,
    /// Its synapses.
    pub synapses: usize,
    /// Directions that one stimulation reaches.
    pub rank: usize,
    /// Singular values of d vec(Delta J)/df of one stimulation, largest first.
    pub singular_values: Vec<f64>,
    /// The share of -grad U that one stimulation reaches; none where nothing is wanted.
    pub one_share: Option<f64>,
    /// Dimension of what 1, 2, .. stimulations reach.
    pub dimensions: Vec<usize>,
    /// The share of -grad U in that.
    pub shares: Vec<f64>,
    /// Pairs of neurons that are connected, in either direction.
    pub pairs: usize,
}

/// What planning one stimulation cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Neurons of the network.
    pub neurons: usize,
    /// Gradients of the true cost that were evaluated.
    pub gradients: usize,
    /// Gradients of the linearised cost.
    pub linearised: usize,
    /// How long it took on one thread, in seconds: of this machine and that moment.
    pub seconds: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControllabilityResults {
    /// What was asked.
    pub settings: ControllabilitySettings,
    /// Every network.
    pub analysed: Vec<Analysed>,
    /// The planned stimulations, by size.
    pub planned: Vec<Planned>,
}

/// Analyses networks of several sizes and densities; a unit is a network, or a planned stimulation.
#[derive(Debug)]
pub struct Controllability;

impl Study for Controllability {
    const NAME: &'static str = "stimulate-controllability";
    type Settings = ControllabilitySettings;
    type Inputs = ();
    type Results = ControllabilityResults;

    fn open(_: &ControllabilitySettings, _: &Path) -> Result<(), StudyError> {
        Ok(())
    }

    fn run(
        settings: &ControllabilitySettings,
        (): &(),
        context: &Context<'_>,
    ) -> Result<ControllabilityResults, StudyError> {
        let identity = Identity::new().with_settings("settings", settings);
        let mut plan: Vec<(usize, f64, u64)> = Vec::new();
        let sizes = settings.sizes.iter().map(|&n| (n, settings.network.density));
        let densities = settings.densities.iter().map(|&p| (settings.network.neurons, p));
        for (neurons, density) in sizes.chain(densities) {
            plan.extend((0..settings.networks).map(|network| (neurons, density, network)));
        }
        let stage = context.stage("analysing", plan.len() as u64)?;
        let networks = plan.par_iter().enumerate();
        let analysed = networks.map(|(index, &(neurons, density, network))| {
            let found = context.unit(&format!("networks/{index:05}"), &identity, || {
                analyse(settings, neurons, density, network)
            })?;
            stage.advance(1)?;
            Ok(found)
        });
        let analysed = unless_deferred(gather_parallel(analysed))?;
        drop(stage);
        let stage = context.stage("planning stimulations", settings.timed_sizes.len() as u64)?;
        let planned: Vec<Planned> = gather(settings.timed_sizes.iter().map(|&neurons| {
            let planned = context.unit(&format!("timings/{neurons:05}"), &identity, || {
                plan_one(settings, neurons)
            })?;
            stage.advance(1)?;
            Ok(planned)
        }))?;
        let analysed: Vec<Analysed> = analysed.ok_or(StudyError::Deferred)?;
        if !planned.is_empty() {
            context.write("timings.csv", report::timings(&planned).to_csv().as_bytes())?;
        }
        Ok(ControllabilityResults { settings: settings.clone(), analysed, planned })
    }

    fn report(results: &ControllabilityResults) -> Report {
        report::report(results)
    }

    fn metrics(results: &ControllabilityResults) -> Metrics {
        let mut metrics = Metrics::default();
        let analysed = &results.analysed;
        metrics.count("networks", analysed.len());
        metrics.mean("rank", analysed.iter().map(|a| a.rank as f64));
        metrics.mean(
            "rank_over_synapses",
            analysed.iter().map(|a| a.rank as f64 / a.synapses.max(1) as f64),
        );
        metrics.mean("one_share", analysed.iter().filter_map(|a| a.one_share));
        metrics.mean("share", analysed.iter().filter_map(|a| a.shares.last().copied()));
        metrics
    }

    fn summary_within(results: &ControllabilityResults, _: usize) -> String {
        report::summary(results)
    }
}

fn model(
    settings: &ControllabilitySettings,
    neurons: usize,
    density: f64,
    seed: u64,
) -> Result<Model, StudyError> {
    let network = settings.network(neurons, density).build(seed).or_settings()?;
    Ok(Model { network, transfer: settings.transfer, rule: settings.rule })
}

fn analyse(
    settings: &ControllabilitySettings,
    neurons: usize,
    density: f64,
    network: u64,
) -> Result<Analysed, StudyError> {
    let seed = derive_seed(settings.seed, "stimulate/controllability", network);
    let model = model(settings, neurons, density, seed)?;
    let task = settings.task.build(&model.network, &settings.transfer, seed).or_settings()?;
    let mut solvers = vec![SteadySolver::new(neurons); task.states()];
    let mut wanted = vec![0.0; neurons * neurons];
    let weights = model.network.weights();
    task.evaluate(&settings.transfer, weights, &mut solvers, Some(&mut wanted)).or_failed()?;
    let bounds = (settings.control.drive_low, settings.control.drive_high);
    let mut draws = stream(seed, "stimulate/drive", 0);
    let drive: Vec<f64> = (0..neurons).map(|_| draws.range(bounds.0, bounds.1)).collect();
    let one = controllability(&model, &drive, settings.control.duration, &wanted).or_failed()?;
    let growth =
        reachable_growth(&model, settings.stimulations, bounds, &wanted, seed).or_failed()?;
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
        one_share: one.reachable_share,
        dimensions: growth.dimensions,
        shares: growth.reachable_share,
        pairs,
    })
}

fn plan_one(settings: &ControllabilitySettings, neurons: usize) -> Result<Planned, StudyError> {
    let seed = derive_seed(settings.seed, "stimulate/timing", neurons as u64);
    let model = model(settings, neurons, settings.network.density, seed)?;
    let task = settings.task.build(&model.network, &settings.transfer, seed).or_settings()?;
    let mut workspace = Workspace::new(neurons, task.states());
    // One thread, so that the number does not depend on how many cores there are.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .map_err(|e| StudyError::failed(format!("cannot start a thread: {e}")))?;
    let repeats = if neurons <= 100 { 5 } else { 1 };
    let start = Instant::now();
    let mut evaluations = (0, 0);
    for repeat in 0..repeats {
        let planned = pool
            .install(|| plan(&model, &task, &settings.control, &mut workspace, None, seed, repeat))
            .or_failed()?;
        evaluations.0 += planned.evaluations.0;
        evaluations.1 += planned.evaluations.1;
    }
    let repeats = repeats as usize;
    Ok(Planned {
        neurons,
        seconds: start.elapsed().as_secs_f64() / repeats as f64,
        linearised: evaluations.0 / repeats,
        gradients: evaluations.1 / repeats,
    })
}
