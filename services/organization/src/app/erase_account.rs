//! Organization's part of deleting a Nulab Account (ACC-13): it decides and records under the lock of each of the
//! account's organizations, before identity acts. Let go, nothing of the account is left here but its id.

use super::{Driver, Organizations};
use crate::{
    domain::deletion::{self, Decided, Place, Verdict},
    events, store,
};
use pass_mesh::{Fault, Problem, faults};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Email, InvitationId, Kind, OrganizationId, OrganizationName};
use sqlx::{PgConnection, Postgres, Transaction};

/// Which account, and which of identity's wishes it is.
#[derive(Debug)]
pub struct EraseAccount {
    /// Whose.
    pub account: AccountId,
    /// The number of identity's wish.
    pub attempt: i32,
    /// The account's address.
    pub email: Email,
}

/// An account is not let go.
#[derive(Debug, thiserror::Error)]
pub enum EraseAccountError {
    /// It is somebody else's.
    #[error("there is no such account")]
    NotFound,
    /// A later wish was decided already.
    #[error("a later wish to delete this account was decided already")]
    Superseded,
    /// These organizations need it.
    #[error("organizations need the account")]
    Needed(Vec<(OrganizationId, OrganizationName)>),
    /// A fault of ours.
    #[error("the account could not be erased")]
    Fault(#[source] Fault),
}

faults!(EraseAccountError: sqlx::Error);

impl Problem for EraseAccountError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Superseded => Kind::Conflict,
            Self::Needed(_) => Kind::Precondition,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::Superseded => ErrorReason::AttemptSuperseded,
            Self::Needed(_) => ErrorReason::AccountNeeded,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let Self::Needed(organizations) = self else { return vec![] };
        let names: Vec<_> = organizations.iter().map(|(_, name)| name.as_str().to_owned()).collect();
        let ids: Vec<_> = organizations.iter().map(|(id, _)| id.to_string()).collect();
        vec![("organizations", names.join("\n")), ("organization_ids", ids.join("\n"))]
    }
}

impl Organizations {
    /// Where the account is a member, and what stands in the way of its deletion.
    pub async fn preview_account_deletion(
        &self,
        account: AccountId,
    ) -> Result<Vec<Place>, EraseAccountError> {
        let mut conn = self.pool.acquire().await?;
        Ok(store::deletions::places(&mut conn, account).await?)
    }

    /// Lets the account go, or does not.
    #[tracing::instrument(skip_all, fields(account.id = %it.account))]
    pub async fn erase_account(&self, driver: &Driver, it: EraseAccount) -> Result<(), EraseAccountError> {
        owned_by(driver, it.account)?;
        let mut tx = self.pool.begin().await?;
        store::deletions::hold(&mut tx, it.account).await?;
        match deletion::judge(store::deletions::decided(&mut tx, it.account).await?, it.attempt) {
            Verdict::Decide => {}
            Verdict::Gone => {
                // Somebody may have invited the address since, or it is another one by now.
                self.erase(&mut tx, driver, &it, &[]).await?;
                return Ok(tx.commit().await?);
            }
            Verdict::Superseded => return Err(EraseAccountError::Superseded),
            Verdict::Refused(needed_by) => return Err(needed(&mut tx, &needed_by).await?),
        }
        let places = locked_places(&mut tx, it.account).await?;
        let needed_by: Vec<_> =
            places.iter().filter(|it| it.obstacle().is_some()).map(|it| it.organization).collect();
        let decided = Decided { attempt: it.attempt, needed_by };
        store::deletions::remember(&mut tx, it.account, &decided, self.clock.now()).await?;
        if !decided.needed_by.is_empty() {
            let error = needed(&mut tx, &decided.needed_by).await?;
            tx.commit().await?;
            return Err(error);
        }
        self.erase(&mut tx, driver, &it, &places).await?;
        Ok(tx.commit().await?)
    }

    async fn erase(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        driver: &Driver,
        it: &EraseAccount,
        places: &[Place],
    ) -> Result<(), sqlx::Error> {
        for place in places {
            store::deletions::remove_member(tx, place.organization, it.account).await?;
        }
        let open = store::deletions::forget_invitations(tx, it.account, &it.email).await?;
        store::deletions::forget(tx, it.account).await?;
        // In the order in which everybody takes the keys of several organizations.
        let left = places.iter().map(|place| (place.organization, None));
        let withdrawn = open.into_iter().map(|(organization, id)| (organization, Some(id)));
        let mut news: Vec<(OrganizationId, Option<InvitationId>)> = left.chain(withdrawn).collect();
        news.sort_unstable();
        for (organization, invitation) in news {
            let event = match invitation {
                None => events::member_removed(driver, organization, it.account),
                Some(invitation) => events::invitation_withdrawn(driver, organization, invitation),
            };
            self.outbox.publish(tx, event).await?;
        }
        Ok(())
    }
}

/// A person deletes their own account; identity finishes what a person began.
fn owned_by(driver: &Driver, account: AccountId) -> Result<(), EraseAccountError> {
    match driver {
        Driver::Person(by) if by.person.account != account => Err(EraseAccountError::NotFound),
        Driver::Person(_) | Driver::Identity { .. } => Ok(()),
    }
}

/// The account's places, all their organizations locked: until the transaction ends nobody else decides about members.
async fn locked_places(conn: &mut PgConnection, account: AccountId) -> Result<Vec<Place>, sqlx::Error> {
    for place in store::deletions::places(conn, account).await? {
        store::organizations::lock(conn, place.organization).await?;
    }
    // There are no more of them by now, and who else is there does not change any more.
    store::deletions::places(conn, account).await
}

async fn needed(
    conn: &mut PgConnection,
    needed_by: &[OrganizationId],
) -> Result<EraseAccountError, sqlx::Error> {
    let mut organizations = Vec::new();
    for id in needed_by {
        if let Some(organization) = store::organizations::find(conn, *id).await? {
            organizations.push((*id, organization.name));
        }
    }
    Ok(EraseAccountError::Needed(organizations))
}
