//! Networks of populations with more or less inhibition or drive.

use equipoise_encoder::network::{Distribution, Parameter};
use equipoise_encoder::populations::{Settings as Network, Sign};

/// The network with its inhibitory weights and its drive times these factors.
pub(super) fn changed(network: &Network, inhibition: f64, drive: f64) -> Network {
    let mut changed = network.clone();
    for projection in &mut changed.projections {
        let source = network.population(&projection.source).map(|at| &network.populations[at]);
        if source.is_some_and(|source| source.sign == Sign::Inhibitory) {
            projection.weight = scaled(projection.weight, inhibition);
        }
    }
    for population in &mut changed.populations {
        population.current = scaled(population.current, drive);
        population.background.iter_mut().for_each(|background| background.rate *= drive);
        if let Some(source) = &mut population.source {
            source.rate *= drive;
        }
    }
    changed
}

/// A parameter times a factor.
fn scaled(parameter: Parameter, factor: f64) -> Parameter {
    match parameter {
        Parameter::Constant(value) => Parameter::Constant(factor * value),
        Parameter::Drawn(drawn) => Parameter::Drawn(match drawn {
            Distribution::Uniform { low, high } => {
                Distribution::Uniform { low: factor * low, high: factor * high }
            }
            Distribution::Normal { mean, sd } => {
                Distribution::Normal { mean: factor * mean, sd: factor * sd }
            }
            Distribution::Lognormal { mean, sd } => {
                Distribution::Lognormal { mean: factor * mean, sd: factor * sd }
            }
        }),
    }
}
