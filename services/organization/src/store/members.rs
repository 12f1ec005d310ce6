//! Members of organizations.

use super::{privilege_words, stored, stored_privileges};
use crate::domain::{
    key::sort_key,
    member::{Member, Profile},
};
use pass_types::{AccountId, Email, Membership, OrganizationId, Product};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Stores a new one; `false`: the account is a member already.
pub async fn insert(conn: &mut PgConnection, member: &Member) -> Result<bool, sqlx::Error> {
    let Member { organization, profile, role, privileges, joined_at } = member;
    let Profile { account, kind, name, email } = profile;
    let inserted = sqlx::query!(
        "INSERT INTO members (organization_id, account_id, kind, role, privileges, joined_at,
             name, name_key, email, email_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (organization_id, account_id) DO NOTHING",
        organization.uuid(),
        account.uuid(),
        kind.as_str(),
        role.as_str(),
        &privilege_words(privileges),
        joined_at,
        name.as_str(),
        sort_key(name.as_str()),
        email.as_str(),
        email.key(),
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// An account's place in an organization.
pub async fn place(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<Membership>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT role, privileges FROM members WHERE organization_id = $1 AND account_id = $2",
        organization.uuid(),
        account.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| membership(organization, &row.role, &row.privileges)).transpose()
}

/// The same, and the place stays as it is until the transaction ends.
pub async fn place_held(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<Membership>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT role, privileges FROM members WHERE organization_id = $1 AND account_id = $2 FOR SHARE",
        organization.uuid(),
        account.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| membership(organization, &row.role, &row.privileges)).transpose()
}

/// The place for a token that names no organization yet (API-2): the first joined among those where
/// the account can use the product, else the first joined.
pub async fn first_place(
    conn: &mut PgConnection,
    account: AccountId,
    product: Option<Product>,
    now: OffsetDateTime,
) -> Result<Option<Membership>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT m.organization_id, m.role, m.privileges
         FROM members m
         LEFT JOIN spaces s ON s.organization_id = m.organization_id AND s.product = $2
             AND (s.state = 'active' OR (s.state = 'trial' AND s.trial_ends_at > $3))
         LEFT JOIN products_off x ON x.organization_id = m.organization_id
             AND x.account_id = m.account_id AND x.product = $2
         WHERE m.account_id = $1
         ORDER BY (s.organization_id IS NOT NULL AND x.account_id IS NULL) DESC,
             m.joined_at, m.organization_id
         LIMIT 1",
        account.uuid(),
        product.map(Product::as_str),
        now,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| membership(row.organization_id.into(), &row.role, &row.privileges)).transpose()
}

/// Whether an address is a member's.
pub async fn has_email(
    conn: &mut PgConnection,
    organization: OrganizationId,
    email: &Email,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM members WHERE organization_id = $1 AND email_key = $2
         ) AS "exists!""#,
        organization.uuid(),
        email.key(),
    )
    .fetch_one(conn)
    .await
}

/// Which members a list is to have.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// All.
    All,
    /// Those whose name or address begins with this key.
    BeginningWith(&'a str),
    /// This one alone.
    Only(AccountId),
}

/// A member, and where they are in the list.
#[derive(Debug)]
pub struct Listed {
    /// The member.
    pub member: Member,
    /// Their position, to go on after.
    pub position: (String, Uuid),
}

/// A row of the lists below.
struct Row {
    account_id: Uuid,
    kind: String,
    role: String,
    privileges: Vec<String>,
    joined_at: OffsetDateTime,
    name: String,
    name_key: String,
    email: String,
}

/// Members by name, at most `limit`, after a position.
pub async fn list(
    conn: &mut PgConnection,
    organization: OrganizationId,
    which: Which<'_>,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = match which {
        Which::All => all(conn, organization, after, limit).await?,
        Which::BeginningWith(prefix) => beginning_with(conn, organization, prefix, after, limit).await?,
        Which::Only(account) => only(conn, organization, account, after).await?,
    };
    rows.into_iter().map(|row| listed(organization, row)).collect()
}

async fn all(
    conn: &mut PgConnection,
    organization: OrganizationId,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT account_id, kind, role, privileges, joined_at, name, name_key, email
         FROM members
         WHERE organization_id = $1 AND (name_key, account_id) > ($2, $3)
         ORDER BY name_key, account_id
         LIMIT $4",
        organization.uuid(),
        after.0,
        after.1,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Two ranges of two indexes, each cut to a page before they are put together. The ranges are spelled
/// out: for a prefix that it does not know yet the database would read everybody.
async fn beginning_with(
    conn: &mut PgConnection,
    organization: OrganizationId,
    prefix: &str,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"(SELECT account_id AS "account_id!", kind AS "kind!", role AS "role!",
                privileges AS "privileges!", joined_at AS "joined_at!", name AS "name!",
                name_key AS "name_key!", email AS "email!"
            FROM members
            WHERE organization_id = $1 AND name_key >= $2 AND name_key < $6
                AND (name_key, account_id) > ($3, $4)
            ORDER BY name_key, account_id
            LIMIT $5)
           UNION
           (SELECT account_id, kind, role, privileges, joined_at, name, name_key, email
            FROM members
            WHERE organization_id = $1 AND email_key >= $2 AND email_key < $6
                AND (name_key, account_id) > ($3, $4)
            ORDER BY name_key, account_id
            LIMIT $5)
           ORDER BY 7, 1
           LIMIT $5"#,
        organization.uuid(),
        prefix,
        after.0,
        after.1,
        limit,
        // In the order of "C", no text that begins so comes after the last character there is.
        format!("{prefix}{}", char::MAX),
    )
    .fetch_all(conn)
    .await
}

async fn only(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
    after: &(String, Uuid),
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT account_id, kind, role, privileges, joined_at, name, name_key, email
         FROM members
         WHERE organization_id = $1 AND account_id = $2 AND (name_key, account_id) > ($3, $4)",
        organization.uuid(),
        account.uuid(),
        after.0,
        after.1,
    )
    .fetch_all(conn)
    .await
}

fn listed(organization: OrganizationId, row: Row) -> Result<Listed, sqlx::Error> {
    let Row { account_id, kind, role, privileges, joined_at, name, name_key, email } = row;
    Ok(Listed {
        member: Member {
            organization,
            profile: Profile {
                account: account_id.into(),
                kind: stored(&kind)?,
                name: stored(&name)?,
                email: stored(&email)?,
            },
            role: stored(&role)?,
            privileges: stored_privileges(&privileges)?,
            joined_at,
        },
        position: (name_key, account_id),
    })
}

fn membership(
    organization: OrganizationId,
    role: &str,
    privileges: &[String],
) -> Result<Membership, sqlx::Error> {
    Ok(Membership { organization, role: stored(role)?, privileges: stored_privileges(privileges)? })
}
