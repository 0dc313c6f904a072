//! What columns and arrays of spikes are called: by this program, by NumPy's users, and by the tools
//! that people have spikes from.
//!
//! | what | names |
//! |---|---|
//! | time | `times` (s), `time`, `t`, `timestamp`, `timestamps`, `spike_times`; with `_s`, `_ms`, `_us` or `_ns` behind it, the unit |
//! | unit | `id`, `ids`, `unit`, `units`, `unit_id`, `unit_ids`, `neuron`, `neuron_id`, `neuron_ids`, `node_id`, `node_ids`, `sender`, `senders`, `channel`, `channels`, `i` |
//! | pixel | `x`, `y`, and `p` or `polarity` |
//! | recording | `sample`, `samples`, `recording`, `trial`, `trials` |
//!
//! Where a name has no unit: with `x` and `y`, microseconds (as event cameras write); with
//! `senders` (NEST) or `node_ids` (SONATA), ms; with `i` (Brian 2), s; `times`, s.

use super::stream::{Block, Sensor, TimeUnit};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Time(Option<TimeUnit>),
    Id,
    X,
    Y,
    Polarity,
    Recording,
}

/// What a column is, by its name.
pub(crate) fn role(name: &str) -> Option<Role> {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    let plain = |name: &str| {
        ["time", "times", "t", "timestamp", "timestamps", "spike_time", "spike_times"]
            .contains(&name)
    };
    if plain(&name) {
        return Some(Role::Time((name == "times").then_some(TimeUnit::Seconds)));
    }
    for unit in TimeUnit::ALL {
        let unit_name = unit.name();
        let endings = [
            format!("_{unit_name}"),
            format!("_({unit_name})"),
            format!("({unit_name})"),
            format!("_[{unit_name}]"),
            format!("[{unit_name}]"),
        ];
        if endings.iter().any(|ending| name.strip_suffix(ending.as_str()).is_some_and(plain)) {
            return Some(Role::Time(Some(unit)));
        }
    }
    match name.as_str() {
        "id" | "ids" | "unit" | "units" | "unit_id" | "unit_ids" | "neuron" | "neuron_id"
        | "neuron_ids" | "node_id" | "node_ids" | "sender" | "senders" | "channel" | "channels"
        | "i" => Some(Role::Id),
        "x" => Some(Role::X),
        "y" => Some(Role::Y),
        "p" | "polarity" => Some(Role::Polarity),
        "sample" | "samples" | "recording" | "trial" | "trials" => Some(Role::Recording),
        _ => None,
    }
}

/// What the columns of spikes are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Columns {
    time: usize,
    pub unit: TimeUnit,
    place: Place,
    recording: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum Place {
    Id(usize),
    Pixel(usize, usize, Option<usize>, Sensor),
}

/// What a person says about spikes to be read.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Told {
    /// The unit of times.
    pub unit: Option<TimeUnit>,
    /// Height and width of the sensor.
    pub sensor: Option<(u32, u32)>,
    /// Whether polarities are merged.
    pub merge: bool,
}

impl Told {
    /// The sensor of events with or without polarity.
    pub fn sensor(self, polarity: bool, default: Option<(u32, u32)>) -> Result<Sensor, String> {
        let (height, width) = self
            .sensor
            .or(default)
            .ok_or("the columns x and y need the height and width of the sensor to be said")?;
        let sensor =
            Sensor { polarities: if polarity && !self.merge { 2 } else { 1 }, height, width };
        if sensor.units() == 0 || sensor.units() > 1 << 32 {
            return Err(format!("a sensor of {height} x {width} pixels: 1 to 2^31 are possible"));
        }
        Ok(sensor)
    }
}

impl Columns {
    /// The columns of these names.
    pub fn of<S: AsRef<str>>(names: &[S], told: Told) -> Result<Columns, String> {
        let mut found: [Option<usize>; 6] = [None; 6];
        let mut unit = None;
        for (i, name) in names.iter().enumerate() {
            let Some(role) = role(name.as_ref()) else { continue };
            let slot = match role {
                Role::Time(_) => 0,
                Role::Id => 1,
                Role::X => 2,
                Role::Y => 3,
                Role::Polarity => 4,
                Role::Recording => 5,
            };
            if let Some(other) = found[slot] {
                let (a, b) = (names[other].as_ref(), name.as_ref());
                return Err(format!("'{a}' and '{b}' are the same twice, expected one of them"));
            }
            found[slot] = Some(i);
            if let Role::Time(said) = role {
                unit = said;
            }
        }
        let all = || names.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
        let [time, id, x, y, polarity, recording] = found;
        let time = time.ok_or_else(|| {
            format!("no column of times ({}), expected one such as time_ms", all())
        })?;
        let place = match (id, x, y) {
            (Some(id), None, None) => Place::Id(id),
            (None, Some(x), Some(y)) => {
                Place::Pixel(x, y, polarity, told.sensor(polarity.is_some(), None)?)
            }
            _ => {
                return Err(format!("no column of units ({}), expected id, or x and y", all()));
            }
        };
        let by_tool = || match &place {
            Place::Pixel(..) => Some(TimeUnit::Microseconds),
            Place::Id(id) => match names[*id].as_ref().trim().to_lowercase().as_str() {
                "sender" | "senders" | "node_id" | "node_ids" => Some(TimeUnit::Milliseconds),
                "i" => Some(TimeUnit::Seconds),
                _ => None,
            },
        };
        // NEST calls its times so too, which are ms.
        let said = unit.filter(|_| names[time].as_ref().trim().to_lowercase() != "times");
        let unit = told.unit.or(said).or_else(by_tool).or(unit).ok_or_else(|| {
            format!(
                "nothing says the unit of '{}': say it, or call the column {}_ms, _s, _us or _ns",
                names[time].as_ref(),
                names[time].as_ref()
            )
        })?;
        Ok(Columns { time, unit, place, recording })
    }

    /// Columns without names: time, unit and, if there are three, recording.
    pub fn unnamed(count: usize, told: Told) -> Result<Columns, String> {
        if !(2..=3).contains(&count) {
            return Err(format!("{count} columns without names, expected time, unit[, recording]"));
        }
        let unit = told.unit.ok_or("the columns have no names: the unit of times must be said")?;
        let recording = (count == 3).then_some(2);
        Ok(Columns { time: 0, unit, place: Place::Id(1), recording })
    }

    /// The columns that are needed, in the order in which [`Self::renumbered`] has them.
    pub fn needed(&self) -> Vec<usize> {
        let mut needed = vec![self.time];
        match self.place {
            Place::Id(id) => needed.push(id),
            Place::Pixel(x, y, p, _) => needed.extend([Some(x), Some(y), p].into_iter().flatten()),
        }
        needed.extend(self.recording);
        needed
    }

    /// The same for rows that hold only the columns that are needed.
    pub fn renumbered(&self) -> Columns {
        let needed = self.needed();
        let at = |i: usize| needed.iter().position(|&n| n == i).unwrap_or(0);
        let place = match self.place {
            Place::Id(id) => Place::Id(at(id)),
            Place::Pixel(x, y, p, sensor) => Place::Pixel(at(x), at(y), p.map(at), sensor),
        };
        Columns { time: 0, unit: self.unit, place, recording: self.recording.map(at) }
    }

    /// Whether a spike says of which recording it is.
    pub fn has_recordings(&self) -> bool {
        self.recording.is_some()
    }

    /// The sensor of events at pixels.
    pub fn sensor(&self) -> Option<Sensor> {
        match self.place {
            Place::Id(_) => None,
            Place::Pixel(.., sensor) => Some(sensor),
        }
    }

    /// Adds the spike of a row.
    pub fn push(&self, row: &[f64], block: &mut Block) -> Result<(), String> {
        let recording = self.recording.map_or(0.0, |i| row[i]);
        let id = match self.place {
            Place::Id(id) => row[id],
            Place::Pixel(x, y, p, sensor) => {
                f64::from(sensor.id(row[x], row[y], p.map_or(0.0, |p| row[p]))?)
            }
        };
        block.push(row[self.time], id, recording)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_by_names() {
        use TimeUnit::{Microseconds, Milliseconds, Nanoseconds, Seconds};
        let told = Told { sensor: Some((34, 34)), ..Told::default() };
        let unit = |names: &[&str]| Columns::of(names, told).map(|c| c.unit);
        assert_eq!(unit(&["time_ms", "id"]), Ok(Milliseconds));
        assert_eq!(unit(&["id", "Time [us]"]), Ok(Microseconds));
        assert_eq!(unit(&["unit", "t(ns)"]), Ok(Nanoseconds));
        assert_eq!(unit(&["times", "ids", "sample"]), Ok(Seconds));
        // NEST, SONATA's CSV, Brian 2, event cameras.
        assert_eq!(unit(&["senders", "times"]), Ok(Milliseconds));
        assert_eq!(unit(&["sender", "time_ms"]), Ok(Milliseconds));
        assert_eq!(unit(&["timestamps", "population", "node_ids"]), Ok(Milliseconds));
        assert_eq!(unit(&["i", "t"]), Ok(Seconds));
        assert_eq!(unit(&["x", "y", "t", "p"]), Ok(Microseconds));
        for wrong in
            [&["time", "id"][..], &["id"], &["time_ms"], &["time_ms", "x"], &["t", "t", "id"]]
        {
            assert!(unit(wrong).is_err(), "{wrong:?}");
        }
        let said = Told { unit: Some(Nanoseconds), ..told };
        assert_eq!(Columns::of(&["time", "id"], said).unwrap().unit, Nanoseconds);
        assert!(Columns::of(&["x", "y", "t"], Told::default()).is_err());
        assert!(
            Columns::unnamed(2, Told::default()).is_err() && Columns::unnamed(4, said).is_err()
        );
    }

    #[test]
    fn a_row_becomes_a_spike() {
        let told = Told { sensor: Some((4, 5)), ..Told::default() };
        let columns = Columns::of(&["p", "what", "x", "y", "t", "trial"], told).unwrap();
        let mut block = Block::default();
        columns.push(&[1.0, f64::NAN, 2.0, 3.0, 77.0, 6.0], &mut block).unwrap();
        assert_eq!(
            block,
            Block { times: vec![77.0], ids: vec![(4 + 3) * 5 + 2], samples: vec![6] }
        );
        assert_eq!(columns.needed(), [4, 2, 3, 0, 5]);
        let mut again = Block::default();
        columns.renumbered().push(&[77.0, 2.0, 3.0, 1.0, 6.0], &mut again).unwrap();
        assert_eq!(again, block);
        assert!(columns.push(&[1.0, 0.0, 5.0, 3.0, 77.0, 6.0], &mut block).is_err());
    }
}
