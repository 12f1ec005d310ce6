//! The gate: what gets through is a document of the one shape that we know, small and plain enough for
//! the C libraries behind it. It decides nothing about who sent it.

pub use crate::shape::ResponseFacts;
use crate::{
    check::Refusal,
    limits::Limits,
    prescan::{Comments, prescan},
    shape::{self, Shape},
    signature_shape::SignatureFacts,
    xml,
};
use roxmltree::Node;
use std::fmt;

/// A document that has the right shape. Nothing in it is proven.
pub struct Gated {
    text: String,
    response: ResponseFacts,
    assertion_id: Option<String>,
    signatures: Vec<SignatureFacts>,
}

impl Gated {
    /// Lets a Response through.
    pub(crate) fn response(text: String, limits: &Limits) -> Result<Self, Refusal> {
        let (response, shape) = through(&text, limits, shape::response)?;
        let Shape { assertion_id, signatures } = shape;
        Ok(Self { text, response, assertion_id, signatures })
    }

    /// Lets an Assertion through that came, encrypted, in `response`.
    pub(crate) fn assertion(text: String, response: ResponseFacts, limits: &Limits) -> Result<Self, Refusal> {
        let Shape { assertion_id, signatures } = through(&text, limits, shape::assertion)?;
        Ok(Self { text, response, assertion_id, signatures })
    }

    /// What the Response says of itself. Good for looking up the request that it claims to answer; not
    /// for believing it.
    pub fn facts(&self) -> &ResponseFacts {
        &self.response
    }

    /// Whether the assertion is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.assertion_id.is_none()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn assertion_id(&self) -> Option<&str> {
        self.assertion_id.as_deref()
    }

    pub(crate) fn signatures(&self) -> &[SignatureFacts] {
        &self.signatures
    }

    /// Whether a signature claims to cover the Response.
    pub(crate) fn signs_response(&self) -> bool {
        self.signatures.iter().any(|s| s.covers == self.response.id)
    }
}

fn through<T>(
    text: &str,
    limits: &Limits,
    read: impl Fn(Node<'_, '_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    prescan(text, limits, Comments::Refused)?;
    let document = xml::parse(text, limits)?;
    let root = document.root_element();
    let shape = read(root)?;
    shape::identifiers(root)?;
    Ok(shape)
}

impl fmt::Debug for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gated").finish_non_exhaustive()
    }
}
