//! Names of the documents that we read, and reading them.

use crate::check::{Check, Refusal, redact};
use crate::limits::Limits;
use roxmltree::{Document, Node, NodeType, ParsingOptions};

pub(crate) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(crate) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(crate) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";

/// Parses a document that [`crate::prescan`] let through.
pub(crate) fn parse<'a>(text: &'a str, limits: &Limits) -> Result<Document<'a>, Refusal> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: limits.nodes, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => {
            Refusal::new(Check::Complexity, format!("at most {} nodes", limits.nodes), "more")
        }
        error => Refusal::new(Check::Document, "a well-formed document", redact(&error.to_string())),
    })
}

/// Whether the node is the element `name` of `namespace`.
pub(crate) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(namespace)
}

/// The child elements called `name` in `namespace`.
pub(crate) fn children<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| is(*child, namespace, name))
}

/// The first child element called `name` in `namespace`.
pub(crate) fn child<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> Option<Node<'a, 'i>> {
    children(node, namespace, name).next()
}

/// The text of an element that holds nothing but text; `None` when it holds anything else.
pub(crate) fn text(node: Node<'_, '_>) -> Option<String> {
    let mut whole = String::new();
    for child in node.children() {
        match child.node_type() {
            NodeType::Text => whole.push_str(child.text().unwrap_or_default()),
            _ => return None,
        }
    }
    Some(whole)
}

/// The un-namespaced attribute `name`.
pub(crate) fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(str::to_owned)
}

/// Whether the element has nothing but elements and white space in it.
pub(crate) fn is_element_only(node: Node<'_, '_>) -> bool {
    node.children().all(|child| match child.node_type() {
        NodeType::Element => true,
        NodeType::Text => child.text().unwrap_or_default().chars().all(is_space),
        _ => false,
    })
}

/// White space as XML has it.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// The name of an element as an administrator may read it.
pub(crate) fn shown(node: Node<'_, '_>) -> String {
    redact(node.tag_name().name())
}

/// `text` as the content of an element or attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            c => escaped.push(c),
        }
    }
    escaped
}
