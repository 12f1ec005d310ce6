//! Encrypted assertions (SML-4, XML Encryption 1.1): RSA-OAEP for the key, AES-128 or AES-256 in GCM or CBC for
//! the content. PKCS#1 v1.5 is refused whatever is encrypted with it.
//!
//! Anyone can send ciphertext, so nothing may tell how far decrypting it got: a key that does not decrypt is
//! replaced by one that is none, and decrypting goes on with it. What is refused here by name (an algorithm,
//! a missing part) can be seen without any key.

use crate::{
    check::{Check, Refusal, redact},
    key::PrivateKey,
    xml::{self, ASSERTION, DSIG, XENC, child, children},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    encrypt::Decrypter,
    error::ErrorStack,
    hash::MessageDigest,
    rsa::Padding,
    symm::{Cipher, Crypter, Mode},
};
use roxmltree::Node;

const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const MGF1_SHA1: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";

/// The most keys that an assertion is encrypted for, and the most of ours that are tried: each pair costs
/// an RSA operation.
const MOST_KEYS: usize = 3;

/// What a message says of an encrypted assertion.
#[derive(Debug)]
pub(crate) struct Sealed {
    content: Content,
    data: Vec<u8>,
    keys: Vec<WrappedKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Aes128Cbc,
    Aes256Cbc,
    Aes128Gcm,
    Aes256Gcm,
}

#[derive(Debug)]
struct WrappedKey {
    digest: Hash,
    mask: Hash,
    data: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Hash {
    Sha1,
    Sha256,
}

impl Sealed {
    /// Reads the `EncryptedAssertion` of a Response that passed the gate.
    pub(crate) fn read(response: Node<'_, '_>) -> Result<Self, Refusal> {
        let assertion = child(response, ASSERTION, "EncryptedAssertion");
        let data = assertion.and_then(|assertion| child(assertion, XENC, "EncryptedData"));
        let (Some(assertion), Some(data)) = (assertion, data) else {
            return Err(refused("an EncryptedData", "none"));
        };
        let inner = child(data, DSIG, "KeyInfo");
        let keys: Vec<_> = [inner, Some(assertion)]
            .into_iter()
            .flatten()
            .flat_map(|parent| children(parent, XENC, "EncryptedKey"))
            .map(WrappedKey::read)
            .collect::<Result<_, _>>()?;
        if !(1..=MOST_KEYS).contains(&keys.len()) {
            return Err(refused("one to three EncryptedKey", &keys.len().to_string()));
        }
        Ok(Self { content: Content::read(method(data)?)?, data: cipher_value(data)?, keys })
    }

    /// How long the ciphertext is.
    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    /// What one of our keys makes of it; garbage, more often than not, when none fits.
    pub(crate) fn open(&self, ours: &[PrivateKey]) -> Option<String> {
        let length = self.content.cipher().key_len();
        let mut fitting = None;
        for ours in ours.iter().take(MOST_KEYS) {
            for wrapped in &self.keys {
                let key = wrapped.open(ours).ok().filter(|key| key.len() == length);
                fitting = fitting.or(key);
            }
        }
        // A key of zeros decrypts as long as the right one, to nothing that anybody could use.
        let is_ours = fitting.is_some();
        let key = fitting.unwrap_or_else(|| vec![0; length]);
        let plain = self.content.decrypt(&key, &self.data)?;
        String::from_utf8(plain).ok().filter(|_| is_ours)
    }
}

impl Content {
    fn read(method: Node<'_, '_>) -> Result<Self, Refusal> {
        match method.attribute("Algorithm").unwrap_or_default() {
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Ok(Self::Aes128Cbc),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Ok(Self::Aes256Cbc),
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Ok(Self::Aes128Gcm),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Ok(Self::Aes256Gcm),
            other => Err(refused("AES-128 or AES-256 in GCM or CBC", other)),
        }
    }

    fn cipher(self) -> Cipher {
        match self {
            Self::Aes128Cbc => Cipher::aes_128_cbc(),
            Self::Aes256Cbc => Cipher::aes_256_cbc(),
            Self::Aes128Gcm => Cipher::aes_128_gcm(),
            Self::Aes256Gcm => Cipher::aes_256_gcm(),
        }
    }

    /// The plaintext, if there is one under this key.
    fn decrypt(self, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Aes128Cbc | Self::Aes256Cbc => decrypt_cbc(self.cipher(), key, data),
            Self::Aes128Gcm | Self::Aes256Gcm => decrypt_gcm(self.cipher(), key, data),
        }
    }
}

/// Initialisation vector, ciphertext, tag (XML Encryption 1.1, 5.2.4).
fn decrypt_gcm(cipher: Cipher, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let (vector, rest) = data.split_at_checked(12)?;
    let (text, tag) = rest.split_at_checked(rest.len().checked_sub(16)?)?;
    openssl::symm::decrypt_aead(cipher, key, Some(vector), &[], text, tag).ok()
}

/// Initialisation vector, ciphertext; the last byte of the plaintext says how many were filled in, and the
/// others of these may be anything (XML Encryption 1.1, 5.2.3).
fn decrypt_cbc(cipher: Cipher, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let (vector, text) = data.split_at_checked(16)?;
    if text.is_empty() || text.len() % 16 != 0 {
        return None;
    }
    let decrypt = || -> Result<Vec<u8>, ErrorStack> {
        let mut crypter = Crypter::new(cipher, Mode::Decrypt, key, Some(vector))?;
        crypter.pad(false);
        let mut plain = vec![0; text.len() + 16];
        let count = crypter.update(text, &mut plain)?;
        let rest = crypter.finalize(&mut plain[count..])?;
        plain.truncate(count + rest);
        Ok(plain)
    };
    let mut plain = decrypt().ok()?;
    let filled = usize::from(*plain.last()?);
    if !(1..=16).contains(&filled) {
        return None;
    }
    plain.truncate(plain.len().checked_sub(filled)?);
    Some(plain)
}

impl WrappedKey {
    fn read(node: Node<'_, '_>) -> Result<Self, Refusal> {
        let method = method(node)?;
        let digest = match child(method, DSIG, "DigestMethod").and_then(|node| node.attribute("Algorithm")) {
            None | Some(SHA1) => Hash::Sha1,
            Some(SHA256) => Hash::Sha256,
            Some(other) => return Err(refused("SHA-1 or SHA-256 in OAEP", other)),
        };
        let mask = child(method, XENC11, "MGF").and_then(|node| node.attribute("Algorithm"));
        let mask = match (method.attribute("Algorithm").unwrap_or_default(), mask) {
            (OAEP_MGF1P, None) | (OAEP, None | Some(MGF1_SHA1)) => Hash::Sha1,
            (OAEP, Some(MGF1_SHA256)) => Hash::Sha256,
            (OAEP | OAEP_MGF1P, Some(other)) => return Err(refused("MGF1 with SHA-1 or SHA-256", other)),
            (other, _) => return Err(refused("RSA-OAEP", other)),
        };
        if child(method, XENC, "OAEPparams").is_some() {
            return Err(refused("OAEP without parameters", "OAEPparams"));
        }
        Ok(Self { digest, mask, data: cipher_value(node)? })
    }

    fn open(&self, ours: &PrivateKey) -> Result<Vec<u8>, ErrorStack> {
        let mut decrypter = Decrypter::new(ours.openssl())?;
        decrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
        decrypter.set_rsa_oaep_md(self.digest.openssl())?;
        decrypter.set_rsa_mgf1_md(self.mask.openssl())?;
        let mut key = vec![0; decrypter.decrypt_len(&self.data)?];
        let length = decrypter.decrypt(&self.data, &mut key)?;
        key.truncate(length);
        Ok(key)
    }
}

impl Hash {
    fn openssl(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
        }
    }
}

fn refused(expected: &str, received: &str) -> Refusal {
    Refusal::new(Check::Decryption, expected, redact(received))
}

fn method<'a, 'i>(node: Node<'a, 'i>) -> Result<Node<'a, 'i>, Refusal> {
    child(node, XENC, "EncryptionMethod").ok_or_else(|| refused("an EncryptionMethod", "none"))
}

fn cipher_value(node: Node<'_, '_>) -> Result<Vec<u8>, Refusal> {
    let value = child(node, XENC, "CipherData")
        .and_then(|data| child(data, XENC, "CipherValue"))
        .and_then(xml::text)
        .ok_or_else(|| refused("a CipherValue", "none"))?;
    let value: String = value.chars().filter(|&c| !xml::is_space(c)).collect();
    STANDARD.decode(value).map_err(|_| refused("base64 in CipherValue", "something else"))
}
