//! What a conversion loses, and what it decides for a person.

use super::format::Format;
use super::plan::Plan;
use super::stream::{Precision, Rounding, TimeUnit};
use crate::reading::{Remark, RemarkKind};

/// What the format does not hold of what there is, known before anything is written.
pub(super) fn before(plan: &Plan, to: Format) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut lost = |text: String| remarks.push(Remark::new(RemarkKind::Lost, text));
    let head = &plan.head;
    for what in &head.left_out {
        lost(format!("not taken over: {what}"));
    }
    let title = to.title();
    let keeps_labels = matches!(to, Format::Npz | Format::Shd | Format::NMnist | Format::Counts);
    if head.labels.is_some() && !keeps_labels {
        lost(format!("the labels: {title} holds none"));
    }
    if !head.classes.is_empty() && head.labels.is_some() && to == Format::Counts {
        lost(format!("the names of the classes: {title} holds none"));
    }
    let spoken = head.speakers.iter().flatten().any(|&speaker| speaker > 0);
    if spoken && !matches!(to, Format::Npz | Format::Shd) {
        lost(format!("the speakers: {title} holds none"));
    }
    let keeps_sizes = matches!(to, Format::Npz | Format::Shd | Format::Counts);
    if head.durations_ms.is_some() && !keeps_sizes {
        lost(format!("how long the recordings last: {title} does not hold it"));
    }
    if let (Some(units), None, false) = (head.units, head.sensor, keeps_sizes) {
        lost(format!("the number of units ({units}): {title} does not hold it"));
    }
    let silent_end = plan.survey.spikes.iter().rev().take_while(|&&n| n == 0).count();
    if head.many && silent_end > 0 && matches!(to, Format::Csv | Format::Npy) {
        lost(format!(
            "{silent_end} recordings without spikes at the end: {title} holds only spikes"
        ));
    }
    if let Some(sensor) = head.sensor {
        let (height, width) = (sensor.height, sensor.width);
        match to {
            Format::Csv | Format::Npy => lost(format!(
                "the size of the sensor (height {height}, width {width}): {title} does not hold it"
            )),
            Format::Shd | Format::Sonata | Format::Counts => lost(format!(
                "that units are pixels: {title} does not hold it; unit = {}",
                match sensor.polarities {
                    2 => format!("(p * {height} + y) * {width} + x"),
                    _ => format!("y * {width} + x"),
                }
            )),
            _ => {}
        }
        if to == Format::NMnist && sensor.polarities == 1 {
            lost("the polarity of events, which was merged before: all are written as 0".into());
        }
    }
    let text_or_binary = matches!(to, Format::Npz | Format::Npy | Format::Csv | Format::Sonata);
    let from_whole = head.unit == TimeUnit::Microseconds || head.unit == TimeUnit::Nanoseconds;
    if text_or_binary
        && head.unit != plan.unit
        && head.precision == Precision::Full
        && !from_whole
        && plan.survey.total() > 0
    {
        let text = format!(
            "times in {} became times in {}: the last of their 16 digits may differ",
            head.unit, plan.unit
        );
        remarks.push(Remark::new(RemarkKind::Converted, text));
    }
    if to == Format::Shd && head.labels.is_none() && plan.recordings() > 0 {
        let text = format!("there are no labels, which {title} needs: all are 0");
        remarks.push(Remark::new(RemarkKind::Unlabelled, text));
    }
    if plan.survey.unsorted > 0 && to != Format::Counts {
        let text = format!(
            "{} spikes come after later ones of their recording; their order is kept",
            plan.survey.unsorted
        );
        remarks.push(Remark::new(RemarkKind::Order, text));
    }
    remarks
}

/// How times were rounded.
pub(super) fn rounding(rounding: Rounding, plan: &Plan, to: Format) -> Option<Remark> {
    (rounding.changed > 0).then(|| {
        let text = format!(
            "the resolution of times: {} of {} were rounded, by up to {} {}, as {} stores them \
             more coarsely",
            rounding.changed,
            plan.survey.total(),
            significant(rounding.most),
            plan.head.unit,
            to.title()
        );
        Remark::new(RemarkKind::Lost, text)
    })
}

/// A number to three digits.
fn significant(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}
