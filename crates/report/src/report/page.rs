//! The page around a report's body.

use std::fmt::Write as _;

use base64::Engine as _;
use equipoise_figure::escape_html;

use super::Report;
use super::strip::strip_html;
use crate::glossary::terms_in;
use crate::markup::{plain_text, to_html};

impl Report {
    fn contents(&self) -> String {
        if self.headings.len() < 3 {
            return String::new();
        }
        let mut html = String::from("<nav aria-label=\"Contents\"><strong>Contents</strong><ol>\n");
        let mut headings = self.headings.iter().peekable();
        while let Some((_, text, anchor)) = headings.next() {
            let _ = write!(html, "<li><a href=\"#{anchor}\">{text}</a>");
            let mut is_open = false;
            while let Some((_, text, anchor)) = headings.next_if(|(level, _, _)| *level == 3) {
                if !std::mem::replace(&mut is_open, true) {
                    html.push_str("<ol>");
                }
                let _ = write!(html, "<li><a href=\"#{anchor}\">{text}</a></li>");
            }
            html.push_str(if is_open { "</ol></li>\n" } else { "</li>\n" });
        }
        html + "</ol></nav>\n"
    }

    /// What was done, what was found, the summary and the key numbers.
    fn opening(&self) -> String {
        let mut html = String::new();
        if !self.strip.is_empty() {
            let strip = strip_html(&self.strip);
            let _ = write!(
                html,
                "<section class=\"opening\"><h2 id=\"report-done\">What was done</h2>\n{strip}</section>\n"
            );
        }
        if !self.found.is_empty() {
            html.push_str("<section class=\"opening\"><h2 id=\"report-found\">What was found</h2>\n<ul class=\"found\">\n");
            for sentence in &self.found {
                let _ = writeln!(html, "<li>{sentence}</li>");
            }
            html.push_str("</ul></section>\n");
        }
        if !self.summary.is_empty() {
            html.push_str("<div class=\"abstract\">");
            for paragraph in &self.summary {
                let _ = write!(html, "<p>{paragraph}</p>");
            }
            html.push_str("</div>\n");
        }
        if !self.tiles.is_empty() {
            let _ = write!(html, "<ul class=\"tiles\">\n{}</ul>\n", self.tiles);
        }
        html
    }

    /// The words of the glossary that the report uses, folded away.
    fn glossary(&self) -> String {
        let terms = terms_in(&self.words);
        if terms.is_empty() {
            return String::new();
        }
        let mut html = String::from(
            "<details class=\"glossary\"><summary>Glossary of the words used here</summary>\n<dl>\n",
        );
        for term in terms {
            let (name, meaning) = (to_html(term.name), to_html(term.meaning));
            let _ = writeln!(html, "<dt>{name}</dt><dd>{meaning}</dd>");
        }
        html + "</dl></details>\n"
    }

    /// The whole file.
    pub fn to_html(&self) -> String {
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>\n",
            escape_html(&plain_text(&self.title)),
            font_faces(),
            include_str!("report.css"),
            to_html(&self.title)
        );
        if !self.subtitle.is_empty() {
            let _ = writeln!(html, "<p class=\"subtitle\">{}</p>", self.subtitle);
        }
        let _ = write!(
            html,
            "{}</header>\n{}<main>\n{}{}</main>\n",
            self.opening(),
            self.contents(),
            self.glossary(),
            self.body
        );
        if !self.footer.is_empty() {
            let _ = write!(html, "<footer><dl>\n{}</dl></footer>\n", self.footer);
        }
        let _ = write!(html, "<script>\n{}</script>\n", include_str!("report.js"));
        html + "</body>\n</html>\n"
    }
}

/// The figures' fonts, so that they look the same on every machine.
fn font_faces() -> String {
    let faces: [(&str, &[u8]); 3] = [
        ("normal;font-weight:400", include_bytes!("../../assets/Arimo-Regular.woff2")),
        ("normal;font-weight:700", include_bytes!("../../assets/Arimo-Bold.woff2")),
        ("italic;font-weight:400", include_bytes!("../../assets/Arimo-Italic.woff2")),
    ];
    faces
        .iter()
        .map(|(style, bytes)| {
            let data = base64::engine::general_purpose::STANDARD.encode(bytes);
            format!(
                "@font-face{{font-family:Arimo;font-style:{style};\
                 src:url(data:font/woff2;base64,{data}) format(\"woff2\")}}\n"
            )
        })
        .collect()
}
