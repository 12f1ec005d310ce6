//! The answer: a Response with a signed assertion (SAML Core 2 and 3.3, Profiles 4.1.4).
//!
//! The assertion is written as exclusive canonical XML would have it (no empty-element tags, attributes
//! sorted, every prefix declared where it is first used), so what is written is what is signed. A test has
//! it verified by a foreign program.

use super::{
    Person,
    keys::{Keys, KeysError},
    request::Recipient,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use pass_types::Entropy;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// How long an assertion may be used.
const VALID: Duration = Duration::minutes(5);

const SAML: &str = r#"xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#;
const SAMLP: &str = r#"xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#;
const DS: &str = r#"xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#;
const EMAIL_FORMAT: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

/// Who answers, when, and with which randomness.
pub(super) struct Answering<'a> {
    /// Our entity ID.
    pub(super) issuer: &'a str,
    /// With what we sign.
    pub(super) keys: &'a Keys,
    /// The time.
    pub(super) now: OffsetDateTime,
    /// For ids.
    pub(super) entropy: &'a Entropy,
}

impl Answering<'_> {
    /// A Response in XML that says that `person` signed in.
    pub(super) fn response(&self, to: &Recipient, person: &Person) -> Result<String, KeysError> {
        let id = self.id();
        let (head, tail) = self.assertion(&id, to, person);
        let digest = STANDARD.encode(Sha256::digest(format!("{head}{tail}")));
        let signature = self.signature(&id, &digest)?;
        Ok(format!(
            "<samlp:Response {SAMLP} Destination=\"{acs}\" ID=\"{response}\"{answer} IssueInstant=\"{now}\" Version=\"2.0\">\
             <saml:Issuer {SAML}>{issuer}</saml:Issuer>\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>\
             {head}{signature}{tail}</samlp:Response>",
            acs = value(to.acs.as_str()),
            response = self.id(),
            answer = in_response_to(to),
            now = instant(self.now),
            issuer = text(self.issuer),
        ))
    }

    /// The assertion, before and after the place of its signature.
    fn assertion(&self, id: &str, to: &Recipient, person: &Person) -> (String, String) {
        let (now, end) = (instant(self.now), instant(self.now + VALID));
        let (acs, audience) = (value(to.acs.as_str()), text(&to.audience));
        let (answer, session) = (in_response_to(to), self.id());
        let head = format!(
            "<saml:Assertion {SAML} ID=\"{id}\" IssueInstant=\"{now}\" Version=\"2.0\">\
             <saml:Issuer>{}</saml:Issuer>",
            text(self.issuer)
        );
        let tail = format!(
            "<saml:Subject><saml:NameID Format=\"{EMAIL_FORMAT}\">{email}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <saml:SubjectConfirmationData{answer} NotOnOrAfter=\"{end}\" Recipient=\"{acs}\"></saml:SubjectConfirmationData>\
             </saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{now}\" NotOnOrAfter=\"{end}\"><saml:AudienceRestriction>\
             <saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{now}\" SessionIndex=\"{session}\"><saml:AuthnContext>\
             <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef>\
             </saml:AuthnContext></saml:AuthnStatement>\
             <saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>",
            email = text(&person.email),
            attributes = attribute("email", &person.email) + &attribute("name", &person.name),
        );
        (head, tail)
    }

    /// The signature over the assertion `id`, whose digest is given.
    fn signature(&self, id: &str, digest: &str) -> Result<String, KeysError> {
        let signed_info = |namespace: &str| {
            format!(
                "<ds:SignedInfo{namespace}>\
                 <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
                 <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod>\
                 <ds:Reference URI=\"#{id}\"><ds:Transforms>\
                 <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
                 <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
                 <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
                 <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
            )
        };
        // Cut out of the document it declares its prefix itself.
        let value = self.keys.sign(signed_info(&format!(" {DS}")).as_bytes())?;
        Ok(format!(
            "<ds:Signature {DS}>{}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
            signed_info(""),
            self.keys.certificate()
        ))
    }

    /// An XML id that nobody can guess.
    fn id(&self) -> String {
        self.entropy.bytes::<20>().iter().fold("_".to_owned(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        })
    }
}

/// Our own description (SAML Metadata 2.4).
pub(super) fn metadata(entity_id: &str, sso: &str, keys: &Keys) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\">\
         <md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:KeyDescriptor use=\"signing\"><ds:KeyInfo {DS}><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>\
         </ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:NameIDFormat>{EMAIL_FORMAT}</md:NameIDFormat>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{}\"/>\
         </md:IDPSSODescriptor></md:EntityDescriptor>\n",
        value(entity_id),
        keys.certificate(),
        value(sso),
    )
}

fn attribute(name: &str, content: &str) -> String {
    format!(
        "<saml:Attribute Name=\"{name}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\">\
         <saml:AttributeValue>{}</saml:AttributeValue></saml:Attribute>",
        text(content)
    )
}

fn in_response_to(to: &Recipient) -> String {
    let request = to.in_response_to.as_deref();
    request.map(|id| format!(" InResponseTo=\"{}\"", value(id))).unwrap_or_default()
}

fn instant(time: OffsetDateTime) -> String {
    let seconds = time.replace_nanosecond(0).expect("no fraction is a fraction");
    seconds.to_offset(time::UtcOffset::UTC).format(&Rfc3339).expect("a year of four digits")
}

/// Text as canonical XML has it in an element.
fn text(text: &str) -> String {
    escape(text, |character| match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#xD;"),
        _ => None,
    })
}

/// Text as canonical XML has it in an attribute.
fn value(text: &str) -> String {
    escape(text, |character| match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#x9;"),
        '\n' => Some("&#xA;"),
        '\r' => Some("&#xD;"),
        _ => None,
    })
}

/// Leaves out what XML 1.0 can't hold.
fn escape(text: &str, reference: impl Fn(char) -> Option<&'static str>) -> String {
    let can_be_held = |&character: &char| {
        matches!(character, '\t' | '\n' | '\r')
            || !(character.is_control() && character < ' ' || matches!(character, '\u{FFFE}' | '\u{FFFF}'))
    };
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars().filter(can_be_held) {
        match reference(character) {
            Some(reference) => escaped.push_str(reference),
            None => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_testkit::FakeClock;
    use pass_types::Clock;
    use roxmltree::Document;
    use std::{fs, path::Path, process::Command};

    const HANA: &str = "hana@sample.example";

    fn recipient(in_response_to: Option<&str>) -> Recipient {
        Recipient {
            in_response_to: in_response_to.map(ToOwned::to_owned),
            audience: "http://pass.example/saml/ACME?a=1&b=\"2\"".to_owned(),
            acs: "http://pass.example/saml/ACME/acs?a=1&b=2".parse().unwrap(),
        }
    }

    fn answer(folder: &Path, to: &Recipient, name: &str) -> String {
        let clock = FakeClock::default();
        let keys = Keys::open(folder, &clock.shared()).unwrap();
        let issuer = "http://idp.example/metadata";
        let answering = Answering { issuer, keys: &keys, now: clock.now(), entropy: &Entropy::from_seed(1) };
        answering.response(to, &Person { email: HANA.to_owned(), name: name.to_owned() }).unwrap()
    }

    /// What `xmlsec1`, which others wrote, says about the signature.
    fn is_verified(folder: &Path, response: &str) -> bool {
        let file = folder.join("response.xml");
        fs::write(&file, response).unwrap();
        let done = Command::new("xmlsec1")
            .args(["--verify", "--enabled-reference-uris", "same-doc", "--pubkey-cert-pem"])
            .arg(folder.join("idp.pem"))
            .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"])
            .arg(file)
            .output()
            .expect("xmlsec1 is installed (package xmlsec1)");
        done.status.success()
    }

    #[test]
    fn a_foreign_program_verifies_the_signature_and_sees_every_change() {
        let folder = tempfile::tempdir().unwrap();
        let name = "森 健 <ken>\r\n\t& \"Söhne\" 'co' > \u{1}\u{85}";
        let good = answer(folder.path(), &recipient(Some("_a\"b&<>'\n")), name);
        assert!(is_verified(folder.path(), &good), "{good}");
        let unasked = answer(folder.path(), &recipient(None), "Hana");
        assert!(is_verified(folder.path(), &unasked), "{unasked}");
        for (from, to) in [
            (HANA, "mia@sample.example"),
            ("<saml:Audience>http://pass", "<saml:Audience>http://evil"),
            ("SessionIndex=\"_", "SessionIndex=\"__"),
            ("<ds:DigestValue>", "<ds:DigestValue>A"),
            ("<ds:SignatureValue>", "<ds:SignatureValue>A"),
        ] {
            assert!(unasked.contains(from));
            assert!(!is_verified(folder.path(), &unasked.replace(from, to)), "{from}");
        }
    }

    #[test]
    fn an_answer_says_who_signed_in_for_whom_and_until_when() {
        let folder = tempfile::tempdir().unwrap();
        let (to, saml) = (recipient(Some("_1")), "urn:oasis:names:tc:SAML:2.0:assertion");
        let xml = answer(folder.path(), &to, "Hana & Co");
        let document = Document::parse(&xml).unwrap();
        let of = |name: &str| {
            let found: Vec<_> =
                document.descendants().filter(|node| node.has_tag_name((saml, name))).collect();
            assert!(!found.is_empty(), "{name}");
            found
        };
        let root = document.root_element();
        assert_eq!(root.attribute("InResponseTo"), Some("_1"));
        assert_eq!(root.attribute("Destination"), Some(to.acs.as_str()));
        let issuers: Vec<_> = of("Issuer").iter().map(roxmltree::Node::text).collect();
        assert_eq!(issuers, [Some("http://idp.example/metadata"); 2]);
        assert_eq!(of("NameID")[0].text(), Some(HANA));
        assert_eq!(of("Audience")[0].text(), Some(to.audience.as_str()));
        let (confirmation, conditions) = (of("SubjectConfirmationData")[0], of("Conditions")[0]);
        assert_eq!(confirmation.attribute("Recipient"), Some(to.acs.as_str()));
        assert_eq!(confirmation.attribute("InResponseTo"), Some("_1"));
        assert_eq!(conditions.attribute("NotBefore"), Some("2026-03-02T09:00:00Z"));
        for limited in [confirmation, conditions] {
            assert_eq!(limited.attribute("NotOnOrAfter"), Some("2026-03-02T09:05:00Z"));
        }
        let attributes: Vec<_> = of("AttributeValue").iter().map(roxmltree::Node::text).collect();
        assert_eq!(attributes, [Some(HANA), Some("Hana & Co")]);
        assert!(of("AuthnStatement")[0].attribute("SessionIndex").is_some());
    }
}
