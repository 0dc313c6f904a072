//! An axis at a given length: its ticks, their labels and its title, placed and drawn.

use super::axis::{Axis, Extent};
use super::color::Color;
use super::font::{CAP_HEIGHT, DESCENT, Weight, text_width, wrap};
use super::scene::{Anchor, Path, Point, Rect, Scene, Stroke, Text};
use super::ticks::{Tick, Ticks, linear_ticks, log_ticks, nice_stride};

pub(crate) const TICK_SIZE: f64 = 7.0;
pub(crate) const LABEL_SIZE: f64 = 8.0;
pub(crate) const LINE_WIDTH: f64 = 0.6;
const TICK_LENGTH: f64 = 2.6;
const TICK_GAP: f64 = 2.0;
const LABEL_GAP: f64 = 4.0;

/// On which side of the data an axis stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Bottom,
    Left,
}

/// An axis at a given length.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AxisLayout {
    low: f64,
    high: f64,
    log: bool,
    ticks: Ticks,
    title: String,
    side: Side,
    length: f64,
    /// Lines of category names, or the slanted single lines.
    slanted: bool,
    reversed: bool,
    wrapped: Option<Vec<Vec<String>>>,
    /// Share of the length at the upper end that is kept free of data.
    headroom: f64,
}

impl AxisLayout {
    /// Lays an axis out for data of an extent on a length in points. `headroom` points at the upper end stay free.
    pub fn new(axis: &Axis, extent: Extent, side: Side, length: f64, headroom: f64) -> Self {
        let (low, high) = axis.resolved_range(extent);
        let headroom = if length > 0.0 { (headroom / length).clamp(0.0, 0.8) } else { 0.0 };
        let mut layout = Self {
            low,
            high,
            log: axis.is_log(),
            ticks: Ticks::default(),
            title: String::new(),
            side,
            length: length.max(1.0),
            slanted: false,
            reversed: axis.is_reversed,
            wrapped: None,
            headroom,
        };
        if let Some(names) = &axis.categories {
            layout.place_categories(names);
        } else if let Some(ticks) = &axis.ticks {
            layout.ticks.ticks = ticks
                .iter()
                .filter(|(value, _)| axis.shows(*value) && *value >= low && *value <= high)
                .map(|(value, label)| Tick { value: *value, label: Some(label.clone()) })
                .collect();
        } else {
            layout.place_numbers();
        }
        layout.title = axis.title_with_exponent(layout.ticks.exponent);
        layout
    }

    /// As many round ticks as fit without their labels touching.
    fn place_numbers(&mut self) {
        let most = match self.side {
            Side::Left => ((self.length * (1.0 - self.headroom)) / 22.0).round().clamp(1.0, 6.0),
            Side::Bottom => (self.length / 26.0).round().clamp(1.0, 7.0),
        } as usize;
        for count in (1..=most).rev() {
            self.ticks = if self.log {
                log_ticks(self.low, self.high, count)
            } else {
                linear_ticks(self.low, self.high, count)
            };
            if !self.labels_touch() {
                return;
            }
        }
        // Not even the fewest fit: the first label alone.
        let mut seen = false;
        for tick in &mut self.ticks.ticks {
            if tick.label.is_some() && std::mem::replace(&mut seen, true) {
                tick.label = None;
            }
        }
    }

    fn labels_touch(&self) -> bool {
        let mut last_end = f64::NEG_INFINITY;
        let mut places: Vec<(f64, f64)> = self
            .ticks
            .labelled()
            .map(|(value, label)| {
                let size = match self.side {
                    Side::Bottom => text_width(label, TICK_SIZE, Weight::Regular) + 5.0,
                    Side::Left => TICK_SIZE * 1.25,
                };
                (self.place(value), size / 2.0)
            })
            .collect();
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        places.iter().any(|&(middle, half)| {
            let touches = middle - half < last_end;
            last_end = middle + half;
            touches
        })
    }

    fn place_categories(&mut self, names: &[String]) {
        self.ticks.ticks = names
            .iter()
            .enumerate()
            .map(|(i, name)| Tick { value: i as f64, label: Some(name.clone()) })
            .collect();
        let band = self.length / names.len().max(1) as f64;
        match self.side {
            Side::Bottom => {
                let lines: Vec<Vec<String>> = names
                    .iter()
                    .map(|name| wrap(name, TICK_SIZE, Weight::Regular, band - 4.0))
                    .collect();
                let widest = lines
                    .iter()
                    .flatten()
                    .map(|l| text_width(l, TICK_SIZE, Weight::Regular))
                    .fold(0.0, f64::max);
                let deepest = lines.iter().map(Vec::len).max().unwrap_or(0);
                if widest <= band - 2.0 && deepest <= 3 {
                    self.wrapped = Some(lines);
                } else if names.iter().all(|name| name.parse::<f64>().is_ok()) {
                    // Numbers in crowded cells are better thinned than slanted.
                    self.thin_labels(((widest + 4.0) / band).ceil() as usize, names.len());
                } else {
                    self.slanted = true;
                    self.thin_labels((TICK_SIZE * 1.1 / band).ceil() as usize, names.len());
                }
            }
            Side::Left => self.thin_labels((TICK_SIZE * 1.2 / band).ceil() as usize, names.len()),
        }
    }

    /// Keeps the label of one place in `least` or a few more, counted from the first category.
    fn thin_labels(&mut self, least: usize, count: usize) {
        let stride = nice_stride(least);
        let reversed = self.reversed;
        let mut index = 0;
        self.ticks.ticks.retain(|_| {
            index += 1;
            let from_first = if reversed { count - index } else { index - 1 };
            from_first % stride == 0
        });
    }

    /// Place of a value along the axis in points from its start; outside the range, outside the length.
    pub fn place(&self, value: f64) -> f64 {
        let share = if self.log {
            (libm::log10(value) - libm::log10(self.low))
                / (libm::log10(self.high) - libm::log10(self.low))
        } else {
            (value - self.low) / (self.high - self.low)
        };
        // Beyond this the clipping would lose its digits.
        (share * self.length * (1.0 - self.headroom)).clamp(-1e7, 1e7)
    }

    /// The range shown.
    pub fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Thickness of ticks, labels and title.
    pub fn thickness(&self) -> f64 {
        let title = if self.title.is_empty() {
            0.0
        } else {
            LABEL_GAP + LABEL_SIZE * (CAP_HEIGHT + DESCENT)
        };
        let labels = self.label_thickness();
        let gap = if labels > 0.0 { TICK_GAP } else { 0.0 };
        TICK_LENGTH + gap + labels + title
    }

    fn label_thickness(&self) -> f64 {
        let widest = || {
            self.ticks
                .labelled()
                .map(|(_, l)| text_width(l, TICK_SIZE, Weight::Regular))
                .fold(0.0, f64::max)
        };
        if self.ticks.labelled().next().is_none() {
            return 0.0;
        }
        match self.side {
            Side::Left => widest(),
            Side::Bottom if self.slanted => widest() * libm::sin(SLANT) + TICK_SIZE * CAP_HEIGHT,
            Side::Bottom => {
                let lines = self
                    .wrapped
                    .as_ref()
                    .and_then(|w| w.iter().map(Vec::len).max())
                    .unwrap_or(1)
                    .max(1);
                let raised = self.ticks.labelled().any(|(_, l)| l.contains("^{"));
                TICK_SIZE * CAP_HEIGHT
                    + (lines - 1) as f64 * TICK_SIZE * 1.15
                    + if raised { 0.16 * TICK_SIZE } else { 0.0 }
                    + 0.5
            }
        }
    }

    /// How far labels reach over the start and the end of the axis.
    pub fn overhang(&self) -> (f64, f64) {
        let mut over = (0.0_f64, 0.0_f64);
        for (index, (value, label)) in self.ticks.labelled().enumerate() {
            let middle = self.place(value);
            let (before, after) = match (self.side, &self.wrapped) {
                (Side::Left, _) => (TICK_SIZE * 0.5, TICK_SIZE * 0.5),
                (Side::Bottom, _) if self.slanted => {
                    (text_width(label, TICK_SIZE, Weight::Regular) * libm::cos(SLANT) + 2.0, 2.0)
                }
                (Side::Bottom, Some(lines)) => {
                    let width = lines.get(index).map_or(0.0, |l| {
                        l.iter()
                            .map(|t| text_width(t, TICK_SIZE, Weight::Regular))
                            .fold(0.0, f64::max)
                    });
                    (width / 2.0, width / 2.0)
                }
                (Side::Bottom, None) => {
                    let half = text_width(label, TICK_SIZE, Weight::Regular) / 2.0;
                    (half, half)
                }
            };
            over = (over.0.max(before - middle), over.1.max(middle + after - self.length));
        }
        // A long title is centred on the axis and may be longer than it.
        let excess = (text_width(&self.title, LABEL_SIZE, Weight::Regular) - self.length) / 2.0;
        if self.side == Side::Bottom { (over.0.max(excess), over.1.max(excess)) } else { over }
    }

    /// Draws the axis along the left or lower border of `area`; the title stands `depth` away where given.
    pub fn draw(&self, scene: &mut Scene, area: Rect, labelled: bool, depth: Option<f64>) {
        let ink = Stroke::new(Color::INK, LINE_WIDTH);
        let mut path = Path::default();
        let at = |along: f64, away: f64| -> Point {
            match self.side {
                Side::Bottom => (area.x + along, area.bottom() + away),
                Side::Left => (area.x - away, area.bottom() - along),
            }
        };
        path.add_line(at(-LINE_WIDTH / 2.0, 0.0), at(self.length, 0.0));
        for tick in &self.ticks.ticks {
            let along = self.place(tick.value);
            if along < -0.01 || along > self.length + 0.01 {
                continue;
            }
            let length = if tick.label.is_some() { TICK_LENGTH } else { TICK_LENGTH * 0.6 };
            path.add_line(at(along, 0.0), at(along, length));
        }
        scene.stroke(path, ink);
        if !labelled {
            return;
        }
        for (index, (value, label)) in self.ticks.labelled().enumerate() {
            let (x, y) = at(self.place(value), TICK_LENGTH + TICK_GAP);
            let baseline = y
                + TICK_SIZE * CAP_HEIGHT
                + if label.contains("^{") { 0.16 * TICK_SIZE } else { 0.0 };
            match (self.side, &self.wrapped) {
                (Side::Left, _) => {
                    scene.text(
                        label,
                        (x, y + TICK_SIZE * CAP_HEIGHT / 2.0),
                        TICK_SIZE,
                        Anchor::End,
                    );
                }
                (Side::Bottom, _) if self.slanted => scene.styled_text(Text {
                    content: label.to_string(),
                    at: (x + 2.0, y + TICK_SIZE * CAP_HEIGHT * 0.7),
                    size: TICK_SIZE,
                    anchor: Anchor::End,
                    weight: Weight::Regular,
                    color: Color::INK,
                    rotation: SLANT.to_degrees(),
                }),
                (Side::Bottom, Some(lines)) => {
                    for (i, line) in lines.get(index).into_iter().flatten().enumerate() {
                        let y = baseline + i as f64 * TICK_SIZE * 1.15;
                        scene.text(line, (x, y), TICK_SIZE, Anchor::Middle);
                    }
                }
                (Side::Bottom, None) => scene.text(label, (x, baseline), TICK_SIZE, Anchor::Middle),
            }
        }
        // Titles of a column line up, unless something else than tick labels made the margin wide.
        let own = self.thickness();
        let depth = depth.filter(|depth| *depth <= own + 16.0).unwrap_or(own);
        let title = |at: Point, rotation: f64| Text {
            content: self.title.clone(),
            at,
            size: LABEL_SIZE,
            anchor: Anchor::Middle,
            weight: Weight::Regular,
            color: Color::INK,
            rotation,
        };
        match self.side {
            Side::Bottom => {
                let y = area.bottom() + self.thickness() - LABEL_SIZE * DESCENT;
                scene.styled_text(title((area.center_x(), y), 0.0));
            }
            Side::Left => {
                let x = area.x - depth + LABEL_SIZE * CAP_HEIGHT;
                scene.styled_text(title((x, area.center_y()), 90.0));
            }
        }
    }
}

/// Angle of slanted category names.
const SLANT: f64 = 40.0 * std::f64::consts::PI / 180.0;
