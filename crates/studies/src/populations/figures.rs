//! Figures of a network of populations.

use equipoise_figure::{
    Axis, Color, Dash, Figure, GroupChart, Heatmap, Line, Marker, Panel, Plot, Rule, Spikes, Stack,
};

use super::results::{PopulationsResults, Recorded, StabilityMap};
use super::tables::weight_unit;

/// Populations whose rates are drawn one by one.
const SINGLE: usize = 10;

/// Spikes of some neurons of each population, and the rates.
pub(super) fn activity(found: &PopulationsResults, recorded: &Recorded) -> Figure {
    let picture = &recorded.picture;
    let total: usize = picture.rows.iter().sum();
    let time = Axis::new("time").unit("ms").range(picture.start_ms, picture.end_ms);
    let mut above = 0;
    let (mut excitatory, mut inhibitory) = (Vec::new(), Vec::new());
    let mut names = Vec::new();
    let inhibits = |at: usize| {
        found.network.populations[at].sign == equipoise_encoder::populations::Sign::Inhibitory
    };
    for (at, rows) in picture.rows.iter().enumerate() {
        let list = if inhibits(at) { &mut inhibitory } else { &mut excitatory };
        for &(time, row) in &picture.spikes[at] {
            list.push((f64::from(time), total - 1 - above - row));
        }
        let middle = total as f64 - 0.5 - above as f64 - 0.5 * *rows as f64;
        names.push((middle, found.network.populations[at].name.clone()));
        above += rows;
    }
    let mut axis = Axis::new("").range(-0.5, total.max(1) as f64 - 0.5);
    axis = if names.len() <= SINGLE {
        axis.ticks(names)
    } else {
        Axis::new("neuron").range(-0.5, total.max(1) as f64 - 0.5)
    };
    let raster = Plot::new("")
        .y_axis(axis)
        .with(Spikes::new(excitatory).label("excitatory").color(Color::EXCITATORY))
        .with(Spikes::new(inhibitory).label("inhibitory").color(Color::INHIBITORY));
    let mut rates = Plot::new("").y_axis(Axis::new("rate").unit("Hz").from(0.0));
    if picture.rates_hz.len() <= SINGLE {
        for (at, values) in picture.rates_hz.iter().enumerate() {
            let times: Vec<f64> = (0..values.len())
                .map(|k| picture.start_ms + (k as f64 + 0.5) * picture.window_ms)
                .collect();
            let line = Line::new(&times, values).color(Color::cycle(at)).width(0.8);
            rates = rates.with(line.label(&found.network.populations[at].name));
        }
    } else {
        for (kind, label, color) in
            [(false, "excitatory", Color::EXCITATORY), (true, "inhibitory", Color::INHIBITORY)]
        {
            let members: Vec<usize> =
                (0..picture.rates_hz.len()).filter(|&at| inhibits(at) == kind).collect();
            let size = |at: usize| found.network.populations[at].size as f64;
            let all: f64 = members.iter().map(|&at| size(at)).sum();
            let windows = picture.rates_hz.first().map_or(0, Vec::len);
            let mean: Vec<f64> = (0..windows)
                .map(|k| {
                    members.iter().map(|&at| size(at) * picture.rates_hz[at][k]).sum::<f64>()
                        / all.max(1.0)
                })
                .collect();
            let times: Vec<f64> = (0..windows)
                .map(|k| picture.start_ms + (k as f64 + 0.5) * picture.window_ms)
                .collect();
            rates = rates.with(Line::new(&times, &mean).color(color).width(0.8).label(label));
        }
    }
    let stack = Stack::new(&recorded.name, time).row(raster, 2.5).row(rates, 1.0);
    Figure::new().panel(Panel::new(stack).height(320.0))
}

/// Rates against those of the mean field, and the distributions over neurons.
pub(super) fn rates(found: &PopulationsResults, recorded: &Recorded) -> Figure {
    let names: Vec<&str> = recorded.populations.iter().map(|state| state.name.as_str()).collect();
    let mut plot = Plot::new("Simulation and mean field")
        .x_axis(Axis::new("rate of the mean field").unit("Hz").from(0.0))
        .y_axis(Axis::new("simulated rate").unit("Hz").from(0.0));
    let mut most = 0.0f64;
    for (k, state) in recorded.populations.iter().enumerate() {
        let field = found.network.population(&state.name).map(|at| found.mean_field.rates_hz[at]);
        let Some(field) = field else { continue };
        most = most.max(field).max(state.rate_hz);
        let color = if recorded.populations.len() <= SINGLE {
            Color::cycle(k)
        } else if state.inhibitory {
            Color::INHIBITORY
        } else {
            Color::EXCITATORY
        };
        let mut point = Line::new(&[field], &[state.rate_hz]).color(color).marker(Marker::Circle);
        if recorded.populations.len() <= SINGLE {
            point = point.label(&state.name);
        }
        plot = plot.with(point);
    }
    plot = plot.with(
        Line::new(&[0.0, most], &[0.0, most]).color(Color::GREY).dash(Dash::Dashed).width(0.8),
    );
    let boxes = |title: &str, axis: Axis, values: Vec<Vec<f64>>| {
        let mut chart = GroupChart::boxes(title, names.clone()).y_axis(axis).hide_points();
        chart = chart.series("", Color::SKY, values);
        chart
    };
    let figure = Figure::new().columns(if names.len() <= SINGLE { 3 } else { 1 }).panel(plot);
    if names.len() > SINGLE {
        return figure;
    }
    let of = |values: fn(&super::results::PopulationState) -> &Vec<f64>| {
        recorded.populations.iter().map(|state| values(state).clone()).collect::<Vec<_>>()
    };
    figure
        .panel(boxes(
            "Rates",
            Axis::new("rate of a neuron").unit("Hz").from(0.0),
            of(|s| &s.some_rates_hz),
        ))
        .panel(boxes(
            "Irregularity",
            Axis::new("CV of the intervals").from(0.0),
            of(|s| &s.some_cvs),
        ))
}

/// The input of each population from each other, and the correlations of their rates.
pub(super) fn matrices(found: &PopulationsResults, recorded: &Recorded) -> Figure {
    let targets: Vec<String> =
        recorded.populations.iter().map(|state| state.name.clone()).collect();
    let mut sources: Vec<String> =
        found.network.populations.iter().map(|p| p.name.clone()).collect();
    let all = sources.clone();
    sources.push("outside".to_owned());
    let inputs: Vec<f64> = recorded
        .populations
        .iter()
        .flat_map(|state| state.input_from_mv.iter().copied().chain([state.input_from_outside_mv]))
        .collect();
    let largest = inputs.iter().fold(1e-9f64, |most, value| most.max(value.abs()));
    let inputs = Heatmap::with_names("Input by source", sources, targets, &inputs)
        .x_label("from")
        .y_label("onto")
        .color_map(equipoise_figure::ColorMap::Diverging)
        .color_range(-largest, largest)
        .color_axis(Axis::new("R I").unit("mV"))
        .first_row_on_top();
    let values: Vec<f64> =
        recorded.rate_correlations.iter().flatten().map(|r| r.unwrap_or(f64::NAN)).collect();
    let correlations = Heatmap::with_names("Correlations of rates", all.clone(), all, &values)
        .color_map(equipoise_figure::ColorMap::Diverging)
        .color_range(-1.0, 1.0)
        .color_axis(Axis::new("correlation"))
        .first_row_on_top();
    Figure::new().columns(2).panel(inputs).panel(correlations)
}

/// How balance is learned: rates, weights, and the correlation of excitation and inhibition.
pub(super) fn learning(found: &PopulationsResults) -> Figure {
    let course = &found.simulated.course;
    let times: Vec<f64> = course.iter().map(|window| window.end_ms / 1000.0).collect();
    let time = || Axis::new("time of learning").unit("s").from(0.0);
    let lesion = course
        .windows(2)
        .find(|pair| pair[0].stage != pair[1].stage)
        .map(|pair| pair[0].end_ms / 1000.0);
    let marked = |plot: Plot| match lesion {
        Some(at) => plot.with(Rule::vertical(at).label("lesion")),
        None => plot,
    };
    let mut rates =
        marked(Plot::new("Rates").x_axis(time()).y_axis(Axis::new("rate").unit("Hz").from(0.0)));
    for (at, population) in found.network.populations.iter().enumerate() {
        let values: Vec<f64> = course.iter().map(|window| window.rates_hz[at]).collect();
        rates = rates.with(
            Line::new(&times, &values).color(Color::cycle(at)).width(0.9).label(&population.name),
        );
    }
    let plastic: Vec<_> =
        found.network.projections.iter().filter(|p| p.plasticity.is_some()).collect();
    let mut units: Vec<&str> = found
        .network
        .populations
        .iter()
        .filter(|population| plastic.iter().any(|p| p.target == population.name))
        .map(|population| weight_unit(population.neuron.model))
        .collect();
    units.sort_unstable();
    units.dedup();
    let weight = Axis::new("mean weight").unit(&units.join(", ")).from(0.0);
    let mut weights = marked(Plot::new("Weights").x_axis(time()).y_axis(weight));
    let mut correlations = marked(
        Plot::new("Balance in time").x_axis(time()).y_axis(Axis::new("correlation of E and I")),
    );
    for (k, projection) in plastic.iter().enumerate() {
        let label = format!("{} to {}", projection.source, projection.target);
        let values: Vec<f64> = course.iter().map(|window| window.weights[k]).collect();
        let line = Line::new(&times, &values).color(Color::cycle(k)).width(0.9).label(&label);
        weights = weights.with(line);
        let values: Vec<f64> =
            course.iter().map(|window| window.correlations[k].unwrap_or(f64::NAN)).collect();
        let line = Line::new(&times, &values).color(Color::cycle(k)).width(0.9);
        correlations = correlations.with(line.label(&projection.target));
        if let Some(equipoise_encoder::populations::Plasticity::Inhibitory {
            target_rate, ..
        }) = projection.plasticity
        {
            rates = rates.with(Rule::horizontal(target_rate).label("target"));
        }
    }
    Figure::new().columns(3).panel(rates).panel(weights).panel(correlations)
}

/// Where the mean field is stable, and its rates.
pub(super) fn stability(map: &StabilityMap) -> Figure {
    let StabilityMap { inhibition, drive, largest_eigenvalue, rate_hz } = map;
    let eigenvalues: Vec<f64> =
        largest_eigenvalue.iter().map(|value| value.unwrap_or(f64::NAN).clamp(-3.0, 3.0)).collect();
    let labelled = |map: Heatmap| map.x_label("inhibition, times").y_label("drive, times");
    let eigenvalues = labelled(Heatmap::new("Stability", inhibition, drive, &eigenvalues))
        .color_map(equipoise_figure::ColorMap::Diverging)
        .color_range(-3.0, 3.0)
        .color_axis(Axis::new("largest eigenvalue"));
    let rates = labelled(Heatmap::new("Rate", inhibition, drive, rate_hz))
        .color_axis(Axis::new("mean rate").unit("Hz"));
    Figure::new().columns(2).panel(eigenvalues).panel(rates)
}
