//! What files of spikes without a header hold.

use super::columns::Told;
use super::events::EventSource;
use super::format::{Format, detect};
use super::plan::Survey;
use super::stream::{Source, TimeUnit};
use super::text::TextSource;
use crate::error::DataError;
use crate::formats::facts::{ArrayFacts, FileFacts, FileFormat};
use std::collections::BTreeMap;
use std::path::Path;

/// What a file of `bytes` bytes holds, if it is spikes as text, or events.
///
/// # Errors
/// If it is, and is damaged.
pub(crate) fn tell(path: &Path, bytes: u64) -> Result<Option<FileFacts>, DataError> {
    let Ok(detected) = detect(path) else { return Ok(None) };
    let mut texts = BTreeMap::new();
    let (format, source, columns): (_, Box<dyn Source>, _) = match detected.format {
        Format::Csv => {
            // Any sensor will do to count events.
            let told = Told { sensor: Some((1 << 15, 1 << 16)), ..Told::default() };
            let known = TextSource::open(path, told).or_else(|_| {
                texts.insert("unit of times".to_owned(), "not said".to_owned());
                TextSource::open(path, Told { unit: Some(TimeUnit::Milliseconds), ..told })
            });
            let Ok(source) = known else { return Ok(None) };
            let columns = source.names().to_vec();
            (FileFormat::Text, Box::new(source), columns)
        }
        Format::NMnist => {
            let source = EventSource::open(path, Told::default())?;
            let columns = ["x", "y", "p", "t"].map(str::to_owned).to_vec();
            (FileFormat::Events, Box::new(source), columns)
        }
        _ => return Ok(None),
    };
    let survey = Survey::of(&*source, &mut |_| Ok(()))?;
    let unit = source.head().unit;
    let mut fact = |name: &str, value: String| texts.insert(name.to_owned(), value);
    fact("spikes", survey.total().to_string());
    fact("recordings", survey.spikes.len().to_string());
    if let (Some(highest), None) = (survey.highest, source.head().sensor) {
        fact("highest unit", highest.to_string());
    }
    if let Some((first, last)) = survey.times {
        fact("times", format!("{first} to {last} {unit}"));
    }
    if survey.unsorted > 0 {
        fact("out of order", survey.unsorted.to_string());
    }
    let total = survey.total();
    let column = |name| ArrayFacts { name, shape: vec![total], kind: String::new() };
    let arrays = columns.into_iter().map(column).collect();
    let gzip = detected.packed;
    Ok(Some(FileFacts { format, gzip, bytes, arrays, texts, data_start: None }))
}
