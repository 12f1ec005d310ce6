//! The connection, as the administrators of an organization run it (SML-1, SML-6, SML-10). What is saved is
//! a draft; it is switched on after that very draft passed a test.

use super::{SamlError, acs_url, sp_entity_id};
use crate::{
    app::{Identity, Owner, authorize::Administrator},
    domain::saml::{Connection, ConnectionState, FRESH, Settings},
    events::{self, ByCaller},
    grpc::neighbours::Named,
    store,
};
use pass_saml::{Certificate, IdpMetadata, SpMetadata, sp_metadata};
use pass_types::{OrganizationId, SamlConnectionId, SpaceKey};

/// What an administrator saves.
pub struct Saving {
    /// Whose connection.
    pub organization: OrganizationId,
    /// Where it comes from.
    pub source: Source,
    /// Whether to sign requests. Metadata that wants it decides.
    pub sign_requests: bool,
    /// Whether the identity provider may start a sign-in.
    pub allow_idp_initiated: bool,
}

/// Where settings come from.
pub enum Source {
    /// Metadata of the identity provider.
    Metadata(String),
    /// Typed in.
    Typed(Settings),
}

/// Where a connection stands.
pub struct Standing {
    /// In force.
    pub active: Option<Connection>,
    /// Being set up.
    pub draft: Option<Connection>,
    /// About us.
    pub ours: SpFacts,
    /// How many Managed Accounts sign in by it (SML-10).
    pub accounts: i64,
}

/// What to tell an identity provider about us.
pub struct SpFacts {
    /// Our entity ID.
    pub entity_id: String,
    /// Where its answers go.
    pub acs_url: String,
    /// Where it reads the rest.
    pub metadata_url: String,
}

impl Identity {
    /// The connection in force, the draft, and what to tell the identity provider.
    pub async fn saml_settings(
        &self,
        owner: &Owner<'_>,
        organization: OrganizationId,
    ) -> Result<Standing, SamlError> {
        let administrator = self.administrator(owner, organization).await?;
        let space_key = self.space_key(&administrator).await?;
        let mut db = self.pool.acquire().await?;
        let entity_id = sp_entity_id(&self.rules.gateway_url, &space_key);
        let current = store::saml::connections::current;
        Ok(Standing {
            active: current(&mut db, organization, ConnectionState::Active).await?,
            draft: current(&mut db, organization, ConnectionState::Draft).await?,
            ours: SpFacts {
                acs_url: acs_url(&self.rules.gateway_url, &space_key),
                metadata_url: entity_id.clone(),
                entity_id,
            },
            accounts: store::managed_accounts::count_usable(&mut db, organization).await?,
        })
    }

    /// Saves a draft in the place of the earlier one.
    pub async fn save_saml_draft(&self, owner: &Owner<'_>, saving: Saving) -> Result<Connection, SamlError> {
        let administrator = self.administrator(owner, saving.organization).await?;
        let organization = administrator.organization;
        let calls = owner.caller.as_system();
        self.entitled_until(&calls, organization).await?;
        let now = self.clock.now();
        let settings = match saving.source {
            Source::Typed(settings) => Settings { sign_requests: saving.sign_requests, ..settings },
            Source::Metadata(xml) => {
                let found = tokio::task::spawn_blocking(move || IdpMetadata::parse(xml.as_bytes(), now));
                let found = found.await.map_err(SamlError::Interrupted)?.map_err(SamlError::Metadata)?;
                Settings {
                    idp_entity_id: found.entity_id,
                    sso_url: found.sso_url,
                    certificates: found.certificates,
                    sign_requests: saving.sign_requests || found.want_authn_requests_signed,
                    allow_idp_initiated: false,
                }
            }
        };
        let connection = Connection {
            id: SamlConnectionId::generate(&self.entropy, now),
            organization,
            space_key: self.space_key(&administrator).await?,
            state: ConnectionState::Draft,
            settings: Settings { allow_idp_initiated: saving.allow_idp_initiated, ..settings },
            created_at: now,
            tested_at: None,
        };
        self.ensure_saml_key(organization).await?;
        let mut tx = self.pool.begin().await?;
        store::saml::connections::lock(&mut tx, organization).await?;
        store::saml::connections::remove_draft(&mut tx, organization).await?;
        store::saml::connections::insert(&mut tx, &connection).await?;
        let drafted = events::saml_connection_drafted(&connection);
        self.outbox.publish(&mut tx, drafted.by_caller(owner.caller)).await?;
        tx.commit().await?;
        Ok(connection)
    }

    /// Switches a draft on, which passed a test; what was in force is no more.
    pub async fn activate_saml_connection(
        &self,
        owner: &Owner<'_>,
        organization: OrganizationId,
        id: SamlConnectionId,
    ) -> Result<Connection, SamlError> {
        let administrator = self.administrator(owner, organization).await?;
        self.entitled_until(&owner.caller.as_system(), organization).await?;
        self.must_be_fresh(&administrator).await?;
        let mut tx = self.pool.begin().await?;
        store::saml::connections::lock(&mut tx, organization).await?;
        let connection = store::saml::connections::find(&mut tx, organization, id).await?;
        let connection = connection.ok_or(SamlError::NotFound)?;
        match connection.state {
            ConnectionState::Active => return Ok(connection),
            ConnectionState::Disabled => return Err(SamlError::NotFound),
            ConnectionState::Draft if connection.tested_at.is_none() => return Err(SamlError::TestNeeded),
            ConnectionState::Draft => {}
        }
        let before = store::saml::connections::current(&mut tx, organization, ConnectionState::Active);
        if let Some(before) = before.await? {
            store::saml::connections::set_state(&mut tx, before.id, ConnectionState::Disabled).await?;
        }
        store::saml::connections::set_state(&mut tx, id, ConnectionState::Active).await?;
        let activated = events::saml_connection_activated(&connection);
        self.outbox.publish(&mut tx, activated.by_caller(owner.caller)).await?;
        tx.commit().await?;
        Ok(Connection { state: ConnectionState::Active, ..connection })
    }

    /// Switches SAML off; `confirmation` is the number of those who lose access.
    pub async fn disable_saml_connection(
        &self,
        owner: &Owner<'_>,
        organization: OrganizationId,
        confirmation: i64,
    ) -> Result<(), SamlError> {
        let administrator = self.administrator(owner, organization).await?;
        self.must_be_fresh(&administrator).await?;
        let mut tx = self.pool.begin().await?;
        store::saml::connections::lock(&mut tx, organization).await?;
        let active = store::saml::connections::current(&mut tx, organization, ConnectionState::Active);
        let Some(active) = active.await? else { return Ok(()) };
        let needed = store::managed_accounts::count_usable(&mut tx, organization).await?;
        if confirmation != needed {
            return Err(SamlError::ConfirmationNeeded(needed));
        }
        store::saml::connections::set_state(&mut tx, active.id, ConnectionState::Disabled).await?;
        let disabled = events::saml_connection_disabled(&active);
        self.outbox.publish(&mut tx, disabled.by_caller(owner.caller)).await?;
        Ok(tx.commit().await?)
    }

    /// The metadata of the service provider that the suite is for an organization.
    pub async fn sp_metadata(&self, space_key: &SpaceKey) -> Result<String, SamlError> {
        let mut db = self.pool.acquire().await?;
        let organization = store::saml::connections::organization(&mut db, space_key).await?;
        let organization = organization.ok_or(SamlError::NotFound)?;
        let current = store::saml::connections::current;
        let active = current(&mut db, organization, ConnectionState::Active).await?;
        let draft = current(&mut db, organization, ConnectionState::Draft).await?;
        if active.is_none() && draft.is_none() {
            return Err(SamlError::NotFound);
        }
        // Anybody may ask for this: the key stays sealed.
        let keys: Vec<Certificate> =
            self.saml_certificate(&mut db, organization).await?.into_iter().collect();
        // What the identity provider is to expect next decides.
        let signs = draft.or(active).is_some_and(|connection| connection.settings.sign_requests);
        Ok(sp_metadata(&SpMetadata {
            entity_id: &sp_entity_id(&self.rules.gateway_url, space_key),
            acs_url: &acs_url(&self.rules.gateway_url, space_key),
            signing: keys.first().filter(|_| signs),
            encryption: &keys,
        }))
    }

    /// The organization's Space Key.
    async fn space_key(&self, administrator: &Administrator<'_>) -> Result<SpaceKey, SamlError> {
        let calls = administrator.owner.caller.as_system();
        let organization = self.neighbours.organization(&calls, Named::Id(administrator.organization)).await;
        let organization = organization.map_err(SamlError::Neighbour)?;
        Ok(organization.ok_or(SamlError::NotFound)?.space_key)
    }

    /// Refuses somebody whose sign-in is more than minutes ago: a session that was left open must not be
    /// enough to let a foreign identity provider in. Neither may one at their own identity provider: a Managed
    /// Account's sign-in counts when its request asked for one anew. The session says so and not the token, whose
    /// `auth_time` is only when the session began.
    async fn must_be_fresh(&self, administrator: &Administrator<'_>) -> Result<(), SamlError> {
        let owner = administrator.owner;
        let mut db = self.pool.acquire().await?;
        let session = store::sessions::by_id(&mut db, owner.session).await?;
        let session = session.filter(|session| session.account == owner.account);
        let fresh = session.is_some_and(|session| session.is_fresh(FRESH, self.clock.now()));
        if fresh { Ok(()) } else { Err(SamlError::FreshSignInNeeded) }
    }
}
