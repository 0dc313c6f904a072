//! Spikes of a network that is shown image after image, counted in every window that is read.

use equipoise_data::spikes::SpikeTrains;
use equipoise_encoder::balance::spread;
use equipoise_encoder::network::{
    Network, NetworkConfig, Probe, Scene, Simulation, Trial, color_channels, input_channels,
};
use equipoise_random::{derive_seed, stream};
use rayon::prelude::*;

use super::pictures::Pictures;
use crate::context::{Context, Stage};
use crate::error::{OrStudyError, StudyError};

/// Trials that are run between two questions whether to stop.
const BATCH: usize = 64;
/// Images of a stream that one trial shows, after one that only leads in.
const STREAM: usize = 10;
/// Of the darkness before an image, what is recorded, ms.
const LEAD_MS: f64 = 20.0;

/// What is shown in a trial: darkness, an image, another image.
#[derive(Debug, Clone, PartialEq)]
pub struct Protocol {
    /// Darkness before the first image, ms.
    pub blank_ms: f64,
    /// How long the first image is there, ms.
    pub first_ms: f64,
    /// How long the second is, ms; 0 for none.
    pub second_ms: f64,
    /// Borders of the windows in which the spikes of the first image are counted, ms since it came
    /// on, ascending, from 0.
    pub first_edges: Vec<f64>,
    /// The same for the second.
    pub second_edges: Vec<f64>,
}

/// What was recorded while the images of a part were shown.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Neurons, or channels, that are read.
    pub units: usize,
    /// Windows of the first image, and of the second.
    bins: (usize, usize),
    /// Counts `[trial][window][unit]`.
    counts: Vec<u16>,
    /// What each trial showed first; the second is what the next trial, round and round, shows first.
    pub shown: Vec<usize>,
    /// Spikes of the whole network in the last of the darkness, per second and neuron.
    pub before_hz: f64,
    /// Spikes of the whole network in each trial's first image, per second and neuron.
    pub during_hz: Vec<f64>,
    /// Spikes in each time step since the first image came on, of all neurons and trials.
    pub onset: Vec<u32>,
    /// The spikes of the second image of each trial: time step since it came on (from 0), unit.
    pub second: Vec<Vec<(u16, u32)>>,
}

impl Recorded {
    /// One window of a first image for each trial, and the spikes of the second.
    #[cfg(test)]
    pub(super) fn of_parts(
        units: usize,
        counts: Vec<u16>,
        shown: Vec<usize>,
        second: Vec<Vec<(u16, u32)>>,
    ) -> Self {
        let (bins, before_hz) = ((1, 0), 0.0);
        let (during_hz, onset) = (Vec::new(), Vec::new());
        Self { units, bins, counts, shown, before_hz, during_hz, onset, second }
    }

    /// Trials.
    pub fn trials(&self) -> usize {
        self.shown.len()
    }

    /// What each trial showed first.
    pub fn first(&self) -> Vec<usize> {
        self.shown.clone()
    }

    /// What each trial showed second.
    pub fn next(&self) -> Vec<usize> {
        let n = self.trials();
        (0..n).map(|k| self.shown[(k + 1) % n]).collect()
    }

    /// Counts `[trial][unit]` in the windows `from..to` of the first image, or of the second.
    pub fn counts(&self, second: bool, from: usize, to: usize) -> Vec<u16> {
        let all = self.bins.0 + self.bins.1;
        let offset = if second { self.bins.0 } else { 0 };
        let mut sums = vec![0u16; self.trials() * self.units];
        let trials = self.counts.chunks_exact(all * self.units);
        for (sum, trial) in sums.chunks_exact_mut(self.units).zip(trials) {
            let windows = trial.chunks_exact(self.units).skip(offset + from).take(to - from);
            for window in windows {
                sum.iter_mut().zip(window).for_each(|(s, c)| *s = s.saturating_add(*c));
            }
        }
        sums
    }
}

/// Shows images to a network.
pub struct Recorder<'a> {
    /// The network.
    pub network: &'a Network,
    /// Its background while an image is there, in units of that in darkness.
    pub background_factor: f64,
    /// Units that are read, at most; spread evenly over the network.
    pub read: usize,
    /// Seed of the spikes.
    pub seed: u64,
    /// Asked whether to go on.
    pub context: &'a Context<'a>,
}

/// What one trial gives.
struct One {
    counts: Vec<u16>,
    before: usize,
    during: usize,
    onset: Vec<u32>,
    second: Vec<(u16, u32)>,
}

impl Recorder<'_> {
    fn read_units(&self) -> Vec<usize> {
        spread(self.network.config().neurons, self.read)
    }

    /// The number of each neuron among those that are read.
    fn places(&self) -> Vec<u32> {
        let mut places = vec![u32::MAX; self.network.config().neurons];
        for (place, neuron) in self.read_units().into_iter().enumerate() {
            places[neuron] = place as u32;
        }
        places
    }

    /// Shows each image in its turn, followed by the next one. `keep_second`: keep the spikes of
    /// the second image, and not their counts alone.
    ///
    /// # Errors
    /// If the study is stopped, or the network refuses.
    pub fn record(
        &self,
        pictures: &Pictures<'_>,
        protocol: &Protocol,
        keep_second: bool,
        stage: &Stage<'_>,
    ) -> Result<Recorded, StudyError> {
        let config = self.network.config();
        let lead_ms = LEAD_MS.min(protocol.blank_ms);
        let [lead, first, second] =
            [lead_ms, protocol.first_ms, protocol.second_ms].map(|ms| config.steps(ms));
        let edges = |edges: &[f64]| edges.iter().map(|&ms| config.steps(ms)).collect::<Vec<_>>();
        let bins = [&protocol.first_edges, &protocol.second_edges].map(|e| e.len().max(1) - 1);
        let windows = [
            window_of_step(&edges(&protocol.first_edges), first, 0),
            window_of_step(&edges(&protocol.second_edges), second, bins[0]),
        ];
        let (places, units) = (self.places(), self.read_units().len());
        let shown = pictures.order();
        let background = |t: f64| if t < lead_ms { 1.0 } else { self.background_factor };
        let run = |simulation: &mut Simulation<'_>, k: usize| -> Result<One, StudyError> {
            let (now, next) =
                (pictures.shown(shown[k]), pictures.shown(shown[(k + 1) % shown.len()]));
            let scenes = [
                Scene { from_ms: lead_ms, image: Some(&now) },
                Scene { from_ms: lead_ms + protocol.first_ms, image: Some(&next) },
            ];
            let trial = Trial {
                scenes: if second > 0 { &scenes } else { &scenes[..1] },
                background: Some(&background),
                warm_up: protocol.blank_ms - lead_ms,
                duration: lead_ms + protocol.first_ms + protocol.second_ms,
                parallel: false,
                ..self.network.trial(self.seed, shown[k] as u64)
            };
            let spikes = simulation.run(&trial, &mut Probe::none()).or_failed()?;
            let mut one = One {
                counts: vec![0; (bins[0] + bins[1]) * units],
                before: 0,
                during: 0,
                onset: vec![0; first],
                second: Vec::new(),
            };
            for (&time, &neuron) in spikes.times.iter().zip(&spikes.ids) {
                // Time steps are named by their end: the first after an onset is 1 after it.
                let step = config.steps(f64::from(time));
                if step <= lead {
                    one.before += 1;
                    continue;
                }
                let since = step - lead - 1;
                let place = places[neuron as usize];
                let (window, since) = if since < first {
                    one.during += 1;
                    one.onset[since] += 1;
                    (windows[0][since], since)
                } else {
                    (windows[1][since - first], since - first)
                };
                if place == u32::MAX {
                    continue;
                }
                if step > lead + first && keep_second {
                    one.second.push((since as u16, place));
                }
                if let Some(window) = window {
                    let count = &mut one.counts[window * units + place as usize];
                    *count = count.saturating_add(1);
                }
            }
            Ok(one)
        };
        let mut recorded = Recorded {
            units,
            bins: (bins[0], bins[1]),
            counts: Vec::with_capacity(shown.len() * (bins[0] + bins[1]) * units),
            shown: shown.clone(),
            before_hz: 0.0,
            during_hz: Vec::with_capacity(shown.len()),
            onset: vec![0; first],
            second: Vec::new(),
        };
        let per_neuron = |spikes: usize, steps: usize| {
            spikes as f64 / (config.neurons as f64 * steps as f64 * config.dt / 1000.0)
        };
        let mut before = 0;
        for batch in (0..shown.len()).collect::<Vec<_>>().chunks(BATCH) {
            let trials = batch
                .par_iter()
                .map_init(|| Simulation::new(self.network), |simulation, &k| run(simulation, k))
                .collect::<Result<Vec<One>, StudyError>>()?;
            for one in trials {
                recorded.counts.extend_from_slice(&one.counts);
                recorded.during_hz.push(per_neuron(one.during, first));
                recorded.onset.iter_mut().zip(&one.onset).for_each(|(sum, n)| *sum += n);
                if keep_second {
                    recorded.second.push(one.second);
                }
                before += one.before;
            }
            stage.advance(batch.len() as u64)?;
            self.context.check()?;
        }
        recorded.before_hz = per_neuron(before, lead * shown.len());
        Ok(recorded)
    }

    /// Shows the images one after the other, each for `interval_ms` and with nothing between them,
    /// and counts the spikes of each: `[image in the order shown][unit]`.
    ///
    /// # Errors
    /// If the study is stopped, or the network refuses.
    pub fn stream(
        &self,
        pictures: &Pictures<'_>,
        interval_ms: f64,
        blank_ms: f64,
        stage: &Stage<'_>,
    ) -> Result<(Vec<usize>, Vec<u16>), StudyError> {
        let config = self.network.config();
        let (places, units) = (self.places(), self.read_units().len());
        let shown = pictures.order();
        let n = shown.len();
        let steps = config.steps(interval_ms);
        let seed = derive_seed(self.seed, "coding/stream", steps as u64);
        let background = |t: f64| if t < 0.0 { 1.0 } else { self.background_factor };
        let run = |first: usize| -> Result<Vec<u16>, StudyError> {
            let last = (first + STREAM).min(n);
            let images: Vec<Vec<f32>> = std::iter::once((first + n - 1) % n)
                .chain(first..last)
                .map(|k| pictures.shown(shown[k]))
                .collect();
            let scenes: Vec<Scene<'_>> = images
                .iter()
                .enumerate()
                .skip(1)
                .map(|(k, image)| Scene { from_ms: k as f64 * interval_ms, image: Some(image) })
                .collect();
            let trial = Trial {
                image: Some(&images[0]),
                scenes: &scenes,
                background: Some(&background),
                warm_up: blank_ms,
                duration: images.len() as f64 * interval_ms,
                parallel: false,
                ..self.network.trial(seed, first as u64)
            };
            let spikes = self.network.run(&trial, &mut Probe::none()).or_failed()?;
            Ok(stream_counts(config, &spikes, &places, (units, steps, images.len())))
        };
        let firsts: Vec<usize> = (0..n).step_by(STREAM).collect();
        let mut counts = Vec::with_capacity(n * units);
        for batch in firsts.chunks(BATCH / 4) {
            let parts =
                batch.par_iter().map(|&k| run(k)).collect::<Result<Vec<_>, StudyError>>()?;
            for part in parts {
                counts.extend_from_slice(&part);
            }
            stage.advance((batch.len() * STREAM) as u64)?;
            self.context.check()?;
        }
        Ok((shown, counts))
    }
}

/// Counts of each image of a stream but the first.
fn stream_counts(
    config: &NetworkConfig,
    spikes: &SpikeTrains,
    places: &[u32],
    (units, steps, images): (usize, usize, usize),
) -> Vec<u16> {
    let mut counts = vec![0u16; (images - 1) * units];
    for (&time, &neuron) in spikes.times.iter().zip(&spikes.ids) {
        let image = (config.steps(f64::from(time)) - 1) / steps;
        let place = places[neuron as usize];
        if image > 0 && place != u32::MAX {
            let count = &mut counts[(image - 1) * units + place as usize];
            *count = count.saturating_add(1);
        }
    }
    counts
}

/// The window of each time step since an onset, from `offset` on; none beyond the last border.
fn window_of_step(edges: &[usize], steps: usize, offset: usize) -> Vec<Option<usize>> {
    (0..steps)
        .map(|step| {
            let above = edges.partition_point(|&edge| edge <= step);
            (above > 0 && above < edges.len()).then(|| offset + above - 1)
        })
        .collect()
}

/// The spikes of the input channels themselves: Poisson counts in the windows of the first image.
pub fn input_spikes(
    config: &NetworkConfig,
    pictures: &Pictures<'_>,
    edges: &[f64],
    seed: u64,
) -> Recorded {
    let shape = pictures.shape();
    let units = input_channels(shape, config.input.color);
    let bins = edges.len() - 1;
    let shown = pictures.order();
    let one = |&index: &usize| {
        let channels = color_channels(&pictures.shown(index), shape, config.input.color);
        let mut draws = stream(seed, "coding/input-spikes", index as u64);
        let mut counts = Vec::with_capacity(bins * units);
        for window in edges.windows(2) {
            let mean = config.input.r_max * (window[1] - window[0]) / 1000.0;
            counts.extend(channels.iter().map(|&x| draws.poisson(mean * f64::from(x)) as u16));
        }
        counts
    };
    let counts: Vec<Vec<u16>> = shown.par_iter().map(one).collect();
    let milliseconds = edges[bins] - edges[0];
    let rate = |counts: &Vec<u16>| {
        let spikes: f64 = counts.iter().map(|&c| f64::from(c)).sum();
        spikes / (units as f64 * milliseconds / 1000.0)
    };
    Recorded {
        units,
        bins: (bins, 0),
        before_hz: 0.0,
        during_hz: counts.iter().map(rate).collect(),
        counts: counts.concat(),
        shown,
        onset: Vec::new(),
        second: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_data::synthetic;
    use equipoise_encoder::network::InputConfig;

    #[test]
    fn every_time_step_has_its_window() {
        let windows = window_of_step(&[0, 2, 5], 7, 3);
        assert_eq!(windows, [Some(3), Some(3), Some(4), Some(4), Some(4), None, None]);
        assert_eq!(window_of_step(&[], 2, 0), [None, None]);
    }

    #[test]
    fn counts_are_those_of_the_spikes_after_the_onset() {
        let set = synthetic::digits(13, 1, synthetic::Part::Train);
        let pictures = Pictures { set: &set, brightness: 1.0, seed: 5 };
        // Neurons that only an image makes fire.
        let config = NetworkConfig {
            neurons: 100,
            background_rate: Some(0.0),
            connection_probability: 0.0,
            initial_potential: 0.0.into(),
            input: InputConfig { during_warm_up: false, weight: 4.0, ..InputConfig::default() },
            ..NetworkConfig::encoder()
        };
        let network = Network::build(&config, Some(set.shape), 1).unwrap();
        let context = Context::default();
        let stage = context.stage("recording", 13).unwrap();
        let recorder = Recorder {
            network: &network,
            background_factor: 1.0,
            read: 40,
            seed: 2,
            context: &context,
        };
        let protocol = Protocol {
            blank_ms: 30.0,
            first_ms: 60.0,
            second_ms: 20.0,
            first_edges: vec![0.0, 5.0, 60.0],
            second_edges: vec![0.0, 20.0],
        };
        let found = recorder.record(&pictures, &protocol, true, &stage).unwrap();
        assert_eq!((found.trials(), found.units, found.before_hz), (13, 40, 0.0));
        let total = |counts: &[u16]| counts.iter().map(|&c| usize::from(c)).sum::<usize>();
        let whole = found.counts(false, 0, 2);
        assert!(total(&whole) > 100);
        let parts = [found.counts(false, 0, 1), found.counts(false, 1, 2)];
        let sum: Vec<u16> = parts[0].iter().zip(&parts[1]).map(|(a, b)| a + b).collect();
        assert_eq!(sum, whole);
        let second = found.counts(true, 0, 1);
        assert_eq!(total(&second), found.second.iter().map(Vec::len).sum::<usize>());
        assert!(found.second.iter().flatten().all(|&(step, unit)| step < 200 && unit < 40));
        let all: u32 = found.onset.iter().sum();
        let mean = found.during_hz.iter().sum::<f64>() / 13.0;
        assert!((f64::from(all) / (13.0 * 100.0 * 0.06) - mean).abs() < 1e-9);
        // Each image follows the one before it.
        assert_eq!(found.next()[..12], found.shown[1..]);
        // A stream shows every image once.
        let (shown, counts) = recorder.stream(&pictures, 20.0, 30.0, &stage).unwrap();
        assert_eq!((shown, counts.len()), (found.shown, 13 * 40));
        assert!(total(&counts) > 100);
    }

    #[test]
    fn input_spikes_are_as_many_as_the_image_is_bright() {
        let set = synthetic::digits(50, 1, synthetic::Part::Train);
        let pictures = Pictures { set: &set, brightness: 1.0, seed: 5 };
        let config = NetworkConfig::encoder();
        let found = input_spikes(&config, &pictures, &[0.0, 10.0, 100.0], 3);
        let light: f32 = pictures.targets().iter().sum();
        let expected = f64::from(light) * 100.0 * 0.1;
        let spikes: f64 = found.counts(false, 0, 2).iter().map(|&c| f64::from(c)).sum();
        assert!((spikes - expected).abs() < 4.5 * expected.sqrt(), "{spikes}, not {expected}");
        let early: f64 = found.counts(false, 0, 1).iter().map(|&c| f64::from(c)).sum();
        assert!((early - 0.1 * expected).abs() < 4.5 * (0.1 * expected).sqrt());
    }
}
