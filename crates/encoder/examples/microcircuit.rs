//! The cortical microcircuit of Potjans & Diesmann 2014, at a twentieth of its neurons and synapses:
//! the rate of each population beside that of the full network in NEST.
//!
//! `cargo run --release -p equipoise-encoder --example microcircuit -- 1 1000` runs all of it, for a
//! second.

use std::ops::ControlFlow;
use std::time::Instant;

use equipoise_encoder::populations::{
    MICROCIRCUIT_RATES_HZ, MicrocircuitInput, Network, PopulationsError, Recording, Simulation,
    microcircuit,
};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), PopulationsError> {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let share = arguments.next().unwrap_or(0.05);
    let duration = arguments.next().unwrap_or(300.0);
    let settings = microcircuit(share, share, MicrocircuitInput::Poisson);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let start = Instant::now();
    let network = Network::build(&settings, 1, threads)?;
    let gib = network.synapse_bytes() as f64 / f64::from(1 << 30);
    println!("{} synapses, {gib:.2} GiB, built in {:.1?}", network.synapses(), start.elapsed());
    let go_on = &mut |_: f64| ControlFlow::Continue(());
    let mut simulation = Simulation::new(&network, 1);
    simulation.advance(settings.warm_up.min(duration), &mut Recording::nothing(), go_on)?;
    let mut recording = Recording::spikes();
    let start = Instant::now();
    simulation.advance(duration, &mut recording, go_on)?;
    let factor = start.elapsed().as_secs_f64() * 1000.0 / duration;
    println!("{} spikes, {factor:.2} times as long as in the brain", recording.spikes.count());
    let rates = recording.rates_hz(&network);
    for ((population, rate), full) in
        settings.populations.iter().zip(rates).zip(MICROCIRCUIT_RATES_HZ)
    {
        println!("{:6} {rate:6.2} Hz, in the full network {full:6.2} Hz", population.name);
    }
    Ok(())
}
