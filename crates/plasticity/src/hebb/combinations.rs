//! Which mappings and allotments an experiment goes through: counted, ranked, or drawn.

use std::collections::BTreeSet;

use equipoise_random::{Stream, stream};

use super::allotment::all as all_ones;
use super::study::{Cell, OutputTypes, StudyConfig};
use super::{Allotment, Mapping};

const SAMPLE_PURPOSE: &str = "plasticity/hebb/sampled-run";
const MAPPINGS_PURPOSE: &str = "plasticity/hebb/sampled-mappings";
const ALLOTMENTS_PURPOSE: &str = "plasticity/hebb/sampled-allotments";

/// Every mapping with every allotment of every cell, or the seeded samples of them, in a fixed order.
#[derive(Debug)]
pub(super) struct Combinations {
    mappings: Mappings,
    allotments: Vec<CellAllotments>,
    per_mapping: u64,
}

/// The mappings: all that there are, or some.
#[derive(Debug)]
enum Mappings {
    All(u64),
    Chosen(Vec<Mapping>),
}

/// The allotments of one cell: all, or the chosen ranks.
#[derive(Debug)]
struct CellAllotments {
    /// The allotments of the cells before it.
    first: u64,
    chosen: Option<Vec<u64>>,
}

impl Combinations {
    /// The combinations, which [`complete_runs`] has counted.
    pub(super) fn new(config: &StudyConfig, seed: u64, cells: &[Cell]) -> Self {
        let mappings = chosen_mappings(config, seed);
        let mut first = 0;
        let mut allotments = Vec::with_capacity(cells.len());
        for (at, &cell) in cells.iter().enumerate() {
            let all = allotments_of(config, cell).expect("counted before") as u64;
            let chosen = (config.allotments > 0 && (config.allotments as u64) < all).then(|| {
                let mut stream = stream(seed, ALLOTMENTS_PURPOSE, at as u64);
                choose_ranks(all, config.allotments, &mut stream)
            });
            let count = chosen.as_ref().map_or(all, |chosen| chosen.len() as u64);
            allotments.push(CellAllotments { first, chosen });
            first += count;
        }
        Self { mappings, allotments, per_mapping: first }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        let mappings = match &self.mappings {
            Mappings::All(count) => *count,
            Mappings::Chosen(chosen) => chosen.len() as u64,
        };
        mappings * self.per_mapping
    }

    /// The mapping, the place of the cell and the allotment of one combination.
    pub(super) fn nth(
        &self,
        config: &StudyConfig,
        cells: &[Cell],
        index: u64,
    ) -> (Mapping, usize, Allotment) {
        let (mapping, allotment) = (index / self.per_mapping, index % self.per_mapping);
        let at = self.allotments.partition_point(|cell| cell.first <= allotment) - 1;
        let rank = allotment - self.allotments[at].first;
        let rank = self.allotments[at].chosen.as_ref().map_or(rank, |c| c[rank as usize]);
        let (n, layers) = (config.hebb.neurons, config.hebb.layers);
        let types = nth_types(n, layers, cells[at], config.output_types, rank);
        let mapping = match &self.mappings {
            Mappings::All(_) => Mapping::nth(n, mapping).expect("a rank below the count"),
            Mappings::Chosen(chosen) => chosen[mapping as usize].clone(),
        };
        (mapping, at, types)
    }
}

/// The mapping and the types of run `index`, drawn.
pub(super) fn sampled(
    config: &StudyConfig,
    cell: Cell,
    seed: u64,
    index: u64,
) -> (Mapping, Allotment) {
    let mut stream = stream(seed, SAMPLE_PURPOSE, index);
    let mapping = Mapping::random(config.hebb.neurons, &mut stream);
    (mapping, random_types(config, cell, &mut stream))
}

/// n over k; `None` beyond 128 bits.
fn binomial(n: usize, k: usize) -> Option<u128> {
    let k = k.min(n.checked_sub(k)?);
    (0..k as u128).try_fold(1u128, |c, i| Some(c.checked_mul(n as u128 - i)? / (i + 1)))
}

/// The allotments of a cell.
fn allotments_of(config: &StudyConfig, cell: Cell) -> Option<u128> {
    let (n, hidden) = (config.hebb.neurons, config.hebb.hidden_neurons());
    let outputs = if config.output_types == OutputTypes::Every { 1u128 << n } else { 1 };
    binomial(n, cell.inhibitory_inputs)?
        .checked_mul(binomial(hidden, cell.inhibitory_hidden)?)?
        .checked_mul(outputs)
}

/// The runs of the complete enumeration; `None` beyond what can be counted.
pub(super) fn complete_runs(config: &StudyConfig, cells: &[Cell]) -> Option<u128> {
    let wanted = config.mappings as u128;
    let mappings = match Mapping::count(config.hebb.neurons) {
        Some(count) if wanted == 0 => u128::from(count),
        Some(count) => wanted.min(u128::from(count)),
        None if wanted == 0 => return None,
        None => wanted,
    };
    let mut allotments = 0u128;
    for &cell in cells {
        let all = allotments_of(config, cell)?;
        let wanted = config.allotments as u128;
        allotments = allotments.checked_add(if wanted == 0 { all } else { wanted.min(all) })?;
        // Ranks are 64-bit numbers; a sample of more than can be ranked is not enumerated.
        if wanted > 0 && all > u128::from(u64::MAX) {
            return None;
        }
    }
    mappings.checked_mul(allotments)?.checked_mul(config.seeds as u128)
}

fn chosen_mappings(config: &StudyConfig, seed: u64) -> Mappings {
    let (n, wanted) = (config.hebb.neurons, config.mappings);
    let mut stream = stream(seed, MAPPINGS_PURPOSE, 0);
    let nth = |rank| Mapping::nth(n, rank).expect("a rank below the count");
    match Mapping::count(n) {
        Some(count) if wanted == 0 || wanted as u64 >= count => Mappings::All(count),
        Some(count) => {
            let ranks = choose_ranks(count, wanted, &mut stream);
            Mappings::Chosen(ranks.into_iter().map(nth).collect())
        }
        None => {
            // More than 20!: two draws hardly ever agree, but they shall never.
            let mut mappings = Vec::with_capacity(wanted);
            let mut seen = BTreeSet::new();
            while mappings.len() < wanted {
                let mapping = Mapping::random(n, &mut stream);
                if seen.insert(mapping.clone()) {
                    mappings.push(mapping);
                }
            }
            Mappings::Chosen(mappings)
        }
    }
}

/// `wanted` different numbers below `all`, in rising order, each set equally likely.
fn choose_ranks(all: u64, wanted: usize, stream: &mut Stream) -> Vec<u64> {
    stream.choose(all as usize, wanted).into_iter().map(|rank| rank as u64).collect()
}

/// The `rank`-th allotment of a cell: the outputs' types change fastest, then the hidden ones'.
fn nth_types(n: usize, layers: usize, cell: Cell, outputs: OutputTypes, rank: u64) -> Allotment {
    let hidden = (layers - 2) * n;
    let (output_mask, rank) = match outputs {
        OutputTypes::Excitatory => (0, rank),
        OutputTypes::Inhibitory => (all_ones(n), rank),
        OutputTypes::Every => (rank & all_ones(n), rank >> (n - 1) >> 1),
    };
    let hidden_sets = binomial(hidden, cell.inhibitory_hidden).expect("counted before");
    let (input_rank, hidden_rank) =
        (u128::from(rank) / hidden_sets, u128::from(rank) % hidden_sets);
    let inputs = nth_subset(n, cell.inhibitory_inputs, input_rank);
    let hidden = nth_subset(hidden, cell.inhibitory_hidden, hidden_rank);
    types_of(n, layers, &inputs, &hidden, output_mask)
}

/// The `rank`-th set of `k` of `n` numbers, in lexicographic order.
fn nth_subset(n: usize, k: usize, mut rank: u128) -> Vec<usize> {
    let mut set = Vec::with_capacity(k);
    for candidate in 0..n {
        let left = k - set.len();
        if left == 0 {
            break;
        }
        let with = binomial(n - candidate - 1, left - 1).expect("less than was counted before");
        if rank < with {
            set.push(candidate);
        } else {
            rank -= with;
        }
    }
    set
}

fn random_types(config: &StudyConfig, cell: Cell, stream: &mut Stream) -> Allotment {
    let (n, layers) = (config.hebb.neurons, config.hebb.layers);
    let inputs = stream.choose(n, cell.inhibitory_inputs);
    let hidden = stream.choose(config.hebb.hidden_neurons(), cell.inhibitory_hidden);
    let output_mask = match config.output_types {
        OutputTypes::Excitatory => 0,
        OutputTypes::Inhibitory => all_ones(n),
        OutputTypes::Every => stream.next_u64() & all_ones(n),
    };
    types_of(n, layers, &inputs, &hidden, output_mask)
}

fn types_of(
    n: usize,
    layers: usize,
    inputs: &[usize],
    hidden: &[usize],
    outputs: u64,
) -> Allotment {
    let mut masks = vec![0u64; layers];
    for input in inputs {
        masks[0] |= 1 << input;
    }
    for neuron in hidden {
        masks[1 + neuron / n] |= 1 << (neuron % n);
    }
    masks[layers - 1] = outputs;
    Allotment::from_masks(n, &masks).expect("masks within their layers")
}
