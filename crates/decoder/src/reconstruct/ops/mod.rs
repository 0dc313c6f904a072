//! The operations of the convolutional decoders, on channels-last images.
//!
//! Burn's own convolution copies patches and transposes images. On the Flex backend these
//! operations work on the numbers directly, image by image in parallel; on every other backend
//! they are plain tensor operations with the same results up to rounding.

mod conv;
mod host;
mod kernels;
mod pool;
#[cfg(test)]
mod tests;

pub use conv::{Activation, conv3x3, join_conv3x3, upsample_conv3x3};
pub use pool::max_pool2x2;
