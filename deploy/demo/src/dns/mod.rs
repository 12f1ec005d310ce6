//! The demo's DNS: an authoritative server for one zone, and a page to edit it, as the page of a domain's
//! DNS provider would be. So a newcomer verifies a domain by hand.

mod zone;

pub use zone::{TextRecord, ZoneError};

use askama::Template;
use axum::{
    Form, Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use hickory_server::{
    Server,
    net::NetError,
    proto::ProtoError,
    store::in_memory::InMemoryZoneHandler,
    zone_handler::{AxfrPolicy, Catalog, ZoneType},
};
use pass_runtime::Shutdown;
use serde::Deserialize;
use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, UdpSocket},
    sync::Mutex,
};
use zone::Zone;

/// How long a TCP connection may be idle.
const IDLE: Duration = Duration::from_secs(10);
/// Answers that wait to be sent on a TCP connection.
const WAITING: usize = 64;

/// Why the DNS server does not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// Its zone.
    #[error(transparent)]
    Zone(#[from] ZoneError),
    /// A record that was kept is not one.
    #[error("the zone's records can't be served")]
    Record(#[from] ProtoError),
    /// Its sockets.
    #[error("the DNS server can't listen")]
    Socket(#[from] io::Error),
    /// It ended badly.
    #[error("the DNS server failed")]
    Server(#[from] NetError),
}

/// The demo's DNS server with its page.
pub struct Dns {
    udp: UdpSocket,
    tcp: TcpListener,
    zone: Editor,
}

/// The zone in both forms.
#[derive(Clone)]
struct Editor {
    zone: Arc<Mutex<Zone>>,
    served: Arc<InMemoryZoneHandler>,
}

#[derive(Template)]
#[template(path = "dns.html")]
struct Page<'a> {
    origin: String,
    records: &'a [TextRecord],
    problem: Option<String>,
    name: &'a str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Edit {
    #[serde(default)]
    name: String,
    #[serde(default)]
    text: String,
}

impl Dns {
    /// Binds UDP and TCP on the same port of `address`, and reads the records of `origin` in `folder`.
    pub async fn bind(address: SocketAddr, origin: &str, folder: &Path) -> Result<Self, DnsError> {
        let zone = Zone::open(origin, folder)?;
        let served = InMemoryZoneHandler::empty(zone.origin().clone(), ZoneType::Primary, AxfrPolicy::Deny);
        let zone = Editor { zone: Arc::new(Mutex::new(zone)), served: Arc::new(served) };
        zone.serve(&*zone.zone.lock().await).await?;
        let udp = UdpSocket::bind(address).await?;
        let tcp = TcpListener::bind(udp.local_addr()?).await?;
        Ok(Self { udp, tcp, zone })
    }

    /// Where it answers.
    ///
    /// # Errors
    /// When the socket is broken.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    /// Answers questions, and serves the page (`/`) and the same as JSON (`/records`), until the end is
    /// asked for.
    pub async fn serve(self, pages: TcpListener, shutdown: Shutdown) -> Result<(), DnsError> {
        let Self { udp, tcp, zone } = self;
        let mut catalog = Catalog::new();
        let origin = zone.zone.lock().await.origin().clone();
        catalog.upsert(origin.into(), vec![zone.served.clone()]);
        let mut server = Server::new(catalog);
        server.register_socket(udp);
        server.register_listener(tcp, IDLE, WAITING);
        let router = Router::new()
            .route("/", get(page))
            .route("/records", get(list).post(add))
            .route("/records/remove", post(remove))
            .with_state(zone);
        let until = shutdown.clone();
        let pages = axum::serve(pages, router).with_graceful_shutdown(async move { until.requested().await });
        tokio::select! {
            ended = pages => ended?,
            ended = server.block_until_done() => ended?,
        }
        Ok(server.shutdown_gracefully().await?)
    }
}

impl Editor {
    /// Puts what is in the zone where the server looks.
    async fn serve(&self, zone: &Zone) -> Result<(), DnsError> {
        let sets = zone.sets()?;
        *self.served.records_mut().await = sets;
        Ok(())
    }

    async fn edit(
        &self,
        edit: &Edit,
        change: fn(&mut Zone, &str, &str) -> Result<(), ZoneError>,
    ) -> Response {
        let mut zone = self.zone.lock().await;
        let changed = change(&mut zone, &edit.name, &edit.text);
        let served = match changed {
            Ok(()) => self.serve(&zone).await,
            Err(problem) => Err(problem.into()),
        };
        match served {
            Ok(()) => Redirect::to("/").into_response(),
            Err(problem) => show(&zone, Some((&problem, edit))),
        }
    }
}

async fn page(State(editor): State<Editor>) -> Response {
    show(&*editor.zone.lock().await, None)
}

async fn list(State(editor): State<Editor>) -> Response {
    let records = editor.zone.lock().await.records().to_vec();
    ([(header::CACHE_CONTROL, "no-store")], Json(records)).into_response()
}

async fn add(State(editor): State<Editor>, Form(edit): Form<Edit>) -> Response {
    editor.edit(&edit, Zone::add).await
}

async fn remove(State(editor): State<Editor>, Form(edit): Form<Edit>) -> Response {
    editor.edit(&edit, Zone::remove).await
}

fn show(zone: &Zone, refused: Option<(&DnsError, &Edit)>) -> Response {
    let (status, problem, (name, text)) = match refused {
        None => (StatusCode::OK, None, ("", "")),
        Some((error, edit)) => {
            let status = match error {
                DnsError::Zone(ZoneError::Name(_) | ZoneError::Text | ZoneError::Full) => {
                    StatusCode::BAD_REQUEST
                }
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (status, Some(pass_runtime::chain(error)), (&*edit.name, &*edit.text))
        }
    };
    let origin = zone.origin().to_ascii().trim_end_matches('.').to_owned();
    match (Page { origin, records: zone.records(), problem, name, text }).render() {
        Ok(page) => (status, [(header::CACHE_CONTROL, "no-store")], Html(page)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
