//! Settings that can't work, and what readiness looks at.

use crate::suite::Suite;
use gateway::Config;
use serde_json::json;

/// A period or a life of nothing is no setting: keys would rotate for ever, sessions end as they begin.
#[test]
fn periods_are_more_than_nothing() {
    for (part, name) in [
        ("keys", "period_days"),
        ("keys", "lead_minutes"),
        ("refresh", "idle_minutes"),
        ("refresh", "absolute_hours"),
    ] {
        let config = |number: u32| serde_json::from_value::<Config>(json!({ part: { name: number } }));
        assert!(config(1).is_ok(), "{part}.{name}");
        let error = config(0).unwrap_err().to_string();
        assert!(error.contains("nonzero"), "{part}.{name}: {error}");
    }
}

/// Readiness looks at the database like that of the other services.
#[tokio::test]
async fn readiness_looks_at_the_database() {
    let suite = Suite::start().await;
    let database = || suite.context.health.report().remove("database");
    pass_testkit::wait_for(async || database() == Some(Ok(()))).await;
    let close = async || suite.gateway.pool.close().await;
    close().await;
    pass_testkit::wait_for(async || matches!(database(), Some(Err(_)))).await;
}
