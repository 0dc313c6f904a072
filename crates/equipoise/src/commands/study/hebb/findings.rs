//! What the study found, in words that are put together from the numbers.

use equipoise_figure::{Figure, Panel};
use equipoise_metrics::statistics::kruskal_wallis;
use equipoise_plasticity::hebb::theory::{
    self, excitatory_fixed_point, inhibitory_amplitude, limit_chance, two_inputs_are_confused,
};
use equipoise_plasticity::hebb::{
    Allotment, Cell, CellSummary, HebbConfig, Mapping, NeuronType, Proportion, ROUNDING,
};
use equipoise_report::{Cell as Value, Column, Report, Table};

use super::stage::Stage;
use super::{Config, Results, tables};
use crate::commands::hebb::{sums_plot, trace, weights_plot};
use crate::failure::{OrFail, Outcome};
use crate::job::Job;

/// The sentences, tables and pictures that go beyond counting.
pub struct Findings {
    /// The answer to the question in the study's title.
    answer: String,
    /// Which variant makes every mapping learnable, at which ratio.
    pub variants: String,
    /// What the rule as configured does.
    pub main: String,
    pub theory: String,
    pub symmetry: String,
    pub theory_table: Table,
    pub dynamics: Figure,
    tiles: Vec<(String, String, String, String)>,
}

/// Networks of random types that are held against the theory of single weights.
const CHECKED_NETWORKS: u64 = 60;

const THEORY_NOTE: &str = "Weights: the mean magnitude at the last epoch. Chances: measured is the \
    share of runs that converged at any epoch; the theory counts only those that agree in the end, \
    and takes a sum of 0 as firing, which in a run rounding decides.";

impl Findings {
    pub fn of(job: &Job<Config>, results: &Results) -> Outcome<Self> {
        let seed = job.config.seed;
        let (theory, theory_table) = theory_found(results, seed)?;
        Ok(Self {
            answer: answer(results),
            variants: variants(results),
            main: main(results),
            theory,
            symmetry: symmetry(results),
            theory_table,
            dynamics: dynamics(results, seed)?,
            tiles: tiles(results),
        })
    }

    /// The answer, and what it takes to learn every mapping, one paragraph each.
    pub fn paragraphs(&self) -> Vec<&str> {
        let both = [self.answer.as_str(), self.variants.as_str()];
        both.into_iter().filter(|text| !text.is_empty()).collect()
    }

    pub fn tiles(&self, report: &mut Report) {
        for (label, value, unit, remark) in &self.tiles {
            report.tile(label, value, unit, remark);
        }
    }
}

pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        p if p == 0.0 || p == 100.0 => format!("{p:.0} %"),
        p if p < 0.1 => format!("{p:.3} %"),
        p if !(10.0..=99.0).contains(&p) => format!("{p:.2} %"),
        p => format!("{p:.1} %"),
    }
}

fn with_interval(share: Proportion) -> String {
    let (low, high) = share.interval();
    match share.value() {
        Some(value) => format!("{} ({} to {})", percent(value), percent(low), percent(high)),
        None => "no runs".into(),
    }
}

/// The p-value that groups of successes and failures do not differ, and of epochs likewise.
fn p_of(groups: &[Vec<f64>]) -> Option<f64> {
    let groups: Vec<&Vec<f64>> = groups.iter().filter(|group| !group.is_empty()).collect();
    kruskal_wallis(&groups).ok().map(|test| test.p_value)
}

fn p_words(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") }
}

fn outcomes(share: Proportion) -> Vec<f64> {
    (0..share.trials).map(|i| f64::from(u8::from(i < share.successes))).collect()
}

/// A sentence on the epochs to convergence over the cells that converged often enough.
fn speed(stage: &Stage) -> Option<String> {
    const ENOUGH: usize = 5;
    let hebb = &stage.config.hebb;
    let mut cells: Vec<(Cell, &CellSummary, f64)> = stage
        .summary
        .cells
        .iter()
        .filter(|(_, runs)| runs.epochs.len() >= ENOUGH)
        .filter_map(|(&cell, runs)| Some((cell, runs, runs.epochs_quantile(0.5)?)))
        .collect();
    cells.sort_by(|a, b| a.2.total_cmp(&b.2));
    let (first, last) = (cells.first()?, cells.last()?);
    if cells.len() < 2 {
        return Some(format!(
            "Only one pair of ratios ({}) converged {ENOUGH} times or more, after {:.0} epochs in \
             the median, so speeds cannot be compared.",
            tables::cell_name(hebb, first.0),
            first.2
        ));
    }
    let groups: Vec<Vec<f64>> = cells
        .iter()
        .map(|(_, runs, _)| runs.epochs.iter().map(|&epoch| f64::from(epoch)).collect())
        .collect();
    let test = p_of(&groups).map(|p| format!("; Kruskal–Wallis, {}", p_words(p)));
    Some(format!(
        "Among the {} pairs of ratios that converged {ENOUGH} times or more, the median time to \
         converge goes from {:.0} epochs ({}) to {:.0} ({}){}.",
        cells.len(),
        first.2,
        tables::cell_name(hebb, first.0),
        last.2,
        tables::cell_name(hebb, last.0),
        test.unwrap_or_default()
    ))
}

/// Whether every run of some cell converged, of enough runs to mean something.
fn is_reliable(stage: &Stage) -> bool {
    stage.summary.best().is_some_and(|(_, runs)| {
        runs.converged.successes == runs.converged.trials && runs.converged.interval().0 > 0.9
    })
}

fn rule_name(stage: &Stage) -> String {
    if stage.variants().is_plain() {
        "plain Hebb".into()
    } else {
        format!("the rule ({})", stage.variants())
    }
}

fn answer(results: &Results) -> String {
    let stage = &results.main;
    let hebb = &stage.config.hebb;
    let all = stage.summary.converged();
    let cells = stage.summary.cells.len();
    let some = stage.summary.cells.values().filter(|runs| runs.converged.successes > 0).count();
    let groups: Vec<Vec<f64>> =
        stage.summary.cells.values().map(|runs| outcomes(runs.converged)).collect();
    let effect = p_of(&groups);
    let rule = rule_name(stage);
    let Some((best_cell, best_runs)) = stage.summary.best() else {
        let text = format!(
            "No ratio is better than another where nothing is learned: under {rule} none of {} \
             runs of {} neurons a layer converged ({}) at any of the {cells} pairs of ratios.",
            all.trials, hebb.neurons, hebb.criterion
        );
        return and_theory(text, stage);
    };
    let mut text = match effect {
        Some(p) if p < 0.01 => format!(
            "The E/I ratio has an effect: it decides whether a map can be learned at all ({} over \
             the {cells} pairs of ratios). ",
            p_words(p)
        ),
        Some(p) => format!(
            "No effect of the E/I ratio was found over the {cells} pairs of ratios ({}). ",
            p_words(p)
        ),
        None => String::new(),
    };
    let enough = if is_reliable(stage) { "is enough at some ratio" } else { "is not enough" };
    text += &format!(
        "{}{rule} {enough}: {} of {} runs of {} neurons a layer converged ({}), at {some} of \
         {cells} pairs of ratios, and the best chance is {} at {}. {}",
        if text.is_empty() {
            "Here, "
        } else if is_reliable(stage) {
            "And "
        } else {
            "But "
        },
        all.successes,
        all.trials,
        hebb.neurons,
        hebb.criterion,
        with_interval(best_runs.converged),
        tables::cell_name(hebb, best_cell),
        speed(stage).unwrap_or_default()
    );
    and_theory(text, stage)
}

/// Adds what rounding did and what theory says of the same runs.
fn and_theory(mut text: String, stage: &Stage) -> String {
    let plain = stage.variants().is_plain();
    for sentence in [rounding(stage), if plain { confused(stage) } else { String::new() }] {
        if !sentence.is_empty() {
            text = format!("{} {sentence}", text.trim());
        }
    }
    text.trim().to_string()
}

/// How many of the converged runs owe it to rounding.
fn rounding(stage: &Stage) -> String {
    let runs = stage.summary.cells.values().map(|runs| runs.by_rounding).sum::<u64>();
    if runs == 0 {
        return String::new();
    }
    format!(
        "{runs} of the converged runs owe it to rounding: a sum that is 0 in exact arithmetic came \
         out within {ROUNDING:e} of it, on the right side."
    )
}

/// What became of the runs with two excitatory inputs.
fn confused(stage: &Stage) -> String {
    let hebb = &stage.config.hebb;
    let mut runs = Proportion::default();
    for (cell, summary) in &stage.summary.cells {
        let types = summary.allotments.keys().next();
        if types.is_some_and(|types| two_inputs_are_confused(types, hebb.criterion)) {
            debug_assert!(hebb.neurons - cell.inhibitory_inputs >= 2);
            runs.trials += summary.converged.trials;
            runs.successes += summary.converged.successes;
        }
    }
    if runs.trials == 0 {
        return String::new();
    }
    format!(
        "Theory says that two excitatory inputs can never be told apart; of the {} runs that had \
         two or more, {} converged.",
        runs.trials, runs.successes
    )
}

fn main(results: &Results) -> String {
    let stage = &results.main;
    let how = if stage.complete {
        "Every combination of the mappings, ratios and allotments asked for was run"
    } else {
        "Mappings, allotments and initial weights were drawn for each pair of ratios"
    };
    let kept = {
        let mut kept = Proportion::default();
        for runs in stage.summary.cells.values() {
            kept.trials += runs.exact_at_end.trials;
            kept.successes += runs.exact_at_end.successes;
        }
        kept
    };
    format!(
        "{how}: {} runs in all. A run ends at the first epoch that meets the criterion; at its \
         end, {} of the networks show the whole map exactly.",
        stage.runs, kept.successes
    )
}

fn theory_found(results: &Results, seed: u64) -> Outcome<(String, Table)> {
    let hebb = &results.main.config.hebb;
    let n = hebb.neurons;
    let mut table = Table::new("Where first-layer weights end, and the chances in the long run")
        .column(Column::text("quantity"))
        .column(Column::number("theory").decimals(6))
        .column(Column::number("measured").decimals(6))
        .note(THEORY_NOTE);
    if !hebb.variants.is_plain() || hebb.layers < 3 {
        let text = "The theory is that of the plain rule with a hidden layer; this study was \
                    configured with another one, so nothing is held against it here.";
        return Ok((text.into(), table));
    }
    let (mut excitatory, mut inhibitory) = (0f64, 0f64);
    let (mut not_up, mut apart) = (0, 0);
    // Sums of magnitudes and their numbers, by input and type.
    let mut ends = vec![[(0.0, 0u32); 2]; n];
    for index in 0..CHECKED_NETWORKS {
        let mut stream = equipoise_random::stream(seed, "study/hebb/theory", index);
        let mapping = Mapping::new(&stream.permutation(n)).or_run()?;
        let all = u64::MAX >> (64 - n);
        let masks: Vec<u64> = (0..hebb.layers).map(|_| stream.next_u64() & all).collect();
        let types = Allotment::from_masks(n, &masks).or_run()?;
        let shown = theory::measure(hebb, &mapping, &types, seed, index).or_run()?;
        crate::interrupt::check()?;
        excitatory = excitatory.max(shown.excitatory_deviation);
        inhibitory = inhibitory.max(shown.inhibitory_deviation);
        for (input, magnitude) in shown.magnitudes.iter().enumerate() {
            let end = &mut ends[input][types.of(0, input) as usize];
            *end = (end.0 + magnitude, end.1 + 1);
        }
        not_up += shown.excitatory_codes_not_all_up;
        apart += shown.excitatory_inputs_told_apart;
    }
    let shown_places = if n <= 8 { (0..n).collect() } else { vec![0, n - 1] };
    for place in shown_places {
        let decays = n - 1 - place;
        for (name, kind, value) in [
            ("excitatory", NeuronType::Excitatory, excitatory_fixed_point(hebb.epsilon, n, decays)),
            (
                "inhibitory, magnitude",
                NeuronType::Inhibitory,
                inhibitory_amplitude(hebb.epsilon, n, decays),
            ),
        ] {
            let (sum, count) = ends[place][kind as usize];
            table.row([
                format!("weight of input {place}, {name}").as_str().into(),
                value.into(),
                if count > 0 { (sum / f64::from(count)).into() } else { Value::Missing },
            ]);
        }
    }
    for (criterion, stage) in &results.criteria {
        for (cell, runs) in &stage.summary.cells {
            if cell.inhibitory_inputs != n || hebb.layers != 3 {
                continue;
            }
            let masks = [u64::MAX >> (64 - n), (1u64 << cell.inhibitory_hidden) - 1, 0];
            let types = Allotment::from_masks(n, &masks).or_run()?;
            let of = HebbConfig { criterion: *criterion, ..hebb.clone() };
            let (Some(limit), Some(measured)) =
                (limit_chance(&of, &types).or_run()?, runs.converged.value())
            else {
                continue;
            };
            table.row([
                format!("chance, {criterion}, {}", tables::cell_name(hebb, *cell)).as_str().into(),
                limit.into(),
                measured.into(),
            ]);
        }
    }
    let text = format!(
        "A weight from an excitatory input stays positive and goes to the fixed point \
         ε(1 − ε)^{{d}}/(1 − (1 − ε)^{{N}}), d presentations after its own: its hidden code is all +1 for \
         ever, so two excitatory inputs look the same to the outputs. A weight from an inhibitory \
         input is pushed through 0 in every epoch and ends at ±ε(1 − ε)^{{d}}/(1 + (1 − ε)^{{N}}); \
         its code turns over in every epoch and keeps only its phase. In {CHECKED_NETWORKS} random \
         networks, trained {} epochs each, excitatory weights end within {excitatory:.1e} of \
         theory and inhibitory ones within {inhibitory:.1e}; the code of an excitatory input was not \
         all +1 after {not_up} of their epochs, and two excitatory inputs differed in any output \
         sum after {apart}.",
        hebb.max_epochs
    );
    Ok((text, table))
}

fn symmetry(results: &Results) -> String {
    let stage = &results.main;
    let mut by_mapping: std::collections::BTreeMap<&Mapping, Proportion> = Default::default();
    for runs in stage.summary.cells.values() {
        for (mapping, share) in &runs.mappings {
            let sum = by_mapping.entry(mapping).or_default();
            sum.trials += share.trials;
            sum.successes += share.successes;
        }
    }
    let mut text = String::from(
        "The mapping only says which column of the last weights belongs to which input, and all \
         columns start alike, so no mapping should be harder than another; nor should it matter \
         which of the hidden neurons are inhibitory, as long as their number is the same. ",
    );
    let groups: Vec<Vec<f64>> = by_mapping.values().map(|&share| outcomes(share)).collect();
    let shares = || by_mapping.values().filter_map(|share| share.value());
    let (low, high) =
        (shares().fold(f64::INFINITY, f64::min), shares().fold(f64::NEG_INFINITY, f64::max));
    if stage.complete
        && let Some(p) = p_of(&groups)
    {
        text += &format!(
            "Over the {} mappings the share of converged runs goes from {} to {}, {}. ",
            by_mapping.len(),
            percent(low),
            percent(high),
            if p < 0.01 {
                format!("a difference that is not chance ({})", p_words(p))
            } else {
                format!("no more than by chance ({})", p_words(p))
            }
        );
    }
    if let Some((cell, runs)) = most_allotments(stage) {
        let groups: Vec<Vec<f64>> =
            runs.allotments.values().map(|&share| outcomes(share)).collect();
        if let Some(p) = p_of(&groups) {
            text += &format!(
                "At {}, where {} allotments were tried, the allotments differ {} ({}).",
                tables::cell_name(&stage.config.hebb, cell),
                runs.allotments.len(),
                if p < 0.01 { "more than by chance" } else { "no more than by chance" },
                p_words(p)
            );
        }
    }
    text.trim().to_string()
}

/// The cell with several allotments in which the most runs converged.
pub fn most_allotments(stage: &Stage) -> Option<(Cell, &CellSummary)> {
    let several = stage.summary.cells.iter().filter(|(_, runs)| runs.allotments.len() > 1);
    several
        .filter(|(_, runs)| runs.converged.successes > 0)
        .max_by_key(|(_, runs)| runs.converged.successes)
        .map(|(&cell, runs)| (cell, runs))
}

fn variants(results: &Results) -> String {
    let Some(plain) = results.compared.first() else { return String::new() };
    let hebb = &plain.config.hebb;
    let Some(best) = results.best.map(|at| &results.compared[at]) else {
        return format!(
            "None of {} combinations of the variants learned any map.",
            results.screening.len()
        );
    };
    let best_of = |stage: &Stage| {
        stage.summary.best().map_or(0.0, |(_, runs)| runs.converged.value().unwrap_or(0.0))
    };
    let mut text = String::new();
    let singles: Vec<&Stage> =
        results.compared.iter().filter(|stage| stage.variants().departures() == 1).collect();
    let single = singles.iter().max_by(|a, b| best_of(a).total_cmp(&best_of(b)));
    if single.is_some_and(|single| best_of(single) == 0.0) {
        text += "None of the variants alone learned any map in its runs. ";
    } else if let Some(single) = single {
        text += &format!(
            "Of the variants alone, {} goes furthest: {} at its best pair of ratios ({}). ",
            single.variants(),
            single.summary.best().map_or("0 %".into(), |(_, runs)| with_interval(runs.converged)),
            single.summary.best().map_or("none".into(), |(cell, _)| tables::cell_name(hebb, cell)),
        );
    }
    let (cell, runs) = match best.summary.best() {
        Some(found) => found,
        None => return text,
    };
    let sure = tables::sure_cells(best);
    match (&sure, &results.kept) {
        (Some((inputs, hidden)), Some(kept)) => {
            let all = kept.summary.converged();
            let mappings: std::collections::BTreeSet<&Mapping> =
                kept.summary.cells.values().flat_map(|runs| runs.mappings.keys()).collect();
            let missed = kept
                .summary
                .cells
                .values()
                .flat_map(|runs| runs.mappings.values())
                .filter(|share| share.successes < share.trials)
                .count();
            let hidden: Vec<String> =
                hidden.iter().map(|&h| tables::ratio(hebb.hidden_neurons(), h)).collect();
            let inputs: Vec<String> =
                inputs.iter().map(|&i| tables::ratio(hebb.neurons, i)).collect();
            text += &format!(
                "The combination \"{}\" converged in every one of its runs at hidden E:I {} with \
                 inputs {}. There, {} of {} mappings were learned, in {} of {} runs, and kept for {} \
                 epochs{}. {}",
                best.variants(),
                hidden.join(", "),
                inputs.join(", "),
                mappings.len() - usize::from(missed > 0) * missed.min(mappings.len()),
                mappings.len(),
                all.successes,
                all.trials,
                kept.config.hebb.hold_epochs,
                if missed == 0 {
                    ": every mapping is learnable"
                } else {
                    "; the others not in every run"
                },
                speed(kept).unwrap_or_default()
            );
        }
        _ => {
            text += &format!(
                "No combination makes every run converge at any ratio; the best, \"{}\", reaches {} \
                 at {}.",
                best.variants(),
                with_interval(runs.converged),
                tables::cell_name(hebb, cell)
            );
        }
    }
    let lacking: Vec<(String, f64)> = results
        .compared
        .iter()
        .filter(|stage| {
            best.variants().departures() > 1
                && super::is_one_part_less(&stage.variants(), &best.variants())
        })
        .map(|stage| (tables::missing_part(&stage.variants(), &best.variants()), best_of(stage)))
        .collect();
    if !lacking.is_empty() {
        let parts: Vec<String> =
            lacking.iter().map(|(part, share)| format!("{part}: {}", percent(*share))).collect();
        text += &format!(
            " Without one of its parts the best chance at any pair of ratios is: {}.",
            parts.join("; ")
        );
    }
    text.trim().to_string()
}

fn tiles(results: &Results) -> Vec<(String, String, String, String)> {
    let mut tiles = Vec::new();
    let stage = &results.main;
    let all = stage.summary.converged();
    tiles.push((
        format!(
            "converged, {}",
            if stage.variants().is_plain() { "plain rule" } else { "this rule" }
        ),
        percent(all.value().unwrap_or(0.0)),
        String::new(),
        format!("{} of {} runs", all.successes, all.trials),
    ));
    if let Some((cell, runs)) = stage.summary.best() {
        tiles.push((
            "best pair of ratios".into(),
            percent(runs.converged.value().unwrap_or(0.0)),
            String::new(),
            tables::cell_name(&stage.config.hebb, cell),
        ));
    }
    if let Some(best) = results.best.map(|at| &results.compared[at])
        && let Some((cell, runs)) = best.summary.best()
    {
        tiles.push((
            "best variant".into(),
            percent(runs.converged.value().unwrap_or(0.0)),
            String::new(),
            tables::cell_name(&best.config.hebb, cell),
        ));
    }
    let (runs, seconds) = stage.timed;
    if runs > 0 {
        tiles.push((
            "speed".into(),
            format!("{:.0}", runs as f64 / seconds.max(1e-9)),
            "runs/s".into(),
            format!("{} threads", rayon::current_num_threads()),
        ));
    }
    tiles
}

/// Weights and outputs over the first epochs: of the rule as configured with half of the inputs
/// inhibitory, and of the best combination.
fn dynamics(results: &Results, seed: u64) -> Outcome<Figure> {
    const EPOCHS: usize = 120;
    let hebb = &results.main.config.hebb;
    let (n, layers) = (hebb.neurons, hebb.layers);
    let mut masks = vec![0u64; layers];
    masks[0] = (1u64 << (n / 2)) - 1;
    let mapping =
        Mapping::new(&equipoise_random::stream(seed, "study/hebb/dynamics", 0).permutation(n))
            .or_run()?;
    for mask in &mut masks[1..layers - 1] {
        *mask = (1u64 << (n / 2)) - 1;
    }
    let types = Allotment::from_masks(n, &masks).or_run()?;
    let seen = trace(hebb, &mapping, &types, seed, EPOCHS)?;
    let mut figure = Figure::new().columns(2);
    for kind in [NeuronType::Excitatory, NeuronType::Inhibitory] {
        if let Some(plot) = weights_plot(hebb, &types, &seen, 0, kind) {
            figure = figure.panel(Panel::new(plot).note(&types.to_string().replace('|', " / ")));
        }
    }
    let name = if hebb.variants.is_plain() { "Outputs, plain rule" } else { "Outputs" };
    figure = figure.panel(sums_plot(name, &seen, None));
    if let Some(best) = results.best.map(|at| &results.compared[at]) {
        let hidden = best.summary.best().map_or(0, |(cell, _)| cell.inhibitory_hidden);
        let mut masks = masks;
        for (layer, mask) in masks[1..layers - 1].iter_mut().enumerate() {
            let here = hidden.saturating_sub(layer * n).min(n);
            *mask = if here == 0 { 0 } else { u64::MAX >> (64 - here) };
        }
        let types = Allotment::from_masks(n, &masks).or_run()?;
        let best = &best.config.hebb;
        let seen = trace(best, &mapping, &types, seed, EPOCHS)?;
        let plot = sums_plot("Outputs, best combination", &seen, None);
        figure = figure.panel(Panel::new(plot).note(&types.to_string().replace('|', " / ")));
    }
    Ok(figure)
}
