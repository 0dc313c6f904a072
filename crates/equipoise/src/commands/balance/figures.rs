//! Figures of one network and of several.

use equipoise_encoder::balance::Recording;
use equipoise_encoder::network::NetworkConfig;
use equipoise_figure::{Axis, Color, Figure, Histogram, Line, Panel, Plot, Rule, Spikes, Stack};

/// Neurons shown in a raster.
const RASTER: usize = 100;

/// The colour of the k-th regime: balanced first, as the regimes are usually named.
pub fn color(name: &str, index: usize) -> Color {
    match name {
        "balanced" => Color::BALANCED,
        "unbalanced-g" => Color::UNBALANCED,
        "unbalanced-p" => Color::UNBALANCED_2,
        "unbalanced-threshold" => Color::SKY,
        _ => Color::cycle(index),
    }
}

/// Raster, population rate and currents of one neuron over the last `window_ms` of the recording,
/// and the distributions of intervals and of their CV.
pub fn network(
    name: &str,
    config: &NetworkConfig,
    recording: &Recording,
    window_ms: f64,
    minimum_spikes: usize,
) -> Figure {
    let found = &recording.diagnosis;
    let spikes = &recording.spikes;
    let end = spikes.duration_ms;
    let start = (end - window_ms).max(0.0);
    let time = Axis::new("time").unit("ms").range(start, end);
    let activity = Stack::new(name, time)
        .row(raster(config, recording, start), 2.0)
        .row(population_rate(recording, start), 1.0)
        .row(currents(config, recording, start), 1.4);
    let intervals: Vec<f64> = spikes
        .per_unit()
        .iter()
        .flat_map(|train| {
            train.windows(2).map(|w| f64::from(w[1]) - f64::from(w[0])).collect::<Vec<f64>>()
        })
        .collect();
    let mut sorted = intervals.clone();
    sorted.sort_by(f64::total_cmp);
    let most = sorted.get(sorted.len() * 99 / 100).copied().unwrap_or(1.0).max(1.0);
    let isi = Plot::new("Inter-spike intervals")
        .x_axis(Axis::new("interval").unit("ms").range(0.0, most))
        .y_axis(Axis::new("density").unit("1/ms").from(0.0))
        .with(Histogram::count(&intervals, 0.0, most, 50).density().color(Color::NET));
    let cv_of = |range: std::ops::Range<usize>| -> Vec<f64> {
        found.irregularity.neurons[range].iter().filter_map(|n| n.cv).collect()
    };
    let excitatory = config.excitatory_neurons();
    let (e, i) = (cv_of(0..excitatory), cv_of(excitatory..config.neurons));
    let most = e.iter().chain(&i).fold(1.0f64, |a, &b| a.max(b)) * 1.02;
    let cv = Plot::new("Irregularity")
        .x_axis(Axis::new("CV of the intervals").range(0.0, most))
        .y_axis(Axis::new("neurons, density").from(0.0))
        .with(
            Histogram::count(&e, 0.0, most, 40)
                .density()
                .label("excitatory")
                .color(Color::EXCITATORY),
        )
        .with(
            Histogram::count(&i, 0.0, most, 40)
                .density()
                .label("inhibitory")
                .color(Color::INHIBITORY)
                .outline(),
        )
        .with(Rule::vertical(1.0).label("Poisson"));
    let mean_cv = found.irregularity.cv.mean.map_or("none".to_owned(), |cv| format!("{cv:.2}"));
    Figure::new()
        .columns(2)
        .panel(Panel::new(activity).span(2).height(260.0).note(&format!("{:.1} Hz", found.rate_hz)))
        .panel(isi)
        .panel(
            Panel::new(cv)
                .note(&format!("mean {mean_cv}, neurons of {minimum_spikes} spikes or more")),
        )
}

fn raster(config: &NetworkConfig, recording: &Recording, start: f64) -> Plot {
    let n = config.neurons;
    let shown = RASTER.min(n);
    // Evenly over the network, so that excitatory and inhibitory neurons keep their share.
    let mut row_of = vec![None; n];
    for row in 0..shown {
        row_of[row * n / shown] = Some(row);
    }
    let excitatory = config.excitatory_neurons();
    let events = |wanted: bool| {
        let spikes = &recording.spikes;
        let row_of = &row_of;
        spikes.times.iter().zip(&spikes.ids).filter_map(move |(&t, &id)| {
            let row = row_of[id as usize]?;
            let inside = ((id as usize) < excitatory) == wanted && f64::from(t) >= start;
            inside.then_some((f64::from(t), row))
        })
    };
    Plot::new("")
        .y_axis(Axis::new("neuron").range(-0.5, shown as f64 - 0.5))
        .with(Spikes::new(events(true)).label("excitatory").color(Color::EXCITATORY))
        .with(Spikes::new(events(false)).label("inhibitory").color(Color::INHIBITORY))
}

fn population_rate(recording: &Recording, start: f64) -> Plot {
    let spikes = &recording.spikes;
    let bins = ((spikes.duration_ms - start) / 1.0).round().max(1.0) as usize;
    let mut rate = vec![0.0; bins];
    for &t in spikes.times.iter().filter(|&&t| f64::from(t) >= start) {
        rate[((f64::from(t) - start) as usize).min(bins - 1)] += 1000.0 / spikes.units as f64;
    }
    let time: Vec<f64> = (0..bins).map(|k| start + k as f64 + 0.5).collect();
    Plot::new("")
        .y_axis(Axis::new("rate").unit("Hz").from(0.0))
        .with(Line::new(&time, &rate).color(Color::NET).width(0.8))
}

fn currents(config: &NetworkConfig, recording: &Recording, start: f64) -> Plot {
    let probe = &recording.probe;
    let sample = probe.sample_ms();
    let first = (start / sample) as usize;
    let series = |values: &[f32]| -> Vec<f64> {
        values[first.min(values.len())..].iter().map(|&v| f64::from(v)).collect()
    };
    // Spikes make steps of a millisecond; what the membrane sees of them is smoother.
    let (e, i, net) =
        (series(probe.excitatory(0)), series(probe.inhibitory(0)), series(&probe.net(0)));
    let time: Vec<f64> = (0..e.len()).map(|k| (first + k) as f64 * sample + 0.5 * sample).collect();
    Plot::new("")
        .y_axis(Axis::new("input RI").unit("mV"))
        .with(Line::new(&time, &e).label("excitation").color(Color::EXCITATORY).width(0.8))
        .with(Line::new(&time, &i).label("inhibition").color(Color::INHIBITORY).width(0.8))
        .with(Line::new(&time, &net).label("net").color(Color::NET).width(0.8))
        .with(Rule::horizontal(config.threshold.mean()).label("threshold"))
}
