//! The report on controllability.

use equipoise_figure::{Axis, Color, Figure, Line, Marker, Panel, Plot};
use equipoise_report::{Column, NumberFormat, Report, Step, Table};

use super::super::trials::median_of;
use super::{Analysed, ControllabilityResults, ControllabilitySettings, Planned};
use crate::schema::parameters;
use crate::strip;

/// The results in a few lines.
pub(super) fn summary(results: &ControllabilityResults) -> String {
    let ControllabilityResults { settings, analysed, planned } = results;
    let percent = |share: Option<f64>| {
        share.map_or("nothing".to_owned(), |share| format!("{:.0} %", 100.0 * share))
    };
    let mut text = format!(
        "one stimulation reaches {} of −grad U, {} stimulations reach {} (medians)\n",
        percent(median_of(analysed.iter().filter_map(|a| a.one_share))),
        settings.stimulations,
        percent(median_of(analysed.iter().filter_map(|a| a.shares.last().copied()))),
    );
    for t in planned {
        text += &format!(
            "{} neurons: {:.4} s to plan a stimulation ({} linearised and {} full gradients)\n",
            t.neurons, t.seconds, t.linearised, t.gradients
        );
    }
    text
}

pub(super) fn report(results: &ControllabilityResults) -> Report {
    let ControllabilityResults { settings, analysed, planned } = results;
    let mut table = Table::new("Medians over the networks.")
        .column(Column::integer("neurons"))
        .column(Column::number("density").decimals(2))
        .column(Column::integer("synapses"))
        .column(Column::integer("rank of one"))
        .column(Column::percent("share of one", 1))
        .column(Column::integer("stimulations"))
        .column(Column::integer("directions"))
        .column(Column::integer("connected pairs + 2N"))
        .column(Column::percent("share of all", 1));
    let of = |neurons: usize, density: f64| -> Vec<&Analysed> {
        analysed.iter().filter(|a| a.neurons == neurons && a.density == density).collect()
    };
    let mut conditions: Vec<(usize, f64)> = Vec::new();
    for a in analysed {
        if !conditions.contains(&(a.neurons, a.density)) {
            conditions.push((a.neurons, a.density));
        }
    }
    for &(neurons, density) in &conditions {
        let group = of(neurons, density);
        let middle = |f: &dyn Fn(&Analysed) -> f64| {
            median_of(group.iter().map(|a| f(a))).unwrap_or(f64::NAN)
        };
        table.row([
            neurons.into(),
            density.into(),
            (middle(&|a| a.synapses as f64).round() as usize).into(),
            (middle(&|a| a.rank as f64).round() as usize).into(),
            median_of(group.iter().filter_map(|a| a.one_share)).into(),
            settings.stimulations.into(),
            (middle(&|a| last(&a.dimensions) as f64).round() as usize).into(),
            (middle(&|a| (a.pairs + 2 * a.neurons) as f64).round() as usize).into(),
            middle(&|a| a.shares.last().copied().unwrap_or(f64::NAN)).into(),
        ]);
    }
    let mut report = Report::new("What stimulation can reach");
    report
        .subtitle("Controllability of the synapses of a rate network")
        .summary(
            "One stimulation has as many degrees of freedom as there are neurons, and there are far \
             more synapses. This report counts the directions in which stimulation can move the \
             weights, says which share of the wanted change (−grad U of the associative task) lies \
             in them, and measures what planning a stimulation costs.",
        )
        .strip(steps(settings, analysed));
    for sentence in found(settings, analysed) {
        report.found(&sentence);
    }
    report.heading("Reach").table("reach", &table).paragraph(
        "Rank: directions that one stimulation reaches to first order, at most N. Directions: \
             those of many stimulations together, at the present weights: at most K N after K, and \
             at most the number of connected pairs and 2N, because the two synapses of a pair that \
             is connected both ways share the product of the two rates.",
    );
    let figure = Figure::new()
        .columns(2)
        .panel(spectra(settings, analysed))
        .panel(growth(settings, analysed))
        .panel(shares(&conditions, analysed, settings, true))
        .panel(shares(&conditions, analysed, settings, false));
    report.figure(
        "reach",
        &figure,
        "Singular values of d vec(ΔJ)/df of one stimulation, for networks of several sizes. The share \
         of −grad U within reach over the number of stimulations. The share that one stimulation \
         reaches, over size and density: the median, and bars from the least to the most of the networks.",
    );
    if !planned.is_empty() {
        cost(settings, &mut report, planned);
    }
    report
        .heading("Network and rule")
        .table("network", &parameters("Parameters of the network", &[("", &settings.network)]))
        .table("rule", &parameters("Parameters of the plasticity rule", &[("", &settings.rule)]))
        .table("task", &parameters("Parameters of the task", &[("", &settings.task)]));
    report
}

/// What was done: networks, the singular values of a stimulation, what many reach.
fn steps(settings: &ControllabilitySettings, analysed: &[Analysed]) -> [Step; 3] {
    let values = analysed.first().map_or(&[][..], |a| &a.singular_values);
    let index: Vec<f64> = (0..values.len()).map(|k| k as f64).collect();
    let mut one = Step::new("One stimulation", "its singular values, largest first");
    if let Some(figure) = strip::curves([(&index[..], values, Color::BLUE)]) {
        one = one.figure(&figure);
    }
    let shares = analysed.first().map_or(&[][..], |a| &a.shares);
    let numbers: Vec<f64> = (0..shares.len()).map(|k| k as f64).collect();
    let text = format!("share of what is wanted, up to {}", settings.stimulations);
    let mut many = Step::new("Many stimulations", &text);
    if let Some(figure) = strip::curves([(&numbers[..], shares, Color::BLUE)]) {
        many = many.figure(&figure);
    }
    [Step::new("Networks", &format!("{} networks", analysed.len())), one, many]
}

/// What one stimulation and what many of them reach, at the configured size and density.
fn found(settings: &ControllabilitySettings, analysed: &[Analysed]) -> Vec<String> {
    let Some(Analysed { neurons, density, .. }) = analysed.first() else { return Vec::new() };
    let group = || analysed.iter().filter(|a| (a.neurons, a.density) == (*neurons, *density));
    let one = median_of(group().filter_map(|a| a.one_share));
    let all = median_of(group().filter_map(|a| a.shares.last().copied()));
    let (Some(one), Some(all)) = (one, all) else { return Vec::new() };
    vec![format!(
        "In networks of {neurons} neurons at density {density}, one stimulation reaches {:.0} % of \
         the change of the weights that the task wants, {} of them reach {:.0} % (medians).",
        100.0 * one,
        settings.stimulations,
        100.0 * all
    )]
}

fn last(values: &[usize]) -> usize {
    values.last().copied().unwrap_or(0)
}

fn spectra(settings: &ControllabilitySettings, analysed: &[Analysed]) -> Plot {
    let mut plot = Plot::new("Singular values of one stimulation")
        .x_axis(Axis::new("index"))
        .y_axis(Axis::new("singular value").log());
    for (index, &neurons) in settings.sizes.iter().enumerate() {
        let found =
            analysed.iter().find(|a| a.neurons == neurons && a.density == settings.network.density);
        if let Some(a) = found {
            let x: Vec<f64> = (1..=a.singular_values.len()).map(|i| i as f64).collect();
            plot = plot.with(
                Line::new(&x, &a.singular_values)
                    .color(Color::cycle(index))
                    .label(&format!("N = {neurons}")),
            );
        }
    }
    plot
}

fn growth(settings: &ControllabilitySettings, analysed: &[Analysed]) -> Plot {
    let mut plot = Plot::new("Reach of many stimulations")
        .x_axis(Axis::new("stimulations").from(0.0))
        .y_axis(Axis::new("share of −grad U").unit("%").range(0.0, 105.0));
    for (index, &neurons) in settings.sizes.iter().enumerate() {
        let found =
            analysed.iter().find(|a| a.neurons == neurons && a.density == settings.network.density);
        if let Some(a) = found {
            let x: Vec<f64> = (1..=a.shares.len()).map(|i| i as f64).collect();
            let y: Vec<f64> = a.shares.iter().map(|s| 100.0 * s).collect();
            plot = plot.with(
                Line::new(&x, &y).color(Color::cycle(index)).label(&format!("N = {neurons}")),
            );
        }
    }
    plot
}

fn shares(
    conditions: &[(usize, f64)],
    analysed: &[Analysed],
    settings: &ControllabilitySettings,
    by_size: bool,
) -> Panel {
    let (title, axis) = if by_size {
        ("Reach of one, over size", Axis::new("neurons"))
    } else {
        ("Reach of one, over density", Axis::new("density").range(0.0, 1.05))
    };
    let (mut x, mut y, mut low, mut high) = (vec![], vec![], vec![], vec![]);
    for &(neurons, density) in conditions {
        let wanted = if by_size {
            density == settings.network.density && settings.sizes.contains(&neurons)
        } else {
            neurons == settings.network.neurons && settings.densities.contains(&density)
        };
        if !wanted {
            continue;
        }
        let group: Vec<f64> = analysed
            .iter()
            .filter(|a| a.neurons == neurons && a.density == density)
            .filter_map(|a| Some(100.0 * a.one_share?))
            .collect();
        x.push(if by_size { neurons as f64 } else { density });
        y.push(median_of(group.iter().copied()).unwrap_or(f64::NAN));
        low.push(group.iter().copied().fold(f64::INFINITY, f64::min));
        high.push(group.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    }
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    let sorted = |v: &[f64]| order.iter().map(|&i| v[i]).collect::<Vec<f64>>();
    Panel::new(
        Plot::new(title)
            .x_axis(axis)
            .y_axis(Axis::new("share of −grad U").unit("%").include(0.0))
            .with(
                Line::new(&sorted(&x), &sorted(&y))
                    .errors(&sorted(&low), &sorted(&high))
                    .marker(Marker::Circle)
                    .color(Color::BLUE),
            ),
    )
}

/// The slope of a straight line through the logarithms of both.
fn growth_exponent(x: &[f64], y: &[f64]) -> Option<f64> {
    let count = x.len() as f64;
    let mean = |v: &[f64]| v.iter().map(|v| libm::log(*v)).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let square: f64 = x.iter().map(|x| (libm::log(*x) - mean_x).powi(2)).sum();
    let product: f64 =
        x.iter().zip(y).map(|(x, y)| (libm::log(*x) - mean_x) * (libm::log(*y) - mean_y)).sum();
    (square > 0.0).then(|| product / square)
}

/// How much was computed for a plan, which is the same on every machine.
fn cost(settings: &ControllabilitySettings, report: &mut Report, planned: &[Planned]) {
    let mut table = Table::new("Gradients evaluated to plan one stimulation.")
        .column(Column::integer("neurons"))
        .column(Column::integer("linearised gradients"))
        .column(Column::integer("gradients"));
    for p in planned {
        table.row([p.neurons.into(), p.linearised.into(), p.gradients.into()]);
    }
    report.heading("Cost").table("cost", &table).paragraph(&format!(
        "The task has {} patterns. A linearised gradient needs one steady state, a full one a steady \
         state for each pattern and one more. How long plans took on one thread of this machine is in \
         timings.csv; everything in this report is the same wherever it runs.",
        settings.task.digits.len()
    ));
}

/// How long plans took, and the exponent of the growth from the size above.
pub(super) fn timings(planned: &[Planned]) -> Table {
    let mut table = Table::new("Planning one stimulation on one thread, on this machine.")
        .column(Column::integer("neurons"))
        .column(
            Column::number("time").unit("s").key("seconds").format(NumberFormat::Significant(3)),
        )
        .column(Column::number("exponent").decimals(2))
        .column(Column::number("exponent over all sizes").decimals(2));
    let x: Vec<f64> = planned.iter().map(|p| p.neurons as f64).collect();
    let y: Vec<f64> = planned.iter().map(|p| p.seconds).collect();
    let overall = growth_exponent(&x, &y);
    let mut before: Option<&Planned> = None;
    for p in planned {
        let exponent = before.map(|b| {
            libm::log(p.seconds / b.seconds) / libm::log(p.neurons as f64 / b.neurons as f64)
        });
        table.row([p.neurons.into(), p.seconds.into(), exponent.into(), overall.into()]);
        before = Some(p);
    }
    table
}
