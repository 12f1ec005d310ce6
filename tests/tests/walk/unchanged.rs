//! Whether anything changed: all rows of all databases, before and after.

use pass_tests::Suite;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

/// What moves without anybody having changed anything: database (`*`: each), table, column (`*`: all of
/// it), why.
const MOVING: &[(&str, &str, &str, &str)] = &[
    ("identity", "sessions", "last_used_at", "showing a session's cookie is using it (ACC-12)"),
    ("identity", "throttles", "*", "counts tries, refused ones above all"),
    ("identity", "refused_tries", "*", "counts what is refused to strangers (AUD-1)"),
    ("gateway", "flows", "*", "a detour to sign in is written down, whoever takes it"),
    ("gateway", "back_channel_logouts", "*", "delivered some time after a session ended"),
    ("console", "sign_ins", "*", "a detour to sign in is written down, whoever takes it"),
    ("organization", "directory_refreshes", "*", "a list of work, done some time after an event"),
    ("organization", "members", "name", "a copy that follows the account (identity's events)"),
    ("organization", "members", "name_key", "a copy that follows the account"),
    ("organization", "members", "email", "a copy that follows the account"),
    ("organization", "members", "email_key", "a copy that follows the account"),
    ("notification", "deliveries", "*", "mails are sent some time after an event"),
    ("*", "outbox", "published_at", "the relay publishes some time after a change"),
    ("*", "inbox", "*", "events arrive some time after a change"),
    ("*", "inbox_positions", "*", "events arrive some time after a change"),
];

/// All rows that matter, by table ("identity.accounts"), as JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, Vec<String>>);

impl Snapshot {
    /// As it is now.
    pub async fn take(suite: &Suite) -> Self {
        Self::of(suite, |_| true, &[]).await
    }

    /// The services that own accounts, organizations and what these have, without rows that say one of `own`: what somebody
    /// may change of their own. What other services make of it comes later, at a time of its own.
    pub async fn of_others(suite: &Suite, own: &[String]) -> Self {
        const OWNERS: [&str; 4] = ["billing", "domain-verification", "identity", "organization"];
        Self::of(suite, |service| OWNERS.contains(&service), own).await
    }

    async fn of(suite: &Suite, which: impl Fn(&str) -> bool, own: &[String]) -> Self {
        let mut tables = BTreeMap::new();
        for (service, database) in suite.databases.iter().filter(|(service, _)| which(service)) {
            let names: Vec<String> = sqlx::query_scalar(
                "SELECT table_name::text FROM information_schema.tables
                 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'",
            )
            .fetch_all(&database.pool)
            .await
            .expect("the names of tables");
            for name in names {
                let moving: Vec<_> = moving(service, &name).collect();
                if moving.contains(&"*") {
                    continue;
                }
                let sql = format!("SELECT (to_jsonb(t) - $1::text[])::text FROM {name} t ORDER BY 1");
                let rows = sqlx::query_scalar(AssertSqlSafe(sql)).bind(moving).fetch_all(&database.pool);
                let mut rows: Vec<String> = rows.await.expect("rows");
                rows.retain(|row| !own.iter().any(|own| row.contains(own.as_str())));
                tables.insert(format!("{service}.{name}"), rows);
            }
        }
        Self(tables)
    }

    /// The rows that differ, but for tables that may: nothing is as it should be.
    pub fn changes_since(&self, before: &Self, after_what: &str, but_for: &[&str]) -> Vec<String> {
        let mut changes = Vec::new();
        for (table, rows) in &self.0 {
            let earlier = &before.0[table];
            if rows != earlier && !but_for.contains(&table.as_str()) {
                let gone = earlier.iter().filter(|row| !rows.contains(row)).map(|row| format!("- {row}"));
                let came = rows.iter().filter(|row| !earlier.contains(row)).map(|row| format!("+ {row}"));
                let lines: Vec<_> =
                    gone.chain(came).map(|line| line.chars().take(500).collect::<String>()).collect();
                changes.push(format!("{after_what} changed {table}:\n    {}", lines.join("\n    ")));
            }
        }
        changes
    }
}

fn moving<'a>(service: &'a str, table: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    MOVING
        .iter()
        .filter(move |(database, name, _, _)| ["*", service].contains(database) && *name == table)
        .map(|(_, _, column, _)| *column)
}

/// Panics when something is excepted that is not there (any more).
pub async fn check_exceptions(suite: &Suite) {
    for (service, table, column, why) in MOVING {
        let mut found = false;
        for (name, database) in &suite.databases {
            if ["*", name].contains(service) {
                let sql = "SELECT count(*) FROM information_schema.columns
                           WHERE table_schema = current_schema() AND table_name = $1
                               AND ($2 = '*' OR column_name = $2)";
                let columns = sqlx::query_scalar(sql).bind(table).bind(column).fetch_one(&database.pool);
                found |= columns.await.map(|columns: i64| columns > 0).expect("a count");
            }
        }
        assert!(
            found,
            "tests/tests/walk/unchanged.rs excepts {service}.{table}.{column} ({why}), which is not there"
        );
    }
}
