//! Memory that a network will need, asked for before it is built.

/// Less than this is not asked for.
const LITTLE: f64 = (1u32 << 28) as f64;

/// Whether so many bytes can be had now: a network that cannot be held is refused before it is built,
/// not ended by the system in the middle. The memory is asked for and given back untouched.
pub(crate) fn can_be_had(bytes: f64) -> bool {
    bytes < LITTLE || Vec::<u8>::new().try_reserve_exact(bytes as usize).is_ok()
}

/// What to say of memory that cannot be had.
pub(crate) fn too_much(bytes: f64) -> String {
    format!("need {:.1} GiB of memory, which cannot be had", bytes / f64::from(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::can_be_had;

    #[test]
    fn no_machine_has_an_exbibyte() {
        assert!(can_be_had(0.0) && can_be_had(3e8));
        assert!(!can_be_had(1e18) && !can_be_had(f64::INFINITY));
    }
}
