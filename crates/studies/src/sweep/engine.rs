//! Engines that run the tasks of a plan: their scripts, and what they tell a task of itself.

use std::fmt::Write as _;
use std::path::Path;

use super::plan::Plan;
use super::status::ranges;
use super::work::Assignment;

/// What runs the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// An array of jobs of Slurm.
    Slurm,
    /// An array of tasks of HyperQueue.
    Hyperqueue,
    /// Processes on this machine.
    Local,
}

impl Engine {
    /// Every engine.
    pub const ALL: [Self; 3] = [Self::Slurm, Self::Hyperqueue, Self::Local];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slurm => "slurm",
            Self::Hyperqueue => "hyperqueue",
            Self::Local => "local",
        }
    }

    /// The command that takes the script on its standard input.
    pub fn submission(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Slurm => ("sbatch", &[]),
            Self::Hyperqueue | Self::Local => ("sh", &[]),
        }
    }
}

/// How much longer than expected a task may take before its time is up: other machines are slower,
/// and expectations are rough.
const PATIENCE: f64 = 4.0;
/// The least time of a task, minutes.
const LEAST_MINUTES: f64 = 10.0;
/// Seconds before the end of its time at which a task is told to stop.
const NOTICE: u32 = 90;

/// What a script is made from.
#[derive(Debug)]
pub struct Script<'a> {
    /// This program.
    pub program: &'a Path,
    /// The directory of the plan.
    pub dir: &'a Path,
    /// The plan.
    pub plan: &'a Plan,
    /// The tasks to be done.
    pub tasks: &'a [usize],
    /// The most tasks at a time.
    pub limit: Option<u32>,
    /// Cores of a task.
    pub cpus: u16,
    /// Options of the engine.
    pub extra: &'a [String],
}

impl Script<'_> {
    /// The script for an engine.
    pub fn text(&self, engine: Engine) -> String {
        match engine {
            Engine::Slurm => self.slurm(),
            Engine::Hyperqueue => self.hyperqueue(),
            Engine::Local => self.local(),
        }
    }

    /// Minutes that the longest of the tasks may take.
    fn minutes(&self) -> u64 {
        let mut seconds = vec![0.0; self.plan.tasks()];
        for unit in &self.plan.units {
            seconds[unit.task] += unit.seconds;
        }
        let longest = self.tasks.iter().filter_map(|&task| seconds.get(task).copied());
        let longest = longest.fold(0.0, f64::max) / f64::from(self.cpus);
        (PATIENCE * longest / 60.0).max(LEAST_MINUTES).ceil() as u64
    }

    fn megabytes(&self) -> u64 {
        self.plan.memory.div_ceil(1 << 20).max(1024)
    }

    fn name(&self) -> String {
        let name = self.dir.file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| "equipoise".to_owned())
    }

    /// What does a task whose number the engine sets.
    fn command(&self) -> String {
        let (program, dir) = (quoted(self.program), quoted(self.dir));
        format!("{program} sweep run {dir} --threads {} --quiet", self.cpus)
    }

    fn slurm(&self) -> String {
        let limit = self.limit.map(|limit| format!("%{limit}")).unwrap_or_default();
        let mut options = vec![
            format!("--job-name={}", self.name().replace(' ', "-")),
            format!("--array={}{limit}", ranges(self.tasks)),
            format!("--cpus-per-task={}", self.cpus),
            format!("--mem={}M", self.megabytes()),
            format!("--time={}", self.minutes()),
            "--requeue".to_owned(),
            format!("--signal=B:USR1@{NOTICE}"),
            "--open-mode=append".to_owned(),
            format!("--output={}/logs/slurm-%A_%a.out", self.dir.display()),
        ];
        options.extend(self.extra.iter().cloned());
        let mut text = String::from("#!/bin/bash\n");
        for option in options {
            let option = if option.contains(' ') { format!("\"{option}\"") } else { option };
            let _ = writeln!(text, "#SBATCH {option}");
        }
        // A task that is told to stop ends with 75 and is put back into the queue; the shell waits
        // for it, and again after the signal has ended the first wait.
        let _ = write!(
            text,
            "\n{} &\n\
             child=$!\n\
             trap 'kill -USR1 $child' USR1 TERM\n\
             wait $child\n\
             code=$?\n\
             while kill -0 $child 2>/dev/null; do wait $child; code=$?; done\n\
             if [ $code = 75 ]; then scontrol requeue \"$SLURM_JOB_ID\"; fi\n\
             exit $code\n",
            self.command()
        );
        text
    }

    fn hyperqueue(&self) -> String {
        let mut options = vec![
            format!("--name {}", quoted(Path::new(&self.name()))),
            format!("--array {}", ranges(self.tasks)),
            format!("--cpus {}", self.cpus),
            format!("--time-request {}m", self.minutes()),
            format!("--stdout {}/logs/'%{{JOB_ID}}-%{{TASK_ID}}.out'", quoted(self.dir)),
            format!("--stderr {}/logs/'%{{JOB_ID}}-%{{TASK_ID}}.err'", quoted(self.dir)),
        ];
        options.extend(self.extra.iter().map(|option| quoted(Path::new(option))));
        // HyperQueue starts a task again whose worker has gone, but not one that ended with 75.
        format!(
            "#!/bin/sh\n\
             hq submit {} \\\n  -- sh -c '\
             while :; do \"$@\"; code=$?; [ $code = 75 ] || exit $code; done' task \\\n  {}\n",
            options.join(" \\\n  "),
            self.command()
        )
    }

    fn local(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let limit = self.limit.map_or(cores / usize::from(self.cpus), |limit| limit as usize);
        let tasks: Vec<String> = self.tasks.iter().map(ToString::to_string).collect();
        format!(
            "#!/bin/sh\nprintf '%s\\n' {} |\n  xargs -P {} -I '{{}}' \\\n  {} --task '{{}}'\n",
            tasks.join(" "),
            limit.max(1),
            self.command()
        )
    }
}

/// A path as a word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '=' | ':');
    match text.chars().all(plain) && !text.is_empty() {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Variables that hold the number of a task: of Slurm, HyperQueue and PBS.
pub const TASK_VARIABLES: [&str; 3] = ["SLURM_ARRAY_TASK_ID", "HQ_TASK_ID", "PBS_ARRAY_INDEX"];
/// Variables of Open MPI that hold which process this is, from 0, and of how many.
const RANK: [&str; 2] = ["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"];

impl Assignment {
    /// What an engine has told this process in its environment; none if it has told nothing.
    ///
    /// # Errors
    /// The variable with its value, if that is no number.
    pub fn from_environment() -> Result<Option<Self>, String> {
        for name in TASK_VARIABLES {
            if let Some(task) = variable(name)? {
                return Ok(Some(Self::Task(task)));
            }
        }
        let [rank, count] = RANK.map(variable);
        Ok(rank?.zip(count?).map(|(rank, count)| Self::Share { index: rank + 1, count }))
    }
}

fn variable(name: &str) -> Result<Option<usize>, String> {
    // Job scripts leave variables empty that they mean to leave unset.
    let text = std::env::var_os(name).unwrap_or_default();
    let text = text.to_string_lossy();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(format!("{name}={text}: not the number of a task")),
    }
}
