//! Every kind of file missing, empty, cut short or wrong: one line that says what and where, exit
//! code 2, and not a byte or a folder written. Options are in `bad_options.rs`.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{finish, refuses, run_in};
use equipoise_data::SpikeSet;
use equipoise_data::spikes::file::{TimePrecision, write_set};

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
    let recordings: [(&[f32], &[u16]); 3] =
        [(&[0.125, 0.5, 1.25], &[699, 1, 3]), (&[], &[]), (&[0.0, 0.75], &[12, 400])];
    let classes = (0..20).map(|i| format!("word {i}")).collect();
    let set = SpikeSet::new("small", 700, 1.4, recordings, vec![19, 0, 17], classes).unwrap();
    SpikeSet { speakers: vec![4, 5, 4], ..set }
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
    let batch = ["--set", "network.batch=4"];
    let parts = ["batch", "3 training samples"];
    refuses(&[&classify[..], &batch].concat(), dir, &parts, "too few");
    let study = ["study", "ratios", "--dataset", "shd", "--out", "out"];
    refuses(&[&study[..], &batch].concat(), dir, &parts, "too few");
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
    refuses(&args, dir, &["mine", "no picture"], "empty");
    fs::create_dir(dir.join("mine/cats")).unwrap();
    refuses(&args, dir, &["cats", "no image"], "an empty class");
    for i in 0..20 {
        picture(&dir.join(format!("mine/cats/{i:02}.png")), 16);
        picture(&dir.join(format!("mine/dogs/{i:02}.png")), 16);
    }
    damaged_is_refused_image(dir, "mine/dogs/07.png", &args);
    let resized = |size| [&args[..], &["--set", size]].concat();
    refuses(&resized("data.folder.size=[0,16]"), dir, &["0 x 16"], "no size");
    refuses(&resized("data.folder.size=[8,8]"), dir, &["8x8", "11x11"], "below SSIM's window");
    refuses(&resized("data.folder.size=[18,18]"), dir, &["divisible"], "no whole halves");
    refuses(&resized("data.folder.test_fraction=1.0"), dir, &["test fraction of 1"], "no training");
    refuses(&resized("data.folder.colour=true"), dir, &["colour"], "an unknown key");
    let check = ["data", "check", "folder:mine", "--size"];
    run_in(&[&check[..], &["16x16"]].concat(), dir).succeeded();
    for size in ["0", "0x4", "axb", "16x16x3", "-1x3"] {
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
    refuses(&["train", "--out", "out"], dir, &["encoded"], "no directory");
    refuses(&["evaluate", "--out", "out"], dir, &["encoded"], "no directory");
    refuses(&["evaluate", "--encoded", "encoded", "--out", "out"], dir, &["model"], "no model");
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
        ("empty", "run.json"),
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
    refuses(&evaluate("encoded", "trained"), dir, &["decoder.safetensors"], "a bit");
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

/// Networks that are exchanged: nothing is written over unasked, and no device is read as a model.
#[test]
fn wrong_networks_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    fs::write(dir.join("there.nir"), "of somebody else").unwrap();
    fs::write(dir.join("junk.safetensors"), "junk").unwrap();
    let evaluate =
        |model| vec!["evaluate", "--model", model, "--dataset", "synthetic-digits", "--out", "out"];
    refuses(&evaluate("nowhere.safetensors"), dir, &["nowhere.safetensors"], "not there");
    refuses(&evaluate("junk.safetensors"), dir, &["junk.safetensors"], "no model");
    #[cfg(unix)]
    refuses(&evaluate("/dev/zero"), dir, &["/dev/zero"], "a device");
    for words in
        [["export", "nir", "nowhere", "there.nir"], ["import", "nir", "nowhere", "there.nir"]]
    {
        refuses(&words, dir, &["there.nir", "there already"], "written over");
    }
    for words in
        [["export", "nir", "nowhere", "new.nir"], ["import", "nir", "there.nir", "new.nir"]]
    {
        refuses(&words, dir, &[words[2]], "no network");
    }
    assert_eq!(fs::read(dir.join("there.nir")).unwrap(), b"of somebody else");
}

/// Files without an end where settings or spikes are asked for take neither memory nor time.
#[cfg(unix)]
#[test]
fn devices_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    for words in [
        &["balance", "--config", "/dev/zero", "--out", "out"][..],
        &["balance", "populations", "--network", "/dev/zero", "--out", "out"],
        &["encode", "--dataset", "synthetic-digits", "--populations", "/dev/zero", "--out", "out"],
        &["convert", "/dev/zero", "out.npz"],
    ] {
        refuses(words, dir, &["/dev/zero"], "no end");
    }
    // A file that is written is renamed into its place, and would end a device.
    std::fs::write(dir.join("spikes.csv"), "time_ms,id\n1,2\n").unwrap();
    for words in [
        &["convert", "spikes.csv", "/dev/null", "--to", "npz", "--overwrite"][..],
        &["export", "nir", "none", "/dev/null", "--overwrite"],
        &["import", "nir", "none", "/dev/null", "--overwrite"],
        &["explore", "--out", "/dev/null"],
        &["runs", ".", "--html", "/dev/null"],
    ] {
        refuses(words, dir, &["/dev/null"], "a device in the way");
    }
}

/// A network that memory cannot hold is refused, not ended by the system in the middle.
#[cfg(target_os = "linux")]
#[test]
fn networks_beyond_memory_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    for words in [
        &["balance", "--neurons", "200000"][..],
        &["balance", "--neurons", "400000", "--set", "network.weight_variation=0.1"],
        &["balance", "populations", "--preset", "microcircuit", "--scale", "3"],
        &["balance", "populations", "track", "--scale", "3"],
    ] {
        let mut command = Command::new("sh");
        let limited = "ulimit -v 4194304; exec \"$0\" \"$@\"";
        command.args(["-c", limited, env!("CARGO_BIN_EXE_equipoise")]).args(words);
        command.args(["--threads", "1", "--out", "out"]).current_dir(temporary.path());
        finish(command).refused(&["GiB of memory"]);
    }
    assert!(common::files(temporary.path()).is_empty(), "a refused request writes nothing");
}
