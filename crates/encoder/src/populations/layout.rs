//! Where neurons lie in memory, and which thread has which.
//!
//! Neurons are numbered through all populations; *slots* are the places of those that are
//! simulated (spike sources have none). Slots come in blocks of one population, a whole number of
//! registers long. A shard is a run of blocks: what one thread has. The blocks, and every number
//! that is computed, do not depend on the number of shards.

use equipoise_simd::LANES;

use super::settings::Settings;

/// Most slots of a block; each block has a generator of background spikes of its own.
pub(crate) const BLOCK: usize = 512;

/// Neurons of one population that lie together.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) population: usize,
    /// Number of its first neuron.
    pub(crate) first: usize,
    /// Its neurons.
    pub(crate) neurons: usize,
    /// Its first slot.
    pub(crate) slot: usize,
}

impl Block {
    /// Its slots, those without a neuron included.
    pub(crate) fn slots(&self) -> usize {
        self.neurons.next_multiple_of(LANES)
    }
}

/// Where the neurons of a network lie.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) blocks: Vec<Block>,
    /// Slots of all blocks.
    pub(crate) slots: usize,
    /// The first slot of each population; spike sources have that of the next.
    pub(crate) first_slots: Vec<usize>,
    /// The blocks of each shard.
    pub(crate) shards: Vec<std::ops::Range<usize>>,
}

impl Layout {
    /// The layout of a network, for up to this many threads.
    pub(crate) fn new(settings: &Settings, threads: usize) -> Self {
        let mut blocks = Vec::new();
        let mut first_slots = Vec::new();
        let mut slots = 0;
        let firsts = settings.firsts();
        for (population, described) in settings.populations.iter().enumerate() {
            first_slots.push(slots);
            if described.source.is_some() {
                continue;
            }
            for start in (0..described.size).step_by(BLOCK) {
                let neurons = BLOCK.min(described.size - start);
                let block =
                    Block { population, first: firsts[population] + start, neurons, slot: slots };
                slots += block.slots();
                blocks.push(block);
            }
        }
        let received = received(settings);
        // A neuron's own update costs about as much as twenty synapses.
        let cost = |block: &Block| (20.0 + received[block.population]) * block.neurons as f64;
        let total: f64 = blocks.iter().map(cost).sum();
        let count = threads.clamp(1, blocks.len().max(1));
        let mut shards = Vec::with_capacity(count);
        let (mut start, mut done) = (0, 0.0);
        for shard in 0..count {
            let left = count - shard - 1;
            let mut end = start;
            let share = total * (shard + 1) as f64 / count as f64;
            while end < blocks.len() - left.min(blocks.len()) {
                let cost = cost(&blocks[end]);
                if end > start && left > 0 && done + 0.5 * cost > share {
                    break;
                }
                done += cost;
                end += 1;
            }
            shards.push(start..end);
            start = end;
        }
        Self { blocks, slots, first_slots, shards }
    }

    /// The slots of a shard.
    pub(crate) fn shard_slots(&self, shard: usize) -> std::ops::Range<usize> {
        let start = |block: usize| self.blocks.get(block).map_or(self.slots, |block| block.slot);
        start(self.shards[shard].start)..start(self.shards[shard].end)
    }

    /// The bits that a slot's number takes.
    pub(crate) fn slot_bits(&self) -> u32 {
        usize::BITS - self.slots.saturating_sub(1).max(1).leading_zeros()
    }
}

/// The mean number of synapses of a neuron of each population.
pub(crate) fn received(settings: &Settings) -> Vec<f64> {
    let mut received = vec![0.0; settings.populations.len()];
    for projection in &settings.projections {
        if let Some(target) = settings.population(&projection.target) {
            let size = settings.populations[target].size.max(1);
            received[target] += settings.synapses(projection) / size as f64;
        }
    }
    received
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Population, Source};
    use super::*;

    #[test]
    fn every_neuron_has_a_place_in_one_shard() {
        let source = Population { source: Some(Source { rate: 1.0 }), ..Population::new("s", 99) };
        let populations = vec![Population::new("a", 1300), source, Population::new("b", 3)];
        let settings = Settings { populations, ..Settings::default() };
        for threads in [1, 2, 3, 4, 50] {
            let layout = Layout::new(&settings, threads);
            assert_eq!(
                layout.blocks.iter().map(|b| b.neurons).collect::<Vec<_>>(),
                [512, 512, 276, 3]
            );
            assert_eq!(
                layout.blocks.iter().map(|b| b.slot).collect::<Vec<_>>(),
                [0, 512, 1024, 1312]
            );
            assert_eq!(layout.blocks[3].first, 1399);
            assert_eq!(layout.slots, 1328);
            assert_eq!(layout.slot_bits(), 11);
            assert_eq!(layout.first_slots, [0, 1312, 1312]);
            assert_eq!(layout.shards.len(), threads.min(4));
            assert!(layout.shards.iter().all(|shard| !shard.is_empty()));
            assert_eq!(layout.shards[0].start, 0);
            assert!(layout.shards.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert_eq!(layout.shards.last().map(|shard| shard.end), Some(4));
        }
    }
}
