//! The bounds of balance, with the reasons for them.

use serde::{Deserialize, Serialize};

use super::error::BalanceError;

// What the criteria look at, in the words of verdicts and notes.
pub(super) const RATE: &str = "mean rate in Hz";
pub(super) const EXCITATION: &str = "excitation over threshold";
pub(super) const CANCELLATION: &str = "inhibition over excitation";
pub(super) const NET: &str = "net input over threshold";
pub(super) const CV: &str = "CV of inter-spike intervals";
pub(super) const SYNCHRONY: &str = "synchrony index";
pub(super) const SATURATION: &str = "share of the greatest rate";

/// The bounds that a network has to keep to be called balanced.
///
/// Balance in the sense of van Vreeswijk & Sompolinsky (1996, Science 274:1724) is that excitation
/// and inhibition, each large against the threshold, cancel to a net input of the order of the
/// threshold, so that fluctuations make the neurons fire, irregularly and not together. The bounds
/// on the net input and the CV were set on Brunel's network (12,500 neurons, eta 2), whose border
/// is g = 4 (Brunel 2000, J. Comput. Neurosci. 8:183): at g = 4 and 4.5 the net input is 2.0 and
/// 1.3 thresholds, the CV 0.21 and 0.32 (NEST, with multapses: 0.23 and 0.34).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Criteria {
    /// Least mean rate, Hz: a silent network is not balanced.
    pub least_rate_hz: f64,
    /// Least mean excitation in units of the threshold: where it barely reaches the threshold,
    /// there is nothing to be cancelled.
    pub least_excitation: f64,
    /// Least inhibition in units of the excitation.
    pub least_cancellation: f64,
    /// Greatest mean net input in units of the threshold: above, the mean drives the neurons and
    /// not the fluctuations.
    pub greatest_net: f64,
    /// Least mean CV of inter-spike intervals.
    pub least_cv: f64,
    /// Greatest mean CV: above, the neurons fire in bursts, which is irregular, but not the
    /// irregularity of a balanced state (Poisson: 1). Brunel's network of 1,000 neurons with its
    /// strong weights has 2.2 at g = 6.
    pub greatest_cv: f64,
    /// Greatest synchrony index chi of the counts (0: asynchronous, 1: all as one; Golomb &
    /// Hansel 2000, Neural Comput. 12:1095).
    pub greatest_synchrony: f64,
    /// Greatest mean rate in units of the rate that the refractory time allows.
    pub greatest_saturation: f64,
}

impl Default for Criteria {
    fn default() -> Self {
        Self {
            least_rate_hz: 0.5,
            least_excitation: 1.2,
            least_cancellation: 0.4,
            greatest_net: 1.6,
            least_cv: 0.27,
            greatest_cv: 2.5,
            greatest_synchrony: 0.6,
            greatest_saturation: 0.4,
        }
    }
}

/// A criterion with the reason for it, for a table beside the verdicts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CriterionNote {
    /// What is looked at, as in [`Reason::criterion`](super::Reason::criterion).
    pub criterion: &'static str,
    /// The key of the bound.
    pub key: &'static str,
    /// The bound.
    pub bound: f64,
    /// Whether the value has to be at least the bound, or at most.
    pub at_least: bool,
    /// Why there is such a bound, and why there.
    pub why: &'static str,
    /// Where that comes from.
    pub source: &'static str,
}

/// What the bounds on the net input and the CV were set on.
const BRUNEL: &str = "Brunel 2000, J. Comput. Neurosci. 8:183; own simulations of 12,500 neurons, \
    beside NEST";

impl Criteria {
    /// The criteria in the order of a verdict's reasons, with the reason for each.
    pub fn notes(&self) -> [CriterionNote; 8] {
        let note = |criterion, key, bound, at_least, why, source| CriterionNote {
            criterion,
            key,
            bound,
            at_least,
            why,
            source,
        };
        let balanced_state = "van Vreeswijk & Sompolinsky 1996, Science 274:1724";
        [
            note(
                RATE,
                "least_rate_hz",
                self.least_rate_hz,
                true,
                "a silent network balances nothing",
                "convention",
            ),
            note(
                EXCITATION,
                "least_excitation",
                self.least_excitation,
                true,
                "excitation is large against the threshold; where it barely reaches the threshold \
                 there is nothing to be cancelled",
                balanced_state,
            ),
            note(
                CANCELLATION,
                "least_cancellation",
                self.least_cancellation,
                true,
                "inhibition cancels a good part of the excitation",
                balanced_state,
            ),
            note(
                NET,
                "greatest_net",
                self.greatest_net,
                false,
                "the net input is of the order of the threshold; above, the mean drives the \
                 neurons and not the fluctuations. In Brunel's network (eta 2), whose border is \
                 g = 4, it is 2.0 thresholds at g = 4 and 1.3 at g = 4.5",
                BRUNEL,
            ),
            note(
                CV,
                "least_cv",
                self.least_cv,
                true,
                "fluctuations make the neurons fire irregularly. In Brunel's network (eta 2) the \
                 CV is 0.21 at g = 4 and 0.32 at g = 4.5 (NEST, with multapses: 0.23 and 0.34)",
                BRUNEL,
            ),
            note(
                SYNCHRONY,
                "greatest_synchrony",
                self.greatest_synchrony,
                false,
                "the neurons do not fire together; chi is 0 for an asynchronous network, 1 for \
                 one that fires as one",
                "Golomb & Hansel 2000, Neural Comput. 12:1095",
            ),
            note(
                SATURATION,
                "greatest_saturation",
                self.greatest_saturation,
                false,
                "the refractory time, not the input, sets the rate of a neuron near its greatest",
                "convention",
            ),
            note(
                CV,
                "greatest_cv",
                self.greatest_cv,
                false,
                "bursts are irregular, but not the irregularity of a balanced state (Poisson: 1). \
                 Brunel's network of 1,000 neurons with its strong weights has 2.2 at g = 6",
                "own simulations",
            ),
        ]
    }

    /// Refuses bounds that make no sense.
    ///
    /// # Errors
    /// The first bound that is not a number from 0 on.
    pub fn validate(&self) -> Result<(), BalanceError> {
        for (name, bound) in [
            ("least_rate_hz", self.least_rate_hz),
            ("least_excitation", self.least_excitation),
            ("least_cancellation", self.least_cancellation),
            ("greatest_net", self.greatest_net),
            ("least_cv", self.least_cv),
            ("greatest_cv", self.greatest_cv),
            ("greatest_synchrony", self.greatest_synchrony),
            ("greatest_saturation", self.greatest_saturation),
        ] {
            if !(bound.is_finite() && bound >= 0.0) {
                return Err(BalanceError::setting(name, format!("{bound} is no number from 0 on")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::Evidence;

    #[test]
    fn every_reason_of_a_verdict_has_its_note() {
        let criteria = Criteria { greatest_cv: 2.25, least_cv: 0.125, ..Criteria::default() };
        let evidence = Evidence {
            rate_hz: 10.0,
            refractory_ms: 2.0,
            threshold_mv: 20.0,
            excitation_mv: 100.0,
            inhibition_mv: -90.0,
            cv: Some(0.8),
            synchrony: Some(0.1),
        };
        let reasons = criteria.judge(&evidence).reasons;
        let keys = serde_json::to_value(&criteria).unwrap();
        assert_eq!(reasons.len(), criteria.notes().len());
        for (reason, note) in reasons.iter().zip(criteria.notes()) {
            assert_eq!(
                (reason.criterion.as_str(), reason.bound, reason.at_least),
                (note.criterion, note.bound, note.at_least)
            );
            assert_eq!(keys[note.key], note.bound, "{}", note.key);
        }
    }
}
