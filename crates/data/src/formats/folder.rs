//! A folder of pictures as a set of images: one subfolder a class, or no subfolders and no labels.

use crate::error::DataError;
use crate::formats::bytes::file_name;
use crate::formats::pictures::{self, ENDINGS, FORMATS, Ground, Picture};
use crate::identity::{FileIdentity, Source};
use crate::images::{ImageSet, ImageShape};
use crate::reading::{GoOn, Remark, RemarkKind};
use image::imageops::FilterType;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The longest side of images whose size nobody has chosen, pixels: larger ones are shrunk.
const FITTING_SIDE: usize = 128;
/// The most pixels that the images of a set may have together.
const MOST_VALUES: usize = 1 << 30;
/// How many files are named in a remark.
const NAMED: usize = 3;

/// How images in folders are read.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FolderOptions {
    /// The height and width that every image is resized to. Absent, images of one size of at most
    /// 128 x 128 pixels are taken as they are; others are resized to a size that fits the set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<(u32, u32)>,
    /// Whether colour images become grey (luma of ITU-R BT.709).
    pub grey: bool,
    /// The share of the images that becomes the test part, where the folder is not divided into
    /// `train` and `test`.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1)))]
    pub test_fraction: f64,
    /// What transparent images are put on. Absent: white, or black if all of them would then be
    /// blank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
}

impl Default for FolderOptions {
    fn default() -> Self {
        FolderOptions { size: None, grey: false, test_fraction: 0.2, ground: None }
    }
}

impl FolderOptions {
    pub(crate) fn validate(&self) -> Result<(), DataError> {
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

/// What the sides of images whose size nobody has chosen must be, for what is done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides {
    /// A side is a multiple of this.
    pub multiple: u32,
    /// A side is at least this long.
    pub least: u32,
}

impl Default for Sides {
    fn default() -> Self {
        Sides { multiple: 1, least: 1 }
    }
}

/// The pictures of a folder, not yet decoded.
struct Listing {
    classes: Vec<String>,
    /// Each file and its class.
    files: Vec<(PathBuf, u16)>,
    /// The files that are left out, by the reason.
    left_out: BTreeMap<&'static str, Vec<String>>,
}

const NO_PICTURE: &str = "no picture that is read";
const TOO_DEEP: &str = "deeper than one folder";
const BESIDE: &str = "beside the folders of the classes";
const BROKEN: &str = "a broken link";

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

/// Whether a file's ending is that of a picture.
fn is_picture(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    ENDINGS.contains(&ending.as_str())
}

impl Listing {
    /// Lists the pictures of `folder`.
    fn of(folder: &Path) -> Result<Listing, DataError> {
        let all = entries(folder)?;
        let folders: Vec<&PathBuf> = all.iter().filter(|p| p.is_dir()).collect();
        let pictures = || all.iter().filter(|p| p.is_file() && is_picture(p));
        let wrong = |problem: String| Err(DataError::format(folder, "the folder", problem));
        let mut listing =
            Listing { classes: Vec::new(), files: Vec::new(), left_out: BTreeMap::new() };
        if folders.is_empty() && pictures().next().is_none() {
            return wrong(format!(
                "no subfolder and no picture, expected {FORMATS} files, or one subfolder of them \
                 a class"
            ));
        }
        if folders.len() > 1 << 16 {
            return wrong(format!("{} subfolders, expected at most 65536 classes", folders.len()));
        }
        let flat = folders.is_empty();
        for path in all.iter().filter(|p| !p.is_dir()) {
            match listing.refusal(path) {
                Some(reason) => listing.leave_out(reason, path, folder),
                None if flat => listing.files.push((path.clone(), 0)),
                None => listing.leave_out(BESIDE, path, folder),
            }
        }
        for (label, class) in folders.into_iter().enumerate() {
            listing.classes.push(file_name(class));
            let before = listing.files.len();
            for path in entries(class)? {
                if path.is_dir() {
                    listing.leave_out_below(&path, folder, 0)?;
                } else if let Some(reason) = listing.refusal(&path) {
                    listing.leave_out(reason, &path, folder);
                } else {
                    listing.files.push((path, label as u16));
                }
            }
            if listing.files.len() == before {
                let problem = format!("no image, expected at least one {FORMATS} file");
                return Err(DataError::format(class, "the folder", problem));
            }
        }
        Ok(listing)
    }

    /// Why a file is no picture to be read.
    fn refusal(&self, path: &Path) -> Option<&'static str> {
        match path.metadata() {
            Err(_) => Some(BROKEN),
            Ok(metadata) if !metadata.is_file() || !is_picture(path) => Some(NO_PICTURE),
            Ok(_) => None,
        }
    }

    fn leave_out(&mut self, reason: &'static str, path: &Path, base: &Path) {
        let name = path.strip_prefix(base).unwrap_or(path).to_string_lossy().into_owned();
        self.left_out.entry(reason).or_default().push(name);
    }

    /// Leaves out the pictures below a folder in a folder of a class.
    fn leave_out_below(
        &mut self,
        folder: &Path,
        base: &Path,
        depth: usize,
    ) -> Result<(), DataError> {
        // Links may lead round in a circle.
        const DEEPEST: usize = 8;
        for path in entries(folder)? {
            if !path.is_dir() {
                self.leave_out(TOO_DEEP, &path, base);
            } else if depth < DEEPEST && !path.is_symlink() {
                self.leave_out_below(&path, base, depth + 1)?;
            }
        }
        Ok(())
    }

    /// What is to be said about the files that are left out.
    fn remarks(&self, name: &str) -> Vec<Remark> {
        let told = |(reason, files): (&&str, &Vec<String>)| {
            let first: Vec<&str> = files.iter().take(NAMED).map(String::as_str).collect();
            let more = if files.len() > NAMED { ", …" } else { "" };
            let noun = if files.len() == 1 { "file was" } else { "files were" };
            let text = format!(
                "{name}: {} {noun} left out ({reason}): {}{more}",
                files.len(),
                first.join(", ")
            );
            Remark::new(RemarkKind::LeftOut, text)
        };
        self.left_out.iter().map(told).collect()
    }
}

/// What the images of another part are like, which those of this part must be too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Like<'a> {
    pub classes: &'a [String],
    pub shape: ImageShape,
    pub ground: Ground,
}

/// The images of a folder, what transparent ones were put on, and what is to be said about them.
pub(crate) struct Read {
    pub images: ImageSet,
    pub ground: Ground,
    pub remarks: Vec<Remark>,
}

/// Reads the pictures of `folder`, or of its subfolders, one a class, as the set `name`.
pub(crate) fn read(
    folder: &Path,
    options: &FolderOptions,
    sides: Sides,
    name: String,
    like: Option<Like<'_>>,
    go_on: GoOn<'_>,
) -> Result<Read, DataError> {
    let listing = Listing::of(folder)?;
    if let Some(Like { classes, .. }) = like
        && classes != listing.classes
    {
        let (here, there) = (listing.classes.join(", "), classes.join(", "));
        let problem = format!("classes {here}, expected {there}");
        return Err(DataError::format(folder, "the folder", problem));
    }
    let mut remarks = listing.remarks(&name);
    let given = options.size.map(|(h, w)| (h as usize, w as usize));
    let size = like.map(|l| (l.shape.height, l.shape.width)).or(given);
    let ground = like.map(|l| l.ground).or(options.ground);
    let files = Files { listing: &listing, folder, go_on, large: Mutex::new(()) };
    let mut target = size;
    let mut decoded = files.decode(size, ground.unwrap_or(Ground::White))?;
    if decoded.is_none() {
        let sizes = files.sizes()?;
        let fitting = fitting(&sizes, sides);
        target = Some(fitting);
        remarks.push(resized(&name, &sizes, fitting));
        decoded = files.decode(target, ground.unwrap_or(Ground::White))?;
    } else if size.is_none() {
        // All are of the size of the first; it may be one that the caller cannot use.
        let sizes = files.sizes_of(&decoded);
        let fitting = fitting(&sizes, sides);
        if sizes.first() != Some(&fitting) {
            target = Some(fitting);
            remarks.push(resized(&name, &sizes, fitting));
            decoded = files.decode(target, ground.unwrap_or(Ground::White))?;
        }
    }
    let mut pictures = decoded.unwrap_or_default();
    let mut on = ground.unwrap_or(Ground::White);
    let transparent = |pictures: &[Picture]| pictures.iter().filter(|p| p.transparent).count();
    let blank = |p: &Picture| !p.transparent || is_constant(p.image.as_bytes(), &p.image);
    if ground.is_none() && transparent(&pictures) > 0 && pictures.iter().all(blank) {
        on = Ground::Black;
        pictures = files.decode(target, on)?.unwrap_or_default();
    }
    let count = transparent(&pictures);
    if count > 0 {
        let text = format!(
            "{name}: {count} of {} images are transparent and were put on a {} ground",
            pictures.len(),
            on.name()
        );
        remarks.push(Remark::new(RemarkKind::Picture, text));
    }
    let count = pictures.iter().filter(|p| p.turned).count();
    if count > 0 {
        let text = format!("{name}: {count} images were turned as their EXIF orientation says");
        remarks.push(Remark::new(RemarkKind::Picture, text));
    }
    let count = pictures.iter().filter(|p| p.deep).count();
    if count > 0 {
        let text = format!("{name}: the values of {count} images were rounded to 8 bits");
        remarks.push(Remark::new(RemarkKind::Converted, text));
    }
    if listing.classes.is_empty() && like.is_none() {
        let text = format!("{name}: there are no labels, as the folder has no subfolders");
        remarks.push(Remark::new(RemarkKind::Unlabelled, text));
    }
    let images = into_set(listing, pictures, options, name, like)?;
    Ok(Read { images, ground: on, remarks })
}

/// Whether all pixels of an image are the same.
fn is_constant(bytes: &[u8], image: &image::DynamicImage) -> bool {
    let size = usize::from(image.color().bytes_per_pixel());
    bytes.chunks_exact(size).all(|pixel| *pixel == bytes[..size])
}

/// The files of a listing, to be decoded.
struct Files<'a> {
    listing: &'a Listing,
    folder: &'a Path,
    go_on: GoOn<'a>,
    large: Mutex<()>,
}

impl Files<'_> {
    /// Does something to every file, on several threads.
    fn each<T: Send>(
        &self,
        work: impl Fn(&Path) -> Result<T, DataError> + Sync,
    ) -> Result<Vec<T>, DataError> {
        let step = |(path, _): &(PathBuf, u16)| {
            if (self.go_on)().is_break() { Err(DataError::Stopped) } else { work(path) }
        };
        // Of several wrong files the first is named, whatever the number of threads.
        let done: Vec<Result<T, DataError>> = self.listing.files.par_iter().map(step).collect();
        done.into_iter().collect()
    }

    /// The size of every picture.
    fn sizes(&self) -> Result<Vec<(usize, usize)>, DataError> {
        self.each(|path| pictures::size(path).map(|(h, w)| (h as usize, w as usize)))
    }

    /// The sizes of decoded pictures.
    fn sizes_of(&self, pictures: &Option<Vec<Picture>>) -> Vec<(usize, usize)> {
        let size = |p: &Picture| (p.image.height() as usize, p.image.width() as usize);
        pictures.iter().flatten().map(size).collect()
    }

    /// All pictures, resized to `size`. Without a size: as they are if they are all as large as
    /// the first, and that is not large; nothing otherwise.
    fn decode(
        &self,
        size: Option<(usize, usize)>,
        ground: Ground,
    ) -> Result<Option<Vec<Picture>>, DataError> {
        let wanted = match (size, self.listing.files.first()) {
            (Some(size), _) => size,
            (None, None) => return Ok(Some(Vec::new())),
            (None, Some((first, _))) => {
                let (height, width) = pictures::size(first)?;
                (height as usize, width as usize)
            }
        };
        if size.is_none() && wanted.0.max(wanted.1) > FITTING_SIDE {
            return Ok(None);
        }
        let values = self.listing.files.len().saturating_mul(wanted.0 * wanted.1);
        if values > MOST_VALUES {
            let (n, (height, width)) = (self.listing.files.len(), wanted);
            return Err(DataError::format(
                self.folder,
                "the folder",
                format!(
                    "{n} images of {height} x {width} do not fit the memory: a smaller size is needed"
                ),
            ));
        }
        let pictures = self.each(|path| {
            let name = path.strip_prefix(self.folder).unwrap_or(path).to_string_lossy();
            let mut picture = pictures::decode(path, name.into_owned(), ground, &self.large)?;
            let image = &picture.image;
            if (image.height() as usize, image.width() as usize) != wanted {
                if size.is_none() {
                    return Ok(None);
                }
                let (height, width) = (wanted.0 as u32, wanted.1 as u32);
                picture.image = image.resize_exact(width, height, FilterType::CatmullRom);
            }
            Ok(Some(picture))
        })?;
        Ok(pictures.into_iter().collect())
    }
}

/// A size that fits images of these sizes: the most frequent one (the smaller among equals),
/// shrunk in proportion if it is large, with sides as they are needed.
fn fitting(sizes: &[(usize, usize)], sides: Sides) -> (usize, usize) {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for &size in sizes {
        *counts.entry(size).or_default() += 1;
    }
    let rank = |(&(h, w), &count): (&(usize, usize), &usize)| (count, std::cmp::Reverse(h * w));
    let frequent = counts.iter().max_by_key(|&entry| rank(entry));
    let (height, width) = frequent.map_or((1, 1), |(&size, _)| size);
    let longest = height.max(width).max(1);
    let scale = (FITTING_SIDE as f64 / longest as f64).min(1.0);
    let (multiple, least) = (sides.multiple.max(1) as usize, sides.least.max(1) as usize);
    let fit = |side: usize| {
        let scaled = side as f64 * scale / multiple as f64;
        (scaled.round() as usize * multiple).max(least.next_multiple_of(multiple))
    };
    (fit(height), fit(width))
}

fn resized(name: &str, sizes: &[(usize, usize)], (height, width): (usize, usize)) -> Remark {
    let (least, most) = (sizes.iter().min(), sizes.iter().max());
    let from = match (least, most) {
        (Some(a), Some(b)) if a != b => format!("{}x{} to {}x{}", a.0, a.1, b.0, b.1),
        (Some(a), _) => format!("{}x{}", a.0, a.1),
        _ => "no size".into(),
    };
    let text = format!(
        "{name}: images of {from} pixels (height x width) were resized to {height}x{width}"
    );
    Remark::new(RemarkKind::Resized, text)
}

/// The set of these pictures, all of one size.
fn into_set(
    listing: Listing,
    pictures: Vec<Picture>,
    options: &FolderOptions,
    name: String,
    like: Option<Like<'_>>,
) -> Result<ImageSet, DataError> {
    let colour = |p: &Picture| p.image.color().has_color();
    let channels = match like {
        Some(Like { shape, .. }) => shape.channels,
        None if !options.grey && pictures.iter().any(colour) => 3,
        None => 1,
    };
    let (height, width) =
        pictures.first().map_or((0, 0), |p| (p.image.height() as usize, p.image.width() as usize));
    let shape = ImageShape { channels, height, width };
    let mut pixels = Vec::new();
    let total = pictures.len().saturating_mul(shape.pixels());
    if pixels.try_reserve_exact(total).is_err() {
        return Err(DataError::Request(format!(
            "{name}: {} images of {shape} do not fit the memory: a smaller size is needed",
            pictures.len()
        )));
    }
    let mut files: Vec<FileIdentity> = Vec::with_capacity(pictures.len());
    for picture in pictures {
        if channels == 1 {
            pixels.extend_from_slice(&picture.image.into_luma8());
        } else {
            // From pixel by pixel to channel by channel.
            let rgb = picture.image.into_rgb8();
            (0..3).for_each(|c| pixels.extend(rgb.iter().skip(c).step_by(3)));
        }
        files.push(picture.file);
    }
    let labels: Vec<u16> = listing.files.iter().map(|(_, label)| *label).collect();
    let indices = (0..labels.len()).collect();
    let classes = listing.classes;
    Ok(ImageSet { shape, pixels, labels, classes, name, source: Source::files(files), indices })
}
