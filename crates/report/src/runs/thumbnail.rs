//! Small pictures of figures.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use equipoise_figure::Picture;

/// Pixels that a small picture is wide.
const WIDTH: usize = 320;
/// A picture of more pixels than this is not opened.
const MOST_PIXELS: u64 = 50_000_000;

/// The figure in a PNG file as a picture of a few hundred pixels, each the mean of those that it
/// stands for; none if the file is none, or of a kind that figures are not.
pub(super) fn thumbnail(path: &Path) -> Option<Picture> {
    let mut decoder = png::Decoder::new(BufReader::new(File::open(path).ok()?));
    let header = decoder.read_header_info().ok()?;
    if u64::from(header.width) * u64::from(header.height) > MOST_PIXELS {
        return None;
    }
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().ok()?;
    let mut bytes = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut bytes).ok()?;
    let channels = info.color_type.samples();
    let (width, height) = (info.width as usize, info.height as usize);
    let small = WIDTH.min(width);
    let (columns, rows) = (small, (height * small).div_ceil(width).max(1));
    let mut rgb = Vec::with_capacity(3 * columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let (y, x) = (part(row, rows, height), part(column, columns, width));
            let count = (y.len() * x.len()) as u64;
            let mut sum = [0_u64; 3];
            for place in y.flat_map(|y| x.clone().map(move |x| (y * width + x) * channels)) {
                let pixel = &bytes[place..place + channels];
                // Grey is the same thrice; what shows through is white, as paper is.
                let (colours, opaque) = match *pixel {
                    [grey] => ([grey; 3], 255),
                    [grey, opaque] => ([grey; 3], opaque),
                    [r, g, b] => ([r, g, b], 255),
                    [r, g, b, opaque] => ([r, g, b], opaque),
                    _ => return None,
                };
                for (sum, colour) in sum.iter_mut().zip(colours) {
                    let (colour, opaque) = (u64::from(colour), u64::from(opaque));
                    *sum += (colour * opaque + 255 * (255 - opaque)) / 255;
                }
            }
            rgb.extend(sum.map(|sum| (sum as f32) / (255.0 * count as f32)));
        }
    }
    Some(Picture::rgb(columns, rows, &rgb))
}

/// The pixels of `all` that the part at `index` of `parts` stands for; never none.
fn part(index: usize, parts: usize, all: usize) -> std::ops::Range<usize> {
    let start = index * all / parts;
    start..((index + 1) * all / parts).max(start + 1).min(all)
}
