//! Every run is what a plain simulation gives, to the last bit: of the network, with its skipped
//! cycles, and of the shared table.

use equipoise_plasticity::hebb::{
    Allotment, Criterion, Dale, Enumeration, HebbConfig, Lateral, Mapping, OtherOutputs, Outcome,
    Plan, StudyConfig, Trajectories, Variants, train,
};
use equipoise_random::{Stream, stream};
use proptest::prelude::*;

type Matrix = Vec<Vec<f64>>;

/// The experiment as it is defined, with no thought of speed. Weights are `[layer][edge]`
/// matrices of pre by post.
struct Naive<'a> {
    config: &'a HebbConfig,
    mapping: &'a Mapping,
    types: Vec<Vec<f64>>,
    weights: Vec<Vec<Matrix>>,
    means: Vec<Vec<f64>>,
    seen: Vec<Vec<Vec<f64>>>,
}

impl<'a> Naive<'a> {
    fn new(
        config: &'a HebbConfig,
        mapping: &'a Mapping,
        types: &Allotment,
        stream: &mut Stream,
    ) -> Self {
        let (n, v) = (config.neurons, &config.variants);
        let types: Vec<Vec<f64>> = (0..config.layers)
            .map(|layer| (0..n).map(|neuron| types.of(layer, neuron).sign()).collect())
            .collect();
        let mut weights = vec![vec![vec![vec![0.0; n]; n]; v.edges]; config.layers - 1];
        for layer in 0..config.layers - 1 {
            for pre in 0..n {
                for post in 0..n {
                    for edge in 0..v.edges {
                        let drawn = stream.range(config.initial.low, config.initial.high);
                        let scale = 10f64.powi(config.initial.decimals as i32);
                        weights[layer][edge][pre][post] =
                            types[layer][pre] * ((drawn * scale).round() / scale);
                    }
                }
            }
        }
        let means = vec![vec![0.0; n]; config.layers];
        Self { config, mapping, types, weights, means, seen: Vec::new() }
    }

    fn effective(&self, layer: usize, pre: usize, post: usize) -> f64 {
        self.weights[layer].iter().map(|w| w[pre][post]).sum()
    }

    fn sum_from_below(&self, states: &[Vec<f64>], layer: usize, neuron: usize) -> f64 {
        (0..self.config.neurons)
            .map(|pre| states[layer - 1][pre] * self.effective(layer - 1, pre, neuron))
            .fold(0.0, |sum, x| sum + x)
    }

    fn sum_from_above(&self, states: &[Vec<f64>], layer: usize, neuron: usize) -> f64 {
        (0..self.config.neurons)
            .map(|post| states[layer + 1][post] * self.effective(layer, neuron, post))
            .fold(0.0, |sum, x| sum + x)
    }

    fn activate(&self, sums: &[f64]) -> Vec<f64> {
        let sign = |x: f64| if x >= 0.0 { 1.0 } else { -1.0 };
        let n = sums.len();
        match self.config.variants.lateral {
            Lateral::None => sums.iter().map(|&s| sign(s)).collect(),
            Lateral::WinnerTakesAll => {
                let top = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let winner = sums.iter().position(|&s| s == top).unwrap();
                (0..n).map(|j| if j == winner { 1.0 } else { -1.0 }).collect()
            }
            Lateral::Subtractive if n == 1 => vec![sign(sums[0])],
            Lateral::Subtractive => {
                let total: f64 = sums.iter().sum();
                let strength = self.config.variants.lateral_strength;
                let mean = |s: f64| (total - s) / (n - 1) as f64;
                sums.iter().map(|&s| sign(s - strength * mean(s))).collect()
            }
        }
    }

    /// The states while the pair of `input` is presented, on the way up or back down.
    fn states(&self, input: usize, down: bool) -> Vec<Vec<f64>> {
        let (n, layers, v) = (self.config.neurons, self.config.layers, &self.config.variants);
        let mut states = vec![vec![0.0; n]; layers];
        states[0][input] = 1.0;
        if v.other_outputs == OtherOutputs::MinusOne {
            states[layers - 1] = vec![-1.0; n];
        }
        states[layers - 1][self.mapping.target(input)] = 1.0;
        let mut hidden: Vec<usize> = (1..layers - 1).collect();
        if down {
            hidden.reverse();
        }
        for _ in 0..if v.undirected { 2 * layers } else { 1 } {
            let before = states.clone();
            for &layer in &hidden {
                let sums: Vec<f64> = (0..n)
                    .map(|j| match (v.undirected, down) {
                        (true, _) => {
                            self.sum_from_below(&states, layer, j)
                                + self.sum_from_above(&states, layer, j)
                        }
                        (false, false) => self.sum_from_below(&states, layer, j),
                        (false, true) => self.sum_from_above(&states, layer, j),
                    })
                    .collect();
                states[layer] = self.activate(&sums);
            }
            if states == before {
                break;
            }
        }
        states
    }

    fn learn(&mut self, input: usize, down: bool) {
        let states = self.states(input, down);
        self.seen.push(states.clone());
        let (n, epsilon, v) = (self.config.neurons, self.config.epsilon, &self.config.variants);
        for layer in 0..self.config.layers - 1 {
            for pre in 0..n {
                for post in 0..n {
                    let (lower, upper) = (self.types[layer][pre], self.types[layer + 1][post]);
                    let type_pre = match (v.undirected, down) {
                        (true, _) => (lower + upper) / 2.0,
                        (false, false) => lower,
                        (false, true) => upper,
                    };
                    let mean = |layer: usize, j: usize| {
                        if v.centred { self.means[layer][j] } else { 0.0 }
                    };
                    let s_pre = states[layer][pre] - mean(layer, pre);
                    let s_post = states[layer + 1][post] - mean(layer + 1, post);
                    for edge in 0..v.edges {
                        let w = &mut self.weights[layer][edge][pre][post];
                        *w = (1.0 - epsilon) * *w + epsilon * s_pre * s_post * type_pre;
                        if v.dale == Dale::Clamp {
                            let size = (*w * lower).max(v.dale_floor).min(1.0);
                            *w = size * lower;
                        }
                    }
                }
            }
        }
    }

    fn renew_means(&mut self) {
        let count = self.seen.len() as f64;
        for (layer, means) in self.means.iter_mut().enumerate() {
            for (j, mean) in means.iter_mut().enumerate() {
                *mean = self.seen.iter().map(|s| s[layer][j]).fold(0.0, |a, b| a + b) / count;
            }
        }
        self.seen.clear();
    }

    fn passes(&self) -> Vec<bool> {
        if self.config.variants.back_and_forth { vec![false, true] } else { vec![false] }
    }

    /// Hidden states and raw output sums for one input, with the outputs free.
    fn recall(&self, input: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
        let n = self.config.neurons;
        let mut states = vec![vec![0.0; n]; self.config.layers];
        states[0][input] = 1.0;
        let top = self.config.layers - 1;
        for layer in 1..top {
            let sums: Vec<f64> = (0..n).map(|j| self.sum_from_below(&states, layer, j)).collect();
            states[layer] = self.activate(&sums);
        }
        let sums = (0..n).map(|k| self.sum_from_below(&states, top, k)).collect();
        (states, sums)
    }

    fn met(&self, criterion: Criterion) -> bool {
        (0..self.config.neurons).all(|input| {
            let (_, sums) = self.recall(input);
            let target = self.mapping.target(input);
            let fires: Vec<bool> = sums.iter().map(|&s| s >= 0.0).collect();
            match criterion {
                Criterion::Exact => (0..fires.len()).all(|k| fires[k] == (k == target)),
                Criterion::Argmax => (0..sums.len()).all(|k| {
                    k == target || sums[target] > sums[k] || (sums[target] == sums[k] && k > target)
                }),
                Criterion::FirstFiring => fires[target] && !fires[..target].contains(&true),
                Criterion::TargetFires => fires[target],
                Criterion::Frozen => unreachable!(),
            }
        })
    }

    fn margin(&self) -> f64 {
        let mut all = Vec::new();
        for input in 0..self.config.neurons {
            let (_, sums) = self.recall(input);
            let target = self.mapping.target(input);
            match self.config.criterion {
                Criterion::Exact | Criterion::Frozen => all.extend(sums),
                Criterion::Argmax => {
                    let others = (0..sums.len()).filter(|&k| k != target);
                    all.extend(others.map(|k| sums[target] - sums[k]));
                }
                Criterion::FirstFiring => all.extend(&sums[..=target]),
                Criterion::TargetFires => all.push(sums[target]),
            }
        }
        all.iter().map(|x| x.abs()).fold(f64::INFINITY, f64::min)
    }

    fn signs(&self) -> Vec<bool> {
        (0..self.config.neurons)
            .flat_map(|input| {
                let (mut states, sums) = self.recall(input);
                states.push(sums);
                states.concat()
            })
            .map(|s| s >= 0.0)
            .collect()
    }

    fn flat(&self) -> Vec<f64> {
        let n = self.config.neurons;
        let mut flat = Vec::new();
        for layer in &self.weights {
            for pre in 0..n {
                for post in 0..n {
                    flat.extend(layer.iter().map(|edge| edge[pre][post]));
                }
            }
        }
        flat
    }

    fn run(mut self) -> Outcome {
        let config = self.config;
        if config.variants.centred {
            for input in 0..config.neurons {
                for down in self.passes() {
                    let states = self.states(input, down);
                    self.seen.push(states);
                }
            }
            self.renew_means();
        }
        let mut met_in_a_row = 0;
        let mut converged_at = None;
        let mut epochs = 0;
        while epochs < config.max_epochs && converged_at.is_none() {
            let before = (self.signs(), self.flat());
            for input in 0..config.neurons {
                for down in self.passes() {
                    self.learn(input, down);
                }
            }
            self.renew_means();
            epochs += 1;
            let frozen = config.criterion == Criterion::Frozen;
            let met = if frozen {
                let moved = before
                    .1
                    .iter()
                    .zip(self.flat())
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f64::max);
                before.0 == self.signs() && moved <= config.frozen.tolerance
            } else {
                self.met(config.criterion)
            };
            met_in_a_row = if met { met_in_a_row + 1 } else { 0 };
            if frozen && met_in_a_row == config.frozen.epochs {
                converged_at = Some(epochs);
            }
            if !frozen && met_in_a_row == config.hold_epochs {
                converged_at = Some(epochs + 1 - config.hold_epochs);
            }
        }
        Outcome {
            converged_at,
            epochs,
            exact_at_end: self.met(Criterion::Exact),
            margin: self.margin(),
            weights: self.flat(),
        }
    }
}

fn naive(config: &HebbConfig, mapping: &Mapping, types: &Allotment, index: u64) -> Outcome {
    let mut stream = stream(5, "plasticity/hebb/initial-weights", index);
    Naive::new(config, mapping, types, &mut stream).run()
}

fn same(got: &Outcome, want: &Outcome) {
    assert_eq!(got.converged_at, want.converged_at);
    assert_eq!(got.epochs, want.epochs);
    assert_eq!(got.exact_at_end, want.exact_at_end);
    assert_eq!(got.margin.to_bits(), want.margin.to_bits());
    // Zeros of either sign are one number to every rule; all else is compared as bits.
    let bits = |w: &[f64]| w.iter().map(|w| (w + 0.0).to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&got.weights), bits(&want.weights));
}

/// A random mapping and random types.
fn draw(config: &HebbConfig, index: u64) -> (Mapping, Allotment) {
    let mut stream = stream(9, "test", index);
    let mapping = Mapping::new(&stream.permutation(config.neurons)).unwrap();
    let mask = u64::MAX >> (64 - config.neurons);
    // Many inhibitory neurons, since those are the ones that learn.
    let masks: Vec<u64> =
        (0..config.layers).map(|_| (stream.next_u64() | stream.next_u64()) & mask).collect();
    (mapping, Allotment::from_masks(config.neurons, &masks).unwrap())
}

#[test]
fn the_table_is_the_simulation() {
    let mut converged = 0;
    for criterion in
        [Criterion::Exact, Criterion::Argmax, Criterion::FirstFiring, Criterion::TargetFires]
    {
        for (neurons, epsilon, max_epochs, hold_epochs) in [
            (1, 0.01, 40, 1),
            (2, 0.3, 200, 2),
            (3, 0.01, 150, 1),
            (3, 0.1, 700, 9),
            (4, 0.05, 800, 1),
        ] {
            let config = HebbConfig {
                neurons,
                epsilon,
                max_epochs,
                hold_epochs,
                criterion,
                ..HebbConfig::default()
            };
            let table = Trajectories::new(&config).unwrap().unwrap();
            for index in 0..16 {
                let (mapping, mut types) = draw(&config, index);
                if index % 2 == 0 {
                    types = Allotment::from_masks(
                        neurons,
                        &[(1 << neurons) - 1, 2 % (1 << neurons), 0],
                    )
                    .unwrap();
                }
                let want = naive(&config, &mapping, &types, index);
                let mut stream = stream(5, "plasticity/hebb/initial-weights", index);
                same(&table.run(&mapping, &types, &mut stream).unwrap(), &want);
                same(&train(&config, &mapping, &types, 5, index).unwrap(), &want);
                converged += usize::from(want.converged_at.is_some());
            }
        }
    }
    // Both ends of a run were compared often.
    assert!((80..300).contains(&converged), "{converged}");
}

#[test]
fn a_full_run_of_the_study_is_the_simulation() {
    // 3,000 epochs, most of them skipped as rounds of a cycle that has been seen to the bit.
    for criterion in [Criterion::Exact, Criterion::Frozen] {
        let config = HebbConfig { criterion, ..HebbConfig::default() };
        for (index, types) in
            ["IIII|IIEI|EEEE", "EIEE|IEII|EEEE", "EEEE|EEII|IEEE"].iter().enumerate()
        {
            let (mapping, _) = draw(&config, index as u64);
            let types: Allotment = types.parse().unwrap();
            let want = naive(&config, &mapping, &types, index as u64);
            same(&train(&config, &mapping, &types, 5, index as u64).unwrap(), &want);
            if let Some(table) = Trajectories::new(&config).unwrap() {
                let mut stream = stream(5, "plasticity/hebb/initial-weights", index as u64);
                same(&table.run(&mapping, &types, &mut stream).unwrap(), &want);
            }
        }
    }
}

#[test]
fn the_table_applies_to_the_plain_rule_only() {
    let plain = HebbConfig::default();
    assert!(Trajectories::apply_to(&plain));
    for config in [
        HebbConfig { layers: 4, ..plain.clone() },
        HebbConfig { criterion: Criterion::Frozen, ..plain.clone() },
        HebbConfig { max_epochs: 10_000_000, ..plain.clone() },
        HebbConfig { variants: Variants { centred: true, ..Variants::default() }, ..plain.clone() },
    ] {
        assert!(Trajectories::new(&config).unwrap().is_none());
    }
}

#[test]
fn a_plan_runs_what_it_says() {
    for variants in [Variants::default(), Variants { edges: 2, ..Variants::default() }] {
        let hebb = HebbConfig { neurons: 3, max_epochs: 90, variants, ..HebbConfig::default() };
        let config = StudyConfig {
            hebb: hebb.clone(),
            enumeration: Enumeration::Sample,
            runs_per_cell: 2,
            ..StudyConfig::default()
        };
        let plan = Plan::new(&config, 5).unwrap();
        assert_eq!(plan.shares_trajectories(), variants.is_plain());
        for index in 0..plan.runs() {
            let row = plan.run(index);
            same(&row.outcome, &naive(&hebb, &row.run.mapping, &row.run.types, index));
        }
    }
}

fn variants() -> impl Strategy<Value = Variants> {
    let lateral =
        prop_oneof![Just(Lateral::None), Just(Lateral::WinnerTakesAll), Just(Lateral::Subtractive)];
    (lateral, any::<[bool; 5]>(), 1usize..=3, 0.5f64..1.5).prop_map(
        |(lateral, [clamp, centred, minus, both, undirected], edges, lateral_strength)| Variants {
            dale: if clamp { Dale::Clamp } else { Dale::Free },
            dale_floor: 1e-4,
            lateral,
            lateral_strength,
            centred,
            other_outputs: if minus { OtherOutputs::MinusOne } else { OtherOutputs::Zero },
            edges,
            back_and_forth: both,
            undirected,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_variant_is_the_simulation(
        variants in variants(),
        neurons in 1usize..=5,
        layers in 2usize..=5,
        epsilon in prop_oneof![Just(0.01), 0.02f64..0.6],
        criterion in prop::sample::select(Criterion::ALL.to_vec()),
        hold_epochs in 1usize..4,
        index in 0u64..1000,
    ) {
        let mut config = HebbConfig {
            neurons, layers, epsilon, criterion, hold_epochs, variants,
            max_epochs: 260,
            ..HebbConfig::default()
        };
        config.frozen.epochs = 7;
        config.frozen.tolerance = 1e-4;
        let (mapping, types) = draw(&config, index);
        let want = naive(&config, &mapping, &types, index);
        same(&train(&config, &mapping, &types, 5, index).unwrap(), &want);
    }
}
