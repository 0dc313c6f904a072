//! The report of one training.

use equipoise_report::Report;

use super::results::ClassifyResults;
use crate::classification::settings::{ratio_name, wiring};
use crate::classification::{figures, remarks, tables};

/// The network and its data in words.
fn name(results: &ClassifyResults) -> String {
    let ClassifyResults { settings, trial } = results;
    let kind = wiring(&trial.config);
    match settings.network.unbounded {
        true => format!("unbounded {kind}network on {}:", settings.data.dataset),
        false => format!("{kind}{} on {}:", ratio_name(settings.ratio), settings.data.dataset),
    }
}

/// The result in a line.
pub fn summary(results: &ClassifyResults) -> String {
    let trial = &results.trial;
    let data = &trial.data;
    format!(
        "{} {} accuracy {:.2} %, rate {:.1} Hz before and {:.1} Hz after",
        name(results),
        data.measured_on.label(),
        100.0 * trial.last(),
        trial.initial_rate(),
        trial.final_rate(),
    )
}

/// The whole report.
pub fn report(results: &ClassifyResults) -> Report {
    let trial = &results.trial;
    let data = &trial.data;
    let measured_on = data.measured_on.label();
    let mut report = Report::new("An E:I classifier");
    report
        .subtitle(&format!(
            "{} {} training and {} {measured_on} samples on {}, seed {}",
            name(results),
            data.training_samples,
            data.measured_samples(),
            data.grid(),
            trial.seed
        ))
        .tile(
            &format!("{measured_on} accuracy"),
            &format!("{:.2}", 100.0 * trial.last()),
            "%",
            "after the last epoch",
        )
        .tile("rate before", &format!("{:.1}", trial.initial_rate()), "Hz", "hidden neurons")
        .tile("rate after", &format!("{:.1}", trial.final_rate()), "Hz", "hidden neurons");
    report.strip(figures::steps(trial));
    report.found(&format!(
        "The network gives the right answer for {:.1} % of the {} {measured_on} samples; one that \
         always gives the commonest class would for {:.1} %.",
        100.0 * trial.last(),
        data.measured_samples(),
        100.0 * data.constant_accuracy(),
    ));
    report.found(&format!(
        "Its hidden neurons fire at {:.1} Hz before training and at {:.1} Hz after it.",
        trial.initial_rate(),
        trial.final_rate(),
    ));
    for remark in remarks::rounding(&trial.config).into_iter().chain(remarks::of(trial)) {
        report.remark(&remarks::sentence(&remark));
    }
    report
        .heading("Training")
        .figure(
            "training",
            &figures::training(&trial.records, measured_on),
            "Accuracy, loss, firing rate of the hidden neurons, and the share of their spikes that \
             is excitatory. Epoch 0 is before training.",
        )
        .table("epochs", &tables::epochs(trial));
    report.heading("Classes");
    if let Some(last) = trial.records.last() {
        let caption = "Share of each class (rows) that got each answer (columns).";
        report.figure("confusion", &figures::confusion(&last.test, &data.classes), caption);
    }
    let class = data.classes.get(trial.class).map_or("", String::as_str);
    report
        .figure(
            "class-activity",
            &figures::class_activity(&trial.records),
            "Accuracy in each class against the activity, and the share of excitation in it, that \
             the class evokes. One point a class.",
        )
        .table("classes", &tables::classes(trial))
        .heading("Activity")
        .paragraph(&remarks::time_grid(&trial.config, data))
        .figure(
            "raster",
            &figures::raster(trial),
            &format!("Hidden spikes evoked by one sample ({class})."),
        )
        .table("distances", &tables::distances(trial))
        .heading("Balance")
        .table("balance", &tables::balance(trial));
    if let Some(figure) = figures::balance(trial) {
        let caption =
            "Mean excitation and inhibition of each hidden neuron. On the line they cancel.";
        report.figure("balance", &figure, caption);
    }
    report.heading("Weights").table("weights", &tables::weights(trial));
    if let Some(hardware) = &trial.hardware {
        report
            .heading("On hardware")
            .paragraph(&tables::operations(&hardware.operations))
            .table("hardware", &tables::hardware(hardware, trial.last()));
    }
    report
        .heading("Network and training")
        .table("parameters", &tables::parameters(&[("", &trial.config)]));
    report
}
