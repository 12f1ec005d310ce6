//! Accounts whose owners want them deleted: their places, what was decided, and erasing what is kept of them.

use super::{stored, stored_privileges};
use crate::domain::deletion::{Decided, Others, Place};
use pass_types::{AccountId, Email, InvitationId, OrganizationId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Keeps the account from becoming a member anywhere until the transaction ends. Before any organization is locked.
pub async fn hold(conn: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('account/' || $1::uuid, 0))", account.uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether the account may become a member: it is not decided otherwise until the transaction ends. Before any
/// organization is locked.
pub async fn may_join(conn: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('account/' || $1::uuid, 0))",
        account.uuid()
    )
    .execute(&mut *conn)
    .await?;
    let gone = decided(conn, account).await?.is_some_and(|decided| decided.needed_by.is_empty());
    Ok(!gone)
}

/// What was decided about an account last.
pub async fn decided(conn: &mut PgConnection, account: AccountId) -> Result<Option<Decided>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT attempt, needed_by FROM account_deletions WHERE account_id = $1",
        account.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Decided {
        attempt: row.attempt,
        needed_by: row.needed_by.into_iter().map(Into::into).collect(),
    }))
}

/// Remembers a decision.
pub async fn remember(
    conn: &mut PgConnection,
    account: AccountId,
    decided: &Decided,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let needed_by: Vec<Uuid> = decided.needed_by.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "INSERT INTO account_deletions (account_id, attempt, needed_by, decided_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account_id) DO UPDATE
             SET attempt = EXCLUDED.attempt, needed_by = EXCLUDED.needed_by, decided_at = EXCLUDED.decided_at",
        account.uuid(),
        decided.attempt,
        &needed_by,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Where a Nulab Account is a member, and who else is there, by organization.
pub async fn places(conn: &mut PgConnection, account: AccountId) -> Result<Vec<Place>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT m.organization_id, o.name, m.role, m.privileges,
             EXISTS (SELECT FROM members x WHERE x.organization_id = m.organization_id
                 AND x.account_id <> m.account_id) AS "anybody!",
             EXISTS (SELECT FROM members x WHERE x.organization_id = m.organization_id
                 AND x.account_id <> m.account_id AND x.kind = 'nulab' AND NOT x.suspended
                 AND x.role = 'administrator') AS "administrator!",
             EXISTS (SELECT FROM members x WHERE x.organization_id = m.organization_id
                 AND x.account_id <> m.account_id AND x.kind = 'nulab' AND NOT x.suspended
                 AND 'plan_admin' = ANY (x.privileges)) AS "plan_admin!"
           FROM members m JOIN organizations o ON o.id = m.organization_id
           WHERE m.account_id = $1 AND m.kind = 'nulab'
           ORDER BY m.organization_id"#,
        account.uuid(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Place {
                organization: row.organization_id.into(),
                name: stored(&row.name)?,
                role: stored(&row.role)?,
                privileges: stored_privileges(&row.privileges)?,
                others: Others {
                    anybody: row.anybody,
                    administrator: row.administrator,
                    plan_admin: row.plan_admin,
                },
            })
        })
        .collect()
}

/// Removes the member with all that hangs on it: name and address, teams, product access.
pub async fn remove_member(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM members WHERE organization_id = $1 AND account_id = $2 AND kind = 'nulab'",
        organization.uuid(),
        account.uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Erases the invitations of an address, those that the account accepted, and what it wrote in those that it sent,
/// which stay: people sign their messages. Which of the erased ones were open.
pub async fn forget_invitations(
    conn: &mut PgConnection,
    account: AccountId,
    email: &Email,
) -> Result<Vec<(OrganizationId, InvitationId)>, sqlx::Error> {
    // In one order: two people who invited each other may go at once.
    sqlx::query!(
        "SELECT id FROM invitations
         WHERE email_key = $2 OR accepted_by = $1 OR (invited_by = $1 AND message <> '')
         ORDER BY id FOR UPDATE",
        account.uuid(),
        email.key(),
    )
    .fetch_all(&mut *conn)
    .await?;
    let rows = sqlx::query!(
        "DELETE FROM invitations WHERE email_key = $2 OR accepted_by = $1 RETURNING organization_id, id, state",
        account.uuid(),
        email.key(),
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE invitations SET message = '' WHERE invited_by = $1 AND message <> ''",
        account.uuid(),
    )
    .execute(conn)
    .await?;
    let open = rows.into_iter().filter(|row| row.state == "open");
    Ok(open.map(|row| (row.organization_id.into(), row.id.into())).collect())
}

/// Forgets the rest that is kept under an account's id.
pub async fn forget(conn: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM requests WHERE account_id = $1", account.uuid()).execute(&mut *conn).await?;
    sqlx::query!("DELETE FROM quotas WHERE id = $1", account.uuid()).execute(&mut *conn).await?;
    sqlx::query!("DELETE FROM directory_refreshes WHERE account_id = $1", account.uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets decisions from before `before`, at most `limit`; how many there were.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime, limit: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM account_deletions WHERE account_id IN
            (SELECT account_id FROM account_deletions WHERE decided_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
