//! The studies of plasticity as calls: results in memory, stopped at any unit and continued, damaged
//! units made again, units of other settings refused.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use equipoise_plasticity::hebb::{Cell, Criterion};
use equipoise_studies::hebb::{HebbSettings, HebbStudy, NetworkSettings, OneNetwork};
use equipoise_studies::stimulation::{
    Associate, AssociateSettings, Controllability, ControllabilitySettings, Structure,
    StructureSettings,
};
use equipoise_studies::{Context, Event, Memory, Observer, Settings, Store, Study, StudyError};

/// Stops after so many steps of progress, and keeps remarks.
struct Witness {
    left: AtomicUsize,
    remarks: Mutex<Vec<String>>,
}

impl Witness {
    fn stopping_after(steps: usize) -> Self {
        Self { left: AtomicUsize::new(steps), remarks: Mutex::default() }
    }

    fn patient() -> Self {
        Self::stopping_after(usize::MAX)
    }

    fn remarks(&self) -> usize {
        self.remarks.lock().unwrap().len()
    }
}

impl Observer for Witness {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Remark(text) => self.remarks.lock().unwrap().push((*text).to_owned()),
            Event::Progress { .. } => {
                let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    Some(left.saturating_sub(1))
                });
            }
            _ => {}
        }
        if self.left.load(Ordering::Relaxed) == 0 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn run<S: Study<Inputs = ()>>(
    settings: &S::Settings,
    watch: &Witness,
    memory: &Memory,
) -> Result<S::Results, StudyError> {
    S::run(settings, &(), &Context::new(watch, memory))
}

/// All files of a store but the timings, which are of the moment.
fn files(memory: &Memory) -> Vec<(String, Vec<u8>)> {
    memory
        .names()
        .into_iter()
        .filter(|name| !name.starts_with("timings"))
        .map(|name| {
            let bytes = memory.read(&name).unwrap().unwrap();
            (name, bytes)
        })
        .collect()
}

/// Runs a study whole, then stopped after every few steps and continued on another number of
/// threads, then with damaged units, then with units of other settings.
fn endures<S: Study<Inputs = ()>>(settings: &S::Settings, other: &S::Settings) -> S::Results
where
    S::Settings: Sync,
    S::Results: Send + PartialEq + std::fmt::Debug,
{
    settings.validate().unwrap();
    let whole = Memory::default();
    let results = run::<S>(settings, &Witness::patient(), &whole).unwrap();
    let html = S::report(&results).to_html();
    assert!(!S::summary(&results).is_empty() && html.contains("</html>"));
    // The report is a function of the results, also of those that were written and read.
    let text = serde_json::to_string(&results).unwrap();
    let read: S::Results = serde_json::from_str(&text).unwrap();
    assert_eq!(S::report(&read).to_html(), html);

    let parts = Memory::default();
    let mut stops = 0;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    loop {
        let watch = Witness::stopping_after(2 + stops);
        match pool.install(|| run::<S>(settings, &watch, &parts)) {
            Ok(continued) => {
                assert_eq!(continued, results);
                break;
            }
            Err(StudyError::Stopped) => stops += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(stops < 1000, "the study never ends");
    }
    assert!(stops > 0, "the study was never stopped");
    assert_eq!(files(&parts), files(&whole));

    // Every third unit is damaged, each in another way.
    let units: Vec<String> = whole.names().into_iter().filter(|n| n.ends_with(".json")).collect();
    let mut damaged = 0;
    for (number, name) in units.iter().enumerate().filter(|(number, _)| number % 3 == 0) {
        if name.starts_with("timings") {
            continue;
        }
        let mut bytes = parts.read(name).unwrap().unwrap();
        match number % 4 {
            0 => bytes.truncate(bytes.len() / 2),
            1 => bytes.clear(),
            _ => {
                let middle = bytes.len() * 3 / 4;
                bytes[middle] ^= 1;
            }
        }
        parts.write(name, &bytes).unwrap();
        damaged += 1;
    }
    let watch = Witness::patient();
    assert_eq!(run::<S>(settings, &watch, &parts).unwrap(), results);
    assert_eq!(watch.remarks(), damaged, "{:?}", watch.remarks.lock().unwrap());
    assert_eq!(files(&parts), files(&whole));

    let refused = run::<S>(other, &Witness::patient(), &parts);
    assert!(matches!(refused, Err(StudyError::MadeFromOther { .. })));
    results
}

fn small_hebb() -> HebbSettings {
    let mut settings = HebbSettings {
        criterion_runs: 30,
        screening_runs: 4,
        variant_runs: 20,
        ..HebbSettings::default()
    };
    settings.study.seeds = 3;
    (settings.study.hebb.neurons, settings.study.hebb.max_epochs) = (2, 400);
    settings
}

#[test]
fn the_hebb_study_endures() {
    let settings = small_hebb();
    let results = endures::<HebbStudy>(&settings, &HebbSettings { seed: 1, ..settings.clone() });
    // Two mappings, four allotments of inputs, four of hidden neurons, three seeds.
    assert_eq!(results.main.runs, 2 * 16 * 3);
    assert_eq!(results.main.summary.converged().trials, 96);
    assert_eq!(results.criteria.len(), Criterion::ALL.len());
    for (_, part) in &results.criteria {
        assert!(part.summary.cells.values().all(|runs| runs.converged.trials == 30));
    }
    // Theory: two excitatory inputs have one code, so no map is ever shown.
    let confused = |cell: &Cell| cell.inhibitory_inputs == 0;
    for (_, runs) in results.main.summary.cells.iter().filter(|(cell, _)| confused(cell)) {
        assert_eq!(runs.converged.successes, 0);
    }
    let theory = results.theory.unwrap();
    assert_eq!((theory.codes_not_all_up, theory.inputs_told_apart), (0, 0));
}

#[test]
fn one_network_endures() {
    let settings = NetworkSettings {
        types: "III|III|EEE".into(),
        mapping: "2-0-1".into(),
        hebb: equipoise_plasticity::hebb::HebbConfig { neurons: 3, ..Default::default() },
        ..NetworkSettings::default()
    };
    let memory = Memory::default();
    let results = run::<OneNetwork>(&settings, &Witness::patient(), &memory).unwrap();
    assert_eq!(results.dynamics.trace.weights.len(), 201);
    assert_eq!(results.weights.len(), 18);
    assert_eq!(memory.names(), ["network.json", "trace.csv"]);
    let again = run::<OneNetwork>(&settings, &Witness::patient(), &memory).unwrap();
    assert_eq!(again, results);
    // One neuron a layer has no other output, and no number stands for it.
    let mut tiny = NetworkSettings::default();
    tiny.hebb.neurons = 1;
    let memory = Memory::default();
    let results = run::<OneNetwork>(&tiny, &Witness::patient(), &memory).unwrap();
    let watch = Witness::patient();
    assert_eq!(run::<OneNetwork>(&tiny, &watch, &memory).unwrap(), results);
    assert_eq!(watch.remarks(), 0);
}

#[test]
fn the_associative_task_endures() {
    let mut settings = AssociateSettings {
        networks: 2,
        durations: vec![0.05],
        noises: vec![0.05],
        parameter_errors: vec![0.1],
        ..AssociateSettings::default()
    };
    settings.training.budget = 3;
    let other = AssociateSettings { substeps: 2, ..settings.clone() };
    let results = endures::<Associate>(&settings, &other);
    assert_eq!(results.trainings.summaries.len(), 10);
    assert_eq!(results.trainings.full.len(), 2);
    for result in &results.trainings.full {
        let costs: Vec<f64> = result.records.iter().map(|r| r.assessment.cost).collect();
        assert!(costs.windows(2).all(|pair| pair[1] < pair[0]), "{costs:?}");
        let states = result.records.iter().flat_map(|r| &r.assessment.states);
        assert!(states.clone().all(|s| s.residual <= 1e-12 && s.spectral_abscissa < 0.0));
    }
}

#[test]
fn the_structural_task_endures() {
    let mut settings =
        StructureSettings { networks: 2, durations: vec![0.1], ..StructureSettings::default() };
    settings.training.budget = 3;
    let results =
        endures::<Structure>(&settings, &StructureSettings { seed: 1, ..settings.clone() });
    // The target is a ring attractor: it holds a bump at all of four places a neuron.
    assert_eq!(results.target.len(), 64);
    assert!(results.target.iter().all(|bump| bump.held && bump.drift.abs() < 0.05));
    assert_eq!(results.bumps.len(), 2);
    for result in &results.trainings.full {
        assert!(result.last().unwrap().assessment.cost < result.records[0].assessment.cost);
    }
}

#[test]
fn controllability_endures() {
    let settings = ControllabilitySettings {
        networks: 2,
        sizes: vec![30, 36],
        densities: vec![0.2],
        stimulations: 3,
        timed_sizes: vec![30],
        ..ControllabilitySettings::default()
    };
    let mut other = settings.clone();
    other.control.duration = 0.05;
    let memory = Memory::default();
    let results = run::<Controllability>(&settings, &Witness::patient(), &memory).unwrap();
    assert_eq!(results.analysed.len(), 6);
    for found in &results.analysed {
        assert!(found.rank <= found.neurons);
        for (k, &dimension) in found.dimensions.iter().enumerate() {
            assert!(dimension <= found.synapses.min((k + 1) * found.neurons));
        }
        assert!(found.shares.windows(2).all(|w| w[1] >= w[0] - 1e-12));
    }
    let again = run::<Controllability>(&settings, &Witness::patient(), &memory).unwrap();
    assert_eq!(again, results);
    // Times are in files of their own: another run differs in nothing else.
    let second = Memory::default();
    let other_times = run::<Controllability>(&settings, &Witness::patient(), &second).unwrap();
    assert_eq!(files(&second), files(&memory));
    let html = |results| Controllability::report(results).to_html();
    assert_eq!(html(&other_times), html(&results));
    let refused = run::<Controllability>(&other, &Witness::patient(), &memory);
    assert!(matches!(refused, Err(StudyError::MadeFromOther { .. })));
}

#[test]
fn extreme_settings_are_refused_with_their_key() {
    for n in [1 << 40, 1 << 62, usize::MAX] {
        let hebb = |change: &dyn Fn(&mut HebbSettings)| {
            let mut settings = small_hebb();
            change(&mut settings);
            settings.validate().unwrap_err()
        };
        assert!(hebb(&|s| s.criterion_runs = n).contains("criterion_runs"));
        assert!(hebb(&|s| s.screening_runs = n).contains("screening_runs"));
        assert!(hebb(&|s| s.variant_runs = n).contains("variant_runs"));
        assert!(hebb(&|s| s.variant_edges = n).contains("variant_edges"));
        assert!(hebb(&|s| s.kept_seeds = n).contains("kept_seeds"));
        assert!(hebb(&|s| s.kept_epochs = n).contains("kept_epochs"));
        assert!(hebb(&|s| s.study.seeds = n).contains("seeds"));
        let trace = NetworkSettings { trace_epochs: n, ..Default::default() };
        assert!(trace.validate().unwrap_err().contains("trace_epochs"));
        let many = AssociateSettings { networks: n as u64, ..Default::default() };
        assert!(many.validate().unwrap_err().contains("networks"));
        let fine = AssociateSettings { substeps: n, ..Default::default() };
        assert!(fine.validate().unwrap_err().contains("substeps"));
        let large = ControllabilitySettings { sizes: vec![n], ..Default::default() };
        assert!(large.validate().unwrap_err().contains("neurons"));
        let long = ControllabilitySettings { stimulations: n, ..Default::default() };
        assert!(long.validate().unwrap_err().contains("stimulations"));
    }
}
