//! Values of a table.

/// One value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A real number; NaN and infinities are shown as such.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// An estimate with the ends of its interval.
    Interval {
        /// The estimate.
        value: f64,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// A mean with its standard deviation or error.
    PlusMinus {
        /// The mean.
        value: f64,
        /// What stands after the ±.
        spread: f64,
    },
    /// Words that lead somewhere, where people read the table as a page.
    Link {
        /// The words.
        words: String,
        /// Where they lead.
        address: String,
    },
    /// No value.
    Missing,
}

impl Cell {
    /// An estimate with an interval.
    pub fn interval(value: f64, low: f64, high: f64) -> Self {
        Self::Interval { value, low, high }
    }

    /// A mean with its standard deviation or error.
    pub fn plus_minus(value: f64, spread: f64) -> Self {
        Self::PlusMinus { value, spread }
    }

    /// The number that this cell is compared by.
    pub(super) fn number(&self) -> Option<f64> {
        match *self {
            Self::Number(value) | Self::Interval { value, .. } | Self::PlusMinus { value, .. } => {
                Some(value)
            }
            Self::Integer(value) => Some(value as f64),
            Self::Text(_) | Self::Link { .. } | Self::Missing => None,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}
impl From<f32> for Cell {
    fn from(value: f32) -> Self {
        Self::Number(f64::from(value))
    }
}
impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Text(if value { "yes" } else { "no" }.to_string())
    }
}
macro_rules! cell_from_integer {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Cell {
            fn from(value: $kind) -> Self {
                i64::try_from(value).map_or(Self::Number(value as f64), Self::Integer)
            }
        }
    )*};
}
cell_from_integer!(i32, i64, u8, u16, u32, u64, usize);
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}
