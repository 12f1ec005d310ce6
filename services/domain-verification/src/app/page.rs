//! Pages of lists: a keyset, whose token is the name that the page before ended with. It needs no seal: it
//! says nothing that its owner has not just seen, and at most leads to another place of their own list.

use crate::domain::name::DomainName;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_types::Invalid;

const DEFAULT: i64 = 50;
const MOST: i64 = 100;

/// How many a page is to have.
#[derive(Debug, Clone, Copy)]
pub struct PageSize(i64);

impl TryFrom<i32> for PageSize {
    type Error = Invalid;

    /// 0: 50.
    fn try_from(asked: i32) -> Result<Self, Invalid> {
        match i64::from(asked) {
            0 => Ok(Self(DEFAULT)),
            size @ 1..=MOST => Ok(Self(size)),
            _ => Err(Invalid("must be 0-100")),
        }
    }
}

impl PageSize {
    /// What to ask the database for: one more than the page has, to see whether there is a next one.
    pub(super) fn limit(self) -> i64 {
        self.0 + 1
    }

    /// Cuts what the database gave to the page; the position to go on after, if there is more.
    pub(super) fn cut<T, P>(self, rows: &mut Vec<T>, position: impl Fn(&T) -> P) -> Option<P> {
        let size = usize::try_from(self.0).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        rows.last().filter(|_| more).map(position)
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Token of the next page; empty: this is the last.
    pub next: String,
}

/// The page token is not one of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page token is not one of this list")]
pub struct PageTokenInvalid;

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

    #[test]
    fn sizes() {
        for wrong in [-1, 101, i32::MIN, i32::MAX] {
            assert!(PageSize::try_from(wrong).is_err());
        }
        for (asked, given) in [(0, 50), (1, 1), (100, 100)] {
            assert_eq!(PageSize::try_from(asked).unwrap().0, given);
        }
    }
}
