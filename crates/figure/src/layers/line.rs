//! Lines with bands, error bars and markers.

use super::{View, runs};
use crate::axis::{Axis, Extent};
use crate::clip::{clip_polygon, clip_polyline, thin};
use crate::color::Color;
use crate::legend::Key;
use crate::marker::Marker;
use crate::scene::{Dash, Path, Point, Scene, Stroke};

/// A line through points, with an optional band, error bars and markers. NaN makes a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    x: Vec<f64>,
    y: Vec<f64>,
    pub(super) label: String,
    pub(super) color: Option<Color>,
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

    name_and_color!();

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

    pub(super) fn extent(&self, x: &mut Extent, y: &mut Extent, axes: (&Axis, &Axis)) {
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

    pub(super) fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
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

    pub(super) fn key(&self) -> Key {
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
