//! A whole experiment: its runs in a fixed order, and running them.

use std::ops::{ControlFlow, Range};
use std::sync::OnceLock;

use equipoise_random::stream;
use rayon::prelude::*;

use super::combinations::{Combinations, complete_runs, sampled};
use super::study::{Cell, Enumeration, RunSpec, StudyConfig};
use super::summary::{Row, Summary};
use super::trainer::{WEIGHTS_PURPOSE, trainer};
use super::{HebbError, Trajectories};

/// The least runs of a chunk, the unit of parallel work and of resuming.
const CHUNK: u64 = 1024;

/// The most chunks of a plan: the chunks of larger ones have more runs.
const CHUNKS: u64 = 4096;

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
    /// `index = combination * seeds + seed`.
    Complete(Combinations),
    /// `index = cell * runs_per_cell + repeat`.
    Sample,
}

impl Plan {
    /// Lays out the runs; every random number of theirs comes from `seed`.
    ///
    /// # Errors
    /// [`HebbError`] if a setting is out of range, or if a complete enumeration is asked for and
    /// has more runs than the limit.
    pub fn new(config: &StudyConfig, seed: u64) -> Result<Self, HebbError> {
        config.hebb.validate()?;
        let n = config.hebb.neurons;
        let cells = config.cells()?;
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
            let all = Combinations::new(config, seed, &cells);
            let runs = all.count() * config.seeds as u64;
            (Scheme::Complete(all), runs)
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
        matches!(self.scheme, Scheme::Complete(_))
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

    /// The runs of a chunk (fewer in the last one).
    fn chunk_size(&self) -> u64 {
        self.runs.div_ceil(CHUNKS).next_multiple_of(CHUNK)
    }

    /// The number of chunks, the unit in which runs are done and recorded.
    pub fn chunks(&self) -> usize {
        self.runs.div_ceil(self.chunk_size()) as usize
    }

    /// The runs of one chunk.
    pub fn chunk(&self, chunk: usize) -> Range<u64> {
        let size = self.chunk_size();
        let first = (chunk as u64).saturating_mul(size).min(self.runs);
        first..first.saturating_add(size).min(self.runs)
    }

    /// What run number `index` is.
    ///
    /// # Panics
    /// If there is no such run.
    pub fn run_spec(&self, index: u64) -> RunSpec {
        assert!(index < self.runs, "run {index} of {}", self.runs);
        match &self.scheme {
            Scheme::Sample => {
                let per_cell = self.config.runs_per_cell as u64;
                let cell = self.cells[(index / per_cell) as usize];
                let (mapping, types) = sampled(&self.config, cell, self.seed, index);
                RunSpec { index, cell, mapping, types, repeat: index % per_cell }
            }
            Scheme::Complete(all) => {
                let seeds = self.config.seeds as u64;
                let (mapping, at, types) = all.nth(&self.config, &self.cells, index / seeds);
                RunSpec { index, cell: self.cells[at], mapping, types, repeat: index % seeds }
            }
        }
    }

    /// Does one run.
    ///
    /// # Panics
    /// If there is no such run.
    pub fn run(&self, index: u64) -> Row {
        self.run_while(index, &|| ControlFlow::Continue(())).expect("nobody stops it")
    }

    fn run_while(
        &self,
        index: u64,
        poll: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Row, HebbError> {
        if poll().is_break() {
            return Err(HebbError::Stopped);
        }
        let run = self.run_spec(index);
        let hebb = &self.config.hebb;
        let table =
            self.table.get_or_init(|| Trajectories::new(hebb).expect("validated by Plan::new"));
        let outcome = match table {
            Some(table) => {
                let mut stream = stream(self.seed, WEIGHTS_PURPOSE, index);
                table.run(&run.mapping, &run.types, &mut stream)?
            }
            None => {
                let trainer = trainer(hebb, &run.mapping, &run.types, self.seed, index)?;
                // A run of few neurons is over before anybody could want to stop it.
                trainer.run_while(|epoch| {
                    if epoch.is_multiple_of(64) { poll() } else { ControlFlow::Continue(()) }
                })?
            }
        };
        Ok(Row { run, outcome })
    }

    /// Does the runs of one chunk, in their order.
    ///
    /// # Errors
    /// [`HebbError::Stopped`] as soon as `poll` breaks.
    pub fn run_chunk(
        &self,
        chunk: usize,
        poll: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Row>, HebbError> {
        self.chunk(chunk).map(|index| self.run_while(index, poll)).collect()
    }

    /// Does the runs of some chunks in parallel, and keeps only their summary. Summaries of parts
    /// are joined with [`Summary::join`].
    ///
    /// # Errors
    /// [`HebbError::Stopped`] as soon as `poll` breaks.
    pub fn summary_of(
        &self,
        chunks: Range<usize>,
        poll: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Summary, HebbError> {
        chunks
            .into_par_iter()
            .map(|chunk| Ok(Summary::of(&self.run_chunk(chunk, poll)?)))
            .try_reduce(Summary::default, |mut a, b| {
                a.join(b);
                Ok(a)
            })
    }

    /// Does everything, and keeps only the summary.
    pub fn summary(&self) -> Summary {
        self.summary_of(0..self.chunks(), &|| ControlFlow::Continue(())).expect("nobody stops it")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::hebb::{HebbConfig, OutputTypes};

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
        for many in [1 << 40, 1 << 63, usize::MAX] {
            refuse(StudyConfig { seeds: many, ..study(3) }, "seeds is");
            refuse(StudyConfig { runs_per_cell: many, ..study(3) }, "runs_per_cell is");
            refuse(StudyConfig { mappings: many, ..study(30) }, "mappings is");
            refuse(StudyConfig { allotments: many, ..study(30) }, "allotments is");
            let limit = StudyConfig { enumeration_limit: many as u64, ..study(20) };
            refuse(limit, "enumeration_limit is");
        }
        refuse(StudyConfig { inhibitory_inputs: vec![4], ..study(3) }, "inhibitory_inputs is 4");
        refuse(StudyConfig { inhibitory_hidden: vec![9], ..study(3) }, "inhibitory_hidden is 9");
        refuse(study(0), "neurons is 0");
    }

    #[test]
    fn chunks_are_the_same_on_any_threads_and_can_be_stopped() {
        let plan = Plan::new(&StudyConfig { seeds: 11, ..study(3) }, 0).unwrap();
        let go = || ControlFlow::Continue(());
        assert_eq!(plan.chunks(), 5);
        let all: Vec<Row> =
            (0..plan.chunks()).flat_map(|chunk| plan.run_chunk(chunk, &go).unwrap()).collect();
        assert_eq!(all.len() as u64, plan.runs());
        assert!(all.iter().map(|row| row.run.index).eq(0..plan.runs()));
        let whole = Summary::of(&all);
        assert_eq!(whole.converged().trials, plan.runs());
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            // As after an interruption: the later part first, then the rest.
            let mut summary = pool.install(|| plan.summary_of(3..5, &go)).unwrap();
            summary.join(pool.install(|| plan.summary_of(0..3, &go)).unwrap());
            assert_eq!(summary, whole);
        }
        assert_eq!(plan.summary(), whole);

        let asked = AtomicUsize::new(0);
        let stop = || {
            let is_late = asked.fetch_add(1, Ordering::Relaxed) == 100;
            if is_late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        assert_eq!(plan.run_chunk(0, &stop), Err(HebbError::Stopped));
        assert_eq!(asked.into_inner(), 101);
    }

    #[test]
    fn large_plans_have_large_chunks() {
        let config = StudyConfig {
            enumeration: Enumeration::Sample,
            runs_per_cell: 1_000_000_000,
            ..study(4)
        };
        let plan = Plan::new(&config, 0).unwrap();
        assert_eq!(plan.runs(), 25_000_000_000);
        assert!(plan.chunks() <= 4096);
        let last = plan.chunk(plan.chunks() - 1);
        assert!(!last.is_empty() && last.end == plan.runs());
        assert!((1..plan.chunks()).all(|c| plan.chunk(c).start == plan.chunk(c - 1).end));
    }
}
