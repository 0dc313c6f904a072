//! The report of the study: what was asked, what came out, and at what cost.

use equipoise_report::Report;

use super::super::cell::{Given, Method};
use super::super::comparison::{Difference, Measure, Pairs};
use super::super::run::Comparison;
use super::super::{figures as pictures, report as single, tables as common};
use super::plan::{Beside, Results, file_name};
use super::settings::Config;
use super::{figures, tables};
use crate::console;
use crate::failure::Outcome;
use crate::job::Job;

/// Writes tables, figures and the report, and prints the tables that matter.
///
/// # Errors
/// If a file cannot be written.
pub fn write(job: &Job<Config>, results: &[Results<'_>], beside: &Beside) -> Outcome {
    let config = &job.config;
    let Some(first) = results.first() else { return Ok(()) };
    let kinds = &first.equal_time.kinds;
    let regimes: Vec<String> =
        first.equal_time.regimes.iter().map(|(name, _)| name.clone()).collect();
    let differences = tables::differences(results);
    let course = tables::course(results);
    let answers = answers(results, beside, &differences);

    let mut report =
        Report::new("Does the balance of excitation and inhibition help to code images?");
    report.subtitle(&format!(
        "{}; {} regimes, {}, {} repetition{}",
        config.datasets.join(", "),
        regimes.len(),
        kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(" and "),
        config.comparison.repeats,
        if config.comparison.repeats == 1 { "" } else { "s" },
    ));
    if !config.remark.is_empty() {
        report.summary(&config.remark);
    }
    for answer in &answers {
        report.summary(answer);
    }
    report
        .heading("Regimes against each other")
        .figure(
            "overview",
            &figures::overview(results, kinds),
            "Mean PSNR of the scored images, a point a repetition (network and decoder of its \
             own), with mean and 95 % interval.",
        )
        .table("course", &remarked(course.clone(), config));
    if results.iter().any(|r| r.equal_spikes.is_some()) {
        report.table("equal-spikes", &remarked(tables::equal_spikes(results), config));
    }
    report.table("tests", &common::tests(&differences));
    for result in results {
        data_set(&mut report, result, config);
    }
    let kind = config.first_decoder();
    let name = &config.datasets[0];
    for (points, file, caption, axis) in [
        (&beside.train, "curve-images", "Number of training images", "training images"),
        (&beside.neurons, "curve-neurons", "Number of neurons", "neurons"),
    ] {
        if !points.is_empty() {
            let title = format!("{caption}, {name}");
            report
                .heading(caption)
                .figure(
                    file,
                    &figures::curve(&title, axis, points, &regimes, kind),
                    "Mean PSNR of the scored images; each neuron keeps its number of connections.",
                )
                .table(file, &remarked(tables::curve(&title, axis, points, kind), config));
        }
    }
    for (dataset, points) in &beside.colors {
        let title = format!("Codes of colour, {dataset}");
        report
            .heading(&title)
            .figure(
                &format!("colors-{}", file_name(dataset)),
                &figures::alternatives(&title, points, &regimes[0]),
                "The reference regime; the channels of a code share the same number of input \
                 connections.",
            )
            .table(
                &format!("colors-{}", file_name(dataset)),
                &remarked(tables::curve(&title, "code", points, kind), config),
            );
    }
    if !beside.choices.is_empty() {
        let title = format!("Features and losses, held-out images of {name}");
        report
            .heading("Settings chosen on held-out images")
            .paragraph("No test image was used for these.")
            .table(
                "choices",
                &remarked(tables::curve(&title, "setting", &beside.choices, kind), config),
            );
    }
    job.dir.save_report(&report)?;
    console::print(course.to_text());
    for answer in &answers {
        console::print(answer);
    }
    console::print(format!("report: {}", job.dir.path().join("report.html").display()));
    Ok(())
}

/// The table with the study's remark under it.
fn remarked(table: equipoise_report::Table, config: &Config) -> equipoise_report::Table {
    if config.remark.is_empty() { table } else { table.note(&config.remark) }
}

/// Everything about one data set.
fn data_set(report: &mut Report, result: &Results<'_>, config: &Config) {
    let name = file_name(&result.prepared.settings.data.dataset);
    let comparison = &result.equal_time;
    report
        .heading(&result.prepared.settings.data.dataset)
        .table(&format!("{name}-quality"), &remarked(common::quality(comparison), config))
        .table(&format!("{name}-coding"), &common::coding(comparison))
        .list(comparison.activity.iter().map(|a| format!("{}: {}.", a.regime, a.diagnosis.verdict)))
        .figure(
            &format!("{name}-gallery"),
            &pictures::gallery(comparison),
            "Images that no decoder was trained on, over their reconstructions, with PSNR and SSIM.",
        );
    single::pictures(report, comparison, &format!("{name}-"));
    report
        .figure(
            &format!("{name}-distributions"),
            &pictures::distributions(comparison),
            "Quality over all scored images (first repetition): median, quartiles, and whiskers.",
        )
        .figure(
            &format!("{name}-losses"),
            &pictures::losses(comparison),
            "Loss by epoch. The weights of the epoch with the lowest validation loss are kept.",
        )
        .figure(
            &format!("{name}-rasters"),
            &pictures::rasters(&comparison.activity),
            "Spikes of 100 neurons while an image is shown.",
        );
}

/// The answers to the questions of the course project, made of the study's numbers.
fn answers(results: &[Results<'_>], beside: &Beside, differences: &[Difference]) -> Vec<String> {
    let mut answers = Vec::new();
    let several = differences.iter().any(|d| d.pairs == Pairs::Seeds);
    let decisive = if several { Pairs::Seeds } else { Pairs::Images };
    answers.extend(
        differences
            .iter()
            .filter(|d| d.measure == Measure::Psnr && d.pairs == decisive)
            .map(common::sentence),
    );
    for result in results {
        answers.extend(decoder_power(&result.prepared.settings.data.dataset, &result.equal_time));
    }
    for (dataset, points) in &beside.colors {
        let psnr = |p: &super::plan::Point| p.scores.values().next().map_or(f64::NAN, |s| s.psnr);
        let mut order: Vec<_> = points.iter().collect();
        order.sort_by(|a, b| psnr(b).total_cmp(&psnr(a)));
        let list: Vec<String> =
            order.iter().map(|p| format!("{} {:.2} dB", p.name, psnr(p))).collect();
        answers.push(format!(
            "How should colour be encoded? {dataset}, at equal numbers of neurons and input \
             connections: {}.",
            list.join(", ")
        ));
    }
    answers
}

/// Whether the decoder's own power hides the difference between the regimes.
fn decoder_power(dataset: &str, comparison: &Comparison<'_>) -> Vec<String> {
    let psnr = |regime: Option<&str>, method| {
        let scores = comparison.scores.iter();
        let of: Vec<f64> = scores
            .filter(|s| s.regime.as_deref() == regime && s.method == method)
            .map(|s| s.mean(|q| q.psnr))
            .collect();
        (!of.is_empty()).then(|| of.iter().sum::<f64>() / of.len() as f64)
    };
    let Some(((reference, _), others)) = comparison.regimes.split_first() else {
        return Vec::new();
    };
    let mut answers = Vec::new();
    for &kind in &comparison.kinds {
        let gap = |method| -> Option<f64> {
            let gaps: Vec<f64> = others
                .iter()
                .filter_map(|(other, _)| {
                    Some(psnr(Some(reference), method)? - psnr(Some(other), method)?)
                })
                .collect();
            (!gaps.is_empty()).then(|| gaps.iter().sum::<f64>() / gaps.len() as f64)
        };
        let decoder = Method::decoder(kind);
        let mut sentence =
            format!("Does the decoder's own power decide? {dataset}, {}", kind.title());
        let mut parts = Vec::new();
        if let (Some(trained), Some(linear)) = (gap(decoder), gap(Method::Ridge)) {
            parts.push(format!(
                "{reference} is ahead of the other regimes by {trained:+.2} dB on average with the \
                 decoder and by {linear:+.2} dB with ridge regression on the same spikes"
            ));
        }
        let shuffled = psnr(Some(reference), Method::Decoder { kind, given: Given::Shuffled });
        if let (Some(shuffled), Some(mean)) = (shuffled, psnr(None, Method::MeanImage)) {
            parts.push(format!(
                "given spikes of other images it falls to {shuffled:.2} dB (the mean image has \
                 {mean:.2} dB), so what it knows of images alone is worth {:+.2} dB",
                shuffled - mean
            ));
        }
        let pixels = psnr(None, Method::Decoder { kind, given: Given::Pixels });
        if let (Some(pixels), Some(spikes)) = (pixels, psnr(Some(reference), decoder)) {
            parts.push(format!(
                "straight from the pixels it reaches {pixels:.2} dB, from the spikes {spikes:.2} dB"
            ));
        }
        if !parts.is_empty() {
            sentence += &format!(": {}.", parts.join("; "));
            answers.push(sentence);
        }
    }
    answers
}
