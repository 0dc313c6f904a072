//! What can be set: every key of a study's settings with its kind, unit, default, range and
//! meaning, read from the code.
//!
//! A key's meaning is the comment of its field. Its unit is the field's `unit`
//! (`#[schemars(extend("unit" = "mV"))]`), or else what the comment says after a comma, as in
//! "Membrane time constant, ms.".

mod keys;
mod listing;
mod network;
mod options;

pub use keys::{Key, keys_of};
pub use listing::{Listing, find, known_keys, listings};
pub use network::{network_table, parameters};
pub use options::default_of_option;
