//! One computing command under way: its resolved configuration, its run directory, its progress.

use std::path::{Path, PathBuf};

use equipoise_report::{RunDir, RunDirError, RunInfo, RunRecord};
use equipoise_studies::settings::Layers;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::console::Progress;
use crate::failure::{Failure, Outcome};
use crate::settings::{self, Flags};
use crate::{Global, interrupt};

/// Options of every command that computes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RunArgs {
    /// Take the configuration from a TOML file
    #[arg(long, help_heading = "Run", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one key of the configuration, dotted for tables; may be given again
    #[arg(long = "set", help_heading = "Run", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Seed of every random number of the run
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
    RunInfo::new(name, env!("CARGO_PKG_VERSION"), seed)
        .built_from(option_env!("VERGEN_GIT_SHA"))
        .data_dir(data_root)
}

/// Goes to the folder in which a run began, so that relative paths in its configuration mean what
/// they meant, and says so if another version of the program began it.
pub fn continue_where_it_began(record: &RunRecord, progress: Progress) {
    let here = (env!("CARGO_PKG_VERSION"), option_env!("VERGEN_GIT_SHA"));
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

/// What a configuration says of itself.
pub trait Config: Serialize + DeserializeOwned {
    /// The seed of the run.
    fn seed(&self) -> u64;

    /// The reason why this configuration makes no sense, as one line that names the key.
    fn validate(&self) -> Result<(), String>;
}

/// A request that makes sense in itself, and for which nothing has been written yet.
///
/// What the command reads (data sets, models, earlier runs) is opened and checked with this in
/// hand, so that a missing or damaged file leaves no run directory behind; [`Request::begin`] then
/// makes it.
#[derive(Debug)]
pub struct Request<C> {
    /// The resolved configuration.
    pub config: C,
    /// The display of progress.
    pub progress: Progress,
    /// Where the data sets are.
    pub data_root: PathBuf,
    /// The command, as run directories name it.
    name: &'static str,
    /// Where to write, if the person said so.
    out: Option<PathBuf>,
    /// The run to continue.
    resume: Option<PathBuf>,
}

impl<C: Config> Request<C> {
    /// Resolves the configuration, with a preset (TOML, empty for none) under the configuration
    /// file and the flags, and looks whether the run could write where it is to write.
    ///
    /// # Errors
    /// [`Failure::Request`] if an option, the configuration or the directory is wrong.
    pub fn new(
        name: &'static str,
        preset: &str,
        args: &RunArgs,
        flags: Flags,
        global: &Global,
    ) -> Outcome<Self> {
        let mut resume = None;
        let mut data_root = global.data_root();
        let config = match &args.resume {
            Some(dir) if flags.is_empty() => {
                let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
                let record = RunDir::stored_record_of(&dir, name)?;
                let config = RunDir::stored_config::<C>(&dir)?;
                data_root = std::path::absolute(global.data_root_of(&record)).unwrap_or(data_root);
                continue_where_it_began(&record, global.progress());
                resume = Some(dir);
                config
            }
            Some(_) => {
                return Err(Failure::request(
                    "--resume takes the configuration of the run; give no other option with it",
                ));
            }
            None => {
                let flags = flags.set("seed", &args.seed);
                settings::resolve::<C>(preset, args.config.as_deref(), &args.sets, flags)?
            }
        };
        config.validate().map_err(Failure::request)?;
        if let Some(out) = &args.out {
            RunDir::check_free(out)?;
        }
        Ok(Self {
            config,
            progress: global.progress(),
            data_root,
            name,
            out: args.out.clone(),
            resume,
        })
    }

    /// Makes (or reopens) the run directory.
    ///
    /// # Errors
    /// [`Failure::Request`] if the directory is wrong or in use, [`Failure::Run`] if it cannot be
    /// written, [`Failure::Interrupted`] if the person has asked to stop meanwhile.
    pub fn begin(self) -> Outcome<Job<C>> {
        interrupt::check()?;
        let info = run_info(self.name, self.config.seed(), &self.data_root);
        let dir = match &self.resume {
            Some(dir) => RunDir::resume(dir, &info, Some(&self.config))?,
            None => RunDir::create(self.out.as_deref(), &info, &self.config)?,
        };
        self.progress.say(format!("writing to {}", dir.path().display()));
        Ok(Job { config: self.config, dir, progress: self.progress })
    }
}

/// A command under way.
#[derive(Debug)]
pub struct Job<C> {
    /// The resolved configuration.
    pub config: C,
    /// The run directory.
    pub dir: RunDir,
    /// The display of progress.
    pub progress: Progress,
}

impl<C: Config> Job<C> {
    /// Runs the work and records how it ended.
    ///
    /// # Errors
    /// Those of the work; an interrupted run names the option that continues it.
    pub fn run(self, work: impl FnOnce(&Self) -> Outcome) -> Outcome {
        let outcome = work(&self).and_then(|()| interrupt::check());
        let Self { dir, progress, .. } = self;
        let path = dir.path().to_path_buf();
        match outcome {
            Ok(()) => {
                dir.finish()?;
                progress.say(format!("done: {}", path.display()));
                Ok(())
            }
            Err(Failure::Interrupted(_)) => {
                dir.interrupt()?;
                Err(Failure::Interrupted(format!(
                    "interrupted; continue with --resume {}",
                    path.display()
                )))
            }
            Err(failure) => {
                // The first failure is the one to tell; the record is best effort beside it.
                let _ = dir.fail(&failure);
                Err(failure)
            }
        }
    }
}

impl From<RunDirError> for Failure {
    fn from(error: RunDirError) -> Self {
        if error.is_request() { Self::request(error) } else { Self::run(error) }
    }
}
