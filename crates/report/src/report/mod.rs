//! Reports: one HTML file with everything in it.

mod card;
mod page;
mod strip;

use std::fmt::Write as _;

use base64::Engine as _;

use equipoise_figure::{Figure, escape_html};

use crate::markup::{plain_text, to_html};
use crate::table::{Table, slug};

pub(crate) use card::Card;
pub use strip::Step;

/// An SVG longer than this goes into the HTML as PNG, if that is shorter: a browser draws it faster.
const LONGEST_INLINE_SVG: usize = 600_000;
/// Figures wider than this many CSS pixels can be scrolled on a small screen instead of shrinking.
const WIDE: f64 = 400.0;

/// A report that grows from top to bottom and becomes one self-contained HTML file that loads nothing.
///
/// It opens with what was done ([`strip`](Self::strip)) and what was found ([`found`](Self::found)), followed by the
/// words of the glossary that it uses. Its tables can be sorted, searched and saved, its figures saved; without
/// scripts it reads the same. All text is escaped; `^{..}` and `_{..}` are raised and lowered.
/// [`RunDir::save_report`](crate::RunDir::save_report) writes it together with its tables as CSV and its figures
/// as SVG and PNG.
///
/// ```
/// use equipoise_figure::{Axis, Figure, Line, Plot};
/// use equipoise_report::{Column, Report, Table};
/// let mut table = Table::new("Quality on the test set").column(Column::number("PSNR").unit("dB"));
/// table.row([29.65.into()]);
/// let figure = Figure::single(Plot::new("").with(Line::new(&[1.0, 2.0], &[0.3, 0.1])));
///
/// let mut report = Report::new("Balanced and unbalanced encoders");
/// report
///     .subtitle("MNIST, 10,000 test images")
///     .found("The balanced network codes better.")
///     .tile("PSNR, balanced", "29.65", "dB", "95 % interval 29.5 to 29.8")
///     .heading("Results")
///     .paragraph("Every number is a mean over the whole test set.")
///     .table("results", &table)
///     .figure("training", &figure, "Loss on the validation set.")
///     .details("Environment", "2 cores");
/// let html = report.to_html();
/// assert!(html.contains("Table 1") && html.contains("Figure 1"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Report {
    title: String,
    subtitle: String,
    summary: Vec<String>,
    strip: Vec<Step>,
    found: Vec<String>,
    tiles: String,
    body: String,
    headings: Vec<(u8, String, String)>,
    tables: Vec<(String, String)>,
    figures: Vec<SavedFigure>,
    footer: String,
    /// All words of the report, for the glossary.
    words: String,
}

/// A figure in both its forms.
#[derive(Clone, Debug)]
pub(crate) struct SavedFigure {
    pub name: String,
    pub svg: String,
    pub png: Vec<u8>,
}

impl Report {
    /// An empty report.
    pub fn new(title: &str) -> Self {
        let mut report = Self { title: title.to_string(), ..Self::default() };
        report.html(title);
        report
    }

    /// The words as HTML; they are looked up in the glossary.
    fn html(&mut self, text: &str) -> String {
        self.words.push_str(text);
        self.words.push('\n');
        to_html(text)
    }

    /// Sets the line below the title.
    pub fn subtitle(&mut self, text: &str) -> &mut Self {
        self.subtitle = self.html(text);
        self
    }

    /// Adds steps to the strip at the top that shows what was done.
    pub fn strip(&mut self, steps: impl IntoIterator<Item = Step>) -> &mut Self {
        for step in steps {
            self.words.push_str(&step.words());
            self.strip.push(step);
        }
        self
    }

    /// Adds a sentence to what was found.
    pub fn found(&mut self, text: &str) -> &mut Self {
        let html = self.html(text);
        self.found.push(html);
        self
    }

    /// Adds a paragraph to the summary at the top.
    pub fn summary(&mut self, text: &str) -> &mut Self {
        let html = self.html(text);
        self.summary.push(html);
        self
    }

    /// Adds a tile with a key number at the top: what it is, the number, its unit, and a remark (or empty).
    pub fn tile(&mut self, label: &str, value: &str, unit: &str, remark: &str) -> &mut Self {
        let (label, value) = (self.html(label), self.html(value));
        let (unit, remark) = (self.html(unit), self.html(remark));
        let _ = write!(
            self.tiles,
            "<li><span class=\"label\">{label}</span><span class=\"value\">{value}"
        );
        if !unit.is_empty() {
            let _ = write!(self.tiles, " <span class=\"unit\">{unit}</span>");
        }
        self.tiles.push_str("</span>");
        if !remark.is_empty() {
            let _ = write!(self.tiles, "<span class=\"detail\">{remark}</span>");
        }
        self.tiles.push_str("</li>\n");
        self
    }

    /// Starts a section, which is listed in the table of contents.
    pub fn heading(&mut self, text: &str) -> &mut Self {
        self.add_heading(2, text)
    }

    /// Starts a section within a section.
    pub fn subheading(&mut self, text: &str) -> &mut Self {
        self.add_heading(3, text)
    }

    fn add_heading(&mut self, level: u8, text: &str) -> &mut Self {
        let base = match slug(text) {
            slug if slug.is_empty() => "section".to_string(),
            slug => slug,
        };
        let anchor = unique(&base, |candidate| {
            self.headings.iter().any(|(_, _, anchor)| anchor == candidate)
        });
        let html = self.html(text);
        let _ = writeln!(self.body, "<h{level} id=\"{anchor}\">{html}</h{level}>");
        self.headings.push((level, html, anchor));
        self
    }

    /// Adds a paragraph; an empty line starts another one.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        for part in text.split("\n\n").filter(|part| !part.trim().is_empty()) {
            let html = self.html(part.trim());
            let _ = writeln!(self.body, "<p>{html}</p>");
        }
        self
    }

    /// Adds a remark in a box: what the reader must know before believing a number.
    pub fn remark(&mut self, text: &str) -> &mut Self {
        let html = self.html(text);
        let _ = writeln!(self.body, "<p class=\"remark\">{html}</p>");
        self
    }

    /// Adds a list with bullets.
    pub fn list<S: AsRef<str>>(&mut self, items: impl IntoIterator<Item = S>) -> &mut Self {
        self.body.push_str("<ul>\n");
        for item in items {
            let html = self.html(item.as_ref());
            let _ = writeln!(self.body, "<li>{html}</li>");
        }
        self.body.push_str("</ul>\n");
        self
    }

    /// Adds text as it is: commands, TOML.
    pub fn code(&mut self, text: &str) -> &mut Self {
        let _ = writeln!(self.body, "<pre>{}</pre>", escape_html(text));
        self
    }

    /// Adds a table under the next number; its name is that of its CSV file.
    pub fn table(&mut self, name: &str, table: &Table) -> &mut Self {
        let name = unique(name, |candidate| self.tables.iter().any(|(name, _)| name == candidate));
        let number = self.tables.len() + 1;
        let caption = format!("<b>Table {number}.</b>{}", to_html(table.caption()));
        self.words.push_str(&table.to_markdown());
        let label = plain_text(&format!("Table {number}: {}", table.caption()));
        self.body.push_str(&table.html(&caption, &label, Some(&name)));
        self.tables.push((name, table.to_csv()));
        self
    }

    /// Adds a figure under the next number; its name is that of its files.
    pub fn figure(&mut self, name: &str, figure: &Figure, caption: &str) -> &mut Self {
        let name =
            unique(name, |candidate| self.figures.iter().any(|figure| figure.name == candidate));
        let number = self.figures.len() + 1;
        let (svg, png) = (figure.to_svg(), figure.to_png());
        let class = if figure.pixel_width() > WIDE { "wide" } else { "narrow" };
        let label = escape_html(&plain_text(&format!("Figure {number}: {caption}")));
        // What can be scrolled must be within reach of the keyboard, and so needs a name.
        let _ = write!(
            self.body,
            "<figure id=\"figure-{number}\"><div class=\"picture paper\" tabindex=\"0\" role=\"group\" \
             aria-label=\"Figure {number}\">"
        );
        if svg.len() > LONGEST_INLINE_SVG && png.len() * 4 / 3 < svg.len() {
            let _ = write!(
                self.body,
                "<img class=\"{class}\" width=\"{:.0}\" alt=\"{label}\" src=\"data:image/png;base64,{}\"/>",
                figure.pixel_width(),
                base64::engine::general_purpose::STANDARD.encode(&png)
            );
        } else {
            let labelled = format!("<svg class=\"{class}\" aria-label=\"{label}\"");
            self.body.push_str(&svg.replacen("<svg", &labelled, 1));
        }
        let (caption, file) = (self.html(caption), escape_html(&name));
        let _ = writeln!(
            self.body,
            "</div><figcaption><b>Figure {number}.</b>{caption} <span class=\"tools\">\
             <a download=\"{file}.svg\" aria-label=\"Save figure {number} as SVG\" \
             href=\"figures/{file}.svg\">SVG</a></span></figcaption></figure>"
        );
        self.figures.push(SavedFigure { name, svg, png });
        self
    }

    /// Adds pictures that lead somewhere, side by side.
    pub(crate) fn cards(&mut self, cards: impl IntoIterator<Item = Card>) -> &mut Self {
        let items: String = cards.into_iter().map(|card| card.html()).collect();
        if !items.is_empty() {
            let _ = writeln!(self.body, "<ul class=\"cards\">\n{items}</ul>");
        }
        self
    }

    /// Adds text that is folded away until it is asked for.
    pub fn details(&mut self, summary: &str, text: &str) -> &mut Self {
        let (summary, text) = (self.html(summary), escape_html(text));
        let _ =
            writeln!(self.body, "<details><summary>{summary}</summary><pre>{text}</pre></details>");
        self
    }

    /// Sets the footer: names and values.
    pub(crate) fn footer_entries(&mut self, entries: &[(&str, String)]) -> &mut Self {
        let entry = |(name, value): &(&str, String)| {
            format!("<dt>{}</dt><dd>{}</dd>\n", escape_html(name), escape_html(value))
        };
        self.footer = entries.iter().map(entry).collect();
        self
    }

    /// Whether a footer was set.
    pub(crate) fn has_footer(&self) -> bool {
        !self.footer.is_empty()
    }

    /// Names and CSV of the tables.
    pub fn tables(&self) -> &[(String, String)] {
        &self.tables
    }

    /// The figures with their names.
    pub(crate) fn figures(&self) -> &[SavedFigure] {
        &self.figures
    }
}

/// `base`, or `base-2`, `base-3`, .. if it is taken.
fn unique(base: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut name = base.to_string();
    let mut count = 1;
    while is_taken(&name) {
        count += 1;
        name = format!("{base}-{count}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;
    use equipoise_figure::{Line, Plot};
    use proptest::prelude::*;

    fn parse(html: &str) -> roxmltree::Document<'_> {
        let body = html.strip_prefix("<!DOCTYPE html>\n").unwrap();
        roxmltree::Document::parse(body).unwrap()
    }

    fn figure() -> Figure {
        Figure::single(Plot::new("t").with(Line::new(&[1.0, 2.0], &[1.0, 2.0])))
    }

    #[test]
    fn structure_and_numbers() {
        let mut table = Table::new("Caption <1>").column(Column::number("x"));
        table.row([1.5.into()]);
        let mut report = Report::new("Title & more");
        report
            .subtitle("sub")
            .summary("first")
            .tile("rate", "37.8", "s^{-1}", "n < 3")
            .heading("Results")
            .subheading("Part")
            .heading("Results")
            .paragraph("one\n\ntwo <script>")
            .list(["a", "b"])
            .table("t", &table)
            .table("t", &table)
            .figure("f", &figure(), "A \"caption\"")
            .details("config", "key = \"<value>\"");
        let html = report.to_html();
        let document = parse(&html);
        let ids: Vec<&str> = document.descendants().filter_map(|n| n.attribute("id")).collect();
        assert_eq!(ids, ["results", "part", "results-2", "figure-1"]);
        for link in document
            .descendants()
            .filter_map(|n| n.attribute("href"))
            .filter(|l| l.starts_with('#'))
        {
            assert!(ids.contains(&&link[1..]), "{link}");
        }
        assert!(html.contains("<b>Table 2.</b>Caption &lt;1&gt;"));
        // The only script is the report's own.
        let scripts: Vec<&str> = document
            .descendants()
            .filter(|n| n.has_tag_name("script"))
            .filter_map(|n| n.text())
            .collect();
        assert_eq!(scripts.len(), 1);
        assert_eq!(scripts[0].trim(), include_str!("report.js").trim());
        assert!(html.contains("s<sup>-1</sup>"));
        assert_eq!(report.tables().iter().map(|t| t.0.as_str()).collect::<Vec<_>>(), ["t", "t-2"]);
        // Self-contained: nothing is loaded from elsewhere.
        assert!(
            document
                .descendants()
                .filter_map(|n| n.attribute("src"))
                .all(|s| s.starts_with("data:"))
        );
        assert_eq!(html.matches("url(").count(), html.matches("url(data:").count());
        assert!(!html.contains("@import"));
    }

    #[test]
    fn it_opens_with_what_was_done_and_found_and_the_words_used() {
        let mut report = Report::new("t");
        report
            .found("PSNR is higher by 0.9 dB")
            .strip([
                Step::new("Image", "σ_{1}").picture(&equipoise_figure::Picture::grey(0, 0, &[])),
                Step::new("Spikes", "").figure(&figure()),
            ])
            .heading("Ridge");
        let html = report.to_html();
        let document = parse(&html);
        let place =
            |id: &str| document.descendants().position(|n| n.attribute("id") == Some(id)).unwrap();
        assert!(
            place("report-done") < place("report-found") && place("report-found") < place("ridge")
        );
        let of =
            |tag: &str| document.descendants().filter(|n| n.has_tag_name(tag)).collect::<Vec<_>>();
        let terms: Vec<_> = of("dt").iter().filter_map(|n| n.text()).collect();
        assert_eq!(terms, ["PSNR", "ridge regression", "spike"]);
        // Every picture has words in its place.
        let pictures = [of("img"), of("svg")].concat();
        assert_eq!(pictures.len(), 2);
        assert!(
            pictures.iter().all(|n| n.attribute("alt").or(n.attribute("aria-label")).is_some())
        );
        assert!(Report::new("t").to_html().matches("<section").count() == 0);
    }

    #[test]
    fn the_same_report_gives_the_same_bytes() {
        let html = || {
            let mut report = Report::new("t");
            report.figure("f", &figure(), "c");
            report.to_html()
        };
        assert_eq!(html(), html());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_escaped(text in "\\PC{0,30}|[<>&\"'^_{}\u{0}-\u{1f}]{0,20}") {
            let mut table = Table::new(&text).column(Column::text(&text).unit(&text)).column(Column::number(&text)).note(&text);
            table.row([text.as_str().into(), text.as_str().into()]);
            let mut report = Report::new(&text);
            report.subtitle(&text).summary(&text).tile(&text, &text, &text, &text).heading(&text).subheading(&text).heading(&text)
                .paragraph(&text).remark(&text).list([&text]).code(&text).table("t", &table).details(&text, &text);
            let html = report.to_html();
            parse(&html);
        }
    }
}
