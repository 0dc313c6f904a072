//! Which variants are compared, which is the best, and what they are called.

use equipoise_plasticity::hebb::{Cell, CellSummary, HebbConfig, Variants};

use super::part::Part;

/// How good a variant is: its best chance at any pair of ratios, at how many pairs it reaches it,
/// and how few parts it has; its overall chance decides the rest.
pub(super) fn rank(stage: &Part) -> (f64, usize, std::cmp::Reverse<usize>, f64) {
    let chance = |runs: &CellSummary| runs.converged.value().unwrap_or(0.0);
    let best = stage.summary.cells.values().map(chance).fold(0.0, f64::max);
    let often = stage.summary.cells.values().filter(|runs| chance(runs) >= best).count();
    let overall = stage.summary.converged().value().unwrap_or(0.0);
    (best, often, std::cmp::Reverse(stage.variants().departures()), overall)
}

/// The best of the screened combinations, the first among equals; `None` if none converged.
pub(super) fn leader(screening: &[Part]) -> Option<&Part> {
    let mut leader: Option<&Part> = None;
    for stage in screening {
        if leader.is_none_or(|leader| rank(stage) > rank(leader)) {
            leader = Some(stage);
        }
    }
    leader.filter(|stage| rank(stage).0 > 0.0)
}

/// The numbers of inhibitory inputs and hidden neurons of the cells in which every run converged,
/// where they are all pairs of those numbers; `None` if there is no such cell.
pub(super) fn sure_cells(stage: &Part) -> Option<(Vec<usize>, Vec<usize>)> {
    let sure: Vec<Cell> = stage
        .summary
        .cells
        .iter()
        .filter(|(_, runs)| runs.converged.successes == runs.converged.trials)
        .map(|(&cell, _)| cell)
        .collect();
    // The hidden ratio with the most sure cells, and its inputs: a rectangle of cells.
    let hidden = sure.iter().map(|cell| cell.inhibitory_hidden).max_by_key(|&hidden| {
        let count = sure.iter().filter(|cell| cell.inhibitory_hidden == hidden).count();
        (count, std::cmp::Reverse(hidden))
    })?;
    let inputs = sure
        .iter()
        .filter(|cell| cell.inhibitory_hidden == hidden)
        .map(|cell| cell.inhibitory_inputs)
        .collect();
    Some((inputs, vec![hidden]))
}

/// Whether `variants` is `whole` with exactly one of its parts taken out.
pub(super) fn is_one_part_less(variants: &Variants, whole: &Variants) -> bool {
    let plain = Variants::default();
    let parts = [
        (variants.lateral == whole.lateral, variants.lateral == plain.lateral),
        (
            variants.other_outputs == whole.other_outputs,
            variants.other_outputs == plain.other_outputs,
        ),
        (variants.centred == whole.centred, !variants.centred),
        (variants.dale == whole.dale, variants.dale == plain.dale),
        (variants.edges == whole.edges, variants.edges == plain.edges),
        (variants.back_and_forth == whole.back_and_forth, !variants.back_and_forth),
        (variants.undirected == whole.undirected, !variants.undirected),
    ];
    variants.departures() + 1 == whole.departures()
        && parts.iter().all(|(as_whole, as_plain)| *as_whole || *as_plain)
}

/// The name of a compared variant; those that lack a part of the best are named by it.
pub(super) fn compared_name(compared: &[Part], best: Option<usize>, at: usize) -> String {
    let variants = compared[at].variants();
    let Some(best) = best.map(|best| compared[best].variants()) else {
        return variants.to_string();
    };
    if variants != best && is_one_part_less(&variants, &best) && variants.departures() > 1 {
        return format!("best without {}", missing_part(&variants, &best));
    }
    if variants == best && best.departures() > 1 {
        "best combination".into()
    } else {
        variants.to_string()
    }
}

/// The part of `whole` that `variants` lacks.
pub(super) fn missing_part(variants: &Variants, whole: &Variants) -> String {
    let text = variants.to_string();
    let parts: Vec<&str> = text.split(" + ").collect();
    let whole = whole.to_string();
    let lacks: Vec<&str> = whole.split(" + ").filter(|part| !parts.contains(part)).collect();
    lacks.join(" + ")
}

/// Excitatory to inhibitory.
pub(super) fn ratio(all: usize, inhibitory: usize) -> String {
    format!("{}:{inhibitory}", all - inhibitory)
}

/// A cell in words.
pub(super) fn cell_name(hebb: &HebbConfig, cell: Cell) -> String {
    format!(
        "{} inputs, {} hidden",
        ratio(hebb.neurons, cell.inhibitory_inputs),
        ratio(hebb.hidden_neurons(), cell.inhibitory_hidden)
    )
}
