//! What is read: networks, and controls that take one of their properties away.

use equipoise_encoder::network::{NetworkConfig, WeightScaling};
use serde::{Deserialize, Serialize};

/// Name of the control that has the noise of a network and not its recurrence.
pub const NOISE_MATCHED: &str = "noise-matched feed-forward";
/// Name of the control that has the drive of a network, and its mean cancelled from outside.
pub const MEAN_CANCELLED: &str = "mean-cancelled feed-forward";
/// Name of the control that is no network at all.
pub const INPUT: &str = "input itself";

/// What kind of a thing is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The network.
    Network,
    /// Neurons without recurrence, with as much noise as the network's recurrence and background
    /// make while it sees images: as many background spikes as its neurons receive spikes, of the
    /// weight that gives their variance, less their mean as a constant current.
    NoiseMatched,
    /// Neurons without recurrence under the network's image drive, whose background is stepped down
    /// as the image comes on so that they fire as much as the network: what recurrent inhibition
    /// does to the mean, done from outside.
    MeanCancelled,
    /// The input spikes of the image.
    Input,
}

/// Something that is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The network, or the one that a control is of. Its background and its image drive are open.
    pub network: NetworkConfig,
}

impl Condition {
    /// A network.
    pub fn network(name: &str, network: NetworkConfig) -> Self {
        Self { name: name.to_owned(), kind: Kind::Network, network }
    }

    /// The controls of a network.
    pub fn controls(network: &NetworkConfig) -> [Self; 3] {
        [
            (NOISE_MATCHED, Kind::NoiseMatched),
            (MEAN_CANCELLED, Kind::MeanCancelled),
            (INPUT, Kind::Input),
        ]
        .map(|(name, kind)| Self { name: name.to_owned(), kind, network: network.clone() })
    }
}

/// The network without its recurrent connections.
pub fn without_recurrence(network: &NetworkConfig) -> NetworkConfig {
    NetworkConfig {
        connection_probability: 0.0,
        excitatory_in_degree: None,
        inhibitory_in_degree: None,
        // What scales with the connections would be divided by none.
        excitatory_weight: network.weight_excitatory(),
        weight_scaling: WeightScaling::Fixed,
        background_weight: Some(network.weight_background()),
        ..network.clone()
    }
}

/// Spikes a second that reach a neuron, and the variance that they bring a second, mV², in a network
/// whose neurons fire at `rate_hz`: recurrence and background, without the image.
pub fn arriving(network: &NetworkConfig, rate_hz: f64) -> (f64, f64) {
    let sources = [
        (network.excitatory_connections() as f64 * rate_hz, network.weight_excitatory()),
        (network.inhibitory_connections() as f64 * rate_hz, network.weight_inhibitory()),
        (network.background_rate_hz(), network.weight_background()),
    ];
    let rate = sources.iter().map(|(rate, _)| rate).sum();
    let variance = sources.iter().map(|(rate, weight)| rate * weight * weight).sum();
    (rate, variance)
}

/// The neurons of a network without its recurrence, under background spikes of the same rate and
/// variance as all that reached them, less their mean as a constant current. `rate_hz` is the rate
/// at which the network fires.
pub fn noise_matched(network: &NetworkConfig, rate_hz: f64) -> NetworkConfig {
    let (rate, variance) = arriving(network, rate_hz);
    let weight = (variance / rate).sqrt();
    NetworkConfig {
        background_rate: Some(rate),
        background_weight: Some(weight),
        current: (-weight * rate * network.membrane.mean() / 1000.0).into(),
        ..without_recurrence(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_variance_of_what_it_takes_the_place_of() {
        let network = NetworkConfig {
            g: 6.0,
            connection_probability: 0.4,
            background_rate: Some(1500.0),
            ..NetworkConfig::encoder()
        };
        // 320 excitatory and 80 inhibitory inputs at 20 Hz.
        let (rate, variance) = arriving(&network, 20.0);
        assert!((rate - (6400.0 + 1600.0 + 1500.0)).abs() < 1e-9);
        let expected = 6400.0 * 0.16 + 1600.0 * 5.76 + 1500.0 * 0.16;
        assert!((variance - expected).abs() < 1e-9);
        let noisy = noise_matched(&network, 20.0);
        let (alone, same) = arriving(&noisy, 20.0);
        assert!((alone - rate).abs() < 1e-9 && (same / variance - 1.0).abs() < 1e-12);
        // Its mean is taken away: weight rate tau + current = 0.
        let mean = noisy.weight_background() * alone * 0.02;
        assert!((noisy.current.mean() + mean).abs() < 1e-9);
        noisy.validate().unwrap();
    }

    #[test]
    fn recurrence_is_all_that_is_taken_away() {
        let scaled = NetworkConfig {
            weight_scaling: WeightScaling::Balanced,
            excitatory_weight: 7.2,
            excitatory_in_degree: Some(320),
            background_weight: None,
            ..NetworkConfig::encoder()
        };
        let alone = without_recurrence(&scaled);
        alone.validate().unwrap();
        assert_eq!(alone.excitatory_connections() + alone.inhibitory_connections(), 0);
        assert_eq!(alone.weight_background(), scaled.weight_background());
        assert_eq!(alone.background_rate_hz(), scaled.background_rate_hz());
    }
}
