//! Every backend that is compiled in gives the numbers of Flex, up to rounding.

use equipoise_decoder::device::Backend;
use equipoise_decoder::observer::Observer;
use equipoise_decoder::reconstruct::{
    DecoderConfig, DecoderKind, Fitted, ImageShape, Pairs, Reconstructor, ReconstructorConfig,
    SpikeFeatures,
};
use equipoise_decoder::training::TrainConfig;
use equipoise_random::stream;

const SHAPE: ImageShape = ImageShape { channels: 3, height: 16, width: 12 };
const IMAGES: usize = 24;

/// Discs of one colour, and Poisson counts that depend on place and colour.
fn data() -> (Vec<f32>, SpikeFeatures) {
    let (mut images, mut values) = (Vec::new(), Vec::new());
    for index in 0..IMAGES {
        let mut s = stream(1, "discs", index as u64);
        let (y, x) = (s.range(4.0, 12.0), s.range(3.0, 9.0));
        let colour = [s.uniform(), s.uniform(), s.uniform()];
        for c in colour {
            for i in 0..16 * 12 {
                let (dy, dx) = ((i / 12) as f64 - y, (i % 12) as f64 - x);
                images.push(if dy * dy + dx * dx < 9.0 { c as f32 } else { 0.0 });
            }
        }
        let causes = [y, x, 10.0 * colour[0], 10.0 * colour[1], 10.0 * colour[2]];
        values.extend((0..20).map(|u| s.poisson(causes[u % 5]) as f32));
    }
    (images, SpikeFeatures { images: IMAGES, features: 20, values })
}

fn fit(kind: DecoderKind, backend: Backend) -> Fitted {
    let (images, features) = data();
    let pairs = Pairs { features: &features, images: &images, shape: SHAPE };
    let decoder = DecoderConfig {
        kind,
        hidden: vec![24, 24],
        channels: 4,
        latent: 6,
        dropout: 0.1,
        ssim_share: 0.2,
        ..DecoderConfig::default()
    };
    let training = TrainConfig { epochs: 4, batch_size: 8, ..TrainConfig::default() };
    let config = ReconstructorConfig { decoder, training, backend, ..Default::default() };
    Reconstructor::fit(pairs, pairs, &config, &mut Observer::silent()).expect("a short training")
}

#[test]
fn the_same_training_gives_the_same_images() {
    let features = data().1;
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        let flex = fit(kind, Backend::Flex);
        let want = flex.reconstructor.predict(&features).unwrap();
        let spread = want.iter().fold(0.0f32, |m, v| m.max((v - want[0]).abs()));
        assert!(spread > 1e-3, "the images are flat");
        for backend in [Backend::Ndarray, Backend::Wgpu] {
            if let Err(why) = backend.device() {
                println!("{why}: skipped");
                continue;
            }
            let other = fit(kind, backend);
            let got = other.reconstructor.predict(&features).unwrap();
            let apart = got.iter().zip(&want).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
            assert!(apart < 2e-3, "{kind} on {backend}: images differ by {apart}");
            for (a, b) in other.history.iter().zip(&flex.history) {
                let apart = (a.train_loss - b.train_loss).abs() / b.train_loss;
                assert!(apart < 1e-3, "{kind} on {backend}: losses differ by {apart}");
            }
            // A model trained on one backend runs on another.
            let bytes = other.reconstructor.to_bytes().unwrap();
            let here = Backend::Flex.device().unwrap();
            let moved = Reconstructor::from_bytes(&bytes, &here).unwrap();
            let moved = moved.predict(&features).unwrap();
            let apart = got.iter().zip(&moved).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
            assert!(apart < 1e-4, "{kind} from {backend} to flex: images differ by {apart}");
        }
    }
}
