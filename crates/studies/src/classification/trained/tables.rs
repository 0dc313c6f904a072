//! The tables of the study.

use equipoise_decoder::classifier::TypeBalance;
use equipoise_report::{Cell, Column, Table};

use super::comparison::{Tested, mean};
use super::results::{Number, TrainedCell, TrainedResults};
use super::settings::{Condition, synapses_label};
use crate::classification::settings::ratio_name;
use crate::classification::tables::optional;
use crate::coding::statistics::mean_cell;

fn mean_of(values: &[f64]) -> Cell {
    optional(mean(values))
}

/// The networks at one level of noise: how they learn and how balanced they are.
pub(super) fn networks(found: &TrainedResults, noise: f64) -> Table {
    let level = 100.0 * found.settings.accuracy;
    let scored = found.settings.scored(found.epochs);
    let mut table = Table::new(&format!("Networks under noise {noise}, means over repetitions"))
        .column(Column::text("synapses"))
        .column(Column::text("inhibition"))
        .column(Column::text("start"))
        .column(Column::text("E:I").key("ratio"))
        .column(Column::percent("accuracy", 1))
        .column(Column::number(&format!("epochs to {level:.0} %")).key("epochs").decimals(1))
        .column(Column::number("spikes per decision").key("spikes").decimals(0))
        .column(Column::number("rate before").unit("Hz").decimals(1))
        .column(Column::number("rate after").unit("Hz").decimals(1))
        .column(Column::number("I / E before").key("ratio_before").decimals(2))
        .column(Column::number("I / E after").key("ratio_after").decimals(2))
        .column(Column::number("net after").unit("thresholds").decimals(2))
        .column(Column::number("correlation before").decimals(2))
        .column(Column::number("correlation after").decimals(2))
        .column(Column::number("lag after").unit("ms").decimals(1))
        .column(Column::number("CV after").key("cv").decimals(2))
        .note(&format!(
            "Accuracy: mean of the last {scored} of {} epochs on the {} set. Inputs are those of \
             excitatory hidden neurons, as the potential that they would hold: 1 is the threshold; the \
             correlation is that of a neuron's excitation and inhibition over time, at the lag where \
             it is largest. Intervals of 95 % are over repetitions. Epochs are those of trainings that \
             reach the level.",
            found.epochs,
            found.data.measured_on.label(),
        ));
    let plain: [Number; 9] = [
        |c| Some(c.rates.0),
        |c| Some(c.rates.1),
        |c| c.start()?.ratio,
        |c| c.end()?.ratio,
        |c| Some(c.end()?.net),
        |c| c.start()?.correlation,
        |c| c.end()?.correlation,
        |c| c.end()?.lag,
        |c| c.end()?.cv,
    ];
    for condition in found.settings.conditions().iter().filter(|c| c.noise == noise) {
        let mut row = named(condition);
        row.push(mean_cell(&found.numbers(condition, |c| Some(c.score))));
        row.push(mean_of(&found.numbers(condition, |c| c.reached.map(|epoch| epoch as f64))));
        row.push(mean_of(&found.numbers(condition, |c| Some(c.spikes))));
        row.extend(plain.iter().map(|&of| mean_of(&found.numbers(condition, of))));
        table.row(row);
    }
    table
}

fn named(condition: &Condition) -> Vec<Cell> {
    vec![
        synapses_label(condition.synapses).into(),
        condition.inhibition.label().into(),
        condition.start.label().into(),
        ratio_name(condition.ratio).into(),
    ]
}

/// Numbers of repetitions that were tested.
pub(super) fn tested(title: &str, what: [&str; 2], note: &str, all: &[Tested]) -> Table {
    let mut table = Table::new(title)
        .column(Column::text(what[0]))
        .column(Column::text(what[1]))
        .column(Column::text("outcome"))
        .column(Column::integer("repetitions"))
        .column(Column::number("mean").decimals(2))
        .column(Column::p_value("p, corrected").key("p"))
        .column(Column::number("Cohen's d").key("d").decimals(1))
        .note(note);
    for one in all {
        table.row([
            one.what.as_str().into(),
            one.within.as_str().into(),
            one.outcome.into(),
            one.values.len().into(),
            mean_cell(&one.values),
            optional(one.p),
            optional(one.effect),
        ]);
    }
    table
}

/// Every training, row by row.
pub(super) fn cells(found: &TrainedResults) -> Table {
    let mut table = Table::new("Trainings")
        .column(Column::text("synapses"))
        .column(Column::text("inhibition"))
        .column(Column::text("start"))
        .column(Column::text("E:I").key("ratio"))
        .column(Column::number("noise").decimals(3))
        .column(Column::integer("repetition"))
        .column(Column::text("ended"))
        .column(Column::number("accuracy").decimals(4))
        .column(Column::integer("epochs to the level").key("epochs"))
        .column(Column::number("spikes per decision").key("spikes").decimals(2));
    type Side = fn(&TrainedCell) -> Option<&TypeBalance>;
    let sides: [(&str, Side); 2] = [("before", TrainedCell::start), ("after", TrainedCell::end)];
    for (when, _) in sides {
        let column = |name: &str, unit: &str, decimals: usize| {
            let column = Column::number(&format!("{name} {when}")).decimals(decimals);
            if unit.is_empty() { column } else { column.unit(unit) }
        };
        table = table
            .column(column("rate", "Hz", 3))
            .column(column("excitation", "thresholds", 4))
            .column(column("inhibition", "thresholds", 4))
            .column(column("correlation", "", 4))
            .column(column("lag", "ms", 2))
            .column(column("between neurons", "", 4))
            .column(column("CV", "", 4))
            .column(column("LV", "", 4))
            .column(column("conductance over leak", "", 4))
            .column(column("largest conductance over leak", "", 4));
    }
    for cell in &found.cells {
        let mut row = named(&cell.condition);
        row.extend([
            cell.condition.noise.into(),
            (cell.repeat + 1).into(),
            if cell.finished { "finished" } else { "diverged" }.into(),
            cell.score.into(),
            cell.reached.map_or(Cell::Missing, Cell::from),
            cell.spikes.into(),
        ]);
        for (_, side) in sides {
            let of = side(cell);
            row.extend([
                optional(of.map(|b| b.rate)),
                optional(of.map(|b| b.excitation)),
                optional(of.map(|b| b.inhibition)),
                optional(of.and_then(|b| b.correlation)),
                optional(of.and_then(|b| b.lag)),
                optional(of.and_then(|b| b.between)),
                optional(of.and_then(|b| b.cv)),
                optional(of.and_then(|b| b.local_variation)),
                optional(of.and_then(|b| b.conductance)),
                optional(of.and_then(|b| b.largest_conductance)),
            ]);
        }
        table.row(row);
    }
    table
}
