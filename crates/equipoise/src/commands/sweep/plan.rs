//! `equipoise sweep plan`: what a command would do, as tasks.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use equipoise_report::RunDir;
use equipoise_studies::sweep::{GRID, Grid, GridAxis, GridSettings, Tasks, plan, write_plan};
use equipoise_studies::{Settings as _, Study, StudyError};

use crate::console::{Terminal, print};
use crate::failure::{Failure, Outcome};
use crate::job::{RunArgs, run_info};
use crate::{Global, PlanCli};

/// Write down the work of a command in tasks, and do none of it.
#[derive(Debug, clap::Args)]
#[command(override_usage = "equipoise sweep plan [OPTIONS] COMMAND [OPTIONS OF THE COMMAND]")]
#[command(after_help = "\
Examples:
  equipoise sweep plan study ratios --trials 8 --out runs/ratios
  equipoise sweep plan reconstruct --dataset mnist --repeats 8 --tasks 16 --out runs/mnist
  equipoise sweep plan classify --grid ratio=0.5:1:0.1 --grid seed=0..32 --out runs/grid

Axes of a grid: key=3:6:0.5 from 3 to 6 in steps of 0.5, key=0..32 the whole numbers from 0 to 31,
key=a,b,c a list. Keys are those of `equipoise settings COMMAND`. Each point is a run of its own in
DIR/points; grid.csv has a row for each.

Writes config.toml, run.json, tasks.csv (index, task, stage, key, seed, seconds, made_from) and
plan.json to the directory.")]
pub struct Args {
    #[command(flatten)]
    options: PlanOptions,
    /// A command that computes, with its options
    #[arg(value_name = "COMMAND", required = true, num_args = 1..)]
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// Options of planning, which may stand among those of the command.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PlanOptions {
    /// Run the command at every value of a key of its configuration; may be given again
    #[arg(long = "grid", global = true, help_heading = "Plan", value_name = "KEY=VALUES")]
    grid: Vec<String>,
    /// Minutes of one core that a task is to take, as expected; 1000 tasks at most [default: 10]
    #[arg(long, global = true, help_heading = "Plan", value_name = "MINUTES")]
    #[arg(conflicts_with = "tasks")]
    task_minutes: Option<f64>,
    /// Number of tasks, instead of their length
    #[arg(long, global = true, help_heading = "Plan", value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tasks: Option<u32>,
    /// A number that the figure of a grid shows; may be given again [default: those that differ most]
    #[arg(long = "metric", global = true, help_heading = "Plan", value_name = "NAME")]
    metrics: Vec<String>,
    /// Write a report for each point of a grid too
    #[arg(long, global = true, help_heading = "Plan")]
    reports: bool,
}

/// What is asked of a command that is to be planned and not run.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    options: PlanOptions,
    done: Arc<AtomicBool>,
}

/// Plans the command.
pub fn run(args: Args, global: &Global) -> Outcome {
    let words = std::iter::once(OsString::from("equipoise")).chain(args.words);
    let Some(PlanCli { global: own, options, command }) = crate::parse_planned(words)? else {
        return Ok(());
    };
    let options = args.options.and(options);
    let done = Arc::default();
    let planned = Planned { options, done: Arc::clone(&done) };
    if !command.computes() {
        return Err(Failure::request("only commands that compute can be planned"));
    }
    crate::commands::run(command, &global.beside(own).planning(planned))?;
    match done.load(Ordering::Relaxed) {
        true => Ok(()),
        false => Err(Failure::run("the command has made no plan")),
    }
}

impl PlanOptions {
    /// With options that stood elsewhere on the line.
    fn and(self, other: Self) -> Self {
        Self {
            grid: [self.grid, other.grid].concat(),
            task_minutes: other.task_minutes.or(self.task_minutes),
            tasks: other.tasks.or(self.tasks),
            metrics: [self.metrics, other.metrics].concat(),
            reports: self.reports || other.reports,
        }
    }

    fn tasks(&self) -> Outcome<Tasks> {
        match (self.tasks, self.task_minutes) {
            (Some(count), _) => Ok(Tasks::Count(count as usize)),
            (None, None) => Ok(Tasks::default()),
            (None, Some(minutes)) if minutes > 0.0 && minutes.is_finite() => {
                Ok(Tasks::Minutes(minutes))
            }
            (None, Some(minutes)) => {
                Err(Failure::request(format!("--task-minutes {minutes}: not a positive number")))
            }
        }
    }
}

impl Planned {
    /// Plans the study `S` with these settings, or the grid over them. `resolved` is what a run
    /// would have; a grid fills in for each of its points what the settings leave open.
    ///
    /// # Errors
    /// As a run of the study, before it computes; and for a grid that makes no sense.
    pub fn plan<S: Study>(
        &self,
        args: &RunArgs,
        settings: S::Settings,
        global: &Global,
    ) -> Outcome {
        if args.resume.is_some() {
            return Err(Failure::request("--resume continues a run; a plan is a new one"));
        }
        if let Some(out) = &args.out {
            RunDir::check_free(out)?;
        }
        self.done.store(true, Ordering::Relaxed);
        let root = global.data_root();
        let observer = Terminal::new(global.progress());
        if self.options.grid.is_empty() {
            let settings = settings.resolved().map_err(Failure::request)?;
            return self.write::<S>(args, &settings, global);
        }
        let grid: Vec<GridAxis> = self
            .options
            .grid
            .iter()
            .map(|axis| GridAxis::parse(axis))
            .collect::<Result<_, _>>()
            .map_err(StudyError::from)?;
        let mut whole = GridSettings {
            study: S::NAME.to_owned(),
            seed: settings.seed(),
            metrics: self.options.metrics.clone(),
            reports: self.options.reports,
            seconds: 0.0,
            grid,
            settings: toml::Table::try_from(&settings).map_err(Failure::run)?,
        };
        Grid::<S>::check(&mut whole, &root, &observer)?;
        self.write::<Grid<S>>(args, &whole, global)
    }

    /// Writes the plan of a study.
    fn write<S: Study>(&self, args: &RunArgs, settings: &S::Settings, global: &Global) -> Outcome {
        let (root, progress) = (global.data_root(), global.progress());
        let inputs = S::open(settings, &root)?;
        for remark in S::remarks(settings, &inputs) {
            progress.say(remark);
        }
        let tasks = self.options.tasks()?;
        let plan = plan::<S>(settings, &inputs, tasks, &Terminal::new(progress))?;
        if plan.units.is_empty() {
            return Err(Failure::request("there is nothing to be computed"));
        }
        let info = run_info(S::NAME, settings.seed(), &root);
        let dir = RunDir::create(args.out.as_deref(), &info, settings)?;
        let path = dir.path().to_path_buf();
        write_plan(&plan, dir)?;
        print(plan.in_words(if S::NAME == GRID { "points" } else { "units" }));
        progress.say(format!("planned: {}", path.display()));
        Ok(())
    }
}
