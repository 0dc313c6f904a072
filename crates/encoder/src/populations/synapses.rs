//! The synapses of a network, in the order in which they act.
//!
//! The synapses of a source lie together, sorted by the shard of their target and then by delay.
//! So in every time step, for each spike of the last steps, only one *segment* is read from end to
//! end: the synapses of that source in that shard through which the spike arrives now. The delay
//! needs no bits then, and everything that arrives in a step goes into one array of sums instead
//! of a ring of them, which stays in the second-level cache.
//!
//! A synapse is 32 bits: the place of its target in the shard in the lower ones, and its weight in
//! the upper ones, as a whole number of units. The sums are whole numbers too, so that they are
//! exact, and the same in any order.

use equipoise_simd::prefetch;

/// How many segments ahead memory is asked for.
const AHEAD: usize = 4;

/// 32-bit words of a line of the cache.
const LINE: usize = 16;

/// The synapses of a network, by source, shard, and delay.
#[derive(Debug, Clone, Default)]
pub(crate) struct Synapses {
    /// Target and weight of each.
    pub(crate) words: Vec<u32>,
    /// For each source: where its synapses begin, and where those of each shard and delay end.
    pub(crate) ends: Vec<u32>,
    /// Bits of the target.
    pub(crate) target_bits: u32,
    pub(crate) shards: usize,
    /// The longest delay, time steps.
    pub(crate) longest: usize,
}

impl Synapses {
    /// Entries of a source in `ends`.
    pub(crate) fn row(&self) -> usize {
        self.shards * self.longest + 1
    }

    /// The synapses of a source in a shard with this delay.
    #[inline(always)]
    pub(crate) fn segment(&self, source: u32, shard: usize, delay: usize) -> (u32, u32) {
        let at = source as usize * self.row() + shard * self.longest + delay;
        (self.ends[at - 1], self.ends[at])
    }

    /// All synapses of a source in a shard: delay, place of the target in the shard, and weight in
    /// units.
    pub(crate) fn of_source(
        &self,
        source: u32,
        shard: usize,
    ) -> impl Iterator<Item = (usize, u32, u32)> + '_ {
        (1..=self.longest).flat_map(move |delay| {
            let (start, end) = self.segment(source, shard, delay);
            self.words[start as usize..end as usize]
                .iter()
                .map(move |&word| (delay, self.target(word), self.weight(word)))
        })
    }

    /// The place of the target.
    #[inline(always)]
    pub(crate) fn target(&self, word: u32) -> u32 {
        word & ((1 << self.target_bits) - 1)
    }

    /// The weight in units.
    #[inline(always)]
    pub(crate) fn weight(&self, word: u32) -> u32 {
        word >> self.target_bits
    }

    /// Asks for the row of a source, whose spikes will be delivered from now on.
    #[inline(always)]
    pub(crate) fn announce(&self, source: u32, shard: usize) {
        prefetch(&self.ends[source as usize * self.row() + shard * self.longest]);
    }

    /// Adds the weights of these segments to the sums of their targets, or subtracts them.
    ///
    /// `sums` has a power of two of entries, one for every place that the bits of a target can
    /// name.
    #[inline(always)]
    pub(crate) fn deliver<const NEGATIVE: bool>(&self, segments: &[(u32, u32)], sums: &mut [i32]) {
        assert!(sums.len() == 1 << self.target_bits, "a sum for every place");
        let bits = self.target_bits;
        let last = sums.len() - 1;
        for &(start, _) in segments.iter().take(AHEAD) {
            prefetch(&self.words[start as usize]);
        }
        for (k, &(start, end)) in segments.iter().enumerate() {
            if let Some(&(start, end)) = segments.get(k + AHEAD) {
                for line in (start as usize..end as usize).step_by(LINE) {
                    prefetch(&self.words[line]);
                }
            }
            for &word in &self.words[start as usize..end as usize] {
                let weight = (word >> bits) as i32;
                let sum = &mut sums[word as usize & last];
                // Never beyond 31 bits: the network was refused if its weights could add up to
                // that.
                *sum = sum.wrapping_add(if NEGATIVE { -weight } else { weight });
            }
        }
    }
}
