//! From a command line to a study and back: settings are resolved, a run directory is opened, the
//! study runs, and what it found is printed and kept.

use equipoise_report::RunDir;
use equipoise_studies::cost::duration;
use equipoise_studies::schema::known_keys;
use equipoise_studies::settings::Layers;
use equipoise_studies::sweep::expected;
use equipoise_studies::{Context, Settings, Study, StudyError};

use crate::Global;
use crate::console::{self, Progress, Terminal};
use crate::failure::{Failure, Outcome, check_interrupted};
use crate::job::{RunArgs, continue_where_it_began, run_info};

/// Seconds of one core from which on it is said how long a run is expected to take.
const LONG: f64 = 30.0;

/// Runs a study: `flags` are the options of the command that stand for keys of its settings, above
/// a preset in TOML (empty for none).
///
/// # Errors
/// As the study, and if the settings or the run directory are wrong.
pub fn run<S: Study>(preset: &str, args: &RunArgs, flags: Layers, global: &Global) -> Outcome {
    let progress = global.progress();
    let mut resume = None;
    let mut data_root = global.data_root();
    let settings: S::Settings = match &args.resume {
        Some(dir) if flags.is_empty() => {
            let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
            let record = RunDir::stored_record_of(&dir, S::NAME)?;
            let settings = RunDir::stored_config(&dir)?;
            data_root = std::path::absolute(global.data_root_of(&record)).unwrap_or(data_root);
            continue_where_it_began(&record, progress);
            resume = Some(dir);
            settings
        }
        Some(_) => {
            return Err(Failure::request(
                "--resume takes the configuration of the run; give no other option with it",
            ));
        }
        None => {
            let layers = args.layers(flags.preset(preset));
            let keys = known_keys(S::NAME);
            let (settings, notices) =
                layers.resolve_beside(keys.as_ref()).map_err(StudyError::from)?;
            notices.iter().for_each(|notice| progress.say(notice));
            settings
        }
    };
    settings.validate().map_err(Failure::request)?;
    if let Some(planned) = global.planned() {
        return planned.plan::<S>(args, settings, global);
    }
    let settings = settings.resolved().map_err(Failure::request)?;
    if let Some(out) = &args.out {
        RunDir::check_free(out)?;
    }
    let inputs = S::open(&settings, &data_root)?;
    for remark in S::remarks(&settings, &inputs) {
        progress.say(remark);
    }
    check_interrupted()?;
    let info = run_info(S::NAME, settings.seed(), &data_root);
    let dir = match &resume {
        Some(dir) => RunDir::resume(dir, &info, Some(&settings))?,
        None => RunDir::create(args.out.as_deref(), &info, &settings)?,
    };
    let path = dir.path().to_path_buf();
    progress.say(format!("writing to {}", path.display()));
    let terminal = Terminal::new(progress);
    if let Some(seconds) = expected::<S>(&settings, &inputs, &path, &terminal)
        && seconds >= LONG
    {
        let (one, threads) = (duration(seconds), rayon::current_num_threads());
        let all = match threads {
            1 => String::new(),
            _ => format!(", {} at best on {threads}", duration(seconds / threads as f64)),
        };
        progress.say(format!("expected to take about {one} of one core{all}"));
    }
    let found = S::run(&settings, &inputs, &Context::new(terminal, &dir));
    conclude::<S>(dir, found, progress)
}

/// Ends a run with what its study found: report, metrics and record are written, and the summary is
/// printed.
///
/// # Errors
/// That of the study, and if something cannot be written.
pub fn conclude<S: Study>(
    dir: RunDir,
    found: Result<S::Results, StudyError>,
    progress: Progress,
) -> Outcome {
    let path = dir.path().to_path_buf();
    let outcome = found.map_err(Failure::from).and_then(|results| {
        dir.save_report(&S::report(&results))?;
        dir.write_json("metrics.json", &S::metrics(&results))?;
        console::print_sentences(S::summary_within(&results, console::width()).trim_end());
        check_interrupted()
    });
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
