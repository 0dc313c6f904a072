//! The figures of the study.

use equipoise_figure::{Axis, Color, Dash, Figure, Line, Marker, Plot, Rule, Scatter};
use equipoise_metrics::summary::Summary;

use super::super::conditions::{INPUT, MEAN_CANCELLED, NOISE_MATCHED};
use super::super::statistics::CONFIDENCE;
use super::results::{AfterChange, Group, Read, SpeedCell, SpeedResults, Stream};

/// The colour and the dashes of what is read, the same in every figure: controls are dashed.
fn style(index: usize, name: &str) -> (Color, Dash) {
    match name {
        INPUT => (Color::GREY, Dash::Dashed),
        NOISE_MATCHED => (Color::BLACK, Dash::Dashed),
        MEAN_CANCELLED => (Color::BLACK, Dash::Dotted),
        _ => (Color::cycle(index), Dash::Solid),
    }
}

/// A curve over times with its interval over repetitions.
fn curve(
    found: &SpeedResults,
    group: &Group,
    (index, name): (usize, &str),
    times: &[f64],
    value: impl Fn(&SpeedCell, usize) -> Option<f64>,
) -> Option<Line> {
    let summaries: Vec<Summary> = (0..times.len())
        .map(|k| {
            let values = found.numbers(group, name, |cell| value(cell, k));
            Summary::with_confidence(&values, CONFIDENCE)
        })
        .collect();
    if summaries.iter().all(|s| s.mean.is_none()) {
        return None;
    }
    let of = |part: fn(&Summary) -> Option<f64>| -> Vec<f64> {
        summaries.iter().map(|s| part(s).unwrap_or(f64::NAN)).collect()
    };
    let (color, dash) = style(index, name);
    let line = Line::new(times, &of(|s| s.mean)).label(name).color(color).dash(dash);
    let several = summaries.iter().any(|s| s.ci_low.is_some());
    Some(if several { line.band(&of(|s| s.ci_low), &of(|s| s.ci_high)) } else { line })
}

/// Accuracy and PSNR against the time since the onset.
pub(super) fn onset(found: &SpeedResults, group: &Group) -> Figure {
    let times = &found.settings.times_ms;
    let panel = |title: &str, axis: Axis, value: fn(&Read) -> f64| {
        let mut plot = Plot::new(title)
            .x_axis(Axis::new("time since the image came on").unit("ms").log())
            .y_axis(axis);
        for (index, name) in found.conditions(group).into_iter().enumerate() {
            let of = |cell: &SpeedCell, k: usize| cell.since_onset.get(k).map(value);
            if let Some(line) = curve(found, group, (index, name), times, of) {
                plot = plot.with(line);
            }
        }
        plot
    };
    let accuracy = panel("Class", Axis::new("accuracy").range(0.0, 1.0), |r| r.accuracy);
    let level = Rule::horizontal(found.settings.accuracy);
    Figure::new()
        .columns(2)
        .panel(accuracy.with(level))
        .panel(panel("Image", Axis::new("PSNR").unit("dB"), |r| r.psnr_db))
        .shared_legend()
}

/// What is read of the last and of the new image after a change.
pub(super) fn change(found: &SpeedResults, group: &Group) -> Figure {
    let times = found.settings.second_times();
    let panel = |title: &str, value: fn(&AfterChange) -> f64| {
        let mut plot = Plot::new(title)
            .x_axis(Axis::new("time since the change").unit("ms").log())
            .y_axis(Axis::new("accuracy").range(0.0, 1.0));
        for (index, name) in found.conditions(group).into_iter().enumerate() {
            let of = |cell: &SpeedCell, k: usize| cell.after_change.get(k).map(value);
            if let Some(line) = curve(found, group, (index, name), &times, of) {
                plot = plot.with(line);
            }
        }
        plot.with(Rule::horizontal(1.0 / found.classes.max(1) as f64))
    };
    Figure::new()
        .columns(2)
        .panel(panel("The last image, since the time before", |a| a.last))
        .panel(panel("The new image, since the change", |a| a.new_since_change))
        .shared_legend()
}

/// The times of the mean and of the pattern against the state of the network.
pub(super) fn mean_and_pattern(found: &SpeedResults, group: &Group) -> Figure {
    let panel = |title: &str, value: fn(&SpeedCell) -> Option<f64>| {
        let mut plot = Plot::new(title)
            .x_axis(Axis::new("inhibition over excitation").include(0.0))
            .y_axis(Axis::new("time to 63 %").unit("ms").log());
        for (index, name) in found.conditions(group).into_iter().enumerate() {
            let both =
                |cell: &SpeedCell| Some((cell.dynamics.as_ref()?.state.cancelled, value(cell)?));
            let points: Vec<(f64, f64)> = found
                .of_group(group)
                .filter(|cell| cell.condition == name)
                .filter_map(both)
                .collect();
            if points.is_empty() {
                continue;
            }
            let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
            let (color, _) = style(index, name);
            plot = plot.with(Scatter::new(&x, &y).label(name).color(color).marker(Marker::Circle));
        }
        plot
    };
    Figure::new()
        .columns(2)
        .panel(panel("Population mean", |c| c.dynamics.as_ref()?.mean_ms))
        .panel(panel("Pattern", |c| c.dynamics.as_ref()?.pattern_ms))
        .shared_legend()
}

/// What is read of images that follow one another, against the interval between them; none for fewer
/// than two intervals.
pub(super) fn streams(found: &SpeedResults, group: &Group) -> Option<Figure> {
    let intervals = &found.settings.intervals_ms;
    if intervals.len() < 2 {
        return None;
    }
    let panel = |title: &str, value: fn(&Stream) -> f64| {
        let mut plot = Plot::new(title)
            .x_axis(Axis::new("interval between images").unit("ms").log())
            .y_axis(Axis::new("accuracy").range(0.0, 1.0));
        for (index, name) in found.conditions(group).into_iter().enumerate() {
            let of = |cell: &SpeedCell, k: usize| cell.streams.get(k).map(value);
            if let Some(line) = curve(found, group, (index, name), intervals, of) {
                plot = plot.with(line);
            }
        }
        plot.with(Rule::horizontal(1.0 / found.classes.max(1) as f64))
    };
    let figure = Figure::new()
        .columns(2)
        .panel(panel("The image that is there", |s| s.present))
        .panel(panel("The image before it", |s| s.last));
    Some(figure.shared_legend())
}

/// The curves of accuracy of the first group, for the strip.
pub(super) fn thumbnail(found: &SpeedResults, group: &Group) -> Vec<(Vec<f64>, Vec<f64>, Color)> {
    let times: Vec<f64> = found.settings.times_ms.iter().map(|&t| libm::log(t)).collect();
    let of = |(index, name): (usize, &str)| {
        let mean = |k: usize| {
            let values =
                found.numbers(group, name, |c| c.since_onset.get(k).map(|read| read.accuracy));
            values.iter().sum::<f64>() / values.len().max(1) as f64
        };
        let values = (0..times.len()).map(mean).collect();
        (times.clone(), values, style(index, name).0)
    };
    found.conditions(group).into_iter().enumerate().map(of).collect()
}
