//! How floats that may be infinite are written in reports.
//!
//! JSON has no infinity: the usual serialiser writes `null` for it, which reads back as an error
//! or, in an `Option`, as "no value". Identical images have an infinite PSNR, so here non-finite
//! numbers are the words `"inf"`, `"-inf"` and `"nan"`.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A float, or its name where it has one.
struct Value(f64);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value(value) = *self;
        match value {
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            _ if value.is_nan() => serializer.serialize_str("nan"),
            _ => serializer.serialize_f64(value),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrName;
        impl Visitor<'_> for NumberOrName {
            type Value = Value;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number, \"inf\", \"-inf\" or \"nan\"")
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
                Ok(Value(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
                Ok(Value(value as f64))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
                Ok(Value(value as f64))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Value, E> {
                match name {
                    "inf" => Ok(Value(f64::INFINITY)),
                    "-inf" => Ok(Value(f64::NEG_INFINITY)),
                    "nan" => Ok(Value(f64::NAN)),
                    _ => Err(E::invalid_value(Unexpected::Str(name), &self)),
                }
            }
        }
        deserializer.deserialize_any(NumberOrName)
    }
}

/// Writes a float, infinite ones by name: `#[serde(with = "equipoise_metrics::float")]`.
pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Value(*value).serialize(serializer)
}

/// Reads what [`serialize`] wrote.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Value::deserialize(deserializer)?.0)
}

/// The same for a float that may be absent:
/// `#[serde(with = "equipoise_metrics::float::option")]`.
pub mod option {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Value};

    /// Writes a float or nothing, infinite ones by name.
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Value).serialize(serializer)
    }

    /// Reads what [`serialize`] wrote.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Value>::deserialize(deserializer)?.map(|Value(value)| value))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        #[serde(with = "super")]
        value: f64,
        #[serde(with = "super::option")]
        maybe: Option<f64>,
    }

    #[test]
    fn infinite_and_absent_values_survive_json() {
        for (value, maybe, text) in [
            (1.5, Some(2.0), r#"{"value":1.5,"maybe":2.0}"#),
            (f64::INFINITY, Some(f64::NEG_INFINITY), r#"{"value":"inf","maybe":"-inf"}"#),
            (-3.0, None, r#"{"value":-3.0,"maybe":null}"#),
        ] {
            let row = Row { value, maybe };
            let json = serde_json::to_string(&row).unwrap();
            assert_eq!(json, text);
            assert_eq!(serde_json::from_str::<Row>(&json).unwrap(), row);
        }
        let nan: Row = serde_json::from_str(r#"{"value":"nan","maybe":3}"#).unwrap();
        assert!(nan.value.is_nan() && nan.maybe == Some(3.0));
        assert!(serde_json::from_str::<Row>(r#"{"value":"big","maybe":3}"#).is_err());
    }
}
