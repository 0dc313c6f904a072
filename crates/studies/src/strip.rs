//! The small pictures in the strip at the top of a report: without words, as wide as a thumb.

use equipoise_figure::{Axis, Color, Figure, Line, Panel, Picture, Plot, Spikes};

/// Width and height, points.
const SIZE: (f64, f64) = (120.0, 80.0);

fn bare(low: f64, high: f64) -> Axis {
    Axis::new("").range(low, high).ticks([] as [(f64, &str); 0])
}

fn small(plot: Plot) -> Figure {
    Figure::new().width(SIZE.0).panel(Panel::new(plot).height(SIZE.1))
}

/// Spikes, time and row, of excitatory and inhibitory neurons.
pub fn raster(
    [excitatory, inhibitory]: [&[(f32, usize)]; 2],
    rows: usize,
    (start, end): (f64, f64),
) -> Figure {
    let of = |spikes: &[(f32, usize)]| {
        spikes.iter().map(|&(time, row)| (f64::from(time), row)).collect::<Vec<_>>()
    };
    let plot = Plot::new("")
        .x_axis(bare(start, end))
        .y_axis(bare(-0.5, rows.max(1) as f64 - 0.5))
        .with(Spikes::new(of(excitatory)).color(Color::EXCITATORY))
        .with(Spikes::new(of(inhibitory)).color(Color::INHIBITORY));
    small(plot)
}

/// The places and values of a curve, and its colour.
type Curve<'a> = (&'a [f64], &'a [f64], Color);

/// Curves over common axes; none if there is nothing to draw.
pub fn curves<'a>(curves: impl IntoIterator<Item = Curve<'a>>) -> Option<Figure> {
    let curves: Vec<Curve<'a>> = curves.into_iter().collect();
    let range = |of: fn(&Curve<'a>) -> &'a [f64]| {
        let values = || curves.iter().flat_map(|c| of(c).iter().copied()).filter(|v| v.is_finite());
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        (low <= high).then(|| {
            let margin = if high > low { 0.05 * (high - low) } else { 0.5 };
            bare(low - margin, high + margin)
        })
    };
    let (x, y) = (range(|c| c.0)?, range(|c| c.1)?);
    let plot = curves.iter().fold(Plot::new("").x_axis(x).y_axis(y), |plot, &(x, y, color)| {
        plot.with(Line::new(x, y).color(color))
    });
    Some(small(plot))
}

/// Values in rows of `width`, the least black and the greatest white.
pub fn grey(width: usize, values: &[f64]) -> Picture {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
    let pixels: Vec<f32> = values
        .iter()
        .map(|&v| if v.is_finite() { ((v - low) * scale) as f32 } else { 0.0 })
        .collect();
    let width = width.max(1);
    Picture::grey(width, pixels.len() / width, &pixels[..pixels.len() / width * width])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_a_single_value_can_be_drawn() {
        assert!(curves([(&[][..], &[][..], Color::BLUE)]).is_none());
        assert!(curves([(&[1.0][..], &[f64::NAN][..], Color::BLUE)]).is_none());
        assert!(curves([(&[1.0][..], &[2.0][..], Color::BLUE)]).is_some());
        raster([&[], &[]], 0, (0.0, 1.0)).to_svg();
        grey(2, &[1.0, 1.0, f64::NAN, 1.0]).to_png();
    }
}
