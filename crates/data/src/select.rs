//! Choosing samples by class: balanced subsets and stratified splits, shared by images and spikes.

use crate::error::DataError;
use equipoise_random::stream;
use serde::{Deserialize, Serialize};

/// How much of a set to hold out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// A fraction of the samples, in (0, 1).
    Fraction(f64),
    /// A number of samples.
    Count(usize),
}

impl Share {
    /// The number of samples out of `available`; at least one sample is left on each side.
    ///
    /// # Errors
    /// If that is impossible.
    pub fn count(self, available: usize) -> Result<usize, DataError> {
        let count = match self {
            Share::Count(count) => count,
            Share::Fraction(f) if f > 0.0 && f < 1.0 => {
                ((available as f64 * f).round() as usize).max(1)
            }
            Share::Fraction(f) => {
                return Err(DataError::Request(format!(
                    "a validation share of {f} was asked for: a fraction must lie between 0 and 1"
                )));
            }
        };
        if count == 0 || count >= available {
            return Err(DataError::Request(format!(
                "{count} validation samples out of {available} were asked for: at least one \
                 sample must be left on each side"
            )));
        }
        Ok(count)
    }
}

/// The samples of each class, each list in a random order of its own.
fn shuffled_classes(labels: &[u16], seed: u64, purpose: &str) -> Vec<Vec<usize>> {
    let classes = labels.iter().map(|&l| usize::from(l) + 1).max().unwrap_or(0);
    let mut members = vec![Vec::new(); classes];
    for (i, &label) in labels.iter().enumerate() {
        members[usize::from(label)].push(i);
    }
    for (class, list) in members.iter_mut().enumerate() {
        stream(seed, purpose, class as u64).shuffle(list);
    }
    members
}

/// `n` samples in which the classes are as equal as the set allows, in an order whose every
/// prefix is balanced too: the first m of them are what the call with m returns.
///
/// # Errors
/// If there are fewer than `n` samples.
pub fn balanced_indices(labels: &[u16], n: usize, seed: u64) -> Result<Vec<usize>, DataError> {
    if n > labels.len() {
        return Err(DataError::Request(format!(
            "{n} samples were asked for, but the set holds {}",
            labels.len()
        )));
    }
    let members = shuffled_classes(labels, seed, "data/balanced-subset");
    let mut chosen = Vec::with_capacity(n);
    let mut round = 0;
    while chosen.len() < n {
        // A random order of the classes in each round, so that no class is favoured where n is
        // not a multiple of their number.
        for class in stream(seed, "data/balanced-round", round as u64).permutation(members.len()) {
            if let Some(&i) = members[class].get(round)
                && chosen.len() < n
            {
                chosen.push(i);
            }
        }
        round += 1;
    }
    Ok(chosen)
}

/// Splits the samples into (training, validation), the validation part holding `share` of them
/// with every class in proportion (to one sample); both parts are in the set's order.
///
/// # Errors
/// As [`Share::count`].
pub fn stratified_split(
    labels: &[u16],
    share: Share,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), DataError> {
    let count = share.count(labels.len())?;
    let members = shuffled_classes(labels, seed, "data/validation-split");
    // Largest remainders: quotas are rounded down, what is missing goes to the classes that
    // lost most by it (the lower class first among equals).
    let quota = |size: usize| size as f64 * count as f64 / labels.len() as f64;
    let mut takes: Vec<usize> = members.iter().map(|m| quota(m.len()).floor() as usize).collect();
    let mut order: Vec<usize> = (0..members.len()).collect();
    let remainder = |c: usize| quota(members[c].len()) - quota(members[c].len()).floor();
    order.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)).then(a.cmp(&b)));
    let mut missing = count - takes.iter().sum::<usize>();
    for class in order.into_iter().cycle() {
        if missing == 0 {
            break;
        }
        if takes[class] < members[class].len() {
            takes[class] += 1;
            missing -= 1;
        }
    }
    let mut held_out = vec![false; labels.len()];
    for (list, take) in members.iter().zip(takes) {
        list[..take].iter().for_each(|&i| held_out[i] = true);
    }
    let (validation, training) = (0..labels.len()).partition(|&i| held_out[i]);
    Ok((training, validation))
}

/// The number of samples of each of `classes` classes; labels that are no class are not counted.
pub fn class_counts(labels: &[u16], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in labels {
        if let Some(count) = counts.get_mut(usize::from(label)) {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_balanced_subset_is_balanced_and_nested(
            labels in prop::collection::vec(0u16..6, 1..200),
            share in 0.0f64..=1.0,
            seed: u64,
        ) {
            let n = (labels.len() as f64 * share) as usize;
            let chosen = balanced_indices(&labels, n, seed).unwrap();
            let all = balanced_indices(&labels, labels.len(), seed).unwrap();
            prop_assert_eq!(&chosen[..], &all[..n]);
            let mut unique = all.clone();
            unique.sort_unstable();
            prop_assert_eq!(unique, (0..labels.len()).collect::<Vec<_>>());
            let picked: Vec<u16> = chosen.iter().map(|&i| labels[i]).collect();
            let (have, got) = (class_counts(&labels, 6), class_counts(&picked, 6));
            let most = got.iter().max().copied().unwrap();
            for (have, got) in have.iter().zip(&got) {
                // A class falls more than one behind only by being used up.
                prop_assert!(got + 1 >= most || got == have);
            }
        }

        #[test]
        fn a_split_keeps_the_proportions(
            labels in prop::collection::vec(0u16..5, 2..300),
            fraction in 0.01f64..0.99,
            seed: u64,
        ) {
            let Ok((train, validation)) = stratified_split(&labels, Share::Fraction(fraction), seed)
            else { return Ok(()) };
            prop_assert_eq!(train.len() + validation.len(), labels.len());
            let mut all = [train.clone(), validation.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            let picked: Vec<u16> = validation.iter().map(|&i| labels[i]).collect();
            for (have, got) in class_counts(&labels, 5).iter().zip(class_counts(&picked, 5)) {
                let quota = *have as f64 * validation.len() as f64 / labels.len() as f64;
                prop_assert!((got as f64 - quota).abs() < 1.0 + 1e-9);
            }
        }
    }

    #[test]
    fn impossible_requests_are_refused() {
        assert!(balanced_indices(&[0, 1], 3, 0).is_err());
        for share in [
            Share::Count(0),
            Share::Count(2),
            Share::Fraction(0.0),
            Share::Fraction(1.0),
            Share::Fraction(f64::NAN),
        ] {
            assert!(stratified_split(&[0, 1], share, 0).is_err(), "{share:?}");
        }
    }

    #[test]
    fn different_seeds_choose_differently() {
        let labels: Vec<u16> = (0..100).map(|i| i % 10).collect();
        let pick = |seed| balanced_indices(&labels, 50, seed).unwrap();
        assert_eq!(pick(1), pick(1));
        assert_ne!(pick(1), pick(2));
    }
}
