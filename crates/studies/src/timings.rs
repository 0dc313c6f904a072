//! How long the units of a study took: the one file of results in which two equal runs differ.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::{Context, StudyError};

/// The file: `unit,seconds`, in the order of the names of the units.
const FILE: &str = "timings.csv";

/// Seconds of work for each unit, over all processes that worked at it.
#[derive(Debug)]
pub struct Timings<'a> {
    context: &'a Context<'a>,
    seconds: Mutex<BTreeMap<String, f64>>,
}

impl<'a> Timings<'a> {
    /// Those of the context's store. What cannot be read there is left out: nothing depends on it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn open(context: &'a Context<'a>) -> Result<Self, StudyError> {
        let bytes = context.read_any(FILE)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let read = |line: &str| {
            let (unit, seconds) = line.rsplit_once(',')?;
            Some((unit.to_owned(), seconds.parse().ok()?))
        };
        let seconds = text.lines().skip(1).filter_map(read).collect();
        Ok(Self { context, seconds: Mutex::new(seconds) })
    }

    /// Does the work of a unit, and adds its time to what the unit has taken so far, also if it
    /// fails or is stopped.
    ///
    /// # Errors
    /// Those of the work and of the store.
    pub fn time<T>(
        &self,
        unit: &str,
        work: impl FnOnce() -> Result<T, StudyError>,
    ) -> Result<T, StudyError> {
        let started = Instant::now();
        let result = work();
        let text = {
            let mut all = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
            *all.entry(unit.to_owned()).or_default() += started.elapsed().as_secs_f64();
            let lines = all.iter().map(|(unit, seconds)| format!("{unit},{seconds}\n"));
            lines.fold("unit,seconds\n".to_owned(), |text, line| text + &line)
        };
        // Processes that share the work would write over each other's times.
        let kept = match self.context.is_divided() {
            true => Ok(()),
            false => self.context.write(FILE, text.as_bytes()).map(|_| ()),
        };
        let result = result?;
        kept?;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Memory, Silent};

    #[test]
    fn times_add_up_over_processes() {
        let memory = Memory::default();
        let context = Context::new(Silent, &memory);
        let sleep = || {
            std::thread::sleep(std::time::Duration::from_millis(5));
            Ok(())
        };
        let seconds = || {
            let text = String::from_utf8(context.read_any(FILE).unwrap().unwrap()).unwrap();
            let line = text.lines().find(|line| line.starts_with("cells/a,")).unwrap();
            line.split(',').nth(1).unwrap().parse::<f64>().unwrap()
        };
        Timings::open(&context).unwrap().time("cells/a", sleep).unwrap();
        let once = seconds();
        Timings::open(&context).unwrap().time("cells/a", sleep).unwrap();
        assert!(once >= 0.005 && seconds() >= once + 0.005);
        let failed =
            Timings::open(&context).unwrap().time("b", || Err::<(), _>(StudyError::Stopped));
        assert!(matches!(failed, Err(StudyError::Stopped)));
    }
}
