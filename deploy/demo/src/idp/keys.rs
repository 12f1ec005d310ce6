//! The identity provider's signing key and certificate, made once and kept in a folder.

use base64::{Engine, engine::general_purpose::STANDARD};
use pass_types::SharedClock;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, SigningKey,
};
use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use time::Duration;

/// How long the certificate is valid.
const VALID: Duration = Duration::days(3_650);

/// Why there is no signing key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The folder.
    #[error("{} can't be read or written", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The key or the certificate.
    #[error("the signing key can't be made or read")]
    Key(#[source] rcgen::Error),
}

/// An RSA key with its self-signed certificate.
pub(super) struct Keys {
    key: KeyPair,
    certificate: String,
}

impl Keys {
    /// Those in `folder`: `idp.key` (PKCS#8, mode 0600) and `idp.pem`, made when they are not there.
    pub(super) fn open(folder: &Path, clock: &SharedClock) -> Result<Self, KeysError> {
        let (key_file, certificate_file) = (folder.join("idp.key"), folder.join("idp.pem"));
        fs::create_dir_all(folder).map_err(|source| KeysError::File { path: folder.to_owned(), source })?;
        let key = if key_file.exists() {
            let key = KeyPair::from_pkcs8_pem_and_sign_algo(&read(&key_file)?, &PKCS_RSA_SHA256);
            key.map_err(KeysError::Key)?
        } else {
            let key = KeyPair::generate_for(&PKCS_RSA_SHA256).map_err(KeysError::Key)?;
            write(&key_file, &key.serialize_pem(), 0o600)?;
            key
        };
        if !certificate_file.exists() {
            write(&certificate_file, &certify(&key, clock).map_err(KeysError::Key)?, 0o644)?;
        }
        Ok(Self { certificate: read(&certificate_file)?, key })
    }

    /// The certificate in PEM, as one pastes it into a form.
    pub(super) fn pem(&self) -> &str {
        &self.certificate
    }

    /// The certificate in Base64 on one line, as `ds:X509Certificate` has it.
    pub(super) fn certificate(&self) -> String {
        self.certificate.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect()
    }

    /// A signature (RSA PKCS#1 v1.5 with SHA-256) in Base64.
    pub(super) fn sign(&self, message: &[u8]) -> Result<String, KeysError> {
        self.key.sign(message).map(|signature| STANDARD.encode(signature)).map_err(KeysError::Key)
    }
}

fn certify(key: &KeyPair, clock: &SharedClock) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Sample identity provider");
    params.distinguished_name = name;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let now = clock.now();
    (params.not_before, params.not_after) = (now - Duration::days(1), now + VALID);
    Ok(params.self_signed(key)?.pem())
}

fn read(path: &Path) -> Result<String, KeysError> {
    fs::read_to_string(path).map_err(|source| KeysError::File { path: path.to_owned(), source })
}

/// Writes the whole file or none of it.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), KeysError> {
    let write = || {
        let part = path.with_extension(format!("part-{}", std::process::id()));
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&part)?;
        file.write_all(text.as_bytes())?;
        fs::rename(part, path)
    };
    write().map_err(|source| KeysError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_testkit::FakeClock;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn key_and_certificate_stay_the_same_and_the_key_is_for_its_owner_only() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), FakeClock::default().shared());
        let data = folder.path().join("idp");
        let first = Keys::open(&data, &clock).unwrap();
        let again = Keys::open(&data, &clock).unwrap();
        assert_eq!(first.pem(), again.pem());
        // PKCS#1 v1.5 is deterministic: the same key gives the same signature.
        assert_eq!(first.sign(b"message").unwrap(), again.sign(b"message").unwrap());
        assert_ne!(first.sign(b"message").unwrap(), first.sign(b"another").unwrap());
        assert_eq!(fs::metadata(data.join("idp.key")).unwrap().mode() & 0o777, 0o600);
    }
}
