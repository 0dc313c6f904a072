//! What a person should know of a training that went in an odd way.

use equipoise_decoder::classifier::{ClassifierConfig, EpochRecord, Evaluation};
use equipoise_metrics::statistics::wilson;

use super::data::DataFacts;
use super::settings::{NetworkSettings, ratio_name};
use super::trial::{TrialResult, lost_classes};

/// Of a network in which no hidden neuron fires before training.
pub const SILENT_AT_START: &str = "no hidden neuron fires on any sample before training; a larger sigma_1 or more input spikes \
     would wake them";

/// What to say of a ratio that is not that of whole neurons.
pub fn rounding(network: &ClassifierConfig) -> Option<String> {
    let ClassifierConfig { excitatory_fraction: share, hidden, .. } = *network;
    let excitatory = network.excitatory();
    let actual = excitatory as f64 / hidden as f64;
    if (actual - share).abs() < 1e-9 {
        return None;
    }
    let missing = match excitatory {
        0 => ", which leaves no excitatory one",
        n if n == hidden => ", which leaves no inhibitory one",
        _ => "",
    };
    Some(format!(
        "ratio {share} of {hidden} hidden neurons is rounded down to {excitatory} excitatory and {} \
         inhibitory ones ({}){missing}",
        hidden - excitatory,
        ratio_name(actual),
    ))
}

/// What to say of a batch that was fitted to a small training set.
pub fn batch(settings: &NetworkSettings, data: &DataFacts) -> Option<String> {
    let published = settings.resolve(data.kind, 1.0);
    let samples = data.training_samples;
    let fitted = settings.fitted(published, samples).batch;
    (fitted != published.batch).then(|| {
        format!(
            "`batch` is {fitted}: the published {} is more than the {samples} training samples",
            published.batch
        )
    })
}

/// What is odd about a training that is done.
pub fn of(trial: &TrialResult) -> Vec<String> {
    let Some(last) = trial.records.last() else { return Vec::new() };
    let mut remarks = of_evaluation(&last.test, &trial.data);
    if !last.is_silent() && trial.records.first().is_some_and(EpochRecord::is_silent) {
        remarks.push("the network was silent before training and woke in it".to_owned());
    }
    remarks
}

/// What is odd about what a trained network does.
pub fn of_evaluation(evaluation: &Evaluation, data: &DataFacts) -> Vec<String> {
    let mut remarks = Vec::new();
    let silent = evaluation.activity.spikes == 0.0;
    if silent {
        remarks.push(
            "the network is silent: no hidden neuron fires on any sample, so all answers are the \
             first class and no gradient flows"
                .to_owned(),
        );
    }
    if let Some(constant) = at_chance(evaluation.accuracy, data) {
        remarks.push(format!(
            "{} accuracy {:.2} % is not above the {:.2} % of always answering the commonest class",
            data.measured_on.label(),
            100.0 * evaluation.accuracy,
            100.0 * constant
        ));
    }
    let lost = lost_classes(evaluation);
    if lost > 0 && !silent {
        remarks.push(format!(
            "{lost} of {} classes are never answered: a readout that is inhibited at all times has \
             its maximum, 0, at step 0, where no gradient reaches it (network.logit = \"extreme\" \
             has one)",
            data.classes.len()
        ));
    }
    remarks
}

/// What a step of the time grid is, and what time constants and rates go by.
pub fn time_grid(config: &ClassifierConfig, data: &DataFacts) -> String {
    let ms = |constant: f64| constant / config.dt * data.step_ms;
    format!(
        "{}: the grid covers {:.0} ms. Rates in Hz go by that time. The synaptic time constant is \
         {:.4} steps ({:.4} ms), that of the membrane {:.4} steps ({:.4} ms).",
        data.grid(),
        data.steps as f64 * data.step_ms,
        config.tau_syn / config.dt,
        ms(config.tau_syn),
        config.tau_mem / config.dt,
        ms(config.tau_mem),
    )
}

/// The accuracy of an answer that never changes, if this accuracy is not above it by more than the
/// chance of the sample: its 95 % interval (Wilson 1927) begins below.
fn at_chance(accuracy: f64, data: &DataFacts) -> Option<f64> {
    let samples = data.measured_samples() as u64;
    let constant = data.constant_accuracy();
    let right = (accuracy * samples as f64).round() as u64;
    let interval = wilson(right, samples, 0.95).ok()?;
    (interval.low <= constant && constant < 1.0).then_some(constant)
}

/// A remark as a sentence.
pub fn sentence(remark: &str) -> String {
    let mut letters = remark.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_of_no_whole_number_of_neurons_are_remarked_on() {
        let rounds = |excitatory_fraction, hidden| {
            let network =
                ClassifierConfig { excitatory_fraction, hidden, ..ClassifierConfig::default() };
            rounding(&network).is_some()
        };
        for (share, hidden) in [(0.0, 7), (0.8, 100), (0.55, 100), (0.95, 100), (1.0, 7)] {
            assert!(!rounds(share, hidden), "{share} of {hidden}");
        }
        for (share, hidden) in [(0.005, 100), (0.9999, 100), (0.95, 10), (0.8, 7)] {
            assert!(rounds(share, hidden), "{share} of {hidden}");
        }
    }
}
