//! The facts of an assertion, as they are written: read once, from bytes that a signature covers, and
//! judged by [`crate::validate`].

use crate::{
    check::Refusal,
    shape::{id_of, shape},
    xml::{self, ASSERTION, attribute, child, children, is},
};
use roxmltree::Node;

/// Everything of an Assertion that a check or its result needs.
#[derive(Debug)]
pub(crate) struct AssertionFacts {
    pub(crate) id: String,
    pub(crate) version: Option<String>,
    pub(crate) issue_instant: Option<String>,
    pub(crate) issuer: Option<Issuer>,
    pub(crate) subject: Option<Subject>,
    pub(crate) conditions: Option<Conditions>,
    pub(crate) authn: Vec<AuthnStatement>,
    pub(crate) attributes: Vec<Attribute>,
}

#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) format: Option<String>,
    pub(crate) value: String,
}

#[derive(Debug)]
pub(crate) struct Subject {
    /// Each `NameID`; the value is `None` where it holds anything but text.
    pub(crate) names: Vec<Name>,
    /// `BaseID`, `EncryptedID` and what else is not a `NameID` or a confirmation.
    pub(crate) others: usize,
    pub(crate) confirmations: Vec<Confirmation>,
}

#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) format: Option<String>,
    pub(crate) qualifier: Option<String>,
    pub(crate) sp_qualifier: Option<String>,
    pub(crate) value: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Confirmation {
    pub(crate) method: Option<String>,
    pub(crate) data: Vec<ConfirmationData>,
}

#[derive(Debug)]
pub(crate) struct ConfirmationData {
    pub(crate) recipient: Option<String>,
    pub(crate) not_before: Option<String>,
    pub(crate) not_on_or_after: Option<String>,
    pub(crate) in_response_to: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Conditions {
    pub(crate) not_before: Option<String>,
    pub(crate) not_on_or_after: Option<String>,
    /// The audiences of each restriction.
    pub(crate) restrictions: Vec<Vec<String>>,
    /// The name of a condition that we don't understand (SAML core, 2.5.1.1: then nothing holds).
    pub(crate) unknown: Option<String>,
}

#[derive(Debug)]
pub(crate) struct AuthnStatement {
    pub(crate) instant: Option<String>,
    pub(crate) session_index: Option<String>,
    pub(crate) session_not_on_or_after: Option<String>,
}

/// An attribute of the subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// The format of its name.
    pub name_format: Option<String>,
    /// Its values, where they are text; a value with elements in it is left out.
    pub values: Vec<String>,
}

impl AssertionFacts {
    /// Reads the facts of an element that [`crate::shape`] took for an Assertion.
    pub(crate) fn read(node: Node<'_, '_>) -> Result<Self, Refusal> {
        Ok(Self {
            id: id_of(node)?,
            version: attribute(node, "Version"),
            issue_instant: attribute(node, "IssueInstant"),
            issuer: child(node, ASSERTION, "Issuer").map(issuer).transpose()?,
            subject: child(node, ASSERTION, "Subject").map(subject),
            conditions: child(node, ASSERTION, "Conditions").map(conditions).transpose()?,
            authn: children(node, ASSERTION, "AuthnStatement").map(authn_statement).collect(),
            attributes: children(node, ASSERTION, "AttributeStatement")
                .flat_map(|statement| children(statement, ASSERTION, "Attribute"))
                .map(subject_attribute)
                .collect(),
        })
    }
}

fn issuer(node: Node<'_, '_>) -> Result<Issuer, Refusal> {
    let value = xml::text(node).ok_or_else(|| shape("text in Issuer", "elements"))?;
    Ok(Issuer { format: attribute(node, "Format"), value })
}

fn subject(node: Node<'_, '_>) -> Subject {
    let others = node
        .children()
        .filter(|child| !child.is_text())
        .filter(|child| !is(*child, ASSERTION, "NameID") && !is(*child, ASSERTION, "SubjectConfirmation"))
        .count();
    Subject {
        names: children(node, ASSERTION, "NameID").map(name).collect(),
        others,
        confirmations: children(node, ASSERTION, "SubjectConfirmation").map(confirmation).collect(),
    }
}

fn name(node: Node<'_, '_>) -> Name {
    Name {
        format: attribute(node, "Format"),
        qualifier: attribute(node, "NameQualifier"),
        sp_qualifier: attribute(node, "SPNameQualifier"),
        value: xml::text(node),
    }
}

fn confirmation(node: Node<'_, '_>) -> Confirmation {
    let data = |data: Node<'_, '_>| ConfirmationData {
        recipient: attribute(data, "Recipient"),
        not_before: attribute(data, "NotBefore"),
        not_on_or_after: attribute(data, "NotOnOrAfter"),
        in_response_to: attribute(data, "InResponseTo"),
    };
    Confirmation {
        method: attribute(node, "Method"),
        data: children(node, ASSERTION, "SubjectConfirmationData").map(data).collect(),
    }
}

fn conditions(node: Node<'_, '_>) -> Result<Conditions, Refusal> {
    let (mut restrictions, mut unknown) = (Vec::new(), None);
    for condition in node.children().filter(Node::is_element) {
        match (condition.tag_name().namespace(), condition.tag_name().name()) {
            (Some(ASSERTION), "AudienceRestriction") => {
                let audiences = children(condition, ASSERTION, "Audience")
                    .map(|audience| xml::text(audience).ok_or_else(|| shape("text in Audience", "elements")));
                restrictions.push(audiences.collect::<Result<_, _>>()?);
            }
            // Each assertion is used once in any case, and we issue none because of one.
            (Some(ASSERTION), "OneTimeUse" | "ProxyRestriction") => {}
            _ => unknown = Some(xml::shown(condition)),
        }
    }
    Ok(Conditions {
        not_before: attribute(node, "NotBefore"),
        not_on_or_after: attribute(node, "NotOnOrAfter"),
        restrictions,
        unknown,
    })
}

fn authn_statement(node: Node<'_, '_>) -> AuthnStatement {
    AuthnStatement {
        instant: attribute(node, "AuthnInstant"),
        session_index: attribute(node, "SessionIndex"),
        session_not_on_or_after: attribute(node, "SessionNotOnOrAfter"),
    }
}

fn subject_attribute(node: Node<'_, '_>) -> Attribute {
    Attribute {
        name: attribute(node, "Name").unwrap_or_default(),
        name_format: attribute(node, "NameFormat"),
        values: children(node, ASSERTION, "AttributeValue").filter_map(xml::text).collect(),
    }
}
