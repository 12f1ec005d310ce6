//! `TrustService`: what the services of the mesh must know of the gateway's tokens.

use crate::{
    domain::revocation::{Revocation, Subject},
    feed::Feed,
};
use futures::{Stream, StreamExt};
use pass_mesh::{open, status};
use pass_proto::{
    convert::{instant, timestamp},
    gateway::v1::{
        self as wire, revocation, trust_service_server::TrustService, watch_trust_response::Message,
    },
};
use pass_types::{Invalid, Violation};
use std::pin::Pin;
use tonic::{Request, Response, Status};

/// Serves [`TrustService`].
pub struct TrustHandler {
    feed: Feed,
}

impl TrustHandler {
    /// From the process's feed.
    pub fn new(feed: Feed) -> Self {
        Self { feed }
    }
}

#[tonic::async_trait]
impl TrustService for TrustHandler {
    type WatchTrustStream = Pin<Box<dyn Stream<Item = Result<wire::WatchTrustResponse, Status>> + Send>>;

    async fn watch_trust(
        &self,
        request: Request<wire::WatchTrustRequest>,
    ) -> Result<Response<Self::WatchTrustStream>, Status> {
        let (_, wire::WatchTrustRequest {}) = open(request)?;
        let messages = self.feed.watch().await.map_err(status)?;
        let messages = messages.map(|message| Ok(wire::WatchTrustResponse { message: Some(message) }));
        Ok(Response::new(messages.boxed()))
    }

    async fn check_revocation(
        &self,
        request: Request<wire::CheckRevocationRequest>,
    ) -> Result<Response<wire::CheckRevocationResponse>, Status> {
        let (_, message) = open(request)?;
        let (subjects, issued) = subjects(message).map_err(pass_mesh::violation)?;
        let revoked = self.feed.is_revoked(&subjects, issued).await.map_err(status)?;
        Ok(Response::new(wire::CheckRevocationResponse { revoked }))
    }
}

/// Everything whose revocation would void the token in question.
fn subjects(
    message: wire::CheckRevocationRequest,
) -> Result<(Vec<Subject>, time::OffsetDateTime), Violation> {
    let wire::CheckRevocationRequest {
        session_id,
        account_id,
        organization_id,
        managed,
        issue_time,
        grant_id,
    } = message;
    let account = account_id.parse().map_err(|invalid: Invalid| invalid.of("account_id"))?;
    let session = session_id.parse().map_err(|invalid: Invalid| invalid.of("session_id"))?;
    let grant = grant_id.parse().map_err(|invalid: Invalid| invalid.of("grant_id"))?;
    let organization = Some(organization_id).filter(|id| !id.is_empty()).map(|id| id.parse());
    let organization = organization.transpose().map_err(|invalid: Invalid| invalid.of("organization_id"))?;
    let subjects = Subject::of_token(session, account, grant, organization, managed);
    Ok((subjects, instant(issue_time).map_err(|invalid| invalid.of("issue_time"))?))
}

/// A revocation as the stream has it.
pub fn to_wire(revocation: &Revocation) -> Message {
    let subject = match revocation.subject {
        Subject::Session(id) => revocation::Subject::SessionId(id.to_string()),
        Subject::Grant(id) => revocation::Subject::GrantId(id.to_string()),
        Subject::Account(id) => revocation::Subject::AccountId(id.to_string()),
        Subject::ManagedAccounts(id) => revocation::Subject::ManagedAccountsOfOrganizationId(id.to_string()),
        Subject::Membership(..) => revocation::Subject::Membership(revocation.subject.id()),
    };
    Message::Revocation(wire::Revocation {
        subject: Some(subject),
        not_before: Some(timestamp(revocation.not_before)),
    })
}
