//! What changes when the networks see images otherwise: at equal drive instead of equal rate, under
//! another input, or dimmed.

use equipoise_report::{Cell, Column, Table};

use super::super::conditions::{INPUT, MEAN_CANCELLED, NOISE_MATCHED};
use super::super::statistics::{Difference, tested};
use super::results::{Group, SpeedCell, SpeedResults};
use super::tables::{baseline, measures, p_text};

/// A network in one group against itself in the first group.
#[derive(Debug, Clone)]
pub(super) struct Contrast {
    /// What is measured.
    pub measure: String,
    /// By what it is multiplied for a table.
    pub scale: f64,
    /// The other group.
    pub group: Group,
    /// The network.
    pub name: String,
    /// Other group less first group, over repetitions; corrected over networks.
    pub change: Difference,
    /// The change less that of the baseline, which asks whether the difference between the two
    /// networks is another one; none for the baseline itself.
    pub beyond: Option<Difference>,
}

/// All contrasts with the first group, measure by measure.
pub(super) fn contrasts(found: &SpeedResults) -> Vec<Contrast> {
    let groups = found.groups();
    let Some((first, others)) = groups.split_first() else { return Vec::new() };
    let mut all = Vec::new();
    for group in others {
        let names: Vec<&str> = found.conditions(first);
        let there = found.conditions(group);
        let names: Vec<&str> = names.into_iter().filter(|name| there.contains(name)).collect();
        let reference = found.conditions(first)[baseline(found, first)];
        for (measure, scale, value) in measures(found) {
            let values = |group: &Group| -> Vec<Vec<Option<f64>>> {
                names.iter().map(|name| found.values(group, name, &value)).collect()
            };
            let (here, there) = (values(first), values(group));
            let pairs = there.iter().zip(&here).enumerate();
            let changes = tested(pairs.map(|(k, (a, b))| (k, a.as_slice(), b.as_slice())));
            let less = |a: &[Option<f64>], b: &[Option<f64>]| -> Vec<Option<f64>> {
                a.iter().zip(b).map(|(a, b)| Some((*a)? - (*b)?)).collect()
            };
            let each: Vec<Vec<Option<f64>>> =
                there.iter().zip(&here).map(|(a, b)| less(a, b)).collect();
            let at = names.iter().position(|name| *name == reference);
            let beyond = at.map_or_else(Vec::new, |at| {
                let others = each.iter().enumerate().filter(|(k, _)| *k != at);
                tested(others.map(|(k, change)| (k, change.as_slice(), each[at].as_slice())))
            });
            all.extend(changes.into_iter().map(|change| Contrast {
                measure: measure.clone(),
                scale,
                group: group.clone(),
                name: names[change.group].to_owned(),
                beyond: beyond.iter().find(|b| b.group == change.group).cloned(),
                change,
            }));
        }
    }
    all
}

/// The contrasts as a table; none for one group.
pub(super) fn table(found: &SpeedResults, contrasts: &[Contrast]) -> Option<Table> {
    let first = found.groups().into_iter().next()?;
    if contrasts.is_empty() {
        return None;
    }
    let reference = found.conditions(&first)[baseline(found, &first)];
    let mut table = Table::new(&format!("What changes, against `{}`", found.title(&first)))
        .column(Column::text("compared"))
        .column(Column::text("measure"))
        .column(Column::text("network"))
        .column(Column::integer("pairs"))
        .column(Column::number("change").decimals(2))
        .column(Column::p_value("p, corrected").key("p"))
        .column(Column::number(&format!("less that of {reference}")).key("beyond").decimals(2))
        .column(Column::p_value("p of that, corrected").key("p_beyond"))
        .note(
            "Each network against itself, paired over repetitions; t-tests corrected by Holm over the \
             networks of a measure. Milliseconds, percentage points of accuracy, Hz.",
        );
    let cells = |scale: f64, d: &Difference| -> [Cell; 2] {
        let mean = match d.interval {
            Some((low, high)) => Cell::interval(scale * d.mean, scale * low, scale * high),
            None => (scale * d.mean).into(),
        };
        [mean, d.p.map_or(Cell::Missing, Cell::from)]
    };
    for contrast in contrasts {
        let mut row: Vec<Cell> = vec![
            found.title(&contrast.group).into(),
            contrast.measure.as_str().into(),
            contrast.name.as_str().into(),
            contrast.change.pairs.into(),
        ];
        row.extend(cells(contrast.scale, &contrast.change));
        match &contrast.beyond {
            Some(beyond) => row.extend(cells(contrast.scale, beyond)),
            None => row.extend([Cell::Missing, Cell::Missing]),
        }
        table.row(row);
    }
    Some(table)
}

/// For each other group, whether the lead that the soonest network has over the baseline in the first
/// group is there as well.
pub(super) fn sentences(found: &SpeedResults, contrasts: &[Contrast]) -> Vec<String> {
    let groups = found.groups();
    let Some((first, others)) = groups.split_first() else { return Vec::new() };
    let names = found.conditions(first);
    let reference = names[baseline(found, first)];
    let level = 100.0 * found.settings.accuracy;
    let last_ms = found.settings.first_ms();
    let at_end = move |c: &SpeedCell| super::tables::accuracy_at(c, last_ms);
    // The time to the level where it is reached everywhere, else the accuracy at the end.
    let by_time = measure_of(found, 0);
    let by_end = format!("accuracy after {last_ms} ms, points");
    let mean = |group: &Group, name: &str, value: &dyn Fn(&SpeedCell) -> Option<f64>| {
        let values = found.numbers(group, name, value);
        (values.len() == found.settings.repeats)
            .then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let controls = [INPUT, NOISE_MATCHED, MEAN_CANCELLED];
    let soonest = names
        .iter()
        .copied()
        .filter(|name| *name != reference && !controls.contains(name))
        .filter_map(|name| Some((name, mean(first, name, &|c| c.reached_ms)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let Some((soonest, _)) = soonest else { return Vec::new() };
    let one = |group: &Group| -> Option<String> {
        let of = |measure: &str| {
            contrasts
                .iter()
                .find(|c| c.group == *group && c.name == soonest && c.measure == measure)
        };
        let gap = |group: &Group, value: &dyn Fn(&SpeedCell) -> Option<f64>| {
            Some(mean(group, soonest, value)? - mean(group, reference, value)?)
        };
        let p = |contrast: Option<&Contrast>| {
            let beyond = contrast.and_then(|c| c.beyond.as_ref());
            match beyond.and_then(|b| b.p) {
                Some(p) => format!("p = {}, corrected", p_text(Some(p))),
                None => "too few repetitions for a test".to_owned(),
            }
        };
        let sooner = |gap: f64| {
            format!("{:.1} ms {}", gap.abs(), if gap < 0.0 { "sooner" } else { "later" })
        };
        let reached: &dyn Fn(&SpeedCell) -> Option<f64> = &|c| c.reached_ms;
        if let (Some(here), Some(there)) = (gap(first, reached), gap(group, reached)) {
            return Some(format!(
                "`{soonest}` is read to {level:.0} % {} than `{reference}` here, and {} there (whether \
                 the two differ: {})",
                sooner(here),
                sooner(there),
                p(of(&by_time))
            ));
        }
        let (here, there) = (gap(first, &at_end)?, gap(group, &at_end)?);
        Some(format!(
            "`{soonest}` is read after {last_ms} ms in {:+.1} points more of the images than \
             `{reference}` here, and in {:+.1} there (whether the two differ: {})",
            100.0 * here,
            100.0 * there,
            p(of(&by_end))
        ))
    };
    others
        .iter()
        .filter_map(|group| {
            Some(format!("{} and {}: {}.", found.title(first), found.title(group), one(group)?))
        })
        .collect()
}

fn measure_of(found: &SpeedResults, index: usize) -> String {
    measures(found).into_iter().nth(index).map(|m| m.0).unwrap_or_default()
}
