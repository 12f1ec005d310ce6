//! Second factors (ACC-9): authenticator apps, keys, recovery codes, and second steps that are under way.

pub mod authenticators;
pub mod keys;
pub mod passkey_sign_ins;
pub mod recovery_codes;
pub mod steps;

use crate::domain::second_factor::Factors;
use pass_types::AccountId;
use sqlx::PgConnection;

/// All that an account has.
pub async fn of(db: &mut PgConnection, account: AccountId) -> Result<Factors, sqlx::Error> {
    Ok(Factors {
        authenticator: authenticators::find(db, account).await?,
        keys: keys::of(db, account).await?,
        recovery_codes: recovery_codes::count(db, account).await?,
    })
}

/// Whether an account has a second factor.
pub async fn any(db: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM authenticators WHERE account_id = $1)
            OR EXISTS (SELECT FROM security_keys WHERE account_id = $1) AS "any!""#,
        account.uuid(),
    )
    .fetch_one(db)
    .await
}
