//! The numbers of a comparison as tables.

use equipoise_encoder::network::Parameter;
use equipoise_metrics::image::ImageQuality;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Best, Cell, Column, Table};

use super::activity::Activity;
use super::cell::Score;
use super::comparison::Comparison;
use super::statistics::Difference;

/// Reconstruction quality of every regime and method, over all repetitions.
pub fn quality(comparison: &Comparison) -> Table {
    let repeats = comparison.repeats();
    let [train, validation] = &comparison.trained_on;
    let mut table =
        Table::new(&format!("Reconstruction of the {}", comparison.images.scored_on.images()))
            .column(Column::text("regime"))
            .column(Column::text("method"))
            .column(Column::number("PSNR").unit("dB").decimals(2).best(Best::Highest))
            .column(Column::number("median PSNR").unit("dB").decimals(2))
            .column(Column::number("least PSNR").unit("dB").decimals(2))
            .column(Column::number("greatest PSNR").unit("dB").decimals(2))
            .column(Column::number("SSIM").decimals(4).best(Best::Highest))
            .column(Column::number("MSE").key("mse").decimals(5).best(Best::Lowest))
            .note(&format!(
                "{} {}, {} training images, {} validation images, {repeats} repetition{}. \
             Mean [95 % t interval] over {}.",
                comparison.images.labels.len(),
                comparison.images.scored_on.images(),
                train.samples,
                validation.samples,
                if repeats == 1 { "" } else { "s" },
                if repeats == 1 { "the images" } else { "the means of the repetitions" },
            ));
    for (regime, method) in comparison.rows() {
        let scores: Vec<&Score> = comparison.of(regime, method).collect();
        let images: Vec<f64> = scores.iter().flat_map(|s| s.values(|q| q.psnr)).collect();
        let images = Summary::of(&images);
        table.row([
            regime.unwrap_or("-").into(),
            method.name().into(),
            mean_cell(&scores, |q| q.psnr),
            images.median.into(),
            images.min.into(),
            images.max.into(),
            mean_cell(&scores, |q| q.ssim),
            mean_cell(&scores, |q| q.mse),
        ]);
    }
    table
}

/// The mean with its interval: over the images of one repetition, or over the repetitions' means.
fn mean_cell(scores: &[&Score], of: fn(&ImageQuality) -> f64) -> Cell {
    let summary = match scores {
        [one] => Summary::of(&one.values(of)),
        many => {
            let means = many.iter().filter_map(|s| Summary::of(&s.values(of)).mean);
            Summary::of(&means.collect::<Vec<_>>())
        }
    };
    match (summary.mean, summary.ci_low, summary.ci_high) {
        (Some(mean), Some(low), Some(high)) => Cell::interval(mean, low, high),
        (mean, ..) => mean.into(),
    }
}

/// How every regime codes: rates, spikes and irregularity.
pub fn coding(comparison: &Comparison) -> Table {
    let mut table = Table::new("The spikes of each regime")
        .column(Column::text("regime"))
        .column(Column::number("g").decimals(1))
        .column(Column::number("connection probability").decimals(3))
        .column(Column::text("threshold (mV)").key("threshold_mv"))
        .column(Column::number("input weight").unit("mV").decimals(3))
        .column(Column::number("rate").unit("Hz").decimals(1))
        .column(Column::number("spikes per image").decimals(0))
        .column(Column::number("CV").decimals(2))
        .column(Column::number("inhibition / excitation").decimals(2))
        .column(Column::number("net / threshold").decimals(2))
        .column(Column::text("state"))
        .note("Rate and spikes per image over the training images (first repetition).");
    if !comparison.activity.is_empty() {
        table = table.note(
            "One image shown for 1 s: CV of inter-spike intervals (mean over neurons with at least \
             5 spikes), mean inhibition over mean excitation, mean net input over threshold, and \
             what the criteria of balance make of them.",
        );
    }
    for name in comparison.names() {
        let coded = comparison.coded(0, name);
        let config = coded.and_then(|c| c.network.as_ref()?.pair());
        let activity = comparison.activity(name);
        table.row([
            name.into(),
            config.map(|c| c.g).into(),
            config.map(|c| c.connection_probability).into(),
            config.map_or_else(|| "-".into(), |c| describe(c.threshold).into()),
            config.map(|c| c.input.weight).into(),
            coded.map(|c| c.rate_hz).into(),
            coded.map(|c| c.spikes_per_image).into(),
            activity.and_then(|a| a.cv).into(),
            activity.map(|a| a.inhibition_over_excitation).into(),
            activity.map(|a| a.net_over_threshold).into(),
            activity.map_or("-", |a| a.verdict.state.label()).into(),
        ]);
    }
    table
}

/// The populations of networks that have several, while they see an image.
pub fn populations(activity: &[Activity]) -> Table {
    let mut table = Table::new("The populations while they see an image")
        .column(Column::text("network"))
        .column(Column::text("population"))
        .column(Column::integer("neurons"))
        .column(Column::text("sign"))
        .column(Column::number("rate").unit("Hz").decimals(2))
        .column(Column::number("CV").decimals(2))
        .column(Column::text("state"))
        .note(
            "The network as a whole is judged by the means over its neurons, and by the synchrony of \
             the population whose neurons fire together most.",
        );
    for (active, found) in activity.iter().flat_map(|a| a.populations.iter().map(move |p| (a, p))) {
        table.row([
            active.regime.as_str().into(),
            found.name.as_str().into(),
            found.neurons.into(),
            if found.inhibitory { "inhibitory" } else { "excitatory" }.into(),
            found.rate_hz.into(),
            found.cv.into(),
            found.verdict.state.label().into(),
        ]);
    }
    table
}

/// A parameter as a short text.
fn describe(parameter: Parameter) -> String {
    match parameter {
        Parameter::Constant(value) => value.to_string(),
        Parameter::Drawn(_) => format!("{} on average", parameter.mean()),
    }
}

/// The differences as a table.
pub fn tests(differences: &[Difference]) -> Table {
    let mut table = Table::new("The reference regime against the others")
        .column(Column::text("decoder"))
        .column(Column::text("reference"))
        .column(Column::text("against"))
        .column(Column::text("measure"))
        .column(Column::text("pairs"))
        .column(Column::integer("n"))
        .column(Column::number("difference"))
        .column(Column::p_value("p"))
        .column(Column::p_value("p (Holm)"))
        .column(Column::p_value("p (Wilcoxon)"))
        .column(Column::number("Cohen's d").decimals(2))
        .note(
            "Paired t-tests, two-sided, with 95 % intervals of the difference. Pairs over images \
             speak for other images of the same network and decoder; pairs over seeds speak for \
             other networks and decoders. Holm's correction runs over all rows with the same kind \
             of pairs.",
        );
    for d in differences {
        let difference = match d.interval {
            Some((low, high)) => Cell::interval(d.difference, low, high),
            None => d.difference.into(),
        };
        table.row([
            d.under.as_str().into(),
            d.reference.as_str().into(),
            d.other.as_str().into(),
            d.measure.name().into(),
            d.pairs.name().into(),
            d.count.into(),
            difference,
            d.p_value.into(),
            d.p_corrected.into(),
            d.p_wilcoxon.into(),
            d.effect.into(),
        ]);
    }
    table
}
