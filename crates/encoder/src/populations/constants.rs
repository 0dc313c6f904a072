//! What a time step multiplies by: the constants of the neurons of a block, drawn and integrated.
//!
//! Potentials are counted from rest. Currents that decay exponentially, and with them adaptation,
//! are integrated exactly on the grid (Rotter & Diesmann 1999, Biol. Cybern. 81:381).

use equipoise_random::stream;
use equipoise_simd::LANES;

use super::layout::Block;
use super::settings::{Model, Population};
use crate::network::Parameter;

/// The constants of the neurons of a block. Each list has one entry for a slot, or, where all
/// neurons are alike, sixteen equal ones.
#[derive(Debug, Clone)]
pub(crate) struct Constants {
    pub(crate) model: Model,
    /// Whether all neurons are alike.
    pub(crate) alike: bool,
    /// exp(-dt / tau_m).
    pub(crate) decay: Vec<f64>,
    /// What a current of 1 pA at the start of a step adds to the potential at its end, mV, for the
    /// two synaptic currents and that of adaptation.
    pub(crate) gain: [Vec<f64>; 3],
    /// What the constant current adds in a step, mV.
    pub(crate) drive: Vec<f64>,
    /// Leak over capacitance, per ms, and constant current over capacitance, mV / ms
    /// (conductances).
    pub(crate) leak: Vec<f64>,
    pub(crate) slope: Vec<f64>,
    pub(crate) threshold: Vec<f64>,
    pub(crate) reset: Vec<f64>,
    /// Time steps after a spike in which a neuron is held.
    pub(crate) refractory: Vec<u32>,
    /// Decay of the two synaptic currents or conductances and of adaptation in a step.
    pub(crate) current_decay: [f64; 3],
    /// Their time constants, ms.
    pub(crate) tau: [f64; 3],
    pub(crate) capacitance: f64,
    /// Reversal potentials, from rest.
    pub(crate) reversal: [f64; 2],
    /// What a spike adds to adaptation, pA; 0 without.
    pub(crate) increment: f64,
}

/// What 1 of a current that decays with `tau` adds to a membrane of time constant `membrane` in a
/// step, times the capacitance.
pub(crate) fn current_gain(dt: f64, membrane: f64, tau: f64) -> f64 {
    let x = dt / membrane - dt / tau;
    let ratio = if x.abs() < 1e-12 { 1.0 } else { libm::expm1(x) / x };
    dt * libm::exp(-dt / membrane) * ratio
}

/// Draws a parameter for the neurons of a block: for each neuron from a stream of its own.
fn values(
    parameter: &Parameter,
    (population, name): (&str, &str),
    block: &Block,
    within: usize,
    seed: u64,
) -> Vec<f64> {
    let slots = block.slots();
    match parameter {
        Parameter::Constant(value) => vec![*value; slots],
        drawn => {
            let purpose = format!("populations/neurons/{population}/{name}");
            let mut values = Vec::with_capacity(slots);
            for k in 0..block.neurons {
                values.push(drawn.draw(&mut stream(seed, &purpose, (within + k) as u64)));
            }
            values.resize(slots, drawn.mean());
            values
        }
    }
}

impl Constants {
    /// The constants of a block whose first neuron is number `within` of its population.
    pub(crate) fn new(
        population: &Population,
        block: &Block,
        within: usize,
        dt: f64,
        seed: u64,
    ) -> Self {
        let neuron = &population.neuron;
        let draw = |parameter: &Parameter, name| {
            values(parameter, (&population.name, name), block, within, seed)
        };
        let membrane = draw(&neuron.membrane, "membrane");
        let current = draw(&population.current, "current");
        let capacitance = neuron.capacitance;
        let adaptation = neuron.adaptation;
        let tau = [
            neuron.tau_excitatory,
            neuron.tau_inhibitory,
            adaptation.map_or(1.0, |adaptation| adaptation.tau),
        ];
        let each = |f: &dyn Fn(f64) -> f64| membrane.iter().map(|&m| f(m)).collect::<Vec<f64>>();
        let gain = tau.map(|tau| each(&|m| current_gain(dt, m, tau) / capacitance));
        let drive = membrane
            .iter()
            .zip(&current)
            .map(|(m, current)| -libm::expm1(-dt / m) * m * current / capacitance)
            .collect();
        let from_rest = |values: Vec<f64>| -> Vec<f64> {
            values.into_iter().map(|potential| potential - neuron.rest).collect()
        };
        let mut constants = Self {
            model: neuron.model,
            alike: [
                &neuron.membrane,
                &neuron.threshold,
                &neuron.reset,
                &neuron.refractory,
                &population.current,
            ]
            .into_iter()
            .all(Parameter::is_constant),
            decay: each(&|m| libm::exp(-dt / m)),
            gain,
            drive,
            leak: each(&|m| 1.0 / m),
            slope: current.iter().map(|current| current / capacitance).collect(),
            threshold: from_rest(draw(&neuron.threshold, "threshold")),
            reset: from_rest(draw(&neuron.reset, "reset")),
            refractory: draw(&neuron.refractory, "refractory")
                .into_iter()
                .map(|time| (time / dt).round().min(1e6) as u32)
                .collect(),
            current_decay: tau.map(|tau| libm::exp(-dt / tau)),
            tau,
            capacitance,
            reversal: [neuron.reversal_excitatory, neuron.reversal_inhibitory]
                .map(|e| e - neuron.rest),
            increment: adaptation.map_or(0.0, |adaptation| adaptation.increment),
        };
        if constants.alike {
            let [a, b, c] = &mut constants.gain;
            for list in [&mut constants.decay, a, b, c] {
                list.truncate(LANES);
            }
            for list in [&mut constants.drive, &mut constants.leak, &mut constants.slope] {
                list.truncate(LANES);
            }
            for list in [&mut constants.threshold, &mut constants.reset] {
                list.truncate(LANES);
            }
            constants.refractory.truncate(LANES);
        }
        constants
    }

    /// The entry of a slot of the block.
    pub(crate) fn at(&self, slot: usize) -> usize {
        if self.alike { slot % LANES } else { slot }
    }
}

/// The potential at the start of each neuron of a block, from rest.
pub(crate) fn initial(
    population: &Population,
    block: &Block,
    within: usize,
    seed: u64,
) -> Vec<f64> {
    let rest = population.neuron.rest;
    let parameter = population.initial_potential.unwrap_or(Parameter::Constant(rest));
    values(&parameter, (&population.name, "initial-potential"), block, within, seed)
        .into_iter()
        .map(|potential| potential - rest)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_of_a_current_solves_the_membrane_equation() {
        // By Simpson's rule over the convolution of the two decays.
        for (membrane, tau) in [(10.0, 0.5), (10.0, 10.0), (10.0, 10.0 + 1e-9), (5.0, 40.0)] {
            let dt: f64 = 0.1;
            let f = |s: f64| libm::exp(-(dt - s) / membrane - s / tau);
            let n = 1000;
            let mut integral = f(0.0) + f(dt);
            for k in 1..n {
                integral +=
                    if k % 2 == 1 { 4.0 } else { 2.0 } * f(dt * f64::from(k) / f64::from(n));
            }
            integral *= dt / f64::from(n) / 3.0;
            let gain = current_gain(dt, membrane, tau);
            assert!((gain / integral - 1.0).abs() < 1e-12, "{membrane} {tau}: {gain} {integral}");
        }
    }
}
