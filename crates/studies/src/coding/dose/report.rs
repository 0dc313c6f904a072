//! The report of the study.

use equipoise_report::{Report, Step};

use super::super::statistics::mean_text;
use super::results::{DOSES, DoseResults, Number};
use super::tables::{self, Slope};
use super::{figures, tables::slopes};

/// The results in a few lines.
pub(super) fn summary(found: &DoseResults, width: usize) -> String {
    let mut text = String::new();
    for line in 0..found.settings.lines.len() {
        text += &tables::line(found, line).to_text_within(width);
        text.push('\n');
    }
    for sentence in sentences(found, &slopes(found)) {
        text += &format!("{sentence}\n");
    }
    text
}

pub(super) fn report(found: &DoseResults) -> Report {
    let slopes = slopes(found);
    let mut report = Report::new("How does the code go with balance?");
    report
        .subtitle("Dose and response: networks of the same rate, from hardly to strongly balanced")
        .summary(
            "Networks along several lines are brought to the same rate before and while they see \
         images. Their balance is measured, and so is what their spikes tell. Every statement is \
         on the measured balance, and not on what a network is called.",
        );
    report.strip([
        Step::new("Networks", &format!("{} lines", found.settings.lines.len())),
        Step::new(
            "Rate",
            &format!(
                "{} Hz in darkness, {} Hz with images",
                found.settings.targets.before_hz, found.settings.targets.during_hz
            ),
        ),
        Step::new("Read", &format!("{} ms of spikes", found.settings.on_ms())),
    ]);
    for sentence in sentences(found, &slopes) {
        report.found(&sentence);
    }
    report.heading("Dose and response").figure(
        "dose",
        &figures::responses(found),
        "Each response against the CV of the intervals and against inhibition over excitation, as \
         measured while the network sees images. A point is a network, the mean over repetitions with \
         its 95 % interval.",
    );
    report.table("slopes", &tables::slope_table(found, &slopes));
    report.heading("Lines");
    for line in 0..found.settings.lines.len() {
        let name = format!("line-{}", line + 1);
        report.table(&name, &tables::line(found, line));
    }
    report.heading("Method").list(method(found));
    report
}

fn method(found: &DoseResults) -> Vec<String> {
    let settings = &found.settings;
    let [train, validation, test] = found.images;
    let fisher = &settings.fisher;
    let mut list = vec![
        format!(
            "{}: {train} images to train the read-out (ridge regression from counts), {validation} to \
             choose its penalty, {test} test images, read once. {} repetitions, each with networks and \
             spikes of its own.",
            found.dataset, settings.repeats
        ),
        format!(
            "The background is searched for the rate in darkness, the drive of the images for the \
             rate with images. Equal spikes: {:.0} spikes of an image, of at most {} neurons.",
            settings.spikes(),
            settings.read
        ),
        format!(
            "Linear Fisher information: {} pairs of images, a change of {:.0} % of the way from one \
             to the other, {} recordings of each, {} neurons; corrected for the number of recordings \
             (Kanitscheider et al. 2015, PLoS Comput. Biol. 11:e1004218).",
            fisher.pairs,
            100.0 * fisher.change,
            fisher.trials,
            fisher.neurons
        ),
    ];
    if settings.shuffles > 1 {
        list.push(format!(
            "Shuffled: of {} recordings of each image every neuron's spikes come from one of its own, \
             which leaves {:.0} % of the noise correlations; of Fisher information shuffling takes \
             all.",
            settings.shuffles,
            100.0 / settings.shuffles as f64
        ));
    }
    list
}

/// What was found, in sentences that follow from the numbers.
pub(super) fn sentences(found: &DoseResults, slopes: &[Slope]) -> Vec<String> {
    let mut sentences = vec![range(found)];
    for (dose, _) in DOSES {
        sentences.extend(over_all(slopes, dose));
        sentences.extend(over_networks(slopes, dose));
    }
    sentences.extend(disagreement(found, slopes));
    sentences.extend(correlations(found));
    sentences
}

/// How far the networks reach.
fn range(found: &DoseResults) -> String {
    let span = |of: Number| {
        let values: Vec<f64> = found.cells.iter().filter_map(of).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{low:.2} to {high:.2}")
    };
    let balanced = found.cells.iter().filter(|c| c.state.verdict.balanced).count();
    format!(
        "The networks reach from a CV of {}, a net input of {} thresholds and {} of the excitation \
         cancelled; {balanced} of {} are balanced by the usual criteria.",
        span(|c| c.state.cv),
        span(|c| Some(c.state.net)),
        span(|c| Some(c.state.cancelled)),
        found.cells.len()
    )
}

/// What goes with a dose over all networks.
fn over_all(slopes: &[Slope], dose: &str) -> Option<String> {
    let all: Vec<&Slope> = slopes.iter().filter(|s| s.line.is_none() && s.dose == dose).collect();
    let tested = all.iter().filter(|s| s.p.is_some()).count();
    if tested == 0 {
        return None;
    }
    let told: Vec<String> = all
        .iter()
        .filter(|s| s.is_told())
        .filter_map(|s| {
            let slope = mean_text(&s.slopes, "", 2)?;
            let word = if s.mean()? > 0.0 { "rises" } else { "falls" };
            Some(format!("{} {word} (slope {slope})", s.response))
        })
        .collect();
    let untold: Vec<&str> =
        all.iter().filter(|s| s.p.is_some() && !s.is_told()).map(|s| s.response).collect();
    let mut text = format!("Over all networks, with the {dose}: ");
    text += &match told.len() {
        0 => "no response changes more than chance can make it".to_owned(),
        _ => told.join("; "),
    };
    if !untold.is_empty() && !told.is_empty() {
        text += &format!("; not told from chance: {}", untold.join(", "));
    }
    Some(text + ".")
}

/// Whether what goes with a dose would do so in other networks as well.
fn over_networks(slopes: &[Slope], dose: &str) -> Option<String> {
    let all: Vec<&Slope> = slopes
        .iter()
        .filter(|s| s.line.is_none() && s.dose == dose && s.networks_p.is_some())
        .collect();
    let first_of_all = all.first()?;
    let first = first_of_all.networks?;
    let told: Vec<String> = all
        .iter()
        .filter(|s| s.networks_p.is_some_and(|p| p < 0.05))
        .filter_map(|s| {
            let of = |value: f64| s.scale * value;
            let model = s.networks?.model;
            let word = if model.slope > 0.0 { "rises" } else { "falls" };
            Some(format!(
                "{} {word} (slope {:.2}, {:.2} to {:.2})",
                s.response,
                of(model.slope),
                of(model.low),
                of(model.high)
            ))
        })
        .collect();
    let found = match told.len() {
        0 => "no response changes more than chance can make it".to_owned(),
        _ => told.join("; "),
    };
    let response = first_of_all.response.split(',').next().unwrap_or_default();
    Some(format!(
        "With the {} networks as a sample of others (mixed model), with the {dose}: {found}; it explains \
         {:.0} % of the variance over networks of the {response}.",
        first.model.groups,
        100.0 * first.r_squared,
    ))
}

/// Whether the lines agree on what balance does to the accuracy at equal time.
fn disagreement(found: &DoseResults, slopes: &[Slope]) -> Option<String> {
    let response = super::results::RESPONSES[0].0;
    let (dose, _) = DOSES[1];
    let of_lines: Vec<(&str, f64)> = slopes
        .iter()
        .filter(|s| s.dose == dose && s.response == response && s.is_told())
        .filter_map(|s| Some((found.settings.lines[s.line?].along.label(), s.mean()?)))
        .collect();
    let of = |rises: bool| {
        let those = of_lines.iter().filter(|(_, slope)| (*slope > 0.0) == rises);
        those.map(|(along, _)| *along).collect::<Vec<_>>().join(", ")
    };
    let (up, down) = (of(true), of(false));
    Some(match (up.is_empty(), down.is_empty()) {
        (true, true) => return None,
        (false, true) => format!(
            "With more of the excitation cancelled the accuracy rises along {up}, and falls along no line."
        ),
        (true, false) => format!(
            "With more of the excitation cancelled the accuracy falls along {down}, and rises along no \
             line."
        ),
        (false, false) => format!(
            "The lines do not agree: with more of the excitation cancelled the accuracy rises along {up} \
             and falls along {down}, so that it is not balance alone that decides."
        ),
    })
}

/// What noise correlations cost.
fn correlations(found: &DoseResults) -> Option<String> {
    let gains: Vec<f64> = (0..found.settings.repeats)
        .filter_map(|repeat| {
            let cells = found.cells.iter().filter(|c| c.repeat == repeat);
            let gains: Vec<f64> = cells
                .filter_map(|c| Some(100.0 * (c.shuffled?.accuracy - c.equal_time.accuracy)))
                .collect();
            (!gains.is_empty()).then(|| gains.iter().sum::<f64>() / gains.len() as f64)
        })
        .collect();
    let shares: Vec<f64> = (0..found.settings.repeats)
        .filter_map(|repeat| {
            let cells = || found.cells.iter().filter(move |c| c.repeat == repeat);
            let all: f64 = cells().map(|c| c.information).sum();
            let shuffled: f64 = cells().map(|c| c.information_shuffled).sum();
            (shuffled > 0.0).then(|| 100.0 * (1.0 - all / shuffled))
        })
        .collect();
    Some(format!(
        "Shuffling each neuron's spikes over recordings of the same image changes the accuracy by {} \
         in the mean over networks; of the linear Fisher information of shuffled trials noise \
         correlations take {}.",
        mean_text(&gains, "points", 2)?,
        mean_text(&shares, "%", 1)?
    ))
}
