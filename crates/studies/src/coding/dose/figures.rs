//! The figure of dose and response.

use equipoise_figure::{Axis, Color, Figure, Line, Marker, Plot};

use super::results::{DOSES, DoseResults, Number, RESPONSES};
use super::tables::interval;

/// Every response against every dose: a line of networks is a line, with intervals over repetitions.
pub(super) fn responses(found: &DoseResults) -> Figure {
    let mut figure = Figure::new().columns(2);
    for &(name, scale, response) in &RESPONSES {
        for (dose_name, dose) in DOSES {
            figure = figure.panel(panel(found, (dose_name, dose), (name, scale, response)));
        }
    }
    figure.shared_legend()
}

fn panel(
    found: &DoseResults,
    (dose_name, dose): (&str, Number),
    (name, scale, response): (&str, f64, Number),
) -> Plot {
    let mut plot = Plot::new(name).x_axis(Axis::new(dose_name).include(0.0)).y_axis(Axis::new(""));
    for (index, line) in found.settings.lines.iter().enumerate() {
        let mut points: Vec<[f64; 4]> = found
            .values(index)
            .into_iter()
            .filter_map(|value| {
                let x = mean(&found.numbers(index, value, dose))?;
                let y: Vec<f64> =
                    found.numbers(index, value, response).iter().map(|y| scale * y).collect();
                let middle = mean(&y)?;
                let (low, high) = interval(&y).map_or((f64::NAN, f64::NAN), |i| (i.1, i.2));
                Some([x, middle, low, high])
            })
            .collect();
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let of = |k: usize| points.iter().map(|p| p[k]).collect::<Vec<f64>>();
        let label = format!("along {}", line.along.label());
        let drawn = Line::new(&of(0), &of(1)).errors(&of(2), &of(3)).marker(Marker::Circle);
        plot = plot.with(drawn.label(&label).color(Color::cycle(index)));
    }
    plot
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
