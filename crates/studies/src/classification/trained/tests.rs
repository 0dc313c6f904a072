//! The study on samples that it draws itself.

use super::*;
use crate::classification::trained::comparison::{choices, slopes, training};
use crate::classification::trained::settings::{Inhibition, Start};
use equipoise_decoder::classifier::{InputBalance, SynapseModel};

fn tiny() -> TrainedSettings {
    let mut settings = TrainedSettings {
        repeats: 3,
        noise: vec![0.0],
        accuracy: 0.3,
        data: toml::from_str("dataset = 'synthetic-digits'\ntrain = 300\ntest = 100").unwrap(),
        ..TrainedSettings::default()
    };
    settings.network = toml::from_str(
        "hidden = 24\nepochs = 3\nbatch = 30\noptimizer = 'adam'\nlearning_rate = 0.01\nsigma_1 = 0.01",
    )
    .unwrap();
    settings
}

#[test]
fn networks_are_trained_and_measured() {
    let settings = tiny();
    let sets = Trained::open(&settings, Path::new(".")).unwrap();
    let context = Context::default();
    let found = Trained::run(&settings, &sets, &context).unwrap();
    assert_eq!(found.cells.len(), 3 * 2 * 3 * 2);
    for cell in &found.cells {
        let title = cell.condition.title();
        assert!(cell.finished && cell.accuracy.len() == 4, "{title}");
        let (start, end) = (cell.start().unwrap(), cell.end().unwrap());
        assert_eq!((start.neurons, end.neurons), (19, 19));
        let inhibited = cell.condition.inhibition != Inhibition::Outputs;
        let fires = |b: &Option<InputBalance>| {
            b.as_ref().and_then(|b| b.inhibitory.as_ref()).is_some_and(|i| i.rate > 0.0)
        };
        assert_eq!(start.inhibition > 0.0, inhibited && fires(&cell.before), "{title}");
        assert_eq!(end.inhibition > 0.0, inhibited && fires(&cell.after), "{title}");
        let conductances = cell.condition.synapses == SynapseModel::Conductance;
        assert_eq!(end.conductance.is_some(), conductances);
    }
    // Much of the excitation is cancelled from the first in a balanced start, where inhibitory
    // neurons fire, and little in the published one.
    let ratio = |start: Start| {
        let cells = found.cells.iter().filter(|c| {
            c.condition.start == start && c.condition.inhibition == Inhibition::Recurrent
        });
        let ratios: Vec<f64> = cells.filter_map(|c| c.start()?.ratio).collect();
        ratios.iter().sum::<f64>() / ratios.len() as f64
    };
    assert!(ratio(Start::Balanced) > 2.0 * ratio(Start::Published), "{}", ratio(Start::Balanced));
    // Some of them learn.
    let best = found.cells.iter().map(|c| c.score).fold(0.0, f64::max);
    assert!(best > 0.4, "{best}");
    assert_eq!(choices(&found).len(), (1 + 2 + 1) * 3);
    assert_eq!(training(&found).len(), 2 * 2 * 2 * 3);
    assert_eq!(slopes(&found).len(), 2 * 3);
    assert!(Trained::report(&found).to_html().contains("fluctuation-driven"));
    assert!(Trained::summary_within(&found, 80).lines().count() > 12);
    assert!(Trained::metrics(&found).iter().count() >= 2 + 12 * 3);
    // All units are in the store.
    assert_eq!(Trained::run(&settings, &sets, &context).unwrap(), found);
}

/// Numbers that are put in come out of the tests.
#[test]
fn choices_and_slopes_are_those_of_the_numbers() {
    let settings = tiny();
    let sets = Trained::open(&settings, Path::new(".")).unwrap();
    let mut found = Trained::run(&settings, &sets, &Context::default()).unwrap();
    for cell in &mut found.cells {
        let conductances = cell.condition.synapses == SynapseModel::Conductance;
        let repeat = 0.001 * cell.repeat as f64;
        cell.score = 0.5 + if conductances { 0.1 + repeat } else { 0.0 };
        if cell.condition.inhibition == Inhibition::Recurrent {
            cell.score += 0.03;
        }
        let score = cell.score;
        if let Some(end) = cell.after.as_mut().and_then(|b| b.excitatory.as_mut()) {
            // Accuracy rises by 50 points a unit.
            end.ratio = Some(2.0 * score);
        }
    }
    let of = |all: Vec<comparison::Tested>, what: &str| {
        all.into_iter()
            .find(|t| t.what.contains(what) && t.outcome.starts_with("accuracy"))
            .unwrap()
    };
    let synapses = of(choices(&found), "conductance instead of current");
    for (value, want) in synapses.values.iter().zip([10.0, 10.1, 10.2]) {
        assert!((value - want).abs() < 1e-9, "{value}");
    }
    assert!(synapses.is_told());
    let recurrent = of(choices(&found), "recurrent instead of outputs");
    assert!((recurrent.mean().unwrap() - 3.0).abs() < 1e-9);
    let start = of(choices(&found), "balanced instead of published");
    assert!(start.mean().unwrap().abs() < 1e-9 && !start.is_told());
    // Training is asked of each level of noise for itself.
    let noisy = found.cells.iter().map(|cell| {
        let condition = settings::Condition { noise: 0.5, ..cell.condition };
        let mut cell = TrainedCell { condition, ..cell.clone() };
        let rise = 0.2 + 0.01 * cell.repeat as f64;
        let begun = cell.start().and_then(|b| b.ratio);
        if let Some(end) = cell.after.as_mut().and_then(|b| b.excitatory.as_mut()) {
            end.ratio = begun.map(|ratio| ratio + rise);
        }
        cell
    });
    let noisy: Vec<TrainedCell> = noisy.collect();
    let mut both = found.clone();
    both.settings.noise.push(0.5);
    both.cells.extend(noisy);
    let changes = training(&both);
    assert_eq!(changes.len(), 2 * training(&found).len());
    for change in changes.iter().filter(|c| c.within == "noise 0.5" && c.outcome == "I / E") {
        for (value, want) in change.values.iter().zip([0.2, 0.21, 0.22]) {
            assert!((value - want).abs() < 1e-9, "{change:?}");
        }
        assert!(change.is_told());
    }
    // A membrane of 10 steps: beta = exp(-0.1), so that 20.02 times the leak is the most.
    let conductances = |c: &&mut TrainedCell| c.condition.synapses == SynapseModel::Conductance;
    for (k, cell) in found.cells.iter_mut().filter(conductances).enumerate() {
        for balance in [&mut cell.before, &mut cell.after] {
            if let Some(found) = balance.as_mut().and_then(|b| b.excitatory.as_mut()) {
                found.conductance = Some(if k == 1 { 20.1 } else { 19.9 });
            }
        }
    }
    assert_eq!(found.unstable(), 1);
    let slope = of(slopes(&found), "I / E");
    assert!(slope.values.iter().all(|s| (s - 50.0).abs() < 1e-6), "{:?}", slope.values);
}

#[test]
fn presets_make_sense_and_grow() {
    let of = |text: &str| toml::from_str::<TrainedSettings>(text).unwrap();
    let [smoke, quick, full] = [Trained::SMOKE, Trained::QUICK, Trained::FULL].map(of);
    for settings in [&smoke, &quick, &full] {
        settings.validate().unwrap();
    }
    let trainings = |s: &TrainedSettings| s.conditions().len() * s.repeats;
    assert!(trainings(&smoke) < trainings(&quick) && trainings(&quick) < trainings(&full));
    assert!(full.repeats >= 5);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let no = |change: &str, key: &str| {
        let settings: TrainedSettings = toml::from_str(change).unwrap();
        let reason = settings.validate().unwrap_err();
        assert!(reason.contains(key), "{reason}");
    };
    no("synapses = []", "synapses");
    no("noise = [0.1, 0.1]", "noise");
    no("ratios = [1.0]", "feed_forward_inhibition");
    no("[network]\nrecurrent = true", "network.recurrent");
    no("xi = 0", "initial.xi");
    no("accuracy = 1.5", "accuracy");
}
