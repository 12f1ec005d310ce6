//! Which program is at the other end: the SPIFFE id of its certificate.

use std::fmt;
use x509_parser::{extensions::GeneralName, prelude::parse_x509_certificate};

/// The program at the other end of a connection, as its certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Peer {
    /// A service of the suite: `spiffe://<trust domain>/<name>`.
    Service(String),
    /// A product: `spiffe://<trust domain>/product/<name>`.
    Product(String),
}

impl Peer {
    /// Its name, without the kind.
    pub fn name(&self) -> &str {
        match self {
            Self::Service(name) | Self::Product(name) => name,
        }
    }

    /// Whom a certificate (DER, already verified) stands for. `None` when it has not exactly one URI
    /// (SPIFFE X509-SVID, 2), or the URI is not a name in the trust domain.
    pub(crate) fn of_certificate(der: &[u8], trust_domain: &str) -> Option<Self> {
        let (_, certificate) = parse_x509_certificate(der).ok()?;
        let names = certificate.subject_alternative_name().ok()??;
        let mut uris = names.value.general_names.iter().filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        });
        let uri = uris.next()?;
        if uris.next().is_some() {
            return None;
        }
        Self::of_uri(uri, trust_domain)
    }

    pub(crate) fn of_uri(uri: &str, trust_domain: &str) -> Option<Self> {
        let path = uri.strip_prefix("spiffe://")?.strip_prefix(trust_domain)?.strip_prefix('/')?;
        match path.split_once('/') {
            None if is_name(path) && path != "product" => Some(Self::Service(path.to_owned())),
            Some(("product", name)) if is_name(name) => Some(Self::Product(name.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(name) => f.write_str(name),
            Self::Product(name) => write!(f, "product/{name}"),
        }
    }
}

/// A name in the mesh: 1-63 of `[a-z0-9-]`, so that it is a DNS label too.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_in_the_trust_domain_are_peers() {
        let of = |uri: &str| Peer::of_uri(uri, "pass.internal");
        assert_eq!(of("spiffe://pass.internal/identity"), Some(Peer::Service("identity".to_owned())));
        assert_eq!(of("spiffe://pass.internal/product/backlog"), Some(Peer::Product("backlog".to_owned())));
        for wrong in [
            "spiffe://pass.internal",
            "spiffe://pass.internal/",
            "spiffe://pass.internal/product",
            "spiffe://pass.internal/product/",
            "spiffe://pass.internal/product/a/b",
            "spiffe://pass.internal/identity/",
            "spiffe://pass.internal/service/identity",
            "spiffe://pass.internal/Identity",
            "spiffe://pass.internal.evil/identity",
            "spiffe://evil/identity",
            "https://pass.internal/identity",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
