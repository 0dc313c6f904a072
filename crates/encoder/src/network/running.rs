//! A trial that is run piece by piece, and looked at while it runs.

use std::borrow::Borrow;

use equipoise_data::spikes::SpikeTrains;

use super::build::Network;
use super::error::NetworkError;
use super::probe::Probe;
use super::simulate::Progress;
use super::state::NetworkState;
use super::trial::Trial;

/// A trial that stops where it is told to, and goes on from there: for a page that shows a network
/// while it runs, or a closed loop. In whatever pieces, the spikes and what the probe records are,
/// bit for bit, those of the whole trial by [`Network::run`].
///
/// The network is borrowed or owned: `N` may be `&Network`, `Box<Network>`, `Arc<Network>`.
///
/// ```
/// use equipoise_data::spikes::SpikeTrains;
/// use equipoise_encoder::network::{Network, NetworkConfig, Probe, RunningTrial};
///
/// let config = NetworkConfig { duration: 50.0, ..NetworkConfig::brunel(500, 5.0, 2.0) };
/// let network = Network::build(&config, None, 7)?;
/// let mut spikes = SpikeTrains::default();
/// let mut trial = RunningTrial::start(&network, &network.trial(7, 0), Probe::none())?;
/// while !trial.is_over() {
///     trial.advance(10.0, &mut spikes);
/// }
/// assert!(spikes == network.run(&network.trial(7, 0), &mut Probe::none())?);
/// # Ok::<(), equipoise_encoder::network::NetworkError>(())
/// ```
pub struct RunningTrial<'t, N: Borrow<Network>> {
    network: N,
    state: NetworkState,
    progress: Progress<'t>,
    probe: Probe,
}

impl<'t, N: Borrow<Network>> RunningTrial<'t, N> {
    /// A trial that is about to begin.
    ///
    /// # Errors
    /// If the image does not fit the network, the duration is not positive, or a probed neuron
    /// does not exist.
    pub fn start(network: N, trial: &Trial<'t>, probe: Probe) -> Result<Self, NetworkError> {
        let mut state = NetworkState::new(network.borrow());
        let progress = Progress::start(network.borrow(), &mut state, trial, &probe)?;
        Ok(Self { network, state, progress, probe })
    }

    /// Goes on for this many milliseconds at least, or to the end of the trial, and adds the spikes
    /// of the recording to the trains, whose duration becomes that of the recording so far. The
    /// caller may take out what was added before.
    ///
    /// Time goes in slices of the shortest delay, and a piece is a whole number of them.
    pub fn advance(&mut self, milliseconds: f64, spikes: &mut SpikeTrains) {
        let steps = self.network().config.steps(milliseconds);
        let until = self.progress.done.saturating_add(steps);
        let network = self.network.borrow();
        self.progress.advance(network, &mut self.state, until, &self.probe, spikes);
    }

    /// Time since the start of the recording, ms; negative in the warm-up.
    pub fn time_ms(&self) -> f64 {
        (self.progress.done as f64 - self.progress.warm_up as f64) * self.network().config.dt
    }

    /// Whether the whole trial has been run.
    pub fn is_over(&self) -> bool {
        self.progress.done == self.progress.total
    }

    /// What the probe has recorded since it was last taken.
    pub fn take_record(&mut self) -> Probe {
        let mut record = Probe::of(self.probe.neurons().to_vec(), self.probe.interval());
        self.state.collect_probe(self.network.borrow(), &mut record);
        record
    }

    /// The network.
    pub fn network(&self) -> &Network {
        self.network.borrow()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::network::{Distribution, InputCode, NetworkConfig, Parameter, Scene, Synapse};

    /// Runs a trial in pieces of these lengths, over and over, and takes the record after each.
    fn in_pieces(network: &Network, trial: &Trial<'_>, pieces: &[f64]) -> (SpikeTrains, Probe) {
        let mut whole = Probe::of(vec![3, 499], 7);
        let mut running = RunningTrial::start(network, trial, whole.clone()).unwrap();
        let (mut spikes, mut lengths) = (SpikeTrains::default(), pieces.iter().cycle());
        whole.sample_ms = running.take_record().sample_ms;
        whole.potential = vec![Vec::new(); 2];
        whole.excitatory = whole.potential.clone();
        whole.inhibitory = whole.potential.clone();
        while !running.is_over() {
            running.advance(*lengths.next().unwrap(), &mut spikes);
            let part = running.take_record();
            for k in 0..2 {
                whole.potential[k].extend_from_slice(part.potential(k));
                whole.excitatory[k].extend_from_slice(part.excitatory(k));
                whole.inhibitory[k].extend_from_slice(part.inhibitory(k));
            }
        }
        (spikes, whole)
    }

    #[test]
    fn pieces_give_the_bits_of_the_whole() {
        // Neither the warm-up nor the recording is a whole number of slices of the delay, 1.5 ms.
        let base = NetworkConfig {
            neurons: 1500,
            duration: 50.3,
            warm_up: 5.2,
            background_rate: Some(2000.0),
            ..NetworkConfig::encoder()
        };
        let delays = Parameter::Drawn(Distribution::Uniform { low: 0.5, high: 3.0 });
        let coded = |code| {
            let mut config = base.clone();
            config.input.code = code;
            config.input.during_warm_up = code == InputCode::Poisson;
            config
        };
        let configs = [
            coded(InputCode::Poisson),
            coded(InputCode::Latency),
            coded(InputCode::Direct),
            NetworkConfig { synapse: Synapse::Exponential, ..base.clone() },
            NetworkConfig { connection_probability: 0.01, ..base.clone() },
            NetworkConfig { connection_probability: 0.0, ..base.clone() },
            NetworkConfig { delay: delays, ..base.clone() },
            NetworkConfig { warm_up: 0.0, ..base.clone() },
        ];
        let image: Vec<f32> = (0..784).map(|k| (k % 29) as f32 / 28.0).collect();
        let ramp = |t: f64| 1.0 + t.max(0.0) / 50.0;
        for (k, config) in configs.iter().enumerate() {
            let network = Network::build(config, Some((1, 28, 28).into()), 5).unwrap();
            let plain = Trial { image: Some(&image), ..network.trial(5, 1) };
            let other: Vec<f32> = image.iter().rev().copied().collect();
            let scenes = [
                Scene { from_ms: 12.3, image: None },
                Scene { from_ms: 30.1, image: Some(&other) },
            ];
            let ramped = Trial { background: Some(&ramp), parallel: false, ..plain };
            for trial in [plain, ramped, Trial { scenes: &scenes, ..ramped }] {
                let mut probe = Probe::of(vec![3, 499], 7);
                let whole = network.run(&trial, &mut probe).unwrap();
                assert!(whole.count() > 200, "{k}: {}", whole.count());
                for pieces in [&[0.1][..], &[1.5, 7.0, 0.4], &[16.0], &[1e9]] {
                    let (spikes, record) = in_pieces(&network, &trial, pieces);
                    assert!(spikes == whole, "{k}: {pieces:?}");
                    assert!(record == probe, "{k}: {pieces:?}");
                }
            }
        }
    }

    #[test]
    fn time_is_counted_from_the_start_of_the_recording() {
        let config = NetworkConfig { warm_up: 3.0, duration: 10.0, ..NetworkConfig::encoder() };
        let network = Arc::new(Network::build(&config, None, 1).unwrap());
        let trial = network.trial(1, 0);
        let mut running = RunningTrial::start(network, &trial, Probe::none()).unwrap();
        let mut spikes = SpikeTrains::default();
        assert_eq!(running.time_ms(), -3.0);
        running.advance(0.0, &mut spikes);
        assert_eq!(running.time_ms(), -3.0);
        // A piece is a whole number of slices of the delay, 1.5 ms.
        running.advance(0.1, &mut spikes);
        assert_eq!((running.time_ms(), spikes.duration_ms), (-1.5, 0.0));
        running.advance(4.0, &mut spikes);
        assert_eq!((running.time_ms(), spikes.duration_ms), (3.0, 3.0));
        assert!(!running.is_over());
        running.advance(1e300, &mut spikes);
        assert_eq!((running.time_ms(), spikes.duration_ms, running.is_over()), (10.0, 10.0, true));
    }

    #[test]
    fn a_trial_that_makes_no_sense_is_refused() {
        let network = Network::build(&NetworkConfig::encoder(), None, 1).unwrap();
        let trial = network.trial(1, 0);
        assert!(RunningTrial::start(&network, &trial, Probe::of(vec![1000], 1)).is_err());
        let endless = Trial { duration: f64::INFINITY, ..trial };
        assert!(RunningTrial::start(&network, &endless, Probe::none()).is_err());
        let at = |from_ms| Scene { from_ms, image: None };
        for scenes in [&[at(0.0)][..], &[at(f64::NAN)], &[at(100.0)], &[at(20.0), at(20.0)]] {
            let trial = Trial { scenes, ..trial };
            assert!(RunningTrial::start(&network, &trial, Probe::none()).is_err(), "{scenes:?}");
        }
        // The network takes no images.
        let shown = [Scene { from_ms: 20.0, image: Some(&[0.5; 784]) }];
        let trial = Trial { scenes: &shown, ..trial };
        assert!(RunningTrial::start(&network, &trial, Probe::none()).is_err());
    }
}
