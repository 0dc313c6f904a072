//! What every command that computes has in common: its options, and the record of its run.

use std::path::{Path, PathBuf};

use equipoise_report::{RunDirError, RunInfo, RunRecord};
use equipoise_studies::settings::Layers;

use crate::console::Progress;
use crate::failure::Failure;
use crate::{COMMIT, VERSION};

/// Options of every command that computes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RunArgs {
    /// Take the configuration from a TOML file
    #[arg(long, help_heading = "Run", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one key of the configuration, dotted for tables; may be given again
    #[arg(long = "set", help_heading = "Run", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Seed of every random number of the run [default: 0]
    #[arg(long, help_heading = "Run", value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Where to write; must not hold another run's results [default: runs/NAME-TIME]
    #[arg(long, help_heading = "Run", value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Continue the run in DIR to the same end as if it had never stopped
    #[arg(long, help_heading = "Run", value_name = "DIR")]
    #[arg(conflicts_with_all = ["config", "sets", "seed", "out"])]
    pub(crate) resume: Option<PathBuf>,
}

impl RunArgs {
    /// The layers of settings that these options add below those of the command's own options.
    pub fn layers(&self, flags: Layers) -> Layers {
        let mut layers = flags;
        if let Some(file) = &self.config {
            layers = layers.file(file);
        }
        layers = self.sets.iter().fold(layers, Layers::assign);
        layers.value("seed", &self.seed)
    }
}

/// What a run directory keeps of this program and request.
pub fn run_info(name: &str, seed: u64, data_root: &Path) -> RunInfo {
    RunInfo::new(name, VERSION, seed).built_from(COMMIT).data_dir(data_root)
}

/// Goes to the folder in which a run began, so that relative paths in its configuration mean what
/// they meant, and says so if another version of the program began it.
pub fn continue_where_it_began(record: &RunRecord, progress: Progress) {
    let here = (VERSION, COMMIT);
    let began = (record.version.as_str(), record.commit.as_deref());
    if here != began {
        let named = |(version, commit): (&str, Option<&str>)| match commit {
            Some(commit) => format!("{version} (commit {})", commit.get(..12).unwrap_or(commit)),
            None => version.to_owned(),
        };
        progress.say(format!("the run began with {}; this is {}", named(began), named(here)));
    }
    // If that folder is gone, absolute paths still hold, and the others are said to be missing.
    let _ = std::env::set_current_dir(&record.directory);
}

impl From<RunDirError> for Failure {
    fn from(error: RunDirError) -> Self {
        if error.is_request() { Self::request(error) } else { Self::run(error) }
    }
}
