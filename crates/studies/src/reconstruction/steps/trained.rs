//! The networks and decoders of a finished run, built again for other images.

use std::path::{Path, PathBuf};

use equipoise_data::ImageShape;
use equipoise_decoder::reconstruct::{DecoderKind, Reconstructor};
use equipoise_encoder::images::{Encoder, EncoderConfig};
use equipoise_report::RunDir;

use super::super::cell::Score;
use super::super::comparison::{Coded, RECORDED};
use super::super::method::Method;
use super::super::studies::{Demonstration, Reconstruction};
use super::super::{Settings, encoding};
use super::encoded::found;
use super::train::{DECODER, Train, Trained};
use crate::context::{Artefact, Context, Identity, Silent, StoredRun};
use crate::error::{OrStudyError, StudyError};
use crate::regimes::ImageCase;
use crate::study::Study;

/// A regime of a finished run with its network and its decoders.
#[derive(Debug)]
pub struct TrainedRegime {
    /// Repetition, from 0.
    pub repeat: usize,
    /// The regime's name.
    pub name: String,
    /// The network, its input weight as the run's images asked for, and the seed of it and of its
    /// spikes; nothing where recordings are decoded.
    pub network: Option<(Encoder, u64)>,
    /// The decoders of its spikes.
    pub decoders: Vec<(DecoderKind, Reconstructor)>,
}

/// A finished run with trained decoders: a comparison with all its repetitions, or a training.
#[derive(Debug)]
pub struct TrainedRun {
    /// The directory.
    pub dir: PathBuf,
    /// Its settings.
    pub settings: Settings,
    /// Shape of the images.
    pub shape: ImageShape,
    /// The regimes of each repetition, the reference first.
    pub regimes: Vec<TrainedRegime>,
    /// What its training images were.
    pub identity: Identity,
    /// The files of its models.
    pub models: Vec<Artefact>,
}

impl TrainedRun {
    /// The settings of the run in a directory.
    ///
    /// # Errors
    /// If it is no run that trains decoders.
    pub fn settings_of(dir: &Path) -> Result<Settings, StudyError> {
        let record = RunDir::stored_record(dir)?;
        let names = [Reconstruction::NAME, Demonstration::NAME, Train::NAME];
        if !names.contains(&record.command.as_str()) {
            return Err(StudyError::input(format!(
                "{}: holds a run of `{}`; one of {} is needed",
                dir.display(),
                record.command,
                names.join(", ")
            )));
        }
        Ok(RunDir::stored_config(dir)?)
    }

    /// Opens the run and builds its networks.
    ///
    /// # Errors
    /// If it is not finished, a model is missing or damaged, or a network cannot be built.
    pub fn open(dir: &Path, settings: &Settings) -> Result<Self, StudyError> {
        let own = Self::settings_of(dir)?;
        let is_training = RunDir::stored_record(dir)?.command == Train::NAME;
        let context = Context::new(Silent, StoredRun::new(dir));
        let mut regimes = Vec::new();
        let mut models = Vec::new();
        let mut identity = Identity::new();
        let device = settings.backend.device().or_settings()?;
        let read = |file: &Artefact| -> Result<Reconstructor, StudyError> {
            let wrong =
                |e: String| StudyError::input(format!("{}/{}: {e}", dir.display(), file.name));
            let bytes = context.read(file).map_err(|_| wrong("missing or damaged".into()))?;
            Reconstructor::from_bytes(&bytes, &device).map_err(|e| wrong(e.to_string()))
        };
        if is_training {
            let (made_from, trained): (Identity, Trained) = found(dir, &context, DECODER)?;
            identity = made_from;
            let decoder = read(&trained.model)?;
            models.push(trained.model);
            let network = trained.network.zip(trained.seed);
            let decoders = vec![(trained.kind, decoder)];
            regimes.push(Self::regime(0, trained.regime, network, decoders)?);
        } else {
            let names = match own.data.recorded {
                Some(_) => vec![RECORDED.to_owned()],
                None => own.names().or_settings()?,
            };
            for repeat in 0..own.repeats {
                for name in &names {
                    let key = format!("cells/{}-{name}-code", repeat + 1);
                    let (made_from, coded): (Identity, Coded) = found(dir, &context, &key)?;
                    if regimes.is_empty() {
                        identity = made_from;
                    }
                    let mut decoders = Vec::new();
                    for kind in own.kinds() {
                        let label = Score::label(repeat, Some(name), Method::decoder(kind));
                        let key = format!("cells/{label}");
                        let (_, score): (_, Score) = found(dir, &context, &key)?;
                        let Some(model) = &score.model else { continue };
                        decoders.push((kind, read(model)?));
                        models.push(model.clone());
                    }
                    let network = coded.network.zip(coded.seed);
                    regimes.push(Self::regime(repeat, name.clone(), network, decoders)?);
                }
            }
        }
        let shape = regimes.iter().flat_map(|r| &r.decoders).map(|(_, d)| d.shape).next();
        let shape =
            shape.ok_or_else(|| StudyError::input(format!("{}: has no decoder", dir.display())))?;
        Ok(Self { dir: dir.to_owned(), settings: own, shape, regimes, identity, models })
    }

    fn regime(
        repeat: usize,
        name: String,
        network: Option<(EncoderConfig, u64)>,
        decoders: Vec<(DecoderKind, Reconstructor)>,
    ) -> Result<TrainedRegime, StudyError> {
        let Some(shape) = decoders.first().map(|(_, decoder)| decoder.shape) else {
            return Err(StudyError::input(format!("the run has no decoder of {name}")));
        };
        let build = |(config, seed): (EncoderConfig, u64)| {
            Ok::<_, StudyError>((Encoder::build(&config, shape, seed).or_input()?, seed))
        };
        let network = network.map(build).transpose()?;
        Ok(TrainedRegime { repeat, name, network, decoders })
    }
}

/// What the spikes of a regime depend on, without the images.
pub(super) fn network_of(case: &ImageCase, seed: u64) -> Identity {
    encoding::network_identity(Identity::new(), &case.network, seed)
}
