//! Lists of numbers of equal length in an HDF5 file, read side by side and piece by piece.

use super::layout::{Layout, one_line};
use crate::convert::stream::Precision;
use crate::error::DataError;
use crate::formats::numbers::NumberType;
use hdf5_reader::datatype_api::H5Type;
use hdf5_reader::error::{Error, Result as ReaderResult};
use hdf5_reader::{Dataset, Datatype, SliceInfo, SliceInfoElem};

/// A number of any type.
#[derive(Debug, Clone, Copy)]
struct Number(f64);

impl H5Type for Number {
    fn hdf5_type() -> Datatype {
        f64::hdf5_type()
    }

    fn from_bytes(bytes: &[u8], datatype: &Datatype) -> ReaderResult<Number> {
        match NumberType::of(datatype) {
            Some(kind) if bytes.len() >= kind.size => Ok(Number(kind.decode(bytes))),
            _ => Err(Error::InvalidData("expected numbers of 8 to 64 bits".into())),
        }
    }

    fn element_size(datatype: &Datatype) -> usize {
        NumberType::of(datatype).map_or(8, |kind| kind.size)
    }
}

/// Takes a row with its index.
pub(super) type TakeRow<'a> = dyn FnMut(u64, &[f64]) -> Result<(), DataError> + 'a;

/// Lists of equal length.
pub(super) struct Lists {
    layout: Layout,
    lists: Vec<(String, Dataset, NumberType)>,
    length: u64,
}

impl Lists {
    pub fn open(layout: Layout, names: Vec<String>) -> Result<Lists, DataError> {
        let mut lists = Vec::new();
        let mut length = None;
        for name in names {
            let dataset =
                layout.find(&name)?.ok_or_else(|| layout.error(&name, "no such dataset"))?;
            let &[n] = dataset.shape() else {
                let problem = format!("shape {:?}, expected a list", dataset.shape());
                return Err(layout.error(&name, problem));
            };
            if let Some(other) = length.filter(|&other| other != n) {
                return Err(layout.error(&name, format!("{n} entries, but {other} of the first")));
            }
            length = Some(n);
            let kind = NumberType::of(dataset.dtype())
                .ok_or_else(|| layout.error(&name, "expected numbers of 8 to 64 bits"))?;
            lists.push((name, dataset, kind));
        }
        Ok(Lists { layout, lists, length: length.unwrap_or(0) })
    }

    pub fn error(&self, place: impl Into<String>, problem: impl Into<String>) -> DataError {
        self.layout.error(place, problem)
    }

    /// How finely the first list stores its numbers.
    pub fn precision(&self) -> Precision {
        match self.lists.first().map(|list| list.2) {
            Some(NumberType { float: true, size: 2, .. }) => Precision::Float16,
            Some(NumberType { float: true, size: 4, .. }) => Precision::Float32,
            _ => Precision::Full,
        }
    }

    /// Gives every row to `take`, with its index; `piece` rows are read at a time.
    pub fn read(&self, piece: usize, take: &mut TakeRow<'_>) -> Result<(), DataError> {
        let mut row = vec![0.0; self.lists.len()];
        let mut at = 0;
        while at < self.length {
            let end = self.length.min(at + piece as u64);
            let part = SliceInfoElem::Slice { start: at, end, step: 1 };
            let part = SliceInfo { selections: vec![part] };
            let mut values = Vec::new();
            for (name, dataset, _) in &self.lists {
                let numbers = dataset.read_slice::<Number>(&part);
                values.push(numbers.map_err(|e| self.layout.error(name, one_line(&e)))?);
            }
            for i in 0..(end - at) as usize {
                row.iter_mut().zip(&values).for_each(|(x, values)| *x = values[i].0);
                take(at + i as u64, &row)?;
            }
            at = end;
        }
        Ok(())
    }
}
