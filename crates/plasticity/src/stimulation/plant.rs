//! What is trained: a network that can be driven and measured, but not read or written.

use equipoise_random::{Stream, stream};

use super::{Network, PlasticityRule, SteadySolver, StimulationError, Transfer};

/// A network under control. Implement it for a chip or a culture to train that.
pub trait Plant {
    /// Number of neurons.
    fn neurons(&self) -> usize;

    /// Drives the network too briefly for its synapses to change, and measures its steady rates.
    ///
    /// # Errors
    /// If the network does not settle or cannot be measured.
    fn measure(&mut self, drive: &[f64], rates: &mut [f64]) -> Result<(), StimulationError>;

    /// Drives the network for `duration` (in tau_s), so that its synapses change.
    ///
    /// # Errors
    /// If the network does not settle or cannot be driven.
    fn stimulate(&mut self, drive: &[f64], duration: f64) -> Result<(), StimulationError>;

    /// The true network, where it is known: for judging a training, never for planning it.
    fn truth(&self) -> Option<&Network> {
        None
    }

    /// The true transfer function, where it is known.
    fn true_transfer(&self) -> Option<Transfer> {
        None
    }
}

/// A simulated network, with its true constants and the noise of its measurements.
#[derive(Clone)]
pub struct SimulatedPlant {
    network: Network,
    transfer: Transfer,
    rule: PlasticityRule,
    noise: f64,
    substeps: usize,
    solver: SteadySolver,
    drift: Vec<f64>,
    draws: Stream,
}

impl SimulatedPlant {
    /// A noiseless plant whose plasticity advances in one step per stimulation.
    pub fn new(network: Network, transfer: Transfer, rule: PlasticityRule) -> Self {
        let n = network.neurons();
        Self {
            network,
            transfer,
            rule,
            noise: 0.0,
            substeps: 1,
            solver: SteadySolver::new(n),
            drift: vec![0.0; n * n],
            draws: stream(0, "stimulation/noise", 0),
        }
    }

    /// Measured rates are multiplied by `1 + noise * xi` with standard normal xi, and kept inside
    /// the range of the transfer function.
    pub fn with_noise(mut self, noise: f64, seed: u64) -> Self {
        self.noise = noise;
        self.draws = stream(seed, "stimulation/noise", 0);
        self
    }

    /// A stimulation is integrated in this many steps, with the rates following the synapses:
    /// many for a time-continuous network, 1 for the Euler step that the controller assumes.
    pub fn with_substeps(mut self, substeps: usize) -> Self {
        self.substeps = substeps.max(1);
        self
    }
}

impl Plant for SimulatedPlant {
    fn neurons(&self) -> usize {
        self.network.neurons()
    }

    fn measure(&mut self, drive: &[f64], rates: &mut [f64]) -> Result<(), StimulationError> {
        self.solver.settle(&self.transfer, self.network.weights(), drive)?;
        rates.copy_from_slice(self.solver.rates());
        if self.noise > 0.0 {
            let ceiling = self.transfer.max_rate;
            for r in rates {
                let noisy = *r * (1.0 + self.noise * self.draws.normal());
                *r = noisy.clamp(1e-3 * ceiling, (1.0 - 1e-3) * ceiling);
            }
        }
        Ok(())
    }

    fn stimulate(&mut self, drive: &[f64], duration: f64) -> Result<(), StimulationError> {
        self.solver.reset();
        let dt = duration / self.substeps as f64;
        // Types and mask are copied once a stimulation, beside which the search for the steady
        // state is long.
        let (types, mask) = (self.network.types().to_vec(), self.network.mask().to_vec());
        for _ in 0..self.substeps {
            self.solver.solve(&self.transfer, self.network.weights(), drive)?;
            self.solver.check_stability(self.network.weights())?;
            let (weights, rates) = (self.network.weights_mut(), self.solver.rates());
            self.rule.step(&types, &mask, weights, rates, dt, &mut self.drift);
        }
        Ok(())
    }

    fn truth(&self) -> Option<&Network> {
        Some(&self.network)
    }

    fn true_transfer(&self) -> Option<Transfer> {
        Some(self.transfer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::NeuronType;
    use super::*;

    #[test]
    fn a_network_that_never_settles_is_neither_measured_nor_stimulated() {
        let types = vec![NeuronType::Excitatory, NeuronType::Excitatory, NeuronType::Inhibitory];
        let mut exists = vec![true; 9];
        exists.iter_mut().step_by(4).for_each(|self_connection| *self_connection = false);
        // Two excitatory neurons that excite each other, and one that both drive and that
        // inhibits both.
        let weights = vec![0.0, 2.4, 1.2, 2.4, 0.0, 1.2, -2.4, -2.4, 0.0];
        let network = Network::new(types, exists, weights).unwrap();
        let transfer = Transfer { gain: 40.0, max_rate: 1.0 };
        let mut plant = SimulatedPlant::new(network.clone(), transfer, PlasticityRule::default());
        let drive = [0.3, 0.3, -0.6];
        let lost = |result: Result<(), StimulationError>| {
            matches!(
                result,
                Err(StimulationError::NoSteadyState { .. } | StimulationError::UnstableState { .. })
            )
        };
        assert!(lost(plant.measure(&drive, &mut [0.0; 3])));
        assert!(lost(plant.stimulate(&drive, 0.03)));
        assert_eq!(plant.truth(), Some(&network), "it is left as it was");
        // The same network settles under a drive that silences it.
        plant.measure(&[-3.0; 3], &mut [0.0; 3]).unwrap();
    }
}
