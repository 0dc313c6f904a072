//! Balanced or not: a verdict with its reasons in numbers.

use serde::{Deserialize, Serialize};

use super::criteria::{CANCELLATION, CV, Criteria, EXCITATION, NET, RATE, SATURATION, SYNCHRONY};

/// What a network is, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All criteria are met.
    Balanced,
    /// It hardly fires.
    Silent,
    /// Excitation is small or barely inhibited: there is nothing to balance.
    Uncancelled,
    /// The mean input is far above threshold.
    MeanDriven,
    /// It fires like a clock, though the mean input is not far above threshold.
    Regular,
    /// Its neurons fire in bursts.
    Bursting,
    /// It fires together.
    Synchronous,
}

impl State {
    /// All states, in the order in which they are looked for.
    pub const ALL: [Self; 7] = [
        Self::Silent,
        Self::MeanDriven,
        Self::Uncancelled,
        Self::Regular,
        Self::Bursting,
        Self::Synchronous,
        Self::Balanced,
    ];

    /// The state in words, for a table or a legend.
    pub fn label(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Silent => "silent",
            Self::Uncancelled => "uncancelled",
            Self::MeanDriven => "mean-driven",
            Self::Regular => "regular",
            Self::Bursting => "bursting",
            Self::Synchronous => "synchronous",
        }
    }
}

/// The numbers that a verdict is made from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Mean rate, Hz.
    pub rate_hz: f64,
    /// Refractory time, ms.
    pub refractory_ms: f64,
    /// Threshold, mV.
    pub threshold_mv: f64,
    /// Mean excitatory input, mV.
    pub excitation_mv: f64,
    /// Mean inhibitory input (negative), mV.
    pub inhibition_mv: f64,
    /// Mean CV; none where no neuron fires often enough.
    pub cv: Option<f64>,
    /// Synchrony index chi; none where nothing varies.
    pub synchrony: Option<f64>,
}

/// One criterion and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What was looked at.
    pub criterion: String,
    /// What was found; none where it could not be measured.
    pub value: Option<f64>,
    /// The bound.
    pub bound: f64,
    /// Whether the value has to be at least the bound, or at most.
    pub at_least: bool,
    /// Whether it is.
    pub met: bool,
}

/// Balanced or not, with the reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether every criterion is met.
    pub balanced: bool,
    /// What the network is, in a word.
    pub state: State,
    /// Every criterion with its number.
    pub reasons: Vec<Reason>,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", if self.balanced { "balanced" } else { "not balanced" })?;
        if !self.balanced {
            write!(f, " ({})", self.state.label())?;
        }
        for (k, reason) in self.reasons.iter().filter(|r| r.met == self.balanced).enumerate() {
            write!(f, "{}{reason}", if k == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(value) = self.value else {
            return write!(f, "{} could not be measured", self.criterion);
        };
        let relation = match (self.at_least, self.met) {
            (true, true) => "at least",
            (true, false) => "below",
            (false, true) => "at most",
            (false, false) => "above",
        };
        write!(f, "{} {value:.2}, {relation} {}", self.criterion, self.bound)
    }
}

impl Criteria {
    /// Judges a network by what was measured of it.
    pub fn judge(&self, evidence: &Evidence) -> Verdict {
        let excitation = evidence.excitation_mv / evidence.threshold_mv;
        let net = (evidence.excitation_mv + evidence.inhibition_mv) / evidence.threshold_mv;
        let cancelled = if evidence.excitation_mv > 0.0 {
            -evidence.inhibition_mv / evidence.excitation_mv
        } else {
            0.0
        };
        let saturation = evidence.rate_hz * evidence.refractory_ms / 1000.0;
        let reason = |criterion: &str, value: Option<f64>, bound: f64, at_least: bool| Reason {
            criterion: criterion.to_owned(),
            value,
            bound,
            at_least,
            met: value.is_some_and(|v| if at_least { v >= bound } else { v <= bound }),
        };
        let mut bursts = reason(CV, evidence.cv, self.greatest_cv, false);
        // Where there is no CV, the least one has said so already.
        bursts.met |= evidence.cv.is_none();
        let reasons = vec![
            reason(RATE, Some(evidence.rate_hz), self.least_rate_hz, true),
            reason(EXCITATION, Some(excitation), self.least_excitation, true),
            reason(CANCELLATION, Some(cancelled), self.least_cancellation, true),
            reason(NET, Some(net), self.greatest_net, false),
            reason(CV, evidence.cv, self.least_cv, true),
            reason(SYNCHRONY, evidence.synchrony, self.greatest_synchrony, false),
            reason(SATURATION, Some(saturation), self.greatest_saturation, false),
            bursts,
        ];
        let failed = |k: usize| !reasons[k].met;
        let state = if failed(0) {
            State::Silent
        } else if failed(3) || failed(6) {
            State::MeanDriven
        } else if failed(1) || failed(2) {
            State::Uncancelled
        } else if failed(4) {
            State::Regular
        } else if failed(7) {
            State::Bursting
        } else if failed(5) {
            State::Synchronous
        } else {
            State::Balanced
        };
        Verdict { balanced: state == State::Balanced, state, reasons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BALANCED: Evidence = Evidence {
        rate_hz: 37.8,
        refractory_ms: 2.0,
        threshold_mv: 20.0,
        excitation_mv: 115.0,
        inhibition_mv: -94.0,
        cv: Some(0.4),
        synchrony: Some(0.1),
    };

    #[test]
    fn each_criterion_alone_decides() {
        let judge = |evidence| Criteria::default().judge(&evidence);
        assert!(judge(BALANCED).balanced);
        let cases = [
            (Evidence { rate_hz: 0.0, cv: None, ..BALANCED }, State::Silent),
            (Evidence { inhibition_mv: -60.0, ..BALANCED }, State::MeanDriven),
            (Evidence { rate_hz: 300.0, ..BALANCED }, State::MeanDriven),
            (
                Evidence { excitation_mv: 21.0, inhibition_mv: -10.0, ..BALANCED },
                State::Uncancelled,
            ),
            (Evidence { excitation_mv: 30.0, inhibition_mv: -5.0, ..BALANCED }, State::Uncancelled),
            (Evidence { cv: Some(0.1), ..BALANCED }, State::Regular),
            (Evidence { cv: None, ..BALANCED }, State::Regular),
            (Evidence { cv: Some(2.7), ..BALANCED }, State::Bursting),
            (Evidence { synchrony: Some(0.9), ..BALANCED }, State::Synchronous),
        ];
        for (evidence, state) in cases {
            let verdict = judge(evidence);
            assert!(!verdict.balanced);
            assert_eq!(verdict.state, state, "{verdict}");
            assert!(verdict.reasons.iter().any(|r| !r.met));
        }
    }

    #[test]
    fn the_reasons_are_told_in_numbers() {
        let verdict = Criteria::default().judge(&Evidence { cv: Some(0.1), ..BALANCED });
        assert_eq!(
            verdict.to_string(),
            "not balanced (regular): CV of inter-spike intervals 0.10, below 0.27"
        );
    }
}
