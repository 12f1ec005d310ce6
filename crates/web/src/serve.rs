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
use tower::ServiceExt;

/// Connections at once; whoever comes then waits for a place.
const CONNECTIONS: usize = 4096;
/// How long a request's header may take, counted from when it could begin: idle connections end too.
const HEADER: Duration = Duration::from_secs(10);
/// How old a connection gets: nobody holds a place for ever, however slowly a body is sent.
const AGE: Duration = Duration::from_mins(5);
/// How long what runs may go on: on a connection that is too old, and at shutdown.
const GRACE: Duration = Duration::from_secs(10);
/// How long to wait when the system has no more sockets to give.
const EXHAUSTED: Duration = Duration::from_millis(100);

impl Web {
    /// Serves routes that have the layers [`around`](Web::around) them until shutdown, then lets what
    /// runs finish, for at most 10 seconds.
    pub async fn serve(&self, listener: TcpListener, routes: Router, shutdown: Shutdown) {
        let running = &self.0.running;
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "serving browsers");
        }
        while let Some((stream, peer, place)) = shutdown.or(next(&listener, &places)).await {
            let (routes, shutdown) = (routes.clone(), shutdown.clone());
            running.spawn(async move {
                connection(stream, peer, routes, &shutdown).await;
                drop(place);
            });
        }
        drop(listener);
        running.close();
        if timeout(GRACE, running.wait()).await.is_err() {
            tracing::warn!(running = running.len(), "requests did not finish in time");
        }
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

async fn connection(stream: TcpStream, peer: SocketAddr, routes: Router, shutdown: &Shutdown) {
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
            .header_read_timeout(HEADER)
            .serve_connection(TokioIo::new(stream), service)
    );
    let retired = async {
        tokio::select! {
            () = sleep(AGE) => {}
            () = shutdown.requested() => {}
        }
    };
    tokio::select! {
        ended = connection.as_mut() => return note(ended),
        () = retired => connection.as_mut().graceful_shutdown(),
    }
    if let Ok(ended) = timeout(GRACE, connection).await {
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
