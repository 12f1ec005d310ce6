//! Client assertions that were taken.

use crate::domain::assertion::Assertion;
use pass_types::ClientId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Takes an assertion; `false`: it was taken before.
pub async fn take(
    connection: &mut PgConnection,
    client: &ClientId,
    assertion: &Assertion,
) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "INSERT INTO client_assertions (client_id, jti, expire_time) VALUES ($1, $2, $3)
         ON CONFLICT (client_id, jti) DO NOTHING",
        client.as_str(),
        assertion.jti,
        assertion.expire_time,
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Forgets those that ended before `before`.
pub async fn prune(connection: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM client_assertions WHERE expire_time < $1", before)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
