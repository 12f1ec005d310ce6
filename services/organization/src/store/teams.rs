//! Teams and who is in them (ORG-8).

use super::stored;
use crate::domain::{
    authority::Sight,
    key::sort_key,
    team::{CountedTeam, Team, TeamLabel},
};
use pass_types::{AccountId, OrganizationId, TeamId};
use sqlx::PgConnection;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// The most teams that a list shows with a member.
const LABELS: i64 = 20;

/// Stores a new one; `false`: the organization has a team of this name.
pub async fn insert(conn: &mut PgConnection, team: &Team) -> Result<bool, sqlx::Error> {
    let Team { id, organization, name, created_at } = team;
    let inserted = sqlx::query!(
        "INSERT INTO teams (id, organization_id, name, name_key, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT teams_name DO NOTHING",
        id.uuid(),
        organization.uuid(),
        name.as_str(),
        sort_key(name.as_str()),
        created_at,
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// How many an organization has.
pub async fn count(conn: &mut PgConnection, organization: OrganizationId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM teams WHERE organization_id = $1"#,
        organization.uuid(),
    )
    .fetch_one(conn)
    .await
}

/// Puts a member into the teams, as their administrator or not; how many of them are the organization's.
/// The teams stay until the transaction ends.
pub async fn join(
    conn: &mut PgConnection,
    organization: OrganizationId,
    teams: &[TeamId],
    account: AccountId,
    administrator: bool,
) -> Result<u64, sqlx::Error> {
    let ids: Vec<Uuid> = teams.iter().map(|team| team.uuid()).collect();
    let joined = sqlx::query!(
        "INSERT INTO team_members (organization_id, team_id, account_id, administrator)
         SELECT organization_id, id, $3, $4 FROM teams WHERE organization_id = $1 AND id = ANY ($2)
         ORDER BY id",
        organization.uuid(),
        &ids,
        account.uuid(),
        administrator,
    )
    .execute(conn)
    .await?;
    Ok(joined.rows_affected())
}

/// A team, and where it is in the list.
#[derive(Debug)]
pub struct Listed {
    /// The team.
    pub counted: CountedTeam,
    /// Its position, to go on after.
    pub position: (String, Uuid),
}

/// A row of the queries below.
struct Row {
    id: Uuid,
    name: String,
    name_key: String,
    created_at: OffsetDateTime,
    members: i32,
}

impl Row {
    fn parse(self, organization: OrganizationId) -> Result<Listed, sqlx::Error> {
        let Self { id, name, name_key, created_at, members } = self;
        let team = Team { id: id.into(), organization, name: stored(&name)?, created_at };
        Ok(Listed { counted: CountedTeam { team, members }, position: (name_key, id) })
    }
}

/// One of an organization.
pub async fn find(
    conn: &mut PgConnection,
    organization: OrganizationId,
    team: TeamId,
) -> Result<Option<CountedTeam>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, name, name_key, created_at,
               (SELECT count(*)::integer FROM team_members m WHERE m.team_id = t.id) AS "members!"
           FROM teams t
           WHERE organization_id = $1 AND id = $2"#,
        organization.uuid(),
        team.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok(row.parse(organization)?.counted)).transpose()
}

/// Teams by name, at most `limit`, after a position.
pub async fn list(
    conn: &mut PgConnection,
    organization: OrganizationId,
    sight: Sight,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, name, name_key, created_at,
               (SELECT count(*)::integer FROM team_members m WHERE m.team_id = t.id) AS "members!"
           FROM teams t
           WHERE organization_id = $1 AND (name_key, id) > ($2, $3)
               AND ($4::uuid IS NULL OR EXISTS (
                   SELECT FROM team_members own WHERE own.team_id = t.id AND own.account_id = $4))
           ORDER BY name_key, id
           LIMIT $5"#,
        organization.uuid(),
        after.0,
        after.1,
        whose(sight),
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.parse(organization)).collect()
}

/// The teams of several members, of each the first by name. One query, however many they are.
pub async fn labels(
    conn: &mut PgConnection,
    organization: OrganizationId,
    sight: Sight,
    accounts: &[AccountId],
) -> Result<HashMap<AccountId, Vec<TeamLabel>>, sqlx::Error> {
    let ids: Vec<Uuid> = accounts.iter().map(|account| account.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT account.id AS "account_id!", t.team_id, t.name
           FROM unnest($2::uuid[]) AS account (id)
           CROSS JOIN LATERAL (
               SELECT t.id AS team_id, t.name, t.name_key
               FROM team_members m JOIN teams t ON t.id = m.team_id
               WHERE m.organization_id = $1 AND m.account_id = account.id
                   AND ($3::uuid IS NULL OR EXISTS (
                       SELECT FROM team_members own WHERE own.team_id = t.id AND own.account_id = $3))
               ORDER BY t.name_key, t.id
               LIMIT $4
           ) t
           ORDER BY account.id, t.name_key, t.team_id"#,
        organization.uuid(),
        &ids,
        whose(sight),
        LABELS,
    )
    .fetch_all(conn)
    .await?;
    let mut labels: HashMap<AccountId, Vec<TeamLabel>> = HashMap::new();
    for row in rows {
        let label = TeamLabel { team: row.team_id.into(), name: stored(&row.name)? };
        labels.entry(row.account_id.into()).or_default().push(label);
    }
    Ok(labels)
}

/// Whose teams alone are to be seen.
fn whose(sight: Sight) -> Option<Uuid> {
    match sight {
        Sight::All => None,
        Sight::OwnTeams(account) => Some(account.uuid()),
    }
}
