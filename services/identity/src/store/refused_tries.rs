//! What was refused to people who did not prove who they are, by what it is counted by and minute (AUD-1).

use crate::domain::guessing::Attempted;
use pass_types::{AccountId, SecretHash};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// How often something was refused in a minute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefusedTries {
    /// About which account; `None`: about none, or all that there are not.
    pub account: Option<AccountId>,
    /// What was tried.
    pub attempted: Attempted,
    /// Why it was refused.
    pub reason: String,
    /// The minute's beginning.
    pub minute: OffsetDateTime,
    /// So often.
    pub refused: i64,
}

/// Counts one more; `account` is whose it was about.
pub async fn count(
    db: &mut PgConnection,
    subject: &SecretHash,
    account: Option<AccountId>,
    (attempted, reason): (Attempted, &str),
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO refused_tries AS known (subject, attempt, reason, minute, account_id, refused)
         VALUES ($1, $2, $3, $4, $5, 1)
         ON CONFLICT (subject, attempt, reason, minute) DO UPDATE SET refused = known.refused + 1",
        subject.as_bytes(),
        attempted.as_str(),
        reason,
        now.truncate_to_minute(),
        account.map(AccountId::uuid),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes all of a minute before `minute`, or nothing: there is none, or another replica is at it. Who is late for a minute
/// makes a row anew.
pub async fn take(db: &mut PgConnection, minute: OffsetDateTime) -> Result<Vec<RefusedTries>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH taken AS (
             DELETE FROM refused_tries WHERE (subject, attempt, reason, minute) IN
                (SELECT subject, attempt, reason, minute FROM refused_tries
                 WHERE minute = (SELECT min(minute) FROM refused_tries WHERE minute < $1)
                 FOR UPDATE SKIP LOCKED)
             RETURNING account_id, attempt, minute, reason, refused
         )
         SELECT a.id AS "account_id?", t.attempt AS "attempt!", t.minute AS "minute!", t.reason AS "reason!",
            sum(t.refused) AS "refused!"
         FROM taken t LEFT JOIN accounts a ON a.id = t.account_id
         GROUP BY a.id, t.attempt, t.minute, t.reason"#,
        minute,
    )
    .fetch_all(db)
    .await?;
    let refused = rows.into_iter().filter_map(|row| {
        Some(RefusedTries {
            account: row.account_id.map(AccountId::from),
            attempted: Attempted::from_name(&row.attempt)?,
            reason: row.reason,
            minute: row.minute,
            refused: row.refused,
        })
    });
    Ok(refused.collect())
}
