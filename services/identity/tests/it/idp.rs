//! An identity provider for tests: its documents are canonical as they stand, so it signs them without a
//! canonicaliser, and shares no code with what verifies them.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    encrypt::Encrypter,
    hash::MessageDigest,
    pkey::{PKey, Private},
    rsa::{Padding, Rsa},
    sha::sha256,
    sign::Signer,
    symm::{Cipher, encrypt_aead},
    x509::{X509, X509NameBuilder},
};
use std::sync::LazyLock;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// An identity provider.
#[derive(Clone)]
pub struct Idp {
    key: PKey<Private>,
    pub certificate: String,
    pub entity_id: String,
}

/// A request of ours, as the identity provider gets it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub id: String,
    pub acs: String,
    pub sp: String,
    pub relay_state: String,
    /// The person is to sign in anew.
    pub force_authn: bool,
    pub url: Url,
}

/// What an answer says.
#[derive(Debug, Clone)]
pub struct Says {
    pub assertion_id: String,
    pub in_response_to: Option<String>,
    pub acs: String,
    pub audience: String,
    pub now: OffsetDateTime,
    /// When the person signed in there.
    pub signed_in: OffsetDateTime,
    pub persistent: Option<String>,
    pub email: String,
    pub session_until: Option<OffsetDateTime>,
}

fn pair() -> (PKey<Private>, String) {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "idp.example").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&Asn1Time::from_unix(1_700_000_000).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(2_000_000_000).unwrap()).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let pem = String::from_utf8(builder.build().to_pem().unwrap()).unwrap();
    (key, pem)
}

impl Idp {
    /// The company's own.
    pub fn own() -> Self {
        static PAIR: LazyLock<(PKey<Private>, String)> = LazyLock::new(pair);
        let (key, certificate) = PAIR.clone();
        Self { key, certificate, entity_id: "https://idp.acme.example".to_owned() }
    }

    /// Somebody else's.
    pub fn foreign() -> Self {
        static PAIR: LazyLock<(PKey<Private>, String)> = LazyLock::new(pair);
        let (key, certificate) = PAIR.clone();
        Self { key, certificate, entity_id: "https://idp.globex.example".to_owned() }
    }

    /// The same key under another entity ID.
    pub fn named(&self, entity_id: &str) -> Self {
        Self { entity_id: entity_id.to_owned(), ..self.clone() }
    }

    /// Reads the address that a browser was sent to.
    pub fn read(redirect_url: &str) -> Asked {
        let url = Url::parse(redirect_url).unwrap();
        let parameter =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let request = pass_saml::inflate(&parameter("SAMLRequest").unwrap(), 10_000).unwrap();
        let between =
            |from: &str, to: &str| request.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
        Asked {
            id: between(" ID=\"", "\""),
            acs: between("AssertionConsumerServiceURL=\"", "\""),
            sp: between("<saml:Issuer>", "</saml:Issuer>"),
            relay_state: parameter("RelayState").unwrap_or_default(),
            force_authn: request.contains(" ForceAuthn=\"true\""),
            url,
        }
    }

    /// The form field of an answer in which the assertion is signed.
    pub fn answer(&self, says: &Says) -> String {
        let (head, tail) = self.assertion(says);
        let signature = self.sign(&says.assertion_id, &format!("{head}{tail}"));
        STANDARD.encode(self.response(says, &format!("{head}{signature}{tail}")))
    }

    /// The same, without a signature.
    pub fn unsigned(&self, says: &Says) -> String {
        let (head, tail) = self.assertion(says);
        STANDARD.encode(self.response(says, &format!("{head}{tail}")))
    }

    /// The same, with the signed assertion encrypted for whoever has the key of a certificate (AES-256-GCM,
    /// RSA-OAEP).
    pub fn encrypted(&self, says: &Says, recipient: &X509) -> String {
        let (head, tail) = self.assertion(says);
        let signature = self.sign(&says.assertion_id, &format!("{head}{tail}"));
        let assertion = format!("{head}{signature}{tail}");
        let (key, vector, mut tag) = ([7; 32], [9; 12], [0; 16]);
        let text =
            encrypt_aead(Cipher::aes_256_gcm(), &key, Some(&vector), &[], assertion.as_bytes(), &mut tag);
        let data = STANDARD.encode([&vector[..], &text.unwrap(), &tag].concat());
        let public = recipient.public_key().unwrap();
        let mut encrypter = Encrypter::new(&public).unwrap();
        encrypter.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
        let mut wrapped = vec![0; encrypter.encrypt_len(&key).unwrap()];
        let length = encrypter.encrypt(&key, &mut wrapped).unwrap();
        let wrapped = STANDARD.encode(&wrapped[..length]);
        let element = format!(
            "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
             <e:EncryptedData xmlns:e=\"http://www.w3.org/2001/04/xmlenc#\" \
             Type=\"http://www.w3.org/2001/04/xmlenc#Element\">\
             <e:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"></e:EncryptionMethod>\
             <d:KeyInfo xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"><e:EncryptedKey>\
             <e:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">\
             </e:EncryptionMethod><e:CipherData><e:CipherValue>{wrapped}</e:CipherValue></e:CipherData>\
             </e:EncryptedKey></d:KeyInfo><e:CipherData><e:CipherValue>{data}</e:CipherValue></e:CipherData>\
             </e:EncryptedData></saml:EncryptedAssertion>"
        );
        STANDARD.encode(self.response(says, &element))
    }

    fn response(&self, says: &Says, assertion: &str) -> String {
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{acs}\" \
             ID=\"_r{id}\"{answer} IssueInstant=\"{now}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{idp}</saml:Issuer>\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">\
             </samlp:StatusCode></samlp:Status>{assertion}</samlp:Response>",
            acs = says.acs,
            id = says.assertion_id,
            answer = in_response_to(says),
            now = instant(says.now),
            idp = self.entity_id,
        )
    }

    /// Before and after the place of the signature.
    fn assertion(&self, says: &Says) -> (String, String) {
        let (now, end) = (instant(says.now), instant(says.now + Duration::minutes(5)));
        let head = format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{}\" \
             IssueInstant=\"{now}\" Version=\"2.0\"><saml:Issuer>{}</saml:Issuer>",
            says.assertion_id, self.entity_id,
        );
        let (format, name) = match &says.persistent {
            Some(name) => (PERSISTENT, name.as_str()),
            None => (EMAIL, says.email.as_str()),
        };
        let session = says
            .session_until
            .map_or_else(String::new, |until| format!(" SessionNotOnOrAfter=\"{}\"", instant(until)));
        let tail = format!(
            "<saml:Subject><saml:NameID Format=\"{format}\">{name}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <saml:SubjectConfirmationData{answer} NotOnOrAfter=\"{end}\" Recipient=\"{acs}\">\
             </saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{now}\" NotOnOrAfter=\"{end}\"><saml:AudienceRestriction>\
             <saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{signed_in}\" SessionIndex=\"_s\"{session}><saml:AuthnContext>\
             <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password\
             </saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
             <saml:AttributeStatement><saml:Attribute Name=\"email\"><saml:AttributeValue>{email}\
             </saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>",
            answer = in_response_to(says),
            acs = says.acs,
            audience = says.audience,
            signed_in = instant(says.signed_in),
            email = says.email,
        );
        (head, tail)
    }

    fn sign(&self, id: &str, canonical: &str) -> String {
        let digest = STANDARD.encode(sha256(canonical.as_bytes()));
        let info = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{C14N}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\">\
             </ds:SignatureMethod><ds:Reference URI=\"#{id}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
             <ds:Transform Algorithm=\"{C14N}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        );
        let signed = format!("<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{info}");
        let mut key = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        let value = STANDARD.encode(key.sign_oneshot_to_vec(signed.as_bytes()).unwrap());
        format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>{info}\
             <ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
        )
    }

    /// What it says of itself.
    pub fn metadata(&self, wants_signed: bool) -> String {
        let certificate: String =
            self.certificate.lines().filter(|line| !line.starts_with("-----")).collect();
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{id}\">\
             <md:IDPSSODescriptor WantAuthnRequestsSigned=\"{wants_signed}\" \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDescriptor use=\"signing\">\
             <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>\
             {certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
             <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
             Location=\"{id}/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>",
            id = self.entity_id,
        )
    }
}

impl Asked {
    /// An answer to this request, about somebody.
    pub fn about(&self, email: &str, assertion_id: &str, now: OffsetDateTime) -> Says {
        Says {
            assertion_id: assertion_id.to_owned(),
            in_response_to: Some(self.id.clone()),
            acs: self.acs.clone(),
            audience: self.sp.clone(),
            now,
            signed_in: now,
            persistent: None,
            email: email.to_owned(),
            session_until: None,
        }
    }
}

fn in_response_to(says: &Says) -> String {
    says.in_response_to.as_ref().map_or_else(String::new, |id| format!(" InResponseTo=\"{id}\""))
}

fn instant(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap()
}
