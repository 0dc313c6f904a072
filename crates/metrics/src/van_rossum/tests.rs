use proptest::prelude::*;

use super::*;

fn near(got: f64, want: f64) {
    assert!((got - want).abs() < 5e-10, "{got} is not {want}");
}

#[test]
fn values_of_elephant() {
    // scripts/reference/van_rossum.py
    let cases: [(&[f64], &[f64], [f64; 3]); 3] = [
        (&[10.0], &[15.0], [1.409441062, 1.124384773, 0.887095643]),
        (&[10.0, 20.0, 30.0], &[12.0, 24.0, 30.0], [1.921491258, 1.298997803, 0.983968420]),
        (&[12.0], &[20.0, 20.0], [2.235767910, 2.047538505, 1.789604466]),
    ];
    for (a, b, wanted) in cases {
        for (tau, want) in [1.0, 5.0, 10.0].into_iter().zip(wanted) {
            let elephant = distance(a, b, tau, Convention::Elephant).unwrap();
            near(elephant, want);
            let paper = distance(a, b, tau, Convention::VanRossum2001).unwrap();
            near(paper * 2f64.sqrt(), want);
        }
    }
}

#[test]
fn one_spike_against_none() {
    for tau in [0.1, 1.0, 50.0] {
        near(distance(&[3.0], &[], tau, Convention::Elephant).unwrap(), 1.0);
        near(distance(&[], &[3.0], tau, Convention::VanRossum2001).unwrap(), 0.5f64.sqrt());
    }
    let grid = Convention::Grid { steps: 100 };
    for (tau, want) in [(1.0, 1.075415103), (5.0, 0.778876727), (10.0, 0.742741912)] {
        near(distance(&[], &[10.0], tau, grid).unwrap(), want);
    }
}

#[test]
fn limits_of_tau() {
    let (a, b) = ([1.0, 2.0, 5.0], [0.0, 2.5, 3.0, 9.0, 11.0]);
    let at = |tau, convention| distance(&a, &b, tau, convention).unwrap();
    near(at(0.0, Convention::Elephant), 8f64.sqrt());
    near(at(1e-6, Convention::Elephant), 8f64.sqrt());
    near(at(f64::INFINITY, Convention::Elephant), 2.0);
    assert!((at(1e7, Convention::Elephant) - 2.0).abs() < 1e-5);
    near(at(0.0, Convention::VanRossum2001), 2.0);
    near(at(f64::INFINITY, Convention::VanRossum2001), 2f64.sqrt());
    for tau in [0.0, 1e-9, 3.0, f64::INFINITY] {
        assert_eq!(distance(&a, &a, tau, Convention::Elephant).unwrap(), 0.0);
    }
    // As Elephant: for tau 0 even spikes that coincide (at 5) count on both sides.
    let shared = distance(&a, &[0.5, 5.0], 0.0, Convention::Elephant).unwrap();
    near(shared, 5f64.sqrt());
}

#[test]
fn bad_input_is_named() {
    let grid = Convention::Grid { steps: 10 };
    for (tau, convention) in [(-1.0, Convention::Elephant), (f64::NAN, Convention::VanRossum2001)] {
        assert!(matches!(distance(&[], &[], tau, convention), Err(VanRossumError::BadTau { .. })));
    }
    for tau in [0.0, f64::INFINITY] {
        assert!(matches!(distance(&[], &[], tau, grid), Err(VanRossumError::BadTau { .. })));
    }
    let error = distance(&[0.0], &[10.0], 1.0, grid).unwrap_err();
    assert_eq!(error.to_string(), "spike time 10 of train 1 is not in 0..10");
    assert!(distance(&[f64::NAN], &[], 1.0, Convention::Elephant).is_err());
    assert!(grid_distance_matrix(&[vec![9u32], vec![10]], 10, 1.0).is_err());
    let matrix = grid_distance_matrix(&[vec![9u32], vec![1]], 10, 1.0).unwrap();
    let error = matrix.group_means(&[true]).unwrap_err();
    assert!(error.to_string().starts_with("1 neurons"));
}

#[test]
fn groups_of_pairs() {
    // Trains 0, 1 excitatory, 2, 3 inhibitory.
    let trains = [vec![1u32], vec![1, 4], vec![], vec![7]];
    let matrix = grid_distance_matrix(&trains, 20, 2.0).unwrap();
    let types = [true, true, false, false];
    let groups = matrix.groups(&types).unwrap();
    assert_eq!((groups.excitatory.len(), groups.mixed.len(), groups.inhibitory.len()), (1, 4, 1));
    assert_eq!(groups.excitatory[0], matrix.get(0, 1));
    assert_eq!(groups.inhibitory[0], matrix.get(3, 2));
    let means = matrix.group_means(&types).unwrap();
    assert_eq!(means.excitatory, Some(matrix.get(1, 0)));
    near(means.mixed.unwrap(), groups.mixed.iter().sum::<f64>() / 4.0);
    near(means.all.unwrap(), matrix.pairs().iter().sum::<f64>() / 6.0);
    assert_eq!(matrix.group_means(&[true; 4]).unwrap().inhibitory, None);
    let none = grid_distance_matrix(&[vec![0u32]], 5, 1.0).unwrap();
    assert_eq!(none.group_means(&[true]).unwrap(), GroupMeans::default());
    assert_eq!(grid_distance_matrix::<Vec<u32>>(&[], 5, 1.0).unwrap().len(), 0);
}

/// The definition: both traces sampled on the grid.
fn grid_by_definition(a: &[u32], b: &[u32], steps: usize, tau: f64) -> f64 {
    let trace = |train: &[u32], k: usize| -> f64 {
        let since = |&s: &u32| k.checked_sub(s as usize).map(|d| libm::exp(-(d as f64) / tau));
        train.iter().filter_map(since).sum()
    };
    let square = |k| (trace(a, k) - trace(b, k)).powi(2);
    ((0..steps).map(square).sum::<f64>() / tau).sqrt()
}

/// The closed form S_aa + S_bb - 2 S_ab of Elephant's convention.
fn elephant_by_definition(a: &[f64], b: &[f64], tau: f64) -> f64 {
    let s = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().flat_map(|x| y.iter().map(move |y| libm::exp(-(x - y).abs() / tau))).sum()
    };
    (s(a, a) + s(b, b) - 2.0 * s(a, b)).max(0.0).sqrt()
}

proptest! {
    #[test]
    fn trains_agree_with_the_definition(
        a in prop::collection::vec(0.0f64..100.0, 0..12),
        b in prop::collection::vec(0.0f64..100.0, 0..12),
        tau in 0.1f64..50.0,
    ) {
        let got = distance(&a, &b, tau, Convention::Elephant).unwrap();
        prop_assert!((got - elephant_by_definition(&a, &b, tau)).abs() < 1e-6);
        prop_assert_eq!(got, distance(&b, &a, tau, Convention::Elephant).unwrap());
        let mut shuffled = a.clone();
        shuffled.reverse();
        prop_assert_eq!(distance(&a, &shuffled, tau, Convention::VanRossum2001).unwrap(), 0.0);
    }

    #[test]
    fn layers_agree_with_the_definition(
        trains in prop::collection::vec(prop::collection::vec(0u32..30, 0..8), 0..40),
        tau in 0.3f64..20.0,
    ) {
        let matrix = grid_distance_matrix(&trains, 30, tau).unwrap();
        let as_times = |t: &Vec<u32>| t.iter().map(|&s| f64::from(s) + 0.25).collect::<Vec<f64>>();
        let times: Vec<Vec<f64>> = trains.iter().map(as_times).collect();
        let grid = Convention::Grid { steps: 30 };
        let by_times = distance_matrix(&times, tau, grid).unwrap();
        prop_assert_eq!(&matrix, &by_times);
        for i in 0..trains.len() {
            for j in 0..trains.len() {
                let want = grid_by_definition(&trains[i], &trains[j], 30, tau);
                prop_assert!((matrix.get(i, j) - want).abs() < 1e-6, "{} {}", matrix.get(i, j), want);
                let pair = distance(&times[i], &times[j], tau, grid).unwrap();
                prop_assert!((pair - want).abs() < 1e-6);
                if want == 0.0 {
                    prop_assert_eq!(matrix.get(i, j), 0.0);
                }
            }
        }
    }

    #[test]
    fn a_matrix_holds_the_distances_of_its_pairs(
        trains in prop::collection::vec(prop::collection::vec(0.0f64..50.0, 0..6), 0..20),
    ) {
        for convention in [Convention::Elephant, Convention::VanRossum2001] {
            let matrix = distance_matrix(&trains, 4.0, convention).unwrap();
            for i in 0..trains.len() {
                for j in 0..trains.len() {
                    let pair = distance(&trains[i], &trains[j], 4.0, convention).unwrap();
                    prop_assert_eq!(matrix.get(i, j), pair);
                }
            }
        }
    }
}
