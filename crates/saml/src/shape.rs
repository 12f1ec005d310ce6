//! The one shape that a response to a sign-in has. Whatever else a document holds, wherever, is refused:
//! wrapping attacks need a second assertion, response or signature somewhere.

use crate::{
    check::{Check, Refusal, redact},
    signature_shape::{self, SignatureFacts},
    xml::{self, ASSERTION, DSIG, PROTOCOL, XENC, is},
};
use roxmltree::Node;
use std::collections::HashSet;

pub(crate) const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// What a Response says of itself. Whether a signature covers it, [`crate::Signed`] knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseFacts {
    /// Its ID.
    pub id: String,
    /// The SAML version.
    pub version: Option<String>,
    /// When it was issued, as it is written.
    pub issue_instant: Option<String>,
    /// The address that it was sent to.
    pub destination: Option<String>,
    /// The request that it claims to answer.
    pub in_response_to: Option<String>,
    /// Who issued it.
    pub issuer: Option<String>,
    /// The status codes, the outer first.
    pub status: Vec<String>,
}

/// What is in a document besides the Response's facts.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The ID of the assertion; none while it is encrypted.
    pub(crate) assertion_id: Option<String>,
    /// The signatures: of the Response, then of the Assertion.
    pub(crate) signatures: Vec<SignatureFacts>,
}

/// Reads a document whose root is a Response.
pub(crate) fn response(root: Node<'_, '_>) -> Result<(ResponseFacts, Shape), Refusal> {
    if !is(root, PROTOCOL, "Response") {
        return Err(shape("a Response", &xml::shown(root)));
    }
    let mut found = Places::default();
    for child in root.children() {
        found.take_response_child(child)?;
    }
    let status = found.status.ok_or_else(|| shape("a Status", "none"))?;
    let facts = response_facts(root, found.issuer, status)?;
    let Some(assertion) = found.assertion else {
        return Err(match facts.status.first().map(String::as_str) {
            Some(SUCCESS) => shape("an assertion", "none"),
            _ => Refusal::new(Check::Status, SUCCESS, redact(&facts.status.join(" "))),
        });
    };
    let mut signatures: Vec<_> = found.signature.into_iter().collect();
    let mut assertion_id = None;
    if is(assertion, ASSERTION, "Assertion") {
        signatures.extend(assertion_signature(assertion)?);
        assertion_id = Some(id_of(assertion)?);
    } else {
        encrypted_assertion(assertion)?;
    }
    let places: Vec<_> = signatures.iter().map(Node::id).collect();
    strangers(root, &[root.id(), assertion.id()], &places)?;
    let signatures = signatures.iter().map(|&node| signature_shape::read(node)).collect::<Result<_, _>>()?;
    Ok((facts, Shape { assertion_id, signatures }))
}

/// Reads a document whose root is an Assertion: a decrypted one, or what a signature covered.
pub(crate) fn assertion(root: Node<'_, '_>) -> Result<Shape, Refusal> {
    if !is(root, ASSERTION, "Assertion") {
        return Err(shape("an Assertion", &xml::shown(root)));
    }
    let signature = assertion_signature(root)?;
    strangers(root, &[root.id()], signature.map(|node| node.id()).as_slice())?;
    let signatures = signature.iter().map(|&node| signature_shape::read(node)).collect::<Result<_, _>>()?;
    Ok(Shape { assertion_id: Some(id_of(root)?), signatures })
}

/// Refuses IDs that two parsers could read differently, or that are there twice.
pub(crate) fn identifiers(root: Node<'_, '_>) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for attribute in root.descendants().flat_map(|node| node.attributes()) {
        if !attribute.name().eq_ignore_ascii_case("id") {
            continue;
        }
        let wrong = |received: &str| Refusal::new(Check::Identifiers, "IDs that are unique names", received);
        if attribute.namespace().is_some() {
            return Err(wrong("an ID in a namespace"));
        }
        if !is_ncname(attribute.value()) {
            return Err(wrong("an ID that is no name"));
        }
        if !seen.insert(attribute.value()) {
            return Err(wrong("an ID twice"));
        }
    }
    Ok(())
}

/// A name without colon, of at most 256 bytes; narrower than XML's.
fn is_ncname(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins
        && text.len() <= 256
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

pub(crate) fn shape(expected: &str, received: &str) -> Refusal {
    Refusal::new(Check::Shape, expected, received)
}

/// The element's ID.
pub(crate) fn id_of(node: Node<'_, '_>) -> Result<String, Refusal> {
    xml::attribute(node, "ID").ok_or_else(|| Refusal::new(Check::Identifiers, "an ID", "none"))
}

#[derive(Default)]
struct Places<'a, 'i> {
    issuer: Option<Node<'a, 'i>>,
    signature: Option<Node<'a, 'i>>,
    status: Option<Node<'a, 'i>>,
    assertion: Option<Node<'a, 'i>>,
}

impl<'a, 'i> Places<'a, 'i> {
    fn take_response_child(&mut self, child: Node<'a, 'i>) -> Result<(), Refusal> {
        let place = match (child.tag_name().namespace(), child.tag_name().name()) {
            _ if child.is_text() => {
                let blank = child.text().unwrap_or_default().chars().all(xml::is_space);
                return if blank { Ok(()) } else { Err(shape("elements in the Response", "text")) };
            }
            (Some(ASSERTION), "Issuer") => &mut self.issuer,
            (Some(DSIG), "Signature") => &mut self.signature,
            (Some(PROTOCOL), "Status") => &mut self.status,
            (Some(ASSERTION), "Assertion" | "EncryptedAssertion") => &mut self.assertion,
            _ => return Err(shape("Issuer, Signature, Status and one assertion", &xml::shown(child))),
        };
        match place.replace(child) {
            Some(_) => Err(shape("each element of the Response once", &format!("two {}", xml::shown(child)))),
            None => Ok(()),
        }
    }
}

fn response_facts(
    root: Node<'_, '_>,
    issuer: Option<Node<'_, '_>>,
    status: Node<'_, '_>,
) -> Result<ResponseFacts, Refusal> {
    let issuer = match issuer {
        Some(issuer) => Some(xml::text(issuer).ok_or_else(|| shape("text in Issuer", "elements"))?),
        None => None,
    };
    let mut codes = Vec::new();
    let mut parent = status;
    loop {
        let mut inner = xml::children(parent, PROTOCOL, "StatusCode");
        let Some(code) = inner.next() else { break };
        if inner.next().is_some() {
            return Err(shape("one StatusCode", "two"));
        }
        codes.push(xml::attribute(code, "Value").unwrap_or_default());
        parent = code;
    }
    Ok(ResponseFacts {
        id: id_of(root)?,
        version: xml::attribute(root, "Version"),
        issue_instant: xml::attribute(root, "IssueInstant"),
        destination: xml::attribute(root, "Destination"),
        in_response_to: xml::attribute(root, "InResponseTo"),
        issuer,
        status: codes,
    })
}

/// Checks the children of an Assertion, and gives its Signature.
fn assertion_signature<'a, 'i>(assertion: Node<'a, 'i>) -> Result<Option<Node<'a, 'i>>, Refusal> {
    if !xml::is_element_only(assertion) {
        return Err(shape("elements in the Assertion", "text"));
    }
    let (mut seen, mut signature) = (HashSet::new(), None);
    for child in assertion.children().filter(Node::is_element) {
        let name = child.tag_name().name();
        match (child.tag_name().namespace(), name) {
            (Some(ASSERTION), "Issuer" | "Subject" | "Conditions" | "Advice") => {}
            (Some(ASSERTION), "AuthnStatement" | "AttributeStatement" | "AuthzDecisionStatement") => continue,
            (Some(DSIG), "Signature") => signature = Some(child),
            _ => return Err(shape("elements of an Assertion", &xml::shown(child))),
        }
        if !seen.insert(name) {
            return Err(shape("each element of the Assertion once", &format!("two {}", xml::shown(child))));
        }
    }
    Ok(signature)
}

fn encrypted_assertion(node: Node<'_, '_>) -> Result<(), Refusal> {
    let data = xml::children(node, XENC, "EncryptedData").count();
    let known = node
        .children()
        .filter(Node::is_element)
        .all(|child| is(child, XENC, "EncryptedData") || is(child, XENC, "EncryptedKey"));
    if data == 1 && known && xml::is_element_only(node) {
        Ok(())
    } else {
        Err(shape("one EncryptedData and its keys", "something else"))
    }
}

/// Refuses responses, assertions and signatures that are not at one of the `known` places.
fn strangers(
    root: Node<'_, '_>,
    known: &[roxmltree::NodeId],
    signatures: &[roxmltree::NodeId],
) -> Result<(), Refusal> {
    for node in root.descendants().filter(Node::is_element) {
        match node.tag_name().name() {
            "Response" | "Assertion" | "EncryptedAssertion" if !known.contains(&node.id()) => {
                return Err(shape(
                    "one Response and one Assertion",
                    &format!("another {}", xml::shown(node)),
                ));
            }
            "Signature" if !signatures.contains(&node.id()) => {
                let expected = "signatures of the Response and the Assertion only";
                return Err(Refusal::new(Check::SignatureShape, expected, "another Signature"));
            }
            _ => {}
        }
    }
    Ok(())
}
