//! Tables of a network of populations.

use equipoise_encoder::network::{Distribution, Parameter};
use equipoise_encoder::populations::{Model, Rule, Settings};
use equipoise_report::{Cell, Column, Table};

use super::images::Counted;
use super::results::{PopulationsResults, Recorded};

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, Cell::from)
}

/// Rates and irregularity of each population, and the rates of the mean field.
pub(super) fn activity(found: &PopulationsResults, recorded: &Recorded) -> Table {
    let mut table = Table::new(&format!("Activity: {}", recorded.name))
        .column(Column::text("population"))
        .column(Column::number("rate").unit("Hz").decimals(3))
        .column(Column::number("mean field").key("mean_field").unit("Hz").decimals(3))
        .column(Column::number("CV").decimals(3))
        .column(Column::number("LV").decimals(3))
        .column(Column::number("Fano").decimals(3))
        .column(Column::number("correlation").decimals(4))
        .column(Column::number("chi").decimals(3))
        .column(Column::text("state"))
        .note(
            "Means over the neurons or pairs of a population; the correlation is of spike counts.",
        );
    for state in &recorded.populations {
        let field = found.network.population(&state.name).map(|at| found.mean_field.rates_hz[at]);
        table.row([
            state.name.as_str().into(),
            state.rate_hz.into(),
            number(field),
            number(state.cv.mean),
            number(state.local_variation.mean),
            number(state.fano.mean),
            number(state.mean_correlation),
            number(state.synchrony),
            state.verdict.state.label().into(),
        ]);
    }
    table
}

/// How the numbers are distributed over the neurons and pairs of each population.
pub(super) fn distributions(recorded: &Recorded) -> Table {
    let mut table = Table::new(&format!("Distributions: {}", recorded.name))
        .column(Column::text("population"))
        .column(Column::text("quantity"))
        .column(Column::integer("values"))
        .column(Column::number("mean").decimals(4))
        .column(Column::number("standard deviation").decimals(4))
        .column(Column::number("lower quartile").decimals(4))
        .column(Column::number("median").decimals(4))
        .column(Column::number("upper quartile").decimals(4));
    for state in &recorded.populations {
        for (quantity, summary) in [
            ("rate (Hz)", &state.rates),
            ("CV", &state.cv),
            ("LV", &state.local_variation),
            ("Fano factor", &state.fano),
            ("count correlation", &state.correlations),
        ] {
            table.row([
                state.name.as_str().into(),
                quantity.into(),
                summary.count.into(),
                number(summary.mean),
                number(summary.std),
                number(summary.lower_quartile),
                number(summary.median),
                number(summary.upper_quartile),
            ]);
        }
    }
    table
}

/// Mean input of each population from each other.
pub(super) fn inputs(found: &PopulationsResults, recorded: &Recorded) -> Table {
    let mut table = Table::new(&format!("Input R I by source, mV: {}", recorded.name))
        .column(Column::text("population"));
    for population in &found.network.populations {
        let name = format!("from {}", population.name);
        table = table.column(Column::number(&name).decimals(2));
    }
    for name in ["from outside", "excitation", "inhibition", "net"] {
        table = table.column(Column::number(name).decimals(2));
    }
    let mut table = table.column(Column::number("correlation of E and I").decimals(3)).note(
        "A conductance counts as the current that it carries half way between reset and threshold.",
    );
    for state in &recorded.populations {
        let [excitation, inhibition] = state.input_mv;
        let ends = [state.input_from_outside_mv, excitation, inhibition, excitation + inhibition];
        let cells = state.input_from_mv.iter().chain(&ends).map(|&value| Cell::from(value));
        let first = std::iter::once(Cell::from(state.name.as_str()));
        table.row(first.chain(cells).chain([number(state.input_correlation)]));
    }
    table
}

/// Correlations over time of the rates of populations.
pub(super) fn correlations(found: &PopulationsResults, recorded: &Recorded) -> Table {
    let mut table = Table::new(&format!("Correlations of population rates: {}", recorded.name))
        .column(Column::text("population"));
    for population in &found.network.populations {
        table = table.column(Column::number(&population.name).decimals(3));
    }
    for (population, row) in found.network.populations.iter().zip(&recorded.rate_correlations) {
        let first = std::iter::once(Cell::from(population.name.as_str()));
        table.row(first.chain(row.iter().map(|&r| number(r))));
    }
    table
}

/// The mean field of each population.
pub(super) fn mean_field(found: &PopulationsResults) -> Table {
    let mut table = Table::new("Mean field")
        .column(Column::text("population"))
        .column(Column::number("rate").unit("Hz").decimals(3))
        .column(Column::number("mean input").unit("mV").decimals(2))
        .column(Column::number("noise").unit("mV").decimals(2))
        .note("Potentials are counted from rest. Plastic weights stand at their start.");
    let field = &found.mean_field;
    for (at, population) in found.network.populations.iter().enumerate() {
        if population.source.is_none() {
            table.row([
                population.name.as_str().into(),
                field.rates_hz[at].into(),
                field.mean_mv[at].into(),
                field.sd_mv[at].into(),
            ]);
        }
    }
    table
}

/// What was counted while images were shown.
pub(super) fn counted(counted: &Counted) -> Table {
    let mut table = Table::new("Spikes of images")
        .column(Column::text("data set"))
        .column(Column::integer("images"))
        .column(Column::integer("neurons"))
        .column(Column::number("spikes per image").decimals(1))
        .column(Column::number("rate").unit("Hz").decimals(2))
        .note("recordings.npz has counts, images and labels: decoders take it as a recording.");
    table.row([
        counted.dataset.as_str().into(),
        counted.images.into(),
        counted.neurons.into(),
        counted.spikes_per_image.into(),
        counted.rate_hz.into(),
    ]);
    table
}

/// How learning went.
pub(super) fn course(found: &PopulationsResults) -> Table {
    let mut table = Table::new("Learning")
        .column(Column::text("stage"))
        .column(Column::number("time").unit("ms").decimals(0));
    for population in &found.network.populations {
        let name = format!("rate of {}", population.name);
        table = table.column(Column::number(&name).unit("Hz").decimals(3));
    }
    for projection in found.network.projections.iter().filter(|p| p.plasticity.is_some()) {
        let name = format!("weight {} to {}", projection.source, projection.target);
        let of = format!("correlation of E and I onto {}", projection.target);
        table = table.column(Column::number(&name).decimals(4));
        table = table.column(Column::number(&of).decimals(3));
    }
    for window in &found.simulated.course {
        let first = [Cell::from(window.stage.as_str()), window.end_ms.into()];
        let rates = window.rates_hz.iter().map(|&rate| Cell::from(rate));
        let learned = window.weights.iter().zip(&window.correlations);
        let learned = learned.flat_map(|(&weight, &r)| [Cell::from(weight), number(r)]);
        table.row(first.into_iter().chain(rates).chain(learned));
    }
    table
}

/// The populations as they are set.
pub(crate) fn populations(network: &Settings, caption: &str) -> Table {
    let mut table = Table::new(caption)
        .column(Column::text("population"))
        .column(Column::integer("neurons"))
        .column(Column::text("sign"))
        .column(Column::text("model"))
        .column(Column::text("membrane time constant (ms)"))
        .column(Column::text("threshold (mV)"))
        .column(Column::text("current (pA)"))
        .column(Column::text("background"));
    for population in &network.populations {
        let neuron = &population.neuron;
        let model = match (population.source.is_some(), neuron.model) {
            (true, _) => "spike sources",
            (_, Model::Delta) => "delta",
            (_, Model::Exponential) => "exponential",
            (_, Model::Conductance) => "conductance",
        };
        let unit = weight_unit(neuron.model);
        let background: Vec<String> = population
            .background
            .iter()
            .map(|drive| format!("{:.0} Hz of {:.3} {unit}", drive.rate, drive.weight))
            .collect();
        let inhibits = population.sign == equipoise_encoder::populations::Sign::Inhibitory;
        table.row([
            population.name.as_str().into(),
            population.size.into(),
            if inhibits { "inhibitory" } else { "excitatory" }.into(),
            model.into(),
            parameter(&neuron.membrane).into(),
            parameter(&neuron.threshold).into(),
            parameter(&population.current).into(),
            background.join(", ").into(),
        ]);
    }
    table
}

/// The unit of the weights onto neurons of a model.
pub(super) fn weight_unit(model: Model) -> &'static str {
    match model {
        Model::Delta => "mV",
        Model::Exponential => "pA",
        Model::Conductance => "nS",
    }
}

/// The projections as they are set and as they were drawn.
pub(super) fn projections(found: &PopulationsResults) -> Table {
    let mut table = Table::new("Projections")
        .column(Column::text("source"))
        .column(Column::text("target"))
        .column(Column::text("rule"))
        .column(Column::integer("synapses"))
        .column(Column::number("mean weight").decimals(4))
        .column(Column::number("standard deviation").decimals(4))
        .column(Column::number("resolution").decimals(6))
        .column(Column::text("delay (ms)"))
        .note("Weights are in mV, pA or nS as the target's model has it.");
    for (projection, state) in found.network.projections.iter().zip(&found.simulated.projections) {
        let rule = match projection.connect {
            Rule::InDegree { .. } => "in-degree",
            Rule::Probability { .. } => "probability",
            Rule::TotalNumber { .. } => "total number",
            Rule::OneToOne => "one to one",
        };
        let rule =
            if projection.plasticity.is_some() { format!("{rule}, plastic") } else { rule.into() };
        table.row([
            projection.source.as_str().into(),
            projection.target.as_str().into(),
            rule.into(),
            (state.synapses as i64).into(),
            state.mean_weight.into(),
            state.sd_weight.into(),
            state.resolution.into(),
            parameter(&projection.delay).into(),
        ]);
    }
    table
}

fn parameter(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Constant(value) => {
            format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Parameter::Drawn(Distribution::Uniform { low, high }) => format!("{low} to {high}"),
        Parameter::Drawn(Distribution::Normal { mean, sd }) => format!("{mean} ± {sd}"),
        Parameter::Drawn(Distribution::Lognormal { mean, sd }) => {
            format!("{mean} ± {sd}, log-normal")
        }
    }
}
