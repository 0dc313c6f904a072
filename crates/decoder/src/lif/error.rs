//! What cannot be computed, and why.

use super::Shape;

/// What cannot be computed, and why.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LifError {
    /// A size that no network has.
    #[error(
        "a network of {inputs} inputs, {hidden} hidden neurons and {classes} classes: each must be from 1 to 65536"
    )]
    Shape {
        /// Input channels asked for.
        inputs: usize,
        /// Hidden neurons asked for.
        hidden: usize,
        /// Classes asked for.
        classes: usize,
    },
    /// More memory than is sensible.
    #[error("{what} would be {numbers} numbers; {most} are possible")]
    TooLarge {
        /// What would take it.
        what: &'static str,
        /// The numbers that it would hold.
        numbers: u64,
        /// The most that are possible.
        most: u64,
    },
    /// A constant out of range.
    #[error("{name} is {value}: {expected}")]
    Constant {
        /// Which.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// Conductance synapses in a form of a step that has none.
    #[error("a step in the form of NIR has no conductance synapses, which no reader of it steps")]
    ConductanceForm,
    /// A matrix of the wrong size.
    #[error("the {name} hold {found} numbers, but the network needs {expected}")]
    Matrix {
        /// Which.
        name: &'static str,
        /// Its numbers.
        found: usize,
        /// The numbers needed.
        expected: usize,
    },
    /// Weights of another network.
    #[error("weights of {found:?} for a network of {wanted:?}")]
    Weights {
        /// The network of the weights.
        found: Shape,
        /// The network that is computed.
        wanted: Shape,
    },
    /// Tensors that are not the two or three matrices of a network.
    #[error("the network has two or three weight matrices")]
    Matrices,
    /// Offsets that do not cover the events.
    #[error("the offsets of the events do not cover their {steps} steps and {channels} channels")]
    Offsets {
        /// Steps of all events.
        steps: usize,
        /// Channels of all events.
        channels: usize,
    },
    /// An event that is out of place.
    #[error("event {index} of sample {sample} {problem}")]
    Event {
        /// The sample.
        sample: usize,
        /// The event in the sample.
        index: usize,
        /// What is wrong with it.
        problem: EventProblem,
    },
    /// Events on a larger grid than the network's.
    #[error(
        "events on {channels} channels and {steps} steps for a network of {inputs} and {wanted_steps}"
    )]
    Grid {
        /// Channels of the events.
        channels: usize,
        /// Steps of the events.
        steps: usize,
        /// Input channels of the network.
        inputs: usize,
        /// Steps of the network.
        wanted_steps: usize,
    },
    /// A sample that is not there.
    #[error("sample {sample} was asked for, but there are {samples}")]
    NoSample {
        /// The sample, from 0.
        sample: usize,
        /// How many there are.
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
    /// What a forward pass kept, or derivatives, of another batch.
    #[error("a tape or derivatives of another batch than that of {samples} samples")]
    OtherBatch {
        /// Samples of the batch.
        samples: usize,
    },
    /// Weights of another type of numbers.
    #[error("the {name} weights are {found:?}: 32-bit floats are needed")]
    NumberType {
        /// The matrix.
        name: &'static str,
        /// Its type of numbers.
        found: burn::tensor::DType,
    },
}

/// What is wrong with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventProblem {
    /// It is after the end.
    #[error("is at step {step}, but the grid has {steps} steps")]
    Step {
        /// Its step.
        step: u16,
        /// Steps of the grid.
        steps: usize,
    },
    /// It is on a channel that is not there.
    #[error("is on channel {channel}, but there are {channels}")]
    Channel {
        /// Its channel.
        channel: u16,
        /// How many there are.
        channels: usize,
    },
    /// It is before the one before it.
    #[error("is at step {step}, after one at step {last}: sort them by step")]
    Order {
        /// Its step.
        step: u16,
        /// The step of the event before it.
        last: u16,
    },
}
