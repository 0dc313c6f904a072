//! A whole experiment: which runs there are, and running them.

use std::ops::{ControlFlow, Range};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use equipoise_random::{Stream, stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::trainer::WEIGHTS_PURPOSE;
use super::{
    Allotment, HebbConfig, HebbError, Mapping, Network, Outcome, Row, Summary, Trainer,
    Trajectories,
};

const SAMPLE_PURPOSE: &str = "plasticity/hebb/sampled-run";
const MAPPINGS_PURPOSE: &str = "plasticity/hebb/sampled-mappings";
const ALLOTMENTS_PURPOSE: &str = "plasticity/hebb/sampled-allotments";

/// Runs in a chunk, the unit of parallel work and of resuming.
const CHUNK: u64 = 1024;

/// An experiment over mappings, ratios, allotments and seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StudyConfig {
    /// The network and its rule.
    pub hebb: HebbConfig,
    /// How the runs are chosen.
    pub enumeration: Enumeration,
    /// The most runs of a complete enumeration.
    pub enumeration_limit: u64,
    /// The numbers of inhibitory input neurons; empty for every one, 0 to `neurons`.
    pub inhibitory_inputs: Vec<usize>,
    /// The numbers of inhibitory hidden neurons; empty for every one.
    pub inhibitory_hidden: Vec<usize>,
    /// The types of the output neurons, which matter only where an output is ever presynaptic.
    pub output_types: OutputTypes,
    /// Enumeration: mappings to try, a seeded sample without repeats; 0 for all `neurons!`.
    pub mappings: usize,
    /// Enumeration: allotments to try in each cell, a seeded sample without repeats; 0 for all.
    pub allotments: usize,
    /// Enumeration: runs of each mapping and allotment, each with initial weights of its own.
    pub seeds: usize,
    /// Sampling: runs in each cell, each with a mapping, an allotment and weights of its own.
    pub runs_per_cell: usize,
}

impl Default for StudyConfig {
    fn default() -> Self {
        Self {
            hebb: HebbConfig::default(),
            enumeration: Enumeration::Auto,
            enumeration_limit: 1_000_000,
            inhibitory_inputs: Vec::new(),
            inhibitory_hidden: Vec::new(),
            output_types: OutputTypes::Excitatory,
            mappings: 0,
            allotments: 0,
            seeds: 20,
            runs_per_cell: 2000,
        }
    }
}

/// How the runs of an experiment are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enumeration {
    /// Complete if it is within the limit, else sampled; [`Plan::note`] says so.
    Auto,
    /// Every mapping, ratio and allotment (or the seeded samples of them), over all seeds.
    Complete,
    /// A number of random runs in each cell.
    Sample,
}

/// The types of the output neurons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputTypes {
    /// All excitatory.
    Excitatory,
    /// All inhibitory.
    Inhibitory,
    /// Every allotment of types to outputs is enumerated, or drawn with equal chances.
    Every,
}

/// The place of a run on the two axes of excitation and inhibition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Inhibitory input neurons.
    pub inhibitory_inputs: usize,
    /// Inhibitory hidden neurons, of all hidden layers together.
    pub inhibitory_hidden: usize,
}

/// What one run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSpec {
    /// Its place in the plan, which names the stream of its initial weights.
    pub index: u64,
    /// Its ratios.
    pub cell: Cell,
    /// The mapping it is to learn.
    pub mapping: Mapping,
    /// The types of its neurons.
    pub types: Allotment,
    /// Enumeration: the number of the seed, from 0; sampling: the run's number in its cell.
    pub repeat: u64,
}

/// The runs of an experiment, in a fixed order. Run `i` is a function of the configuration and
/// `i` alone, so any part can be run at any time, on any thread, with the same result.
#[derive(Debug)]
pub struct Plan {
    config: StudyConfig,
    seed: u64,
    cells: Vec<Cell>,
    runs: u64,
    scheme: Scheme,
    note: Option<String>,
    /// Made by the first run.
    table: OnceLock<Option<Trajectories>>,
}

#[derive(Debug)]
enum Scheme {
    /// `index = (mapping * allotments + allotment) * seeds + seed`.
    Complete { mappings: Vec<Mapping>, allotments: Vec<CellAllotments>, per_mapping: u64 },
    /// `index = cell * runs_per_cell + repeat`.
    Sample,
}

/// The allotments of one cell: all, or the chosen ranks.
#[derive(Debug)]
struct CellAllotments {
    first: u64,
    chosen: Option<Vec<u64>>,
}

impl Plan {
    /// Lays out the runs; every random number of theirs comes from `seed`.
    ///
    /// # Errors
    /// [`HebbError`] if a setting is out of range, or if a complete enumeration is asked for and
    /// has more runs than the limit.
    pub fn new(config: &StudyConfig, seed: u64) -> Result<Self, HebbError> {
        config.hebb.validate()?;
        let (n, hidden) = (config.hebb.neurons, config.hebb.hidden_neurons());
        let inputs = axis("inhibitory_inputs", &config.inhibitory_inputs, n)?;
        let hiddens = axis("inhibitory_hidden", &config.inhibitory_hidden, hidden)?;
        let at_least_one = [
            ("seeds", config.seeds),
            ("runs_per_cell", config.runs_per_cell),
            ("enumeration_limit", config.enumeration_limit.min(1) as usize),
        ];
        if let Some((setting, value)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
            return Err(HebbError::setting(setting, value, "it is at least 1"));
        }
        let cells: Vec<Cell> = inputs
            .iter()
            .flat_map(|&inhibitory_inputs| {
                hiddens
                    .iter()
                    .map(move |&inhibitory_hidden| Cell { inhibitory_inputs, inhibitory_hidden })
            })
            .collect();

        let total = complete_runs(config, &cells);
        let within = total.is_some_and(|total| total <= u128::from(config.enumeration_limit));
        let told = total.map_or("more than 10^38".to_owned(), |total| total.to_string());
        let (complete, note) = match (config.enumeration, within) {
            (Enumeration::Sample, _) => (false, None),
            (_, true) => (true, None),
            (Enumeration::Complete, false) => {
                return Err(HebbError::NotEnumerable {
                    neurons: n,
                    runs: told,
                    limit: config.enumeration_limit,
                });
            }
            (Enumeration::Auto, false) => {
                let note = format!(
                    "a complete enumeration of {n} neurons a layer has {told} runs, more than \
                     enumeration_limit {}; {} random runs of each of the {} cells stand for it",
                    config.enumeration_limit,
                    config.runs_per_cell,
                    cells.len()
                );
                (false, Some(note))
            }
        };
        let (scheme, runs) = if complete {
            complete_scheme(config, seed, &cells)
        } else {
            let runs = (config.runs_per_cell as u64).checked_mul(cells.len() as u64);
            let wanted = "it times the number of cells fits 64 bits";
            let runs = runs
                .ok_or_else(|| HebbError::setting("runs_per_cell", config.runs_per_cell, wanted))?;
            (Scheme::Sample, runs)
        };
        Ok(Self { config: config.clone(), seed, cells, runs, scheme, note, table: OnceLock::new() })
    }

    /// The seed of the plan's random numbers.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The configuration.
    pub fn config(&self) -> &StudyConfig {
        &self.config
    }

    /// The cells, in the order of the plan.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The number of runs.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Whether every combination is run, and not a sample in each cell.
    pub fn is_complete(&self) -> bool {
        matches!(self.scheme, Scheme::Complete { .. })
    }

    /// What the reader must know about the choice of runs: that the enumeration was too large and
    /// is sampled.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether the runs share the table of [`Trajectories`]. The results are the same.
    pub fn shares_trajectories(&self) -> bool {
        Trajectories::apply_to(&self.config.hebb)
    }

    /// The number of chunks, the unit in which runs are done and recorded.
    pub fn chunks(&self) -> usize {
        self.runs.div_ceil(CHUNK) as usize
    }

    /// The runs of one chunk.
    pub fn chunk(&self, chunk: usize) -> Range<u64> {
        let first = (chunk as u64).saturating_mul(CHUNK).min(self.runs);
        first..first.saturating_add(CHUNK).min(self.runs)
    }

    /// What run number `index` is.
    ///
    /// # Panics
    /// If there is no such run.
    pub fn run_spec(&self, index: u64) -> RunSpec {
        assert!(index < self.runs, "run {index} of {}", self.runs);
        let (n, layers) = (self.config.hebb.neurons, self.config.hebb.layers);
        match &self.scheme {
            Scheme::Sample => {
                let per_cell = self.config.runs_per_cell as u64;
                let cell = self.cells[(index / per_cell) as usize];
                let mut stream = stream(self.seed, SAMPLE_PURPOSE, index);
                let mapping = Mapping::random(n, &mut stream);
                let types = random_types(&self.config, cell, &mut stream);
                RunSpec { index, cell, mapping, types, repeat: index % per_cell }
            }
            Scheme::Complete { mappings, allotments, per_mapping } => {
                let seeds = self.config.seeds as u64;
                let (repeat, rest) = (index % seeds, index / seeds);
                let (mapping, allotment) = (rest / per_mapping, rest % per_mapping);
                let at = allotments.partition_point(|cell| cell.first <= allotment) - 1;
                let cell = self.cells[at];
                let rank = allotment - allotments[at].first;
                let rank = allotments[at].chosen.as_ref().map_or(rank, |c| c[rank as usize]);
                let types = nth_types(n, layers, cell, self.config.output_types, rank);
                let mapping = mappings[mapping as usize].clone();
                RunSpec { index, cell, mapping, types, repeat }
            }
        }
    }

    /// Does one run.
    ///
    /// # Panics
    /// If there is no such run.
    pub fn run(&self, index: u64) -> Row {
        let run = self.run_spec(index);
        let stream = stream(self.seed, WEIGHTS_PURPOSE, index);
        let outcome = self.outcome(&run, stream).expect("a plan's runs fit its network");
        Row { run, outcome }
    }

    fn outcome(&self, run: &RunSpec, mut stream: Stream) -> Result<Outcome, HebbError> {
        let table = self
            .table
            .get_or_init(|| Trajectories::new(&self.config.hebb).expect("validated by Plan::new"));
        if let Some(table) = table {
            return table.run(&run.mapping, &run.types, &mut stream);
        }
        let network = Network::random(&self.config.hebb, &run.types, &mut stream)?;
        Ok(Trainer::new(&self.config.hebb, &run.mapping, network)?.run())
    }

    /// Does the runs of one chunk.
    pub fn run_chunk(&self, chunk: usize) -> Vec<Row> {
        self.chunk(chunk).map(|index| self.run(index)).collect()
    }

    /// Does the chunks that are asked for in parallel, and hands each over as it is done, in any
    /// order, from any thread. Ends early, between chunks, when `stop` is set or `done` breaks;
    /// chunks that were handed over are whole.
    pub fn run_chunks(
        &self,
        chunks: &[usize],
        stop: &AtomicBool,
        done: &(dyn Fn(usize, Vec<Row>) -> ControlFlow<()> + Sync),
    ) -> ControlFlow<()> {
        chunks.par_iter().try_for_each(|&chunk| {
            if stop.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            done(chunk, self.run_chunk(chunk))
        })
    }

    /// Does everything, and keeps only the summary.
    pub fn summary(&self) -> Summary {
        (0..self.chunks()).into_par_iter().map(|chunk| Summary::of(&self.run_chunk(chunk))).reduce(
            Summary::default,
            |mut a, b| {
                a.join(b);
                a
            },
        )
    }
}

fn axis(setting: &'static str, given: &[usize], neurons: usize) -> Result<Vec<usize>, HebbError> {
    if given.is_empty() {
        return Ok((0..=neurons).collect());
    }
    let mut counts = given.to_vec();
    counts.sort_unstable();
    counts.dedup();
    if let Some(bad) = counts.iter().find(|&&count| count > neurons) {
        let wanted = format!("there are 0 to {neurons} such neurons");
        return Err(HebbError::setting(setting, bad, wanted));
    }
    Ok(counts)
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
fn complete_runs(config: &StudyConfig, cells: &[Cell]) -> Option<u128> {
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

/// The enumeration, which is known to be within the limit.
fn complete_scheme(config: &StudyConfig, seed: u64, cells: &[Cell]) -> (Scheme, u64) {
    let n = config.hebb.neurons;
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
    debug_assert!(mappings.iter().all(|mapping| mapping.neurons() == n));
    let runs = mappings.len() as u64 * first * config.seeds as u64;
    (Scheme::Complete { mappings, allotments, per_mapping: first }, runs)
}

fn chosen_mappings(config: &StudyConfig, seed: u64) -> Vec<Mapping> {
    let (n, wanted) = (config.hebb.neurons, config.mappings);
    let mut stream = stream(seed, MAPPINGS_PURPOSE, 0);
    let nth = |rank| Mapping::nth(n, rank).expect("a rank below the count");
    match Mapping::count(n) {
        Some(count) if wanted == 0 || wanted as u64 >= count => (0..count).map(nth).collect(),
        Some(count) => choose_ranks(count, wanted, &mut stream).into_iter().map(nth).collect(),
        None => {
            // More than 20!: two draws hardly ever agree, but they shall never.
            let mut mappings = Vec::with_capacity(wanted);
            while mappings.len() < wanted {
                let mapping = Mapping::random(n, &mut stream);
                if !mappings.contains(&mapping) {
                    mappings.push(mapping);
                }
            }
            mappings
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
        OutputTypes::Inhibitory => (super::allotment::all(n), rank),
        OutputTypes::Every => (rank & super::allotment::all(n), rank >> (n - 1) >> 1),
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
        OutputTypes::Inhibitory => super::allotment::all(n),
        OutputTypes::Every => stream.next_u64() & super::allotment::all(n),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use super::*;

    fn study(neurons: usize) -> StudyConfig {
        let hebb = HebbConfig { neurons, max_epochs: 60, ..HebbConfig::default() };
        StudyConfig { hebb, seeds: 2, ..StudyConfig::default() }
    }

    #[test]
    fn the_complete_plan_holds_every_combination_once() {
        for outputs in [OutputTypes::Excitatory, OutputTypes::Every] {
            let plan = Plan::new(&StudyConfig { output_types: outputs, ..study(3) }, 0).unwrap();
            let allotments = if outputs == OutputTypes::Every { 512 } else { 64 };
            assert!(plan.is_complete() && plan.note().is_none());
            assert_eq!(plan.runs(), 6 * allotments * 2);
            let mut seen = BTreeSet::new();
            for index in 0..plan.runs() {
                let run = plan.run_spec(index);
                assert_eq!(run.cell.inhibitory_inputs, run.types.inhibitory_inputs());
                assert_eq!(run.cell.inhibitory_hidden, run.types.inhibitory_hidden());
                seen.insert((run.mapping, run.types, run.repeat));
            }
            assert_eq!(seen.len() as u64, plan.runs());
        }
        // The plain N = 4 study: 24 mappings, 2^8 allotments, 20 seeds.
        assert_eq!(Plan::new(&StudyConfig::default(), 0).unwrap().runs(), 24 * 256 * 20);
    }

    #[test]
    fn samples_of_mappings_and_allotments_have_no_repeats() {
        let config = StudyConfig {
            mappings: 4,
            allotments: 3,
            inhibitory_inputs: vec![2, 0],
            inhibitory_hidden: vec![1],
            ..study(4)
        };
        let plan = Plan::new(&config, 0).unwrap();
        // Cell (0, 1) has 4 allotments and (2, 1) has 24; 3 of each are taken.
        assert_eq!(plan.runs(), 4 * 6 * 2);
        let specs: Vec<RunSpec> = (0..plan.runs()).map(|index| plan.run_spec(index)).collect();
        let distinct: BTreeSet<_> = specs.iter().map(|r| (&r.mapping, &r.types)).collect();
        assert_eq!(distinct.len(), 24);
        assert!(specs.iter().all(|r| [0, 2].contains(&r.types.inhibitory_inputs())));
    }

    #[test]
    fn what_cannot_be_enumerated_is_said_and_sampled() {
        let config = StudyConfig { runs_per_cell: 3, ..study(6) };
        let plan = Plan::new(&config, 0).unwrap();
        assert!(!plan.is_complete());
        assert_eq!(plan.runs(), 49 * 3);
        assert!(plan.note().unwrap().contains("5898240 runs"), "{:?}", plan.note());
        let spec = plan.run_spec(7);
        assert_eq!((spec.cell, spec.repeat), (plan.cells()[2], 1));
        assert_eq!(spec.types.inhibitory_hidden(), 2);

        let complete = StudyConfig { enumeration: Enumeration::Complete, ..config };
        let message = Plan::new(&complete, 0).unwrap_err().to_string();
        assert!(message.contains("5898240 runs") && message.contains("sample"), "{message}");
        let mut large = StudyConfig { runs_per_cell: 1, ..study(64) };
        large.hebb.layers = 4;
        let plan = Plan::new(&large, 0).unwrap();
        assert!(plan.note().unwrap().contains("more than 10^38"));
        assert_eq!(plan.run_spec(plan.runs() - 1).types.inhibitory_hidden(), 128);
    }

    #[test]
    fn bad_requests_are_refused() {
        let refuse = |config: StudyConfig, name: &str| {
            let message = Plan::new(&config, 0).unwrap_err().to_string();
            assert!(message.contains(name), "{message}");
        };
        refuse(StudyConfig { seeds: 0, ..study(3) }, "seeds is 0");
        refuse(StudyConfig { runs_per_cell: 0, ..study(3) }, "runs_per_cell is 0");
        refuse(StudyConfig { enumeration_limit: 0, ..study(3) }, "enumeration_limit is 0");
        refuse(StudyConfig { inhibitory_inputs: vec![4], ..study(3) }, "inhibitory_inputs is 4");
        refuse(StudyConfig { inhibitory_hidden: vec![9], ..study(3) }, "inhibitory_hidden is 9");
        refuse(study(0), "neurons is 0");
    }

    #[test]
    fn chunks_come_whole_on_any_threads_and_can_be_stopped() {
        let plan = Plan::new(&StudyConfig { seeds: 11, ..study(3) }, 0).unwrap();
        assert_eq!(plan.chunks(), 5);
        let all: Vec<Row> = (0..plan.chunks()).flat_map(|c| plan.run_chunk(c)).collect();
        assert_eq!(all.len() as u64, plan.runs());
        let parts = Mutex::new(Vec::new());
        let collect = |chunk: usize, rows: Vec<Row>| {
            parts.lock().unwrap().push((chunk, rows));
            ControlFlow::Continue(())
        };
        for threads in [1, 3] {
            parts.lock().unwrap().clear();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let stop = AtomicBool::new(false);
            // As after an interruption: the later part first, then the rest.
            let end = pool.install(|| plan.run_chunks(&[3, 4], &stop, &collect));
            assert!(end.is_continue());
            assert!(pool.install(|| plan.run_chunks(&[0, 1, 2], &stop, &collect)).is_continue());
            let mut parts = std::mem::take(&mut *parts.lock().unwrap());
            parts.sort_by_key(|(chunk, _)| *chunk);
            let rows: Vec<Row> = parts.into_iter().flat_map(|(_, rows)| rows).collect();
            assert_eq!(rows, all);
        }
        assert!(plan.run_chunks(&[0, 1], &AtomicBool::new(true), &collect).is_break());
        let mut summary = Summary::default();
        for chunk in [4, 1, 0, 3, 2] {
            summary.join(Summary::of(&plan.run_chunk(chunk)));
        }
        assert_eq!(summary, plan.summary());
        assert_eq!(summary.converged().trials, plan.runs());
    }
}
