//! Which browser a flow belongs to: the cookie `__Host-pass-flow`, a random secret of each browser, whose
//! hash is kept with its flows. So a flow is gone on with where it began, and nowhere else.

use axum::response::Response;
use http::{HeaderMap, header};
use pass_types::{Entropy, Secret, SecretHash};
use pass_web::HostCookie;

/// The cookie.
pub const COOKIE: HostCookie = HostCookie::new("__Host-pass-flow");

/// What a browser is known by in its flows.
pub struct Binding {
    secret: Secret,
    is_new: bool,
}

impl Binding {
    /// The browser's, or a new one.
    pub fn of(headers: &HeaderMap, entropy: &Entropy) -> Self {
        match shown(headers) {
            Some(secret) => Self { secret, is_new: false },
            None => Self { secret: Secret::generate(entropy), is_new: true },
        }
    }

    /// What is kept with flows.
    pub fn hash(&self) -> SecretHash {
        self.secret.hash()
    }

    /// The answer that also keeps a new one.
    pub fn keep(&self, mut response: Response) -> Response {
        if self.is_new {
            response.headers_mut().append(header::SET_COOKIE, COOKIE.set(&self.secret.reveal(), None));
        }
        response
    }
}

/// The hash of what the browser shows, if it shows any.
pub fn known(headers: &HeaderMap) -> Option<SecretHash> {
    shown(headers).map(|secret| secret.hash())
}

fn shown(headers: &HeaderMap) -> Option<Secret> {
    COOKIE.read(headers).and_then(|value| value.parse().ok())
}
