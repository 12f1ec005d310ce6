//! The genuine documents that every case starts from.

use super::{
    ACS, IDP, REQUEST, SP, keys,
    signing::{How, sign},
    swap,
};

pub const ADDRESS: &str = "taro@example.test";
pub const RESPONSE_ID: &str = "_response1";
pub const ASSERTION_ID: &str = "_assertion1";

/// The assertion, without signature, in exclusive canonical form.
pub fn assertion() -> String {
    format!(
        concat!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}""#,
            r#" IssueInstant="2026-03-01T11:59:50Z" Version="2.0"><saml:Issuer>{idp}</saml:Issuer>"#,
            r#"<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">"#,
            r#"{address}</saml:NameID>"#,
            r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">"#,
            r#"<saml:SubjectConfirmationData InResponseTo="{request}" NotOnOrAfter="2026-03-01T12:04:50Z""#,
            r#" Recipient="{acs}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>"#,
            r#"<saml:Conditions NotBefore="2026-03-01T11:59:20Z" NotOnOrAfter="2026-03-01T12:05:00Z">"#,
            r#"<saml:AudienceRestriction><saml:Audience>{sp}</saml:Audience></saml:AudienceRestriction>"#,
            r#"</saml:Conditions><saml:AuthnStatement AuthnInstant="2026-03-01T11:59:40Z""#,
            r#" SessionIndex="_session1" SessionNotOnOrAfter="2026-03-01T20:00:00Z"><saml:AuthnContext>"#,
            r#"<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"#,
            r#"</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"#,
            r#"<saml:AttributeStatement><saml:Attribute Name="displayName"><saml:AttributeValue>Taro"#,
            r#"</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"#,
        ),
        id = ASSERTION_ID,
        idp = IDP,
        address = ADDRESS,
        request = REQUEST,
        acs = ACS,
        sp = SP,
    )
}

/// A Response, without signature, around `assertion`, in exclusive canonical form.
pub fn response(assertion: &str) -> String {
    format!(
        concat!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Destination="{acs}""#,
            r#" ID="{id}" InResponseTo="{request}" IssueInstant="2026-03-01T11:59:55Z" Version="2.0">"#,
            r#"<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{idp}</saml:Issuer>"#,
            r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success">"#,
            r#"</samlp:StatusCode></samlp:Status>{assertion}</samlp:Response>"#,
        ),
        acs = ACS,
        id = RESPONSE_ID,
        request = REQUEST,
        idp = IDP,
        assertion = assertion,
    )
}

/// The assertion signed by the connection's key.
pub fn signed_assertion() -> String {
    sign(&assertion(), ASSERTION_ID, keys::rsa(), &How::default())
}

/// A Response in which the assertion is signed.
pub fn signed() -> String {
    response(&signed_assertion())
}

/// A Response that is signed itself.
pub fn response_signed() -> String {
    sign(&response(&assertion()), RESPONSE_ID, keys::rsa(), &How::default())
}

/// A Response in which both are signed.
pub fn both_signed() -> String {
    sign(&signed(), RESPONSE_ID, keys::rsa(), &How::default())
}

/// A Response whose assertion is signed after `edit`.
pub fn assertion_edited(edit: impl Fn(String) -> String) -> String {
    response(&sign(&edit(assertion()), ASSERTION_ID, keys::rsa(), &How::default()))
}

/// A Response that is signed after `edit` of the whole.
pub fn response_edited(edit: impl Fn(String) -> String) -> String {
    sign(&edit(response(&assertion())), RESPONSE_ID, keys::rsa(), &How::default())
}

/// The assertion changed, then signed.
pub fn assertion_with(from: &str, to: &str) -> String {
    assertion_edited(|text| swap(&text, from, to))
}

/// The response changed, then signed.
pub fn response_with(from: &str, to: &str) -> String {
    response_edited(|text| text.replacen(from, to, 1))
}

/// The response changed around a signed assertion.
pub fn unsigned_part(from: &str, to: &str) -> String {
    let document = signed();
    assert!(document.contains(from));
    document.replacen(from, to, 1)
}
