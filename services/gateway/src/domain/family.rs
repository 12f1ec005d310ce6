//! Refresh-token families (RFC 9700, 4.14): every use of a token gives its successor and ends it.
//!
//! A client that lost the answer may repeat the immediate predecessor for a moment and gets the same
//! successor, which is derived, not stored. Anything older was stolen, from the client or by it: the
//! whole family dies.

use crate::domain::scope::Scope;
use pass_types::{AccountId, ClientId, LinkKey, OrganizationId, Secret, SecretHash, SessionId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long the immediate predecessor may be repeated.
pub const GRACE: Duration = Duration::seconds(10);

/// Names a family; it is also the grant's id.
pub type FamilyId = Uuid;

/// What a code gave to a client: the right to fresh tokens while the session lives.
#[derive(Debug, Clone)]
pub struct Family {
    /// Names it.
    pub id: FamilyId,
    /// Who may use it.
    pub client: ClientId,
    /// Who signed in.
    pub account: AccountId,
    /// The session that it ends with.
    pub session: SessionId,
    /// The active organization that its tokens name.
    pub organization: Option<OrganizationId>,
    /// What was granted.
    pub scope: Scope,
    /// When the person signed in.
    pub auth_time: OffsetDateTime,
    /// When it ends unless it is used before.
    pub idle_expire_time: OffsetDateTime,
    /// When it ends at the latest.
    pub expire_time: OffsetDateTime,
    /// When it was revoked.
    pub revoke_time: Option<OffsetDateTime>,
}

/// One token of a family, as found by its hash.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Its place in the family.
    pub generation: i32,
    /// When its successor took over.
    pub rotate_time: Option<OffsetDateTime>,
    /// The place of the newest one.
    pub newest: i32,
}

/// What is to be done with a token that a client shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Make its successor.
    Rotate,
    /// Give its successor once more.
    Repeat,
    /// It was used long ago: kill the family.
    Reused,
    /// Revoked or over.
    Dead,
    /// Another client's.
    Foreign,
}

impl Family {
    /// Judges a token of this family that `client` shows at `now`.
    pub fn judge(&self, link: Link, client: &ClientId, now: OffsetDateTime) -> Verdict {
        if &self.client != client {
            return Verdict::Foreign;
        }
        if self.revoke_time.is_some() || now >= self.idle_expire_time || now >= self.expire_time {
            return Verdict::Dead;
        }
        match link.rotate_time {
            None => Verdict::Rotate,
            Some(at) if link.generation + 1 == link.newest && now - at <= GRACE => Verdict::Repeat,
            Some(_) => Verdict::Reused,
        }
    }
}

/// The token that follows `token`: the same each time, and not to be had without the gateway's key.
pub fn successor(key: &LinkKey, family: FamilyId, token: &Secret) -> Secret {
    let hash: SecretHash = token.hash();
    Secret::derive(key, &[b"refresh", family.as_bytes(), hash.as_bytes(), token.reveal().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn family() -> Family {
        let entropy = Entropy::from_seed(1);
        Family {
            id: entropy.uuid(NOW),
            client: "backlog".parse().unwrap(),
            account: AccountId::generate(&entropy, NOW),
            session: SessionId::generate(&entropy, NOW),
            organization: None,
            scope: Scope::parse("openid"),
            auth_time: NOW,
            idle_expire_time: NOW + Duration::minutes(30),
            expire_time: NOW + Duration::hours(12),
            revoke_time: None,
        }
    }

    fn judge(
        family: &Family,
        generation: i32,
        rotated: Option<OffsetDateTime>,
        newest: i32,
        now: OffsetDateTime,
    ) -> Verdict {
        family.judge(Link { generation, rotate_time: rotated, newest }, &"backlog".parse().unwrap(), now)
    }

    #[test]
    fn the_newest_rotates_its_predecessor_may_be_repeated_for_ten_seconds_and_no_other() {
        let family = family();
        assert_eq!(judge(&family, 3, None, 3, NOW), Verdict::Rotate);
        assert_eq!(judge(&family, 2, Some(NOW), 3, NOW + Duration::seconds(10)), Verdict::Repeat);
        assert_eq!(judge(&family, 2, Some(NOW), 3, NOW + Duration::seconds(11)), Verdict::Reused);
        assert_eq!(judge(&family, 1, Some(NOW), 3, NOW + Duration::seconds(1)), Verdict::Reused);
    }

    #[test]
    fn ends_are_idle_absolute_and_by_revocation() {
        let family = family();
        assert_eq!(judge(&family, 0, None, 0, family.idle_expire_time), Verdict::Dead);
        let busy = Family { idle_expire_time: NOW + Duration::days(9), ..family.clone() };
        assert_eq!(judge(&busy, 0, None, 0, busy.expire_time), Verdict::Dead);
        let revoked = Family { revoke_time: Some(NOW), ..family.clone() };
        assert_eq!(judge(&revoked, 0, None, 0, NOW), Verdict::Dead);
        let link = Link { generation: 0, rotate_time: None, newest: 0 };
        assert_eq!(family.judge(link, &"cacoo".parse().unwrap(), NOW), Verdict::Foreign);
    }

    #[test]
    fn a_successor_is_the_same_each_time_and_another_for_every_key_and_token() {
        let key = LinkKey::new(b"0123456789abcdef").unwrap();
        let other = LinkKey::new(b"another secret of it").unwrap();
        let (id, token) = (family().id, Secret::generate(&Entropy::from_seed(2)));
        let next = successor(&key, id, &token);
        assert_eq!(next, successor(&key, id, &token));
        assert_ne!(next, successor(&other, id, &token));
        assert_ne!(next, successor(&key, id, &next));
    }
}
