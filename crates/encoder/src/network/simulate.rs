//! Running a network through time.
//!
//! No spike acts sooner than the shortest delay, so blocks of neurons are independent for that
//! long: time goes in slices of the shortest delay, each block runs through a slice with its
//! state in the nearest cache, and the spikes are exchanged between slices through a ring of
//! lists, one for each coming time step. Blocks are what threads share; each has its own random
//! numbers, and the lists are joined in the order of the blocks, so the result is the same for
//! any number of threads.

use equipoise_random::{Stream, derive_seed, stream};
use rayon::prelude::*;

use super::block::{BlockState, Event, Isa, Slice};
use super::build::Network;
use super::config::InputCode;
use super::input::{ChannelTable, check_image, color_channels, latency_ms};
use super::noise::{LaneGenerator, PoissonTable};
use super::probe::{BlockProbe, Probe};
use super::validate::NetworkError;
use crate::spikes::SpikeTrains;

/// What a network is shown in one run, and for how long.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// The image `[channels, height, width]` with intensities in [0, 1], if any.
    pub image: Option<&'a [f32]>,
    /// The background rate over time, as a factor of the configured one; `None` for a constant 1.
    /// The argument is the time since the start of the recording, ms (negative in the warm-up).
    pub background: Option<&'a (dyn Fn(f64) -> f64 + Sync)>,
    /// Thrown away before the recording, ms.
    pub warm_up: f64,
    /// Recorded, ms.
    pub duration: f64,
    /// Seed of everything that is random in the run.
    pub seed: u64,
    /// Which of the seed's streams: the number of the image or of the trial.
    pub index: u64,
    /// Whether the blocks of the network may run on several threads.
    pub parallel: bool,
}

/// The spikes that arrive in one time step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals {
    pub(crate) excitatory: Vec<u32>,
    pub(crate) inhibitory: Vec<u32>,
}

/// The state of a network in a run; kept between runs so that its memory is used again.
pub struct Simulation<'a> {
    network: &'a Network,
    blocks: Vec<BlockState>,
    ring: Vec<Arrivals>,
    input: Vec<Vec<u32>>,
    events: Vec<Event>,
    isa: Isa,
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
        let slots = network.longest_delay + network.shortest_delay + 1;
        Self {
            network,
            blocks,
            ring: vec![Arrivals::default(); slots],
            input: vec![Vec::new(); network.shortest_delay],
            events: Vec::new(),
            isa: Isa::best(),
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
        let input = Input::new(network, trial)?;
        self.reset(trial, &input);
        let constant = network.background_table(1.0);
        let mut varying;
        let mut input_stream = stream(trial.seed, "encoder/input-spikes", trial.index);
        let total = warm_up + recorded;
        let mut done = 0;
        while done < total {
            let until = if done < warm_up { warm_up } else { total };
            let steps = network.shortest_delay.min(until - done);
            let background = match trial.background {
                None => constant.as_ref(),
                Some(profile) => {
                    let middle = (done as f64 + 0.5 * steps as f64 - warm_up as f64) * config.dt;
                    varying = network.background_table(profile(middle));
                    varying.as_ref()
                }
            };
            for (offset, channels) in self.input[..steps].iter_mut().enumerate() {
                channels.clear();
                input.spikes(done + 1 + offset, warm_up, &mut input_stream, channels);
            }
            if done == warm_up {
                for block in &mut self.blocks {
                    block.probe =
                        BlockProbe::new(probe, block.first, block.neurons.potential.len());
                    if let (false, Some(current)) = (input.during_warm_up, &input.current) {
                        block.add_current(network, current);
                    }
                }
            }
            self.slice(done as u32, steps as u32, background, trial.parallel);
            if done < warm_up {
                self.events.clear();
            }
            done += steps;
        }
        self.collect(warm_up as u32, spikes, recorded as f64 * config.dt);
        self.collect_probe(probe);
        Ok(())
    }

    fn reset(&mut self, trial: &Trial<'_>, input: &Input) {
        let network = self.network;
        for arrivals in &mut self.ring {
            arrivals.excitatory.clear();
            arrivals.inhibitory.clear();
        }
        self.events.clear();
        let mut initial = stream(trial.seed, "encoder/initial-potential", trial.index);
        let background = derive_seed(trial.seed, "encoder/background", trial.index);
        for state in &mut self.blocks {
            let block = &network.blocks[state.block];
            let parameter = &network.config.initial_potential;
            state.neurons.potential.fill(0.0);
            for v in &mut state.neurons.potential[..block.neurons] {
                *v = parameter.draw(&mut initial) as f32;
            }
            state.neurons.held_until.fill(0);
            // The padding is held for ever.
            state.neurons.held_until[block.neurons..].fill(i32::MAX);
            state.neurons.current_excitatory.fill(0.0);
            state.neurons.current_inhibitory.fill(0.0);
            state.drive.copy_from_slice(&block.constants.drive);
            state.noise = LaneGenerator::new(&mut stream(background, "block", state.block as u64));
            // During the warm-up nothing is recorded.
            state.probe = BlockProbe::new(&Probe::none(), 0, 0);
            if let (true, Some(current)) = (input.during_warm_up, &input.current) {
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
            isa: self.isa,
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
        let earlier = self.events.len();
        for block in &mut self.blocks {
            for &(step, neuron) in &block.spikes {
                let arrival = step as usize + self.network.delay_steps(neuron as usize);
                let arrivals = &mut self.ring[arrival % slots];
                if neuron < excitatory {
                    arrivals.excitatory.push(neuron);
                } else {
                    arrivals.inhibitory.push(neuron);
                }
            }
            self.events.append(&mut block.spikes);
        }
        if self.blocks.len() > 1 {
            // They came block by block; by step and neuron they are in order.
            self.events[earlier..].sort_unstable();
        }
    }

    /// The events as trains, with times from the start of the recording.
    fn collect(&mut self, warm_up: u32, spikes: &mut SpikeTrains, duration_ms: f64) {
        let dt = self.network.config.dt;
        spikes.duration_ms = duration_ms;
        spikes.units = self.network.config.neurons;
        spikes.times.clear();
        spikes.ids.clear();
        for &(step, neuron) in &self.events {
            spikes.times.push((f64::from(step - warm_up) * dt).min(duration_ms) as f32);
            spikes.ids.push(neuron);
        }
    }

    fn collect_probe(&self, probe: &mut Probe) {
        let n = probe.neurons().len();
        probe.sample_ms = probe.interval() as f64 * self.network.config.dt;
        probe.potential = vec![Vec::new(); n];
        probe.excitatory = vec![Vec::new(); n];
        probe.inhibitory = vec![Vec::new(); n];
        for block in &self.blocks {
            let inside = &block.probe.neurons;
            for (k, sample) in block.probe.samples.iter().enumerate() {
                let place = inside[k % inside.len()].1;
                probe.potential[place].push(sample[0]);
                probe.excitatory[place].push(sample[1]);
                probe.inhibitory[place].push(sample[2]);
            }
        }
    }
}

/// Poisson numbers of one mean, which is the same in every step of a trial: by looking up the
/// cumulative distribution while it is short, by [`Stream::poisson`] beyond.
struct StepCount {
    mean: f64,
    cumulative: Vec<f64>,
}

impl StepCount {
    fn new(mean: f64) -> Self {
        let mut cumulative = Vec::new();
        if mean > 0.0 && mean < 20.0 {
            let mut p = libm::exp(-mean);
            let mut sum = p;
            // Beyond the resolution of the uniform numbers nothing is left.
            while sum < 1.0 - 1e-16 && cumulative.len() < 128 {
                cumulative.push(sum);
                p *= mean / cumulative.len() as f64;
                sum += p;
            }
        }
        Self { mean, cumulative }
    }

    #[inline]
    fn draw(&self, stream: &mut Stream) -> usize {
        if self.cumulative.is_empty() {
            return stream.poisson(self.mean) as usize;
        }
        let u = stream.uniform();
        self.cumulative.iter().take_while(|&&c| u >= c).count()
    }
}

/// The image as it reaches the network over time.
struct Input {
    code: InputCode,
    during_warm_up: bool,
    table: Option<ChannelTable>,
    /// How many input spikes a time step has.
    per_step: StepCount,
    /// Latency code: (time step after the start of the recording, channel), ascending.
    latencies: Vec<(usize, u32)>,
    /// Direct current: the intensity of each channel.
    current: Option<Vec<f32>>,
}

impl Input {
    fn new(network: &Network, trial: &Trial<'_>) -> Result<Self, NetworkError> {
        let config = &network.config;
        let settings = &config.input;
        let mut input = Self {
            code: settings.code,
            during_warm_up: settings.during_warm_up,
            table: None,
            per_step: StepCount::new(0.0),
            latencies: Vec::new(),
            current: None,
        };
        let Some(image) = trial.image else { return Ok(input) };
        let Some(shape) = network.shape else {
            let reason = "the network was built without an input shape".to_owned();
            return Err(NetworkError::Image { index: trial.index as usize, reason });
        };
        check_image(image, shape, trial.index as usize)?;
        let channels = color_channels(image, shape, settings.color);
        match settings.code {
            InputCode::Poisson => {
                let table = ChannelTable::new(&channels);
                let mean = table.total() * settings.r_max * config.dt / 1000.0;
                input.per_step = StepCount::new(mean);
                input.table = (mean > 0.0).then_some(table);
            }
            InputCode::Latency => {
                for (channel, &x) in channels.iter().enumerate() {
                    let latency = latency_ms(x, settings.latency_tau, settings.latency_threshold);
                    if let Some(t) = latency {
                        input.latencies.push(((t / config.dt) as usize + 1, channel as u32));
                    }
                }
                input.latencies.sort_unstable();
            }
            InputCode::Direct => input.current = Some(channels),
        }
        Ok(input)
    }

    /// The channels that spike in this time step (from 1 on).
    fn spikes(&self, step: usize, warm_up: usize, stream: &mut Stream, channels: &mut Vec<u32>) {
        match self.code {
            InputCode::Poisson => {
                let Some(table) = &self.table else { return };
                if step <= warm_up && !self.during_warm_up {
                    return;
                }
                let count = self.per_step.draw(stream);
                channels.extend((0..count).map(|_| table.draw(stream.next_u64())));
            }
            InputCode::Latency if step > warm_up => {
                let now = step - warm_up;
                let from = self.latencies.partition_point(|&(at, _)| at < now);
                let due = self.latencies[from..].iter().take_while(|&&(at, _)| at == now);
                channels.extend(due.map(|&(_, channel)| channel));
            }
            InputCode::Latency | InputCode::Direct => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Distribution, NetworkConfig, Parameter, Synapse};

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
            let runs: Vec<SpikeTrains> = Isa::available()
                .into_iter()
                .map(|isa| {
                    let mut simulation = Simulation::new(&network);
                    simulation.isa = isa;
                    simulation.run(&trial, &mut Probe::none()).unwrap()
                })
                .collect();
            assert!(runs[0].count() > 200, "{}", runs[0].count());
            assert!(runs.iter().all(|run| *run == runs[0]), "{config:?}");
        }
    }

    #[test]
    fn step_counts_are_poisson() {
        for (index, mean) in [0.3, 4.5, 19.0, 60.0].into_iter().enumerate() {
            let count = StepCount::new(mean);
            let mut stream = stream(8, "step-count", index as u64);
            let n = 100_000.0;
            let draws: Vec<f64> = (0..n as usize).map(|_| count.draw(&mut stream) as f64).collect();
            let got = draws.iter().sum::<f64>() / n;
            let variance = draws.iter().map(|d| (d - got).powi(2)).sum::<f64>() / n;
            assert!((got - mean).abs() < 4.5 * (mean / n).sqrt(), "{got} is not {mean}");
            let tolerance = 0.015 + 5.0 / (mean * n).sqrt();
            assert!((variance / mean - 1.0).abs() < tolerance, "variance {variance}, mean {mean}");
        }
        assert_eq!(StepCount::new(0.0).draw(&mut stream(8, "step-count", 9)), 0);
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
