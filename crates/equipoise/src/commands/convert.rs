//! `equipoise convert`: spikes and counts from one format to another.

use std::path::PathBuf;

use equipoise_data::convert::{Format, Options, TimePrecision, TimeUnit, convert};

use crate::console::{Task, print};
use crate::failure::Outcome;
use crate::{Global, interrupt};

/// Convert spikes and counts from one format to another.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise convert spikes.csv spikes.npz
  equipoise convert words_train.h5 one.sonata --recording 3
  equipoise convert N-MNIST/Train nmnist_train.h5
  equipoise convert words_train.h5 counts.safetensors --bins 20

Formats: npz, npy, csv, shd (HDF5), sonata, n-mnist (events of 40 bits, a file or folders of them),
counts (safetensors), and, to read only, hdf5 (lists). What is read is told by its content, what is
written by the ending of its name (.h5 is shd, .bin is n-mnist) or by --to. What is lost is told.")]
pub struct Args {
    /// The file, or the folder of events
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The file to write, or the folder of events
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Format of the input [default: by its content]
    #[arg(long, value_name = "FORMAT")]
    from: Option<Format>,
    /// Format of the output [default: by the ending of its name]
    #[arg(long, value_name = "FORMAT")]
    to: Option<Format>,
    /// Unit of the times that are read: s, ms, us or ns [default: as the file says]
    #[arg(long, value_name = "UNIT")]
    from_unit: Option<TimeUnit>,
    /// Unit of the times that are written [default: ms, or what the format has]
    #[arg(long, value_name = "UNIT")]
    to_unit: Option<TimeUnit>,
    /// Take this recording of several, from 0 on [default: all]
    #[arg(long, value_name = "N")]
    recording: Option<usize>,
    /// Take this population of a SONATA file, or call it so [default: the only one]
    #[arg(long, value_name = "NAME")]
    population: Option<String>,
    /// Height and width of the sensor that events are of [default: 34x34 for n-mnist]
    #[arg(long, value_name = "SIZE", value_parser = super::own_data::image_size)]
    sensor: Option<(u32, u32)>,
    /// Make one unit of both polarities of a pixel
    #[arg(long)]
    merge_polarity: bool,
    /// Count the spikes in so many equal bins, and write counts [default: write spikes]
    #[arg(long, value_name = "N")]
    bins: Option<usize>,
    /// How long the counted recordings last, ms [default: as the file says]
    #[arg(long, value_name = "MS")]
    duration: Option<f64>,
    /// Times of shd as float16, float32 or float64 [default: as fine as they are read]
    #[arg(long, value_name = "TYPE")]
    times: Option<TimePrecision>,
    /// Replace the output if it is there
    #[arg(long)]
    overwrite: bool,
}

/// Converts.
pub fn run(args: Args, global: &Global) -> Outcome {
    let options = Options {
        from: args.from,
        to: args.to,
        from_unit: args.from_unit,
        to_unit: args.to_unit,
        recording: args.recording,
        population: args.population,
        sensor: args.sensor,
        merge_polarity: args.merge_polarity,
        bins: args.bins,
        duration_ms: args.duration,
        precision: args.times,
        overwrite: args.overwrite,
    };
    let mut task: Option<Task> = None;
    let done = convert(&args.input, &args.output, &options, &mut |step| {
        if let (true, None, Some(total)) = (step.writing, &task, step.total) {
            task = Some(global.progress().task("spikes", total));
        }
        task.iter().for_each(|task| task.set(step.spikes));
        interrupt::poll()
    })?;
    task.into_iter().for_each(Task::finish);
    print(done);
    Ok(())
}
