//! A person's own data: recordings with their images, and folders of few images without labels.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::path::Path;

use equipoise_data::npz::NpzWriter;
use equipoise_report::{RunDir, RunInfo};
use equipoise_studies::reconstruction::comparison::RECORDED;
use equipoise_studies::reconstruction::images::RecordedFiles;
use equipoise_studies::reconstruction::method::Method;
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
