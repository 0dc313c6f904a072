//! A training that is stopped, and goes on.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use equipoise_decoder::classifier::Optimizer;
use equipoise_report::{RunDir, RunInfo};

use super::*;
use crate::classification::data::DataSettings;
use crate::classification::settings::NetworkSettings;
use crate::{Event, Observer};

fn sets() -> Sets {
    let data = DataSettings {
        dataset: "synthetic-digits".into(),
        train: Some(96),
        test: Some(40),
        ..DataSettings::default()
    };
    data.open(Path::new("/no/data/here"), 3).unwrap()
}

fn plan(sets: &Sets) -> Plan {
    let network = NetworkSettings {
        hidden: Some(16),
        batch: Some(32),
        epochs: Some(4),
        sigma_1: Some(0.01),
        noise: Some(0.3),
        ..NetworkSettings::default()
    };
    Plan {
        key: "trials/x".into(),
        config: ClassifierConfig {
            optimizer: Optimizer::adam(0.01),
            ..network.resolve(sets.facts.kind, 0.8)
        },
        seed: 5,
        distances: DistanceSettings { samples: 10, tau: 1.0 },
        model: Some("x.safetensors".into()),
        between_states: Duration::ZERO,
    }
}

fn run_dir(path: &Path) -> RunDir {
    let (info, config) = (RunInfo::new("test", "0", 0), toml::Table::new());
    match path.exists() {
        true => RunDir::resume(path, &info, Some(&config)).unwrap(),
        false => RunDir::create(Some(path), &info, &config).unwrap(),
    }
}

/// Stops the study at the n-th question whether to go on.
struct StopAt(std::sync::atomic::AtomicU64, u64);

impl Observer for StopAt {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        if !matches!(event, Event::Poll) {
            return ControlFlow::Continue(());
        }
        let asked = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if asked >= self.1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn stopped_at_any_update_it_goes_on_to_the_same_bits() {
    let base = tempfile::tempdir().unwrap();
    let sets = sets();
    let plan = plan(&sets);
    let whole = run_dir(&base.path().join("whole"));
    let context = Context::new(crate::Silent, &whole);
    let expected = plan.run(&sets, &context, &mut |_, _| Ok(())).unwrap();
    assert_eq!(expected.records.len(), 5);
    let model = context.read(expected.model.as_ref().unwrap()).unwrap();
    // Three updates in each of four epochs.
    for stop_at in 0..12 {
        let dir = base.path().join(format!("{stop_at}"));
        let observer = StopAt(0.into(), stop_at);
        let stopped = plan.run(&sets, &Context::new(&observer, run_dir(&dir)), &mut |_, _| Ok(()));
        assert!(matches!(stopped, Err(StudyError::Stopped)), "update {stop_at}");
        let again = run_dir(&dir);
        let context = Context::new(crate::Silent, &again);
        assert_eq!(plan.stored(&sets, &context).unwrap(), None);
        let (first, total) = (Cell::new(None), Cell::new(0));
        let found = plan
            .run(&sets, &context, &mut |epochs, record| {
                first.set(first.get().or(Some(record.epoch)));
                total.set(total.get() + epochs);
                Ok(())
            })
            .unwrap();
        assert!(found == expected, "update {stop_at}");
        assert!(context.read(found.model.as_ref().unwrap()).unwrap() == model);
        // It went on where it was, and every epoch was counted once.
        assert_eq!((first.get(), total.get()), (Some(stop_at as usize / 3), 4), "{stop_at}");
        assert_eq!(plan.stored(&sets, &context).unwrap(), Some(found));
        assert!(context.load_checkpoint(&plan.key, &plan.identity(&sets)).unwrap().is_none());
    }
}

#[test]
fn a_loss_that_is_no_number_ends_the_training_and_not_the_study() {
    let sets = sets();
    let mut plan = plan(&sets);
    plan.config = ClassifierConfig {
        optimizer: Optimizer::Sgd { learning_rate: 1e38 },
        batch: 32,
        epochs: 4,
        ..ClassifierConfig::unbounded()
    };
    let context = Context::default();
    let result = plan.run(&sets, &context, &mut |_, _| Ok(())).unwrap();
    assert!(result.ending.reason().is_some());
    assert!(result.after.is_none() && result.model.is_none());
    assert_eq!(plan.stored(&sets, &context).unwrap(), Some(result));
}
