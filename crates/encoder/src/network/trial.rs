//! One run of a network: what it is shown, and for how long.

use std::ops::ControlFlow;

use super::build::Network;
use super::error::NetworkError;
use super::grid::off_grid;
use super::probe::Probe;

/// What a network is shown in one run, and for how long.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// The image `[channels, height, width]` with intensities in [0, 1], if any.
    pub image: Option<&'a [f32]>,
    /// What is shown later in its place, in the order of time; empty for the same image to the end.
    pub scenes: &'a [Scene<'a>],
    /// The background rate over time, as a factor of the configured one; `None` for a constant 1.
    /// The argument is the time since the start of the recording, ms (negative in the warm-up). It
    /// is asked once a slice of the shortest delay, of the slice's middle; a new scene begins a
    /// new slice.
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
    /// Asked before each slice of a whole run ([`Network::run`]), many times a second, whether to go
    /// on; `None` for a run to the end. A [`RunningTrial`](super::RunningTrial) is stopped by who
    /// advances it.
    /// The argument is the share of the run that is done, from 0 to 1.
    pub watch: Option<Watch<'a>>,
}

/// What a network is shown from some time of a recording on: an image that comes on, goes, or takes
/// the place of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scene<'a> {
    /// When it begins, ms since the start of the recording (more than 0), to the nearest time step.
    pub from_ms: f64,
    /// The image `[channels, height, width]` with intensities in [0, 1]; `None` for darkness.
    pub image: Option<&'a [f32]>,
}

/// Hears how much of a run is done, and says whether to go on.
pub type Watch<'a> = &'a (dyn Fn(f64) -> ControlFlow<()> + Sync);

impl Network {
    /// A run of the configured warm-up and duration without an image.
    pub fn trial(&self, seed: u64, index: u64) -> Trial<'static> {
        Trial {
            image: None,
            scenes: &[],
            background: None,
            warm_up: self.config.warm_up,
            duration: self.config.duration,
            seed,
            index,
            parallel: true,
            watch: None,
        }
    }

    /// The warm-up and the recording in time steps, if the trial can be run.
    pub(crate) fn check_trial(
        &self,
        trial: &Trial<'_>,
        probe: &Probe,
    ) -> Result<(usize, usize), NetworkError> {
        let request = |reason: String| Err(NetworkError::Request(reason));
        let (warm_up, duration) = (trial.warm_up, trial.duration);
        if !(warm_up.is_finite() && warm_up >= 0.0) {
            return request(format!("a warm-up of {warm_up} ms; it must be 0 or more"));
        }
        let steps = self.config.steps(duration);
        if !duration.is_finite() || steps == 0 {
            let dt = self.config.dt;
            return request(format!("a recording of {duration} ms; one step of {dt} ms at least"));
        }
        if (warm_up + duration) / self.config.dt > 1e9 {
            return request(format!("{} ms are more than 1e9 time steps", warm_up + duration));
        }
        let from = trial.scenes.iter().map(|scene| ("a scene from", scene.from_ms));
        for (what, time) in
            [("a warm-up of", warm_up), ("a recording of", duration)].into_iter().chain(from)
        {
            if let Some(reason) = off_grid(time, self.config.dt) {
                return request(format!("{what} {reason}"));
            }
        }
        let mut last = 0;
        for scene in trial.scenes {
            let from = self.config.steps(scene.from_ms);
            if !(scene.from_ms > 0.0 && from > last && from < steps) {
                return request(format!(
                    "a scene from {} ms on; scenes begin within the recording of {duration} ms, each \
                     a time step of {} ms or more after the last",
                    scene.from_ms, self.config.dt
                ));
            }
            last = from;
        }
        if let Some(&neuron) = probe.neurons().iter().find(|&&n| n >= self.config.neurons) {
            let n = self.config.neurons;
            return request(format!("neuron {neuron} cannot be recorded, the network has {n}"));
        }
        Ok((self.config.steps(warm_up), steps))
    }
}
