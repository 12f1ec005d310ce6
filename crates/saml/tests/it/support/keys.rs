//! Key pairs, made when a test needs them.

use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    x509::{X509, X509NameBuilder},
};
use pass_saml::{Certificate, PrivateKey};
use std::sync::LazyLock;
use time::{Duration, OffsetDateTime};

/// A key pair with its certificate.
pub struct Key {
    pub private: PKey<Private>,
    pub certificate: Certificate,
}

impl Key {
    /// With a certificate that is valid a year around the tests' time.
    pub fn new(private: PKey<Private>) -> Self {
        let begin = super::NOW - Duration::days(180);
        Self { certificate: certify(&private, begin, super::NOW + Duration::days(180)), private }
    }

    pub fn is_rsa(&self) -> bool {
        self.private.rsa().is_ok()
    }

    /// As ours, to decrypt with.
    pub fn for_us(&self) -> PrivateKey {
        PrivateKey::from_pkcs8_der(&self.private.private_key_to_pkcs8().unwrap()).unwrap()
    }

    /// The same key with a certificate of other dates.
    pub fn valid(&self, begin: OffsetDateTime, end: OffsetDateTime) -> Self {
        Self { certificate: certify(&self.private, begin, end), private: self.private.clone() }
    }
}

pub fn rsa_key(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

pub fn ec_key(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// DER of a self-signed certificate.
pub fn certificate_der(key: &PKey<Private>, begin: OffsetDateTime, end: OffsetDateTime) -> Vec<u8> {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "idp.example.test").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&Asn1Time::from_unix(begin.unix_timestamp()).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(end.unix_timestamp()).unwrap()).unwrap();
    builder.sign(key, MessageDigest::sha256()).unwrap();
    builder.build().to_der().unwrap()
}

fn certify(key: &PKey<Private>, begin: OffsetDateTime, end: OffsetDateTime) -> Certificate {
    Certificate::from_der(certificate_der(key, begin, end)).unwrap()
}

/// The connection's key.
pub fn rsa() -> &'static Key {
    static KEY: LazyLock<Key> = LazyLock::new(|| Key::new(rsa_key(2_048)));
    &KEY
}

/// Somebody else's key.
pub fn foreign() -> &'static Key {
    static KEY: LazyLock<Key> = LazyLock::new(|| Key::new(rsa_key(2_048)));
    &KEY
}

/// A longer one, as after a roll-over.
pub fn long() -> &'static Key {
    static KEY: LazyLock<Key> = LazyLock::new(|| Key::new(rsa_key(3_072)));
    &KEY
}

pub fn ec() -> &'static Key {
    static KEY: LazyLock<Key> = LazyLock::new(|| Key::new(ec_key(Nid::X9_62_PRIME256V1)));
    &KEY
}

pub fn ec_384() -> &'static Key {
    static KEY: LazyLock<Key> = LazyLock::new(|| Key::new(ec_key(Nid::SECP384R1)));
    &KEY
}
