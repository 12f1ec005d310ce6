//! The one shape that an enveloped signature has (SAML core, 5.4). libxmlsec1 understands a great deal
//! more: references to files and addresses, XSLT, `XPath`, manifests; none of it gets past here.

use crate::{
    certificate::KeyType,
    check::{Check, Refusal, redact},
    xml::{self, DSIG, is},
};
use roxmltree::Node;

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Signature algorithms that are taken, and the keys that they need.
const SIGNATURES: [(&str, KeyType); 5] = [
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", KeyType::Rsa),
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", KeyType::Rsa),
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", KeyType::Rsa),
    ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", KeyType::Ec),
    ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", KeyType::Ec),
];

const DIGESTS: [&str; 3] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];

/// A signature that has the right shape; whether it is right, only cryptography tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignatureFacts {
    /// The ID of the element that it is in and covers.
    pub(crate) covers: String,
    /// The type of the key that made it.
    pub(crate) key_type: KeyType,
}

/// Reads a `ds:Signature`.
pub(crate) fn read(signature: Node<'_, '_>) -> Result<SignatureFacts, Refusal> {
    if signature.tag_name().namespace() != Some(DSIG) {
        return Err(wrong("a ds:Signature", "another namespace"));
    }
    let parts = elements(signature)?;
    let (info, value) = match parts.as_slice() {
        [info, value] => (*info, *value),
        [info, value, key] if is(*key, DSIG, "KeyInfo") => {
            key_info(*key)?;
            (*info, *value)
        }
        _ => return Err(wrong("SignedInfo, SignatureValue and perhaps KeyInfo", "other elements")),
    };
    if !is(info, DSIG, "SignedInfo") || !is(value, DSIG, "SignatureValue") {
        return Err(wrong("SignedInfo, then SignatureValue", "other elements"));
    }
    base64_text(value)?;
    let parts = elements(info)?;
    let [canonicalization, method, reference] = parts.as_slice() else {
        return Err(wrong("one method each and one Reference in SignedInfo", "something else"));
    };
    if !is(*canonicalization, DSIG, "CanonicalizationMethod")
        || !is(*method, DSIG, "SignatureMethod")
        || !is(*reference, DSIG, "Reference")
    {
        return Err(wrong("one method each and one Reference in SignedInfo", "other elements"));
    }
    exclusive(*canonicalization)?;
    let key_type = signature_method(*method)?;
    let covers = covered(*reference, signature)?;
    Ok(SignatureFacts { covers, key_type })
}

fn wrong(expected: &str, received: &str) -> Refusal {
    Refusal::new(Check::SignatureShape, expected, received)
}

/// The child elements of an element that holds nothing else.
fn elements<'a, 'i>(node: Node<'a, 'i>) -> Result<Vec<Node<'a, 'i>>, Refusal> {
    if !xml::is_element_only(node) {
        return Err(wrong("elements only", "text in the signature"));
    }
    Ok(node.children().filter(Node::is_element).collect())
}

/// The `Algorithm` of an element that has no other attribute.
fn algorithm<'a>(node: Node<'a, '_>) -> Result<&'a str, Refusal> {
    match (node.attribute("Algorithm"), node.attributes().len()) {
        (Some(algorithm), 1) => Ok(algorithm),
        _ => Err(wrong("an Algorithm", "other attributes")),
    }
}

fn refused(expected: &str, received: &str) -> Refusal {
    Refusal::new(Check::Algorithm, expected, redact(received))
}

/// Exclusive canonicalisation, perhaps with a list of prefixes.
fn exclusive(node: Node<'_, '_>) -> Result<(), Refusal> {
    let algorithm = algorithm(node)?;
    if algorithm != EXCLUSIVE {
        return Err(refused("exclusive canonicalization", algorithm));
    }
    match elements(node)?.as_slice() {
        [] => Ok(()),
        [list] if is(*list, EXCLUSIVE, "InclusiveNamespaces") && !list.has_children() => {
            match list.attribute("PrefixList") {
                Some(prefixes) if prefixes.len() <= 512 && list.attributes().len() == 1 => Ok(()),
                _ => Err(wrong("a short PrefixList", "something else")),
            }
        }
        _ => Err(wrong("at most InclusiveNamespaces", "other elements")),
    }
}

fn signature_method(node: Node<'_, '_>) -> Result<KeyType, Refusal> {
    let algorithm = algorithm(node)?;
    if node.has_children() {
        return Err(wrong("nothing in SignatureMethod", "something"));
    }
    let known = SIGNATURES.iter().find(|(uri, _)| *uri == algorithm);
    known
        .map(|(_, key_type)| *key_type)
        .ok_or_else(|| refused("RSA with SHA-256, 384 or 512, or ECDSA with SHA-256 or 384", algorithm))
}

/// Checks the Reference, and gives the ID that it covers: that of the element which the signature is in.
fn covered(reference: Node<'_, '_>, signature: Node<'_, '_>) -> Result<String, Refusal> {
    let parent = signature.parent_element().and_then(|parent| parent.attribute("ID"));
    let parent = parent.ok_or_else(|| Refusal::new(Check::Identifiers, "an ID", "none"))?;
    let uri = reference.attribute("URI").unwrap_or_default();
    if uri.strip_prefix('#') != Some(parent) || reference.attributes().len() != 1 {
        return Err(wrong("a Reference to the element that the signature is in", &redact(uri)));
    }
    let parts = elements(reference)?;
    let [transforms, method, value] = parts.as_slice() else {
        return Err(wrong("Transforms, DigestMethod and DigestValue", "something else"));
    };
    if !is(*transforms, DSIG, "Transforms")
        || !is(*method, DSIG, "DigestMethod")
        || !is(*value, DSIG, "DigestValue")
    {
        return Err(wrong("Transforms, DigestMethod and DigestValue", "other elements"));
    }
    base64_text(*value)?;
    let digest = algorithm(*method)?;
    if method.has_children() {
        return Err(wrong("nothing in DigestMethod", "something"));
    }
    if !DIGESTS.contains(&digest) {
        return Err(refused("SHA-256, 384 or 512", digest));
    }
    transformed(*transforms)?;
    Ok(parent.to_owned())
}

fn transformed(transforms: Node<'_, '_>) -> Result<(), Refusal> {
    let steps = elements(transforms)?;
    if let Some(stranger) = steps.iter().find(|step| !is(**step, DSIG, "Transform")) {
        return Err(wrong("transforms", &xml::shown(*stranger)));
    }
    let [enveloped, canonical] = steps.as_slice() else {
        return Err(refused("two transforms: enveloped signature, exclusive canonicalization", "others"));
    };
    let first = algorithm(*enveloped)?;
    if first != ENVELOPED || enveloped.has_children() {
        return Err(refused("the enveloped-signature transform first", first));
    }
    exclusive(*canonical)
}

/// The element has nothing but base64 in it.
fn base64_text(node: Node<'_, '_>) -> Result<(), Refusal> {
    let text = xml::text(node).ok_or_else(|| wrong("base64", "elements"))?;
    let clean = text.chars().filter(|&c| !xml::is_space(c));
    let mut count = 0;
    for c in clean {
        count += 1;
        if !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')) {
            return Err(wrong("base64", "something else"));
        }
    }
    if count == 0 { Err(wrong("base64", "nothing")) } else { Ok(()) }
}

/// `KeyInfo` is never read (keys come from the connection), but it must not be a door either.
fn key_info(node: Node<'_, '_>) -> Result<(), Refusal> {
    for child in elements(node)? {
        if !["X509Data", "KeyName", "KeyValue"].into_iter().any(|name| is(child, DSIG, name)) {
            return Err(wrong("X509Data, KeyName or KeyValue in KeyInfo", &xml::shown(child)));
        }
    }
    Ok(())
}
