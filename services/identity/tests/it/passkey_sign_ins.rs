//! Signing in with a passkey alone (ACC-9).

use crate::{
    authenticator::SoftKey,
    password_reset,
    suite::{PASSWORD, Suite, User, credentials},
};
use futures::future::join_all;
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    identity::v1::{finish_second_step_request::Factor, *},
};
use serde_json::{Value, json};
use time::Duration;

const TARO: &str = "taro@example.com";

/// A challenge: what the browser keeps, and its options.
async fn begin(suite: &Suite) -> (String, String) {
    let begun = suite.gateway_anonymous().begin_passkey_sign_in(BeginPasskeySignInRequest {}).await.unwrap();
    (begun.token, begun.options_json)
}

async fn finish(suite: &Suite, token: &str, answer: &Value) -> Result<FinishPasskeySignInResponse, Failure> {
    let request = FinishPasskeySignInRequest {
        token: token.to_owned(),
        credential_json: answer.to_string(),
        ..FinishPasskeySignInRequest::default()
    };
    suite.gateway_anonymous().finish_passkey_sign_in(request).await
}

async fn sign_in(suite: &Suite, key: &mut SoftKey) -> Result<FinishPasskeySignInResponse, Failure> {
    let (token, options) = begin(suite).await;
    finish(suite, &token, &key.get(&options)).await
}

fn reason(answer: Result<FinishPasskeySignInResponse, Failure>) -> ErrorReason {
    answer.unwrap_err().reason
}

/// proves ACC-9, ACC-12: a passkey alone signs in, as both factors; the browser's session so far ends
#[tokio::test]
async fn a_passkey_signs_in() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let mut passkey = SoftKey::new(1);
    suite.add_key(&mut user.token, &mut passkey, true).await.unwrap();
    suite.clock.advance(Duration::MILLISECOND);
    let (token, options) = begin(&suite).await;
    let asked: Value = serde_json::from_str(&options).unwrap();
    let asked = &asked["publicKey"];
    assert_eq!((&asked["rpId"], &asked["userVerification"]), (&json!("pass.test"), &json!("required")));
    assert_eq!(asked["allowCredentials"], json!([]), "it names nobody's");

    let request = FinishPasskeySignInRequest {
        token,
        credential_json: passkey.get(&options).to_string(),
        session_token: user.token.clone(),
        visit: Some(Visit { device_token: String::new(), product: "Backlog".to_owned() }),
    };
    let gateway = suite.gateway_from("198.51.100.7", "Browser/2.0");
    let done = gateway.finish_passkey_sign_in(request).await.unwrap();
    assert_eq!(done.account_id, user.account.to_string());
    let session_token = done.session.unwrap().token;
    let resolved = gateway.resolve_session(ResolveSessionRequest { token: session_token.clone() }).await;
    let session = resolved.unwrap().session.unwrap();
    assert_eq!(session.methods, ["hwk", "mfa"]);
    assert_eq!(session.second_factor_time, session.create_time);
    let old = gateway.resolve_session(ResolveSessionRequest { token: user.token.clone() }).await;
    assert_eq!(old.unwrap_err().reason, ErrorReason::SessionEnded);
    let row: (String, String) =
        sqlx::query_as("SELECT method, product FROM login_history ORDER BY id DESC LIMIT 1")
            .fetch_one(&suite.database.pool)
            .await
            .unwrap();
    assert_eq!(row, ("hwk".to_owned(), "Backlog".to_owned()));
    // It has shown its second factor, and may change them.
    let request = RenewRecoveryCodesRequest { session_token };
    gateway.renew_recovery_codes(request).await.unwrap();
}

/// proves ACC-9: a challenge is for one answer, also of several at once, in its time
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_for_one_answer() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let mut passkey = SoftKey::new(1);
    suite.add_key(&mut user.token, &mut passkey, true).await.unwrap();
    let (token, options) = begin(&suite).await;
    let answer = passkey.get(&options);
    let done = join_all((0..4).map(|_| finish(&suite, &token, &answer))).await;
    assert_eq!(done.iter().filter(|it| it.is_ok()).count(), 1, "{done:?}");
    let others = done.into_iter().filter(Result::is_err).map(reason).collect::<Vec<_>>();
    assert_eq!(others, [ErrorReason::SecondStepOver; 3]);

    // The answer to another challenge, which is used up by it.
    let ((first, asked), (second, _)) = (begin(&suite).await, begin(&suite).await);
    let answer = passkey.get(&asked);
    assert_eq!(reason(finish(&suite, &second, &answer).await), ErrorReason::SecondFactorInvalid);
    assert_eq!(reason(finish(&suite, &second, &answer).await), ErrorReason::SecondStepOver);
    finish(&suite, &first, &answer).await.unwrap();

    let (token, options) = begin(&suite).await;
    suite.clock.advance(Duration::minutes(5));
    let late = finish(&suite, &token, &passkey.get(&options)).await;
    assert_eq!(reason(late), ErrorReason::SecondStepOver);
    pass_testkit::wait_for(async || suite.count("SELECT count(*) FROM passkey_sign_ins").await == 0).await;
    for nonsense in ["", "nonsense", user.token.as_str()] {
        assert_eq!(reason(finish(&suite, nonsense, &answer).await), ErrorReason::SecondStepOver);
    }
}

/// proves ACC-9: nobody is signed in by a passkey that did not check who used it, whose counter did not grow, of
/// another site or account, that was removed; nor by a security key
#[tokio::test]
async fn only_the_accounts_own_passkey_signs_in() {
    let suite = Suite::start().await;
    let (mut user, mut other) = (suite.user(TARO).await, suite.user("hanako@example.com").await);
    let (mut key, mut passkey, mut theirs) = (SoftKey::new(1), SoftKey::new(2), SoftKey::new(3));
    suite.add_key(&mut user.token, &mut key, false).await.unwrap();
    let added = suite.add_key(&mut user.token, &mut passkey, true).await.unwrap().key.unwrap();
    suite.add_key(&mut other.token, &mut theirs, true).await.unwrap();
    let refused = async |key: &mut SoftKey, why: &str| {
        let refused = sign_in(&suite, key).await.unwrap_err();
        assert_eq!((refused.reason, why), (ErrorReason::SecondFactorInvalid, why));
        assert_eq!(refused.violations[0].0, "credential_json", "{why}");
    };
    refused(&mut key, "a security key").await;
    refused(&mut passkey.but(|it| it.user = theirs.user.clone()), "another account's").await;
    refused(&mut passkey.but(|it| it.user = Value::Null), "it does not say whose").await;
    refused(&mut passkey.but(|it| it.user = json!("AAAA")), "no account's").await;
    refused(&mut passkey.but(|it| it.verifies = false), "it was not unlocked").await;
    let origin = "https://pass.test.evil.example";
    refused(&mut passkey.but(|it| it.origin = origin), "another page's").await;
    refused(&mut passkey.but(|it| it.counter = 1), "a copy, perhaps").await;
    let mut forged = SoftKey::new(4);
    forged.pretend(&passkey);
    refused(&mut forged, "signed by another key").await;
    for nonsense in [json!({}), json!("nonsense"), json!([[[[[[]]]]]])] {
        let (token, _) = begin(&suite).await;
        assert_eq!(reason(finish(&suite, &token, &nonsense).await), ErrorReason::SecondFactorInvalid);
    }
    let (token, _) = begin(&suite).await;
    for wrong in [String::new(), "x".repeat(1 << 20)] {
        let request = FinishPasskeySignInRequest {
            token: token.clone(),
            credential_json: wrong,
            ..FinishPasskeySignInRequest::default()
        };
        let refused = suite.gateway_anonymous().finish_passkey_sign_in(request).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::InvalidArgument);
    }

    // Only what came from the passkey that it names is told to the owner: four of these.
    let told = suite.events_of(user.account).await;
    let told = told.iter().filter(|it| matches!(it, Payload::SignInRefused(_))).count();
    let kept = "SELECT count(*) FROM login_history WHERE refused = 'SECOND_FACTOR_INVALID'";
    assert_eq!((told, suite.count(kept).await), (4, 4));

    passkey.counter += 10;
    sign_in(&suite, &mut passkey).await.unwrap();
    let request = RemoveKeyRequest { session_token: user.token.clone(), key_id: added.key_id };
    suite.gateway_anonymous().remove_key(request).await.unwrap();
    refused(&mut passkey, "it was removed").await;
    // The password still leads to the second step, not past it.
    let answer = suite.gateway_anonymous().sign_in(credentials(TARO, PASSWORD)).await.unwrap();
    assert_eq!(answer.session, None);
    let request = GetSecondStepRequest { token: answer.second_step.unwrap().token };
    let offer = suite.gateway_anonymous().get_second_step(request.clone()).await.unwrap();
    let shown = Factor::CredentialJson(key.get(&offer.key_options_json).to_string());
    suite.finish_step(&request.token, shown).await.unwrap();
}

/// The token of the link with which the owner says that the account's only alert was of somebody else.
async fn not_me(suite: &Suite, user: &User) -> String {
    let told = suite.events_of(user.account).await.into_iter();
    let alert = told.filter_map(|it| match it {
        Payload::NewDeviceSignedIn(alert) => Some(alert.login_alert_id),
        _ => None,
    });
    let [login_alert_id] = alert.collect::<Vec<_>>().try_into().unwrap();
    let request = PrepareLoginAlertMailRequest { login_alert_id };
    let mail = suite.system("notification").prepare_login_alert_mail(request).await.unwrap();
    mail.url.strip_prefix("https://pass.test/not-me/").unwrap().to_owned()
}

/// proves ACC-8, ACC-10: who added a passkey is kept out by "this was not me" and by a password reset; whoever also
/// knows the new password has it sign in alone again
#[tokio::test]
async fn a_reset_keeps_passkeys_out() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let mut passkey = SoftKey::new(1);
    suite.add_key(&mut user.token, &mut passkey, true).await.unwrap();
    // Added before the sign-in that is disowned, it stays: what was added since is taken back.
    suite.clock.advance(std::time::Duration::from_secs(1));
    let (token, options) = begin(&suite).await;
    let credential_json = passkey.get(&options).to_string();
    let request =
        FinishPasskeySignInRequest { token, credential_json, ..FinishPasskeySignInRequest::default() };
    let away = suite.gateway_from("203.0.113.77", "Browser/9.0");
    away.finish_passkey_sign_in(request).await.unwrap();
    let token = not_me(&suite, &user).await;
    away.disown_sign_in(DisownSignInRequest { token }).await.unwrap();
    assert_eq!(reason(sign_in(&suite, &mut passkey).await), ErrorReason::SecondFactorInvalid, "disowned");

    for new in ["seven dunes mapped by an otter", "nine kites over a quiet harbour"] {
        let link = password_reset::link(&suite, TARO).await;
        let gateway = suite.gateway_anonymous();
        gateway.complete_password_reset(password_reset::choice(&link, new)).await.unwrap();
        assert_eq!(reason(sign_in(&suite, &mut passkey).await), ErrorReason::SecondFactorInvalid, "{new}");
        let step = gateway.sign_in(credentials(TARO, new)).await.unwrap().second_step.unwrap().token;
        let request = GetSecondStepRequest { token: step.clone() };
        let options = gateway.get_second_step(request).await.unwrap().key_options_json;
        let shown = Factor::CredentialJson(passkey.get(&options).to_string());
        suite.finish_step(&step, shown).await.unwrap();
        sign_in(&suite, &mut passkey).await.unwrap();
    }
}
