//! Sessions, as identity keeps them.

use super::{Neighbours, Open, Someone, accounts::account, over, refused};
use pass_mesh::open;
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{session_service_server::SessionService, *},
};
use pass_types::Kind;
use time::Duration;
use tonic::{Request, Response, Status};

impl Neighbours {
    fn tell(&self, find: impl Fn(&str, &Open) -> bool) -> Result<(Session, Account), Status> {
        let state = self.state();
        if state.down {
            return Err(refused(Kind::Unavailable, ErrorReason::Unavailable));
        }
        let (_, open) = state.sessions.iter().find(|(token, open)| find(token, open)).ok_or_else(over)?;
        let end = open.begun + Duration::hours(12);
        if self.clock.now() >= end {
            return Err(over());
        }
        let someone = state.accounts.iter().find(|it| it.id == open.account).ok_or_else(over)?;
        let session = Session {
            session_id: open.id.to_string(),
            account_id: open.account.to_string(),
            create_time: Some(timestamp(open.begun)),
            last_use_time: Some(timestamp(self.clock.now())),
            expire_time: Some(timestamp(end)),
            methods: vec!["pwd".to_owned()],
            address: String::new(),
            user_agent: String::new(),
            second_factor_time: None,
            anew: open.anew,
        };
        Ok((session, account(someone, open.begun)))
    }
}

#[tonic::async_trait]
impl SessionService for Neighbours {
    async fn sign_in(&self, request: Request<SignInRequest>) -> Result<Response<SignInResponse>, Status> {
        self.must_not_be_busy()?;
        let (caller, SignInRequest { email, password, replaced_token, visit }) = open(request)?;
        self.state().visits.extend(visit);
        if self.state().locked {
            return Err(refused(Kind::RateLimited, ErrorReason::SignInLocked));
        }
        self.state().origins.push(caller.origin.clone());
        let known = |it: &&Someone| it.email == email && it.password == password;
        let found = self.state().accounts.iter().find(known).map(|it| it.id);
        let account = found.ok_or_else(|| refused(Kind::Unauthenticated, ErrorReason::CredentialsInvalid))?;
        if let Some(step) = self.begin_step(account, None) {
            let (session, second_step) = (None, Some(step));
            return Ok(Response::new(SignInResponse {
                session,
                account_id: account.to_string(),
                second_step,
            }));
        }
        self.state().sessions.remove(&replaced_token);
        let (session, second_step) = (Some(self.begin(account, true)), None);
        Ok(Response::new(SignInResponse { session, account_id: account.to_string(), second_step }))
    }

    async fn resolve_session(
        &self,
        request: Request<ResolveSessionRequest>,
    ) -> Result<Response<ResolveSessionResponse>, Status> {
        let (_, asked) = open(request)?;
        let (session, account) = self.tell(|token, _| token == asked.token)?;
        Ok(Response::new(ResolveSessionResponse { session: Some(session), account: Some(account) }))
    }

    async fn get_session(
        &self,
        request: Request<GetSessionRequest>,
    ) -> Result<Response<GetSessionResponse>, Status> {
        let (_, asked) = open(request)?;
        let (session, account) = self.tell(|_, it| it.id.to_string() == asked.session_id)?;
        self.state().uses += usize::from(asked.used);
        Ok(Response::new(GetSessionResponse { session: Some(session), account: Some(account) }))
    }

    async fn sign_out(&self, request: Request<SignOutRequest>) -> Result<Response<SignOutResponse>, Status> {
        let (_, asked) = open(request)?;
        self.state().sessions.remove(&asked.token);
        Ok(Response::new(SignOutResponse {}))
    }

    async fn list_my_sessions(
        &self,
        _: Request<ListMySessionsRequest>,
    ) -> Result<Response<ListMySessionsResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn end_my_session(
        &self,
        _: Request<EndMySessionRequest>,
    ) -> Result<Response<EndMySessionResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn end_my_other_sessions(
        &self,
        _: Request<EndMyOtherSessionsRequest>,
    ) -> Result<Response<EndMyOtherSessionsResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }
}
