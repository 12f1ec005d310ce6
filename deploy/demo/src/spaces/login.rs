//! Browsers that are logged in to legacy spaces with the space's own password: what the product would keep in a
//! database if it were a real one. (Nulab Accounts are in `visits`.)

use std::collections::{BTreeMap, HashMap};

/// Browsers that are kept; the oldest go.
const MOST: usize = 10_000;

/// All of them, by the secret in the browser's cookie.
#[derive(Default)]
pub(crate) struct Logins {
    places: HashMap<String, (u64, BTreeMap<String, String>)>,
    begun: u64,
}

impl Logins {
    /// A browser logs in to a space as this user, beside the spaces that it (`before`) is in already. The secret
    /// is a new one each time.
    pub(crate) fn enter(&mut self, browser: String, before: &str, space: String, user: String) {
        let mut spaces = self.places.remove(before).map(|(_, spaces)| spaces).unwrap_or_default();
        if self.places.len() >= MOST {
            let oldest =
                self.places.iter().min_by_key(|(_, (begun, _))| *begun).map(|(browser, _)| browser.clone());
            oldest.and_then(|oldest| self.places.remove(&oldest));
        }
        spaces.insert(space, user);
        self.begun += 1;
        self.places.insert(browser, (self.begun, spaces));
    }

    /// Who a browser is in a space.
    pub(crate) fn user(&self, browser: &str, space: &str) -> Option<String> {
        self.places.get(browser)?.1.get(space).cloned()
    }

    /// A browser logs out of a space.
    pub(crate) fn leave(&mut self, browser: &str, space: &str) {
        if let Some((_, spaces)) = self.places.get_mut(browser) {
            spaces.remove(space);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_in_several_spaces_and_leaves_them_one_by_one() {
        let mut logins = Logins::default();
        logins.enter("first".to_owned(), "", "old".to_owned(), "ken".to_owned());
        logins.enter("second".to_owned(), "first", "harbour".to_owned(), "k".to_owned());
        assert_eq!(logins.user("first", "old"), None, "the secret is a new one");
        assert_eq!(logins.user("second", "old").as_deref(), Some("ken"));
        logins.leave("second", "old");
        assert_eq!(logins.user("second", "old"), None);
        assert_eq!(logins.user("second", "harbour").as_deref(), Some("k"));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut logins = Logins::default();
        for number in 0..=MOST {
            logins.enter(number.to_string(), "", "old".to_owned(), "ken".to_owned());
        }
        assert_eq!(logins.places.len(), MOST);
        assert!(logins.user("0", "old").is_none() && logins.user("1", "old").is_some());
    }
}
