//! Deleting a Nulab Account (ACC-13): what the owner is told before, and how far it has come.

use pass_types::{AccountId, Email, Language, OrganizationId, OrganizationName, TimeZone};
use time::OffsetDateTime;

/// An organization that the owner would leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub organization: OrganizationId,
    /// Its name.
    pub name: OrganizationName,
    /// What stands in the way.
    pub obstacle: Option<Obstacle>,
}

/// Why an organization does not let an account go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It has no other member.
    OnlyMember,
    /// It has no other administrator that counts (ORG-7).
    LastAdministrator,
    /// It has no other Plan Admin that counts (ORG-7).
    LastPlanAdmin,
}

/// What deleting would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The organizations of the account.
    pub places: Vec<Place>,
    /// How many legacy spaces are disconnected.
    pub connected_spaces: i64,
}

/// A deletion that is under way: written down, and somebody's to finish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Whose account.
    pub account: AccountId,
    /// Its address, under which others keep things.
    pub email: Email,
    /// The number of the wish.
    pub attempt: i32,
}

/// What the mail to the owner of a deleted account needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// The address that the account had.
    pub email: Email,
    /// Its owner's language.
    pub language: Language,
    /// Its owner's time zone.
    pub time_zone: TimeZone,
    /// When it was deleted.
    pub deleted_at: OffsetDateTime,
}

/// Whether what was typed is the account's address: who deletes an account names it.
pub fn confirms(typed: &str, email: &Email) -> bool {
    typed.trim().parse::<Email>().is_ok_and(|typed| typed == *email)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves ACC-13: only the account's own address confirms
    #[test]
    fn the_address_confirms_as_addresses_are_compared() {
        let email = "Taro@Example.com".parse().unwrap();
        assert!(confirms(" taro@example.COM ", &email));
        for wrong in ["", "taro", "taro@example.org", "Taro@Example.com, x@example.com"] {
            assert!(!confirms(wrong, &email), "{wrong}");
        }
    }
}
