//! Where does balance end? A map over g and the background, with results in memory.

use std::path::Path;

use equipoise_encoder::balance::{Axis, Setting};
use equipoise_encoder::network::NetworkConfig;
use equipoise_studies::balance::Maps;
use equipoise_studies::balance::map::{Axes, MapSettings};
use equipoise_studies::{Context, Study, StudyError};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), StudyError> {
    let network = NetworkConfig { duration: 200.0, ..NetworkConfig::brunel(1000, 5.0, 2.0) };
    let g = Axis { setting: Setting::G, values: vec![3.0, 4.0, 5.0] };
    let eta = Axis { setting: Setting::Eta, values: vec![0.8, 1.5, 3.0] };
    let maps = vec![Axes { x: g, y: eta }];
    let settings = MapSettings { network: network.into(), maps, ..MapSettings::default() };
    let network = Maps::open(&settings, Path::new("."))?;
    let found = Maps::run(&settings, &network, &Context::default())?;
    for point in &found.maps[0].points {
        println!("g {}, eta {}: {}", point.x, point.y, point.verdict.state.label());
    }
    Ok(())
}
