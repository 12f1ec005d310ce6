//! Which browser signs in: the cookie `__Host-pass-device`, a random secret that it keeps for a year (ACC-10). It says
//! nothing about who is signed in and gives access to nothing: an account that was signed in to with it knows the
//! browser again, by its hash.

use crate::grpc::Visit;
use axum::response::Response;
use http::{HeaderMap, header};
use pass_types::{Entropy, Secret};
use pass_web::HostCookie;
use std::time::Duration;

/// The cookie.
pub const COOKIE: HostCookie = HostCookie::new("__Host-pass-device");
/// How long it is kept, from the last sign-in on.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// The browser, as accounts know it.
pub struct Device(Secret);

impl Device {
    /// The browser's, or a new one: what is no secret of ours is none.
    pub fn of(headers: &HeaderMap, entropy: &Entropy) -> Self {
        Self(Self::shown(headers).unwrap_or_else(|| Secret::generate(entropy)))
    }

    /// What the browser shows, if it can be one of ours: whether an account knows it, identity decides.
    pub fn shown(headers: &HeaderMap) -> Option<Secret> {
        COOKIE.read(headers)?.parse().ok()
    }

    /// What identity is told of the browser; `product` is the name of the client that the person goes on to.
    pub fn visit(&self, product: Option<&str>) -> Visit {
        Visit { device_token: self.token(), product: self::product(product) }
    }

    /// What the browser keeps.
    pub fn token(&self) -> String {
        self.0.reveal()
    }

    /// The answer that also has the browser keep it, for a year from now.
    pub fn keep(&self, mut response: Response) -> Response {
        response.headers_mut().append(header::SET_COOKIE, COOKIE.set(&self.0.reveal(), Some(KEPT)));
        response
    }
}

/// The name of a client as the login history has it (ACC-11): short, on one line; empty for none.
pub fn product(client: Option<&str>) -> String {
    client.unwrap_or_default().chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers
    }

    #[test]
    fn a_browser_keeps_its_secret_and_nonsense_is_replaced() {
        let entropy = Entropy::from_seed(1);
        let token = Secret::generate(&entropy).reveal();
        let own = Device::of(&headers(&format!("__Host-pass-device={token}")), &entropy);
        assert_eq!(own.visit(None).device_token, token);
        let long = "x".repeat(4_000);
        for wrong in ["nonsense", "", long.as_str()] {
            let new = Device::of(&headers(&format!("__Host-pass-device={wrong}")), &entropy);
            assert!(new.visit(None).device_token.parse::<Secret>().is_ok());
        }
        let twice = Device::of(
            &headers(&format!("__Host-pass-device={token}; __Host-pass-device={token}")),
            &entropy,
        );
        assert_ne!(twice.visit(None).device_token, token, "a cookie that is there twice is not believed");
    }

    #[test]
    fn a_product_is_one_short_line() {
        let device = Device(Secret::generate(&Entropy::from_seed(1)));
        assert_eq!(device.visit(Some("Back\nlog")).product, "Backlog");
        assert_eq!(device.visit(Some(&"ー".repeat(200))).product.chars().count(), 100);
        assert_eq!(device.visit(None).product, "");
    }
}
