//! The study in one report.

use equipoise_report::{Best, Cell, Column, Report, Table};

use super::comparison::{Gain, Group, collapse_rate, distances, gains, groups, interval, mean};
use super::{Config, Grid, Trial, figures};
use crate::classification::{Ending, Sets, figures as single};

fn interval_cell(values: &[f64]) -> Cell {
    match interval(values) {
        (middle, low, high) if low.is_finite() => Cell::interval(middle, low, high),
        (middle, ..) if middle.is_finite() => middle.into(),
        _ => Cell::Missing,
    }
}

fn optional(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, Cell::from)
}

/// The condition of each ratio and wiring whose training accuracy was the best over the last
/// epochs, with its score on the measured set, which had no say in the choice; the unbounded
/// networks last.
fn best<'g, 'a>(
    config: &Config,
    rates: &'g [Group<'a>],
    unbounded: &'g [Group<'a>],
    images: bool,
) -> Vec<(&'g Group<'a>, f64)> {
    let scored = config.scored(images);
    let score = |g: &Group<'_>| mean(&g.values(|t| t.result.score(scored)));
    let trained = |g: &Group<'_>| mean(&g.values(|t| t.result.train_score(scored)));
    let mut best = Vec::new();
    for recurrent in [false, true] {
        for &ratio in &config.ratios {
            let of_ratio = rates
                .iter()
                .filter(|g| (g.condition.ratio, g.condition.recurrent) == (ratio, recurrent));
            best.extend(of_ratio.max_by(|a, b| trained(a).total_cmp(&trained(b))));
        }
        best.extend(unbounded.iter().filter(|g| g.condition.recurrent == recurrent));
    }
    best.into_iter().map(|g| (g, score(g))).collect()
}

/// What the command prints: the best of each ratio, and the gains under noise.
pub fn lines(config: &Config, sets: &Sets, trials: &[Trial]) -> Vec<String> {
    let rates = groups(config, trials, Grid::Rates);
    let unbounded = groups(config, trials, Grid::Unbounded);
    let scored = config.scored(sets.images);
    let mut lines: Vec<String> = best(config, &rates, &unbounded, sets.images)
        .into_iter()
        .map(|(group, score)| {
            format!(
                "{:<20} {} accuracy: last epoch {:.2} %, mean of the last {scored} {:.2} %; \
                 sigma_1 {}, {:.1} Hz before training",
                group.condition.network_name(),
                sets.measured_on,
                100.0 * mean(&group.values(|t| t.result.last())),
                100.0 * score,
                group.condition.sigma_1.map_or("SpyTorch".into(), |s| s.to_string()),
                group.initial_rate(),
            )
        })
        .collect();
    let noise = groups(config, trials, Grid::Noise);
    for gain in gains(config, &noise, sets.images) {
        lines.push(gain_line(&gain));
    }
    lines
}

fn gain_line(gain: &Gain) -> String {
    let p = match (gain.p_holm, &gain.test) {
        (Some(p), _) => format!("p = {p:.3} (Welch, Holm)"),
        (None, Err(why)) => why.to_string(),
        (None, Ok(_)) => "not tested".into(),
    };
    format!(
        "{} at noise {}: {:+.2} points over 100:0, {p}",
        gain.condition.network_name(),
        gain.condition.noise,
        100.0 * (gain.means.0 - gain.means.1),
    )
}

/// The whole report.
pub fn build(config: &Config, sets: &Sets, trials: &[Trial]) -> Report {
    let images = sets.images;
    let mut report = Report::new("Ratios of excitation and inhibition: what can be trained");
    let diverged = trials.iter().filter(|t| t.result.ending != Ending::Finished).count();
    let silent =
        trials.iter().filter(|t| t.result.records.last().is_some_and(|r| r.is_silent())).count();
    report.subtitle(&format!(
        "{}, {} training and {} {} samples{}, {} trainings, every one with a seed of its own",
        config.data.dataset,
        sets.train.len(),
        sets.test.len(),
        sets.measured_on,
        match config.held_out_speakers.as_slice() {
            [] => String::new(),
            speakers => format!(" (the first of {} speakers held out in turn)", speakers.len()),
        },
        trials.len()
    ));
    if diverged > 0 {
        report.remark(&format!(
            "{diverged} trainings diverged (loss or weights stopped being numbers). They count with \
             what was measured before; epochs.csv marks them."
        ));
    }
    if silent > 0 {
        report.remark(&format!(
            "{silent} trainings ended with a silent network: no hidden neuron fires on any sample, \
             the answer is always the first class."
        ));
    }
    let rates = groups(config, trials, Grid::Rates);
    let unbounded = groups(config, trials, Grid::Unbounded);
    let best = best(config, &rates, &unbounded, images);
    if !best.is_empty() {
        rates_part(&mut report, config, sets, &rates, &unbounded, &best);
    }
    let noise = groups(config, trials, Grid::Noise);
    if !noise.is_empty() {
        noise_part(&mut report, config, &noise, images);
    }
    if let Some((group, _)) = best.iter().find(|(g, _)| g.condition.ratio == 0.8).or(best.first())
        && let Some(trial) = group.trials.first()
    {
        representative(&mut report, sets, trial);
    }
    if !rates.is_empty() {
        distance_part(&mut report, config, trials, images);
    }
    report
}

fn rates_part(
    report: &mut Report,
    config: &Config,
    sets: &Sets,
    rates: &[Group<'_>],
    unbounded: &[Group<'_>],
    best: &[(&Group<'_>, f64)],
) {
    let images = sets.images;
    let scored = config.scored(images);
    let success = config.success(images);
    report.heading("Ratios and initial rates");
    for (group, score) in best {
        let remark = group.condition.sigma_1.map_or(String::new(), |s| format!("σ_{{1}} = {s}"));
        let name = group.condition.network_name();
        report.tile(&name, &format!("{:.1}", 100.0 * score), "%", &remark);
    }
    for recurrent in [false, true] {
        let of_wiring: Vec<&Group<'_>> =
            rates.iter().filter(|g| g.condition.recurrent == recurrent).collect();
        // One sigma_1 gives a point, not a curve: the tables say it.
        if of_wiring.is_empty() || config.sigma_1.len() < 2 {
            continue;
        }
        let (name, wiring) = match recurrent {
            true => ("rates-recurrent", "Recurrent networks. "),
            false => ("rates", ""),
        };
        report.figure(
            name,
            &figures::rates(config, &of_wiring, images),
            &format!(
                "{wiring}A dot is a training, the lines go through the means of each σ_{{1}}. The rate \
                 is that of the untrained network, measured before the first update.{}",
                silent(&of_wiring)
            ),
        );
    }
    report.figure(
        "best",
        &figures::best(config, best, images),
        "The σ_{1} of each network with the best training accuracy; one dot a trial.",
    );
    if !config.held_out_speakers.is_empty() {
        report.table("speakers", &speaker_table(config, best, scored));
    }
    let mut table = Table::new("Best σ_{1} of each ratio, and where training collapses")
        .column(Column::text("network"))
        .column(Column::number("σ_{1}").key("sigma_1"))
        .column(Column::number("rate before").unit("Hz"))
        .column(Column::percent("last epoch", 2).best(Best::Highest))
        .column(Column::percent(&format!("last {scored} epochs"), 2).best(Best::Highest))
        .column(Column::percent("peak", 2))
        .column(Column::number("collapse from").unit("Hz"))
        .note(&format!(
            "Means with 95 % intervals over trials. σ_{{1}} is chosen by the accuracy on the training \
             samples. Peak is the published measure, the best of all epochs: it picks the epoch on \
             the measured set and so flatters. Collapse: the lowest initial rate tried from \
             which on the mean best accuracy stays at or below {:.0} %; empty if the highest rate \
             tried still learns.",
            100.0 * success
        ));
    for (group, _) in best {
        let of_ratio: Vec<&Group<'_>> = rates
            .iter()
            .filter(|g| {
                g.condition.ratio == group.condition.ratio
                    && g.condition.recurrent == group.condition.recurrent
            })
            .collect();
        let collapse = match group.condition.grid {
            Grid::Unbounded => None,
            _ => collapse_rate(config, &of_ratio, images),
        };
        table.row([
            group.condition.network_name().into(),
            optional(group.condition.sigma_1),
            group.initial_rate().into(),
            interval_cell(&group.values(|t| t.result.last())),
            interval_cell(&group.values(|t| t.result.score(scored))),
            interval_cell(&group.values(|t| t.result.peak())),
            optional(collapse),
        ]);
    }
    report.table("best", &table);
    let mut table = Table::new("Every ratio and σ_{1}")
        .column(Column::text("network"))
        .column(Column::number("σ_{1}").key("sigma_1"))
        .column(Column::integer("trials"))
        .column(Column::number("rate before").unit("Hz"))
        .column(Column::number("rate after").unit("Hz"))
        .column(Column::percent("last epoch", 2))
        .column(Column::percent(&format!("last {scored} epochs"), 2))
        .column(Column::percent("peak", 2))
        .column(Column::number("classes lost").decimals(1))
        .column(Column::integer("successes"))
        .note(&format!(
            "Classes lost are never answered: a readout that is inhibited at all times has its \
             maximum at step 0, where no gradient reaches it (network.logit = \"extreme\" has one). \
             A success has a peak above {:.0} %. Means with 95 % intervals over trials.",
            100.0 * success
        ));
    for group in rates.iter().chain(unbounded) {
        table.row([
            group.condition.network_name().into(),
            optional(group.condition.sigma_1),
            group.trials.len().into(),
            interval_cell(&group.values(|t| t.result.initial_rate())),
            interval_cell(&group.values(|t| t.result.final_rate())),
            interval_cell(&group.values(|t| t.result.last())),
            interval_cell(&group.values(|t| t.result.score(scored))),
            interval_cell(&group.values(|t| t.result.peak())),
            mean(&group.values(|t| t.result.lost_classes() as f64)).into(),
            group.successes(config, images).into(),
        ]);
    }
    report.table("rates", &table);
    let gains = gains(config, rates, images);
    if !gains.is_empty() {
        let caption = "Each ratio against 100:0 at the same σ_{1}";
        report.table(
            "rates-tests",
            &gain_table(&gains, caption, "σ_{1}", "sigma_1", |g| {
                g.condition.sigma_1.unwrap_or(0.0)
            }),
        );
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

/// One row a network, one column a held-out speaker.
fn speaker_table(config: &Config, best: &[(&Group<'_>, f64)], scored: usize) -> Table {
    let mut table = Table::new("Accuracy on a speaker who was not heard in training")
        .column(Column::text("network"))
        .column(Column::number("σ_{1}").key("sigma_1"));
    for speaker in &config.held_out_speakers {
        table = table.column(Column::percent(&format!("speaker {speaker}"), 1));
    }
    let mut table = table
        .column(Column::percent("all speakers", 1).best(Best::Highest))
        .note(&format!(
            "Mean accuracy of the last {scored} epochs, over trials; \"all speakers\" with the 95 % \
             interval over speakers."
        ));
    for (group, _) in best {
        let of_speaker = |&speaker: &u16| {
            let trials = group.trials.iter().filter(|t| t.condition.speaker == Some(speaker));
            mean(&trials.map(|t| t.result.score(scored)).collect::<Vec<_>>())
        };
        let scores: Vec<f64> = config.held_out_speakers.iter().map(of_speaker).collect();
        let mut row: Vec<Cell> =
            vec![group.condition.network_name().into(), optional(group.condition.sigma_1)];
        row.extend(scores.iter().map(|&s| Cell::from(s)));
        row.push(interval_cell(&scores));
        table.row(row);
    }
    table
}

fn gain_table(
    gains: &[Gain],
    caption: &str,
    level: &str,
    key: &str,
    value: fn(&Gain) -> f64,
) -> Table {
    let mut table = Table::new(caption)
        .column(Column::text("network"))
        .column(Column::number(level).key(key))
        .column(Column::text("trials"))
        .column(Column::percent("score", 2))
        .column(Column::percent("score of 100:0", 2))
        .column(Column::number("gain").unit("points").decimals(2))
        .column(Column::p_value("p, uncorrected").key("p"))
        .column(Column::p_value("p, Holm").key("p_holm"))
        .column(Column::number("Hedges' g").key("hedges_g").decimals(2))
        .column(Column::text("remark"))
        .note(&format!(
            "Two-sided Welch tests of the scores, corrected by Holm's method for the {} comparisons \
             of this table. Gains and g with 95 % intervals.",
            gains.len()
        ));
    for gain in gains {
        let (difference, p) = match &gain.test {
            Ok(t) => (
                Cell::interval(100.0 * t.mean_difference, 100.0 * t.ci_low, 100.0 * t.ci_high),
                Cell::from(t.p_value),
            ),
            Err(_) => ((100.0 * (gain.means.0 - gain.means.1)).into(), Cell::Missing),
        };
        let effect = match &gain.effect {
            Ok(g) => Cell::interval(g.estimate, g.low, g.high),
            Err(_) => Cell::Missing,
        };
        let remark = match &gain.test {
            Ok(_) => String::new(),
            Err(why) => why.to_string(),
        };
        table.row([
            gain.condition.network_name().into(),
            value(gain).into(),
            format!("{} and {}", gain.trials.0, gain.trials.1).into(),
            gain.means.0.into(),
            gain.means.1.into(),
            difference,
            p,
            optional(gain.p_holm),
            effect,
            remark.into(),
        ]);
    }
    table
}

fn noise_part(report: &mut Report, config: &Config, groups: &[Group<'_>], images: bool) {
    let scored = config.scored(images);
    let gains = gains(config, groups, images);
    report.heading("Noisy updates").paragraph(&format!(
        "Every update adds a normal number of standard deviation noise · σ_{{init}} to every weight, \
         before the signs are clamped. The score is the mean accuracy of the last {scored} epochs."
    ));
    report.figure(
        "noise",
        &figures::noise(config, groups, &gains, images),
        "Left: a dot is a training, the lines go through the means. Right: the gain of each ratio over 100:0 at \
         the same noise, with the 95 % interval of Welch's test.",
    );
    let mut table = Table::new("Score under noise")
        .column(Column::text("ratio"))
        .column(Column::number("noise").key("noise"))
        .column(Column::integer("trials"))
        .column(Column::percent("score", 2))
        .column(Column::percent("last epoch", 2));
    for group in groups {
        table.row([
            group.condition.network_name().into(),
            group.condition.noise.into(),
            group.trials.len().into(),
            interval_cell(&group.values(|t| t.result.score(scored))),
            interval_cell(&group.values(|t| t.result.last())),
        ]);
    }
    report.table("noise", &table);
    if gains.is_empty() {
        return;
    }
    let caption = "Each ratio against 100:0 at the same noise";
    report.table(
        "noise-tests",
        &gain_table(&gains, caption, "noise", "noise", |g| g.condition.noise),
    );
    let published: Vec<String> = gains
        .iter()
        .filter(|g| g.condition.ratio == 0.8)
        .filter_map(|g| {
            let published = match g.condition.noise {
                0.2 => 0.6,
                0.4 => 1.5,
                0.6 => 4.3,
                _ => return None,
            };
            let holds = match (&g.test, g.p_holm) {
                (Ok(t), Some(p)) if p < 0.05 && t.mean_difference > 0.0 => {
                    "a gain that holds after correction"
                }
                (Ok(t), Some(p)) if p < 0.05 && t.mean_difference < 0.0 => {
                    "a loss that holds after correction"
                }
                _ => "no difference that holds after correction",
            };
            Some(format!("{}. Published: {published:+.1} points. Here: {holds}.", gain_line(g)))
        })
        .collect();
    if !published.is_empty() {
        report
            .paragraph(
                "The published gain of 80:20 over 100:0. (Its p-values came from eight trials that \
                 were counted twice.)",
            )
            .list(published);
    }
}

fn representative(report: &mut Report, sets: &Sets, trial: &Trial) {
    let result = &trial.result;
    let steps = sets.test.input().steps();
    report
        .heading("A representative training")
        .paragraph(&format!("{}, trial {}.", trial.condition.title(), trial.trial))
        .figure(
            "representative-training",
            &single::training(&result.records, sets.measured_on),
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
            &single::raster(
                &result.raster,
                steps,
                result.config.excitatory(),
                result.config.hidden,
            ),
            &format!("Hidden spikes evoked by one sample ({}).", result.raster.class),
        )
        .table("representative-classes", &single::class_table(result, sets.test.classes()))
        .table(
            "representative-weights",
            &single::weight_table(&result.weights_before, &result.weights_after),
        );
}

fn distance_part(report: &mut Report, config: &Config, trials: &[Trial], images: bool) {
    let groups = distances(config, trials, images);
    report.heading("Van Rossum distances between hidden neurons").figure(
        "distances",
        &figures::distances(&groups),
        "Mean distance over the pairs of each type, one number a network, for networks that learned \
         and that failed, before and after training.",
    );
    let mut table = Table::new("Do the pair types differ?")
        .column(Column::text("networks"))
        .column(Column::number("E–E").key("ee").decimals(3))
        .column(Column::number("E–I").key("ei").decimals(3))
        .column(Column::number("I–I").key("ii").decimals(3))
        .column(Column::integer("networks of both types").key("n"))
        .column(Column::number("Kruskal–Wallis H").key("h"))
        .column(Column::p_value("p"))
        .column(Column::number("η²").key("eta_squared").decimals(3))
        .column(Column::text("remark"))
        .note("Means with 95 % intervals over networks.");
    for (name, distances) in &groups {
        let [ee, ei, ii] = &distances.by_type;
        let (h, p, eta, remark) = match distances.test() {
            Ok(k) => (k.statistic.into(), k.p_value.into(), optional(k.eta_squared), String::new()),
            Err(why) => (Cell::Missing, Cell::Missing, Cell::Missing, why.to_string()),
        };
        table.row([
            name.as_str().into(),
            interval_cell(ee),
            interval_cell(ei),
            interval_cell(ii),
            ei.len().into(),
            h,
            p,
            eta,
            remark.into(),
        ]);
    }
    report.table("distances", &table);
}
