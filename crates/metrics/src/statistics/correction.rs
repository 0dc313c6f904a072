//! Correction of p-values for the number of tests.

use super::Undefined;

/// Holm's step-down correction (Holm 1979, Scand. J. Stat. 6:65): the p-values, in their order,
/// multiplied so that calling those below alpha real is wrong even once with probability at most
/// alpha.
///
/// # Errors
/// If a p-value is not in [0, 1].
///
/// ```
/// use equipoise_metrics::statistics::holm;
/// assert_eq!(holm(&[0.01, 0.04, 0.03])?, vec![0.03, 0.06, 0.06]);
/// # Ok::<(), equipoise_metrics::statistics::Undefined>(())
/// ```
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, Undefined> {
    if let Some((i, &p)) = p_values.iter().enumerate().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
        return Err(Undefined::out_of_range(&format!("p-value {i}"), p, "[0, 1]"));
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_unstable_by(|&i, &j| p_values[i].total_cmp(&p_values[j]).then(i.cmp(&j)));
    let mut corrected = vec![0.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (done, &i) in order.iter().enumerate() {
        largest = largest.max((p_values[i] * (p_values.len() - done) as f64).min(1.0));
        corrected[i] = largest;
    }
    Ok(corrected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_r_corrects() {
        // R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm"); and with equal and large values.
        let corrected = holm(&[0.01, 0.02, 0.03, 0.04, 0.05]).unwrap();
        for (got, want) in corrected.iter().zip([0.05, 0.08, 0.09, 0.09, 0.09]) {
            assert!((got - want).abs() < 1e-15);
        }
        assert_eq!(holm(&[0.9, 0.9, 0.001]).unwrap(), [1.0, 1.0, 0.003]);
        assert_eq!(holm(&[]).unwrap(), Vec::<f64>::new());
        assert!(holm(&[0.5, f64::NAN]).is_err() && holm(&[1.1]).is_err());
    }

    proptest! {
        #[test]
        fn between_the_value_and_bonferroni(p in prop::collection::vec(0.0f64..=1.0, 1..20)) {
            for (raw, corrected) in p.iter().zip(holm(&p).unwrap()) {
                let bonferroni = (raw * p.len() as f64).min(1.0);
                prop_assert!(*raw <= corrected && corrected <= bonferroni);
            }
        }
    }
}
