//! What a comparison found, in sentences made of its numbers.

use equipoise_encoder::balance::State;

use super::activity::Activity;
use super::comparison::{Comparison, Used};
use super::method::Method;
use super::statistics::{Difference, Measure, Pairs};

/// Within this many dB of the mean image, a decoder is said to be at its level.
const LEVEL_OF_MEAN_IMAGE_DB: f64 = 0.5;

/// What the comparison found: each decoder beside its controls, and the regimes beside each other.
pub fn findings(comparison: &Comparison, differences: &[Difference]) -> Vec<String> {
    let mut sentences = Vec::new();
    for name in comparison.names() {
        let regime = Some(name);
        for &kind in &comparison.kinds {
            let Some(psnr) = comparison.mean_psnr(regime, Method::decoder(kind)) else { continue };
            let mut sentence = format!("{name}: {} reaches {psnr:.2} dB", kind.title());
            if let Some(ridge) = comparison.mean_psnr(regime, Method::Ridge) {
                let than = if psnr >= ridge { "more" } else { "less" };
                let gap = (psnr - ridge).abs();
                sentence +=
                    &format!(", {gap:.2} dB {than} than ridge regression on the same spikes");
            }
            if let Some(image) = comparison.mean_psnr(None, Method::MeanImage) {
                let than = if psnr >= image { "above" } else { "below" };
                sentence += &format!(", {:.2} dB {than} the mean image", (psnr - image).abs());
            }
            sentences.push(sentence + ".");
        }
    }
    sentences.extend(verdicts(differences));
    sentences
}

/// A sentence for every pair of regimes that was compared, with every measure and the spikes that
/// it cost.
pub fn verdicts(differences: &[Difference]) -> Vec<String> {
    let alike = |a: &Difference, b: &Difference| {
        (&a.under, &a.reference, &a.other, a.pairs) == (&b.under, &b.reference, &b.other, b.pairs)
    };
    differences.chunk_by(alike).map(verdict).collect()
}

/// The same in plain words, without numbers but those of the spikes.
pub fn plain(differences: &[Difference]) -> Vec<String> {
    let several = differences.iter().any(|d| d.pairs == Pairs::Seeds);
    let decisive = if several { Pairs::Seeds } else { Pairs::Images };
    let alike = |a: &Difference, b: &Difference| {
        (&a.under, &a.reference, &a.other, a.pairs) == (&b.under, &b.reference, &b.other, b.pairs)
    };
    let groups = differences.chunk_by(alike).filter(|group| group[0].pairs == decisive);
    groups.map(plain_verdict).collect()
}

/// What is shown of a difference: 1 for better, -1 for worse, 0 for neither.
pub fn shown(d: &Difference) -> i8 {
    match d.p_corrected {
        Some(p) if p < 0.05 && d.is_better() => 1,
        Some(p) if p < 0.05 => -1,
        _ => 0,
    }
}

fn plain_verdict(group: &[Difference]) -> String {
    let Difference { under, reference, other, .. } = &group[0];
    let names = |wanted: i8| -> Vec<&str> {
        group.iter().filter(|d| shown(d) == wanted).map(|d| d.measure.short_name()).collect()
    };
    let cost = match group[0].spikes {
        Some((reference, other)) => format!(", with {}", spikes(reference, other)),
        None => String::new(),
    };
    if group.iter().all(|d| d.p_value.is_none()) {
        return format!(
            "{under}: whether images are reconstructed better from the spikes of the regime \
             {reference} than from those of {other} cannot be tested{cost}."
        );
    }
    let clauses: Vec<String> = [(1, "better"), (-1, "worse")]
        .into_iter()
        .filter_map(|(wanted, word)| match names(wanted) {
            none if none.is_empty() => None,
            all if all.len() == group.len() => Some(format!("{word} by every measure")),
            some => Some(format!("{word} by {}", some.join(" and "))),
        })
        .collect();
    if clauses.is_empty() {
        return format!(
            "{under}: no difference is shown between reconstructions from the spikes of the \
             regime {reference} and those of {other}{cost}."
        );
    }
    let open = match names(0) {
        none if none.is_empty() => String::new(),
        some => format!("; no difference in {} is shown", some.join(" and ")),
    };
    format!(
        "{under}: images are reconstructed {} from the spikes of the regime {reference} than \
         from those of {other}{cost}{open}.",
        clauses.join(" and ")
    )
}

/// Whether each network is balanced while it sees an image, in a sentence each.
pub fn states(activity: &[Activity]) -> Vec<String> {
    activity
        .iter()
        .map(|a| {
            let what = if a.populations.is_empty() { "network of the regime" } else { "network" };
            let mut sentence = format!(
                "While it sees an image, the {what} {} is {} ({:.1} Hz).",
                a.regime, a.verdict, a.rate_hz
            );
            let of = |balanced: bool| -> Vec<&str> {
                let all = a.populations.iter().filter(|p| p.verdict.balanced == balanced);
                all.map(|population| population.name.as_str()).collect()
            };
            let list = |names: Vec<&str>| match names.as_slice() {
                [] => "none".to_owned(),
                names => names.join(", "),
            };
            if !a.populations.is_empty() {
                sentence += &format!(
                    " Its balanced populations: {}; not balanced: {}.",
                    list(of(true)),
                    list(of(false))
                );
            }
            sentence
        })
        .collect()
}

/// Differences of the same two sides in several measures, as a sentence.
fn verdict(group: &[Difference]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let scope = match first.pairs {
        Pairs::Seeds => format!("over {} networks and decoders", first.count),
        Pairs::Images => format!("over {} images of one network and decoder", first.count),
    };
    let clauses: Vec<String> = group.iter().map(clause).collect();
    let spikes = match first.spikes {
        Some((reference, other)) => format!(", with {}", spikes(reference, other)),
        None => String::new(),
    };
    let untested = match first.reason.as_ref().filter(|_| first.p_value.is_none()) {
        Some(reason) => format!(" No test: {reason}."),
        None => String::new(),
    };
    format!(
        "{}: {} against {}, {scope}: {}{spikes}.{untested}",
        first.under,
        first.reference,
        first.other,
        clauses.join("; "),
    )
}

/// A difference in one measure.
fn clause(d: &Difference) -> String {
    let (name, unit, digits) = match d.measure {
        Measure::Psnr => ("PSNR", " dB", 2),
        Measure::Ssim => ("SSIM", "", 4),
        Measure::Mse => ("MSE", "", 5),
    };
    let number = |x: f64| format!("{x:.digits$}");
    let size = number(d.difference.abs());
    let direction = if d.is_better() { "better" } else { "worse" };
    match (d.p_corrected, d.interval) {
        (Some(p), Some((low, high))) => {
            let p = if p < 0.001 { "< 0.001".to_owned() } else { format!("= {p:.3}") };
            let interval = |low, high| format!("95 % interval {} to {}", number(low), number(high));
            if d.p_corrected.is_some_and(|p| p < 0.05) {
                // The size has no sign, so its interval is that of the difference turned its way.
                let (low, high) = if d.difference < 0.0 { (-high, -low) } else { (low, high) };
                let interval = interval(low, high);
                format!("{name} {direction} by {size}{unit} ({interval}, corrected p {p})")
            } else {
                let (difference, interval) = (number(d.difference), interval(low, high));
                format!(
                    "no difference in {name} shown ({difference}{unit}, {interval}, corrected p {p})"
                )
            }
        }
        _ if d.difference == 0.0 => format!("{name} the same"),
        _ => format!("{name} {direction} by {size}{unit}"),
    }
}

/// Spikes beside other spikes.
fn spikes(reference: f64, other: f64) -> String {
    if other <= 0.0 {
        return format!("{reference:.0} spikes an image against none");
    }
    let percent = (100.0 * (reference / other - 1.0)).round();
    match percent {
        0.0 => "as many spikes".to_owned(),
        p if p < 0.0 => format!("{:.0} % fewer spikes", -p),
        p => format!("{p:.0} % more spikes"),
    }
}

/// What a reader must know of the networks: that one is silent, or not as balanced as its name
/// says.
pub fn activity_remarks(activity: &[Activity]) -> Vec<String> {
    let mut remarks = Vec::new();
    for Activity { regime, verdict, rate_hz, .. } in activity {
        if verdict.state == State::Silent {
            remarks.push(format!(
                "The network of the regime {regime} is silent ({rate_hz:.2} Hz): its spikes say \
                 nothing of the images."
            ));
        } else if regime.starts_with("balanced") && !verdict.balanced {
            remarks.push(format!(
                "The network of the regime {regime} is NOT balanced while it sees these images: \
                 {verdict}."
            ));
        } else if regime.starts_with("unbalanced") && verdict.balanced {
            remarks.push(format!(
                "The network of the regime {regime} is balanced by the criteria while it sees these \
                 images, whatever its name."
            ));
        }
    }
    remarks
}

/// What a reader must know of blank images.
pub fn blank_remark(images: &Used) -> Option<String> {
    (images.blank > 0).then(|| {
        format!(
            "{} of the {} {} are blank: one value everywhere.",
            images.blank,
            images.labels.len(),
            images.scored_on.images()
        )
    })
}

/// What a reader must know before believing a number of the comparison.
pub fn remarks(comparison: &Comparison) -> Vec<String> {
    let mut remarks = activity_remarks(&comparison.activity);
    remarks.extend(blank_remark(&comparison.images));
    if let Some(mean) = comparison.mean_psnr(None, Method::MeanImage) {
        for name in comparison.names() {
            for &kind in &comparison.kinds {
                let psnr = comparison.mean_psnr(Some(name), Method::decoder(kind));
                if let Some(psnr) = psnr.filter(|p| p - mean < LEVEL_OF_MEAN_IMAGE_DB) {
                    remarks.push(format!(
                        "{name}: {} is at the level of the mean image ({psnr:.2} and {mean:.2} dB): \
                         it reads next to nothing from the spikes.",
                        kind.title()
                    ));
                }
            }
        }
    }
    remarks
}
