//! Time of one training step of each decoder, at batch 32 and 128.
//!
//! The processor time stands beside the time on the clock, because it can be compared on a machine
//! that has other work, too: best with `RAYON_NUM_THREADS=1`.
//!
//! `scripts/peers/pytorch_reconstruction.py` measures the same networks in PyTorch and, given the
//! path of this program, takes turns with it.
#![allow(clippy::print_stdout)]

use burn::tensor::Device;
use equipoise_decoder::observer::{Event, Observer};
use equipoise_decoder::reconstruct::{DecoderConfig, DecoderKind, ImageShape};
use equipoise_decoder::training::{Examples, TrainConfig, Training};
use std::ops::ControlFlow;
use std::time::Instant;

const FEATURES: usize = 1000;
const SHAPE: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };

/// Seconds of processor time of all threads, where the system tells (Linux).
fn processor_seconds() -> Option<f64> {
    let mut total = 0.0;
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        total += text.split(' ').next()?.parse::<f64>().ok()? * 1e-9;
    }
    Some(total)
}

fn main() {
    let steps: usize = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(40);
    let mut stream = equipoise_random::stream(0, "bench", 0);
    let count = 128;
    let features: Vec<f32> = (0..count * FEATURES).map(|_| stream.normal() as f32).collect();
    let targets: Vec<f32> = (0..count * SHAPE.pixels()).map(|_| stream.uniform() as f32).collect();
    let one = Examples {
        images: 1,
        features: &features[..FEATURES],
        targets: &targets[..SHAPE.pixels()],
    };
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        // The plain decoders, which are the networks of the peer.
        let decoder = DecoderConfig { kind, residual: false, ..DecoderConfig::default() };
        for batch_size in [32, 128] {
            let epochs = (steps + 4).div_ceil(count / batch_size);
            let config = TrainConfig { batch_size, epochs, ..TrainConfig::default() };
            let training = Examples { images: count, features: &features, targets: &targets };
            let mut times = Vec::new();
            let mut last = Instant::now();
            let mut busy = Vec::new();
            let mut observer = Observer::new(|event| {
                if let Event::Batch(_) = event {
                    times.push(last.elapsed().as_secs_f64() * 1e3);
                    busy.push(processor_seconds().unwrap_or(f64::NAN) * 1e3);
                }
                last = Instant::now();
                ControlFlow::Continue(())
            });
            let device = Device::flex();
            Training {
                decoder: &decoder,
                shape: SHAPE,
                config: &config,
                device: &device,
                start: None,
            }
            .run(training, one, &mut observer)
            .expect("a training of the default decoder");
            drop(observer);
            let busy = (busy[busy.len() - 1] - busy[3]) / (busy.len() - 4) as f64;
            let times = &mut times[4..];
            times.sort_by(f64::total_cmp);
            let (low, middle) = (times[times.len() / 10], times[times.len() / 2]);
            let rate = batch_size as f64 / middle * 1e3;
            println!(
                "{kind} batch {batch_size}: {middle:.2} ms a step (10 %: {low:.2}), {rate:.0} images/s, \
                 {busy:.2} ms of processor time"
            );
        }
    }
}
