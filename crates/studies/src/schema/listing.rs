//! The settings of all studies, and how they are printed.

use schemars::{JsonSchema, Schema};

use super::keys::{Key, keys_of};
use crate::balance::{Coding, Diagnose, Linear, Maps, Track};
use crate::settings::KnownKeys;
use crate::{Settings, Study};

/// The settings of one study.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// The command that runs it, such as `balance map`.
    pub command: &'static str,
    /// Its name in run directories.
    pub study: &'static str,
    keys: fn() -> Vec<Key>,
    schema: fn() -> Schema,
}

/// The settings of every study.
pub fn listings() -> Vec<Listing> {
    vec![
        listing::<Diagnose>("balance"),
        listing::<Maps>("balance map"),
        listing::<Linear>("balance linearity"),
        listing::<Track>("balance track"),
        listing::<Coding>("balance coding"),
    ]
}

fn listing<S: Study>(command: &'static str) -> Listing
where
    S::Settings: JsonSchema + Default,
{
    Listing {
        command,
        study: S::NAME,
        keys: || {
            // What settings leave open is filled in where that is possible without data.
            let resolved = S::Settings::default().resolved();
            keys_of(&resolved.unwrap_or_else(|_| S::Settings::default()))
        },
        schema: || schemars::schema_for!(S::Settings),
    }
}

impl Listing {
    /// Every key with its default.
    pub fn keys(&self) -> Vec<Key> {
        (self.keys)()
    }

    /// The JSON schema.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// A complete `config.toml` with the defaults, each key under what is known of it.
    pub fn to_toml(&self) -> String {
        let mut text = format!("# Settings of `equipoise {}`.\n", self.command);
        let mut table = String::new();
        let keys = self.keys();
        // The keys of a table must come before those of the tables in it.
        let (plain, inner): (Vec<&Key>, Vec<&Key>) =
            keys.iter().partition(|key| !key.name.contains('.'));
        for key in plain.into_iter().chain(inner) {
            let (of, name) = key.name.rsplit_once('.').unwrap_or(("", &key.name));
            if of != table {
                of.clone_into(&mut table);
                text.push_str(&format!("\n[{table}]\n"));
            }
            text.push('\n');
            for line in wrap(&key.meaning, 78) {
                text.push_str(&format!("# {line}\n"));
            }
            for line in wrap(&key.facts(), 78) {
                text.push_str(&format!("# {line}\n"));
            }
            match key.default_text() {
                Some(value) => text.push_str(&format!("{name} = {value}\n")),
                None => text.push_str(&format!("# {name} =\n")),
            }
        }
        text
    }

    /// Every key in text of at most `width` columns.
    pub fn to_text(&self, width: usize) -> String {
        let mut text = format!("equipoise {}\n", self.command);
        for key in self.keys() {
            let default = key.default_text().unwrap_or_else(|| "not set".to_owned());
            for line in wrap(&format!("{} = {default}", key.name), width - 2) {
                text.push_str(&format!("  {line}\n"));
            }
            for line in
                wrap(&key.facts(), width - 6).into_iter().chain(wrap(&key.meaning, width - 6))
            {
                text.push_str(&format!("      {line}\n"));
            }
        }
        text
    }
}

impl Key {
    /// The default as TOML.
    fn default_text(&self) -> Option<String> {
        let value = self.value.as_ref()?;
        toml::Value::try_from(value).ok().map(|value| value.to_string())
    }

    /// Kind, unit and range.
    fn facts(&self) -> String {
        let parts = [self.kind.as_str(), self.unit.as_str(), self.range.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

/// The keys that `study` and all studies have, for files of settings that hold more than it needs.
/// None for a study that is not listed.
pub fn known_keys(study: &str) -> Option<KnownKeys> {
    let names = |listing: &Listing| listing.keys().into_iter().map(|key| key.name);
    let all = listings();
    let own = all.iter().find(|listing| listing.study == study)?;
    Some(KnownKeys { own: names(own).collect(), all: all.iter().flat_map(names).collect() })
}

/// Words in lines of at most `width` characters; a longer word has a line of its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let more = word.chars().count();
        match lines.last_mut() {
            Some(line) if length + 1 + more <= width => {
                line.push(' ');
                line.push_str(word);
                length += 1 + more;
            }
            _ => {
                lines.push(word.to_owned());
                length = more;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;

    /// Numbers with a point that have no unit: shares, ratios, counts in units of something.
    const WITHOUT_UNIT: [&str; 22] = [
        "network.excitatory_fraction",
        "network.g",
        "network.weight_variation",
        "network.connection_probability",
        "network.eta",
        "network.input.connection_probability",
        "network.input.field_size",
        "network.input.latency_threshold",
        "diagnosis.criteria.least_excitation",
        "diagnosis.criteria.least_cancellation",
        "diagnosis.criteria.greatest_net",
        "diagnosis.criteria.least_cv",
        "diagnosis.criteria.greatest_cv",
        "diagnosis.criteria.greatest_synchrony",
        "diagnosis.criteria.greatest_saturation",
        "sweep",
        "peak",
        "penalty",
        "maps",
        "waveforms",
        "regimes",
        "",
    ];

    #[test]
    fn every_key_says_what_it_is_and_in_which_unit() {
        for listing in listings() {
            for key in listing.keys() {
                let place = format!("{}: {}", listing.command, key.name);
                assert!(!key.meaning.is_empty(), "{place} has no meaning");
                assert!(!key.kind.is_empty(), "{place} has no kind");
                let number = key.kind.split([',', ':']).any(|part| part.trim() == "number");
                let known = WITHOUT_UNIT.contains(&key.name.as_str());
                assert!(!number || known || !key.unit.is_empty(), "{place} has no unit");
                assert!(!(known && number) || key.unit.is_empty(), "{place} has a unit");
            }
        }
    }

    #[test]
    fn the_list_has_every_key_of_a_written_configuration() {
        fn names(table: &toml::Table, prefix: &str, found: &mut Vec<String>) {
            for (key, value) in table {
                match value {
                    toml::Value::Table(inner) if !inner.contains_key("distribution") => {
                        names(inner, &format!("{prefix}{key}."), found);
                    }
                    _ => found.push(format!("{prefix}{key}")),
                }
            }
        }
        for listing in listings() {
            let text = listing.to_toml();
            let table: toml::Table = text.parse().unwrap_or_else(|e| panic!("{e}\n{text}"));
            let mut written = Vec::new();
            names(&table, "", &mut written);
            let keys = listing.keys();
            for name in &written {
                assert!(keys.iter().any(|key| key.name == *name), "{}: {name}", listing.command);
            }
            let set = keys.iter().filter(|key| key.value.is_some()).count();
            assert_eq!(set, written.len(), "{}", listing.command);
            assert!(
                listing
                    .to_text(80)
                    .lines()
                    .all(|line| line.chars().count() <= 80 || !line.trim().contains(' '))
            );
        }
    }

    #[test]
    fn a_printed_configuration_is_the_default() {
        let text = listing::<Maps>("balance map").to_toml();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, &text).unwrap();
        type S = <Maps as Study>::Settings;
        let read: S = Layers::default().file(&file).resolve().unwrap();
        let (read, usual) = (read.resolved().unwrap(), S::default().resolved().unwrap());
        assert_eq!(read, usual);
    }

    #[test]
    fn every_study_takes_the_configuration_of_every_other() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        for other in listings() {
            std::fs::write(&file, other.to_toml()).unwrap();
            let layers = Layers::default().file(&file);
            let keys = known_keys("balance-track").unwrap();
            let track = layers.resolve_beside::<<Track as Study>::Settings>(Some(&keys));
            let (_, left_out) = track.unwrap_or_else(|e| panic!("{}: {e}", other.command));
            assert_eq!(left_out.is_empty(), other.study == "balance-track", "{}", other.command);
        }
    }
}
