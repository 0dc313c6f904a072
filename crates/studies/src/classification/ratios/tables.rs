//! The tables of the study.

use equipoise_decoder::classifier::{BITS, Hardware, TypeBalance};
use equipoise_metrics::statistics::Design;
use equipoise_report::{Best as Highlight, Cell, Column, Table};

use super::comparison::{Comparison, DistanceTest, GridComparisons};
use super::grid::Grid;
use super::reference::Reference;
use super::settings::{RatiosSettings, Scored};
use super::trials::{Group, collapse_rate, interval, mean};
use crate::classification::settings::ratio_name;
use crate::classification::tables::optional;

fn interval_cell(values: &[f64]) -> Cell {
    match interval(values) {
        (middle, low, high) if low.is_finite() => Cell::interval(middle, low, high),
        (middle, ..) if middle.is_finite() => middle.into(),
        _ => Cell::Missing,
    }
}

fn sigma_1() -> Column {
    Column::number("σ_{1}").key("sigma_1")
}

fn score(scored: Scored) -> Column {
    Column::percent(&scored.label(), 2).key("score")
}

/// The best condition of each ratio and wiring, and where training collapses.
pub fn best(best: &[&Group<'_>], rates: &[Group<'_>], scored: Scored, success: f64) -> Table {
    let mut table = Table::new("Best σ_{1} of each ratio, and where training collapses")
        .column(Column::text("network"))
        .column(sigma_1())
        .column(Column::number("rate before").unit("Hz"))
        .column(Column::percent("last epoch", 2).best(Highlight::Highest))
        .column(score(scored).best(Highlight::Highest))
        .column(Column::percent("peak", 2))
        .column(Column::number("collapse from").unit("Hz"))
        .note(&format!(
            "Means with 95 % intervals over trials; the score is the mean accuracy of {}. σ_{{1}} is \
             chosen by the accuracy on the training samples. Peak is the published measure, the best \
             of all epochs: it picks the epoch on the measured set and so flatters. Collapse: the \
             lowest initial rate tried from which on the mean best accuracy stays at or below \
             {:.0} %; empty if the highest rate tried still learns.",
            scored.label(),
            100.0 * success
        ));
    for group in best {
        let of_ratio: Vec<&Group<'_>> = rates
            .iter()
            .filter(|g| {
                g.condition.ratio == group.condition.ratio
                    && g.condition.recurrent == group.condition.recurrent
            })
            .collect();
        let collapse = match group.condition.grid {
            Grid::Unbounded => None,
            _ => collapse_rate(&of_ratio, success),
        };
        table.row([
            group.condition.network_name().into(),
            optional(group.condition.sigma_1),
            group.initial_rate().into(),
            interval_cell(&group.values(|t| t.result.last())),
            interval_cell(&group.values(|t| t.result.score(scored.count))),
            interval_cell(&group.values(|t| t.result.peak())),
            optional(collapse),
        ]);
    }
    table
}

/// Every condition of the grid of rates, and the unbounded networks.
pub fn rates<'g, 'a: 'g>(
    groups: impl Iterator<Item = &'g Group<'a>>,
    scored: Scored,
    success: f64,
) -> Table {
    let mut table = Table::new("Every ratio and σ_{1}")
        .column(Column::text("network"))
        .column(sigma_1())
        .column(Column::integer("trials"))
        .column(Column::number("rate before").unit("Hz"))
        .column(Column::number("rate after").unit("Hz"))
        .column(Column::percent("last epoch", 2))
        .column(score(scored))
        .column(Column::percent("peak", 2))
        .column(Column::number("classes lost").decimals(1))
        .column(Column::integer("successes"))
        .note(&format!(
            "Classes lost are never answered: a readout that is inhibited at all times has its \
             maximum at step 0, where no gradient reaches it (network.logit = \"extreme\" has one). \
             A success has a peak above {:.0} %. Means with 95 % intervals over trials.",
            100.0 * success
        ));
    for group in groups {
        let successes = group.trials.iter().filter(|t| t.result.peak() > success).count();
        table.row([
            group.condition.network_name().into(),
            optional(group.condition.sigma_1),
            group.trials.len().into(),
            interval_cell(&group.values(|t| t.result.initial_rate())),
            interval_cell(&group.values(|t| t.result.final_rate())),
            interval_cell(&group.values(|t| t.result.last())),
            interval_cell(&group.values(|t| t.result.score(scored.count))),
            interval_cell(&group.values(|t| t.result.peak())),
            mean(&group.values(|t| t.result.lost_classes() as f64)).into(),
            successes.into(),
        ]);
    }
    table
}

/// How balanced the hidden neurons are; nothing if that was not measured.
pub fn balance<'g, 'a: 'g>(groups: impl Iterator<Item = &'g Group<'a>>) -> Option<Table> {
    let mut table = Table::new("Excitation and inhibition of the hidden neurons")
        .column(Column::text("network"))
        .column(sigma_1())
        .column(Column::number("noise").key("noise"))
        .column(Column::integer("trials"))
        .column(Column::number("I / E before").key("ratio_before").decimals(2))
        .column(Column::number("I / E after").key("ratio_after").decimals(2))
        .column(Column::number("net before").unit("thresholds").decimals(2))
        .column(Column::number("net after").unit("thresholds").decimals(2))
        .column(Column::number("correlation before").decimals(2))
        .column(Column::number("correlation after").decimals(2))
        .column(Column::number("CV after").key("cv_after").decimals(2))
        .note(
            "Measured before the first and after the last epoch, of the excitatory hidden neurons, or of \
             the inhibitory ones of a network without them: mean inputs as the potential that they would \
             hold (1 is the threshold), inhibition over excitation, and their correlation over time. I / E \
             is 0 where inhibitory neurons act on the outputs alone. Means with 95 % intervals over \
             trials.",
        );
    type Number = fn(&TypeBalance) -> Option<f64>;
    let numbers: [(Number, [bool; 2]); 4] = [
        (|b| b.ratio, [true, true]),
        (|b| Some(b.net), [true, true]),
        (|b| b.correlation, [true, true]),
        (|b| b.cv, [false, true]),
    ];
    for group in groups {
        let of = |after: bool, number: Number| -> Vec<f64> {
            let measured = group.trials.iter().filter_map(|t| t.result.balance(after));
            measured.filter_map(number).collect()
        };
        let trials = group.trials.iter().filter(|t| t.result.balance(false).is_some()).count();
        if trials == 0 {
            continue;
        }
        let mut row: Vec<Cell> = vec![
            group.condition.network_name().into(),
            optional(group.condition.sigma_1),
            group.condition.noise.into(),
            trials.into(),
        ];
        for (number, moments) in numbers {
            let asked = [false, true].into_iter().filter(|&after| moments[usize::from(after)]);
            row.extend(asked.map(|after| interval_cell(&of(after, number))));
        }
        table.row(row);
    }
    (!table.is_empty()).then_some(table)
}

/// What the networks cost on hardware; nothing if that was not measured.
pub fn hardware<'g, 'a: 'g>(groups: impl Iterator<Item = &'g Group<'a>>) -> Option<Table> {
    let mut table = Table::new("What an answer costs, and weights of few bits")
        .column(Column::text("network"))
        .column(sigma_1())
        .column(Column::number("hidden spikes").decimals(1))
        .column(Column::number("accumulates").decimals(0))
        .column(Column::percent("weights of 0", 1))
        .column(Column::percent("last epoch", 2));
    for bits in BITS {
        table = table.column(Column::percent(&format!("{bits} bits"), 2));
    }
    let mut table = table.note(
        "Of the trained networks, means over trials with 95 % intervals of the accuracies. \
         Accumulates: weights other than 0 that are added for an input event or a spike \
         (NeuroBench's effective accumulates). Weights of few bits have one scale a matrix, chosen \
         by the weights alone.",
    );
    for group in groups {
        let measured: Vec<&Hardware> =
            group.trials.iter().filter_map(|t| t.result.hardware.as_ref()).collect();
        if measured.is_empty() {
            continue;
        }
        let each =
            |f: &dyn Fn(&Hardware) -> f64| -> Vec<f64> { measured.iter().map(|h| f(h)).collect() };
        let mut row: Vec<Cell> = vec![
            group.condition.network_name().into(),
            optional(group.condition.sigma_1),
            mean(&each(&|h| h.operations.spikes)).into(),
            mean(&each(&|h| h.operations.accumulates)).into(),
            mean(&each(&|h| h.operations.connection_sparsity)).into(),
            interval_cell(&group.values(|t| t.result.last())),
        ];
        for k in 0..BITS.len() {
            let accuracy = |h: &Hardware| h.quantized.get(k).map_or(f64::NAN, |q| q.accuracy);
            row.push(interval_cell(&each(&accuracy)));
        }
        table.row(row);
    }
    (!table.is_empty()).then_some(table)
}

/// One row a network, one column a held-out speaker.
pub fn speakers(settings: &RatiosSettings, best: &[&Group<'_>], scored: Scored) -> Table {
    let mut table = Table::new("Accuracy on a speaker who was not heard in training")
        .column(Column::text("network"))
        .column(sigma_1());
    for speaker in &settings.held_out_speakers {
        table = table.column(Column::percent(&format!("speaker {speaker}"), 1));
    }
    let mut table = table
        .column(Column::percent("all speakers", 1).best(Highlight::Highest))
        .note(&format!(
            "Mean accuracy of {}, over trials; \"all speakers\" with the 95 % interval over speakers.",
            scored.label()
        ));
    for group in best {
        let scores =
            group.by_speaker(&settings.held_out_speakers, |t| t.result.score(scored.count));
        let mut row: Vec<Cell> =
            vec![group.condition.network_name().into(), optional(group.condition.sigma_1)];
        row.extend(scores.iter().map(|&s| Cell::from(s)));
        row.push(interval_cell(&scores));
        table.row(row);
    }
    table
}

/// The score of every condition of the grid of noise.
pub fn noise(groups: &[Group<'_>], scored: Scored) -> Table {
    let mut table = Table::new("Score under noise")
        .column(Column::text("ratio"))
        .column(Column::number("noise").key("noise"))
        .column(Column::integer("trials"))
        .column(score(scored))
        .column(Column::percent("last epoch", 2));
    for group in groups {
        table.row([
            group.condition.network_name().into(),
            group.condition.noise.into(),
            group.trials.len().into(),
            interval_cell(&group.values(|t| t.result.score(scored.count))),
            interval_cell(&group.values(|t| t.result.last())),
        ]);
    }
    table
}

/// The comparisons of a grid, at levels of sigma_1 or of noise.
pub fn comparisons(compared: &GridComparisons, grid: Grid, scored: Scored) -> Table {
    let (level, column): (fn(&Comparison) -> f64, Column) = match grid {
        Grid::Noise => (|c| c.condition.noise, Column::number("noise").key("noise")),
        _ => (|c| c.condition.sigma_1.unwrap_or(0.0), sigma_1()),
    };
    let what = match compared.reference {
        Reference::Ratio(ratio) => format!("Each ratio against {}", ratio_name(ratio)),
        Reference::Pairwise => "Each ratio against each".to_owned(),
    };
    let at = if grid == Grid::Noise { "noise" } else { "σ_{1}" };
    let (tests, effect) = match compared.design {
        Design::Independent => {
            ("Two-sided Welch tests of the scores", Column::number("Hedges' g").key("hedges_g"))
        }
        Design::Paired => (
            "Two-sided paired t-tests of the scores over speakers. Trainings of different speakers \
             share most of their samples, so that p-values are too small rather than too large. The \
             tests are",
            Column::number("Cohen's d of pairs").key("cohens_d"),
        ),
    };
    let joined = if compared.design == Design::Paired { "" } else { "," };
    let mut table = Table::new(&format!("{what} at the same {at}"))
        .column(Column::text("network"))
        .column(Column::text("compared with"))
        .column(column)
        .column(Column::text("trials"))
        .column(Column::percent("score", 2))
        .column(Column::percent("score of the other", 2).key("other_score"))
        .column(Column::number("gain").unit("points").decimals(2))
        .column(Column::p_value("p, uncorrected").key("p"))
        .column(Column::p_value("p, Holm").key("p_holm"))
        .column(effect.decimals(2))
        .column(Column::text("remark"))
        .note(&format!(
            "{tests}{joined} corrected by Holm's method for the {} comparisons of this table. The score \
             is the mean accuracy of {}. Gains and effect sizes with 95 % intervals.",
            compared.comparisons.len(),
            scored.label()
        ));
    for comparison in &compared.comparisons {
        let test = &comparison.test;
        let (gain, p, remark) = match &test.test {
            Ok(t) => (
                Cell::interval(100.0 * t.mean_difference, 100.0 * t.ci_low, 100.0 * t.ci_high),
                Cell::from(t.p_value),
                String::new(),
            ),
            Err(why) => (comparison.points().into(), Cell::Missing, why.to_string()),
        };
        let effect = match &test.effect {
            Ok(size) => Cell::interval(size.estimate, size.low, size.high),
            Err(_) => Cell::Missing,
        };
        table.row([
            comparison.condition.network_name().into(),
            comparison.other.network_name().into(),
            level(comparison).into(),
            format!("{} and {}", test.counts.0, test.counts.1).into(),
            optional(test.means.0),
            optional(test.means.1),
            gain,
            p,
            optional(test.p_corrected),
            effect,
            remark.into(),
        ]);
    }
    table
}

/// Distances by the types of the pair of neurons.
pub fn distances(tests: &[DistanceTest]) -> Table {
    let mut table = Table::new("Do the pair types differ?")
        .column(Column::text("networks"))
        .column(Column::number("E–E").key("ee").decimals(3))
        .column(Column::number("E–I").key("ei").decimals(3))
        .column(Column::number("I–I").key("ii").decimals(3))
        .column(Column::integer("networks of both types").key("n"))
        .column(Column::number("Kruskal–Wallis H").key("h"))
        .column(Column::p_value("p"))
        .column(Column::number("η²").key("eta_squared").decimals(3))
        .column(Column::text("remark"))
        .note("Means with 95 % intervals over networks.");
    for DistanceTest { networks, by_type, test } in tests {
        let [ee, ei, ii] = by_type;
        let (h, p, eta, remark) = match test {
            Ok(k) => (k.statistic.into(), k.p_value.into(), optional(k.eta_squared), String::new()),
            Err(why) => (Cell::Missing, Cell::Missing, Cell::Missing, why.to_string()),
        };
        table.row([
            networks.as_str().into(),
            interval_cell(ee),
            interval_cell(ei),
            interval_cell(ii),
            ei.len().into(),
            h,
            p,
            eta,
            remark.into(),
        ]);
    }
    table
}
