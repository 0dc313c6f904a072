//! The quality of reconstructions by several methods, for the report of an evaluation.

use equipoise_data::ImageSet;
use equipoise_figure::{Figure, ImageGrid};
use equipoise_metrics::image::{ImageQuality, SsimOptions};
use equipoise_metrics::summary::Summary;
use equipoise_report::{Cell, Column, Table};
use serde::{Deserialize, Serialize};

use super::super::cell;
use super::super::comparison::Used;
use super::super::figures::picture;
use super::super::method::Method;
use crate::error::{OrStudyError, StudyError};
use crate::npz::Npz;

/// One method on the spikes of one regime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// The regime; none where no spikes are used.
    pub regime: Option<String>,
    /// What reconstructs.
    pub method: Method,
    /// Quality of each image, SSIM in a Gaussian window as in Wang et al. 2004.
    pub quality: Vec<ImageQuality>,
    /// SSIM of each image in a uniform window of 7x7.
    pub ssim_uniform: Vec<f64>,
    /// Images that are shown, by number, with their reconstructions (0..=255, planes).
    pub pictures: Vec<(usize, Vec<u8>)>,
}

impl Evaluated {
    /// Scores reconstructions (`[images, channels, height, width]`) beside their originals.
    ///
    /// # Errors
    /// [`StudyError::Failed`] if a reconstruction is not finite.
    pub fn of(
        (regime, method): (Option<&str>, Method),
        images: &ImageSet,
        originals: &[f32],
        predicted: &[f32],
        shown: &[usize],
    ) -> Result<Self, StudyError> {
        let uniform =
            cell::score_with(images.shape, originals, predicted, &SsimOptions::uniform())?;
        Ok(Self {
            regime: regime.map(str::to_owned),
            method,
            quality: cell::score(images.shape, originals, predicted)?,
            ssim_uniform: uniform.iter().map(|q| q.ssim).collect(),
            pictures: cell::pictures(predicted, images.shape.pixels(), shown),
        })
    }

    /// The mean PSNR, dB.
    pub fn psnr(&self) -> f64 {
        self.quality.iter().map(|q| q.psnr).sum::<f64>() / self.quality.len().max(1) as f64
    }

    /// What it is in a title.
    pub fn title(&self) -> String {
        match &self.regime {
            Some(regime) => format!("{regime}, {}", self.method.name()),
            None => self.method.name(),
        }
    }
}

/// Every measure of every method.
pub fn table(caption: &str, rows: &[Evaluated]) -> Table {
    let mut table = Table::new(caption)
        .column(Column::text("regime"))
        .column(Column::text("method"))
        .column(Column::text("measure"))
        .column(Column::number("mean"))
        .column(Column::number("lower end").key("ci_low"))
        .column(Column::number("upper end").key("ci_high"))
        .column(Column::number("median"))
        .column(Column::number("least"))
        .column(Column::number("greatest"))
        .note("Lower and upper end of the 95 % t interval of the mean over the images.");
    for row in rows {
        let of = |f: fn(&ImageQuality) -> f64| row.quality.iter().map(f).collect::<Vec<f64>>();
        let measures = [
            ("PSNR (dB)", of(|q| q.psnr)),
            ("SSIM", of(|q| q.ssim)),
            ("SSIM, uniform 7x7", row.ssim_uniform.clone()),
            ("MSE", of(|q| q.mse)),
        ];
        for (name, values) in &measures {
            let s = Summary::of(values);
            let cells: [Cell; 9] = [
                row.regime.as_deref().unwrap_or("-").into(),
                row.method.name().into(),
                (*name).into(),
                s.mean.into(),
                s.ci_low.into(),
                s.ci_high.into(),
                s.median.into(),
                s.min.into(),
                s.max.into(),
            ];
            table.row(cells);
        }
    }
    table
}

/// Images over their reconstructions.
pub fn gallery(images: &Used, rows: &[Evaluated]) -> Figure {
    let mut grid = ImageGrid::new("");
    if let Some(first) = rows.first() {
        let originals = first.pictures.iter().map(|(i, _)| {
            let pixels = images.originals.get(i).map_or(&[][..], Vec::as_slice);
            (picture(pixels, images.shape), images.class(*i))
        });
        grid = grid.row("original", originals);
    }
    for row in rows {
        let decoded = row.pictures.iter().map(|(i, bytes)| {
            let q = &row.quality[*i];
            (picture(bytes, images.shape), format!("{:.1} dB\n{:.2}", q.psnr, q.ssim))
        });
        grid = grid.row(&row.title(), decoded);
    }
    Figure::new().panel(grid)
}

/// One row of `images.csv`.
#[derive(Serialize)]
struct ImageRow<'a> {
    regime: &'a str,
    method: String,
    image: usize,
    index: usize,
    label: u16,
    mse: f64,
    psnr_db: f64,
    ssim: f64,
    ssim_uniform: f64,
}

/// The quality of every image with every method as CSV.
///
/// # Errors
/// None for scores of numbers.
pub fn images_csv(images: &Used, rows: &[Evaluated]) -> Result<Vec<u8>, StudyError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        for (image, (q, &ssim_uniform)) in row.quality.iter().zip(&row.ssim_uniform).enumerate() {
            let line = ImageRow {
                regime: row.regime.as_deref().unwrap_or(""),
                method: row.method.key(),
                image,
                index: images.indices[image],
                label: images.labels[image],
                mse: q.mse,
                psnr_db: q.psnr,
                ssim: q.ssim,
                ssim_uniform,
            };
            writer.serialize(line).or_failed()?;
        }
    }
    writer.into_inner().map_err(StudyError::failed)
}

/// Images and their reconstructions by name as an NPZ file: `images` and each reconstruction
/// float32 `[images, channels, height, width]` in 0..=1, `labels` and `indices` (the number of an
/// image in its part of the data set) uint64 `[images]`.
pub fn npz(
    images: &ImageSet,
    originals: &[f32],
    reconstructions: &[(String, Vec<f32>)],
) -> Vec<u8> {
    let mut file = Npz::new();
    let (shape, n) = (images.shape, images.len());
    let size = [n, shape.channels, shape.height, shape.width];
    file.f32("images", &size, originals);
    for (name, values) in reconstructions {
        file.f32(name, &size, values);
    }
    let labels: Vec<u64> = images.labels.iter().map(|&label| u64::from(label)).collect();
    let indices: Vec<u64> = images.indices.iter().map(|&index| index as u64).collect();
    file.u64("labels", &[n], &labels);
    file.u64("indices", &[n], &indices);
    file.finish()
}
