//! A grid of settings with a named state at each: where balance ends.

use super::axis::{Axis, Extent, value_names};
use super::axis_layout::{AxisLayout, Side};
use super::color::Color;
use super::heatmap::write_in_cell;
use super::legend::{Entry, Key};
use super::panel::{Content, Margins, draw_frame, draw_no_data};
use super::scene::{Path, Rect, Scene, Stroke};

/// A map of named regions over two settings, with borders between them and optional words in the cells.
///
/// ```
/// use equipoise_figure::{Color, RegionMap};
/// let map = RegionMap::new("Regimes", &[3.0, 4.0, 5.0], &[1.0, 2.0])
///     .x_label("g")
///     .y_label("eta")
///     .region("regular", Color::UNBALANCED)
///     .region("balanced", Color::BALANCED)
///     .cells(&[Some(0), Some(0), Some(1), Some(0), Some(1), None]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RegionMap {
    title: String,
    x_axis: Axis,
    y_axis: Axis,
    columns: usize,
    rows: usize,
    regions: Vec<(String, Color)>,
    cells: Vec<Option<usize>>,
    notes: Vec<String>,
}

impl RegionMap {
    /// A map over values of x and y; the first row is at the bottom.
    pub fn new(title: &str, x: &[f64], y: &[f64]) -> Self {
        Self {
            title: title.to_string(),
            x_axis: Axis::default().categories(value_names(x)),
            y_axis: Axis::default().categories(value_names(y)),
            columns: x.len(),
            rows: y.len(),
            regions: Vec::new(),
            cells: vec![None; x.len() * y.len()],
            notes: Vec::new(),
        }
    }

    /// Sets the label of the x axis.
    #[must_use]
    pub fn x_label(mut self, label: &str) -> Self {
        self.x_axis = self.x_axis.labelled(label);
        self
    }

    /// Sets the label of the y axis.
    #[must_use]
    pub fn y_label(mut self, label: &str) -> Self {
        self.y_axis = self.y_axis.labelled(label);
        self
    }

    /// Names the next region (0, 1, ..) and its colour.
    #[must_use]
    pub fn region(mut self, name: &str, color: Color) -> Self {
        self.regions.push((name.to_string(), color));
        self
    }

    /// Sets the region of each cell, row by row: `cells[y * x.len() + x]`; `None` was not computed.
    #[must_use]
    pub fn cells(mut self, cells: &[Option<usize>]) -> Self {
        self.cells = cells.to_vec();
        self.cells.resize(self.columns * self.rows, None);
        self
    }

    /// Sets a short text for each cell, in the same order.
    #[must_use]
    pub fn notes<S: Into<String>>(mut self, notes: impl IntoIterator<Item = S>) -> Self {
        self.notes = notes.into_iter().map(Into::into).collect();
        self
    }

    fn color(&self, cell: usize) -> Color {
        self.cells
            .get(cell)
            .copied()
            .flatten()
            .and_then(|region| self.regions.get(region))
            // Pale enough for words in the cells.
            .map_or(Color::LIGHT, |(_, color)| color.mix(Color::WHITE, 0.35))
    }

    fn layout(&self, width: f64, height: f64) -> (AxisLayout, AxisLayout) {
        (
            AxisLayout::new(&self.x_axis, Extent::empty(), Side::Bottom, width, 0.0),
            AxisLayout::new(&self.y_axis, Extent::empty(), Side::Left, height, 0.0),
        )
    }
}

impl Content for RegionMap {
    fn title(&self) -> &str {
        &self.title
    }
    fn legend(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self
            .regions
            .iter()
            .map(|(name, color)| Entry {
                label: name.clone(),
                color: color.mix(Color::WHITE, 0.35),
                key: Key::Box { opacity: 1.0 },
            })
            .collect();
        if self.cells.iter().any(Option::is_none) && self.cells.iter().any(Option::is_some) {
            entries.push(Entry {
                label: "no value".into(),
                color: Color::LIGHT,
                key: Key::Box { opacity: 1.0 },
            });
        }
        entries
    }
    fn margins(&self, width: f64, height: f64) -> Margins {
        let (x, y) = self.layout(width, height);
        Margins::around(&x, &y)
    }
    fn draw(&self, scene: &mut Scene, area: Rect, margins: Margins) {
        let (x, y) = self.layout(area.width, area.height);
        if self.cells.iter().all(Option::is_none) {
            draw_no_data(scene, area);
        } else {
            let order = || {
                (0..self.rows)
                    .rev()
                    .flat_map(|row| (0..self.columns).map(move |column| (row, column)))
            };
            let rgb = order()
                .map(|(row, column)| self.color(row * self.columns + column))
                .flat_map(|c| [c.red, c.green, c.blue])
                .collect();
            scene.image(area, self.columns, self.rows, rgb);
            let (width, height) =
                (area.width / self.columns as f64, area.height / self.rows as f64);
            let mut borders = Path::default();
            for (row, column) in order() {
                let index = row * self.columns + column;
                let (left, bottom) =
                    (area.x + column as f64 * width, area.bottom() - row as f64 * height);
                if column > 0 && self.cells[index] != self.cells[index - 1] {
                    borders.add_line((left, bottom), (left, bottom - height));
                }
                if row > 0 && self.cells[index] != self.cells[index - self.columns] {
                    borders.add_line((left, bottom), (left + width, bottom));
                }
                if let (Some(note), Some(_)) = (self.notes.get(index), self.cells[index]) {
                    let cell = Rect::new(left, bottom - height, width, height);
                    write_in_cell(scene, cell, note, self.color(index));
                }
            }
            scene.stroke(borders, Stroke::new(Color::INK, 1.0).round());
        }
        draw_frame(scene, area);
        x.draw(scene, area, true, None);
        y.draw(scene, area, true, Some(margins.left));
    }
}
