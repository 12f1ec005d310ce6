//! Signing in through an organization's identity provider (SML), and the connection to it.
//!
//! `connection` and `test` are what administrators do; a sign-in goes through `begin`, `consume` (an answer
//! of the identity provider is judged, and kept as a pending sign-in) and `finish` (the browser that began
//! it takes it). What was refused is in the log, under the reference that the person is shown.

mod begin;
mod connection;
mod consume;
mod finish;
mod judge;
mod key;
mod log;
mod test;

pub use begin::{Identifier, Wish};
pub use connection::{Saving, Source, SpFacts, Standing};
pub use finish::{Done, Finish, Finished, Shown, Waiting};
pub use judge::Judges;

use super::{Identity, authorize::Unauthorized, database_kind, neighbour_kind};
use crate::domain::{saml::Finding, throttle::TooOften};
use pass_mesh::{CallContext, Failure, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_runtime::seal::SealError;
use pass_saml::{MetadataError, PrivateKeyError, RedirectError};
use pass_types::{Entitlement, Invalid, Kind, OrganizationId, SpaceKey, Violation};
use std::time::Duration;
use time::OffsetDateTime;

/// Why a sign-in, a test or a change of the connection did not come about.
#[derive(Debug, thiserror::Error)]
pub enum SamlError {
    /// The person may not.
    #[error(transparent)]
    Unauthorized(#[from] Unauthorized),
    /// There is no such connection or test, or it is another organization's.
    #[error("there is no such SAML connection")]
    NotFound,
    /// SML-8.
    #[error("no organization has this Organization ID")]
    OrganizationUnknown,
    /// SML-8.
    #[error("SAML is not set up in this organization")]
    NotSetUp,
    /// It never had it.
    #[error("this needs Nulab Pass")]
    PassNeeded,
    /// BIL-6.
    #[error("Nulab Pass has ended")]
    PassEnded,
    /// BIL-6: it did while the person was at the identity provider; the log says so (SML-5).
    #[error("Nulab Pass has ended")]
    PassEndedMeanwhile(String),
    /// The test, or the pending sign-in, is over or never was.
    #[error("this sign-in is over; begin again")]
    LinkInvalid,
    /// Another browser began the pending sign-in; the log says so (SML-5).
    #[error("another browser began this sign-in")]
    OtherBrowser(String),
    /// SML-5: the log says why, under this reference.
    #[error("the identity provider's answer was refused")]
    Refused(String),
    /// SML-8.
    #[error("there is no Managed Account for this person")]
    AccountUnknown(String),
    /// MAN-5.
    #[error("the account is suspended")]
    AccountSuspended(String),
    /// SML-1.
    #[error("the identity provider's metadata can't be used: {0}")]
    Metadata(MetadataError),
    /// SML-6.
    #[error("a connection is switched on only after it passed a test")]
    TestNeeded,
    /// The sign-in is too long ago.
    #[error("this needs a sign-in of the last minutes")]
    FreshSignInNeeded,
    /// SML-10.
    #[error("the number of those who lose access must be typed")]
    ConfirmationNeeded(i64),
    /// Too many failed from this network.
    #[error("there were too many tries from this network; wait a while, then try again")]
    TooOften(Duration),
    /// Too many answers are being judged.
    #[error("too many sign-ins are under way; try again")]
    Busy,
    /// Work on another thread was cut off.
    #[error("judging the identity provider's answer")]
    Interrupted(#[source] tokio::task::JoinError),
    /// Our key pair could not be made, opened or used.
    #[error("using the key pair of the service provider")]
    Key(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Organization, billing or domain-verification failed.
    #[error("signing in needs a service that does not answer just now")]
    Neighbour(#[source] Failure),
    /// The database failed.
    #[error("signing in by SAML")]
    Database(#[from] sqlx::Error),
}

/// The service provider that the suite is for one organization.
fn sp_entity_id(gateway_url: &str, space_key: &SpaceKey) -> String {
    format!("{gateway_url}/saml/{space_key}")
}

/// Where its identity provider's answers go.
fn acs_url(gateway_url: &str, space_key: &SpaceKey) -> String {
    format!("{gateway_url}/saml/{space_key}/acs")
}

/// Why nobody signs in to an organization without Nulab Pass, for its administrators.
fn pass_ended() -> Finding {
    Finding::new("nulab_pass", "Nulab Pass", "it has ended")
}

impl Identity {
    /// Until when the organization has Nulab Pass; `None`: it has not, any more.
    async fn still_entitled_until(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
    ) -> Result<Option<OffsetDateTime>, SamlError> {
        match self.entitled_until(calls, organization).await {
            Ok(end) => Ok(Some(end)),
            Err(SamlError::PassEnded | SamlError::PassNeeded) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Until when the organization has Nulab Pass.
    async fn entitled_until(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
    ) -> Result<OffsetDateTime, SamlError> {
        match self.neighbours.entitlement(calls, organization).await.map_err(SamlError::Neighbour)? {
            Entitlement::Until(end) if end > self.clock.now() => Ok(end),
            Entitlement::Until(_) | Entitlement::Ended => Err(SamlError::PassEnded),
            Entitlement::None => Err(SamlError::PassNeeded),
        }
    }
}

impl From<TooOften> for SamlError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl From<SealError> for SamlError {
    fn from(error: SealError) -> Self {
        Self::Key(error.into())
    }
}

impl From<PrivateKeyError> for SamlError {
    fn from(error: PrivateKeyError) -> Self {
        Self::Key(error.into())
    }
}

impl From<RedirectError> for SamlError {
    fn from(error: RedirectError) -> Self {
        Self::Key(error.into())
    }
}

impl Problem for SamlError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unauthorized(unauthorized) => unauthorized.kind(),
            Self::NotFound | Self::OrganizationUnknown => Kind::NotFound,
            Self::Metadata(_) => Kind::InvalidInput,
            Self::Refused(_) | Self::AccountUnknown(_) => Kind::Unauthenticated,
            Self::AccountSuspended(_) => Kind::Forbidden,
            Self::NotSetUp
            | Self::PassNeeded
            | Self::PassEnded
            | Self::PassEndedMeanwhile(_)
            | Self::LinkInvalid
            | Self::OtherBrowser(_)
            | Self::TestNeeded
            | Self::FreshSignInNeeded
            | Self::ConfirmationNeeded(_) => Kind::Precondition,
            Self::TooOften(_) | Self::Busy => Kind::RateLimited,
            Self::Interrupted(_) | Self::Key(_) => Kind::Internal,
            Self::Neighbour(failure) => neighbour_kind(failure).0,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Unauthorized(unauthorized) => unauthorized.reason(),
            Self::NotFound => ErrorReason::NotFound,
            Self::OrganizationUnknown => ErrorReason::OrganizationUnknown,
            Self::NotSetUp => ErrorReason::SamlNotSetUp,
            Self::PassNeeded => ErrorReason::NulabPassNeeded,
            Self::PassEnded | Self::PassEndedMeanwhile(_) => ErrorReason::NulabPassEnded,
            Self::LinkInvalid => ErrorReason::LinkInvalid,
            Self::OtherBrowser(_) => ErrorReason::SignInElsewhere,
            Self::Refused(_) => ErrorReason::SamlRefused,
            Self::AccountUnknown(_) => ErrorReason::ManagedAccountUnknown,
            Self::AccountSuspended(_) => ErrorReason::AccountSuspended,
            Self::Metadata(_) => ErrorReason::SamlMetadataInvalid,
            Self::TestNeeded => ErrorReason::SamlTestNeeded,
            Self::FreshSignInNeeded => ErrorReason::FreshSignInNeeded,
            Self::ConfirmationNeeded(_) => ErrorReason::ConfirmationNeeded,
            Self::TooOften(_) | Self::Busy => ErrorReason::RateLimited,
            Self::Interrupted(_) | Self::Key(_) => ErrorReason::Internal,
            Self::Neighbour(failure) => neighbour_kind(failure).1,
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Metadata(error) => vec![Invalid(metadata_problem(error)).of("metadata_xml")],
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unauthorized(unauthorized) => unauthorized.retry_after(),
            Self::TooOften(wait) => Some(*wait),
            Self::Busy => Some(Duration::from_secs(1)),
            Self::Neighbour(failure) => failure.retry_after,
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unauthorized(unauthorized) => unauthorized.metadata(),
            Self::Refused(reference)
            | Self::PassEndedMeanwhile(reference)
            | Self::OtherBrowser(reference)
            | Self::AccountUnknown(reference)
            | Self::AccountSuspended(reference) => {
                vec![("reference", reference.clone())]
            }
            Self::ConfirmationNeeded(needed) => vec![("needed", needed.to_string())],
            _ => Vec::new(),
        }
    }
}

/// What an administrator is told of metadata, as a violation has it.
fn metadata_problem(error: &MetadataError) -> &'static str {
    match error {
        MetadataError::Unreadable(_) => "is not metadata that can be read",
        MetadataError::NoIdentityProvider => "must describe one SAML 2.0 identity provider",
        MetadataError::EntityId => "has no entity ID, or one that is too long",
        MetadataError::SignInAddress => "must offer sign-in by HTTP-Redirect at an http or https address",
        MetadataError::Expired => "is not valid any more",
        MetadataError::Certificate(_) => "has a signing certificate that can't be used",
        MetadataError::NoCertificate => "must have a signing certificate",
        MetadataError::ManyCertificates => "must not have more than 10 signing certificates",
    }
}
