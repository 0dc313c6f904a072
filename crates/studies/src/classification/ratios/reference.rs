//! What ratios are compared with.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What ratios are compared with: a number in settings, or the word `pairwise`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reference {
    /// All others with this one.
    Ratio(f64),
    /// Each with each.
    Pairwise,
}

impl Reference {
    /// The reference among these ratios if a person has chosen none: 1.0, as published, if it is
    /// there.
    pub fn default_among(ratios: &[f64]) -> Self {
        if ratios.contains(&1.0) { Self::Ratio(1.0) } else { Self::Pairwise }
    }
}

const PAIRWISE: &str = "pairwise";
const EXPECTED: &str = "a ratio such as 1.0, or `pairwise`";

/// A text is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not {EXPECTED}")]
pub struct NotAReference(String);

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        match text.parse() {
            Ok(ratio) => Ok(Self::Ratio(ratio)),
            Err(_) if text == PAIRWISE => Ok(Self::Pairwise),
            Err(_) => Err(NotAReference(text.to_owned())),
        }
    }
}

impl JsonSchema for Reference {
    fn schema_name() -> Cow<'static, str> {
        "Reference".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "number" }, { "enum": [PAIRWISE] }] })
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Ratio(ratio) => serializer.serialize_f64(*ratio),
            Self::Pairwise => serializer.serialize_str(PAIRWISE),
        }
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrWord;
        impl Visitor<'_> for NumberOrWord {
            type Value = Reference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_f64<E: Error>(self, ratio: f64) -> Result<Reference, E> {
                Ok(Reference::Ratio(ratio))
            }

            fn visit_i64<E: Error>(self, ratio: i64) -> Result<Reference, E> {
                Ok(Reference::Ratio(ratio as f64))
            }

            fn visit_u64<E: Error>(self, ratio: u64) -> Result<Reference, E> {
                Ok(Reference::Ratio(ratio as f64))
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Reference, E> {
                match word {
                    PAIRWISE => Ok(Reference::Pairwise),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(NumberOrWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        reference: Reference,
    }

    #[test]
    fn a_number_or_the_word() {
        for (text, reference) in [
            ("reference = 0.8\n", Reference::Ratio(0.8)),
            ("reference = 1.0\n", Reference::Ratio(1.0)),
            ("reference = \"pairwise\"\n", Reference::Pairwise),
        ] {
            assert_eq!(toml::from_str::<Holder>(text).unwrap(), Holder { reference });
            assert_eq!(toml::to_string(&Holder { reference }).unwrap(), text);
        }
        assert_eq!(
            toml::from_str::<Holder>("reference = 1").unwrap(),
            Holder { reference: Reference::Ratio(1.0) }
        );
        assert!(toml::from_str::<Holder>("reference = \"all\"").is_err());
        assert_eq!("0.5".parse(), Ok(Reference::Ratio(0.5)));
        assert_eq!("pairwise".parse(), Ok(Reference::Pairwise));
        assert!("pair".parse::<Reference>().is_err());
        assert_eq!(Reference::default_among(&[0.5, 1.0]), Reference::Ratio(1.0));
        assert_eq!(Reference::default_among(&[0.5, 0.8]), Reference::Pairwise);
    }
}
