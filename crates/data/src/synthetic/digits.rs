//! Ten digit-like stroke figures, 28 x 28 grey, drawn as a hand draws them: several forms of each
//! digit, bent by a smooth random field, turned, slanted, stretched and shifted, with a pen of
//! random width and pressure, and with noise in the ink.

use super::part::{Part, generated, label};
use super::strokes::{Canvas, Point, curve};
use crate::images::{ImageSet, ImageShape};
use equipoise_random::{Stream, stream};
use rayon::prelude::*;
use std::f64::consts::TAU;

/// Rows and columns, as MNIST's.
const SIZE: usize = 28;
/// The box of the figure, pixels, as MNIST's.
const BOX: f64 = 20.0;

/// A figure: strokes, each a curve through its points in the unit square, y downwards.
type Figure = &'static [&'static [Point]];

/// The forms of each digit. Corners are where one stroke ends and the next starts.
const FIGURES: [&[Figure]; 10] = [
    &[
        &[&[
            (0.50, 0.02),
            (0.26, 0.13),
            (0.13, 0.48),
            (0.24, 0.86),
            (0.50, 0.98),
            (0.76, 0.86),
            (0.87, 0.48),
            (0.74, 0.13),
            (0.50, 0.02),
        ]],
        &[&[
            (0.66, 0.06),
            (0.38, 0.05),
            (0.14, 0.36),
            (0.18, 0.78),
            (0.46, 0.98),
            (0.78, 0.82),
            (0.86, 0.42),
            (0.70, 0.12),
            (0.50, 0.09),
        ]],
    ],
    &[
        &[&[(0.50, 0.00), (0.50, 1.00)]],
        &[&[(0.30, 0.20), (0.42, 0.12), (0.53, 0.00)], &[(0.53, 0.00), (0.52, 1.00)]],
        &[
            &[(0.28, 0.22), (0.52, 0.00)],
            &[(0.52, 0.00), (0.52, 0.98)],
            &[(0.26, 0.98), (0.78, 0.98)],
        ],
    ],
    &[
        &[
            &[
                (0.15, 0.26),
                (0.26, 0.07),
                (0.53, 0.00),
                (0.80, 0.13),
                (0.79, 0.38),
                (0.52, 0.68),
                (0.13, 0.97),
            ],
            &[(0.13, 0.97), (0.50, 0.95), (0.90, 0.98)],
        ],
        &[&[
            (0.17, 0.20),
            (0.45, 0.00),
            (0.78, 0.14),
            (0.72, 0.46),
            (0.46, 0.80),
            (0.20, 0.97),
            (0.09, 0.86),
            (0.24, 0.76),
            (0.52, 0.90),
            (0.90, 0.95),
        ]],
    ],
    &[
        &[
            &[(0.15, 0.13), (0.45, 0.00), (0.77, 0.12), (0.74, 0.34), (0.40, 0.47)],
            &[(0.40, 0.47), (0.78, 0.57), (0.85, 0.81), (0.50, 1.00), (0.12, 0.87)],
        ],
        &[
            &[(0.16, 0.02), (0.80, 0.02)],
            &[(0.80, 0.02), (0.42, 0.40)],
            &[(0.42, 0.40), (0.77, 0.48), (0.86, 0.75), (0.55, 1.00), (0.12, 0.89)],
        ],
    ],
    &[
        &[
            &[(0.22, 0.02), (0.16, 0.28), (0.15, 0.52)],
            &[(0.15, 0.52), (0.48, 0.55), (0.86, 0.50)],
            &[(0.76, 0.02), (0.74, 0.50), (0.70, 1.00)],
        ],
        &[
            &[(0.66, 0.00), (0.36, 0.34), (0.08, 0.64)],
            &[(0.08, 0.64), (0.92, 0.64)],
            &[(0.66, 0.00), (0.65, 1.00)],
        ],
    ],
    &[&[
        &[(0.82, 0.02), (0.28, 0.03)],
        &[(0.28, 0.03), (0.22, 0.43)],
        &[(0.22, 0.43), (0.50, 0.35), (0.82, 0.48), (0.84, 0.78), (0.50, 1.00), (0.12, 0.90)],
    ]],
    &[
        &[&[
            (0.72, 0.03),
            (0.40, 0.18),
            (0.16, 0.55),
            (0.20, 0.88),
            (0.50, 1.00),
            (0.80, 0.85),
            (0.77, 0.60),
            (0.50, 0.51),
            (0.20, 0.70),
        ]],
        &[&[
            (0.52, 0.00),
            (0.28, 0.34),
            (0.15, 0.70),
            (0.28, 0.96),
            (0.58, 0.97),
            (0.76, 0.76),
            (0.58, 0.57),
            (0.32, 0.68),
            (0.24, 0.86),
        ]],
    ],
    &[
        &[&[(0.12, 0.04), (0.50, 0.03), (0.86, 0.04)], &[(0.86, 0.04), (0.60, 0.45), (0.42, 1.00)]],
        &[
            &[(0.12, 0.05), (0.86, 0.03)],
            &[(0.86, 0.03), (0.60, 0.48), (0.40, 1.00)],
            &[(0.34, 0.50), (0.82, 0.48)],
        ],
        &[
            &[(0.12, 0.20), (0.14, 0.05)],
            &[(0.14, 0.05), (0.84, 0.06)],
            &[(0.84, 0.06), (0.58, 0.50), (0.50, 1.00)],
        ],
    ],
    &[
        &[&[
            (0.74, 0.12),
            (0.50, 0.00),
            (0.25, 0.12),
            (0.29, 0.34),
            (0.50, 0.47),
            (0.77, 0.66),
            (0.78, 0.89),
            (0.50, 1.00),
            (0.21, 0.89),
            (0.23, 0.66),
            (0.50, 0.47),
            (0.72, 0.32),
            (0.74, 0.12),
        ]],
        &[
            &[
                (0.50, 0.00),
                (0.27, 0.12),
                (0.29, 0.36),
                (0.50, 0.46),
                (0.71, 0.36),
                (0.73, 0.12),
                (0.50, 0.00),
            ],
            &[
                (0.50, 0.46),
                (0.22, 0.60),
                (0.21, 0.88),
                (0.50, 1.00),
                (0.79, 0.88),
                (0.78, 0.60),
                (0.50, 0.46),
            ],
        ],
    ],
    &[
        &[
            &[
                (0.78, 0.22),
                (0.60, 0.03),
                (0.30, 0.07),
                (0.17, 0.31),
                (0.36, 0.50),
                (0.64, 0.44),
                (0.78, 0.22),
            ],
            &[(0.78, 0.22), (0.77, 0.60), (0.70, 1.00)],
        ],
        &[&[
            (0.76, 0.14),
            (0.50, 0.01),
            (0.22, 0.14),
            (0.22, 0.40),
            (0.50, 0.50),
            (0.76, 0.34),
            (0.79, 0.12),
            (0.80, 0.58),
            (0.62, 0.92),
            (0.24, 0.97),
        ]],
    ],
];

/// A smooth random displacement of the plane, the sum of a few waves longer than a stroke.
struct Bend {
    waves: [(f64, f64, f64, f64, f64); 3],
}

impl Bend {
    fn new(random: &mut Stream) -> Bend {
        let mut wave = || {
            let turn = random.range(0.0, TAU);
            let frequency = random.range(0.35, 0.9) * TAU;
            let (kx, ky) = (frequency * libm::cos(turn), frequency * libm::sin(turn));
            (kx, ky, random.range(0.0, TAU), 0.042 * random.normal(), 0.036 * random.normal())
        };
        Bend { waves: [wave(), wave(), wave()] }
    }

    fn apply(&self, p: Point) -> Point {
        self.waves.iter().fold(p, |q, &(kx, ky, phase, ax, ay)| {
            let s = libm::sin(kx * p.0 + ky * p.1 + phase);
            (q.0 + ax * s, q.1 + ay * s)
        })
    }
}

/// Draws one digit into `out`, `[28, 28]`.
fn draw(digit: u16, random: &mut Stream, out: &mut [u8]) {
    let forms = FIGURES[usize::from(digit)];
    let figure = forms[random.below(forms.len())];
    let bend = Bend::new(random);

    // The affine map: slant, stretch and turn about the middle of the figure.
    let turn = 0.13 * random.normal();
    let slant = 0.12 + 0.22 * random.normal();
    let height = BOX * (1.0 + 0.07 * random.normal()).clamp(0.75, 1.15);
    let width = height * random.range(0.55, 0.92);
    let (cos, sin) = (libm::cos(turn), libm::sin(turn));
    let place = |p: Point| {
        let (x, y) = ((p.0 - 0.5) * width, (p.1 - 0.5) * height);
        let x = x - slant * y;
        (cos * x - sin * y, sin * x + cos * y)
    };
    let mut chains: Vec<Vec<Point>> = figure
        .iter()
        .map(|stroke| curve(stroke, 10).into_iter().map(|p| place(bend.apply(p))).collect())
        .collect();

    // Into the frame: scaled down if it would leave the box, then centred with a small shift.
    let radius = random.range(0.75, 1.7);
    let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    for &(x, y) in chains.iter().flatten() {
        low = (low.0.min(x), low.1.min(y));
        high = (high.0.max(x), high.1.max(y));
    }
    let extent = (high.0 - low.0).max(high.1 - low.1) + 2.0 * radius;
    let scale = ((SIZE as f64 - 4.0) / extent).min(1.0);
    let middle = SIZE as f64 / 2.0;
    let shift = (0.9 * random.normal(), 0.9 * random.normal());
    let centre = (0.5 * (low.0 + high.0), 0.5 * (low.1 + high.1));
    for p in chains.iter_mut().flatten() {
        *p = (
            (p.0 - centre.0) * scale + middle + shift.0.clamp(-2.0, 2.0),
            (p.1 - centre.1) * scale + middle + shift.1.clamp(-2.0, 2.0),
        );
    }

    let mut canvas = Canvas::new(SIZE, SIZE);
    let soft = random.range(0.9, 1.6);
    for chain in &chains {
        // The pressure changes along the stroke.
        let (depth, phase) = (random.range(0.0, 0.22), random.range(0.0, TAU));
        let waves = random.range(1.5, 4.0);
        canvas.draw(chain, soft, |share| radius * (1.0 + depth * libm::sin(waves * share + phase)));
    }
    let strength = random.range(0.86, 1.0);
    for (out, &ink) in out.iter_mut().zip(&canvas.ink) {
        // Paper stays clean, as MNIST's does; ink is a little uneven.
        let noise = if ink > 0.0 { 1.0 + 0.06 * random.normal() } else { 1.0 };
        *out = (255.0 * (ink * strength * noise).clamp(0.0, 1.0)).round() as u8;
    }
}

/// `count` digit-like figures of this part of the set.
pub fn digits(count: usize, seed: u64, part: Part) -> ImageSet {
    let name = format!("synthetic-digits/{}", part.name());
    let shape = ImageShape { channels: 1, height: SIZE, width: SIZE };
    let order = format!("data/{name}/labels");
    let labels: Vec<u16> = (0..count).map(|i| label(seed, &order, 10, i)).collect();
    let mut pixels = vec![0; count * shape.pixels()];
    let purpose = format!("data/{name}");
    pixels
        .par_chunks_mut(shape.pixels())
        .zip(&labels)
        .enumerate()
        .for_each(|(i, (image, &digit))| draw(digit, &mut stream(seed, &purpose, i as u64), image));
    let classes = (0..10).map(|d| d.to_string()).collect();
    let (source, indices) = (generated(&name, seed), (0..count).collect());
    ImageSet { shape, pixels, labels, classes, name, source, indices }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_depends_on_the_seed_and_its_index_alone() {
        let (few, many) = (digits(25, 4, Part::Train), digits(60, 4, Part::Train));
        assert_eq!(few.pixels[..], many.pixels[..few.pixels.len()]);
        assert_eq!(few.labels[..], many.labels[..25]);
        assert_ne!(few.pixels, digits(25, 5, Part::Train).pixels);
        assert_ne!(few.pixels, digits(25, 4, Part::Test).pixels);
        assert_eq!(many.class_counts(), [6; 10]);
    }

    #[test]
    fn every_image_has_ink_and_clean_margins() {
        let set = digits(500, 0, Part::Train);
        for i in 0..set.len() {
            let image = set.image(i);
            let ink = image.iter().map(|&p| f64::from(p) / 255.0).sum::<f64>();
            assert!((15.0..260.0).contains(&ink), "image {i} has {ink} pixels of ink");
            assert!(image.contains(&0));
        }
        let (mean, std) = set.channel_statistics()[0];
        // Near MNIST's 0.1307 and 0.3081.
        assert!((0.08..0.2).contains(&mean) && (0.22..0.38).contains(&std), "{mean} {std}");
    }
}
