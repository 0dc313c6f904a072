//! Counts: made of spikes, and from one format to another.

use super::format::Format;
use super::plan::Plan;
use super::stream::{Source, TimeUnit};
use crate::counts::Counts;
use crate::error::DataError;
use crate::formats::array_file::open_arrays;
use crate::formats::counts_file::{CountsWriter, read_counts};
use crate::formats::npz::{NpzWriter, npy_bytes};
use crate::formats::recorded::counts_alone;
use crate::formats::writing::write_file;
use crate::reading::{Remark, RemarkKind, TO_THE_END};
use std::path::Path;

/// Reads counts, whatever file they are in.
pub(super) fn read(
    path: &Path,
    format: Format,
    duration_ms: Option<f64>,
    remarks: &mut Vec<Remark>,
) -> Result<Counts, DataError> {
    if format == Format::Counts {
        return read_counts(path);
    }
    counts_alone(&*open_arrays(path, TO_THE_END)?, duration_ms, remarks)
}

/// Writes counts as a file of this format.
pub(super) fn write(
    path: &Path,
    format: Format,
    counts: &Counts,
    remarks: &mut Vec<Remark>,
) -> Result<(), DataError> {
    let Counts { units, bins, duration_ms, .. } = *counts;
    let shape = [counts.len(), units, bins];
    let lost = |what: &str| {
        Remark::new(RemarkKind::Lost, format!("{what}: {} holds none", format.title()))
    };
    match format {
        Format::Counts => {
            let indices: Vec<usize> = counts.indices.iter().map(|&i| i as usize).collect();
            let writer = CountsWriter::create_for(path, units, bins, duration_ms, &counts.origin)?;
            let mut writer = writer.with_indices(&indices);
            if counts.labels.is_empty() && !counts.is_empty() {
                remarks.push(unlabelled(format));
            }
            for i in 0..counts.len() {
                let label = counts.labels.get(i).copied().unwrap_or(0);
                writer.push_counts(counts.recording(i), label)?;
            }
            writer.finish()
        }
        Format::Npz => {
            let mut file = NpzWriter::create(path)?;
            file.array("counts", &shape, counts.counts.iter().copied())?;
            if !counts.labels.is_empty() {
                file.array("labels", &[counts.labels.len()], counts.labels.iter().copied())?;
            }
            file.array("duration_ms", &[], [duration_ms])?;
            if counts.origin != crate::CountsOrigin::default() || !counts.indices.is_empty() {
                remarks.push(lost("what the counts were made from"));
            }
            file.finish()
        }
        Format::Npy => {
            if !counts.labels.is_empty() {
                remarks.push(lost("the labels"));
            }
            remarks.push(lost(&format!("the length of a recording ({duration_ms} ms)")));
            let bytes = npy_bytes(&shape, counts.counts.iter().copied());
            write_file(path, &bytes.map_err(|e| DataError::io(path, "write", e))?)
        }
        other => Err(DataError::Request(format!(
            "{}: {} holds spikes and no counts; NPZ, NPY and safetensors do",
            path.to_string_lossy(),
            other.title()
        ))),
    }
}

fn unlabelled(format: Format) -> Remark {
    let text = format!("there are no labels, which {} needs: all are 0", format.title());
    Remark::new(RemarkKind::Unlabelled, text)
}

/// Counts spikes in `bins` equal bins.
///
/// # Errors
/// If a spike comes after the end of its recording, the table does not fit, or a file is wrong.
pub(super) fn of_spikes(
    source: &dyn Source,
    plan: &Plan,
    (bins, duration_ms): (usize, Option<f64>),
    remarks: &mut Vec<Remark>,
    progress: &mut dyn FnMut(u64) -> Result<(), DataError>,
) -> Result<Counts, DataError> {
    let told = |text: String| Err(DataError::Request(text));
    let (units, n) = (plan.units().max(1) as usize, plan.recordings());
    let head = &plan.head;
    let to_ms = |t: f64| head.unit.to(TimeUnit::Milliseconds, t);
    let last = plan.survey.times.map_or(0.0, |(_, last)| to_ms(last));
    let said = head.durations_ms.as_ref().and_then(|d| d.iter().copied().reduce(f64::max));
    let duration = duration_ms.or(said.filter(|d| *d > 0.0)).unwrap_or_else(|| {
        let duration = last.max(1.0).ceil();
        let text = format!(
            "the recordings are taken to last {duration} ms, as the last spike comes at {last} ms \
             and nothing says how long they are"
        );
        remarks.push(Remark::new(RemarkKind::Duration, text));
        duration
    });
    if !(duration > 0.0 && duration.is_finite()) {
        return told(format!("recordings of {duration} ms: a positive time is needed"));
    }
    if bins == 0 {
        return told("spikes cannot be counted in 0 bins".into());
    }
    if let Some((first, _)) = plan.survey.times.filter(|&(first, _)| first < 0.0) {
        return told(format!("a spike at {} ms cannot be counted from 0 ms on", to_ms(first)));
    }
    let size = units.checked_mul(bins).filter(|&size| size <= 1 << 28);
    let total = size.and_then(|size| size.checked_mul(n)).filter(|&total| total <= 1 << 31);
    let mut table: Vec<u16> = Vec::new();
    let reserved = total.map(|total| table.try_reserve_exact(total));
    let (Some(size), Some(Ok(()))) = (size, reserved) else {
        return told(format!(
            "counts of {n} recordings x {units} units x {bins} bins do not fit the memory: fewer \
             bins may do"
        ));
    };
    table.resize(size * n, 0);
    let (mut late, mut full, mut done) = (0u64, 0u64, 0);
    let per_ms = bins as f64 / duration;
    source.read(&mut |block| {
        for i in 0..block.len() {
            let t = to_ms(block.times[i]);
            if t > duration {
                late += 1;
                continue;
            }
            let bin = ((t * per_ms) as usize).min(bins - 1);
            let place = block.samples[i] as usize * size + block.ids[i] as usize * bins + bin;
            full += u64::from(table[place] == u16::MAX);
            table[place] = table[place].saturating_add(1);
        }
        done += block.len() as u64;
        progress(done)
    })?;
    for (count, what) in [
        (late, format!("spikes come after {duration} ms and are left out")),
        (full, format!("spikes more than {} in a bin are left out", u16::MAX)),
    ] {
        if count > 0 {
            remarks.push(Remark::new(RemarkKind::Lost, format!("{count} {what}")));
        }
    }
    let text = format!("the times within bins of {} ms", duration / bins as f64);
    remarks.push(Remark::new(RemarkKind::Lost, text));
    let labels = head.labels.clone().unwrap_or_default();
    Ok(Counts { labels, ..Counts::new(units, bins, duration, table)? })
}
