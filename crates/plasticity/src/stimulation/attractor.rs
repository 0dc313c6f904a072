//! The cost of the structural task for the controller: the distance from the ring attractor, and
//! how fast bumps move.

use std::f64::consts::TAU;

use super::bump::Drift;
use super::{
    Assessment, Objective, RingConfig, SteadySolver, StimulationError, Structural, Transfer,
};

/// Number of places on the ring at which the speed of a bump is looked at.
const PLACES: usize = 32;

/// Becoming a ring attractor: `U = sum w_ij (J_ij - J*_ij)^2`, by which the task is judged, and for
/// the controller the speeds of bumps besides.
///
/// U alone leaves errors of the weights that matter little to it and much to a bump. They move it
/// in two ways. Errors that are symmetric, in that they are products of activities as the Hebbian
/// rule makes them, make a landscape that pulls bumps to some places; they can be undone at any
/// time. Antisymmetric ones turn all bumps the same way round. The rule undoes those only while
/// the network is far from translation-invariant, or slowly, as it forgets. So the mean speed
/// counts from the beginning, and the speeds at all places count once U is below its goal.
#[derive(Debug, Clone, PartialEq)]
pub struct RingObjective {
    pub(super) config: RingConfig,
    pub(super) structural: Structural,
    /// The drifts of the target's bumps, which stand in for those of a network that has none yet.
    pub(super) of_target: Vec<Drift>,
}

impl RingObjective {
    pub(super) fn new(
        config: &RingConfig,
        structural: Structural,
        transfer: &Transfer,
    ) -> Result<Self, StimulationError> {
        let target = structural.target();
        let of_target = places()
            .map(|angle| config.drift(transfer, target, angle))
            .collect::<Option<_>>()
            .ok_or(StimulationError::NoBump);
        Ok(Self { config: config.clone(), of_target: of_target?, structural })
    }

    /// U, the distance from the target.
    pub fn distance(&self, weights: &[f64]) -> f64 {
        self.structural.cost(weights)
    }
}

/// The places at which speeds are looked at, in radians.
fn places() -> impl Iterator<Item = f64> {
    (0..PLACES).map(|p| TAU * p as f64 / PLACES as f64)
}

impl Objective for RingObjective {
    fn states(&self) -> usize {
        0
    }

    fn evaluate(
        &self,
        transfer: &Transfer,
        weights: &[f64],
        solvers: &mut [SteadySolver],
        gradient: Option<&mut [f64]>,
    ) -> Result<f64, StimulationError> {
        self.structural.evaluate(transfer, weights, solvers, gradient)
    }

    fn assess(&self, transfer: &Transfer, weights: &[f64]) -> Result<Assessment, StimulationError> {
        self.structural.assess(transfer, weights)
    }

    fn around(&self, transfer: &Transfer, weights: &[f64]) -> Option<Box<dyn Objective + '_>> {
        let config = &self.config;
        if config.rotation_importance == 0.0 && config.drift_importance == 0.0 {
            return None;
        }
        let near = self.distance(weights) < config.scaled_goal();
        let scale = config.square_of_weights();
        let drift = |(angle, of_target): (f64, &Drift)| {
            let own = if near { config.drift(transfer, weights, angle) } else { None };
            own.unwrap_or_else(|| of_target.clone())
        };
        Some(Box::new(Linearised {
            structural: &self.structural,
            drifts: places().zip(&self.of_target).map(drift).collect(),
            rotation_importance: scale * config.rotation_importance,
            drift_importance: if near { scale * config.drift_importance } else { 0.0 },
        }))
    }
}

/// The objective with the speeds to first order around some weights.
struct Linearised<'a> {
    structural: &'a Structural,
    drifts: Vec<Drift>,
    rotation_importance: f64,
    drift_importance: f64,
}

impl Objective for Linearised<'_> {
    fn states(&self) -> usize {
        0
    }

    fn evaluate(
        &self,
        transfer: &Transfer,
        weights: &[f64],
        solvers: &mut [SteadySolver],
        mut gradient: Option<&mut [f64]>,
    ) -> Result<f64, StimulationError> {
        let structural = self.structural;
        let cost = structural.evaluate(transfer, weights, solvers, gradient.as_deref_mut())?;
        let count = self.drifts.len() as f64;
        let mut scratch = vec![0.0; structural.target().len().isqrt()];
        let speeds: Vec<f64> = self.drifts.iter().map(|d| d.speed(weights, &mut scratch)).collect();
        let mean = speeds.iter().sum::<f64>() / count;
        let square = speeds.iter().map(|v| v * v).sum::<f64>() / count;
        if let Some(gradient) = gradient {
            for (drift, speed) in self.drifts.iter().zip(&speeds) {
                let by_speed = self.rotation_importance * mean + self.drift_importance * speed;
                drift.add_gradient(2.0 * by_speed / count, gradient);
            }
        }
        Ok(cost + self.rotation_importance * mean * mean + self.drift_importance * square)
    }

    fn assess(&self, transfer: &Transfer, weights: &[f64]) -> Result<Assessment, StimulationError> {
        self.structural.assess(transfer, weights)
    }
}
