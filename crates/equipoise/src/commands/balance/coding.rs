//! `equipoise balance coding`: how much of an image is in the spikes, before any decoder.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use equipoise_data::{ImageSet, OpenOptions};
use equipoise_encoder::balance::{DEFAULT_PENALTY, ImageCoding, coding_over_time};
use equipoise_encoder::network::{Network, NetworkConfig};
use equipoise_figure::{Axis, Figure, Line, Marker, Plot, Rule};
use equipoise_report::{Column, Report, Table};
use serde::{Deserialize, Serialize};

use super::choice::{self, Case, NetworkArgs, Preset, RegimeChoice};
use super::figures;
use crate::Global;
use crate::console::{Task, print};
use crate::failure::{OrFail, Outcome};
use crate::interrupt;
use crate::job::{self, Job, Request};

/// Options of `balance coding`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// The images: mnist, fashion-mnist, cifar-10, folder:PATH, synthetic-digits, synthetic-color
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Images that the readout is fitted to
    #[arg(long, value_name = "N")]
    training_images: Option<usize>,
    /// Images that it is tried on
    #[arg(long, value_name = "N")]
    test_images: Option<usize>,
}

/// What a person can say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    seed: u64,
    dataset: String,
    preset: Preset,
    regimes: Vec<RegimeChoice>,
    training_images: usize,
    test_images: usize,
    /// Lengths of the recording, ms.
    durations: Vec<f64>,
    /// Sizes of the network, each read for `size_duration` ms; empty to leave them out.
    sizes: Vec<usize>,
    size_duration: f64,
    /// Ridge penalty, relative to the mean variance of a count.
    penalty: f64,
    network: toml::Table,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            dataset: "synthetic-digits".to_owned(),
            preset: Preset::Encoder,
            regimes: choice::default_regimes(),
            training_images: 2000,
            test_images: 500,
            durations: vec![10.0, 20.0, 50.0, 100.0, 200.0, 500.0],
            sizes: vec![100, 300, 1000, 3000, 10_000],
            size_duration: 100.0,
            penalty: DEFAULT_PENALTY,
            network: toml::Table::new(),
        }
    }
}

impl Config {
    fn cases(&self) -> Result<Vec<Case>, String> {
        choice::cases(&choice::base(self.preset, &self.network)?, &self.regimes)
    }

    /// The longest recording.
    fn longest(&self) -> f64 {
        self.durations.iter().fold(0.0, |a: f64, &b| a.max(b))
    }
}

impl job::Config for Config {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if self.durations.is_empty() {
            return Err("`durations` is empty; give at least one in ms".to_owned());
        }
        let times = self.durations.iter().chain([&self.size_duration]);
        if let Some(bad) = times.into_iter().find(|&&d| !(d > 0.0 && d <= 1e6)) {
            return Err(format!("a duration of {bad} ms; from above 0 to 1,000,000 are possible"));
        }
        if self.training_images < 10 || self.test_images < 1 {
            return Err("`training_images` must be 10 or more, `test_images` 1 or more".to_owned());
        }
        if !(self.penalty > 0.0 && self.penalty.is_finite()) {
            return Err(format!("`penalty`: {} is not a positive number", self.penalty));
        }
        for case in self.cases()? {
            for &neurons in &self.sizes {
                let sized = resized(&case.network, neurons);
                sized.validate().map_err(|e| format!("`sizes`: {neurons} neurons: {e}"))?;
            }
        }
        Ok(())
    }
}

/// The network with another number of neurons and the same recurrent input to each: the in-degree
/// grows with the network, so the weight falls with it.
fn resized(config: &NetworkConfig, neurons: usize) -> NetworkConfig {
    let mut sized = NetworkConfig { neurons, ..config.clone() };
    sized.background_weight = Some(config.weight_background());
    sized.background_rate = Some(config.background_rate_hz());
    let (before, after) = (config.excitatory_connections(), sized.excitatory_connections());
    if after > 0 {
        sized.excitatory_weight *= before as f64 / after as f64;
    }
    sized
}

/// Runs the command.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = args
        .network
        .flags()
        .set("dataset", &args.dataset)
        .set("training_images", &args.training_images)
        .set("test_images", &args.test_images);
    let request = Request::<Config>::new("balance-coding", "", &args.network.run, flags, global)?;
    let images = open(&request)?;
    request.begin()?.run(|job| work(job, &images))
}

/// Training and test images, if every network can be shown them.
fn open(request: &Request<Config>) -> Outcome<(ImageSet, ImageSet)> {
    let config = &request.config;
    let options = OpenOptions {
        train: Some(config.training_images),
        test: Some(config.test_images),
        seed: config.seed,
        ..OpenOptions::default()
    };
    let images = equipoise_data::open(&config.dataset, &request.data_root, &options)
        .and_then(equipoise_data::Dataset::into_images)
        .or_request()?;
    for case in config.cases().or_request()? {
        Network::check(&case.network, Some(images.0.shape)).or_request()?;
    }
    Ok(images)
}

fn work(job: &Job<Config>, (training, test): &(ImageSet, ImageSet)) -> Outcome {
    let config = &job.config;
    let cases = config.cases().or_request()?;

    let images = (training.len() + test.len()) as u64;
    let task = job
        .progress
        .task("encoding images", images * (cases.len() * (1 + config.sizes.len())) as u64);
    let measure = |network: &NetworkConfig, durations: &[f64]| -> Outcome<Vec<ImageCoding>> {
        let network = Network::build(network, Some(training.shape), config.seed).or_request()?;
        let mut progress = |_: usize, _: usize| step(&task, job.stop());
        let found = coding_over_time(
            &network,
            training,
            test,
            durations,
            config.seed,
            config.penalty,
            &mut progress,
        );
        interrupt::check()?;
        found.or_run()
    };
    let mut over_time: Vec<Vec<ImageCoding>> = Vec::new();
    let mut over_size: Vec<Vec<ImageCoding>> = Vec::new();
    for case in &cases {
        let long = NetworkConfig { duration: config.longest(), ..case.network.clone() };
        over_time.push(measure(&long, &config.durations)?);
        let mut sizes = Vec::new();
        for &neurons in &config.sizes {
            let mut sized = resized(&case.network, neurons);
            sized.duration = config.size_duration;
            sizes.extend(measure(&sized, &[config.size_duration])?);
        }
        over_size.push(sizes);
    }
    task.finish();

    let mut report = Report::new("How much of an image is in the spikes?");
    report.subtitle(&format!("{}, linear readout of spike counts", config.dataset));
    let times = table("By length of the recording", &cases, &over_time);
    print(times.to_text());
    report.heading("Length of the recording").table("coding-duration", &times);
    report.figure(
        "coding-duration",
        &Curves::of(&cases, &over_time, "recording (ms)", |c| c.duration_ms).figure(true),
        "What ridge regression from the counts gets back of unseen images, the share of images \
         whose class a linear readout finds, and the activity it is read from, by the length of \
         the recording: regimes compared at equal time.",
    );
    report.figure(
        "coding-spikes",
        &Curves::of(&cases, &over_time, "spikes per image", |c| c.spikes_per_image.max(0.1))
            .figure(false),
        "The same recordings against the spikes that an image costs: regimes compared at equal \
         spikes.",
    );
    if !config.sizes.is_empty() {
        let sizes = table("By number of neurons", &cases, &over_size);
        print(sizes.to_text());
        report.heading("Size of the network").table("coding-size", &sizes);
        let after = format!(
            "The same after {} ms by the number of neurons, the mean recurrent input to each kept \
             equal.",
            config.size_duration
        );
        let curves = Curves::of(&cases, &over_size, "neurons", |c| c.neurons as f64);
        report.figure("coding-size", &curves.figure(true), &after);
        report.figure(
            "coding-size-spikes",
            &Curves::of(&cases, &over_size, "spikes per image", |c| c.spikes_per_image.max(0.1))
                .figure(false),
            "The networks of all sizes against the spikes that an image costs.",
        );
    }
    job.dir.save_report(&report).or_run()?;
    Ok(())
}

fn step(task: &Task, stop: &std::sync::atomic::AtomicBool) -> ControlFlow<()> {
    task.advance(1);
    if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

fn table(caption: &str, cases: &[Case], found: &[Vec<ImageCoding>]) -> Table {
    let mut table = Table::new(caption)
        .column(Column::text("regime"))
        .column(Column::integer("neurons"))
        .column(Column::number("recording").unit("ms").decimals(1))
        .column(Column::number("rate").unit("Hz").decimals(1))
        .column(Column::number("spikes per image").decimals(1))
        .column(Column::number("silent").decimals(3))
        .column(Column::number("sparseness").decimals(3))
        .column(Column::number("R²").key("r_squared").decimals(3))
        .column(Column::number("PSNR").unit("dB").decimals(2))
        .column(Column::number("PSNR of the mean image").unit("dB").decimals(2))
        .column(Column::number("accuracy").decimals(3));
    for (case, row) in cases.iter().zip(found) {
        for c in row {
            table.row([
                case.name.as_str().into(),
                (c.neurons as i64).into(),
                c.duration_ms.into(),
                c.rate_hz.into(),
                c.spikes_per_image.into(),
                c.silent.into(),
                c.sparseness.into(),
                c.r_squared.into(),
                c.psnr_db.into(),
                c.mean_image_psnr_db.into(),
                c.accuracy.into(),
            ]);
        }
    }
    table
}

/// What was found of each regime, along one axis.
struct Curves<'a> {
    cases: &'a [Case],
    found: &'a [Vec<ImageCoding>],
    label: &'a str,
    at: fn(&ImageCoding) -> f64,
}

impl<'a> Curves<'a> {
    fn of(
        cases: &'a [Case],
        found: &'a [Vec<ImageCoding>],
        label: &'a str,
        at: fn(&ImageCoding) -> f64,
    ) -> Self {
        Self { cases, found, label, at }
    }

    /// The quality of the readout; below it, if asked for, the activity.
    fn figure(&self, activity: bool) -> Figure {
        let psnr = Axis::new("PSNR").unit("dB");
        // The mean image is the floor of every curve, so its line belongs into the picture.
        let reconstruction = match self.found.first().and_then(|row| row.first()) {
            None => self.plot("Linear reconstruction", psnr, |c| c.psnr_db),
            Some(c) => {
                let floor = c.mean_image_psnr_db;
                self.plot("Linear reconstruction", psnr.include(floor - 0.5), |c| c.psnr_db)
                    .with(Rule::horizontal(floor).label("mean image"))
            }
        };
        let share = |label: &str| Axis::new(label).range(0.0, 1.0);
        let figure = Figure::new()
            .columns(3)
            .panel(reconstruction)
            .panel(self.plot("Explained variance", share("R²"), |c| c.r_squared.max(0.0)))
            .panel(self.plot("Linear classifier", share("accuracy"), |c| c.accuracy));
        if !activity {
            return figure;
        }
        let rate = Axis::new("rate").unit("Hz").from(0.0);
        figure
            .panel(self.plot("Mean rate", rate, |c| c.rate_hz))
            .panel(self.plot("Sparseness", share("sparseness"), |c| c.sparseness))
            .panel(self.plot("Silent neurons", share("share silent"), |c| c.silent))
    }

    fn plot(&self, title: &str, y: Axis, value: fn(&ImageCoding) -> f64) -> Plot {
        let mut plot = Plot::new(title).x_axis(Axis::new(self.label).log()).y_axis(y);
        for (k, (case, row)) in self.cases.iter().zip(self.found).enumerate() {
            let x: Vec<f64> = row.iter().map(self.at).collect();
            let y: Vec<f64> = row.iter().map(value).collect();
            plot = plot.with(
                Line::new(&x, &y)
                    .label(&case.name)
                    .color(figures::color(&case.name, k))
                    .marker(Marker::Circle),
            );
        }
        plot
    }
}
