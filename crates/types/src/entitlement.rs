//! Whether an organization has Nulab Pass (BIL-6). Billing says so, to every service that needs to know.

use time::OffsetDateTime;

/// What an organization has of Nulab Pass now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entitlement {
    /// It never had it.
    None,
    /// It has it, until then.
    Until(OffsetDateTime),
    /// It had it.
    Ended,
}

/// Something needs Nulab Pass, and the organization does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEntitled {
    /// It never had it.
    #[error("this needs Nulab Pass")]
    Needed,
    /// It had it.
    #[error("Nulab Pass has ended")]
    Ended,
}

impl Entitlement {
    /// May the organization use what needs Nulab Pass?
    pub fn require(self) -> Result<(), NotEntitled> {
        match self {
            Self::Until(_) => Ok(()),
            Self::None => Err(NotEntitled::Needed),
            Self::Ended => Err(NotEntitled::Ended),
        }
    }
}
