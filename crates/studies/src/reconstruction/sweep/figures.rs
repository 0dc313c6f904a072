//! The pictures of the study.

use equipoise_decoder::reconstruct::DecoderKind;
use equipoise_figure::{Axis, Dash, Figure, GroupChart, Line, Marker, Plot};

use super::super::figures::regime_color;
use super::super::method::Method;
use super::super::statistics::Side;
use super::results::{Point, SweepResults};

/// PSNR of every repetition, by data set and regime, a panel a decoder: at equal time and at equal
/// numbers of spikes.
pub fn overview(results: &SweepResults) -> Figure {
    let mut figure = Figure::new().columns(2).shared_legend();
    let with_spikes = results.datasets.iter().any(|r| r.equal_spikes.is_some());
    for &kind in results.kinds() {
        for (title, equal_spikes) in [("equal time", false), ("equal spikes", true)] {
            if equal_spikes && !with_spikes {
                continue;
            }
            let names = results.datasets.iter().map(|r| r.dataset.clone());
            let mut chart = GroupChart::points(&format!("{}, {title}", kind.title()), names)
                .y_axis(Axis::new("PSNR").unit("dB"));
            for (index, regime) in results.regimes().iter().enumerate() {
                let samples = results.datasets.iter().map(|result| {
                    let comparison = match (&result.equal_spikes, equal_spikes && index > 0) {
                        (Some(alike), true) => alike,
                        _ => &result.equal_time,
                    };
                    Side { comparison, regime, method: Method::decoder(kind) }.means(|q| q.psnr)
                });
                chart = chart.series(regime, regime_color(index), samples.collect());
            }
            figure = figure.panel(chart);
        }
    }
    figure
}

/// PSNR against a number, with the decoder and with ridge regression.
pub fn curve(
    title: &str,
    axis: &str,
    points: &[Point],
    regimes: &[String],
    kind: DecoderKind,
) -> Figure {
    let mut plot =
        Plot::new(title).x_axis(Axis::new(axis).log()).y_axis(Axis::new("PSNR").unit("dB"));
    for (index, regime) in regimes.iter().enumerate() {
        let found = || points.iter().filter_map(|p| Some((p.value?, p.scores.get(regime)?)));
        let x: Vec<f64> = found().map(|(x, _)| x).collect();
        let decoder: Vec<f64> = found().map(|(_, s)| s.psnr).collect();
        let ridge: Vec<f64> = found().map(|(_, s)| s.ridge_psnr.unwrap_or(f64::NAN)).collect();
        let color = regime_color(index);
        plot = plot
            .with(
                Line::new(&x, &decoder)
                    .label(&format!("{regime}, {}", kind.title()))
                    .color(color)
                    .marker(Marker::Circle),
            )
            .with(
                Line::new(&x, &ridge)
                    .label(&format!("{regime}, ridge regression"))
                    .color(color)
                    .dash(Dash::Dashed),
            );
    }
    Figure::new().panel(plot)
}
