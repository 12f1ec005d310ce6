//! The inbox of calls, on a real database.

use crate::support::{World, account};
use pass_events::requests::{Claim, claim, prune, recall};
use pass_mesh::{Fault, Problem};
use pass_types::{Entropy, Kind, RequestId};
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn request(number: u64) -> RequestId {
    RequestId::from(Entropy::from_seed(number).uuid(NOW))
}

/// proves: a change happens once, however often it is asked for under one request id
#[tokio::test]
async fn the_same_request_is_known_by_account_id_and_content() {
    let world = World::new().await;
    let mut db = world.database.pool.acquire().await.unwrap();
    let (first, other) = (request(1).uuid(), request(2).uuid());
    let (taro, jiro) = (account(1), account(2));
    assert_eq!(recall(&mut db, taro, request(1), &["team", "a"]).await.unwrap(), Claim::First);
    assert_eq!(claim(&mut db, taro, request(1), &["team", "a"], first, NOW).await.unwrap(), Claim::First);
    let repeated = claim(&mut db, taro, request(1), &["team", "a"], other, NOW).await.unwrap();
    assert_eq!(repeated, Claim::Repeated(first));
    assert_eq!(recall(&mut db, taro, request(1), &["team", "a"]).await.unwrap(), Claim::Repeated(first));
    assert_eq!(claim(&mut db, taro, request(1), &["team", "b"], other, NOW).await.unwrap(), Claim::Reused);
    assert_eq!(recall(&mut db, taro, request(1), &["teama"]).await.unwrap(), Claim::Reused);
    assert_eq!(claim(&mut db, jiro, request(1), &["team", "a"], other, NOW).await.unwrap(), Claim::First);

    let day = Duration::DAY;
    assert_eq!(prune(&mut db, NOW + 30 * day, 10).await.unwrap(), 0, "remembered for 30 days");
    assert_eq!(prune(&mut db, NOW + 31 * day, 1).await.unwrap(), 1, "in small steps");
    assert_eq!(prune(&mut db, NOW + 31 * day, 10).await.unwrap(), 1);
    assert_eq!(recall(&mut db, taro, request(1), &["team", "a"]).await.unwrap(), Claim::First);
}

/// proves: of two at once one makes it, and the other is told what was made
#[tokio::test]
async fn of_two_at_once_one_makes_it() {
    let world = World::new().await;
    let (first, second) = (request(1).uuid(), request(2).uuid());
    let mut making = world.database.pool.begin().await.unwrap();
    let claimed = claim(&mut making, account(1), request(1), &["a"], first, NOW).await.unwrap();
    assert_eq!(claimed, Claim::First);
    let pool = world.database.pool.clone();
    let waiting = tokio::spawn(async move {
        let mut late = pool.begin().await.unwrap();
        claim(&mut late, account(1), request(1), &["a"], second, NOW).await.unwrap()
    });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    pass_testkit::wait_for(async || world.number(waits).await == Some(1)).await;
    making.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), Claim::Repeated(first));
}

/// proves: what passes (a lock that is not given, a deadlock, a connection that is cut) is told as
/// "try again", everything else as a fault of ours
#[tokio::test]
async fn what_passes_is_told_apart_from_what_does_not() {
    let world = World::new().await;
    let pool = &world.database.pool;
    let raised = async |state: &str| {
        let block = format!("DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{state}'; END $$");
        let mut db = pool.acquire().await.unwrap();
        let error = sqlx::raw_sql(sqlx::AssertSqlSafe(block)).execute(&mut *db).await.unwrap_err();
        let kind = Fault::from(error).kind();
        db.close().await.unwrap();
        kind
    };
    for passes in ["08006", "40001", "40P01", "53300", "55P03", "57014", "57P01"] {
        assert_eq!(raised(passes).await, Kind::Unavailable, "{passes}");
    }
    for stays in ["23505", "25P02", "42P01", "22023", "XX000"] {
        assert_eq!(raised(stays).await, Kind::Internal, "{stays}");
    }
}
