//! A mail server that keeps what it gets: for tests, and for trying the suite out.

use mailin::{Action, Handler, Response, SessionBuilder, response};
use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::broadcast,
    task::JoinHandle,
};

/// How many mails a sink keeps.
const KEPT: usize = 1_000;
/// No mail of the suite is larger.
const LONGEST_MAIL: usize = 4 * 1024 * 1024;
const LONGEST_LINE: usize = 64 * 1024;

/// A mail, as it arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// Place among all mails of the sink: 1, 2, 3, …
    pub number: u64,
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its text, with line feeds only.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// All of it, headers included.
    pub source: String,
}

impl Mail {
    /// The first link in the text.
    pub fn link(&self) -> Option<&str> {
        self.text.split_whitespace().find(|word| word.starts_with("http://") || word.starts_with("https://"))
    }
}

/// How a sink refuses mails, to see whether the sender tries again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refusing {
    /// Not at all.
    #[default]
    Nothing,
    /// Hangs up at once.
    Connections,
    /// Answers 451 to every mail.
    Mails,
}

/// An SMTP server (RFC 5321, without TLS) that keeps the latest 1,000 mails in memory. It ends with the value.
#[derive(Debug)]
pub struct MailSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    arrivals: broadcast::Sender<Arc<Mail>>,
}

#[derive(Debug, Default)]
struct State {
    mails: VecDeque<Arc<Mail>>,
    count: u64,
    refusing: Refusing,
    refused: u64,
}

impl MailSink {
    /// Starts one on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        Self::listen(([127, 0, 0, 1], 0).into()).await.expect("a free port")
    }

    /// Starts one on `address`.
    ///
    /// # Errors
    /// When the address is taken or not ours.
    pub async fn listen(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (arrivals, _) = broadcast::channel(KEPT);
        let shared = Arc::new(Shared { state: Mutex::default(), arrivals });
        let server = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { address, shared, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The mails that it keeps, the oldest first.
    pub fn mails(&self) -> Vec<Arc<Mail>> {
        self.shared.state().mails.iter().cloned().collect()
    }

    /// The mails to `recipient`, the oldest first.
    pub fn mails_to(&self, recipient: &str) -> Vec<Arc<Mail>> {
        self.mails().into_iter().filter(|mail| is_to(mail, recipient)).collect()
    }

    /// The latest mail to `recipient`, as soon as there is one; panics after 20 s.
    #[track_caller]
    pub fn wait_for(&self, recipient: &str) -> impl Future<Output = Arc<Mail>> {
        crate::wait_for(async || self.mails_to(recipient).pop())
    }

    /// Mails that arrive from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Mail>> {
        self.shared.arrivals.subscribe()
    }

    /// Forgets all mails.
    pub fn clear(&self) {
        self.shared.state().mails.clear();
    }

    /// Refuses mails from now on, or no longer.
    pub fn refuse(&self, refusing: Refusing) {
        self.shared.state().refusing = refusing;
    }

    /// How many times it refused.
    pub fn refused(&self) -> u64 {
        self.shared.state().refused
    }
}

impl Drop for MailSink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether to refuse; counts when so.
    fn refuses(&self, what: Refusing) -> bool {
        let mut state = self.state();
        let refuses = state.refusing == what;
        state.refused += u64::from(refuses);
        refuses
    }

    fn keep(&self, mut mail: Mail) {
        let mail = {
            let mut state = self.state();
            state.count += 1;
            mail.number = state.count;
            let mail = Arc::new(mail);
            if state.mails.len() == KEPT {
                state.mails.pop_front();
            }
            state.mails.push_back(mail.clone());
            mail
        };
        // Nobody may be listening.
        let _ = self.arrivals.send(mail);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // The conversations end with the sink.
    let mut conversations = tokio::task::JoinSet::new();
    loop {
        while conversations.try_join_next().is_some() {}
        let Ok((connection, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        if shared.refuses(Refusing::Connections) {
            continue;
        }
        conversations.spawn(converse(connection, peer.ip(), shared.clone()));
    }
}

async fn converse(connection: TcpStream, peer: IpAddr, shared: Arc<Shared>) -> io::Result<()> {
    let mut connection = BufReader::new(connection);
    let mut session = SessionBuilder::new("localhost")
        .build(peer, Receiving { shared, mail: Mail::default(), body: Vec::new() });
    connection.write_all(&session.greeting().buffer()?).await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = tokio::io::AsyncReadExt::take(&mut connection, LONGEST_LINE as u64);
        if limited.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer = session.process(&line);
        connection.write_all(&answer.buffer()?).await?;
        if answer.action == Action::Close {
            return Ok(());
        }
    }
}

/// One client's mails, on their way in.
struct Receiving {
    shared: Arc<Shared>,
    mail: Mail,
    body: Vec<u8>,
}

impl Handler for Receiving {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.mail = Mail { from: from.to_owned(), ..Mail::default() };
        self.body.clear();
        if self.shared.refuses(Refusing::Mails) { response::INTERNAL_ERROR } else { response::OK }
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.mail.to.push(to.to_owned());
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        if self.body.len() + line.len() > LONGEST_MAIL {
            return Err(io::Error::other("the mail is too large"));
        }
        self.body.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let Some(parsed) = mail_parser::MessageParser::default().parse(&self.body) else {
            return response::TRANSACTION_FAILED;
        };
        let mut mail = std::mem::take(&mut self.mail);
        parsed.subject().unwrap_or_default().clone_into(&mut mail.subject);
        parsed.message_id().unwrap_or_default().clone_into(&mut mail.message_id);
        mail.text = parsed.body_text(0).unwrap_or_default().replace("\r\n", "\n");
        mail.html = parsed.body_html(0).unwrap_or_default().replace("\r\n", "\n");
        mail.source = String::from_utf8_lossy(&self.body).into_owned();
        self.shared.keep(mail);
        response::OK
    }
}

fn is_to(mail: &Mail, recipient: &str) -> bool {
    mail.to.iter().any(|to| to.trim_matches(['<', '>']).eq_ignore_ascii_case(recipient))
}
