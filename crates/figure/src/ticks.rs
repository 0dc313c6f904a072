//! Where ticks stand and what they say.

use crate::number::{MINUS, fixed};

/// A labelled or bare mark of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Value of the data.
    pub value: f64,
    /// Label; a minor tick has none.
    pub label: Option<String>,
}

/// Ticks of an axis and the power of ten taken out of their labels.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Ticks {
    pub ticks: Vec<Tick>,
    /// Labels are the values divided by ten to this power; 0 where they are the values.
    pub exponent: i32,
}

impl Ticks {
    pub fn labelled(&self) -> impl Iterator<Item = (f64, &str)> {
        self.ticks.iter().filter_map(|t| Some((t.value, t.label.as_deref()?)))
    }
}

/// Largest step of 1, 2, 2.5 or 5 times a power of ten that gives at least `count` intervals on `low..high`,
/// or the smallest that gives no more: the first not below `(high - low) / count`.
fn nice_step(low: f64, high: f64, count: usize) -> (f64, i32, f64) {
    let raw = (high - low) / count.max(1) as f64;
    let exponent = libm::log10(raw).floor() as i32;
    for (mantissa, exponent) in [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| (m, exponent)) {
        let step = mantissa * 10_f64.powi(exponent);
        if step >= raw * (1.0 - 1e-9) {
            return (mantissa, exponent, step);
        }
    }
    (1.0, exponent + 1, 10_f64.powi(exponent + 1))
}

/// Ticks at round values of a linear axis, about `count` intervals. The range has to be finite with `low < high`.
pub(crate) fn linear_ticks(low: f64, high: f64, count: usize) -> Ticks {
    let (mantissa, step_exponent, step) = nice_step(low, high, count);
    if !(step.is_finite() && step > 0.0) {
        return Ticks::default();
    }
    let slack = 1e-9 * (high - low) / step;
    let (first, last) = ((low / step - slack).ceil(), (high / step + slack).floor());
    if !(first.is_finite() && last.is_finite()) || last - first > 1000.0 {
        return Ticks::default();
    }
    let values: Vec<f64> = (0..=(last - first) as usize)
        .map(|i| {
            // Products such as 3 * 0.1 are not the nearest number to 0.3; quotients of whole numbers are.
            let whole = (first + i as f64) * mantissa;
            if (-22..0).contains(&step_exponent) {
                whole / 10_f64.powi(-step_exponent)
            } else {
                whole * 10_f64.powi(step_exponent)
            }
        })
        .collect();
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let exponent = common_exponent(largest);
    let fraction_digits = if mantissa == 2.5 { 1 } else { 0 };
    // Mantissa 10 is a step of the next power of ten.
    let step_exponent = if mantissa == 10.0 { step_exponent + 1 } else { step_exponent };
    let decimals =
        usize::try_from(fraction_digits - (step_exponent - exponent)).unwrap_or(0).min(12);
    let scale = 10_f64.powi(-exponent);
    let ticks = values
        .into_iter()
        .map(|value| Tick { value, label: Some(fixed(value * scale, decimals)) })
        .collect();
    Ticks { ticks, exponent }
}

/// Power of ten to take out of labels, so that none is long: 0 for values of ordinary size.
pub(crate) fn common_exponent(largest: f64) -> i32 {
    if largest == 0.0 || !largest.is_finite() {
        return 0;
    }
    let exponent = libm::log10(largest).floor() as i32;
    if (-3..5).contains(&exponent) { 0 } else { exponent }
}

/// Ticks of a logarithmic axis, at most about `count` labels. The range has to be finite with `0 < low < high`.
pub(crate) fn log_ticks(low: f64, high: f64, count: usize) -> Ticks {
    const SLACK: f64 = 1e-9;
    let (first, last) =
        ((libm::log10(low) - SLACK).ceil() as i32, (libm::log10(high) + SLACK).floor() as i32);
    let decades = last - first + 1;
    if decades >= 2 {
        let stride = nice_stride((decades as usize).div_ceil(count.max(2))) as i32;
        // Bare ticks of the decades between labels, unless there are too many to be told apart.
        let is_bare_drawn = decades <= 40;
        let labelled = |k: i32| k.rem_euclid(stride) == 0;
        let plain = (first..=last).filter(|&k| labelled(k)).all(|k| (-2..=3).contains(&k));
        let mut ticks = Vec::new();
        for k in first - 1..=last {
            let power = 10_f64.powi(k);
            if k >= first && (is_bare_drawn || labelled(k)) {
                let label = labelled(k).then(|| power_label(k, plain));
                ticks.push(Tick { value: power, label });
            }
            if stride == 1 {
                ticks.extend(
                    (2..10)
                        .map(|m| f64::from(m) * power)
                        .filter(|v| (low..=high).contains(v))
                        .map(|value| Tick { value, label: None }),
                );
            }
        }
        return Ticks { ticks, exponent: 0 };
    }
    // Less than two decades: 1, 2, 5 and the like, or round values if those are too few.
    let mut ticks = Vec::new();
    for k in first - 1..=last {
        for m in 1..10 {
            let value =
                if k < 0 { f64::from(m) / 10_f64.powi(-k) } else { f64::from(m) * 10_f64.powi(k) };
            if value >= low * (1.0 - SLACK) && value <= high * (1.0 + SLACK) {
                let label = matches!(m, 1 | 2 | 5).then(|| short_label(value));
                ticks.push(Tick { value, label });
            }
        }
    }
    let labels = ticks.iter().filter(|t| t.label.is_some()).count();
    if labels >= 2 && labels <= count.max(2) + 2 {
        return Ticks { ticks, exponent: 0 };
    }
    let mut ticks = linear_ticks(low, high, count);
    ticks.ticks.retain(|t| t.value > 0.0);
    ticks
}

/// The smallest of 1, 2, 5, 10, 20, .. that is not below `least`.
pub(crate) fn nice_stride(least: usize) -> usize {
    let mut power = 1;
    loop {
        for stride in [power, 2 * power, 5 * power] {
            if stride >= least {
                return stride;
            }
        }
        power *= 10;
    }
}

/// `100`, `0.01` or `10^{−4}`.
fn power_label(exponent: i32, plain: bool) -> String {
    if plain {
        fixed(10_f64.powi(exponent), usize::try_from(-exponent).unwrap_or(0))
    } else {
        let sign = if exponent < 0 { MINUS.to_string() } else { String::new() };
        format!("10^{{{sign}{}}}", exponent.abs())
    }
}

/// A value as short as it can be written exactly, scientific where it is far from 1.
pub(crate) fn short_label(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return fixed(value, 0);
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..5).contains(&exponent) {
        return value.to_string().replace('-', &MINUS.to_string());
    }
    let exponent = exponent.to_string().replace('-', &MINUS.to_string());
    match mantissa {
        "1" => format!("10^{{{exponent}}}"),
        "-1" => format!("{MINUS}10^{{{exponent}}}"),
        _ => format!("{}×10^{{{exponent}}}", mantissa.replace('-', &MINUS.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(ticks: &Ticks) -> Vec<&str> {
        ticks.labelled().map(|(_, label)| label).collect()
    }

    #[test]
    fn round_numbers() {
        assert_eq!(labels(&linear_ticks(0.0, 1.0, 5)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&linear_ticks(-1.0, 1.0, 4)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&linear_ticks(0.3, 97.0, 4)), ["25", "50", "75"]);
        assert_eq!(
            labels(&linear_ticks(0.0, 0.1, 4)),
            ["0.000", "0.025", "0.050", "0.075", "0.100"]
        );
        assert_eq!(labels(&linear_ticks(0.0, 700.0, 5)), ["0", "200", "400", "600"]);
        let large = linear_ticks(0.0, 2e6, 4);
        assert_eq!((labels(&large), large.exponent), (vec!["0.0", "0.5", "1.0", "1.5", "2.0"], 6));
        let small = linear_ticks(0.0, 4e-5, 4);
        assert_eq!((labels(&small), small.exponent), (vec!["0", "1", "2", "3", "4"], -5));
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(labels(&log_ticks(0.1, 100.0, 5)), ["0.1", "1", "10", "100"]);
        assert_eq!(
            labels(&log_ticks(1e-4, 1.0, 5)),
            ["10^{−4}", "10^{−3}", "10^{−2}", "10^{−1}", "10^{0}"]
        );
        assert_eq!(labels(&log_ticks(1.5, 30.0, 5)), ["2", "5", "10", "20"]);
        assert_eq!(labels(&log_ticks(21.0, 26.0, 5)), ["21", "22", "23", "24", "25", "26"]);
        assert!(labels(&log_ticks(1e-200, 1e200, 5)).len() <= 6);
    }

    #[test]
    fn short_labels() {
        assert_eq!(
            ["0.005", "2.5", "−3"],
            [0.005, 2.5, -3.0].map(short_label).each_ref().map(String::as_str)
        );
        assert_eq!(short_label(1e-5), "10^{−5}");
        assert_eq!(short_label(-2.5e7), "−2.5×10^{7}");
    }

    proptest! {
        #[test]
        fn linear_ticks_are_few_inside_ascending_and_even(
            low in -1e12_f64..1e12, log_span in -9.0_f64..12.0, count in 2_usize..8
        ) {
            let span = libm::pow(10_f64, log_span).max(low.abs() * 1e-9);
            let high = low + span;
            let Ticks { ticks, .. } = linear_ticks(low, high, count);
            prop_assert!(!ticks.is_empty() && ticks.len() <= count + 1, "{}", ticks.len());
            prop_assert!(ticks.len() + 2 > count / 3, "{} of {count}", ticks.len());
            let tolerance = span * 1e-6;
            prop_assert!(ticks.iter().all(|t| t.value >= low - tolerance && t.value <= high + tolerance));
            let steps: Vec<f64> = ticks.windows(2).map(|w| w[1].value - w[0].value).collect();
            prop_assert!(steps.iter().all(|s| *s > 0.0 && (s - steps[0]).abs() <= 1e-6 * steps[0] + 1e-15 * low.abs() * 4.0));
        }

        #[test]
        fn labels_are_distinct_and_say_the_value(
            low in -1e6_f64..1e6, log_span in -4.0_f64..9.0, count in 2_usize..8
        ) {
            let ticks = linear_ticks(low, low + libm::pow(10_f64, log_span), count);
            let scale = 10_f64.powi(ticks.exponent);
            let mut seen = std::collections::BTreeSet::new();
            for (value, label) in ticks.labelled() {
                prop_assert!(seen.insert(label.to_string()), "{label} twice");
                let said: f64 = label.replace(MINUS, "-").parse().unwrap();
                prop_assert!((said * scale - value).abs() <= 1e-9 * value.abs().max(scale));
            }
        }

        #[test]
        fn log_ticks_are_positive_inside_and_labelled(
            log_low in -30.0_f64..30.0, log_span in 0.01_f64..40.0, count in 2_usize..8
        ) {
            let (low, high) = (libm::pow(10_f64, log_low), libm::pow(10_f64, log_low + log_span));
            let ticks = log_ticks(low, high, count);
            let labelled = ticks.labelled().count();
            prop_assert!(labelled >= 1 && labelled <= count + 4, "{labelled} of {count}");
            prop_assert!(ticks.ticks.iter().all(|t| t.value >= low * (1.0 - 1e-6) && t.value <= high * (1.0 + 1e-6)));
        }
    }
}
