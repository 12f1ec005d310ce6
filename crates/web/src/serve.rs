//! Serving: connections of browsers, known by their address, closed when they are slow or old or the
//! server ends.

use crate::Web;
use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use pass_runtime::Shutdown;
use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// What connections may take.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Connections at once; whoever comes then waits for a place.
    connections: usize,
    /// How long a request's header may take, counted from when it could begin: idle connections end too.
    header: Duration,
    /// How old a connection gets: nobody holds a place for ever, however slowly a body is sent.
    age: Duration,
    /// How long what runs may go on: on a connection that is too old, and at shutdown.
    grace: Duration,
}

const BOUNDS: Bounds = Bounds {
    connections: 4096,
    header: Duration::from_secs(10),
    age: Duration::from_mins(5),
    grace: Duration::from_secs(10),
};

/// How long to wait when the system has no more sockets to give.
const EXHAUSTED: Duration = Duration::from_millis(100);

impl Web {
    /// Serves routes that have the layers [`around`](Web::around) them until shutdown, then lets what
    /// runs finish, for at most 10 seconds.
    pub async fn serve(&self, listener: TcpListener, routes: Router, shutdown: Shutdown) {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "serving browsers");
        }
        serve(listener, routes, shutdown, &self.0.running, BOUNDS).await;
    }
}

async fn serve(
    listener: TcpListener,
    routes: Router,
    shutdown: Shutdown,
    running: &TaskTracker,
    bounds: Bounds,
) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    while let Some((stream, peer, place)) = shutdown.or(next(&listener, &places)).await {
        let (routes, shutdown) = (routes.clone(), shutdown.clone());
        running.spawn(async move {
            connection(stream, peer, routes, &shutdown, bounds).await;
            drop(place);
        });
    }
    drop(listener);
    running.close();
    if timeout(bounds.grace, running.wait()).await.is_err() {
        tracing::warn!(running = running.len(), "requests did not finish in time");
    }
}

/// The next connection that there is a place for.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "accepting a connection");
                sleep(EXHAUSTED).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    shutdown: &Shutdown,
    bounds: Bounds,
) {
    // Without it answers are merely slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        routes.clone().oneshot(request)
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.header)
            .serve_connection(TokioIo::new(stream), service)
    );
    let retired = async {
        tokio::select! {
            () = sleep(bounds.age) => {}
            () = shutdown.requested() => {}
        }
    };
    tokio::select! {
        ended = connection.as_mut() => return note(ended),
        () = retired => connection.as_mut().graceful_shutdown(),
    }
    if let Ok(ended) = timeout(bounds.grace, connection).await {
        note(ended);
    } else {
        tracing::debug!("an old connection was dropped");
    }
}

fn note(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection broke");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use pass_runtime::Tasks;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: pass.example\r\n\r\n";
    const LAST: &[u8] = b"GET / HTTP/1.1\r\nHost: pass.example\r\nConnection: close\r\n\r\n";

    /// Serves, within the bounds, a page that waits for leave; gives its address.
    async fn served(tasks: &Tasks, work: &Arc<Work>, bounds: Bounds) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, work) = (listener.local_addr().unwrap(), work.clone());
        let routes = Router::new().route("/", get(async move || work.run().await));
        tasks.spawn("server", move |shutdown| async move {
            serve(listener, routes, shutdown, &TaskTracker::new(), bounds).await;
            Ok(())
        });
        address
    }

    /// What handlers do, and how many at once.
    struct Work {
        leave: Semaphore,
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl Work {
        fn new(leave: usize) -> Arc<Self> {
            Arc::new(Self {
                leave: Semaphore::new(leave),
                now: AtomicUsize::new(0),
                most: AtomicUsize::new(0),
            })
        }

        async fn run(&self) -> &'static str {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.leave.acquire().await.unwrap().forget();
            self.now.fetch_sub(1, Ordering::SeqCst);
            "done"
        }
    }

    /// Reads one answer; `false`: the connection was closed.
    async fn answered(stream: &mut TcpStream) -> bool {
        let (mut text, mut buffer) = (Vec::new(), [0; 1024]);
        while !text.ends_with(b"done") {
            match timeout(Duration::from_mins(1), stream.read(&mut buffer)).await.unwrap() {
                Ok(0) | Err(_) => return false,
                Ok(length) => text.extend_from_slice(&buffer[..length]),
            }
        }
        true
    }

    /// proves security.md: connections of public ports are bounded; who comes then waits and is served later
    #[tokio::test]
    async fn there_are_no_more_connections_than_places() {
        let (tasks, work) = (Tasks::default(), Work::new(0));
        let address = served(&tasks, &work, Bounds { connections: 2, ..BOUNDS }).await;
        let mut clients = Vec::new();
        for _ in 0..10 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(LAST).await.unwrap();
            clients.push(stream);
        }
        while work.now.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        // Time enough for more, if there were places.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(work.now.load(Ordering::SeqCst), 2);
        work.leave.add_permits(clients.len());
        for stream in &mut clients {
            assert!(answered(stream).await, "everybody is served in the end");
        }
        assert_eq!(work.most.load(Ordering::SeqCst), 2);
    }

    /// proves security.md: `max_connection_age`; the request that runs then is finished
    #[tokio::test]
    async fn a_connection_that_never_rests_ends_when_it_is_old() {
        let (tasks, work) = (Tasks::default(), Work::new(Semaphore::MAX_PERMITS));
        let age = Duration::from_millis(200);
        let address = served(&tasks, &work, Bounds { age, ..BOUNDS }).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let begun = tokio::time::Instant::now();
        let mut answers = 0;
        while stream.write_all(REQUEST).await.is_ok() && answered(&mut stream).await {
            answers += 1;
        }
        assert!(answers > 1, "it is used again and again");
        assert!(begun.elapsed() >= age);
    }

    /// proves security.md: nobody holds a place for ever, however long an answer takes
    #[tokio::test]
    async fn an_old_connection_that_does_not_finish_is_dropped() {
        let (tasks, work) = (Tasks::default(), Work::new(0));
        let (age, grace) = (Duration::from_millis(50), Duration::from_millis(50));
        let address = served(&tasks, &work, Bounds { age, grace, connections: 1, ..BOUNDS }).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(REQUEST).await.unwrap();
        assert!(!answered(&mut slow).await, "nobody gave it leave");
        work.leave.add_permits(1);
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(LAST).await.unwrap();
        assert!(answered(&mut next).await, "its place is free");
    }
}
