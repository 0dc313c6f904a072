//! The mean field of a network of populations: rates that reproduce themselves, and whether they
//! are stable.
//!
//! The input of a neuron of population a is taken as white noise of mean mu_a and amplitude sigma_a
//! (Brunel 2000), with J_ab the jump of the potential that carries the charge of a synapse:
//!
//! ```text
//! mu_a      = tau_m (sum_b K_ab J_ab nu_b + J_ext nu_ext) + R I_0
//! sigma_a^2 = tau_m (sum_b K_ab <J_ab^2> nu_b + J_ext^2 nu_ext)
//! nu_a      = Phi(mu_a, sigma_a)
//! ```
//!
//! with Siegert's rate Phi. Exponential currents are coloured noise: threshold and reset are shifted
//! by sigma sqrt(tau_s / tau_m) |zeta(1/2)| / sqrt(2) (Fourcaud & Brunel 2002, Neural Comput.
//! 14:2057), where tau_s is that of excitation and of inhibition in proportion to their variances.
//! Conductances are taken as currents at the mean potential, with the effective membrane time
//! constant (Richardson 2004, Phys. Rev. E 69:051918). Adaptation takes its mean, b tau_w nu, off the
//! current. Distributed constants stand at their means.
//!
//! Stability is that of the rate dynamics d nu_a / dt = -nu_a + Phi_a(nu), time in units of their
//! relaxation: the largest real part of an eigenvalue of its Jacobian.

use std::ops::ControlFlow;

use faer::Mat;
use faer::prelude::Solve;
use serde::{Deserialize, Serialize};

use super::connect::Watch;
use super::error::PopulationsError;
use super::settings::{Model, Population, Settings, Sign};
use crate::network::theory::siegert_rate;
use crate::network::{Distribution, Parameter};

/// |zeta(1/2)| / sqrt(2).
const COLOUR: f64 = 1.460_354_508_809_587 * std::f64::consts::FRAC_1_SQRT_2;

/// Steps of the search for the rates, and how close they must be, Hz.
const STEPS: usize = 20_000;
const CLOSE: f64 = 1e-7;

/// Steps of Newton's method after that.
const NEWTON_STEPS: usize = 20;

/// A state of the mean field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanField {
    /// The rate of each population, Hz; that of its settings for spike sources.
    pub rates_hz: Vec<f64>,
    /// Mean input of each population, mV from rest.
    pub mean_mv: Vec<f64>,
    /// Amplitude of its noise, mV.
    pub sd_mv: Vec<f64>,
    /// Whether the rates reproduce themselves; otherwise they are where the search ended.
    pub converged: bool,
    /// The largest real part of an eigenvalue of the rate dynamics; the state is stable where it
    /// is below 0. None if the eigenvalues cannot be had.
    pub largest_eigenvalue: Option<f64>,
}

impl MeanField {
    /// Whether the rates reproduce themselves and return after a small change.
    pub fn is_stable(&self) -> bool {
        self.converged && self.largest_eigenvalue.is_some_and(|eigenvalue| eigenvalue < 0.0)
    }
}

/// A projection as the mean field sees it.
struct Term {
    source: usize,
    sign: Sign,
    /// Synapses of a target neuron, and mean and mean square of their weights.
    in_degree: f64,
    weight: f64,
    square: f64,
}

/// Mean and mean square of a parameter.
fn moments(parameter: &Parameter) -> (f64, f64) {
    let mean = parameter.mean();
    let variance = match *parameter {
        Parameter::Constant(_) => 0.0,
        Parameter::Drawn(Distribution::Uniform { low, high }) => (high - low).powi(2) / 12.0,
        Parameter::Drawn(Distribution::Normal { sd, .. } | Distribution::Lognormal { sd, .. }) => {
            sd * sd
        }
    };
    (mean, mean * mean + variance)
}

/// Mean, noise amplitude and rate of a population whose sources have these rates.
fn response(population: &Population, terms: &[Term], rates: &[f64], own: f64) -> [f64; 3] {
    let neuron = &population.neuron;
    let (capacitance, membrane) = (neuron.capacitance, neuron.membrane.mean());
    let background = population.background.iter().map(|drive| {
        let sign = if drive.weight < 0.0 { Sign::Inhibitory } else { Sign::Excitatory };
        (sign, drive.rate, drive.weight.abs(), drive.weight * drive.weight)
    });
    let inputs: Vec<(Sign, f64, f64, f64)> = terms
        .iter()
        .map(|term| (term.sign, term.in_degree * rates[term.source], term.weight, term.square))
        .chain(background)
        .collect();
    let tau = |sign: Sign| match sign {
        Sign::Excitatory => neuron.tau_excitatory,
        Sign::Inhibitory => neuron.tau_inhibitory,
    };
    let adapted = neuron.adaptation.map_or(0.0, |a| a.increment * a.tau * own / 1000.0);
    let current = population.current.mean() - adapted;
    // The time constant of the potential, where it rests under the mean input, and how far 1 of a
    // weight makes it jump.
    let mut effective = membrane;
    let mut mean = membrane * current / capacitance;
    let jump = match neuron.model {
        Model::Delta => [1.0, -1.0],
        Model::Exponential => {
            [neuron.tau_excitatory / capacitance, -neuron.tau_inhibitory / capacitance]
        }
        Model::Conductance => {
            let mut total = capacitance / membrane;
            let mut driving = current;
            let reversal = [
                neuron.reversal_excitatory - neuron.rest,
                neuron.reversal_inhibitory - neuron.rest,
            ];
            for &(sign, rate, weight, _) in &inputs {
                let conductance = rate * weight * tau(sign) / 1000.0;
                total += conductance;
                driving += conductance * reversal[sign as usize];
            }
            effective = capacitance / total;
            mean = driving / total;
            [Sign::Excitatory, Sign::Inhibitory]
                .map(|sign| (reversal[sign as usize] - mean) * tau(sign) / capacitance)
        }
    };
    let mut variance = [0.0; 2];
    for &(sign, rate, weight, square) in &inputs {
        let jump = jump[sign as usize];
        if neuron.model != Model::Conductance {
            mean += effective * rate * weight * jump / 1000.0;
        }
        variance[sign as usize] += effective * rate * square * jump * jump / 1000.0;
    }
    let total = variance[0] + variance[1];
    let sd = total.sqrt();
    let shift = if neuron.model == Model::Delta || total <= 0.0 {
        0.0
    } else {
        let synaptic =
            (variance[0] * neuron.tau_excitatory + variance[1] * neuron.tau_inhibitory) / total;
        COLOUR * sd * (synaptic / effective).sqrt()
    };
    let threshold = neuron.threshold.mean() - neuron.rest + shift;
    let reset = neuron.reset.mean() - neuron.rest + shift;
    [mean, sd, siegert_rate(mean, sd, effective, threshold, reset, neuron.refractory.mean())]
}

/// The self-consistent rates of a network, from silence on: where the rate dynamics of the mean
/// field come to rest.
///
/// Expects settings that [`Settings::validate`] accepts. Plastic weights stand at their start.
pub fn mean_field(settings: &Settings) -> MeanField {
    let never = MeanField {
        rates_hz: Vec::new(),
        mean_mv: Vec::new(),
        sd_mv: Vec::new(),
        converged: false,
        largest_eigenvalue: None,
    };
    // Nobody stops it.
    mean_field_watched(settings, &|| ControlFlow::Continue(())).unwrap_or(never)
}

/// [`mean_field`], which `watch` may stop.
///
/// # Errors
/// [`PopulationsError::Stopped`] if `watch` says so.
pub fn mean_field_watched(
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<MeanField, PopulationsError> {
    let count = settings.populations.len();
    let mut terms: Vec<Vec<Term>> = (0..count).map(|_| Vec::new()).collect();
    for projection in &settings.projections {
        let (Some(source), Some(target)) =
            (settings.population(&projection.source), settings.population(&projection.target))
        else {
            continue;
        };
        let (weight, square) = moments(&projection.weight);
        terms[target].push(Term {
            source,
            sign: settings.populations[source].sign,
            in_degree: settings.synapses(projection) / settings.populations[target].size as f64,
            weight,
            square,
        });
    }
    let fixed: Vec<Option<f64>> =
        settings.populations.iter().map(|p| p.source.map(|source| source.rate)).collect();
    let respond = |rates: &[f64]| -> Vec<[f64; 3]> {
        (0..count)
            .map(|a| match fixed[a] {
                Some(rate) => [0.0, 0.0, rate],
                None => response(&settings.populations[a], &terms[a], rates, rates[a]),
            })
            .collect()
    };
    let mut rates: Vec<f64> = fixed.iter().map(|rate| rate.unwrap_or(0.0)).collect();
    let mut pace = 0.2f64;
    let mut last = f64::INFINITY;
    let mut converged = false;
    for _ in 0..STEPS {
        if watch().is_break() {
            return Err(PopulationsError::Stopped);
        }
        let now = respond(&rates);
        let change = |(rate, now): (&f64, &[f64; 3])| now[2] - rate;
        let off = rates.iter().zip(&now).map(change).map(f64::abs).fold(0.0, f64::max);
        if off < CLOSE * rates.iter().copied().fold(1.0, f64::max) {
            converged = true;
            break;
        }
        // Shorter steps where the last went too far.
        pace = if off > last { (0.5 * pace).max(1e-4) } else { (1.05 * pace).min(0.5) };
        last = off;
        for (rate, now) in rates.iter_mut().zip(&now) {
            *rate += pace * (now[2] - *rate);
        }
    }
    let neurons: Vec<usize> = (0..count).filter(|&a| fixed[a].is_none()).collect();
    let slopes = |rates: &[f64]| {
        let mut jacobian = Mat::<f64>::zeros(neurons.len(), neurons.len());
        for (column, &b) in neurons.iter().enumerate() {
            let step = 1e-4 * rates[b].max(0.1);
            let [mut above, mut below] = [rates.to_vec(), rates.to_vec()];
            above[b] += step;
            below[b] = (below[b] - step).max(0.0);
            let (high, low) = (respond(&above), respond(&below));
            for (row, &a) in neurons.iter().enumerate() {
                let slope = (high[a][2] - low[a][2]) / (above[b] - below[b]);
                jacobian[(row, column)] = slope - f64::from(u8::from(a == b));
            }
        }
        jacobian
    };
    // Where rates circle around the state on their way to it, the last steps are Newton's.
    let off = |rates: &[f64]| {
        let now = respond(rates);
        let off =
            Mat::from_fn(neurons.len(), 1, |row, _| now[neurons[row]][2] - rates[neurons[row]]);
        let most = (0..neurons.len()).map(|row| off[(row, 0)].abs()).fold(0.0, f64::max);
        (off, most)
    };
    for _ in 0..NEWTON_STEPS {
        let (change, most) = off(&rates);
        if converged || most < CLOSE * rates.iter().copied().fold(1.0, f64::max) {
            converged = true;
            break;
        }
        let step = slopes(&rates).partial_piv_lu().solve(&change);
        let mut next = rates.clone();
        for (row, &a) in neurons.iter().enumerate() {
            next[a] = (next[a] - step[(row, 0)]).max(0.0);
        }
        if !next.iter().all(|rate| rate.is_finite()) || off(&next).1 > 0.5 * most {
            break;
        }
        rates = next;
    }
    let at = respond(&rates);
    let jacobian = slopes(&rates);
    let eigenvalues = jacobian.eigenvalues().ok();
    Ok(MeanField {
        rates_hz: rates,
        mean_mv: at.iter().map(|now| now[0]).collect(),
        sd_mv: at.iter().map(|now| now[1]).collect(),
        converged,
        largest_eigenvalue: eigenvalues
            .map(|values| values.iter().map(|value| value.re).fold(f64::NEG_INFINITY, f64::max)),
    })
}

/// Where the mean field is stable: the state at every pair of two values, `settings` of which says
/// the network. Row by row over `y`, `x` fastest.
pub fn stability_map(
    settings: impl Fn(f64, f64) -> Settings + Sync,
    x: &[f64],
    y: &[f64],
) -> Vec<MeanField> {
    use rayon::prelude::*;
    let points: Vec<(f64, f64)> = y.iter().flat_map(|&y| x.iter().map(move |&x| (x, y))).collect();
    points.into_par_iter().map(|(x, y)| mean_field(&settings(x, y))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::presets::{MICROCIRCUIT_RATES_HZ, MicrocircuitInput, brunel, microcircuit};
    use super::*;

    #[test]
    fn brunels_rates_come_out() {
        for (g, eta, expected) in [(5.0, 2.0, 37.95), (6.0, 2.0, 22.85), (5.0, 4.0, 90.72)] {
            let found = mean_field(&brunel(12_500, g, eta));
            assert!(found.converged);
            for rate in &found.rates_hz {
                assert!((rate / expected - 1.0).abs() < 1e-3, "g {g}, eta {eta}: {found:?}");
            }
            assert!(found.is_stable(), "{found:?}");
        }
    }

    #[test]
    fn inhibition_makes_the_state_stable() {
        let map = stability_map(|g, eta| brunel(12_500, g, eta), &[3.0, 5.0], &[2.0]);
        let [weak, strong] = [&map[0], &map[1]].map(|found| found.largest_eigenvalue);
        assert!(strong.is_some_and(|strong| strong < -1.0), "{map:?}");
        assert!(weak > strong, "{map:?}");
    }

    #[test]
    fn the_microcircuit_fires_near_the_mean_field() {
        let found = mean_field(&microcircuit(1.0, 1.0, MicrocircuitInput::Poisson));
        assert!(found.converged, "{found:?}");
        for (rate, simulated) in found.rates_hz.iter().zip(MICROCIRCUIT_RATES_HZ) {
            // Schuecker et al. 2017 (PLoS Comput. Biol. 13:e1005179) find the same agreement.
            assert!((rate - simulated).abs() < 0.25 * simulated + 0.3, "{found:?}");
        }
    }

    #[test]
    fn sources_keep_their_rates() {
        let mut settings = brunel(1000, 5.0, 2.0);
        let rate = settings.populations[0].background[0].rate;
        let weight = settings.populations[0].background[0].weight;
        let before = mean_field(&settings);
        // The background of one neuron as a population of 100 sources, all of which reach it.
        for population in &mut settings.populations {
            population.background.clear();
        }
        settings.populations.push(Population {
            source: Some(super::super::settings::Source { rate: rate / 100.0 }),
            ..Population::new("X", 100)
        });
        for target in ["E", "I"] {
            settings.projections.push(super::super::settings::Projection {
                source: "X".into(),
                target: target.into(),
                connect: super::super::settings::Rule::Probability {
                    probability: 1.0,
                    autapses: false,
                },
                weight: weight.into(),
                delay: 1.5.into(),
                plasticity: None,
            });
        }
        let after = mean_field(&settings);
        assert!((after.rates_hz[0] / before.rates_hz[0] - 1.0).abs() < 1e-5, "{after:?}");
        assert_eq!(after.rates_hz[2], rate / 100.0);
    }
}
