//! Staff of the company that runs the suite, as the machine room names them.

use identity::operators::{self, OperatorError};
use pass_events::Outbox;
use pass_runtime::Context;
use pass_types::Email;
use sqlx::PgPool;

/// Makes the owner of a Nulab Account an operator, in identity's database. False: they are one already.
pub async fn add_operator(pool: &PgPool, context: &Context, email: &Email) -> Result<bool, OperatorError> {
    operators::add(pool, &Outbox::new(identity::NAME, context), context.clock.now(), email).await
}

/// Ends that the owner of a Nulab Account is an operator, and signs them out. False: they are none.
pub async fn remove_operator(pool: &PgPool, context: &Context, email: &Email) -> Result<bool, OperatorError> {
    operators::remove(pool, &Outbox::new(identity::NAME, context), context.clock.now(), email).await
}
