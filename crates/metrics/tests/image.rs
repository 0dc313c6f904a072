//! Image quality against scikit-image, on images made by formula here and there
//! (`scripts/reference/metrics.py`), and against what must hold for any image.

#![allow(clippy::unwrap_used)]

use equipoise_metrics::image::{
    Covariance, ImageError, Shape, SsimOptions, Window, evaluate_images, mse, psnr, ssim,
};
use proptest::prelude::*;
use serde_json::Value;

/// The linear congruential numbers of Numerical Recipes, in [0, 1).
fn noise(count: usize, seed: u32) -> Vec<f64> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24)
        })
        .collect()
}

/// A gradient with noise, and the same with more noise.
fn images((channels, height, width): Shape, seed: u32) -> (Vec<f32>, Vec<f32>) {
    let count = channels * height * width;
    let place = |i: usize| (i % (height * width) / width + i % width) as f64;
    let original: Vec<f32> = noise(count, seed)
        .into_iter()
        .enumerate()
        .map(|(i, n)| (0.8 * (place(i) / (height + width) as f64) + 0.2 * n) as f32)
        .collect();
    let noisy = noise(count, seed + 1).into_iter().zip(&original);
    let reconstruction = noisy.map(|(n, &x)| (f64::from(x) + 0.3 * (n - 0.5)) as f32).collect();
    (original, reconstruction)
}

#[test]
fn agrees_with_scikit_image() {
    let reference: Value = serde_json::from_str(include_str!("reference/image.json")).unwrap();
    let gaussian = SsimOptions::gaussian();
    let uniform = SsimOptions::uniform();
    let settings = [
        ("gaussian", gaussian),
        ("gaussian_sample", SsimOptions { covariance: Covariance::Sample, ..gaussian }),
        ("gaussian_range_2", SsimOptions { data_range: 2.0, ..gaussian }),
        (
            "gaussian_sigma_1",
            SsimOptions { window: Window::Gaussian { size: 9, sigma: 1.0 }, ..gaussian },
        ),
        ("uniform", uniform),
        ("uniform_population", SsimOptions { covariance: Covariance::Population, ..uniform }),
        ("uniform_5", SsimOptions { window: Window::Uniform { size: 5 }, ..uniform }),
    ];
    let rows = reference.as_array().unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let side = |i: usize| row["shape"][i].as_u64().unwrap() as usize;
        let shape = (side(0), side(1), side(2));
        let (a, b) = images(shape, row["seed"].as_u64().unwrap() as u32);
        let check = |name: &str, got: f64| {
            let want = row[name].as_f64().unwrap();
            // In f32 scikit-image itself would miss this; it was run in f64.
            assert!((got - want).abs() < 1e-10 * want.abs(), "{name} {shape:?}: {got}, not {want}");
        };
        check("mse", mse(&a, &b).unwrap());
        check("psnr", psnr(&a, &b, 1.0).unwrap());
        check("psnr_255", psnr(&a, &b, 255.0).unwrap());
        for (name, options) in &settings {
            check(name, ssim(&a, &b, shape, options).unwrap());
        }
    }
}

#[test]
fn a_batch_is_its_images() {
    let shape = (3, 20, 17);
    let pixels = 3 * 20 * 17;
    let (a, b) = images((3 * 9, 20, 17), 5);
    for options in [SsimOptions::gaussian(), SsimOptions::uniform()] {
        let batch = evaluate_images(&a, &b, shape, &options).unwrap();
        assert_eq!(batch.len(), 9);
        for (quality, (x, y)) in batch.iter().zip(a.chunks(pixels).zip(b.chunks(pixels))) {
            assert_eq!(quality.ssim, ssim(x, y, shape, &options).unwrap());
            assert_eq!(quality.mse, mse(x, y).unwrap());
            assert_eq!(quality.psnr, psnr(x, y, 1.0).unwrap());
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(batch, pool.install(|| evaluate_images(&a, &b, shape, &options).unwrap()));
    }
}

#[test]
fn identical_images_are_perfect() {
    let (a, _) = images((1, 28, 28), 9);
    let quality = evaluate_images(&a, &a, (1, 28, 28), &SsimOptions::default()).unwrap()[0];
    assert_eq!((quality.mse, quality.psnr, quality.ssim), (0.0, f64::INFINITY, 1.0));
    let json = serde_json::to_string(&quality).unwrap();
    assert_eq!(json, r#"{"mse":0.0,"psnr":"inf","ssim":1.0}"#);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["psnr"], "inf");
    let none = evaluate_images(&[], &[], (1, 28, 28), &SsimOptions::default());
    assert_eq!(none, Ok(vec![]));
}

#[test]
fn bad_images_are_refused_with_the_reason() {
    let options = SsimOptions::default();
    let say = |error: ImageError| error.to_string();
    let small = ssim(&[0.0; 100], &[0.0; 100], (1, 10, 10), &options).unwrap_err();
    assert_eq!(
        say(small),
        "SSIM's window of 11x11 does not fit in an image of 10x10; \
         use a smaller window or larger images"
    );
    assert!(ssim(&[0.0; 100], &[0.0; 100], (1, 10, 10), &SsimOptions::uniform()).is_ok());
    let lengths = mse(&[0.0; 3], &[0.0; 4]).unwrap_err();
    assert_eq!(say(lengths), "the images have 3 and 4 values; they must have as many");
    let batch = evaluate_images(&[0.0; 150], &[0.0; 150], (1, 12, 12), &options).unwrap_err();
    assert_eq!(say(batch), "150 values do not make a whole number of images of shape (1, 12, 12)");
    assert!(matches!(mse(&[], &[]), Err(ImageError::Empty { .. })));
    let shape = (0, 28, 28);
    assert!(matches!(ssim(&[], &[], shape, &options), Err(ImageError::Empty { .. })));
    let mut bad = vec![0.5; 784];
    bad[77] = f32::NAN;
    let nan = psnr(&vec![0.0; 784], &bad, 1.0).unwrap_err();
    assert_eq!(say(nan), "value 77 of the reconstruction is NaN; pixels must be finite");
    assert!(matches!(psnr(&[0.0], &[1.0], 0.0), Err(ImageError::BadSetting { .. })));
    for window in [
        Window::Uniform { size: 8 },
        Window::Uniform { size: 1 },
        Window::Gaussian { size: 11, sigma: 0.0 },
    ] {
        assert!(SsimOptions { window, ..options }.validate().is_err());
    }
    assert!(SsimOptions { k1: 0.0, ..options }.validate().is_err());
}

#[test]
fn options_are_read_from_toml_like_keys() {
    let read: SsimOptions =
        serde_json::from_str(r#"{"window":{"uniform":{"size":9}},"covariance":"sample"}"#).unwrap();
    let window = Window::Uniform { size: 9 };
    assert_eq!(
        read,
        SsimOptions { window, covariance: Covariance::Sample, ..SsimOptions::gaussian() }
    );
    assert!(serde_json::from_str::<SsimOptions>(r#"{"windows":1}"#).is_err());
}

proptest! {
    #[test]
    fn quality_stays_in_its_range(
        a in prop::collection::vec(0.0f32..=1.0, 13 * 14),
        b in prop::collection::vec(0.0f32..=1.0, 13 * 14),
    ) {
        for options in [SsimOptions::gaussian(), SsimOptions::uniform()] {
            let there = ssim(&a, &b, (1, 13, 14), &options).unwrap();
            let back = ssim(&b, &a, (1, 13, 14), &options).unwrap();
            prop_assert!((-1.0..=1.0).contains(&there));
            prop_assert!((there - back).abs() < 1e-14);
        }
        prop_assert!(mse(&a, &b).unwrap() <= 1.0 && psnr(&a, &b, 1.0).unwrap() >= 0.0);
    }
}
