//! The study in one report.

use equipoise_figure::Color;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Report, Step};

use super::comparison::Comparison;
use super::grid::{Condition, Grid};
use super::results::{Best, RatiosResults};
use super::trials::{Group, Trial, best, groups, mean};
use super::{figures, tables};
use crate::classification::data::DataFacts;
use crate::classification::published::noise_gain;
use crate::classification::settings::ratio_name;
use crate::classification::{figures as single, remarks, tables as single_tables};
use crate::strip;

/// Below this a corrected p-value counts.
const ALPHA: f64 = 0.05;

/// The best of each ratio, and the gains under noise, a line each.
pub fn summary(results: &RatiosResults) -> String {
    let measured_on = results.data.measured_on.label();
    let scored = results.settings.scored(results.data.kind).label();
    let mut lines = String::new();
    for best in results.best() {
        lines.push_str(&format!(
            "{:<20} {measured_on} accuracy: last epoch {:.2} %, mean of {scored} {:.2} %; sigma_1 {}, \
             {:.1} Hz before training\n",
            best.condition.network_name(),
            100.0 * best.last,
            100.0 * best.score,
            best.condition.sigma_1.map_or("SpyTorch".into(), |s| s.to_string()),
            best.initial_rate,
        ));
    }
    for comparison in &results.comparisons.noise.comparisons {
        lines.push_str(&noise_line(comparison));
        lines.push('\n');
    }
    lines
}

fn noise_line(comparison: &Comparison) -> String {
    let p = match (comparison.test.p_corrected, &comparison.test.test) {
        (Some(p), _) => format!("p = {p:.3} (Welch, Holm)"),
        (None, Err(why)) => why.to_string(),
        (None, Ok(_)) => "not tested".into(),
    };
    format!(
        "{} at noise {}: {:+.2} points over {}, {p}",
        comparison.condition.network_name(),
        comparison.condition.noise,
        comparison.points(),
        comparison.other.network_name(),
    )
}

/// The whole report.
pub fn report(results: &RatiosResults) -> Report {
    let RatiosResults { settings, data, trials, .. } = results;
    let mut report = Report::new("Ratios of excitation and inhibition: what can be trained");
    let speakers = match settings.held_out_speakers.as_slice() {
        [] => String::new(),
        speakers => format!(" (the first of {} speakers held out in turn)", speakers.len()),
    };
    report.subtitle(&format!(
        "{}, {} training and {} {} samples{speakers} on {}, {} trainings, every one with a seed of \
         its own",
        data.dataset,
        data.training_samples,
        data.measured_samples(),
        data.measured_on.label(),
        data.grid(),
        trials.len()
    ));
    report.strip(steps(results));
    for sentence in found(results).into_iter().chain(balance(results)) {
        report.found(&sentence);
    }
    oddities(&mut report, results);
    let rates = groups(settings, trials, Grid::Rates);
    let unbounded = groups(settings, trials, Grid::Unbounded);
    let scored = settings.scored(data.kind);
    let best = best(settings, &rates, &unbounded, scored.count);
    if !best.is_empty() {
        rates_part(&mut report, results, &rates, &unbounded, &best);
    }
    let noise = groups(settings, trials, Grid::Noise);
    if !noise.is_empty() {
        noise_part(&mut report, results, &noise);
    }
    if let Some(group) = best.iter().find(|g| g.condition.ratio == 0.8).or(best.first())
        && let Some(trial) = group.trials.first()
    {
        representative(&mut report, data, trial);
    }
    if !rates.is_empty() {
        report
            .heading("Van Rossum distances between hidden neurons")
            .figure(
                "distances",
                &figures::distances(&results.comparisons.distances),
                "Mean distance over the pairs of each type, one number a network, for networks that \
                 learned and that failed, before and after training.",
            )
            .table("distances", &tables::distances(&results.comparisons.distances));
    }
    let conditions = settings.conditions();
    if let Some(first) = conditions.iter().find(|c| c.grid == Grid::Rates).or(conditions.first()) {
        let config = settings.network(first, data.kind, data.step_ms);
        report
            .heading("Network and training")
            .paragraph(&format!(
                "Those of {}; the other networks differ in what their names say.",
                first.title()
            ))
            .table("parameters", &single_tables::parameters(&[("", &config)]));
    }
    report
}

/// What was done: data, networks, accuracy by ratio.
fn steps(results: &RatiosResults) -> [Step; 3] {
    let RatiosResults { settings, data, trials, .. } = results;
    let scored = settings.scored(data.kind).count;
    let rates = groups(settings, trials, Grid::Rates);
    let names: Vec<String> = settings.ratios.iter().map(|&ratio| ratio_name(ratio)).collect();
    let curves: Vec<(Vec<f64>, Vec<f64>, Color)> = settings
        .ratios
        .iter()
        .enumerate()
        .map(|(k, &ratio)| {
            let of_ratio = || rates.iter().filter(|g| g.condition.ratio == ratio);
            let points = || of_ratio().filter(|g| g.initial_rate() > 0.0);
            let x = points().map(|g| libm::log(g.initial_rate())).collect();
            let y = points().map(|g| mean(&g.values(|t| t.result.score(scored)))).collect();
            (x, y, Color::cycle(k))
        })
        .collect();
    let mut accuracy = Step::new("Accuracy", "by the rate before training");
    let curves = curves.iter().map(|(x, y, color)| (&x[..], &y[..], *color));
    if let Some(figure) = strip::curves(curves) {
        accuracy = accuracy.figure(&figure);
    }
    [
        Step::new("Samples", &format!("{}, {} classes", data.dataset, data.classes.len())),
        Step::new("Networks", &format!("{}; {} trainings", names.join(", "), trials.len())),
        accuracy,
    ]
}

/// The best and the worst ratio, and how many comparisons hold.
fn found(results: &RatiosResults) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut best = results.best();
    best.sort_by(|a, b| b.score.total_cmp(&a.score));
    let of =
        |best: &Best| format!("{} ({:.1} %)", best.condition.network_name(), 100.0 * best.score);
    match best.as_slice() {
        [] => {}
        [only] => sentences.push(format!("{} is the mean accuracy.", of(only))),
        [first, .., last] => sentences.push(format!(
            "Each at its best initial rate, {} learns best and {} worst.",
            of(first),
            of(last)
        )),
    }
    for (grid, what) in [
        (&results.comparisons.rates, "at equal sigma_1"),
        (&results.comparisons.noise, "under noise"),
    ] {
        let tested = grid.comparisons.len();
        let holds = |sign: f64| {
            let shown = |c: &&Comparison| {
                c.test.p_corrected.is_some_and(|p| p < ALPHA) && sign * c.points() > 0.0
            };
            grid.comparisons.iter().filter(shown).count()
        };
        if tested > 0 && holds(1.0) + holds(-1.0) == 0 {
            sentences.push(format!(
                "None of {tested} comparisons of ratios {what} shows a difference in accuracy \
                 (corrected p < {ALPHA})."
            ));
        } else if tested > 0 {
            sentences.push(format!(
                "Of {tested} comparisons of ratios {what}, {} show a higher and {} a lower \
                 accuracy than the ratio compared with (corrected p < {ALPHA}); the others show \
                 no difference.",
                holds(1.0),
                holds(-1.0)
            ));
        }
    }
    sentences
}

/// What training does to the balance of hidden neurons that inhibitory ones inhibit: the median over
/// those trainings, of which both ends are measured.
fn balance(results: &RatiosResults) -> Option<String> {
    let both = |trial: &Trial| {
        let ratio = |after: bool| trial.result.balance(after)?.ratio;
        ratio(false).zip(ratio(true)).filter(|(before, after)| before + after > 0.0)
    };
    let bounded = results.trials.iter().filter(|t| t.condition.grid != Grid::Unbounded);
    let (before, after): (Vec<f64>, Vec<f64>) = bounded.filter_map(both).unzip();
    let median = |values: &[f64]| Summary::of(values).median;
    Some(format!(
        "Where inhibitory neurons inhibit hidden ones under Dale's law ({} trainings), inhibition over \
         excitation is {:.2} before training and {:.2} after it, in the median.",
        before.len(),
        median(&before)?,
        median(&after)?
    ))
}

/// What the reader must know before believing a number.
fn oddities(report: &mut Report, results: &RatiosResults) {
    let RatiosResults { settings, data, trials, .. } = results;
    let diverged = results.diverged();
    if diverged > 0 {
        report.remark(&format!(
            "{diverged} trainings diverged (loss or weights stopped being numbers). They count with \
             what was measured before; epochs.csv marks them."
        ));
    }
    let silent = results.silent();
    if silent > 0 {
        report.remark(&format!(
            "{silent} trainings ended with a silent network: no hidden neuron fires on any sample, \
             the answer is always the first class."
        ));
    }
    let lost = results.with_lost_classes();
    if lost > 0 {
        report.remark(&format!(
            "{lost} of {} trainings ended with a network that never answers some class.",
            trials.len()
        ));
    }
    let rounded: Vec<String> = ratios(results.settings.conditions().iter())
        .iter()
        .filter_map(|condition| {
            remarks::rounding(&settings.network(condition, data.kind, data.step_ms))
        })
        .collect();
    for remark in rounded {
        report.remark(&remarks::sentence(&remark));
    }
}

/// One condition of each ratio under Dale's law.
pub fn ratios<'c>(conditions: impl Iterator<Item = &'c Condition>) -> Vec<&'c Condition> {
    let mut found: Vec<&Condition> = Vec::new();
    for condition in conditions.filter(|c| c.grid != Grid::Unbounded) {
        if found.iter().all(|c| c.ratio != condition.ratio) {
            found.push(condition);
        }
    }
    found
}

fn rates_part(
    report: &mut Report,
    results: &RatiosResults,
    rates: &[Group<'_>],
    unbounded: &[Group<'_>],
    best: &[&Group<'_>],
) {
    let RatiosResults { settings, data, comparisons, .. } = results;
    let scored = settings.scored(data.kind);
    let success = settings.success(data.kind);
    report.heading("Ratios and initial rates");
    for best in results.best() {
        let remark = best.condition.sigma_1.map_or(String::new(), |s| format!("σ_{{1}} = {s}"));
        let name = best.condition.network_name();
        report.tile(&name, &format!("{:.1}", 100.0 * best.score), "%", &remark);
    }
    for recurrent in [false, true] {
        let of_wiring: Vec<&Group<'_>> =
            rates.iter().filter(|g| g.condition.recurrent == recurrent).collect();
        // One sigma_1 gives a point, not a curve: the tables say it.
        if of_wiring.is_empty() || settings.sigma_1.len() < 2 {
            continue;
        }
        let (name, wiring) = match recurrent {
            true => ("rates-recurrent", "Recurrent networks. "),
            false => ("rates", ""),
        };
        report.figure(
            name,
            &figures::rates(settings, &of_wiring, scored),
            &format!(
                "{wiring}A dot is a training, the lines go through the means of each σ_{{1}}. The rate \
                 is that of the untrained network, measured before the first update.{}",
                silent(&of_wiring)
            ),
        );
    }
    report.figure(
        "best",
        &figures::best(best, scored),
        "The σ_{1} of each network with the best training accuracy; one dot a trial.",
    );
    if !settings.held_out_speakers.is_empty() {
        report.table("speakers", &tables::speakers(settings, best, scored));
    }
    report
        .table("best", &tables::best(best, rates, scored, success))
        .table("rates", &tables::rates(rates.iter().chain(unbounded), scored, success));
    if let Some(table) = tables::balance(rates.iter().chain(unbounded)) {
        report.table("balance", &table);
    }
    if let Some(table) = tables::hardware(rates.iter().chain(unbounded)) {
        report.table("hardware", &table);
    }
    if !comparisons.rates.comparisons.is_empty() {
        let table = tables::comparisons(&comparisons.rates, Grid::Rates, scored);
        report.table("rates-tests", &table);
    }
}

/// Says which networks the logarithmic axis of rates leaves out.
fn silent(groups: &[&Group<'_>]) -> String {
    let mut sigmas: Vec<f64> = groups
        .iter()
        .filter(|group| group.initial_rate() == 0.0)
        .filter_map(|group| group.condition.sigma_1)
        .collect();
    sigmas.sort_by(f64::total_cmp);
    sigmas.dedup();
    if sigmas.is_empty() {
        return String::new();
    }
    let sigmas: Vec<String> = sigmas.iter().map(f64::to_string).collect();
    format!(
        " At σ_{{1}} = {} networks do not fire before training; they have no place on this axis.",
        sigmas.join(", ")
    )
}

fn noise_part(report: &mut Report, results: &RatiosResults, groups: &[Group<'_>]) {
    let RatiosResults { settings, data, comparisons, .. } = results;
    let scored = settings.scored(data.kind);
    let compared = &comparisons.noise;
    report.heading("Noisy updates").paragraph(&format!(
        "Every update adds a normal number of standard deviation noise · σ_{{init}} to every weight, \
         before the signs are clamped. The score is the mean accuracy of {}.",
        scored.label()
    ));
    report.figure(
        "noise",
        &figures::noise(settings, groups, compared, scored),
        "Accuracy: a dot is a training, the lines go through the means. Gain: over the reference at \
         the same noise, with the 95 % interval of the test.",
    );
    report.table("noise", &tables::noise(groups, scored));
    if let Some(table) = tables::balance(groups.iter()) {
        report.table("noise-balance", &table);
    }
    if compared.comparisons.is_empty() {
        return;
    }
    report.table("noise-tests", &tables::comparisons(compared, Grid::Noise, scored));
    let published: Vec<String> =
        compared.comparisons.iter().filter_map(beside_the_published_gain).collect();
    if !published.is_empty() {
        report
            .paragraph(&format!(
                "The published gain of {} over {}. (Its p-values came from eight trials that were \
                 counted twice.)",
                ratio_name(0.8),
                ratio_name(1.0)
            ))
            .list(published);
    }
}

/// The study's own gain of 80:20 over 100:0 at this level of noise, and what was found here.
fn beside_the_published_gain(comparison: &Comparison) -> Option<String> {
    if (comparison.condition.ratio, comparison.other.ratio) != (0.8, 1.0) {
        return None;
    }
    let published = noise_gain(comparison.condition.noise)?;
    let holds = match comparison.test.p_corrected {
        Some(p) if p < ALPHA && comparison.points() > 0.0 => "a gain that holds after correction",
        Some(p) if p < ALPHA && comparison.points() < 0.0 => "a loss that holds after correction",
        _ => "no difference that holds after correction",
    };
    Some(format!(
        "{}. Published: {:+.1} points. Here: {holds}.",
        noise_line(comparison),
        published.points
    ))
}

fn representative(report: &mut Report, data: &DataFacts, trial: &Trial) {
    let result = &trial.result;
    let class = data.classes.get(result.class).map_or("", String::as_str);
    report
        .heading("A representative training")
        .paragraph(&format!("{}, trial {}.", trial.condition.title(), trial.trial))
        .paragraph(&remarks::time_grid(&result.config, &result.data))
        .figure(
            "representative-training",
            &single::training(&result.records, data.measured_on.label()),
            "Accuracy, loss, rates and share of excitation over the epochs.",
        )
        .figure(
            "representative-class-activity",
            &single::class_activity(&result.records),
            "Accuracy in each class against the activity, and the share of excitation in it, that \
             the class evokes. One point a class.",
        )
        .figure(
            "representative-raster",
            &single::raster(result),
            &format!("Hidden spikes evoked by one sample ({class})."),
        )
        .table("representative-classes", &single_tables::classes(result))
        .table("representative-weights", &single_tables::weights(result));
}
