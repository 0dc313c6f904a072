//! The comparison of regimes in three steps, for one regime and one decoder: encode images, train a
//! decoder on their spikes, evaluate it on images that it has not seen.
//!
//! The steps are those of [`Experiment`](super::experiment::Experiment): for the same settings and
//! seed they give the same counts, images, PSNR and SSIM, bit by bit. Each leaves a run directory
//! behind that says what it was made from, and the next step refuses what does not belong to it.

mod encode;
mod encoded;
mod evaluate;
pub mod scores;
mod train;
mod trained;

pub use encode::{Encode, EncodedPart, Encoding};
pub use encoded::EncodedRun;
pub use evaluate::{Evaluate, Evaluation};
pub use scores::Evaluated;
pub use train::{Train, Trained};
pub use trained::TrainedRun;
