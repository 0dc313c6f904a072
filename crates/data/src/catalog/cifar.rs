//! CIFAR-10: where its six batches lie.

use crate::dataset::Dataset;
use crate::error::DataError;
use crate::formats::cifar::read_batches;
use crate::reading::GoOn;
use std::path::{Path, PathBuf};

/// The training batches, and the test batch.
pub(crate) const TRAIN: [&str; 5] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];
pub(crate) const TEST: &str = "test_batch.bin";

/// The folders under the root in which the batches are looked for.
pub(crate) const FOLDERS: [&str; 3] =
    ["cifar-10-batches-bin", "cifar-10/cifar-10-batches-bin", "cifar-10"];

/// The five training files and the test file.
pub(crate) fn locate(root: &Path) -> Result<Vec<PathBuf>, DataError> {
    let missing = |wanted: String| DataError::Missing {
        name: "cifar-10".into(),
        looked_in: root.to_owned(),
        wanted,
    };
    for folder in FOLDERS.map(|f| root.join(f)) {
        let find = |name: &str| {
            [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|p| p.is_file())
        };
        let names = || TRAIN.into_iter().chain([TEST]);
        let found: Vec<Option<PathBuf>> = names().map(find).collect();
        if found.iter().all(Option::is_some) {
            return Ok(found.into_iter().flatten().collect());
        }
        if found.iter().any(Option::is_some) {
            let absent = names().zip(&found).find(|(_, path)| path.is_none());
            let absent = absent.map_or("a batch", |(name, _)| name);
            return Err(missing(format!("{} has no {absent}", folder.display())));
        }
    }
    Err(missing(format!(
        "expected {}/{} and its five siblings (the binary version); \
         the official files can be downloaded",
        FOLDERS[0], TRAIN[0]
    )))
}

/// Opens CIFAR-10.
pub(crate) fn open(root: &Path, go_on: GoOn<'_>) -> Result<Dataset, DataError> {
    let files = locate(root)?;
    let (test, train) = files.split_last().expect("six files were located");
    Ok(Dataset::Images {
        train: read_batches(train, "cifar-10/train", go_on)?,
        test: read_batches(std::slice::from_ref(test), "cifar-10/test", go_on)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::cifar::encode;
    use crate::{OpenOptions, open, testing};

    /// The bytes of a record.
    const RECORD: usize = 3073;

    use std::fs;

    fn write_small(folder: &Path) -> Vec<u8> {
        fs::create_dir_all(folder).unwrap();
        for (k, name) in TRAIN.into_iter().chain([TEST]).enumerate() {
            let record = |i: usize| {
                let mut record = vec![((k + i) % 10) as u8];
                record.extend((0..RECORD - 1).map(|p| (p + 7 * k + i) as u8));
                record
            };
            fs::write(folder.join(name), [record(0), record(1), record(2)].concat()).unwrap();
        }
        fs::read(folder.join(TRAIN[0])).unwrap()
    }

    #[test]
    fn all_layouts_are_read() {
        for layout in FOLDERS {
            let root = tempfile::tempdir().unwrap();
            let first = write_small(&root.path().join(layout));
            let options = OpenOptions::default();
            let (train, test) =
                open("cifar-10", root.path(), &options).unwrap().into_images().unwrap();
            assert_eq!((train.len(), test.len()), (15, 3));
            assert_eq!(train.image(1), &first[RECORD + 1..2 * RECORD]);
            assert_eq!(train.labels[..6], [0, 1, 2, 1, 2, 3]);
            assert_eq!(encode(&train, 0..3).unwrap(), first);
        }
    }

    #[test]
    fn damaged_batches_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(FOLDERS[0]);
        let good = write_small(&folder);
        let problem = |bytes: &[u8]| {
            fs::write(folder.join(TRAIN[1]), bytes).unwrap();
            let error = open("cifar-10", root.path(), &OpenOptions::default()).unwrap_err();
            error.to_string()
        };
        let mut wrong_label = good.clone();
        wrong_label[RECORD] = 10;
        for (bytes, wanted) in [
            (&[][..], "byte 0: the file is empty"),
            (&good[..1], "record 0: the last record has 1 bytes, expected 3073"),
            (&good[..RECORD + 5], "record 1: the last record has 5 bytes"),
            (&good[..3 * RECORD - 1], "record 2: the last record has 3072 bytes"),
            (&[&good[..], &[0]].concat(), "record 3: the last record has 1 bytes"),
            (&good[..2 * RECORD], "2 records, expected 3 as in the first batch"),
            (&wrong_label, "record 1 (byte 3073): label 10, expected one of 0 to 9"),
        ] {
            let problem = problem(bytes);
            assert!(
                problem.contains("data_batch_2.bin: ") && problem.contains(wanted),
                "{problem}"
            );
        }
        fs::remove_file(folder.join(TEST)).unwrap();
        let problem = problem(&good);
        assert!(problem.contains("has no test_batch.bin"), "{problem}");
    }

    #[test]
    fn the_real_set_is_whole() {
        let Some(root) = testing::real_data("cifar-10-batches-bin") else { return };
        let (train, test) =
            open("cifar-10", &root, &OpenOptions::default()).unwrap().into_images().unwrap();
        assert_eq!(test.len(), 10_000);
        assert_eq!(test.class_counts(), [1000; 10]);
        assert_eq!(train.len() % 5, 0);
        // The well-known means and deviations of red, green and blue, to what JPEG copies and a
        // half of the images may change.
        for ((mean, std), (known_mean, known_std)) in train.channel_statistics().into_iter().zip([
            (0.4914, 0.2470),
            (0.4822, 0.2435),
            (0.4465, 0.2616),
        ]) {
            assert!((mean - known_mean).abs() < 0.01 && (std - known_std).abs() < 0.01);
        }
    }
}
