//! The state of units under way, so that they can be continued.

use super::{Context, Identity, unit};
use crate::error::StudyError;

impl Context<'_> {
    /// Saves the state of a unit under way, so that it can be continued.
    ///
    /// # Errors
    /// Those of the store.
    pub fn save_checkpoint(
        &self,
        key: &str,
        identity: &Identity,
        state: &[u8],
    ) -> Result<(), StudyError> {
        Ok(self.store.save_checkpoint(key, &unit::encode(key, identity, state))?)
    }

    /// The last state of a unit that was saved.
    ///
    /// # Errors
    /// [`StudyError::MadeFromOther`] if it was made from something else; those of the store.
    pub fn load_checkpoint(
        &self,
        key: &str,
        identity: &Identity,
    ) -> Result<Option<Vec<u8>>, StudyError> {
        let saved = match self.store.load_checkpoint(key) {
            Err(equipoise_report::RunDirError::CheckpointsDamaged { reasons, .. }) => {
                self.remark(format!(
                    "the checkpoints of {key} are damaged ({reasons}); it begins anew"
                ));
                return Ok(None);
            }
            other => other?,
        };
        let Some(saved) = saved else { return Ok(None) };
        for damaged in &saved.damaged {
            self.remark(format!(
                "a checkpoint of {key} is damaged ({damaged}); the one before is used"
            ));
        }
        let stored = match unit::decode(key, &saved.bytes) {
            Ok(stored) => stored,
            Err(reason) => {
                self.remark(format!(
                    "the checkpoint of {key} is damaged ({reason}); it begins anew"
                ));
                return Ok(None);
            }
        };
        match stored.made_from.difference(identity) {
            Some((part, stored, given)) => Err(StudyError::MadeFromOther {
                name: format!("checkpoint of {key}"),
                part: part.to_owned(),
                stored: stored.to_owned(),
                given: given.to_owned(),
            }),
            None => Ok(Some(stored.payload.to_vec())),
        }
    }

    /// Removes the saved state of a unit that is done.
    ///
    /// # Errors
    /// Those of the store.
    pub fn remove_checkpoint(&self, key: &str) -> Result<(), StudyError> {
        Ok(self.store.remove_checkpoint(key)?)
    }
}
