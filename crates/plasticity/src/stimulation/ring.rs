//! The structural task's target: a ring attractor, and the test that a network is one.

use std::f64::consts::TAU;

use equipoise_random::stream;
use serde::{Deserialize, Serialize};

use super::{
    Network, NeuronType, RateDynamics, SteadySolver, StimulationError, Structural, Transfer,
};

/// A ring of excitatory neurons, each exciting its neighbours, and a pool of inhibitory ones that
/// all of them drive and that inhibits all of them: the classical network with a localised bump of
/// activity that can sit anywhere (Amari 1977, Biol. Cybern. 27:77; Ben-Yishai, Bar-Or &
/// Sompolinsky 1995, PNAS 92:3844).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RingConfig {
    /// Excitatory neurons, on the ring.
    pub excitatory: usize,
    /// Inhibitory neurons, in the pool.
    pub inhibitory: usize,
    /// Weight between neighbours on the ring at distance 0 (which nobody has).
    pub peak: f64,
    /// Concentration of the von Mises profile of the weights over the angle.
    pub concentration: f64,
    /// Weight from the ring onto the pool.
    pub to_pool: f64,
    /// Strength from the pool onto the ring.
    pub from_pool: f64,
    /// Strength within the pool.
    pub within_pool: f64,
    /// The network before training: every synapse is uniform within this relative range around
    /// the mean of the target's synapses of its kind, so it has the target's means and no ring.
    pub initial_spread: f64,
    /// Importance of the synapses within the ring relative to all others, w_ij.
    pub ring_importance: f64,
    /// Steady drive of all neurons while the bump is on its own.
    pub background: f64,
    /// Additional drive at the centre of the cue that places the bump.
    pub cue: f64,
    /// How long the cue lasts, in tau_n.
    pub cue_duration: f64,
    /// How long the bump is then left alone, in tau_n.
    pub delay: f64,
    /// The task is solved where the cost is below this.
    pub goal: f64,
}

impl Default for RingConfig {
    fn default() -> Self {
        Self {
            excitatory: 16,
            inhibitory: 8,
            peak: 0.94,
            concentration: 2.9,
            to_pool: 0.07,
            from_pool: 0.35,
            within_pool: 0.14,
            initial_spread: 0.25,
            ring_importance: 8.0,
            background: -0.58,
            cue: 1.0,
            cue_duration: 20.0,
            delay: 50.0,
            goal: 0.0015,
        }
    }
}

/// The structural task, built: where the network begins, what it is to become, and the cost.
#[derive(Debug, Clone, PartialEq)]
pub struct RingTask {
    config: RingConfig,
    /// The network before training.
    pub initial: Network,
    /// The ring attractor.
    pub target: Network,
    /// The cost.
    pub objective: Structural,
}

/// What became of a bump that was placed on the ring and left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BumpMeasurement {
    /// Where the cue was, in degrees.
    pub cued: f64,
    /// Where the bump is after the delay (the angle of the population vector), in degrees.
    pub position: f64,
    /// How far it has drifted from the cue, in degrees, -180 to 180.
    pub drift: f64,
    /// How far it moved during the second half of the delay, in degrees: 0 for a bump at rest.
    pub late_drift: f64,
    /// Width: the circular standard deviation of the rates above their minimum, in degrees.
    pub width: f64,
    /// Length of the population vector of the rates (0 for a flat profile, 1 for one neuron).
    pub contrast: f64,
    /// Rates of the ring after the delay.
    pub rates: Vec<f64>,
    /// Whether there still is a bump: a contrast of at least 0.2 within 1.5 neurons of the cue.
    pub held: bool,
}

impl RingConfig {
    /// Checks the numbers.
    pub fn validate(&self) -> Result<(), StimulationError> {
        let fail = |m: String| Err(StimulationError::Config(m));
        if self.excitatory < 4 || self.inhibitory < 2 {
            return fail(format!(
                "a ring needs 4 excitatory and 2 inhibitory neurons or more, not {} and {}",
                self.excitatory, self.inhibitory
            ));
        }
        for (name, value) in [
            ("peak", self.peak),
            ("concentration", self.concentration),
            ("to_pool", self.to_pool),
            ("from_pool", self.from_pool),
            ("within_pool", self.within_pool),
            ("ring_importance", self.ring_importance),
            ("cue_duration", self.cue_duration),
            ("delay", self.delay),
            ("goal", self.goal),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return fail(format!("{name} must be finite and at least 0, not {value}"));
            }
        }
        if !(0.0..=1.0).contains(&self.initial_spread) {
            return fail(format!("initial_spread must be in [0, 1], not {}", self.initial_spread));
        }
        if !(self.background.is_finite() && self.cue.is_finite()) {
            return fail("background and cue must be finite".into());
        }
        Ok(())
    }

    /// The weight between two neurons of the ring, `peak exp(concentration (cos angle - 1))`.
    fn profile(&self, from: usize, to: usize) -> f64 {
        let angle = TAU * (from as f64 - to as f64) / self.excitatory as f64;
        self.peak * (self.concentration * (angle.cos() - 1.0)).exp()
    }

    /// The target's weight from neuron `j` onto neuron `i` (the ring comes first, then the pool).
    fn target_weight(&self, i: usize, j: usize) -> f64 {
        let ring = self.excitatory;
        match (i < ring, j < ring) {
            (true, true) => self.profile(j, i),
            (false, true) => self.to_pool,
            (true, false) => -self.from_pool,
            (false, false) => -self.within_pool,
        }
    }

    /// The task, with the initial weights from `seed`.
    ///
    /// # Errors
    /// Those of [`RingConfig::validate`].
    pub fn build(&self, seed: u64) -> Result<RingTask, StimulationError> {
        self.validate()?;
        let n = self.excitatory + self.inhibitory;
        let is_ring = |i: usize| i < self.excitatory;
        let types: Vec<NeuronType> = (0..n)
            .map(|i| if is_ring(i) { NeuronType::Excitatory } else { NeuronType::Inhibitory })
            .collect();
        let pairs: Vec<(usize, usize)> = (0..n * n).map(|at| (at % n, at / n)).collect();
        let exists: Vec<bool> = pairs.iter().map(|(i, j)| i != j).collect();
        let target: Vec<f64> = pairs
            .iter()
            .map(|&(i, j)| if i == j { 0.0 } else { self.target_weight(i, j) })
            .collect();
        let mean = (1..self.excitatory).map(|d| self.profile(0, d)).sum::<f64>()
            / (self.excitatory - 1) as f64;
        let initial: Vec<f64> = (0..n)
            .flat_map(|j| {
                let mut draws = stream(seed, "stimulation/ring", j as u64);
                let weight = move |i: usize| {
                    let factor = 1.0 + self.initial_spread * (2.0 * draws.uniform() - 1.0);
                    let base =
                        if is_ring(i) && is_ring(j) { mean } else { self.target_weight(i, j) };
                    if i == j { 0.0 } else { factor * base }
                };
                (0..n).map(weight)
            })
            .collect();
        let importance: Vec<f64> = pairs
            .iter()
            .map(|&(i, j)| if is_ring(i) && is_ring(j) { self.ring_importance } else { 1.0 })
            .collect();
        let target = Network::new(types.clone(), exists.clone(), target)?;
        let initial = Network::new(types, exists, initial)?;
        let objective = Structural::new(&target, &importance, self.goal)?
            .judged_under(vec![self.background; n]);
        Ok(RingTask { config: self.clone(), initial, target, objective })
    }
}

impl RingTask {
    /// Places a bump at every neuron of the ring and half-way between neighbours, leaves it alone,
    /// and measures where it is, how wide, and whether it still is one.
    pub fn bumps(&self, transfer: &Transfer, weights: &[f64]) -> Vec<BumpMeasurement> {
        let positions = 2 * self.config.excitatory;
        (0..positions)
            .map(|p| self.bump(transfer, weights, 360.0 * p as f64 / positions as f64))
            .collect()
    }

    /// One bump, cued at this angle (in degrees).
    pub fn bump(&self, transfer: &Transfer, weights: &[f64], cued: f64) -> BumpMeasurement {
        let config = &self.config;
        let (ring, n) = (config.excitatory, config.excitatory + config.inhibitory);
        let angle = |i: usize| TAU * i as f64 / ring as f64;
        let mut rates = vec![0.0; n];
        let mut dynamics = RateDynamics::new(*transfer, n);
        let background = vec![config.background; n];
        let mut drive = background.clone();
        for (i, f) in drive.iter_mut().take(ring).enumerate() {
            let distance = angle(i) - cued.to_radians();
            *f += config.cue * (config.concentration * (distance.cos() - 1.0)).exp();
        }
        dynamics.relax(weights, &drive, &mut rates, config.cue_duration);
        dynamics.relax(weights, &background, &mut rates, config.delay / 2.0);
        let halfway = population_vector(&rates[..ring], 0.0).0;
        dynamics.relax(weights, &background, &mut rates, config.delay / 2.0);
        rates.truncate(ring);
        let (position, contrast) = population_vector(&rates, 0.0);
        let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let length = population_vector(&rates, lowest).1.clamp(1e-12, 1.0);
        let drift = wrap(position - cued);
        BumpMeasurement {
            cued,
            position,
            drift,
            late_drift: wrap(position - halfway),
            width: (-2.0 * length.ln()).sqrt().to_degrees(),
            contrast,
            held: contrast >= 0.2 && drift.abs() <= 1.5 * 360.0 / ring as f64,
            rates,
        }
    }

    /// The steady drive under which a bump is left alone.
    pub fn background(&self) -> Vec<f64> {
        vec![self.config.background; self.target.neurons()]
    }

    /// Largest real part of the eigenvalues of -I + D J at the bump that settles where it is cued,
    /// together with the residual there.
    ///
    /// # Errors
    /// Those of [`SteadySolver::solve`] and [`SteadySolver::summary`].
    pub fn bump_stability(
        &self,
        transfer: &Transfer,
        weights: &[f64],
        cued: f64,
    ) -> Result<super::SteadySummary, StimulationError> {
        let n = self.target.neurons();
        let mut drive = self.background();
        let ring = self.config.excitatory;
        for (i, f) in drive.iter_mut().take(ring).enumerate() {
            let distance = TAU * i as f64 / ring as f64 - cued.to_radians();
            *f += self.config.cue * (self.config.concentration * (distance.cos() - 1.0)).exp();
        }
        let mut rates = vec![0.0; n];
        let mut dynamics = RateDynamics::new(*transfer, n);
        dynamics.relax(weights, &drive, &mut rates, self.config.cue_duration);
        dynamics.relax(weights, &self.background(), &mut rates, self.config.delay);
        let mut solver = SteadySolver::new(n);
        solver.start_from(&rates);
        solver.solve(transfer, weights, &self.background())?;
        solver.summary(weights)
    }
}

/// The angle (in degrees, 0 to 360) and the length (0 to 1) of the population vector of the rates
/// above `floor`.
fn population_vector(rates: &[f64], floor: f64) -> (f64, f64) {
    let (mut x, mut y, mut sum) = (0.0, 0.0, 0.0);
    for (i, r) in rates.iter().enumerate() {
        let angle = TAU * i as f64 / rates.len() as f64;
        x += (r - floor) * angle.cos();
        y += (r - floor) * angle.sin();
        sum += r - floor;
    }
    if sum <= 0.0 {
        return (0.0, 0.0);
    }
    (y.atan2(x).to_degrees().rem_euclid(360.0), x.hypot(y) / sum)
}

/// An angle in degrees, brought to -180 to 180.
fn wrap(angle: f64) -> f64 {
    (angle + 180.0).rem_euclid(360.0) - 180.0
}
