//! Second factors, as identity keeps them: one code is right, `123456`, and one answer of a key, `{"right":true}`.

use super::{Neighbours, over, refused};
use pass_mesh::{Problem, open, status};
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{
        finish_second_step_request::Factor, second_factor_service_server::SecondFactorService, *,
    },
};
use pass_types::{AccountId, Invalid, Kind, Secret, Violation};
use std::collections::{HashMap, HashSet};
use time::macros::datetime;
use tonic::{Request, Response, Status};

/// The right code.
pub const CODE: &str = "123456";
/// The right answer of a key.
pub const ANSWER: &str = r#"{"right":true}"#;
/// A challenge that must be escaped.
pub const OPTIONS: &str = r#"{"publicKey":{"challenge":"<&\"'>"}}"#;

/// What the accounts have.
#[derive(Default)]
pub struct Factors {
    /// Accounts with an app.
    pub apps: HashSet<AccountId>,
    /// Names of accounts' keys.
    pub keys: HashMap<AccountId, Vec<String>>,
    /// Accounts that an organization manages.
    pub managed: HashMap<AccountId, String>,
    /// Accounts whose proof is too old.
    pub stale: HashSet<AccountId>,
    /// Second steps that are under way, and the session of a step-up.
    pub steps: HashMap<String, (AccountId, Option<String>)>,
    /// Challenges for sign-ins by a passkey, by what their browsers keep.
    pub challenges: HashSet<String>,
    /// What was shown.
    pub shown: Vec<FinishSecondStepRequest>,
}

impl Factors {
    fn any(&self, account: AccountId) -> bool {
        self.apps.contains(&account) || self.keys.get(&account).is_some_and(|keys| !keys.is_empty())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("not right")]
struct Wrong(&'static str);

impl Problem for Wrong {
    fn kind(&self) -> Kind {
        Kind::Unauthenticated
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::SecondFactorInvalid
    }
    fn violations(&self) -> Vec<Violation> {
        vec![Invalid("is not right").of(self.0)]
    }
}

impl Neighbours {
    fn whose(&self, session: &str) -> Result<AccountId, Status> {
        self.state().sessions.get(session).map(|open| open.account).ok_or_else(over)
    }

    /// Whose second factors a session may change.
    fn may_change(&self, session: &str) -> Result<AccountId, Status> {
        let account = self.whose(session)?;
        let factors = &self.state().factors;
        let reason = match (factors.managed.contains_key(&account), factors.any(account)) {
            (true, _) => return Err(refused(Kind::Forbidden, ErrorReason::ManagedByOrganization)),
            (_, true) => ErrorReason::SecondFactorNeeded,
            (_, false) => ErrorReason::FreshSignInNeeded,
        };
        if factors.stale.contains(&account) { Err(refused(Kind::Precondition, reason)) } else { Ok(account) }
    }

    /// Gives a session another token.
    fn renew(&self, session: &str) -> String {
        let token = Secret::generate(&self.entropy).reveal();
        let mut state = self.state();
        let open = state.sessions.remove(session).expect("a session that is open");
        state.sessions.insert(token.clone(), open);
        token
    }

    /// A second step of whoever has a second factor.
    pub(super) fn begin_step(&self, account: AccountId, session: Option<&str>) -> Option<SecondStep> {
        let mut state = self.state();
        if !state.factors.any(account) {
            return None;
        }
        let token = Secret::generate(&self.entropy).reveal();
        state.factors.steps.insert(token.clone(), (account, session.map(str::to_owned)));
        Some(SecondStep { token, expire_time: None })
    }
}

fn codes(first: bool) -> Vec<String> {
    let codes = (0..10).map(|i| format!("0000-0000-0000-0000-0000-000{i}"));
    if first { codes.collect() } else { Vec::new() }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a call answers")]
fn done<T>(message: T) -> Result<Response<T>, Status> {
    Ok(Response::new(message))
}

#[tonic::async_trait]
impl SecondFactorService for Neighbours {
    async fn get_protection(
        &self,
        request: Request<GetProtectionRequest>,
    ) -> Result<Response<GetProtectionResponse>, Status> {
        let (_, GetProtectionRequest { session_token }) = open(request)?;
        let account = self.whose(&session_token)?;
        let factors = &self.state().factors;
        let at = Some(timestamp(datetime!(2026-03-02 09:00 UTC)));
        let key = |name: &String| SecurityKey {
            key_id: "0190".to_owned(),
            name: name.clone(),
            passkey: true,
            create_time: at,
            last_use_time: None,
        };
        let app = AuthenticatorApp { create_time: at, last_use_time: at };
        let managed_by = factors.managed.get(&account).cloned().unwrap_or_default();
        done(GetProtectionResponse {
            has_password: managed_by.is_empty(),
            managed_by,
            authenticator: factors.apps.contains(&account).then_some(app),
            keys: factors.keys.get(&account).into_iter().flatten().map(key).collect(),
            recovery_codes_left: 7,
        })
    }

    async fn begin_authenticator(
        &self,
        request: Request<BeginAuthenticatorRequest>,
    ) -> Result<Response<BeginAuthenticatorResponse>, Status> {
        let (_, BeginAuthenticatorRequest { session_token }) = open(request)?;
        self.may_change(&session_token)?;
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned();
        let uri = format!("otpauth://totp/Nulab:taro?secret={secret}&issuer=Nulab");
        done(BeginAuthenticatorResponse { secret, uri })
    }

    async fn confirm_authenticator(
        &self,
        request: Request<ConfirmAuthenticatorRequest>,
    ) -> Result<Response<ConfirmAuthenticatorResponse>, Status> {
        let (_, ConfirmAuthenticatorRequest { session_token, code }) = open(request)?;
        let account = self.may_change(&session_token)?;
        if code != CODE {
            return Err(status(Wrong("code")));
        }
        let session_token = self.renew(&session_token);
        let factors = &mut self.state().factors;
        let recovery_codes = codes(!factors.any(account));
        factors.apps.insert(account);
        done(ConfirmAuthenticatorResponse { recovery_codes, session_token })
    }

    async fn remove_authenticator(
        &self,
        request: Request<RemoveAuthenticatorRequest>,
    ) -> Result<Response<RemoveAuthenticatorResponse>, Status> {
        let (_, RemoveAuthenticatorRequest { session_token }) = open(request)?;
        let account = self.may_change(&session_token)?;
        self.state().factors.apps.remove(&account);
        done(RemoveAuthenticatorResponse {})
    }

    async fn begin_key(
        &self,
        request: Request<BeginKeyRequest>,
    ) -> Result<Response<BeginKeyResponse>, Status> {
        let (_, BeginKeyRequest { session_token, passkey: _ }) = open(request)?;
        self.may_change(&session_token)?;
        done(BeginKeyResponse { options_json: OPTIONS.to_owned() })
    }

    async fn add_key(&self, request: Request<AddKeyRequest>) -> Result<Response<AddKeyResponse>, Status> {
        let (_, AddKeyRequest { session_token, name, credential_json }) = open(request)?;
        let account = self.may_change(&session_token)?;
        if credential_json != ANSWER {
            return Err(status(Wrong("credential_json")));
        }
        let session_token = self.renew(&session_token);
        let factors = &mut self.state().factors;
        let recovery_codes = codes(!factors.any(account));
        factors.keys.entry(account).or_default().push(name);
        done(AddKeyResponse { key: None, recovery_codes, session_token })
    }

    async fn remove_key(
        &self,
        request: Request<RemoveKeyRequest>,
    ) -> Result<Response<RemoveKeyResponse>, Status> {
        let (_, RemoveKeyRequest { session_token, key_id }) = open(request)?;
        let account = self.may_change(&session_token)?;
        let known = key_id == "0190" && self.state().factors.keys.remove(&account).is_some();
        if known { done(RemoveKeyResponse {}) } else { Err(refused(Kind::NotFound, ErrorReason::NotFound)) }
    }

    async fn renew_recovery_codes(
        &self,
        request: Request<RenewRecoveryCodesRequest>,
    ) -> Result<Response<RenewRecoveryCodesResponse>, Status> {
        let (_, RenewRecoveryCodesRequest { session_token }) = open(request)?;
        self.may_change(&session_token)?;
        done(RenewRecoveryCodesResponse { recovery_codes: codes(true) })
    }

    async fn disable_second_factors(
        &self,
        request: Request<DisableSecondFactorsRequest>,
    ) -> Result<Response<DisableSecondFactorsResponse>, Status> {
        let (_, DisableSecondFactorsRequest { session_token }) = open(request)?;
        let account = self.may_change(&session_token)?;
        let factors = &mut self.state().factors;
        factors.apps.remove(&account);
        factors.keys.remove(&account);
        done(DisableSecondFactorsResponse {})
    }

    async fn begin_step_up(
        &self,
        request: Request<BeginStepUpRequest>,
    ) -> Result<Response<BeginStepUpResponse>, Status> {
        let (_, BeginStepUpRequest { session_token }) = open(request)?;
        let account = self.whose(&session_token)?;
        done(BeginStepUpResponse { second_step: self.begin_step(account, Some(&session_token)) })
    }

    async fn get_second_step(
        &self,
        request: Request<GetSecondStepRequest>,
    ) -> Result<Response<GetSecondStepResponse>, Status> {
        let (_, GetSecondStepRequest { token }) = open(request)?;
        let factors = &self.state().factors;
        let over = || refused(Kind::Precondition, ErrorReason::SecondStepOver);
        let (account, session) = factors.steps.get(&token).ok_or_else(over)?;
        let has_keys = factors.keys.contains_key(account);
        done(GetSecondStepResponse {
            has_authenticator: factors.apps.contains(account),
            key_options_json: if has_keys { OPTIONS.to_owned() } else { String::new() },
            has_recovery_codes: true,
            step_up: session.is_some(),
        })
    }

    async fn finish_second_step(
        &self,
        request: Request<FinishSecondStepRequest>,
    ) -> Result<Response<FinishSecondStepResponse>, Status> {
        let (_, asked) = open(request)?;
        self.state().factors.shown.push(asked.clone());
        let step = self.state().factors.steps.get(&asked.token).cloned();
        let (account, session) =
            step.ok_or_else(|| refused(Kind::Precondition, ErrorReason::SecondStepOver))?;
        match asked.factor {
            Some(Factor::Code(code)) if code == CODE => {}
            Some(Factor::RecoveryCode(code)) if codes(true).contains(&code) => {}
            Some(Factor::CredentialJson(answer)) if answer == ANSWER => {}
            Some(Factor::Code(_)) => return Err(status(Wrong("code"))),
            Some(Factor::RecoveryCode(_)) => return Err(status(Wrong("recovery_code"))),
            _ => return Err(status(Wrong("credential_json"))),
        }
        let mut state = self.state();
        state.factors.steps.remove(&asked.token);
        state.factors.stale.remove(&account);
        if session.is_none() {
            state.sessions.remove(&asked.session_token);
        }
        drop(state);
        let session_token = session.as_ref().map(|_| self.renew(&asked.session_token)).unwrap_or_default();
        let session = session.is_none().then(|| self.begin(account, true));
        done(FinishSecondStepResponse { session, account_id: account.to_string(), session_token })
    }

    async fn begin_passkey_sign_in(
        &self,
        request: Request<BeginPasskeySignInRequest>,
    ) -> Result<Response<BeginPasskeySignInResponse>, Status> {
        open(request)?;
        let token = Secret::generate(&self.entropy).reveal();
        self.state().factors.challenges.insert(token.clone());
        done(BeginPasskeySignInResponse { token, expire_time: None, options_json: OPTIONS.to_owned() })
    }

    async fn finish_passkey_sign_in(
        &self,
        request: Request<FinishPasskeySignInRequest>,
    ) -> Result<Response<FinishPasskeySignInResponse>, Status> {
        let (_, asked) = open(request)?;
        if !self.state().factors.challenges.remove(&asked.token) {
            return Err(refused(Kind::Precondition, ErrorReason::SecondStepOver));
        }
        let answered = self.state().factors.keys.keys().next().copied();
        let Some(account) = answered.filter(|_| asked.credential_json == ANSWER) else {
            return Err(status(Wrong("credential_json")));
        };
        self.state().sessions.remove(&asked.session_token);
        let session = Some(self.begin(account, true));
        done(FinishPasskeySignInResponse { session, account_id: account.to_string() })
    }
}
