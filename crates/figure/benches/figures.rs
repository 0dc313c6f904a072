//! Time to draw large figures: `cargo bench -p equipoise-report`.

use std::hint::black_box;
use std::time::Instant;

use equipoise_figure::{Axis, Figure, Heatmap, Line, Plot, Spikes};

fn main() {
    let time: Vec<f64> = (0..1_000_000).map(|i| f64::from(i) * 1e-3).collect();
    let wave: Vec<f64> = time.iter().map(|t| libm::sin(t * 3.0) + libm::cos(t * 911.0)).collect();
    let events: Vec<(f64, usize)> =
        (0..200_000).map(|i| (f64::from(i) * 0.618 % 1000.0, i as usize * 7919 % 1000)).collect();
    let values: Vec<f64> = (0..250_000).map(|i| f64::from(i % 997)).collect();
    let figures = [
        ("line of 1,000,000 points", Figure::single(Plot::new("").with(Line::new(&time, &wave)))),
        (
            "raster of 200,000 spikes",
            Figure::single(Plot::new("").x_axis(Axis::new("t")).with(Spikes::new(events))),
        ),
        ("matrix of 500 x 500", Figure::single(Heatmap::matrix("", 500, 500, &values))),
    ];
    for (name, figure) in figures {
        let start = Instant::now();
        let svg = black_box(figure.to_svg()).len();
        let svg_time = start.elapsed();
        let start = Instant::now();
        let png = black_box(figure.to_png()).len();
        #[expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
        {
            println!(
                "{name}: SVG {svg_time:.1?} ({svg} bytes), PNG {:.1?} ({png} bytes)",
                start.elapsed()
            );
        }
    }
}
