//! Pages of lists: a keyset, whose token is the name that the page before ended with. It needs no seal: it
//! says nothing that its owner has not just seen, and at most leads to another place of their own list.

use crate::domain::name::DomainName;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_types::PageTokenInvalid;

/// The token for going on after a name.
pub(super) fn token(after: &DomainName) -> String {
    URL_SAFE_NO_PAD.encode(after.as_str())
}

/// The name that a token was made for; empty for the empty token.
pub(super) fn position(token: &str) -> Result<String, PageTokenInvalid> {
    if token.is_empty() {
        return Ok(String::new());
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| PageTokenInvalid)?;
    let text = String::from_utf8(bytes).map_err(|_| PageTokenInvalid)?;
    let name: DomainName = text.parse().map_err(|_| PageTokenInvalid)?;
    if name.as_str() == text { Ok(text) } else { Err(PageTokenInvalid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        assert_eq!(position(""), Ok(String::new()));
        assert_eq!(position(&token(&"日本語.jp".parse().unwrap())), Ok("xn--wgv71a119e.jp".to_owned()));
        let (upper, one) = (URL_SAFE_NO_PAD.encode("A.JP"), URL_SAFE_NO_PAD.encode("jp"));
        for wrong in ["AAAA", "é", "x", &upper, &one, &"A".repeat(1000)] {
            assert_eq!(position(wrong), Err(PageTokenInvalid), "{wrong}");
        }
    }
}
