//! Can a network of three neurons a layer learn every one-to-one map, and at which ratio?

use equipoise_studies::hebb::{HebbSettings, HebbStudy};
use equipoise_studies::{Context, Study, StudyError};

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), StudyError> {
    let mut settings = HebbSettings { screening_runs: 0, criterion_runs: 50, ..Default::default() };
    (settings.study.hebb.neurons, settings.study.seeds) = (3, 5);
    let results = HebbStudy::run(&settings, &(), &Context::default())?;
    for (cell, runs) in &results.main.summary.cells {
        println!("{cell:?}: {} of {} runs", runs.converged.successes, runs.converged.trials);
    }
    print!("{}", HebbStudy::summary(&results));
    Ok(())
}
