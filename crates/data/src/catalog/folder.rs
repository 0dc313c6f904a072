//! A person's own images: where their folder is, and how it is divided.

use super::options::OpenOptions;
use crate::dataset::{Dataset, Loaded};
use crate::error::DataError;
use crate::formats::bytes::file_name;
use crate::formats::folder::{Like, Read, read};
use crate::images::ImageSet;
use crate::reading::{GoOn, Remark, RemarkKind};
use crate::select::{Share, stratified_split};
use std::path::{Path, PathBuf};

/// The folder `path`, as it stands or under the root.
fn locate(path: &str, root: &Path) -> Result<PathBuf, DataError> {
    [PathBuf::from(path), root.join(path)].into_iter().find(|p| p.is_dir()).ok_or_else(|| {
        DataError::Missing {
            name: format!("folder:{path}"),
            looked_in: root.to_owned(),
            wanted: format!(
                "expected a folder {path} of images, or with one subfolder of images a class"
            ),
        }
    })
}

/// What the folders of the two parts are called, the first choice first; in any case of letters.
const TRAIN: [&str; 2] = ["train", "training"];
const TEST: [&str; 5] = ["test", "testing", "val", "valid", "validation"];

/// The folders of the parts below a folder.
pub(super) struct Parts {
    pub train: PathBuf,
    pub test: PathBuf,
    /// A part for validation beside one for the test.
    left_out: Option<PathBuf>,
}

/// The parts into which a person has divided a folder.
pub(super) fn parts(base: &Path) -> Result<Option<Parts>, DataError> {
    let list = |e| DataError::io(base, "list", e);
    let mut folders: Vec<(String, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(base).map_err(list)? {
        let path = entry.map_err(list)?.path();
        if path.is_dir() {
            folders.push((file_name(&path).to_lowercase(), path));
        }
    }
    folders.sort();
    let find = |names: &[&str]| {
        let found = |name: &&str| folders.iter().find(|folder| folder.0 == *name);
        names.iter().find_map(found).map(|folder| folder.1.clone())
    };
    let (Some(train), Some(test)) = (find(&TRAIN), find(&TEST)) else { return Ok(None) };
    let left_out = find(&TEST[2..]).filter(|path| *path != test);
    Ok(Some(Parts { train, test, left_out }))
}

/// Opens a folder of images: its folders of training and test if it has both, otherwise all its
/// images, divided by class.
pub(super) fn open(
    path: &str,
    root: &Path,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    let base = locate(path, root)?;
    let name = format!("folder:{path}");
    match parts(&base)? {
        Some(Parts { train, test, left_out }) => {
            let mut loaded = open_parts(&train, &test, &name, options, go_on)?;
            if let Some(left_out) = left_out {
                let text = format!(
                    "{name}: the folder {} is left out, as there is {}; images for validation are \
                     taken from the training part",
                    file_name(&left_out),
                    file_name(&test)
                );
                loaded.remarks.push(Remark::new(RemarkKind::LeftOut, text));
            }
            Ok(loaded)
        }
        None => open_whole(&base, &name, options, go_on),
    }
}

/// Opens two folders of images, training and test.
pub(super) fn open_parts(
    train: &Path,
    test: &Path,
    name: &str,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    options.folder.validate()?;
    let part = |folder: &Path, name: String, like: Option<Like<'_>>| {
        read(folder, &options.folder, options.sides, name, like, go_on)
    };
    let Read { images: train, ground, mut remarks } = part(train, format!("{name}/train"), None)?;
    let like = Like { classes: &train.classes, shape: train.shape, ground };
    let Read { images: test, remarks: more, .. } = part(test, format!("{name}/test"), Some(like))?;
    remarks.extend(more);
    Ok(Loaded { dataset: Dataset::Images { train, test }, remarks })
}

/// Opens one folder of images, which is divided here.
pub(super) fn open_whole(
    base: &Path,
    name: &str,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    options.folder.validate()?;
    let Read { images, mut remarks, .. } =
        read(base, &options.folder, options.sides, name.to_owned(), None, go_on)?;
    let dataset = divide(&images, name, options, &mut remarks)?;
    Ok(Loaded { dataset, remarks })
}

/// Divides images into a training and a test part, class by class.
pub(super) fn divide(
    images: &ImageSet,
    name: &str,
    options: &OpenOptions,
    remarks: &mut Vec<Remark>,
) -> Result<Dataset, DataError> {
    options.folder.validate()?;
    let share = Share::Fraction(options.folder.test_fraction);
    let (train, test) = stratified_split(&images.labels, share, options.seed)
        .map_err(|e| DataError::Request(format!("{name}: {e}")))?;
    let text = format!(
        "{name}: divided by chance (seed {}) into {} training and {} test images",
        options.seed,
        train.len(),
        test.len()
    );
    remarks.push(Remark::new(RemarkKind::Amount, text));
    let part = |indices: &[usize], part: &str| ImageSet {
        name: format!("{name}/{part}"),
        ..images.subset(indices)
    };
    Ok(Dataset::Images { train: part(&train, "train"), test: part(&test, "test") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FolderOptions, ImageShape, Sides, TO_THE_END, load, open};
    use image::{GrayImage, Luma, Rgb, RgbImage};
    use std::fs;

    fn grey(path: &Path, width: u32, height: u32, value: u8) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        GrayImage::from_pixel(width, height, Luma([value])).save(path).unwrap();
    }

    fn options(size: Option<(u32, u32)>, grey: bool) -> OpenOptions {
        let folder = FolderOptions { size, grey, ..FolderOptions::default() };
        OpenOptions { folder, ..OpenOptions::default() }
    }

    fn images(root: &Path, options: &OpenOptions) -> Result<(ImageSet, ImageSet), DataError> {
        open("folder:mine", root, options)?.into_images()
    }

    #[test]
    fn a_folder_is_split_by_class() {
        let root = tempfile::tempdir().unwrap();
        for i in 0..10 {
            grey(&root.path().join(format!("mine/cats/{i}.png")), 5, 4, i);
            grey(&root.path().join(format!("mine/dogs/{i}.png")), 5, 4, 100 + i);
        }
        fs::write(root.path().join("mine/cats/notes.txt"), "not an image").unwrap();
        fs::write(root.path().join("mine/cats/.hidden.png"), "not an image").unwrap();
        let (train, test) = images(root.path(), &options(None, false)).unwrap();
        assert_eq!(train.shape, ImageShape { channels: 1, height: 4, width: 5 });
        assert_eq!(train.classes, ["cats", "dogs"]);
        assert_eq!((train.class_counts(), test.class_counts()), (vec![8, 8], vec![2, 2]));
        let mut all = [&train.pixels[..], &test.pixels].concat();
        all.dedup();
        all.sort_unstable();
        assert_eq!(all, (0..10).chain(100..110).collect::<Vec<u8>>());
        for i in 0..train.len() {
            assert_eq!(train.image(i)[0] >= 100, train.labels[i] == 1);
        }
    }

    #[test]
    fn train_and_test_folders_are_kept_apart() {
        let root = tempfile::tempdir().unwrap();
        grey(&root.path().join("mine/train/a/1.png"), 2, 2, 1);
        grey(&root.path().join("mine/train/b/1.png"), 2, 2, 2);
        grey(&root.path().join("mine/test/a/1.png"), 2, 2, 3);
        let problem = images(root.path(), &options(None, false)).unwrap_err().to_string();
        assert!(problem.contains("classes a, expected a, b"), "{problem}");
        grey(&root.path().join("mine/test/b/1.png"), 2, 2, 4);
        let (train, test) = images(root.path(), &options(None, false)).unwrap();
        assert_eq!((train.image(1)[0], test.image(1)[0]), (2, 4));
    }

    #[test]
    fn parts_are_found_by_what_people_call_them() {
        for (names, wanted, left_out) in [
            (&["Train", "Test"][..], (1, 2), 0),
            (&["training", "testing"], (1, 2), 0),
            (&["train", "val"], (1, 2), 0),
            (&["train", "validation"], (1, 2), 0),
            (&["train", "test", "val"], (1, 2), 1),
        ] {
            let root = tempfile::tempdir().unwrap();
            for (i, part) in names.iter().enumerate() {
                for class in ["a", "b"] {
                    let path = root.path().join(format!("mine/{part}/{class}/1.png"));
                    grey(&path, 2, 2, i as u8 + 1);
                }
            }
            let (train, test, remarks) = loaded(root.path(), &options(None, false));
            assert_eq!((train.image(0)[0], test.image(0)[0]), wanted, "{names:?}");
            assert_eq!(train.classes, ["a", "b"]);
            assert_eq!(of(&remarks, RemarkKind::LeftOut).len(), left_out);
        }
    }

    #[test]
    fn images_are_resized_and_converted() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("mine/red/1.png");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::from_pixel(6, 3, Rgb([200, 100, 50])).save(&path).unwrap();
        RgbImage::from_pixel(6, 3, Rgb([200, 100, 50])).save(path.with_file_name("2.jpg")).unwrap();
        let (train, test) = images(root.path(), &options(Some((2, 4)), false)).unwrap();
        assert_eq!(train.shape, ImageShape { channels: 3, height: 2, width: 4 });
        let png = if train.image(0)[0] == 200 { &train } else { &test };
        assert_eq!(png.pixels, [[200; 8], [100; 8], [50; 8]].concat());
        let (train, _) = images(root.path(), &options(None, true)).unwrap();
        assert_eq!(train.shape, ImageShape { channels: 1, height: 3, width: 6 });
        // 0.2126 R + 0.7152 G + 0.0722 B.
        assert!(train.pixels[0].abs_diff(117) <= 2, "{}", train.pixels[0]);
    }

    #[test]
    fn bad_folders_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let problem = |options: &OpenOptions| images(root.path(), options).unwrap_err().to_string();
        let plain = options(None, false);
        assert!(problem(&plain).contains("expected a folder mine"));
        fs::create_dir_all(root.path().join("mine")).unwrap();
        assert!(problem(&plain).contains("mine: the folder: no subfolder and no picture"));
        fs::create_dir_all(root.path().join("mine/empty")).unwrap();
        assert!(problem(&plain).contains("empty: the folder: no image, expected at least one"));
        let path = root.path().join("mine/empty/1.png");
        grey(&path, 8, 8, 3);
        grey(&path.with_file_name("2.png"), 8, 8, 3);
        let whole = fs::read(&path).unwrap();
        for keep in [0, 1, 8, 20, whole.len() / 2, whole.len() - 13] {
            fs::write(path.with_file_name("2.png"), &whole[..keep]).unwrap();
            assert!(problem(&plain).contains("2.png"), "{keep}");
        }
        for size in [(0, 5), (5, 0), (5000, 5)] {
            assert!(problem(&options(Some(size), false)).contains("each side must be 1 to 4096"));
        }
        let folder = FolderOptions { test_fraction: 1.0, ..FolderOptions::default() };
        let options = OpenOptions { folder, ..OpenOptions::default() };
        assert!(problem(&options).contains("a test fraction of 1"));
    }

    /// The parts, and the kinds of the remarks with their texts.
    fn loaded(
        root: &Path,
        options: &OpenOptions,
    ) -> (ImageSet, ImageSet, Vec<(RemarkKind, String)>) {
        let Loaded { dataset, remarks } = load("folder:mine", root, options, TO_THE_END).unwrap();
        let (train, test) = dataset.into_images().unwrap();
        (train, test, remarks.into_iter().map(|r| (r.kind, r.text)).collect())
    }

    fn of(remarks: &[(RemarkKind, String)], kind: RemarkKind) -> Vec<&str> {
        remarks.iter().filter(|r| r.0 == kind).map(|r| r.1.as_str()).collect()
    }

    #[test]
    fn a_flat_folder_has_no_labels() {
        let root = tempfile::tempdir().unwrap();
        for i in 0..10 {
            grey(&root.path().join(format!("mine/{i}.png")), 5, 4, i);
        }
        let (train, test, remarks) = loaded(root.path(), &options(None, false));
        assert_eq!((train.len(), test.len()), (8, 2));
        assert!(!train.is_labelled() && train.require_labels().is_err());
        assert_eq!(of(&remarks, RemarkKind::Unlabelled).len(), 1);
        // Each image is the file of its index.
        let both = [&train, &test];
        for (set, i) in both.iter().flat_map(|&set| (0..set.len()).map(move |i| (set, i))) {
            assert_eq!(usize::from(set.image(i)[0]), set.indices[i]);
        }
        // Divided by the person: the same.
        for i in 0..4 {
            let part = if i < 3 { "train" } else { "test" };
            grey(&root.path().join(format!("mine/{part}/{i}.png")), 5, 4, i);
        }
        let (train, test, _) = loaded(root.path(), &options(None, false));
        assert_eq!((train.len(), test.len(), train.is_labelled()), (3, 1, false));
    }

    #[test]
    fn what_is_left_out_is_counted_and_named() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join("mine").join(name);
        for i in 0..5 {
            grey(&at(&format!("a/{i}.png")), 4, 4, 10 + i);
            grey(&at(&format!("a/deeper/{i}.png")), 4, 4, 10 + i);
        }
        grey(&at("top.png"), 4, 4, 9);
        fs::write(at("a/notes.txt"), "notes").unwrap();
        fs::write(at("a/.DS_Store"), "hidden").unwrap();
        fs::write(at("a/film.gif"), "GIF89a").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("nowhere.png", at("a/link.png")).unwrap();
        let (train, test, remarks) = loaded(root.path(), &options(None, false));
        assert_eq!(train.len() + test.len(), 5);
        let left_out = of(&remarks, RemarkKind::LeftOut);
        let told = |part: &str| left_out.iter().any(|text| text.contains(part));
        assert!(told("5 files") && told("a/deeper/0.png") && told("2 files"), "{left_out:?}");
        assert!(told("a/notes.txt") && told("a/film.gif") && told("top.png"), "{left_out:?}");
        assert!(!told(".DS_Store"));
        #[cfg(unix)]
        assert!(told("a/link.png"), "{left_out:?}");
        // A link that leads back up is not followed for ever.
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("..", at("a/deeper/up")).unwrap();
            loaded(root.path(), &options(None, false));
        }
    }

    #[test]
    fn images_of_several_sizes_are_fitted() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join("mine/a").join(name);
        for i in 0..4 {
            grey(&at(&format!("{i}.png")), 30, 22, i);
        }
        let sides = Sides { multiple: 4, least: 12 };
        let of_fours = OpenOptions { sides, ..options(None, false) };
        let size = |options: &OpenOptions| {
            let (train, test, remarks) = loaded(root.path(), options);
            assert_eq!(train.shape, test.shape);
            let resized = of(&remarks, RemarkKind::Resized).len();
            ((train.shape.height, train.shape.width), resized)
        };
        // All of one size that can be used: as they are.
        assert_eq!(size(&options(None, false)), ((22, 30), 0));
        assert_eq!(size(&of_fours), ((24, 32), 1));
        grey(&at("wide.png"), 60, 22, 9);
        assert_eq!(size(&options(None, false)), ((22, 30), 1));
        assert_eq!(size(&options(Some((10, 11)), false)), ((10, 11), 0));
        // Photographs, most of them 640 x 480: 128 pixels on the longer side.
        for i in 0..6 {
            grey(&at(&format!("photo{i}.png")), 640, 480, i);
        }
        assert_eq!(size(&of_fours), ((96, 128), 1));
        // A test part becomes as large as the training part.
        fs::rename(root.path().join("mine/a"), root.path().join("a")).unwrap();
        for (part, side) in [("train", 8), ("test", 9)] {
            grey(&root.path().join(format!("mine/{part}/x/1.png")), side, side, 7);
        }
        assert_eq!(size(&options(None, false)).0, (8, 8));
    }

    #[test]
    fn ink_in_the_alpha_channel_is_seen() {
        use image::{LumaA, Rgba, RgbaImage};
        // Ink of one value on the diagonal, nothing beside it.
        let alpha = |x: u32, y: u32| if x == y { 255 } else { 0 };
        for (ink, ground, values) in [(0, "white", [0, 255]), (255, "black", [255, 0])] {
            let root = tempfile::tempdir().unwrap();
            for i in 0..4 {
                let path = root.path().join(format!("mine/a/{i}.png"));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                let image = image::GrayAlphaImage::from_fn(6, 6, |x, y| LumaA([ink, alpha(x, y)]));
                let rgba = RgbaImage::from_fn(6, 6, |x, y| Rgba([ink, ink, ink, alpha(x, y)]));
                if i % 2 == 0 { image.save(path).unwrap() } else { rgba.save(path).unwrap() }
            }
            let (train, _, remarks) = loaded(root.path(), &options(None, true));
            assert_eq!(train.image(0)[..2], values);
            let told = of(&remarks, RemarkKind::Picture);
            assert!(told.len() == 1 && told[0].contains(ground) && told[0].contains("4 of 4"));
            assert!(of(&remarks, RemarkKind::Blank).is_empty());
            // A chosen ground holds, and blank images are remarked on.
            let chosen = if ink == 0 { crate::Ground::Black } else { crate::Ground::White };
            let folder = FolderOptions { ground: Some(chosen), ..FolderOptions::default() };
            let (_, _, remarks) =
                loaded(root.path(), &OpenOptions { folder, ..OpenOptions::default() });
            assert_eq!(of(&remarks, RemarkKind::Blank).len(), 2);
        }
    }

    #[test]
    fn a_wish_is_kept_and_a_default_fits() {
        let root = tempfile::tempdir().unwrap();
        for i in 0..10 {
            grey(&root.path().join(format!("mine/a/{i}.png")), 4, 4, i);
        }
        let wish = OpenOptions { train: Some(9), ..OpenOptions::default() };
        assert!(open("folder:mine", root.path(), &wish).is_err());
        let (train, test, remarks) =
            loaded(root.path(), &OpenOptions { fit_train: true, test: Some(1), ..wish });
        assert_eq!((train.len(), test.len()), (8, 1));
        assert_eq!(of(&remarks, RemarkKind::Amount).len(), 2);
    }

    #[test]
    fn the_caller_can_stop() {
        let root = tempfile::tempdir().unwrap();
        grey(&root.path().join("mine/a/1.png"), 4, 4, 1);
        let stop: crate::GoOn<'_> = &|| std::ops::ControlFlow::Break(());
        let stopped = load("folder:mine", root.path(), &OpenOptions::default(), stop);
        assert!(matches!(stopped, Err(DataError::Stopped)));
    }
}
