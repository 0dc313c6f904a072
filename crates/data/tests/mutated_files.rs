//! Files of every kind, damaged at random: each is read or refused, and none panics, aborts, or
//! takes much memory or time. `EQUIPOISE_MUTATIONS` sets how many are tried.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use equipoise_data::convert::{Options, TimeUnit, convert};
use equipoise_data::spikes::SpikeTrains;
use equipoise_data::spikes::counts::{CountsWriter, read_counts};
use equipoise_data::{OpenOptions, TO_THE_END, load, make, read_recorded};
use equipoise_random::{Stream, stream};
use flate2::{Compression, write::GzEncoder};
use image::{DynamicImage, GrayAlphaImage, GrayImage, Luma, LumaA, Rgb, RgbImage};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A sound file, and what reads it; `true` if it was read.
struct Kind {
    name: &'static str,
    path: PathBuf,
    read: Box<dyn Fn() -> bool>,
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn opens(spec: &'static str, root: &Path) -> Box<dyn Fn() -> bool> {
    let root = root.to_owned();
    Box::new(move || load(spec, &root, &OpenOptions::default(), TO_THE_END).is_ok())
}

/// An NPY array of bytes, and an NPZ archive of arrays stored as they are, written by hand.
fn npy(shape: &str, values: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    bytes.extend(values);
    bytes
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, array) in arrays {
        let mut crc = flate2::Crc::new();
        crc.update(array);
        let mut common =
            [20u16, 0, 0, 0, 0].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>();
        for n in [crc.sum(), array.len() as u32, array.len() as u32] {
            common.extend(n.to_le_bytes());
        }
        common.extend([name.len() as u16, 0].iter().flat_map(|n| n.to_le_bytes()));
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(name.bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.bytes());
        bytes.extend(array);
    }
    let (start, size, n) = (bytes.len() as u32, directory.len() as u32, arrays.len() as u16);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([n, n].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend([size, start].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend([0, 0]);
    bytes
}

/// One sound file of every kind below `root`.
fn kinds(root: &Path) -> Vec<Kind> {
    let mut kinds = Vec::new();
    make("synthetic-digits", 10, 10, 0, root).unwrap();
    make("synthetic-color", 10, 5, 0, root).unwrap();
    make("synthetic-speech", 2, 1, 0, root).unwrap();
    for (name, spec, file) in [
        ("IDX images, gzipped", "mnist", "mnist/train-images-idx3-ubyte.gz"),
        ("IDX labels, gzipped", "mnist", "mnist/t10k-labels-idx1-ubyte.gz"),
        ("CIFAR-10", "cifar-10", "cifar-10-batches-bin/data_batch_2.bin"),
        ("spikes in HDF5", "shd", "shd/shd_train.h5"),
    ] {
        kinds.push(Kind { name, path: root.join(file), read: opens(spec, root) });
    }
    // The same unpacked, and packed.
    let plain = root.join("plain");
    fs::create_dir_all(plain.join("fashion-mnist")).unwrap();
    for entry in fs::read_dir(root.join("mnist")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".gz") {
            let mut bytes = Vec::new();
            let mut reader = flate2::read::GzDecoder::new(fs::File::open(&path).unwrap());
            std::io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
            fs::write(plain.join("fashion-mnist").join(stem), bytes).unwrap();
        }
    }
    fs::create_dir_all(plain.join("shd")).unwrap();
    for part in ["train", "test"] {
        let bytes = fs::read(root.join(format!("shd/shd_{part}.h5"))).unwrap();
        fs::write(plain.join(format!("shd/shd_{part}.h5.gz")), packed(&bytes)).unwrap();
    }
    for (name, spec, file) in [
        ("IDX images", "fashion-mnist", "fashion-mnist/t10k-images-idx3-ubyte"),
        ("spikes in HDF5, gzipped", "shd", "shd/shd_test.h5.gz"),
    ] {
        kinds.push(Kind { name, path: plain.join(file), read: opens(spec, &plain) });
    }
    let grey = GrayImage::from_fn(24, 20, |x, y| Luma([(x * 9 + y) as u8]));
    let rgb = RgbImage::from_fn(24, 20, |x, y| Rgb([(x * 9) as u8, (y * 11) as u8, 50]));
    let ink = GrayAlphaImage::from_fn(24, 20, |x, y| LumaA([0, (x * y % 255) as u8]));
    let pictures: [(&str, &str, DynamicImage); 8] = [
        ("PNG", "png", rgb.clone().into()),
        ("PNG with alpha", "png", ink.into()),
        ("JPEG", "jpg", rgb.clone().into()),
        ("TIFF", "tif", rgb.clone().into()),
        ("BMP", "bmp", rgb.clone().into()),
        ("WebP", "webp", rgb.into()),
        ("PGM", "pgm", grey.clone().into()),
        ("JPEG, grey", "jpeg", grey.clone().into()),
    ];
    for (i, (name, ending, picture)) in pictures.into_iter().enumerate() {
        let base = root.join(format!("pictures{i}"));
        fs::create_dir_all(base.join("mine/a")).unwrap();
        grey.save(base.join("mine/a/0.png")).unwrap();
        let path = base.join("mine/a/1.").with_extension(ending);
        picture.save(&path).unwrap();
        kinds.push(Kind { name, path, read: opens("folder:mine", &base) });
    }
    let arrays = [
        ("images.npy", npy("(2, 3, 4)", &(0..24).collect::<Vec<u8>>())),
        ("counts.npy", npy("(2, 5)", &[1; 10])),
        ("labels.npy", npy("(2,)", &[0, 1])),
    ];
    let array = arrays[0].1.clone();
    let hdf5 = include_bytes!("recorded.h5.gz").to_vec();
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(Cursor::new(&hdf5));
    std::io::Read::read_to_end(&mut reader, &mut unpacked).unwrap();
    for (name, file, bytes) in [
        ("NPZ", "r.npz", npz(&arrays)),
        ("arrays in HDF5", "r.h5", unpacked),
        ("arrays in HDF5, gzipped", "r.h5.gz", hdf5),
    ] {
        let path = root.join(file);
        fs::write(&path, bytes).unwrap();
        let at = path.clone();
        let read = Box::new(move || read_recorded(&at, &at, Some(50.0), TO_THE_END).is_ok());
        kinds.push(Kind { name, path, read });
    }
    let (path, counts) = (root.join("i.npy"), root.join("c.npy"));
    fs::write(&path, array).unwrap();
    fs::write(&counts, npy("(2, 5)", &[1; 10])).unwrap();
    let at = path.clone();
    let read = Box::new(move || read_recorded(&counts, &at, Some(50.0), TO_THE_END).is_ok());
    kinds.push(Kind { name: "NPY", path, read });
    let path = root.join("counts.safetensors");
    let mut writer = CountsWriter::create(&path, 4, 3, 30.0).unwrap();
    let trains = SpikeTrains::new(30.0, 4, vec![1.0, 12.0, 29.5], vec![0, 3, 1]).unwrap();
    (0..3).for_each(|label| writer.push(&trains, label).unwrap());
    writer.finish().unwrap();
    let at = path.clone();
    let read = Box::new(move || read_counts(&at).is_ok());
    kinds.push(Kind { name: "counts", path, read });
    kinds.extend(spikes(root));
    kinds
}

/// Spikes as other tools write them (scripts/reference/spike_formats.py), to be converted.
fn spikes(root: &Path) -> Vec<Kind> {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spikes");
    let names = [
        "arrays.npz",
        "events.bin",
        "events.npy",
        "index.tsv",
        "lists.h5",
        "records.npy",
        "shd.h5",
        "sonata.h5",
        "table.csv",
        "table.npy",
    ];
    let kind = |name: &'static str| {
        let path = root.join(format!("spikes-{name}"));
        fs::copy(stored.join(name), &path).unwrap();
        let (input, output) = (path.clone(), root.join("converted.npz"));
        let options = Options {
            from_unit: (name == "table.npy").then_some(TimeUnit::Milliseconds),
            population: (name == "sonata.h5").then(|| "a".to_owned()),
            sensor: name.starts_with("events").then_some((34, 34)),
            overwrite: true,
            ..Options::default()
        };
        let read = Box::new(move || {
            let go_on = &mut |_| std::ops::ControlFlow::Continue(());
            convert(&input, &output, &options, go_on).is_ok()
        });
        Kind { name, path, read }
    };
    names.into_iter().map(kind).collect()
}

/// Numbers that sizes and addresses are wrong with.
const EXTREMES: [u64; 8] = [0, 1, 0x7f, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, u64::MAX];

fn mutate(whole: &[u8], random: &mut Stream) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            break;
        }
        // Headers decide most, so half of the damage goes there.
        let reach = if random.bernoulli(0.5) { bytes.len().min(256) } else { bytes.len() };
        let at = random.below(reach);
        let end = (at + 1 + random.below(64)).min(bytes.len());
        match random.below(7) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.below(256) as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            5 => bytes[at..end].fill(if random.bernoulli(0.5) { 0 } else { 0xff }),
            _ => {
                let number = EXTREMES[random.below(EXTREMES.len())];
                let size = 1 << random.below(4);
                let little = random.bernoulli(0.5);
                for k in 0..size {
                    let byte = if little { k } else { size - 1 - k };
                    if let Some(place) = bytes.get_mut(at + k) {
                        *place = (number >> (8 * byte)) as u8;
                    }
                }
            }
        }
    }
    bytes
}

#[test]
fn damaged_files_are_read_or_refused() {
    let root = tempfile::tempdir().unwrap();
    let kinds = kinds(root.path());
    let tries = std::env::var("EQUIPOISE_MUTATIONS").ok().and_then(|n| n.parse().ok());
    let tries: usize = tries.unwrap_or(600);
    for kind in &kinds {
        assert!((kind.read)(), "{} is sound and was refused", kind.name);
    }
    let whole: Vec<Vec<u8>> = kinds.iter().map(|kind| fs::read(&kind.path).unwrap()).collect();
    let mut refused = vec![0; kinds.len()];
    for i in 0..tries {
        let k = i % kinds.len();
        let kind = &kinds[k];
        let mut random = stream(1, "test/mutations", i as u64);
        fs::write(&kind.path, mutate(&whole[k], &mut random)).unwrap();
        let started = Instant::now();
        refused[k] += usize::from(!(kind.read)());
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "mutation {i} of {} took {took:?}", kind.name);
        fs::write(&kind.path, &whole[k]).unwrap();
    }
    // Most damage is found; what hits a pixel or a spike cannot be.
    for (kind, refused) in kinds.iter().zip(refused) {
        assert!(refused > 0, "no damage of {} was found", kind.name);
    }
}
