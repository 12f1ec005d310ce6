//! Our key pairs, sealed.

use pass_types::OrganizationId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A key pair, as it is stored.
pub struct Sealed {
    /// PKCS#8, sealed.
    pub key: Vec<u8>,
    /// Which of our keys sealed it.
    pub by: String,
    /// DER.
    pub certificate: Vec<u8>,
}

/// Adds an organization's, unless it has one.
pub async fn insert(
    db: &mut PgConnection,
    organization: OrganizationId,
    sealed: &Sealed,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO saml_keys (organization_id, sealed, sealed_by, certificate, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organization_id) DO NOTHING",
        organization.uuid(),
        sealed.key,
        sealed.by,
        sealed.certificate,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The certificate (DER) of an organization's, which is no secret.
pub async fn certificate(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!("SELECT certificate FROM saml_keys WHERE organization_id = $1", organization.uuid())
        .fetch_optional(db)
        .await
}

/// An organization's.
pub async fn find(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> Result<Option<Sealed>, sqlx::Error> {
    sqlx::query_as!(
        Sealed,
        r#"SELECT sealed AS key, sealed_by AS "by", certificate FROM saml_keys WHERE organization_id = $1"#,
        organization.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// A private key that is to be sealed anew.
pub struct Outdated {
    /// Whose.
    pub organization: OrganizationId,
    /// PKCS#8, sealed.
    pub key: Vec<u8>,
    /// Which of our keys sealed it.
    pub by: String,
}

/// Up to `most` that one of these keys sealed; nobody else changes them until the transaction ends.
pub async fn sealed_by(
    db: &mut PgConnection,
    keys: &[String],
    most: i64,
) -> Result<Vec<Outdated>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT organization_id, sealed, sealed_by FROM saml_keys WHERE sealed_by = ANY($1) LIMIT $2
         FOR UPDATE SKIP LOCKED",
        keys,
        most,
    )
    .fetch_all(db)
    .await?;
    let outdated = rows.into_iter().map(|row| Outdated {
        organization: row.organization_id.into(),
        key: row.sealed,
        by: row.sealed_by,
    });
    Ok(outdated.collect())
}

/// Writes the same key, sealed anew.
pub async fn reseal(
    db: &mut PgConnection,
    organization: OrganizationId,
    key: &[u8],
    by: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE saml_keys SET sealed = $2, sealed_by = $3 WHERE organization_id = $1",
        organization.uuid(),
        key,
        by,
    )
    .execute(db)
    .await?;
    Ok(())
}
