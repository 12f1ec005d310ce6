//! Enveloped signatures over text that is canonical already.

use super::keys::Key;
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{ecdsa::EcdsaSig, hash::MessageDigest, sign::Signer};

pub const DS: &str = r#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#;
pub const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// How to sign.
pub struct How<'a> {
    pub method: String,
    pub hash: MessageDigest,
    pub digest_method: &'a str,
    pub digest: MessageDigest,
    /// What `SignedInfo` becomes before it is signed: a valid signature over a hostile one.
    pub edit: &'a dyn Fn(String) -> String,
    /// What goes behind `SignatureValue`.
    pub key_info: String,
}

impl Default for How<'_> {
    fn default() -> Self {
        Self {
            method: String::new(),
            hash: MessageDigest::sha256(),
            digest_method: SHA256,
            digest: MessageDigest::sha256(),
            edit: &|signed_info| signed_info,
            key_info: String::new(),
        }
    }
}

impl<'a> How<'a> {
    pub fn editing(edit: &'a dyn Fn(String) -> String) -> Self {
        Self { edit, ..Self::default() }
    }
}

/// Signs the element with `id`, and puts the signature behind its Issuer.
pub fn sign(document: &str, id: &str, key: &Key, how: &How<'_>) -> String {
    let signature = signature(element(document, id), id, key, how);
    insert(document, id, &signature)
}

/// Puts `signature` behind the Issuer of the element with `id`.
pub fn insert(document: &str, id: &str, signature: &str) -> String {
    let at = document.find(&format!(r#"ID="{id}""#)).unwrap();
    let issuer = at + document[at..].find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
    format!("{}{signature}{}", &document[..issuer], &document[issuer..])
}

/// The text of the element with `id`, which is the only one of its name or the root.
pub fn element<'a>(document: &'a str, id: &str) -> &'a str {
    let at = document.find(&format!(r#"ID="{id}""#)).unwrap();
    let begin = document[..at].rfind('<').unwrap();
    let name = document[begin + 1..].split(' ').next().unwrap();
    let close = format!("</{name}>");
    let end = document[begin..].find(&close).unwrap() + begin + close.len();
    &document[begin..end]
}

/// A signature over `content`, the canonical form of the element with `id`.
pub fn signature(content: &str, id: &str, key: &Key, how: &How<'_>) -> String {
    let digest = STANDARD.encode(openssl::hash::hash(how.digest, content.as_bytes()).unwrap());
    let method = match how.method.as_str() {
        "" if key.is_rsa() => format!("{MORE}rsa-sha256"),
        "" => format!("{MORE}ecdsa-sha256"),
        given => given.to_owned(),
    };
    let signed_info = (how.edit)(signed_info(id, &method, how.digest_method, &digest));
    // The canonical form of SignedInfo alone declares its namespace itself.
    let canonical = signed_info.replacen("<ds:SignedInfo", &format!("<ds:SignedInfo{DS}"), 1);
    let value = STANDARD.encode(raw_signature(canonical.as_bytes(), key, how.hash));
    format!(
        "<ds:Signature{DS}>{signed_info}<ds:SignatureValue>{value}</ds:SignatureValue>{}</ds:Signature>",
        how.key_info
    )
}

pub fn signed_info(id: &str, method: &str, digest_method: &str, digest: &str) -> String {
    format!(
        concat!(
            "<ds:SignedInfo>",
            r#"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">"#,
            "</ds:CanonicalizationMethod>",
            r#"<ds:SignatureMethod Algorithm="{method}"></ds:SignatureMethod>"#,
            r##"<ds:Reference URI="#{id}"><ds:Transforms>"##,
            r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>"#,
            r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>"#,
            r#"</ds:Transforms><ds:DigestMethod Algorithm="{digest_method}"></ds:DigestMethod>"#,
            "<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        ),
        method = method,
        id = id,
        digest_method = digest_method,
        digest = digest,
    )
}

/// The value of the signature: PKCS#1 for RSA, `r` and `s` side by side for a curve (RFC 4050).
fn raw_signature(message: &[u8], key: &Key, hash: MessageDigest) -> Vec<u8> {
    let mut signer = Signer::new(hash, &key.private).unwrap();
    let value = signer.sign_oneshot_to_vec(message).unwrap();
    if key.is_rsa() {
        return value;
    }
    let pair = EcdsaSig::from_der(&value).unwrap();
    let width = i32::try_from(key.private.bits().div_ceil(8)).unwrap();
    let half = |number: &openssl::bn::BigNumRef| number.to_vec_padded(width).unwrap();
    let pair: [&openssl::bn::BigNumRef; 2] = [pair.r(), pair.s()];
    pair.into_iter().flat_map(half).collect()
}
