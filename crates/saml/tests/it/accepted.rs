//! What must work: each way to sign, each algorithm that is allowed, roll-over, the kinds of names.

use crate::support::{
    NOW, REQUEST, Setting,
    documents::{self, ADDRESS, ASSERTION_ID, RESPONSE_ID},
    keys,
    signing::{How, MORE, sign},
    swap,
};
use openssl::hash::MessageDigest;
use pass_saml::{Check, NameIdFormat, Outcome};
use time::macros::datetime;

/// proves SML-4: the response, the assertion or both are signed
#[test]
fn each_way_to_sign_gives_the_same_person() {
    let documents = [documents::signed(), documents::response_signed(), documents::both_signed()];
    for document in documents {
        let validated = Setting::default().judge(document).unwrap();
        assert_eq!(validated.name_id.value, ADDRESS);
        assert_eq!(validated.name_id.format, NameIdFormat::EmailAddress);
        assert_eq!(validated.address.as_ref().map(pass_types::Email::as_str), Some(ADDRESS));
        assert_eq!(validated.assertion_id, ASSERTION_ID);
        assert_eq!(validated.in_response_to.as_deref(), Some(REQUEST));
        assert_eq!(validated.session_index.as_deref(), Some("_session1"));
        assert_eq!(validated.authn_instant, datetime!(2026-03-01 11:59:40 UTC));
        assert_eq!(validated.session_not_on_or_after, Some(datetime!(2026-03-01 20:00 UTC)));
        assert_eq!(validated.not_on_or_after, datetime!(2026-03-01 12:05:50 UTC), "end and skew");
        assert_eq!(validated.attributes[0].values, ["Taro"]);
    }
}

/// proves SML-6: an administrator sees every check's verdict
#[test]
fn every_check_passes_and_says_so() {
    let field = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, documents::signed());
    let validation = Setting::default().receive(&field).unwrap();
    let checks: Vec<_> = validation.verdicts.iter().map(|verdict| verdict.check).collect();
    assert_eq!(checks, Check::ALL);
    for verdict in validation.verdicts {
        assert_eq!(verdict.outcome, Outcome::Passed, "{}", verdict.check);
    }
}

#[test]
fn the_gate_tells_which_request_is_answered() {
    let gated = pass_saml::Verifier::default().gate(documents::signed()).unwrap();
    assert_eq!(gated.facts().in_response_to.as_deref(), Some(REQUEST));
    assert_eq!(gated.facts().id, RESPONSE_ID);
    assert!(!gated.is_encrypted());
}

#[test]
fn each_allowed_algorithm_verifies() {
    let sha384 = format!("{MORE}sha384");
    let sha512 = "http://www.w3.org/2001/04/xmlenc#sha512";
    let digests = [
        (crate::support::signing::SHA256, MessageDigest::sha256()),
        (sha384.as_str(), MessageDigest::sha384()),
        (sha512, MessageDigest::sha512()),
    ];
    let methods = [
        ("rsa-sha256", MessageDigest::sha256(), keys::rsa()),
        ("rsa-sha384", MessageDigest::sha384(), keys::rsa()),
        ("rsa-sha512", MessageDigest::sha512(), keys::long()),
        ("ecdsa-sha256", MessageDigest::sha256(), keys::ec()),
        ("ecdsa-sha384", MessageDigest::sha384(), keys::ec_384()),
        ("ecdsa-sha256", MessageDigest::sha256(), keys::ec_384()),
    ];
    for (method, hash, key) in methods {
        for (digest_method, digest) in digests {
            let how =
                How { method: format!("{MORE}{method}"), hash, digest_method, digest, ..How::default() };
            let assertion = sign(&documents::assertion(), ASSERTION_ID, key, &how);
            let judged = Setting::trusting(&[key]).judge(documents::response(&assertion));
            assert!(judged.is_ok(), "{method} with {digest_method}: {judged:?}");
        }
    }
}

/// proves SML-7: old and new certificates at once, whatever their keys, and one that is over
#[test]
fn roll_over_works_in_any_order() {
    let expired = keys::rsa().valid(NOW - time::Duration::days(400), NOW - time::Duration::days(1));
    let old_and_new = [keys::foreign(), keys::long(), keys::ec(), &expired, keys::rsa()];
    for rotation in 0..old_and_new.len() {
        let mut keys = old_and_new;
        keys.rotate_left(rotation);
        let setting = Setting::trusting(&keys);
        assert!(setting.judge(documents::signed()).is_ok(), "rotated by {rotation}");
        for signer in [keys::foreign(), keys::long(), keys::ec()] {
            let assertion = sign(&documents::assertion(), ASSERTION_ID, signer, &How::default());
            let judged = setting.judge(documents::response(&assertion));
            assert!(judged.is_ok(), "rotated by {rotation}: {judged:?}");
        }
    }
    let setting = Setting::trusting(&[&expired, keys::foreign(), keys::ec()]);
    assert_eq!(setting.refusal(documents::signed()), Some(Check::Signature), "only the expired one made it");
}

/// proves SML-2: a response that answers no request, where the organization allows that
#[test]
fn idp_initiated_works_where_it_is_allowed() {
    let unsolicited = |text: String| swap(&text, &format!(r#" InResponseTo="{REQUEST}""#), "");
    let mut setting = Setting::default();
    setting.expected.request = None;
    setting.expected.idp_initiated_allowed = true;
    let validated = setting.judge(documents::response_edited(unsolicited)).unwrap();
    assert_eq!(validated.in_response_to, None);
}

/// proves SML-3: a persistent name with the address as an attribute, or without it later on
#[test]
fn a_persistent_name_brings_its_address_as_an_attribute() {
    let persistent = |text: String| {
        let text = swap(&text, NameIdFormat::EmailAddress.uri(), NameIdFormat::Persistent.uri());
        swap(&text, &format!(">{ADDRESS}<"), ">a1b2c3<")
    };
    let setting = Setting::default();
    let validated = setting.judge(documents::assertion_edited(persistent)).unwrap();
    assert_eq!((validated.name_id.value.as_str(), validated.address), ("a1b2c3", None));
    for name in ["mail", "email", "urn:oid:0.9.2342.19200300.100.1.3"] {
        let attribute = |text: String| {
            let text = swap(&persistent(text), "displayName", name);
            swap(&text, ">Taro<", &format!(">{ADDRESS}<"))
        };
        let validated = setting.judge(documents::assertion_edited(attribute)).unwrap();
        assert_eq!(validated.address.unwrap().as_str(), ADDRESS, "{name}");
    }
    let mut setting = Setting::default();
    setting.connection.address_attribute = Some("displayName".to_owned());
    let attribute = |text: String| swap(&persistent(text), ">Taro<", &format!(">{ADDRESS}<"));
    let validated = setting.judge(documents::assertion_edited(attribute)).unwrap();
    assert_eq!(validated.address.unwrap().as_str(), ADDRESS);
}

#[test]
fn what_identity_providers_add_is_taken() {
    let certificate = keys::rsa().certificate.base64();
    let info = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    );
    let how = How { key_info: info, ..How::default() };
    let signed = documents::response(&sign(&documents::assertion(), ASSERTION_ID, keys::rsa(), &how));
    let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{signed}");
    let setting = Setting::default();
    assert!(setting.judge(&declared).is_ok(), "with an XML declaration and KeyInfo");
    let prefixes: &dyn Fn(String) -> String = &|info| {
        swap(
            &info,
            r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">"#,
            concat!(
                r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">"#,
                r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs">"#,
                "</ec:InclusiveNamespaces>"
            ),
        )
    };
    let assertion = sign(&documents::assertion(), ASSERTION_ID, keys::rsa(), &How::editing(prefixes));
    assert!(setting.judge(documents::response(&assertion)).is_ok(), "with InclusiveNamespaces");
    let wrapped = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &signed);
    let lines: Vec<_> =
        wrapped.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    assert!(setting.receive(&lines.join("\r\n")).unwrap().result.is_ok(), "base64 in lines");
}
