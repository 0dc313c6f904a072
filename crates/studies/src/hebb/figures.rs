//! The figures of the study.

use equipoise_figure::{
    Axis, Color, ColorMap, Figure, GroupChart, Heatmap, Line, Marker, Panel, Plot, Scatter,
};
use equipoise_plasticity::hebb::{Allotment, Cell, CellSummary, NeuronType};

use super::choice::{cell_name, compared_name, ratio};
use super::dynamics::{sums_plot, weights_plot};
use super::part::Part;
use super::results::HebbResults;
use super::statistics::most_allotments;

pub(super) const CONVERGENCE_CAPTION: &str = "Chance of convergence over both ratios, by criterion, and \
    the median epoch of the runs that converged under the configured one. Grey: no run converged.";
pub(super) const DYNAMICS_CAPTION: &str = "Weights of the first layer and raw output sums at the end of \
    each epoch. Dashed: the limits for the input presented last. A map is shown exactly where \
    the weakest target is at least 0 and the strongest other output below.";
pub(super) const ALLOTMENTS_CAPTION: &str = "Allotments of the same number of inhibitory neurons, at the \
    pair of ratios with several allotments at which most runs converged: the rule as configured, \
    and the epochs of the best combination.";
pub(super) const VARIANTS_CAPTION: &str = "The variants: best chance at any pair of ratios with 95 % \
    interval, and the chance at every pair (inhibitory inputs, inhibitory hidden neurons).";

/// A map over both ratios: hidden neurons to the right, inputs upwards.
fn map(stage: &Part, title: &str, value: impl Fn(&CellSummary) -> Option<f64>) -> Heatmap {
    let cells = &stage.summary.cells;
    let mut hidden: Vec<usize> = cells.keys().map(|cell| cell.inhibitory_hidden).collect();
    let mut inputs: Vec<usize> = cells.keys().map(|cell| cell.inhibitory_inputs).collect();
    for axis in [&mut hidden, &mut inputs] {
        axis.sort_unstable();
        axis.dedup();
    }
    let values: Vec<f64> = inputs
        .iter()
        .flat_map(|&inhibitory_inputs| {
            hidden
                .iter()
                .map(move |&inhibitory_hidden| Cell { inhibitory_inputs, inhibitory_hidden })
        })
        .map(|cell| cells.get(&cell).and_then(&value).unwrap_or(f64::NAN))
        .collect();
    let hebb = &stage.config.hebb;
    let names = |all: usize, counts: &[usize]| -> Vec<String> {
        counts.iter().map(|&inhibitory| ratio(all, inhibitory)).collect()
    };
    Heatmap::with_names(
        title,
        names(hebb.hidden_neurons(), &hidden),
        names(hebb.neurons, &inputs),
        &values,
    )
    .x_label("E:I of the hidden neurons")
    .y_label("E:I of the inputs")
}

fn chance_map(stage: &Part, title: &str) -> Heatmap {
    map(stage, title, |runs| runs.converged.value().map(|share| 100.0 * share))
        .color_axis(Axis::new("converged").unit("%"))
        .color_range(0.0, 100.0)
        .annotate(1)
}

fn epochs_map(stage: &Part, title: &str) -> Heatmap {
    map(stage, title, |runs| runs.epochs_quantile(0.5))
        .color_axis(Axis::new("median epoch"))
        .annotate(0)
}

fn runs_note(stage: &Part) -> String {
    format!("{} runs", stage.summary.converged().trials)
}

/// The rule as configured and the best combination, over both ratios, and how fast it is.
pub(super) fn answer(results: &HebbResults) -> Figure {
    let main = &results.main;
    let plain = if main.variants().is_plain() { "Plain Hebb" } else { "Rule as configured" };
    let mut figure =
        Figure::new().columns(2).panel(Panel::new(chance_map(main, plain)).note(&runs_note(main)));
    if let Some(best) = results.best.map(|at| &results.compared[at]) {
        let title = "Best combination";
        figure = figure.panel(Panel::new(chance_map(best, title)).note(&runs_note(best)));
        figure = figure.panel(speed_plot(results, best));
        let title = "Epochs, best combination";
        figure = figure.panel(Panel::new(epochs_map(best, title)).note(&runs_note(best)));
        let height = 11.0 * results.compared.len() as f64;
        figure = figure.panel(Panel::new(forest(results)).span(2).height(height));
    } else {
        figure = figure.panel(epochs_map(main, "Epochs to convergence"));
    }
    figure
}

pub(super) fn answer_caption(results: &HebbResults) -> String {
    let main = "Chance of convergence over both E:I ratios under the rule as configured";
    match results.best.map(|at| &results.compared[at]) {
        Some(best) => format!(
            "{main} and with the best combination of variants ({}); the median epoch (and \
             quartiles) at which it converges, against the ratio of the inputs, and over both \
             ratios; and the best chance at any pair of ratios of each variant alone, of that \
             combination, and of it without each of its parts (95 % intervals).",
            best.variants()
        ),
        None => format!("{main}, and the median epoch."),
    }
}

/// Epochs to convergence against the inhibitory inputs at the hidden ratio of the best cell.
fn speed_plot(results: &HebbResults, best: &Part) -> Plot {
    let stage = results.kept.as_ref().unwrap_or(best);
    let mut plot = Plot::new("How fast").y_axis(Axis::new("epochs to convergence").log());
    let n = stage.config.hebb.neurons;
    plot = plot.x_axis(
        Axis::new("E:I of the inputs").categories((0..=n).map(|inhibitory| ratio(n, inhibitory))),
    );
    let mut curves: Vec<(Color, String, &Part)> = vec![(Color::GREEN, "best".into(), stage)];
    if results.main.summary.best().is_some() {
        curves.push((Color::GREY, "as configured".into(), &results.main));
    }
    for (color, label, stage) in curves {
        let hidden = stage.summary.best().map(|(cell, _)| cell.inhibitory_hidden);
        let (mut x, mut y, mut low, mut high) = (vec![], vec![], vec![], vec![]);
        for (cell, runs) in &stage.summary.cells {
            if Some(cell.inhibitory_hidden) == hidden
                && let (Some(a), Some(b), Some(c)) = (
                    runs.epochs_quantile(0.25),
                    runs.epochs_quantile(0.5),
                    runs.epochs_quantile(0.75),
                )
            {
                x.push(cell.inhibitory_inputs as f64);
                low.push(a);
                y.push(b);
                high.push(c);
            }
        }
        let hidden = ratio(stage.config.hebb.hidden_neurons(), hidden.unwrap_or(0));
        plot = plot.with(
            Line::new(&x, &y)
                .errors(&low, &high)
                .marker(Marker::Circle)
                .color(color)
                .label(&format!("{label}, hidden {hidden}")),
        );
    }
    plot
}

/// The best chance of each compared variant, with its interval.
fn forest(results: &HebbResults) -> Plot {
    let count = results.compared.len();
    let names: Vec<String> =
        (0..count).rev().map(|at| compared_name(&results.compared, results.best, at)).collect();
    let mut plot = Plot::new("Best chance at any pair of ratios")
        .x_axis(Axis::new("converged").unit("%").range(0.0, 103.0))
        .y_axis(Axis::new("").categories(names));
    for (at, stage) in results.compared.iter().enumerate() {
        let y = (count - 1 - at) as f64;
        let runs = stage.summary.best().map_or_else(
            || stage.summary.cells.values().next().map(|runs| runs.converged),
            |(_, runs)| Some(runs.converged),
        );
        let Some(runs) = runs else { continue };
        let (low, high) = runs.interval();
        let color = if Some(at) == results.best { Color::GREEN } else { Color::PURPLE };
        plot = plot
            .with(Line::new(&[100.0 * low, 100.0 * high], &[y, y]).color(color).width(1.0))
            .with(
                Scatter::new(&[100.0 * runs.value().unwrap_or(0.0)], &[y])
                    .color(color)
                    .marker(Marker::Circle),
            );
    }
    plot
}

/// The chance under each criterion, and the epochs under the configured one.
pub(super) fn convergence(results: &HebbResults) -> Figure {
    let main = &results.main;
    let mut figure = Figure::new().columns(2);
    if results.criteria.is_empty() {
        let title = format!("{}", main.config.hebb.criterion);
        figure = figure.panel(Panel::new(chance_map(main, &title)).note(&runs_note(main)));
    }
    for (criterion, stage) in &results.criteria {
        let panel = Panel::new(chance_map(stage, criterion.name())).note(&runs_note(stage));
        figure = figure.panel(panel);
    }
    let title = format!("Epochs, {}", main.config.hebb.criterion);
    figure.panel(epochs_map(main, &title))
}

/// What the allotment does at one pair of ratios; `None` where no pair has several that converge.
pub(super) fn allotments(results: &HebbResults) -> Option<Figure> {
    const MOST: usize = 24;
    let (cell, runs) = most_allotments(&results.main)?;
    let mut names = Vec::new();
    let mut chances = Vec::new();
    for (types, share) in runs.allotments.iter().take(MOST) {
        let (low, high) = share.interval();
        names.push(short(&types.to_string()));
        chances.push((100.0 * share.value()?, 100.0 * low, 100.0 * high));
    }
    let empty = vec![Vec::new(); names.len()];
    let hebb = &results.main.config.hebb;
    let first = GroupChart::bars(&cell_name(hebb, cell), names)
        .x_label("allotment (inputs / hidden)")
        .y_axis(Axis::new("converged").unit("%").include(0.0))
        .series_with_intervals("", Color::GREY, chances, empty);
    let mut figure = Figure::new().columns(1).panel(first);
    if let Some(kept) = &results.kept
        && let Some((cell, runs)) = kept
            .summary
            .cells
            .iter()
            .filter(|(_, runs)| runs.allotments.len() > 1 && !runs.allotment_epochs.is_empty())
            .max_by_key(|(_, runs)| runs.allotments.len())
    {
        let (mut names, mut samples) = (Vec::new(), Vec::new());
        for (types, epochs) in runs.allotment_epochs.iter().take(MOST) {
            names.push(short(&types.to_string()));
            samples.push(epochs.iter().map(|&epoch| f64::from(epoch)).collect());
        }
        let title = format!("Best combination, {}", cell_name(hebb, *cell));
        let second = GroupChart::boxes(&title, names)
            .x_label("allotment (inputs / hidden)")
            .y_axis(Axis::new("epochs to convergence").include(0.0))
            .series("", Color::GREEN, samples)
            .hide_points();
        figure = figure.panel(second);
    }
    Some(figure)
}

/// The types of inputs and hidden neurons, legible at a small size.
fn short(types: &str) -> String {
    types.rsplit_once('|').map_or(types, |(front, _)| front).replace('|', " / ")
}

/// All compared variants at every pair of ratios.
pub(super) fn variants(results: &HebbResults) -> Figure {
    let cells: Vec<Cell> = results
        .compared
        .first()
        .map(|stage| stage.summary.cells.keys().copied().collect())
        .unwrap_or_default();
    let names: Vec<String> = (0..results.compared.len())
        .map(|at| compared_name(&results.compared, results.best, at))
        .collect();
    let values: Vec<f64> = results
        .compared
        .iter()
        .flat_map(|stage| {
            cells.iter().map(|cell| {
                let share = stage.summary.cells.get(cell).and_then(|runs| runs.converged.value());
                100.0 * share.unwrap_or(f64::NAN)
            })
        })
        .collect();
    let columns =
        cells.iter().map(|cell| format!("{},{}", cell.inhibitory_inputs, cell.inhibitory_hidden));
    let map = Heatmap::with_names("Chance at every pair of ratios", columns, names, &values)
        .x_label("inhibitory inputs, inhibitory hidden neurons")
        .color_axis(Axis::new("converged").unit("%"))
        .color_range(0.0, 100.0)
        .color_map(ColorMap::Viridis)
        .first_row_on_top();
    Figure::new().columns(1).panel(Panel::new(map).height(14.0 * results.compared.len() as f64))
}

/// Weights and outputs over the first epochs: of the rule as configured with half of the inputs
/// inhibitory, and of the best combination.
pub(super) fn dynamics(results: &HebbResults) -> Figure {
    let seen = &results.configured;
    let types = |types: &Allotment| types.to_string().replace('|', " / ");
    let mut figure = Figure::new().columns(2);
    for kind in [NeuronType::Excitatory, NeuronType::Inhibitory] {
        if let Some(plot) = weights_plot(seen, 0, kind) {
            figure = figure.panel(Panel::new(plot).note(&types(&seen.types)));
        }
    }
    let name = if seen.hebb.variants.is_plain() { "Outputs, plain rule" } else { "Outputs" };
    figure = figure.panel(sums_plot(name, &seen.trace, None));
    if let Some(seen) = &results.combined {
        let plot = sums_plot("Outputs, best combination", &seen.trace, None);
        figure = figure.panel(Panel::new(plot).note(&types(&seen.types)));
    }
    figure
}
