//! The mixed model of a line against statsmodels (`scripts/reference/mixed.py`), against designs whose
//! answer is exact, and on values that have none.

#![allow(clippy::unwrap_used)]

use equipoise_metrics::statistics::{Undefined, linear_regression, mixed_line};
use serde_json::Value;

fn reference() -> Vec<Value> {
    serde_json::from_str(include_str!("reference/mixed.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[track_caller]
fn near(what: &str, got: f64, want: f64, relative: f64) {
    assert!((got - want).abs() <= relative * want.abs(), "{what}: {got} is not {want}");
}

/// A reproducible number in -0.5..0.5.
fn shake(k: usize) -> f64 {
    (k * 7919 % 1009) as f64 / 1009.0 - 0.5
}

#[test]
fn it_agrees_with_statsmodels() {
    let rows = reference();
    assert_eq!(rows.len(), 5);
    for row in &rows {
        let name = row["name"].as_str().unwrap();
        let (x, y) = (numbers(&row["x"]), numbers(&row["y"]));
        let groups: Vec<usize> = numbers(&row["groups"]).iter().map(|&g| g as usize).collect();
        let found = mixed_line(&x, &y, &groups, 0.95).unwrap();
        for (key, got, relative) in [
            ("slope", found.slope, 1e-7),
            ("intercept", found.intercept, 1e-7),
            ("slope_error", found.slope_error, 1e-5),
            ("group_variance", found.group_variance, 1e-5),
            ("residual_variance", found.residual_variance, 1e-5),
            ("degrees_of_freedom", found.degrees_of_freedom, 1e-4),
            ("p", found.p_value, 1e-3),
        ] {
            near(&format!("{name}: {key}"), got, row[key].as_f64().unwrap(), relative);
        }
        // Its own search stops a little earlier.
        let theirs = &row["statsmodels"];
        near(name, found.slope, theirs["slope"].as_f64().unwrap(), 1e-5);
        near(name, found.group_variance, theirs["group_variance"].as_f64().unwrap(), 1e-3);
        // The interval is where a test of another slope would have p = 0.05.
        let low = y.iter().zip(&x).map(|(y, x)| y - found.low * x).collect::<Vec<f64>>();
        near(name, mixed_line(&x, &low, &groups, 0.95).unwrap().p_value, 0.05, 1e-3);
    }
}

#[test]
fn a_dose_of_groups_is_tested_as_a_line_over_their_means() {
    let doses = [0.1, 0.4, 0.5, 0.9, 1.3, 1.4, 2.0];
    let (mut x, mut y, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    let mut means = Vec::new();
    for (group, dose) in doses.into_iter().enumerate() {
        let values: Vec<f64> =
            (0..4).map(|k| 2.0 * dose + 3.0 * shake(group) + 0.2 * shake(7 * group + k)).collect();
        means.push(values.iter().sum::<f64>() / 4.0);
        x.extend([dose; 4]);
        groups.extend([100 - group; 4]);
        y.extend(values);
    }
    let line = linear_regression(&doses, &means).unwrap();
    let found = mixed_line(&x, &y, &groups, 0.95).unwrap();
    near("slope", found.slope, line.slope, 1e-9);
    near("error", found.slope_error, line.slope_error.unwrap(), 1e-6);
    near("degrees of freedom", found.degrees_of_freedom, 5.0, 1e-4);
    near("p", found.p_value, line.p_value.unwrap(), 1e-4);
    // What the values of a group differ by is pooled within the groups.
    let mean_of = |group: usize| means[100 - group];
    let within: f64 = y.iter().zip(&groups).map(|(y, &g)| (y - mean_of(g)).powi(2)).sum();
    near("residual", found.residual_variance, within / 21.0, 1e-6);
    // 27 values, of which one group lost one, are not less groups.
    let fewer = mixed_line(&x[1..], &y[1..], &groups[1..], 0.95).unwrap();
    assert!((fewer.degrees_of_freedom - 5.0).abs() < 0.1, "{fewer:?}");
}

#[test]
fn a_dose_within_groups_is_tested_within_them() {
    let (mut x, mut y, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for group in 0..6 {
        for k in 0..5 {
            x.push(k as f64);
            y.push(0.5 * k as f64 + 10.0 * shake(group) + shake(11 * group + k));
            groups.push(group);
        }
    }
    let found = mixed_line(&x, &y, &groups, 0.95).unwrap();
    // 30 values less 6 intercepts and a slope.
    near("degrees of freedom", found.degrees_of_freedom, 23.0, 1e-4);
    near("slope", found.slope, linear_regression(&x, &y).unwrap().slope, 1e-9);
}

#[test]
fn groups_that_do_not_differ_have_no_variance_and_leave_least_squares() {
    let x: Vec<f64> = (0..24).map(|k| k as f64).collect();
    // Each group has the same values about the line: it could not differ less.
    let y: Vec<f64> = (0..24).map(|k| 0.3 * k as f64 + [1.0, -1.0, 1.0, -1.0][k % 4]).collect();
    let groups: Vec<usize> = (0..24).map(|k| k / 4).collect();
    let (found, line) =
        (mixed_line(&x, &y, &groups, 0.9).unwrap(), linear_regression(&x, &y).unwrap());
    assert_eq!((found.group_variance, found.degrees_of_freedom, found.groups), (0.0, 22.0, 6));
    near("slope", found.slope, line.slope, 1e-12);
    near("error", found.slope_error, line.slope_error.unwrap(), 1e-12);
    near("p", found.p_value, line.p_value.unwrap(), 1e-9);
}

#[test]
fn numbers_of_any_size_are_fitted_alike() {
    let row = &reference()[2];
    let (x, y) = (numbers(&row["x"]), numbers(&row["y"]));
    let groups: Vec<usize> = numbers(&row["groups"]).iter().map(|&g| g as usize).collect();
    let plain = mixed_line(&x, &y, &groups, 0.95).unwrap();
    for (of_x, of_y) in [(1e140, 1e-140), (1e-120, 1e140), (-3.0, 1e148)] {
        let scaled = |v: &[f64], by: f64| v.iter().map(|v| v * by).collect::<Vec<f64>>();
        let found = mixed_line(&scaled(&x, of_x), &scaled(&y, of_y), &groups, 0.95).unwrap();
        near("slope", found.slope * of_x / of_y, plain.slope, 1e-6);
        near("degrees of freedom", found.degrees_of_freedom, plain.degrees_of_freedom, 1e-3);
        near("variance", found.group_variance / of_y / of_y, plain.group_variance, 1e-5);
    }
}

#[test]
fn what_has_no_answer_is_refused() {
    let (x, y) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.5, 2.0, 4.0, 4.5, 7.0]);
    let groups = [0, 0, 1, 1, 2, 2];
    let of = |x: &[f64], y: &[f64], groups: &[usize]| mixed_line(x, y, groups, 0.95).unwrap_err();
    assert!(mixed_line(&x, &y, &groups, 0.95).is_ok());
    assert_eq!(of(&[1.0; 6], &y, &groups), Undefined::NoVariance);
    assert_eq!(of(&x, &[1.0; 6], &groups), Undefined::NoVariance);
    // On a line, and on parallel lines.
    assert_eq!(of(&x, &x, &groups), Undefined::NoVariance);
    let parallel = [1.0, 2.0, 13.0, 14.0, 9.0, 10.0];
    assert_eq!(of(&x, &parallel, &groups), Undefined::NoVariance);
    assert_eq!(of(&x, &y, &[0, 0, 1, 1, 1, 1]), Undefined::TooFewGroups { found: 2, needed: 3 });
    let alone = Undefined::TooFewValues { group: 1, found: 6, needed: 7 };
    assert_eq!(of(&x, &y, &[0, 1, 2, 3, 4, 5]), alone);
    assert_eq!(of(&x, &y, &[0, 1]), Undefined::LengthsDiffer { left: 6, right: 2 });
    let hole = [1.0, f64::NAN, 2.0, 3.0, 4.0, 5.0];
    assert_eq!(of(&x, &hole, &groups), Undefined::NotFinite { group: 2, index: 1 });
    let three = Undefined::TooFewValues { group: 1, found: 3, needed: 4 };
    assert_eq!(of(&x[..3], &y[..3], &groups[..3]), three);
    assert!(matches!(mixed_line(&x, &y, &groups, 1.0), Err(Undefined::OutOfRange { .. })));
}
