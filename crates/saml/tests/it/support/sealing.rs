//! Encrypting assertions, as an identity provider does it.

use super::keys;
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    encrypt::Encrypter,
    hash::MessageDigest,
    rsa::Padding,
    symm::{Cipher, Crypter, Mode},
};

pub const AES128_CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
pub const AES256_CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
pub const AES128_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
pub const AES256_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
pub const CONTENTS: [&str; 4] = [AES128_CBC, AES256_CBC, AES128_GCM, AES256_GCM];

/// How the key is transported.
#[derive(Clone, Copy)]
pub enum Transport {
    /// `rsa-oaep-mgf1p` without a digest: SHA-1 for both.
    Oaep1p,
    /// `rsa-oaep-mgf1p` with SHA-256, and SHA-1 in the mask.
    Oaep1pSha256,
    /// `rsa-oaep` with SHA-256 for both.
    OaepSha256,
    /// PKCS#1 v1.5.
    Pkcs1,
}

pub const OAEPS: [Transport; 3] = [Transport::Oaep1p, Transport::Oaep1pSha256, Transport::OaepSha256];

impl Transport {
    fn method(self) -> &'static str {
        match self {
            Self::Oaep1p => {
                r#"<e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"></e:EncryptionMethod>"#
            }
            Self::Oaep1pSha256 => concat!(
                r#"<e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p">"#,
                r#"<d:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></d:DigestMethod>"#,
                "</e:EncryptionMethod>"
            ),
            Self::OaepSha256 => concat!(
                r#"<e:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#rsa-oaep">"#,
                r#"<d:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></d:DigestMethod>"#,
                r#"<f:MGF xmlns:f="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"></f:MGF>"#,
                "</e:EncryptionMethod>"
            ),
            Self::Pkcs1 => {
                r#"<e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-1_5"></e:EncryptionMethod>"#
            }
        }
    }

    fn wrap(self, key: &[u8], recipient: &keys::Key) -> Vec<u8> {
        let mut encrypter = Encrypter::new(&recipient.private).unwrap();
        let (digest, mask) = match self {
            Self::Pkcs1 => {
                encrypter.set_rsa_padding(Padding::PKCS1).unwrap();
                return finish(&encrypter, key);
            }
            Self::Oaep1p => (MessageDigest::sha1(), MessageDigest::sha1()),
            Self::Oaep1pSha256 => (MessageDigest::sha256(), MessageDigest::sha1()),
            Self::OaepSha256 => (MessageDigest::sha256(), MessageDigest::sha256()),
        };
        encrypter.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
        encrypter.set_rsa_oaep_md(digest).unwrap();
        encrypter.set_rsa_mgf1_md(mask).unwrap();
        finish(&encrypter, key)
    }
}

fn finish(encrypter: &Encrypter<'_>, key: &[u8]) -> Vec<u8> {
    let mut wrapped = vec![0; encrypter.encrypt_len(key).unwrap()];
    let length = encrypter.encrypt(key, &mut wrapped).unwrap();
    wrapped.truncate(length);
    wrapped
}

/// The bytes of an encrypted text: vector, ciphertext and, where there is one, the tag.
pub fn encrypt(plain: &[u8], content: &str) -> (Vec<u8>, Vec<u8>) {
    let (cipher, is_gcm) = match content {
        AES128_CBC => (Cipher::aes_128_cbc(), false),
        AES256_CBC => (Cipher::aes_256_cbc(), false),
        AES128_GCM => (Cipher::aes_128_gcm(), true),
        _ => (Cipher::aes_256_gcm(), true),
    };
    let key = vec![7; cipher.key_len()];
    let vector = vec![9; cipher.iv_len().unwrap()];
    if is_gcm {
        let mut tag = [0; 16];
        let text = openssl::symm::encrypt_aead(cipher, &key, Some(&vector), &[], plain, &mut tag).unwrap();
        return (key, [vector, text, tag.to_vec()].concat());
    }
    let filled = 16 - plain.len() % 16;
    // All but the last byte of the padding may be anything.
    let mut padded = plain.to_vec();
    padded.extend(std::iter::repeat_n(0xaa, filled - 1));
    padded.push(u8::try_from(filled).unwrap());
    let mut crypter = Crypter::new(cipher, Mode::Encrypt, &key, Some(&vector)).unwrap();
    crypter.pad(false);
    let mut text = vec![0; padded.len() + 16];
    let count = crypter.update(&padded, &mut text).unwrap();
    let rest = crypter.finalize(&mut text[count..]).unwrap();
    text.truncate(count + rest);
    (key, [vector, text].concat())
}

/// An `EncryptedAssertion` of these bytes.
pub fn encrypted(
    data: &[u8],
    key: &[u8],
    content: &str,
    transport: Transport,
    recipient: &keys::Key,
) -> String {
    format!(
        concat!(
            r#"<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">"#,
            r#"<e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#""#,
            r#" Type="http://www.w3.org/2001/04/xmlenc#Element"><e:EncryptionMethod Algorithm="{content}">"#,
            r#"</e:EncryptionMethod><d:KeyInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#"><e:EncryptedKey>"#,
            "{method}<e:CipherData><e:CipherValue>{wrapped}</e:CipherValue></e:CipherData></e:EncryptedKey>",
            "</d:KeyInfo><e:CipherData><e:CipherValue>{data}</e:CipherValue></e:CipherData></e:EncryptedData>",
            "</saml:EncryptedAssertion>"
        ),
        content = content,
        method = transport.method(),
        wrapped = STANDARD.encode(transport.wrap(key, recipient)),
        data = STANDARD.encode(data),
    )
}

/// An `EncryptedAssertion` of `assertion`.
pub fn seal(assertion: &str, content: &str, transport: Transport, recipient: &keys::Key) -> String {
    let (key, data) = encrypt(assertion.as_bytes(), content);
    encrypted(&data, &key, content, transport, recipient)
}
