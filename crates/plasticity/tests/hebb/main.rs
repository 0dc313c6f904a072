//! The Hebbian experiment against a simulation written straight from its definition, against the
//! study's printed numbers, and against theory.

#![allow(clippy::unwrap_used)] // the helpers of tests are tests
#![allow(clippy::needless_range_loop)] // indices read like the definition

mod published;
mod simulation;
mod theory;
