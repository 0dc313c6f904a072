//! Made-up numbers that look like those of real runs.

/// A small generator for pictures of the gallery (SplitMix64); results of the program never use it.
pub struct Noise(u64);

impl Noise {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
    /// Standard normal (Box & Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
    /// Normal values around a mean.
    pub fn sample(&mut self, count: usize, mean: f64, deviation: f64) -> Vec<f64> {
        (0..count).map(|_| mean + deviation * self.normal()).collect()
    }
}

/// `count` values from `low` to `high`.
pub fn range(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| low + (high - low) * i as f64 / (count - 1) as f64).collect()
}

/// Spikes (ms, neuron) of some neurons at a rate in Hz, more or less synchronous.
pub fn spikes(
    noise: &mut Noise,
    neurons: std::ops::Range<usize>,
    duration: f64,
    rate: f64,
    locked: f64,
) -> Vec<(f64, usize)> {
    let mut events = Vec::new();
    for neuron in neurons {
        let mut time = 0.0;
        while time < duration {
            time += -1000.0 / rate * libm::log(1.0 - noise.uniform());
            let beat = (time / 25.0).round() * 25.0 + noise.normal() * 1.5;
            let place = time + (beat - time) * locked;
            if (0.0..duration).contains(&place) {
                events.push((place, neuron));
            }
        }
    }
    events
}

/// A digit-like ring or stroke of 28 x 28 pixels.
pub fn digit(kind: usize, blur: f64, noise: &mut Noise, level: f64) -> Vec<f32> {
    let mut values = Vec::with_capacity(28 * 28);
    for y in 0..28 {
        for x in 0..28 {
            let (u, v) = (f64::from(x) - 13.5, f64::from(y) - 13.5);
            let distance = match kind % 4 {
                0 => (libm::hypot(u, v * 0.75) - 6.5).abs(),
                1 => (u + v * 0.25).abs() + (v.abs() - 9.0).max(0.0),
                2 => ((libm::hypot(u, v + 4.0) - 4.0).abs())
                    .min((libm::hypot(u, v - 4.5) - 4.5).abs()),
                _ => ((v + 8.0).abs() + (u.abs() - 6.0).max(0.0))
                    .min((u + v * 0.5 - 1.0).abs() + (v.abs() - 9.0).max(0.0)),
            };
            let ink = (1.0 - ((distance - 1.2) / blur).max(0.0)).max(0.0);
            values.push((ink + level * noise.normal()).clamp(0.0, 1.0) as f32);
        }
    }
    values
}

/// A colourful 32 x 32 picture.
pub fn colors(kind: usize, noise: &mut Noise, level: f64) -> Vec<f32> {
    let mut values = Vec::with_capacity(32 * 32 * 3);
    for y in 0..32 {
        for x in 0..32 {
            let (u, v) = (f64::from(x) / 31.0, f64::from(y) / 31.0);
            let disc = (libm::hypot(u - 0.5, v - 0.55) < 0.25 + 0.03 * kind as f64) as u8 as f64;
            let sky = [0.45 + 0.2 * v, 0.65, 0.95 - 0.5 * v];
            let body = [0.85 - 0.2 * kind as f64, 0.3 + 0.15 * kind as f64, 0.2];
            for channel in 0..3 {
                let value = sky[channel] * (1.0 - disc) + body[channel] * disc;
                values.push((value + level * noise.normal()).clamp(0.0, 1.0) as f32);
            }
        }
    }
    values
}
