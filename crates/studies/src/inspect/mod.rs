//! What a file or a run directory holds: of which kind it is, what its arrays are, what it was made
//! from, and whether its checksum is right.
//!
//! Arrays are told from headers, so that files of any size take little memory; what has a checksum is
//! read once, piece by piece.
//!
//! ```no_run
//! let found = equipoise_studies::inspect::inspect("runs/mnist/counts/test.safetensors".as_ref())?;
//! println!("{}: {:?}", found.kind, found.checksum);
//! # Ok::<(), equipoise_studies::StudyError>(())
//! ```

mod file;
mod run;

use std::path::Path;

use equipoise_report::{Column, Table};
use serde::Serialize;

use crate::error::StudyError;

/// Whether what was found is what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "reason")]
pub enum Checksum {
    /// It has none.
    None,
    /// It is right.
    Right,
    /// It is wrong: the reason.
    Wrong(String),
}

/// An array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Array {
    /// Its name; empty for the only array of a file.
    pub name: String,
    /// Its sizes, the last index fastest.
    pub shape: Vec<u64>,
    /// The type of its numbers, such as `u2` or `f4`.
    pub kind: String,
    /// What its indices and its values are, with their unit, where that is known.
    pub meaning: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// What it is.
    pub kind: String,
    /// What is known of it, in order: a name and its value.
    pub facts: Vec<(String, String)>,
    /// Its arrays.
    pub arrays: Vec<Array>,
    /// Whether its checksum is right; of a run, those of all its files.
    pub checksum: Checksum,
}

impl Inspection {
    fn of(kind: impl Into<String>) -> Self {
        let (facts, arrays) = (Vec::new(), Vec::new());
        Self { kind: kind.into(), facts, arrays, checksum: Checksum::None }
    }

    fn fact(&mut self, name: &str, value: impl std::fmt::Display) {
        self.facts.push((name.to_owned(), value.to_string()));
    }

    /// The value of a fact.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// It in a few lines of plain text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.kind);
        let width = self.facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, value) in &self.facts {
            text += &format!("  {name:width$}  {value}\n");
        }
        text += match &self.checksum {
            Checksum::None => "  no checksum\n".to_owned(),
            Checksum::Right => "  checksum right\n".to_owned(),
            Checksum::Wrong(reason) => format!("  CHECKSUM WRONG: {reason}\n"),
        }
        .as_str();
        if !self.arrays.is_empty() {
            let mut table = Table::new("Arrays")
                .column(Column::text("name"))
                .column(Column::text("shape"))
                .column(Column::text("type"))
                .column(Column::text("meaning"));
            for array in &self.arrays {
                let sizes: Vec<String> = array.shape.iter().map(u64::to_string).collect();
                table.row([
                    array.name.as_str().into(),
                    format!("[{}]", sizes.join(", ")).into(),
                    array.kind.as_str().into(),
                    array.meaning.as_str().into(),
                ]);
            }
            text += &table.to_text();
        }
        text
    }
}

/// Tells what a file or a run directory holds.
///
/// # Errors
/// If there is nothing of that name, it cannot be read, or it is of no kind that is known.
pub fn inspect(path: &Path) -> Result<Inspection, StudyError> {
    if path.is_dir() { run::inspect(path) } else { file::inspect(path) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconstruction::steps::Encode;
    use crate::reconstruction::{Reconstruction, Settings};
    use crate::{Context, Settings as _, Study};
    use equipoise_report::{RunDir, RunInfo};

    fn run<S: Study<Settings = Settings>>(dir: &Path) {
        let mut settings = Settings::default();
        settings.data.dataset = "synthetic-digits".into();
        settings.data.train = Some(20);
        (settings.data.validation, settings.data.test) = (Some(10), Some(10));
        settings.regimes.truncate(1);
        (settings.network.neurons, settings.network.duration) = (60, 50.0);
        settings.keep_spikes = 3;
        (settings.decoder.hidden, settings.decoder.channels) = (vec![8], 2);
        settings.training.epochs = 1;
        let inputs = S::open(&settings, Path::new(".")).unwrap();
        let info = RunInfo::new(S::NAME, "0", settings.seed());
        let store = RunDir::create(Some(dir), &info, &settings).unwrap();
        S::run(&settings, &inputs, &Context::new(crate::context::Silent, &store)).unwrap();
        store.finish().unwrap();
    }

    #[test]
    fn everything_in_a_run_is_known_and_every_change_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("encoded");
        run::<Encode>(&dir);
        let whole = inspect(&dir).unwrap();
        assert_eq!((whole.get("command"), whole.get("state")), (Some("encode"), Some("done")));
        assert_eq!(whole.checksum, Checksum::Right);
        let counts = inspect(&dir.join("counts/test.safetensors")).unwrap();
        assert_eq!(counts.checksum, Checksum::Right);
        assert_eq!(counts.arrays[0].shape, [10, 60, 1]);
        let network = counts.get("network").unwrap().to_owned();
        // The spikes, the counts and the connectivity are of one network.
        for name in ["spikes/test.h5", "network.npz"] {
            let found = inspect(&dir.join(name)).unwrap();
            assert_eq!(found.get("network"), Some(network.as_str()), "{name}");
        }
        let unit = inspect(&dir.join("parts/test.json")).unwrap();
        assert_eq!((unit.get("unit"), &unit.checksum), (Some("parts/test"), &Checksum::Right));
        for name in ["counts/test.safetensors", "parts/test.json", "run.json"] {
            let path = dir.join(name);
            let right = std::fs::read(&path).unwrap();
            let mut wrong = right.clone();
            let at = wrong.len() - 30;
            wrong[at] ^= 1;
            std::fs::write(&path, wrong).unwrap();
            let file = inspect(&path).map(|found| found.checksum);
            assert!(!matches!(file, Ok(Checksum::Right | Checksum::None)), "{name}: {file:?}");
            let whole = inspect(&dir).map(|found| found.checksum);
            assert!(!matches!(whole, Ok(Checksum::Right | Checksum::None)), "{name}: {whole:?}");
            std::fs::write(&path, right).unwrap();
        }
        assert_eq!(inspect(&dir).unwrap(), whole);

        let dir = folder.path().join("compared");
        run::<Reconstruction>(&dir);
        let model = dir.join("models/1-balanced-mlp-unet.safetensors");
        let found = inspect(&model).unwrap();
        assert_eq!(found.checksum, Checksum::Right);
        assert!(!found.arrays.is_empty() && found.get("network.neurons") == Some("60"));
        let mut bytes = std::fs::read(&model).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&model, bytes).unwrap();
        assert!(matches!(inspect(&model).unwrap().checksum, Checksum::Wrong(_)));
        let images = inspect(&dir.join("reconstructions.npz")).unwrap();
        let meaning = |name: &str| images.arrays.iter().find(|a| a.name == name).unwrap().clone();
        assert_eq!(meaning("images").shape, [10, 1, 28, 28]);
        assert!(meaning("1-balanced-ridge").meaning.contains("intensity"));
        assert!(inspect(&folder.path().join("nothing")).is_err());
    }
}
