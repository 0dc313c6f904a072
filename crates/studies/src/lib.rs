//! Every study as a call: settings, inputs and a context in; results and a report out.
//!
//! A study is a module with its `Settings`, `Inputs` and `Results`, and a type that implements
//! [`Study`]. It prints nothing, knows no command line and ends no process. Who runs it gives it a
//! [`Context`]: an [`Observer`], told of progress and remarks and asked whether to stop, and a
//! [`Store`], a run directory or memory, in which finished units of work are kept.

pub mod balance;
pub mod classification;
pub mod context;
mod cost;
mod drive;
pub mod error;
pub mod hebb;
pub mod inspect;
pub mod metrics;
pub mod reconstruction;
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
