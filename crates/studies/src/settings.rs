//! From defaults, TOML files and single values to one resolved set of settings.
//!
//! Later layers win: the type's defaults, a preset, files, assignments (`key=value`) in the order
//! given, single values by key. Tables merge key by key. A key that the settings do not have is an
//! error, never ignored.

use std::path::{Path, PathBuf};

use equipoise_data::read_text;
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

mod notice;

pub use notice::Notice;

/// TOML has no whole numbers above `i64::MAX`, and no setting needs them.
const TOO_LARGE: &str = "whole numbers are possible up to 9223372036854775807";

/// Why settings cannot be resolved or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// A file holds something that is no setting.
    #[error("{}:{line}:{column}: {reason}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1, in characters.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// An assignment cannot be read, or sets what cannot be set.
    #[error("{assignment}: {reason}")]
    InAssignment {
        /// The assignment, as it was given.
        assignment: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The value of a key cannot be used.
    #[error("{key}: {reason}")]
    OfKey {
        /// The key, dotted for tables.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// Settings that make no sense, for a reason that names the key.
    #[error("{0}")]
    Senseless(String),
}

/// The largest file of settings, bytes: that of a grid of a million points fits.
const LARGEST: u64 = 1 << 24;

/// Layers of settings, to be resolved into one.
///
/// ```
/// use equipoise_studies::settings::Layers;
/// #[derive(serde::Deserialize, Debug, PartialEq)]
/// #[serde(default, deny_unknown_fields)]
/// struct Settings {
///     seed: u64,
///     rate: f64,
/// }
/// impl Default for Settings {
///     fn default() -> Self {
///         Self { seed: 0, rate: 100.0 }
///     }
/// }
/// let layers = Layers::default().assign("rate=20.0").value("seed", &Some(7));
/// assert_eq!(layers.resolve::<Settings>()?, Settings { seed: 7, rate: 20.0 });
/// # Ok::<(), equipoise_studies::settings::SettingsError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Layers {
    preset: String,
    files: Vec<PathBuf>,
    assignments: Vec<String>,
    values: Vec<(String, Result<Value, String>)>,
}

impl Layers {
    /// With a preset, in TOML, above the defaults.
    #[must_use]
    pub fn preset(mut self, toml: &str) -> Self {
        toml.clone_into(&mut self.preset);
        self
    }

    /// With a TOML file.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// With an assignment `key=value`, the value in TOML's syntax; a bare word is a string.
    #[must_use]
    pub fn assign(mut self, assignment: impl Into<String>) -> Self {
        self.assignments.push(assignment.into());
        self
    }

    /// With the value of a key (dotted for tables), if there is one.
    #[must_use]
    pub fn value<T: Serialize>(mut self, key: impl Into<String>, value: &Option<T>) -> Self {
        if let Some(value) = value {
            let value = Value::try_from(value).map_err(|_| TOO_LARGE.to_owned());
            self.values.push((key.into(), value));
        }
        self
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.assignments.is_empty() && self.values.is_empty()
    }

    /// The settings.
    ///
    /// # Errors
    /// If a file cannot be read or parsed, a key is unknown or a type is wrong.
    pub fn resolve<C: DeserializeOwned>(&self) -> Result<C, SettingsError> {
        self.resolve_beside(None).map(|(settings, _)| settings)
    }

    /// The settings, and what a person should know of how they were read: what was left out of the
    /// files because it concerns other studies (a dotted key of a file that `keys.all` has and
    /// `keys.own` has not), and regimes that have another name today.
    ///
    /// # Errors
    /// As [`Layers::resolve`].
    pub fn resolve_beside<C: DeserializeOwned>(
        &self,
        keys: Option<&KnownKeys>,
    ) -> Result<(C, Vec<Notice>), SettingsError> {
        let mut notices = Vec::new();
        let preset = |e: toml::de::Error| SettingsError::Senseless(e.message().to_owned());
        let mut table: Table = toml::from_str(&self.preset).map_err(preset)?;
        for path in &self.files {
            for (key, value) in read::<C>(path, keys, &mut notices)? {
                insert(&mut table, &[&key], value).map_err(SettingsError::Senseless)?;
            }
        }
        for assignment in &self.assignments {
            let wrong = |reason: String| SettingsError::InAssignment {
                assignment: assignment.clone(),
                reason: with_suggestion(reason),
            };
            let (key, value) = parse_assignment(assignment).map_err(wrong)?;
            set(&mut table, &key, value).map_err(wrong)?;
            parse::<C>(table.clone()).map_err(wrong)?;
        }
        for (key, value) in &self.values {
            let wrong = |reason: String| SettingsError::OfKey {
                key: key.clone(),
                reason: with_suggestion(reason),
            };
            set(&mut table, key, value.clone().map_err(wrong)?).map_err(wrong)?;
            parse::<C>(table.clone()).map_err(wrong)?;
        }
        notices.extend(notice::rename_regimes(&mut table));
        let settings =
            parse::<C>(table).map_err(|r| SettingsError::Senseless(with_suggestion(r)))?;
        Ok((settings, notices))
    }
}

/// Puts the values of `changes` into settings, merging tables key by key.
///
/// # Errors
/// Where a key of `changes` goes into a value as if it were a table.
pub fn merge(table: &mut Table, changes: Table) -> Result<(), String> {
    changes.into_iter().try_for_each(|(key, value)| insert(table, &[&key], value))
}

/// The keys of a study, and those of all studies, dotted.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys {
    /// The keys of the study.
    pub own: Vec<String>,
    /// The keys of all.
    pub all: Vec<String>,
}

impl KnownKeys {
    /// Takes out of a table what concerns other studies alone, and says what that was.
    fn prune(&self, table: &mut Table, prefix: &str, pruned: &mut Vec<String>) {
        // A key stands for all below it as well: its value may be a table.
        let within = |keys: &[String], name: &str| {
            keys.iter().any(|key| {
                name.strip_prefix(key.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('.'))
            })
        };
        let above = |keys: &[String], name: &str| {
            keys.iter().any(|key| key.strip_prefix(name).is_some_and(|r| r.starts_with('.')))
        };
        table.retain(|key, value| {
            let name = format!("{prefix}{key}");
            if let Value::Table(inner) = value
                && (above(&self.own, &name) || above(&self.all, &name))
            {
                let before = inner.len();
                self.prune(inner, &format!("{name}."), pruned);
                return above(&self.own, &name) || (before > 0 && !inner.is_empty());
            }
            let foreign = !within(&self.own, &name) && within(&self.all, &name);
            if foreign {
                pruned.push(name);
            }
            !foreign
        });
    }
}

/// Sets the value at a dotted key, merging tables.
///
/// # Errors
/// Where it is no key, or goes into a value as if it were a table.
pub(crate) fn set(table: &mut Table, key: &str, value: Value) -> Result<(), String> {
    insert(table, &parts(key)?, value)
}

/// The parts of a dotted key. A part in quotes may have dots in it, as in TOML.
pub(crate) fn parts(key: &str) -> Result<Vec<&str>, String> {
    let mut parts = Vec::new();
    let mut rest = Some(key.trim());
    while let Some(left) = rest {
        let quote = left.chars().next().filter(|c| ['"', '\''].contains(c));
        let (part, after) = match quote {
            Some(quote) => left[1..].split_once(quote).ok_or("a quote in the key is not closed")?,
            None => left.find('.').map_or((left, ""), |dot| left.split_at(dot)),
        };
        if part.is_empty() {
            return Err("the key is empty".to_owned());
        }
        parts.push(part);
        rest = after.strip_prefix('.');
        if rest.is_none() && !after.is_empty() {
            return Err(format!("`{after}` follows a quote in the key"));
        }
    }
    Ok(parts)
}

/// Reads a file of settings, so that an error in it can name file, line and column.
fn read<C: DeserializeOwned>(
    path: &Path,
    keys: Option<&KnownKeys>,
    notices: &mut Vec<Notice>,
) -> Result<Table, SettingsError> {
    let text = read_text(path, LARGEST)
        .map_err(|e| SettingsError::Unreadable { path: path.to_owned(), reason: e.to_string() })?;
    let place = |error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let before = text.get(..start).unwrap_or_default();
        SettingsError::InFile {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|&c| c != '\n').count() + 1,
            reason: with_suggestion(error.message().to_owned()),
        }
    };
    let mut table = toml::from_str::<Table>(&text).map_err(place)?;
    let Err(error) = toml::from_str::<C>(&text) else { return Ok(table) };
    let mut pruned = Vec::new();
    if let Some(keys) = keys {
        keys.prune(&mut table, "", &mut pruned);
    }
    if pruned.is_empty() {
        return Err(place(error));
    }
    if let Err(reason) = parse::<C>(table.clone()) {
        let reason = with_suggestion(reason);
        return Err(SettingsError::Senseless(format!("{}: {reason}", path.display())));
    }
    notices.push(Notice::LeftOut { path: path.to_owned(), keys: pruned });
    Ok(table)
}

fn parse<C: DeserializeOwned>(table: Table) -> Result<C, String> {
    C::deserialize(Value::Table(table)).map_err(|e| e.message().to_string())
}

/// The key and the value of an assignment.
fn parse_assignment(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').ok_or("write it as key=value")?;
    parts(key)?;
    let value = value.trim();
    let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
    if !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && value.parse::<i64>().is_err()
    {
        return Err(TOO_LARGE.to_owned());
    }
    let parsed = toml::from_str::<Table>(&format!("value = {value}"));
    let value = match parsed.ok().and_then(|mut t| t.remove("value")) {
        Some(parsed) => parsed,
        None => Value::String(value.to_string()),
    };
    Ok((key.to_string(), value))
}

/// Puts a value at the key of these parts, merging tables.
fn insert(table: &mut Table, key: &[&str], value: Value) -> Result<(), String> {
    let Some((&first, rest)) = key.split_first() else { return Ok(()) };
    if rest.is_empty() {
        match (table.get_mut(first), value) {
            (Some(Value::Table(old)), Value::Table(new)) => {
                for (k, v) in new {
                    insert(old, &[&k], v)?;
                }
            }
            (_, value) => {
                table.insert(first.to_string(), value);
            }
        }
        return Ok(());
    }
    match table.entry(first).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => insert(inner, rest, value),
        Value::Array(items) => {
            let (index, rest) = (rest[0], &rest[1..]);
            let count = items.len();
            let slot = index.parse::<usize>().ok().and_then(|i| items.get_mut(i));
            match (slot, rest) {
                (Some(slot), []) => {
                    *slot = value;
                    Ok(())
                }
                (Some(Value::Table(inner)), rest) => insert(inner, rest, value),
                _ => Err(format!("`{first}` has {count} items, and `{index}` is none of them")),
            }
        }
        _ => Err(format!("`{first}` is a value, not a table")),
    }
}

/// Adds the nearest of the known names to a message about an unknown one.
///
/// Messages of serde name the unknown word first and the known ones after it, each in backticks.
pub(crate) fn with_suggestion(message: String) -> String {
    if !message.starts_with("unknown ") {
        return message;
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let Some(unknown) = words.next() else { return message };
    suggesting(&message, unknown, words)
}

/// A message about an unknown word, with the nearest of the known ones if one is alike.
pub fn suggesting<'a>(
    message: &str,
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> String {
    match nearest(unknown, known) {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message.to_owned(),
    }
}

/// The name that is most like `word`, if one is alike.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let word = plain(word);
    let likeness = |name: &str| {
        let name = plain(name);
        if name == word {
            return 2.0;
        }
        // What is left out at the front or the end is more often meant than a like spelling.
        let contained = word.len() >= 3 && (name.contains(&word) || word.contains(&name));
        if contained { 1.0 } else { strsim::jaro_winkler(&word, &name) }
    };
    let best = names.into_iter().map(|name| (likeness(name), name));
    let best = best.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.len().cmp(&a.1.len())))?;
    (best.0 > 0.8).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Outer {
        seed: u64,
        name: String,
        inner: Inner,
        rates: Vec<f64>,
        kind: Kind,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Inner {
        threshold: f64,
        neurons: usize,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Kind {
        MlpUnet,
        MlpVae,
    }

    impl Default for Outer {
        fn default() -> Self {
            Self {
                seed: 1,
                name: "x".into(),
                inner: Inner::default(),
                rates: vec![1.0],
                kind: Kind::MlpVae,
            }
        }
    }

    impl Default for Inner {
        fn default() -> Self {
            Self { threshold: 20.0, neurons: 100 }
        }
    }

    #[test]
    fn layers_override_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "seed = 5\n[inner]\nneurons = 7\n").unwrap();
        let got: Outer = Layers::default()
            .file(&file)
            .assign("inner.threshold=3.5")
            .assign("name=abc")
            .assign("seed=6")
            .assign("rates=[1, 2.5]")
            .assign("kind=mlp-unet")
            .value("seed", &Some(9))
            .value("name", &None::<String>)
            .resolve()
            .unwrap();
        let inner = Inner { threshold: 3.5, neurons: 7 };
        let (rates, kind) = (vec![1.0, 2.5], Kind::MlpUnet);
        assert_eq!(got, Outer { seed: 9, name: "abc".into(), inner, rates, kind });
    }

    #[test]
    fn nothing_given_is_the_default() {
        assert_eq!(Layers::default().resolve::<Outer>().unwrap(), Outer::default());
    }

    #[test]
    fn a_preset_gives_way_to_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "[inner]\nneurons = 7\n").unwrap();
        let preset = "seed = 3\n[inner]\nneurons = 5\nthreshold = 1.0\n";
        let got: Outer = Layers::default().preset(preset).file(&file).resolve().unwrap();
        let inner = Inner { threshold: 1.0, neurons: 7 };
        assert_eq!(got, Outer { seed: 3, inner, ..Outer::default() });
    }

    #[test]
    fn a_wrong_assignment_is_named() {
        for set in ["seed", "=3", "seed=abc", "unknown=3", "inner.x=3", "seed.x=3", "seed=-1"] {
            match Layers::default().assign(set).resolve::<Outer>() {
                Err(SettingsError::InAssignment { assignment, .. }) => assert_eq!(assignment, set),
                other => panic!("{set}: {other:?}"),
            }
        }
    }

    #[test]
    fn parts_of_a_key_may_be_quoted() {
        assert_eq!(parts("network.projections.I to E.weight").unwrap()[2], "I to E");
        for key in ["a.\"b.c\".d", "a.'b.c'.d", " a.\"b.c\".d "] {
            assert_eq!(parts(key).unwrap(), ["a", "b.c", "d"], "{key}");
        }
        for key in ["", "a..b", "a.", ".a", "a.\"b", "a.\"\".b", "a.\"b\"c"] {
            assert!(parts(key).is_err(), "{key}");
        }
        let mut table = Table::new();
        set(&mut table, "a.\"b.c\"", Value::Integer(1)).unwrap();
        set(&mut table, "a", Value::Table(Table::from_iter([("d.e".into(), 2.into())]))).unwrap();
        let a = table["a"].as_table().unwrap();
        assert_eq!((a["b.c"].as_integer(), a["d.e"].as_integer()), (Some(1), Some(2)));
    }

    #[test]
    fn whole_numbers_above_what_toml_holds_are_refused() {
        for number in [1 << 63, u64::MAX] {
            let layers = Layers::default().value("inner.neurons", &Some(number));
            match layers.resolve::<Outer>() {
                Err(SettingsError::OfKey { key, .. }) => assert_eq!(key, "inner.neurons"),
                other => panic!("{number}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_wrong_file_is_named_with_line_and_column() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        for (text, place) in
            [("seed = 5\nnme = 1\n", (2, 1)), ("seed = \n", (1, 8)), ("seed='a'", (1, 6))]
        {
            std::fs::write(&file, text).unwrap();
            match Layers::default().file(&file).resolve::<Outer>() {
                Err(SettingsError::InFile { path, line, column, .. }) => {
                    assert_eq!((path, (line, column)), (file.clone(), place), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let missing = dir.path().join("none.toml");
        let missing = Layers::default().file(missing).resolve::<Outer>();
        assert!(matches!(missing, Err(SettingsError::Unreadable { .. })));
    }

    #[test]
    fn near_names_are_suggested() {
        for (set, name) in [
            ("nme=1", "`name`?"),
            ("inner.treshold=1", "`threshold`?"),
            ("kind=unet", "`mlp-unet`?"),
            ("kind=vae", "`mlp-vae`?"),
        ] {
            let error = Layers::default().assign(set).resolve::<Outer>().unwrap_err();
            assert!(error.to_string().ends_with(name), "{error}");
        }
        assert_eq!(nearest("cifar10", ["mnist", "cifar-10", "shd"]), Some("cifar-10"));
        assert_eq!(nearest("zzz", ["mnist", "cifar-10", "shd"]), None);
    }

    #[test]
    fn a_regime_of_an_old_name_is_given_the_one_of_today() {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Named {
            regimes: Vec<crate::regimes::RegimeChoice>,
        }
        let asked = "regimes=['balanced', 'unbalanced-threshold', { name = 'mine', g = 4 }]";
        let (found, notices) =
            Layers::default().assign(asked).resolve_beside::<Named>(None).unwrap();
        let name = |k: usize| found.regimes[k].regime().unwrap().name;
        assert_eq!([name(0), name(1), name(2)], ["balanced", "low-threshold", "mine"]);
        let old = "unbalanced-threshold".to_owned();
        assert_eq!(notices, [Notice::Renamed { old, new: "low-threshold" }]);
    }

    #[test]
    fn what_concerns_other_studies_is_left_out_of_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        let names = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
        let own = names(&["seed", "name", "inner.threshold", "inner.neurons", "rates", "kind"]);
        let others = names(&["epochs", "inner.layers", "training.rate", "seed"]);
        let keys = KnownKeys { all: [own.clone(), others].concat(), own };
        let resolve = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Layers::default().file(&file).resolve_beside::<Outer>(Some(&keys))
        };
        let text =
            "seed = 5\nepochs = 3\n[inner]\nneurons = 7\nlayers = 2\n[training]\nrate = 1.0\n";
        let (got, notices) = resolve(text).unwrap();
        assert_eq!((got.seed, got.inner.neurons), (5, 7));
        let left = names(&["epochs", "inner.layers", "training.rate"]);
        assert_eq!(notices, [Notice::LeftOut { path: file.clone(), keys: left }]);
        assert_eq!(resolve("seed = 5\n").unwrap().1, []);
        // What no study knows is an error still, beside what others know and alone.
        for unknown in ["sead = 5\n", "epochs = 3\nsead = 5\n", "[training]\nrte = 2\n"] {
            let error = resolve(unknown).unwrap_err().to_string();
            assert!(error.contains("c.toml"), "{error}");
        }
        // Of single values nothing is left out.
        let layers = Layers::default().assign("epochs=3");
        assert!(layers.resolve_beside::<Outer>(Some(&keys)).is_err());
    }
}
