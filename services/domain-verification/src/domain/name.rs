//! Names of domains (DOM-4).

use super::code::CHALLENGE;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use pass_types::Invalid;
use std::{fmt, str::FromStr};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_security::{RestrictionLevel, RestrictionLevelDetection};

/// No name is longer (RFC 1035, 2.3.4), in characters, without the trailing dot.
const LONGEST: usize = 253;
/// What is longer than this was never a name, in whatever script: it is not even looked at.
const MOST_BYTES: usize = 4 * LONGEST;

const UTS46: Uts46 = Uts46::new();

/// A domain name: lower-case A-labels (IDNA 2008, by the strict rules of UTS 46), at least two, without
/// trailing dot. Never an IP address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

impl DomainName {
    /// The A-labels.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people read it.
    pub fn unicode(&self) -> String {
        UTS46.to_unicode(self.0.as_bytes(), AsciiDenyList::STD3, Hyphens::Check).0.into_owned()
    }

    /// Whether a label of it mixes scripts that nobody mixes, as look-alikes do (UTS 39, 5.2: less than
    /// "highly restrictive"). Latin with Japanese, Chinese or Korean is usual.
    pub fn mixed_script(&self) -> bool {
        self.unicode()
            .split('.')
            .any(|label| !label.check_restriction_level(RestrictionLevel::HighlyRestrictive))
    }

    /// Whether it is a public suffix, under which anybody may register names: of the ICANN section
    /// (`co.jp`) or of the private one (`github.io`). For a name whose top-level domain is not on the list, the
    /// list's own rule applies: the last label is the suffix. Such a name is taken: top-level domains are
    /// newer than any copy of the list, a company may run its own behind its own resolvers, and it is the TXT
    /// record that proves a domain, not the list.
    pub fn is_public_suffix(&self) -> bool {
        psl::domain_str(&self.0).is_none()
    }

    /// Whether another name (A-labels in lower case, underscores allowed) has the same registrable domain.
    pub fn shares_registrable(&self, other: &str) -> bool {
        psl::domain_str(&self.0).is_some_and(|ours| psl::domain_str(other) == Some(ours))
    }

    /// A label and this name, if that is not too long for a name.
    pub fn under(&self, label: &str) -> Option<String> {
        let name = format!("{label}.{}", self.0);
        (name.len() <= LONGEST).then_some(name)
    }

    /// A name beside this one, where this is below its registrable domain: beside that are other people's. A
    /// label that is too long for a name is cut.
    pub fn beside(&self, label: &str) -> Option<String> {
        let (_, parent) = self.0.split_once('.')?;
        psl::domain_str(&self.0).filter(|registrable| *registrable != self.0)?;
        let room = LONGEST - parent.len() - 1;
        Some(format!("{}.{parent}", label.get(..room).unwrap_or(label)))
    }

    /// Where the record goes (DOM-1): the domain itself when there is no room for the label.
    pub fn record_name(&self) -> String {
        self.under(CHALLENGE).unwrap_or_else(|| self.0.clone())
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DomainName {
    type Err = Invalid;

    /// Takes a name as people type it: in any script and case, with one trailing dot.
    fn from_str(typed: &str) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid("must be a domain name, for instance example.com");
        const LONG: Invalid = Invalid("must be at most 253 characters long");
        if typed.len() > MOST_BYTES {
            return Err(LONG);
        }
        if typed.parse::<std::net::IpAddr>().is_ok() {
            return Err(Invalid("must be a domain name, not an IP address"));
        }
        let name = UTS46
            .to_ascii(typed.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Ignore)
            .map_err(|_| WRONG)?;
        let name = name.strip_suffix('.').unwrap_or(&name);
        if name.len() > LONGEST {
            return Err(LONG);
        }
        if !idna::uts46::verify_dns_length(name, false) {
            return Err(WRONG);
        }
        let (_, top) = name.rsplit_once('.').ok_or(Invalid("must have at least two labels"))?;
        if is_number(top) {
            return Err(Invalid("must be a domain name, not an IP address"));
        }
        let name = Self(name.to_owned());
        if !name.unicode().chars().all(is_of_idna_2008) {
            return Err(Invalid("must have letters, digits and hyphens only"));
        }
        Ok(name)
    }
}

/// Whether a last label makes the whole an IPv4 address to some programs: no top-level domain is so.
fn is_number(label: &str) -> bool {
    let hexadecimal =
        label.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    hexadecimal || label.bytes().all(|b| b.is_ascii_digit())
}

/// Whether IDNA 2008 has the character of a mapped label (RFC 5892: `LetterDigits`, its exceptions, and what
/// is allowed in context). UTS 46 takes symbols, too, for the sake of IDNA 2003.
fn is_of_idna_2008(c: char) -> bool {
    use GeneralCategory::{
        DecimalNumber, LowercaseLetter, ModifierLetter, NonspacingMark, OtherLetter, SpacingMark,
    };
    const EXCEPTIONS: [char; 11] = [
        '\u{b7}', '\u{375}', '\u{5f3}', '\u{5f4}', '\u{6fd}', '\u{6fe}', '\u{f0b}', '\u{200c}', '\u{200d}',
        '\u{3007}', '\u{30fb}',
    ];
    matches!(c, 'a'..='z' | '0'..='9' | '-' | '.')
        || matches!(
            c.general_category(),
            LowercaseLetter | OtherLetter | ModifierLetter | NonspacingMark | SpacingMark | DecimalNumber
        )
        || EXCEPTIONS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(typed: &str) -> DomainName {
        typed.parse().unwrap_or_else(|invalid| panic!("{typed}: {invalid}"))
    }

    /// proves DOM-4: names are lower-case A-labels without trailing dot, however they are typed
    #[test]
    fn spellings_of_one_name() {
        for typed in [
            "example.co.jp",
            "Example.CO.jp",
            "example.co.jp.",
            "ｅｘａｍｐｌｅ．ｃｏ．ｊｐ",
            "example。co。jp",
        ] {
            assert_eq!(name(typed).as_str(), "example.co.jp");
        }
        for typed in ["日本語.jp", "xn--wgv71a119e.jp", "XN--WGV71A119E.JP", "日本語。jp。"] {
            let name = name(typed);
            assert_eq!((name.as_str(), name.unicode().as_str()), ("xn--wgv71a119e.jp", "日本語.jp"));
        }
        // Not of IDNA 2003, which would have taken somebody else's name for it.
        assert_eq!(name("faß.de").as_str(), "xn--fa-hia.de");
        assert_eq!(name("ヌーラボ・東京.jp").unicode(), "ヌーラボ・東京.jp");
    }

    /// proves DOM-4: strict UTS 46 and IDNA 2008
    #[test]
    fn what_is_no_name() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(name(&longest).as_str().len(), LONGEST);
        assert_eq!(name(&format!("{longest}.")).as_str(), longest);
        let bad = [
            "",
            ".",
            "..",
            "localhost",
            "jp",
            "example",
            "a..jp",
            ".example.jp",
            "example.jp..",
            "a_b.jp",
            "_dmarc.example.jp",
            "a b.jp",
            " example.jp",
            "example.jp ",
            "-a.jp",
            "a-.jp",
            "ab--cd.jp",
            "xn--.jp",
            "xn--a.jp",
            "*.example.jp",
            "a/b.jp",
            "a@b.jp",
            "a:80.jp",
            "http://a.jp",
            "a\0.jp",
            "a\n.jp",
            "a\u{200d}b.jp",
            "a\u{200c}b.jp",
            "☃.jp",
            "xn--n3h.jp",
            "🍣.jp",
            "a™♥.jp",
            "192.0.2.1",
            "192.0.2.1.",
            "１９２.０.２.１",
            "2001:db8::1",
            "[2001:db8::1]",
            "::1",
            "1.2",
            "0x7f.0x1",
            "example.123",
            "a.0x",
            "a'b.jp",
            "a;b.jp",
            "a\\b.jp",
            "\u{fffd}.jp",
            "٠١.a١.٢b.jp",
            &format!("{label}a.jp"),
            &format!("a{longest}"),
            &format!("{longest}a"),
            &"a".repeat(100_000),
            &"あ".repeat(100_000),
        ];
        for bad in bad {
            assert!(bad.parse::<DomainName>().is_err(), "{bad:?}");
        }
    }

    /// proves DOM-4: public suffixes, and what is not on the list
    #[test]
    fn public_suffixes() {
        for suffix in ["co.jp", "github.io", "tokyo.jp", "公司.cn", "foo.ck", "a.kawasaki.jp"] {
            assert!(name(suffix).is_public_suffix(), "{suffix}");
        }
        for own in ["example.co.jp", "acme.github.io", "www.ck", "city.kawasaki.jp", "acme.test", "日本語.jp"]
        {
            assert!(!name(own).is_public_suffix(), "{own}");
        }
    }

    #[test]
    fn registrable_domains() {
        let domain = name("mail.acme.co.jp");
        for inside in ["acme.co.jp", "_x.acme.co.jp", "mail.acme.co.jp"] {
            assert!(domain.shares_registrable(inside), "{inside}");
        }
        for outside in ["co.jp", "acme.com", "other.co.jp", "acme.co.jp.evil.com", "xacme.co.jp", ""] {
            assert!(!domain.shares_registrable(outside), "{outside}");
        }
        assert!(!name("acme.github.io").shares_registrable("other.github.io"));
        assert!(name("acme.test").shares_registrable("x.acme.test"));
        assert!(!name("acme.test").shares_registrable("other.test"));
    }

    /// proves DOM-4: look-alikes are known by their scripts
    #[test]
    fn look_alikes() {
        for mixed in ["\u{430}pple.com", "ex\u{3b1}mple.com", "paypa\u{4cf}.jp", "日本\u{438}.jp"] {
            assert!(name(mixed).mixed_script(), "{mixed}");
        }
        for plain in
            ["example.com", "日本語.jp", "ヌーラボnulab.jp", "пример.com", "münchen.de", "한국어.com"]
        {
            assert!(!name(plain).mixed_script(), "{plain}");
        }
    }

    #[test]
    fn where_the_record_goes() {
        assert_eq!(name("acme.jp").record_name(), "_nulab-challenge.acme.jp");
        let label = "a".repeat(59);
        let long = name(&format!("{label}.{label}.{label}.{label}"));
        assert_eq!(long.record_name(), long.as_str(), "there is no room for the label");
    }

    #[test]
    fn what_is_beside() {
        assert_eq!(name("shop.acme.jp").beside("_x"), Some("_x.acme.jp".to_owned()));
        assert_eq!(name("a.shop.acme.jp").beside("_x"), Some("_x.shop.acme.jp".to_owned()));
        for registrable in ["acme.jp", "acme.co.jp", "acme.github.io", "acme.test", "jp.jp"] {
            assert_eq!(name(registrable).beside("_x"), None, "{registrable}");
        }
        let label = "a".repeat(62);
        let long = name(&format!("b.{label}.{label}.{label}.{label}"));
        assert_eq!(long.as_str().len(), LONGEST);
        assert_eq!(long.beside("_x"), Some(format!("_.{label}.{label}.{label}.{label}")));
    }

    proptest! {
        /// What was taken is taken again, unchanged, and in its other form.
        #[test]
        fn parsing_is_stable(typed in "\\PC{1,12}\\.[a-z日本é]{1,6}\\.?") {
            if let Ok(name) = typed.parse::<DomainName>() {
                prop_assert_eq!(&name.as_str().parse::<DomainName>(), &Ok(name.clone()));
                prop_assert_eq!(&name.unicode().parse::<DomainName>(), &Ok(name.clone()));
                prop_assert!(name.as_str().len() <= LONGEST && !name.as_str().ends_with('.'));
            }
        }
    }
}
