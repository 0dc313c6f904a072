//! As many spikes as one likes go from every format to every other in the memory of a few blocks.
//! `EQUIPOISE_SPIKES` sets how many there are.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use equipoise_data::convert::{Converted, Options, convert};
use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::io::{BufReader, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The bytes that are allocated now, and the most that were at once.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all requests go to the system's allocator as they are; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller's duties are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's duties are those of the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Converts, and gives the most bytes that this took at once.
fn run(input: &Path, output: &Path, options: &Options) -> (Converted, usize) {
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    let done = convert(input, output, options, &mut |_| ControlFlow::Continue(())).unwrap();
    (done, MOST.load(Relaxed) - before)
}

fn same(a: &Path, b: &Path) -> bool {
    let open = |path| BufReader::with_capacity(1 << 16, fs::File::open(path).unwrap());
    let (mut a, mut b) = (open(a).bytes(), open(b).bytes());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x.as_ref().unwrap() == y.as_ref().unwrap() => {}
            _ => return false,
        }
    }
}

#[test]
fn any_number_of_spikes_takes_little_memory() {
    let spikes = std::env::var("EQUIPOISE_SPIKES").ok().and_then(|n| n.parse().ok());
    let spikes: u64 = spikes.unwrap_or(1_500_000);
    // Less than a time, a unit and a recording of each of the fewest spikes need.
    const BOUND: usize = 16_000_000;
    assert!(spikes * 16 > BOUND as u64);
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let mut text = BufWriter::new(fs::File::create(at("in.csv")).unwrap());
    text.write_all(b"time_ms,id\n").unwrap();
    for k in 0..spikes {
        // Not in order, in whole microseconds.
        let (whole, part) = (k % 1_000_003, k * 7 % 1000);
        writeln!(text, "{whole}.{part:03},{}", k * 31 % 1156).unwrap();
    }
    text.flush().unwrap();
    drop(text);
    let plain = Options::default();
    let over = Options { overwrite: true, ..Options::default() };
    run(&at("in.csv"), &at("wanted.csv"), &plain);
    for name in ["a.npz", "a.npy", "a.h5", "a.sonata"] {
        let (done, took) = run(&at("in.csv"), &at(name), &plain);
        assert_eq!(done.spikes, spikes, "{name}");
        assert!(took < BOUND, "into {name}: {took} bytes");
        let (done, took) = run(&at(name), &at("back.csv"), &over);
        assert_eq!(done.spikes, spikes, "{name}");
        assert!(took < BOUND, "from {name}: {took} bytes");
        // Seconds, of which the layout of SHD is, are not milliseconds to the last digit.
        assert!(name == "a.h5" || same(&at("back.csv"), &at("wanted.csv")), "{name}");
        fs::remove_file(at(name)).unwrap();
    }
    // Counts of them, and events of 40 bits, whose times are of a few seconds.
    let binned = Options { bins: Some(20), ..Options::default() };
    let (done, took) = run(&at("in.csv"), &at("counts.safetensors"), &binned);
    assert_eq!(done.spikes, spikes);
    assert!(took < BOUND, "into counts: {took} bytes");
    let events = fs::File::create(at("events.bin")).unwrap();
    let mut events = BufWriter::new(events);
    for k in 0..spikes {
        let at = (k * 4_000_000 / spikes) as u32;
        let bits =
            [(k % 34) as u8, (k / 34 % 34) as u8, (at >> 16) as u8, (at >> 8) as u8, at as u8];
        events.write_all(&bits).unwrap();
    }
    events.flush().unwrap();
    drop(events);
    let (done, took) = run(&at("events.bin"), &at("events.npz"), &plain);
    assert_eq!(done.spikes, spikes);
    assert!(took < BOUND, "from events: {took} bytes");
    let (_, took) = run(&at("events.npz"), &at("again.bin"), &plain);
    assert!(took < BOUND, "into events: {took} bytes");
    assert!(same(&at("again.bin"), &at("events.bin")));
}
