//! Published networks, with their constants.

mod brunel;
mod clustered;
mod microcircuit;

pub use brunel::brunel;
pub use clustered::clustered;
pub use microcircuit::{
    MICROCIRCUIT_NEURONS, MICROCIRCUIT_POPULATIONS, MICROCIRCUIT_RATES_HZ, MicrocircuitInput,
    microcircuit,
};
