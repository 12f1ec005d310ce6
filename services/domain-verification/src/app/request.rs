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

/// Takes `request` of this person for making `result` from `content`.
pub async fn claim(
    conn: &mut PgConnection,
    by: &By,
    request: RequestId,
    content: &[&str],
    result: Uuid,
    now: OffsetDateTime,
) -> Result<Claim, sqlx::Error> {
    let account = by.person.account;
    let made = Made { content: digest(content), result };
    if requests::claim(conn, account, request, &made, now).await? {
        return Ok(Claim::First);
    }
    let earlier = requests::find(conn, account, request).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(if earlier.content == made.content { Claim::Repeated(earlier.result) } else { Claim::Reused })
}

fn digest(content: &[&str]) -> Vec<u8> {
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
        assert_eq!(digest(&["ab", "c"]), digest(&["ab", "c"]));
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["ab"]), digest(&["ab", ""]));
    }
}
