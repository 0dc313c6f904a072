//! What a figure consists of once it is laid out: paths, words and pictures on a page measured in points.

use super::color::Color;
use super::font::Weight;

/// CSS pixels a point.
pub(crate) const PIXELS_PER_POINT: f64 = 96.0 / 72.0;

/// A rectangle in points, y downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width: width.max(0.0), height: height.max(0.0) }
    }
    pub fn right(&self) -> f64 {
        self.x + self.width
    }
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }
    pub fn center_x(&self) -> f64 {
        self.x + self.width / 2.0
    }
    pub fn center_y(&self) -> f64 {
        self.y + self.height / 2.0
    }
    /// Whether a point lies inside, borders included, with half a hair's tolerance.
    pub fn contains(&self, (x, y): Point) -> bool {
        const SLACK: f64 = 0.01;
        x >= self.x - SLACK
            && x <= self.right() + SLACK
            && y >= self.y - SLACK
            && y <= self.bottom() + SLACK
    }
}

pub(crate) type Point = (f64, f64);

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Segment {
    Move(Point),
    Line(Point),
    Cubic(Point, Point, Point),
    Close,
}

/// A path of straight lines and curves.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Path(pub Vec<Segment>);

/// A cubic Bézier curve follows a quarter circle with control points at this share of the radius.
const CIRCLE: f64 = 0.552_284_75;

impl Path {
    pub fn polyline(points: &[Point]) -> Self {
        let mut path = Self::default();
        path.add_polyline(points);
        path
    }
    pub fn line(from: Point, to: Point) -> Self {
        Self::polyline(&[from, to])
    }
    pub fn polygon(points: &[Point]) -> Self {
        let mut path = Self::polyline(points);
        path.0.push(Segment::Close);
        path
    }
    pub fn rect(rect: Rect) -> Self {
        let mut path = Self::default();
        path.add_rect(rect);
        path
    }
    pub fn circle(center: Point, radius: f64) -> Self {
        let mut path = Self::default();
        path.add_circle(center, radius);
        path
    }
    pub fn add_polyline(&mut self, points: &[Point]) {
        for (index, &point) in points.iter().enumerate() {
            self.0.push(if index == 0 { Segment::Move(point) } else { Segment::Line(point) });
        }
    }
    pub fn add_line(&mut self, from: Point, to: Point) {
        self.0.extend([Segment::Move(from), Segment::Line(to)]);
    }
    pub fn add_rect(&mut self, r: Rect) {
        self.add_polyline(&[
            (r.x, r.y),
            (r.right(), r.y),
            (r.right(), r.bottom()),
            (r.x, r.bottom()),
        ]);
        self.0.push(Segment::Close);
    }
    pub fn add_circle(&mut self, (x, y): Point, radius: f64) {
        let k = radius * CIRCLE;
        let r = radius;
        self.0.extend([
            Segment::Move((x + r, y)),
            Segment::Cubic((x + r, y + k), (x + k, y + r), (x, y + r)),
            Segment::Cubic((x - k, y + r), (x - r, y + k), (x - r, y)),
            Segment::Cubic((x - r, y - k), (x - k, y - r), (x, y - r)),
            Segment::Cubic((x + k, y - r), (x + r, y - k), (x + r, y)),
            Segment::Close,
        ]);
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How a line is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Dash {
    /// Not at all.
    #[default]
    Solid,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dashes and dots.
    DashDotted,
}

impl Dash {
    /// Lengths on and off for a line of this width, in points.
    pub(crate) fn pattern(self, width: f64) -> Vec<f64> {
        let unit = width.max(0.5);
        let lengths: &[f64] = match self {
            Self::Solid => &[],
            Self::Dashed => &[4.0, 2.2],
            Self::Dotted => &[1.0, 1.6],
            Self::DashDotted => &[4.0, 1.8, 1.0, 1.8],
        };
        lengths.iter().map(|length| length * unit).collect()
    }
}

/// How a path is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stroke {
    pub color: Color,
    pub opacity: f64,
    pub width: f64,
    pub dash: Dash,
    pub round: bool,
}

impl Stroke {
    pub fn new(color: Color, width: f64) -> Self {
        Self { color, opacity: 1.0, width, dash: Dash::Solid, round: false }
    }
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }
    pub fn opacity(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }
    pub fn round(mut self) -> Self {
        self.round = true;
        self
    }
}

/// Which point of a line of text stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// One line of text; `^{..}` and `_{..}` are raised and lowered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub content: String,
    /// Position of the baseline at the anchor.
    pub at: Point,
    pub size: f64,
    pub anchor: Anchor,
    pub weight: Weight,
    pub color: Color,
    /// Degrees, counter-clockwise.
    pub rotation: f64,
}

/// One element of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Fill { path: Path, color: Color, opacity: f64 },
    Stroke { path: Path, stroke: Stroke },
    Text(Text),
    Image { rect: Rect, columns: usize, rows: usize, rgb: Vec<u8> },
}

/// A laid out page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scene {
    pub width: f64,
    pub height: f64,
    pub items: Vec<Item>,
}

impl Scene {
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, items: Vec::new() }
    }
    pub fn fill(&mut self, path: Path, color: Color) {
        self.fill_transparent(path, color, 1.0);
    }
    pub fn fill_transparent(&mut self, path: Path, color: Color, opacity: f64) {
        if !path.is_empty() {
            self.items.push(Item::Fill { path, color, opacity });
        }
    }
    pub fn stroke(&mut self, path: Path, stroke: Stroke) {
        if !path.is_empty() {
            self.items.push(Item::Stroke { path, stroke });
        }
    }
    /// Places one line of text with its baseline at `at`.
    pub fn text(&mut self, content: &str, at: Point, size: f64, anchor: Anchor) {
        self.styled_text(Text {
            content: content.to_string(),
            at,
            size,
            anchor,
            weight: Weight::Regular,
            color: Color::INK,
            rotation: 0.0,
        });
    }
    pub fn styled_text(&mut self, text: Text) {
        if !text.content.is_empty() {
            self.items.push(Item::Text(text));
        }
    }
    /// Places a picture of `columns` x `rows` RGB pixels, which stay sharp squares at any size.
    pub fn image(&mut self, rect: Rect, columns: usize, rows: usize, rgb: Vec<u8>) {
        if columns > 0
            && rows > 0
            && rgb.len() == columns * rows * 3
            && rect.width > 0.0
            && rect.height > 0.0
        {
            self.items.push(Item::Image { rect, columns, rows, rgb });
        }
    }
}
