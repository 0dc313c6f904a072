//! Images to spikes, for decoders here or for other tools.

use std::ops::ControlFlow;
use std::path::Path;

use equipoise_data::spikes::SpikeTrains;
use equipoise_data::spikes::counts::CountsWriter;
use equipoise_data::{DataIdentity, ImageSet, ImageShape};
use equipoise_encoder::images::{Encoder, EncoderConfig};
use equipoise_report::{Column, Report, Step, Table};
use serde::{Deserialize, Serialize};

use super::super::activity::{self, Activity};
use super::super::connectivity;
use super::super::encoding::{self, Part};
use super::super::experiment::Inputs;
use super::super::report::{networks, spikes_step};
use super::super::studies::begin;
use super::super::{Settings, verdicts};
use crate::context::{Artefact, Context, Identity, Unit, gather, unless_deferred};
use crate::error::{OrStudyError, StudyError};
use crate::metrics::Metrics;
use crate::regimes::ImageCase;
use crate::study::Study;
use crate::timings::Timings;

/// Encodes the images of all parts in the network of the first regime.
#[derive(Debug)]
pub struct Encode;

/// What an encoding keeps that a comparison does not.
const PRESET: &str = "keep_spikes = 100";

/// The images of one part as spikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncodedPart {
    /// The part.
    pub part: Part,
    /// What its images are.
    pub data: DataIdentity,
    /// Bins in which the spikes are counted.
    pub bins: usize,
    /// Mean spikes of the network per image.
    pub spikes_per_image: f64,
    /// Mean rate of a neuron, Hz.
    pub rate_hz: f64,
    /// Share of the neurons that fired at no image.
    pub silent: f64,
    /// The counts; none where results are kept in memory.
    pub counts: Option<Artefact>,
    /// The recordings that were kept as spikes, if any were.
    pub spikes: Option<Artefact>,
}

/// All parts as spikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Encoding {
    /// The data set, as it was asked for.
    pub dataset: String,
    /// Shape of the images.
    pub shape: ImageShape,
    /// The regime and its network, its input weight as the images ask for.
    pub regime: ImageCase,
    /// Seed of the network and of the spikes.
    pub seed: u64,
    /// The parts.
    pub parts: Vec<EncodedPart>,
    /// The network at work on an image.
    pub activity: Activity,
    /// Who receives from whom in the network; see [`connectivity`].
    pub connectivity: Artefact,
}

impl Study for Encode {
    const NAME: &'static str = "encode";
    type Settings = Settings;
    type Inputs = Inputs;
    type Results = Encoding;

    fn preset() -> Result<String, String> {
        Settings::layer(PRESET)
    }

    fn open(settings: &Settings, root: &Path) -> Result<Inputs, StudyError> {
        Inputs::open(&settings.first_regime(), root)
    }

    fn data(inputs: &Inputs) -> Identity {
        inputs.images.identity()
    }

    fn remarks(settings: &Settings, inputs: &Inputs) -> Vec<String> {
        let mut remarks = inputs.images.remarks.clone();
        let several = settings.names().map_or(0, |names| names.len());
        if let (2.., Some(case)) = (several, inputs.regimes.first()) {
            remarks.push(format!("only the first regime is encoded: {}", case.name));
        }
        remarks
    }

    fn run(
        settings: &Settings,
        inputs: &Inputs,
        context: &Context<'_>,
    ) -> Result<Encoding, StudyError> {
        begin(settings, context)?;
        let timings = Timings::open(context)?;
        let Some(case) = inputs.regimes.first() else {
            return Err(StudyError::settings("data.recorded: recordings are not encoded"));
        };
        let (shape, seed) = (inputs.images.train.shape, settings.network_seed(0));
        let network = Encoder::build(&case.network, shape, seed).or_settings()?;
        let shown = inputs.gallery.first().copied().unwrap_or(0);
        let identity = encoding::network_identity(Identity::new(), &case.network, seed)
            .with("shown", inputs.images.test.fingerprint())
            .with("seed", settings.seed);
        let activity = context.unit("activity", &identity, || {
            let image = inputs.images.test.intensities(shown);
            activity::observe(settings.seed, &case.name, &network, &image)
        });
        let activity = unless_deferred(activity)?;
        let parts = gather(Part::ALL.into_iter().map(|part| {
            let set = inputs.images.part(part);
            let work = PartWork { settings, network: &network, part, set, seed, context };
            let key = part_key(part);
            let files =
                |found: &EncodedPart| found.counts.iter().chain(&found.spikes).cloned().collect();
            let identity = work.identity();
            context.unit_with_files(&key, &identity, files, || timings.time(&key, || work.encode()))
        }))?;
        let activity = activity.ok_or(StudyError::Deferred)?;
        let dataset = settings.data.name();
        let connectivity =
            context.write("network.npz", &connectivity::connectivity(&network, seed)?)?;
        let regime = case.clone();
        let encoding = Encoding { dataset, shape, regime, seed, parts, activity, connectivity };
        // What a later step needs of the network, so that it can be built again.
        let unit = Unit::new("encoding").immediate();
        context.unit(unit, &identity, || Ok(encoding.clone()))?;
        for remark in verdicts::activity_remarks(std::slice::from_ref(&encoding.activity)) {
            context.remark(remark);
        }
        Ok(encoding)
    }

    fn report(results: &Encoding) -> Report {
        let mut report = Report::new("Images as spikes");
        let network = &results.regime.network;
        report.subtitle(&format!(
            "{} through {} neurons of the regime {}, {} ms an image",
            results.dataset,
            network.neurons(),
            results.regime.name,
            network.duration()
        ));
        let images = results.parts.iter().find(|part| part.part == Part::Train);
        let spikes = images.map_or(0.0, |part| part.spikes_per_image);
        report
            .strip([
                Step::new("Images", &format!("{}, {}", results.dataset, results.shape)),
                spikes_step(&results.activity),
                Step::new("Counts", &format!("{spikes:.0} spikes an image")),
            ])
            .found(&state(&results.activity));
        let activity = std::slice::from_ref(&results.activity);
        for remark in verdicts::activity_remarks(activity) {
            report.remark(&remark);
        }
        report.heading("Spikes").table("spikes", &table(results)).heading("The network");
        networks(&mut report, activity, &[&results.regime]);
        report
    }

    fn metrics(results: &Encoding) -> Metrics {
        let mut metrics = Metrics::default();
        for part in &results.parts {
            let name = part.part.name();
            metrics.count(format!("{name}.images"), part.data.samples);
            metrics.put(format!("{name}.spikes_per_image"), part.spikes_per_image);
            metrics.put(format!("{name}.rate_hz"), part.rate_hz);
            metrics.put(format!("{name}.silent"), part.silent);
        }
        metrics.put("balanced", u8::from(results.activity.verdict.balanced));
        metrics
    }

    fn summary_within(results: &Encoding, width: usize) -> String {
        format!("{}\n{}\n", table(results).to_text_within(width), state(&results.activity))
    }
}

/// Whether the network is balanced, in a sentence.
pub(super) fn state(activity: &Activity) -> String {
    verdicts::states(std::slice::from_ref(activity)).remove(0)
}

/// The unit of an encoded part.
pub(super) fn part_key(part: Part) -> String {
    format!("parts/{}", part.name())
}

/// What the spikes of a part depend on.
pub(super) fn part_identity(
    part: Part,
    images: &DataIdentity,
    network: &EncoderConfig,
    seed: u64,
    bins: usize,
) -> Identity {
    let images = part.identity(Identity::new(), images);
    encoding::network_identity(images, network, seed).with("bins", bins)
}

/// The encoding of one part.
struct PartWork<'a> {
    settings: &'a Settings,
    network: &'a Encoder,
    part: Part,
    set: &'a ImageSet,
    seed: u64,
    context: &'a Context<'a>,
}

impl PartWork<'_> {
    fn bins(&self) -> usize {
        encoding::bins(&self.settings.features, self.network.duration())
    }

    fn identity(&self) -> Identity {
        let images = self.set.identity();
        part_identity(self.part, &images, &self.network.config(), self.seed, self.bins())
            .with("keep_spikes", self.settings.keep_spikes)
    }

    fn encode(&self) -> Result<EncodedPart, StudyError> {
        let Self { settings, network, part, set, context, .. } = *self;
        let (neurons, duration) = (network.neurons(), network.duration());
        let counts_file = format!("counts/{}.safetensors", part.name());
        let origin = encoding::origin(&network.config(), self.seed, set);
        let mut counts = match context.path(&counts_file)? {
            Some(path) => {
                let file =
                    CountsWriter::create_for(&path, neurons, self.bins(), duration, &origin)?;
                Some(file.with_indices(&set.indices))
            }
            None => None,
        };
        let stage = context.stage(&format!("encode {}", part.name()), set.len() as u64)?;
        let mut by_neuron = vec![0u64; neurons];
        let mut failed = None;
        let mut sink = |index: usize, trains: SpikeTrains| {
            let label = set.labels[index];
            for &neuron in &trains.ids {
                by_neuron[neuron as usize] += 1;
            }
            let push = || -> Result<(), StudyError> {
                if let Some(file) = &mut counts {
                    file.push(&trains, label)?;
                }
                Ok(stage.advance(1)?)
            };
            match { push }() {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        let read = |index: usize, out: &mut [f32]| set.write_intensities(index, out);
        let seed = part.seed(self.seed);
        let encoded = network.encode_each(&read, 0..set.len(), seed, &mut sink);
        encoding::ended(encoded, failed)?;
        let counts = match counts {
            Some(file) => {
                file.finish()?;
                Some(context.written(&counts_file)?)
            }
            None => None,
        };
        let spikes = match settings.keep_spikes {
            0 => None,
            count => {
                let name = format!("spikes/{}", part.name());
                encoding::keep_spikes(context, &name, network, set, (part, self.seed, count))?
            }
        };
        let spikes_per_image = by_neuron.iter().sum::<u64>() as f64 / set.len() as f64;
        let silent = by_neuron.iter().filter(|&&n| n == 0).count();
        Ok(EncodedPart {
            part,
            data: set.identity(),
            bins: self.bins(),
            spikes_per_image,
            rate_hz: spikes_per_image / (neurons as f64 * duration / 1000.0),
            silent: silent as f64 / neurons as f64,
            counts,
            spikes,
        })
    }
}

fn table(encoding: &Encoding) -> Table {
    let mut table = Table::new("Spikes of each part")
        .column(Column::text("part"))
        .column(Column::integer("images"))
        .column(Column::number("spikes per image").decimals(0))
        .column(Column::number("rate").unit("Hz").decimals(1))
        .column(Column::percent("silent neurons", 1));
    for part in &encoding.parts {
        table.row([
            part.part.name().into(),
            part.data.samples.into(),
            part.spikes_per_image.into(),
            part.rate_hz.into(),
            part.silent.into(),
        ]);
    }
    table
}
