//! Does the population rate follow the external rate in a straight line?

use equipoise_metrics::statistics::{LinearRegression, linear_regression};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{BalanceError, Progress, advance};
use crate::network::theory::mean_field_rate;
use crate::network::{Network, NetworkConfig, Probe, Simulation, Trial};

/// The response of a network to a sweep of its background.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Linearity {
    /// The swept eta (background in units of the threshold rate).
    pub eta: Vec<f64>,
    /// Mean rate at each, Hz, over the trials.
    pub rate_hz: Vec<f64>,
    /// Mean-field rate at each, Hz.
    pub mean_field_hz: Vec<f64>,
    /// The rates divided by the largest of them.
    pub normalised: Vec<f64>,
    /// The line through the normalised rates; its residuals are the deviation from linearity.
    pub line: LinearRegression,
    /// The line through the normalised mean-field rates.
    pub mean_field_line: Option<LinearRegression>,
}

/// The network of a sweep: the connections do not depend on eta, so one network, built with the
/// background of the first eta, serves the whole sweep.
///
/// # Errors
/// If there are fewer than three values of eta, or the network makes no sense at one.
pub fn sweep_base(config: &NetworkConfig, eta: &[f64]) -> Result<NetworkConfig, BalanceError> {
    if eta.len() < 3 {
        return Err(BalanceError::setting(
            "sweep",
            format!("a line through {} values of eta; 3 are needed at least", eta.len()),
        ));
    }
    for &eta in eta {
        at(config, eta).validate()?;
    }
    Ok(at(config, eta[0]))
}

fn at(config: &NetworkConfig, eta: f64) -> NetworkConfig {
    NetworkConfig { eta, background_rate: None, ..config.clone() }
}

/// The mean rate, Hz, of a network that was built for [`sweep_base`], with the background of
/// another eta.
///
/// # Errors
/// If the network cannot be run.
pub fn rate_at(network: &Network, eta: f64, seed: u64, trial: u64) -> Result<f64, BalanceError> {
    let background = at(network.config(), eta).background_rate_hz();
    let factor = background / network.config().background_rate_hz();
    let profile = move |_: f64| factor;
    let trial = Trial { background: Some(&profile), parallel: false, ..network.trial(seed, trial) };
    Ok(Simulation::new(network).run(&trial, &mut Probe::none())?.mean_rate_hz())
}

/// The line through the rates that [`rate_at`] gave: `rates_hz[trial][k]` is at `eta[k]`.
///
/// # Errors
/// If there are fewer than three values of eta, no trial, or a trial has another number of rates.
pub fn line_through(
    config: &NetworkConfig,
    eta: &[f64],
    rates_hz: &[Vec<f64>],
) -> Result<Linearity, BalanceError> {
    if let Some(bad) = rates_hz.iter().find(|rates| rates.len() != eta.len()) {
        return Err(BalanceError::Recording(format!(
            "{} rates at {} values of eta",
            bad.len(),
            eta.len()
        )));
    }
    let mut sums = vec![0.0; eta.len()];
    for rates in rates_hz {
        for (sum, rate) in sums.iter_mut().zip(rates) {
            *sum += rate / rates_hz.len() as f64;
        }
    }
    let mean_field_hz: Vec<f64> =
        eta.iter().map(|&eta| mean_field_rate(&at(config, eta))).collect();
    let normalised = normalise(&sums);
    let line = linear_regression(eta, &normalised)
        .map_err(|error| BalanceError::Recording(format!("linearity: {error}")))?;
    Ok(Linearity {
        line,
        mean_field_line: linear_regression(eta, &normalise(&mean_field_hz)).ok(),
        eta: eta.to_vec(),
        rate_hz: sums,
        mean_field_hz,
        normalised,
    })
}

/// Measures the rate at each of these eta, over `trials` networks each: trial t is of the network
/// of the seed `seed + t`.
///
/// # Errors
/// If a network makes no sense, or there are fewer than three values of eta or no trials.
pub fn linearity(
    config: &NetworkConfig,
    eta: &[f64],
    trials: usize,
    seed: u64,
    progress: Progress<'_>,
) -> Result<Linearity, BalanceError> {
    if trials == 0 {
        return Err(BalanceError::setting("trials", "0; at least one network is needed"));
    }
    let base = sweep_base(config, eta)?;
    let rates = (0..trials as u64)
        .map(|trial| {
            let network = Network::build(&base, None, seed.wrapping_add(trial))?;
            eta.par_iter()
                .map(|&eta| {
                    let rate = rate_at(&network, eta, seed, trial)?;
                    advance(progress)?;
                    Ok(rate)
                })
                .collect()
        })
        .collect::<Result<Vec<Vec<f64>>, BalanceError>>()?;
    line_through(config, eta, &rates)
}

fn normalise(rates: &[f64]) -> Vec<f64> {
    let most = rates.iter().fold(0.0f64, |a, &b| a.max(b));
    rates.iter().map(|rate| if most > 0.0 { rate / most } else { 0.0 }).collect()
}
