//! What a setting may be, and what is said of one that is something else.

use std::fmt;

/// A setting that is out of its range: which, what it is, and what it may be.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("`{key}` is {given}, not {allowed}")]
pub struct SettingError {
    /// The key, with those of the tables around it: `optimizer.learning_rate`.
    pub key: &'static str,
    /// What was given.
    pub given: Value,
    /// What would be right.
    pub allowed: Allowed,
}

/// A value of a setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(usize),
    /// Any number.
    Number(f64),
}

/// The values that a setting may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Allowed {
    /// Whole numbers from the first to the last.
    Whole(usize, usize),
    /// Finite numbers above 0.
    Positive,
    /// Numbers above 0, and at most this.
    PositiveUpTo(f64),
    /// Numbers above the first, and at most the last.
    Above(f64, f64),
    /// Finite numbers of 0 or more.
    NotNegative,
    /// Numbers from the first to the last.
    Closed(f64, f64),
    /// Numbers from the first up to the last, which is not one of them.
    HalfOpen(f64, f64),
}

impl Allowed {
    /// Whether this is one of the numbers.
    pub fn contains(self, value: f64) -> bool {
        match self {
            Allowed::Whole(least, most) => {
                value.fract() == 0.0 && (least as f64..=most as f64).contains(&value)
            }
            Allowed::Positive => value > 0.0 && value.is_finite(),
            Allowed::PositiveUpTo(most) => value > 0.0 && value <= most,
            Allowed::Above(bound, most) => value > bound && value <= most,
            Allowed::NotNegative => value >= 0.0 && value.is_finite(),
            Allowed::Closed(least, most) => (least..=most).contains(&value),
            Allowed::HalfOpen(least, end) => (least..end).contains(&value),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Whole(n) => write!(f, "{n}"),
            Value::Number(x) => write!(f, "{x}"),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowed::Whole(least, most) => write!(f, "{least} to {most}"),
            Allowed::Positive => write!(f, "a number above 0"),
            Allowed::PositiveUpTo(most) => write!(f, "a number above 0, at most {most}"),
            Allowed::Above(bound, most) => write!(f, "above {bound}, at most {most}"),
            Allowed::NotNegative => write!(f, "a number of 0 or more"),
            Allowed::Closed(least, most) => write!(f, "in [{least}, {most}]"),
            Allowed::HalfOpen(least, end) => write!(f, "in [{least}, {end})"),
        }
    }
}

/// Checks a whole number.
pub(crate) fn whole(
    key: &'static str,
    given: usize,
    least: usize,
    most: usize,
) -> Result<(), SettingError> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    Err(SettingError { key, given: Value::Whole(given), allowed: Allowed::Whole(least, most) })
}

/// Checks a number.
pub(crate) fn number(key: &'static str, given: f64, allowed: Allowed) -> Result<(), SettingError> {
    if allowed.contains(given) {
        return Ok(());
    }
    Err(SettingError { key, given: Value::Number(given), allowed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_numbers_and_no_others() {
        for (allowed, inside, outside) in [
            (Allowed::Whole(1, 9), [1.0, 9.0], [0.0, 2.5]),
            (Allowed::Positive, [1e-300, 1e300], [0.0, f64::INFINITY]),
            (Allowed::PositiveUpTo(2.0), [0.1, 2.0], [0.0, 2.1]),
            (Allowed::NotNegative, [0.0, 1e300], [-1e-300, f64::INFINITY]),
            (Allowed::Closed(0.0, 1.0), [0.0, 1.0], [-0.1, 1.1]),
            (Allowed::HalfOpen(0.0, 1.0), [0.0, 0.999], [-0.1, 1.0]),
        ] {
            assert!(inside.iter().all(|&x| allowed.contains(x)), "{allowed:?}");
            assert!(!outside.iter().any(|&x| allowed.contains(x)), "{allowed:?}");
            assert!(!allowed.contains(f64::NAN), "{allowed:?}");
        }
    }

    #[test]
    fn an_error_says_what_was_given_and_what_would_be_right() {
        assert_eq!(whole("layers", 3, 1, 3), Ok(()));
        let error = whole("layers", usize::MAX, 1, 3).unwrap_err();
        assert_eq!((error.key, error.given), ("layers", Value::Whole(usize::MAX)));
        assert_eq!(error.allowed, Allowed::Whole(1, 3));
        let error = number("rate", -1.0, Allowed::Positive).unwrap_err();
        assert_eq!((error.given, error.allowed), (Value::Number(-1.0), Allowed::Positive));
    }
}
