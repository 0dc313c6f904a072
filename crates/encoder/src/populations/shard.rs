//! What one thread has: the state of some of the neurons, and what happens to them in a step.

use equipoise_random::{derive_seed, stream};
use equipoise_simd::{Instructions, LANES, Simd, Task};

use super::build::Network;
use super::plastic::PlasticState;
use super::settings::{Settings, Sign};
use super::update::{BlockConstants, Lanes, Real, Slots};
use crate::network::noise::{LaneGenerator, PoissonTable};

/// Marks the spike of an inhibitory neuron.
pub(crate) const INHIBITORY: u32 = 1 << 31;

/// The spikes of the last steps, by the sign of the neuron: as many steps as a spike can be under
/// way.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(super) lists: Vec<[Vec<u32>; 2]>,
}

impl History {
    pub(crate) fn new(longest_delay: usize) -> Self {
        // The lists of an interval, which is no longer than the shortest delay, are emptied before
        // they are filled; until then their spikes may still be under way.
        Self { lists: vec![[Vec::new(), Vec::new()]; longest_delay + 1] }
    }

    fn at(&self, step: u64) -> usize {
        (step % self.lists.len() as u64) as usize
    }

    pub(crate) fn clear(&mut self, step: u64) {
        let at = self.at(step);
        self.lists[at].iter_mut().for_each(Vec::clear);
    }

    pub(crate) fn push(&mut self, step: u64, source: u32, sign: Sign) {
        let at = self.at(step);
        self.lists[at][sign as usize].push(source);
    }

    /// Brings the spikes of a step into the order of their neurons.
    pub(crate) fn order(&mut self, step: u64) {
        let at = self.at(step);
        self.lists[at].iter_mut().for_each(|list| list.sort_unstable());
    }

    /// The neurons of this sign that fired in a step.
    #[inline(always)]
    pub(crate) fn of(&self, step: u64, sign: Sign) -> &[u32] {
        &self.lists[self.at(step)][sign as usize]
    }
}

/// A block of the shard.
#[derive(Debug, Clone)]
pub(super) struct ShardBlock<T> {
    constants: BlockConstants<T>,
    population: usize,
    /// Its registers of sixteen slots, of those of the shard.
    chunks: std::ops::Range<usize>,
    /// Its first slot in the shard, and the number of the neuron there.
    slot: u32,
    first: u32,
    neurons: u32,
    inhibitory: bool,
    unit: [T; 2],
    refractory: Vec<u32>,
    background: Vec<BackgroundTable<T>>,
    pub(super) generator: LaneGenerator,
}

/// Poisson input of a block.
#[derive(Debug, Clone)]
struct BackgroundTable<T> {
    sum: usize,
    weight: T,
    table: PoissonTable,
}

/// The state of the neurons of one thread.
#[derive(Debug, Clone)]
pub(crate) struct Shard<T> {
    pub(crate) index: usize,
    pub(super) potential: Vec<Lanes<T>>,
    pub(super) currents: [Vec<Lanes<T>>; 2],
    pub(super) adaptation: Vec<Lanes<T>>,
    sums: [Vec<i32>; 2],
    /// What plastic synapses bring; empty without any.
    plastic_sums: [Vec<Lanes<T>>; 2],
    pub(super) blocks: Vec<ShardBlock<T>>,
    /// The block of each register of slots.
    block_of: Vec<u32>,
    /// The slots that leave refractoriness, by the step before which they do.
    pub(super) release: Vec<Vec<u32>>,
    pub(crate) plastic: Vec<PlasticState>,
    pub(crate) learning: bool,
    fired: Vec<u32>,
    segments: Vec<(u32, u32)>,
    counts: Vec<f32>,
    noise: [Vec<Lanes<T>>; 2],
    probes: Vec<(usize, usize, Vec<f32>)>,
}

impl<T: Real> Shard<T> {
    pub(crate) fn new(network: &Network, index: usize, seed: u64) -> Self {
        let settings = &network.settings;
        let (layout, units) = (&network.layout, &network.units);
        let slots = layout.shard_slots(index);
        let background_seed = derive_seed(seed, "populations/background", 0);
        let mut potential = Vec::new();
        let mut block_of = Vec::new();
        let mut longest_refractory = 0;
        let blocks: Vec<ShardBlock<T>> = layout.shards[index]
            .clone()
            .map(|at| {
                let (block, constants) = (&layout.blocks[at], &network.constants[at]);
                let first_chunk = (block.slot - slots.start) / LANES;
                for (chunk, values) in network.initial[at].as_chunks::<LANES>().0.iter().enumerate()
                {
                    block_of.push((at - layout.shards[index].start) as u32);
                    potential.push(std::array::from_fn(|lane| {
                        let neuron = chunk * LANES + lane;
                        if neuron < block.neurons { T::of(values[lane]) } else { T::HELD }
                    }));
                }
                let refractory: Vec<u32> = (0..block.slots())
                    .map(|slot| constants.refractory[constants.at(slot)])
                    .collect();
                longest_refractory =
                    refractory.iter().copied().fold(longest_refractory, |a: u32, b| a.max(b));
                let population = &settings.populations[block.population];
                let name = &population.name;
                let within = (block.first - settings.firsts()[block.population]) as u64;
                let mut own =
                    stream(background_seed, &format!("populations/background/{name}"), within);
                ShardBlock {
                    constants: BlockConstants::new(constants, settings.dt),
                    population: block.population,
                    chunks: first_chunk..first_chunk + block.slots() / LANES,
                    slot: (block.slot - slots.start) as u32,
                    first: block.first as u32,
                    neurons: block.neurons as u32,
                    inhibitory: population.sign == Sign::Inhibitory,
                    unit: [0, 1].map(|sum| T::of(units.unit[sum][block.population])),
                    refractory,
                    background: Vec::new(),
                    generator: LaneGenerator::new(&mut own),
                }
            })
            .collect();
        let chunks = slots.len() / LANES;
        let lanes = |wanted: bool| vec![[T::ZERO; LANES]; if wanted { chunks } else { 0 }];
        let two = !units.merged;
        let plastic: Vec<PlasticState> =
            network.plastic.iter().map(|plastic| PlasticState::new(plastic, index)).collect();
        let sums = |wanted: bool| vec![0; if wanted { 1 << layout.slot_bits() } else { 0 }];
        let mut shard = Self {
            index,
            potential,
            currents: [lanes(true), lanes(two)],
            adaptation: lanes(blocks.iter().any(|block| block.constants.adapts())),
            sums: [sums(true), sums(two)],
            plastic_sums: [lanes(!plastic.is_empty()), lanes(!plastic.is_empty() && two)],
            blocks,
            block_of,
            release: vec![Vec::new(); longest_refractory as usize + 2],
            plastic,
            learning: true,
            fired: Vec::new(),
            segments: Vec::new(),
            counts: Vec::new(),
            noise: [Vec::new(), Vec::new()],
            probes: Vec::new(),
        };
        for population in 0..settings.populations.len() {
            shard.set_background(settings, population, 1.0);
        }
        shard
    }

    /// Makes the Poisson input of a population that of its settings, its rate times a factor.
    pub(crate) fn set_background(&mut self, settings: &Settings, population: usize, factor: f64) {
        let two = !self.sums[1].is_empty();
        for block in self.blocks.iter_mut().filter(|block| block.population == population) {
            block.background = settings.populations[population]
                .background
                .iter()
                .map(|drive| (drive, factor * drive.rate * settings.dt / 1000.0))
                .filter(|&(drive, mean)| mean > 0.0 && drive.weight != 0.0)
                .map(|(drive, mean)| BackgroundTable {
                    sum: usize::from(two && drive.weight < 0.0),
                    weight: T::of(drive.weight),
                    table: PoissonTable::new(mean),
                })
                .collect();
        }
    }

    /// Takes all neurons through a step.
    pub(crate) fn step(
        &mut self,
        network: &Network,
        history: &History,
        step: u64,
        instructions: Instructions,
    ) {
        instructions.run(Step { shard: self, network, history, step });
        self.fire(network, step);
        for (_, slot, trace) in &mut self.probes {
            let block = &self.blocks[self.block_of[*slot / LANES] as usize];
            let potential = self.potential[*slot / LANES][*slot % LANES];
            let reset = block.constants.reset[block.reset_at(*slot as u32)];
            let shown = if potential == T::HELD { reset } else { potential };
            let rest = network.settings.populations[block.population].neuron.rest;
            trace.push((shown.wide() + rest) as f32);
        }
    }

    /// The neurons that fired in the step, with their signs.
    pub(crate) fn spikes(&self) -> impl Iterator<Item = u32> + '_ {
        self.fired.iter().map(|&slot| {
            let block = &self.blocks[self.block_of[slot as usize / LANES] as usize];
            let neuron = block.first + slot - block.slot;
            if block.inhibitory { neuron | INHIBITORY } else { neuron }
        })
    }

    /// Adds up what arrives at the end of a step.
    #[inline(always)]
    fn receive(&mut self, network: &Network, history: &History, step: u64) {
        let synapses = &network.synapses;
        if !synapses.words.is_empty() {
            let delays = network.shortest_delay as u64..=synapses.longest as u64;
            for sign in [Sign::Excitatory, Sign::Inhibitory] {
                self.segments.clear();
                for delay in delays.clone().take_while(|&delay| delay < step) {
                    for &source in history.of(step - delay, sign) {
                        let segment = synapses.segment(source, self.index, delay as usize);
                        if segment.0 < segment.1 {
                            self.segments.push(segment);
                        }
                    }
                }
                let sums = &mut self.sums[network.units.sum(sign)];
                match sign {
                    Sign::Excitatory => synapses.deliver::<false>(&self.segments, sums),
                    Sign::Inhibitory => synapses.deliver::<true>(&self.segments, sums),
                }
            }
        }
        for (synapses, state) in network.plastic.iter().zip(&mut self.plastic) {
            let delay = synapses.delay as u64;
            let spikes = if delay < step { history.of(step - delay, synapses.sign) } else { &[] };
            let within = spikes.iter().filter_map(|&source| {
                let within = (source as usize).checked_sub(synapses.first_source)?;
                (within < synapses.sources).then_some(within)
            });
            let sums = &mut self.plastic_sums[network.units.sum(synapses.sign)];
            let negative = synapses.sign == Sign::Inhibitory;
            state.arrive(synapses, self.index, within, self.learning, |slot, weight| {
                let sum = &mut sums[slot / LANES][slot % LANES];
                *sum = *sum + T::of(if negative { -weight } else { weight });
            });
        }
    }

    /// Moves all neurons through a step.
    #[inline(always)]
    fn update<S: Simd>(&mut self, simd: S, step: u64) {
        let leaving = (step % self.release.len() as u64) as usize;
        for slot in std::mem::take(&mut self.release[leaving]) {
            let block = &self.blocks[self.block_of[slot as usize / LANES] as usize];
            let reset = block.constants.reset[block.reset_at(slot)];
            self.potential[slot as usize / LANES][slot as usize % LANES] = reset;
        }
        self.fired.clear();
        let [excitatory, inhibitory] = &mut self.sums;
        let (excitatory, _) = excitatory.as_chunks_mut::<LANES>();
        let (inhibitory, _) = inhibitory.as_chunks_mut::<LANES>();
        for block in &mut self.blocks {
            let chunks = block.chunks.clone();
            block.input(simd, &mut self.plastic_sums, &mut self.counts, &mut self.noise);
            let [first, second] = &mut self.currents;
            let second = if second.is_empty() { &mut [] } else { &mut second[chunks.clone()] };
            let adapts = block.constants.adapts();
            let adaptation: &mut [Lanes<T>] =
                if adapts { &mut self.adaptation[chunks.clone()] } else { &mut [] };
            let mut slots = Slots {
                potential: self.potential[chunks.clone()].as_flattened_mut(),
                currents: [first[chunks.clone()].as_flattened_mut(), second.as_flattened_mut()],
                adaptation: adaptation.as_flattened_mut(),
                sums: [
                    excitatory[chunks.clone()].as_flattened_mut(),
                    if inhibitory.is_empty() {
                        &mut []
                    } else {
                        inhibitory[chunks].as_flattened_mut()
                    },
                ],
                unit: block.unit,
                noise: [self.noise[0].as_flattened(), self.noise[1].as_flattened()],
            };
            block.constants.step(simd, &mut slots, block.slot, &mut self.fired);
        }
    }

    /// Resets the neurons that fired.
    fn fire(&mut self, network: &Network, step: u64) {
        for &slot in &self.fired {
            let block = &self.blocks[self.block_of[slot as usize / LANES] as usize];
            let (chunk, lane) = (slot as usize / LANES, slot as usize % LANES);
            self.potential[chunk][lane] = T::HELD;
            if block.constants.adapts() {
                let current = &mut self.adaptation[chunk][lane];
                *current = *current + block.constants.increment;
            }
            let refractory = u64::from(block.refractory[(slot - block.slot) as usize]);
            let leaves = ((step + refractory + 1) % self.release.len() as u64) as usize;
            self.release[leaves].push(slot);
            for (synapses, state) in network.plastic.iter().zip(&mut self.plastic) {
                state.fire(synapses, self.index, slot as usize, self.learning);
            }
        }
    }

    /// Records the potentials of these neurons from now on, those that are in this shard.
    pub(crate) fn probe(&mut self, network: &Network, neurons: &[usize]) {
        self.probes.clear();
        for (which, &neuron) in neurons.iter().enumerate() {
            if let Some(slot) = self.slot_of(neuron) {
                self.probes.push((which, slot, Vec::new()));
            }
        }
        debug_assert_eq!(
            self.potential.len() * LANES,
            network.layout.shard_slots(self.index).len()
        );
    }

    /// What was recorded of the potentials: which of the neurons asked for, and its trace.
    pub(crate) fn probed(&mut self) -> Vec<(usize, Vec<f32>)> {
        self.probes.drain(..).map(|(which, _, trace)| (which, trace)).collect()
    }

    /// Keeps a neuron from firing for ever, if it is here.
    pub(crate) fn silence(&mut self, neuron: usize) {
        if let Some(slot) = self.slot_of(neuron) {
            self.potential[slot / LANES][slot % LANES] = T::HELD;
            for slots in &mut self.release {
                slots.retain(|&other| other as usize != slot);
            }
        }
    }

    /// The potential of a neuron from rest, if it is here.
    pub(crate) fn potential(&self, network: &Network, neuron: usize) -> Option<f64> {
        let slot = self.slot_of(neuron)?;
        let block = &self.blocks[self.block_of[slot / LANES] as usize];
        let potential = self.potential[slot / LANES][slot % LANES];
        let reset = block.constants.reset[block.reset_at(slot as u32)];
        let shown = if potential == T::HELD { reset } else { potential };
        Some(shown.wide() + network.settings.populations[block.population].neuron.rest)
    }

    fn slot_of(&self, neuron: usize) -> Option<usize> {
        self.blocks.iter().find_map(|block| {
            let within = neuron.checked_sub(block.first as usize)?;
            (within < block.neurons as usize).then_some(block.slot as usize + within)
        })
    }
}

impl<T: Real> ShardBlock<T> {
    /// Where the reset of a slot of the shard is in the block's constants.
    fn reset_at(&self, slot: u32) -> usize {
        (slot - self.slot) as usize % self.constants.reset.len()
    }

    /// Draws the Poisson input of a step, and adds what plastic synapses bring.
    #[inline(always)]
    fn input<S: Simd>(
        &mut self,
        simd: S,
        plastic: &mut [Vec<Lanes<T>>; 2],
        counts: &mut Vec<f32>,
        noise: &mut [Vec<Lanes<T>>; 2],
    ) {
        let chunks = self.chunks.len();
        for (sum, noise) in noise.iter_mut().enumerate() {
            noise.clear();
            if let Some(arrived) = plastic[sum].get_mut(self.chunks.clone()) {
                noise.extend_from_slice(arrived);
                arrived.fill([T::ZERO; LANES]);
            }
        }
        for background in &self.background {
            let noise = &mut noise[background.sum];
            noise.resize(chunks, [T::ZERO; LANES]);
            counts.resize(chunks * LANES, 0.0);
            background.table.fill(simd, &mut self.generator, 1.0, counts);
            for (noise, &count) in noise.as_flattened_mut().iter_mut().zip(&*counts) {
                *noise = *noise + background.weight * T::of_count(count);
            }
        }
    }
}

/// [`Shard::step`] on an instruction set.
struct Step<'a, T> {
    shard: &'a mut Shard<T>,
    network: &'a Network,
    history: &'a History,
    step: u64,
}

impl<T: Real> Task for Step<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.shard.receive(self.network, self.history, self.step);
        self.shard.update(simd, self.step);
    }
}
