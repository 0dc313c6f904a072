//! Encode drawn digits in a balanced network, and read the counts of spikes.

use std::ops::ControlFlow;

use equipoise_data::{Part, synthetic};
use equipoise_encoder::network::{Network, NetworkConfig, NetworkError, Population};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), NetworkError> {
    let digits = synthetic::digits(20, 7, Part::Test);
    let network = Network::build(&NetworkConfig::encoder(), Some(digits.shape), 7)?;
    let image = |index: usize, out: &mut [f32]| digits.write_intensities(index, out);
    let go_on = &mut |_| ControlFlow::Continue(());
    let counts = network.encode_counts(&image, 0..20, 7, Population::All, 1, go_on)?;
    let spikes: u32 = counts.recording(0).iter().map(|&count| u32::from(count)).sum();
    println!("a {}: {spikes} spikes of {} neurons", digits.labels[0], counts.units);
    Ok(())
}
