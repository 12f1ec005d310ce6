//! Tokens at rest: AES-256-GCM under a key that is not in the database. Several keys can be configured: the
//! first one seals, all of them open, so that it can be changed without an outage.

use crate::domain::Tokens;
use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_types::{Entropy, Invalid, SecretHash};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const NONCE: usize = 12;

/// The tokens of a row can't be opened: their key is not configured any more, or they were changed or moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed tokens can't be opened")]
pub struct CantOpen;

/// The configured keys, the sealing one first.
#[derive(Clone)]
pub struct Envelope(Arc<[(String, Aes256Gcm)]>);

impl Envelope {
    /// From configured secrets of at least 32 bytes each; at least one.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Result<Self, Invalid> {
        let keys = secrets.into_iter().map(|secret| {
            if secret.len() < 32 {
                return Err(Invalid("must be at least 32 bytes long"));
            }
            let key = Sha256::new_with_prefix(b"console tokens\0").chain_update(secret).finalize();
            let id = URL_SAFE_NO_PAD.encode(&Sha256::digest(key)[..6]);
            Ok((id, Aes256Gcm::new(&key)))
        });
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(Invalid("must not be empty")) } else { Ok(Self(keys.into())) }
    }

    /// Seals the tokens of a session: nonce, then ciphertext; and the name of the key.
    pub fn seal(&self, session: SecretHash, tokens: &Tokens, entropy: &Entropy) -> (Vec<u8>, &str) {
        let plain = serde_json::to_vec(tokens).expect("strings can be written");
        let nonce = entropy.bytes::<NONCE>();
        let payload = Payload { msg: &plain, aad: session.as_bytes() };
        let (id, key) = &self.0[0];
        let sealed = key.encrypt(Nonce::from_slice(&nonce), payload).expect("tokens are short enough");
        ([nonce.as_slice(), &sealed].concat(), id)
    }

    /// Opens what was sealed for the same session by the key of that name.
    pub fn open(&self, session: SecretHash, sealed_by: &str, sealed: &[u8]) -> Result<Tokens, CantOpen> {
        let (_, key) = self.0.iter().find(|(id, _)| id == sealed_by).ok_or(CantOpen)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(CantOpen)?;
        let payload = Payload { msg: sealed, aad: session.as_bytes() };
        let plain = key.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| CantOpen)?;
        serde_json::from_slice(&plain).map_err(|_| CantOpen)
    }
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Envelope(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Secret;

    #[test]
    fn only_the_same_key_opens_it_and_only_in_its_row() {
        let entropy = Entropy::from_seed(1);
        let (old, new) = ("an old secret of thirty-two bytes", "a new secret of thirty-two bytes!");
        let tokens = Tokens { access: "a".into(), refresh: "r".into(), id: "i".into() };
        let [row, other] = [(); 2].map(|()| Secret::generate(&entropy).hash());
        let envelope = Envelope::new([old]).unwrap();
        let (mut sealed, id) = envelope.seal(row, &tokens, &entropy);
        assert!(Envelope::new([new, old]).unwrap().open(row, id, &sealed).unwrap() == tokens);
        assert_eq!(envelope.open(other, id, &sealed).unwrap_err(), CantOpen);
        assert_eq!(Envelope::new([new]).unwrap().open(row, id, &sealed).unwrap_err(), CantOpen);
        sealed[20] ^= 1;
        assert_eq!(envelope.open(row, id, &sealed).unwrap_err(), CantOpen);
        assert!(Envelope::new(["short"]).is_err() && Envelope::new([]).is_err());
    }
}
