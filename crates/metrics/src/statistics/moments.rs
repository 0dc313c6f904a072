//! Mean and variance that are exact where they can be: a constant sample has exactly its value
//! for a mean and exactly 0 for a variance. And whether values vary at all, beyond rounding.

/// How far apart two numbers near 1 may be and yet count as equal: 8 to 16 units in the last
/// place, which the few sums and divisions behind a score, a mean or a difference can add up to.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// How far apart numbers may be whose squares are lost below the smallest float.
const UNDERFLOW: f64 = 1e-150;

/// What may be rounding in numbers that are at most `magnitude` large, or come from such.
pub(crate) fn rounding_of(magnitude: f64) -> f64 {
    ROUNDING * magnitude
}

/// The largest absolute value; 0 for no values.
pub(crate) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

/// Whether the values differ by more than the rounding of numbers of this magnitude.
pub(crate) fn vary(values: &[f64], magnitude: f64) -> bool {
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    high - low > rounding_of(magnitude).max(UNDERFLOW)
}

/// Mean of at least one finite value.
pub(crate) fn mean(values: &[f64]) -> f64 {
    let scale = scale_of(values);
    scaled_mean(values, scale) / scale
}

/// Sample standard deviation (n - 1) of at least two finite values.
pub(crate) fn sample_std(values: &[f64]) -> f64 {
    let scale = scale_of(values);
    (scaled_sum_of_squares(values, scale) / (values.len() - 1) as f64).sqrt() / scale
}

/// Sample variance (n - 1) of at least two values that can be squared.
pub(crate) fn sample_variance(values: &[f64]) -> f64 {
    scaled_sum_of_squares(values, 1.0) / (values.len() - 1) as f64
}

/// Population variance (n) of at least one value that can be squared.
pub(crate) fn population_variance(values: &[f64]) -> f64 {
    scaled_sum_of_squares(values, 1.0) / values.len() as f64
}

/// A power of two that brings very large or very small values near 1, else 1.
fn scale_of(values: &[f64]) -> f64 {
    let largest = largest(values);
    if largest == 0.0 || (1e-100..1e100).contains(&largest) {
        return 1.0;
    }
    libm::exp2((-libm::log2(largest).floor()).clamp(-1022.0, 1022.0))
}

/// Mean of the values times `scale`, summed as deviations from the first of them.
fn scaled_mean(values: &[f64], scale: f64) -> f64 {
    let first = values[0] * scale;
    first + sum(values.iter().map(|v| v * scale - first)) / values.len() as f64
}

/// Sum of squared deviations from the mean of the values times `scale`; the second sum takes
/// away what the rounding of the mean adds (Chan, Golub & LeVeque 1983, Am. Stat. 37:242).
fn scaled_sum_of_squares(values: &[f64], scale: f64) -> f64 {
    let mean = scaled_mean(values, scale);
    let squares = sum(values.iter().map(|v| (v * scale - mean).powi(2)));
    let rest = sum(values.iter().map(|v| v * scale - mean));
    (squares - rest * rest / values.len() as f64).max(0.0)
}

/// Compensated sum (Neumaier 1974).
pub(crate) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0f64);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_have_no_variance() {
        for value in [0.1, -1e-300, 3e200, 0.0, f64::MAX] {
            assert_eq!(mean(&[value; 7]), value);
            assert_eq!(sample_std(&[value; 7]), 0.0);
        }
        assert_eq!(sample_variance(&[0.1; 10]), 0.0);
    }

    #[test]
    fn rounding_is_no_variation() {
        assert!(!vary(&[0.12, 0.12 + 2.0 * f64::EPSILON * 0.12], 0.12));
        assert!(!vary(&[0.1 + 0.2, 0.3], 0.3) && !vary(&[1e-160, 2e-160], 2e-160));
        assert!(!vary(&[], 0.0) && !vary(&[5.0], 5.0) && !vary(&[f64::MAX; 3], f64::MAX));
        assert!(vary(&[1.0, 1.0 + 1e-14], 1.0) && vary(&[1e-12, 2e-12], 2e-12));
        // As differences of numbers near 1e5 the last two are rounding.
        assert!(!vary(&[1e-12, 2e-12], 1e5) && vary(&[f64::MAX, -f64::MAX], f64::MAX));
    }

    #[test]
    fn a_large_offset_does_not_swallow_the_variance() {
        let values = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0];
        assert_eq!(mean(&values), 1e9 + 10.0);
        assert_eq!(sample_variance(&values), 30.0);
        assert_eq!(population_variance(&values), 22.5);
        assert_eq!(sample_std(&[1e300, 3e300]), 2f64.sqrt() * 1e300);
        assert_eq!(mean(&[f64::MAX, -f64::MAX]), 0.0);
    }

    #[test]
    fn small_terms_survive_a_sum() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100].into_iter()), 2.0);
    }
}
