//! Images to spikes and back: do regimes of a network differ in how well they code images?
//!
//! The images of a data set are shown to a spiking network in several regimes, a decoder is trained
//! on the spikes of each, unseen images are reconstructed, and the regimes are compared.
//!
//! * [`settings`]: all that a person can say, for every study of this module.
//! * [`images`]: which images, split the same way for every regime; [`encoding`]: their spikes;
//!   [`activity`]: the network at work on one image, and whether it is balanced.
//! * [`cell`]: one [`method`] on the spikes of one regime in one repetition; [`training`]: of its
//!   decoder; [`experiment`]: all cells, one after the other, into a [`comparison`].
//! * [`reconstructions`]: the images and their reconstructions for other programs.
//! * [`statistics`], [`tables`], [`figures`], [`verdicts`] and [`report`]: what came out.
//! * [`steps`]: encode, train and evaluate one by one, with the same numbers.
//! * [`sweep`]: regimes, decoders, data sets and seeds in one study.
//!
//! # Example
//! ```no_run
//! use equipoise_studies::reconstruction::{Reconstruction, Settings};
//! use equipoise_studies::{Context, Study};
//!
//! let mut settings = Settings::default();
//! settings.data.dataset = "synthetic-digits".into();
//! let inputs = Reconstruction::open(&settings, "datasets".as_ref())?;
//! let results = Reconstruction::run(&settings, &inputs, &Context::default())?;
//! print!("{}", Reconstruction::summary(&results));
//! # Ok::<(), equipoise_studies::StudyError>(())
//! ```

pub mod activity;
pub mod cell;
pub mod comparison;
pub mod connectivity;
mod cost;
pub mod encoding;
pub mod experiment;
pub mod figures;
pub mod images;
pub mod method;
pub mod reconstructions;
mod recorded;
pub mod report;
pub mod settings;
pub mod statistics;
pub mod steps;
mod studies;
pub mod sweep;
pub mod tables;
pub mod training;
pub mod verdicts;

pub use comparison::Comparison;
pub use settings::Settings;
pub use studies::{Demonstration, Reconstruction};
