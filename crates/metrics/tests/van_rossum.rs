//! Van Rossum distances of many trains against Elephant (`scripts/reference/metrics.py`).

#![allow(clippy::unwrap_used)]

use equipoise_metrics::van_rossum::{Convention, distance, distance_matrix};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    trains: Vec<Vec<f64>>,
    distances: Vec<AtTau>,
}

#[derive(Deserialize)]
struct AtTau {
    tau: f64,
    elephant: Vec<Vec<f64>>,
}

#[test]
fn agrees_with_elephant() {
    let r: Reference = serde_json::from_str(include_str!("reference/van_rossum.json")).unwrap();
    assert_eq!(r.distances.len(), 4);
    for AtTau { tau, elephant } in &r.distances {
        let matrix = distance_matrix(&r.trains, *tau, Convention::Elephant).unwrap();
        for (i, a) in r.trains.iter().enumerate() {
            for (j, b) in r.trains.iter().enumerate() {
                let want = elephant[i][j];
                let got = distance(a, b, *tau, Convention::Elephant).unwrap();
                // Elephant takes the root of a difference, so its zeros are 0 to 1e-7 only.
                assert!(
                    (got - want).abs() < 1e-6_f64.min(1e-12 + 1e-14 / want.max(1e-300)),
                    "{got} is not {want}"
                );
                assert_eq!(got, matrix.get(i, j));
            }
        }
    }
}
