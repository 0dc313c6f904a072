//! The report of the study: what was asked, what came out, and at what cost.

use equipoise_encoder::balance::Criteria;
use equipoise_encoder::images::EncoderConfig;
use equipoise_report::{Report, Table};

use super::super::comparison::Comparison;
use super::super::method::{Input, Method};
use super::super::statistics::{Difference, Measure, Pairs};
use super::super::{figures as pictures, report as single, tables as common, verdicts};
use super::results::{DataSetResults, SweepResults, file_name};
use super::{figures, tables};
use crate::balance::tables as criteria;

/// The tables that matter and the answers, as text.
pub fn summary(results: &SweepResults, width: usize) -> String {
    let differences = tables::differences(&results.datasets);
    let table = tables::overview(&results.datasets).to_text_within(width);
    format!("{table}\n{}\n", answers(results, &differences).join("\n"))
}

/// The report, with its tables and figures.
pub fn report(results: &SweepResults) -> Report {
    let regimes = results.regimes();
    let differences = tables::differences(&results.datasets);
    let answers = answers(results, &differences);

    let mut report =
        Report::new("Does the balance of excitation and inhibition help to code images?");
    report.subtitle(&format!(
        "{}; {} regimes, {}, {} repetition{}",
        results.datasets.iter().map(|r| r.dataset.as_str()).collect::<Vec<_>>().join(", "),
        regimes.len(),
        results.kinds().iter().map(|kind| kind.title()).collect::<Vec<_>>().join(" and "),
        results.repeats(),
        if results.repeats() == 1 { "" } else { "s" },
    ));
    if let Some(first) = results.datasets.first() {
        report.strip(single::steps(&first.equal_time));
    }
    for sentence in found(&differences) {
        report.found(&sentence);
    }
    if !results.remark.is_empty() {
        report.summary(&results.remark);
    }
    for answer in &answers {
        report.summary(answer);
    }
    report
        .heading("Regimes against each other")
        .figure(
            "overview",
            &figures::overview(results),
            "Mean PSNR of the scored images, a point a repetition (network and decoder of its \
             own), with mean and 95 % interval.",
        )
        .table("overview", &remarked(tables::overview(&results.datasets), results));
    if results.datasets.iter().any(|r| r.equal_spikes.is_some()) {
        report.table("equal-spikes", &remarked(tables::equal_spikes(&results.datasets), results));
    }
    report.table("tests", &common::tests(&differences));
    for result in &results.datasets {
        data_set(&mut report, result, results);
    }
    let kind = results.first_decoder;
    let name = results.datasets.first().map_or("", |first| &first.dataset);
    for (points, file, caption, axis) in [
        (&results.by_images, "curve-images", "Number of training images", "training images"),
        (&results.by_neurons, "curve-neurons", "Number of neurons", "neurons"),
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
                .table(file, &remarked(tables::curve(&title, axis, points, kind), results));
        }
    }
    for colors in &results.colors {
        let file = format!("colors-{}", file_name(&colors.dataset));
        report
            .heading(&format!("Codes of colour, {}", colors.dataset))
            .figure(
                &file,
                &colors.figure(kind),
                "Mean PSNR of the scored images, a point a repetition. The reference regime; the \
                 channels of a code share the same number of input connections.",
            )
            .table(&file, &remarked(colors.table(kind), results))
            .table(&format!("{file}-tests"), &common::tests(&colors.differences(kind)));
    }
    if !results.choices.is_empty() {
        let title = format!("Features and losses, held-out images of {name}");
        report
            .heading("Settings chosen on held-out images")
            .paragraph("No test image was used for these.")
            .table(
                "choices",
                &remarked(tables::curve(&title, "setting", &results.choices, kind), results),
            );
    }
    report
        .heading("When a network is called balanced")
        .table("criteria", &criteria::criteria(&Criteria::default()));
    report
}

/// The table with the study's remark under it.
fn remarked(table: Table, results: &SweepResults) -> Table {
    if results.remark.is_empty() { table } else { table.note(&results.remark) }
}

/// Everything about one data set.
fn data_set(report: &mut Report, result: &DataSetResults, results: &SweepResults) {
    let name = file_name(&result.dataset);
    let comparison = &result.equal_time;
    let networks: Vec<(&str, &EncoderConfig)> =
        comparison.regimes.iter().map(|case| (case.name.as_str(), &case.network)).collect();
    report.heading(&result.dataset);
    for remark in verdicts::remarks(comparison) {
        report.remark(&remark);
    }
    report
        .table(&format!("{name}-quality"), &remarked(common::quality(comparison), results))
        .table(&format!("{name}-coding"), &common::coding(comparison))
        .list(verdicts::states(&comparison.activity))
        .table(
            &format!("{name}-balance"),
            &criteria::reasons(comparison.activity.iter().map(|a| (a.regime.clone(), &a.verdict))),
        );
    single::populations_at_work(report, &comparison.activity, &format!("{name}-"));
    single::parameters(report, &networks, &format!("{name}-"));
    report.figure(
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

/// In how many of the comparisons each regime was better or worse than the reference.
fn found(differences: &[Difference]) -> Vec<String> {
    let several = differences.iter().any(|d| d.pairs == Pairs::Seeds);
    let decisive = if several { Pairs::Seeds } else { Pairs::Images };
    let psnr: Vec<&Difference> =
        differences.iter().filter(|d| d.pairs == decisive && d.measure == Measure::Psnr).collect();
    let mut others: Vec<(&str, &str)> = Vec::new();
    for d in &psnr {
        let pair = (d.reference.as_str(), d.other.as_str());
        if !others.contains(&pair) {
            others.push(pair);
        }
    }
    let sentence = |(reference, other): (&str, &str)| {
        let of_pair: Vec<i8> = psnr
            .iter()
            .filter(|d| (d.reference.as_str(), d.other.as_str()) == (reference, other))
            .map(|d| verdicts::shown(d))
            .collect();
        let count = |wanted| of_pair.iter().filter(|&&shown| shown == wanted).count();
        format!(
            "{reference} against {other}: in {} comparisons (data sets, decoders, equal time or \
             equal spikes) images are reconstructed better in {}, worse in {}, and no difference \
             is shown in {} (PSNR, corrected p < 0.05).",
            of_pair.len(),
            count(1),
            count(-1),
            count(0)
        )
    };
    others.into_iter().map(sentence).collect()
}

/// The answers to the study's questions, made of its numbers.
fn answers(results: &SweepResults, differences: &[Difference]) -> Vec<String> {
    let several = differences.iter().any(|d| d.pairs == Pairs::Seeds);
    let decisive = if several { Pairs::Seeds } else { Pairs::Images };
    let decisive: Vec<Difference> =
        differences.iter().filter(|d| d.pairs == decisive).cloned().collect();
    let mut answers = verdicts::verdicts(&decisive);
    for result in &results.datasets {
        answers.extend(decoder_power(&result.dataset, &result.equal_time));
    }
    let kind = results.first_decoder;
    let told = results.colors.iter().map(|c| c.sentence(kind, &c.differences(kind)));
    answers.extend(told);
    answers
}

/// Whether the decoder's own power hides the difference between the regimes.
fn decoder_power(dataset: &str, comparison: &Comparison) -> Vec<String> {
    let psnr = |regime: Option<&str>, method| comparison.mean_psnr(regime, method);
    let Some((reference, others)) = comparison.regimes.split_first() else {
        return Vec::new();
    };
    let reference = reference.name.as_str();
    let mut answers = Vec::new();
    for &kind in &comparison.kinds {
        let gap = |method| -> Option<f64> {
            let gaps: Vec<f64> = others
                .iter()
                .filter_map(|other| {
                    Some(psnr(Some(reference), method)? - psnr(Some(&other.name), method)?)
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
                "PSNR of {reference} minus the mean of the other regimes: {trained:+.2} dB with the \
                 decoder, {linear:+.2} dB with ridge regression on the same spikes"
            ));
        }
        let shuffled = psnr(Some(reference), Method::Decoder { kind, input: Input::Shuffled });
        if let (Some(shuffled), Some(mean)) = (shuffled, psnr(None, Method::MeanImage)) {
            parts.push(format!(
                "given spikes of other images it falls to {shuffled:.2} dB (the mean image has \
                 {mean:.2} dB), so what it knows of images alone is worth {:+.2} dB",
                shuffled - mean
            ));
        }
        let pixels = psnr(None, Method::Decoder { kind, input: Input::Pixels });
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
