//! Resetting a password (ACC-8).

use crate::{
    race::at_once,
    suite::{PASSWORD, Suite, User, credentials},
};
use identity::LimitConfig;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    identity::v1::{prepare_password_reset_mail_response::Owner, *},
    types::v1::Language,
};
use pass_testkit::wait_for;
use pass_types::{Entropy, Kind, LinkKey};
use std::time::Duration as Span;
use time::Duration;

const TARO: &str = "taro@example.com";
const NOBODY: &str = "nobody@example.com";
const NEW: &str = "seven dunes mapped by an otter";

/// A wish for another password, typed on an English page.
pub fn wish(email: &str) -> RequestPasswordResetRequest {
    RequestPasswordResetRequest {
        email: email.to_owned(),
        language: Language::En as i32,
        continuation: "r-1".to_owned(),
    }
}

/// Another password, by a link.
pub fn choice(token: &str, password: &str) -> CompletePasswordResetRequest {
    CompletePasswordResetRequest {
        token: token.to_owned(),
        password: password.to_owned(),
        ..Default::default()
    }
}

/// The ids of all resets that mails are due for, in order.
pub async fn resets(suite: &Suite) -> Vec<String> {
    let told = suite.events().await.into_iter();
    let resets = told.filter_map(|event| match event.payload {
        Some(Payload::PasswordResetRequested(payload)) => Some(payload.password_reset_id),
        _ => None,
    });
    resets.collect()
}

/// The mail of the latest reset.
pub async fn mail(suite: &Suite) -> PreparePasswordResetMailResponse {
    let password_reset_id = resets(suite).await.pop().unwrap();
    let request = PreparePasswordResetMailRequest { password_reset_id };
    suite.system("notification").prepare_password_reset_mail(request).await.unwrap()
}

/// The token of a link that was asked for.
pub async fn link(suite: &Suite, email: &str) -> String {
    suite.gateway_anonymous().request_password_reset(wish(email)).await.unwrap();
    mail(suite).await.url.strip_prefix("https://pass.test/reset-password/").unwrap().to_owned()
}

async fn shown(suite: &Suite, token: &str) -> Result<GetPasswordResetResponse, ErrorReason> {
    let request = GetPasswordResetRequest { token: token.to_owned() };
    suite.gateway_anonymous().get_password_reset(request).await.map_err(|refused| refused.reason)
}

async fn complete(suite: &Suite, token: &str, password: &str) -> Result<(), ErrorReason> {
    let done = suite.gateway_anonymous().complete_password_reset(choice(token, password)).await;
    done.map(drop).map_err(|refused| refused.reason)
}

/// Whether a browser is signed in.
pub async fn is_alive(suite: &Suite, user: &User) -> bool {
    let request = ResolveSessionRequest { token: user.token.clone() };
    suite.gateway_anonymous().resolve_session(request).await.is_ok()
}

/// proves ACC-8: the link leads to another password, in the owner's language; with it every session ends, nobody is
/// signed in, and the owner is told
#[tokio::test]
async fn a_link_leads_to_another_password() {
    let suite = Suite::start().await;
    let here = suite.user(TARO).await;
    let elsewhere = suite.sign_in(TARO).await;
    let token = link(&suite, " Taro@Example.com").await;
    let first = mail(&suite).await;
    assert_eq!((first.email.as_str(), first.owner()), (TARO, Owner::NulabAccount));
    assert_eq!((first.language(), first.time_zone.as_str()), (Language::Ja, "Asia/Tokyo"), "the account's");
    assert_eq!(mail(&suite).await, first, "preparing twice gives the same link");
    for _ in 0..2 {
        let shown = shown(&suite, &token).await.unwrap();
        assert_eq!(
            (shown.email.as_str(), shown.language()),
            (TARO, Language::Ja),
            "opening it consumes nothing"
        );
    }
    assert!(is_alive(&suite, &here).await && is_alive(&suite, &elsewhere).await);

    let sessions = suite.count("SELECT count(*) FROM sessions").await;
    let done = suite.gateway_anonymous().complete_password_reset(choice(&token, NEW)).await.unwrap();
    assert_eq!(done.continuation, "r-1", "the gateway goes on where the person started");
    assert!(!is_alive(&suite, &here).await && !is_alive(&suite, &elsewhere).await);
    assert_eq!(suite.count("SELECT count(*) FROM sessions").await, sessions, "nobody is signed in by it");
    let gateway = suite.gateway_anonymous();
    let old = gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap_err();
    assert_eq!(old.reason, ErrorReason::CredentialsInvalid);
    gateway.sign_in(credentials(TARO, NEW)).await.unwrap();

    let told = suite.events_of(here.account).await;
    let ended = told.iter().filter(|it| matches!(it, Payload::SessionEnded(_))).count();
    let reset = told.iter().filter(|it| matches!(it, Payload::PasswordReset(_))).count();
    assert_eq!((ended, reset), (2, 1));
    let kinds: Vec<String> =
        sqlx::query_scalar("SELECT kind FROM security_events WHERE kind <> 'new_device' ORDER BY kind")
            .fetch_all(&suite.database.pool)
            .await
            .unwrap();
    assert_eq!(kinds, ["password_reset", "password_reset_requested"]);
}

/// proves ACC-8: single use, and with the first all others of the account are void
#[tokio::test]
async fn a_link_works_once() {
    let suite = Suite::start().await;
    suite.user(TARO).await;
    let (first, second) = (link(&suite, TARO).await, link(&suite, "TARO@example.com").await);
    complete(&suite, &second, NEW).await.unwrap();
    for token in [&first, &second] {
        assert_eq!(shown(&suite, token).await.unwrap_err(), ErrorReason::LinkInvalid);
        assert_eq!(complete(&suite, token, PASSWORD).await, Err(ErrorReason::LinkInvalid));
    }
    suite.gateway_anonymous().sign_in(credentials(TARO, NEW)).await.unwrap();
}

/// proves ACC-8: 30 minutes; after that nothing is mailed either
#[tokio::test]
async fn a_link_works_for_half_an_hour() {
    let suite = Suite::start().await;
    suite.user(TARO).await;
    let token = link(&suite, TARO).await;
    suite.clock.advance(Duration::minutes(30) - Duration::SECOND);
    shown(&suite, &token).await.unwrap();
    suite.clock.advance(Duration::SECOND);
    assert_eq!(shown(&suite, &token).await.unwrap_err(), ErrorReason::LinkInvalid);
    assert_eq!(complete(&suite, &token, NEW).await, Err(ErrorReason::LinkInvalid));
    let password_reset_id = resets(&suite).await.pop().unwrap();
    let request = PreparePasswordResetMailRequest { password_reset_id };
    let late = suite.system("notification").prepare_password_reset_mail(request).await.unwrap_err();
    assert_eq!(late.reason, ErrorReason::LinkInvalid);
    wait_for(async || suite.count("SELECT count(*) FROM password_resets").await == 0).await;
    suite.sign_in(TARO).await;
}

/// proves ACC-8: two browsers at once with one link: one wins
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_browsers_wins() {
    let suite = Suite::start().await;
    suite.user(TARO).await;
    for _ in 0..4 {
        let token = link(&suite, TARO).await;
        let passwords: Vec<_> = (0..4).map(|i| format!("{NEW} {i}")).collect();
        let tries = passwords.iter().map(|password| complete(&suite, &token, password)).collect();
        let answers = at_once(&suite, "SELECT FROM accounts FOR UPDATE", tries).await;
        let won: Vec<_> = answers.iter().enumerate().filter(|(_, answer)| answer.is_ok()).collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        assert!(answers.iter().all(|it| it.is_ok() || *it == Err(ErrorReason::LinkInvalid)), "{answers:?}");
        let winner = &passwords[won[0].0];
        suite.gateway_anonymous().sign_in(credentials(TARO, winner)).await.unwrap();
    }
}

/// proves ACC-8: the answer is the same, and so is what is kept but for the owner's own list; the mail differs
#[tokio::test]
async fn the_mail_tells_and_the_answer_does_not() {
    let suite = Suite::start().await;
    suite.user(TARO).await;
    let managed = "INSERT INTO accounts
        SELECT gen_random_uuid(), 'managed', 'Hanako', $1, $1, $2, 'ja', 'Asia/Tokyo', 'system', NULL, now()";
    for (email, unique_id) in [("hanako@example.com", "hanako-1"), (TARO, "taro-2")] {
        sqlx::query(managed).bind(email).bind(unique_id).execute(&suite.database.pool).await.unwrap();
    }
    let gateway = suite.gateway_anonymous();
    for (email, owner, page, language) in [
        (TARO, Owner::NulabAccount, "https://pass.test/reset-password/", Language::Ja),
        ("hanako@example.com", Owner::ManagedAccount, "https://pass.test/managed", Language::Ja),
        (NOBODY, Owner::Nobody, "https://pass.test/sign-up", Language::En),
    ] {
        let answer = gateway.request_password_reset(wish(email)).await.unwrap();
        assert_eq!(answer, RequestPasswordResetResponse {});
        let mail = mail(&suite).await;
        assert_eq!((mail.email.as_str(), mail.owner(), mail.language()), (email, owner, language));
        assert!(mail.url.starts_with(page), "{}", mail.url);
    }
    assert_eq!(suite.count("SELECT count(*) FROM password_resets").await, 3);
    let noted =
        suite.count("SELECT count(*) FROM security_events WHERE kind = 'password_reset_requested'").await;
    assert_eq!(noted, 1, "of nobody nothing is kept that outlives the link");
}

/// proves ACC-8: nobody's mailbox is flooded, and no network asks for many; the first without a word
#[tokio::test]
async fn mails_are_limited() {
    let suite = Suite::with(|config| {
        config.limits.password_resets_per_address = 2;
        config.limits.password_resets_per_network = 5;
    })
    .await;
    suite.user(TARO).await;
    let gateway = suite.gateway_from("192.0.2.1", "");
    for email in [TARO, "TARO@example.com", TARO, NOBODY, NOBODY] {
        gateway.request_password_reset(wish(email)).await.unwrap();
    }
    assert_eq!(resets(&suite).await.len(), 4, "one address has mails enough");
    for email in [TARO, "jiro@example.com"] {
        let neighbour = suite.gateway_from("192.0.2.77", "");
        let refused = neighbour.request_password_reset(wish(email)).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
        assert_eq!(refused.retry_after, Some(Span::from_mins(12)));
    }
    suite.gateway_from("192.0.3.1", "").request_password_reset(wish(NOBODY)).await.unwrap();
    assert_eq!(resets(&suite).await.len(), 4, "from elsewhere it has not fewer");
    suite.clock.advance(Duration::minutes(30));
    gateway.request_password_reset(wish(TARO)).await.unwrap();
    assert_eq!(resets(&suite).await.len(), 5);
}

/// proves ACC-14: whoever is locked out by guesses gets in at once by a reset
#[tokio::test]
async fn a_reset_lifts_the_lock() {
    let quick: fn(&mut LimitConfig) = |limits| limits.wrong_passwords_per_account = 3;
    let slow: fn(&mut LimitConfig) = |limits| limits.wrong_passwords_in_a_row = 3;
    for limit in [quick, slow] {
        let suite = Suite::with(|config| limit(&mut config.limits)).await;
        suite.user(TARO).await;
        let gateway = suite.gateway_anonymous();
        for _ in 0..3 {
            gateway.sign_in(credentials(TARO, "not the password")).await.unwrap_err();
        }
        let locked = gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap_err();
        assert_eq!(locked.reason, ErrorReason::SignInLocked);
        let token = link(&suite, TARO).await;
        assert_eq!(complete(&suite, &token, "password1234").await, Err(ErrorReason::PasswordGuessable));
        let locked = gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap_err();
        assert_eq!(locked.reason, ErrorReason::SignInLocked, "not by a link that was not used");
        complete(&suite, &token, NEW).await.unwrap();
        gateway.sign_in(credentials(TARO, NEW)).await.unwrap();
    }
}

/// proves ACC-6, ACC-8, bad input: a password that may not be chosen, and tokens of other kinds, change nothing
#[tokio::test]
async fn nothing_changes_by_bad_input() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    let gateway = suite.gateway_anonymous();
    let hashes = suite.hashes();
    for (email, language) in [
        (String::new(), 1),
        ("taro".to_owned(), 1),
        ("\"taro\"@example.com".to_owned(), 1),
        ("taro@exam\u{7}ple.com".to_owned(), 1),
        ("taro@example.com\r\nBcc: x@example.com".to_owned(), 1),
        (format!("{}@example.com", "x".repeat(254)), 1),
        (format!("{}@example.com", "x".repeat(1 << 20)), 1),
    ] {
        let request = RequestPasswordResetRequest { email, language, ..wish("") };
        let refused = gateway.request_password_reset(request).await.unwrap_err();
        assert_eq!(
            (refused.reason, refused.violations[0].0.as_str()),
            (ErrorReason::InvalidArgument, "email")
        );
    }
    for language in [0, 99, -1] {
        let email = TARO.to_owned();
        let request = RequestPasswordResetRequest { email, language, ..wish("") };
        let refused = gateway.request_password_reset(request).await.unwrap_err();
        assert_eq!(refused.violations[0].0, "language");
    }
    for continuation in ["x".repeat(65), "a b".to_owned(), "a\0b".to_owned(), "x".repeat(1 << 20)] {
        let request = RequestPasswordResetRequest { continuation, ..wish(TARO) };
        let refused = gateway.request_password_reset(request).await.unwrap_err();
        assert_eq!(refused.violations[0].0, "continuation");
    }
    assert!(resets(&suite).await.is_empty());
    gateway.request_password_reset(wish("花子@例え.jp")).await.unwrap();
    assert_eq!(mail(&suite).await.email, "花子@例え.jp", "an address may be international");

    let token = link(&suite, TARO).await;
    for (password, reason) in [
        (String::new(), ErrorReason::PasswordLength),
        ("x".repeat(1 << 20), ErrorReason::PasswordLength),
        ("taro@example.com".to_owned(), ErrorReason::PasswordGuessable),
        ("sfuwwjuwkvxezs".to_owned(), ErrorReason::PasswordLeaked),
    ] {
        let refused = gateway.complete_password_reset(choice(&token, &password)).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::InvalidInput, reason));
        assert_eq!(refused.violations[0].0, "password");
    }
    let id = Entropy::from_seed(3).uuid(time::OffsetDateTime::UNIX_EPOCH);
    let ours = LinkKey::new(b"a secret of tests").unwrap();
    let foreign = LinkKey::new(b"a secret of others").unwrap().mint("password-reset", id, 1);
    let sign_up = suite.link("jiro@example.com").await;
    for wrong in [
        String::new(),
        "x".repeat(1 << 20),
        user.token.clone(),
        sign_up,
        foreign,
        ours.mint("password-reset", id, 1),
        ours.mint("email-change", resets(&suite).await.pop().unwrap().parse().unwrap(), 1),
        ours.mint("password-reset", resets(&suite).await.pop().unwrap().parse().unwrap(), 2),
    ] {
        assert_eq!(shown(&suite, &wrong).await.unwrap_err(), ErrorReason::LinkInvalid);
        assert_eq!(complete(&suite, &wrong, NEW).await, Err(ErrorReason::LinkInvalid));
    }
    assert_eq!(suite.hashes(), hashes, "what is refused is not hashed");
    assert!(is_alive(&suite, &user).await);
    suite.sign_in(TARO).await;
    complete(&suite, &token, NEW).await.unwrap();
}

/// proves ACC-10: "This was not me" has the link mailed by which the owner chooses another password
#[tokio::test]
async fn a_disowned_sign_in_starts_a_reset() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    let insert = "INSERT INTO login_alerts VALUES ($1, $2, $3, '', $3 + interval '7 days')";
    let (id, now) = (
        suite.context.entropy.uuid(pass_types::Clock::now(&suite.clock)),
        pass_types::Clock::now(&suite.clock),
    );
    sqlx::query(insert)
        .bind(id)
        .bind(user.account.uuid())
        .bind(now)
        .execute(&suite.database.pool)
        .await
        .unwrap();
    let token = LinkKey::new(b"a secret of tests").unwrap().mint("login-alert", id, 1);
    suite.gateway_anonymous().disown_sign_in(DisownSignInRequest { token }).await.unwrap();
    let mail = mail(&suite).await;
    assert_eq!(
        (mail.email.as_str(), mail.owner(), mail.language()),
        (TARO, Owner::NulabAccount, Language::Ja)
    );
    let token = mail.url.strip_prefix("https://pass.test/reset-password/").unwrap();
    complete(&suite, token, NEW).await.unwrap();
    suite.gateway_anonymous().sign_in(credentials(TARO, NEW)).await.unwrap();
}

/// proves ACC-8: the link goes to the address as its owner typed it, however a stranger does: another spelling may be
/// somebody else's mailbox
#[tokio::test]
async fn the_mail_goes_to_the_owner() {
    let suite = Suite::start().await;
    suite.user("Taro@example.com").await;
    suite.gateway_anonymous().request_password_reset(wish("TARO@Example.com")).await.unwrap();
    assert_eq!(mail(&suite).await.email, "Taro@example.com");
    suite.gateway_anonymous().request_password_reset(wish("NOBODY@example.com")).await.unwrap();
    assert_eq!(mail(&suite).await.email, "NOBODY@example.com");
}
