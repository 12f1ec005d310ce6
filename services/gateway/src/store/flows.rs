//! Authorization requests that wait for somebody to sign in.

use super::broken;
use crate::domain::{
    authorization::{Flow, Prompt, Request, Return},
    scope::Scope,
};
use pass_types::OrganizationId;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Keeps a flow until `expire_time`.
pub async fn insert(
    connection: &mut PgConnection,
    flow: &Flow,
    expire_time: OffsetDateTime,
) -> sqlx::Result<()> {
    let request = &flow.request;
    sqlx::query!(
        "INSERT INTO flows (flow_id, client_id, redirect_uri, scope, state, nonce, code_challenge, organization_id,
                            max_age_seconds, login_required, login_hint, ui_locales, create_time, expire_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
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
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A flow that is not over.
pub async fn find(
    connection: &mut PgConnection,
    id: Uuid,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Flow>> {
    let row = sqlx::query!(
        "SELECT client_id, redirect_uri, scope, state, nonce, code_challenge, organization_id, max_age_seconds,
                login_required, login_hint, ui_locales, create_time
         FROM flows WHERE flow_id = $1 AND expire_time > $2",
        id,
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
        Ok(Flow { id, request, create_time: row.create_time })
    })
    .transpose()
}

/// Deletes flows that are over.
pub async fn prune(connection: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM flows WHERE expire_time <= $1", now).execute(connection).await?;
    Ok(done.rows_affected())
}
