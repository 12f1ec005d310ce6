//! What no implementation could be faster than.

use super::load::{Row, run};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use axum::{Router, routing::get};
use pass_runtime::http;
use pass_tests::Suite;
use std::{cell::RefCell, time::Duration};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Server, server::TcpIncoming};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

thread_local! {
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// The hash of a password at the default cost, on blocking threads, memory reused; as many at once as
/// there are processors, however many wait.
pub async fn argon2id(concurrent: usize) -> Row {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let permits = std::sync::Arc::new(tokio::sync::Semaphore::new(processors));
    run(concurrent, 100 * concurrent.min(8), move |_| {
        let permits = permits.clone();
        async move {
            let _permit = permits.acquire().await;
            tokio::task::spawn_blocking(hash).await.expect("a hash");
        }
    })
    .await
}

fn hash() {
    let params = Params::new(19 * 1024, 2, 1, Some(32)).expect("parameters");
    let mut out = [0; 32];
    MEMORY.with_borrow_mut(|memory| {
        memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2
            .hash_password_into_with_memory(b"a password of somebody", b"0123456789abcdef", &mut out, memory)
            .expect("a hash");
    });
}

/// The smallest answer of an HTTP server, asked over loopback.
pub async fn axum_hello(concurrent: usize) -> Row {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/", get(|| async { "hello" }))).await.expect("a server");
    });
    let client = http::client(Duration::from_secs(10)).expect("a client");
    let row = run(concurrent, 5_000, move |_| {
        let request = client.get(&url);
        async move {
            request.send().await.expect("an answer").bytes().await.expect("a body");
        }
    })
    .await;
    server.abort();
    row
}

/// The smallest call of a gRPC server without TLS, over loopback.
pub async fn tonic_echo(concurrent: usize) -> Row {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (_, health) = tonic_health::server::health_reporter();
    let server =
        tokio::spawn(Server::builder().add_service(health).serve_with_incoming(TcpIncoming::from(listener)));
    let channel = Channel::from_shared(url).expect("a URL").connect().await.expect("a connection");
    let row = run(concurrent, 10_000, move |_| {
        let mut client = HealthClient::new(channel.clone());
        async move {
            client.check(HealthCheckRequest::default()).await.expect("an answer");
        }
    })
    .await;
    server.abort();
    row
}

/// One row, written durably.
pub async fn one_row_commit(suite: &Suite, concurrent: usize) -> Row {
    let pool = suite.databases["gateway"].pool.clone();
    sqlx::query("CREATE TABLE IF NOT EXISTS bench (at timestamptz NOT NULL DEFAULT now())")
        .execute(&pool)
        .await
        .expect("a table");
    run(concurrent, 3_000, move |_| {
        let pool = pool.clone();
        async move {
            sqlx::query("INSERT INTO bench DEFAULT VALUES").execute(&pool).await.expect("a row");
        }
    })
    .await
}
