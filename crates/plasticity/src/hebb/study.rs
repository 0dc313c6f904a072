//! What a person can ask of an experiment, and what one of its runs is.

use serde::{Deserialize, Serialize};

use super::{Allotment, HebbConfig, HebbError, Mapping};

/// The most runs of one combination, of one cell, and of a complete enumeration.
const MOST_RUNS: u64 = 1_000_000_000;

/// The most mappings, and allotments of a cell, that a sample may have.
const MOST_SAMPLED: u64 = 1_000_000;

/// An experiment over mappings, ratios, allotments and seeds.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StudyConfig {
    /// The network and its rule.
    pub hebb: HebbConfig,
    /// How the runs are chosen.
    pub enumeration: Enumeration,
    /// The most runs of a complete enumeration.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000000000)))]
    pub enumeration_limit: u64,
    /// The numbers of inhibitory input neurons; empty for every one, 0 to `neurons`.
    pub inhibitory_inputs: Vec<usize>,
    /// The numbers of inhibitory hidden neurons; empty for every one.
    pub inhibitory_hidden: Vec<usize>,
    /// The types of the output neurons, which matter only where an output is ever presynaptic.
    pub output_types: OutputTypes,
    /// Enumeration: mappings to try, a seeded sample without repeats; 0 for all `neurons!`.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1000000)))]
    pub mappings: usize,
    /// Enumeration: allotments to try in each cell, a seeded sample without repeats; 0 for all.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1000000)))]
    pub allotments: usize,
    /// Enumeration: runs of each mapping and allotment, each with initial weights of its own.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000000000)))]
    pub seeds: usize,
    /// Sampling: runs in each cell, each with a mapping, an allotment and weights of its own.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000000000)))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enumeration {
    /// Complete if it is within the limit, else sampled; the report says so.
    Auto,
    /// Every mapping, ratio and allotment (or the seeded samples of them), over all seeds.
    Complete,
    /// A number of random runs in each cell.
    Sample,
}

/// The types of the output neurons.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

impl StudyConfig {
    /// The cells, input axis first.
    ///
    /// # Errors
    /// [`HebbError`] if a ratio asks for more neurons than there are, or a number of runs is out of
    /// its range.
    pub(super) fn cells(&self) -> Result<Vec<Cell>, HebbError> {
        let inputs = axis("inhibitory_inputs", &self.inhibitory_inputs, self.hebb.neurons)?;
        let hidden = self.hebb.hidden_neurons();
        let hiddens = axis("inhibitory_hidden", &self.inhibitory_hidden, hidden)?;
        for (setting, value, least, most) in [
            ("seeds", self.seeds as u64, 1, MOST_RUNS),
            ("runs_per_cell", self.runs_per_cell as u64, 1, MOST_RUNS),
            ("enumeration_limit", self.enumeration_limit, 1, MOST_RUNS),
            ("mappings", self.mappings as u64, 0, MOST_SAMPLED),
            ("allotments", self.allotments as u64, 0, MOST_SAMPLED),
        ] {
            if !(least..=most).contains(&value) {
                return Err(HebbError::setting(setting, value, format!("it is {least} to {most}")));
            }
        }
        let cells = inputs.iter().flat_map(|&inhibitory_inputs| {
            hiddens
                .iter()
                .map(move |&inhibitory_hidden| Cell { inhibitory_inputs, inhibitory_hidden })
        });
        Ok(cells.collect())
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
