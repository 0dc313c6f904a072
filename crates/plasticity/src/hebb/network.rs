//! The network: its weights, one epoch of the rule, and recall.

use equipoise_random::Stream;

use super::config::{Dale, InitialWeights, Lateral, OtherOutputs};
use super::{Allotment, HebbConfig, HebbError, Mapping};

/// A feed-forward network of threshold neurons, all-to-all between consecutive layers.
#[derive(Debug, Clone)]
pub struct Network {
    neurons: usize,
    layers: usize,
    edges: usize,
    epsilon: f64,
    rule: Rule,
    /// `[layer][pre][post][edge]`.
    weights: Vec<f64>,
    /// `type_pre` of every pair of neurons on the way up, `[layer][pre][post]`: 1, -1 or 0.
    types_up: Vec<f64>,
    /// The same backwards.
    types_down: Vec<f64>,
    /// The sign that the clamp holds, `[layer][pre]`, that of the lower neuron.
    signs: Vec<f64>,
    /// The states of all neurons in the presentation at hand, `[layer][neuron]`.
    states: Vec<f64>,
    /// The states less their means, `[layer][neuron]`; only with centred Hebb.
    centred: Vec<f64>,
    /// Each neuron's mean state over the presentations of the epoch before.
    means: Vec<f64>,
    /// The sum of its states in this epoch so far.
    state_sums: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Rule {
    lateral: Lateral,
    strength: f64,
    /// The clamped state of the outputs that are not the target.
    rest: f64,
    clamp: Option<f64>,
    centred: bool,
    back_and_forth: bool,
    undirected: bool,
}

/// Which end of the network drives the hidden layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// `sign(0) = +1`.
#[inline(always)]
pub(crate) fn sign(x: f64) -> f64 {
    if x >= 0.0 { 1.0 } else { -1.0 }
}

/// Runs `$body` with the number of neurons and edges as constants where they are small, so that
/// the compiler unrolls the loops over them. The arithmetic and its order are the same.
macro_rules! with_small_sizes {
    ($self:ident, |$n:ident, $edges:ident| $body:expr) => {
        match ($self.neurons, $self.edges) {
            (2, 1) => with_small_sizes!(@ 2, 1, $n, $edges, $body),
            (3, 1) => with_small_sizes!(@ 3, 1, $n, $edges, $body),
            (4, 1) => with_small_sizes!(@ 4, 1, $n, $edges, $body),
            (5, 1) => with_small_sizes!(@ 5, 1, $n, $edges, $body),
            (6, 1) => with_small_sizes!(@ 6, 1, $n, $edges, $body),
            (8, 1) => with_small_sizes!(@ 8, 1, $n, $edges, $body),
            (4, 2) => with_small_sizes!(@ 4, 2, $n, $edges, $body),
            (n, 1) => with_small_sizes!(@ n, 1, $n, $edges, $body),
            (n, edges) => with_small_sizes!(@ n, edges, $n, $edges, $body),
        }
    };
    (@ $vn:expr, $ve:expr, $n:ident, $edges:ident, $body:expr) => {{
        let $n: usize = $vn;
        let $edges: usize = $ve;
        $body
    }};
}

impl Network {
    /// A network with these initial weights.
    ///
    /// # Errors
    /// [`HebbError`] if a setting is out of range, if the allotment does not fit the network, or
    /// if the number of weights is wrong.
    pub fn new(
        config: &HebbConfig,
        types: &Allotment,
        weights: Vec<f64>,
    ) -> Result<Self, HebbError> {
        config.validate()?;
        check_types(config, types)?;
        if weights.len() != config.weights() {
            return Err(HebbError::Weights { given: weights.len(), wanted: config.weights() });
        }
        if let Some(bad) = weights.iter().find(|w| !w.is_finite()) {
            return Err(HebbError::setting("initial weight", bad, "it is a finite number"));
        }
        let (neurons, layers) = (config.neurons, config.layers);
        let variants = &config.variants;
        let sign_of = |layer: usize, neuron: usize| types.of(layer, neuron).sign();
        let pairs = (layers - 1) * neurons * neurons;
        let (mut types_up, mut types_down) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
        for layer in 0..layers - 1 {
            for pre in 0..neurons {
                for post in 0..neurons {
                    let (lower, upper) = (sign_of(layer, pre), sign_of(layer + 1, post));
                    let both = 0.5 * (lower + upper);
                    types_up.push(if variants.undirected { both } else { lower });
                    types_down.push(if variants.undirected { both } else { upper });
                }
            }
        }
        let signs = (0..layers - 1)
            .flat_map(|layer| (0..neurons).map(move |neuron| (layer, neuron)))
            .map(|(layer, neuron)| sign_of(layer, neuron))
            .collect();
        Ok(Self {
            neurons,
            layers,
            edges: variants.edges,
            epsilon: config.epsilon,
            rule: Rule {
                lateral: variants.lateral,
                strength: variants.lateral_strength,
                rest: match variants.other_outputs {
                    OtherOutputs::Zero => 0.0,
                    OtherOutputs::MinusOne => -1.0,
                },
                clamp: (variants.dale == Dale::Clamp).then_some(variants.dale_floor),
                centred: variants.centred,
                back_and_forth: variants.back_and_forth,
                undirected: variants.undirected,
            },
            weights,
            types_up,
            types_down,
            signs,
            states: vec![0.0; layers * neurons],
            centred: vec![0.0; layers * neurons],
            means: vec![0.0; layers * neurons],
            state_sums: vec![0.0; layers * neurons],
        })
    }

    /// Initial weights drawn from a stream, in the order of [`Network::weights`]: magnitudes by
    /// the law of [`InitialWeights`], with the sign of the lower neuron's type.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn random(
        config: &HebbConfig,
        types: &Allotment,
        stream: &mut Stream,
    ) -> Result<Self, HebbError> {
        config.validate()?;
        check_types(config, types)?;
        let scale = config.initial.scale();
        let (n, per_neuron) = (config.neurons, config.neurons * config.variants.edges);
        let weights = (0..config.weights())
            .map(|index| {
                let (layer, pre) = (index / (n * per_neuron), index / per_neuron % n);
                let level = draw_level(&config.initial, stream);
                types.of(layer, pre).sign() * (level as f64 / scale)
            })
            .collect();
        Self::new(config, types, weights)
    }

    /// All weights, `[layer][pre][post][edge]`.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Takes the weights out, `[layer][pre][post][edge]`.
    pub fn into_weights(self) -> Vec<f64> {
        self.weights
    }

    /// The means that centred Hebb subtracts, `[layer][neuron]` (zeros without it).
    pub(crate) fn means(&self) -> &[f64] {
        &self.means
    }

    /// One epoch: every pair once (or there and back), in the order of the inputs, with an update
    /// of all weights after each.
    ///
    /// # Panics
    /// If the mapping has another number of neurons.
    pub fn epoch(&mut self, mapping: &Mapping) {
        assert_eq!(mapping.neurons(), self.neurons, "a mapping of the network's size");
        with_small_sizes!(self, |n, edges| self.epoch_sized(mapping, n, edges));
    }

    /// Makes the means of the first epoch, from the states under the initial weights. Call it
    /// once, before the first epoch; without centred Hebb it does nothing.
    ///
    /// # Panics
    /// If the mapping has another number of neurons.
    pub fn prepare(&mut self, mapping: &Mapping) {
        assert_eq!(mapping.neurons(), self.neurons, "a mapping of the network's size");
        if !self.rule.centred {
            return;
        }
        let (n, edges) = (self.neurons, self.edges);
        for input in 0..n {
            self.settle(input, mapping.target(input), Direction::Up, n, edges);
            self.note_states();
            if self.rule.back_and_forth {
                self.settle(input, mapping.target(input), Direction::Down, n, edges);
                self.note_states();
            }
        }
        self.renew_means();
    }

    #[inline(always)]
    fn epoch_sized(&mut self, mapping: &Mapping, n: usize, edges: usize) {
        for input in 0..n {
            self.settle(input, mapping.target(input), Direction::Up, n, edges);
            self.update(Direction::Up, n, edges);
            if self.rule.back_and_forth {
                self.settle(input, mapping.target(input), Direction::Down, n, edges);
                self.update(Direction::Down, n, edges);
            }
        }
        if self.rule.centred {
            self.renew_means();
        }
    }

    fn note_states(&mut self) {
        for (sum, state) in self.state_sums.iter_mut().zip(&self.states) {
            *sum += state;
        }
    }

    fn renew_means(&mut self) {
        let presentations = self.neurons * if self.rule.back_and_forth { 2 } else { 1 };
        for (mean, sum) in self.means.iter_mut().zip(&mut self.state_sums) {
            *mean = *sum / presentations as f64;
            *sum = 0.0;
        }
    }

    /// Clamps a pair and gives the hidden layers their states.
    #[inline(always)]
    fn settle(
        &mut self,
        input: usize,
        target: usize,
        direction: Direction,
        n: usize,
        edges: usize,
    ) {
        let layers = self.layers;
        self.states[..n].fill(0.0);
        self.states[input] = 1.0;
        let top = (layers - 1) * n;
        self.states[top..top + n].fill(self.rule.rest);
        self.states[top + target] = 1.0;
        let hidden = |step: usize| match direction {
            Direction::Up => 1 + step,
            Direction::Down => layers - 2 - step,
        };
        if !self.rule.undirected {
            for step in 0..layers - 2 {
                self.drive(
                    hidden(step),
                    direction == Direction::Up,
                    direction == Direction::Down,
                    n,
                    edges,
                );
            }
            return;
        }
        // Edges conduct both ways: sweep until no hidden state changes. One hidden layer sees
        // only clamped neighbours and is done after one sweep; more settle or, should they go
        // round in circles, stop after as many sweeps as a signal needs to cross twice.
        self.states[n..top].fill(0.0);
        let sweeps = if layers <= 3 { 1 } else { 2 * layers };
        for _ in 0..sweeps {
            let mut changed = false;
            for step in 0..layers - 2 {
                changed |= self.drive(hidden(step), true, true, n, edges);
            }
            if !changed {
                break;
            }
        }
    }

    /// Gives one hidden layer its states from the layer below, above, or both; says whether any
    /// changed.
    #[inline(always)]
    fn drive(&mut self, layer: usize, below: bool, above: bool, n: usize, edges: usize) -> bool {
        let mut sums = [0.0; 64];
        let sums = &mut sums[..n];
        if below {
            let weights = self.layer(layer - 1, n, edges);
            let states = &self.states[(layer - 1) * n..layer * n];
            sum_up(weights, states, sums, n, edges);
        }
        if above {
            let weights = self.layer(layer, n, edges);
            let states = &self.states[(layer + 1) * n..(layer + 2) * n];
            sum_down(weights, states, sums, n, edges);
        }
        compete(sums, &self.rule);
        let states = &mut self.states[layer * n..(layer + 1) * n];
        let changed = states.iter().zip(&*sums).any(|(old, new)| old != new);
        states.copy_from_slice(sums);
        changed
    }

    #[inline(always)]
    fn layer(&self, layer: usize, n: usize, edges: usize) -> &[f64] {
        let size = n * n * edges;
        &self.weights[layer * size..(layer + 1) * size]
    }

    /// `w <- (1 - epsilon) w + epsilon S_pre S_post type_pre` on every weight, from the states at
    /// hand, then the clamp if there is one.
    #[inline(always)]
    fn update(&mut self, direction: Direction, n: usize, edges: usize) {
        if self.rule.centred {
            self.note_states();
            for ((centred, state), mean) in
                self.centred.iter_mut().zip(&self.states).zip(&self.means)
            {
                *centred = state - mean;
            }
        }
        let states = if self.rule.centred { &self.centred } else { &self.states };
        let types = if direction == Direction::Up { &self.types_up } else { &self.types_down };
        let (epsilon, decay) = (self.epsilon, 1.0 - self.epsilon);
        let size = n * n;
        for layer in 0..self.layers - 1 {
            let pre = &states[layer * n..(layer + 1) * n];
            let post = &states[(layer + 1) * n..(layer + 2) * n];
            let types = &types[layer * size..(layer + 1) * size];
            let weights = &mut self.weights[layer * size * edges..(layer + 1) * size * edges];
            for ((row, types), &pre) in
                weights.chunks_exact_mut(n * edges).zip(types.chunks_exact(n)).zip(pre)
            {
                let rate = epsilon * pre;
                for ((weights, &kind), &post) in row.chunks_exact_mut(edges).zip(types).zip(post) {
                    // The type is 1, -1 or 0, so the order of the factors changes no bit.
                    let change = rate * post * kind;
                    for weight in weights {
                        *weight = decay * *weight + change;
                    }
                }
            }
        }
        if let Some(floor) = self.rule.clamp {
            for (row, &sign) in self.weights.chunks_exact_mut(n * edges).zip(&self.signs) {
                let (low, high) = if sign > 0.0 { (floor, 1.0) } else { (-1.0, -floor) };
                for weight in row {
                    *weight = weight.clamp(low, high);
                }
            }
        }
    }

    /// Clamps each input in turn and leaves everything else free: `sums` receives the raw sums of
    /// the outputs, `[input][output]`, and `firing`, if it is not empty, which neurons are +1 as
    /// bits, `[input][layer - 1]` (hidden layers, then outputs).
    ///
    /// # Panics
    /// If `sums` is not of `neurons * neurons`, or `firing` neither empty nor of
    /// `neurons * (layers - 1)`.
    pub fn recall(&self, sums: &mut [f64], firing: &mut [u64]) {
        assert_eq!(sums.len(), self.neurons * self.neurons, "one sum for each input and output");
        assert!(
            firing.is_empty() || firing.len() == self.neurons * (self.layers - 1),
            "one word for each input and layer above it"
        );
        with_small_sizes!(self, |n, edges| self.recall_sized(sums, firing, n, edges));
    }

    #[inline(always)]
    fn recall_sized(&self, sums: &mut [f64], firing: &mut [u64], n: usize, edges: usize) {
        let above = self.layers - 1;
        for (input, sums) in sums.chunks_exact_mut(n).enumerate() {
            let mut states = [0.0; 64];
            let states = &mut states[..n];
            states[input] = 1.0;
            for layer in 1..=above {
                sums.fill(0.0);
                sum_up(self.layer(layer - 1, n, edges), states, sums, n, edges);
                if layer < above {
                    states.copy_from_slice(sums);
                    compete(states, &self.rule);
                    if !firing.is_empty() {
                        firing[input * above + layer - 1] = bits(states);
                    }
                } else if !firing.is_empty() {
                    firing[input * above + layer - 1] = bits(sums);
                }
            }
        }
    }
}

/// The bits of the neurons whose sum or state is at least 0.
fn bits(values: &[f64]) -> u64 {
    values.iter().enumerate().fold(0, |word, (i, &v)| word | u64::from(v >= 0.0) << i)
}

/// Adds to each upper neuron's sum what the lower neurons send; the edges of a pair first.
#[inline(always)]
fn sum_up(weights: &[f64], states: &[f64], sums: &mut [f64], n: usize, edges: usize) {
    for (row, &state) in weights.chunks_exact(n * edges).zip(states) {
        if state == 0.0 {
            continue;
        }
        for (sum, pair) in sums.iter_mut().zip(row.chunks_exact(edges)) {
            *sum += state * total(pair);
        }
    }
}

/// Adds to each lower neuron's sum what the upper neurons send back.
#[inline(always)]
fn sum_down(weights: &[f64], states: &[f64], sums: &mut [f64], n: usize, edges: usize) {
    for (sum, row) in sums.iter_mut().zip(weights.chunks_exact(n * edges)) {
        let mut back = 0.0;
        for (pair, &state) in row.chunks_exact(edges).zip(states) {
            back += state * total(pair);
        }
        *sum += back;
    }
}

#[inline(always)]
fn total(pair: &[f64]) -> f64 {
    if let [weight] = pair { *weight } else { pair.iter().sum() }
}

/// Turns the sums of a hidden layer into states.
#[inline(always)]
fn compete(sums: &mut [f64], rule: &Rule) {
    match rule.lateral {
        Lateral::None => {
            for sum in sums {
                *sum = sign(*sum);
            }
        }
        Lateral::WinnerTakesAll => {
            let winner = argmax(sums);
            sums.fill(-1.0);
            sums[winner] = 1.0;
        }
        Lateral::Subtractive => {
            let others = sums.len() - 1;
            if others == 0 {
                sums[0] = sign(sums[0]);
                return;
            }
            let total: f64 = sums.iter().sum();
            for sum in sums {
                *sum = sign(*sum - rule.strength * ((total - *sum) / others as f64));
            }
        }
    }
}

/// The index of the largest value, the lowest among equals.
#[inline(always)]
pub(crate) fn argmax(values: &[f64]) -> usize {
    let mut best = 0;
    for (index, &value) in values.iter().enumerate().skip(1) {
        if value > values[best] {
            best = index;
        }
    }
    best
}

/// One initial magnitude, in units of the grain of its rounding.
#[inline]
pub(crate) fn draw_level(initial: &InitialWeights, stream: &mut Stream) -> u64 {
    (stream.range(initial.low, initial.high) * initial.scale()).round() as u64
}

pub(crate) fn check_types(config: &HebbConfig, types: &Allotment) -> Result<(), HebbError> {
    if types.neurons() == config.neurons && types.layers() == config.layers {
        return Ok(());
    }
    Err(HebbError::Allotment {
        allotment: types.to_string(),
        fault: format!(
            "it has {} layers of {} neurons, and this network {} of {}",
            types.layers(),
            types.neurons(),
            config.layers,
            config.neurons
        ),
    })
}
