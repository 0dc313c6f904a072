//! Spikes of HDF5 files read piece by piece, so that files of any size take little memory: SHD's
//! layout, SONATA's, and lists in the root group.

use super::layout::{Layout, one_line};
use super::lists::Lists;
use crate::convert::columns::{Columns, Told, role};
use crate::convert::stream::{
    BLOCK, Block, Head, Precision, Sensor, Source, TakeBlock, TimeUnit, flush,
};
use crate::error::DataError;
use crate::formats::numbers::NumberType;
use std::ops::Range;
use std::path::Path;

/// The populations of SONATA spikes, and where their lists are.
type Populations = Vec<(String, [String; 2])>;

/// Which layout a file has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    Shd,
    Sonata(Populations),
    /// The names of the lists in the root group.
    Lists(Vec<String>),
}

/// Tells the layout of spikes in an open file.
pub(crate) fn found(layout: &Layout) -> Result<Found, DataError> {
    let wrong = |e: hdf5_reader::error::Error| layout.error("HDF5", one_line(&e));
    let root = layout.file.root_group().map_err(wrong)?;
    let (groups, lists) = root.member_names().map_err(wrong)?;
    if !groups.iter().any(|name| name == "spikes") {
        return Ok(Found::Lists(lists));
    }
    let spikes = root.group("spikes").map_err(wrong)?;
    let (inner, datasets) = spikes.member_names().map_err(wrong)?;
    let has = |list: &[String], name: &str| list.iter().any(|known| known == name);
    let pair = |list: &[String], at: &str| -> Option<[String; 2]> {
        let ids = ["node_ids", "gids"].into_iter().find(|name| has(list, name))?;
        has(list, "timestamps").then(|| [format!("{at}timestamps"), format!("{at}{ids}")])
    };
    if has(&datasets, "times") && has(&datasets, "units") {
        return Ok(Found::Shd);
    }
    let mut populations = Vec::new();
    // Early files have one population without a name.
    populations.extend(pair(&datasets, "spikes/").map(|pair| (String::new(), pair)));
    for name in inner {
        let below = spikes.group(&name).map_err(wrong)?;
        let (_, datasets) = below.member_names().map_err(wrong)?;
        populations.extend(pair(&datasets, &format!("spikes/{name}/")).map(|pair| (name, pair)));
    }
    match populations.is_empty() {
        true => Err(layout.error(
            "spikes",
            "neither times and units (SHD) nor populations with timestamps and node_ids (SONATA)",
        )),
        false => Ok(Found::Sonata(populations)),
    }
}

/// A file in SHD's layout.
pub(crate) struct ShdSource {
    layout: Layout,
    head: Head,
    times: (NumberType, Vec<Range<u64>>),
    units: (NumberType, Vec<Range<u64>>),
}

impl ShdSource {
    pub fn open(layout: Layout) -> Result<ShdSource, DataError> {
        let times = layout.rows("spikes/times", true)?;
        let units = layout.rows("spikes/units", false)?;
        let n = times.1.len();
        if units.1.len() != n {
            let problem = format!("{} rows, but {n} of times", units.1.len());
            return Err(layout.error("spikes/units", problem));
        }
        for i in 0..n {
            let length = |(kind, rows): &(NumberType, Vec<Range<u64>>)| {
                (rows[i].end - rows[i].start) / kind.size as u64
            };
            let (a, b) = (length(&times), length(&units));
            if a != b {
                let problem = format!("{b} units, but {a} times");
                return Err(layout.error(format!("spikes/units[{i}]"), problem));
            }
        }
        let precision = match times.0.size {
            2 => Precision::Float16,
            4 => Precision::Float32,
            _ => Precision::Full,
        };
        let mut head = Head::new(TimeUnit::Seconds, precision);
        (head.many, head.recordings) = (true, Some(n));
        head.classes = layout.strings("extra/keys")?.unwrap_or_default();
        let limit = if head.classes.is_empty() { 1 << 16 } else { head.classes.len() };
        head.labels = layout.whole_numbers("labels", limit)?;
        head.speakers = layout.whole_numbers("extra/speaker", 1 << 16)?;
        let own = |name: &str| -> Result<Option<Vec<f64>>, DataError> {
            let Some(numbers) = layout.numbers(name)? else { return Ok(None) };
            if numbers.len() != n || numbers.iter().any(|x| !(*x >= 0.0 && x.is_finite())) {
                let wanted = format!("expected {n} numbers of at least 0, one a recording");
                return Err(layout.error(name, wanted));
            }
            Ok(Some(numbers))
        };
        head.durations_ms = own("extra/equipoise/duration_ms")?;
        let most = own("extra/equipoise/units")?.and_then(|u| u.into_iter().reduce(f64::max));
        head.units = most.map(|units| units as u64);
        for name in ["extra/meta_info/gender", "extra/equipoise/origin", "extra/equipoise/index"] {
            if layout.find(name)?.is_some() {
                let name = name
                    .rsplit_once('/')
                    .map_or(name, |(group, last)| if last == "gender" { group } else { name });
                head.left_out.push(name.to_owned());
            }
        }
        Ok(ShdSource { layout, head, times, units })
    }

    /// The numbers of a piece of a row.
    fn piece(
        &self,
        name: &str,
        kind: NumberType,
        at: u64,
        n: usize,
    ) -> Result<Vec<f64>, DataError> {
        let bytes = self.layout.file.storage().read_range(at, n * kind.size);
        let bytes = bytes.map_err(|e| self.layout.error(name, one_line(&e)))?;
        Ok(bytes.chunks_exact(kind.size).map(|bytes| kind.decode(bytes)).collect())
    }
}

impl Source for ShdSource {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&self, take: &mut TakeBlock<'_>) -> Result<(), DataError> {
        let mut block = Block::default();
        let (time_kind, unit_kind) = (self.times.0, self.units.0);
        for (i, (times, units)) in self.times.1.iter().zip(&self.units.1).enumerate() {
            let spikes = (times.end - times.start) / time_kind.size as u64;
            let mut at = 0;
            while at < spikes {
                let n = (spikes - at).min((BLOCK - block.len()) as u64) as usize;
                let from = |row: &Range<u64>, kind: NumberType| row.start + at * kind.size as u64;
                let t = self.piece("spikes/times", time_kind, from(times, time_kind), n)?;
                let u = self.piece("spikes/units", unit_kind, from(units, unit_kind), n)?;
                for (k, (&t, &u)) in t.iter().zip(&u).enumerate() {
                    block.push(t, u, i as f64).map_err(|why| {
                        self.layout.error(format!("spikes/times[{i}][{}]", at + k as u64), why)
                    })?;
                }
                at += n as u64;
                if block.len() == BLOCK {
                    flush(&mut block, take)?;
                }
            }
        }
        flush(&mut block, take)
    }
}

/// Lists of times, units and more of one file: SONATA's, or those in the root group.
pub(crate) struct ListSource {
    lists: Lists,
    head: Head,
    columns: Columns,
}

impl ListSource {
    /// The population of this name of a SONATA file; without a name, the only one.
    pub fn sonata(
        layout: Layout,
        populations: &[(String, [String; 2])],
        wanted: Option<&str>,
        told: Told,
    ) -> Result<ListSource, DataError> {
        let names = || populations.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        let chosen = match (populations, wanted) {
            (all, Some(wanted)) => all.iter().find(|(name, _)| name == wanted),
            ([only], None) => Some(only),
            _ => None,
        };
        let Some((name, lists)) = chosen else {
            let problem = match wanted {
                Some(wanted) => format!("no population {wanted}: there are {}", names().join(", ")),
                None => format!(
                    "{} populations ({}): one must be chosen",
                    populations.len(),
                    names().join(", ")
                ),
            };
            return Err(layout.error("spikes", problem));
        };
        // Milliseconds, unless the attribute says seconds.
        let units = layout.find(&lists[0])?.and_then(|times| times.attribute("units").ok());
        let units = units.and_then(|units| units.read_string().ok());
        let unit = match units.as_deref().map(|text| text.trim_end_matches('\0')) {
            None | Some("ms" | "milliseconds" | "millisecond") => TimeUnit::Milliseconds,
            Some("s" | "seconds" | "second") => TimeUnit::Seconds,
            Some(other) => {
                let problem = format!("times in '{other}', expected milliseconds or seconds");
                return Err(layout.error(&lists[0], problem));
            }
        };
        let told = Told { unit: Some(told.unit.unwrap_or(unit)), ..told };
        let names = ["timestamps", "node_ids"];
        let columns = Columns::of(&names, told).map_err(|why| layout.error("spikes", why))?;
        let lists = Lists::open(layout, lists.to_vec())?;
        let mut head = Head::new(columns.unit, lists.precision());
        head.population = Some(name.clone()).filter(|name| !name.is_empty());
        if populations.len() > 1 {
            let others = names_but(populations, name);
            head.left_out.extend(others.into_iter().map(|name| format!("the population '{name}'")));
        }
        Ok(ListSource { lists, head, columns })
    }

    /// The lists in the root group, as NPZ files have them.
    pub fn root(layout: Layout, names: &[String], told: Told) -> Result<ListSource, DataError> {
        let spikes: Vec<&String> = names.iter().filter(|name| role(name).is_some()).collect();
        let columns = Columns::of(&spikes, told).map_err(|why| {
            layout.error("the root group", format!("{why}; or /spikes as in SHD or SONATA"))
        })?;
        let needed = columns.needed().into_iter().map(|i| spikes[i].clone()).collect();
        let lists = Lists::open(layout, needed)?;
        let mut head = Head::new(columns.unit, lists.precision());
        head.many = columns.has_recordings();
        head.sensor = columns.sensor();
        head.units = head.sensor.map(Sensor::units);
        let others = names.iter().filter(|name| role(name).is_none());
        head.left_out = others.map(|name| format!("the array '{name}'")).collect();
        Ok(ListSource { lists, head, columns: columns.renumbered() })
    }
}

fn names_but(populations: &[(String, [String; 2])], name: &str) -> Vec<String> {
    populations.iter().map(|p| p.0.clone()).filter(|other| other != name).collect()
}

impl Source for ListSource {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&self, take: &mut TakeBlock<'_>) -> Result<(), DataError> {
        let mut block = Block::default();
        self.lists.read(BLOCK, &mut |at, row| {
            self.columns
                .push(row, &mut block)
                .map_err(|why| self.lists.error(format!("spike {at}"), why))?;
            if block.len() == BLOCK {
                take(&mut block)?;
                block.clear();
            }
            Ok(())
        })?;
        flush(&mut block, take)
    }
}

/// The layout of the spikes in the HDF5 file at `path`.
pub(crate) fn layout_of(path: &Path) -> Result<(Layout, Found), DataError> {
    let layout = Layout::open(path)?;
    let found = found(&layout)?;
    Ok((layout, found))
}
