//! The spikes of some populations as files for other tools.

use equipoise_data::npz::NpzWriter;
use equipoise_encoder::populations::{Network, Recording};

use super::settings::PopulationsSettings;
use crate::context::Artefact;
use crate::{Context, StudyError};

/// Writes the spikes of the populations that are to be recorded: `spikes/POPULATION.npz`, with the
/// name of the recording before it where there are several.
pub(super) fn write(
    context: &Context<'_>,
    settings: &PopulationsSettings,
    network: &Network,
    recording: &Recording,
    name: &str,
) -> Result<Vec<Artefact>, StudyError> {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect()
    };
    settings
        .record
        .iter()
        .filter_map(|wanted| Some((wanted, network.settings().population(wanted)?)))
        .map(|(wanted, population)| {
            let spikes = recording.of_population(network, population);
            let prefix = if name == "recording" { String::new() } else { plain(name) + "-" };
            let mut file = NpzWriter::in_memory();
            let count = spikes.times.len();
            file.array("times_ms", &[count], spikes.times)?;
            file.array("ids", &[count], spikes.ids)?;
            file.array("units", &[], [spikes.units as u64])?;
            file.array("duration_ms", &[], [spikes.duration_ms])?;
            context.write(&format!("spikes/{prefix}{}.npz", plain(wanted)), &file.into_bytes()?)
        })
        .collect()
}
