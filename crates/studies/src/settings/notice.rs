//! What is said of how settings were read.

use std::path::PathBuf;

use equipoise_encoder::network::Regime;
use toml::{Table, Value};

/// What a person should know of how settings were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Keys of a file that concern other studies.
    LeftOut {
        /// The file.
        path: PathBuf,
        /// The keys, dotted.
        keys: Vec<String>,
    },
    /// A regime that has another name today, which it is given.
    Renamed {
        /// The name that was asked for.
        old: String,
        /// The name of today.
        new: &'static str,
    },
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LeftOut { path, keys } => {
                let (path, keys) = (path.display(), keys.join(", "));
                write!(f, "{path}: settings of other studies are left out: {keys}")
            }
            Self::Renamed { old, new } => {
                write!(f, "regimes: `{old}` is called `{new}` now, and is called so in this run")
            }
        }
    }
}

/// Gives regimes that are named by an old name the one of today.
pub(super) fn rename_regimes(table: &mut Table) -> Vec<Notice> {
    let mut notices = Vec::new();
    let named = table.get_mut("regimes").and_then(Value::as_array_mut);
    for value in named.into_iter().flatten() {
        let Value::String(name) = value else { continue };
        if let Some(new) = Regime::new_name(name) {
            notices.push(Notice::Renamed { old: std::mem::replace(name, new.to_owned()), new });
        }
    }
    notices
}
