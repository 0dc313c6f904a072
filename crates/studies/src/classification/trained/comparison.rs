//! What the trainings say together: what each choice changes, what training does to balance, and what
//! goes with it. A repetition is what is drawn anew, so numbers of repetitions are what is tested.

use equipoise_decoder::classifier::SynapseModel;
use equipoise_metrics::statistics::{Alternative, holm, linear_regression, paired_t};
use equipoise_metrics::summary::Summary;

use super::results::{BALANCES, Number, OUTCOMES, TrainedCell, TrainedResults};
use super::settings::{Condition, Inhibition, Start, synapses_label};

/// What inhibition over excitation is called where changes of it are tested.
pub(super) const RATIO: &str = "I / E";

/// A number of each repetition, tested against 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tested {
    /// What is compared, or what goes with what.
    pub what: String,
    /// Where: a level of noise, or a network.
    pub within: String,
    /// The outcome.
    pub outcome: &'static str,
    /// One value a repetition.
    pub values: Vec<f64>,
    /// p of the t-test of their mean against 0, corrected by Holm over the tests of its table.
    pub p: Option<f64>,
    /// Their mean over their standard deviation.
    pub effect: Option<f64>,
}

impl Tested {
    fn new(what: String, within: String, outcome: &'static str, values: Vec<f64>) -> Self {
        let summary = Summary::of(&values);
        let effect = summary.mean.zip(summary.std.filter(|s| *s > 0.0)).map(|(m, s)| m / s);
        Self { what, within, outcome, values, p: None, effect }
    }

    /// The mean over repetitions.
    pub fn mean(&self) -> Option<f64> {
        Summary::of(&self.values).mean
    }

    /// Whether the mean is told from 0 at 5 %, after correction.
    pub fn is_told(&self) -> bool {
        self.p.is_some_and(|p| p < 0.05)
    }
}

/// Fills in the p-values, corrected together.
fn correct(mut all: Vec<Tested>) -> Vec<Tested> {
    let tested: Vec<(usize, f64)> = all
        .iter()
        .enumerate()
        .filter_map(|(k, one)| {
            let none = vec![0.0; one.values.len()];
            let test = paired_t(&one.values, &none, Alternative::TwoSided).ok()?;
            Some((k, test.p_value))
        })
        .collect();
    let plain: Vec<f64> = tested.iter().map(|t| t.1).collect();
    for ((k, _), p) in tested.iter().zip(holm(&plain).unwrap_or_default()) {
        all[*k].p = Some(p);
    }
    all
}

/// A choice of the study: what it is compared with, and what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Choice {
    Synapses(SynapseModel, SynapseModel),
    Inhibition(Inhibition, Inhibition),
    Start(Start, Start),
}

impl Choice {
    fn name(self) -> String {
        match self {
            Self::Synapses(a, b) => {
                format!("{} instead of {} synapses", synapses_label(b), synapses_label(a))
            }
            Self::Inhibition(a, b) => {
                format!("inhibition {} instead of {}", b.label(), a.label())
            }
            Self::Start(a, b) => format!("{} instead of {} start", b.label(), a.label()),
        }
    }

    /// The condition with the choice in place of what it is compared with; none of another.
    fn applied(self, condition: &Condition) -> Option<Condition> {
        match self {
            Self::Synapses(a, b) => {
                (condition.synapses == a).then_some(Condition { synapses: b, ..*condition })
            }
            Self::Inhibition(a, b) => {
                (condition.inhibition == a).then_some(Condition { inhibition: b, ..*condition })
            }
            Self::Start(a, b) => {
                (condition.start == a).then_some(Condition { start: b, ..*condition })
            }
        }
    }

    fn all(found: &TrainedResults) -> Vec<Self> {
        let settings = &found.settings;
        let mut all = Vec::new();
        if let [first, rest @ ..] = &settings.synapses[..] {
            all.extend(rest.iter().map(|&other| Self::Synapses(*first, other)));
        }
        if let [first, rest @ ..] = &settings.inhibition[..] {
            all.extend(rest.iter().map(|&other| Self::Inhibition(*first, other)));
        }
        if let [first, rest @ ..] = &settings.start[..] {
            all.extend(rest.iter().map(|&other| Self::Start(*first, other)));
        }
        all
    }
}

/// What each choice changes at each level of noise: the mean over all pairs of networks that differ in
/// it alone, one value a repetition.
pub(super) fn choices(found: &TrainedResults) -> Vec<Tested> {
    let value = |condition: &Condition, repeat: usize, of: Number| -> Option<f64> {
        found.of(condition).find(|cell| cell.repeat == repeat).and_then(of)
    };
    let conditions = found.settings.conditions();
    let mut all = Vec::new();
    for choice in Choice::all(found) {
        for &noise in &found.settings.noise {
            for (outcome, _, scale, of) in OUTCOMES {
                let of_repeat = |repeat: usize| -> Option<f64> {
                    let changes: Vec<f64> = conditions
                        .iter()
                        .filter(|c| c.noise == noise)
                        .filter_map(|c| {
                            let other = choice.applied(c)?;
                            Some(scale * (value(&other, repeat, of)? - value(c, repeat, of)?))
                        })
                        .collect();
                    mean(&changes)
                };
                let values = (0..found.settings.repeats).filter_map(of_repeat).collect();
                all.push(Tested::new(choice.name(), noise_name(noise), outcome, values));
            }
        }
    }
    correct(all)
}

/// What training changes in the balance of each kind of network whose hidden neurons are inhibited, at
/// each level of noise: the mean over ratios, one value a repetition.
pub(super) fn training(found: &TrainedResults) -> Vec<Tested> {
    type Change = fn(&TrainedCell) -> Option<f64>;
    const CHANGES: [(&str, Change); 3] = [
        (RATIO, |c| Some(c.end()?.ratio? - c.start()?.ratio?)),
        ("correlation of E and I", |c| Some(c.end()?.correlation? - c.start()?.correlation?)),
        ("net input, thresholds", |c| Some(c.end()?.net - c.start()?.net)),
    ];
    let kind_of = |c: &Condition| Condition { ratio: 0.0, ..*c };
    let mut kinds: Vec<Condition> = Vec::new();
    for condition in found.settings.conditions() {
        let kind = kind_of(&condition);
        if kind.inhibition != Inhibition::Outputs && !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let mut all = Vec::new();
    for kind in kinds {
        let name = format!(
            "{} synapses, {} inhibition, {} start",
            synapses_label(kind.synapses),
            kind.inhibition.label(),
            kind.start.label()
        );
        for (outcome, of) in CHANGES {
            let of_repeat = |repeat: usize| {
                let of_kind =
                    |c: &&TrainedCell| c.repeat == repeat && kind_of(&c.condition) == kind;
                let cells = found.cells.iter().filter(of_kind);
                mean(&cells.filter_map(of).collect::<Vec<f64>>())
            };
            let values = (0..found.settings.repeats).filter_map(of_repeat).collect();
            all.push(Tested::new(name.clone(), noise_name(kind.noise), outcome, values));
        }
    }
    correct(all)
}

/// What a level of noise is called.
pub(super) fn noise_name(noise: f64) -> String {
    format!("noise {noise}")
}

/// The slope of each outcome over each measure of balance after training, by least squares over the
/// networks whose hidden neurons are inhibited, at each level of noise: one a repetition.
pub(super) fn slopes(found: &TrainedResults) -> Vec<Tested> {
    let mut all = Vec::new();
    for (dose, dose_of) in BALANCES {
        for &noise in &found.settings.noise {
            for (outcome, _, scale, of) in OUTCOMES {
                let of_repeat = |repeat: usize| -> Option<f64> {
                    let cells = found.cells.iter().filter(|c| {
                        c.repeat == repeat
                            && c.condition.noise == noise
                            && c.condition.inhibition != Inhibition::Outputs
                    });
                    let pairs = cells.filter_map(|c| Some((dose_of(c)?, scale * of(c)?)));
                    let (x, y): (Vec<f64>, Vec<f64>) = pairs.unzip();
                    linear_regression(&x, &y).ok().map(|line| line.slope)
                };
                let values = (0..found.settings.repeats).filter_map(of_repeat).collect();
                let what = format!("per unit of {dose}");
                all.push(Tested::new(what, noise_name(noise), outcome, values));
            }
        }
    }
    correct(all)
}

/// The mean; none of nothing.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
