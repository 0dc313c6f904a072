//! The numbers of the course project "Neural Encoding in Balanced Networks", which compared one
//! batch of one network each: PSNR in dB, SSIM, and the loss on its test images.

use equipoise_decoder::reconstruct::DecoderKind;

/// What it printed for a data set, decoder and network.
#[derive(Debug, Clone, Copy)]
pub struct Printed {
    /// Name of the data set.
    pub dataset: &'static str,
    /// The decoder.
    pub kind: DecoderKind,
    /// Whether the network is its balanced one.
    pub balanced: bool,
    /// PSNR of a batch, dB.
    pub psnr: f64,
    /// SSIM of a batch, where printed.
    pub ssim: Option<f64>,
    /// Loss on the test images.
    pub loss: f64,
}

const fn printed(
    dataset: &'static str,
    kind: DecoderKind,
    balanced: bool,
    psnr: f64,
    ssim: Option<f64>,
    loss: f64,
) -> Printed {
    Printed { dataset, kind, balanced, psnr, ssim, loss }
}

/// All that it printed.
pub const PRINTED: [Printed; 6] = [
    printed("mnist", DecoderKind::MlpUnet, true, 29.65, Some(0.9835), 0.0105),
    printed("mnist", DecoderKind::MlpUnet, false, 28.73, Some(0.9822), 0.0186),
    printed("mnist", DecoderKind::MlpVae, true, 21.02, Some(0.8856), 0.0364),
    printed("mnist", DecoderKind::MlpVae, false, 20.99, Some(0.8777), 0.0227),
    printed("cifar-10", DecoderKind::MlpUnet, true, 19.01, None, 0.0212),
    printed("cifar-10", DecoderKind::MlpUnet, false, 18.08, None, 0.0363),
];
