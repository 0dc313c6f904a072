//! The settings of one network and its training.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::HebbError;
use crate::power::power;

/// The most neurons a layer may have: a layer's states are the bits of one word.
pub const MAX_NEURONS: usize = 64;

/// One network, its rule and the end of its training. The defaults are the study's protocol.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HebbConfig {
    /// Neurons in every layer, 1..=64; also the number of pairs in the mapping.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 64)))]
    pub neurons: usize,
    /// Layers, with the input and the output layer, at least 2.
    #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 64)))]
    pub layers: usize,
    /// The rate of learning and of forgetting, in (0, 1).
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1)))]
    pub epsilon: f64,
    /// The most epochs of a run.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100000000)))]
    pub max_epochs: usize,
    /// What counts as having learned the mapping.
    pub criterion: Criterion,
    /// Epochs in a row for which the criterion must hold. 1 is the study's convergence: the
    /// first epoch that meets it; more asks that the mapping is kept.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub hold_epochs: usize,
    /// When a network counts as frozen.
    pub frozen: Frozen,
    /// The law of the initial weights.
    pub initial: InitialWeights,
    /// Departures from the study's plain rule.
    pub variants: Variants,
}

impl Default for HebbConfig {
    fn default() -> Self {
        Self {
            neurons: 4,
            layers: 3,
            epsilon: 0.01,
            max_epochs: 3000,
            criterion: Criterion::Exact,
            hold_epochs: 1,
            frozen: Frozen::default(),
            initial: InitialWeights::default(),
            variants: Variants::default(),
        }
    }
}

impl HebbConfig {
    /// Hidden neurons, in all hidden layers together.
    pub fn hidden_neurons(&self) -> usize {
        self.layers.saturating_sub(2) * self.neurons
    }

    /// The number of weights: all-to-all between consecutive layers, times the edges of a pair.
    pub fn weights(&self) -> usize {
        self.layers.saturating_sub(1) * self.neurons * self.neurons * self.variants.edges
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`HebbError::Setting`] names the first that is out of range.
    pub fn validate(&self) -> Result<(), HebbError> {
        if self.neurons == 0 || self.neurons > MAX_NEURONS {
            let wanted = format!("a layer has 1 to {MAX_NEURONS} neurons");
            return Err(HebbError::setting("neurons", self.neurons, wanted));
        }
        if !(2..=64).contains(&self.layers) {
            let wanted = "a network has 2 to 64 layers, input and output among them";
            return Err(HebbError::setting("layers", self.layers, wanted));
        }
        if !(self.epsilon > 0.0 && self.epsilon < 1.0) {
            return Err(HebbError::setting(
                "epsilon",
                self.epsilon,
                "it lies strictly between 0 and 1",
            ));
        }
        if self.max_epochs == 0 || self.max_epochs > 100_000_000 {
            return Err(HebbError::setting("max_epochs", self.max_epochs, "it is 1 to 100000000"));
        }
        if self.hold_epochs == 0 || self.hold_epochs > self.max_epochs {
            let wanted = format!("it is 1 to max_epochs, {}", self.max_epochs);
            return Err(HebbError::setting("hold_epochs", self.hold_epochs, wanted));
        }
        if self.frozen.epochs == 0 {
            return Err(HebbError::setting("frozen.epochs", 0, "it is at least 1"));
        }
        if !(self.frozen.tolerance >= 0.0 && self.frozen.tolerance.is_finite()) {
            return Err(HebbError::setting(
                "frozen.tolerance",
                self.frozen.tolerance,
                "it is a finite number, 0 or more",
            ));
        }
        self.initial.validate()?;
        self.variants.validate()
    }
}

/// What counts as convergence. All but `Frozen` compare the outputs for every input with the
/// mapping, at the end of an epoch.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// The output is +1 at the target and -1 elsewhere.
    Exact,
    /// The target's raw sum is the largest (the lowest output among equals).
    Argmax,
    /// The target is the first output, counted from 0, that fires.
    FirstFiring,
    /// The target fires, whatever the others do.
    TargetFires,
    /// No neuron's sign has changed, for any input, for a number of epochs in which the weights
    /// barely moved ([`Frozen`]). It says that learning has ended, not that the mapping is right.
    Frozen,
}

impl Criterion {
    /// Every criterion, in the order of this list.
    pub const ALL: [Self; 5] =
        [Self::Exact, Self::Argmax, Self::FirstFiring, Self::TargetFires, Self::Frozen];

    /// The name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Argmax => "argmax",
            Self::FirstFiring => "first-firing",
            Self::TargetFires => "target-fires",
            Self::Frozen => "frozen",
        }
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// When a network counts as frozen. The study names the criterion without its numbers; these
/// defaults are a hundred epochs (longer than a plain run takes to converge) and a change per
/// epoch four orders of magnitude below epsilon.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Frozen {
    /// Epochs in a row without a change of sign.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub epochs: usize,
    /// The largest change of any weight from the end of one epoch to the end of the next.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub tolerance: f64,
}

impl Default for Frozen {
    fn default() -> Self {
        Self { epochs: 100, tolerance: 1e-6 }
    }
}

/// The law of the initial weights' magnitudes: uniform in [low, high), then rounded.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InitialWeights {
    /// The lower end, above 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub low: f64,
    /// The upper end.
    #[cfg_attr(feature = "schema", schemars(range(max = 1), extend("exclusiveMinimum" = 0)))]
    pub high: f64,
    /// Decimals the magnitude is rounded to, at most 9. Rounding makes the two ends half as
    /// likely as the values between them, and equal weights common.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 9)))]
    pub decimals: u32,
}

impl Default for InitialWeights {
    fn default() -> Self {
        Self { low: 0.01, high: 0.10, decimals: 2 }
    }
}

impl InitialWeights {
    /// One over the grain of the rounding.
    pub(crate) fn scale(&self) -> f64 {
        power(10.0, u64::from(self.decimals))
    }

    /// The lowest and the highest magnitude, in units of the grain.
    pub(crate) fn levels(&self) -> (u64, u64) {
        ((self.low * self.scale()).round() as u64, (self.high * self.scale()).round() as u64)
    }

    fn validate(&self) -> Result<(), HebbError> {
        if self.decimals > 9 {
            return Err(HebbError::setting("initial.decimals", self.decimals, "it is 0 to 9"));
        }
        if !(self.low > 0.0 && (self.low * self.scale()).round() >= 1.0) {
            let wanted =
                format!("it is above 0, also after rounding to {} decimals", self.decimals);
            return Err(HebbError::setting("initial.low", self.low, wanted));
        }
        if !(self.high >= self.low && self.high <= 1.0) {
            let wanted = format!("it is from initial.low, {}, to 1", self.low);
            return Err(HebbError::setting("initial.high", self.high, wanted));
        }
        Ok(())
    }
}

/// Departures from the plain rule: the open questions of the study. Any of them combine.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variants {
    /// Whether weights keep the sign of their neuron's type.
    pub dale: Dale,
    /// With `dale = "clamp"`, the least magnitude of a weight: an open bound at 0 needs one.
    #[cfg_attr(feature = "schema", schemars(range(max = 1), extend("exclusiveMinimum" = 0)))]
    pub dale_floor: f64,
    /// Competition among the neurons of a hidden layer.
    pub lateral: Lateral,
    /// The factor on the mean of the other neurons that `lateral = "subtractive"` takes away.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub lateral_strength: f64,
    /// Centred (covariance) Hebb (Sejnowski 1977, J. Math. Biol. 4:303): both states are taken
    /// relative to the neuron's mean over the presentations of the epoch before (in the first
    /// epoch, over the states that the initial weights give).
    pub centred: bool,
    /// The state at which the outputs that are not the target are clamped.
    pub other_outputs: OtherOutputs,
    /// Edges from one neuron to another, each with an initial weight of its own; a neuron
    /// receives their sum.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000)))]
    pub edges: usize,
    /// Every pair is presented a second time backwards: hidden states come from the clamped
    /// outputs down the same edges, and the upper neuron of an edge is the presynaptic one.
    pub back_and_forth: bool,
    /// Edges conduct both ways: while a pair is presented, hidden neurons receive from the layer
    /// above as well as from below, and both ends of an edge are presynaptic, so that
    /// `type_pre` is the mean of the two types (0 on an edge between an excitatory and an
    /// inhibitory neuron, which then only forgets). Initial signs and the clamp still follow the
    /// lower neuron. Recall stays a pass from the inputs up.
    pub undirected: bool,
}

impl Default for Variants {
    fn default() -> Self {
        Self {
            dale: Dale::Free,
            dale_floor: 1e-6,
            lateral: Lateral::None,
            lateral_strength: 1.0,
            centred: false,
            other_outputs: OtherOutputs::Zero,
            edges: 1,
            back_and_forth: false,
            undirected: false,
        }
    }
}

impl Variants {
    /// Whether this is the study's plain rule.
    pub fn is_plain(&self) -> bool {
        self.dale == Dale::Free
            && self.lateral == Lateral::None
            && !self.centred
            && self.other_outputs == OtherOutputs::Zero
            && self.edges == 1
            && !self.back_and_forth
            && !self.undirected
    }

    /// Whether the types of the output neurons have any effect.
    pub fn outputs_are_presynaptic(&self) -> bool {
        self.back_and_forth || self.undirected
    }

    /// Every combination of the switches: each lateral competition, each other switch on and
    /// off, with one edge or `edges`. The plain rule is the first.
    pub fn combinations(edges: usize) -> Vec<Self> {
        let mut all = Vec::new();
        for lateral in [Lateral::None, Lateral::WinnerTakesAll, Lateral::Subtractive] {
            for switches in 0..64u32 {
                let on = |bit: u32| switches >> bit & 1 == 1;
                if on(5) && edges <= 1 {
                    continue;
                }
                all.push(Self {
                    lateral,
                    other_outputs: if on(0) { OtherOutputs::MinusOne } else { OtherOutputs::Zero },
                    centred: on(1),
                    dale: if on(2) { Dale::Clamp } else { Dale::Free },
                    undirected: on(3),
                    back_and_forth: on(4),
                    edges: if on(5) { edges } else { 1 },
                    ..Self::default()
                });
            }
        }
        all
    }

    /// How many of the switches differ from the plain rule.
    pub fn departures(&self) -> usize {
        usize::from(self.dale == Dale::Clamp)
            + usize::from(self.lateral != Lateral::None)
            + usize::from(self.centred)
            + usize::from(self.other_outputs == OtherOutputs::MinusOne)
            + usize::from(self.edges > 1)
            + usize::from(self.back_and_forth)
            + usize::from(self.undirected)
    }

    fn validate(&self) -> Result<(), HebbError> {
        if !(self.dale_floor > 0.0 && self.dale_floor <= 1.0) {
            return Err(HebbError::setting(
                "variants.dale_floor",
                self.dale_floor,
                "it lies in (0, 1]",
            ));
        }
        if !(self.lateral_strength >= 0.0 && self.lateral_strength.is_finite()) {
            return Err(HebbError::setting(
                "variants.lateral_strength",
                self.lateral_strength,
                "it is a finite number, 0 or more",
            ));
        }
        if !(1..=1000).contains(&self.edges) {
            return Err(HebbError::setting("variants.edges", self.edges, "it is 1 to 1000"));
        }
        Ok(())
    }
}

impl fmt::Display for Variants {
    /// The departures from the plain rule, such as `winner takes all + other outputs at -1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<String> = Vec::new();
        match self.lateral {
            Lateral::None => {}
            Lateral::WinnerTakesAll => names.push("winner takes all".into()),
            Lateral::Subtractive => names.push("subtractive inhibition".into()),
        }
        if self.other_outputs == OtherOutputs::MinusOne {
            names.push("other outputs at -1".into());
        }
        if self.centred {
            names.push("centred".into());
        }
        if self.dale == Dale::Clamp {
            names.push("signs clamped".into());
        }
        if self.undirected {
            names.push("undirected".into());
        }
        if self.back_and_forth {
            names.push("back and forth".into());
        }
        if self.edges > 1 {
            names.push(format!("{} edges", self.edges));
        }
        if names.is_empty() { f.write_str("plain") } else { f.write_str(&names.join(" + ")) }
    }
}

/// Whether weights may change sign.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dale {
    /// As in the study: the type sets the initial sign and the direction of learning only.
    Free,
    /// After every update an excitatory neuron's weights are clamped to (0, 1], an inhibitory
    /// one's to [-1, 0).
    Clamp,
}

/// Competition in a hidden layer.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lateral {
    /// None: every neuron follows the sign of its own sum.
    None,
    /// The neuron with the largest sum is +1 (the lowest among equals), the others are -1.
    WinnerTakesAll,
    /// Every neuron follows the sign of its sum less `lateral_strength` times the mean of the
    /// other sums of its layer.
    Subtractive,
}

/// The state of the outputs that are not the target, while a pair is presented.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherOutputs {
    /// 0, as in the study: their weights only forget.
    Zero,
    /// -1: their weights learn not to fire.
    MinusOne,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_studys_and_valid() {
        let config = HebbConfig::default();
        config.validate().unwrap();
        assert!(config.variants.is_plain());
        assert_eq!((config.hidden_neurons(), config.weights()), (4, 32));
        assert_eq!(config.initial.levels(), (1, 10));
        assert_eq!(config.variants.to_string(), "plain");
    }

    #[test]
    fn a_bad_setting_is_named() {
        let check = |change: &dyn Fn(&mut HebbConfig), name: &str| {
            let mut config = HebbConfig::default();
            change(&mut config);
            let message = config.validate().unwrap_err().to_string();
            assert!(message.contains(name) && !message.contains('\n'), "{message}");
        };
        check(&|c| c.neurons = 0, "neurons is 0");
        check(&|c| c.neurons = 65, "neurons is 65");
        check(&|c| c.layers = 1, "layers is 1");
        for epsilon in [0.0, 1.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
            check(&|c| c.epsilon = epsilon, "epsilon is");
        }
        check(&|c| c.max_epochs = 0, "max_epochs is 0");
        check(&|c| c.hold_epochs = 0, "hold_epochs is 0");
        check(&|c| c.hold_epochs = 3001, "hold_epochs is 3001");
        check(&|c| c.frozen.epochs = 0, "frozen.epochs is 0");
        check(&|c| c.frozen.tolerance = f64::NAN, "frozen.tolerance is NaN");
        check(&|c| c.initial.low = 0.001, "initial.low is 0.001");
        check(&|c| c.initial.high = 0.001, "initial.high is 0.001");
        check(&|c| c.initial.decimals = 10, "initial.decimals is 10");
        check(&|c| c.variants.dale_floor = 0.0, "dale_floor is 0");
        check(&|c| c.variants.lateral_strength = f64::NAN, "lateral_strength is NaN");
        check(&|c| c.variants.edges = 0, "edges is 0");
    }

    #[test]
    fn the_combinations_differ_and_start_plain() {
        let all = Variants::combinations(3);
        assert_eq!(all.len(), 3 * 64);
        assert!(all[0].is_plain());
        let mut names: Vec<String> = all.iter().map(ToString::to_string).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all.len());
        assert_eq!(Variants::combinations(1).len(), 3 * 32);
        assert!(all.iter().all(|v| (v.departures() == 0) == v.is_plain()));
    }

    #[test]
    fn settings_survive_serialisation_and_unknown_ones_are_refused() {
        let mut config = HebbConfig { criterion: Criterion::FirstFiring, ..HebbConfig::default() };
        config.variants.lateral = Lateral::WinnerTakesAll;
        let text = serde_json::to_string(&config).unwrap();
        assert!(text.contains("winner-takes-all") && text.contains("first-firing"));
        assert_eq!(serde_json::from_str::<HebbConfig>(&text).unwrap(), config);
        let error = serde_json::from_str::<HebbConfig>("{\"epsilonn\": 0.1}").unwrap_err();
        assert!(error.to_string().contains("epsilonn"));
    }
}
