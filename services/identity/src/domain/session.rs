//! Sessions: one browser, signed in, until it signs out, is ended, or its time is over (ACC-12).

use super::device::Visit;
use pass_types::{AccountId, OrganizationId, Origin, SessionId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A session as it is stored, without the hash of its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Never changes.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// How the person proved who they are.
    pub methods: Vec<Method>,
    /// They did so for this very sign-in: an identity provider that was not asked for that may have answered
    /// from a session of its own.
    pub anew: bool,
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
    /// When a second factor was shown last (ACC-9).
    pub second_factor_at: Option<OffsetDateTime>,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// After this time without use.
    pub idle: Duration,
    /// After this time in any case.
    pub absolute: Duration,
}

/// A way to prove who one is: what the claim `amr` of an ID token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `pwd` (RFC 8176).
    Password,
    /// `fed`: an identity provider said so. RFC 8176 has no name for that; relying parties know this one from
    /// Microsoft's tokens.
    Federated,
    /// `otp`: a code of an authenticator app, or a recovery code.
    OneTimeCode,
    /// `hwk`: a security key, which can't be copied.
    HardwareKey,
    /// `swk`: a passkey that its device copies to others.
    SoftwareKey,
    /// `mfa`: several of them, beside each.
    SeveralFactors,
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
    /// The Managed Account was suspended or deleted (MAN-5).
    AccountSuspended,
    /// The person is no longer an operator.
    OperatorRemoved,
    /// The account was deleted (ACC-13).
    AccountDeleted,
}

/// A try to sign in, as the login history has it (ACC-11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// UUIDv7.
    pub id: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// From where.
    pub origin: Origin,
    /// What for; empty: no product, or it is not known.
    pub product: String,
    /// A [`Method`]'s name.
    pub method: String,
    /// The reason it was refused for; `None`: it was not.
    pub refused: Option<String>,
}

/// Where and how a session begins.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// Whose it is.
    pub account: AccountId,
    /// The organization that owns the account, if one does.
    pub organization: Option<OrganizationId>,
    /// How the person proved who they are.
    pub method: Method,
    /// The second factor, if one was shown (ACC-9); a passkey may be both.
    pub second: Option<Method>,
    /// Whether they did so for this very sign-in.
    pub anew: bool,
    /// Where the sign-in came from.
    pub origin: Origin,
    /// Which browser it is, and what for.
    pub visit: Visit,
    /// When what the sign-in rests on is over: the identity provider's session, Nulab Pass.
    pub not_after: Option<OffsetDateTime>,
}

/// The session is over, or never was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over;

/// A session's last use is kept to this accuracy, so that not every request writes.
const TOUCH_AFTER: Duration = Duration::minutes(1);

impl Session {
    /// A new one.
    pub fn begin(id: SessionId, beginning: Beginning, policy: Policy, now: OffsetDateTime) -> Self {
        let Beginning { account, organization: _, method, second, anew, origin, visit: _, not_after } =
            beginning;
        let end = now + policy.absolute;
        let mut methods = vec![method];
        for method in second.into_iter().flat_map(|second| [second, Method::SeveralFactors]) {
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        Self {
            id,
            account,
            methods,
            anew,
            origin,
            created_at: now,
            last_used_at: now,
            expires_at: not_after.map_or(end, |not_after| not_after.min(end)),
            ended_at: None,
            second_factor_at: second.map(|_| now),
        }
    }

    /// The session after a second factor was shown in it.
    pub fn with_second_factor(mut self, method: Method, now: OffsetDateTime) -> Self {
        for method in [method, Method::SeveralFactors] {
            if !self.methods.contains(&method) {
                self.methods.push(method);
            }
        }
        Self { second_factor_at: Some(now), ..self }
    }

    /// The session if it is not over. The clock decides, whether or not a job has noticed yet.
    pub fn live(self, policy: Policy, now: OffsetDateTime) -> Result<Self, Over> {
        let over =
            self.ended_at.is_some() || now >= self.expires_at || now >= self.last_used_at + policy.idle;
        if over { Err(Over) } else { Ok(self) }
    }

    /// Whether the person proved who they are within the last `most`. When the session began and not when it was
    /// used: whoever sits there now is asked for nothing by that.
    pub fn is_fresh(&self, most: Duration, now: OffsetDateTime) -> bool {
        self.anew && now - self.created_at < most
    }

    /// Whether a use at `now` is to be written down.
    pub fn is_touched_by(&self, now: OffsetDateTime) -> bool {
        now - self.last_used_at >= TOUCH_AFTER
    }
}

impl Method {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Federated => "fed",
            Self::OneTimeCode => "otp",
            Self::HardwareKey => "hwk",
            Self::SoftwareKey => "swk",
            Self::SeveralFactors => "mfa",
        }
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Password,
            Self::Federated,
            Self::OneTimeCode,
            Self::HardwareKey,
            Self::SoftwareKey,
            Self::SeveralFactors,
        ];
        all.into_iter().find(|method| method.as_str() == name)
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
        Session::begin(id, beginning(account, None), POLICY, START)
    }

    fn beginning(account: AccountId, not_after: Option<OffsetDateTime>) -> Beginning {
        let (method, origin) = (Method::Password, Origin::default());
        let visit = Visit::default();
        Beginning { account, organization: None, method, second: None, anew: true, origin, visit, not_after }
    }

    /// proves ACC-9: a session records how and when a second factor was shown, which goes into tokens as `amr`
    #[test]
    fn a_session_records_the_second_factor() {
        let names = |session: &Session| session.methods.iter().map(|it| it.as_str()).collect::<Vec<_>>();
        assert_eq!((names(&session()), session().second_factor_at), (vec!["pwd"], None));
        let begin = |second| {
            let Session { id, account, .. } = session();
            let beginning = Beginning { second: Some(second), ..beginning(account, None) };
            Session::begin(id, beginning, POLICY, START)
        };
        let signed_in = begin(Method::OneTimeCode);
        assert_eq!((names(&signed_in), signed_in.second_factor_at), (vec!["pwd", "otp", "mfa"], Some(START)));
        let later = START + Duration::HOUR;
        let again = signed_in.with_second_factor(Method::HardwareKey, later);
        assert_eq!((names(&again), again.second_factor_at), (vec!["pwd", "otp", "mfa", "hwk"], Some(later)));
        assert_eq!(names(&again.clone().with_second_factor(Method::OneTimeCode, later)), names(&again));
    }

    /// proves SML-9, BIL-6: a session ends with what the sign-in rests on, and never later than others
    #[test]
    fn a_session_ends_with_what_it_rests_on() {
        let end = |not_after| {
            let Session { id, account, .. } = session();
            Session::begin(id, beginning(account, not_after), POLICY, START).expires_at
        };
        assert_eq!(end(None), START + POLICY.absolute);
        assert_eq!(end(Some(START + Duration::HOUR)), START + Duration::HOUR);
        assert_eq!(end(Some(START + Duration::DAY)), START + POLICY.absolute);
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

    /// Only a sign-in for which the person did something is fresh, and only for a while.
    #[test]
    fn what_is_fresh() {
        let most = Duration::minutes(10);
        assert!(session().is_fresh(most, START + most - Duration::MICROSECOND));
        assert!(!session().is_fresh(most, START + most));
        assert!(!Session { anew: false, ..session() }.is_fresh(most, START));
    }

    #[test]
    fn a_use_is_written_down_once_a_minute() {
        assert!(!session().is_touched_by(START + Duration::seconds(59)));
        assert!(session().is_touched_by(START + Duration::seconds(60)));
    }
}
