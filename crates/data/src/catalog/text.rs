//! Reports on data sets for people, in lines of text.

use super::check::{Content, Entry, FileReport, PartReport, Report};
use crate::error::printable;
use std::fmt;

/// What can be opened beside the data sets with a name of their own.
pub const OWN_DATA: &str = concat!(
    "  spikes:PATH             any PATH_train.h5 and PATH_test.h5 in the layout of SHD\n",
    "  folder:PATH             your own images, in one folder or in one subfolder a class\n",
    "  npz:PATH                your own images and labels as NumPy arrays\n",
    "  PATH.toml               a data set that you describe in a file; named in data.toml under the\n",
    "                          folder above, it is in this list"
);

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = match (self.present, self.looked_for.is_empty()) {
            (true, true) => "made",
            (true, false) => "here",
            (false, _) => "-",
        };
        write!(f, "  {:<17} {here:<5} {}", self.name, self.what)?;
        let is_known = !self.licence.is_empty() || !self.citation.is_empty();
        if is_known && !self.looked_for.is_empty() {
            write!(f, "\n{:26}licence: {}; cite: {}", "", self.licence, self.citation)?;
        }
        if !self.present {
            let places = self.looked_for.iter().map(|path| path.display().to_string());
            write!(f, "\n{:26}not in {}", "", places.collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: every file is sound", printable(&self.name))?;
        self.files.iter().try_for_each(|file| write!(f, "\n  {file}"))?;
        self.parts.iter().try_for_each(|part| write!(f, "\n{part}"))?;
        self.remarks.iter().try_for_each(|remark| write!(f, "\nnote: {remark}"))
    }
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let official = match self.official {
            Some(true) => ", the official file",
            Some(false) => ", other bytes than the official download",
            None if self.unknown => ", compared with nothing: no official checksum is known here",
            None => "",
        };
        let path = self.path.to_string_lossy();
        write!(f, "{}  {} bytes{official}", printable(&path), self.bytes)
    }
}

impl fmt::Display for PartReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} samples", printable(&self.name), self.samples)?;
        match &self.content {
            Content::Images { shape, channels } => {
                let statistics: Vec<String> =
                    channels.iter().map(|(mean, std)| format!("{mean:.4} ± {std:.4}")).collect();
                writeln!(f, "  images {shape}; intensity {}", statistics.join(", "))?;
            }
            Content::Spikes { units, duration, spikes: (least, mean, most), last, speakers } => {
                writeln!(
                    f,
                    "  {units} channels, {duration} s (last spike at {last:.3} s); \
                     {mean:.0} spikes a sample ({least} to {most}); {} speakers",
                    speakers.len()
                )?;
            }
        }
        let of = |(name, count): &(String, usize)| format!("{}: {count}", printable(name));
        let classes: Vec<String> = self.classes.iter().map(of).collect();
        match &classes[..] {
            [] => write!(f, "  no labels"),
            classes => write!(f, "  classes {}", classes.join(", ")),
        }
    }
}
