//! Public mail providers: everybody may have an address there, so nobody may call the domain theirs (DOM-4).
//!
//! `mail_providers.txt` has one domain a line, in the order of bytes: the large providers with their aliases,
//! mobile carriers and internet providers, Japan's above all, and the best known providers of throw-away
//! addresses. What is under one of them is theirs, too.

use super::name::DomainName;

const PROVIDERS: &str = include_str!("mail_providers.txt");

/// Whether a domain, or one that it is under, is a public mail provider's.
pub fn is_mail_provider(name: &DomainName) -> bool {
    let mut rest = name.as_str();
    loop {
        if PROVIDERS.lines().any(|provider| provider == rest) {
            return true;
        }
        match rest.split_once('.') {
            Some((_, parent)) => rest = parent,
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves DOM-4: the list is of names as we compare them, sorted, each once
    #[test]
    fn the_list_is_in_order() {
        let lines: Vec<_> = PROVIDERS.lines().collect();
        assert!(lines.len() > 300 && PROVIDERS.ends_with('\n'));
        assert!(lines.is_sorted_by(|one, next| one < next));
        for line in lines {
            let name: DomainName = line.parse().unwrap_or_else(|invalid| panic!("{line}: {invalid}"));
            assert_eq!(name.as_str(), line);
            assert!(!name.is_public_suffix(), "{line} is refused for another reason already");
            let parent = line.split_once('.').unwrap().1;
            assert!(
                !parent.parse().is_ok_and(|parent| is_mail_provider(&parent)),
                "{line} is covered already"
            );
        }
    }

    /// proves DOM-4: aliases and Japanese carriers, and what is under them
    #[test]
    fn providers() {
        for provider in [
            "gmail.com",
            "googlemail.com",
            "yahoo.co.jp",
            "docomo.ne.jp",
            "ezweb.ne.jp",
            "au.com",
            "softbank.ne.jp",
            "i.softbank.jp",
            "icloud.com",
            "outlook.jp",
            "t.vodafone.ne.jp",
            "mail.gmail.com",
            "a.b.c.qq.com",
            "GMail.com.",
        ] {
            assert!(is_mail_provider(&provider.parse().unwrap()), "{provider}");
        }
        for other in ["nulab.com", "mygmail.com", "gmail.com.example.jp", "softbank.jp", "co.jp", "gmail.co"]
        {
            assert!(!is_mail_provider(&other.parse().unwrap()), "{other}");
        }
    }
}
