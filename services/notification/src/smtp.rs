//! Handing mails to the mail server.

use crate::{domain::Try, render::Rendered};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use pass_runtime::config::SecretText;
use std::{error::Error, fmt::Write, num::NonZeroU64, time::Duration};
use uuid::Uuid;

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
    /// Seconds for each step of a delivery.
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
    Tls(#[source] lettre::transport::smtp::Error),
}

/// The way to the mail server.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// Prepares the way; nothing is connected yet.
    pub fn new(config: &SmtpConfig) -> Result<Self, SmtpError> {
        let from = mailbox(&config.from).ok_or(SmtpError::From)?;
        let parameters = || TlsParameters::new(config.host.clone()).map_err(SmtpError::Tls);
        let tls = match config.tls {
            TlsMode::Starttls => Tls::Required(parameters()?),
            TlsMode::Implicit => Tls::Wrapper(parameters()?),
            TlsMode::None => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(Duration::from_secs(config.timeout_seconds.get())));
        if !config.user.is_empty() {
            transport = transport
                .credentials(Credentials::new(config.user.clone(), config.password.expose().to_owned()));
        }
        Ok(Self { transport: transport.build(), from: Mailbox::new(Some(config.from_name.clone()), from) })
    }

    /// Whether the mail server greets.
    pub async fn reachable(&self) -> bool {
        self.transport.test_connection().await.unwrap_or(false)
    }

    /// Sends a mail. The Message-ID follows from `id`, so that a mail sent twice is seen as one.
    pub async fn send(&self, id: Uuid, to: &str, mail: &Rendered) -> Try {
        let Some(to) = mailbox(to) else {
            return Try::Refused("the mail library does not take the recipient's address".to_owned());
        };
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&mail.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()));
        let message = match message {
            Ok(message) => message,
            Err(error) => return Try::Refused(format!("the mail can't be built: {error}")),
        };
        match self.transport.send(message).await {
            Ok(_) => Try::Accepted,
            Err(error) if needs_smtputf8(&error) => {
                Try::Refused("the mail server takes no address with other letters before the @".to_owned())
            }
            Err(error) => {
                // The server's own words may repeat the address: only the code is kept.
                let mut what = String::new();
                let _ = match error.status() {
                    Some(code) => write!(what, "the mail server answered {code}"),
                    None if error.is_timeout() => write!(what, "the mail server did not answer in time"),
                    None => write!(what, "the mail server can't be reached or does not speak SMTP with us"),
                };
                if error.is_permanent() { Try::Refused(what) } else { Try::Deferred(what) }
            }
        }
    }
}

/// An address with its domain in A-labels (RFC 5890), which every mail server takes; before the @ it stays as it is.
fn mailbox(address: &str) -> Option<Address> {
    let (local, domain) = address.rsplit_once('@')?;
    Address::new(local, idna::domain_to_ascii(domain).ok()?).ok()
}

/// Whether the address has more than ASCII before the @, and the mail server does not offer SMTPUTF8 (RFC 6531): it
/// takes such an address at no other time either. The library tells this apart from other faults of its own (no
/// STARTTLS, for instance) in words alone.
fn needs_smtputf8(error: &lettre::transport::smtp::Error) -> bool {
    error.is_client() && error.source().is_some_and(|why| why.to_string().contains("SMTPUTF8"))
}
