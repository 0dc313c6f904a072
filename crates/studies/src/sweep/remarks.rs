//! What a person hears of a study of which one process makes a part.

use std::ops::ControlFlow;

use crate::{Event, Observer};

/// Passes on remarks and requests to stop. The progress of the study as a whole says nothing of a
/// part.
pub(super) struct Remarks<'a>(pub(super) &'a dyn Observer);

impl Observer for Remarks<'_> {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Remark(_) => self.0.observe(event),
            _ => self.0.observe(&Event::Poll),
        }
    }
}

/// Passes on requests to stop, and nothing else.
pub(super) struct Quiet<'a>(pub(super) &'a dyn Observer);

impl Observer for Quiet<'_> {
    fn observe(&self, _: &Event<'_>) -> ControlFlow<()> {
        self.0.observe(&Event::Poll)
    }
}
