//! A change happens once, however often it is asked for under one `request_id`.

use super::By;
use crate::store::requests::{self, Made};
use pass_types::RequestId;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Whether this is the first time.
#[derive(Debug)]
pub enum Claim {
    /// It is: make it, under the id that was given.
    First,
    /// It is not: this was made then.
    Repeated(Uuid),
    /// It is not, and the content was another then.
    Reused,
}

/// Whether `request` of this person was claimed before, without claiming it.
pub async fn recall(
    conn: &mut PgConnection,
    by: &By,
    request: RequestId,
    content: &[String],
) -> Result<Claim, sqlx::Error> {
    let content = digest(content);
    Ok(match requests::find(conn, by.account, request).await? {
        None => Claim::First,
        Some(earlier) if earlier.content == content => Claim::Repeated(earlier.result),
        Some(_) => Claim::Reused,
    })
}

/// Takes `request` of this person for making `result` from `content`.
pub async fn claim(
    conn: &mut PgConnection,
    by: &By,
    request: RequestId,
    content: &[String],
    result: Uuid,
    now: OffsetDateTime,
) -> Result<Claim, sqlx::Error> {
    let made = Made { content: digest(content), result };
    if requests::claim(conn, by.account, request, &made, now).await? {
        return Ok(Claim::First);
    }
    match recall(conn, by, request, content).await? {
        Claim::First => Err(sqlx::Error::RowNotFound),
        earlier => Ok(earlier),
    }
}

fn digest(content: &[String]) -> Vec<u8> {
    let mut digest = Sha256::new();
    for part in content {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let of = |parts: &[&str]| digest(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ab", ""]));
    }
}
