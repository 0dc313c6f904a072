//! What the study of speed finds.

use serde::{Deserialize, Serialize};

use super::super::matching::{Matched, Matching};
use super::super::readout::Quality;
use super::super::state::Measured;
use super::settings::SpeedSettings;

/// What is read from the spikes of some time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// The time, ms.
    pub ms: f64,
    /// Spikes of an image that are read, in the mean.
    pub spikes: f64,
    /// Share of the test images whose class is found.
    pub accuracy: f64,
    /// Mean PSNR of the reconstructions, dB.
    pub psnr_db: f64,
    /// Their mean SSIM.
    pub ssim: f64,
    /// What a trained decoder makes of the same spikes; none where it does not read.
    pub trained: Option<Quality>,
}

/// What is read after an image has taken the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AfterChange {
    /// From then on, ms since the change.
    pub from_ms: f64,
    /// Until then.
    pub to_ms: f64,
    /// Spikes of an image between these times, in the mean.
    pub spikes: f64,
    /// Accuracy for the last image, from the spikes between these times.
    pub last: f64,
    /// Accuracy for the new one, from these spikes.
    pub new: f64,
    /// Accuracy for the new one, from all spikes since the change.
    pub new_since_change: f64,
}

/// What is read from images that follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// Interval between them, ms.
    pub interval_ms: f64,
    /// Spikes of an image, in the mean.
    pub spikes: f64,
    /// Accuracy for the image that is there, from its spikes.
    pub present: f64,
    /// Accuracy for the one before it, from the same spikes.
    pub last: f64,
}

/// What is known of a network besides what is read from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dynamics {
    /// The network as it was brought to its targets.
    pub matched: Matched,
    /// Its state while it sees images.
    pub state: Measured,
    /// Rate before an image, of all test images, Hz.
    pub before_hz: f64,
    /// Rate while an image is there, Hz.
    pub during_hz: f64,
    /// Standard deviation over test images of that rate, Hz.
    pub rate_sd_hz: f64,
    /// Time after which the population mean has gone 63 % of its way, ms.
    pub mean_ms: Option<f64>,
    /// The same of the pattern, after the change from one image to another, ms.
    pub pattern_ms: Option<f64>,
    /// Time after which the pattern of the last image has gone 63 % of its way, after the same
    /// change, ms.
    pub last_ms: Option<f64>,
}

/// One network, or control, in one repetition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeedCell {
    /// Its name.
    pub condition: String,
    /// What networks were made alike in.
    pub matching: Matching,
    /// How images became input.
    pub input: String,
    /// The dimmest factor of an image.
    pub brightness: f64,
    /// The repetition, from 0.
    pub repeat: usize,
    /// None for the input itself.
    pub dynamics: Option<Dynamics>,
    /// From all spikes since the image came on.
    pub since_onset: Vec<Read>,
    /// From the last spikes of an image.
    pub windows: Vec<Read>,
    /// After another image took its place.
    pub after_change: Vec<AfterChange>,
    /// When images follow one another.
    pub streams: Vec<Stream>,
    /// When the accuracy that the settings name is reached, ms; the first time if it is there at
    /// once.
    pub reached_ms: Option<f64>,
}

/// A group of cells that belong into one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What networks were made alike in.
    pub matching: Matching,
    /// How images became input.
    pub input: String,
    /// The dimmest factor of an image.
    pub brightness: f64,
}

/// What the study finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeedResults {
    /// What was asked.
    pub settings: SpeedSettings,
    /// Name of the data.
    pub dataset: String,
    /// Images to train on, to validate on and to score on.
    pub images: [usize; 3],
    /// Classes of the images.
    pub classes: usize,
    /// Every network and control in every repetition.
    pub cells: Vec<SpeedCell>,
}

impl SpeedResults {
    /// The groups, in the order in which they were made.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for cell in &self.cells {
            let group = Group {
                matching: cell.matching,
                input: cell.input.clone(),
                brightness: cell.brightness,
            };
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }

    /// What a group is called: its matching, and its input and brightness where there are several.
    pub fn title(&self, group: &Group) -> String {
        let mut title = capitalised(group.matching.label());
        if self.settings.inputs.len() > 1 {
            title += &format!(", {}", group.input);
        }
        if self.settings.brightness.len() > 1 {
            title += &format!(", brightness from {}", group.brightness);
        }
        title
    }

    /// The names of what was read in a group, in their order.
    pub fn conditions<'a>(&'a self, group: &Group) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for cell in self.of_group(group) {
            if !names.contains(&cell.condition.as_str()) {
                names.push(&cell.condition);
            }
        }
        names
    }

    /// The cells of a group.
    pub fn of_group<'a>(&'a self, group: &Group) -> impl Iterator<Item = &'a SpeedCell> + use<'a> {
        let group = group.clone();
        self.cells.iter().filter(move |cell| {
            cell.matching == group.matching
                && cell.input == group.input
                && cell.brightness == group.brightness
        })
    }

    /// A number of every repetition of a condition in a group.
    pub fn values(
        &self,
        group: &Group,
        condition: &str,
        value: impl Fn(&SpeedCell) -> Option<f64>,
    ) -> Vec<Option<f64>> {
        let of = self.of_group(group).filter(|cell| cell.condition == condition);
        of.map(value).collect()
    }

    /// The numbers of [`SpeedResults::values`] that there are.
    pub fn numbers(
        &self,
        group: &Group,
        condition: &str,
        value: impl Fn(&SpeedCell) -> Option<f64>,
    ) -> Vec<f64> {
        self.values(group, condition, value).into_iter().flatten().collect()
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
