//! Which certificates a connection may have.

use crate::support::{NOW, Setting, documents, keys};
use openssl::{ec::EcGroup, nid::Nid};
use pass_saml::{Certificate, CertificateError, Check, KeyType};
use time::Duration;

fn der(key: &openssl::pkey::PKey<openssl::pkey::Private>) -> Vec<u8> {
    keys::certificate_der(key, NOW, NOW + Duration::days(1))
}

/// proves SML-1 and SML-7: read from each form, with its dates
#[test]
fn each_form_gives_the_same_certificate() {
    let der = der(&keys::rsa().private);
    let parsed = Certificate::parse(&der).unwrap();
    assert_eq!((parsed.key_type(), parsed.key_bits()), (KeyType::Rsa, 2_048));
    assert_eq!((parsed.not_before(), parsed.not_after()), (NOW, NOW + Duration::days(1)));
    assert!(parsed.is_valid(NOW) && parsed.is_valid(NOW + Duration::days(1)));
    assert!(!parsed.is_valid(NOW - Duration::seconds(1)));
    assert!(!parsed.is_valid(NOW + Duration::days(1) + Duration::seconds(1)));
    let pem = openssl::x509::X509::from_der(&der).unwrap().to_pem().unwrap();
    let lines =
        parsed.base64().as_bytes().chunks(60).map(<[u8]>::to_vec).collect::<Vec<_>>().join(&b"\r\n  "[..]);
    for form in [pem.clone(), parsed.base64().into_bytes(), lines, [b"subject=x\n", pem.as_slice()].concat()]
    {
        assert_eq!(Certificate::parse(&form).unwrap(), parsed);
    }
    assert_eq!(Certificate::from_der(der).unwrap().fingerprint(), parsed.fingerprint());
    assert!(!format!("{parsed:?}").contains("der"));
}

#[test]
fn curves_that_we_know_are_taken() {
    for (curve, bits) in [(Nid::X9_62_PRIME256V1, 256), (Nid::SECP384R1, 384)] {
        let parsed = Certificate::parse(&der(&keys::ec_key(curve))).unwrap();
        assert_eq!((parsed.key_type(), parsed.key_bits()), (KeyType::Ec, bits));
    }
}

#[test]
fn weak_and_exotic_keys_are_refused() {
    assert_eq!(Certificate::parse(&der(&keys::rsa_key(1_024))), Err(CertificateError::Rsa));
    assert_eq!(Certificate::parse(&der(&keys::rsa_key(2_040))), Err(CertificateError::Rsa));
    for curve in [Nid::SECP256K1, Nid::SECP224R1, Nid::SECP521R1, Nid::BRAINPOOL_P256R1] {
        if EcGroup::from_curve_name(curve).is_ok() {
            assert_eq!(
                Certificate::parse(&der(&keys::ec_key(curve))),
                Err(CertificateError::Key),
                "{curve:?}"
            );
        }
    }
    let certificate = rcgen::generate_simple_self_signed(vec!["idp.example.test".to_owned()]).unwrap();
    assert!(Certificate::parse(certificate.cert.der()).is_ok(), "P-256 by another maker");
    let edwards = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let edwards = rcgen::CertificateParams::default().self_signed(&edwards).unwrap();
    assert_eq!(Certificate::parse(edwards.der()), Err(CertificateError::Key));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let good = der(&keys::rsa().private);
    let pem = openssl::x509::X509::from_der(&good).unwrap().to_pem().unwrap();
    assert_eq!(Certificate::parse(&[pem.clone(), pem].concat()), Err(CertificateError::Several));
    assert_eq!(Certificate::parse(&vec![b'A'; 40_000]), Err(CertificateError::TooLong));
    let trailing = [good.as_slice(), b"x"].concat();
    for bytes in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----", &good[..good.len() - 1], &trailing] {
        assert_eq!(Certificate::parse(bytes), Err(CertificateError::Unreadable));
    }
    for end in 0..good.len() {
        assert!(Certificate::from_der(good[..end].to_vec()).is_err(), "cut at {end}");
    }
}

/// proves SML-7: old and new ones side by side, but not without end
#[test]
fn of_many_certificates_the_first_ten_are_tried() {
    let foreign = keys::foreign().certificate.clone();
    let own = keys::rsa().certificate.clone();
    let expired = keys::foreign().valid(NOW - Duration::days(2), NOW - Duration::days(1)).certificate;
    let after = |others: Vec<Certificate>| Setting {
        certificates: others.into_iter().chain([own.clone()]).collect(),
        ..Setting::default()
    };
    let signed = documents::signed();
    assert!(after(vec![foreign.clone(); 9]).judge(&signed).is_ok(), "the tenth");
    assert_eq!(after(vec![foreign; 10]).refusal(&signed), Some(Check::Signature), "the eleventh");
    assert!(after(vec![expired; 10]).judge(&signed).is_ok(), "what has expired does not count");
}
