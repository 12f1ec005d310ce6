//! Connections, and browsers that go away.

use crate::{get_of, web};
use axum::{Router, extract::ConnectInfo, routing::get};
use pass_runtime::Tasks;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, timeout},
};
use tower::ServiceExt;

/// A handler that says when it begins and ends, and waits in between.
#[derive(Clone)]
struct Work {
    begun: Arc<Semaphore>,
    go: Arc<Semaphore>,
    done: Arc<Semaphore>,
}

impl Work {
    fn new() -> Self {
        let [begun, go, done] = [(); 3].map(|()| Arc::new(Semaphore::new(0)));
        Self { begun, go, done }
    }

    fn routes(&self) -> Router {
        let work = self.clone();
        let handler = || async move {
            work.begun.add_permits(1);
            work.go.acquire().await.unwrap().forget();
            work.done.add_permits(1);
            "done"
        };
        Router::new()
            .route("/work", get(handler))
            .route("/peer", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
    }
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_mins(1), work).await.expect("it happens")
}

struct Served {
    work: Work,
    address: SocketAddr,
    tasks: Tasks,
}

async fn serve() -> Served {
    let (work, web, tasks) = (Work::new(), web(), Tasks::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = web.around(work.routes());
    tasks.spawn("server", |shutdown| async move {
        web.serve(listener, routes, shutdown).await;
        Ok(())
    });
    Served { work, address, tasks }
}

async fn send(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    within(stream.read_to_string(&mut text)).await.unwrap();
    text
}

/// A transaction that is dropped half-way can poison its connection.
#[tokio::test]
async fn what_a_browser_began_is_finished_when_it_goes_away() {
    let work = Work::new();
    let request = tokio::spawn(web().around(work.routes()).oneshot(get_of("/work")));
    within(work.begun.acquire()).await.unwrap().forget();
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    work.go.add_permits(1);
    within(work.done.acquire()).await.unwrap().forget();
}

#[tokio::test]
async fn the_same_over_a_connection_that_is_closed() {
    let served = serve().await;
    let mut stream = send(served.address, "GET /work HTTP/1.1\r\nHost: pass.example\r\n\r\n").await;
    within(served.work.begun.acquire()).await.unwrap().forget();
    stream.shutdown().await.unwrap();
    assert_eq!(answer(stream).await, "", "the server has noticed");
    // Shutdown waits for what nobody waits for, too.
    let stopping = tokio::spawn(async move { served.tasks.stop(Duration::from_mins(1)).await });
    served.work.go.add_permits(1);
    within(served.work.done.acquire()).await.unwrap().forget();
    within(stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_is_answered_and_knows_its_peer() {
    let served = serve().await;
    let request = "GET /peer HTTP/1.1\r\nHost: pass.example\r\nConnection: close\r\n\r\n";
    let stream = send(served.address, request).await;
    let ours = stream.local_addr().unwrap().to_string();
    let answer = answer(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(&ours), "{answer}");
}

/// The clock is tokio's, and runs ahead when there is nothing to do.
#[tokio::test(start_paused = true)]
async fn half_a_header_does_not_hold_a_connection() {
    let served = serve().await;
    let begun = Instant::now();
    let stream = send(served.address, "GET /peer HTTP/1.1\r\nHost: pass").await;
    assert!(!answer(stream).await.contains("200"));
    assert!(begun.elapsed() <= Duration::from_secs(11), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn shutdown_finishes_what_runs_and_takes_nothing_new() {
    let served = serve().await;
    let stream = send(served.address, "GET /work HTTP/1.1\r\nHost: pass.example\r\n\r\n").await;
    within(served.work.begun.acquire()).await.unwrap().forget();
    let stopping = tokio::spawn(async move { served.tasks.stop(Duration::from_mins(1)).await });
    within(async {
        while TcpStream::connect(served.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(!stopping.is_finished());
    served.work.go.add_permits(1);
    assert!(answer(stream).await.ends_with("done"));
    within(stopping).await.unwrap().unwrap();
}
