//! The report of a decoding.

use equipoise_figure::{Axis, Color, Figure, Line, Panel, Plot, Rule};
use equipoise_report::{Cell, Column, Report, Step, Table};

use super::results::DecodingResults;
use crate::strip;

fn scores(found: &DecodingResults) -> Table {
    let mut table = Table::new("The stimulus from the spikes")
        .column(Column::text("method"))
        .column(Column::number("explained variance").key("r_squared").decimals(4))
        .column(Column::number("correlation").decimals(4))
        .column(Column::number("rms error").decimals(4))
        .note(
            "Of blocks of time that nothing was fitted to. The error is in the unit of the \
             stimulus; explained variance is below 0 where the mean of the whole stimulus is nearer.",
        );
    for score in &found.methods {
        table.row([
            score.method.as_str().into(),
            score.r_squared.into(),
            score.correlation.map_or(Cell::Missing, Cell::from),
            score.rms_error.into(),
        ]);
    }
    table
}

fn tests(found: &DecodingResults) -> Table {
    let mut table = Table::new("Controls against the linear decoder")
        .column(Column::text("control"))
        .column(Column::integer("blocks"))
        .column(Column::number("its error").decimals(5))
        .column(Column::number("error of the linear decoder").decimals(5))
        .column(Column::number("t").decimals(2))
        .column(Column::p_value("p, corrected"))
        .note("Paired t-test of the mean squared errors of blocks, two-sided, with Holm's correction.");
    for test in &found.tests {
        let number = |x: Option<f64>| x.map_or(Cell::Missing, Cell::from);
        table.row([
            found.methods[test.group].method.as_str().into(),
            (test.counts.0 as i64).into(),
            number(test.means.0),
            number(test.means.1),
            number(test.test.as_ref().ok().map(|t| t.statistic)),
            number(test.p_corrected),
        ]);
    }
    table
}

fn sentence(found: &DecodingResults) -> String {
    let Some(linear) = found.methods.first() else { return String::new() };
    let beaten = |test: &equipoise_metrics::statistics::PairwiseTest| {
        test.p_corrected.is_some_and(|p| p < 0.05) && test.means.0 > test.means.1
    };
    let percent = 100.0 * linear.r_squared;
    if found.tests.iter().all(beaten) {
        return format!(
            "The spikes tell of the stimulus: a linear decoder explains {percent:.1} % of its \
             variance, more than the mean stimulus and than responses turned against it.",
        );
    }
    format!(
        "A linear decoder explains {percent:.1} % of the variance of the stimulus, not measurably \
         more than its controls.",
    )
}

/// Tables and findings as text.
pub(super) fn summary(found: &DecodingResults, width: usize) -> String {
    let tables =
        [scores(found), tests(found), found.recordings.table()].map(|t| t.to_text_within(width));
    format!("{}\n{}\n", tables.join("\n"), sentence(found))
}

/// The report.
pub(super) fn report(found: &DecodingResults) -> Report {
    let mut report = Report::new("What do the recordings say of the stimulus?");
    report.subtitle(&format!(
        "{} from {} units in {} recordings, bins of {} ms",
        found.name, found.recordings.units, found.recordings.recordings, found.bin_ms
    ));
    let [times, stimulus, decoded] = &found.excerpt;
    let picture = |title: &str, text: &str, values: &[f64], color: Color| {
        let step = Step::new(title, text);
        match strip::curves([(times.as_slice(), values, color)]) {
            Some(figure) => step.figure(&figure),
            None => step,
        }
    };
    let rate = format!("{} units, {:.1} Hz", found.recordings.units, found.recordings.rate_hz);
    report.strip([
        picture("Stimulus", &found.name, stimulus, Color::NET),
        Step::new("Spikes", &rate),
        picture("Estimate", "by a linear decoder", decoded, Color::BLUE),
    ]);
    report.found(&sentence(found));
    for score in &found.methods {
        let error = format!("rms error {:.4}", score.rms_error);
        report.tile(&score.method, &format!("{:.1}", 100.0 * score.r_squared), "%", &error);
    }
    report.heading("The stimulus from the spikes").table("decoding", &scores(found));
    report.table("tests", &tests(found));
    report.figure(
        "excerpt",
        &excerpt(found),
        "The stimulus of the first recording and the estimate of it, from weights that were fitted \
         to other times.",
    );
    report.figure(
        "weights",
        &weights(found),
        "What a spike at each lag adds to the estimate, for the units with the largest weights.",
    );
    report.heading("The recordings").table("recordings", &found.recordings.table());
    report
}

fn excerpt(found: &DecodingResults) -> Figure {
    let [times, stimulus, decoded] = &found.excerpt;
    let plot = Plot::new("Stimulus and estimate")
        .x_axis(Axis::new("time").unit("ms"))
        .y_axis(Axis::new("stimulus"))
        .with(Line::new(times, stimulus).color(Color::NET).label("stimulus"))
        .with(Line::new(times, decoded).color(Color::BLUE).label("decoded"));
    Figure::new().panel(Panel::new(plot).height(180.0))
}

fn weights(found: &DecodingResults) -> Figure {
    let plot = Plot::new("Weights of the linear decoder")
        .x_axis(Axis::new("time of the spike after the stimulus").unit("ms"))
        .y_axis(Axis::new("weight of a spike"))
        .with(Rule::vertical(0.0));
    let plot = found.filters.iter().enumerate().fold(plot, |plot, (k, filter)| {
        let line = Line::new(&found.lags_ms, &filter.weights).color(Color::cycle(k));
        plot.with(line.label(&format!("unit {}", filter.unit)))
    });
    Figure::new().panel(Panel::new(plot).height(180.0))
}
