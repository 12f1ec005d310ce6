//! `pass.identity.v1.SessionService`.

use super::{Services, convert, page::Page};
use crate::{
    app::{Owner, SessionError},
    domain::session::EndCause,
};
use pass_mesh::{open, status, violation};
use pass_proto::identity::v1::{
    EndMyOtherSessionsRequest, EndMyOtherSessionsResponse, EndMySessionRequest, EndMySessionResponse,
    GetSessionRequest, GetSessionResponse, ListMySessionsRequest, ListMySessionsResponse,
    ResolveSessionRequest, ResolveSessionResponse, SignInRequest, SignInResponse, SignOutRequest,
    SignOutResponse, session_service_server::SessionService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl SessionService for Services {
    async fn sign_in(&self, request: Request<SignInRequest>) -> Result<Response<SignInResponse>, Status> {
        let (caller, request) = open(request)?;
        let attempt = convert::attempt(request).map_err(violation)?;
        let signed_in = self.0.sign_in(&caller, attempt).await.map_err(status)?;
        Ok(Response::new(convert::signed_in(&signed_in)))
    }

    async fn resolve_session(
        &self,
        request: Request<ResolveSessionRequest>,
    ) -> Result<Response<ResolveSessionResponse>, Status> {
        let (_, ResolveSessionRequest { token }) = open(request)?;
        let token = token.parse().map_err(|_| status(SessionError::Over))?;
        let browser = self.0.resolve_session(&token).await.map_err(status)?;
        let (session, account) = convert::browser(browser);
        Ok(Response::new(ResolveSessionResponse { session, account }))
    }

    async fn get_session(
        &self,
        request: Request<GetSessionRequest>,
    ) -> Result<Response<GetSessionResponse>, Status> {
        let (_, GetSessionRequest { session_id, used }) = open(request)?;
        let id = convert::id(&session_id, "session_id").map_err(violation)?;
        let (session, account) = convert::browser(self.0.session(id, used).await.map_err(status)?);
        Ok(Response::new(GetSessionResponse { session, account }))
    }

    async fn sign_out(&self, request: Request<SignOutRequest>) -> Result<Response<SignOutResponse>, Status> {
        let (caller, SignOutRequest { token }) = open(request)?;
        // What is no token is no session's either: there is nothing to end.
        if let Ok(token) = token.parse() {
            let ended = self.0.end_session(&caller, &token, EndCause::SignedOut).await;
            ended.map_err(|error| status(SessionError::from(error)))?;
        }
        Ok(Response::new(SignOutResponse {}))
    }

    async fn list_my_sessions(
        &self,
        request: Request<ListMySessionsRequest>,
    ) -> Result<Response<ListMySessionsResponse>, Status> {
        let (caller, ListMySessionsRequest { page_size, page_token }) = open(request)?;
        let page = Page::parse(page_size, &page_token).map_err(status)?;
        let owner = Owner::of(&caller)?;
        let sessions = self.0.sessions_of(&owner, page.after, page.rows()).await.map_err(status)?;
        let (sessions, next_page_token) = page.cut(sessions, |session| session.id.uuid());
        let sessions = sessions.into_iter().map(convert::session).collect();
        Ok(Response::new(ListMySessionsResponse { sessions, next_page_token }))
    }

    async fn end_my_session(
        &self,
        request: Request<EndMySessionRequest>,
    ) -> Result<Response<EndMySessionResponse>, Status> {
        let (caller, EndMySessionRequest { session_id }) = open(request)?;
        let id = convert::id(&session_id, "session_id").map_err(violation)?;
        self.0.end_own_session(&Owner::of(&caller)?, id).await.map_err(status)?;
        Ok(Response::new(EndMySessionResponse {}))
    }

    async fn end_my_other_sessions(
        &self,
        request: Request<EndMyOtherSessionsRequest>,
    ) -> Result<Response<EndMyOtherSessionsResponse>, Status> {
        let (caller, EndMyOtherSessionsRequest {}) = open(request)?;
        let ended = self.0.end_other_sessions(&Owner::of(&caller)?).await.map_err(status)?;
        let ended_count = i32::try_from(ended).unwrap_or(i32::MAX);
        Ok(Response::new(EndMyOtherSessionsResponse { ended_count }))
    }
}
