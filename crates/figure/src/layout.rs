//! The grid of panels.

use super::font::{CAP_HEIGHT, Weight, wrap};
use super::legend::{self, Entry};
use super::panel::{Margins, Panel, bold};
use super::scene::{PIXELS_PER_POINT, Rect, Scene};
use super::{png, svg};

/// Width of a page's text, 180 mm.
const DOUBLE_COLUMN: f64 = 510.0;
/// Width of one column of a journal, 88 mm.
const SINGLE_COLUMN: f64 = 250.0;
const BORDER: f64 = 5.0;
const COLUMN_GAP: f64 = 16.0;
const ROW_GAP: f64 = 13.0;
const TITLE_SIZE: f64 = 10.0;
const SMALLEST_AREA: f64 = 20.0;

/// A figure: a grid of panels with letters, 180 mm wide unless told otherwise.
///
/// ```
/// use equipoise_figure::{Axis, Figure, Line, Panel, Plot};
/// let plot = Plot::new("Rate").x_axis(Axis::new("time").unit("ms")).with(Line::new(&[0.0, 1.0], &[2.0, 3.0]));
/// let figure = Figure::new().columns(2).panel(plot.clone()).panel(Panel::new(plot).note("R^{2} = 0.99"));
/// assert!(figure.to_svg().starts_with("<svg"));
/// assert!(figure.to_png().starts_with(b"\x89PNG"));
/// ```
#[derive(Debug)]
pub struct Figure {
    title: String,
    columns: usize,
    width: f64,
    panel_height: Option<f64>,
    panels: Vec<Panel>,
    has_shared_legend: bool,
    letters: Option<bool>,
}

impl Default for Figure {
    fn default() -> Self {
        Self::new()
    }
}

/// A panel's place: its cell in the grid and the column spans.
struct Cell {
    panel: usize,
    row: usize,
    column: usize,
    span: usize,
}

impl Figure {
    /// An empty figure of one column.
    pub fn new() -> Self {
        Self {
            title: String::new(),
            columns: 1,
            width: DOUBLE_COLUMN,
            panel_height: None,
            panels: Vec::new(),
            has_shared_legend: false,
            letters: None,
        }
    }

    /// A figure of one panel as wide as a journal's column (88 mm).
    pub fn single(panel: impl Into<Panel>) -> Self {
        Self { width: SINGLE_COLUMN, ..Self::new() }.panel(panel)
    }

    /// Sets a title above all panels (captions are usually better).
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        self.title = title.to_string();
        self
    }

    /// Sets the number of columns of the grid.
    #[must_use]
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns.clamp(1, 12);
        self
    }

    /// Sets the width of the figure in points (1 pt = 1/72 inch = 0.353 mm).
    #[must_use]
    pub fn width(mut self, points: f64) -> Self {
        if points.is_finite() {
            self.width = points.clamp(120.0, 2000.0);
        }
        self
    }

    /// Sets the height of the data areas in points; by default it follows from their width.
    #[must_use]
    pub fn panel_height(mut self, points: f64) -> Self {
        self.panel_height =
            (points.is_finite() && points > 0.0).then(|| points.clamp(10.0, 2000.0));
        self
    }

    /// Adds a panel; the grid is filled row by row.
    #[must_use]
    pub fn panel(mut self, panel: impl Into<Panel>) -> Self {
        self.panels.push(panel.into());
        self
    }

    /// Draws one legend for all panels above them instead of one in each.
    #[must_use]
    pub fn shared_legend(mut self) -> Self {
        self.has_shared_legend = true;
        self
    }

    /// Sets whether panels have letters; by default they do if there are several.
    #[must_use]
    pub fn letters(mut self, letters: bool) -> Self {
        self.letters = Some(letters);
        self
    }

    fn cells(&self) -> Vec<Cell> {
        let (mut row, mut column) = (0, 0);
        self.panels
            .iter()
            .enumerate()
            .map(|(panel, content)| {
                let span = content.span.min(self.columns);
                if column + span > self.columns {
                    (row, column) = (row + 1, 0);
                }
                let cell = Cell { panel, row, column, span };
                column += span;
                cell
            })
            .collect()
    }

    fn shared_entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        if self.has_shared_legend {
            for entry in self.panels.iter().flat_map(|panel| panel.content.legend()) {
                if !entries.iter().any(|e| e.label == entry.label && e.color == entry.color) {
                    entries.push(entry);
                }
            }
        }
        entries
    }

    /// Margins and data areas: first those each panel wants, then the largest of a column, until both agree.
    fn margins_and_heights(&self, cells: &[Cell], frames: &[f64]) -> (Vec<Margins>, Vec<f64>) {
        let natural = |cell: &Cell, width: f64| {
            let panel = &self.panels[cell.panel];
            panel
                .height
                .or_else(|| panel.content.default_height(width))
                .or(self.panel_height)
                .unwrap_or_else(|| (width * 0.68).clamp(70.0, 150.0))
        };
        let mut margins =
            vec![Margins { left: 35.0, right: 5.0, top: 4.0, bottom: 25.0 }; cells.len()];
        let mut heights = vec![100.0; cells.len()];
        // The number of digits of a tick depends on the length of the axis, which depends on the width of the ticks.
        // Such a circle need not close: after a few rounds margins only grow, and so come to rest.
        for round in 0..12 {
            let before = margins.clone();
            let width_of =
                |i: usize, m: &Margins| (frames[i] - m.left - m.right).max(SMALLEST_AREA);
            for (i, cell) in cells.iter().enumerate() {
                heights[i] = natural(cell, width_of(i, &margins[i]));
            }
            // Panels of a row share their height, unless they have one of their own by nature.
            for (i, cell) in cells.iter().enumerate() {
                let panel = &self.panels[cell.panel];
                if panel.height.is_none() && panel.content.default_height(frames[i]).is_none() {
                    heights[i] = cells
                        .iter()
                        .zip(&heights)
                        .filter(|(other, _)| other.row == cell.row)
                        .map(|(_, &height)| height)
                        .fold(heights[i], f64::max);
                }
            }
            let wanted: Vec<Margins> = cells
                .iter()
                .enumerate()
                .map(|(i, cell)| {
                    self.panels[cell.panel].content.margins(width_of(i, &margins[i]), heights[i])
                })
                .collect();
            for (i, cell) in cells.iter().enumerate() {
                margins[i] = if round < 3 { wanted[i] } else { wanted[i].union(before[i]) };
                if !self.panels[cell.panel].content.is_aligned() {
                    continue;
                }
                for (other, want) in cells.iter().zip(&wanted) {
                    if !self.panels[other.panel].content.is_aligned() {
                        continue;
                    }
                    if other.column == cell.column {
                        margins[i].left = margins[i].left.max(want.left);
                    }
                    if other.column + other.span == cell.column + cell.span {
                        margins[i].right = margins[i].right.max(want.right);
                    }
                }
                // However long the words, some of the width is for the data.
                let most = (frames[i] - SMALLEST_AREA).max(0.0);
                let sum = margins[i].left + margins[i].right;
                if sum > most {
                    margins[i].left *= most / sum;
                    margins[i].right *= most / sum;
                }
            }
            if margins == before {
                break;
            }
        }
        (margins, heights)
    }

    /// Lays the figure out.
    fn scene(&self) -> Scene {
        let cells = self.cells();
        let lettered = self.letters.unwrap_or(self.panels.len() > 1);
        let inner = self.width - 2.0 * BORDER;
        let unit = (inner - COLUMN_GAP * (self.columns - 1) as f64) / self.columns as f64;
        let frames: Vec<f64> =
            cells.iter().map(|c| c.span as f64 * (unit + COLUMN_GAP) - COLUMN_GAP).collect();
        let (margins, heights) = self.margins_and_heights(&cells, &frames);
        let headers: Vec<f64> = cells
            .iter()
            .zip(&frames)
            .map(|(cell, &width)| {
                let panel = &self.panels[cell.panel];
                let height = panel.header_height(width, lettered);
                let legend = legend::height(&panel.content.legend(), width);
                if self.has_shared_legend && panel.shows_legend { height - legend } else { height }
            })
            .collect();

        let shared = self.shared_entries();
        let title_lines = match self.title.as_str() {
            "" => Vec::new(),
            title => wrap(title, TITLE_SIZE, Weight::Bold, inner),
        };
        let mut top = BORDER + title_lines.len() as f64 * TITLE_SIZE * 1.4;
        let legend_top = top;
        if !shared.is_empty() {
            top += legend::height(&shared, inner) + 6.0;
        }
        let mut places = Vec::with_capacity(cells.len());
        let rows = cells.last().map_or(0, |cell| cell.row + 1);
        for row in 0..rows {
            let members: Vec<usize> = (0..cells.len()).filter(|&i| cells[i].row == row).collect();
            let largest = |value: &dyn Fn(usize) -> f64| {
                members.iter().map(|&i| value(i)).fold(0.0, f64::max)
            };
            let header = largest(&|i| headers[i] + margins[i].top);
            let below = largest(&|i| heights[i] + margins[i].bottom);
            for &i in &members {
                let left = BORDER + cells[i].column as f64 * (unit + COLUMN_GAP);
                let frame = Rect::new(left, top, frames[i], header);
                let area = Rect::new(
                    left + margins[i].left,
                    top + header,
                    frames[i] - margins[i].left - margins[i].right,
                    heights[i],
                );
                places.push((i, frame, area));
            }
            top += header + below + if row + 1 < rows { ROW_GAP } else { 0.0 };
        }
        let mut scene = Scene::new(self.width, top + BORDER);
        for (index, line) in title_lines.iter().enumerate() {
            let baseline = BORDER + TITLE_SIZE * (CAP_HEIGHT + 1.4 * index as f64) + 1.0;
            scene.styled_text(bold(line, (BORDER, baseline), TITLE_SIZE));
        }
        legend::draw(&mut scene, &shared, BORDER, legend_top, inner);
        for (i, frame, area) in places {
            let panel = &self.panels[cells[i].panel];
            let letter = lettered.then(|| char::from(b'a' + (cells[i].panel % 26) as u8));
            let legend = !self.has_shared_legend;
            panel.draw_header(
                &mut scene,
                Rect::new(frame.x, frame.y, frame.width, frame.height - margins[i].top),
                letter,
                legend,
            );
            panel.content.draw(&mut scene, area, margins[i]);
        }
        scene
    }

    /// The figure as an SVG document.
    pub fn to_svg(&self) -> String {
        svg::render(&self.scene(), &self.title)
    }

    /// The figure as PNG, at twice the density of CSS pixels.
    pub fn to_png(&self) -> Vec<u8> {
        png::render(&self.scene())
    }

    /// Width in CSS pixels.
    pub fn pixel_width(&self) -> f64 {
        self.width * PIXELS_PER_POINT
    }
}
