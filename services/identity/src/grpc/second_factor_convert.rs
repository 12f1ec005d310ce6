//! Second factors to messages and back.

use super::convert;
use crate::{
    app::NewSession,
    app::second_factor::{
        Added, Confirmed, Finish, Finished, NewStep, Offer, PasskeySignIn, Protection, SecondFactorError,
        Shown,
    },
    domain::second_factor::{Authenticator, Factors, SecurityKey},
};
use pass_mesh::{status, violation};
use pass_proto::{
    convert::timestamp,
    identity::v1::{self as wire, finish_second_step_request::Factor},
};
use pass_types::{Invalid, Secret};
use tonic::Status;

/// What an answer of a security key may take; genuine ones have about 1 KiB.
const MOST_BYTES: usize = 16 * 1024;

pub fn step(step: &NewStep) -> wire::SecondStep {
    wire::SecondStep { token: step.token.reveal(), expire_time: Some(timestamp(step.expires_at)) }
}

pub fn protection(protection: Protection) -> wire::GetProtectionResponse {
    let Protection { managed_by, factors } = protection;
    let Factors { authenticator, keys, recovery_codes } = factors;
    wire::GetProtectionResponse {
        has_password: managed_by.is_none(),
        managed_by: managed_by.map(|name| name.as_str().to_owned()).unwrap_or_default(),
        authenticator: authenticator.map(app),
        keys: keys.into_iter().map(key).collect(),
        recovery_codes_left: i32::try_from(recovery_codes).unwrap_or(i32::MAX),
    }
}

fn app(authenticator: Authenticator) -> wire::AuthenticatorApp {
    let Authenticator { created_at, last_used_at } = authenticator;
    wire::AuthenticatorApp {
        create_time: Some(timestamp(created_at)),
        last_use_time: last_used_at.map(timestamp),
    }
}

fn key(key: SecurityKey) -> wire::SecurityKey {
    let SecurityKey { id, name, passkey, created_at, last_used_at } = key;
    wire::SecurityKey {
        key_id: id.to_string(),
        name: name.as_str().to_owned(),
        passkey,
        create_time: Some(timestamp(created_at)),
        last_use_time: last_used_at.map(timestamp),
    }
}

pub fn confirmed(confirmed: Confirmed) -> wire::ConfirmAuthenticatorResponse {
    let Confirmed { recovery_codes, token } = confirmed;
    wire::ConfirmAuthenticatorResponse { recovery_codes, session_token: token.reveal() }
}

pub fn added(added: Added) -> wire::AddKeyResponse {
    let Added { key: it, recovery_codes, token } = added;
    wire::AddKeyResponse { key: Some(key(it)), recovery_codes, session_token: token.reveal() }
}

/// The answer of a security key, which is JSON that nobody has read yet.
pub fn answer(json: String) -> Result<String, Status> {
    if json.is_empty() || json.len() > MOST_BYTES {
        return Err(violation(Invalid("must be an answer of at most 16 KiB").of("credential_json")));
    }
    Ok(json)
}

/// The token of a second step. One that can't be one is over.
pub fn token(token: &str) -> Result<Secret, Status> {
    token.parse().map_err(|_| status(SecondFactorError::Over))
}

pub fn finish(request: wire::FinishSecondStepRequest) -> Result<Finish, Status> {
    let wire::FinishSecondStepRequest { token: shown_token, factor, session_token, visit } = request;
    let token = token(&shown_token)?;
    let shown = match factor {
        Some(Factor::Code(code)) => Shown::Code(convert::parse(&code, "code").map_err(violation)?),
        Some(Factor::RecoveryCode(code)) => {
            Shown::RecoveryCode(convert::parse(&code, "recovery_code").map_err(violation)?)
        }
        Some(Factor::CredentialJson(json)) => Shown::Key(answer(json)?),
        None => return Err(violation(Invalid("must be there").of("factor"))),
    };
    // A browser may send anything; what is no token is no session's.
    let session = session_token.parse().ok();
    Ok(Finish { token, shown, session, visit: convert::visit(visit).map_err(violation)? })
}

pub fn passkey_step(step: &NewStep, options_json: String) -> wire::BeginPasskeySignInResponse {
    let NewStep { token, expires_at } = step;
    let expire_time = Some(timestamp(*expires_at));
    wire::BeginPasskeySignInResponse { token: token.reveal(), expire_time, options_json }
}

pub fn passkey_sign_in(request: wire::FinishPasskeySignInRequest) -> Result<PasskeySignIn, Status> {
    let wire::FinishPasskeySignInRequest { token: shown, credential_json, session_token, visit } = request;
    Ok(PasskeySignIn {
        token: token(&shown)?,
        answer: answer(credential_json)?,
        session: session_token.parse().ok(),
        visit: convert::visit(visit).map_err(violation)?,
    })
}

pub fn passkey_signed_in(new: &NewSession) -> wire::FinishPasskeySignInResponse {
    let account_id = new.session.account.to_string();
    wire::FinishPasskeySignInResponse { session: Some(convert::new_session(new)), account_id }
}

pub fn offer(offer: Offer) -> wire::GetSecondStepResponse {
    let Offer { authenticator, key_options, recovery_codes, step_up } = offer;
    wire::GetSecondStepResponse {
        has_authenticator: authenticator,
        key_options_json: key_options.unwrap_or_default(),
        has_recovery_codes: recovery_codes,
        step_up,
    }
}

pub fn finished(finished: Finished) -> wire::FinishSecondStepResponse {
    match finished {
        Finished::SignedIn(new) => wire::FinishSecondStepResponse {
            session: Some(convert::new_session(&new)),
            account_id: new.session.account.to_string(),
            session_token: String::new(),
        },
        Finished::SteppedUp(account, token) => wire::FinishSecondStepResponse {
            session: None,
            account_id: account.to_string(),
            session_token: token.reveal(),
        },
    }
}
