//! The structural task: a network that is to become a ring attractor, and the test that it is one.

use super::{
    BumpMeasurement, Network, NeuronType, RingConfig, RingObjective, StimulationError, Structural,
    Transfer,
};
use equipoise_random::stream;

/// The structural task, built: where the network begins, what it is to become, and the cost.
#[derive(Debug, Clone, PartialEq)]
pub struct RingTask {
    config: RingConfig,
    /// The network before training.
    pub initial: Network,
    /// The ring attractor.
    pub target: Network,
    /// The cost.
    pub objective: RingObjective,
}

impl RingConfig {
    /// The task for neurons with this transfer function, with the initial weights from `seed`.
    ///
    /// # Errors
    /// Those of [`RingConfig::validate`], and if the target holds no bump.
    pub fn build(&self, transfer: &Transfer, seed: u64) -> Result<RingTask, StimulationError> {
        self.validate()?;
        let n = self.neurons();
        let is_ring = |i: usize| i < self.excitatory;
        let types: Vec<NeuronType> = (0..n)
            .map(|i| if is_ring(i) { NeuronType::Excitatory } else { NeuronType::Inhibitory })
            .collect();
        let pairs: Vec<(usize, usize)> = (0..n * n).map(|at| (at % n, at / n)).collect();
        let exists: Vec<bool> = pairs.iter().map(|(i, j)| i != j).collect();
        let target = self.target_weights();
        let mean = target[1..self.excitatory].iter().sum::<f64>() / (self.excitatory - 1) as f64;
        let initial: Vec<f64> = (0..n)
            .flat_map(|j| {
                let mut draws = stream(seed, "stimulation/ring", j as u64);
                let target = &target;
                let weight = move |i: usize| {
                    let factor = 1.0 + self.initial_spread * (2.0 * draws.uniform() - 1.0);
                    let base = if is_ring(i) && is_ring(j) { mean } else { target[i + j * n] };
                    if i == j { 0.0 } else { factor * base }
                };
                (0..n).map(weight)
            })
            .collect();
        let importance: Vec<f64> = pairs
            .iter()
            .map(|&(i, j)| if is_ring(i) && is_ring(j) { self.ring_importance } else { 1.0 })
            .collect();
        let target = Network::new(types.clone(), exists.clone(), target)?;
        let initial = Network::new(types, exists, initial)?;
        let structural = Structural::new(&target, &importance, self.scaled_goal())?
            .judged_under(vec![self.background; n]);
        let objective = RingObjective::new(self, structural, transfer)?;
        Ok(RingTask { config: self.clone(), initial, target, objective })
    }
}

impl RingTask {
    /// Places bumps at every neuron of the ring and three times between neighbours, leaves them
    /// alone, and measures where they are, how wide, and whether they still are bumps.
    ///
    /// Places at a neuron and half-way between two are symmetric, and a bump of a symmetric
    /// network stays there for that reason alone; those at a quarter are not.
    pub fn bumps(&self, transfer: &Transfer, weights: &[f64]) -> Vec<BumpMeasurement> {
        self.places().map(|cued| self.config.bump(transfer, weights, cued)).collect()
    }

    /// The angles of the cues, in degrees.
    fn places(&self) -> impl Iterator<Item = f64> {
        let count = 4 * self.config.excitatory;
        (0..count).map(move |p| 360.0 * p as f64 / count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PlasticityRule, SimulatedPlant, StepRecord, TrainingConfig, train};
    use super::*;
    use std::ops::ControlFlow;

    /// Of 16 + 8 neurons and of twice as many.
    fn tasks() -> [RingTask; 2] {
        [(16, 8), (32, 16)].map(|(excitatory, inhibitory)| {
            let config = RingConfig { excitatory, inhibitory, ..Default::default() };
            config.build(&Transfer::default(), 3).unwrap()
        })
    }

    #[test]
    fn the_target_is_a_continuous_attractor_and_the_initial_network_is_none() {
        for task in tasks() {
            let transfer = Transfer::default();
            let bumps = task.bumps(&transfer, task.target.weights());
            assert_eq!(bumps.len(), 4 * task.config.excitatory);
            for bump in &bumps {
                assert!(bump.held && bump.drift.abs() < 0.05 && bump.late_drift.abs() < 0.05);
                assert!((bump.width - bumps[0].width).abs() < 1.0);
                // At rest, and neutral along the ring.
                assert!(bump.residual < 1e-4 && bump.eigenvalue.abs() < 1e-3, "{bump:?}");
            }
            let bumps = task.bumps(&transfer, task.initial.weights());
            assert!(bumps.iter().filter(|b| b.held).count() <= 4 + bumps.len() / 10);
        }
    }

    #[test]
    fn inputs_do_not_depend_on_the_size() {
        let onto_first = |task: &RingTask| {
            let n = task.target.neurons();
            let (ring, weights) = (task.config.excitatory, task.target.weights());
            let sum = |i: usize, from: std::ops::Range<usize>| -> f64 {
                from.map(|j| weights[i + j * n]).sum()
            };
            [sum(0, 0..ring), sum(0, ring..n), sum(ring, 0..ring), sum(ring, ring..n)]
        };
        let [small, large] = tasks();
        for (a, b) in onto_first(&small).into_iter().zip(onto_first(&large)) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn a_trained_ring_holds_bumps_at_every_place() {
        let transfer = Transfer::default();
        let task = RingConfig::default().build(&transfer, 21).unwrap();
        let config = TrainingConfig { budget: 400, patience: 400, ..Default::default() };
        let mut plant =
            SimulatedPlant::new(task.initial.clone(), transfer, PlasticityRule::default());
        let mut go = |_: &StepRecord| ControlFlow::Continue(());
        let objective = &task.objective;
        let result = train(&mut plant, &task.initial, objective, &config, 21, &mut go).unwrap();
        assert!(result.solved_at.is_some_and(|at| at <= 250), "{:?}", result.solved_at);
        assert!(task.objective.distance(&result.weights_after) < 0.0015);
        for bump in task.bumps(&transfer, &result.weights_after) {
            assert!(bump.held && bump.drift.abs() < 11.25, "{} {}", bump.cued, bump.drift);
        }
    }

    #[test]
    fn a_target_without_bumps_is_refused() {
        let flat = RingConfig { peak: 0.2, ..Default::default() };
        assert!(flat.build(&Transfer::default(), 0).is_err());
        let wrong = RingConfig { drift_importance: f64::NAN, ..Default::default() };
        assert!(wrong.build(&Transfer::default(), 0).is_err());
    }
}
