//! The networks: shapes, settings, losses, initial weights.

use super::*;

#[test]
fn images_have_the_shape_asked_for() {
    let device = Device::flex();
    let colour = ImageShape { height: 32, width: 32, channels: 3 };
    for shape in [GREY, colour] {
        for (kind, residual) in [
            (DecoderKind::MlpUnet, false),
            (DecoderKind::MlpUnet, true),
            (DecoderKind::MlpVae, false),
        ] {
            let config = DecoderConfig { residual, ..small(kind) };
            config.validate(shape).unwrap();
            let model = DecoderModel::new(&config, 11, shape, 0, &device);
            let decoded = model.forward(&config, Tensor::ones([5, 11], &device), None);
            let ImageShape { height, width, channels } = shape;
            assert_eq!(decoded.images.dims(), [5, height, width, channels]);
            let images = numbers(decoded.images);
            let bounded = images.iter().all(|v| (0.0..=1.0).contains(v));
            assert!(bounded || config.output() == Output::Linear);
            assert!(images.iter().all(|v| v.is_finite()));
            assert!(images.iter().any(|v| (v - images[0]).abs() > 1e-3), "all pixels are equal");
        }
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let wrong = |change: fn(&mut DecoderConfig)| {
        let mut config = DecoderConfig::default();
        change(&mut config);
        config.validate(GREY).unwrap_err()
    };
    let key = |change| match wrong(change) {
        ConfigError::Setting(setting) => setting.key,
        other => panic!("{other:?}"),
    };
    assert_eq!(key(|c| c.hidden = vec![8, 0]), "hidden");
    assert_eq!(key(|c| c.hidden = vec![i64::MAX as usize]), "hidden");
    assert_eq!(key(|c| c.dropout = 1.0), "dropout");
    assert_eq!(key(|c| c.feature_dropout = f64::NAN), "feature_dropout");
    assert_eq!(key(|c| c.ssim_share = -0.1), "ssim_share");
    assert_eq!(key(|c| c.channels = 0), "channels");
    assert_eq!(key(|c| c.channels = usize::MAX), "channels");
    assert_eq!(key(|c| c.depth = 0), "depth");
    assert_eq!(key(|c| c.depth = i64::MAX as usize), "depth");
    assert_eq!(key(|c| c.latent = 0), "latent");
    assert_eq!(key(|c| c.latent = i64::MAX as usize), "latent");
    assert_eq!(key(|c| c.beta = f64::NAN), "beta");
    for n in [0, 65] {
        let hidden = vec![8; n];
        let config = DecoderConfig { hidden, ..DecoderConfig::default() };
        assert_eq!(config.validate(GREY), Err(ConfigError::Layers(n)));
    }
    assert_eq!(wrong(|c| c.depth = 3), ConfigError::Halvings { shape: GREY, halvings: 3 });
    assert_eq!(wrong(|c| c.hidden_activation = HiddenActivation::Relu), ConfigError::RidgeIsLinear);
    assert_eq!(wrong(|c| c.output = Some(Output::Sigmoid)), ConfigError::ResidualIsLinear);
    // Each size for itself is possible, all together are not.
    let large = wrong(|c| c.hidden = vec![1 << 16; 2]);
    assert!(matches!(large, ConfigError::Size(SizeError::Parameters { .. })));
    let default = DecoderConfig::default();
    assert!(default.validate(GREY).is_ok());
    let tiny = ImageShape { height: 4, width: 4, channels: 1 };
    let ssim = DecoderConfig { ssim_share: 0.5, ..default.clone() };
    assert_eq!(ssim.validate(tiny), Err(ConfigError::TooSmallForSsim(tiny)));
    for side in [0, usize::MAX] {
        let shape = ImageShape { height: side, ..GREY };
        assert_eq!(default.validate(shape), Err(ConfigError::Shape(shape)));
    }
    let unknown = "unet".parse::<DecoderKind>();
    assert_eq!(unknown, Err(UnknownDecoder("unet".into())));
}

#[test]
fn divergence_is_the_closed_form() {
    let device = Device::flex();
    let tensor = |v: [[f32; 2]; 3]| Tensor::<2>::from_floats(v, &device);
    let latent = Latent {
        mean: tensor([[0.0, 0.0], [1.0, -2.0], [0.0, 0.0]]),
        log_variance: tensor([[0.0, 0.0], [0.0, 0.0], [libm::logf(2.0f32), libm::logf(0.5f32)]]),
    };
    // KL(N(m, v) || N(0, 1)) = (m² + v - ln v - 1) / 2, a dimension.
    let want = [0.0, 2.5, 0.5 * (2.0 + 0.5 - 2.0)];
    for (got, want) in numbers(latent.divergence()).iter().zip(want) {
        assert!((got - want).abs() < 1e-6, "{got} {want}");
    }
}

#[test]
fn latent_noise_belongs_to_epoch_and_image() {
    let device = Device::flex();
    let draw = |epoch, images: &[usize]| {
        let draws = Draws { seed: 3, epoch, images };
        numbers(draws.normal("decoder/latent", 4, &device))
    };
    let both = draw(2, &[5, 9]);
    assert_eq!(both[..4], draw(2, &[5]));
    assert_eq!(both[4..], draw(2, &[9]));
    assert_ne!(draw(2, &[5]), draw(3, &[5]));
    let mask = Draws { seed: 3, epoch: 0, images: &[0] }.mask("d", 4000, 0.8, &device);
    let mask = numbers(mask);
    assert!(mask.iter().all(|&v| v == 0.0 || v == 1.25));
    assert!((mask.iter().sum::<f32>() / 4000.0 - 1.0).abs() < 0.03);
}

#[test]
fn similarity_agrees_with_the_metrics_crate() {
    let device = Device::flex();
    let shape = ImageShape { height: 32, width: 28, channels: 3 };
    let a = surrogate(4, 1, shape, 1).images;
    let b = surrogate(4, 1, shape, 2).images;
    let tensor = |v: &[f32]| {
        let planes = TensorData::new(v.to_vec(), [4, 3, 32, 28]);
        Tensor::<4>::from_data(planes, &device).permute([0, 2, 3, 1])
    };
    let got = numbers(ssim(tensor(&a), tensor(&b)));
    let error = numbers(squared_error(tensor(&a), tensor(&b)));
    let share = numbers(reconstruction_loss(tensor(&a), tensor(&b), 0.25));
    let metrics = (3, 32, 28);
    let options = Default::default();
    for i in 0..4 {
        let (a, b) = (
            &a[i * shape.pixels()..][..shape.pixels()],
            &b[i * shape.pixels()..][..shape.pixels()],
        );
        let want = equipoise_metrics::image::ssim(a, b, metrics, &options).unwrap();
        assert!((f64::from(got[i]) - want).abs() < 1e-4, "{} {want}", got[i]);
        let want = 0.75 * error[i] + 0.25 * (1.0 - got[i]);
        assert!((share[i] - want).abs() < 1e-6);
    }
    for same in numbers(ssim(tensor(&a), tensor(&a))) {
        assert!((same - 1.0).abs() < 1e-6);
    }
}

#[test]
fn all_parameters_are_set_from_the_seed() {
    let device = Device::flex();
    let make = |seed| DecoderModel::new(&small(DecoderKind::MlpUnet), 10, GREY, seed, &device);
    assert!(weights::read(&make(1)) == weights::read(&make(1)));
    for (a, b) in weights::read(&make(1)).iter().zip(&weights::read(&make(2))) {
        let zero = a.values.iter().all(|v| *v == 0.0);
        assert_eq!(zero, a.name.ends_with("bias"), "{}", a.name);
        assert_eq!(zero, a.values == b.values, "{}", a.name);
    }
    // Weights have the variance 2 / inputs before a ReLU, and 1 / inputs elsewhere.
    let config = DecoderConfig { hidden: vec![400, 300], ..DecoderConfig::default() };
    let model = DecoderModel::new(&config, 500, GREY, 0, &device);
    for w in weights::read(&model).iter().filter(|w| w.values.len() > 20_000) {
        let square: f32 = w.values.iter().map(|v| v * v).sum::<f32>() / w.values.len() as f32;
        let linear = ["mlp", "map"].iter().any(|part| w.name.split('.').any(|p| p == *part));
        let gain = square * w.shape[0] as f32;
        let want = if linear { 1.0 } else { 2.0 };
        assert!((gain - want).abs() < 0.05, "{} {gain} {want}", w.name);
    }
    let count: usize = weights::read(&make(0)).iter().map(|w| w.values.len()).sum();
    assert_eq!(make(0).num_params(), count);
}
