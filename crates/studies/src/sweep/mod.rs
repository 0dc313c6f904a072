//! A study made by many processes: planned, shared out, and put together again.
//!
//! A study comes to its units of work in an order of its own (see
//! [`Division`](crate::context::Division)). [`plan()`] lets it come to them without making any and
//! writes them down; [`work()`] makes those of one task into the same run directory; and when all
//! are there, the study is run as ever, finds every unit, and so writes what one process would
//! have written; a [`Collector`] sees to it. Units that depend on others are planned in a later
//! stage, when those are there.
//!
//! ```text
//! DIR/config.toml, run.json   as of every run
//!     tasks.csv               index, task, stage, key, seed, seconds, made_from of each unit
//!     plan.json               the digest of tasks.csv, and what a task needs
//!     claims/                 one file for each unit under way, renewed while its process lives
//!     failures/               why a unit could not be made, one file each
//!     times/                  seconds that units took, one file for each process
//! ```
//!
//! Nothing here needs locks or equal clocks: a claim is a file that only one process can create,
//! its age is told by the clock of the file system, and work that is done twice gives equal bits.

mod claims;
mod collect;
mod engine;
mod grid;
mod plan;
mod planning;
mod remarks;
mod status;
mod studies;
mod tasks;
mod work;

pub use crate::sweep_error::SweepError;
pub use claims::{CLAIM_EXPIRY, is_under_way};
pub use collect::{Collection, Collector, tidy};
pub use engine::{Engine, Script, TASK_VARIABLES};
pub use grid::{GRID, Grid, GridAxis, GridSettings};
pub use plan::{Plan, PlannedUnit, Program};
pub use planning::{Planning, expected, extend, plan, write_plan};
pub use status::{Failure, Status, ranges};
pub use studies::{Visit, visit, visit_run};
pub use tasks::Tasks;
pub use work::{Assignment, Worked, work};
