//! Tokens at rest: sealed for the session that they belong to.

use super::Inner;
use crate::{domain::Tokens, store::sessions::Row};
use pass_runtime::seal::SealError;
use pass_types::SecretHash;

impl Inner {
    /// Seals the tokens of a session; gives also the name of the key.
    pub(super) fn seal(&self, session: SecretHash, tokens: &Tokens) -> (Vec<u8>, &str) {
        let plain = serde_json::to_vec(tokens).expect("strings can be written");
        (self.envelope.seal(session.as_bytes(), &plain, &self.entropy), self.envelope.sealing())
    }

    /// Opens the tokens of a session.
    pub(super) fn open(&self, row: &Row) -> Result<Tokens, SealError> {
        let plain = self.envelope.open(row.cookie.as_bytes(), &row.sealed_by, &row.tokens)?;
        serde_json::from_slice(&plain).map_err(|_| SealError::Broken)
    }
}
