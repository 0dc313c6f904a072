//! The published settings and numbers of the E:I study (Kilgore, Kopsick, Ascoli & Adam 2025, Sci.
//! Rep. 15:24798) and of the SpyTorch tutorials that it builds on.

use equipoise_decoder::classifier::{ClassifierConfig, InitialWeights, Optimizer};
use serde::{Deserialize, Serialize};

/// The kind of data, by which the published settings go: those for Fashion-MNIST where the data
/// are images, those for the Spiking Heidelberg Digits where they are recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// Images, turned into time to first spike.
    Images,
    /// Recorded spikes, on a time grid.
    Recordings,
}

/// Learning rate of Adam in the SpyTorch tutorials.
const ADAM_LEARNING_RATE: f64 = 2e-4;
/// Scale of the weights in SpyTorch's tutorial on speech.
const SPEECH_SCALE: f64 = 0.2;

impl DataKind {
    /// Network and training of the E:I study.
    pub fn network(self) -> ClassifierConfig {
        match self {
            Self::Images => ClassifierConfig::default(),
            Self::Recordings => ClassifierConfig::speech(),
        }
    }

    /// SpyTorch's optimiser, which the study takes for its unbounded network.
    pub fn adam(self) -> Optimizer {
        Optimizer::adam(ADAM_LEARNING_RATE)
    }

    /// SpyTorch's initial weights, which the study takes for its unbounded network.
    pub fn unbounded_weights(self) -> InitialWeights {
        let scale = match self {
            Self::Images => None,
            Self::Recordings => Some(SPEECH_SCALE),
        };
        InitialWeights::SpyTorch { scale }
    }

    /// Epochs at the end whose mean accuracy is the score: the last 10 of 30, the last 25 of 200.
    pub fn scored_epochs(self) -> usize {
        match self {
            Self::Images => 10,
            Self::Recordings => 25,
        }
    }

    /// Accuracy above which a training counts as a success.
    pub fn success(self) -> f64 {
        match self {
            Self::Images => 0.5,
            Self::Recordings => 0.3,
        }
    }
}

/// A gain in accuracy under noisy updates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseGain {
    /// Standard deviation of the noise of an update, in units of `sigma_init`.
    pub noise: f64,
    /// Score of 80:20 minus score of 100:0 on Fashion-MNIST, percentage points.
    pub points: f64,
}

/// What the study reports for 80:20 over 100:0 under noisy updates. Its p-values came from eight
/// trials that were counted twice.
pub const NOISE_GAINS: [NoiseGain; 3] = [
    NoiseGain { noise: 0.2, points: 0.6 },
    NoiseGain { noise: 0.4, points: 1.5 },
    NoiseGain { noise: 0.6, points: 4.3 },
];

/// The gain that the study reports at this level of noise.
pub fn noise_gain(noise: f64) -> Option<NoiseGain> {
    NOISE_GAINS.into_iter().find(|gain| gain.noise == noise)
}
