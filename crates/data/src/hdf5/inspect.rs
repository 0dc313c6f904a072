//! The datasets of an HDF5 file, told from its headers.

use super::layout::one_line;
use crate::error::DataError;
use crate::formats::bytes::read_file;
use crate::formats::facts::ArrayFacts;
use crate::formats::numbers::NumberType;
use crate::reading::TO_THE_END;
use hdf5_reader::group::Group;
use hdf5_reader::{Datatype, Hdf5File, OpenOptions};
use std::collections::BTreeMap;
use std::path::Path;

/// The most that a packed file is unpacked to, bytes.
const MOST_UNPACKED: u64 = 1 << 30;
/// The most that is read of a text or a header, bytes.
const MOST_READ: usize = 1 << 24;
/// How deep groups are followed.
const DEEPEST: usize = 8;

/// The datasets of the file at `path` with their groups, and its texts.
pub(crate) fn list(
    path: &Path,
    gzip: bool,
    most: usize,
) -> Result<(Vec<ArrayFacts>, BTreeMap<String, String>), DataError> {
    let options = OpenOptions::default()
        .with_max_chunk_bytes(MOST_READ)
        .with_max_read_bytes(MOST_READ)
        .with_max_object_header_bytes(MOST_READ);
    let wrong = |e| DataError::format(path, "HDF5", one_line(&e));
    let file = if gzip {
        let bytes = read_file(path, MOST_UNPACKED, TO_THE_END)?.bytes;
        Hdf5File::from_vec_with_options(bytes, options)
    } else {
        Hdf5File::open_with_options(path, options)
    };
    let file = file.map_err(wrong)?;
    let root = file.root_group().map_err(wrong)?;
    let mut found = Found { most, ..Found::default() };
    found.group(&root, "", 0).map_err(wrong)?;
    Ok((found.arrays, found.texts))
}

#[derive(Default)]
struct Found {
    most: usize,
    arrays: Vec<ArrayFacts>,
    texts: BTreeMap<String, String>,
}

impl Found {
    fn group(
        &mut self,
        group: &Group,
        prefix: &str,
        depth: usize,
    ) -> Result<(), hdf5_reader::error::Error> {
        let (groups, datasets) = group.member_names()?;
        for name in datasets {
            if self.arrays.len() >= self.most {
                return Ok(());
            }
            let dataset = group.dataset(&name)?;
            let full = format!("{prefix}{name}");
            let shape = dataset.shape().to_vec();
            let number = |kind: &Datatype| NumberType::of(kind).map(NumberType::name);
            let kind = match dataset.dtype() {
                Datatype::VarLen { base, .. } => {
                    number(base).map_or_else(|| "rows".to_owned(), |kind| format!("rows of {kind}"))
                }
                other => number(other).unwrap_or_else(|| "text or other".to_owned()),
            };
            if kind == "text or other"
                && shape == [1]
                && let Ok(texts) = dataset.read_strings()
            {
                self.texts.extend(texts.into_iter().map(|text| (full.clone(), text)));
            }
            self.arrays.push(ArrayFacts { name: full, shape, kind });
        }
        for name in groups {
            if depth < DEEPEST && self.arrays.len() < self.most {
                let below = group.group(&name)?;
                self.group(&below, &format!("{prefix}{name}/"), depth + 1)?;
            }
        }
        Ok(())
    }
}
