//! Does the population rate follow the external rate in a straight line?

use equipoise_metrics::statistics::{LinearRegression, linear_regression};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{BalanceError, Stop};
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

/// Measures the rate at each of these eta, over `trials` networks each.
///
/// # Errors
/// If a network makes no sense, or there are fewer than three values of eta.
pub fn linearity(
    config: &NetworkConfig,
    eta: &[f64],
    trials: usize,
    seed: u64,
    stop: &Stop<'_>,
) -> Result<Linearity, BalanceError> {
    if eta.len() < 3 || trials == 0 {
        return Err(BalanceError(format!(
            "a line through {} values of eta with {trials} trials each; 3 and 1 at least",
            eta.len()
        )));
    }
    let at = |eta: f64| NetworkConfig { eta, background_rate: None, ..config.clone() };
    for &eta in eta {
        at(eta).validate()?;
    }
    // The connections do not depend on eta, so one network serves the whole sweep.
    let mut sums = vec![0.0; eta.len()];
    for trial in 0..trials {
        let network = Network::build(&at(eta[0]), None, seed.wrapping_add(trial as u64))?;
        let rates: Vec<Result<f64, BalanceError>> = eta
            .par_iter()
            .map(|&eta| {
                stop.check()?;
                let factor = at(eta).background_rate_hz() / network.config().background_rate_hz();
                let profile = move |_: f64| factor;
                let trial = Trial {
                    background: Some(&profile),
                    parallel: false,
                    ..network.trial(seed, trial as u64)
                };
                let spikes = Simulation::new(&network).run(&trial, &mut Probe::none())?;
                stop.done();
                Ok(spikes.mean_rate_hz())
            })
            .collect();
        for (sum, rate) in sums.iter_mut().zip(rates) {
            *sum += rate? / trials as f64;
        }
    }
    let mean_field_hz: Vec<f64> = eta.iter().map(|&eta| mean_field_rate(&at(eta))).collect();
    let normalised = normalise(&sums);
    let fit = |y: &[f64]| {
        linear_regression(eta, y).map_err(|error| BalanceError(format!("linearity: {error}")))
    };
    Ok(Linearity {
        line: fit(&normalised)?,
        mean_field_line: fit(&normalise(&mean_field_hz)).ok(),
        eta: eta.to_vec(),
        rate_hz: sums,
        mean_field_hz,
        normalised,
    })
}

fn normalise(rates: &[f64]) -> Vec<f64> {
    let most = rates.iter().fold(0.0f64, |a, &b| a.max(b));
    rates.iter().map(|rate| if most > 0.0 { rate / most } else { 0.0 }).collect()
}
