//! Where threads wait for each other, ten thousand times a second of simulated time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How often a waiting thread looks before it lets others run: about ten microseconds. Longer
/// would keep a shared processor from the thread that is waited for.
const LOOKS: u32 = 1000;

/// All threads wait until all are there.
#[derive(Debug)]
pub(crate) struct Barrier {
    threads: usize,
    waiting: AtomicUsize,
    round: AtomicUsize,
    broken: AtomicBool,
}

/// A thread ended in a panic, and the others must not wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

/// Breaks the barrier if its thread panics.
pub(crate) struct Guard<'a>(pub(crate) &'a Barrier);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::Release);
        }
    }
}

impl Barrier {
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            threads,
            waiting: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
        }
    }

    /// Waits for the others.
    pub(crate) fn wait(&self) -> Result<(), Broken> {
        let round = self.round.load(Ordering::Acquire);
        if self.waiting.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.waiting.store(0, Ordering::Relaxed);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            return Ok(());
        }
        let mut looks = 0;
        while self.round.load(Ordering::Acquire) == round {
            if self.broken.load(Ordering::Acquire) {
                return Err(Broken);
            }
            looks += 1;
            if looks < LOOKS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_runs_ahead() {
        let barrier = Barrier::new(3);
        let counts: Vec<AtomicUsize> = (0..3).map(|_| AtomicUsize::new(0)).collect();
        std::thread::scope(|scope| {
            for own in 0..3 {
                let (barrier, counts) = (&barrier, &counts);
                scope.spawn(move || {
                    for round in 1..=200 {
                        counts[own].store(round, Ordering::Release);
                        barrier.wait().expect("nobody panics");
                        assert!(counts.iter().all(|c| c.load(Ordering::Acquire) >= round));
                        barrier.wait().expect("nobody panics");
                        assert!(counts.iter().all(|c| c.load(Ordering::Acquire) <= round + 1));
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_ends_the_waiting() {
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let _guard = Guard(&barrier);
                panic!("on purpose");
            });
            assert_eq!(barrier.wait(), Err(Broken));
            assert!(other.join().is_err());
        });
    }
}
