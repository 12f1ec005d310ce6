//! Security keys and passkeys as second factors (ACC-9).

use crate::{
    authenticator::SoftKey,
    suite::{Suite, User},
};
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{finish_second_step_request::Factor, *},
};
use serde_json::{Value, json};
use time::Duration;

const TARO: &str = "taro@example.com";

/// The challenge of a second step for the account's keys.
async fn challenge(suite: &Suite, step: &str) -> String {
    let request = GetSecondStepRequest { token: step.to_owned() };
    suite.gateway_anonymous().get_second_step(request).await.unwrap().key_options_json
}

/// Signs in with a key.
async fn sign_in(suite: &Suite, key: &mut SoftKey) -> Result<FinishSecondStepResponse, Failure> {
    let step = suite.begin_step(TARO).await;
    let options = challenge(suite, &step).await;
    suite.finish_step(&step, Factor::CredentialJson(key.get(&options).to_string())).await
}

fn invalid(answer: Result<FinishSecondStepResponse, Failure>) -> bool {
    answer.is_err_and(|failure| failure.reason == ErrorReason::SecondFactorInvalid)
}

async fn methods(suite: &Suite, done: FinishSecondStepResponse) -> Vec<String> {
    let request = ResolveSessionRequest { token: done.session.unwrap().token };
    suite.gateway_anonymous().resolve_session(request).await.unwrap().session.unwrap().methods
}

/// proves ACC-9: a security key and a passkey are second factors; the page sees name, kind, when added and last used
#[tokio::test]
async fn a_key_is_a_second_factor() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let (mut key, mut passkey) = (SoftKey::new(1), SoftKey::new(2));
    key.verifies = false;
    let added = suite.add_key(&mut user.token, &mut key, false).await.unwrap();
    assert_eq!(added.recovery_codes.len(), 10, "its first");
    suite.clock.advance(Duration::MILLISECOND);
    let added = suite.add_key(&mut user.token, &mut passkey, true).await.unwrap();
    assert!(added.recovery_codes.is_empty());
    let done = sign_in(&suite, &mut key).await.unwrap();
    assert_eq!(methods(&suite, done).await, ["pwd", "hwk", "mfa"]);
    suite.clock.advance(Duration::MINUTE);
    sign_in(&suite, &mut passkey).await.unwrap();
    let [first, second] = <[SecurityKey; 2]>::try_from(suite.protection(&user.token).await.keys).unwrap();
    assert_eq!((first.name.as_str(), first.passkey, second.passkey), ("Key ring", false, true));
    let last_use = |it: &SecurityKey| it.last_use_time.unwrap().seconds;
    assert_eq!(last_use(&second) - last_use(&first), 60);
}

/// What a passkey is asked for, and whom the account's keys are.
#[tokio::test]
async fn challenges_say_what_is_wanted() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    suite.add_key(&mut user.token, &mut SoftKey::new(1), false).await.unwrap();
    let request = BeginKeyRequest { session_token: user.token.clone(), passkey: true };
    let options = suite.gateway_anonymous().begin_key(request).await.unwrap().options_json;
    let options: Value = serde_json::from_str(&options).unwrap();
    let options = &options["publicKey"];
    assert_eq!(options["rp"], json!({ "id": "pass.test", "name": "Nulab" }));
    assert_eq!(options["user"]["name"], TARO);
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    let request = BeginKeyRequest { session_token: user.token.clone(), passkey: false };
    let options = suite.gateway_anonymous().begin_key(request).await.unwrap().options_json;
    let options: Value = serde_json::from_str(&options).unwrap();
    assert_eq!(options["publicKey"]["authenticatorSelection"]["userVerification"], "preferred");
    assert_eq!(options["publicKey"]["extensions"], Value::Null, "Chromium refuses them");
    let step = suite.begin_step(TARO).await;
    let options: Value = serde_json::from_str(&challenge(&suite, &step).await).unwrap();
    assert_eq!(options["publicKey"]["rpId"], "pass.test");
    assert_eq!(options["publicKey"]["allowCredentials"].as_array().unwrap().len(), 1);
}

/// proves ACC-9: a challenge is for one answer, of the step that asked, for this site, by a key of the account
#[tokio::test]
async fn answers_of_others_and_of_before_are_refused() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let mut other = suite.user("hanako@example.com").await;
    let (mut key, mut foreign) = (SoftKey::new(1), SoftKey::new(2));
    suite.add_key(&mut user.token, &mut key, false).await.unwrap();
    suite.add_key(&mut other.token, &mut foreign, false).await.unwrap();
    assert!(invalid(sign_in(&suite, &mut foreign).await), "another account's");

    let step = suite.begin_step(TARO).await;
    let options = challenge(&suite, &step).await;
    let answer = Factor::CredentialJson(key.get(&options).to_string());
    let elsewhere = suite.begin_step(TARO).await;
    assert!(invalid(suite.finish_step(&elsewhere, answer.clone()).await), "it was not asked");
    challenge(&suite, &elsewhere).await;
    assert!(invalid(suite.finish_step(&elsewhere, answer.clone()).await), "it was asked something else");
    suite.finish_step(&step, answer.clone()).await.unwrap();
    assert_eq!(suite.finish_step(&step, answer).await.unwrap_err().reason, ErrorReason::SecondStepOver);

    // Wrong once, the challenge is used up.
    let step = suite.begin_step(TARO).await;
    let options = challenge(&suite, &step).await;
    let wrong = Factor::CredentialJson(foreign.get(&options).to_string());
    assert!(invalid(suite.finish_step(&step, wrong).await));
    let late = Factor::CredentialJson(key.get(&options).to_string());
    assert!(invalid(suite.finish_step(&step, late).await));

    let mut phished = key.clone();
    phished.origin = "https://pass.test.evil.example";
    assert!(invalid(sign_in(&suite, &mut phished).await), "another page's");
    key.counter = phished.counter;
    sign_in(&suite, &mut key).await.unwrap();
}

/// proves ACC-9: a counter that did not grow may be a copy's
#[tokio::test]
async fn a_counter_must_grow() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let mut key = SoftKey::new(1);
    suite.add_key(&mut user.token, &mut key, false).await.unwrap();
    key.counter = 10;
    sign_in(&suite, &mut key).await.unwrap();
    for counter in [9, 10, 0] {
        key.counter = counter;
        assert!(invalid(sign_in(&suite, &mut key).await), "{counter}");
    }
    key.counter = 11;
    sign_in(&suite, &mut key).await.unwrap();
    // Passkeys that are copied on purpose don't count.
    let mut copied = SoftKey::new(2);
    copied.counter = 0;
    suite.add_key(&mut user.token, &mut copied, true).await.unwrap();
    for _ in 0..2 {
        copied.counter = 0;
        sign_in(&suite, &mut copied).await.unwrap();
    }
}

/// A passkey that did not check who used it is refused, at its making and at its use.
#[tokio::test]
async fn a_passkey_verifies_its_person() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let mut careless = SoftKey::new(1);
    careless.verifies = false;
    let refused = suite.add_key(&mut user.token, &mut careless, true).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SecondFactorInvalid);
    let mut passkey = SoftKey::new(2);
    suite.add_key(&mut user.token, &mut passkey, true).await.unwrap();
    passkey.verifies = false;
    assert!(invalid(sign_in(&suite, &mut passkey).await));
}

fn adding(user: &User, name: &str, answer: &str) -> AddKeyRequest {
    let (session_token, name) = (user.token.clone(), name.to_owned());
    AddKeyRequest { session_token, name, credential_json: answer.to_owned() }
}

/// Registrations that are not in order change nothing: nonsense, too much, a name with control characters, an answer
/// for another session or from before.
#[tokio::test]
async fn bad_registrations_change_nothing() {
    let suite = Suite::start().await;
    let (user, gateway) = (suite.user(TARO).await, suite.gateway_anonymous());
    let begin = async |user: &User| {
        let request = BeginKeyRequest { session_token: user.token.clone(), passkey: false };
        suite.gateway_anonymous().begin_key(request).await.unwrap().options_json
    };
    let mut key = SoftKey::new(1);
    let nothing = gateway.add_key(adding(&user, "Key", "{}")).await.unwrap_err();
    assert_eq!(nothing.reason, ErrorReason::SecondStepOver, "nothing was asked");
    for nonsense in ["{}", "nonsense", "[[[[[[[[[[[[[[[[[[[[[[[[[", &key.get(&get_options()).to_string()] {
        begin(&user).await;
        let refused = gateway.add_key(adding(&user, "Key", nonsense)).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::SecondFactorInvalid, "{nonsense}");
        assert_eq!(refused.violations[0].0, "credential_json");
    }
    let options = begin(&user).await;
    let answer = key.create(&options).to_string();
    for (name, answer, field) in [
        ("Key", "x".repeat(1 << 20).as_str(), "credential_json"),
        ("Key", "", "credential_json"),
        ("", answer.as_str(), "name"),
        ("a\u{0}b", answer.as_str(), "name"),
        ("\u{202e} \u{200d}", answer.as_str(), "name"),
        ("x".repeat(101).as_str(), answer.as_str(), "name"),
    ] {
        let refused = gateway.add_key(adding(&user, name, answer)).await.unwrap_err();
        assert_eq!((refused.reason, refused.violations[0].0.as_str()), (ErrorReason::InvalidArgument, field));
    }
    // None of that has used the challenge up; time does.
    suite.clock.advance(Duration::minutes(5));
    let late = gateway.add_key(adding(&user, "Key", &answer)).await.unwrap_err();
    assert_eq!(late.reason, ErrorReason::SecondStepOver);
    let other = suite.sign_in(TARO).await;
    begin(&other).await;
    let options = begin(&user).await;
    let answer = key.create(&options).to_string();
    let foreign = gateway.add_key(adding(&other, "Key", &answer)).await.unwrap_err();
    assert_eq!(foreign.reason, ErrorReason::SecondFactorInvalid);
    assert!(suite.protection(&user.token).await.keys.is_empty());
    let added = gateway.add_key(adding(&user, "Key", &answer)).await.unwrap();
    let user = User { token: added.session_token, ..user };
    let twice = gateway.add_key(adding(&user, "Key", &answer)).await.unwrap_err();
    assert_eq!(twice.reason, ErrorReason::SecondStepOver, "its challenge is used up");
}

fn get_options() -> String {
    json!({ "publicKey": { "rpId": "pass.test", "challenge": "AAAA" } }).to_string()
}

/// proves ACC-9: a key is one account's; an account has at most 10; somebody else's can't be removed
#[tokio::test]
async fn keys_are_few_and_of_one_account() {
    let suite = Suite::start().await;
    let (mut user, mut other) = (suite.user(TARO).await, suite.user("hanako@example.com").await);
    let mut key = SoftKey::new(1);
    let added = suite.add_key(&mut user.token, &mut key, false).await.unwrap().key.unwrap();
    let taken = suite.add_key(&mut other.token, &mut key, false).await.unwrap_err();
    assert_eq!(taken.reason, ErrorReason::SecondFactorExists);
    let request = RemoveKeyRequest { session_token: other.token.clone(), key_id: added.key_id.clone() };
    let foreign = suite.gateway_anonymous().remove_key(request).await.unwrap_err();
    assert_eq!(foreign.reason, ErrorReason::NotFound);
    for seed in 2..=10 {
        suite.add_key(&mut user.token, &mut SoftKey::new(seed), seed % 2 == 0).await.unwrap();
    }
    let limit = suite.add_key(&mut user.token, &mut SoftKey::new(11), false).await.unwrap_err();
    assert_eq!(limit.reason, ErrorReason::KeyLimit);
    for key_id in ["", "nonsense", "00000000000000000000000000000000"] {
        let key_id = key_id.to_owned();
        let request = RemoveKeyRequest { session_token: user.token.clone(), key_id };
        let refused = suite.gateway_anonymous().remove_key(request).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::InvalidArgument);
    }
    assert_eq!(suite.protection(&user.token).await.keys.len(), 10);
    let request = RemoveKeyRequest { session_token: user.token.clone(), key_id: added.key_id };
    suite.gateway_anonymous().remove_key(request).await.unwrap();
    assert!(invalid(sign_in(&suite, &mut key).await), "it was removed");
}
