//! Options for data of one's own, which several commands have.

use std::path::PathBuf;

use equipoise_studies::settings::Layers;

/// How the images of a set are divided and read.
#[derive(Debug, Clone, clap::Args)]
pub struct ImageArgs {
    /// Validation images, taken from the training part [default: 1000, or a tenth of a small set]
    #[arg(long, value_name = "N")]
    validation: Option<usize>,
    /// Scale the images of a folder to this size, such as 32 or 28x40 (height x width) [default: a
    /// size that fits the set]
    #[arg(long, value_name = "SIZE", value_parser = image_size)]
    size: Option<(u32, u32)>,
}

impl ImageArgs {
    /// The layers with these options.
    pub fn layers(&self, layers: Layers) -> Layers {
        layers.value("data.validation", &self.validation).value("data.folder.size", &self.size)
    }
}

/// Recordings with the images that were shown, in the place of a data set.
#[derive(Debug, Clone, clap::Args)]
pub struct RecordingArgs {
    /// Decode recordings of your own: counts [n, units] or [n, units, bins], or spikes, as NPZ, NPY
    /// or HDF5
    #[arg(long, value_name = "FILE", help_heading = "Recordings")]
    counts: Option<PathBuf>,
    /// The images that were shown, [n, height, width] or [n, height, width, channels] [default: in
    /// the file of the counts]
    #[arg(long, value_name = "FILE", help_heading = "Recordings", requires = "counts")]
    images: Option<PathBuf>,
    /// How long a recording lasts, ms [default: as the file says]
    #[arg(long, value_name = "MS", help_heading = "Recordings", requires = "counts")]
    duration: Option<f64>,
}

impl RecordingArgs {
    /// The layers with these options.
    pub fn layers(&self, layers: Layers) -> Layers {
        self.layers_in("data.recorded", layers).value("data.recorded.images", &self.images)
    }

    /// The layers with these options but the images, as keys of this table.
    pub fn layers_in(&self, table: &str, layers: Layers) -> Layers {
        layers
            .value(format!("{table}.counts"), &self.counts)
            .value(format!("{table}.duration_ms"), &self.duration)
    }
}

/// `28x40` as height and width, `32` as both.
pub fn image_size(text: &str) -> Result<(u32, u32), String> {
    let (height, width) = text.split_once('x').unwrap_or((text, text));
    match (height.parse(), width.parse()) {
        (Ok(height), Ok(width)) => Ok((height, width)),
        _ => Err("write it as HEIGHTxWIDTH, such as 28x40, or as one number for both".into()),
    }
}
