//! Relying parties of the gateway, as an operator registers them (API-6).

use crate::{ClientError, Registration};
use gateway::app::clients;
use pass_events::Outbox;
use pass_runtime::Context;
use pass_types::{ClientId, Secret};
use sqlx::PgPool;

/// Registers a relying party in the gateway's database. The running gateway tells the others. The
/// secret of a confidential one is given here and never again.
pub async fn register_client(
    pool: &PgPool,
    context: &Context,
    registration: &Registration,
) -> Result<Option<Secret>, ClientError> {
    let outbox = Outbox::new("gateway", context);
    clients::register(pool, &outbox, &context.entropy, context.clock.now(), registration).await
}

/// Gives a confidential relying party a second secret beside its newest one.
pub async fn add_secret(pool: &PgPool, context: &Context, id: &ClientId) -> Result<Secret, ClientError> {
    clients::add_secret(pool, &context.entropy, context.clock.now(), id).await
}
