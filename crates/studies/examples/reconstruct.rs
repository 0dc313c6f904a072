//! Encode drawn digits in a balanced network, decode them, and read the quality.

use equipoise_studies::reconstruction::method::Method;
use equipoise_studies::reconstruction::{Reconstruction, Settings};
use equipoise_studies::{Context, Study, StudyError};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), StudyError> {
    let mut settings = Settings { regimes: vec!["balanced".into()], ..Settings::default() };
    settings.data.dataset = "synthetic-digits".into();
    (settings.data.train, settings.data.validation, settings.data.test) =
        (Some(400), Some(50), Some(50));
    let inputs = Reconstruction::open(&settings, "datasets".as_ref())?;
    let found = Reconstruction::run(&settings, &inputs, &Context::default())?;
    let psnr = found.mean_psnr(Some("balanced"), Method::decoder(settings.kind()));
    println!("PSNR: {:.2} dB", psnr.unwrap_or(f64::NAN));
    Ok(())
}
