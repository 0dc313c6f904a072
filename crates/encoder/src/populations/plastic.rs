//! Synapses that change: inhibitory plasticity (Vogels, Sprekeler et al. 2011, Science 334:1569).
//!
//! Traces x of the spikes of each source and each target decay with tau, and rise by 1 at a spike.
//! Where a spike of the source arrives, w += eta (x_post - alpha) with alpha = 2 rho_0 tau; where
//! the target fires, w += eta x_pre. The weight stays between 0 and a greatest one. A spike acts
//! with the weight that it has just changed. The trace of a source counts its spikes when they
//! arrive.
//!
//! The order of all changes and sums is that of the sources' numbers, whatever the threads do.

use super::connect::{Watch, connect};
use super::error::PopulationsError;
use super::layout::Layout;
use super::settings::{Plasticity, Settings, Sign};
use super::units::Units;

/// The plastic synapses of one projection.
#[derive(Debug, Clone)]
pub(crate) struct PlasticSynapses {
    pub(crate) projection: usize,
    /// The neurons they come from: the first, and how many.
    pub(crate) first_source: usize,
    pub(crate) sources: usize,
    pub(crate) sign: Sign,
    /// Delay, time steps.
    pub(crate) delay: usize,
    rule: Rule,
    shards: Vec<ShardSynapses>,
}

/// The rule in time steps and traces.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// What is left of a trace after a step.
    decay: f64,
    learning_rate: f64,
    /// The postsynaptic trace at the target rate, twice.
    alpha: f64,
    most: f64,
}

/// Those onto one shard.
#[derive(Debug, Clone, Default)]
struct ShardSynapses {
    /// Where those of each source begin.
    by_source: Vec<u32>,
    targets: Vec<u32>,
    initial: Vec<f64>,
    /// Where those onto each slot begin in the next two.
    by_target: Vec<u32>,
    places: Vec<u32>,
    sources: Vec<u32>,
}

impl PlasticSynapses {
    /// Draws the synapses of all plastic projections.
    pub(crate) fn build(
        settings: &Settings,
        layout: &Layout,
        seed: u64,
        watch: Watch<'_>,
    ) -> Result<Vec<Self>, PopulationsError> {
        let firsts = settings.firsts();
        let mut all = Vec::new();
        for (index, projection) in settings.projections.iter().enumerate() {
            let Some(Plasticity::Inhibitory { learning_rate, target_rate, tau, most }) =
                projection.plasticity
            else {
                continue;
            };
            let Some(source) = settings.population(&projection.source) else { continue };
            let Some(target) = settings.population(&projection.target) else { continue };
            let units = Units::new(settings, &|other| other == index, layout);
            let only = |other: usize| other == index;
            let (drawn, _) = connect(settings, &only, layout, &units, seed, watch)?;
            let sign = settings.populations[source].sign;
            let unit = units.unit[units.sum(sign)][target];
            let sources = settings.populations[source].size;
            let shards = (0..layout.shards.len())
                .map(|shard| {
                    let mut own = ShardSynapses { by_source: vec![0], ..ShardSynapses::default() };
                    let slots = layout.shard_slots(shard).len();
                    let mut onto = vec![Vec::new(); slots];
                    for k in 0..sources {
                        for (_, slot, weight) in drawn.of_source((firsts[source] + k) as u32, shard)
                        {
                            onto[slot as usize].push((own.targets.len() as u32, k as u32));
                            own.targets.push(slot);
                            own.initial.push((f64::from(weight) * unit).min(most));
                        }
                        own.by_source.push(own.targets.len() as u32);
                    }
                    own.by_target.push(0);
                    for list in onto {
                        for (place, k) in list {
                            own.places.push(place);
                            own.sources.push(k);
                        }
                        own.by_target.push(own.places.len() as u32);
                    }
                    own
                })
                .collect();
            all.push(Self {
                projection: index,
                first_source: firsts[source],
                sources,
                sign,
                delay: (projection.delay.mean() / settings.dt).round() as usize,
                rule: Rule {
                    decay: libm::exp(-settings.dt / tau),
                    learning_rate,
                    alpha: 2.0 * target_rate * tau / 1000.0,
                    most,
                },
                shards,
            });
        }
        Ok(all)
    }

    /// The neurons that the synapses onto a place of a shard come from, and their weights.
    pub(crate) fn onto<'a>(
        &'a self,
        shard: usize,
        place: usize,
        weights: &'a [f64],
    ) -> impl Iterator<Item = (u32, f64)> + 'a {
        let own = &self.shards[shard];
        let range = own.by_target[place] as usize..own.by_target[place + 1] as usize;
        let synapses = own.places[range.clone()].iter().zip(&own.sources[range]);
        synapses.map(|(&at, &source)| (self.first_source as u32 + source, weights[at as usize]))
    }

    /// Where the weights of the synapses onto a shard are, slot by slot and for each in the order of
    /// the sources: an order that does not depend on the shards.
    pub(crate) fn order(&self, shard: usize) -> &[u32] {
        &self.shards[shard].places
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.targets.len()).sum()
    }

    pub(crate) fn bytes(&self) -> usize {
        20 * self.len()
    }

    /// Mean and standard deviation of the weights at the start.
    pub(crate) fn initial_moments(&self) -> (f64, f64) {
        moments(self.shards.iter().flat_map(|shard| shard.initial.iter().copied()))
    }
}

/// Mean and standard deviation.
pub(crate) fn moments(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        n += 1.0;
        sum += value;
        squares += value * value;
    }
    let n = f64::max(n, 1.0);
    let mean: f64 = sum / n;
    (mean, f64::max(squares / n - mean * mean, 0.0).sqrt())
}

/// The changing part of a projection's synapses onto a shard.
#[derive(Debug, Clone)]
pub(crate) struct PlasticState {
    pub(crate) weights: Vec<f64>,
    pub(super) before: Vec<f64>,
    pub(super) after: Vec<f64>,
}

impl PlasticState {
    pub(crate) fn new(synapses: &PlasticSynapses, shard: usize) -> Self {
        let own = &synapses.shards[shard];
        Self {
            weights: own.initial.clone(),
            before: vec![0.0; synapses.sources],
            after: vec![0.0; own.by_target.len() - 1],
        }
    }

    /// Lets the traces decay, takes the spikes that arrive now (numbers within the source
    /// population, ascending), and gives each weight to `add`, with the slot it acts on.
    pub(crate) fn arrive(
        &mut self,
        synapses: &PlasticSynapses,
        shard: usize,
        arriving: impl Iterator<Item = usize>,
        learning: bool,
        mut add: impl FnMut(usize, f64),
    ) {
        let rule = &synapses.rule;
        let own = &synapses.shards[shard];
        for trace in self.before.iter_mut().chain(&mut self.after) {
            *trace *= rule.decay;
        }
        for source in arriving {
            self.before[source] += 1.0;
            let range = own.by_source[source] as usize..own.by_source[source + 1] as usize;
            for (weight, &slot) in self.weights[range.clone()].iter_mut().zip(&own.targets[range]) {
                if learning {
                    let change = rule.learning_rate * (self.after[slot as usize] - rule.alpha);
                    *weight = (*weight + change).clamp(0.0, rule.most);
                }
                add(slot as usize, *weight);
            }
        }
    }

    /// Takes a spike of the neuron in this slot.
    pub(crate) fn fire(
        &mut self,
        synapses: &PlasticSynapses,
        shard: usize,
        slot: usize,
        learning: bool,
    ) {
        let rule = &synapses.rule;
        let own = &synapses.shards[shard];
        self.after[slot] += 1.0;
        if !learning {
            return;
        }
        let range = own.by_target[slot] as usize..own.by_target[slot + 1] as usize;
        for (&place, &source) in own.places[range.clone()].iter().zip(&own.sources[range]) {
            let weight = &mut self.weights[place as usize];
            *weight = (*weight + rule.learning_rate * self.before[source as usize]).min(rule.most);
        }
    }
}
