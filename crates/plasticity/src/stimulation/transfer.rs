//! The transfer function of the rate neurons, its slope and its inverse.

use serde::{Deserialize, Serialize};

use super::error::{StimulationError, check_number};

/// A saturating transfer function, the difference of two soft thresholds:
///
/// `Phi(x) = (1/k) [ln(1 + e^{kx}) - ln(1 + e^{k(x - r_max)})]`
///
/// (Borra, Cocco & Monasson, arXiv 2412.01683). It rises from 0 to `max_rate`, is almost linear in
/// between, and is symmetric: `Phi(r_max - x) = r_max - Phi(x)`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transfer {
    /// k, the steepness of both thresholds, in units of 1/input.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub gain: f64,
    /// The rate that no input can exceed.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub max_rate: f64,
}

impl Default for Transfer {
    fn default() -> Self {
        Self { gain: 4.0, max_rate: 1.0 }
    }
}

impl Transfer {
    /// Checks that both constants are positive and that `gain * max_rate` can be exponentiated.
    ///
    /// # Errors
    /// [`StimulationError::Setting`] for the one that is not.
    pub fn validate(&self) -> Result<(), StimulationError> {
        let is_rate = self.max_rate > 0.0 && self.max_rate.is_finite();
        check_number("max_rate", self.max_rate, is_rate, "it is finite and above 0")?;
        let is_gain = self.gain > 0.0 && self.gain * self.max_rate <= 1000.0;
        check_number("gain", self.gain, is_gain, "it is above 0 and at most 1000 / max_rate")
    }

    /// e^{-k r_max}, which every evaluation needs.
    #[inline]
    fn tail(&self) -> f64 {
        libm::exp(-self.gain * self.max_rate)
    }

    /// Rate and slope for an input, by the symmetry from the lower half only: there
    /// `k Phi = ln(1 + e (1 - c) / (1 + c e))` with `e = e^{kx}`, `c = e^{-k r_max}`, which neither
    /// overflows nor cancels.
    #[inline]
    fn evaluate(&self, tail: f64, x: f64) -> (f64, f64) {
        let upper = x > 0.5 * self.max_rate;
        let e = libm::exp(self.gain * if upper { self.max_rate - x } else { x });
        let above = 1.0 + tail * e;
        let low = libm::log1p(e * (1.0 - tail) / above) / self.gain;
        let slope = e * (1.0 - tail) / ((1.0 + e) * above);
        (if upper { self.max_rate - low } else { low }, slope)
    }

    /// Phi(x).
    pub fn rate(&self, x: f64) -> f64 {
        self.evaluate(self.tail(), x).0
    }

    /// Phi'(x).
    pub fn slope(&self, x: f64) -> f64 {
        self.evaluate(self.tail(), x).1
    }

    /// Rates and slopes for a vector of inputs.
    pub fn apply(&self, input: &[f64], rates: &mut [f64], slopes: &mut [f64]) {
        let tail = self.tail();
        for ((&x, r), d) in input.iter().zip(rates).zip(slopes) {
            (*r, *d) = self.evaluate(tail, x);
        }
    }

    /// Phi^-1(r) = (1/k) ln[(e^{kr} - 1) / (1 - e^{k(r - r_max)})], or `None` outside (0, r_max).
    ///
    /// Written as `r + [ln(1 - e^{-kr}) - ln(1 - e^{-k(r_max - r)})] / k`, so nothing overflows.
    pub fn inverse(&self, rate: f64) -> Option<f64> {
        if !(rate > 0.0 && rate < self.max_rate) {
            return None;
        }
        let k = self.gain;
        let below = libm::log(-libm::expm1(-k * rate));
        let above = libm::log(-libm::expm1(-k * (self.max_rate - rate)));
        Some(rate + (below - above) / k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The formula as it is printed, right where nothing overflows.
    fn printed(t: &Transfer, x: f64) -> f64 {
        let soft = |z: f64| libm::log1p(libm::exp(z));
        (soft(t.gain * x) - soft(t.gain * (x - t.max_rate))) / t.gain
    }

    proptest! {
        #[test]
        fn agrees_with_the_printed_formula(gain in 0.5..20.0f64, max in 0.2..3.0f64, x in -3.0..4.0f64) {
            let t = Transfer { gain, max_rate: max };
            prop_assert!((t.rate(x) - printed(&t, x)).abs() < 1e-13);
            let h = 1e-6;
            let difference = (t.rate(x + h) - t.rate(x - h)) / (2.0 * h);
            prop_assert!((t.slope(x) - difference).abs() < 1e-7);
        }

        #[test]
        fn inverse_undoes_it(gain in 0.5..20.0f64, max in 0.2..3.0f64, share in 0.001..0.999f64) {
            let t = Transfer { gain, max_rate: max };
            let x = t.inverse(share * max).unwrap();
            prop_assert!((t.rate(x) - share * max).abs() < 1e-13 * max);
        }
    }

    #[test]
    fn nothing_overflows() {
        let t = Transfer { gain: 500.0, max_rate: 2.0 };
        t.validate().unwrap();
        for x in [-1e300, -1e3, -1.0, 0.0, 1.0, 2.0, 3.0, 1e3, 1e300] {
            let (r, d) = (t.rate(x), t.slope(x));
            assert!((0.0..=2.0).contains(&r) && (0.0..=1.0 + 1e-12).contains(&d), "{x}: {r}, {d}");
        }
        assert!((t.rate(1.3) - 1.3).abs() < 1e-12);
        assert_eq!((t.rate(-1e3), t.rate(1e3)), (0.0, 2.0));
        for r in [1e-300, 1e-12, 1.0, 2.0 - 1e-12] {
            assert!(t.inverse(r).unwrap().is_finite());
        }
        for r in [0.0, 2.0, -1.0, f64::NAN] {
            assert_eq!(t.inverse(r), None);
        }
        assert!(Transfer { gain: 1e4, max_rate: 1.0 }.validate().is_err());
        assert!(Transfer { gain: f64::NAN, max_rate: 1.0 }.validate().is_err());
    }
}
