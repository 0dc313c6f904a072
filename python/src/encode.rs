//! Images in, spike counts out.

use std::ops::Range;
use std::sync::Arc;

use equipoise_data::{Counts, ImageShape};
use equipoise_encoder::code::Latency;
use equipoise_encoder::network::{
    NetworkConfig, NetworkError, Population, color_channels, input_channels,
};
use equipoise_studies::reconstruction::Settings;
use equipoise_studies::reconstruction::encoding::Part;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use serde_json::Value;

use crate::arrays::{Borrowed, slice};
use crate::call::{Watcher, long};
use crate::errors::Failure;
use crate::json;
use crate::network::Network;

/// Counts of many recordings: [recordings, units, bins] as one list, units, bins, duration in ms.
pub type Table<'py> = (Bound<'py, PyArray1<u16>>, usize, usize, f64);

/// Encodes images [images, channels, height, width] of intensities in 0..1; image k is trial
/// `first` + k of the seed.
#[pyfunction]
#[pyo3(signature = (network, images, pixels, seed, first, population, bins, progress=None))]
#[expect(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub fn encode<'py>(
    py: Python<'py>,
    network: &Network,
    images: PyReadonlyArray1<'py, f32>,
    pixels: usize,
    seed: u64,
    first: usize,
    population: &str,
    bins: usize,
    progress: Option<Py<PyAny>>,
) -> Result<Table<'py>, Failure> {
    let population: Population = serde_json::from_value(Value::String(population.to_owned()))
        .map_err(|e| Failure::Request(format!("population: {e}")))?;
    let images = Borrowed::of("images", &images)?;
    let network = Arc::clone(&network.inner);
    give(py, images, pixels, first, progress, move |image, trials, watcher| {
        let count = trials.len() as u64;
        let told = &mut |done: usize| watcher.step("encoding", done as u64, count);
        Ok(network.encode_counts(image, trials, seed, population, bins, told)?)
    })
}

/// Writes image k of a set into the buffer `[channels, height, width]`.
type Image<'a> = &'a (dyn Fn(usize, &mut [f32]) + Sync);

/// Calls `encode` with the images, which are the trials from `first` on, and hands its counts to
/// Python.
pub fn give<'py>(
    py: Python<'py>,
    images: Borrowed<f32>,
    pixels: usize,
    first: usize,
    progress: Option<Py<PyAny>>,
    encode: impl FnOnce(Image<'_>, Range<usize>, &Watcher) -> Result<Counts, Failure> + Send + 'static,
) -> Result<Table<'py>, Failure> {
    let table = long(py, progress, move |watcher| {
        let count = images.numbers().len() / pixels.max(1);
        let end = first
            .checked_add(count)
            .ok_or_else(|| Failure::request("first: the trials have no such numbers"))?;
        let image = |index: usize, out: &mut [f32]| {
            let from = (index - first) * pixels;
            out.copy_from_slice(&images.numbers()[from..from + pixels]);
        };
        let _ = watcher.step("encoding", 0, count as u64);
        encode(&image, first..end, watcher)
    })?;
    Ok((table.counts.into_pyarray(py), table.units, table.bins, table.duration_ms))
}

/// The seeds that a run of `encode` with this seed draws from: that of its network, and that of the
/// spikes of one of its parts.
#[pyfunction]
pub fn seeds_of_run(seed: u64, part: &str) -> Result<(u64, u64), Failure> {
    let part = Part::ALL.into_iter().find(|known| known.name() == part).ok_or_else(|| {
        let known = Part::ALL.map(Part::name).join(", ");
        Failure::Request(format!("part: there is no `{part}`; there are {known}"))
    })?;
    let network = Settings { seed, ..Settings::default() }.network_seed(0);
    Ok((network, part.seed(network)))
}

/// The settings of a network with the input weight that brings these images to its `input.drive`.
#[pyfunction]
pub fn driven(
    settings: &str,
    images: PyReadonlyArray1<'_, f32>,
    shape: (usize, usize, usize),
) -> Result<String, Failure> {
    let config: NetworkConfig = json::read(settings)?;
    let images = slice("images", &images)?;
    let shape = ImageShape::from(shape);
    let color = config.input.color;
    let channels = input_channels(shape, color);
    let (mut sum, mut count) = (0.0, 0);
    for image in images.chunks_exact(shape.pixels().max(1)) {
        sum += color_channels(image, shape, color).iter().map(|&x| f64::from(x)).sum::<f64>();
        count += channels;
    }
    let mean = sum / count.max(1) as f64;
    json::write(&config.with_drive(mean, channels).map_err(|e: NetworkError| Failure::from(e))?)
}

/// The step at which each intensity in 0..1 fires in the latency code; -1 for never.
#[pyfunction]
pub fn latency<'py>(
    py: Python<'py>,
    intensities: PyReadonlyArray1<'py, f64>,
    threshold: f64,
    tau: f64,
    steps: usize,
) -> Result<Bound<'py, PyArray1<i32>>, Failure> {
    let code = Latency { threshold, tau, steps };
    code.validate().map_err(Failure::request)?;
    let of = |&x: &f64| code.step(x).map_or(-1, i32::from);
    Ok(slice("images", &intensities)?.iter().map(of).collect::<Vec<i32>>().into_pyarray(py))
}
