//! The plain rule's runs, from a table of everything a single weight can do.
//!
//! With one input clamped to 1 and the others to 0, the hidden state of input `a` depends on row
//! `a` of the first weights alone, each neuron's on one weight; and column `m(a)` of the second
//! weights learns from that row alone. So in three layers under the plain rule
//!
//! * a first weight's whole life follows from its initial value, the type of its input and the
//!   input's place in the order of presentation;
//! * a second weight's life follows from its own initial value, the type of its hidden neuron and
//!   the one first weight that switches that neuron for the input of its column.
//!
//! Initial values are rounded to a grid of ten, so with four neurons there are 80 lives of a
//! first weight and 1,600 of a second. They are computed once, in the arithmetic of the
//! simulation, until they repeat to the last bit, and every run only looks them up: the hidden
//! codes of 64 epochs at a time as the bits of a word, and raw sums only at the epochs where no two
//! inputs share a code. (Where two do, their outputs are equal and a one-to-one map impossible.)
//! The results are those of the simulation, bit for bit.

use equipoise_random::Stream;

use super::config::Criterion;
use super::judge::{margin, meets};
use super::network::{check_types, draw_level, sign};
use super::trainer::check_mapping;
use super::{Allotment, HebbConfig, HebbError, Mapping, NeuronType, Outcome};

/// The most memory that the table may need.
const LIMIT_BYTES: usize = 256 << 20;

/// The lives of all weights under the plain rule.
#[derive(Debug, Clone)]
pub struct Trajectories {
    config: HebbConfig,
    /// The lowest initial magnitude and the number of magnitudes, in units of the grain.
    low_level: u64,
    levels: usize,
    /// `[input type][place][level]`.
    first: Vec<FirstLife>,
    /// `[input type][place][first level][hidden type][level]`.
    second: Vec<Life>,
}

/// A weight at the end of each epoch, until it repeats.
#[derive(Debug, Clone)]
struct Life {
    /// The weight after epoch 0 (the initial one), 1, 2, …
    values: Vec<f64>,
    /// After the last value the one at this epoch comes again.
    start: usize,
}

impl Life {
    #[inline]
    fn at(&self, epoch: usize) -> f64 {
        let end = self.values.len();
        if epoch < end {
            return self.values[epoch];
        }
        self.values[self.start + (epoch - self.start) % (end - self.start)]
    }

    fn period(&self) -> usize {
        self.values.len() - self.start
    }
}

#[derive(Debug, Clone)]
struct FirstLife {
    life: Life,
    /// Bit `e % 64` of word `e / 64` is set where the weight is at least 0 after epoch `e`, so
    /// that its hidden neuron is +1.
    fires: Vec<u64>,
}

impl Trajectories {
    /// Whether the table applies: three layers, the plain rule, a criterion on the outputs, and
    /// few enough different initial weights.
    pub fn apply_to(config: &HebbConfig) -> bool {
        let (low, high) = config.initial.levels();
        let levels = (high - low + 1) as usize;
        let lives = levels.saturating_mul(levels + 1).saturating_mul(4 * config.neurons);
        config.layers == 3
            && config.variants.is_plain()
            && config.criterion != Criterion::Frozen
            && lives.saturating_mul(config.max_epochs + 1).saturating_mul(8) <= LIMIT_BYTES
    }

    /// The table for this configuration, or `None` where it does not apply.
    ///
    /// # Errors
    /// [`HebbError`] if a setting is out of range.
    pub fn new(config: &HebbConfig) -> Result<Option<Self>, HebbError> {
        config.validate()?;
        if !Self::apply_to(config) {
            return Ok(None);
        }
        let (low_level, high) = config.initial.levels();
        let levels = (high - low_level + 1) as usize;
        let magnitude = |level: usize| (low_level + level as u64) as f64 / config.initial.scale();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for input in [NeuronType::Excitatory, NeuronType::Inhibitory] {
            for place in 0..config.neurons {
                for level in 0..levels {
                    let start = input.sign() * magnitude(level);
                    let life = Life::first(config, input, place, start);
                    for hidden in [NeuronType::Excitatory, NeuronType::Inhibitory] {
                        for level in 0..levels {
                            let start = hidden.sign() * magnitude(level);
                            second.push(Life::second(config, hidden, place, start, &life));
                        }
                    }
                    let mut fires = vec![0u64; config.max_epochs / 64 + 1];
                    for epoch in 0..=config.max_epochs {
                        fires[epoch / 64] |= u64::from(life.at(epoch) >= 0.0) << (epoch % 64);
                    }
                    first.push(FirstLife { life, fires });
                }
            }
        }
        Ok(Some(Self { config: config.clone(), low_level, levels, first, second }))
    }

    /// A run with initial weights from the stream: the same as [`super::Trainer::run`] on
    /// [`super::Network::random`], bit for bit.
    ///
    /// # Errors
    /// [`HebbError`] if the mapping or the allotment does not fit the network.
    pub fn run(
        &self,
        mapping: &Mapping,
        types: &Allotment,
        stream: &mut Stream,
    ) -> Result<Outcome, HebbError> {
        check_types(&self.config, types)?;
        check_mapping(&self.config, mapping)?;
        let n = self.config.neurons;
        let mut level = || (draw_level(&self.config.initial, stream) - self.low_level) as usize;
        let first_levels: Vec<usize> = (0..n * n).map(|_| level()).collect();
        let second_levels: Vec<usize> = (0..n * n).map(|_| level()).collect();

        let mut first = Vec::with_capacity(n * n);
        let mut second = Vec::with_capacity(n * n);
        for input in 0..n {
            for hidden in 0..n {
                let input_type = types.of(0, input) as usize;
                let life =
                    (input_type * n + input) * self.levels + first_levels[input * n + hidden];
                first.push(&self.first[life]);
                let level = second_levels[hidden * n + mapping.target(input)];
                let hidden_type = types.of(1, hidden) as usize;
                second.push(&self.second[(life * 2 + hidden_type) * self.levels + level]);
            }
        }
        Ok(Lives { first, second, config: &self.config, mapping }.outcome())
    }
}

impl Life {
    /// A first weight: its presentation follows `place` others in each epoch.
    fn first(config: &HebbConfig, input: NeuronType, place: usize, start: f64) -> Self {
        Self::grow(config, place, start, None, |_, weight| {
            // The one input that is on makes this weight the hidden neuron's whole sum.
            sign(weight) * input.sign()
        })
    }

    /// A second weight, of the column that belongs to the input at this place, from the hidden
    /// neuron that `first` switches.
    fn second(
        config: &HebbConfig,
        hidden: NeuronType,
        place: usize,
        start: f64,
        first: &Self,
    ) -> Self {
        Self::grow(config, place, start, Some(first), |epoch, _| {
            let decay = 1.0 - config.epsilon;
            let switch = (0..place).fold(first.at(epoch), |weight, _| decay * weight);
            sign(switch) * hidden.sign()
        })
    }

    /// Follows a weight from its initial value, epoch by epoch, until it and the weight that
    /// drives it are, to the bit, what they were before, or the epochs are over. `drive` gives
    /// S_pre S_post type_pre at the presentation, from the epochs gone by and the weight then.
    fn grow(
        config: &HebbConfig,
        place: usize,
        start: f64,
        driver: Option<&Self>,
        drive: impl Fn(usize, f64) -> f64,
    ) -> Self {
        // As in the run of a network: compared with a state remembered every so many epochs.
        const REMEMBER_EVERY: usize = 64;
        let decay = 1.0 - config.epsilon;
        let state = |epoch: usize, weight: f64| {
            (weight.to_bits(), driver.map(|life| life.at(epoch).to_bits()))
        };
        let mut values = vec![start];
        let (mut remembered, mut past) = (0, state(0, start));
        for epoch in 0..config.max_epochs {
            let mut weight = values[epoch];
            for presented in 0..config.neurons {
                let change =
                    if presented == place { config.epsilon * drive(epoch, weight) } else { 0.0 };
                weight = decay * weight + change;
            }
            let now = state(epoch + 1, weight);
            if now == past {
                return Self { values, start: remembered };
            }
            values.push(weight);
            if (epoch + 1).is_multiple_of(REMEMBER_EVERY) {
                (remembered, past) = (epoch + 1, now);
            }
        }
        // No repeat was seen; no epoch beyond the last is ever looked up.
        Self { values, start: config.max_epochs }
    }
}

/// The weights' lives in one run.
struct Lives<'a> {
    config: &'a HebbConfig,
    mapping: &'a Mapping,
    /// Of the weight from input `a` to hidden neuron `j`, `[a][j]`.
    first: Vec<&'a FirstLife>,
    /// Of the weight from hidden neuron `j` to the output of input `a`, `[a][j]`.
    second: Vec<&'a Life>,
}

impl Lives<'_> {
    fn outcome(&self) -> Outcome {
        let (n, config) = (self.config.neurons, self.config);
        let (mut states, mut sums) = (vec![0.0; n * n], vec![0.0; n * n]);
        let mut met = |epoch: usize, criterion: Criterion| {
            self.recall(epoch, &mut states, &mut sums);
            meets(criterion, &sums, self.mapping)
        };
        let converged_at = self.first_held(|epoch| met(epoch, config.criterion));
        let epochs = converged_at.map_or(config.max_epochs, |at| at + config.hold_epochs - 1);
        let exact_at_end = met(epochs, Criterion::Exact);
        let margin = margin(config.criterion, &sums, self.mapping);
        let mut weights = vec![0.0; 2 * n * n];
        for input in 0..n {
            for hidden in 0..n {
                let at = input * n + hidden;
                weights[at] = self.first[at].life.at(epochs);
                weights[n * n + hidden * n + self.mapping.target(input)] =
                    self.second[at].at(epochs);
            }
        }
        Outcome { converged_at, epochs, exact_at_end, margin, weights }
    }

    /// The first epoch of the first stretch of `hold_epochs` that meet the criterion.
    fn first_held(&self, mut met: impl FnMut(usize) -> bool) -> Option<usize> {
        let hold = self.config.hold_epochs;
        let last = self.last_telling_epoch();
        let (mut held, mut before) = (0, 0);
        for word in 0..=last / 64 {
            let mut epochs = self.candidates(word);
            if word == 0 {
                epochs &= !1; // the initial weights are not judged
            }
            if word == last / 64 && last % 64 < 63 {
                epochs &= (2 << (last % 64)) - 1;
            }
            while epochs != 0 {
                let epoch = word * 64 + epochs.trailing_zeros() as usize;
                epochs &= epochs - 1;
                if !met(epoch) {
                    held = 0;
                    continue;
                }
                held = if held > 0 && epoch == before + 1 { held + 1 } else { 1 };
                before = epoch;
                if held == hold {
                    return Some(epoch + 1 - hold);
                }
            }
        }
        None
    }

    /// The last epoch that can show anything new: from the latest start of a cycle, one round of
    /// all cycles together, and the stretch that began in it.
    fn last_telling_epoch(&self) -> usize {
        let (mut start, mut round) = (0, 1usize);
        for life in self.first.iter().map(|first| &first.life).chain(self.second.iter().copied()) {
            start = start.max(life.start);
            round = round.saturating_mul(life.period() / common_divisor(round, life.period()));
        }
        let last = start.saturating_add(round).saturating_add(self.config.hold_epochs);
        last.min(self.config.max_epochs)
    }

    /// The epochs `64 word ..` at which the criterion can be met, as bits: those where no two
    /// inputs have the same hidden code; for `target-fires`, which needs no difference, all.
    fn candidates(&self, word: usize) -> u64 {
        if self.config.criterion == Criterion::TargetFires {
            return u64::MAX;
        }
        let n = self.config.neurons;
        let mut confused = 0;
        for (a, row) in self.first.chunks_exact(n).enumerate() {
            for other in self.first.chunks_exact(n).skip(a + 1) {
                let differ = row
                    .iter()
                    .zip(other)
                    .fold(0, |bits, (x, y)| bits | (x.fires[word] ^ y.fires[word]));
                confused |= !differ;
            }
        }
        !confused
    }

    /// The raw output sums after an epoch, `[input][output]`.
    fn recall(&self, epoch: usize, states: &mut [f64], sums: &mut [f64]) {
        let n = self.config.neurons;
        let (word, bit) = (epoch / 64, epoch % 64);
        for (state, first) in states.iter_mut().zip(&self.first) {
            *state = if first.fires[word] >> bit & 1 == 1 { 1.0 } else { -1.0 };
        }
        sums.fill(0.0);
        for (owner, column) in self.second.chunks_exact(n).enumerate() {
            let output = self.mapping.target(owner);
            for (hidden, life) in column.iter().enumerate() {
                let weight = life.at(epoch);
                for input in 0..n {
                    sums[input * n + output] += states[input * n + hidden] * weight;
                }
            }
        }
    }
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
