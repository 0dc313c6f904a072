//! Inferring the connectivity from rates under known drives.

use equipoise_random::stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{check_count, check_finite, check_not_negative, check_number, wrong};
use super::linear::{self, Cholesky};
use super::{Network, Plant, StimulationError, Transfer};
use crate::power::power;

/// How the connectivity is probed and inferred.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InferenceConfig {
    /// Number of probing drives per inference; 0 takes the largest in-degree, a third more and 10.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100000)))]
    pub probes: usize,
    /// Lowest drive of a probe. A probe is uniform between it and a top of its own, which is
    /// uniform in the upper 70 % of the range.
    pub probe_low: f64,
    /// Highest drive of a probe.
    pub probe_high: f64,
    /// The assumed relative noise of the measured rates; 0 for none. With noise the
    /// estimate is a Kalman filter: knowledge accumulates over the steps of a training.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub noise: f64,
    /// Standard deviation of the weights before anything was measured (noise only).
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub prior_deviation: f64,
    /// Standard deviation by which the weights may move per stimulation beside what the rule
    /// predicts (noise only).
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub drift_deviation: f64,
    /// Infer only at every so many stimulations, and go by the rule in between.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000000)))]
    pub every: usize,
}

impl Default for InferenceConfig {
    fn default() -> Self {
        Self {
            probes: 0,
            probe_low: -1.0,
            probe_high: 1.5,
            noise: 0.0,
            prior_deviation: 0.3,
            drift_deviation: 0.002,
            every: 1,
        }
    }
}

impl InferenceConfig {
    /// Checks the numbers against a network.
    ///
    /// # Errors
    /// [`StimulationError::Setting`] for the first that is out of range.
    pub fn validate(&self, network: &Network) -> Result<(), StimulationError> {
        let degree = network.max_in_degree();
        check_count("probes", self.probes, 0..=100_000)?;
        if self.probes != 0 && self.probes <= degree && self.noise == 0.0 {
            let wanted =
                format!("an in-degree of {degree} needs {} or more, or 0 for a choice", degree + 1);
            return Err(wrong("probes", self.probes, wanted));
        }
        check_finite("probe_low", self.probe_low)?;
        let is_above = self.probe_high > self.probe_low && self.probe_high.is_finite();
        check_number("probe_high", self.probe_high, is_above, "it is finite and above probe_low")?;
        let is_noise = self.noise >= 0.0 && self.noise <= 1.0;
        check_number("noise", self.noise, is_noise, "it lies in [0, 1]")?;
        let is_deviation = self.prior_deviation > 0.0 && self.prior_deviation.is_finite();
        check_number("prior_deviation", self.prior_deviation, is_deviation, "it is above 0")?;
        check_not_negative("drift_deviation", self.drift_deviation)?;
        check_count("every", self.every, 1..=1_000_000)
    }

    /// The number of probes for this network.
    pub fn probes_for(&self, network: &Network) -> usize {
        if self.probes > 0 { self.probes } else { network.max_in_degree() * 4 / 3 + 10 }
    }
}

/// Rates under known drives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measurements {
    /// The drives, m vectors of n one after the other.
    pub drives: Vec<f64>,
    /// The rates, likewise.
    pub rates: Vec<f64>,
    /// How many more drives were tried under which the network did not settle.
    pub unsettled: usize,
}

impl Measurements {
    /// Probes a plant with `count` random drives from the stream of `index`.
    ///
    /// # Errors
    /// Those of [`Plant::measure`]; up to half as many probes as asked for may be without a stable
    /// steady state, and are replaced.
    pub fn take(
        plant: &mut dyn Plant,
        config: &InferenceConfig,
        count: usize,
        seed: u64,
        index: u64,
    ) -> Result<Self, StimulationError> {
        let n = plant.neurons();
        let mut draws = stream(seed, "stimulation/probes", index);
        let (mut drives, mut rates) = (Vec::new(), Vec::new());
        let (mut drive, mut measured) = (vec![0.0; n], vec![0.0; n]);
        let mut unsettled = 0;
        while rates.len() < count * n {
            // Probes of different strength, so that some leave an excitable network in the range
            // where its rates tell the input.
            let top = draws.range(0.3, 1.0) * (config.probe_high - config.probe_low);
            drive.fill_with(|| config.probe_low + top * draws.uniform());
            match plant.measure(&drive, &mut measured) {
                Ok(()) => {
                    drives.extend_from_slice(&drive);
                    rates.extend_from_slice(&measured);
                }
                // A probe under which the network does not settle is replaced by another.
                Err(
                    StimulationError::NoSteadyState { .. } | StimulationError::UnstableState { .. },
                ) if unsettled < count / 2 => unsettled += 1,
                Err(other) => return Err(other),
            }
        }
        Ok(Self { drives, rates, unsettled })
    }

    /// The shares of the measured rates within 1 % of the maximal rate, and below 1 % of it.
    pub fn extremes(&self, transfer: &Transfer) -> (f64, f64) {
        let share = |f: &dyn Fn(f64) -> bool| {
            let count = self.rates.iter().filter(|&&r| f(r)).count();
            count as f64 / self.rates.len().max(1) as f64
        };
        let ceiling = transfer.max_rate;
        (share(&|r| r > 0.99 * ceiling), share(&|r| r < 0.01 * ceiling))
    }
}

/// Weights by least squares, `Phi^-1(r) = J r + f` for every neuron on its own synapses: exact
/// without noise from as many measurements as the largest in-degree (and a few more, for the
/// conditioning). Rates of exactly 0 or the maximum say nothing and are left out.
///
/// # Errors
/// [`StimulationError::Underdetermined`] where the measurements do not suffice, and
/// [`StimulationError::Rate`] for rates outside the transfer function's range.
pub fn infer(
    transfer: &Transfer,
    network: &Network,
    measurements: &Measurements,
) -> Result<Vec<f64>, StimulationError> {
    let config = InferenceConfig::default();
    let zero = vec![0.0; network.weights().len()];
    let mut estimator = Estimator::new(network, config, &zero);
    estimator.update(transfer, measurements)?;
    Ok(estimator.weights)
}

/// The running estimate of the weights of a network.
///
/// Without noise, every update is a least-squares fit of its own. With noise, every neuron keeps
/// the information matrix of its synapses, to which each update adds: measurements are weighted
/// by the inverse of their variance (the noise of the neuron's own rate through `Phi^-1`, and that
/// of its inputs through the weights), and the information matrix is freed of the noise of the
/// inputs, which would otherwise bias all weights towards 0 (errors in variables; Fuller 1987,
/// Measurement Error Models, section 2.2).
#[derive(Debug, Clone)]
pub struct Estimator {
    config: InferenceConfig,
    n: usize,
    inputs: Vec<Vec<usize>>,
    signs: Vec<f64>,
    information: Vec<Vec<f64>>,
    weights: Vec<f64>,
}

impl Estimator {
    /// An estimator for the synapses of `network` (its weights are not looked at) that begins
    /// with the weights `prior`.
    pub fn new(network: &Network, config: InferenceConfig, prior: &[f64]) -> Self {
        let n = network.neurons();
        let inputs: Vec<Vec<usize>> = (0..n).map(|i| network.inputs_of(i)).collect();
        let precision = 1.0 / power(config.prior_deviation, 2);
        let information = inputs
            .iter()
            .map(|pre| {
                let k = if config.noise > 0.0 { pre.len() } else { 0 };
                let mut matrix = vec![0.0; k * k];
                matrix.iter_mut().step_by(k + 1).for_each(|d| *d = precision);
                matrix
            })
            .collect();
        let signs = network.types().iter().map(|t| t.sign()).collect();
        Self { config, n, inputs, signs, information, weights: prior.to_vec() }
    }

    /// The estimated weights.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Carries the estimate over a stimulation to what the rule predicts.
    pub fn predict(&mut self, weights: &[f64]) {
        self.weights.copy_from_slice(weights);
        // Process noise Q = q I turns the covariance P into P + Q. The information matrix
        // (P + Q)^-1 is approximated from below by Lambda / (1 + q max diag(Lambda)), which
        // forgets at least as much.
        let q = power(self.config.drift_deviation, 2);
        for matrix in &mut self.information {
            let k = matrix.len().isqrt();
            let top = matrix.iter().step_by(k + 1).fold(0.0f64, |a, &b| a.max(b));
            let shrink = 1.0 / (1.0 + q * top);
            matrix.iter_mut().for_each(|v| *v *= shrink);
        }
    }

    /// Takes new measurements into account.
    ///
    /// # Errors
    /// Those of [`infer`].
    pub fn update(
        &mut self,
        transfer: &Transfer,
        measurements: &Measurements,
    ) -> Result<(), StimulationError> {
        let (n, config) = (self.n, self.config);
        let Measurements { drives, rates, .. } = measurements;
        let m = rates.len() / n;
        // Targets Phi^-1(r) - f, and the slope of Phi there.
        let mut targets = vec![0.0; m * n];
        let mut deviations = vec![0.0; m * n];
        for (at, (&r, &f)) in rates.iter().zip(drives).enumerate() {
            if !(0.0..=transfer.max_rate).contains(&r) {
                return Err(StimulationError::Rate {
                    neuron: at % n,
                    rate: r,
                    measurement: at / n,
                    max_rate: transfer.max_rate,
                });
            }
            // Full silence and saturation say nothing about the input: not usable.
            let Some(x) = transfer.inverse(r) else {
                targets[at] = f64::NAN;
                continue;
            };
            targets[at] = x - f;
            deviations[at] = r / transfer.slope(x).max(1e-9);
        }
        // Near silence and saturation `Phi^-1` magnifies rounding errors; where enough others
        // remain, such measurements of a neuron are left out.
        let used: Vec<Vec<bool>> = (0..n)
            .map(|i| {
                let slope = |mu: usize| transfer.slope(targets[mu * n + i] + drives[mu * n + i]);
                let slopes: Vec<f64> = (0..m).map(slope).collect();
                let clear = |threshold: f64| slopes.iter().map(move |&d| d > threshold);
                let enough = |threshold: &f64| {
                    clear(*threshold).filter(|&u| u).count() >= self.inputs[i].len() + 5
                };
                let threshold = [1e-2, 1e-3, 1e-4, 1e-6].into_iter().find(enough).unwrap_or(0.0);
                clear(threshold).collect()
            })
            .collect();
        let gram = (config.noise == 0.0).then(|| {
            // The normal equations of all neurons are parts of one matrix.
            linear::gram(&rates[..n * m], n)
        });
        let fits: Vec<(Vec<f64>, Vec<f64>)> = (0..n)
            .into_par_iter()
            .map(|i| {
                let row =
                    Row { i, n, rates, targets: &targets, deviations: &deviations, used: &used[i] };
                match &gram {
                    Some(gram) => Ok((self.exact(&row, gram)?, Vec::new())),
                    None => self.filtered(&row),
                }
            })
            .collect::<Result<_, StimulationError>>()?;
        for (i, (fit, information)) in fits.into_iter().enumerate() {
            for (&j, w) in self.inputs[i].iter().zip(fit) {
                let sign = self.signs[j];
                // Without noise a wrong sign is an error of rounding; with noise the sign is
                // knowledge that the measurements do not have.
                self.weights[i + j * n] = sign * (sign * w).max(0.0);
            }
            self.information[i] = information;
        }
        Ok(())
    }

    /// Least squares by the normal equations of the present estimate's error, refined on the
    /// residuals of the measurements, which makes up for the squared condition number.
    fn exact(&self, row: &Row<'_>, gram: &[f64]) -> Result<Vec<f64>, StimulationError> {
        let pre = &self.inputs[row.i];
        let mut fit: Vec<f64> = pre.iter().map(|&j| self.weights[row.i + j * self.n]).collect();
        if pre.is_empty() {
            return Ok(fit);
        }
        let (n, m, k) = (self.n, row.used.len(), pre.len());
        let usable = row.used.iter().filter(|&&u| u).count();
        let underdetermined =
            StimulationError::Underdetermined { neuron: row.i, inputs: k, measurements: usable };
        if usable < k {
            return Err(underdetermined);
        }
        let left_out: Vec<&[f64]> =
            (0..m).filter(|&mu| !row.used[mu]).map(|mu| &row.rates[mu * n..][..n]).collect();
        let normal = |a: usize, b: usize| {
            let (i, j) = (pre[a], pre[b]);
            left_out.iter().fold(gram[i + j * n], |sum, rates| sum - rates[i] * rates[j])
        };
        let factor = Cholesky::new(k, normal).ok_or(underdetermined.clone())?;
        // The fit and its regressors with zeros for the neurons that do not project here: whole
        // columns are read faster than chosen entries.
        let mut spread = vec![0.0; n];
        let mut errors = vec![0.0; m];
        let mut products = vec![0.0; n];
        let mut last = f64::INFINITY;
        for _ in 0..8 {
            pre.iter().zip(&fit).for_each(|(&j, w)| spread[j] = *w);
            linear::multiply_transposed(&row.rates[..n * m], &spread, &mut errors);
            for (mu, error) in errors.iter_mut().enumerate() {
                *error = if row.used[mu] { row.targets[mu * n + row.i] - *error } else { 0.0 };
            }
            linear::multiply(&row.rates[..n * m], &errors, &mut products);
            let mut rhs: Vec<f64> = pre.iter().map(|&j| products[j]).collect();
            factor.solve(&mut rhs);
            let change = linear::max_abs(&rhs);
            if !change.is_finite() {
                return Err(underdetermined);
            }
            linear::axpy(1.0, &rhs, &mut fit);
            if change < 1e-14 || change > 0.5 * last {
                break;
            }
            last = change;
        }
        Ok(fit)
    }

    fn filtered(&self, row: &Row<'_>) -> Result<(Vec<f64>, Vec<f64>), StimulationError> {
        let (n, i) = (self.n, row.i);
        let pre = &self.inputs[i];
        let k = pre.len();
        let mut information = self.information[i].clone();
        let mut fit: Vec<f64> = pre.iter().map(|&j| self.weights[i + j * n]).collect();
        if k == 0 {
            return Ok((fit, information));
        }
        let noise = power(self.config.noise, 2);
        let mut rhs = vec![0.0; k];
        let mut regressors = vec![0.0; k];
        for mu in (0..row.used.len()).filter(|&mu| row.used[mu]) {
            for (r, &j) in regressors.iter_mut().zip(pre) {
                *r = row.rates[mu * n + j];
            }
            let through: f64 = regressors.iter().zip(&fit).map(|(r, w)| power(r * w, 2)).sum();
            let precision =
                1.0 / (noise * (power(row.deviations[mu * n + i], 2) + through) + 1e-12);
            let error = row.error(mu, pre, &fit);
            // Of the measured square of an input, noise^2 / (1 + noise^2) is noise.
            let spurious = noise / (1.0 + noise);
            for (a, &r) in regressors.iter().enumerate() {
                // The rhs is R^T W (y - R w): the same share of R^T R is spurious in it.
                rhs[a] += precision * (error * r + spurious * r * r * fit[a]);
                let column = &mut information[a * k..(a + 1) * k];
                linear::axpy(precision * r, &regressors, column);
                column[a] -= precision * spurious * r * r;
            }
        }
        // The subtraction can leave a direction without information; what was known before is
        // then added until the matrix can be factorised.
        let floor = 1.0 / power(self.config.prior_deviation, 2);
        for _ in 0..60 {
            if let Some(factor) = Cholesky::new(k, |a, b| information[a + b * k]) {
                let mut change = rhs.clone();
                factor.solve(&mut change);
                if change.iter().all(|x| x.is_finite()) {
                    linear::axpy(1.0, &change, &mut fit);
                    return Ok((fit, information));
                }
            }
            information.iter_mut().step_by(k + 1).for_each(|d| *d += floor);
        }
        let measurements = row.used.len();
        Err(StimulationError::Underdetermined { neuron: i, inputs: k, measurements })
    }
}

/// What is known about one neuron.
struct Row<'a> {
    i: usize,
    n: usize,
    rates: &'a [f64],
    targets: &'a [f64],
    deviations: &'a [f64],
    used: &'a [bool],
}

impl Row<'_> {
    /// The error of the fit in one measurement.
    fn error(&self, mu: usize, pre: &[usize], fit: &[f64]) -> f64 {
        let rates = &self.rates[mu * self.n..];
        let predicted: f64 = pre.iter().zip(fit).map(|(&j, w)| w * rates[j]).sum();
        self.targets[mu * self.n + self.i] - predicted
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NetworkConfig, PlasticityRule, SimulatedPlant};
    use super::*;

    fn error(network: &Network, weights: &[f64]) -> f64 {
        network.weights().iter().zip(weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    fn plant(network: &Network) -> SimulatedPlant {
        SimulatedPlant::new(network.clone(), Transfer::default(), PlasticityRule::default())
    }

    #[test]
    fn exact_without_noise() {
        for (neurons, seed) in [(30, 0), (30, 1), (30, 2), (80, 3)] {
            let network = NetworkConfig::of_size(neurons).build(seed).unwrap();
            let config = InferenceConfig::default();
            let m = config.probes_for(&network);
            let data = Measurements::take(&mut plant(&network), &config, m, seed, 0).unwrap();
            let weights = infer(&Transfer::default(), &network, &data).unwrap();
            assert!(error(&network, &weights) < 1e-10, "{:e}", error(&network, &weights));
        }
    }

    #[test]
    fn too_few_measurements_are_an_error() {
        let network = NetworkConfig::default().build(0).unwrap();
        let config = InferenceConfig::default();
        let data = Measurements::take(&mut plant(&network), &config, 10, 0, 0).unwrap();
        assert!(matches!(
            infer(&Transfer::default(), &network, &data),
            Err(StimulationError::Underdetermined { measurements: 10, .. })
        ));
        let few = InferenceConfig { probes: 5, ..config };
        assert!(few.validate(&network).is_err());
        let mut wrong = data;
        wrong.rates[7] = 1.1;
        assert!(infer(&Transfer::default(), &network, &wrong).is_err());
    }

    #[test]
    fn noise_averages_out_without_bias() {
        let network = NetworkConfig::default().build(5).unwrap();
        let config = InferenceConfig { noise: 0.1, ..Default::default() };
        let mut plant = plant(&network).with_noise(0.1, 5);
        let mut estimator = Estimator::new(&network, config, &vec![0.0; 900]);
        let mut rms = Vec::new();
        for round in 0..60 {
            let data = Measurements::take(&mut plant, &config, 60, 5, round).unwrap();
            estimator.update(&Transfer::default(), &data).unwrap();
            let squares: f64 = network
                .weights()
                .iter()
                .zip(estimator.weights())
                .map(|(a, b)| (a - b).powi(2))
                .sum();
            rms.push((squares / network.synapses() as f64).sqrt());
        }
        assert!(rms[59] < 0.35 * rms[0] && rms[59] < 0.03, "{} {}", rms[0], rms[59]);
        // A bias of the estimate would be a slope other than 1 on the true weights.
        let (mut xy, mut xx) = (0.0, 0.0);
        for (a, b) in network.weights().iter().zip(estimator.weights()) {
            xy += a * b;
            xx += a * a;
        }
        assert!((xy / xx - 1.0).abs() < 0.05, "{}", xy / xx);
    }
}
