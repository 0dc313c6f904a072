//! The theory of single weights held against simulated networks.

use equipoise_plasticity::hebb::theory::{
    self, excitatory_fixed_point, inhibitory_amplitude, limit_chance,
};
use equipoise_plasticity::hebb::{Allotment, Criterion, HebbConfig, Mapping, NeuronType};
use equipoise_report::{Cell as Value, Column, Table};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::choice::cell_name;
use super::part::Part;
use crate::{Context, OrStudyError, StudyError};

/// Networks of random types that are held against the theory of single weights.
const CHECKED_NETWORKS: u64 = 60;

const NOTE: &str = "Weights: the mean magnitude at the last epoch. Chances: measured is the share \
    of runs that converged at any epoch; the theory counts only those that agree in the end, and \
    takes a sum of 0 as firing, which in a run rounding decides.";

/// Where the weights of one input end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightEnd {
    /// The input.
    pub input: usize,
    /// Whether it is excitatory.
    pub excitatory: bool,
    /// The limit on paper.
    pub theory: f64,
    /// The mean magnitude at the last epoch; none if no network had this input with this type.
    pub measured: Option<f64>,
}

/// What random networks of the plain rule did beside what they must do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TheoryCheck {
    /// The network and its rule.
    pub hebb: HebbConfig,
    /// The largest distance of a weight from an excitatory input from theory.
    pub excitatory_deviation: f64,
    /// The largest distance of a weight from an inhibitory input from theory.
    pub inhibitory_deviation: f64,
    /// Epochs after which the hidden code of an excitatory input was not all +1.
    pub codes_not_all_up: usize,
    /// Epochs after which two excitatory inputs differed in any output sum.
    pub inputs_told_apart: usize,
    /// Where weights end.
    pub ends: Vec<WeightEnd>,
}

impl TheoryCheck {
    /// Trains random networks and holds them against theory; none where the theory is not that of
    /// the configured rule.
    pub(super) fn of(
        hebb: &HebbConfig,
        seed: u64,
        context: &Context<'_>,
    ) -> Result<Option<Self>, StudyError> {
        if !hebb.variants.is_plain() || hebb.layers < 3 {
            return Ok(None);
        }
        let n = hebb.neurons;
        let seen = (0..CHECKED_NETWORKS)
            .into_par_iter()
            .map(|index| {
                context.check()?;
                let mut stream = equipoise_random::stream(seed, "study/hebb/theory", index);
                let mapping = Mapping::new(&stream.permutation(n)).or_failed()?;
                let all = u64::MAX >> (64 - n);
                let masks: Vec<u64> = (0..hebb.layers).map(|_| stream.next_u64() & all).collect();
                let types = Allotment::from_masks(n, &masks).or_failed()?;
                let shown = theory::measure(hebb, &mapping, &types, seed, index).or_failed()?;
                Ok((types, shown))
            })
            .collect::<Result<Vec<_>, StudyError>>()?;
        let mut check = Self {
            hebb: hebb.clone(),
            excitatory_deviation: 0.0,
            inhibitory_deviation: 0.0,
            codes_not_all_up: 0,
            inputs_told_apart: 0,
            ends: Vec::new(),
        };
        // Sums of magnitudes and their numbers, by input and type.
        let mut ends = vec![[(0.0, 0u32); 2]; n];
        for (types, shown) in seen {
            check.excitatory_deviation = check.excitatory_deviation.max(shown.excitatory_deviation);
            check.inhibitory_deviation = check.inhibitory_deviation.max(shown.inhibitory_deviation);
            for (input, magnitude) in shown.magnitudes.iter().enumerate() {
                let end = &mut ends[input][types.of(0, input) as usize];
                *end = (end.0 + magnitude, end.1 + 1);
            }
            check.codes_not_all_up += shown.excitatory_codes_not_all_up;
            check.inputs_told_apart += shown.excitatory_inputs_told_apart;
        }
        let places = if n <= 8 { (0..n).collect() } else { vec![0, n - 1] };
        for input in places {
            let decays = n - 1 - input;
            for (kind, theory) in [
                (NeuronType::Excitatory, excitatory_fixed_point(hebb.epsilon, n, decays)),
                (NeuronType::Inhibitory, inhibitory_amplitude(hebb.epsilon, n, decays)),
            ] {
                let (sum, count) = ends[input][kind as usize];
                check.ends.push(WeightEnd {
                    input,
                    excitatory: kind == NeuronType::Excitatory,
                    theory,
                    measured: (count > 0).then(|| sum / f64::from(count)),
                });
            }
        }
        Ok(Some(check))
    }

    /// The theory, and how well it holds, in words.
    pub(super) fn text(&self) -> String {
        let Self { excitatory_deviation, inhibitory_deviation, .. } = self;
        format!(
            "A weight from an excitatory input stays positive and goes to the fixed point \
             ε(1 − ε)^{{d}}/(1 − (1 − ε)^{{N}}), d presentations after its own: its hidden code is all +1 for \
             ever, so two excitatory inputs look the same to the outputs. A weight from an inhibitory \
             input is pushed through 0 in every epoch and ends at ±ε(1 − ε)^{{d}}/(1 + (1 − ε)^{{N}}); \
             its code turns over in every epoch and keeps only its phase. In {CHECKED_NETWORKS} random \
             networks, trained {} epochs each, excitatory weights end within {excitatory_deviation:.1e} of \
             theory and inhibitory ones within {inhibitory_deviation:.1e}; the code of an excitatory input was not \
             all +1 after {} of their epochs, and two excitatory inputs differed in any output \
             sum after {}.",
            self.hebb.max_epochs, self.codes_not_all_up, self.inputs_told_apart
        )
    }
}

/// What is said where the theory is not that of the configured rule.
pub(super) const NO_THEORY: &str = "The theory is that of the plain rule with a hidden layer; this \
    study was configured with another one, so nothing is held against it here.";

/// The table of theory beside measurement.
pub(super) fn table(check: Option<&TheoryCheck>, criteria: &[(Criterion, Part)]) -> Table {
    let mut table = Table::new("Where first-layer weights end, and the chances in the long run")
        .column(Column::text("quantity"))
        .column(Column::number("theory").decimals(6))
        .column(Column::number("measured").decimals(6))
        .note(NOTE);
    let Some(check) = check else { return table };
    for end in &check.ends {
        let kind = if end.excitatory { "excitatory" } else { "inhibitory, magnitude" };
        table.row([
            format!("weight of input {}, {kind}", end.input).as_str().into(),
            end.theory.into(),
            end.measured.map_or(Value::Missing, Value::from),
        ]);
    }
    let (hebb, n) = (&check.hebb, check.hebb.neurons);
    for (criterion, part) in criteria {
        for (cell, runs) in &part.summary.cells {
            if cell.inhibitory_inputs != n || hebb.layers != 3 {
                continue;
            }
            let masks = [u64::MAX >> (64 - n), (1u64 << cell.inhibitory_hidden) - 1, 0];
            let of = HebbConfig { criterion: *criterion, ..hebb.clone() };
            // No chance is known where the theory does not reach.
            let limit = Allotment::from_masks(n, &masks)
                .and_then(|types| limit_chance(&of, &types))
                .ok()
                .flatten();
            let (Some(limit), Some(measured)) = (limit, runs.converged.value()) else { continue };
            table.row([
                format!("chance, {criterion}, {}", cell_name(hebb, *cell)).as_str().into(),
                limit.into(),
                measured.into(),
            ]);
        }
    }
    table
}
