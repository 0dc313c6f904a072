//! Which neuron receives from which: drawing fixed in-degrees, and storing the connections by source.
//!
//! Targets are cut into blocks, and each block keeps its own connections from every source, so
//! that one thread can deliver all spikes to its blocks without touching another's. A block
//! stores them as rows of bits where they are dense and of equal weight
//! ([`counting`](super::counting)), as sorted lists of targets of 16 bits where they are sparse.

use equipoise_random::{Stream, stream};
use equipoise_simd::prefetch;

use super::counting::{BLOCK, Row};

/// Neurons of a block whose connections are lists.
pub(crate) const LIST_BLOCK: usize = 8192;

/// A row of bits is worth it from this connection probability on: it costs about as much to
/// deliver as a list of 20 of the block's 1,024 neurons.
const DENSE: f64 = 1.0 / 40.0;

/// Spikes by which lists are fetched ahead of their delivery.
const AHEAD: usize = 4;

/// The connections onto one block of targets.
#[derive(Debug, Clone)]
pub(crate) enum Connections {
    /// One row of bits a source.
    Rows(Vec<Row>),
    /// The targets of source s are `targets[offsets[s]..offsets[s + 1]]`, ascending, relative to
    /// the block's first neuron; their weights, in units of the common one, if they differ.
    Lists { offsets: Vec<u32>, targets: Vec<u16>, weights: Option<Vec<f32>> },
}

impl Connections {
    /// Memory, bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Rows(rows) => std::mem::size_of_val(rows.as_slice()),
            Self::Lists { offsets, targets, weights } => {
                4 * offsets.len() + 2 * targets.len() + 4 * weights.as_ref().map_or(0, Vec::len)
            }
        }
    }

    /// Connections stored.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.iter().map(Row::count).sum(),
            Self::Lists { targets, .. } => targets.len(),
        }
    }

    /// Adds what the sources that fired send through lists; rows are counted instead
    /// ([`Arrived`](super::counting::Arrived)).
    #[inline(always)]
    pub(crate) fn deliver(&self, sources: &[u32], weight: f32, out: &mut [f32]) {
        let Self::Lists { offsets, targets, weights } = self else { return };
        for (k, &source) in sources.iter().enumerate() {
            // Who fires is random, so the hardware cannot know which list comes next.
            if let Some(&later) = sources.get(k + 2 * AHEAD) {
                prefetch(&offsets[later as usize]);
            }
            if let Some(&soon) = sources.get(k + AHEAD) {
                let start = offsets[soon as usize] as usize;
                let end = offsets[soon as usize + 1] as usize;
                targets[start..end].iter().step_by(32).for_each(prefetch);
            }
            let range = offsets[source as usize] as usize..offsets[source as usize + 1] as usize;
            match weights {
                None => {
                    for &target in &targets[range] {
                        out[usize::from(target)] += weight;
                    }
                }
                Some(weights) => {
                    for (&target, factor) in targets[range.clone()].iter().zip(&weights[range]) {
                        out[usize::from(target)] += weight * factor;
                    }
                }
            }
        }
    }

    /// The targets of a source relative to the block's first neuron, ascending.
    pub(crate) fn targets(&self, source: usize) -> Vec<usize> {
        match self {
            Self::Rows(rows) => (0..BLOCK).filter(|&i| rows[source].has(i)).collect(),
            Self::Lists { offsets, targets, .. } => targets
                [offsets[source] as usize..offsets[source + 1] as usize]
                .iter()
                .map(|&t| usize::from(t))
                .collect(),
        }
    }
}

/// How the connections of a projection are to be stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Storage {
    Rows,
    Lists,
}

/// The storage that suits a projection of this connection probability.
pub(crate) fn storage(probability: f64, multapses: bool, weighted: bool) -> Storage {
    if probability >= DENSE && !multapses && !weighted { Storage::Rows } else { Storage::Lists }
}

/// Memory of the recurrent connections of a network of so many neurons, bytes, and of as much again for
/// one block while it is built.
pub(crate) fn bytes(neurons: usize, in_degree: usize, storage: Storage, weighted: bool) -> f64 {
    let n = neurons as f64;
    let (all, block) = match storage {
        Storage::Rows => (n * n / 8.0, n * BLOCK as f64 / 8.0),
        Storage::Lists => {
            let each = if weighted { 6.0 } else { 2.0 };
            let in_block = n.min(LIST_BLOCK as f64) * in_degree as f64;
            let blocks = (n / LIST_BLOCK as f64).ceil();
            (each * n * in_degree as f64 + 4.0 * n * blocks, (8.0 + 2.0 * each) * in_block)
        }
    };
    all + block
}

/// Collects the connections onto a block, target by target, and sorts them by source.
pub(crate) struct Builder {
    sources: usize,
    storage: Storage,
    rows: Vec<Row>,
    pairs: Vec<(u32, u16)>,
    weights: Option<Vec<f32>>,
}

impl Builder {
    pub(crate) fn new(sources: usize, storage: Storage, weighted: bool) -> Self {
        let rows = if storage == Storage::Rows { vec![Row::EMPTY; sources] } else { Vec::new() };
        Self { sources, storage, rows, pairs: Vec::new(), weights: weighted.then(Vec::new) }
    }

    /// Connects the source to the target, a neuron of the block.
    pub(crate) fn connect(&mut self, source: u32, target: u16) {
        match self.storage {
            Storage::Rows => {
                self.rows[source as usize].set(usize::from(target));
            }
            Storage::Lists => self.pairs.push((source, target)),
        }
    }

    /// The weight of the connection made last.
    pub(crate) fn weigh(&mut self, weight: f32) {
        if let Some(weights) = &mut self.weights {
            weights.push(weight);
        }
    }

    /// The connections by source. Targets must have come in ascending order.
    pub(crate) fn finish(self) -> Connections {
        if self.storage == Storage::Rows {
            return Connections::Rows(self.rows);
        }
        let mut offsets = vec![0u32; self.sources + 1];
        for &(source, _) in &self.pairs {
            offsets[source as usize + 1] += 1;
        }
        for s in 0..self.sources {
            offsets[s + 1] += offsets[s];
        }
        let mut next = offsets.clone();
        let mut targets = vec![0; self.pairs.len()];
        let mut weights = self.weights.as_ref().map(|w| vec![0.0; w.len()]);
        for (k, &(source, target)) in self.pairs.iter().enumerate() {
            let slot = &mut next[source as usize];
            targets[*slot as usize] = target;
            if let (Some(to), Some(from)) = (&mut weights, &self.weights) {
                to[*slot as usize] = from[k];
            }
            *slot += 1;
        }
        Connections::Lists { offsets, targets, weights }
    }
}

/// Draws sets of sources by Floyd's algorithm (Bentley & Floyd 1987, Commun. ACM 30:754), with a
/// bit for each candidate where the general one keeps a hash set.
pub(crate) struct Sampler {
    taken: Vec<u64>,
    chosen: Vec<u32>,
}

impl Sampler {
    pub(crate) fn new() -> Self {
        Self { taken: Vec::new(), chosen: Vec::new() }
    }

    /// `count` numbers below `n`, all different unless `repeats`, each set equally likely.
    pub(crate) fn draw(
        &mut self,
        stream: &mut Stream,
        n: usize,
        count: usize,
        repeats: bool,
    ) -> &[u32] {
        self.chosen.clear();
        if repeats {
            self.chosen.extend((0..count).map(|_| stream.below(n) as u32));
            return &self.chosen;
        }
        self.taken.resize(n.div_ceil(64).max(self.taken.len()), 0);
        for top in n - count..n {
            let candidate = stream.below(top + 1);
            let free = self.taken[candidate / 64] >> (candidate % 64) & 1 == 0;
            let pick = if free { candidate } else { top };
            self.taken[pick / 64] |= 1 << (pick % 64);
            self.chosen.push(pick as u32);
        }
        for &pick in &self.chosen {
            self.taken[pick as usize / 64] = 0;
        }
        &self.chosen
    }
}

/// The recurrent connections onto the neurons `first..first + neurons`.
pub(crate) struct Recurrent {
    pub(crate) excitatory_neurons: usize,
    pub(crate) inhibitory_neurons: usize,
    pub(crate) excitatory_connections: usize,
    pub(crate) inhibitory_connections: usize,
    pub(crate) multapses: bool,
    pub(crate) autapses: bool,
    /// Coefficient of variation of the weights; 0 for equal weights.
    pub(crate) weight_variation: f64,
    pub(crate) storage: Storage,
    pub(crate) seed: u64,
}

impl Recurrent {
    /// Draws the connections: each neuron its own stream, so that they depend on no block size.
    pub(crate) fn build(&self, first: usize, neurons: usize) -> Connections {
        let weighted = self.weight_variation > 0.0;
        let sources = self.excitatory_neurons + self.inhibitory_neurons;
        let mut builder = Builder::new(sources, self.storage, weighted);
        let mut sampler = Sampler::new();
        for target in first..first + neurons {
            let mut connectivity = stream(self.seed, "encoder/connectivity", target as u64);
            let mut weights = stream(self.seed, "encoder/weights", target as u64);
            let populations = [
                (0, self.excitatory_neurons, self.excitatory_connections),
                (self.excitatory_neurons, self.inhibitory_neurons, self.inhibitory_connections),
            ];
            for (start, size, connections) in populations {
                if connections == 0 {
                    continue;
                }
                // A neuron is no candidate of its own: those after it move up by one.
                let inside = !self.autapses && (start..start + size).contains(&target);
                let candidates = size - usize::from(inside);
                let drawn =
                    sampler.draw(&mut connectivity, candidates, connections, self.multapses);
                for &k in drawn {
                    let source = start + k as usize;
                    let source = source + usize::from(inside && source >= target);
                    builder.connect(source as u32, (target - first) as u16);
                    if weighted {
                        let factor = 1.0 + self.weight_variation * weights.normal();
                        builder.weigh(factor.max(0.0) as f32);
                    }
                }
            }
        }
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn recurrent(storage: Storage, multapses: bool) -> Recurrent {
        Recurrent {
            excitatory_neurons: 80,
            inhibitory_neurons: 20,
            excitatory_connections: 8,
            inhibitory_connections: 2,
            multapses,
            autapses: false,
            weight_variation: 0.0,
            storage,
            seed: 5,
        }
    }

    #[test]
    fn rows_and_lists_hold_the_same_connections() {
        let rows = recurrent(Storage::Rows, false).build(0, 100);
        let lists = recurrent(Storage::Lists, false).build(0, 100);
        for source in 0..100 {
            assert_eq!(rows.targets(source), lists.targets(source));
        }
        assert_eq!(rows.count(), 1000);
        assert_eq!(lists.count(), 1000);
    }

    #[test]
    fn blocks_do_not_change_the_connections() {
        let whole = recurrent(Storage::Lists, false).build(0, 100);
        let parts = [0, 50].map(|first| recurrent(Storage::Lists, false).build(first, 50));
        for source in 0..100 {
            let joined: Vec<usize> = parts[0]
                .targets(source)
                .into_iter()
                .chain(parts[1].targets(source).into_iter().map(|t| t + 50))
                .collect();
            assert_eq!(whole.targets(source), joined);
        }
    }

    #[test]
    fn out_degrees_are_binomial() {
        // Each neuron draws 40 of 200 without repeats, so out-degrees have the mean 40 and the
        // variance 200 * 0.2 * 0.8 up to the missing autapse.
        let network = Recurrent {
            excitatory_neurons: 200,
            inhibitory_neurons: 0,
            excitatory_connections: 40,
            inhibitory_connections: 0,
            ..recurrent(Storage::Rows, false)
        };
        let connections = network.build(0, 200);
        let degrees: Vec<f64> = (0..200).map(|s| connections.targets(s).len() as f64).collect();
        let mean = degrees.iter().sum::<f64>() / 200.0;
        let variance = degrees.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 199.0;
        assert_eq!(mean, 40.0);
        // The standard error of a variance of 200 numbers is 10 %.
        assert!((variance / 32.0 - 1.0).abs() < 0.4, "{variance}");
    }

    #[test]
    fn drawn_weights_vary_as_asked() {
        let network = Recurrent { weight_variation: 0.2, ..recurrent(Storage::Lists, false) };
        let Connections::Lists { weights: Some(weights), .. } = network.build(0, 100) else {
            panic!("weights that vary are kept in lists");
        };
        let n = weights.len() as f64;
        let mean = weights.iter().map(|&w| f64::from(w)).sum::<f64>() / n;
        let sd = (weights.iter().map(|&w| (f64::from(w) - mean).powi(2)).sum::<f64>() / n).sqrt();
        assert!((mean - 1.0).abs() < 0.03 && (sd - 0.2).abs() < 0.02, "{mean} {sd}");
    }

    proptest! {
        #[test]
        fn in_degrees_are_exact_and_no_neuron_receives_from_itself(
            excitatory in 2usize..120,
            inhibitory in 2usize..60,
            share in 0.0f64..=1.0,
            multapses: bool,
            seed: u64,
        ) {
            let network = Recurrent {
                excitatory_neurons: excitatory,
                inhibitory_neurons: inhibitory,
                excitatory_connections: (share * (excitatory - 1) as f64) as usize,
                inhibitory_connections: (share * (inhibitory - 1) as f64) as usize,
                multapses,
                autapses: false,
                weight_variation: 0.0,
                storage: Storage::Lists,
                seed,
            };
            let n = excitatory + inhibitory;
            let connections = network.build(0, n);
            let mut received = vec![[0usize; 2]; n];
            for source in 0..n {
                let targets = connections.targets(source);
                prop_assert!(targets.windows(2).all(|w| w[0] < w[1] || (multapses && w[0] == w[1])));
                for target in targets {
                    prop_assert!(target != source);
                    received[target][usize::from(source >= excitatory)] += 1;
                }
            }
            let expected = [network.excitatory_connections, network.inhibitory_connections];
            prop_assert!(received.iter().all(|&r| r == expected));
        }
    }
}
