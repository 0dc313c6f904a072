//! The numbers of a comparison as tables, and what they come to in words.

use equipoise_encoder::network::Parameter;
use equipoise_metrics::image::ImageQuality;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Best, Cell, Column, Table};

use super::cell::{Method, Score};
use super::comparison::{self, Difference, Measure, Pairs};
use super::figures::find;
use super::run::Comparison;

/// Reconstruction quality of every regime and method, over all repetitions.
pub fn quality(comparison: &Comparison) -> Table {
    let repeats = comparison.repeats();
    let mut table = Table::new("Reconstruction of the test images")
        .column(Column::text("regime"))
        .column(Column::text("method"))
        .column(Column::number("PSNR").unit("dB").decimals(2).best(Best::Highest))
        .column(Column::number("median PSNR").unit("dB").decimals(2))
        .column(Column::number("least PSNR").unit("dB").decimals(2))
        .column(Column::number("greatest PSNR").unit("dB").decimals(2))
        .column(Column::number("SSIM").decimals(4).best(Best::Highest))
        .column(Column::number("MSE").key("mse").decimals(5).best(Best::Lowest))
        .column(Column::number("time").unit("s").decimals(1))
        .note(&format!(
            "{} test images, {} training images, {} validation images, {repeats} repetition{}. \
             Mean [95 % t interval] over {}.",
            comparison.images.test.len(),
            comparison.images.train.len(),
            comparison.images.validation.len(),
            if repeats == 1 { "" } else { "s" },
            if repeats == 1 { "the test images" } else { "the means of the repetitions" },
        ));
    for (regime, method) in comparison.rows() {
        let scores: Vec<&Score> = comparison
            .scores
            .iter()
            .filter(|s| s.regime.as_deref() == regime && s.method == method)
            .collect();
        let images: Vec<f64> = scores.iter().flat_map(|s| s.values(|q| q.psnr)).collect();
        let images = Summary::of(&images);
        let seconds = scores.iter().map(|s| s.seconds).sum::<f64>() / scores.len().max(1) as f64;
        table.row([
            regime.unwrap_or("-").into(),
            method.name().into(),
            mean_cell(&scores, |q| q.psnr),
            images.median.into(),
            images.min.into(),
            images.max.into(),
            mean_cell(&scores, |q| q.ssim),
            mean_cell(&scores, |q| q.mse),
            seconds.into(),
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
        .column(Column::number("rate").unit("Hz").decimals(1))
        .column(Column::number("spikes per image").decimals(0))
        .column(Column::number("CV").decimals(2))
        .column(Column::number("encoding").unit("s").decimals(1))
        .note(
            "Rate and spikes per image over the training images (first repetition); CV of \
             inter-spike intervals: mean over neurons with at least 5 spikes, one image shown for \
             1 s.",
        );
    for (regime, config) in &comparison.regimes {
        let coded = comparison.coded.get(&(0, regime.clone()));
        let activity = comparison.activity.iter().find(|a| a.regime == *regime);
        table.row([
            regime.as_str().into(),
            config.g.into(),
            config.connection_probability.into(),
            describe(config.threshold).into(),
            coded.map(|c| c.rate).into(),
            coded.map(|c| c.spikes_per_image).into(),
            activity.and_then(|a| a.cv.mean).into(),
            coded.map(|c| c.seconds).into(),
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

/// The reference regime against every other, with the decoder.
pub fn differences(comparison: &Comparison) -> Vec<Difference> {
    let Some(((reference, _), others)) = comparison.regimes.split_first() else {
        return Vec::new();
    };
    let repeats = comparison.repeats();
    let mut differences = Vec::new();
    let mut add = |other: &str, method_values: &dyn Fn(&str, Measure) -> Vec<f64>, pairs| {
        for measure in Measure::ALL {
            let (a, b) = (method_values(reference, measure), method_values(other, measure));
            differences.push(comparison::compare((reference, &a), (other, &b), measure, pairs));
        }
    };
    for (other, _) in others {
        if repeats > 1 {
            let means = |regime: &str, measure| {
                (0..repeats)
                    .filter_map(|r| find(comparison, r, Some(regime), Method::Decoder))
                    .filter_map(|s| Summary::of(&s.values(of(measure))).mean)
                    .collect()
            };
            add(other, &means, Pairs::Seeds);
        }
        let images = |regime: &str, measure| {
            find(comparison, 0, Some(regime), Method::Decoder)
                .map(|s| s.values(of(measure)))
                .unwrap_or_default()
        };
        add(other, &images, Pairs::Images);
    }
    comparison::correct(&mut differences);
    differences
}

fn of(measure: Measure) -> fn(&ImageQuality) -> f64 {
    match measure {
        Measure::Psnr => |q| q.psnr,
        Measure::Ssim => |q| q.ssim,
        Measure::Mse => |q| q.mse,
    }
}

/// The differences as a table.
pub fn tests(differences: &[Difference]) -> Table {
    let mut table = Table::new("The reference regime against the others")
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

/// What the comparison found, in a few sentences made of its numbers.
pub fn findings(comparison: &Comparison, differences: &[Difference]) -> Vec<String> {
    let mut sentences = Vec::new();
    let mean = |regime: Option<&str>, method| {
        let scores = comparison.scores.iter();
        let scores = scores.filter(|s| s.regime.as_deref() == regime && s.method == method);
        let means: Vec<f64> =
            scores.filter_map(|s| Summary::of(&s.values(|q| q.psnr)).mean).collect();
        Summary::of(&means).mean
    };
    for (regime, _) in &comparison.regimes {
        let Some(psnr) = mean(Some(regime), Method::Decoder) else { continue };
        let mut sentence = format!("{regime}: the decoder reaches {psnr:.2} dB");
        if let Some(ridge) = mean(Some(regime), Method::Ridge) {
            let than = if psnr >= ridge { "more" } else { "less" };
            sentence += &format!(
                ", {:.2} dB {than} than ridge regression on the same spikes",
                (psnr - ridge).abs()
            );
        }
        if let Some(image) = mean(None, Method::MeanImage) {
            let than = if psnr >= image { "above" } else { "below" };
            sentence += &format!(", {:.2} dB {than} the mean image", (psnr - image).abs());
        }
        sentences.push(sentence + ".");
    }
    for d in differences.iter().filter(|d| d.measure == Measure::Psnr) {
        let direction = if d.difference >= 0.0 { "better" } else { "worse" };
        let scope = match d.pairs {
            Pairs::Seeds => format!("over {} networks and decoders", d.count),
            Pairs::Images => format!("over {} images of one network and decoder", d.count),
        };
        let sentence = match (d.p_corrected, d.interval) {
            (Some(p), Some((low, high))) if p < 0.05 => format!(
                "{} codes {direction} than {} by {:.2} dB (95 % interval {low:.2} to {high:.2}, \
                 corrected p {}), {scope}.",
                d.reference,
                d.other,
                d.difference.abs(),
                if p < 0.001 { "< 0.001".to_string() } else { format!("= {p:.3}") },
            ),
            (Some(p), Some((low, high))) => format!(
                "No difference between {} and {} is shown {scope}: {:.2} dB (95 % interval \
                 {low:.2} to {high:.2}, corrected p = {p:.3}).",
                d.reference, d.other, d.difference,
            ),
            _ => format!(
                "{} minus {}: {:.2} dB {scope}; no test ({}).",
                d.reference,
                d.other,
                d.difference,
                d.reason.as_deref().unwrap_or("undefined"),
            ),
        };
        sentences.push(sentence);
    }
    sentences
}

impl Comparison {
    /// How many repetitions there were.
    pub fn repeats(&self) -> usize {
        self.scores.iter().map(|s| s.repeat + 1).max().unwrap_or(0)
    }

    /// The regimes and methods that have scores, in the order of the tables.
    fn rows(&self) -> Vec<(Option<&str>, Method)> {
        let mut rows = Vec::new();
        for method in [Method::Decoder, Method::Ridge, Method::Shuffled] {
            for (regime, _) in &self.regimes {
                rows.push((Some(regime.as_str()), method));
            }
        }
        rows.extend([(None, Method::Pixels), (None, Method::MeanImage)]);
        rows.retain(|(regime, method)| {
            self.scores.iter().any(|s| s.regime.as_deref() == *regime && s.method == *method)
        });
        rows
    }
}
