//! What is on its way: requests, used assertions, pending sign-ins.

use crate::{
    domain::saml::{Identified, Kept, Name, Outcome, Outstanding, Pending},
    store::stored,
};
use pass_saml::NameIdFormat;
use pass_types::{Email, Invalid, OrganizationId, SamlTestId, SecretHash};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct RequestRow {
    id: String,
    organization_id: Uuid,
    connection_id: Uuid,
    browser_hash: Vec<u8>,
    relay_hash: Option<Vec<u8>>,
    test_id: Option<Uuid>,
    continuation: String,
    product: String,
    force_authn: bool,
    sp_entity_id: String,
    acs_url: String,
    issued_at: OffsetDateTime,
}

fn hash(bytes: &[u8]) -> Result<Kept, sqlx::Error> {
    Kept::try_from(bytes).map_err(|problem: Invalid| sqlx::Error::Decode(problem.into()))
}

impl TryFrom<RequestRow> for Outstanding {
    type Error = sqlx::Error;
    fn try_from(row: RequestRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            organization: row.organization_id.into(),
            connection: row.connection_id.into(),
            browser: hash(&row.browser_hash)?,
            relay: row.relay_hash.as_deref().map(hash).transpose()?,
            test: row.test_id.map(Into::into),
            continuation: stored(&row.continuation)?,
            product: stored(&row.product)?,
            force_authn: row.force_authn,
            sp_entity_id: row.sp_entity_id,
            acs_url: row.acs_url,
            issued_at: row.issued_at,
        })
    }
}

/// Adds a request that waits until `expires_at`.
pub async fn insert_request(
    db: &mut PgConnection,
    request: &Outstanding,
    expires_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO saml_requests
            (id, organization_id, connection_id, browser_hash, relay_hash, test_id, continuation, product,
             force_authn, sp_entity_id, acs_url, issued_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        request.id,
        request.organization.uuid(),
        request.connection.uuid(),
        request.browser.as_bytes(),
        request.relay.as_ref().map(Kept::as_bytes),
        request.test.map(SamlTestId::uuid),
        request.continuation.as_str(),
        request.product.as_str(),
        request.force_authn,
        request.sp_entity_id,
        request.acs_url,
        request.issued_at,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A request of an organization that waits, by its id.
pub async fn request(
    db: &mut PgConnection,
    organization: OrganizationId,
    id: &str,
    now: OffsetDateTime,
) -> Result<Option<Outstanding>, sqlx::Error> {
    sqlx::query_as!(
        RequestRow,
        "SELECT id, organization_id, connection_id, browser_hash, relay_hash, test_id, continuation,
            product, force_authn, sp_entity_id, acs_url, issued_at
         FROM saml_requests WHERE id = $1 AND organization_id = $2 AND expires_at > $3",
        id,
        organization.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(Outstanding::try_from)
    .transpose()
}

/// A test's request of an organization that waits, by its relay state.
pub async fn request_of_relay(
    db: &mut PgConnection,
    organization: OrganizationId,
    relay: &SecretHash,
    now: OffsetDateTime,
) -> Result<Option<Outstanding>, sqlx::Error> {
    sqlx::query_as!(
        RequestRow,
        "SELECT id, organization_id, connection_id, browser_hash, relay_hash, test_id, continuation,
            product, force_authn, sp_entity_id, acs_url, issued_at
         FROM saml_requests WHERE relay_hash = $1 AND organization_id = $2 AND expires_at > $3",
        relay.as_bytes(),
        organization.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(Outstanding::try_from)
    .transpose()
}

/// Takes a request for its answer; of several answers at once, one gets it.
pub async fn take_request(db: &mut PgConnection, id: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM saml_requests WHERE id = $1", id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Takes all requests of a test, which has ended; how many waited.
pub async fn take_requests_of_test(db: &mut PgConnection, test: SamlTestId) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM saml_requests WHERE test_id = $1", test.uuid()).execute(db).await?;
    Ok(done.rows_affected())
}

/// Notes that an assertion was used; of several times at once, one is the first.
pub async fn use_assertion(
    db: &mut PgConnection,
    organization: OrganizationId,
    digest: &[u8; 32],
    expires_at: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO saml_assertions (organization_id, digest, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (organization_id, digest) DO NOTHING",
        organization.uuid(),
        &digest[..],
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

struct PendingRow {
    organization_id: Uuid,
    connection_id: Uuid,
    browser_hash: Option<Vec<u8>>,
    test_id: Option<Uuid>,
    continuation: String,
    product: String,
    idp_entity_id: String,
    name_id_format: Option<String>,
    name_id_hash: Option<Vec<u8>>,
    email: Option<String>,
    session_not_on_or_after: Option<OffsetDateTime>,
    anew: bool,
}

impl TryFrom<PendingRow> for Pending {
    type Error = sqlx::Error;
    fn try_from(row: PendingRow) -> Result<Self, sqlx::Error> {
        let broken = || sqlx::Error::Decode("a pending sign-in is for nobody".into());
        let outcome = match row.test_id {
            Some(test) => Outcome::Test(test.into()),
            None => Outcome::SignIn(Identified {
                name: Name {
                    idp_entity_id: row.idp_entity_id,
                    format: row
                        .name_id_format
                        .and_then(|uri| NameIdFormat::from_uri(&uri))
                        .ok_or_else(broken)?,
                    hash: row.name_id_hash.and_then(|hash| hash.try_into().ok()).ok_or_else(broken)?,
                },
                email: row.email.as_deref().map(stored).transpose()?,
                session_not_on_or_after: row.session_not_on_or_after,
                anew: row.anew,
            }),
        };
        Ok(Self {
            organization: row.organization_id.into(),
            connection: row.connection_id.into(),
            browser: row.browser_hash.as_deref().map(hash).transpose()?,
            continuation: stored(&row.continuation)?,
            product: stored(&row.product)?,
            outcome,
        })
    }
}

/// Adds a pending sign-in that waits until `expires_at`.
pub async fn insert_pending(
    db: &mut PgConnection,
    handle: &SecretHash,
    pending: &Pending,
    expires_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let (test, who) = match &pending.outcome {
        Outcome::Test(test) => (Some(test.uuid()), None),
        Outcome::SignIn(who) => (None, Some(who)),
    };
    sqlx::query!(
        "INSERT INTO saml_pending_sign_ins
            (handle_hash, organization_id, connection_id, browser_hash, test_id, continuation, product,
             idp_entity_id, name_id_format, name_id_hash, email, session_not_on_or_after, anew, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        handle.as_bytes(),
        pending.organization.uuid(),
        pending.connection.uuid(),
        pending.browser.as_ref().map(Kept::as_bytes),
        test,
        pending.continuation.as_str(),
        pending.product.as_str(),
        who.map(|who| who.name.idp_entity_id.as_str()).unwrap_or_default(),
        who.map(|who| who.name.format.uri()),
        who.map(|who| &who.name.hash[..]),
        who.and_then(|who| who.email.as_ref()).map(Email::as_str),
        who.and_then(|who| who.session_not_on_or_after),
        who.is_some_and(|who| who.anew),
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One that waits.
pub async fn pending(
    db: &mut PgConnection,
    handle: &SecretHash,
    now: OffsetDateTime,
) -> Result<Option<Pending>, sqlx::Error> {
    sqlx::query_as!(
        PendingRow,
        "SELECT organization_id, connection_id, browser_hash, test_id, continuation, product,
            idp_entity_id, name_id_format, name_id_hash, email, session_not_on_or_after, anew
         FROM saml_pending_sign_ins WHERE handle_hash = $1 AND expires_at > $2",
        handle.as_bytes(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(Pending::try_from)
    .transpose()
}

/// Takes one; of several at once, one gets it.
pub async fn take_pending(db: &mut PgConnection, handle: &SecretHash) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM saml_pending_sign_ins WHERE handle_hash = $1", handle.as_bytes())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes up to `most` of each that are over; whether there may be more.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let requests = sqlx::query!(
        "DELETE FROM saml_requests WHERE id IN
            (SELECT id FROM saml_requests WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(&mut *db)
    .await?;
    let assertions = sqlx::query!(
        "DELETE FROM saml_assertions WHERE (organization_id, digest) IN
            (SELECT organization_id, digest FROM saml_assertions WHERE expires_at <= $1 LIMIT $2
             FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(&mut *db)
    .await?;
    let pending = sqlx::query!(
        "DELETE FROM saml_pending_sign_ins WHERE handle_hash IN
            (SELECT handle_hash FROM saml_pending_sign_ins WHERE expires_at <= $1 LIMIT $2
             FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(&mut *db)
    .await?;
    Ok(requests.rows_affected().max(assertions.rows_affected()).max(pending.rows_affected()))
}
