//! The colours of the reports.

use std::collections::BTreeMap;

use equipoise_encoder::balance::State;
use equipoise_figure::Color;
use equipoise_studies::balance::map::state_color;
use pyo3::prelude::*;
use serde_json::Value;

/// The colours of the reports as `#rrggbb`, by what they stand for.
#[pyfunction]
pub fn palette() -> BTreeMap<String, String> {
    let named =
        [("excitatory", Color::EXCITATORY), ("inhibitory", Color::INHIBITORY), ("net", Color::NET)];
    let mut colors: BTreeMap<String, String> =
        named.into_iter().map(|(name, color)| (name.to_owned(), color.hex())).collect();
    for state in State::ALL {
        if let Ok(Value::String(name)) = serde_json::to_value(state) {
            colors.insert(name, state_color(state).hex());
        }
    }
    colors
}
