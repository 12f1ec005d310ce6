//! What we send: requests by the redirect binding, and our metadata.

use crate::support::{ACS, NOW, SP, keys};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{hash::MessageDigest, sign::Verifier};
use pass_saml::{AuthnRequest, NameIdFormat, PrivateKey, RedirectError, SpMetadata, inflate, sp_metadata};
use pass_types::Entropy;
use std::collections::HashSet;
use url::Url;

const SSO: &str = "https://idp.example.test/sso?tenant=a%26b";

fn request() -> AuthnRequest {
    AuthnRequest {
        id: AuthnRequest::generate_id(&Entropy::from_seed(1)),
        issued_at: NOW,
        sso_url: SSO.to_owned(),
        sp_entity_id: SP.to_owned(),
        acs_url: ACS.to_owned(),
        name_id_format: Some(NameIdFormat::EmailAddress),
        force_authn: false,
    }
}

fn private_key() -> PrivateKey {
    PrivateKey::from_pkcs8_der(&keys::rsa().private.private_key_to_pkcs8().unwrap()).unwrap()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// proves SML-2: the request by redirect, readable by whoever gets it
#[test]
fn a_request_arrives_as_it_was_sent() {
    let request = request();
    let url = Url::parse(&request.redirect(Some("state & more"), None).unwrap()).unwrap();
    assert_eq!(url.as_str().split('?').next(), Some("https://idp.example.test/sso"));
    assert_eq!(parameter(&url, "tenant").as_deref(), Some("a&b"), "what the address had stays");
    assert_eq!(parameter(&url, "RelayState").as_deref(), Some("state & more"));
    assert_eq!(parameter(&url, "Signature"), None);
    let xml = inflate(&parameter(&url, "SAMLRequest").unwrap(), 65_536).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "AuthnRequest");
    assert_eq!(root.tag_name().namespace(), Some("urn:oasis:names:tc:SAML:2.0:protocol"));
    let attributes = [
        ("ID", request.id.as_str()),
        ("Version", "2.0"),
        ("IssueInstant", "2026-03-01T12:00:00Z"),
        ("Destination", SSO),
        ("AssertionConsumerServiceURL", ACS),
        ("ProtocolBinding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"),
    ];
    for (name, value) in attributes {
        assert_eq!(root.attribute(name), Some(value), "{name}");
    }
    assert_eq!(root.attribute("ForceAuthn"), None);
    assert_eq!(root.first_element_child().and_then(|issuer| issuer.text()), Some(SP));
    let policy = root.last_element_child().unwrap();
    assert_eq!(policy.attribute("Format"), Some(NameIdFormat::EmailAddress.uri()));
}

#[test]
fn a_fresh_sign_in_can_be_asked_for() {
    let request = AuthnRequest { force_authn: true, name_id_format: None, ..request() };
    let xml = request.xml();
    let document = roxmltree::Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("ForceAuthn"), Some("true"));
    assert!(request.outstanding().force_authn);
    assert_eq!(request.outstanding().id, request.id);
}

/// proves SML-2: signed over exactly what is sent
#[test]
fn a_signed_request_verifies() {
    for state in [None, Some("a b+c&d=ü")] {
        let url = Url::parse(&request().redirect(state, Some(&private_key())).unwrap()).unwrap();
        let query = url.query().unwrap();
        let begin = query.find("SAMLRequest=").unwrap();
        let end = query.find("&Signature=").unwrap();
        assert_eq!(
            parameter(&url, "SigAlg").as_deref(),
            Some("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
        );
        let signature = STANDARD.decode(parameter(&url, "Signature").unwrap()).unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), &keys::rsa().private).unwrap();
        verifier.update(&query.as_bytes()[begin..end]).unwrap();
        assert!(verifier.verify(&signature).unwrap());
    }
}

#[test]
fn ids_are_long_names_and_never_the_same() {
    let entropy = Entropy::from_seed(7);
    let ids: HashSet<_> = (0..1_000).map(|_| AuthnRequest::generate_id(&entropy)).collect();
    assert_eq!(ids.len(), 1_000);
    assert!(ids.iter().all(|id| id.len() == 41 && id.starts_with('_')));
}

#[test]
fn what_can_not_be_sent_is_refused() {
    let long = "x".repeat(81);
    assert!(matches!(request().redirect(Some(&long), None), Err(RedirectError::RelayState)));
    assert!(request().redirect(Some(&long[1..]), None).is_ok());
    for sso_url in ["", "idp", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"] {
        let request = AuthnRequest { sso_url: sso_url.to_owned(), ..request() };
        assert!(matches!(request.redirect(None, None), Err(RedirectError::Address)), "{sso_url}");
    }
}

#[test]
fn values_can_not_leave_their_place() {
    let hostile = r#""><evil xmlns="urn:x"/><a b="'&"#;
    let request = AuthnRequest { sp_entity_id: hostile.to_owned(), acs_url: hostile.to_owned(), ..request() };
    let xml = request.xml();
    let document = roxmltree::Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("AssertionConsumerServiceURL"), Some(hostile));
    assert_eq!(document.descendants().filter(|node| node.tag_name().name() == "evil").count(), 0);
}

/// proves SML-1: our metadata, for the identity provider to read
#[test]
fn our_metadata_says_who_and_where_we_are() {
    let certificate = keys::rsa().certificate.clone();
    let encryption = [keys::long().certificate.clone()];
    let ours =
        SpMetadata { entity_id: SP, acs_url: ACS, signing: Some(&certificate), encryption: &encryption };
    let xml = sp_metadata(&ours);
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("entityID"), Some(SP));
    let role = root.first_element_child().unwrap();
    assert_eq!(role.attribute("AuthnRequestsSigned"), Some("true"));
    assert_eq!(role.attribute("WantAssertionsSigned"), Some("true"));
    let acs = role.last_element_child().unwrap();
    assert_eq!(acs.attribute("Location"), Some(ACS));
    assert_eq!(acs.attribute("Binding"), Some("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"));
    let texts: Vec<_> = document
        .descendants()
        .filter(|node| node.tag_name().name() == "X509Certificate")
        .filter_map(|node| node.text())
        .collect();
    assert_eq!(texts, [certificate.base64(), encryption[0].base64()]);
    let bare = sp_metadata(&SpMetadata { signing: None, encryption: &[], ..ours });
    assert!(bare.contains(r#"AuthnRequestsSigned="false""#) && !bare.contains("KeyDescriptor"));
}

#[test]
fn keys_that_are_not_rsa_or_too_short_are_refused() {
    let short = keys::rsa_key(1_024).private_key_to_pkcs8().unwrap();
    assert!(PrivateKey::from_pkcs8_der(&short).is_err());
    assert!(PrivateKey::from_pkcs8_der(&keys::ec().private.private_key_to_pkcs8().unwrap()).is_err());
    assert!(PrivateKey::from_pkcs8_der(b"nothing").is_err());
    let pem = keys::rsa().private.private_key_to_pem_pkcs8().unwrap();
    assert!(PrivateKey::from_pkcs8_pem(std::str::from_utf8(&pem).unwrap()).is_ok());
    assert_eq!(format!("{:?}", private_key()), "PrivateKey(…)");
}
