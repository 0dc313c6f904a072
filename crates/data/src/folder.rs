//! A person's own images: a folder with one subfolder a class.

use super::bytes::{GoOn, file_name};
use super::identity::{FileIdentity, Fingerprint, Source};
use super::select::{Share, stratified_split};
use super::{DataError, Dataset, ImageSet, ImageShape, OpenOptions};
use image::imageops::FilterType;
use image::{DynamicImage, ImageReader};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How images in folders are read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FolderOptions {
    /// The height and width that every image is resized to; absent, all must be of one size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<(u32, u32)>,
    /// Whether colour images become grey (luma of ITU-R BT.709).
    pub grey: bool,
    /// The share of the images that becomes the test part, where the folder is not divided into
    /// `train` and `test`.
    pub test_fraction: f64,
}

impl Default for FolderOptions {
    fn default() -> Self {
        FolderOptions { size: None, grey: false, test_fraction: 0.2 }
    }
}

impl FolderOptions {
    fn validate(&self) -> Result<(), DataError> {
        if let Some((height, width)) = self.size
            && !((1..=4096).contains(&height) && (1..=4096).contains(&width))
        {
            return Err(DataError::Request(format!(
                "an image size of {height} x {width} was asked for: each side must be 1 to 4096"
            )));
        }
        if !(self.test_fraction > 0.0 && self.test_fraction < 1.0) {
            return Err(DataError::Request(format!(
                "a test fraction of {}: it must lie between 0 and 1",
                self.test_fraction
            )));
        }
        Ok(())
    }
}

/// The folder `path`, as it stands or under the root.
fn locate(path: &str, root: &Path) -> Result<PathBuf, DataError> {
    [PathBuf::from(path), root.join(path)].into_iter().find(|p| p.is_dir()).ok_or_else(|| {
        DataError::Missing {
            name: format!("folder:{path}"),
            looked_in: root.to_owned(),
            wanted: format!("expected a folder {path} with one subfolder of images a class"),
        }
    })
}

/// Opens a folder of images.
pub(crate) fn open(
    path: &str,
    root: &Path,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Dataset, DataError> {
    options.folder.validate()?;
    let base = locate(path, root)?;
    let name = format!("folder:{path}");
    let (train, test) = (base.join("train"), base.join("test"));
    if train.is_dir() && test.is_dir() {
        let train_set = read(&train, &options.folder, format!("{name}/train"), None, go_on)?;
        let wanted = (&train_set.classes[..], train_set.shape);
        let test_set = read(&test, &options.folder, format!("{name}/test"), Some(wanted), go_on)?;
        return Ok(Dataset::Images { train: train_set, test: test_set });
    }
    let all = read(&base, &options.folder, name.clone(), None, go_on)?;
    let share = Share::Fraction(options.folder.test_fraction);
    let (train, test) = stratified_split(&all.labels, share, options.seed)?;
    let part = |indices: &[usize], part: &str| ImageSet {
        name: format!("{name}/{part}"),
        ..all.subset(indices)
    };
    Ok(Dataset::Images { train: part(&train, "train"), test: part(&test, "test") })
}

/// The entries of a folder that are not hidden, in the order of their names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let list = |e| DataError::io(folder, "list", e);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(list)? {
        let entry = entry.map_err(list)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Reads the images of the subfolders of `folder`; `wanted` are the classes and the shape that
/// they must have.
fn read(
    folder: &Path,
    options: &FolderOptions,
    name: String,
    wanted: Option<(&[String], ImageShape)>,
    go_on: GoOn<'_>,
) -> Result<ImageSet, DataError> {
    let wrong = |problem: String| Err(DataError::format(folder, "the folder", problem));
    let class_folders: Vec<PathBuf> = entries(folder)?.into_iter().filter(|p| p.is_dir()).collect();
    let classes: Vec<String> = class_folders.iter().map(|p| file_name(p)).collect();
    if classes.is_empty() || classes.len() > 1 << 16 {
        return wrong(format!("{} subfolders, expected one of images a class", classes.len()));
    }
    if let Some((known, _)) = wanted
        && known != classes
    {
        let problem = format!("classes {}, expected {}", classes.join(", "), known.join(", "));
        return wrong(problem);
    }
    let mut files: Vec<(PathBuf, u16)> = Vec::new();
    for (label, class) in class_folders.iter().enumerate() {
        let is_image = |path: &PathBuf| {
            let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            path.is_file() && ["png", "jpg", "jpeg"].contains(&ending.as_str())
        };
        let found: Vec<PathBuf> = entries(class)?.into_iter().filter(is_image).collect();
        if found.is_empty() {
            let problem = "no image, expected at least one PNG or JPEG file";
            return Err(DataError::format(class, "the folder", problem));
        }
        files.extend(found.into_iter().map(|path| (path, label as u16)));
    }
    let (images, identities): (Vec<DynamicImage>, Vec<FileIdentity>) = files
        .par_iter()
        .map(
            |(path, _)| {
                if go_on().is_break() { Err(DataError::Stopped) } else { decode(path, options) }
            },
        )
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .unzip();
    let size = |image: &DynamicImage| (image.height(), image.width());
    let first = size(&images[0]);
    if let Some(other) = images.iter().position(|image| size(image) != first) {
        let ((h, w), (h0, w0)) = (size(&images[other]), first);
        let problem = format!(
            "{h} x {w} pixels, expected {h0} x {w0} as in {}; give a size to resize to \
             (--size, or data.folder.size in a configuration)",
            file_name(&files[0].0)
        );
        return Err(DataError::format(&files[other].0, "the image", problem));
    }
    let colour = |image: &DynamicImage| image.color().has_color();
    let channels = match wanted {
        Some((_, shape)) => shape.channels,
        None if !options.grey && images.iter().any(colour) => 3,
        None => 1,
    };
    let shape = ImageShape { channels, height: first.0 as usize, width: first.1 as usize };
    if let Some((_, known)) = wanted
        && known != shape
    {
        return wrong(format!("images of {shape}, expected {known} as in the training part"));
    }
    let mut pixels = Vec::with_capacity(images.len() * shape.pixels());
    for image in images {
        if channels == 1 {
            pixels.extend_from_slice(&image.into_luma8());
        } else {
            // From pixel by pixel to channel by channel.
            let rgb = image.into_rgb8();
            (0..3).for_each(|c| pixels.extend(rgb.iter().skip(c).step_by(3)));
        }
    }
    let labels = files.iter().map(|(_, label)| *label).collect();
    let indices = (0..files.len()).collect();
    Ok(ImageSet {
        shape,
        pixels,
        labels,
        classes,
        name,
        source: Source::files(identities),
        indices,
    })
}

/// Decodes and resizes one image. The decoder's limits (512 MiB) hold for what a file claims.
fn decode(path: &Path, options: &FolderOptions) -> Result<(DynamicImage, FileIdentity), DataError> {
    let bytes = std::fs::read(path).map_err(|e| DataError::io(path, "open", e))?;
    let folder = path.parent().map(file_name).unwrap_or_default();
    let identity = FileIdentity {
        name: format!("{folder}/{}", file_name(path)),
        bytes: bytes.len() as u64,
        sha256: Fingerprint::of(&bytes),
    };
    let reader = ImageReader::new(std::io::Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| DataError::io(path, "open", e))?;
    let image = reader.decode().map_err(|e| {
        let reason = e.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        DataError::format(path, "the image", format!("{reason}; expected a PNG or JPEG image"))
    })?;
    let image = match options.size {
        Some((height, width)) if (image.height(), image.width()) != (height, width) => {
            image.resize_exact(width, height, FilterType::CatmullRom)
        }
        _ => image,
    };
    Ok((image, identity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open;
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
        assert!(problem(&plain).contains("expected a folder mine with one subfolder"));
        fs::create_dir_all(root.path().join("mine")).unwrap();
        assert!(problem(&plain).contains("0 subfolders, expected one of images a class"));
        fs::create_dir_all(root.path().join("mine/empty")).unwrap();
        assert!(problem(&plain).contains("empty: the folder: no image, expected at least one"));
        let path = root.path().join("mine/empty/1.png");
        grey(&path, 8, 8, 3);
        grey(&path.with_file_name("2.png"), 8, 9, 3);
        assert!(problem(&plain).contains("2.png: the image: 9 x 8 pixels, expected 8 x 8"));
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
}
