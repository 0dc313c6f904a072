//! Running a network through time.
//!
//! No spike acts sooner than the shortest delay, so blocks of neurons are independent for that
//! long: time goes in slices of the shortest delay, each block runs through a slice with its
//! state in the nearest cache, and the spikes are exchanged between slices through a ring of
//! lists, one for each coming time step. Blocks are what threads share; each has its own random
//! numbers, and the lists are joined in the order of the blocks, so the result is the same for
//! any number of threads.

use equipoise_data::spikes::SpikeTrains;
use equipoise_random::{Stream, stream};

use super::build::Network;
use super::error::NetworkError;
use super::noise::PoissonTable;
use super::probe::Probe;
use super::state::NetworkState;
use super::stimulus::Stimulus;
use super::trial::Trial;

/// The state of a network in a run; kept between runs so that its memory is used again.
pub struct Simulation<'a> {
    network: &'a Network,
    state: NetworkState,
}

impl<'a> Simulation<'a> {
    /// Room for runs of this network.
    pub fn new(network: &'a Network) -> Self {
        Self { network, state: NetworkState::new(network) }
    }

    /// Runs one trial from its own start, and returns the spikes of the recording. A trial that is
    /// looked at while it runs is a [`RunningTrial`](super::RunningTrial).
    ///
    /// # Errors
    /// If the image does not fit the network, the duration is not positive, or a probed neuron
    /// does not exist. [`NetworkError::Stopped`] if the trial's watch says so.
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
        let mut progress = Progress::start(self.network, &mut self.state, trial, probe)?;
        spikes.times.clear();
        spikes.ids.clear();
        while progress.done < progress.total {
            let until = match trial.watch {
                None => progress.total,
                Some(watch) => {
                    if watch(progress.done as f64 / progress.total as f64).is_break() {
                        return Err(NetworkError::Stopped);
                    }
                    // One slice.
                    progress.done + 1
                }
            };
            progress.advance(self.network, &mut self.state, until, probe, spikes);
        }
        self.state.collect_probe(self.network, probe);
        Ok(())
    }
}

/// How far a trial has come, and what its input is drawn from.
pub(super) struct Progress<'t> {
    stimulus: Stimulus,
    /// What is shown later, the last first.
    later: Vec<Stimulus>,
    input_stream: Stream,
    background: Option<&'t (dyn Fn(f64) -> f64 + Sync)>,
    /// The background at its configured rate.
    constant: Option<PoissonTable>,
    parallel: bool,
    /// Time steps of the warm-up, and of it and the recording together.
    pub(super) warm_up: usize,
    pub(super) total: usize,
    /// Time steps done.
    pub(super) done: usize,
}

impl<'t> Progress<'t> {
    /// Starts a trial: checks it, and brings the network to its start.
    pub(super) fn start(
        network: &Network,
        state: &mut NetworkState,
        trial: &Trial<'t>,
        probe: &Probe,
    ) -> Result<Self, NetworkError> {
        let (warm_up, recorded) = network.check_trial(trial, probe)?;
        let stimulus = Stimulus::new(network, trial.image, warm_up, trial.index)?;
        let later = trial.scenes.iter().rev().map(|scene| {
            let start = warm_up + network.config.steps(scene.from_ms);
            Stimulus::new(network, scene.image, start, trial.index)
        });
        let later = later.collect::<Result<_, _>>()?;
        state.reset(network, trial, &stimulus);
        Ok(Self {
            stimulus,
            later,
            input_stream: stream(trial.seed, "encoder/input-spikes", trial.index),
            background: trial.background,
            constant: network.background_table(1.0),
            parallel: trial.parallel,
            warm_up,
            total: warm_up + recorded,
            done: 0,
        })
    }

    /// Runs whole slices until `until` steps of the trial are done at least, or all. Slices are cut
    /// by the warm-up, the scenes and the end of the trial alone, so that the trial is the same in any
    /// pieces.
    pub(super) fn advance(
        &mut self,
        network: &Network,
        state: &mut NetworkState,
        until: usize,
        probe: &Probe,
        spikes: &mut SpikeTrains,
    ) {
        let (warm_up, dt) = (self.warm_up, network.config.dt);
        let mut varying;
        while self.done < until.min(self.total) {
            let done = self.done;
            if self.later.last().is_some_and(|next| next.start == done) {
                self.stimulus = self.later.pop().expect("there is one");
                state.change_current(network, &self.stimulus);
            }
            let end = match self.later.last() {
                _ if done < warm_up => warm_up,
                Some(next) => next.start,
                None => self.total,
            };
            let steps = state.input.len().min(end - done);
            let background = match self.background {
                None => self.constant.as_ref(),
                Some(profile) => {
                    let middle = (done as f64 + 0.5 * steps as f64 - warm_up as f64) * dt;
                    varying = network.background_table(profile(middle));
                    varying.as_ref()
                }
            };
            let channels = &mut state.input[..steps];
            self.stimulus.spikes(done + 1, &mut self.input_stream, channels);
            if done == warm_up {
                state.begin_recording(network, &self.stimulus, probe);
            }
            state.slice(network, done as u32, steps as u32, background, self.parallel);
            if done >= warm_up {
                state.record_spikes(network, done - warm_up, steps, spikes);
            }
            self.done += steps;
        }
        spikes.units = network.config.neurons;
        spikes.duration_ms = self.done.saturating_sub(warm_up) as f64 * dt;
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
    use crate::network::{Distribution, InputCode, NetworkConfig, Parameter, Scene, Synapse};
    use equipoise_simd::{Instructions, force};

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
    fn a_run_stops_when_it_is_told() {
        use std::ops::ControlFlow;
        use std::sync::atomic::{AtomicUsize, Ordering};

        let config = NetworkConfig { duration: 30.0, ..NetworkConfig::brunel(500, 5.0, 2.0) };
        let network = Network::build(&config, None, 5).unwrap();
        let asked = AtomicUsize::new(0);
        let count = |share: f64| {
            assert!((0.0..1.0).contains(&share));
            asked.fetch_add(1, Ordering::Relaxed);
            ControlFlow::Continue(())
        };
        let watched = Trial { watch: Some(&count), ..network.trial(1, 0) };
        let run = network.run(&watched, &mut Probe::none()).unwrap();
        assert_eq!(run, network.run(&network.trial(1, 0), &mut Probe::none()).unwrap());
        // Slices are of 15 steps, the delay: 1,000 steps of warm-up, 300 of recording.
        assert_eq!(asked.load(Ordering::Relaxed), 1000_usize.div_ceil(15) + 300 / 15);
        let stop = |share: f64| match share < 0.5 {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        };
        let stopped = Trial { watch: Some(&stop), ..network.trial(1, 0) };
        let end = network.run(&stopped, &mut Probe::none());
        assert_eq!(end, Err(NetworkError::Stopped));
    }

    #[test]
    fn scenes_come_on_and_go_when_they_are_told() {
        // Without a background, without connections: what a neuron does, its image makes it do.
        let mut config = NetworkConfig {
            duration: 300.0,
            warm_up: 10.0,
            background_rate: Some(0.0),
            connection_probability: 0.0,
            initial_potential: 0.0.into(),
            ..NetworkConfig::encoder()
        };
        let bright = [1.0f32; 784];
        // 78 channels of 0.1 spikes a millisecond: 25 mV, of which a neuron needs 32 ms to its
        // first spike, and 10 ms from each to the next.
        config.input.weight = 25.0 / (78.0 * 0.1 * 20.0);
        for code in [InputCode::Direct, InputCode::Poisson] {
            config.input.code = code;
            let network = Network::build(&config, Some((1, 28, 28).into()), 5).unwrap();
            let scenes = [
                Scene { from_ms: 100.0, image: Some(&bright) },
                Scene { from_ms: 200.0, image: None },
            ];
            let trial = Trial { scenes: &scenes, ..network.trial(5, 1) };
            let spikes = network.run(&trial, &mut Probe::none()).unwrap();
            assert!(spikes.count() > 1000, "{code:?}: {}", spikes.count());
            let inside = |t: &f32| (100.0..200.2).contains(t);
            assert!(spikes.times.iter().all(inside), "{code:?}");
            if code == InputCode::Direct {
                // V = 25 (1 - exp(-t / 20)) reaches 20 after 20 ln 5 = 32.2 ms.
                let first = spikes.times[0];
                assert!((first - 132.2).abs() < 0.11, "{first}");
            }
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
