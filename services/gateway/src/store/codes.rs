//! Authorization codes.

use super::broken;
use crate::domain::{authorization::Request, family::FamilyId, pkce::Challenge, scope::Scope};
use pass_types::{AccountId, ClientId, OrganizationId, SecretHash, SessionId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What a code stands for besides the request that it answers.
pub struct Issued {
    /// Who signed in.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// When.
    pub auth_time: OffsetDateTime,
    /// The organization that the tokens will name.
    pub organization: Option<OrganizationId>,
    /// When the code was made.
    pub create_time: OffsetDateTime,
    /// When it ends.
    pub expire_time: OffsetDateTime,
}

/// Keeps a new code.
pub async fn insert(
    connection: &mut PgConnection,
    hash: &SecretHash,
    request: &Request,
    issued: &Issued,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO codes (code_hash, client_id, redirect_uri, code_challenge, account_id, session_id, organization_id,
                            scope, nonce, auth_time, create_time, expire_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        hash.as_bytes(),
        request.client.as_str(),
        request.back.redirect_uri.as_str(),
        request.challenge.as_str(),
        issued.account.uuid(),
        issued.session.uuid(),
        issued.organization.map(OrganizationId::uuid),
        request.scope.to_string(),
        request.nonce,
        issued.auth_time,
        issued.create_time,
        issued.expire_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a client must show to redeem a code.
pub struct Claim<'a> {
    /// The code.
    pub hash: &'a SecretHash,
    /// The client, as it authenticated.
    pub client: &'a ClientId,
    /// The redirect URI that it said.
    pub redirect_uri: &'a str,
    /// What its verifier comes to.
    pub challenge: &'a Challenge,
}

/// What a redeemed code was for.
pub struct Redeemed {
    /// Who signed in.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// When.
    pub auth_time: OffsetDateTime,
    /// What was granted.
    pub scope: Scope,
    /// For the ID token.
    pub nonce: Option<String>,
}

/// Redeems a code for `family`, once, by one atomic statement; `None`: it is none, not this client's, over,
/// used, or the rest does not match.
pub async fn redeem(
    connection: &mut PgConnection,
    claim: &Claim<'_>,
    family: FamilyId,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Redeemed>> {
    let row = sqlx::query!(
        "UPDATE codes SET redeem_time = $5, family_id = $6
         WHERE code_hash = $1 AND client_id = $2 AND redirect_uri = $3 AND code_challenge = $4
           AND redeem_time IS NULL AND expire_time > $5
         RETURNING account_id, session_id, scope, nonce, auth_time",
        claim.hash.as_bytes(),
        claim.client.as_str(),
        claim.redirect_uri,
        claim.challenge.as_str(),
        now,
        family,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Redeemed {
        account: row.account_id.into(),
        session: row.session_id.into(),
        auth_time: row.auth_time,
        scope: Scope::parse(&row.scope),
        nonce: row.nonce,
    }))
}

/// Whose code it is, to ask about them before it is redeemed; `None` as for [`redeem`].
pub async fn peek(
    connection: &mut PgConnection,
    claim: &Claim<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<(AccountId, SessionId, Option<OrganizationId>)>> {
    let row = sqlx::query!(
        "SELECT account_id, session_id, organization_id FROM codes
         WHERE code_hash = $1 AND client_id = $2 AND redirect_uri = $3 AND code_challenge = $4
           AND redeem_time IS NULL AND expire_time > $5",
        claim.hash.as_bytes(),
        claim.client.as_str(),
        claim.redirect_uri,
        claim.challenge.as_str(),
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.account_id.into(), row.session_id.into(), row.organization_id.map(Into::into))))
}

/// What a code gave when it was redeemed: for one that is used again.
pub async fn given(
    connection: &mut PgConnection,
    hash: &SecretHash,
    client: &ClientId,
) -> sqlx::Result<Option<FamilyId>> {
    let family = sqlx::query_scalar!(
        "SELECT family_id FROM codes WHERE code_hash = $1 AND client_id = $2 AND redeem_time IS NOT NULL",
        hash.as_bytes(),
        client.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(family.flatten())
}

/// Ends codes of a session that were not redeemed yet.
pub async fn end_of_session(connection: &mut PgConnection, session: SessionId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM codes WHERE session_id = $1 AND redeem_time IS NULL", session.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes codes that ended before `before`: a day or so ago, to notice that one is used twice.
pub async fn prune(connection: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM codes WHERE expire_time < $1", before).execute(connection).await?;
    Ok(done.rows_affected())
}

/// The client's id as the database has it, checked again.
pub(super) fn client(text: &str) -> sqlx::Result<ClientId> {
    text.parse().map_err(broken)
}
