//! `equipoise sweep run`: one task, or one share of all.

use std::path::{Path, PathBuf};

use equipoise_studies::sweep::{Assignment, Plan, TASK_VARIABLES, Visit, Worked, visit_run, work};
use equipoise_studies::{Study, StudyError};

use super::read;
use crate::Global;
use crate::console::{Terminal, print};
use crate::failure::{Failure, Outcome};
use crate::job::continue_where_it_began;

/// Options of `sweep run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise sweep run runs/ratios --task 3
  equipoise sweep run runs/ratios --shard 2/8
  seq 0 15 | xargs -P 4 -I {} equipoise sweep run runs/ratios --task {} --threads 1

Without --task and --shard the task is SLURM_ARRAY_TASK_ID, HQ_TASK_ID or PBS_ARRAY_INDEX, or the
share is OMPI_COMM_WORLD_RANK of OMPI_COMM_WORLD_SIZE. Exit code 75 after SIGTERM or SIGUSR1: the
same task goes on where it stopped.")]
pub struct Args {
    /// Directory of `equipoise sweep plan`
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The task, from 0
    #[arg(long, value_name = "N", conflicts_with = "shard")]
    task: Option<usize>,
    /// One of n equal shares of all units, i from 1
    #[arg(long, value_name = "i/n", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// Also if another version of the program made the plan
    #[arg(long)]
    any_version: bool,
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    numbers
        .filter(|&(i, n)| 1 <= i && i <= n)
        .ok_or_else(|| "write it as i/n, such as 1/4, with i from 1 to n".to_owned())
}

impl Args {
    fn assignment(&self) -> Outcome<Assignment> {
        if let Some(task) = self.task {
            return Ok(Assignment::Task(task));
        }
        if let Some((index, count)) = self.shard {
            return Ok(Assignment::Share { index, count });
        }
        Assignment::from_environment().map_err(Failure::request)?.ok_or_else(|| {
            Failure::request(format!(
                "which task? give --task or --shard, or set {}",
                TASK_VARIABLES.join(", ")
            ))
        })
    }
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let assignment = args.assignment()?;
    let (plan, record) = read(&args.dir, args.any_version)?;
    let dir = std::path::absolute(&args.dir).unwrap_or_else(|_| args.dir.clone());
    let progress = global.progress();
    let root = global.data_root_of(&record);
    let root = std::path::absolute(&root).unwrap_or(root);
    continue_where_it_began(&record, progress);
    let terminal = Terminal::new(progress);
    let visitor = Work { dir: &dir, root: &root, plan: &plan, assignment, terminal: &terminal };
    match visit_run(&dir, visitor)? {
        Ok(Worked { made, units }) => {
            print(format!("{units} units are there, {made} of them made here"));
            Ok(())
        }
        Err(StudyError::Stopped) => {
            Err(Failure::Interrupted("stopped; the same task goes on where it stopped".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

struct Work<'a> {
    dir: &'a Path,
    root: &'a Path,
    plan: &'a Plan,
    assignment: Assignment,
    terminal: &'a Terminal,
}

impl Visit for Work<'_> {
    type Output = Result<Worked, StudyError>;

    fn visit<S: Study>(self) -> Self::Output {
        work::<S>(self.dir, self.root, self.plan, self.assignment, self.terminal)
    }
}
