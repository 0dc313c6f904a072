//! Networks of populations with more or less inhibition or drive.

use equipoise_encoder::network::{Distribution, Parameter};
use equipoise_encoder::populations::{Projection, Rule, Settings as Network, Sign};

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

/// The network with so many neurons in all, shared out as they are. Each neuron keeps the number of
/// its synapses, and sources of spikes theirs.
///
/// # Errors
/// The reason, if there are too few neurons for these synapses.
pub(crate) fn resized(network: &Network, neurons: usize) -> Result<Network, String> {
    let size = |network: &Network, name: &str| {
        network.population(name).map_or(0, |at| network.populations[at].size) as f64
    };
    let own = network.populations.iter().filter(|population| population.source.is_none());
    let factor = neurons as f64 / own.map(|p| p.size).sum::<usize>().max(1) as f64;
    let mut changed = network.clone();
    let mut before = 0.0;
    for population in changed.populations.iter_mut().filter(|p| p.source.is_none()) {
        // By where populations end, so that the sizes add up.
        let end = before + population.size as f64;
        let size = (end * factor).round() - (before * factor).round();
        (population.size, before) = (size.max(1.0) as usize, end);
    }
    for (index, projection) in network.projections.iter().enumerate() {
        let Projection { source, target, .. } = projection;
        let per_neuron = network.synapses(projection) / size(network, target).max(1.0);
        let sources = size(&changed, source);
        let wanted = per_neuron * size(&changed, target);
        let fits = |share: f64| match share <= 1.0 {
            true => Ok(share),
            false => Err(format!(
                "a neuron of {target} receives {per_neuron:.0} synapses from {source}, which has \
                 {sources} neurons then"
            )),
        };
        let connect = &mut changed.projections[index].connect;
        match connect {
            Rule::Probability { probability, autapses } => {
                let own = f64::from(u8::from(source == target && !*autapses));
                *probability = fits(per_neuron / (sources - own).max(1.0))?;
            }
            Rule::TotalNumber { synapses, probability } => {
                (*synapses, *probability) = (Some(wanted.round() as u64), None);
            }
            // The number is of a neuron already; that it is possible is checked with the network.
            Rule::InDegree { .. } | Rule::OneToOne => {}
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_encoder::populations::{MicrocircuitInput, microcircuit, pv_sst_vip};

    /// Synapses onto a neuron of the target of each projection.
    fn onto(network: &Network) -> Vec<f64> {
        let per = |p: &Projection| {
            let target = network.population(&p.target).map(|at| network.populations[at].size);
            network.synapses(p) / target.unwrap_or(0) as f64
        };
        network.projections.iter().map(per).collect()
    }

    #[test]
    fn another_size_keeps_the_synapses_of_a_neuron() {
        for network in [pv_sst_vip(0.5), microcircuit(0.05, 0.05, MicrocircuitInput::Poisson)] {
            let (before, all) = (onto(&network), network.neurons());
            for neurons in [all / 2, 2 * all + 1] {
                let found = match resized(&network, neurons) {
                    Ok(found) => found,
                    // Fewer neurons than synapses: that is told.
                    Err(reason) => {
                        assert!(neurons < all && reason.contains("synapses"), "{reason}");
                        continue;
                    }
                };
                found.validate().unwrap();
                assert_eq!(found.neurons(), neurons);
                for (a, b) in onto(&found).iter().zip(&before) {
                    assert!((a - b).abs() < 0.01 * b + 0.5, "{a} {b}");
                }
            }
            assert_eq!(resized(&network, all).unwrap().populations, network.populations);
        }
        let mut network = pv_sst_vip(0.1);
        network.projections[0].connect = Rule::Probability { probability: 0.9, autapses: false };
        assert!(resized(&network, network.neurons() / 3).unwrap_err().contains("synapses"));
    }
}
