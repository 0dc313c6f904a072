//! Running a network of populations through time.
//!
//! Each thread has a shard of the neurons and everything that reaches them. No spike acts sooner
//! than the shortest delay, so threads exchange their spikes that often, and otherwise know
//! nothing of each other. What a thread computes does not depend on who computes the rest: each
//! block of neurons has random numbers of its own, and what arrives at a neuron is added up in
//! whole numbers.

use std::ops::ControlFlow;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use equipoise_simd::Instructions;

use super::barrier::{Barrier, Guard};
use super::build::{Network, Synapse};
use super::error::PopulationsError;
use super::recording::Recording;
use super::settings::{Precision, Sign};
use super::shard::{History, INHIBITORY, Shard};
use super::source::Sources;
use super::update::Real;

/// Steps between two exchanges at most, where no delay sets it.
const LONGEST_INTERVAL: usize = 64;

/// Simulated time between two calls of the caller's function, time steps.
const REPORT: u64 = 20;

/// A network in time. What it has been given to run through, it remembers: running on from there
/// gives the same numbers as having run through at once, and so does a clone of it.
#[derive(Debug, Clone)]
pub struct Simulation<'a> {
    pub(super) network: &'a Network,
    pub(super) state: State,
    pub(super) history: History,
    pub(super) sources: Sources,
    pub(super) step: u64,
    /// What the rates of each population's background are multiplied by.
    pub(super) background: Vec<f64>,
}

/// The shards, in the precision that the settings ask for.
#[derive(Debug, Clone)]
pub(super) enum State {
    Single(Vec<Shard<f32>>),
    Double(Vec<Shard<f64>>),
}

/// The spikes of one shard in an interval, in the order of their steps: offset of the step, and
/// the neuron with a bit for its sign.
type Outbox = Vec<(u32, u32)>;

/// What threads share during a run.
struct Shared<'a> {
    network: &'a Network,
    barrier: Barrier,
    /// For each shard the spikes of an even and of an odd interval: one is written while others
    /// still read the other.
    outboxes: Vec<[RwLock<Outbox>; 2]>,
    first_step: u64,
    steps: u64,
    interval: u64,
    /// The interval before which to stop.
    stop: AtomicU64,
    instructions: Instructions,
}

/// What only the first thread does.
struct Leader<'a, 'b> {
    sources: &'a mut Sources,
    recording: &'a mut Recording,
    report: &'a mut (dyn FnMut(f64) -> ControlFlow<()> + 'b),
}

impl<'a> Simulation<'a> {
    /// The network at its start. The seed is that of the run: initial potentials and drawn
    /// constants belong to the network.
    pub fn new(network: &'a Network, seed: u64) -> Self {
        let shards = 0..network.layout.shards.len();
        let state = match network.settings.precision {
            Precision::Single => {
                State::Single(shards.map(|k| Shard::new(network, k, seed)).collect())
            }
            Precision::Double => {
                State::Double(shards.map(|k| Shard::new(network, k, seed)).collect())
            }
        };
        Self {
            network,
            state,
            history: History::new(network.longest_delay.max(LONGEST_INTERVAL)),
            sources: Sources::new(&network.settings, seed),
            step: 0,
            background: vec![1.0; network.settings.populations.len()],
        }
    }

    /// The network that is simulated.
    pub fn network(&self) -> &'a Network {
        self.network
    }

    /// Simulated so far, ms.
    pub fn time_ms(&self) -> f64 {
        self.step as f64 * self.network.settings.dt
    }

    /// Gives each source of a population its own rate, Hz, from now on: an image.
    ///
    /// # Errors
    /// If the population has no sources, or the rates do not fit it.
    pub fn set_rates(&mut self, population: usize, rates: &[f64]) -> Result<(), PopulationsError> {
        self.sources.set_rates(population, rates, self.network.settings.dt)
    }

    /// Lets sources of a population spike at these times, ms of simulated time, besides their
    /// rates: `(time, source)`.
    ///
    /// # Errors
    /// If the population has no sources, a source does not exist, or a time has passed.
    pub fn set_spikes(
        &mut self,
        population: usize,
        spikes: &[(f64, usize)],
    ) -> Result<(), PopulationsError> {
        self.sources.set_spikes(population, spikes, self.step, self.network.settings.dt)
    }

    /// Multiplies the rates of a population's background by this from now on.
    ///
    /// # Errors
    /// If there is no such population, or the factor is not a number from 0 to 1000.
    pub fn scale_background(
        &mut self,
        population: usize,
        factor: f64,
    ) -> Result<(), PopulationsError> {
        let populations = self.network.settings.populations.len();
        if population >= populations {
            let reason = format!("population {population}, but there are {populations}");
            return Err(PopulationsError::Request(reason));
        }
        if !(0.0..=1000.0).contains(&factor) {
            let reason = format!("a background scaled by {factor}; the factor is from 0 to 1000");
            return Err(PopulationsError::Request(reason));
        }
        self.background[population] = factor;
        let settings = &self.network.settings;
        match &mut self.state {
            State::Single(shards) => {
                shards.iter_mut().for_each(|s| s.set_background(settings, population, factor));
            }
            State::Double(shards) => {
                shards.iter_mut().for_each(|s| s.set_background(settings, population, factor));
            }
        }
        Ok(())
    }

    /// Switches the learning of plastic synapses on, as it is at the start, or off.
    pub fn set_learning(&mut self, learning: bool) {
        match &mut self.state {
            State::Single(shards) => shards.iter_mut().for_each(|shard| shard.learning = learning),
            State::Double(shards) => shards.iter_mut().for_each(|shard| shard.learning = learning),
        }
    }

    /// Whether plastic synapses learn now.
    pub fn is_learning(&self) -> bool {
        match &self.state {
            State::Single(shards) => shards.iter().all(|shard| shard.learning),
            State::Double(shards) => shards.iter().all(|shard| shard.learning),
        }
    }

    /// Keeps these neurons from firing from now on: a lesion. Spike sources are silenced by their
    /// rates ([`Simulation::set_rates`]).
    ///
    /// # Errors
    /// If one of them is a source or does not exist; then none is silenced.
    pub fn silence(&mut self, neurons: &[usize]) -> Result<(), PopulationsError> {
        if let Some(neuron) = neurons.iter().find(|&&neuron| self.network.place(neuron).is_none()) {
            let reason =
                format!("neuron {neuron} cannot be silenced: it is a source or does not exist");
            return Err(PopulationsError::Request(reason));
        }
        for &neuron in neurons {
            match &mut self.state {
                State::Single(shards) => shards.iter_mut().for_each(|s| s.silence(neuron)),
                State::Double(shards) => shards.iter_mut().for_each(|s| s.silence(neuron)),
            }
        }
        Ok(())
    }

    /// The weights of a plastic projection now, in no order that means anything; empty if it is
    /// not plastic.
    pub fn plastic_weights(&self, projection: usize) -> Vec<f64> {
        let of = |states: &[super::plastic::PlasticState]| -> Vec<f64> {
            let plastic = self.network.plastic.iter().zip(states);
            let found = plastic.filter(|(plastic, _)| plastic.projection == projection);
            found.flat_map(|(_, state)| state.weights.iter().copied()).collect()
        };
        match &self.state {
            State::Single(shards) => shards.iter().flat_map(|shard| of(&shard.plastic)).collect(),
            State::Double(shards) => shards.iter().flat_map(|shard| of(&shard.plastic)).collect(),
        }
    }

    /// The synapses onto each of these neurons as they are now, plastic ones included, by source and
    /// then by delay.
    pub fn synapses_onto_each(&self, neurons: &[usize]) -> Vec<Vec<Synapse>> {
        let network = self.network;
        let mut onto = network.synapses_onto_each(neurons);
        for (synapses, &neuron) in onto.iter_mut().zip(neurons) {
            let Some((shard, place)) = network.place(neuron) else { continue };
            let states = match &self.state {
                State::Single(shards) => &shards[shard].plastic,
                State::Double(shards) => &shards[shard].plastic,
            };
            for (plastic, state) in network.plastic.iter().zip(states) {
                let delay_ms = plastic.delay as f64 * network.settings.dt;
                for (source, weight) in plastic.onto(shard, place, &state.weights) {
                    let negative = plastic.sign == Sign::Inhibitory;
                    let weight = if negative { -weight } else { weight };
                    synapses.push(Synapse { source, delay_ms, weight });
                }
            }
            synapses.sort_by(Synapse::order);
        }
        onto
    }

    /// The potential of a neuron now, mV; `None` for a spike source or a neuron that there is not.
    pub fn potential(&self, neuron: usize) -> Option<f64> {
        match &self.state {
            State::Single(shards) => {
                shards.iter().find_map(|shard| shard.potential(self.network, neuron))
            }
            State::Double(shards) => {
                shards.iter().find_map(|shard| shard.potential(self.network, neuron))
            }
        }
    }

    /// Runs on for this time, ms, and adds what happens to the recording. `report` is called every
    /// few milliseconds of simulated time with the time simulated so far, and may say to stop; the
    /// simulation can go on after that.
    ///
    /// # Errors
    /// [`PopulationsError::Stopped`] if `report` says so; if the time is not a number from 0 on or
    /// a neuron to be recorded does not exist.
    pub fn advance(
        &mut self,
        time_ms: f64,
        recording: &mut Recording,
        report: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> Result<(), PopulationsError> {
        let dt = self.network.settings.dt;
        let steps = (time_ms / dt).round();
        if !(0.0..=1e9).contains(&steps) {
            let reason = format!("{time_ms} ms are not from 0 to 1e9 time steps of {dt} ms");
            return Err(PopulationsError::Request(reason));
        }
        recording.begin(self.network, self.step)?;
        let interval = self.network.shortest_delay.clamp(1, LONGEST_INTERVAL) as u64;
        let shards = self.network.layout.shards.len();
        let shared = Shared {
            network: self.network,
            barrier: Barrier::new(shards),
            outboxes: (0..shards).map(|_| Default::default()).collect(),
            first_step: self.step,
            steps: steps as u64,
            interval,
            stop: AtomicU64::new(u64::MAX),
            instructions: Instructions::best(),
        };
        let leader = Leader { sources: &mut self.sources, recording, report };
        let done = match &mut self.state {
            State::Single(shards) => run(&shared, shards, &mut self.history, leader),
            State::Double(shards) => run(&shared, shards, &mut self.history, leader),
        };
        self.step += done;
        recording.add_steps(done, dt);
        if done < shared.steps { Err(PopulationsError::Stopped) } else { Ok(()) }
    }
}

/// Runs all shards, each on a thread; returns the steps that were done.
fn run<T: Real>(
    shared: &Shared<'_>,
    shards: &mut [Shard<T>],
    history: &mut History,
    leader: Leader<'_, '_>,
) -> u64 {
    let Some((first, others)) = shards.split_first_mut() else { return shared.steps };
    let recorded = leader.recording.probed().to_vec();
    let Leader { sources, recording, report } = leader;
    let done = std::thread::scope(|scope| {
        for shard in others {
            let mut history = history.clone();
            shard.probe(shared.network, &recorded);
            scope.spawn(move || run_shard(shared, shard, &mut history, None));
        }
        first.probe(shared.network, &recorded);
        let leader = Leader { sources, recording: &mut *recording, report };
        run_shard(shared, first, history, Some(leader))
    });
    for shard in shards {
        for (which, trace) in shard.probed() {
            recording.potentials[which].extend(trace);
        }
    }
    done
}

/// Runs one shard; returns the steps that were done.
fn run_shard<T: Real>(
    shared: &Shared<'_>,
    shard: &mut Shard<T>,
    history: &mut History,
    mut leader: Option<Leader<'_, '_>>,
) -> u64 {
    let _guard = Guard(&shared.barrier);
    let network = shared.network;
    let (mut done, mut round, mut reported) = (0, 0u64, 0);
    let mut sourced = Vec::new();
    while done < shared.steps && shared.stop.load(Ordering::Acquire) > round {
        let steps = shared.interval.min(shared.steps - done);
        let parity = (round % 2) as usize;
        {
            let Ok(mut outbox) = shared.outboxes[shard.index][parity].write() else { return done };
            outbox.clear();
            for offset in 0..steps {
                let step = shared.first_step + done + offset + 1;
                shard.step(network, history, step, shared.instructions);
                outbox.extend(shard.spikes().map(|spike| (offset as u32, spike)));
                if let Some(leader) = &mut leader {
                    sourced.clear();
                    leader.sources.spikes(step, &mut sourced);
                    outbox.extend(sourced.iter().map(|&spike| (offset as u32, spike)));
                }
            }
        }
        if let Some(leader) = &mut leader
            && (done + steps) / REPORT > reported
        {
            reported = (done + steps) / REPORT;
            let time = (shared.first_step + done + steps) as f64 * network.settings.dt;
            if (leader.report)(time).is_break() {
                shared.stop.store(round + 1, Ordering::Release);
            }
        }
        if shared.barrier.wait().is_err() {
            return done;
        }
        let first = shared.first_step + done + 1;
        for step in first..first + steps {
            history.clear(step);
        }
        for outboxes in &shared.outboxes {
            let Ok(outbox) = outboxes[parity].read() else { return done };
            for &(offset, spike) in outbox.iter() {
                let (source, sign) = match spike & INHIBITORY {
                    0 => (spike, Sign::Excitatory),
                    _ => (spike & !INHIBITORY, Sign::Inhibitory),
                };
                history.push(first + u64::from(offset), source, sign);
                network.synapses.announce(source, shard.index);
            }
        }
        if let Some(leader) = &mut leader {
            for step in first..first + steps {
                history.order(step);
                leader.recording.take(network, step, history);
            }
        } else if !network.plastic.is_empty() {
            for step in first..first + steps {
                history.order(step);
            }
        }
        done += steps;
        round += 1;
    }
    done
}
