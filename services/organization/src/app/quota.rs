//! What may be done only so often a day (UTC).

use crate::store::quotas::{self, Quota};
use sqlx::PgConnection;
use std::time::Duration;
use time::{OffsetDateTime, Time};

/// Counts once more for each of the quotas; when the limit of one is reached, how long until the next day.
/// Whoever else counts for one of them waits from here until this transaction ends.
pub async fn take(
    conn: &mut PgConnection,
    all: &[Quota],
    limit: i32,
    now: OffsetDateTime,
) -> Result<Option<Duration>, sqlx::Error> {
    for quota in all {
        if !quotas::take(conn, *quota, now.date(), limit).await? {
            return Ok(Some(until_midnight(now)));
        }
    }
    Ok(None)
}

fn until_midnight(now: OffsetDateTime) -> Duration {
    let midnight = now.date().next_day().map(|day| day.with_time(Time::MIDNIGHT).assume_utc());
    midnight.and_then(|midnight| (midnight - now).try_into().ok()).unwrap_or(Duration::from_hours(24))
}
