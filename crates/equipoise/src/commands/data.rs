//! `equipoise data`: what data sets there are, whether they are sound, and how to get them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use equipoise_data::{
    FolderOptions, Ground, OpenOptions, SYNTHETIC_TEST, SYNTHETIC_TRAIN, fetch, printable,
};

use crate::console::{Task, print};
use crate::failure::Outcome;
use crate::{Global, interrupt};

/// List, check, download and make data sets.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  equipoise data list
  equipoise data fetch mnist fashion-mnist
  equipoise data check spikes:recordings/words
  equipoise data make synthetic-digits --train 1000 --test 200 --out made")]
pub struct DataArgs {
    #[command(subcommand)]
    action: Action,
}

const LIST_EXAMPLES: &str = "Examples:
  equipoise data list
  equipoise data list --data-dir elsewhere";

#[derive(Debug, Subcommand)]
enum Action {
    /// The data sets, their licences, and which of them are here
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Read every file of a data set and say what is in it
    Check(Check),
    /// Download data sets from their official addresses
    Fetch(Fetch),
    /// Write a synthetic data set as files in the layout of a real one
    Make(Make),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  equipoise data check mnist
  equipoise data check folder:photos --size 28x28 --grey
  equipoise data check spikes:recordings/words")]
struct Check {
    /// The data set: a name from `equipoise data list`, spikes:PATH or folder:PATH
    name: String,
    /// Take a class-balanced subset of so many training samples (or make so many) [default: all]
    #[arg(long, value_name = "N")]
    train: Option<usize>,
    /// Take a class-balanced subset of so many test samples (or make so many) [default: all]
    #[arg(long, value_name = "N")]
    test: Option<usize>,
    /// Seed of subsets, splits and synthetic sets
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Resize the images of a folder, such as 32 or 28x40 (height x width)
    /// [default: a size that fits]
    #[arg(long, value_name = "SIZE", value_parser = super::own_data::image_size)]
    size: Option<(u32, u32)>,
    /// Make the images of a folder grey
    #[arg(long)]
    grey: bool,
    /// What transparent images of a folder are put on [default: white, or black if all would be
    /// blank on white]
    #[arg(long, value_name = "COLOUR")]
    ground: Option<Ground>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  equipoise data fetch mnist
  equipoise data fetch mnist fashion-mnist")]
struct Fetch {
    /// The data sets, or `all`
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  equipoise data make synthetic-digits --out made
  equipoise data make synthetic-speech --train 100 --test 20 --seed 1 --out words")]
struct Make {
    /// synthetic-digits, synthetic-color or synthetic-speech
    name: String,
    /// The number of training samples
    #[arg(long, value_name = "N", default_value_t = SYNTHETIC_TRAIN)]
    train: usize,
    /// The number of test samples
    #[arg(long, value_name = "N", default_value_t = SYNTHETIC_TEST)]
    test: usize,
    /// Seed of the set
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Runs the command.
pub fn run(args: &DataArgs, global: &Global) -> Outcome {
    match &args.action {
        Action::List => list(global),
        Action::Check(args) => check(args, global),
        Action::Fetch(args) => fetch(args, global),
        Action::Make(args) => make(args, global),
    }
}

fn list(global: &Global) -> Outcome {
    let root = global.data_root();
    print(format_args!("Data sets under {}:", root.display()));
    for entry in equipoise_data::catalog(&root) {
        print(&entry);
        if let (false, Some(name)) = (entry.present, &entry.fetched_as) {
            print(format_args!("{:26}`equipoise data fetch {name}` downloads it", ""));
        }
    }
    print(equipoise_data::OWN_DATA);
    Ok(())
}

fn check(args: &Check, global: &Global) -> Outcome {
    let options = OpenOptions {
        train: args.train,
        test: args.test,
        seed: args.seed,
        folder: FolderOptions {
            size: args.size,
            grey: args.grey,
            ground: args.ground,
            ..FolderOptions::default()
        },
        ..OpenOptions::default()
    };
    let report =
        equipoise_data::check(&args.name, &global.data_root(), &options, &interrupt::poll)?;
    print(report);
    Ok(())
}

fn fetch(args: &Fetch, global: &Global) -> Outcome {
    // Not where other people's data may lie, unless that was said.
    let root = global.data_dir.clone().unwrap_or_else(|| "datasets".into());
    for name in fetch::names(&args.names)? {
        let (mut file, mut task) = (String::new(), None::<Task>);
        let fetched = fetch::fetch(&name, &root, &mut |p| {
            if file != p.file {
                task.take().into_iter().for_each(Task::finish);
                p.file.clone_into(&mut file);
                let title = format!("{name}: {file} (bytes)");
                task = Some(global.progress().task(title, p.total.unwrap_or(0)));
            }
            task.iter().for_each(|task| task.set(p.done));
            interrupt::poll()
        });
        task.into_iter().for_each(Task::finish);
        for file in fetched? {
            let how = match &file.address {
                _ if file.already_there => "already here".to_owned(),
                Some(address) => format!("from {address}"),
                None => "unpacked".to_owned(),
            };
            print(format_args!("{name}: {} {how}", file.path.display()));
        }
    }
    Ok(())
}

fn make(args: &Make, global: &Global) -> Outcome {
    let files = equipoise_data::make(&args.name, args.train, args.test, args.seed, &args.out)?;
    for file in files {
        print(printable(&file.to_string_lossy()));
    }
    let real = match args.name.as_str() {
        "synthetic-color" => "cifar-10",
        "synthetic-speech" => "shd",
        _ => "mnist",
    };
    global
        .progress()
        .say(format_args!("open it with: --data-dir {} --dataset {real}", args.out.display()));
    Ok(())
}
