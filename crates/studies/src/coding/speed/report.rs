//! The report of the study.

use equipoise_report::{Report, Step};

use super::super::conditions::{INPUT, MEAN_CANCELLED, NOISE_MATCHED};
use super::super::matching::Matching;
use super::super::statistics::{Difference, differences, mean_text};
use super::results::{Group, SpeedCell, SpeedResults};
use super::tables::p_text;
use super::{contrasts, figures, tables};
use crate::regimes::cases;
use crate::{schema, strip};

type Number = fn(&SpeedCell) -> Option<f64>;

/// Numbers of a cell that `metrics.json` has.
pub(super) const NUMBERS: [(&str, Number); 8] = [
    ("mean_ms", |c| c.dynamics.as_ref()?.mean_ms),
    ("pattern_ms", |c| c.dynamics.as_ref()?.pattern_ms),
    ("last_image_ms", |c| c.dynamics.as_ref()?.last_ms),
    ("rate_sd_hz", |c| Some(c.dynamics.as_ref()?.rate_sd_hz)),
    ("final_accuracy", |c| c.since_onset.last().map(|r| r.accuracy)),
    ("final_psnr_db", |c| c.since_onset.last().map(|r| r.psnr_db)),
    ("drive_mv", |c| Some(c.dynamics.as_ref()?.matched.drive_mv)),
    ("cv", |c| c.dynamics.as_ref()?.state.cv),
];

const REACHED: Number = |c| c.reached_ms;
const MEAN: Number = |c| c.dynamics.as_ref()?.mean_ms;
const PATTERN: Number = |c| c.dynamics.as_ref()?.pattern_ms;
const SD: Number = |c| Some(c.dynamics.as_ref()?.rate_sd_hz);
const LAST: Number = |c| c.dynamics.as_ref()?.last_ms;
const DRIVE: Number = |c| Some(c.dynamics.as_ref()?.matched.drive_mv);

/// The results in a few lines.
pub(super) fn summary(found: &SpeedResults, width: usize) -> String {
    let mut text = String::new();
    for group in found.groups() {
        text += &format!("{}\n", found.title(&group));
        text += &tables::speeds(found, &group).to_text_within(width);
        text.push('\n');
        for sentence in sentences(found, &group) {
            text += &format!("{sentence}\n");
        }
        text.push('\n');
    }
    for sentence in contrasts::sentences(found, &contrasts::contrasts(found)) {
        text += &format!("{sentence}\n");
    }
    text
}

pub(super) fn report(found: &SpeedResults) -> Report {
    let mut report = Report::new("How soon can an image be read?");
    report.subtitle("Time-resolved coding of networks that are more and less balanced").summary(
        "Theory says that a balanced network follows its input within a fraction of the membrane \
         time constant. Images come on after darkness, stay, and are replaced, and are read from \
         the spikes since then. The networks have the same rate before and during an image, or the \
         same drive; their state is measured. The population mean and the pattern over neurons, \
         which holds the image, are told apart.",
    );
    let groups = found.groups();
    if let Some(group) = groups.first() {
        report.strip(steps(found, group));
    }
    for group in &groups {
        for sentence in sentences(found, group) {
            report.found(&format!("{}: {sentence}", found.title(group)));
        }
    }
    let contrasts = contrasts::contrasts(found);
    for sentence in contrasts::sentences(found, &contrasts) {
        report.found(&sentence);
    }
    for group in &groups {
        section(found, group, &mut report);
    }
    if let Some(table) = contrasts::table(found, &contrasts) {
        report.heading("Between conditions").table("contrasts", &table);
    }
    report.heading("Method").list(method(found));
    if let Ok(cases) = found.settings.base().and_then(|b| cases(&b, &found.settings.regimes)) {
        let networks: Vec<_> = cases.iter().map(|c| (c.name.as_str(), &c.network)).collect();
        report.table("network", &schema::network_table(&networks));
    }
    report
}

/// The name of a group in files.
fn key(found: &SpeedResults, group: &Group, what: &str) -> String {
    super::super::slug(&format!("{what}-{}", found.title(group))).to_lowercase()
}

fn section(found: &SpeedResults, group: &Group, report: &mut Report) {
    let name = |what: &str| key(found, group, what);
    report
        .heading(&found.title(group))
        .table(&name("speed"), &tables::speeds(found, group))
        .figure(
            &name("onset"),
            &figures::onset(found, group),
            "Read from all spikes since the image came on: class (left), and image by ridge regression \
             (right). Bands are 95 % intervals over repetitions; controls are dashed or dotted.",
        )
        .table(&name("state"), &tables::states(found, group))
        .figure(
            &name("dynamics"),
            &figures::mean_and_pattern(found, group),
            "The time of the population mean and that of the pattern against the balance that was \
             measured; a point is a network in a repetition.",
        )
        .table(&name("lingering"), &tables::lingering(found, group))
        .figure(
            &name("change"),
            &figures::change(found, group),
            "After another image has taken the place of the last one: the last one's class, from the \
             spikes between one time and the next, and the new one's, from all spikes since the \
             change. The dashed line is chance.",
        );
    if let Some(figure) = figures::streams(found, group) {
        report.figure(
            &name("streams"),
            &figure,
            "Images that follow one another without a pause: the class of the one that is there, and \
             of the one before it, from the spikes of one interval. The dashed line is chance.",
        );
    }
    report.table(&name("spikes"), &tables::spikes(found, group));
    if let Some(table) = tables::trained(found, group) {
        report.table(&name("trained"), &table);
    }
    if found.settings.repeats > 1 {
        report.table(&name("tests"), &tables::tests(found, group));
    }
}

fn steps(found: &SpeedResults, group: &Group) -> [Step; 3] {
    let settings = &found.settings;
    let shown = format!(
        "{} ms of darkness, {} ms of an image, {} ms of another",
        settings.blank_ms,
        settings.first_ms(),
        settings.second_ms
    );
    let networks = format!(
        "{} networks and controls, brought to {}",
        found.conditions(group).len(),
        group.matching.label()
    );
    let mut read = Step::new("Read", "class against the logarithm of time");
    let curves = figures::thumbnail(found, group);
    let of = curves.iter().map(|(x, y, color)| (&x[..], &y[..], *color));
    if let Some(figure) = strip::curves(of) {
        read = read.figure(&figure);
    }
    [Step::new("Images", &shown), Step::new("Networks", &networks), read]
}

fn method(found: &SpeedResults) -> Vec<String> {
    let settings = &found.settings;
    let [train, validation, test] = found.images;
    let targets = &settings.targets;
    vec![
        format!(
            "{}: {train} images to train the read-out, {validation} to choose its penalty, {test} test \
             images, read once.",
            found.dataset
        ),
        format!(
            "The background is searched for a rate of {} Hz in darkness. At equal rate the drive \
             of the images is searched for {} Hz while they are there; at equal drive it is {} mV, \
             the mean input that they give a neuron.",
            targets.before_hz, targets.during_hz, targets.drive_mv
        ),
        "The read-out is ridge regression from the counts of all neurons that are read, one for \
         every time and window."
            .to_owned(),
        format!(
            "{NOISE_MATCHED}: no recurrence, as many background spikes as all that reach a neuron of \
             the network while it sees images, of their variance, and less their mean."
        ),
        format!(
            "{MEAN_CANCELLED}: no recurrence, the network's image drive, and a background that is \
             stepped down as the image comes on, to the network's rate."
        ),
        format!("{INPUT}: the spikes of the image's channels, without a network."),
    ]
}

/// What was found in a group, in sentences that follow from its numbers.
pub(super) fn sentences(found: &SpeedResults, group: &Group) -> Vec<String> {
    let names = found.conditions(group);
    let baseline = names.get(tables::baseline(found, group)).copied().unwrap_or_default();
    [
        reading(found, group, &names, baseline),
        parts(found, group, &names, baseline),
        noise(found, group, &names),
        drive(found, group, &names),
        cancelled(found, group, &names),
        lingering(found, group, &names, baseline),
        variation(found, group, &names, baseline),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn text(found: &SpeedResults, group: &Group, name: &str, of: Number, unit: &str) -> Option<String> {
    mean_text(&found.numbers(group, name, of), unit, 1)
}

fn mean(found: &SpeedResults, group: &Group, name: &str, of: Number) -> Option<f64> {
    let values = found.numbers(group, name, of);
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The networks themselves, without the controls.
fn networks<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let controls = [INPUT, NOISE_MATCHED, MEAN_CANCELLED];
    names.iter().copied().filter(|name| !controls.contains(name)).collect()
}

/// The network whose value is least.
fn least<'a>(
    found: &SpeedResults,
    group: &Group,
    names: &[&'a str],
    of: Number,
) -> Option<(&'a str, f64)> {
    let values = names.iter().filter_map(|&name| Some((name, mean(found, group, name, of)?)));
    values.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// How a network differs from another in a number, with all networks corrected together.
fn difference(
    found: &SpeedResults,
    group: &Group,
    names: &[&str],
    (name, baseline): (&str, &str),
    of: Number,
) -> Option<Difference> {
    let values: Vec<_> = names.iter().map(|n| found.values(group, n, of)).collect();
    let place = |wanted: &str| names.iter().position(|n| *n == wanted);
    let (group, baseline) = (place(name)?, place(baseline)?);
    differences(&values, baseline).into_iter().find(|d| d.group == group)
}

/// Whether chance can make such a difference, in words.
fn told(difference: Option<&Difference>) -> String {
    match difference {
        Some(d) if d.is_told() => format!("p = {}, corrected", p_text(d.p)),
        Some(d) if d.p.is_some() => {
            format!("not told from chance: p = {}, corrected", p_text(d.p))
        }
        _ => "too few repetitions for a test".to_owned(),
    }
}

/// How soon the networks are read, against the baseline.
fn reading(found: &SpeedResults, group: &Group, names: &[&str], baseline: &str) -> Option<String> {
    let networks = networks(names);
    let (first, _) = least(found, group, &networks, REACHED)?;
    let level = 100.0 * found.settings.accuracy;
    let of = |name: &str| text(found, group, name, REACHED, "ms");
    if first == baseline {
        let others: Vec<String> = networks
            .iter()
            .filter(|name| **name != baseline)
            .map(|name| match of(name) {
                Some(time) => format!("{name} {time}"),
                None => format!("{name} never"),
            })
            .collect();
        return Some(format!(
            "no network is read sooner than `{baseline}`, which reaches {level:.0} % after {}; {}.",
            of(baseline)?,
            others.join(", ")
        ));
    }
    let difference = difference(found, group, names, (first, baseline), REACHED);
    let then = match of(baseline) {
        Some(time) => format!("`{baseline}` after {time}"),
        None => format!("`{baseline}` never"),
    };
    Some(format!(
        "`{first}` is read first: {level:.0} % of the images after {}, {then} ({}).",
        of(first)?,
        told(difference.as_ref())
    ))
}

/// The mean and the pattern of the most balanced network against the baseline.
fn parts(found: &SpeedResults, group: &Group, names: &[&str], baseline: &str) -> Option<String> {
    let balance: Number = |c| Some(-c.dynamics.as_ref()?.state.cancelled);
    let (most, cancelled) = least(found, group, &networks(names), balance)?;
    if most == baseline {
        return None;
    }
    let one = |of: Number| -> Option<String> {
        let (a, b) = (mean(found, group, most, of)?, mean(found, group, baseline, of)?);
        let difference = difference(found, group, names, (most, baseline), of);
        let word = if a < b { "sooner" } else { "later" };
        Some(format!(
            "{word} ({} against {}; {})",
            text(found, group, most, of, "ms")?,
            text(found, group, baseline, of, "ms")?,
            told(difference.as_ref())
        ))
    };
    Some(format!(
        "in `{most}`, where inhibition cancels most of the excitation ({:.0} %), the population mean \
         gets there {} than in `{baseline}`, and the pattern, which holds the image, {}.",
        -100.0 * cancelled,
        one(MEAN)?,
        one(PATTERN)?
    ))
}

/// What recurrence does to mean and pattern where noise, net input and rates are the same.
fn noise(found: &SpeedResults, group: &Group, names: &[&str]) -> Option<String> {
    let network = found.settings.controls_of.as_deref()?;
    let one = |of: Number| -> Option<String> {
        Some(format!(
            "from {} to {} ({})",
            text(found, group, NOISE_MATCHED, of, "ms")?,
            text(found, group, network, of, "ms")?,
            told(difference(found, group, names, (network, NOISE_MATCHED), of).as_ref())
        ))
    };
    Some(format!(
        "at the same noise and rates, recurrence takes the mean {}, and the pattern {}.",
        one(MEAN)?,
        one(PATTERN)?
    ))
}

/// How the drive that a network admits goes with the time at which it is read.
fn drive(found: &SpeedResults, group: &Group, names: &[&str]) -> Option<String> {
    if group.matching != Matching::Rate {
        return None;
    }
    let pairs: Vec<(f64, f64)> = networks(names)
        .into_iter()
        .filter_map(|name| {
            Some((mean(found, group, name, DRIVE)?, mean(found, group, name, REACHED)?))
        })
        .collect();
    let (drives, times): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    let low = drives.iter().copied().fold(f64::INFINITY, f64::min);
    let high = drives.iter().copied().fold(0.0, f64::max);
    let logarithms = |v: &[f64]| v.iter().map(|&x| libm::log(x)).collect::<Vec<_>>();
    let (x, y) = (logarithms(&drives), logarithms(&times));
    let correlation = equipoise_metrics::statistics::pearson(&x, &y, 0.95).ok()?;
    Some(format!(
        "to fire at the same rate the networks take drives from {low:.1} to {high:.1} mV; over \
         networks, the logarithms of the drive and of the time at which they are read correlate by \
         {:.2} (p = {}, {} networks).",
        correlation.r,
        p_text(Some(correlation.p_value)),
        drives.len()
    ))
}

/// The network's drive without its recurrence.
fn cancelled(found: &SpeedResults, group: &Group, names: &[&str]) -> Option<String> {
    let network = found.settings.controls_of.as_deref()?;
    let (alone, with) =
        (mean(found, group, MEAN_CANCELLED, REACHED)?, mean(found, group, network, REACHED)?);
    let difference = difference(found, group, names, (network, MEAN_CANCELLED), REACHED);
    let word = if alone < with { "sooner" } else { "later" };
    Some(format!(
        "under the drive of `{network}`, with the mean cancelled from outside, neurons without \
         recurrence are read {word} than it: after {} against {} ({}).",
        text(found, group, MEAN_CANCELLED, REACHED, "ms")?,
        text(found, group, network, REACHED, "ms")?,
        told(difference.as_ref())
    ))
}

/// How much of the last image is left.
fn lingering(
    found: &SpeedResults,
    group: &Group,
    names: &[&str],
    baseline: &str,
) -> Option<String> {
    let windows = &found.of_group(group).find(|c| !c.after_change.is_empty())?.after_change;
    // The window that ends nearest to 10 ms after the change.
    let (place, window) = windows
        .iter()
        .enumerate()
        .min_by(|a, b| (a.1.to_ms - 10.0).abs().total_cmp(&(b.1.to_ms - 10.0).abs()))?;
    let share = |name: &str| -> Option<f64> {
        let of = |c: &SpeedCell| c.after_change.get(place).map(|a| a.last);
        let values = found.numbers(group, name, of);
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let all: Vec<(&str, f64)> =
        networks(names).into_iter().filter_map(|name| Some((name, share(name)?))).collect();
    let (most, value) = all.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(format!(
        "from {} to {} ms after a change the last image is still read, best from `{most}`: {:.0} % of \
         the classes, {:.0} % from `{baseline}` (chance: {:.0} %).",
        window.from_ms,
        window.to_ms,
        100.0 * value,
        100.0 * share(baseline)?,
        100.0 / found.classes.max(1) as f64
    ))
}

/// How much the rate differs from image to image, and how long the last image's pattern stays.
fn variation(
    found: &SpeedResults,
    group: &Group,
    names: &[&str],
    baseline: &str,
) -> Option<String> {
    let balance: Number = |c| Some(-c.dynamics.as_ref()?.state.cancelled);
    let (most, _) = least(found, group, &networks(names), balance)?;
    if most == baseline {
        return None;
    }
    let against = |of: Number, unit: &str| -> Option<String> {
        Some(format!(
            "{} in `{most}`, {} in `{baseline}` ({})",
            text(found, group, most, of, unit)?,
            text(found, group, baseline, of, unit)?,
            told(difference(found, group, names, (most, baseline), of).as_ref())
        ))
    };
    let mut sentence = format!(
        "from image to image the mean rate differs by a standard deviation of {}",
        against(SD, "Hz")?
    );
    if let Some(cancelled) = text(found, group, MEAN_CANCELLED, SD, "Hz") {
        sentence += &format!("; {cancelled} where the mean is cancelled from outside");
    }
    if let Some(last) = against(LAST, "ms") {
        sentence += &format!("; the pattern of the last image is gone after {last}");
    }
    Some(sentence + ".")
}
