//! The numbers that Equipoise's results are stated in.
//!
//! * [`image`]: how like an image its reconstruction is (MSE, PSNR, SSIM);
//! * [`classification`]: accuracy and confusion matrix;
//! * [`spikes`]: irregularity, variability and synchrony of spike trains;
//! * [`van_rossum`]: the distance between spike trains;
//! * [`summary`]: many numbers in a few, with an interval;
//! * [`statistics`]: tests, effect sizes, intervals, regression.
//!
//! Everything takes plain slices and returns values that serialise with serde. Nothing here is
//! ever silently NaN: what has no value is an `Option`, or an error that gives the reason. Results
//! do not depend on the number of threads.

pub mod classification;
pub mod float;
pub mod image;
pub mod spikes;
pub mod statistics;
pub mod summary;
pub mod van_rossum;
