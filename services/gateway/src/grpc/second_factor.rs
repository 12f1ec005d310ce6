//! What the gateway asks identity about second factors (ACC-9), on behalf of the browser.

use super::{Identity, NewSession, Visit, broken, identity::begun};
use pass_mesh::{CallContext, Channel, Failure};
use pass_proto::{
    convert::instant,
    identity::v1::{self as wire, second_factor_service_client::SecondFactorServiceClient},
};
use pass_types::{Invalid, Origin, Secret};
use time::OffsetDateTime;

/// What a right password leads to.
pub enum SignedIn {
    /// Somebody is signed in.
    Session(NewSession),
    /// A second factor is to be shown.
    SecondStep(Secret),
}

/// What protects an account.
pub struct Protection {
    /// The organization that manages it; empty: nobody but its owner does.
    pub managed_by: String,
    /// Its owner has a password.
    pub password: bool,
    /// When the authenticator app was added, and used last.
    pub authenticator: Option<(OffsetDateTime, Option<OffsetDateTime>)>,
    /// Security keys and passkeys.
    pub keys: Vec<Key>,
    /// Recovery codes that were not used.
    pub recovery_codes: i32,
}

/// A security key or passkey.
pub struct Key {
    /// Names it in its routes.
    pub id: String,
    /// As its owner calls it.
    pub name: String,
    /// Which of both.
    pub passkey: bool,
    /// When it was added.
    pub added: OffsetDateTime,
    /// When it was used last.
    pub used: Option<OffsetDateTime>,
}

/// An authenticator app's secret, for its owner to take over.
pub struct Draft {
    /// For typing.
    pub secret: String,
    /// For a QR code.
    pub uri: String,
}

/// A factor that was added.
pub struct Added {
    /// The account's first recovery codes; empty: it has some.
    pub recovery_codes: Vec<String>,
    /// The session's new token.
    pub token: String,
}

/// What came of a second step.
pub enum Proved {
    /// Somebody is signed in.
    SignedIn(NewSession),
    /// The session has proved itself, and has this new token.
    SteppedUp(String),
}

/// What a second step may be done with.
pub struct Offer {
    /// Codes of an app.
    pub authenticator: bool,
    /// Keys: the challenge for them; empty: there are none.
    pub key_options: String,
    /// Recovery codes.
    pub recovery_codes: bool,
    /// It is a session's, no sign-in.
    pub step_up: bool,
}

/// What somebody shows.
pub use wire::finish_second_step_request::Factor;

impl Identity {
    fn factors(&self) -> SecondFactorServiceClient<Channel> {
        SecondFactorServiceClient::new(self.0.clone())
    }

    /// What protects the account of a browser's session.
    pub async fn protection(&self, origin: &Origin, session: &str) -> Result<Protection, Failure> {
        let message = wire::GetProtectionRequest { session_token: session.to_owned() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.factors().get_protection(request).await?.into_inner();
        protection(answer).map_err(broken)
    }

    /// The session's secret for an authenticator app.
    pub async fn begin_authenticator(&self, origin: &Origin, session: &str) -> Result<Draft, Failure> {
        let message = wire::BeginAuthenticatorRequest { session_token: session.to_owned() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.factors().begin_authenticator(request).await?.into_inner();
        let wire::BeginAuthenticatorResponse { secret, uri } = answer;
        Ok(Draft { secret, uri })
    }

    /// Adds the app that shows this code.
    pub async fn confirm_authenticator(
        &self,
        origin: &Origin,
        session: &str,
        code: String,
    ) -> Result<Added, Failure> {
        let message = wire::ConfirmAuthenticatorRequest { session_token: session.to_owned(), code };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.factors().confirm_authenticator(request).await?.into_inner();
        let wire::ConfirmAuthenticatorResponse { recovery_codes, session_token } = answer;
        Ok(Added { recovery_codes, token: renewed(session_token)? })
    }

    /// Removes the authenticator app.
    pub async fn remove_authenticator(&self, origin: &Origin, session: &str) -> Result<(), Failure> {
        let message = wire::RemoveAuthenticatorRequest { session_token: session.to_owned() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        self.factors().remove_authenticator(request).await?;
        Ok(())
    }

    /// A challenge for a new key.
    pub async fn begin_key(&self, origin: &Origin, session: &str, passkey: bool) -> Result<String, Failure> {
        let message = wire::BeginKeyRequest { session_token: session.to_owned(), passkey };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::BeginKeyResponse { options_json } = self.factors().begin_key(request).await?.into_inner();
        Ok(options_json)
    }

    /// Adds the key that answered it.
    pub async fn add_key(
        &self,
        origin: &Origin,
        session: &str,
        name: String,
        credential_json: String,
    ) -> Result<Added, Failure> {
        let message = wire::AddKeyRequest { session_token: session.to_owned(), name, credential_json };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::AddKeyResponse { key: _, recovery_codes, session_token } =
            self.factors().add_key(request).await?.into_inner();
        Ok(Added { recovery_codes, token: renewed(session_token)? })
    }

    /// Removes a key.
    pub async fn remove_key(&self, origin: &Origin, session: &str, key_id: String) -> Result<(), Failure> {
        let message = wire::RemoveKeyRequest { session_token: session.to_owned(), key_id };
        let request = CallContext::anonymous(origin.clone()).request(message);
        self.factors().remove_key(request).await?;
        Ok(())
    }

    /// New recovery codes.
    pub async fn renew_recovery_codes(&self, origin: &Origin, session: &str) -> Result<Vec<String>, Failure> {
        let message = wire::RenewRecoveryCodesRequest { session_token: session.to_owned() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.factors().renew_recovery_codes(request).await?.into_inner();
        let wire::RenewRecoveryCodesResponse { recovery_codes } = answer;
        Ok(recovery_codes)
    }

    /// Removes all second factors.
    pub async fn disable_second_factors(&self, origin: &Origin, session: &str) -> Result<(), Failure> {
        let message = wire::DisableSecondFactorsRequest { session_token: session.to_owned() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        self.factors().disable_second_factors(request).await?;
        Ok(())
    }

    /// Begins showing a second factor again in a session.
    pub async fn begin_step_up(&self, origin: &Origin, session: &str) -> Result<Secret, Failure> {
        let message = wire::BeginStepUpRequest { session_token: session.to_owned() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::BeginStepUpResponse { second_step } =
            self.factors().begin_step_up(request).await?.into_inner();
        step(second_step).map_err(broken)
    }

    /// What a second step may be done with.
    pub async fn second_step(&self, origin: &Origin, token: &Secret) -> Result<Offer, Failure> {
        let message = wire::GetSecondStepRequest { token: token.reveal() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.factors().get_second_step(request).await?.into_inner();
        let wire::GetSecondStepResponse { has_authenticator, key_options_json, has_recovery_codes, step_up } =
            answer;
        Ok(Offer {
            authenticator: has_authenticator,
            key_options: key_options_json,
            recovery_codes: has_recovery_codes,
            step_up,
        })
    }

    /// Shows a second factor. `session` is the browser's so far: of a sign-in it ends then.
    pub async fn finish_second_step(
        &self,
        origin: &Origin,
        token: &Secret,
        factor: Factor,
        session: Option<&str>,
        visit: Visit,
    ) -> Result<Proved, Failure> {
        let message = wire::FinishSecondStepRequest {
            token: token.reveal(),
            factor: Some(factor),
            session_token: session.unwrap_or_default().to_owned(),
            visit: Some(visit.into()),
        };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::FinishSecondStepResponse { session, account_id: _, session_token } =
            self.factors().finish_second_step(request).await?.into_inner();
        match session {
            Some(session) => begun(Some(session), None).map(Proved::SignedIn),
            None => renewed(session_token).map(Proved::SteppedUp),
        }
    }
}

/// Passkeys that sign in alone.
impl Identity {
    /// A challenge for any of them; what the browser keeps, and JSON for it.
    pub async fn begin_passkey_sign_in(&self, origin: &Origin) -> Result<(Secret, String), Failure> {
        let request = CallContext::anonymous(origin.clone()).request(wire::BeginPasskeySignInRequest {});
        let answer = self.factors().begin_passkey_sign_in(request).await?.into_inner();
        let wire::BeginPasskeySignInResponse { token, expire_time: _, options_json } = answer;
        Ok((token.parse().map_err(broken)?, options_json))
    }

    /// Signs in whose passkey answered. `session` is the browser's so far, which ends.
    pub async fn finish_passkey_sign_in(
        &self,
        origin: &Origin,
        token: &Secret,
        credential_json: String,
        session: Option<&str>,
        visit: Visit,
    ) -> Result<NewSession, Failure> {
        let message = wire::FinishPasskeySignInRequest {
            token: token.reveal(),
            credential_json,
            session_token: session.unwrap_or_default().to_owned(),
            visit: Some(visit.into()),
        };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::FinishPasskeySignInResponse { session, account_id: _ } =
            self.factors().finish_passkey_sign_in(request).await?.into_inner();
        begun(session, None)
    }
}

/// The token that a session has from now on.
fn renewed(token: String) -> Result<String, Failure> {
    if token.is_empty() { Err(broken(Invalid("session_token is missing"))) } else { Ok(token) }
}

/// The token of a second step that has begun.
pub(super) fn step(step: Option<wire::SecondStep>) -> Result<Secret, Invalid> {
    let wire::SecondStep { token, expire_time: _ } = step.ok_or(Invalid("second_step is missing"))?;
    token.parse()
}

fn protection(answer: wire::GetProtectionResponse) -> Result<Protection, Invalid> {
    let wire::GetProtectionResponse { managed_by, has_password, authenticator, keys, recovery_codes_left } =
        answer;
    let authenticator = authenticator.map(|app| {
        let wire::AuthenticatorApp { create_time, last_use_time } = app;
        Ok((instant(create_time)?, last_use_time.map(|at| instant(Some(at))).transpose()?))
    });
    Ok(Protection {
        managed_by,
        password: has_password,
        authenticator: authenticator.transpose()?,
        keys: keys.into_iter().map(key).collect::<Result<_, _>>()?,
        recovery_codes: recovery_codes_left,
    })
}

fn key(key: wire::SecurityKey) -> Result<Key, Invalid> {
    let wire::SecurityKey { key_id, name, passkey, create_time, last_use_time } = key;
    let used = last_use_time.map(|at| instant(Some(at))).transpose()?;
    Ok(Key { id: key_id, name, passkey, added: instant(create_time)?, used })
}
