//! What one step of training by stimulation costs, and how it grows with the network.
//!
//! `cargo bench -p equipoise-plasticity --bench stimulation -- 30 100 300 1000`; the NumPy
//! prototype's side is `scripts/peers/numpy_stimulation.py`. Set `RAYON_NUM_THREADS=1` for one
//! core.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Instant;

use equipoise_plasticity::stimulation::{
    AssociativeConfig, ControlConfig, Model, NetworkConfig, Objective, PlasticityRule,
    SimulatedPlant, StimulationCost, StimulationError, TrainingConfig, Transfer, Workspace, plan,
    train,
};

fn main() -> Result<(), StimulationError> {
    let mut sizes: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![30, 100, 300];
    }
    for n in sizes {
        let network = NetworkConfig::of_size(n).build(0)?;
        let transfer = Transfer::default();
        let task = AssociativeConfig::default().build(&network, &transfer, 0)?;
        let model = Model { network, transfer, rule: PlasticityRule::default() };
        let mut workspace = Workspace::new(n, task.states());

        let cost = StimulationCost {
            model: &model,
            objective: &task,
            rate_weight: 0.0,
            rate_range: (0.0, 1.0),
        };
        let mut gradient = vec![0.0; n + 1];
        let mut drive = vec![0.2; n];
        let repeats = (60_000 / (n * n)).max(3);
        cost.evaluate(&drive, 0.03, &mut workspace, &mut gradient)?;
        let start = Instant::now();
        for _ in 0..repeats {
            for (f, g) in drive.iter_mut().zip(&gradient) {
                *f -= 0.02 * g.signum();
            }
            black_box(cost.evaluate(&drive, 0.03, &mut workspace, &mut gradient)?);
        }
        let each = start.elapsed().as_secs_f64() / repeats as f64;

        let config = ControlConfig::default();
        let start = Instant::now();
        let planned = plan(&model, &task, &config, &mut workspace, None, 0, 0)?;
        println!(
            "N = {n:5}: one gradient {:10.1} us, one planned stimulation {:10.3} ms {:?}",
            1e6 * each,
            1e3 * start.elapsed().as_secs_f64(),
            planned.evaluations
        );
        if n <= 100 {
            let steps = 40;
            let config = TrainingConfig { budget: steps, ..TrainingConfig::default() };
            let mut plant = SimulatedPlant::new(model.network.clone(), transfer, config.rule);
            let start = Instant::now();
            let mut go = |_: &_| ControlFlow::Continue(());
            let result = train(&mut plant, &model.network, &task, &config, 0, &mut go)?;
            let count = result.stimulations.len() as f64;
            println!(
                "           the whole loop (infer, plan, stimulate, judge): {:.1} steps/s",
                count / start.elapsed().as_secs_f64()
            );
        }
    }
    Ok(())
}
