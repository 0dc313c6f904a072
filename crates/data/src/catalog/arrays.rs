//! Images and labels in NPZ files, by the names that people give them.

use super::folder::divide;
use super::options::OpenOptions;
use crate::dataset::{Dataset, Loaded};
use crate::error::DataError;
use crate::formats::array_file::open_arrays;
use crate::formats::arrays::Arrays;
use crate::formats::image_arrays::{Pixels, labels, pixels};
use crate::identity::Source;
use crate::images::ImageSet;
use crate::reading::{GoOn, Remark, RemarkKind};
use std::path::{Path, PathBuf};

/// The names of images and labels of a training part: Keras, MedMNIST, and others.
const TRAIN: [(&str, &str); 5] = [
    ("x_train", "y_train"),
    ("X_train", "y_train"),
    ("train_images", "train_labels"),
    ("train_x", "train_y"),
    ("images_train", "labels_train"),
];
/// The same of a test part.
const TEST: [(&str, &str); 5] = [
    ("x_test", "y_test"),
    ("X_test", "y_test"),
    ("test_images", "test_labels"),
    ("test_x", "test_y"),
    ("images_test", "labels_test"),
];
/// The same of images that are not divided.
const WHOLE: [(&str, &str); 4] = [("images", "labels"), ("x", "y"), ("X", "y"), ("arr_0", "arr_1")];
/// Images for validation beside both, which are not used.
const VALIDATION: [&str; 5] = ["x_val", "X_val", "val_images", "val_x", "images_val"];

/// The file `path`, as it stands or under the root.
fn locate(path: &str, root: &Path) -> Result<PathBuf, DataError> {
    [PathBuf::from(path), root.join(path)].into_iter().find(|p| p.is_file()).ok_or_else(|| {
        DataError::Missing {
            name: format!("npz:{path}"),
            looked_in: root.to_owned(),
            wanted: format!("expected a file {path} of images and labels as NumPy arrays"),
        }
    })
}

/// The arrays of a part, and the names of its classes.
pub(super) struct PartNames<'a> {
    pub images: &'a str,
    pub labels: Option<&'a str>,
    pub classes: &'a [String],
}

/// Reads a part from the arrays of a file, its labels perhaps from another.
pub(super) fn read_part(
    file: &dyn Arrays,
    label_file: &dyn Arrays,
    names: &PartNames<'_>,
    name: String,
    remarks: &mut Vec<Remark>,
) -> Result<ImageSet, DataError> {
    let Pixels { n, shape, pixels } = pixels(file, names.images, remarks)?;
    let (labels, classes) = match names.labels {
        Some(array) => labels(label_file, array, n, names.classes)?,
        None => {
            remarks
                .push(Remark::new(RemarkKind::Unlabelled, format!("{name}: there are no labels")));
            (vec![0; n], Vec::new())
        }
    };
    let mut files = vec![file.identity().clone()];
    if names.labels.is_some() && label_file.path() != file.path() {
        files.push(label_file.identity().clone());
    }
    let set = ImageSet::new(name, shape, pixels, labels, classes)?;
    Ok(ImageSet { source: Source::files(files), ..set })
}

/// The first pair of names of which the file has the images.
fn pair<'a>(file: &dyn Arrays, known: &[(&'a str, &'a str)]) -> Option<(&'a str, Option<&'a str>)> {
    let names = file.names();
    let has = |name: &str| names.iter().any(|known| known == name);
    let &(images, labels) = known.iter().find(|(images, _)| has(images))?;
    Some((images, has(labels).then_some(labels)))
}

/// Opens the file `path` of images and labels.
pub(super) fn open(
    path: &str,
    root: &Path,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    open_file(&locate(path, root)?, &format!("npz:{path}"), &[], options, go_on)
}

/// Opens a file of images and labels as the set `name`, with these names of the classes.
pub(super) fn open_file(
    path: &Path,
    name: &str,
    classes: &[String],
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    let file = &*open_arrays(path, go_on)?;
    let mut remarks = Vec::new();
    let mut read = |(images, labels), classes: &[String], name: String| {
        read_part(file, file, &PartNames { images, labels, classes }, name, &mut remarks)
    };
    let (train, test) = (pair(file, &TRAIN), pair(file, &TEST));
    if let (Some(train), Some(test)) = (train, test) {
        let mut train = read(train, classes, format!("{name}/train"))?;
        let mut test = read(test, classes, format!("{name}/test"))?;
        agree(path, &mut train, &mut test)?;
        if let Some(left_out) = VALIDATION.iter().find(|v| file.names().iter().any(|n| n == *v)) {
            let text = format!(
                "{name}: the images {left_out} are left out; images for validation are taken from \
                 the training part"
            );
            remarks.push(Remark::new(RemarkKind::LeftOut, text));
        }
        return Ok(Loaded { dataset: Dataset::Images { train, test }, remarks });
    }
    let only = match &file.names()[..] {
        [only] => Some(only.clone()),
        _ => None,
    };
    let only = only.as_deref().map(|only| (only, None));
    let Some(whole) = pair(file, &WHOLE).or(train).or(only) else {
        let problem = format!(
            "no images among its arrays ({}), expected x_train, y_train, x_test, y_test, or \
             train_images, train_labels and so on, or images, labels",
            file.names().join(", ")
        );
        return Err(DataError::format(path, "the arrays", problem));
    };
    let images = read(whole, classes, name.to_owned())?;
    let dataset = divide(&images, name, options, &mut remarks)?;
    Ok(Loaded { dataset, remarks })
}

/// Both parts have images of one size, and the classes of both.
pub(super) fn agree(
    path: &Path,
    train: &mut ImageSet,
    test: &mut ImageSet,
) -> Result<(), DataError> {
    let wrong = |problem: String| Err(DataError::format(path, "the test part", problem));
    if train.shape != test.shape {
        return wrong(format!("images {}, expected {} as in training", test.shape, train.shape));
    }
    if train.is_labelled() != test.is_labelled() {
        return wrong("labels in one part and none in the other".into());
    }
    // Where classes are known by their numbers alone, a part may lack the last.
    let most = if train.classes.len() >= test.classes.len() { &train } else { &test };
    let classes = most.classes.clone();
    (train.classes, test.classes) = (classes.clone(), classes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::npz::NpzWriter;
    use crate::{DataError, ImageSet, OpenOptions, RemarkKind, TO_THE_END, load};
    use std::path::Path;

    type Opened = (ImageSet, ImageSet, Vec<RemarkKind>);

    fn open(root: &Path) -> Result<Opened, DataError> {
        let loaded = load("mine.npz", root, &OpenOptions::default(), TO_THE_END)?;
        let kinds = loaded.remarks.iter().map(|r| r.kind).collect();
        let (train, test) = loaded.dataset.into_images()?;
        Ok((train, test, kinds))
    }

    /// An archive of images `[n, 2, 3]` and labels by these names.
    fn write(root: &Path, parts: &[(&str, &str, usize)], column: bool) {
        let mut file = NpzWriter::create(&root.join("mine.npz")).unwrap();
        for &(images, labels, n) in parts {
            file.array(images, &[n, 2, 3], (0..n * 6).map(|i| i as u8)).unwrap();
            let shape = if column { &[n, 1][..] } else { &[n] };
            file.array(labels, shape, (0..n).map(|i| (i % 2) as i64)).unwrap();
        }
        file.finish().unwrap();
    }

    #[test]
    fn the_names_that_people_give_are_known() {
        let root = tempfile::tempdir().unwrap();
        for (parts, column) in [
            (&[("x_train", "y_train", 4), ("x_test", "y_test", 2)][..], false),
            (&[("train_images", "train_labels", 4), ("test_images", "test_labels", 2)], true),
        ] {
            write(root.path(), parts, column);
            let (train, test, kinds) = open(root.path()).unwrap();
            assert_eq!((train.len(), test.len()), (4, 2));
            assert_eq!(
                (train.labels, train.classes),
                (vec![0, 1, 0, 1], vec!["0".into(), "1".into()])
            );
            assert_eq!(test.image(1), [6, 7, 8, 9, 10, 11]);
            assert!(kinds.is_empty());
        }
        let medical = [
            ("train_images", "train_labels", 4),
            ("val_images", "val_labels", 2),
            ("test_images", "test_labels", 2),
        ];
        write(root.path(), &medical, true);
        assert_eq!(open(root.path()).unwrap().2, [RemarkKind::LeftOut]);
        // Undivided.
        write(root.path(), &[("images", "labels", 10)], false);
        let (train, test, kinds) = open(root.path()).unwrap();
        assert_eq!((train.len(), test.len(), kinds), (8, 2, vec![RemarkKind::Amount]));
        write(root.path(), &[("what", "ever", 10)], false);
        assert!(open(root.path()).unwrap_err().to_string().contains("no images among its arrays"));
    }

    #[test]
    fn colours_come_first_or_last() {
        let root = tempfile::tempdir().unwrap();
        let planes = [10u8, 11, 20, 21, 30, 31];
        let mixed = [10u8, 20, 30, 11, 21, 31];
        for (shape, values) in [([6, 3, 1, 2], planes), ([6, 1, 2, 3], mixed)] {
            let mut file = NpzWriter::create(&root.path().join("mine.npz")).unwrap();
            file.array("images", &shape, values.repeat(6)).unwrap();
            file.finish().unwrap();
            let (train, _, kinds) = open(root.path()).unwrap();
            assert_eq!(train.image(0), planes);
            assert_eq!(kinds, [RemarkKind::Unlabelled, RemarkKind::Amount]);
        }
    }
}
