//! Round trips through every format.

use super::stream::Block;
use super::*;
use crate::testing;
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;

fn go_on() -> impl FnMut(Progress) -> ControlFlow<()> {
    |_| ControlFlow::Continue(())
}

fn run(input: &Path, output: &Path, options: &Options) -> Result<Converted, DataError> {
    convert(input, output, options, &mut go_on())
}

/// All spikes of a file, their times in ms, and what the file says of them.
fn all(path: &Path, options: &Options) -> Result<(Block, Head), DataError> {
    let detected = detect(path)?;
    assert!(!detected.counts);
    let (_, source, _unpacked) =
        open(path, &path.with_extension("beside"), detected, options, &mut Vec::new())?;
    let mut spikes = Block::default();
    let unit = source.head().unit;
    source.read(&mut |block| {
        let ms = block.times.iter().map(|&t| unit.to(TimeUnit::Milliseconds, t));
        spikes.times.extend(ms);
        spikes.ids.extend(&block.ids);
        spikes.samples.extend(&block.samples);
        Ok(())
    })?;
    Ok((spikes, source.head().clone()))
}

/// Spikes as text: times in ms, ids and, of several recordings, samples.
fn text(spikes: &[(f64, u32, u32)], many: bool) -> String {
    let mut text = format!("time_ms,id{}\n", if many { ",sample" } else { "" });
    for (time, id, sample) in spikes {
        text += &format!("{time},{id}");
        text += &if many { format!(",{sample}\n") } else { "\n".into() };
    }
    text
}

fn options(to: Format) -> Options {
    Options { to: Some(to), overwrite: true, ..Options::default() }
}

/// The formats that hold any spikes, and whether they hold several recordings.
const SPIKES: [(Format, bool); 5] = [
    (Format::Npz, true),
    (Format::Npy, true),
    (Format::Csv, true),
    (Format::Shd, true),
    (Format::Sonata, false),
];

/// Sends spikes through `to` and back to text; gives what came back.
fn there_and_back(dir: &Path, input: &Path, to: Format) -> Result<Block, DataError> {
    let (there, back) = (dir.join("there"), dir.join("back.csv"));
    run(input, &there, &options(to))?;
    run(&there, &back, &options(Format::Csv))?;
    Ok(all(&back, &Options::default())?.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_format_gives_back_what_it_got(
        spikes in prop::collection::vec((0u32..2_000_000_000, 0u32..70_000, 0u32..4), 0..60),
        many in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let input = dir.path().join("in.csv");
        // Whole microseconds, unsorted.
        let spikes: Vec<(f64, u32, u32)> = spikes
            .into_iter()
            .map(|(us, id, sample)| (f64::from(us) / 1000.0, id, if many { sample } else { 0 }))
            .collect();
        fs::write(&input, text(&spikes, many)).unwrap();
        for (format, several) in SPIKES {
            if many && !several {
                continue;
            }
            let found = there_and_back(dir.path(), &input, format).unwrap();
            let mut wanted = spikes.clone();
            if format == Format::Shd {
                // Recordings come one after the other, each in its order.
                wanted.sort_by_key(|spike| spike.2);
            }
            prop_assert_eq!(found.len(), wanted.len());
            for (i, (time, id, sample)) in wanted.into_iter().enumerate() {
                prop_assert_eq!((found.ids[i], found.samples[i]), (id, sample));
                // Seconds are not milliseconds: one unit in the last place.
                let near = (found.times[i] - time).abs() <= time * f64::EPSILON;
                let equal = if format == Format::Shd { near } else { found.times[i] == time };
                prop_assert!(equal, "{format}: {} and not {time}", found.times[i]);
            }
        }
    }

    #[test]
    fn events_come_back_bit_for_bit(
        events in prop::collection::vec((0u64..1 << 26, 0u32..34, 0u32..34, 0u32..2), 0..60),
        sorted in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let mut events = events;
        if sorted {
            events.sort_by_key(|event| event.0);
        } else {
            // Unsorted within what 23 bits hold.
            events.iter_mut().for_each(|event| event.0 %= 1 << 23);
        }
        let mut text = "x,y,p,t\n".to_owned();
        events.iter().for_each(|(t, x, y, p)| text += &format!("{x},{y},{p},{t}\n"));
        fs::write(at("in.csv"), text).unwrap();
        let pixels = Options { sensor: Some((34, 34)), ..Options::default() };
        run(&at("in.csv"), &at("a.bin"), &pixels).unwrap();
        let (found, head) = all(&at("a.bin"), &Options::default()).unwrap();
        let sensor = Sensor { polarities: 2, height: 34, width: 34 };
        prop_assert_eq!(head.sensor, Some(sensor));
        let ids: Vec<u32> = events.iter().map(|e| (e.3 * 34 + e.2) * 34 + e.1).collect();
        prop_assert_eq!(&found.ids, &ids);
        let ms: Vec<f64> = events.iter().map(|e| e.0 as f64 / 1000.0).collect();
        prop_assert_eq!(&found.times, &ms);
        // Through NPZ, which knows the sensor, NPY and text, which are told it.
        for (name, options) in
            [("b.npz", Options::default()), ("b.npy", pixels.clone()), ("b.csv", pixels.clone())]
        {
            run(&at("a.bin"), &at(name), &Options::default()).unwrap();
            run(&at(name), &at("b.bin"), &Options { overwrite: true, ..options }).unwrap();
            prop_assert!(fs::read(at("b.bin")).unwrap() == fs::read(at("a.bin")).unwrap());
        }
    }
}

#[test]
fn files_that_other_tools_wrote_are_read() {
    // By scripts/reference/spike_formats.py, with NumPy, pandas and h5py.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spikes");
    let ms = |i: u32| f64::from(197 * i % 1000) / 1024.0 * 1000.0;
    let bare = Options::default();
    let unnamed = Options { from_unit: Some(TimeUnit::Milliseconds), ..Options::default() };
    let population =
        |name: &str| Options { population: Some(name.to_owned()), ..Options::default() };
    for (name, options, many) in [
        ("arrays.npz", bare.clone(), true),
        ("table.csv", bare.clone(), true),
        ("index.tsv", bare.clone(), true),
        ("table.npy", unnamed, true),
        ("records.npy", bare.clone(), true),
        ("shd.h5", bare.clone(), true),
        ("sonata.h5", population("a"), false),
        ("sonata.h5", population("b"), false),
        ("lists.h5", bare.clone(), true),
    ] {
        let (found, head) = all(&folder.join(name), &options).unwrap();
        assert_eq!(found.ids, (0..48).map(|i| i * i % 61).collect::<Vec<u32>>(), "{name}");
        assert_eq!(found.times, (0..48).map(ms).collect::<Vec<f64>>(), "{name}");
        let samples: Vec<u32> = (0..48).map(|i| if many { i / 16 } else { 0 }).collect();
        assert_eq!((found.samples, head.many), (samples, many), "{name}");
        if ["arrays.npz", "shd.h5"].contains(&name) {
            assert_eq!(head.labels, Some(vec![2, 0, 1]));
        }
    }
    let pixels = Options { sensor: Some((34, 34)), ..Options::default() };
    for (name, options) in [("events.bin", &bare), ("events.npy", &pixels)] {
        let (found, _) = all(&folder.join(name), options).unwrap();
        let us = (0..48).map(|i| f64::from(7919 * i % 100_000) / 1000.0);
        assert_eq!(found.times, us.collect::<Vec<f64>>(), "{name}");
        let id = |i: u32| (i % 2 * 34 + 3 * i % 34) * 34 + 5 * i % 34;
        assert_eq!(found.ids, (0..48).map(id).collect::<Vec<u32>>(), "{name}");
    }
    // Of several populations one must be chosen.
    for options in [bare, population("c")] {
        let problem = all(&folder.join("sonata.h5"), &options).unwrap_err().to_string();
        assert!(problem.contains("a, b"), "{problem}");
    }
}

#[test]
fn an_event_is_read_by_its_bits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.bin");
    // As the readers of N-MNIST take them: x, y, polarity and 23 bits, an overflow of 8,192 us.
    fs::write(&path, [3, 5, 0x80, 1, 2, 33, 33, 0x7f, 0xff, 0xff, 0, 240, 0, 0, 0, 0, 0, 0, 0, 7])
        .unwrap();
    let (found, _) = all(&path, &Options::default()).unwrap();
    assert_eq!(found.ids, [(34 + 5) * 34 + 3, 33 * 34 + 33, 0]);
    assert_eq!(found.times, [0.258, 8388.607, 8.199]);
    let merged = Options { merge_polarity: true, ..Options::default() };
    assert_eq!(all(&path, &merged).unwrap().0.ids, [5 * 34 + 3, 33 * 34 + 33, 0]);
    for (bytes, part) in [
        (&[3u8, 5, 0x80, 1][..], "4 of 5 bytes"),
        (&[3, 5, 0x80, 1, 2, 34, 0, 0, 0, 0], "event 1 (byte 5): an event at x 34, y 0"),
    ] {
        fs::write(&path, bytes).unwrap();
        let problem = all(&path, &Options::default()).unwrap_err().to_string();
        assert!(problem.contains(part), "{problem}");
    }
}

#[test]
fn folders_of_events_have_classes() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (i, class) in ["3", "3", "7"].into_iter().enumerate() {
        fs::create_dir_all(at("in").join(class)).unwrap();
        let event = [i as u8, 1, 0, 0, 9];
        fs::write(at("in").join(class).join(format!("{i:05}.bin")), event.repeat(i)).unwrap();
    }
    let done = run(&at("in"), &at("n_train.h5"), &Options::default()).unwrap();
    assert_eq!((done.recordings, done.spikes, done.units), (3, 3, 2312));
    let read = crate::spikes::file::read(&at("n_train.h5")).unwrap();
    assert_eq!((read.labels, read.classes), (vec![0, 0, 1], vec!["3".into(), "7".into()]));
    assert_eq!(read.trains[2].ids, [36, 36]);
    assert_eq!(read.trains[2].units, 2312);
    // And back, through NPZ.
    run(&at("in"), &at("n.npz"), &Options::default()).unwrap();
    let folder = Options { to: Some(Format::NMnist), ..Options::default() };
    run(&at("n.npz"), &at("out"), &folder).unwrap();
    for name in ["3/00000.bin", "3/00001.bin", "7/00002.bin"] {
        assert_eq!(fs::read(at("out").join(name)).unwrap(), fs::read(at("in").join(name)).unwrap());
    }
    // A folder is never written over.
    let again = Options { overwrite: true, ..folder };
    assert!(run(&at("n.npz"), &at("out"), &again).is_err());
}

#[test]
fn what_a_format_does_not_hold_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    crate::make("synthetic-speech", 4, 4, 0, dir.path()).unwrap();
    let speech = at("shd/shd_train.h5");
    let lost = |output: &str, options: Options| {
        let done = run(&speech, &at(output), &options).unwrap();
        done.remarks.iter().filter(|r| r.kind == RemarkKind::Lost).count()
    };
    assert_eq!(lost("a.npz", Options::default()), 0);
    // The labels and the speakers.
    assert_eq!(lost("a.csv", Options::default()), 2);
    // The labels.
    assert_eq!(lost("one.sonata", Options { recording: Some(2), ..Options::default() }), 1);
    // The names of the classes, the speakers, and times within bins.
    assert_eq!(lost("a.safetensors", Options { bins: Some(10), ..Options::default() }), 3);
    // Half precision, where full was.
    let coarse = Options { precision: Some(TimePrecision::Float16), ..Options::default() };
    run(&at("a.csv"), &at("fine.h5"), &Options::default()).unwrap();
    let done = run(&at("fine.h5"), &at("coarse.h5"), &coarse).unwrap();
    assert!(done.remarks.iter().any(|r| r.kind == RemarkKind::Lost));
    let problem = run(&speech, &at("all.sonata"), &Options::default()).unwrap_err().to_string();
    assert!(problem.contains("4 recordings"), "{problem}");
}

#[test]
fn requests_that_cannot_be_met_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("a.csv"), "time_ms,id\n-1,0\n1e9,70000\n").unwrap();
    let bare = Options::default();
    for (output, options) in [
        ("a.csv", bare.clone()),
        ("b.h5", bare.clone()),
        ("b.bin", bare.clone()),
        ("b.what", bare.clone()),
        ("b", bare.clone()),
        ("b.npz", Options { recording: Some(1), ..bare.clone() }),
        ("b.npz", Options { to: Some(Format::Hdf5), ..bare.clone() }),
        ("b.h5", Options { to_unit: Some(TimeUnit::Milliseconds), ..bare.clone() }),
        ("b.safetensors", bare.clone()),
        ("b.safetensors", Options { bins: Some(3), ..bare.clone() }),
        ("b.sonata", Options { population: Some("a/b".into()), ..bare.clone() }),
    ] {
        assert!(run(&at("a.csv"), &at(output), &options).is_err(), "{output} {options:?}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    // The caller stops it, while spikes are counted or written.
    for steps in 0..2 {
        let mut left = steps;
        let stopped = convert(&at("a.csv"), &at("b.npz"), &bare, &mut |_| {
            left -= 1;
            if left < 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(stopped, Err(DataError::Stopped)));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
    run(&at("a.csv"), &at("b.npz"), &bare).unwrap();
    assert!(run(&at("a.csv"), &at("b.npz"), &bare).is_err());
}

#[test]
fn text_is_read_as_people_write_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.txt");
    let read = |text: &str, options: &Options| {
        fs::write(&path, text).unwrap();
        all(&path, options).map(|(spikes, _)| (spikes.times, spikes.ids, spikes.samples))
    };
    let bare = Options::default();
    // NEST, SONATA's CSV, R with quotes and a byte order mark, comments, and no names.
    let nest = "# NEST version: 3.0\n# RecordingBackendASCII version: 2\nsender\ttime_ms\n7\t1.5\n";
    assert_eq!(read(nest, &bare).unwrap(), (vec![1.5], vec![7], vec![0]));
    let sonata = "timestamps population node_ids\n2.5 v1 3\n";
    assert_eq!(read(sonata, &bare).unwrap(), (vec![2.5], vec![3], vec![0]));
    let quoted = "\u{feff}\"time_s\";\"unit\";\"trial\"\r\n0.25;\"4\";2\r\n\r\n";
    assert_eq!(read(quoted, &bare).unwrap(), (vec![250.0], vec![4], vec![2]));
    let said = Options { from_unit: Some(TimeUnit::Seconds), ..Options::default() };
    assert_eq!(read("0.5 1\n0.25 2", &said).unwrap(), (vec![500.0, 250.0], vec![1, 2], vec![0; 2]));
    for (text, part) in [
        ("0.5 1\n", "no names"),
        ("time,id\n1,2\n", "nothing says the unit of 'time'"),
        ("time_ms,id\n1\n", "line 2: 1 columns, expected 2"),
        ("time_ms,id\n# what\n1,x\n", "line 3: 'x', expected a number"),
        ("time_ms,id\n1,-2\n", "line 2: unit -2"),
        ("time_ms,id\nnan,2\n", "line 2: a time of NaN"),
        ("name,value\n1,2\n", "line 1: no column of times (name, value)"),
        ("time_ms,time_s,id\n", "'time_ms' and 'time_s' are the same twice"),
        ("time_ms,x,y\n", "the sensor"),
    ] {
        let problem = read(text, &bare).unwrap_err().to_string();
        assert!(problem.contains(part), "{problem} does not say: {part}");
    }
    let long = format!("time_ms,id\n{}\n", "1".repeat(1 << 17));
    assert!(read(&long, &bare).unwrap_err().to_string().contains("line 2: a line of more than"));
}

#[test]
fn a_population_is_taken_of_sonata_only() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("a.csv"), "time_ms,id\n1,2\n").unwrap();
    let named = Options { population: Some("cells".into()), ..Options::default() };
    assert!(matches!(run(&at("a.csv"), &at("b.npz"), &named), Err(DataError::Request(_))));
    assert!(!at("b.npz").exists());
    run(&at("a.csv"), &at("c.sonata"), &named).unwrap();
}

#[test]
fn spikes_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let spikes = [(0.0, 0, 0), (4.9, 1, 0), (5.0, 1, 0), (10.0, 1, 1), (0.5, 1, 1)];
    fs::write(at("a.csv"), text(&spikes, true)).unwrap();
    let binned = Options { bins: Some(2), ..Options::default() };
    for name in ["c.safetensors", "c.npz", "c.npy"] {
        let done = run(&at("a.csv"), &at(name), &binned).unwrap();
        assert_eq!((done.spikes, done.recordings, done.units), (5, 2, 2));
        let detected = detect(&at(name)).unwrap();
        assert!(detected.counts);
        let table = counts::read(&at(name), detected.format, None, &mut Vec::new()).unwrap();
        assert_eq!(table.counts, [1, 0, 1, 1, 0, 0, 1, 1], "{name}");
        if name != "c.npy" {
            assert_eq!(table.duration_ms, 10.0);
        }
        // And from one format of counts to the next.
        run(&at(name), &at("again.npz"), &Options { overwrite: true, ..Options::default() })
            .unwrap();
        let again = counts::read(&at("again.npz"), Format::Npz, None, &mut Vec::new()).unwrap();
        assert_eq!((again.counts, again.duration_ms), (table.counts, table.duration_ms));
    }
    let short = Options { duration_ms: Some(6.0), overwrite: true, ..binned };
    let done = run(&at("a.csv"), &at("c.npz"), &short).unwrap();
    let late = done.remarks.iter().find(|r| r.text.contains("1 spikes come after 6 ms"));
    assert!(late.is_some(), "{:?}", done.remarks);
    assert!(run(&at("c.npz"), &at("d.csv"), &Options::default()).is_err());
}

#[test]
fn empty_files_and_silent_recordings_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.csv");
    for many in [false, true] {
        fs::write(&input, text(&[], many)).unwrap();
        for (format, _) in SPIKES {
            if many && format == Format::Sonata {
                continue;
            }
            assert_eq!(there_and_back(dir.path(), &input, format).unwrap().len(), 0, "{format}");
        }
    }
    // One spike is as good as many.
    fs::write(&input, text(&[(1.5, 3, 0)], false)).unwrap();
    for (format, _) in SPIKES {
        let found = there_and_back(dir.path(), &input, format).unwrap();
        assert_eq!((&found.times[..], &found.ids[..]), (&[1.5][..], &[3][..]), "{format}");
    }
    let one = dir.path().join("one.bin");
    let pixels = Options { sensor: Some((34, 34)), ..Options::default() };
    let event = dir.path().join("event.csv");
    fs::write(&event, "x,y,p,t\n3,0,0,1500\n").unwrap();
    run(&event, &one, &pixels).unwrap();
    let found = all(&one, &Options::default()).unwrap().0;
    assert_eq!((&found.times[..], &found.ids[..]), (&[1.5][..], &[3][..]));
    let binned = Options { bins: Some(2), ..Options::default() };
    let counted = dir.path().join("one.safetensors");
    run(&input, &counted, &binned).unwrap();
    let table = counts::read(&counted, Format::Counts, None, &mut Vec::new()).unwrap();
    assert_eq!(table.counts.iter().sum::<u16>(), 1);
    let nothing = dir.path().join("nothing.bin");
    fs::write(&nothing, "").unwrap();
    let done = run(&nothing, &dir.path().join("nothing.npz"), &Options::default()).unwrap();
    assert_eq!((done.spikes, done.recordings, done.units), (0, 1, 2312));
    // A recording without spikes, before and after others.
    let (spikes, npz) = (dir.path().join("s.npz"), dir.path().join("t.npz"));
    let mut file = crate::npz::NpzWriter::create(&spikes).unwrap();
    file.array("times_ms", &[1], [1.5f64]).unwrap();
    file.array("ids", &[1], [3u64]).unwrap();
    file.array("sample", &[1], [1u8]).unwrap();
    file.array("labels", &[3], [0u8, 1, 0]).unwrap();
    file.finish().unwrap();
    let shd = dir.path().join("s.h5");
    assert_eq!(run(&spikes, &shd, &Options::default()).unwrap().recordings, 3);
    run(&shd, &npz, &Options::default()).unwrap();
    let (found, head) = all(&npz, &Options::default()).unwrap();
    assert_eq!((found.samples, head.recordings), (vec![1], Some(3)));
    assert_eq!(head.labels, Some(vec![0, 1, 0]));
}

#[test]
fn real_speech_comes_back_from_every_format() {
    let Some(root) = testing::real_data("fsdd-spikes") else { return };
    let speech = root.join("fsdd-spikes/fsdd_spikes_test.h5");
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { dir.path().join(name) };
    let whole = crate::spikes::file::read(&speech).unwrap();
    for name in ["a.npz", "a.npy", "a.csv", "a.h5"] {
        let done = run(&speech, &at(name), &Options::default()).unwrap();
        assert_eq!(done.recordings, 750);
        assert_eq!(done.spikes, whole.trains.iter().map(|t| t.count() as u64).sum::<u64>());
        let half = Options { precision: Some(TimePrecision::Float16), ..Options::default() };
        let back = at(&format!("{name}.h5"));
        let done = run(&at(name), &back, &half).unwrap();
        assert!(!done.remarks.iter().any(|r| r.text.contains("resolution")), "{:?}", done.remarks);
        let again = crate::spikes::file::read(&back).unwrap();
        assert!(again.trains == whole.trains, "{name}");
        if !["a.npy", "a.csv"].contains(&name) {
            assert_eq!((&again.labels, &again.classes), (&whole.labels, &whole.classes));
        }
    }
    let one = Options { recording: Some(17), ..Options::default() };
    run(&speech, &at("one.sonata"), &one).unwrap();
    let (found, head) = all(&at("one.sonata"), &Options::default()).unwrap();
    assert_eq!(found.ids, whole.trains[17].ids);
    assert!(found.times.iter().map(|&t| t as f32).eq(whole.trains[17].times.iter().copied()));
    assert_eq!(head.population.as_deref(), Some("default"));
}
