//! The van Rossum distances of one's own spike trains, each with each.

use equipoise_metrics::van_rossum::{Convention, VanRossumError, distance_matrix};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), VanRossumError> {
    // Spike times of four neurons, ms.
    let trains = [vec![10.0, 20.0, 30.0], vec![12.0, 24.0, 30.0], vec![15.0], vec![]];
    let tau = 10.0; // ms, as the times
    let distances = distance_matrix(&trains, tau, Convention::VanRossum2001)?;
    for i in 0..distances.len() {
        let row: Vec<f64> = (0..distances.len()).map(|j| distances.get(i, j)).collect();
        println!("{row:.3?}");
    }
    Ok(())
}
