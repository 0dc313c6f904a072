//! What the pages of the documentation take for granted in a reader's folder, drawn by chance:
//! images, recordings, stimuli, spikes of other tools, runs.

use std::fs;
use std::path::Path;

use equipoise_data::npz::NpzWriter;
use equipoise_random::{Stream, stream};
use image::GrayImage;

use crate::command_lines::root;
use crate::common::{run, tree};

/// Writes all that does not come from the lines of a page themselves.
pub fn write(dir: &Path) {
    let digits =
        ["data", "make", "synthetic-digits", "--train", "300", "--test", "60", "--out", "."];
    run(&digits, dir).succeeded();
    let mut stream = stream(1, "own data", 0);
    // A data set of clothes; letters of three classes.
    fs::create_dir(dir.join("fashion-mnist")).unwrap();
    for (part, name, count) in [("train", "train", 300u32), ("t10k", "test", 60)] {
        for kind in ["images-idx3", "labels-idx1"] {
            let file = format!("{part}-{kind}-ubyte.gz");
            fs::copy(dir.join("mnist").join(&file), dir.join("fashion-mnist").join(&file)).unwrap();
        }
        let images = format!("{part}-images-idx3-ubyte.gz");
        fs::copy(dir.join("mnist").join(images), dir.join(format!("{name}-images.gz"))).unwrap();
        let labels = (0..count).map(|k| (k % 3) as u8);
        let header = [0x0801u32.to_be_bytes(), count.to_be_bytes()].concat();
        let labels: Vec<u8> = header.into_iter().chain(labels).collect();
        fs::write(dir.join(format!("{name}-labels.gz")), labels).unwrap();
    }
    for folder in ["photos", "more-photos", "leaves"] {
        for class in ["a", "b"] {
            fs::create_dir_all(dir.join(folder).join(class)).unwrap();
            for number in 0..100 {
                let pixels: Vec<u8> = (0..144).map(|_| stream.below(256) as u8).collect();
                let image = GrayImage::from_raw(12, 12, pixels).unwrap();
                image.save(dir.join(folder).join(class).join(format!("{number}.png"))).unwrap();
            }
        }
    }
    write_recordings(dir, &mut stream);
    write_spikes(dir, &mut stream);
    for (name, g, seed) in [("balanced", "5", "1"), ("unbalanced", "3.5", "2")] {
        let (out, small) = (format!("runs/{name}"), ["balance", "--regime", "balanced"]);
        let network = format!("network.g={g}");
        let choice = ["--set", &network, "--seed", seed, "--out", &out];
        run(&[&small[..], &choice].concat(), dir).succeeded();
    }
    fs::create_dir(dir.join("scripts")).unwrap();
    for script in fs::read_dir(root().join("scripts")).unwrap() {
        let script = script.unwrap();
        if script.path().extension().is_some_and(|e| e == "toml") {
            fs::copy(script.path(), dir.join("scripts").join(script.file_name())).unwrap();
        }
    }
}

/// Copies all of a folder into another.
pub fn copy(from: &Path, to: &Path) {
    for (path, bytes) in tree(from) {
        let to = to.join(path);
        match bytes {
            Some(bytes) => fs::write(to, bytes).unwrap(),
            None => fs::create_dir_all(to).unwrap(),
        }
    }
}

/// Images as arrays; recordings of ten neurons, the images and the sounds that evoked them.
fn write_recordings(dir: &Path, stream: &mut Stream) {
    let (recordings, units, spikes) = (60usize, 10, 30);
    let pixels: Vec<u8> = (0..recordings * 144).map(|_| stream.below(256) as u8).collect();
    let images = [recordings, 12, 12];
    let file = |name: &str| NpzWriter::create(&dir.join(name)).unwrap();
    let mut flowers = file("bloodmnist.npz");
    flowers.array("images", &images, pixels.clone()).unwrap();
    flowers.array("labels", &[recordings], (0..recordings).map(|k| (k % 3) as u64)).unwrap();
    flowers.finish().unwrap();
    let mut stimuli = file("stimuli.npz");
    stimuli.array("images", &images, pixels).unwrap();
    stimuli.finish().unwrap();
    let all = recordings * units * spikes;
    let mut recording = file("recording.npz");
    let times: Vec<f64> = (0..all).map(|_| 200.0 * stream.uniform()).collect();
    recording.array("times_ms", &[all], times).unwrap();
    recording.array("ids", &[all], (0..all).map(|k| (k % units) as u64)).unwrap();
    recording.array("sample", &[all], (0..all).map(|k| (k / (units * spikes)) as u64)).unwrap();
    recording.finish().unwrap();
    let mut sound = file("sound.npz");
    let samples = (0..recordings * 200).map(|k| libm::sin(k as f64 / 30.0));
    sound.array("stimulus", &[recordings, 200], samples).unwrap();
    sound.array("step_ms", &[], [1.0f64]).unwrap();
    sound.finish().unwrap();
}

/// Spikes as other tools write them.
fn write_spikes(dir: &Path, stream: &mut Stream) {
    let rows: String = (1..200).map(|k| format!("{k},{}\n", k % 7)).collect();
    fs::write(dir.join("spikes.csv"), format!("time_ms,id\n{rows}")).unwrap();
    fs::create_dir(dir.join("sonata")).unwrap();
    run(&["convert", "spikes.csv", "v1.sonata", "--population", "v1"], dir).succeeded();
    fs::rename(dir.join("v1.sonata"), dir.join("sonata/spikes.h5")).unwrap();
    // Events of five bytes: column, row, then polarity and time.
    for class in ["0", "1"] {
        let folder = dir.join("N-MNIST/Train").join(class);
        fs::create_dir_all(&folder).unwrap();
        for number in 0..70 {
            let event = |k: u32, stream: &mut Stream| {
                let [_, high, middle, low] = (1000 * k).to_be_bytes();
                let polarity = (stream.below(2) as u8) << 7;
                [stream.below(34) as u8, stream.below(34) as u8, polarity | high, middle, low]
            };
            let events: Vec<u8> = (0..50).flat_map(|k| event(k, stream)).collect();
            fs::write(folder.join(format!("{number}.bin")), events).unwrap();
        }
    }
    run(&["convert", "N-MNIST/Train", "words_train.h5"], dir).succeeded();
    for name in ["words_test", "fsdd_train", "fsdd_test"] {
        fs::copy(dir.join("words_train.h5"), dir.join(format!("{name}.h5"))).unwrap();
    }
}

/// Writes the files that a page shows: blocks of TOML whose first line is a comment with a name.
pub fn write_files_of(page: &str, dir: &Path) {
    for block in page.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let first = text.lines().next().unwrap();
        if let Some(name) = first.strip_prefix("# ").filter(|name| name.ends_with(".toml")) {
            fs::write(dir.join(name), text).unwrap();
        }
    }
}

/// Puts what the page exported in the place of a network that another tool wrote.
pub fn write_other_tools(words: &[&str], dir: &Path) {
    if let ["import", "nir", file, ..] = words {
        fs::copy(dir.join("classifier.nir"), dir.join(file)).unwrap();
    }
}
