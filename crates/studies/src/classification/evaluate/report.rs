//! The report of a trained classifier on other data.

use equipoise_report::{Cell, Column, Report, Step, Table};

use super::results::EvaluateClassifierResults;
use crate::classification::settings::{ratio_name, wiring};
use crate::classification::tables::{optional, parameters};
use crate::classification::{figures, remarks, tables};

/// The network in words.
fn network(results: &EvaluateClassifierResults) -> String {
    let config = &results.config;
    let wiring = wiring(config);
    let kind = match config.dale {
        true => ratio_name(config.excitatory_fraction),
        false => "unbounded network".to_owned(),
    };
    match &results.trained {
        Some(trained) => format!("{wiring}{kind} trained on {}", trained.data.dataset),
        None => format!("{wiring}{kind} from a file"),
    }
}

/// The result in a line.
pub fn summary(results: &EvaluateClassifierResults) -> String {
    let EvaluateClassifierResults { accuracy, data, evaluation, .. } = results;
    format!(
        "{}: accuracy {:.2} % ({:.2} to {:.2} %) on {} samples of {}, rate {:.1} Hz",
        network(results),
        100.0 * accuracy.estimate,
        100.0 * accuracy.low,
        100.0 * accuracy.high,
        data.measured_samples(),
        data.dataset,
        evaluation.activity.rate,
    )
}

/// The whole report.
pub fn report(results: &EvaluateClassifierResults) -> Report {
    let EvaluateClassifierResults { data, evaluation, accuracy, .. } = results;
    let mut report = Report::new("A trained E:I classifier on other data");
    report
        .subtitle(&format!(
            "{}; measured on {} test samples of {} on {}",
            network(results),
            data.measured_samples(),
            data.dataset,
            data.grid()
        ))
        .tile(
            "accuracy",
            &format!("{:.2}", 100.0 * accuracy.estimate),
            "%",
            &format!("95 % interval {:.2} to {:.2}", 100.0 * accuracy.low, 100.0 * accuracy.high),
        )
        .tile("rate", &format!("{:.1}", evaluation.activity.rate), "Hz", "hidden neurons");
    report.strip([
        Step::new("Network", &network(results)),
        Step::new("Samples", &format!("{} of {}", data.measured_samples(), data.dataset)),
        Step::new("Answers", &format!("{:.1} % are right", 100.0 * accuracy.estimate)),
    ]);
    report.found(&format!(
        "The network gives the right answer for {:.1} % of the samples (95 % interval {:.1} to \
         {:.1} %); one that always gives the commonest class would for {:.1} %.",
        100.0 * accuracy.estimate,
        100.0 * accuracy.low,
        100.0 * accuracy.high,
        100.0 * data.constant_accuracy(),
    ));
    for remark in &results.remarks {
        report.remark(&remarks::sentence(remark));
    }
    report
        .heading("Accuracy and activity")
        .table("quality", &quality(results))
        .heading("Classes")
        .figure(
            "confusion",
            &figures::confusion(evaluation, &data.classes),
            "Share of each class (rows) that got each answer (columns).",
        )
        .table("classes", &classes(results))
        .heading("On hardware")
        .paragraph(&tables::operations(&results.hardware.operations))
        .table("hardware", &tables::hardware(&results.hardware, evaluation.accuracy))
        .heading("Network and training")
        .table("parameters", &parameters(&[("", &results.config)]));
    report
}

fn quality(results: &EvaluateClassifierResults) -> Table {
    let EvaluateClassifierResults { trained, data, evaluation, accuracy, .. } = results;
    let mut table = Table::new("The network where it was trained, and here")
        .column(Column::text("data"))
        .column(Column::integer("samples"))
        .column(Column::percent("accuracy", 2))
        .column(Column::percent("commonest class", 2))
        .column(Column::number("loss"))
        .column(Column::number("hidden rate").unit("Hz"))
        .column(Column::number("excitatory rate").unit("Hz"))
        .column(Column::number("inhibitory rate").unit("Hz"))
        .column(Column::number("excitatory spikes").unit("%"))
        .note(
            "Accuracy with its 95 % interval (Wilson); the commonest class is the accuracy of an \
             answer that never changes.",
        );
    if let Some(trained) = trained
        && let Some(last) = trained.records.last()
    {
        let activity = &last.test.activity;
        table.row([
            format!("{}, {}", trained.data.dataset, trained.data.measured_on.label()).into(),
            trained.data.measured_samples().into(),
            last.test.accuracy.into(),
            trained.data.constant_accuracy().into(),
            last.test.loss.into(),
            activity.rate.into(),
            optional(activity.excitatory_rate),
            optional(activity.inhibitory_rate),
            optional(activity.excitatory_percent),
        ]);
    }
    let activity = &evaluation.activity;
    table.row([
        format!("{}, here", data.dataset).into(),
        data.measured_samples().into(),
        Cell::interval(accuracy.estimate, accuracy.low, accuracy.high),
        data.constant_accuracy().into(),
        evaluation.loss.into(),
        activity.rate.into(),
        optional(activity.excitatory_rate),
        optional(activity.inhibitory_rate),
        optional(activity.excitatory_percent),
    ]);
    table
}

fn classes(results: &EvaluateClassifierResults) -> Table {
    let EvaluateClassifierResults { data, evaluation, .. } = results;
    let mut table = Table::new("Each class")
        .column(Column::text("class"))
        .column(Column::integer("samples"))
        .column(Column::percent("accuracy", 1))
        .column(Column::number("rate").unit("Hz"))
        .column(Column::number("excitatory spikes").unit("%"));
    let accuracy = evaluation.class_accuracy();
    for (c, name) in data.classes.iter().enumerate() {
        let activity = &evaluation.class_activity[c];
        table.row([
            name.as_str().into(),
            data.measured_classes[c].into(),
            optional(accuracy.get(c).copied().flatten()),
            activity.rate.into(),
            optional(activity.excitatory_percent),
        ]);
    }
    table
}
