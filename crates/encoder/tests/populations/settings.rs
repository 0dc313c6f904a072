//! Settings that make no sense, and settings in TOML.

use equipoise_encoder::populations::{
    MICROCIRCUIT_POPULATIONS, MicrocircuitInput, PopulationsError, Precision, Rule, Settings,
    brunel, microcircuit,
};

use crate::mixed;

#[test]
fn networks_that_make_no_sense_are_refused_with_the_place() {
    type Fault = fn(&mut Settings);
    let cases: [(&str, Fault); 16] = [
        ("dt", |s| s.dt = 0.0),
        ("populations", |s| s.populations.clear()),
        ("populations.E.size", |s| s.populations[0].size = 0),
        ("populations", |s| s.populations[0].size = usize::MAX),
        ("populations.E.name", |s| s.populations[2].name = "E".into()),
        ("populations.E.neuron.membrane", |s| s.populations[0].neuron.membrane = (-1.0).into()),
        ("populations.E.neuron.reset", |s| s.populations[0].neuron.reset = 0.0.into()),
        ("populations.E.neuron.refractory", |s| s.populations[0].neuron.refractory = 0.15.into()),
        ("duration", |s| s.duration = 100.04),
        ("warm_up", |s| s.warm_up = 0.05),
        ("populations.E.background.rate", |s| s.populations[0].background[0].rate = f64::NAN),
        ("projections[0].source", |s| s.projections[0].source = "nobody".into()),
        ("projections[4] (image to E).weight", |s| s.projections[4].weight = (-1.0).into()),
        ("projections[4] (image to E).delay", |s| s.projections[4].delay = 0.0.into()),
        ("projections[3] (I to I).connect.synapses", |s| {
            s.projections[3].connect =
                Rule::InDegree { synapses: 600, multapses: false, autapses: false };
        }),
        ("projections[0] (E to E).connect", |s| {
            s.projections[0].connect =
                Rule::TotalNumber { synapses: Some(3), probability: Some(0.1) };
        }),
    ];
    for (want, fault) in cases {
        let mut settings = mixed(Precision::Single);
        settings.validate().expect("it makes sense before");
        fault(&mut settings);
        match settings.validate() {
            Err(PopulationsError::Setting { place, .. }) => assert_eq!(place, want),
            other => panic!("{want}: {other:?}"),
        }
    }
    let mut settings = microcircuit(1.0, 1.0, MicrocircuitInput::Dc);
    settings.memory_limit = 1.0;
    assert!(matches!(settings.validate(), Err(PopulationsError::TooLarge(_))));
}

#[test]
fn settings_come_back_from_toml() {
    for settings in [
        mixed(Precision::Double),
        microcircuit(0.1, 0.2, MicrocircuitInput::Dc),
        brunel(1000, 5.0, 2.0),
    ] {
        let text = toml::to_string(&settings).expect("it can be written");
        assert_eq!(toml::from_str::<Settings>(&text).expect("it can be read"), settings);
    }
    assert!(toml::from_str::<Settings>("populaitons = []").is_err());
    assert_eq!(MICROCIRCUIT_POPULATIONS.len(), 8);
}
