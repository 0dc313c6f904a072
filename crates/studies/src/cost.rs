//! How long work is expected to take.

use equipoise_encoder::network::NetworkConfig;
use equipoise_encoder::populations::Settings as Populations;

/// Seconds of one core for a neuron in a step.
const PER_UPDATE: f64 = 8e-9;
/// Seconds of one core for a spike that a neuron receives.
const PER_EVENT: f64 = 6e-9;
/// A usual rate of a neuron, Hz.
const RATE_HZ: f64 = 20.0;

/// Seconds that one core is expected to need to simulate a network for some milliseconds: for its
/// neurons in every step, and for the spikes that they receive at a usual rate.
pub(crate) fn simulation(network: &NetworkConfig, duration_ms: f64) -> f64 {
    let neurons = network.neurons as f64;
    let connections = network.excitatory_connections() + network.inhibitory_connections();
    let updates = neurons * duration_ms / network.dt;
    let events = neurons * connections as f64 * RATE_HZ * duration_ms / 1000.0;
    PER_UPDATE * updates + PER_EVENT * events
}

/// The same for each of many trials with inputs of their own, of which the simulator takes sixteen
/// together.
pub(crate) fn one_of_many(network: &NetworkConfig, duration_ms: f64) -> f64 {
    simulation(network, duration_ms) / 16.0
}

/// Seconds of one core for a second of a network of populations, at a usual rate.
pub(crate) fn populations(network: &Populations) -> f64 {
    let updates = network.neurons() as f64 * 1000.0 / network.dt;
    let synapses: f64 = network.projections.iter().map(|p| network.synapses(p)).sum();
    2e-9 * updates + 1.2e-9 * synapses * 5.0
}

/// Seconds in words.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s if s < 48.0 * 3600.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}
