//! How fast networks of populations are built and simulated: the microcircuit of Potjans & Diesmann
//! at any scale, all spikes recorded.
//!
//! `cargo bench -p equipoise-encoder --bench populations -- [SCALE] [MS] [THREADS] [poisson | dc]`
//!
//! Times are of the processor, the least of three runs, so that a busy machine changes little. With
//! more than one thread they are those of all threads, their waiting included, and the time that
//! passed is what counts. The same network in NEST and Brian2: `scripts/peers/nest_microcircuit.py`
//! and `scripts/peers/brian2_microcircuit.py`.

#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;
use std::time::Instant;

use equipoise_encoder::populations::{
    MICROCIRCUIT_RATES_HZ, MicrocircuitInput, Network, Recording, Simulation, microcircuit,
};

/// Processor time of this thread so far, ns.
fn cpu_nanoseconds() -> f64 {
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    scheduled.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(f64::NAN)
}

/// Processor time of this process so far, s.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |k: usize| fields.get(k).and_then(|f| f.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

/// Greatest memory of this process so far, GiB.
fn peak_memory_gib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or("");
    let kib = line.split_whitespace().nth(1).and_then(|k| k.parse::<f64>().ok());
    kib.map_or(f64::NAN, |k| k / f64::from(1 << 20))
}

/// The least time, ns, in which one number is read and added to one of so many sums at random: what
/// bounds a synaptic event.
fn scatter(sums: usize) -> f64 {
    let mut stream = equipoise_random::stream(1, "scatter", 0);
    let words: Vec<u32> = (0..1 << 24)
        .map(|_| stream.below(sums) as u32 | (stream.next_u32() & 0x3fff) << 18)
        .collect();
    let mut sums = vec![0i32; 1 << 18];
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        let start = cpu_nanoseconds();
        for &word in &words {
            let sum = &mut sums[word as usize & 0x3_ffff];
            *sum = sum.wrapping_add((word >> 18) as i32);
        }
        least = least.min((cpu_nanoseconds() - start) / words.len() as f64);
    }
    std::hint::black_box(sums);
    least
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let number = |k: usize, default: f64| {
        arguments.get(k).and_then(|argument| argument.parse().ok()).unwrap_or(default)
    };
    let (share, duration, threads) = (number(0, 0.1), number(1, 500.0), number(2, 1.0) as usize);
    let input = match arguments.get(3).map(String::as_str) {
        Some("dc") => MicrocircuitInput::Dc,
        _ => MicrocircuitInput::Poisson,
    };
    let settings = microcircuit(share, share, input);
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let network = Network::build(&settings, 1, threads).expect("the preset makes sense");
    println!(
        "{share} of the microcircuit, {input:?}: {} synapses in {:.3} GiB, built in {:.2} s ({:.2} s of processor)",
        network.synapses(),
        network.synapse_bytes() as f64 / f64::from(1 << 30),
        start.elapsed().as_secs_f64(),
        cpu_seconds() - cpu,
    );
    let go_on = &mut |_: f64| ControlFlow::Continue(());
    let mut simulation = Simulation::new(&network, 1);
    simulation.advance(settings.warm_up, &mut Recording::nothing(), go_on).expect("it runs");
    let mut recording = Recording::spikes();
    let mut least = [f64::INFINITY; 2];
    for _ in 0..3 {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        simulation.advance(duration, &mut recording, go_on).expect("it runs");
        let took = [start.elapsed().as_secs_f64(), cpu_seconds() - cpu];
        least = [least[0].min(took[0]), least[1].min(took[1])];
        println!("  {:.3} s passed, {:.3} s of processor", took[0], took[1]);
    }
    // Of each population the synapses that leave it.
    let firsts = settings.firsts();
    let events: f64 = (0..settings.populations.len())
        .map(|population| {
            let name = &settings.populations[population].name;
            let leaving: f64 = settings
                .projections
                .iter()
                .filter(|p| p.source == *name)
                .map(|p| settings.synapses(p))
                .sum();
            let neurons = firsts[population] as u32..firsts[population + 1] as u32;
            let spikes = recording.spikes.ids.iter().filter(|id| neurons.contains(id)).count();
            spikes as f64 / 3.0 * leaving / neurons.len() as f64
        })
        .sum();
    println!(
        "adding to one of {} sums at random, one after the other: {:.2} ns",
        settings.neurons(),
        scatter(settings.neurons())
    );
    println!(
        "real-time factor {:.3}, of processor {:.3} on {} threads; {:.2} ns a synaptic event; {:.2} GiB at most",
        least[0] * 1000.0 / duration,
        least[1] * 1000.0 / duration,
        network.threads(),
        least[1] * 1e9 / events,
        peak_memory_gib(),
    );
    let rates = recording.rates_hz(&network);
    for ((population, rate), full) in
        settings.populations.iter().zip(&rates).zip(MICROCIRCUIT_RATES_HZ)
    {
        println!(
            "  {:6} {rate:7.3} Hz, full network in NEST {full:6.3} Hz, {:+.1} %",
            population.name,
            (rate / full - 1.0) * 100.0
        );
    }
}
