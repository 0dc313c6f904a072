//! One computing command under way: its resolved configuration, its run directory, its progress.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use equipoise_report::{RunDir, RunDirError, RunInfo};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::console::Progress;
use crate::failure::{Failure, Outcome};
use crate::settings::{self, Flags};
use crate::{Global, interrupt};

/// Options of every command that computes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Run")]
pub struct RunArgs {
    /// Take the configuration from a TOML file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one key of the configuration, dotted for tables; may be given again
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Seed of every random number of the run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Where to write; must not hold another run's results [default: runs/NAME-TIME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in DIR to the same end as if it had never stopped
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "sets", "seed", "out"])]
    resume: Option<PathBuf>,
}

/// What a configuration says of itself.
pub trait Config: Serialize + DeserializeOwned {
    /// The seed of the run.
    fn seed(&self) -> u64;

    /// The reason why this configuration makes no sense, as one line that names the key.
    fn validate(&self) -> Result<(), String>;
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
    /// Where the data sets are.
    pub data_root: PathBuf,
}

impl<C: Config> Job<C> {
    /// Resolves the configuration and makes (or reopens) the run directory.
    ///
    /// # Errors
    /// [`Failure::Request`] if an option, the configuration or the directory is wrong.
    pub fn open(name: &str, args: &RunArgs, flags: Flags, global: &Global) -> Outcome<Self> {
        Self::open_on(name, "", args, flags, global)
    }

    /// [`Job::open`] with a preset (TOML) under the configuration file and the flags.
    ///
    /// # Errors
    /// As [`Job::open`].
    pub fn open_on(
        name: &str,
        preset: &str,
        args: &RunArgs,
        flags: Flags,
        global: &Global,
    ) -> Outcome<Self> {
        let config = match &args.resume {
            Some(dir) if flags.is_empty() => RunDir::stored_config::<C>(dir)?,
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
        let info = RunInfo::new(name, env!("CARGO_PKG_VERSION"), config.seed());
        let dir = match &args.resume {
            Some(dir) => RunDir::resume::<C>(dir, &info, None)?,
            None => RunDir::create(args.out.as_deref(), &info, &config)?,
        };
        let progress = global.progress();
        progress.say(format!("writing to {}", dir.path().display()));
        Ok(Self { config, dir, progress, data_root: global.data_root() })
    }

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

    /// The flag that libraries watch to stop in an orderly way.
    pub fn stop(&self) -> &'static AtomicBool {
        interrupt::flag()
    }
}

impl From<RunDirError> for Failure {
    fn from(error: RunDirError) -> Self {
        if error.is_request() { Self::request(error) } else { Self::run(error) }
    }
}
