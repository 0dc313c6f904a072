//! The embedded font: widths for the layout, outlines for PNG.

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId};

/// Cut of the font.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Weight {
    Regular,
    Bold,
    Italic,
}

/// Font families of an SVG: ours first, then those with the same widths.
pub(crate) const FAMILY: &str = "Arimo, Arial, 'Liberation Sans', Helvetica, sans-serif";

/// Height of capital letters and digits, as a share of the font size.
pub(crate) const CAP_HEIGHT: f64 = 0.716;
/// Depth of letters below the baseline, as a share of the font size.
pub(crate) const DESCENT: f64 = 0.212;
/// Size of raised and lowered text.
pub(crate) const SCRIPT_SIZE: f64 = 0.7;

/// Where a piece of text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    Line,
    Raised,
    Lowered,
}

impl Position {
    /// Shift of the baseline upwards, as a share of the font size.
    pub fn rise(self) -> f64 {
        match self {
            Self::Line => 0.0,
            Self::Raised => 0.36,
            Self::Lowered => -0.16,
        }
    }
    /// Size as a share of the font size.
    pub fn scale(self) -> f64 {
        if self == Self::Line { 1.0 } else { SCRIPT_SIZE }
    }
}

/// Splits `10^{-3} s_{0}` into its pieces. Control characters become spaces.
pub(crate) fn pieces(text: &str) -> Vec<(String, Position)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut push = |piece: &str, position| {
        if !piece.is_empty() {
            let clean: String =
                piece.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            pieces.push((clean, position));
        }
    };
    while let Some(start) = rest.find("^{").into_iter().chain(rest.find("_{")).min() {
        let Some(length) = rest[start..].find('}') else { break };
        let raised = rest[start..].starts_with('^');
        push(&rest[..start], Position::Line);
        push(
            &rest[start + 2..start + length],
            if raised { Position::Raised } else { Position::Lowered },
        );
        rest = &rest[start + length + 1..];
    }
    push(rest, Position::Line);
    pieces
}

/// The parsed font.
pub(crate) fn face(weight: Weight) -> &'static Face<'static> {
    static FACES: OnceLock<[Face<'static>; 3]> = OnceLock::new();
    let faces = FACES.get_or_init(|| {
        [
            &include_bytes!("../assets/Arimo-Regular.ttf")[..],
            &include_bytes!("../assets/Arimo-Bold.ttf")[..],
            &include_bytes!("../assets/Arimo-Italic.ttf")[..],
        ]
        .map(|bytes| Face::parse(bytes, 0).expect("the embedded fonts are valid"))
    });
    match weight {
        Weight::Regular => &faces[0],
        Weight::Bold => &faces[1],
        Weight::Italic => &faces[2],
    }
}

/// Glyph of a character; a character that the font lacks is the empty box.
pub(crate) fn glyph(face: &Face<'_>, c: char) -> GlyphId {
    face.glyph_index(c).unwrap_or(GlyphId(0))
}

/// Advance of a glyph as a share of the font size.
pub(crate) fn advance(face: &Face<'_>, glyph: GlyphId) -> f64 {
    f64::from(face.glyph_hor_advance(glyph).unwrap_or(0)) / f64::from(face.units_per_em())
}

/// Width of one line of text, in points.
pub(crate) fn text_width(text: &str, size: f64, weight: Weight) -> f64 {
    let face = face(weight);
    pieces(text)
        .iter()
        .map(|(piece, position)| {
            piece.chars().map(|c| advance(face, glyph(face, c))).sum::<f64>()
                * position.scale()
                * size
        })
        .sum()
}

/// Breaks text at spaces into lines no wider than `width`; a longer word stays whole.
pub(crate) fn wrap(text: &str, size: f64, weight: Weight, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
            if line.is_empty() || text_width(&longer, size, weight) <= width {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, word.to_string()));
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_arial() {
        // Helvetica's standard widths (Adobe font metrics): a 556, M 833, digits 556, space 278 per 1000.
        let width = |text| text_width(text, 1000.0, Weight::Regular).round();
        assert_eq!((width("a"), width("M"), width("0"), width(" ")), (556.0, 833.0, 556.0, 278.0));
        assert_eq!(width("10^{3}"), (2.0 * 556.2_f64 + 0.7 * 556.2).round());
        assert_eq!(text_width("", 8.0, Weight::Bold), 0.0);
    }

    #[test]
    fn markup() {
        use Position::{Line, Lowered, Raised};
        let split = |text: &str| pieces(text);
        assert_eq!(
            split("a^{2}_{i} b"),
            [("a".into(), Line), ("2".into(), Raised), ("i".into(), Lowered), (" b".into(), Line)]
        );
        assert_eq!(split("x^{2"), [("x^{2".into(), Line)]);
        assert_eq!(split("a_b^c"), [("a_b^c".into(), Line)]);
        assert!(split("").is_empty());
    }

    #[test]
    fn the_signs_of_the_field_are_in_the_font() {
        for weight in [Weight::Regular, Weight::Bold, Weight::Italic] {
            for c in "±×·−∞≤≥≈√∑µμστηνβθαεγΔρχλ°–…→←“”’äöüé²³".chars()
            {
                assert!(face(weight).glyph_index(c).is_some(), "{c}");
            }
        }
    }

    #[test]
    fn wrapping() {
        let lines = wrap("one two three", 10.0, Weight::Regular, 40.0);
        assert_eq!(lines, ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 10.0, Weight::Regular, 5.0), ["unbreakable"]);
        assert_eq!(wrap("a\nb", 10.0, Weight::Regular, 99.0), ["a", "b"]);
    }
}
