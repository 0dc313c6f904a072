//! Options of every `balance` command.

use equipoise_studies::settings::Layers;

use crate::job::RunArgs;

/// Options of every `balance` command.
#[derive(Debug, clap::Args)]
pub struct NetworkArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Brunel's network (12,500 neurons with strong weights, eta 2), or that which encodes images
    #[arg(long, value_parser = ["brunel", "encoder"])]
    preset: Option<String>,
    /// A regime: balanced, unbalanced-g, unbalanced-p, low-threshold; may be given again
    #[arg(long = "regime", value_name = "NAME")]
    regimes: Vec<String>,
    /// Neurons, excitatory and inhibitory
    #[arg(long, value_name = "N")]
    neurons: Option<usize>,
    /// Inhibitory strength in units of the excitatory one (a regime may set its own)
    #[arg(long, value_name = "RATIO")]
    g: Option<f64>,
    /// Background in units of the threshold rate
    #[arg(long, value_name = "RATIO")]
    eta: Option<f64>,
    /// Connection probability
    #[arg(long, value_name = "P")]
    connection_probability: Option<f64>,
    /// Recorded, ms
    #[arg(long, value_name = "MS")]
    duration: Option<f64>,
}

impl NetworkArgs {
    /// The keys that the options stand for, as layers of settings.
    pub fn layers(&self) -> Layers {
        let regimes = (!self.regimes.is_empty()).then(|| self.regimes.clone());
        Layers::default()
            .value("preset", &self.preset)
            .value("regimes", &regimes)
            .value("network.neurons", &self.neurons)
            .value("network.g", &self.g)
            .value("network.eta", &self.eta)
            .value("network.connection_probability", &self.connection_probability)
            .value("network.duration", &self.duration)
    }
}
