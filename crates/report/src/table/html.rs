//! A table as HTML.

use std::fmt::Write as _;

use base64::Engine as _;
use equipoise_figure::escape_html;

use super::comma::all_digits;
use super::{Cell, Column, Table};
use crate::markup::{plain_text, to_html};

/// From so many columns on a table is set tighter, intervals below their estimates.
const MANY_COLUMNS: usize = 7;
/// Words up to this length stay on one line.
const SHORT: usize = 32;

impl Table {
    /// The table as HTML: caption, `<table>` that can be scrolled where it is wider than the page, notes; numbers
    /// aligned right, best values bold.
    pub fn to_html(&self) -> String {
        self.html(&to_html(self.caption()), &plain_text(self.caption()), None)
    }

    /// As [`to_html`](Self::to_html) with a caption made by the caller, also as a label without markup, and a link to
    /// the values as the file `<name>.csv`.
    pub(crate) fn html(&self, caption: &str, label: &str, name: Option<&str>) -> String {
        let mut html = String::from("<div class=\"table\">");
        if !caption.is_empty() {
            let _ = write!(html, "<p class=\"caption\">{caption}</p>");
        }
        let columns = self.filled();
        // What can be scrolled must be within reach of the keyboard, and so needs a name.
        let label = if label.is_empty() { "table" } else { label };
        let dense = if columns.len() >= MANY_COLUMNS { " class=\"dense\"" } else { "" };
        let _ = write!(
            html,
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table{dense}><thead><tr>",
            escape_html(label)
        );
        let class = |column: &Column| if column.numeric { " class=\"number\"" } else { "" };
        for &c in &columns {
            let column = &self.columns[c];
            let heading = breakable(&to_html(&column.heading()));
            let _ = write!(html, "<th scope=\"col\"{}>{heading}</th>", class(column));
        }
        html.push_str("</tr></thead><tbody>\n");
        for (row, shown) in self.rows.iter().zip(self.shown()) {
            html.push_str("<tr>");
            for &c in &columns {
                let (column, (text, best)) = (&self.columns[c], &shown[c]);
                let value = cell_html(column, &row[c]);
                let value = if *best { format!("<strong>{value}</strong>") } else { value };
                // Short words stay on one line; a small screen scrolls.
                let is_short = !column.numeric && text.chars().count() <= SHORT;
                let class = if is_short { " class=\"short\"" } else { class(column) };
                let number = row[c].number().map_or_else(String::new, |number| {
                    format!(" data-value=\"{}\"", all_digits(number))
                });
                let _ = write!(html, "<td{class}{number}>{value}</td>");
            }
            html.push_str("</tr>\n");
        }
        if self.rows.is_empty() {
            let span = columns.len().max(1);
            let _ = writeln!(html, "<tr><td colspan=\"{span}\" class=\"empty\">no data</td></tr>");
        }
        html.push_str("</tbody></table></div>");
        for note in &self.notes {
            let _ = write!(html, "<p class=\"note\">{}</p>", to_html(note));
        }
        if let Some(name) = name.filter(|_| !self.rows.is_empty()) {
            let name = escape_html(name);
            let data = base64::engine::general_purpose::STANDARD.encode(self.to_csv());
            let _ = write!(
                html,
                "<p class=\"tools\"><a download=\"{name}.csv\" aria-label=\"Save the table {name} as CSV\" \
                 href=\"data:text/csv;charset=utf-8;base64,{data}\">CSV</a></p>"
            );
        }
        html.push_str("</div>\n");
        html
    }
}

/// A heading that may be broken within a dotted name.
fn breakable(html: &str) -> String {
    let mut broken = String::with_capacity(html.len());
    let mut rest = html.chars().peekable();
    while let Some(c) = rest.next() {
        broken.push(c);
        if matches!(c, '.' | '_') && rest.peek().is_some_and(|next| next.is_alphabetic()) {
            broken.push_str("<wbr/>");
        }
    }
    broken
}

/// A value; the ends of an interval may go below the estimate.
fn cell_html(column: &Column, cell: &Cell) -> String {
    let show = |value: f64| to_html(&column.format.show(value));
    match *cell {
        Cell::Link { ref words, ref address } => {
            format!("<a href=\"{}\">{}</a>", escape_html(address), to_html(words))
        }
        Cell::Interval { value, low, high } => {
            format!("{} <span class=\"ends\">[{}, {}]</span>", show(value), show(low), show(high))
        }
        Cell::PlusMinus { value, spread } => {
            format!("{} <span class=\"ends\">± {}</span>", show(value), show(spread))
        }
        _ => to_html(&column.show(cell)),
    }
}
