//! The defaults in the help of the commands: those of the settings, so that no text repeats them.

use clap::Command;
use equipoise_studies::schema::{Key, Listing, listings};

/// Options and the keys of settings that they stand for, where their names differ; of several keys
/// the first that a command has.
const KEYS: [(&str, &[&str]); 30] = [
    ("allotments", &["study.allotments"]),
    ("budget", &["training.budget"]),
    ("connection_probability", &["network.connection_probability"]),
    ("criterion", &["hebb.criterion", "study.hebb.criterion"]),
    ("dataset", &["data.dataset", "dataset"]),
    ("decoder", &["decoder.kind"]),
    ("decoders", &["decoder.kind"]),
    ("digits", &["task.digits"]),
    ("duration", &["network.duration"]),
    ("enumeration", &["study.enumeration"]),
    ("epochs", &["training.epochs", "network.epochs"]),
    ("epsilon", &["hebb.epsilon", "study.hebb.epsilon"]),
    ("eta", &["network.eta"]),
    ("excitatory", &["ring.excitatory"]),
    ("g", &["network.g"]),
    ("hidden", &["network.hidden"]),
    ("inhibitory", &["ring.inhibitory", "network.inhibitory"]),
    ("layers", &["hebb.layers", "study.hebb.layers"]),
    ("learning_rate", &["network.learning_rate"]),
    ("mappings", &["study.mappings"]),
    ("max_epochs", &["hebb.max_epochs", "study.hebb.max_epochs"]),
    ("neurons", &["network.neurons", "hebb.neurons", "study.hebb.neurons"]),
    ("noise", &["noise.levels", "network.noise"]),
    ("noise_ratios", &["noise.ratios"]),
    ("noise_trials", &["noise.trials"]),
    ("runs_per_cell", &["study.runs_per_cell"]),
    ("seeds", &["study.seeds"]),
    ("spikes", &["keep_spikes"]),
    ("test", &["data.test"]),
    ("train", &["data.train"]),
];

/// More values than this are not all shown.
const MOST_SHOWN: usize = 8;

/// The command line with the default of every option that stands for a key of settings.
pub fn with_defaults(command: Command) -> Command {
    let listings = listings();
    command.mut_subcommands(|below| describe(below, "", &listings))
}

fn describe(command: Command, above: &str, listings: &[Listing]) -> Command {
    let name = format!("{above} {}", command.get_name()).trim_start().to_owned();
    let command = command.mut_subcommands(|below| describe(below, &name, listings));
    let Some(listing) = listings.iter().find(|listing| listing.command == name) else {
        return command;
    };
    let keys = listing.keys();
    command.mut_args(|arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let is_said = help.contains("[default") || !arg.get_default_values().is_empty();
        if is_said || !arg.get_action().takes_values() {
            return arg;
        }
        match key_of(arg.get_id().as_str(), &keys).and_then(shown) {
            Some(default) => arg.help(format!("{help} [default: {default}]")),
            None => arg,
        }
    })
}

fn key_of<'k>(option: &str, keys: &'k [Key]) -> Option<&'k Key> {
    let names = KEYS.iter().find(|(name, _)| *name == option).map(|(_, keys)| *keys);
    let own = [option];
    let mut names = names.unwrap_or(&own).iter();
    names.find_map(|name| keys.iter().find(|key| key.name == *name))
}

/// The default as it would be typed.
fn shown(key: &Key) -> Option<String> {
    match key.value.as_ref()? {
        serde_json::Value::String(word) => Some(word.clone()),
        serde_json::Value::Array(values) => {
            let words: Option<Vec<String>> = values
                .iter()
                .map(|value| match value {
                    serde_json::Value::String(word) => Some(word.clone()),
                    serde_json::Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect();
            let words = words?;
            Some(match words.as_slice() {
                [] => "none".to_owned(),
                [first, .., last] if words.len() > MOST_SHOWN => {
                    format!("{} values from {first} to {last}", words.len())
                }
                all => all.join(","),
            })
        }
        other => Some(other.to_string()),
    }
}
