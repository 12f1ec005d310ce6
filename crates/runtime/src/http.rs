//! The HTTP client: built here only, so that every call has a deadline, no surprise redirects, and
//! the trace it belongs to.

use crate::trace;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{net::SocketAddr, time::Duration};

/// A client whose calls end after `deadline`. It follows no redirects and takes no proxy from the
/// environment.
///
/// Names under `.localhost` are this machine without asking anybody (RFC 6761, 6.3).
pub fn client(deadline: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .timeout(deadline)
        .connect_timeout(deadline.min(Duration::from_secs(3)))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("nulab-pass")
        .dns_resolver(std::sync::Arc::new(LocalhostFirst))
        .build()
}

/// Adds the current span's W3C trace context to a request.
pub fn traced(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let mut headers = reqwest::header::HeaderMap::new();
    trace::inject(&tracing::Span::current(), &mut headers);
    request.headers(headers)
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
