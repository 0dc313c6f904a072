//! Running a network through time.
//!
//! No spike acts sooner than the shortest delay, so blocks of neurons are independent for that
//! long: time goes in slices of the shortest delay, each block runs through a slice with its
//! state in the nearest cache, and the spikes are exchanged between slices through a ring of
//! lists, one for each coming time step. Blocks are what threads share; each has its own random
//! numbers, and the lists are joined in the order of the blocks, so the result is the same for
//! any number of threads.

use equipoise_random::{derive_seed, stream};
use equipoise_simd::Instructions;
use rayon::prelude::*;

use super::block::{Arrivals, BlockState, Slice};
use super::build::{Delays, Network};
use super::error::NetworkError;
use super::noise::{LaneGenerator, PoissonTable};
use super::probe::{BlockProbe, Probe};
use super::stimulus::Stimulus;
use super::trial::Trial;
use equipoise_data::spikes::SpikeTrains;

/// Time steps of a slice at most, so that what arrives in them stays in the nearest cache.
const LONGEST_SLICE: usize = 32;

/// The state of a network in a run; kept between runs so that its memory is used again.
pub struct Simulation<'a> {
    network: &'a Network,
    blocks: Vec<BlockState>,
    ring: Vec<Arrivals>,
    input: Vec<Vec<u32>>,
    instructions: Instructions,
}

impl<'a> Simulation<'a> {
    /// Room for runs of this network.
    pub fn new(network: &'a Network) -> Self {
        let blocks = network
            .blocks
            .iter()
            .enumerate()
            .map(|(index, block)| BlockState::new(index, block))
            .collect();
        let slice = network.shortest_delay.min(LONGEST_SLICE);
        let slots = network.longest_delay + slice + 1;
        Self {
            network,
            blocks,
            ring: vec![Arrivals::default(); slots],
            input: vec![Vec::new(); slice],
            instructions: Instructions::best(),
        }
    }

    /// Runs one trial from its own start, and returns the spikes of the recording.
    ///
    /// # Errors
    /// If the image does not fit the network, the duration is not positive, or a probed neuron
    /// does not exist.
    pub fn run(
        &mut self,
        trial: &Trial<'_>,
        probe: &mut Probe,
    ) -> Result<SpikeTrains, NetworkError> {
        let mut spikes = SpikeTrains::default();
        self.run_into(trial, probe, &mut spikes)?;
        Ok(spikes)
    }

    /// [`Simulation::run`] into trains whose memory is used again.
    ///
    /// # Errors
    /// As [`Simulation::run`].
    pub fn run_into(
        &mut self,
        trial: &Trial<'_>,
        probe: &mut Probe,
        spikes: &mut SpikeTrains,
    ) -> Result<(), NetworkError> {
        let network = self.network;
        let config = &network.config;
        let (warm_up, recorded) = network.check_trial(trial, probe)?;
        let stimulus = Stimulus::new(network, trial)?;
        self.reset(trial, &stimulus);
        spikes.duration_ms = recorded as f64 * config.dt;
        spikes.units = config.neurons;
        spikes.times.clear();
        spikes.ids.clear();
        let constant = network.background_table(1.0);
        let mut varying;
        let mut input_stream = stream(trial.seed, "encoder/input-spikes", trial.index);
        let total = warm_up + recorded;
        let mut done = 0;
        while done < total {
            let until = if done < warm_up { warm_up } else { total };
            let steps = self.input.len().min(until - done);
            let background = match trial.background {
                None => constant.as_ref(),
                Some(profile) => {
                    let middle = (done as f64 + 0.5 * steps as f64 - warm_up as f64) * config.dt;
                    varying = network.background_table(profile(middle));
                    varying.as_ref()
                }
            };
            stimulus.spikes(done + 1, warm_up, &mut input_stream, &mut self.input[..steps]);
            if done == warm_up {
                for block in &mut self.blocks {
                    block.probe =
                        BlockProbe::new(probe, block.first, block.neurons.potential.len());
                    if let (false, Some(current)) = (stimulus.during_warm_up, &stimulus.current) {
                        block.add_current(network, current);
                    }
                }
            }
            self.slice(done as u32, steps as u32, background, trial.parallel);
            if done >= warm_up {
                self.record_spikes(done - warm_up, steps, spikes);
            }
            done += steps;
        }
        self.collect_probe(probe);
        Ok(())
    }

    fn reset(&mut self, trial: &Trial<'_>, stimulus: &Stimulus) {
        let network = self.network;
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

    /// Runs `steps` steps after `done`, which are no more than the shortest delay.
    fn slice(&mut self, done: u32, steps: u32, background: Option<&PoissonTable>, parallel: bool) {
        let slice = Slice {
            network: self.network,
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
        let excitatory = self.network.excitatory_neurons as u32;
        for (offset, step) in (done + 1..=done + steps).enumerate() {
            for block in &self.blocks {
                let spikes = block.spikes(offset);
                let (e, i) = spikes.split_at(spikes.partition_point(|&n| n < excitatory));
                if let Delays::Common(delay) = self.network.delays {
                    let arrivals = &mut self.ring[(step as usize + delay) % slots];
                    arrivals.excitatory.extend_from_slice(e);
                    arrivals.inhibitory.extend_from_slice(i);
                    continue;
                }
                let arrival = |n: u32| step as usize + self.network.delay_steps(n as usize);
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
    fn record_spikes(&self, from: usize, steps: usize, spikes: &mut SpikeTrains) {
        for offset in 0..steps {
            let time = (from + offset + 1) as f64 * self.network.config.dt;
            for block in &self.blocks {
                spikes.ids.extend_from_slice(block.spikes(offset));
            }
            spikes.times.resize(spikes.ids.len(), time.min(spikes.duration_ms) as f32);
        }
    }

    fn collect_probe(&self, probe: &mut Probe) {
        let n = probe.neurons().len();
        probe.sample_ms = probe.interval() as f64 * self.network.config.dt;
        probe.potential = vec![Vec::new(); n];
        probe.excitatory = vec![Vec::new(); n];
        probe.inhibitory = vec![Vec::new(); n];
        for recording in self.blocks.iter().flat_map(|block| block.probe.recordings()) {
            let place = recording.place;
            for sample in &recording.samples {
                probe.potential[place].push(sample[0]);
                probe.excitatory[place].push(sample[1]);
                probe.inhibitory[place].push(sample[2]);
            }
        }
    }
}

impl Network {
    /// Runs one trial. Whoever runs many keeps a [`Simulation`] instead.
    ///
    /// # Errors
    /// As [`Simulation::run`].
    pub fn run(&self, trial: &Trial<'_>, probe: &mut Probe) -> Result<SpikeTrains, NetworkError> {
        Simulation::new(self).run(trial, probe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Distribution, NetworkConfig, Parameter, Synapse};
    use equipoise_simd::force;

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let base = NetworkConfig {
            duration: 40.0,
            warm_up: 5.0,
            background_rate: Some(2000.0),
            ..NetworkConfig::encoder()
        };
        let spread = |mean: f64| {
            Parameter::Drawn(Distribution::Uniform { low: 0.9 * mean, high: 1.1 * mean })
        };
        let configs = [
            base.clone(),
            // Two blocks, the second of them partly padding.
            NetworkConfig { neurons: 1500, background_rate: Some(0.0), ..base.clone() },
            NetworkConfig { membrane: spread(20.0), threshold: spread(20.0), ..base.clone() },
            NetworkConfig { synapse: Synapse::Exponential, ..base.clone() },
            NetworkConfig { connection_probability: 0.01, ..base.clone() },
            // So many spikes in a step that they do not fit into one pass of counting.
            NetworkConfig { g: 0.0, excitatory_weight: 5.0, ..base.clone() },
        ];
        let image: Vec<f32> = (0..784).map(|k| (k % 29) as f32 / 28.0).collect();
        for config in &configs {
            let network = Network::build(config, Some((1, 28, 28).into()), 5).unwrap();
            let trial = Trial { image: Some(&image), ..network.trial(5, 1) };
            let runs: Vec<SpikeTrains> = Instructions::available()
                .into_iter()
                .map(|instructions| {
                    let _forced = force(instructions);
                    network.run(&trial, &mut Probe::none()).unwrap()
                })
                .collect();
            assert!(runs[0].count() > 200, "{}", runs[0].count());
            let probe = &mut Probe::of(vec![7, 500], 3);
            assert!(network.run(&trial, probe).unwrap() == runs[0], "recorded: {config:?}");
            assert!(runs.iter().all(|run| *run == runs[0]), "{config:?}");
        }
    }

    #[test]
    fn a_simulation_leaves_nothing_behind() {
        let config = NetworkConfig { duration: 30.0, ..NetworkConfig::brunel(1500, 5.0, 2.0) };
        let network = Network::build(&config, None, 5).unwrap();
        let mut simulation = Simulation::new(&network);
        let first = simulation.run(&network.trial(1, 0), &mut Probe::none()).unwrap();
        let other = simulation.run(&network.trial(1, 1), &mut Probe::none()).unwrap();
        assert_ne!(first, other);
        let again = simulation.run(&network.trial(1, 0), &mut Probe::none()).unwrap();
        assert_eq!(first, again);
    }
}
