//! Changing second factors (ACC-9): what it needs first, and what it ends (ACC-12).

use crate::{
    authenticator::{App, SoftKey},
    company::Company,
    race::behind,
    suite::{PASSWORD, Suite, User, credentials},
};
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{account_change_refused::Subject, envelope::Payload},
    identity::v1::{finish_second_step_request::Factor, *},
};
use pass_types::Kind;
use time::Duration;

const TARO: &str = "taro@example.com";
const STEP: Duration = Duration::seconds(30);

/// Tries every change of second factors; what each was refused for.
async fn every_change(suite: &Suite, token: &str) -> Vec<Option<ErrorReason>> {
    let gateway = suite.gateway_anonymous();
    let session_token = token.to_owned();
    let reason = |refused: Option<Failure>| refused.map(|failure| failure.reason);
    let key_id = suite.context.entropy.uuid(time::OffsetDateTime::UNIX_EPOCH).to_string();
    let answer = SoftKey::new(1).get(r#"{"publicKey":{"rpId":"pass.test","challenge":""}}"#).to_string();
    let begin = BeginAuthenticatorRequest { session_token: session_token.clone() };
    let confirm =
        ConfirmAuthenticatorRequest { session_token: session_token.clone(), code: "000000".to_owned() };
    let remove = RemoveAuthenticatorRequest { session_token: session_token.clone() };
    let begin_key = BeginKeyRequest { session_token: session_token.clone(), passkey: true };
    let add_key = AddKeyRequest {
        session_token: session_token.clone(),
        name: "Key ring".to_owned(),
        credential_json: answer,
    };
    let remove_key = RemoveKeyRequest { session_token: session_token.clone(), key_id };
    let renew = RenewRecoveryCodesRequest { session_token: session_token.clone() };
    vec![
        reason(gateway.begin_authenticator(begin).await.err()),
        reason(gateway.confirm_authenticator(confirm).await.err()),
        reason(gateway.remove_authenticator(remove).await.err()),
        reason(gateway.begin_key(begin_key).await.err()),
        reason(gateway.add_key(add_key).await.err()),
        reason(gateway.remove_key(remove_key).await.err()),
        reason(gateway.renew_recovery_codes(renew).await.err()),
        reason(gateway.disable_second_factors(DisableSecondFactorsRequest { session_token }).await.err()),
    ]
}

fn all(reason: ErrorReason) -> Vec<Option<ErrorReason>> {
    vec![Some(reason); 8]
}

async fn step_up(suite: &Suite, user: &User) -> String {
    let request = BeginStepUpRequest { session_token: user.token.clone() };
    suite.gateway_anonymous().begin_step_up(request).await.unwrap().second_step.unwrap().token
}

fn finish(step: &str, app: &App, suite: &Suite, session: &str) -> FinishSecondStepRequest {
    FinishSecondStepRequest {
        token: step.to_owned(),
        factor: Some(Factor::Code(app.code(suite, 0))),
        session_token: session.to_owned(),
        ..FinishSecondStepRequest::default()
    }
}

/// proves ACC-9: every change needs a sign-in of the last 10 minutes and, once there is one, a second factor of the
/// last 10 minutes, shown in that very session
#[tokio::test]
async fn a_change_needs_something_fresh() {
    let suite = Suite::start().await;
    let (user, gateway) = (suite.user(TARO).await, suite.gateway_anonymous());
    suite.clock.advance(Duration::minutes(10));
    assert_eq!(every_change(&suite, &user.token).await, all(ErrorReason::FreshSignInNeeded));
    let missing = gateway.begin_step_up(BeginStepUpRequest { session_token: user.token.clone() }).await;
    assert_eq!(missing.unwrap_err().reason, ErrorReason::SecondFactorMissing);

    let mut user = suite.sign_in(TARO).await;
    let (app, _) = suite.add_app(&mut user.token).await;
    suite.clock.advance(Duration::minutes(9));
    suite.add_key(&mut user.token, &mut SoftKey::new(1), false).await.unwrap();
    suite.clock.advance(Duration::minutes(10));
    assert_eq!(every_change(&suite, &user.token).await, all(ErrorReason::SecondFactorNeeded));

    // Another session of the same account does not help, and the step is not another browser's.
    let signed_in = suite.begin_step(TARO).await;
    let signed_in = suite.finish_step(&signed_in, Factor::Code(app.code(&suite, 0))).await.unwrap();
    let elsewhere = signed_in.session.unwrap().token;
    assert_eq!(every_change(&suite, &user.token).await, all(ErrorReason::SecondFactorNeeded));
    suite.clock.advance(STEP);
    let step = step_up(&suite, &user).await;
    for wrong in [elsewhere.as_str(), "", "nonsense"] {
        let foreign = gateway.finish_second_step(finish(&step, &app, &suite, wrong)).await.unwrap_err();
        assert_eq!(foreign.reason, ErrorReason::SessionEnded);
    }
    let done = gateway.finish_second_step(finish(&step, &app, &suite, &user.token)).await.unwrap();
    assert_eq!((done.session, done.account_id), (None, user.account.to_string()));
    let request = RenewRecoveryCodesRequest { session_token: done.session_token };
    gateway.renew_recovery_codes(request).await.unwrap();
    let offer = gateway.get_second_step(GetSecondStepRequest { token: step }).await.unwrap_err();
    assert_eq!(offer.reason, ErrorReason::SecondStepOver);
}

/// proves security.md, "OpenID provider" (ASVS 7.2.4): a session has a new token at each change of its level, a factor
/// that is added or shown again; the one from before is nobody's, and the session itself goes on
#[tokio::test]
async fn each_change_of_level_has_a_new_token() {
    let suite = Suite::start().await;
    let (mut user, gateway) = (suite.user(TARO).await, suite.gateway_anonymous());
    let resolve = async |token: &str| {
        let resolved = gateway.resolve_session(ResolveSessionRequest { token: token.to_owned() }).await;
        resolved.map(|it| it.session.unwrap().session_id).map_err(|failure| failure.reason)
    };
    let mut seen = vec![user.token.clone()];
    let (app, _) = suite.add_app(&mut user.token).await;
    seen.push(user.token.clone());
    suite.add_key(&mut user.token, &mut SoftKey::new(1), false).await.unwrap();
    seen.push(user.token.clone());
    suite.clock.advance(STEP);
    let (early, step) = (step_up(&suite, &user).await, step_up(&suite, &user).await);
    let ended = gateway.finish_second_step(finish(&early, &app, &suite, &user.token)).await.unwrap_err();
    assert_eq!(ended.reason, ErrorReason::SecondStepOver, "a session has one at a time");
    let done = gateway.finish_second_step(finish(&step, &app, &suite, &user.token)).await.unwrap();
    for old in &seen {
        assert_ne!(done.session_token, *old);
        assert_eq!(resolve(old).await, Err(ErrorReason::SessionEnded));
    }
    assert_eq!(resolve(&done.session_token).await, Ok(user.session.to_string()));
    // A step that began in the session is finished with the token that it has now.
    user.token = done.session_token;
    let (other, old) = (step_up(&suite, &user).await, user.token.clone());
    suite.add_key(&mut user.token, &mut SoftKey::new(2), false).await.unwrap();
    suite.clock.advance(STEP);
    let refused = gateway.finish_second_step(finish(&other, &app, &suite, &old)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SessionEnded);
    gateway.finish_second_step(finish(&other, &app, &suite, &user.token)).await.unwrap();
}

/// proves ACC-9, security.md, "OpenID provider": a copy of a session's token that waits for the account while its owner
/// shows a second factor, by which the session has another token, changes nothing
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_before_the_step_up_changes_nothing() {
    const STEP_UP: &str = "UPDATE sessions SET token_hash = sha256('another'), second_factor_at = last_used_at + interval '1 hour'";
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    suite.add_app(&mut user.token).await;
    suite.clock.advance(Duration::minutes(20));
    let request = DisableSecondFactorsRequest { session_token: user.token.clone() };
    let tries = vec![suite.gateway_anonymous().disable_second_factors(request)];
    let [late] = behind(&suite, "SELECT FROM accounts FOR UPDATE", STEP_UP, tries).await.try_into().unwrap();
    assert_eq!(late.unwrap_err().reason, ErrorReason::SessionEnded);
    assert_eq!(suite.count("SELECT count(*) FROM authenticators").await, 1);
}

/// proves ACC-11: a wrong code in a session is no failed sign-in: it is told as a change that was refused, of the person
#[tokio::test]
async fn a_wrong_code_in_a_session_is_no_failed_sign_in() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    suite.add_app(&mut user.token).await;
    let step = step_up(&suite, &user).await;
    let request = FinishSecondStepRequest {
        token: step,
        factor: Some(Factor::Code("000000".to_owned())),
        session_token: user.token.clone(),
        ..FinishSecondStepRequest::default()
    };
    let wrong = suite.gateway_anonymous().finish_second_step(request).await.unwrap_err();
    assert_eq!(wrong.reason, ErrorReason::SecondFactorInvalid);
    assert_eq!(suite.count("SELECT count(*) FROM login_history WHERE refused IS NOT NULL").await, 0);
    let told = suite.events().await.pop().unwrap();
    let Some(Payload::AccountChangeRefused(refused)) = told.payload else { panic!("{told:?}") };
    assert_eq!(refused.subject(), Subject::SecondFactors);
    assert_eq!(told.actor.unwrap().session_id, user.session.to_string());
    assert_eq!(told.outcome.unwrap().refused_because, "SECOND_FACTOR_INVALID");
}

/// Nobody's session changes nothing.
#[tokio::test]
async fn a_change_needs_a_session() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    suite.gateway_anonymous().sign_out(SignOutRequest { token: user.token.clone() }).await.unwrap();
    for token in [user.token.as_str(), "", "nonsense", &"x".repeat(1 << 20)] {
        assert_eq!(every_change(&suite, token).await, all(ErrorReason::SessionEnded));
    }
}

/// proves MAN-6: a Managed Account has no second factor here; its page says who manages it
#[tokio::test]
async fn a_managed_account_has_none() {
    let company = Company::start().await;
    let account = company.employ("hanako@acme.example").await;
    let token = company.suite.managed_session(account).await;
    assert_eq!(every_change(&company.suite, &token).await, all(ErrorReason::ManagedByOrganization));
    let request = BeginStepUpRequest { session_token: token.clone() };
    let refused = company.suite.gateway_anonymous().begin_step_up(request).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::ManagedByOrganization));
    let protection = company.suite.protection(&token).await;
    assert_eq!((protection.managed_by.as_str(), protection.has_password), ("Acme", false));
}

/// The live sessions of whoever has these.
async fn live(suite: &Suite, users: &[&User]) -> Vec<bool> {
    let mut live = Vec::new();
    for user in users {
        let request = ResolveSessionRequest { token: user.token.clone() };
        live.push(suite.gateway_anonymous().resolve_session(request).await.is_ok());
    }
    live
}

async fn signed_in_with(suite: &Suite, app: &App) -> User {
    suite.clock.advance(STEP);
    let step = suite.begin_step(TARO).await;
    let done = suite.finish_step(&step, Factor::Code(app.code(suite, 0))).await.unwrap();
    let session = done.session.unwrap();
    User {
        account: done.account_id.parse().unwrap(),
        session: session.session_id.parse().unwrap(),
        token: session.token,
    }
}

/// proves ACC-12, ACC-9: adding, removing, new codes and switching off end all other sessions; each is told and kept
/// for the owner; with the last factor go the recovery codes, and the password alone is enough again
#[tokio::test]
async fn a_change_ends_all_other_sessions() {
    let suite = Suite::start().await;
    let (mut user, gateway) = (suite.user(TARO).await, suite.gateway_anonymous());
    let other = suite.sign_in(TARO).await;
    let (app, _) = suite.add_app(&mut user.token).await;
    assert_eq!(live(&suite, &[&user, &other]).await, [true, false]);

    let other = signed_in_with(&suite, &app).await;
    let key = suite.add_key(&mut user.token, &mut SoftKey::new(1), true).await.unwrap().key.unwrap();
    assert_eq!(live(&suite, &[&user, &other]).await, [true, false]);

    let session_token = user.token.clone();
    let other = signed_in_with(&suite, &app).await;
    let request = RenewRecoveryCodesRequest { session_token: session_token.clone() };
    gateway.renew_recovery_codes(request).await.unwrap();
    assert_eq!(live(&suite, &[&user, &other]).await, [true, false]);

    let other = signed_in_with(&suite, &app).await;
    let request = RemoveKeyRequest { session_token: session_token.clone(), key_id: key.key_id };
    gateway.remove_key(request).await.unwrap();
    assert_eq!(live(&suite, &[&user, &other]).await, [true, false]);

    let other = signed_in_with(&suite, &app).await;
    let request = RemoveAuthenticatorRequest { session_token };
    gateway.remove_authenticator(request).await.unwrap();
    assert_eq!(live(&suite, &[&user, &other]).await, [true, false]);
    assert_eq!(suite.count("SELECT count(*) FROM recovery_codes").await, 0);
    gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap().session.unwrap();

    suite.clock.advance(STEP);
    suite.add_app(&mut user.token).await;
    suite.clock.advance(STEP);
    let session_token = user.token.clone();
    let request = DisableSecondFactorsRequest { session_token: session_token.clone() };
    gateway.disable_second_factors(request.clone()).await.unwrap();
    let missing = gateway.disable_second_factors(request).await.unwrap_err();
    assert_eq!(missing.reason, ErrorReason::SecondFactorMissing);
    let request = RenewRecoveryCodesRequest { session_token: session_token.clone() };
    let missing = gateway.renew_recovery_codes(request).await.unwrap_err();
    assert_eq!(missing.reason, ErrorReason::SecondFactorMissing);
    let gone = gateway.remove_authenticator(RemoveAuthenticatorRequest { session_token }).await.unwrap_err();
    assert_eq!(gone.reason, ErrorReason::NotFound);
    gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap().session.unwrap();

    assert_eq!(
        kept(&suite).await,
        [
            ("recovery_codes_made", ""),
            ("totp_added", ""),
            ("security_key_added", "Key ring"),
            ("recovery_codes_made", ""),
            ("security_key_removed", "Key ring"),
            ("totp_removed", ""),
            ("two_factor_disabled", ""),
            ("recovery_codes_made", ""),
            ("totp_added", ""),
            ("two_factor_disabled", ""),
        ]
        .map(|(kind, detail)| (kind.to_owned(), detail.to_owned()))
    );
    assert_eq!(
        told(&suite, &user).await,
        [
            "added authenticator",
            "added passkey",
            "codes",
            "removed passkey",
            "disabled",
            "added authenticator",
            "disabled"
        ]
    );
}

/// What the owner can see.
async fn kept(suite: &Suite) -> Vec<(String, String)> {
    let query = "SELECT kind, detail FROM security_events WHERE kind <> 'new_device' ORDER BY at, kind";
    sqlx::query_as(query).fetch_all(&suite.database.pool).await.unwrap()
}

/// What was told of second factors: by the person, in their session.
async fn told(suite: &Suite, user: &User) -> Vec<String> {
    let events = suite.events().await.into_iter();
    let told = events.filter_map(|event| {
        let text = match event.payload? {
            Payload::SecondFactorAdded(it) => format!("added {}", it.kind),
            Payload::SecondFactorRemoved(it) => format!("removed {}", it.kind),
            Payload::SecondFactorsDisabled(_) => "disabled".to_owned(),
            Payload::RecoveryCodesMade(_) => "codes".to_owned(),
            _ => return None,
        };
        let actor = event.actor.unwrap();
        assert_eq!((actor.id, actor.session_id), (user.account.to_string(), user.session.to_string()));
        Some(text)
    });
    told.collect()
}
