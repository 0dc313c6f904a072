//! The figures of the study.

use equipoise_decoder::classifier::{SynapseModel, TypeBalance};
use equipoise_figure::{Axis, Color, Figure, Line, Marker, Plot, Scatter};

use super::comparison::mean;
use super::results::{BALANCES, OUTCOMES, TrainedCell, TrainedResults};
use super::settings::{Condition, Inhibition, synapses_label};

/// Accuracy over the epochs at each level of noise: a line is a kind of network, the mean over
/// repetitions, ratios and starts.
pub(super) fn learning(found: &TrainedResults) -> Figure {
    let mut figure = Figure::new().columns(2);
    for &noise in &found.settings.noise {
        let mut plot = Plot::new(&format!("noise {noise}"))
            .x_axis(Axis::new("epoch"))
            .y_axis(Axis::new("accuracy").unit("%"));
        for (index, (synapses, inhibition)) in kinds(found).into_iter().enumerate() {
            let of = |c: &&TrainedCell| {
                let Condition { synapses: s, inhibition: i, noise: n, .. } = c.condition;
                (s, i, n) == (synapses, inhibition, noise)
            };
            let cells: Vec<&TrainedCell> = found.cells.iter().filter(of).collect();
            let at = |epoch: usize| {
                let values: Vec<f64> =
                    cells.iter().filter_map(|c| c.accuracy.get(epoch)).copied().collect();
                mean(&values).map(|accuracy| 100.0 * accuracy)
            };
            let points = (0..=found.epochs).filter_map(|epoch| Some((epoch as f64, at(epoch)?)));
            let (x, y): (Vec<f64>, Vec<f64>) = points.unzip();
            let label = format!("{}, {}", synapses_label(synapses), inhibition.label());
            plot = plot.with(Line::new(&x, &y).label(&label).color(Color::cycle(index)));
        }
        figure = figure.panel(plot);
    }
    figure.shared_legend()
}

fn kinds(found: &TrainedResults) -> Vec<(SynapseModel, Inhibition)> {
    let settings = &found.settings;
    let of = |&s: &SynapseModel| settings.inhibition.iter().map(move |&i| (s, i));
    settings.synapses.iter().flat_map(of).collect()
}

/// Inhibition over excitation after training against before it; a point is a training.
pub(super) fn balance(found: &TrainedResults) -> Option<Figure> {
    let panels = [
        ("I / E", (|b| b.ratio) as fn(&TypeBalance) -> Option<f64>),
        ("correlation of E and I", |b| b.correlation),
    ];
    let mut figure = Figure::new().columns(2);
    let mut drawn = false;
    for (name, of) in panels {
        let axis = |when: &str| Axis::new(&format!("{name} {when}")).include(0.0);
        let mut plot =
            Plot::new(name).x_axis(axis("before training")).y_axis(axis("after training"));
        let mut most = 0.0f64;
        for (index, (synapses, inhibition)) in kinds(found).into_iter().enumerate() {
            let cells = found.cells.iter().filter(|c| {
                (c.condition.synapses, c.condition.inhibition) == (synapses, inhibition)
                    && inhibition != Inhibition::Outputs
            });
            let points = cells.filter_map(|c| Some((of(c.start()?)?, of(c.end()?)?)));
            let (x, y): (Vec<f64>, Vec<f64>) = points.unzip();
            if x.is_empty() {
                continue;
            }
            drawn = true;
            most = x.iter().chain(&y).copied().fold(most, f64::max);
            let label = format!("{}, {}", synapses_label(synapses), inhibition.label());
            let points = Scatter::new(&x, &y).label(&label).color(Color::cycle(index));
            plot = plot.with(points.marker(Marker::Circle));
        }
        let same = Line::new(&[0.0, most], &[0.0, most]).label("no change").color(Color::GREY);
        figure = figure.panel(plot.with(same));
    }
    drawn.then(|| figure.shared_legend())
}

/// Every outcome against every measure of balance after training; a point is a training of a network
/// whose hidden neurons are inhibited.
pub(super) fn outcomes(found: &TrainedResults) -> Option<Figure> {
    let mut figure = Figure::new().columns(2);
    let mut drawn = false;
    for (outcome, _, scale, of) in OUTCOMES {
        for (dose, dose_of) in BALANCES {
            let mut plot = Plot::new(outcome)
                .x_axis(Axis::new(&format!("{dose} after training")))
                .y_axis(Axis::new(""));
            for (index, &noise) in found.settings.noise.iter().enumerate() {
                let cells = found.cells.iter().filter(|c| {
                    c.condition.noise == noise && c.condition.inhibition != Inhibition::Outputs
                });
                let points = cells.filter_map(|c| Some((dose_of(c)?, scale * of(c)?)));
                let (x, y): (Vec<f64>, Vec<f64>) = points.unzip();
                if x.is_empty() {
                    continue;
                }
                drawn = true;
                let label = format!("noise {noise}");
                plot = plot.with(Scatter::new(&x, &y).label(&label).color(Color::cycle(index)));
            }
            figure = figure.panel(plot);
        }
    }
    drawn.then(|| figure.shared_legend())
}
