//! What the plain rule must do, on paper.
//!
//! **One weight.** While input `a` alone is on, the sum of hidden neuron `j` is `w_aj`, its state
//! `sign(w_aj)`. In an epoch of `N` presentations the weight decays by `r = (1 - epsilon)^N` in
//! all and receives `epsilon type_a sign(w_aj)`, which the `d` presentations after its own reduce
//! to `c_d = epsilon (1 - epsilon)^d`:
//!
//! * **Excitatory input:** `w <- r w + c_d` for `w >= 0`. The initial weight is positive, so it
//!   stays positive and goes to the fixed point `c_d / (1 - r)`, [`excitatory_fixed_point`].
//!   Every hidden neuron is +1, in every epoch. **So two excitatory inputs have the same hidden
//!   code from the first epoch to the last, the output cannot tell them apart, and no one-to-one
//!   map with two excitatory inputs is ever learned**, whatever the hidden types, the mapping or
//!   the number of epochs ([`two_inputs_are_confused`]).
//! * **Inhibitory input:** `w <- r w - c_d sign(w)` pushes the weight through 0. From
//!   `|w| < c_d / r` on it changes its sign in every epoch, and its magnitude goes to
//!   `c_d / (1 + r)`, [`inhibitory_amplitude`]. The hidden code of an inhibitory input turns over
//!   in every epoch; what it keeps for ever is its phase.
//!
//! **The outputs.** Column `m(a)` of the second weights learns
//! `epsilon type_j h_j(a)` once an epoch. For an excitatory input it goes to
//! `type_j c_d / (1 - r)`; for an inhibitory one it too alternates, with the code of the epoch
//! before, so in the end `w_j,m(a) = -type_j h_j(a) c_d / (1 + r)`. The sum of output `m(a)` for
//! input `b` is then `-c_d / (1 + r)` times the sum over `j` of `type_j h_j(a) h_j(b)`: the
//! learned outputs are right where the hidden neurons are inhibitory, and wrong where they are
//! excitatory. Which maps are learned is decided by the phases, that is by the initial weights;
//! [`limit_chance`] counts them.
//!
//! **Mappings.** `m` says only which column of the second weights belongs to which input, and
//! their initial values are drawn alike; so the chance to learn a mapping exactly (or so that
//! targets fire) is the same for all mappings. By the same symmetry, which of the hidden neurons
//! are inhibitory does not matter, only how many; of the inputs it does, slightly, because they
//! are presented in order.

use equipoise_random::stream;

use super::config::Criterion;
use super::judge::meets;
use super::network::{argmax, sign};
use super::trainer::{WEIGHTS_PURPOSE, check_mapping};
use super::{Allotment, HebbConfig, HebbError, Mapping, Network, NeuronType, Trainer};
use crate::power::power;

/// The magnitude to which every weight from an excitatory input goes, at the end of an epoch:
/// `epsilon (1 - epsilon)^d / (1 - (1 - epsilon)^N)`, with `decays` the presentations `d` after
/// its own and `neurons` the `N` presentations of an epoch.
pub fn excitatory_fixed_point(epsilon: f64, neurons: usize, decays: usize) -> f64 {
    let keep = 1.0 - epsilon;
    epsilon * power(keep, decays as u64) / (1.0 - power(keep, neurons as u64))
}

/// The magnitude at which every weight from an inhibitory input ends, changing its sign in every
/// epoch: `epsilon (1 - epsilon)^d / (1 + (1 - epsilon)^N)`.
pub fn inhibitory_amplitude(epsilon: f64, neurons: usize, decays: usize) -> f64 {
    let keep = 1.0 - epsilon;
    epsilon * power(keep, decays as u64) / (1.0 + power(keep, neurons as u64))
}

/// Whether the plain rule can never learn a map with these inputs under this criterion, because
/// two of them are excitatory.
pub fn two_inputs_are_confused(types: &Allotment, criterion: Criterion) -> bool {
    let excitatory = types.neurons() - types.inhibitory_inputs();
    let compares =
        matches!(criterion, Criterion::Exact | Criterion::Argmax | Criterion::FirstFiring);
    compares && types.layers() > 2 && excitatory >= 2
}

/// The largest `neurons` for which [`limit_chance`] goes through all phases (2^16 of them).
pub const LIMIT_CHANCE_NEURONS: usize = 4;

/// The chance that the plain three-layer rule meets the criterion in the end, when all weights
/// go round their limit cycles: the sum over all phases of the hidden codes, each with its chance
/// under the law of the initial weights. Passing agreement on the way is not counted, so it is
/// the chance of convergence at late epochs, and a lower bound of the chance of any.
///
/// A sum that is 0 counts as one that fires; in a run rounding decides it.
///
/// `None` where it does not apply: more than [`LIMIT_CHANCE_NEURONS`] neurons, another number of
/// layers, a variant of the rule, or the criterion `frozen`; and where the initial weights are of so
/// many values, or so far from their limit cycles, that following each there would take long.
///
/// # Errors
/// [`HebbError`] if a setting is out of range or the allotment does not fit.
pub fn limit_chance(config: &HebbConfig, types: &Allotment) -> Result<Option<f64>, HebbError> {
    config.validate()?;
    super::network::check_types(config, types)?;
    let n = config.neurons;
    if config.layers != 3
        || !config.variants.is_plain()
        || n > LIMIT_CHANCE_NEURONS
        || config.criterion == Criterion::Frozen
        || following_takes_long(config)
    {
        return Ok(None);
    }
    let mapping = Mapping::identity(n)?;
    let excitatory = |input: usize| types.of(0, input) == NeuronType::Excitatory;
    let up: Vec<f64> = (0..n).map(|place| up_phase_chance(config, place)).collect();
    let mut chance = 0.0;
    for phases in 0u32..1 << (n * n) {
        let bit = |a: usize, j: usize| phases >> (a * n + j) & 1 == 1;
        let weight: f64 = (0..n)
            .flat_map(|a| (0..n).map(move |j| (a, j)))
            .map(|(a, j)| match (excitatory(a), bit(a, j)) {
                (true, fires) => f64::from(u8::from(fires)),
                (false, true) => up[a],
                (false, false) => 1.0 - up[a],
            })
            .product();
        if weight == 0.0 {
            continue;
        }
        let met = [1.0, -1.0].into_iter().any(|turn| {
            let state = |a: usize, j: usize| {
                let phase = if bit(a, j) { 1.0 } else { -1.0 };
                if excitatory(a) { phase } else { turn * phase }
            };
            let sums: Vec<f64> = (0..n)
                .flat_map(|b| (0..n).map(move |a| (b, a)))
                .map(|(b, a)| {
                    let agreement: f64 =
                        (0..n).map(|j| types.of(1, j).sign() * state(a, j) * state(b, j)).sum();
                    if excitatory(a) {
                        agreement * excitatory_fixed_point(config.epsilon, n, n - 1 - a)
                    } else {
                        -agreement * inhibitory_amplitude(config.epsilon, n, n - 1 - a)
                    }
                })
                .collect();
            meets(config.criterion, &sums, &mapping)
        });
        if met {
            chance += weight;
        }
    }
    Ok(Some(chance))
}

/// Whether the epochs in which all initial values go to their limit cycles are more than 10^7. From
/// `w <- decay w - kick` follow `ln(1 + w (1 - decay) / kick) / -ln(decay)` of them for one value.
fn following_takes_long(config: &HebbConfig) -> bool {
    let (low, high) = config.initial.levels();
    let keep = 1.0 - config.epsilon;
    let decay = power(keep, config.neurons as u64);
    let kick = config.epsilon * power(keep, config.neurons as u64 - 1);
    let epochs = libm::log1p(config.initial.high * (1.0 - decay) / kick) / -libm::log(decay);
    // No number where the weights decay by less than rounding: such epochs never end.
    let is_short = (epochs + 1.0) * (high - low + 1) as f64 <= 1e7;
    !is_short
}

/// The chance that a weight of the inhibitory input presented at `place` is positive at late even
/// epochs, under the law of the initial weights.
fn up_phase_chance(config: &HebbConfig, place: usize) -> f64 {
    let initial = &config.initial;
    let (low, high) = initial.levels();
    // Rounding a uniform number: each value has the part of the interval that is nearest to it.
    let share = |level: u64| {
        let edge =
            |half: f64| ((level as f64 + half) / initial.scale()).clamp(initial.low, initial.high);
        if high == low { 1.0 } else { (edge(0.5) - edge(-0.5)) / (initial.high - initial.low) }
    };
    let levels = low..=high;
    levels
        .map(|level| {
            let weight = -(level as f64) / initial.scale();
            share(level) * f64::from(u8::from(settles_up(config, place, weight)))
        })
        .sum()
}

/// Whether a weight of an inhibitory input is positive at late even epochs.
fn settles_up(config: &HebbConfig, place: usize, start: f64) -> bool {
    let keep = 1.0 - config.epsilon;
    let decay = power(keep, config.neurons as u64);
    let kick = config.epsilon * power(keep, (config.neurons - 1 - place) as u64);
    let (mut weight, mut epoch) = (start, 0u64);
    // Down to |w| < kick / decay every epoch lowers |w| by more than kick; then signs alternate.
    while weight.abs() * decay >= kick {
        weight = decay * weight - kick * sign(weight);
        epoch += 1;
    }
    (weight >= 0.0) == epoch.is_multiple_of(2)
}

/// What one run under the plain rule shows of the theory.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The mean magnitude of the first weights of each input, at the last epoch, `[input]`.
    pub magnitudes: Vec<f64>,
    /// The largest deviation of a first weight of an excitatory input from its fixed point, at
    /// the last epoch; 0 if there is none.
    pub excitatory_deviation: f64,
    /// The largest deviation of the magnitude of a first weight of an inhibitory input from its
    /// amplitude, at the last epoch; 0 if there is none.
    pub inhibitory_deviation: f64,
    /// Epochs after which the code of some excitatory input was not all +1.
    pub excitatory_codes_not_all_up: usize,
    /// Epochs after which two excitatory inputs differed in the raw sum of any output.
    pub excitatory_inputs_told_apart: usize,
    /// Epochs after which the most likely outputs of all inputs were different.
    pub epochs_with_distinct_outputs: usize,
}

/// Trains a network of the plain rule for all of its epochs, converged or not, and compares it
/// with the theory. The initial weights are number `index` of the seed's.
///
/// # Errors
/// [`HebbError`] if a setting is out of range, if the mapping or the allotment does not fit, or
/// if the rule is not the plain one with a hidden layer.
pub fn measure(
    config: &HebbConfig,
    mapping: &Mapping,
    types: &Allotment,
    seed: u64,
    index: u64,
) -> Result<Measured, HebbError> {
    config.validate()?;
    check_mapping(config, mapping)?;
    if !config.variants.is_plain() || config.layers < 3 {
        let wanted = "the theory is that of the plain rule with a hidden layer";
        return Err(HebbError::setting("variants", config.variants, wanted));
    }
    let network = Network::random(config, types, &mut stream(seed, WEIGHTS_PURPOSE, index))?;
    let mut trainer = Trainer::new(config, mapping, network)?;
    let n = config.neurons;
    let excitatory: Vec<usize> =
        (0..n).filter(|&input| types.of(0, input) == NeuronType::Excitatory).collect();
    let mut measured = Measured {
        magnitudes: Vec::with_capacity(n),
        excitatory_deviation: 0.0,
        inhibitory_deviation: 0.0,
        excitatory_codes_not_all_up: 0,
        excitatory_inputs_told_apart: 0,
        epochs_with_distinct_outputs: 0,
    };
    for _ in 0..config.max_epochs {
        trainer.epoch();
        let first = &trainer.network().weights()[..n * n];
        let sums = |input: usize| &trainer.sums()[input * n..(input + 1) * n];
        let all_up = excitatory.iter().all(|a| first[a * n..(a + 1) * n].iter().all(|&w| w >= 0.0));
        measured.excitatory_codes_not_all_up += usize::from(!all_up);
        let apart = excitatory.windows(2).any(|pair| sums(pair[0]) != sums(pair[1]));
        measured.excitatory_inputs_told_apart += usize::from(apart);
        let chosen = (0..n).fold(0u64, |set, input| set | 1 << argmax(sums(input)));
        measured.epochs_with_distinct_outputs += usize::from(chosen.count_ones() as usize == n);
    }
    for input in 0..n {
        let row = &trainer.network().weights()[input * n..(input + 1) * n];
        measured.magnitudes.push(row.iter().map(|weight| weight.abs()).sum::<f64>() / n as f64);
        for weight in row {
            let decays = n - 1 - input;
            if types.of(0, input) == NeuronType::Excitatory {
                let off = (weight - excitatory_fixed_point(config.epsilon, n, decays)).abs();
                measured.excitatory_deviation = measured.excitatory_deviation.max(off);
            } else {
                let off = (weight.abs() - inhibitory_amplitude(config.epsilon, n, decays)).abs();
                measured.inhibitory_deviation = measured.inhibitory_deviation.max(off);
            }
        }
    }
    Ok(measured)
}
