//! Second steps that are under way.

use crate::domain::second_factor::{Purpose, SecondStep};
use pass_types::{AccountId, Invalid, Origin, SecretHash, SessionId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    account_id: Uuid,
    session_id: Option<Uuid>,
    password_hash: Option<Vec<u8>>,
    challenge: Option<String>,
}

impl TryFrom<Row> for SecondStep {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let broken = || sqlx::Error::Decode(Invalid("is for a sign-in or for a session").into());
        let purpose = match (row.session_id, row.password_hash) {
            (Some(session), None) => Purpose::StepUp(session.into()),
            (None, Some(digest)) => Purpose::SignIn(digest.as_slice().try_into().map_err(|_| broken())?),
            _ => return Err(broken()),
        };
        Ok(Self { account: row.account_id.into(), purpose, challenge: row.challenge })
    }
}

/// Adds one; `history` is its entry in the login history.
pub async fn insert(
    db: &mut PgConnection,
    token: &SecretHash,
    step: &SecondStep,
    tries: i32,
    expires_at: OffsetDateTime,
    history: Option<Uuid>,
) -> Result<(), sqlx::Error> {
    let (session, digest) = match &step.purpose {
        Purpose::SignIn(digest) => (None, Some(digest.as_slice())),
        Purpose::StepUp(session) => (Some(session.uuid()), None),
    };
    sqlx::query!(
        "INSERT INTO second_steps
             (token_hash, account_id, session_id, password_hash, tries_left, challenge, expires_at, history_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        token.as_bytes(),
        step.account.uuid(),
        session,
        digest,
        tries,
        step.challenge,
        expires_at,
        history,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One that is not over; nobody else works on it until the transaction ends.
pub async fn lock(
    db: &mut PgConnection,
    token: &SecretHash,
    now: OffsetDateTime,
) -> Result<Option<SecondStep>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT account_id, session_id, password_hash, challenge FROM second_steps
         WHERE token_hash = $1 AND expires_at > $2 AND tries_left > 0 FOR UPDATE",
        token.as_bytes(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(SecondStep::try_from)
    .transpose()
}

/// Keeps a challenge for the account's keys, in place of the one that there may have been.
pub async fn challenge(
    db: &mut PgConnection,
    token: &SecretHash,
    challenge: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE second_steps SET challenge = $2 WHERE token_hash = $1", token.as_bytes(), challenge)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes a try away, and the challenge with it, which was for one answer.
pub async fn miss(db: &mut PgConnection, token: &SecretHash) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE second_steps SET tries_left = tries_left - 1, challenge = NULL WHERE token_hash = $1",
        token.as_bytes(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends one; its entry in the login history.
pub async fn end(db: &mut PgConnection, token: &SecretHash) -> Result<Option<Uuid>, sqlx::Error> {
    let ended = sqlx::query_scalar!(
        "DELETE FROM second_steps WHERE token_hash = $1 RETURNING history_id",
        token.as_bytes()
    );
    Ok(ended.fetch_optional(db).await?.flatten())
}

/// Ends those of a session.
pub async fn end_of_session(db: &mut PgConnection, session: SessionId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM second_steps WHERE session_id = $1", session.uuid()).execute(db).await?;
    Ok(())
}

/// Forgets those of an account.
pub async fn forget(db: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM second_steps WHERE account_id = $1", account.uuid()).execute(db).await?;
    Ok(())
}

/// Whether the account's password is still the one whose hash has this SHA-256. The account is to be locked.
pub async fn has_password(
    db: &mut PgConnection,
    account: AccountId,
    digest: &[u8; 32],
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT id FROM accounts WHERE id = $1 AND sha256(convert_to(password_hash, 'UTF8')) = $2",
        account.uuid(),
        digest.as_slice(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

/// Removes up to `most` that are over: whose sign-ins they were and from where, and how many in all.
pub async fn prune(
    db: &mut PgConnection,
    now: OffsetDateTime,
    most: i64,
) -> Result<(Vec<(AccountId, Origin)>, usize), sqlx::Error> {
    let over = sqlx::query!(
        r#"WITH over AS (
             DELETE FROM second_steps WHERE token_hash IN
                (SELECT token_hash FROM second_steps WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
             RETURNING account_id, history_id
         )
         SELECT over.account_id AS "account_id!", tried.address AS "address?", tried.user_agent AS "user_agent?"
         FROM over LEFT JOIN login_history tried ON tried.id = over.history_id"#,
        now,
        most,
    )
    .fetch_all(db)
    .await?;
    let count = over.len();
    let sign_ins = over.into_iter().filter_map(|step| {
        let origin = Origin { address: step.address?, user_agent: step.user_agent? };
        Some((step.account_id.into(), origin))
    });
    Ok((sign_ins.collect(), count))
}
