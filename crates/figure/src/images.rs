//! Pictures in rows: originals over reconstructions.

use super::axis_layout::TICK_SIZE;
use super::font::{CAP_HEIGHT, Weight, text_width, wrap};
use super::panel::{Content, Margins, draw_frame, draw_no_data};
use super::png::encode_rgb;
use super::scene::{Anchor, Rect, Scene};

const GAP: f64 = 4.0;
const CAPTION_SIZE: f64 = 6.5;
const CAPTION_LINE: f64 = 7.8;
const HEADING_LINE: f64 = 9.5;
const ROW_GAP: f64 = 5.0;
const LARGEST_PICTURE: f64 = 110.0;
const LABEL_WIDTH: f64 = 74.0;
const LABEL_GAP: f64 = 6.0;

/// A small picture with values in [0, 1]. Values outside are clipped; missing and NaN values are grey-blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    fn from_pixels(width: usize, height: usize, pixel: impl Fn(usize) -> Option<[f32; 3]>) -> Self {
        let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        let rgb = (0..width * height)
            .flat_map(|index| match pixel(index) {
                Some(values) if values.iter().all(|v| !v.is_nan()) => values.map(byte),
                _ => [150, 170, 200],
            })
            .collect();
        Self { width, height, rgb }
    }

    /// A grey picture, row by row.
    pub fn grey(width: usize, height: usize, values: &[f32]) -> Self {
        Self::from_pixels(width, height, |i| values.get(i).map(|&v| [v; 3]))
    }

    /// A colour picture, row by row, red, green and blue of each pixel together.
    pub fn rgb(width: usize, height: usize, values: &[f32]) -> Self {
        Self::from_pixels(width, height, |i| {
            values.get(i * 3..i * 3 + 3).map(|pixel| [pixel[0], pixel[1], pixel[2]])
        })
    }

    /// A colour picture as three planes (all of red, all of green, all of blue).
    pub fn rgb_planes(width: usize, height: usize, values: &[f32]) -> Self {
        let plane = width * height;
        Self::from_pixels(width, height, |i| {
            Some([*values.get(i)?, *values.get(i + plane)?, *values.get(i + 2 * plane)?])
        })
    }

    /// The picture alone as PNG, one pixel a pixel; one missing pixel for a picture without any.
    pub fn to_png(&self) -> Vec<u8> {
        if self.rgb.is_empty() {
            return Self::grey(1, 1, &[]).to_png();
        }
        encode_rgb(self.width, self.height, &self.rgb)
    }
}

/// Rows of pictures with captions, row labels and column headings.
///
/// ```
/// use equipoise_figure::{ImageGrid, Picture};
/// let picture = Picture::grey(2, 2, &[0.0, 0.3, 0.6, 1.0]);
/// let grid = ImageGrid::new("Reconstructions")
///     .headings(["best", "median"])
///     .row("original", [(picture.clone(), ""), (picture.clone(), "")])
///     .row("balanced", [(picture.clone(), "29.7 dB\n0.984"), (picture, "28.1 dB\n0.979")]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ImageGrid {
    title: String,
    headings: Vec<String>,
    rows: Vec<(String, Vec<(Picture, String)>)>,
}

impl ImageGrid {
    /// An empty grid.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_string(), headings: Vec::new(), rows: Vec::new() }
    }

    /// Sets the headings of the columns.
    #[must_use]
    pub fn headings<S: Into<String>>(mut self, headings: impl IntoIterator<Item = S>) -> Self {
        self.headings = headings.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a row of pictures with captions (lines apart by `\n`).
    #[must_use]
    pub fn row<S: Into<String>>(
        mut self,
        label: &str,
        pictures: impl IntoIterator<Item = (Picture, S)>,
    ) -> Self {
        let pictures =
            pictures.into_iter().map(|(picture, caption)| (picture, caption.into())).collect();
        self.rows.push((label.to_string(), pictures));
        self
    }

    fn columns(&self) -> usize {
        self.rows.iter().map(|(_, pictures)| pictures.len()).max().unwrap_or(0)
    }

    fn cell_width(&self, width: f64) -> f64 {
        let columns = self.columns().max(1) as f64;
        ((width - GAP * (columns - 1.0)) / columns).clamp(1.0, LARGEST_PICTURE)
    }

    /// Height of the tallest picture of a row.
    fn picture_height(pictures: &[(Picture, String)], cell: f64) -> f64 {
        pictures
            .iter()
            .filter(|(p, _)| p.width > 0 && p.height > 0)
            .map(|(p, _)| (cell * p.height as f64 / p.width as f64).min(cell * 4.0))
            .fold(0.0, f64::max)
    }

    fn caption_lines(pictures: &[(Picture, String)]) -> usize {
        pictures.iter().map(|(_, caption)| caption.lines().count()).max().unwrap_or(0)
    }

    fn heading_height(&self) -> f64 {
        if self.headings.iter().any(|h| !h.is_empty()) { HEADING_LINE } else { 0.0 }
    }

    fn label_lines(label: &str) -> Vec<String> {
        if label.is_empty() {
            Vec::new()
        } else {
            wrap(label, TICK_SIZE, Weight::Regular, LABEL_WIDTH)
        }
    }

    /// Largest size at most `size` at which all captions of a width fit.
    fn fitted(text: &str, size: f64, width: f64) -> f64 {
        let natural = text_width(text, size, Weight::Regular);
        if natural > width { (size * width / natural).max(3.0) } else { size }
    }
}

impl Content for ImageGrid {
    fn title(&self) -> &str {
        &self.title
    }
    fn margins(&self, _width: f64, _height: f64) -> Margins {
        let widest = self
            .rows
            .iter()
            .flat_map(|(label, _)| Self::label_lines(label))
            .map(|line| text_width(&line, TICK_SIZE, Weight::Regular))
            .fold(0.0, f64::max);
        let left = if widest > 0.0 { widest + LABEL_GAP } else { 0.5 };
        Margins { left, right: 0.5, top: 3.0, bottom: 2.0 }
    }
    fn default_height(&self, width: f64) -> Option<f64> {
        let cell = self.cell_width(width);
        let rows: f64 = self
            .rows
            .iter()
            .map(|(_, pictures)| {
                let captions = Self::caption_lines(pictures) as f64 * CAPTION_LINE;
                Self::picture_height(pictures, cell) + captions + ROW_GAP
            })
            .sum();
        Some(if self.columns() == 0 { 40.0 } else { self.heading_height() + rows - ROW_GAP })
    }
    fn draw(&self, scene: &mut Scene, area: Rect, _margins: Margins) {
        if self.columns() == 0 {
            draw_no_data(scene, area);
            return;
        }
        let cell = self.cell_width(area.width);
        let left = |column: usize| area.x + column as f64 * (cell + GAP);
        for (column, heading) in self.headings.iter().enumerate().take(self.columns()) {
            let size = Self::fitted(heading, TICK_SIZE, cell + GAP);
            let baseline = area.y + TICK_SIZE * CAP_HEIGHT;
            scene.text(heading, (left(column) + cell / 2.0, baseline), size, Anchor::Middle);
        }
        let mut top = area.y + self.heading_height();
        for (label, pictures) in &self.rows {
            let height = Self::picture_height(pictures, cell);
            let lines = Self::label_lines(label);
            let first = top + height / 2.0 - (lines.len() as f64 - 1.0) * TICK_SIZE * 0.6
                + TICK_SIZE * CAP_HEIGHT / 2.0;
            for (index, line) in lines.iter().enumerate() {
                let baseline = first + index as f64 * TICK_SIZE * 1.2;
                scene.text(line, (area.x - LABEL_GAP, baseline), TICK_SIZE, Anchor::End);
            }
            for (column, (picture, caption)) in pictures.iter().enumerate() {
                let rect = Rect::new(left(column), top, cell, height);
                if picture.width == 0 || picture.height == 0 {
                    draw_no_data(scene, rect);
                } else {
                    let ratio = picture.height as f64 / picture.width as f64;
                    let wide = cell.min(height / ratio);
                    let place = Rect::new(rect.center_x() - wide / 2.0, top, wide, wide * ratio);
                    scene.image(place, picture.width, picture.height, picture.rgb.clone());
                    if picture.rgb.iter().any(|&value| value > 235) {
                        // A picture with a white border has to end somewhere.
                        draw_frame(scene, place);
                    }
                }
                for (index, line) in caption.lines().enumerate() {
                    let size = Self::fitted(line, CAPTION_SIZE, cell + GAP - 1.0);
                    let baseline = top + height + (index as f64 + 0.86) * CAPTION_LINE;
                    scene.text(line, (rect.center_x(), baseline), size, Anchor::Middle);
                }
            }
            top += height + Self::caption_lines(pictures) as f64 * CAPTION_LINE + ROW_GAP;
        }
    }
    fn is_aligned(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_of_colour_agree() {
        let interleaved = Picture::rgb(2, 1, &[0.0, 0.5, 1.0, 1.0, 0.25, 0.0]);
        let planes = Picture::rgb_planes(2, 1, &[0.0, 1.0, 0.5, 0.25, 1.0, 0.0]);
        assert_eq!(interleaved, planes);
        assert_eq!(interleaved.rgb, [0, 128, 255, 255, 64, 0]);
    }

    #[test]
    fn bad_values_are_clipped_or_marked() {
        let picture = Picture::grey(2, 2, &[-3.0, f32::INFINITY, f32::NAN]);
        assert_eq!(picture.rgb[..6], [0, 0, 0, 255, 255, 255]);
        assert_eq!(picture.rgb[6..9], picture.rgb[9..12]);
        assert_eq!(Picture::rgb(0, 5, &[]).rgb.len(), 0);
    }
}
