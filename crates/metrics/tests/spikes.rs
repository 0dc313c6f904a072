//! Spike-train measures against Elephant and NumPy (`scripts/reference/metrics.py`), and against
//! processes whose measures are known.

#![allow(clippy::unwrap_used)]

use equipoise_metrics::spikes::{
    SpikeError, UnitTrains, count_correlations, cv, fano_factor, fano_factors, intervals,
    irregularity, local_variation, rates, synchrony_index,
};
use equipoise_random::stream;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    irregular: Vec<Irregular>,
    trains: Vec<Vec<f64>>,
    duration: f64,
    bins: usize,
    fano_of_population: f64,
    counts: Vec<Vec<u32>>,
    fano: Vec<f64>,
    correlations: Correlations,
    chi_squared: f64,
    rates: Vec<f64>,
}

#[derive(Deserialize)]
struct Irregular {
    times: Vec<f64>,
    cv: f64,
    lv: f64,
}

#[derive(Deserialize)]
struct Correlations {
    mean: f64,
    min: f64,
    max: f64,
    median: f64,
}

fn near(got: Option<f64>, want: f64) {
    let got = got.unwrap();
    assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{got} is not {want}");
}

#[test]
fn agrees_with_elephant_and_numpy() {
    let r: Reference = serde_json::from_str(include_str!("reference/spikes.json")).unwrap();
    for Irregular { times, cv: want_cv, lv } in &r.irregular {
        near(cv(&intervals(times)), *want_cv);
        near(local_variation(&intervals(times)), *lv);
    }
    let trains = UnitTrains::from_trains(&r.trains).unwrap();
    let counts = trains.counts(0.0, r.duration, r.bins).unwrap();
    assert_eq!(counts, r.counts.concat());
    let totals: Vec<u32> = trains.iter().map(|train| train.len() as u32).collect();
    near(fano_factor(&totals), r.fano_of_population);
    for (got, want) in fano_factors(&counts, r.bins).unwrap().into_iter().zip(r.fano) {
        near(got, want);
    }
    let correlations = count_correlations(&counts, r.bins).unwrap();
    assert_eq!(correlations.neurons, 8);
    near(correlations.mean, r.correlations.mean);
    near(correlations.pairs.mean, r.correlations.mean);
    near(correlations.pairs.min, r.correlations.min);
    near(correlations.pairs.max, r.correlations.max);
    near(correlations.pairs.median, r.correlations.median);
    let synchrony = synchrony_index(&counts, r.bins).unwrap().unwrap();
    near(Some(synchrony.chi_squared), r.chi_squared);
    near(Some(synchrony.chi), r.chi_squared.sqrt());
    for (got, want) in rates(&trains, r.duration / 1000.0).unwrap().into_iter().zip(r.rates) {
        near(Some(got), want);
    }
}

#[test]
fn a_poisson_process_and_a_clock() {
    let mut draws = stream(4, "tests/poisson", 0);
    let mut time = 0.0;
    let poisson: Vec<f64> = (0..40_000)
        .map(|_| {
            time += draws.exponential();
            time
        })
        .collect();
    let clock: Vec<f64> = (0..100).map(f64::from).collect();
    let trains = UnitTrains::from_trains(&[poisson, clock, vec![], vec![1.0]]).unwrap();
    let measured = irregularity(&trains, 10);
    let [process, clock, silent, single] = measured.neurons.as_slice() else { panic!() };
    // The CV of n exponential numbers has standard error 1 / sqrt(n).
    assert!((process.cv.unwrap() - 1.0).abs() < 0.02);
    assert!((process.local_variation.unwrap() - 1.0).abs() < 0.03);
    assert_eq!((clock.cv, clock.local_variation), (Some(0.0), Some(0.0)));
    assert_eq!((silent.cv, single.local_variation, single.spikes), (None, None, 1));
    assert_eq!((measured.cv.count, measured.local_variation.count), (2, 2));
    let counts = trains.counts(0.0, 30_000.0, 3000).unwrap();
    let fano = fano_factors(&counts, 3000).unwrap();
    assert!((fano[0].unwrap() - 1.0).abs() < 0.1, "{fano:?}");
    assert_eq!(fano[2], None);
    // A rate that drifts raises the CV of a clock, and hardly its local variation.
    let drifting: Vec<f64> = (0..400).map(|i| libm::pow(f64::from(i), 1.6)).collect();
    assert!(cv(&intervals(&drifting)).unwrap() > 0.2);
    assert!(local_variation(&intervals(&drifting)).unwrap() < 0.01);
}

#[test]
fn synchrony_from_independent_to_all_alike() {
    let mut draws = stream(8, "tests/synchrony", 0);
    let independent: Vec<f64> = (0..50 * 2000).map(|_| draws.normal()).collect();
    let chi_squared = synchrony_index(&independent, 2000).unwrap().unwrap().chi_squared;
    assert!((chi_squared - 1.0 / 50.0).abs() < 0.004, "{chi_squared}");
    let alike: Vec<f64> = (0..50).flat_map(|_| independent[..2000].to_vec()).collect();
    let synchrony = synchrony_index(&alike, 2000).unwrap().unwrap();
    assert!((synchrony.chi - 1.0).abs() < 1e-12);
    assert!((count_correlations(&alike, 2000).unwrap().mean.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(synchrony_index(&[2u32; 60], 10).unwrap(), None);
    let constant = count_correlations(&[2u32; 60], 10).unwrap();
    assert_eq!((constant.neurons, constant.mean, constant.pairs.count), (0, None, 0));
}

#[test]
fn correlations_of_many_neurons() {
    // A common part of variance 1/4 in counts of variance 1: every correlation is 1/4.
    let (neurons, bins) = (1300, 400);
    let mut draws = stream(2, "tests/correlations", 0);
    let common: Vec<f64> = (0..bins).map(|_| draws.normal()).collect();
    let own = 0.75f64.sqrt();
    let values: Vec<f64> =
        (0..neurons * bins).map(|i| 0.5 * common[i % bins] + own * draws.normal()).collect();
    let measured = count_correlations(&values, bins).unwrap();
    assert_eq!(measured.pairs.count, 1000 * 999 / 2);
    assert!((measured.mean.unwrap() - 0.25).abs() < 0.03, "{:?}", measured.mean);
    assert!((measured.mean.unwrap() - measured.pairs.mean.unwrap()).abs() < 0.002);
    // Of independent neurons it scatters around 0 by 1 / sqrt(bins).
    let independent: Vec<f64> = (0..60 * bins).map(|_| draws.normal()).collect();
    let pairs = count_correlations(&independent, bins).unwrap().pairs;
    assert!(pairs.mean.unwrap().abs() < 0.005);
    assert!((pairs.std.unwrap() - 1.0 / (bins as f64).sqrt()).abs() < 0.003);
}

#[test]
fn bad_events_are_named() {
    let say = |error: SpikeError| error.to_string();
    let error = UnitTrains::from_events(&[1.0, 2.0], &[0u16, 7], 7).unwrap_err();
    assert_eq!(say(error), "event 1 is of unit 7; the units are 0..7");
    let error = UnitTrains::from_events(&[1.0], &[-1i64], 7).unwrap_err();
    assert_eq!(say(error), "event 0 is of unit -1; the units are 0..7");
    let error = UnitTrains::from_events(&[1.0f32, f32::NAN], &[0u32, 0], 1).unwrap_err();
    assert_eq!(say(error), "the time of event 1 is NaN; times must be finite");
    let error = UnitTrains::from_events(&[1.0], &[0u32, 0], 1).unwrap_err();
    assert_eq!(say(error), "units of the events (one for each time): 2 found, 1 needed");
    let trains = UnitTrains::from_events(&[1.0], &[0u32], 1).unwrap();
    assert!(trains.counts(1.0, 1.0, 3).is_err() && trains.counts(0.0, 1.0, 0).is_err());
    assert!(rates(&trains, 0.0).is_err() && rates(&trains, f64::NAN).is_err());
    assert!(fano_factors(&[1u32; 5], 2).is_err() && synchrony_index(&[1u32; 5], 0).is_err());
    assert!(synchrony_index(&[1.0, f64::NAN], 2).is_err());
    // Both ends belong to the window, as in NumPy's histogram.
    assert_eq!(trains.counts(0.0, 1.0, 2).unwrap(), [0, 1]);
    assert!(UnitTrains::default().is_empty());
}

proptest! {
    #[test]
    fn events_in_any_order_give_sorted_trains(
        events in prop::collection::vec((0.0f64..100.0, 0u16..9), 0..80),
    ) {
        let (times, units): (Vec<f64>, Vec<u16>) = events.iter().copied().unzip();
        let trains = UnitTrains::from_events(&times, &units, 9).unwrap();
        prop_assert_eq!(trains.spikes(), events.len());
        for unit in 0..9 {
            let mut want: Vec<f64> =
                events.iter().filter(|(_, u)| *u == unit).map(|(t, _)| *t).collect();
            want.sort_by(f64::total_cmp);
            prop_assert_eq!(trains.train(usize::from(unit)), want);
        }
        let total: u32 = trains.counts(0.0, 100.0, 7).unwrap().iter().sum();
        prop_assert_eq!(total as usize, events.len());
    }

    #[test]
    fn events_and_trains_lose_nothing(
        events in prop::collection::vec((0.0f32..100.0, 0u32..9), 0..80),
    ) {
        let mut events = events;
        events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (times, units): (Vec<f32>, Vec<u32>) = events.into_iter().unzip();
        let (back_times, back_units) = UnitTrains::from_events(&times, &units, 9).unwrap().events();
        prop_assert_eq!(back_times.iter().map(|&t| t as f32).collect::<Vec<f32>>(), times);
        prop_assert_eq!(back_units.iter().map(|&u| u as u32).collect::<Vec<u32>>(), units);
    }

    #[test]
    fn no_measure_is_nan(times in prop::collection::vec(-5.0f64..5.0, 0..20)) {
        let trains = UnitTrains::from_trains(&[times]).unwrap();
        let measured = irregularity(&trains, 0);
        let neuron = measured.neurons[0];
        for value in [neuron.cv, neuron.local_variation].into_iter().flatten() {
            prop_assert!(value.is_finite() && value >= 0.0);
        }
        prop_assert_eq!(neuron.cv.is_some(), neuron.spikes >= 3);
    }
}
