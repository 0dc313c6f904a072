//! The tables of the study.

use equipoise_plasticity::hebb::{Cell, CellSummary, Criterion, HebbConfig, Proportion};
use equipoise_report::{Best, Cell as Value, Column, Table};

use super::choice::{cell_name, compared_name, rank, ratio};
use super::part::Part;
use super::results::HebbResults;

fn whole(value: impl TryInto<i64>) -> Value {
    value.try_into().map_or(Value::Missing, Value::Integer)
}

pub(super) fn share(proportion: Proportion) -> Value {
    let (low, high) = proportion.interval();
    proportion.value().map_or(Value::Missing, |value| Value::interval(value, low, high))
}

fn epochs(cell: &CellSummary, q: f64) -> Value {
    cell.epochs_quantile(q).map_or(Value::Missing, Value::Number)
}

/// The chance and the epochs of every pair of ratios.
pub(super) fn ratios(stage: &Part) -> Table {
    let hebb = &stage.config.hebb;
    let mut table = Table::new("Convergence at every pair of ratios")
        .column(Column::text("E:I inputs"))
        .column(Column::text("E:I hidden"))
        .column(Column::integer("runs"))
        .column(Column::integer("converged"))
        .column(Column::percent("chance", 2))
        .column(Column::percent("mappings learned", 1))
        .column(Column::number("epochs, median").decimals(0))
        .column(Column::number("25 %").key("epochs_25").decimals(0))
        .column(Column::number("75 %").key("epochs_75").decimals(0))
        .note("Chance with Wilson's 95 % interval; mappings that were learned at least once; epochs of the runs that converged.");
    for (cell, runs) in &stage.summary.cells {
        table.row([
            ratio(hebb.neurons, cell.inhibitory_inputs).into(),
            ratio(hebb.hidden_neurons(), cell.inhibitory_hidden).into(),
            whole(runs.converged.trials),
            whole(runs.converged.successes),
            share(runs.converged),
            runs.mappings_learned().value().map_or(Value::Missing, Value::Number),
            epochs(runs, 0.5),
            epochs(runs, 0.25),
            epochs(runs, 0.75),
        ]);
    }
    table
}

/// The counts of every part, as one table for other programs.
pub(super) fn cells(results: &HebbResults) -> Table {
    let mut table = Table::new("Every part of the study")
        .column(Column::text("part"))
        .column(Column::text("variant"))
        .column(Column::text("criterion"))
        .column(Column::integer("hold epochs"))
        .column(Column::integer("inhibitory inputs"))
        .column(Column::integer("inhibitory hidden"))
        .column(Column::integer("runs"))
        .column(Column::integer("converged"))
        .column(Column::percent("chance", 3))
        .column(Column::integer("by rounding"))
        .column(Column::percent("exact at end", 3))
        .column(Column::integer("mappings"))
        .column(Column::integer("mappings learned"))
        .column(Column::number("epochs mean"))
        .column(Column::number("epochs 25"))
        .column(Column::number("epochs median"))
        .column(Column::number("epochs 75"));
    let mut add = |part: &str, stage: &Part| {
        let hebb = &stage.config.hebb;
        for (cell, runs) in &stage.summary.cells {
            let learned = runs.mappings_learned();
            table.row([
                part.into(),
                hebb.variants.to_string().as_str().into(),
                hebb.criterion.name().into(),
                whole(hebb.hold_epochs),
                whole(cell.inhibitory_inputs),
                whole(cell.inhibitory_hidden),
                whole(runs.converged.trials),
                whole(runs.converged.successes),
                share(runs.converged),
                whole(runs.by_rounding),
                runs.exact_at_end.value().map_or(Value::Missing, Value::Number),
                whole(learned.trials),
                whole(learned.successes),
                runs.mean_epochs().map_or(Value::Missing, |(mean, _)| Value::Number(mean)),
                epochs(runs, 0.25),
                epochs(runs, 0.5),
                epochs(runs, 0.75),
            ]);
        }
    };
    add("main", &results.main);
    for (_, stage) in &results.criteria {
        add("criteria", stage);
    }
    for stage in &results.screening {
        add("screening", stage);
    }
    for stage in &results.compared {
        add("variants", stage);
    }
    if let Some(stage) = &results.kept {
        add("kept", stage);
    }
    table
}

/// What the workshop study found over 200 runs: neurons, criterion, inhibitory inputs, inhibitory
/// hidden neurons, converged.
const PUBLISHED: [(usize, Criterion, usize, usize, u64); 6] = [
    (3, Criterion::Exact, 2, 0, 3),
    (3, Criterion::Exact, 3, 2, 18),
    (3, Criterion::Exact, 3, 3, 21),
    (4, Criterion::Exact, 4, 3, 2),
    (4, Criterion::Argmax, 4, 3, 56),
    (4, Criterion::Argmax, 4, 4, 141),
];

/// The workshop study's chances beside those measured here; `None` where it has none, or where
/// the network or the rule is another.
pub(super) fn published(results: &HebbResults) -> Option<Table> {
    let hebb = &results.main.config.hebb;
    let theirs =
        HebbConfig { neurons: hebb.neurons, criterion: hebb.criterion, ..HebbConfig::default() };
    if *hebb != theirs {
        return None;
    }
    let mut table = Table::new("The workshop study's chances of convergence beside those measured")
        .column(Column::text("criterion"))
        .column(Column::text("E:I inputs"))
        .column(Column::text("E:I hidden"))
        .column(Column::percent("published (200 runs)", 1).key("published"))
        .column(Column::integer("runs here").key("runs"))
        .column(Column::percent("measured here", 2).key("measured"))
        .column(Column::number("difference, standard errors").decimals(2));
    for (criterion, stage) in &results.criteria {
        for &(neurons, of, inhibitory_inputs, inhibitory_hidden, converged) in &PUBLISHED {
            let cell = Cell { inhibitory_inputs, inhibitory_hidden };
            if neurons != hebb.neurons || of != *criterion {
                continue;
            }
            let Some(runs) = stage.summary.cells.get(&cell) else { continue };
            let known = Proportion { successes: converged, trials: 200 };
            let (n, m) = (runs.converged.trials as f64, 200.0);
            let pooled = (runs.converged.successes + converged) as f64 / (n + m);
            let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
            let off = runs.converged.value()? - known.value()?;
            table.row([
                criterion.name().into(),
                ratio(neurons, inhibitory_inputs).into(),
                ratio(neurons, inhibitory_hidden).into(),
                share(known),
                whole(runs.converged.trials),
                share(runs.converged),
                if error > 0.0 { Value::Number(off / error) } else { Value::Missing },
            ]);
        }
    }
    (!table.is_empty()).then_some(table)
}

fn variant_table(caption: &str) -> Table {
    Table::new(caption)
        .column(Column::text("variant"))
        .column(Column::text("best at"))
        .column(Column::integer("runs there").key("runs"))
        .column(Column::percent("chance there", 1).key("chance").best(Best::Highest))
        .column(Column::number("epochs there, median").key("epochs_median").decimals(1))
        .column(Column::percent("chance over all ratios", 1).key("overall"))
        .column(Column::integer("ratios with any convergence").key("ratios"))
}

fn variant_row(table: &mut Table, name: &str, stage: &Part) {
    let some = stage.summary.cells.values().filter(|runs| runs.converged.successes > 0).count();
    let (place, runs, chance, median) = match stage.summary.best() {
        Some((cell, runs)) => (
            Value::from(cell_name(&stage.config.hebb, cell)),
            whole(runs.converged.trials),
            share(runs.converged),
            epochs(runs, 0.5),
        ),
        None => {
            let runs = stage.summary.cells.values().next().map_or(0, |r| r.converged.trials);
            let none = Proportion { successes: 0, trials: runs };
            (Value::from("none"), whole(runs), share(none), Value::Missing)
        }
    };
    let overall = stage.summary.converged().value().map_or(Value::Missing, Value::Number);
    table.row([name.into(), place, runs, chance, median, overall, whole(some)]);
}

/// The variants that are compared.
pub(super) fn variants(results: &HebbResults) -> Table {
    let mut table = variant_table("The variants at their best pair of ratios")
        .note("The pair of ratios with the largest chance is chosen from the same runs, so small chances are somewhat flattered.");
    for (at, stage) in results.compared.iter().enumerate() {
        variant_row(&mut table, &compared_name(&results.compared, results.best, at), stage);
    }
    table
}

/// The best of all combinations.
pub(super) fn screening(results: &HebbResults) -> Table {
    let mut order: Vec<&Part> = results.screening.iter().collect();
    order.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(std::cmp::Ordering::Equal));
    let count = order.len();
    let shown = count.min(20);
    let mut table = variant_table(&format!(
        "The best {shown} of all {count} combinations of variants, screened"
    ))
    .note("All of them are in cells.csv.");
    for stage in order.into_iter().take(shown) {
        variant_row(&mut table, &stage.variants().to_string(), stage);
    }
    table
}
