//! A parameter of the neurons: one value for all, or a distribution over them.

use equipoise_random::Stream;
use serde::{Deserialize, Serialize};

/// A neuron parameter: the same for every neuron, or drawn for each of them.
///
/// In TOML either a number, or a table that names the distribution:
///
/// ```
/// # use equipoise_encoder::network::{Distribution, Parameter};
/// # #[derive(serde::Deserialize)] struct T { threshold: Parameter }
/// let t: T = toml::from_str("threshold = 20.0")?;
/// assert_eq!(t.threshold, Parameter::Constant(20.0));
/// let t: T = toml::from_str("threshold = { distribution = 'normal', mean = 20.0, sd = 1.0 }")?;
/// assert_eq!(t.threshold, Parameter::Drawn(Distribution::Normal { mean: 20.0, sd: 1.0 }));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    /// The same value for every neuron.
    Constant(f64),
    /// A value drawn for each neuron.
    Drawn(Distribution),
}

/// The distributions a [`Parameter`] may be drawn from.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "distribution", rename_all = "snake_case", deny_unknown_fields)]
pub enum Distribution {
    /// Uniform in [low, high).
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Normal, cut off at three standard deviations on either side (by drawing again), so that
    /// no neuron gets an absurd value.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation before the cut.
        sd: f64,
    },
    /// Log-normal with this mean and standard deviation (of the number itself, not of its
    /// logarithm).
    Lognormal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
}

impl From<f64> for Parameter {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

impl Parameter {
    /// The mean over neurons.
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Drawn(Distribution::Uniform { low, high }) => 0.5 * (low + high),
            Self::Drawn(
                Distribution::Normal { mean, .. } | Distribution::Lognormal { mean, .. },
            ) => mean,
        }
    }

    /// The least and the greatest value that can be drawn (infinite where there is no bound).
    pub fn bounds(&self) -> (f64, f64) {
        match *self {
            Self::Constant(value) => (value, value),
            Self::Drawn(Distribution::Uniform { low, high }) => (low, high),
            Self::Drawn(Distribution::Normal { mean, sd }) => (mean - 3.0 * sd, mean + 3.0 * sd),
            Self::Drawn(Distribution::Lognormal { mean, sd }) => {
                if sd == 0.0 {
                    (mean, mean)
                } else {
                    (0.0, f64::INFINITY)
                }
            }
        }
    }

    /// Whether every neuron gets the same value.
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// Why the distribution itself makes no sense, if it does not.
    pub(crate) fn fault(&self) -> Option<String> {
        match *self {
            Self::Constant(value) if !value.is_finite() => Some(format!("{value} is not finite")),
            Self::Constant(_) => None,
            Self::Drawn(Distribution::Uniform { low, high }) => (!(low.is_finite()
                && high.is_finite()
                && low < high))
                .then(|| format!("the uniform distribution needs low < high, not {low}..{high}")),
            Self::Drawn(Distribution::Normal { mean, sd }) => {
                (!(mean.is_finite() && sd.is_finite() && sd >= 0.0)).then(|| {
                    format!("the normal distribution needs sd >= 0, not mean {mean} and sd {sd}")
                })
            }
            Self::Drawn(Distribution::Lognormal { mean, sd }) => {
                (!(mean.is_finite() && sd.is_finite() && mean > 0.0 && sd >= 0.0)).then(|| {
                    format!(
                        "the log-normal distribution needs mean > 0 and sd >= 0, not mean {mean} \
                         and sd {sd}"
                    )
                })
            }
        }
    }

    /// One value from the stream (a constant draws nothing).
    pub fn draw(&self, stream: &mut Stream) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Drawn(Distribution::Uniform { low, high }) => stream.range(low, high),
            Self::Drawn(Distribution::Normal { mean, sd }) => loop {
                let z = stream.normal();
                if z.abs() <= 3.0 {
                    return mean + sd * z;
                }
            },
            Self::Drawn(Distribution::Lognormal { mean, sd }) => {
                let variance = libm::log(1.0 + (sd / mean).powi(2));
                libm::exp(libm::log(mean) - 0.5 * variance + variance.sqrt() * stream.normal())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    #[test]
    fn drawn_values_have_the_moments_of_their_distribution() {
        let cases = [
            (Distribution::Uniform { low: 1.0, high: 3.0 }, 2.0, (1.0f64 / 3.0).sqrt()),
            (Distribution::Normal { mean: 20.0, sd: 2.0 }, 20.0, 2.0 * 0.986_6),
            (Distribution::Lognormal { mean: 5.0, sd: 2.0 }, 5.0, 2.0),
        ];
        for (distribution, mean, sd) in cases {
            let parameter = Parameter::Drawn(distribution);
            let mut stream = stream(3, "parameter-test", 0);
            let n = 100_000;
            let values: Vec<f64> = (0..n).map(|_| parameter.draw(&mut stream)).collect();
            let got_mean = values.iter().sum::<f64>() / n as f64;
            let got_sd =
                (values.iter().map(|v| (v - got_mean).powi(2)).sum::<f64>() / n as f64).sqrt();
            assert!((got_mean - mean).abs() < 4.0 * sd / (n as f64).sqrt(), "{distribution:?}");
            assert!((got_sd / sd - 1.0).abs() < 0.03, "{distribution:?}: {got_sd} is not {sd}");
            let (low, high) = parameter.bounds();
            assert!(values.iter().all(|&v| (low..=high).contains(&v)));
        }
    }

    #[test]
    fn senseless_distributions_are_found_out() {
        let faulty = [
            Parameter::Constant(f64::NAN),
            Parameter::Drawn(Distribution::Uniform { low: 2.0, high: 2.0 }),
            Parameter::Drawn(Distribution::Normal { mean: 1.0, sd: -1.0 }),
            Parameter::Drawn(Distribution::Lognormal { mean: 0.0, sd: 1.0 }),
        ];
        assert!(faulty.iter().all(|p| p.fault().is_some()));
        assert!(Parameter::Constant(0.0).fault().is_none());
    }
}
