//! Reports: one HTML file with everything in it.

use std::fmt::Write as _;

use base64::Engine as _;

use crate::run_dir::{RunRecord, RunState, utc_now};
use crate::table::{Table, html_with_powers, slug};
use equipoise_figure::Figure;
use equipoise_figure::escape_html;

/// An SVG longer than this goes into the HTML as PNG, if that is shorter: a browser draws it faster.
const LONGEST_INLINE_SVG: usize = 600_000;
/// Figures wider than this many CSS pixels can be scrolled on a small screen instead of shrinking.
const WIDE: f64 = 400.0;

/// A report that grows from top to bottom and becomes one self-contained HTML file: no script, no outside file.
///
/// All text is escaped; `^{..}` and `_{..}` are raised and lowered.
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
///     .summary("The balanced network codes better.")
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
    tiles: String,
    body: String,
    headings: Vec<(u8, String, String)>,
    tables: Vec<(String, String)>,
    figures: Vec<SavedFigure>,
    footer: String,
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
        Self { title: title.to_string(), ..Self::default() }
    }

    /// Sets the line below the title.
    pub fn subtitle(&mut self, text: &str) -> &mut Self {
        self.subtitle = text.to_string();
        self
    }

    /// Adds a paragraph to the summary at the top.
    pub fn summary(&mut self, text: &str) -> &mut Self {
        self.summary.push(text.to_string());
        self
    }

    /// Adds a tile with a key number at the top: what it is, the number, its unit, and a remark (or empty).
    pub fn tile(&mut self, label: &str, value: &str, unit: &str, remark: &str) -> &mut Self {
        let _ = write!(
            self.tiles,
            "<li><span class=\"label\">{}</span><span class=\"value\">{}",
            html_with_powers(label),
            html_with_powers(value)
        );
        if !unit.is_empty() {
            let _ = write!(self.tiles, " <span class=\"unit\">{}</span>", html_with_powers(unit));
        }
        self.tiles.push_str("</span>");
        if !remark.is_empty() {
            let _ =
                write!(self.tiles, "<span class=\"detail\">{}</span>", html_with_powers(remark));
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
        let _ =
            writeln!(self.body, "<h{level} id=\"{anchor}\">{}</h{level}>", html_with_powers(text));
        self.headings.push((level, text.to_string(), anchor));
        self
    }

    /// Adds a paragraph; an empty line starts another one.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        for part in text.split("\n\n").filter(|part| !part.trim().is_empty()) {
            let _ = writeln!(self.body, "<p>{}</p>", html_with_powers(part.trim()));
        }
        self
    }

    /// Adds a remark in a box: what the reader must know before believing a number.
    pub fn remark(&mut self, text: &str) -> &mut Self {
        let _ = writeln!(self.body, "<p class=\"remark\">{}</p>", html_with_powers(text));
        self
    }

    /// Adds a list with bullets.
    pub fn list<S: AsRef<str>>(&mut self, items: impl IntoIterator<Item = S>) -> &mut Self {
        self.body.push_str("<ul>\n");
        for item in items {
            let _ = writeln!(self.body, "<li>{}</li>", html_with_powers(item.as_ref()));
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
        let caption = format!("<b>Table {number}.</b>{}", html_with_powers(table.caption()));
        self.body.push_str(&table.html_with_caption(&caption));
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
        let _ = write!(self.body, "<figure id=\"figure-{number}\"><div class=\"picture\">");
        if svg.len() > LONGEST_INLINE_SVG && png.len() * 4 / 3 < svg.len() {
            let _ = write!(
                self.body,
                "<img class=\"{class}\" width=\"{:.0}\" alt=\"{}\" src=\"data:image/png;base64,{}\"/>",
                figure.pixel_width(),
                escape_html(caption),
                base64::engine::general_purpose::STANDARD.encode(&png)
            );
        } else {
            let label = format!("<svg class=\"{class}\" aria-label=\"{}\"", escape_html(caption));
            self.body.push_str(&svg.replacen("<svg", &label, 1));
        }
        let _ = writeln!(
            self.body,
            "</div><figcaption><b>Figure {number}.</b>{}</figcaption></figure>",
            html_with_powers(caption)
        );
        self.figures.push(SavedFigure { name, svg, png });
        self
    }

    /// Adds text that is folded away until it is asked for.
    pub fn details(&mut self, summary: &str, text: &str) -> &mut Self {
        let _ = writeln!(
            self.body,
            "<details><summary>{}</summary><pre>{}</pre></details>",
            html_with_powers(summary),
            escape_html(text)
        );
        self
    }

    /// Sets the footer: version, command line, seed, machine and times of a run.
    pub fn footer(&mut self, record: &RunRecord) -> &mut Self {
        let version = match &record.git_commit {
            Some(commit) => {
                format!("{} (commit {})", record.version, commit.get(..12).unwrap_or(commit))
            }
            None => record.version.clone(),
        };
        let end = match (&record.end, record.state) {
            (Some(end), RunState::Done) => format!("done {end}"),
            (Some(end), _) => format!("ended {end}"),
            (None, _) => format!("report written {}", utc_now()),
        };
        let resumed = match record.resumed.last() {
            Some(last) => format!(", resumed {} times, last {last}", record.resumed.len()),
            None => String::new(),
        };
        let machine = &record.machine;
        let cores = if machine.cores == 1 {
            "1 core".to_string()
        } else {
            format!("{} cores", machine.cores)
        };
        let entries = [
            ("Version", version),
            ("Command", shell_words(&record.command_line)),
            ("Seed", record.seed.to_string()),
            ("Machine", format!("{}, {cores}, {}", machine.cpu, machine.os)),
            ("Time", format!("started {}{resumed}, {end}", record.start)),
        ];
        self.footer = entries
            .iter()
            .map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", escape_html(value)))
            .collect();
        self
    }

    /// Whether a footer was set.
    pub(crate) fn has_footer(&self) -> bool {
        !self.footer.is_empty()
    }

    /// Names and CSV of the tables.
    pub(crate) fn tables(&self) -> &[(String, String)] {
        &self.tables
    }

    /// The figures with their names.
    pub(crate) fn figures(&self) -> &[SavedFigure] {
        &self.figures
    }

    fn contents(&self) -> String {
        if self.headings.len() < 3 {
            return String::new();
        }
        let mut html = String::from("<nav aria-label=\"Contents\"><strong>Contents</strong><ol>\n");
        let mut headings = self.headings.iter().peekable();
        while let Some((_, text, anchor)) = headings.next() {
            let _ = write!(html, "<li><a href=\"#{anchor}\">{}</a>", html_with_powers(text));
            let mut is_open = false;
            while let Some((_, text, anchor)) = headings.next_if(|(level, _, _)| *level == 3) {
                if !std::mem::replace(&mut is_open, true) {
                    html.push_str("<ol>");
                }
                let _ =
                    write!(html, "<li><a href=\"#{anchor}\">{}</a></li>", html_with_powers(text));
            }
            html.push_str(if is_open { "</ol></li>\n" } else { "</li>\n" });
        }
        html + "</ol></nav>\n"
    }

    /// The whole file.
    pub fn to_html(&self) -> String {
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>\n",
            escape_html(&self.title),
            font_faces(),
            include_str!("report.css"),
            html_with_powers(&self.title)
        );
        if !self.subtitle.is_empty() {
            let _ =
                writeln!(html, "<p class=\"subtitle\">{}</p>", html_with_powers(&self.subtitle));
        }
        if !self.summary.is_empty() {
            html.push_str("<div class=\"abstract\">");
            for paragraph in &self.summary {
                let _ = write!(html, "<p>{}</p>", html_with_powers(paragraph));
            }
            html.push_str("</div>\n");
        }
        if !self.tiles.is_empty() {
            let _ = write!(html, "<ul class=\"tiles\">\n{}</ul>\n", self.tiles);
        }
        let _ = write!(html, "</header>\n{}<main>\n{}</main>\n", self.contents(), self.body);
        if !self.footer.is_empty() {
            let _ = write!(html, "<footer><dl>\n{}</dl></footer>\n", self.footer);
        }
        html + "</body>\n</html>\n"
    }
}

/// The figures' fonts, so that they look the same on every machine.
fn font_faces() -> String {
    let faces: [(&str, &[u8]); 3] = [
        ("normal;font-weight:400", include_bytes!("../assets/Arimo-Regular.woff2")),
        ("normal;font-weight:700", include_bytes!("../assets/Arimo-Bold.woff2")),
        ("italic;font-weight:400", include_bytes!("../assets/Arimo-Italic.woff2")),
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

/// A command line as it can be typed into a POSIX shell.
fn shell_words(words: &[String]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| {
            let is_plain = !word.is_empty()
                && word.chars().all(|c| c.is_alphanumeric() || "-_./=:,+@%".contains(c));
            if is_plain { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
        })
        .collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_dir::{Machine, RunInfo};
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
        assert!(!html.contains("<script"));
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
    fn footer_says_who_when_and_how() {
        let info = RunInfo {
            command: "demo".into(),
            version: "1.2.3".into(),
            seed: 42,
            command_line: vec![
                "equipoise".into(),
                "demo".into(),
                "--set".into(),
                "a b='<c>'".into(),
            ],
            git_commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
        };
        let record = RunRecord {
            machine: Machine { cpu: "cpu".into(), cores: 2, os: "os".into() },
            ..RunRecord::starting(&info)
        };
        let mut report = Report::new("t");
        report.footer(&record);
        let html = report.to_html();
        let document = parse(&html);
        let values: Vec<&str> = document
            .descendants()
            .filter(|n| n.has_tag_name("dd"))
            .map(|n| n.text().unwrap())
            .collect();
        assert_eq!(values[0], "1.2.3 (commit 0123456789ab)");
        assert_eq!(values[1], "equipoise demo --set 'a b='\\''<c>'\\'''");
        assert_eq!(values[2..4], ["42", "cpu, 2 cores, os"]);
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
