//! Not-before rows, and how replicas hear of them.

use super::broken;
use crate::domain::revocation::{Revocation, Subject};
use pass_types::SessionId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// The channel that replicas listen on. A payload is a revocation's id, "keys", or "tick".
pub const CHANNEL: &str = "gateway_trust";

/// Keeps a revocation and tells the replicas when the transaction commits.
pub async fn insert(
    connection: &mut PgConnection,
    revocation: &Revocation,
    now: OffsetDateTime,
    expire_time: OffsetDateTime,
) -> sqlx::Result<()> {
    let id = sqlx::query_scalar!(
        "INSERT INTO revocations (subject_kind, subject, not_before, create_time, expire_time)
         VALUES ($1, $2, $3, $4, $5) RETURNING revocation_id",
        revocation.subject.kind(),
        revocation.subject.id(),
        revocation.not_before,
        now,
        expire_time,
    )
    .fetch_one(&mut *connection)
    .await?;
    notify(connection, &id.to_string()).await
}

/// Tells the replicas something when the transaction commits.
pub async fn notify(connection: &mut PgConnection, payload: &str) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, payload).execute(connection).await?;
    Ok(())
}

/// All that are in force.
pub async fn in_force(connection: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Vec<Revocation>> {
    let rows = sqlx::query!(
        r#"SELECT subject_kind, subject, max(not_before) AS "not_before!"
           FROM revocations WHERE expire_time > $1 GROUP BY subject_kind, subject"#,
        now,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| revocation(&row.subject_kind, &row.subject, row.not_before)).collect()
}

/// One by its id.
pub async fn find(connection: &mut PgConnection, id: i64) -> sqlx::Result<Option<Revocation>> {
    let row = sqlx::query!(
        "SELECT subject_kind, subject, not_before FROM revocations WHERE revocation_id = $1",
        id
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| revocation(&row.subject_kind, &row.subject, row.not_before)).transpose()
}

/// Whether tokens of one of the subjects that were issued at `issued` are void.
pub async fn covers(
    connection: &mut PgConnection,
    subjects: &[Subject],
    issued: OffsetDateTime,
) -> sqlx::Result<bool> {
    let kinds: Vec<_> = subjects.iter().map(|subject| subject.kind().to_owned()).collect();
    let ids: Vec<_> = subjects.iter().map(Subject::id).collect();
    let found = sqlx::query_scalar!(
        "SELECT EXISTS (
             SELECT FROM revocations
             JOIN unnest($1::text[], $2::text[]) AS asked (kind, id) ON subject_kind = kind AND subject = id
             WHERE not_before > $3)",
        &kinds,
        &ids,
        issued,
    )
    .fetch_one(connection)
    .await?;
    Ok(found == Some(true))
}

/// Deletes those that no living token can be covered by.
pub async fn prune(connection: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<u64> {
    let done =
        sqlx::query!("DELETE FROM revocations WHERE expire_time <= $1", now).execute(connection).await?;
    Ok(done.rows_affected())
}

fn revocation(kind: &str, id: &str, not_before: OffsetDateTime) -> sqlx::Result<Revocation> {
    Ok(Revocation { subject: Subject::parse(kind, id).map_err(broken)?, not_before })
}

/// Lets one transaction at a time give to, or take from, a session.
pub async fn lock_session(connection: &mut PgConnection, session: SessionId) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", session.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
