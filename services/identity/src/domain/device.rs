//! Browsers as an account knows them: whether a sign-in is news to its owner (ACC-10).

use pass_types::{Invalid, Secret};
use std::str::FromStr;

/// How many pairs of browser and network an account knows; the one seen longest ago makes room.
pub const MOST: i64 = 50;

/// What a browser that signs in shows of itself, and where its person goes on to.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// Of its device cookie; `None`: it has none, or nonsense, and is a device that nobody knows.
    pub device: Option<Secret>,
    /// What the sign-in is for.
    pub product: ProductName,
}

/// What a sign-in is for, by the client's name: at most 100 characters on one line; empty for no product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductName(String);

impl ProductName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProductName {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > 100 || text.chars().any(char::is_control) {
            return Err(Invalid("must be at most 100 characters on one line"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What an account knows of a browser that has signed in to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Familiar {
    /// The browser, in whichever network.
    pub device: bool,
    /// The coarse network, with whichever browser.
    pub network: bool,
}

impl Familiar {
    /// Whether the owner is to be mailed (ACC-10). A known browser is the owner's wherever it travels. And a browser
    /// that is new in a known network is as a rule the owner's too: a second one at home, or one that forgets its
    /// cookies. Mails about those would teach people to ignore the one that matters; the security events list them.
    pub fn is_news(self) -> bool {
        !self.device && !self.network
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves ACC-10: news is what is new in both, browser and coarse network
    #[test]
    fn news_is_a_new_browser_in_a_new_network() {
        for (device, network, news) in
            [(false, false, true), (true, false, false), (false, true, false), (true, true, false)]
        {
            assert_eq!(Familiar { device, network }.is_news(), news, "{device} {network}");
        }
    }

    #[test]
    fn product_names_are_one_short_line() {
        for good in ["", "Backlog", "ヌーラボ", &"x".repeat(100)] {
            assert!(good.parse::<ProductName>().is_ok(), "{good}");
        }
        for bad in ["a\nb", "a\0b", &"x".repeat(101)] {
            assert!(bad.parse::<ProductName>().is_err(), "{bad:?}");
        }
    }
}
