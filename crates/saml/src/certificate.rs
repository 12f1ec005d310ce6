//! Certificates of identity providers: which keys we take, and for how long.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::fmt;
use time::OffsetDateTime;
use x509_parser::{oid_registry::Oid, prelude::FromDer, public_key::PublicKey, x509::SubjectPublicKeyInfo};

/// The family of a key; a signature of one family can't be verified with a key of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA of 2,048 to 8,192 bits.
    Rsa,
    /// An elliptic curve: P-256 or P-384.
    Ec,
}

/// Why a certificate can't be used. Display is for the administrator who gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not an X.509 certificate in DER, PEM or base64.
    #[error("this is not a certificate")]
    Unreadable,
    /// More than one.
    #[error("give one certificate at a time")]
    Several,
    /// Too long to be one.
    #[error("a certificate is not longer than 16 KiB")]
    TooLong,
    /// RSA with fewer than 2,048 bits, or so many that verifying takes long.
    #[error("RSA keys must have 2,048 to 8,192 bits, and a usual exponent")]
    Rsa,
    /// Neither RSA nor one of the two curves.
    #[error("the key must be RSA, or on the curve P-256 or P-384")]
    Key,
}

/// A certificate that an identity provider may sign with. Only its key counts, and its dates: nobody
/// looks at who issued it.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    key_type: KeyType,
    key_bits: u32,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// The most certificates of a connection that count: enough for any roll-over. Each may cost a public-key
/// operation a message.
pub(crate) const MOST_CERTIFICATES: usize = 10;

const LONGEST: usize = 16 * 1024;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";
const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";

impl Certificate {
    /// Reads DER, PEM, or the base64 that metadata has.
    pub fn parse(input: &[u8]) -> Result<Self, CertificateError> {
        if input.len() > 2 * LONGEST {
            return Err(CertificateError::TooLong);
        }
        match std::str::from_utf8(input) {
            Ok(text) => Self::from_der(decode(text)?),
            Err(_) => Self::from_der(input.to_vec()),
        }
    }

    /// Reads DER, as the database has it.
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        if der.len() > LONGEST {
            return Err(CertificateError::TooLong);
        }
        let (rest, certificate) = x509_parser::certificate::X509Certificate::from_der(&der)
            .map_err(|_| CertificateError::Unreadable)?;
        if !rest.is_empty() {
            return Err(CertificateError::Unreadable);
        }
        let (key_type, key_bits) = key(certificate.public_key())?;
        let (not_before, not_after) =
            (certificate.validity().not_before.to_datetime(), certificate.validity().not_after.to_datetime());
        Ok(Self { der, key_type, key_bits, not_before, not_after })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate in base64 without line breaks, as metadata has it.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// The family of its key.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The size of its key.
    pub fn key_bits(&self) -> u32 {
        self.key_bits
    }

    /// From when on it is valid.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// The last moment of its validity.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Whether it is valid at `now`: only then does it verify anything.
    pub fn is_valid(&self, now: OffsetDateTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// SHA-256 of the DER: what tells certificates apart.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("key_type", &self.key_type)
            .field("key_bits", &self.key_bits)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// The DER of PEM or bare base64.
fn decode(text: &str) -> Result<Vec<u8>, CertificateError> {
    let body = match text.split_once(BEGIN) {
        Some((_, rest)) => {
            let (body, after) = rest.split_once(END).ok_or(CertificateError::Unreadable)?;
            if after.contains(BEGIN) {
                return Err(CertificateError::Several);
            }
            body
        }
        None => text,
    };
    let clean: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(clean).map_err(|_| CertificateError::Unreadable)
}

/// Family and size of a key that we take.
fn key(info: &SubjectPublicKeyInfo<'_>) -> Result<(KeyType, u32), CertificateError> {
    let oid = info.algorithm.algorithm.to_id_string();
    match info.parsed().map_err(|_| CertificateError::Unreadable)? {
        PublicKey::RSA(rsa) if oid == RSA => {
            let bits = significant_bits(rsa.modulus);
            let exponent = significant_bits(rsa.exponent);
            let is_odd = rsa.exponent.last().is_some_and(|last| last % 2 == 1);
            if !(2_048..=8_192).contains(&bits) || !(2..=32).contains(&exponent) || !is_odd {
                return Err(CertificateError::Rsa);
            }
            Ok((KeyType::Rsa, bits))
        }
        PublicKey::EC(_) if oid == EC => {
            let parameters = info.algorithm.parameters.as_ref().ok_or(CertificateError::Key)?;
            let curve = Oid::try_from(parameters).map_err(|_| CertificateError::Key)?;
            match curve.to_id_string().as_str() {
                P256 => Ok((KeyType::Ec, 256)),
                P384 => Ok((KeyType::Ec, 384)),
                _ => Err(CertificateError::Key),
            }
        }
        _ => Err(CertificateError::Key),
    }
}

/// The bits of a big-endian number, without leading zeros.
fn significant_bits(number: &[u8]) -> u32 {
    let digits: &[u8] = match number.iter().position(|&byte| byte != 0) {
        Some(first) => &number[first..],
        None => return 0,
    };
    let length = u32::try_from(digits.len()).unwrap_or(u32::MAX);
    length.saturating_mul(8).saturating_sub(digits[0].leading_zeros())
}
