//! What makes a refused answer a stranger's, and how many of those there were, by organization and minute (AUD-1).

use crate::domain::saml::Strangers;
use pass_types::OrganizationId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Notes that an answer with this assertion was refused. False when it was seen before, accepted or refused: then
/// anybody may have posted it again.
pub async fn is_first_refusal(
    db: &mut PgConnection,
    organization: OrganizationId,
    digest: &[u8; 32],
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO saml_refused_assertions (organization_id, digest, at)
         SELECT $1, $2, $3 WHERE NOT EXISTS
            (SELECT FROM saml_assertions WHERE organization_id = $1 AND digest = $2)
         ON CONFLICT (organization_id, digest) DO NOTHING",
        organization.uuid(),
        &digest[..],
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets up to `most` refused assertions from before `before`; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM saml_refused_assertions WHERE (organization_id, digest) IN
            (SELECT organization_id, digest FROM saml_refused_assertions WHERE at < $1 LIMIT $2
             FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Counts one more.
pub async fn count(
    db: &mut PgConnection,
    organization: OrganizationId,
    minute: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO saml_strangers (organization_id, minute, refused) VALUES ($1, $2, 1)
         ON CONFLICT (organization_id, minute) DO UPDATE SET refused = saml_strangers.refused + 1",
        organization.uuid(),
        minute,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes up to `most` of those of minutes before `minute`. Who is late for a minute makes a row anew.
pub async fn take(
    db: &mut PgConnection,
    minute: OffsetDateTime,
    most: i64,
) -> Result<Vec<Strangers>, sqlx::Error> {
    let rows = sqlx::query!(
        "DELETE FROM saml_strangers WHERE (organization_id, minute) IN
            (SELECT organization_id, minute FROM saml_strangers WHERE minute < $1 LIMIT $2
             FOR UPDATE SKIP LOCKED)
         RETURNING organization_id, minute, refused",
        minute,
        most,
    )
    .fetch_all(db)
    .await?;
    let strangers = rows.into_iter().map(|row| Strangers {
        organization: row.organization_id.into(),
        minute: row.minute,
        refused: row.refused,
    });
    Ok(strangers.collect())
}
