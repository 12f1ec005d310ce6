//! Metadata of identity providers, as administrators bring it.

use crate::support::{IDP, NOW, keys, swap};
use pass_saml::{Certificate, CertificateError, Check, IdpMetadata, MetadataError};
use time::{Duration, macros::datetime};

const SSO: &str = "https://idp.example.test/sso";

fn key(usage: &str, certificate: &str) -> String {
    format!(
        "<KeyDescriptor{usage}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n  {certificate}\n\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
    )
}

fn metadata(keys: &str) -> String {
    format!(
        concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- made by hand -->",
            r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata""#,
            r#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{idp}">"#,
            r#"<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}"#,
            r#"<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.test/post"/>"#,
            r#"<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso}"/>"#,
            "</IDPSSODescriptor></EntityDescriptor>"
        ),
        idp = IDP,
        keys = keys,
        sso = SSO,
    )
}

fn usual() -> String {
    metadata(&key(r#" use="signing""#, &keys::rsa().certificate.base64()))
}

fn parse(text: &str) -> Result<IdpMetadata, MetadataError> {
    IdpMetadata::parse(text.as_bytes(), NOW)
}

/// proves SML-1: entity ID, address and certificates from metadata
#[test]
fn an_identity_provider_is_read() {
    let read = parse(&usual()).unwrap();
    assert_eq!((read.entity_id.as_str(), read.sso_url.as_str()), (IDP, SSO));
    assert_eq!(read.certificates, [keys::rsa().certificate.clone()]);
    assert!(!read.want_authn_requests_signed);
    assert_eq!(read.valid_until, None);
    let wants = swap(&usual(), "<IDPSSODescriptor ", r#"<IDPSSODescriptor WantAuthnRequestsSigned="true" "#);
    assert!(parse(&wants).unwrap().want_authn_requests_signed);
    let with_mark = [
        &b"\xef\xbb\xbf"[..],
        usual().replacen("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "", 1).as_bytes(),
    ]
    .concat();
    assert!(IdpMetadata::parse(&with_mark, NOW).is_ok(), "with a byte order mark");
}

/// proves SML-1 and SML-7: keys without use count, keys for encryption don't, none is not enough
#[test]
fn only_keys_for_signing_count() {
    let [rsa, ec, foreign] = [keys::rsa(), keys::ec(), keys::foreign()].map(|key| key.certificate.clone());
    let all = [
        key("", &rsa.base64()),
        key(r#" use="encryption""#, &foreign.base64()),
        key(r#" use="signing""#, &ec.base64()),
        key("", &rsa.base64()),
    ];
    assert_eq!(parse(&metadata(&all.concat())).unwrap().certificates, [rsa, ec]);
    assert_eq!(parse(&metadata(&all[1])), Err(MetadataError::NoCertificate));
    assert_eq!(parse(&metadata("")), Err(MetadataError::NoCertificate));
    assert_eq!(parse(&metadata("<KeyDescriptor/>")), Err(MetadataError::NoCertificate));
    let broken = parse(&metadata(&[all[0].as_str(), &key("", "AAAA")].concat()));
    assert_eq!(broken, Err(MetadataError::Certificate(CertificateError::Unreadable)));
    let der = |bits| keys::certificate_der(&keys::rsa_key(bits), NOW, NOW + Duration::days(1));
    let weak = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der(1_024));
    assert_eq!(parse(&metadata(&key("", &weak))), Err(MetadataError::Certificate(CertificateError::Rsa)));
}

/// proves SML-1: a chain brings the provider's own key, and never that of the authority above it
#[test]
fn of_a_chain_only_the_leaf_counts() {
    let [leaf, authority] = [keys::rsa(), keys::foreign()].map(|key| key.certificate.clone());
    let next = "</ds:X509Certificate><ds:X509Certificate>";
    let next_data = "</ds:X509Certificate></ds:X509Data><ds:X509Data><ds:X509Certificate>";
    let weak = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        keys::certificate_der(&keys::rsa_key(1_024), NOW, NOW + Duration::days(1)),
    );
    for (name, between, further) in [
        ("in one X509Data", next, authority.base64()),
        ("in another X509Data", next_data, authority.base64()),
        ("of a weak key", next, weak),
        ("unreadable", next, "AAAA".to_owned()),
    ] {
        let chain = key("", &format!("{}{between}{further}", leaf.base64()));
        assert_eq!(parse(&metadata(&chain)).expect(name).certificates, std::slice::from_ref(&leaf), "{name}");
    }
    let elsewhere = key("", &leaf.base64()).replace("ds:KeyInfo>", "ds:Object>");
    assert_eq!(parse(&metadata(&elsewhere)), Err(MetadataError::NoCertificate));
}

#[test]
fn the_only_identity_provider_of_several_entities_is_found() {
    let one = usual();
    let entity = &one[one.find("<EntityDescriptor").unwrap()..];
    let sp = r#"<EntityDescriptor entityID="x"><SPSSODescriptor/></EntityDescriptor>"#;
    let wrap = |inner: &str| {
        format!(
            r#"<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">{inner}</EntitiesDescriptor>"#
        )
    };
    assert_eq!(parse(&wrap(&format!("{sp}{entity}"))).unwrap().entity_id, IDP);
    assert_eq!(parse(&wrap(&format!("{entity}{entity}"))), Err(MetadataError::NoIdentityProvider));
    assert_eq!(parse(&wrap(sp)), Err(MetadataError::NoIdentityProvider));
}

#[test]
fn metadata_that_is_over_is_refused() {
    let until = |place: &str, text: &str| swap(&usual(), place, &format!(r#"{place} validUntil="{text}""#));
    for place in ["<EntityDescriptor", "<IDPSSODescriptor"] {
        for text in ["2026-03-01T12:00:00Z", "2020-01-01T00:00:00Z", "soon", ""] {
            assert_eq!(parse(&until(place, text)), Err(MetadataError::Expired), "{place} {text}");
        }
        let read = parse(&until(place, "2026-03-01T12:00:01Z")).unwrap();
        assert_eq!(read.valid_until, Some(datetime!(2026-03-01 12:00:01 UTC)));
    }
}

#[test]
fn what_no_identity_provider_says_is_refused() {
    let entity = format!(r#"entityID="{IDP}""#);
    let location = format!(r#"Location="{SSO}""#);
    let protocol = "urn:oasis:names:tc:SAML:2.0:protocol";
    let metadata_namespace = "urn:oasis:names:tc:SAML:2.0:metadata";
    for (name, text, error) in [
        (
            "SAML 1",
            swap(&usual(), protocol, "urn:oasis:names:tc:SAML:1.1:protocol"),
            MetadataError::NoIdentityProvider,
        ),
        ("another namespace", swap(&usual(), metadata_namespace, "urn:x"), MetadataError::NoIdentityProvider),
        ("no entity ID", swap(&usual(), &entity, ""), MetadataError::EntityId),
        ("an entity ID with a space", swap(&usual(), &entity, r#"entityID="a b""#), MetadataError::EntityId),
        ("a long entity ID", swap(&usual(), IDP, &"a".repeat(1_025)), MetadataError::EntityId),
        ("only POST", swap(&usual(), "HTTP-Redirect", "HTTP-Artifact"), MetadataError::SignInAddress),
        ("no address", swap(&usual(), &location, ""), MetadataError::SignInAddress),
        ("a script", swap(&usual(), SSO, "javascript:alert(1)"), MetadataError::SignInAddress),
        ("a path", swap(&usual(), SSO, "/sso"), MetadataError::SignInAddress),
    ] {
        assert_eq!(parse(&text), Err(error), "{name}");
    }
    let many: String = (0..11)
        .map(|days| keys::ec().valid(NOW, NOW + Duration::days(days + 1)))
        .map(|made| key("", &made.certificate.base64()))
        .collect();
    assert_eq!(parse(&metadata(&many)), Err(MetadataError::ManyCertificates));
}

#[test]
fn documents_that_no_parser_should_see_are_refused() {
    let doctype =
        swap(&usual(), "<!-- made by hand -->", r#"<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>"#);
    let deep = swap(
        &usual(),
        "<KeyDescriptor ",
        &format!("{}{}<KeyDescriptor ", "<x>".repeat(5_000), "</x>".repeat(5_000)),
    );
    let hidden = swap(&usual(), "<ds:X509Certificate>", "<ds:X509Certificate><!-- x -->");
    for (name, bytes, check) in [
        ("a document type", doctype.into_bytes(), Check::Document),
        ("depth 5,000", deep.into_bytes(), Check::Complexity),
        ("more than a megabyte", vec![b' '; 1_048_577], Check::Size),
        ("no UTF-8", vec![0xff, 0xfe, 0x3c, 0], Check::Encoding),
        ("HTML", b"<html><body><br></body></html>".to_vec(), Check::Document),
    ] {
        match IdpMetadata::parse(&bytes, NOW) {
            Err(MetadataError::Unreadable(refusal)) => assert_eq!(refusal.check(), check, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(parse(&hidden), Err(MetadataError::Certificate(CertificateError::Unreadable)));
}

#[test]
fn our_own_certificates_survive_our_own_metadata() {
    let certificate = keys::rsa().certificate.clone();
    assert_eq!(Certificate::parse(certificate.base64().as_bytes()), Ok(certificate));
}
