//! Drawing with a soft round pen: curves through points, rendered with smooth edges.

/// A point, x to the right and y downwards.
pub type Point = (f64, f64);

/// The curve through `points` (a Catmull–Rom spline, uniform, ends doubled) as a chain of
/// `pieces` straight segments between neighbouring points. Two points give a straight line.
pub fn curve(points: &[Point], pieces: usize) -> Vec<Point> {
    let mut chain = Vec::with_capacity((points.len() - 1) * pieces + 1);
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    for i in 0..points.len() as isize - 1 {
        let (p, q, r, s) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        for k in 0..pieces {
            let t = k as f64 / pieces as f64;
            let blend = |p: f64, q: f64, r: f64, s: f64| {
                0.5 * (2.0 * q
                    + (r - p) * t
                    + (2.0 * p - 5.0 * q + 4.0 * r - s) * t * t
                    + (3.0 * q - p - 3.0 * r + s) * t * t * t)
            };
            chain.push((blend(p.0, q.0, r.0, s.0), blend(p.1, q.1, r.1, s.1)));
        }
    }
    chain.extend(points.last());
    chain
}

/// An ink coverage in [0, 1] a pixel, `[height, width]`.
pub struct Canvas {
    width: usize,
    height: usize,
    /// The coverage.
    pub ink: Vec<f64>,
}

impl Canvas {
    /// An empty canvas.
    pub fn new(width: usize, height: usize) -> Canvas {
        Canvas { width, height, ink: vec![0.0; width * height] }
    }

    /// Draws a chain of points with the pen radius `radius(share of the chain drawn)`, in
    /// pixels; the edge falls from full to no ink over `soft` pixels. Pixel (0, 0) has its centre
    /// at (0.5, 0.5).
    pub fn draw(&mut self, chain: &[Point], soft: f64, radius: impl Fn(f64) -> f64) {
        for (k, pair) in chain.windows(2).enumerate() {
            let pen = radius(k as f64 / (chain.len() - 1) as f64);
            self.segment(pair[0], pair[1], pen, soft);
        }
    }

    fn segment(&mut self, a: Point, b: Point, radius: f64, soft: f64) {
        let reach = radius + soft;
        let span = |p: f64, q: f64, size: usize| {
            let low = (p.min(q) - reach - 0.5).floor().max(0.0) as usize;
            let high = (p.max(q) + reach + 0.5).ceil().clamp(0.0, size as f64) as usize;
            low..high
        };
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length2 = (dx * dx + dy * dy).max(1e-12);
        for row in span(a.1, b.1, self.height) {
            for column in span(a.0, b.0, self.width) {
                let (x, y) = (column as f64 + 0.5 - a.0, row as f64 + 0.5 - a.1);
                let along = ((x * dx + y * dy) / length2).clamp(0.0, 1.0);
                let (ex, ey) = (x - along * dx, y - along * dy);
                let distance = (ex * ex + ey * ey).sqrt();
                let cover = ((radius + 0.5 * soft - distance) / soft).clamp(0.0, 1.0);
                let ink = &mut self.ink[row * self.width + column];
                *ink = ink.max(cover);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_through_its_points() {
        let points = [(0.0, 0.0), (1.0, 2.0), (3.0, 1.0)];
        let chain = curve(&points, 8);
        assert_eq!(chain.len(), 17);
        assert_eq!((chain[0], chain[8], chain[16]), (points[0], points[1], points[2]));
        // Between two points alone the curve is the straight line.
        assert!(curve(&[(0.0, 0.0), (2.0, 2.0)], 4).iter().all(|p| (p.0 - p.1).abs() < 1e-12));
    }

    #[test]
    fn a_line_covers_what_its_width_says() {
        let mut canvas = Canvas::new(20, 20);
        canvas.draw(&[(-5.0, 10.0), (25.0, 10.0)], 1.0, |_| 2.0);
        // Four rows full, all others empty, but for the soft edge's half pixels.
        let total: f64 = canvas.ink.iter().sum();
        assert!((total - 80.0).abs() < 1e-9, "{total}");
        // Far outside: nothing, and no panic.
        canvas.draw(&[(100.0, -50.0), (200.0, -60.0)], 1.0, |_| 2.0);
        assert!((canvas.ink.iter().sum::<f64>() - total).abs() < 1e-12);
    }
}
