//! Connections: accepted, known by their certificate, closed when they are old or the server ends.

use super::{Shared, gate::Gate};
use crate::Peer;
use hyper::server::conn::http2;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use pass_runtime::Shutdown;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

const HEADER_BYTES: u32 = 32 * 1024;
/// How long to wait when the system has no more sockets to give.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Takes connections until shutdown.
pub(super) async fn accept(listener: &TcpListener, gate: &Gate, shared: &Arc<Shared>, shutdown: &Shutdown) {
    while let Some(accepted) = shutdown.or(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                let (gate, shared) = (gate.clone(), shared.clone());
                shared.running.clone().spawn(async move {
                    let stop = shared.stop.clone();
                    stop.run_until_cancelled_owned(Box::pin(serve(stream, gate, &shared))).await
                });
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "accepting a connection");
                sleep(EXHAUSTED).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, gate: Gate, shared: &Shared) {
    let Some(stream) = handshake(stream, shared).await else { return };
    let peer = peer(&stream, &shared.trust_domain);
    if peer.is_none() {
        tracing::warn!("a certificate of our authority has no name in the trust domain");
    }
    let limits = &shared.limits;
    let mut connection = pin!(
        http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.concurrent_streams.get())
            .max_header_list_size(HEADER_BYTES)
            .keep_alive_interval(limits.keep_alive)
            .keep_alive_timeout(limits.keep_alive)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(gate.of(peer)))
    );
    let retired = async {
        tokio::select! {
            () = sleep(limits.connection_age) => {}
            () = shared.drain.cancelled() => {}
        }
    };
    tokio::select! {
        ended = connection.as_mut() => return note(ended),
        () = retired => connection.as_mut().graceful_shutdown(),
    }
    // At shutdown `stop` may come earlier than this.
    tokio::select! {
        ended = connection.as_mut() => note(ended),
        () = sleep_until(Instant::now() + limits.grace) => tracing::debug!("an old connection was dropped"),
    }
}

fn note(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection broke");
    }
}

async fn handshake(stream: TcpStream, shared: &Shared) -> Option<TlsStream<TcpStream>> {
    // Without it answers are merely slower.
    let _ = stream.set_nodelay(true);
    let config = shared.credentials.borrow().server.clone();
    let accepted = timeout(shared.limits.connect, TlsAcceptor::from(config).accept(stream));
    match shared.drain.run_until_cancelled(accepted).await? {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::info!(error = &error as &dyn std::error::Error, "a connection was refused");
            None
        }
        Err(_) => {
            tracing::info!("a connection was refused: its handshake took too long");
            None
        }
    }
}

fn peer(stream: &TlsStream<TcpStream>, trust_domain: &str) -> Option<Peer> {
    let (_, connection) = stream.get_ref();
    Peer::of_certificate(connection.peer_certificates()?.first()?, trust_domain)
}
