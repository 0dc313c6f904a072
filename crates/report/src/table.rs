//! Tables that are built once and written as CSV, HTML, Markdown and aligned text.

mod cell;

use std::fmt::Write as _;

use equipoise_figure::escape_html;
use equipoise_figure::number::{fixed, scientific, significant};

pub use cell::Cell;

/// How the numbers of a column are shown. CSV always has every digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFormat {
    /// So many decimals.
    Decimals(usize),
    /// So many significant digits, plain where that is short and `×10^n` where not.
    Significant(usize),
    /// Mantissa with so many decimals, and a power of ten.
    Scientific(usize),
    /// A fraction shown in per cent with so many decimals.
    Percent(usize),
    /// A p-value: `<0.001` or three decimals.
    PValue,
}

impl NumberFormat {
    /// Writes a number in this format (without the per cent sign, which is the column's unit).
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Decimals(decimals) => fixed(value, decimals),
            Self::Significant(digits) => significant(value, digits),
            Self::Scientific(decimals) => scientific(value, decimals),
            Self::Percent(decimals) => fixed(value * 100.0, decimals),
            Self::PValue if value < 0.001 => "<0.001".to_string(),
            Self::PValue => fixed(value, 3),
        }
    }
}

/// Which value of a column is marked as the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Best {
    /// The highest.
    Highest,
    /// The lowest.
    Lowest,
}

/// A column of a [`Table`].
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    name: String,
    unit: Option<String>,
    key: Option<String>,
    format: NumberFormat,
    best: Option<Best>,
    numeric: bool,
}

impl Column {
    fn new(name: &str, format: NumberFormat, numeric: bool) -> Self {
        Self { name: name.to_string(), unit: None, key: None, format, best: None, numeric }
    }

    /// A column of words, aligned left.
    pub fn text(name: &str) -> Self {
        Self::new(name, NumberFormat::Significant(4), false)
    }

    /// A column of numbers with four significant digits, aligned right.
    pub fn number(name: &str) -> Self {
        Self::new(name, NumberFormat::Significant(4), true)
    }

    /// A column of whole numbers, aligned right.
    pub fn integer(name: &str) -> Self {
        Self::new(name, NumberFormat::Decimals(0), true)
    }

    /// A column of fractions shown in per cent.
    pub fn percent(name: &str, decimals: usize) -> Self {
        Self::new(name, NumberFormat::Percent(decimals), true)
    }

    /// A column of p-values.
    pub fn p_value(name: &str) -> Self {
        Self::new(name, NumberFormat::PValue, true)
    }

    /// Shows so many decimals.
    #[must_use]
    pub fn decimals(self, decimals: usize) -> Self {
        self.format(NumberFormat::Decimals(decimals))
    }

    /// Sets the format of the numbers.
    #[must_use]
    pub fn format(mut self, format: NumberFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets the unit, shown in the heading.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = Some(unit.to_string());
        self
    }

    /// Sets the name in CSV; by default it is made from name and unit (`PSNR`, `dB` → `psnr_db`).
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_string());
        self
    }

    /// Marks the best value.
    #[must_use]
    pub fn best(mut self, best: Best) -> Self {
        self.best = Some(best);
        self
    }

    /// Heading with unit: `PSNR (dB)`.
    fn heading(&self) -> String {
        let unit = match (&self.unit, self.format) {
            (Some(unit), _) => unit.as_str(),
            (None, NumberFormat::Percent(_)) => "%",
            (None, _) => return self.name.clone(),
        };
        format!("{} ({unit})", self.name)
    }

    fn csv_key(&self) -> String {
        self.key.clone().unwrap_or_else(|| {
            let unit = self.unit.as_deref().unwrap_or_default().replace('%', "percent");
            slug(&format!("{} {unit}", self.name))
        })
    }

    fn show(&self, cell: &Cell) -> String {
        match cell {
            Cell::Text(text) => text.clone(),
            Cell::Number(value) => self.format.show(*value),
            Cell::Integer(value) => match self.format {
                NumberFormat::Decimals(_) | NumberFormat::Significant(_) => value.to_string(),
                other => other.show(*value as f64),
            },
            Cell::Interval { value, low, high } => format!(
                "{} [{}, {}]",
                self.format.show(*value),
                self.format.show(*low),
                self.format.show(*high)
            ),
            Cell::PlusMinus { value, spread } => {
                format!("{} ± {}", self.format.show(*value), self.format.show(*spread))
            }
            Cell::Missing => "–".to_string(),
        }
    }
}

/// The shortest text that reads back as the same number.
fn all_digits(value: f64) -> String {
    let is_ordinary = value == 0.0 || !value.is_finite() || (1e-5..1e15).contains(&value.abs());
    if is_ordinary { value.to_string() } else { format!("{value:e}") }
}

/// Lower case letters and digits, with `_` for every run of other characters.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.trim_end_matches('_').to_string()
}

/// A table: typed columns, rows, a caption.
///
/// ```
/// use equipoise_report::{Best, Cell, Column, Table};
/// let mut table = Table::new("Reconstruction of the test set")
///     .column(Column::text("regime"))
///     .column(Column::number("PSNR").unit("dB").decimals(2).best(Best::Highest))
///     .column(Column::percent("accuracy", 1));
/// table.row(["balanced".into(), Cell::interval(29.651, 29.5, 29.8), 0.8215.into()]);
/// table.row(["unbalanced".into(), 28.73.into(), Cell::Missing]);
/// assert_eq!(
///     table.to_csv(),
///     "regime,psnr_db,psnr_db_low,psnr_db_high,accuracy\nbalanced,29.651,29.5,29.8,0.8215\nunbalanced,28.73,,,\n"
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    notes: Vec<String>,
}

impl Table {
    /// An empty table.
    pub fn new(caption: &str) -> Self {
        Self {
            caption: caption.to_string(),
            columns: Vec::new(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        for row in &mut self.rows {
            row.push(Cell::Missing);
        }
        self
    }

    /// Adds a line below the table (what an interval is, how many images).
    #[must_use]
    pub fn note(mut self, note: &str) -> Self {
        self.notes.push(note.to_string());
        self
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If the row has not one cell a column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) -> &mut Self {
        let cells: Vec<Cell> = cells.into_iter().collect();
        assert_eq!(
            cells.len(),
            self.columns.len(),
            "a row of table {:?} needs one cell a column",
            self.caption
        );
        self.rows.push(cells);
        self
    }

    /// The caption.
    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// For each row and column the text shown and whether it is the best of its column.
    fn shown(&self) -> Vec<Vec<(String, bool)>> {
        let best: Vec<Option<String>> =
            self.columns.iter().enumerate().map(|(c, _)| self.best_shown(c)).collect();
        self.rows
            .iter()
            .map(|row| {
                row.iter()
                    .enumerate()
                    .map(|(c, cell)| {
                        let column = &self.columns[c];
                        let is_best = best[c].is_some()
                            && cell.number().map(|value| column.format.show(value)) == best[c];
                        (column.show(cell), is_best)
                    })
                    .collect()
            })
            .collect()
    }

    /// The best value of a column as it is shown, so that what reads the same is marked the same.
    fn best_shown(&self, column: usize) -> Option<String> {
        let best = self.columns[column].best?;
        let values =
            self.rows.iter().filter_map(|row| row[column].number()).filter(|v| v.is_finite());
        let extreme = match best {
            Best::Highest => values.reduce(f64::max),
            Best::Lowest => values.reduce(f64::min),
        }?;
        (self.rows.len() > 1).then(|| self.columns[column].format.show(extreme))
    }

    /// The table as CSV (RFC 4180, `\n` line ends), every number with all its digits. A column with intervals or
    /// spreads takes further columns `_low`, `_high` or `_spread`; a missing value is empty.
    pub fn to_csv(&self) -> String {
        let mut header = Vec::new();
        let mut shapes = Vec::new();
        for (c, column) in self.columns.iter().enumerate() {
            let has = |test: fn(&Cell) -> bool| self.rows.iter().any(|row| test(&row[c]));
            let interval = has(|cell| matches!(cell, Cell::Interval { .. }));
            let spread = has(|cell| matches!(cell, Cell::PlusMinus { .. }));
            let key = column.csv_key();
            if interval {
                header.extend([key.clone(), format!("{key}_low"), format!("{key}_high")]);
            } else {
                header.push(key.clone());
            }
            if spread {
                header.push(format!("{key}_spread"));
            }
            shapes.push((interval, spread));
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut lines = vec![header];
        for row in &self.rows {
            let mut line = Vec::new();
            for (cell, &(interval, spread)) in row.iter().zip(&shapes) {
                line.push(match cell {
                    Cell::Text(text) => text.clone(),
                    Cell::Integer(value) => value.to_string(),
                    Cell::Missing => String::new(),
                    other => other.number().map_or_else(String::new, all_digits),
                });
                if interval {
                    match cell {
                        Cell::Interval { low, high, .. } => {
                            line.extend([all_digits(*low), all_digits(*high)])
                        }
                        _ => line.extend([String::new(), String::new()]),
                    }
                }
                if spread {
                    line.push(match cell {
                        Cell::PlusMinus { spread, .. } => all_digits(*spread),
                        _ => String::new(),
                    });
                }
            }
            lines.push(line);
        }
        for line in lines {
            writer
                .write_record(&line)
                .expect("all records have the header's length, and memory does not fail");
        }
        let bytes = writer.into_inner().expect("writing to memory does not fail");
        String::from_utf8(bytes).expect("all fields were strings")
    }

    /// The table as HTML: caption, `<table>` that can be scrolled on a small screen, notes; numbers aligned right,
    /// best values bold.
    pub fn to_html(&self) -> String {
        self.html_with_caption(&html_with_powers(&self.caption))
    }

    /// As [`to_html`](Self::to_html) with a caption made by the caller.
    pub(crate) fn html_with_caption(&self, caption: &str) -> String {
        let mut html = String::from("<div class=\"table\">");
        if !caption.is_empty() {
            let _ = write!(html, "<p class=\"caption\">{caption}</p>");
        }
        html.push_str("<div class=\"scroll\"><table><thead><tr>");
        let class = |column: &Column| if column.numeric { " class=\"number\"" } else { "" };
        for column in &self.columns {
            let _ = write!(
                html,
                "<th scope=\"col\"{}>{}</th>",
                class(column),
                html_with_powers(&column.heading())
            );
        }
        html.push_str("</tr></thead><tbody>\n");
        for row in self.shown() {
            html.push_str("<tr>");
            for ((text, best), column) in row.iter().zip(&self.columns) {
                let text = if column.numeric { html_with_powers(text) } else { escape_html(text) };
                let text = if *best { format!("<strong>{text}</strong>") } else { text };
                // Short words stay on one line; a small screen scrolls.
                let is_short = !column.numeric && text.chars().count() <= 32;
                let class = if is_short { " class=\"short\"" } else { class(column) };
                let _ = write!(html, "<td{class}>{text}</td>");
            }
            html.push_str("</tr>\n");
        }
        if self.rows.is_empty() {
            let _ = writeln!(
                html,
                "<tr><td colspan=\"{}\" class=\"empty\">no data</td></tr>",
                self.columns.len().max(1)
            );
        }
        html.push_str("</tbody></table></div>");
        for note in &self.notes {
            let _ = write!(html, "<p class=\"note\">{}</p>", escape_html(note));
        }
        html.push_str("</div>\n");
        html
    }

    /// The table as GitHub-flavoured Markdown, best values bold.
    pub fn to_markdown(&self) -> String {
        let escape = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ");
        let mut text = String::new();
        if !self.caption.is_empty() {
            let _ = writeln!(text, "{}\n", escape(&self.caption));
        }
        let headings: Vec<String> =
            self.columns.iter().map(|c| escape(&plain_powers(&c.heading()))).collect();
        let rules: Vec<&str> =
            self.columns.iter().map(|c| if c.numeric { "--:" } else { "---" }).collect();
        let _ = writeln!(text, "| {} |\n|{}|", headings.join(" | "), rules.join("|"));
        for row in self.shown() {
            let cells: Vec<String> = row
                .iter()
                .map(|(cell, best)| {
                    let cell = escape(&plain_powers(cell));
                    if *best { format!("**{cell}**") } else { cell }
                })
                .collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        for note in &self.notes {
            let _ = write!(text, "\n{}\n", escape(note));
        }
        text
    }

    /// The table as aligned text for a terminal, best values followed by `*`.
    pub fn to_text(&self) -> String {
        let shown: Vec<Vec<String>> = self
            .shown()
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .zip(&self.columns)
                    .map(|((text, best), column)| {
                        let text = plain_powers(&text).replace('\n', " ");
                        // The mark takes its own place in every row, so that digits stay below digits.
                        match (column.best.is_some(), best) {
                            (true, true) => text + "*",
                            (true, false) => text + " ",
                            _ => text,
                        }
                    })
                    .collect()
            })
            .collect();
        let headings: Vec<String> = self
            .columns
            .iter()
            .map(|c| plain_powers(&c.heading()) + if c.best.is_some() { " " } else { "" })
            .collect();
        let widths: Vec<usize> = headings
            .iter()
            .enumerate()
            .map(|(c, heading)| {
                shown
                    .iter()
                    .map(|row| row[c].chars().count())
                    .chain([heading.chars().count()])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let line = |cells: &[String]| {
            let mut line = String::new();
            for ((cell, column), &width) in cells.iter().zip(&self.columns).zip(&widths) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                let space = " ".repeat(width - cell.chars().count());
                line += &if column.numeric { space + cell } else { cell.clone() + &space };
            }
            line.trim_end().to_string() + "\n"
        };
        let mut text =
            if self.caption.is_empty() { String::new() } else { format!("{}\n", self.caption) };
        text += &line(&headings);
        text += &line(&widths.iter().map(|&width| "-".repeat(width)).collect::<Vec<_>>());
        for row in &shown {
            text += &line(row);
        }
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        text
    }
}

/// Escapes, and turns `^{..}` and `_{..}` into raised and lowered text.
pub(crate) fn html_with_powers(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("^{").into_iter().chain(rest.find("_{")).min() {
        let Some(length) = rest[start..].find('}') else { break };
        let tag = if rest[start..].starts_with('^') { "sup" } else { "sub" };
        html += &escape_html(&rest[..start]);
        let _ = write!(html, "<{tag}>{}</{tag}>", escape_html(&rest[start + 2..start + length]));
        rest = &rest[start + length + 1..];
    }
    html + &escape_html(rest)
}

/// `^{-3}` as `^-3` where nothing can be raised.
fn plain_powers(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("^{").into_iter().chain(rest.find("_{")).min() {
        let Some(length) = rest[start..].find('}') else { break };
        plain += &rest[..=start];
        plain += &rest[start + 2..start + length];
        rest = &rest[start + length + 1..];
    }
    plain + rest
}

#[cfg(test)]
mod tests;
