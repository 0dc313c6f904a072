//! A person's own data: recordings with their images, and folders of few images without labels.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::path::Path;

use equipoise_data::npz::NpzWriter;
use equipoise_report::{RunDir, RunInfo};
use equipoise_studies::reconstruction::comparison::RECORDED;
use equipoise_studies::reconstruction::images::RecordedFiles;
use equipoise_studies::reconstruction::method::{Input, Method};
use equipoise_studies::reconstruction::settings::Control;
use equipoise_studies::reconstruction::steps::{Evaluate, Train};
use equipoise_studies::reconstruction::{Reconstruction, Settings};
use equipoise_studies::{Context, Settings as _, Silent, Study, StudyError};

const SIDE: usize = 12;
const IMAGES: usize = 60;

/// Images of a square on black, and counts that are the pixels themselves: 10 spikes for white.
fn recorded(path: &Path, images: usize, units: usize) {
    let pixel = |image: usize, place: usize| {
        let (row, column) = (place / SIDE, place % SIDE);
        let (top, left) = (image % 7, image / 7 % 7);
        (top..top + 5).contains(&row) && (left..left + 5).contains(&column)
    };
    let all = move || (0..images).flat_map(move |i| (0..SIDE * SIDE).map(move |p| (i, p)));
    let mut file = NpzWriter::create(path).unwrap();
    let pixels = all().map(|(i, p)| 255 * u8::from(pixel(i, p)));
    file.array("images", &[images, SIDE, SIDE], pixels).unwrap();
    let counts = all().filter(|&(_, p)| p < units).map(|(i, p)| 10 * u16::from(pixel(i, p)));
    file.array("counts", &[images, units], counts).unwrap();
    file.array("duration_ms", &[1], [200.0f64]).unwrap();
    file.finish().unwrap();
}

fn settings(counts: &Path) -> Settings {
    let mut settings = Settings::default();
    let counts = counts.to_owned();
    settings.data.recorded = Some(RecordedFiles { counts, images: None, duration_ms: None });
    settings.decoder.hidden = vec![8, 8];
    settings.decoder.channels = 2;
    settings.training.epochs = 1;
    settings
}

fn run<S: Study<Settings = Settings>>(
    dir: &Path,
    settings: &Settings,
) -> Result<S::Results, StudyError> {
    settings.validate().map_err(StudyError::settings)?;
    let inputs = S::open(settings, Path::new("."))?;
    let store = RunDir::create(Some(dir), &RunInfo::new(S::NAME, "0", 0), settings)?;
    let results = S::run(settings, &inputs, &Context::new(Silent, &store))?;
    store.finish()?;
    Ok(results)
}

#[test]
fn recordings_are_decoded_to_the_images_that_were_shown() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    recorded(&at("mine.npz"), IMAGES, SIDE * SIDE);
    let settings = settings(&at("mine.npz"));
    let compared = run::<Reconstruction>(&at("compared"), &settings).unwrap();
    assert_eq!(compared.names(), [RECORDED]);
    assert!(compared.regimes.is_empty() && compared.activity.is_empty());
    let coded = compared.coded(0, RECORDED).unwrap();
    // 25 white pixels of 10 spikes, by 144 units in 0.2 s.
    assert_eq!((coded.units, coded.spikes_per_image), (144, 250.0));
    assert!((coded.rate_hz - 250.0 / 144.0 / 0.2).abs() < 1e-9);
    // A fifth is for the test, a tenth of the rest for validation.
    let parts = compared.trained_on.each_ref().map(|part| part.samples);
    assert_eq!((parts, compared.images.labels.len()), ([44, 4], 12));
    let [ridge, mean] = [(Some(RECORDED), Method::Ridge), (None, Method::MeanImage)]
        .map(|(regime, method)| compared.mean_psnr(regime, method).unwrap());
    assert!(ridge > mean + 3.0, "{ridge} and {mean} dB: the counts are the pixels");

    // A training alone gives the model of the comparison, and an evaluation its reconstructions.
    run::<Train>(&at("trained"), &settings).unwrap();
    let bytes = |name: &str| std::fs::read(at(name)).unwrap();
    let model = "trained/models/decoder.safetensors";
    assert!(bytes(model) == bytes("compared/models/1-recorded-mlp-unet.safetensors"));
    let evaluate = |run_of: &str, counts: &str| {
        let mut settings = Settings { run: Some(at(run_of)), ..settings.clone() };
        settings.data.recorded.as_mut().unwrap().counts = at(counts);
        run::<Evaluate>(&at(&format!("evaluated-{run_of}-{counts}")), &settings)
    };
    for run_of in ["trained", "compared"] {
        let evaluated = evaluate(run_of, "mine.npz").unwrap();
        let found = |method: Method| {
            let row = evaluated.rows.iter().find(|row| row.method == method).unwrap();
            row.quality.clone()
        };
        for score in &compared.scores {
            assert_eq!(found(score.method), score.quality, "{run_of}, {:?}", score.method);
        }
    }
    // Others are scored on whole; those of other units are refused.
    recorded(&at("more.npz"), 30, SIDE * SIDE);
    assert_eq!(evaluate("compared", "more.npz").unwrap().images.labels.len(), 30);
    recorded(&at("fewer.npz"), 30, 100);
    assert!(matches!(evaluate("compared", "fewer.npz"), Err(StudyError::Input(_))));
}

/// A retina of `SIDE` x `SIDE` ON and as many OFF cells: the difference of two Gaussians of the image
/// around each, plus a background, is the mean of a Poisson number of spikes.
fn receptive_fields(gain: f64) -> Vec<Vec<f64>> {
    let gaussian = |distance: f64, sigma: f64| {
        libm::exp(-distance / (2.0 * sigma * sigma)) / (2.0 * std::f64::consts::PI * sigma * sigma)
    };
    let place = |i: usize| ((i / SIDE) as f64, (i % SIDE) as f64);
    let cell = |sign: f64, cell: usize| {
        let pixel = |pixel: usize| {
            let ((a, b), (c, d)) = (place(cell), place(pixel));
            let distance = (a - c).powi(2) + (b - d).powi(2);
            sign * gain * (gaussian(distance, 0.8) - 0.8 * gaussian(distance, 2.0))
        };
        (0..SIDE * SIDE).map(pixel).collect()
    };
    [1.0, -1.0].iter().flat_map(|&sign| (0..SIDE * SIDE).map(move |k| cell(sign, k))).collect()
}

/// Blurs white noise to images of standard deviation 0.12: the rows of a matrix.
fn blur() -> Vec<Vec<f64>> {
    (0..SIDE * SIDE)
        .map(|i| {
            let weight = |j: usize| {
                let (down, across) = ((i / SIDE).abs_diff(j / SIDE), (i % SIDE).abs_diff(j % SIDE));
                libm::exp(-((down * down + across * across) as f64) / (2.0 * 1.2 * 1.2))
            };
            let row: Vec<f64> = (0..SIDE * SIDE).map(weight).collect();
            let norm = row.iter().map(|w| w * w).sum::<f64>().sqrt();
            row.into_iter().map(|w| 0.12 * w / norm).collect()
        })
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The mean squared error of the best linear estimate of Gaussian images x = A z from responses
/// G x of noise variance `noise`: what is left of the variance of x given them.
fn ideal_error(blur: &[Vec<f64>], fields: &[Vec<f64>], noise: f64) -> f64 {
    let pixels = blur.len();
    // G A, and the covariance (G A)(G A)ᵀ + noise of the responses as L Lᵀ.
    let mixed: Vec<Vec<f64>> = fields
        .iter()
        .map(|field| {
            (0..pixels).map(|z| (0..pixels).map(|i| field[i] * blur[i][z]).sum()).collect()
        })
        .collect();
    let n = mixed.len();
    let mut lower = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let covariance = dot(&mixed[i], &mixed[j]) + if i == j { noise } else { 0.0 };
            let left = covariance - dot(&lower[i][..j], &lower[j][..j]);
            lower[i][j] = if i == j { left.sqrt() } else { left / lower[j][j] };
        }
    }
    let explained: f64 = blur
        .iter()
        .map(|row| {
            let mut solved = vec![0.0; n];
            for i in 0..n {
                let cross = dot(&mixed[i], row);
                solved[i] = (cross - dot(&lower[i][..i], &solved[..i])) / lower[i][i];
            }
            dot(&solved, &solved)
        })
        .sum();
    (blur.iter().map(|row| dot(row, row)).sum::<f64>() - explained) / pixels as f64
}

#[test]
fn images_are_read_from_a_retina_as_well_as_theory_allows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("retina.npz");
    let (images, background) = (4000, 12.0);
    let (blur, fields) = (blur(), receptive_fields(45.0));
    let mut random = equipoise_random::stream(1, "test/retina", 0);
    let (mut pixels, mut counts) = (Vec::new(), Vec::new());
    for _ in 0..images {
        let z: Vec<f64> = (0..SIDE * SIDE).map(|_| random.normal()).collect();
        let image: Vec<f64> = blur.iter().map(|row| dot(row, &z)).collect();
        for field in &fields {
            counts.push(random.poisson((background + dot(field, &image)).max(0.0)) as u16);
        }
        pixels.extend(image.iter().map(|x| ((0.5 + x).clamp(0.0, 1.0) * 255.0).round() as u8));
    }
    let mut file = NpzWriter::create(&path).unwrap();
    file.array("images", &[images, SIDE, SIDE], pixels).unwrap();
    file.array("counts", &[images, fields.len()], counts).unwrap();
    file.array("duration_ms", &[1], [500.0f64]).unwrap();
    file.finish().unwrap();
    let mut settings = settings(&path);
    settings.controls = vec![Control::MeanImage, Control::Ridge, Control::Shuffled];
    let found = run::<Reconstruction>(&folder.path().join("run"), &settings).unwrap();
    let error = |regime: Option<&str>, method: Method| {
        let score = found.score(0, regime, method).unwrap();
        score.mean(|quality| quality.mse)
    };
    let ideal = ideal_error(&blur, &fields, background);
    let ridge = error(Some(RECORDED), Method::Ridge);
    let mean = error(None, Method::MeanImage);
    let kind = found.kinds[0];
    let decoder = error(Some(RECORDED), Method::decoder(kind));
    let shuffled = error(Some(RECORDED), Method::Decoder { kind, input: Input::Shuffled });
    assert!((mean / (0.12 * 0.12) - 1.0).abs() < 0.05, "{mean}: the variance of the images");
    assert!(ideal < 0.4 * mean, "{ideal} of {mean}");
    // One weight a unit for some ten images costs a tenth.
    assert!(ridge > 0.95 * ideal && ridge < 1.2 * ideal, "{ridge}, at best {ideal}");
    assert!(decoder < 0.6 * mean && shuffled > 0.95 * mean, "{decoder} {shuffled} {mean}");
    // Counts of Poisson units; the images add variance.
    let recordings = found.recordings.as_ref().unwrap();
    let fano = recordings.fano.mean.unwrap();
    assert!(fano > 1.0 && fano < 2.0, "{fano}");
    assert!((recordings.units, recordings.cv.is_none()) == (2 * SIDE * SIDE, true));
}

#[test]
fn all_repetitions_of_a_run_are_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    recorded(&at("mine.npz"), IMAGES, SIDE * SIDE);
    let settings = Settings { repeats: 2, ..settings(&at("mine.npz")) };
    let compared = run::<Reconstruction>(&at("compared"), &settings).unwrap();
    let settings = Settings { run: Some(at("compared")), ..settings };
    let evaluated = run::<Evaluate>(&at("evaluated"), &settings).unwrap();
    for repeat in 0..2 {
        for score in compared.scores.iter().filter(|score| score.repeat == repeat) {
            let alike = |row: &&_| -> bool {
                let row: &equipoise_studies::reconstruction::steps::Evaluated = row;
                (row.repeat, row.method) == (repeat, score.method)
            };
            let row = evaluated.rows.iter().find(alike).unwrap();
            assert_eq!(row.quality, score.quality, "{repeat}, {:?}", score.method);
        }
    }
    assert_eq!(evaluated.rows.len(), compared.scores.len());
}

#[test]
fn a_small_folder_without_labels_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    // Windows bitmaps of 13 x 15 grey pixels, as the format is described.
    for i in 0..20u8 {
        let row = 16;
        let mut bytes = b"BM".to_vec();
        let offset = 14 + 40 + 256 * 4;
        bytes.extend((offset as u32 + 15 * row).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend((offset as u32).to_le_bytes());
        bytes.extend(40u32.to_le_bytes());
        bytes.extend(13i32.to_le_bytes());
        bytes.extend(15i32.to_le_bytes());
        bytes.extend([1, 0, 8, 0]);
        bytes.extend([0; 24]);
        (0..=255u8).for_each(|grey| bytes.extend([grey, grey, grey, 0]));
        bytes.extend((0..15 * row).map(|place| (place as u8).wrapping_mul(i)));
        std::fs::write(photos.join(format!("{i}.bmp")), bytes).unwrap();
    }
    let mut settings = Settings::default();
    settings.data.dataset = format!("folder:{}", photos.display());
    settings.regimes.truncate(1);
    (settings.network.neurons, settings.network.duration) = (60, 40.0);
    settings.decoder.hidden = vec![8];
    settings.decoder.channels = 2;
    settings.training.epochs = 1;
    settings.keep_spikes = 2;
    let inputs = Reconstruction::open(&settings, folder.path()).unwrap();
    let images = &inputs.images;
    // Sides that the decoder can halve twice and the window of SSIM fits into.
    assert_eq!((images.train.shape.height, images.train.shape.width), (16, 12));
    assert_eq!([images.train.len(), images.validation.len(), images.test.len()], [15, 1, 4]);
    assert!(!images.remarks.is_empty());
    let compared = Reconstruction::run(&settings, &inputs, &Context::default()).unwrap();
    assert!(compared.scores.iter().all(|score| score.quality.len() == 4));
    // Numbers that somebody has asked for are not cut.
    settings.data.train = Some(16);
    assert!(matches!(Reconstruction::open(&settings, folder.path()), Err(StudyError::Input(_))));
}
