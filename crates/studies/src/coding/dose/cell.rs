//! One network in one repetition.

use equipoise_encoder::balance::spread;
use equipoise_encoder::network::{Network, Probe, Simulation, Trial};
use equipoise_metrics::fisher::linear_information;
use equipoise_random::{derive_seed, stream};
use rayon::prelude::*;

use super::super::conditions::Condition;
use super::super::dynamics::reaches_ms;
use super::super::matching::{Matcher, Matching};
use super::super::pictures::Pictures;
use super::super::readout::{Counts, in_order};
use super::super::recording::{Protocol, Recorded, Recorder};
use super::super::state::measure;
use super::results::{DoseCell, Response};
use super::settings::{Along, DoseSettings};
use crate::context::{Context, Stage};
use crate::error::{OrStudyError, StudyError};
use crate::reconstruction::images::Images;

/// What a cell is made from.
pub(super) struct Asked<'a> {
    pub settings: &'a DoseSettings,
    pub images: &'a Images,
    pub line: usize,
    pub along: Along,
    pub value: f64,
    pub condition: Condition,
    pub repeat: usize,
}

impl Asked<'_> {
    fn seed(&self) -> u64 {
        derive_seed(self.settings.seed, "coding/repeat", self.repeat as u64)
    }

    fn pictures(&self) -> [Pictures<'_>; 3] {
        let Images { train, validation, test, .. } = self.images;
        let seed = self.settings.seed;
        [(0, train), (1, validation), (2, test)].map(|(index, set)| Pictures {
            set,
            brightness: 1.0,
            seed: derive_seed(seed, "coding/part", index),
        })
    }

    /// Steps of its stage.
    pub fn steps(&self) -> u64 {
        let images: usize = self.pictures().iter().map(Pictures::len).sum();
        (images * self.settings.shuffles) as u64
    }

    /// Milliseconds that are simulated, for all images together.
    pub fn milliseconds(&self) -> f64 {
        let settings = self.settings;
        let fisher = 2 * settings.fisher.pairs * settings.fisher.trials;
        (self.steps() + fisher as u64) as f64 * (settings.blank_ms + settings.on_ms())
    }

    /// Makes the cell.
    pub fn make(&self, context: &Context<'_>, stage: &Stage<'_>) -> Result<DoseCell, StudyError> {
        let (settings, pictures) = (self.settings, self.pictures());
        let matcher = Matcher {
            targets: settings.targets,
            pictures: pictures[0],
            blank_ms: settings.blank_ms,
            on_ms: settings.on_ms(),
            seed: self.seed(),
            context,
        };
        let matched = matcher.bring(&self.condition, Matching::Rate)?;
        let shape = pictures[0].shape();
        let network = Network::build(&matched.network, Some(shape), self.seed()).or_settings()?;
        let protocol = settings.protocol();
        let record = |part: usize, recording: usize, protocol: &Protocol| {
            let seed = derive_seed(self.seed(), "coding/spikes", part as u64);
            let recorder = Recorder {
                network: &network,
                background_factor: 1.0,
                read: settings.read,
                seed: derive_seed(seed, "recording", recording as u64),
                context,
            };
            recorder.record(&pictures[part], protocol, false, stage)
        };
        let recorded =
            [record(0, 0, &protocol)?, record(1, 0, &protocol)?, record(2, 0, &protocol)?];
        // Of further recordings only the counts of a whole image are needed.
        let whole = Protocol { first_edges: vec![0.0, settings.on_ms()], ..protocol.clone() };
        let mut further: [Vec<Vec<u16>>; 3] = Default::default();
        for (part, recordings) in further.iter_mut().enumerate() {
            for recording in 1..settings.shuffles {
                recordings.push(record(part, recording, &whole)?.counts(false, 0, 1));
            }
        }
        let read = Reading { pictures: &pictures, recorded: &recorded, further: &further };
        let edges = &protocol.first_edges;
        let last = edges.len() - 1;
        let place = |ms: f64| edges.partition_point(|&edge| edge < ms - 1e-9);
        let mut since_onset = Vec::new();
        for &ms in &settings.times_ms {
            since_onset.push((ms, read.accuracy(&read.counts(place(ms)))?));
            context.check()?;
        }
        let equal_time = read.response(edges[last], &read.counts(last))?;
        let enough = read.enough(settings.spikes(), last);
        let equal_spikes = read.response(edges[enough], &read.counts(enough))?;
        context.check()?;
        let shuffled = (settings.shuffles > 1)
            .then(|| read.response(edges[last], &read.shuffled(last, self.seed())))
            .transpose()?;
        let test = &pictures[2];
        let state = measure(&network, &matched, test, settings.state_images, self.seed(), context)?;
        let (information, information_shuffled) = self.information(&network, test, context)?;
        Ok(DoseCell {
            line: self.line,
            along: self.along,
            value: self.value,
            name: self.condition.name.clone(),
            repeat: self.repeat,
            matched,
            state,
            reached_ms: reaches_ms(&since_onset, settings.accuracy),
            since_onset,
            equal_time,
            equal_spikes,
            shuffled,
            information,
            information_shuffled,
        })
    }

    /// Linear Fisher information of a change of an image towards another, the mean over pairs; and
    /// that of shuffled trials.
    fn information(
        &self,
        network: &Network,
        pictures: &Pictures<'_>,
        context: &Context<'_>,
    ) -> Result<(f64, f64), StudyError> {
        let fisher = &self.settings.fisher;
        let order = pictures.order();
        let neurons = spread(network.config().neurons, fisher.neurons);
        let mut places = vec![u32::MAX; network.config().neurons];
        neurons.iter().enumerate().for_each(|(k, &neuron)| places[neuron] = k as u32);
        let (mut linear, mut shuffled) = (0.0, 0.0);
        for pair in 0..fisher.pairs {
            let image = pictures.shown(order[2 * pair % order.len()]);
            let other = pictures.shown(order[(2 * pair + 1) % order.len()]);
            let share = fisher.change as f32;
            let changed: Vec<f32> =
                image.iter().zip(&other).map(|(a, b)| a + share * (b - a)).collect();
            let record = |image: &[f32], stimulus: u64| {
                let seed = derive_seed(self.seed(), "coding/fisher", 2 * pair as u64 + stimulus);
                self.trials(network, image, seed, (&places, neurons.len()), context)
            };
            let (first, second) = (record(&image, 0)?, record(&changed, 1)?);
            let found = linear_information([&first, &second], neurons.len(), fisher.change);
            let found = found.or_failed()?;
            linear += found.linear / fisher.pairs as f64;
            shuffled += found.shuffled / fisher.pairs as f64;
        }
        Ok((linear, shuffled))
    }

    /// Counts `[trial][neuron]` of an image that is shown again and again.
    fn trials(
        &self,
        network: &Network,
        image: &[f32],
        seed: u64,
        (places, neurons): (&[u32], usize),
        context: &Context<'_>,
    ) -> Result<Vec<u16>, StudyError> {
        context.check()?;
        let one = |simulation: &mut Simulation<'_>, index: u64| {
            let trial = Trial {
                image: Some(image),
                warm_up: self.settings.blank_ms,
                duration: self.settings.on_ms(),
                parallel: false,
                ..network.trial(seed, index)
            };
            let spikes = simulation.run(&trial, &mut Probe::none()).or_failed()?;
            let mut counts = vec![0u16; neurons];
            for &neuron in &spikes.ids {
                if let Some(count) = counts.get_mut(places[neuron as usize] as usize) {
                    *count = count.saturating_add(1);
                }
            }
            Ok(counts)
        };
        let trials = (0..self.settings.fisher.trials as u64).into_par_iter();
        let counts = trials.map_init(|| Simulation::new(network), |s, k| one(s, k));
        Ok(counts.collect::<Result<Vec<_>, StudyError>>()?.concat())
    }
}

/// What is read from the recordings.
struct Reading<'a> {
    pictures: &'a [Pictures<'a>; 3],
    /// The first recording of each image.
    recorded: &'a [Recorded; 3],
    /// Counts of the whole image in further recordings.
    further: &'a [Vec<Vec<u16>>; 3],
}

impl Reading<'_> {
    /// Counts of the first recording of each image, from its onset to a border of the windows.
    fn counts(&self, to: usize) -> Counts {
        let parts = [0, 1, 2].map(|part| self.recorded[part].counts(false, 0, to));
        Counts { units: self.recorded[0].units, parts }
    }

    /// The counts of the whole image, with each neuron's count from a recording of its own of the same image.
    fn shuffled(&self, last: usize, seed: u64) -> Counts {
        let Counts { units, parts } = self.counts(last);
        let mut part = 0;
        let parts = parts.map(|first| {
            let mut all: Vec<&[u16]> = vec![&first];
            all.extend(self.further[part].iter().map(Vec::as_slice));
            let mut draws = stream(seed, "coding/shuffle", part as u64);
            part += 1;
            (0..first.len()).map(|place| all[draws.below(all.len())][place]).collect()
        });
        Counts { units, parts }
    }

    /// The border until which so many spikes are read from a training image, nearest.
    fn enough(&self, spikes: f64, last: usize) -> usize {
        let images = self.pictures[0].len().max(1) as f64;
        let read = |to: usize| -> f64 {
            let counts = self.recorded[0].counts(false, 0, to);
            counts.iter().map(|&c| f64::from(c)).sum::<f64>() / images
        };
        let (mut low, mut high) = (1, last);
        while low < high {
            let middle = (low + high) / 2;
            if read(middle) < spikes { low = middle + 1 } else { high = middle }
        }
        let nearer = low > 1 && (spikes - read(low - 1)).abs() < (read(low) - spikes).abs();
        if nearer { low - 1 } else { low }
    }

    fn accuracy(&self, counts: &Counts) -> Result<f64, StudyError> {
        let labels = [0, 1, 2].map(|part| -> Vec<u16> {
            let shown = self.recorded[part].shown.iter();
            shown.map(|&k| self.pictures[part].set.labels[k]).collect()
        });
        let classes = self.pictures[2].set.classes.len();
        counts.accuracy([&labels[0], &labels[1], &labels[2]], classes)
    }

    fn response(&self, ms: f64, counts: &Counts) -> Result<Response, StudyError> {
        let shape = self.pictures[0].shape();
        let images = [0, 1, 2].map(|part| {
            let targets = self.pictures[part].targets();
            in_order(&targets, shape.pixels(), &self.recorded[part].shown)
        });
        let shape = (shape.channels, shape.height, shape.width);
        let quality = counts.quality([&images[0], &images[1], &images[2]], shape)?;
        let spikes = counts.spikes();
        let accuracy = self.accuracy(counts)?;
        let (psnr_db, ssim) = (quality.psnr_db, quality.ssim);
        Ok(Response { ms, spikes, accuracy, psnr_db, ssim })
    }
}
