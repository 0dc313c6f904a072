//! Who is connected to whom, with which weights and delays.

use equipoise_encoder::populations::{
    MicrocircuitInput, Network, Population, Rule, Settings, microcircuit,
};

use crate::constant;

#[test]
fn rules_connect_whom_they_say() {
    let in_degree = |multapses, autapses| Rule::InDegree { synapses: 9, multapses, autapses };
    let cases = [
        (in_degree(false, false), true),
        (in_degree(true, false), false),
        (Rule::Probability { probability: 0.2, autapses: false }, true),
        (Rule::TotalNumber { synapses: Some(1000), probability: None }, false),
    ];
    for (rule, distinct) in cases {
        let settings = Settings {
            populations: vec![Population::new("a", 100)],
            projections: vec![constant("a", "a", rule, 3.0, 1.5)],
            ..Settings::default()
        };
        let network = Network::build(&settings, 2, 1).expect("it makes sense");
        let onto: Vec<Vec<u32>> = (0..100)
            .map(|neuron| {
                let synapses = network.synapses_onto(neuron);
                assert!(
                    synapses.iter().all(|s| s.weight == 3.0 && (s.delay_ms - 1.5).abs() < 1e-12)
                );
                synapses.iter().map(|s| s.source).collect()
            })
            .collect();
        let own = onto.iter().enumerate().any(|(k, sources)| sources.contains(&(k as u32)));
        let repeated = onto.iter().any(|sources| sources.windows(2).any(|pair| pair[0] == pair[1]));
        let total: usize = onto.iter().map(Vec::len).sum();
        assert_eq!(total, network.synapses());
        assert_eq!(repeated, !distinct, "{rule:?}");
        match rule {
            Rule::InDegree { .. } => {
                assert!(!own && onto.iter().all(|sources| sources.len() == 9), "{rule:?}");
            }
            // 1980 ± 40.
            Rule::Probability { .. } => assert!(!own && total.abs_diff(1980) < 180, "{total}"),
            _ => assert!(own && total == 1000),
        }
    }
}

#[test]
fn weights_and_delays_have_their_distributions() {
    let settings = microcircuit(0.1, 0.1, MicrocircuitInput::Poisson);
    let network = Network::build(&settings, 4, 1).expect("it makes sense");
    for (index, projection) in settings.projections.iter().enumerate() {
        let kept = network.projection_statistics(index);
        let (mean, n) = (projection.weight.mean(), kept.synapses as f64);
        assert_eq!(n, settings.synapses(projection));
        let error = 5.0 * 0.1 * mean / n.sqrt();
        assert!((kept.mean_weight - mean).abs() < error, "{projection:?} {kept:?}");
        assert!((kept.sd_weight - 0.1 * mean).abs() < error, "{projection:?} {kept:?}");
        assert!(kept.resolution < 1e-3 * mean);
    }
    let inhibitory: Vec<f64> = network
        .synapses_onto(100)
        .iter()
        .filter(|synapse| synapse.weight < 0.0)
        .map(|synapse| synapse.delay_ms)
        .collect();
    let n = inhibitory.len() as f64;
    let mean = inhibitory.iter().sum::<f64>() / n;
    // Of a normal distribution of 0.75 ± 0.375 ms cut at 0.05 ms.
    assert!(n > 50.0 && (mean - 0.785).abs() < 5.0 * 0.35 / n.sqrt(), "{mean} over {n}");
    assert!(inhibitory.iter().all(|&delay| (0.1 - 1e-9..3.1).contains(&delay)));
}
