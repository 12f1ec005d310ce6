//! Who may call: the access rule of a method against certificate, token and metadata.

use super::Shared;
use crate::{
    Caller, Peer, Refusal, SUITE_AUDIENCE, Verified,
    caller::{self, ACTOR},
    rules::Method,
    trust::Flaw,
};
use http::{HeaderMap, header::AUTHORIZATION};
use pass_proto::options::v1::{ActorKind, Audience};
use pass_types::{Actor, Origin};
use std::sync::Arc;
use tokio::time::Instant;

/// The services that browsers talk to: they alone know of people who have not signed in, and where a
/// browser is.
const BROWSER_FACING: [&str; 2] = ["console", "gateway"];

/// Establishes the caller of a method, or why there is none.
pub(super) async fn admit(
    shared: &Shared,
    method: &Method,
    peer: Option<&Peer>,
    headers: &HeaderMap,
    deadline: Option<Instant>,
) -> Result<Caller, Refusal> {
    let peer = peer.filter(|peer| method.allows_peer(peer)).ok_or(Refusal::Peer)?;
    let browser_facing = matches!(peer, Peer::Service(name) if BROWSER_FACING.contains(&name.as_str()));
    let origin = if browser_facing { caller::origin(headers) } else { Origin::default() };
    let (actor, token, verified) = match bearer(headers)? {
        Some(token) => {
            if !method.takes_tokens() {
                return Err(Refusal::Actor);
            }
            let verified = Arc::new(shared.trust.verify(token).await?);
            for_this(method, peer, &verified)?;
            (with_token(method, &verified)?, Some(Arc::from(token)), Some(verified))
        }
        None => (without_token(method, peer, browser_facing, headers)?, None, None),
    };
    Ok(Caller { peer: peer.clone(), actor, origin, deadline, token, verified })
}

/// The one bearer token of a call (RFC 6750, 2.1), if there is one.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refusal::Token(Flaw("two authorizations")));
    }
    let credentials = value.to_str().ok().and_then(|value| value.split_once(' '));
    match credentials {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => {
            Ok(Some(token))
        }
        _ => Err(Refusal::Token(Flaw("not a bearer token"))),
    }
}

fn for_this(method: &Method, peer: &Peer, verified: &Verified) -> Result<(), Refusal> {
    let access = method.access.as_ref().ok_or(Refusal::Peer)?;
    let audience = match (access.audience(), peer) {
        (Audience::Suite, _) => SUITE_AUDIENCE,
        (Audience::Product, Peer::Product(name)) => name,
        (Audience::Product, Peer::Service(_)) | (Audience::Unspecified, _) => return Err(Refusal::Audience),
    };
    if verified.claims.aud != audience {
        return Err(Refusal::Audience);
    }
    if !access.scope.is_empty() && !verified.claims.has_scope(&access.scope) {
        return Err(Refusal::Scope);
    }
    Ok(())
}

/// What is for persons is for operators too, as the persons they are.
fn with_token(method: &Method, verified: &Verified) -> Result<Actor, Refusal> {
    let person = verified.person.clone();
    if method.allows_actor(ActorKind::Person) {
        Ok(Actor::Person(person))
    } else if method.allows_actor(ActorKind::Operator) && person.operator {
        Ok(Actor::Operator(person))
    } else {
        Err(Refusal::Actor)
    }
}

fn without_token(
    method: &Method,
    peer: &Peer,
    browser_facing: bool,
    headers: &HeaderMap,
) -> Result<Actor, Refusal> {
    let said = headers.get(ACTOR).map(http::HeaderValue::as_bytes);
    let (kind, actor) = match (peer, said) {
        (Peer::Service(name), None | Some(b"system")) => (ActorKind::System, Actor::System(name.clone())),
        // What our own client library says for "on my own behalf"; a product is no service.
        (Peer::Product(name), None | Some(b"system")) => (ActorKind::Client, Actor::Client(name.clone())),
        (Peer::Service(_), Some(b"anonymous")) if browser_facing => (ActorKind::Anonymous, Actor::Anonymous),
        _ => return Err(Refusal::Actor),
    };
    if method.allows_actor(kind) {
        Ok(actor)
    } else if said.is_none() && method.takes_tokens() {
        Err(Refusal::Token(Flaw("missing")))
    } else {
        Err(Refusal::Actor)
    }
}
