//! The Hebbian experiment against a simulation written straight from its definition, against the
//! study's printed numbers, and against theory.

mod published;
mod simulation;
mod theory;
