//! A real DNS server for a test: BIND with the zones that the test gives it.

use crate::{
    supervisor::{Supervisor, User, free_ports},
    wait_for,
};
use hickory_proto::{
    op::{Message, Query, ResponseCode},
    rr::{DNSClass, Name, RData, RecordType},
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
use tokio::{net::UdpSocket, sync::Mutex};

/// How long one question waits for its answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// An authoritative server on a free port of 127.0.0.1, over UDP and TCP. It ends with the value.
#[derive(Debug)]
pub struct DnsServer {
    address: SocketAddr,
    folder: PathBuf,
    state: Mutex<State>,
    supervisor: Option<Supervisor>,
}

#[derive(Debug, Default)]
struct State {
    zones: BTreeMap<String, Zone>,
    serial: u32,
}

#[derive(Debug)]
enum Zone {
    /// Loaded from a file with this serial.
    Loaded(u32),
    /// A copy of a zone whose primary can't be reached.
    Failing,
}

impl DnsServer {
    /// Starts one with these zones: each its name, and its records as lines of a master file (RFC 1035, 5),
    /// besides SOA and NS, which it has by itself. White space before a line means nothing. Every other name
    /// is refused (REFUSED).
    ///
    /// ```no_run
    /// # async fn start() {
    /// let server = pass_testkit::DnsServer::start(&[("example.com", "_nulab-challenge TXT \"code\"\n")]).await;
    /// # }
    /// ```
    pub async fn start(zones: &[(&str, &str)]) -> Self {
        let [port] = free_ports();
        let folder =
            tempfile::Builder::new().prefix("pass-dns-").tempdir().expect("a temporary folder").keep();
        let server = Self {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            state: Mutex::default(),
            supervisor: Some(start(folder.clone(), port).await),
            folder,
        };
        // The first zone is there already, so that we see when the server is.
        server.see("started.invalid", &Zone::Loaded(0)).await;
        for (zone, records) in zones {
            server.set(zone, records).await;
        }
        server
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Replaces the records of a zone, or adds the zone; back when it answers with them. Their TTL is 1 s
    /// when they have none of their own.
    pub async fn set(&self, zone: &str, records: &str) {
        let mut state = self.state.lock().await;
        state.serial += 1;
        let serial = state.serial;
        self.write(&file(zone), &master_file(serial, records));
        self.change(&mut state, zone, Zone::Loaded(serial)).await;
    }

    /// Answers SERVFAIL for everything in a zone, until it is [`set`](Self::set) again.
    pub async fn fail(&self, zone: &str) {
        self.change(&mut *self.state.lock().await, zone, Zone::Failing).await;
    }

    /// Answers nothing from now on (SIGSTOP): questions time out.
    pub fn freeze(&self) {
        self.order("freeze");
    }

    /// Goes on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.order("thaw");
    }

    async fn change(&self, state: &mut State, zone: &str, content: Zone) {
        state.zones.insert(zone.to_owned(), content);
        self.write("named.conf", &configuration(self.address.port(), &state.zones));
        self.order("reload");
        self.see(zone, &state.zones[zone]).await;
    }

    /// Waits until it answers so for a zone.
    async fn see(&self, zone: &str, content: &Zone) {
        wait_for(async || {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            let wrong = format!("loading from master file {} failed", file(zone));
            assert!(!log.contains(&wrong), "the records of {zone} are wrong: {log}");
            match (content, self.serial_of(zone).await) {
                (Zone::Loaded(serial), Some(Ok(answered))) => *serial == answered,
                (Zone::Failing, Some(Err(code))) => code == ResponseCode::ServFail,
                _ => false,
            }
        })
        .await;
    }

    /// Asks for the SOA of a zone: its serial, or why there is none; `None` without an answer.
    async fn serial_of(&self, zone: &str) -> Option<Result<u32, ResponseCode>> {
        let name = Name::from_ascii(format!("{zone}.")).expect("the name of a zone");
        let mut question = Message::query();
        question.add_query(Query::query(name, RecordType::SOA).set_query_class(DNSClass::IN).clone());
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()?;
        socket.connect(self.address).await.ok()?;
        socket.send(&question.to_vec().expect("a question")).await.ok()?;
        let mut buffer = [0; 4_096];
        let length = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer)).await.ok()?.ok()?;
        let answer = Message::from_vec(&buffer[..length]).ok()?;
        let soa = answer.answers.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(soa.serial),
            _ => None,
        });
        Some(soa.ok_or(answer.metadata.response_code))
    }

    fn order(&self, order: &'static str) {
        let supervisor = self.supervisor.as_ref().expect("it is there until dropped");
        // It answers at once: no thread is lost.
        assert_eq!(supervisor.order(order), format!("{order} done"));
    }

    /// Writes the whole file or none of it: the server may be reading.
    fn write(&self, file: &str, text: &str) {
        let (part, file) = (self.folder.join("part"), self.folder.join(file));
        fs::write(&part, text).and_then(|()| fs::rename(part, file)).expect("the folder is ours");
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.end();
        }
    }
}

async fn start(folder: PathBuf, port: u16) -> Supervisor {
    let starting = tokio::task::spawn_blocking(move || {
        let write = |file: &str, text: &str| fs::write(folder.join(file), text).expect("the folder is ours");
        write("named.conf", &configuration(port, &BTreeMap::new()));
        write(&file("started.invalid"), &master_file(0, ""));
        let folder = folder.display().to_string();
        let supervisor = Supervisor::start(include_str!("dns.sh"), &[folder], User::Same);
        let answer = supervisor.answer();
        assert_eq!(answer, "ready", "the DNS server does not start");
        supervisor
    });
    starting.await.expect("BIND for a test starts")
}

fn file(zone: &str) -> String {
    format!("{zone}.zone")
}

fn master_file(serial: u32, records: &str) -> String {
    let records = records.lines().fold(String::new(), |records, line| records + line.trim_start() + "\n");
    format!("$TTL 1\n@ SOA ns hostmaster {serial} 3600 600 86400 1\n@ NS ns\nns A 127.0.0.1\n{records}")
}

fn configuration(port: u16, zones: &BTreeMap<String, Zone>) -> String {
    let mut text = format!(
        "options {{ directory \".\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; notify no; allow-transfer {{ none; }}; empty-zones-enable no;
  pid-file none; session-keyfile none; max-cache-size 1M; }};
controls {{ }};
zone \"started.invalid\" {{ type primary; file \"{}\"; }};\n",
        file("started.invalid")
    );
    for (name, zone) in zones {
        let _ = match zone {
            Zone::Loaded(_) => {
                writeln!(text, "zone \"{name}\" {{ type primary; file \"{}\"; }};", file(name))
            }
            // Nobody is at port 1, and the copy has no file: there is nothing to answer with.
            Zone::Failing => {
                writeln!(text, "zone \"{name}\" {{ type secondary; primaries port 1 {{ 127.0.0.1; }}; }};")
            }
        };
    }
    text
}
