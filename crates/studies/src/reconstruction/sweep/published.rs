//! The numbers that were published for "Neural Encoding in Balanced Networks", which compared one
//! batch of one network each: PSNR in dB, SSIM, and the loss on its test images.

use equipoise_decoder::reconstruct::DecoderKind;

/// What was published for a data set, decoder and network.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// Name of the data set.
    pub dataset: &'static str,
    /// The decoder.
    pub kind: DecoderKind,
    /// Whether the network is its balanced one.
    pub balanced: bool,
    /// PSNR of a batch, dB.
    pub psnr: f64,
    /// SSIM of a batch, where published.
    pub ssim: Option<f64>,
    /// Loss on the test images.
    pub loss: f64,
}

const fn published(
    dataset: &'static str,
    kind: DecoderKind,
    balanced: bool,
    psnr: f64,
    ssim: Option<f64>,
    loss: f64,
) -> Published {
    Published { dataset, kind, balanced, psnr, ssim, loss }
}

/// All of it.
pub const PUBLISHED: [Published; 6] = [
    published("mnist", DecoderKind::MlpUnet, true, 29.65, Some(0.9835), 0.0105),
    published("mnist", DecoderKind::MlpUnet, false, 28.73, Some(0.9822), 0.0186),
    published("mnist", DecoderKind::MlpVae, true, 21.02, Some(0.8856), 0.0364),
    published("mnist", DecoderKind::MlpVae, false, 20.99, Some(0.8777), 0.0227),
    published("cifar-10", DecoderKind::MlpUnet, true, 19.01, None, 0.0212),
    published("cifar-10", DecoderKind::MlpUnet, false, 18.08, None, 0.0363),
];
