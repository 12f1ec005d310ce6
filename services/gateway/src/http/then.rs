//! Where somebody goes on who has just signed in: a flow, a page of ours, or the start page. Pages of ours are
//! named, so that no address from the outside leads anywhere.

use super::authorize::{parameters, resume_at, with_flow};
use uuid::Uuid;

/// A page of ours that sent somebody to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// What protects the account.
    Security,
    /// The same, to change something: after the proof that was missing, it is to be done again there.
    SecurityChange,
}

impl Then {
    /// The one that a page's address names.
    pub fn of(query: Option<&str>) -> Option<Self> {
        let parameters = parameters(query?.as_bytes())?;
        let name = parameters.get("then")?;
        [Self::Security, Self::SecurityChange].into_iter().find(|then| then.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::SecurityChange => "security-change",
        }
    }

    /// The page.
    pub fn path(self) -> &'static str {
        match self {
            Self::Security => "/security",
            Self::SecurityChange => "/security?done=confirmed",
        }
    }

    /// A page on the way there.
    pub fn on(self, path: &str) -> String {
        format!("{path}?then={}", self.name())
    }
}

/// A page of ours on the way to a flow, or to another one.
pub fn on_the_way(path: &str, flow: Option<Uuid>, then: Option<Then>) -> String {
    match (flow, then) {
        (None, Some(then)) => then.on(path),
        (flow, _) => with_flow(path, flow),
    }
}

/// The end of that way.
pub fn arrival(flow: Option<Uuid>, then: Option<Then>) -> String {
    match (flow, then) {
        (None, Some(then)) => then.path().to_owned(),
        (flow, _) => resume_at(flow),
    }
}
