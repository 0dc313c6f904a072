//! Settings and results, which go between the languages as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::errors::Failure;

/// What a result says, as JSON.
pub fn write<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|e| Failure::Internal(format!("no JSON form: {e}")))
}

/// Reads settings.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|e| {
        // The place in the text is of no use: nobody has written the text.
        let reason = e.to_string();
        let end = reason.rfind(" at line ").unwrap_or(reason.len());
        Failure::request(&reason[..end])
    })
}
