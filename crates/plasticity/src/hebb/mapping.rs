//! One-to-one mappings from inputs to outputs.

use std::fmt;
use std::str::FromStr;

use equipoise_random::Stream;
use serde::{Deserialize, Serialize};

use super::HebbError;
use super::config::MAX_NEURONS;

/// A permutation: input `a` belongs to output `mapping.target(a)`.
///
/// Written as the targets in the order of the inputs, `2-0-1`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mapping(Vec<u8>);

impl Mapping {
    /// The mapping with these targets, in the order of the inputs.
    ///
    /// # Errors
    /// [`HebbError::NotAPermutation`] if a target is missing, repeated or out of range, or if
    /// there are none or more than 64.
    pub fn new(targets: &[usize]) -> Result<Self, HebbError> {
        let n = targets.len();
        let fault = |fault: String| {
            let mapping = if n == 0 { "``".to_owned() } else { dashed(targets) };
            HebbError::NotAPermutation { mapping, fault, neurons: n }
        };
        if n == 0 || n > MAX_NEURONS {
            return Err(fault(format!("it has {n} targets, and 1 to {MAX_NEURONS} are possible")));
        }
        let mut owner = vec![None; n];
        for (input, &target) in targets.iter().enumerate() {
            if target >= n {
                return Err(fault(format!(
                    "input {input} has target {target}, which is no output"
                )));
            }
            if let Some(other) = owner[target].replace(input) {
                return Err(fault(format!("inputs {other} and {input} share target {target}")));
            }
        }
        Ok(Self(targets.iter().map(|&target| target as u8).collect()))
    }

    /// Every input to the output of the same number.
    ///
    /// # Errors
    /// [`HebbError::NotAPermutation`] if `neurons` is not 1 to 64.
    pub fn identity(neurons: usize) -> Result<Self, HebbError> {
        Self::new(&(0..neurons).collect::<Vec<_>>())
    }

    /// The `rank`-th permutation of `0..neurons` in lexicographic order; rank 0 is the identity.
    /// `None` if there is no such rank, or if `neurons!` does not fit 64 bits.
    pub fn nth(neurons: usize, rank: u64) -> Option<Self> {
        let count = Self::count(neurons)?;
        if neurons == 0 || rank >= count {
            return None;
        }
        let mut free: Vec<u8> = (0..neurons as u8).collect();
        let (mut rest, mut block) = (rank, count);
        let mut targets = Vec::with_capacity(neurons);
        for left in (1..=neurons as u64).rev() {
            block /= left;
            targets.push(free.remove((rest / block) as usize));
            rest %= block;
        }
        Some(Self(targets))
    }

    /// The number of mappings, `neurons!`, if it fits 64 bits (up to 20 neurons).
    pub fn count(neurons: usize) -> Option<u64> {
        (1..=neurons as u64).try_fold(1u64, u64::checked_mul)
    }

    /// A mapping drawn from the stream, each equally likely.
    pub(crate) fn random(neurons: usize, stream: &mut Stream) -> Self {
        Self(stream.permutation(neurons).into_iter().map(|target| target as u8).collect())
    }

    /// The number of pairs.
    pub fn neurons(&self) -> usize {
        self.0.len()
    }

    /// The output that belongs to `input`.
    ///
    /// # Panics
    /// If there is no such input.
    #[inline]
    pub fn target(&self, input: usize) -> usize {
        usize::from(self.0[input])
    }
}

fn dashed(targets: &[usize]) -> String {
    targets.iter().map(ToString::to_string).collect::<Vec<_>>().join("-")
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (input, target) in self.0.iter().enumerate() {
            write!(f, "{}{target}", if input == 0 { "" } else { "-" })?;
        }
        Ok(())
    }
}

impl From<Mapping> for String {
    fn from(mapping: Mapping) -> Self {
        mapping.to_string()
    }
}

impl TryFrom<String> for Mapping {
    type Error = HebbError;

    fn try_from(text: String) -> Result<Self, HebbError> {
        text.parse()
    }
}

impl FromStr for Mapping {
    type Err = HebbError;

    /// Reads targets that are separated by `-`, `,` or white space.
    fn from_str(text: &str) -> Result<Self, HebbError> {
        let fields = text.split(|c: char| c == '-' || c == ',' || c.is_whitespace());
        let fields: Vec<&str> = fields.filter(|field| !field.is_empty()).collect();
        let mut targets = Vec::with_capacity(fields.len());
        for field in &fields {
            targets.push(field.parse().map_err(|_| HebbError::NotAPermutation {
                mapping: text.to_owned(),
                fault: format!("`{field}` is no output"),
                neurons: fields.len(),
            })?);
        }
        Self::new(&targets)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_mappings_of_four() {
        let all: Vec<Mapping> = (0..24).map(|rank| Mapping::nth(4, rank).unwrap()).collect();
        assert_eq!(all[0], Mapping::identity(4).unwrap());
        assert_eq!(all[23].to_string(), "3-2-1-0");
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        // Lexicographic, so sorted, and all different.
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Mapping::nth(4, 24), None);
        assert_eq!(Mapping::count(20), Some(2_432_902_008_176_640_000));
        assert_eq!(Mapping::count(21), None);
    }

    #[test]
    fn what_is_no_permutation_is_refused() {
        for (text, word) in [
            ("0-0-1", "inputs 0 and 1 share target 0"),
            ("0-3-1", "input 1 has target 3"),
            ("0-x-1", "`x`"),
            ("", "0 targets"),
        ] {
            let message = text.parse::<Mapping>().unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
        assert!(Mapping::identity(65).is_err());
    }

    proptest! {
        #[test]
        fn text_goes_there_and_back(n in 1usize..=64, seed: u64) {
            let mapping = Mapping::random(n, &mut equipoise_random::stream(seed, "test", 0));
            let targets: Vec<usize> = (0..n).map(|a| mapping.target(a)).collect();
            prop_assert_eq!(&Mapping::new(&targets).unwrap(), &mapping);
            prop_assert_eq!(mapping.to_string().parse::<Mapping>().unwrap(), mapping);
        }
    }
}
