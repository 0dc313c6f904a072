//! Train an 80:20 classifier on events in memory, save it, load it, and ask it about new events.

use equipoise_decoder::classifier::{
    Classifier, ClassifierConfig, InitialWeights, LabelledEvents, Optimizer, Trainer,
};
use equipoise_decoder::observer::Observer;
use equipoise_encoder::code::Events;
use equipoise_random::stream;
use std::error::Error;

/// Samples of two classes: one half of the 40 channels fires early, the other late.
fn events(samples: usize, seed: u64) -> Result<Events, Box<dyn Error>> {
    let sample = |k: usize| {
        let mut random = stream(seed, "example/events", k as u64);
        let step = move |channel: usize| {
            let early = (channel < 20) == k.is_multiple_of(2);
            random.below(10) + if early { 0 } else { 15 }
        };
        (0..40).map(step).zip(0..40).collect::<Vec<_>>()
    };
    Ok(Events::from_samples(30, 40, (0..samples).map(sample))?)
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn Error>> {
    let labels = (0..400).map(|k| k % 2).collect();
    let samples =
        LabelledEvents::new(events(400, 1)?, labels, vec!["left".into(), "right".into()])?;
    // Weights with which 40 spikes in all make the hidden neurons fire.
    let initial = InitialWeights::Study { sigma_1: 0.1, sigma_2: None, sigma_recurrent: None };
    let optimizer = Optimizer::adam(0.01);
    let config = ClassifierConfig {
        batch: 20,
        epochs: 20,
        initial,
        optimizer,
        ..ClassifierConfig::default()
    };
    let mut trainer = Trainer::new(config, 7, &samples)?;
    trainer.fit(&samples, &samples, &mut Observer::silent())?;
    let file = std::env::temp_dir().join("left-or-right.safetensors");
    trainer.classifier().save(&file)?;

    let answers = Classifier::load(&file)?.predict(&events(100, 2)?)?;
    let right = answers.iter().enumerate().filter(|(k, answer)| answer.class == k % 2).count();
    println!("{right} of {} new samples are told apart", answers.len());
    std::fs::remove_file(&file)?;
    Ok(())
}
