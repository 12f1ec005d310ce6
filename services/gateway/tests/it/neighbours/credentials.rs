//! Passwords and changes of address, as identity keeps them.

use super::{Neighbours, over, refused};
use pass_mesh::{Problem, open, status};
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{credential_service_server::CredentialService, *},
    types::v1::Language,
};
use pass_types::Kind;
use std::time::Duration;
use time::macros::datetime;
use tonic::{Request, Response, Status};

/// What was asked for, and what links work.
#[derive(Default)]
pub struct Credentials {
    /// Addresses that a reset was asked for, and the page's language.
    pub asked: Vec<(String, Language)>,
    /// What the latest one of these is to be continued with.
    pub continuation: String,
    /// Tokens of resets whose links work, and whose address.
    pub resets: Vec<(String, String)>,
    /// Tokens of changes whose links work, and the new address.
    pub changes: Vec<(String, String)>,
    /// New addresses that were confirmed.
    pub confirmed: Vec<String>,
    /// Too many passwords wait to be hashed.
    pub busy: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("too many passwords are being checked")]
struct Busy;

impl Problem for Busy {
    fn kind(&self) -> Kind {
        Kind::RateLimited
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::RateLimited
    }
    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
}

fn link_over() -> Status {
    refused(Kind::Precondition, ErrorReason::LinkInvalid)
}

impl Neighbours {
    /// Refuses as identity does when its queue is full.
    pub(super) fn must_not_be_busy(&self) -> Result<(), Status> {
        if self.state().credentials.busy { Err(status(Busy)) } else { Ok(()) }
    }

    fn set_password(&self, email: &str, password: String) -> Result<(), Status> {
        if password.chars().count() < 12 {
            return Err(refused(Kind::InvalidInput, ErrorReason::PasswordLength));
        }
        let mut state = self.state();
        let account = state.accounts.iter_mut().find(|it| it.email == email).ok_or_else(link_over)?;
        account.password = password;
        Ok(())
    }
}

#[tonic::async_trait]
impl CredentialService for Neighbours {
    async fn request_password_reset(
        &self,
        request: Request<RequestPasswordResetRequest>,
    ) -> Result<Response<RequestPasswordResetResponse>, Status> {
        let (_, asked) = open(request)?;
        if asked.email.parse::<pass_types::Email>().is_err() {
            let problem = pass_types::Invalid("must be an email address");
            return Err(pass_mesh::violation(problem.of("email")));
        }
        let language = asked.language();
        let mut state = self.state();
        state.credentials.asked.push((asked.email, language));
        state.credentials.continuation = asked.continuation;
        Ok(Response::new(RequestPasswordResetResponse {}))
    }

    async fn get_password_reset(
        &self,
        request: Request<GetPasswordResetRequest>,
    ) -> Result<Response<GetPasswordResetResponse>, Status> {
        let (_, GetPasswordResetRequest { token }) = open(request)?;
        let state = self.state();
        let found = state.credentials.resets.iter().find(|(it, _)| *it == token).ok_or_else(link_over)?;
        Ok(Response::new(GetPasswordResetResponse { email: found.1.clone(), language: Language::Ja.into() }))
    }

    async fn complete_password_reset(
        &self,
        request: Request<CompletePasswordResetRequest>,
    ) -> Result<Response<CompletePasswordResetResponse>, Status> {
        self.must_not_be_busy()?;
        let (_, CompletePasswordResetRequest { token, password, device_token: _ }) = open(request)?;
        let at = self.state().credentials.resets.iter().position(|(it, _)| *it == token);
        let at = at.ok_or_else(link_over)?;
        let email = self.state().credentials.resets[at].1.clone();
        self.set_password(&email, password)?;
        let mut state = self.state();
        state.credentials.resets.remove(at);
        state.sessions.clear();
        let continuation = state.credentials.continuation.clone();
        Ok(Response::new(CompletePasswordResetResponse { continuation }))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        self.must_not_be_busy()?;
        let (_, ChangePasswordRequest { session_token, current_password, password }) = open(request)?;
        let account = self.state().sessions.get(&session_token).map(|it| it.account).ok_or_else(over)?;
        let account = self.state().accounts.iter().find(|it| it.id == account).cloned().ok_or_else(over)?;
        if current_password != account.password {
            return Err(refused(Kind::InvalidInput, ErrorReason::PasswordWrong));
        }
        self.set_password(&account.email, password)?;
        self.state().sessions.retain(|token, it| it.account != account.id || *token == session_token);
        Ok(Response::new(ChangePasswordResponse {}))
    }

    async fn request_email_change(
        &self,
        _: Request<RequestEmailChangeRequest>,
    ) -> Result<Response<RequestEmailChangeResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn get_email_change(
        &self,
        request: Request<GetEmailChangeRequest>,
    ) -> Result<Response<GetEmailChangeResponse>, Status> {
        let (_, GetEmailChangeRequest { token }) = open(request)?;
        let state = self.state();
        let found = state.credentials.changes.iter().find(|(it, _)| *it == token).ok_or_else(link_over)?;
        Ok(Response::new(GetEmailChangeResponse {
            email: found.1.clone(),
            language: Language::Ja.into(),
            time_zone: "Asia/Tokyo".to_owned(),
            expire_time: Some(timestamp(datetime!(2026-03-02 09:00 UTC))),
        }))
    }

    async fn confirm_email_change(
        &self,
        request: Request<ConfirmEmailChangeRequest>,
    ) -> Result<Response<ConfirmEmailChangeResponse>, Status> {
        let (_, ConfirmEmailChangeRequest { token }) = open(request)?;
        let mut state = self.state();
        let at = state.credentials.changes.iter().position(|(it, _)| *it == token).ok_or_else(link_over)?;
        let (_, email) = state.credentials.changes.remove(at);
        state.credentials.confirmed.push(email);
        Ok(Response::new(ConfirmEmailChangeResponse {}))
    }
}
