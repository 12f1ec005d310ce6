//! Authorization requests that wait for somebody to sign in.

use super::broken;
use crate::domain::{
    authorization::{Flow, Prompt, Request, Return},
    client::RegisteredUri,
    scope::Scope,
};
use pass_types::{OrganizationId, SecretHash, SessionId};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Keeps a flow of a browser (or of the first one that claims it) until `expire_time`.
pub async fn insert(
    connection: &mut PgConnection,
    flow: &Flow,
    browser: Option<&SecretHash>,
    expire_time: OffsetDateTime,
) -> sqlx::Result<()> {
    let request = &flow.request;
    sqlx::query!(
        "INSERT INTO flows (flow_id, client_id, redirect_uri, scope, state, nonce, code_challenge, organization_id,
                            max_age_seconds, login_required, login_hint, ui_locales, create_time, expire_time,
                            browser_hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        flow.id,
        request.client.as_str(),
        request.back.redirect_uri.as_str(),
        request.scope.to_string(),
        request.back.state,
        request.nonce,
        request.challenge.as_str(),
        request.organization.map(OrganizationId::uuid),
        request.max_age.map(Duration::whole_seconds),
        request.prompt == Prompt::Login,
        request.login_hint,
        request.ui_locales,
        flow.create_time,
        expire_time,
        browser.map(SecretHash::as_bytes),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a flow that is nobody's yet to a browser.
pub async fn claim(connection: &mut PgConnection, id: Uuid, browser: &SecretHash) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE flows SET browser_hash = $2 WHERE flow_id = $1 AND browser_hash IS NULL",
        id,
        browser.as_bytes(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes the session that a sign-in in the browser's flow began; `false`: there is no such flow. The address to begin
/// with was of use.
pub async fn signed_in(
    connection: &mut PgConnection,
    id: Uuid,
    browser: &SecretHash,
    session: SessionId,
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        "UPDATE flows SET session_id = $3, login_hint = NULL WHERE flow_id = $1 AND browser_hash = $2",
        id,
        browser.as_bytes(),
        session.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Gives a flow to the browser that just completed the sign-up which was asked for in it; `false`: it is
/// over.
pub async fn signed_up(
    connection: &mut PgConnection,
    id: Uuid,
    browser: &SecretHash,
    session: SessionId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let moved = sqlx::query!(
        "UPDATE flows SET browser_hash = $2, session_id = $3 WHERE flow_id = $1 AND expire_time > $4",
        id,
        browser.as_bytes(),
        session.uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Lets the browser's flow live until then, at least; without the address to begin with, which nobody is to be known by
/// that long (ACC-13).
pub async fn extend(
    connection: &mut PgConnection,
    id: Uuid,
    browser: &SecretHash,
    until: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE flows SET expire_time = greatest(expire_time, $3), login_hint = NULL
         WHERE flow_id = $1 AND browser_hash = $2",
        id,
        browser.as_bytes(),
        until,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where a flow leads to, and what its client is called.
pub async fn destination(
    connection: &mut PgConnection,
    id: Uuid,
    now: OffsetDateTime,
) -> sqlx::Result<Option<(RegisteredUri, String)>> {
    let row = sqlx::query!(
        "SELECT redirect_uri, name FROM flows JOIN clients USING (client_id)
         WHERE flow_id = $1 AND expire_time > $2",
        id,
        now,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((row.redirect_uri.parse().map_err(broken)?, row.name))).transpose()
}

/// Ends a flow because it is answered; `false`: it was over.
pub async fn consume(connection: &mut PgConnection, id: Uuid, now: OffsetDateTime) -> sqlx::Result<bool> {
    let gone =
        sqlx::query!("DELETE FROM flows WHERE flow_id = $1 AND expire_time > $2 RETURNING flow_id", id, now,)
            .fetch_optional(connection)
            .await?;
    Ok(gone.is_some())
}

/// A flow of a browser that is not over.
pub async fn find(
    connection: &mut PgConnection,
    id: Uuid,
    browser: &SecretHash,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Flow>> {
    let row = sqlx::query!(
        "SELECT client_id, redirect_uri, scope, state, nonce, code_challenge, organization_id, max_age_seconds,
                login_required, login_hint, ui_locales, create_time, session_id
         FROM flows WHERE flow_id = $1 AND browser_hash = $2 AND expire_time > $3",
        id,
        browser.as_bytes(),
        now,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let redirect_uri = row.redirect_uri.parse().map_err(broken)?;
        let request = Request {
            client: row.client_id.parse().map_err(broken)?,
            back: Return { redirect_uri, state: row.state },
            scope: Scope::parse(&row.scope),
            nonce: row.nonce,
            challenge: row.code_challenge.parse().map_err(broken)?,
            organization: row.organization_id.map(Into::into),
            max_age: row.max_age_seconds.map(Duration::seconds),
            prompt: if row.login_required { Prompt::Login } else { Prompt::AsNeeded },
            login_hint: row.login_hint,
            ui_locales: row.ui_locales,
        };
        Ok(Flow { id, request, create_time: row.create_time, session: row.session_id.map(Into::into) })
    })
    .transpose()
}

/// Deletes flows that are over.
pub async fn prune(connection: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM flows WHERE expire_time <= $1", now).execute(connection).await?;
    Ok(done.rows_affected())
}
