//! What a [`Plot`](super::Plot) can show: lines, points, histograms, spikes, marks.

/// The two settings of every layer.
macro_rules! name_and_color {
    () => {
        /// Sets the name in the legend.
        #[must_use]
        pub fn label(mut self, label: &str) -> Self {
            self.label = label.to_string();
            self
        }

        /// Sets the colour; without it a layer of data takes the next of the cycle, and a mark is grey.
        #[must_use]
        pub fn color(mut self, color: $crate::color::Color) -> Self {
            self.color = Some(color);
            self
        }
    };
}

mod histogram;
mod line;
mod marks;

use super::axis::{Axis, Extent};
use super::axis_layout::AxisLayout;
use super::color::Color;
use super::legend::{Entry, Key};
use super::marker::Marker;
use super::scene::{Point, Rect, Scene};

pub use histogram::Histogram;
pub use line::Line;
pub use marks::{Rule, Span, Spikes};

/// Where layers are drawn: the data area and its axes.
pub(crate) struct View<'a> {
    pub area: Rect,
    pub x_axis: &'a Axis,
    pub y_axis: &'a Axis,
    pub x: &'a AxisLayout,
    pub y: &'a AxisLayout,
}

impl View<'_> {
    fn x(&self, value: f64) -> Option<f64> {
        self.x_axis.shows(value).then(|| self.area.x + self.x.place(value))
    }
    fn y(&self, value: f64) -> Option<f64> {
        self.y_axis.shows(value).then(|| self.area.bottom() - self.y.place(value))
    }
    fn point(&self, x: f64, y: f64) -> Option<Point> {
        Some((self.x(x)?, self.y(y)?))
    }
    /// The lowest place of the y axis: zero, or the border where zero is not shown.
    fn base(&self) -> f64 {
        self.y(0.0).unwrap_or(self.area.bottom()).clamp(self.area.y, self.area.bottom())
    }
}

/// Runs of points that follow each other without a gap.
fn runs<T: Copy>(points: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for point in points {
        match (point, runs.last_mut()) {
            (Some(point), Some(run)) => run.push(point),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// Points.
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    x: Vec<f64>,
    y: Vec<f64>,
    label: String,
    color: Option<Color>,
    marker: Marker,
    size: f64,
    opacity: f64,
}

impl Scatter {
    /// Points at (x, y); surplus values of the longer slice are ignored, NaN is left out.
    pub fn new(x: &[f64], y: &[f64]) -> Self {
        let count = x.len().min(y.len());
        Self {
            x: x.to_vec(),
            y: y.to_vec(),
            label: String::new(),
            color: None,
            marker: Marker::Circle,
            // Many points are smaller and let those below be seen.
            size: if count > 2000 {
                1.4
            } else if count > 200 {
                2.2
            } else {
                3.4
            },
            opacity: if count > 200 { 0.5 } else { 0.85 },
        }
    }

    name_and_color!();

    /// Sets the shape.
    #[must_use]
    pub fn marker(mut self, marker: Marker) -> Self {
        self.marker = marker;
        self
    }

    /// Sets the diameter in points.
    #[must_use]
    pub fn size(mut self, size: f64) -> Self {
        self.size = if size.is_finite() { size.clamp(0.2, 50.0) } else { 3.4 };
        self
    }

    fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
        let mut points: Vec<Point> = self
            .x
            .iter()
            .zip(&self.y)
            .filter_map(|(&x, &y)| view.point(x, y))
            .filter(|&p| view.area.contains(p))
            .collect();
        let many = points.len() > 5000;
        if many {
            thin_dots(&mut points, 0.4);
        }
        self.marker.draw(scene, &points, color, self.opacity, self.size);
    }
}

/// Keeps one point a cell of a fine grid, in a fixed order.
fn thin_dots(points: &mut Vec<Point>, cell: f64) {
    let index = |p: &Point| ((p.1 / cell).round() as i64, (p.0 / cell).round() as i64);
    points.sort_by_key(index);
    points.dedup_by_key(|p| index(p));
}

/// Anything that a [`Plot`](super::Plot) shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A line.
    Line(Line),
    /// Points.
    Scatter(Scatter),
    /// A histogram.
    Histogram(Histogram),
    /// Spikes.
    Spikes(Spikes),
    /// A straight line across.
    Rule(Rule),
    /// A shaded range.
    Span(Span),
}

macro_rules! layers {
    ($($kind:ident),*) => {
        $(impl From<$kind> for Layer {
            fn from(layer: $kind) -> Self {
                Self::$kind(layer)
            }
        })*
        impl Layer {
            pub(crate) fn color(&self) -> Option<Color> {
                match self { $(Self::$kind(layer) => layer.color),* }
            }
            fn label(&self) -> &str {
                match self { $(Self::$kind(layer) => &layer.label),* }
            }
            pub(crate) fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
                match self { $(Self::$kind(layer) => layer.draw(scene, view, color)),* }
            }
        }
    };
}
layers!(Line, Scatter, Histogram, Spikes, Rule, Span);

impl Layer {
    /// Adds the layer's data to the extents. Rules and spans follow the data; they do not widen it.
    pub(crate) fn extent(&self, x: &mut Extent, y: &mut Extent, axes: (&Axis, &Axis)) {
        let mut point = |px: f64, py: f64| {
            if axes.0.shows(px) && axes.1.shows(py) {
                x.add(px);
                y.add(py);
            }
        };
        match self {
            Self::Line(line) => line.extent(x, y, axes),
            Self::Scatter(scatter) => {
                scatter.x.iter().zip(&scatter.y).for_each(|(&px, &py)| point(px, py))
            }
            Self::Spikes(spikes) => {
                spikes.events.iter().for_each(|&(time, neuron)| point(time, neuron))
            }
            Self::Histogram(histogram) => {
                for (edges, &height) in histogram.edges.windows(2).zip(&histogram.heights) {
                    for edge in edges.iter().filter(|edge| axes.0.shows(**edge)) {
                        x.add(*edge);
                    }
                    if axes.1.shows(height) {
                        y.add(height);
                    }
                }
                if axes.1.shows(0.0) && !histogram.heights.is_empty() {
                    y.add(0.0);
                    y.pin(0.0);
                }
            }
            Self::Rule(_) | Self::Span(_) => {}
        }
    }

    pub(crate) fn entry(&self, color: Color) -> Option<Entry> {
        let key = match self {
            Self::Line(line) => line.key(),
            Self::Scatter(scatter) => Key::Dot(scatter.marker),
            Self::Histogram(histogram) => {
                Key::Box { opacity: if histogram.filled { 0.25 } else { 0.0 } }
            }
            Self::Spikes(_) => Key::Tick,
            Self::Rule(rule) => {
                Key::Line { dash: rule.dash, width: 0.8, marker: None, band: false }
            }
            Self::Span(_) => Key::Box { opacity: 0.18 },
        };
        (!self.label().is_empty()).then(|| Entry { label: self.label().to_string(), color, key })
    }
}
