//! One network, or control, in one repetition.

use equipoise_encoder::network::{InputCode, Network};
use equipoise_random::derive_seed;

use super::super::conditions::{Condition, Kind};
use super::super::dynamics::{reaches_ms, rise_ms};
use super::super::matching::{Matched, Matcher, Matching};
use super::super::pictures::Pictures;
use super::super::readout::{Counts, Quality, in_order};
use super::super::recording::{Protocol, Recorded, Recorder, input_spikes};
use super::super::state::measure;
use super::pattern;
use super::results::{AfterChange, Dynamics, Read, SpeedCell, Stream};
use super::settings::{InputKind, SpeedSettings};
use crate::context::{Context, Stage};
use crate::error::{OrStudyError, StudyError};
use crate::reconstruction::images::Images;

/// What a cell is made from.
pub(super) struct Asked<'a> {
    pub settings: &'a SpeedSettings,
    pub images: &'a Images,
    pub condition: &'a Condition,
    pub matching: Matching,
    pub input: InputKind,
    pub brightness: f64,
    pub repeat: usize,
}

/// Spikes, images and classes of training, validation and test images.
struct Parts<'a> {
    pictures: [Pictures<'a>; 3],
    recorded: [Recorded; 3],
    targets: [Vec<f32>; 3],
    classes: usize,
}

impl Asked<'_> {
    /// The seed of the network and of all its spikes.
    fn seed(&self) -> u64 {
        derive_seed(self.settings.seed, "coding/repeat", self.repeat as u64)
    }

    fn pictures(&self) -> [Pictures<'_>; 3] {
        let Images { train, validation, test, .. } = self.images;
        let seed = self.settings.seed;
        let of = |(index, set)| Pictures {
            set,
            brightness: self.brightness,
            seed: derive_seed(seed, "coding/part", index),
        };
        [(0, train), (1, validation), (2, test)].map(of)
    }

    /// Steps of its stage.
    pub fn steps(&self) -> u64 {
        let images: usize = self.pictures().iter().map(Pictures::len).sum();
        let streams = match self.condition.kind {
            Kind::Input => 0,
            _ => self.settings.intervals_ms.len(),
        };
        (images * (1 + streams)) as u64
    }

    /// Milliseconds that are simulated, for all images together.
    pub fn milliseconds(&self) -> f64 {
        let images: usize = self.pictures().iter().map(Pictures::len).sum();
        let settings = self.settings;
        let trial = settings.blank_ms + settings.first_ms() + settings.second_ms;
        images as f64 * (trial + settings.intervals_ms.iter().sum::<f64>())
    }

    /// Makes the cell.
    pub fn make(&self, context: &Context<'_>, stage: &Stage<'_>) -> Result<SpeedCell, StudyError> {
        let mut condition = self.condition.clone();
        let input = &mut condition.network.input;
        (input.code, input.r_max) = (self.input.code, self.input.r_max);
        let pictures = self.pictures();
        let protocol = self.settings.protocol();
        let classes = self.images.test.classes.len();
        if condition.kind == Kind::Input {
            let of = |part: usize| {
                let seed = derive_seed(self.seed(), "coding/input", part as u64);
                input_spikes(&condition.network, &pictures[part], &protocol.first_edges, seed)
            };
            let recorded = [of(0), of(1), of(2)];
            stage.advance(self.steps())?;
            let parts = Parts::new(pictures, recorded, classes);
            return self.read(&parts, &protocol, None, Vec::new(), context);
        }
        let matcher = Matcher {
            targets: self.settings.targets,
            pictures: pictures[0],
            blank_ms: self.settings.blank_ms,
            on_ms: self.settings.first_ms(),
            seed: self.seed(),
            context,
        };
        let matched = matcher.bring(&condition, self.matching)?;
        let shape = pictures[0].shape();
        let network = Network::build(&matched.network, Some(shape), self.seed()).or_settings()?;
        let recorder = |part: usize| Recorder {
            network: &network,
            background_factor: matched.background_factor,
            read: self.settings.read,
            seed: derive_seed(self.seed(), "coding/spikes", part as u64),
            context,
        };
        let record =
            |part: usize| recorder(part).record(&pictures[part], &protocol, part == 2, stage);
        let recorded = [record(0)?, record(1)?, record(2)?];
        let mut streams = Vec::new();
        for &interval in &self.settings.intervals_ms {
            let of = |part: usize| {
                let blank = self.settings.blank_ms;
                recorder(part).stream(&pictures[part], interval, blank, stage)
            };
            let parts = [of(0)?, of(1)?, of(2)?];
            streams.push(stream(interval, &pictures, parts, recorded[0].units, classes)?);
            context.check()?;
        }
        let seed = self.seed();
        let state =
            measure(&network, &matched, &pictures[2], self.settings.state_images, seed, context)?;
        let dynamics = self.dynamics(matched, state, &recorded[2], &protocol);
        let parts = Parts::new(pictures, recorded, classes);
        self.read(&parts, &protocol, Some(dynamics), streams, context)
    }

    fn dynamics(
        &self,
        matched: Matched,
        state: super::super::state::Measured,
        test: &Recorded,
        protocol: &Protocol,
    ) -> Dynamics {
        let network = &matched.network;
        let (dt, n) = (network.dt, test.during_hz.len() as f64);
        let during_hz = test.during_hz.iter().sum::<f64>() / n;
        let square = |rate: &f64| (rate - during_hz).powi(2);
        let variance = test.during_hz.iter().map(square).sum::<f64>() / (n - 1.0).max(1.0);
        let per_step = network.neurons as f64 * n * dt / 1000.0;
        let rates: Vec<f64> = test.onset.iter().map(|&c| f64::from(c) / per_step).collect();
        let second = network.steps(protocol.second_ms);
        let steady_ms = protocol.first_ms - self.settings.steady_from_ms();
        let steady = (self.steady_window(protocol), network.steps(steady_ms));
        let patterns = pattern::times(test, steady.0, steady.1, second, dt);
        Dynamics {
            state,
            before_hz: test.before_hz,
            during_hz,
            rate_sd_hz: variance.sqrt(),
            mean_ms: rise_ms(&rates, dt, test.before_hz, pattern::late(&rates)),
            pattern_ms: patterns.new_ms,
            last_ms: patterns.last_ms,
            matched,
        }
    }

    /// The windows of an image in which the response counts as steady.
    fn steady_window(&self, protocol: &Protocol) -> (usize, usize) {
        (
            place(&protocol.first_edges, self.settings.steady_from_ms()),
            protocol.first_edges.len() - 1,
        )
    }

    fn read(
        &self,
        parts: &Parts<'_>,
        protocol: &Protocol,
        dynamics: Option<Dynamics>,
        streams: Vec<Stream>,
        context: &Context<'_>,
    ) -> Result<SpeedCell, StudyError> {
        let edges = &protocol.first_edges;
        let end = edges.len() - 1;
        let mut since_onset = Vec::new();
        for &ms in &self.settings.times_ms {
            let mut read = parts.read(ms, 0, place(edges, ms))?;
            if self.settings.trained.times_ms.contains(&ms) {
                let counts = parts.counts(false, 0, place(edges, ms));
                read.trained = Some(self.trained(parts, &counts, ms, context)?);
            }
            since_onset.push(read);
            context.check()?;
        }
        let mut windows = Vec::new();
        for &ms in &self.settings.windows_ms {
            windows.push(parts.read(ms, place(edges, protocol.first_ms - ms), end)?);
            context.check()?;
        }
        let mut after_change = Vec::new();
        if dynamics.is_some() {
            for (k, between) in protocol.second_edges.windows(2).enumerate() {
                let window = parts.counts(true, k, k + 1);
                let since = parts.counts(true, 0, k + 1);
                after_change.push(AfterChange {
                    from_ms: between[0],
                    to_ms: between[1],
                    spikes: window.spikes(),
                    last: parts.accuracy(&window, Recorded::first)?,
                    new: parts.accuracy(&window, Recorded::next)?,
                    new_since_change: parts.accuracy(&since, Recorded::next)?,
                });
                context.check()?;
            }
        }
        let curve: Vec<(f64, f64)> = since_onset.iter().map(|r| (r.ms, r.accuracy)).collect();
        Ok(SpeedCell {
            condition: self.condition.name.clone(),
            matching: self.matching,
            input: self.input.label(),
            brightness: self.brightness,
            repeat: self.repeat,
            dynamics,
            reached_ms: reaches_ms(&curve, self.settings.accuracy),
            since_onset,
            windows,
            after_change,
            streams,
        })
    }

    /// How well a trained decoder reconstructs the test images from counts of the first `ms`.
    fn trained(
        &self,
        parts: &Parts<'_>,
        counts: &Counts,
        ms: f64,
        context: &Context<'_>,
    ) -> Result<Quality, StudyError> {
        let [a, b, c] = &parts.targets;
        let seed = derive_seed(self.seed(), "coding/trained", 0);
        let shape = parts.pictures[0].shape();
        self.settings.trained.quality(counts, (ms, shape), [a, b, c], seed, context)
    }

    /// Whether there is such a cell: only spikes are an input that can be read itself, and controls
    /// are what they are at the rate of their network.
    pub fn exists(&self) -> bool {
        match self.condition.kind {
            Kind::Network => true,
            Kind::Input => self.input.code == InputCode::Poisson && self.matching == Matching::Rate,
            Kind::NoiseMatched | Kind::MeanCancelled => self.matching == Matching::Rate,
        }
    }
}

impl<'a> Parts<'a> {
    fn new(pictures: [Pictures<'a>; 3], recorded: [Recorded; 3], classes: usize) -> Self {
        let of = |part: usize| {
            let pixels = pictures[part].shape().pixels();
            in_order(&pictures[part].targets(), pixels, &recorded[part].shown)
        };
        let targets = [of(0), of(1), of(2)];
        Self { pictures, recorded, targets, classes }
    }

    fn counts(&self, second: bool, from: usize, to: usize) -> Counts {
        let parts = [0, 1, 2].map(|part| self.recorded[part].counts(second, from, to));
        Counts { units: self.recorded[0].units, parts }
    }

    /// Accuracy for the images that `which` says each trial showed.
    fn accuracy(
        &self,
        counts: &Counts,
        which: fn(&Recorded) -> Vec<usize>,
    ) -> Result<f64, StudyError> {
        let labels =
            [0, 1, 2].map(|part| labels(&self.pictures[part], &which(&self.recorded[part])));
        counts.accuracy([&labels[0], &labels[1], &labels[2]], self.classes)
    }

    fn read(&self, ms: f64, from: usize, to: usize) -> Result<Read, StudyError> {
        let counts = self.counts(false, from, to);
        let shape = self.pictures[0].shape();
        let [a, b, c] = &self.targets;
        let quality = counts.quality([a, b, c], (shape.channels, shape.height, shape.width))?;
        Ok(Read {
            ms,
            spikes: counts.spikes(),
            accuracy: self.accuracy(&counts, Recorded::first)?,
            psnr_db: quality.psnr_db,
            ssim: quality.ssim,
            trained: None,
        })
    }
}

/// Images that follow one another: what is read of the present and of the last one.
fn stream(
    interval_ms: f64,
    pictures: &[Pictures<'_>; 3],
    parts: [(Vec<usize>, Vec<u16>); 3],
    units: usize,
    classes: usize,
) -> Result<Stream, StudyError> {
    let shown = [0, 1, 2].map(|part| parts[part].0.clone());
    let counts = Counts { units, parts: parts.map(|part| part.1) };
    let accuracy = |back: usize| {
        let labels = [0, 1, 2].map(|part| {
            let n = shown[part].len();
            let of: Vec<usize> = (0..n).map(|k| shown[part][(k + n - back) % n]).collect();
            labels(&pictures[part], &of)
        });
        counts.accuracy([&labels[0], &labels[1], &labels[2]], classes)
    };
    let spikes = counts.spikes();
    Ok(Stream { interval_ms, spikes, present: accuracy(0)?, last: accuracy(1)? })
}

fn labels(pictures: &Pictures<'_>, shown: &[usize]) -> Vec<u16> {
    shown.iter().map(|&k| pictures.set.labels[k]).collect()
}

/// The place of a time among borders that have it.
fn place(edges: &[f64], ms: f64) -> usize {
    edges.partition_point(|&edge| edge < ms - 1e-9)
}
