//! The tables of the study.

use equipoise_report::{Best, Cell, Column, Table};

use super::super::statistics::{differences, mean_cell};
use super::results::{Group, Read, SpeedCell, SpeedResults};

/// One line a network: what it was brought to, and what it is.
pub(super) fn states(found: &SpeedResults, group: &Group) -> Table {
    let mut table = Table::new("The networks while they see images, means over repetitions")
        .column(Column::text("network"))
        .column(Column::number("background").unit("Hz").decimals(0))
        .column(Column::number("drive").unit("mV").decimals(1))
        .column(Column::number("before").key("before_hz").unit("Hz").decimals(1))
        .column(Column::number("during").key("during_hz").unit("Hz").decimals(1))
        .column(Column::number("SD over images").key("rate_sd_hz").unit("Hz").decimals(1))
        .column(Column::number("CV").key("cv").decimals(2))
        .column(Column::number("net / threshold").key("net").decimals(2))
        .column(Column::number("I / E").key("cancelled").decimals(2))
        .column(Column::number("correlation of counts").key("count_correlation").decimals(3))
        .column(Column::text("state"))
        .note(
            "Net: mean net input over the threshold. I / E: mean inhibition over mean excitation. \
             SD: of the mean rate over test images. The state is what the criteria of `equipoise \
             balance` make of these numbers.",
        );
    for name in found.conditions(group) {
        let mean = |value: &dyn Fn(&super::results::Dynamics) -> Option<f64>| -> Cell {
            let of = |cell: &SpeedCell| cell.dynamics.as_ref().and_then(value);
            let values = found.numbers(group, name, of);
            match values.len() {
                0 => Cell::Missing,
                n => (values.iter().sum::<f64>() / n as f64).into(),
            }
        };
        let states = found.of_group(group).filter(|cell| cell.condition == name);
        let mut words: Vec<&str> =
            states.filter_map(|cell| Some(cell.dynamics.as_ref()?.state.state().label())).collect();
        words.sort_unstable();
        words.dedup();
        if words.is_empty() {
            continue;
        }
        table.row([
            name.into(),
            mean(&|d| Some(d.matched.network.background_rate_hz())),
            mean(&|d| Some(d.matched.drive_mv)),
            mean(&|d| Some(d.before_hz)),
            mean(&|d| Some(d.during_hz)),
            mean(&|d| Some(d.rate_sd_hz)),
            mean(&|d| d.state.cv),
            mean(&|d| Some(d.state.net)),
            mean(&|d| Some(d.state.cancelled)),
            mean(&|d| d.state.count_correlation),
            words.join(", ").into(),
        ]);
    }
    table
}

/// How soon each network is read, with intervals over repetitions.
pub(super) fn speeds(found: &SpeedResults, group: &Group) -> Table {
    let level = 100.0 * found.settings.accuracy;
    let mut table = Table::new("How soon an image is read")
        .column(Column::text("network"))
        .column(Column::number("mean").key("mean_ms").unit("ms").decimals(1))
        .column(Column::number("pattern").key("pattern_ms").unit("ms").decimals(1))
        .column(Column::number("last image").key("last_image_ms").unit("ms").decimals(1));
    let times = shown_times(&found.settings.times_ms);
    for &ms in &times {
        table = table.column(
            Column::percent(&format!("after {ms} ms"), 1)
                .key(&format!("accuracy_{ms}_ms"))
                .best(Best::Highest),
        );
    }
    table = table
        .column(
            Column::number(&format!("{level:.0} % at"))
                .key("reached_ms")
                .unit("ms")
                .decimals(1)
                .best(Best::Lowest),
        )
        .note(
            "Mean and pattern: time after which the population mean, and the pattern over neurons, \
             have gone 63 % of their way; last image: the same of the pattern of the image before, \
             after a change. After: share of test images whose class is read from all \
             spikes since the image came on. Intervals of 95 % are over repetitions. A time equal \
             to the first that is read means at that time or before.",
        );
    for name in found.conditions(group) {
        let of = |value: &dyn Fn(&SpeedCell) -> Option<f64>| {
            mean_cell(&found.numbers(group, name, value))
        };
        let mut row: Vec<Cell> = vec![
            name.into(),
            of(&|c| c.dynamics.as_ref()?.mean_ms),
            of(&|c| c.dynamics.as_ref()?.pattern_ms),
            of(&|c| c.dynamics.as_ref()?.last_ms),
        ];
        row.extend(times.iter().map(|&ms| of(&|c| accuracy_at(c, ms))));
        row.push(of(&|c| c.reached_ms));
        table.row(row);
    }
    table
}

/// Spikes in every window that is read, in the mean over images and repetitions.
pub(super) fn spikes(found: &SpeedResults, group: &Group) -> Table {
    let mut table = Table::new("Spikes of an image that are read").column(Column::text("network"));
    type Window = (String, String, Value);
    let mut windows: Vec<Window> = Vec::new();
    for (k, ms) in found.settings.times_ms.iter().enumerate() {
        let value: Value = Box::new(move |c| c.since_onset.get(k).map(|r| r.spikes));
        windows.push((format!("0 to {ms} ms"), format!("spikes_{ms}_ms"), value));
    }
    for (k, ms) in found.settings.windows_ms.iter().enumerate() {
        let value: Value = Box::new(move |c| c.windows.get(k).map(|r| r.spikes));
        windows.push((format!("last {ms} ms"), format!("spikes_last_{ms}_ms"), value));
    }
    for (k, ms) in found.settings.intervals_ms.iter().enumerate() {
        let value: Value = Box::new(move |c| c.streams.get(k).map(|s| s.spikes));
        windows.push((format!("every {ms} ms"), format!("spikes_every_{ms}_ms"), value));
    }
    for (title, key, _) in &windows {
        table = table.column(Column::number(title).key(key).decimals(1));
    }
    table = table.note(
        "Of all neurons that are read, the mean over test images and repetitions. Every: of images \
         that follow one another at this interval.",
    );
    for name in found.conditions(group) {
        let mut row: Vec<Cell> = vec![name.into()];
        row.extend(windows.iter().map(|(_, _, value)| -> Cell {
            let values = found.numbers(group, name, value);
            match values.len() {
                0 => Cell::Missing,
                n => (values.iter().sum::<f64>() / n as f64).into(),
            }
        }));
        table.row(row);
    }
    table
}

/// What a trained decoder makes of the spikes beside ridge regression; none where it does not read.
pub(super) fn trained(found: &SpeedResults, group: &Group) -> Option<Table> {
    let times = &found.settings.trained.times_ms;
    if times.is_empty() {
        return None;
    }
    let title = found.settings.trained.decoder.kind.title();
    let mut table = Table::new(&format!("PSNR of ridge regression and of {title}, dB"))
        .column(Column::text("network"));
    for ms in times {
        table = table
            .column(
                Column::number(&format!("ridge, {ms} ms"))
                    .key(&format!("ridge_{ms}_ms"))
                    .decimals(2),
            )
            .column(
                Column::number(&format!("trained, {ms} ms"))
                    .key(&format!("trained_{ms}_ms"))
                    .decimals(2)
                    .best(Best::Highest),
            );
    }
    table = table.note(
        "From all spikes since the image came on. The decoder starts at ridge regression, is trained \
         on the training images, and its epoch is chosen by the validation images. Intervals of 95 % \
         are over repetitions.",
    );
    for name in found.conditions(group) {
        let mut row: Vec<Cell> = vec![name.into()];
        for &ms in times {
            let of = |value: &dyn Fn(&Read) -> Option<f64>| {
                mean_cell(&found.numbers(group, name, |c| {
                    value(c.since_onset.iter().find(|read| read.ms == ms)?)
                }))
            };
            row.push(of(&|read| Some(read.psnr_db)));
            row.push(of(&|read| Some(read.trained?.psnr_db)));
        }
        table.row(row);
    }
    Some(table)
}

/// A p-value in a sentence.
pub(super) fn p_text(p: Option<f64>) -> String {
    match p {
        Some(p) if p < 0.001 => "below 0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
        None => "none".to_owned(),
    }
}

/// A few of the times, for a table that fits on a page.
fn shown_times(times: &[f64]) -> Vec<f64> {
    let wanted = [5.0, 20.0, times.last().copied().unwrap_or(0.0)];
    let mut shown: Vec<f64> = times.iter().copied().filter(|t| wanted.contains(t)).collect();
    if shown.len() < 2 {
        shown = times.to_vec();
    }
    shown
}

/// The accuracy from all spikes since the onset, at a time that was read.
pub(super) fn accuracy_at(cell: &SpeedCell, ms: f64) -> Option<f64> {
    cell.since_onset.iter().find(|read| read.ms == ms).map(|read| read.accuracy)
}

/// How the networks differ from the baseline.
pub(super) fn tests(found: &SpeedResults, group: &Group) -> Table {
    let names = found.conditions(group);
    let baseline = baseline(found, group);
    let mut table = Table::new(&format!(
        "Differences from `{}` over repetitions",
        names.get(baseline).copied().unwrap_or_default()
    ))
    .column(Column::text("measure"))
    .column(Column::text("network"))
    .column(Column::integer("pairs"))
    .column(Column::number("difference").decimals(2))
    .column(Column::p_value("p, corrected").key("p"))
    .column(Column::number("Cohen's d").key("d").decimals(1))
    .note(
        "Paired t-tests over repetitions, corrected by Holm within each measure; d of the pairs. \
         Milliseconds, and percentage points of accuracy.",
    );
    for (measure, scale, value) in measures(found) {
        let groups: Vec<Vec<Option<f64>>> =
            names.iter().map(|name| found.values(group, name, &value)).collect();
        for difference in differences(&groups, baseline) {
            let scaled = match difference.interval {
                Some((low, high)) => {
                    Cell::interval(scale * difference.mean, scale * low, scale * high)
                }
                None => (scale * difference.mean).into(),
            };
            table.row([
                measure.as_str().into(),
                names[difference.group].into(),
                difference.pairs.into(),
                scaled,
                difference.p.map_or(Cell::Missing, Cell::from),
                difference
                    .effect
                    .map_or(Cell::Missing, |(d, low, high)| Cell::interval(d, low, high)),
            ]);
        }
    }
    table
}

/// The place of the baseline among the networks of a group.
pub(super) fn baseline(found: &SpeedResults, group: &Group) -> usize {
    let names = found.conditions(group);
    let wanted = found.settings.baseline.as_deref();
    names.iter().position(|name| Some(*name) == wanted).unwrap_or(0)
}

type Value = Box<dyn Fn(&SpeedCell) -> Option<f64>>;

/// What is compared: its name, its scale and its value.
pub(super) fn measures(found: &SpeedResults) -> Vec<(String, f64, Value)> {
    let level = 100.0 * found.settings.accuracy;
    let mut all: Vec<(String, f64, Value)> = vec![
        (format!("time to {level:.0} %, ms"), 1.0, Box::new(|c| c.reached_ms)),
        ("time of the mean, ms".to_owned(), 1.0, Box::new(|c| c.dynamics.as_ref()?.mean_ms)),
        ("time of the pattern, ms".to_owned(), 1.0, Box::new(|c| c.dynamics.as_ref()?.pattern_ms)),
        ("time of the last image, ms".to_owned(), 1.0, Box::new(|c| c.dynamics.as_ref()?.last_ms)),
        (
            "SD of the rate over images, Hz".to_owned(),
            1.0,
            Box::new(|c| Some(c.dynamics.as_ref()?.rate_sd_hz)),
        ),
    ];
    for ms in shown_times(&found.settings.times_ms) {
        let name = format!("accuracy after {ms} ms, points");
        all.push((name, 100.0, Box::new(move |c| accuracy_at(c, ms))));
    }
    for &ms in &found.settings.intervals_ms {
        let stream = move |c: &SpeedCell| c.streams.iter().find(|s| s.interval_ms == ms).copied();
        let name = |which: &str| format!("{which} image, one every {ms} ms, points");
        all.push((name("present"), 100.0, Box::new(move |c| Some(stream(c)?.present))));
        all.push((name("last"), 100.0, Box::new(move |c| Some(stream(c)?.last))));
    }
    all
}

/// All curves, row by row.
pub(super) fn curves(found: &SpeedResults) -> Table {
    let mut table = keyed("Quality against time")
        .column(Column::text("spikes"))
        .column(Column::number("time").unit("ms").decimals(1))
        .column(Column::number("spikes read").decimals(2))
        .column(Column::number("accuracy").decimals(4))
        .column(Column::number("PSNR").key("psnr_db").unit("dB").decimals(3))
        .column(Column::number("SSIM").key("ssim").decimals(4))
        .column(Column::number("PSNR, trained").key("trained_psnr_db").unit("dB").decimals(3))
        .column(Column::number("SSIM, trained").key("trained_ssim").decimals(4));
    for cell in &found.cells {
        let parts = [("since onset", &cell.since_onset), ("at the end", &cell.windows)];
        for (which, read) in
            parts.into_iter().flat_map(|(w, reads)| reads.iter().map(move |r| (w, r)))
        {
            let mut row = keys(cell);
            row.extend([
                which.into(),
                read.ms.into(),
                read.spikes.into(),
                read.accuracy.into(),
                read.psnr_db.into(),
                read.ssim.into(),
                read.trained.map_or(Cell::Missing, |q| q.psnr_db.into()),
                read.trained.map_or(Cell::Missing, |q| q.ssim.into()),
            ]);
            table.row(row);
        }
    }
    table
}

/// What is read after a change and in streams, row by row.
pub(super) fn changes(found: &SpeedResults) -> Table {
    let mut table = keyed("After an image has taken the place of another")
        .column(Column::text("spikes"))
        .column(Column::number("from").unit("ms").decimals(1))
        .column(Column::number("to").unit("ms").decimals(1))
        .column(Column::number("spikes read").decimals(2))
        .column(Column::number("accuracy for the last image").key("last").decimals(4))
        .column(Column::number("accuracy for the new image").key("new").decimals(4))
        .column(Column::number("the same since the change").key("new_since_change").decimals(4));
    for cell in &found.cells {
        for change in &cell.after_change {
            let mut row = keys(cell);
            row.extend([
                "after a change".into(),
                change.from_ms.into(),
                change.to_ms.into(),
                change.spikes.into(),
                change.last.into(),
                change.new.into(),
                change.new_since_change.into(),
            ]);
            table.row(row);
        }
        for stream in &cell.streams {
            let mut row = keys(cell);
            row.extend([
                "of a stream".into(),
                0.0.into(),
                stream.interval_ms.into(),
                stream.spikes.into(),
                stream.last.into(),
                stream.present.into(),
                Cell::Missing,
            ]);
            table.row(row);
        }
    }
    table
}

fn keyed(caption: &str) -> Table {
    Table::new(caption)
        .column(Column::text("matching"))
        .column(Column::text("input"))
        .column(Column::number("brightness").decimals(2))
        .column(Column::text("network"))
        .column(Column::integer("repetition"))
}

fn keys(cell: &SpeedCell) -> Vec<Cell> {
    vec![
        cell.matching.label().into(),
        cell.input.as_str().into(),
        cell.brightness.into(),
        cell.condition.as_str().into(),
        (cell.repeat + 1).into(),
    ]
}

/// How long the last image stays, and what is read when images follow one another.
pub(super) fn lingering(found: &SpeedResults, group: &Group) -> Table {
    let windows: Vec<(f64, f64)> = found
        .of_group(group)
        .find_map(|cell| {
            let pairs = cell.after_change.iter().map(|c| (c.from_ms, c.to_ms));
            (!cell.after_change.is_empty()).then(|| pairs.collect())
        })
        .unwrap_or_default();
    let windows: Vec<(usize, (f64, f64))> =
        windows.into_iter().enumerate().filter(|(_, (from, _))| *from >= 2.0).collect();
    let mut table = Table::new("How long the last image stays").column(Column::text("network"));
    for (_, (from, to)) in &windows {
        table = table.column(
            Column::percent(&format!("last, {from} to {to} ms"), 0)
                .key(&format!("last_{from}_{to}_ms")),
        );
    }
    for &ms in &found.settings.intervals_ms {
        table = table
            .column(
                Column::percent(&format!("every {ms} ms: present"), 0)
                    .key(&format!("present_every_{ms}_ms")),
            )
            .column(Column::percent("last", 0).key(&format!("last_every_{ms}_ms")));
    }
    table = table.note(
        "Last, from to: share of test images whose class is read from the spikes between these times \
         after another image has taken their place. Every: images that follow one another at this \
         interval; the class of the one that is there, and of the one before it, from its spikes.",
    );
    for name in found.conditions(group) {
        let of = |value: &dyn Fn(&SpeedCell) -> Option<f64>| -> Cell {
            let values = found.numbers(group, name, value);
            match values.len() {
                0 => Cell::Missing,
                n => (values.iter().sum::<f64>() / n as f64).into(),
            }
        };
        let is_network = found.of_group(group).any(|c| c.condition == name && c.dynamics.is_some());
        if !is_network {
            continue;
        }
        let mut row: Vec<Cell> = vec![name.into()];
        row.extend(windows.iter().map(|&(k, _)| of(&|c| c.after_change.get(k).map(|a| a.last))));
        for k in 0..found.settings.intervals_ms.len() {
            row.push(of(&|c| c.streams.get(k).map(|s| s.present)));
            row.push(of(&|c| c.streams.get(k).map(|s| s.last)));
        }
        table.row(row);
    }
    table
}
