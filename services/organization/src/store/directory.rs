//! The copy of identity's directory that members carry, and which accounts' copies may be old.

use crate::domain::{key::sort_key, member::Profile};
use pass_types::AccountId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes that an account's copy may be old, under a new `mark`.
pub async fn mark(conn: &mut PgConnection, account: AccountId, mark: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO directory_refreshes (account_id, mark) VALUES ($1, $2)
         ON CONFLICT (account_id) DO UPDATE SET mark = EXCLUDED.mark",
        account.uuid(),
        mark,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The same, if there is a copy.
pub async fn mark_copied(conn: &mut PgConnection, account: AccountId, mark: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO directory_refreshes (account_id, mark)
         SELECT $1, $2 WHERE EXISTS (SELECT FROM members WHERE account_id = $1)
         ON CONFLICT (account_id) DO UPDATE SET mark = EXCLUDED.mark",
        account.uuid(),
        mark,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Accounts whose copy may be old, with their marks.
pub async fn marked(conn: &mut PgConnection, limit: i64) -> Result<Vec<(AccountId, Uuid)>, sqlx::Error> {
    let rows = sqlx::query!("SELECT account_id, mark FROM directory_refreshes ORDER BY mark LIMIT $1", limit)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.account_id.into(), row.mark)).collect())
}

/// Takes the mark away; `false`: there is another one by now, so what was read under it may be old.
pub async fn unmark(conn: &mut PgConnection, account: AccountId, mark: Uuid) -> Result<bool, sqlx::Error> {
    let unmarked = sqlx::query!(
        "DELETE FROM directory_refreshes WHERE account_id = $1 AND mark = $2",
        account.uuid(),
        mark,
    )
    .execute(conn)
    .await?;
    Ok(unmarked.rows_affected() == 1)
}

/// Writes the copy anew, in every organization of the account.
pub async fn refresh(conn: &mut PgConnection, profile: &Profile) -> Result<(), sqlx::Error> {
    let Profile { account, kind: _, name, email } = profile;
    sqlx::query!(
        "UPDATE members SET name = $2, name_key = $3, email = $4, email_key = $5 WHERE account_id = $1",
        account.uuid(),
        name.as_str(),
        sort_key(name.as_str()),
        email.as_str(),
        email.key(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
