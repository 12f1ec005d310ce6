//! The request that takes a person to the identity provider (SAML core, 3.4.1).

use crate::{
    instant,
    key::PrivateKey,
    redirect::{self, RedirectError},
    validate::{NameIdFormat, OutstandingRequest},
    xml::escape,
};
use pass_types::Entropy;
use std::fmt::Write;
use time::OffsetDateTime;

/// A request for a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnRequest {
    /// Its ID: 160 random bits.
    pub id: String,
    /// When it is sent.
    pub issued_at: OffsetDateTime,
    /// Where to: the identity provider's address for the HTTP-Redirect binding.
    pub sso_url: String,
    /// Our entity ID for this organization.
    pub sp_entity_id: String,
    /// Our assertion consumer service for this organization.
    pub acs_url: String,
    /// The format of `NameID` that we ask for; `None` leaves it to the identity provider.
    pub name_id_format: Option<NameIdFormat>,
    /// Whether the person must sign in afresh.
    pub force_authn: bool,
}

impl AuthnRequest {
    /// A new id for a request. It begins with a letter or underscore, as an ID must.
    pub fn generate_id(entropy: &Entropy) -> String {
        let mut id = String::from("_");
        for byte in entropy.bytes::<20>() {
            write!(id, "{byte:02x}").expect("a string takes what is written");
        }
        id
    }

    /// What to remember of it until it is answered.
    pub fn outstanding(&self) -> OutstandingRequest {
        OutstandingRequest { id: self.id.clone(), issued_at: self.issued_at, force_authn: self.force_authn }
    }

    /// The address to send the browser to: with the request, the relay state (at most 80 bytes) and, where
    /// the identity provider wants it, our signature.
    pub fn redirect(
        &self,
        relay_state: Option<&str>,
        key: Option<&PrivateKey>,
    ) -> Result<String, RedirectError> {
        redirect::address(&self.sso_url, &self.xml(), relay_state, key)
    }

    /// The request as a document.
    pub fn xml(&self) -> String {
        let policy = self.name_id_format.map_or_else(String::new, |format| {
            format!(r#"<samlp:NameIDPolicy Format="{}" AllowCreate="true"/>"#, format.uri())
        });
        format!(
            concat!(
                r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#,
                r#" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0""#,
                r#" IssueInstant="{issued_at}" Destination="{sso_url}""#,
                r#" AssertionConsumerServiceURL="{acs_url}"{force}"#,
                r#" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST">"#,
                r"<saml:Issuer>{issuer}</saml:Issuer>{policy}</samlp:AuthnRequest>"
            ),
            id = escape(&self.id),
            issued_at = instant::format(self.issued_at),
            sso_url = escape(&self.sso_url),
            acs_url = escape(&self.acs_url),
            force = if self.force_authn { r#" ForceAuthn="true""# } else { "" },
            issuer = escape(&self.sp_entity_id),
            policy = policy,
        )
    }
}
