//! MLP + U-Net: spike counts, three fully connected layers, an image-sized map, a U-Net
//! (Ronneberger, Fischer & Brox 2015, MICCAI; as decoder of spikes: Zhang et al. 2020, Neural
//! Networks 125:19).

use super::config::DecoderConfig;
use super::layers::{Conv, Dense, Draws, Mlp};
use super::ops::max_pool2x2;
use super::start::LinearStart;
use super::weights::{BEFORE_RELU, Initial, LINEAR};
use burn::module::Module;
use burn::tensor::Tensor;
use equipoise_data::ImageShape;

/// The whole decoder.
///
/// ```text
/// features [batch, n] ── fc ── fc ── map ── [batch, h, w, c] ─┬─ U-Net ─ (+) ── [batch, h, w, c]
///                                                             └─ residual ┘
/// ```
#[derive(Module, Debug)]
pub struct MlpUnet {
    mlp: Mlp,
    map: Dense,
    unet: UNet,
    #[module(skip)]
    shape: ImageShape,
    #[module(skip)]
    residual: bool,
}

impl MlpUnet {
    /// For `features` numbers an image.
    pub fn new(
        config: &DecoderConfig,
        features: usize,
        shape: ImageShape,
        initial: &Initial<'_>,
    ) -> Self {
        let last = config.hidden.last().copied().unwrap_or(features);
        let (channels, unet) = (shape.channels, initial.part("unet"));
        Self {
            mlp: Mlp::new(config, features, &initial.part("mlp")),
            map: Dense::new(last, shape.pixels(), LINEAR, &initial.part("map")),
            unet: UNet::new(channels, config.channels, config.depth, &unet),
            shape,
            residual: config.residual,
        }
    }

    /// With this bias of the last layer.
    pub(super) fn with_output_bias(mut self, bias: &[f32]) -> Self {
        self.unet.head = self.unet.head.with_bias(bias);
        self
    }

    /// At a linear reconstruction: the layers before the map read it, the map is it, and a residual
    /// U-Net adds nothing to it yet.
    pub(super) fn started_at(mut self, start: &LinearStart) -> Self {
        self.mlp = start.initialise_reader(self.mlp);
        self.map = start.initialise_map(self.map);
        if self.residual {
            self.unet.head = self.unet.head.zeroed();
        }
        self
    }

    /// [batch, features] to [batch, height, width, channels], before the output's non-linearity.
    pub fn forward(&self, features: Tensor<2>, draws: Option<&Draws<'_>>) -> Tensor<4> {
        let [batch, _] = features.dims();
        let ImageShape { height, width, channels } = self.shape;
        let map = self.map.forward(self.mlp.forward(features, draws));
        let map = map.reshape([batch, height, width, channels]);
        if self.residual { map.clone() + self.unet.forward(map) } else { self.unet.forward(map) }
    }
}

/// Two 3x3 convolutions with ReLU: one level of the contracting path.
#[derive(Module, Debug)]
struct Level {
    first: Conv,
    second: Conv,
}

impl Level {
    fn new(inputs: usize, outputs: usize, initial: &Initial<'_>) -> Self {
        Self {
            first: Conv::new(inputs, outputs, BEFORE_RELU, &initial.part("first")),
            second: Conv::new(outputs, outputs, BEFORE_RELU, &initial.part("second")),
        }
    }

    /// Contracting: image to features.
    fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        self.second.relu(self.first.relu(image))
    }

    /// Expanding: the features kept on the way down and those from below.
    fn join(&self, skip: Tensor<4>, low: Tensor<4>) -> Tensor<4> {
        self.second.relu(self.first.join_relu(skip, low))
    }
}

/// Contracting path, bottom, and symmetric expanding path with skip connections.
///
/// ```text
/// image ─ level(c) ──────────────────────────── join(c) ─ head ─ image
///            └ pool ─ level(2c) ─────── join(2c) ┘
///                        └ pool ─ bottom(4c) ┘
/// ```
#[derive(Module, Debug)]
struct UNet {
    down: Vec<Level>,
    bottom: Level,
    up: Vec<Level>,
    head: Conv,
}

impl UNet {
    fn new(image_channels: usize, base: usize, depth: usize, initial: &Initial<'_>) -> Self {
        let width = |level: usize| base << level;
        let from = |level: usize| if level == 0 { image_channels } else { width(level - 1) };
        let (down, up) = (initial.part("down"), initial.part("up"));
        let expanding = |l: usize| {
            let initial = up.part(depth - 1 - l);
            Level::new(width(l) + width(l + 1), width(l), &initial)
        };
        Self {
            down: (0..depth).map(|l| Level::new(from(l), width(l), &down.part(l))).collect(),
            bottom: Level::new(from(depth), width(depth), &initial.part("bottom")),
            up: (0..depth).rev().map(expanding).collect(),
            head: Conv::new(base, image_channels, LINEAR, &initial.part("head")),
        }
    }

    fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        let mut skips = Vec::with_capacity(self.down.len());
        let mut x = image;
        for level in &self.down {
            let skip = level.forward(x);
            x = max_pool2x2(skip.clone());
            skips.push(skip);
        }
        x = self.bottom.forward(x);
        for level in &self.up {
            let skip = skips.pop().expect("as many levels up as down");
            x = level.join(skip, x);
        }
        self.head.forward(x)
    }
}
