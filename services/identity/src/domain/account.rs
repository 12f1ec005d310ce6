//! An account and how its owner changes it (ACC-3, ACC-4).

use super::{
    image::ImageId,
    managed::{Place, State},
};
use pass_types::{AccountId, AccountKind, Appearance, Email, Language, PersonName, TimeZone, UniqueId};
use time::OffsetDateTime;

/// An account as it is stored, credentials excepted: those never leave the store with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Never changes.
    pub id: AccountId,
    /// Never changes.
    pub kind: AccountKind,
    /// Name that others see.
    pub name: PersonName,
    /// Unique per kind (ACC-2).
    pub email: Email,
    /// Unique in the suite (ACC-4).
    pub unique_id: UniqueId,
    /// Of pages and mails.
    pub language: Language,
    /// Of pages and mails.
    pub time_zone: TimeZone,
    /// Of pages.
    pub appearance: Appearance,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Grows with every change.
    pub version: Version,
    /// Of a Managed Account: whose it is, and where it stands.
    pub place: Option<Place>,
    /// Staff of the company that runs the suite.
    pub operator: bool,
    /// Its image, if it has one (ACC-5).
    pub image: Option<ImageId>,
}

/// Which state of an account somebody saw: the etag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub i64);

impl Version {
    /// Of a new account.
    pub const FIRST: Self = Self(1);
}

/// What an owner wants to be different; `None` leaves a field as it is.
#[derive(Debug, Default, Clone)]
pub struct Change {
    /// The state that the owner saw; `None`: whichever it is.
    pub seen: Option<Version>,
    /// The new name.
    pub name: Option<PersonName>,
    /// The new unique ID.
    pub unique_id: Option<UniqueId>,
    /// The new language.
    pub language: Option<Language>,
    /// The new time zone.
    pub time_zone: Option<TimeZone>,
    /// The new appearance.
    pub appearance: Option<Appearance>,
}

/// Why an owner can't change the account so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeRefused {
    /// Somebody else changed the account since the owner saw it.
    Outdated,
    /// It is the organization's to change (MAN-4).
    Managed,
}

impl Account {
    /// Whether somebody may be signed in to it: a Managed Account only while it is active (MAN-5).
    pub fn is_usable(&self) -> bool {
        self.place.is_none_or(|place| place.state == State::Active)
    }

    /// The account with another image or none, unless it has that already.
    pub fn with_image(self, image: Option<ImageId>) -> Option<Self> {
        (self.image != image).then(|| Self { image, version: Version(self.version.0 + 1), ..self })
    }

    /// The account with another address (ACC-7). A Managed Account's is its organization's to change (MAN-4).
    pub fn move_to(self, email: Email) -> Result<Self, ChangeRefused> {
        match self.kind {
            AccountKind::Nulab => Ok(Self { email, version: Version(self.version.0 + 1), ..self }),
            AccountKind::Managed => Err(ChangeRefused::Managed),
        }
    }

    /// The account after the change, and the names of the fields that are different now. Wanting
    /// what is already so changes nothing and conflicts with nobody, so that a repeated call gets the
    /// same answer.
    pub fn change(self, change: Change) -> Result<(Self, Vec<&'static str>), ChangeRefused> {
        let Change { seen, name, unique_id, language, time_zone, appearance } = change;
        let before = self.version;
        let mut after = self;
        let mut fields = Vec::new();
        let mut replaced = |field, different| {
            if different {
                fields.push(field);
            }
        };
        replaced("name", replace(&mut after.name, name));
        replaced("unique_id", replace(&mut after.unique_id, unique_id));
        replaced("language", replace(&mut after.language, language));
        replaced("time_zone", replace(&mut after.time_zone, time_zone));
        replaced("appearance", replace(&mut after.appearance, appearance));
        if fields.is_empty() {
            return Ok((after, fields));
        }
        if after.kind == AccountKind::Managed && fields.contains(&"name") {
            return Err(ChangeRefused::Managed);
        }
        if seen.is_some_and(|seen| seen != before) {
            return Err(ChangeRefused::Outdated);
        }
        after.version = Version(before.0 + 1);
        Ok((after, fields))
    }
}

/// Puts `new` in the place of `old`; whether that made a difference.
fn replace<T: PartialEq>(old: &mut T, new: Option<T>) -> bool {
    match new {
        Some(new) if new != *old => {
            *old = new;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;

    fn account() -> Account {
        let now = OffsetDateTime::UNIX_EPOCH;
        let entropy = Entropy::from_seed(1);
        Account {
            id: AccountId::generate(&entropy, now),
            kind: AccountKind::Nulab,
            name: "Taro".parse().unwrap(),
            email: "taro@example.com".parse().unwrap(),
            unique_id: UniqueId::generate(&entropy),
            language: Language::En,
            time_zone: TimeZone::utc(),
            appearance: Appearance::System,
            created_at: now,
            version: Version::FIRST,
            place: None,
            operator: false,
            image: None,
        }
    }

    /// proves ACC-3: only what is asked for changes, and the change is told
    #[test]
    fn only_what_is_different_changes() {
        let change = Change {
            name: Some("Jiro".parse().unwrap()),
            language: Some(Language::En),
            seen: Some(Version::FIRST),
            ..Change::default()
        };
        let (after, fields) = account().change(change.clone()).unwrap();
        assert_eq!(fields, ["name"]);
        assert_eq!(after.version, Version(2));
        assert_eq!(after, Account { name: "Jiro".parse().unwrap(), version: Version(2), ..account() });

        let (again, fields) = after.clone().change(change).unwrap();
        assert_eq!((again, fields), (after, vec![]), "repeating it changes nothing and is no conflict");
    }

    /// proves ACC-3: of two who edit at once, the second is told
    #[test]
    fn a_change_of_what_is_outdated_is_refused() {
        let change =
            Change { seen: Some(Version(7)), name: Some("Jiro".parse().unwrap()), ..Change::default() };
        assert_eq!(account().change(change), Err(ChangeRefused::Outdated));
    }

    /// proves MAN-4: a Managed Account's name is not its owner's to change; the rest of the profile is
    #[test]
    fn the_organization_keeps_the_name() {
        let managed = Account { kind: AccountKind::Managed, ..account() };
        let change = |name: &str| Change {
            name: Some(name.parse().unwrap()),
            appearance: Some(Appearance::Dark),
            ..Change::default()
        };
        assert_eq!(managed.clone().change(change("Jiro")), Err(ChangeRefused::Managed));
        let (after, fields) = managed.change(change("Taro")).unwrap();
        assert_eq!((after.appearance, fields), (Appearance::Dark, vec!["appearance"]));
    }
}
