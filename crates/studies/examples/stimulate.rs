//! Trains a rate network that can be driven, not set, to show two digits.

use equipoise_studies::stimulation::{Associate, AssociateSettings};
use equipoise_studies::{Context, Study, StudyError};

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), StudyError> {
    let none = Vec::new;
    let mut settings = AssociateSettings { networks: 1, seed: 3, ..Default::default() };
    (settings.durations, settings.noises, settings.parameter_errors) = (none(), none(), none());
    settings.training.stop_when_solved = true;
    let results = Associate::run(&settings, &(), &Context::default())?;
    for step in &results.trainings.full[0].records {
        println!("{:3} stimulations: margin {:?}", step.stimulations, step.assessment.margin);
    }
    print!("{}", Associate::summary(&results));
    Ok(())
}
