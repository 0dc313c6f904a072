//! The quality of reconstructions by several methods, for the report of an evaluation.

use equipoise_data::ImageShape;
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

/// One method on the spikes of one regime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// Repetition, from 0.
    pub repeat: usize,
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
        (repeat, regime, method): (usize, Option<&str>, Method),
        shape: ImageShape,
        originals: &[f32],
        predicted: &[f32],
        shown: &[usize],
    ) -> Result<Self, StudyError> {
        let uniform = cell::score_with(shape, originals, predicted, &SsimOptions::uniform())?;
        Ok(Self {
            repeat,
            regime: regime.map(str::to_owned),
            method,
            quality: cell::score(shape, originals, predicted)?,
            ssim_uniform: uniform.iter().map(|q| q.ssim).collect(),
            pictures: cell::pictures(predicted, shape.pixels(), shown),
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

/// The rows of each regime and method, in the order of the tables: one a repetition.
pub fn by_method(rows: &[Evaluated]) -> Vec<Vec<&Evaluated>> {
    let mut groups: Vec<Vec<&Evaluated>> = Vec::new();
    for row in rows {
        let alike = |group: &&mut Vec<&Evaluated>| {
            group.iter().any(|one| one.regime == row.regime && one.method == row.method)
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// Every measure of every method.
pub fn table(caption: &str, rows: &[Evaluated]) -> Table {
    let groups = by_method(rows);
    let repeats = groups.iter().map(Vec::len).max().unwrap_or(0);
    let over = match repeats {
        0 | 1 => "the images".to_owned(),
        n => format!("the means of the {n} repetitions"),
    };
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
        .note(&format!(
            "Lower and upper end of the 95 % t interval of the mean over {over}; median, least and \
             greatest over all images."
        ));
    for group in groups {
        let Some(first) = group.first() else { continue };
        let of = |f: fn(&ImageQuality) -> f64| -> Vec<Vec<f64>> {
            group.iter().map(|row| row.quality.iter().map(f).collect()).collect()
        };
        let measures = [
            ("PSNR (dB)", of(|q| q.psnr)),
            ("SSIM", of(|q| q.ssim)),
            ("SSIM, uniform 7x7", group.iter().map(|row| row.ssim_uniform.clone()).collect()),
            ("MSE", of(|q| q.mse)),
        ];
        for (name, values) in &measures {
            let images = Summary::of(&values.concat());
            let mean = match values.as_slice() {
                [_] => images,
                repeats => {
                    let means = repeats.iter().filter_map(|values| Summary::of(values).mean);
                    Summary::of(&means.collect::<Vec<_>>())
                }
            };
            let cells: [Cell; 9] = [
                first.regime.as_deref().unwrap_or("-").into(),
                first.method.name().into(),
                (*name).into(),
                mean.mean.into(),
                mean.ci_low.into(),
                mean.ci_high.into(),
                images.median.into(),
                images.min.into(),
                images.max.into(),
            ];
            table.row(cells);
        }
    }
    table
}

/// Images over their reconstructions in the first repetition.
pub fn gallery(images: &Used, rows: &[Evaluated]) -> Figure {
    let rows: Vec<&Evaluated> = rows.iter().filter(|row| row.repeat == 0).collect();
    let mut grid = ImageGrid::new("");
    if let Some(first) = rows.first() {
        let originals = first.pictures.iter().map(|(i, _)| {
            let pixels = images.originals.get(i).map_or(&[][..], Vec::as_slice);
            (picture(pixels, images.shape), images.class(*i))
        });
        grid = grid.row("original", originals);
    }
    for row in &rows {
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
    repeat: usize,
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
                repeat: row.repeat + 1,
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
