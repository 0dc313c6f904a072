//! Steady states of the rate dynamics: how they are found, and whether they are real ones.

use serde::{Deserialize, Serialize};

use super::linear::{self, Cholesky, Lu};
use super::{StimulationError, Transfer};

/// The largest residual |r - Phi(J r + f)| (in any neuron, in units of the maximal rate) of what
/// counts as a steady state.
pub const RESIDUAL_TOLERANCE: f64 = 1e-12;

/// Largest relative error that the refinement of a linear solution leaves.
const REFINEMENT_TOLERANCE: f64 = 1e-13;

/// A factorisation is made anew where an old one shrinks the error by less than this.
const STALE_FACTOR: f64 = 0.2;

/// What a steady state is like, for records.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SteadySummary {
    /// Largest |r - Phi(J r + f)| over the neurons.
    pub residual: f64,
    /// Largest real part of the eigenvalues of -I + D J: negative for a stable state.
    pub spectral_abscissa: f64,
    /// Mean rate.
    pub mean_rate: f64,
}

/// Finds steady states `r = Phi(J r + f)` and solves the linear systems of their derivatives.
///
/// From cold, the damped iteration `r <- r + (Phi(J r + f) - r) / 2` carries the network along
/// its own dynamics from silence into the basin of an attractor, and Newton's method finishes.
/// From warm (the rates of a former call), Newton's method alone continues that state; it uses an
/// old factorisation of `I - D J` for as long as it still shrinks the error fast, which is what
/// makes a gradient cost about one factorisation in a small network and none in a large one.
/// Nothing is allocated after [`SteadySolver::new`].
#[derive(Clone)]
pub struct SteadySolver {
    n: usize,
    rates: Vec<f64>,
    slopes: Vec<f64>,
    input: Vec<f64>,
    residuals: Vec<f64>,
    correction: Vec<f64>,
    scratch: Vec<f64>,
    adjoint: Vec<f64>,
    lu: Lu,
    factored: bool,
    warm: bool,
    residual: f64,
    factorisations: usize,
}

impl SteadySolver {
    /// A solver for networks of `n` neurons.
    pub fn new(n: usize) -> Self {
        Self {
            n,
            rates: vec![0.0; n],
            slopes: vec![0.0; n],
            input: vec![0.0; n],
            residuals: vec![0.0; n],
            correction: vec![0.0; n],
            scratch: vec![0.0; n],
            adjoint: vec![0.0; n],
            lu: Lu::new(n),
            factored: false,
            warm: false,
            residual: f64::INFINITY,
            factorisations: 0,
        }
    }

    /// Takes over the state of another solver of the same size, without allocating.
    pub fn copy_from(&mut self, other: &Self) {
        self.rates.copy_from_slice(&other.rates);
        self.slopes.copy_from_slice(&other.slopes);
        self.residual = other.residual;
        self.warm = other.warm;
        self.factored = other.factored;
        if other.factored {
            self.lu.copy_from(&other.lu);
        }
    }

    /// Forgets the former state: the next search begins from silence.
    pub fn reset(&mut self) {
        self.warm = false;
        self.factored = false;
    }

    /// The next search continues from these rates.
    pub fn start_from(&mut self, rates: &[f64]) {
        self.rates.copy_from_slice(rates);
        self.warm = true;
    }

    /// Takes these rates for a steady state without seeking one, for [`SteadySolver::summary`]: its
    /// residual then says how fast they change at the most, in units of 1 / tau_n.
    pub fn examine(&mut self, transfer: &Transfer, weights: &[f64], drive: &[f64], rates: &[f64]) {
        self.start_from(rates);
        self.factored = false;
        linear::multiply(weights, rates, &mut self.input);
        linear::axpy(1.0, drive, &mut self.input);
        transfer.apply(&self.input, &mut self.residuals, &mut self.slopes);
        linear::axpy(-1.0, rates, &mut self.residuals);
        self.residual = linear::max_abs(&self.residuals);
    }

    /// The rates of the last steady state.
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// The slopes Phi'(J r + f) of the last steady state, the diagonal of D.
    pub fn slopes(&self) -> &[f64] {
        &self.slopes
    }

    /// The residual of the last search.
    pub fn residual(&self) -> f64 {
        self.residual
    }

    /// How many matrices have been factorised so far.
    pub fn factorisations(&self) -> usize {
        self.factorisations
    }

    /// Finds the steady state for the n x n `weights` (column-major) and the `drive` f.
    ///
    /// # Errors
    /// [`StimulationError::NoSteadyState`] if neither Newton's method nor the damped iteration
    /// settles, which is so where the network oscillates.
    pub fn solve(
        &mut self,
        transfer: &Transfer,
        weights: &[f64],
        drive: &[f64],
    ) -> Result<(), StimulationError> {
        if self.warm && self.newton(transfer, weights, drive) && self.right_side() {
            return Ok(());
        }
        // Silence, but not quite and not evenly: a symmetric network must not be stuck on the
        // ridge between its attractors.
        for (i, r) in self.rates.iter_mut().enumerate() {
            *r = 0.01 * transfer.max_rate * (0.618_033_988_75 * (i + 1) as f64).fract();
        }
        self.factored = false;
        // The damped iteration is the Euler method with half a time constant; rounds of it
        // alternate with attempts to finish, for networks that settle slowly.
        let mut kept = vec![0.0; 0];
        for round in 0..8 {
            for _ in 0..30 << round {
                self.evaluate(transfer, weights, drive);
                linear::axpy(-0.5, &self.residuals, &mut self.rates);
                // Near a saddle the residual stays above this, for it begins away from one.
                if self.residual < 1e-5 * transfer.max_rate {
                    break;
                }
            }
            kept.clear();
            kept.extend_from_slice(&self.rates);
            // What Newton finds must be where the dynamics was heading, not another solution.
            let near = |a: &[f64], b: &[f64]| {
                a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.1 * transfer.max_rate)
            };
            if self.newton(transfer, weights, drive)
                && near(&kept, &self.rates)
                && self.right_side()
            {
                self.warm = true;
                return Ok(());
            }
            self.rates.copy_from_slice(&kept);
        }
        self.warm = false;
        self.factored = false;
        self.evaluate(transfer, weights, drive);
        Err(StimulationError::NoSteadyState { residual: self.residual })
    }

    /// A stable state has det(I - D J) > 0 (all eigenvalues of I - D J have positive real parts),
    /// so a wrong sign gives an unstable one away at no cost.
    fn right_side(&self) -> bool {
        !self.factored || self.lu.determinant_sign() > 0.0
    }

    /// Input, residuals and slopes at the present rates.
    fn evaluate(&mut self, transfer: &Transfer, weights: &[f64], drive: &[f64]) {
        linear::multiply(weights, &self.rates, &mut self.input);
        linear::axpy(1.0, drive, &mut self.input);
        transfer.apply(&self.input, &mut self.residuals, &mut self.slopes);
        for (g, r) in self.residuals.iter_mut().zip(&self.rates) {
            *g = r - *g;
        }
        self.residual = linear::max_abs(&self.residuals);
    }

    fn newton(&mut self, transfer: &Transfer, weights: &[f64], drive: &[f64]) -> bool {
        let tolerance = RESIDUAL_TOLERANCE * transfer.max_rate;
        let mut fresh = false;
        let mut failures = 0;
        self.evaluate(transfer, weights, drive);
        for _ in 0..60 {
            if self.residual <= tolerance {
                return true;
            }
            if !self.residual.is_finite() || failures > 3 {
                return false;
            }
            if !self.factored {
                self.factorise(weights);
                fresh = true;
                if self.lu.determinant_sign() == 0.0 {
                    return false;
                }
            }
            self.correction.copy_from_slice(&self.residuals);
            self.lu.solve(&mut self.correction);
            linear::axpy(-1.0, &self.correction, &mut self.rates);
            for r in &mut self.rates {
                *r = r.clamp(0.0, transfer.max_rate);
            }
            let before = self.residual;
            self.evaluate(transfer, weights, drive);
            if !(self.residual < STALE_FACTOR * before) && self.residual > tolerance {
                failures += usize::from(fresh && !(self.residual < before));
                self.factored = false;
            }
            fresh = false;
        }
        self.residual <= tolerance
    }

    fn factorise(&mut self, weights: &[f64]) {
        let (n, slopes) = (self.n, &self.slopes);
        self.lu.factorise(|j, column| {
            let source = &weights[j * n..(j + 1) * n];
            for ((a, w), d) in column.iter_mut().zip(source).zip(slopes) {
                *a = -d * w;
            }
            column[j] += 1.0;
        });
        self.factored = true;
        self.factorisations += 1;
    }

    /// Solves `(I - J^T D) x = b` at the last steady state, in place.
    pub fn solve_adjoint(&mut self, weights: &[f64], x: &mut [f64]) {
        self.refine(
            x,
            Lu::solve_transposed,
            |solver, x, out| {
                for ((s, x), d) in solver.scratch.iter_mut().zip(x).zip(&solver.slopes) {
                    *s = x * d;
                }
                linear::multiply_transposed(weights, &solver.scratch, out);
            },
            weights,
        );
    }

    /// Writes `D (I - J^T D)^-1 b` for the `b` that `fill` writes, without allocating; it is read
    /// with [`SteadySolver::adjoint`].
    pub(super) fn with_adjoint(&mut self, weights: &[f64], fill: impl FnOnce(&mut [f64])) {
        let mut x = std::mem::take(&mut self.adjoint);
        fill(&mut x);
        self.solve_adjoint(weights, &mut x);
        for (x, d) in x.iter_mut().zip(&self.slopes) {
            *x *= d;
        }
        self.adjoint = x;
    }

    /// The last result of [`SteadySolver::with_adjoint`].
    pub(super) fn adjoint(&self) -> &[f64] {
        &self.adjoint
    }

    /// Solves `(I - D J) x = b` at the last steady state, in place.
    pub fn solve_tangent(&mut self, weights: &[f64], x: &mut [f64]) {
        self.refine(
            x,
            Lu::solve,
            |solver, x, out| {
                linear::multiply(weights, x, out);
                for (o, d) in out.iter_mut().zip(&solver.slopes) {
                    *o *= d;
                }
            },
            weights,
        );
    }

    /// Iterative refinement with whatever factorisation there is, of `x - apply(x) = b`.
    fn refine(
        &mut self,
        x: &mut [f64],
        solve: fn(&mut Lu, &mut [f64]),
        apply: impl Fn(&mut Self, &[f64], &mut [f64]),
        weights: &[f64],
    ) {
        let scale = linear::max_abs(x);
        if scale == 0.0 {
            return;
        }
        let mut target = std::mem::take(&mut self.input);
        let mut product = std::mem::take(&mut self.correction);
        target.copy_from_slice(x);
        if !self.factored {
            self.factorise(weights);
        }
        solve(&mut self.lu, x);
        let mut before = f64::INFINITY;
        for _ in 0..40 {
            apply(self, x, &mut product);
            for ((p, x), b) in product.iter_mut().zip(&*x).zip(&target) {
                *p = b - (x - *p);
            }
            let error = linear::max_abs(&product);
            if !(error > REFINEMENT_TOLERANCE * scale) {
                break;
            }
            if error > STALE_FACTOR * before {
                if error < 1e-11 * scale {
                    break;
                }
                self.factorise(weights);
                x.copy_from_slice(&target);
                solve(&mut self.lu, x);
                before = f64::INFINITY;
                continue;
            }
            before = error;
            solve(&mut self.lu, &mut product);
            linear::axpy(1.0, &product, x);
        }
        self.input = target;
        self.correction = product;
    }

    /// Finds the steady state that the dynamics reaches from silence, and checks that it is stable.
    ///
    /// # Errors
    /// Those of [`SteadySolver::solve`] and [`SteadySolver::check_stability`].
    pub fn settle(
        &mut self,
        transfer: &Transfer,
        weights: &[f64],
        drive: &[f64],
    ) -> Result<(), StimulationError> {
        self.reset();
        self.solve(transfer, weights, drive)?;
        self.check_stability(weights)
    }

    /// Checks that the last steady state is stable: that the eigenvalues of -I + D J have negative
    /// real parts.
    ///
    /// Two conditions that suffice come first, for they are cheap. No eigenvalue of D J is larger
    /// than its largest absolute row sum. And D J has the eigenvalues of D^1/2 J D^1/2, whose real
    /// parts are less than 1 where the symmetric part of I - D^1/2 J D^1/2 is positive definite.
    /// The eigenvalues are computed where neither is fulfilled.
    ///
    /// # Errors
    /// [`StimulationError::UnstableState`] if it is not stable, and
    /// [`StimulationError::NotConverged`] if the eigenvalues cannot be had.
    pub fn check_stability(&self, weights: &[f64]) -> Result<(), StimulationError> {
        let n = self.n;
        let mut rows = vec![0.0; n];
        for column in weights.chunks_exact(n) {
            for ((sum, w), d) in rows.iter_mut().zip(column).zip(&self.slopes) {
                *sum += d * w.abs();
            }
        }
        // Not below 1 by rounding alone.
        if rows.iter().all(|&sum| sum < 1.0 - 1e-9) {
            return Ok(());
        }
        let roots: Vec<f64> = self.slopes.iter().map(|d| d.sqrt()).collect();
        let symmetric = |i: usize, j: usize| {
            let coupling = 0.5 * roots[i] * roots[j] * (weights[i + j * n] + weights[j + i * n]);
            if i == j { 1.0 - 1e-9 - coupling } else { -coupling }
        };
        if Cholesky::new(n, symmetric).is_some() {
            return Ok(());
        }
        let abscissa = self.summary(weights)?.spectral_abscissa;
        if abscissa < 0.0 { Ok(()) } else { Err(StimulationError::UnstableState { abscissa }) }
    }

    /// Residual, stability and mean rate of the last steady state. The eigenvalues of -I + D J
    /// are computed, so this belongs at the steps of a training, not into its inner loop.
    ///
    /// # Errors
    /// [`StimulationError::NotConverged`] if the eigenvalues cannot be had.
    pub fn summary(&self, weights: &[f64]) -> Result<SteadySummary, StimulationError> {
        let n = self.n;
        let mut jacobian = vec![0.0; n * n];
        for (j, column) in jacobian.chunks_exact_mut(n).enumerate() {
            for ((a, w), d) in column.iter_mut().zip(&weights[j * n..]).zip(&self.slopes) {
                *a = d * w;
            }
            column[j] -= 1.0;
        }
        let spectral_abscissa = linear::spectral_abscissa(&jacobian, n)
            .ok_or(StimulationError::NotConverged { what: "eigenvalues of -I + D J" })?;
        Ok(SteadySummary {
            residual: self.residual,
            spectral_abscissa,
            mean_rate: self.rates.iter().sum::<f64>() / n as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NetworkConfig, RateDynamics};
    use super::*;
    use equipoise_random::stream;

    fn drive(n: usize, seed: u64) -> Vec<f64> {
        let mut s = stream(seed, "test/drive", 0);
        (0..n).map(|_| s.range(-1.0, 1.5)).collect()
    }

    #[test]
    fn a_steady_state_is_where_the_dynamics_goes() {
        let transfer = Transfer::default();
        for seed in 0..5 {
            let network = NetworkConfig::default().build(seed).unwrap();
            let f = drive(30, seed);
            let mut solver = SteadySolver::new(30);
            solver.solve(&transfer, network.weights(), &f).unwrap();
            assert!(solver.residual() <= RESIDUAL_TOLERANCE);
            let summary = solver.summary(network.weights()).unwrap();
            assert!(summary.spectral_abscissa < 0.0);
            let mut rates = vec![0.0; 30];
            RateDynamics::new(transfer, 30).relax(network.weights(), &f, &mut rates, 200.0);
            for (a, b) in rates.iter().zip(solver.rates()) {
                assert!((a - b).abs() < 1e-9, "{a} {b}");
            }
            // Warm and cold searches end in the same place.
            let g: Vec<f64> = f.iter().map(|f| f + 0.05).collect();
            solver.solve(&transfer, network.weights(), &g).unwrap();
            let mut cold = SteadySolver::new(30);
            cold.solve(&transfer, network.weights(), &g).unwrap();
            assert!(solver.rates().iter().zip(cold.rates()).all(|(a, b)| (a - b).abs() < 1e-11));
        }
    }

    #[test]
    fn linear_systems_are_solved_with_an_old_factorisation() {
        let transfer = Transfer::default();
        let network = NetworkConfig::default().build(2).unwrap();
        let w = network.weights();
        let mut solver = SteadySolver::new(30);
        solver.solve(&transfer, w, &drive(30, 0)).unwrap();
        let f: Vec<f64> = drive(30, 0).iter().map(|f| f * 0.95).collect();
        solver.solve(&transfer, w, &f).unwrap();
        let b = drive(30, 1);
        let (mut x, mut y) = (b.clone(), b.clone());
        solver.solve_tangent(w, &mut x);
        solver.solve_adjoint(w, &mut y);
        let d = solver.slopes().to_vec();
        let mut product = vec![0.0; 30];
        linear::multiply(w, &x, &mut product);
        for i in 0..30 {
            assert!((x[i] - d[i] * product[i] - b[i]).abs() < 1e-12);
        }
        let scaled: Vec<f64> = y.iter().zip(&d).map(|(y, d)| y * d).collect();
        linear::multiply_transposed(w, &scaled, &mut product);
        for i in 0..30 {
            assert!((y[i] - product[i] - b[i]).abs() < 1e-12);
        }
    }

    /// Excitation onto itself, onto inhibition and back, with a steep transfer function: it has
    /// one steady state, a focus that it leaves for a cycle.
    const OSCILLATOR: ([f64; 4], [f64; 2]) = ([2.4, 2.4, -2.4, 0.0], [0.3, -0.6]);

    #[test]
    fn an_oscillating_network_does_not_settle() {
        let transfer = Transfer { gain: 40.0, max_rate: 1.0 };
        let (weights, drive) = OSCILLATOR;
        let mut solver = SteadySolver::new(2);
        assert!(matches!(
            solver.settle(&transfer, &weights, &drive),
            Err(StimulationError::NoSteadyState { .. } | StimulationError::UnstableState { .. })
        ));
        // The focus itself is a steady state to Newton's method, and is known for what it is.
        let mut found = false;
        for at in 0..100 {
            let mut solver = SteadySolver::new(2);
            solver.start_from(&[0.01 * f64::from(at), 0.3]);
            if !solver.newton(&transfer, &weights, &drive) {
                continue;
            }
            let [a, b] = [solver.slopes()[0], solver.slopes()[1]];
            let (trace, determinant) = (-2.0 + 2.4 * a, 1.0 - 2.4 * a + 2.4 * 2.4 * a * b);
            if trace * trace < 4.0 * determinant && trace > 0.0 {
                found = true;
                match solver.check_stability(&weights) {
                    Err(StimulationError::UnstableState { abscissa }) => {
                        assert!((abscissa - 0.5 * trace).abs() < 1e-9);
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(found, "the oscillator has an unstable focus");
    }

    #[test]
    fn stability_is_what_the_eigenvalues_say() {
        let transfer = Transfer { gain: 8.0, max_rate: 1.0 };
        let (mut stable, mut unstable) = (0, 0);
        for seed in 0..60 {
            let strength = 1.0 + seed as f64 / 4.0;
            let config = NetworkConfig {
                excitatory_weight: 0.05 * strength,
                inhibitory_weight: 0.15 * strength,
                ..NetworkConfig::default()
            };
            let network = config.build(seed).unwrap();
            for start in 0..10 {
                let mut solver = SteadySolver::new(30);
                let mut draws = stream(seed, "test/start", start);
                solver.start_from(&std::array::from_fn::<f64, 30, _>(|_| draws.uniform()));
                if !solver.newton(&transfer, network.weights(), &drive(30, seed)) {
                    continue;
                }
                let abscissa = solver.summary(network.weights()).unwrap().spectral_abscissa;
                assert_eq!(solver.check_stability(network.weights()).is_ok(), abscissa < 0.0);
                if abscissa < 0.0 { stable += 1 } else { unstable += 1 }
            }
        }
        assert!(stable > 5 && unstable > 5, "{stable} stable, {unstable} unstable");
    }
}
