//! The same bits for any number of threads.

use equipoise_metrics::spikes::{UnitTrains, count_correlations, irregularity};
use equipoise_metrics::statistics::Bootstrap;
use equipoise_metrics::van_rossum::{Convention, distance_matrix};
use equipoise_random::stream;

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let mut draws = stream(1, "tests/threads", 0);
    let trains: Vec<Vec<f64>> =
        (0..70).map(|i| (0..i % 13).map(|_| draws.range(0.0, 99.0)).collect()).collect();
    let values: Vec<f64> = (0..50).map(|_| draws.normal()).collect();
    let everything = || {
        let grid = distance_matrix(&trains, 3.0, Convention::Grid { steps: 99 }).unwrap();
        let elephant = distance_matrix(&trains, 3.0, Convention::Elephant).unwrap();
        let spikes = UnitTrains::from_trains(&trains).unwrap();
        let counts = spikes.counts(0.0, 99.0, 11).unwrap();
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let interval = Bootstrap::default().interval(&values, mean).unwrap();
        let correlations = count_correlations(&counts, 11).unwrap();
        (grid, elephant, irregularity(&spikes, 3), correlations, interval)
    };
    let in_pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(everything)
    };
    let one = in_pool(1);
    for threads in [2, 5] {
        assert_eq!(one, in_pool(threads));
    }
}
