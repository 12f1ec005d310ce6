//! Scopes (RFC 6749, 3.3; `OpenID` Connect Core, 5.4).

use std::{collections::BTreeSet, fmt};

/// The scopes of a grant: those asked for that the gateway knows. Unknown ones are ignored
/// (`OpenID` Connect Core, 3.1.2.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope(BTreeSet<&'static str>);

impl Scope {
    /// All that there are.
    pub const KNOWN: [&'static str; 4] = ["openid", "profile", "email", "offline_access"];

    /// Takes a space-separated list.
    pub fn parse(text: &str) -> Self {
        Self(
            text.split(' ').filter_map(|word| Self::KNOWN.into_iter().find(|known| *known == word)).collect(),
        )
    }

    /// Whether the scope is one of them.
    pub fn has(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether all of these are in `other` too.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().copied().collect::<Vec<_>>().join(" "))
    }
}
