//! Which changes of the weights stimulation can make.

use equipoise_random::stream;
use serde::{Deserialize, Serialize};

use super::linear::{self, Lu};
use super::{Model, SteadySolver, StimulationError};
use crate::power::power;

/// Singular values below this share of the largest count as zero.
const RANK_TOLERANCE: f64 = 1e-9;

/// What one stimulation can change, to first order around a drive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControllabilityReport {
    /// Number of neurons.
    pub neurons: usize,
    /// Number of synapses, the dimension of what is to be controlled.
    pub synapses: usize,
    /// Singular values of d vec(Delta J) / df, largest first.
    pub singular_values: Vec<f64>,
    /// How many of them are not zero (to 1e-9 of the largest).
    pub rank: usize,
    /// The share of a wanted change (-grad U) that lies in the reachable directions: the length of
    /// its projection over its own. `None` where nothing is wanted.
    pub reachable_share: Option<f64>,
}

/// How much can be reached with more and more stimulations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrowthReport {
    /// Dimension of the directions that 1, 2, .. stimulations reach (at most K N after K).
    pub dimensions: Vec<usize>,
    /// The share of the wanted change that lies in them.
    pub reachable_share: Vec<f64>,
}

/// The Jacobian d vec(Delta J) / df of one stimulation of length `duration` with `drive`: one
/// column per neuron (column-major), one row per existing synapse in the order of the weights.
///
/// `d Delta J_ij = dt [(eta_j r_j - 2 beta_1 J_ij r_i) dr_i + eta_j (r_i - theta_j) dr_j]`, with
/// `dr/df = (I - D J)^-1 D`. Synapses that a stimulation would clip at 0 are treated like others,
/// since which of them it clips depends on its length.
///
/// # Errors
/// Those of [`SteadySolver::solve`].
pub fn plasticity_jacobian(
    model: &Model,
    drive: &[f64],
    duration: f64,
) -> Result<Vec<f64>, StimulationError> {
    let Model { network, transfer, rule } = model;
    let n = network.neurons();
    let mut solver = SteadySolver::new(n);
    solver.solve(transfer, network.weights(), drive)?;
    let (rates, slopes) = (solver.rates(), solver.slopes());
    // All responses dr/df at once.
    let weights = network.weights();
    let mut system = Lu::new(n);
    system.factorise(|j, column| {
        for ((a, w), d) in column.iter_mut().zip(&weights[j * n..]).zip(slopes) {
            *a = -d * w;
        }
        column[j] += 1.0;
    });
    let mut response = vec![0.0; n * n];
    for (k, column) in response.chunks_exact_mut(n).enumerate() {
        column[k] = slopes[k];
        system.solve(column);
    }

    let mut synapses = Vec::with_capacity(network.synapses());
    for (j, &kind) in network.types().iter().enumerate() {
        let c = rule.constants(kind);
        for i in 0..n {
            if network.mask()[i + j * n] != 0.0 {
                let w = weights[i + j * n];
                let post = duration * (c.eta * rates[j] - 2.0 * rule.beta_1 * w * rates[i]);
                let pre = duration * c.eta * (rates[i] - c.theta);
                synapses.push((i, j, post, pre));
            }
        }
    }
    let mut jacobian = Vec::with_capacity(synapses.len() * n);
    for by_drive in response.chunks_exact(n) {
        jacobian.extend(
            synapses.iter().map(|&(i, j, post, pre)| post * by_drive[i] + pre * by_drive[j]),
        );
    }
    Ok(jacobian)
}

/// The entries of an n x n matrix at the existing synapses.
fn at_synapses(model: &Model, matrix: &[f64]) -> Vec<f64> {
    let mask = model.network.mask();
    matrix.iter().zip(mask).filter(|(_, m)| **m != 0.0).map(|(v, _)| *v).collect()
}

/// Analyses one stimulation: rank and singular values of its Jacobian, and the share of the
/// `wanted` change of the weights (n x n, column-major: -grad U) that lies in its range.
///
/// # Errors
/// Those of [`SteadySolver::solve`], and [`StimulationError::NotConverged`] if the singular values do
/// not converge.
pub fn controllability(
    model: &Model,
    drive: &[f64],
    duration: f64,
    wanted: &[f64],
) -> Result<ControllabilityReport, StimulationError> {
    let jacobian = plasticity_jacobian(model, drive, duration)?;
    let synapses = model.network.synapses();
    let singular_values =
        linear::singular_values(&jacobian, synapses).ok_or(StimulationError::NotConverged {
            what: "singular values of the plasticity's Jacobian",
        })?;
    let largest = singular_values.first().copied().unwrap_or(0.0);
    let rank = singular_values.iter().filter(|&&s| s > RANK_TOLERANCE * largest).count();
    let mut basis = Basis::new(synapses);
    basis.extend(&jacobian);
    Ok(ControllabilityReport {
        neurons: model.network.neurons(),
        synapses,
        rank,
        reachable_share: basis.share(&at_synapses(model, wanted)),
        singular_values,
    })
}

/// The directions that more and more stimulations reach: 1 to `stimulations` random drives within
/// the bounds, each at the present weights, together.
///
/// At fixed weights the changes are combinations of the products r_i r_j of connected pairs and of
/// all r_i and r_i^2, so the dimension cannot exceed the number of connected pairs (in either
/// direction) and 2 N: the synapses of a pair that is connected both ways cannot be changed fully
/// independently until the weights have moved.
///
/// # Errors
/// Those of [`SteadySolver::solve`]; a drive without a steady state is an error.
pub fn reachable_growth(
    model: &Model,
    stimulations: usize,
    bounds: (f64, f64),
    wanted: &[f64],
    seed: u64,
) -> Result<GrowthReport, StimulationError> {
    let n = model.network.neurons();
    let wanted = at_synapses(model, wanted);
    let mut basis = Basis::new(wanted.len());
    let mut report = GrowthReport { dimensions: Vec::new(), reachable_share: Vec::new() };
    for k in 0..stimulations {
        let mut draws = stream(seed, "stimulation/growth", k as u64);
        let drive: Vec<f64> = (0..n).map(|_| draws.range(bounds.0, bounds.1)).collect();
        basis.extend(&plasticity_jacobian(model, &drive, 1.0)?);
        report.dimensions.push(basis.vectors.len());
        report.reachable_share.push(basis.share(&wanted).unwrap_or(0.0));
    }
    Ok(report)
}

/// An orthonormal basis of the span of vectors that come a few at a time, by Gram-Schmidt with
/// reorthogonalisation.
struct Basis {
    dimension: usize,
    vectors: Vec<Vec<f64>>,
}

impl Basis {
    fn new(dimension: usize) -> Self {
        Self { dimension, vectors: Vec::new() }
    }

    /// Takes in the columns of a matrix, column-major.
    fn extend(&mut self, columns: &[f64]) {
        for column in columns.chunks_exact(self.dimension.max(1)) {
            if self.vectors.len() == self.dimension {
                return;
            }
            let length = linear::dot(column, column).sqrt();
            let mut rest = column.to_vec();
            // Twice is enough (Giraud, Langou & Rozloznik 2005).
            for _ in 0..2 {
                for v in &self.vectors {
                    linear::axpy(-linear::dot(v, &rest), v, &mut rest);
                }
            }
            let left = linear::dot(&rest, &rest).sqrt();
            if left > RANK_TOLERANCE * length {
                rest.iter_mut().for_each(|x| *x /= left);
                self.vectors.push(rest);
            }
        }
    }

    /// The length of the projection of a vector over its own; `None` for the zero vector.
    fn share(&self, vector: &[f64]) -> Option<f64> {
        let length = linear::dot(vector, vector).sqrt();
        let inside: f64 = self.vectors.iter().map(|v| power(linear::dot(v, vector), 2)).sum();
        (length > 0.0).then(|| (inside.sqrt() / length).min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NetworkConfig, PlasticityRule, Transfer};
    use super::*;

    fn model(seed: u64) -> Model {
        Model {
            network: NetworkConfig::default().build(seed).unwrap(),
            transfer: Transfer::default(),
            rule: PlasticityRule::default(),
        }
    }

    #[test]
    fn the_jacobian_agrees_with_differences() {
        let model = model(1);
        let drive: Vec<f64> = (0..30).map(|i| -0.6 + i as f64 / 18.0).collect();
        let jacobian = plasticity_jacobian(&model, &drive, 0.03).unwrap();
        let synapses = model.network.synapses();
        let change = |drive: &[f64]| {
            let network = &model.network;
            let mut solver = SteadySolver::new(30);
            solver.solve(&model.transfer, network.weights(), drive).unwrap();
            let mut drift = vec![0.0; 900];
            let rates = solver.rates();
            model.rule.drift(network.types(), network.mask(), network.weights(), rates, &mut drift);
            at_synapses(&model, &drift.iter().map(|d| 0.03 * d).collect::<Vec<_>>())
        };
        for k in 0..30 {
            let (mut up, mut down) = (drive.clone(), drive.clone());
            up[k] += 1e-5;
            down[k] -= 1e-5;
            for (s, (a, b)) in change(&up).iter().zip(change(&down)).enumerate() {
                let difference = (a - b) / 2e-5;
                assert!((jacobian[k * synapses + s] - difference).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn one_stimulation_reaches_at_most_n_directions() {
        let model = model(2);
        let drive = vec![0.3; 30];
        let mut s = stream(0, "test/wanted", 0);
        let wanted: Vec<f64> = (0..900).map(|_| s.normal()).collect();
        let report = controllability(&model, &drive, 1.0, &wanted).unwrap();
        assert_eq!(report.singular_values.len(), 30);
        assert_eq!(report.rank, 30);
        // A random direction in S dimensions lies in 30 of them by sqrt(30 / S).
        let expected = (30.0 / report.synapses as f64).sqrt();
        assert!((report.reachable_share.unwrap() - expected).abs() < 0.12);
        // What a stimulation itself does is reachable by it.
        let jacobian = plasticity_jacobian(&model, &drive, 1.0).unwrap();
        let mut reachable = vec![0.0; 900];
        let at: Vec<usize> = (0..900).filter(|&a| model.network.mask()[a] != 0.0).collect();
        at.iter().enumerate().for_each(|(s, &a)| reachable[a] = jacobian[7 * at.len() + s]);
        let report = controllability(&model, &drive, 1.0, &reachable).unwrap();
        assert!((report.reachable_share.unwrap() - 1.0).abs() < 1e-9);
        let nothing = controllability(&model, &drive, 1.0, &[0.0; 900]).unwrap();
        assert_eq!(nothing.reachable_share, None);
    }

    #[test]
    fn more_stimulations_reach_more() {
        let model = model(3);
        let mut s = stream(1, "test/wanted", 0);
        let wanted: Vec<f64> = (0..900).map(|_| s.normal()).collect();
        let growth = reachable_growth(&model, 20, (-1.0, 1.5), &wanted, 0).unwrap();
        let synapses = model.network.synapses();
        for (k, &d) in growth.dimensions.iter().enumerate() {
            assert!(d <= synapses.min(30 * (k + 1)));
        }
        assert!(growth.reachable_share.windows(2).all(|w| w[1] >= w[0] - 1e-12));
        // The rule at fixed weights is made of the products r_i r_j of connected pairs, which two
        // synapses i -> j and j -> i share, and of the r_i and r_i^2 alone; with one threshold
        // for both types, equal r_j and r_i r_j = theta r_j make no change, so one is lost.
        let mask = model.network.mask();
        let connected = |i: usize, j: usize| mask[i + j * 30] + mask[j + i * 30] > 0.0;
        let pairs: usize = (0..30).map(|i| (0..i).filter(|&j| connected(i, j)).count()).sum();
        assert_eq!(*growth.dimensions.last().unwrap(), pairs + 59);
        assert!(*growth.reachable_share.last().unwrap() > 0.9);
    }
}
