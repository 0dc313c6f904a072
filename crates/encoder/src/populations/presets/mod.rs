//! Published networks, with their constants.

mod brunel;
mod microcircuit;

pub use brunel::brunel;
pub use microcircuit::{
    MICROCIRCUIT_NEURONS, MICROCIRCUIT_POPULATIONS, MICROCIRCUIT_RATES_HZ, MicrocircuitInput,
    microcircuit,
};
