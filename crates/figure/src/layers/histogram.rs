//! Histograms.

use super::{View, runs};
use crate::clip::{clip_polygon, clip_polyline};
use crate::color::Color;
use crate::scene::{Path, Scene, Stroke};

/// A histogram: filled steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    pub(super) edges: Vec<f64>,
    pub(super) heights: Vec<f64>,
    pub(super) label: String,
    pub(super) color: Option<Color>,
    pub(super) filled: bool,
}

impl Histogram {
    /// Bins with given edges (one more than heights).
    pub fn new(edges: &[f64], heights: &[f64]) -> Self {
        Self {
            edges: edges.to_vec(),
            heights: heights.to_vec(),
            label: String::new(),
            color: None,
            filled: true,
        }
    }

    /// Counts values in `bins` equal bins from `low` to `high`, the last one closed; others are left out.
    pub fn count(values: &[f64], low: f64, high: f64, bins: usize) -> Self {
        let bins = bins.max(1);
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Self::new(&[], &[]);
        }
        let edge = |i: usize| low + (high - low) * i as f64 / bins as f64;
        let mut heights = vec![0.0; bins];
        for &value in values.iter().filter(|v| (low..=high).contains(*v)) {
            let bin = ((value - low) / (high - low) * bins as f64) as usize;
            heights[bin.min(bins - 1)] += 1.0;
        }
        Self::new(&(0..=bins).map(edge).collect::<Vec<_>>(), &heights)
    }

    /// Divides by the total and the bins' widths, so that the area is 1.
    #[must_use]
    pub fn density(mut self) -> Self {
        let total: f64 = self.heights.iter().filter(|h| h.is_finite()).sum();
        if total > 0.0 {
            for (height, edges) in self.heights.iter_mut().zip(self.edges.windows(2)) {
                *height /= total * (edges[1] - edges[0]);
            }
        }
        self
    }

    name_and_color!();

    /// Draws the outline alone.
    #[must_use]
    pub fn outline(mut self) -> Self {
        self.filled = false;
        self
    }

    pub(super) fn draw(&self, scene: &mut Scene, view: &View<'_>, color: Color) {
        let base = view.base();
        let bins = self.edges.windows(2).zip(&self.heights).map(|(edges, &height)| {
            let (left, right) = (view.x(edges[0])?, view.x(edges[1])?);
            // An empty bin has no outline along the axis.
            let top = (height != 0.0).then(|| view.y(height)).flatten()?;
            Some((left, right, top))
        });
        for run in runs(bins) {
            let mut outline = vec![(run[0].0, base)];
            for &(left, right, top) in &run {
                outline.extend([(left, top), (right, top)]);
            }
            outline.push((run[run.len() - 1].1, base));
            if self.filled {
                let polygon = clip_polygon(&outline, view.area);
                if polygon.len() >= 3 {
                    scene.fill_transparent(Path::polygon(&polygon), color, 0.25);
                }
            }
            let mut path = Path::default();
            for part in clip_polyline(&outline, view.area) {
                path.add_polyline(&part);
            }
            scene.stroke(path, Stroke::new(color, 1.0));
        }
    }
}
