//! The whole comparison: every repetition, regime and method, cell by cell.
//!
//! A finished cell is written to `cells/`, so a run that was killed computes only what is missing
//! and goes on with the training it was in.

use std::collections::BTreeMap;
use std::time::Instant;

use equipoise_decoder::reconstruct::Pairs;
use equipoise_decoder::reconstruct::controls::{
    Ridge, RidgeConfig, mean_image, pixels_as_features, shuffled,
};
use equipoise_decoder::training::{EpochReport, Finish, TrainConfig};
use equipoise_encoder::network::{Network, NetworkConfig};
use equipoise_random::derive_seed;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::activity::{self, Activity};
use super::cell::{self, FeatureSet, Method, Score, Targets};
use super::encoding::{self, Part};
use super::images::Images;
use super::settings::Control;
use super::trainer::{self, Trainer};
use crate::failure::{Failure, OrFail, Outcome};
use crate::interrupt;
use crate::job::{Job, Request};

/// How many test images are kept with their reconstructions for the report.
const GALLERY: usize = 10;

/// What the spikes of a regime looked like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coded {
    /// Mean spikes of the network per training image.
    pub spikes_per_image: f64,
    /// Mean rate of a neuron, Hz.
    pub rate: f64,
    /// Seconds for encoding all images.
    pub seconds: f64,
}

/// Everything a comparison found.
#[derive(Debug)]
pub struct Comparison {
    /// The images it used.
    pub images: Images,
    /// The regimes and their networks, the reference first.
    pub regimes: Vec<(String, NetworkConfig)>,
    /// What the spikes looked like, by repetition and regime.
    pub coded: BTreeMap<(usize, String), Coded>,
    /// The networks at work, by regime (first repetition).
    pub activity: Vec<Activity>,
    /// All scores.
    pub scores: Vec<Score>,
}

/// What a comparison starts from, checked before anything is written.
#[derive(Debug)]
pub struct Inputs {
    images: Images,
    regimes: Vec<(String, NetworkConfig)>,
    /// The test images that are kept with their reconstructions.
    gallery: Vec<usize>,
}

impl Inputs {
    /// Opens the images and checks that networks, decoder and scores suit them.
    ///
    /// # Errors
    /// [`Failure::Request`] for wrong data or settings.
    pub fn open(request: &Request<Settings>) -> Outcome<Self> {
        let settings = &request.config;
        let images = settings.data.open(&request.data_root, settings.seed)?;
        let shape = images.train.shape;
        cell::check_shape(shape)?;
        settings.decoder.validate(shape).or_request()?;
        let regimes = settings.networks().map_err(Failure::request)?;
        for (name, config) in &regimes {
            Network::check(config, Some(shape))
                .map_err(|e| Failure::request(format!("regime `{name}`: {e}")))?;
        }
        let gallery = GALLERY.min(images.test.len());
        let gallery = images.test.balanced_indices(gallery, settings.seed).or_request()?;
        Ok(Self { images, regimes, gallery })
    }
}

/// Runs the comparison, or what is missing of it.
///
/// # Errors
/// [`Failure::Interrupted`] or [`Failure::Run`].
pub fn run(job: &Job<Settings>, inputs: Inputs) -> Outcome<Comparison> {
    let settings = &job.config;
    let Inputs { images, regimes, gallery } = inputs;
    let targets = Targets::of(&images);
    let mut scores = Vec::new();
    let mut coded = BTreeMap::new();
    let mut seen = Vec::new();
    for repeat in 0..settings.repeats {
        let bench = Bench { job, repeat, images: &images, targets: &targets, gallery: &gallery };
        scores.extend(bench.without_spikes()?);
        for (name, config) in &regimes {
            let network = encoding::build(config, &images.train, bench.seed())?;
            if repeat == 0 {
                seen.push(activity::observe(job, name, &network, &images, &gallery)?);
            }
            let (code, found) = bench.regime(name, &network)?;
            coded.insert((repeat, name.clone()), code);
            scores.extend(found);
        }
    }
    Ok(Comparison { images, regimes, coded, activity: seen, scores })
}

/// One repetition.
struct Bench<'a> {
    job: &'a Job<Settings>,
    repeat: usize,
    images: &'a Images,
    targets: &'a Targets,
    gallery: &'a [usize],
}

impl Bench<'_> {
    /// Seed of the networks and spikes of this repetition, the same for every regime.
    fn seed(&self) -> u64 {
        derive_seed(self.job.config.seed, "reconstruction/network", self.repeat as u64)
    }

    fn wants(&self, control: Control) -> bool {
        self.job.config.controls.contains(&control)
    }

    /// The cells that use no spikes.
    fn without_spikes(&self) -> Outcome<Vec<Score>> {
        let mut scores = Vec::new();
        // The mean image is the same in every repetition.
        if self.wants(Control::MeanImage) && self.repeat == 0 {
            scores.push(self.cell(None, Method::MeanImage, || {
                let mean = mean_image(&self.targets.train, self.images.train.shape.pixels());
                Ok((mean.repeat(self.images.test.len()), Vec::new(), None))
            })?);
        }
        if self.wants(Control::Pixels) {
            scores.push(self.cell(None, Method::Pixels, || {
                let of = |images: &[f32]| pixels_as_features(images, self.images.train.shape);
                let features = FeatureSet {
                    train: of(&self.targets.train),
                    validation: of(&self.targets.validation),
                    test: of(&self.targets.test),
                };
                self.decoder(None, Method::Pixels, &features)
            })?);
        }
        Ok(scores)
    }

    /// The cells of one regime; its images are encoded only if a cell is missing.
    fn regime(&self, name: &str, network: &Network) -> Outcome<(Coded, Vec<Score>)> {
        let mut methods = vec![Method::Decoder];
        if self.wants(Control::Ridge) {
            methods.push(Method::Ridge);
        }
        if self.wants(Control::Shuffled) {
            methods.push(Method::Shuffled);
        }
        let code_file = format!("cells/{}-{name}-code.json", self.repeat + 1);
        let done: Option<Coded> = read_json(self.job, &code_file)?;
        let stored: Vec<Option<Score>> =
            methods.iter().map(|&m| self.stored(Some(name), m)).collect::<Outcome<_>>()?;
        if let (Some(code), true) = (&done, stored.iter().all(Option::is_some)) {
            return Ok((code.clone(), stored.into_iter().flatten().collect()));
        }
        let (features, code) = self.encode(name, network)?;
        if done.is_none() {
            self.job.dir.write_json(&code_file, &code)?;
        }
        let code = done.unwrap_or(code);
        let mut scores = Vec::new();
        for method in methods {
            scores.push(self.cell(Some(name), method, || match method {
                Method::Ridge => self.ridge(&features),
                Method::Shuffled => self.decoder(Some(name), method, &self.shuffled(&features)),
                _ => self.decoder(Some(name), method, &features),
            })?);
        }
        Ok((code, scores))
    }

    /// Encodes the three parts.
    fn encode(&self, name: &str, network: &Network) -> Outcome<(FeatureSet, Coded)> {
        let Images { train, validation, test } = self.images;
        let total = (train.len() + validation.len() + test.len()) as u64;
        let task = self.job.progress.task(format!("encode {}-{name}", self.repeat + 1), total);
        let started = Instant::now();
        let encode = |images, part| {
            let Settings { features, batch, .. } = &self.job.config;
            encoding::features(network, images, part, features, (self.seed(), *batch), &task)
        };
        let (train, spikes) = encode(train, Part::Train)?;
        let (validation, _) = encode(validation, Part::Validation)?;
        let (test, _) = encode(test, Part::Test)?;
        task.finish();
        let spikes_per_image = spikes as f64 / train.images as f64;
        let config = network.config();
        let rate = spikes_per_image / (config.neurons as f64 * config.duration / 1000.0);
        let code = Coded { spikes_per_image, rate, seconds: started.elapsed().as_secs_f64() };
        Ok((FeatureSet { train, validation, test }, code))
    }

    /// The features dealt out to other images of their part.
    fn shuffled(&self, features: &FeatureSet) -> FeatureSet {
        let deal = |features, part: Part| shuffled(features, part.seed(self.seed()));
        FeatureSet {
            train: deal(&features.train, Part::Train),
            validation: deal(&features.validation, Part::Validation),
            test: deal(&features.test, Part::Test),
        }
    }

    fn decoder(
        &self,
        regime: Option<&str>,
        method: Method,
        features: &FeatureSet,
    ) -> Outcome<Found> {
        let settings = &self.job.config;
        let trainer = Trainer {
            dir: &self.job.dir,
            progress: self.job.progress,
            decoder: &settings.decoder,
            features: &settings.features,
            shape: self.images.train.shape,
            backend: settings.backend,
        };
        let config = TrainConfig {
            // The same initial weights and order of images for every regime of a repetition.
            seed: derive_seed(settings.seed, "reconstruction/decoder", self.repeat as u64),
            ..settings.training.clone()
        };
        let fitted = trainer.fit(
            &Score::label(self.repeat, regime, method),
            Pairs { features: &features.train, images: &self.targets.train },
            Pairs { features: &features.validation, images: &self.targets.validation },
            &config,
        )?;
        let predicted = fitted.reconstructor.predict(&features.test).or_run()?;
        Ok((predicted, fitted.history, Some(fitted.finish)))
    }

    fn ridge(&self, features: &FeatureSet) -> Outcome<Found> {
        let ridge = Ridge::fit(
            (&features.train, &self.targets.train),
            (&features.validation, &self.targets.validation),
            &RidgeConfig::default(),
        )
        .or_run()?;
        Ok((ridge.predict(&features.test).or_run()?, Vec::new(), None))
    }

    /// A cell from its file, or computed and kept.
    fn cell(
        &self,
        regime: Option<&str>,
        method: Method,
        compute: impl FnOnce() -> Outcome<Found>,
    ) -> Outcome<Score> {
        if let Some(score) = self.stored(regime, method)? {
            return Ok(score);
        }
        interrupt::check()?;
        let started = Instant::now();
        let (predicted, history, finish) = compute()?;
        let pixels = self.images.test.shape.pixels();
        let score = Score {
            repeat: self.repeat,
            regime: regime.map(str::to_string),
            method,
            quality: cell::score(self.images.test.shape, &self.targets.test, &predicted)?,
            history,
            finish,
            pictures: cell::pictures(&predicted, pixels, self.gallery),
            seconds: started.elapsed().as_secs_f64(),
        };
        self.job.dir.write_json(&self.file(regime, method), &score)?;
        trainer::forget(&self.job.dir, &Score::label(self.repeat, regime, method))?;
        Ok(score)
    }

    fn stored(&self, regime: Option<&str>, method: Method) -> Outcome<Option<Score>> {
        read_json(self.job, &self.file(regime, method))
    }

    fn file(&self, regime: Option<&str>, method: Method) -> String {
        format!("cells/{}.json", Score::label(self.repeat, regime, method))
    }
}

/// Reconstructions of the test images, the training's history and why it ended.
type Found = (Vec<f32>, Vec<EpochReport>, Option<Finish>);

/// Reads a file of the run back; none if it is not there.
fn read_json<T: DeserializeOwned>(job: &Job<Settings>, name: &str) -> Outcome<Option<T>> {
    let path = job.dir.file(name)?;
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| {
            Failure::run(format!("{}: {e}; delete it to compute it anew", path.display()))
        }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure::run(format!("{}: {e}", path.display()))),
    }
}
