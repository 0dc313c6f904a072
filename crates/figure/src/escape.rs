//! Text that is safe inside HTML and XML.

/// Escapes `& < > " '` for text and attribute values, and drops control characters other than newline and tab.
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            c if c < ' ' || matches!(c, '\u{7f}' | '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn escaped_text_survives_an_xml_parser(text in "\\PC{0,40}|[<>&\"'\u{0}-\u{1f}]{0,20}") {
            let xml = format!("<a b=\"{0}\">{0}</a>", escape_html(&text));
            let document = roxmltree::Document::parse(&xml).unwrap();
            let expected: String = text
                .chars()
                .filter(|c| *c >= ' ' || matches!(c, '\n' | '\t'))
                .filter(|c| !matches!(c, '\u{7f}' | '\u{fffe}' | '\u{ffff}'))
                .collect();
            prop_assert_eq!(document.root_element().text().unwrap_or_default(), expected);
        }
    }
}
