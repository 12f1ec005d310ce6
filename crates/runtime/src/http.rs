//! The HTTP client: built here only, so that every call has a deadline, no surprise redirects, and
//! the trace it belongs to. And one that goes only where it may ([`GuardedClient`]), for addresses that others
//! gave us.

use crate::trace;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use url::{Host, Url};

/// A client whose calls end after `deadline`. It follows no redirects and takes no proxy from the
/// environment.
///
/// Names under `.localhost` are this machine without asking anybody (RFC 6761, 6.3).
pub fn client(deadline: Duration) -> Result<reqwest::Client, reqwest::Error> {
    build(deadline, LocalhostFirst)
}

fn build(deadline: Duration, resolver: impl Resolve + 'static) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .timeout(deadline)
        .connect_timeout(deadline.min(Duration::from_secs(3)))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("nulab-pass")
        .dns_resolver(Arc::new(resolver))
        .build()
}

/// Adds the current span's W3C trace context to a request.
pub fn traced(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let mut headers = reqwest::header::HeaderMap::new();
    trace::inject(&tracing::Span::current(), &mut headers);
    request.headers(headers)
}

/// Whether an address may be called.
type May = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// An address is not one that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the host is, or resolves to, no address that may be called")]
pub struct NotAllowed;

/// A [`client`] for addresses that others gave us: it connects to none that may not be called. What a name
/// resolves to is judged, and that very address is connected to, so that a name that says something else a
/// moment later changes nothing.
#[derive(Clone)]
pub struct GuardedClient {
    client: reqwest::Client,
    may: May,
}

impl GuardedClient {
    /// One that calls addresses of which `may` is true; see [`is_global`].
    pub fn new(
        deadline: Duration,
        may: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
    ) -> Result<Self, reqwest::Error> {
        let may: May = Arc::new(may);
        Ok(Self { client: build(deadline, Guard(may.clone()))?, may })
    }

    /// Begins a `POST`. A name is judged when it is resolved: then sending fails, with [`NotAllowed`] as its
    /// cause.
    pub fn post(&self, url: Url) -> Result<reqwest::RequestBuilder, NotAllowed> {
        self.request(reqwest::Method::POST, url)
    }

    /// Begins a `GET`; judged as a `POST` is.
    pub fn get(&self, url: Url) -> Result<reqwest::RequestBuilder, NotAllowed> {
        self.request(reqwest::Method::GET, url)
    }

    fn request(&self, method: reqwest::Method, url: Url) -> Result<reqwest::RequestBuilder, NotAllowed> {
        // An address needs no resolver, so nobody else would judge it.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        };
        match literal {
            Some(address) if !(self.may)(address) => Err(NotAllowed),
            _ => Ok(self.client.request(method, url)),
        }
    }
}

struct Guard(May);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let may = self.0.clone();
        Box::pin(async move {
            let allowed: Vec<_> =
                LocalhostFirst.resolve(name).await?.filter(|address| may(address.ip())).collect();
            if allowed.is_empty() {
                return Err(NotAllowed.into());
            }
            let allowed: Addrs = Box::new(allowed.into_iter());
            Ok(allowed)
        })
    }
}

/// What of IPv4 is not the Internet (the registry of RFC 6890).
const SPECIAL: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Whether an address is anybody's on the Internet: not private, of this machine or link, reserved, for
/// documentation, or another one in disguise.
pub fn is_global(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => SPECIAL.iter().all(|(base, prefix)| {
            (address.to_bits() ^ u32::from_be_bytes(*base)) >> (32 - u32::from(*prefix)) != 0
        }),
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            let special =
                matches!((first, second), (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff));
            // Of the others nothing has been given out.
            first & 0xe000 == 0x2000 && !special
        }
    }
}

struct LocalhostFirst;

impl Resolve for LocalhostFirst {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().trim_end_matches('.').to_ascii_lowercase();
            let found: Addrs = if host == "localhost" || host.ends_with(".localhost") {
                Box::new(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 0))))
            } else {
                let found: Vec<_> = tokio::net::lookup_host((host, 0)).await?.collect();
                Box::new(found.into_iter())
            };
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;
    use tokio::net::TcpListener;

    #[test]
    fn what_is_not_the_internet_is_not_global() {
        for address in ["1.1.1.1", "100.63.0.1", "172.32.0.1", "192.0.1.1", "2606:4700::1", "2001:4860::8888"]
        {
            assert!(is_global(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_global(address.parse().unwrap()), "{address}");
        }
    }

    fn guarded(may: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> GuardedClient {
        GuardedClient::new(Duration::from_secs(3), may).unwrap()
    }

    fn because_not_allowed(error: &(dyn Error + 'static)) -> bool {
        error.is::<NotAllowed>() || error.source().is_some_and(because_not_allowed)
    }

    /// Names and addresses, however written, that may not be called: no connection is made.
    #[tokio::test]
    async fn nothing_is_sent_to_where_it_may_not_go() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = guarded(is_global);
        for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
            let url = Url::parse(&format!("http://{host}:{port}/")).unwrap();
            assert_eq!(client.get(url.clone()).unwrap_err(), NotAllowed, "{host}");
            assert_eq!(client.post(url).unwrap_err(), NotAllowed, "{host}");
        }
        for host in ["localhost", "product.localhost", "LOCALHOST."] {
            let url = Url::parse(&format!("http://{host}:{port}/")).unwrap();
            let error = client.post(url).unwrap().send().await.unwrap_err();
            assert!(because_not_allowed(&error), "{host}: {error:?}");
        }
        let nobody = tokio::time::timeout(Duration::from_millis(1), listener.accept()).await;
        assert!(nobody.is_err(), "somebody connected");
    }

    /// What may be called is called; a redirect is an answer like any other.
    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let routes = axum::Router::new()
            .route("/", axum::routing::post(async || axum::response::Redirect::temporary("/elsewhere")));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let client = guarded(|address| address.is_loopback());
        let url = Url::parse(&format!("http://product.localhost:{port}/")).unwrap();
        assert_eq!(client.post(url).unwrap().send().await.unwrap().status(), 307);
    }
}
