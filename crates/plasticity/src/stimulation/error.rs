//! What can go wrong, and the checks that settings share.

use std::ops::RangeInclusive;

/// Why a rate network cannot be built, measured or trained.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StimulationError {
    /// A setting lies outside its range.
    #[error("{setting} is {value}; {wanted}")]
    Setting {
        /// Its name, as in the configuration.
        setting: &'static str,
        /// What it is.
        value: String,
        /// What would be right.
        wanted: String,
    },
    /// An array has another length than the network needs.
    #[error("{given} {what} were given; {wanted} are needed for {neurons} neurons")]
    Shape {
        /// What the array holds.
        what: &'static str,
        /// Its length.
        given: usize,
        /// The length that is needed.
        wanted: usize,
        /// The neurons of the network.
        neurons: usize,
    },
    /// A synapse that cannot be.
    #[error("the synapse from neuron {from} onto neuron {onto} (weight {weight}) {fault}")]
    Synapse {
        /// The presynaptic neuron.
        from: usize,
        /// The postsynaptic neuron.
        onto: usize,
        /// Its weight.
        weight: f64,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A rate that the transfer function cannot give.
    #[error(
        "neuron {neuron} has the rate {rate} in measurement {measurement}, outside the range 0 to \
         {max_rate} of the transfer function"
    )]
    Rate {
        /// The neuron.
        neuron: usize,
        /// Its measured rate.
        rate: f64,
        /// The measurement, from 0.
        measurement: usize,
        /// The largest rate.
        max_rate: f64,
    },
    /// The target of the structural task is no ring attractor.
    #[error(
        "the target of the ring holds no bump: a higher peak, a wider profile, less inhibition or \
         more background would"
    )]
    NoBump,
    /// The rates do not settle.
    #[error(
        "the network has no steady state that its dynamics reaches (residual {residual:.1e}); \
         weaker weights or a weaker drive would settle"
    )]
    NoSteadyState {
        /// The residual where the search ended.
        residual: f64,
    },
    /// The rates settle at a state that the least disturbance makes them leave.
    #[error(
        "the steady state is not stable (an eigenvalue of -I + D J has the real part \
         {abscissa:.3}); weaker weights or a weaker drive would make it so"
    )]
    UnstableState {
        /// The largest real part of the eigenvalues.
        abscissa: f64,
    },
    /// No stimulation was found that leaves the network stable at its task.
    #[error("no stimulation was found that leaves the network stable at its task")]
    NoStimulation,
    /// An iteration of linear algebra that should converge did not.
    #[error("the {what} did not converge")]
    NotConverged {
        /// What was computed.
        what: &'static str,
    },
    /// No gain of the transfer function explains the probes.
    #[error("no gain of the transfer function explains the probes")]
    NoGain,
    /// The measurements do not determine the connectivity.
    #[error(
        "{measurements} measurements cannot determine the {inputs} synapses onto neuron {neuron}: \
         more probes, probes that differ more, or a ridge would"
    )]
    Underdetermined {
        /// The neuron.
        neuron: usize,
        /// Its in-degree.
        inputs: usize,
        /// The number of measurements.
        measurements: usize,
    },
    /// The system under control failed.
    #[error("the network under control: {0}")]
    Plant(String),
}

/// A setting outside its range.
pub(super) fn wrong(
    setting: &'static str,
    value: impl ToString,
    wanted: impl Into<String>,
) -> StimulationError {
    StimulationError::Setting { setting, value: value.to_string(), wanted: wanted.into() }
}

/// Checks a whole number.
pub(super) fn check_count(
    setting: &'static str,
    value: usize,
    range: RangeInclusive<usize>,
) -> Result<(), StimulationError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(wrong(setting, value, format!("it is {} to {}", range.start(), range.end())))
}

/// Checks a number, of which `is_right` says whether it is what is `wanted`.
pub(super) fn check_number(
    setting: &'static str,
    value: f64,
    is_right: bool,
    wanted: &str,
) -> Result<(), StimulationError> {
    if is_right { Ok(()) } else { Err(wrong(setting, value, wanted)) }
}

/// Checks that a number is finite and not negative.
pub(super) fn check_not_negative(
    setting: &'static str,
    value: f64,
) -> Result<(), StimulationError> {
    check_number(setting, value, value >= 0.0 && value.is_finite(), "it is finite and at least 0")
}

/// Checks that a number is finite.
pub(super) fn check_finite(setting: &'static str, value: f64) -> Result<(), StimulationError> {
    check_number(setting, value, value.is_finite(), "it is finite")
}
