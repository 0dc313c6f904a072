//! The figures of the published study.

use equipoise_report::{Axis, Color, Figure, GroupChart, Line, Marker, Plot};

use super::Config;
use super::comparison::{Distances, Gain, Group, interval};
use crate::classification::ratio_name;

/// A colour for each ratio, from all excitatory (red) to all inhibitory (blue).
fn color(ratios: &[f64], ratio: f64) -> Color {
    Color::cycle(ratios.iter().position(|&r| r == ratio).unwrap_or(0))
}

/// Mean and interval of one number over the groups of a ratio, against another.
fn curve(
    groups: &[&Group<'_>],
    x: impl Fn(&Group<'_>) -> f64,
    y: impl Fn(&Group<'_>) -> Vec<f64>,
) -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut points: Vec<(f64, (f64, f64, f64))> =
        groups.iter().map(|g| (x(g), interval(&y(g)))).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (x, (middle, low, high)) in points {
        columns.0.push(x);
        columns.1.push(middle);
        columns.2.push(if low.is_nan() { middle } else { low });
        columns.3.push(if high.is_nan() { middle } else { high });
    }
    columns
}

fn of_ratio<'g, 'a>(groups: &'g [Group<'a>], ratio: f64) -> Vec<&'g Group<'a>> {
    groups.iter().filter(|g| g.condition.ratio == ratio).collect()
}

/// Peak accuracy, score, final rate and share of excitation against the rate before training, for
/// each ratio of one wiring.
pub fn rates(config: &Config, groups: &[&Group<'_>], images: bool) -> Figure {
    let scored = config.scored(images);
    let panel = |title: &str, y_axis: Axis, y: &dyn Fn(&Group<'_>) -> Vec<f64>| {
        let mut plot = Plot::new(title)
            .x_axis(Axis::new("rate before training").unit("Hz").log())
            .y_axis(y_axis);
        for &ratio in &config.ratios {
            let of_ratio: Vec<_> =
                groups.iter().filter(|g| g.condition.ratio == ratio).copied().collect();
            let (x, middle, low, high) = curve(&of_ratio, |g| g.initial_rate(), y);
            let line = Line::new(&x, &middle)
                .label(&ratio_name(ratio))
                .color(color(&config.ratios, ratio))
                .errors(&low, &high)
                .marker(Marker::Circle);
            plot = plot.with(line);
        }
        plot
    };
    let percent = |label: &str| Axis::new(label).unit("%").include(0.0);
    Figure::new()
        .columns(2)
        .shared_legend()
        .panel(panel("Peak over epochs (as published)", percent("accuracy"), &|g| {
            g.values(|t| 100.0 * t.result.peak())
        }))
        .panel(panel(&format!("Mean of the last {scored} epochs"), percent("accuracy"), &|g| {
            g.values(|t| 100.0 * t.result.score(scored))
        }))
        .panel(panel("Rate after training", Axis::new("rate").unit("Hz"), &|g| {
            g.values(|t| t.result.final_rate())
        }))
        .panel(panel("Excitatory spikes before training", percent("share"), &|g| {
            g.values(|t| {
                let first = t.result.records.first();
                first.and_then(|r| r.test.activity.excitatory_percent).unwrap_or(f64::NAN)
            })
        }))
}

/// Score against noise, and the gain over 100:0 with its interval.
pub fn noise(config: &Config, groups: &[Group<'_>], gains: &[Gain], images: bool) -> Figure {
    let scored = config.scored(images);
    let ratios = &config.noise.ratios;
    let mut scores = Plot::new("Accuracy under noisy updates")
        .x_axis(Axis::new("noise").unit("σ_{init}"))
        .y_axis(Axis::new("accuracy").unit("%"));
    for &ratio in ratios {
        let of_ratio = of_ratio(groups, ratio);
        let (x, middle, low, high) = curve(
            &of_ratio,
            |g| g.condition.noise,
            |g| g.values(|t| 100.0 * t.result.score(scored)),
        );
        let line = Line::new(&x, &middle)
            .label(&ratio_name(ratio))
            .color(color(ratios, ratio))
            .errors(&low, &high)
            .marker(Marker::Circle);
        scores = scores.with(line);
    }
    let levels: Vec<String> = config.noise.levels.iter().map(f64::to_string).collect();
    let mut chart = GroupChart::points("Gain over 100:0", levels)
        .x_label("noise (σ_{init})")
        .y_axis(Axis::new("gain").unit("points").include(0.0));
    for &ratio in ratios.iter().filter(|&&r| r != 1.0) {
        let of_level = |&level: &f64| {
            let gain =
                gains.iter().find(|g| g.condition.ratio == ratio && g.condition.noise == level);
            match gain.map(|g| (&g.test, g.means)) {
                Some((Ok(test), _)) => {
                    (100.0 * test.mean_difference, 100.0 * test.ci_low, 100.0 * test.ci_high)
                }
                Some((Err(_), (a, b))) => (100.0 * (a - b), f64::NAN, f64::NAN),
                None => (f64::NAN, f64::NAN, f64::NAN),
            }
        };
        let estimates: Vec<_> = config.noise.levels.iter().map(of_level).collect();
        let nothing = vec![Vec::new(); estimates.len()];
        chart = chart.series_with_intervals(
            &ratio_name(ratio),
            color(ratios, ratio),
            estimates,
            nothing,
        );
    }
    Figure::new().columns(2).panel(scores).panel(chart)
}

/// Distances by pair type, for networks that learned and that failed, before and after.
pub fn distances(groups: &[(String, Distances)]) -> Figure {
    let names: Vec<&str> = groups.iter().map(|g| g.0.as_str()).collect();
    let mut chart =
        GroupChart::boxes("", names).y_axis(Axis::new("mean van Rossum distance").include(0.0));
    let types = [("E–E", Color::EXCITATORY), ("E–I", Color::PURPLE), ("I–I", Color::INHIBITORY)];
    for (k, (name, color)) in types.into_iter().enumerate() {
        let samples = groups.iter().map(|g| g.1.by_type[k].clone()).collect();
        chart = chart.series(name, color, samples);
    }
    Figure::new().panel(chart)
}

/// Accuracy of each network, every trial a dot.
pub fn best(config: &Config, best: &[(&Group<'_>, f64)], images: bool) -> Figure {
    let scored = config.scored(images);
    let names: Vec<String> = best.iter().map(|(g, _)| g.condition.network_name()).collect();
    let last = best.iter().map(|(g, _)| g.values(|t| 100.0 * t.result.last())).collect();
    let scores = best.iter().map(|(g, _)| g.values(|t| 100.0 * t.result.score(scored))).collect();
    let chart = GroupChart::points("", names)
        .y_axis(Axis::new("accuracy").unit("%"))
        .series("last epoch", Color::BLUE, last)
        .series(&format!("mean of the last {scored} epochs"), Color::GREY, scores);
    Figure::single(chart)
}
