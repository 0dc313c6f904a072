//! Building a network from its settings.

use equipoise_random::stream;
use rayon::prelude::*;

use super::config::NetworkConfig;
use super::connectivity::{Connections, LIST_BLOCK, Recurrent, Storage, storage};
use super::counting::BLOCK;
use super::error::NetworkError;
use super::input::{InputProjection, input_channels};
use super::membrane::Constants;
use super::noise::PoissonTable;
use super::parameter::Parameter;
use equipoise_data::ImageShape;

/// A network that has been built: its connections and its neurons' parameters. Neurons 0..N_E are
/// excitatory, the others inhibitory.
///
/// ```
/// use equipoise_encoder::network::{Network, NetworkConfig, Probe};
///
/// let network = Network::build(&NetworkConfig::brunel(1000, 5.0, 2.0), None, 7)?;
/// let trial = network.trial(7, 0);
/// let spikes = network.run(&trial, &mut Probe::none())?;
/// assert!(spikes.mean_rate_hz() > 20.0);
/// # Ok::<(), equipoise_encoder::network::NetworkError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Network {
    pub(crate) config: NetworkConfig,
    pub(crate) shape: Option<ImageShape>,
    pub(crate) excitatory_neurons: usize,
    pub(crate) blocks: Vec<Block>,
    pub(crate) weights: Weights,
    pub(crate) delays: Delays,
    /// Shortest and longest delay, time steps.
    pub(crate) shortest_delay: usize,
    pub(crate) longest_delay: usize,
}

/// One block of neurons with everything that reaches them.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) first: usize,
    pub(crate) neurons: usize,
    pub(crate) constants: Constants,
    pub(crate) recurrent: Connections,
    pub(crate) input: Option<Connections>,
}

impl Block {
    /// Whether some of its connections are lists with anything in them: neurons without recurrence
    /// have an empty one.
    pub(crate) fn has_lists(&self) -> bool {
        let lists = |c: &Connections| matches!(c, Connections::Lists { targets, .. } if !targets.is_empty());
        lists(&self.recurrent) || self.input.as_ref().is_some_and(lists)
    }
}

/// What a spike adds, mV, by where it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights {
    pub(crate) excitatory: f32,
    pub(crate) inhibitory: f32,
    pub(crate) background: f32,
    pub(crate) input: f32,
}

/// Delay of each source neuron, time steps.
#[derive(Debug, Clone)]
pub(crate) enum Delays {
    Common(usize),
    Each(Vec<u32>),
}

impl Network {
    /// What [`Network::build`] would refuse, without building anything.
    ///
    /// # Errors
    /// As [`Network::build`].
    pub fn check(config: &NetworkConfig, shape: Option<ImageShape>) -> Result<(), NetworkError> {
        config.validate()?;
        if config.input.drive.is_some() {
            return Err(NetworkError::Setting {
                setting: "input.drive",
                reason: "it needs the images of a data set; give `input.weight` here".into(),
            });
        }
        shape.map_or(Ok(()), |shape| check_shape(config, shape))
    }

    /// Draws the network. `shape` is the shape of the images it will be shown, if any.
    ///
    /// The connections onto a neuron come from a stream of that neuron, so a network is the same
    /// for any number of threads.
    ///
    /// # Errors
    /// [`NetworkError::Setting`] if a setting makes no sense, or the input projection does not
    /// fit the shape.
    pub fn build(
        config: &NetworkConfig,
        shape: Option<ImageShape>,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        Self::check(config, shape)?;
        let n = config.neurons;
        let excitatory_neurons = config.excitatory_neurons();
        let in_degree = config.excitatory_connections() + config.inhibitory_connections();
        let weighted = config.weight_variation > 0.0;
        let probability = in_degree as f64 / n as f64;
        let recurrent = Recurrent {
            excitatory_neurons,
            inhibitory_neurons: config.inhibitory_neurons(),
            excitatory_connections: config.excitatory_connections(),
            inhibitory_connections: config.inhibitory_connections(),
            multapses: config.multapses,
            autapses: config.autapses,
            weight_variation: config.weight_variation,
            storage: storage(probability, config.multapses, weighted),
            seed,
        };
        let input = shape.map(|shape| {
            let channels = input_channels(shape, config.input.color);
            let probability = config.input_connections(channels) as f64 / channels as f64;
            InputProjection { config, shape, storage: storage(probability, false, false), seed }
        });
        let rows = recurrent.storage == Storage::Rows
            || input.as_ref().is_some_and(|input| input.storage == Storage::Rows);
        let size = if rows { BLOCK } else { LIST_BLOCK };
        let blocks: Vec<Block> = (0..n.div_ceil(size))
            .into_par_iter()
            .map(|index| {
                let first = index * size;
                let neurons = size.min(n - first);
                let mut constants = Constants::silent(neurons, config);
                for i in 0..neurons {
                    let mut parameters = stream(seed, "encoder/parameters", (first + i) as u64);
                    constants.set(i, config, &mut parameters);
                }
                constants.note_uniformity(neurons);
                Block {
                    first,
                    neurons,
                    constants,
                    recurrent: recurrent.build(first, neurons),
                    input: input.as_ref().map(|input| input.build(first, neurons)),
                }
            })
            .collect();
        let (delays, shortest_delay, longest_delay) = draw_delays(config, seed);
        Ok(Self {
            config: config.clone(),
            shape,
            excitatory_neurons,
            blocks,
            weights: Weights {
                excitatory: config.weight_excitatory() as f32,
                inhibitory: config.weight_inhibitory() as f32,
                background: config.weight_background() as f32,
                input: config.input.weight as f32,
            },
            delays,
            shortest_delay,
            longest_delay,
        })
    }

    /// The settings the network was built from.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The shape of the images the network takes.
    pub fn shape(&self) -> Option<ImageShape> {
        self.shape
    }

    /// Excitatory neurons: 0..N_E.
    pub fn excitatory_neurons(&self) -> usize {
        self.excitatory_neurons
    }

    /// Recurrent connections.
    pub fn synapses(&self) -> usize {
        self.blocks.iter().map(|block| block.recurrent.count()).sum()
    }

    /// Memory of the connections, bytes.
    pub fn connection_bytes(&self) -> usize {
        let of = |c: &Connections| c.bytes();
        self.blocks.iter().map(|b| of(&b.recurrent) + b.input.as_ref().map_or(0, of)).sum()
    }

    /// The neurons that receive from this neuron, ascending (more than once with multapses).
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn targets(&self, source: usize) -> Vec<usize> {
        assert!(source < self.config.neurons, "there is no neuron {source}");
        self.blocks
            .iter()
            .flat_map(|b| b.recurrent.targets(source).into_iter().map(|t| b.first + t))
            .collect()
    }

    /// The neurons that receive from this input channel, ascending.
    ///
    /// # Panics
    /// If there is no such channel.
    pub fn input_targets(&self, channel: usize) -> Vec<usize> {
        self.blocks
            .iter()
            .flat_map(|b| {
                let targets = b.input.as_ref().map_or_else(Vec::new, |i| i.targets(channel));
                targets.into_iter().map(|t| b.first + t)
            })
            .collect()
    }

    /// Time steps from a neuron's spike to its effect.
    #[inline]
    pub(crate) fn delay_steps(&self, source: usize) -> usize {
        match &self.delays {
            Delays::Common(steps) => *steps,
            Delays::Each(steps) => steps[source] as usize,
        }
    }

    /// The background of one time step at `factor` times the configured rate; `None` if silent.
    pub(crate) fn background_table(&self, factor: f64) -> Option<PoissonTable> {
        let mean = factor * self.config.background_rate_hz() * self.config.dt / 1000.0;
        (mean > 0.0).then(|| PoissonTable::new(mean.min(1e5)))
    }
}

fn check_shape(config: &NetworkConfig, shape: ImageShape) -> Result<(), NetworkError> {
    if shape.pixels() == 0 || !(shape.channels == 1 || shape.channels == 3) {
        return Err(NetworkError::Request(format!(
            "images of {} x {} x {}; 1 or 3 channels and at least one pixel are possible",
            shape.channels, shape.height, shape.width
        )));
    }
    let channels = input_channels(shape, config.input.color);
    let in_degree = config.input_connections(channels);
    if in_degree > channels {
        return Err(NetworkError::Setting {
            setting: "input.in_degree",
            reason: format!("{in_degree} connections from {channels} input channels"),
        });
    }
    Ok(())
}

fn draw_delays(config: &NetworkConfig, seed: u64) -> (Delays, usize, usize) {
    let steps = |milliseconds: f64| config.steps(milliseconds).max(1);
    if let Parameter::Constant(delay) = config.delay {
        let steps = steps(delay);
        return (Delays::Common(steps), steps, steps);
    }
    // A log-normal delay has no bound; a thousand steps more than the mean is where it is cut.
    let most = steps(config.delay.bounds().1.min(config.delay.mean() + 1000.0 * config.dt));
    let each: Vec<u32> = (0..config.neurons)
        .map(|neuron| {
            let mut stream = stream(seed, "encoder/delay", neuron as u64);
            steps(config.delay.draw(&mut stream)).min(most) as u32
        })
        .collect();
    let shortest = each.iter().min().map_or(1, |&d| d as usize);
    let longest = each.iter().max().map_or(1, |&d| d as usize);
    (Delays::Each(each), shortest, longest)
}
