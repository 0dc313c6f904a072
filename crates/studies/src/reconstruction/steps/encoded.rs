//! A run of the encoding, as a later step reads it.

use std::path::{Path, PathBuf};

use equipoise_data::spikes::counts::read_counts;
use equipoise_decoder::reconstruct::{FeatureConfig, SpikeFeatures};
use equipoise_report::RunDir;

use super::super::Settings;
use super::super::cell::Targets;
use super::super::encoding::{self, Part};
use super::super::experiment::Inputs;
use super::encode::{Encode, EncodedPart, Encoding, part_identity, part_key};
use crate::context::{Context, Identity, Silent, StoredRun};
use crate::error::{OrStudyError, StudyError};
use crate::study::Study;

/// A finished run of [`Encode`] with its images, each checked against the other.
#[derive(Debug)]
pub struct EncodedRun {
    /// The directory.
    pub dir: PathBuf,
    /// Its settings.
    pub settings: Settings,
    /// What it encoded.
    pub encoding: Encoding,
    /// The images it encoded.
    pub inputs: Inputs,
}

impl EncodedRun {
    /// The settings of the run in a directory.
    ///
    /// # Errors
    /// If it is no run of [`Encode`].
    pub fn settings_of(dir: &Path) -> Result<Settings, StudyError> {
        RunDir::stored_record_of(dir, Encode::NAME)?;
        Ok(RunDir::stored_config(dir)?)
    }

    /// Opens the run and the images that it says it encoded.
    ///
    /// # Errors
    /// If a part is missing or damaged, or anything is not what the counts were made from.
    pub fn open(dir: &Path, root: &Path) -> Result<Self, StudyError> {
        let settings = Self::settings_of(dir)?;
        let inputs = Encode::open(&settings, root)?;
        let context = Context::new(Silent, StoredRun::new(dir));
        let (_, encoding): (Identity, Encoding) = found(dir, &context, "encoding")?;
        let run = Self { dir: dir.to_owned(), settings, encoding, inputs };
        for part in Part::ALL {
            run.check(part, &context)?;
        }
        Ok(run)
    }

    /// That the counts of a part are whole, of these images, and of this network.
    fn check(&self, part: Part, context: &Context<'_>) -> Result<(), StudyError> {
        let at = self.dir.display();
        let (made_from, encoded): (Identity, EncodedPart) =
            found(&self.dir, context, &part_key(part))?;
        let images = self.inputs.images.part(part).identity();
        if let Some(difference) = images.difference(&encoded.data) {
            return Err(StudyError::input(format!(
                "{at}: encoded from other images: {difference}"
            )));
        }
        let Some(case) = self.inputs.regimes.first() else {
            return Err(StudyError::settings("regimes: at least one is needed"));
        };
        let seed = self.settings.network_seed(0);
        let expected = part_identity(part, &images, &case.network, seed, encoded.bins)
            .with("keep_spikes", self.settings.keep_spikes);
        if let Some((what, stored, given)) = made_from.difference(&expected) {
            return Err(StudyError::input(format!(
                "{at}: its configuration has changed since: {what} was {stored} and is {given}"
            )));
        }
        match &encoded.counts {
            Some(file) if context.intact(file)? => Ok(()),
            file => {
                let name = file.as_ref().map_or_else(|| part_key(part), |f| f.name.clone());
                Err(StudyError::input(format!("{at}/{name}: missing or damaged; encode anew")))
            }
        }
    }

    /// The images as intensities.
    pub fn targets(&self) -> &Targets {
        &self.inputs.targets
    }

    /// What the spikes of training and validation were made from.
    pub fn identity(&self) -> Identity {
        let network = &self.encoding.regime.network;
        encoding::network_identity(self.inputs.images.identity(), network, self.encoding.seed)
    }

    /// The features of a part.
    ///
    /// # Errors
    /// If the counts cannot be read, or are in bins that these features cannot be made of.
    pub fn features(
        &self,
        part: Part,
        config: &FeatureConfig,
    ) -> Result<SpikeFeatures, StudyError> {
        let path = self.dir.join(format!("counts/{}.safetensors", part.name()));
        let counts = read_counts(&path)?;
        let network =
            encoding::network_fingerprint(&self.encoding.regime.network, self.encoding.seed);
        if let Some(found) = counts.origin.network.filter(|&found| found != network) {
            return Err(StudyError::input(format!(
                "{}: counts of another network ({found}, not {network})",
                path.display()
            )));
        }
        config.extract(&counts).map_err(|e| format!("{}: {e}", path.display())).or_input()
    }
}

/// A unit of a run that has to be there.
pub(super) fn found<T: serde::de::DeserializeOwned>(
    dir: &Path,
    context: &Context<'_>,
    key: &str,
) -> Result<(Identity, T), StudyError> {
    let missing = || {
        StudyError::input(format!("{}: holds no `{key}`; the run is not finished", dir.display()))
    };
    match context.find_unit(key) {
        Ok(found) => found.ok_or_else(missing),
        Err(StudyError::Damaged { name }) => Err(StudyError::input(format!(
            "{}/{name}: damaged, or written by another version",
            dir.display()
        ))),
        Err(error) => Err(error),
    }
}
