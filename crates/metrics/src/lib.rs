//! The numbers that Equipoise's results are stated in: image quality, accuracy, measures of spike
//! trains, distances between them, and the statistics of comparing them.
//!
//! # Vocabulary
//!
//! * A **spike train** is the times of the spikes of one neuron, ascending, in any unit of time; a
//!   **unit** is a neuron or a recorded channel.
//! * The **inter-spike intervals** of a train are the differences of its successive times.
//! * A **count** is the number of spikes of a unit in a bin of time.
//! * An **image** is a flat slice in the order (channel, row, column), with intensities in 0..1
//!   unless its range is given.
//! * A **group** is the values of one condition, one a trial, network or image.
//! * An **effect size** is a difference in standard deviations.
//!
//! # What is measured
//!
//! | measure | equation | function |
//! |---|---|---|
//! | mean squared error | MSE = mean of (x - y)² over all pixels | [`image::evaluate_images`] |
//! | peak signal-to-noise ratio | PSNR = 10 log10(L² / MSE), in dB, L the range of intensities | [`image::evaluate_images`] |
//! | structural similarity | SSIM = mean of (2 μx μy + C1)(2 σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2)) over windows | [`image::ssim`] |
//! | accuracy | share of predictions that equal the label | [`classification::accuracy`] |
//! | coefficient of variation | CV = σ(I) / mean(I) of the inter-spike intervals I | [`spikes::cv`] |
//! | local variation | LV = 3 / (n - 1) Σ ((I_i - I_(i+1)) / (I_i + I_(i+1)))² | [`spikes::local_variation`] |
//! | Fano factor | F = var(N) / mean(N) of counts N | [`spikes::fano_factor`] |
//! | correlation of counts | Pearson's r of the counts of two units | [`spikes::count_correlations`] |
//! | synchrony | χ² = var of the population mean over the mean variance of its units | [`spikes::synchrony_index`] |
//! | van Rossum distance | D² = (1 / τ) ∫ (f - g)² dt, f = Σ exp(-(t - t_i) / τ) after each spike t_i | [`van_rossum::distance`] |
//! | tight balance, avalanches, branching ratio, DFA, fE/I | see the table of the module | [`dynamics`] |
//! | linear Fisher information | I = dmᵀ S⁻¹ dm / ds², corrected for few trials | [`fisher::linear_information`] |
//! | tests, effect sizes, intervals | see the table of the module | [`statistics`] |
//! | what a linear readout finds | ridge regression, W = (XᵀX + p I)⁻¹ XᵀY | [`ridge::NormalEquations`] |
//! | many numbers in a few | mean, median, quartiles, Student's interval | [`summary::Summary`] |
//!
//! # Parameters
//!
//! | name | symbol | unit | default | meaning |
//! |---|---|---|---|---|
//! | [`SsimOptions::data_range`](image::SsimOptions::data_range) | L | intensity | 1 | range of the intensities |
//! | [`SsimOptions::window`](image::SsimOptions::window) | σ | pixel | Gaussian, 1.5 | weights of a window |
//! | [`SsimOptions::k1`](image::SsimOptions::k1) | K1 | 1 | 0.01 | C1 = (K1 L)² |
//! | [`SsimOptions::k2`](image::SsimOptions::k2) | K2 | 1 | 0.03 | C2 = (K2 L)² |
//! | `tau` | τ | that of the times | none | time constant of the van Rossum distance |
//! | `minimum_spikes` | | spike | none | fewest spikes of a train that gets a CV ([`spikes::irregularity`]) |
//! | `confidence` | | 1 | none | level of an interval, in (0, 1) |
//! | [`Bootstrap::resamples`](statistics::Bootstrap::resamples) | B | 1 | 9999 | times that the values are drawn again |
//!
//! # Example
//!
//! ```
//! use equipoise_metrics::statistics::{Against, Design, compare_groups};
//! use equipoise_metrics::summary::Summary;
//!
//! // PSNR in dB of three networks, one value a seed; which differ from the first?
//! let psnr = [[29.5, 29.7, 29.6, 29.8], [28.4, 28.9, 28.6, 28.7], [29.4, 29.9, 29.5, 29.6]];
//! let tests = compare_groups(&psnr, Against::Reference(0), Design::Paired, 0.95)?;
//! assert!(tests[0].p_corrected.is_some_and(|p| p < 0.05));
//! assert!(tests[1].p_corrected.is_some_and(|p| p > 0.05));
//! assert!(Summary::of(&psnr[0]).ci_low.is_some_and(|low| low > 29.4));
//! # Ok::<(), equipoise_metrics::statistics::Undefined>(())
//! ```
//!
//! `cargo run --example van_rossum` prints the distances of a few spike trains.
//!
//! # What holds everywhere
//!
//! Everything takes plain slices and returns values that serialise with serde. Nothing is ever
//! silently NaN: what has no value is an `Option`, or an error that gives the reason. Rounding is
//! never taken for variance. Every call takes a bounded time. Results do not depend on the number
//! of threads.
//!
//! # What it is not made for
//!
//! * Spike sorting, filtering of signals, spectra, spike-train surrogates: Elephant has them.
//! * Models with several factors or random slopes, Bayesian inference.
//! * Colour or video quality beyond MSE, PSNR and SSIM of each channel.
//! * Trains so many that all pairs do not fit in memory: a distance matrix holds n (n - 1) / 2
//!   floats.
//!
//! # Sources
//!
//! Wang, Bovik, Sheikh & Simoncelli 2004, IEEE Trans. Image Process. 13:600 (SSIM); Shinomoto,
//! Shima & Tanji 2003, Neural Comput. 15:2823 (LV); Golomb & Rinzel 1994, Physica D 72:259
//! (synchrony); van Rossum 2001, Neural Comput. 13:751. The statistics name theirs where they are
//! defined. Reference values come from SciPy, statsmodels, scikit-image and
//! Elephant.

pub mod classification;
pub mod dynamics;
pub mod fisher;
pub mod float;
pub mod image;
pub mod matrix;
pub mod ridge;
pub mod spikes;
pub mod statistics;
pub mod summary;
pub mod van_rossum;
