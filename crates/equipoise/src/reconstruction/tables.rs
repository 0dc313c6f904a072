//! The numbers of a comparison as tables, and what they come to in words.

use equipoise_encoder::network::Parameter;
use equipoise_metrics::image::ImageQuality;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Best, Cell, Column, Table};

use super::cell::{Given, Method, Score};
use super::comparison::{self, Difference, Measure, Pairs};
use super::figures::find;
use super::run::Comparison;

/// Reconstruction quality of every regime and method, over all repetitions.
pub fn quality(comparison: &Comparison<'_>) -> Table {
    let repeats = comparison.repeats();
    let mut table = Table::new(&format!("Reconstruction of the {}", comparison.scored_on.images()))
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
            "{} {}, {} training images, {} validation images, {repeats} repetition{}. \
             Mean [95 % t interval] over {}.",
            comparison.images.test.len(),
            comparison.scored_on.images(),
            comparison.images.train.len(),
            comparison.images.validation.len(),
            if repeats == 1 { "" } else { "s" },
            if repeats == 1 { "the images" } else { "the means of the repetitions" },
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
pub fn coding(comparison: &Comparison<'_>) -> Table {
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
        .column(Column::number("encoding").unit("s").decimals(1))
        .note(
            "Rate and spikes per image over the training images (first repetition). One image \
             shown for 1 s: CV of inter-spike intervals (mean over neurons with at least 5 \
             spikes), mean inhibition over mean excitation, mean net input over threshold, and \
             what the criteria of balance make of them.",
        );
    for (regime, config) in &comparison.regimes {
        let coded = comparison.coded.get(&(0, regime.clone()));
        let activity = comparison.activity.iter().find(|a| a.regime == *regime);
        table.row([
            regime.as_str().into(),
            config.g.into(),
            config.connection_probability.into(),
            describe(config.threshold).into(),
            config.input.weight.into(),
            coded.map(|c| c.rate).into(),
            coded.map(|c| c.spikes_per_image).into(),
            activity.and_then(|a| a.diagnosis.irregularity.cv.mean).into(),
            activity.map(|a| a.diagnosis.inhibition_over_excitation).into(),
            activity.map(|a| a.diagnosis.net / config.threshold.mean()).into(),
            activity.map_or("-", |a| a.diagnosis.verdict.state.label()).into(),
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

/// The reference regime against every other, with every decoder.
pub fn differences(comparison: &Comparison<'_>) -> Vec<Difference> {
    let Some(((reference, _), others)) = comparison.regimes.split_first() else {
        return Vec::new();
    };
    let mut differences = Vec::new();
    for &kind in &comparison.kinds {
        let method = Method::decoder(kind);
        let a = Side { comparison, regime: reference, method };
        for (other, _) in others {
            let b = Side { comparison, regime: other, method };
            differences.extend(against(kind.title(), a, b));
        }
    }
    comparison::correct(&mut differences);
    differences
}

/// A regime and method of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The comparison.
    pub comparison: &'a Comparison<'a>,
    /// The regime.
    pub regime: &'a str,
    /// The method.
    pub method: Method,
}

impl Side<'_> {
    /// The mean of each repetition, in order.
    pub fn means(&self, of: fn(&ImageQuality) -> f64) -> Vec<f64> {
        (0..self.comparison.repeats())
            .filter_map(|r| find(self.comparison, r, Some(self.regime), self.method))
            .map(|score| score.mean(of))
            .collect()
    }

    /// Every image of the first repetition.
    fn images(&self, of: fn(&ImageQuality) -> f64) -> Vec<f64> {
        find(self.comparison, 0, Some(self.regime), self.method)
            .map(|score| score.values(of))
            .unwrap_or_default()
    }
}

/// One side minus another in every measure, over seeds (where there are several) and over images.
pub fn against(under: &str, a: Side<'_>, b: Side<'_>) -> Vec<Difference> {
    let mut differences = Vec::new();
    for pairs in [Pairs::Seeds, Pairs::Images] {
        for measure in Measure::ALL {
            let values = |side: Side<'_>| match pairs {
                Pairs::Seeds => side.means(of(measure)),
                Pairs::Images => side.images(of(measure)),
            };
            let (x, y) = (values(a), values(b));
            if pairs == Pairs::Images || x.len().min(y.len()) > 1 {
                differences.push(comparison::compare(
                    under,
                    (a.regime, &x),
                    (b.regime, &y),
                    measure,
                    pairs,
                ));
            }
        }
    }
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

/// What the comparison found, in a few sentences made of its numbers.
pub fn findings(comparison: &Comparison<'_>, differences: &[Difference]) -> Vec<String> {
    let mut sentences = Vec::new();
    let mean = |regime: Option<&str>, method| {
        let scores = comparison.scores.iter();
        let scores = scores.filter(|s| s.regime.as_deref() == regime && s.method == method);
        let means: Vec<f64> = scores.map(|s| s.mean(|q| q.psnr)).collect();
        Summary::of(&means).mean
    };
    for (regime, _) in &comparison.regimes {
        for &kind in &comparison.kinds {
            let Some(psnr) = mean(Some(regime), Method::decoder(kind)) else { continue };
            let mut sentence = format!("{regime}: {} reaches {psnr:.2} dB", kind.title());
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
    }
    let psnr = differences.iter().filter(|d| d.measure == Measure::Psnr);
    sentences.extend(psnr.map(sentence));
    sentences
}

/// A difference in PSNR as a sentence.
pub fn sentence(d: &Difference) -> String {
    let direction = if d.difference >= 0.0 { "better" } else { "worse" };
    let scope = match d.pairs {
        Pairs::Seeds => format!("over {} networks and decoders", d.count),
        Pairs::Images => format!("over {} images of one network and decoder", d.count),
    };
    match (d.p_corrected, d.interval) {
        (Some(p), Some((low, high))) if p < 0.05 => format!(
            "{}: {} codes {direction} than {} by {:.2} dB (95 % interval of the difference {low:.2} \
             to {high:.2}, corrected p {}), {scope}.",
            d.under,
            d.reference,
            d.other,
            d.difference.abs(),
            if p < 0.001 { "< 0.001".to_string() } else { format!("= {p:.3}") },
        ),
        (Some(p), Some((low, high))) => format!(
            "{}: no difference between {} and {} is shown {scope}: {:.2} dB (95 % interval {low:.2} \
             to {high:.2}, corrected p = {p:.3}).",
            d.under, d.reference, d.other, d.difference,
        ),
        _ => format!(
            "{}: {} minus {}: {:.2} dB {scope}; no test ({}).",
            d.under,
            d.reference,
            d.other,
            d.difference,
            d.reason.as_deref().unwrap_or("undefined"),
        ),
    }
}

impl Comparison<'_> {
    /// How many repetitions there were.
    pub fn repeats(&self) -> usize {
        self.scores.iter().map(|s| s.repeat + 1).max().unwrap_or(0)
    }

    /// The regimes and methods that have scores, in the order of the tables.
    pub fn rows(&self) -> Vec<(Option<&str>, Method)> {
        let given = |given| self.kinds.iter().map(move |&kind| Method::Decoder { kind, given });
        let mut rows = Vec::new();
        for method in given(Given::Spikes).chain([Method::Ridge]).chain(given(Given::Shuffled)) {
            for (regime, _) in &self.regimes {
                rows.push((Some(regime.as_str()), method));
            }
        }
        rows.extend(given(Given::Pixels).map(|method| (None, method)));
        rows.push((None, Method::MeanImage));
        rows.retain(|(regime, method)| {
            self.scores.iter().any(|s| s.regime.as_deref() == *regime && s.method == *method)
        });
        rows
    }
}
