//! How a decoder is trained: the settings, and the learning rate over time.

use serde::{Deserialize, Serialize};

/// How the learning rate changes after the warm-up.
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Times that every image is seen, at most.
    pub epochs: usize,
    /// Images of one update.
    pub batch_size: usize,
    /// Learning rate of AdamW at its highest.
    pub learning_rate: f64,
    /// How it changes.
    pub schedule: Schedule,
    /// Epochs, also parts of one, over which the learning rate rises from 0.
    pub warmup_epochs: f64,
    /// Share of the learning rate that is left at the end of the cosine.
    pub final_share: f64,
    /// Decoupled weight decay (Loshchilov & Hutter 2019, ICLR); biases do not decay.
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
            learning_rate: 1e-3,
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
    pub fn validate(&self) -> Result<(), TrainConfigError> {
        let error = |text: String| Err(TrainConfigError(text));
        for (name, value) in [("epochs", self.epochs), ("batch_size", self.batch_size)] {
            if !(1..=MOST).contains(&value) {
                return error(format!("`{name}` is {value}, not 1 to {MOST}"));
            }
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return error(format!("`learning_rate` is {}, not above 0", self.learning_rate));
        }
        if !(self.warmup_epochs.is_finite() && self.warmup_epochs >= 0.0) {
            return error(format!("`warmup_epochs` is {}, not 0 or more", self.warmup_epochs));
        }
        if !(0.0..=1.0).contains(&self.final_share) {
            return error(format!("`final_share` is {}, not in [0, 1]", self.final_share));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return error(format!("`weight_decay` is {}, not 0 or more", self.weight_decay));
        }
        Ok(())
    }

    /// The learning rate of update `step` (from 0) when an epoch has `steps` updates.
    pub fn rate(&self, step: u64, steps: usize) -> f64 {
        let warmup = self.warmup_epochs * steps as f64;
        let done = step as f64 + 1.0;
        if done < warmup {
            return self.learning_rate * done / warmup;
        }
        match self.schedule {
            Schedule::Constant => self.learning_rate,
            Schedule::Cosine => {
                let whole = (self.epochs * steps) as f64 - warmup;
                let progress = ((done - warmup) / whole.max(1.0)).clamp(0.0, 1.0);
                let share = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
                self.learning_rate * (self.final_share + (1.0 - self.final_share) * share)
            }
        }
    }
}

/// A setting of the training that is out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TrainConfigError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_then_falls_along_a_cosine() {
        let config = TrainConfig { epochs: 10, warmup_epochs: 1.0, ..TrainConfig::default() };
        assert!((config.rate(0, 100) - 1e-5).abs() < 1e-12);
        assert!((config.rate(99, 100) - 1e-3).abs() < 1e-12);
        // Half of the 900 updates that are left: the middle between 1 and 0.01.
        assert!((config.rate(549, 100) - 1e-3 * 0.505).abs() < 1e-12);
        assert!((config.rate(999, 100) - 1e-5).abs() < 1e-12);
        let constant = TrainConfig { schedule: Schedule::Constant, ..config };
        assert_eq!(constant.rate(999, 100), 1e-3);
    }

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let wrong = |change: fn(&mut TrainConfig), name: &str| {
            let mut config = TrainConfig::default();
            change(&mut config);
            let text = config.validate().unwrap_err().to_string();
            assert!(text.contains(name), "{text}");
        };
        wrong(|c| c.epochs = 0, "epochs");
        wrong(|c| c.batch_size = 0, "batch_size");
        wrong(|c| c.learning_rate = f64::NAN, "learning_rate");
        wrong(|c| c.warmup_epochs = -1.0, "warmup_epochs");
        wrong(|c| c.final_share = 1.5, "final_share");
        wrong(|c| c.weight_decay = f64::INFINITY, "weight_decay");
        assert!(TrainConfig::default().validate().is_ok());
    }
}
