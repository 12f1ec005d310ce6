//! Signature wrapping: a genuine signature, somewhere, beside a forged identity.

use crate::support::{
    Setting, assert_refused,
    documents::{self, ADDRESS, ASSERTION_ID, RESPONSE_ID},
    signing::element,
    swap,
};
use pass_saml::Check;

const EVIL: &str = "admin@example.test";

/// The forged assertion: another person, another ID, no signature.
fn evil_assertion() -> String {
    swap(&swap(&documents::assertion(), ADDRESS, EVIL), ASSERTION_ID, "_evil")
}

/// The genuine assertion, its signature, and it without its signature.
fn genuine() -> (String, String, String) {
    let signed = documents::signed_assertion();
    let signature = signature_of(&signed);
    let bare = swap(&signed, &signature, "");
    (signed, signature, bare)
}

fn signature_of(document: &str) -> String {
    let begin = document.find("<ds:Signature ").unwrap();
    let end = document.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    document[begin..end].to_owned()
}

/// Puts `more` behind the Issuer of `document`'s element with `id`.
fn behind_issuer(document: &str, id: &str, more: &str) -> String {
    crate::support::signing::insert(document, id, more)
}

/// Puts `more` before the end of `signature`.
fn in_signature(signature: &str, more: &str) -> String {
    swap(signature, "</ds:Signature>", &format!("{more}</ds:Signature>"))
}

fn evil_response(signature: &str, more: &str) -> String {
    let evil = swap(&documents::response(&evil_assertion()), RESPONSE_ID, "_evilresponse");
    behind_issuer(&evil, "_evilresponse", &format!("{signature}{more}"))
}

#[test]
fn xsw_1_to_8_are_refused() {
    let response = documents::response_signed();
    let outer = signature_of(&response);
    let bare_response = swap(&response, &outer, "");
    let (signed, signature, bare) = genuine();
    let evil = evil_assertion();
    let holding = |inner: &str| behind_issuer(&evil, "_evil", inner);
    let extensions = format!("<samlp:Extensions>{evil}</samlp:Extensions>");
    let object = format!("<ds:Object>{bare}</ds:Object>");
    assert_refused(
        &Setting::default(),
        [
            ("XSW1", evil_response(&in_signature(&outer, &bare_response), ""), Check::Shape),
            ("XSW2", evil_response(&bare_response, &outer), Check::Shape),
            ("XSW3", swap(&documents::response(&signed), &signed, &format!("{evil}{signed}")), Check::Shape),
            (
                "XSW4",
                documents::response(&swap(&evil, "</saml:Assertion>", &format!("{signed}</saml:Assertion>"))),
                Check::Shape,
            ),
            ("XSW5", documents::response(&format!("{}{bare}", holding(&signature))), Check::Shape),
            ("XSW6", documents::response(&holding(&in_signature(&signature, &bare))), Check::Shape),
            (
                "XSW7",
                swap(&documents::response(&signed), "<samlp:Status>", &format!("{extensions}<samlp:Status>")),
                Check::Shape,
            ),
            ("XSW8", documents::response(&holding(&in_signature(&signature, &object))), Check::Shape),
        ],
    );
}

#[test]
fn other_places_for_a_second_identity_are_refused() {
    let (signed, signature, bare) = genuine();
    let evil = evil_assertion();
    let signed_response = documents::response(&signed);
    let advice = format!("<saml:Advice>{bare}</saml:Advice>");
    let in_advice = swap(&evil, "<saml:AuthnStatement", &format!("{advice}<saml:AuthnStatement"));
    let in_attribute = swap(&evil, ">Taro<", &format!(">{signed}<"));
    let in_object = in_signature(&signature, &format!("<ds:Object>{evil}</ds:Object>"));
    let same_id = swap(&evil, "_evil", ASSERTION_ID);
    let foreign =
        swap(&swap(&evil, "saml:Assertion", "x:Assertion"), "xmlns:saml=", r#"xmlns:x="urn:x" xmlns:saml="#);
    let cases = [
        (
            "a second, unsigned assertion behind",
            swap(&signed_response, &signed, &format!("{signed}{evil}")),
            Check::Shape,
        ),
        ("the same ID twice", swap(&signed_response, &signed, &format!("{signed}{same_id}")), Check::Shape),
        ("the genuine one in Advice", documents::response(&in_advice), Check::Shape),
        ("the genuine one in an attribute", documents::response(&in_attribute), Check::Shape),
        ("the forged one in ds:Object", swap(&signed_response, &signature, &in_object), Check::Shape),
        (
            "an assertion of another namespace",
            swap(&signed_response, &signed, &format!("{foreign}{signed}")),
            Check::Shape,
        ),
        ("the assertion alone", signed.clone(), Check::Shape),
        (
            "the signature beside the assertion",
            documents::response(&bare).replace("<samlp:Status>", &format!("{signature}<samlp:Status>")),
            Check::SignatureShape,
        ),
        (
            "a signature in Status",
            swap(&signed_response, "</samlp:StatusCode>", &format!("</samlp:StatusCode>{signature}")),
            Check::SignatureShape,
        ),
        (
            "a second signature in the assertion",
            swap(&signed_response, &signature, &format!("{signature}{signature}")),
            Check::Shape,
        ),
    ];
    assert_refused(&Setting::default(), cases);
}

/// A reference that names another element than the one that the signature is in.
#[test]
fn a_signature_of_another_element_is_refused() {
    let (signed, signature, bare) = genuine();
    assert_eq!(element(&signed, ASSERTION_ID), signed);
    let renamed = swap(&bare, &format!(r#"ID="{ASSERTION_ID}""#), r#"ID="_renamed""#);
    let document = documents::response(&behind_issuer(&renamed, "_renamed", &signature));
    assert_refused(&Setting::default(), [("a reference elsewhere", document, Check::SignatureShape)]);
}
