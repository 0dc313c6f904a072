//! Every study in small: a study is settings, what it reads, and one call.

use std::path::Path;

use equipoise_studies::balance::{Coding, Diagnose, Linear, Maps, Track};
use equipoise_studies::classification::{Classify, Ratios};
use equipoise_studies::coding::{Dose, Speed};
use equipoise_studies::hebb::{HebbStudy, OneNetwork};
use equipoise_studies::populations::Populations;
use equipoise_studies::reconstruction::sweep::ReconstructionSweep;
use equipoise_studies::reconstruction::{Demonstration, Reconstruction};
use equipoise_studies::settings::Layers;
use equipoise_studies::stimulation::{Associate, Controllability, Structure};
use equipoise_studies::{Context, Settings as _, Study, StudyError};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn study<S: Study>(preset: &str, changes: &[&str]) -> Result<S::Results, StudyError> {
    let layers = changes.iter().fold(Layers::default().preset(preset), |l, &c| l.assign(c));
    let settings: S::Settings = layers.resolve()?;
    let settings = settings.resolved().map_err(StudyError::settings)?;
    let inputs = S::open(&settings, Path::new("datasets"))?;
    let results = S::run(&settings, &inputs, &Context::default())?;
    println!("{}: {} numbers", S::NAME, S::metrics(&results).iter().count());
    Ok(results)
}

fn main() -> Result<(), StudyError> {
    let images = "dataset=synthetic-digits";
    study::<Reconstruction>(Demonstration::SMOKE, &[])?;
    study::<ReconstructionSweep>(ReconstructionSweep::SMOKE, &["data.train=60"])?;
    study::<Speed>(Speed::SMOKE, &["repeats=1", "data.train=80", "matchings=['rate']"])?;
    study::<Dose>(Dose::SMOKE, &["repeats=2", "data.train=80", "shuffles=1"])?;
    let small = ["network.neurons=200", "network.duration=200.0"];
    study::<Diagnose>("", &small)?;
    study::<Maps>("", &small)?;
    study::<Linear>("", &small)?;
    study::<Track>("", &[small[0], "trials=2"])?;
    let few = ["training_images=40", "test_images=20", "sizes=[]", "durations=[50.0]"];
    study::<Coding>("", &[&few[..], &[images, small[0]]].concat())?;
    study::<Populations>("", &["published.scale=0.01", "window=100.0"])?;
    let short = ["data.dataset=synthetic-digits", "network.epochs=2"];
    study::<Classify>("", &short)?;
    let grid = ["ratios=[0.8, 1.0]", "sigma_1=[0.01]", "trials=1", "noise.ratios=[]"];
    study::<Ratios>("", &[&short[..], &grid].concat())?;
    study::<OneNetwork>("", &["hebb.neurons=3"])?;
    let runs = ["study.seeds=1", "criterion_runs=2", "screening_runs=0", "variant_runs=1"];
    study::<HebbStudy>("", &[&runs[..], &["study.hebb.neurons=3"]].concat())?;
    let trained = ["networks=1", "training.budget=2", "durations=[]", "noises=[]"];
    study::<Associate>("", &[&trained[..], &["parameter_errors=[]"]].concat())?;
    study::<Structure>("", &trained[..2])?;
    study::<Controllability>("", &["networks=1", "sizes=[30, 35]"])?;
    Ok(())
}
