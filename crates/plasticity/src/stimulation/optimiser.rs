//! Minimisation within bounds, by gradients.

use serde::{Deserialize, Serialize};

use super::linear;
use crate::power::power;

/// How a stimulation is searched for.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Limited-memory quasi-Newton steps on the variables that are not held at a bound, with a
    /// backtracking line search along the projection (Bertsekas 1982, SIAM J. Control Optim.
    /// 20:221; Nocedal & Wright 2006, algorithm 7.4).
    Lbfgs,
    /// Adam (Kingma & Ba 2015), projected onto the bounds after each step.
    Adam,
}

/// Pairs that the quasi-Newton method remembers.
const MEMORY: usize = 8;

/// The box, the effort and the method.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) method: Method,
    pub(super) low: Vec<f64>,
    pub(super) high: Vec<f64>,
    /// Number of gradient evaluations that may be spent.
    pub(super) evaluations: usize,
    /// Step of Adam, and largest change of a variable in the first quasi-Newton step.
    pub(super) step: f64,
}

/// Storage for searches, used again and again.
#[derive(Debug, Clone)]
pub(super) struct SearchStorage {
    gradient: Vec<f64>,
    trial: Vec<f64>,
    trial_gradient: Vec<f64>,
    direction: Vec<f64>,
    best: Vec<f64>,
    steps: Vec<Vec<f64>>,
    changes: Vec<Vec<f64>>,
    curvature: [f64; MEMORY],
}

impl SearchStorage {
    pub(super) fn new(n: usize) -> Self {
        let zero = vec![0.0; n];
        Self {
            gradient: zero.clone(),
            trial: zero.clone(),
            trial_gradient: zero.clone(),
            direction: zero.clone(),
            best: zero.clone(),
            steps: vec![zero.clone(); MEMORY],
            changes: vec![zero; MEMORY],
            curvature: [0.0; MEMORY],
        }
    }
}

impl Search {
    /// Minimises `cost` (which writes its gradient, and is infinite where it does not exist) from
    /// `x`, which becomes the best point found. Gives its cost.
    pub(super) fn minimise(
        &self,
        x: &mut [f64],
        storage: &mut SearchStorage,
        cost: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
    ) -> f64 {
        self.project(x);
        match self.method {
            Method::Lbfgs => self.quasi_newton(x, storage, cost),
            Method::Adam => self.adam(x, storage, cost),
        }
    }

    fn project(&self, x: &mut [f64]) {
        for ((x, low), high) in x.iter_mut().zip(&self.low).zip(&self.high) {
            *x = x.clamp(*low, *high);
        }
    }

    fn adam(
        &self,
        x: &mut [f64],
        s: &mut SearchStorage,
        cost: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
    ) -> f64 {
        let (b1, b2): (f64, f64) = (0.9, 0.999);
        let mut lowest = f64::INFINITY;
        s.steps[0].fill(0.0);
        s.changes[0].fill(0.0);
        s.best.copy_from_slice(x);
        for t in 1..=self.evaluations {
            let value = cost(x, &mut s.gradient);
            if value < lowest {
                lowest = value;
                s.best.copy_from_slice(x);
            }
            if !value.is_finite() {
                break;
            }
            let (c1, c2) = (1.0 - power(b1, t as u64), 1.0 - power(b2, t as u64));
            let moments = s.steps[0].iter_mut().zip(&mut s.changes[0]);
            for ((x, g), (m, v)) in x.iter_mut().zip(&s.gradient).zip(moments) {
                *m = b1 * *m + (1.0 - b1) * g;
                *v = b2 * *v + (1.0 - b2) * g * g;
                *x -= self.step * (*m / c1) / ((*v / c2).sqrt() + 1e-8);
            }
            self.project(x);
        }
        x.copy_from_slice(&s.best);
        lowest
    }

    /// Whether variable `i` is at a bound that the gradient pushes it against.
    fn held(&self, x: &[f64], gradient: &[f64], i: usize) -> bool {
        (x[i] <= self.low[i] && gradient[i] > 0.0) || (x[i] >= self.high[i] && gradient[i] < 0.0)
    }

    fn quasi_newton(
        &self,
        x: &mut [f64],
        s: &mut SearchStorage,
        cost: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
    ) -> f64 {
        let n = x.len();
        let mut value = cost(x, &mut s.gradient);
        let mut spent = 1;
        let (mut stored, mut newest) = (0, 0);
        let mut stalls = 0;
        while value.is_finite() && spent < self.evaluations {
            // The two-loop recursion on the free variables.
            for i in 0..n {
                s.direction[i] = if self.held(x, &s.gradient, i) { 0.0 } else { -s.gradient[i] };
            }
            let steepest = linear::max_abs(&s.direction);
            if steepest == 0.0 {
                break;
            }
            let mut shares = [0.0; MEMORY];
            for back in 0..stored {
                let p = (newest + MEMORY - back) % MEMORY;
                shares[p] = linear::dot(&s.steps[p], &s.direction) * s.curvature[p];
                linear::axpy(-shares[p], &s.changes[p], &mut s.direction);
            }
            if stored > 0 {
                let p = newest;
                let scale = 1.0 / (s.curvature[p] * linear::dot(&s.changes[p], &s.changes[p]));
                s.direction.iter_mut().for_each(|d| *d *= scale);
            } else {
                let scale = self.step / steepest;
                s.direction.iter_mut().for_each(|d| *d *= scale);
            }
            for back in (0..stored).rev() {
                let p = (newest + MEMORY - back) % MEMORY;
                let beta = s.curvature[p] * linear::dot(&s.changes[p], &s.direction);
                linear::axpy(shares[p] - beta, &s.steps[p], &mut s.direction);
            }
            for (i, d) in s.direction.iter_mut().enumerate() {
                if self.held(x, &s.gradient, i) {
                    *d = 0.0;
                }
            }
            if !(linear::dot(&s.direction, &s.gradient) < 0.0) {
                if stored == 0 {
                    break;
                }
                stored = 0;
                continue;
            }
            // Backtracking along the projected path.
            let mut t = 1.0;
            let mut accepted = false;
            let mut next = value;
            while spent < self.evaluations && t > 1e-4 {
                s.trial.copy_from_slice(x);
                linear::axpy(t, &s.direction, &mut s.trial);
                self.project(&mut s.trial);
                next = cost(&s.trial, &mut s.trial_gradient);
                spent += 1;
                let slope: f64 = (0..n).map(|i| s.gradient[i] * (s.trial[i] - x[i])).sum::<f64>();
                if next.is_finite() && next <= value + 1e-4 * slope.min(0.0) && next < value {
                    accepted = true;
                    break;
                }
                t *= 0.35;
            }
            if !accepted {
                if stored == 0 {
                    break;
                }
                stored = 0;
                continue;
            }
            let slot = if stored == 0 { 0 } else { (newest + 1) % MEMORY };
            s.steps[slot].copy_from_slice(&s.trial);
            linear::axpy(-1.0, x, &mut s.steps[slot]);
            s.changes[slot].copy_from_slice(&s.trial_gradient);
            linear::axpy(-1.0, &s.gradient, &mut s.changes[slot]);
            let product = linear::dot(&s.steps[slot], &s.changes[slot]);
            if product > 1e-10 * linear::dot(&s.changes[slot], &s.changes[slot]).max(1e-300) {
                s.curvature[slot] = 1.0 / product;
                newest = slot;
                stored = (stored + 1).min(MEMORY);
            }
            stalls = if value - next > 1e-5 * value.abs() { 0 } else { stalls + 1 };
            value = next;
            x.copy_from_slice(&s.trial);
            s.gradient.copy_from_slice(&s.trial_gradient);
            if stalls >= 3 {
                break;
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's function in 4 dimensions.
    fn valley(x: &[f64], g: &mut [f64]) -> f64 {
        g.fill(0.0);
        let mut sum = 0.0;
        for i in 0..x.len() - 1 {
            let (a, b) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
            sum += 100.0 * a * a + b * b;
            g[i] += -400.0 * a * x[i] - 2.0 * b;
            g[i + 1] += 200.0 * a;
        }
        sum
    }

    fn search(method: Method, high: f64) -> Search {
        let (low, high) = (vec![-2.0; 4], vec![high; 4]);
        Search { method, low, high, evaluations: 4000, step: 0.02 }
    }

    #[test]
    fn both_find_a_minimum_inside_the_bounds() {
        for method in [Method::Lbfgs, Method::Adam] {
            let mut x = [-1.2, 1.0, -1.2, 1.0];
            let value =
                search(method, 2.0).minimise(&mut x, &mut SearchStorage::new(4), &mut valley);
            assert!(
                value < if method == Method::Lbfgs { 1e-6 } else { 1e-2 },
                "{method:?} {value}"
            );
        }
    }

    #[test]
    fn a_minimum_on_the_bounds_fulfils_the_optimality_conditions() {
        let s = search(Method::Lbfgs, 0.5);
        let mut x = [-1.2, 0.5, -1.2, 0.5];
        s.minimise(&mut x, &mut SearchStorage::new(4), &mut valley);
        let mut g = [0.0; 4];
        valley(&x, &mut g);
        for i in 0..4 {
            assert!((-2.0..=0.5).contains(&x[i]));
            assert!(s.held(&x, &g, i) || g[i].abs() < 1e-2, "{x:?} {g:?}");
        }
    }

    #[test]
    fn a_point_without_cost_is_left_alone() {
        let s = search(Method::Lbfgs, 2.0);
        let mut x = [0.0; 4];
        let mut nowhere = |_: &[f64], _: &mut [f64]| f64::INFINITY;
        assert_eq!(s.minimise(&mut x, &mut SearchStorage::new(4), &mut nowhere), f64::INFINITY);
        assert_eq!(x, [0.0; 4]);
    }
}
