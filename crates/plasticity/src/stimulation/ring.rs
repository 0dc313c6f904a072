//! The structural task's target: a ring attractor, and the test that a network is one.

use std::f64::consts::TAU;

use equipoise_random::stream;
use serde::{Deserialize, Serialize};

use super::{
    BumpMeasurement, Network, NeuronType, RingObjective, StimulationError, Structural, Transfer,
};
use crate::power::power;

/// The numbers of excitatory and inhibitory neurons that the weights of [`RingConfig`] are for.
const NEURONS: (usize, usize) = (16, 8);

/// A ring of excitatory neurons, each exciting its neighbours, and a pool of inhibitory ones that
/// all of them drive and that inhibits all of them: the classical network with a localised bump of
/// activity that can sit anywhere (Amari 1977, Biol. Cybern. 27:77; Ben-Yishai, Bar-Or &
/// Sompolinsky 1995, PNAS 92:3844).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RingConfig {
    /// Excitatory neurons, on the ring.
    pub excitatory: usize,
    /// Inhibitory neurons, in the pool.
    pub inhibitory: usize,
    /// Weight between neurons of the ring at distance 0 (which nobody has). Like all weights that
    /// follow, it is for 16 excitatory and 8 inhibitory neurons; those of other networks scale so
    /// that the sum onto each neuron stays the same.
    pub peak: f64,
    /// Concentration of the von Mises profile of the weights over the angle.
    pub concentration: f64,
    /// Weight from the ring onto the pool.
    pub to_pool: f64,
    /// Strength from the pool onto the ring.
    pub from_pool: f64,
    /// Strength within the pool.
    pub within_pool: f64,
    /// The network before training: every synapse is uniform within this relative range around
    /// the mean of the target's synapses of its kind, so it has the target's means and no ring.
    pub initial_spread: f64,
    /// Importance of the synapses within the ring relative to all others, w_ij.
    pub ring_importance: f64,
    /// Weight of the squared mean speed of all bumps, in (radians per tau_n)^2, in the cost of the
    /// controller; see [`RingObjective`]. Like the goal, it scales with the squares of the weights.
    pub rotation_importance: f64,
    /// Weight of the mean squared speed of the bumps, likewise, once U is below its goal.
    pub drift_importance: f64,
    /// Steady drive of all neurons while the bump is on its own.
    pub background: f64,
    /// Additional drive at the centre of the cue that places the bump.
    pub cue: f64,
    /// How long the cue lasts, in tau_n.
    pub cue_duration: f64,
    /// How long the bump is then left alone, in tau_n.
    pub delay: f64,
    /// The task is solved where the cost U is below this, for 16 excitatory neurons; see
    /// [`RingConfig::scaled_goal`].
    pub goal: f64,
}

impl Default for RingConfig {
    fn default() -> Self {
        Self {
            excitatory: 16,
            inhibitory: 8,
            peak: 0.94,
            concentration: 2.9,
            to_pool: 0.07,
            from_pool: 0.35,
            within_pool: 0.14,
            initial_spread: 0.25,
            ring_importance: 8.0,
            rotation_importance: 20.0,
            drift_importance: 1.0,
            background: -0.4,
            cue: 1.0,
            cue_duration: 20.0,
            delay: 50.0,
            goal: 0.0015,
        }
    }
}

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
    /// Checks the numbers.
    pub fn validate(&self) -> Result<(), StimulationError> {
        let fail = |m: String| Err(StimulationError::Config(m));
        if self.excitatory < 4 || self.inhibitory < 2 {
            return fail(format!(
                "a ring needs 4 excitatory and 2 inhibitory neurons or more, not {} and {}",
                self.excitatory, self.inhibitory
            ));
        }
        for (name, value) in [
            ("peak", self.peak),
            ("concentration", self.concentration),
            ("to_pool", self.to_pool),
            ("from_pool", self.from_pool),
            ("within_pool", self.within_pool),
            ("ring_importance", self.ring_importance),
            ("rotation_importance", self.rotation_importance),
            ("drift_importance", self.drift_importance),
            ("cue_duration", self.cue_duration),
            ("delay", self.delay),
            ("goal", self.goal),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return fail(format!("{name} must be finite and at least 0, not {value}"));
            }
        }
        if !(0.0..=1.0).contains(&self.initial_spread) {
            return fail(format!("initial_spread must be in [0, 1], not {}", self.initial_spread));
        }
        if !(self.background.is_finite() && self.cue.is_finite()) {
            return fail("background and cue must be finite".into());
        }
        Ok(())
    }

    /// The goal for the ring's number of neurons: weights are smaller where there are more of them,
    /// and their squares with them.
    pub fn scaled_goal(&self) -> f64 {
        self.goal * self.square_of_weights()
    }

    /// The square of the weights, relative to that of 16 excitatory neurons.
    pub(super) fn square_of_weights(&self) -> f64 {
        power(NEURONS.0 as f64 / self.excitatory as f64, 2)
    }

    /// The target's weights, the ring first, then the pool; n x n, column-major.
    fn target_weights(&self) -> Vec<f64> {
        let (ring, n) = (self.excitatory, self.neurons());
        let profile = |distance: f64| libm::exp(self.concentration * (libm::cos(distance) - 1.0));
        let angle = |from: usize, to: usize, of: usize| TAU * (from as f64 - to as f64) / of as f64;
        let onto_one = |of: usize| (1..of).map(|d| profile(angle(d, 0, of))).sum::<f64>();
        let peak = self.peak * onto_one(NEURONS.0) / onto_one(ring);
        let to_pool = self.to_pool * NEURONS.0 as f64 / ring as f64;
        let from_pool = self.from_pool * NEURONS.1 as f64 / self.inhibitory as f64;
        let within_pool = self.within_pool * (NEURONS.1 - 1) as f64 / (self.inhibitory - 1) as f64;
        let weight = |i: usize, j: usize| match (i < ring, j < ring) {
            _ if i == j => 0.0,
            (true, true) => peak * profile(angle(j, i, ring)),
            (false, true) => to_pool,
            (true, false) => -from_pool,
            (false, false) => -within_pool,
        };
        (0..n * n).map(|at| weight(at % n, at / n)).collect()
    }

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
