//! The report of a comparison, and the tables beside it.

use equipoise_report::Report;
use serde::Serialize;

use super::cell::Method;
use super::run::Comparison;
use super::{Settings, figures, tables};
use crate::console;
use crate::failure::Outcome;
use crate::job::Job;

/// Writes tables, figures and the report, and prints the two tables that matter.
///
/// # Errors
/// If a file cannot be written.
pub fn write(job: &Job<Settings>, comparison: &Comparison, title: &str) -> Outcome {
    let quality = tables::quality(comparison);
    let coding = tables::coding(comparison);
    let differences = tables::differences(comparison);
    let tests = tables::tests(&differences);
    let findings = tables::findings(comparison, &differences);
    job.dir.write_records("images", per_image(comparison))?;

    let settings = &job.config;
    let mut report = Report::new(title);
    report.subtitle(&format!(
        "{} through {} neurons and a decoder ({}), {} repetition{}",
        settings.data.dataset,
        settings.network.neurons,
        settings.decoder.kind,
        settings.repeats,
        if settings.repeats == 1 { "" } else { "s" },
    ));
    for sentence in &findings {
        report.summary(sentence);
    }
    for (regime, _) in &comparison.regimes {
        let Some(score) = figures::find(comparison, 0, Some(regime), Method::Decoder) else {
            continue;
        };
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let psnr = mean(score.values(|q| q.psnr));
        let ssim = mean(score.values(|q| q.ssim));
        report.tile(regime, &format!("{psnr:.2}"), "dB", &format!("SSIM {ssim:.3}"));
    }
    report
        .heading("Reconstructions")
        .table("quality", &quality)
        .figure(
            "gallery",
            &figures::gallery(comparison),
            "Test images that no decoder was trained on, over their reconstructions, with PSNR \
             and SSIM. The images are drawn from the seed, one class after the other.",
        )
        .figure(
            "distributions",
            &figures::distributions(comparison),
            "Quality over all test images: median, quartiles, and whiskers.",
        )
        .heading("Regimes against each other")
        .paragraph(
            "Every regime encodes the same images with the same seeds; the decoders have the same \
             initial weights, number of features and training.",
        )
        .table("tests", &tests)
        .heading("The networks")
        .table("coding", &coding)
        .figure(
            "rasters",
            &figures::rasters(&comparison.activity),
            "Spikes of 100 neurons while an image is shown.",
        )
        .figure(
            "activity",
            &figures::statistics(&comparison.activity),
            "Firing rates, and the irregularity of the neurons with at least 5 spikes, over one \
             second of an image.",
        )
        .heading("Training")
        .figure(
            "losses",
            &figures::losses(comparison),
            "Loss by epoch. The weights of the epoch with the lowest validation loss are kept.",
        )
        .details("Configuration", &job.dir.config_text()?)
        .footer(job.dir.record());
    job.dir.save_report(&report)?;
    console::print(coding.to_text());
    console::print(quality.to_text());
    console::print(tests.to_text());
    for sentence in &findings {
        console::print(sentence);
    }
    console::print(format!("report: {}", job.dir.path().join("report.html").display()));
    Ok(())
}

/// One row of `images.csv`.
#[derive(Serialize)]
struct ImageRow<'a> {
    repeat: usize,
    regime: &'a str,
    method: &'static str,
    image: usize,
    label: u16,
    mse: f64,
    psnr_db: f64,
    ssim: f64,
}

fn per_image(comparison: &Comparison) -> impl Iterator<Item = ImageRow<'_>> {
    comparison.scores.iter().flat_map(|score| {
        score.quality.iter().enumerate().map(|(image, q)| ImageRow {
            repeat: score.repeat + 1,
            regime: score.regime.as_deref().unwrap_or(""),
            method: score.method.key(),
            image,
            label: comparison.images.test.labels[image],
            mse: q.mse,
            psnr_db: q.psnr,
            ssim: q.ssim,
        })
    })
}
