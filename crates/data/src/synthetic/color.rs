//! Ten coloured shapes and textures, 32 x 32 RGB: each class has its figure and a favoured hue,
//! which others come near; place, size, turn, colours, light and noise vary.

use super::part::{Part, generated, label};
use crate::images::{ImageSet, ImageShape};
use equipoise_random::{Stream, stream};
use rayon::prelude::*;
use std::f64::consts::{PI, TAU};

const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };

/// The classes.
const CLASSES: [&str; 10] = [
    "disc",
    "ring",
    "square",
    "triangle",
    "cross",
    "star",
    "stripes",
    "checkerboard",
    "dots",
    "waves",
];

/// How far inside the figure a point is, in pixels (negative outside). The point is relative to
/// the centre and turned; `size` is the radius of the figure.
fn inside(class: usize, x: f64, y: f64, size: f64, period: f64) -> f64 {
    let r = (x * x + y * y).sqrt();
    let angle = libm::atan2(y, x);
    match class {
        0 => size - r,
        1 => 0.24 * size - (r - 0.76 * size).abs(),
        2 => 0.84 * size - x.abs().max(y.abs()),
        3 => {
            // The distance to the nearest side of an equilateral triangle.
            let side = |k: f64| x * libm::cos(k * TAU / 3.0) + y * libm::sin(k * TAU / 3.0);
            0.55 * size - side(0.0).max(side(1.0)).max(side(2.0))
        }
        4 => (0.30 * size - x.abs())
            .min(size - y.abs())
            .max((0.30 * size - y.abs()).min(size - x.abs())),
        5 => {
            // Five rays: the radius of the outline goes back and forth with the angle.
            let share = (angle * 5.0 / TAU).rem_euclid(1.0);
            let outline = size * (1.08 - 1.25 * (share - 0.5).abs());
            0.7 * (outline - r)
        }
        6 => period / TAU * libm::sin(TAU * x / period),
        7 => {
            let wave = libm::sin(PI * x / period) * libm::sin(PI * y / period);
            period / TAU * wave
        }
        8 => {
            let cell = |v: f64| (v / period).rem_euclid(1.0) - 0.5;
            let (u, v) = (cell(x), cell(y));
            period * (0.33 - (u * u + v * v).sqrt())
        }
        _ => {
            let bent = y + 0.3 * period * libm::sin(TAU * x / (1.9 * period));
            period / TAU * libm::sin(TAU * bent / period)
        }
    }
}

/// Red, green and blue of a hue (turns), a saturation and a brightness.
fn hsv(hue: f64, saturation: f64, value: f64) -> [f64; 3] {
    [5.0, 3.0, 1.0].map(|n: f64| {
        let k = (n + 6.0 * hue).rem_euclid(6.0);
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    })
}

fn draw(class: usize, random: &mut Stream, out: &mut [u8]) {
    let texture = class >= 6;
    let (spread, centre) = if texture { (16.0, 16.0) } else { (2.6, 16.0) };
    let mut place = || centre + (spread * random.normal()).clamp(-2.0 * spread, 2.0 * spread);
    let (cx, cy) = (place(), place());
    let size = random.range(8.0, 13.5);
    let period = random.range(6.5, 11.0);
    let turn = if texture { 0.35 * random.normal() } else { 0.22 * random.normal() };
    // Stripes and waves run across each other.
    let turn = if class == 6 { turn + 0.25 * PI } else { turn };
    let (cos, sin) = (libm::cos(turn), libm::sin(turn));

    let hue = class as f64 / 10.0 + 0.045 * random.normal();
    let figure = hsv(hue, random.range(0.45, 0.95), random.range(0.6, 1.0));
    let ground = hsv(random.uniform(), random.range(0.1, 0.6), random.range(0.08, 0.5));
    let (light, direction) = (random.range(0.0, 0.35), random.range(0.0, TAU));
    let (lx, ly) = (light * libm::cos(direction) / 16.0, light * libm::sin(direction) / 16.0);
    let noise = random.range(0.01, 0.05);
    let plane = SHAPE.height * SHAPE.width;
    for row in 0..SHAPE.height {
        for column in 0..SHAPE.width {
            let (px, py) = (column as f64 + 0.5, row as f64 + 0.5);
            let (dx, dy) = (px - cx, py - cy);
            let (x, y) = (cos * dx + sin * dy, cos * dy - sin * dx);
            let cover = (inside(class, x, y, size, period) + 0.5).clamp(0.0, 1.0);
            let shade = 1.0 + lx * (px - 16.0) + ly * (py - 16.0);
            for c in 0..3 {
                let colour = (ground[c] + cover * (figure[c] - ground[c])) * shade;
                let value = (colour + noise * random.normal()).clamp(0.0, 1.0);
                out[c * plane + row * SHAPE.width + column] = (255.0 * value).round() as u8;
            }
        }
    }
}

/// `count` coloured images of this part of the set.
pub fn color(count: usize, seed: u64, part: Part) -> ImageSet {
    let name = format!("synthetic-color/{}", part.name());
    let order = format!("data/{name}/labels");
    let labels: Vec<u16> = (0..count).map(|i| label(seed, &order, CLASSES.len(), i)).collect();
    let mut pixels = vec![0; count * SHAPE.pixels()];
    let purpose = format!("data/{name}");
    pixels.par_chunks_mut(SHAPE.pixels()).zip(&labels).enumerate().for_each(
        |(i, (image, &class))| {
            draw(class.into(), &mut stream(seed, &purpose, i as u64), image);
        },
    );
    let classes = CLASSES.map(str::to_owned).to_vec();
    let (source, indices) = (generated(&name, seed), (0..count).collect());
    ImageSet { shape: SHAPE, pixels, labels, classes, name, source, indices }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_depends_on_the_seed_and_its_index_alone() {
        let (few, many) = (color(15, 4, Part::Train), color(40, 4, Part::Train));
        assert_eq!(few.pixels[..], many.pixels[..few.pixels.len()]);
        assert_ne!(few.pixels, color(15, 5, Part::Train).pixels);
        assert_ne!(few.pixels, color(15, 4, Part::Test).pixels);
        assert_eq!(many.class_counts(), [4; 10]);
    }

    #[test]
    fn every_image_has_structure() {
        let set = color(200, 0, Part::Train);
        for i in 0..set.len() {
            let range = |c: usize| {
                let plane = &set.image(i)[c * 1024..(c + 1) * 1024];
                plane.iter().max().unwrap() - plane.iter().min().unwrap()
            };
            assert!((0..3).map(range).max().unwrap() > 60, "image {i} is flat");
        }
    }

    #[test]
    fn hues_are_where_they_should_be() {
        assert_eq!(hsv(0.0, 1.0, 1.0), [1.0, 0.0, 0.0]);
        assert_eq!(hsv(1.0 / 3.0, 1.0, 0.5), [0.0, 0.5, 0.0]);
        assert_eq!(hsv(0.7, 0.0, 0.25), [0.25; 3]);
    }
}
