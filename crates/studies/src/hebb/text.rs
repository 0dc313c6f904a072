//! What the study found, in words that are put together from the numbers.

use equipoise_plasticity::hebb::theory::two_inputs_are_confused;
use equipoise_plasticity::hebb::{Cell, CellSummary, Mapping, Proportion, ROUNDING};

use super::choice::{cell_name, is_one_part_less, missing_part, ratio, sure_cells};
use super::part::Part;
use super::results::HebbResults;
use super::statistics::{most_allotments, outcomes, p_of};

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        p if p == 0.0 || p == 100.0 => format!("{p:.0} %"),
        p if p < 0.1 => format!("{p:.3} %"),
        p if !(10.0..=99.0).contains(&p) => format!("{p:.2} %"),
        p => format!("{p:.1} %"),
    }
}

fn p_words(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") }
}

fn with_interval(share: Proportion) -> String {
    let (low, high) = share.interval();
    match share.value() {
        Some(value) => format!("{} ({} to {})", percent(value), percent(low), percent(high)),
        None => "no runs".into(),
    }
}

/// A sentence on the epochs to convergence over the cells that converged often enough.
fn speed(stage: &Part) -> Option<String> {
    const ENOUGH: usize = 5;
    let hebb = &stage.config.hebb;
    let mut cells: Vec<(Cell, &CellSummary, f64)> = stage
        .summary
        .cells
        .iter()
        .filter(|(_, runs)| runs.epochs.len() >= ENOUGH)
        .filter_map(|(&cell, runs)| Some((cell, runs, runs.epochs_quantile(0.5)?)))
        .collect();
    cells.sort_by(|a, b| a.2.total_cmp(&b.2));
    let (first, last) = (cells.first()?, cells.last()?);
    if cells.len() < 2 {
        return Some(format!(
            "Only one pair of ratios ({}) converged {ENOUGH} times or more, after {:.0} epochs in \
             the median, so speeds cannot be compared.",
            cell_name(hebb, first.0),
            first.2
        ));
    }
    let groups: Vec<Vec<f64>> = cells
        .iter()
        .map(|(_, runs, _)| runs.epochs.iter().map(|&epoch| f64::from(epoch)).collect())
        .collect();
    let test = p_of(&groups).map(|p| format!("; Kruskal–Wallis, {}", p_words(p)));
    Some(format!(
        "Among the {} pairs of ratios that converged {ENOUGH} times or more, the median time to \
         converge goes from {:.0} epochs ({}) to {:.0} ({}){}.",
        cells.len(),
        first.2,
        cell_name(hebb, first.0),
        last.2,
        cell_name(hebb, last.0),
        test.unwrap_or_default()
    ))
}

/// Whether every run of some cell converged, of enough runs to mean something.
fn is_reliable(stage: &Part) -> bool {
    stage.summary.best().is_some_and(|(_, runs)| {
        runs.converged.successes == runs.converged.trials && runs.converged.interval().0 > 0.9
    })
}

fn rule_name(stage: &Part) -> String {
    if stage.variants().is_plain() {
        "plain Hebb".into()
    } else {
        format!("the rule ({})", stage.variants())
    }
}

pub(super) fn answer(results: &HebbResults) -> String {
    let stage = &results.main;
    let hebb = &stage.config.hebb;
    let all = stage.summary.converged();
    let cells = stage.summary.cells.len();
    let some = stage.summary.cells.values().filter(|runs| runs.converged.successes > 0).count();
    let groups: Vec<Vec<f64>> =
        stage.summary.cells.values().map(|runs| outcomes(runs.converged)).collect();
    let effect = p_of(&groups);
    let rule = rule_name(stage);
    let Some((best_cell, best_runs)) = stage.summary.best() else {
        let text = format!(
            "No ratio is better than another where nothing is learned: under {rule} none of {} \
             runs of {} neurons a layer converged ({}) at any of the {cells} pairs of ratios.",
            all.trials, hebb.neurons, hebb.criterion
        );
        return and_theory(text, stage);
    };
    let mut text = match effect {
        Some(p) if p < 0.01 => format!(
            "The E/I ratio has an effect: it decides whether a map can be learned at all ({} over \
             the {cells} pairs of ratios). ",
            p_words(p)
        ),
        Some(p) => format!(
            "No effect of the E/I ratio was found over the {cells} pairs of ratios ({}). ",
            p_words(p)
        ),
        None => String::new(),
    };
    let enough = if is_reliable(stage) { "is enough at some ratio" } else { "is not enough" };
    text += &format!(
        "{}{rule} {enough}: {} of {} runs of {} neurons a layer converged ({}), at {some} of \
         {cells} pairs of ratios, and the best chance is {} at {}. {}",
        if text.is_empty() {
            "Here, "
        } else if is_reliable(stage) {
            "And "
        } else {
            "But "
        },
        all.successes,
        all.trials,
        hebb.neurons,
        hebb.criterion,
        with_interval(best_runs.converged),
        cell_name(hebb, best_cell),
        speed(stage).unwrap_or_default()
    );
    and_theory(text, stage)
}

/// Adds what rounding did and what theory says of the same runs.
fn and_theory(mut text: String, stage: &Part) -> String {
    let plain = stage.variants().is_plain();
    for sentence in [rounding(stage), if plain { confused(stage) } else { String::new() }] {
        if !sentence.is_empty() {
            text = format!("{} {sentence}", text.trim());
        }
    }
    text.trim().to_string()
}

/// How many of the converged runs owe it to rounding.
fn rounding(stage: &Part) -> String {
    let runs = stage.summary.cells.values().map(|runs| runs.by_rounding).sum::<u64>();
    if runs == 0 {
        return String::new();
    }
    format!(
        "{runs} of the converged runs owe it to rounding: a sum that is 0 in exact arithmetic came \
         out within {ROUNDING:e} of it, on the right side."
    )
}

/// What became of the runs with two excitatory inputs.
fn confused(stage: &Part) -> String {
    let hebb = &stage.config.hebb;
    let mut runs = Proportion::default();
    for (cell, summary) in &stage.summary.cells {
        let types = summary.allotments.keys().next();
        if types.is_some_and(|types| two_inputs_are_confused(types, hebb.criterion)) {
            debug_assert!(hebb.neurons - cell.inhibitory_inputs >= 2);
            runs.trials += summary.converged.trials;
            runs.successes += summary.converged.successes;
        }
    }
    if runs.trials == 0 {
        return String::new();
    }
    format!(
        "Theory says that two excitatory inputs can never be told apart; of the {} runs that had \
         two or more, {} converged.",
        runs.trials, runs.successes
    )
}

pub(super) fn main(results: &HebbResults) -> String {
    let stage = &results.main;
    let how = if stage.complete {
        "Every combination of the mappings, ratios and allotments asked for was run"
    } else {
        "Mappings, allotments and initial weights were drawn for each pair of ratios"
    };
    let kept = {
        let mut kept = Proportion::default();
        for runs in stage.summary.cells.values() {
            kept.trials += runs.exact_at_end.trials;
            kept.successes += runs.exact_at_end.successes;
        }
        kept
    };
    format!(
        "{how}: {} runs in all. A run ends at the first epoch that meets the criterion; at its \
         end, {} of the networks show the whole map exactly.",
        stage.runs, kept.successes
    )
}

pub(super) fn symmetry(results: &HebbResults) -> String {
    let stage = &results.main;
    let mut by_mapping: std::collections::BTreeMap<&Mapping, Proportion> = Default::default();
    for runs in stage.summary.cells.values() {
        for (mapping, share) in &runs.mappings {
            let sum = by_mapping.entry(mapping).or_default();
            sum.trials += share.trials;
            sum.successes += share.successes;
        }
    }
    let mut text = String::from(
        "The mapping only says which column of the last weights belongs to which input, and all \
         columns start alike, so no mapping should be harder than another; nor should it matter \
         which of the hidden neurons are inhibitory, as long as their number is the same. ",
    );
    let groups: Vec<Vec<f64>> = by_mapping.values().map(|&share| outcomes(share)).collect();
    let shares = || by_mapping.values().filter_map(|share| share.value());
    let (low, high) =
        (shares().fold(f64::INFINITY, f64::min), shares().fold(f64::NEG_INFINITY, f64::max));
    if stage.complete
        && let Some(p) = p_of(&groups)
    {
        text += &format!(
            "Over the {} mappings the share of converged runs goes from {} to {}, {}. ",
            by_mapping.len(),
            percent(low),
            percent(high),
            if p < 0.01 {
                format!("a difference that is not chance ({})", p_words(p))
            } else {
                format!("no more than by chance ({})", p_words(p))
            }
        );
    }
    if let Some((cell, runs)) = most_allotments(stage) {
        let groups: Vec<Vec<f64>> =
            runs.allotments.values().map(|&share| outcomes(share)).collect();
        if let Some(p) = p_of(&groups) {
            text += &format!(
                "At {}, where {} allotments were tried, the allotments differ {} ({}).",
                cell_name(&stage.config.hebb, cell),
                runs.allotments.len(),
                if p < 0.01 { "more than by chance" } else { "no more than by chance" },
                p_words(p)
            );
        }
    }
    text.trim().to_string()
}

pub(super) fn variants(results: &HebbResults) -> String {
    let Some(plain) = results.compared.first() else { return String::new() };
    let hebb = &plain.config.hebb;
    let Some(best) = results.best.map(|at| &results.compared[at]) else {
        return format!(
            "None of {} combinations of the variants learned any map.",
            results.screening.len()
        );
    };
    let best_of = |stage: &Part| {
        stage.summary.best().map_or(0.0, |(_, runs)| runs.converged.value().unwrap_or(0.0))
    };
    let mut text = String::new();
    let singles: Vec<&Part> =
        results.compared.iter().filter(|stage| stage.variants().departures() == 1).collect();
    let single = singles.iter().max_by(|a, b| best_of(a).total_cmp(&best_of(b)));
    if single.is_some_and(|single| best_of(single) == 0.0) {
        text += "None of the variants alone learned any map in its runs. ";
    } else if let Some(single) = single {
        text += &format!(
            "Of the variants alone, {} goes furthest: {} at its best pair of ratios ({}). ",
            single.variants(),
            single.summary.best().map_or("0 %".into(), |(_, runs)| with_interval(runs.converged)),
            single.summary.best().map_or("none".into(), |(cell, _)| cell_name(hebb, cell)),
        );
    }
    let (cell, runs) = match best.summary.best() {
        Some(found) => found,
        None => return text,
    };
    let sure = sure_cells(best);
    match (&sure, &results.kept) {
        (Some((inputs, hidden)), Some(kept)) => {
            let all = kept.summary.converged();
            let mappings: std::collections::BTreeSet<&Mapping> =
                kept.summary.cells.values().flat_map(|runs| runs.mappings.keys()).collect();
            let missed = kept
                .summary
                .cells
                .values()
                .flat_map(|runs| runs.mappings.values())
                .filter(|share| share.successes < share.trials)
                .count();
            let hidden: Vec<String> =
                hidden.iter().map(|&h| ratio(hebb.hidden_neurons(), h)).collect();
            let inputs: Vec<String> = inputs.iter().map(|&i| ratio(hebb.neurons, i)).collect();
            text += &format!(
                "The combination \"{}\" converged in every one of its runs at hidden E:I {} with \
                 inputs {}. There, {} of {} mappings were learned, in {} of {} runs, and kept for {} \
                 epochs{}. {}",
                best.variants(),
                hidden.join(", "),
                inputs.join(", "),
                mappings.len() - usize::from(missed > 0) * missed.min(mappings.len()),
                mappings.len(),
                all.successes,
                all.trials,
                kept.config.hebb.hold_epochs,
                if missed == 0 {
                    ": every mapping is learnable"
                } else {
                    "; the others not in every run"
                },
                speed(kept).unwrap_or_default()
            );
        }
        _ => {
            text += &format!(
                "No combination makes every run converge at any ratio; the best, \"{}\", reaches {} \
                 at {}.",
                best.variants(),
                with_interval(runs.converged),
                cell_name(hebb, cell)
            );
        }
    }
    let lacking: Vec<(String, f64)> = results
        .compared
        .iter()
        .filter(|stage| {
            best.variants().departures() > 1
                && is_one_part_less(&stage.variants(), &best.variants())
        })
        .map(|stage| (missing_part(&stage.variants(), &best.variants()), best_of(stage)))
        .collect();
    if !lacking.is_empty() {
        let parts: Vec<String> =
            lacking.iter().map(|(part, share)| format!("{part}: {}", percent(*share))).collect();
        text += &format!(
            " Without one of its parts the best chance at any pair of ratios is: {}.",
            parts.join("; ")
        );
    }
    text.trim().to_string()
}

pub(super) fn tiles(results: &HebbResults) -> Vec<(String, String, String)> {
    let mut tiles = Vec::new();
    let stage = &results.main;
    let all = stage.summary.converged();
    tiles.push((
        format!(
            "converged, {}",
            if stage.variants().is_plain() { "plain rule" } else { "this rule" }
        ),
        percent(all.value().unwrap_or(0.0)),
        format!("{} of {} runs", all.successes, all.trials),
    ));
    if let Some((cell, runs)) = stage.summary.best() {
        tiles.push((
            "best pair of ratios".into(),
            percent(runs.converged.value().unwrap_or(0.0)),
            cell_name(&stage.config.hebb, cell),
        ));
    }
    if let Some(best) = results.best.map(|at| &results.compared[at])
        && let Some((cell, runs)) = best.summary.best()
    {
        tiles.push((
            "best variant".into(),
            percent(runs.converged.value().unwrap_or(0.0)),
            cell_name(&best.config.hebb, cell),
        ));
    }
    tiles
}
