//! Several at once, so that it does not depend on luck who is where.

use crate::suite::Suite;
use futures::future::{join, join_all};
use pass_testkit::wait_for;

/// Runs these at once: `lock` (a query that locks rows) is held until every one of them waits for it, so each has done
/// before what it does without that lock.
pub async fn at_once<F: Future>(suite: &Suite, lock: &'static str, tries: Vec<F>) -> Vec<F::Output> {
    behind(suite, lock, "SELECT", tries).await
}

/// The same, and before they go on `change` (a statement) is made.
pub async fn behind<F: Future>(
    suite: &Suite,
    lock: &'static str,
    change: &'static str,
    tries: Vec<F>,
) -> Vec<F::Output> {
    const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let all = i64::try_from(tries.len()).unwrap();
    let mut held = suite.database.pool.begin().await.unwrap();
    sqlx::query(lock).execute(&mut *held).await.unwrap();
    let release = async {
        wait_for(async || suite.count(WAITING).await == all).await;
        sqlx::query(change).execute(&mut *held).await.unwrap();
        held.commit().await.unwrap();
    };
    join(join_all(tries), release).await.0
}
