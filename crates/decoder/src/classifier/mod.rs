//! E:I classifiers: a hidden layer of excitatory and inhibitory spiking neurons that obey Dale's
//! law, trained with surrogate gradients (Kilgore, Kopsick, Ascoli & Adam 2025).
//!
//! # The network
//!
//! That of [`crate::lif`]: input events x, hidden neurons with spikes s, weights W1 (from the inputs),
//! V1 (among the hidden neurons, if recurrent) and W2 (to the classes), logits o. The first
//! floor(f N) of the N hidden neurons are excitatory, the others inhibitory. Of a batch B with labels
//! y, the loss is
//!
//! ```text
//! L = mean over B of -log softmax(o)[y]  +  l1 sum_k n_k  +  l2 mean_k n_k²
//! ```
//!
//! with n_k the spikes of hidden neuron k in the batch. After each update by the optimiser, noise is
//! added, and a weight of the wrong sign becomes 0:
//!
//! ```text
//! W <- C(W - step(dL/dW) + noise sigma_init N(0, 1))
//! C: W1 >= 0;  V1, W2 >= 0 from excitatory neurons, <= 0 from inhibitory ones
//! ```
//!
//! where step is that of plain gradient descent, eta (g + lambda W), or of [`AdamW`](crate::adamw).
//!
//! # Parameters
//!
//! Those of [`ClassifierConfig`]; the defaults are the study's for Fashion-MNIST at 80:20,
//! [`ClassifierConfig::speech`] has those for spoken digits.
//!
//! | name | symbol | unit | default | meaning |
//! |---|---|---|---|---|
//! | `excitatory_fraction` | f | | 0.8 | share of excitatory neurons |
//! | `hidden` | N | | 100 | hidden neurons, 1 to 65,536 |
//! | `recurrent` | | | false | whether there is V1 |
//! | `feed_forward_inhibition` | | | false | whether there is V1 from I to E alone |
//! | `synapses` | | | current | or conductance, with reversal potentials ([`crate::lif`]) |
//! | `reversal` | E_E, E_I | threshold | 4, -0.5 | reversal potentials of conductances |
//! | `dale` | | | true | whether C is applied |
//! | `tau_syn` | | unit of `dt` | 5 | synaptic time constant |
//! | `tau_mem` | | unit of `dt` | 10 | membrane time constant |
//! | `dt` | | steps or ms | 1 | length of a step |
//! | `surrogate` | | | [`Surrogate::default`](crate::lif::Surrogate) | stands for ds/dv |
//! | `logit` | | | maximum | which value of a readout over time is its logit |
//! | `readout` | | | none | time constants of the readout, if they are others |
//! | `dynamics` | | | spytorch | the form of a step, [`Scheme`](crate::lif::Scheme) |
//! | `initial` | | | sigma_1 = 0.002 | the weights before training, [`InitialWeights`] |
//! | `optimizer` | eta | | SGD, 0.01 | and its learning rate, [`Optimizer`] |
//! | `schedule` | | | constant | learning rate over the training |
//! | `weight_decay` | lambda | | 0 | decoupled weight decay |
//! | `regularizer` | l1, l2 | 1/spike, 1/spike² | 0, 0 | what spikes cost |
//! | `noise` | | `sigma_init` | 0 | deviation of the noise of an update |
//! | `sigma_init` | | | 0.001 | unit of `noise` |
//! | `batch` | | samples | 256 | samples of an update; a last partial batch is dropped |
//! | `epochs` | | | 30 | times through the training set |
//!
//! # Example
//!
//! ```
//! use equipoise_decoder::classifier::{Classifier, ClassifierConfig, LabelledEvents, Trainer};
//! use equipoise_decoder::observer::Observer;
//! use equipoise_encoder::code::Events;
//!
//! // Two samples on ten steps and two channels, each with one spike (step, channel).
//! let events = Events::from_samples(10, 2, [vec![(0, 0)], vec![(3, 1)]])?;
//! let samples = LabelledEvents::new(events.clone(), vec![0, 1], vec!["a".into(), "b".into()])?;
//! let config = ClassifierConfig { batch: 2, epochs: 3, ..ClassifierConfig::default() };
//! let mut trainer = Trainer::new(config, 1, &samples)?;
//! let records = trainer.fit(&samples, &samples, &mut Observer::silent())?;
//! assert_eq!(records.len(), 4); // before training, and after each epoch
//!
//! // What would be a file, read back and asked.
//! let classifier = Classifier::from_bytes(&trainer.classifier().to_bytes())?;
//! assert_eq!(classifier.predict(&events)?.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything is a function of the configuration, the seed and the data: the same bits for any
//! number of threads, after an interruption, and in a rerun. [`evaluate`], [`van_rossum_by_type`]
//! and [`weight_summary`] measure what a network does, [`Hardware`] what that costs on a chip.
//!
//! # Inhibition of hidden neurons
//!
//! In the published network inhibitory neurons act on the readout alone. With `recurrent` they and the
//! excitatory ones act on all hidden neurons too; with `feed_forward_inhibition` they inhibit the
//! excitatory hidden neurons, like the layer of inhibitory neurons of Cornford et al. 2021, driven by
//! the same inputs. [`input_balance`] measures the excitation and inhibition that hidden neurons get.
//!
//! # What it is not made for
//!
//! Several hidden layers, biases, delays, or neurons of other models. [`EiNetwork`] is the same
//! network as a Burn module, for losses and optimisers of one's own.
//!
//! # References
//!
//! * Kilgore, Kopsick, Ascoli & Adam 2025, Sci. Rep. 15:24798: ratio, initial activity and noise.
//! * Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36(6):51: surrogate gradients.
//! * Cornford, Kalajdzievski, Leite, Lamarquette, Kullmann & Richards 2021, ICLR: learning with
//!   Dale's law by feed-forward inhibition.
//! * Rossbroich, Gygax & Zenke 2022, Neuromorph. Comput. Eng. 2:044016: fluctuation-driven weights.
//! * Eccles, Fatt & Koketsu 1954, J. Physiol. 126:524: Dale's law.

mod balance;
mod config;
mod dale;
mod data;
mod error;
mod fluctuations;
mod hardware;
mod initial;
mod measure;
mod model;
mod optimizer;
mod predict;
mod self_consistent;
mod state;
#[cfg(test)]
mod tests;
mod trainer;

pub use balance::{InputBalance, TypeBalance, input_balance};
pub use config::{
    ClassifierConfig, InitialWeights, Optimizer, ReadoutTimes, Regularizer, Reversal, Schedule,
    SynapseModel,
};
pub use dale::Signs;
pub use data::LabelledEvents;
pub use error::{ClassifierError, Combination, Diverged, Grid, SampleError};
pub use hardware::{BITS, Hardware, Operations, Quantized, quantized};
pub use initial::initial_weights;
pub use measure::{
    Activity, Evaluation, VanRossum, WeightSummary, evaluate, van_rossum_by_type, weight_summary,
};
pub use model::EiNetwork;
pub use predict::{Classifier, Prediction, SEED, TRAINING_SAMPLES};
pub use trainer::{EpochRecord, Trainer, score};
