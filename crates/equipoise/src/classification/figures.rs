//! Figures and tables of one training, used by `classify` and for the representative trials of
//! `study ratios`.

use equipoise_decoder::classifier::{EpochRecord, WeightSummary};
use equipoise_figure::{Axis, Color, Figure, Heatmap, Line, Marker, Panel, Plot, Scatter, Spikes};
use equipoise_metrics::van_rossum::GroupMeans;
use equipoise_report::{Cell, Column, Table};

use super::{Raster, TrialResult};

/// A number where there is one.
fn or_nan(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

fn cell(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, Cell::from)
}

/// Accuracy, loss and activity over the epochs.
pub fn training(records: &[EpochRecord], measured_on: &str) -> Figure {
    let epochs: Vec<f64> = records.iter().map(|r| r.epoch as f64).collect();
    let series = |f: &dyn Fn(&EpochRecord) -> f64| records.iter().map(f).collect::<Vec<_>>();
    let test = series(&|r| 100.0 * r.test.accuracy);
    let train = series(&|r| 100.0 * or_nan(r.train_accuracy));
    let accuracy = Plot::new("Accuracy")
        .x_axis(Axis::new("epoch"))
        .y_axis(Axis::new("accuracy").unit("%"))
        .with(Line::new(&epochs, &test).label(measured_on).color(Color::BLUE))
        .with(Line::new(&epochs, &train).label("training").color(Color::GREY));
    let loss = Plot::new("Loss")
        .x_axis(Axis::new("epoch"))
        .y_axis(Axis::new("cross-entropy"))
        .with(Line::new(&epochs, &series(&|r| r.test.loss)).label(measured_on).color(Color::BLUE))
        .with(
            Line::new(&epochs, &series(&|r| or_nan(r.train_loss)))
                .label("training")
                .color(Color::GREY),
        );
    let rate = Plot::new("Hidden activity")
        .x_axis(Axis::new("epoch"))
        .y_axis(Axis::new("rate").unit("Hz").include(0.0))
        .with(
            Line::new(&epochs, &series(&|r| or_nan(r.test.activity.excitatory_rate)))
                .label("excitatory")
                .color(Color::EXCITATORY),
        )
        .with(
            Line::new(&epochs, &series(&|r| or_nan(r.test.activity.inhibitory_rate)))
                .label("inhibitory")
                .color(Color::INHIBITORY),
        );
    let share = Plot::new("Share of excitation")
        .x_axis(Axis::new("epoch"))
        .y_axis(Axis::new("excitatory spikes").unit("%"))
        .with(
            Line::new(&epochs, &series(&|r| or_nan(r.test.activity.excitatory_percent)))
                .color(Color::EXCITATORY),
        );
    Figure::new().columns(2).panel(accuracy).panel(loss).panel(rate).panel(share)
}

/// Class accuracy against the activity and the share of excitation that the class evokes, at
/// four moments of training: before, after the first epoch, half-way, at the end.
pub fn class_activity(records: &[EpochRecord]) -> Figure {
    let last = records.len().saturating_sub(1);
    let mut moments = vec![0, 1, last / 2, last];
    // Only some records have kept their confusion matrices.
    moments.retain(|&m| records.get(m).is_some_and(|r| !r.test.confusion.is_empty()));
    moments.dedup();
    let mut rate = Plot::new("Activity")
        .x_axis(Axis::new("rate evoked by the class").unit("Hz"))
        .y_axis(Axis::new("accuracy in the class").unit("%").range(0.0, 100.0));
    let mut share = Plot::new("Share of excitation")
        .x_axis(Axis::new("excitatory spikes").unit("%"))
        .y_axis(Axis::new("accuracy in the class").unit("%").range(0.0, 100.0));
    for (k, &moment) in moments.iter().enumerate() {
        let record = &records[moment];
        let accuracy: Vec<f64> =
            record.test.class_accuracy().into_iter().map(|a| 100.0 * or_nan(a)).collect();
        let activity = &record.test.class_activity;
        let rates: Vec<f64> = activity.iter().map(|a| a.rate).collect();
        let shares: Vec<f64> = activity.iter().map(|a| or_nan(a.excitatory_percent)).collect();
        let label = format!("epoch {}", record.epoch);
        let marker = [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond][k % 4];
        let points = |x: &[f64]| {
            Scatter::new(x, &accuracy).label(&label).color(Color::cycle(k)).marker(marker)
        };
        rate = rate.with(points(&rates));
        share = share.with(points(&shares));
    }
    Figure::new().columns(2).panel(rate).panel(share)
}

/// The confusion matrix, each row divided by its sum.
pub fn confusion(record: &EpochRecord, classes: &[String]) -> Figure {
    let mut values = Vec::new();
    for row in &record.test.confusion {
        let total = row.iter().sum::<u64>().max(1) as f64;
        values.extend(row.iter().map(|&n| 100.0 * n as f64 / total));
    }
    let map = Heatmap::with_names("", classes, classes, &values)
        .x_label("answer")
        .y_label("class")
        .first_row_on_top()
        .square()
        .color_axis(Axis::new("share of the class").unit("%"))
        .color_range(0.0, 100.0)
        .annotate(0);
    Figure::single(map)
}

/// The hidden spikes of one sample, before and after training.
pub fn raster(raster: &Raster, steps: usize, excitatory: usize, hidden: usize) -> Figure {
    let panel = |title: &str, spikes: &[(u32, u32)]| {
        let of_type = |e: bool| {
            spikes
                .iter()
                .filter(move |s| ((s.1 as usize) < excitatory) == e)
                .map(|&(step, neuron)| (f64::from(step), neuron as usize))
                .collect::<Vec<_>>()
        };
        let mut plot = Plot::new(title)
            .x_axis(Axis::new("step").range(0.0, steps as f64))
            .y_axis(Axis::new("hidden neuron").range(-0.5, hidden as f64 - 0.5));
        if excitatory > 0 {
            let spikes = Spikes::new(of_type(true)).label("excitatory").color(Color::EXCITATORY);
            plot = plot.with(spikes);
        }
        if excitatory < hidden {
            let spikes = Spikes::new(of_type(false)).label("inhibitory").color(Color::INHIBITORY);
            plot = plot.with(spikes);
        }
        Panel::new(plot).note(&format!("{} spikes", spikes.len()))
    };
    let mut figure = Figure::new().columns(2).panel(panel("Before training", &raster.before));
    if !raster.after.is_empty() {
        figure = figure.panel(panel("After training", &raster.after));
    }
    figure
}

/// One row an epoch.
pub fn epoch_table(records: &[EpochRecord], measured_on: &str) -> Table {
    let mut table = Table::new("Training, epoch by epoch (epoch 0 is before training)")
        .column(Column::integer("epoch"))
        .column(Column::number("training loss"))
        .column(Column::percent("training accuracy", 2))
        .column(Column::number(&format!("{measured_on} loss")))
        .column(Column::percent(&format!("{measured_on} accuracy"), 2))
        .column(Column::number("hidden rate").unit("Hz"))
        .column(Column::number("excitatory rate").unit("Hz"))
        .column(Column::number("inhibitory rate").unit("Hz"))
        .column(Column::number("excitatory spikes").unit("%"));
    for r in records {
        let activity = &r.test.activity;
        table.row([
            r.epoch.into(),
            cell(r.train_loss),
            cell(r.train_accuracy),
            r.test.loss.into(),
            r.test.accuracy.into(),
            activity.rate.into(),
            cell(activity.excitatory_rate),
            cell(activity.inhibitory_rate),
            cell(activity.excitatory_percent),
        ]);
    }
    table
}

/// Accuracy, activity and distances of each class.
pub fn class_table(result: &TrialResult, classes: &[String]) -> Table {
    let mut table = Table::new("Each class")
        .column(Column::text("class"))
        .column(Column::percent("accuracy", 1))
        .column(Column::number("rate before").unit("Hz"))
        .column(Column::number("rate after").unit("Hz"))
        .column(Column::number("excitatory spikes before").unit("%"))
        .column(Column::number("excitatory spikes after").unit("%"))
        .column(Column::number("van Rossum distance before").decimals(3))
        .column(Column::number("van Rossum distance after").decimals(3));
    let (Some(first), Some(last)) = (result.records.first(), result.records.last()) else {
        return table;
    };
    let accuracy = last.test.class_accuracy();
    for (c, name) in classes.iter().enumerate() {
        let (before, after) = (&first.test.class_activity[c], &last.test.class_activity[c]);
        let distances = result.van_rossum_classes.get(c);
        table.row([
            name.as_str().into(),
            cell(accuracy.get(c).copied().flatten()),
            before.rate.into(),
            after.rate.into(),
            cell(before.excitatory_percent),
            cell(after.excitatory_percent),
            cell(distances.and_then(|d| d.0.all)),
            cell(distances.and_then(|d| d.1).and_then(|d| d.all)),
        ]);
    }
    table
}

/// The weights by matrix and type of source, before and after.
pub fn weight_table(before: &[WeightSummary], after: &[WeightSummary]) -> Table {
    let mut table = Table::new("Weights by matrix and by the type of the neuron they come from")
        .column(Column::text("matrix"))
        .column(Column::text("source"))
        .column(Column::text("when"))
        .column(Column::integer("weights"))
        .column(Column::percent("positive", 1))
        .column(Column::percent("zero", 1))
        .column(Column::percent("negative", 1))
        .column(Column::number("mean"))
        .column(Column::number("SD"))
        .column(Column::number("smallest"))
        .column(Column::number("largest"));
    for (when, rows) in [("before", before), ("after", after)] {
        for w in rows {
            table.row([
                w.matrix.as_str().into(),
                w.source.as_str().into(),
                when.into(),
                w.weights.into(),
                w.positive.into(),
                w.zero.into(),
                w.negative.into(),
                w.mean.into(),
                w.standard_deviation.into(),
                w.minimum.into(),
                w.maximum.into(),
            ]);
        }
    }
    table
}

/// Mean distances by the types of the pair, before and after.
pub fn distance_table(before: &GroupMeans, after: Option<&GroupMeans>) -> Table {
    let mut table = Table::new("Mean van Rossum distance between hidden neurons")
        .column(Column::text("pairs"))
        .column(Column::number("before training").decimals(3))
        .column(Column::number("after training").decimals(3));
    let parts = |m: &GroupMeans| [m.excitatory, m.mixed, m.inhibitory, m.all];
    let after = after.map_or([None; 4], parts);
    let names = ["E–E", "E–I", "I–I", "all"];
    for (name, (before, after)) in names.into_iter().zip(parts(before).into_iter().zip(after)) {
        table.row([name.into(), cell(before), cell(after)]);
    }
    table
}
