//! Managed Accounts (MAN): where one stands, and what may become of it.

use super::account::{Account, Version};
use pass_types::{
    AccountId, AccountKind, Appearance, Email, Invalid, Language, OrganizationId, PersonName, Privileges,
    RequestId, Role, TeamId, TimeZone, UniqueId,
};
use std::str::FromStr;
use time::{Duration, OffsetDateTime};

/// How long the link of an invitation works (MAN-2).
pub const LINK_LIFE: Duration = Duration::days(7);

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// Where a Managed Account stands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum State { $($(#[$doc])* $name,)+ }

        impl State {
            /// As the database has it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }

        impl FromStr for State {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                match text {
                    $($word => Ok(Self::$name),)+
                    _ => Err(Invalid("is no state of a Managed Account")),
                }
            }
        }
    };
}

states! {
    /// Being made: address and unique ID are claimed, and nobody sees it.
    Provisioning = "provisioning",
    /// Made; nobody has signed in yet (MAN-2).
    Invited = "invited",
    /// In use.
    Active = "active",
    /// On the way to being suspended; it goes on whatever happens.
    Suspending = "suspending",
    /// Signed out, without a seat (MAN-5).
    Suspended = "suspended",
    /// On the way back; suspended again unless it arrives.
    Resuming = "resuming",
    /// On the way to being gone; it goes on whatever happens.
    Deleting = "deleting",
}

/// Whose an account is, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The organization that owns it.
    pub organization: OrganizationId,
    /// Where it stands.
    pub state: State,
}

/// A Managed Account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    /// The account; its `place` is this one's.
    pub account: Account,
    /// The organization that owns it.
    pub organization: OrganizationId,
    /// Where it stands.
    pub state: State,
    /// Of the latest change that billing and organization take part in.
    pub attempt: i32,
    /// When the first sign-in was.
    pub activated_at: Option<OffsetDateTime>,
    /// Since when it is suspended.
    pub suspended_at: Option<OffsetDateTime>,
    /// The latest invitation.
    pub invitation: Invitation,
}

/// What the mail to a new Managed Account leads to (MAN-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// 1 at first, one more at each resend; what the link names.
    pub attempt: i32,
    /// When the link stops to work.
    pub expires_at: OffsetDateTime,
}

/// What an administrator says of an account to be made (MAN-1).
#[derive(Debug, Clone)]
pub struct Wish {
    /// The caller's name for this.
    pub request: RequestId,
    /// For which organization.
    pub organization: OrganizationId,
    /// Name of the account.
    pub name: PersonName,
    /// Its address.
    pub email: Email,
    /// `None`: one is generated.
    pub unique_id: Option<UniqueId>,
    /// Of pages and mails.
    pub language: Language,
    /// Of pages and mails.
    pub time_zone: TimeZone,
    /// Its role in the organization.
    pub role: Role,
    /// Its privileges there.
    pub privileges: Privileges,
    /// Its teams.
    pub teams: Vec<TeamId>,
}

/// A change that takes more than this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// MAN-5.
    Suspend,
    /// MAN-5.
    Resume,
    /// MAN-5.
    Delete,
}

/// Another change is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changing;

/// The account is not in a state that allows this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit;

impl Wish {
    /// The account that is being made, its first change under way.
    pub fn begin(&self, id: AccountId, unique_id: UniqueId, now: OffsetDateTime) -> Managed {
        let place = Place { organization: self.organization, state: State::Provisioning };
        let account = Account {
            id,
            kind: AccountKind::Managed,
            name: self.name.clone(),
            email: self.email.clone(),
            unique_id,
            language: self.language,
            time_zone: self.time_zone.clone(),
            appearance: Appearance::System,
            created_at: now,
            version: Version::FIRST,
            place: Some(place),
            operator: false,
            image: None,
        };
        Managed {
            account,
            organization: self.organization,
            state: State::Provisioning,
            attempt: 1,
            activated_at: None,
            suspended_at: None,
            invitation: Invitation { attempt: 1, expires_at: now + LINK_LIFE },
        }
    }
}

impl Managed {
    /// Begins a change, as a new attempt; `None`: it is so already.
    pub fn begin(self, change: Change) -> Result<Option<Self>, Changing> {
        let next = match (change, self.state) {
            (_, State::Provisioning | State::Suspending | State::Resuming | State::Deleting) => {
                return Err(Changing);
            }
            (Change::Suspend, State::Suspended) | (Change::Resume, State::Invited | State::Active) => {
                return Ok(None);
            }
            (Change::Suspend, State::Invited | State::Active) => State::Suspending,
            (Change::Resume, State::Suspended) => State::Resuming,
            (Change::Delete, State::Invited | State::Active | State::Suspended) => State::Deleting,
        };
        Ok(Some(Self { attempt: self.attempt + 1, ..self.at(next) }))
    }

    /// Made: the person is to be invited, with a link that works from now on.
    #[must_use]
    pub fn made(self, now: OffsetDateTime) -> Self {
        let invitation = Invitation { expires_at: now + LINK_LIFE, ..self.invitation };
        Self { invitation, ..self.at(State::Invited) }
    }

    /// What began did not come about: it stands where it stood.
    #[must_use]
    pub fn settled(self) -> Self {
        let state = match (self.suspended_at, self.activated_at) {
            (Some(_), _) => State::Suspended,
            (None, Some(_)) => State::Active,
            (None, None) => State::Invited,
        };
        self.at(state)
    }

    /// What began was refused: it stands where it stood. Where that is suspended, it is suspended once more, with an
    /// attempt of its own, so that what the refused change may yet do elsewhere comes too late.
    #[must_use]
    pub fn turned_down(self) -> Self {
        if self.suspended_at.is_some() { self.fall_back() } else { self.settled() }
    }

    /// Suspended; whether it was not before, too.
    pub fn suspended(self, now: OffsetDateTime) -> (Self, bool) {
        let news = self.suspended_at.is_none();
        (Self { suspended_at: self.suspended_at.or(Some(now)), ..self.at(State::Suspended) }, news)
    }

    /// Resumed: where it stood before it was suspended.
    #[must_use]
    pub fn resumed(self) -> Self {
        Self { suspended_at: None, ..self }.settled()
    }

    /// Resuming did not come about: what it may have done elsewhere is undone by suspending once more.
    #[must_use]
    pub fn fall_back(self) -> Self {
        Self { attempt: self.attempt + 1, ..self.at(State::Suspending) }
    }

    /// Somebody signed in: active from now on; whether it was not before.
    pub fn signed_in(self, now: OffsetDateTime) -> Result<(Self, bool), Unfit> {
        match self.state {
            State::Active => Ok((self, false)),
            State::Invited => Ok((Self { activated_at: Some(now), ..self.at(State::Active) }, true)),
            _ => Err(Unfit),
        }
    }

    /// Invited anew, with a link that works from now on.
    pub fn invited_anew(self, now: OffsetDateTime) -> Result<Self, Unfit> {
        if self.state != State::Invited {
            return Err(Unfit);
        }
        let attempt = self.invitation.attempt + 1;
        Ok(Self { invitation: Invitation { attempt, expires_at: now + LINK_LIFE }, ..self })
    }

    fn at(self, state: State) -> Self {
        let place = Some(Place { organization: self.organization, state });
        Self { state, account: Account { place, ..self.account }, ..self }
    }
}

/// The domain of an address as domains are compared: lower-case A-labels, without trailing dot (DOM-4).
pub fn domain_of(email: &Email) -> Result<String, Invalid> {
    const WRONG: Invalid = Invalid("must have a domain name after the @");
    let (_, domain) = email.key().rsplit_once('@').ok_or(WRONG)?;
    match url::Host::parse(domain) {
        Ok(url::Host::Domain(domain)) => Ok(domain.trim_end_matches('.').to_owned()),
        _ => Err(WRONG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;
    use proptest::prelude::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn invited() -> Managed {
        let entropy = Entropy::from_seed(1);
        let wish = Wish {
            request: entropy.uuid(NOW).into(),
            organization: OrganizationId::generate(&entropy, NOW),
            name: "Hanako".parse().unwrap(),
            email: "hanako@acme.example".parse().unwrap(),
            unique_id: None,
            language: Language::Ja,
            time_zone: TimeZone::utc(),
            role: Role::Member,
            privileges: Privileges::default(),
            teams: Vec::new(),
        };
        wish.begin(AccountId::generate(&entropy, NOW), UniqueId::generate(&entropy), NOW).made(NOW)
    }

    /// proves MAN-2: *invited* until the first sign-in makes it *active*
    #[test]
    fn the_first_sign_in_activates() {
        let (active, news) = invited().signed_in(NOW).unwrap();
        assert_eq!((active.state, news), (State::Active, true));
        let (again, news) = active.clone().signed_in(NOW).unwrap();
        assert_eq!((again, news), (active.clone(), false));
        assert_eq!(active.invited_anew(NOW), Err(Unfit));
    }

    /// proves MAN-5: resumed, it stands where it stood; suspended, nobody signs in
    #[test]
    fn resuming_leads_back() {
        for before in [invited(), invited().signed_in(NOW).unwrap().0] {
            let suspending = before.clone().begin(Change::Suspend).unwrap().unwrap();
            assert_eq!(suspending.clone().signed_in(NOW), Err(Unfit));
            assert_eq!(suspending.clone().begin(Change::Delete), Err(Changing));
            assert_eq!(suspending.clone().settled().state, before.state);
            assert_eq!(suspending.clone().turned_down().state, before.state);
            let (suspended, news) = suspending.suspended(NOW);
            assert!(news && suspended.state == State::Suspended);
            let deleting = suspended.clone().begin(Change::Delete).unwrap().unwrap();
            let (kept, news) = deleting.clone().turned_down().suspended(NOW);
            assert!(!news && kept.state == State::Suspended && kept.attempt == deleting.attempt + 1);
            let resuming = suspended.begin(Change::Resume).unwrap().unwrap();
            let (fallen, news) = resuming.clone().fall_back().suspended(NOW);
            assert!(!news && fallen.state == State::Suspended && fallen.attempt == resuming.attempt + 1);
            assert_eq!(resuming.resumed().state, before.state);
        }
    }

    proptest! {
        /// Whatever is asked for, in whatever order: attempts never shrink, and each change has its own.
        #[test]
        fn attempts_only_grow(asked in prop::collection::vec(0_u8..6, 1..50)) {
            let mut managed = invited();
            for what in asked {
                let before = managed.clone();
                let change = [Change::Suspend, Change::Resume, Change::Delete].get(usize::from(what)).copied();
                let next = change.map(|change| managed.clone().begin(change));
                managed = match (next, managed.state) {
                    (Some(Ok(Some(next))), _) => {
                        prop_assert_eq!(next.attempt, before.attempt + 1);
                        next
                    }
                    (Some(_), _) => managed,
                    (None, State::Suspending) => managed.suspended(NOW).0,
                    (None, State::Resuming) if what == 3 => managed.fall_back(),
                    (None, State::Resuming) => managed.resumed(),
                    (None, _) => managed.settled(),
                };
                prop_assert!(managed.attempt >= before.attempt);
                prop_assert_eq!(managed.account.place.unwrap().state, managed.state);
            }
        }
    }

    #[test]
    fn domains_of_addresses_are_a_labels() {
        for (email, domain) in [
            ("a@Acme.Example", "acme.example"),
            ("a@日本語.example", "xn--wgv71a119e.example"),
            ("a@xn--wgv71a119e.example", "xn--wgv71a119e.example"),
        ] {
            assert_eq!(domain_of(&email.parse().unwrap()).unwrap(), domain);
        }
    }
}
