//! Why a classifier cannot be made, trained, read or used.

use crate::checkpoint::archive::ArchiveError;
use crate::lif::{Input, LifError};
use crate::setting::SettingError;
use equipoise_encoder::code::CodeError;
use equipoise_metrics::classification::ClassificationError;
use equipoise_metrics::van_rossum::VanRossumError;

/// Why a classifier cannot be made, trained, read or used.
#[derive(Debug, thiserror::Error)]
pub enum ClassifierError {
    /// A setting that is out of range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Settings that cannot go together.
    #[error(transparent)]
    Combination(#[from] Combination),
    /// Data that the network cannot be trained or measured on.
    #[error(transparent)]
    Data(#[from] SampleError),
    /// The weights or the loss stopped being numbers.
    #[error(
        "training diverged in batch {batch} of epoch {epoch}: {what} is not a finite number; the \
         learning rate {learning_rate} is probably too large for these weights (try a tenth of it)"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The batch in it, from 1.
        batch: usize,
        /// What is no number any more.
        what: Diverged,
        /// The optimiser's rate.
        learning_rate: f64,
    },
    /// The checkpoint was made with other settings or data.
    #[error("the checkpoint belongs to another training: settings, seed or data differ")]
    OtherTraining,
    /// The observer asked for it, in this epoch; nothing of the unfinished epoch was kept.
    #[error("stopped on request in epoch {0}")]
    Stopped(usize),
    /// A saved classifier or state of a training that is damaged, or is something else.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A network that cannot be computed.
    #[error(transparent)]
    Lif(#[from] LifError),
}

/// Settings of synapses and wiring that cannot go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Combination {
    /// Reversal potentials without conductances.
    #[error("`reversal` is given, but `synapses` is \"current\": only conductances have any")]
    ReversalOfCurrents,
    /// Conductances of either sign.
    #[error("`synapses` = \"conductance\" needs Dale's law: no conductance is below 0")]
    ConductancesWithoutDale,
    /// Conductances in the form of a step of the exchange format.
    #[error(
        "`synapses` = \"conductance\" with `dynamics` = \"nir\": the tools that read that form have \
         no such neuron; leave one of them out"
    )]
    ConductancesInNir,
    /// Feed-forward inhibition where all connections are there.
    #[error(
        "`feed_forward_inhibition` and `recurrent`: give only one; a recurrent network has those \
         connections among its own"
    )]
    FeedForwardAndRecurrent,
    /// Feed-forward inhibition of neurons of no type.
    #[error("`feed_forward_inhibition` needs Dale's law: without it no neuron is inhibitory")]
    FeedForwardWithoutDale,
    /// Feed-forward inhibition without neurons of both types.
    #[error(
        "`feed_forward_inhibition` needs neurons of both types, but {excitatory} of {hidden} hidden \
         neurons are excitatory"
    )]
    OneType {
        /// Hidden neurons.
        hidden: usize,
        /// Excitatory ones.
        excitatory: usize,
    },
    /// Shunting inhibition that should cancel excitation at rest.
    #[error(
        "`initial` is fluctuation-driven, but `reversal.inhibition` is 0: at rest shunting inhibition \
         cancels no excitation; take one below 0"
    )]
    ShuntingCancelsNothing,
    /// Rates that are measured, where there is nothing to measure them on.
    #[error(
        "`initial.measured` needs training samples: leave it out, or take the weights of a `Trainer`"
    )]
    MeasuredWithoutSamples,
}

/// What a training that diverges loses first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Diverged {
    /// The loss of a batch.
    #[error("the loss")]
    Loss,
    /// A weight.
    #[error("a weight")]
    Weight,
}

/// Why samples are of no use to a network.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// No sample at all.
    #[error("there is no sample")]
    Empty,
    /// Fewer than a batch has; the last partial batch of an epoch is dropped.
    #[error("`batch` is {batch}, but there are {samples} training samples")]
    FewerThanABatch {
        /// Samples of a batch.
        batch: usize,
        /// Samples of the training set.
        samples: usize,
    },
    /// Not one label for each sample.
    #[error("{labels} labels for {samples} samples")]
    Labels {
        /// The number of labels.
        labels: usize,
        /// The number of samples.
        samples: usize,
    },
    /// A label that is no class.
    #[error("sample {sample} has label {label}, but there are {classes} classes")]
    Label {
        /// The sample, from 0.
        sample: usize,
        /// Its label.
        label: u16,
        /// How many classes there are.
        classes: usize,
    },
    /// More classes than the network has.
    #[error("a network of {network} classes cannot tell {data} apart")]
    Classes {
        /// The classes of the network.
        network: usize,
        /// The classes of the samples.
        data: usize,
    },
    /// Another time grid, or other channels, than the network was trained on.
    #[error("events on {found}; the network was trained on {wanted}")]
    Grid {
        /// That of the events.
        found: Grid,
        /// That of the network.
        wanted: Grid,
    },
    /// No labels, or images that cannot be read.
    #[error(transparent)]
    Set(#[from] equipoise_data::DataError),
    /// Events that cannot be made with these settings.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// Answers that cannot be counted.
    #[error(transparent)]
    Answers(#[from] ClassificationError),
    /// Distances that cannot be computed.
    #[error(transparent)]
    Distances(#[from] VanRossumError),
}

/// The grid that events lie on.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Grid {
    /// Input channels.
    pub channels: usize,
    /// Time steps.
    pub steps: usize,
    /// The time that a step stands for, ms.
    pub step_ms: f64,
}

impl Grid {
    /// Of checked events.
    pub(super) fn of(input: Input<'_>) -> Grid {
        Grid { channels: input.channels(), steps: input.steps(), step_ms: input.step_ms() }
    }
}

impl std::fmt::Display for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Grid { channels, steps, step_ms } = self;
        write!(f, "{channels} channels and {steps} steps of {step_ms} ms")
    }
}
