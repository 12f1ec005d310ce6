//! What the gateway asks identity about passwords and addresses: for whoever has the link of a mail, or is signed in.

use super::{Identity, broken};
use pass_mesh::{CallContext, Channel, Failure};
use pass_proto::{
    convert::{FromWire, instant},
    identity::v1::{self as wire, credential_service_client::CredentialServiceClient},
};
use pass_types::{Invalid, Language, Origin, TimeZone};
use time::OffsetDateTime;
use uuid::Uuid;

/// What the link of a password reset is for.
pub struct PasswordReset {
    /// The account's address.
    pub email: String,
    /// The owner's language.
    pub language: Language,
}

/// What the link to a new address is for.
pub struct EmailChange {
    /// The new address.
    pub email: String,
    /// The owner's language.
    pub language: Language,
    /// The owner's time zone.
    pub time_zone: TimeZone,
    /// When the link dies.
    pub expires: OffsetDateTime,
}

impl Identity {
    fn credentials(&self) -> CredentialServiceClient<Channel> {
        CredentialServiceClient::new(self.0.clone())
    }

    /// Asks for another password, perhaps in a flow; a mail follows.
    pub async fn request_password_reset(
        &self,
        origin: &Origin,
        email: String,
        language: Language,
        continuation: Option<Uuid>,
    ) -> Result<(), Failure> {
        let message = wire::RequestPasswordResetRequest {
            email,
            language: language.to_wire() as i32,
            continuation: continuation.map(|flow| flow.to_string()).unwrap_or_default(),
        };
        let request = CallContext::anonymous(origin.clone()).request(message);
        self.credentials().request_password_reset(request).await?;
        Ok(())
    }

    /// What a reset's link is for.
    pub async fn password_reset(&self, origin: &Origin, token: &str) -> Result<PasswordReset, Failure> {
        let message = wire::GetPasswordResetRequest { token: token.to_owned() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::GetPasswordResetResponse { email, language } =
            self.credentials().get_password_reset(request).await?.into_inner();
        Ok(PasswordReset { email, language: Language::from_wire(language).map_err(broken)? })
    }

    /// Sets the password that somebody chose by a reset's link; the flow in which it was asked for.
    pub async fn complete_password_reset(
        &self,
        origin: &Origin,
        token: String,
        password: String,
        device_token: String,
    ) -> Result<Option<Uuid>, Failure> {
        let message = wire::CompletePasswordResetRequest { token, password, device_token };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::CompletePasswordResetResponse { continuation } =
            self.credentials().complete_password_reset(request).await?.into_inner();
        Ok(Uuid::try_parse(&continuation).ok())
    }

    /// Changes the password of whoever is signed in with this session's token.
    pub async fn change_password(
        &self,
        origin: &Origin,
        session_token: &str,
        current_password: String,
        password: String,
    ) -> Result<(), Failure> {
        let session_token = session_token.to_owned();
        let message = wire::ChangePasswordRequest { session_token, current_password, password };
        let request = CallContext::anonymous(origin.clone()).request(message);
        self.credentials().change_password(request).await?;
        Ok(())
    }

    /// What the link to a new address is for.
    pub async fn email_change(&self, origin: &Origin, token: String) -> Result<EmailChange, Failure> {
        let request = CallContext::anonymous(origin.clone()).request(wire::GetEmailChangeRequest { token });
        let answer = self.credentials().get_email_change(request).await?.into_inner();
        email_change(answer).map_err(broken)
    }

    /// Confirms a new address.
    pub async fn confirm_email_change(&self, origin: &Origin, token: String) -> Result<(), Failure> {
        let message = wire::ConfirmEmailChangeRequest { token };
        let request = CallContext::anonymous(origin.clone()).request(message);
        self.credentials().confirm_email_change(request).await?;
        Ok(())
    }
}

fn email_change(answer: wire::GetEmailChangeResponse) -> Result<EmailChange, Invalid> {
    let wire::GetEmailChangeResponse { email, language, time_zone, expire_time } = answer;
    Ok(EmailChange {
        email,
        language: Language::from_wire(language)?,
        time_zone: time_zone.parse()?,
        expires: instant(expire_time)?,
    })
}
