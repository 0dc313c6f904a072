//! The numbers of the study as tables.

use equipoise_decoder::reconstruct::DecoderKind;
use equipoise_metrics::image::ImageQuality;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Best, Cell, Column, Table};

use super::super::method::Method;
use super::super::statistics::{Difference, Side, against, correct};
use super::published::{PUBLISHED, Published};
use super::results::{DataSetResults, Point};

/// The means of the repetitions as one cell, with their interval where there are several.
fn over_seeds(side: Side<'_>, of: fn(&ImageQuality) -> f64) -> Cell {
    let summary = Summary::of(&side.means(of));
    match (summary.mean, summary.ci_low, summary.ci_high) {
        (Some(mean), Some(low), Some(high)) => Cell::interval(mean, low, high),
        (mean, ..) => mean.into(),
    }
}

/// Every data set, decoder and regime, beside what was published where something was.
pub fn overview(results: &[DataSetResults]) -> Table {
    let published = |dataset: &str, kind: DecoderKind, index: usize| {
        let alike = |p: &&Published| {
            p.dataset == dataset && p.kind == kind && p.balanced == (index == 0) && index < 2
        };
        PUBLISHED.iter().find(alike)
    };
    let mut rows = Vec::new();
    for result in results {
        let comparison = &result.equal_time;
        for &kind in &comparison.kinds {
            for (index, case) in comparison.regimes.iter().enumerate() {
                // Networks of populations were not published.
                let pair = case.network.pair();
                let before = pair.and_then(|_| published(&result.dataset, kind, index));
                rows.push((result, kind, case.name.as_str(), before));
            }
        }
    }
    let mut table = Table::new("Every data set, decoder and regime")
        .column(Column::text("data set"))
        .column(Column::text("decoder"))
        .column(Column::text("regime"))
        .column(Column::number("PSNR").unit("dB").decimals(2).best(Best::Highest))
        .column(Column::number("SSIM").decimals(4).best(Best::Highest))
        .column(Column::number("MSE").key("mse").decimals(4).best(Best::Lowest))
        .note("Means over all scored images and all repetitions, with 95 % t intervals over repetitions.");
    let any = |has: fn(&Published) -> bool| rows.iter().any(|row| row.3.is_some_and(has));
    let (any_at_all, any_ssim) = (any(|_| true), any(|p| p.ssim.is_some()));
    if any_at_all {
        table = table
            .column(Column::number("PSNR, published").unit("dB").decimals(2))
            .column(Column::number("loss, published").decimals(4))
            .note(
                "Published: \u{201c}Neural Encoding in Balanced Networks\u{201d}, PSNR and SSIM of one \
                 batch of one network, loss on its test images; its one unbalanced network stands \
                 beside the first unbalanced regime here.",
            );
    }
    if any_ssim {
        table = table.column(Column::number("SSIM, published").decimals(4));
    }
    for (result, kind, regime, before) in rows {
        let side = Side { comparison: &result.equal_time, regime, method: Method::decoder(kind) };
        let mut row: Vec<Cell> = vec![
            result.dataset.as_str().into(),
            kind.title().into(),
            regime.into(),
            over_seeds(side, |q| q.psnr),
            over_seeds(side, |q| q.ssim),
            over_seeds(side, |q| q.mse),
        ];
        if any_at_all {
            row.extend([before.map(|p| p.psnr).into(), before.map(|p| p.loss).into()]);
        }
        if any_ssim {
            row.push(before.and_then(|p| p.ssim).into());
        }
        table.row(row);
    }
    table
}

/// The regimes under durations that make their numbers of spikes equal.
pub fn equal_spikes(results: &[DataSetResults]) -> Table {
    let mut table = Table::new("At equal numbers of spikes")
        .column(Column::text("data set"))
        .column(Column::text("regime"))
        .column(Column::text("decoder"))
        .column(Column::number("shown for").unit("ms").decimals(1))
        .column(Column::number("spikes per image").decimals(0))
        .column(Column::number("PSNR").unit("dB").decimals(2))
        .column(Column::number("SSIM").decimals(4))
        .note(
            "Each regime shows its images for as long as it takes to fire as many spikes as the \
             reference does in its own time; features, decoders and training are the same.",
        );
    for result in results {
        let Some(alike) = &result.equal_spikes else { continue };
        let reference = result.equal_time.regimes.iter().take(1);
        let sides = reference
            .map(|case| (&result.equal_time, case))
            .chain(alike.regimes.iter().map(|case| (alike, case)));
        for (comparison, case) in sides {
            for &kind in &comparison.kinds {
                let regime = case.name.as_str();
                let side = Side { comparison, regime, method: Method::decoder(kind) };
                table.row([
                    result.dataset.as_str().into(),
                    regime.into(),
                    kind.title().into(),
                    case.network.duration().into(),
                    comparison.coded(0, regime).map(|code| code.spikes_per_image).into(),
                    over_seeds(side, |q| q.psnr),
                    over_seeds(side, |q| q.ssim),
                ]);
            }
        }
    }
    table
}

/// The reference against every other regime: every data set and decoder, at equal time and at
/// equal numbers of spikes, corrected together.
pub fn differences(results: &[DataSetResults]) -> Vec<Difference> {
    let mut all = Vec::new();
    for result in results {
        let time = &result.equal_time;
        let Some((reference, others)) = time.regimes.split_first() else { continue };
        for &kind in &time.kinds {
            let method = Method::decoder(kind);
            let a = Side { comparison: time, regime: &reference.name, method };
            let mut add = |comparison, regime, equal: &str| {
                let under = format!("{}, {}, {equal}", result.dataset, kind.title());
                all.extend(against(&under, a, Side { comparison, regime, method }));
            };
            for other in others {
                add(time, &other.name, "equal time");
            }
            if let Some(spikes) = &result.equal_spikes {
                for other in &spikes.regimes {
                    add(spikes, &other.name, "equal spikes");
                }
            }
        }
    }
    correct(&mut all);
    all
}

/// A curve: PSNR and SSIM of every regime at every point.
pub fn curve(caption: &str, what: &str, points: &[Point], kind: DecoderKind) -> Table {
    let mut table = Table::new(caption)
        .column(Column::text(what))
        .column(Column::text("regime"))
        .column(Column::number("spikes per image").decimals(0))
        .column(Column::number("PSNR").unit("dB").decimals(2).best(Best::Highest))
        .column(Column::number("SSIM").decimals(4).best(Best::Highest))
        .column(Column::number("MSE").key("mse").decimals(5).best(Best::Lowest))
        .column(Column::number("PSNR of ridge").unit("dB").decimals(2))
        .note(&format!("{}; one repetition.", kind.title()));
    for point in points {
        for (regime, scores) in &point.scores {
            table.row([
                point.name.as_str().into(),
                regime.as_str().into(),
                scores.spikes.into(),
                scores.psnr.into(),
                scores.ssim.into(),
                scores.mse.into(),
                scores.ridge_psnr.into(),
            ]);
        }
    }
    table
}
