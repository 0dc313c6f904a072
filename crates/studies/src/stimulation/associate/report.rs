//! The report on the associative task.

use equipoise_figure::{Axis, Color, Figure, Panel};
use equipoise_plasticity::stimulation::{AssociativeTask, StimulationError, TrainingResult};
use equipoise_report::{Column, NumberFormat, Report, Step, Table};

use super::super::figures;
use super::super::trials::{self, AS_CONFIGURED, SolvedAt, Summary, median_of};
use super::{AssociateResults, AssociateSettings, conditions};
use crate::schema::parameters;
use crate::strip;

/// What is learnt.
fn what(settings: &AssociateSettings) -> String {
    match settings.task.task {
        AssociativeTask::Digits => format!("digits {}", list(&settings.task.digits)),
        AssociativeTask::ExclusiveOr => "the exclusive or of two groups of inputs".into(),
    }
}

/// The median of the stimulations until solved, and their range, in words.
fn median_and_range(solved: &SolvedAt) -> (String, String) {
    (
        solved.median.map_or("none".into(), |m| m.to_string()),
        solved.range.map_or("none solved".into(), |(a, b)| format!("{a} to {b}")),
    )
}

/// The results in a few lines.
pub(super) fn summary(results: &AssociateResults) -> String {
    let AssociateResults { settings, trainings } = results;
    let solved = SolvedAt::of(trainings.as_configured());
    let (median, range) = median_and_range(&solved);
    let mut text = format!(
        "{}, {} neurons: solved {} of {}, median {median} stimulations ({range})\n",
        what(settings),
        settings.network.neurons,
        solved.solved,
        solved.total
    );
    for loss in trials::losses(&trainings.summaries, AS_CONFIGURED) {
        text += &loss;
        text.push('\n');
    }
    text
}

pub(super) fn report(results: &AssociateResults) -> Report {
    let AssociateResults { settings, trainings } = results;
    let base = || trainings.as_configured();
    let solved = SolvedAt::of(base());
    let (median, range) = median_and_range(&solved);
    let mut report = Report::new("Teaching a network by stimulating it");
    report
        .subtitle(&format!("{} neurons learn {}", settings.network.neurons, what(settings)))
        .summary(
            "A rate network whose synapses cannot be set is driven so that its own plasticity \
             teaches it to answer each input pattern with an image on its output neurons. The \
             controller infers the connectivity from measured rates, plans the next stimulation by \
             the implicit gradient of the steady state, stimulates, and begins again (Borra, Cocco \
             & Monasson, arXiv 2412.01683).",
        )
        .tile(
            "Stimulations until solved",
            &median,
            "",
            &format!("median of {}; {range}", solved.total),
        )
        .tile("Solved", &format!("{} of {}", solved.solved, solved.total), "", "networks");
    if let Some(margin) = median_of(base().filter_map(|s| s.margin)) {
        let wanted = settings.task.margin * settings.training.transfer.max_rate;
        report.tile(
            "Final margin",
            &format!("{margin:.3}"),
            "",
            &format!("median; wanted {wanted:.2}"),
        );
    }
    report.found(&format!(
        "{} of {} networks learn {}{}.",
        solved.solved,
        solved.total,
        what(settings),
        match solved.median {
            Some(median) => format!(", in the median after {median} stimulations"),
            None => String::new(),
        }
    ));
    if let Some(first) = trainings.full.first() {
        report.strip(taught(settings, first));
    }
    report.heading("As configured").table("networks", &table(base()));
    report.paragraph(
        "Outcome: finished is with the whole margin that is wanted, solved with less. \
         Solved: in every pattern all pixels that should be on are brighter than all that should \
         be off. The number that counts is that of the stimulations until this is so for the first \
         time, when a training could have ended; trainings go on to the wanted margin, and a later \
         stimulation can cost the solution for a while. The margin is the smallest difference \
         between such pixels. Probes of the connectivity are too short to change it and are not counted as \
         stimulations. Residual and eigenvalue are the largest over all steady states of the task \
         after every stimulation; a negative real part means that all of them were stable.",
    );
    for loss in trials::losses(&trainings.summaries, AS_CONFIGURED) {
        report.remark(&loss);
    }
    if let Some(first) = trainings.full.first()
        && let Err(reason) = shown(settings, &mut report, first, &trainings.full)
    {
        report.remark(&format!("network 0 cannot be shown: {reason}"));
    }
    conditions::write(settings, &mut report, &trainings.summaries);
    report
        .heading("Network, task and training")
        .table("network", &parameters("Parameters of the network", &[("", &settings.network)]))
        .table("task", &parameters("Parameters of the task", &[("", &settings.task)]))
        .table("training", &parameters("Parameters of the training", &[("", &settings.training)]));
    report
}

/// What was done with the first network: what it showed, the stimulation, what it shows.
fn taught(settings: &AssociateSettings, first: &TrainingResult) -> Vec<Step> {
    /// Pixels of a row of an image.
    const WIDTH: usize = 3;
    let seed = settings.seed_of(0);
    let transfer = settings.training.transfer;
    let image = |weights: &[f64]| {
        let network = settings.network.build(seed).ok()?;
        let task = settings.task.build(&network, &transfer, seed).ok()?;
        let images = task.images(&transfer, weights).ok()?;
        Some(strip::grey(WIDTH, &images.first()?.0))
    };
    let step = |title, text: &str, weights: &[f64]| match image(weights) {
        Some(picture) => Step::new(title, text).picture(&picture),
        None => Step::new(title, text),
    };
    let wanted = match settings.task.task {
        AssociativeTask::Digits => "the first pattern, stretched",
        AssociativeTask::ExclusiveOr => "no input driven, stretched",
    };
    let costs: Vec<f64> = first.records.iter().map(|r| r.assessment.cost).collect();
    let numbers: Vec<f64> = (0..costs.len()).map(|k| k as f64).collect();
    let text = format!("{} stimulations; cost", first.stimulations.len());
    let mut stimulated = Step::new("Stimulation", &text);
    if let Some(figure) = strip::curves([(&numbers[..], &costs[..], Color::BLUE)]) {
        stimulated = stimulated.figure(&figure);
    }
    vec![
        step("Before", wanted, &first.weights_before),
        stimulated,
        step("After", wanted, &first.weights_after),
    ]
}

fn list(digits: &[u8]) -> String {
    digits.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
}

fn table<'a>(summaries: impl Iterator<Item = &'a Summary>) -> Table {
    let mut table = Table::new("One row a network.")
        .column(Column::integer("network"))
        .column(Column::text("outcome"))
        .column(Column::integer("first solved"))
        .column(Column::integer("solved for good"))
        .column(Column::integer("stimulations"))
        .column(Column::number("time").unit("τ_s").key("time").decimals(2))
        .column(Column::number("initial cost").format(NumberFormat::Significant(3)))
        .column(Column::number("cost").format(NumberFormat::Significant(3)))
        .column(Column::number("margin").decimals(4))
        .column(Column::integer("probes"))
        .column(Column::number("residual").format(NumberFormat::Scientific(1)))
        .column(Column::number("eigenvalue").decimals(3))
        .column(Column::number("inference error").format(NumberFormat::Scientific(1)));
    for s in summaries {
        table.row([
            s.network.into(),
            s.outcome.clone().into(),
            s.first_solved_at.into(),
            s.solved_at.into(),
            s.stimulations.into(),
            s.time.into(),
            s.initial_cost.into(),
            s.cost.into(),
            s.margin.into(),
            s.probes.into(),
            s.worst_residual.into(),
            s.worst_abscissa.into(),
            s.worst_inference_error.into(),
        ]);
    }
    table
}

pub(super) fn steps(full: &[TrainingResult]) -> Table {
    let mut table = Table::new("Every network after every stimulation.")
        .column(Column::integer("network"))
        .column(Column::integer("stimulations"))
        .column(Column::number("time"))
        .column(Column::number("cost"))
        .column(Column::number("predicted cost"))
        .column(Column::number("margin"))
        .column(Column::number("residual"))
        .column(Column::number("eigenvalue"))
        .column(Column::number("mean rate"))
        .column(Column::number("stimulated rate"))
        .column(Column::number("inference error"));
    for (network, result) in full.iter().enumerate() {
        for r in &result.records {
            let states = &r.assessment.states;
            let rate = states.iter().map(|s| s.mean_rate).sum::<f64>() / states.len().max(1) as f64;
            table.row([
                network.into(),
                r.stimulations.into(),
                r.time.into(),
                r.assessment.cost.into(),
                r.predicted_cost.into(),
                r.assessment.margin.into(),
                states.iter().map(|s| s.residual).fold(0.0, f64::max).into(),
                states.iter().map(|s| s.spectral_abscissa).fold(f64::MIN, f64::max).into(),
                rate.into(),
                r.stimulated_rate.into(),
                r.inference_error.into(),
            ]);
        }
    }
    table
}

/// The first network in pictures.
fn shown(
    settings: &AssociateSettings,
    report: &mut Report,
    first: &TrainingResult,
    full: &[TrainingResult],
) -> Result<(), StimulationError> {
    let seed = settings.seed_of(0);
    let network = settings.network.build(seed)?;
    let transfer = settings.training.transfer;
    let task = settings.task.build(&network, &transfer, seed)?;
    let n = network.neurons();

    let headings: Vec<String> = task.patterns().iter().map(|p| p.label.clone()).collect();
    // Where there are many, there is room for the numbers alone.
    let many = task.patterns().len() > 5;
    let wanted = task.patterns().iter().map(|p| {
        let pixels = p.image.iter().map(|&on| f64::from(u8::from(on))).collect();
        let code: Vec<String> = p.code.iter().map(usize::to_string).collect();
        (pixels, if code.len() <= 8 && !many { code.join(" ") } else { String::new() })
    });
    let label = if many { "wanted" } else { "wanted (code)" };
    let mut rows = vec![(label, wanted.collect::<Vec<_>>())];
    for (label, weights) in [("before", &first.weights_before), ("after", &first.weights_after)] {
        let Ok(images) = task.images(&transfer, weights) else { continue };
        let word = if many { "" } else { "margin " };
        let caption = |margin: f64| format!("{word}{margin:.3}");
        rows.push((label, images.iter().map(|(i, m)| (i.clone(), caption(*m))).collect()));
        if label == "after" {
            let stretched = images.iter().map(|(i, _)| (figures::stretched(i), String::new()));
            rows.push(("after, stretched", stretched.collect()));
        }
    }
    let grid = figures::digits("Output neurons as an image", &headings, rows);
    report.heading("Network 0").figure(
        "images",
        &if many {
            Figure::new().columns(2).panel(Panel::new(grid).span(2))
        } else {
            Figure::single(grid)
        },
        "The 15 output pixels for every input pattern: what is wanted (with the active input \
         neurons where there is room), what the network shows before and after (black for rate 0, \
         white for the maximal rate; stretched: from its darkest to its brightest pixel), and the \
         margin between the darkest pixel that should be on and the brightest that should be off.",
    );
    let wanted = task.wanted_margin();
    let margins = figures::curves(
        "Smallest margin",
        Axis::new("margin"),
        full,
        |r| r.assessment.margin,
        &[(0.0, "separated", Color::ORANGE), (wanted, "wanted", Color::GREEN)],
    );
    let costs = figures::curves(
        "Cost of the task",
        Axis::new("U").log(),
        full,
        |r| Some(r.assessment.cost).filter(|c| *c > 0.0),
        &[],
    );
    report.figure(
        "progress",
        &Figure::new().columns(2).shared_legend().panel(margins).panel(costs),
        "Margin and cost over the stimulations, one line a network.",
    );
    let change = figures::change(&first.weights_before, &first.weights_after);
    report.figure(
        "weights",
        &figures::matrices(
            n,
            &[
                ("Before", &first.weights_before),
                ("After", &first.weights_after),
                ("Change", &change),
            ],
        ),
        "The weights before and after the training, and their change. Input neurons come first, \
         then the output neurons, then hidden ones.",
    );
    if !first.stimulations.is_empty() {
        report.figure("stimulations", &figures::stimulations(first), figures::STIMULATIONS);
    }
    Ok(())
}
