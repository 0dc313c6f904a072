//! What was found out about a data set, in words.

use std::fmt;

use super::check::{Content, PartReport, Report};
use crate::error::printable;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: every file is sound", printable(&self.name))?;
        for file in &self.files {
            let official = match file.official {
                Some(true) => ", the official file",
                Some(false) => ", other bytes than the official download",
                None => "",
            };
            let path = file.path.to_string_lossy();
            writeln!(f, "  {}  {} bytes{official}", printable(&path), file.bytes)?;
        }
        for part in &self.parts {
            write!(f, "{part}")?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(f, "note: {remark}"))
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
            [] => writeln!(f, "  no labels"),
            classes => writeln!(f, "  classes {}", classes.join(", ")),
        }
    }
}
