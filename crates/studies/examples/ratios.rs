//! Which ratios of excitatory to inhibitory neurons can a spiking classifier be trained under? The
//! study in small, on drawn digits, with its results in memory.

use std::path::Path;

use equipoise_studies::classification::{Ratios, RatiosSettings};
use equipoise_studies::{Context, Study, StudyError};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), StudyError> {
    let settings = RatiosSettings::on("synthetic-digits", &[0.5, 0.8, 1.0]).epochs(6).trials(2);
    let inputs = Ratios::open(&settings, Path::new("datasets"))?;
    let results = Ratios::run(&settings, &inputs, &Context::default())?;
    for best in results.best() {
        println!("{:>9}: accuracy {:.1} %", best.condition.network_name(), 100.0 * best.last);
    }
    Ok(())
}
