//! Secrets that are handed out, and what is kept of them.

use crate::{Entropy, Invalid};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// 256 random bits for a bearer: a session cookie, a code, a refresh token. Only its
/// [`hash`](Secret::hash) is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new one.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// One that follows from `key` and `parts`, the same each time.
    pub fn derive(key: &LinkKey, parts: &[&[u8]]) -> Self {
        Self(key.mac(parts))
    }

    /// The text to hand out: 43 characters of base64url.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What to store of it. Plain SHA-256 is enough for 256 random bits.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0).into())
    }
}

impl FromStr for Secret {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid("is not a token");
        let mut bytes = [0; 32];
        if text.len() != 43 {
            return Err(WRONG);
        }
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(WRONG),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a [`Secret`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// For the database.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// From the database.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// A service's key for deriving links and tokens, so that minting one twice gives the same and
/// nothing has to be stored.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    /// From a configured secret of at least 16 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, Invalid> {
        if secret.len() < 16 {
            return Err(Invalid("must be at least 16 bytes long"));
        }
        Ok(Self(Sha256::digest(secret).into()))
    }

    /// The token of a link: the id of what it is for, and proof that this service minted it for
    /// `purpose` and `attempt`.
    pub fn mint(&self, purpose: &str, id: Uuid, attempt: i32) -> String {
        let mut token = id.as_bytes().to_vec();
        token.extend_from_slice(&attempt.to_be_bytes());
        token.extend_from_slice(&self.proof(purpose, id, attempt));
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The id and attempt that a token was minted for; `None` when it was not minted by this key for
    /// `purpose`.
    pub fn open(&self, purpose: &str, token: &str) -> Option<(Uuid, i32)> {
        if token.len() != 70 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (attempt, proof) = rest.split_first_chunk::<4>()?;
        let (id, attempt) = (Uuid::from_bytes(*id), i32::from_be_bytes(*attempt));
        let genuine: bool = self.proof(purpose, id, attempt).as_slice().ct_eq(proof).into();
        genuine.then_some((id, attempt))
    }

    fn proof(&self, purpose: &str, id: Uuid, attempt: i32) -> [u8; 32] {
        self.mac(&[purpose.as_bytes(), id.as_bytes(), &attempt.to_be_bytes()])
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_its_text_and_nothing_else_parses() {
        let secret = Secret::generate(&Entropy::from_seed(1));
        assert_eq!(secret.reveal().parse::<Secret>().unwrap(), secret);
        for text in ["", "short", &"!".repeat(43), &"A".repeat(44)] {
            assert!(text.parse::<Secret>().is_err());
        }
    }

    #[test]
    fn a_link_opens_only_for_its_purpose_key_and_unchanged() {
        let key = LinkKey::new(b"0123456789abcdef").unwrap();
        let id = Entropy::from_seed(1).uuid(time::OffsetDateTime::UNIX_EPOCH);
        let token = key.mint("sign-up", id, 2);
        assert_eq!(token.len(), 70);
        assert_eq!(key.open("sign-up", &token), Some((id, 2)));
        assert_eq!(key.mint("sign-up", id, 2), token, "minting again gives the same");
        assert_eq!(key.open("invitation", &token), None);
        assert_eq!(LinkKey::new(b"another secret of it").unwrap().open("sign-up", &token), None);
        for i in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(key.open("sign-up", &changed), None, "character {i}");
        }
    }
}
