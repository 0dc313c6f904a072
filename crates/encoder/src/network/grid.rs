//! The grid of time on which networks are simulated.

/// Why a time cannot be had on the grid of steps of `dt`, with the times beside it that can; `None`
/// if it is a whole number of steps. Both in ms.
pub fn off_grid(time: f64, dt: f64) -> Option<String> {
    let steps = time / dt;
    // What a person writes as a multiple is one but for the last bits.
    if (steps - steps.round()).abs() <= 1e-6 * steps.abs().max(1.0) {
        return None;
    }
    // Without the last bits, in which a product differs from what a person would write.
    let whole = |steps: f64| (steps * dt * 1e9).round() / 1e9;
    let (below, above) = (whole(steps.floor()), whole(steps.ceil()));
    Some(format!(
        "{time} ms is no whole number of time steps of dt = {dt} ms; {below} and {above} ms are"
    ))
}

#[cfg(test)]
mod tests {
    use super::off_grid;

    #[test]
    fn multiples_are_on_the_grid_and_the_rest_is_told_its_neighbours() {
        for (time, dt) in [(0.0, 0.1), (0.3, 0.1), (1e5, 0.1), (100.1, 0.1), (1.5, 0.05)] {
            assert_eq!(off_grid(time, dt), None, "{time} {dt}");
        }
        let reason = off_grid(0.4, 1.0).expect("no multiple");
        assert!(reason.contains("0 and 1 ms"), "{reason}");
        let reason = off_grid(100.05, 0.1).expect("no multiple");
        assert!(reason.contains("100 and 100.1 ms"), "{reason}");
    }
}
