//! Every study as a call: settings, inputs and a context in; results and a report out.
//!
//! A study is a module with its `Settings`, `Inputs` and `Results`, and a type that implements
//! [`Study`]. It prints nothing, knows no command line and ends no process. Who runs it gives it a
//! [`Context`]: an [`Observer`], told of progress and remarks and asked whether to stop, and a
//! [`Store`], a run directory or memory, in which finished units of work are kept.
//!
//! # Vocabulary
//!
//! | name | what it is |
//! |---|---|
//! | [`Settings`] | all that a person can say of a study, with a seed; TOML by serde |
//! | inputs | what it reads, opened and checked before anything is computed |
//! | [`Context`] | who watches, and where finished work is kept |
//! | unit | a piece of work with a key, such as a trial, a cell or a point, kept as one file |
//! | [`Identity`] | what a unit depends on; a unit that was made from something else is refused |
//! | results | what was found: owned values that serialise |
//! | [`Metrics`] | the main numbers of the results, flat |
//!
//! # The studies
//!
//! | module | asks |
//! |---|---|
//! | [`reconstruction`] | how well are images decoded from spikes, in one regime or another? |
//! | [`classification`] | under which E:I ratio, rate and noise can a spiking classifier be trained? |
//! | [`balance`] | is a network balanced, and where does balance end? |
//! | [`decoding`] | what do recorded neurons say of a stimulus that changes over time? |
//! | [`coding`] | does balance help to code images, how fast, and by what? |
//! | [`populations`] | is each population of a network balanced, and can inhibition learn balance? |
//! | [`hebb`] | does the E/I ratio matter for Hebbian one-to-one maps? |
//! | [`stimulation`] | can a network be trained by driving it? |
//!
//! # Basic use
//!
//! ```
//! use equipoise_studies::hebb::{NetworkSettings, OneNetwork};
//! use equipoise_studies::{Context, Study};
//!
//! let settings = NetworkSettings::default();
//! let inputs = OneNetwork::open(&settings, "datasets".as_ref())?;
//! let results = OneNetwork::run(&settings, &inputs, &Context::default())?;
//! println!("{}", OneNetwork::summary(&results));
//! # Ok::<(), equipoise_studies::StudyError>(())
//! ```
//!
//! [`exchange`] takes trained networks to other tools and back.
//!
//! `examples/` has a program of ten lines for each family. [`sweep`] shares a study out among many
//! processes.
//!
//! # What it is not made for
//!
//! It is the place of questions and not of methods: simulators, decoders, measures and tests are in the
//! crates below, and can be called without it.

pub mod balance;
pub mod classification;
pub mod coding;
pub mod context;
pub mod cost;
pub mod decoding;
mod drive;
pub mod error;
pub mod exchange;
pub mod hebb;
pub mod inspect;
pub mod metrics;
pub mod populations;
pub mod reconstruction;
pub mod recordings;
pub mod regimes;
pub mod schema;
pub mod settings;
pub mod stimulation;
mod stop;
mod strip;
mod study;
pub mod sweep;
mod sweep_error;
pub mod timings;

pub use context::{
    Artefact, Context, Event, Identity, Memory, Observer, Silent, Stage, Stopped, Store,
};
pub use error::{OrStudyError, StudyError};
pub use metrics::Metrics;
pub use study::{Settings, Study};
