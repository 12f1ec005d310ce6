//! Test sign-ins (SML-6).

use crate::{
    domain::saml_test::{Line, Test, TestState},
    store::stored,
};
use pass_types::SamlTestId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    organization_id: Uuid,
    connection_id: Uuid,
    state: String,
    expires_at: OffsetDateTime,
}

impl From<Row> for Test {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            connection: row.connection_id.into(),
            state: match row.state.as_str() {
                "passed" => TestState::Passed,
                "failed" => TestState::Failed,
                _ => TestState::Waiting,
            },
            expires_at: row.expires_at,
        }
    }
}

/// Adds one.
pub async fn insert(db: &mut PgConnection, test: &Test) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO saml_tests (id, organization_id, connection_id, state, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        test.id.uuid(),
        test.organization.uuid(),
        test.connection.uuid(),
        test.state.as_str(),
        test.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One.
pub async fn find(db: &mut PgConnection, id: SamlTestId) -> Result<Option<Test>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, organization_id, connection_id, state, expires_at FROM saml_tests WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Test::from))
}

/// What the checks of one said.
pub async fn verdicts(db: &mut PgConnection, id: SamlTestId) -> Result<Vec<Line>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT name, outcome, expected, received FROM saml_test_verdicts WHERE test_id = $1 ORDER BY position",
        id.uuid(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let outcome = stored(&row.outcome)?;
            Ok(Line { name: row.name, outcome, expected: row.expected, received: row.received })
        })
        .collect()
}

/// Ends one that waits, with what its checks said. False when it has ended.
pub async fn end(
    db: &mut PgConnection,
    id: SamlTestId,
    state: TestState,
    lines: &[Line],
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE saml_tests SET state = $2 WHERE id = $1 AND state = 'waiting' AND expires_at > $3",
        id.uuid(),
        state.as_str(),
        now,
    )
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let column = |of: fn(&Line) -> &str| lines.iter().map(|line| of(line).to_owned()).collect::<Vec<_>>();
    sqlx::query!(
        "INSERT INTO saml_test_verdicts (test_id, position, name, outcome, expected, received)
         SELECT $1, ordinality::smallint, name, outcome, expected, received
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
            AS line (name, outcome, expected, received)",
        id.uuid(),
        &column(|line| &line.name),
        &column(|line| line.outcome.as_str()),
        &column(|line| &line.expected),
        &column(|line| &line.received),
    )
    .execute(&mut *db)
    .await?;
    Ok(true)
}

/// Removes up to `most` of those that expired before `before`; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM saml_tests WHERE id IN
            (SELECT id FROM saml_tests WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
