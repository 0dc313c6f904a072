//! Refusing networks that make no sense, with the reason.

use super::config::{
    InputCode, InputConfig, NetworkConfig, ProjectionKind, Synapse, WeightScaling,
};
use super::connectivity;
use super::error::NetworkError;
use super::grid::off_grid;
use super::parameter::Parameter;
use crate::memory::{can_be_had, too_much};

/// Most neurons a network can have: targets are counted in 32 bits with room to spare.
pub const MAX_NEURONS: usize = 1 << 24;

fn fault(setting: &'static str, reason: impl Into<String>) -> NetworkError {
    NetworkError::Setting { setting, reason: reason.into() }
}

fn within(setting: &'static str, value: f64, low: f64, high: f64) -> Result<(), NetworkError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(fault(setting, format!("{value} is outside {low}..{high}")))
    }
}

fn positive(setting: &'static str, value: f64, unit: &str) -> Result<(), NetworkError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(fault(setting, format!("{value} is not a positive number of {unit}")))
    }
}

fn not_negative(setting: &'static str, value: f64, unit: &str) -> Result<(), NetworkError> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(fault(setting, format!("{value} is not a number of {unit} from 0 on")))
    }
}

fn distribution(setting: &'static str, parameter: &Parameter) -> Result<(), NetworkError> {
    parameter.fault().map_or(Ok(()), |reason| Err(fault(setting, reason)))
}

impl NetworkConfig {
    /// Refuses a network that makes no sense.
    ///
    /// # Errors
    /// [`NetworkError::Setting`] names the first setting that is out of its range, and why.
    pub fn validate(&self) -> Result<(), NetworkError> {
        self.validate_neurons()?;
        self.validate_connections()?;
        self.validate_drive()?;
        self.input.validate()
    }

    fn validate_neurons(&self) -> Result<(), NetworkError> {
        if self.neurons == 0 {
            return Err(fault("neurons", "a network needs at least one neuron"));
        }
        if self.neurons > MAX_NEURONS {
            return Err(fault(
                "neurons",
                format!("{} is more than the {MAX_NEURONS} a network can have", self.neurons),
            ));
        }
        within("excitatory_fraction", self.excitatory_fraction, 0.0, 1.0)?;
        positive("dt", self.dt, "milliseconds")?;
        for (setting, parameter) in [
            ("membrane", &self.membrane),
            ("threshold", &self.threshold),
            ("reset", &self.reset),
            ("refractory", &self.refractory),
            ("delay", &self.delay),
            ("initial_potential", &self.initial_potential),
            ("current", &self.current),
        ] {
            distribution(setting, parameter)?;
        }
        let shortest = self.membrane.bounds().0;
        if shortest < 0.0 || (shortest == 0.0 && self.membrane.is_constant()) {
            return Err(fault(
                "membrane",
                format!("a time constant of {shortest} ms is not positive"),
            ));
        }
        if self.integration == super::Integration::Euler && shortest < self.dt {
            return Err(fault(
                "membrane",
                format!(
                    "a time constant of {shortest} ms is below dt = {} ms, which the Euler rule \
                     cannot integrate; use integration = \"exact\"",
                    self.dt
                ),
            ));
        }
        let (lowest, highest) = (self.threshold.bounds().0, self.reset.bounds().1);
        if lowest.is_nan() || highest >= lowest {
            return Err(fault(
                "reset",
                format!("a reset of {highest} mV is not below the threshold of {lowest} mV"),
            ));
        }
        if lowest <= 0.0 {
            return Err(fault("threshold", format!("{lowest} mV is not above the resting 0 mV")));
        }
        if self.refractory.bounds().0 < 0.0 {
            let least = self.refractory.bounds().0;
            return Err(fault("refractory", format!("{least} ms is a negative time")));
        }
        let least = self.delay.bounds().0;
        if least < self.dt * (1.0 - 1e-9) {
            return Err(fault(
                "delay",
                format!("{least} ms is below dt = {} ms; a spike takes at least one step", self.dt),
            ));
        }
        let longest = self.delay.bounds().1;
        // Values that are drawn are rounded to steps, as the distribution says nothing of any one;
        // a value that was written down is kept or refused.
        for (setting, parameter) in [("refractory", &self.refractory), ("delay", &self.delay)] {
            if let Parameter::Constant(time) = *parameter {
                self.on_grid(setting, time)?;
            }
        }
        if longest / self.dt > 100_000.0 {
            return Err(fault(
                "delay",
                format!("{longest} ms is more than 100,000 steps of {} ms", self.dt),
            ));
        }
        Ok(())
    }

    /// Refuses a time that is no whole number of steps.
    fn on_grid(&self, setting: &'static str, time: f64) -> Result<(), NetworkError> {
        off_grid(time, self.dt).map_or(Ok(()), |reason| Err(fault(setting, reason)))
    }

    fn validate_connections(&self) -> Result<(), NetworkError> {
        positive("excitatory_weight", self.excitatory_weight, "millivolts")?;
        not_negative("g", self.g, "times the excitatory weight")?;
        within("weight_variation", self.weight_variation, 0.0, 1.0)?;
        within("connection_probability", self.connection_probability, 0.0, 1.0)?;
        for (setting, in_degree, population, name) in [
            (
                "excitatory_in_degree",
                self.excitatory_connections(),
                self.excitatory_neurons(),
                "excitatory",
            ),
            (
                "inhibitory_in_degree",
                self.inhibitory_connections(),
                self.inhibitory_neurons(),
                "inhibitory",
            ),
        ] {
            if in_degree > 0 && population == 0 {
                return Err(fault(
                    setting,
                    format!("{in_degree} connections from no {name} neurons at all"),
                ));
            }
            if self.multapses && !self.autapses && in_degree > 0 && population < 2 {
                return Err(fault(
                    setting,
                    format!(
                        "a single {name} neuron cannot receive from itself, so it has no source"
                    ),
                ));
            }
            // A neuron of the population does not receive from itself, so it has one source less.
            let available = population.saturating_sub(usize::from(!self.autapses));
            if !self.multapses && in_degree > available && in_degree > 0 {
                let asked_for = match setting {
                    "excitatory_in_degree" => self.excitatory_in_degree,
                    _ => self.inhibitory_in_degree,
                };
                let setting = if asked_for.is_some() { setting } else { "connection_probability" };
                return Err(fault(
                    setting,
                    format!(
                        "{in_degree} connections from {population} {name} neurons, of which a \
                         neuron can receive from {available} once each; lower it or set multapses = true"
                    ),
                ));
            }
        }
        let in_degree = self.excitatory_connections() + self.inhibitory_connections();
        let weighted = self.weight_variation > 0.0;
        let probability = in_degree as f64 / self.neurons as f64;
        let storage = connectivity::storage(probability, self.multapses, weighted);
        let bytes = connectivity::bytes(self.neurons, in_degree, storage, weighted);
        if !can_be_had(bytes) {
            let synapses = self.neurons as f64 * in_degree as f64;
            let need = too_much(bytes);
            return Err(fault(
                "neurons",
                format!("{synapses:.3e} connections of {} neurons {need}", self.neurons),
            ));
        }
        if self.weight_scaling == WeightScaling::Balanced && self.excitatory_connections() == 0 {
            return Err(fault(
                "weight_scaling",
                "balanced scaling J_0 / sqrt(K) needs excitatory connections, K > 0",
            ));
        }
        if self.synapse == Synapse::Exponential {
            positive("tau_excitatory", self.tau_excitatory, "milliseconds")?;
            positive("tau_inhibitory", self.tau_inhibitory, "milliseconds")?;
            let fastest = self.tau_excitatory.min(self.tau_inhibitory);
            if self.integration == super::Integration::Euler && fastest < self.dt {
                return Err(fault(
                    "tau_excitatory",
                    format!(
                        "a synaptic time constant of {fastest} ms is below dt = {} ms, which the \
                         Euler rule cannot integrate; use integration = \"exact\"",
                        self.dt
                    ),
                ));
            }
        }
        Ok(())
    }

    fn validate_drive(&self) -> Result<(), NetworkError> {
        not_negative("eta", self.eta, "times the threshold rate")?;
        if let Some(rate) = self.background_rate {
            not_negative("background_rate", rate, "hertz")?;
        }
        if let Some(weight) = self.background_weight {
            positive("background_weight", weight, "millivolts")?;
        }
        let per_step = self.background_rate_hz() * self.dt / 1000.0;
        if per_step.is_nan() || per_step > 1e5 {
            return Err(fault(
                if self.background_rate.is_some() { "background_rate" } else { "eta" },
                format!("{per_step} background spikes per neuron and step; at most 100,000"),
            ));
        }
        not_negative("warm_up", self.warm_up, "milliseconds")?;
        positive("duration", self.duration, "milliseconds")?;
        if self.steps(self.duration) == 0 {
            return Err(fault(
                "duration",
                format!("{} ms is less than one step of {} ms", self.duration, self.dt),
            ));
        }
        if (self.duration + self.warm_up) / self.dt > 1e9 {
            return Err(fault("duration", "more than 1e9 time steps"));
        }
        self.on_grid("warm_up", self.warm_up)?;
        self.on_grid("duration", self.duration)
    }
}

impl InputConfig {
    /// Refuses an input that makes no sense.
    ///
    /// # Errors
    /// [`NetworkError::Setting`] names the first setting that is out of its range, and why.
    pub fn validate(&self) -> Result<(), NetworkError> {
        within("input.r_max", self.r_max, 0.0, 1e6)?;
        if !self.weight.is_finite() {
            return Err(fault("input.weight", format!("{} is not finite", self.weight)));
        }
        if let Some(drive) = self.drive {
            positive("input.drive", drive, "millivolts")?;
        }
        within("input.connection_probability", self.connection_probability, 0.0, 1.0)?;
        if self.projection == ProjectionKind::Topographic {
            positive("input.field_size", self.field_size, "image widths")?;
        }
        if self.code == InputCode::Latency {
            positive("input.latency_tau", self.latency_tau, "milliseconds")?;
            if !(self.latency_threshold > 0.0 && self.latency_threshold < 1.0) {
                return Err(fault(
                    "input.latency_threshold",
                    format!("{} is not between 0 and 1", self.latency_threshold),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Distribution, Integration};

    fn reason(change: impl Fn(&mut NetworkConfig)) -> String {
        let mut config = NetworkConfig::brunel(1000, 5.0, 2.0);
        change(&mut config);
        config.validate().expect_err("this network makes no sense").to_string()
    }

    #[test]
    fn the_presets_make_sense() {
        NetworkConfig::encoder().validate().unwrap();
        NetworkConfig::brunel(12_500, 5.0, 2.0).validate().unwrap();
        NetworkConfig::brunel(1000, 5.0, 2.0).validate().unwrap();
    }

    #[test]
    fn senseless_networks_are_refused_with_the_reason() {
        let uniform = |low, high| Parameter::Drawn(Distribution::Uniform { low, high });
        let cases: Vec<(String, &str)> = vec![
            (reason(|c| c.neurons = 0), "`neurons`: a network needs at least one neuron"),
            (reason(|c| c.neurons = usize::MAX / 2), "`neurons`"),
            (reason(|c| c.excitatory_fraction = 1.2), "1.2 is outside 0..1"),
            (
                reason(|c| c.connection_probability = 1.5),
                "`connection_probability`: 1.5 is outside",
            ),
            (reason(|c| c.connection_probability = f64::NAN), "NaN is outside"),
            (reason(|c| c.connection_probability = 1.0), "800 connections from 800 excitatory"),
            (reason(|c| c.membrane = (-20.0).into()), "-20 ms is not positive"),
            (reason(|c| c.membrane = 0.0.into()), "0 ms is not positive"),
            (reason(|c| c.membrane = uniform(-1.0, 3.0)), "-1 ms is not positive"),
            (reason(|c| c.membrane = uniform(3.0, 1.0)), "low < high"),
            (
                reason(|c| {
                    c.integration = Integration::Euler;
                    c.membrane = 0.05.into();
                }),
                "below dt",
            ),
            (reason(|c| c.delay = 0.05.into()), "`delay`: 0.05 ms is below dt = 0.1 ms"),
            (reason(|c| c.delay = uniform(0.0, 2.0)), "`delay`: 0 ms is below dt"),
            (reason(|c| c.delay = 1e9.into()), "`delay`"),
            (reason(|c| c.duration = 100.04), "`duration`: 100.04 ms is no whole number"),
            (reason(|c| c.warm_up = 0.05), "`warm_up`: 0.05 ms is no whole number"),
            (reason(|c| c.reset = 20.0.into()), "is not below the threshold"),
            (reason(|c| c.threshold = f64::INFINITY.into()), "`threshold`"),
            (
                reason(|c| {
                    c.threshold = (-1.0).into();
                    c.reset = (-2.0).into()
                }),
                "not above",
            ),
            (reason(|c| c.refractory = (-1.0).into()), "-1 ms is a negative time"),
            (reason(|c| c.excitatory_in_degree = Some(801)), "801 connections from 800 excitatory"),
            (reason(|c| c.inhibitory_in_degree = Some(200)), "neuron can receive from 199"),
            (
                reason(|c| {
                    c.excitatory_fraction = 1.0;
                    c.inhibitory_in_degree = Some(3);
                }),
                "3 connections from no inhibitory",
            ),
            (reason(|c| c.excitatory_weight = -0.1), "`excitatory_weight`: -0.1"),
            (reason(|c| c.g = -1.0), "`g`"),
            (reason(|c| c.weight_variation = 2.0), "`weight_variation`"),
            (reason(|c| c.dt = 0.0), "`dt`: 0 is not a positive"),
            (reason(|c| c.eta = f64::NAN), "`eta`"),
            (reason(|c| c.background_rate = Some(-1.0)), "`background_rate`"),
            (reason(|c| c.background_rate = Some(1e12)), "`background_rate`"),
            (reason(|c| c.duration = 0.0), "`duration`"),
            (reason(|c| c.duration = 0.01), "less than one step"),
            (reason(|c| c.warm_up = -5.0), "`warm_up`"),
            (
                reason(|c| {
                    c.synapse = Synapse::Exponential;
                    c.tau_inhibitory = -2.0;
                }),
                "`tau_inhibitory`: -2",
            ),
            (reason(|c| c.input.r_max = -1.0), "`input.r_max`"),
            (reason(|c| c.input.connection_probability = 2.0), "`input.connection_probability`"),
            (
                reason(|c| {
                    c.input.code = InputCode::Latency;
                    c.input.latency_threshold = 1.0;
                }),
                "`input.latency_threshold`",
            ),
        ];
        for (message, expected) in cases {
            assert!(message.contains(expected), "`{message}` does not say `{expected}`");
            assert!(!message.contains('\n'));
        }
    }

    #[test]
    fn multapses_lift_the_bound_on_the_in_degree() {
        let config = NetworkConfig {
            multapses: true,
            excitatory_in_degree: Some(5000),
            ..NetworkConfig::brunel(1000, 5.0, 2.0)
        };
        config.validate().unwrap();
    }

    #[test]
    fn a_network_is_written_in_toml_and_read_back() {
        let config = NetworkConfig {
            threshold: Parameter::Drawn(Distribution::Normal { mean: 20.0, sd: 0.5 }),
            excitatory_in_degree: Some(50),
            ..NetworkConfig::encoder()
        };
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<NetworkConfig>(&text).unwrap(), config);
        let unknown = toml::from_str::<NetworkConfig>("neuron_count = 3").unwrap_err();
        assert!(unknown.to_string().contains("neuron_count"));
    }
}
