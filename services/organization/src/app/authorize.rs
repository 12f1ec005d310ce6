//! The first statement of each use case: what the person may do to this organization. Asked of the
//! database and not of the token, whose role may be five minutes old.

use super::{By, Refused};
use crate::{
    domain::authority::{Administrator, AnyMember, Inviter},
    store,
};
use pass_types::OrganizationId;
use sqlx::PgConnection;

/// An error of authorization: refused, or not known.
#[derive(Debug)]
pub enum Unauthorized {
    /// The person may not.
    Refused(Refused),
    /// The database did not say.
    Database(sqlx::Error),
}

/// A member of any role, for reading.
pub async fn member(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<AnyMember, Unauthorized> {
    let account = by.person.account;
    let place = store::members::place(conn, organization, account).await.map_err(Unauthorized::Database)?;
    let membership = place.ok_or(Unauthorized::Refused(Refused::NotFound))?;
    Ok(AnyMember::loaded(account, membership))
}

/// A member of any role, who stays so until the transaction ends.
async fn member_held(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<AnyMember, Unauthorized> {
    let account = by.person.account;
    let place =
        store::members::place_held(conn, organization, account).await.map_err(Unauthorized::Database)?;
    let membership = place.ok_or(Unauthorized::Refused(Refused::NotFound))?;
    Ok(AnyMember::loaded(account, membership))
}

/// An administrator, until the transaction ends.
pub async fn administrator(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<Administrator, Unauthorized> {
    member_held(conn, by, organization)
        .await?
        .administrator()
        .map_err(|needed| Unauthorized::Refused(needed.into()))
}

/// Somebody who may invite by mail, until the transaction ends.
pub async fn inviter(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<Inviter, Unauthorized> {
    member_held(conn, by, organization)
        .await?
        .inviter()
        .map_err(|needed| Unauthorized::Refused(needed.into()))
}

/// Lets `?` take a refusal into a use case's error.
macro_rules! refusals {
    ($error:ty) => {
        impl From<crate::app::authorize::Unauthorized> for $error {
            fn from(unauthorized: crate::app::authorize::Unauthorized) -> Self {
                match unauthorized {
                    crate::app::authorize::Unauthorized::Refused(refused) => Self::Refused(refused),
                    crate::app::authorize::Unauthorized::Database(error) => Self::Fault(error.into()),
                }
            }
        }
    };
}
pub(super) use refusals;

refusals!(super::ReadError);
