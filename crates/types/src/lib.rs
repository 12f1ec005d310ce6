//! Ids and values that every service speaks: parsed once, at the edge, and valid from then on.
//!
//! Nothing here knows of protobuf, SQL or HTTP; the conversions live where those are spoken.

mod actor;
mod clock;
mod email;
mod entitlement;
mod entropy;
mod error;
mod id;
mod names;
mod network;
mod page;
mod roles;
mod token;
mod user_agent;

pub use actor::{Actor, Membership, Origin, Person};
pub use clock::{Clock, SharedClock, SystemClock};
pub use email::Email;
pub use entitlement::{Entitlement, NotEntitled};
pub use entropy::Entropy;
pub use error::{Invalid, Kind, Violation};
pub use id::{
    AccountId, ApplicationId, ClientId, DomainId, EmailChangeId, EventId, GrantId, InvitationId,
    OrganizationId, PasswordResetId, RequestId, SamlConnectionId, SamlTestId, SecurityKeyId, SessionId,
    SignUpId, SpaceLinkId, TeamId,
};
pub use names::{
    CompanyName, KeyName, OrganizationHandle, OrganizationName, PersonName, PlanName, SpaceId, SpaceKey,
    TeamName, TimeZone, UniqueId,
};
pub use network::network;
pub use page::{Page, PageSize, PageTokenInvalid};
pub use roles::{AccountKind, Appearance, Language, Privilege, Privileges, Product, Role};
pub use token::{LinkKey, Secret, SecretHash};
pub use user_agent::device_name;
