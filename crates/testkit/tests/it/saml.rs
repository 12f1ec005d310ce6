//! The foreign identity provider: what its switches change.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use pass_testkit::{Answer, Naming, Pysaml2, Signing, Switches};
use std::io::Write;
use time::{Duration, macros::datetime};
use url::Url;

const ENTITY_ID: &str = "http://pass.example/saml/ACME";
const ACS: &str = "http://pass.example/saml/ACME/acs";

/// Where a service provider sends the browser.
fn authn_request(idp: &Pysaml2, instant: &str) -> Url {
    let mut sso = idp.url().join("sso").unwrap();
    let xml = format!(
        r#"<q:AuthnRequest xmlns:q="urn:oasis:names:tc:SAML:2.0:protocol" ID="_request" Version="2.0"
        IssueInstant="{instant}" Destination="{sso}" AssertionConsumerServiceURL="{ACS}"
        ><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{ENTITY_ID}</Issuer></q:AuthnRequest>"#
    );
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(xml.as_bytes()).unwrap();
    let request = STANDARD.encode(encoder.finish().unwrap());
    sso.query_pairs_mut().append_pair("SAMLRequest", &request).append_pair("RelayState", "a&b");
    sso
}

fn xml(answer: &Answer) -> String {
    String::from_utf8(STANDARD.decode(&answer.saml_response).unwrap()).unwrap()
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[tokio::test]
async fn it_answers_as_its_switches_say() {
    let idp = Pysaml2::start().await;
    let metadata = idp.metadata().await;
    assert!(metadata.contains("IDPSSODescriptor") && metadata.contains("X509Certificate"), "{metadata}");

    let (at_nine, mut switches) =
        (datetime!(2026-03-02 09:00 UTC), Switches::new("hana@example.com", "Hana Sato"));
    switches.now = Some(at_nine);
    idp.set(&switches).await;
    let request = authn_request(&idp, "2026-03-02T09:00:00Z");
    let answer = idp.answer(&request).await;
    assert_eq!((answer.acs.as_str(), answer.relay_state.as_deref()), (ACS, Some("a&b")));
    let said = xml(&answer);
    assert_eq!(count(&said, ":Signature "), 1, "{said}");
    assert_eq!(count(&said, "InResponseTo=\"_request\""), 2);
    assert_eq!(count(&said, "NotOnOrAfter=\"2026-03-02T09:05:00Z\""), 2);
    assert_eq!(count(&said, &format!(":Audience>{ENTITY_ID}<")), 1);
    assert_eq!(count(&said, "nameid-format:emailAddress\">hana@example.com<"), 1);
    assert!(said.contains("Name=\"email\"") && said.contains(">Hana Sato<"), "{said}");

    for (signing, signatures) in [(Signing::Nothing, 0), (Signing::Response, 1), (Signing::Both, 2)] {
        switches.signing = signing;
        idp.set(&switches).await;
        let said = xml(&idp.answer(&request).await);
        assert_eq!(count(&said, ":Signature "), signatures, "{signing:?}");
        let of_response = said.split(":Assertion ").next().unwrap();
        assert_eq!(count(of_response, ":Signature "), usize::from(signing != Signing::Nothing));
    }

    switches.naming = Naming::Persistent("p-1".to_owned());
    switches.audience = Some("http://other.example".to_owned());
    switches.valid = Duration::minutes(-5);
    idp.set(&switches).await;
    let answer = idp.unsolicited(ENTITY_ID, &ACS.parse().unwrap(), None).await;
    let said = xml(&answer);
    assert_eq!((answer.acs.as_str(), answer.relay_state), (ACS, None));
    assert_eq!(count(&said, "InResponseTo"), 0);
    assert_eq!(count(&said, "nameid-format:persistent\">p-1<"), 1);
    assert_eq!(count(&said, ":Audience>http://other.example<"), 1);
    assert_eq!(count(&said, "NotOnOrAfter=\"2026-03-02T08:55:00Z\""), 2);
}
