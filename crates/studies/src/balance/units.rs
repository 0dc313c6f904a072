//! Units of work that share something costly, such as a network that must be built first.

use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Stage;
use crate::{Context, Identity, StudyError};

/// The result of each of these units, in their order, from the store or computed now, on as many
/// threads as there are. What they share is made only if one of them is missing.
///
/// # Errors
/// Those of making what is shared, of computing, and of the store.
pub(super) fn units<S, T, M, F>(
    context: &Context<'_>,
    stage: &Stage<'_>,
    keys: &[(String, Identity)],
    share: M,
    compute: F,
) -> Result<Vec<T>, StudyError>
where
    S: Sync,
    T: Serialize + DeserializeOwned + Send,
    M: FnOnce() -> Result<S, StudyError>,
    F: Fn(&S, usize) -> Result<T, StudyError> + Sync,
{
    let mut found = keys
        .iter()
        .map(|(key, identity)| context.stored_unit(key, identity))
        .collect::<Result<Vec<Option<T>>, StudyError>>()?;
    let there = found.iter().flatten().count();
    stage.advance(there as u64)?;
    if there < keys.len() {
        let shared = share()?;
        found = found
            .into_par_iter()
            .enumerate()
            .map(|(index, result)| {
                if result.is_some() {
                    return Ok(result);
                }
                context.check()?;
                let (key, identity) = &keys[index];
                let result = compute(&shared, index)?;
                context.keep_unit(key, identity, &result)?;
                stage.advance(1)?;
                Ok(Some(result))
            })
            .collect::<Result<_, StudyError>>()?;
    }
    Ok(found.into_iter().flatten().collect())
}
