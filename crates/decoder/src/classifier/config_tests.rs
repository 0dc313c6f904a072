//! What may be said of a classifier, and what not.

use super::*;

#[test]
fn the_presets_make_sense() {
    for config in
        [ClassifierConfig::default(), ClassifierConfig::speech(), ClassifierConfig::unbounded()]
    {
        config.validate().unwrap();
        let text = toml_like(&config);
        assert_eq!(serde_json::from_str::<ClassifierConfig>(&text).unwrap(), config);
    }
}

fn toml_like(config: &ClassifierConfig) -> String {
    serde_json::to_string(config).unwrap()
}

/// What was made under the default form has the identity that it had before there was another.
#[test]
fn the_default_form_of_a_step_is_not_written_down() {
    let published = ClassifierConfig::default();
    assert!(!toml_like(&published).contains("dynamics"));
    let nir = ClassifierConfig { dynamics: Scheme::Nir, ..published };
    let json: serde_json::Value = serde_json::from_str(&toml_like(&nir)).unwrap();
    assert_eq!(json["dynamics"], "nir");
    assert_eq!(nir.dynamics(10).scheme, Scheme::Nir);
}

/// Nor are the synapses and the wiring that all had before there were others.
#[test]
fn published_synapses_are_not_written_down() {
    let text = toml_like(&ClassifierConfig::default());
    for key in ["synapses", "reversal", "feed_forward_inhibition"] {
        assert!(!text.contains(key), "{key}");
    }
    let config = ClassifierConfig {
        synapses: SynapseModel::Conductance,
        reversal: Some(Reversal { inhibition: -1.0, ..Reversal::default() }),
        feed_forward_inhibition: true,
        initial: InitialWeights::fluctuation_driven(),
        ..ClassifierConfig::default()
    };
    config.validate().unwrap();
    assert_eq!(serde_json::from_str::<ClassifierConfig>(&toml_like(&config)).unwrap(), config);
    let dynamics = config.dynamics(10);
    let want = Synapses::Conductance { excitation: 4.0, inhibition: -1.0 };
    assert_eq!((dynamics.synapses, dynamics.lateral), (want, Lateral::FeedForward));
    assert_eq!(dynamics.excitatory, 80);
    assert!(config.shape(5, 2).recurrent);
}

#[test]
fn what_cannot_go_together_is_refused() {
    let conductances =
        ClassifierConfig { synapses: SynapseModel::Conductance, ..ClassifierConfig::default() };
    let feed_forward =
        ClassifierConfig { feed_forward_inhibition: true, ..ClassifierConfig::default() };
    let shunting = Some(Reversal { inhibition: 0.0, ..Reversal::default() });
    let unbounded = ClassifierConfig { dale: false, ..ClassifierConfig::default() };
    let fluctuating = InitialWeights::fluctuation_driven();
    for (config, want) in [
        (
            ClassifierConfig { dale: false, ..conductances },
            Some(Combination::ConductancesWithoutDale),
        ),
        (
            ClassifierConfig { dynamics: Scheme::Nir, ..conductances },
            Some(Combination::ConductancesInNir),
        ),
        (
            ClassifierConfig { reversal: shunting, ..ClassifierConfig::default() },
            Some(Combination::ReversalOfCurrents),
        ),
        (
            ClassifierConfig { recurrent: true, ..feed_forward },
            Some(Combination::FeedForwardAndRecurrent),
        ),
        (
            ClassifierConfig { feed_forward_inhibition: true, ..unbounded },
            Some(Combination::FeedForwardWithoutDale),
        ),
        (
            ClassifierConfig { excitatory_fraction: 1.0, ..feed_forward },
            Some(Combination::OneType { hidden: 100, excitatory: 100 }),
        ),
        (
            ClassifierConfig {
                reversal: shunting,
                initial: fluctuating,
                recurrent: true,
                ..conductances
            },
            Some(Combination::ShuntingCancelsNothing),
        ),
        (ClassifierConfig { reversal: shunting, recurrent: true, ..conductances }, None),
        (ClassifierConfig { reversal: shunting, initial: fluctuating, ..conductances }, None),
        (ClassifierConfig { dynamics: Scheme::Nir, ..feed_forward }, None),
        (ClassifierConfig { initial: fluctuating, ..unbounded }, None),
    ] {
        match (config.validate(), want) {
            (Ok(()), None) => {}
            (Err(ClassifierError::Combination(found)), Some(want)) => assert_eq!(found, want),
            other => panic!("{other:?}"),
        }
    }
    let reversal = Some(Reversal { excitation: 1.0, ..Reversal::default() });
    match (ClassifierConfig { reversal, ..conductances }).validate() {
        Err(ClassifierError::Setting(setting)) => {
            assert_eq!(setting.key, "reversal.excitation")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ratios_round_down_to_whole_neurons() {
    let excitatory = |share, hidden| {
        ClassifierConfig { excitatory_fraction: share, hidden, ..Default::default() }.excitatory()
    };
    assert_eq!(excitatory(0.8, 100), 80);
    assert_eq!(excitatory(0.55, 100), 55);
    assert_eq!(excitatory(0.95, 10), 9);
    assert_eq!(excitatory(0.99, 10), 9);
    assert_eq!((excitatory(0.0, 7), excitatory(1.0, 7)), (0, 7));
}

#[test]
fn wrong_settings_name_their_key() {
    let good = ClassifierConfig::default;
    let sigma = |sigma_1| InitialWeights::Study { sigma_1, sigma_2: None, sigma_recurrent: None };
    for (config, key) in [
        (ClassifierConfig { excitatory_fraction: 1.2, ..good() }, "excitatory_fraction"),
        (ClassifierConfig { hidden: 0, ..good() }, "hidden"),
        (ClassifierConfig { hidden: usize::MAX, ..good() }, "hidden"),
        (ClassifierConfig { batch: i64::MAX as usize, ..good() }, "batch"),
        (ClassifierConfig { epochs: usize::MAX, ..good() }, "epochs"),
        (ClassifierConfig { tau_mem: f64::NAN, ..good() }, "tau_mem"),
        (ClassifierConfig { initial: sigma(-1.0), ..good() }, "initial.sigma_1"),
        (ClassifierConfig { noise: -0.1, ..good() }, "noise"),
        (ClassifierConfig { weight_decay: f64::NAN, ..good() }, "weight_decay"),
        (ClassifierConfig { optimizer: Optimizer::adam(0.0), ..good() }, "optimizer.learning_rate"),
        (
            ClassifierConfig { surrogate: Surrogate::Triangle { scale: -1.0 }, ..good() },
            "surrogate.scale",
        ),
    ] {
        match config.validate() {
            Err(ClassifierError::Setting(setting)) => assert_eq!(setting.key, key),
            other => panic!("{key}: {other:?}"),
        }
    }
    let large = ClassifierConfig { hidden: MOST, recurrent: true, ..good() };
    assert!(matches!(large.validate(), Err(ClassifierError::Lif(_))));
    assert!(serde_json::from_str::<ClassifierConfig>(r#"{"ratio": 0.8}"#).is_err());
}
