//! Refusing networks that make no sense, or do not fit into memory, with the reason.

use super::error::PopulationsError;
use super::layout::received;
use super::sampling::{delay_steps, most_weight};
use super::settings::{Model, Neuron, Plasticity, Population, Projection, Rule, Settings};
use crate::memory::{can_be_had, too_much};
use crate::network::{Distribution, Parameter, off_grid};

/// Most neurons and sources of a network: a synapse has 32 bits, of which 12 are left for the
/// weight then.
pub const MAX_NEURONS: usize = 1 << 20;

/// Most synapses of a network: their places are counted in 32 bits.
pub const MAX_SYNAPSES: f64 = 4.2e9;

/// Longest delay, time steps.
pub const MAX_DELAY_STEPS: u32 = 4095;

/// Most projections.
const MAX_PROJECTIONS: usize = 1 << 16;

/// How large a network will be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Neurons and sources.
    pub neurons: usize,
    /// Synapses, on average.
    pub synapses: f64,
    /// Memory that the network needs while it is built, bytes.
    pub bytes: f64,
}

type Check = Result<(), PopulationsError>;

/// One place in the settings, and what may be wrong there.
struct Place(String);

impl Place {
    fn fault(&self, key: &str, reason: impl Into<String>) -> PopulationsError {
        let dot = if self.0.is_empty() || key.is_empty() { "" } else { "." };
        PopulationsError::Setting { place: format!("{}{dot}{key}", self.0), reason: reason.into() }
    }

    fn positive(&self, key: &str, value: f64, unit: &str) -> Check {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        Err(self.fault(key, format!("{value} is not a positive number of {unit}")))
    }

    fn not_negative(&self, key: &str, value: f64, unit: &str) -> Check {
        if value.is_finite() && value >= 0.0 {
            return Ok(());
        }
        Err(self.fault(key, format!("{value} is not a number of {unit} from 0 on")))
    }

    fn finite(&self, key: &str, value: f64, unit: &str) -> Check {
        if value.is_finite() {
            return Ok(());
        }
        Err(self.fault(key, format!("{value} is not a number of {unit}")))
    }

    fn drawn(&self, key: &str, parameter: &Parameter) -> Check {
        parameter.fault().map_or(Ok(()), |reason| Err(self.fault(key, reason)))
    }

    fn probability(&self, key: &str, value: f64, below_one: bool) -> Check {
        let right = (0.0..=1.0).contains(&value) && !(below_one && value == 1.0);
        if right {
            return Ok(());
        }
        let range = if below_one { "0 up to but not 1" } else { "0 to 1" };
        Err(self.fault(key, format!("{value} is not a probability from {range}")))
    }

    /// A time that was written down must be a whole number of steps.
    fn drawn_on_grid(&self, key: &str, time: &Parameter, dt: f64) -> Check {
        let Parameter::Constant(time) = *time else { return Ok(()) };
        self.on_grid(key, time, dt)
    }

    fn on_grid(&self, key: &str, time: f64, dt: f64) -> Check {
        off_grid(time, dt).map_or(Ok(()), |reason| Err(self.fault(key, reason)))
    }
}

impl Settings {
    /// Refuses a network that makes no sense or does not fit into the memory it may have.
    ///
    /// # Errors
    /// [`PopulationsError`] names the first setting that is wrong, and why.
    pub fn validate(&self) -> Result<Size, PopulationsError> {
        let place = Place(String::new());
        place.positive("dt", self.dt, "milliseconds")?;
        place.not_negative("warm_up", self.warm_up, "milliseconds")?;
        place.positive("duration", self.duration, "milliseconds")?;
        place.positive("memory_limit", self.memory_limit, "GiB")?;
        if (self.warm_up + self.duration) / self.dt > 1e9 {
            let all = self.warm_up + self.duration;
            return Err(
                place.fault("duration", format!("{all} ms in all are more than 1e9 time steps"))
            );
        }
        place.on_grid("warm_up", self.warm_up, self.dt)?;
        place.on_grid("duration", self.duration, self.dt)?;
        if self.populations.is_empty() {
            return Err(place.fault("populations", "a network needs at least one population"));
        }
        for (index, population) in self.populations.iter().enumerate() {
            self.check_population(index, population)?;
        }
        let neurons = self.populations.iter().fold(0usize, |sum, p| sum.saturating_add(p.size));
        if neurons > MAX_NEURONS {
            return Err(place.fault(
                "populations",
                format!("{neurons} neurons are more than the {MAX_NEURONS} a network can have"),
            ));
        }
        if self.projections.len() > MAX_PROJECTIONS {
            let count = self.projections.len();
            return Err(
                place.fault("projections", format!("{count} are more than {MAX_PROJECTIONS}"))
            );
        }
        for (index, projection) in self.projections.iter().enumerate() {
            self.check_projection(index, projection)?;
        }
        self.check_size()
    }

    fn check_population(&self, index: usize, population: &Population) -> Check {
        let name = &population.name;
        if name.is_empty() || name.contains(char::is_control) {
            let nth = index + 1;
            return Err(Place(format!("populations[{index}]")).fault(
                "name",
                format!(
                    "{name:?}, the name of population {nth}, is empty or has a control character"
                ),
            ));
        }
        let place = Place(format!("populations.{name}"));
        if self.populations[..index].iter().any(|other| other.name == *name) {
            return Err(place.fault("name", "another population has this name"));
        }
        if population.size == 0 {
            return Err(place.fault("size", "a population needs at least one neuron"));
        }
        if let Some(source) = &population.source {
            place.not_negative("source.rate", source.rate, "hertz")?;
            if source.rate * self.dt / 1000.0 > 1.0 {
                let most = 1000.0 / self.dt;
                let rate = source.rate;
                return Err(place.fault(
                    "source.rate",
                    format!("{rate} Hz is more than one spike in a time step; {most} at most"),
                ));
            }
            if !population.background.is_empty() || population.current != Parameter::Constant(0.0) {
                return Err(
                    place.fault("source", "spike sources take no background and no current")
                );
            }
            return Ok(());
        }
        place.drawn("current", &population.current)?;
        if let Some(initial) = &population.initial_potential {
            place.drawn("initial_potential", initial)?;
        }
        for background in &population.background {
            place.not_negative("background.rate", background.rate, "hertz")?;
            place.finite("background.weight", background.weight, "the model's unit")?;
            if background.rate * self.dt / 1000.0 > 1e4 {
                let rate = background.rate;
                return Err(place.fault(
                    "background.rate",
                    format!("{rate} Hz is more than 10,000 spikes in a time step"),
                ));
            }
        }
        self.check_neuron(&Place(format!("populations.{name}.neuron")), &population.neuron)
    }

    fn check_neuron(&self, place: &Place, neuron: &Neuron) -> Check {
        place.positive("capacitance", neuron.capacitance, "picofarads")?;
        place.finite("rest", neuron.rest, "millivolts")?;
        for (key, parameter) in [
            ("membrane", &neuron.membrane),
            ("threshold", &neuron.threshold),
            ("reset", &neuron.reset),
            ("refractory", &neuron.refractory),
        ] {
            place.drawn(key, parameter)?;
        }
        let shortest = neuron.membrane.bounds().0;
        if shortest < 0.0 || (shortest == 0.0 && neuron.membrane.is_constant()) {
            return Err(place
                .fault("membrane", format!("a time constant of {shortest} ms is not positive")));
        }
        let (lowest, highest) = (neuron.threshold.bounds().0, neuron.reset.bounds().1);
        if lowest.is_nan() || highest >= lowest {
            return Err(place.fault(
                "reset",
                format!("a reset of {highest} mV is not below the threshold of {lowest} mV"),
            ));
        }
        let least = neuron.refractory.bounds().0;
        if least < 0.0 {
            return Err(place.fault("refractory", format!("{least} ms is a negative time")));
        }
        place.drawn_on_grid("refractory", &neuron.refractory, self.dt)?;
        if neuron.refractory.bounds().1 / self.dt > 1e6 && neuron.refractory.is_constant() {
            return Err(place.fault("refractory", "more than a million time steps"));
        }
        if neuron.model != Model::Delta {
            place.positive("tau_excitatory", neuron.tau_excitatory, "milliseconds")?;
            place.positive("tau_inhibitory", neuron.tau_inhibitory, "milliseconds")?;
        }
        place.finite("reversal_excitatory", neuron.reversal_excitatory, "millivolts")?;
        place.finite("reversal_inhibitory", neuron.reversal_inhibitory, "millivolts")?;
        if let Some(adaptation) = &neuron.adaptation {
            place.finite("adaptation.increment", adaptation.increment, "picoamperes")?;
            place.positive("adaptation.tau", adaptation.tau, "milliseconds")?;
        }
        Ok(())
    }

    fn check_projection(&self, index: usize, projection: &Projection) -> Check {
        let Projection { source, target, .. } = projection;
        let nth = Place(format!("projections[{index}]"));
        let find = |key: &str, name: &str| {
            self.population(name).map(|found| &self.populations[found]).ok_or_else(|| {
                let known: Vec<&str> = self.populations.iter().map(|p| p.name.as_str()).collect();
                nth.fault(
                    key,
                    format!("no population is called `{name}`; there are {}", known.join(", ")),
                )
            })
        };
        let (from, to) = (find("source", source)?, find("target", target)?);
        let place = Place(format!("projections[{index}] ({source} to {target})"));
        if to.source.is_some() {
            return Err(place.fault("target", "spike sources receive nothing"));
        }
        let others = from.size - usize::from(source == target);
        match projection.connect {
            Rule::InDegree { synapses, multapses, autapses } => {
                let sources = if autapses { from.size } else { others };
                if (synapses > sources && !multapses) || (synapses > 0 && sources == 0) {
                    return Err(place.fault(
                        "connect.synapses",
                        format!(
                            "{synapses} different sources are asked for, but there are {sources}"
                        ),
                    ));
                }
            }
            Rule::Probability { probability, .. } => {
                place.probability("connect.probability", probability, false)?;
            }
            Rule::TotalNumber { synapses, probability } => {
                if synapses.is_some() == probability.is_some() {
                    return Err(place.fault("connect", "give either `synapses` or `probability`"));
                }
                if let Some(probability) = probability {
                    place.probability("connect.probability", probability, true)?;
                }
            }
            Rule::OneToOne => {
                if from.size != to.size {
                    let (a, b) = (from.size, to.size);
                    return Err(place.fault("connect", format!("{a} sources but {b} targets")));
                }
            }
        }
        place.drawn("weight", &projection.weight)?;
        let never_negative = match projection.weight {
            Parameter::Drawn(Distribution::Normal { mean, .. }) => mean >= 0.0,
            other => other.bounds().0 >= 0.0,
        };
        if !never_negative || !most_weight(&projection.weight).is_finite() {
            return Err(place.fault(
                "weight",
                "a weight is a number from 0 on; the sign of the source population says what it does",
            ));
        }
        place.drawn("delay", &projection.delay)?;
        let mean = projection.delay.mean();
        if mean < self.dt * (1.0 - 1e-9) {
            return Err(place.fault(
                "delay",
                format!("{mean} ms is below dt = {} ms; a spike takes at least one step", self.dt),
            ));
        }
        place.drawn_on_grid("delay", &projection.delay, self.dt)?;
        if delay_steps(&projection.delay, self.dt).1 > MAX_DELAY_STEPS {
            return Err(place.fault(
                "delay",
                format!("it can be longer than {MAX_DELAY_STEPS} time steps of {} ms", self.dt),
            ));
        }
        if let Some(Plasticity::Inhibitory { learning_rate, target_rate, tau, most }) =
            projection.plasticity
        {
            if !projection.delay.is_constant() {
                return Err(
                    place.fault("delay", "plastic synapses have one delay, not a distribution")
                );
            }
            place.not_negative("plasticity.learning_rate", learning_rate, "the weight's unit")?;
            place.not_negative("plasticity.target_rate", target_rate, "hertz")?;
            place.positive("plasticity.tau", tau, "milliseconds")?;
            place.positive("plasticity.most", most, "the weight's unit")?;
        }
        Ok(())
    }

    /// How large the network will be, before anything is built.
    fn check_size(&self) -> Result<Size, PopulationsError> {
        let neurons = self.neurons();
        let synapses: f64 = self.projections.iter().map(|p| self.synapses(p)).sum();
        if synapses > MAX_SYNAPSES {
            return Err(PopulationsError::TooLarge(format!(
                "{synapses:.3e} synapses are more than the {MAX_SYNAPSES:.1e} a network can have"
            )));
        }
        let most_received = received(self).into_iter().fold(0.0, f64::max);
        if most_received > 1e9 {
            return Err(PopulationsError::TooLarge(format!(
                "{most_received:.3e} synapses onto one neuron are more than 1e9"
            )));
        }
        let longest = self.projections.iter().map(|p| delay_steps(&p.delay, self.dt).1).max();
        let longest = f64::from(longest.unwrap_or(1));
        let listed: f64 = self
            .projections
            .iter()
            .filter(|p| matches!(p.connect, Rule::InDegree { .. }) && p.plasticity.is_none())
            .map(|p| self.synapses(p))
            .sum();
        let plastic: f64 = self
            .projections
            .iter()
            .filter(|p| p.plasticity.is_some())
            .map(|p| self.synapses(p))
            .sum();
        // Two shards; the lists by source of rules about targets; weights, sources and places of
        // plastic synapses in both directions.
        let bytes = 4.0 * synapses
            + 4.0 * neurons as f64 * (2.0 * longest + 1.0)
            + 8.0 * listed
            + 20.0 * plastic
            + 128.0 * neurons as f64;
        let gib = bytes / f64::from(1 << 30);
        if gib > self.memory_limit {
            return Err(PopulationsError::TooLarge(format!(
                "{synapses:.3e} synapses of {neurons} neurons need {gib:.1} GiB, more than the \
                 memory_limit of {} GiB",
                self.memory_limit
            )));
        }
        if !can_be_had(bytes) {
            let need = too_much(bytes);
            return Err(PopulationsError::TooLarge(format!(
                "{synapses:.3e} synapses of {neurons} neurons {need}"
            )));
        }
        Ok(Size { neurons, synapses, bytes })
    }
}
