//! Decoders of spikes: networks that turn the spike counts of a population back into the image, and
//! classifiers of spiking neurons under Dale's law; how they are trained, saved, and used.
//!
//! | module | what is in it |
//! |---|---|
//! | [`reconstruct`] | reconstructors, MLP + U-Net and MLP + VAE, their features and controls |
//! | [`training`] | how a reconstructor is trained |
//! | [`classifier`] | E:I classifiers: training, measures, predictions |
//! | [`lif`] | the layer of leaky integrate-and-fire neurons that classifiers are made of |
//! | [`adamw`] | the optimiser of both |
//! | [`observer`] | how a training tells what it does, and is stopped |
//! | [`checkpoint`] | the file format of models and of trainings under way |
//! | [`setting`] | what is said of a setting that is out of range |
//! | [`device`] | where tensors live: the backends of Burn |
//!
//! Whatever is trained is a function of its settings, its seed and its data, the same bits for any
//! number of threads and after any number of interruptions. Every error is an enum that says what
//! was given and what would be right; what would take more memory than is sensible is refused
//! before any is taken.
//!
//! # Example
//!
//! A reconstructor of images from the counts of spikes:
//!
//! ```
//! use equipoise_data::{Counts, Part, synthetic};
//! use equipoise_decoder::observer::Observer;
//! use equipoise_decoder::reconstruct::{DecoderConfig, Pairs, Reconstructor, ReconstructorConfig};
//! use equipoise_decoder::training::TrainConfig;
//!
//! // Digits and, as if they were spikes, their pixels: at most five a neuron.
//! let digits = synthetic::digits(60, 1, Part::Train);
//! let (shape, pixels) = (digits.shape, digits.shape.pixels());
//! let mut images = vec![0.0; digits.len() * pixels];
//! for (i, image) in images.chunks_exact_mut(pixels).enumerate() {
//!     digits.write_intensities(i, image);
//! }
//! let counts = images.iter().map(|v| (5.0 * v) as u16).collect();
//! let counts = Counts::new(pixels, 1, 100.0, counts)?;
//!
//! let config = ReconstructorConfig {
//!     decoder: DecoderConfig { hidden: vec![32, 32], channels: 2, ..DecoderConfig::default() },
//!     training: TrainConfig { epochs: 1, ..TrainConfig::default() },
//!     ..ReconstructorConfig::default()
//! };
//! let features = config.features.extract(&counts)?;
//! let pairs = Pairs { features: &features, images: &images, shape };
//! let fitted = Reconstructor::fit(pairs, pairs, &config, &mut Observer::silent())?;
//! let reconstructions = fitted.reconstructor.predict(&features)?;
//! assert_eq!(reconstructions.len(), images.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/classify.rs` trains a classifier, saves it, loads it, and asks it about new events.
//!
//! # What it is not made for
//!
//! Networks of one's own out of other layers: [`reconstruct::DecoderModel`] and
//! [`classifier::EiNetwork`] are Burn modules, and Burn has the layers, optimisers and records for
//! more. Several processors' memories, or models beyond [`reconstruct::MOST_PARAMETERS`]. Simulating
//! recurrent networks in continuous time: that is `equipoise-encoder`.

pub mod adamw;
pub mod checkpoint;
pub mod classifier;
pub mod device;
pub mod lif;
pub mod observer;
pub mod reconstruct;
pub mod setting;
pub mod training;
