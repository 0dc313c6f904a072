//! Shapes of points.

use super::color::Color;
use super::scene::{Path, Point, Rect, Scene, Stroke};

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
