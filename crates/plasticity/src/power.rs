//! Powers with a whole exponent.

/// `base^exponent` by repeated squaring. (`f64::powi` leaves its rounding to the compiler and the
/// platform.)
pub(crate) fn power(mut base: f64, mut exponent: u64) -> f64 {
    let mut product = 1.0;
    loop {
        if exponent & 1 == 1 {
            product *= base;
        }
        exponent >>= 1;
        if exponent == 0 {
            return product;
        }
        base *= base;
    }
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn powers_are_products() {
        assert_eq!(power(3.0, 0), 1.0);
        assert_eq!(power(0.99, 1), 0.99);
        for exponent in 0..53 {
            assert_eq!(power(2.0, exponent), (1u64 << exponent) as f64);
        }
        assert_eq!(power(10.0, 22), 1e22);
        assert!((power(0.99, 1000) / libm::pow(0.99, 1000.0) - 1.0).abs() < 1e-13);
    }
}
