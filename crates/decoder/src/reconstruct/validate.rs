//! What the settings of a decoder may be.

use super::config::{DecoderConfig, DecoderKind, HiddenActivation, Output, Start};
use super::loss::SSIM_WINDOW;
use super::size::{self, MOST_SIDE, SizeError};
use crate::setting::{Allowed, SettingError, number, whole};
use equipoise_data::ImageShape;

/// The most units of a layer and dimensions of a code: more would be a slip of the pen, and would
/// end in want of memory.
const MOST_UNITS: usize = 1 << 16;
/// The most channels of the U-Net's first level, for the same reason.
const MOST_CHANNELS: usize = 1 << 10;
/// The most fully connected layers: more would be a slip of the pen.
const MOST_LAYERS: usize = 64;
/// The most levels of the U-Net: no image can be halved more often.
const MOST_DEPTH: usize = 14;

impl DecoderConfig {
    /// Checks the settings for images of this shape.
    ///
    /// # Errors
    /// The first setting that is out of range, and its range; settings that do not go together;
    /// [`ConfigError::Size`] for a decoder whose weights would take more memory than is sensible.
    pub fn validate(&self, shape: ImageShape) -> Result<(), ConfigError> {
        let sides = [shape.height, shape.width, shape.channels];
        if !sides.iter().all(|n| (1..=MOST_SIDE).contains(n)) {
            return Err(ConfigError::Shape(shape));
        }
        if !(1..=MOST_LAYERS).contains(&self.hidden.len()) {
            return Err(ConfigError::Layers(self.hidden.len()));
        }
        for &units in &self.hidden {
            whole("hidden", units, 1, MOST_UNITS)?;
        }
        number("feature_dropout", self.feature_dropout, Allowed::HalfOpen(0.0, 1.0))?;
        number("dropout", self.dropout, Allowed::HalfOpen(0.0, 1.0))?;
        number("ssim_share", self.ssim_share, Allowed::Closed(0.0, 1.0))?;
        if self.ssim_share > 0.0 && shape.height.min(shape.width) < SSIM_WINDOW {
            return Err(ConfigError::TooSmallForSsim(shape));
        }
        if self.start == Start::Ridge && self.hidden_activation != HiddenActivation::Identity {
            return Err(ConfigError::RidgeIsLinear);
        }
        if self.refines() && self.output() != Output::Linear {
            return Err(ConfigError::ResidualIsLinear);
        }
        whole("channels", self.channels, 1, MOST_CHANNELS)?;
        if self.kind == DecoderKind::MlpUnet {
            whole("depth", self.depth, 1, MOST_DEPTH)?;
        }
        let halvings = self.halvings();
        let divides = |side: usize| side.is_multiple_of(1 << halvings);
        if !divides(shape.height) || !divides(shape.width) {
            return Err(ConfigError::Halvings { shape, halvings });
        }
        whole("latent", self.latent, 1, MOST_UNITS)?;
        number("beta", self.beta, Allowed::NotNegative)?;
        Ok(size::check(self, 1, shape, 1)?)
    }

    /// Checks the settings, and that `images` of this shape can be decoded from `features` numbers
    /// each at once.
    ///
    /// # Errors
    /// As [`validate`](Self::validate); [`ConfigError::Size`] also for the images.
    pub(crate) fn validate_for(
        &self,
        shape: ImageShape,
        features: usize,
        images: usize,
    ) -> Result<(), ConfigError> {
        self.validate(shape)?;
        Ok(size::check(self, features, shape, images)?)
    }
}

/// Why there is no such decoder.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// A setting that is out of range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// No fully connected layer, or too many.
    #[error("`hidden` lists {0} layers; it needs 1 to {MOST_LAYERS}")]
    Layers(usize),
    /// Images without a pixel, or too large.
    #[error("images of {0}: height, width and channels must be 1 to {MOST_SIDE}")]
    Shape(ImageShape),
    /// Images too small for the window of SSIM.
    #[error(
        "`ssim_share` needs images of at least {SSIM_WINDOW}x{SSIM_WINDOW} pixels, these are {0}"
    )]
    TooSmallForSsim(ImageShape),
    /// A non-linear layer in the place of a linear start.
    #[error("`start` is ridge, which is linear: it needs `hidden_activation` identity")]
    RidgeIsLinear,
    /// A residual that is not added to intensities.
    #[error("a `residual` U-Net adds to intensities: `output` must be linear")]
    ResidualIsLinear,
    /// Sides that cannot be halved as often as the decoder does.
    #[error(
        "images of {shape} cannot be halved {halvings} times (`depth`): height and width must be \
         divisible by 2^{halvings}"
    )]
    Halvings {
        /// The images.
        shape: ImageShape,
        /// How often they would be.
        halvings: usize,
    },
    /// A decoder that would end in want of memory.
    #[error(transparent)]
    Size(#[from] SizeError),
}
