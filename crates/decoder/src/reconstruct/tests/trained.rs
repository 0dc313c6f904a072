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
        assert!(model.predict(&wrong).unwrap_err().to_string().contains("60 features"));
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
    assert!(model.traverse(code, 8, &[0.0]).is_err());
    assert!(model.decode(&means[1..]).is_err());
    let (unet, _) = reconstructor(DecoderKind::MlpUnet);
    assert!(unet.sample_prior(1, 0).is_none());
}

#[test]
fn a_model_is_saved_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decoder.safetensors");
    for kind in [DecoderKind::MlpUnet, DecoderKind::MlpVae] {
        let (model, data) = reconstructor(kind);
        checkpoint::save(&model, &path).unwrap();
        let read = checkpoint::load(&path, &Device::flex()).unwrap();
        assert_eq!(read.config, model.config);
        assert_eq!(read.normaliser, model.normaliser);
        assert!(weights::read(&read.model) == weights::read(&model.model));
        let images = model.predict(&data.features).unwrap();
        assert_eq!(read.predict(&data.features).unwrap(), images);
        // The same model always gives the same bytes.
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes == checkpoint::model_to_bytes(&read).unwrap());
    }
}

#[test]
fn a_file_that_is_no_model_gives_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decoder.safetensors");
    let refused = |text: &str| {
        let error = checkpoint::load(&path, &Device::flex()).unwrap_err().to_string();
        assert!(error.contains("decoder.safetensors") && !error.contains('\n'), "{error}");
        assert!(error.contains(text), "{error}");
    };
    refused("No such file");
    let (model, _) = reconstructor(DecoderKind::MlpUnet);
    let bytes = checkpoint::model_to_bytes(&model).unwrap();
    for cut in [0, 5, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        refused("safetensors");
    }
    for place in (9..bytes.len()).step_by(bytes.len() / 40) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        refused("not a usable decoder");
    }
    let other = checkpoint::to_bytes("equipoise training checkpoint", &[], &[]).unwrap();
    std::fs::write(&path, other).unwrap();
    refused("training checkpoint");
}
