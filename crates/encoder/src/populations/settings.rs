//! What a person writes down about a network of populations.

use serde::{Deserialize, Serialize};

use crate::network::Parameter;

/// A network of any populations and projections between them.
///
/// Times are in milliseconds, potentials in millivolts, currents in picoamperes, conductances in
/// nanosiemens, capacitances in picofarads, rates in hertz.
///
/// ```
/// use equipoise_encoder::populations::Settings;
///
/// let settings: Settings = toml::from_str(
///     r#"
///     [[populations]]
///     name = "pyramidal"
///     size = 800
///     background = [{ rate = 12800.0, weight = 87.8 }]
///
///     [[populations]]
///     name = "basket"
///     size = 200
///     sign = "inhibitory"
///     background = [{ rate = 12000.0, weight = 87.8 }]
///
///     [[projections]]
///     source = "basket"
///     target = "pyramidal"
///     connect = { rule = "in_degree", synapses = 50 }
///     weight = { distribution = "normal", mean = 351.2, sd = 35.1 }
///     delay = { distribution = "normal", mean = 0.75, sd = 0.375 }
///     "#,
/// )?;
/// settings.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Time step of the simulation, ms.
    pub dt: f64,
    /// In what the state of the neurons is kept.
    pub precision: Precision,
    /// Simulated before the recording starts and thrown away, ms.
    pub warm_up: f64,
    /// Recorded, ms.
    pub duration: f64,
    /// The most memory that the network may need, GiB; one that needs more is refused before
    /// anything is built.
    #[cfg_attr(feature = "schema", schemars(extend("unit" = "GiB")))]
    pub memory_limit: f64,
    /// The populations, in the order in which their neurons are numbered.
    pub populations: Vec<Population>,
    /// Which population receives from which, and how.
    pub projections: Vec<Projection>,
}

/// In what potentials and currents are kept.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32 bits: potentials to about 1e-5 mV, and twice as fast.
    Single,
    /// 64 bits: potentials to the last bits of what other simulators compute.
    Double,
}

/// Neurons of one kind.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Its name, by which projections refer to it.
    pub name: String,
    /// How many neurons it has.
    pub size: usize,
    /// What its neurons do to those that receive from them (Dale's law).
    #[serde(default)]
    pub sign: Sign,
    /// The neurons' constants.
    #[serde(default)]
    pub neuron: Neuron,
    /// Potential at the start, mV; the resting potential if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_potential: Option<Parameter>,
    /// Constant current into each neuron, pA.
    #[serde(default = "zero")]
    pub current: Parameter,
    /// Poisson input, independent for each neuron.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub background: Vec<Background>,
    /// Makes the population one of spike sources instead of neurons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The constant 0.
fn zero() -> Parameter {
    Parameter::Constant(0.0)
}

/// What a neuron does to its targets.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// It excites them.
    #[default]
    Excitatory,
    /// It inhibits them.
    Inhibitory,
}

/// The constants of a population's neurons: leaky integrate-and-fire.
///
/// The default is the neuron of Potjans & Diesmann 2014.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Neuron {
    /// What an incoming spike does.
    pub model: Model,
    /// Membrane capacitance C, pF.
    pub capacitance: f64,
    /// Membrane time constant, ms.
    pub membrane: Parameter,
    /// Resting potential E_L, mV.
    pub rest: f64,
    /// Threshold V_th, mV.
    pub threshold: Parameter,
    /// Potential after a spike V_r, mV.
    pub reset: Parameter,
    /// Absolute refractory time, ms; a whole number of time steps, drawn ones are rounded to that.
    pub refractory: Parameter,
    /// Decay of excitatory currents or conductances, ms.
    pub tau_excitatory: f64,
    /// Decay of inhibitory currents or conductances, ms.
    pub tau_inhibitory: f64,
    /// Reversal potential of excitation, mV (conductances).
    pub reversal_excitatory: f64,
    /// Reversal potential of inhibition, mV (conductances).
    pub reversal_inhibitory: f64,
    /// A current that follows the neuron's own spikes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptation: Option<Adaptation>,
}

/// What an incoming spike does, and in what unit weights are.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// The potential jumps by the weight, mV.
    Delta,
    /// A current of the weight, pA, begins and decays exponentially.
    Exponential,
    /// A conductance of the weight, nS, begins and decays exponentially.
    Conductance,
}

/// Spike-triggered adaptation: every spike of a neuron adds to a current out of it, which decays.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adaptation {
    /// What a spike adds to the current, pA.
    pub increment: f64,
    /// Decay of the current, ms.
    pub tau: f64,
}

/// Poisson spikes that every neuron of a population gets on its own.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Background {
    /// Spikes a second and neuron, Hz: of all the neuron's background synapses together.
    pub rate: f64,
    /// Weight of a spike, mV, pA or nS as the neuron's model has it; negative for inhibition.
    pub weight: f64,
}

/// Spike sources: Poisson processes, or trains that a run is given.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Rate of each source, Hz. A run may give each source a rate of its own: an image.
    #[serde(default)]
    pub rate: f64,
}

/// The synapses from one population to another.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projection {
    /// The population they come from.
    pub source: String,
    /// The population they go to.
    pub target: String,
    /// Which neurons are connected.
    pub connect: Rule,
    /// Weights, at least 0 whatever the sign of the source, in mV, pA or nS as the target's model
    /// has it. A normal distribution is cut at 0, and at six standard deviations, by drawing again.
    pub weight: Parameter,
    /// Delays, ms, at least one time step. A normal distribution is cut there and at six standard
    /// deviations; drawn ones are rounded to whole steps.
    pub delay: Parameter,
    /// How weights change, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plasticity: Option<Plasticity>,
}

/// Which neurons of two populations are connected. A neuron may be connected to itself only under
/// `total_number` and where `autapses` is set.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Every target neuron receives exactly so many synapses, from sources drawn at random.
    InDegree {
        /// Synapses of a target neuron.
        synapses: usize,
        /// Whether two synapses may have the same source and target.
        #[serde(default)]
        multapses: bool,
        /// Whether a neuron may receive from itself.
        #[serde(default)]
        autapses: bool,
    },
    /// Every pair of a source and a target is connected with this probability.
    Probability {
        /// The probability.
        probability: f64,
        /// Whether a neuron may receive from itself.
        #[serde(default)]
        autapses: bool,
    },
    /// Exactly so many synapses, the source and the target of each drawn at random. Instead of the
    /// number, the probability C that a pair is connected at least once may be given: then there
    /// are ln(1 - C) / ln(1 - 1 / (N_source N_target)) synapses (Potjans & Diesmann 2014).
    TotalNumber {
        /// Their number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        synapses: Option<u64>,
        /// The probability of a connection, instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probability: Option<f64>,
    },
    /// Neuron k of the source to neuron k of the target; both have the same size.
    OneToOne,
}

/// How the weights of a projection change.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Plasticity {
    /// Inhibitory plasticity (Vogels et al. 2011, Science 334:1569), which brings each target
    /// neuron to the target rate.
    Inhibitory {
        /// What the traces are multiplied by at a spike, in the unit of the weight.
        learning_rate: f64,
        /// The rate that neurons come to, Hz.
        target_rate: f64,
        /// Decay of the traces, ms.
        #[serde(default = "twenty")]
        tau: f64,
        /// The greatest weight, in the unit of the weight.
        most: f64,
    },
}

/// 20 ms.
fn twenty() -> f64 {
    20.0
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dt: 0.1,
            precision: Precision::Single,
            warm_up: 100.0,
            duration: 1000.0,
            memory_limit: 16.0,
            populations: Vec::new(),
            projections: Vec::new(),
        }
    }
}

impl Default for Neuron {
    fn default() -> Self {
        Self {
            model: Model::Exponential,
            capacitance: 250.0,
            membrane: 10.0.into(),
            rest: -65.0,
            threshold: (-50.0).into(),
            reset: (-65.0).into(),
            refractory: 2.0.into(),
            tau_excitatory: 0.5,
            tau_inhibitory: 0.5,
            reversal_excitatory: 0.0,
            reversal_inhibitory: -85.0,
            adaptation: None,
        }
    }
}

impl Population {
    /// A population of excitatory neurons with the default constants and no input.
    pub fn new(name: impl Into<String>, size: usize) -> Self {
        Self {
            name: name.into(),
            size,
            sign: Sign::Excitatory,
            neuron: Neuron::default(),
            initial_potential: None,
            current: zero(),
            background: Vec::new(),
            source: None,
        }
    }

    /// The same, inhibitory.
    pub fn inhibitory(name: impl Into<String>, size: usize) -> Self {
        Self { sign: Sign::Inhibitory, ..Self::new(name, size) }
    }
}

impl Settings {
    /// The place of a population in the list, by its name.
    pub fn population(&self, name: &str) -> Option<usize> {
        self.populations.iter().position(|population| population.name == name)
    }

    /// Neurons and sources of all populations.
    pub fn neurons(&self) -> usize {
        self.populations.iter().map(|population| population.size).sum()
    }

    /// The number of the first neuron of each population, and after them the number of neurons.
    pub fn firsts(&self) -> Vec<usize> {
        let sizes = self.populations.iter().map(|population| population.size);
        let mut firsts = vec![0];
        firsts.extend(sizes.scan(0, |first, size| {
            *first += size;
            Some(*first)
        }));
        firsts
    }

    /// The mean number of synapses of a projection.
    pub fn synapses(&self, projection: &Projection) -> f64 {
        let size = |name: &str| self.population(name).map_or(0, |p| self.populations[p].size);
        let (sources, targets) = (size(&projection.source) as f64, size(&projection.target) as f64);
        match projection.connect {
            Rule::InDegree { synapses, .. } => targets * synapses as f64,
            Rule::Probability { probability, autapses } => {
                let own = projection.source == projection.target && !autapses;
                probability * targets * (sources - f64::from(u8::from(own)))
            }
            Rule::TotalNumber { synapses: Some(synapses), .. } => synapses as f64,
            Rule::TotalNumber { probability, .. } => {
                total_number(probability.unwrap_or(0.0), sources, targets)
            }
            Rule::OneToOne => sources,
        }
    }
}

/// The number of synapses, with repeats, at which a pair is connected with this probability.
pub(crate) fn total_number(probability: f64, sources: f64, targets: f64) -> f64 {
    if sources * targets <= 1.0 {
        return (sources * targets * probability).round();
    }
    // In this form, which loses some digits, as others compute it, so that their numbers are the same.
    (libm::log(1.0 - probability) / libm::log(1.0 - 1.0 / (sources * targets))).round()
}
