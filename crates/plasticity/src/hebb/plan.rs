//! A whole experiment: its runs in a fixed order, and running them.

use std::ops::{ControlFlow, Range};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use equipoise_random::{Stream, stream};
use rayon::prelude::*;

use super::combinations::{Combinations, complete_runs, sampled};
use super::study::{Cell, Enumeration, RunSpec, StudyConfig};
use super::trainer::WEIGHTS_PURPOSE;
use super::{HebbError, Network, Outcome, Row, Summary, Trainer, Trajectories};

/// Runs in a chunk, the unit of parallel work and of resuming.
const CHUNK: u64 = 1024;

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
        self.run_unless(index, &AtomicBool::new(false)).expect("nobody stops it")
    }

    /// Does one run; nothing if `stop` is set on the way.
    fn run_unless(&self, index: u64, stop: &AtomicBool) -> Option<Row> {
        let run = self.run_spec(index);
        let stream = stream(self.seed, WEIGHTS_PURPOSE, index);
        let outcome = self.outcome(&run, stream, stop).expect("a plan's runs fit its network")?;
        Some(Row { run, outcome })
    }

    fn outcome(
        &self,
        run: &RunSpec,
        mut stream: Stream,
        stop: &AtomicBool,
    ) -> Result<Option<Outcome>, HebbError> {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let table = self
            .table
            .get_or_init(|| Trajectories::new(&self.config.hebb).expect("validated by Plan::new"));
        if let Some(table) = table {
            return table.run(&run.mapping, &run.types, &mut stream).map(Some);
        }
        let network = Network::random(&self.config.hebb, &run.types, &mut stream)?;
        Ok(Trainer::new(&self.config.hebb, &run.mapping, network)?.run_unless(stop))
    }

    /// Does the runs of one chunk.
    pub fn run_chunk(&self, chunk: usize) -> Vec<Row> {
        self.chunk(chunk).map(|index| self.run(index)).collect()
    }

    /// Does the chunks that are asked for in parallel, and hands each over as it is done, in any
    /// order, from any thread. Ends early when `stop` is set or `done` breaks; chunks that were
    /// handed over are whole.
    pub fn run_chunks(
        &self,
        chunks: &[usize],
        stop: &AtomicBool,
        done: &(dyn Fn(usize, Vec<Row>) -> ControlFlow<()> + Sync),
    ) -> ControlFlow<()> {
        chunks.par_iter().try_for_each(|&chunk| {
            let rows: Option<Vec<Row>> =
                self.chunk(chunk).map(|index| self.run_unless(index, stop)).collect();
            rows.map_or(ControlFlow::Break(()), |rows| done(chunk, rows))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

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
