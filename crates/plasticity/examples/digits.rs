//! Teaches a rate network, which can be driven but not set, to show two digits.

use std::ops::ControlFlow;

use equipoise_plasticity::stimulation::{
    AssociativeConfig, NetworkConfig, PlasticityRule, SimulatedPlant, StimulationError,
    TrainingConfig, Transfer, train,
};

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), StimulationError> {
    let network = NetworkConfig::default().build(1)?;
    let task = AssociativeConfig::default().build(&network, &Transfer::default(), 1)?;
    let mut plant =
        SimulatedPlant::new(network.clone(), Transfer::default(), PlasticityRule::default());
    let training = TrainingConfig { stop_when_solved: true, ..Default::default() };
    let result = train(&mut plant, &network, &task, &training, 1, &mut |step| {
        println!("{:3} stimulations: cost {:.17}", step.stimulations, step.assessment.cost);
        ControlFlow::Continue(())
    })?;
    println!("{:?} after {} stimulations", result.outcome, result.stimulations.len());
    Ok(())
}
