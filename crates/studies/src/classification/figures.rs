//! Figures of one training.

use equipoise_decoder::classifier::{EpochRecord, Evaluation, InputBalance};
use equipoise_figure::{Axis, Color, Figure, Heatmap, Line, Marker, Panel, Plot, Scatter, Spikes};
use equipoise_report::Step;

use super::trial::TrialResult;
use crate::strip;

/// A number where there is one.
fn or_nan(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

/// An axis of rates; that of a silent network has a length too.
pub fn rate_axis(label: &str, rates: impl Iterator<Item = f64>) -> Axis {
    let axis = Axis::new(label).unit("Hz").include(0.0);
    if rates.fold(0.0, f64::max) > 0.0 { axis } else { axis.range(0.0, 1.0) }
}

/// An axis of shares; that of a network without spikes has a length too.
fn share_axis(label: &str, shares: impl Iterator<Item = f64>) -> Axis {
    let axis = Axis::new(label).unit("%");
    if shares.into_iter().any(f64::is_finite) { axis } else { axis.range(0.0, 100.0) }
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
        .y_axis(rate_axis("rate", records.iter().map(|r| r.test.activity.rate)))
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
    let shares = series(&|r| or_nan(r.test.activity.excitatory_percent));
    let share = Plot::new("Share of excitation")
        .x_axis(Axis::new("epoch"))
        .y_axis(share_axis("excitatory spikes", shares.iter().copied()))
        .with(Line::new(&epochs, &shares).color(Color::EXCITATORY));
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
pub fn confusion(evaluation: &Evaluation, classes: &[String]) -> Figure {
    let mut values = Vec::new();
    for row in &evaluation.confusion {
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

/// What was done with a network: the data, the spikes of one sample, the accuracy.
pub fn steps(trial: &TrialResult) -> [Step; 3] {
    let data = &trial.data;
    let spikes = trial.after.as_ref().map_or(&trial.before.raster, |after| &after.raster);
    let excitatory = trial.config.excitatory();
    let of_type = |e: bool| -> Vec<(f32, usize)> {
        let of = spikes.iter().filter(|s| ((s.1 as usize) < excitatory) == e);
        of.map(|&(step, neuron)| (step as f32, neuron as usize)).collect()
    };
    let (e, i) = (of_type(true), of_type(false));
    let raster = strip::raster([&e, &i], trial.config.hidden, (0.0, data.steps as f64));
    let epochs: Vec<f64> = trial.records.iter().map(|r| r.epoch as f64).collect();
    let accuracy: Vec<f64> = trial.records.iter().map(|r| r.test.accuracy).collect();
    let text = format!("{:.1} % after {} epochs", 100.0 * trial.last(), trial.config.epochs);
    let mut learnt = Step::new("Accuracy", &text);
    if let Some(figure) = strip::curves([(&epochs[..], &accuracy[..], Color::BLUE)]) {
        learnt = learnt.figure(&figure);
    }
    let hidden = format!("{} hidden neurons", trial.config.hidden);
    [
        Step::new("Samples", &format!("{}, {} classes", data.dataset, data.classes.len())),
        Step::new("Spikes", &hidden).figure(&raster),
        learnt,
    ]
}

/// The hidden spikes of one sample, before and after training.
pub fn raster(trial: &TrialResult) -> Figure {
    let data = &trial.data;
    let step = match data.step_ms {
        1.0 => "step".to_owned(),
        _ => format!("step of {} ms", data.rounded_step_ms()),
    };
    let (hidden, excitatory) = (trial.config.hidden, trial.config.excitatory());
    let panel = |title: &str, spikes: &[(u32, u32)]| {
        let of_type = |e: bool| {
            spikes
                .iter()
                .filter(move |s| ((s.1 as usize) < excitatory) == e)
                .map(|&(step, neuron)| (f64::from(step), neuron as usize))
                .collect::<Vec<_>>()
        };
        let mut plot = Plot::new(title)
            .x_axis(Axis::new(&step).range(0.0, data.steps as f64))
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
    let figure = Figure::new().columns(2).panel(panel("Before training", &trial.before.raster));
    match &trial.after {
        Some(after) if !after.raster.is_empty() => {
            figure.panel(panel("After training", &after.raster))
        }
        _ => figure,
    }
}

/// The mean inhibition of each hidden neuron against its mean excitation, before and after training;
/// none if nothing inhibits any.
pub fn balance(trial: &TrialResult) -> Option<Figure> {
    let moments =
        [("Before training", Some(&trial.before)), ("After training", trial.after.as_ref())];
    let found: Vec<(&str, &InputBalance)> = moments
        .into_iter()
        .filter_map(|(title, measured)| Some((title, measured?.balance.as_ref()?)))
        .collect();
    let types = |b: &InputBalance| [b.excitatory.clone(), b.inhibitory.clone()];
    let inputs = |b: &InputBalance| -> Vec<(f32, f32)> {
        types(b).into_iter().flatten().flat_map(|t| t.inputs).collect()
    };
    let all: Vec<(f32, f32)> = found.iter().flat_map(|(_, b)| inputs(b)).collect();
    let most = all.iter().map(|&(e, i)| f64::from(e.max(i))).fold(0.0, f64::max);
    if !all.iter().any(|&(_, i)| i > 0.0) || !most.is_finite() {
        return None;
    }
    let mut figure = Figure::new().columns(2);
    for (title, balance) in found {
        let axis = |label: &str| Axis::new(label).unit("thresholds").include(0.0);
        let mut plot = Plot::new(title)
            .x_axis(axis("mean excitation"))
            .y_axis(axis("mean inhibition"))
            .with(Line::new(&[0.0, most], &[0.0, most]).label("they cancel").color(Color::GREY));
        let names = [("excitatory", Color::EXCITATORY), ("inhibitory", Color::INHIBITORY)];
        for ((name, color), of_type) in names.into_iter().zip(types(balance)) {
            let Some(of_type) = of_type else { continue };
            let points = of_type.inputs.iter().map(|&(e, i)| (f64::from(e), f64::from(i)));
            let (e, i): (Vec<f64>, Vec<f64>) = points.unzip();
            plot = plot.with(Scatter::new(&e, &i).label(name).color(color));
        }
        figure = figure.panel(plot);
    }
    Some(figure)
}
