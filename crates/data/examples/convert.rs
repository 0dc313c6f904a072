//! Spikes as text become an array file: `cargo run --release -p equipoise-data --example convert`.

use std::fs;
use std::ops::ControlFlow;

use equipoise_data::convert::{Options, convert};

#[expect(clippy::print_stdout, reason = "an example tells what it did")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (text, arrays) = (folder.path().join("spikes.csv"), folder.path().join("spikes.npz"));
    fs::write(&text, "time_ms,neuron\n1.5,0\n2.25,3\n2.5,0\n")?;
    let go_on = &mut |_| ControlFlow::Continue(());
    println!("{}", convert(&text, &arrays, &Options::default(), go_on)?);
    Ok(())
}
