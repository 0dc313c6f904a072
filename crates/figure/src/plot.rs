//! A panel with an x and a y axis, and a stack of such panels on one x axis.

use super::axis::{Axis, Extent};
use super::axis_layout::{AxisLayout, Side};
use super::color::Color;
use super::layers::{Layer, View};
use super::legend::Entry;
use super::panel::{Content, Margins, draw_no_data};
use super::scene::{Rect, Scene};

/// Lines, points, histograms and spikes over an x and a y axis.
///
/// ```
/// use equipoise_figure::{Axis, Color, Line, Plot, Rule};
/// let plot = Plot::new("Training")
///     .x_axis(Axis::new("epoch"))
///     .y_axis(Axis::new("loss").log())
///     .with(Line::new(&[1.0, 2.0, 3.0], &[0.5, 0.1, 0.04]).label("balanced").color(Color::BALANCED))
///     .with(Rule::horizontal(0.0105).label("published"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    pub(crate) title: String,
    x_axis: Axis,
    y_axis: Axis,
    layers: Vec<Layer>,
}

impl Plot {
    /// An empty plot; the title may be empty.
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_string(),
            x_axis: Axis::default(),
            y_axis: Axis::default(),
            layers: Vec::new(),
        }
    }

    /// Sets the x axis.
    #[must_use]
    pub fn x_axis(mut self, axis: Axis) -> Self {
        self.x_axis = axis;
        self
    }

    /// Sets the y axis.
    #[must_use]
    pub fn y_axis(mut self, axis: Axis) -> Self {
        self.y_axis = axis;
        self
    }

    /// Adds a layer on top of the others.
    #[must_use]
    pub fn with(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }

    /// Each layer with its colour; layers without one take the next of the cycle.
    fn colored(&self) -> Vec<(&Layer, Color)> {
        let mut next = 0;
        self.layers
            .iter()
            .map(|layer| {
                let color = layer.color().unwrap_or_else(|| {
                    next += 1;
                    Color::cycle(next - 1)
                });
                (layer, color)
            })
            .collect()
    }

    fn extents(&self) -> (Extent, Extent) {
        let (mut x, mut y) = (Extent::empty(), Extent::empty());
        for layer in &self.layers {
            layer.extent(&mut x, &mut y, (&self.x_axis, &self.y_axis));
        }
        (x, y)
    }

    fn layout(&self, width: f64, height: f64) -> (AxisLayout, AxisLayout) {
        let (x, y) = self.extents();
        (
            AxisLayout::new(&self.x_axis, x, Side::Bottom, width, 0.0),
            AxisLayout::new(&self.y_axis, y, Side::Left, height, 0.0),
        )
    }

    fn draw_data(&self, scene: &mut Scene, area: Rect, x: &AxisLayout, y: &AxisLayout) {
        if self.extents().1.range().is_none() {
            draw_no_data(scene, area);
        }
        let view = View { area, x_axis: &self.x_axis, y_axis: &self.y_axis, x, y };
        for (layer, color) in self.colored() {
            layer.draw(scene, &view, color);
        }
    }
}

impl Content for Plot {
    fn title(&self) -> &str {
        &self.title
    }
    fn legend(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for entry in self.colored().into_iter().filter_map(|(layer, color)| layer.entry(color)) {
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        entries
    }
    fn margins(&self, width: f64, height: f64) -> Margins {
        let (x, y) = self.layout(width, height);
        Margins::around(&x, &y)
    }
    fn draw(&self, scene: &mut Scene, area: Rect, margins: Margins) {
        let (x, y) = self.layout(area.width, area.height);
        self.draw_data(scene, area, &x, &y);
        x.draw(scene, area, true, None);
        y.draw(scene, area, true, Some(margins.left));
    }
}

/// Plots on top of each other with one x axis: a raster over its rate over currents.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    title: String,
    x_axis: Axis,
    rows: Vec<(Plot, f64)>,
}

const STACK_GAP: f64 = 9.0;

impl Stack {
    /// An empty stack on an x axis.
    pub fn new(title: &str, x_axis: Axis) -> Self {
        Self { title: title.to_string(), x_axis, rows: Vec::new() }
    }

    /// Adds a plot below the others; `share` is its height in relation to theirs. The plot's own title and x axis
    /// are not used.
    #[must_use]
    pub fn row(mut self, plot: Plot, share: f64) -> Self {
        let share = if share.is_finite() { share.clamp(0.05, 100.0) } else { 1.0 };
        self.rows.push((plot.x_axis(self.x_axis.clone()), share));
        self
    }

    fn common_x(&self, width: f64) -> AxisLayout {
        let mut extent = Extent::empty();
        for (low, high) in self.rows.iter().filter_map(|(plot, _)| plot.extents().0.range()) {
            extent.add(low);
            extent.add(high);
        }
        AxisLayout::new(&self.x_axis, extent, Side::Bottom, width, 0.0)
    }

    /// Height of each row.
    fn heights(&self, height: f64) -> Vec<f64> {
        let total: f64 = self.rows.iter().map(|(_, share)| share).sum();
        let free = (height - STACK_GAP * self.rows.len().saturating_sub(1) as f64).max(1.0);
        self.rows.iter().map(|(_, share)| free * share / total).collect()
    }
}

impl Content for Stack {
    fn title(&self) -> &str {
        &self.title
    }
    fn legend(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for entry in self.rows.iter().flat_map(|(plot, _)| plot.legend()) {
            if !entries.iter().any(|e| e.label == entry.label && e.color == entry.color) {
                entries.push(entry);
            }
        }
        entries
    }
    fn default_height(&self, _width: f64) -> Option<f64> {
        Some(self.rows.iter().map(|(_, share)| share * 70.0).sum::<f64>().max(60.0))
    }
    fn margins(&self, width: f64, height: f64) -> Margins {
        let x = self.common_x(width);
        let (before, after) = x.overhang();
        let left = self
            .rows
            .iter()
            .zip(self.heights(height))
            .map(|((plot, _), height)| plot.layout(width, height).1.thickness())
            .fold(before, f64::max);
        Margins { left, right: after.max(2.0), top: 4.0, bottom: x.thickness() }
    }
    fn draw(&self, scene: &mut Scene, area: Rect, margins: Margins) {
        let x = self.common_x(area.width);
        let mut top = area.y;
        for ((plot, _), height) in self.rows.iter().zip(self.heights(area.height)) {
            let row = Rect::new(area.x, top, area.width, height);
            let y = plot.layout(area.width, height).1;
            plot.draw_data(scene, row, &x, &y);
            y.draw(scene, row, true, Some(margins.left));
            top += height + STACK_GAP;
        }
        if self.rows.is_empty() {
            draw_no_data(scene, area);
        }
        x.draw(scene, area, true, None);
    }
}
