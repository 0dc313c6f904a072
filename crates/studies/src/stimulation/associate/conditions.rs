//! What trainings of the associative task find under other conditions: durations, noise, wrong constants.

use equipoise_figure::{Axis, Color, Figure, Line, Marker, Panel, Plot, Rule};
use equipoise_report::{Column, NumberFormat, Report, Table};

use super::super::trials::{AS_CONFIGURED, DURATION, SolvedAt, Summary, median_of};
use super::settings::{AssociateSettings, CORRECTED, NOISE, WRONG};

/// Curves over dt, noise and wrong constants.
pub(super) fn write(settings: &AssociateSettings, report: &mut Report, summaries: &[Summary]) {
    let mut panels: Vec<Panel> = Vec::new();
    let of = |condition: &str, value: f64| {
        let matching = move |s: &&Summary| s.condition == condition && s.value == value;
        summaries.iter().filter(matching).collect::<Vec<_>>()
    };
    let mut table = Table::new("Trainings under other conditions; medians over the networks.")
        .column(Column::text("condition"))
        .column(Column::number("value").format(NumberFormat::Significant(3)))
        .column(Column::integer("solved"))
        .column(Column::integer("networks"))
        .column(Column::number("stimulations until first solved").decimals(1))
        .column(Column::number("time until the end").unit("τ_s").key("time").decimals(2))
        .column(Column::number("final cost").format(NumberFormat::Significant(3)))
        .column(Column::number("final margin").decimals(4));
    let mut row = |condition: &str, value: f64, group: &[&Summary]| {
        let solved = SolvedAt::of(group.iter().copied());
        table.row([
            condition.into(),
            value.into(),
            solved.solved.into(),
            solved.total.into(),
            solved.median.into(),
            median_of(group.iter().map(|s| s.time)).into(),
            median_of(group.iter().filter_map(|s| s.cost)).into(),
            median_of(group.iter().filter_map(|s| s.margin)).into(),
        ]);
        solved
    };
    let base: Vec<&Summary> = summaries.iter().filter(|s| s.condition == AS_CONFIGURED).collect();
    row(AS_CONFIGURED, 0.0, &base);
    if !settings.durations.is_empty() {
        let mut speed = Vec::new();
        let mut accuracy = Vec::new();
        for &dt in &settings.durations {
            let group = of(DURATION, dt);
            let solved = row(DURATION, dt, &group);
            speed.push(solved.median.unwrap_or(f64::NAN));
            accuracy.push(median_of(group.iter().filter_map(|s| s.margin)).unwrap_or(f64::NAN));
        }
        let line = |y: &[f64], color| {
            Line::new(&settings.durations, y).marker(Marker::Circle).color(color)
        };
        let span = |f: fn(f64, f64) -> f64| settings.durations.iter().copied().reduce(f);
        let (low, high) = (span(f64::min).unwrap_or(0.01), span(f64::max).unwrap_or(1.0));
        let axis = || Axis::new("dt / τ_{s}").log().from(0.9 * low).to(1.1 * high);
        panels.push(Panel::new(
            Plot::new("Speed")
                .x_axis(axis())
                .y_axis(Axis::new("stimulations until first solved").include(0.0))
                .with(line(&speed, Color::BLUE)),
        ));
        let wanted = settings.task.margin * settings.training.transfer.max_rate;
        panels.push(Panel::new(
            Plot::new("Accuracy")
                .x_axis(axis())
                .y_axis(Axis::new("final margin").include(0.0).include(wanted))
                .with(line(&accuracy, Color::ORANGE))
                .with(Rule::horizontal(wanted).label("wanted").color(Color::GREEN)),
        ));
    }
    let exact = SolvedAt::of(base.iter().copied()).share();
    let mut success = |condition: &str, values: &[f64]| {
        let (mut x, mut share) = (vec![0.0], vec![exact]);
        for &value in values {
            x.push(100.0 * value);
            share.push(row(condition, value, &of(condition, value)).share());
        }
        Line::new(&x, &share).marker(Marker::Circle)
    };
    let plot = |title: &str, label: &str| {
        Plot::new(title)
            .x_axis(Axis::new(label).unit("%"))
            .y_axis(Axis::new("networks solved").unit("%").range(0.0, 105.0))
    };
    if !settings.noises.is_empty() {
        let line = success(NOISE, &settings.noises).color(Color::GREEN);
        let plot = plot("Success under noise", "noise of the measured rates");
        panels.push(Panel::new(plot.with(line)));
    }
    if !settings.parameter_errors.is_empty() {
        let mut plot = plot("Success with wrong constants", "error of the controller's constants");
        for (condition, label, color) in [
            (CORRECTED, "corrected by what the network does", Color::GREEN),
            (WRONG, "left as they are", Color::ORANGE),
        ] {
            let line = success(condition, &settings.parameter_errors);
            plot = plot.with(line.label(label).color(color));
        }
        panels.push(Panel::new(plot));
    }
    if panels.is_empty() {
        return;
    }
    let mut figure = Figure::new().columns(2);
    for panel in panels {
        figure = figure.panel(panel);
    }
    report.heading("Speed, accuracy, robustness").table("conditions", &table).figure(
        "robustness",
        &figure,
        "Speed and accuracy over the duration of a stimulation (all of one length; no point where \
             fewer than half of the networks are solved), and how many networks are solved where \
             measured rates are noisy or the controller's constants wrong: the gain of the transfer \
             function and every constant of the rule, each up or down by the error. Corrected: the \
             gain by the first probes, the rule (but for its soft bound) by how the weights change \
             under each stimulation.",
    );
}
