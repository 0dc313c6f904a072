//! Converts spikes: `cargo run --release -p equipoise-data --example convert -- IN OUT`.

use equipoise_data::convert::{Options, convert};
use std::ops::ControlFlow;

#[expect(clippy::print_stdout, reason = "an example tells what it did")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [input, output] = &paths[..] else { return Err("usage: convert IN OUT".into()) };
    let go_on = &mut |_| ControlFlow::Continue(());
    let done = convert(input.as_ref(), output.as_ref(), &Options::default(), go_on)?;
    println!("{done}");
    Ok(())
}
