//! Images to the features that a decoder reads, through one network.

use std::ops::ControlFlow;

use equipoise_data::spikes::SpikeTrains;
use equipoise_data::spikes::file::{SpikeFileWriter, TimePrecision};
use equipoise_data::{CountsOrigin, DataIdentity, Fingerprint, ImageSet};
use equipoise_decoder::reconstruct::{FeatureConfig, FeatureKind, SpikeFeatures};
use equipoise_encoder::images::{Encoder, EncoderConfig, EncoderError};
use equipoise_random::derive_seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::{Artefact, Context, Identity, Stage};
use crate::error::{OrStudyError, StudyError};

/// A part of the data; each has random numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Training images.
    Train,
    /// Validation images.
    Validation,
    /// Test images.
    Test,
}

impl Part {
    /// The name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// All parts, in order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// An identity with what the images of this part are.
    pub fn identity(self, identity: Identity, images: &DataIdentity) -> Identity {
        identity.with(&format!("data.{}", self.name()), images.content)
    }

    /// The seed of the input and background spikes of this part's images.
    pub fn seed(self, seed: u64) -> u64 {
        derive_seed(seed, "reconstruction/spikes", self as u64)
    }
}

/// What spikes depend on besides the images: every setting of the network, its seed, and the
/// version of the random streams.
pub fn network_identity(images: Identity, network: &EncoderConfig, seed: u64) -> Identity {
    let identity = match network {
        EncoderConfig::Pair(network) => images.with_each("network", network),
        // Lists of populations and projections are too long to be told.
        EncoderConfig::Populations(network) => {
            let digest = images.with_settings("network.populations", &network.network);
            let read = digest.with_settings("network.record", &network.record);
            read.with_each("network.image", &network.image)
        }
    };
    identity.with("network.seed", seed)
}

/// A network as one digest: all of [`network_identity`] without images.
pub fn network_fingerprint(network: &EncoderConfig, seed: u64) -> Fingerprint {
    let mut digest = Fingerprint::builder("network");
    for (part, value) in network_identity(Identity::new(), network, seed).parts() {
        digest.text(part).text(value);
    }
    digest.finish()
}

/// What the spikes of a network that sees images are made from.
pub fn origin(network: &EncoderConfig, seed: u64, images: &ImageSet) -> CountsOrigin {
    CountsOrigin {
        stimuli: Some(images.identity()),
        network: Some(network_fingerprint(network, seed)),
    }
}

/// Width of the bins that exponential traces are taken from, ms: fine for any time constant of a
/// membrane or a synapse.
const TRACE_BIN_MS: f64 = 1.0;

/// The bins in which spikes are counted for these features.
pub fn bins(features: &FeatureConfig, duration_ms: f64) -> usize {
    match features.kind {
        FeatureKind::Counts => 1,
        FeatureKind::Bins => features.bins,
        FeatureKind::Traces => (duration_ms / TRACE_BIN_MS).ceil().max(1.0) as usize,
    }
}

/// Keeps the spikes of the first `count` images of a part as `<name>.h5`, in the layout of the
/// Spiking Heidelberg Digits (times in seconds). Nothing where results are kept in memory.
///
/// # Errors
/// [`StudyError::Stopped`], and those of the file.
pub fn keep_spikes(
    context: &Context<'_>,
    name: &str,
    network: &Encoder,
    images: &ImageSet,
    (part, seed, count): (Part, u64, usize),
) -> Result<Option<Artefact>, StudyError> {
    let file = format!("{name}.h5");
    let Some(path) = context.path(&file)? else { return Ok(None) };
    let (neurons, count) = (network.neurons(), count.min(images.len()));
    let origin = origin(&network.config(), seed, images);
    // A spike file gives every recording a class.
    let classes = match images.is_labelled() {
        true => images.classes.clone(),
        false => vec!["unlabelled".to_owned()],
    };
    let mut writer = SpikeFileWriter::create(&path, neurons, &classes, TimePrecision::Float32)?
        .with_origin(&origin, &images.indices[..count])?;
    let mut failed = None;
    let mut sink = |index: usize, trains: SpikeTrains| {
        let kept = writer.push(&trains, images.labels[index]).map_err(StudyError::from);
        match kept.and_then(|()| Ok(context.check()?)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let read = |index: usize, out: &mut [f32]| images.write_intensities(index, out);
    let encoded = network.encode_each(&read, 0..count, part.seed(seed), &mut sink);
    ended(encoded, failed)?;
    writer.finish()?;
    context.written(&file).map(Some)
}

/// The end of an encoding whose sink may have `failed`, which stopped it.
///
/// # Errors
/// That failure, [`StudyError::Stopped`], or [`StudyError::Failed`].
pub fn ended<T>(
    encoded: Result<T, EncoderError>,
    failed: Option<StudyError>,
) -> Result<T, StudyError> {
    match (failed, encoded) {
        (Some(error), _) => Err(error),
        (None, Err(EncoderError::Stopped)) => Err(StudyError::Stopped),
        (None, encoded) => encoded.or_failed(),
    }
}

/// Shows every image to the network and takes the features of its spikes, `batch` images at a time.
/// The second value is the number of all spikes.
///
/// # Errors
/// [`StudyError::Stopped`], [`StudyError::Input`] if the features do not fit the recording.
pub fn features(
    network: &Encoder,
    images: &ImageSet,
    part: Part,
    config: &FeatureConfig,
    (seed, batch): (u64, usize),
    stage: &Stage<'_>,
) -> Result<(SpikeFeatures, u64), StudyError> {
    let bins = bins(config, network.duration());
    let mut all = SpikeFeatures { images: 0, features: 0, values: Vec::new() };
    let mut spikes = 0;
    for start in (0..images.len()).step_by(batch) {
        let end = (start + batch).min(images.len());
        let mut told = 0;
        let mut progress = |done: usize| {
            let more = (done - told) as u64;
            told = done;
            match stage.advance(more) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        let read = |index: usize, out: &mut [f32]| images.write_intensities(index, out);
        let (range, seed) = (start..end, part.seed(seed));
        let counts = network.encode_counts(&read, range, seed, bins, &mut progress);
        let counts = ended(counts, None)?;
        let chunk = config.extract(&counts).or_input()?;
        spikes += counts.counts.iter().map(|&c| u64::from(c)).sum::<u64>();
        all.values.reserve_exact(if start == 0 { images.len() * chunk.features } else { 0 });
        all.values.extend_from_slice(&chunk.values);
        all.images += chunk.images;
        all.features = chunk.features;
    }
    Ok((all, spikes))
}
