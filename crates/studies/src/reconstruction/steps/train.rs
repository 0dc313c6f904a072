//! One decoder on spikes that were encoded before.

use std::path::Path;

use equipoise_data::ImageShape;
use equipoise_decoder::reconstruct::{DecoderKind, LinearFits, Pairs, SpikeFeatures};
use equipoise_decoder::training::Finish;
use equipoise_encoder::images::EncoderConfig;
use equipoise_encoder::network::NetworkConfig;
use equipoise_figure::{Axis, Color, Dash, Figure, Line, Plot};
use equipoise_report::{Column, Report, Step, Table};
use serde::{Deserialize, Serialize};

use super::super::Settings;
use super::super::cell::{Epoch, FeatureSet};
use super::super::comparison::RECORDED;
use super::super::encoding::Part;
use super::super::experiment::Inputs;
use super::super::report::parameters;
use super::super::studies::begin;
use super::super::training::Training;
use super::encoded::EncodedRun;
use crate::context::{Artefact, Context, Identity};
use crate::error::{OrStudyError, StudyError};
use crate::metrics::Metrics;
use crate::populations::PopulationsCase;
use crate::regimes::ImageCase;
use crate::strip;
use crate::study::Study;
use crate::timings::Timings;

/// Trains the first decoder on the spikes of a run of [`Encode`](super::Encode), or on recordings.
#[derive(Debug)]
pub struct Train;

/// What a decoder is trained on.
#[derive(Debug)]
pub enum Source {
    /// Images that a network has encoded.
    Encoded(Box<EncodedRun>),
    /// Images that recordings were made of.
    Recorded(Box<Inputs>),
}

impl Source {
    fn inputs(&self) -> &Inputs {
        match self {
            Self::Encoded(run) => &run.inputs,
            Self::Recorded(inputs) => inputs,
        }
    }

    /// What the spikes were made from.
    fn identity(&self) -> Identity {
        match self {
            Self::Encoded(run) => run.identity(),
            Self::Recorded(inputs) => {
                let identity = inputs.images.identity();
                match &inputs.recorded {
                    Some(recorded) => recorded.identity(identity),
                    None => identity,
                }
            }
        }
    }
}

/// What a training starts from.
#[derive(Debug)]
pub struct TrainInputs {
    /// The images and where their spikes are from.
    pub source: Source,
    /// The features of the training images.
    pub train: SpikeFeatures,
    /// The features of the validation images.
    pub validation: SpikeFeatures,
}

/// A trained decoder and how the training went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// The decoder.
    pub kind: DecoderKind,
    /// The file of the model.
    pub model: Artefact,
    /// The training, epoch by epoch.
    pub history: Vec<Epoch>,
    /// Why it ended.
    pub finish: Finish,
    /// Shape of the images.
    pub shape: ImageShape,
    /// The regime's name.
    pub regime: String,
    /// Its network; nothing for recordings.
    pub network: Option<EncoderConfig>,
    /// Seed of the network; nothing for recordings.
    pub seed: Option<u64>,
}

/// The name of the model, of its unit, and of its checkpoints.
pub(super) const DECODER: &str = "decoder";

/// The part of the settings that an encoding and a later step have to have in common.
#[derive(Serialize)]
struct Shared<'a> {
    data: &'a super::super::images::DataSettings,
    network: &'a NetworkConfig,
    regime: Option<&'a crate::regimes::RegimeChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    populations: Option<&'a PopulationsCase>,
}

impl<'a> Shared<'a> {
    fn of(settings: &'a Settings) -> Identity {
        let (data, network) = (&settings.data, &settings.network);
        let first = settings.first_regime();
        let (regime, populations) = (first.regimes.first(), first.populations.first());
        Identity::default().with_each("", &Shared { data, network, regime, populations })
    }
}

/// Opens the encoded images of these settings, which have to be those of the encoding.
pub(super) fn open_encoded(settings: &Settings, root: &Path) -> Result<EncodedRun, StudyError> {
    let Some(dir) = &settings.encoded else {
        return Err(StudyError::settings(
            "encoded, data.recorded: the run directory of encoded images is needed, or recordings",
        ));
    };
    let encoded = EncodedRun::settings_of(dir)?;
    if let Some((what, there, here)) = Shared::of(&encoded).difference(&Shared::of(settings)) {
        return Err(StudyError::input(format!(
            "{}: encoded with {what} = {there}, but {here} is asked for here",
            dir.display()
        )));
    }
    EncodedRun::open(dir, root)
}

impl Study for Train {
    const NAME: &'static str = "train";
    type Settings = Settings;
    type Inputs = TrainInputs;
    type Results = Trained;

    fn preset() -> Result<String, String> {
        Settings::layer("")
    }

    fn open(settings: &Settings, root: &Path) -> Result<TrainInputs, StudyError> {
        let kind = settings.kind();
        let valid = |shape| settings.decoder_of(kind).validate(shape).or_settings();
        if let (None, Some(_)) = (&settings.encoded, &settings.data.recorded) {
            let inputs = Inputs::open(settings, root)?;
            valid(inputs.images.train.shape)?;
            let Some(recorded) = &inputs.recorded else {
                return Err(StudyError::input("data.recorded: recordings are needed"));
            };
            let FeatureSet { train, validation, .. } = recorded.features(&settings.features)?;
            let source = Source::Recorded(Box::new(inputs));
            return Ok(TrainInputs { source, train, validation });
        }
        let encoded = open_encoded(settings, root)?;
        valid(encoded.encoding.shape)?;
        let train = encoded.features(Part::Train, &settings.features)?;
        let validation = encoded.features(Part::Validation, &settings.features)?;
        Ok(TrainInputs { source: Source::Encoded(Box::new(encoded)), train, validation })
    }

    fn data(inputs: &TrainInputs) -> Identity {
        inputs.source.inputs().images.identity()
    }

    fn remarks(settings: &Settings, inputs: &TrainInputs) -> Vec<String> {
        let mut remarks = inputs.source.inputs().images.remarks.clone();
        if settings.kinds().len() > 1 {
            remarks.push(format!("only the first decoder is trained: {}", settings.kind()));
        }
        remarks
    }

    fn run(
        settings: &Settings,
        inputs: &TrainInputs,
        context: &Context<'_>,
    ) -> Result<Trained, StudyError> {
        begin(settings, context)?;
        let timings = Timings::open(context)?;
        let TrainInputs { source, train, validation } = inputs;
        let kind = settings.kind();
        let identity = settings.training_identity(source.identity(), kind, 0);
        let model = |trained: &Trained| vec![trained.model.clone()];
        let trained = context.unit_with_files(DECODER, &identity, model, || {
            timings.time(DECODER, || {
                let config = settings.reconstructor(kind, 0);
                let identity = &identity;
                let training = Training { context, label: DECODER, identity, config: &config };
                let Inputs { targets, images, .. } = source.inputs();
                let shape = images.train.shape;
                let (fitted, model) = training.fit(&LinearFits::new(
                    Pairs { features: train, images: &targets.train, shape },
                    Pairs { features: validation, images: &targets.validation, shape },
                ))?;
                let (regime, network, seed) = match source {
                    Source::Encoded(run) => {
                        let ImageCase { name, network } = run.encoding.regime.clone();
                        (name, Some(network), Some(run.encoding.seed))
                    }
                    Source::Recorded(_) => (RECORDED.to_owned(), None, None),
                };
                Ok(Trained {
                    kind,
                    model,
                    history: fitted.history.iter().map(Epoch::from).collect(),
                    finish: fitted.finish,
                    shape,
                    regime,
                    network,
                    seed,
                })
            })
        })?;
        Training::forget(context, DECODER)?;
        Ok(trained)
    }

    fn report(results: &Trained) -> Report {
        let mut report = Report::new("A decoder for spikes");
        report.subtitle(&format!(
            "{} for images of {} from {}",
            results.kind.title(),
            results.shape,
            match &results.network {
                Some(_) => format!("the spikes of the regime {}", results.regime),
                None => "recordings".to_owned(),
            }
        ));
        let of = |f: fn(&Epoch) -> f64| results.history.iter().map(f).collect::<Vec<f64>>();
        let (epochs_of, train) = (of(|e| e.epoch as f64), of(|e| e.train_loss));
        let validation = of(|e| e.validation_loss);
        let loss = strip::curves([
            (&epochs_of[..], &train[..], Color::GREY),
            (&epochs_of[..], &validation[..], Color::BLUE),
        ]);
        let spikes = match &results.network {
            Some(network) => format!("{}: {} neurons", results.regime, network.neurons()),
            None => results.regime.clone(),
        };
        let mut training = Step::new("Training", &format!("{} epochs", results.history.len()));
        if let Some(loss) = &loss {
            training = training.figure(loss);
        }
        report.strip([
            Step::new("Spikes", &spikes),
            training,
            Step::new("Decoder", results.kind.title()),
        ]);
        let best =
            results.history.iter().min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss));
        if let Some(best) = best {
            report.found(&format!(
                "The validation loss is lowest after epoch {} of {} ({:.3e}); the weights of that \
                 epoch are kept.",
                best.epoch,
                results.history.len(),
                best.validation_loss
            ));
        }
        report
            .heading("The decoder that was kept")
            .table("decoder", &kept(results))
            .heading("Training")
            .figure(
                "losses",
                &losses(&results.history),
                "Loss by epoch. The weights of the epoch with the lowest validation loss are kept.",
            )
            .table("epochs", &epochs(&results.history));
        if let Some(network) = &results.network {
            report.heading("The network whose spikes it was trained on");
            parameters(&mut report, &[(results.regime.as_str(), network)], "");
        }
        report
    }

    fn metrics(results: &Trained) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.count("epochs", results.history.len());
        if let Some(epoch) = results.history.iter().rfind(|e| e.best) {
            metrics.count("best_epoch", epoch.epoch);
            metrics.put("train_loss", epoch.train_loss);
            metrics.put("validation_loss", epoch.validation_loss);
            metrics.put("validation_mse", epoch.validation_mse);
        }
        metrics
    }

    fn summary_within(results: &Trained, width: usize) -> String {
        format!("{}\nmodel: {}\n", kept(results).to_text_within(width), results.model.name)
    }
}

fn kept(trained: &Trained) -> Table {
    let mut table = Table::new("The epoch whose weights were kept")
        .column(Column::integer("epoch"))
        .column(Column::number("training loss"))
        .column(Column::number("validation loss"))
        .column(Column::number("validation MSE"));
    if let Some(epoch) = trained.history.iter().rfind(|e| e.best) {
        table.row([
            epoch.epoch.into(),
            epoch.train_loss.into(),
            epoch.validation_loss.into(),
            epoch.validation_mse.into(),
        ]);
    }
    table
}

fn epochs(history: &[Epoch]) -> Table {
    let mut table = Table::new("Every epoch")
        .column(Column::integer("epoch"))
        .column(Column::number("train loss"))
        .column(Column::number("validation loss"))
        .column(Column::number("validation MSE").key("validation_mse"))
        .column(Column::number("learning rate"))
        .column(Column::text("best"));
    for epoch in history {
        table.row([
            epoch.epoch.into(),
            epoch.train_loss.into(),
            epoch.validation_loss.into(),
            epoch.validation_mse.into(),
            epoch.learning_rate.into(),
            epoch.best.into(),
        ]);
    }
    table
}

fn losses(history: &[Epoch]) -> Figure {
    let of = |f: fn(&Epoch) -> f64| history.iter().map(f).collect::<Vec<f64>>();
    let epochs = of(|e| e.epoch as f64);
    let validation = Line::new(&epochs, &of(|e| e.validation_loss)).label("validation");
    let training = Line::new(&epochs, &of(|e| e.train_loss)).label("training");
    let plot = Plot::new("Training")
        .x_axis(Axis::new("epoch"))
        .y_axis(Axis::new("loss").log())
        .with(validation.color(Color::BALANCED))
        .with(training.color(Color::BALANCED).dash(Dash::Dashed));
    Figure::new().panel(plot)
}
