//! Our key pair for an organization: it signs requests and decrypts assertions. One pair an organization,
//! made when the first draft is saved, so that nobody's identity provider can read what is for another's.

use super::SamlError;
use crate::{
    app::Identity,
    store::{
        self,
        saml::keys::{Outdated, Sealed},
    },
};
use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    error::ErrorStack,
    hash::MessageDigest,
    pkey::PKey,
    rsa::Rsa,
    x509::{X509, X509NameBuilder},
};
use pass_runtime::seal::SealError;
use pass_saml::{Certificate, PrivateKey};
use pass_types::OrganizationId;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

/// How long a certificate says that it is valid. Identity providers take it from the metadata; few look.
const VALID: Duration = Duration::days(10 * 365);
const BITS: u32 = 2048;

impl Identity {
    /// Makes the organization's key pair, unless it has one.
    pub(super) async fn ensure_saml_key(&self, organization: OrganizationId) -> Result<(), SamlError> {
        let mut db = self.pool.acquire().await?;
        if store::saml::keys::find(&mut db, organization).await?.is_some() {
            return Ok(());
        }
        drop(db);
        let now = self.clock.now();
        let made = tokio::task::spawn_blocking(move || make(now)).await.map_err(SamlError::Interrupted)?;
        let (key, certificate) = made.map_err(|error| SamlError::Key(error.into()))?;
        let sealed = Sealed {
            key: self.envelope.seal(place(organization), &key, &self.entropy),
            by: self.envelope.sealing().to_owned(),
            certificate,
        };
        let mut db = self.pool.acquire().await?;
        Ok(store::saml::keys::insert(&mut db, organization, &sealed, now).await?)
    }

    /// The certificate of the organization's key pair, without opening the key.
    pub(super) async fn saml_certificate(
        &self,
        db: &mut PgConnection,
        organization: OrganizationId,
    ) -> Result<Option<Certificate>, SamlError> {
        let found = store::saml::keys::certificate(db, organization).await?;
        found.map(Certificate::from_der).transpose().map_err(|error| SamlError::Key(error.into()))
    }

    /// An organization's private key, sealed by the key that seals now.
    pub(in crate::app) fn saml_key_sealed_anew(&self, outdated: &Outdated) -> Result<Vec<u8>, SealError> {
        let place = place(outdated.organization);
        let key = self.envelope.open(&place, &outdated.by, &outdated.key)?;
        Ok(self.envelope.seal(&place, &key, &self.entropy))
    }

    /// The key of the organization's key pair.
    pub(super) async fn saml_key(
        &self,
        db: &mut PgConnection,
        organization: OrganizationId,
    ) -> Result<Option<PrivateKey>, SamlError> {
        let Some(sealed) = store::saml::keys::find(db, organization).await? else { return Ok(None) };
        let key = self.envelope.open(place(organization), &sealed.by, &sealed.key)?;
        Ok(Some(PrivateKey::from_pkcs8_der(&key)?))
    }
}

/// What names the row that a key is sealed for.
fn place(organization: OrganizationId) -> String {
    format!("saml_keys/{organization}")
}

/// A key (PKCS#8, DER) and a certificate for it (DER). Randomness is OpenSSL's own.
fn make(now: OffsetDateTime) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
    let key = PKey::from_rsa(Rsa::generate(BITS)?)?;
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("CN", "Nulab Pass")?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = serial.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    builder.set_pubkey(&key)?;
    let (begin, end) = (now - Duration::DAY, now + VALID);
    let (begin, end) =
        (Asn1Time::from_unix(begin.unix_timestamp())?, Asn1Time::from_unix(end.unix_timestamp())?);
    builder.set_not_before(&begin)?;
    builder.set_not_after(&end)?;
    builder.sign(&key, MessageDigest::sha256())?;
    Ok((key.private_key_to_pkcs8()?, builder.build().to_der()?))
}
