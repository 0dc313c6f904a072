//! Runs a second of the Hebbian experiment: the complete enumeration of four neurons under the
//! plain rule, and networks that are simulated because a variant rules out the shared table.
//!
//! `cargo bench -p equipoise-plasticity --bench hebb`

#![allow(clippy::print_stdout)]

use std::time::Instant;

use equipoise_plasticity::hebb::{
    Criterion, Dale, Enumeration, HebbConfig, Lateral, OtherOutputs, Plan, StudyConfig, Trainer,
    Variants,
};
use equipoise_random::stream;

fn main() {
    for criterion in [Criterion::Exact, Criterion::Argmax, Criterion::TargetFires] {
        let hebb = HebbConfig { criterion, ..HebbConfig::default() };
        let start = Instant::now();
        let plan = Plan::new(&StudyConfig { hebb, ..StudyConfig::default() }, 0).expect("valid");
        let table = start.elapsed();
        let summary = plan.summary();
        report(&format!("N = 4 complete, plain, {criterion}"), plan.runs(), start);
        println!(
            "    table in {:.3} s; {} converged",
            table.as_secs_f64(),
            summary.converged().successes
        );
    }

    // The same runs, simulated epoch by epoch with cycles skipped, and without.
    let plan = Plan::new(&StudyConfig::default(), 0).expect("valid");
    let hebb = &plan.config().hebb;
    let trainer = |plan: &Plan, index: u64| {
        let run = plan.run_spec(index);
        let mut weights = stream(0, "plasticity/hebb/initial-weights", index);
        equipoise_plasticity::hebb::Network::random(hebb, &run.types, &mut weights)
            .map(|network| (run.mapping, network))
            .expect("the plan's runs fit")
    };
    let every = 97;
    let chosen = || (0..plan.runs()).step_by(every);
    let start = Instant::now();
    for index in chosen() {
        let (mapping, network) = trainer(&plan, index);
        std::hint::black_box(Trainer::new(hebb, &mapping, network).expect("fits").run());
    }
    report("the same, each network simulated, one thread", chosen().count() as u64, start);
    let start = Instant::now();
    let few = || (0..plan.runs()).step_by(10 * every);
    for index in few() {
        let (mapping, network) = trainer(&plan, index);
        let mut trainer = Trainer::new(hebb, &mapping, network).expect("fits");
        while trainer.epochs() < hebb.max_epochs && !trainer.epoch() {}
        std::hint::black_box(trainer.sums());
    }
    report("the same, and every epoch, one thread", few().count() as u64, start);

    let plain = Variants::default();
    for variants in [
        Variants { lateral: Lateral::WinnerTakesAll, ..plain },
        Variants { other_outputs: OtherOutputs::MinusOne, ..plain },
        Variants { centred: true, ..plain },
        Variants { dale: Dale::Clamp, ..plain },
        Variants { undirected: true, back_and_forth: true, ..plain },
        Variants { edges: 3, ..plain },
    ] {
        let config = StudyConfig {
            hebb: HebbConfig { variants, ..HebbConfig::default() },
            enumeration: Enumeration::Sample,
            runs_per_cell: 80,
            ..StudyConfig::default()
        };
        let plan = Plan::new(&config, 0).expect("valid");
        let start = Instant::now();
        std::hint::black_box(plan.summary());
        report(&format!("N = 4 sampled, {variants}"), plan.runs(), start);
    }
}

fn report(what: &str, runs: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {runs} runs in {seconds:.3} s, {:.0} runs/s", runs as f64 / seconds);
}
