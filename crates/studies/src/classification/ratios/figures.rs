//! The figures of the published study.

use equipoise_figure::{Axis, Color, Figure, GroupChart, Line, Marker, Plot, Rule, Scatter};

use super::comparison::{DistanceTest, GridComparisons};
use super::reference::Reference;
use super::settings::{RatiosSettings, Scored};
use super::trials::{Group, mean};
use crate::classification::figures::rate_axis;
use crate::classification::settings::ratio_name;

/// A colour for each ratio, from all excitatory (red) to all inhibitory (blue).
fn color(ratios: &[f64], ratio: f64) -> Color {
    Color::cycle(ratios.iter().position(|&r| r == ratio).unwrap_or(0))
}

/// The groups of one ratio in a panel: a dot for each trial, a line through the means. (The trials
/// of one point may fall into those that learned and those that did not, so that an interval about
/// their mean would say little.)
fn dots(
    plot: Plot,
    name: &str,
    color: Color,
    groups: &[&Group<'_>],
    x: impl Fn(&Group<'_>) -> f64,
    y: impl Fn(&Group<'_>) -> Vec<f64>,
) -> Plot {
    let mut points: Vec<(f64, Vec<f64>)> = groups.iter().map(|g| (x(g), y(g))).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (at, means): (Vec<f64>, Vec<f64>) = points.iter().map(|(x, y)| (*x, mean(y))).unzip();
    let each = points.iter().flat_map(|(x, y)| y.iter().map(|&y| (*x, y)));
    let (trial_at, trials): (Vec<f64>, Vec<f64>) = each.unzip();
    plot.with(Line::new(&at, &means).label(name).color(color))
        .with(Scatter::new(&trial_at, &trials).color(color))
}

fn of_ratio<'g, 'a>(groups: &'g [Group<'a>], ratio: f64) -> Vec<&'g Group<'a>> {
    groups.iter().filter(|g| g.condition.ratio == ratio).collect()
}

/// Peak accuracy, score, final rate and share of excitation against the rate before training, for
/// each ratio of one wiring.
pub fn rates(settings: &RatiosSettings, groups: &[&Group<'_>], scored: Scored) -> Figure {
    let panel = |title: &str, y_axis: Axis, y: &dyn Fn(&Group<'_>) -> Vec<f64>| {
        let mut plot = Plot::new(title)
            .x_axis(Axis::new("rate before training").unit("Hz").log())
            .y_axis(y_axis);
        for &ratio in &settings.ratios {
            let of_ratio: Vec<_> =
                groups.iter().filter(|g| g.condition.ratio == ratio).copied().collect();
            let color = color(&settings.ratios, ratio);
            plot = dots(plot, &ratio_name(ratio), color, &of_ratio, |g| g.initial_rate(), y);
        }
        plot
    };
    let percent = |label: &str| Axis::new(label).unit("%").range(0.0, 100.0);
    let after: Vec<f64> = groups.iter().flat_map(|g| g.values(|t| t.result.final_rate())).collect();
    Figure::new()
        .columns(2)
        .shared_legend()
        .panel(panel("Peak over epochs (as published)", percent("accuracy"), &|g| {
            g.values(|t| 100.0 * t.result.peak())
        }))
        .panel(panel(&format!("Mean of {}", scored.label()), percent("accuracy"), &|g| {
            g.values(|t| 100.0 * t.result.score(scored.count))
        }))
        .panel(panel("Rate after training", rate_axis("rate", after.into_iter()), &|g| {
            g.values(|t| t.result.final_rate())
        }))
        .panel(panel("Excitatory spikes before training", percent("share"), &|g| {
            g.values(|t| {
                let first = t.result.records.first();
                first.and_then(|r| r.test.activity.excitatory_percent).unwrap_or(f64::NAN)
            })
        }))
}

/// Score against noise; and the gain over the reference with its interval, if there is one.
pub fn noise(
    settings: &RatiosSettings,
    groups: &[Group<'_>],
    compared: &GridComparisons,
    scored: Scored,
) -> Figure {
    let ratios = &settings.noise.ratios;
    let mut scores = Plot::new("Accuracy under noisy updates")
        .x_axis(Axis::new("noise").unit("σ_{init}"))
        .y_axis(Axis::new("accuracy").unit("%"));
    for &ratio in ratios {
        scores = dots(
            scores,
            &ratio_name(ratio),
            color(ratios, ratio),
            &of_ratio(groups, ratio),
            |g| g.condition.noise,
            |g| g.values(|t| 100.0 * t.result.score(scored.count)),
        );
    }
    let figure = Figure::new().columns(2).panel(scores);
    match compared.reference {
        Reference::Ratio(reference) if ratios.len() > 1 => {
            figure.panel(gains(settings, compared, reference))
        }
        _ => figure,
    }
}

/// The gain of each ratio over the reference at each level of noise.
fn gains(settings: &RatiosSettings, compared: &GridComparisons, reference: f64) -> Plot {
    let ratios = &settings.noise.ratios;
    let mut plot = Plot::new(&format!("Gain over {}", ratio_name(reference)))
        .x_axis(Axis::new("noise").unit("σ_{init}"))
        .y_axis(Axis::new("gain").unit("points").include(0.0))
        .with(Rule::horizontal(0.0).color(Color::GREY));
    let span = settings.noise.levels.iter().copied().fold(0.0, f64::max);
    for (k, &ratio) in ratios.iter().filter(|&&r| r != reference).enumerate() {
        // Beside each other, so that no interval hides another.
        let aside = 0.008 * span * (k as f64 - 0.5 * (ratios.len() as f64 - 2.0));
        let mut rows: Vec<(f64, f64, f64, f64)> = Vec::new();
        for comparison in compared.comparisons.iter().filter(|c| c.condition.ratio == ratio) {
            let at = comparison.condition.noise + aside;
            let estimate = comparison.points();
            let (low, high) = match &comparison.test.test {
                Ok(test) => (100.0 * test.ci_low, 100.0 * test.ci_high),
                Err(_) => (estimate, estimate),
            };
            rows.push((at, estimate, low, high));
        }
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let column = |f: fn(&(f64, f64, f64, f64)) -> f64| rows.iter().map(f).collect::<Vec<_>>();
        let line = Line::new(&column(|r| r.0), &column(|r| r.1))
            .label(&ratio_name(ratio))
            .color(color(ratios, ratio))
            .errors(&column(|r| r.2), &column(|r| r.3))
            .marker(Marker::Circle);
        plot = plot.with(line);
    }
    plot
}

/// Distances by pair type, for networks that learned and that failed, before and after.
pub fn distances(groups: &[DistanceTest]) -> Figure {
    let names: Vec<&str> = groups.iter().map(|g| g.networks.as_str()).collect();
    let mut chart =
        GroupChart::boxes("", names).y_axis(Axis::new("mean van Rossum distance").include(0.0));
    let types = [("E–E", Color::EXCITATORY), ("E–I", Color::PURPLE), ("I–I", Color::INHIBITORY)];
    for (k, (name, color)) in types.into_iter().enumerate() {
        let samples = groups.iter().map(|g| g.by_type[k].clone()).collect();
        chart = chart.series(name, color, samples);
    }
    Figure::new().panel(chart)
}

/// Accuracy of each network, every trial a dot.
pub fn best(best: &[&Group<'_>], scored: Scored) -> Figure {
    let names: Vec<String> = best.iter().map(|g| g.condition.network_name()).collect();
    let last = best.iter().map(|g| g.values(|t| 100.0 * t.result.last())).collect();
    let scores = best.iter().map(|g| g.values(|t| 100.0 * t.result.score(scored.count))).collect();
    let chart = GroupChart::points("", names)
        .y_axis(Axis::new("accuracy").unit("%"))
        .series("last epoch", Color::BLUE, last)
        .series(&format!("mean of {}", scored.label()), Color::GREY, scores);
    Figure::single(chart)
}
