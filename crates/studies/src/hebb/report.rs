//! The report of the study.

use equipoise_figure::Color;
use equipoise_report::{Report, Step};

use super::results::HebbResults;
use super::{figures, tables, text, theory};
use crate::schema::parameters;
use crate::strip;

/// The answer, and what it takes to learn every mapping, one paragraph each.
pub(super) fn paragraphs(results: &HebbResults) -> Vec<String> {
    let both = [text::answer(results), text::variants(results)];
    both.into_iter().filter(|text| !text.is_empty()).collect()
}

pub(super) fn report(results: &HebbResults) -> Report {
    let hebb = &results.settings.study.hebb;
    let mut report = Report::new(
        "Does the excitation/inhibition ratio have an effect in one-to-one learning by Hebb's rule?",
    );
    report.subtitle(&format!(
        "{} layers of {} threshold neurons, criterion {}, epsilon {}, at most {} epochs, seed {}",
        hebb.layers,
        hebb.neurons,
        hebb.criterion,
        hebb.epsilon,
        hebb.max_epochs,
        results.settings.seed
    ));
    let trace = &results.configured.trace;
    let epochs = trace.epochs();
    let mut learnt = Step::new("Outputs", "weakest target and strongest other, by epoch");
    let other: Vec<f64> = trace.strongest_other.iter().map(|sum| sum.unwrap_or(f64::NAN)).collect();
    let curves = [
        (&epochs[..], &trace.weakest_target[..], Color::GREEN),
        (&epochs[..], &other[..], Color::GREY),
    ];
    if let Some(figure) = strip::curves(curves) {
        learnt = learnt.figure(&figure);
    }
    let runs = results.main.summary.converged();
    report.strip([
        Step::new("Mappings", &format!("of {} inputs to {} outputs", hebb.neurons, hebb.neurons)),
        learnt,
        Step::new("Converged", &format!("{} of {} runs", runs.successes, runs.trials)),
    ]);
    for paragraph in paragraphs(results) {
        report.found(&paragraph);
    }
    for (label, value, remark) in text::tiles(results) {
        report.tile(&label, &value, "", &remark);
    }

    report.heading("The answer in one figure");
    report.figure("answer", &figures::answer(results), &figures::answer_caption(results));
    report.heading("The rule as configured");
    if let Some(note) = &results.main.note {
        report.remark(note);
    }
    report.paragraph(&text::main(results));
    report.figure("convergence", &figures::convergence(results), figures::CONVERGENCE_CAPTION);
    report.table("ratios", &tables::ratios(&results.main));
    if let Some(table) = tables::published(results) {
        report.table("known-results", &table);
    }

    report.heading("Theory beside measurement");
    let theory = results.theory.as_ref();
    report.paragraph(&theory.map_or(theory::NO_THEORY.to_owned(), |check| check.text()));
    report.figure("dynamics", &figures::dynamics(results), figures::DYNAMICS_CAPTION);
    report.table("theory", &theory::table(theory, &results.criteria));

    report.heading("Mappings and allotments");
    report.paragraph(&text::symmetry(results));
    if let Some(figure) = figures::allotments(results) {
        report.figure("allotments", &figure, figures::ALLOTMENTS_CAPTION);
    }

    if !results.compared.is_empty() {
        report.heading("Variants");
        report.paragraph(&text::variants(results));
        report.figure("variants", &figures::variants(results), figures::VARIANTS_CAPTION);
        report.table("variants", &tables::variants(results));
        report.table("screening", &tables::screening(results));
    }
    report.heading("What was run");
    report.paragraph(&format!(
        "runs.csv holds one row a run of the first part (mapping, ratio, allotment, seed, epochs to \
         convergence, converged{}); cells.csv the counts of every part. Intervals are Wilson's, \
         95 %.",
        if results.settings.weights { ", weights" } else { "" }
    ));
    let models = [("", hebb)];
    report.table("parameters", &parameters("Parameters of network and rule", &models));
    report
}
