//! Relying parties (API-6).

use super::client_keys::ClientKeys;
use pass_types::{ClientId, Invalid, Product};
use std::{fmt, str::FromStr};
use url::{Host, Url};

/// A registered relying party.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// Its name, for people.
    pub name: String,
    /// Whom its access tokens are for.
    pub audience: Audience,
    /// How it proves who it is.
    pub authentication: Authentication,
    /// Where codes may be sent: compared character by character.
    pub redirect_uris: Vec<RegisteredUri>,
    /// Where a browser may go after signing out: compared character by character.
    pub post_logout_uris: Vec<RegisteredUri>,
    /// Where it is told that a session ended.
    pub back_channel_logout_uri: Option<RegisteredUri>,
}

impl Client {
    /// The registered redirect URI that is exactly this text (RFC 9700, 2.1).
    pub fn redirect_uri(&self, text: &str) -> Option<&RegisteredUri> {
        self.redirect_uris.iter().find(|uri| uri.as_str() == text)
    }

    /// The registered post-logout URI that is exactly this text.
    pub fn post_logout_uri(&self, text: &str) -> Option<&RegisteredUri> {
        self.post_logout_uris.iter().find(|uri| uri.as_str() == text)
    }
}

/// How a client proves who it is: in this way and in no other.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Not at all: a public client can't keep a secret, and is known by what it registered.
    None,
    /// By one of its secrets.
    Secret,
    /// By an assertion that one of its keys signed.
    Keys(ClientKeys),
}

impl Authentication {
    /// Whether it proves anything.
    pub fn is_confidential(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Its keys, if it has some.
    pub fn keys(&self) -> Option<&ClientKeys> {
        match self {
            Self::Keys(keys) => Some(keys),
            Self::None | Self::Secret => None,
        }
    }
}

/// Whom access tokens are for (`aud`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// The suite's own administration: the console.
    Suite,
    /// A product, by its name in the mesh.
    Peer(String),
}

impl Audience {
    /// The claim's text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Suite => "pass",
            Self::Peer(name) => name,
        }
    }

    /// The product that it is, if it is one of the suite's.
    pub fn product(&self) -> Option<Product> {
        match self {
            Self::Suite => None,
            Self::Peer(name) => name.parse().ok(),
        }
    }
}

impl FromStr for Audience {
    type Err = Invalid;

    /// `pass`, or a name in the mesh: 1-63 of `[a-z0-9-]`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text == "pass" {
            return Ok(Self::Suite);
        }
        let valid = (1..=63).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid {
            Ok(Self::Peer(text.to_owned()))
        } else {
            Err(Invalid("must be \"pass\" or a name in the mesh"))
        }
    }
}

/// A URI that an operator registered for a client: absolute, `https` (`http` for this machine only), no
/// fragment, no user name. Kept as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredUri(String);

impl RegisteredUri {
    /// The text as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parsed.
    pub fn url(&self) -> Url {
        Url::parse(&self.0).expect("parsed before")
    }
}

impl FromStr for RegisteredUri {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.len() > 2_000 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Invalid("must be a URI of at most 2000 visible ASCII characters"));
        }
        let url = Url::parse(text).map_err(|_| Invalid("must be an absolute URI"))?;
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(Invalid("must have a host")),
        };
        match url.scheme() {
            "https" => {}
            "http" if here => {}
            _ => return Err(Invalid("must be https (http for this machine only)")),
        }
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(Invalid("must have neither fragment nor user name"));
        }
        // A wildcard or a `;` would change the Content-Security-Policy that lists the origin.
        if url.host_str().is_some_and(|host| host.contains(['*', ';', ','])) {
            return Err(Invalid("must have a plain host name"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RegisteredUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_that_would_leak_codes_are_not_registered() {
        for good in [
            "https://backlog.example.com/callback",
            "https://example.com/a?b=c",
            "http://localhost:8080/callback",
            "http://backlog.localhost:8080/callback",
            "http://127.0.0.1/callback",
        ] {
            assert!(good.parse::<RegisteredUri>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "/callback",
            "//example.com",
            "http://example.com/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://example.com/#x",
            "https://user@example.com/",
            "https://exa mple.com/",
            "https://*.example.com/",
            "https://example.com/\r\nX: y",
            "ftp://example.com/",
            "http://localhost.example.com/",
        ] {
            assert!(bad.parse::<RegisteredUri>().is_err(), "{bad}");
        }
    }
}
