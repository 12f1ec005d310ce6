//! How many posts of strangers were refused, by organization and minute (AUD-1).

use crate::domain::saml::Strangers;
use pass_types::OrganizationId;
use sqlx::PgConnection;
use time::OffsetDateTime;

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
