//! `pass.identity.v1.CredentialService`, and what its mails need.

use super::{Services, convert};
use crate::{
    app::{AddressChange, Owner, PasswordResetMail},
    domain::{
        email_change::{EmailChange, State},
        guessing::Attempted,
        password::Password,
    },
};
use pass_mesh::{open, status, violation};
use pass_proto::{
    convert::{FromWire, timestamp},
    identity::v1::{
        ChangePasswordRequest, ChangePasswordResponse, CompletePasswordResetRequest,
        CompletePasswordResetResponse, ConfirmEmailChangeRequest, ConfirmEmailChangeResponse,
        GetEmailChangeRequest, GetEmailChangeResponse, GetPasswordResetRequest, GetPasswordResetResponse,
        PrepareEmailChangeMailResponse, PreparePasswordResetMailResponse, RequestEmailChangeRequest,
        RequestEmailChangeResponse, RequestPasswordResetRequest, RequestPasswordResetResponse,
        credential_service_server::CredentialService, prepare_password_reset_mail_response::Owner as Whose,
    },
};
use pass_types::{AccountKind, Language};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl CredentialService for Services {
    async fn request_password_reset(
        &self,
        request: Request<RequestPasswordResetRequest>,
    ) -> Result<Response<RequestPasswordResetResponse>, Status> {
        let (caller, RequestPasswordResetRequest { email, language, continuation }) = open(request)?;
        let email = convert::parse(&email, "email").map_err(violation)?;
        let language = Language::from_wire(language).map_err(|problem| violation(problem.of("language")))?;
        let continuation = convert::parse(&continuation, "continuation").map_err(violation)?;
        let asked = self.0.request_password_reset(&caller, email, language, continuation).await;
        self.0.counting(&caller, Attempted::PasswordReset, asked).await.map_err(status)?;
        Ok(Response::new(RequestPasswordResetResponse {}))
    }

    async fn get_password_reset(
        &self,
        request: Request<GetPasswordResetRequest>,
    ) -> Result<Response<GetPasswordResetResponse>, Status> {
        let (caller, GetPasswordResetRequest { token }) = open(request)?;
        let account = self.0.account_of_reset(&token).await;
        let account = self.0.counting(&caller, Attempted::Link, account).await.map_err(status)?;
        Ok(Response::new(GetPasswordResetResponse {
            email: account.email.as_str().to_owned(),
            language: account.language.to_wire() as i32,
        }))
    }

    async fn complete_password_reset(
        &self,
        request: Request<CompletePasswordResetRequest>,
    ) -> Result<Response<CompletePasswordResetResponse>, Status> {
        let (caller, CompletePasswordResetRequest { token, password, device_token }) = open(request)?;
        let device = device_token.parse().ok();
        let done = self.0.complete_password_reset(&caller, &token, password, device).await;
        let continuation = self.0.counting(&caller, Attempted::Link, done).await.map_err(status)?;
        Ok(Response::new(CompletePasswordResetResponse { continuation: continuation.as_str().to_owned() }))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        let (caller, ChangePasswordRequest { session_token, current_password, password }) = open(request)?;
        let current = Password::typed(&current_password);
        let current = current.map_err(|problem| violation(problem.of("current_password")))?;
        self.0.change_password(&caller, &session_token, current, password).await.map_err(status)?;
        Ok(Response::new(ChangePasswordResponse {}))
    }

    async fn request_email_change(
        &self,
        request: Request<RequestEmailChangeRequest>,
    ) -> Result<Response<RequestEmailChangeResponse>, Status> {
        let (caller, RequestEmailChangeRequest { email }) = open(request)?;
        let (owner, email) = (Owner::of(&caller)?, convert::parse(&email, "email").map_err(violation)?);
        self.0.request_email_change(&owner, email).await.map_err(status)?;
        Ok(Response::new(RequestEmailChangeResponse {}))
    }

    async fn get_email_change(
        &self,
        request: Request<GetEmailChangeRequest>,
    ) -> Result<Response<GetEmailChangeResponse>, Status> {
        let (caller, GetEmailChangeRequest { token }) = open(request)?;
        let change = self.0.email_change_of_link(&token).await;
        let change = self.0.counting(&caller, Attempted::Link, change).await.map_err(status)?;
        let AddressChange { change, account, taken: _, url: _, not_me: _ } = change;
        Ok(Response::new(GetEmailChangeResponse {
            email: change.email.as_str().to_owned(),
            language: account.language.to_wire() as i32,
            time_zone: account.time_zone.as_str().to_owned(),
            expire_time: Some(timestamp(change.expires_at)),
        }))
    }

    async fn confirm_email_change(
        &self,
        request: Request<ConfirmEmailChangeRequest>,
    ) -> Result<Response<ConfirmEmailChangeResponse>, Status> {
        let (caller, ConfirmEmailChangeRequest { token }) = open(request)?;
        let confirmed = self.0.confirm_email_change(&caller, &token).await;
        self.0.counting(&caller, Attempted::Link, confirmed).await.map_err(status)?;
        Ok(Response::new(ConfirmEmailChangeResponse {}))
    }
}

/// What the mail of a reset says.
pub fn reset_mail(mail: PasswordResetMail) -> PreparePasswordResetMailResponse {
    let PasswordResetMail { reset, email, owner, language, time_zone, url } = mail;
    let owner = match owner {
        Some(AccountKind::Nulab) => Whose::NulabAccount,
        Some(AccountKind::Managed) => Whose::ManagedAccount,
        None => Whose::Nobody,
    };
    PreparePasswordResetMailResponse {
        email: email.as_str().to_owned(),
        language: language.to_wire() as i32,
        time_zone: time_zone.as_str().to_owned(),
        owner: owner as i32,
        url,
        expire_time: Some(timestamp(reset.expires_at)),
    }
}

/// What the mails about a change of address say.
pub fn change_mail(mail: AddressChange) -> PrepareEmailChangeMailResponse {
    let old_email = mail.old_email().as_str().to_owned();
    let AddressChange { change, account, taken, url, not_me } = mail;
    let EmailChange { id: _, account: _, email, expires_at, state, alert: _ } = change;
    let (not_me_url, not_me_expire_time) =
        not_me.map(|(url, expires_at)| (url, timestamp(expires_at))).unzip();
    PrepareEmailChangeMailResponse {
        new_email: email.as_str().to_owned(),
        old_email,
        language: account.language.to_wire() as i32,
        time_zone: account.time_zone.as_str().to_owned(),
        url,
        expire_time: Some(timestamp(expires_at)),
        account_exists: taken,
        confirmed: state != State::Open,
        not_me_url: not_me_url.unwrap_or_default(),
        not_me_expire_time,
    }
}
