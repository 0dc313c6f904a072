//! The state of all neurons of a network in a run, and how it goes through a slice of time.

use equipoise_data::spikes::SpikeTrains;
use equipoise_random::{derive_seed, stream};
use equipoise_simd::Instructions;
use rayon::prelude::*;

use super::block::{Arrivals, BlockState, Slice};
use super::build::{Delays, Network};
use super::noise::{LaneGenerator, PoissonTable};
use super::probe::{BlockProbe, Probe};
use super::stimulus::Stimulus;
use super::trial::Trial;

/// Time steps of a slice at most, so that what arrives in them stays in the nearest cache.
const LONGEST_SLICE: usize = 32;

/// The state of the neurons of a network, and the spikes that are under way between them. It is
/// always used with the network that it was made for.
pub(super) struct NetworkState {
    blocks: Vec<BlockState>,
    ring: Vec<Arrivals>,
    /// The input channels that spike in each step of the coming slice.
    pub(super) input: Vec<Vec<u32>>,
    instructions: Instructions,
}

impl NetworkState {
    pub(super) fn new(network: &Network) -> Self {
        let blocks = network
            .blocks
            .iter()
            .enumerate()
            .map(|(index, block)| BlockState::new(index, block))
            .collect();
        let slice = network.shortest_delay.min(LONGEST_SLICE);
        let slots = network.longest_delay + slice + 1;
        Self {
            blocks,
            ring: vec![Arrivals::default(); slots],
            input: vec![Vec::new(); slice],
            instructions: Instructions::best(),
        }
    }

    /// The start of a trial.
    pub(super) fn reset(&mut self, network: &Network, trial: &Trial<'_>, stimulus: &Stimulus) {
        for arrivals in &mut self.ring {
            arrivals.excitatory.clear();
            arrivals.inhibitory.clear();
        }
        let mut initial = stream(trial.seed, "encoder/initial-potential", trial.index);
        let background = derive_seed(trial.seed, "encoder/background", trial.index);
        let noisy = network.config.background_rate_hz() > 0.0;
        for state in &mut self.blocks {
            let block = &network.blocks[state.block];
            let parameter = &network.config.initial_potential;
            state.neurons.potential.fill(0.0);
            for v in &mut state.neurons.potential[..block.neurons] {
                *v = parameter.draw(&mut initial) as f32;
            }
            state.neurons.held_until.fill(0);
            // The padding is held for ever.
            state.neurons.held_until[block.neurons..].fill(u32::MAX);
            state.neurons.current_excitatory.fill(0.0);
            state.neurons.current_inhibitory.fill(0.0);
            state.drive.copy_from_slice(&block.constants.drive);
            state.note_drive();
            if noisy {
                let mut background = stream(background, "block", state.block as u64);
                state.noise.fill_with(|| LaneGenerator::new(&mut background));
            }
            // During the warm-up nothing is recorded.
            state.probe = BlockProbe::new(&Probe::none(), 0, 0);
            if let (true, Some(current)) = (stimulus.during_warm_up, &stimulus.current) {
                state.add_current(network, current);
            }
        }
    }

    /// Begins the recording.
    pub(super) fn begin_recording(
        &mut self,
        network: &Network,
        stimulus: &Stimulus,
        probe: &Probe,
    ) {
        for block in &mut self.blocks {
            block.probe = BlockProbe::new(probe, block.first, block.neurons.potential.len());
            if let (false, Some(current)) = (stimulus.during_warm_up, &stimulus.current) {
                block.add_current(network, current);
            }
        }
    }

    /// Puts the constant current of another image in the place of the last one's.
    pub(super) fn change_current(&mut self, network: &Network, stimulus: &Stimulus) {
        for state in &mut self.blocks {
            state.drive.copy_from_slice(&network.blocks[state.block].constants.drive);
            state.note_drive();
            if let Some(current) = &stimulus.current {
                state.add_current(network, current);
            }
        }
    }

    /// Runs `steps` steps after `done`, which are no more than the shortest delay.
    pub(super) fn slice(
        &mut self,
        network: &Network,
        done: u32,
        steps: u32,
        background: Option<&PoissonTable>,
        parallel: bool,
    ) {
        let slice = Slice {
            network,
            first_step: done + 1,
            steps,
            ring: &self.ring,
            input: &self.input,
            background,
            instructions: self.instructions,
        };
        if parallel && self.blocks.len() > 1 {
            self.blocks.par_iter_mut().for_each(|block| block.advance(&slice));
        } else {
            for block in &mut self.blocks {
                block.advance(&slice);
            }
        }
        let slots = self.ring.len();
        for step in done + 1..=done + steps {
            let arrivals = &mut self.ring[step as usize % slots];
            arrivals.excitatory.clear();
            arrivals.inhibitory.clear();
        }
        let excitatory = network.excitatory_neurons as u32;
        for (offset, step) in (done + 1..=done + steps).enumerate() {
            for block in &self.blocks {
                let spikes = block.spikes(offset);
                let (e, i) = spikes.split_at(spikes.partition_point(|&n| n < excitatory));
                if let Delays::Common(delay) = network.delays {
                    let arrivals = &mut self.ring[(step as usize + delay) % slots];
                    arrivals.excitatory.extend_from_slice(e);
                    arrivals.inhibitory.extend_from_slice(i);
                    continue;
                }
                let arrival = |n: u32| step as usize + network.delay_steps(n as usize);
                for &neuron in e {
                    self.ring[arrival(neuron) % slots].excitatory.push(neuron);
                }
                for &neuron in i {
                    self.ring[arrival(neuron) % slots].inhibitory.push(neuron);
                }
            }
        }
    }

    /// Adds the spikes of the slice that starts `from` steps into the recording to the trains.
    pub(super) fn record_spikes(
        &self,
        network: &Network,
        from: usize,
        steps: usize,
        spikes: &mut SpikeTrains,
    ) {
        for offset in 0..steps {
            let time = (from + offset + 1) as f64 * network.config.dt;
            for block in &self.blocks {
                spikes.ids.extend_from_slice(block.spikes(offset));
            }
            spikes.times.resize(spikes.ids.len(), time as f32);
        }
    }

    /// Moves what was recorded since the last call into the probe.
    pub(super) fn collect_probe(&mut self, network: &Network, probe: &mut Probe) {
        let n = probe.neurons().len();
        probe.sample_ms = probe.interval() as f64 * network.config.dt;
        probe.potential = vec![Vec::new(); n];
        probe.excitatory = vec![Vec::new(); n];
        probe.inhibitory = vec![Vec::new(); n];
        for recording in self.blocks.iter_mut().flat_map(|block| block.probe.recordings_mut()) {
            let place = recording.place;
            for sample in recording.samples.drain(..) {
                probe.potential[place].push(sample[0]);
                probe.excitatory[place].push(sample[1]);
                probe.inhibitory[place].push(sample[2]);
            }
        }
    }
}
