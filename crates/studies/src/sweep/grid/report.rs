//! The table and the figures of a grid.

use std::collections::BTreeSet;

use equipoise_figure::{Axis, Color, Figure, Heatmap, Line, Marker, Plot};
use equipoise_metrics::summary::Summary;
use equipoise_report::{Cell, Column, Report, Table};

use super::settings::SEED;
use super::{GridAxis, GridResults};
use crate::metrics::Metrics;
use crate::{OrStudyError, StudyError};

/// The most numbers that are shown where none are asked for.
const SHOWN: usize = 6;
/// The most lines of a plot; more values of a second axis become a map.
const LINES: usize = 6;
/// The most rows of the table in the report; `grid.csv` has all.
const ROWS: usize = 200;

/// The names of all numbers of the points, in order.
pub(super) fn names(points: &[Metrics]) -> BTreeSet<&str> {
    points.iter().flat_map(|point| point.iter().map(|(name, _)| name)).collect()
}

/// The tidy table: a row for each point, with its number, the keys of the grid, and the numbers.
/// One that a point does not have is empty.
pub(super) fn csv(results: &GridResults) -> Result<Vec<u8>, StudyError> {
    let GridResults { settings, points } = results;
    let names = names(points);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heading = std::iter::once("point").chain(settings.keys()).chain(names.iter().copied());
    writer.write_record(heading).or_failed()?;
    for (index, point) in points.iter().enumerate() {
        let places = settings.places(index);
        let values = settings.grid.iter().zip(places).map(|(axis, place)| axis.shown(place));
        let numbers = names
            .iter()
            .map(|name| point.get(name).map(|number| number.to_string()).unwrap_or_default());
        let row = std::iter::once((index + 1).to_string()).chain(values).chain(numbers);
        writer.write_record(row).or_failed()?;
    }
    writer.into_inner().or_failed()
}

/// The numbers that are shown: those that were asked for, or else those that differ most between
/// the points, measured by their spread over their size.
fn shown(results: &GridResults) -> Vec<&str> {
    let known = names(&results.points);
    let asked = &results.settings.metrics;
    if !asked.is_empty() {
        return known.into_iter().filter(|name| asked.iter().any(|a| a == name)).collect();
    }
    let spread = |name: &str| {
        let values: Vec<f64> = results.points.iter().filter_map(|p| p.get(name)).collect();
        let summary = Summary::of(&values);
        let size = summary.max.unwrap_or(0.0).abs().max(summary.min.unwrap_or(0.0).abs());
        summary.std.map_or(0.0, |std| if size > 0.0 { std / size } else { 0.0 })
    };
    let mut all: Vec<(f64, &str)> =
        known.into_iter().map(|name| (spread(name), name)).filter(|(by, _)| *by > 0.0).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    all.truncate(SHOWN);
    all.into_iter().map(|(_, name)| name).collect()
}

/// The axes that figures have: those with several values, seeds last.
fn shown_axes(results: &GridResults) -> Vec<usize> {
    let axes = &results.settings.grid;
    let mut places: Vec<usize> =
        (0..axes.len()).filter(|&place| axes[place].values.len() > 1).collect();
    places.sort_by_key(|&place| axes[place].key == SEED);
    places
}

/// The numbers of a name at all points where the axes at these places have these values.
fn values_at(results: &GridResults, name: &str, wanted: &[(usize, usize)]) -> Summary {
    let settings = &results.settings;
    let here = |index: usize| {
        let places = settings.places(index);
        wanted.iter().all(|&(axis, value)| places[axis] == value)
    };
    let points = results.points.iter().enumerate().filter(|(index, _)| here(*index));
    let values: Vec<f64> = points.filter_map(|(_, point)| point.get(name)).collect();
    Summary::of(&values)
}

fn axis_of(axis: &GridAxis) -> (Axis, Vec<f64>) {
    match axis.numbers() {
        Some(numbers) => (Axis::new(&axis.key), numbers),
        None => {
            let names: Vec<String> = (0..axis.values.len()).map(|k| axis.shown(k)).collect();
            let numbers = (0..names.len()).map(|k| k as f64).collect();
            (Axis::new(&axis.key).categories(names), numbers)
        }
    }
}

/// A number over the grid: lines over the first axis, one for each value of the second, with
/// intervals over the others; or a map, if the second axis has many values.
fn figure(results: &GridResults, names: &[&str]) -> Option<Figure> {
    let axes = &results.settings.grid;
    let places = shown_axes(results);
    let (&first, rest) = places.split_first()?;
    let second = rest.first().copied().filter(|&place| axes[place].key != SEED);
    let (x_axis, x) = axis_of(&axes[first]);
    let mut figure = Figure::new().columns(2);
    for name in names {
        let map = second.filter(|&place| axes[place].values.len() > LINES);
        if let Some(second) = map {
            let (_, y) = axis_of(&axes[second]);
            let cell = |j: usize, i: usize| {
                values_at(results, name, &[(first, i), (second, j)]).mean.unwrap_or(f64::NAN)
            };
            let cells: Vec<f64> =
                (0..y.len()).flat_map(|j| (0..x.len()).map(move |i| cell(j, i))).collect();
            let map = Heatmap::new(name, &x, &y, &cells);
            let (x_label, y_label) = (&axes[first].key, &axes[second].key);
            figure = figure.panel(map.x_label(x_label).y_label(y_label));
            continue;
        }
        let mut plot = Plot::new(name).x_axis(x_axis.clone()).y_axis(Axis::new(name));
        for line in 0..second.map_or(1, |place| axes[place].values.len()) {
            let at = |i: usize| {
                let second = second.map(|place| (place, line));
                let wanted: Vec<(usize, usize)> =
                    std::iter::once((first, i)).chain(second).collect();
                values_at(results, name, &wanted)
            };
            let found: Vec<Summary> = (0..x.len()).map(at).collect();
            let of = |f: fn(&Summary) -> Option<f64>| -> Vec<f64> {
                found.iter().map(|s| f(s).unwrap_or(f64::NAN)).collect()
            };
            let mut drawn = Line::new(&x, &of(|s| s.mean))
                .band(&of(|s| s.ci_low), &of(|s| s.ci_high))
                .marker(Marker::Circle)
                .color(Color::cycle(line));
            if let Some(place) = second {
                let axis = &axes[place];
                drawn = drawn.label(&format!("{} {}", axis.key, axis.shown(line)));
            }
            plot = plot.with(drawn);
        }
        figure = figure.panel(plot);
    }
    Some(figure)
}

/// The report.
pub(super) fn report(results: &GridResults) -> Report {
    let settings = &results.settings;
    let mut report =
        Report::new(&format!("{} over {}", settings.study, settings.keys().join(", ")));
    report.subtitle(&format!("{} points", results.points.len()));
    let names = shown(results);
    if let Some(figure) = figure(results, &names) {
        report.figure(
            "grid",
            &figure,
            "Means over the points that share the axes shown, with 95 % t intervals where there \
             are several.",
        );
    }
    report.heading("Points").table("points", &table(results, &names));
    report
}

fn table(results: &GridResults, names: &[&str]) -> Table {
    let settings = &results.settings;
    let mut table = Table::new("Every point").column(Column::integer("point"));
    for axis in &settings.grid {
        let column = if axis.numbers().is_some() { Column::number } else { Column::text };
        table = table.column(column(&axis.key).key(&axis.key));
    }
    for name in names {
        table = table.column(Column::number(name).key(name));
    }
    if results.points.len() > ROWS {
        table = table.note(&format!("The first {ROWS} points; grid.csv has all."));
    }
    for (index, point) in results.points.iter().enumerate().take(ROWS) {
        let number = Cell::Integer(i64::try_from(index + 1).unwrap_or(i64::MAX));
        let axes = settings.grid.iter().zip(settings.places(index)).map(|(axis, place)| match axis
            .numbers()
        {
            Some(numbers) => numbers[place].into(),
            None => axis.shown(place).as_str().into(),
        });
        let numbers = names.iter().map(|name| point.get(name).map_or(Cell::Missing, Cell::from));
        table.row(std::iter::once(number).chain(axes).chain(numbers));
    }
    table
}

/// In plain text: the mean of each number that is shown, and where it was lowest and highest.
pub(super) fn summary(results: &GridResults) -> String {
    let settings = &results.settings;
    let point = |index: usize| {
        let places = settings.places(index);
        let axes = settings.grid.iter().zip(places);
        let text = axes.map(|(axis, place)| format!("{} {}", axis.key, axis.shown(place)));
        text.collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{} points of {}\n", results.points.len(), settings.study);
    for name in shown(results) {
        let found = results.points.iter().enumerate();
        let values: Vec<(usize, f64)> =
            found.filter_map(|(index, p)| Some((index, p.get(name)?))).collect();
        let least = values.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let most = values.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        if let (Some(least), Some(most)) = (least, most) {
            text += &format!(
                "{name}: {:.4} ({}) to {:.4} ({})\n",
                least.1,
                point(least.0),
                most.1,
                point(most.0)
            );
        }
    }
    text
}
