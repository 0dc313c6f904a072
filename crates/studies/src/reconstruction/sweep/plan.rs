//! The comparisons of the study, one after the other.

use std::path::{Path, PathBuf};

use equipoise_encoder::images::EncoderConfig;
use equipoise_encoder::network::ColorCode;

use super::super::Settings;
use super::super::comparison::Comparison;
use super::super::experiment::{Experiment, Inputs};
use super::super::images::ScoreOn;
use super::super::settings::Control;
use super::colors::{ColorResults, color_name};
use super::results::{DataSetResults, Point, SweepResults, file_name};
use super::settings::{Choice, SweepSettings};
use crate::context::{Context, Identity, digest_of, gather, unless_deferred};
use crate::error::{OrStudyError, StudyError};
use crate::populations::resized;
use crate::regimes::ImageCase;
use crate::timings::Timings;

/// A data set ready for comparisons.
#[derive(Debug)]
pub struct Prepared {
    /// Its settings.
    pub settings: Settings,
    /// Its images, and the networks of all regimes.
    pub inputs: Inputs,
}

impl Prepared {
    fn open(settings: Settings, root: &Path) -> Result<Self, StudyError> {
        let inputs = Inputs::open(&settings, root)?;
        Ok(Self { settings, inputs })
    }

    fn is_colored(&self) -> bool {
        self.inputs.images.train.shape.channels == 3
    }
}

/// A number of neurons, and networks that have it.
type OfSize = (usize, Vec<ImageCase>);

/// What the study starts from.
#[derive(Debug)]
pub struct SweepInputs {
    /// The data sets of the main comparisons.
    datasets: Vec<Prepared>,
    /// The folder of the data sets: those of the curve over training images are opened one at a
    /// time, so that memory holds no two of them.
    root: PathBuf,
    /// The first of them for the choices, if there are any.
    held_out: Option<Prepared>,
    /// The networks of the curve over neurons, by their number.
    sizes: Vec<OfSize>,
    /// Which are left out of it, and why.
    left_out: Vec<String>,
}

impl SweepInputs {
    /// Opens the data sets, and refuses curves and alternatives that could not be made.
    ///
    /// # Errors
    /// For wrong data or settings.
    pub fn open(settings: &SweepSettings, root: &Path) -> Result<Self, StudyError> {
        let open = |settings: Settings| Prepared::open(settings, root);
        let main = |name: &String| open(settings.settings(name).or_settings()?);
        let datasets: Vec<Prepared> =
            settings.datasets.iter().map(main).collect::<Result<_, _>>()?;
        if let Some(&most) = settings.curves.train.iter().max() {
            open(fewer_images(settings, most)?)?;
        }
        let held_out = match settings.choices.as_slice() {
            [] => None,
            _ => Some(open(held_out(settings)?)?),
        };
        let (sizes, left_out) = match datasets.first() {
            Some(first) => sizes(first, &settings.curves.neurons)?,
            None => Default::default(),
        };
        let inputs = Self { datasets, root: root.to_owned(), held_out, sizes, left_out };
        inputs.check(settings)?;
        Ok(inputs)
    }

    /// What the images of the data sets are.
    pub(super) fn data(&self) -> Identity {
        self.datasets.iter().fold(Identity::new(), |identity, data| {
            let name = format!("data.{}", data.settings.data.name());
            identity.with(&name, digest_of(&data.inputs.images.identity()))
        })
    }

    /// What was noticed while the data were read.
    pub fn remarks(&self) -> Vec<String> {
        let data = self.datasets.iter().flat_map(|data| data.inputs.images.remarks.clone());
        data.chain(self.left_out.clone()).collect()
    }

    fn check(&self, settings: &SweepSettings) -> Result<(), StudyError> {
        let check = |regimes: &[ImageCase], data: &Prepared| {
            let shape = data.inputs.images.train.shape;
            regimes.iter().try_for_each(|case| case.network.check(shape))
        };
        if settings.colors.len() > 1 {
            for data in self.datasets.iter().filter(|data| data.is_colored()) {
                for &color in &settings.colors {
                    let regimes =
                        colored(data, settings, color).networks(&data.inputs.images.train)?;
                    check(&regimes, data).map_err(|e| {
                        StudyError::settings(format!("colors, {}: {e}", color_name(color)))
                    })?;
                }
            }
        }
        if let Some(data) = &self.held_out {
            for choice in &settings.choices {
                chosen(&data.settings, choice)
                    .decoder_of(settings.first_decoder())
                    .validate(data.inputs.images.train.shape)
                    .map_err(|e| {
                        StudyError::settings(format!("choices, `{}`: {e}", choice.name))
                    })?;
            }
        }
        Ok(())
    }
}

/// The study under way.
#[derive(Debug)]
pub struct Sweep<'a> {
    /// What was asked for.
    pub settings: &'a SweepSettings,
    /// The data sets.
    pub inputs: &'a SweepInputs,
    /// Where it is shown and kept.
    pub context: &'a Context<'a>,
    /// How long its units take.
    pub timings: &'a Timings<'a>,
}

impl Sweep<'_> {
    /// Runs what is missing of the study.
    ///
    /// # Errors
    /// An interruption, a training that diverges, or a file that cannot be written.
    pub fn run(&self) -> Result<SweepResults, StudyError> {
        let datasets = gather(self.inputs.datasets.iter().map(|data| {
            let dataset = data.settings.data.dataset.clone();
            let prefix = format!("{}-", file_name(&dataset));
            let equal_time = self.compare(data, &data.settings, &data.inputs.regimes, prefix)?;
            let equal_spikes = match self.settings.equal_spikes && equal_time.regimes.len() > 1 {
                true => Some(self.equal_spikes(&dataset, data, &equal_time)?),
                false => None,
            };
            Ok(DataSetResults { dataset, equal_time, equal_spikes })
        }));
        let datasets = unless_deferred(datasets)?;
        let by_images = unless_deferred(self.by_images())?;
        let by_neurons = unless_deferred(self.by_neurons())?;
        let colors = unless_deferred(self.colors())?;
        let choices = self.choices()?;
        let (Some(datasets), Some(by_images)) = (datasets, by_images) else {
            return Err(StudyError::Deferred);
        };
        let (Some(by_neurons), Some(colors)) = (by_neurons, colors) else {
            return Err(StudyError::Deferred);
        };
        Ok(SweepResults {
            remark: self.settings.remark.clone(),
            first_decoder: self.settings.first_decoder(),
            datasets,
            by_images,
            by_neurons,
            colors,
            choices,
        })
    }

    fn compare(
        &self,
        data: &Prepared,
        settings: &Settings,
        regimes: &[ImageCase],
        name: String,
    ) -> Result<Comparison, StudyError> {
        let Self { context, timings, .. } = *self;
        let inputs = &data.inputs;
        Experiment { settings, regimes, inputs, context, timings, name }.run()
    }

    /// The comparison again, with a duration for each regime under which it fires as many spikes
    /// as the reference does.
    fn equal_spikes(
        &self,
        dataset: &str,
        data: &Prepared,
        equal_time: &Comparison,
    ) -> Result<Comparison, StudyError> {
        let settings = Settings { controls: Vec::new(), ..data.settings.clone() };
        let spikes = |regime: &str| {
            let of = |repeat| equal_time.coded(repeat, regime);
            let all: Vec<f64> =
                (0..settings.repeats).filter_map(of).map(|code| code.spikes_per_image).collect();
            all.iter().sum::<f64>() / all.len().max(1) as f64
        };
        let reference = &equal_time.regimes[0].name;
        let wanted = spikes(reference);
        let mut regimes = Vec::new();
        for case in &equal_time.regimes[1..] {
            let fired = spikes(&case.name);
            if fired == 0.0 || wanted == 0.0 {
                return Err(StudyError::failed(format!(
                    "{dataset}: `{}` fires no spikes, so no duration makes the numbers of spikes equal",
                    if fired == 0.0 { &case.name } else { reference }
                )));
            }
            let network = lasting(&case.network, case.network.duration() * wanted / fired);
            regimes.push(ImageCase { name: case.name.clone(), network });
        }
        self.compare(data, &settings, &regimes, format!("{}-equal-spikes-", file_name(dataset)))
    }

    fn by_images(&self) -> Result<Vec<Point>, StudyError> {
        let points = self.settings.curves.train.iter();
        gather(points.map(|&train| {
            let data = Prepared::open(fewer_images(self.settings, train)?, &self.inputs.root)?;
            let name = format!("images-{train}-");
            let found = self.compare(&data, &data.settings, &data.inputs.regimes, name)?;
            Ok(Point::of(train.to_string(), Some(train as f64), &found))
        }))
    }

    fn by_neurons(&self) -> Result<Vec<Point>, StudyError> {
        let Some(data) = self.inputs.datasets.first() else { return Ok(Vec::new()) };
        let settings = single(&data.settings, self.settings);
        gather(self.inputs.sizes.iter().map(|(neurons, regimes)| {
            let name = format!("neurons-{neurons}-");
            let found = self.compare(data, &settings, regimes, name)?;
            Ok(Point::of(neurons.to_string(), Some(*neurons as f64), &found))
        }))
    }

    fn colors(&self) -> Result<Vec<ColorResults>, StudyError> {
        if self.settings.colors.len() < 2 {
            return Ok(Vec::new());
        }
        let colored_sets = self.inputs.datasets.iter().filter(|data| data.is_colored());
        gather(colored_sets.map(|data| {
            let dataset = &data.settings.data.dataset;
            let codes = gather(self.settings.colors.iter().map(|&color| {
                let settings = colored(data, self.settings, color);
                let name = color_name(color);
                let regimes = settings.networks(&data.inputs.images.train)?;
                let prefix = format!("{}-color-{name}-", file_name(dataset));
                Ok((name.to_owned(), self.compare(data, &settings, &regimes, prefix)?))
            }))?;
            Ok(ColorResults { dataset: dataset.clone(), codes })
        }))
    }

    fn choices(&self) -> Result<Vec<Point>, StudyError> {
        let Some(data) = &self.inputs.held_out else { return Ok(Vec::new()) };
        let choices = self.settings.choices.iter().enumerate();
        gather(choices.map(|(index, choice)| {
            let settings = chosen(&data.settings, choice);
            let regimes = settings.networks(&data.inputs.images.train)?;
            let name = format!("choice-{}-", index + 1);
            let found = self.compare(data, &settings, &regimes, name)?;
            Ok(Point::of(choice.name.clone(), None, &found))
        }))
    }
}

/// Settings of a single point beside the main comparisons: one repetition of the first decoder.
fn single(settings: &Settings, study: &SweepSettings) -> Settings {
    Settings {
        repeats: 1,
        controls: vec![Control::Ridge],
        decoders: vec![study.first_decoder()],
        ..settings.clone()
    }
}

/// The comparison on the first data set, for `train` training images.
fn fewer_images(config: &SweepSettings, train: usize) -> Result<Settings, StudyError> {
    let first = config.settings(&config.datasets[0]).or_settings()?;
    let mut settings = single(&first, config);
    settings.data.train = Some(train);
    Ok(settings)
}

/// The network with recordings of this length, in whole time steps.
fn lasting(network: &EncoderConfig, duration: f64) -> EncoderConfig {
    // Ten steps at least: shorter recordings hold no code.
    match network.clone() {
        EncoderConfig::Pair(mut network) => {
            network.duration = network.steps(duration).max(10) as f64 * network.dt;
            EncoderConfig::Pair(network)
        }
        EncoderConfig::Populations(mut network) => {
            let dt = network.network.dt;
            // Without the last bits of a product.
            let lasting = (duration / dt).round().max(10.0) * dt;
            network.image.duration = (lasting * 1e9).round() / 1e9;
            EncoderConfig::Populations(network)
        }
    }
}

/// The networks with so many neurons each, and what is left out, in sentences.
///
/// # Errors
/// If a regime cannot have one of these sizes.
fn sizes(data: &Prepared, wanted: &[usize]) -> Result<(Vec<OfSize>, Vec<String>), StudyError> {
    let shape = data.inputs.images.train.shape;
    let mut sizes: Vec<OfSize> = wanted.iter().map(|&n| (n, Vec::new())).collect();
    let mut left_out = Vec::new();
    for case in &data.inputs.regimes {
        let mut without = Vec::new();
        for (neurons, cases) in &mut sizes {
            let found = other_size(&case.network, *neurons).and_then(|network| {
                network.check(shape).map(|()| network).map_err(|e| e.to_string())
            });
            match found {
                Ok(network) => cases.push(ImageCase { name: case.name.clone(), network }),
                Err(reason) if case.network.populations().is_some() => {
                    without.push((*neurons, reason));
                }
                Err(reason) => {
                    let place = format!("curves.neurons, {neurons}");
                    return Err(StudyError::settings(format!("{place}: {reason}")));
                }
            }
        }
        if let Some((_, reason)) = without.last() {
            let numbers: Vec<String> = without.iter().map(|(n, _)| n.to_string()).collect();
            left_out.push(format!(
                "curves.neurons: {} cannot have {} neurons and is left out there: {reason}",
                case.name,
                numbers.join(", ")
            ));
        }
    }
    sizes.retain(|(_, cases)| !cases.is_empty());
    Ok((sizes, left_out))
}

/// The network in another size. Connections stay as many, and with them the mean and the variance
/// of the input.
///
/// # Errors
/// The reason, if a network of populations cannot have it.
fn other_size(network: &EncoderConfig, neurons: usize) -> Result<EncoderConfig, String> {
    let mut network = network.clone();
    match &mut network {
        EncoderConfig::Pair(network) => {
            network.excitatory_in_degree = Some(network.excitatory_connections());
            network.inhibitory_in_degree = Some(network.inhibitory_connections());
            network.neurons = neurons;
        }
        EncoderConfig::Populations(network) => {
            network.network = resized(&network.network, neurons)?;
        }
    }
    Ok(network)
}

/// The reference regime with another code of colour, in every repetition.
fn colored(data: &Prepared, config: &SweepSettings, color: ColorCode) -> Settings {
    let repeats = data.settings.repeats;
    let mut settings = Settings { repeats, ..single(&data.settings, config) }.first_regime();
    settings.network.input.color = color;
    for case in &mut settings.populations {
        case.image.color = color;
    }
    settings
}

/// The reference regime of the first data set, scored on held-out images.
fn held_out(config: &SweepSettings) -> Result<Settings, StudyError> {
    let first = config.settings(&config.datasets[0]).or_settings()?;
    let mut settings = single(&first, config);
    settings.data.score_on = ScoreOn::HeldOut;
    settings.data.test = None;
    Ok(settings.first_regime())
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
