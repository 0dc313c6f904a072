//! A page as PNG: paths filled by tiny-skia, words from the embedded font's outlines.

use tiny_skia::{FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, StrokeDash, Transform};
use ttf_parser::OutlineBuilder;

use super::color::Color;
use super::font::{advance, face, glyph, pieces, text_width};
use super::scene::{Anchor, Item, PIXELS_PER_POINT, Path, Rect, Scene, Segment, Text};

/// Image pixels a CSS pixel.
const DENSITY: f64 = 2.0;

/// Encodes 8-bit RGB, as grey where every pixel is.
pub(crate) fn encode_rgb(width: usize, height: usize, rgb: &[u8]) -> Vec<u8> {
    let is_grey = rgb.chunks_exact(3).all(|p| p[0] == p[1] && p[1] == p[2]);
    let grey: Vec<u8> =
        if is_grey { rgb.chunks_exact(3).map(|p| p[0]).collect() } else { Vec::new() };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(if is_grey { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    encoder
        .write_header()
        .and_then(|mut writer| {
            writer.write_image_data(if is_grey { &grey } else { rgb })?;
            writer.finish()
        })
        .expect("the pixels fill the picture, and writing to memory does not fail");
    bytes
}

fn paint(color: Color, opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    let alpha = (opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
    paint.set_color_rgba8(color.red, color.green, color.blue, alpha);
    paint.anti_alias = true;
    paint
}

fn skia_path(path: &Path) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    for segment in &path.0 {
        match *segment {
            Segment::Move((x, y)) => builder.move_to(x as f32, y as f32),
            Segment::Line((x, y)) => builder.line_to(x as f32, y as f32),
            Segment::Cubic(a, b, c) => {
                builder.cubic_to(
                    a.0 as f32, a.1 as f32, b.0 as f32, b.1 as f32, c.0 as f32, c.1 as f32,
                );
            }
            Segment::Close => builder.close(),
        }
    }
    builder.finish()
}

/// Moves and scales the outlines of glyphs from font units into a path.
struct GlyphPath<'a> {
    builder: &'a mut PathBuilder,
    x: f64,
    y: f64,
    scale: f64,
}

impl GlyphPath<'_> {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        ((self.x + f64::from(x) * self.scale) as f32, (self.y - f64::from(y) * self.scale) as f32)
    }
}

impl OutlineBuilder for GlyphPath<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.builder.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.builder.line_to(x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.place(x1, y1), self.place(x, y));
        self.builder.quad_to(x1, y1, x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) =
            (self.place(x1, y1), self.place(x2, y2), self.place(x, y));
        self.builder.cubic_to(x1, y1, x2, y2, x, y);
    }
    fn close(&mut self) {
        self.builder.close();
    }
}

fn draw_text(pixmap: &mut Pixmap, text: &Text, scale: f64) {
    let face = face(text.weight);
    let width = text_width(&text.content, text.size, text.weight);
    let mut x = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width / 2.0,
        Anchor::End => -width,
    };
    let mut builder = PathBuilder::new();
    for (piece, position) in pieces(&text.content) {
        let size = text.size * position.scale();
        for c in piece.chars() {
            let glyph = glyph(face, c);
            let mut outline = GlyphPath {
                builder: &mut builder,
                x,
                y: -position.rise() * text.size,
                scale: size / f64::from(face.units_per_em()),
            };
            face.outline_glyph(glyph, &mut outline);
            x += advance(face, glyph) * size;
        }
    }
    if let Some(path) = builder.finish() {
        let transform = Transform::from_rotate(-text.rotation as f32)
            .post_translate(text.at.0 as f32, text.at.1 as f32)
            .post_scale(scale as f32, scale as f32);
        pixmap.fill_path(&path, &paint(text.color, 1.0), FillRule::Winding, transform, None);
    }
}

fn draw_image(
    pixmap: &mut Pixmap,
    rect: Rect,
    columns: usize,
    rows: usize,
    rgb: &[u8],
    scale: f64,
) {
    let (width, height) = (pixmap.width() as usize, pixmap.height() as usize);
    let edge = |value: f64, limit: usize| (value * scale).round().clamp(0.0, limit as f64) as usize;
    let (left, right) = (edge(rect.x, width), edge(rect.right(), width));
    let (top, bottom) = (edge(rect.y, height), edge(rect.bottom(), height));
    let pixels = pixmap.data_mut();
    for y in top..bottom {
        let row = ((y - top) * 2 + 1) * rows / ((bottom - top) * 2);
        for x in left..right {
            let column = ((x - left) * 2 + 1) * columns / ((right - left) * 2);
            let source = (row * columns + column) * 3;
            let target = (y * width + x) * 4;
            pixels[target..target + 3].copy_from_slice(&rgb[source..source + 3]);
            pixels[target + 3] = 255;
        }
    }
}

/// Draws a page as PNG at twice the size of CSS pixels.
pub(crate) fn render(scene: &Scene) -> Vec<u8> {
    let scale = PIXELS_PER_POINT * DENSITY;
    let pixels = |length: f64| ((length * scale).round() as u32).clamp(1, 20_000);
    let mut pixmap = Pixmap::new(pixels(scene.width), pixels(scene.height))
        .expect("the size is between 1 and 20,000 pixels each way");
    pixmap.fill(tiny_skia::Color::WHITE);
    let transform = Transform::from_scale(scale as f32, scale as f32);
    for item in &scene.items {
        match item {
            Item::Fill { path, color, opacity } => {
                if let Some(path) = skia_path(path) {
                    pixmap.fill_path(
                        &path,
                        &paint(*color, *opacity),
                        FillRule::Winding,
                        transform,
                        None,
                    );
                }
            }
            Item::Stroke { path, stroke } => {
                let pattern =
                    stroke.dash.pattern(stroke.width).iter().map(|&length| length as f32).collect();
                let style = tiny_skia::Stroke {
                    width: stroke.width as f32,
                    line_cap: if stroke.round { LineCap::Round } else { LineCap::Butt },
                    line_join: if stroke.round { LineJoin::Round } else { LineJoin::Miter },
                    dash: StrokeDash::new(pattern, 0.0),
                    ..Default::default()
                };
                if let Some(path) = skia_path(path) {
                    pixmap.stroke_path(
                        &path,
                        &paint(stroke.color, stroke.opacity),
                        &style,
                        transform,
                        None,
                    );
                }
            }
            Item::Text(text) => draw_text(&mut pixmap, text, scale),
            Item::Image { rect, columns, rows, rgb } => {
                draw_image(&mut pixmap, *rect, *columns, *rows, rgb, scale);
            }
        }
    }
    let rgb: Vec<u8> = pixmap.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    encode_rgb(pixmap.width() as usize, pixmap.height() as usize, &rgb)
}
