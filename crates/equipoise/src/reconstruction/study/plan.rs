//! The comparisons of the study, one after the other.

use std::collections::BTreeMap;
use std::path::Path;

use equipoise_encoder::network::{ColorCode, Network, NetworkConfig};

use super::super::Settings;
use super::super::images::ScoreOn;
use super::super::run::{self, Comparison, Inputs, Work};
use super::super::settings::Control;
use super::report;
use super::settings::{Choice, Config};
use crate::failure::{Failure, Outcome};
use crate::job::{Job, Request};

/// A data set ready for comparisons.
#[derive(Debug)]
pub struct Prepared {
    /// Its settings.
    pub settings: Settings,
    /// Its images, and the networks of all regimes.
    pub inputs: Inputs,
}

impl Prepared {
    fn open(settings: Settings, root: &Path) -> Outcome<Self> {
        let inputs = Inputs::open(&settings, root)?;
        Ok(Self { settings, inputs })
    }

    fn is_colored(&self) -> bool {
        self.inputs.images.train.shape.channels == 3
    }

    fn work<'a>(
        &'a self,
        job: &'a Job<Config>,
        settings: &'a Settings,
        regimes: Vec<(String, NetworkConfig)>,
        name: String,
    ) -> Work<'a, 'a> {
        Work {
            settings,
            regimes,
            inputs: &self.inputs,
            dir: &job.dir,
            progress: job.progress,
            name,
        }
    }
}

/// A data set with its comparisons.
#[derive(Debug)]
pub struct Results<'a> {
    /// The data set.
    pub prepared: &'a Prepared,
    /// All regimes show their images equally long.
    pub equal_time: Comparison<'a>,
    /// All regimes fire equally many spikes; the regimes but the reference.
    pub equal_spikes: Option<Comparison<'a>>,
}

/// A point of a curve, or one of several alternatives: the scores of the regimes.
#[derive(Debug)]
pub struct Point {
    /// What was varied, in words or as a number.
    pub name: String,
    /// The same as a number, where it is one.
    pub value: f64,
    /// Mean PSNR (dB) and SSIM of each regime with the decoder, and of ridge regression if asked.
    pub scores: BTreeMap<String, Scores>,
}

/// Means over images.
#[derive(Debug, Clone, Copy)]
pub struct Scores {
    /// PSNR, dB.
    pub psnr: f64,
    /// SSIM.
    pub ssim: f64,
    /// Mean squared error.
    pub mse: f64,
    /// PSNR of ridge regression, dB.
    pub ridge_psnr: Option<f64>,
    /// Spikes per image.
    pub spikes: f64,
    /// Seconds of training.
    pub seconds: f64,
}

/// Curves and alternatives beside the main comparisons.
#[derive(Debug, Default)]
pub struct Beside {
    /// Against the number of training images.
    pub train: Vec<Point>,
    /// Against the number of neurons.
    pub neurons: Vec<Point>,
    /// Codes of colour, by data set.
    pub colors: Vec<(String, Vec<Point>)>,
    /// Features and losses, on held-out images.
    pub choices: Vec<Point>,
}

/// Opens the data sets, runs what is missing of the study, and reports on all of it.
///
/// # Errors
/// A wrong request, an interruption, a training that diverges, or a file that cannot be written.
pub fn run(request: Request<Config>) -> Outcome {
    let root = request.data_root.clone();
    let mut prepared = Vec::new();
    for name in &request.config.datasets {
        let settings = request.config.settings(name).map_err(Failure::request)?;
        prepared.push(Prepared::open(settings, &root)?);
    }
    check_beside(&request.config, &prepared, &root)?;
    request.begin()?.run(|job| {
        let config = &job.config;
        let mut results = Vec::new();
        for (name, data) in config.datasets.iter().zip(&prepared) {
            let prefix = format!("{}-", file_name(name));
            let work = data.work(job, &data.settings, data.inputs.regimes.clone(), prefix);
            let equal_time = run::run(&work)?;
            let equal_spikes = match config.equal_spikes && equal_time.regimes.len() > 1 {
                true => Some(spikes_alike(job, name, data, &equal_time)?),
                false => None,
            };
            results.push(Results { prepared: data, equal_time, equal_spikes });
        }
        let beside = Beside {
            train: against_images(job, &root)?,
            neurons: against_neurons(job, prepared.first())?,
            colors: against_colors(job, &prepared)?,
            choices: against_choices(job, &root)?,
        };
        report::write(job, &results, &beside)
    })
}

/// A data set's name as a part of a file's name.
pub fn file_name(dataset: &str) -> String {
    dataset.replace([':', '/', '\\'], "-")
}

/// The comparison again, with a duration for each regime under which it fires as many spikes as
/// the reference does.
fn spikes_alike<'a>(
    job: &Job<Config>,
    name: &str,
    data: &'a Prepared,
    equal_time: &Comparison<'a>,
) -> Outcome<Comparison<'a>> {
    let settings = Settings { controls: Vec::new(), ..data.settings.clone() };
    let spikes = |regime: &str| {
        let of = |repeat| equal_time.coded.get(&(repeat, regime.to_string()));
        let all: Vec<f64> =
            (0..settings.repeats).filter_map(of).map(|code| code.spikes_per_image).collect();
        all.iter().sum::<f64>() / all.len().max(1) as f64
    };
    let wanted = spikes(&equal_time.regimes[0].0);
    let mut regimes = Vec::new();
    for (regime, config) in &equal_time.regimes[1..] {
        let fired = spikes(regime);
        if fired == 0.0 || wanted == 0.0 {
            return Err(Failure::run(format!(
                "{name}: `{}` fires no spikes, so no duration makes the numbers of spikes equal",
                if fired == 0.0 { regime } else { &equal_time.regimes[0].0 }
            )));
        }
        let duration = config.duration * wanted / fired;
        // Ten steps at least: shorter recordings hold no code.
        let duration = config.steps(duration).max(10) as f64 * config.dt;
        regimes.push((regime.clone(), NetworkConfig { duration, ..config.clone() }));
    }
    let work = Work {
        settings: &settings,
        regimes,
        inputs: &data.inputs,
        dir: &job.dir,
        progress: job.progress,
        name: format!("{}-equal-spikes-", file_name(name)),
    };
    run::run(&work)
}

/// Settings of a point beside the main comparison: one repetition of the first decoder.
fn single(settings: &Settings, config: &Config) -> Settings {
    Settings {
        repeats: 1,
        controls: vec![Control::Ridge],
        decoders: vec![config.first_decoder()],
        ..settings.clone()
    }
}

fn point(name: String, value: f64, comparison: &Comparison<'_>) -> Point {
    use super::super::cell::Method;
    use super::super::figures::find;
    let mut scores = BTreeMap::new();
    for (regime, _) in &comparison.regimes {
        let Some(kind) = comparison.kinds.first() else { continue };
        let Some(score) = find(comparison, 0, Some(regime), Method::decoder(*kind)) else {
            continue;
        };
        let ridge = find(comparison, 0, Some(regime), Method::Ridge);
        let coded = comparison.coded.get(&(0, regime.clone()));
        let found = Scores {
            psnr: score.mean(|q| q.psnr),
            ssim: score.mean(|q| q.ssim),
            mse: score.mean(|q| q.mse),
            ridge_psnr: ridge.map(|r| r.mean(|q| q.psnr)),
            spikes: coded.map_or(0.0, |c| c.spikes_per_image),
            seconds: score.seconds,
        };
        scores.insert(regime.clone(), found);
    }
    Point { name, value, scores }
}

/// Refuses curves and alternatives that could not be made, before anything is computed.
fn check_beside(config: &Config, prepared: &[Prepared], root: &Path) -> Outcome {
    let check = |regimes: &[(String, NetworkConfig)], data: &Prepared| {
        let shape = Some(data.inputs.images.train.shape);
        regimes.iter().try_for_each(|(_, network)| Network::check(network, shape))
    };
    if let Some(&most) = config.curves.train.iter().max() {
        Prepared::open(fewer_images(config, most)?, root)?;
    }
    if let Some(first) = prepared.first() {
        for &neurons in &config.curves.neurons {
            check(&other_size(first, neurons), first)
                .map_err(|e| Failure::request(format!("curves.neurons, {neurons}: {e}")))?;
        }
    }
    if config.colors.len() > 1 {
        for data in prepared.iter().filter(|data| data.is_colored()) {
            for &color in &config.colors {
                let regimes = colored(data, config, color).networks(&data.inputs.images.train)?;
                check(&regimes, data)
                    .map_err(|e| Failure::request(format!("colors, {}: {e}", color_name(color))))?;
            }
        }
    }
    if !config.choices.is_empty() {
        let data = Prepared::open(held_out(config)?, root)?;
        for choice in &config.choices {
            let settings = chosen(&data.settings, choice);
            settings
                .decoder_of(config.first_decoder())
                .validate(data.inputs.images.train.shape)
                .map_err(|e| Failure::request(format!("choices, `{}`: {e}", choice.name)))?;
        }
    }
    Ok(())
}

/// The comparison on the first data set, for `train` training images.
fn fewer_images(config: &Config, train: usize) -> Outcome<Settings> {
    let first = config.settings(&config.datasets[0]).map_err(Failure::request)?;
    let mut settings = single(&first, config);
    settings.data.train = Some(train);
    Ok(settings)
}

/// The networks of all regimes in another size. Connections stay as many, and with them the mean
/// and the variance of the input.
fn other_size(data: &Prepared, neurons: usize) -> Vec<(String, NetworkConfig)> {
    let mut regimes = data.inputs.regimes.clone();
    for (_, network) in &mut regimes {
        network.excitatory_in_degree = Some(network.excitatory_connections());
        network.inhibitory_in_degree = Some(network.inhibitory_connections());
        network.neurons = neurons;
    }
    regimes
}

/// The reference regime with another code of colour.
fn colored(data: &Prepared, config: &Config, color: ColorCode) -> Settings {
    let mut settings = single(&data.settings, config);
    settings.network.input.color = color;
    settings.regimes.truncate(1);
    settings
}

/// The reference regime of the first data set, scored on held-out images.
fn held_out(config: &Config) -> Outcome<Settings> {
    let first = config.settings(&config.datasets[0]).map_err(Failure::request)?;
    let mut settings = single(&first, config);
    settings.data.score_on = ScoreOn::HeldOut;
    settings.data.test = None;
    settings.regimes.truncate(1);
    Ok(settings)
}

fn against_images(job: &Job<Config>, root: &Path) -> Outcome<Vec<Point>> {
    let mut points = Vec::new();
    for &train in &job.config.curves.train {
        let data = Prepared::open(fewer_images(&job.config, train)?, root)?;
        let regimes = data.inputs.regimes.clone();
        let work = data.work(job, &data.settings, regimes, format!("images-{train}-"));
        points.push(point(train.to_string(), train as f64, &run::run(&work)?));
    }
    Ok(points)
}

fn against_neurons(job: &Job<Config>, first: Option<&Prepared>) -> Outcome<Vec<Point>> {
    let Some(data) = first else { return Ok(Vec::new()) };
    let settings = single(&data.settings, &job.config);
    let mut points = Vec::new();
    for &neurons in &job.config.curves.neurons {
        let name = format!("neurons-{neurons}-");
        let work = data.work(job, &settings, other_size(data, neurons), name);
        points.push(point(neurons.to_string(), neurons as f64, &run::run(&work)?));
    }
    Ok(points)
}

fn against_colors(job: &Job<Config>, prepared: &[Prepared]) -> Outcome<Vec<(String, Vec<Point>)>> {
    let mut all = Vec::new();
    if job.config.colors.len() < 2 {
        return Ok(all);
    }
    for data in prepared.iter().filter(|data| data.is_colored()) {
        let mut points = Vec::new();
        for &color in &job.config.colors {
            let settings = colored(data, &job.config, color);
            let name = color_name(color);
            let regimes = settings.networks(&data.inputs.images.train)?;
            let prefix = format!("{}-color-{name}-", file_name(&data.settings.data.dataset));
            let work = data.work(job, &settings, regimes, prefix);
            points.push(point(name.into(), f64::NAN, &run::run(&work)?));
        }
        all.push((data.settings.data.dataset.clone(), points));
    }
    Ok(all)
}

/// The name of a code of colour in settings.
fn color_name(color: ColorCode) -> &'static str {
    match color {
        ColorCode::Separate => "separate",
        ColorCode::Luminance => "luminance",
        ColorCode::LuminanceColor => "luminance_color",
        ColorCode::Opponent => "opponent",
    }
}

fn against_choices(job: &Job<Config>, root: &Path) -> Outcome<Vec<Point>> {
    let mut points = Vec::new();
    if job.config.choices.is_empty() {
        return Ok(points);
    }
    let data = Prepared::open(held_out(&job.config)?, root)?;
    for (index, choice) in job.config.choices.iter().enumerate() {
        let settings = chosen(&data.settings, choice);
        let regimes = settings.networks(&data.inputs.images.train)?;
        let work = data.work(job, &settings, regimes, format!("choice-{}-", index + 1));
        points.push(point(choice.name.clone(), f64::NAN, &run::run(&work)?));
    }
    Ok(points)
}

fn chosen(base: &Settings, choice: &Choice) -> Settings {
    let mut settings = base.clone();
    if let Some(features) = &choice.features {
        settings.features = features.clone();
    }
    if let Some(share) = choice.ssim_share {
        settings.decoder.ssim_share = share;
    }
    settings
}
