//! How pages look to a browser that nobody is signed in with: like those of whoever was signed in last (ACC-3), or in the
//! language that was chosen since. The cookie says nothing about who that was, and gives access to nothing.

use crate::HostCookie;
use http::{HeaderMap, HeaderValue};
use pass_types::{Appearance, Language};
use std::{fmt, str::FromStr, time::Duration};

/// The cookie.
const COOKIE: HostCookie = HostCookie::new("__Host-pass-look");
/// How it ends when the language was chosen by hand.
const CHOSEN: &str = ".chosen";
/// How long it is kept, from the last change on.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// Language and appearance of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub language: Language,
    pub appearance: Appearance,
    /// The language was chosen by hand, by a link of the page: it comes before what a product or a mail says.
    pub chosen: bool,
}

impl Look {
    /// The browser's. What we never wrote is none.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        COOKIE.read(headers)?.parse().ok()
    }

    /// Has the browser keep it.
    pub fn keep(self) -> HeaderValue {
        COOKIE.set(&self.to_string(), Some(KEPT))
    }
}

/// What was written is no look.
#[derive(Debug)]
pub(crate) struct NoLook;

impl FromStr for Look {
    type Err = NoLook;
    fn from_str(text: &str) -> Result<Self, NoLook> {
        let (text, chosen) = text.strip_suffix(CHOSEN).map_or((text, false), |text| (text, true));
        let (language, appearance) = text.split_once('.').ok_or(NoLook)?;
        Ok(Self {
            language: language.parse().map_err(|_| NoLook)?,
            appearance: appearance.parse().map_err(|_| NoLook)?,
            chosen,
        })
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.language, self.appearance, if self.chosen { CHOSEN } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    fn read(cookies: &str) -> Option<Look> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookies.parse().unwrap());
        Look::of(&headers)
    }

    /// proves ACC-3: the cookie has a language and an appearance of ours, and nothing else
    #[test]
    fn only_what_we_wrote_is_read() {
        for language in Language::ALL {
            for appearance in Appearance::ALL {
                for chosen in [false, true] {
                    let look = Look { language: *language, appearance: *appearance, chosen };
                    let cookie = look.keep().to_str().unwrap().to_owned();
                    assert_eq!(read(cookie.split(';').next().unwrap()), Some(look));
                    assert!(cookie.contains("; HttpOnly") && cookie.contains("; Secure"), "{cookie}");
                }
            }
        }
        for wrong in [
            "",
            "ja",
            "ja.",
            ".dark",
            "ja.dark.",
            "ja.chosen",
            "ja.dark.chosen.chosen",
            "JA.dark",
            "ja.black",
            "fr.dark",
            "ja.dark\"><script>",
            "ja dark",
        ] {
            assert_eq!(read(&format!("__Host-pass-look={wrong}")), None, "{wrong}");
        }
        assert_eq!(read("__Host-pass-look=ja.dark; __Host-pass-look=en.dark"), None, "twice is not believed");
    }
}
