//! Words with raised and lowered parts, `10^{-3}` and `σ_{1}`, as HTML and as plain text.

use std::fmt::Write as _;

use equipoise_figure::escape_html;

/// A part of a text.
enum Piece<'a> {
    Line(&'a str),
    Raised(&'a str),
    Lowered(&'a str),
}

/// The parts of a text; a brace that is never closed is a brace.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("^{").into_iter().chain(rest.find("_{")).min() {
        let Some(length) = rest[start..].find('}') else { break };
        pieces.push(Piece::Line(&rest[..start]));
        let inner = &rest[start + 2..start + length];
        let is_raised = rest[start..].starts_with('^');
        pieces.push(if is_raised { Piece::Raised(inner) } else { Piece::Lowered(inner) });
        rest = &rest[start + length + 1..];
    }
    pieces.push(Piece::Line(rest));
    pieces
}

/// Escapes, and turns `^{..}` and `_{..}` into raised and lowered text.
pub(crate) fn to_html(text: &str) -> String {
    let mut html = String::new();
    for piece in pieces(text) {
        let _ = match piece {
            Piece::Line(words) => write!(html, "{}", escape_html(words)),
            Piece::Raised(words) => write!(html, "<sup>{}</sup>", escape_html(words)),
            Piece::Lowered(words) => write!(html, "<sub>{}</sub>", escape_html(words)),
        };
    }
    html
}

/// The text for a terminal: `^{..}` and `_{..}` with the raised and lowered characters that there
/// are (`10⁻³`, `σ₁`), else without braces (`w_EI`), and no character that a terminal would obey.
///
/// ```
/// use equipoise_report::plain_text;
/// assert_eq!(plain_text("σ_{1} in 10^{−3} s, w_{EI}"), "σ₁ in 10⁻³ s, w_EI");
/// assert_eq!(plain_text("red \u{1b}[31mname"), "red \u{fffd}[31mname");
/// ```
pub fn plain_text(text: &str) -> String {
    let mut plain = String::new();
    for piece in pieces(text) {
        let (words, mark, shift): (_, _, fn(char) -> Option<char>) = match piece {
            Piece::Line(words) => {
                plain.push_str(words);
                continue;
            }
            Piece::Raised(words) => (words, '^', raised),
            Piece::Lowered(words) => (words, '_', lowered),
        };
        match words.chars().map(shift).collect::<Option<String>>() {
            Some(shifted) => plain.push_str(&shifted),
            None => {
                plain.push(mark);
                plain.push_str(words);
            }
        }
    }
    printable(&plain)
}

/// The text with a mark in the place of each character that is obeyed instead of shown: control
/// characters other than newline and tab (escape sequences begin with one), and those that turn
/// the direction of writing.
pub fn printable(text: &str) -> String {
    let is_obeyed = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if is_obeyed(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn raised(c: char) -> Option<char> {
    shifted(c, "0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
}

fn lowered(c: char) -> Option<char> {
    shifted(c, "0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
}

fn shifted(c: char, from: &str, to: &str) -> Option<char> {
    to.chars().nth(from.chars().position(|known| known == c)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn raised_and_lowered() {
        assert_eq!(to_html("a^{2} < b_{i}"), "a<sup>2</sup> &lt; b<sub>i</sub>");
        assert_eq!(to_html("open ^{2"), "open ^{2");
        assert_eq!(
            plain_text("1.1×10^{−12}, σ_{1}, W_{xy}, open _{"),
            "1.1×10⁻¹², σ₁, W_xy, open _{"
        );
    }

    proptest! {
        #[test]
        fn nothing_is_obeyed(text in "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}a^_{}]{0,20}") {
            for shown in [plain_text(&text), printable(&text)] {
                let is_safe = |c: char| !c.is_control() || c == '\n' || c == '\t';
                prop_assert!(shown.chars().all(is_safe), "{:?}", shown);
                prop_assert_eq!(shown.find('\u{202e}'), None);
            }
        }
    }
}
