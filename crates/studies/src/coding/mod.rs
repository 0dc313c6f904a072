//! Does balance help to code images, and by what?
//!
//! Theory says that balance gives speed: a balanced network follows its input within a fraction of
//! the membrane time constant (van Vreeswijk & Sompolinsky 1996, Science 274:1724). What that is
//! worth for a code is asked here of networks that are brought to the same rate ([`matching`]), whose
//! state is measured and not named ([`state`]), and beside controls without recurrence
//! ([`conditions`]).
//!
//! | study | asks |
//! |---|---|
//! | [`speed`] | how soon after an image comes on can it be read, and how long does the last one stay? |
//! | [`dose`] | how does the code go with the balance that is measured, along lines of networks? |

pub mod conditions;
pub mod dose;
pub mod dynamics;
pub mod matching;
pub mod pictures;
pub mod readout;
pub mod recording;
pub mod speed;
pub mod state;
pub mod statistics;
pub mod trained;

use std::path::Path;

use equipoise_data::Sides;

use crate::error::StudyError;
use crate::reconstruction::images::{DataSettings, Images};

pub use dose::Dose;
pub use speed::Speed;

/// Opens images whose classes and pixels are to be read.
fn open_images(data: &DataSettings, root: &Path, seed: u64) -> Result<Images, StudyError> {
    let images = data.open(root, seed, Sides::default())?;
    for part in [&images.train, &images.validation, &images.test] {
        part.require_labels()?;
        // Each image is followed by another one.
        if part.len() < 2 {
            return Err(StudyError::input(format!(
                "{}: 1 image is too few for a part; 2 are needed at least",
                part.name
            )));
        }
    }
    let shape = images.test.shape;
    if shape.height.min(shape.width) < 11 {
        return Err(StudyError::input(format!(
            "{}: images of {} x {} are smaller than the window of SSIM, 11 x 11",
            images.test.name, shape.height, shape.width
        )));
    }
    Ok(images)
}

/// A name as a part of a file's name.
fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '-' }).collect()
}
