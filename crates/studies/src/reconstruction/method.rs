//! What reconstructs.

use equipoise_decoder::reconstruct::DecoderKind;
use serde::{Deserialize, Serialize};

/// What a trained decoder is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// The regime's spikes.
    Spikes,
    /// The regime's spikes, dealt out to the wrong images.
    Shuffled,
    /// The pixels themselves.
    Pixels,
}

/// What reconstructs in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A trained decoder.
    Decoder {
        /// Which one.
        kind: DecoderKind,
        /// What it reads.
        input: Input,
    },
    /// Ridge regression on the regime's spikes.
    Ridge,
    /// The mean training image.
    MeanImage,
}

impl Method {
    /// A decoder on the regime's spikes.
    pub fn decoder(kind: DecoderKind) -> Self {
        Self::Decoder { kind, input: Input::Spikes }
    }

    /// The name in tables.
    pub fn name(self) -> String {
        match self {
            Self::Decoder { kind, input: Input::Spikes } => kind.title().into(),
            Self::Decoder { kind, input: Input::Shuffled } => {
                format!("{}, shuffled spikes", kind.title())
            }
            Self::Decoder { kind, input: Input::Pixels } => {
                format!("{}, from pixels", kind.title())
            }
            Self::Ridge => "ridge regression".into(),
            Self::MeanImage => "mean image".into(),
        }
    }

    /// The name in files.
    pub fn key(self) -> String {
        match self {
            Self::Decoder { kind, input: Input::Spikes } => kind.name().into(),
            Self::Decoder { kind, input: Input::Shuffled } => format!("{}-shuffled", kind.name()),
            Self::Decoder { kind, input: Input::Pixels } => format!("{}-pixels", kind.name()),
            Self::Ridge => "ridge".into(),
            Self::MeanImage => "mean-image".into(),
        }
    }
}
