//! Drawing the synapses of a network.
//!
//! Where a rule says how many synapses a source has (pairwise probability, total number), each
//! source draws its own from a stream of its own. Where it says how many a target has (in-degree),
//! each target draws its own, twice: once to count, once to write them down by source. Streams are
//! named after the populations, so one more population changes no synapse of the others, and the
//! result is the same for any number of threads.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use equipoise_random::{Stream, stream};
use rayon::prelude::*;

use super::error::PopulationsError;
use super::layout::Layout;
use super::sampling::{Delays, Halves, Weights, binomial, delay_steps};
use super::settings::{Projection, Rule, Settings, total_number};
use super::synapses::Synapses;
use super::units::Units;

/// Sources that one task builds.
const CHUNK: usize = 128;

/// Targets that are drawn between two questions whether to go on.
const TARGETS: usize = 64;

/// What is drawn of one projection.
struct Plan<'a> {
    projection: &'a Projection,
    purpose: String,
    source: usize,
    target: usize,
    sources: usize,
    targets: usize,
    delays: Delays,
    weights: Weights,
    /// Synapses of each source, where the rule is about sources.
    degrees: Vec<u32>,
}

/// Number, mean and standard deviation of the weights of a projection as they are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Kept {
    pub(crate) count: u64,
    sum: u64,
    squares: u128,
}

impl Kept {
    fn add(&mut self, weight: u32) {
        self.count += 1;
        self.sum += u64::from(weight);
        self.squares += u128::from(weight) * u128::from(weight);
    }

    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// Mean and standard deviation, in units.
    pub(crate) fn moments(&self) -> (f64, f64) {
        let n = self.count.max(1) as f64;
        let mean = self.sum as f64 / n;
        (mean, (self.squares as f64 / n - mean * mean).max(0.0).sqrt())
    }
}

/// The name of the streams of a projection: by its populations, and by its place among those of
/// the same two.
pub(crate) fn purpose(settings: &Settings, index: usize) -> String {
    let this = &settings.projections[index];
    let before = settings.projections[..index]
        .iter()
        .filter(|p| p.source == this.source && p.target == this.target)
        .count();
    // Names have no control characters, so that no two can run together.
    format!("populations/synapses/{}\n{}\n{before}", this.source, this.target)
}

/// Draws the synapses of the projections that `of` names. The second result has an entry for each
/// projection.
pub(crate) fn connect(
    settings: &Settings,
    of: &dyn Fn(usize) -> bool,
    layout: &Layout,
    units: &Units,
    seed: u64,
    watch: Watch<'_>,
) -> Result<(Synapses, Vec<Kept>), PopulationsError> {
    let asked = Asked::new(watch);
    let firsts = settings.firsts();
    let neurons = settings.neurons();
    let mut plans: Vec<(usize, Plan<'_>)> = Vec::new();
    let mut longest = 1;
    for (index, projection) in settings.projections.iter().enumerate() {
        if !of(index) {
            continue;
        }
        let (Some(source), Some(target)) =
            (settings.population(&projection.source), settings.population(&projection.target))
        else {
            continue;
        };
        longest = longest.max(delay_steps(&projection.delay, settings.dt).1);
        let unit = units.unit[units.sum(settings.populations[source].sign)][target];
        plans.push((
            index,
            Plan {
                projection,
                purpose: purpose(settings, index),
                source,
                target,
                sources: settings.populations[source].size,
                targets: settings.populations[target].size,
                delays: Delays::new(&projection.delay, settings.dt),
                weights: Weights::new(projection.weight, unit, units.most),
                degrees: Vec::new(),
            },
        ));
    }
    plans.par_iter_mut().for_each(|(_, plan)| plan.draw_degrees(seed));

    let mut by_source = vec![0u32; neurons];
    let by_target = ByTarget::draw(&plans, &firsts, layout, seed, &asked)?;
    for (_, plan) in &plans {
        for (count, &degree) in by_source[firsts[plan.source]..].iter_mut().zip(&plan.degrees) {
            *count += degree;
        }
    }
    for (source, count) in by_source.iter_mut().enumerate() {
        *count += by_target.range(source).len() as u32;
    }
    let total: u64 = by_source.iter().map(|&count| u64::from(count)).sum();
    let mut synapses = Synapses {
        words: vec![0; total as usize],
        ends: Vec::new(),
        target_bits: layout.slot_bits(),
        shards: layout.shards.len(),
        longest: longest as usize,
    };
    synapses.ends = vec![0; neurons * synapses.row()];
    let row = synapses.row();
    let mut chunks = Vec::new();
    let (mut words, mut ends) = (&mut synapses.words[..], &mut synapses.ends[..]);
    let mut position = 0u64;
    for first in (0..neurons).step_by(CHUNK) {
        let sources = first..(first + CHUNK).min(neurons);
        let count: u64 = by_source[sources.clone()].iter().map(|&count| u64::from(count)).sum();
        let (own_words, rest) = words.split_at_mut(count as usize);
        words = rest;
        let (own_ends, rest) = ends.split_at_mut(sources.len() * row);
        ends = rest;
        chunks.push((sources, position as u32, own_words, own_ends));
        position += count;
    }
    let bounds: Vec<u32> =
        (0..layout.shards.len()).map(|shard| layout.shard_slots(shard).start as u32).collect();
    let kept = chunks
        .into_par_iter()
        .map(|(sources, position, mut words, ends)| {
            let mut kept = vec![Kept::default(); settings.projections.len()];
            if asked.to_stop() {
                return kept;
            }
            let mut sorter = Sorter::new(&bounds, longest as usize, layout.slot_bits());
            let mut start = position;
            for (source, ends) in sources.zip(ends.chunks_exact_mut(row)) {
                sorter.clear();
                for (index, plan) in &plans {
                    if let Some(within) = source.checked_sub(firsts[plan.source])
                        && within < plan.sources
                    {
                        plan.draw(
                            within,
                            layout.first_slots[plan.target],
                            seed,
                            &mut sorter,
                            &mut kept[*index],
                        );
                    }
                }
                for record in by_target.sorted(source) {
                    let (plan, delay, slot, weight) = ByTarget::parts(record);
                    kept[plans[plan].0].add(weight);
                    sorter.push(slot, weight, delay);
                }
                let (own, rest) = words.split_at_mut(sorter.len());
                sorter.sort(start, own, ends);
                start += own.len() as u32;
                words = rest;
            }
            kept
        })
        .reduce(
            || vec![Kept::default(); settings.projections.len()],
            |mut all, some| {
                all.iter_mut().zip(&some).for_each(|(all, some)| all.join(some));
                all
            },
        );
    asked.check()?;
    Ok((synapses, kept))
}

/// Whether to go on, asked now and then from any thread.
pub type Watch<'a> = &'a (dyn Fn() -> ControlFlow<()> + Sync);

/// A question that, once answered with stopping, is asked no more.
struct Asked<'a> {
    watch: Watch<'a>,
    stopped: AtomicBool,
}

impl<'a> Asked<'a> {
    fn new(watch: Watch<'a>) -> Self {
        Self { watch, stopped: AtomicBool::new(false) }
    }

    fn to_stop(&self) -> bool {
        if !self.stopped.load(Ordering::Relaxed) && (self.watch)().is_break() {
            self.stopped.store(true, Ordering::Relaxed);
        }
        self.stopped.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<(), PopulationsError> {
        if self.to_stop() { Err(PopulationsError::Stopped) } else { Ok(()) }
    }
}

impl Plan<'_> {
    /// Draws how many synapses each source has.
    fn draw_degrees(&mut self, seed: u64) {
        let mut of_all = stream(seed, &format!("{}/numbers", self.purpose), 0);
        match self.projection.connect {
            Rule::InDegree { .. } => {}
            Rule::OneToOne => self.degrees = vec![1; self.sources],
            Rule::Probability { probability, autapses } => {
                let own = u64::from(self.source == self.target && !autapses);
                let others = self.targets as u64 - own;
                self.degrees = (0..self.sources)
                    .map(|_| binomial(&mut of_all, others, probability) as u32)
                    .collect();
            }
            Rule::TotalNumber { synapses, probability } => {
                let mut left = synapses.unwrap_or_else(|| {
                    total_number(
                        probability.unwrap_or(0.0),
                        self.sources as f64,
                        self.targets as f64,
                    ) as u64
                });
                self.degrees = (0..self.sources)
                    .map(|k| {
                        let degree = binomial(&mut of_all, left, 1.0 / (self.sources - k) as f64);
                        left -= degree;
                        degree as u32
                    })
                    .collect();
            }
        }
    }

    /// Draws the synapses of a source.
    fn draw(
        &self,
        source: usize,
        first_slot: usize,
        seed: u64,
        sorter: &mut Sorter<'_>,
        kept: &mut Kept,
    ) {
        let Some(&degree) = self.degrees.get(source) else { return };
        let degree = degree as usize;
        if degree == 0 {
            return;
        }
        let mut own = stream(seed, &self.purpose, source as u64);
        let mut halves = Halves::new(&mut own);
        sorter.drawn.clear();
        match self.projection.connect {
            Rule::OneToOne => sorter.drawn.push(source as u32),
            Rule::TotalNumber { .. } => {
                let targets = self.targets as u32;
                sorter.drawn.extend((0..degree).map(|_| halves.below(targets)));
            }
            Rule::Probability { autapses, .. } => {
                let hidden = (self.source == self.target && !autapses).then_some(source as u32);
                sorter.distinct.draw(&mut halves, self.targets, degree, hidden, &mut sorter.drawn);
            }
            Rule::InDegree { .. } => {}
        }
        sorter.delays.clear();
        sorter.delays.extend((0..degree).map(|_| self.delays.draw(&mut halves)));
        for k in 0..degree {
            let weight = self.weights.draw(&mut own);
            kept.add(weight);
            sorter.push(first_slot as u32 + sorter.drawn[k], weight, sorter.delays[k]);
        }
    }
}

/// Draws different numbers (Floyd; Bentley & Floyd 1987, Commun. ACM 30:754).
#[derive(Default)]
pub(crate) struct Distinct {
    taken: Vec<u64>,
}

impl Distinct {
    /// Appends `count` different numbers below `n`, none of them `hidden`.
    pub(crate) fn draw(
        &mut self,
        halves: &mut Halves<'_>,
        n: usize,
        count: usize,
        hidden: Option<u32>,
        drawn: &mut Vec<u32>,
    ) {
        let choices = n - usize::from(hidden.is_some());
        self.taken.resize(self.taken.len().max(choices.div_ceil(64)), 0);
        let start = drawn.len();
        for top in choices - count..choices {
            let mut candidate = halves.below(top as u32 + 1);
            if self.taken[candidate as usize / 64] >> (candidate % 64) & 1 != 0 {
                candidate = top as u32;
            }
            self.taken[candidate as usize / 64] |= 1 << (candidate % 64);
            drawn.push(candidate);
        }
        for candidate in &mut drawn[start..] {
            self.taken[*candidate as usize / 64] = 0;
            *candidate += u32::from(hidden.is_some_and(|hidden| *candidate >= hidden));
        }
    }
}

/// Sorts the synapses of one source by shard and delay.
struct Sorter<'a> {
    /// First slot of each shard.
    bounds: &'a [u32],
    longest: usize,
    target_bits: u32,
    drawn: Vec<u32>,
    delays: Vec<u32>,
    distinct: Distinct,
    keys: Vec<u32>,
    words: Vec<u32>,
    counts: Vec<u32>,
}

impl<'a> Sorter<'a> {
    fn new(bounds: &'a [u32], longest: usize, target_bits: u32) -> Self {
        Self {
            bounds,
            longest,
            target_bits,
            drawn: Vec::new(),
            delays: Vec::new(),
            distinct: Distinct::default(),
            keys: Vec::new(),
            words: Vec::new(),
            counts: vec![0; bounds.len() * longest],
        }
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.words.clear();
        self.counts.fill(0);
    }

    fn len(&self) -> usize {
        self.words.len()
    }

    #[inline]
    fn push(&mut self, slot: u32, weight: u32, delay: u32) {
        let shard: usize = self.bounds[1..].iter().map(|&bound| usize::from(slot >= bound)).sum();
        let key = (shard * self.longest) as u32 + delay - 1;
        self.counts[key as usize] += 1;
        self.keys.push(key);
        self.words.push((slot - self.bounds[shard]) | weight << self.target_bits);
    }

    /// Writes the synapses, and where those of each shard and delay end; they begin at `start`.
    fn sort(&mut self, start: u32, out: &mut [u32], ends: &mut [u32]) {
        let mut end = 0;
        ends[0] = start;
        for (count, after) in self.counts.iter_mut().zip(&mut ends[1..]) {
            let first = end;
            end += *count;
            *count = first;
            *after = start + end;
        }
        for (&key, &word) in self.keys.iter().zip(&self.words) {
            let at = &mut self.counts[key as usize];
            out[*at as usize] = word;
            *at += 1;
        }
    }
}

/// The synapses of rules about targets, by source; each source's in no particular order.
struct ByTarget {
    /// Where those of each source begin.
    starts: Vec<u64>,
    records: Vec<AtomicU64>,
}

impl ByTarget {
    fn draw(
        plans: &[(usize, Plan<'_>)],
        firsts: &[usize],
        layout: &Layout,
        seed: u64,
        asked: &Asked<'_>,
    ) -> Result<Self, PopulationsError> {
        let neurons = firsts.last().copied().unwrap_or(0);
        if !plans.iter().any(|(_, p)| matches!(p.projection.connect, Rule::InDegree { .. })) {
            return Ok(Self { starts: Vec::new(), records: Vec::new() });
        }
        let counts: Vec<AtomicU32> = (0..neurons).map(|_| AtomicU32::new(0)).collect();
        let each = |with: &(dyn Fn(usize, usize, u32, u32, u32) + Sync)| {
            for (index, (_, plan)) in plans.iter().enumerate() {
                let Rule::InDegree { synapses, multapses, autapses } = plan.projection.connect
                else {
                    continue;
                };
                let first_slot = layout.first_slots[plan.target];
                (0..plan.targets).into_par_iter().with_min_len(64).for_each_init(
                    || (Distinct::default(), Vec::new(), Vec::new()),
                    |(distinct, drawn, delays), target| {
                        if target % TARGETS == 0 && asked.to_stop() {
                            return;
                        }
                        let mut own: Stream = stream(seed, &plan.purpose, target as u64);
                        let mut halves = Halves::new(&mut own);
                        let hidden =
                            (plan.source == plan.target && !autapses).then_some(target as u32);
                        drawn.clear();
                        if multapses {
                            let n = plan.sources as u32 - u32::from(hidden.is_some());
                            drawn.extend((0..synapses).map(|_| {
                                let source = halves.below(n);
                                source + u32::from(hidden.is_some_and(|hidden| source >= hidden))
                            }));
                        } else {
                            distinct.draw(&mut halves, plan.sources, synapses, hidden, drawn);
                        }
                        delays.clear();
                        delays.extend((0..synapses).map(|_| plan.delays.draw(&mut halves)));
                        for (&source, &delay) in drawn.iter().zip(delays.iter()) {
                            let weight = plan.weights.draw(&mut own);
                            let source = firsts[plan.source] + source as usize;
                            with(source, index, delay, (first_slot + target) as u32, weight);
                        }
                    },
                );
            }
        };
        each(&|source, _, _, _, _| {
            counts[source].fetch_add(1, Ordering::Relaxed);
        });
        asked.check()?;
        let mut starts = Vec::with_capacity(neurons + 1);
        let mut total = 0u64;
        for count in &counts {
            starts.push(total);
            total += u64::from(count.swap(0, Ordering::Relaxed));
        }
        starts.push(total);
        let records: Vec<AtomicU64> = (0..total).map(|_| AtomicU64::new(0)).collect();
        each(&|source, plan, delay, slot, weight| {
            let place = starts[source] + u64::from(counts[source].fetch_add(1, Ordering::Relaxed));
            records[place as usize]
                .store(Self::record(plan, delay, slot, weight), Ordering::Relaxed);
        });
        asked.check()?;
        Ok(Self { starts, records })
    }

    /// 16 bits for the projection, 12 for the delay, 20 for the slot, 16 for the weight.
    fn record(plan: usize, delay: u32, slot: u32, weight: u32) -> u64 {
        (plan as u64) << 48 | u64::from(delay) << 36 | u64::from(slot) << 16 | u64::from(weight)
    }

    fn parts(record: u64) -> (usize, u32, u32, u32) {
        let bits = |from: u32, count: u32| (record >> from) as u32 & ((1 << count) - 1);
        ((record >> 48) as usize, bits(36, 12), bits(16, 20), bits(0, 16))
    }

    fn range(&self, source: usize) -> std::ops::Range<usize> {
        if self.starts.is_empty() {
            return 0..0;
        }
        self.starts[source] as usize..self.starts[source + 1] as usize
    }

    /// The synapses of a source in an order that does not depend on who wrote them first.
    fn sorted(&self, source: usize) -> Vec<u64> {
        let records = &self.records[self.range(source)];
        let mut sorted: Vec<u64> = records.iter().map(|r| r.load(Ordering::Relaxed)).collect();
        sorted.sort_unstable();
        sorted
    }
}
