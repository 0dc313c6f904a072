//! Images through a network of populations, to counts that decoders take.

use std::ops::ControlFlow;
use std::path::Path;

use equipoise_data::npz::NpzWriter;
use equipoise_data::{ImageSet, Loaded, OpenOptions};
use equipoise_encoder::network::{ColorCode, color_channels};
use equipoise_encoder::populations::{
    ImageEncoder, ImageEncoderConfig, Settings as NetworkSettings,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::of_simulator;
use super::settings::PopulationsSettings;
use super::showing::{ImageSettings, in_table};
use crate::context::{Artefact, Unit, gather_parallel};
use crate::{Context, Identity, StudyError};

/// Images that are encoded in one unit.
const CHUNK: usize = 50;

/// Most counts that are held in memory.
const MOST_COUNTS: f64 = 1e9;

/// The images that are shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The images.
    pub images: ImageSet,
    /// The place of their sources among the populations.
    pub population: usize,
    /// The network as it was before they were added.
    pub described: NetworkSettings,
    /// What was noticed while they were read.
    pub remarks: Vec<String>,
}

impl Shown {
    /// The rates of the sources for an image, Hz.
    pub(super) fn rates(&self, settings: &ImageSettings, index: usize) -> Vec<f64> {
        let pixels = self.images.intensities(index);
        let channels = color_channels(&pixels, self.images.shape, ColorCode::Separate);
        channels.into_iter().map(|x| settings.r_max * f64::from(x)).collect()
    }
}

/// Opens the images, and adds their sources to the network if it has none.
pub(super) fn open(
    settings: &PopulationsSettings,
    network: &mut NetworkSettings,
    root: &Path,
) -> Result<Option<Shown>, StudyError> {
    let wanted = &settings.stimulus;
    if wanted.dataset.is_empty() {
        return Ok(None);
    }
    let options = OpenOptions { seed: settings.seed, ..OpenOptions::default() };
    let go_on = || ControlFlow::Continue(());
    let Loaded { dataset, remarks } =
        equipoise_data::load(&wanted.dataset, root, &options, &go_on)?;
    let mut remarks: Vec<String> = remarks.iter().map(ToString::to_string).collect();
    let (all, _) = dataset.into_images()?;
    let count = wanted.images.min(all.len());
    if count < wanted.images {
        remarks.push(format!("{}: all {count} images are shown", all.name));
    }
    let images = all.subset(&all.balanced_indices(count, settings.seed)?);
    let described = network.clone();
    let (with_sources, population) = wanted
        .input()
        .with_sources(network, images.shape)
        .map_err(|error| StudyError::settings(in_table("stimulus", &error)))?;
    *network = with_sources;
    let values = count as f64 * network.neurons() as f64 * wanted.bins as f64;
    if values > MOST_COUNTS {
        return Err(StudyError::settings(format!(
            "`stimulus.images`: {values:.1e} counts are too many to hold; show fewer images, or name the \
             populations to count in `record`"
        )));
    }
    Ok(Some(Shown { images, population, described, remarks }))
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The name of the data set.
    pub dataset: String,
    /// Images that were shown.
    pub images: usize,
    /// Neurons that were counted.
    pub neurons: usize,
    /// Their mean spikes an image.
    pub spikes_per_image: f64,
    /// Their mean rate, Hz.
    pub rate_hz: f64,
    /// Counts, images and labels: a recording that decoders take. None where results are kept in
    /// memory.
    pub file: Artefact,
}

/// Shows every image to the network and counts the spikes of the populations that are recorded, or of
/// all that are no sources.
pub(super) fn encode(
    settings: &PopulationsSettings,
    network: &NetworkSettings,
    shown: &Shown,
    context: &Context<'_>,
) -> Result<Counted, StudyError> {
    let wanted = &settings.stimulus;
    let config = ImageEncoderConfig {
        network: shown.described.clone(),
        image: wanted.input(),
        record: settings.record.clone(),
    };
    let identity = Identity::new()
        .with_settings("network", network)
        .with("seed", settings.seed)
        .with("images", shown.images.fingerprint())
        .with_settings("showing", wanted)
        .with_settings("recording", &settings.record);
    let count = shown.images.len();
    let stage = context.stage("showing images", count as u64)?;
    let built = std::sync::OnceLock::new();
    let units = (0..count.div_ceil(CHUNK)).map(|chunk| {
        let key = format!("images/{}", chunk + 1);
        let range = chunk * CHUNK..((chunk + 1) * CHUNK).min(count);
        let done = range.len() as u64;
        let counts: Vec<Vec<u16>> = context.unit(
            Unit::new(&key).seed(settings.seed).seconds(0.1 * done as f64),
            &identity,
            || {
                if built.get().is_none() {
                    let encoder =
                        ImageEncoder::build(&config, shown.images.shape, settings.seed, &|| {
                            context.poll()
                        });
                    let _ = built.set(encoder.map_err(of_simulator)?);
                }
                let Some(encoder) = built.get() else {
                    return Err(StudyError::failed("the network was not built"));
                };
                gather_parallel(range.into_par_iter().map(|index| {
                    let image = shown.images.intensities(index);
                    let report = &mut |_: f64| context.poll();
                    let spikes = encoder.encode(&image, index, settings.seed, report);
                    Ok(spikes.map_err(of_simulator)?.binned_counts(wanted.bins))
                }))
            },
        )?;
        stage.advance(done)?;
        Ok(counts)
    });
    let counts: Vec<Vec<u16>> = crate::context::gather(units)?.into_iter().flatten().collect();
    let neurons = config.neurons().map_err(of_simulator)?;
    let spikes: u64 = counts.iter().flatten().map(|&n| u64::from(n)).sum();
    let shape = shown.images.shape;
    let mut file = NpzWriter::in_memory();
    let flat = counts.iter().flatten().copied();
    file.array("counts", &[count, neurons, wanted.bins], flat)?;
    // Channels last, as recordings have them.
    let pixels = (0..count).flat_map(|index| {
        let image = shown.images.intensities(index);
        let plane = shape.height * shape.width;
        (0..plane)
            .flat_map(|at| (0..shape.channels).map(move |channel| channel * plane + at))
            .map(|at| image[at])
            .collect::<Vec<f32>>()
    });
    file.array("images", &[count, shape.height, shape.width, shape.channels], pixels)?;
    file.array("labels", &[count], shown.images.labels.iter().copied())?;
    file.array("duration_ms", &[], [wanted.duration])?;
    let per_image = spikes as f64 / count.max(1) as f64;
    Ok(Counted {
        dataset: wanted.dataset.clone(),
        images: count,
        neurons,
        spikes_per_image: per_image,
        rate_hz: per_image / neurons.max(1) as f64 / wanted.duration * 1000.0,
        file: context.write("recordings.npz", &file.into_bytes()?)?,
    })
}
