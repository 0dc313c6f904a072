//! A table as text: aligned for a terminal, and as Markdown.

use std::fmt::Write as _;

use super::{Column, Table};
use crate::markup::plain_text;

/// Space between two columns.
const GAP: usize = 2;
/// Words are not broken into columns narrower than this; a table that needs it is shown row by row.
const NARROWEST: usize = 12;

/// What a table comes to as text.
struct Shown<'a> {
    columns: Vec<&'a Column>,
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The table as GitHub-flavoured Markdown, best values bold.
    pub fn to_markdown(&self) -> String {
        let escape = |text: &str| {
            plain_text(text).replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ")
        };
        let columns = self.filled();
        let mut text = String::new();
        if !self.caption.is_empty() {
            let _ = writeln!(text, "{}\n", escape(&self.caption));
        }
        let headings: Vec<String> =
            columns.iter().map(|&c| escape(&self.columns[c].heading())).collect();
        let rule = |&c: &usize| if self.columns[c].numeric { "--:" } else { "---" };
        let rules: Vec<&str> = columns.iter().map(rule).collect();
        let _ = writeln!(text, "| {} |\n|{}|", headings.join(" | "), rules.join("|"));
        for row in self.shown() {
            let cell = |&c: &usize| match &row[c] {
                (cell, true) => format!("**{}**", escape(cell)),
                (cell, false) => escape(cell),
            };
            let cells: Vec<String> = columns.iter().map(cell).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        for note in &self.notes {
            let _ = write!(text, "\n{}\n", escape(note));
        }
        text
    }

    /// The table as aligned text for a terminal, best values followed by `*`, as wide as it needs to be.
    pub fn to_text(&self) -> String {
        self.to_text_within(usize::MAX)
    }

    /// The table as text for a terminal of `width` columns. Headings and words are broken into lines where the
    /// table is wider than that; where this is not enough, each row becomes a block of lines `heading: value`.
    pub fn to_text_within(&self, width: usize) -> String {
        let rows = self.shown();
        let has_mark = rows.iter().flatten().any(|(_, best)| *best);
        let shown = self.as_words(rows);
        let body = match column_widths(&shown, width) {
            Some(widths) => aligned(&shown, &widths),
            None => stacked(&shown, width),
        };
        let paragraph = |words: &String| wrapped(&one_line(words), width).join("\n") + "\n";
        let caption = Some(&self.caption).filter(|caption| !caption.is_empty());
        let notes: String = self.notes.iter().map(paragraph).collect();
        let mark = has_mark.then(|| paragraph(&"* the best of its column".to_owned()));
        caption.map(paragraph).unwrap_or_default() + &body + &mark.unwrap_or_default() + &notes
    }

    /// Whether no word of a cell has to be broken, nor a row to become a block of lines, for a terminal
    /// of `width` columns.
    pub fn fits(&self, width: usize) -> bool {
        let shown = self.as_words(self.shown());
        let least = least_by_heading(&shown);
        least.iter().sum::<usize>() + GAP * least.len().saturating_sub(1) <= width
    }

    fn as_words(&self, rows: Vec<Vec<(String, bool)>>) -> Shown<'_> {
        let filled = self.filled();
        let columns: Vec<&Column> = filled.iter().map(|&c| &self.columns[c]).collect();
        // The mark takes its own place in every row, so that digits stay below digits.
        let mark = |column: &Column, best| match (column.best.is_some(), best) {
            (true, true) => "*",
            (true, false) => " ",
            _ => "",
        };
        let rows = rows.into_iter().map(|row| {
            let cell = |&c: &usize| one_line(&row[c].0) + mark(&self.columns[c], row[c].1);
            filled.iter().map(cell).collect()
        });
        let headings = columns.iter().map(|c| one_line(&c.heading()) + mark(c, false)).collect();
        Shown { rows: rows.collect(), headings, columns }
    }
}

fn one_line(text: &str) -> String {
    plain_text(text).replace(['\n', '\t'], " ")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// The width of each column with its heading broken at spaces, and its cells whole.
fn least_by_heading(shown: &Shown<'_>) -> Vec<usize> {
    let cells = |c: usize| shown.rows.iter().map(|row| length(&row[c])).max().unwrap_or(0);
    (0..shown.columns.len()).map(|c| cells(c).max(longest_word(&shown.headings[c]))).collect()
}

fn longest_word(text: &str) -> usize {
    text.split(' ').map(length).max().unwrap_or(0)
}

/// The width of each column so that a line is at most `width` long; none if that cannot be.
fn column_widths(shown: &Shown<'_>, width: usize) -> Option<Vec<usize>> {
    let longest = |c: usize| shown.rows.iter().map(|row| length(&row[c])).max().unwrap_or(0);
    let count = shown.columns.len();
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * count.saturating_sub(1);
    let mut widths: Vec<usize> =
        (0..count).map(|c| longest(c).max(length(&shown.headings[c]))).collect();
    // First headings are broken, then words, the widest column first.
    let least_by_heading = least_by_heading(shown);
    let least: Vec<usize> = (0..count)
        .map(|c| match shown.columns[c].numeric {
            true => least_by_heading[c],
            false => NARROWEST.max(longest_word(&shown.headings[c])).min(least_by_heading[c]),
        })
        .collect();
    for least in [least_by_heading, least] {
        let mut excess = total(&widths).saturating_sub(width);
        while excess > 0 {
            let widest = (0..count).filter(|&c| widths[c] > least[c]).max_by_key(|&c| widths[c])?;
            // As far as the next widest that can give, so that columns shrink together.
            let next = (0..count)
                .filter(|&c| c != widest && widths[c] > least[c])
                .map(|c| widths[c])
                .max()
                .unwrap_or(0);
            let give = (widths[widest] - least[widest]).min(excess);
            let step = (widths[widest].saturating_sub(next)).clamp(1, give);
            widths[widest] -= step;
            excess -= step;
        }
        if total(&widths) <= width {
            return Some(widths);
        }
    }
    None
}

fn aligned(shown: &Shown<'_>, widths: &[usize]) -> String {
    let mut text = String::new();
    let mut lines = |cells: &[String], at_bottom: bool| {
        let parts: Vec<Vec<String>> =
            cells.iter().zip(widths).map(|(cell, &width)| wrapped(cell, width)).collect();
        let height = parts.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut row = String::new();
            for (c, part) in parts.iter().enumerate() {
                let before = if at_bottom { height - part.len() } else { 0 };
                let words = line.checked_sub(before).and_then(|line| part.get(line));
                let words = words.map_or("", String::as_str);
                let space = " ".repeat(widths[c].saturating_sub(length(words)));
                if c > 0 {
                    row.push_str(&" ".repeat(GAP));
                }
                match shown.columns[c].numeric {
                    true => row += &(space + words),
                    false => row += &(words.to_string() + &space),
                }
            }
            text += row.trim_end();
            text.push('\n');
        }
    };
    lines(&shown.headings, true);
    lines(&widths.iter().map(|&width| "-".repeat(width)).collect::<Vec<_>>(), true);
    for row in &shown.rows {
        lines(row, false);
    }
    text
}

/// One block of lines a row.
fn stacked(shown: &Shown<'_>, width: usize) -> String {
    let mut text = String::new();
    let name_width = shown.headings.iter().map(|h| length(h.trim_end())).max().unwrap_or(0);
    for (index, row) in shown.rows.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        for (heading, cell) in shown.headings.iter().zip(row) {
            let (heading, cell) = (heading.trim_end(), cell.trim_end());
            if name_width + GAP + length(cell) <= width {
                let space = " ".repeat(name_width - length(heading) + GAP);
                let _ = writeln!(text, "{heading}{space}{cell}");
                continue;
            }
            for line in wrapped(heading, width) {
                let _ = writeln!(text, "{line}");
            }
            for line in wrapped(cell, width.saturating_sub(GAP).max(1)) {
                let _ = writeln!(text, "{}{line}", " ".repeat(GAP));
            }
        }
    }
    text
}

/// Text whose lines have at most `width` characters: those that are longer are broken at spaces.
///
/// ```
/// assert_eq!(equipoise_report::wrap("a line\nand a longer one", 10), "a line\nand a\nlonger one");
/// ```
pub fn wrap(text: &str, width: usize) -> String {
    let lines: Vec<String> = text.lines().flat_map(|line| wrapped(line, width)).collect();
    lines.join("\n")
}

/// The text in lines of at most `width` characters, broken at spaces, and within words that are longer.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    if length(text) <= width {
        return vec![text.to_string()];
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let line = lines.last().map_or(0, |line| length(line));
        if line > 0 && line + 1 + length(word) > width {
            lines.push(String::new());
        }
        let mut rest: Vec<char> = word.chars().collect();
        while rest.len() > width {
            let after = rest.split_off(width);
            push_word(&mut lines, &rest);
            lines.push(String::new());
            rest = after;
        }
        push_word(&mut lines, &rest);
    }
    lines
}

fn push_word(lines: &mut [String], word: &[char]) {
    if let Some(line) = lines.last_mut() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
}
