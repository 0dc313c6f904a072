//! Options for networks of populations in the place of an excitatory and an inhibitory one, or beside.

use equipoise_studies::StudyError;
use equipoise_studies::populations::named_cases;
use equipoise_studies::settings::Layers;

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Networks of populations")]
pub struct CircuitArgs {
    /// Encode in these: published networks, such as microcircuit, or TOML files [default: none]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    populations: Vec<String>,
    /// Populations that see the images [default: those that a published network's input goes to]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', requires = "populations")]
    onto: Option<Vec<String>>,
    /// Populations whose spikes decoders read [default: all]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', requires = "populations")]
    record: Option<Vec<String>>,
    /// Share of the neurons of a published network [default: 0.1 of the microcircuit, else 1]
    #[arg(long, value_name = "SHARE", requires = "populations")]
    scale: Option<f64>,
}

impl CircuitArgs {
    /// `regimes` are those that were asked for besides.
    pub fn layers(&self, layers: Layers, regimes: bool) -> Result<Layers, StudyError> {
        let cases = named_cases(&self.populations, &self.onto, &self.record, &self.scale)?;
        let beside = (regimes && cases.is_some()).then_some(true);
        Ok(layers.value("populations", &cases).value("beside_regimes", &beside))
    }
}
