//! Judging access tokens: keys and revocations, followed from the gateway.
//!
//! The gateway feeds its own [`Trust`] with [`Trust::apply`]; every other service [`follow`]s the
//! gateway's stream. Until the first keys have come no token can be judged. When nothing was heard for
//! five seconds, readiness says so and the gateway is asked about each token instead.
//!
//! [`follow`]: Trust::follow

mod claims;
mod follow;
mod keys;
mod revocations;

pub use claims::{Claims, SUITE_AUDIENCE, TOKEN_LIFE};

use crate::{CallContext, Channel, Problem};
use arc_swap::ArcSwapOption;
pub use keys::Flaw;
use keys::{Keys, SKEW};
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    gateway::v1::{
        CheckRevocationRequest, Revocation, trust_service_client::TrustServiceClient,
        watch_trust_response::Message,
    },
};
use pass_runtime::Context;
use pass_types::{AccountKind, Invalid, Kind, Person, SharedClock};
use revocations::Revocations;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use time::{Duration, OffsetDateTime};
use tonic::Status;

/// What a service knows of the gateway's tokens. Clones share it.
#[derive(Clone)]
pub struct Trust(Arc<Inner>);

struct Inner {
    issuer: String,
    clock: SharedClock,
    keys: ArcSwapOption<Keys>,
    revocations: RwLock<Revocations>,
    stream: Mutex<Stream>,
}

#[derive(Default)]
struct Stream {
    /// Whom to ask when the stream is too old to say; `None`: this is the gateway, which knows.
    gateway: Option<Channel>,
    /// The snapshot of the present stream is complete.
    complete: bool,
    /// When something was last heard on a stream whose snapshot was complete.
    heard: Option<OffsetDateTime>,
    pruned: Option<OffsetDateTime>,
}

/// An access token that is genuine, in force and not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub claims: Claims,
    /// Whom it stands for.
    pub person: Person,
}

/// Why a call was refused before its handler saw it.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The program may not call this.
    #[error("this program may not call this method")]
    Peer,
    /// The kind of actor may not call this.
    #[error("this method can't be called on behalf of that kind of actor")]
    Actor,
    /// The token is not one of ours, or not any more.
    #[error("the access token is missing or not valid")]
    Token(#[source] Flaw),
    /// The token is for somebody else.
    #[error("the access token is for another audience")]
    Audience,
    /// The token is not for this.
    #[error("the access token lacks the scope")]
    Scope,
    /// What the token stands for has ended.
    #[error("the access token is revoked")]
    Revoked,
    /// No keys yet.
    #[error("access tokens can't be judged yet: not ready")]
    NotReady,
    /// The stream is too old, and asking failed.
    #[error("whether the access token is revoked can't be found out now")]
    Unknown(#[source] Status),
}

impl Problem for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::Peer | Self::Actor | Self::Audience | Self::Scope => Kind::Forbidden,
            Self::Token(_) | Self::Revoked => Kind::Unauthenticated,
            Self::NotReady | Self::Unknown(_) => Kind::Unavailable,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Peer => ErrorReason::PeerNotAllowed,
            Self::Actor => ErrorReason::ActorNotAllowed,
            Self::Token(_) => ErrorReason::TokenInvalid,
            Self::Audience => ErrorReason::TokenAudience,
            Self::Scope => ErrorReason::TokenScope,
            Self::Revoked => ErrorReason::TokenRevoked,
            Self::NotReady | Self::Unknown(_) => ErrorReason::Unavailable,
        }
    }
}

impl Trust {
    /// Knows nothing yet. `issuer` is the gateway's issuer URL, exactly as in its tokens.
    pub fn new(issuer: impl Into<String>, clock: SharedClock) -> Self {
        Self(Arc::new(Inner {
            issuer: issuer.into(),
            clock,
            keys: ArcSwapOption::empty(),
            revocations: RwLock::default(),
            stream: Mutex::default(),
        }))
    }

    /// Follows the gateway's stream in the background, and reports readiness as `trust`.
    pub fn follow(&self, gateway: Channel, context: &Context) {
        self.stream().gateway = Some(gateway.clone());
        follow::start(self.clone(), gateway, context);
    }

    /// Takes a message as the stream has it: what the gateway does with its own.
    pub fn apply(&self, message: Message) -> Result<(), Invalid> {
        match message {
            Message::Jwks(jwks) => {
                let keys = Keys::parse(&jwks).map_err(|Flaw(problem)| Invalid(problem))?;
                self.0.keys.store(Some(Arc::new(keys)));
            }
            Message::Revocation(revocation) => self.revoke(revocation)?,
            Message::Heartbeat(_) => {}
        }
        self.prune();
        Ok(())
    }

    /// Takes a revocation.
    pub fn revoke(&self, revocation: Revocation) -> Result<(), Invalid> {
        self.0.revocations.write().unwrap_or_else(PoisonError::into_inner).insert(revocation)
    }

    /// Judges an access token. Its audience and scope are the caller's to judge.
    pub async fn verify(&self, token: &str) -> Result<Verified, Refusal> {
        let keys = self.0.keys.load_full().ok_or(Refusal::NotReady)?;
        let claims = keys.verify(token, &self.0.issuer, self.0.clock.now()).map_err(Refusal::Token)?;
        let person = Person::try_from(&claims).map_err(|Invalid(it)| Refusal::Token(Flaw(it)))?;
        if self.0.revocations.read().unwrap_or_else(PoisonError::into_inner).revoke(&person) {
            return Err(Refusal::Revoked);
        }
        if let Some(gateway) = self.whom_to_ask() {
            ask(gateway, &person).await?;
        }
        Ok(Verified { claims, person })
    }

    /// What is missing for judging tokens without asking, if anything.
    pub fn readiness(&self) -> Result<(), &'static str> {
        if self.0.keys.load().is_none() {
            Err("no keys from the gateway yet")
        } else if self.whom_to_ask().is_some() {
            Err("the gateway's stream is silent: revocations are asked for by call")
        } else {
            Ok(())
        }
    }

    /// Takes a message of the followed stream. The snapshot is complete at the first heartbeat; only
    /// from then on does the stream say what is *not* revoked.
    fn heard(&self, message: Message) -> Result<(), Invalid> {
        let heartbeat = matches!(message, Message::Heartbeat(_));
        self.apply(message)?;
        let now = self.0.clock.now();
        let mut stream = self.stream();
        stream.complete |= heartbeat;
        if stream.complete {
            stream.heard = Some(now);
        }
        Ok(())
    }

    /// The stream is gone: what it said holds until it is stale, the next one's snapshot is not here yet.
    fn lost(&self) {
        self.stream().complete = false;
    }

    fn whom_to_ask(&self) -> Option<Channel> {
        let now = self.0.clock.now();
        let stream = self.stream();
        let fresh = stream.heard.is_some_and(|heard| {
            let age = now - heard;
            age >= Duration::ZERO && age <= follow::STALE
        });
        if fresh { None } else { stream.gateway.clone() }
    }

    /// Forgets revocations that no token in force can be older than; at most once a minute.
    fn prune(&self) {
        let now = self.0.clock.now();
        let mut stream = self.stream();
        if stream.pruned.is_none_or(|pruned| now - pruned >= Duration::MINUTE || now < pruned) {
            stream.pruned = Some(now);
            let oldest = now - TOKEN_LIFE - Duration::seconds(2 * SKEW);
            self.0.revocations.write().unwrap_or_else(PoisonError::into_inner).prune(oldest);
        }
    }

    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.0.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the gateway whether what a token stands for is revoked.
async fn ask(gateway: Channel, person: &Person) -> Result<(), Refusal> {
    let organization = person.membership.as_ref().map(|membership| membership.organization.to_string());
    let question = CheckRevocationRequest {
        session_id: person.session.to_string(),
        account_id: person.account.to_string(),
        organization_id: organization.unwrap_or_default(),
        managed: person.kind == AccountKind::Managed,
        issue_time: Some(timestamp(person.issued_at)),
        grant_id: person.grant.to_string(),
    };
    let request = CallContext::system().within(follow::STALE / 2).request(question);
    let answer = TrustServiceClient::new(gateway).check_revocation(request).await;
    if answer.map_err(Refusal::Unknown)?.into_inner().revoked { Err(Refusal::Revoked) } else { Ok(()) }
}
