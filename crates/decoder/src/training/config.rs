//! How a decoder is trained: the settings, and the learning rate over time.

use crate::reconstruct::DecoderKind;
use crate::setting::{Allowed, SettingError, number, whole};
use serde::{Deserialize, Serialize};

/// How the learning rate changes after the warm-up.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// Half a cosine down to `final_share` of it (Loshchilov & Hutter 2017, ICLR).
    #[default]
    Cosine,
}

/// The most epochs, and the most images of an update: more would be a slip of the pen.
const MOST: usize = 1_000_000;

/// Settings of a training.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Times that every image is seen, at most.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000000)))]
    pub epochs: usize,
    /// Images of one update.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000000)))]
    pub batch_size: usize,
    /// Learning rate of AdamW at its highest; absent: that of the kind
    /// of decoder, 0.0003 for a U-Net and 0.001 for a VAE.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub learning_rate: Option<f64>,
    /// How it changes.
    pub schedule: Schedule,
    /// Epochs, also parts of one, over which the learning rate rises from 0.
    #[cfg_attr(feature = "schema", schemars(range(min = 0), extend("unit" = "epochs")))]
    pub warmup_epochs: f64,
    /// Share of the learning rate that is left at the end of the cosine.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub final_share: f64,
    /// Decoupled weight decay (Loshchilov & Hutter 2019, ICLR); biases do not decay.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub weight_decay: f64,
    /// Epochs without a better validation loss after which training ends; 0 for never.
    pub patience: usize,
    /// Seed of initial weights, order of images, dropout and latent noise.
    pub seed: u64,
    /// Updates between two checkpoints inside an epoch; 0 for the ends of epochs only.
    pub checkpoint_every: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 10,
            batch_size: 32,
            learning_rate: None,
            schedule: Schedule::Cosine,
            warmup_epochs: 0.5,
            final_share: 0.01,
            weight_decay: 0.01,
            patience: 0,
            seed: 0,
            checkpoint_every: 500,
        }
    }
}

impl TrainConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first that is out of range, and its range.
    pub fn validate(&self) -> Result<(), SettingError> {
        whole("epochs", self.epochs, 1, MOST)?;
        whole("batch_size", self.batch_size, 1, MOST)?;
        if let Some(rate) = self.learning_rate {
            number("learning_rate", rate, Allowed::Positive)?;
        }
        number("warmup_epochs", self.warmup_epochs, Allowed::NotNegative)?;
        number("final_share", self.final_share, Allowed::Closed(0.0, 1.0))?;
        number("weight_decay", self.weight_decay, Allowed::NotNegative)
    }

    /// The highest learning rate in the training of such a decoder.
    pub fn highest_rate(&self, decoder: DecoderKind) -> f64 {
        self.learning_rate.unwrap_or_else(|| decoder.learning_rate())
    }

    /// The learning rate of update `step` (from 0) when an epoch has `steps` updates and `highest`
    /// is the highest.
    pub fn rate(&self, highest: f64, step: u64, steps: usize) -> f64 {
        let warmup = self.warmup_epochs * steps as f64;
        let done = step as f64 + 1.0;
        if done < warmup {
            return highest * done / warmup;
        }
        match self.schedule {
            Schedule::Constant => highest,
            Schedule::Cosine => {
                let whole = (self.epochs * steps) as f64 - warmup;
                let progress = ((done - warmup) / whole.max(1.0)).clamp(0.0, 1.0);
                let share = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * progress));
                highest * (self.final_share + (1.0 - self.final_share) * share)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_then_falls_along_a_cosine() {
        let config = TrainConfig { epochs: 10, warmup_epochs: 1.0, ..TrainConfig::default() };
        let rate = |step| config.rate(1e-3, step, 100);
        assert!((rate(0) - 1e-5).abs() < 1e-12);
        assert!((rate(99) - 1e-3).abs() < 1e-12);
        // Half of the 900 updates that are left: the middle between 1 and 0.01.
        assert!((rate(549) - 1e-3 * 0.505).abs() < 1e-12);
        assert!((rate(999) - 1e-5).abs() < 1e-12);
        let constant = TrainConfig { schedule: Schedule::Constant, ..config };
        assert_eq!(constant.rate(1e-3, 999, 100), 1e-3);
    }

    #[test]
    fn a_decoder_has_a_rate_of_its_own_until_another_is_given() {
        let own = TrainConfig::default();
        assert!(own.highest_rate(DecoderKind::MlpUnet) < own.highest_rate(DecoderKind::MlpVae));
        let given = TrainConfig { learning_rate: Some(0.02), ..own };
        assert_eq!(given.highest_rate(DecoderKind::MlpUnet), 0.02);
        assert_eq!(given.highest_rate(DecoderKind::MlpVae), 0.02);
    }

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let wrong = |change: fn(&mut TrainConfig), key: &str| {
            let mut config = TrainConfig::default();
            change(&mut config);
            assert_eq!(config.validate().unwrap_err().key, key);
        };
        wrong(|c| c.epochs = 0, "epochs");
        wrong(|c| c.epochs = usize::MAX, "epochs");
        wrong(|c| c.batch_size = 0, "batch_size");
        wrong(|c| c.batch_size = i64::MAX as usize, "batch_size");
        wrong(|c| c.learning_rate = Some(f64::NAN), "learning_rate");
        wrong(|c| c.warmup_epochs = -1.0, "warmup_epochs");
        wrong(|c| c.final_share = 1.5, "final_share");
        wrong(|c| c.weight_decay = f64::INFINITY, "weight_decay");
        assert!(TrainConfig::default().validate().is_ok());
    }
}
