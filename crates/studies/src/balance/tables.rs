//! Tables of a diagnosis.

use equipoise_encoder::balance::{Criteria, Diagnosis, Dynamics, Evidence, Verdict};
use equipoise_encoder::network::Probe;
use equipoise_report::{Cell, Column, Table};

use super::diagnosis::{Condition, mean_evidence};

/// The numbers of each network.
pub(super) fn numbers(conditions: &[Condition]) -> Table {
    type Value = fn(&Diagnosis) -> Option<f64>;
    let rows: [(&str, Value); 18] = [
        ("rate (Hz)", |d| Some(d.rate_hz)),
        ("rate of excitatory neurons (Hz)", |d| Some(d.excitatory_rate_hz)),
        ("rate of inhibitory neurons (Hz)", |d| Some(d.inhibitory_rate_hz)),
        ("mean-field rate (Hz)", |d| d.mean_field_rate_hz),
        ("excitatory input (mV)", |d| Some(d.excitation)),
        ("inhibitory input (mV)", |d| Some(d.inhibition)),
        ("net input (mV)", |d| Some(d.net)),
        ("inhibition over excitation", |d| Some(d.inhibition_over_excitation)),
        ("net over excitation", |d| Some(d.net_over_excitation)),
        ("correlation of excitation and inhibition", |d| d.input_correlation),
        ("CV, mean over neurons", |d| d.irregularity.cv.mean),
        ("CV, median", |d| d.irregularity.cv.median),
        ("local variation, mean", |d| d.irregularity.local_variation.mean),
        ("Fano factor, mean", |d| d.fano.mean),
        ("synchrony index chi", |d| d.synchrony.map(|s| s.chi)),
        ("count correlation, mean over pairs", |d| d.count_correlations.mean),
        ("count correlation, lower quartile", |d| d.count_correlations.pairs.lower_quartile),
        ("count correlation, upper quartile", |d| d.count_correlations.pairs.upper_quartile),
    ];
    let mut table = Table::new("Diagnosis").column(Column::text("quantity"));
    for condition in conditions {
        table = table.column(Column::number(&condition.name()).decimals(3));
    }
    for (name, value) in rows {
        let cells = conditions.iter().map(|c| number(value(&c.diagnosis)));
        table.row(std::iter::once(Cell::from(name)).chain(cells));
    }
    table
}

/// Further measures of the recording that each condition's numbers are of.
pub(super) fn dynamics(conditions: &[Condition]) -> Table {
    type Value = fn(&Dynamics) -> Option<f64>;
    let rows: [(&str, Value); 18] = [
        ("tight balance: correlation at the best lag", |d| d.tight?.correlation.mean),
        ("tight balance: that lag, median (ms)", |d| d.tight?.lag_ms.median),
        ("tight balance: correlation with the inhibition of another", |d| d.tight?.between.mean),
        ("loose balance: correlation", |d| d.loose?.correlation.mean),
        ("correlation of mean inputs over neurons", |d| d.tight?.over_neurons),
        ("avalanches", |d| Some(d.avalanches?.count as f64)),
        ("avalanches: bin (ms)", |d| Some(d.avalanches?.bin_ms)),
        ("avalanches: threshold (spikes of a bin)", |d| Some(d.avalanches?.threshold.into())),
        ("exponent of sizes", |d| Some(d.avalanches?.exponents?.size.exponent)),
        ("exponent of durations", |d| Some(d.avalanches?.exponents?.duration.exponent)),
        ("growth of size with duration", |d| Some(d.avalanches?.exponents?.growth)),
        ("growth by the scaling relation", |d| Some(d.avalanches?.exponents?.predicted_growth)),
        ("branching ratio of 1 ms", |d| Some(d.branching?.ratio)),
        ("branching ratio, lower end of the 95 % interval", |d| d.branching?.low),
        ("branching ratio, upper end of the 95 % interval", |d| d.branching?.high),
        ("time over which activity decays (ms)", |d| Some(d.branching?.timescale_ms)),
        ("DFA exponent of the population rate", |d| Some(d.fei.as_ref()?.dfa_exponent)),
        ("fE/I (none where the DFA exponent is not above 0.6)", |d| {
            d.fei.as_ref().filter(|fei| fei.valid).map(|fei| fei.ratio)
        }),
    ];
    let mut table = Table::new("Further measures").column(Column::text("quantity"));
    for condition in conditions {
        table = table.column(Column::number(&condition.name()).decimals(3));
    }
    for (name, value) in rows {
        let cells = conditions.iter().map(|c| number(c.dynamics.as_ref().and_then(value)));
        table.row(std::iter::once(Cell::from(name)).chain(cells));
    }
    for condition in conditions {
        for missing in condition.dynamics.iter().flat_map(|d| &d.missing) {
            table = table.note(&format!(
                "{}: no {}: {}.",
                condition.name(),
                missing.measure,
                missing.why
            ));
        }
    }
    table
}

/// Each criterion with what was found of each network, by its name.
pub(crate) fn reasons<'a>(verdicts: impl IntoIterator<Item = (String, &'a Verdict)>) -> Table {
    let mut table = Table::new("Criteria of balance")
        .column(Column::text("network"))
        .column(Column::text("criterion"))
        .column(Column::number("found").decimals(3))
        .column(Column::text("bound"))
        .column(Column::text("met"));
    for (name, verdict) in verdicts {
        for reason in &verdict.reasons {
            table.row([
                name.as_str().into(),
                reason.criterion.as_str().into(),
                number(reason.value),
                bound(reason.at_least, reason.bound).into(),
                if reason.met { "yes" } else { "no" }.into(),
            ]);
        }
    }
    table
}

/// The criteria with the reason for each.
pub(crate) fn criteria(criteria: &Criteria) -> Table {
    let mut table = Table::new("Why these criteria")
        .column(Column::text("criterion"))
        .column(Column::text("bound"))
        .column(Column::text("reason"))
        .column(Column::text("source"));
    for note in criteria.notes() {
        table.row([
            note.criterion.into(),
            bound(note.at_least, note.bound).into(),
            note.why.into(),
            note.source.into(),
        ]);
    }
    table
}

/// What was measured while images were shown: the mean over the images of each data set.
pub(super) fn data_sets(conditions: &[Condition]) -> Table {
    let table = Table::new("State of each network, mean over the images")
        .column(Column::text("data set"))
        .column(Column::text("regime"))
        .column(Column::integer("images"))
        .column(Column::integer("balanced images"));
    let mut table = state_columns(table);
    for condition in conditions.iter().filter(|condition| !condition.images.is_empty()) {
        let balanced = condition.images.iter().filter(|i| i.verdict.balanced).count();
        let first: [Cell; 4] = [
            condition.dataset.as_deref().unwrap_or_default().into(),
            condition.case.name.as_str().into(),
            (condition.images.len() as i64).into(),
            (balanced as i64).into(),
        ];
        let state = condition.verdict.state.label();
        table.row(first.into_iter().chain(state_cells(&mean_evidence(&condition.images), state)));
    }
    table
}

/// What was measured while each image was shown.
pub(super) fn images(conditions: &[Condition]) -> Table {
    let table = Table::new("State of each network with each image")
        .column(Column::text("data set"))
        .column(Column::text("regime"))
        .column(Column::integer("image"))
        .column(Column::text("class"));
    let mut table = state_columns(table)
        .note("The number of an image is its place in the training part of the data set.");
    for condition in conditions {
        for image in &condition.images {
            let first: [Cell; 4] = [
                condition.dataset.as_deref().unwrap_or_default().into(),
                condition.case.name.as_str().into(),
                (image.index as i64).into(),
                image.class.as_str().into(),
            ];
            let state = image.verdict.state.label();
            table.row(first.into_iter().chain(state_cells(&image.evidence, state)));
        }
    }
    table
}

fn state_columns(table: Table) -> Table {
    table
        .column(Column::number("rate").unit("Hz").decimals(2))
        .column(Column::number("CV").decimals(3))
        .column(Column::number("excitation").unit("mV").decimals(2))
        .column(Column::number("inhibition over excitation").decimals(3))
        .column(Column::number("net input over threshold").decimals(3))
        .column(Column::number("synchrony index").decimals(3))
        .column(Column::text("state"))
}

fn state_cells(evidence: &Evidence, state: &str) -> [Cell; 7] {
    let (excitation, inhibition) = (evidence.excitation_mv, evidence.inhibition_mv);
    let cancelled = (excitation > 0.0).then(|| -inhibition / excitation);
    [
        evidence.rate_hz.into(),
        number(evidence.cv),
        excitation.into(),
        number(cancelled),
        ((excitation + inhibition) / evidence.threshold_mv).into(),
        number(evidence.synchrony),
        state.into(),
    ]
}

/// Potential and inputs of the recorded neurons.
pub(super) fn traces(probe: &Probe) -> Table {
    let mut table = Table::new("Potentials and inputs")
        .column(Column::integer("neuron"))
        .column(Column::number("time").unit("ms").decimals(3))
        .column(Column::number("potential").unit("mV").decimals(4))
        .column(Column::number("excitatory input").unit("mV").decimals(4))
        .column(Column::number("inhibitory input").unit("mV").decimals(4));
    for (k, &neuron) in probe.neurons().iter().enumerate() {
        let inputs = probe.excitatory(k).iter().zip(probe.inhibitory(k));
        for (sample, (&v, (&e, &i))) in probe.potential(k).iter().zip(inputs).enumerate() {
            table.row([
                Cell::Integer(neuron as i64),
                ((sample + 1) as f64 * probe.sample_ms()).into(),
                f64::from(v).into(),
                f64::from(e).into(),
                f64::from(i).into(),
            ]);
        }
    }
    table
}

fn bound(at_least: bool, bound: f64) -> String {
    format!("{} {bound}", if at_least { "at least" } else { "at most" })
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, Cell::from)
}
