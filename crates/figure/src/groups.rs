//! Groups side by side: bars with error bars, boxes, one dot a seed, and brackets of significance.

use super::axis::{Axis, Extent};
use super::axis_layout::{AxisLayout, Side};
use super::clip::clip_rect;
use super::color::Color;
use super::font::{CAP_HEIGHT, Weight, text_width};
use super::legend::{Entry, Key};
use super::marker::Marker;
use super::panel::{Content, Margins, draw_no_data};
use super::scene::{Anchor, Path, Point, Rect, Scene, Stroke};

const BRACKET_HEIGHT: f64 = 12.0;
const BRACKET_TEXT: f64 = 7.0;

/// A group: index of its category and of its series.
type Group = (usize, usize);

/// How a group is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Bars,
    Boxes,
    Points,
}

/// One series: a group of samples for each category.
#[derive(Clone, Debug, PartialEq)]
struct Series {
    label: String,
    color: Color,
    samples: Vec<Vec<f64>>,
    /// Estimate and interval ends for each category; from the samples (mean ± SD) where absent.
    estimates: Option<Vec<(f64, f64, f64)>>,
}

/// Samples of several series in several categories, drawn as bars, boxes or points.
///
/// ```
/// use equipoise_figure::{Axis, Color, GroupChart};
/// let chart = GroupChart::bars("Test accuracy", ["50:50", "80:20"])
///     .y_axis(Axis::new("accuracy").unit("%"))
///     .series("with Dale's law", Color::BLUE, vec![vec![81.0, 82.5, 82.0], vec![83.0, 82.0]])
///     .bracket((0, 0), (1, 0), "p = 0.03");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GroupChart {
    title: String,
    style: Style,
    x_axis: Axis,
    y_axis: Axis,
    series: Vec<Series>,
    brackets: Vec<(Group, Group, String)>,
    shows_points: bool,
}

impl GroupChart {
    fn new<S: Into<String>>(
        title: &str,
        style: Style,
        categories: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            title: title.to_string(),
            style,
            x_axis: Axis::default().categories(categories),
            y_axis: Axis::default(),
            series: Vec::new(),
            brackets: Vec::new(),
            shows_points: true,
        }
    }

    /// Bars from zero to the mean with error bars (standard deviation unless intervals are given) and one dot a sample.
    pub fn bars<S: Into<String>>(title: &str, categories: impl IntoIterator<Item = S>) -> Self {
        Self::new(title, Style::Bars, categories)
    }

    /// Boxes from the first to the third quartile with the median, whiskers to the last sample within 1.5
    /// interquartile ranges (Tukey), and one dot a sample.
    pub fn boxes<S: Into<String>>(title: &str, categories: impl IntoIterator<Item = S>) -> Self {
        Self::new(title, Style::Boxes, categories)
    }

    /// One dot a sample, with the mean as a line and its error bar.
    pub fn points<S: Into<String>>(title: &str, categories: impl IntoIterator<Item = S>) -> Self {
        Self::new(title, Style::Points, categories)
    }

    /// Sets the label of the x axis.
    #[must_use]
    pub fn x_label(mut self, label: &str) -> Self {
        let names = self.x_axis.categories.take().unwrap_or_default();
        self.x_axis = Axis::new(label).categories(names);
        self
    }

    /// Sets the y axis.
    #[must_use]
    pub fn y_axis(mut self, axis: Axis) -> Self {
        self.y_axis = axis;
        self
    }

    /// Adds a series: the samples of each category.
    #[must_use]
    pub fn series(mut self, label: &str, color: Color, samples: Vec<Vec<f64>>) -> Self {
        self.series.push(Series { label: label.to_string(), color, samples, estimates: None });
        self
    }

    /// Adds a series with given estimates (value, low, high) for each category; the samples may be empty.
    #[must_use]
    pub fn series_with_intervals(
        mut self,
        label: &str,
        color: Color,
        estimates: Vec<(f64, f64, f64)>,
        samples: Vec<Vec<f64>>,
    ) -> Self {
        self.series.push(Series {
            label: label.to_string(),
            color,
            samples,
            estimates: Some(estimates),
        });
        self
    }

    /// Adds a bracket between two groups (category, series) with a remark such as `*` or `p = 0.004`.
    #[must_use]
    pub fn bracket(mut self, from: Group, to: Group, text: &str) -> Self {
        self.brackets.push((from, to, text.to_string()));
        self
    }

    /// Leaves out the dots of single samples (outliers of boxes stay).
    #[must_use]
    pub fn hide_points(mut self) -> Self {
        self.shows_points = false;
        self
    }

    fn categories(&self) -> usize {
        self.x_axis.categories.as_ref().map_or(0, Vec::len)
    }

    /// Finite samples of a group that the axis can show, sorted.
    fn samples(&self, category: usize, series: usize) -> Vec<f64> {
        let mut values: Vec<f64> = self
            .series
            .get(series)
            .and_then(|s| s.samples.get(category))
            .map(|values| values.iter().copied().filter(|&v| self.y_axis.shows(v)).collect())
            .unwrap_or_default();
        values.sort_by(f64::total_cmp);
        values
    }

    /// Value and ends of the error bar of a group.
    fn estimate(&self, category: usize, series: usize) -> Option<(f64, f64, f64)> {
        if let Some(estimates) = &self.series.get(series)?.estimates {
            let &(value, low, high) = estimates.get(category)?;
            let end = |end: f64| if self.y_axis.shows(end) { end } else { value };
            return self.y_axis.shows(value).then(|| (value, end(low), end(high)));
        }
        let values = self.samples(category, series);
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let deviation = if values.len() > 1 {
            (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt()
        } else {
            0.0
        };
        let low = if self.y_axis.shows(mean - deviation) { mean - deviation } else { mean };
        Some((mean, low, mean + deviation))
    }

    fn bracket_levels(&self) -> Vec<(f64, f64, usize)> {
        let position = |(category, series): Group| self.offset(category, series);
        let mut order: Vec<usize> = (0..self.brackets.len()).collect();
        let ends: Vec<(f64, f64)> = self
            .brackets
            .iter()
            .map(|(from, to, _)| {
                let (a, b) = (position(*from), position(*to));
                (a.min(b), a.max(b))
            })
            .collect();
        // Short brackets below long ones.
        order.sort_by(|&a, &b| {
            (ends[a].1 - ends[a].0).total_cmp(&(ends[b].1 - ends[b].0)).then(a.cmp(&b))
        });
        let mut levels = vec![0; ends.len()];
        let mut placed: Vec<usize> = Vec::new();
        for index in order {
            let touches = |other: usize| {
                ends[index].0 < ends[other].1 + 0.05 && ends[other].0 < ends[index].1 + 0.05
            };
            let taken: Vec<usize> =
                placed.iter().filter(|&&o| touches(o)).map(|&o| levels[o]).collect();
            levels[index] = (0..).find(|level| !taken.contains(level)).unwrap_or(0);
            placed.push(index);
        }
        ends.iter().zip(levels).map(|(&(a, b), level)| (a, b, level)).collect()
    }

    /// Middle of a group on the category axis.
    fn offset(&self, category: usize, series: usize) -> f64 {
        let count = self.series.len().max(1) as f64;
        category as f64 + ((series as f64 + 0.5) / count - 0.5) * 0.8
    }

    fn layout(&self, width: f64, height: f64) -> (AxisLayout, AxisLayout) {
        let mut extent = Extent::empty();
        for category in 0..self.categories() {
            for series in 0..self.series.len() {
                let samples = self.samples(category, series);
                if self.style != Style::Bars || self.shows_points {
                    samples.iter().for_each(|&v| extent.add(v));
                }
                if self.style != Style::Boxes
                    && let Some((value, low, high)) = self.estimate(category, series)
                {
                    [value, low, high].into_iter().for_each(|v| extent.add(v));
                }
            }
        }
        if self.style == Style::Bars && self.y_axis.shows(0.0) && extent.range().is_some() {
            extent.add(0.0);
            extent.pin(0.0);
        }
        let levels = self.bracket_levels().iter().map(|b| b.2 + 1).max().unwrap_or(0);
        (
            AxisLayout::new(&self.x_axis, Extent::empty(), Side::Bottom, width, 0.0),
            AxisLayout::new(
                &self.y_axis,
                extent,
                Side::Left,
                height,
                levels as f64 * BRACKET_HEIGHT,
            ),
        )
    }

    /// Places of dots beside each other where they would lie on each other.
    fn swarm(center: f64, room: f64, places: &[f64], size: f64) -> Vec<Point> {
        let mut dots: Vec<Point> = Vec::with_capacity(places.len());
        for &y in places {
            let candidates = std::iter::once(0.0).chain((1..60).flat_map(|i| {
                let shift = f64::from(i) * size * 0.5;
                [shift, -shift]
            }));
            let free = |x: f64| {
                dots.iter().rev().take(120).all(|d| libm::hypot(d.0 - x, d.1 - y) >= size * 0.95)
            };
            let x = candidates
                .take_while(|shift| shift.abs() <= room / 2.0)
                .map(|shift| center + shift)
                .find(|&x| free(x))
                // No room left: spread by the golden ratio, which never repeats.
                .unwrap_or_else(|| {
                    let share = (dots.len() as f64 * 0.618_033_988_75).fract() - 0.5;
                    center + share * room
                });
            dots.push((x, y));
        }
        dots
    }
}

/// Quantile by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

impl Content for GroupChart {
    fn title(&self) -> &str {
        &self.title
    }
    fn legend(&self) -> Vec<Entry> {
        // One series needs no name.
        if self.series.len() < 2 {
            return Vec::new();
        }
        let key = if self.style == Style::Points {
            Key::Dot(Marker::Circle)
        } else {
            Key::Box { opacity: 0.99 }
        };
        self.series
            .iter()
            .filter(|s| !s.label.is_empty())
            .map(|s| Entry { label: s.label.clone(), color: s.color, key })
            .collect()
    }
    fn margins(&self, width: f64, height: f64) -> Margins {
        let (x, y) = self.layout(width, height);
        Margins::around(&x, &y)
    }
    fn draw(&self, scene: &mut Scene, area: Rect, margins: Margins) {
        let (x, y) = self.layout(area.width, area.height);
        let place = |value: f64| area.bottom() - y.place(value);
        let inside = |y: f64| y.clamp(area.y, area.bottom());
        let base = if self.y_axis.shows(0.0) { inside(place(0.0)) } else { area.bottom() };
        let slot =
            area.width / self.categories().max(1) as f64 * 0.8 / self.series.len().max(1) as f64;
        let mut is_empty = true;
        for category in 0..self.categories() {
            for (index, series) in self.series.iter().enumerate() {
                let center = area.x + x.place(self.offset(category, index));
                let width = (slot * 0.82).min(34.0);
                let samples = self.samples(category, index);
                is_empty &= samples.is_empty() && self.estimate(category, index).is_none();
                let pale = series.color.mix(Color::WHITE, 0.45);
                let dots = |scene: &mut Scene, values: &[f64]| {
                    draw_samples(scene, self, series.color, center, width, values, &place, area);
                };
                let error_bar = |scene: &mut Scene, low: f64, high: f64| {
                    let ends = (inside(place(low)), inside(place(high)));
                    draw_error_bar(scene, center, ends, Color::INK);
                };
                match self.style {
                    Style::Bars => {
                        if let Some((value, low, high)) = self.estimate(category, index) {
                            let top = place(value);
                            let bar = Rect::new(
                                center - width / 2.0,
                                top.min(base),
                                width,
                                (base - top).abs(),
                            );
                            if let Some(bar) = clip_rect(bar, area) {
                                scene.fill(
                                    Path::rect(bar),
                                    if self.shows_points && !samples.is_empty() {
                                        pale
                                    } else {
                                        series.color.mix(Color::WHITE, 0.2)
                                    },
                                );
                            }
                            dots(scene, &samples);
                            error_bar(scene, low, high);
                        }
                    }
                    Style::Points => {
                        dots(scene, &samples);
                        if let Some((value, low, high)) = self.estimate(category, index) {
                            let half = (width * 0.42).min(9.0);
                            let y = place(value);
                            if area.contains((center, y)) {
                                scene.stroke(
                                    Path::line((center - half, y), (center + half, y)),
                                    Stroke::new(Color::INK, 1.2),
                                );
                            }
                            error_bar(scene, low, high);
                        }
                    }
                    Style::Boxes if !samples.is_empty() => {
                        let [q1, q2, q3] = [0.25, 0.5, 0.75].map(|q| quantile(&samples, q));
                        let reach = 1.5 * (q3 - q1);
                        let within: Vec<f64> = samples
                            .iter()
                            .copied()
                            .filter(|v| (q1 - reach..=q3 + reach).contains(v))
                            .collect();
                        let (low, high) = (
                            within.first().copied().unwrap_or(q1),
                            within.last().copied().unwrap_or(q3),
                        );
                        let ink = Stroke::new(series.color.mix(Color::BLACK, 0.25), 0.9);
                        let body = Rect::new(
                            center - width / 2.0,
                            place(q3),
                            width,
                            place(q1) - place(q3),
                        );
                        if let Some(body) = clip_rect(body, area) {
                            scene.fill(Path::rect(body), pale);
                            scene.stroke(Path::rect(body), ink);
                        }
                        let mut whiskers = Path::default();
                        for (end, hinge) in [(low, q1), (high, q3)] {
                            let (end, hinge) = (inside(place(end)), inside(place(hinge)));
                            whiskers.add_line((center, hinge), (center, end));
                            whiskers
                                .add_line((center - width * 0.2, end), (center + width * 0.2, end));
                        }
                        scene.stroke(whiskers, ink);
                        let outliers: Vec<f64> =
                            samples.iter().copied().filter(|v| !within.contains(v)).collect();
                        if self.shows_points {
                            dots(scene, &samples);
                        } else {
                            let places: Vec<Point> = outliers
                                .iter()
                                .map(|&v| (center, place(v)))
                                .filter(|&p| area.contains(p))
                                .collect();
                            Marker::Ring.draw(scene, &places, ink.color, 1.0, 2.8);
                        }
                        let y = place(q2);
                        if area.contains((center, y)) {
                            let median =
                                Path::line((center - width / 2.0, y), (center + width / 2.0, y));
                            scene.stroke(median, Stroke::new(Color::INK, 1.4));
                        }
                    }
                    Style::Boxes => {}
                }
            }
        }
        if is_empty {
            draw_no_data(scene, area);
        }
        for ((a, b, level), (_, _, text)) in self.bracket_levels().into_iter().zip(&self.brackets) {
            let top = self.bracket_levels().iter().map(|l| l.2).max().unwrap_or(0);
            let y = area.y + (top - level) as f64 * BRACKET_HEIGHT + BRACKET_TEXT + 2.0;
            let (left, right) = (area.x + x.place(a) + 1.0, area.x + x.place(b) - 1.0);
            let path = Path::polyline(&[(left, y + 2.5), (left, y), (right, y), (right, y + 2.5)]);
            scene.stroke(path, Stroke::new(Color::INK, 0.6));
            // Stars hang high in their line.
            let is_stars = !text.is_empty() && text.chars().all(|c| c == '*');
            let baseline = if is_stars { y + 1.6 } else { y - 2.6 };
            let half = text_width(text, BRACKET_TEXT, Weight::Regular) / 2.0;
            let center = ((left + right) / 2.0)
                .clamp(area.x + half, (area.right() - half).max(area.x + half));
            scene.text(
                text,
                (center, baseline),
                BRACKET_TEXT + if is_stars { 1.5 } else { 0.0 },
                Anchor::Middle,
            );
        }
        if self.style == Style::Bars && base < area.bottom() - 0.5 {
            scene.stroke(
                Path::line((area.x, base), (area.right(), base)),
                Stroke::new(Color::INK, 0.5),
            );
        }
        x.draw(scene, area, true, None);
        y.draw(scene, area, true, Some(margins.left));
    }
}

fn draw_error_bar(scene: &mut Scene, x: f64, (low, high): (f64, f64), color: Color) {
    let mut path = Path::line((x, low), (x, high));
    for y in [low, high] {
        path.add_line((x - 2.2, y), (x + 2.2, y));
    }
    if (low - high).abs() > 0.05 {
        scene.stroke(path, Stroke::new(color, 0.8));
    }
}

#[allow(clippy::too_many_arguments, reason = "one place draws the dots of all three styles")]
fn draw_samples(
    scene: &mut Scene,
    chart: &GroupChart,
    color: Color,
    center: f64,
    width: f64,
    samples: &[f64],
    place: &dyn Fn(f64) -> f64,
    area: Rect,
) {
    if !chart.shows_points {
        return;
    }
    let size = if samples.len() > 60 { 1.8 } else { 2.8 };
    let places: Vec<f64> = samples.iter().map(|&v| place(v)).collect();
    let dots: Vec<Point> = GroupChart::swarm(center, width * 0.9, &places, size)
        .into_iter()
        .filter(|&p| area.contains(p))
        .collect();
    Marker::Circle.draw(scene, &dots, color.mix(Color::BLACK, 0.15), 0.9, size);
}

/// Height of the words of a bracket above its line fits the level.
const _: () = assert!(BRACKET_TEXT * CAP_HEIGHT + 2.6 < BRACKET_HEIGHT);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_those_of_numpy() {
        // numpy.quantile([1, 2, 4, 8, 9.5], [.25, .5, .75, .1])
        let values = [1.0, 2.0, 4.0, 8.0, 9.5];
        assert_eq!(
            [0.25, 0.5, 0.75, 0.1, 1.0].map(|q| quantile(&values, q)),
            [2.0, 4.0, 8.0, 1.4, 9.5]
        );
        assert_eq!(quantile(&[3.0], 0.75), 3.0);
    }

    #[test]
    fn brackets_never_share_a_level_where_they_overlap() {
        let chart = GroupChart::bars("", ["a", "b", "c", "d"])
            .series("", Color::BLUE, vec![vec![1.0]; 4])
            .bracket((0, 0), (3, 0), "")
            .bracket((0, 0), (1, 0), "")
            .bracket((2, 0), (3, 0), "")
            .bracket((1, 0), (2, 0), "");
        let levels = chart.bracket_levels();
        for (i, a) in levels.iter().enumerate() {
            for b in &levels[i + 1..] {
                assert!(a.2 != b.2 || a.1 < b.0 || b.1 < a.0, "{a:?} {b:?}");
            }
        }
        assert_eq!(levels[1].2, 0);
        assert_eq!(levels[2].2, 0);
    }

    #[test]
    fn estimates() {
        let chart = GroupChart::bars("", ["a", "b"]).series(
            "",
            Color::BLUE,
            vec![vec![1.0, f64::NAN, 3.0], vec![]],
        );
        let (mean, low, high) = chart.estimate(0, 0).unwrap();
        assert_eq!((mean, low), (2.0, 2.0 - 2.0_f64.sqrt()));
        assert!((high - 2.0 - 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(chart.estimate(1, 0), None);
        assert_eq!(chart.estimate(5, 5), None);
    }
}
