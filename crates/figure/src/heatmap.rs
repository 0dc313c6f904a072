//! Values on a grid as colours, with a colour bar.

use super::axis::{Axis, Extent, value_names};
use super::axis_layout::{AxisLayout, LABEL_SIZE, LINE_WIDTH, Side, TICK_SIZE};
use super::color::{Color, ColorMap};
use super::font::{CAP_HEIGHT, DESCENT, Weight, text_width};
use super::panel::{Content, Margins, draw_frame, draw_no_data};
use super::scene::{Anchor, Path, Rect, Scene, Stroke, Text};
use super::ticks::{Ticks, linear_ticks, log_ticks};
use crate::number::fixed;

const BAR_GAP: f64 = 7.0;
const BAR_WIDTH: f64 = 7.0;
const NO_VALUE: Color = Color::LIGHT;

/// Values on a grid of settings, or a matrix, as colours.
///
/// ```
/// use equipoise_figure::{Axis, ColorMap, Heatmap};
/// let map = Heatmap::new("Rate", &[3.0, 4.0, 5.0], &[0.1, 0.2], &[227.0, 105.0, 37.0, 220.0, 100.0, f64::NAN])
///     .x_label("g")
///     .y_label("connection probability")
///     .color_axis(Axis::new("rate").unit("Hz").log());
/// let weights = Heatmap::matrix("Weights", 2, 2, &[0.3, -0.5, 0.1, -0.2]).color_axis(Axis::new("weight"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    title: String,
    x_axis: Axis,
    y_axis: Axis,
    columns: usize,
    rows: usize,
    values: Vec<f64>,
    map: ColorMap,
    color_axis: Axis,
    range: Option<(f64, f64)>,
    annotated: Option<usize>,
    first_row_on_top: bool,
    is_square: bool,
}

impl Heatmap {
    /// Values for each x and y, row by row: `values[y * x.len() + x]`. The first row is at the bottom, as on a graph.
    /// Missing values are grey.
    pub fn new(title: &str, x: &[f64], y: &[f64], values: &[f64]) -> Self {
        Self::with_names(title, value_names(x), value_names(y), values)
    }

    /// As [`Heatmap::new`] with names instead of numbers (a confusion matrix).
    pub fn with_names<S: Into<String>>(
        title: &str,
        x: impl IntoIterator<Item = S>,
        y: impl IntoIterator<Item = S>,
        values: &[f64],
    ) -> Self {
        let x: Vec<String> = x.into_iter().map(Into::into).collect();
        let y: Vec<String> = y.into_iter().map(Into::into).collect();
        let (columns, rows) = (x.len(), y.len());
        let mut values = values.to_vec();
        values.resize(columns * rows, f64::NAN);
        Self {
            title: title.to_string(),
            x_axis: Axis::default().categories(x),
            y_axis: Axis::default().categories(y),
            columns,
            rows,
            values,
            map: ColorMap::Viridis,
            color_axis: Axis::default(),
            range: None,
            annotated: None,
            first_row_on_top: false,
            is_square: false,
        }
    }

    /// A matrix of signed values, row 0 on top, square cells, blue for negative, white for zero and red for positive.
    pub fn matrix(title: &str, rows: usize, columns: usize, values: &[f64]) -> Self {
        let names = |count: usize| (0..count).map(|i| i.to_string()).collect::<Vec<_>>();
        let mut map = Self::with_names(title, names(columns), names(rows), values);
        map.map = ColorMap::Diverging;
        map.first_row_on_top = true;
        map.is_square = true;
        map
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

    /// Sets label, unit and scale (linear or log) of the colour bar.
    #[must_use]
    pub fn color_axis(mut self, axis: Axis) -> Self {
        self.color_axis = axis;
        self
    }

    /// Sets the values at the ends of the colour bar; those outside take the end's colour.
    #[must_use]
    pub fn color_range(mut self, low: f64, high: f64) -> Self {
        self.range = (low.is_finite() && high.is_finite() && low < high).then_some((low, high));
        self
    }

    /// Sets the colours.
    #[must_use]
    pub fn color_map(mut self, map: ColorMap) -> Self {
        self.map = map;
        self
    }

    /// Writes each value with so many decimals into its cell, where it fits.
    #[must_use]
    pub fn annotate(mut self, decimals: usize) -> Self {
        self.annotated = Some(decimals);
        self
    }

    /// Puts the first row on top.
    #[must_use]
    pub fn first_row_on_top(mut self) -> Self {
        self.first_row_on_top = true;
        self
    }

    /// Makes cells square.
    #[must_use]
    pub fn square(mut self) -> Self {
        self.is_square = true;
        self
    }

    fn resolved_range(&self) -> Option<(f64, f64)> {
        let mut extent = Extent::empty();
        self.values.iter().filter(|v| self.color_axis.shows(**v)).for_each(|&v| extent.add(v));
        let (low, high) = self.range.or(extent.range())?;
        if self.map == ColorMap::Diverging && self.range.is_none() && !self.color_axis.is_log() {
            let most = low.abs().max(high.abs());
            let most = if most > 0.0 { most } else { 1.0 };
            return Some((-most, most));
        }
        if high - low > 1e-12 * high.abs().max(low.abs()) {
            return Some((low, high));
        }
        // All the same: the colour of the middle.
        Some(if self.color_axis.is_log() {
            (low / 2.0, high * 2.0)
        } else {
            (low - 0.5_f64.max(low.abs() * 0.05), high + 0.5_f64.max(high.abs() * 0.05))
        })
    }

    fn share(&self, value: f64, (low, high): (f64, f64)) -> f64 {
        if self.color_axis.is_log() {
            libm::log(value / low) / libm::log(high / low)
        } else {
            (value - low) / (high - low)
        }
    }

    fn color(&self, value: f64, range: (f64, f64)) -> Color {
        if self.color_axis.shows(value) { self.map.at(self.share(value, range)) } else { NO_VALUE }
    }

    fn bar_ticks(&self, range: (f64, f64), height: f64) -> Ticks {
        let count = (height / 24.0).round().clamp(1.0, 6.0) as usize;
        if self.color_axis.is_log() {
            log_ticks(range.0, range.1, count)
        } else {
            linear_ticks(range.0, range.1, count)
        }
    }

    /// Title of the colour bar with the power of ten of its labels.
    fn bar_title(&self, ticks: &Ticks) -> String {
        self.color_axis.title_with_exponent(ticks.exponent)
    }

    fn layout(&self, width: f64, height: f64) -> (AxisLayout, AxisLayout) {
        let (width, height) = self.grid_size(width, height);
        let y_axis =
            if self.first_row_on_top { self.y_axis.reversed() } else { self.y_axis.clone() };
        (
            AxisLayout::new(&self.x_axis, Extent::empty(), Side::Bottom, width, 0.0),
            AxisLayout::new(&y_axis, Extent::empty(), Side::Left, height, 0.0),
        )
    }

    /// Size of the grid in the area that it is given.
    fn grid_size(&self, width: f64, height: f64) -> (f64, f64) {
        if !self.is_square || self.columns == 0 || self.rows == 0 {
            return (width, height);
        }
        let cell = (width / self.columns as f64).min(height / self.rows as f64);
        (cell * self.columns as f64, cell * self.rows as f64)
    }

    fn draw_bar(&self, scene: &mut Scene, grid: Rect, range: (f64, f64)) {
        let bar = Rect::new(grid.right() + BAR_GAP, grid.y, BAR_WIDTH, grid.height);
        let steps = 128;
        let rgb: Vec<u8> = (0..steps)
            .rev()
            .map(|i| self.map.at(f64::from(i) / f64::from(steps - 1)))
            .flat_map(|c| [c.red, c.green, c.blue])
            .collect();
        scene.image(bar, 1, steps as usize, rgb);
        draw_frame(scene, bar);
        let ticks = self.bar_ticks(range, grid.height);
        let mut path = Path::default();
        let mut widest = 0.0_f64;
        for tick in &ticks.ticks {
            let share = self.share(tick.value, range);
            if !(-1e-6..=1.0 + 1e-6).contains(&share) {
                continue;
            }
            let y = bar.bottom() - share * bar.height;
            let length = if tick.label.is_some() { 2.2 } else { 1.3 };
            path.add_line((bar.right(), y), (bar.right() + length, y));
            if let Some(label) = &tick.label {
                scene.text(
                    label,
                    (bar.right() + 4.0, y + TICK_SIZE * CAP_HEIGHT / 2.0),
                    TICK_SIZE,
                    Anchor::Start,
                );
                widest = widest.max(text_width(label, TICK_SIZE, Weight::Regular));
            }
        }
        scene.stroke(path, Stroke::new(Color::INK, LINE_WIDTH));
        scene.styled_text(Text {
            content: self.bar_title(&ticks),
            at: (bar.right() + 4.0 + widest + 4.0 + LABEL_SIZE * CAP_HEIGHT, bar.center_y()),
            size: LABEL_SIZE,
            anchor: Anchor::Middle,
            weight: Weight::Regular,
            color: Color::INK,
            rotation: 90.0,
        });
    }
}

/// Writes a text into a cell in a colour that can be read on it.
pub(crate) fn write_in_cell(scene: &mut Scene, cell: Rect, text: &str, background: Color) {
    let width = text_width(text, TICK_SIZE, Weight::Regular);
    let size = (TICK_SIZE * (cell.width - 2.0) / width).min(TICK_SIZE).min(cell.height - 1.0);
    if size < 3.5 {
        return;
    }
    scene.styled_text(Text {
        content: text.to_string(),
        at: (cell.center_x(), cell.center_y() + size * CAP_HEIGHT / 2.0),
        size,
        anchor: Anchor::Middle,
        weight: Weight::Regular,
        color: if background.is_dark() { Color::WHITE } else { Color::INK },
        rotation: 0.0,
    });
}

impl Content for Heatmap {
    fn title(&self) -> &str {
        &self.title
    }
    fn default_height(&self, width: f64) -> Option<f64> {
        (self.is_square && self.columns > 0)
            .then(|| (width * self.rows as f64 / self.columns as f64).clamp(24.0, 260.0))
    }
    fn margins(&self, width: f64, height: f64) -> Margins {
        let (x, y) = self.layout(width, height);
        let axes = Margins::around(&x, &y);
        let bar = self.resolved_range().map_or(0.0, |range| {
            let ticks = self.bar_ticks(range, self.grid_size(width, height).1);
            let labels = ticks
                .labelled()
                .map(|(_, l)| text_width(l, TICK_SIZE, Weight::Regular))
                .fold(0.0, f64::max);
            let title = if self.bar_title(&ticks).is_empty() {
                0.0
            } else {
                4.0 + LABEL_SIZE * (CAP_HEIGHT + DESCENT)
            };
            BAR_GAP + BAR_WIDTH + 4.0 + labels + title + 2.0
        });
        Margins { right: bar.max(axes.right), ..axes }
    }
    fn draw(&self, scene: &mut Scene, area: Rect, margins: Margins) {
        let (width, height) = self.grid_size(area.width, area.height);
        let grid = Rect::new(area.x, area.y, width, height);
        let (x, y) = self.layout(area.width, area.height);
        if let Some(range) = self.resolved_range() {
            let row_order: Vec<usize> = if self.first_row_on_top {
                (0..self.rows).collect()
            } else {
                (0..self.rows).rev().collect()
            };
            let colors: Vec<Color> = row_order
                .iter()
                .flat_map(|&row| &self.values[row * self.columns..(row + 1) * self.columns])
                .map(|&value| self.color(value, range))
                .collect();
            let rgb = colors.iter().flat_map(|c| [c.red, c.green, c.blue]).collect();
            scene.image(grid, self.columns, self.rows, rgb);
            let (cell_width, cell_height) =
                (grid.width / self.columns as f64, grid.height / self.rows as f64);
            for (position, &row) in row_order.iter().enumerate() {
                for column in 0..self.columns {
                    let value = self.values[row * self.columns + column];
                    let background = colors[position * self.columns + column];
                    let cell = Rect::new(
                        grid.x + column as f64 * cell_width,
                        grid.y + position as f64 * cell_height,
                        cell_width,
                        cell_height,
                    );
                    if let Some(decimals) = self.annotated
                        && self.color_axis.shows(value)
                    {
                        write_in_cell(scene, cell, &fixed(value, decimals), background);
                    }
                }
            }
            self.draw_bar(scene, grid, range);
        } else {
            draw_no_data(scene, grid);
        }
        draw_frame(scene, grid);
        x.draw(scene, grid, true, None);
        y.draw(scene, grid, true, Some(margins.left));
    }
    fn is_aligned(&self) -> bool {
        !self.is_square
    }
}
