//! Training a reconstructor: the loop, its settings, its optimiser and its checkpoints.
//!
//! Each epoch goes through the training images in an order of its own, in batches of `batch_size`;
//! after each batch [`AdamW`](crate::adamw) updates the weights, with decay on matrices alone. The
//! learning rate of update t, with w updates of warm-up and T in all, is
//!
//! ```text
//! eta(t) = eta_0 (t + 1) / w                                                     t + 1 < w
//! eta(t) = eta_0 (r + (1 - r) (1 + cos(pi (t + 1 - w) / (T - w))) / 2)           after that
//! ```
//!
//! (Loshchilov & Hutter 2017, ICLR), or eta_0 throughout. After each epoch the loss over the
//! validation images is taken, and the weights of the epoch with the lowest are the result. Training
//! ends after `epochs`, or when `patience` epochs have brought nothing better.
//!
//! | name | symbol | unit | default | meaning |
//! |---|---|---|---|---|
//! | `epochs` | | | 10 | times that every image is seen, at most |
//! | `batch_size` | | images | 32 | of one update |
//! | `learning_rate` | eta_0 | | by decoder | 3e-4 for the U-Net, 1e-3 for the VAE |
//! | `schedule` | | | cosine | or constant |
//! | `warmup_epochs` | w | epochs | 0.5 | in which the rate rises from 0 |
//! | `final_share` | r | eta_0 | 0.01 | what is left of the rate at the end |
//! | `weight_decay` | lambda | | 0.01 | decoupled weight decay |
//! | `patience` | | epochs | 0 | without a better loss, then training ends; 0 for never |
//! | `seed` | | | 0 | of weights, order, dropout and latent noise |
//! | `checkpoint_every` | | updates | 500 | between two checkpoints in an epoch; 0 for its end alone |
//!
//! [`Training::run`] is told its data as [`Examples`] and tells an
//! [`Observer`](crate::observer::Observer) what it does, who may stop it and keep its checkpoints;
//! gone on from one, it ends in the same bits. [`Reconstructor::fit`](crate::reconstruct::Reconstructor::fit)
//! normalises features and finds the start first.
//!
//! ```
//! use equipoise_decoder::reconstruct::DecoderKind;
//! use equipoise_decoder::training::TrainConfig;
//!
//! let config = TrainConfig { epochs: 4, ..TrainConfig::default() };
//! config.validate()?;
//! let highest = config.highest_rate(DecoderKind::MlpVae);
//! // 100 updates an epoch: after half an epoch of warm-up the rate falls to a hundredth.
//! assert!((config.rate(highest, 49, 100) - 1e-3).abs() < 1e-12);
//! assert!((config.rate(highest, 399, 100) - 1e-5).abs() < 1e-12);
//! # Ok::<(), equipoise_decoder::setting::SettingError>(())
//! ```
//!
//! Not made for training on data that do not fit into memory, or on several devices.

mod config;
mod data;
mod optimizer;
mod state;
mod steps;

pub use config::{Schedule, TrainConfig};
pub use data::{DataError, Examples, Set};
pub use state::{EpochReport, TRAINING};
pub(crate) use steps::CHUNK;
pub use steps::{Finish, TrainError, TrainedModel, Training};
