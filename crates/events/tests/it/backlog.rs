//! What is measured of queues that nobody reads, and keys that are forgotten.

use crate::support::{Record, RecordThen, SECOND, World, impatient, session_of, signed_in, stop};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use pass_events::HandlerError;
use pass_testkit::wait_up_to;
use std::{
    io::Write,
    sync::{Arc, Mutex},
};

/// What was recorded and logged on this thread, on which all of a test runs.
struct Watched {
    metrics: PrometheusHandle,
    log: Log,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Watched {
    /// The value of the series whose line begins so.
    async fn reaches(&self, series: &str, value: &str) {
        wait_up_to(60 * SECOND, async || {
            self.metrics.render().lines().any(|line| line.starts_with(series) && line.ends_with(value))
        })
        .await;
    }

    fn logged(&self, text: &str) -> usize {
        String::from_utf8_lossy(&self.log.0.lock().unwrap()).matches(text).count()
    }
}

/// Runs the test with a recorder and a log of its own.
macro_rules! watched {
    ($name:ident) => {
        let recorder = PrometheusBuilder::new().build_recorder();
        let log = Log::default();
        let $name = Watched { metrics: recorder.handle(), log: log.clone() };
        let _recording = metrics::set_default_local_recorder(&recorder);
        let subscriber = tracing_subscriber::fmt().with_writer(move || log.clone()).finish();
        let _logging = tracing::subscriber::set_default(subscriber);
    };
}

/// proves: what nobody is bound to is seen, and warned of once in a while
#[tokio::test]
async fn what_nobody_is_bound_to_is_measured_and_warned_of() {
    let world = World::new().await;
    watched!(watched);
    let relay = world.relay();
    watched.reaches(r#"pass_events_unrouted_messages{source="identity"}"#, " 0").await;
    assert_eq!(watched.logged("nobody is bound to"), 0);
    for number in 0..3 {
        world.publish(signed_in(number)).await;
    }
    world.settled(0).await;
    stop(relay).await;
    // Another process finds them.
    let _relay = world.relay();
    watched.reaches(r#"pass_events_unrouted_messages{source="identity"}"#, " 3").await;
    assert_eq!(watched.logged("there are events that nobody is bound to"), 1);
}

/// proves: dead letters are seen for as long as they lie there
#[tokio::test]
async fn dead_letters_are_measured_and_warned_of() {
    let world = World::new().await;
    watched!(watched);
    let relay = world.relay();
    let reject = RecordThen(async |_| Err(HandlerError::Reject("never".to_owned())));
    let series = r#"pass_events_dead_letter_messages{queue="reader.rejects"}"#;
    let consumer = world.consumer_of("reader.rejects", &["identity.#"], reject, impatient(1)).await;
    watched.reaches(series, " 0").await;
    world.publish(signed_in(1)).await;
    world.message_count("reader.rejects.dead", 1).await;
    stop(consumer).await;
    let _consumer = world.consumer_of("reader.rejects", &["identity.#"], Record, impatient(1)).await;
    watched.reaches(series, " 1").await;
    assert_eq!(watched.logged("there are dead letters"), 1);
    drop(relay);
}

/// proves: tables that only grow are pruned; and a key is remembered while anything of it waits
#[tokio::test]
async fn keys_of_what_is_short_lived_are_forgotten_a_month_after_their_last_event() {
    const DAY: std::time::Duration = std::time::Duration::from_hours(24);
    let world = World::new().await;
    world.publish(signed_in(1)).await;
    world.publish(session_of(2)).await;
    world.clock.advance(31 * DAY);
    world.publish(session_of(3)).await;
    let keys = "SELECT count(*) FROM outbox_keys";
    let relay = world.relay();
    world.settled(0).await;
    // What waited for the broker for a month was told only now: its key is kept.
    world.clock.advance(2 * DAY);
    wait_up_to(60 * SECOND, async || world.number("SELECT count(*) FROM outbox").await == Some(3)).await;
    stop(relay).await;
    assert_eq!(world.number(keys).await, Some(3));

    world.clock.advance(6 * DAY);
    let _relay = world.relay();
    wait_up_to(60 * SECOND, async || world.number(keys).await == Some(2)).await;
    let rest = "SELECT count(*) FROM outbox_keys WHERE key LIKE 'account/%' OR (key LIKE 'session/%' AND sequence = 1)";
    assert_eq!(world.number(rest).await, Some(2), "the account's, and the session's of eight days ago");
    // The numbering of a key that stays goes on.
    world.publish(signed_in(1)).await;
    assert_eq!(
        world.number("SELECT max(sequence) FROM outbox_keys WHERE key LIKE 'account/%'").await,
        Some(2)
    );
}

/// Has the database call a function after each statement that deletes from the outbox.
async fn after_each_deletion(world: &World, body: &str) {
    for statement in [
        "CREATE TABLE turns (place bigint GENERATED ALWAYS AS IDENTITY, waiting bigint)".to_owned(),
        "CREATE SEQUENCE tries".to_owned(),
        format!(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
        ),
        "CREATE TRIGGER note AFTER DELETE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION note()".to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&world.database.pool).await.unwrap();
    }
}

/// So many rows that were published long ago.
async fn old_rows(world: &World, rows: i32) {
    world.publish(signed_in(1)).await;
    let old =
        "INSERT INTO outbox (event_id, lane, key, sequence, routing_key, envelope, created_at, published_at)
        SELECT gen_random_uuid(), lane, 'old/' || n, 1, routing_key, envelope, created_at, created_at
        FROM outbox, generate_series(1, $1) n";
    sqlx::query(old).bind(rows).execute(&world.database.pool).await.unwrap();
    world.clock.advance(8 * 24 * 3_600 * SECOND);
}

/// proves: an event waits for a chunk of the pruning at most, however much there is to prune
#[tokio::test]
async fn an_event_does_not_wait_behind_a_long_pruning() {
    let world = World::new().await;
    old_rows(&world, 12_000).await;
    // While the first chunk is deleted there comes an event.
    let comes = "IF NOT EXISTS (SELECT FROM turns) THEN
            INSERT INTO outbox (event_id, lane, key, sequence, routing_key, envelope, created_at)
            SELECT gen_random_uuid(), lane, 'late/1', 1, routing_key, envelope, created_at
            FROM outbox WHERE key LIKE 'account/%';
        END IF;
        INSERT INTO turns (waiting) SELECT count(*) FROM outbox WHERE published_at IS NULL;";
    after_each_deletion(&world, comes).await;
    let _relay = world.relay();
    wait_up_to(60 * SECOND, async || world.number("SELECT count(*) FROM outbox").await == Some(2)).await;
    world.settled(0).await;
    let turns: Vec<i64> = sqlx::query_scalar("SELECT waiting FROM turns ORDER BY place")
        .fetch_all(&world.database.pool)
        .await
        .unwrap();
    assert_eq!(turns, [1, 0, 0], "it was told before the second chunk");
}

/// proves: a pruning that fails interrupts the relay once, not for as long as it fails
#[tokio::test]
async fn a_pruning_that_fails_waits_for_its_next_time() {
    let world = World::new().await;
    old_rows(&world, 1).await;
    after_each_deletion(&world, "PERFORM nextval('tries'); RAISE 'no';").await;
    let _relay = world.relay();
    let tries = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tries";
    wait_up_to(60 * SECOND, async || world.number(tries).await == Some(1)).await;
    for _ in 0..3 {
        // Each waits for the relay to be back, if it is away.
        world.publish(signed_in(1)).await;
        world.settled(0).await;
    }
    assert_eq!(world.number(tries).await, Some(1));
    world.clock.advance(3_601 * SECOND);
    wait_up_to(60 * SECOND, async || world.number(tries).await == Some(2)).await;
}
