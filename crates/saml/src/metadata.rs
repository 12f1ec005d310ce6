//! Metadata (SAML metadata, 2.4): reading an identity provider's, writing ours. Reading it only fills in what
//! an administrator could have typed; it never turns a check off (SML-1).

use crate::{
    certificate::{Certificate, CertificateError, MOST_CERTIFICATES},
    check::Refusal,
    instant,
    limits::Limits,
    prescan::{Comments, prescan},
    validate::NameIdFormat,
    xml::{self, DSIG, METADATA, escape, is},
};
use roxmltree::Node;
use std::fmt::Write;
use time::OffsetDateTime;
use url::Url;

const PROTOCOL_SUPPORT: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// Why metadata can't be used. Display is for the administrator who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Too large, not UTF-8, not well-formed, or with parts that no metadata needs.
    #[error("this is not metadata that can be read: {0}")]
    Unreadable(Refusal),
    /// Not one identity provider.
    #[error("the metadata must describe one SAML 2.0 identity provider")]
    NoIdentityProvider,
    /// No usable entity ID.
    #[error("the metadata has no entity ID, or one that is too long")]
    EntityId,
    /// No address for the HTTP-Redirect binding.
    #[error("the identity provider must offer sign-in by HTTP-Redirect at an http or https address")]
    SignInAddress,
    /// Its `validUntil` has come, or is none.
    #[error("the metadata is not valid any more")]
    Expired,
    /// A certificate that can't be used.
    #[error("a signing certificate of the metadata can't be used: {0}")]
    Certificate(CertificateError),
    /// No certificate to verify signatures with.
    #[error("the metadata must have a signing certificate")]
    NoCertificate,
    /// More than ten certificates.
    #[error("the metadata must not have more than 10 signing certificates")]
    ManyCertificates,
}

/// What an identity provider says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Its entity ID.
    pub entity_id: String,
    /// Where browsers are sent (HTTP-Redirect).
    pub sso_url: String,
    /// The certificates it signs with: one at least.
    pub certificates: Vec<Certificate>,
    /// Whether it wants our requests signed.
    pub want_authn_requests_signed: bool,
    /// Until when it says so.
    pub valid_until: Option<OffsetDateTime>,
}

impl IdpMetadata {
    /// Reads an `EntityDescriptor`, or the only identity provider of an `EntitiesDescriptor`.
    pub fn parse(bytes: &[u8], now: OffsetDateTime) -> Result<Self, MetadataError> {
        let limits = Limits::METADATA;
        if bytes.len() > limits.bytes {
            return Err(MetadataError::Unreadable(crate::message::too_large(limits.bytes, "more")));
        }
        let text = crate::message::text(bytes.to_vec()).map_err(MetadataError::Unreadable)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        prescan(text, &limits, Comments::Allowed).map_err(MetadataError::Unreadable)?;
        let document = xml::parse(text, &limits).map_err(MetadataError::Unreadable)?;
        let entity = only_identity_provider(document.root_element())?;
        let role = roles(entity).next().ok_or(MetadataError::NoIdentityProvider)?;
        let ends: Vec<_> = [Some(document.root_element()), Some(entity), Some(role)]
            .into_iter()
            .flatten()
            .filter_map(|node| node.attribute("validUntil"))
            .map(|text| instant::parse(text).filter(|end| *end > now).ok_or(MetadataError::Expired))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            entity_id: entity_id(entity)?,
            sso_url: sso_url(role)?,
            certificates: certificates(role)?,
            want_authn_requests_signed: matches!(
                role.attribute("WantAuthnRequestsSigned"),
                Some("true" | "1")
            ),
            valid_until: ends.into_iter().min(),
        })
    }
}

/// The descriptors of SAML 2.0 identity providers in an entity.
fn roles<'a, 'i>(entity: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    xml::children(entity, METADATA, "IDPSSODescriptor").filter(|role| {
        let protocols = role.attribute("protocolSupportEnumeration").unwrap_or_default();
        protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL_SUPPORT)
    })
}

fn only_identity_provider<'a, 'i>(root: Node<'a, 'i>) -> Result<Node<'a, 'i>, MetadataError> {
    let entities: Vec<_> = if is(root, METADATA, "EntitiesDescriptor") {
        xml::children(root, METADATA, "EntityDescriptor").collect()
    } else {
        vec![root]
    };
    let is_entity = |entity: &Node<'a, 'i>| is(*entity, METADATA, "EntityDescriptor");
    let mut providers = entities.into_iter().filter(is_entity).filter(|entity| roles(*entity).count() == 1);
    match (providers.next(), providers.next()) {
        (Some(provider), None) => Ok(provider),
        _ => Err(MetadataError::NoIdentityProvider),
    }
}

fn entity_id(entity: Node<'_, '_>) -> Result<String, MetadataError> {
    let id = entity.attribute("entityID").unwrap_or_default();
    let is_plain = !id.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_plain && (1..=1_024).contains(&id.len()) { Ok(id.to_owned()) } else { Err(MetadataError::EntityId) }
}

fn sso_url(role: Node<'_, '_>) -> Result<String, MetadataError> {
    let location = xml::children(role, METADATA, "SingleSignOnService")
        .find(|service| service.attribute("Binding") == Some(REDIRECT))
        .and_then(|service| service.attribute("Location"))
        .ok_or(MetadataError::SignInAddress)?;
    match Url::parse(location) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && location.len() <= 2_048 => Ok(url.into()),
        _ => Err(MetadataError::SignInAddress),
    }
}

/// The certificates for signing: those that say so, and those that say nothing.
fn certificates(role: Node<'_, '_>) -> Result<Vec<Certificate>, MetadataError> {
    let mut found: Vec<Certificate> = Vec::new();
    for key in xml::children(role, METADATA, "KeyDescriptor") {
        if !matches!(key.attribute("use"), None | Some("signing")) {
            continue;
        }
        let Some(node) = first_certificate(key) else { continue };
        let text = xml::text(node).ok_or(MetadataError::Certificate(CertificateError::Unreadable))?;
        let certificate = Certificate::parse(text.as_bytes()).map_err(MetadataError::Certificate)?;
        if !found.contains(&certificate) {
            found.push(certificate);
        }
        if found.len() > MOST_CERTIFICATES {
            return Err(MetadataError::ManyCertificates);
        }
    }
    if found.is_empty() { Err(MetadataError::NoCertificate) } else { Ok(found) }
}

/// The certificate of the one key that a `KeyDescriptor` describes (SAML metadata, 2.4.1.1). Further ones
/// are the chain up from it: taken for keys, they would let a public authority's key sign anybody in.
fn first_certificate<'a, 'i>(key: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    xml::children(key, DSIG, "KeyInfo")
        .flat_map(|info| xml::children(info, DSIG, "X509Data"))
        .flat_map(|data| xml::children(data, DSIG, "X509Certificate"))
        .next()
}

/// What we say of ourselves to an organization's identity provider.
#[derive(Debug, Clone, Copy)]
pub struct SpMetadata<'a> {
    /// Our entity ID for this organization.
    pub entity_id: &'a str,
    /// Our assertion consumer service for this organization.
    pub acs_url: &'a str,
    /// The certificate that our requests are signed with, if they are.
    pub signing: Option<&'a Certificate>,
    /// The certificates that assertions may be encrypted for.
    pub encryption: &'a [Certificate],
}

/// Our metadata as a document.
pub fn sp_metadata(ours: &SpMetadata<'_>) -> String {
    let mut keys = String::new();
    for (usage, certificate) in ours
        .signing
        .iter()
        .map(|one| ("signing", *one))
        .chain(ours.encryption.iter().map(|one| ("encryption", one)))
    {
        let certificate = certificate.base64();
        write!(
            keys,
            concat!(
                r#"<md:KeyDescriptor use="{}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}"#,
                "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{}</md:KeyDescriptor>"
            ),
            usage,
            certificate,
            if usage == "encryption" { ENCRYPTION_METHODS } else { "" }
        )
        .expect("a string takes what is written");
    }
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            "\n",
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata""#,
            r#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}">"#,
            r#"<md:SPSSODescriptor AuthnRequestsSigned="{signed}" WantAssertionsSigned="true""#,
            r#" protocolSupportEnumeration="{protocol}">{keys}"#,
            "<md:NameIDFormat>{address}</md:NameIDFormat><md:NameIDFormat>{persistent}</md:NameIDFormat>",
            r#"<md:AssertionConsumerService Binding="{post}" Location="{acs_url}" index="0" isDefault="true"/>"#,
            "</md:SPSSODescriptor></md:EntityDescriptor>\n"
        ),
        entity_id = escape(ours.entity_id),
        signed = ours.signing.is_some(),
        protocol = PROTOCOL_SUPPORT,
        keys = keys,
        address = NameIdFormat::EmailAddress.uri(),
        persistent = NameIdFormat::Persistent.uri(),
        post = POST,
        acs_url = escape(ours.acs_url),
    )
}

/// What we can decrypt, the best first (SML-4).
const ENCRYPTION_METHODS: &str = concat!(
    r#"<md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>"#,
    r#"<md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/>"#,
    r#"<md:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/>"#,
    r#"<md:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>"#,
    r#"<md:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>"#,
);
