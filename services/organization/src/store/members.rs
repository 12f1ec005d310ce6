//! Members of organizations.

use super::{privilege_words, stored, stored_privileges};
use crate::domain::{
    key::sort_key,
    member::{Filter, Member, Profile},
};
use pass_types::{AccountId, AccountKind, Email, Membership, OrganizationId, Product};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Stores a new one; `false`: the account is a member already.
pub async fn insert(conn: &mut PgConnection, member: &Member) -> Result<bool, sqlx::Error> {
    // A new one is not suspended.
    let Member { organization, profile, role, privileges, joined_at, suspended: _ } = member;
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

/// An account's place in an organization. One that is suspended has none to act from.
pub async fn place(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<Membership>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT role, privileges FROM members
         WHERE organization_id = $1 AND account_id = $2 AND NOT suspended",
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
        "SELECT role, privileges FROM members
         WHERE organization_id = $1 AND account_id = $2 AND NOT suspended FOR SHARE",
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
         WHERE m.account_id = $1 AND NOT m.suspended
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

/// Which kind of account the member has whose address it is. A Nulab Account and a Managed Account may both
/// have it: then it is the Managed Account's.
pub async fn owner_of_email(
    conn: &mut PgConnection,
    organization: OrganizationId,
    email: &Email,
) -> Result<Option<AccountKind>, sqlx::Error> {
    let kind = sqlx::query_scalar!(
        "SELECT kind FROM members WHERE organization_id = $1 AND email_key = $2
         ORDER BY kind = 'managed' DESC
         LIMIT 1",
        organization.uuid(),
        email.key(),
    )
    .fetch_optional(conn)
    .await?;
    kind.as_deref().map(stored).transpose()
}

/// Which members a list is to have.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// All.
    All,
    /// Those whose name or address begins with this key.
    BeginningWith(&'a str),
    /// The same, but only this member and those of its teams.
    InTeamsOf(AccountId, &'a str),
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
    suspended: bool,
}

/// Members by name, at most `limit`, after a position.
pub async fn list(
    conn: &mut PgConnection,
    organization: OrganizationId,
    which: Which<'_>,
    filter: Filter,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = match (which, filter.kind) {
        (Which::All, None) => all(conn, organization, filter.suspended, after, limit).await?,
        (Which::All, Some(kind)) => of_kind(conn, organization, kind, filter.suspended, after, limit).await?,
        (Which::BeginningWith(prefix), _) => {
            beginning_with(conn, organization, prefix, filter, after, limit).await?
        }
        (Which::InTeamsOf(account, prefix), _) => {
            in_teams_of(conn, organization, account, prefix, filter, after, limit).await?
        }
    };
    rows.into_iter().map(|row| listed(organization, row)).collect()
}

async fn all(
    conn: &mut PgConnection,
    organization: OrganizationId,
    suspended: Option<bool>,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT account_id, kind, role, privileges, joined_at, name, name_key, email, suspended
         FROM members
         WHERE organization_id = $1 AND (name_key, account_id) > ($2, $3)
             AND ($5::boolean IS NULL OR suspended = $5)
         ORDER BY name_key, account_id
         LIMIT $4",
        organization.uuid(),
        after.0,
        after.1,
        limit,
        suspended,
    )
    .fetch_all(conn)
    .await
}

/// A range of an index of its own: the members of a kind may be few among many.
async fn of_kind(
    conn: &mut PgConnection,
    organization: OrganizationId,
    kind: AccountKind,
    suspended: Option<bool>,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT account_id, kind, role, privileges, joined_at, name, name_key, email, suspended
         FROM members
         WHERE organization_id = $1 AND kind = $2 AND (name_key, account_id) > ($3, $4)
             AND ($6::boolean IS NULL OR suspended = $6)
         ORDER BY name_key, account_id
         LIMIT $5",
        organization.uuid(),
        kind.as_str(),
        after.0,
        after.1,
        limit,
        suspended,
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
    Filter { kind, suspended }: Filter,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"(SELECT account_id AS "account_id!", kind AS "kind!", role AS "role!",
                privileges AS "privileges!", joined_at AS "joined_at!", name AS "name!",
                name_key AS "name_key!", email AS "email!", suspended AS "suspended!"
            FROM members
            WHERE organization_id = $1 AND name_key >= $2 AND name_key < $6
                AND (name_key, account_id) > ($3, $4)
                AND ($7::text IS NULL OR kind = $7) AND ($8::boolean IS NULL OR suspended = $8)
            ORDER BY name_key, account_id
            LIMIT $5)
           UNION
           (SELECT account_id, kind, role, privileges, joined_at, name, name_key, email, suspended
            FROM members
            WHERE organization_id = $1 AND email_key >= $2 AND email_key < $6
                AND (name_key, account_id) > ($3, $4)
                AND ($7::text IS NULL OR kind = $7) AND ($8::boolean IS NULL OR suspended = $8)
            ORDER BY name_key, account_id
            LIMIT $5)
           ORDER BY 7, 1
           LIMIT $5"#,
        organization.uuid(),
        prefix,
        after.0,
        after.1,
        limit,
        end_of(prefix),
        kind.map(AccountKind::as_str),
        suspended,
    )
    .fetch_all(conn)
    .await
}

/// Somebody, and who shares a team with them. They are few, so they are looked at one by one.
async fn in_teams_of(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
    prefix: &str,
    Filter { kind, suspended }: Filter,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT account_id, kind, role, privileges, joined_at, name, name_key, email, suspended
         FROM members
         WHERE organization_id = $1 AND (name_key, account_id) > ($4, $5)
             AND (name_key >= $3 AND name_key < $7 OR email_key >= $3 AND email_key < $7)
             AND ($8::text IS NULL OR kind = $8) AND ($9::boolean IS NULL OR suspended = $9)
             AND account_id IN (
                 SELECT $2
                 UNION
                 SELECT other.account_id
                 FROM team_members own JOIN team_members other ON other.team_id = own.team_id
                 WHERE own.organization_id = $1 AND own.account_id = $2
             )
         ORDER BY name_key, account_id
         LIMIT $6",
        organization.uuid(),
        account.uuid(),
        prefix,
        after.0,
        after.1,
        limit,
        end_of(prefix),
        kind.map(AccountKind::as_str),
        suspended,
    )
    .fetch_all(conn)
    .await
}

/// The end of the range of texts that begin so: in the order of "C", none of them comes after the last
/// character there is.
fn end_of(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// Those who have an address: at most one of each kind of account that knows it, unless the copies are old.
pub async fn with_email(
    conn: &mut PgConnection,
    organization: OrganizationId,
    email: &Email,
) -> Result<Vec<Member>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT account_id, kind, role, privileges, joined_at, name, name_key, email, suspended
         FROM members
         WHERE organization_id = $1 AND email_key = $2
         ORDER BY account_id
         LIMIT 10",
        organization.uuid(),
        email.key(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| Ok(listed(organization, row)?.member)).collect()
}

/// Administrators who are not suspended, at most `limit`, after one of them.
pub async fn administrators(
    conn: &mut PgConnection,
    organization: OrganizationId,
    after: Uuid,
    limit: i64,
) -> Result<Vec<AccountId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT account_id FROM members
         WHERE organization_id = $1 AND role = 'administrator' AND NOT suspended AND account_id > $2
         ORDER BY account_id
         LIMIT $3",
        organization.uuid(),
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

fn listed(organization: OrganizationId, row: Row) -> Result<Listed, sqlx::Error> {
    let Row { account_id, kind, role, privileges, joined_at, name, name_key, email, suspended } = row;
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
            suspended,
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
