//! How soon something rises from one level to another.

/// The share of the way that a quantity has gone after a time constant, 1 - 1/e.
pub const SHARE: f64 = 1.0 - 1.0 / std::f64::consts::E;

/// The non-decreasing sequence that is nearest to the values (least squares; Ayer et al. 1955, Ann.
/// Math. Stat. 26:641): noise is averaged over as long as it takes, and no longer.
pub fn isotonic(values: &[f64]) -> Vec<f64> {
    // Blocks of pooled values: their sum and how many they are.
    let mut blocks: Vec<(f64, usize)> = Vec::with_capacity(values.len());
    for &value in values {
        blocks.push((value, 1));
        while let [.., (sum_a, n_a), (sum_b, n_b)] = blocks[..] {
            if sum_a * n_b as f64 <= sum_b * n_a as f64 {
                break;
            }
            blocks.pop();
            blocks.pop();
            blocks.push((sum_a + sum_b, n_a + n_b));
        }
    }
    blocks.iter().flat_map(|&(sum, n)| std::iter::repeat_n(sum / n as f64, n)).collect()
}

/// When a quantity that rises from `before` to `steady` has gone the share [`SHARE`] of the way:
/// values in bins of `bin_ms` from time 0 on, made monotone first. None if it does not rise, or does
/// not get there.
pub fn rise_ms(values: &[f64], bin_ms: f64, before: f64, steady: f64) -> Option<f64> {
    if steady.is_nan() || steady <= before {
        return None;
    }
    let level = before + SHARE * (steady - before);
    let rising = isotonic(values);
    let bin = rising.partition_point(|&value| value < level);
    let after = *rising.get(bin)?;
    // Values stand for the middles of their bins; before the first lies the old level.
    let (last, from) = match bin {
        0 => (before, 0.0),
        _ => (rising[bin - 1], (bin as f64 - 0.5) * bin_ms),
    };
    let width = if bin == 0 { 0.5 * bin_ms } else { bin_ms };
    let part = if after > last { ((level - last) / (after - last)).clamp(0.0, 1.0) } else { 1.0 };
    Some(from + part * width)
}

/// When a curve first reaches a level, interpolated on the logarithm of time: `points` are times
/// above 0, ascending, with values. The first time if it is there at once; none if it never is.
pub fn reaches_ms(points: &[(f64, f64)], level: f64) -> Option<f64> {
    let at = points.iter().position(|&(_, value)| value >= level)?;
    let (time, value) = points[at];
    let Some(&(earlier, lower)) = at.checked_sub(1).and_then(|before| points.get(before)) else {
        return Some(time);
    };
    let part = (level - lower) / (value - lower);
    let logarithm = libm::log(earlier) + part * (libm::log(time) - libm::log(earlier));
    Some(libm::exp(logarithm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    #[test]
    fn pooling_gives_the_nearest_monotone_sequence() {
        assert_eq!(isotonic(&[1.0, 3.0, 2.0, 4.0]), [1.0, 2.5, 2.5, 4.0]);
        assert_eq!(isotonic(&[4.0, 3.0, 2.0, 1.0]), [2.5; 4]);
        assert_eq!(isotonic(&[1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]);
        assert_eq!(isotonic(&[]), [] as [f64; 0]);
    }

    #[test]
    fn an_exponential_has_risen_after_its_time_constant() {
        for tau in [0.5, 2.0, 15.0] {
            // The mean over a bin of 1 - exp(-t / tau), from 8 to 20.
            let bin = 0.1;
            let mean = |k: usize| {
                let (a, b) = (k as f64 * bin, (k + 1) as f64 * bin);
                let integral = tau * (libm::exp(-a / tau) - libm::exp(-b / tau)) / bin;
                8.0 + 12.0 * (1.0 - integral)
            };
            let clean: Vec<f64> = (0..1000).map(mean).collect();
            let found = rise_ms(&clean, bin, 8.0, 20.0).unwrap();
            assert!((found - tau).abs() < 0.01 * tau + 0.01, "{found}, not {tau}");
            // With noise of a tenth of the step in every bin.
            let mut noise = stream(1, "rise", tau as u64);
            let noisy: Vec<f64> = clean.iter().map(|v| v + 1.2 * noise.normal()).collect();
            let found = rise_ms(&noisy, bin, 8.0, 20.0).unwrap();
            assert!((found - tau).abs() < 0.2 * tau + 0.2, "{found}, not {tau}");
        }
        assert_eq!(rise_ms(&[1.0; 10], 0.1, 1.0, 1.0), None);
        assert_eq!(rise_ms(&[1.0; 10], 0.1, 0.0, 5.0), None);
        // At once: within the first bin.
        assert!(rise_ms(&[5.0; 10], 0.1, 0.0, 5.0).unwrap() <= 0.05);
    }

    #[test]
    fn a_level_is_found_between_the_times_of_a_curve() {
        let points = [(1.0, 0.1), (10.0, 0.3), (100.0, 0.7)];
        let found = reaches_ms(&points, 0.5).unwrap();
        assert!((found - 1000f64.sqrt()).abs() < 1e-9, "{found}");
        assert_eq!(reaches_ms(&points, 0.05), Some(1.0));
        assert!((reaches_ms(&points, 0.3).unwrap() - 10.0).abs() < 1e-9);
        assert_eq!(reaches_ms(&points, 0.9), None);
    }
}
