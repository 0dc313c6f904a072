//! `equipoise encode`: images to spikes, for decoders here or for other tools.

use std::ops::ControlFlow;
use std::path::Path;

use equipoise_data::ImageSet;
use equipoise_data::spikes::counts::CountsWriter;
use equipoise_data::spikes::file::{SpikeFileWriter, TimePrecision};
use equipoise_encoder::network::{Network, NetworkConfig};
use equipoise_report::{Column, Table};
use serde::{Deserialize, Serialize};

use crate::failure::{OrFail, Outcome};
use crate::job::{Config, Job, Request, RunArgs};
use crate::reconstruction::RegimeChoice;
use crate::reconstruction::encoding::Part;
use crate::reconstruction::images::{DataSettings, Images, driven};
use crate::settings::Flags;
use crate::{Global, console, interrupt};

/// The configuration of `equipoise encode`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncodeSettings {
    /// Seed of the run.
    pub seed: u64,
    /// The regime.
    pub regime: RegimeChoice,
    /// Bins that the counts are taken in.
    pub bins: usize,
    /// Recordings of each part that are kept as spikes as well, from the first.
    pub spikes: usize,
    /// The images.
    pub data: DataSettings,
    /// The network that the regime changes.
    pub network: NetworkConfig,
}

impl Default for EncodeSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            regime: RegimeChoice::Named("balanced".into()),
            bins: 1,
            spikes: 100,
            data: DataSettings::default(),
            network: NetworkConfig::default(),
        }
    }
}

/// The most bins of a recording: more would be a slip of the pen.
const MOST_BINS: usize = 10_000;

impl EncodeSettings {
    fn network(&self) -> Result<NetworkConfig, String> {
        self.network.validate().map_err(|e| e.to_string())?;
        let regime = self.regime.regime()?;
        let config = regime.apply(&self.network);
        config.validate().map_err(|e| format!("regime `{}`: {e}", regime.name))?;
        Ok(config)
    }
}

impl Config for EncodeSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if !(1..=MOST_BINS).contains(&self.bins) {
            return Err(format!("bins is {}: 1 to {MOST_BINS} are possible", self.bins));
        }
        self.network()?;
        self.data.validate()
    }
}

/// Encode the images of a data set in a spiking network and keep the spikes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise encode --dataset mnist --out runs/mnist-balanced
  equipoise encode --dataset fashion-mnist --regime unbalanced-g --bins 10 --spikes 1000

Writes counts/PART.safetensors (spike counts and labels) and spikes/PART.h5 (events in the layout of
SHD) for the parts train, validation and test. `equipoise train` takes the directory.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Data set (see `equipoise data list`)
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Regime of the network
    #[arg(long, value_name = "NAME")]
    regime: Option<String>,
    /// Training images
    #[arg(long, value_name = "N")]
    train: Option<usize>,
    /// Test images [default: all]
    #[arg(long, value_name = "N")]
    test: Option<usize>,
    /// Bins that the counts are taken in
    #[arg(long, value_name = "N")]
    bins: Option<usize>,
    /// Recordings of each part to keep as spikes
    #[arg(long, value_name = "N")]
    spikes: Option<usize>,
    /// Neurons of the network
    #[arg(long, value_name = "N")]
    neurons: Option<usize>,
}

/// Runs the encoding.
///
/// # Errors
/// For wrong settings or data, or if a file cannot be written.
pub fn run(args: &Args, global: &Global) -> Outcome {
    let flags = Flags::default()
        .set("data.dataset", &args.dataset)
        .set("regime", &args.regime)
        .set("data.train", &args.train)
        .set("data.test", &args.test)
        .set("bins", &args.bins)
        .set("spikes", &args.spikes)
        .set("network.neurons", &args.neurons);
    let request = Request::<EncodeSettings>::new("encode", "", &args.run, flags, global)?;
    if request.is_done() {
        return Ok(());
    }
    let settings = &request.config;
    let images = settings.data.open(&request.data_root, settings.seed)?;
    let config = driven(&settings.network().or_request()?, &images.train)?;
    let network = Network::build(&config, Some(images.train.shape), settings.seed).or_request()?;
    request.begin()?.run(|job| work(job, &images, &network))
}

fn work(job: &Job<EncodeSettings>, images: &Images, network: &Network) -> Outcome {
    let config = network.config();
    let mut table = Table::new("Spikes of each part")
        .column(Column::text("part"))
        .column(Column::integer("images"))
        .column(Column::number("spikes per image").decimals(0))
        .column(Column::number("rate").unit("Hz").decimals(1))
        .column(Column::percent("silent neurons", 1));
    for directory in ["counts", "spikes"] {
        let path = job.dir.file(directory)?;
        std::fs::create_dir_all(&path).or_run()?;
    }
    for (part, set) in [
        (Part::Train, &images.train),
        (Part::Validation, &images.validation),
        (Part::Test, &images.test),
    ] {
        let coded = encode_part(job, network, part, set)?;
        let seconds = config.duration / 1000.0;
        let silent = coded.by_neuron.iter().filter(|&&n| n == 0).count();
        let per_image = coded.by_neuron.iter().sum::<u64>() as f64 / set.len() as f64;
        table.row([
            part.name().into(),
            set.len().into(),
            per_image.into(),
            (per_image / (config.neurons as f64 * seconds)).into(),
            (silent as f64 / config.neurons as f64).into(),
        ]);
    }
    job.dir.write_csv("spikes", &table)?;
    console::print(table.to_text());
    Ok(())
}

struct Coded {
    by_neuron: Vec<u64>,
}

fn encode_part(
    job: &Job<EncodeSettings>,
    network: &Network,
    part: Part,
    set: &ImageSet,
) -> Outcome<Coded> {
    let settings = &job.config;
    let config = network.config();
    let counts_path = job.dir.file(&format!("counts/{}.safetensors", part.name()))?;
    let spikes_path = job.dir.file(&format!("spikes/{}.h5", part.name()))?;
    let mut counts =
        CountsWriter::create(&counts_path, config.neurons, settings.bins, config.duration)
            .or_run()?;
    let mut spikes = start_spikes(&spikes_path, settings, config, set)?;
    let task = job.progress.task(format!("encode {}", part.name()), set.len() as u64);
    let mut by_neuron = vec![0u64; config.neurons];
    let mut failed = None;
    let mut sink = |index: usize, trains: equipoise_data::spikes::SpikeTrains| {
        let label = set.labels[index];
        let kept = counts.push(&trains, label).and_then(|()| match &mut spikes {
            Some(file) if index < settings.spikes => file.push(&trains, label),
            _ => Ok(()),
        });
        for &neuron in &trains.ids {
            by_neuron[neuron as usize] += 1;
        }
        task.advance(1);
        match (kept, interrupt::check()) {
            (Ok(()), Ok(())) => ControlFlow::Continue(()),
            (kept, _) => {
                failed = kept.err();
                ControlFlow::Break(())
            }
        }
    };
    let read = |index: usize, out: &mut [f32]| set.write_intensities(index, out);
    network.encode_each(&read, 0..set.len(), part.seed(settings.seed), &mut sink).or_run()?;
    if let Some(error) = failed {
        return Err(error).or_run();
    }
    interrupt::check()?;
    counts.finish().or_run()?;
    if let Some(file) = spikes {
        file.finish().or_run()?;
    }
    task.finish();
    Ok(Coded { by_neuron })
}

fn start_spikes(
    path: &Path,
    settings: &EncodeSettings,
    config: &NetworkConfig,
    set: &ImageSet,
) -> Outcome<Option<SpikeFileWriter>> {
    if settings.spikes == 0 {
        return Ok(None);
    }
    SpikeFileWriter::create(path, config.neurons, &set.classes, TimePrecision::Float32)
        .map(Some)
        .or_run()
}
