//! `equipoise sweep collect`: the study as one process would have made it.

use std::path::{Path, PathBuf};

use equipoise_report::RunDir;
use equipoise_studies::sweep::{
    Collector, Plan, Status, Tasks, Visit, tidy, visit_run, write_plan,
};
use equipoise_studies::{Context, Settings as _, Study, StudyError};

use super::read;
use crate::Global;
use crate::console::Terminal;
use crate::failure::{Failure, Outcome};
use crate::job::{continue_where_it_began, run_info};
use crate::study::conclude;

/// Options of `sweep collect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise sweep collect runs/ratios

Exit code 1 if units are missing, which are named; 75 if the units that are there have made others
possible, which are planned as the next stage: run those and collect again.")]
pub struct Args {
    /// Directory of `equipoise sweep plan`
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Make what is still missing here
    #[arg(long)]
    here: bool,
    /// Also if another version of the program made the plan
    #[arg(long)]
    any_version: bool,
    #[command(flatten)]
    stage: Stage,
}

/// The tasks of a next stage.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Stage {
    /// Minutes of one core that a task of the next stage is to take, as expected [default: 10]
    #[arg(long, value_name = "MINUTES")]
    task_minutes: Option<f64>,
    /// Number of tasks of the next stage, instead of their length
    #[arg(long, value_name = "N", conflicts_with = "task_minutes")]
    tasks: Option<u32>,
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let (plan, _) = read(&args.dir, args.any_version)?;
    if !args.here {
        Status::of(&args.dir, &plan)?.complete(&args.dir).map_err(StudyError::from)?;
    }
    let dir = std::path::absolute(&args.dir).unwrap_or_else(|_| args.dir.clone());
    visit_run(&dir, Collect { args, dir: &dir, plan, global })?
}

struct Collect<'a> {
    args: &'a Args,
    dir: &'a Path,
    plan: Plan,
    global: &'a Global,
}

impl Visit for Collect<'_> {
    type Output = Outcome;

    fn visit<S: Study>(self) -> Outcome {
        let Self { args, dir, plan, global } = self;
        let progress = global.progress();
        let record = RunDir::stored_record_of(dir, S::NAME)?;
        let settings: S::Settings = RunDir::stored_config(dir)?;
        let root = global.data_root_of(&record);
        let root = std::path::absolute(&root).unwrap_or(root);
        continue_where_it_began(&record, progress);
        let inputs = S::open(&settings, &root)?;
        let info = run_info(S::NAME, settings.seed(), &root);
        let run = RunDir::resume(dir, &info, Some(&settings))?;
        let collector = Collector::new(&plan, args.here);
        let context = Context::new(Terminal::new(progress), &run).divided(&collector);
        let found = S::run(&settings, &inputs, &context);
        drop(context);
        if matches!(found, Err(StudyError::Deferred)) {
            let tasks = args.stage.tasks();
            let next = collector.next_stage(plan, tasks, settings.seed());
            write_plan(&next.plan, run)?;
            return Err(Failure::Later(format!(
                "{}: {next}; run them and collect again",
                dir.display()
            )));
        }
        conclude::<S>(run, found, progress)?;
        tidy(dir, &plan.units);
        Ok(())
    }
}

impl Stage {
    fn tasks(self) -> Tasks {
        match (self.tasks, self.task_minutes) {
            (Some(count), _) => Tasks::Count(count as usize),
            (None, Some(minutes)) if minutes > 0.0 => Tasks::Minutes(minutes),
            _ => Tasks::default(),
        }
    }
}
