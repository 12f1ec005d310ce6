//! Clients and their secrets.

use super::broken;
use crate::domain::{
    client::{Authentication, Client, RegisteredUri},
    client_keys::ClientKeys,
};
use pass_types::{ClientId, SecretHash};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Adds a client; `false`: the id is taken.
pub async fn insert(
    connection: &mut PgConnection,
    client: &Client,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "INSERT INTO clients (client_id, name, audience, confidential, redirect_uris, post_logout_uris,
                              back_channel_logout_uri, create_time, jwks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (client_id) DO NOTHING",
        client.id.as_str(),
        client.name,
        client.audience.as_str(),
        client.authentication.is_confidential(),
        &texts(&client.redirect_uris),
        &texts(&client.post_logout_uris),
        client.back_channel_logout_uri.as_ref().map(RegisteredUri::as_str),
        now,
        client.authentication.keys().map(ClientKeys::to_json),
    )
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// A client by its id.
pub async fn find(connection: &mut PgConnection, id: &ClientId) -> sqlx::Result<Option<Client>> {
    let row = sqlx::query!(
        "SELECT name, audience, confidential, redirect_uris, post_logout_uris, back_channel_logout_uri, jwks
         FROM clients WHERE client_id = $1",
        id.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Client {
            id: id.clone(),
            name: row.name,
            audience: row.audience.parse().map_err(broken)?,
            authentication: match (row.confidential, row.jwks) {
                (false, _) => Authentication::None,
                (true, None) => Authentication::Secret,
                (true, Some(jwks)) => Authentication::Keys(jwks.parse().map_err(broken)?),
            },
            redirect_uris: uris(&row.redirect_uris)?,
            post_logout_uris: uris(&row.post_logout_uris)?,
            back_channel_logout_uri: row
                .back_channel_logout_uri
                .map(|uri| uri.parse())
                .transpose()
                .map_err(broken)?,
        })
    })
    .transpose()
}

/// Gives a client with keys others instead; `false`: there is none of that id.
pub async fn replace_keys(
    connection: &mut PgConnection,
    id: &ClientId,
    keys: &ClientKeys,
) -> sqlx::Result<bool> {
    let replaced = sqlx::query!(
        "UPDATE clients SET jwks = $2 WHERE client_id = $1 AND jwks IS NOT NULL",
        id.as_str(),
        keys.to_json(),
    )
    .execute(connection)
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Keeps a secret beside the newest one the client had; an older one ends.
pub async fn add_secret(
    connection: &mut PgConnection,
    id: &ClientId,
    hash: &SecretHash,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // Takes the free place, else that of the older one.
    sqlx::query!(
        "INSERT INTO client_secrets (client_id, position, secret_hash, create_time)
         SELECT $1, position, $2, $3
         FROM (VALUES (0::smallint), (1::smallint)) AS places (position)
         LEFT JOIN (SELECT position, create_time FROM client_secrets WHERE client_id = $1) AS kept
             USING (position)
         ORDER BY kept.create_time NULLS FIRST, position
         LIMIT 1
         ON CONFLICT (client_id, position)
         DO UPDATE SET secret_hash = EXCLUDED.secret_hash, create_time = EXCLUDED.create_time",
        id.as_str(),
        hash.as_bytes(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a secret is one of the client's.
pub async fn has_secret(
    connection: &mut PgConnection,
    id: &ClientId,
    hash: &SecretHash,
) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT FROM client_secrets WHERE client_id = $1 AND secret_hash = $2)",
        id.as_str(),
        hash.as_bytes(),
    )
    .fetch_one(connection)
    .await?;
    Ok(found == Some(true))
}

fn texts(uris: &[RegisteredUri]) -> Vec<String> {
    uris.iter().map(ToString::to_string).collect()
}

fn uris(texts: &[String]) -> sqlx::Result<Vec<RegisteredUri>> {
    texts.iter().map(|text| text.parse().map_err(broken)).collect()
}
