//! A table as comma-separated values.

use super::Table;
use super::cell::Cell;

impl Table {
    /// The table as CSV (RFC 4180, `\n` line ends), every number with all its digits. A column with intervals or
    /// spreads takes further columns `_low`, `_high` or `_spread`; a missing value is empty.
    ///
    /// Words that a spreadsheet would run as a formula (they begin with `=`, `@`, or with `+` or `-` and are no
    /// number) get a `'` in front, which makes it show them as they are.
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
                    Cell::Text(text) | Cell::Link { words: text, .. } => guarded(text),
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
}

/// The shortest text that reads back as the same number.
pub(super) fn all_digits(value: f64) -> String {
    let is_ordinary = value == 0.0 || !value.is_finite() || (1e-5..1e15).contains(&value.abs());
    if is_ordinary { value.to_string() } else { format!("{value:e}") }
}

/// Words as a spreadsheet may read them.
fn guarded(text: &str) -> String {
    let is_number = || text.trim().parse::<f64>().is_ok();
    let is_formula = match text.chars().next() {
        Some('=' | '@' | '\t' | '\r') => true,
        // A sign alone stands for "nothing" in tables.
        Some('+' | '-') => text.len() > 1 && !is_number(),
        _ => false,
    };
    if is_formula { format!("'{text}") } else { text.to_string() }
}
