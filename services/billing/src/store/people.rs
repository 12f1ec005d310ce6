//! People who delete their accounts, and what is kept of them (ACC-13).

use pass_types::{AccountId, Email};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Whether nothing may be written of the account any more: it was forgotten. It is not, if it was not, until the
/// transaction ends.
pub async fn is_forgotten(conn: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('account/' || $1::uuid, 0))",
        account.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM forgotten_people WHERE account_id = $1) AS "forgotten!""#,
        account.uuid(),
    )
    .fetch_one(conn)
    .await
}

/// Notes that the account is forgotten, once whatever is being written of it is through.
pub async fn note(
    conn: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('account/' || $1::uuid, 0))", account.uuid())
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "INSERT INTO forgotten_people (account_id, forgotten_at) VALUES ($1, $2) ON CONFLICT (account_id) DO NOTHING",
        account.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Erases what applications say of a person: the contact's name in those that the account made or that name it as
/// Plan Admin (which of the two the contact is, nobody noted), and its address, where it is the account's. Where the
/// account of an address was not noted, the address itself is compared. Why they were rejected goes along, as such a
/// text may name its reader, and so do the texts that the account wrote as an operator, which may be signed: a dash
/// takes their place, for what is rejected has a reason.
pub async fn erase(conn: &mut PgConnection, account: AccountId, email: &Email) -> Result<(), sqlx::Error> {
    // In one order: two people of the same applications may go at once.
    let theirs = sqlx::query_scalar!(
        r#"SELECT id FROM applications
           WHERE applied_by = $1 OR plan_admin_id = $1
               OR (plan_admin_id IS NULL AND lower(plan_admin_email) = $2)
               OR (decided_by = $1 AND state = 'rejected')
           ORDER BY id FOR UPDATE"#,
        account.uuid(),
        email.key(),
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE applications SET rejection_reason = '—' WHERE id = ANY ($1) AND state = 'rejected'",
        &theirs,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE applications
         SET contact_name = NULL,
             plan_admin_email = CASE
                 WHEN plan_admin_id = $1 OR (plan_admin_id IS NULL AND lower(plan_admin_email) = $2) THEN NULL
                 ELSE plan_admin_email
             END
         WHERE applied_by = $1 OR plan_admin_id = $1
             OR (plan_admin_id IS NULL AND lower(plan_admin_email) = $2)",
        account.uuid(),
        email.key(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("DELETE FROM requests WHERE account_id = $1", account.uuid()).execute(conn).await?;
    Ok(())
}

/// Forgets whom nothing can come from any more, at most `limit`; how many.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime, limit: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM forgotten_people WHERE account_id IN
            (SELECT account_id FROM forgotten_people WHERE forgotten_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
