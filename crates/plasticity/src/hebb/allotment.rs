//! Which neurons are excitatory and which inhibitory.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::HebbError;
use super::config::MAX_NEURONS;

/// The type of a neuron: the sign of its initial weights and of its learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NeuronType {
    /// +1.
    Excitatory,
    /// -1.
    Inhibitory,
}

impl NeuronType {
    /// +1 or -1.
    #[inline]
    pub fn sign(self) -> f64 {
        match self {
            Self::Excitatory => 1.0,
            Self::Inhibitory => -1.0,
        }
    }
}

/// The type of every neuron of a network, layer by layer from the inputs.
///
/// Written with `E` and `I`, layers apart by `|`: `IEEE|EEII|EEEE`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Allotment {
    neurons: usize,
    /// One word a layer; bit `j` is set where neuron `j` is inhibitory.
    inhibitory: Vec<u64>,
}

impl Allotment {
    /// An allotment from one bit mask a layer: bit `j` set makes neuron `j` inhibitory.
    ///
    /// # Errors
    /// [`HebbError::Allotment`] for a number of neurons that is not 1 to 64, fewer than two
    /// layers, or a bit beyond the layer.
    pub fn from_masks(neurons: usize, masks: &[u64]) -> Result<Self, HebbError> {
        let fault = |fault: String| HebbError::Allotment { allotment: format!("{masks:?}"), fault };
        if neurons == 0 || neurons > MAX_NEURONS {
            return Err(fault(format!("a layer has 1 to {MAX_NEURONS} neurons, not {neurons}")));
        }
        if masks.len() < 2 {
            return Err(fault(format!("a network has at least 2 layers, not {}", masks.len())));
        }
        if let Some(layer) = masks.iter().position(|mask| mask & !all(neurons) != 0) {
            return Err(fault(format!("the mask of layer {layer} has a bit beyond its {neurons}")));
        }
        Ok(Self { neurons, inhibitory: masks.to_vec() })
    }

    /// Everything excitatory.
    ///
    /// # Errors
    /// As [`Allotment::from_masks`].
    pub fn excitatory(neurons: usize, layers: usize) -> Result<Self, HebbError> {
        Self::from_masks(neurons, &vec![0; layers])
    }

    /// The neurons of a layer.
    pub fn neurons(&self) -> usize {
        self.neurons
    }

    /// The layers.
    pub fn layers(&self) -> usize {
        self.inhibitory.len()
    }

    /// The type of one neuron.
    ///
    /// # Panics
    /// If there is no such layer.
    #[inline]
    pub fn of(&self, layer: usize, neuron: usize) -> NeuronType {
        if self.inhibitory[layer] >> neuron & 1 == 1 {
            NeuronType::Inhibitory
        } else {
            NeuronType::Excitatory
        }
    }

    /// How many neurons of a layer are inhibitory.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn inhibitory_in(&self, layer: usize) -> usize {
        self.inhibitory[layer].count_ones() as usize
    }

    /// How many input neurons are inhibitory.
    pub fn inhibitory_inputs(&self) -> usize {
        self.inhibitory_in(0)
    }

    /// How many neurons of all hidden layers together are inhibitory.
    pub fn inhibitory_hidden(&self) -> usize {
        (1..self.layers() - 1).map(|layer| self.inhibitory_in(layer)).sum()
    }

    /// The ratio E:I of the hidden neurons, as the study writes it (`1:3`).
    pub fn hidden_ratio(&self) -> String {
        let inhibitory = self.inhibitory_hidden();
        let hidden = (self.layers() - 2) * self.neurons;
        format!("{}:{inhibitory}", hidden - inhibitory)
    }
}

/// A word with the lowest `neurons` bits set.
pub(crate) fn all(neurons: usize) -> u64 {
    u64::MAX >> (64 - neurons)
}

impl fmt::Display for Allotment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (layer, mask) in self.inhibitory.iter().enumerate() {
            if layer > 0 {
                f.write_str("|")?;
            }
            for neuron in 0..self.neurons {
                f.write_str(if mask >> neuron & 1 == 1 { "I" } else { "E" })?;
            }
        }
        Ok(())
    }
}

impl From<Allotment> for String {
    fn from(types: Allotment) -> Self {
        types.to_string()
    }
}

impl TryFrom<String> for Allotment {
    type Error = HebbError;

    fn try_from(text: String) -> Result<Self, HebbError> {
        text.parse()
    }
}

impl FromStr for Allotment {
    type Err = HebbError;

    fn from_str(text: &str) -> Result<Self, HebbError> {
        let fault = |fault: String| HebbError::Allotment { allotment: text.to_owned(), fault };
        let example = "such as `IEEE|EEII|EEEE` is right";
        let mut masks = Vec::new();
        let mut neurons = None;
        for (layer, types) in text.trim().split('|').enumerate() {
            let count = types.chars().count();
            if count == 0 || count > MAX_NEURONS {
                return Err(fault(format!("layer {layer} has {count} neurons; {example}")));
            }
            if *neurons.get_or_insert(count) != count {
                return Err(fault(format!(
                    "layer {layer} has {count} neurons and layer 0 another number; {example}"
                )));
            }
            let mut mask = 0;
            for (neuron, letter) in types.chars().enumerate() {
                match letter {
                    'E' | 'e' | '+' => {}
                    'I' | 'i' | '-' => mask |= 1 << neuron,
                    other => {
                        return Err(fault(format!(
                            "`{other}` in layer {layer} is no type; {example}"
                        )));
                    }
                }
            }
            masks.push(mask);
        }
        if masks.len() < 2 {
            return Err(fault(format!("it has one layer and a network at least 2; {example}")));
        }
        Self::from_masks(neurons.unwrap_or(0), &masks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_text() {
        let types: Allotment = "IEEE|EEII|EEEI".parse().unwrap();
        assert_eq!((types.neurons(), types.layers()), (4, 3));
        assert_eq!((types.inhibitory_inputs(), types.inhibitory_hidden()), (1, 2));
        assert_eq!(types.hidden_ratio(), "2:2");
        assert_eq!(types.of(0, 0), NeuronType::Inhibitory);
        assert_eq!(types.of(2, 3).sign(), -1.0);
        assert_eq!(types.to_string(), "IEEE|EEII|EEEI");
        let deep: Allotment = "EI|II|IE|EE".parse().unwrap();
        assert_eq!((deep.inhibitory_hidden(), deep.hidden_ratio()), (3, "1:3".to_owned()));
    }

    #[test]
    fn bad_allotments_are_refused() {
        for (text, word) in [
            ("IEE|EI|EEE", "layer 1 has 2"),
            ("IXE|EII|EEE", "`X`"),
            ("IIE", "one layer"),
            ("", "layer 0 has 0"),
        ] {
            let message = text.parse::<Allotment>().unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
        assert!(Allotment::from_masks(3, &[0, 8, 0]).is_err());
        assert!(Allotment::from_masks(0, &[0, 0]).is_err());
        assert!(Allotment::from_masks(64, &[u64::MAX, 0]).is_ok());
    }
}
