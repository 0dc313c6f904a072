//! `equipoise classify`: train one E:I classifier and measure it.

use equipoise_decoder::classifier::{
    ClassifierConfig, ClassifierError, EpochRecord, Trainer, van_rossum_by_type, weight_summary,
};
use equipoise_decoder::observer::Observer;
use equipoise_report::Report;
use serde::{Deserialize, Serialize};

use crate::Global;
use crate::classification::{
    DataSettings, Ending, NetworkSettings, Plan, Sets, TrialResult, figures, finish, raster,
    ratio_name, representative,
};
use crate::console;
use crate::failure::{Failure, Outcome};
use crate::interrupt;
use crate::job::{self, Job, Request, RunArgs};
use crate::settings::Flags;

/// What to train, on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Seed of subsets, initial weights, order of the samples and noise.
    pub seed: u64,
    /// Share of the hidden neurons that are excitatory.
    pub ratio: f64,
    /// Samples whose van Rossum distances are measured.
    pub van_rossum_samples: usize,
    /// Time constant of the distances, steps.
    pub van_rossum_tau: f64,
    /// The data.
    pub data: DataSettings,
    /// What differs from the published network.
    pub network: NetworkSettings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            ratio: 0.8,
            van_rossum_samples: 200,
            van_rossum_tau: 1.0,
            data: DataSettings::default(),
            network: NetworkSettings::default(),
        }
    }
}

impl job::Config for Config {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.ratio) {
            return Err(format!("ratio = {}: a share lies in 0 to 1 (0.8 is 80:20)", self.ratio));
        }
        if !(self.van_rossum_tau > 0.0 && self.van_rossum_tau.is_finite()) {
            return Err(format!("van_rossum_tau = {}: it must be positive", self.van_rossum_tau));
        }
        self.data.validate()?;
        self.network.validate()
    }
}

/// Train one spiking classifier of excitatory and inhibitory neurons under Dale's law.
///
/// An absent option keeps the published setting for the kind of data: that for Fashion-MNIST on
/// images, that for the Heidelberg digits on recorded spikes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise classify                                        80:20 on Fashion-MNIST, 30 epochs
  equipoise classify --ratio 1.0 --sigma-1 0.03
  equipoise classify --ratio 0.5 --set network.logit=extreme   a readout that loses no class
  equipoise classify --unbounded                            no law, SpyTorch's settings
  equipoise classify --dataset synthetic-digits --epochs 5  no data needed
  equipoise classify --dataset spikes:DIR --recurrent --validation-speaker 3

Writes report.html, epochs.csv, classes.csv, weights.csv, distances.csv, figures and
model.safetensors to the run directory.")]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Data set (see `equipoise data list`)
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Training samples [default: all]
    #[arg(long, value_name = "N")]
    train: Option<usize>,
    /// Test samples [default: all]
    #[arg(long, value_name = "N")]
    test: Option<usize>,
    /// Measure on this share of the training samples instead of on the test set
    #[arg(long, value_name = "SHARE")]
    validation_share: Option<f64>,
    /// Measure on this speaker of the training samples instead of on the test set
    #[arg(long, value_name = "ID")]
    validation_speaker: Option<u16>,
    /// Share of the hidden neurons that are excitatory
    #[arg(long, value_name = "SHARE")]
    ratio: Option<f64>,
    /// Standard deviation of the initial input weights, which sets the initial rate
    #[arg(long = "sigma-1", value_name = "SIGMA")]
    sigma_1: Option<f64>,
    /// Noise of every update, in units of sigma_init (0.001)
    #[arg(long, value_name = "LEVEL")]
    noise: Option<f64>,
    /// Optimiser: sgd or adam
    #[arg(long, value_name = "KIND")]
    optimizer: Option<String>,
    /// Learning rate
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Hidden neurons
    #[arg(long, value_name = "N")]
    hidden: Option<usize>,
    /// Epochs
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Connect the hidden neurons among themselves
    #[arg(long)]
    recurrent: bool,
    /// No Dale's law; weights and optimiser of the SpyTorch tutorials
    #[arg(long)]
    unbounded: bool,
}

/// Name of the checkpoints.
const STATE: &str = "training";
/// Name of the file of records.
const RECORDS: &str = "epochs.jsonl";

/// Runs the training.
///
/// # Errors
/// A wrong request, or a training that diverged.
pub fn run(args: Args, global: &Global) -> Outcome {
    let flags = Flags::default()
        .set("data.dataset", &args.dataset)
        .set("data.train", &args.train)
        .set("data.test", &args.test)
        .set("data.validation_share", &args.validation_share)
        .set("data.validation_speaker", &args.validation_speaker)
        .set("ratio", &args.ratio)
        .set("network.sigma_1", &args.sigma_1)
        .set("network.noise", &args.noise)
        .set("network.optimizer", &args.optimizer)
        .set("network.learning_rate", &args.learning_rate)
        .set("network.hidden", &args.hidden)
        .set("network.epochs", &args.epochs)
        .set("network.recurrent", &args.recurrent.then_some(true))
        .set("network.unbounded", &args.unbounded.then_some(true));
    let request = Request::<Config>::new("classify", "", &args.run, flags, global)?;
    let config = &request.config;
    let sets = config.data.open(&request.data_root, config.seed)?;
    Trainer::check(&config.network.resolve(sets.images, config.ratio), &sets.train)
        .map_err(failure)?;
    request.begin()?.run(|job| classify(job, &sets))
}

fn classify(job: &Job<Config>, sets: &Sets) -> Outcome {
    let config = &job.config;
    let network = config.network.resolve(sets.images, config.ratio);
    if let Some(remark) = rounding(&network) {
        job.progress.say(remark);
    }
    let plan = Plan {
        config: network,
        seed: config.seed,
        van_rossum_samples: config.van_rossum_samples,
        van_rossum_tau: config.van_rossum_tau,
    };
    // What was measured before training costs nothing to measure again after a resume.
    let initial = Trainer::new(network, config.seed, &sets.train).map_err(failure)?;
    let distances = van_rossum_by_type(
        initial.kernel(),
        initial.weights(),
        initial.signs(),
        &sets.test,
        &(0..sets.test.len().min(config.van_rossum_samples)).collect::<Vec<_>>(),
        config.van_rossum_tau,
    )
    .map_err(failure)?;
    let sample = representative(&initial, sets).map_err(failure)?;
    let start = (
        distances,
        weight_summary(initial.weights(), initial.signs()),
        sample,
        raster(&initial, sets, sample).map_err(failure)?,
    );
    let (trainer, records) = train(job, sets, initial)?;
    let result =
        finish(&plan, sets, &trainer, records, Ending::Finished, start).map_err(failure)?;
    job.dir.write_file("model.safetensors", &trainer.to_bytes())?;
    job.dir.write_json("result.json", &result)?;
    job.dir.save_report(&report(config, sets, &trainer, &result))?;
    let measured_on = sets.measured_on;
    let line = format!(
        "{} {measured_on} accuracy {:.2} %, rate {:.1} Hz before and {:.1} Hz after",
        name(config),
        100.0 * result.last(),
        result.initial_rate(),
        result.final_rate(),
    );
    console::print(line);
    Ok(())
}

/// Trains to the end, from the last checkpoint if there is one.
fn train(job: &Job<Config>, sets: &Sets, initial: Trainer) -> Outcome<(Trainer, Vec<EpochRecord>)> {
    let mut trainer = initial;
    let mut records: Vec<EpochRecord> = Vec::new();
    if let Some(saved) = job.dir.load_checkpoint(STATE)? {
        for refused in &saved.refused {
            let path = refused.path.display();
            job.progress
                .say(format!("{path} is damaged ({}), the one before is used", refused.reason));
        }
        trainer = Trainer::from_bytes(&saved.payload).map_err(failure)?;
        // What was recorded after the checkpoint was written is trained again.
        job.dir.truncate_jsonl(RECORDS, trainer.epoch() + 1)?;
        records = job.dir.read_jsonl(RECORDS)?;
        job.progress.say(format!("continuing after epoch {}", trainer.epoch()));
    }
    if records.is_empty() {
        let first = trainer.before(&sets.test).map_err(failure)?;
        job.dir.truncate_jsonl(RECORDS, 0)?;
        job.dir.append_jsonl(RECORDS, &first)?;
        if first.is_silent() {
            job.progress.say(
                "no hidden neuron fires before training: a larger sigma_1 (--sigma-1) wakes them",
            );
        }
        records.push(first);
    }
    let task = job.progress.task("training", trainer.config().epochs as u64);
    task.set(trainer.epoch() as u64);
    while !trainer.is_finished() {
        let mut observer = Observer::new(|_| interrupt::poll());
        let record =
            trainer.train_epoch(&sets.train, &sets.test, &mut observer).map_err(failure)?;
        task.advance(1);
        task.detail(format!(
            "{} accuracy {:.2} %, {:.1} Hz",
            sets.measured_on,
            100.0 * record.test.accuracy,
            record.test.activity.rate
        ));
        job.dir.append_jsonl(RECORDS, &record)?;
        job.dir.save_checkpoint(STATE, &trainer.to_bytes())?;
        records.push(record);
    }
    task.finish();
    if records.last().is_some_and(EpochRecord::is_silent) {
        job.progress.say("the trained network is silent: no hidden neuron fires on any sample");
    }
    Ok((trainer, records))
}

/// What to say of a ratio that leaves one type without a neuron, though it is not 0 or 1.
fn rounding(network: &ClassifierConfig) -> Option<String> {
    let ClassifierConfig { excitatory_fraction: share, hidden, .. } = *network;
    let missing = match network.excitatory() {
        0 if share > 0.0 => "excitatory",
        n if n == hidden && share < 1.0 => "inhibitory",
        _ => return None,
    };
    Some(format!("ratio {share} of {hidden} hidden neurons, rounded down, leaves no {missing} one"))
}

/// How a training that did not reach its end is told.
fn failure(error: ClassifierError) -> Failure {
    match error {
        ClassifierError::Stopped(_) => Failure::Interrupted(error.to_string()),
        ClassifierError::Setting { .. } | ClassifierError::Data(_) => Failure::request(error),
        _ => Failure::run(error),
    }
}

fn name(config: &Config) -> String {
    let kind = if config.network.recurrent { "recurrent " } else { "" };
    match config.network.unbounded {
        true => format!("unbounded {kind}network on {}:", config.data.dataset),
        false => format!("{kind}{} on {}:", ratio_name(config.ratio), config.data.dataset),
    }
}

fn report(config: &Config, sets: &Sets, trainer: &Trainer, result: &TrialResult) -> Report {
    let measured_on = sets.measured_on;
    let percent = |x: f64| format!("{:.2}", 100.0 * x);
    let last = result.records.last();
    let signs = trainer.signs();
    let hidden = result.config.hidden;
    let mut report = Report::new("An E:I classifier");
    report
        .subtitle(&format!(
            "{} {} training and {} {measured_on} samples, seed {}",
            name(config),
            sets.train.len(),
            sets.test.len(),
            result.seed
        ))
        .tile(
            &format!("{measured_on} accuracy"),
            &percent(result.last()),
            "%",
            "after the last epoch",
        )
        .tile("rate before", &format!("{:.1}", result.initial_rate()), "Hz", "hidden neurons")
        .tile("rate after", &format!("{:.1}", result.final_rate()), "Hz", "hidden neurons");
    if last.is_some_and(EpochRecord::is_silent) {
        report.remark(
            "The network is silent: no hidden neuron fires on any sample, so all answers are the \
             first class and no gradient flows.",
        );
    }
    report
        .heading("Training")
        .figure(
            "training",
            &figures::training(&result.records, measured_on),
            "Accuracy, loss, firing rate of the hidden neurons, and the share of their spikes that \
             is excitatory. Epoch 0 is before training.",
        )
        .table("epochs", &figures::epoch_table(&result.records, measured_on));
    let classes = sets.test.classes();
    report.heading("Classes");
    if let Some(last) = last {
        let caption = "Share of each class (rows) that got each answer (columns).";
        report.figure("confusion", &figures::confusion(last, classes), caption);
    }
    report.figure(
        "class-activity",
        &figures::class_activity(&result.records),
        "Accuracy in each class against the activity, and the share of excitation in it, that the \
         class evokes. One point a class.",
    );
    report.table("classes", &figures::class_table(result, classes));
    report
        .heading("Activity")
        .figure(
            "raster",
            &figures::raster(
                &result.raster,
                trainer.kernel().dynamics().steps,
                signs.excitatory,
                hidden,
            ),
            &format!("Hidden spikes evoked by one sample ({}).", result.raster.class),
        )
        .table(
            "distances",
            &figures::distance_table(&result.van_rossum_before, result.van_rossum_after.as_ref()),
        )
        .heading("Weights")
        .table("weights", &figures::weight_table(&result.weights_before, &result.weights_after));
    report
}
