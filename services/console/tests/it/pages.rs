//! Pages and forms.

use crate::suite::{Browser, ORGANIZATION, Suite, THING};
use http::{Method, StatusCode, header};
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{EndMySessionRequest, Session, UpdateMyAccountRequest},
    organization::v1::*,
    types::v1 as wire,
};
use pass_types::{Clock, Invalid, Kind};

const OTHER: &str = "01980000-0000-7000-8000-00000000000b";

/// proves ACC-3: language, appearance and time zone take effect in every page at once
#[tokio::test]
async fn a_changed_profile_shows_in_every_page() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    assert!(page.body.contains(r#"<html lang="en" data-appearance="system">"#), "{}", page.body);
    let fields = [
        ("name", "花子"),
        ("unique_id", "hana"),
        ("language", "ja"),
        ("time_zone", "UTC"),
        ("appearance", "dark"),
    ];
    let saved = browser.post(&page, "/account", &fields).await;
    assert_eq!(
        (saved.status, saved.location()),
        (StatusCode::SEE_OTHER, "/account?done=saved"),
        "{}",
        saved.body
    );
    let asked = &suite.services.asked::<UpdateMyAccountRequest>("update_my_account")[0];
    let mut paths = asked.update_mask.clone().unwrap().paths;
    paths.sort();
    assert_eq!(paths, ["appearance", "language", "name", "time_zone", "unique_id"]);
    for path in ["/account?done=saved", "/", "/sessions", "/trial"] {
        let page = browser.get(path).await;
        assert!(page.body.contains(r#"<html lang="ja" data-appearance="dark">"#), "{path}");
    }
    let path = format!("/organizations/{ORGANIZATION}");
    assert!(browser.get(&path).await.body.contains("2026年3月2日"));
    assert!(browser.get("/account?done=saved").await.body.contains("プロフィールを保存しました。"));
    assert!(!browser.get("/account?done=evil").await.body.contains("role=\"status\""));
}

/// proves ACC-3: a Managed Account's name is not the person's to change (MAN-4)
#[tokio::test]
async fn a_managed_account_does_not_change_its_name() {
    let suite = Suite::start().await;
    suite.services.change(|data| data.account.kind = wire::AccountKind::Managed as i32);
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    let fields = [
        ("name", "X"),
        ("unique_id", "hana"),
        ("language", "ja"),
        ("time_zone", "UTC"),
        ("appearance", "dark"),
    ];
    assert_eq!(browser.post(&page, "/account", &fields).await.status, StatusCode::SEE_OTHER);
    let asked = &suite.services.asked::<UpdateMyAccountRequest>("update_my_account")[0];
    assert!(!asked.update_mask.clone().unwrap().paths.contains(&"name".to_owned()));
}

#[tokio::test]
async fn a_refused_field_is_named_in_the_persons_language() {
    let suite = Suite::start().await;
    suite.services.change(|data| data.account.language = wire::Language::Ja as i32);
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    let fields = [
        ("name", "A"),
        ("unique_id", "x y"),
        ("language", "ja"),
        ("time_zone", "UTC"),
        ("appearance", "dark"),
    ];
    let wrong = Invalid("must be 3-30 letters, digits, _ or -").of("account.unique_id");
    suite.services.refuse("update_my_account", Kind::InvalidInput, ErrorReason::InvalidArgument, vec![wrong]);
    let refused = browser.post(&page, "/account", &fields).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains(r##"<a href="#unique_id">3〜30文字の半角英数字"##), "{}", refused.body);
    assert!(refused.body.contains(r#"value="x y""#), "what was typed is still there");
    suite.services.refuse("update_my_account", Kind::AlreadyExists, ErrorReason::UniqueIdTaken, vec![]);
    let refused = browser.post(&page, "/account", &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains(r##"<a href="#unique_id">このユニークIDはすでに使われています。"##));
    let odd =
        [("name", "A"), ("unique_id", "abc"), ("language", "tlh"), ("time_zone", "UTC"), ("appearance", "x")];
    assert_eq!(browser.post(&page, "/account", &odd).await.status, StatusCode::BAD_REQUEST);
}

/// proves ACC-12: list, end one, end all others
#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let suite = Suite::start().await;
    let (browser, session) = suite.signed_in().await;
    let now = Some(timestamp(suite.clock.now()));
    suite.services.change(|data| {
        data.sessions = [session.to_string(), OTHER.to_owned()]
            .map(|session_id| Session {
                session_id,
                create_time: now,
                last_use_time: now,
                address: "203.0.113.9".to_owned(),
                user_agent: "Firefox/140 Linux".to_owned(),
                ..Session::default()
            })
            .to_vec();
    });
    let page = browser.get("/sessions").await;
    assert_eq!(page.body.matches("This browser").count(), 1);
    assert!(page.body.contains("2 Mar 2026, 18:00"), "in the account's time zone");
    assert!(!page.body.contains(&format!("/sessions/{session}/end")), "this one is ended by signing out");
    let ended = browser.post(&page, &format!("/sessions/{OTHER}/end"), &[]).await;
    assert_eq!(ended.location(), "/sessions?done=session-ended");
    assert_eq!(suite.services.asked::<EndMySessionRequest>("end_my_session")[0].session_id, OTHER);
    assert_eq!(
        browser.post(&page, "/sessions/end-others", &[]).await.location(),
        "/sessions?done=others-ended"
    );
    suite.services.refuse("end_my_session", Kind::NotFound, ErrorReason::NotFound, vec![]);
    assert_eq!(
        browser.post(&page, &format!("/sessions/{OTHER}/end"), &[]).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(browser.post(&page, "/sessions/x/end", &[]).await.status, StatusCode::NOT_FOUND);
}

/// proves ORG-1, ORG-14: a trial of a product and plan, with a Space ID, for a new or an administered organization
#[tokio::test]
async fn a_trial_is_started_once() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    assert!(browser.get("/trial").await.body.contains(r#"href="/trial/backlog""#));
    let page = browser.get("/trial/backlog").await;
    assert!(page.body.contains(ORGANIZATION), "the administered one can be chosen");
    let id = page.hidden("request_id").to_owned();
    let fields = [
        ("request_id", id.as_str()),
        ("plan", "standard"),
        ("organization_name", "新会社"),
        ("space_id", " acme "),
    ];
    for _ in 0..2 {
        let done = browser.post(&page, "/trial/backlog", &fields).await;
        assert_eq!(done.location(), format!("/organizations/{ORGANIZATION}?done=trial-started"));
    }
    let asked = suite.services.asked::<StartTrialRequest>("start_trial");
    assert_eq!(asked[0], asked[1], "sent twice, it is the same request");
    assert_eq!((asked[0].request_id.as_str(), asked[0].space_id.as_str()), (id.as_str(), "acme"));
    assert_eq!((asked[0].organization_name.as_str(), asked[0].organization_id.as_str()), ("新会社", ""));

    suite.services.refuse("start_trial", Kind::AlreadyExists, ErrorReason::SpaceIdTaken, vec![]);
    let refused = browser.post(&page, "/trial/backlog", &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains(r##"<a href="#space_id">Somebody else has this Space ID."##));
    assert_eq!(refused.hidden("request_id"), id);
    assert!(refused.body.contains("新会社"));
    assert_eq!(browser.get("/trial/jira").await.status, StatusCode::NOT_FOUND);
    let bad = [("request_id", "x"), ("plan", "standard"), ("space_id", "acme")];
    assert_eq!(browser.post(&page, "/trial/backlog", &bad).await.status, StatusCode::BAD_REQUEST);
}

/// proves ORG-12: members by name or address, in keyset pages
#[tokio::test]
async fn members_are_searched_page_by_page() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let join_time = Some(timestamp(suite.clock.now()));
    suite.services.change(|data| {
        let (name, email) = ("<b>Jirō</b>".to_owned(), "jiro@example.com".to_owned());
        let role = wire::Role::Member as i32;
        let account_id = THING.to_owned();
        data.members =
            vec![Member { account_id, kind: 1, name, email, role, join_time, ..Member::default() }];
    });
    let page = browser.get(&format!("/organizations/{ORGANIZATION}/members?query=ji%26&page=tok%2Fen")).await;
    let asked = &suite.services.asked::<ListMembersRequest>("list_members")[0];
    assert_eq!((asked.query.as_str(), asked.page_token.as_str()), ("ji&", "tok/en"));
    assert!(page.body.contains("jiro@example.com") && !page.body.contains("<b>"), "{}", page.body);
    assert!(page.body.contains("?query=ji%26&#38;page=next%26page"), "{}", page.body);
    suite.services.refuse("list_members", Kind::InvalidInput, ErrorReason::PageTokenInvalid, vec![]);
    let refused = browser.get(&format!("/organizations/{ORGANIZATION}/members?page=forged")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

/// proves ORG-6: invite by mail with role and message; resend, cancel
#[tokio::test]
async fn somebody_is_invited() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let list = format!("/organizations/{ORGANIZATION}/invitations");
    let page = browser.get(&format!("{list}/new")).await;
    let id = page.hidden("request_id").to_owned();
    let fields = [
        ("request_id", id.as_str()),
        ("email", "hanako@example.com"),
        ("role", "guest"),
        ("message", "Hi\r\nthere"),
        ("language", "ja"),
    ];
    let done = browser.post(&page, &format!("{list}/new"), &fields).await;
    assert_eq!(done.location(), format!("{list}?done=invited"));
    let asked = &suite.services.asked::<CreateInvitationRequest>("create_invitation")[0];
    assert_eq!((asked.request_id.as_str(), asked.message.as_str()), (id.as_str(), "Hi\nthere"));
    assert_eq!((asked.role, asked.language), (wire::Role::Guest as i32, wire::Language::Ja as i32));
    for (what, asked) in [("resend", "resent"), ("cancel", "canceled")] {
        let done = browser.post(&page, &format!("{list}/{OTHER}/{what}"), &[]).await;
        assert_eq!(done.location(), format!("{list}?done={asked}"));
    }
    suite.services.refuse("create_invitation", Kind::Forbidden, ErrorReason::RoleMissing, vec![]);
    let refused = browser.post(&page, &format!("{list}/new"), &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("Your role in this organization does not allow this."));
}

async fn landing(suite: &Suite, browser: &Browser, state: invitation::State) -> String {
    suite.services.change(|data| data.invitation.state = state as i32);
    browser.get("/invitations/TOKEN").await.body
}

/// proves ORG-6: whoever has the link sees who invites; only the invited address accepts
#[tokio::test]
async fn an_invitation_is_accepted_by_a_button() {
    let suite = Suite::start().await;
    let stranger = landing(&suite, &suite.browser(), invitation::State::Open).await;
    assert!(stranger.contains("Hanako invites you to Acme."), "{stranger}");
    assert!(
        stranger.contains("\"/sign-in?to=%2Finvitations%2FTOKEN\""),
        "no address is in the console's own: {stranger}"
    );
    assert!(!stranger.contains("Accept invitation"));
    let (browser, _) = suite.signed_in().await;
    assert!(
        landing(&suite, &browser, invitation::State::Open).await.contains("Accept invitation"),
        "spelled otherwise"
    );
    assert_eq!(suite.services.changes(), Vec::<&str>::new(), "opening it changes nothing");
    let page = browser.get("/invitations/TOKEN").await;
    let joined = browser.post(&page, "/invitations/TOKEN", &[]).await;
    assert_eq!(joined.location(), format!("/organizations/{ORGANIZATION}?done=joined"));
    assert_eq!(suite.services.asked::<AcceptInvitationRequest>("accept_invitation")[0].token, "TOKEN");

    suite.services.change(|data| data.invitation.email = "other@example.com".to_owned());
    assert!(
        landing(&suite, &browser, invitation::State::Open)
            .await
            .contains("the invitation is for other@example.com")
    );
    suite.services.refuse("accept_invitation", Kind::Forbidden, ErrorReason::InvitationForOther, vec![]);
    let refused = browser.post(&page, "/invitations/TOKEN", &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("This invitation is for another email address."), "{}", refused.body);
}

#[tokio::test]
async fn an_invitation_that_is_over_says_so() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    for (state, text) in [
        (invitation::State::Canceled, "This invitation was canceled."),
        (invitation::State::Expired, "This invitation has expired."),
        (invitation::State::Accepted, "This invitation was accepted already."),
    ] {
        let page = landing(&suite, &browser, state).await;
        assert!(page.contains(text) && !page.contains("Accept invitation"), "{page}");
    }
    suite.services.refuse("get_invitation", Kind::NotFound, ErrorReason::LinkInvalid, vec![]);
    let gone =
        suite.browser().send(Method::GET, "/invitations/x", |it| it.header("accept-language", "ja")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.body.contains("このリンクは使用済みか"), "{}", gone.body);
}

/// proves security.md, "Everywhere": limits with 429 and Retry-After
#[tokio::test]
async fn strangers_are_slowed_down() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    for _ in 0..120 {
        assert_eq!(browser.get("/callback").await.status, StatusCode::BAD_REQUEST);
    }
    let limited = browser.get("/sign-in").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.headers.contains_key(header::RETRY_AFTER));
    suite.clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(browser.get("/sign-in").await.status, StatusCode::SEE_OTHER);
}

/// proves security.md, "Everywhere": a limit per session, too; looking at pages is no change
#[tokio::test]
async fn people_are_slowed_down() {
    let suite = Suite::start().await;
    let ((browser, _), (elsewhere, _)) = (suite.signed_in().await, suite.signed_in().await);
    let (page, there) = (browser.get("/account").await, elsewhere.get("/account").await);
    for _ in 0..120 {
        let answer = browser.post(&page, "/account/image/remove", &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }
    let asked = suite.services.changes().len();
    let limited = browser.post(&page, "/account/image/remove", &[]).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers[header::RETRY_AFTER], "1");
    assert!(limited.body.contains("too many"), "{}", limited.body);
    assert_eq!(suite.services.changes().len(), asked, "nobody was asked");
    // So a copied session does not keep its owner from ending it.
    let there = elsewhere.post(&there, "/account/image/remove", &[]).await;
    assert_eq!(there.status, StatusCode::SEE_OTHER, "in another browser");
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    suite.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(browser.post(&page, "/account/image/remove", &[]).await.status, StatusCode::SEE_OTHER);
}
