//! Numbers as they are printed: true minus sign, no stray digits, powers of ten raised (`10^{−3}`).

/// The minus sign of typography.
pub const MINUS: char = '\u{2212}';

/// `value` with so many decimals. NaN is `NaN`, infinities are `∞` and `−∞`, and a rounded zero has no sign.
pub fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "NaN".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".to_string() } else { format!("{MINUS}∞") };
    }
    let digits = format!("{:.decimals$}", value.abs());
    let is_zero = digits.bytes().all(|b| matches!(b, b'0' | b'.'));
    if value < 0.0 && !is_zero { format!("{MINUS}{digits}") } else { digits }
}

/// `value` as mantissa and power of ten, `1.5×10^{−3}`.
pub fn scientific(value: f64, decimals: usize) -> String {
    if !value.is_finite() || value == 0.0 {
        return fixed(value, if value == 0.0 { 0 } else { decimals });
    }
    let text = format!("{value:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!(
        "{}×10^{{{}}}",
        mantissa.replace('-', &MINUS.to_string()),
        exponent.replace('-', &MINUS.to_string())
    )
}

/// `value` with so many significant digits: plain from 0.001 to 999,999, scientific outside.
pub fn significant(value: f64, digits: usize) -> String {
    let digits = digits.max(1);
    if !value.is_finite() || value == 0.0 {
        return fixed(value, 0);
    }
    let text = format!("{:.*e}", digits - 1, value);
    let exponent: i32 = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if (-3..6).contains(&exponent) {
        fixed(value, usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0))
    } else {
        scientific(value, digits - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_printed() {
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(fixed(-1.25, 1), "−1.2");
        assert_eq!(fixed(f64::NAN, 1), "NaN");
        assert_eq!(fixed(f64::NEG_INFINITY, 1), "−∞");
        assert_eq!(scientific(-0.00123, 1), "−1.2×10^{−3}");
        assert_eq!(scientific(0.0, 3), "0");
        assert_eq!(significant(29.651, 4), "29.65");
        assert_eq!(significant(0.0012345, 3), "0.00123");
        assert_eq!(significant(0.00012345, 3), "1.23×10^{−4}");
        assert_eq!(significant(123_456.0, 3), "123456");
        assert_eq!(significant(9.999, 3), "10.0");
        assert_eq!(significant(1e9, 2), "1.0×10^{9}");
    }
}
