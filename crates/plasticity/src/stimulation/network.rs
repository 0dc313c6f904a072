//! The network: which neurons there are, which synapses exist, and how strong they are.

use equipoise_random::stream;
use serde::{Deserialize, Serialize};

use super::error::{StimulationError, check_count, check_not_negative, check_number, wrong};
use super::linear;

/// The most neurons a network may have: its matrices, of which a training holds a dozen for each
/// thread, then take 32 MB each.
pub const MAX_NEURONS: usize = 2000;

/// What a neuron does to those it reaches (Dale's law: all its synapses have one sign).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeuronType {
    /// Positive outgoing weights.
    Excitatory,
    /// Negative outgoing weights.
    Inhibitory,
}

impl NeuronType {
    /// 1 for excitatory, -1 for inhibitory.
    pub fn sign(self) -> f64 {
        match self {
            Self::Excitatory => 1.0,
            Self::Inhibitory => -1.0,
        }
    }
}

/// How a random network is drawn.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Number of neurons, N.
    #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 2000)))]
    pub neurons: usize,
    /// How many of them are inhibitory (which ones is drawn).
    pub inhibitory: usize,
    /// The probability that one neuron has a synapse onto another; there are no self-connections.
    #[cfg_attr(feature = "schema", schemars(range(max = 1), extend("exclusiveMinimum" = 0)))]
    pub density: f64,
    /// Mean weight of an excitatory synapse, for an in-degree of 11 from excitatory neurons; the
    /// weights of other networks scale with one over the expected in-degree, so that the drive
    /// stays the same. Weights are uniform in 0 .. twice the mean.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub excitatory_weight: f64,
    /// Mean strength of an inhibitory synapse, for an in-degree of 4 from inhibitory neurons,
    /// scaled likewise.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub inhibitory_weight: f64,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            neurons: 30,
            inhibitory: 8,
            density: 0.5,
            excitatory_weight: 0.05,
            inhibitory_weight: 0.15,
        }
    }
}

impl NetworkConfig {
    /// The default network at another size: the same share of inhibitory neurons and the same
    /// density, so the in-degree grows with N.
    pub fn of_size(neurons: usize) -> Self {
        let inhibitory = (neurons as f64 * 8.0 / 30.0).round() as usize;
        Self { neurons, inhibitory, ..Self::default() }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`StimulationError::Setting`] for the first that is out of range.
    pub fn validate(&self) -> Result<(), StimulationError> {
        check_count("neurons", self.neurons, 2..=MAX_NEURONS)?;
        if self.inhibitory >= self.neurons {
            let wanted = format!("at least one of {} neurons is excitatory", self.neurons);
            return Err(wrong("inhibitory", self.inhibitory, wanted));
        }
        let is_probability = self.density > 0.0 && self.density <= 1.0;
        check_number("density", self.density, is_probability, "it lies in (0, 1]")?;
        check_not_negative("excitatory_weight", self.excitatory_weight)?;
        check_not_negative("inhibitory_weight", self.inhibitory_weight)
    }

    /// Draws a network. Types, synapses and weights come from streams of their own.
    ///
    /// # Errors
    /// Those of [`NetworkConfig::validate`].
    pub fn build(&self, seed: u64) -> Result<Network, StimulationError> {
        self.validate()?;
        let n = self.neurons;
        let mut types = vec![NeuronType::Excitatory; n];
        for i in stream(seed, "stimulation/types", 0).choose(n, self.inhibitory) {
            types[i] = NeuronType::Inhibitory;
        }
        let expected = |count: usize| (count as f64 * self.density).max(1.0);
        let excitatory = self.excitatory_weight * 11.0 / expected(n - self.inhibitory);
        let inhibitory = self.inhibitory_weight * 4.0 / expected(self.inhibitory);
        let mut exists = vec![false; n * n];
        let mut weights = vec![0.0; n * n];
        for (j, &kind) in types.iter().enumerate() {
            let mut synapses = stream(seed, "stimulation/synapses", j as u64);
            let mut strength = stream(seed, "stimulation/weights", j as u64);
            let mean = if kind == NeuronType::Excitatory { excitatory } else { inhibitory };
            for i in 0..n {
                let present = synapses.bernoulli(self.density) && i != j;
                let weight = kind.sign() * 2.0 * mean * strength.uniform();
                if present {
                    exists[i + j * n] = true;
                    weights[i + j * n] = weight;
                }
            }
        }
        Network::new(types, exists, weights)
    }
}

/// A rate network: types, synapses and weights.
///
/// Matrices are column-major: the synapse from neuron `j` (presynaptic) onto neuron `i`
/// (postsynaptic) is at `i + j * n`, so the outgoing synapses of a neuron lie together.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    types: Vec<NeuronType>,
    mask: Vec<f64>,
    weights: Vec<f64>,
}

impl Network {
    /// A network from its parts, `exists` and `weights` of n x n entries, column-major.
    ///
    /// # Errors
    /// If a size is wrong, a neuron connects to itself, or a weight is not finite, has the wrong
    /// sign for its neuron or sits where there is no synapse.
    pub fn new(
        types: Vec<NeuronType>,
        exists: Vec<bool>,
        weights: Vec<f64>,
    ) -> Result<Self, StimulationError> {
        let n = types.len();
        check_count("neurons", n, 1..=MAX_NEURONS)?;
        for (what, given) in [("synapse flags", exists.len()), ("weights", weights.len())] {
            if given != n * n {
                return Err(StimulationError::Shape { what, given, wanted: n * n, neurons: n });
            }
        }
        for (at, (&present, &weight)) in exists.iter().zip(&weights).enumerate() {
            let (i, j) = (at % n, at / n);
            let fault = if !weight.is_finite() {
                "is not finite"
            } else if present && i == j {
                "is a self-connection"
            } else if !present && weight != 0.0 {
                "has a weight but does not exist"
            } else if weight * types[j].sign() < 0.0 {
                "has the wrong sign for its presynaptic neuron"
            } else {
                continue;
            };
            return Err(StimulationError::Synapse { from: j, onto: i, weight, fault });
        }
        let mask = exists.into_iter().map(|present| f64::from(u8::from(present))).collect();
        Ok(Self { types, mask, weights })
    }

    /// Number of neurons, n.
    pub fn neurons(&self) -> usize {
        self.types.len()
    }

    /// The type of every neuron.
    pub fn types(&self) -> &[NeuronType] {
        &self.types
    }

    /// 1 where there is a synapse, 0 elsewhere; n x n, column-major.
    pub fn mask(&self) -> &[f64] {
        &self.mask
    }

    /// The weights J; n x n, column-major.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Number of synapses.
    pub fn synapses(&self) -> usize {
        self.mask.iter().filter(|&&m| m != 0.0).count()
    }

    /// The presynaptic partners of neuron `i`, in increasing order.
    pub fn inputs_of(&self, i: usize) -> Vec<usize> {
        let n = self.neurons();
        (0..n).filter(|j| self.mask[i + j * n] != 0.0).collect()
    }

    /// The largest in-degree.
    pub fn max_in_degree(&self) -> usize {
        let n = self.neurons();
        let mut degree = vec![0.0; n];
        for column in self.mask.chunks_exact(n) {
            linear::axpy(1.0, column, &mut degree);
        }
        degree.into_iter().fold(0.0, f64::max) as usize
    }

    /// The same neurons and synapses with other weights; those where there is no synapse, or of
    /// the wrong sign, become 0.
    pub fn set_weights(&mut self, weights: &[f64]) {
        let n = self.neurons();
        assert_eq!(weights.len(), n * n, "weights of another network");
        for (j, &kind) in self.types.iter().enumerate() {
            let column = j * n..(j + 1) * n;
            let given = weights[column.clone()].iter().zip(&self.mask[column.clone()]);
            for (w, (given, m)) in self.weights[column].iter_mut().zip(given) {
                *w = m * kind.sign() * (kind.sign() * given).max(0.0);
            }
        }
    }

    pub(super) fn weights_mut(&mut self) -> &mut [f64] {
        &mut self.weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_what_was_asked_for() {
        let config = NetworkConfig::default();
        let network = config.build(0).unwrap();
        assert_eq!(network, config.build(0).unwrap());
        assert_ne!(network, config.build(1).unwrap());
        let inhibitory = network.types().iter().filter(|&&t| t == NeuronType::Inhibitory).count();
        assert_eq!(inhibitory, 8);
        let pairs = 30.0 * 29.0;
        let share = network.synapses() as f64 / pairs;
        assert!((share - 0.5).abs() < 4.0 * (0.25 / pairs).sqrt(), "{share}");
        for j in 0..30 {
            assert_eq!(network.mask()[j + 30 * j], 0.0);
            for i in 0..30 {
                let w = network.weights()[i + 30 * j];
                assert!(w * network.types()[j].sign() >= 0.0);
                assert_eq!(w != 0.0, network.inputs_of(i).contains(&j));
            }
        }
    }

    #[test]
    fn wrong_networks_are_refused() {
        let types = vec![NeuronType::Excitatory, NeuronType::Inhibitory];
        let build = |exists: [bool; 4], weights: [f64; 4]| {
            Network::new(types.clone(), exists.to_vec(), weights.to_vec())
        };
        assert!(build([false, true, true, false], [0.0, 1.0, -1.0, 0.0]).is_ok());
        assert!(build([true, true, true, false], [0.5, 1.0, -1.0, 0.0]).is_err());
        assert!(build([false, true, true, false], [0.0, -1.0, -1.0, 0.0]).is_err());
        assert!(build([false, false, true, false], [0.0, 1.0, -1.0, 0.0]).is_err());
        assert!(build([false, true, true, false], [0.0, f64::NAN, -1.0, 0.0]).is_err());
        assert!(Network::new(types.clone(), vec![false; 3], vec![0.0; 4]).is_err());
        for bad in [
            NetworkConfig { neurons: 1, ..Default::default() },
            NetworkConfig { inhibitory: 30, ..Default::default() },
            NetworkConfig { density: 1.5, ..Default::default() },
            NetworkConfig { excitatory_weight: f64::NAN, ..Default::default() },
        ] {
            assert!(bad.build(0).is_err());
        }
    }
}
