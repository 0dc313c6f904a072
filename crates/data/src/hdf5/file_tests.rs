//! Tests of the spike files: what is written comes back, and what is damaged is refused.

use super::file::{
    Recordings, SpikeFileWriter, TimePrecision, read, read_origin, recordings as recordings_in,
    write,
};
use super::read::SpikeFile;
use crate::spikes::SpikeTrains;
use crate::{CountsOrigin, DataError, Dataset, OpenOptions, open, testing};
use equipoise_random::stream;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// `n` recordings of 100 ms and `units` units, with about `mean` spikes each on a 0.1 ms grid.
fn recordings(n: usize, units: usize, mean: f64, seed: u64) -> Recordings {
    let one = |i: usize| {
        let mut random = stream(seed, "test/recordings", i as u64);
        // The first one is silent.
        let count = if i == 0 { 0 } else { random.poisson(mean) as usize };
        let times = (0..count).map(|_| (random.below(1001) as f64 * 0.1) as f32).collect();
        let ids = (0..count).map(|_| random.below(units) as u32).collect();
        SpikeTrains::new(100.0, units, times, ids).unwrap()
    };
    Recordings {
        trains: (0..n).map(one).collect(),
        labels: (0..n).map(|i| (i % 3) as u16).collect(),
        classes: vec!["one".into(), "zwei".into(), "drei – ü".into()],
    }
}

fn round_trip(recordings: &Recordings, precision: TimePrecision) -> Recordings {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spikes.h5");
    write(&path, recordings, precision).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a temporary file is left");
    read(&path).unwrap()
}

#[test]
fn spikes_say_what_they_were_made_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spikes.h5");
    let made = recordings(3, 50, 20.0, 1);
    write(&path, &made, TimePrecision::Float64).unwrap();
    assert_eq!(read_origin(&path).unwrap(), (CountsOrigin::default(), Vec::new()));
    let stimuli = crate::synthetic::digits(3, 7, crate::Part::Test).identity();
    let network = Some(crate::Fingerprint::of(b"a network"));
    let origin = CountsOrigin { stimuli: Some(stimuli), network };
    let mut writer = SpikeFileWriter::create(&path, 50, &made.classes, TimePrecision::Float64)
        .and_then(|writer| writer.with_origin(&origin, &[8, 2, 1 << 40]))
        .unwrap();
    for (trains, &label) in made.trains.iter().zip(&made.labels) {
        writer.push(trains, label).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(read_origin(&path).unwrap(), (origin, vec![8, 2, 1 << 40]));
    assert_eq!(read(&path).unwrap(), made);
}

#[test]
fn spikes_come_back_as_they_were_written() {
    for (n, units, mean) in [(0, 1, 0.0), (1, 5, 0.0), (40, 300, 200.0), (3, 100_000, 30_000.0)] {
        let made = recordings(n, units, mean, 1);
        assert_eq!(round_trip(&made, TimePrecision::Float64), made);
        let single = round_trip(&made, TimePrecision::Float32);
        for (a, b) in made.trains.iter().zip(&single.trains) {
            assert_eq!((&a.ids, a.units, a.duration_ms), (&b.ids, b.units, b.duration_ms));
            let close = |(a, b): (&f32, &f32)| *b >= a.next_down() && *b <= a.next_up();
            assert!(a.times.iter().zip(&b.times).all(close));
        }
        // What was rounded once is not rounded again.
        assert_eq!(round_trip(&single, TimePrecision::Float32), single);
        let half = round_trip(&made, TimePrecision::Float16);
        for (a, b) in made.trains.iter().zip(&half.trains) {
            // Up to 125 ms the steps of a float16 in seconds are 0.061 ms and finer; times that
            // fall together are ordered by unit.
            assert_eq!(a.counts(), b.counts());
            assert!(a.times.iter().zip(&b.times).all(|(a, b)| (a - b).abs() <= 0.0306));
        }
    }
}

#[test]
fn many_recordings_fill_several_chunks_and_collections() {
    let made = recordings(5000, 20, 12.0, 2);
    assert_eq!(round_trip(&made, TimePrecision::Float64), made);
    // More than 64 chunks of the least size.
    let made = recordings(70_000, 3, 1.0, 3);
    assert_eq!(round_trip(&made, TimePrecision::Float64), made);
}

#[test]
fn wrong_recordings_are_refused_and_leave_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spikes.h5");
    let mut made = recordings(3, 5, 4.0, 0);
    made.labels[2] = 3;
    let problem = write(&path, &made, TimePrecision::Float32).unwrap_err().to_string();
    assert_eq!(problem, "recording 2 has label 3, but there are 3 classes");
    let made = recordings(3, 5, 4.0, 0);
    let mut writer =
        SpikeFileWriter::create(&path, 4, &made.classes, TimePrecision::Float32).unwrap();
    let problem = writer.push(&made.trains[0], 0).unwrap_err().to_string();
    assert!(problem.contains("5 units cannot go into a spike file of 4"), "{problem}");
    drop(writer);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let nowhere = folder.path().join("none/spikes.h5");
    assert!(matches!(
        write(&nowhere, &made, TimePrecision::Float32),
        Err(DataError::Io { action: "create", .. })
    ));
}

/// A file as SHD's are: no lengths of the recordings, float16 seconds.
fn shd_bytes() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.h5");
    let set = crate::SpikeSet {
        units: 700,
        duration: 1.4,
        offsets: vec![0, 3, 3, 5],
        times: vec![0.125, 0.5, 1.25, 0.0, 0.75],
        unit_ids: vec![699, 0, 3, 12, 400],
        labels: vec![1, 0, 1],
        speakers: vec![4, 5, 4],
        classes: vec!["zero".into(), "null".into()],
        name: "small".into(),
        source: crate::Source::Memory,
        indices: vec![0, 1, 2],
    };
    super::file::write_set(&path, &set, TimePrecision::Float16).unwrap();
    fs::read(&path).unwrap()
}

fn from_bytes(bytes: Vec<u8>) -> Result<Recordings, DataError> {
    let file = crate::FileIdentity {
        name: "damaged.h5".into(),
        bytes: bytes.len() as u64,
        sha256: crate::Fingerprint::of(&bytes),
    };
    let content = crate::formats::bytes::Content { bytes, file };
    recordings_in(SpikeFile::from_content(Path::new("damaged.h5"), content)?)
}

fn open_pair(folder: &Path, train: &[u8], test: &[u8]) -> Result<Dataset, DataError> {
    fs::write(folder.join("a_train.h5"), train).unwrap();
    fs::write(folder.join("a_test.h5"), test).unwrap();
    open(&format!("spikes:{}", folder.display()), Path::new("."), &OpenOptions::default())
}

#[test]
fn a_pair_of_files_is_a_data_set() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = shd_bytes();
    let (train, test) = open_pair(folder.path(), &bytes, &bytes).unwrap().into_spikes().unwrap();
    assert_eq!(train.times, [0.125, 0.5, 1.25, 0.0, 0.75]);
    assert_eq!(train.unit_ids, [699, 0, 3, 12, 400]);
    assert_eq!((train.units, train.duration), (700, 1.4));
    assert_eq!((&train.labels[..], &train.speakers[..]), (&[1, 0, 1][..], &[4, 5, 4][..]));
    assert_eq!(test.classes, ["zero", "null"]);
    // The same by what the names share, under the root.
    let options = OpenOptions { max_time: Some(2.0), ..OpenOptions::default() };
    let again = open("spikes:a", folder.path(), &options).unwrap().into_spikes().unwrap();
    assert_eq!((again.0.duration, &again.0.times), (2.0, &train.times));
    // Hidden files, as some systems leave them beside copied ones, do not count.
    fs::write(folder.path().join("._a_train.h5"), "hidden").unwrap();
    open_pair(folder.path(), &bytes, &bytes).unwrap();
    // A second training file makes the folder ambiguous.
    fs::write(folder.path().join("b_train.h5"), &bytes).unwrap();
    let problem = open_pair(folder.path(), &bytes, &bytes).unwrap_err().to_string();
    assert!(problem.contains("2 files *_train.h5[.gz] (a_train.h5, b_train.h5)"), "{problem}");
    let problem = open("spikes:none", folder.path(), &options).unwrap_err().to_string();
    assert!(problem.contains("expected a folder none with a *_train.h5"), "{problem}");
    // These two classes are not SHD.
    fs::create_dir(folder.path().join("shd")).unwrap();
    fs::rename(folder.path().join("a_train.h5"), folder.path().join("shd/shd_train.h5")).unwrap();
    fs::rename(folder.path().join("a_test.h5"), folder.path().join("shd/shd_test.h5")).unwrap();
    let problem = open("shd", folder.path(), &options).unwrap_err().to_string();
    assert!(problem.contains("2 classes, expected the 20 of SHD"), "{problem}");
}

#[test]
fn a_gzipped_file_is_read() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let bytes = shd_bytes();
    for part in ["train", "test"] {
        let file = fs::File::create(folder.path().join(format!("x_{part}.h5.gz"))).unwrap();
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packed.write_all(&bytes).unwrap();
        packed.finish().unwrap();
    }
    let options = OpenOptions::default();
    let (train, _) = open("spikes:x", folder.path(), &options).unwrap().into_spikes().unwrap();
    assert_eq!(train.len(), 3);
}

#[test]
fn wrong_content_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = shd_bytes();
    let place = |wanted: &[u8]| good.windows(wanted.len()).position(|w| w == wanted).unwrap();
    let f16 = |x: f32| half::f16::from_f32(x).to_le_bytes();
    let first_row = place(&[f16(0.125), f16(0.5), f16(1.25)].concat());
    let first_units = place(&[699u16.to_le_bytes(), [0; 2], 3u16.to_le_bytes()].concat());
    let labels = place(&[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 4, 0]);
    let references: Vec<usize> = (0..good.len() - 16)
        .filter(|&i| good[i..i + 12] == [3, 0, 0, 0, 96, 0, 0, 0, 0, 0, 0, 0])
        .collect();
    for (at, bytes, wanted) in [
        (0, vec![0x88], "HDF5 superblock"),
        (first_row + 2, f16(f32::NAN).to_vec(), "spikes/times[0][1]: a time of NaN s"),
        (first_row, f16(-0.5).to_vec(), "spikes/times[0][0]: a time of -0.5 s"),
        (first_row, f16(f32::INFINITY).to_vec(), "spikes/times[0][0]: a time of inf s"),
        (labels + 2, vec![2], "labels[1]: 2, expected a whole number from 0 to 1"),
        (references[1], vec![2], "spikes/units[0]: the row should have 2 elements of 2 bytes"),
        (
            references[0] + 12,
            vec![9],
            "spikes/times[0]: heap collection at byte 96 has no object 9",
        ),
        (references[0] + 11, vec![9], "spikes/times[0]: heap collection at byte 648518346341351"),
    ] {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(&bytes);
        let problem = open_pair(folder.path(), &good, &bad).unwrap_err().to_string();
        assert!(problem.contains("a_test.h5") && problem.contains(wanted), "{problem}: {wanted}");
        assert!(!problem.contains('\n'));
    }
    // A unit beyond SHD's channels widens a file that is not SHD.
    let mut wide = good.clone();
    wide[first_units..first_units + 2].copy_from_slice(&999u16.to_le_bytes());
    let (train, test) = open_pair(folder.path(), &good, &wide).unwrap().into_spikes().unwrap();
    assert_eq!((train.units, test.units), (1000, 1000));
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let good = shd_bytes();
    for keep in 0..good.len() {
        let problem = from_bytes(good[..keep].to_vec()).unwrap_err().to_string();
        assert!(problem.starts_with("damaged.h5: "), "{keep}: {problem}");
    }
}

#[test]
fn no_damage_makes_the_reader_panic() {
    // Every byte of the structure, and each with several values: the reader may accept what does
    // not matter, and must refuse the rest with an error.
    let good = shd_bytes();
    let mut refused = 0;
    for at in (0..good.len()).filter(|&at| good[at] != 0 || at % 16 == 0) {
        for flip in [0x01, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[at] ^= flip;
            if let Err(problem) = from_bytes(bad) {
                refused += 1;
                assert!(!problem.to_string().contains('\n'), "{problem}");
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

/// (spikes and weighted units, weighted times, weighted speakers).
const REAL_TRAIN: ([u64; 2], f64, u64) =
    ([7_798_771, 106_502_522_278], 58_025_520.629_209_28, 249_147);
const REAL_TEST: ([u64; 2], f64, u64) =
    ([2_537_817, 34_538_084_967], 17_764_909.197_573_125, 126_840);

#[test]
fn real_speech_matches_h5py() {
    let Some(root) = testing::real_data("fsdd-spikes") else { return };
    let (train, test) =
        open("spikes:fsdd-spikes", &root, &OpenOptions::default()).unwrap().into_spikes().unwrap();
    assert_eq!((train.len(), test.len()), (2250, 750));
    assert_eq!((train.units, train.duration, train.classes.len()), (700, 1.4, 10));
    assert_eq!(train.class_counts(), [225; 10]);
    assert_eq!(test.class_counts(), [75; 10]);
    // Made with h5py by scripts/reference/spike_file.py.
    for (set, [spikes, weighted_units], weighted_times, speakers) in [
        (&train, REAL_TRAIN.0, REAL_TRAIN.1, REAL_TRAIN.2),
        (&test, REAL_TEST.0, REAL_TEST.1, REAL_TEST.2),
    ] {
        assert_eq!(set.times.len() as u64, spikes);
        let weight = |i: usize| (i % 100) as u64 + 1;
        let units: u64 =
            set.unit_ids.iter().enumerate().map(|(i, &u)| weight(i) * u64::from(u)).sum();
        assert_eq!(units, weighted_units);
        // float16 times are multiples of 2^-24, so these sums are exact in any order.
        let times: f64 =
            set.times.iter().enumerate().map(|(i, &t)| weight(i) as f64 * f64::from(t)).sum();
        assert_eq!(times, weighted_times);
        let speaker_sum: u64 =
            set.speakers.iter().enumerate().map(|(i, &s)| weight(i) * u64::from(s)).sum();
        assert_eq!(speaker_sum, speakers);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_recordings_come_back(n in 0usize..30, units in 1usize..50, mean in 0.0f64..40.0, seed: u64) {
        let made = recordings(n, units, mean, seed);
        prop_assert_eq!(round_trip(&made, TimePrecision::Float64), made);
    }
}
