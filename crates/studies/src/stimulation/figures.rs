//! Figures and tables that the tasks share.

use equipoise_figure::{Axis, Color, Figure, Heatmap, ImageGrid, Line, Panel, Picture, Plot, Rule};
use equipoise_plasticity::stimulation::{StepRecord, TrainingResult};
use equipoise_report::{Cell, Column, Table};

use crate::{Context, StudyError};

/// The transpose of a column-major matrix, row by row as a figure takes it: row = postsynaptic,
/// column = presynaptic neuron.
fn rows(weights: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|at| weights[at / n + (at % n) * n]).collect()
}

/// Matrices of weights on one scale of colours, side by side.
pub(super) fn matrices(n: usize, views: &[(&str, &[f64])]) -> Figure {
    let largest = views.iter().flat_map(|(_, w)| w.iter()).fold(0.0f64, |m, w| m.max(w.abs()));
    let largest = if largest > 0.0 { round_up(largest) } else { 1.0 };
    let mut figure = Figure::new().columns(views.len().clamp(1, 3));
    for (title, weights) in views {
        figure = figure.panel(
            Heatmap::matrix(title, n, n, &rows(weights, n))
                .x_label("presynaptic neuron")
                .y_label("postsynaptic neuron")
                .color_axis(Axis::new("weight"))
                .color_range(-largest, largest),
        );
    }
    figure
}

/// The next of 1, 2 and 5 times a power of ten, where a scale of colours can end with a number.
fn round_up(value: f64) -> f64 {
    let power = libm::pow(10f64, libm::log10(value).floor());
    [1.0, 2.0, 5.0].iter().map(|m| m * power).find(|&v| v >= value).unwrap_or(10.0 * power)
}

/// Every stimulation of a training, and its weights before and after, as tables.
pub(super) fn write_tables(
    context: &Context<'_>,
    mask: &[f64],
    result: &TrainingResult,
) -> Result<(), StudyError> {
    let n = mask.len().isqrt();
    let mut drives = Table::new("Drive of every neuron (columns) in every stimulation (rows).")
        .column(Column::number("duration"));
    for i in 0..n {
        drives = drives.column(Column::number(&format!("f{i}")));
    }
    for (drive, &duration) in result.stimulations.iter().zip(&result.durations) {
        drives.row(std::iter::once(duration).chain(drive.iter().copied()).map(Cell::from));
    }
    context.write("stimulations.csv", drives.to_csv().as_bytes())?;
    let mut weights = Table::new("Weights of network 0.")
        .column(Column::integer("presynaptic"))
        .column(Column::integer("postsynaptic"))
        .column(Column::number("before"))
        .column(Column::number("after"));
    for at in (0..n * n).filter(|&at| mask[at] != 0.0) {
        weights.row([
            (at / n).into(),
            (at % n).into(),
            result.weights_before[at].into(),
            result.weights_after[at].into(),
        ]);
    }
    context.write("weights.csv", weights.to_csv().as_bytes())?;
    Ok(())
}

/// The change of the weights.
pub(super) fn change(before: &[f64], after: &[f64]) -> Vec<f64> {
    after.iter().zip(before).map(|(a, b)| a - b).collect()
}

/// The caption of [`stimulations`].
pub(super) const STIMULATIONS: &str = "Every stimulation: the drive of all neurons, the mean rate it \
    evokes, and how long it lasts.";

/// All stimulations of a training, one column each.
pub(super) fn stimulations(result: &TrainingResult) -> Figure {
    let n = result.stimulations.first().map_or(0, Vec::len);
    let count = result.stimulations.len();
    let values: Vec<f64> = (0..n * count)
        .map(|at| result.stimulations[at % count.max(1)][at / count.max(1)])
        .collect();
    let x: Vec<f64> = (1..=count).map(|s| s as f64).collect();
    let y: Vec<f64> = (0..n).map(|i| i as f64).collect();
    let drives = Heatmap::new("Drive of every neuron", &x, &y, &values)
        .x_label("stimulation")
        .y_label("neuron")
        .color_axis(Axis::new("drive f"))
        .color_map(equipoise_figure::ColorMap::Diverging);
    let rates: Vec<f64> = result.records.iter().skip(1).map(|r| r.stimulated_rate).collect();
    let rate = Plot::new("Mean rate under stimulation")
        .x_axis(Axis::new("stimulation"))
        .y_axis(Axis::new("rate").range(0.0, 1.0))
        .with(Line::new(&x, &rates).color(Color::BLUE));
    let duration = Plot::new("Duration of the stimulations")
        .x_axis(Axis::new("stimulation"))
        .y_axis(Axis::new("dt / τ_{s}").include(0.0))
        .with(Line::new(&x, &result.durations).color(Color::GREEN).steps());
    Figure::new().columns(2).panel(Panel::new(drives).span(2)).panel(rate).panel(duration)
}

/// One line per training of a quantity over stimulations.
pub(super) fn curves(
    title: &str,
    axis: Axis,
    results: &[TrainingResult],
    value: impl Fn(&StepRecord) -> Option<f64>,
    rules: &[(f64, &str, Color)],
) -> Plot {
    let mut plot = Plot::new(title).x_axis(Axis::new("stimulations").from(0.0)).y_axis(axis);
    // The first one last, so that it lies on top.
    let order = results.iter().enumerate();
    for (index, result) in order.clone().skip(1).chain(order.take(1)) {
        let points: Vec<(f64, f64)> = result
            .records
            .iter()
            .filter_map(|r| Some((r.stimulations as f64, value(r)?)))
            .collect();
        let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        let (color, width) = if index == 0 { (Color::BLUE, 1.6) } else { (Color::GREY, 0.6) };
        let mut line = Line::new(&x, &y).color(color).width(width);
        if index < 2 {
            line = line.label(if index == 0 { "network 0" } else { "other networks" });
        }
        plot = plot.with(line);
    }
    for (at, label, color) in rules {
        plot = plot.with(Rule::horizontal(*at).label(label).color(*color));
    }
    plot
}

/// A row's label with its pictures, each 15 intensities and a caption.
type DigitRow<'a> = (&'a str, Vec<(Vec<f64>, String)>);

/// The intensities of a picture, from 0 for its darkest pixel to 1 for its brightest.
pub(super) fn stretched(pixels: &[f64]) -> Vec<f64> {
    let low = pixels.iter().copied().fold(f64::INFINITY, f64::min);
    let high = pixels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    pixels.iter().map(|p| (p - low) / (high - low).max(1e-12)).collect()
}

/// Pictures of 3 x 5 pixels.
pub(super) fn digits(title: &str, headings: &[String], rows: Vec<DigitRow<'_>>) -> ImageGrid {
    let mut grid = ImageGrid::new(title).headings(headings.to_vec());
    for (label, pictures) in rows {
        let pictures = pictures.into_iter().map(|(pixels, caption)| {
            let values: Vec<f32> = pixels.iter().map(|&p| p as f32).collect();
            (Picture::grey(3, 5, &values), caption)
        });
        grid = grid.row(label, pictures);
    }
    grid
}
