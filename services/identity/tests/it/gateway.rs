//! The gateway of these tests: one key for all, so that tokens need no suite.

use pass_mesh::{Claims, TOKEN_LIFE};
use pass_testkit::Gateway;
use pass_types::{Entropy, Person};

/// The issuer of every test's tokens.
pub const ISSUER: &str = "https://pass.test";

/// The gateway, with the key of all tests.
pub fn gateway() -> Gateway {
    Gateway::new(&Entropy::from_seed(7))
}

/// An access token for `audience`.
pub fn access_token(person: &Person, audience: &str) -> String {
    let claims = Claims::of(person, ISSUER, audience, "openid", "a test's".to_owned(), TOKEN_LIFE);
    gateway().token(&claims)
}
