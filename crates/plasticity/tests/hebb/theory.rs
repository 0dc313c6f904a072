//! Theory beside measurement.

use equipoise_plasticity::hebb::theory::{
    excitatory_fixed_point, inhibitory_amplitude, limit_chance, measure, two_inputs_are_confused,
};
use equipoise_plasticity::hebb::{
    Allotment, Criterion, Dale, HebbConfig, HebbError, Mapping, Network, Plan, StudyConfig,
    Trainer, Variants,
};

#[test]
fn fixed_points_of_four_neurons() {
    // SPEC: 0.2462…0.2538 for N = 4.
    assert_eq!(format!("{:.4}", excitatory_fixed_point(0.01, 4, 3)), "0.2462");
    assert_eq!(format!("{:.4}", excitatory_fixed_point(0.01, 4, 0)), "0.2538");
    // A single neuron is presented all the time.
    assert!((excitatory_fixed_point(0.3, 1, 0) - 1.0).abs() < 1e-15);
    assert!((inhibitory_amplitude(0.5, 1, 0) - 1.0 / 3.0).abs() < 1e-15);
}

#[test]
fn weights_end_where_theory_says() {
    for (neurons, epsilon) in [(3, 0.01), (4, 0.01), (5, 0.05), (4, 0.3)] {
        let config = HebbConfig { neurons, epsilon, ..HebbConfig::default() };
        for seed in 0..4 {
            let types = Allotment::from_masks(neurons, &[seed % (1 << neurons), 0b101, 0]).unwrap();
            let mapping = Mapping::nth(neurons, seed).unwrap();
            let shown = measure(&config, &mapping, &types, seed, 0).unwrap();
            assert!(shown.excitatory_deviation < 1e-12, "{shown:?}");
            assert!(shown.inhibitory_deviation < 1e-12, "{shown:?}");
            assert_eq!(shown.excitatory_codes_not_all_up, 0);
            assert_eq!(shown.excitatory_inputs_told_apart, 0);
            if two_inputs_are_confused(&types, Criterion::Argmax) {
                assert_eq!(shown.epochs_with_distinct_outputs, 0);
            }
        }
    }
    let all: Allotment = "III|III|EEE".parse().unwrap();
    let config = HebbConfig { neurons: 3, ..HebbConfig::default() };
    let shown = measure(&config, &Mapping::identity(3).unwrap(), &all, 0, 0).unwrap();
    assert!(shown.epochs_with_distinct_outputs > 0, "the measure can tell");
}

#[test]
fn two_excitatory_inputs_never_learn() {
    for criterion in [Criterion::Exact, Criterion::Argmax, Criterion::FirstFiring] {
        let plan = Plan::new(
            &StudyConfig {
                hebb: HebbConfig { criterion, ..HebbConfig::default() },
                seeds: 2,
                ..StudyConfig::default()
            },
            0,
        )
        .unwrap();
        for (cell, runs) in plan.summary().cells {
            let types = runs.allotments.keys().next().unwrap();
            assert_eq!(two_inputs_are_confused(types, criterion), cell.inhibitory_inputs < 3);
            if cell.inhibitory_inputs < 3 {
                assert_eq!(runs.converged.successes, 0);
            }
        }
    }
}

/// The chance counted over the phases of the limit cycles is the share of networks that meet the
/// criterion in their last two epochs, when they have long gone round in circles.
#[test]
fn the_limit_chances_are_measured() {
    for (neurons, criterion, inhibitory_inputs) in [
        (3, Criterion::Exact, 3),
        (3, Criterion::Argmax, 3),
        (3, Criterion::Argmax, 2),
        (3, Criterion::TargetFires, 3),
        (4, Criterion::Argmax, 4),
    ] {
        let config = HebbConfig { neurons, criterion, epsilon: 0.02, ..HebbConfig::default() };
        let mapping = Mapping::identity(neurons).unwrap();
        for hidden in 0..=neurons {
            let masks = [(1 << inhibitory_inputs) - 1, (1 << hidden) - 1, 0];
            let types = Allotment::from_masks(neurons, &masks).unwrap();
            let limit = limit_chance(&config, &types).unwrap().unwrap();
            let runs = 250;
            let mut met = 0;
            for index in 0..runs {
                let mut stream = equipoise_random::stream(3, "test", index);
                let network = Network::random(&config, &types, &mut stream).unwrap();
                let mut trainer = Trainer::new(&config, &mapping, network).unwrap();
                for _ in 0..700 {
                    trainer.epoch();
                }
                let now = |trainer: &Trainer<'_>| match criterion {
                    Criterion::Exact => trainer.verdict().exact,
                    Criterion::Argmax => trainer.verdict().argmax,
                    _ => trainer.verdict().target_fires,
                };
                let before = now(&trainer);
                trainer.epoch();
                met += u64::from(before || now(&trainer));
            }
            let measured = met as f64 / runs as f64;
            let error = (limit * (1.0 - limit) / runs as f64).sqrt();
            println!("N = {neurons} {criterion} hidden {hidden}: {limit:.4} {measured:.4}");
            assert!((measured - limit).abs() < 4.0 * error + 1e-9, "{measured} is not {limit}");
        }
    }
}

#[test]
fn the_limit_chance_of_three_inhibitory_inputs_by_hand() {
    // With phases of equal chance, three codes of three neurons disagree in most places pairwise
    // in 48 of 512 cases; the law of the initial weights shifts this a little.
    let config = HebbConfig { neurons: 3, ..HebbConfig::default() };
    let chance =
        |types: &str, config: &HebbConfig| limit_chance(config, &types.parse().unwrap()).unwrap();
    let limit = chance("III|III|EEE", &config).unwrap();
    assert!((limit - 48.0 / 512.0).abs() < 0.01, "{limit}");
    assert_eq!(chance("EEI|III|EEE", &config), Some(0.0));
    let four = HebbConfig { neurons: 4, layers: 4, ..HebbConfig::default() };
    assert_eq!(chance("IIII|IIII|IIII|EEEE", &four), None);
}

#[test]
fn the_theory_is_refused_for_another_rule() {
    let variants = Variants { dale: Dale::Clamp, ..Variants::default() };
    let config = HebbConfig { neurons: 2, variants, ..HebbConfig::default() };
    let types: Allotment = "II|II|EE".parse().unwrap();
    let mapping = Mapping::identity(2).unwrap();
    let error = measure(&config, &mapping, &types, 0, 0).unwrap_err();
    assert!(matches!(error, HebbError::Setting { setting: "variants", .. }));
    assert_eq!(limit_chance(&config, &types), Ok(None));
    let plain = HebbConfig { neurons: 2, ..HebbConfig::default() };
    let wrong = measure(&plain, &Mapping::identity(3).unwrap(), &types, 0, 0).unwrap_err();
    assert!(matches!(wrong, HebbError::NotAPermutation { .. }));
}

#[test]
fn chances_that_take_for_ever_are_not_sought() {
    let types: Allotment = "IIII|IIII|EEEE".parse().unwrap();
    let known = |config: &HebbConfig| limit_chance(config, &types).unwrap().is_some();
    for epsilon in [1e-6, 0.01, 0.5, 0.999, 1.0 - 1e-9] {
        assert!(known(&HebbConfig { epsilon, ..HebbConfig::default() }), "{epsilon}");
    }
    for epsilon in [1e-12, 1e-18, 1e-300] {
        assert!(!known(&HebbConfig { epsilon, ..HebbConfig::default() }), "{epsilon}");
    }
    let mut fine = HebbConfig::default();
    fine.initial.decimals = 9;
    assert!(!known(&fine));
}
