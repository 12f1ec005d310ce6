//! What a service provider asks for: an `AuthnRequest` by the HTTP-Redirect binding (SAML Core 3.4.1,
//! Bindings 3.4).

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::DeflateDecoder;
use roxmltree::{Document, ParsingOptions};
use std::io::Read;
use url::Url;

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The binding in which we answer.
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// The formats of names for which an email address may be given.
const FORMATS: [&str; 2] = [
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
];
/// No request is larger, inflated.
const LONGEST: u64 = 64 * 1024;

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// Base64, deflate or size.
    #[error("SAMLRequest is not a deflated message in Base64 of at most 64 KiB")]
    Encoding,
    /// It can't be read as XML.
    #[error("SAMLRequest is not XML without a document type")]
    Xml,
    /// Something is missing, or there is something else.
    #[error("the AuthnRequest has no {0} that can be used")]
    Unusable(&'static str),
    /// It is for somebody else.
    #[error("the AuthnRequest's Destination is not this identity provider")]
    Destination,
    /// An answer would go to who knows whom.
    #[error("{0} is not below an address of a registered service provider (--sp-prefix)")]
    Unregistered(String),
    /// Neither a request, nor the name of a service provider.
    #[error("nobody asked for a sign-in: start at the service provider")]
    Nothing,
}

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recipient {
    /// The request that it answers; none when nobody asked.
    pub(super) in_response_to: Option<String>,
    /// The service provider's entity ID.
    pub(super) audience: String,
    /// Its assertion consumer service.
    pub(super) acs: Url,
}

/// Who may ask, and where.
#[derive(Debug, Clone)]
pub(super) struct Registry {
    /// Our single sign-on endpoint.
    pub(super) sso: Url,
    /// What every assertion consumer service's address begins with.
    pub(super) prefixes: Vec<Url>,
}

impl Registry {
    /// Reads the query parameter `SAMLRequest`.
    pub(super) fn read(&self, saml_request: &str) -> Result<Recipient, Refusal> {
        let xml = inflate(saml_request)?;
        let options = ParsingOptions { allow_dtd: false, nodes_limit: 1_000, ..ParsingOptions::default() };
        let document = Document::parse_with_options(&xml, options).map_err(|_| Refusal::Xml)?;
        let root = document.root_element();
        if !root.has_tag_name((PROTOCOL, "AuthnRequest")) || root.attribute("Version") != Some("2.0") {
            return Err(Refusal::Unusable("root element of SAML 2.0"));
        }
        if root.attribute("Destination") != Some(self.sso.as_str()) {
            return Err(Refusal::Destination);
        }
        if root.attribute("ProtocolBinding").is_some_and(|binding| binding != POST) {
            return Err(Refusal::Unusable("ProtocolBinding"));
        }
        let child = |namespace, name| root.children().find(|node| node.has_tag_name((namespace, name)));
        let policy = child(PROTOCOL, "NameIDPolicy").and_then(|policy| policy.attribute("Format"));
        if policy.is_some_and(|format| !FORMATS.contains(&format)) {
            return Err(Refusal::Unusable("NameIDPolicy"));
        }
        let id = root.attribute("ID").filter(|id| !id.is_empty()).ok_or(Refusal::Unusable("ID"))?;
        let issuer = child(ASSERTION, "Issuer").and_then(|issuer| issuer.text()).map(str::trim);
        let issuer = issuer.filter(|issuer| !issuer.is_empty()).ok_or(Refusal::Unusable("Issuer"))?;
        let acs = root.attribute("AssertionConsumerServiceURL");
        let acs = acs.ok_or(Refusal::Unusable("AssertionConsumerServiceURL"))?;
        Ok(Recipient {
            in_response_to: Some(id.to_owned()),
            audience: issuer.to_owned(),
            acs: self.registered(acs)?,
        })
    }

    /// A service provider that did not ask. Its assertion consumer service is `<entity ID>/acs`, as Nulab
    /// Pass has it.
    pub(super) fn unasked(&self, entity_id: &str) -> Result<Recipient, Refusal> {
        let acs = self.registered(&format!("{}/acs", entity_id.trim_end_matches('/')))?;
        Ok(Recipient { in_response_to: None, audience: entity_id.to_owned(), acs })
    }

    fn registered(&self, acs: &str) -> Result<Url, Refusal> {
        let refusal = || Refusal::Unregistered(acs.to_owned());
        let url: Url = acs.parse().map_err(|_| refusal())?;
        let is_below = |prefix: &Url| {
            url.origin() == prefix.origin()
                && url.path().strip_prefix(prefix.path()).is_some_and(|rest| {
                    !rest.is_empty() && (prefix.path().ends_with('/') || rest.starts_with('/'))
                })
        };
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if is_plain && self.prefixes.iter().any(is_below) { Ok(url) } else { Err(refusal()) }
    }
}

fn inflate(saml_request: &str) -> Result<String, Refusal> {
    let deflated = STANDARD.decode(saml_request).map_err(|_| Refusal::Encoding)?;
    let mut xml = String::new();
    let mut limited = DeflateDecoder::new(deflated.as_slice()).take(LONGEST + 1);
    match limited.read_to_string(&mut xml) {
        Ok(length) if length as u64 <= LONGEST => Ok(xml),
        _ => Err(Refusal::Encoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::DeflateEncoder};
    use std::io::Write;

    const GOOD: &str = r#"<q:AuthnRequest xmlns:q="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0"
        IssueInstant="2026-03-02T09:00:00Z" Destination="http://idp.example/sso"
        AssertionConsumerServiceURL="http://pass.example/saml/ACME/acs"
        ><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">http://pass.example/saml/ACME</Issuer
        ><q:NameIDPolicy Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"/></q:AuthnRequest>"#;

    fn registry() -> Registry {
        Registry {
            sso: "http://idp.example/sso".parse().unwrap(),
            prefixes: vec!["http://pass.example/saml/".parse().unwrap()],
        }
    }

    fn deflated(xml: &[u8]) -> String {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(xml).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }

    fn refusal(from: &str, to: &str) -> Refusal {
        assert!(GOOD.contains(from));
        registry().read(&deflated(GOOD.replace(from, to).as_bytes())).unwrap_err()
    }

    #[test]
    fn a_request_is_read() {
        let recipient = registry().read(&deflated(GOOD.as_bytes())).unwrap();
        assert_eq!(recipient.in_response_to.as_deref(), Some("_1"));
        assert_eq!(recipient.audience, "http://pass.example/saml/ACME");
        assert_eq!(recipient.acs.as_str(), "http://pass.example/saml/ACME/acs");
    }

    #[test]
    fn what_is_wrong_with_a_request_is_said() {
        let read = |text: &str| registry().read(text).unwrap_err();
        for garbage in ["", "%", "AAAA", &STANDARD.encode(GOOD)] {
            assert_eq!(read(garbage), Refusal::Encoding, "{garbage}");
        }
        assert_eq!(read(&deflated(" ".repeat(64 * 1024 + 1).as_bytes())), Refusal::Encoding);
        assert_eq!(read(&deflated(b"<q/>\xff")), Refusal::Encoding);
        assert_eq!(read(&deflated(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")), Refusal::Xml);
        assert_eq!(read(&deflated("<a>".repeat(2_000).as_bytes())), Refusal::Xml);
        assert_eq!(
            refusal("SAML:2.0:protocol", "SAML:1.1:protocol"),
            Refusal::Unusable("root element of SAML 2.0")
        );
        assert_eq!(
            refusal("Version=\"2.0\"", "Version=\"1.1\""),
            Refusal::Unusable("root element of SAML 2.0")
        );
        assert_eq!(refusal("http://idp.example/sso", "http://idp.example/sso2"), Refusal::Destination);
        assert_eq!(refusal("ID=\"_1\"", "ID=\"\""), Refusal::Unusable("ID"));
        assert_eq!(refusal(">http://pass.example/saml/ACME<", "> <"), Refusal::Unusable("Issuer"));
        assert_eq!(refusal("emailAddress", "X509SubjectName"), Refusal::Unusable("NameIDPolicy"));
        let without = refusal("AssertionConsumerServiceURL=", "Other=");
        assert_eq!(without, Refusal::Unusable("AssertionConsumerServiceURL"));
    }

    #[test]
    fn answers_go_to_registered_service_providers_only() {
        for foreign in [
            "http://evil.example/saml/ACME/acs",
            "http://pass.example.evil.example/saml/ACME/acs",
            "http://pass.example@evil.example/saml/ACME/acs",
            "http://somebody@pass.example/saml/ACME/acs",
            "https://pass.example/saml/ACME/acs",
            "http://pass.example:8080/saml/ACME/acs",
            "http://pass.example/saml/../other/acs",
            "http://pass.example/saml/",
            "http://pass.example/samlother/acs",
            "javascript:alert(1)",
            "acs",
        ] {
            let refused = refusal("http://pass.example/saml/ACME/acs", foreign);
            assert_eq!(refused, Refusal::Unregistered(foreign.to_owned()));
        }
        let unasked = registry().unasked("http://pass.example/saml/ACME").unwrap();
        assert_eq!((unasked.in_response_to, unasked.acs.path()), (None, "/saml/ACME/acs"));
        assert!(registry().unasked("http://evil.example/saml/ACME").is_err());
    }
}
