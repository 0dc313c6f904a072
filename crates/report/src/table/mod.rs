//! Tables that are built once and written as CSV, HTML, Markdown and aligned text.

mod cell;
mod column;
mod comma;
mod html;
mod parameters;
mod text;

pub use cell::Cell;
pub(crate) use column::slug;
pub use column::{Best, Column, NumberFormat};
pub use parameters::{Parameter, parameter_table};
pub use text::wrap;

/// A table: typed columns, rows, a caption.
///
/// A column without any value is left out where people read it; CSV has every column.
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

    /// The columns that have a value in some row; all of a table without rows.
    fn filled(&self) -> Vec<usize> {
        let is_empty = |cell: &Cell| match cell {
            Cell::Missing => true,
            Cell::Text(text) => text.trim().is_empty(),
            _ => false,
        };
        let has_value = |&c: &usize| self.rows.iter().any(|row| !is_empty(&row[c]));
        (0..self.columns.len()).filter(|c| self.rows.is_empty() || has_value(c)).collect()
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
}

#[cfg(test)]
mod tests;
