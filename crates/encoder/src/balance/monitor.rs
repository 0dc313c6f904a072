//! Judging a network while it runs.

use std::borrow::Borrow;

use equipoise_data::spikes::SpikeTrains;

use super::diagnose::spread;
use super::error::BalanceError;
use super::judge::{Activity, Diagnosis, Findings, InputTrace, judge, judge_briefly};
use super::settings::DiagnosisConfig;
use crate::network::theory::mean_field_rate;
use crate::network::{Network, Probe, RunningTrial, Trial};

/// A trial that is judged while it runs, by the last part of its recording: for a page that shows
/// a network, or a loop that steers one.
///
/// As long as the window reaches back to the start of the recording, the diagnosis is that of
/// [`diagnose`](super::diagnose) for a recording of that length.
///
/// ```
/// use equipoise_encoder::balance::{DiagnosisConfig, Monitor, State};
/// use equipoise_encoder::network::{Network, NetworkConfig, Trial};
///
/// let network = Network::build(&NetworkConfig::brunel(1000, 3.5, 2.0), None, 7)?;
/// let trial = Trial { duration: 60_000.0, ..network.trial(7, 0) };
/// let mut monitor = Monitor::start(&network, &trial, DiagnosisConfig::default(), 500.0)?;
/// while monitor.time_ms() < 600.0 {
///     monitor.advance(20.0);
/// }
/// assert_eq!(monitor.diagnosis()?.verdict.state, State::MeanDriven);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Monitor<'t, N: Borrow<Network>> {
    trial: RunningTrial<'t, N>,
    config: DiagnosisConfig,
    window_ms: f64,
    mean_field_rate_hz: f64,
    /// The spikes of the window, and before them some that have left it.
    spikes: SpikeTrains,
    /// The spikes before the last piece.
    before: usize,
    /// The neurons whose inputs are recorded, and those inputs, the window's at the end.
    inputs: Vec<Inputs>,
    sample_ms: f64,
    /// Samples before the last piece.
    samples_before: usize,
}

/// The inputs of a neuron, mV.
struct Inputs {
    neuron: usize,
    excitation: Vec<f32>,
    inhibition: Vec<f32>,
}

impl Inputs {
    /// What was recorded from this sample on.
    fn from(&self, sample: usize) -> InputTrace<'_> {
        InputTrace {
            neuron: self.neuron,
            excitation: &self.excitation[sample..],
            inhibition: &self.inhibition[sample..],
        }
    }
}

impl<'t, N: Borrow<Network>> Monitor<'t, N> {
    /// A trial that is about to begin, to be judged by the last `window_ms` of its recording.
    ///
    /// # Errors
    /// If the trial cannot be run, the window is not positive, or a setting makes no sense.
    pub fn start(
        network: N,
        trial: &Trial<'t>,
        config: DiagnosisConfig,
        window_ms: f64,
    ) -> Result<Self, BalanceError> {
        config.validate()?;
        if !(window_ms > 0.0 && window_ms.is_finite()) {
            let reason = format!("{window_ms} ms is not a positive time");
            return Err(BalanceError::setting("window_ms", reason));
        }
        let settings = network.borrow().config();
        let interval = settings.steps(config.sample_ms).max(1);
        let neurons = spread(settings.neurons, config.probed_neurons);
        let sample_ms = interval as f64 * settings.dt;
        let mean_field_rate_hz = mean_field_rate(settings);
        let inputs =
            |&neuron: &usize| Inputs { neuron, excitation: Vec::new(), inhibition: Vec::new() };
        Ok(Self {
            inputs: neurons.iter().map(inputs).collect(),
            trial: RunningTrial::start(network, trial, Probe::of(neurons, interval))?,
            config,
            window_ms,
            mean_field_rate_hz,
            spikes: SpikeTrains::default(),
            before: 0,
            sample_ms,
            samples_before: 0,
        })
    }

    /// Goes on for this many milliseconds at least, as [`RunningTrial::advance`].
    pub fn advance(&mut self, milliseconds: f64) {
        self.forget();
        self.before = self.spikes.count();
        self.samples_before = self.samples();
        self.trial.advance(milliseconds, &mut self.spikes);
        let record = self.trial.take_record();
        for (k, inputs) in self.inputs.iter_mut().enumerate() {
            inputs.excitation.extend_from_slice(record.excitatory(k));
            inputs.inhibition.extend_from_slice(record.inhibitory(k));
        }
    }

    /// Drops what has left the window, once that is half of all.
    fn forget(&mut self) {
        let old = self.spikes.times.partition_point(|&t| f64::from(t) <= self.start_ms());
        if 2 * old > self.spikes.count() {
            self.spikes.times.drain(..old);
            self.spikes.ids.drain(..old);
        }
        let kept = self.window_samples();
        if self.samples() > 2 * kept {
            for inputs in &mut self.inputs {
                inputs.excitation.drain(..inputs.excitation.len() - kept);
                inputs.inhibition.drain(..inputs.inhibition.len() - kept);
            }
        }
    }

    fn samples(&self) -> usize {
        self.inputs.first().map_or(0, |inputs| inputs.excitation.len())
    }

    fn window_samples(&self) -> usize {
        (self.window_ms / self.sample_ms).round().max(1.0) as usize
    }

    /// Where the window begins, ms since the start of the recording.
    pub fn start_ms(&self) -> f64 {
        (self.time_ms() - self.window_ms).max(0.0)
    }

    /// Time since the start of the recording, ms; negative in the warm-up.
    pub fn time_ms(&self) -> f64 {
        self.trial.time_ms()
    }

    /// Whether the whole trial has been run.
    pub fn is_over(&self) -> bool {
        self.trial.is_over()
    }

    /// The network.
    pub fn network(&self) -> &Network {
        self.trial.network()
    }

    /// Time, ms since the start of the recording, and neuron of each spike of the last piece.
    pub fn last_spikes(&self) -> (&[f32], &[u32]) {
        (&self.spikes.times[self.before..], &self.spikes.ids[self.before..])
    }

    /// The inputs of the recorded neurons in the last piece: a sample each
    /// [`Monitor::sample_ms`].
    pub fn last_inputs(&self) -> impl Iterator<Item = InputTrace<'_>> {
        self.inputs.iter().map(|inputs| inputs.from(self.samples_before))
    }

    /// Time between samples of the inputs, ms.
    pub fn sample_ms(&self) -> f64 {
        self.sample_ms
    }

    /// What the window says of the network's balance.
    ///
    /// # Errors
    /// If not enough has been recorded yet.
    pub fn diagnosis(&self) -> Result<Diagnosis, BalanceError> {
        let mut diagnosis = self.with_window(|activity| judge(activity, &self.config))?;
        diagnosis.mean_field_rate_hz = Some(self.mean_field_rate_hz);
        Ok(diagnosis)
    }

    /// The verdict of [`Monitor::diagnosis`] and what it rests on, in a fraction of its time.
    ///
    /// # Errors
    /// As [`Monitor::diagnosis`].
    pub fn findings(&self) -> Result<Findings, BalanceError> {
        self.with_window(|activity| judge_briefly(activity, &self.config))
    }

    /// Mean-field rate (Siegert), Hz.
    pub fn mean_field_rate_hz(&self) -> f64 {
        self.mean_field_rate_hz
    }

    /// Hands over what was recorded in the window.
    fn with_window<T>(&self, read: impl FnOnce(&Activity<'_>) -> T) -> T {
        let settings = self.network().config();
        let steps = |ms: f64| (ms / settings.dt).round();
        let start_ms = self.start_ms();
        let start = steps(start_ms);
        let first = self.spikes.times.partition_point(|&t| steps(t.into()) <= start);
        // From the time step, because the time itself has lost digits in a long trial.
        let since = |&t: &f32| ((steps(t.into()) - start) * settings.dt) as f32;
        let times: Vec<f32> = self.spikes.times[first..].iter().map(since).collect();
        let skipped = self.samples().saturating_sub(self.window_samples());
        read(&Activity {
            neurons: settings.neurons,
            excitatory_neurons: settings.excitatory_neurons(),
            duration_ms: self.time_ms() - start_ms,
            threshold_mv: settings.threshold.mean(),
            refractory_ms: settings.refractory.mean(),
            times_ms: &times,
            ids: &self.spikes.ids[first..],
            sample_ms: self.sample_ms,
            inputs: self.inputs.iter().map(|inputs| inputs.from(skipped)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnose;
    use super::*;
    use crate::network::NetworkConfig;

    fn network() -> Network {
        let config = NetworkConfig { warm_up: 20.0, ..NetworkConfig::brunel(400, 4.5, 2.0) };
        Network::build(&config, None, 3).unwrap()
    }

    #[test]
    fn from_the_start_on_it_is_the_diagnosis_of_a_whole_recording() {
        let network = network();
        let long = Trial { duration: 2000.0, ..network.trial(3, 0) };
        let config = DiagnosisConfig::default();
        let mut monitor = Monitor::start(&network, &long, config.clone(), 600.0).unwrap();
        assert!(monitor.diagnosis().is_err(), "nothing has been recorded");
        let (mut times, mut excitation) = (Vec::new(), Vec::new());
        while monitor.time_ms() < 600.0 {
            monitor.advance((600.0 - monitor.time_ms()).min(7.0));
            times.extend_from_slice(monitor.last_spikes().0);
            excitation.extend_from_slice(monitor.last_inputs().nth(5).unwrap().excitation);
        }
        assert_eq!(monitor.time_ms(), 600.0);
        let whole = Trial { duration: 600.0, ..long };
        let whole = diagnose(&network, &whole, &config).unwrap();
        assert_eq!(monitor.diagnosis().unwrap(), whole.diagnosis);
        let findings = monitor.findings().unwrap();
        assert_eq!(findings.verdict, whole.diagnosis.verdict);
        assert_eq!(findings.excitatory_rate_hz, whole.diagnosis.excitatory_rate_hz);
        assert_eq!(findings.irregularity, whole.diagnosis.irregularity);
        assert_eq!(times, whole.spikes.times);
        assert_eq!(excitation, whole.probe.excitatory(5));
    }

    #[test]
    fn later_it_is_that_of_the_window() {
        let network = network();
        let config = DiagnosisConfig::default();
        let long = Trial { duration: 5000.0, ..network.trial(3, 0) };
        // The drive stops after two seconds: the window forgets what was before.
        let stops = |t: f64| if t < 2000.0 { 1.0 } else { 0.0 };
        let trial = Trial { background: Some(&stops), ..long };
        let mut monitor = Monitor::start(&network, &trial, config.clone(), 300.0).unwrap();
        let mut most = 0;
        while monitor.time_ms() < 1998.0 {
            monitor.advance((1998.0 - monitor.time_ms()).min(30.0));
            most = most.max(monitor.spikes.count());
        }
        let (spikes, samples) = (monitor.spikes.count(), monitor.samples());
        assert!(monitor.diagnosis().unwrap().rate_hz > 10.0);
        let all = network.run(&Trial { duration: 1998.0, ..trial }, &mut Probe::none()).unwrap();
        let expected = all.times.iter().filter(|&&t| t > monitor.start_ms() as f32).count();
        let rate = expected as f64 / (400.0 * 0.3);
        assert!((monitor.diagnosis().unwrap().rate_hz - rate).abs() < 1e-9);
        assert!(most < all.count() / 2 && spikes <= most && samples <= 900, "{most} {samples}");
        while monitor.time_ms() < 2600.0 {
            monitor.advance(30.0);
        }
        assert_eq!(monitor.diagnosis().unwrap().rate_hz, 0.0);
        while !monitor.is_over() {
            monitor.advance(500.0);
        }
        assert_eq!(monitor.time_ms(), 5000.0);
    }

    #[test]
    fn a_window_that_makes_no_sense_is_refused() {
        let network = network();
        for window in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let config = DiagnosisConfig::default();
            assert!(Monitor::start(&network, &network.trial(1, 0), config, window).is_err());
        }
    }
}
