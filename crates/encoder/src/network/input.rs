//! From an image to the network's input channels, and from the channels to the neurons.

use equipoise_random::stream;

use super::config::{ColorCode, InputConfig, InputTarget, NetworkConfig, ProjectionKind};
use super::connectivity::{Builder, Connections, Sampler, Storage};
use super::error::NetworkError;
use equipoise_data::ImageShape;

/// Pixels of one colour channel.
fn plane(shape: ImageShape) -> usize {
    shape.height * shape.width
}

/// Input channels that the colour code makes of an image of this shape.
pub fn input_channels(shape: ImageShape, color: ColorCode) -> usize {
    match (shape.channels, color) {
        (3, ColorCode::Luminance) => plane(shape),
        (3, ColorCode::Opponent) => 5 * plane(shape),
        _ => shape.pixels(),
    }
}

/// Luminance of red, green and blue by ITU-R BT.601.
const LUMINANCE: [f32; 3] = [0.299, 0.587, 0.114];

/// The input channels of an image `[channels, height, width]`, each in [0, 1].
///
/// A grey image is its own channels. [`ColorCode::Opponent`] gives five planes: luminance, then
/// red-green and blue-yellow, each split into an ON plane (the positive part) and an OFF plane
/// (the negative part), as the opponent channels of the retina are (Wuerger & Self 2014, Springer
/// Encyclopedia of Color Science, "Color opponency").
pub fn color_channels(image: &[f32], shape: ImageShape, color: ColorCode) -> Vec<f32> {
    let n = plane(shape);
    if shape.channels != 3 || color == ColorCode::Separate {
        return image.to_vec();
    }
    let pixel = |i: usize| [image[i], image[n + i], image[2 * n + i]];
    let luminance =
        |[r, g, b]: [f32; 3]| (LUMINANCE[0] * r + LUMINANCE[1] * g + LUMINANCE[2] * b).min(1.0);
    let mut channels: Vec<f32> = (0..n).map(|i| luminance(pixel(i))).collect();
    if color == ColorCode::LuminanceColor {
        // The scale brings the greatest difference, 1 less the colour's own share, to 1/2.
        let difference = |of: usize| {
            (0..n).map(move |i| {
                let pixel = pixel(i);
                let scale = 0.5 / (1.0 - LUMINANCE[of]);
                (0.5 + scale * (pixel[of] - luminance(pixel))).clamp(0.0, 1.0)
            })
        };
        channels.extend(difference(2));
        channels.extend(difference(0));
    }
    if color == ColorCode::Opponent {
        let red_green = |[r, g, _]: [f32; 3]| r - g;
        let blue_yellow = |[r, g, b]: [f32; 3]| b - 0.5 * (r + g);
        channels.extend((0..n).map(|i| red_green(pixel(i)).max(0.0)));
        channels.extend((0..n).map(|i| (-red_green(pixel(i))).max(0.0)));
        channels.extend((0..n).map(|i| blue_yellow(pixel(i)).max(0.0)));
        channels.extend((0..n).map(|i| (-blue_yellow(pixel(i))).max(0.0)));
    }
    channels
}

/// The latency code: the time, ms, at which a leaky integrator of time constant `tau` and threshold
/// `threshold` fires under the constant input x; `None` if it does not.
pub(crate) fn latency_ms(x: f32, tau: f64, threshold: f64) -> Option<f64> {
    let x = f64::from(x);
    (x > threshold).then(|| tau * libm::log(x / (x - threshold)))
}

/// Refuses an image that does not fit.
pub(crate) fn check_image(
    image: &[f32],
    shape: ImageShape,
    index: usize,
) -> Result<(), NetworkError> {
    if image.len() != shape.pixels() {
        let reason = format!(
            "{} numbers, but the network takes {} x {} x {} = {}",
            image.len(),
            shape.channels,
            shape.height,
            shape.width,
            shape.pixels()
        );
        return Err(NetworkError::Image { index, reason });
    }
    match image.iter().position(|x| !(0.0..=1.0).contains(x)) {
        Some(at) => Err(NetworkError::Image {
            index,
            reason: format!("the intensity {} at {at} is outside 0..1", image[at]),
        }),
        None => Ok(()),
    }
}

/// The connections from the input channels onto the neurons `first..first + neurons`.
pub(crate) struct InputProjection<'a> {
    pub(crate) config: &'a NetworkConfig,
    pub(crate) shape: ImageShape,
    pub(crate) storage: Storage,
    pub(crate) seed: u64,
}

impl InputProjection<'_> {
    fn input(&self) -> &InputConfig {
        &self.config.input
    }

    /// Draws the connections: each neuron its own stream.
    pub(crate) fn build(&self, first: usize, neurons: usize) -> Connections {
        let channels = input_channels(self.shape, self.input().color);
        let in_degree = self.config.input_connections(channels);
        let excitatory = self.config.excitatory_neurons();
        let mut builder = Builder::new(channels, self.storage, false);
        let mut sampler = Sampler::new();
        for target in first..first + neurons {
            if self.input().target == InputTarget::Excitatory && target >= excitatory {
                continue;
            }
            let mut stream = stream(self.seed, "encoder/input-projection", target as u64);
            let local = (target - first) as u16;
            match self.input().projection {
                ProjectionKind::Random => {
                    for &channel in sampler.draw(&mut stream, channels, in_degree, false) {
                        builder.connect(channel, local);
                    }
                }
                ProjectionKind::Topographic => {
                    let (x, y) = self.place(target);
                    let width =
                        self.input().field_size * self.shape.width.max(self.shape.height) as f64;
                    // Weighted sampling without repeats by exponential races (Efraimidis &
                    // Spirakis 2006, Inf. Process. Lett. 97:181), in logarithms so that far
                    // channels keep an order.
                    let mut race: Vec<(f64, u32)> = (0..channels)
                        .map(|channel| {
                            let pixel = channel % plane(self.shape);
                            let dx = (pixel % self.shape.width) as f64 + 0.5 - x;
                            let dy = (pixel / self.shape.width) as f64 + 0.5 - y;
                            let distance = (dx * dx + dy * dy) / (2.0 * width * width);
                            (libm::log(stream.exponential().max(1e-300)) + distance, channel as u32)
                        })
                        .collect();
                    if in_degree > 0 && in_degree < race.len() {
                        race.select_nth_unstable_by(in_degree - 1, |a, b| {
                            a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
                        });
                    }
                    for &(_, channel) in &race[..in_degree] {
                        builder.connect(channel, local);
                    }
                }
            }
        }
        builder.finish()
    }

    /// The place of a neuron in the image, pixels: each population is spread evenly over it.
    fn place(&self, neuron: usize) -> (f64, f64) {
        let excitatory = self.config.excitatory_neurons();
        let (k, n) = if neuron < excitatory {
            (neuron, excitatory)
        } else {
            (neuron - excitatory, self.config.inhibitory_neurons())
        };
        let (width, height) = (self.shape.width as f64, self.shape.height as f64);
        let columns = (n as f64 * width / height).sqrt().ceil().max(1.0);
        let rows = (n as f64 / columns).ceil().max(1.0);
        let (column, row) = (k as f64 % columns, (k as f64 / columns).floor());
        ((column + 0.5) / columns * width, (row + 0.5) / rows * height)
    }
}

/// Draws channels in proportion to their rates: Vose's alias method (1991, IEEE Trans. Softw.
/// Eng. 17:972). Poisson spikes of many channels are one Poisson process of the summed rate whose
/// spikes choose their channel, so the cost is that of the spikes and not of the channels.
pub(crate) struct ChannelTable {
    columns: Vec<(f32, u32)>,
    total: f64,
}

impl ChannelTable {
    pub(crate) fn new(intensities: &[f32]) -> Self {
        let n = intensities.len();
        let total: f64 = intensities.iter().map(|&x| f64::from(x)).sum();
        let mut columns: Vec<(f32, u32)> = (0..n as u32).map(|k| (1.0, k)).collect();
        if total > 0.0 {
            let mut share: Vec<f64> =
                intensities.iter().map(|&x| f64::from(x) / total * n as f64).collect();
            let (mut small, mut large): (Vec<usize>, Vec<usize>) =
                (0..n).partition(|&k| share[k] < 1.0);
            while let (Some(&poor), Some(&rich)) = (small.last(), large.last()) {
                small.pop();
                columns[poor] = (share[poor] as f32, rich as u32);
                share[rich] -= 1.0 - share[poor];
                if share[rich] < 1.0 {
                    large.pop();
                    small.push(rich);
                }
            }
        }
        Self { columns, total }
    }

    /// The sum of the intensities.
    pub(crate) fn total(&self) -> f64 {
        self.total
    }

    /// A channel, from 64 random bits: 32 choose the column, 24 decide between its two channels.
    #[inline]
    pub(crate) fn draw(&self, bits: u64) -> u32 {
        let column = ((bits >> 32) * self.columns.len() as u64) >> 32;
        let (share, alias) = self.columns[column as usize];
        let u = (bits as u32 >> 8) as f32 * (1.0 / 16_777_216.0);
        // By index and not by branch: which of the two it is cannot be foreseen.
        [alias, column as u32][usize::from(u < share)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_drawn_in_proportion() {
        let intensities = [0.0, 0.5, 1.0, 0.0, 0.25, 0.25, 0.0];
        let table = ChannelTable::new(&intensities);
        let mut stream = stream(1, "channel-test", 0);
        let n = 200_000;
        let mut seen = [0.0; 7];
        for _ in 0..n {
            seen[table.draw(stream.next_u64()) as usize] += 1.0;
        }
        for (&count, &x) in seen.iter().zip(&intensities) {
            let expected = f64::from(x) / 2.0 * f64::from(n);
            assert!((count - expected).abs() <= 4.5 * expected.sqrt(), "{seen:?}");
        }
    }

    #[test]
    fn opponent_channels_of_pure_colors() {
        let shape = ImageShape { channels: 3, height: 1, width: 4 };
        // Red, green, blue, white.
        let image = [1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0];
        let channels = color_channels(&image, shape, ColorCode::Opponent);
        assert_eq!(channels.len(), input_channels(shape, ColorCode::Opponent));
        assert_eq!(channels[4..8], [1.0, 0.0, 0.0, 0.0], "red ON");
        assert_eq!(channels[8..12], [0.0, 1.0, 0.0, 0.0], "green ON");
        assert_eq!(channels[12..16], [0.0, 0.0, 1.0, 0.0], "blue ON");
        assert_eq!(channels[16..20], [0.5, 0.5, 0.0, 0.0], "yellow ON");
        assert!((channels[3] - 1.0).abs() < 1e-6);
        let differences = color_channels(&image, shape, ColorCode::LuminanceColor);
        assert_eq!(differences.len(), input_channels(shape, ColorCode::LuminanceColor));
        // Cb and Cr of pure blue and pure red are at the end of their range, white is grey.
        let near = |x: f32, y: f32| (x - y).abs() < 1e-6;
        assert!(near(differences[4 + 2], 1.0) && near(differences[8], 1.0));
        assert!(near(differences[4 + 3], 0.5) && near(differences[8 + 3], 0.5));
        assert!(near(differences[4], 0.5 - 0.5 * 0.299 / 0.886));
        assert_eq!(color_channels(&image, shape, ColorCode::Luminance).len(), 4);
        assert_eq!(color_channels(&image, shape, ColorCode::Separate), image);
    }

    #[test]
    fn receptive_fields_lie_around_their_neurons() {
        let mut config = NetworkConfig::encoder();
        config.input.projection = ProjectionKind::Topographic;
        let shape = ImageShape { channels: 1, height: 28, width: 28 };
        let projection =
            InputProjection { config: &config, shape, storage: Storage::Lists, seed: 3 };
        let connections = projection.build(0, 1000);
        let mut fields = vec![Vec::new(); 1000];
        for channel in 0..784 {
            for target in connections.targets(channel) {
                fields[target].push(channel);
            }
        }
        for (neuron, field) in fields.iter().enumerate() {
            assert_eq!(field.len(), 78);
            let (x, y) = projection.place(neuron);
            let distance = |&c: &usize| {
                let (dx, dy) = ((c % 28) as f64 + 0.5 - x, (c / 28) as f64 + 0.5 - y);
                (dx * dx + dy * dy).sqrt()
            };
            let mean = field.iter().map(distance).sum::<f64>() / 78.0;
            // 2.8 pixels of standard deviation; a random field would be 11 away on average.
            assert!(mean < 8.0, "neuron {neuron} at {x}, {y}: {mean}");
        }
    }
}
