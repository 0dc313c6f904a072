//! Runs Brunel's network of N neurons for so many ms on one thread, and prints the seconds that it
//! took and the number of spikes: `cargo run --release -p equipoise-encoder --example run -- 12500 1000`.

use std::time::Instant;

use equipoise_encoder::network::{Network, NetworkConfig, Probe, Trial};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let neurons = arguments.next().map_or(Ok(2500), |text| text.parse())?;
    let duration = arguments.next().map_or(Ok(200.0), |text| text.parse())?;
    let network = Network::build(&NetworkConfig::brunel(neurons, 5.0, 2.0), None, 0)?;
    let trial = Trial { duration, parallel: false, ..network.trial(0, 0) };
    let start = Instant::now();
    let spikes = network.run(&trial, &mut Probe::none())?;
    println!("{:.6} {}", start.elapsed().as_secs_f64(), spikes.count());
    Ok(())
}
