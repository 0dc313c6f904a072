//! Cutting lines and areas to a rectangle, so that no viewer has to, and thinning of long lines.

use super::scene::{Point, Rect};

/// The parts of a polyline inside a rectangle (Liang & Barsky 1984).
pub(crate) fn clip_polyline(points: &[Point], area: Rect) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    if let [only] = points
        && area.contains(*only)
    {
        return vec![vec![*only]];
    }
    for pair in points.windows(2) {
        let Some((from, to)) = clip_segment(pair[0], pair[1], area) else {
            open = false;
            continue;
        };
        match parts.last_mut() {
            Some(part) if open && part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
        open = to == pair[1];
    }
    parts
}

fn clip_segment(from: Point, to: Point, area: Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut start, mut end) = (0.0_f64, 1.0_f64);
    for (direction, distance) in [
        (-dx, from.0 - area.x),
        (dx, area.right() - from.0),
        (-dy, from.1 - area.y),
        (dy, area.bottom() - from.1),
    ] {
        if direction == 0.0 {
            if distance < 0.0 {
                return None;
            }
        } else if direction < 0.0 {
            start = start.max(distance / direction);
        } else {
            end = end.min(distance / direction);
        }
    }
    if start > end {
        return None;
    }
    let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
    Some((if start > 0.0 { at(start) } else { from }, if end < 1.0 { at(end) } else { to }))
}

/// The part of a polygon inside a rectangle (Sutherland & Hodgman 1974).
pub(crate) fn clip_polygon(points: &[Point], area: Rect) -> Vec<Point> {
    let mut polygon = points.to_vec();
    // Each border: signed distance inside.
    let borders: [&dyn Fn(Point) -> f64; 4] =
        [&|p| p.0 - area.x, &|p| area.right() - p.0, &|p| p.1 - area.y, &|p| area.bottom() - p.1];
    for inside in borders {
        let mut kept = Vec::with_capacity(polygon.len() + 4);
        for (index, &point) in polygon.iter().enumerate() {
            let previous = polygon[(index + polygon.len() - 1) % polygon.len()];
            let (a, b) = (inside(previous), inside(point));
            if (a < 0.0) != (b < 0.0) {
                let share = a / (a - b);
                kept.push((
                    previous.0 + share * (point.0 - previous.0),
                    previous.1 + share * (point.1 - previous.1),
                ));
            }
            if b >= 0.0 {
                kept.push(point);
            }
        }
        polygon = kept;
    }
    polygon
}

/// The part of a rectangle inside another, if any.
pub(crate) fn clip_rect(rect: Rect, area: Rect) -> Option<Rect> {
    let (left, right) = (rect.x.max(area.x), rect.right().min(area.right()));
    let (top, bottom) = (rect.y.max(area.y), rect.bottom().min(area.bottom()));
    (right >= left && bottom >= top).then(|| Rect::new(left, top, right - left, bottom - top))
}

/// Thins a line that advances in x to what can be seen: first, lowest, highest and last point of each column
/// of 0.3 points. Other lines come back as they are.
pub(crate) fn thin(points: Vec<Point>, area: Rect) -> Vec<Point> {
    const COLUMN: f64 = 0.3;
    let columns = (area.width / COLUMN).max(1.0);
    if (points.len() as f64) < 6.0 * columns || points.windows(2).any(|w| w[1].0 < w[0].0) {
        return points;
    }
    let column = |p: Point| (p.0 / COLUMN).floor();
    let mut thinned: Vec<Point> = Vec::new();
    for group in points.chunk_by(|a, b| column(*a) == column(*b)) {
        let by_y = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
        let position =
            |p: Option<&Point>| p.and_then(|p| group.iter().position(|q| q == p)).unwrap_or(0);
        let mut kept = vec![
            0,
            position(group.iter().min_by(by_y)),
            position(group.iter().max_by(by_y)),
            group.len() - 1,
        ];
        kept.sort_unstable();
        kept.dedup();
        thinned.extend(kept.into_iter().map(|index| group[index]));
    }
    thinned
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AREA: Rect = Rect { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };

    #[test]
    fn known_cuts() {
        assert_eq!(clip_polyline(&[(-5.0, 5.0), (15.0, 5.0)], AREA), [[(0.0, 5.0), (10.0, 5.0)]]);
        let parts = clip_polyline(&[(1.0, 1.0), (1.0, 20.0), (3.0, 20.0), (3.0, 1.0)], AREA);
        assert_eq!(parts, [[(1.0, 1.0), (1.0, 10.0)], [(3.0, 10.0), (3.0, 1.0)]]);
        assert!(clip_polyline(&[(-5.0, -1.0), (15.0, -1.0)], AREA).is_empty());
        assert_eq!(
            clip_polygon(&[(-5.0, -5.0), (15.0, -5.0), (15.0, 15.0), (-5.0, 15.0)], AREA).len(),
            4
        );
        assert!(clip_polygon(&[(11.0, 0.0), (12.0, 0.0), (12.0, 5.0)], AREA).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_sticks_out(points in prop::collection::vec((-1e7_f64..1e7, -30.0_f64..30.0), 0..20)) {
            for point in clip_polyline(&points, AREA).into_iter().flatten().chain(clip_polygon(&points, AREA)) {
                prop_assert!((-1e-6..=10.000_001).contains(&point.0) && (-1e-6..=10.000_001).contains(&point.1));
            }
        }

        #[test]
        fn thinning_keeps_the_extremes(values in prop::collection::vec(-1.0_f64..1.0, 2000..4000)) {
            let points: Vec<Point> = values.iter().enumerate().map(|(i, y)| (i as f64 * 0.002, *y)).collect();
            let thinned = thin(points.clone(), AREA);
            prop_assert!(thinned.len() <= 4 * 35);
            let low = |p: &[Point]| p.iter().fold(f64::MAX, |m, q| m.min(q.1));
            let high = |p: &[Point]| p.iter().fold(f64::MIN, |m, q| m.max(q.1));
            prop_assert_eq!((low(&points), high(&points)), (low(&thinned), high(&thinned)));
            prop_assert_eq!((points.first(), points.last()), (thinned.first(), thinned.last()));
        }
    }
}
