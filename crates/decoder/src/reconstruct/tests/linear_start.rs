//! Decoders that start at the ridge regression.

use super::*;

const COLOUR: ImageShape = ImageShape { channels: 3, height: 8, width: 8 };

/// Images that are a linear function of six features, with a little noise in the features.
fn linear_world(images: usize) -> (SpikeFeatures, Vec<f32>) {
    let mut s = stream(5, "linear-world", images as u64);
    let features = 20;
    let mut values = Vec::new();
    let mut targets = Vec::new();
    for _ in 0..images {
        let code: Vec<f64> = (0..6).map(|_| s.normal()).collect();
        values.extend((0..features).map(|f| (code[f % 6] * (1 + f / 6) as f64) as f32));
        targets.extend((0..COLOUR.pixels()).map(|p| {
            let mix = (0..6).map(|k| code[k] * libm::sin((p * (k + 3)) as f64 * 0.7));
            (0.5 + 0.02 * mix.sum::<f64>()) as f32
        }));
    }
    (SpikeFeatures { images, features, values }, targets)
}

fn start_at_ridge(
    config: &DecoderConfig,
    (x, y): (&SpikeFeatures, &[f32]),
    (xv, yv): (&SpikeFeatures, &[f32]),
) -> LinearStart {
    let pairs = |features, images| Pairs { features, images, shape: COLOUR };
    let fits = LinearFits::new(pairs(x, y), pairs(xv, yv));
    LinearStart::new(config, COLOUR, fits.control().unwrap().ridge(), x)
}

fn mean_square(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / a.len() as f64
}

#[test]
fn a_unet_starts_at_the_ridge_regression() {
    let (x, y) = linear_world(300);
    let (xv, yv) = linear_world(50);
    for hidden in [vec![16, 24], vec![10]] {
        let config = DecoderConfig { hidden, channels: 2, ..DecoderConfig::default() };
        let device = Device::flex();
        let start = start_at_ridge(&config, (&x, &y), (&xv, &yv));
        let model = DecoderModel::new(&config, x.features, COLOUR, 1, &device).started_at(&start);
        let features = TensorData::new(xv.values.clone(), [xv.images, xv.features]);
        let images = model.forward(&config, Tensor::from_data(features, &device), None).images;
        let images: Vec<f32> = images.into_data().try_into_vec().unwrap();
        let mut first = Vec::new();
        for image in images.chunks_exact(COLOUR.pixels()) {
            layout::push_channels_first(image, COLOUR, &mut first);
        }
        let error = mean_square(&first, &yv);
        let variance = mean_square(&vec![0.5; yv.len()], &yv);
        assert!(error < 1e-4 * variance, "{error} of {variance}");
    }
}

#[test]
fn a_vae_starts_at_standard_codes() {
    let (x, y) = linear_world(300);
    let config = DecoderConfig {
        kind: DecoderKind::MlpVae,
        hidden: vec![16, 12],
        channels: 2,
        latent: 4,
        ..DecoderConfig::default()
    };
    let device = Device::flex();
    let start = start_at_ridge(&config, (&x, &y), (&x, &y));
    let model = DecoderModel::new(&config, x.features, COLOUR, 1, &device).started_at(&start);
    let DecoderModel::Vae(model) = model else { panic!() };
    let features = TensorData::new(x.values.clone(), [x.images, x.features]);
    let latent = model.encode(Tensor::from_data(features, &device), None);
    let means: Vec<f32> = latent.mean.into_data().try_into_vec().unwrap();
    for k in 0..4 {
        let column: Vec<f64> = means.iter().skip(k).step_by(4).map(|&v| f64::from(v)).collect();
        let mean = column.iter().sum::<f64>() / 300.0;
        let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 300.0;
        assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-2, "{mean} {variance}");
    }
}
