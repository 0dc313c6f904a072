//! Every kind of file missing, empty, cut short or wrong, and every option out of range: one line
//! that says what and where, exit code 2, and not a byte or a folder written.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

mod common;

use std::fs;
use std::path::Path;

use common::{refuses, run_in};
use equipoise_encoder::data::SpikeSet;
use equipoise_encoder::spikes::file::{TimePrecision, write_set};

/// A small main job on a data set.
const RECONSTRUCT: [&str; 10] = [
    "reconstruct",
    "--train",
    "10",
    "--set",
    "data.validation=5",
    "--neurons",
    "50",
    "--out",
    "out",
    "--dataset",
];

/// Every command that opens a data set, for one of images or spikes.
fn commands(dataset: &str) -> Vec<Vec<&str>> {
    let of = |words: &[&'static str]| [words, &["--dataset", dataset, "--out", "out"]].concat();
    vec![of(&["reconstruct"]), of(&["encode"]), of(&["classify"]), of(&["study", "ratios"])]
}

/// What can befall any file: (in words, the bytes that are left).
fn damages(whole: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let n = whole.len();
    vec![
        ("empty", Vec::new()),
        ("cut after a byte", whole[..1].to_vec()),
        ("cut in the magic number", whole[..3].to_vec()),
        ("cut in the header", whole[..7.min(n - 1)].to_vec()),
        ("cut after a quarter", whole[..n / 4 + 1].to_vec()),
        ("cut in the middle", whole[..n / 2 + 1].to_vec()),
        ("cut before the last byte", whole[..n - 1].to_vec()),
        ("another kind of file", b"these are not the bytes you are looking for\n".repeat(30)),
    ]
}

/// Puts each damage in the place of the file and sees it refused with the file's name.
fn damaged_is_refused(dir: &Path, file: &str, commands: &[Vec<&str>]) {
    let path = dir.join(file);
    let whole = fs::read(&path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    for (what, bytes) in damages(&whole) {
        fs::write(&path, bytes).unwrap();
        for args in commands {
            refuses(args, dir, &[&name], what);
        }
    }
    fs::remove_file(&path).unwrap();
    for args in commands {
        refuses(args, dir, &[name.trim_end_matches(".gz")], "missing");
    }
    fs::create_dir(&path).unwrap();
    for args in commands {
        refuses(args, dir, &[name.trim_end_matches(".gz")], "a folder");
    }
    fs::remove_dir(&path).unwrap();
    fs::write(&path, whole).unwrap();
}

fn make(dir: &Path, name: &str) {
    let args = ["data", "make", name, "--train", "20", "--test", "10", "--out", "."];
    run_in(&args, dir).succeeded();
}

#[test]
fn data_sets_that_are_not_there_leave_no_run() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (name, part) in [
        ("mnist", "mnist/train-images-idx3-ubyte"),
        ("fashion-mnist", "fashion-mnist/train-images-idx3-ubyte"),
        ("cifar-10", "cifar-10-batches-bin"),
        ("shd", "shd/shd_train.h5"),
        ("spikes:nowhere", "nowhere"),
        ("spikes:", "unknown data set"),
        ("folder:nowhere", "nowhere"),
        ("minst", "known are mnist"),
    ] {
        for args in commands(name) {
            refuses(&args, dir, &[part], "missing");
        }
        refuses(&["data", "check", name], dir, &[part], "missing");
    }
    // The right kind of data for one command is the wrong kind for another.
    for command in ["reconstruct", "encode"] {
        let few = ["--train", "10", "--test", "10", "--set", "data.validation=10"];
        let args = [&[command, "--dataset", "synthetic-speech", "--out", "out"], &few[..]].concat();
        refuses(&args, dir, &["spikes", "images"], "spikes");
    }
}

#[test]
fn damaged_image_files_leave_no_run() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    make(dir, "synthetic-digits");
    make(dir, "synthetic-color");
    let check = |name| vec!["data", "check", name];
    let small = |name| [&RECONSTRUCT[..], &[name]].concat();
    let mnist = [check("mnist"), small("mnist")];
    for file in ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"] {
        damaged_is_refused(dir, &format!("mnist/{file}"), &mnist);
    }
    let cifar = [check("cifar-10"), small("cifar-10")];
    for file in ["data_batch_3.bin", "test_batch.bin"] {
        damaged_is_refused(dir, &format!("cifar-10-batches-bin/{file}"), &cifar);
    }
    // What every other command makes of one of them.
    fs::write(dir.join("mnist/t10k-images-idx3-ubyte.gz"), b"").unwrap();
    for args in commands("mnist") {
        refuses(&args, dir, &["t10k-images-idx3-ubyte.gz", "empty"], "empty");
    }
    // A label that is no class, and a record too long.
    let path = dir.join("cifar-10-batches-bin/data_batch_2.bin");
    let whole = fs::read(&path).unwrap();
    let mut bad = whole.clone();
    bad[3073] = 10;
    fs::write(&path, &bad).unwrap();
    refuses(&small("cifar-10"), dir, &["data_batch_2.bin", "label", "10"], "a wrong label");
    fs::write(&path, [&whole[..], &[1]].concat()).unwrap();
    refuses(&small("cifar-10"), dir, &["data_batch_2.bin"], "a byte too many");
}

/// An IDX file of unsigned bytes.
fn idx(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

#[test]
fn wrong_idx_files_leave_no_run() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir_all(dir.join("MNIST/raw")).unwrap();
    let image_file = "MNIST/raw/train-images-idx3-ubyte";
    let label_file = "MNIST/raw/train-labels-idx1-ubyte";
    let images = idx(&[20, 28, 28], &[7; 20 * 784]);
    let labels = idx(&[20], &(0..20).map(|i| i % 10).collect::<Vec<u8>>());
    let good = || {
        for (images_at, labels_at) in [
            (image_file, label_file),
            ("MNIST/raw/t10k-images-idx3-ubyte", "MNIST/raw/t10k-labels-idx1-ubyte"),
        ] {
            fs::write(dir.join(images_at), &images).unwrap();
            fs::write(dir.join(labels_at), &labels).unwrap();
        }
    };
    let with = |bytes: &[u8], at: usize, value: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = value;
        bytes
    };
    good();
    run_in(&["data", "check", "mnist"], dir).succeeded();
    for (file, bytes, part) in [
        (image_file, with(&images, 0, 1), "magic number"),
        (image_file, with(&images, 2, 0x0d), "magic number"),
        (image_file, with(&images, 3, 1), "magic number"),
        (image_file, idx(&[21, 28, 28], &[7; 20 * 784]), "21 x 28 x 28"),
        (image_file, idx(&[u32::MAX; 3], &[7; 784]), "values"),
        (image_file, idx(&[0, 28, 28], &[]), "size of 0"),
        (image_file, idx(&[20, 14, 28], &[7; 20 * 392]), "28 x 28"),
        (image_file, [&images[..], &[0]].concat(), "bytes follow"),
        (label_file, with(&labels, 3, 3), "magic number"),
        (label_file, with(&labels, 12, 10), "label 10"),
        (label_file, with(&labels, 27, 255), "label 255"),
        (label_file, idx(&[19], &[1; 19]), "19 labels, expected 20"),
        (label_file, idx(&[21], &[1; 21]), "21 labels, expected 20"),
        (label_file, [&labels[..], &[0]].concat(), "bytes follow"),
    ] {
        good();
        fs::write(dir.join(file), bytes).unwrap();
        let name = file.rsplit('/').next().unwrap();
        refuses(&[&RECONSTRUCT[..], &["mnist"]].concat(), dir, &[name, part], part);
    }
    // Too few images for what is asked.
    good();
    let args = ["encode", "--dataset", "mnist", "--train", "100", "--out", "out"];
    refuses(&args, dir, &["mnist/train", "20"], "too many asked for");
}

/// Three recordings in SHD's layout, with its channels and classes.
fn speech() -> SpikeSet {
    SpikeSet {
        units: 700,
        duration: 1.4,
        offsets: vec![0, 3, 3, 5],
        times: vec![0.125, 0.5, 1.25, 0.0, 0.75],
        unit_ids: vec![699, 1, 3, 12, 400],
        labels: vec![19, 0, 17],
        speakers: vec![4, 5, 4],
        classes: (0..20).map(|i| format!("word {i}")).collect(),
        name: "small".into(),
    }
}

#[test]
fn wrong_spike_files_leave_no_run() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("shd")).unwrap();
    for part in ["train", "test"] {
        let path = dir.join(format!("shd/shd_{part}.h5"));
        write_set(&path, &speech(), TimePrecision::Float32).unwrap();
    }
    let check = vec!["data", "check", "shd"];
    let classify = vec!["classify", "--dataset", "shd", "--out", "out"];
    run_in(&check, dir).succeeded();
    damaged_is_refused(dir, "shd/shd_test.h5", &[check.clone(), classify.clone()]);
    let path = dir.join("shd/shd_train.h5");
    let good = fs::read(&path).unwrap();
    let place = |wanted: &[u8]| good.windows(wanted.len()).position(|w| w == wanted).unwrap();
    let words = |values: &[u16]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let (units, labels) = (place(&words(&[699, 1, 3])), place(&words(&[19, 0, 17])));
    let time = place(&0.125f32.to_le_bytes());
    let reference = place(&[3, 0, 0, 0, 96, 0, 0, 0]);
    for (at, bytes, part) in [
        (units, words(&[700]), "700"),
        (labels, words(&[20]), "labels[0]: 20"),
        (time, f32::NAN.to_le_bytes().to_vec(), "a time of NaN s"),
        (time, (-0.5f32).to_le_bytes().to_vec(), "a time of -0.5 s"),
        (reference, vec![2], "spikes/"),
        (0, vec![0x88], "HDF5"),
    ] {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(&bytes);
        fs::write(&path, bad).unwrap();
        for args in [&check, &classify] {
            refuses(args, dir, &["shd_train.h5", part], part);
        }
    }
    // A sound file that is too small to train on.
    fs::write(&path, &good).unwrap();
    refuses(&classify, dir, &["batch", "3 training samples"], "too few");
    let study = ["study", "ratios", "--dataset", "shd", "--out", "out"];
    refuses(&study, dir, &["batch", "3 training samples"], "too few");
}

/// A grey PNG of one colour, through the encoder that the figures use.
fn picture(path: &Path, side: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let image = image::GrayImage::from_pixel(side, side, image::Luma([90]));
    image.save(path).unwrap();
}

#[test]
fn wrong_image_folders_leave_no_run() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let args = [&RECONSTRUCT[..], &["folder:mine"]].concat();
    fs::write(dir.join("mine"), "a file").unwrap();
    refuses(&args, dir, &["mine"], "a file");
    fs::remove_file(dir.join("mine")).unwrap();
    fs::create_dir(dir.join("mine")).unwrap();
    refuses(&args, dir, &["0 subfolders"], "empty");
    fs::create_dir(dir.join("mine/cats")).unwrap();
    refuses(&args, dir, &["cats", "no image"], "an empty class");
    for i in 0..20 {
        picture(&dir.join(format!("mine/cats/{i:02}.png")), 16);
        picture(&dir.join(format!("mine/dogs/{i:02}.png")), 16);
    }
    damaged_is_refused_image(dir, "mine/dogs/07.png", &args);
    picture(&dir.join("mine/dogs/08.png"), 20);
    refuses(&args, dir, &["08.png", "20 x 20", "16 x 16", "data.folder.size"], "another size");
    let resized = |size| [&args[..], &["--set", size]].concat();
    refuses(&resized("data.folder.size=[0,16]"), dir, &["0 x 16"], "no size");
    refuses(&resized("data.folder.size=[8,8]"), dir, &["8x8", "11x11"], "below SSIM's window");
    refuses(&resized("data.folder.size=[18,18]"), dir, &["divisible"], "no whole halves");
    refuses(&resized("data.folder.test_fraction=1.0"), dir, &["test fraction of 1"], "no training");
    refuses(&resized("data.folder.colour=true"), dir, &["colour"], "an unknown key");
    let check = ["data", "check", "folder:mine", "--size"];
    run_in(&[&check[..], &["16x16"]].concat(), dir).succeeded();
    for size in ["16", "0x4", "axb", "16x16x3", "-1x3"] {
        refuses(&[&check[..], &[size]].concat(), dir, &[], size);
    }
}

/// A picture may end a few bytes early and still be whole, so its damages are its own.
fn damaged_is_refused_image(dir: &Path, file: &str, args: &[&str]) {
    let path = dir.join(file);
    let whole = fs::read(&path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    for keep in [0, 1, 8, 20, whole.len() / 2, whole.len() - 13] {
        fs::write(&path, &whole[..keep]).unwrap();
        refuses(args, dir, &[&name], &format!("{keep} bytes"));
    }
    fs::write(&path, "no picture\n").unwrap();
    refuses(args, dir, &[&name], "text");
    fs::write(&path, whole).unwrap();
}

/// Two small encoded runs, and a decoder that was trained on the first.
fn pipeline(dir: &Path) {
    let small = "--train 12 --test 12 --spikes 3 --dataset synthetic-digits --quiet \
                 --set data.validation=6 --set network.duration=20.0 --set network.warm_up=5.0";
    let small: Vec<&str> = small.split_whitespace().collect();
    for (out, neurons) in [("encoded", "40"), ("other", "41")] {
        let args = ["encode", "--out", out, "--neurons", neurons];
        run_in(&[&args, &small[..]].concat(), dir).succeeded();
    }
    let train = "train --encoded encoded --epochs 1 --out trained --quiet \
                 --set decoder.hidden=[8,8] --set decoder.channels=2";
    let train: Vec<&str> = train.split_whitespace().collect();
    run_in(&train, dir).succeeded();
}

#[test]
fn wrong_runs_counts_and_models_leave_no_run() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    pipeline(dir);
    let train = |encoded| vec!["train", "--encoded", encoded, "--epochs", "1", "--out", "out"];
    let evaluate =
        |encoded, model| vec!["evaluate", "--encoded", encoded, "--model", model, "--out", "out"];
    refuses(&["train", "--out", "out"], dir, &["--encoded"], "no directory");
    refuses(&["evaluate", "--out", "out"], dir, &["--encoded"], "no directory");
    refuses(&["evaluate", "--encoded", "encoded", "--out", "out"], dir, &["--model"], "no model");
    fs::create_dir(dir.join("empty")).unwrap();
    for (encoded, part) in [
        ("nowhere", "nowhere"),
        ("empty", "run.json"),
        ("encoded/run.json", "a directory is expected"),
        ("trained", "holds a run of `train`"),
    ] {
        refuses(&train(encoded), dir, &[part], encoded);
        refuses(&evaluate(encoded, "trained"), dir, &[part], encoded);
    }
    for (model, part) in [
        ("nowhere", "nowhere"),
        ("empty", "decoder.safetensors"),
        ("encoded/counts/test.safetensors", "another program"),
    ] {
        refuses(&evaluate("encoded", model), dir, &[part], model);
    }
    // A decoder for another network.
    refuses(&evaluate("other", "trained"), dir, &["decoder.safetensors", "40", "41"], "mixed up");
    damaged_is_refused(dir, "encoded/counts/train.safetensors", &[train("encoded")]);
    damaged_is_refused(dir, "encoded/counts/validation.safetensors", &[train("encoded")]);
    damaged_is_refused(dir, "encoded/counts/test.safetensors", &[evaluate("encoded", "trained")]);
    let model = "trained/models/decoder.safetensors";
    damaged_is_refused(dir, model, &[evaluate("encoded", "trained")]);
    let path = dir.join(model);
    let mut flipped = fs::read(&path).unwrap();
    let last = flipped.len() - 5;
    flipped[last] ^= 0x10;
    fs::write(&path, flipped).unwrap();
    refuses(&evaluate("encoded", "trained"), dir, &["decoder.safetensors", "checksum"], "a bit");
    for file in ["run.json", "config.toml"] {
        let path = dir.join("encoded").join(file);
        let whole = fs::read(&path).unwrap();
        for (what, bytes) in [
            ("empty", vec![]),
            ("cut", whole[..whole.len() / 2].to_vec()),
            ("no text", vec![255; 9]),
        ] {
            // An empty configuration is one of defaults, which this run's data do not fit.
            let part = if file == "config.toml" && what == "empty" { "mnist" } else { file };
            fs::write(&path, bytes).unwrap();
            refuses(&train("encoded"), dir, &[part], &format!("{file} {what}"));
        }
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_directory_that_is_not_free_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("thesis")).unwrap();
    fs::write(dir.join("thesis/thesis.tex"), "\\section{}").unwrap();
    let computing: [&[&str]; 9] = [
        &["demo"],
        &["reconstruct", "--dataset", "synthetic-digits"],
        &["encode", "--dataset", "synthetic-digits"],
        &["train", "--encoded", "nowhere"],
        &["evaluate", "--encoded", "nowhere", "--model", "nowhere"],
        &["classify", "--dataset", "synthetic-digits"],
        &["study", "ratios", "--dataset", "synthetic-digits"],
        &["study", "hebb"],
        &["hebb", "run"],
    ];
    for args in computing {
        let with = |more: &[&'static str]| [args, more].concat();
        refuses(&with(&["--out", "thesis"]), dir, &["thesis", "not empty"], "--out");
        refuses(&with(&["--out", "thesis/thesis.tex"]), dir, &["thesis.tex"], "--out");
        refuses(&with(&["--out", "thesis/thesis.tex/run"]), dir, &["thesis.tex"], "--out");
        let name = if args[0] == "hebb" || args[0] == "study" { 2 } else { 1 };
        let resume = |at| [&args[..name], &["--resume", at]].concat();
        refuses(&resume("nowhere"), dir, &["nowhere"], "--resume");
        refuses(&resume("thesis"), dir, &["thesis", "run.json"], "--resume");
        refuses(&resume("thesis/thesis.tex"), dir, &["thesis.tex"], "--resume");
        let both = [&resume("thesis")[..], &["--out", "new"]].concat();
        refuses(&both, dir, &["--resume", "--out"], "--resume and --out");
        refuses(&with(&["--config", "none.toml"]), dir, &["none.toml"], "--config");
        refuses(&with(&["--config", "thesis"]), dir, &["thesis"], "--config");
        refuses(&with(&["--seed", "-1"]), dir, &["--seed"], "--seed");
        refuses(&with(&["--seed", "1.5"]), dir, &["--seed"], "--seed");
        refuses(&with(&["--seed", "18446744073709551616"]), dir, &["--seed"], "--seed");
        refuses(&with(&["--set", "seed"]), dir, &["key=value"], "--set");
        refuses(&with(&["--set", "=3"]), dir, &["empty"], "--set");
        refuses(&with(&["--set", "no_such_key=3"]), dir, &["no_such_key"], "--set");
        refuses(&with(&["--set", "seed=many"]), dir, &["seed=many"], "--set");
        refuses(&with(&["--threads", "0"]), dir, &["--threads"], "--threads");
        refuses(&with(&["--threads", "100000"]), dir, &["--threads"], "--threads");
        refuses(&with(&["--no-such-option"]), dir, &["--no-such-option"], "unknown");
        refuses(&with(&["--out"]), dir, &["--out"], "no value");
    }
}

/// Commands and the words of one wrong option, with what the line must name.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("demo", "--preset huge", "huge"),
    ("reconstruct", "--regimes no-such", "no-such"),
    ("reconstruct", "--regimes balanced,balanced", "twice"),
    ("reconstruct", "--repeats 0", "repeats"),
    ("reconstruct", "--repeats none", "--repeats"),
    ("reconstruct", "--repeats -1", "--repeats"),
    ("reconstruct", "--train 0", "data.train"),
    ("reconstruct", "--test 0", "data.test"),
    ("reconstruct", "--train 1.5", "--train"),
    ("reconstruct", "--decoder no-such", "no-such"),
    ("reconstruct", "--epochs 0", "epochs"),
    ("reconstruct", "--epochs 10000000", "epochs"),
    ("reconstruct", "--neurons 0", "neuron"),
    ("reconstruct", "--neurons 1000000000", "neurons"),
    ("reconstruct", "--controls no-such", "no-such"),
    ("reconstruct", "--backend no-such", "no-such"),
    ("reconstruct", "--set regimes=[]", "regimes"),
    ("reconstruct", "--set regimes=[{g=3.0}]", "name"),
    ("reconstruct", "--set batch=0", "batch"),
    ("reconstruct", "--set data.validation=0", "validation"),
    ("reconstruct", "--set network.connection_probability=1.5", "connection_probability"),
    ("reconstruct", "--set network.membrane=-1.0", "membrane"),
    ("reconstruct", "--set network.threshold=5.0", "reset"),
    ("reconstruct", "--set network.delay=0.01", "delay"),
    ("reconstruct", "--set network.dt=0", "dt"),
    ("reconstruct", "--set network.dt=nan", "dt"),
    ("reconstruct", "--set network.duration=-5.0", "duration"),
    ("reconstruct", "--set network.duration=inf", "duration"),
    ("reconstruct", "--set network.excitatory_fraction=2", "excitatory_fraction"),
    ("reconstruct", "--set network.g=-1.0", "`g`"),
    ("reconstruct", "--set network.eta=-1.0", "eta"),
    ("reconstruct", "--set network.input.r_max=-1.0", "r_max"),
    ("reconstruct", "--set network.input.code=no-such", "no-such"),
    ("reconstruct", "--set network.input.in_degree=100000", "in_degree"),
    ("reconstruct", "--set network.no_such_key=1", "no_such_key"),
    ("reconstruct", "--set features.bins=0", "bins"),
    ("reconstruct", "--set features.bins=100000000", "bins"),
    ("reconstruct", "--set features.kind=no-such", "no-such"),
    ("reconstruct", "--set features.time_constants=[]", "time_constants"),
    ("reconstruct", "--set features.time_constants=[0.0]", "time constant"),
    ("reconstruct", "--set decoder.hidden=[]", "hidden"),
    ("reconstruct", "--set decoder.hidden=[0]", "hidden"),
    ("reconstruct", "--set decoder.hidden=[1000000000000]", "hidden"),
    ("reconstruct", "--set decoder.channels=0", "channels"),
    ("reconstruct", "--set decoder.channels=1000000000", "channels"),
    ("reconstruct", "--set decoder.depth=0", "depth"),
    ("reconstruct", "--set decoder.depth=9", "depth"),
    ("reconstruct", "--set decoder.dropout=1.0", "dropout"),
    ("reconstruct", "--set decoder.feature_dropout=-0.1", "feature_dropout"),
    ("reconstruct", "--set decoder.ssim_share=2.0", "ssim_share"),
    ("reconstruct", "--set decoder.latent=0", "latent"),
    ("reconstruct", "--set decoder.latent=1000000000000", "latent"),
    ("reconstruct", "--set decoder.beta=-1.0", "beta"),
    ("reconstruct", "--set training.learning_rate=-1.0", "learning_rate"),
    ("reconstruct", "--set training.learning_rate=nan", "learning_rate"),
    ("reconstruct", "--set training.batch_size=0", "batch_size"),
    ("reconstruct", "--set training.warmup_epochs=-1.0", "warmup_epochs"),
    ("reconstruct", "--set training.final_share=2.0", "final_share"),
    ("reconstruct", "--set training.weight_decay=-1.0", "weight_decay"),
    ("reconstruct", "--set training.schedule=no-such", "no-such"),
    ("encode", "--regime no-such", "no-such"),
    ("encode", "--bins 0", "bins"),
    ("encode", "--bins 1000000000000", "bins"),
    ("encode", "--spikes -1", "--spikes"),
    ("encode", "--neurons 0", "neuron"),
    ("encode", "--train 0", "data.train"),
    ("encode", "--test 0", "data.test"),
    ("encode", "--test 1000000000", "1000000"),
    ("classify", "--ratio 1.5", "ratio"),
    ("classify", "--ratio=-0.1", "ratio"),
    ("classify", "--ratio nan", "ratio"),
    ("classify", "--sigma-1=-1", "sigma_1"),
    ("classify", "--noise=-1", "noise"),
    ("classify", "--optimizer no-such", "no-such"),
    ("classify", "--learning-rate 0", "learning_rate"),
    ("classify", "--hidden 0", "hidden"),
    ("classify", "--hidden 1000000000", "hidden"),
    ("classify", "--epochs 0", "epochs"),
    ("classify", "--train 0", "0"),
    ("classify", "--validation-share 1.5", "validation_share"),
    ("classify", "--validation-speaker 70000", "--validation-speaker"),
    ("classify", "--validation-speaker 1", "validation_speaker"),
    ("classify", "--validation-share 0.1 --validation-speaker 1", "only one"),
    ("classify", "--set van_rossum_tau=0.0", "van_rossum_tau"),
    ("classify", "--set network.batch=0", "batch"),
    ("classify", "--set network.tau_mem=0.0", "tau_mem"),
    ("classify", "--set data.latency.threshold=1.0", "latency"),
    ("study ratios", "--ratios 1.5", "ratio"),
    ("study ratios", "--ratios a,b", "`a`"),
    ("study ratios", "--sigma-1=-1", "sigma_1"),
    ("study ratios", "--trials 0", "trials"),
    ("study ratios", "--noise=-1", "noise"),
    ("study ratios", "--noise-trials 0", "trials"),
    ("study ratios", "--epochs 0", "epochs"),
    ("study ratios", "--train 0", "0"),
    ("hebb run", "--neurons 0", "neurons is 0"),
    ("hebb run", "--layers 1", "layers"),
    ("hebb run", "--epsilon 1", "epsilon is 1"),
    ("hebb run", "--epsilon nan", "epsilon"),
    ("hebb run", "--mapping 0-0-1-2", "inputs 0 and 1 share target 0"),
    ("hebb run", "--mapping 0-1", "2 pairs"),
    ("hebb run", "--mapping a-b", "a"),
    ("hebb run", "--types EEEE|EEEX|EEEE", "`X`"),
    ("hebb run", "--inhibitory-inputs 5", "inhibitory_inputs is 5"),
    ("hebb run", "--inhibitory-hidden 50", "inhibitory_hidden is 50"),
    ("hebb run", "--criterion never", "never"),
    ("hebb run", "--max-epochs 0", "max_epochs"),
    ("hebb run", "--trace-epochs 0", "trace_epochs"),
    ("study hebb", "--neurons 0", "neurons is 0"),
    ("study hebb", "--epsilon=-0.1", "epsilon is -0.1"),
    ("study hebb", "--enumeration no-such", "no-such"),
    ("study hebb", "--neurons 7 --enumeration complete", "enumeration_limit"),
    ("study hebb", "--seeds 0", "seeds"),
    ("study hebb", "--runs-per-cell 0 --enumeration sample", "runs_per_cell"),
    ("study hebb", "--variant-runs 0", "variant_runs"),
    ("study hebb", "--set variant_edges=1", "variant_edges"),
    ("study hebb", "--set kept_epochs=0", "kept_epochs"),
    ("evaluate", "--part no-such", "no-such"),
    ("train", "--epochs 0 --encoded nowhere", "epochs"),
];

#[test]
fn every_option_out_of_range_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (command, words, part) in OPTIONS {
        let mut args: Vec<&str> = command.split(' ').chain(words.split(' ')).collect();
        if ["reconstruct", "encode", "classify", "study ratios"].contains(command) {
            // Few samples, unless the words say how many.
            for few in ["data.train=300", "data.test=20"] {
                args.insert(command.split(' ').count(), few);
                args.insert(command.split(' ').count(), "--set");
            }
            args.extend(["--dataset", "synthetic-digits"]);
        }
        args.extend(["--out", "out"]);
        refuses(&args, dir.path(), &[part], words);
    }
}

#[test]
fn wrong_configuration_files_name_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bad = dir.join("bad.toml");
    for (text, part) in [
        ("seed = 1\nno_such_key = 2\n", "bad.toml:2:1"),
        ("[network]\nneurons = 'many'\n", "bad.toml:2:11"),
        ("[network]\nneurons = -1\n", "bad.toml:2:11"),
        ("[network]\nneurons = 1.5\n", "bad.toml:2:11"),
        ("network = 3\n", "bad.toml:1:11"),
        ("[network\n", "bad.toml:1"),
        ("seed = 1\nseed = 2\n", "bad.toml:2"),
        ("seed = \n", "bad.toml:1"),
        ("regimes = 'balanced'\n", "bad.toml:1:11"),
        ("[[network]]\n", "bad.toml:1"),
        ("[training]\nepochs = 99999999999999999999\n", "bad.toml:2"),
        // What is well written and cannot be.
        ("repeats = 0\n", "repeats"),
        ("regimes = ['balanced', 'balanced']\n", "twice"),
        ("[network]\nthreshold = 10.0\nreset = 10.0\n", "reset"),
        ("[network]\nneurons = 10\nexcitatory_in_degree = 20\n", "excitatory_in_degree"),
        ("[network]\nexcitatory_fraction = 1.0\ninhibitory_in_degree = 3\n", "inhibitory"),
        ("[data]\nvalidation = 0\n", "validation"),
    ] {
        fs::write(&bad, text).unwrap();
        refuses(&["demo", "--config", "bad.toml", "--out", "out"], dir, &[part], text);
    }
    fs::write(&bad, [0xff, 0xfe, 0]).unwrap();
    refuses(&["demo", "--config", "bad.toml", "--out", "out"], dir, &["bad.toml"], "no text");
}

#[test]
fn wrong_data_commands_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (args, part) in [
        (&["data"][..], "command"),
        (&["data", "no-such"], "no-such"),
        (&["data", "check"], "NAME"),
        (&["data", "check", "synthetic-digits", "--train", "0"], "from 1 to 1000000"),
        (&["data", "check", "synthetic-digits", "--train", "x"], "--train"),
        (&["data", "check", "synthetic-digits", "--test", "100000000"], "from 1 to 1000000"),
        (&["data", "check", "synthetic-digits", "--seed", "-1"], "--seed"),
        (&["data", "fetch"], "NAME"),
        (&["data", "fetch", "synthetic-digits"], "cannot be downloaded"),
        (&["data", "fetch", "mnist", "no-such"], "no-such"),
        (&["data", "make", "mnist", "--out", "x"], "'mnist' cannot be made"),
        (&["data", "make", "synthetic-digits"], "--out"),
        (&["data", "make", "synthetic-digits", "--train", "0", "--out", "x"], "from 1"),
        (&["data", "make", "synthetic-color", "--train", "7", "--out", "x"], "multiple of 5"),
        (&["completions"], "SHELL"),
        (&["completions", "no-such"], "no-such"),
        (&["no-such-command"], "no-such-command"),
        (&["study", "no-such"], "no-such"),
        (&["hebb", "no-such"], "no-such"),
    ] {
        refuses(args, dir.path(), &[part], &args.join(" "));
    }
}
