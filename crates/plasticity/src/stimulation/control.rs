//! The cost of a stimulation, which is that of the task after it, and its implicit gradient.

use serde::{Deserialize, Serialize};

use super::error::{check_count, check_finite, check_not_negative, check_number};
use super::{
    Method, Network, NeuronType, Objective, PlasticityRule, SteadySolver, StimulationError,
    Transfer,
};

/// How a stimulation is planned.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ControlConfig {
    /// The search method.
    pub method: Method,
    /// Number of starting points per stimulation: the drive before, no drive, and random ones.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000)))]
    pub starts: usize,
    /// Gradient evaluations that each start may spend on the linearised cost, which needs one
    /// steady state instead of one per pattern and one more; 0 to leave that out.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100000)))]
    pub screening: usize,
    /// How many of the starts, the best by the linearised cost, are then refined on the true cost.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000)))]
    pub refined: usize,
    /// Gradient evaluations that each refinement may spend.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100000)))]
    pub evaluations: usize,
    /// Step of Adam, or the first step of the quasi-Newton method, in units of the drive.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub step: f64,
    /// Lower bound of the drive of every neuron.
    pub drive_low: f64,
    /// Upper bound of the drive of every neuron.
    pub drive_high: f64,
    /// Duration of a stimulation, dt / tau_s.
    #[cfg_attr(feature = "schema", schemars(range(max = 10), extend("exclusiveMinimum" = 0, "unit" = "tau_s")))]
    pub duration: f64,
    /// The shortest duration, as a share of `duration`, that a plan may choose where a full
    /// stimulation would overshoot; 1 keeps all of them at full length.
    #[cfg_attr(feature = "schema", schemars(range(max = 1), extend("exclusiveMinimum" = 0)))]
    pub shortest: f64,
    /// Weight of the regulariser, the mean over neurons of the squared distance of the rates under
    /// stimulation from the range `rate_low` to `rate_high`, relative to the present cost.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub rate_weight: f64,
    /// Rates below this share of the maximal rate are penalised.
    pub rate_low: f64,
    /// Rates above this share of the maximal rate are penalised.
    pub rate_high: f64,
}

impl Default for ControlConfig {
    fn default() -> Self {
        Self {
            method: Method::Lbfgs,
            starts: 6,
            screening: 30,
            refined: 2,
            evaluations: 20,
            step: 0.3,
            drive_low: -1.0,
            drive_high: 1.5,
            duration: 0.03,
            shortest: 0.05,
            rate_weight: 0.01,
            rate_low: 0.02,
            rate_high: 0.98,
        }
    }
}

impl ControlConfig {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`StimulationError::Setting`] for the first that is out of range.
    pub fn validate(&self) -> Result<(), StimulationError> {
        check_count("starts", self.starts, 1..=1000)?;
        check_count("screening", self.screening, 0..=100_000)?;
        check_count("refined", self.refined, 1..=1000)?;
        check_count("evaluations", self.evaluations, 1..=100_000)?;
        check_finite("drive_low", self.drive_low)?;
        let is_above = self.drive_high > self.drive_low && self.drive_high.is_finite();
        check_number("drive_high", self.drive_high, is_above, "it is finite and above drive_low")?;
        let is_duration = self.duration > 0.0 && self.duration <= 10.0;
        check_number("duration", self.duration, is_duration, "it lies in (0, 10] tau_s")?;
        let is_share = self.shortest > 0.0 && self.shortest <= 1.0;
        check_number("shortest", self.shortest, is_share, "it lies in (0, 1]")?;
        let is_step = self.step > 0.0 && self.step.is_finite();
        check_number("step", self.step, is_step, "it is finite and above 0")?;
        check_not_negative("rate_weight", self.rate_weight)?;
        check_finite("rate_low", self.rate_low)?;
        let is_above = self.rate_high > self.rate_low && self.rate_high.is_finite();
        check_number("rate_high", self.rate_high, is_above, "it is finite and above rate_low")
    }
}

/// What the controller believes of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Types, synapses and estimated weights.
    pub network: Network,
    /// The transfer function it computes with.
    pub transfer: Transfer,
    /// The plasticity rule it computes with.
    pub rule: PlasticityRule,
}

/// Buffers for evaluating [`StimulationCost`]; make one per thread and use it again.
#[derive(Clone)]
pub struct Workspace {
    pub(super) stimulated: SteadySolver,
    pub(super) solvers: Vec<SteadySolver>,
    pub(super) changed: Vec<f64>,
    drift: Vec<f64>,
    gradient: Vec<f64>,
    by_rate: Vec<f64>,
    pub(super) evaluations: (usize, usize),
}

impl Workspace {
    /// Buffers for networks of `n` neurons and objectives of this many states.
    pub fn new(n: usize, states: usize) -> Self {
        Self {
            stimulated: SteadySolver::new(n),
            solvers: vec![SteadySolver::new(n); states],
            changed: vec![0.0; n * n],
            drift: vec![0.0; n * n],
            gradient: vec![0.0; n * n],
            by_rate: vec![0.0; n],
            evaluations: (0, 0),
        }
    }
}

/// The cost of a stimulation: `U(J + Delta J(f))` and the rate regulariser, with the gradient by
/// the drive and by the duration.
pub struct StimulationCost<'a> {
    /// What is believed of the network.
    pub model: &'a Model,
    /// The task.
    pub objective: &'a dyn Objective,
    /// Weight of the rate regulariser, absolute.
    pub rate_weight: f64,
    /// The range of rates that is not penalised, absolute.
    pub rate_range: (f64, f64),
}

impl StimulationCost<'_> {
    /// The cost of driving the network with `drive` for `duration`. Writes dU/df to the first n
    /// entries of `by_drive` and dU/dduration to the last.
    ///
    /// With `r` the steady state under `f`, `G = dU/dJ` at `J + Delta J`,
    /// `q_i = dt sum_j G_ij (eta_j r_j - 2 beta_1 J_ij r_i)` and
    /// `p_j = dt sum_i G_ij eta_j (r_i - theta_j)`,
    /// `dU/df = D (I - J^T D)^-1 (q + p)`; synapses that are clipped at 0 have no share in it.
    ///
    /// # Errors
    /// Those of [`SteadySolver::solve`].
    pub fn evaluate(
        &self,
        drive: &[f64],
        duration: f64,
        workspace: &mut Workspace,
        by_drive: &mut [f64],
    ) -> Result<f64, StimulationError> {
        let Model { network, transfer, rule } = self.model;
        let (types, mask) = (network.types(), network.mask());
        let w = &mut *workspace;
        w.evaluations.1 += 1;
        w.stimulated.solve(transfer, network.weights(), drive)?;
        w.changed.copy_from_slice(network.weights());
        rule.step(types, mask, &mut w.changed, w.stimulated.rates(), duration, &mut w.drift);
        let cost =
            self.objective.evaluate(transfer, &w.changed, &mut w.solvers, Some(&mut w.gradient))?;
        let n = types.len();
        for (j, kind) in types.iter().enumerate() {
            let column = j * n..(j + 1) * n;
            let sign = kind.sign();
            for ((g, c), m) in w.gradient[column.clone()]
                .iter_mut()
                .zip(&w.changed[column.clone()])
                .zip(&mask[column])
            {
                // No synapse, or one that ends at 0: nothing changes with the drive.
                *g = if *m != 0.0 && sign * c > 0.0 { *g } else { 0.0 };
            }
        }
        by_drive[n] = super::linear::dot(&w.gradient, &w.drift);
        let (gradient, by_rate) = (&w.gradient, &mut w.by_rate);
        plasticity_adjoint(self.model, w.stimulated.rates(), gradient, duration, by_rate);
        Ok(cost + self.finish(w, by_drive))
    }

    /// The linearised cost `<G, Delta J(f)>` for a frozen `G`, zero where there is no synapse,
    /// with its gradient as in [`StimulationCost::evaluate`].
    ///
    /// # Errors
    /// Those of [`SteadySolver::solve`].
    pub fn evaluate_linearised(
        &self,
        frozen: &[f64],
        drive: &[f64],
        duration: f64,
        workspace: &mut Workspace,
        by_drive: &mut [f64],
    ) -> Result<f64, StimulationError> {
        let Model { network, transfer, rule } = self.model;
        let w = &mut *workspace;
        w.evaluations.0 += 1;
        w.stimulated.solve(transfer, network.weights(), drive)?;
        let (types, mask) = (network.types(), network.mask());
        rule.drift(types, mask, network.weights(), w.stimulated.rates(), &mut w.drift);
        let slope = super::linear::dot(frozen, &w.drift);
        by_drive[types.len()] = slope;
        plasticity_adjoint(self.model, w.stimulated.rates(), frozen, duration, &mut w.by_rate);
        Ok(duration * slope + self.finish(w, by_drive))
    }

    /// Adds the regulariser, and carries the derivative by the rates on to the drive.
    fn finish(&self, w: &mut Workspace, by_drive: &mut [f64]) -> f64 {
        let n = w.by_rate.len();
        let (low, high) = self.rate_range;
        let scale = self.rate_weight / n as f64;
        let mut penalty = 0.0;
        for (b, &r) in w.by_rate.iter_mut().zip(w.stimulated.rates()) {
            let outside = r - r.clamp(low, high);
            penalty += scale * outside * outside;
            *b += 2.0 * scale * outside;
        }
        let by_rate = &w.by_rate;
        w.stimulated.with_adjoint(self.model.network.weights(), |x| x.copy_from_slice(by_rate));
        by_drive[..n].copy_from_slice(w.stimulated.adjoint());
        penalty
    }
}

/// Writes `q + p` (see [`StimulationCost::evaluate`]): the derivative by the rates of
/// `dt <G, drift(r)>`.
fn plasticity_adjoint(
    model: &Model,
    rates: &[f64],
    gradient: &[f64],
    duration: f64,
    by_rate: &mut [f64],
) {
    let Model { network, rule, .. } = model;
    let n = rates.len();
    let of_type = |kind| rule.constants(kind);
    let (excitatory, inhibitory) =
        (of_type(NeuronType::Excitatory), of_type(NeuronType::Inhibitory));
    by_rate.fill(0.0);
    for (j, kind) in network.types().iter().enumerate() {
        let c = if *kind == NeuronType::Excitatory { excitatory } else { inhibitory };
        let pre = duration * c.eta * rates[j];
        let decay = duration * 2.0 * rule.beta_1;
        let g = &gradient[j * n..(j + 1) * n];
        let weights = &network.weights()[j * n..(j + 1) * n];
        let mut sums = [0.0; 4];
        for (at, (((b, &g), &w), &r)) in
            by_rate.iter_mut().zip(g).zip(weights).zip(rates).enumerate()
        {
            *b += g * (pre - decay * w * r);
            sums[at % 4] += g * (r - c.theta);
        }
        by_rate[j] += duration * c.eta * ((sums[0] + sums[2]) + (sums[1] + sums[3]));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AssociativeConfig, NetworkConfig, RingConfig};
    use super::*;
    use equipoise_random::stream;

    /// The gradient of the cost of a stimulation against central differences, by drive and
    /// duration, to 1e-8 of the largest entry (and 1e-8 absolute for small ones).
    fn check(model: &Model, objective: &dyn Objective, seed: u64) {
        let n = model.network.neurons();
        let cost = StimulationCost { model, objective, rate_weight: 0.7, rate_range: (0.3, 0.6) };
        let mut workspace = Workspace::new(n, objective.states());
        let mut draws = stream(seed, "test/drive", 0);
        let mut x: Vec<f64> = (0..n).map(|_| draws.range(-1.0, 1.5)).collect();
        let duration = 0.05;
        let mut frozen = vec![0.0; n * n];
        frozen.iter_mut().zip(model.network.mask()).for_each(|(g, m)| *g = m * draws.normal());
        for linearised in [false, true] {
            let mut value = |x: &[f64], duration: f64, gradient: &mut [f64]| {
                let w = &mut workspace;
                if linearised {
                    cost.evaluate_linearised(&frozen, x, duration, w, gradient).unwrap()
                } else {
                    cost.evaluate(x, duration, w, gradient).unwrap()
                }
            };
            let (mut gradient, mut unused) = (vec![0.0; n + 1], vec![0.0; n + 1]);
            value(&x, duration, &mut gradient);
            let tolerance = 1e-8 * super::super::linear::max_abs(&gradient).max(1.0);
            // Richardson's extrapolation of two central differences, for an error of h^4.
            let h = 1e-4;
            for i in 0..n {
                let at = x[i];
                let mut difference = |h: f64| {
                    x[i] = at + h;
                    let up = value(&x, duration, &mut unused);
                    x[i] = at - h;
                    let down = value(&x, duration, &mut unused);
                    x[i] = at;
                    (up - down) / (2.0 * h)
                };
                let fine = (4.0 * difference(h) - difference(2.0 * h)) / 3.0;
                assert!((gradient[i] - fine).abs() < tolerance, "{i}: {} {fine}", gradient[i]);
            }
            let mut by_duration = |h: f64| {
                let up = value(&x, duration + h, &mut unused);
                (up - value(&x, duration - h, &mut unused)) / (2.0 * h)
            };
            let fine = (4.0 * by_duration(h) - by_duration(2.0 * h)) / 3.0;
            assert!((gradient[n] - fine).abs() < tolerance, "{} {fine}", gradient[n]);
        }
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        for seed in 0..4 {
            let network = NetworkConfig::default().build(seed).unwrap();
            let rule = PlasticityRule { eta_inhibitory: -0.8, ..Default::default() };
            let model = Model { network, transfer: Transfer::default(), rule };
            let config = AssociativeConfig { digits: vec![2, 7, 4], ..Default::default() };
            let task = config.build(&model.network, &model.transfer, seed).unwrap();
            check(&model, &task, seed);
            let ring = RingConfig { goal: 1.0, ..Default::default() };
            let ring = ring.build(&model.transfer, seed).unwrap();
            for network in [ring.initial, ring.target] {
                let model = Model { network, ..model.clone() };
                let weights = model.network.weights();
                let near = ring.objective.around(&model.transfer, weights).unwrap();
                check(&model, &*near, seed);
            }
        }
    }

    #[test]
    fn a_gradient_costs_about_one_factorisation_per_state() {
        let network = NetworkConfig::default().build(0).unwrap();
        let model =
            Model { network, transfer: Transfer::default(), rule: PlasticityRule::default() };
        let task = AssociativeConfig::default().build(&model.network, &model.transfer, 0).unwrap();
        let cost = StimulationCost {
            model: &model,
            objective: &task,
            rate_weight: 0.0,
            rate_range: (0.0, 1.0),
        };
        let mut workspace = Workspace::new(30, 2);
        let mut drive = vec![0.2; 30];
        let mut gradient = vec![0.0; 31];
        cost.evaluate(&drive, 0.03, &mut workspace, &mut gradient).unwrap();
        let count = |w: &Workspace| {
            w.stimulated.factorisations()
                + w.solvers.iter().map(|s| s.factorisations()).sum::<usize>()
        };
        let before = count(&workspace);
        for _ in 0..20 {
            drive.iter_mut().zip(&gradient).for_each(|(f, g)| *f -= 0.5 * g.clamp(-0.2, 0.2));
            cost.evaluate(&drive, 0.03, &mut workspace, &mut gradient).unwrap();
        }
        assert!(count(&workspace) - before <= 20 * 3, "{}", count(&workspace) - before);
    }

    #[test]
    fn wrong_settings_are_refused() {
        let good = ControlConfig::default();
        good.validate().unwrap();
        for bad in [
            ControlConfig { starts: 0, ..good.clone() },
            ControlConfig { drive_low: 2.0, ..good.clone() },
            ControlConfig { duration: 0.0, ..good.clone() },
            ControlConfig { duration: f64::NAN, ..good.clone() },
            ControlConfig { shortest: 0.0, ..good.clone() },
            ControlConfig { step: -1.0, ..good.clone() },
            ControlConfig { rate_low: 0.99, ..good.clone() },
        ] {
            assert!(bad.validate().is_err());
        }
    }
}
