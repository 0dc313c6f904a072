//! Spikes, straight lines across and shaded ranges.

use super::View;
use crate::clip::{clip_polyline, clip_rect};
use crate::color::Color;
use crate::scene::{Dash, Path, Point, Rect, Scene, Stroke};

/// Spikes: one upright tick each, at (time, neuron).
#[derive(Clone, Debug, PartialEq)]
pub struct Spikes {
    pub(super) events: Vec<(f64, f64)>,
    pub(super) label: String,
    pub(super) color: Option<Color>,
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

    name_and_color!();

    pub(super) fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
        let (low, high) = view.y.range();
        let row = view.area.height / (high - low).max(1.0);
        let tick = (row * 0.8).clamp(0.7, 7.0);
        let places = self
            .events
            .iter()
            .filter_map(|&(time, neuron)| view.point(time, neuron))
            .filter(|&p| view.area.contains(p));
        let mut path = Path::default();
        for (x, top, bottom) in merged_ticks(places, tick) {
            path.add_line((x, top.max(view.area.y)), (x, bottom.min(view.area.bottom())));
        }
        let width = if tick < 1.2 { 0.7 } else { 0.8 };
        scene.stroke(path, Stroke::new(color, width));
    }
}

/// Upright ticks around places, as (x, top, bottom). What is closer than can be printed becomes one: x is rounded to a
/// fifth of a point, and ticks that overlap are joined. So a raster of any number of spikes stays small.
fn merged_ticks(places: impl Iterator<Item = Point>, tick: f64) -> Vec<(f64, f64, f64)> {
    const PER_POINT: f64 = 5.0;
    let mut places: Vec<(i64, f64)> =
        places.map(|(x, y)| ((x * PER_POINT).round() as i64, y - tick / 2.0)).collect();
    places.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut ticks: Vec<(i64, f64, f64)> = Vec::new();
    for (x, top) in places {
        match ticks.last_mut() {
            Some(last) if last.0 == x && top < last.2 - 0.01 => last.2 = top + tick,
            _ => ticks.push((x, top, top + tick)),
        }
    }
    ticks.into_iter().map(|(x, top, bottom)| (x as f64 / PER_POINT, top, bottom)).collect()
}

/// A straight line across the plot: a threshold, a published value, the time of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    value: f64,
    vertical: bool,
    pub(super) label: String,
    pub(super) color: Option<Color>,
    pub(super) dash: Dash,
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

    name_and_color!();

    /// Sets dashes.
    #[must_use]
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }

    pub(super) fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
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
    pub(super) label: String,
    pub(super) color: Option<Color>,
}

impl Span {
    /// Shades from one x to another over the whole height.
    pub fn new(from: f64, to: f64) -> Self {
        Self { from, to, label: String::new(), color: Some(Color::GREY) }
    }

    name_and_color!();

    pub(super) fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
        if let (Some(a), Some(b)) = (view.x(self.from), view.x(self.to)) {
            let rect = Rect::new(a.min(b), view.area.y, (b - a).abs(), view.area.height);
            if let Some(rect) = clip_rect(rect, view.area) {
                scene.fill_transparent(Path::rect(rect), color, 0.18);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_join_where_they_overlap() {
        let places = [(1.0, 5.0), (1.01, 5.5), (1.0, 7.0), (2.0, 5.0), (1.0, 5.0)];
        let ticks = merged_ticks(places.into_iter(), 1.0);
        assert_eq!(ticks, [(1.0, 4.5, 6.0), (1.0, 6.5, 7.5), (2.0, 4.5, 5.5)]);
    }
}
