//! Changing the address of an account (ACC-7).

use crate::{
    company::Company,
    race::at_once,
    suite::{PASSWORD, Suite, User, credentials},
};
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{EmailChangeRequested, envelope::Payload},
    identity::v1::*,
    types::v1::Language,
};
use pass_testkit::wait_for;
use pass_types::{Entropy, Kind, LinkKey};
use std::time::Duration as Span;
use time::Duration;

const TARO: &str = "taro@example.com";
const NEW: &str = "Taro.Yamada@Example.org";

/// The ids of all changes whose mails are due, in order.
async fn wanted(suite: &Suite) -> Vec<String> {
    let told = suite.events().await.into_iter();
    let wanted = told.filter_map(|event| match event.payload {
        Some(Payload::EmailChangeRequested(EmailChangeRequested { account_id: _, email_change_id })) => {
            Some(email_change_id)
        }
        _ => None,
    });
    wanted.collect()
}

async fn ask(suite: &Suite, user: &User, email: &str) -> Result<(), Failure> {
    let request = RequestEmailChangeRequest { email: email.to_owned() };
    suite.console_as(user).request_email_change(request).await.map(drop)
}

async fn mail_of(suite: &Suite, email_change_id: String) -> Result<PrepareEmailChangeMailResponse, Failure> {
    let request = PrepareEmailChangeMailRequest { email_change_id };
    suite.system("notification").prepare_email_change_mail(request).await
}

/// The mail of the latest change.
pub async fn mail(suite: &Suite) -> PrepareEmailChangeMailResponse {
    mail_of(suite, wanted(suite).await.pop().unwrap()).await.unwrap()
}

/// The mails of all changes that were made and are known, in order.
pub async fn made(suite: &Suite) -> Vec<PrepareEmailChangeMailResponse> {
    let mut mails = Vec::new();
    for event in suite.events().await {
        if let Some(Payload::EmailChanged(changed)) = event.payload {
            mails.extend(mail_of(suite, changed.email_change_id).await.ok());
        }
    }
    mails
}

/// The token of a link that this person asked for.
pub async fn link(suite: &Suite, user: &User, email: &str) -> String {
    ask(suite, user, email).await.unwrap();
    mail(suite).await.url.strip_prefix("https://pass.test/email-change/").unwrap().to_owned()
}

async fn shown(suite: &Suite, token: &str) -> Result<GetEmailChangeResponse, ErrorReason> {
    let request = GetEmailChangeRequest { token: token.to_owned() };
    suite.gateway_anonymous().get_email_change(request).await.map_err(|refused| refused.reason)
}

pub async fn confirm(suite: &Suite, token: &str) -> Result<(), ErrorReason> {
    let request = ConfirmEmailChangeRequest { token: token.to_owned() };
    let done = suite.gateway_anonymous().confirm_email_change(request).await;
    done.map(drop).map_err(|refused| refused.reason)
}

/// The person's address, as organization's copy of it is made: when it is told, it asks.
async fn address(suite: &Suite, user: &User) -> String {
    let request = BatchGetAccountsRequest { account_ids: vec![user.account.to_string()] };
    let answer = suite.system("organization").batch_get_accounts(request).await.unwrap();
    answer.accounts[0].email.clone()
}

/// proves ACC-7: nothing changes before the new address is confirmed; then the account has it, signs in with it, and
/// both addresses can be told
#[tokio::test]
async fn an_address_is_confirmed_and_then_changes() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    let token = link(&suite, &user, NEW).await;
    let first = mail(&suite).await;
    assert_eq!((first.new_email.as_str(), first.old_email.as_str()), (NEW, TARO));
    assert_eq!((first.language(), first.time_zone.as_str()), (Language::Ja, "Asia/Tokyo"));
    assert!(!first.account_exists && !first.confirmed);
    assert_eq!(mail(&suite).await, first, "preparing twice gives the same link");
    for _ in 0..2 {
        let shown = shown(&suite, &token).await.unwrap();
        assert_eq!((shown.email.as_str(), shown.language()), (NEW, Language::Ja));
    }
    assert_eq!(address(&suite, &user).await, TARO, "opening it changes nothing");
    suite.sign_in(TARO).await;

    suite.clock.advance(Duration::hours(1));
    confirm(&suite, &token).await.unwrap();
    assert_eq!(address(&suite, &user).await, NEW);
    let gateway = suite.gateway_anonymous();
    let old = gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap_err();
    assert_eq!(old.reason, ErrorReason::CredentialsInvalid);
    gateway.sign_in(credentials("taro.yamada@example.ORG", PASSWORD)).await.unwrap();

    let told = suite.events_of(user.account).await;
    let changed: Vec<_> = told
        .iter()
        .filter_map(|it| match it {
            Payload::AccountChanged(changed) => Some(changed.fields.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(changed, [["email"]], "organization's copy follows by it");
    assert_eq!(told.iter().filter(|it| matches!(it, Payload::EmailChanged(_))).count(), 1);
    let after = mail(&suite).await;
    assert_eq!((after.new_email.as_str(), after.old_email.as_str(), after.confirmed), (NEW, TARO, true));
    let kinds: Vec<String> =
        sqlx::query_scalar("SELECT kind FROM security_events WHERE kind LIKE 'email%' ORDER BY id")
            .fetch_all(&suite.database.pool)
            .await
            .unwrap();
    assert_eq!(kinds, ["email_change_requested", "email_changed"]);

    suite.clock.advance(Duration::days(7));
    wait_for(async || suite.count("SELECT count(*) FROM email_changes").await == 0).await;
    suite.user(TARO).await;
}

/// proves ACC-7: single use; an earlier link is void with a later request
#[tokio::test]
async fn a_link_works_once() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    let (first, second) =
        (link(&suite, &user, "one@example.com").await, link(&suite, &user, "two@example.com").await);
    assert_eq!(confirm(&suite, &first).await, Err(ErrorReason::LinkInvalid), "replaced");
    confirm(&suite, &second).await.unwrap();
    assert_eq!(confirm(&suite, &second).await, Err(ErrorReason::LinkInvalid));
    assert_eq!(shown(&suite, &second).await.unwrap_err(), ErrorReason::LinkInvalid);
    assert_eq!(address(&suite, &user).await, "two@example.com");
    let replaced = mail_of(&suite, wanted(&suite).await.remove(0)).await.unwrap_err();
    assert_eq!(replaced.reason, ErrorReason::LinkInvalid, "it is not mailed either");
}

/// proves ACC-7: 24 h
#[tokio::test]
async fn a_link_works_for_a_day() {
    let suite = Suite::start().await;
    let (taro, jiro) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    let (used, late) = (link(&suite, &taro, NEW).await, link(&suite, &jiro, "late@example.com").await);
    suite.clock.advance(Duration::hours(24) - Duration::SECOND);
    confirm(&suite, &used).await.unwrap();
    suite.clock.advance(Duration::SECOND);
    assert_eq!(shown(&suite, &late).await.unwrap_err(), ErrorReason::LinkInvalid);
    assert_eq!(confirm(&suite, &late).await, Err(ErrorReason::LinkInvalid));
    assert_eq!(address(&suite, &jiro).await, "jiro@example.com");
}

/// proves ACC-7, ACC-2: asking tells nobody whether an address has an account; the mail to it does, and a link that was
/// mailed before is of no use
#[tokio::test]
async fn a_taken_address_stays_whose_it_is() {
    let suite = Suite::start().await;
    let taro = suite.user(TARO).await;
    let early = link(&suite, &taro, "hanako@example.com").await;
    suite.user("hanako@example.com").await;
    assert_eq!(shown(&suite, &early).await.unwrap_err(), ErrorReason::LinkInvalid);
    assert_eq!(confirm(&suite, &early).await, Err(ErrorReason::LinkInvalid));

    ask(&suite, &taro, "HANAKO@example.com").await.unwrap();
    let mail = mail(&suite).await;
    assert!(mail.account_exists);
    assert_eq!((mail.url.as_str(), mail.old_email.as_str()), ("https://pass.test/sign-in", TARO));
    assert_eq!(address(&suite, &taro).await, TARO);
    // Another spelling of one's own is no other account's.
    let token = link(&suite, &taro, "TARO@example.com").await;
    confirm(&suite, &token).await.unwrap();
    assert_eq!(address(&suite, &taro).await, "TARO@example.com");
}

/// proves ACC-2, ACC-7: two accounts that confirm one address at once, and two browsers with one link: one wins
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_wins() {
    let suite = Suite::start().await;
    let (taro, jiro) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    for round in 0..4 {
        let wanted = format!("wanted{round}@example.com");
        let (one, other) = (link(&suite, &taro, &wanted).await, link(&suite, &jiro, &wanted).await);
        let tries = [&one, &other, &one, &other].map(|token| confirm(&suite, token)).into();
        let answers = at_once(&suite, "SELECT FROM accounts FOR UPDATE", tries).await;
        let lost = answers.iter().filter(|it| **it == Err(ErrorReason::LinkInvalid)).count();
        assert_eq!(lost, 3, "{answers:?}");
        let owners = [address(&suite, &taro).await, address(&suite, &jiro).await];
        assert_eq!(owners.iter().filter(|it| **it == wanted).count(), 1, "{owners:?}");
    }
    let told = suite.events().await;
    assert_eq!(told.iter().filter(|it| matches!(it.payload, Some(Payload::EmailChanged(_)))).count(), 4);
}

/// proves ACC-7: a session that was left open is not enough
#[tokio::test]
async fn it_needs_a_fresh_sign_in() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    suite.clock.advance(Duration::minutes(10) - Duration::SECOND);
    ask(&suite, &user, NEW).await.unwrap();
    suite.clock.advance(Duration::SECOND);
    let refused = ask(&suite, &user, NEW).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::FreshSignInNeeded));
    let again = suite.sign_in(TARO).await;
    ask(&suite, &again, NEW).await.unwrap();
    assert_eq!(wanted(&suite).await.len(), 2);
    let foreign = User { account: suite.user("jiro@example.com").await.account, ..again };
    let refused = ask(&suite, &foreign, NEW).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::FreshSignInNeeded, "somebody else's session is no proof");
    assert_eq!(
        refusals(&suite).await,
        [
            (user.account.to_string(), "FRESH_SIGN_IN_NEEDED"),
            (foreign.account.to_string(), "FRESH_SIGN_IN_NEEDED")
        ]
        .map(|(account, why)| (account, why.to_owned()))
    );
}

/// Whose changes were refused, and why (AUD-1).
async fn refusals(suite: &Suite) -> Vec<(String, String)> {
    let told = suite.events().await.into_iter();
    let refused = told.filter_map(|event| match event.payload {
        Some(Payload::EmailChangeRefused(refused)) => {
            Some((refused.account_id, event.outcome.unwrap().refused_because))
        }
        _ => None,
    });
    refused.collect()
}

/// proves ACC-2, ACC-7: whoever confirms an address or signs up with it ends all others' wishes for it, for good: a link
/// that was mailed before does not work again when the address is free once more
#[tokio::test]
async fn a_claimed_address_ends_other_wishes() {
    let suite = Suite::start().await;
    let (taro, jiro) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    let (early, theirs) =
        (link(&suite, &taro, NEW).await, link(&suite, &jiro, "TARO.yamada@example.org").await);
    confirm(&suite, &theirs).await.unwrap();
    let away = link(&suite, &jiro, "jiro@example.com").await;
    confirm(&suite, &away).await.unwrap();
    assert_eq!(shown(&suite, &early).await.unwrap_err(), ErrorReason::LinkInvalid);
    assert_eq!(
        confirm(&suite, &early).await,
        Err(ErrorReason::LinkInvalid),
        "nobody has it, but it was claimed"
    );

    let early = link(&suite, &taro, "hanako@example.com").await;
    let other = link(&suite, &jiro, "elsewhere@example.com").await;
    let hanako = suite.user("Hanako@example.com").await;
    let away = link(&suite, &hanako, "hanako@example.org").await;
    confirm(&suite, &away).await.unwrap();
    assert_eq!(confirm(&suite, &early).await, Err(ErrorReason::LinkInvalid));
    assert_eq!(address(&suite, &taro).await, TARO);
    confirm(&suite, &other).await.unwrap();
    let anew = link(&suite, &taro, "hanako@example.com").await;
    confirm(&suite, &anew).await.unwrap();
}

/// proves ACC-7: nobody's mailbox is flooded, without a word; and one account does not ask for many
#[tokio::test]
async fn mails_are_limited() {
    let suite = Suite::with(|config| {
        config.limits.email_changes_per_address = 2;
        config.limits.email_changes_per_account = 4;
    })
    .await;
    let (taro, jiro) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    for _ in 0..3 {
        ask(&suite, &taro, "victim@example.com").await.unwrap();
    }
    ask(&suite, &jiro, "Victim@example.com").await.unwrap();
    assert_eq!(wanted(&suite).await.len(), 2);
    ask(&suite, &taro, "other@example.com").await.unwrap();
    let refused = ask(&suite, &taro, "another@example.com").await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
    assert_eq!(refused.retry_after, Some(Span::from_hours(6)));
    assert_eq!(wanted(&suite).await.len(), 3);
    assert_eq!(refusals(&suite).await, [(taro.account.to_string(), "RATE_LIMITED".to_owned())]);
}

/// proves MAN-4: a Managed Account's address is its organization's to change
#[tokio::test]
async fn a_managed_accounts_address_is_not_its_owners() {
    let company = Company::start().await;
    let account = company.employ("hanako@acme.example").await;
    let token = company.suite.managed_session(account).await;
    let request = ResolveSessionRequest { token: token.clone() };
    let session = company.suite.gateway_anonymous().resolve_session(request).await.unwrap().session.unwrap();
    let hanako = User { account, session: session.session_id.parse().unwrap(), token };
    let request = RequestEmailChangeRequest { email: "hanako@personal.example".to_owned() };
    let refused = company.suite.console_as_managed(&hanako).request_email_change(request).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::ManagedByOrganization));
    assert_eq!(company.suite.count("SELECT count(*) FROM email_changes").await, 0);
    let told = refusals(&company.suite).await;
    assert_eq!(told, [(account.to_string(), "MANAGED_BY_ORGANIZATION".to_owned())]);
}

/// proves ACC-7, bad input: addresses that are none, one's own, and tokens of other kinds change nothing
#[tokio::test]
async fn nothing_changes_by_bad_input() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    for email in [
        "",
        "taro",
        "\"taro\"@example.org",
        "taro@exam\0ple.org",
        "taro@example.org\nBcc: x@example.org",
        "taro@[192.0.2.1]",
        "a@b@example.org",
        "\u{ff54}aro@example.org",
        &format!("{}@example.org", "x".repeat(250)),
        &"x".repeat(1 << 20),
        TARO,
    ] {
        let refused = ask(&suite, &user, email).await.unwrap_err();
        let field = refused.violations[0].0.as_str();
        assert_eq!((refused.reason, field), (ErrorReason::InvalidArgument, "email"), "{email:.40}");
    }
    assert!(wanted(&suite).await.is_empty());
    let token = link(&suite, &user, "花子@例え.jp").await;
    let ours = LinkKey::new(b"a secret of tests").unwrap();
    let id = Entropy::from_seed(3).uuid(time::OffsetDateTime::UNIX_EPOCH);
    let own = wanted(&suite).await.pop().unwrap().parse().unwrap();
    for wrong in [
        String::new(),
        "x".repeat(1 << 20),
        user.token.clone(),
        suite.link("jiro@example.com").await,
        ours.mint("email-change", id, 1),
        ours.mint("email-change", own, 2),
        ours.mint("password-reset", own, 1),
        LinkKey::new(b"a secret of others").unwrap().mint("email-change", own, 1),
    ] {
        assert_eq!(shown(&suite, &wrong).await.unwrap_err(), ErrorReason::LinkInvalid);
        assert_eq!(confirm(&suite, &wrong).await, Err(ErrorReason::LinkInvalid));
    }
    assert_eq!(address(&suite, &user).await, TARO);
    confirm(&suite, &token).await.unwrap();
    assert_eq!(address(&suite, &user).await, "花子@例え.jp");
}
