//! Units of work that share something costly, such as a network that must be built first.

use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Stage, Turn, Unit, gather_parallel};
use crate::{Context, Identity, StudyError};

/// The unit of a key, what it is made from, and the seconds that it is expected to take.
pub(super) type Planned = (String, Identity, f64);

/// The result of each of these units, in their order, from the store or computed now, on as many
/// threads as there are. What they share is made only if one of them is missing.
///
/// # Errors
/// Those of making what is shared, of computing, and of the store.
pub(super) fn units<S, T, M, F>(
    context: &Context<'_>,
    stage: &Stage<'_>,
    planned: &[Planned],
    share: M,
    compute: F,
) -> Result<Vec<T>, StudyError>
where
    S: Sync,
    T: Serialize + DeserializeOwned + Send,
    M: FnOnce() -> Result<S, StudyError>,
    F: Fn(&S, usize) -> Result<T, StudyError> + Sync,
{
    let turns = planned
        .iter()
        .map(|(key, identity, seconds)| {
            let unit = Unit::new(key).seconds(*seconds);
            context.turn(unit, identity, || context.stored_unit(key, identity))
        })
        .collect::<Result<Vec<Turn<'_, T>>, StudyError>>()?;
    let there = turns.iter().filter(|turn| matches!(turn, Turn::Done(_))).count();
    stage.advance(there as u64)?;
    let ours = turns.iter().any(|turn| matches!(turn, Turn::Ours(_)));
    let shared = ours.then(share).transpose()?;
    gather_parallel(turns.into_par_iter().enumerate().map(|(index, turn)| {
        let (unit, shared) = match (turn, &shared) {
            (Turn::Done(result), _) => return Ok(result),
            (Turn::Ours(unit), Some(shared)) => (unit, shared),
            _ => return Err(StudyError::Deferred),
        };
        context.make(&unit, || {
            let (key, identity, _) = &planned[index];
            let result = compute(shared, index)?;
            context.keep_unit(key, identity, &result)?;
            stage.advance(1)?;
            Ok(result)
        })
    }))
}
