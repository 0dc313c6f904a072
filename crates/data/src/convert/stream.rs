//! Spikes as they go from one file to another: in blocks, so that a file of any size takes little
//! memory.

use crate::error::DataError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The spikes of a block.
pub(crate) const BLOCK: usize = 1 << 16;
/// The most recordings of a file: what is kept of each is small, but not nothing.
pub(crate) const MOST_RECORDINGS: u64 = 1 << 24;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Microseconds.
    #[serde(rename = "us")]
    Microseconds,
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Nanoseconds,
}

impl TimeUnit {
    /// All of them.
    pub const ALL: [TimeUnit; 4] =
        [TimeUnit::Seconds, TimeUnit::Milliseconds, TimeUnit::Microseconds, TimeUnit::Nanoseconds];

    /// Its name: `s`, `ms`, `us` or `ns`.
    pub fn name(self) -> &'static str {
        match self {
            TimeUnit::Seconds => "s",
            TimeUnit::Milliseconds => "ms",
            TimeUnit::Microseconds => "us",
            TimeUnit::Nanoseconds => "ns",
        }
    }

    fn per_second(self) -> f64 {
        match self {
            TimeUnit::Seconds => 1.0,
            TimeUnit::Milliseconds => 1e3,
            TimeUnit::Microseconds => 1e6,
            TimeUnit::Nanoseconds => 1e9,
        }
    }

    /// A time of this unit in another, rounded once.
    pub(crate) fn to(self, other: TimeUnit, time: f64) -> f64 {
        let (here, there) = (self.per_second(), other.per_second());
        // Both quotients are whole numbers, so that the only rounding is that of the result.
        if here <= there { time * (there / here) } else { time / (here / there) }
    }
}

impl FromStr for TimeUnit {
    type Err = String;

    fn from_str(name: &str) -> Result<TimeUnit, String> {
        let found = TimeUnit::ALL.into_iter().find(|unit| unit.name() == name);
        found.ok_or_else(|| format!("unknown unit '{name}': known are s, ms, us and ns"))
    }
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How finely times are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    Float16,
    Float32,
    /// As 64-bit floating point, as whole numbers or as text.
    Full,
}

/// The pixels of a sensor whose spikes are events at pixels.
///
/// The unit of an event is `(polarity * height + y) * width + x`; with merged polarities there is
/// only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensor {
    /// 2 where brighter and darker are told apart, else 1.
    pub polarities: u32,
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
}

impl Sensor {
    /// The number of units.
    pub fn units(self) -> u64 {
        u64::from(self.polarities) * u64::from(self.height) * u64::from(self.width)
    }

    /// The unit of an event; with one polarity, that of the event does not matter.
    pub(crate) fn id(self, x: f64, y: f64, polarity: f64) -> Result<u32, String> {
        let Sensor { polarities, height, width } = self;
        let within = |value: f64, limit: u32| {
            value >= 0.0 && value < f64::from(limit) && value.fract() == 0.0
        };
        if !within(x, width) || !within(y, height) {
            return Err(format!(
                "an event at x {x}, y {y}, outside the {height} x {width} pixels of the sensor"
            ));
        }
        // Some tools write darker as -1.
        let polarity = if polarity == -1.0 { 0.0 } else { polarity };
        if !within(polarity, 2) {
            return Err(format!("a polarity of {polarity}, expected 0 or 1"));
        }
        let plane = if polarities == 2 { polarity as u32 } else { 0 };
        Ok((plane * height + y as u32) * width + x as u32)
    }

    /// The column, the row and the polarity of a unit.
    pub(crate) fn pixel(self, id: u32) -> (u32, u32, u32) {
        let row = id / self.width;
        (id % self.width, row % self.height, row / self.height)
    }
}

/// Some spikes, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Block {
    /// The time of each, in the unit of the stream.
    pub times: Vec<f64>,
    /// The unit (neuron or channel) of each.
    pub ids: Vec<u32>,
    /// The recording of each.
    pub samples: Vec<u32>,
}

impl Block {
    pub fn len(&self) -> usize {
        self.times.len()
    }

    pub fn clear(&mut self) {
        self.times.clear();
        self.ids.clear();
        self.samples.clear();
    }

    /// Adds a spike, if it can be one.
    pub fn push(&mut self, time: f64, id: f64, sample: f64) -> Result<(), String> {
        if !(id >= 0.0 && id <= f64::from(u32::MAX) && id.fract() == 0.0) {
            return Err(format!("unit {id}, expected a whole number from 0 to {}", u32::MAX));
        }
        if !(sample >= 0.0 && sample < MOST_RECORDINGS as f64 && sample.fract() == 0.0) {
            let most = MOST_RECORDINGS - 1;
            return Err(format!("recording {sample}, expected a whole number from 0 to {most}"));
        }
        self.push_at(time, id as u32, sample as u32)
    }

    /// Adds a spike of a unit that exists.
    pub fn push_at(&mut self, time: f64, id: u32, sample: u32) -> Result<(), String> {
        if !time.is_finite() {
            return Err(format!("a time of {time}, expected a number"));
        }
        self.times.push(time);
        self.ids.push(id);
        self.samples.push(sample);
        Ok(())
    }

    /// The stretches of spikes of one recording, after they were put together: (recording, from, to).
    pub fn by_recording(&mut self) -> Vec<(usize, usize, usize)> {
        if !self.samples.is_sorted() {
            let mut order: Vec<usize> = (0..self.len()).collect();
            order.sort_by_key(|&i| self.samples[i]);
            *self = Block {
                times: order.iter().map(|&i| self.times[i]).collect(),
                ids: order.iter().map(|&i| self.ids[i]).collect(),
                samples: order.iter().map(|&i| self.samples[i]).collect(),
            };
        }
        let mut start = 0;
        let stretch = |part: &[u32]| {
            let from = start;
            start += part.len();
            (part[0] as usize, from, start)
        };
        self.samples.chunk_by(|a, b| a == b).map(stretch).collect()
    }
}

/// What is known of spikes before they are read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    /// The unit of times.
    pub unit: TimeUnit,
    /// How finely times are stored.
    pub precision: Precision,
    /// Whether the file may hold several recordings.
    pub many: bool,
    /// The number of recordings, where the file says it.
    pub recordings: Option<usize>,
    /// The number of units, where the file says it.
    pub units: Option<u64>,
    /// The length of each recording, ms, where the file says it.
    pub durations_ms: Option<Vec<f64>>,
    /// The class of each recording.
    pub labels: Option<Vec<u16>>,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// The speaker of each recording.
    pub speakers: Option<Vec<u16>>,
    /// The pixels, of events.
    pub sensor: Option<Sensor>,
    /// The name of the population, if it has one.
    pub population: Option<String>,
    /// What else the file holds and nothing here takes over.
    pub left_out: Vec<String>,
}

impl Head {
    /// What nothing is known of.
    pub fn new(unit: TimeUnit, precision: Precision) -> Head {
        Head {
            unit,
            precision,
            many: false,
            recordings: None,
            units: None,
            durations_ms: None,
            labels: None,
            classes: Vec::new(),
            speakers: None,
            sensor: None,
            population: None,
            left_out: Vec::new(),
        }
    }
}

/// Takes block after block.
pub(crate) type TakeBlock<'a> = dyn FnMut(&mut Block) -> Result<(), DataError> + 'a;

/// Spikes that can be read, as often as one wants.
pub(crate) trait Source {
    /// What is known before.
    fn head(&self) -> &Head;
    /// Gives all spikes to `take`.
    fn read(&self, take: &mut TakeBlock<'_>) -> Result<(), DataError>;
}

/// Spikes that are being written.
pub(crate) trait Sink {
    /// Adds spikes.
    fn take(&mut self, block: &mut Block) -> Result<(), DataError>;
    /// Completes the file and gives it its name; says how times were rounded.
    fn finish(self: Box<Self>) -> Result<Rounding, DataError>;
}

/// How times changed when they were stored.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Rounding {
    /// How many did.
    pub changed: u64,
    /// By how much at most, in the unit that was read.
    pub most: f64,
}

impl Rounding {
    /// Takes a time into account, as it was and as it is stored.
    pub fn note(&mut self, was: f64, is: f64) {
        if was != is {
            self.changed += 1;
            self.most = self.most.max((was - is).abs());
        }
    }
}

/// Gives what is left in a block.
pub(crate) fn flush(block: &mut Block, take: &mut TakeBlock<'_>) -> Result<(), DataError> {
    if block.len() > 0 {
        take(block)?;
        block.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_converted_by_whole_factors() {
        use TimeUnit::{Microseconds, Milliseconds, Nanoseconds, Seconds};
        assert_eq!(Seconds.to(Milliseconds, 0.25), 250.0);
        assert_eq!(Microseconds.to(Milliseconds, 1234.0), 1.234);
        assert_eq!(Nanoseconds.to(Seconds, 5e8), 0.5);
        assert_eq!(Milliseconds.to(Milliseconds, 0.1), 0.1);
    }

    #[test]
    fn spikes_that_cannot_be_are_refused() {
        let mut block = Block::default();
        for (time, id, sample) in [
            (f64::NAN, 0.0, 0.0),
            (f64::INFINITY, 0.0, 0.0),
            (0.0, -1.0, 0.0),
            (0.0, 0.5, 0.0),
            (0.0, 4_294_967_296.0, 0.0),
            (0.0, f64::NAN, 0.0),
            (0.0, 0.0, -1.0),
            (0.0, 0.0, 1e9),
        ] {
            assert!(block.push(time, id, sample).is_err());
        }
        assert_eq!(block.len(), 0);
        block.push(-3.0, 4_294_967_295.0, 7.0).unwrap();
        assert_eq!(block, Block { times: vec![-3.0], ids: vec![u32::MAX], samples: vec![7] });
    }

    proptest! {
        #[test]
        fn a_pixel_and_its_unit_are_one(
            (width, x) in (1u32..300).prop_flat_map(|w| (Just(w), 0..w)),
            (height, y) in (1u32..300).prop_flat_map(|h| (Just(h), 0..h)),
            p in 0u32..2,
        ) {
            let sensor = Sensor { polarities: 2, height, width };
            let id = sensor.id(f64::from(x), f64::from(y), f64::from(p)).unwrap();
            prop_assert!(u64::from(id) < sensor.units());
            prop_assert_eq!(sensor.pixel(id), (x, y, p));
            let merged = Sensor { polarities: 1, ..sensor };
            let id = merged.id(f64::from(x), f64::from(y), f64::from(p)).unwrap();
            prop_assert_eq!(merged.pixel(id), (x, y, 0));
            prop_assert!(sensor.id(f64::from(width), 0.0, 0.0).is_err());
            prop_assert!(sensor.id(0.0, 0.0, 2.0).is_err());
        }

        #[test]
        fn whole_microseconds_survive_every_unit(t in 0u64..1 << 40) {
            for unit in TimeUnit::ALL {
                let there = TimeUnit::Microseconds.to(unit, t as f64);
                prop_assert_eq!(unit.to(TimeUnit::Microseconds, there).round(), t as f64);
            }
        }

        #[test]
        fn recordings_are_put_together_in_their_order(
            samples in prop::collection::vec(0u32..5, 0..50)
        ) {
            let mut block = Block::default();
            for (i, &s) in samples.iter().enumerate() {
                block.push_at(i as f64, 0, s).unwrap();
            }
            let parts = block.by_recording();
            prop_assert_eq!(parts.iter().map(|p| p.2 - p.1).sum::<usize>(), samples.len());
            for (sample, from, to) in parts {
                prop_assert!(block.times[from..to].is_sorted());
                prop_assert!(block.samples[from..to].iter().all(|&s| s as usize == sample));
            }
        }
    }
}
