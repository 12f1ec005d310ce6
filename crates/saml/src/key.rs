//! Our own private key: signs requests, decrypts assertions.

use openssl::{
    hash::MessageDigest,
    pkey::{Id, PKey, Private},
    sign::Signer,
};
use std::fmt;

/// Why a private key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateKeyError {
    /// Not a private key in PKCS#8.
    #[error("reading a private key")]
    Unreadable(#[source] openssl::error::ErrorStack),
    /// Not RSA of 2,048 to 8,192 bits.
    #[error("the private key must be RSA, with 2,048 to 8,192 bits")]
    Unsuitable,
    /// OpenSSL failed.
    #[error("signing with the private key")]
    Signing(#[source] openssl::error::ErrorStack),
}

/// An RSA key pair of this service provider. `Debug` does not show it.
#[derive(Clone)]
pub struct PrivateKey(PKey<Private>);

impl PrivateKey {
    /// Reads PKCS#8 in DER.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, PrivateKeyError> {
        Self::suitable(PKey::private_key_from_pkcs8(der).map_err(PrivateKeyError::Unreadable)?)
    }

    /// Reads PKCS#8 in PEM, without a passphrase.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, PrivateKeyError> {
        // An encrypted key would otherwise make OpenSSL ask on the terminal.
        Self::suitable(
            PKey::private_key_from_pem_passphrase(pem.as_bytes(), b"")
                .map_err(PrivateKeyError::Unreadable)?,
        )
    }

    fn suitable(key: PKey<Private>) -> Result<Self, PrivateKeyError> {
        if key.id() != Id::RSA || !(2_048..=8_192).contains(&key.bits()) {
            return Err(PrivateKeyError::Unsuitable);
        }
        Ok(Self(key))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, PrivateKeyError> {
        let sign = || {
            let mut signer = Signer::new(MessageDigest::sha256(), &self.0)?;
            signer.sign_oneshot_to_vec(message)
        };
        sign().map_err(PrivateKeyError::Signing)
    }

    pub(crate) fn openssl(&self) -> &PKey<Private> {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}
