//! Measures of spikes and images, and statistics.

use equipoise_metrics::image::{Covariance, ImageQuality, SsimOptions, Window, evaluate_images};
use equipoise_metrics::spikes::{
    count_correlations, cv, fano_factor, intervals, local_variation, synchrony_index,
};
use equipoise_metrics::van_rossum::{self, Convention};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::arrays::{self, slice};
use crate::call::long;
use crate::errors::Failure;
use crate::json;

type Trains<'py> = Vec<PyReadonlyArray1<'py, f64>>;

fn sorted(trains: &Trains<'_>) -> Result<Vec<Vec<f64>>, Failure> {
    let mut copies = Vec::with_capacity(trains.len());
    for (k, train) in trains.iter().enumerate() {
        let mut train = slice("trains", train)?.to_vec();
        if let Some(event) = train.iter().position(|t| !t.is_finite()) {
            let reason =
                format!("train {k}: spike {event} is at {}, not a finite time", train[event]);
            return Err(Failure::Request(reason));
        }
        if !train.is_sorted() {
            train.sort_unstable_by(f64::total_cmp);
        }
        copies.push(train);
    }
    Ok(copies)
}

/// The CV of the intervals of each train, NaN for fewer than three spikes.
#[pyfunction]
#[pyo3(name = "cv")]
pub fn cv_of_trains<'py>(
    py: Python<'py>,
    trains: Trains<'py>,
) -> Result<Bound<'py, PyArray1<f64>>, Failure> {
    let trains = sorted(&trains)?;
    Ok(arrays::optional(py, trains.iter().map(|train| cv(&intervals(train))).collect()))
}

/// The local variation of each train, NaN for fewer than three spikes.
#[pyfunction]
pub fn lv<'py>(py: Python<'py>, trains: Trains<'py>) -> Result<Bound<'py, PyArray1<f64>>, Failure> {
    let trains = sorted(&trains)?;
    let values = trains.iter().map(|train| local_variation(&intervals(train))).collect();
    Ok(arrays::optional(py, values))
}

fn rows<'a>(counts: &'a PyReadonlyArray2<'_, f64>) -> Result<(&'a [f64], usize), Failure> {
    Ok((slice("counts", counts)?, counts.shape()[1]))
}

/// The Fano factor of each row of counts, NaN where all are 0.
#[pyfunction]
pub fn fano<'py>(
    py: Python<'py>,
    counts: PyReadonlyArray2<'py, f64>,
) -> Result<Bound<'py, PyArray1<f64>>, Failure> {
    let (numbers, columns) = rows(&counts)?;
    let factors = numbers.chunks(columns.max(1)).map(fano_factor).collect();
    Ok(arrays::optional(py, factors))
}

/// The synchrony index chi of counts [units, bins], NaN where nothing varies.
#[pyfunction]
pub fn synchrony(counts: PyReadonlyArray2<'_, f64>) -> Result<f64, Failure> {
    let (numbers, columns) = rows(&counts)?;
    let found = synchrony_index(numbers, columns).map_err(Failure::request)?;
    Ok(found.map_or(f64::NAN, |found| found.chi))
}

/// The correlations of pairs of rows of counts, in JSON.
#[pyfunction]
pub fn correlations(counts: PyReadonlyArray2<'_, f64>) -> Result<String, Failure> {
    let (numbers, columns) = rows(&counts)?;
    json::write(&count_correlations(numbers, columns).map_err(Failure::request)?)
}

fn convention(name: &str, steps: Option<usize>) -> Result<Convention, Failure> {
    match (name, steps) {
        ("elephant", None) => Ok(Convention::Elephant),
        ("van-rossum", None) => Ok(Convention::VanRossum2001),
        ("grid", Some(steps)) => Ok(Convention::Grid { steps }),
        ("grid", None) => Err(Failure::request("convention \"grid\" needs the number of steps")),
        ("elephant" | "van-rossum", Some(_)) => {
            Err(Failure::request("steps are of the convention \"grid\" alone"))
        }
        _ => Err(Failure::Request(format!(
            "convention: there is no {name:?}; there are \"elephant\", \"van-rossum\", \"grid\""
        ))),
    }
}

/// The van Rossum distance of two trains.
#[pyfunction]
#[pyo3(signature = (a, b, tau, convention, steps=None))]
pub fn van_rossum_distance(
    a: PyReadonlyArray1<'_, f64>,
    b: PyReadonlyArray1<'_, f64>,
    tau: f64,
    convention: &str,
    steps: Option<usize>,
) -> Result<f64, Failure> {
    let convention = self::convention(convention, steps)?;
    van_rossum::distance(slice("a", &a)?, slice("b", &b)?, tau, convention)
        .map_err(Failure::request)
}

/// The van Rossum distances between all trains, [trains, trains].
#[pyfunction]
#[pyo3(signature = (trains, tau, convention, steps=None))]
pub fn van_rossum_matrix<'py>(
    py: Python<'py>,
    trains: Trains<'py>,
    tau: f64,
    convention: &str,
    steps: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let convention = self::convention(convention, steps)?;
    let trains = sorted(&trains)?;
    let n = trains.len();
    if n.checked_mul(n).is_none_or(|cells| cells > 1 << 31) {
        let reason = format!("{n} trains have more distances than fit in memory; take fewer");
        return Err(Failure::Request(reason).into());
    }
    let distances = long(py, None, move |_| {
        let matrix =
            van_rossum::distance_matrix(&trains, tau, convention).map_err(Failure::request)?;
        Ok((0..n * n).map(|k| matrix.get(k / n, k % n)).collect::<Vec<f64>>())
    })?;
    arrays::table(py, distances, [n, n])
}

/// MSE, PSNR in dB and SSIM of each image of two batches of `shape` (channels, height, width).
#[pyfunction]
#[pyo3(signature = (originals, reconstructions, shape, data_range, window, size, sigma, sample))]
#[expect(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub fn image_quality<'py>(
    py: Python<'py>,
    originals: PyReadonlyArray1<'py, f32>,
    reconstructions: PyReadonlyArray1<'py, f32>,
    shape: (usize, usize, usize),
    data_range: f64,
    window: &str,
    size: usize,
    sigma: f64,
    sample: bool,
) -> Result<[Bound<'py, PyArray1<f64>>; 3], Failure> {
    let window = match window {
        "gaussian" => Window::Gaussian { size, sigma },
        "uniform" => Window::Uniform { size },
        _ => {
            return Err(Failure::Request(format!(
                "window: there is no {window:?}; there are \"gaussian\" and \"uniform\""
            )));
        }
    };
    let covariance = if sample { Covariance::Sample } else { Covariance::Population };
    let options = SsimOptions { window, covariance, data_range, ..SsimOptions::gaussian() };
    let (a, b) = (slice("original", &originals)?, slice("reconstruction", &reconstructions)?);
    let found = py.detach(|| evaluate_images(a, b, shape, &options)).map_err(Failure::request)?;
    let of = |value: fn(&ImageQuality) -> f64| {
        found.iter().map(value).collect::<Vec<f64>>().into_pyarray(py)
    };
    Ok([of(|q| q.mse), of(|q| q.psnr), of(|q| q.ssim)])
}

/// Mean squared error and peak signal-to-noise ratio in dB of two arrays.
#[pyfunction]
pub fn mse_psnr(
    original: PyReadonlyArray1<'_, f32>,
    reconstruction: PyReadonlyArray1<'_, f32>,
    data_range: f64,
) -> Result<(f64, f64), Failure> {
    use equipoise_metrics::image::{mse, psnr};
    let (a, b) = (slice("original", &original)?, slice("reconstruction", &reconstruction)?);
    Ok((mse(a, b).map_err(Failure::request)?, psnr(a, b, data_range).map_err(Failure::request)?))
}
