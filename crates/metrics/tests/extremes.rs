//! Statistics of extreme values: constants with rounding noise, the largest and smallest floats,
//! no values, ties, NaN. No panic, no NaN, a bounded time, and never a finding out of rounding.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use equipoise_metrics::statistics::{
    Against, Alternative, Bootstrap, BootstrapMethod, Design, Interval, Undefined, ZeroMethod,
    clopper_pearson, cohens_d, compare_groups, hedges_g, holm, kruskal_wallis, linear_regression,
    mann_whitney, paired_d, paired_t, pearson, student_t, welch_t, wilcoxon, wilson,
};
use equipoise_metrics::summary::{Summary, quantile_of_sorted};
use proptest::prelude::*;

const ALTERNATIVES: [Alternative; 3] =
    [Alternative::TwoSided, Alternative::Less, Alternative::Greater];

/// Many times what any call below needs; a search without a bound needs for ever.
const LIMIT: Duration = Duration::from_secs(10);

/// A value that may be a few units in the last place off.
fn shaken(value: f64, units: i64) -> f64 {
    f64::from_bits((value.to_bits() as i64 + units) as u64)
}

type Answers = Vec<(&'static str, Result<Vec<f64>, Undefined>)>;

/// Everything that measures a difference by the spread of two groups.
fn by_spread(a: &[f64], b: &[f64], confidence: f64) -> Answers {
    let ends = |i: Interval| vec![i.estimate, i.low, i.high];
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let mut answers: Answers = vec![
        ("d", cohens_d(a, b, confidence).map(ends)),
        ("g", hedges_g(a, b, confidence).map(ends)),
        ("paired d", paired_d(a, b, confidence).map(ends)),
        (
            "pearson",
            pearson(a, b, confidence).map(|c| {
                vec![c.r, c.p_value, c.low.unwrap_or_default(), c.high.unwrap_or_default()]
            }),
        ),
    ];
    for method in [BootstrapMethod::Bca, BootstrapMethod::Percentile] {
        let bootstrap = Bootstrap { resamples: 20, method, confidence, seed: 1 };
        answers.push(("bootstrap", bootstrap.difference(a, b, mean).map(ends)));
        answers.push(("bootstrap of one", bootstrap.interval(a, mean).map(ends)));
    }
    for alternative in ALTERNATIVES {
        for (name, test) in [
            ("student", student_t(a, b, alternative)),
            ("welch", welch_t(a, b, alternative)),
            ("paired", paired_t(a, b, alternative)),
        ] {
            let values = |test: equipoise_metrics::statistics::TTest| {
                let other = test.interval(confidence).unwrap();
                let (p, t, df) = (test.p_value, test.statistic, test.degrees_of_freedom);
                vec![p, t, df, test.ci_low, test.ci_high, other.low, other.high]
            };
            answers.push((name, test.map(values)));
        }
    }
    answers
}

/// Everything that only looks at the order of the values.
fn by_rank(a: &[f64], b: &[f64]) -> Answers {
    let mut answers: Answers =
        vec![("kruskal", kruskal_wallis(&[a, b]).map(|t| vec![t.p_value, t.statistic]))];
    for alternative in ALTERNATIVES {
        let rank = |t: equipoise_metrics::statistics::RankTest| vec![t.p_value, t.statistic];
        answers.push(("mann-whitney", mann_whitney(a, b, alternative).map(rank)));
        for zeros in [ZeroMethod::Drop, ZeroMethod::Pratt, ZeroMethod::Split] {
            answers.push(("wilcoxon", wilcoxon(a, b, alternative, zeros).map(rank)));
        }
    }
    answers
}

fn line(x: &[f64], y: &[f64]) -> (&'static str, Result<Vec<f64>, Undefined>) {
    let values = linear_regression(x, y).map(|l| {
        let optional = [l.r_squared, l.slope_error, l.intercept_error, l.p_value];
        let mut values = vec![l.slope, l.intercept, l.rms_residual, l.max_residual];
        values.extend(optional.into_iter().flatten());
        values
    });
    ("line", values)
}

/// Groups that are constant but for the last bits.
fn constant_groups() -> Vec<Vec<f64>> {
    let mut groups = vec![
        vec![0.12, 0.12, 0.120_000_000_000_000_02],
        vec![0.1 + 0.2, 0.3, 0.3],
        vec![f64::MIN_POSITIVE; 3],
        vec![0.0, -0.0, 0.0],
        vec![0.0, 5e-324, 1e-300],
        vec![1e149, shaken(1e149, -3), shaken(1e149, 3)],
        // One mean, three orders of summation.
        [[0.7, 0.1, 0.2], [0.1, 0.2, 0.7], [0.2, 0.7, 0.1]]
            .map(|v| v.iter().sum::<f64>() / 3.0)
            .to_vec(),
    ];
    for value in [0.1, -0.8, 81.23, 1e-9, 1e9, -1e100] {
        groups.push((-1..=1).map(|units| shaken(value, 3 * units)).collect());
    }
    groups
}

#[test]
fn rounding_is_not_variance() {
    let groups = constant_groups();
    for a in &groups {
        for b in &groups {
            for (name, answer) in by_spread(a, b, 0.95) {
                assert_eq!(answer, Err(Undefined::NoVariance), "{name} of {a:?} and {b:?}");
            }
            assert_eq!(line(a, b).1, Err(Undefined::NoVariance), "{a:?}");
        }
        let varied = [1.0, 2.0, 4.0];
        for (name, answer) in [
            ("r", pearson(&varied, a, 0.95).map(|_| ())),
            ("r", pearson(a, &varied, 0.95).map(|_| ())),
        ] {
            assert_eq!(answer, Err(Undefined::NoVariance), "{name} {a:?}");
        }
        let flat = linear_regression(&varied, a).unwrap();
        assert_eq!((flat.slope, flat.r_squared, flat.p_value), (0.0, None, None), "{a:?}");
    }
}

#[test]
fn rounding_is_no_difference_of_ranks() {
    let a = [0.12, 0.120_000_000_000_000_02, 0.3, 0.1 + 0.2];
    let b = [0.120_000_000_000_000_02, 0.12, 0.1 + 0.2, 0.3];
    for zeros in [ZeroMethod::Drop, ZeroMethod::Pratt, ZeroMethod::Split] {
        let test = wilcoxon(&a, &b, Alternative::TwoSided, zeros);
        assert_eq!(test, Err(Undefined::NoDifference));
    }
    let all = [0.12, 0.120_000_000_000_000_02, 0.12];
    let test = mann_whitney(&all, &all[1..], Alternative::TwoSided);
    assert_eq!(test, Err(Undefined::NoVariance));
    assert_eq!(kruskal_wallis(&[&all[..], &all[1..]]), Err(Undefined::NoVariance));
    // With rounding and without, the same ranks and so the same result.
    let (exact, shaken) = ([0.3, 0.3, 0.5, 0.7], [0.3, 0.1 + 0.2, 0.5, 0.7]);
    let other = [0.3, 0.4, 0.9, 1.0];
    for alternative in ALTERNATIVES {
        let test = mann_whitney(&shaken, &other, alternative);
        assert_eq!(test, mann_whitney(&exact, &other, alternative));
        // 0.81 - 0.80 and 0.72 - 0.71 differ in the last bits only.
        let (a, b) = ([0.81, 0.72, 0.5, 0.6], [0.80, 0.71, 0.6, 0.3]);
        let (in_hundredths, of) = ([81.0, 72.0, 50.0, 60.0], [80.0, 71.0, 60.0, 30.0]);
        let test = wilcoxon(&a, &b, alternative, ZeroMethod::Drop);
        assert_eq!(test, wilcoxon(&in_hundredths, &of, alternative, ZeroMethod::Drop));
    }
    assert_eq!(kruskal_wallis(&[shaken, other]), kruskal_wallis(&[exact, other]));
}

#[test]
fn one_group_that_varies_is_enough() {
    // Five seeds at chance against five that learned: the effect is large, and takes no time.
    let chance = [10.0, 10.0, shaken(10.0, 1), 10.0, 10.0];
    let learned = [81.23, 81.234, 81.226, 81.23, 81.231];
    let start = Instant::now();
    let g = hedges_g(&learned, &chance, 0.95).unwrap();
    let d = cohens_d(&learned, &chance, 0.95).unwrap();
    let t = welch_t(&learned, &chance, Alternative::TwoSided).unwrap();
    assert!(start.elapsed() < LIMIT);
    // The pooled deviation is that of one group over sqrt(2).
    let deviation = 8.2e-6f64.sqrt();
    assert!(
        (d.estimate / ((81.2302 - 10.0) / deviation * 2f64.sqrt()) - 1.0).abs() < 1e-9,
        "{d:?}"
    );
    assert!(d.low < d.estimate && d.estimate < d.high && g.estimate < d.estimate);
    assert!((t.degrees_of_freedom - 4.0).abs() < 1e-12 && t.p_value < 1e-15, "{t:?}");
}

#[test]
fn compared_groups_are_those_of_the_single_tests() {
    let groups = [
        vec![81.2, 79.5, 80.1, 82.4],
        vec![79.1, 78.8, 80.3, 79.0],
        vec![70.0, 70.0, 70.0, shaken(70.0, 1)],
        vec![10.0; 4],
    ];
    for design in [Design::Independent, Design::Paired] {
        let all = compare_groups(&groups, Against::EachOther, design, 0.9).unwrap();
        let pairs: Vec<(usize, usize)> = all.iter().map(|t| (t.group, t.other)).collect();
        assert_eq!(pairs, [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]);
        let p: Vec<f64> = all.iter().filter_map(|t| Some(t.test.as_ref().ok()?.p_value)).collect();
        let corrected: Vec<f64> = all.iter().filter_map(|t| t.p_corrected).collect();
        assert_eq!((p.len(), corrected), (5, holm(&p).unwrap()));
        // Two constant groups: no test, no effect, and no part in the correction.
        let constant = &all[5];
        assert_eq!(constant.effect, Err(Undefined::NoVariance));
        assert_eq!((&constant.test, constant.p_corrected), (&Err(Undefined::NoVariance), None));
        assert_eq!(constant.means, (Some(70.0), Some(10.0)));
        let (a, b) = (&groups[0], &groups[1]);
        let (test, effect) = match design {
            Design::Independent => (welch_t(a, b, Alternative::TwoSided), hedges_g(a, b, 0.9)),
            Design::Paired => (paired_t(a, b, Alternative::TwoSided), paired_d(a, b, 0.9)),
        };
        assert_eq!((&all[0].test, &all[0].effect), (&test, &effect));

        let against = compare_groups(&groups, Against::Reference(1), design, 0.9).unwrap();
        let pairs: Vec<(usize, usize)> = against.iter().map(|t| (t.group, t.other)).collect();
        assert_eq!(pairs, [(0, 1), (2, 1), (3, 1)]);
        assert_eq!(against[0].test, all[0].test);
        assert!(against[0].p_corrected <= all[0].p_corrected);
        let json = serde_json::to_string(&all).unwrap();
        let back: Vec<equipoise_metrics::statistics::PairwiseTest> =
            serde_json::from_str(&json).unwrap();
        assert_eq!(back, all);
    }
    let unequal = [vec![1.0, 2.0], vec![1.0, 2.0, 3.0], vec![]];
    let all = compare_groups(&unequal, Against::EachOther, Design::Independent, 0.95).unwrap();
    assert!(all[0].test.is_ok() && all[1].test.is_err() && all[1].means.1.is_none());
    assert_eq!(
        compare_groups(&unequal, Against::EachOther, Design::Paired, 0.95),
        Err(Undefined::LengthsDiffer { left: 2, right: 3 })
    );
    for (groups, against) in
        [(&unequal[..1], Against::EachOther), (&unequal, Against::Reference(3))]
    {
        assert!(compare_groups(groups, against, Design::Independent, 0.95).is_err());
    }
}

#[test]
fn exact_intervals_of_huge_counts_are_quick_and_right() {
    let start = Instant::now();
    // SciPy: stats.beta.ppf(0.025, k, n - k + 1) and stats.beta.ppf(0.975, k + 1, n - k).
    for (k, n, low, high) in HUGE_COUNTS {
        let interval = clopper_pearson(k, n, 0.95).unwrap();
        assert!((interval.low / low - 1.0).abs() < 1e-11, "{k}/{n}: {interval:?}");
        assert!((interval.high / high - 1.0).abs() < 1e-11, "{k}/{n}: {interval:?}");
    }
    for k in [0, 1, 1_000_000, u64::MAX / 3, u64::MAX - 1, u64::MAX] {
        for confidence in [1e-6, 0.95, 1.0 - 1e-15] {
            let interval = clopper_pearson(k, u64::MAX, confidence).unwrap();
            assert!(0.0 <= interval.low && interval.low <= interval.high && interval.high <= 1.0);
        }
    }
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

const HUGE_COUNTS: [(u64, u64, f64, f64); 5] = [
    (3, 1_000_000_000_000_000, 6.186_721_228_956_019e-16, 8.767_273_069_742_306e-15),
    (200_000_007, 1_000_000_000, 0.199_975_215_566_718_38, 0.200_024_800_169_911_62),
    (500_000_000_000, 1_000_000_000_000, 0.499_999_020_017_507_8, 0.500_000_979_982_492_3),
    (999_999_000_000_000, 1_000_000_000_000_000, 0.999_998_999_938_018_6, 0.999_999_000_061_978_5),
    (123_456_789, 100_000_000_000_000_000, 1.234_350_125_696_794_4e-9, 1.234_785_683_247_191_2e-9),
];

fn extreme() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        (0..4).prop_map(f64::from),
        -1.0..1.0,
        (-3i64..4).prop_map(|units| shaken(0.12, units)),
        (0u64..4).prop_map(f64::from_bits),
        prop::sample::select(vec![
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            1e308,
            9.9e149,
            -9.9e149,
            1e-150,
            1e-308,
            -0.0,
        ]),
    ]
}

/// Values of one kind, so that many groups get as far as an answer.
fn group() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec(extreme(), 0..9),
        prop::collection::vec((-3i64..4).prop_map(|units| shaken(-7e9, units)), 0..9),
        prop::collection::vec(-9.9e149f64..9.9e149, 0..9),
        prop::collection::vec((1u64..1 << 60).prop_map(|b| f64::from_bits(b % (1 << 54))), 0..9),
        (any::<f64>(), -400i32..400).prop_map(|(v, e)| {
            vec![v, v * libm::exp2(f64::from(e)), v * (1.0 + f64::EPSILON), v]
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_panic_no_nan_and_bounded_time(
        a in group(),
        b in group(),
        confidence in prop_oneof![0.001..0.999, Just(1.0 - f64::EPSILON / 2.0), Just(1e-17)],
    ) {
        let n = a.len().min(b.len());
        for (a, b) in [(&a[..], &b[..]), (&a[..n], &b[..n])] {
            let start = Instant::now();
            let mut answers = by_spread(a, b, confidence);
            answers.extend(by_rank(a, b));
            answers.push(line(a, b));
            for against in [Against::EachOther, Against::Reference(1)] {
                for design in [Design::Independent, Design::Paired] {
                    let tests = compare_groups(&[a, b, a], against, design, confidence);
                    let p = tests.map(|tests| tests.iter().filter_map(|t| t.p_corrected).collect());
                    answers.push(("pairwise", p));
                }
            }
            for (name, answer) in answers {
                let Ok(values) = answer else { continue };
                prop_assert!(values.iter().all(|v| !v.is_nan()), "{} {:?}", name, values);
                let p = !matches!(name, "d" | "g" | "paired d" | "line" | "pearson")
                    && !name.starts_with("bootstrap");
                if let (true, Some(&p)) = (p, values.first()) {
                    prop_assert!((0.0..=1.0).contains(&p), "{} {:?}", name, values);
                }
            }
            let summary = Summary::with_confidence(a, confidence);
            prop_assert!(summary.ci_low.is_none_or(|v| !v.is_nan()));
            let _ = (holm(a), quantile_of_sorted(a, confidence));
            prop_assert!(start.elapsed() < LIMIT, "{:?} for {:?} {:?}", start.elapsed(), a, b);
        }
    }

    #[test]
    fn shares_of_any_count(
        k in any::<u64>(),
        n in any::<u64>(),
        confidence in prop_oneof![0.0f64..1.0, Just(1.0 - f64::EPSILON / 2.0), Just(1e-17)],
    ) {
        for interval in [wilson(k, n, confidence), clopper_pearson(k, n, confidence)] {
            let Ok(interval) = interval else { continue };
            prop_assert!(0.0 <= interval.low && interval.low <= interval.high + 1e-12, "{:?}", interval);
            prop_assert!(interval.high <= 1.0, "{:?}", interval);
        }
    }
}
