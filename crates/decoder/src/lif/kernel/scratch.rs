//! Memory that one thread uses again and again, so that no sample allocates.

use super::super::backward::NO_ROW;
use super::super::buffer::Buffer;
use super::super::net::Net;
use std::cell::RefCell;

/// Memory that one thread uses again and again.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) membrane: Buffer,
    pub(super) masks: Vec<u16>,
    pub(super) peaks: Vec<f32>,
    pub(super) logits: Vec<f32>,
    pub(super) counts: Vec<u32>,
    pub(super) sources: Vec<u32>,
    pub(super) d_logits: Vec<f32>,
    pub(super) injections: Vec<(usize, f32, usize)>,
    pub(super) row_of_step: Vec<u32>,
    /// (row of the weights, row of the derivatives) of each event or spike, and how many there
    /// are of each row of the weights.
    pub(super) uses: Vec<(u32, u32)>,
    pub(super) starts: Vec<u32>,
    pub(super) order: Vec<u32>,
    /// Derivatives for the currents, and how many rows of them are taken.
    pub(super) currents: Buffer,
    pub(super) taken: usize,
    pub(super) state: Buffer,
}

thread_local! {
    pub(super) static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Scratch {
    /// Makes room for the states of `samples` samples.
    pub(super) fn room_for_tapes(
        &mut self,
        (membrane, masks, peaks): (usize, usize, usize),
        samples: usize,
        hidden: usize,
        classes: usize,
    ) {
        self.membrane.grow(samples * membrane);
        if self.masks.len() < samples * masks {
            self.masks.resize(samples * masks, 0);
        }
        if self.logits.len() < classes {
            self.logits.resize(classes, 0.0);
        }
        if self.counts.len() < hidden {
            self.counts.resize(hidden, 0);
        }
        // The padding of the derivatives must be 0 whatever was here before.
        for buffer in [&mut self.peaks, &mut self.d_logits] {
            buffer.clear();
            buffer.resize(samples * peaks, 0.0);
        }
    }

    /// Forgets what another network left.
    pub(super) fn begin(&mut self, net: &Net<'_>) {
        self.uses.clear();
        self.taken = 0;
        self.row_of_step.clear();
        self.row_of_step.resize(net.dynamics.steps, NO_ROW);
    }

    /// Notes which derivatives the events up to step `last` need; gives the number of their rows.
    pub(super) fn use_events(&mut self, (steps, channels): (&[u16], &[u16]), last: usize) -> usize {
        self.row_of_step.fill(NO_ROW);
        let mut rows = 0;
        let mut current = usize::MAX;
        for (&step, &channel) in steps.iter().zip(channels) {
            let step = usize::from(step);
            if step > last {
                break;
            }
            if step != current {
                current = step;
                self.row_of_step[step] = (self.taken + rows) as u32;
                rows += 1;
            }
            self.uses.push((channel.into(), (self.taken + rows - 1) as u32));
        }
        rows
    }
}
