//! A page as SVG. Words stay words, so that a journal's or an author's program can edit and search them.

use std::fmt::Write as _;

use base64::Engine as _;

use super::font::{FAMILY, Position, Weight, pieces, text_width};
use super::png::encode_rgb;
use super::scene::{Anchor, Item, PIXELS_PER_POINT, Path, Rect, Scene, Segment, Text};
use crate::escape::escape_html;

/// A number with two decimals at most and no superfluous character.
fn number(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    if rounded == 0.0 || !rounded.is_finite() { "0".to_string() } else { format!("{rounded}") }
}

fn path_data(path: &Path) -> String {
    let mut data = String::new();
    let mut last = (f64::NAN, f64::NAN);
    let pair = |data: &mut String, (x, y): (f64, f64)| {
        let _ = write!(data, "{} {}", number(x), number(y));
    };
    for segment in &path.0 {
        match *segment {
            Segment::Move(point) => {
                data.push('M');
                pair(&mut data, point);
                last = point;
            }
            Segment::Line(point) => {
                if number(point.0) == number(last.0) {
                    let _ = write!(data, "V{}", number(point.1));
                } else if number(point.1) == number(last.1) {
                    let _ = write!(data, "H{}", number(point.0));
                } else {
                    data.push('L');
                    pair(&mut data, point);
                }
                last = point;
            }
            Segment::Cubic(a, b, point) => {
                data.push('C');
                pair(&mut data, a);
                data.push(' ');
                pair(&mut data, b);
                data.push(' ');
                pair(&mut data, point);
                last = point;
            }
            Segment::Close => data.push('Z'),
        }
    }
    data
}

fn write_text(svg: &mut String, text: &Text) {
    let (x, y) = (number(text.at.0), number(text.at.1));
    let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"", number(text.size));
    // A viewer that has none of the fonts takes a wider one and squeezes it into the place laid out.
    let width = text_width(&text.content, text.size, text.weight);
    if width > 0.0 {
        let _ = write!(svg, " textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"", number(width));
    }
    match text.anchor {
        Anchor::Start => {}
        Anchor::Middle => svg.push_str(" text-anchor=\"middle\""),
        Anchor::End => svg.push_str(" text-anchor=\"end\""),
    }
    match text.weight {
        Weight::Regular => {}
        Weight::Bold => svg.push_str(" font-weight=\"bold\""),
        Weight::Italic => svg.push_str(" font-style=\"italic\""),
    }
    if text.rotation != 0.0 {
        let _ = write!(svg, " transform=\"rotate({} {x} {y})\"", number(-text.rotation));
    }
    let _ = write!(svg, " fill=\"{}\">", text.color.hex());
    let mut rise = 0.0;
    for (piece, position) in pieces(&text.content) {
        let escaped = escape_html(&piece);
        if position == Position::Line && rise == 0.0 {
            svg.push_str(&escaped);
        } else {
            let shift = number((rise - position.rise()) * text.size);
            let size = number(position.scale() * text.size);
            let _ = write!(svg, "<tspan dy=\"{shift}\" font-size=\"{size}\">{escaped}</tspan>");
            rise = position.rise();
        }
    }
    svg.push_str("</text>\n");
}

fn write_image(svg: &mut String, rect: Rect, columns: usize, rows: usize, rgb: &[u8]) {
    // Viewers that know no `image-rendering`, and PDF, smooth pictures; large pixels keep them sharp there too.
    let factor = (320 / columns.max(rows)).clamp(1, 64);
    let mut large = Vec::with_capacity(rgb.len() * factor * factor);
    for row in rgb.chunks_exact(columns * 3) {
        let wide: Vec<u8> = row.chunks_exact(3).flat_map(|pixel| pixel.repeat(factor)).collect();
        for _ in 0..factor {
            large.extend_from_slice(&wide);
        }
    }
    let png = encode_rgb(columns * factor, rows * factor, &large);
    let _ = writeln!(
        svg,
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
        number(rect.x),
        number(rect.y),
        number(rect.width),
        number(rect.height),
        base64::engine::general_purpose::STANDARD.encode(png)
    );
}

/// Writes a page as an SVG document.
pub(crate) fn render(scene: &Scene, title: &str) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" \
         font-family=\"{FAMILY}\" role=\"img\">\n",
        number(scene.width * PIXELS_PER_POINT),
        number(scene.height * PIXELS_PER_POINT),
        number(scene.width),
        number(scene.height)
    );
    if !title.is_empty() {
        let _ = writeln!(svg, "<title>{}</title>", escape_html(title));
    }
    let _ = writeln!(
        svg,
        "<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>",
        number(scene.width),
        number(scene.height)
    );
    for item in &scene.items {
        match item {
            Item::Fill { path, color, opacity } => {
                let _ = write!(svg, "<path d=\"{}\" fill=\"{}\"", path_data(path), color.hex());
                if *opacity < 1.0 {
                    let _ = write!(svg, " fill-opacity=\"{}\"", number(*opacity));
                }
                svg.push_str("/>\n");
            }
            Item::Stroke { path, stroke } => {
                let _ = write!(
                    svg,
                    "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"",
                    path_data(path),
                    stroke.color.hex(),
                    number(stroke.width)
                );
                if stroke.opacity < 1.0 {
                    let _ = write!(svg, " stroke-opacity=\"{}\"", number(stroke.opacity));
                }
                if stroke.round {
                    svg.push_str(" stroke-linecap=\"round\" stroke-linejoin=\"round\"");
                }
                let pattern = stroke.dash.pattern(stroke.width);
                if !pattern.is_empty() {
                    let lengths: Vec<String> =
                        pattern.iter().map(|&length| number(length)).collect();
                    let _ = write!(svg, " stroke-dasharray=\"{}\"", lengths.join(" "));
                }
                svg.push_str("/>\n");
            }
            Item::Text(text) => write_text(&mut svg, text),
            Item::Image { rect, columns, rows, rgb } => {
                write_image(&mut svg, *rect, *columns, *rows, rgb)
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}
