//! One training step of the E:I classifiers' network: `cargo bench -p equipoise-decoder --bench
//! classifier`. The peer's side is `scripts/peers/pytorch_classifier.py`.
//!
//! Prints samples a second of one core's time (the process's CPU time), for 784-100-10 on events as
//! the latency code gives them and for 700-200-20 on 8,000 spikes a sample, batch 256, T = 100;
//! then the same with conductance synapses and with feed-forward inhibition, and time and memory for
//! longer runs. With `-- --case NAME` (images, speech or recurrent), `--steps T`, `--seconds S` and
//! `--synapses current` or `conductance` only that one, with nothing else in memory, as
//! `scripts/peers/classifier_speed.py` runs it against PyTorch; `--case inhibited` is 700-200-20 with
//! feed-forward inhibition.
#![allow(clippy::print_stdout)]

use equipoise_decoder::lif::kernel::{Kernel, Workspace};
use equipoise_decoder::lif::{
    Dynamics, Input, Instructions, Lateral, Matrices, Shape, Surrogate, Synapses,
};
use equipoise_encoder::code::Events;
use equipoise_random::{Stream, stream};
use std::time::Instant;

const BATCH: usize = 256;
/// Different samples in turn; fewer where they are long, so that memory is the kernel's.
fn samples(steps: usize) -> usize {
    (102_400 / steps).max(BATCH)
}

/// CPU seconds of this process so far, all threads.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<f64> = after.split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    // User and system time in ticks of 10 ms.
    fields.get(11).zip(fields.get(12)).map_or(0.0, |(u, s)| (u + s) / 100.0)
}

/// The most memory that this process ever held, MB.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Starts the count of the most memory anew, where the system can.
fn reset_peak_memory() {
    // It only makes the figure smaller, so a system that refuses gives an upper bound.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn events(steps: usize, channels: usize, draw: impl Fn(&mut Stream) -> Vec<(u16, u16)>) -> Events {
    let mut events = Events::new(steps, channels).expect("a grid");
    for k in 0..samples(steps) {
        let mut drawn = draw(&mut stream(1, "bench/events", k as u64));
        drawn.sort_unstable();
        events.step.extend(drawn.iter().map(|e| e.0));
        events.channel.extend(drawn.iter().map(|e| e.1));
        events.offsets.push(events.step.len());
    }
    events
}

/// 327 of 784 pixels with the latencies of intensities spread over the upper part of the range.
fn latency_events(steps: usize) -> Events {
    events(steps, 784, |random| {
        let stretch = steps as f64 / 100.0;
        random
            .choose(784, 327)
            .into_iter()
            .map(|channel| {
                let x = random.range(0.205, 1.0);
                let step = (20.0 * libm::log(x / (x - 0.2))).floor().min(99.0) * stretch;
                (step as u16, channel as u16)
            })
            .collect()
    })
}

/// 8,000 events on 700 channels, most of them early, as in spoken digits.
fn speech_events(steps: usize) -> Events {
    events(steps, 700, |random| {
        (0..8000 * steps / 100)
            .map(|_| {
                let step = (random.uniform() * random.range(0.3, 1.0) * steps as f64) as u16;
                (step, random.below(700) as u16)
            })
            .collect()
    })
}

struct Case {
    name: &'static str,
    shape: Shape,
    sigma: (f64, f64),
    tau_mem: f64,
    synapses: Synapses,
    lateral: Lateral,
    events: Events,
}

const CONDUCTANCES: Synapses = Synapses::Conductance { excitation: 4.0, inhibition: -0.5 };

fn run(case: &Case, seconds: f64, instructions: Instructions) {
    let shape = case.shape;
    let steps = case.events.steps;
    let (synapses, lateral) = (case.synapses, case.lateral);
    let excitatory = shape.hidden * 4 / 5;
    let plain = Dynamics::from_time_constants(5.0, case.tau_mem, 1.0, steps, Surrogate::default());
    let dynamics = Dynamics { synapses, lateral, excitatory, ..plain };
    let kernel =
        Kernel::new(shape, dynamics).map(|k| k.with_instructions(instructions)).expect("a network");
    let mut random = stream(2, "bench/weights", 0);
    let mut draw = |n: usize, sigma: f64| -> Vec<f32> {
        (0..n).map(|_| (random.normal() * sigma) as f32).collect()
    };
    let w1: Vec<f32> =
        draw(shape.inputs * shape.hidden, case.sigma.0).iter().map(|w| w.abs()).collect();
    let mut v1 = shape.recurrent.then(|| draw(shape.hidden * shape.hidden, case.sigma.0));
    let signed = synapses != Synapses::Current || lateral == Lateral::FeedForward;
    if let Some(v1) = v1.as_mut().filter(|_| signed) {
        for (k, w) in v1.iter_mut().enumerate() {
            let (source, target) = (k / shape.hidden, k % shape.hidden);
            *w = match lateral {
                Lateral::FeedForward if source < excitatory || target >= excitatory => 0.0,
                _ if source < excitatory => w.abs(),
                _ => -w.abs(),
            };
        }
    }
    let w2 = draw(shape.hidden * shape.classes, case.sigma.1);
    let mut weights =
        Matrices::from_slices(shape, &w1, v1.as_deref(), &w2).expect("matrices of this shape");
    let total = case.events.len();
    let labels: Vec<u16> = (0..total).map(|k| (k % shape.classes) as u16).collect();
    let input = Input::new(&case.events).expect("events in order");
    let mut workspace = Workspace::default();
    let mut spikes = 0;
    // Building the events held more than they take.
    reset_peak_memory();
    let mut step = |n: usize| {
        let samples: Vec<usize> = (0..BATCH).map(|k| (n * BATCH + k * 5) % total).collect();
        let outcome = kernel
            .step(&weights, input, &labels, &samples, &mut workspace)
            .expect("a batch of this set");
        spikes = outcome.counts.iter().sum::<u64>();
        weights.descend(workspace.gradients(), 0.0);
    };
    step(0);
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let mut n = 0;
    // On a busy machine the clock says little, where there is a count of CPU time.
    while (cpu_seconds() - cpu).max(0.1 * wall.elapsed().as_secs_f64()) < seconds {
        step(n);
        n += 1;
    }
    let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    println!(
        "{:<24} T {:>5} {:>9?}: {:>8.0} samples/s of one core, {:>8.0} /s on the clock \
         ({:.0} events in and {:.1} spikes a sample, peak {:.0} MB)",
        case.name,
        steps,
        instructions,
        (n * BATCH) as f64 / cpu,
        (n * BATCH) as f64 / wall,
        case.events.mean_events(),
        spikes as f64 / BATCH as f64,
        peak_memory(),
    );
}

fn case(name: &str, synapses: Synapses, steps: usize) -> Case {
    let speech = |name, recurrent| Case {
        synapses,
        lateral: Lateral::All,
        name,
        shape: Shape { inputs: 700, hidden: 200, classes: 20, recurrent },
        sigma: (5e-4, 0.07),
        tau_mem: 5.0,
        events: speech_events(steps),
    };
    match name {
        "images" => Case {
            synapses,
            lateral: Lateral::All,
            name: "784-100-10",
            shape: Shape { inputs: 784, hidden: 100, classes: 10, recurrent: false },
            // Of conductances, excitation is less the nearer the threshold is: as many spikes.
            sigma: (if synapses == Synapses::Current { 0.002 } else { 0.00265 }, 0.067),
            tau_mem: 10.0,
            events: latency_events(steps),
        },
        "speech" => speech("700-200-20", false),
        "recurrent" => speech("700-200-20 recurrent", true),
        "inhibited" => {
            Case { lateral: Lateral::FeedForward, ..speech("700-200-20 inhibited", true) }
        }
        other => panic!("--case {other}: images, speech, recurrent or inhibited"),
    }
}

const CASES: [&str; 3] = ["images", "speech", "recurrent"];

fn main() {
    // Cargo passes `--bench`; what follows a name is its value.
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    let number = |name: &str| value(name).map(|v| v.parse::<f64>().expect("a number"));
    let seconds = number("--seconds");
    let best = Instructions::best();
    let synapses = match value("--synapses") {
        None | Some("current") => Synapses::Current,
        Some("conductance") => CONDUCTANCES,
        Some(other) => panic!("--synapses {other}: current or conductance"),
    };
    if let Some(name) = value("--case") {
        let steps = number("--steps").unwrap_or(100.0) as usize;
        return run(&case(name, synapses, steps), seconds.unwrap_or(2.0), best);
    }
    for instructions in Instructions::available() {
        for name in CASES {
            run(&case(name, synapses, 100), seconds.unwrap_or(2.0), instructions);
        }
    }
    for synapses in [Synapses::Current, CONDUCTANCES] {
        println!("{synapses:?}");
        for name in CASES.iter().copied().chain(["inhibited"]) {
            run(&case(name, synapses, 100), seconds.unwrap_or(2.0), best);
        }
    }
    for steps in [100, 400, 1600] {
        for name in CASES {
            run(&case(name, synapses, steps), seconds.unwrap_or(1.0), best);
        }
    }
}
