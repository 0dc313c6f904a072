//! The numbers of the study as tables.

use equipoise_decoder::reconstruct::DecoderKind;
use equipoise_metrics::image::ImageQuality;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Best, Cell, Column, Table};

use super::super::cell::Method;
use super::super::comparison::{self, Difference};
use super::super::tables::{Side, against};
use super::course::PRINTED;
use super::plan::{Point, Results};

/// The means of the repetitions as one cell, with their interval where there are several.
fn over_seeds(side: Side<'_>, of: fn(&ImageQuality) -> f64) -> Cell {
    let summary = Summary::of(&side.means(of));
    match (summary.mean, summary.ci_low, summary.ci_high) {
        (Some(mean), Some(low), Some(high)) => Cell::interval(mean, low, high),
        (mean, ..) => mean.into(),
    }
}

/// The tables of the course project beside ours.
pub fn course(results: &[Results<'_>]) -> Table {
    let mut table = Table::new("The course project and this study")
        .column(Column::text("data set"))
        .column(Column::text("decoder"))
        .column(Column::text("regime"))
        .column(Column::number("PSNR, course").unit("dB").decimals(2))
        .column(Column::number("PSNR, here").unit("dB").decimals(2).best(Best::Highest))
        .column(Column::number("SSIM, course").decimals(4))
        .column(Column::number("SSIM, here").decimals(4))
        .column(Column::number("loss, course").decimals(4))
        .column(Column::number("MSE, here").decimals(4))
        .note(
            "Course project: PSNR and SSIM of one batch of one network, loss on its test images; \
             its one unbalanced network stands beside the first unbalanced regime here. Here: \
             means over all scored images and all repetitions, with 95 % t intervals over \
             repetitions.",
        );
    for result in results {
        let comparison = &result.equal_time;
        for &kind in &comparison.kinds {
            for (index, (regime, _)) in comparison.regimes.iter().enumerate() {
                let dataset = result.prepared.settings.data.dataset.as_str();
                let printed = PRINTED
                    .iter()
                    .find(|p| p.dataset == dataset && p.kind == kind && p.balanced == (index == 0))
                    .filter(|_| index < 2);
                let side = Side { comparison, regime, method: Method::decoder(kind) };
                table.row([
                    dataset.into(),
                    kind.title().into(),
                    regime.as_str().into(),
                    printed.map(|p| p.psnr).into(),
                    over_seeds(side, |q| q.psnr),
                    printed.and_then(|p| p.ssim).into(),
                    over_seeds(side, |q| q.ssim),
                    printed.map(|p| p.loss).into(),
                    over_seeds(side, |q| q.mse),
                ]);
            }
        }
    }
    table
}

/// The regimes under durations that make their numbers of spikes equal.
pub fn equal_spikes(results: &[Results<'_>]) -> Table {
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
            .map(|regime| (&result.equal_time, regime))
            .chain(alike.regimes.iter().map(|regime| (alike, regime)));
        for (comparison, (regime, config)) in sides {
            for &kind in &comparison.kinds {
                let side = Side { comparison, regime, method: Method::decoder(kind) };
                let spikes = comparison.coded.get(&(0, regime.clone()));
                table.row([
                    result.prepared.settings.data.dataset.as_str().into(),
                    regime.as_str().into(),
                    kind.title().into(),
                    config.duration.into(),
                    spikes.map(|code| code.spikes_per_image).into(),
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
pub fn differences(results: &[Results<'_>]) -> Vec<Difference> {
    let mut all = Vec::new();
    for result in results {
        let time = &result.equal_time;
        let Some((reference, _)) = time.regimes.first() else { continue };
        let dataset = &result.prepared.settings.data.dataset;
        for &kind in &time.kinds {
            let method = Method::decoder(kind);
            let a = Side { comparison: time, regime: reference, method };
            let mut add = |comparison, regime, equal: &str| {
                let under = format!("{dataset}, {}, {equal}", kind.title());
                all.extend(against(&under, a, Side { comparison, regime, method }));
            };
            for (other, _) in &time.regimes[1..] {
                add(time, other, "equal time");
            }
            if let Some(spikes) = &result.equal_spikes {
                for (other, _) in &spikes.regimes {
                    add(spikes, other, "equal spikes");
                }
            }
        }
    }
    comparison::correct(&mut all);
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
        .column(Column::number("time").unit("s").decimals(1))
        .note(&format!("{}; one repetition. Time: training and reconstruction.", kind.title()));
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
                scores.seconds.into(),
            ]);
        }
    }
    table
}
