//! The pictures of a comparison.

use equipoise_encoder::data::ImageShape;
use equipoise_report::{
    Axis, Color, Figure, GroupChart, Histogram, ImageGrid, Line, Picture, Plot, Rule, Spikes,
};

use super::activity::Activity;
use super::cell::{Method, Score};
use super::images::Images;
use super::run::Comparison;

/// Neurons of a raster, excitatory and inhibitory in their proportion.
const RASTER_NEURONS: usize = 100;
/// Time shown in a raster, ms.
const RASTER_MS: f64 = 300.0;

/// The colour of the k-th regime, the same in every figure.
pub fn regime_color(index: usize) -> Color {
    match index {
        0 => Color::BALANCED,
        1 => Color::UNBALANCED,
        2 => Color::UNBALANCED_2,
        k => Color::cycle(k),
    }
}

/// Rasters of all regimes, one panel each.
pub fn rasters(activity: &[Activity]) -> Figure {
    let panels = activity.iter().map(raster);
    panels.fold(Figure::new().columns(activity.len().clamp(1, 2)), Figure::panel)
}

fn raster(activity: &Activity) -> Plot {
    let units = activity.spikes.units;
    let shown = RASTER_NEURONS.min(units);
    // Evenly spaced neurons keep the proportion of the two kinds.
    let row_of = |neuron: usize| {
        let row = neuron * shown / units.max(1);
        (row * units).div_ceil(shown.max(1)).eq(&neuron).then_some(row)
    };
    let events = |excitatory: bool| {
        let spikes = activity.spikes.times.iter().zip(&activity.spikes.ids);
        spikes
            .filter(move |(time, neuron)| {
                f64::from(**time) <= RASTER_MS
                    && ((**neuron as usize) < activity.excitatory) == excitatory
            })
            .filter_map(|(&time, &neuron)| Some((f64::from(time), row_of(neuron as usize)?)))
            .collect::<Vec<_>>()
    };
    Plot::new(&activity.regime)
        .x_axis(Axis::new("time").unit("ms").range(0.0, RASTER_MS))
        .y_axis(Axis::new("neuron").range(0.0, shown as f64))
        .with(Spikes::new(events(true)).label("excitatory").color(Color::EXCITATORY))
        .with(Spikes::new(events(false)).label("inhibitory").color(Color::INHIBITORY))
}

/// Rates and irregularity of all regimes.
pub fn statistics(activity: &[Activity]) -> Figure {
    let top = activity.iter().flat_map(|a| &a.rates).copied().fold(1.0, f64::max);
    let mut rates = Plot::new("Firing rates")
        .x_axis(Axis::new("rate").unit("Hz").from(0.0))
        .y_axis(Axis::new("neurons").from(0.0));
    let mut cvs = Plot::new("Irregularity")
        .x_axis(Axis::new("CV of inter-spike intervals").from(0.0))
        .y_axis(Axis::new("neurons").from(0.0));
    for (index, one) in activity.iter().enumerate() {
        let color = regime_color(index);
        rates = rates.with(
            Histogram::count(&one.rates, 0.0, top, 40).label(&one.regime).color(color).outline(),
        );
        cvs = cvs.with(
            Histogram::count(&one.cvs, 0.0, 2.0, 40).label(&one.regime).color(color).outline(),
        );
    }
    let poisson = Rule::vertical(1.0).label("Poisson").color(Color::GREY);
    Figure::new().columns(2).panel(rates).panel(cvs.with(poisson)).shared_legend()
}

/// Training and validation loss of the decoders of the first repetition.
pub fn losses(comparison: &Comparison) -> Figure {
    let mut plot = Plot::new("Training of the decoders (first repetition)")
        .x_axis(Axis::new("epoch"))
        .y_axis(Axis::new("loss").log());
    for (index, (regime, _)) in comparison.regimes.iter().enumerate() {
        let Some(score) = find(comparison, 0, Some(regime), Method::Decoder) else { continue };
        let epochs: Vec<f64> = score.history.iter().map(|e| e.epoch as f64).collect();
        let of = |f: fn(&equipoise_decoder::training::EpochReport) -> f64| -> Vec<f64> {
            score.history.iter().map(f).collect()
        };
        let color = regime_color(index);
        plot = plot
            .with(
                Line::new(&epochs, &of(|e| e.validation_loss))
                    .label(&format!("{regime}, validation"))
                    .color(color),
            )
            .with(
                Line::new(&epochs, &of(|e| e.train_loss))
                    .label(&format!("{regime}, training"))
                    .color(color)
                    .dash(equipoise_report::Dash::Dashed),
            );
    }
    Figure::new().panel(plot)
}

/// PSNR and SSIM of every method and regime over the test images of the first repetition.
pub fn distributions(comparison: &Comparison) -> Figure {
    let methods: Vec<Method> = [Method::Decoder, Method::Ridge, Method::Shuffled]
        .into_iter()
        .filter(|m| comparison.scores.iter().any(|s| s.method == *m))
        .collect();
    let chart = |title: &str,
                 axis: Axis,
                 of: fn(&equipoise_metrics::image::ImageQuality) -> f64| {
        let names = methods.iter().map(|m| m.name());
        let mut chart = GroupChart::boxes(title, names).y_axis(axis).hide_points();
        for (index, (regime, _)) in comparison.regimes.iter().enumerate() {
            let samples = methods.iter().map(|&method| {
                find(comparison, 0, Some(regime), method).map(|s| s.values(of)).unwrap_or_default()
            });
            chart = chart.series(regime, regime_color(index), samples.collect());
        }
        chart
    };
    Figure::new()
        .columns(2)
        .panel(chart("Test images", Axis::new("PSNR").unit("dB"), |q| q.psnr))
        .panel(chart("Test images", Axis::new("SSIM"), |q| q.ssim))
        .shared_legend()
}

/// Originals over the reconstructions of every regime and control, with PSNR and SSIM.
pub fn gallery(comparison: &Comparison) -> Figure {
    let shape = comparison.images.test.shape;
    let mut rows = Vec::new();
    for (regime, _) in &comparison.regimes {
        for method in [Method::Decoder, Method::Ridge, Method::Shuffled] {
            rows.push((Some(regime.as_str()), method));
        }
    }
    rows.extend([(None, Method::Pixels), (None, Method::MeanImage)]);
    let found: Vec<(String, &Score)> = rows
        .into_iter()
        .filter_map(|(regime, method)| {
            let score = find(comparison, 0, regime, method)?;
            let name = match (regime, method) {
                (Some(regime), Method::Decoder) => regime.to_string(),
                (Some(regime), method) => format!("{regime}, {}", method.name()),
                (None, method) => method.name().to_string(),
            };
            Some((name, score))
        })
        .collect();
    let mut grid = ImageGrid::new("Test images over their reconstructions");
    if let Some((_, first)) = found.first() {
        let originals = first.pictures.iter().map(|(index, _)| {
            let label = comparison.images.test.labels[*index];
            (picture(comparison.images.test.image(*index), shape), class(&comparison.images, label))
        });
        grid = grid.row("original", originals);
    }
    for (name, score) in &found {
        let pictures = score.pictures.iter().map(|(index, bytes)| {
            let q = &score.quality[*index];
            (picture(bytes, shape), format!("{:.1} dB\n{:.2}", q.psnr, q.ssim))
        });
        grid = grid.row(name, pictures);
    }
    Figure::new().panel(grid)
}

fn class(images: &Images, label: u16) -> String {
    images.test.classes.get(usize::from(label)).cloned().unwrap_or_else(|| label.to_string())
}

/// A picture of values 0..=255 in planes.
pub fn picture(bytes: &[u8], shape: ImageShape) -> Picture {
    let values: Vec<f32> = bytes.iter().map(|&b| f32::from(b) / 255.0).collect();
    match shape.channels {
        3 => Picture::rgb_planes(shape.width, shape.height, &values),
        _ => Picture::grey(shape.width, shape.height, &values),
    }
}

/// The score of a cell.
pub fn find<'a>(
    comparison: &'a Comparison,
    repeat: usize,
    regime: Option<&str>,
    method: Method,
) -> Option<&'a Score> {
    comparison
        .scores
        .iter()
        .find(|s| s.repeat == repeat && s.regime.as_deref() == regime && s.method == method)
}
