//! Tables of one training.

use equipoise_decoder::classifier::{ClassifierConfig, Hardware, Operations, TypeBalance};
use equipoise_metrics::van_rossum::GroupMeans;
use equipoise_report::{Cell, Column, Table};

use super::measure::Measured;
use super::trial::TrialResult;
use crate::{Metrics, schema};

/// A number where there is one.
pub fn optional(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, Cell::from)
}

/// One row an epoch.
pub fn epochs(trial: &TrialResult) -> Table {
    let measured_on = trial.data.measured_on.label();
    let mut table = Table::new(&format!(
        "Training, epoch by epoch (epoch 0 is before training); rates on {}",
        trial.data.grid()
    ))
    .column(Column::integer("epoch"))
    .column(Column::number("training loss"))
    .column(Column::percent("training accuracy", 2))
    .column(Column::number(&format!("{measured_on} loss")))
    .column(Column::percent(&format!("{measured_on} accuracy"), 2))
    .column(Column::number("hidden rate").unit("Hz"))
    .column(Column::number("excitatory rate").unit("Hz"))
    .column(Column::number("inhibitory rate").unit("Hz"))
    .column(Column::number("excitatory spikes").unit("%"));
    for r in &trial.records {
        let activity = &r.test.activity;
        table.row([
            r.epoch.into(),
            optional(r.train_loss),
            optional(r.train_accuracy),
            r.test.loss.into(),
            r.test.accuracy.into(),
            activity.rate.into(),
            optional(activity.excitatory_rate),
            optional(activity.inhibitory_rate),
            optional(activity.excitatory_percent),
        ]);
    }
    table
}

/// Accuracy, activity and distances of each class.
pub fn classes(trial: &TrialResult) -> Table {
    let mut table = Table::new(&format!("Each class; rates on {}", trial.data.grid()))
        .column(Column::text("class"))
        .column(Column::percent("accuracy", 1))
        .column(Column::number("rate before").unit("Hz"))
        .column(Column::number("rate after").unit("Hz"))
        .column(Column::number("excitatory spikes before").unit("%"))
        .column(Column::number("excitatory spikes after").unit("%"))
        .column(Column::number("van Rossum distance before").decimals(3))
        .column(Column::number("van Rossum distance after").decimals(3));
    let (Some(first), Some(last)) = (trial.records.first(), trial.records.last()) else {
        return table;
    };
    let accuracy = last.test.class_accuracy();
    for (c, name) in trial.data.classes.iter().enumerate() {
        let (before, after) = (&first.test.class_activity[c], &last.test.class_activity[c]);
        let distance = |m: &Measured| m.van_rossum_classes.get(c).and_then(|d| d.all);
        table.row([
            name.as_str().into(),
            optional(accuracy.get(c).copied().flatten()),
            before.rate.into(),
            after.rate.into(),
            optional(before.excitatory_percent),
            optional(after.excitatory_percent),
            optional(distance(&trial.before)),
            optional(trial.after.as_ref().and_then(distance)),
        ]);
    }
    table
}

/// The weights by matrix and type of source, before and after.
pub fn weights(trial: &TrialResult) -> Table {
    let mut table = Table::new("Weights by matrix and by the type of the neuron they come from")
        .column(Column::text("matrix"))
        .column(Column::text("source"))
        .column(Column::text("when"))
        .column(Column::integer("weights"))
        .column(Column::percent("positive", 1))
        .column(Column::percent("zero", 1))
        .column(Column::percent("negative", 1))
        .column(Column::number("mean"))
        .column(Column::number("SD"))
        .column(Column::number("smallest"))
        .column(Column::number("largest"));
    let moments = [("before", Some(&trial.before)), ("after", trial.after.as_ref())];
    for (when, measured) in moments {
        for w in measured.map_or(&[][..], |m| &m.weights) {
            table.row([
                w.matrix.as_str().into(),
                w.source.as_str().into(),
                when.into(),
                w.weights.into(),
                w.positive.into(),
                w.zero.into(),
                w.negative.into(),
                w.mean.into(),
                w.standard_deviation.into(),
                w.minimum.into(),
                w.maximum.into(),
            ]);
        }
    }
    table
}

/// Mean distances by the types of the pair, before and after.
pub fn distances(trial: &TrialResult) -> Table {
    let mut table = Table::new("Mean van Rossum distance between hidden neurons")
        .column(Column::text("pairs"))
        .column(Column::number("before training").decimals(3))
        .column(Column::number("after training").decimals(3));
    let parts = |m: &GroupMeans| [m.excitatory, m.mixed, m.inhibitory, m.all];
    let before = parts(&trial.before.van_rossum);
    let after = trial.after.as_ref().map_or([None; 4], |m| parts(&m.van_rossum));
    let names = ["E–E", "E–I", "I–I", "all"];
    for (name, (before, after)) in names.into_iter().zip(before.into_iter().zip(after)) {
        table.row([name.into(), optional(before), optional(after)]);
    }
    table
}

/// The excitation and inhibition of the hidden neurons, before and after training.
pub fn balance(trial: &TrialResult) -> Table {
    let mut table = Table::new("Excitation and inhibition of the hidden neurons")
        .column(Column::text("neurons"))
        .column(Column::text("when"))
        .column(Column::number("rate").unit("Hz").decimals(1))
        .column(Column::number("excitation").unit("thresholds").decimals(2))
        .column(Column::number("inhibition").unit("thresholds").decimals(2))
        .column(Column::number("I / E").key("ratio").decimals(2))
        .column(Column::number("net").unit("thresholds").decimals(2))
        .column(Column::number("correlation").decimals(2))
        .column(Column::number("lag").unit("ms").decimals(1))
        .column(Column::number("between neurons").decimals(2))
        .column(Column::number("CV").key("cv").decimals(2))
        .column(Column::number("LV").key("lv").decimals(2))
        .column(Column::number("conductance / leak").key("conductance").decimals(2))
        .note(
            "Means over neurons and time, as the potential that an input would hold: 1 is the \
             threshold. The correlation is over time, of a neuron's excitation with its inhibition at \
             the lag where it is largest (positive: inhibition follows); between neurons, of its \
             excitation with the inhibition of the next.",
        );
    let moments = [("before", Some(&trial.before)), ("after", trial.after.as_ref())];
    for (when, measured) in moments {
        let Some(found) = measured.and_then(|m| m.balance.as_ref()) else { continue };
        let types = [("excitatory", &found.excitatory), ("inhibitory", &found.inhibitory)];
        for (name, found) in types {
            let Some(found) = found else { continue };
            let TypeBalance { rate, excitation, inhibition, ratio, net, .. } = *found;
            table.row([
                name.into(),
                when.into(),
                rate.into(),
                excitation.into(),
                inhibition.into(),
                optional(ratio),
                net.into(),
                optional(found.correlation),
                optional(found.lag),
                optional(found.between),
                optional(found.cv),
                optional(found.local_variation),
                optional(found.conductance),
            ]);
        }
    }
    table
}

/// The numbers of [`balance`] of excitatory neurons, or of inhibitory ones if there is no other, for
/// tables of many runs.
pub fn balance_metrics(metrics: &mut Metrics, trial: &TrialResult) {
    let moments = [("before", Some(&trial.before)), ("after", trial.after.as_ref())];
    for (when, measured) in moments {
        let balance = measured.and_then(|m| m.balance.as_ref());
        let Some(found) = balance.and_then(|b| b.main()) else { continue };
        metrics.put(format!("excitation_{when}"), found.excitation);
        metrics.put(format!("inhibition_{when}"), found.inhibition);
        metrics.put_some(format!("balance_correlation_{when}"), found.correlation);
        metrics.put_some(format!("cv_{when}"), found.cv);
    }
}

/// What an answer of a trained network costs on hardware, in words.
pub fn operations(operations: &Operations) -> String {
    let Operations { events, spikes, accumulates, dense, neuron_updates, .. } = operations;
    format!(
        "An answer takes {events:.0} input events, {spikes:.0} hidden spikes, {accumulates:.0} \
         accumulates and {neuron_updates:.0} updates of neurons; a dense computation of all steps \
         would take {dense:.0} multiplications. {:.2} % of the hidden neurons' outputs are no spike.",
        100.0 * operations.activation_sparsity
    )
}

/// What a trained network is with weights of few bits.
pub fn hardware(hardware: &Hardware, accuracy: f64) -> Table {
    let Hardware { operations, quantized } = hardware;
    let mut table = Table::new("The trained network with weights of few bits")
        .column(Column::integer("bits of a weight"))
        .column(Column::percent("accuracy", 2))
        .column(Column::integer("memory").unit("bytes"))
        .column(Column::number("accumulates per answer").decimals(0))
        .column(Column::percent("weights of 0", 1))
        .note(
            "32 bits are the weights as trained. With fewer, each matrix has one scale, symmetric \
             about 0, which is chosen by the weights alone. An accumulate is a weight other than 0 \
             that is added for an event or a spike (NeuroBench's effective accumulates).",
        );
    let mut row = |bits: u32, accuracy: f64, accumulates: f64, zeros: f64| {
        let bytes = operations.footprint(bits) as usize;
        let bits = bits as usize;
        table.row([bits.into(), accuracy.into(), bytes.into(), accumulates.into(), zeros.into()]);
    };
    row(32, accuracy, operations.accumulates, operations.connection_sparsity);
    for q in quantized {
        row(q.bits, q.accuracy, q.accumulates, q.connection_sparsity);
    }
    table
}

/// The numbers of [`operations`] and [`hardware`], for tables of many runs.
pub fn hardware_metrics(metrics: &mut Metrics, hardware: &Hardware) {
    let Hardware { operations, quantized } = hardware;
    metrics.put("spikes_per_answer", operations.spikes);
    metrics.put("accumulates_per_answer", operations.accumulates);
    metrics.put("activation_sparsity", operations.activation_sparsity);
    metrics.put("connection_sparsity", operations.connection_sparsity);
    for q in quantized {
        metrics.put(format!("accuracy_{}_bits", q.bits), q.accuracy);
    }
}

/// The parameters of networks and trainings, each with its name.
pub fn parameters(networks: &[(&str, &ClassifierConfig)]) -> Table {
    schema::parameters("Parameters of network and training", networks)
        .note("The defaults are those published for Fashion-MNIST at 80:20.")
}
