//! Who calls, on whose behalf, and how to call on for them.

use crate::{Peer, Problem, status, trust::Verified};
use http::HeaderMap;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Actor, Kind, Origin, Person};
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::Instant;
use tonic::{
    Request, Status,
    metadata::{MetadataMap, MetadataValue},
};

pub(crate) const ACTOR: &str = "pass-actor";
const ADDRESS: &str = "pass-origin-address";
const AGENT: &str = "pass-origin-agent";
const AGENT_BIN: &str = "pass-origin-agent-bin";
const MAX_ADDRESS: usize = 64;
const MAX_AGENT: usize = 256;

/// Who calls, as the server has established it before the handler runs.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The program that calls, by its certificate.
    pub peer: Peer,
    /// On whose behalf it calls.
    pub actor: Actor,
    /// Where the browser is that started it.
    pub origin: Origin,
    /// When the caller stops waiting. Streams have none unless asked for.
    pub deadline: Option<Instant>,
    /// The person's access token, to be passed along unchanged.
    pub(crate) token: Option<Arc<str>>,
    /// What that token says.
    pub(crate) verified: Option<Arc<Verified>>,
}

impl Caller {
    /// The signed-in person; ACTOR_NOT_ALLOWED when nobody is. The method's access rule makes that
    /// impossible where it names no other kind of actor.
    #[expect(clippy::doc_markdown, reason = "a reason's name")]
    pub fn person(&self) -> Result<&Person, Status> {
        match &self.actor {
            Actor::Person(person) => Ok(person),
            Actor::Anonymous | Actor::Operator(_) | Actor::Client(_) | Actor::System(_) => {
                Err(status(NoPerson))
            }
        }
    }

    /// The operator; ACTOR_NOT_ALLOWED when it is nobody's or somebody else's call. The method's access rule
    /// makes that impossible where it names no other kind of actor. Where it names persons too, an operator is
    /// one of them.
    #[expect(clippy::doc_markdown, reason = "a reason's name")]
    pub fn operator(&self) -> Result<&Person, Status> {
        match &self.actor {
            Actor::Operator(person) => Ok(person),
            Actor::Anonymous | Actor::Person(_) | Actor::Client(_) | Actor::System(_) => {
                Err(status(NoOperator))
            }
        }
    }

    /// What the person's access token says.
    pub fn token(&self) -> Option<&Verified> {
        self.verified.as_deref()
    }

    /// For calls to other services on behalf of the same actor, within the same deadline. What this
    /// service's caller asked as a system goes on as this service's own. A product's own behalf can't be passed
    /// on: other services refuse such a call, and who means to make it as this service says
    /// [`as_system`](Self::as_system).
    pub fn onward(&self) -> CallContext {
        let credential = match (&self.actor, &self.token) {
            (Actor::Person(_) | Actor::Operator(_), Some(token)) => Credential::Token(token.clone()),
            (Actor::Anonymous, _) => Credential::Anonymous,
            (Actor::System(_), _) => Credential::System,
            // Never more than the caller has.
            (Actor::Person(_) | Actor::Operator(_), None) | (Actor::Client(_), _) => Credential::Client,
        };
        CallContext { credential, origin: self.origin.clone(), deadline: self.deadline }
    }

    /// For calls to other services on this service's own behalf, within the same deadline.
    pub fn as_system(&self) -> CallContext {
        CallContext { credential: Credential::System, ..self.onward() }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("this is for somebody who has signed in")]
struct NoPerson;

impl Problem for NoPerson {
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::ActorNotAllowed
    }
}

#[derive(Debug, thiserror::Error)]
#[error("this is for operators")]
struct NoOperator;

impl Problem for NoOperator {
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::ActorNotAllowed
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the request did not come through the mesh's server")]
struct NoCaller;

impl Problem for NoCaller {
    fn kind(&self) -> Kind {
        Kind::Internal
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::Internal
    }
}

/// The first statement of every handler: who calls, and the message.
pub fn open<T>(mut request: Request<T>) -> Result<(Caller, T), Status> {
    let caller = request.extensions_mut().remove::<Caller>().ok_or_else(|| status(NoCaller))?;
    Ok((caller, request.into_inner()))
}

/// On whose behalf a call is made, from where, and until when.
#[derive(Clone)]
pub struct CallContext {
    credential: Credential,
    origin: Origin,
    deadline: Option<Instant>,
}

#[derive(Clone)]
enum Credential {
    System,
    Anonymous,
    Token(Arc<str>),
    /// Of a product's own call, passed on: no server takes it.
    Client,
}

impl CallContext {
    /// On the calling program's own behalf.
    pub fn system() -> Self {
        Self { credential: Credential::System, origin: Origin::default(), deadline: None }
    }

    /// On behalf of somebody in a browser who has not signed in. Only gateway and console may.
    pub fn anonymous(origin: Origin) -> Self {
        Self { credential: Credential::Anonymous, origin, deadline: None }
    }

    /// On behalf of the person whom an access token of the gateway stands for.
    pub fn person(access_token: impl Into<Arc<str>>, origin: Origin) -> Self {
        Self { credential: Credential::Token(access_token.into()), origin, deadline: None }
    }

    /// The same, with at most that much time from now.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        let deadline = Instant::now() + time;
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
        self
    }

    /// A request with all of that in its metadata.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        self.write(request.metadata_mut());
        if let Some(deadline) = self.deadline {
            request.set_timeout(deadline.saturating_duration_since(Instant::now()));
        }
        request
    }

    fn write(&self, metadata: &mut MetadataMap) {
        match &self.credential {
            Credential::System => {
                metadata.insert(ACTOR, MetadataValue::from_static("system"));
            }
            Credential::Anonymous => {
                metadata.insert(ACTOR, MetadataValue::from_static("anonymous"));
            }
            Credential::Client => {
                metadata.insert(ACTOR, MetadataValue::from_static("client"));
            }
            Credential::Token(token) => {
                // A token that is no header value is no token: the server will say so.
                let value = MetadataValue::try_from(format!("Bearer {token}"));
                let mut value = value.unwrap_or_else(|_| MetadataValue::from_static("Bearer malformed"));
                value.set_sensitive(true);
                metadata.insert("authorization", value);
            }
        }
        if let Ok(address) = MetadataValue::try_from(cut(&self.origin.address, MAX_ADDRESS))
            && !address.is_empty()
        {
            metadata.insert(ADDRESS, address);
        }
        let agent = cut(&self.origin.user_agent, MAX_AGENT);
        if !agent.is_empty() {
            metadata.insert_bin(AGENT_BIN, MetadataValue::from_bytes(agent.as_bytes()));
        }
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.credential {
            Credential::System => "system",
            Credential::Anonymous => "anonymous",
            Credential::Token(_) => "person",
            Credential::Client => "client",
        };
        f.debug_tuple("CallContext").field(&kind).finish()
    }
}

/// The origin that a request's metadata says; bounded, and without control characters: PostgreSQL takes no NUL.
pub(crate) fn origin(headers: &HeaderMap) -> Origin {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let address = text(ADDRESS).unwrap_or_default();
    let agent = binary(headers, AGENT_BIN).and_then(|bytes| String::from_utf8(bytes).ok());
    let agent = agent.as_deref().or_else(|| text(AGENT)).unwrap_or_default();
    let user_agent = cut(agent, MAX_AGENT).chars().filter(|c| !c.is_control()).collect();
    Origin { address: cut(address, MAX_ADDRESS).to_owned(), user_agent }
}

/// A value that metadata carries in base64.
fn binary(headers: &HeaderMap, name: &'static str) -> Option<Vec<u8>> {
    let mut one = HeaderMap::new();
    one.insert(name, headers.get(name)?.clone());
    Some(MetadataMap::from_headers(one).get_bin(name)?.to_bytes().ok()?.to_vec())
}

/// The first `max` characters.
fn cut(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_survives_the_metadata_and_is_cut() {
        let long = "é".repeat(300);
        let origin_sent = Origin { address: "2001:db8::1".to_owned(), user_agent: long };
        let request = CallContext::anonymous(origin_sent).request(());
        let received = origin(&request.into_parts().0.into_headers());
        assert_eq!(received.address, "2001:db8::1");
        assert_eq!(received.user_agent, "é".repeat(256));
    }

    #[test]
    fn an_origin_has_no_control_characters() {
        let sent = Origin { address: String::new(), user_agent: "a\0b\n\tc\u{1b}[31m é".to_owned() };
        let request = CallContext::anonymous(sent).request(());
        assert_eq!(origin(&request.into_parts().0.into_headers()).user_agent, "abc[31m é");
    }

    #[test]
    fn nothing_of_a_token_is_shown() {
        let context = CallContext::person("secret-token", Origin::default());
        assert!(!format!("{context:?}{:?}", context.request(())).contains("secret-token"));
    }

    #[test]
    fn a_deadline_only_shrinks() {
        let context = CallContext::system().within(Duration::from_secs(1)).within(Duration::from_secs(100));
        assert!(context.deadline.unwrap() <= Instant::now() + Duration::from_secs(1));
    }
}
