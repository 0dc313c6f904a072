//! What a [`Plot`](super::Plot) can show: lines, points, histograms, spikes, marks.

use super::axis::{Axis, AxisLayout, Extent};
use super::clip::{clip_polygon, clip_polyline, clip_rect, thin};
use super::color::Color;
use super::legend::{Entry, Key};
use super::scene::{Dash, Path, Point, Rect, Scene, Stroke};

/// Shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Marker {
    /// A filled circle.
    #[default]
    Circle,
    /// An open circle.
    Ring,
    /// A filled square.
    Square,
    /// A filled triangle.
    Triangle,
    /// A filled diamond.
    Diamond,
}

impl Marker {
    /// Draws points of a diameter, all in one path.
    pub(crate) fn draw(
        self,
        scene: &mut Scene,
        points: &[Point],
        color: Color,
        opacity: f64,
        size: f64,
    ) {
        let half = size / 2.0;
        let mut path = Path::default();
        for &(x, y) in points {
            match self {
                // A line of almost no length with round ends is the shortest way to say "dot" in SVG.
                Self::Circle => path.add_line((x - 0.01, y), (x + 0.01, y)),
                Self::Ring => path.add_circle((x, y), half * 0.85),
                Self::Square => {
                    let side = size * 0.9;
                    path.add_rect(Rect::new(x - side / 2.0, y - side / 2.0, side, side));
                }
                Self::Triangle => {
                    let h = half * 1.15;
                    path.add_polyline(&[
                        (x, y - h),
                        (x + h, y + h * 0.8),
                        (x - h, y + h * 0.8),
                        (x, y - h),
                    ]);
                }
                Self::Diamond => {
                    let h = half * 1.2;
                    path.add_polyline(&[
                        (x, y - h),
                        (x + h, y),
                        (x, y + h),
                        (x - h, y),
                        (x, y - h),
                    ]);
                }
            }
        }
        match self {
            Self::Circle => scene.stroke(path, Stroke::new(color, size).round().opacity(opacity)),
            Self::Ring => {
                scene.stroke(path, Stroke::new(color, (size * 0.22).max(0.6)).opacity(opacity))
            }
            _ => scene.fill_transparent(path, color, opacity),
        }
    }
}

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

/// A line through points, with an optional band, error bars and markers. NaN makes a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    x: Vec<f64>,
    y: Vec<f64>,
    label: String,
    color: Option<Color>,
    width: f64,
    dash: Dash,
    marker: Option<Marker>,
    band: Option<(Vec<f64>, Vec<f64>)>,
    errors: Option<(Vec<f64>, Vec<f64>)>,
    steps: bool,
}

impl Line {
    /// A line through the points (x, y); surplus values of the longer slice are ignored.
    pub fn new(x: &[f64], y: &[f64]) -> Self {
        Self {
            x: x.to_vec(),
            y: y.to_vec(),
            label: String::new(),
            color: None,
            width: 1.2,
            dash: Dash::Solid,
            marker: None,
            band: None,
            errors: None,
            steps: false,
        }
    }

    /// Sets the name in the legend.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_string();
        self
    }

    /// Sets the colour.
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// Sets the width in points; 0 draws markers and error bars alone.
    #[must_use]
    pub fn width(mut self, width: f64) -> Self {
        self.width = if width.is_finite() { width.max(0.0) } else { 1.2 };
        self
    }

    /// Sets dashes.
    #[must_use]
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }

    /// Puts a marker on every point.
    #[must_use]
    pub fn marker(mut self, marker: Marker) -> Self {
        self.marker = Some(marker);
        self
    }

    /// Shades from `low` to `high` (values of y, not distances), one a point.
    #[must_use]
    pub fn band(mut self, low: &[f64], high: &[f64]) -> Self {
        self.band = Some((low.to_vec(), high.to_vec()));
        self
    }

    /// Draws error bars from `low` to `high` (values of y, not distances), one a point.
    #[must_use]
    pub fn errors(mut self, low: &[f64], high: &[f64]) -> Self {
        self.errors = Some((low.to_vec(), high.to_vec()));
        self
    }

    /// Keeps each value until the next point instead of sloping to it.
    #[must_use]
    pub fn steps(mut self) -> Self {
        self.steps = true;
        self
    }

    fn extent(&self, x: &mut Extent, y: &mut Extent, axes: (&Axis, &Axis)) {
        for (i, (&px, &py)) in self.x.iter().zip(&self.y).enumerate() {
            if !axes.0.shows(px) {
                continue;
            }
            let ends = [&self.band, &self.errors]
                .into_iter()
                .flatten()
                .flat_map(|(low, high)| [low.get(i), high.get(i)])
                .flatten();
            let mut any = false;
            for &value in ends.chain([&py]) {
                if axes.1.shows(value) {
                    y.add(value);
                    any = true;
                }
            }
            if any {
                x.add(px);
            }
        }
    }

    fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
        if let Some((low, high)) = &self.band {
            let points = self.x.iter().zip(low.iter().zip(high)).map(|(&x, (&low, &high))| {
                let (bottom, top) = (view.y(low)?, view.y(high)?);
                Some((view.x(x)?, bottom, top))
            });
            for run in runs(points) {
                let lower = thin(run.iter().map(|&(x, low, _)| (x, low)).collect(), view.area);
                let upper = thin(run.iter().map(|&(x, _, high)| (x, high)).collect(), view.area);
                let outline: Vec<Point> =
                    lower.into_iter().chain(upper.into_iter().rev()).collect();
                let polygon = clip_polygon(&outline, view.area);
                if polygon.len() >= 3 {
                    scene.fill_transparent(Path::polygon(&polygon), color, 0.2);
                }
            }
        }
        let places: Vec<Option<Point>> =
            self.x.iter().zip(&self.y).map(|(&x, &y)| view.point(x, y)).collect();
        if let Some((low, high)) = &self.errors {
            let mut path = Path::default();
            for (place, (&low, &high)) in places.iter().zip(low.iter().zip(high)) {
                let (Some((x, _)), Some(low), Some(high)) = (place, view.y(low), view.y(high))
                else {
                    continue;
                };
                for part in clip_polyline(&[(*x, low), (*x, high)], view.area) {
                    path.add_polyline(&part);
                }
                for y in [low, high].into_iter().filter(|&y| view.area.contains((*x, y))) {
                    path.add_line((x - 1.8, y), (x + 1.8, y));
                }
            }
            scene.stroke(path, Stroke::new(color, 0.8));
        }
        if self.width > 0.0 {
            let mut path = Path::default();
            let mut lonely = Vec::new();
            for run in runs(places.iter().copied()) {
                if run.len() == 1 {
                    lonely.extend(run.into_iter().filter(|&p| view.area.contains(p)));
                    continue;
                }
                let run = if self.steps { stairs(&run) } else { run };
                for part in clip_polyline(&thin(run, view.area), view.area) {
                    path.add_polyline(&part);
                }
            }
            let mut stroke = Stroke::new(color, self.width).dash(self.dash);
            stroke.round = self.dash == Dash::Solid;
            scene.stroke(path, stroke);
            // A single value between gaps has no line, but it must be seen.
            if self.marker.is_none() {
                Marker::Circle.draw(scene, &lonely, color, 1.0, self.width + 1.2);
            }
        }
        if let Some(marker) = self.marker {
            let points: Vec<Point> =
                places.into_iter().flatten().filter(|&p| view.area.contains(p)).collect();
            marker.draw(scene, &points, color, 1.0, 3.4);
        }
    }

    fn key(&self) -> Key {
        Key::Line {
            dash: self.dash,
            width: self.width,
            marker: self.marker,
            band: self.band.is_some(),
        }
    }
}

fn stairs(points: &[Point]) -> Vec<Point> {
    let mut stairs = Vec::with_capacity(points.len() * 2);
    for pair in points.windows(2) {
        stairs.extend([pair[0], (pair[1].0, pair[0].1)]);
    }
    stairs.extend(points.last());
    stairs
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

    /// Sets the name in the legend.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_string();
        self
    }

    /// Sets the colour.
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

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

/// A histogram: filled steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    edges: Vec<f64>,
    heights: Vec<f64>,
    label: String,
    color: Option<Color>,
    filled: bool,
}

impl Histogram {
    /// Bins with given edges (one more than heights).
    pub fn new(edges: &[f64], heights: &[f64]) -> Self {
        Self {
            edges: edges.to_vec(),
            heights: heights.to_vec(),
            label: String::new(),
            color: None,
            filled: true,
        }
    }

    /// Counts values in `bins` equal bins from `low` to `high`, the last one closed; others are left out.
    pub fn count(values: &[f64], low: f64, high: f64, bins: usize) -> Self {
        let bins = bins.max(1);
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Self::new(&[], &[]);
        }
        let edge = |i: usize| low + (high - low) * i as f64 / bins as f64;
        let mut heights = vec![0.0; bins];
        for &value in values.iter().filter(|v| (low..=high).contains(*v)) {
            let bin = ((value - low) / (high - low) * bins as f64) as usize;
            heights[bin.min(bins - 1)] += 1.0;
        }
        Self::new(&(0..=bins).map(edge).collect::<Vec<_>>(), &heights)
    }

    /// Divides by the total and the bins' widths, so that the area is 1.
    #[must_use]
    pub fn density(mut self) -> Self {
        let total: f64 = self.heights.iter().filter(|h| h.is_finite()).sum();
        if total > 0.0 {
            for (height, edges) in self.heights.iter_mut().zip(self.edges.windows(2)) {
                *height /= total * (edges[1] - edges[0]);
            }
        }
        self
    }

    /// Sets the name in the legend.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_string();
        self
    }

    /// Sets the colour.
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// Draws the outline alone.
    #[must_use]
    pub fn outline(mut self) -> Self {
        self.filled = false;
        self
    }

    fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
        let base = view.base();
        let bins = self.edges.windows(2).zip(&self.heights).map(|(edges, &height)| {
            let (left, right) = (view.x(edges[0])?, view.x(edges[1])?);
            // An empty bin has no outline along the axis.
            let top = (height != 0.0).then(|| view.y(height)).flatten()?;
            Some((left, right, top))
        });
        for run in runs(bins) {
            let mut outline = vec![(run[0].0, base)];
            for &(left, right, top) in &run {
                outline.extend([(left, top), (right, top)]);
            }
            outline.push((run[run.len() - 1].1, base));
            if self.filled {
                let polygon = clip_polygon(&outline, view.area);
                if polygon.len() >= 3 {
                    scene.fill_transparent(Path::polygon(&polygon), color, 0.25);
                }
            }
            let mut path = Path::default();
            for part in clip_polyline(&outline, view.area) {
                path.add_polyline(&part);
            }
            scene.stroke(path, Stroke::new(color, 1.0));
        }
    }
}

/// Spikes: one upright tick each, at (time, neuron).
#[derive(Clone, Debug, PartialEq)]
pub struct Spikes {
    events: Vec<(f64, f64)>,
    label: String,
    color: Option<Color>,
}

impl Spikes {
    /// Spikes as (time, neuron).
    pub fn new(events: impl IntoIterator<Item = (f64, usize)>) -> Self {
        Self {
            events: events.into_iter().map(|(time, neuron)| (time, neuron as f64)).collect(),
            label: String::new(),
            color: None,
        }
    }

    /// Sets the name in the legend.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_string();
        self
    }

    /// Sets the colour.
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
        let (low, high) = view.y.range();
        let row = view.area.height / (high - low).max(1.0);
        let tick = (row * 0.8).clamp(0.7, 7.0);
        let mut places: Vec<Point> = self
            .events
            .iter()
            .filter_map(|&(time, neuron)| view.point(time, neuron))
            .filter(|&p| view.area.contains(p))
            .collect();
        // Two spikes closer than can be printed are one mark, whatever their number.
        thin_dots(&mut places, 0.2);
        let mut path = Path::default();
        for (x, y) in places {
            let top = (y - tick / 2.0).max(view.area.y);
            let bottom = (y + tick / 2.0).min(view.area.bottom());
            path.add_line(((x * 20.0).round() / 20.0, top), ((x * 20.0).round() / 20.0, bottom));
        }
        let width = if tick < 1.2 { 0.7 } else { 0.8 };
        scene.stroke(path, Stroke::new(color, width));
    }
}

/// A straight line across the plot: a threshold, a published value, the time of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    value: f64,
    vertical: bool,
    label: String,
    color: Option<Color>,
    dash: Dash,
}

impl Rule {
    /// A line at a value of y.
    pub fn horizontal(value: f64) -> Self {
        Self {
            value,
            vertical: false,
            label: String::new(),
            color: Some(Color::GREY),
            dash: Dash::Dashed,
        }
    }

    /// A line at a value of x.
    pub fn vertical(value: f64) -> Self {
        Self { vertical: true, ..Self::horizontal(value) }
    }

    /// Sets the name in the legend.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_string();
        self
    }

    /// Sets the colour (grey by default).
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// Sets dashes.
    #[must_use]
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }

    fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
        let area = view.area;
        let ends = if self.vertical {
            view.x(self.value).map(|x| [(x, area.y), (x, area.bottom())])
        } else {
            view.y(self.value).map(|y| [(area.x, y), (area.right(), y)])
        };
        for part in ends.iter().flat_map(|ends| clip_polyline(ends, area)) {
            scene.stroke(Path::polyline(&part), Stroke::new(color, 0.8).dash(self.dash));
        }
    }
}

/// A shaded range of x: a stimulus, a warm-up.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    from: f64,
    to: f64,
    label: String,
    color: Option<Color>,
}

impl Span {
    /// Shades from one x to another over the whole height.
    pub fn new(from: f64, to: f64) -> Self {
        Self { from, to, label: String::new(), color: Some(Color::GREY) }
    }

    /// Sets the name in the legend.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_string();
        self
    }

    /// Sets the colour (grey by default).
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
        if let (Some(a), Some(b)) = (view.x(self.from), view.x(self.to)) {
            let rect = Rect::new(a.min(b), view.area.y, (b - a).abs(), view.area.height);
            if let Some(rect) = clip_rect(rect, view.area) {
                scene.fill_transparent(Path::rect(rect), color, 0.18);
            }
        }
    }
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
