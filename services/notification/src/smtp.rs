//! Handing mails to the mail server.

use crate::{domain::Try, render::Rendered};
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::{ClientId, Extension},
    },
};
use pass_runtime::config::SecretText;
use std::{fmt::Write, num::NonZeroU64, time::Duration};
use tokio::time::timeout;
use uuid::Uuid;

/// How long the mail server may take to say goodbye, which nobody waits for.
const GOODBYE: Duration = Duration::from_secs(5);

/// Where the mail server is and how mails are signed.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmtpConfig {
    /// Host name of the mail server.
    pub host: String,
    /// Its port: usually 25, 465 (with `tls = "implicit"`) or 587.
    pub port: u16,
    /// How the connection is protected.
    pub tls: TlsMode,
    /// User name; empty: no authentication.
    pub user: String,
    /// Password.
    pub password: SecretText,
    /// Address that mails come from; its domain makes the Message-IDs.
    pub from: String,
    /// Name that mails come from.
    pub from_name: String,
    /// Seconds that the mail server may take to let us in: connection, TLS and authentication together. A mail that it
    /// has begun to take gets minutes: servers look for malware before they say that they have it.
    pub timeout_seconds: NonZeroU64,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// STARTTLS, required.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// None: for a mail server on this machine.
    None,
}

impl Default for SmtpConfig {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: 587,
            tls: TlsMode::Starttls,
            user: String::new(),
            password: SecretText::default(),
            from: "no-reply@localhost.localdomain".to_owned(),
            from_name: "Nulab Pass".to_owned(),
            timeout_seconds: NonZeroU64::new(20).expect("more than zero"),
        }
    }
}

/// Why the mail server's settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The sender is not an address.
    #[error("the setting smtp.from is not an email address")]
    From,
    /// TLS can't be set up for the host.
    #[error("the setting smtp.host can't be used with TLS")]
    Tls(#[source] Error),
}

/// The way to the mail server.
///
/// A connection a mail: one that was left in the middle of a mail, because the server was too slow, has answers on it that
/// the next mail would take for its own. Not by the library's transport: it waits for the goodbye as long as the server
/// likes, by when the mail has arrived, and tells in words alone that SMTPUTF8 is missing.
#[derive(Clone)]
pub struct Smtp {
    server: (String, u16),
    protection: Protection,
    credentials: Option<Credentials>,
    patience: Duration,
    from: Mailbox,
}

/// [`TlsMode`] with what it takes.
#[derive(Clone)]
enum Protection {
    Starttls(TlsParameters),
    Implicit(TlsParameters),
    None,
}

impl Smtp {
    /// Prepares the way; nothing is connected yet.
    pub fn new(config: &SmtpConfig) -> Result<Self, SmtpError> {
        let from = mailbox(&config.from).ok_or(SmtpError::From)?;
        let parameters = || TlsParameters::new(config.host.clone()).map_err(SmtpError::Tls);
        let protection = match config.tls {
            TlsMode::Starttls => Protection::Starttls(parameters()?),
            TlsMode::Implicit => Protection::Implicit(parameters()?),
            TlsMode::None => Protection::None,
        };
        let credentials = (!config.user.is_empty())
            .then(|| Credentials::new(config.user.clone(), config.password.expose().to_owned()));
        Ok(Self {
            server: (config.host.clone(), config.port),
            protection,
            credentials,
            patience: Duration::from_secs(config.timeout_seconds.get()),
            from: Mailbox::new(Some(config.from_name.clone()), from),
        })
    }

    /// Whether the mail server lets us in.
    pub async fn reachable(&self) -> bool {
        match timeout(self.patience, self.connect()).await {
            Ok(Ok(connection)) => {
                leave(connection);
                true
            }
            _ => false,
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let hello = ClientId::default();
        let (wrapper, upgrade) = match self.protection.clone() {
            Protection::Starttls(parameters) => (None, Some(parameters)),
            Protection::Implicit(parameters) => (Some(parameters), None),
            Protection::None => (None, None),
        };
        let server = (self.server.0.as_str(), self.server.1);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, None, &hello, wrapper, None).await?;
        if let Some(parameters) = upgrade {
            connection.starttls(parameters, &hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// Sends a mail. The Message-ID follows from `id`, so that a mail sent twice is seen as one.
    pub async fn send(&self, id: Uuid, to: &str, mail: &Rendered) -> Try {
        let Some(to) = mailbox(to) else {
            return Try::Refused("the mail library does not take the recipient's address".to_owned());
        };
        let international = !to.user().is_ascii();
        let message = match self.message(id, to, mail) {
            Ok(message) => message,
            Err(error) => return Try::Refused(format!("the mail can't be built: {error}")),
        };
        let mut connection = match timeout(self.patience, self.connect()).await {
            Ok(Ok(connection)) => connection,
            // Nothing of this is the mail's fault.
            Ok(Err(error)) => return Try::Deferred(what(&error)),
            Err(tokio::time::error::Elapsed { .. }) => {
                return Try::Deferred("the mail server did not let us in in time".to_owned());
            }
        };
        // It will not at any other time, either (RFC 6531).
        if international && !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            leave(connection);
            return Try::Refused(
                "the mail server takes no address with other letters before the @".to_owned(),
            );
        }
        match connection.send(message.envelope(), &message.formatted()).await {
            Ok(_) => {
                leave(connection);
                Try::Accepted
            }
            Err(error) if error.is_permanent() => Try::Refused(what(&error)),
            Err(error) => Try::Deferred(what(&error)),
        }
    }

    fn message(&self, id: Uuid, to: Address, mail: &Rendered) -> Result<Message, lettre::error::Error> {
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&mail.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
    }
}

/// Says goodbye. The mail has arrived by now: nothing that happens here may keep that from being written down.
fn leave(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move { timeout(GOODBYE, connection.quit()).await });
}

/// What went wrong. The server's own words may repeat the address: only the code is told.
fn what(error: &Error) -> String {
    let mut what = String::new();
    let _ = match error.status() {
        Some(code) => write!(what, "the mail server answered {code}"),
        None if error.is_timeout() => write!(what, "the mail server did not answer in time"),
        None => write!(what, "the mail server can't be reached or does not speak SMTP with us"),
    };
    what
}

/// An address with its domain in A-labels (RFC 5890), which every mail server takes; before the @ it stays as it is.
fn mailbox(address: &str) -> Option<Address> {
    let (local, domain) = address.rsplit_once('@')?;
    Address::new(local, idna::domain_to_ascii(domain).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufStream, Lines},
        net::{TcpListener, TcpStream},
    };

    /// A mail server's side of a conversation, up to the end of the mail's text, which it does not answer.
    async fn take(listener: &TcpListener) -> Lines<BufStream<TcpStream>> {
        let (connection, _) = listener.accept().await.unwrap();
        let mut lines = BufStream::new(connection).lines();
        let mut say = "220 here\r\n";
        loop {
            answer(&mut lines, say).await;
            let heard = lines.next_line().await.unwrap().unwrap();
            say = match heard.split(' ').next().unwrap() {
                "DATA" => break,
                _ => "250 fine\r\n",
            };
        }
        answer(&mut lines, "354 go on\r\n").await;
        while lines.next_line().await.unwrap().unwrap() != "." {}
        lines
    }

    async fn answer(lines: &mut Lines<BufStream<TcpStream>>, say: &str) {
        lines.get_mut().write_all(say.as_bytes()).await.unwrap();
        lines.get_mut().flush().await.unwrap();
    }

    /// The late answer to a mail that was given up is not taken for the next one's: that one would be lost.
    #[tokio::test]
    async fn an_answer_that_is_too_late_is_nobody_elses() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (host, port) = ("127.0.0.1".to_owned(), listener.local_addr().unwrap().port());
        let smtp =
            Smtp::new(&SmtpConfig { host, port, tls: TlsMode::None, ..SmtpConfig::default() }).unwrap();
        let rendered = Rendered { subject: String::new(), text: String::new(), html: String::new() };
        let sending = || smtp.send(Uuid::nil(), "taro@example.com", &rendered);

        let mut slow = tokio::select! {
            taken = take(&listener) => taken,
            sent = sending() => panic!("{sent:?} before the server said so"),
        };
        answer(&mut slow, "250 I have it\r\n").await;
        let refusing = async { answer(&mut take(&listener).await, "550 not this one\r\n").await };
        let (sent, ()) = tokio::join!(sending(), refusing);
        assert!(matches!(&sent, Try::Refused(why) if why.contains("550")), "{sent:?}");
    }
}
