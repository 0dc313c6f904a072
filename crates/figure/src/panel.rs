//! One panel of a figure: its content, title, legend and place.

use std::fmt::Debug;

use super::axis_layout::AxisLayout;
use super::color::Color;
use super::font::{CAP_HEIGHT, Weight, text_width, wrap};
use super::legend::{self, Entry};
use super::scene::{Anchor, Path, Rect, Scene, Stroke, Text};

pub(crate) const TITLE_SIZE: f64 = 8.5;
const TITLE_LINE: f64 = 11.0;
pub(crate) const LETTER_SIZE: f64 = 11.0;
const LETTER_WIDTH: f64 = 13.0;
const NOTE_SIZE: f64 = 7.5;

/// Space around the data of a panel for axes and their words, in points.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub(crate) struct Margins {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Margins {
    /// Room for an x axis below and a y axis on the left.
    pub(crate) fn around(x: &AxisLayout, y: &AxisLayout) -> Self {
        let (before, after) = x.overhang();
        Self {
            left: y.thickness().max(before),
            right: after.max(2.0),
            top: 4.0,
            bottom: x.thickness(),
        }
    }

    /// Room enough for either.
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            right: self.right.max(other.right),
            top: self.top.max(other.top),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// What every kind of panel can do.
pub(crate) trait Content: Debug + Send + Sync {
    fn title(&self) -> &str;
    fn legend(&self) -> Vec<Entry> {
        Vec::new()
    }
    /// Space needed around a data area of this size.
    fn margins(&self, width: f64, height: f64) -> Margins;
    /// Height of the data area that suits its width; `None` takes the figure's.
    fn default_height(&self, _width: f64) -> Option<f64> {
        None
    }
    /// Draws into a data area; `margins` are those of the column, at least the panel's own.
    fn draw(&self, scene: &mut Scene, area: Rect, margins: Margins);
    /// Whether the data area lines up with those of other panels.
    fn is_aligned(&self) -> bool {
        true
    }
}

/// One panel of a [`Figure`](super::Figure); every kind of plot turns into one.
#[derive(Debug)]
pub struct Panel {
    pub(crate) content: Box<dyn Content>,
    pub(crate) span: usize,
    pub(crate) height: Option<f64>,
    note: String,
    pub(crate) shows_legend: bool,
}

macro_rules! panel_from {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Panel {
            fn from(content: $kind) -> Self {
                Self {
                    content: Box::new(content),
                    span: 1,
                    height: None,
                    note: String::new(),
                    shows_legend: true,
                }
            }
        }
    )*};
}
panel_from!(
    super::Plot,
    super::Stack,
    super::GroupChart,
    super::Heatmap,
    super::RegionMap,
    super::ImageGrid,
    super::NetworkGraph
);

impl Panel {
    /// Makes a panel of a plot.
    pub fn new(content: impl Into<Panel>) -> Self {
        content.into()
    }

    /// Sets over how many columns of the grid the panel goes.
    #[must_use]
    pub fn span(mut self, columns: usize) -> Self {
        self.span = columns.max(1);
        self
    }

    /// Sets the height of the data area in points.
    #[must_use]
    pub fn height(mut self, height: f64) -> Self {
        self.height = (height.is_finite() && height > 0.0).then(|| height.clamp(10.0, 2000.0));
        self
    }

    /// Sets a short remark (`R^{2} = 0.998`) at the right end of the title.
    #[must_use]
    pub fn note(mut self, note: &str) -> Self {
        self.note = note.to_string();
        self
    }

    /// Leaves the legend out.
    #[must_use]
    pub fn no_legend(mut self) -> Self {
        self.shows_legend = false;
        self
    }

    fn title_lines(&self, width: f64, lettered: bool) -> Vec<String> {
        let note = if self.note.is_empty() {
            0.0
        } else {
            text_width(&self.note, NOTE_SIZE, Weight::Regular) + 8.0
        };
        let letter = if lettered { LETTER_WIDTH } else { 0.0 };
        if self.content.title().is_empty() {
            return Vec::new();
        }
        wrap(self.content.title(), TITLE_SIZE, Weight::Bold, (width - note - letter).max(20.0))
    }

    fn entries(&self) -> Vec<Entry> {
        if self.shows_legend { self.content.legend() } else { Vec::new() }
    }

    /// Height of letter, title, note and legend above the data.
    pub(crate) fn header_height(&self, width: f64, lettered: bool) -> f64 {
        let lines = self.title_lines(width, lettered).len();
        let needs_line = lettered || !self.note.is_empty();
        let title = lines.max(usize::from(needs_line)) as f64 * TITLE_LINE;
        let legend = legend::height(&self.entries(), width);
        title + legend + if title + legend > 0.0 { 3.0 } else { 0.0 }
    }

    /// Draws what is above the data into a frame whose lower border is the data's upper one.
    pub(crate) fn draw_header(
        &self,
        scene: &mut Scene,
        frame: Rect,
        letter: Option<char>,
        legend: bool,
    ) {
        let baseline = frame.y + TITLE_SIZE * CAP_HEIGHT + 1.0;
        let mut x = frame.x;
        if let Some(letter) = letter {
            scene.styled_text(bold(&letter.to_string(), (x, baseline), LETTER_SIZE));
            x += LETTER_WIDTH;
        }
        let lines = self.title_lines(frame.width, letter.is_some());
        for (index, line) in lines.iter().enumerate() {
            scene.styled_text(bold(line, (x, baseline + index as f64 * TITLE_LINE), TITLE_SIZE));
        }
        scene.text(&self.note, (frame.right(), baseline), NOTE_SIZE, Anchor::End);
        let entries = if legend { self.entries() } else { Vec::new() };
        let height = legend::height(&entries, frame.width);
        legend::draw(scene, &entries, frame.x, frame.bottom() - height - 3.0, frame.width);
    }
}

pub(crate) fn bold(content: &str, at: (f64, f64), size: f64) -> Text {
    Text {
        content: content.to_string(),
        at,
        size,
        anchor: Anchor::Start,
        weight: Weight::Bold,
        color: Color::INK,
        rotation: 0.0,
    }
}

/// Says that there is nothing to show.
pub(crate) fn draw_no_data(scene: &mut Scene, area: Rect) {
    scene.styled_text(Text {
        content: "no data".to_string(),
        at: (area.center_x(), area.center_y() + 3.0),
        size: 8.0,
        anchor: Anchor::Middle,
        weight: Weight::Italic,
        color: Color::GREY,
        rotation: 0.0,
    });
}

/// A thin frame.
pub(crate) fn draw_frame(scene: &mut Scene, rect: Rect) {
    scene.stroke(Path::rect(rect), Stroke::new(Color::INK, 0.5));
}
