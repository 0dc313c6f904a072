//! A network that has been built.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::connect::{Kept, Watch, connect};
use super::constants::{Constants, initial};
use super::error::PopulationsError;
use super::layout::Layout;
use super::plastic::PlasticSynapses;
use super::sampling::delay_steps;
use super::settings::{Settings, Sign};
use super::synapses::Synapses;
use super::units::Units;
use super::validate::Size;

/// A network whose synapses and constants have been drawn.
///
/// ```
/// use std::ops::ControlFlow;
/// use equipoise_encoder::populations::{Network, Recording, Simulation, microcircuit};
///
/// let network = Network::build(&microcircuit(0.02, 0.1, Default::default()), 1, 1)?;
/// let mut simulation = Simulation::new(&network, 1);
/// let mut recording = Recording::spikes();
/// simulation.advance(50.0, &mut recording, &mut |_| ControlFlow::Continue(()))?;
/// assert!(recording.spikes.count() > 0);
/// # Ok::<(), equipoise_encoder::populations::PopulationsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Network {
    pub(crate) settings: Settings,
    pub(crate) seed: u64,
    pub(crate) layout: Layout,
    pub(crate) units: Units,
    pub(crate) synapses: Synapses,
    pub(crate) plastic: Vec<PlasticSynapses>,
    /// Of each block.
    pub(crate) constants: Vec<Constants>,
    /// The potential at the start of each slot of each block.
    pub(crate) initial: Vec<Vec<f64>>,
    pub(crate) shortest_delay: usize,
    pub(crate) longest_delay: usize,
    size: Size,
    kept: Vec<Kept>,
}

/// The synapses of a projection as they are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProjectionStatistics {
    /// How many there are.
    pub synapses: u64,
    /// Mean of their weights, in the target's unit.
    pub mean_weight: f64,
    /// Standard deviation of their weights.
    pub sd_weight: f64,
    /// What weights are a multiple of; 0 for plastic synapses, which are not rounded.
    pub resolution: f64,
}

impl Network {
    /// Draws the network, for a simulation by up to `threads` threads. The network, and everything
    /// that is simulated with it, is the same for any number of them.
    ///
    /// # Errors
    /// If a setting makes no sense, or the network needs more memory than it may have.
    pub fn build(settings: &Settings, seed: u64, threads: usize) -> Result<Self, PopulationsError> {
        Self::build_watched(settings, seed, threads, &|| ControlFlow::Continue(()))
    }

    /// [`Network::build`], which `watch` may stop.
    ///
    /// # Errors
    /// As [`Network::build`], and [`PopulationsError::Stopped`] if `watch` says so.
    pub fn build_watched(
        settings: &Settings,
        seed: u64,
        threads: usize,
        watch: Watch<'_>,
    ) -> Result<Self, PopulationsError> {
        let size = settings.validate()?;
        let layout = Layout::new(settings, threads);
        let fixed = |projection: usize| settings.projections[projection].plasticity.is_none();
        let units = Units::new(settings, &fixed, &layout);
        let firsts = settings.firsts();
        let constants = layout
            .blocks
            .par_iter()
            .map(|block| {
                let population = &settings.populations[block.population];
                let within = block.first - firsts[block.population];
                Constants::new(population, block, within, settings.dt, seed)
            })
            .collect();
        let initial = layout
            .blocks
            .par_iter()
            .map(|block| {
                let population = &settings.populations[block.population];
                initial(population, block, block.first - firsts[block.population], seed)
            })
            .collect();
        let (synapses, kept) = connect(settings, &fixed, &layout, &units, seed, watch)?;
        let plastic = PlasticSynapses::build(settings, &layout, seed, watch)?;
        let steps: Vec<(u32, u32)> =
            settings.projections.iter().map(|p| delay_steps(&p.delay, settings.dt)).collect();
        let shortest = steps.iter().map(|steps| steps.0).min().unwrap_or(u32::MAX);
        let longest = steps.iter().map(|steps| steps.1).max().unwrap_or(1);
        Ok(Self {
            settings: settings.clone(),
            seed,
            layout,
            units,
            synapses,
            plastic,
            constants,
            initial,
            shortest_delay: shortest as usize,
            longest_delay: longest as usize,
            size,
            kept,
        })
    }

    /// What it was built from.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Neurons and sources, synapses on average, and memory.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Synapses that there are, plastic ones included.
    pub fn synapses(&self) -> usize {
        self.synapses.words.len() + self.plastic.iter().map(PlasticSynapses::len).sum::<usize>()
    }

    /// Memory of the synapses, bytes.
    pub fn synapse_bytes(&self) -> usize {
        4 * (self.synapses.words.len() + self.synapses.ends.len())
            + self.plastic.iter().map(PlasticSynapses::bytes).sum::<usize>()
    }

    /// How many threads a simulation will use.
    pub fn threads(&self) -> usize {
        self.layout.shards.len()
    }

    /// The population of a neuron.
    pub fn population_of(&self, neuron: usize) -> Option<usize> {
        let firsts = self.settings.firsts();
        (neuron < firsts[firsts.len() - 1])
            .then(|| firsts.partition_point(|&first| first <= neuron) - 1)
    }

    /// What is kept of the synapses of a projection: their number, and their weights after
    /// rounding.
    ///
    /// # Panics
    /// If there is no such projection.
    pub fn projection_statistics(&self, projection: usize) -> ProjectionStatistics {
        let described = &self.settings.projections[projection];
        if let Some(plastic) = self.plastic.iter().find(|plastic| plastic.projection == projection)
        {
            let (mean, sd) = plastic.initial_moments();
            let synapses = plastic.len() as u64;
            return ProjectionStatistics {
                synapses,
                mean_weight: mean,
                sd_weight: sd,
                resolution: 0.0,
            };
        }
        let kept = self.kept[projection];
        let unit = self.unit(projection);
        let (mean, sd) = kept.moments();
        let exact = described.weight.is_constant();
        ProjectionStatistics {
            synapses: kept.count,
            mean_weight: mean * unit,
            sd_weight: if exact { 0.0 } else { sd * unit },
            resolution: unit,
        }
    }

    /// What the weights of a projection are a multiple of.
    fn unit(&self, projection: usize) -> f64 {
        let described = &self.settings.projections[projection];
        let at = |name: &str| self.settings.population(name).unwrap_or(0);
        let sign = self.settings.populations[at(&described.source)].sign;
        self.units.unit[self.units.sum(sign)][at(&described.target)]
    }

    /// The static synapses onto a neuron, by source and then by delay.
    pub fn synapses_onto(&self, neuron: usize) -> Vec<Synapse> {
        self.synapses_onto_each(&[neuron]).pop().unwrap_or_default()
    }

    /// [`Network::synapses_onto`] for each of some neurons, which costs no more than for one.
    pub fn synapses_onto_each(&self, neurons: &[usize]) -> Vec<Vec<Synapse>> {
        let settings = &self.settings;
        let shards = self.layout.shards.len();
        // For each shard, which of the neurons has a place there.
        let mut wanted: Vec<Vec<(u32, usize)>> = vec![Vec::new(); shards];
        for (which, &neuron) in neurons.iter().enumerate() {
            if let Some((shard, place)) = self.place(neuron) {
                wanted[shard].push((place as u32, which));
            }
        }
        wanted.iter_mut().for_each(|places| places.sort_unstable());
        let of_source = |source: usize| {
            let wanted = &wanted;
            (0..shards).filter(|&shard| !wanted[shard].is_empty()).flat_map(move |shard| {
                self.synapses.of_source(source as u32, shard).flat_map(
                    move |(delay, place, weight)| {
                        let from = wanted[shard].partition_point(|&(other, _)| other < place);
                        let same = wanted[shard][from..].iter().take_while(move |at| at.0 == place);
                        same.map(move |&(_, which)| (which, source as u32, delay, weight))
                    },
                )
            })
        };
        let found: Vec<(usize, u32, usize, u32)> =
            (0..settings.neurons()).into_par_iter().flat_map_iter(of_source).collect();
        let mut onto = vec![Vec::new(); neurons.len()];
        for (which, source, delay, weight) in found {
            let target = self.population_of(neurons[which]).unwrap_or(0);
            let from = self.population_of(source as usize).unwrap_or(0);
            let sign = settings.populations[from].sign;
            let weight = f64::from(weight) * self.units.unit[self.units.sum(sign)][target];
            let weight = if sign == Sign::Inhibitory { -weight } else { weight };
            onto[which].push(Synapse { source, delay_ms: delay as f64 * settings.dt, weight });
        }
        for synapses in &mut onto {
            synapses.sort_by(Synapse::order);
        }
        onto
    }

    /// The shard of a neuron, and its place there; none for spike sources.
    pub(crate) fn place(&self, neuron: usize) -> Option<(usize, usize)> {
        let population = self.population_of(neuron)?;
        if self.settings.populations[population].source.is_some() {
            return None;
        }
        let within = neuron - self.settings.firsts()[population];
        let slot = self.layout.first_slots[population] + within;
        let shards = 0..self.layout.shards.len();
        let shard =
            shards.into_iter().find(|&shard| self.layout.shard_slots(shard).contains(&slot))?;
        Some((shard, slot - self.layout.shard_slots(shard).start))
    }
}

/// One synapse onto a neuron.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Synapse {
    /// The neuron it comes from.
    pub source: u32,
    /// Its delay, ms.
    pub delay_ms: f64,
    /// Its weight in the unit of the target's model; negative if the source is inhibitory.
    pub weight: f64,
}

impl Synapse {
    /// By source, then by delay, then by weight.
    pub(crate) fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by_delay = self.delay_ms.total_cmp(&other.delay_ms);
        self.source.cmp(&other.source).then(by_delay).then(self.weight.total_cmp(&other.weight))
    }
}
