//! Signatures that are none, of others, or of kinds that are not taken.

use crate::support::{
    Setting, assert_refused,
    documents::{self, ASSERTION_ID},
    each, keys,
    signing::{DS, How, MORE, sign, signature, signed_info},
    swap,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{hash::MessageDigest, pkey::PKey, sign::Signer};
use pass_saml::Check;

const SHA1_DIGEST: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const EXCLUSIVE: &str =
    r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>"#;

const XSLT: &str = concat!(
    r#"<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet"#,
    r#" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"></xsl:stylesheet></ds:Transform>"#
);
const XPATH: &str = concat!(
    r#"<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>"#,
    "count(//. | //@* | //namespace::*) = 1</ds:XPath></ds:Transform>"
);
const FILTER: &str = r#"<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"></ds:Transform>"#;
const BASE64: &str = r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"></ds:Transform>"#;
const INCLUSIVE: &str =
    r#"<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></ds:Transform>"#;
const COMMENTS: &str =
    r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"></ds:Transform>"#;
const HIDDEN: &str = r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ds:XPath>1</ds:XPath></ds:Transform>"#;

/// A response whose assertion the connection's own key signed validly, with `SignedInfo` changed before.
fn hostile(edit: &dyn Fn(String) -> String) -> String {
    documents::response(&sign(&documents::assertion(), ASSERTION_ID, keys::rsa(), &How::editing(edit)))
}

fn with(how: &How<'_>) -> String {
    documents::response(&sign(&documents::assertion(), ASSERTION_ID, keys::rsa(), how))
}

#[test]
fn missing_and_broken_signatures_are_refused() {
    let unsigned = documents::response(&documents::assertion());
    let empty = crate::support::signing::insert(
        &unsigned,
        ASSERTION_ID,
        &format!("<ds:Signature{DS}></ds:Signature>"),
    );
    let changed = swap(&documents::signed(), "taro@", "hanako@");
    let short = {
        let text = documents::signed();
        let at = text.find("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
        let end = text.find("</ds:SignatureValue>").unwrap();
        (format!("{}AAAA{}", &text[..at], &text[end..]), format!("{}{}", &text[..at], &text[end..]))
    };
    let both_but_inner_broken = {
        let inner = swap(&documents::signed_assertion(), "taro@", "hanako@");
        sign(&documents::response(&inner), documents::RESPONSE_ID, keys::rsa(), &How::default())
    };
    assert_refused(
        &Setting::default(),
        [
            ("stripped", unsigned, Check::SignatureShape),
            ("an empty Signature", empty, Check::SignatureShape),
            ("content changed", changed, Check::Signature),
            ("a short SignatureValue", short.0, Check::Signature),
            ("an empty SignatureValue", short.1, Check::SignatureShape),
            ("the inner one broken, the outer right", both_but_inner_broken, Check::Signature),
        ],
    );
}

#[test]
fn keys_of_others_are_refused() {
    let certificate = keys::foreign().certificate.base64();
    let info = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    );
    let how = How { key_info: info, ..How::default() };
    let foreign = sign(&documents::assertion(), ASSERTION_ID, keys::foreign(), &how);
    let whole = documents::response(&documents::assertion());
    let foreign_response = sign(&whole, documents::RESPONSE_ID, keys::foreign(), &how);
    let other_type = sign(&documents::assertion(), ASSERTION_ID, keys::ec(), &How::default());
    let mixed = sign(&documents::signed(), documents::RESPONSE_ID, keys::ec(), &How::default());
    let retrieval =
        r#"<ds:KeyInfo><ds:RetrievalMethod URI="file:///etc/passwd"></ds:RetrievalMethod></ds:KeyInfo>"#;
    assert_refused(
        &Setting::default(),
        [
            (
                "a foreign key with its certificate in KeyInfo",
                documents::response(&foreign),
                Check::Signature,
            ),
            ("a foreign key with its certificate, response signed", foreign_response, Check::Signature),
            ("a key of another type", documents::response(&other_type), Check::Signature),
            (
                "RetrievalMethod",
                with(&How { key_info: retrieval.to_owned(), ..How::default() }),
                Check::SignatureShape,
            ),
        ],
    );
    let both = Setting::trusting(&[keys::rsa(), keys::ec()]);
    assert_refused(&both, [("response and assertion by keys of two types", mixed, Check::Algorithm)]);
}

/// samael fails open without certificates: it must not even be asked.
#[test]
fn without_a_certificate_that_is_valid_today_nothing_is_taken() {
    let day = time::Duration::days(1);
    let now = crate::support::NOW;
    let over = keys::rsa().valid(now - day * 9, now - day);
    let early = keys::rsa().valid(now + day, now + day * 9);
    for keys in [&[][..], &[&over], &[&early], &[&over, &early]] {
        let setting = Setting::trusting(keys);
        let unsigned = documents::response(&documents::assertion());
        assert_eq!(setting.refusal(unsigned), Some(Check::SignatureShape));
        for document in [documents::signed(), documents::response_signed(), documents::both_signed()] {
            assert_eq!(setting.refusal(document), Some(Check::Certificate));
        }
    }
}

#[test]
fn algorithms_that_are_not_listed_are_refused() {
    let weak = |method: &str, hash| How { method: method.to_owned(), hash, ..How::default() };
    let sha1 = MessageDigest::sha1();
    let digest_1 = How { digest_method: SHA1_DIGEST, digest: sha1, ..How::default() };
    let hmac = {
        // The public key as the secret of an HMAC.
        let secret = PKey::hmac(keys::rsa().certificate.der()).unwrap();
        let digest = openssl::hash::hash(MessageDigest::sha256(), documents::assertion().as_bytes()).unwrap();
        let method = format!("{MORE}hmac-sha256");
        let info =
            signed_info(ASSERTION_ID, &method, crate::support::signing::SHA256, &STANDARD.encode(digest));
        let canonical = info.replacen("<ds:SignedInfo", &format!("<ds:SignedInfo{DS}"), 1);
        let mut signer = Signer::new(MessageDigest::sha256(), &secret).unwrap();
        let value = STANDARD.encode(signer.sign_oneshot_to_vec(canonical.as_bytes()).unwrap());
        let signature =
            format!("<ds:Signature{DS}>{info}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>");
        documents::response(&crate::support::signing::insert(
            &documents::assertion(),
            ASSERTION_ID,
            &signature,
        ))
    };
    assert_refused(
        &Setting::default(),
        [
            ("RSA-SHA1", with(&weak("http://www.w3.org/2000/09/xmldsig#rsa-sha1", sha1)), Check::Algorithm),
            ("RSA-MD5", with(&weak(&format!("{MORE}rsa-md5"), MessageDigest::md5())), Check::Algorithm),
            (
                "RSA-SHA224",
                with(&weak(&format!("{MORE}rsa-sha224"), MessageDigest::sha224())),
                Check::Algorithm,
            ),
            ("no algorithm known", with(&weak("urn:none", MessageDigest::sha256())), Check::Algorithm),
            ("SHA-1 digest", with(&digest_1), Check::Algorithm),
            ("HMAC with the public key", hmac, Check::Algorithm),
        ],
    );
    let ecdsa_sha1 = How { method: format!("{MORE}ecdsa-sha1"), hash: sha1, ..How::default() };
    let assertion = sign(&documents::assertion(), ASSERTION_ID, keys::ec(), &ecdsa_sha1);
    let document = documents::response(&assertion);
    assert_refused(&Setting::trusting(&[keys::ec()]), [("ECDSA-SHA1", document, Check::Algorithm)]);
}

#[test]
fn references_elsewhere_are_refused() {
    let own = format!(r##"URI="#{ASSERTION_ID}""##);
    let cases = [
        ("http", "http://127.0.0.1:9/x"),
        ("ftp", "ftp://127.0.0.1:9/x"),
        ("file", "file:///etc/passwd"),
        ("/dev/zero", "file:///dev/zero"),
        ("a bare path", "/dev/zero"),
        ("the whole document", ""),
        ("XPointer", "#xpointer(/)"),
        ("XPointer by id", "#xpointer(id('_assertion1'))"),
        ("another element", "#_response1"),
    ]
    .map(|(name, uri)| {
        let edit = |info: String| swap(&info, &own, &format!(r#"URI="{uri}""#));
        (name, hostile(&edit), Check::SignatureShape)
    });
    assert_refused(&Setting::default(), cases);
    let none = |info: String| swap(&info, &format!(" {own}"), "");
    let typed = |info: String| {
        swap(&info, &own, &format!(r#"Type="http://www.w3.org/2000/09/xmldsig#Manifest" {own}"#))
    };
    assert_refused(
        &Setting::default(),
        [
            ("no URI", hostile(&none), Check::SignatureShape),
            ("a type", hostile(&typed), Check::SignatureShape),
        ],
    );
}

#[test]
fn two_thousand_references_and_two_signed_infos_are_refused() {
    let repeated = |count: usize| {
        hostile(&move |info: String| {
            let begin = info.find("<ds:Reference").unwrap();
            let end = info.find("</ds:Reference>").unwrap() + "</ds:Reference>".len();
            format!("{}{}", &info[..end], info[begin..end].repeat(count)) + &info[end..]
        })
    };
    let two = {
        let text = documents::signed();
        let begin = text.find("<ds:SignedInfo>").unwrap();
        let end = text.find("</ds:SignedInfo>").unwrap() + "</ds:SignedInfo>".len();
        let info = &text[begin..end];
        swap(&text, info, &format!("{info}{info}"))
    };
    let manifest = {
        let object = concat!(
            r##"<ds:Object><ds:Manifest><ds:Reference URI="file:///dev/zero"><ds:DigestMethod"##,
            r##" Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>AAAA"##,
            "</ds:DigestValue></ds:Reference></ds:Manifest></ds:Object>"
        );
        with(&How { key_info: object.to_owned(), ..How::default() })
    };
    assert_refused(
        &Setting::default(),
        [
            ("two references", repeated(1), Check::SignatureShape),
            ("200 references", repeated(200), Check::SignatureShape),
            ("2,000 references", repeated(2_000), Check::Size),
            ("two SignedInfo", two, Check::SignatureShape),
            ("a Manifest", manifest, Check::SignatureShape),
        ],
    );
    let mut roomy = Setting::default();
    roomy.limits.bytes = 8 << 20;
    assert_refused(&roomy, [("2,000 references in a large document", repeated(2_000), Check::Complexity)]);
}

#[test]
fn transforms_that_compute_are_refused() {
    let instead = |transform: &'static str| hostile(&move |info: String| swap(&info, EXCLUSIVE, transform));
    let also = |transform: &'static str| {
        hostile(&move |info: String| swap(&info, EXCLUSIVE, &format!("{transform}{EXCLUSIVE}")))
    };
    assert_refused(
        &Setting::default(),
        [
            ("XSLT", also(XSLT), Check::Algorithm),
            ("XSLT last", instead(XSLT), Check::Algorithm),
            ("XPath", also(XPATH), Check::Algorithm),
            ("XPath last", instead(XPATH), Check::Algorithm),
            ("XPath filter", instead(FILTER), Check::Algorithm),
            ("base64", instead(BASE64), Check::Algorithm),
            ("inclusive c14n", instead(INCLUSIVE), Check::Algorithm),
            ("c14n with comments", instead(COMMENTS), Check::Algorithm),
            ("only one transform", instead(""), Check::Algorithm),
            ("something in the transform", instead(HIDDEN), Check::SignatureShape),
        ],
    );
    // What makes inclusive canonicalisation expensive: it writes each namespace that is in scope.
    let crowded = |count: u32| {
        let more = each(count, |i| format!(r#" xmlns:n{i}="urn:n{i}""#));
        let opened = format!(r#" ID="{ASSERTION_ID}""#);
        swap(&instead(INCLUSIVE), &opened, &format!("{more}{opened}"))
    };
    assert_refused(
        &Setting::default(),
        [
            ("inclusive c14n with 20 namespaces", crowded(20), Check::Algorithm),
            ("inclusive c14n with 5,000 namespaces", crowded(5_000), Check::Complexity),
        ],
    );
    let inclusive_info = hostile(&|info: String| {
        info.replacen(
            "http://www.w3.org/2001/10/xml-exc-c14n#",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            1,
        )
    });
    let length = hostile(&|info: String| {
        swap(
            &info,
            "</ds:SignatureMethod>",
            "<ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>",
        )
    });
    assert_refused(
        &Setting::default(),
        [
            ("inclusive c14n of SignedInfo", inclusive_info, Check::Algorithm),
            ("HMACOutputLength", length, Check::SignatureShape),
        ],
    );
}

/// A signature over other bytes than those that are there, each part of it genuine.
#[test]
fn a_signature_of_other_content_is_refused() {
    let other = swap(&documents::assertion(), "taro@", "hanako@");
    let genuine = signature(&other, ASSERTION_ID, keys::rsa(), &How::default());
    let document = documents::response(&crate::support::signing::insert(
        &documents::assertion(),
        ASSERTION_ID,
        &genuine,
    ));
    assert_refused(&Setting::default(), [("of other content", document, Check::Signature)]);
}
