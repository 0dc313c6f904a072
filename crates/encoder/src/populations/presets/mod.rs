//! Published networks, with their constants.

mod brunel;
mod clustered;
mod interneurons;
mod microcircuit;
mod vogels;

pub use brunel::brunel;
pub use clustered::clustered;
pub use interneurons::{PV_SST_VIP_POPULATIONS, PV_SST_VIP_RATES_HZ, pv_sst_vip};
pub use microcircuit::{
    MICROCIRCUIT_NEURONS, MICROCIRCUIT_POPULATIONS, MICROCIRCUIT_RATES_HZ, MicrocircuitInput,
    microcircuit,
};
pub use vogels::vogels;

use super::settings::{Neuron, Sign};

/// The synaptic current, pA, of which the postsynaptic potential is 1 mV high, from sources of this
/// sign.
fn current_of_potential(neuron: &Neuron, sign: Sign) -> f64 {
    let membrane = neuron.membrane.mean();
    let synapse = match sign {
        Sign::Excitatory => neuron.tau_excitatory,
        Sign::Inhibitory => neuron.tau_inhibitory,
    };
    let ratio = membrane / synapse;
    let difference = membrane - synapse;
    let height = libm::pow(ratio, -membrane / difference) - libm::pow(ratio, -synapse / difference);
    neuron.capacitance / (membrane * synapse / (synapse - membrane) * height)
}
