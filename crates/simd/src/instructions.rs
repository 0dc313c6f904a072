//! Which instruction sets the processor has, and running work on one of them.

use super::portable::Portable;
use super::task::Task;
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An instruction set that this processor has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Instructions(Level);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// What [`force`] allows; everything without it.
static MOST: AtomicU8 = AtomicU8::new(u8::MAX);
/// Held by the one [`Forced`] there is.
static FORCED: Mutex<()> = Mutex::new(());

impl Instructions {
    /// Whatever the compiler makes of plain code; every processor has it.
    pub const PORTABLE: Instructions = Instructions(Level::Portable);

    /// The fastest that this processor has, or what [`force`] says.
    #[inline]
    pub fn best() -> Instructions {
        let most = MOST.load(Ordering::Relaxed);
        Instructions(Self::levels().find(|&level| level as u8 <= most).unwrap_or(Level::Portable))
    }

    /// All that this processor has, the fastest first.
    pub fn available() -> Vec<Instructions> {
        Self::levels().map(Instructions).collect()
    }

    fn levels() -> impl Iterator<Item = Level> {
        #[cfg(target_arch = "x86_64")]
        let vector = {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("popcnt");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            [avx512.then_some(Level::Avx512), avx2.then_some(Level::Avx2)]
        };
        #[cfg(not(target_arch = "x86_64"))]
        let vector: [Option<Level>; 0] = [];
        vector.into_iter().flatten().chain([Level::Portable])
    }

    /// Does the work with these instructions.
    #[inline]
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            Level::Portable => task.run(Portable::new()),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: only `levels` makes this level, where the processor has the features.
            Level::Avx2 => unsafe { super::avx2::run(task) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Level::Avx512 => unsafe { super::avx512::run(task) },
        }
    }
}

impl fmt::Debug for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.0 {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "AVX-512",
        })
    }
}

/// While this lives, [`Instructions::best`] is no better than what was forced.
#[derive(Debug)]
pub struct Forced(#[allow(dead_code, reason = "it is held")] MutexGuard<'static, ()>);

/// Keeps all of the process to these instructions or slower ones until what it returns is dropped:
/// for comparing instruction sets in tests and benchmarks. No result depends on it. A second call
/// waits for the end of the first.
#[must_use = "it ends when this is dropped"]
pub fn force(instructions: Instructions) -> Forced {
    let guard = FORCED.lock().unwrap_or_else(PoisonError::into_inner);
    MOST.store(instructions.0 as u8, Ordering::Relaxed);
    Forced(guard)
}

impl Drop for Forced {
    fn drop(&mut self) {
        MOST.store(u8::MAX, Ordering::Relaxed);
    }
}
