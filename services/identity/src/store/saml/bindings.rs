//! Whom the names of identity providers stand for (SML-3).

use crate::domain::saml::Name;
use pass_saml::NameIdFormat;
use pass_types::{AccountId, Email, OrganizationId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// The account that a name is bound to.
pub async fn find(
    db: &mut PgConnection,
    organization: OrganizationId,
    name: &Name,
) -> Result<Option<AccountId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT account_id FROM saml_bindings
         WHERE organization_id = $1 AND idp_entity_id = $2 AND name_id_format = $3 AND name_id_hash = $4",
        organization.uuid(),
        name.idp_entity_id,
        name.format.uri(),
        &name.hash[..],
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(AccountId::from))
}

/// The Managed Account of an organization that has an address, one that is being made excepted.
pub async fn owner(
    db: &mut PgConnection,
    organization: OrganizationId,
    email: &Email,
) -> Result<Option<AccountId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT a.id FROM accounts a JOIN managed_accounts m ON m.account_id = a.id
         WHERE a.email_key = $2 AND a.kind = 'managed' AND m.organization_id = $1 AND m.state <> 'provisioning'",
        organization.uuid(),
        email.key(),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(AccountId::from))
}

/// Binds a name to an account. A name that is an address takes the place of the account's earlier one, which
/// an administrator has changed; false: a lasting name can't.
pub async fn bind(
    db: &mut PgConnection,
    organization: OrganizationId,
    name: &Name,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    if name.format == NameIdFormat::EmailAddress {
        sqlx::query!(
            "DELETE FROM saml_bindings
             WHERE organization_id = $1 AND idp_entity_id = $2 AND name_id_format = $3
                AND (account_id = $4) <> (name_id_hash = $5)",
            organization.uuid(),
            name.idp_entity_id,
            name.format.uri(),
            account.uuid(),
            &name.hash[..],
        )
        .execute(&mut *db)
        .await?;
    }
    sqlx::query!(
        "INSERT INTO saml_bindings
            (organization_id, idp_entity_id, name_id_format, name_id_hash, account_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        organization.uuid(),
        name.idp_entity_id,
        name.format.uri(),
        &name.hash[..],
        account.uuid(),
        now,
    )
    .execute(&mut *db)
    .await?;
    Ok(find(db, organization, name).await? == Some(account))
}
