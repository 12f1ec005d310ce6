//! Sending somebody to the identity provider (SML-2, SML-8).

use super::{SamlError, acs_url, sp_entity_id};
use crate::{
    app::Identity,
    domain::{
        device::ProductName,
        managed::domain_of,
        saml::{Connection, ConnectionState, Kept, Outstanding, REQUEST_LIFE},
        sign_up::Continuation,
    },
    grpc::neighbours::Named,
    store,
};
use pass_mesh::{CallContext, Caller};
use pass_saml::AuthnRequest;
use pass_types::{Email, OrganizationHandle, OrganizationId, SamlTestId, Secret, network};

/// What somebody types to sign in.
pub enum Identifier {
    /// An Organization ID.
    Handle(OrganizationHandle),
    /// An address.
    Email(Email),
    /// Neither: nobody's.
    Nonsense,
}

/// Somebody wants to sign in by their organization's identity provider.
pub struct Wish {
    /// What they typed.
    pub identifier: Identifier,
    /// Where they want to go.
    pub continuation: Continuation,
    /// What it is for.
    pub product: ProductName,
    /// They are to sign in anew.
    pub force_authn: bool,
}

/// Where the browser goes, and what it keeps.
pub struct Begun {
    /// The identity provider, with the request.
    pub redirect_url: String,
    /// Needed to finish.
    pub browser: Secret,
}

/// What a request is made for.
pub(super) struct Purpose {
    pub(super) continuation: Continuation,
    /// What the sign-in is for.
    pub(super) product: ProductName,
    /// The person is to sign in anew.
    pub(super) force_authn: bool,
    pub(super) test: Option<SamlTestId>,
}

impl Identifier {
    /// As it was typed. Phones begin with a capital letter.
    pub fn typed(text: &str) -> Self {
        let text = text.trim();
        if text.contains('@') {
            return text.parse().map_or(Self::Nonsense, Self::Email);
        }
        text.to_ascii_lowercase().parse().map_or(Self::Nonsense, Self::Handle)
    }
}

impl Identity {
    /// Makes a request to the identity provider of the organization that is named. That the sign-in is to be anew is
    /// in the request's row: a browser that takes it out of the address, as it can of a request that is not signed, gains a sign-in that is older than the request by no more than clocks may be apart
    /// ([`pass_saml::SKEW`], a minute), and nothing else.
    pub async fn begin_saml_sign_in(&self, caller: &Caller, wish: Wish) -> Result<Begun, SamlError> {
        let Wish { identifier, continuation, product, force_authn } = wish;
        self.count_saml_begin(caller).await?;
        let calls = caller.as_system();
        let organization = self.named(&calls, identifier).await?;
        let mut db = self.pool.acquire().await?;
        let connection = store::saml::connections::current(&mut db, organization, ConnectionState::Active);
        let connection = connection.await?.ok_or(SamlError::NotSetUp)?;
        drop(db);
        self.entitled_until(&calls, organization).await?;
        self.send(&connection, Purpose { continuation, product, force_authn, test: None }).await
    }

    /// Takes one begin from what the network has.
    pub(super) async fn count_saml_begin(&self, caller: &Caller) -> Result<(), SamlError> {
        let now = self.clock.now();
        let by_network = self.subject("SAML sign-in network", &network(&caller.origin.address));
        let mut tx = self.pool.begin().await?;
        let empty_at = store::throttles::lock(&mut tx, &by_network, now).await?;
        let after = self.rules.saml_sign_ins_per_network.take(empty_at, now)?;
        store::throttles::save(&mut tx, &by_network, after).await?;
        Ok(tx.commit().await?)
    }

    /// The organization of an Organization ID, or the only connected one of an address's domain.
    async fn named(&self, calls: &CallContext, identifier: Identifier) -> Result<OrganizationId, SamlError> {
        match identifier {
            Identifier::Nonsense => Err(SamlError::OrganizationUnknown),
            Identifier::Handle(handle) => {
                let found = self.neighbours.organization(calls, Named::Handle(handle)).await;
                let found = found.map_err(SamlError::Neighbour)?;
                found.map(|it| it.id).ok_or(SamlError::OrganizationUnknown)
            }
            Identifier::Email(email) => {
                let domain = domain_of(&email).map_err(|_| SamlError::OrganizationUnknown)?;
                let found = self.neighbours.organizations_of_domain(calls, &domain).await;
                let found = found.map_err(SamlError::Neighbour)?;
                let mut db = self.pool.acquire().await?;
                match store::saml::connections::connected(&mut db, &found).await?[..] {
                    [only] => Ok(only),
                    _ => Err(SamlError::OrganizationUnknown),
                }
            }
        }
    }

    /// Writes down a request, and makes the address that carries it.
    pub(super) async fn send(&self, connection: &Connection, purpose: Purpose) -> Result<Begun, SamlError> {
        let now = self.clock.now();
        let browser = Secret::generate(&self.entropy);
        let relay = purpose.test.map(|_| Secret::generate(&self.entropy));
        let request = AuthnRequest {
            id: AuthnRequest::generate_id(&self.entropy),
            issued_at: now,
            sso_url: connection.settings.sso_url.clone(),
            sp_entity_id: sp_entity_id(&self.rules.gateway_url, &connection.space_key),
            acs_url: acs_url(&self.rules.gateway_url, &connection.space_key),
            name_id_format: None,
            force_authn: purpose.force_authn,
        };
        let mut db = self.pool.acquire().await?;
        let key = if connection.settings.sign_requests {
            self.saml_key(&mut db, connection.organization).await?
        } else {
            None
        };
        let relay_text = relay.as_ref().map(Secret::reveal);
        let redirect_url = request.redirect(relay_text.as_deref(), key.as_ref())?;
        let outstanding = Outstanding {
            id: request.id,
            organization: connection.organization,
            connection: connection.id,
            browser: Kept::of(&browser),
            relay: relay.as_ref().map(Kept::of),
            test: purpose.test,
            continuation: purpose.continuation,
            product: purpose.product,
            force_authn: purpose.force_authn,
            sp_entity_id: request.sp_entity_id,
            acs_url: request.acs_url,
            issued_at: now,
        };
        store::saml::flows::insert_request(&mut db, &outstanding, now + REQUEST_LIFE).await?;
        Ok(Begun { redirect_url, browser })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves SML-8: an Organization ID or an address, however a phone writes it
    #[test]
    fn what_is_typed() {
        let handle =
            |text: &str| matches!(Identifier::typed(text), Identifier::Handle(it) if it.as_str() == "acme");
        assert!(["acme", " Acme ", "ACME"].into_iter().all(handle));
        assert!(matches!(Identifier::typed(" hanako@acme.example"), Identifier::Email(_)));
        for nonsense in ["", "ac", "a.b.c", "acme!", "a@b@c", "@", &"x".repeat(1 << 16)] {
            assert!(matches!(Identifier::typed(nonsense), Identifier::Nonsense), "{nonsense:.10}");
        }
    }
}
