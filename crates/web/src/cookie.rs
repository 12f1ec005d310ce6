//! Cookies that only this origin can set and read.

use http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// A cookie with the `__Host-` prefix (RFC 6265bis, 4.1.3.2): Secure, `HttpOnly`, for the whole origin and
/// no other host. Browsers send Secure cookies to `*.localhost` over plain HTTP too.
#[derive(Debug, Clone, Copy)]
pub struct HostCookie {
    name: &'static str,
}

impl HostCookie {
    /// A cookie of that name.
    ///
    /// # Panics
    /// When the name lacks the prefix.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let prefix = b"__Host-";
        let mut i = 0;
        while i < prefix.len() {
            assert!(name.as_bytes()[i] == prefix[i], "the name must begin with __Host-");
            i += 1;
        }
        Self { name }
    }

    /// What the browser sent. A value that is there twice is not believed.
    pub fn read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let mut found = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value);
        let value = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// A `Set-Cookie` that lives as long as the browser is open, or for `max_age`. `value` must be of the
    /// cookie alphabet: base64url and the like.
    ///
    /// # Panics
    /// When the value can't be in a header.
    pub fn set(&self, value: &str, max_age: Option<Duration>) -> HeaderValue {
        let age = max_age.map_or_else(String::new, |age| format!("; Max-Age={}", age.as_secs()));
        let name = self.name;
        HeaderValue::try_from(format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}"))
            .expect("cookie values are of the base64url alphabet")
    }

    /// A `Set-Cookie` that makes the browser forget it.
    pub fn clear(&self) -> HeaderValue {
        self.set("", Some(Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: HostCookie = HostCookie::new("__Host-test");

    fn read(header: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, header.parse().unwrap());
        COOKIE.read(&headers).map(str::to_owned)
    }

    #[test]
    fn a_cookie_is_found_once_or_not_at_all() {
        assert_eq!(read("a=1; __Host-test=xyz; b=2").as_deref(), Some("xyz"));
        assert_eq!(read("a=1"), None);
        assert_eq!(read("__Host-test=one; __Host-test=two"), None);
    }

    #[test]
    fn what_is_set_stays_with_this_origin() {
        assert_eq!(COOKIE.set("v", None), "__Host-test=v; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(COOKIE.clear(), "__Host-test=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
