//! Secrets at rest: AES-256-GCM under a key that is not in the database. Several keys can be configured:
//! the first one seals, all of them open, so that it can be changed without an outage.

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_types::{Entropy, Invalid};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const NONCE: usize = 12;

/// Why something can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key that sealed it is not configured any more.
    #[error("the encryption key {0} is not among the configured ones")]
    KeyMissing(String),
    /// It was changed, moved to another row, or cut off.
    #[error("a sealed secret was tampered with")]
    Broken,
}

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
            let key = Sha256::new_with_prefix(b"gateway signing keys\0").chain_update(secret).finalize();
            let id = URL_SAFE_NO_PAD.encode(&Sha256::digest(key)[..6]);
            Ok((id, Aes256Gcm::new(&key)))
        });
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(Invalid("must not be empty")) } else { Ok(Self(keys.into())) }
    }

    /// Name of the key that seals now.
    pub fn sealing(&self) -> &str {
        &self.0[0].0
    }

    /// Seals a secret for a place (the row's id): nonce, then ciphertext.
    pub fn seal(&self, place: &str, secret: &[u8], entropy: &Entropy) -> Vec<u8> {
        let nonce = entropy.bytes::<NONCE>();
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let sealed =
            self.0[0].1.encrypt(Nonce::from_slice(&nonce), payload).expect("a short secret can be sealed");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what was sealed for the same place by the key of that name.
    pub fn open(&self, place: &str, sealed_by: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (_, key) = self
            .0
            .iter()
            .find(|(id, _)| id == sealed_by)
            .ok_or_else(|| SealError::KeyMissing(sealed_by.to_owned()))?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(SealError::Broken)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        key.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| SealError::Broken)
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

    const OLD: &str = "an old secret of thirty-two bytes";
    const NEW: &str = "a new secret of thirty-two bytes!";

    #[test]
    fn only_the_same_key_opens_it_and_only_in_its_place() {
        let (old, entropy) = (Envelope::new([OLD]).unwrap(), Entropy::from_seed(1));
        let mut sealed = old.seal("kid-1", b"secret", &entropy);
        let id = old.sealing().to_owned();
        assert_eq!(old.open("kid-1", &id, &sealed).unwrap(), b"secret");
        assert_eq!(old.open("kid-2", &id, &sealed), Err(SealError::Broken));
        assert!(matches!(
            Envelope::new([NEW]).unwrap().open("kid-1", &id, &sealed),
            Err(SealError::KeyMissing(_))
        ));
        let both = Envelope::new([NEW, OLD]).unwrap();
        assert_eq!(both.open("kid-1", &id, &sealed).unwrap(), b"secret");
        assert_ne!(both.sealing(), id);
        sealed[20] ^= 1;
        assert_eq!(old.open("kid-1", &id, &sealed), Err(SealError::Broken));
        assert_eq!(old.open("kid-1", &id, b"short"), Err(SealError::Broken));
        assert!(Envelope::new(["short"]).is_err() && Envelope::new([]).is_err());
    }
}
