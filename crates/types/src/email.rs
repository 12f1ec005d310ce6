//! Email addresses.

use crate::Invalid;
use std::{fmt, str::FromStr};
use unicode_normalization::UnicodeNormalization;

/// An email address, kept as it was typed and compared by its [`key`](Email::key) (ACC-2).
///
/// `Debug` does not show it: addresses don't belong in logs.
#[derive(Clone)]
pub struct Email {
    typed: String,
    key: String,
}

impl Email {
    /// The address as it was typed, without surrounding white space.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// What two spellings of one address have in common: Unicode NFKC, lower case, the domain in A-labels (ACC-2).
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl FromStr for Email {
    type Err = Invalid;

    /// Takes an `addr-spec` of RFC 5321 (with the Unicode of RFC 6531), at most 254 bytes, without
    /// quoted local parts, address literals, comments or control characters. The local part must not have
    /// characters that the key takes for others (ligatures, full-width letters, the Kelvin sign): mail
    /// servers tell those mailboxes apart, so two people could have one key.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid("must be an email address, for instance taro@example.com");
        let typed = text.trim();
        if typed.len() > 254 {
            return Err(Invalid("must be at most 254 bytes long"));
        }
        if typed.chars().any(|c| c.is_control() || c.is_whitespace())
            || typed.contains(['"', '<', '>', '[', '('])
        {
            return Err(WRONG);
        }
        let options = email_address::Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        let composed: String = typed.nfc().collect();
        email_address::EmailAddress::parse_with_options(&composed, options).map_err(|_| WRONG)?;
        let key: String = typed.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        let (local, _) = typed.rsplit_once('@').ok_or(WRONG)?;
        if !local.nfc().eq(local.nfkc()) || local.chars().any(is_singleton) {
            return Err(Invalid("must not have look-alike characters before the @"));
        }
        // Compatibility forms must not hide a second address, a space or a quote.
        let (user, domain) = key.split_once('@').ok_or(WRONG)?;
        if domain.contains('@') || key.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(WRONG);
        }
        // Some type an international domain as it reads, some as mail servers have it: it is one mailbox.
        let key = format!("{user}@{}", idna::domain_to_ascii(domain).map_err(|_| WRONG)?);
        if key.len() > 254 {
            return Err(WRONG);
        }
        Ok(Self { typed: typed.to_owned(), key })
    }
}

/// Whether normalisation makes another character of this one, for instance K of the Kelvin sign.
fn is_singleton(c: char) -> bool {
    let mut normal = std::iter::once(c).nfc();
    normal.next() != Some(c) && normal.next().is_none()
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Email {}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves ACC-2: compared case-insensitively after Unicode normalisation, kept as typed
    #[test]
    fn spellings_of_one_address_are_equal() {
        let typed: Email = " Tarō.Yamada@Example.com ".parse().unwrap();
        let decomposed: Email = "taro\u{304}.yamada@EXAMPLE.COM".parse().unwrap();
        assert_eq!(typed, decomposed);
        assert_eq!(typed.as_str(), "Tarō.Yamada@Example.com");
        for other in ["花子@xn--r8jz45g.jp", "花子@XN--R8JZ45G.JP", "花子@例え.ｊｐ"] {
            assert_eq!("花子@例え.jp".parse::<Email>().unwrap(), other.parse().unwrap(), "{other}");
        }
        assert_ne!("花子@例え.jp".parse::<Email>().unwrap(), "花子@例.jp".parse().unwrap());
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "taro",
            "@example.com",
            "taro@",
            "a@b@c.com",
            "\"a b\"@example.com",
            "a\u{0}@example.com",
            "a b@example.com",
            "a@[127.0.0.1]",
            "Taro <taro@example.com>",
            "a@example",
            "a\u{fe6b}b@example.com",
            "a\n@example.com",
            "a@xn--zzzzzzzz.example",
            "a@exa\u{200d}mple.com",
            &long,
        ] {
            assert!(text.parse::<Email>().is_err(), "{text:?} was taken");
        }
    }
    /// proves ACC-2: equal addresses are one mailbox, also to mail servers that compare bytes
    #[test]
    fn a_local_part_that_looks_like_another_is_refused() {
        for text in [
            "\u{fb01}nance@example.com", // the ligature fi
            "\u{ff54}aro@example.com",   // a full-width t
            "\u{212a}aren@example.com",  // the Kelvin sign
            "\u{212b}sa@example.com",    // the Angstrom sign
            "\u{17f}ato@example.com",    // a long s
            "taro\u{b2}@example.com",    // a superscript two
        ] {
            assert!(text.parse::<Email>().is_err(), "{text:?} was taken");
        }
        for text in ["Åsa@example.com", "A\u{30a}sa@example.com", "花子@example.com", "STRASSE@example.com"]
        {
            assert!(text.parse::<Email>().is_ok(), "{text:?} was refused");
        }
    }
}
