//! Runs Brunel's network of N neurons for so many ms on one thread, and prints the seconds that it
//! took, the number of spikes, and on Linux the seconds of the processor:
//! `cargo run --release -p equipoise-encoder --example run -- 12500 1000`.

use std::fs;
use std::time::Instant;

use equipoise_encoder::network::{Network, NetworkConfig, Probe, Trial};

/// Seconds of the processor that this process has had, if the system tells.
fn processor() -> Option<f64> {
    let nanoseconds = fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(nanoseconds.split(' ').next()?.parse::<f64>().ok()? * 1e-9)
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let neurons = arguments.next().map_or(Ok(2500), |text| text.parse())?;
    let duration = arguments.next().map_or(Ok(200.0), |text| text.parse())?;
    let network = Network::build(&NetworkConfig::brunel(neurons, 5.0, 2.0), None, 0)?;
    let trial = Trial { duration, parallel: false, ..network.trial(0, 0) };
    let (start, before) = (Instant::now(), processor());
    let spikes = network.run(&trial, &mut Probe::none())?;
    let (took, after) = (start.elapsed().as_secs_f64(), processor());
    print!("{took:.6} {}", spikes.count());
    match before.zip(after) {
        Some((before, after)) => println!(" {:.6}", after - before),
        None => println!(),
    }
    Ok(())
}
