//! Codes of colour against each other: how they are named, what they came to, and how they differ.

use equipoise_decoder::reconstruct::DecoderKind;
use equipoise_encoder::network::ColorCode;
use equipoise_figure::{Axis, Color, Figure, GroupChart};
use equipoise_metrics::image::ImageQuality;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Best, Cell, Column, Table};
use serde::{Deserialize, Serialize};

use super::super::comparison::Comparison;
use super::super::method::Method;
use super::super::statistics::{Difference, Measure, Pairs, Side, against, correct};
use crate::metrics::Metrics;

/// The name of a code of colour in settings.
pub fn color_name(color: ColorCode) -> &'static str {
    match color {
        ColorCode::Separate => "separate",
        ColorCode::Luminance => "luminance",
        ColorCode::LuminanceColor => "luminance_color",
        ColorCode::Opponent => "opponent",
    }
}

/// Codes of colour on a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColorResults {
    /// The data set.
    pub dataset: String,
    /// The codes by name, in the order in which they were asked for: each the reference regime with
    /// the first decoder, in every repetition. Networks and decoders of a repetition have the same
    /// seeds whatever the code.
    pub codes: Vec<(String, Comparison)>,
}

impl ColorResults {
    fn side<'a>(&self, comparison: &'a Comparison, method: Method) -> Option<Side<'a>> {
        let regime = comparison.regimes.first()?.name.as_str();
        Some(Side { comparison, regime, method })
    }

    /// A code's means over test images, a number a repetition.
    fn means(
        &self,
        comparison: &Comparison,
        method: Method,
        of: fn(&ImageQuality) -> f64,
    ) -> Vec<f64> {
        self.side(comparison, method).map(|side| side.means(of)).unwrap_or_default()
    }

    /// Each code against each that stands after it, corrected over all of them.
    pub fn differences(&self, kind: DecoderKind) -> Vec<Difference> {
        let method = Method::decoder(kind);
        let mut all = Vec::new();
        for (index, (a, first)) in self.codes.iter().enumerate() {
            for (b, second) in &self.codes[index + 1..] {
                let sides = self.side(first, method).zip(self.side(second, method));
                let Some((x, y)) = sides else { continue };
                let named =
                    |d: Difference| Difference { reference: a.clone(), other: b.clone(), ..d };
                let under = format!("{}, {}", self.dataset, kind.title());
                all.extend(against(&under, x, y).into_iter().map(named));
            }
        }
        correct(&mut all);
        all
    }

    /// Quality of each code, with intervals over repetitions.
    pub fn table(&self, kind: DecoderKind) -> Table {
        let mut table = Table::new(&format!("Codes of colour, {}", self.dataset))
            .column(Column::text("code"))
            .column(Column::integer("repetitions"))
            .column(Column::number("spikes per image").decimals(0))
            .column(Column::number("PSNR").unit("dB").decimals(2).best(Best::Highest))
            .column(Column::number("SSIM").decimals(4).best(Best::Highest))
            .column(Column::number("MSE").key("mse").decimals(5).best(Best::Lowest))
            .column(Column::number("PSNR of ridge").unit("dB").decimals(2))
            .note(&format!(
                "{}, the reference regime; the channels of a code share the same number of input \
                 connections. Means over the scored images, with 95 % t intervals over repetitions.",
                kind.title()
            ));
        for (name, comparison) in &self.codes {
            let mean = |method: Method, of: fn(&ImageQuality) -> f64| -> Cell {
                interval(&self.means(comparison, method, of))
            };
            let method = Method::decoder(kind);
            let spikes = self.side(comparison, method).and_then(|side| side.spikes());
            table.row([
                name.as_str().into(),
                comparison.repeats().into(),
                spikes.into(),
                mean(method, |q| q.psnr),
                mean(method, |q| q.ssim),
                mean(method, |q| q.mse),
                mean(Method::Ridge, |q| q.psnr),
            ]);
        }
        table
    }

    /// PSNR of every repetition of each code.
    pub fn figure(&self, kind: DecoderKind) -> Figure {
        let values = |method: Method| -> Vec<Vec<f64>> {
            let of =
                |(_, comparison): &(String, Comparison)| self.means(comparison, method, |q| q.psnr);
            self.codes.iter().map(of).collect()
        };
        let title = format!("Codes of colour, {}", self.dataset);
        let names = self.codes.iter().map(|(name, _)| name.clone());
        let chart = GroupChart::points(&title, names)
            .y_axis(Axis::new("PSNR").unit("dB"))
            .series(kind.title(), Color::BALANCED, values(Method::decoder(kind)))
            .series("ridge regression", Color::GREY, values(Method::Ridge));
        Figure::new().panel(chart)
    }

    /// How colour should be encoded, as the numbers say.
    pub fn sentence(&self, kind: DecoderKind, differences: &[Difference]) -> String {
        let psnr = |comparison: &Comparison| {
            Summary::of(&self.means(comparison, Method::decoder(kind), |q| q.psnr))
        };
        let mut order: Vec<(&str, Summary)> =
            self.codes.iter().map(|(name, c)| (name.as_str(), psnr(c))).collect();
        let key = |s: &Summary| s.mean.unwrap_or(f64::NEG_INFINITY);
        order.sort_by(|a, b| key(&b.1).total_cmp(&key(&a.1)));
        let list: Vec<String> = order
            .iter()
            .map(|(name, s)| match (s.mean, s.ci_low, s.ci_high) {
                (Some(mean), Some(low), Some(high)) => {
                    format!("{name} {mean:.2} dB ({low:.2} to {high:.2})")
                }
                (Some(mean), ..) => format!("{name} {mean:.2} dB"),
                _ => (*name).to_owned(),
            })
            .collect();
        let mut sentence = format!(
            "How should colour be encoded? {}, at equal numbers of neurons and input connections: {}",
            self.dataset,
            list.join(", ")
        );
        if let [(best, _), (next, _), ..] = order[..]
            && let Some(told) = told(differences, best, next)
        {
            sentence += &format!("; {told}");
        }
        sentence + "."
    }

    /// Adds its numbers: means over images and repetitions.
    pub fn add_metrics(&self, metrics: &mut Metrics) {
        for (name, comparison) in &self.codes {
            let prefix = format!("{}.color.{name}.", self.dataset);
            comparison.add_metrics(&prefix, metrics);
        }
    }
}

/// Whether the best code is told from the next one, over repetitions.
fn told(differences: &[Difference], best: &str, next: &str) -> Option<String> {
    let between = |d: &&Difference| {
        d.pairs == Pairs::Seeds
            && d.measure == Measure::Psnr
            && [(best, next), (next, best)].contains(&(d.reference.as_str(), d.other.as_str()))
    };
    let found = differences.iter().find(between)?;
    let p = found.p_corrected?;
    let size = found.difference.abs();
    let p = if p < 0.001 { "p below 0.001".to_owned() } else { format!("p = {p:.3}") };
    let verdict = if found.p_corrected.is_some_and(|p| p < 0.05) {
        "told from chance"
    } else {
        "not told from chance"
    };
    Some(format!("the first {size:.2} dB above the second, {verdict} ({p}, Holm)"))
}

fn interval(values: &[f64]) -> Cell {
    let summary = Summary::of(values);
    match (summary.mean, summary.ci_low, summary.ci_high) {
        (Some(mean), Some(low), Some(high)) => Cell::interval(mean, low, high),
        (mean, ..) => mean.into(),
    }
}
