//! The report on the structural task.

use equipoise_figure::{Axis, Color, Figure, Heatmap, Line, Marker, Panel, Plot, Rule};
use equipoise_plasticity::stimulation::{BumpMeasurement, RingTask, TrainingResult};
use equipoise_report::{Column, NumberFormat, Report, Step, Table};

use super::super::figures;
use super::super::trials::{self, AS_CONFIGURED, DURATION, Summary, median_of};
use super::{Bumps, StructureResults, StructureSettings};
use crate::schema::parameters;
use crate::strip;

fn held(bumps: &[BumpMeasurement]) -> usize {
    bumps.iter().filter(|b| b.held).count()
}

fn drifts(bumps: &[BumpMeasurement]) -> impl Iterator<Item = f64> {
    bumps.iter().map(|b| b.drift.abs())
}

fn largest_drift(bumps: &[BumpMeasurement]) -> f64 {
    drifts(bumps).fold(0.0, f64::max)
}

/// The numbers that stand for the whole study.
struct Overview {
    /// The median cost U at the end.
    cost: f64,
    /// Networks whose cost is below the goal, and all.
    reached: usize,
    networks: usize,
    /// Places of a bump, and the median share of them, in percent, at which it is held.
    places: usize,
    held: f64,
    /// The median and the largest drift, in degrees.
    median_drift: f64,
    largest_drift: f64,
}

impl Overview {
    fn of(results: &StructureResults) -> Self {
        let StructureResults { settings, trainings, target, bumps } = results;
        let goal = settings.ring.scaled_goal();
        let places = target.len();
        let share = |b: &Bumps| 100.0 * held(&b.trained) as f64 / places as f64;
        Self {
            cost: median_of(trainings.as_configured().filter_map(|s| s.cost)).unwrap_or(f64::NAN),
            reached: trainings
                .as_configured()
                .filter(|s| s.cost.is_some_and(|cost| cost < goal))
                .count(),
            networks: trainings.as_configured().count(),
            places,
            held: median_of(bumps.iter().map(share)).unwrap_or(0.0),
            median_drift: median_of(bumps.iter().flat_map(|b| drifts(&b.trained)))
                .unwrap_or(f64::NAN),
            largest_drift: bumps.iter().map(|b| largest_drift(&b.trained)).fold(0.0, f64::max),
        }
    }
}

/// The results in a few lines.
pub(super) fn summary(results: &StructureResults) -> String {
    let found = Overview::of(results);
    let mut text = format!(
        "ring attractor: cost {:.5} (median), below {} in {} of {} networks, bumps held at {:.0} % \
         of {} places (median), drift {:.1}° (median) to {:.1}°\n",
        found.cost,
        results.settings.ring.scaled_goal(),
        found.reached,
        found.networks,
        found.held,
        found.places,
        found.median_drift,
        found.largest_drift
    );
    for loss in trials::losses(&results.trainings.summaries, AS_CONFIGURED) {
        text += &loss;
        text.push('\n');
    }
    text
}

pub(super) fn report(results: &StructureResults) -> Report {
    let StructureResults { settings, trainings, target, bumps } = results;
    let found = Overview::of(results);
    let base: Vec<&Summary> = trainings.as_configured().collect();
    let mut report = Report::new("A ring attractor made by stimulation");
    report
        .subtitle(&format!(
            "{} excitatory neurons on a ring and {} inhibitory ones",
            settings.ring.excitatory, settings.ring.inhibitory
        ))
        .summary(
            "A network without structure is driven until its plasticity has made the connectivity \
             of a ring attractor of it: neighbours excite each other, a pool inhibits all. A bump \
             of activity is then placed at every neuron and at three places between neighbours, \
             left alone, and measured: it should stay where it was put, anywhere.",
        )
        .tile(
            "Cost U",
            &format!("{:.5}", found.cost),
            "",
            &format!("median; goal {}", settings.ring.scaled_goal()),
        )
        .tile("Goal reached", &format!("{} of {}", found.reached, found.networks), "", "networks")
        .tile("Bumps held", &format!("{:.0}", found.held), "%", "of the places, median")
        .tile(
            "Drift",
            &format!("{:.1}", found.median_drift),
            "°",
            &format!("median; largest {:.1}°", found.largest_drift),
        );
    if let Some(first) = trainings.full.first() {
        let n = settings.ring.excitatory + settings.ring.inhibitory;
        report.strip([
            Step::new("Before", "weights of the first network")
                .picture(&strip::grey(n, &first.weights_before)),
            Step::new("Stimulation", &format!("{} stimulations", first.stimulations.len())),
            Step::new("After", "weights of the first network")
                .picture(&strip::grey(n, &first.weights_after)),
        ]);
    }
    report.found(&format!(
        "{} of {} networks become ring attractors as good as was wanted; a bump of activity stays \
         where it was put at {:.0} % of the {} places (median over the networks).",
        found.reached, found.networks, found.held, found.places
    ));
    networks(settings, &mut report, &base, bumps);
    for loss in trials::losses(&trainings.summaries, AS_CONFIGURED) {
        report.remark(&loss);
    }
    comparison(settings, &mut report, target, bumps);
    // The settings were good enough to train with.
    if let (Ok((task, _)), Some(of_first)) = (settings.task_of(0), bumps.first()) {
        shown(settings, &mut report, &task, target, of_first, &trainings.full);
    }
    speed(settings, &mut report, &trainings.summaries);
    report
        .heading("Network and training")
        .table("ring", &parameters("Parameters of the ring", &[("", &settings.ring)]))
        .table("training", &parameters("Parameters of the training", &[("", &settings.training)]));
    report
}

/// The table of the networks.
fn networks(settings: &StructureSettings, report: &mut Report, base: &[&Summary], bumps: &[Bumps]) {
    let mut table = Table::new("One row a network; the bump's numbers are over all places.")
        .column(Column::integer("network"))
        .column(Column::text("outcome"))
        .column(Column::integer("goal reached at"))
        .column(Column::integer("stimulations"))
        .column(Column::number("time").unit("τ_s").key("time").decimals(2))
        .column(Column::number("initial cost").format(NumberFormat::Significant(3)))
        .column(Column::number("cost").format(NumberFormat::Significant(3)))
        .column(Column::integer("bumps held"))
        .column(Column::integer("places"))
        .column(Column::number("median drift").unit("°").key("median_drift").decimals(1))
        .column(Column::number("largest drift").unit("°").key("largest_drift").decimals(1))
        .column(Column::number("least width").unit("°").key("least_width").decimals(1))
        .column(Column::number("largest width").unit("°").key("largest_width").decimals(1))
        .column(Column::number("residual").format(NumberFormat::Scientific(1)));
    for (s, Bumps { trained, .. }) in base.iter().zip(bumps) {
        table.row([
            s.network.into(),
            s.outcome.clone().into(),
            s.first_solved_at.into(),
            s.stimulations.into(),
            s.time.into(),
            s.initial_cost.into(),
            s.cost.into(),
            held(trained).into(),
            trained.len().into(),
            median_of(drifts(trained)).into(),
            largest_drift(trained).into(),
            trained.iter().map(|b| b.width).reduce(f64::min).into(),
            trained.iter().map(|b| b.width).reduce(f64::max).into(),
            s.worst_residual.into(),
        ]);
    }
    report.heading("Networks").table("networks", &table).paragraph(&format!(
        "The cost U is the mean square of the errors of the weights, in which synapses within the \
         ring weigh {} times as much as others. The controller lowers the speed of bumps besides, \
         as it follows from the inferred weights: of all of them together from the beginning, and \
         at every place once U is below the goal. A bump counts as held if, {} τ_n after its cue, \
         the population vector has a length of 0.2 or more and the bump has moved by less than half \
         the angle between neurons ({:.1}°). The residual is the largest of any steady state that \
         was judged during the training.",
        settings.ring.ring_importance,
        settings.ring.delay,
        180.0 / settings.ring.excitatory as f64
    ));
}

/// The table of every bump of every network.
pub(super) fn every_bump(target: &[BumpMeasurement], bumps: &[Bumps]) -> Table {
    let mut rows = Table::new("Every bump of every network.")
        .column(Column::text("weights"))
        .column(Column::integer("network"))
        .column(Column::number("cued"))
        .column(Column::number("position"))
        .column(Column::number("drift"))
        .column(Column::number("late drift"))
        .column(Column::number("width"))
        .column(Column::number("contrast"))
        .column(Column::number("residual"))
        .column(Column::number("eigenvalue"))
        .column(Column::text("held"));
    let mut add = |weights: &str, network: Option<usize>, bumps: &[BumpMeasurement]| {
        for b in bumps {
            rows.row([
                weights.into(),
                network.into(),
                b.cued.into(),
                b.position.into(),
                b.drift.into(),
                b.late_drift.into(),
                b.width.into(),
                b.contrast.into(),
                b.residual.into(),
                b.eigenvalue.into(),
                b.held.into(),
            ]);
        }
    };
    add("target", None, target);
    for (network, b) in bumps.iter().enumerate() {
        add("untrained", Some(network), &b.untrained);
        add("trained", Some(network), &b.trained);
    }
    rows
}

/// Target, trained and untrained networks beside each other.
fn comparison(
    settings: &StructureSettings,
    report: &mut Report,
    target: &[BumpMeasurement],
    bumps: &[Bumps],
) {
    let mut table = Table::new("The target, and all networks before and after the training.")
        .column(Column::text("weights"))
        .column(Column::integer("bumps"))
        .column(Column::integer("held"))
        .column(Column::number("median drift").unit("°").key("median_drift").decimals(2))
        .column(Column::number("largest drift").unit("°").key("largest_drift").decimals(2))
        .column(Column::number("median width").unit("°").key("median_width").decimals(1))
        .column(Column::number("largest residual").format(NumberFormat::Scientific(1)))
        .column(Column::number("least eigenvalue").decimals(4))
        .column(Column::number("largest eigenvalue").decimals(4));
    let all = |part: fn(&Bumps) -> &Vec<BumpMeasurement>| -> Vec<BumpMeasurement> {
        bumps.iter().flat_map(part).cloned().collect()
    };
    for (name, group) in [
        ("target", target.to_vec()),
        ("untrained", all(|b| &b.untrained)),
        ("trained", all(|b| &b.trained)),
    ] {
        table.row([
            name.into(),
            group.len().into(),
            held(&group).into(),
            median_of(drifts(&group)).into(),
            largest_drift(&group).into(),
            median_of(group.iter().map(|b| b.width)).into(),
            group.iter().map(|b| b.residual).reduce(f64::max).into(),
            group.iter().map(|b| b.eigenvalue).reduce(f64::min).into(),
            group.iter().map(|b| b.eigenvalue).reduce(f64::max).into(),
        ]);
    }
    report.heading("Does a bump stay, and can it sit anywhere?").table("attractors", &table);
    report.paragraph(&format!(
        "{} τ_n after its cue: drift and width of the bump, the fastest change of a rate (residual, \
         per τ_n), and the largest real part of the eigenvalues of −I + D J (per τ_n). Where bumps \
         can sit anywhere, that is 0: moving along the ring costs nothing. A network with errors \
         has places that draw bumps (below 0) and places that drive them away (above 0). A network \
         without bumps shows the drift of a flat profile, which is the distance to wherever that is \
         a little higher.",
        settings.ring.delay
    ));
}

/// The first network in pictures.
fn shown(
    settings: &StructureSettings,
    report: &mut Report,
    task: &RingTask,
    target: &[BumpMeasurement],
    bumps: &Bumps,
    full: &[TrainingResult],
) {
    let first = &full[0];
    report.figure("bumps", &bump_figure(settings, target, bumps), BUMP_CAPTION);
    report.heading("Network 0").figure(
        "weights",
        &figures::matrices(
            task.target.neurons(),
            &[
                ("Before", &first.weights_before),
                ("After", &first.weights_after),
                ("Target", task.target.weights()),
            ],
        ),
        "The weights before and after the training, and the target. The ring comes first.",
    );
    let costs = figures::curves(
        "Cost",
        Axis::new("U").log(),
        full,
        |r| Some(r.assessment.cost),
        &[(settings.ring.scaled_goal(), "goal", Color::GREEN)],
    );
    report.figure(
        "progress",
        &Figure::single(costs),
        "The cost over the stimulations, one line a network. From the goal on the controller trades \
         a part of it for bumps that stay.",
    );
    if !first.stimulations.is_empty() {
        report.figure("stimulations", &figures::stimulations(first), figures::STIMULATIONS);
    }
}

const BUMP_CAPTION: &str = "A bump at every place. Above: the rates of the ring after the delay \
    (columns), for every place of the cue (rows), in network 0 before and after the training. Below: \
    drift and width at every place, in network 0 and in the target; the untrained network holds no \
    bump.";

fn bump_figure(settings: &StructureSettings, target: &[BumpMeasurement], bumps: &Bumps) -> Figure {
    let neurons: Vec<String> = (0..settings.ring.excitatory).map(|i| i.to_string()).collect();
    let map = |title: &str, bumps: &[BumpMeasurement]| {
        let cues = bumps.iter().map(|b| format!("{:.0}", b.cued));
        let rates: Vec<f64> = bumps.iter().flat_map(|b| b.rates.iter().copied()).collect();
        Heatmap::with_names(title, neurons.clone(), cues, &rates)
            .x_label("neuron on the ring")
            .y_label("place of the cue (°)")
            .color_axis(Axis::new("rate"))
            .color_range(0.0, settings.training.transfer.max_rate)
    };
    let half = 180.0 / settings.ring.excitatory as f64;
    let curve = |title: &str, axis: Axis, value: fn(&BumpMeasurement) -> f64| {
        let line = |bumps: &[BumpMeasurement], label: &str, color| {
            let x: Vec<f64> = bumps.iter().map(|b| b.cued).collect();
            let y: Vec<f64> = bumps.iter().map(value).collect();
            Line::new(&x, &y).marker(Marker::Circle).label(label).color(color)
        };
        Plot::new(title)
            .x_axis(Axis::new("place of the cue").unit("°").range(0.0, 360.0))
            .y_axis(axis)
            .with(line(target, "target", Color::GREY))
            .with(line(&bumps.trained, "trained", Color::BLUE))
    };
    let drift = Axis::new("drift").unit("°").include(-1.2 * half).include(1.2 * half);
    Figure::new()
        .columns(2)
        .panel(map("Untrained", &bumps.untrained))
        .panel(map("Trained", &bumps.trained))
        .panel(Panel::new(
            curve("Drift", drift, |b| b.drift)
                .with(Rule::horizontal(half).label("half a neuron").color(Color::GREEN))
                .with(Rule::horizontal(-half).color(Color::GREEN)),
        ))
        .panel(curve("Width", Axis::new("width").unit("°").include(0.0), |b| b.width))
}

/// The curve over dt.
fn speed(settings: &StructureSettings, report: &mut Report, summaries: &[Summary]) {
    if settings.durations.is_empty() {
        return;
    }
    let mut table = Table::new("Stimulations of one length; medians over the networks.")
        .column(Column::number("dt").unit("τ_s").key("dt").format(NumberFormat::Significant(3)))
        .column(Column::integer("goal reached"))
        .column(Column::number("stimulations to the goal").decimals(1))
        .column(Column::number("stimulations").decimals(1))
        .column(Column::number("final cost").format(NumberFormat::Significant(3)));
    let (mut cost, mut until) = (Vec::new(), Vec::new());
    for &dt in &settings.durations {
        let group: Vec<&Summary> =
            summaries.iter().filter(|s| s.condition == DURATION && s.value == dt).collect();
        let final_cost = median_of(group.iter().filter_map(|s| s.cost)).unwrap_or(f64::NAN);
        cost.push(final_cost);
        let reached =
            median_of(group.iter().map(|s| s.solved_at.map_or(f64::INFINITY, |at| at as f64)))
                .filter(|at| at.is_finite());
        until.push(reached.unwrap_or(f64::NAN));
        table.row([
            dt.into(),
            group
                .iter()
                .filter(|s| s.cost.is_some_and(|cost| cost < settings.ring.scaled_goal()))
                .count()
                .into(),
            reached.into(),
            median_of(group.iter().map(|s| s.stimulations as f64)).into(),
            final_cost.into(),
        ]);
    }
    let span = |f: fn(f64, f64) -> f64| settings.durations.iter().copied().reduce(f);
    let (low, high) = (span(f64::min).unwrap_or(0.01), span(f64::max).unwrap_or(1.0));
    let axis = || Axis::new("dt / τ_{s}").log().from(0.9 * low).to(1.1 * high);
    let line =
        |y: &[f64], color| Line::new(&settings.durations, y).marker(Marker::Circle).color(color);
    let speed = Plot::new("Speed")
        .x_axis(axis())
        .y_axis(Axis::new("stimulations to the goal").include(0.0))
        .with(line(&until, Color::BLUE));
    let accuracy = Plot::new("Accuracy")
        .x_axis(axis())
        .y_axis(Axis::new("final cost").log())
        .with(line(&cost, Color::ORANGE))
        .with(Rule::horizontal(settings.ring.scaled_goal()).label("goal").color(Color::GREEN));
    report.heading("Speed and accuracy").table("speed", &table).figure(
        "speed",
        &Figure::new().columns(2).panel(speed).panel(accuracy),
        "Stimulations until the goal is reached for good (median; none where fewer than half of \
         the networks reach it), and the cost at the end of the training, over the duration of a \
         stimulation. The controller looks at the cost alone here, not at the bumps, and has half \
         of the stimulations: all trainings have the same time, or more where stimulations are long.",
    );
}
