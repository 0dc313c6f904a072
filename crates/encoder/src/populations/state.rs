//! A simulation on disk: saved, and gone on with in another process, on any number of threads.
//!
//! Numbers are little-endian and in the order of the slots of all shards, which does not depend on
//! how many shards there are. States of 32 bits are written in 64, which loses nothing. The digest
//! tells the network (its settings and seed) from others; whoever keeps the bytes guards them
//! against damage.

use equipoise_simd::LANES;

use super::build::Network;
use super::error::PopulationsError;
use super::shard::Shard;
use super::simulate::{Simulation, State};
use super::update::Real;
use crate::network::noise::LaneGenerator;

/// How the bytes begin; another number is another form.
const MAGIC: &[u8; 8] = b"eq-pop\x00\x01";

impl<'a> Simulation<'a> {
    /// Everything that the simulation goes on from, as bytes for [`Simulation::restore`].
    pub fn save(&self) -> Vec<u8> {
        let mut out = Writer(MAGIC.to_vec());
        out.number(self.network.digest());
        out.number(self.step);
        out.number(u64::from(self.is_learning()));
        self.background.iter().for_each(|&factor| out.real(factor));
        match &self.state {
            State::Single(shards) => save_shards(shards, self.network, self.step, &mut out),
            State::Double(shards) => save_shards(shards, self.network, self.step, &mut out),
        }
        for list in self.history.lists.iter().flatten() {
            out.number(list.len() as u64);
            list.iter().for_each(|&source| out.word(source));
        }
        out.number(self.sources.seed);
        for sources in &self.sources.populations {
            sources.cumulated.iter().for_each(|&rate| out.real(rate));
            out.number(sources.given.len() as u64);
            for &(step, source) in &sources.given {
                out.number(step);
                out.word(source);
            }
        }
        out.0
    }

    /// A simulation of this network that goes on where [`Simulation::save`] was called, with the
    /// same numbers, whatever the number of threads there and here.
    ///
    /// # Errors
    /// If the bytes are not a simulation of this network.
    pub fn restore(network: &'a Network, bytes: &[u8]) -> Result<Self, PopulationsError> {
        let wrong = |reason: &str| {
            PopulationsError::Request(format!(
                "this is no saved simulation of the network: {reason}"
            ))
        };
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| wrong("it begins with other bytes"))?;
        let mut from = Reader(rest);
        let short = || wrong("it is cut short or damaged");
        if from.number().ok_or_else(short)? != network.digest() {
            return Err(wrong("its settings or its seed are others"));
        }
        let mut simulation = Self::new(network, 0);
        read(&mut simulation, &mut from).ok_or_else(short)?;
        if !from.0.is_empty() {
            return Err(wrong("it is longer than that"));
        }
        Ok(simulation)
    }
}

impl Network {
    /// Tells networks apart: FNV-1a over settings and seed.
    fn digest(&self) -> u64 {
        let text = format!("{:?}{}", self.settings, self.seed);
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }
}

fn read(simulation: &mut Simulation<'_>, from: &mut Reader<'_>) -> Option<()> {
    let network = simulation.network;
    let neurons = network.settings.neurons() as u32;
    simulation.step = from.number()?;
    let learning = from.number()? != 0;
    for population in 0..network.settings.populations.len() {
        simulation.scale_background(population, from.real()?).ok()?;
    }
    let step = simulation.step;
    match &mut simulation.state {
        State::Single(shards) => read_shards(shards, network, step, from)?,
        State::Double(shards) => read_shards(shards, network, step, from)?,
    }
    simulation.set_learning(learning);
    for list in simulation.history.lists.iter_mut().flatten() {
        let count = from.number()?;
        for _ in 0..count {
            list.push(from.word().filter(|&source| source < neurons)?);
        }
    }
    simulation.sources.seed = from.number()?;
    for sources in &mut simulation.sources.populations {
        let size = sources.cumulated.len() as u32;
        for rate in &mut sources.cumulated {
            *rate = from.real()?;
        }
        let count = from.number()?;
        for _ in 0..count {
            let when = from.number()?;
            sources.given.push((when, from.word().filter(|&source| source < size)?));
        }
    }
    Some(())
}

fn save_shards<T: Real>(shards: &[Shard<T>], network: &Network, step: u64, out: &mut Writer) {
    let slots = |shard: &Shard<T>| shard.potential.len();
    for shard in shards {
        shard.potential.iter().flatten().for_each(|&potential| out.real(potential.wide()));
    }
    for kind in 0..2 {
        for shard in shards {
            shard.currents[kind].iter().flatten().for_each(|&current| out.real(current.wide()));
        }
    }
    for shard in shards {
        // A shard without a neuron that adapts has no list of it.
        if shard.adaptation.is_empty() {
            (0..slots(shard) * LANES).for_each(|_| out.real(0.0));
        }
        shard.adaptation.iter().flatten().for_each(|&current| out.real(current.wide()));
    }
    for block in shards.iter().flat_map(|shard| &shard.blocks) {
        block.generator.state().iter().flatten().for_each(|&word| out.word(word));
    }
    let mut first = 0;
    let mut held = Vec::new();
    for shard in shards {
        for later in 1..=shard.release.len() as u64 {
            let at = ((step + later) % shard.release.len() as u64) as usize;
            held.extend(shard.release[at].iter().map(|slot| (first + slot, later)));
        }
        first += (slots(shard) * LANES) as u32;
    }
    held.sort_unstable();
    out.number(held.len() as u64);
    for (slot, later) in held {
        out.word(slot);
        out.word(later as u32);
    }
    for (p, plastic) in network.plastic.iter().enumerate() {
        shards[0].plastic[p].before.iter().for_each(|&trace| out.real(trace));
        for shard in shards {
            let state = &shard.plastic[p];
            state.after.iter().for_each(|&trace| out.real(trace));
        }
        for shard in shards {
            let weights = &shard.plastic[p].weights;
            plastic.order(shard.index).iter().for_each(|&at| out.real(weights[at as usize]));
        }
    }
}

fn read_shards<T: Real>(
    shards: &mut [Shard<T>],
    network: &Network,
    step: u64,
    from: &mut Reader<'_>,
) -> Option<()> {
    for shard in &mut *shards {
        for potential in shard.potential.as_flattened_mut() {
            *potential = T::of(from.real()?);
        }
    }
    for kind in 0..2 {
        for shard in &mut *shards {
            for current in shard.currents[kind].as_flattened_mut() {
                *current = T::of(from.real()?);
            }
        }
    }
    for shard in &mut *shards {
        for slot in 0..shard.potential.len() * LANES {
            let current = T::of(from.real()?);
            if let Some(own) = shard.adaptation.as_flattened_mut().get_mut(slot) {
                *own = current;
            }
        }
    }
    for block in shards.iter_mut().flat_map(|shard| &mut shard.blocks) {
        let mut state = [[0; LANES]; 4];
        for word in state.as_flattened_mut() {
            *word = from.word()?;
        }
        block.generator = LaneGenerator::from_state(state);
    }
    let count = from.number()?;
    for _ in 0..count {
        let (mut slot, later) = (from.word()? as usize, u64::from(from.word()?));
        let mut shards = shards.iter_mut();
        let shard = loop {
            let shard = shards.next()?;
            let slots = shard.potential.len() * LANES;
            if slot < slots {
                break shard;
            }
            slot -= slots;
        };
        let length = shard.release.len() as u64;
        if later == 0 || later > length {
            return None;
        }
        shard.release[((step + later) % length) as usize].push(slot as u32);
    }
    for (p, plastic) in network.plastic.iter().enumerate() {
        let before = (0..shards[0].plastic[p].before.len())
            .map(|_| from.real())
            .collect::<Option<Vec<f64>>>()?;
        for shard in &mut *shards {
            shard.plastic[p].before.clone_from(&before);
            for trace in &mut shard.plastic[p].after {
                *trace = from.real()?;
            }
        }
        for shard in &mut *shards {
            let weights = &mut shard.plastic[p].weights;
            for &at in plastic.order(shard.index) {
                weights[at as usize] = from.real()?;
            }
        }
    }
    Some(())
}

/// Numbers into bytes.
struct Writer(Vec<u8>);

impl Writer {
    fn word(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn number(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn real(&mut self, value: f64) {
        self.number(value.to_bits());
    }
}

/// Numbers from bytes; none where they end.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn word(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*first))
    }

    fn number(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }

    fn real(&mut self) -> Option<f64> {
        self.number().map(f64::from_bits)
    }
}
