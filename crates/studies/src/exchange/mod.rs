//! Networks that go to other tools and come from them.
//!
//! | module | what goes and comes |
//! |---|---|
//! | [`nir`] | E:I classifiers as graphs of the Neuromorphic Intermediate Representation |

pub mod nir;
