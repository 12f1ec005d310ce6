//! An assertion that nobody signed, to spend the time on that a real one would have taken.

use crate::certificate::KeyType;

/// An assertion of about `length` bytes that passes the gate and whose signature, by a key of this type, is
/// wrong.
pub(crate) fn assertion(length: usize, key_type: KeyType) -> String {
    let method = match key_type {
        KeyType::Rsa => "rsa-sha256",
        KeyType::Ec => "ecdsa-sha256",
    };
    let frame = format!(
        concat!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_decoy" Version="2.0">"#,
            "<saml:Issuer>{{filling}}</saml:Issuer>",
            r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>"#,
            r#"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"#,
            r#"<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#{method}"/>"#,
            r##"<ds:Reference URI="#_decoy"><ds:Transforms>"##,
            r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>"#,
            r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>"#,
            r#"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>"#,
            "<ds:DigestValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</ds:DigestValue>",
            "</ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>",
            "</saml:Assertion>"
        ),
        method = method,
    );
    let filling = "x".repeat(length.saturating_sub(frame.len()));
    frame.replace("{filling}", &filling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gate::Gated, limits::Limits, shape::ResponseFacts};

    #[test]
    fn it_gets_as_far_as_the_signature() {
        for key_type in [KeyType::Rsa, KeyType::Ec] {
            let facts = ResponseFacts {
                id: String::new(),
                version: None,
                issue_instant: None,
                destination: None,
                in_response_to: None,
                issuer: None,
                status: Vec::new(),
            };
            let decoy = assertion(10_000, key_type);
            assert!((9_900..10_100).contains(&decoy.len()));
            let gated = Gated::assertion(decoy, facts, &Limits::default()).unwrap();
            assert_eq!(gated.signatures()[0].key_type, key_type);
        }
    }
}
