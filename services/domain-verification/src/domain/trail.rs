//! Where an answer leads: to texts, or on by an alias (CNAME), or astray. An alias may hand the proof to
//! another name, but only once and only within the same registrable domain: whoever is entrusted with a
//! name elsewhere has not been entrusted with this domain.

use super::name::DomainName;

/// How many aliases may be followed.
const MOST_HOPS: usize = 1;

/// The answer section that a question got: names are lower-case A-labels without trailing dot.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Section {
    /// CNAME records: from, to.
    pub aliases: Vec<(String, String)>,
    /// TXT records: of which name, and its strings joined (RFC 7208, 3.3, does so, too).
    pub texts: Vec<(String, Vec<u8>)>,
}

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trail {
    /// It has texts.
    Texts(Vec<Vec<u8>>),
    /// It has none, and is no alias.
    Nothing,
    /// It is an alias of this name, whose texts are not in the answer.
    Alias(String),
    /// It is an alias of too many, or of a name outside the registrable domain.
    Astray,
}

impl Trail {
    /// Follows an answer from the name that was asked for; `hops` were taken already.
    pub fn follow(domain: &DomainName, asked: &str, hops: usize, section: &Section) -> Self {
        let (mut at, mut hops) = (asked, hops);
        while let Some((_, to)) = section.aliases.iter().find(|(from, _)| from == at) {
            // A name with an escaped dot or byte in it looks like another one to the list of suffixes.
            if hops == MOST_HOPS || to.contains('\\') || !domain.shares_registrable(to) {
                return Self::Astray;
            }
            (at, hops) = (to, hops + 1);
        }
        let here = section.texts.iter().filter(|(of, _)| of == at);
        let texts: Vec<_> = here.map(|(_, text)| text.clone()).collect();
        match texts.is_empty() {
            false => Self::Texts(texts),
            true if at == asked => Self::Nothing,
            true => Self::Alias(at.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = "_nulab-challenge.acme.co.jp";

    fn follow(hops: usize, aliases: &[(&str, &str)], texts: &[(&str, &str)]) -> Trail {
        let section = Section {
            aliases: aliases.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect(),
            texts: texts.iter().map(|(of, text)| ((*of).to_owned(), text.as_bytes().to_vec())).collect(),
        };
        Trail::follow(&"acme.co.jp".parse().unwrap(), ASKED, hops, &section)
    }

    fn texts(texts: &[&str]) -> Trail {
        Trail::Texts(texts.iter().map(|text| text.as_bytes().to_vec()).collect())
    }

    /// proves DOM-2: at most one alias, inside the same registrable domain
    #[test]
    fn one_hop_inside() {
        assert_eq!(follow(0, &[], &[(ASKED, "a"), (ASKED, "b")]), texts(&["a", "b"]));
        assert_eq!(follow(0, &[], &[]), Trail::Nothing);
        assert_eq!(follow(0, &[(ASKED, "x.acme.co.jp")], &[("x.acme.co.jp", "a")]), texts(&["a"]));
        assert_eq!(follow(0, &[(ASKED, "x.acme.co.jp")], &[]), Trail::Alias("x.acme.co.jp".to_owned()));
        // Texts of other names prove nothing.
        assert_eq!(follow(0, &[], &[("x.acme.co.jp", "a")]), Trail::Nothing);
        assert_eq!(follow(0, &[("x.acme.co.jp", "y.acme.co.jp")], &[("y.acme.co.jp", "a")]), Trail::Nothing);
    }

    /// proves DOM-2: what an alias elsewhere says counts for nothing
    #[test]
    fn astray() {
        for outside in ["other.co.jp", "acme.com", "co.jp", "x\\.acme.co.jp", ""] {
            assert_eq!(follow(0, &[(ASKED, outside)], &[(outside, "a")]), Trail::Astray, "{outside}");
        }
        let two = [(ASKED, "x.acme.co.jp"), ("x.acme.co.jp", "y.acme.co.jp")];
        assert_eq!(follow(0, &two, &[("y.acme.co.jp", "a")]), Trail::Astray);
        assert_eq!(follow(1, &two[..1], &[("x.acme.co.jp", "a")]), Trail::Astray);
        assert_eq!(follow(0, &[(ASKED, ASKED)], &[(ASKED, "a")]), Trail::Astray, "a circle");
    }
}
