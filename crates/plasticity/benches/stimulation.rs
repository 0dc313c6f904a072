//! What one step of training by stimulation costs, and how it grows with the network.
//!
//! `cargo bench -p equipoise-plasticity --bench stimulation -- 30 100 300 1000`; the NumPy
//! prototype's side is `scripts/peers/numpy_stimulation.py`. Everything runs on one thread, and
//! times are those that the processor spent on it where the system tells them (Linux), so that a
//! loaded machine does not count.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Instant;

use equipoise_plasticity::stimulation::{
    AssociativeConfig, ControlConfig, Model, NetworkConfig, Objective, PlasticityRule,
    SimulatedPlant, StimulationCost, StimulationError, TrainingConfig, Transfer, Workspace, plan,
    train,
};

/// Seconds of processor time of this thread, or of the clock where the system does not say.
fn seconds(start: Instant) -> f64 {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = spent.and_then(|s| s.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |ns| 1e-9 * ns)
}

fn main() -> Result<(), StimulationError> {
    let mut sizes: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![30, 100, 300];
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|e| StimulationError::Plant(e.to_string()))?;
    pool.install(|| compare(&sizes))
}

fn compare(sizes: &[usize]) -> Result<(), StimulationError> {
    let began = Instant::now();
    let mut steps: Vec<(f64, f64, f64)> = Vec::new();
    for &n in sizes {
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
        let repeats = (2_000_000 / (n * n)).clamp(5, 2000);
        cost.evaluate(&drive, 0.03, &mut workspace, &mut gradient)?;
        let start = seconds(began);
        for _ in 0..repeats {
            for (f, g) in drive.iter_mut().zip(&gradient) {
                *f -= 0.02 * g.signum();
            }
            black_box(cost.evaluate(&drive, 0.03, &mut workspace, &mut gradient)?);
        }
        let each = (seconds(began) - start) / repeats as f64;

        let config = ControlConfig::default();
        let repeats = (3000 / (n * n)).clamp(1, 5) as u64;
        let start = seconds(began);
        let mut evaluations = (0, 0);
        for repeat in 0..repeats {
            let planned = plan(&model, &task, &config, &mut workspace, None, 0, repeat)?;
            evaluations = planned.evaluations;
        }
        let planned = (seconds(began) - start) / repeats as f64;

        // The whole loop (infer, plan, stimulate, judge); its first step also judges the network
        // before, so a training of one more step tells the cost of a step.
        let budget = (20_000 / (n * n)).clamp(1, 20);
        let training = |budget: usize| {
            let config = TrainingConfig { budget, ..TrainingConfig::default() };
            let mut plant = SimulatedPlant::new(model.network.clone(), transfer, config.rule);
            let mut go = |_: &_| ControlFlow::Continue(());
            let start = seconds(began);
            let result = train(&mut plant, &model.network, &task, &config, 0, &mut go)?;
            Ok::<_, StimulationError>((seconds(began) - start, result.stimulations.len()))
        };
        let (whole, done) = training(budget)?;
        let step = whole / (done + 1) as f64;
        println!(
            "N = {n:5}: one gradient {:10.1} us, one planned stimulation {:10.3} ms {:?}, one step \
             of the loop {:10.3} ms ({:.3} steps/s)",
            1e6 * each,
            1e3 * planned,
            evaluations,
            1e3 * step,
            1.0 / step
        );
        steps.push((n as f64, planned, step));
    }
    if steps.len() > 1 {
        let exponent = |of: fn(&(f64, f64, f64)) -> f64| {
            let points: Vec<(f64, f64)> =
                steps.iter().map(|s| (libm::log(s.0), libm::log(of(s)))).collect();
            let count = points.len() as f64;
            let mean =
                points.iter().fold((0.0, 0.0), |m, p| (m.0 + p.0 / count, m.1 + p.1 / count));
            let product = |p: &(f64, f64)| (p.0 - mean.0) * (p.1 - mean.1);
            let square = |p: &(f64, f64)| (p.0 - mean.0).powi(2);
            points.iter().map(product).sum::<f64>() / points.iter().map(square).sum::<f64>()
        };
        println!(
            "least-squares exponents of the growth: planning N^{:.2}, a step of the loop N^{:.2}",
            exponent(|s| s.1),
            exponent(|s| s.2)
        );
    }
    Ok(())
}
