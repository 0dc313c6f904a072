//! Planning a stimulation: the drive whose plasticity lowers the cost of a task the most.

use equipoise_random::stream;
use rayon::prelude::*;

use super::optimiser::{Search, SearchStorage};
use super::{
    ControlConfig, Model, Objective, SteadySolver, StimulationCost, StimulationError, Workspace,
};
use crate::power::power;

/// A stimulation that was planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The drive f.
    pub drive: Vec<f64>,
    /// How long, in tau_s.
    pub duration: f64,
    /// The cost of the task that is expected after it.
    pub predicted_cost: f64,
    /// The cost before it.
    pub present_cost: f64,
    /// Rates expected under the stimulation.
    pub rates: Vec<f64>,
    /// How many gradients of the linearised and of the true cost were evaluated.
    pub evaluations: (usize, usize),
}

/// Plans the next stimulation of a network.
///
/// Several starts (the drive before, no drive, random drives from the stream of `index`) are
/// first improved on the linearised cost, the best of them refined on the true one; starts run in
/// parallel, and the result does not depend on how many threads there are.
///
/// # Errors
/// Those of the steady states of the unstimulated network; a start that fails, or that ends with an
/// unstable state under the stimulation or at the task, is passed over.
pub fn plan(
    model: &Model,
    objective: &dyn Objective,
    config: &ControlConfig,
    workspace: &mut Workspace,
    before: Option<&[f64]>,
    seed: u64,
    index: u64,
) -> Result<Plan, StimulationError> {
    let n = model.network.neurons();
    let ceiling = model.transfer.max_rate;
    let near = objective.around(&model.transfer, model.network.weights());
    let objective = near.as_deref().unwrap_or(objective);
    let base = workspace;
    base.evaluations = (0, 0);
    base.solvers.iter_mut().for_each(SteadySolver::reset);
    let mut frozen = vec![0.0; n * n];
    let present_cost = objective.evaluate(
        &model.transfer,
        model.network.weights(),
        &mut base.solvers,
        Some(&mut frozen),
    )?;
    frozen.iter_mut().zip(model.network.mask()).for_each(|(g, m)| *g *= m);
    let cost = StimulationCost {
        model,
        objective,
        rate_weight: config.rate_weight * present_cost / (ceiling * ceiling),
        rate_range: (config.rate_low * ceiling, config.rate_high * ceiling),
    };

    let mut draws = stream(seed, "stimulation/starts", index);
    let starts: Vec<Vec<f64>> = (0..config.starts)
        .map(|start| {
            let mut x = match (start, before) {
                (0, Some(drive)) => drive.to_vec(),
                (0, None) | (1, _) => vec![0.0; n],
                _ => (0..n).map(|_| draws.range(config.drive_low, config.drive_high)).collect(),
            };
            x.push(1.0);
            x
        })
        .collect();
    let mut search = Search {
        method: config.method,
        low: vec![config.drive_low; n + 1],
        high: vec![config.drive_high; n + 1],
        evaluations: config.screening,
        step: config.step,
    };
    // The last variable is the duration, as a share of the full one.
    (search.low[n], search.high[n]) = (config.shortest, 1.0);
    let full = config.duration;

    let base = &*base;
    let screened: Vec<Candidate> = starts
        .into_par_iter()
        .map_init(
            || (base.clone(), SearchStorage::new(n + 1)),
            |(w, storage), mut x| {
                w.evaluations = (0, 0);
                w.stimulated.reset();
                let value = if config.screening == 0 {
                    0.0
                } else {
                    search.minimise(&mut x, storage, &mut |x, g| {
                        let value = cost
                            .evaluate_linearised(&frozen, &x[..n], full * x[n], w, g)
                            .unwrap_or(f64::INFINITY);
                        g[n] *= full;
                        value
                    })
                };
                Candidate { x, value, evaluations: w.evaluations }
            },
        )
        .collect();
    let mut order: Vec<usize> = (0..screened.len()).collect();
    if config.screening > 0 {
        order.sort_by(|&a, &b| screened[a].value.total_cmp(&screened[b].value));
        order.truncate(config.refined);
    }
    search.evaluations = config.evaluations;
    let refined: Vec<Candidate> = order
        .into_par_iter()
        .map_init(
            || (base.clone(), SearchStorage::new(n + 1)),
            |(w, storage), start| {
                let mut x = screened[start].x.clone();
                w.evaluations = (0, 0);
                w.stimulated.reset();
                w.solvers.iter_mut().zip(&base.solvers).for_each(|(a, b)| a.copy_from(b));
                let each = |x: &[f64], g: &mut [f64], w: &mut Workspace| {
                    let value = cost.evaluate(&x[..n], full * x[n], w, g);
                    g[n] *= full;
                    value.unwrap_or(f64::INFINITY)
                };
                search.minimise(&mut x, storage, &mut |x, g| each(x, g, w));
                // What was found by continuation has to hold from silence too: where the network
                // ends in another of its states then, a shorter stimulation may do.
                let mut value;
                loop {
                    w.stimulated.reset();
                    w.solvers.iter_mut().for_each(SteadySolver::reset);
                    value = each(&x, &mut vec![0.0; n + 1], w);
                    let stable = w.stimulated.check_stability(model.network.weights()).is_ok()
                        && w.solvers.iter().all(|s| s.check_stability(&w.changed).is_ok());
                    value = if stable { value } else { f64::INFINITY };
                    if value < present_cost || x[n] <= config.shortest {
                        break;
                    }
                    x[n] = (0.5 * x[n]).max(config.shortest);
                }
                Candidate { x, value, evaluations: w.evaluations }
            },
        )
        .collect();

    let mut evaluations = screened.iter().fold((0, 0), |sum, c| add(sum, c.evaluations));
    evaluations = refined.iter().fold(evaluations, |sum, c| add(sum, c.evaluations));
    let best = refined
        .into_iter()
        .min_by(|a, b| a.value.total_cmp(&b.value))
        .filter(|c| c.value.is_finite())
        .ok_or(StimulationError::NoStimulation)?;
    let drive = best.x[..n].to_vec();
    let mut solver = SteadySolver::new(n);
    solver.solve(&model.transfer, model.network.weights(), &drive)?;
    let outside = |r: &f64| power(r - r.clamp(cost.rate_range.0, cost.rate_range.1), 2);
    let penalty = cost.rate_weight * solver.rates().iter().map(outside).sum::<f64>() / n as f64;
    Ok(Plan {
        duration: full * best.x[n],
        predicted_cost: best.value - penalty,
        present_cost,
        rates: solver.rates().to_vec(),
        drive,
        evaluations,
    })
}

struct Candidate {
    x: Vec<f64>,
    value: f64,
    evaluations: (usize, usize),
}

fn add(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0 + b.0, a.1 + b.1)
}

#[cfg(test)]
mod tests {
    use super::super::{AssociativeConfig, NetworkConfig, PlasticityRule, Transfer};
    use super::*;

    #[test]
    fn a_plan_lowers_the_cost_as_it_says_and_does_not_depend_on_threads() {
        let network = NetworkConfig::default().build(6).unwrap();
        let model =
            Model { network, transfer: Transfer::default(), rule: PlasticityRule::default() };
        let task = AssociativeConfig::default().build(&model.network, &model.transfer, 6).unwrap();
        let go = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut workspace = Workspace::new(30, 2);
                plan(&model, &task, &ControlConfig::default(), &mut workspace, None, 6, 0).unwrap()
            })
        };
        let plan = go(1);
        assert_eq!(plan, go(3));
        assert!(plan.predicted_cost < 0.95 * plan.present_cost);
        assert!(plan.drive.iter().all(|f| (-1.0..=1.5).contains(f)));
        let mut weights = model.network.weights().to_vec();
        let (types, mask) = (model.network.types(), model.network.mask());
        let mut drift = vec![0.0; 900];
        model.rule.step(types, mask, &mut weights, &plan.rates, plan.duration, &mut drift);
        let after = task.assess(&model.transfer, &weights).unwrap().cost;
        assert!((after - plan.predicted_cost).abs() < 1e-9 * plan.present_cost);
    }
}
