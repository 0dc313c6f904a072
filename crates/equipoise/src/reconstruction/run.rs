//! The whole comparison: every repetition, regime and method, cell by cell.
//!
//! A finished cell is written to `cells/`, so a run that was killed computes only what is missing
//! and goes on with the training it was in.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use equipoise_decoder::reconstruct::controls::{
    Ridge, RidgeConfig, mean_image, pixels_as_features, shuffled,
};
use equipoise_decoder::reconstruct::{DecoderKind, Pairs};
use equipoise_decoder::training::{EpochReport, Finish, TrainConfig};
use equipoise_encoder::network::{Network, NetworkConfig};
use equipoise_random::derive_seed;
use equipoise_report::RunDir;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::activity::{self, Activity};
use super::cell::{self, FeatureSet, Given, LatentPictures, Method, Score, Targets};
use super::encoding::{self, Part};
use super::images::{Images, ScoreOn};
use super::settings::Control;
use super::trainer::{self, Trainer};
use crate::console::Progress;
use crate::failure::{Failure, OrFail, Outcome};
use crate::interrupt;

/// How many test images are kept with their reconstructions for the report.
const GALLERY: usize = 10;
/// How many of the best, the median and the worst reconstructions are kept.
const EXTREMES: usize = 4;

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

/// A comparison to be made: of what, under which name, and where it is kept.
#[derive(Debug)]
pub struct Work<'a, 'i> {
    /// What was asked for; its regimes are those of `regimes`.
    pub settings: &'a Settings,
    /// The regimes and their networks, the reference first.
    pub regimes: Vec<(String, NetworkConfig)>,
    /// The images.
    pub inputs: &'i Inputs,
    /// Where finished cells, checkpoints and models go.
    pub dir: &'a RunDir,
    /// Where progress is shown.
    pub progress: Progress,
    /// What the names of its files begin with; empty for a run's only comparison.
    pub name: String,
}

/// What a comparison starts from, checked before anything is written.
#[derive(Debug)]
pub struct Inputs {
    /// The images.
    pub images: Images,
    /// Their intensities.
    pub targets: Targets,
    /// The regimes and their networks, the reference first.
    pub regimes: Vec<(String, NetworkConfig)>,
    /// The images that are kept with their reconstructions.
    pub gallery: Vec<usize>,
}

impl Inputs {
    /// Opens the images and checks that networks, decoders and scores suit them.
    ///
    /// # Errors
    /// [`Failure::Request`] for wrong data or settings.
    pub fn open(settings: &Settings, root: &Path) -> Outcome<Self> {
        let images = settings.data.open(root, settings.seed)?;
        let shape = images.train.shape;
        cell::check_shape(shape)?;
        for kind in settings.kinds() {
            settings.decoder_of(kind).validate(shape).or_request()?;
        }
        let regimes = settings.networks(&images.train)?;
        for (name, config) in &regimes {
            Network::check(config, Some(shape))
                .map_err(|e| Failure::request(format!("regime `{name}`: {e}")))?;
        }
        let gallery = GALLERY.min(images.test.len());
        let gallery = images.test.balanced_indices(gallery, settings.seed).or_request()?;
        let targets = Targets::of(&images);
        Ok(Self { images, targets, regimes, gallery })
    }
}

/// Everything a comparison found.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The images it used.
    pub images: &'a Images,
    /// Which of them the scores are of.
    pub scored_on: ScoreOn,
    /// The decoders that were trained.
    pub kinds: Vec<DecoderKind>,
    /// The regimes and their networks, the reference first.
    pub regimes: Vec<(String, NetworkConfig)>,
    /// What the spikes looked like, by repetition and regime.
    pub coded: BTreeMap<(usize, String), Coded>,
    /// The networks at work, by regime (first repetition).
    pub activity: Vec<Activity>,
    /// All scores.
    pub scores: Vec<Score>,
}

/// Makes the comparison, or what is missing of it.
///
/// # Errors
/// [`Failure::Interrupted`] or [`Failure::Run`].
pub fn run<'i>(work: &Work<'_, 'i>) -> Outcome<Comparison<'i>> {
    let Work { settings, inputs, .. } = *work;
    let (images, gallery) = (&inputs.images, &inputs.gallery);
    let mut scores = Vec::new();
    let mut coded = BTreeMap::new();
    let mut activity = Vec::new();
    for repeat in 0..settings.repeats {
        let bench = Bench { work, repeat };
        scores.extend(bench.without_spikes()?);
        for (index, (name, config)) in work.regimes.iter().enumerate() {
            let network = encoding::build(config, &images.train, bench.seed())?;
            if repeat == 0 {
                activity.push(activity::observe(settings.seed, name, &network, images, gallery)?);
            }
            let (code, found) = bench.regime(name, index == 0, &network)?;
            coded.insert((repeat, name.clone()), code);
            scores.extend(found);
        }
    }
    Ok(Comparison {
        images,
        scored_on: settings.data.score_on,
        kinds: settings.kinds(),
        regimes: work.regimes.clone(),
        coded,
        activity,
        scores,
    })
}

/// One repetition.
struct Bench<'a> {
    work: &'a Work<'a, 'a>,
    repeat: usize,
}

impl Bench<'_> {
    /// Seed of the networks and spikes of this repetition, the same for every regime.
    fn seed(&self) -> u64 {
        derive_seed(self.work.settings.seed, "reconstruction/network", self.repeat as u64)
    }

    fn wants(&self, control: Control) -> bool {
        self.work.settings.controls.contains(&control)
    }

    /// The cells that use no spikes.
    fn without_spikes(&self) -> Outcome<Vec<Score>> {
        let mut scores = Vec::new();
        // The mean image is the same in every repetition.
        if self.wants(Control::MeanImage) && self.repeat == 0 {
            scores.push(self.cell(None, Method::MeanImage, || {
                let mean = mean_image(
                    &self.work.inputs.targets.train,
                    self.work.inputs.images.train.shape.pixels(),
                );
                Ok(Found::plain(mean.repeat(self.work.inputs.images.test.len())))
            })?);
        }
        if self.wants(Control::Pixels) && self.repeat == 0 {
            let of =
                |images: &[f32]| pixels_as_features(images, self.work.inputs.images.train.shape);
            let mut features = None;
            for kind in self.work.settings.kinds() {
                scores.push(self.cell(
                    None,
                    Method::Decoder { kind, given: Given::Pixels },
                    || {
                        let targets = &self.work.inputs.targets;
                        let features = features.get_or_insert_with(|| FeatureSet {
                            train: of(&targets.train),
                            validation: of(&targets.validation),
                            test: of(&targets.test),
                        });
                        self.decoder(None, kind, Given::Pixels, features)
                    },
                )?);
            }
        }
        Ok(scores)
    }

    /// The methods that read the spikes of a regime.
    fn methods(&self, reference: bool) -> Vec<Method> {
        let kinds = self.work.settings.kinds();
        let given = |given| kinds.iter().map(move |&kind| Method::Decoder { kind, given });
        let mut methods: Vec<Method> = given(Given::Spikes).collect();
        if self.wants(Control::Ridge) {
            methods.push(Method::Ridge);
        }
        if self.wants(Control::Shuffled) && reference && self.repeat == 0 {
            methods.extend(given(Given::Shuffled));
        }
        methods
    }

    /// The cells of one regime; its images are encoded only if a cell is missing.
    fn regime(
        &self,
        name: &str,
        reference: bool,
        network: &Network,
    ) -> Outcome<(Coded, Vec<Score>)> {
        let methods = self.methods(reference);
        let code_file = format!("cells/{}{}-{name}-code.json", self.work.name, self.repeat + 1);
        let done: Option<Coded> = read_json(self.work.dir, &code_file)?;
        let stored: Vec<Option<Score>> =
            methods.iter().map(|&m| self.stored(Some(name), m)).collect::<Outcome<_>>()?;
        if let (Some(code), true) = (&done, stored.iter().all(Option::is_some)) {
            return Ok((code.clone(), stored.into_iter().flatten().collect()));
        }
        let (features, code) = self.encode(name, network)?;
        if done.is_none() {
            self.work.dir.write_json(&code_file, &code)?;
        }
        let code = done.unwrap_or(code);
        let mut scores = Vec::new();
        for method in methods {
            scores.push(self.cell(Some(name), method, || match method {
                Method::Decoder { kind, given: Given::Shuffled } => {
                    self.decoder(Some(name), kind, Given::Shuffled, &self.shuffled(&features))
                }
                Method::Decoder { kind, given } => self.decoder(Some(name), kind, given, &features),
                Method::Ridge | Method::MeanImage => self.ridge(&features),
            })?);
        }
        Ok((code, scores))
    }

    /// Encodes the three parts.
    fn encode(&self, name: &str, network: &Network) -> Outcome<(FeatureSet, Coded)> {
        let Images { train, validation, test } = &self.work.inputs.images;
        let total = (train.len() + validation.len() + test.len()) as u64;
        let task = self.work.progress.task(format!("encode {}-{name}", self.repeat + 1), total);
        let started = Instant::now();
        let encode = |images, part| {
            let Settings { features, batch, .. } = self.work.settings;
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
        kind: DecoderKind,
        given: Given,
        features: &FeatureSet,
    ) -> Outcome<Found> {
        let settings = self.work.settings;
        let trainer = Trainer {
            dir: self.work.dir,
            progress: self.work.progress,
            decoder: &settings.decoder_of(kind),
            features: &settings.features,
            backend: settings.backend,
        };
        let config = TrainConfig {
            // The same initial weights and order of images for every regime of a repetition.
            seed: derive_seed(settings.seed, "reconstruction/decoder", self.repeat as u64),
            ..settings.training.clone()
        };
        let shape = self.work.inputs.images.train.shape;
        let pairs = |features, images| Pairs { features, images, shape };
        let fitted = trainer.fit(
            &self.label(regime, Method::Decoder { kind, given }),
            pairs(&features.train, &self.work.inputs.targets.train),
            pairs(&features.validation, &self.work.inputs.targets.validation),
            &config,
        )?;
        let predicted = fitted.reconstructor.predict(&features.test).or_run()?;
        let latent = match given {
            Given::Spikes if self.repeat == 0 => {
                cell::latent_pictures(&fitted.reconstructor, &features.test, config.seed)?
            }
            _ => None,
        };
        Ok(Found {
            predicted,
            history: fitted.history,
            finish: Some(fitted.finish),
            latent,
            seconds_before: fitted.seconds_before,
        })
    }

    fn ridge(&self, features: &FeatureSet) -> Outcome<Found> {
        let ridge = Ridge::fit(
            (&features.train, &self.work.inputs.targets.train),
            (&features.validation, &self.work.inputs.targets.validation),
            &RidgeConfig::default(),
        )
        .or_run()?;
        Ok(Found::plain(ridge.predict(&features.test).or_run()?))
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
        let found = compute()?;
        let pixels = self.work.inputs.images.test.shape.pixels();
        let quality = cell::score(
            self.work.inputs.images.test.shape,
            &self.work.inputs.targets.test,
            &found.predicted,
        )?;
        let extremes = cell::extremes(&quality, EXTREMES)
            .map(|chosen| cell::pictures(&found.predicted, pixels, &chosen));
        let score = Score {
            repeat: self.repeat,
            regime: regime.map(str::to_string),
            method,
            quality,
            history: found.history,
            finish: found.finish,
            pictures: cell::pictures(&found.predicted, pixels, &self.work.inputs.gallery),
            extremes,
            latent: found.latent,
            seconds: found.seconds_before + started.elapsed().as_secs_f64(),
        };
        self.work.dir.write_json(&self.file(regime, method), &score)?;
        trainer::forget(self.work.dir, &self.label(regime, method))?;
        Ok(score)
    }

    fn label(&self, regime: Option<&str>, method: Method) -> String {
        format!("{}{}", self.work.name, Score::label(self.repeat, regime, method))
    }

    fn stored(&self, regime: Option<&str>, method: Method) -> Outcome<Option<Score>> {
        read_json(self.work.dir, &self.file(regime, method))
    }

    fn file(&self, regime: Option<&str>, method: Method) -> String {
        format!("cells/{}.json", self.label(regime, method))
    }
}

/// What a method gave for the images to score on.
struct Found {
    /// Reconstructions, `[images, channels, height, width]`.
    predicted: Vec<f32>,
    /// The training, epoch by epoch.
    history: Vec<EpochReport>,
    /// Why it ended.
    finish: Option<Finish>,
    /// What a VAE makes of other codes.
    latent: Option<LatentPictures>,
    /// Seconds of training before this process took it up.
    seconds_before: f64,
}

impl Found {
    /// Of a method that is not trained epoch by epoch.
    fn plain(predicted: Vec<f32>) -> Self {
        Self { predicted, history: Vec::new(), finish: None, latent: None, seconds_before: 0.0 }
    }
}

/// Reads a file of the run back; none if it is not there.
fn read_json<T: DeserializeOwned>(dir: &RunDir, name: &str) -> Outcome<Option<T>> {
    let path = dir.file(name)?;
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| {
            Failure::run(format!("{}: {e}; delete it to compute it anew", path.display()))
        }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure::run(format!("{}: {e}", path.display()))),
    }
}
