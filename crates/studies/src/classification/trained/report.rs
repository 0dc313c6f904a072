//! The report of the study.

use equipoise_metrics::summary::Summary;
use equipoise_report::{Report, Step, Table};

use super::comparison::{RATIO, Tested, choices, noise_name, slopes, training};
use super::results::{Number, TrainedResults};
use super::settings::{Condition, Inhibition, Start};
use super::{figures, tables};
use crate::coding::statistics::mean_text;

/// The results in a few lines.
pub(super) fn summary(found: &TrainedResults, width: usize) -> String {
    let mut text = String::new();
    for &noise in &found.settings.noise {
        text += &tables::networks(found, noise).to_text_within(width);
        text.push('\n');
    }
    for sentence in sentences(found, &Tests::of(found)) {
        text += &format!("{sentence}\n");
    }
    text
}

/// All tests of the study.
pub(super) struct Tests {
    pub training: Vec<Tested>,
    pub choices: Vec<Tested>,
    pub slopes: Vec<Tested>,
}

impl Tests {
    pub fn of(found: &TrainedResults) -> Self {
        Self { training: training(found), choices: choices(found), slopes: slopes(found) }
    }

    fn tables(&self) -> [(&'static str, Table); 3] {
        let over = "The interval and the t-test are over repetitions; p-values are corrected by Holm \
                    over the table.";
        let note = |text: &str| format!("{text} {over}");
        [
            (
                "training-and-balance",
                tables::tested(
                    "What training does to balance",
                    ["network", "under"],
                    &note("After less before, of excitatory hidden neurons; means over ratios."),
                    &self.training,
                ),
            ),
            (
                "choices",
                tables::tested(
                    "What each choice changes",
                    ["choice", "under"],
                    &note("The mean over all pairs of networks that differ in the choice alone."),
                    &self.choices,
                ),
            ),
            (
                "balance-and-outcome",
                tables::tested(
                    "What goes with measured balance",
                    ["slope", "under"],
                    &note(
                        "Least squares over the networks whose hidden neurons are inhibited, of each \
                         repetition; the balance is that after training.",
                    ),
                    &self.slopes,
                ),
            ),
        ]
    }
}

pub(super) fn report(found: &TrainedResults) -> Report {
    let settings = &found.settings;
    let tests = Tests::of(found);
    let mut report =
        Report::new("Are trained networks balanced, and do balanced ones learn better?");
    report.subtitle(&format!(
        "E:I classifiers on {}: {} training and {} {} samples, {} epochs, {} repetitions",
        found.data.dataset,
        found.data.training_samples,
        found.data.measured_samples(),
        found.data.measured_on.label(),
        found.epochs,
        settings.repeats
    ));
    report.strip([
        Step::new(
            "Networks",
            &format!("{} kinds", settings.conditions().len() / settings.noise.len()),
        ),
        Step::new("Noise", &format!("{} levels", settings.noise.len())),
        Step::new("Trainings", &format!("{}", found.cells.len())),
    ]);
    for sentence in sentences(found, &tests) {
        report.found(&sentence);
    }
    if found.diverged() > 0 {
        report.remark(&format!(
            "{} of {} trainings diverged; their accuracy is that of the epochs before.",
            found.diverged(),
            found.cells.len()
        ));
    }
    let unstable = found.unstable();
    if unstable > 0 {
        report.remark(&format!(
            "In {unstable} of {} trainings the conductances of hidden neurons are so large in the mean, \
             before or after training, that a time step overshoots their reversal potentials. No \
             membrane does so: these networks say nothing of conductances.",
            found.cells.len()
        ));
    }
    report.heading("Networks");
    for (index, &noise) in settings.noise.iter().enumerate() {
        report.table(&format!("networks-{}", index + 1), &tables::networks(found, noise));
    }
    report.heading("Learning").figure(
        "learning",
        &figures::learning(found),
        "Accuracy over the epochs; a line is a kind of network, the mean over repetitions, ratios and \
         starts.",
    );
    report.heading("Balance");
    if let Some(figure) = figures::balance(found) {
        let caption = "The balance of excitatory hidden neurons after training against that before it. \
                       A point is a training.";
        report.figure("balance", &figure, caption);
    }
    if let Some(figure) = figures::outcomes(found) {
        let caption = "Outcomes against balance as measured after training. A point is a training of a \
                       network whose hidden neurons are inhibited.";
        report.figure("outcomes", &figure, caption);
    }
    for (name, table) in tests.tables() {
        report.table(name, &table);
    }
    report.heading("Method").list(method(found));
    report
}

fn method(found: &TrainedResults) -> Vec<String> {
    let settings = &found.settings;
    vec![
        format!(
            "In a repetition all networks have one seed: initial weights, the order of the samples and \
             noise come from the same numbers. The score is the mean of the last {} epochs.",
            settings.scored(found.epochs)
        ),
        "A weight of a conductance is the current that one spike brings at rest, so that initial \
         weights, learning rate and noise mean the same with both kinds of synapses."
            .to_owned(),
        format!(
            "A balanced start is fluctuation-driven (Rossbroich, Gygax & Zenke 2022), with the \
             threshold {} standard deviations from the mean potential, for the rates of excitatory and of \
             inhibitory neurons that the network has with these weights on training samples. Where nothing \
             inhibits hidden neurons it sets the mean potential by the same measure.",
            settings.xi
        ),
    ]
}

/// What was found, in sentences that follow from the numbers.
pub(super) fn sentences(found: &TrainedResults, tests: &Tests) -> Vec<String> {
    let mut sentences = Vec::new();
    for &noise in &found.settings.noise {
        sentences.extend(reached(found, noise));
        sentences.extend(changed(&tests.training, noise));
    }
    sentences.extend(told(
        "What a choice changes, told from chance",
        "No choice of synapses, inhibition or start changes an outcome more than chance can make it",
        &tests.choices,
    ));
    sentences.extend(told(
        "With measured balance go, told from chance",
        "No outcome goes with measured balance more than chance can make it",
        &tests.slopes,
    ));
    sentences
}

/// Where networks that are trained under a level of noise begin and end. The median: a network that
/// excites itself without bound has any ratio.
fn reached(found: &TrainedResults, noise: f64) -> Option<String> {
    let of = |start: Start, number: Number| {
        let cells = found.cells.iter().filter(|c| {
            let Condition { inhibition, start: begun, noise: level, .. } = c.condition;
            inhibition != Inhibition::Outputs && begun == start && level == noise
        });
        Summary::of(&cells.filter_map(number).collect::<Vec<f64>>()).median
    };
    let parts: Vec<String> = found
        .settings
        .start
        .iter()
        .filter_map(|&start| {
            let before = of(start, |c| c.start()?.ratio)?;
            let after = of(start, |c| c.end()?.ratio)?;
            let mut text = format!("from the {} start {before:.2} and {after:.2}", start.label());
            if let Some(correlation) = of(start, |c| c.end()?.correlation) {
                text += &format!(" (correlation of the two over time then {correlation:.2})");
            }
            Some(text)
        })
        .collect();
    (!parts.is_empty()).then(|| {
        format!(
            "Under {}, where hidden neurons are inhibited, inhibition over excitation is, before and \
             after training, {}, in the median over trainings.",
            noise_name(noise),
            parts.join("; ")
        )
    })
}

/// What training under a level of noise does to the ratio of inhibition and excitation.
fn changed(training: &[Tested], noise: f64) -> Option<String> {
    let under = noise_name(noise);
    let tested: Vec<&Tested> = training
        .iter()
        .filter(|t| t.outcome == RATIO && t.within == under && t.p.is_some())
        .collect();
    let count = |rises: bool| {
        tested
            .iter()
            .filter(|t| t.is_told() && t.mean().is_some_and(|m| (m > 0.0) == rises))
            .count()
    };
    (!tested.is_empty()).then(|| {
        format!(
            "Under {under}, training raises inhibition over excitation in {} of {} kinds of networks and \
             lowers it in {}, told from chance.",
            count(true),
            tested.len(),
            count(false)
        )
    })
}

/// Those of some tests that are told from chance.
fn told(some: &str, none: &str, tests: &[Tested]) -> Option<String> {
    if tests.iter().all(|t| t.p.is_none()) {
        return None;
    }
    let told: Vec<String> = tests
        .iter()
        .filter(|t| t.is_told())
        .filter_map(|t| {
            let mean = mean_text(&t.values, "", 2)?;
            Some(format!("{} under {}, {}: {mean}", t.what, t.within, t.outcome))
        })
        .collect();
    Some(match told.is_empty() {
        true => format!("{none}."),
        false => format!("{some}: {}.", told.join("; ")),
    })
}
