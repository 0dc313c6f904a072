//! The settings of a ring attractor, and its weights.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::error::{StimulationError, check_count, check_finite, check_not_negative, check_number};
use crate::power::power;

/// The most neurons on the ring, and in the pool.
const MAX_RING: usize = 1000;

/// The longest cue and delay, in tau_n.
const LONGEST: f64 = 10_000.0;

/// The numbers of excitatory and inhibitory neurons that the weights of [`RingConfig`] are for.
const NEURONS: (usize, usize) = (16, 8);

/// A ring of excitatory neurons, each exciting its neighbours, and a pool of inhibitory ones that
/// all of them drive and that inhibits all of them: the classical network with a localised bump of
/// activity that can sit anywhere (Amari 1977, Biol. Cybern. 27:77; Ben-Yishai, Bar-Or &
/// Sompolinsky 1995, PNAS 92:3844).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RingConfig {
    /// Excitatory neurons, on the ring.
    #[cfg_attr(feature = "schema", schemars(range(min = 4, max = 1000)))]
    pub excitatory: usize,
    /// Inhibitory neurons, in the pool.
    #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 1000)))]
    pub inhibitory: usize,
    /// Weight between neurons of the ring at distance 0 (which nobody has). Like all weights that
    /// follow, it is for 16 excitatory and 8 inhibitory neurons; those of other networks scale so
    /// that the sum onto each neuron stays the same.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub peak: f64,
    /// Concentration of the von Mises profile of the weights over the angle.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub concentration: f64,
    /// Weight from the ring onto the pool.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub to_pool: f64,
    /// Strength from the pool onto the ring.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub from_pool: f64,
    /// Strength within the pool.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub within_pool: f64,
    /// The network before training: every synapse is uniform within this relative range around
    /// the mean of the target's synapses of its kind, so it has the target's means and no ring.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub initial_spread: f64,
    /// Importance of the synapses within the ring relative to all others, w_ij.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub ring_importance: f64,
    /// Weight of the squared mean speed of all bumps, in (radians per tau_n)^2, in the cost of the
    /// controller. Like the goal, it scales with the squares of the weights.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub rotation_importance: f64,
    /// Weight of the mean squared speed of the bumps, likewise, once U is below its goal.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub drift_importance: f64,
    /// Steady drive of all neurons while the bump is on its own.
    pub background: f64,
    /// Additional drive at the centre of the cue that places the bump.
    pub cue: f64,
    /// How long the cue lasts, in tau_n.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 10000), extend("unit" = "tau_n")))]
    pub cue_duration: f64,
    /// How long the bump is then left alone, in tau_n.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 10000), extend("unit" = "tau_n")))]
    pub delay: f64,
    /// The task is solved where the cost U is below this, for 16 excitatory neurons; it scales with
    /// the squares of the weights.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
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

impl RingConfig {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`StimulationError::Setting`] for the first that is out of range.
    pub fn validate(&self) -> Result<(), StimulationError> {
        check_count("excitatory", self.excitatory, 4..=MAX_RING)?;
        check_count("inhibitory", self.inhibitory, 2..=MAX_RING)?;
        for (name, value) in [
            ("peak", self.peak),
            ("concentration", self.concentration),
            ("to_pool", self.to_pool),
            ("from_pool", self.from_pool),
            ("within_pool", self.within_pool),
            ("ring_importance", self.ring_importance),
            ("rotation_importance", self.rotation_importance),
            ("drift_importance", self.drift_importance),
            ("goal", self.goal),
        ] {
            check_not_negative(name, value)?;
        }
        for (name, value) in [("cue_duration", self.cue_duration), ("delay", self.delay)] {
            let is_time = (0.0..=LONGEST).contains(&value);
            check_number(name, value, is_time, "it lies in [0, 10000] tau_n")?;
        }
        let is_spread = (0.0..=1.0).contains(&self.initial_spread);
        check_number("initial_spread", self.initial_spread, is_spread, "it lies in [0, 1]")?;
        check_finite("background", self.background)?;
        check_finite("cue", self.cue)
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

    /// Neurons on the ring and in the pool.
    pub(super) fn neurons(&self) -> usize {
        self.excitatory + self.inhibitory
    }

    /// The target's weights, the ring first, then the pool; n x n, column-major.
    pub(super) fn target_weights(&self) -> Vec<f64> {
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
}
