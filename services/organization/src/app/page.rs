//! Pages of lists: keyset positions, sealed so that a client can neither read nor make one. A position
//! has a person's name in it, and page tokens end up in URLs.

use aes_gcm::{
    Aes256Gcm, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_types::{Entropy, LinkKey, PageTokenInvalid, Secret};
use std::fmt;
use uuid::Uuid;

const NONCE: usize = 12;

/// The key that positions are sealed with.
#[derive(Clone)]
pub struct PageKey(Aes256Gcm);

impl fmt::Debug for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageKey(…)")
    }
}

impl PageKey {
    /// One that follows from the service's link key.
    pub fn derive(key: &LinkKey) -> Self {
        let hash = Secret::derive(key, &[b"page tokens"]).hash();
        Self(Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(hash.as_bytes())))
    }

    /// The token for going on after a position of the list that `list` describes.
    pub(super) fn seal(&self, entropy: &Entropy, list: &str, after: &(String, Uuid)) -> String {
        let mut plain = after.1.as_bytes().to_vec();
        plain.extend_from_slice(after.0.as_bytes());
        let nonce: [u8; NONCE] = entropy.bytes();
        let sealed = self
            .0
            .encrypt(Nonce::from_slice(&nonce), Payload { msg: &plain, aad: list.as_bytes() })
            .expect("positions are far below the cipher's limit");
        URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat())
    }

    /// The position that a token of the same list was made for; `None` for the empty token.
    pub(super) fn open(&self, list: &str, token: &str) -> Result<Option<(String, Uuid)>, PageTokenInvalid> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| PageTokenInvalid)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE).ok_or(PageTokenInvalid)?;
        let plain = self
            .0
            .decrypt(Nonce::from_slice(nonce), Payload { msg: sealed, aad: list.as_bytes() })
            .map_err(|_| PageTokenInvalid)?;
        let (id, key) = plain.split_first_chunk::<16>().ok_or(PageTokenInvalid)?;
        let key = str::from_utf8(key).map_err(|_| PageTokenInvalid)?;
        Ok(Some((key.to_owned(), Uuid::from_bytes(*id))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &[u8]) -> PageKey {
        PageKey::derive(&LinkKey::new(secret).unwrap())
    }

    /// proves ORG-12: a page token belongs to one list and query, and shows nothing
    #[test]
    fn tokens_are_sealed_and_bound() {
        let (entropy, key) = (Entropy::from_seed(1), key(b"0123456789abcdef"));
        let position = ("tarō".to_owned(), entropy.uuid(time::OffsetDateTime::UNIX_EPOCH));
        let token = key.seal(&entropy, "members/1/ta", &position);
        assert_eq!(key.open("members/1/ta", &token), Ok(Some(position.clone())));
        assert_eq!(key.open("members/1/ta", ""), Ok(None));
        for (list, text) in [
            ("members/2/ta", token.as_str()),
            ("members/1/", &token),
            ("members/1/ta", "AAAA"),
            ("members/1/ta", "é"),
        ] {
            assert_eq!(key.open(list, text), Err(PageTokenInvalid));
        }
        assert_eq!(self::key(b"another secret of it").open("members/1/ta", &token), Err(PageTokenInvalid));
        assert!(!URL_SAFE_NO_PAD.decode(&token).unwrap().windows(3).any(|bytes| bytes == b"tar"));
    }
}
