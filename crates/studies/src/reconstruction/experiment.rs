//! A whole comparison: every repetition, regime and method, cell by cell.
//!
//! The units of work are the activity of a regime's network, the encoding of the images in it, and
//! the cells. Spikes are not kept: they are encoded again where a cell is missing.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::Path;

use equipoise_data::npz::npy_bytes;
use equipoise_decoder::reconstruct::controls::{mean_image, pixels_as_features, shuffled};
use equipoise_decoder::reconstruct::{LinearFits, Pairs};
use equipoise_decoder::training::Finish;
use equipoise_encoder::images::Encoder;

use super::Settings;
use super::activity::{self, Activity};
use super::cell::{self, Epoch, FeatureSet, LatentPictures, Score, Targets};
use super::comparison::{Coded, Comparison, RECORDED, Used};
use super::cost;
use super::encoding::{self, Part};
use super::images::Images;
use super::method::{Input, Method};
use super::recorded::RecordedCounts;
use super::settings::Control;
use super::training::Training;
use crate::context::{Artefact, Context, Identity, Unit, gather, unless_deferred};
use crate::error::{OrStudyError, StudyError};
use crate::regimes::ImageCase;
use crate::timings::Timings;

/// How many test images are kept with their reconstructions for the report.
const GALLERY: usize = 10;
/// How many of the best, the median and the worst reconstructions are kept.
const EXTREMES: usize = 4;

/// What a comparison starts from, checked before anything is written.
#[derive(Debug)]
pub struct Inputs {
    /// The images.
    pub images: Images,
    /// Their intensities.
    pub targets: Targets,
    /// The regimes and their networks, the reference first; none where recordings are decoded.
    pub regimes: Vec<ImageCase>,
    /// The recordings that are decoded in the place of what networks make of the images.
    pub recorded: Option<RecordedCounts>,
    /// The images that are kept with their reconstructions.
    pub gallery: Vec<usize>,
}

impl Inputs {
    /// Opens the images and checks that networks, decoders and scores suit them. `root` is the
    /// folder of the data sets.
    ///
    /// # Errors
    /// For wrong data or settings.
    pub fn open(settings: &Settings, root: &Path) -> Result<Self, StudyError> {
        Self::of(settings, settings.data.open(root, settings.seed, settings.sides())?)
    }

    /// With images that are in memory.
    ///
    /// # Errors
    /// For settings that do not suit the images.
    pub fn of(settings: &Settings, images: Images) -> Result<Self, StudyError> {
        let shape = images.train.shape;
        cell::check_shape(shape)?;
        for kind in settings.kinds() {
            settings.decoder_of(kind).validate(shape).or_settings()?;
        }
        let recorded = RecordedCounts::of(&images, &settings.features)?;
        let regimes = match &recorded {
            Some(_) => Vec::new(),
            None => settings.networks(&images.train)?,
        };
        for case in &regimes {
            case.network
                .check(shape)
                .map_err(|e| StudyError::settings(format!("regime `{}`: {e}", case.name)))?;
        }
        let gallery = GALLERY.min(images.test.len());
        let gallery = images.test.balanced_indices(gallery, settings.seed)?;
        let targets = Targets::of(&images);
        Ok(Self { images, targets, regimes, recorded, gallery })
    }
}

/// A comparison to be made: of what, under which name, and in which context.
#[derive(Debug)]
pub struct Experiment<'a> {
    /// What was asked for; its regimes are those of `regimes`.
    pub settings: &'a Settings,
    /// The regimes and their networks, the reference first.
    pub regimes: &'a [ImageCase],
    /// The images.
    pub inputs: &'a Inputs,
    /// Where it is shown and kept.
    pub context: &'a Context<'a>,
    /// How long its units take.
    pub timings: &'a Timings<'a>,
    /// What the names of its units begin with; empty for a run's only comparison.
    pub name: String,
}

impl Experiment<'_> {
    /// Makes the comparison, or what is missing of it.
    ///
    /// # Errors
    /// As the study.
    pub fn run(&self) -> Result<Comparison, StudyError> {
        let parts = Part::ALL.map(|part| self.inputs.images.part(part).identity());
        let data = self.inputs.images.identity();
        let repetitions = gather((0..self.settings.repeats).map(|repeat| {
            let repetition = Repetition { of: self, repeat, data: &data };
            let without_spikes = unless_deferred(repetition.without_spikes())?;
            let regimes = gather(self.regimes.iter().enumerate().map(|(index, case)| {
                let mut network = Lazy::new(repetition.network(case));
                let activity = match repeat {
                    0 => unless_deferred(repetition.activity(case, &mut network))?.map(Some),
                    _ => Some(None),
                };
                let identity = repetition.spikes_identity(case);
                let kept = match self.settings.keep_spikes {
                    0 => Some(()),
                    _ => unless_deferred(repetition.keep_spikes(case, &identity, &mut network))?,
                };
                let seconds = cost::encoding(&case.network, &self.inputs.images);
                let encode = || repetition.encode(&case.name, network.get()?);
                let (code, found) =
                    repetition.regime(&case.name, &identity, index == 0, seconds, encode)?;
                let (activity, ()) = activity.zip(kept).ok_or(StudyError::Deferred)?;
                Ok((activity, code, found))
            }));
            let regimes = unless_deferred(regimes)?;
            let recorded = self.inputs.recorded.as_ref().map(|recorded| {
                let identity = recorded.identity(data.clone());
                let count = || {
                    let features = recorded.features(&self.settings.features)?;
                    Ok(Encoded { features, coded: recorded.coded(repeat) })
                };
                let (code, found) = repetition.regime(RECORDED, &identity, true, 1.0, count)?;
                Ok::<_, StudyError>((None, code, found))
            });
            let recorded = recorded.transpose()?;
            let mut regimes = regimes.ok_or(StudyError::Deferred)?;
            regimes.extend(recorded);
            Ok((without_spikes.ok_or(StudyError::Deferred)?, regimes))
        }))?;
        let mut scores = Vec::new();
        let mut coded = Vec::new();
        let mut activity = Vec::new();
        for (without_spikes, regimes) in repetitions {
            scores.extend(without_spikes);
            for (active, code, found) in regimes {
                activity.extend(active);
                coded.push(code);
                scores.extend(found);
            }
        }
        let test = &self.inputs.images.test;
        let shown: BTreeSet<usize> = scores
            .iter()
            .flat_map(Score::shown)
            .chain(self.inputs.gallery.iter().copied())
            .collect();
        let images = Used::of(&self.settings.data, test, shown);
        let [train, validation, _] = parts;
        let trained_on = [train, validation];
        let (kinds, regimes) = (self.settings.kinds(), self.regimes.to_vec());
        let recordings = self.inputs.recorded.as_ref().map(|recorded| recorded.measures().clone());
        Ok(Comparison { images, trained_on, kinds, regimes, coded, recordings, activity, scores })
    }
}

/// A value that is made when it is first needed.
struct Lazy<T, F> {
    value: Option<T>,
    make: F,
}

impl<T, F: Fn() -> Result<T, StudyError>> Lazy<T, F> {
    fn new(make: F) -> Self {
        Self { value: None, make }
    }

    fn get(&mut self) -> Result<&T, StudyError> {
        let value = match self.value.take() {
            Some(value) => value,
            None => (self.make)()?,
        };
        Ok(self.value.insert(value))
    }
}

/// The features of all images in a regime, and what the spikes looked like.
struct Encoded {
    features: FeatureSet,
    coded: Coded,
}

/// One repetition.
struct Repetition<'a> {
    of: &'a Experiment<'a>,
    repeat: usize,
    /// What the images are.
    data: &'a Identity,
}

impl Repetition<'_> {
    fn wants(&self, control: Control) -> bool {
        self.of.settings.controls.contains(&control)
    }

    fn seed(&self) -> u64 {
        self.of.settings.network_seed(self.repeat)
    }

    /// Builds the network of a regime.
    fn network(&self, case: &ImageCase) -> impl Fn() -> Result<Encoder, StudyError> {
        let shape = self.of.inputs.images.train.shape;
        move || Encoder::build(&case.network, shape, self.seed()).or_settings()
    }

    /// What the spikes of a regime depend on.
    fn spikes_identity(&self, case: &ImageCase) -> Identity {
        encoding::network_identity(self.data.clone(), &case.network, self.seed())
    }

    /// The network of a regime at work on an image.
    fn activity<F: Fn() -> Result<Encoder, StudyError>>(
        &self,
        case: &ImageCase,
        network: &mut Lazy<Encoder, F>,
    ) -> Result<Activity, StudyError> {
        let Experiment { settings, inputs, context, timings, .. } = self.of;
        let shown = inputs.gallery.first().copied().unwrap_or(0);
        let identity = self.spikes_identity(case).with("shown", shown).with("seed", settings.seed);
        let key = format!("activity/{}{}", self.of.name, case.name);
        // One second of the network.
        let unit = Unit::new(&key).seed(self.seed()).seconds(cost::activity(&case.network));
        context.unit(unit, &identity, || {
            timings.time(&key, || {
                let image = inputs.images.test.intensities(shown);
                activity::observe(settings.seed, &case.name, network.get()?, &image)
            })
        })
    }

    /// The cells that use no spikes.
    fn without_spikes(&self) -> Result<Vec<Score>, StudyError> {
        let Inputs { images, targets, .. } = self.of.inputs;
        let shape = images.train.shape;
        let mut scores = Vec::new();
        // The mean image is the same in every repetition.
        if self.wants(Control::MeanImage) && self.repeat == 0 {
            scores.push(self.cell(None, Method::MeanImage, self.data.clone(), || {
                let mean = mean_image(&targets.train, shape.pixels());
                Ok(Decoded::plain(mean.repeat(images.test.len())))
            }));
        }
        if self.wants(Control::Pixels) && self.repeat == 0 {
            let pixels = || {
                let of = |images: &[f32]| pixels_as_features(images, shape);
                FeatureSet {
                    train: of(&targets.train),
                    validation: of(&targets.validation),
                    test: of(&targets.test),
                }
            };
            let features = OnceCell::new();
            let linear = OnceCell::new();
            for kind in self.of.settings.kinds() {
                let method = Method::Decoder { kind, input: Input::Pixels };
                let identity =
                    self.of.settings.training_identity(self.data.clone(), kind, self.repeat);
                scores.push(self.cell(None, method, identity.clone(), || {
                    let features = features.get_or_init(pixels);
                    let linear = linear.get_or_init(|| self.linear(features));
                    self.decoder(None, method, &identity, features, linear)
                }));
            }
        }
        gather(scores)
    }

    /// The methods that read the spikes of a regime.
    fn methods(&self, is_reference: bool) -> Vec<Method> {
        let kinds = self.of.settings.kinds();
        let decoders = |input| kinds.iter().map(move |&kind| Method::Decoder { kind, input });
        let mut methods: Vec<Method> = decoders(Input::Spikes).collect();
        if self.wants(Control::Ridge) {
            methods.push(Method::Ridge);
        }
        if self.wants(Control::Shuffled) && is_reference && self.repeat == 0 {
            methods.extend(decoders(Input::Shuffled));
        }
        methods
    }

    /// The cells of one regime, or of recordings; its images are encoded only if something is
    /// missing. `identity` is what the spikes are made from, which is expected to take `seconds`.
    fn regime(
        &self,
        name: &str,
        identity: &Identity,
        is_reference: bool,
        seconds: f64,
        mut make: impl FnMut() -> Result<Encoded, StudyError>,
    ) -> Result<(Coded, Vec<Score>), StudyError> {
        let key = format!("cells/{}{}-{name}-code", self.of.name, self.repeat + 1);
        let name = Some(name);
        let encoded = OnceCell::new();
        // The ridge regressions of these features: the control and the decoders' start share them.
        let linear = OnceCell::new();
        let shuffled = OnceCell::new();
        let shuffled_linear = OnceCell::new();
        let mut encode = || -> Result<&Encoded, StudyError> {
            match encoded.get() {
                Some(encoded) => Ok(encoded),
                None => {
                    let made = self.of.timings.time(&key, &mut make)?;
                    Ok(encoded.get_or_init(|| made))
                }
            }
        };
        let unit = Unit::new(&key).seed(self.seed()).seconds(seconds);
        let coded = self.of.context.unit(unit, identity, || Ok(encode()?.coded.clone()));
        let coded = unless_deferred(coded)?;
        let scores = gather(self.methods(is_reference).into_iter().map(|method| {
            let identity = match method {
                Method::Decoder { kind, .. } => {
                    let identity = identity.clone();
                    self.of.settings.training_identity(identity, kind, self.repeat)
                }
                _ => identity.clone().with_each("features", &self.of.settings.features),
            };
            self.cell(name, method, identity.clone(), || {
                let features = &encode()?.features;
                let linear = linear.get_or_init(|| self.linear(features));
                match method {
                    Method::Decoder { input: Input::Shuffled, .. } => {
                        let features = shuffled.get_or_init(|| self.shuffled(features));
                        let linear = shuffled_linear.get_or_init(|| self.linear(features));
                        self.decoder(name, method, &identity, features, linear)
                    }
                    Method::Decoder { .. } => {
                        self.decoder(name, method, &identity, features, linear)
                    }
                    Method::Ridge | Method::MeanImage => {
                        let ridge = linear.control().or_failed()?;
                        Ok(Decoded::plain(ridge.predict(&features.test).or_failed()?))
                    }
                }
            })
        }))?;
        Ok((coded.ok_or(StudyError::Deferred)?, scores))
    }

    /// Keeps some of the spikes of each part.
    fn keep_spikes<F: Fn() -> Result<Encoder, StudyError>>(
        &self,
        case: &ImageCase,
        identity: &Identity,
        network: &mut Lazy<Encoder, F>,
    ) -> Result<(), StudyError> {
        let count = self.of.settings.keep_spikes;
        let identity = identity.clone().with("keep_spikes", count);
        let parts = Part::ALL.into_iter().map(|part| {
            let key =
                format!("spikes/{}{}-{}-{}", self.of.name, self.repeat + 1, case.name, part.name());
            let files = |file: &Option<Artefact>| file.iter().cloned().collect();
            self.of.context.unit_with_files(&key, &identity, files, || {
                let images = self.of.inputs.images.part(part);
                let scope = (part, self.seed(), count);
                encoding::keep_spikes(self.of.context, &key, network.get()?, images, scope)
            })
        });
        gather(parts).map(|_| ())
    }

    /// Encodes the three parts.
    fn encode(&self, name: &str, network: &Encoder) -> Result<Encoded, StudyError> {
        let Experiment { settings, inputs, context, .. } = self.of;
        let Images { train, validation, test, .. } = &inputs.images;
        let total = (train.len() + validation.len() + test.len()) as u64;
        let stage = context.stage(&format!("encode {}-{name}", self.repeat + 1), total)?;
        let encode = |images, part| {
            let scope = (self.seed(), settings.batch);
            encoding::features(network, images, part, &settings.features, scope, &stage)
        };
        let (train, spikes) = encode(train, Part::Train)?;
        let (validation, _) = encode(validation, Part::Validation)?;
        let (test, _) = encode(test, Part::Test)?;
        let spikes_per_image = spikes as f64 / train.images as f64;
        let units = network.neurons();
        let rate_hz = spikes_per_image / (units as f64 * network.duration() / 1000.0);
        let coded = Coded {
            repeat: self.repeat,
            regime: name.to_owned(),
            network: Some(network.config()),
            seed: Some(self.seed()),
            units,
            spikes_per_image,
            rate_hz,
        };
        Ok(Encoded { features: FeatureSet { train, validation, test }, coded })
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
        identity: &Identity,
        features: &FeatureSet,
        linear: &LinearFits<'_>,
    ) -> Result<Decoded, StudyError> {
        let Experiment { settings, context, .. } = self.of;
        let Method::Decoder { kind, input } = method else {
            return Err(StudyError::failed(format!("{} is not trained", method.name())));
        };
        let label = self.label(regime, method);
        let config = settings.reconstructor(kind, self.repeat);
        let training = Training { context, label: &label, identity, config: &config };
        let (fitted, model) = training.fit(linear)?;
        let predicted = fitted.reconstructor.predict(&features.test).or_failed()?;
        let latent = match input {
            Input::Spikes if self.repeat == 0 => {
                let seed = config.training.seed;
                cell::latent_pictures(&fitted.reconstructor, &features.test, seed)?
            }
            _ => None,
        };
        Ok(Decoded {
            predicted,
            history: fitted.history.iter().map(Epoch::from).collect(),
            finish: Some(fitted.finish),
            latent,
            model: Some(model),
        })
    }

    /// The ridge regressions from these features to the images, none made yet.
    fn linear<'f>(&'f self, features: &'f FeatureSet) -> LinearFits<'f> {
        let Inputs { images, targets, .. } = self.of.inputs;
        let shape = images.train.shape;
        let pairs = |features, images| Pairs { features, images, shape };
        LinearFits::new(
            pairs(&features.train, &targets.train),
            pairs(&features.validation, &targets.validation),
        )
    }

    /// A cell from the store, or computed and kept. `identity` is that of what decodes.
    fn cell(
        &self,
        regime: Option<&str>,
        method: Method,
        identity: Identity,
        compute: impl FnOnce() -> Result<Decoded, StudyError>,
    ) -> Result<Score, StudyError> {
        let Experiment { settings, inputs, context, timings, .. } = self.of;
        let label = self.label(regime, method);
        let key = format!("cells/{label}");
        // The choice of images that are shown follows the seed.
        let identity = identity.with("shown", settings.seed);
        let files =
            |score: &Score| score.model.iter().chain(&score.reconstructions).cloned().collect();
        let seconds = cost::cell(settings, &inputs.images, method, self.repeat);
        let unit = Unit::new(&key).seed(self.seed()).seconds(seconds);
        let score = context.unit_with_files(unit, &identity, files, || {
            timings.time(&key, || {
                let decoded = compute()?;
                let shape = inputs.images.test.shape;
                let quality = cell::score(shape, &inputs.targets.test, &decoded.predicted)?;
                let pictures =
                    |chosen: &[usize]| cell::pictures(&decoded.predicted, shape.pixels(), chosen);
                let extremes = cell::extremes(&quality, EXTREMES).map(|chosen| pictures(&chosen));
                Ok(Score {
                    repeat: self.repeat,
                    regime: regime.map(str::to_string),
                    method,
                    quality,
                    history: decoded.history,
                    finish: decoded.finish,
                    pictures: pictures(&inputs.gallery),
                    extremes,
                    latent: decoded.latent,
                    model: decoded.model,
                    reconstructions: self.keep(&key, &decoded.predicted)?,
                })
            })
        })?;
        if let Method::Decoder { .. } = method {
            Training::forget(context, &label)?;
        }
        Ok(score)
    }

    /// Keeps the reconstructions of the first images, for a run whose only comparison this is.
    fn keep(&self, key: &str, predicted: &[f32]) -> Result<Option<Artefact>, StudyError> {
        let Experiment { settings, inputs, context, name, .. } = self.of;
        let test = &inputs.images.test;
        let count = settings.keep_reconstructions.min(test.len());
        if count == 0 || !name.is_empty() {
            return Ok(None);
        }
        let shape = test.shape;
        let sizes = [count, shape.channels, shape.height, shape.width];
        let values = predicted.iter().take(count * shape.pixels()).copied();
        let bytes = npy_bytes(&sizes, values).or_failed()?;
        context.write(&format!("{key}.npy"), &bytes).map(Some)
    }

    fn label(&self, regime: Option<&str>, method: Method) -> String {
        format!("{}{}", self.of.name, Score::label(self.repeat, regime, method))
    }
}

/// What a cell computes before it is scored.
struct Decoded {
    /// Reconstructions, `[images, channels, height, width]`.
    predicted: Vec<f32>,
    /// The training, epoch by epoch.
    history: Vec<Epoch>,
    /// Why it ended.
    finish: Option<Finish>,
    /// What a VAE makes of other codes.
    latent: Option<LatentPictures>,
    /// The file of the model.
    model: Option<Artefact>,
}

impl Decoded {
    /// Of a method that is not trained epoch by epoch.
    fn plain(predicted: Vec<f32>) -> Self {
        Self { predicted, history: Vec::new(), finish: None, latent: None, model: None }
    }
}
