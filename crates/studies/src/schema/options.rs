//! The keys of settings that options of commands stand for, and their defaults as one would type them.

use super::keys::Key;

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

/// The default of the key that an option stands for, as it would be typed; none if it stands for
/// no key, or that is not set.
pub fn default_of_option(option: &str, keys: &[Key]) -> Option<String> {
    key_of(option, keys).and_then(shown)
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
