//! Bumps of activity on a ring: how they are placed, how they move, and what moves them.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::linear::{self, Lu};
use super::{RateDynamics, RingConfig, SteadySolver, Transfer};

/// A bump counts as one where the population vector of its rates is at least this long.
const LEAST_CONTRAST: f64 = 0.2;

/// How long a bump is left alone before its speed is looked at, in tau_n: long enough for its shape
/// to settle, and too short for it to move far.
const SETTLING: f64 = 8.0;

/// The farthest that a bump may have moved until then, in degrees, for its speed to be that at its
/// cue.
const FARTHEST: f64 = 30.0;

/// What became of a bump that was placed on the ring and left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BumpMeasurement {
    /// Where the cue was, in degrees.
    pub cued: f64,
    /// Where the bump is after the delay (the angle of the population vector), in degrees.
    pub position: f64,
    /// How far it has drifted from the cue, in degrees, -180 to 180.
    pub drift: f64,
    /// How far it moved during the second half of the delay, in degrees: 0 for a bump at rest.
    pub late_drift: f64,
    /// Width: the circular standard deviation of the rates above their minimum, in degrees.
    pub width: f64,
    /// Length of the population vector of the rates (0 for a flat profile, 1 for one neuron).
    pub contrast: f64,
    /// The fastest change of a rate after the delay, per tau_n: 0 for a bump at rest.
    pub residual: f64,
    /// Largest real part of the eigenvalues of -I + D J after the delay, per tau_n: 0 where the
    /// bump can sit anywhere, negative where it is drawn to a place nearby, positive where it is
    /// driven from one.
    pub eigenvalue: f64,
    /// Rates of the ring after the delay.
    pub rates: Vec<f64>,
    /// Whether there still is a bump, with a contrast of at least 0.2, and closer to the cue than
    /// to the neurons beside it: a drift of less than half the angle between neurons.
    pub held: bool,
}

/// How fast a bump moves as a function of the weights, to first order around the weights it was
/// measured at: `offset + left . J right`, in radians per tau_n.
///
/// A bump with the rates r moves along its neutral direction, the right eigenvector of `-I + D J`
/// whose eigenvalue is about 0; the left one, psi, tells how much of a change of the rates is a
/// move. So the speed is `psi . (-r + Phi(J r + f))`, and its derivative by the weights
/// `D psi r^T` (Zhang 1996, J. Neurosci. 16:2112; Burak & Fiete 2012, PNAS 109:17645).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drift {
    offset: f64,
    left: Vec<f64>,
    right: Vec<f64>,
}

impl Drift {
    /// The speed under these weights; `scratch` is for n values.
    pub(super) fn speed(&self, weights: &[f64], scratch: &mut [f64]) -> f64 {
        linear::multiply(weights, &self.right, scratch);
        self.offset + linear::dot(&self.left, scratch)
    }

    /// Adds `scale` times the derivative of the speed to a gradient by the weights.
    pub(super) fn add_gradient(&self, scale: f64, gradient: &mut [f64]) {
        for (column, r) in gradient.chunks_exact_mut(self.left.len()).zip(&self.right) {
            linear::axpy(scale * r, &self.left, column);
        }
    }
}

impl RingConfig {
    /// The drive of a cue at this angle (in radians).
    fn cue_at(&self, angle: f64) -> Vec<f64> {
        let mut drive = vec![self.background; self.neurons()];
        for (i, f) in drive.iter_mut().take(self.excitatory).enumerate() {
            let distance = TAU * i as f64 / self.excitatory as f64 - angle;
            *f += self.cue * libm::exp(self.concentration * (libm::cos(distance) - 1.0));
        }
        drive
    }

    /// The rates after a cue at this angle (in radians).
    fn cued(&self, dynamics: &mut RateDynamics, weights: &[f64], angle: f64) -> Vec<f64> {
        let mut rates = vec![0.0; self.neurons()];
        dynamics.relax(weights, &self.cue_at(angle), &mut rates, self.cue_duration);
        rates
    }

    /// Places a bump at this angle (in degrees), leaves it alone and measures it.
    pub(super) fn bump(&self, transfer: &Transfer, weights: &[f64], cued: f64) -> BumpMeasurement {
        let n = self.neurons();
        let background = vec![self.background; n];
        let mut dynamics = RateDynamics::new(*transfer, n);
        let mut rates = self.cued(&mut dynamics, weights, cued.to_radians());
        dynamics.relax(weights, &background, &mut rates, self.delay / 2.0);
        let halfway = population_vector(&rates[..self.excitatory], 0.0).0;
        dynamics.relax(weights, &background, &mut rates, self.delay / 2.0);
        let mut solver = SteadySolver::new(n);
        solver.examine(transfer, weights, &background, &rates);
        let eigenvalue = solver.summary(weights).map_or(f64::NAN, |s| s.spectral_abscissa);
        rates.truncate(self.excitatory);
        let (position, contrast) = population_vector(&rates, 0.0);
        let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let length = population_vector(&rates, lowest).1.clamp(1e-12, 1.0);
        let drift = wrap(position - cued);
        BumpMeasurement {
            cued,
            position,
            drift,
            late_drift: wrap(position - halfway),
            width: (-2.0 * libm::log(length)).sqrt().to_degrees(),
            contrast,
            held: contrast >= LEAST_CONTRAST && drift.abs() < 180.0 / self.excitatory as f64,
            residual: solver.residual(),
            eigenvalue,
            rates,
        }
    }

    /// What moves a bump that is placed at this angle (in radians); `None` if none
    /// stays near it.
    pub(super) fn drift(&self, transfer: &Transfer, weights: &[f64], angle: f64) -> Option<Drift> {
        let n = self.neurons();
        let background = vec![self.background; n];
        // Coarse steps: the speed is that of whatever rates this ends at.
        let mut dynamics = RateDynamics::new(*transfer, n).with_step(0.25);
        let mut rates = self.cued(&mut dynamics, weights, angle);
        dynamics.relax(weights, &background, &mut rates, SETTLING);
        let (position, contrast) = population_vector(&rates[..self.excitatory], 0.0);
        let moved = wrap(position - angle.to_degrees()).abs();
        if !(contrast >= LEAST_CONTRAST && moved < FARTHEST) {
            return None;
        }
        let mut input = vec![0.0; n];
        linear::multiply(weights, &rates, &mut input);
        linear::axpy(1.0, &background, &mut input);
        let (mut settled, mut slopes) = (vec![0.0; n], vec![0.0; n]);
        transfer.apply(&input, &mut settled, &mut slopes);

        // Inverse iteration for the eigenvalue of D J that is nearest to 1.
        let mut lu = Lu::new(n);
        lu.factorise(|j, column| {
            for ((c, w), d) in column.iter_mut().zip(&weights[j * n..]).zip(&slopes) {
                *c = -d * w;
            }
            column[j] += 1.001;
        });
        let place = |i: usize| TAU * i as f64 / self.excitatory as f64 - position.to_radians();
        let odd: Vec<f64> = (0..n)
            .map(|i| if i < self.excitatory { libm::sin(place(i)) * slopes[i] } else { 0.0 })
            .collect();
        let (mut along, mut across) = (odd.clone(), odd);
        for _ in 0..12 {
            lu.solve(&mut along);
            lu.solve_transposed(&mut across);
            for v in [&mut along, &mut across] {
                let size = linear::max_abs(v);
                v.iter_mut().for_each(|x| *x /= size);
            }
        }
        // A step of length 1 along it is to turn the population vector by 1 radian.
        let (mut turn, mut length) = (0.0, 0.0);
        for i in 0..self.excitatory {
            turn += along[i] * libm::sin(place(i));
            length += rates[i] * libm::cos(place(i));
        }
        let scale = turn / length / linear::dot(&across, &along);
        if !scale.is_finite() {
            return None;
        }
        let change: Vec<f64> = settled.iter().zip(&rates).map(|(s, r)| s - r).collect();
        let left: Vec<f64> = across.iter().zip(&slopes).map(|(a, d)| scale * a * d).collect();
        linear::multiply(weights, &rates, &mut input);
        let offset = scale * linear::dot(&across, &change) - linear::dot(&left, &input);
        Some(Drift { offset, left, right: rates })
    }
}

/// The angle (in degrees, 0 to 360) and the length (0 to 1) of the population vector of the rates
/// above `floor`.
fn population_vector(rates: &[f64], floor: f64) -> (f64, f64) {
    let (mut x, mut y, mut sum) = (0.0, 0.0, 0.0);
    for (i, r) in rates.iter().enumerate() {
        let angle = TAU * i as f64 / rates.len() as f64;
        x += (r - floor) * libm::cos(angle);
        y += (r - floor) * libm::sin(angle);
        sum += r - floor;
    }
    if sum <= 0.0 {
        return (0.0, 0.0);
    }
    (libm::atan2(y, x).to_degrees().rem_euclid(360.0), libm::hypot(x, y) / sum)
}

/// An angle in degrees, brought to -180 to 180.
fn wrap(angle: f64) -> f64 {
    (angle + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The target's weights with an error that is a product of activities, or an antisymmetric one.
    fn disturbed(antisymmetric: bool) -> (RingConfig, Vec<f64>) {
        let config = RingConfig::default();
        let task = config.build(&Transfer::default(), 0).unwrap();
        let n = config.neurons();
        let mut weights = task.target.weights().to_vec();
        let place = |i: usize| TAU * i as f64 / config.excitatory as f64;
        for j in 0..config.excitatory {
            for i in (0..config.excitatory).filter(|&i| i != j) {
                weights[i + j * n] += if antisymmetric {
                    0.002 * libm::sin(place(i) - place(j))
                } else {
                    0.002 * libm::cos(place(i)) * libm::cos(place(j))
                };
            }
        }
        (config, weights)
    }

    #[test]
    fn the_speed_is_that_of_the_bump() {
        let transfer = Transfer::default();
        for antisymmetric in [false, true] {
            let (config, weights) = disturbed(antisymmetric);
            let mut scratch = vec![0.0; config.neurons()];
            let (mut speeds, mut moves) = (Vec::new(), Vec::new());
            for p in 0..16 {
                let angle = TAU * (f64::from(p) + 0.3) / 16.0;
                let drift = config.drift(&transfer, &weights, angle).unwrap();
                speeds.push(drift.speed(&weights, &mut scratch).to_degrees());
                // The same places as those at which the speeds are.
                let short = RingConfig { delay: 2.0 * SETTLING, ..config.clone() };
                let bump = short.bump(&transfer, &weights, angle.to_degrees());
                moves.push(bump.late_drift / SETTLING);
            }
            let largest = moves.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            for (speed, moved) in speeds.iter().zip(&moves) {
                assert!((speed - moved).abs() < 0.15 * largest, "{speed} {moved}");
            }
            // Products of activities make a landscape, in which the speeds have no mean; an
            // antisymmetric error turns all bumps the same way.
            let mean = speeds.iter().sum::<f64>() / 16.0;
            if antisymmetric {
                assert!(speeds.iter().all(|s| (s - mean).abs() < 0.1 * mean.abs()));
            } else {
                assert!(mean.abs() < 0.05 * largest);
            }
        }
    }

    #[test]
    fn the_derivative_of_the_speed_is_that_by_the_weights() {
        let transfer = Transfer::default();
        let (config, weights) = disturbed(false);
        let n = config.neurons();
        let mut scratch = vec![0.0; n];
        let at = |weights: &[f64]| config.drift(&transfer, weights, 0.9).unwrap();
        let drift = at(&weights);
        let mut gradient = vec![0.0; n * n];
        drift.add_gradient(1.0, &mut gradient);
        let scale = linear::max_abs(&gradient);
        for synapse in (1..n * n).step_by(53).filter(|at| at % n != at / n) {
            let mut difference = |h: f64| {
                let mut other = weights.clone();
                other[synapse] += h;
                let linear = drift.speed(&other, &mut scratch);
                (linear, at(&other).speed(&other, &mut scratch))
            };
            let ((up, true_up), (down, true_down)) = (difference(1e-4), difference(-1e-4));
            assert!(((up - down) / 2e-4 - gradient[synapse]).abs() < 1e-9 * scale);
            // The bump itself moves with the weights, which is left out to first order.
            let whole = (true_up - true_down) / 2e-4;
            assert!((whole - gradient[synapse]).abs() < 0.2 * scale, "{whole}");
        }
    }

    #[test]
    fn a_network_without_bumps_has_no_speed() {
        let config = RingConfig::default();
        let task = config.build(&Transfer::default(), 0).unwrap();
        let weights = task.initial.weights();
        assert_eq!(config.drift(&Transfer::default(), weights, 1.0), None);
        assert_eq!(wrap(190.0), -170.0);
        assert_eq!(population_vector(&[0.0; 4], 0.0), (0.0, 0.0));
        let (angle, length) = population_vector(&[0.0, 1.0, 0.0, 0.0], 0.0);
        assert!((angle - 90.0).abs() < 1e-12 && (length - 1.0).abs() < 1e-12);
    }
}
