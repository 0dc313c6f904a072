//! One network that is shown images, and what a linear readout gets out of its spikes.

use std::ops::ControlFlow;

use equipoise_data::{Counts, ImageSet};
use equipoise_encoder::balance::{BalanceError, ImageCoding, counts_over_time, readout};
use equipoise_encoder::network::{Network, NetworkConfig};

use crate::context::{Stage, Turn, Unit};
use crate::{Context, Identity, OrStudyError, StudyError, cost};

/// Images that are encoded before they are kept: enough that many threads share them evenly.
const CHUNK: usize = 1024;

/// One network that is shown all images.
pub(super) struct Measurement<'a> {
    /// For fitting the readout.
    pub(super) training: &'a ImageSet,
    /// For trying it.
    pub(super) test: &'a ImageSet,
    /// Seed of the network and its input.
    pub(super) seed: u64,
    /// Penalty of the readout.
    pub(super) penalty: f64,
    pub(super) network: &'a NetworkConfig,
    /// After which the readout is tried, ms.
    pub(super) durations: &'a [f64],
    /// Of its unit.
    pub(super) key: String,
    /// Digest of the images.
    pub(super) data: String,
}

impl Measurement<'_> {
    /// What the readout gets after each of the durations: a unit, whose images are encoded in
    /// pieces that are kept until it is done.
    pub(super) fn run(
        &self,
        context: &Context<'_>,
        stage: &Stage<'_>,
    ) -> Result<Vec<ImageCoding>, StudyError> {
        let Self { training, test, seed, .. } = *self;
        // The test images have random numbers of their own.
        let parts = [("training", training, seed), ("test", test, seed.wrapping_add(1))];
        let identity = Identity::new()
            .with_settings("network", self.network)
            .with_settings("durations", &self.durations)
            .with("seed", seed)
            .with("data", &self.data);
        let whole = identity.clone().with("penalty", self.penalty);
        let images = (training.len() + test.len()) as f64;
        let seconds = images * cost::simulation(self.network, self.network.duration);
        let unit = Unit::new(&self.key).seed(seed).seconds(seconds);
        match context.turn(unit, &whole, || context.stored_unit(&self.key, &whole))? {
            Turn::Done(found) => {
                stage.advance((training.len() + test.len()) as u64)?;
                self.remove_pieces(context, &parts)?;
                Ok(found)
            }
            Turn::Theirs => Err(StudyError::Deferred),
            Turn::Ours(unit) => context.make(&unit, || {
                let found = self.encode_all(context, stage, &identity, &parts)?;
                context.keep_unit(&self.key, &whole, &found)?;
                self.remove_pieces(context, &parts)?;
                Ok(found)
            }),
        }
    }

    /// Encodes the parts and reads them out.
    fn encode_all(
        &self,
        context: &Context<'_>,
        stage: &Stage<'_>,
        identity: &Identity,
        parts: &[(&str, &ImageSet, u64)],
    ) -> Result<Vec<ImageCoding>, StudyError> {
        let Self { training, test, seed, .. } = *self;
        let network = Network::build(self.network, Some(training.shape), seed).or_settings()?;
        let counts = parts
            .iter()
            .map(|&(part, images, seed)| {
                let mut all: Vec<Counts> = Vec::new();
                for piece in 0..images.len().div_ceil(CHUNK) {
                    let key = self.piece(part, piece);
                    let range = piece * CHUNK..((piece + 1) * CHUNK).min(images.len());
                    let encode = |range| self.encode(&network, images, range, seed, stage);
                    let counts = self.kept(context, &key, identity, range, stage, encode)?;
                    append(&mut all, counts);
                }
                Ok(all)
            })
            .collect::<Result<Vec<_>, StudyError>>()?;
        let [training_counts, test_counts] = counts.as_slice() else {
            return Err(StudyError::failed("counts of two parts are needed"));
        };
        training_counts
            .iter()
            .zip(test_counts)
            .map(|(a, b)| readout((a, training), (b, test), self.penalty).or_failed())
            .collect()
    }

    /// The counts of a piece that were kept, or those that `encode` makes now.
    fn kept(
        &self,
        context: &Context<'_>,
        key: &str,
        identity: &Identity,
        range: std::ops::Range<usize>,
        stage: &Stage<'_>,
        encode: impl FnOnce(std::ops::Range<usize>) -> Result<Vec<Counts>, StudyError>,
    ) -> Result<Vec<Counts>, StudyError> {
        let images = range.len();
        let size = images * self.network.neurons * self.durations.len();
        if let Some(bytes) = context.load_checkpoint(key, identity)? {
            if bytes.len() == 2 * size {
                stage.advance(images as u64)?;
                return self.counts_from(&bytes);
            }
            context.remark(format!("{key} is not of {size} counts; it is encoded again"));
        }
        let counts = encode(range)?;
        let bytes: Vec<u8> =
            counts.iter().flat_map(|c| &c.counts).flat_map(|count| count.to_le_bytes()).collect();
        context.save_checkpoint(key, identity, &bytes)?;
        Ok(counts)
    }

    fn counts_from(&self, bytes: &[u8]) -> Result<Vec<Counts>, StudyError> {
        let pieces = bytes.chunks((bytes.len() / self.durations.len().max(1)).max(1));
        let count = |(&duration, bytes): (&f64, &[u8])| {
            let counts = bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
            Ok(Counts::new(self.network.neurons, 1, duration, counts.collect())?)
        };
        self.durations.iter().zip(pieces).map(count).collect()
    }

    fn encode(
        &self,
        network: &Network,
        images: &ImageSet,
        range: std::ops::Range<usize>,
        seed: u64,
        stage: &Stage<'_>,
    ) -> Result<Vec<Counts>, StudyError> {
        let mut step = |_: usize| match stage.advance(1) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        match counts_over_time(network, images, range, self.durations, seed, &mut step) {
            Err(BalanceError::Stopped) => Err(StudyError::Stopped),
            other => other.or_failed(),
        }
    }

    fn piece(&self, part: &str, piece: usize) -> String {
        format!("{}-{part}-{}", self.key.replace('/', "-"), piece + 1)
    }

    /// What was encoded is in the result now.
    fn remove_pieces(
        &self,
        context: &Context<'_>,
        parts: &[(&str, &ImageSet, u64)],
    ) -> Result<(), StudyError> {
        for &(part, images, _) in parts {
            for piece in 0..images.len().div_ceil(CHUNK) {
                context.remove_checkpoint(&self.piece(part, piece))?;
            }
        }
        Ok(())
    }
}

/// Adds the counts of more images, duration by duration.
fn append(all: &mut Vec<Counts>, more: Vec<Counts>) {
    if all.is_empty() {
        *all = more;
        return;
    }
    for (all, more) in all.iter_mut().zip(more) {
        all.counts.extend_from_slice(&more.counts);
    }
}
