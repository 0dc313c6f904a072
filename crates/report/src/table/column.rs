//! What a column of a table is called and how its values are shown.

use equipoise_figure::number::{fixed, scientific, significant};

use super::cell::Cell;

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
    /// As it would be typed: up to six significant digits, without zeros at the end.
    Plain,
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
            Self::Plain => plain(value),
        }
    }
}

fn plain(value: f64) -> String {
    let rounded = format!("{value:.5e}").parse().unwrap_or(value);
    if rounded == 0.0 || (1e-4..1e6).contains(&rounded.abs()) {
        return rounded.to_string().replace('-', "−");
    }
    significant(value, 6)
}

/// Which value of a column is marked as the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Best {
    /// The highest.
    Highest,
    /// The lowest.
    Lowest,
}

/// A column of a [`Table`](crate::Table).
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    name: String,
    unit: Option<String>,
    key: Option<String>,
    pub(super) format: NumberFormat,
    pub(super) best: Option<Best>,
    pub(super) numeric: bool,
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
    pub(super) fn heading(&self) -> String {
        let unit = match (&self.unit, self.format) {
            (Some(unit), _) => unit.as_str(),
            (None, NumberFormat::Percent(_)) => "%",
            (None, _) => return self.name.clone(),
        };
        format!("{} ({unit})", self.name)
    }

    pub(super) fn csv_key(&self) -> String {
        self.key.clone().unwrap_or_else(|| {
            let unit = self.unit.as_deref().unwrap_or_default().replace('%', "percent");
            slug(&format!("{} {unit}", self.name))
        })
    }

    pub(super) fn show(&self, cell: &Cell) -> String {
        match cell {
            Cell::Text(text) | Cell::Link { words: text, .. } => text.clone(),
            Cell::Number(value) => self.format.show(*value),
            Cell::Integer(value) => match self.format {
                NumberFormat::Decimals(_) | NumberFormat::Significant(_) | NumberFormat::Plain => {
                    value.to_string()
                }
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
