//! What billing says of itself to whoever sends it work.

use crate::suite::Suite;
use pass_testkit::wait_for;

/// proves: a job that fails takes no replica out of service: readiness says whether the database answers
#[tokio::test]
async fn a_job_that_fails_is_no_reason_to_be_unready() {
    let suite = Suite::start().await;
    let health = suite.context.health.clone();
    let database = || health.report().get("database").cloned();
    wait_for(async || database().is_some_and(|it| it.is_ok())).await;
    sqlx::query("ALTER TABLE requests RENAME TO elsewhere").execute(&suite.database.pool).await.unwrap();
    let failed = async || -> i64 {
        let query = "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()";
        sqlx::query_scalar(query).fetch_one(&suite.database.pool).await.unwrap()
    };
    let before = failed().await;
    wait_for(async || failed().await >= before + 3).await;
    assert_eq!(database(), Some(Ok(())), "the job has failed again and again");
}
