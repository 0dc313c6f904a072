//! One picture from a file: PNG, JPEG, TIFF, BMP, WebP or PNM, turned as its camera says, with
//! what is transparent put on a ground.

use crate::error::DataError;
use crate::identity::{FileIdentity, Fingerprint};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Mutex;

/// The endings of the files that are read.
pub(crate) const ENDINGS: [&str; 11] =
    ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp", "pgm", "ppm", "pnm", "pbm"];
/// The formats in words, for messages.
pub(crate) const FORMATS: &str = "PNG, JPEG, TIFF, BMP, WebP or PGM";
/// The formats that are decoded, whatever a file's ending says.
const DECODED: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Tiff,
    ImageFormat::Bmp,
    ImageFormat::WebP,
    ImageFormat::Pnm,
];
/// The largest file of a picture, bytes.
const LARGEST_FILE: u64 = 1 << 28;
/// The longest side of a picture, pixels.
const LONGEST_SIDE: u32 = 1 << 15;
/// The most that one decoded picture may take, bytes: 44 million pixels in colour.
const MOST_MEMORY: u64 = 1 << 27;
/// Pictures of more pixels than this are decoded one at a time.
const LARGE: u64 = 1 << 22;

/// What stands behind transparent parts of a picture.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ground {
    /// White paper.
    White,
    /// A black screen.
    Black,
}

impl std::str::FromStr for Ground {
    type Err = String;

    fn from_str(name: &str) -> Result<Ground, String> {
        let found = [Ground::White, Ground::Black].into_iter().find(|ground| ground.name() == name);
        found.ok_or_else(|| "white and black are possible".to_owned())
    }
}

impl Ground {
    /// "white" or "black".
    pub fn name(self) -> &'static str {
        match self {
            Ground::White => "white",
            Ground::Black => "black",
        }
    }
}

/// A decoded picture.
pub(crate) struct Picture {
    pub image: DynamicImage,
    /// Whether its camera said that it must be turned.
    pub turned: bool,
    /// Whether some of it was transparent.
    pub transparent: bool,
    /// Whether its values had more than 8 bits.
    pub deep: bool,
    pub file: FileIdentity,
}

/// Decodes the picture at `path`, which is called `name` among its kind. Threads that decode
/// many share `large`, so that large ones are decoded one at a time.
pub(crate) fn decode(
    path: &Path,
    name: String,
    ground: Ground,
    large: &Mutex<()>,
) -> Result<Picture, DataError> {
    let bytes = read(path)?;
    let file = FileIdentity { name, bytes: bytes.len() as u64, sha256: Fingerprint::of(&bytes) };
    let format = format_of(path, &bytes)?;
    if format == ImageFormat::Jpeg && !jpeg_is_whole(&bytes) {
        let problem = "the JPEG data are cut short: the end of the image is missing";
        return Err(DataError::format(path, format!("byte {}", bytes.len()), problem));
    }
    let wrong = |e: image::ImageError| wrong(path, &e);
    let mut decoder = reader(&bytes, format).into_decoder().map_err(wrong)?;
    // The limits of the reader hold for what decoders take beside the picture itself.
    let size = decoder.total_bytes();
    if size > MOST_MEMORY {
        let problem =
            format!("decoded it has {size} bytes, at most {MOST_MEMORY} are read: shrink it");
        return Err(DataError::format(path, "the image", problem));
    }
    let (width, height) = decoder.dimensions();
    let _one_at_a_time = (u64::from(width) * u64::from(height) > LARGE)
        .then(|| large.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    // A picture whose metadata are damaged is taken as it stands.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    image.apply_orientation(orientation);
    let deep = image.color().bytes_per_pixel() > image.color().channel_count();
    let (image, transparent) = compose(image, ground);
    let turned = orientation != Orientation::NoTransforms;
    Ok(Picture { image, turned, transparent, deep, file })
}

/// The height and width of the picture at `path`, turned as its camera says.
pub(crate) fn size(path: &Path) -> Result<(u32, u32), DataError> {
    let bytes = read(path)?;
    let format = format_of(path, &bytes)?;
    let mut decoder = reader(&bytes, format).into_decoder().map_err(|e| wrong(path, &e))?;
    let (width, height) = decoder.dimensions();
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let lying = matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH);
    Ok(if lying { (width, height) } else { (height, width) })
}

fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    let length = fs::metadata(path).map_err(|e| DataError::io(path, "open", e))?.len();
    if length > LARGEST_FILE {
        let problem = format!("{length} bytes, expected a picture of at most {LARGEST_FILE}");
        return Err(DataError::format(path, "the image", problem));
    }
    fs::read(path).map_err(|e| DataError::io(path, "read", e))
}

fn format_of(path: &Path, bytes: &[u8]) -> Result<ImageFormat, DataError> {
    image::guess_format(bytes)
        .ok()
        .filter(|format| DECODED.contains(format))
        .ok_or_else(|| DataError::format(path, "the image", format!("expected a {FORMATS} image")))
}

fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    reader
}

fn wrong(path: &Path, error: &image::ImageError) -> DataError {
    let reason = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    let problem = match error {
        image::ImageError::Limits(_) => format!(
            "{reason}; at most {MOST_MEMORY} bytes and {LONGEST_SIDE} pixels a side are read: shrink it"
        ),
        _ => format!("{reason}; expected a {FORMATS} image"),
    };
    DataError::format(path, "the image", problem)
}

/// Whether JPEG data go on to their end-of-image marker (ITU-T T.81, B.1.1).
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // A marker: 0xff, any number of times, and its code.
        let Some(start) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| b == 0xff))
        else {
            return false;
        };
        at += start;
        while bytes.get(at) == Some(&0xff) {
            at += 1;
        }
        let Some(&code) = bytes.get(at) else { return false };
        at += 1;
        match code {
            0xd9 => return true,
            // A stuffed 0xff in the coded data, restarts, and markers without a segment.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(length) = bytes.get(at..at + 2) else { return false };
                at += usize::from(u16::from_be_bytes([length[0], length[1]]));
            }
        }
    }
}

/// The picture without its alpha channel, on a ground, and whether any of it was transparent.
fn compose(image: DynamicImage, ground: Ground) -> (DynamicImage, bool) {
    if !image.color().has_alpha() {
        return (image, false);
    }
    let behind = match ground {
        Ground::White => 255,
        Ground::Black => 0,
    };
    let mix = |value: u8, alpha: u8| {
        let alpha = u32::from(alpha);
        ((u32::from(value) * alpha + behind * (255 - alpha) + 127) / 255) as u8
    };
    let (width, height) = (image.width(), image.height());
    if image.color().has_color() {
        let pixels = image.to_rgba8();
        if pixels.pixels().all(|p| p.0[3] == 255) {
            return (image, false);
        }
        let rgb = pixels.pixels().flat_map(|p| {
            let [r, g, b, a] = p.0;
            [mix(r, a), mix(g, a), mix(b, a)]
        });
        let composed = RgbImage::from_raw(width, height, rgb.collect());
        (composed.map_or(image, DynamicImage::ImageRgb8), true)
    } else {
        let pixels = image.to_luma_alpha8();
        if pixels.pixels().all(|p| p.0[1] == 255) {
            return (image, false);
        }
        let grey = pixels.pixels().map(|p| mix(p.0[0], p.0[1])).collect();
        let composed = GrayImage::from_raw(width, height, grey);
        (composed.map_or(image, DynamicImage::ImageLuma8), true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayAlphaImage, LumaA, Rgb, RgbaImage};

    fn saved(image: &DynamicImage, name: &str) -> Result<Picture, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        image.save(&path).unwrap();
        decode(&path, name.into(), Ground::White, &Mutex::new(()))
    }

    #[test]
    fn every_format_is_read() {
        let image = RgbImage::from_fn(9, 7, |x, y| Rgb([(x * 20) as u8, (y * 30) as u8, 77]));
        for ending in ["png", "bmp", "tif", "ppm", "webp"] {
            let picture = saved(&image.clone().into(), &format!("a.{ending}")).unwrap();
            assert_eq!(picture.image.to_rgb8(), image, "{ending}");
        }
        let grey = DynamicImage::from(image.clone()).to_luma8();
        for ending in ["png", "pgm", "tiff", "bmp"] {
            let picture = saved(&grey.clone().into(), &format!("a.{ending}")).unwrap();
            assert_eq!(picture.image.to_luma8(), grey, "{ending}");
        }
        assert_eq!(saved(&image.into(), "a.jpeg").unwrap().image.width(), 9);
    }

    #[test]
    fn a_transparent_picture_is_put_on_its_ground() {
        // Black ink, half of it, none of it.
        let image = GrayAlphaImage::from_vec(3, 1, vec![0, 255, 0, 128, 0, 0]).unwrap();
        let on = |ground| {
            let (image, transparent) = compose(image.clone().into(), ground);
            assert!(transparent);
            image.into_luma8().into_raw()
        };
        assert_eq!(on(Ground::White), [0, 127, 255]);
        assert_eq!(on(Ground::Black), [0, 0, 0]);
        let colour = RgbaImage::from_vec(2, 1, vec![200, 100, 0, 255, 200, 100, 0, 51]).unwrap();
        let (composed, _) = compose(colour.into(), Ground::White);
        // 0.2 of the ink and 0.8 of the paper.
        assert_eq!(composed.into_rgb8().into_raw(), [200, 100, 0, 244, 224, 204]);
        let opaque = GrayAlphaImage::from_pixel(2, 2, LumaA([9, 255]));
        assert!(!compose(opaque.into(), Ground::White).1);
    }

    #[test]
    fn a_cut_jpeg_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        let image = RgbImage::from_fn(40, 30, |x, y| Rgb([(x * 6) as u8, (y * 8) as u8, 9]));
        image.save(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        assert!(jpeg_is_whole(&whole) && jpeg_is_whole(&[&whole[..], b"trailer"].concat()));
        for keep in 3..whole.len() {
            assert!(!jpeg_is_whole(&whole[..keep]), "{keep}");
        }
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let Err(problem) = decode(&path, "a.jpg".into(), Ground::White, &Mutex::new(())) else {
            panic!("read")
        };
        assert!(problem.to_string().contains("a.jpg"), "{problem}");
    }

    #[test]
    fn a_picture_that_claims_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, header) in [
            ("a.pgm", "P5 40000 40000 255\n".to_owned()),
            ("b.pgm", format!("P5 {} 1 255\n", u32::MAX)),
            ("c.ppm", "P6 30000 30000 255\n".to_owned()),
            ("d.pgm", "P5 20000 20000 255\n".to_owned()),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, header + "some bytes").unwrap();
            assert!(decode(&path, name.into(), Ground::White, &Mutex::new(())).is_err(), "{name}");
        }
    }

    #[test]
    fn a_small_file_of_a_huge_picture_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.png");
        GrayImage::new(12_000, 12_000).save(&path).unwrap();
        assert!(fs::metadata(&path).unwrap().len() < 1 << 20);
        let refused = decode(&path, "huge.png".into(), Ground::White, &Mutex::new(()));
        assert!(matches!(refused, Err(DataError::Format { .. })));
    }

    /// An EXIF block of a TIFF header and one entry: the orientation.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut tiff = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        tiff.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        let mut segment = vec![0xff, 0xe1];
        segment.extend((tiff.len() as u16 + 2).to_be_bytes());
        segment.extend(tiff);
        segment
    }

    #[test]
    fn a_picture_is_turned_as_its_camera_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        // White left, black right.
        let image = GrayImage::from_fn(32, 16, |x, _| image::Luma([if x < 16 { 255 } else { 0 }]));
        image.save(&path).unwrap();
        let plain = fs::read(&path).unwrap();
        // What EXIF 2.32 says of each orientation: where the left half of the stored image is.
        for (orientation, (height, width), bright) in [
            (1, (16, 32), (8, 4)),
            (2, (16, 32), (8, 28)),
            (3, (16, 32), (8, 28)),
            (6, (32, 16), (4, 8)),
            (8, (32, 16), (28, 8)),
        ] {
            fs::write(&path, [&plain[..2], &exif(orientation), &plain[2..]].concat()).unwrap();
            assert_eq!(size(&path).unwrap(), (height, width), "{orientation}");
            let picture = decode(&path, "a.jpg".into(), Ground::White, &Mutex::new(())).unwrap();
            assert_eq!((picture.image.height(), picture.image.width()), (height, width));
            let (row, column) = bright;
            let value = picture.image.to_luma8().get_pixel(column, row).0[0];
            assert!(value > 200, "{orientation}: {value}");
            assert_eq!(picture.turned, orientation != 1);
        }
    }
}
