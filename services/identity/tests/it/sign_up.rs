//! Signing up (ACC-1, ACC-2).

use crate::{
    race::at_once,
    suite::{PASSWORD, Suite, credentials, wish},
};
use pass_proto::{errors::v1::ErrorReason, events::v1::envelope::Payload, identity::v1::*, types::v1::*};
use pass_types::Kind;
use time::Duration;

fn complete(token: &str) -> CompleteSignUpRequest {
    CompleteSignUpRequest {
        token: token.to_owned(),
        password: PASSWORD.to_owned(),
        ..CompleteSignUpRequest::default()
    }
}

/// proves ACC-1: name and address, the link, the password, and one is signed in
#[tokio::test]
async fn from_the_wish_to_the_session() {
    let suite = Suite::start().await;
    let gateway = suite.gateway_anonymous();
    gateway.request_sign_up(wish("Taro@Example.com")).await.unwrap();
    assert_eq!(suite.count("SELECT count(*) FROM accounts").await, 0, "no account before the link is used");

    let sign_up_id = suite.sign_ups().await.pop().unwrap();
    let ask = || {
        suite
            .system("notification")
            .prepare_sign_up_mail(PrepareSignUpMailRequest { sign_up_id: sign_up_id.clone() })
    };
    let mail = ask().await.unwrap();
    assert_eq!((mail.name.as_str(), mail.email.as_str()), ("Taro Yamada", "Taro@Example.com"));
    assert_eq!((mail.language(), mail.time_zone.as_str()), (Language::Ja, "Asia/Tokyo"));
    assert!(!mail.account_exists);
    assert_eq!(ask().await.unwrap().url, mail.url, "preparing twice gives the same link");

    let token = mail.url.strip_prefix("https://pass.test/sign-up/").unwrap();
    let shown = gateway.get_sign_up(GetSignUpRequest { token: token.to_owned() }).await.unwrap();
    assert_eq!((shown.name.as_str(), shown.email.as_str()), ("Taro Yamada", "Taro@Example.com"));

    let made = gateway.complete_sign_up(complete(token)).await.unwrap();
    assert_eq!(made.continuation, "r-1");
    let account = made.account.unwrap();
    assert_eq!((account.kind(), account.email.as_str()), (AccountKind::Nulab, "Taro@Example.com"));
    assert_eq!((account.language(), account.time_zone.as_str()), (Language::Ja, "Asia/Tokyo"));
    assert!(account.unique_id.starts_with("user-"), "proves ACC-4: generated at sign-up");

    let token = made.session.unwrap().token;
    let browser = gateway.resolve_session(ResolveSessionRequest { token }).await.unwrap();
    assert_eq!(browser.account.unwrap(), account);
    let signed_in = gateway.sign_in(credentials("taro@example.COM", PASSWORD)).await.unwrap();
    assert_eq!(signed_in.account_id, account.account_id);

    let told = suite.events_of(account.account_id.parse().unwrap()).await;
    assert!(matches!(
        told.as_slice(),
        [Payload::AccountCreated(_), Payload::SignedIn(_), Payload::SignedIn(_)]
    ));
}

/// Signing up begins a session in a browser that may have had another one: that one ends, as at a sign-in.
#[tokio::test]
async fn a_sign_up_ends_the_session_that_the_browser_had() {
    let suite = Suite::start().await;
    let taro = suite.user("taro@example.com").await;
    let gateway = suite.gateway_anonymous();
    let sign_in = async || {
        gateway.sign_in(credentials("taro@example.com", PASSWORD)).await.unwrap().session.unwrap().token
    };
    let (before, elsewhere) = (sign_in().await, sign_in().await);
    let alive = async |token: &str| {
        gateway.resolve_session(ResolveSessionRequest { token: token.to_owned() }).await.is_ok()
    };
    let with = |token: &str, password: &str, replaced: &str| CompleteSignUpRequest {
        token: token.to_owned(),
        password: password.to_owned(),
        replaced_token: replaced.to_owned(),
        visit: None,
    };
    let link = suite.link("hanako@example.com").await;
    gateway.complete_sign_up(with(&link, "short", &before)).await.unwrap_err();
    assert!(alive(&before).await, "a refused one ends nothing");
    let made = gateway.complete_sign_up(with(&link, PASSWORD, &before)).await.unwrap();
    assert!(!alive(&before).await && alive(&elsewhere).await);
    assert!(alive(&made.session.unwrap().token).await);
    let told = suite.events_of(taro.account).await;
    let causes: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Payload::SessionEnded(ended) => Some(ended.cause()),
            _ => None,
        })
        .collect();
    assert_eq!(causes, [pass_proto::events::v1::session_ended::Cause::Replaced]);

    let link = suite.link("jiro@example.com").await;
    gateway.complete_sign_up(with(&link, PASSWORD, "no token at all")).await.unwrap();
}

/// proves ACC-1: single use
#[tokio::test]
async fn a_link_works_once() {
    let suite = Suite::start().await;
    let (gateway, token) = (suite.gateway_anonymous(), suite.link("taro@example.com").await);
    gateway.complete_sign_up(complete(&token)).await.unwrap();
    for _ in 0..2 {
        let again = gateway.complete_sign_up(complete(&token)).await.unwrap_err();
        assert_eq!((again.kind, again.reason), (Kind::Precondition, ErrorReason::LinkInvalid));
        let shown = gateway.get_sign_up(GetSignUpRequest { token: token.clone() }).await.unwrap_err();
        assert_eq!(shown.reason, ErrorReason::LinkInvalid);
    }
}

/// proves ACC-1: 24 h
#[tokio::test]
async fn a_link_works_for_a_day() {
    let suite = Suite::start().await;
    let gateway = suite.gateway_anonymous();
    let (used, late) = (suite.link("taro@example.com").await, suite.link("jiro@example.com").await);
    suite.clock.advance(Duration::hours(24) - Duration::SECOND);
    gateway.complete_sign_up(complete(&used)).await.unwrap();
    suite.clock.advance(Duration::SECOND);
    let refused = gateway.complete_sign_up(complete(&late)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::LinkInvalid);
    let id = suite.sign_ups().await.pop().unwrap();
    let mail = suite.system("notification").prepare_sign_up_mail(PrepareSignUpMailRequest { sign_up_id: id });
    assert_eq!(mail.await.unwrap_err().reason, ErrorReason::LinkInvalid, "nothing is mailed after that");
    pass_testkit::wait_for(async || suite.count("SELECT count(*) FROM sign_ups").await == 0).await;
}

/// proves ACC-1: a wish keeps nobody from the address; whoever reads the mail first has it
#[tokio::test]
async fn nobody_squats_an_address() {
    let suite = Suite::start().await;
    let gateway = suite.gateway_anonymous();
    let (first, second) = (suite.link("taro@example.com").await, suite.link("TARO@example.com").await);
    gateway.complete_sign_up(complete(&second)).await.unwrap();
    let refused = gateway.complete_sign_up(complete(&first)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::LinkInvalid);
    assert_eq!(suite.count("SELECT count(*) FROM accounts").await, 1);
}

/// proves ACC-1, ACC-2: the answer does not tell whether the address has an account; the mail does
#[tokio::test]
async fn an_address_with_an_account_gets_another_mail() {
    let suite = Suite::start().await;
    suite.user("taro@example.com").await;
    let answer = suite.gateway_anonymous().request_sign_up(wish("Taro@example.com")).await.unwrap();
    assert_eq!(answer, RequestSignUpResponse {});
    let id = suite.sign_ups().await.pop().unwrap();
    let mail = suite.system("notification").prepare_sign_up_mail(PrepareSignUpMailRequest { sign_up_id: id });
    let mail = mail.await.unwrap();
    assert!(mail.account_exists);
    assert_eq!(mail.url, "https://pass.test/sign-in");
}

/// proves ACC-1: two browsers at once with one link: one wins
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_browsers_wins() {
    let suite = Suite::start().await;
    for round in 0..5 {
        let token = suite.link(&format!("taro{round}@example.com")).await;
        let gateway = suite.gateway_anonymous();
        let tries = (0..4).map(|_| gateway.complete_sign_up(complete(&token))).collect();
        let tries = at_once(&suite, "SELECT FROM sign_ups FOR UPDATE", tries).await;
        let (won, lost): (Vec<_>, Vec<_>) = tries.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert!(lost.iter().all(|it| it.as_ref().unwrap_err().reason == ErrorReason::LinkInvalid));
    }
    assert_eq!(suite.count("SELECT count(*) FROM accounts").await, 5);
    assert_eq!(suite.count("SELECT count(*) FROM sessions").await, 5);
}

/// proves ACC-2: of two sign-ups for one address at once, one becomes the account
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_sign_ups_wins() {
    let suite = Suite::start().await;
    for round in 0..5 {
        let first = suite.link(&format!("taro{round}@example.com")).await;
        let second = suite.link(&format!("TARO{round}@example.com")).await;
        let gateway = suite.gateway_anonymous();
        let (one, other) = tokio::join!(
            gateway.complete_sign_up(complete(&first)),
            gateway.complete_sign_up(complete(&second))
        );
        let reasons = [one, other].map(|it| it.err().map(|refused| refused.reason));
        assert!(
            matches!(
                reasons,
                [None, Some(ErrorReason::LinkInvalid)] | [Some(ErrorReason::LinkInvalid), None]
            ),
            "{reasons:?}"
        );
    }
    assert_eq!(suite.count("SELECT count(*) FROM accounts").await, 5);
}

/// proves ACC-1: what one address and one network may ask for is limited; the first without a word
#[tokio::test]
async fn mails_are_limited() {
    let suite = Suite::with(|config| {
        config.limits.sign_ups_per_address = 2;
        config.limits.sign_ups_per_network = 4;
    })
    .await;
    let gateway = suite.gateway_from("192.0.2.1", "");
    for _ in 0..4 {
        gateway.request_sign_up(wish("taro@example.com")).await.unwrap();
    }
    assert_eq!(suite.sign_ups().await.len(), 2, "the address has mails enough");

    let neighbour = suite.gateway_from("192.0.2.77", "");
    let refused = neighbour.request_sign_up(wish("jiro@example.com")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
    assert_eq!(refused.retry_after, Some(std::time::Duration::from_mins(15)));
    suite.gateway_from("192.0.3.1", "").request_sign_up(wish("jiro@example.com")).await.unwrap();

    suite.clock.advance(Duration::minutes(15));
    neighbour.request_sign_up(wish("saburo@example.com")).await.unwrap();
    assert_eq!(suite.sign_ups().await.len(), 4);
    suite.clock.advance(Duration::hours(2));
    pass_testkit::wait_for(async || suite.count("SELECT count(*) FROM throttles").await == 0).await;
}

/// proves ACC-2: one address, at most one Nulab Account and one Managed Account; by password one signs in
/// to the first alone
#[tokio::test]
async fn an_address_has_one_account_of_each_kind() {
    let suite = Suite::start().await;
    let managed = "INSERT INTO accounts
        SELECT gen_random_uuid(), 'managed', 'Taro', 'taro@example.com', 'taro@example.com', $1, 'en', 'UTC', 'system', NULL, now()";
    let add = async |unique_id: &str| {
        sqlx::query(managed).bind(unique_id).execute(&suite.database.pool).await.map(drop)
    };
    add("taro-1").await.unwrap();
    assert!(add("taro-2").await.unwrap_err().to_string().contains("accounts_managed_email"));
    let gateway = suite.gateway_anonymous();
    let refused = gateway.sign_in(credentials("taro@example.com", PASSWORD)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::CredentialsInvalid, "it signs in by SAML");
    let user = suite.user("taro@example.com").await;
    let answer = gateway.sign_in(credentials("taro@example.com", PASSWORD)).await.unwrap();
    assert_eq!(answer.account_id, user.account.to_string());
}

/// proves ACC-3: who did not say their time zone has the usual one of their language
#[tokio::test]
async fn the_usual_time_zone() {
    let suite = Suite::start().await;
    for (email, language, expected) in
        [("taro@example.com", Language::Ja, "Asia/Tokyo"), ("ann@example.com", Language::En, "UTC")]
    {
        let wish =
            RequestSignUpRequest { language: language as i32, time_zone: String::new(), ..wish(email) };
        suite.gateway_anonymous().request_sign_up(wish).await.unwrap();
        let token = suite.latest_link().await;
        let password = PASSWORD.to_owned();
        let request = CompleteSignUpRequest { token, password, ..CompleteSignUpRequest::default() };
        let made = suite.gateway_anonymous().complete_sign_up(request).await.unwrap();
        assert_eq!(made.account.unwrap().time_zone, expected);
    }
}
