//! Relying parties of the gateway, as an operator registers them (API-6).

use crate::{ClientError, Registration};
use gateway::app::clients;
use pass_events::Outbox;
use pass_runtime::Context;
use pass_types::{ClientId, Secret};
use sqlx::PgPool;

/// Registers a relying party in the gateway's database. The running gateway tells the others. The
/// secret of a confidential one without keys is given here and never again.
pub async fn register_client(
    pool: &PgPool,
    context: &Context,
    registration: &Registration,
) -> Result<Option<Secret>, ClientError> {
    let outbox = Outbox::new("gateway", context);
    clients::register(pool, &outbox, &context.entropy, context.clock.now(), registration).await
}

/// Gives a relying party that has a secret a second one beside its newest.
pub async fn add_secret(pool: &PgPool, context: &Context, id: &ClientId) -> Result<Secret, ClientError> {
    let outbox = Outbox::new("gateway", context);
    clients::add_secret(pool, &outbox, &context.entropy, context.clock.now(), id).await
}

/// Gives a relying party that has keys others instead (a JWK Set).
pub async fn replace_keys(
    pool: &PgPool,
    context: &Context,
    id: &ClientId,
    jwks: &str,
) -> Result<(), ClientError> {
    clients::replace_keys(pool, &Outbox::new("gateway", context), id, jwks).await
}
