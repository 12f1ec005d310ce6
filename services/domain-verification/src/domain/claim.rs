//! A domain of an organization: claimed, proven, given up.

use super::{code::Code, name::DomainName, provider::is_mail_provider};
use pass_types::{DomainId, Entropy, OrganizationId};
use time::OffsetDateTime;
use uuid::Uuid;

/// A domain of an organization. The same name may be other organizations', too (DOM-3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its id.
    pub id: DomainId,
    /// Whose.
    pub organization: OrganizationId,
    /// Which.
    pub name: DomainName,
    /// What the TXT record is to say.
    pub code: Code,
    /// Since when it is in the list.
    pub created_at: OffsetDateTime,
    /// Where it stands.
    pub state: State,
}

/// Where a domain stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The record was not found yet.
    Unverified,
    /// The record was found.
    Verified {
        /// When, first.
        at: OffsetDateTime,
    },
    /// An administrator wants it removed, and identity has not said yet whether anybody uses it.
    Removing {
        /// When it was verified, if it was: it may be put back.
        verified_at: Option<OffsetDateTime>,
        /// Which try it is.
        removal: Removal,
    },
}

/// One try to remove a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Tells it from others: only the newest try may end it.
    pub id: Uuid,
    /// When it began.
    pub since: OffsetDateTime,
}

/// Nobody may call the domain theirs (DOM-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Everybodys {
    /// It is a public mail provider's, or under one.
    #[error("the domain is a public mail provider's")]
    MailProvider,
    /// Anybody may register names under it.
    #[error("the domain is a public suffix")]
    PublicSuffix,
}

/// The domain is being removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the domain is being removed")]
pub struct BeingRemoved;

/// What verifying changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    /// It is verified now.
    Now(Domain),
    /// It was verified before.
    Before(Domain),
}

impl Domain {
    /// A new one with a new code (DOM-1), if it can be somebody's.
    pub fn claim(
        organization: OrganizationId,
        name: DomainName,
        entropy: &Entropy,
        now: OffsetDateTime,
    ) -> Result<Self, Everybodys> {
        if is_mail_provider(&name) {
            return Err(Everybodys::MailProvider);
        }
        if name.is_public_suffix() {
            return Err(Everybodys::PublicSuffix);
        }
        Ok(Self {
            id: DomainId::generate(entropy, now),
            organization,
            name,
            code: Code::generate(entropy),
            created_at: now,
            state: State::Unverified,
        })
    }

    /// When it was verified, if it was.
    pub fn verified_at(&self) -> Option<OffsetDateTime> {
        match self.state {
            State::Unverified => None,
            State::Verified { at } => Some(at),
            State::Removing { verified_at, removal: _ } => verified_at,
        }
    }

    /// The record was found.
    pub fn prove(self, now: OffsetDateTime) -> Result<Proven, BeingRemoved> {
        match self.state {
            State::Unverified => Ok(Proven::Now(Self { state: State::Verified { at: now }, ..self })),
            State::Verified { at: _ } => Ok(Proven::Before(self)),
            State::Removing { .. } => Err(BeingRemoved),
        }
    }

    /// Begins a removal; one that was begun before is overtaken.
    #[must_use]
    pub fn remove(self, removal: Removal) -> Self {
        let verified_at = self.verified_at();
        Self { state: State::Removing { verified_at, removal }, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn claim(name: &str) -> Result<Domain, Everybodys> {
        let entropy = Entropy::from_seed(1);
        let organization = OrganizationId::generate(&entropy, NOW);
        Domain::claim(organization, name.parse().unwrap(), &entropy, NOW)
    }

    /// proves DOM-4: what is everybody's is nobody's
    #[test]
    fn what_can_be_claimed() {
        assert_eq!(claim("co.jp").unwrap_err(), Everybodys::PublicSuffix);
        assert_eq!(claim("github.io").unwrap_err(), Everybodys::PublicSuffix);
        assert_eq!(claim("gmail.com").unwrap_err(), Everybodys::MailProvider);
        assert_eq!(claim("taro.gmail.com").unwrap_err(), Everybodys::MailProvider);
        assert_eq!(claim("acme.co.jp").unwrap().state, State::Unverified);
    }

    /// proves DOM-2: verifying again changes nothing
    #[test]
    fn proving() {
        let later = NOW + time::Duration::DAY;
        let Proven::Now(domain) = claim("acme.jp").unwrap().prove(NOW).unwrap() else { panic!("it is new") };
        assert_eq!(domain.verified_at(), Some(NOW));
        assert_eq!(domain.clone().prove(later), Ok(Proven::Before(domain)));
    }

    /// proves DOM-6: what is being removed is not verified meanwhile, and is known by its newest try
    #[test]
    fn removing() {
        let entropy = Entropy::from_seed(2);
        let [first, second] = [0, 1].map(|_| Removal { id: entropy.uuid(NOW), since: NOW });
        let Ok(Proven::Now(domain)) = claim("acme.jp").unwrap().prove(NOW) else { panic!("it is new") };
        let domain = domain.remove(first);
        assert_eq!(domain.verified_at(), Some(NOW));
        assert_eq!(domain.clone().prove(NOW), Err(BeingRemoved));
        let state = State::Removing { verified_at: Some(NOW), removal: second };
        assert_eq!(domain.remove(second).state, state);
        assert_eq!(claim("acme.jp").unwrap().remove(first).verified_at(), None);
    }
}
