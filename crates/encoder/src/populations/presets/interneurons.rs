//! Pyramidal cells and three kinds of interneurons of layer 2/3 of the mouse's visual cortex.
//!
//! | constants | source |
//! |---|---|
//! | shares of the cells, connection probabilities, postsynaptic potentials | Billeh et al. 2020, Neuron 106:388 (their Htr3a cells are VIP here) |
//! | neurons | rounded from what is usual for these cells: PV fast, the others slow |
//! | synaptic time constants, delays | 2 ms (excitatory), 5 ms (inhibitory); 1.5 and 1 ms |
//! | a tenth of the cells, 0.03 of the connection probabilities | chosen: cells of a patch are connected less than near ones, and with more of them excitatory and PV cells oscillate together |
//! | background | derived: that for which the mean field has the rates of [`PV_SST_VIP_RATES_HZ`] |

use super::super::settings::{Background, Neuron, Population, Projection, Rule, Settings, Sign};
use super::current_of_potential;
use crate::network::{Distribution, Parameter};

/// The populations: pyramidal cells, and interneurons with parvalbumin, somatostatin, and
/// vasoactive intestinal peptide.
pub const PV_SST_VIP_POPULATIONS: [&str; 4] = ["E", "PV", "SST", "VIP"];

/// The rates of the mean field, Hz, to which the background is set: of the order of those of awake
/// mice.
pub const PV_SST_VIP_RATES_HZ: [f64; 4] = [4.0, 10.0, 8.0, 6.0];

/// Cells under a square millimetre or so, as in the model of Billeh et al.
const CELLS: [f64; 4] = [47_386.0, 3876.0, 2807.0, 6683.0];
/// The share of them at full scale here.
const SHARE: f64 = 0.1;
/// The share of the connections between these.
const CONNECTED: f64 = 0.03;

/// Connection probabilities of cells that are near each other; rows are sources, columns targets.
const PROBABILITY: [[f64; 4]; 4] = [
    [0.160, 0.395, 0.182, 0.105],
    [0.411, 0.451, 0.030, 0.220],
    [0.424, 0.857, 0.082, 0.770],
    [0.087, 0.020, 0.625, 0.028],
];

/// Heights of the postsynaptic potentials, mV.
const PSP: [[f64; 4]; 4] = [
    [0.36, 1.49, 0.86, 1.31],
    [0.48, 0.68, 0.42, 0.41],
    [0.31, 0.50, 0.15, 0.52],
    [0.28, 0.18, 0.32, 0.37],
];

/// Membrane time constants, ms.
const MEMBRANE: [f64; 4] = [20.0, 10.0, 20.0, 20.0];

/// Background spikes a second and neuron, of synapses of [`BACKGROUND_PSP`] mV.
const BACKGROUND: [f64; 4] = [1284.0, 1661.0, 1247.0, 1234.0];
const BACKGROUND_PSP: f64 = 0.5;

/// The network with this share of its 6,076 neurons, and as many synapses to each as far as there
/// are neurons for it.
pub fn pv_sst_vip(scale: f64) -> Settings {
    let mut settings = Settings { warm_up: 500.0, duration: 2000.0, ..Settings::default() };
    for (k, name) in PV_SST_VIP_POPULATIONS.into_iter().enumerate() {
        let neuron = Neuron {
            membrane: MEMBRANE[k].into(),
            rest: -70.0,
            reset: (-65.0).into(),
            tau_excitatory: 2.0,
            tau_inhibitory: 5.0,
            ..Neuron::default()
        };
        let weight = BACKGROUND_PSP * current_of_potential(&neuron, Sign::Excitatory);
        settings.populations.push(Population {
            sign: if k == 0 { Sign::Excitatory } else { Sign::Inhibitory },
            neuron,
            initial_potential: Some(Parameter::Drawn(Distribution::Uniform {
                low: -70.0,
                high: -50.0,
            })),
            background: vec![Background { rate: BACKGROUND[k], weight }],
            ..Population::new(name, (CELLS[k] * SHARE * scale).round().max(1.0) as usize)
        });
    }
    for (source, source_name) in PV_SST_VIP_POPULATIONS.into_iter().enumerate() {
        for (target, target_name) in PV_SST_VIP_POPULATIONS.into_iter().enumerate() {
            let sign = settings.populations[source].sign;
            let neuron = &settings.populations[target].neuron;
            let mean = PSP[source][target] * current_of_potential(neuron, sign);
            settings.projections.push(Projection {
                source: source_name.into(),
                target: target_name.into(),
                connect: Rule::Probability {
                    probability: (PROBABILITY[source][target] * CONNECTED / scale).min(1.0),
                    autapses: false,
                },
                weight: Parameter::Drawn(Distribution::Normal { mean, sd: 0.1 * mean }),
                delay: if sign == Sign::Excitatory { 1.5 } else { 1.0 }.into(),
                plasticity: None,
            });
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::super::super::theory::mean_field;
    use super::*;

    #[test]
    fn the_background_brings_the_mean_field_to_its_rates() {
        let field = mean_field(&pv_sst_vip(1.0));
        assert!(field.is_stable(), "{field:?}");
        for (rate, wanted) in field.rates_hz.iter().zip(PV_SST_VIP_RATES_HZ) {
            assert!((rate / wanted - 1.0).abs() < 0.03, "{field:?}");
        }
    }

    #[test]
    fn interneurons_connect_as_published() {
        let settings = pv_sst_vip(1.0);
        let probability = |source: &str, target: &str| {
            let mut all = settings.projections.iter();
            let found = all.find(|p| p.source == source && p.target == target);
            found.map_or(0.0, |p| settings.synapses(p))
        };
        // VIP cells inhibit SST cells and hardly others; SST cells do not inhibit each other.
        let per_pair = |source: &str, target: &str| {
            let size =
                |name| settings.population(name).map_or(1, |at| settings.populations[at].size);
            probability(source, target) / (size(source) * size(target)) as f64
        };
        assert!(per_pair("VIP", "SST") > 6.0 * per_pair("VIP", "E"));
        assert!(per_pair("SST", "PV") > 10.0 * per_pair("SST", "SST"));
        assert!((per_pair("E", "E") / per_pair("E", "PV") - 0.16 / 0.395).abs() < 1e-3);
        assert_eq!(settings.neurons(), 4739 + 388 + 281 + 668);
    }
}
