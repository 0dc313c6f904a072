//! Who receives from whom in a network, for other programs.

use equipoise_data::npz::NpzWriter;
use equipoise_encoder::images::{Encoder, EncoderConfig};
use equipoise_encoder::network::{Network, input_channels};
use equipoise_encoder::populations::ImageEncoder;

use super::encoding::network_fingerprint;
use crate::error::StudyError;

/// Most synapses of a network of populations that are written out.
const MOST_SYNAPSES: usize = 5_000_000;

/// The network as an NPZ file: [`pair`] or [`populations`].
///
/// # Errors
/// None for a network that was built.
pub fn connectivity(network: &Encoder, seed: u64) -> Result<Vec<u8>, StudyError> {
    match network {
        Encoder::Pair(network) => pair(network, seed),
        Encoder::Populations(network) => populations(network, seed),
    }
}

/// A network of populations as an NPZ file. `excitatory` uint8 `[units]`: 1 for an excitatory unit,
/// 0 for an inhibitory one; units are the neurons that are read. `population` uint16 and `neuron`
/// uint32 `[units]`: the population and the number in the network of each. With up to five million
/// synapses, `synapse_source`, `synapse_target` uint32, `synapse_weight` float32 and `synapse_delay`
/// float32 `[synapses]`: of each, by the neurons' numbers in the network. `network.toml` is the network
/// with the sources of images; `about.json` says what is what, and which network it is.
///
/// # Errors
/// None for a network that was built.
pub fn populations(network: &ImageEncoder, seed: u64) -> Result<Vec<u8>, StudyError> {
    let built = network.network();
    let settings = built.settings();
    let firsts = settings.firsts();
    let mut file = NpzWriter::in_memory();
    let units = network.neurons();
    let kinds: Vec<u8> = network.excitatory().iter().map(|&kind| u8::from(kind)).collect();
    file.array("excitatory", &[units], kinds)?;
    let read: Vec<usize> =
        network.populations().iter().filter_map(|(name, _)| settings.population(name)).collect();
    let of_each = || read.iter().map(|&at| (at, firsts[at]..firsts[at + 1]));
    let places = of_each().flat_map(|(at, neurons)| neurons.map(move |_| at as u16));
    file.array("population", &[units], places)?;
    file.array("neuron", &[units], of_each().flat_map(|(_, neurons)| neurons.map(|n| n as u32)))?;
    let written = built.synapses() <= MOST_SYNAPSES;
    if written {
        let neurons: Vec<usize> = (0..settings.neurons()).collect();
        let onto = built.synapses_onto_each(&neurons);
        let all = || onto.iter().zip(0u32..).flat_map(|(all, to)| all.iter().map(move |s| (s, to)));
        let count = [onto.iter().map(Vec::len).sum::<usize>()];
        file.array("synapse_source", &count, all().map(|(synapse, _)| synapse.source))?;
        file.array("synapse_target", &count, all().map(|(_, target)| target))?;
        file.array("synapse_weight", &count, all().map(|(synapse, _)| synapse.weight as f32))?;
        file.array("synapse_delay", &count, all().map(|(synapse, _)| synapse.delay_ms as f32))?;
    }
    let names: Vec<&str> = settings.populations.iter().map(|p| p.name.as_str()).collect();
    let what =
        |what: &str, dimension: &str| serde_json::json!({"what": what, "dimensions": [dimension]});
    let mut arrays = serde_json::Map::new();
    arrays.insert("excitatory".into(), what("1 for an excitatory neuron, else 0", "unit"));
    arrays.insert("population".into(), what("place in `populations`", "unit"));
    arrays.insert("neuron".into(), what("number in the network", "unit"));
    if written {
        arrays.insert("synapse_source".into(), what("sending neuron", "synapse"));
        arrays.insert("synapse_target".into(), what("receiving neuron", "synapse"));
        let weight = "mV, pA or nS as the target's model has it; negative for inhibition";
        arrays.insert("synapse_weight".into(), what(weight, "synapse"));
        arrays.insert("synapse_delay".into(), what("ms", "synapse"));
    }
    let about = serde_json::json!({
        "network": network_fingerprint(&EncoderConfig::from(network.config().clone()), seed),
        "version": env!("CARGO_PKG_VERSION"),
        "populations": names,
        "synapses": built.synapses(),
        "arrays": arrays,
    });
    file.text("about.json", &about.to_string())?;
    file.text("network.toml", &toml::to_string(settings).map_err(StudyError::failed)?)?;
    Ok(file.into_bytes()?)
}

/// Who receives from whom in an excitatory and an inhibitory population, as an NPZ file. `excitatory` uint8 `[neurons]`: 1 for an excitatory
/// neuron, 0 for an inhibitory one. `recurrent_source`, `recurrent_target` uint32 `[synapses]`: the
/// neurons at the two ends of each recurrent synapse. `input_channel`, `input_target` uint32
/// `[synapses]`: the same for the input. `about.json` says so, and which network it is, built with
/// this seed.
///
/// # Errors
/// None for a network that was built.
pub fn pair(network: &Network, seed: u64) -> Result<Vec<u8>, StudyError> {
    let config = network.config();
    let (neurons, excitatory) = (config.neurons, network.excitatory_neurons());
    let channels = network.shape().map_or(0, |shape| input_channels(shape, config.input.color));
    let pairs = |count: usize, targets: &dyn Fn(usize) -> Vec<usize>| -> [Vec<u32>; 2] {
        let (mut sources, mut all) = (Vec::new(), Vec::new());
        for source in 0..count {
            let targets = targets(source);
            sources.extend(std::iter::repeat_n(source as u32, targets.len()));
            all.extend(targets.iter().map(|&target| target as u32));
        }
        [sources, all]
    };
    let mut file = NpzWriter::in_memory();
    let kinds: Vec<u8> = (0..neurons).map(|neuron| u8::from(neuron < excitatory)).collect();
    file.array("excitatory", &[neurons], kinds)?;
    let recurrent = pairs(neurons, &|source| network.targets(source));
    let input = pairs(channels, &|channel| network.input_targets(channel));
    for (names, arrays) in [
        (["recurrent_source", "recurrent_target"], recurrent),
        (["input_channel", "input_target"], input),
    ] {
        for (name, values) in names.into_iter().zip(arrays) {
            file.array(name, &[values.len()], values)?;
        }
    }
    let about = serde_json::json!({
        "network": network_fingerprint(&EncoderConfig::from(config.clone()), seed),
        "version": env!("CARGO_PKG_VERSION"),
        "arrays": {
            "excitatory": {"what": "1 for an excitatory neuron, else 0", "dimensions": ["neuron"]},
            "recurrent_source": {"what": "sending neuron", "dimensions": ["synapse"]},
            "recurrent_target": {"what": "receiving neuron", "dimensions": ["synapse"]},
            "input_channel": {"what": "sending input channel", "dimensions": ["synapse"]},
            "input_target": {"what": "receiving neuron", "dimensions": ["synapse"]},
        },
    });
    file.text("about.json", &about.to_string())?;
    Ok(file.into_bytes()?)
}
