//! How the activity of neurons unfolds in time: whether inhibition tracks excitation, whether
//! activity comes in avalanches, how long it echoes, and how near a population is to the border
//! between dying out and running away.
//!
//! | question | equation | function |
//! |---|---|---|
//! | does inhibition track excitation? | r(l) = corr(E(t), \|I\|(t + l)), largest over the lags l | [`coupling`], [`couplings`], [`over_stimuli`] |
//! | how large are bursts of activity? | S = spikes, T = bins between silent bins | [`avalanches`] |
//! | do sizes follow a power law? | P(x) = x^-α / Σ x'^-α from x_min on | [`fit_power_law`] |
//! | do the exponents fit together? | (α - 1) / (τ - 1) = γ, ⟨S⟩(T) ~ T^γ | [`critical_exponents`] |
//! | how many spikes does one cause? | r_k = slope of A(t + k) over A(t) = b m^k | [`branching_ratio`] |
//! | has a signal a long memory? | F(w) ~ w^α, F the detrended fluctuation of the profile in windows w | [`dfa`] |
//! | is it driven by excitation or inhibition? | fE/I = 1 - corr(W_A, W_F), over windows | [`fei`] |
//!
//! # Parameters
//!
//! | name | symbol | unit | default | meaning |
//! |---|---|---|---|---|
//! | [`CouplingConfig::window`] | | sample | 1 | samples averaged before they are correlated |
//! | [`CouplingConfig::longest_lag`] | l_max | window | 20 | longest lag, either way |
//! | `threshold` of [`avalanches`] | θ | spikes of a bin | none | an avalanche has more in each of its bins |
//! | [`PowerLawConfig::minimum`] | x_min | that of the values | fitted | lower cut-off |
//! | [`PowerLawConfig::maximum`] | x_max | that of the values | none | upper cut-off |
//! | [`PowerLawConfig::least_values`] | | 1 | 50 | values that a fitted lower cut-off leaves |
//! | [`BranchingConfig::longest_lag`] | k_max | bin | 50 | slopes of lags 1 to k_max are fitted |
//! | [`BranchingConfig::blocks`] | | 1 | 20 | parts of one recording that are drawn again |
//! | [`DfaConfig::narrowest`], [`DfaConfig::widest`] | w | sample | 10, a tenth of the signal | widths of the windows |
//! | [`DfaConfig::overlap`] | | 1 | 0.5 | share that windows overlap |
//! | [`FeiConfig::window`], [`FeiConfig::overlap`] | w | sample, 1 | 500, 0.8 | windows of amplitude and fluctuation |
//!
//! # What they say, and do not
//!
//! *Tight balance* is a correlation near 1 at a lag of a few milliseconds between samples of a
//! millisecond or less; *loose balance* one that appears only between means over tens of
//! milliseconds (Okun & Lampl 2009, Scholarpedia 4(8):7467; Denève & Machens 2016, Nat. Neurosci.
//! 19:375). [`Couplings::between`] is what the whole population shares. The largest of many
//! correlations of noise is above 0: about the square root of 2 ln(lags) / samples.
//!
//! *Power laws*: the exponent is that of maximum likelihood for integers, the lower cut-off that of
//! the smallest Kolmogorov–Smirnov distance over all integers (Clauset, Shalizi & Newman 2009). A
//! log-normal with a very negative μ is a power law over any range, so a ratio within 2 or so of 0 says
//! that the values cannot tell them apart, whatever its p-value. Power-law sizes alone do not show that a network is critical:
//! thresholded noise has them too (Touboul & Destexhe 2017, Phys. Rev. E 95:012413).
//!
//! *The branching ratio* assumes that the mean activity follows A(t + 1) = m A(t) + input, with an
//! input that has no memory. Subsampling lowers the factor b and not m. Input with a memory, or
//! drifts, are taken for a memory of the network: compare the fit with an offset. It cannot exceed
//! 1: a recording that is stationary has none above.
//!
//! *fE/I* needs an amplitude that fluctuates over many windows, and is valid only where the DFA
//! exponent exceeds 0.6. No outlying windows are taken out. The method is the subject of the patent
//! application PCT/NL2019/050167, which may bear on commercial use.
//!
//! # What holds everywhere
//!
//! Every call takes a bounded time and memory, named where it is more than a few passes. What has
//! no answer is a [`DynamicsError`], never NaN. Results do not depend on the number of threads.
//! The values agree with the packages powerlaw, mrestimator and crosci of the Python Package
//! Index where they define the same (`scripts/reference/dynamics.py`).

mod avalanches;
mod branching;
mod coupling;
mod error;
mod fluctuation;
mod log_normal;
mod power_law;
mod power_sum;

pub use avalanches::{
    Avalanches, CriticalExponents, MOST_BINS, avalanches, critical_exponents, mean_event_interval,
    population_counts,
};
pub use branching::{BranchingConfig, BranchingRatio, branching_ratio};
pub use coupling::{
    Coupling, CouplingConfig, Couplings, LONGEST_LAG, coupling, couplings, over_stimuli,
};
pub use error::DynamicsError;
pub use fluctuation::{Dfa, DfaConfig, Fei, FeiConfig, LEAST_DFA_EXPONENT, dfa, fei};
pub use log_normal::LogNormal;
pub use power_law::{CUTOFFS, PowerLaw, PowerLawConfig, fit_power_law};
