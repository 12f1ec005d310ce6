//! Making a Managed Account (MAN-1): claimed here, then a domain, a seat and a member, then invited. It
//! answers after the last step; what fails on the way is undone in reverse.

use super::{Driver, LOOK_EVERY, LOOKS, ManagedError};
use crate::{
    app::{Identity, Owner, authorize::Administrator},
    domain::managed::{Managed, State, Wish, domain_of},
    events,
    store::{
        self,
        accounts::WriteError,
        managed_accounts::{Lease, Requested},
    },
};
use pass_mesh::Failure;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, AccountKind, Entitlement, UniqueId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

impl Identity {
    /// Makes a Managed Account; the same request again gives the same one.
    #[tracing::instrument(skip_all, fields(org.id = %wish.organization))]
    pub async fn create_managed_account(
        &self,
        owner: &Owner<'_>,
        wish: Wish,
    ) -> Result<Managed, ManagedError> {
        let administrator = self.administrator(owner, wish.organization).await?;
        administrator.may_grant(&wish.privileges)?;
        if let Some(made) = self.made_before(&administrator, &wish).await? {
            return Ok(made);
        }
        let domain = domain_of(&wish.email).map_err(|_| ManagedError::DomainNotVerified)?;
        // Before the claim, so that nobody learns which foreign addresses have accounts.
        self.must_be_verified(&administrator, &domain).await?;
        let Some((managed, lease)) = self.claim(&administrator, &wish, &domain).await? else {
            return self.made_before(&administrator, &wish).await?.ok_or(ManagedError::Changing);
        };
        let provisioned = self.provision(&administrator, &wish, &domain, &managed).await;
        if let Err(error) = provisioned {
            if let Err(fault) = self.undo_making(&managed, lease.worker).await {
                tracing::warn!(error = &fault as &dyn std::error::Error, "undoing is left to the job");
                self.leave(&managed, lease.worker).await;
            }
            return Err(error);
        }
        self.invite(Driver::Administrator(owner.caller), managed, lease.worker).await
    }

    /// What the same request made before; waits while it is being made.
    async fn made_before(
        &self,
        administrator: &Administrator<'_>,
        wish: &Wish,
    ) -> Result<Option<Managed>, ManagedError> {
        for _ in 0..LOOKS {
            let mut db = self.pool.acquire().await?;
            let made = store::managed_accounts::made(&mut db, administrator.account(), wish.request).await?;
            let Some(made) = made else { return Ok(None) };
            if made.content != digest(wish) || made.organization != wish.organization {
                return Err(ManagedError::RequestIdReused);
            }
            let held = store::managed_accounts::find(&mut db, made.account).await?;
            drop(db);
            match held {
                None => return Ok(None),
                Some(held) if held.managed.state != State::Provisioning => return Ok(Some(held.managed)),
                Some(_) => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        Err(ManagedError::Changing)
    }

    /// Refuses a domain that is not the organization's own; without Nulab Pass it can't have any.
    async fn must_be_verified(
        &self,
        administrator: &Administrator<'_>,
        domain: &str,
    ) -> Result<(), ManagedError> {
        let calls = administrator.owner.caller.as_system().within(self.rules.call);
        let organization = administrator.organization;
        let verified = self.neighbours.is_domain_verified(&calls, organization, domain).await;
        if verified.map_err(ManagedError::of)? {
            return Ok(());
        }
        self.must_have_pass(administrator).await?;
        Err(ManagedError::DomainNotVerified)
    }

    /// Refuses an organization without Nulab Pass.
    pub(super) async fn must_have_pass(&self, administrator: &Administrator<'_>) -> Result<(), ManagedError> {
        let calls = administrator.owner.caller.as_system().within(self.rules.call);
        let entitlement = self.neighbours.entitlement(&calls, administrator.organization).await;
        match entitlement.map_err(ManagedError::of)? {
            Entitlement::Until(end) if end > self.clock.now() => Ok(()),
            Entitlement::Until(_) | Entitlement::Ended => {
                Err(no_pass(ErrorReason::NulabPassEnded, "Nulab Pass has ended"))
            }
            Entitlement::None => Err(no_pass(ErrorReason::NulabPassNeeded, "this needs Nulab Pass")),
        }
    }

    /// Writes down that the account is being made, and claims its address and unique ID. `None`: the same
    /// request did so just now.
    async fn claim(
        &self,
        administrator: &Administrator<'_>,
        wish: &Wish,
        domain: &str,
    ) -> Result<Option<(Managed, Lease)>, ManagedError> {
        let now = self.clock.now();
        let unique_id = wish.unique_id.clone().unwrap_or_else(|| UniqueId::generate(&self.entropy));
        let managed = wish.begin(AccountId::generate(&self.entropy, now), unique_id, now);
        let lease = self.lease(self.entropy.uuid(now));
        let requested = Requested { by: administrator.account(), id: wish.request, content: digest(wish) };
        let mut tx = self.pool.begin().await?;
        if let Err(error) = store::accounts::insert(&mut tx, &managed.account, None).await {
            tx.rollback().await?;
            return self.taken(&requested, wish, error).await.map(|()| None);
        }
        if !store::managed_accounts::insert(&mut tx, &managed, domain, &requested, lease).await? {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some((managed, lease)))
    }

    /// Why the account can't be claimed; `Ok`: the same request was faster.
    async fn taken(&self, requested: &Requested, wish: &Wish, error: WriteError) -> Result<(), ManagedError> {
        let mut db = self.pool.acquire().await?;
        if store::managed_accounts::made(&mut db, requested.by, requested.id).await?.is_some() {
            return Ok(());
        }
        Err(match error {
            WriteError::EmailTaken(_)
                if store::managed_accounts::is_passing(&mut db, wish.organization, &wish.email).await? =>
            {
                ManagedError::Changing
            }
            WriteError::EmailTaken(_) => ManagedError::EmailTaken,
            WriteError::UniqueIdTaken(_) if wish.unique_id.is_some() => ManagedError::UniqueIdTaken,
            WriteError::UniqueIdTaken(error) | WriteError::Database(error) => ManagedError::Database(error),
        })
    }

    /// What the others have to do with a new account.
    async fn provision(
        &self,
        administrator: &Administrator<'_>,
        wish: &Wish,
        domain: &str,
        managed: &Managed,
    ) -> Result<(), ManagedError> {
        let caller = administrator.owner.caller;
        // Once more, now that removing the domain would count this account (DOM-6).
        let calls = caller.as_system().within(self.rules.call);
        let organization = administrator.organization;
        let verified = self.neighbours.is_domain_verified(&calls, organization, domain).await;
        if !verified.map_err(ManagedError::of)? {
            return Err(ManagedError::DomainNotVerified);
        }
        let mut db = self.pool.acquire().await?;
        let personal = store::accounts::nulab_account_of(&mut db, &wish.email).await?;
        drop(db);
        if let Some(personal) = personal {
            let calls = caller.as_system().within(self.rules.call);
            let place = self.neighbours.membership(&calls, personal, organization).await;
            if place.map_err(ManagedError::of)?.is_some() {
                return Err(ManagedError::MigrateInstead);
            }
        }
        let calls = caller.as_system().within(self.rules.call);
        self.neighbours.take_seat(&calls, managed).await.map_err(ManagedError::of)?;
        let calls = caller.onward().within(self.rules.call);
        self.neighbours.add_member(&calls, managed, wish).await.map_err(ManagedError::of)
    }

    /// The last step: it is there for everybody, and the invitation is due.
    async fn invite(
        &self,
        driver: Driver<'_>,
        managed: Managed,
        worker: Uuid,
    ) -> Result<Managed, ManagedError> {
        let managed = managed.made(self.clock.now());
        let mut tx = self.pool.begin().await?;
        if !store::managed_accounts::save(&mut tx, &managed, Some(worker), None).await? {
            return Err(ManagedError::Overtaken);
        }
        let created = events::account_created(managed.account.id, AccountKind::Managed);
        self.outbox.publish(&mut tx, driver.did(created.organization(managed.organization))).await?;
        self.outbox.publish(&mut tx, driver.did(events::managed_account_invited(&managed))).await?;
        tx.commit().await?;
        Ok(managed)
    }

    /// Takes back, in reverse, what making an account did or may yet do elsewhere; then the account itself.
    pub(super) async fn undo_making(&self, managed: &Managed, worker: Uuid) -> Result<(), ManagedError> {
        let id = managed.account.id;
        self.neighbours.remove_member(&self.own_calls(), managed).await.map_err(ManagedError::Neighbour)?;
        self.neighbours.free_seat(&self.own_calls(), managed).await.map_err(ManagedError::Neighbour)?;
        let mut tx = self.pool.begin().await?;
        let held = store::managed_accounts::lock(&mut tx, id).await?;
        if held.is_some_and(|held| held.worker == Some(worker)) {
            store::accounts::remove(&mut tx, id).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn no_pass(reason: ErrorReason, message: &str) -> ManagedError {
    ManagedError::Refused(Failure {
        kind: pass_types::Kind::Precondition,
        reason,
        violations: Vec::new(),
        message: message.to_owned(),
        metadata: std::collections::HashMap::new(),
        retry_after: None,
    })
}

/// What tells one wish from another.
fn digest(wish: &Wish) -> [u8; 32] {
    let mut parts = vec![
        wish.organization.to_string(),
        wish.name.to_string(),
        wish.email.as_str().to_owned(),
        wish.unique_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        wish.language.to_string(),
        wish.time_zone.to_string(),
        wish.role.to_string(),
        wish.teams.len().to_string(),
    ];
    parts.extend(wish.teams.iter().map(ToString::to_string));
    parts.extend(wish.privileges.iter().map(|privilege| privilege.to_string()));
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
