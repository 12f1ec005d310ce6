//! Not-before rows: whose tokens issued before a time are void (API-5).

use pass_proto::{
    convert::instant,
    gateway::v1::{Revocation, revocation::Subject},
};
use pass_types::{AccountId, AccountKind, GrantId, Invalid, OrganizationId, Person, SessionId};
use std::collections::HashMap;
use time::OffsetDateTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Session(SessionId),
    Grant(GrantId),
    Account(AccountId),
    ManagedAccountsOf(OrganizationId),
    Membership(AccountId, OrganizationId),
}

/// The rows that are in force.
#[derive(Default)]
pub(super) struct Revocations(HashMap<Key, OffsetDateTime>);

impl Revocations {
    /// Takes a row. Of two about the same, the later holds.
    pub(super) fn insert(&mut self, revocation: Revocation) -> Result<(), Invalid> {
        let Revocation { subject, not_before } = revocation;
        let key = match subject.ok_or(Invalid("a revocation must have a subject"))? {
            Subject::SessionId(id) => Key::Session(id.parse()?),
            Subject::GrantId(id) => Key::Grant(id.parse()?),
            Subject::AccountId(id) => Key::Account(id.parse()?),
            Subject::ManagedAccountsOfOrganizationId(id) => Key::ManagedAccountsOf(id.parse()?),
            Subject::Membership(both) => {
                let both = both.split_once('/').ok_or(Invalid("must be <account>/<organization>"))?;
                Key::Membership(both.0.parse()?, both.1.parse()?)
            }
        };
        let not_before = instant(not_before)?;
        let held = self.0.entry(key).or_insert(not_before);
        *held = (*held).max(not_before);
        Ok(())
    }

    /// Forgets rows before a time: no token that they void is still in force.
    pub(super) fn prune(&mut self, before: OffsetDateTime) {
        self.0.retain(|_, not_before| *not_before >= before);
    }

    /// Whether the token that stands for the person is void. Tokens know their time of issue to the
    /// second, rounded down: one issued within the second of the revocation counts as issued before.
    pub(super) fn revoke(&self, person: &Person) -> bool {
        let organization = person.membership.as_ref().map(|membership| membership.organization);
        let keys = [
            Some(Key::Session(person.session)),
            Some(Key::Grant(person.grant)),
            Some(Key::Account(person.account)),
            organization.map(|organization| Key::Membership(person.account, organization)),
            organization.filter(|_| person.kind == AccountKind::Managed).map(Key::ManagedAccountsOf),
        ];
        let mut rows = keys.iter().flatten().filter_map(|key| self.0.get(key));
        rows.any(|not_before| person.issued_at < *not_before)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_proto::convert::timestamp;
    use pass_types::{Entropy, Membership, Privileges, Role};
    use time::{Duration, macros::datetime};

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn person(kind: AccountKind) -> Person {
        let entropy = Entropy::from_seed(1);
        let organization = OrganizationId::generate(&entropy, NOW);
        Person {
            account: AccountId::generate(&entropy, NOW),
            kind,
            session: SessionId::generate(&entropy, NOW),
            client: "backlog".parse().unwrap(),
            grant: GrantId::generate(&entropy, NOW),
            membership: Some(Membership {
                organization,
                role: Role::Member,
                privileges: Privileges::default(),
            }),
            operator: false,
            issued_at: NOW,
        }
    }

    fn row(subject: Subject, not_before: OffsetDateTime) -> Revocation {
        Revocation { subject: Some(subject), not_before: Some(timestamp(not_before)) }
    }

    fn subjects(person: &Person) -> [Subject; 5] {
        let organization = person.membership.as_ref().unwrap().organization;
        [
            Subject::SessionId(person.session.to_string()),
            Subject::AccountId(person.account.to_string()),
            Subject::Membership(format!("{}/{organization}", person.account)),
            Subject::ManagedAccountsOfOrganizationId(organization.to_string()),
            Subject::GrantId(person.grant.to_string()),
        ]
    }

    /// proves API-5: each subject voids what was issued before, and nothing issued later.
    #[test]
    fn each_subject_voids_what_was_issued_before() {
        let person = person(AccountKind::Managed);
        for subject in subjects(&person) {
            let mut rows = Revocations::default();
            rows.insert(row(subject.clone(), NOW)).unwrap();
            assert!(!rows.revoke(&person), "issued at that very time: {subject:?}");
            rows.insert(row(subject.clone(), NOW + Duration::SECOND)).unwrap();
            assert!(rows.revoke(&person), "{subject:?}");
            rows.insert(row(subject.clone(), NOW)).unwrap();
            assert!(rows.revoke(&person), "an older row takes nothing back: {subject:?}");
        }
    }

    #[test]
    fn a_nulab_account_is_not_touched_by_an_organizations_managed_ones() {
        let person = person(AccountKind::Nulab);
        let [_, _, _, managed, _] = subjects(&person);
        let mut rows = Revocations::default();
        rows.insert(row(managed, NOW + Duration::HOUR)).unwrap();
        assert!(!rows.revoke(&person));
    }

    #[test]
    fn rows_older_than_any_token_are_forgotten() {
        let mut rows = Revocations::default();
        let [session, account, ..] = subjects(&person(AccountKind::Nulab));
        rows.insert(row(session, NOW)).unwrap();
        rows.insert(row(account, NOW - Duration::HOUR)).unwrap();
        rows.prune(NOW - Duration::MINUTE);
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn a_malformed_row_is_refused() {
        let mut rows = Revocations::default();
        let bad = [
            Revocation { subject: None, not_before: Some(timestamp(NOW)) },
            Revocation {
                subject: Some(Subject::SessionId("x".to_owned())),
                not_before: Some(timestamp(NOW)),
            },
            Revocation {
                subject: Some(Subject::Membership("x".to_owned())),
                not_before: Some(timestamp(NOW)),
            },
        ];
        assert!(bad.into_iter().all(|row| rows.insert(row).is_err()));
    }
}
