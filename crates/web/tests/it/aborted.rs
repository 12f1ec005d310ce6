//! Ten thousand browsers that go away in the middle of a transaction.

use crate::web;
use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use pass_runtime::Tasks;
use pass_testkit::wait_for;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};

const BROWSERS: usize = 16;
const EACH: usize = 625;
const CONNECTIONS: u32 = 4;

/// How far a browser's handler is.
struct Signals {
    arrived: Semaphore,
    begun: Semaphore,
}

type All = Arc<[Signals; BROWSERS]>;

async fn transact(State((pool, all)): State<(PgPool, All)>, Path(browser): Path<usize>) -> String {
    let signals = &all[browser];
    signals.arrived.add_permits(1);
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("INSERT INTO visits DEFAULT VALUES").execute(&mut *transaction).await.unwrap();
    signals.begun.add_permits(1);
    sqlx::query("SELECT pg_sleep(0.001)").execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    "done".to_owned()
}

async fn seen(signal: &Semaphore) {
    let permit = timeout(Duration::from_secs(20), signal.acquire()).await.expect("the handler goes on");
    permit.unwrap().forget();
}

/// A browser that asks and goes away before the answer: when its handler is in the transaction, or about to begin it.
async fn impatient(address: SocketAddr, browser: usize, all: All) {
    let Signals { arrived, begun } = &all[browser];
    for visit in 0..EACH {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET /{browser} HTTP/1.1\r\nHost: pass.example\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        seen(arrived).await;
        if visit % 2 == 0 {
            seen(begun).await;
            drop(stream);
        } else {
            drop(stream);
            seen(begun).await;
        }
    }
}

/// proves security.md: 10,000 cancelled calls leave no connection "idle in transaction"
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_aborted_requests_leave_no_transaction_open() {
    let database = pass_testkit::postgres().await.database(&[]).await;
    sqlx::query("CREATE TABLE visits (visit bigint GENERATED ALWAYS AS IDENTITY)")
        .execute(&database.pool)
        .await
        .unwrap();
    let patience = Duration::from_secs(20);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(patience);
    let pool = pool.connect(&database.url).await.unwrap();
    let all: All =
        Arc::new(std::array::from_fn(|_| Signals { arrived: Semaphore::new(0), begun: Semaphore::new(0) }));

    let (web, tasks) = (web(), Tasks::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/{browser}", get(transact)).with_state((pool.clone(), all.clone()));
    let routes = web.around(routes);
    tasks.spawn("server", |shutdown| async move {
        web.serve(listener, routes, shutdown).await;
        Ok(())
    });
    let browsers = (0..BROWSERS).map(|browser| tokio::spawn(impatient(address, browser, all.clone())));
    for browser in browsers.collect::<Vec<_>>() {
        browser.await.unwrap();
    }

    // What was begun was finished, all of it.
    let visits = i64::try_from(BROWSERS * EACH).unwrap();
    wait_for(async || {
        let committed = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM visits");
        committed.fetch_one(&database.pool).await.unwrap() == visits
    })
    .await;
    let open = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    // The last commits may be on their way back.
    wait_for(async || sqlx::query_scalar::<_, i64>(open).fetch_one(&database.pool).await.unwrap() == 0).await;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = pool.acquire().await.unwrap();
        let fresh: bool = sqlx::query_scalar("SELECT pg_current_xact_id_if_assigned() IS NULL")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert!(fresh, "nothing of an earlier transaction");
        connections.push(connection);
    }
}
