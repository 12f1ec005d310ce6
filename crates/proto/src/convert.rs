//! From messages to `pass-types` and back, for the values that several services speak.

use crate::{
    billing::v1::{CheckEntitlementResponse, check_entitlement_response::State},
    errors::v1::ErrorReason,
    events::v1 as events,
    types::v1 as wire,
};
use pass_types::{
    AccountKind, Actor, Appearance, Entitlement, Invalid, Language, Origin, Privilege, Privileges, Product,
    Role,
};
use prost_types::Timestamp;
use time::OffsetDateTime;

macro_rules! enums {
    ($($ours:ident = $theirs:path { $($variant:ident = $word:ident,)+ })+) => {$(
        impl FromWire for $ours {
            type Wire = $theirs;
            fn from_wire(value: i32) -> Result<Self, Invalid> {
                match <$theirs>::try_from(value) {
                    $(Ok(<$theirs>::$word) => Ok($ours::$variant),)+
                    _ => Err(Invalid("must be one of the known values")),
                }
            }
            fn to_wire(self) -> $theirs {
                match self { $($ours::$variant => <$theirs>::$word,)+ }
            }
        }
    )+};
}

/// A closed set of values that has an enum in `pass.types.v1`.
pub trait FromWire: Sized {
    /// The generated enum.
    type Wire;
    /// Takes what a message has; UNSPECIFIED and unknown numbers are refused.
    fn from_wire(value: i32) -> Result<Self, Invalid>;
    /// Gives what a message has.
    fn to_wire(self) -> Self::Wire;
}

enums! {
    Language = wire::Language { En = En, Ja = Ja, }
    Appearance = wire::Appearance { Light = Light, Dark = Dark, System = System, }
    AccountKind = wire::AccountKind { Nulab = Nulab, Managed = Managed, }
    Role = wire::Role { Administrator = Administrator, Member = Member, Guest = Guest, }
    Privilege = wire::Privilege { PlanAdmin = PlanAdmin, AuditLogAdmin = AuditLogAdmin, Invite = Invite, }
    Product = wire::Product { Backlog = Backlog, Cacoo = Cacoo, Typetalk = Typetalk, }
}

/// An instant as a message has it.
#[must_use]
pub fn timestamp(at: OffsetDateTime) -> Timestamp {
    Timestamp { seconds: at.unix_timestamp(), nanos: i32::try_from(at.nanosecond()).unwrap_or(0) }
}

/// An instant from a message.
pub fn instant(at: Option<Timestamp>) -> Result<OffsetDateTime, Invalid> {
    const WRONG: Invalid = Invalid("must be a timestamp");
    let at = at.ok_or(WRONG)?;
    let nanos = u32::try_from(at.nanos).map_err(|_| WRONG)?;
    OffsetDateTime::from_unix_timestamp(at.seconds)
        .and_then(|seconds| seconds.replace_nanosecond(nanos))
        .map_err(|_| WRONG)
}

/// Privileges as a message has them.
#[must_use]
pub fn privileges_to_wire(privileges: &Privileges) -> Vec<i32> {
    privileges.iter().map(|privilege| privilege.to_wire() as i32).collect()
}

/// Privileges from a message.
pub fn privileges_from_wire(privileges: &[i32]) -> Result<Privileges, Invalid> {
    privileges.iter().map(|value| Privilege::from_wire(*value)).collect()
}

/// What billing says that an organization has. An answer without a state, or without the end of what the
/// organization has, is refused: it is no yes.
pub fn entitlement(answer: &CheckEntitlementResponse) -> Result<Entitlement, Invalid> {
    let CheckEntitlementResponse { state, end_time } = answer;
    match State::try_from(*state) {
        Ok(State::None) => Ok(Entitlement::None),
        Ok(State::Entitled) => instant(*end_time).map(Entitlement::Until),
        Ok(State::Ended) => Ok(Entitlement::Ended),
        Ok(State::Unspecified) | Err(_) => Err(Invalid("must be one of the known states")),
    }
}

impl ErrorReason {
    /// The reason as clients see it: without the enum's prefix.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.as_str_name().trim_start_matches("ERROR_REASON_")
    }

    /// The reason that clients see as `code`; `UNSPECIFIED` for an unknown one.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        Self::from_str_name(&format!("ERROR_REASON_{code}")).unwrap_or(Self::Unspecified)
    }
}

impl From<&Actor> for events::Actor {
    fn from(actor: &Actor) -> Self {
        use events::actor::Kind;
        let (kind, id, session_id) = match actor {
            Actor::Anonymous => (Kind::Anonymous, String::new(), String::new()),
            Actor::Person(person) => (Kind::Person, person.account.to_string(), person.session.to_string()),
            Actor::Operator(person) => {
                (Kind::Operator, person.account.to_string(), person.session.to_string())
            }
            Actor::Client(name) => (Kind::Client, name.clone(), String::new()),
            Actor::System(name) => (Kind::System, name.clone(), String::new()),
        };
        Self { kind: kind as i32, id, session_id }
    }
}

impl From<&Origin> for events::Origin {
    fn from(origin: &Origin) -> Self {
        Self { address: origin.address.clone(), user_agent: origin.user_agent.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unspecified_and_unknown_values_are_refused() {
        assert!(Role::from_wire(0).is_err());
        assert!(Role::from_wire(99).is_err());
        for role in Role::ALL {
            assert_eq!(Role::from_wire(role.to_wire() as i32), Ok(*role));
        }
    }

    /// proves BIL-6: what an organization has is what billing said, and half an answer is no yes
    #[test]
    fn entitlements_are_taken_whole_or_not_at_all() {
        let end = Timestamp { seconds: 1, nanos: 0 };
        let read = |state: i32, end_time| entitlement(&CheckEntitlementResponse { state, end_time });
        let until = OffsetDateTime::UNIX_EPOCH + time::Duration::SECOND;
        assert_eq!(read(State::Entitled.into(), Some(end)), Ok(Entitlement::Until(until)));
        assert_eq!(read(State::None.into(), None), Ok(Entitlement::None));
        assert_eq!(read(State::Ended.into(), Some(end)), Ok(Entitlement::Ended));
        assert!(read(State::Entitled.into(), None).is_err());
        assert!(read(State::Unspecified.into(), Some(end)).is_err());
        assert!(read(99, Some(end)).is_err());
    }

    #[test]
    fn reasons_have_no_prefix_on_the_wire() {
        assert_eq!(ErrorReason::NotFound.code(), "NOT_FOUND");
        assert_eq!(ErrorReason::from_code("NOT_FOUND"), ErrorReason::NotFound);
    }
}
