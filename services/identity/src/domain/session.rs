//! Sessions: one browser, signed in, until it signs out, is ended, or its time is over (ACC-12).

use pass_types::{AccountId, Origin, SessionId};
use time::{Duration, OffsetDateTime};

/// A session as it is stored, without the hash of its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Never changes.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// How the person proved who they are.
    pub methods: Vec<Method>,
    /// Where the sign-in came from.
    pub origin: Origin,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it was used last, to the minute.
    pub last_used_at: OffsetDateTime,
    /// The absolute end.
    pub expires_at: OffsetDateTime,
    /// When it was ended before its time.
    pub ended_at: Option<OffsetDateTime>,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// After this time without use.
    pub idle: Duration,
    /// After this time in any case.
    pub absolute: Duration,
}

/// A way to prove who one is, by its RFC 8176 name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `pwd`
    Password,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndCause {
    /// The person signed out.
    SignedOut,
    /// The person ended it from another session.
    EndedByOwner,
    /// Idle or absolute end.
    Expired,
    /// A new sign-in in the same browser took its place.
    Replaced,
}

/// The session is over, or never was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over;

/// A session's last use is kept to this accuracy, so that not every request writes.
const TOUCH_AFTER: Duration = Duration::minutes(1);

impl Session {
    /// A new one.
    pub fn begin(
        id: SessionId,
        account: AccountId,
        method: Method,
        origin: Origin,
        policy: Policy,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            account,
            methods: vec![method],
            origin,
            created_at: now,
            last_used_at: now,
            expires_at: now + policy.absolute,
            ended_at: None,
        }
    }

    /// The session if it is not over. The clock decides, whether or not a job has noticed yet.
    pub fn live(self, policy: Policy, now: OffsetDateTime) -> Result<Self, Over> {
        let over =
            self.ended_at.is_some() || now >= self.expires_at || now >= self.last_used_at + policy.idle;
        if over { Err(Over) } else { Ok(self) }
    }

    /// Whether a use at `now` is to be written down.
    pub fn is_touched_by(&self, now: OffsetDateTime) -> bool {
        now - self.last_used_at >= TOUCH_AFTER
    }
}

impl Method {
    /// The RFC 8176 name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }

    /// By its RFC 8176 name.
    pub fn from_name(name: &str) -> Option<Self> {
        (name == "pwd").then_some(Self::Password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const POLICY: Policy = Policy { idle: Duration::minutes(30), absolute: Duration::hours(12) };

    fn session() -> Session {
        let entropy = Entropy::from_seed(1);
        let (id, account) = (SessionId::generate(&entropy, START), AccountId::generate(&entropy, START));
        Session::begin(id, account, Method::Password, Origin::default(), POLICY, START)
    }

    /// proves ACC-12: idle and absolute end are judged by the clock, to the microsecond
    #[test]
    fn the_clock_ends_a_session() {
        let idle_end = START + POLICY.idle;
        assert!(session().live(POLICY, idle_end - Duration::MICROSECOND).is_ok());
        assert_eq!(session().live(POLICY, idle_end), Err(Over));

        let end = START + POLICY.absolute;
        let used = Session { last_used_at: end - Duration::MINUTE, ..session() };
        assert!(used.clone().live(POLICY, end - Duration::MICROSECOND).is_ok());
        assert_eq!(used.live(POLICY, end), Err(Over));

        assert_eq!(Session { ended_at: Some(START), ..session() }.live(POLICY, START), Err(Over));
    }

    #[test]
    fn a_use_is_written_down_once_a_minute() {
        assert!(!session().is_touched_by(START + Duration::seconds(59)));
        assert!(session().is_touched_by(START + Duration::seconds(60)));
    }
}
