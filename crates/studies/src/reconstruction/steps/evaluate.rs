//! How well trained decoders reconstruct images that they have not seen.

use std::path::{Path, PathBuf};

use equipoise_data::{Counts, ImageSet};
use equipoise_decoder::checkpoint;
use equipoise_decoder::reconstruct::controls::mean_image;
use equipoise_decoder::reconstruct::{
    FeatureConfig, LinearFits, Pairs, Reconstructor, SpikeFeatures,
};
use equipoise_report::{Report, RunDir, Step};
use serde::{Deserialize, Serialize};

use super::super::activity::{self, Activity};
use super::super::cell::{FeatureSet, Targets};
use super::super::comparison::Used;
use super::super::encoding::{self, Part};
use super::super::images::{Images, ScoredImages, intensities};
use super::super::method::Method;
use super::super::reconstructions::Reconstructions;
use super::super::recorded::{self, RecordedCounts};
use super::super::report::{networks, spikes_step};
use super::super::settings::Control;
use super::super::studies::begin;
use super::super::{Settings, figures, verdicts};
use super::encode::state;
use super::encoded::{EncodedRun, found};
use super::scores::{self, Evaluated};
use super::train::{DECODER, Train, Trained, open_encoded};
use super::trained::{TrainedRegime, TrainedRun, network_of};
use crate::context::{Artefact, Context, Identity, Silent, StoredRun, digest_of};
use crate::error::{OrStudyError, StudyError};
use crate::metrics::Metrics;
use crate::study::Study;
use crate::timings::Timings;

/// Images that the report shows.
const GALLERY: usize = 10;

/// Evaluates a model on encoded images, or the networks and decoders of a run on other images.
#[derive(Debug)]
pub struct Evaluate;

/// A decoder of encoded images.
#[derive(Debug)]
pub struct OneDecoder {
    /// The encoded images.
    encoded: EncodedRun,
    /// The decoder.
    decoder: Reconstructor,
    /// The file of the model.
    file: PathBuf,
    /// What was made of the model's training, to tell one model from another.
    digest: String,
}

/// The networks and decoders of a run, with other images.
#[derive(Debug)]
pub struct WholeRun {
    /// The run.
    run: TrainedRun,
    /// The images to evaluate on.
    images: ImageSet,
    /// What was recorded while they were shown; nothing where networks encode them.
    recorded: Option<Counts>,
    /// What was noticed while they were read.
    remarks: Vec<String>,
    /// The images the run was trained on, for the controls; the reason if they are not to be had.
    trained_on: Result<(Images, Targets), String>,
}

/// What an evaluation starts from.
#[derive(Debug)]
pub enum EvaluateInputs {
    /// A model and encoded images.
    Model(Box<OneDecoder>),
    /// A run and other images.
    Run(Box<WholeRun>),
}

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was evaluated: the file of a model, or the directory of a run.
    pub subject: String,
    /// The part of the data.
    pub part: Part,
    /// The images.
    pub images: Used,
    /// Every method on every regime.
    pub rows: Vec<Evaluated>,
    /// The networks at work on the first image that is shown.
    pub activity: Vec<Activity>,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// The images and all reconstructions; see [`reconstructions`](super::super::reconstructions).
    pub reconstructions: Artefact,
}

impl Study for Evaluate {
    const NAME: &'static str = "evaluate";
    type Settings = Settings;
    type Inputs = EvaluateInputs;
    type Results = Evaluation;

    fn preset() -> Result<String, String> {
        Settings::layer("")
    }

    fn open(settings: &Settings, root: &Path) -> Result<EvaluateInputs, StudyError> {
        match (&settings.run, &settings.model) {
            (Some(_), Some(_)) => Err(StudyError::settings(
                "run, model: give one of them, a run whose networks encode the images, or a model \
                 for encoded images",
            )),
            (Some(dir), None) => open_run(dir, settings, root),
            (None, Some(model)) => open_model(model, settings, root),
            (None, None) => Err(StudyError::settings(
                "model, run: one is needed, a model for encoded images, or a run whose networks \
                 encode the images",
            )),
        }
    }

    fn data(inputs: &EvaluateInputs) -> Identity {
        match inputs {
            EvaluateInputs::Model(one) => {
                one.encoded.inputs.images.identity().with("model", &one.digest)
            }
            EvaluateInputs::Run(whole) => Identity::new()
                .with("data", whole.images.fingerprint())
                .with("run", digest_of(&whole.run.identity))
                .with("models", digest_of(&whole.run.models)),
        }
    }

    fn remarks(_: &Settings, inputs: &EvaluateInputs) -> Vec<String> {
        match inputs {
            EvaluateInputs::Model(one) => one.encoded.inputs.images.remarks.clone(),
            EvaluateInputs::Run(whole) => whole.remarks.clone(),
        }
    }

    fn run(
        settings: &Settings,
        inputs: &EvaluateInputs,
        context: &Context<'_>,
    ) -> Result<Evaluation, StudyError> {
        begin(settings, context)?;
        let timings = Timings::open(context)?;
        let images = match inputs {
            EvaluateInputs::Model(one) => one.encoded.inputs.images.part(settings.part),
            EvaluateInputs::Run(whole) => &whole.images,
        };
        let shown = images.balanced_indices(GALLERY.min(images.len()), settings.seed)?;
        let work = Work { settings, images, shown, originals: intensities(images), context };
        let identity = settings
            .part
            .identity(Identity::new(), &images.identity())
            .with("controls", digest_of(&settings.controls))
            .with("seed", settings.seed);
        let identity = match inputs {
            EvaluateInputs::Model(one) => identity.with("model", &one.digest),
            EvaluateInputs::Run(whole) => identity
                .with("run", digest_of(&whole.run.identity))
                .with("models", digest_of(&whole.run.models)),
        };
        let files = |found: &Evaluation| vec![found.reconstructions.clone()];
        let evaluation = context.unit_with_files("evaluation", &identity, files, || {
            timings.time("evaluation", || match inputs {
                EvaluateInputs::Model(one) => work.one(one),
                EvaluateInputs::Run(whole) => work.whole(whole),
            })
        })?;
        context.write("images.csv", &scores::images_csv(&evaluation.images, &evaluation.rows)?)?;
        for remark in remarks(&evaluation) {
            context.remark(remark);
        }
        Ok(evaluation)
    }

    fn report(results: &Evaluation) -> Report {
        let mut report = Report::new("Reconstruction from spikes");
        let count = results.images.labels.len();
        report.subtitle(&format!(
            "{} ({}, {count} images) by {}",
            results.images.dataset,
            results.part.name(),
            results.subject
        ));
        report.strip(steps(results));
        for sentence in findings(results) {
            report.found(&sentence);
        }
        for remark in remarks(results) {
            report.remark(&remark);
        }
        report.table("quality", &scores::table(&caption(results), &results.rows)).figure(
            "gallery",
            &scores::gallery(&results.images, &results.rows),
            "Images over their reconstructions, with PSNR and SSIM.",
        );
        if !results.activity.is_empty() {
            report.heading("The networks");
            networks(&mut report, &results.activity, &[]);
        }
        report
    }

    fn metrics(results: &Evaluation) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.count("images", results.images.labels.len());
        for row in &results.rows {
            let regime = row.regime.as_deref().unwrap_or("no_spikes");
            let name = format!("{regime}.{}", row.method.key());
            metrics.mean(format!("{name}.psnr"), row.quality.iter().map(|q| q.psnr));
            metrics.mean(format!("{name}.ssim"), row.quality.iter().map(|q| q.ssim));
            metrics.mean(format!("{name}.mse"), row.quality.iter().map(|q| q.mse));
        }
        metrics
    }

    fn summary_within(results: &Evaluation, width: usize) -> String {
        let table = scores::table(&caption(results), &results.rows).to_text_within(width);
        let states: Vec<String> = results.activity.iter().map(state).collect();
        format!("{table}\n{}\n{}\n", findings(results).join("\n"), states.join("\n"))
    }
}

/// What was done, in pictures of the first image that is shown.
fn steps(results: &Evaluation) -> Vec<Step> {
    let images = &results.images;
    let decoder = results.rows.iter().find(|row| matches!(row.method, Method::Decoder { .. }));
    let shown = decoder.and_then(|row| Some((row, row.pictures.first()?)));
    let mut image = Step::new("Image", &format!("{}, {}", images.dataset, images.shape));
    if let Some((_, (index, _))) = shown
        && let Some(original) = images.originals.get(index)
    {
        image = image.picture(&figures::picture(original, images.shape));
    }
    let mut steps = vec![image];
    match results.activity.as_slice() {
        [] => steps.push(Step::new("Spikes", "counts of an earlier encoding")),
        activity => steps.extend(activity.iter().take(2).map(spikes_step)),
    }
    if let Some((row, (_, bytes))) = shown {
        let step = Step::new("Reconstruction", &format!("{}, {:.2} dB", row.title(), row.psnr()));
        steps.push(step.picture(&figures::picture(bytes, images.shape)));
    }
    steps
}

fn caption(results: &Evaluation) -> String {
    format!(
        "Quality over {} images ({})",
        results.images.labels.len(),
        results.images.identity.name
    )
}

/// Each decoder beside its controls.
fn findings(results: &Evaluation) -> Vec<String> {
    let groups = scores::by_method(&results.rows);
    let psnr = |regime: Option<&str>, method| {
        let group = groups.iter().find(|group| {
            group.iter().any(|row| row.regime.as_deref() == regime && row.method == method)
        })?;
        Some(group.iter().map(|row| row.psnr()).sum::<f64>() / group.len().max(1) as f64)
    };
    let decoders = groups
        .iter()
        .filter_map(|group| group.first())
        .filter(|row| matches!(row.method, Method::Decoder { .. }));
    decoders
        .map(|row| {
            let regime = row.regime.as_deref();
            let found = psnr(regime, row.method).unwrap_or(f64::NAN);
            let mut sentence = format!("{} reaches {found:.2} dB", row.title());
            if let Some(ridge) = psnr(regime, Method::Ridge) {
                sentence += &format!(", ridge regression on the same spikes {ridge:.2} dB");
            }
            if let Some(mean) = psnr(None, Method::MeanImage) {
                sentence += &format!(", the mean training image {mean:.2} dB");
            }
            sentence + "."
        })
        .collect()
}

fn remarks(results: &Evaluation) -> Vec<String> {
    let mut remarks = results.left_out.clone();
    remarks.extend(verdicts::activity_remarks(&results.activity));
    remarks.extend(verdicts::blank_remark(&results.images));
    remarks
}

/// Opens a model and the encoded images that it is to reconstruct.
fn open_model(
    model: &Path,
    settings: &Settings,
    root: &Path,
) -> Result<EvaluateInputs, StudyError> {
    let encoded = open_encoded(settings, root)?;
    let file = match model.is_dir() {
        true => {
            RunDir::stored_record_of(model, Train::NAME)?;
            let context = Context::new(Silent, StoredRun::new(model));
            let (_, trained): (Identity, Trained) = found(model, &context, DECODER)?;
            if !context.intact(&trained.model)? {
                return Err(StudyError::input(format!(
                    "{}/{}: missing or damaged",
                    model.display(),
                    trained.model.name
                )));
            }
            model.join(trained.model.name)
        }
        false => model.to_owned(),
    };
    let wrong = |e: &dyn std::fmt::Display| StudyError::input(format!("{}: {e}", file.display()));
    let bytes = checkpoint::read(&file).map_err(StudyError::input)?;
    let device = settings.backend.device().or_settings()?;
    let decoder = Reconstructor::from_bytes(&bytes, &device).map_err(|e| wrong(&e))?;
    if decoder.shape != encoded.encoding.shape {
        return Err(wrong(&format!(
            "reconstructs images of {}, the data set has {}",
            decoder.shape, encoded.encoding.shape
        )));
    }
    let origin = Identity::from(&decoder.origin);
    // What the model was trained on, and what is here: the images may be others, the network not.
    let network = network_of(&encoded.encoding.regime, encoded.encoding.seed);
    if let Some((what, here, there)) = network.difference_within(&origin) {
        return Err(wrong(&format!(
            "trained on the spikes of another network: {what} was {there} there and is {here} in {}",
            encoded.dir.display()
        )));
    }
    let features = encoded.features(settings.part, &decoder.features)?;
    decoder.normaliser.check(&features).map_err(|e| wrong(&e))?;
    let digest = digest_of(&bytes);
    Ok(EvaluateInputs::Model(Box::new(OneDecoder { encoded, decoder, file, digest })))
}

/// Opens a run and the images that its networks are to encode.
fn open_run(dir: &Path, settings: &Settings, root: &Path) -> Result<EvaluateInputs, StudyError> {
    let run = TrainedRun::open(dir, settings)?;
    let (data, own) = (&settings.data, &run.settings.data);
    let at = dir.display();
    let ScoredImages { images, recorded, remarks } = match (&data.recorded, &own.recorded) {
        (None, None) => data.open_part(settings.part, root, settings.seed, run.shape)?,
        (Some(_), Some(_)) if data.dataset != own.dataset => {
            return Err(StudyError::input(format!(
                "{at}: its decoders read recordings; {} has images alone",
                data.dataset
            )));
        }
        // The same recordings are divided as they were; others are scored on whole.
        (Some(here), Some(there)) if here == there => {
            data.open_part(settings.part, root, settings.seed, run.shape)?
        }
        (Some(_), Some(_)) => data.open_recordings(root, settings.seed)?,
        (Some(_), None) => {
            return Err(StudyError::input(format!(
                "{at}: its decoders read the spikes of its networks, not recordings"
            )));
        }
        (None, Some(_)) => {
            return Err(StudyError::input(format!("{at}: its decoders read recordings")));
        }
    };
    if images.shape != run.shape {
        return Err(StudyError::input(format!(
            "{at}: its decoders reconstruct images of {}, {} has {}",
            run.shape, images.name, images.shape
        )));
    }
    let recorded = match recorded {
        Some(response) => {
            let features = &run.settings.features;
            let counts = recorded::counts(&response, features)?.subset(&images.indices);
            let read = recorded::features(&counts, features)?;
            for (_, decoder) in run.regimes.iter().flat_map(|regime| &regime.decoders) {
                decoder.normaliser.check(&read).map_err(|e| format!("{at}: {e}")).or_input()?;
            }
            Some(counts)
        }
        None => None,
    };
    let wants = |control| settings.controls.contains(&control);
    let trained_on = if wants(Control::Ridge) || wants(Control::MeanImage) {
        training_images(&run, root)
    } else {
        Err("no controls were asked for".to_owned())
    };
    Ok(EvaluateInputs::Run(Box::new(WholeRun { run, images, recorded, remarks, trained_on })))
}

/// The images that a run was trained on, if they are still what they were.
fn training_images(run: &TrainedRun, root: &Path) -> Result<(Images, Targets), String> {
    let settings = &run.settings;
    let images = settings.data.open(root, settings.seed, settings.sides());
    let images = images.map_err(|e| e.to_string())?;
    let here =
        [Part::Train, Part::Validation].iter().fold(Identity::default(), |identity, &part| {
            part.identity(identity, &images.part(part).identity())
        });
    match here.difference_within(&run.identity) {
        Some((what, _, _)) => Err(format!("{what} is not what the run was trained on")),
        None => {
            let targets = Targets::of(&images);
            Ok((images, targets))
        }
    }
}

/// An evaluation under way.
struct Work<'a> {
    settings: &'a Settings,
    images: &'a ImageSet,
    shown: Vec<usize>,
    originals: Vec<f32>,
    context: &'a Context<'a>,
}

impl Work<'_> {
    fn wants(&self, control: Control) -> bool {
        self.settings.controls.contains(&control)
    }

    fn one(&self, one: &OneDecoder) -> Result<Evaluation, StudyError> {
        let OneDecoder { encoded, decoder, file, .. } = one;
        let regime = encoded.encoding.regime.name.as_str();
        let config = &decoder.features;
        let mut found = self.begin()?;
        let test = encoded.features(self.settings.part, config)?;
        let method = Method::decoder(decoder.config.kind);
        found.decoder((0, Some(regime), method), decoder, &test)?;
        if self.wants(Control::Ridge) {
            let train = encoded.features(Part::Train, config)?;
            let validation = encoded.features(Part::Validation, config)?;
            found.ridge((0, regime), [&train, &validation, &test], encoded.targets())?;
        }
        if self.wants(Control::MeanImage) {
            found.mean_image(encoded.targets())?;
        }
        found.finish(file.display().to_string(), Vec::new(), Vec::new())
    }

    fn whole(&self, whole: &WholeRun) -> Result<Evaluation, StudyError> {
        let WholeRun { run, trained_on, recorded, .. } = whole;
        let mut found = self.begin()?;
        let (mut activity, mut left_out) = (Vec::new(), Vec::new());
        for regime in &run.regimes {
            let name = regime.name.as_str();
            if let (Some((network, _)), 0) = (&regime.network, regime.repeat) {
                let image =
                    self.shown.first().map(|&i| self.images.intensities(i)).unwrap_or_default();
                activity.push(activity::observe(self.settings.seed, name, network, &image)?);
            }
            let Some((_, first)) = regime.decoders.first() else { continue };
            let config = &first.features;
            let test = match recorded {
                Some(counts) => recorded::features(counts, config)?,
                None => self.encode(regime, self.images, self.settings.part, config)?,
            };
            for (kind, decoder) in &regime.decoders {
                let what = (regime.repeat, Some(name), Method::decoder(*kind));
                found.decoder(what, decoder, &test)?;
            }
            if let (true, Ok((images, targets))) = (self.wants(Control::Ridge), trained_on) {
                let (train, validation) = match RecordedCounts::of(images, config)? {
                    Some(recorded) => {
                        let FeatureSet { train, validation, .. } = recorded.features(config)?;
                        (train, validation)
                    }
                    None => (
                        self.encode(regime, &images.train, Part::Train, config)?,
                        self.encode(regime, &images.validation, Part::Validation, config)?,
                    ),
                };
                found.ridge((regime.repeat, name), [&train, &validation, &test], targets)?;
            }
        }
        match trained_on {
            Ok((_, targets)) if self.wants(Control::MeanImage) => found.mean_image(targets)?,
            Err(reason) if !self.settings.controls.is_empty() => left_out.push(format!(
                "Ridge regression and the mean image are left out, because the run's training \
                 images are not to be had: {reason}."
            )),
            _ => {}
        }
        found.finish(run.dir.display().to_string(), activity, left_out)
    }

    fn encode(
        &self,
        regime: &TrainedRegime,
        images: &ImageSet,
        part: Part,
        config: &FeatureConfig,
    ) -> Result<SpikeFeatures, StudyError> {
        let Some((network, seed)) = &regime.network else {
            return Err(StudyError::input("data.recorded: recordings are needed"));
        };
        let name = format!("encode {}-{}, {}", regime.repeat + 1, regime.name, part.name());
        let stage = self.context.stage(&name, images.len() as u64)?;
        let scope = (*seed, self.settings.batch);
        Ok(encoding::features(network, images, part, config, scope, &stage)?.0)
    }

    fn begin(&self) -> Result<Found<'_>, StudyError> {
        let (images, originals) = (self.images, &self.originals);
        let reconstructions =
            Reconstructions::begin(self.context, images, originals, images.len())?;
        Ok(Found { work: self, rows: Vec::new(), reconstructions })
    }
}

/// What an evaluation under way has found.
struct Found<'a> {
    work: &'a Work<'a>,
    rows: Vec<Evaluated>,
    reconstructions: Reconstructions<'a>,
}

impl Found<'_> {
    /// Scores and keeps what a method has reconstructed in a repetition.
    fn add(
        &mut self,
        what: (usize, Option<&str>, Method),
        predicted: &[f32],
    ) -> Result<(), StudyError> {
        let Work { images, shown, originals, .. } = self.work;
        self.rows.push(Evaluated::of(what, images.shape, originals, predicted, shown)?);
        self.reconstructions.add(what, predicted)
    }

    fn decoder(
        &mut self,
        what: (usize, Option<&str>, Method),
        decoder: &Reconstructor,
        test: &SpikeFeatures,
    ) -> Result<(), StudyError> {
        self.add(what, &decoder.predict(test).or_failed()?)
    }

    fn ridge(
        &mut self,
        (repeat, regime): (usize, &str),
        [train, validation, test]: [&SpikeFeatures; 3],
        targets: &Targets,
    ) -> Result<(), StudyError> {
        let shape = self.work.images.shape;
        let pairs = |features, images| Pairs { features, images, shape };
        let fits =
            LinearFits::new(pairs(train, &targets.train), pairs(validation, &targets.validation));
        let ridge = fits.control().or_failed()?;
        self.add((repeat, Some(regime), Method::Ridge), &ridge.predict(test).or_failed()?)
    }

    fn mean_image(&mut self, targets: &Targets) -> Result<(), StudyError> {
        let images = self.work.images;
        let mean = mean_image(&targets.train, images.shape.pixels());
        self.add((0, None, Method::MeanImage), &mean.repeat(images.len()))
    }

    fn finish(
        self,
        subject: String,
        activity: Vec<Activity>,
        left_out: Vec<String>,
    ) -> Result<Evaluation, StudyError> {
        let Self { work, rows, reconstructions } = self;
        let reconstructions = reconstructions.finish()?;
        let images = Used::of(&work.settings.data, work.images, work.shown.iter().copied());
        let part = work.settings.part;
        Ok(Evaluation { subject, part, images, rows, activity, left_out, reconstructions })
    }
}
