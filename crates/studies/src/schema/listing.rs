//! The settings of all studies, and how they are printed.

use schemars::{JsonSchema, Schema};
use toml::Table;

use super::keys::{Key, keys_of};
use crate::balance::{Coding, Diagnose, Linear, Maps, Track};
use crate::classification::{Classify, EvaluateClassifier, Ratios, Trained};
use crate::coding::{Dose, Speed};
use crate::decoding::Decoding;
use crate::hebb::{HebbStudy, OneNetwork};
use crate::populations::{Populations, PopulationsLinearity, PopulationsMap, PopulationsTrack};
use crate::reconstruction::steps::{Encode, Evaluate, Train};
use crate::reconstruction::sweep::ReconstructionSweep;
use crate::reconstruction::{Demonstration, Reconstruction};
use crate::settings::{KnownKeys, Layers, suggesting};
use crate::stimulation::{Associate, Controllability, Structure};
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
    defaults: fn() -> Table,
    check: fn(Table) -> Result<(), String>,
}

/// The settings of every study, in the order of the commands' help.
pub fn listings() -> Vec<Listing> {
    vec![
        listing::<Demonstration>("demo"),
        listing::<Reconstruction>("reconstruct"),
        listing::<Encode>("encode"),
        listing::<Train>("train"),
        listing::<Evaluate>("evaluate"),
        listing::<EvaluateClassifier>("evaluate"),
        listing::<Decoding>("decode"),
        listing::<Diagnose>("balance"),
        listing::<Maps>("balance map"),
        listing::<Linear>("balance linearity"),
        listing::<Track>("balance track"),
        listing::<Coding>("balance coding"),
        listing::<Populations>("balance populations"),
        listing::<PopulationsMap>("balance populations map"),
        listing::<PopulationsLinearity>("balance populations linearity"),
        listing::<PopulationsTrack>("balance populations track"),
        listing::<Classify>("classify"),
        listing::<OneNetwork>("hebb run"),
        listing::<Associate>("stimulate associate"),
        listing::<Structure>("stimulate structure"),
        listing::<Controllability>("stimulate controllability"),
        listing::<ReconstructionSweep>("study reconstruction"),
        listing::<Ratios>("study ratios"),
        listing::<HebbStudy>("study hebb"),
        listing::<Speed>("study speed"),
        listing::<Dose>("study dose"),
        listing::<Trained>("study trained"),
    ]
}

/// The settings of the studies of a command, or of the study of this name.
///
/// # Errors
/// The reason if there are none, with the commands that have some.
pub fn find<'l>(all: &'l [Listing], command: &str) -> Result<Vec<&'l Listing>, String> {
    let wanted = |listing: &&Listing| listing.command == command || listing.study == command;
    let found: Vec<&Listing> = all.iter().filter(wanted).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let mut commands: Vec<&str> = all.iter().map(|listing| listing.command).collect();
    commands.dedup();
    let known = commands.join(", ");
    let reason = format!("no settings of `{command}`; there are those of {known}");
    Err(suggesting(&reason, command, commands))
}

fn listing<S: Study>(command: &'static str) -> Listing
where
    S::Settings: JsonSchema + Default,
{
    Listing {
        command,
        study: S::NAME,
        keys: || keys_of(&defaults::<S>()),
        schema: || schemars::schema_for!(S::Settings),
        defaults: || Table::try_from(defaults::<S>()).unwrap_or_default(),
        check: |table| {
            let settings: Result<S::Settings, _> = table.try_into();
            settings.map_err(|e: toml::de::Error| e.message().to_owned())?.validate()
        },
    }
}

/// What a study does if nothing is asked: its own preset, if it has one, with what it leaves open
/// filled in where that is possible without data.
fn defaults<S: Study>() -> S::Settings
where
    S::Settings: Default,
{
    let usual = S::preset().and_then(|preset| {
        Layers::default().preset(&preset).resolve::<S::Settings>().map_err(|e| e.to_string())
    });
    let usual = usual.unwrap_or_default();
    usual.clone().resolved().unwrap_or(usual)
}

impl Listing {
    /// The command, and which of its studies, where it has several.
    pub fn title(&self) -> String {
        match self.study {
            EvaluateClassifier::NAME => format!("{} (of a classifier)", self.command),
            _ => self.command.to_owned(),
        }
    }

    /// Every key with its default.
    pub fn keys(&self) -> Vec<Key> {
        (self.keys)()
    }

    /// The defaults: the configuration of a run for which nothing is asked.
    pub fn defaults(&self) -> Table {
        (self.defaults)()
    }

    /// Whether the study takes a configuration.
    ///
    /// # Errors
    /// The reason, if it does not.
    pub fn check(&self, settings: Table) -> Result<(), String> {
        (self.check)(settings)
    }

    /// The JSON schema.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// A complete `config.toml` with the defaults, each key under what is known of it.
    pub fn to_toml(&self) -> String {
        let mut text = format!("# Settings of `equipoise {}`.\n", self.title());
        let mut table = String::new();
        let keys = self.keys();
        // The keys of a table must come before those of the tables in it.
        let (plain, inner): (Vec<&Key>, Vec<&Key>) =
            keys.iter().partition(|key| !key.name.contains('.'));
        for key in plain.into_iter().chain(inner) {
            let (of, name) = key.name.rsplit_once('.').unwrap_or(("", &key.name));
            if of != table {
                of.clone_into(&mut table);
                // A table is not there until a key of it is set.
                let of_table =
                    |key: &&Key| key.name.rsplit_once('.').is_some_and(|(t, _)| t == table);
                let is_set = keys.iter().filter(of_table).any(|key| key.value.is_some());
                text.push_str(&format!("\n{}[{table}]\n", if is_set { "" } else { "# " }));
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
        let mut text = format!("equipoise {}\n", self.title());
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
    use crate::settings::Notice;

    /// Keys of numbers, and tables of them, that have no unit: shares, ratios, weights of
    /// classifiers.
    const WITHOUT_UNIT: [&str; 61] = [
        "accuracy",
        "brightness",
        "data.folder.test_fraction",
        "data.latency.threshold",
        "data.validation_share",
        "decoder.beta",
        "decoder.dropout",
        "decoder.feature_dropout",
        "decoder.ssim_share",
        "diagnosis.criteria.greatest_cv",
        "diagnosis.criteria.greatest_net",
        "diagnosis.criteria.greatest_saturation",
        "diagnosis.criteria.greatest_synchrony",
        "diagnosis.criteria.least_cancellation",
        "diagnosis.criteria.least_cv",
        "diagnosis.criteria.least_excitation",
        "drive",
        "fisher.change",
        "network.connection_probability",
        "network.eta",
        "network.excitatory_fraction",
        "network.g",
        "network.input.connection_probability",
        "network.input.field_size",
        "network.input.latency_threshold",
        "network.initial",
        "network.learning_rate",
        "network.regularizer",
        "network.reversal",
        "network.sigma_1",
        "network.sigma_2",
        "network.sigma_init",
        "network.sigma_recurrent",
        "network.weight_decay",
        "network.weight_variation",
        "noise.ratios",
        "noise.sigma_1",
        "peak",
        "penalty",
        "ratio",
        "learning.lesion",
        "published",
        "ratios",
        "reference",
        "sigma_1",
        "stability",
        "success",
        "sweep",
        "training.final_share",
        "training.learning_rate",
        "training.weight_decay",
        "trained.decoder.beta",
        "trained.decoder.dropout",
        "trained.decoder.feature_dropout",
        "trained.decoder.ssim_share",
        "trained.training.final_share",
        "trained.training.learning_rate",
        "trained.training.weight_decay",
        "xi",
        "x",
        "y",
    ];

    /// Whether the models of a command have no dimensions but those that are named.
    fn is_dimensionless(command: &str) -> bool {
        command.starts_with("stimulate") || command.contains("hebb")
    }

    /// Whether a key is another, or in the table of that name.
    fn within(key: &str, other: &str) -> bool {
        key.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Keys whose values are checked beside the data, or only where another key asks for them.
    const CHECKED_LATER: [&str; 15] = [
        "network.sigma_1",
        "images",
        "data.folder.test_fraction",
        "data.binning.steps",
        "data.binning.max_time",
        "decoder.feature_dropout",
        "decoder.dropout",
        "decoder.channels",
        "decoder.latent",
        "decoder.beta",
        "decoder.ssim_share",
        "network.tau_excitatory",
        "network.tau_inhibitory",
        "network.input",
        "trained.decoder",
    ];

    #[test]
    fn values_beyond_a_range_are_refused() {
        let mut tried = 0;
        for listing in listings() {
            let mut usual = listing.defaults();
            if listing.study == "evaluate-classifier" {
                usual.insert("run".into(), "somewhere".into());
            }
            listing.check(usual.clone()).unwrap_or_else(|e| panic!("{}: {e}", listing.command));
            for key in listing.keys() {
                if CHECKED_LATER.iter().any(|later| within(&key.name, later)) {
                    continue;
                }
                for beyond in beyond(&key) {
                    let mut settings = usual.clone();
                    let mut at = &mut settings;
                    let mut parts: Vec<&str> = key.name.split('.').collect();
                    let last = parts.pop().unwrap();
                    for part in parts {
                        let inner = at.entry(part).or_insert(toml::Value::Table(Table::new()));
                        at = inner.as_table_mut().unwrap();
                    }
                    at.insert(last.to_owned(), beyond.clone());
                    let place = format!("{}: {} = {beyond}", listing.command, key.name);
                    assert!(listing.check(settings).is_err(), "{place} is {}", key.range);
                    tried += 1;
                }
            }
        }
        assert!(tried > 300, "{tried}");
    }

    /// A value below and one above what the range of a number says.
    fn beyond(key: &Key) -> Vec<toml::Value> {
        let whole = key.kind == "whole number";
        if !(whole || key.kind == "number") {
            return Vec::new();
        }
        let mut words = key.range.split(' ');
        let mut values = Vec::new();
        while let (Some(word), Some(bound)) = (words.next(), words.next()) {
            let bound: f64 = bound.parse().unwrap();
            let step = if whole { 1.0 } else { 1e-9 * bound.abs().max(1e-3) };
            let value = match word {
                "from" => bound - step,
                "to" => bound + step,
                _ => bound,
            };
            values.push(match whole {
                true => toml::Value::Integer(value as i64),
                false => toml::Value::Float(value),
            });
        }
        values
    }

    #[test]
    fn every_key_says_what_it_is_and_in_which_unit() {
        let mut missing = Vec::new();
        for listing in listings() {
            for key in listing.keys() {
                let place = format!("{}: {}", listing.command, key.name);
                assert!(!key.meaning.is_empty(), "{place} has no meaning");
                // It is for people who set keys, not for those who read the code.
                assert!(!key.meaning.contains("::"), "{place}: {}", key.meaning);
                assert!(!key.kind.is_empty(), "{place} has no kind");
                let number = key.kind.split([',', ':']).any(|part| part.trim() == "number");
                let known = is_dimensionless(listing.command)
                    || WITHOUT_UNIT.iter().any(|name| within(&key.name, name));
                if number && !known && key.unit.is_empty() {
                    missing.push(place);
                }
            }
        }
        assert_eq!(missing, [] as [String; 0], "these have no unit");
    }

    #[test]
    fn the_list_has_every_key_of_a_written_configuration() {
        fn names(table: &toml::Table, prefix: &str, found: &mut Vec<String>) {
            for (key, value) in table {
                match value {
                    toml::Value::Table(inner)
                        if !inner.is_empty() && !inner.contains_key("distribution") =>
                    {
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
    fn what_is_listed_is_the_default_configuration() {
        for listing in listings() {
            let printed: Table = listing.to_toml().parse().unwrap();
            assert_eq!(printed, listing.defaults(), "{}", listing.command);
        }
    }

    #[test]
    fn every_study_takes_the_configuration_of_every_other() {
        fn takes<S: Study>(text: &str, file: &std::path::Path) -> Vec<String> {
            std::fs::write(file, text).unwrap();
            let keys = known_keys(S::NAME).unwrap();
            let layers = Layers::default().preset(&S::preset().unwrap()).file(file);
            let (_, notices) = layers
                .resolve_beside::<S::Settings>(Some(&keys))
                .unwrap_or_else(|e| panic!("{}: {e}\n{text}", S::NAME));
            let keys = notices.into_iter().map(|notice| match notice {
                Notice::LeftOut { keys, .. } => keys,
                Notice::Renamed { .. } => Vec::new(),
            });
            keys.flatten().collect()
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        let of_track = |name: &str| {
            let all = listings();
            let track = all.iter().find(|listing| listing.study == Track::NAME).unwrap();
            track.keys().iter().any(|key| key.name == name)
        };
        for other in listings() {
            let text = other.to_toml();
            let track = takes::<Track>(&text, &file);
            let given = other.keys().into_iter().filter(|key| key.value.is_some());
            let foreign = given.filter(|key| !of_track(&key.name)).count();
            assert_eq!(track.is_empty(), foreign == 0, "{}", other.command);
            takes::<Reconstruction>(&text, &file);
            takes::<ReconstructionSweep>(&text, &file);
            takes::<EvaluateClassifier>(&text, &file);
            takes::<Classify>(&text, &file);
            takes::<Ratios>(&text, &file);
            takes::<OneNetwork>(&text, &file);
            takes::<HebbStudy>(&text, &file);
            takes::<Associate>(&text, &file);
            takes::<Controllability>(&text, &file);
        }
    }

    #[test]
    fn one_comparison_and_the_study_of_many_have_the_same_keys() {
        let names = |study: &str| {
            let all = listings();
            let found = all.iter().find(|listing| listing.study == study).unwrap();
            found.keys().into_iter().map(|key| key.name).collect::<Vec<_>>()
        };
        let study = names(ReconstructionSweep::NAME);
        // Those of the steps, the arrays that one comparison writes, and networks that are no regimes,
        // which the study of many compares.
        let of_one = ["encoded", "model", "run", "part", "keep_reconstructions", "populations"];
        for name in names(Reconstruction::NAME) {
            assert!(study.contains(&name) || of_one.contains(&name.as_str()), "{name}");
        }
    }
}
