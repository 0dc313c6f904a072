//! The pictures of a comparison.

use equipoise_data::ImageShape;
use equipoise_decoder::reconstruct::DecoderKind;
use equipoise_figure::{
    Axis, Color, Figure, GroupChart, Histogram, ImageGrid, Line, Picture, Plot, Rule, Spikes,
};

use super::activity::{Activity, RASTER_MS};
use super::cell::{LatentPictures, Score, TRAVERSAL};
use super::comparison::Comparison;
use super::method::{Input, Method};

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
    let events = |inhibitory: usize| {
        let spikes = activity.raster[inhibitory].iter();
        spikes.map(|&(time, row)| (f64::from(time), row)).collect::<Vec<_>>()
    };
    Plot::new(&activity.regime)
        .x_axis(Axis::new("time").unit("ms").range(0.0, RASTER_MS))
        .y_axis(Axis::new("neuron").range(0.0, activity.rows as f64))
        .with(Spikes::new(events(0)).label("excitatory").color(Color::EXCITATORY))
        .with(Spikes::new(events(1)).label("inhibitory").color(Color::INHIBITORY))
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

/// Training and validation loss of the decoders of the first repetition, a panel a decoder.
pub fn losses(comparison: &Comparison) -> Figure {
    let panel = |kind: DecoderKind| {
        let mut plot = Plot::new(&format!("{} (first repetition)", kind.title()))
            .x_axis(Axis::new("epoch"))
            .y_axis(Axis::new("loss").log());
        for (index, regime) in comparison.names().into_iter().enumerate() {
            let Some(score) = comparison.score(0, Some(regime), Method::decoder(kind)) else {
                continue;
            };
            let epochs: Vec<f64> = score.history.iter().map(|e| e.epoch as f64).collect();
            let of = |f: fn(&super::cell::Epoch) -> f64| -> Vec<f64> {
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
                        .dash(equipoise_figure::Dash::Dashed),
                );
        }
        plot
    };
    let panels = comparison.kinds.iter().map(|&kind| panel(kind));
    panels.fold(Figure::new().columns(comparison.kinds.len().clamp(1, 2)), Figure::panel)
}

/// PSNR and SSIM of every method and regime over the test images of the first repetition.
pub fn distributions(comparison: &Comparison) -> Figure {
    let mut methods: Vec<Method> = Vec::new();
    for (regime, method) in comparison.rows() {
        if regime.is_some() && !methods.contains(&method) {
            methods.push(method);
        }
    }
    let chart = |title: &str,
                 axis: Axis,
                 of: fn(&equipoise_metrics::image::ImageQuality) -> f64| {
        let names = methods.iter().map(|m| m.name());
        let mut chart = GroupChart::boxes(title, names).y_axis(axis).hide_points();
        for (index, regime) in comparison.names().into_iter().enumerate() {
            let samples = methods.iter().map(|&method| {
                comparison.score(0, Some(regime), method).map(|s| s.values(of)).unwrap_or_default()
            });
            chart = chart.series(regime, regime_color(index), samples.collect());
        }
        chart
    };
    let title = comparison.images.scored_on.images();
    Figure::new()
        .columns(2)
        .panel(chart(title, Axis::new("PSNR").unit("dB"), |q| q.psnr))
        .panel(chart(title, Axis::new("SSIM"), |q| q.ssim))
        .shared_legend()
}

/// Originals over the reconstructions of every regime and control, with PSNR and SSIM.
pub fn gallery(comparison: &Comparison) -> Figure {
    let shape = comparison.images.shape;
    let found: Vec<(String, &Score)> = comparison
        .rows()
        .into_iter()
        .filter_map(|(regime, method)| {
            let score = comparison.score(0, regime, method)?;
            let name = match (regime, method) {
                (Some(regime), Method::Decoder { input: Input::Spikes, .. })
                    if comparison.kinds.len() == 1 =>
                {
                    regime.to_string()
                }
                (Some(regime), method) => format!("{regime}, {}", method.name()),
                (None, method) => method.name(),
            };
            Some((name, score))
        })
        .collect();
    let mut grid = ImageGrid::new("Images over their reconstructions");
    if let Some((_, first)) = found.first() {
        let originals = first.pictures.iter().map(|(index, _)| original(comparison, *index));
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

/// The best, the median and the worst reconstructions of a regime under their originals.
pub fn extremes(comparison: &Comparison, regime: &str, kind: DecoderKind) -> Figure {
    let shape = comparison.images.shape;
    let mut grid =
        ImageGrid::new(&format!("{}, {regime}: the best, median and worst", kind.title()));
    if let Some(score) = comparison.score(0, Some(regime), Method::decoder(kind)) {
        let all = || score.extremes.iter().flatten();
        let count = score.extremes[0].len();
        let names = ["best", "median", "worst"].into_iter().flat_map(|n| vec![n; count]);
        grid = grid.headings(names);
        let originals = all().map(|(index, _)| original(comparison, *index));
        grid = grid.row("original", originals);
        let pictures = all().map(|(index, bytes)| {
            let q = &score.quality[*index];
            (picture(bytes, shape), format!("{:.1} dB\n{:.2}", q.psnr, q.ssim))
        });
        grid = grid.row("reconstruction", pictures);
    }
    Figure::new().panel(grid)
}

/// Images that a VAE makes of codes of the prior.
pub fn samples(latent: &LatentPictures, shape: ImageShape) -> Figure {
    let mut grid = ImageGrid::new("Samples of the prior");
    for row in latent.samples.chunks(10) {
        grid = grid.row("", row.iter().map(|bytes| (picture(bytes, shape), String::new())));
    }
    Figure::new().panel(grid)
}

/// One latent dimension at a time of the code of one image.
pub fn traversals(latent: &LatentPictures, shape: ImageShape) -> Figure {
    let mut grid = ImageGrid::new("One latent dimension at a time")
        .headings(TRAVERSAL.map(|value| format!("{value:+.0}")));
    for (dimension, images) in &latent.traversals {
        let pictures = images.iter().map(|bytes| (picture(bytes, shape), String::new()));
        grid = grid.row(&format!("dimension {}", dimension + 1), pictures);
    }
    Figure::new().panel(grid)
}

/// A scored image with the name of its class.
fn original(comparison: &Comparison, index: usize) -> (Picture, String) {
    let images = &comparison.images;
    let pixels = images.originals.get(&index).map_or(&[][..], Vec::as_slice);
    (picture(pixels, images.shape), images.class(index))
}

/// A picture of values 0..=255 in planes.
pub fn picture(bytes: &[u8], shape: ImageShape) -> Picture {
    let values: Vec<f32> = bytes.iter().map(|&b| f32::from(b) / 255.0).collect();
    match shape.channels {
        3 => Picture::rgb_planes(shape.width, shape.height, &values),
        _ => Picture::grey(shape.width, shape.height, &values),
    }
}
