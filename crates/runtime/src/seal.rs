//! Secrets at rest: AES-256-GCM under a key that is not in the database. Several keys can be configured:
//! the first one seals, all of them open, so that it can be changed without an outage. The name of the key
//! that sealed something is kept beside it.

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
    /// It was changed, moved to another place, or cut off.
    #[error("a sealed secret was tampered with")]
    Broken,
}

/// The configured keys, the sealing one first. Clones share them.
#[derive(Clone)]
pub struct Envelope(Arc<[(String, Aes256Gcm)]>);

impl Envelope {
    /// From configured secrets of at least 32 bytes each; at least one. The purpose ("gateway signing keys")
    /// goes into the keys, so that a secret that is used twice still gives two of them.
    pub fn new<'s>(purpose: &str, secrets: impl IntoIterator<Item = &'s str>) -> Result<Self, Invalid> {
        let keys = secrets.into_iter().map(|secret| {
            if secret.len() < 32 {
                return Err(Invalid("must be at least 32 bytes long"));
            }
            let key = Sha256::new_with_prefix(purpose).chain_update(b"\0").chain_update(secret).finalize();
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

    /// Names of the other configured keys: what they sealed is to be sealed anew.
    pub fn retired(&self) -> Vec<String> {
        self.0[1..].iter().map(|(id, _)| id.clone()).filter(|id| id != self.sealing()).collect()
    }

    /// Seals a secret for a place (what names its row): nonce, then ciphertext.
    pub fn seal(&self, place: impl AsRef<[u8]>, secret: &[u8], entropy: &Entropy) -> Vec<u8> {
        let nonce = entropy.bytes::<NONCE>();
        let payload = Payload { msg: secret, aad: place.as_ref() };
        let sealed =
            self.0[0].1.encrypt(Nonce::from_slice(&nonce), payload).expect("a short secret can be sealed");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what was sealed for the same place by the key of that name.
    pub fn open(
        &self,
        place: impl AsRef<[u8]>,
        sealed_by: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let (_, key) = self
            .0
            .iter()
            .find(|(id, _)| id == sealed_by)
            .ok_or_else(|| SealError::KeyMissing(sealed_by.to_owned()))?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(SealError::Broken)?;
        let payload = Payload { msg: sealed, aad: place.as_ref() };
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

    fn envelope<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Envelope {
        Envelope::new("tests", secrets).unwrap()
    }

    #[test]
    fn only_the_same_key_opens_it_and_only_in_its_place() {
        let (old, entropy) = (envelope([OLD]), Entropy::from_seed(1));
        let mut sealed = old.seal("row 1", b"secret", &entropy);
        let id = old.sealing().to_owned();
        assert_eq!(old.open("row 1", &id, &sealed).unwrap(), b"secret");
        assert_eq!(old.open("row 2", &id, &sealed), Err(SealError::Broken));
        assert_eq!(envelope([NEW]).open("row 1", &id, &sealed), Err(SealError::KeyMissing(id.clone())));
        sealed[20] ^= 1;
        assert_eq!(old.open("row 1", &id, &sealed), Err(SealError::Broken));
        assert_eq!(old.open("row 1", &id, b"short"), Err(SealError::Broken));
    }

    #[test]
    fn a_key_is_changed_without_an_outage() {
        let (old, entropy) = (envelope([OLD]), Entropy::from_seed(1));
        let before = old.seal("row", b"secret", &entropy);
        let both = envelope([NEW, OLD]);
        assert_eq!(both.open("row", old.sealing(), &before).unwrap(), b"secret");
        let after = both.seal("row", b"secret", &entropy);
        assert_eq!(envelope([NEW]).open("row", both.sealing(), &after).unwrap(), b"secret");
        assert_eq!(both.sealing(), envelope([NEW]).sealing(), "the first one seals");
        assert_eq!(both.retired(), [old.sealing()]);
        assert!(envelope([NEW]).retired().is_empty() && envelope([NEW, NEW]).retired().is_empty());
    }

    #[test]
    fn a_purpose_has_keys_of_its_own() {
        let (one, other) = (envelope([OLD]), Envelope::new("other tests", [OLD]).unwrap());
        assert_ne!(one.sealing(), other.sealing());
        let sealed = one.seal("row", b"secret", &Entropy::from_seed(1));
        assert!(other.open("row", other.sealing(), &sealed).is_err());
    }

    #[test]
    fn secrets_are_long_enough_and_not_shown() {
        assert!(Envelope::new("tests", ["short"]).is_err() && Envelope::new("tests", []).is_err());
        assert!(Envelope::new("tests", [OLD, "short"]).is_err());
        assert_eq!(format!("{:?}", envelope([OLD])), "Envelope(…)");
    }
}
