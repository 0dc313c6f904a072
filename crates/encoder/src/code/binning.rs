//! Recorded spikes on a time grid.

use super::{CodeError, Events};
use equipoise_data::SpikeSet;
use serde::{Deserialize, Serialize};

/// Settings of the time grid of recorded spikes.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Binning {
    /// The number of steps.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub steps: usize,
    /// The time that the steps cover, s; the set's own duration if absent. Later spikes are
    /// left out.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub max_time: Option<f64>,
}

impl Default for Binning {
    fn default() -> Self {
        Binning { steps: 100, max_time: None }
    }
}

/// The spikes of every sample on the grid: step floor(t / width) with width = max_time / steps,
/// and a spike at max_time itself in the last step. A unit that spikes several times in a step
/// gives that many events (as the E:I study sums them). The width is the events'
/// [`step_ms`](Events::step_ms).
///
/// # Errors
/// If the grid has no step, more than 65,536 steps or channels, or no length.
pub fn bin_spikes(spikes: &SpikeSet, settings: &Binning) -> Result<Events, CodeError> {
    let max_time = settings.max_time.unwrap_or(f64::from(spikes.duration));
    if !(max_time > 0.0 && max_time.is_finite()) {
        return Err(CodeError::MaxTime(max_time));
    }
    let width = max_time / settings.steps as f64;
    let mut events = Events::new(settings.steps, spikes.units)?
        .with_step_ms(1000.0 * max_time / settings.steps as f64)?;
    // Times are 32-bit numbers, and so is "at max_time": 1.4 as such a number is a little less
    // than 1.4, and 0.7 a little less than 0.7, which must not decide about a spike.
    let end = f64::from(max_time as f32).max(max_time);
    let last = settings.steps - 1;
    let mut sample = Vec::new();
    for i in 0..spikes.len() {
        let trains = spikes.sample(i);
        sample.clear();
        for (&t, &unit) in trains.times.iter().zip(trains.units) {
            let t = f64::from(t);
            if t <= end {
                sample.push((((t / width) as usize).min(last) as u16, unit));
            }
        }
        events.push_sample(&mut sample);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> SpikeSet {
        let recordings: [(&[f32], &[u16]); 3] =
            [(&[0.0, 0.25, 0.26, 0.26, 1.0], &[2, 1, 0, 0, 1]), (&[], &[]), (&[0.1, 1.5], &[2, 2])];
        let classes = vec!["only".into()];
        let set = SpikeSet::new("test", 3, 1.5, recordings, vec![0; 3], classes).unwrap();
        SpikeSet { duration: 1.0, ..set }
    }

    #[test]
    fn bins_are_half_open_and_the_last_one_closed() {
        let events = bin_spikes(&set(), &Binning { steps: 4, max_time: None }).unwrap();
        assert_eq!(events.sample(0), (&[0, 1, 1, 1, 3][..], &[2, 0, 0, 1, 1][..]));
        assert_eq!(events.sample(1), (&[][..], &[][..]));
        // The spike at 1.5 s is after the end.
        assert_eq!(events.sample(2), (&[0][..], &[2][..]));
        assert_eq!(events.step_ms, 250.0);
        // Two spikes of unit 0 in 1 s.
        assert_eq!(events.rate_hz(2.0), 2.0);
        let longer = bin_spikes(&set(), &Binning { steps: 2, max_time: Some(1.5) }).unwrap();
        assert_eq!(longer.sample(2), (&[0, 1][..], &[2, 2][..]));
        assert_eq!(events.subset(&[2, 0]).sample(1), events.sample(0));
    }

    #[test]
    fn a_grid_without_length_is_refused() {
        for (steps, max_time) in [(0, None), (70_000, None), (4, Some(0.0)), (4, Some(f64::NAN))] {
            assert!(bin_spikes(&set(), &Binning { steps, max_time }).is_err());
        }
    }
}
