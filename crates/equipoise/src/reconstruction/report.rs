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
pub fn write(job: &Job<Settings>, comparison: &Comparison<'_>, title: &str) -> Outcome {
    let quality = tables::quality(comparison);
    let coding = tables::coding(comparison);
    let differences = tables::differences(comparison);
    let tests = tables::tests(&differences);
    let findings = tables::findings(comparison, &differences);
    job.dir.write_records("images", per_image(comparison))?;

    let settings = &job.config;
    let titles: Vec<&str> = comparison.kinds.iter().map(|kind| kind.title()).collect();
    let mut report = Report::new(title);
    report.subtitle(&format!(
        "{} through {} neurons and a decoder ({}), {} repetition{}",
        settings.data.dataset,
        settings.network.neurons,
        titles.join(", "),
        settings.repeats,
        if settings.repeats == 1 { "" } else { "s" },
    ));
    for sentence in &findings {
        report.summary(sentence);
    }
    for (regime, _) in &comparison.regimes {
        for &kind in &comparison.kinds {
            let score = figures::find(comparison, 0, Some(regime), Method::decoder(kind));
            let Some(score) = score else { continue };
            let label = match comparison.kinds.len() {
                1 => regime.clone(),
                _ => format!("{regime}, {}", kind.title()),
            };
            let ssim = format!("SSIM {:.3}", score.mean(|q| q.ssim));
            report.tile(&label, &format!("{:.2}", score.mean(|q| q.psnr)), "dB", &ssim);
        }
    }
    report.heading("Reconstructions").table("quality", &quality).figure(
        "gallery",
        &figures::gallery(comparison),
        "Images that no decoder was trained on, over their reconstructions, with PSNR \
             and SSIM. The images are drawn from the seed, one class after the other.",
    );
    pictures(&mut report, comparison, "");
    report
        .figure(
            "distributions",
            &figures::distributions(comparison),
            "Quality over all scored images: median, quartiles, and whiskers.",
        )
        .heading("Regimes against each other")
        .paragraph(
            "Every regime encodes the same images with the same seeds; the decoders have the same \
             initial weights, number of features and training.",
        )
        .table("tests", &tests)
        .heading("The networks")
        .table("coding", &coding)
        .list(
            comparison.activity.iter().map(|a| {
                format!("The network of the regime {} is {}.", a.regime, a.diagnosis.verdict)
            }),
        )
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
        );
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

/// The figures of single reconstructions: the ends of the distribution, and what a VAE makes of
/// other codes. `prefix` begins their names.
pub fn pictures(report: &mut Report, comparison: &Comparison<'_>, prefix: &str) {
    let Some((reference, _)) = comparison.regimes.first() else { return };
    let shape = comparison.images.test.shape;
    for &kind in &comparison.kinds {
        report.figure(
            &format!("{prefix}extremes-{}", kind.name()),
            &figures::extremes(comparison, reference, kind),
            "The images with the highest, the middle and the lowest PSNR.",
        );
        let score = figures::find(comparison, 0, Some(reference), Method::decoder(kind));
        if let Some(latent) = score.and_then(|score| score.latent.as_ref()) {
            report
                .figure(
                    &format!("{prefix}vae-samples"),
                    &figures::samples(latent, shape),
                    "What the decoder half of the VAE makes of codes drawn from N(0, I).",
                )
                .figure(
                    &format!("{prefix}vae-traversals"),
                    &figures::traversals(latent, shape),
                    "The code of the first image, with one dimension set to values from -3 to 3 \
                     standard deviations of the prior; the dimensions that vary most over images.",
                );
        }
    }
}

/// One row of `images.csv`.
#[derive(Serialize)]
struct ImageRow<'a> {
    repeat: usize,
    regime: &'a str,
    method: String,
    image: usize,
    label: u16,
    mse: f64,
    psnr_db: f64,
    ssim: f64,
}

fn per_image<'a>(comparison: &'a Comparison<'_>) -> impl Iterator<Item = ImageRow<'a>> {
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
