//! Tests, effect sizes and intervals.

use equipoise_metrics::statistics::{
    self, Against, Alternative, Bootstrap, Design, Undefined, ZeroMethod,
};
use equipoise_metrics::summary::Summary;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use serde_json::Value;

use crate::arrays::slice;
use crate::errors::Failure;
use crate::json;

impl From<Undefined> for Failure {
    fn from(reason: Undefined) -> Self {
        Self::request(reason)
    }
}

/// One of the names that a setting has.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, Failure> {
    serde_json::from_value(Value::String(name.to_owned())).map_err(Failure::request)
}

/// A test of two groups by its name, in JSON.
#[pyfunction]
pub fn test(
    name: &str,
    a: PyReadonlyArray1<'_, f64>,
    b: PyReadonlyArray1<'_, f64>,
    alternative: &str,
) -> Result<String, Failure> {
    let (a, b) = (slice("a", &a)?, slice("b", &b)?);
    let alternative: Alternative = named(alternative)?;
    match name {
        "student" => json::write(&statistics::student_t(a, b, alternative)?),
        "welch" => json::write(&statistics::welch_t(a, b, alternative)?),
        "paired" => json::write(&statistics::paired_t(a, b, alternative)?),
        "mann_whitney" => json::write(&statistics::mann_whitney(a, b, alternative)?),
        "wilcoxon" => json::write(&statistics::wilcoxon(a, b, alternative, ZeroMethod::default())?),
        _ => Err(Failure::Internal(format!("there is no test {name:?}"))),
    }
}

/// An effect size of two groups by its name, with its interval, in JSON.
#[pyfunction]
pub fn effect(
    name: &str,
    a: PyReadonlyArray1<'_, f64>,
    b: PyReadonlyArray1<'_, f64>,
    confidence: f64,
) -> Result<String, Failure> {
    let (a, b) = (slice("a", &a)?, slice("b", &b)?);
    let found = match name {
        "cohens_d" => statistics::cohens_d(a, b, confidence)?,
        "hedges_g" => statistics::hedges_g(a, b, confidence)?,
        "paired_d" => statistics::paired_d(a, b, confidence)?,
        _ => return Err(Failure::Internal(format!("there is no effect size {name:?}"))),
    };
    json::write(&found)
}

/// P-values after Holm's correction.
#[pyfunction]
pub fn holm(p_values: PyReadonlyArray1<'_, f64>) -> Result<Vec<f64>, Failure> {
    Ok(statistics::holm(slice("p_values", &p_values)?)?)
}

/// Kruskal-Wallis' test of several groups, in JSON.
#[pyfunction]
pub fn kruskal_wallis(groups: Vec<PyReadonlyArray1<'_, f64>>) -> Result<String, Failure> {
    json::write(&statistics::kruskal_wallis(&slices(&groups)?)?)
}

/// Comparisons of groups two by two, or with the group `reference`, in JSON.
#[pyfunction]
#[pyo3(signature = (groups, design, confidence, reference=None))]
pub fn compare(
    groups: Vec<PyReadonlyArray1<'_, f64>>,
    design: &str,
    confidence: f64,
    reference: Option<usize>,
) -> Result<String, Failure> {
    let against = reference.map_or(Against::EachOther, Against::Reference);
    let design: Design = named(design)?;
    json::write(&statistics::compare_groups(&slices(&groups)?, against, design, confidence)?)
}

/// A straight line through points, in JSON.
#[pyfunction]
pub fn regression(
    x: PyReadonlyArray1<'_, f64>,
    y: PyReadonlyArray1<'_, f64>,
) -> Result<String, Failure> {
    json::write(&statistics::linear_regression(slice("x", &x)?, slice("y", &y)?)?)
}

/// Pearson's correlation, in JSON.
#[pyfunction]
pub fn pearson(
    x: PyReadonlyArray1<'_, f64>,
    y: PyReadonlyArray1<'_, f64>,
    confidence: f64,
) -> Result<String, Failure> {
    json::write(&statistics::pearson(slice("x", &x)?, slice("y", &y)?, confidence)?)
}

/// Mean, median, quartiles and the interval of the mean, in JSON.
#[pyfunction]
pub fn summary(values: PyReadonlyArray1<'_, f64>, confidence: f64) -> Result<String, Failure> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(Failure::Request(format!("confidence: {confidence} is not between 0 and 1")));
    }
    json::write(&Summary::with_confidence(slice("values", &values)?, confidence))
}

/// The bootstrap interval of the mean or the median, in JSON.
#[pyfunction]
pub fn bootstrap(
    py: Python<'_>,
    values: PyReadonlyArray1<'_, f64>,
    statistic: &str,
    settings: &str,
) -> Result<String, Failure> {
    let values = slice("values", &values)?;
    let bootstrap: Bootstrap = json::read(settings)?;
    let statistic: fn(&[f64]) -> f64 = match statistic {
        "mean" => |v| v.iter().sum::<f64>() / v.len() as f64,
        "median" => |v| Summary::of(v).median.unwrap_or(f64::NAN),
        _ => {
            return Err(Failure::Request(format!(
                "statistic: there is no {statistic:?}; there are \"mean\" and \"median\""
            )));
        }
    };
    json::write(&py.detach(|| bootstrap.interval(values, statistic))?)
}

fn slices<'a>(groups: &'a [PyReadonlyArray1<'_, f64>]) -> Result<Vec<&'a [f64]>, Failure> {
    groups.iter().map(|group| slice("groups", group)).collect()
}
