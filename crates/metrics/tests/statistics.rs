//! Tests, effect sizes and intervals against SciPy (`scripts/reference/metrics.py`), on groups
//! that are small, large, tied, far apart, or have equal pairs.

#![allow(clippy::unwrap_used)]

use equipoise_metrics::statistics::{
    Alternative, Bootstrap, BootstrapMethod, Interval, RankMethod, Undefined, ZeroMethod,
    clopper_pearson, cohens_d, hedges_g, kruskal_wallis, linear_regression, mann_whitney, paired_d,
    paired_t, pearson, student_t, welch_t, wilcoxon, wilson,
};
use equipoise_metrics::summary::Summary;
use proptest::prelude::*;
use serde_json::Value;

const ALTERNATIVES: [Alternative; 3] =
    [Alternative::TwoSided, Alternative::Less, Alternative::Greater];

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/statistics.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Agreement to 1e-9, relative where the number is large.
#[track_caller]
fn near(what: &str, got: f64, want: &Value) {
    let want = want.as_f64().unwrap_or_else(|| panic!("no reference for {what}"));
    assert!((got - want).abs() <= 1e-9 * want.abs().max(1e-2), "{what}: {got} is not {want}");
}

/// Agreement of a probability to 1e-9 of itself, however small.
#[track_caller]
fn near_p(what: &str, got: f64, want: &Value) {
    let want = want.as_f64().unwrap();
    assert!((got - want).abs() <= 1e-9 * want, "{what}: p = {got:e} is not {want:e}");
}

#[track_caller]
fn near_interval(what: &str, got: Interval, want: &Value) {
    for (got, want) in [got.estimate, got.low, got.high].into_iter().zip(numbers(want)) {
        near(what, got, &Value::from(want));
    }
}

#[test]
fn pairs_of_groups_agree_with_scipy() {
    let reference = reference();
    let rows = reference["pairs"].as_array().unwrap();
    assert_eq!(rows.len(), 13);
    for row in rows {
        let name = row["name"].as_str().unwrap();
        let (a, b) = (&numbers(&row["a"])[..], &numbers(&row["b"])[..]);
        for (i, alternative) in ALTERNATIVES.into_iter().enumerate() {
            for (test, result) in [
                ("student", student_t(a, b, alternative)),
                ("welch", welch_t(a, b, alternative)),
                ("paired", paired_t(a, b, alternative)),
            ] {
                let (what, want) = (format!("{name} {test} {alternative:?}"), &row[test]);
                let result = result.unwrap();
                near(&what, result.statistic, &want["statistic"]);
                near(&what, result.degrees_of_freedom, &want["df"]);
                near_p(&what, result.p_value, &want["p"][i]);
                let interval = result.interval(0.9).unwrap();
                near(&what, interval.low, &want["interval_90"][0]);
                near(&what, interval.high, &want["interval_90"][1]);
                near(&what, result.ci_low, &want["interval_95"][0]);
                near(&what, result.ci_high, &want["interval_95"][1]);
            }
            for (zeros, key) in [
                (ZeroMethod::Drop, "wilcoxon_wilcox"),
                (ZeroMethod::Pratt, "wilcoxon_pratt"),
                (ZeroMethod::Split, "wilcoxon_zsplit"),
            ] {
                let what = format!("{name} {key} {alternative:?}");
                let result = wilcoxon(a, b, alternative, zeros).unwrap();
                near(&what, result.statistic, &row[key]["statistic"][i]);
                near_p(&what, result.p_value, &row[key]["p"][i]);
            }
            let what = format!("{name} Mann-Whitney {alternative:?}");
            let result = mann_whitney(a, b, alternative).unwrap();
            near(&what, result.statistic, &row["mann_whitney"]["statistic"][i]);
            near_p(&what, result.p_value, &row["mann_whitney"]["p"][i]);
        }
        if name != "very_far" {
            near_interval(name, cohens_d(a, b, 0.95).unwrap(), &row["cohens_d"]);
            near_interval(name, hedges_g(a, b, 0.95).unwrap(), &row["hedges_g"]);
            near_interval(name, paired_d(a, b, 0.95).unwrap(), &row["paired_d"]);
        }
        regression_agrees(name, a, b, row);
    }
}

fn regression_agrees(name: &str, a: &[f64], b: &[f64], row: &Value) {
    let (line, want) = (linear_regression(a, b).unwrap(), &row["regression"]);
    near(name, line.slope, &want["slope"]);
    near(name, line.intercept, &want["intercept"]);
    near(name, line.r_squared.unwrap(), &want["r_squared"]);
    let (correlation, want_r) = (pearson(a, b, 0.95).unwrap(), &row["pearson"]);
    near(name, correlation.r, &want_r["r"]);
    near_p(name, correlation.p_value, &want_r["p"]);
    if a.len() == 2 {
        assert_eq!((line.slope_error, line.p_value, correlation.low), (None, None, None));
        return;
    }
    near_p(name, line.p_value.unwrap(), &want["p"]);
    near(name, line.slope_error.unwrap(), &want["slope_error"]);
    near(name, line.intercept_error.unwrap(), &want["intercept_error"]);
    near(name, correlation.low.unwrap(), &want_r["interval"][0]);
    near(name, correlation.high.unwrap(), &want_r["interval"][1]);
}

#[test]
fn rank_tests_of_other_groups_agree_with_scipy() {
    let reference = reference();
    for row in reference["mann_whitney"].as_array().unwrap() {
        let (a, b) = (numbers(&row["a"]), numbers(&row["b"]));
        for (i, alternative) in ALTERNATIVES.into_iter().enumerate() {
            let result = mann_whitney(&a, &b, alternative).unwrap();
            near("U", result.statistic, &row["statistic"]);
            near_p("U", result.p_value, &row["p"][i]);
            let exact = a.len().min(b.len()) <= 8;
            assert_eq!(result.method == RankMethod::Exact, exact);
        }
    }
    for row in reference["kruskal"].as_array().unwrap() {
        let groups: Vec<Vec<f64>> = row["groups"].as_array().unwrap().iter().map(numbers).collect();
        let result = kruskal_wallis(&groups).unwrap();
        near("H", result.statistic, &row["statistic"]);
        near_p("H", result.p_value, &row["p"]);
        assert_eq!(result.degrees_of_freedom, groups.len() - 1);
    }
}

#[test]
fn binomial_intervals_agree_with_scipy() {
    let reference = reference();
    for row in reference["binomial"].as_array().unwrap() {
        let count = |key: &str| row[key].as_u64().unwrap();
        let (successes, trials) = (count("successes"), count("trials"));
        for level in [0.95, 0.99] {
            for (name, interval) in [
                ("wilson", wilson(successes, trials, level).unwrap()),
                ("exact", clopper_pearson(successes, trials, level).unwrap()),
            ] {
                let (what, want) =
                    (format!("{name} {successes}/{trials}"), &row[format!("{name}_{level}")]);
                // Relative: an interval of a rare event is small.
                near_p(&what, interval.low, &want[0]);
                near_p(&what, interval.high, &want[1]);
            }
        }
    }
}

#[test]
fn bootstrap_intervals_agree_with_scipy_on_the_same_resamples() {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let median = |v: &[f64]| Summary::of(v).median.unwrap();
    let statistic =
        |name: &str| -> fn(&[f64]) -> f64 { if name == "mean" { mean } else { median } };
    let reference = reference();
    let rows = reference["bootstrap"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let groups: Vec<Vec<f64>> = row["groups"].as_array().unwrap().iter().map(numbers).collect();
        let statistic = statistic(row["statistic"].as_str().unwrap());
        for (method, key) in
            [(BootstrapMethod::Percentile, "percentile"), (BootstrapMethod::Bca, "bca")]
        {
            let settings = Bootstrap { resamples: 500, confidence: 0.9, method, seed: 3 };
            let interval = match groups.as_slice() {
                [a] => settings.interval(a, statistic).unwrap(),
                [a, b] => settings.difference(a, b, statistic).unwrap(),
                _ => panic!("one group or two"),
            };
            let what = format!("{} {} {key}", row["name"], row["statistic"]);
            near(&what, interval.low, &row[key][0]);
            near(&what, interval.high, &row[key][1]);
        }
    }
}

#[test]
fn summaries_agree_with_scipy() {
    let r: Value = serde_json::from_str(include_str!("reference/summary.json")).unwrap();
    let s = Summary::of(&numbers(&r["values"]));
    for (key, got) in [
        ("mean", s.mean),
        ("median", s.median),
        ("std", s.std),
        ("lower_quartile", s.lower_quartile),
        ("upper_quartile", s.upper_quartile),
        ("ci_low", s.ci_low),
        ("ci_high", s.ci_high),
    ] {
        near(key, got.unwrap(), &r[key]);
    }
}

/// Everything that compares two groups, by name.
fn all_of_two(a: &[f64], b: &[f64]) -> Vec<(&'static str, Result<Vec<f64>, Undefined>)> {
    let two = Alternative::TwoSided;
    let ends = |i: Interval| vec![i.estimate, i.low, i.high];
    let bootstrap = Bootstrap { resamples: 50, ..Bootstrap::default() };
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    vec![
        (
            "student",
            student_t(a, b, two).map(|t| vec![t.p_value, t.statistic, t.ci_low, t.ci_high]),
        ),
        ("welch", welch_t(a, b, two).map(|t| vec![t.p_value, t.degrees_of_freedom, t.ci_low])),
        ("paired", paired_t(a, b, two).map(|t| vec![t.p_value, t.statistic, t.ci_high])),
        ("wilcoxon", wilcoxon(a, b, two, ZeroMethod::Drop).map(|t| vec![t.p_value, t.statistic])),
        ("pratt", wilcoxon(a, b, two, ZeroMethod::Pratt).map(|t| vec![t.p_value, t.statistic])),
        ("mann-whitney", mann_whitney(a, b, two).map(|t| vec![t.p_value, t.statistic])),
        ("kruskal", kruskal_wallis(&[a, b]).map(|t| vec![t.p_value, t.statistic])),
        ("d", cohens_d(a, b, 0.95).map(ends)),
        ("g", hedges_g(a, b, 0.95).map(ends)),
        ("paired d", paired_d(a, b, 0.95).map(ends)),
        (
            "line",
            linear_regression(a, b).map(|l| vec![l.slope, l.intercept, l.p_value.unwrap_or(0.5)]),
        ),
        ("pearson", pearson(a, b, 0.95).map(|c| vec![c.r, c.p_value, c.low.unwrap_or(0.0)])),
        ("bootstrap", bootstrap.difference(a, b, mean).map(ends)),
    ]
}

#[test]
fn groups_without_an_answer_say_why() {
    for (name, result) in all_of_two(&[], &[1.0, 2.0]) {
        let reason = result.unwrap_err();
        let paired =
            matches!(name, "paired" | "wilcoxon" | "pratt" | "paired d" | "line" | "pearson");
        match reason {
            Undefined::LengthsDiffer { left: 0, right: 2 } => assert!(paired, "{name}"),
            Undefined::TooFewValues { group: 1, found: 0, .. } => assert!(!paired, "{name}"),
            other => panic!("{name}: {other}"),
        }
    }
    let one = all_of_two(&[1.0], &[2.0]);
    for (name, result) in one {
        if !matches!(name, "wilcoxon" | "pratt" | "mann-whitney" | "kruskal") {
            let reason = result.unwrap_err();
            assert_eq!(reason, Undefined::TooFewValues { group: 1, found: 1, needed: 2 }, "{name}");
        } else {
            assert!(result.unwrap()[0] <= 1.0);
        }
    }
    for (name, result) in all_of_two(&[2.0; 5], &[2.0; 5]) {
        match (name, result) {
            ("wilcoxon" | "pratt", Err(Undefined::NoDifference)) => {}
            (_, Err(Undefined::NoVariance)) => {}
            (_, other) => panic!("{name}: {other:?}"),
        }
    }
    for (name, result) in all_of_two(&[1.0, f64::NAN, 2.0], &[1.0, 2.0, 3.0]) {
        assert_eq!(result, Err(Undefined::NotFinite { group: 1, index: 1 }), "{name}");
    }
    // Differences that are 0.1 in everything but rounding.
    let b = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7];
    let a = b.map(|v| v + 0.1);
    assert_eq!(paired_t(&a, &b, Alternative::TwoSided), Err(Undefined::NoVariance));
    assert_eq!(paired_d(&a, &b, 0.95), Err(Undefined::NoVariance));
    let flat = linear_regression(&[1.0, 2.0, 3.0], &[5.0; 3]).unwrap();
    assert_eq!((flat.slope, flat.r_squared, flat.p_value), (0.0, None, None));
    assert!(kruskal_wallis::<Vec<f64>>(&[]).is_err());
    assert!(wilson(0, 0, 0.95).is_err() && clopper_pearson(5, 4, 0.95).is_err());
    assert!(wilson(1, 4, 1.0).is_err() && cohens_d(&[1.0, 2.0], &[1.0, 3.0], 0.0).is_err());
    let largest = |v: &[f64]| v.iter().copied().fold(f64::MIN, f64::max);
    let minus_largest = |v: &[f64]| largest(v) + if v.len() == 4 { 0.0 } else { 1.0 };
    assert!(Bootstrap::default().interval(&[1.0, 2.0, 3.0, 4.0], minus_largest).is_ok());
    let never = |_: &[f64]| f64::NAN;
    assert_eq!(Bootstrap::default().interval(&[1.0, 2.0], never), Err(Undefined::Degenerate));
    let none = Bootstrap { resamples: 0, ..Bootstrap::default() };
    assert!(none.interval(&[1.0, 2.0], largest).is_err());
}

#[test]
fn reasons_and_results_go_into_reports() {
    let reason = Undefined::TooFewValues { group: 2, found: 0, needed: 2 };
    assert_eq!(reason.to_string(), "group 2 has 0 value(s); at least 2 are needed");
    let json = serde_json::to_string(&reason).unwrap();
    assert_eq!(json, r#"{"reason":"too_few_values","group":2,"found":0,"needed":2}"#);
    assert_eq!(serde_json::from_str::<Undefined>(&json).unwrap(), reason);
    let test = welch_t(&[1.0, 2.0, 4.0], &[0.0, 0.5, 1.0], Alternative::Greater).unwrap();
    let json = serde_json::to_string(&test).unwrap();
    assert_eq!(serde_json::from_str::<equipoise_metrics::statistics::TTest>(&json).unwrap(), test);
}

#[test]
fn a_large_paired_comparison() {
    // As of a whole test set: 10,000 images, a small and sure difference.
    let b: Vec<f64> = (0..10_000).map(|i| f64::from(i % 97) / 10.0).collect();
    let a: Vec<f64> = b.iter().enumerate().map(|(i, b)| b + 0.5 + (i % 7) as f64 / 10.0).collect();
    let d = paired_d(&a, &b, 0.95).unwrap();
    assert!(d.low < d.estimate && d.estimate < d.high && d.high - d.low < 0.15, "{d:?}");
    assert_eq!(paired_t(&a, &b, Alternative::TwoSided).unwrap().p_value, 0.0);
    assert!(paired_t(&b, &a, Alternative::Greater).unwrap().p_value == 1.0);
}

proptest! {
    #[test]
    fn no_answer_is_nan(
        a in prop::collection::vec(prop_oneof![any::<f64>(), (0..4).prop_map(f64::from), -1.0..1.0], 0..9),
        b in prop::collection::vec(prop_oneof![any::<f64>(), (0..4).prop_map(f64::from), -1.0..1.0], 0..9),
    ) {
        for (name, result) in all_of_two(&a, &b) {
            if let Ok(values) = result {
                prop_assert!(values.iter().all(|v| !v.is_nan()), "{} {:?}", name, values);
            }
        }
        let n = a.len().min(b.len());
        for (name, result) in all_of_two(&a[..n], &b[..n]) {
            if let Ok(values) = result {
                prop_assert!(values.iter().all(|v| !v.is_nan()), "{} {:?}", name, values);
                if !matches!(name, "d" | "g" | "paired d" | "line" | "pearson" | "bootstrap") {
                    prop_assert!((0.0..=1.0).contains(&values[0]), "{} {:?}", name, values);
                }
            }
        }
    }

    #[test]
    fn the_order_of_groups_turns_the_sign(
        a in prop::collection::vec(-1.0f64..1.0, 2..9),
        b in prop::collection::vec(-1.0f64..1.0, 2..9),
    ) {
        let there = welch_t(&a, &b, Alternative::Less).unwrap();
        let back = welch_t(&b, &a, Alternative::Greater).unwrap();
        prop_assert!((there.statistic + back.statistic).abs() < 1e-12);
        prop_assert!((there.p_value - back.p_value).abs() < 1e-12);
        let u = mann_whitney(&a, &b, Alternative::TwoSided).unwrap();
        let v = mann_whitney(&b, &a, Alternative::TwoSided).unwrap();
        prop_assert_eq!(u.statistic + v.statistic, (a.len() * b.len()) as f64);
        prop_assert_eq!(u.p_value, v.p_value);
    }
}
