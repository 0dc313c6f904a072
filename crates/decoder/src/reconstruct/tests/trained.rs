//! Trained reconstructors: predictions, the latent space, files.

use super::*;

/// A reconstructor after a short training.
fn reconstructor(kind: DecoderKind) -> (Reconstructor, Surrogate) {
    let (a, b) = (surrogate(40, 60, GREY, 1), surrogate(10, 60, GREY, 2));
    let (decoder, training) = short(kind);
    let config = ReconstructorConfig { decoder, training, ..Default::default() };
    let fitted = Reconstructor::fit(
        Pairs { features: &a.features, images: &a.images, shape: GREY },
        Pairs { features: &b.features, images: &b.images, shape: GREY },
        &config,
        &mut Observer::silent(),
    );
    (fitted.unwrap().reconstructor, b)
}

#[test]
fn a_reconstruction_does_not_depend_on_the_others() {
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        let (model, data) = reconstructor(kind);
        let all = model.predict(&data.features).unwrap();
        assert_eq!(all.len(), data.images.len());
        assert!(all.iter().all(|v| (0.0..=1.0).contains(v)));
        for i in [0, 3, 9] {
            let one = model.predict(&data.features.select(&[i])).unwrap();
            assert_eq!(one, all[i * data.shape.pixels()..][..data.shape.pixels()]);
        }
        let wrong = SpikeFeatures { images: 1, features: 2, values: vec![0.0; 2] };
        let refused = model.predict(&wrong);
        assert_eq!(refused, Err(FeatureError::Features { found: 2, wanted: 60 }));
    }
}

#[test]
fn the_latent_space_can_be_sampled_and_walked() {
    let (model, data) = reconstructor(DecoderKind::MlpVae);
    let means = model.latent_means(&data.features).unwrap().unwrap();
    assert_eq!(means.len(), 10 * 8);
    // An image is what the decoder makes of its latent mean.
    assert_eq!(model.decode(&means).unwrap().unwrap(), model.predict(&data.features).unwrap());
    let samples = model.sample_prior(3, 1).unwrap();
    assert_eq!(samples, model.sample_prior(4, 1).unwrap()[..samples.len()]);
    let code = &means[..8];
    let walk = model.traverse(code, 2, &[-2.0, code[2], 2.0]).unwrap().unwrap();
    assert_eq!(walk[GREY.pixels()..2 * GREY.pixels()], model.decode(code).unwrap().unwrap());
    assert_ne!(walk[..GREY.pixels()], walk[2 * GREY.pixels()..]);
    let beyond = model.traverse(code, 8, &[0.0]);
    assert_eq!(beyond, Err(FeatureError::Dimension { dimension: 8, latent: 8 }));
    assert_eq!(model.decode(&means[1..]), Err(FeatureError::Codes { found: 79, latent: 8 }));
    let (unet, _) = reconstructor(DecoderKind::MlpUnet);
    assert!(unet.sample_prior(1, 0).is_none());
}

#[test]
fn a_model_is_saved_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decoder.safetensors");
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        let (mut model, data) = reconstructor(kind);
        assert_eq!(model.origin[TRAINING].len(), 64);
        model.origin.insert("network".into(), "abc".into());
        model.save(&path).unwrap();
        let read = Reconstructor::load(&path, &Device::flex()).unwrap();
        assert_eq!((&read.config, &read.features), (&model.config, &model.features));
        assert_eq!((&read.normaliser, &read.origin), (&model.normaliser, &model.origin));
        assert!(weights::read(&read.model) == weights::read(&model.model));
        let images = model.predict(&data.features).unwrap();
        assert_eq!(read.predict(&data.features).unwrap(), images);
        // The same model always gives the same bytes.
        assert!(std::fs::read(&path).unwrap() == read.to_bytes().unwrap());
    }
}

#[test]
fn another_training_has_another_origin() {
    let of = |seed, rate| {
        let (decoder, config) = short(DecoderKind::MlpVae);
        let config = TrainConfig { epochs: 1, seed, learning_rate: Some(rate), ..config };
        fit(&decoder, &config, &mut Observer::silent()).unwrap().fingerprint
    };
    assert_eq!(of(1, 1e-3), of(1, 1e-3));
    assert_ne!(of(1, 1e-3), of(2, 1e-3));
    assert_ne!(of(1, 1e-3), of(1, 2e-3));
}

#[test]
fn a_file_that_is_no_model_gives_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decoder.safetensors");
    let refused = || {
        let error = Reconstructor::load(&path, &Device::flex()).unwrap_err();
        let line = error.to_string();
        assert!(line.contains("decoder.safetensors") && !line.contains('\n'), "{line}");
        match error {
            FileError::Content { error: ModelError::Archive(error), .. } => Some(error),
            _ => None,
        }
    };
    assert_eq!(refused(), None);
    let (model, _) = reconstructor(DecoderKind::MlpUnet);
    let bytes = model.to_bytes().unwrap();
    for cut in [0, 5, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert_eq!(refused(), Some(ArchiveError::Length { bytes: cut }));
    }
    let numbers = 8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    for place in (numbers..bytes.len()).step_by(bytes.len() / 40) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(refused(), Some(ArchiveError::Damaged));
    }
    let kind = Kind::ReconstructorTraining;
    let other = checkpoint::to_bytes(kind, &Origin::new(), &[], &[]).unwrap();
    std::fs::write(&path, other).unwrap();
    assert!(matches!(refused(), Some(ArchiveError::Kind { found, .. }) if found == kind.name()));
}

/// Whole archives, with a checksum that is right, of what is no reconstructor.
#[test]
fn an_archive_that_contradicts_itself_is_refused() {
    let write = |decoder: &str, features: &str, image: &str, inputs: &str, mean: usize| {
        let texts =
            [("decoder", decoder), ("features", features), ("image", image), ("inputs", inputs)];
        let texts = texts.map(|(key, text)| (key, text.to_owned()));
        let mean = vec![0.0; mean];
        let arrays = ["normaliser.mean", "normaliser.scale"]
            .map(|name| checkpoint::Array::new(name, &[mean.len()], &mean));
        let bytes =
            checkpoint::to_bytes(Kind::Reconstructor, &Origin::new(), &texts, &arrays).unwrap();
        Reconstructor::from_bytes(&bytes, &Device::flex()).unwrap_err()
    };
    let image = r#"{"channels": 1, "height": 28, "width": 28}"#;
    let missing = write("{}", "{}", image, "4", 4);
    assert!(matches!(missing, ModelError::Archive(ArchiveError::Missing(_))), "{missing}");
    let text = write("{\"hiden\": [1]}", "{}", image, "4", 4);
    assert!(matches!(text, ModelError::Archive(ArchiveError::Text { text: "decoder", .. })));
    assert!(matches!(
        write("{}", "{}", image, "5", 4),
        ModelError::Archive(ArchiveError::Shape { .. })
    ));
    assert!(matches!(write("{}", r#"{"bins": 0}"#, image, "4", 4), ModelError::Features(_)));
    // Sizes that would take more memory than there is.
    let units = r#"{"hidden": [9223372036854775807]}"#;
    assert!(matches!(write(units, "{}", image, "4", 4), ModelError::Config(_)));
    let inputs = write("{}", "{}", image, "9223372036854775807", 4);
    assert!(matches!(inputs, ModelError::Config(ConfigError::Size(_))));
    let huge = r#"{"channels": 4294967296, "height": 4294967296, "width": 4294967296}"#;
    assert!(matches!(write("{}", "{}", huge, "4", 4), ModelError::Config(ConfigError::Shape(_))));
}
