//! The report of a comparison, and the tables beside it.

use equipoise_encoder::balance::Criteria;
use equipoise_encoder::images::EncoderConfig;
use equipoise_encoder::network::NetworkConfig;
use equipoise_report::{Report, Step};
use serde::Serialize;

use super::activity::{Activity, RASTER_MS};
use super::comparison::Comparison;
use super::method::Method;
use super::statistics::{Difference, differences};
use super::{figures, tables, verdicts};
use crate::balance::tables as criteria;
use crate::error::{OrStudyError, StudyError};
use crate::populations::tables as populations;
use crate::regimes::ImageCase;
use crate::schema::network_table;
use crate::strip;

/// The tables that matter and the findings, as text.
pub fn summary(comparison: &Comparison, width: usize) -> String {
    let differences = differences(comparison);
    let mut tables = vec![
        tables::coding(comparison).to_text_within(width),
        tables::quality(comparison).to_text_within(width),
    ];
    if !differences.is_empty() {
        tables.push(tables::tests(&differences).to_text_within(width));
    }
    if let Some(recordings) = &comparison.recordings {
        tables.push(recordings.table().to_text_within(width));
    }
    let sentences = verdicts::findings(comparison, &differences);
    let states = verdicts::states(&comparison.activity);
    tables.join("\n") + "\n" + &sentences.join("\n") + "\n" + &states.join("\n") + "\n"
}

/// The report, with its tables and figures.
pub fn report(comparison: &Comparison, title: &str) -> Report {
    let differences = differences(comparison);
    let titles: Vec<&str> = comparison.kinds.iter().map(|kind| kind.title()).collect();
    let mut report = Report::new(title);
    report.subtitle(&format!(
        "{} through {} {} and a decoder ({}), {} repetition{}",
        comparison.images.dataset,
        comparison.coded.first().map_or(0, |coded| coded.units),
        if comparison.regimes.is_empty() { "recorded units" } else { "neurons" },
        titles.join(", "),
        comparison.repeats(),
        if comparison.repeats() == 1 { "" } else { "s" },
    ));
    report.strip(steps(comparison));
    for sentence in
        verdicts::plain(&differences).into_iter().chain(verdicts::states(&comparison.activity))
    {
        report.found(&sentence);
    }
    for sentence in verdicts::findings(comparison, &differences) {
        report.summary(&sentence);
    }
    for regime in comparison.names() {
        for &kind in &comparison.kinds {
            let score = comparison.score(0, Some(regime), Method::decoder(kind));
            let Some(score) = score else { continue };
            let label = match comparison.kinds.len() {
                1 => regime.to_owned(),
                _ => format!("{regime}, {}", kind.title()),
            };
            let ssim = format!("SSIM {:.3}", score.mean(|q| q.ssim));
            report.tile(&label, &format!("{:.2}", score.mean(|q| q.psnr)), "dB", &ssim);
        }
    }
    for remark in verdicts::remarks(comparison) {
        report.remark(&remark);
    }
    report.heading("Reconstructions").table("quality", &tables::quality(comparison)).figure(
        "gallery",
        &figures::gallery(comparison),
        "Images that no decoder was trained on, over their reconstructions, with PSNR \
             and SSIM. The images are drawn from the seed, one class after the other.",
    );
    pictures(&mut report, comparison, "");
    report.figure(
        "distributions",
        &figures::distributions(comparison),
        "Quality over all scored images: median, quartiles, and whiskers.",
    );
    if comparison.regimes.is_empty() {
        report.heading("The recordings").table("coding", &tables::coding(comparison));
        if let Some(recordings) = &comparison.recordings {
            report.table("recordings", &recordings.table());
        }
    } else {
        regimes(&mut report, comparison, &differences);
    }
    report.heading("Training").figure(
        "losses",
        &figures::losses(comparison),
        "Loss by epoch. The weights of the epoch with the lowest validation loss are kept.",
    );
    report
}

/// The regimes against each other, and their networks.
fn regimes(report: &mut Report, comparison: &Comparison, differences: &[Difference]) {
    report
        .heading("Regimes against each other")
        .paragraph(
            "Every regime encodes the same images with the same seeds; the decoders have the same \
             initial weights, number of features and training.",
        )
        .table("tests", &tables::tests(differences))
        .heading("The networks")
        .table("coding", &tables::coding(comparison));
    let cases: Vec<&ImageCase> = comparison.regimes.iter().collect();
    networks(report, &comparison.activity, &cases);
}

/// What was done, in pictures of the first image that is shown.
pub fn steps(comparison: &Comparison) -> Vec<Step> {
    let images = &comparison.images;
    let reference = comparison.names().first().copied();
    let kind = comparison.kinds.first().copied().unwrap_or_default();
    let score = comparison.score(0, reference, Method::decoder(kind));
    let shown = score.and_then(|score| Some((score, score.pictures.first()?)));
    let mut image = Step::new("Image", &format!("{}, {}", images.dataset, images.shape));
    if let Some((_, (index, _))) = shown
        && let Some(original) = images.originals.get(index)
    {
        image = image.picture(&figures::picture(original, images.shape));
    }
    let mut steps = vec![image];
    steps.extend(comparison.activity.iter().take(2).map(spikes_step));
    if let Some((score, (_, bytes))) = shown {
        let text = format!("{}, {:.2} dB", kind.title(), score.mean(|q| q.psnr));
        let step = Step::new("Reconstruction", &text);
        steps.push(step.picture(&figures::picture(bytes, images.shape)));
    }
    steps
}

/// The spikes of a network as a step.
pub fn spikes_step(activity: &Activity) -> Step {
    let [excitatory, inhibitory] = &activity.raster;
    let raster = strip::raster([excitatory, inhibitory], activity.rows, (0.0, RASTER_MS));
    let neurons = activity.rates.len();
    let text = format!("{}: {neurons} neurons, {:.1} Hz", activity.regime, activity.rate_hz);
    Step::new("Spikes", &text).figure(&raster)
}

/// The networks at work: whether each is balanced and why, its spikes, its parameters.
pub fn networks(report: &mut Report, activity: &[Activity], cases: &[&ImageCase]) {
    report
        .list(verdicts::states(activity))
        .table(
            "balance",
            &criteria::reasons(activity.iter().map(|a| (a.regime.clone(), &a.verdict))),
        )
        .table("criteria", &criteria::criteria(&Criteria::default()))
        .figure(
            "rasters",
            &figures::rasters(activity),
            "Spikes of 100 neurons while an image is shown.",
        )
        .figure(
            "activity",
            &figures::statistics(activity),
            "Firing rates, and the irregularity of the neurons with at least 5 spikes, over one \
             second of an image.",
        );
    populations_at_work(report, activity, "");
    let networks: Vec<(&str, &EncoderConfig)> =
        cases.iter().map(|case| (case.name.as_str(), &case.network)).collect();
    parameters(report, &networks, "");
}

/// The populations of networks that have several. `prefix` begins the table's name.
pub fn populations_at_work(report: &mut Report, activity: &[Activity], prefix: &str) {
    if activity.iter().any(|active| !active.populations.is_empty()) {
        report.table(&format!("{prefix}populations"), &tables::populations(activity));
    }
}

/// The parameters of networks. `prefix` begins the names of tables.
pub fn parameters(report: &mut Report, networks: &[(&str, &EncoderConfig)], prefix: &str) {
    let pairs: Vec<(&str, &NetworkConfig)> =
        networks.iter().filter_map(|&(name, network)| Some((name, network.pair()?))).collect();
    if !pairs.is_empty() {
        report.table(&format!("{prefix}network"), &network_table(&pairs));
    }
    for (k, &(name, network)) in networks.iter().enumerate() {
        let Some(encoder) = network.populations() else { continue };
        let image = &encoder.image;
        report.paragraph(&format!(
            "Images come to {name} through {} sources onto each neuron of {}, each of {} Hz at \
             intensity 1; {}.",
            image.in_degree,
            match image.onto.as_slice() {
                [] => format!("those that receive from `{}`", image.population),
                onto => onto.join(", "),
            },
            image.r_max,
            match encoder.record.as_slice() {
                [] => "all neurons are read".to_owned(),
                read => format!("{} are read", read.join(", ")),
            }
        ));
        let caption = format!("Populations of {name}");
        let file = format!("{prefix}network-{}", k + 1);
        report.table(&file, &populations::populations(&encoder.network, &caption));
    }
}

/// The figures of single reconstructions: the ends of the distribution, and what a VAE makes of
/// other codes. `prefix` begins their names.
pub fn pictures(report: &mut Report, comparison: &Comparison, prefix: &str) {
    let Some(&reference) = comparison.names().first() else { return };
    let shape = comparison.images.shape;
    for &kind in &comparison.kinds {
        report.figure(
            &format!("{prefix}extremes-{}", kind.name()),
            &figures::extremes(comparison, reference, kind),
            "The images with the highest, the middle and the lowest PSNR.",
        );
        let score = comparison.score(0, Some(reference), Method::decoder(kind));
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
    index: usize,
    label: u16,
    mse: f64,
    psnr_db: f64,
    ssim: f64,
}

/// The quality of every scored image as CSV: its number, its index in its part of the data set,
/// and its measures with every method.
///
/// # Errors
/// None for scores of numbers.
pub fn images_csv(comparison: &Comparison) -> Result<Vec<u8>, StudyError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for score in &comparison.scores {
        for (image, q) in score.quality.iter().enumerate() {
            let row = ImageRow {
                repeat: score.repeat + 1,
                regime: score.regime.as_deref().unwrap_or(""),
                method: score.method.key(),
                image,
                index: comparison.images.indices[image],
                label: comparison.images.labels[image],
                mse: q.mse,
                psnr_db: q.psnr,
                ssim: q.ssim,
            };
            writer.serialize(row).or_failed()?;
        }
    }
    writer.into_inner().map_err(StudyError::failed)
}
