//! In what weights are counted: the unit of the synapses onto each population.

use super::layout::{Layout, received};
use super::sampling::most_weight;
use super::settings::{Model, Settings, Sign};
use crate::network::Parameter;

/// The units of the weights, and the sums that incoming spikes go to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Units {
    /// Whether excitation and inhibition go into one sum: where their currents decay alike, or
    /// potentials jump.
    pub(crate) merged: bool,
    /// For each sum and target population, the weight of one unit.
    pub(crate) unit: [Vec<f64>; 2],
    /// The greatest weight, in units.
    pub(crate) most: u32,
}

impl Units {
    /// The units of the synapses of the projections that `of` names.
    pub(crate) fn new(settings: &Settings, of: &dyn Fn(usize) -> bool, layout: &Layout) -> Self {
        let merged = settings.populations.iter().filter(|p| p.source.is_none()).all(|population| {
            let neuron = &population.neuron;
            match neuron.model {
                Model::Delta => true,
                Model::Exponential => neuron.tau_excitatory == neuron.tau_inhibitory,
                Model::Conductance => false,
            }
        });
        // Ten standard deviations above the mean number of synapses.
        let in_degree = received(settings)
            .into_iter()
            .fold(1.0, |most: f64, k| most.max(k + 10.0 * k.sqrt() + 10.0));
        let mut bits = (32 - layout.slot_bits()).min(16);
        // All of them at once must not exceed 31 bits.
        while bits > 1 && in_degree * f64::from((1u32 << bits) - 1) >= f64::from(i32::MAX) {
            bits -= 1;
        }
        let most = (1 << bits) - 1;
        let mut units = Self { merged, unit: [Vec::new(), Vec::new()], most };
        for population in &settings.populations {
            for sum in 0..2 {
                let weights: Vec<Parameter> = settings
                    .projections
                    .iter()
                    .enumerate()
                    .filter(|&(index, p)| of(index) && p.target == population.name)
                    .filter(|(_, p)| {
                        let source = settings.population(&p.source);
                        source.is_some_and(|s| units.sum(settings.populations[s].sign) == sum)
                    })
                    .map(|(_, p)| p.weight)
                    .collect();
                units.unit[sum].push(unit(&weights, most));
            }
        }
        units
    }

    /// Where the spikes of a population of this sign go.
    pub(crate) fn sum(&self, sign: Sign) -> usize {
        usize::from(!self.merged && sign == Sign::Inhibitory)
    }
}

/// The unit of these weights. Constant weights that have a common unit are kept exactly.
fn unit(weights: &[Parameter], most: u32) -> f64 {
    let greatest = weights.iter().map(most_weight).fold(0.0, f64::max);
    if greatest <= 0.0 {
        return 1.0;
    }
    if weights.iter().all(Parameter::is_constant) {
        let whole = |unit: f64| {
            weights.iter().all(|weight| {
                let units = weight.mean() / unit;
                (units - units.round()).abs() <= 1e-9 * units.max(1.0)
            })
        };
        if let Some(unit) = (1..=most).map(|k| greatest / f64::from(k)).find(|&unit| whole(unit)) {
            return unit;
        }
    }
    greatest / f64::from(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Distribution;

    #[test]
    fn constant_weights_are_kept_exactly() {
        for weights in [[0.1, 0.5], [87.8, 351.2], [0.3, 0.7], [2.0, 2.0]] {
            let parameters = weights.map(Parameter::Constant);
            let unit = unit(&parameters, 32_767);
            for weight in weights {
                let units = (weight / unit).round();
                assert!(units <= 32_767.0 && (units * unit - weight).abs() < 1e-12 * weight);
            }
        }
    }

    #[test]
    fn drawn_weights_fill_the_range() {
        let drawn = Parameter::Drawn(Distribution::Normal { mean: 351.2, sd: 35.12 });
        let unit = unit(&[Parameter::Constant(87.8), drawn], 32_767);
        assert!((unit - (351.2 + 6.0 * 35.12) / 32_767.0).abs() < 1e-12);
    }
}
