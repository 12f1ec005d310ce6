//! The login history, security events and login alerts (ACC-10, ACC-11).

use crate::suite::Suite;
use http::StatusCode;
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{
        ListMyLoginHistoryRequest, ListMySecurityEventsRequest, LoginHistoryEntry, SecurityEvent,
        UpdateMySecuritySettingsRequest,
    },
    types::v1 as wire,
};
use pass_types::{Clock, Kind};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn suite() -> Suite {
    let suite = Suite::start().await;
    let time = Some(timestamp(suite.clock.now()));
    let entry = |user_agent: &str, method: &str, refused_because: &str| LoginHistoryEntry {
        time,
        address: "203.0.113.9".to_owned(),
        user_agent: user_agent.to_owned(),
        product: "<Backlog>".to_owned(),
        method: method.to_owned(),
        refused_because: refused_because.to_owned(),
    };
    let event = |kind: &str, detail: &str| SecurityEvent {
        time,
        kind: kind.to_owned(),
        address: "203.0.113.9".to_owned(),
        user_agent: FIREFOX.to_owned(),
        detail: detail.to_owned(),
    };
    suite.services.change(|data| {
        data.logins = vec![
            entry(FIREFOX, "pwd", ""),
            entry("\n\u{202e}<script>", "pwd", "CREDENTIALS_INVALID"),
            entry("", "later", "OF_A_LATER_VERSION"),
        ];
        data.security_events = vec![
            event("password_changed", ""),
            event("security_key_added", "<my key>"),
            event("of_a_later_version", ""),
        ];
    });
    suite
}

/// proves ACC-11: the owner sees time, address, browser, product, method and outcome in words, page by page
#[tokio::test]
async fn the_login_history() {
    let suite = suite().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account/history").await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "2 Mar 2026, 18:00",
        "203.0.113.9",
        "Firefox · Linux",
        "&#60;Backlog&#62;",
        "Signed in",
        "Wrong password",
        "Refused",
        "Unknown browser",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("\u{202e}") && !page.body.contains("<script>"), "{}", page.body);
    assert!(page.body.contains("/account/history?page=later%26on"), "{}", page.body);
    browser.get("/account/history?page=later%26on").await;
    let asked = suite.services.asked::<ListMyLoginHistoryRequest>("list_my_login_history");
    assert_eq!(asked.iter().map(|it| it.page_token.as_str()).collect::<Vec<_>>(), ["", "later&on"]);
    suite.services.change(|data| data.account.language = wire::Language::Ja as i32);
    let page = browser.get("/account/history").await;
    assert!(
        page.body.contains("2026年3月2日 18:00") && page.body.contains("パスワードの誤り"),
        "{}",
        page.body
    );
    let wrong = (Kind::InvalidInput, ErrorReason::PageTokenInvalid);
    suite.services.refuse("list_my_login_history", wrong.0, wrong.1, vec![]);
    assert_eq!(browser.get("/account/history?page=x").await.status, StatusCode::BAD_REQUEST);
}

/// The end of the link to the gateway's page of password and second factors.
const PROTECTION: &str = "/security\">Password and two-factor authentication<";

/// proves ACC-11: the owner sees what changed the account's safety in words, page by page
#[tokio::test]
async fn the_security_events() {
    let suite = suite().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account/security-events").await;
    assert!(page.body.contains(PROTECTION), "from there to the password: {}", page.body);
    for text in
        ["Password changed", "&#60;my key&#62;", "Your account's security was changed", "Firefox · Linux"]
    {
        let text = text.replace('\'', "&#39;");
        assert!(page.body.contains(&text), "{text}: {}", page.body);
    }
    assert!(page.body.contains("/account/security-events?page=later%26on"), "{}", page.body);
    browser.get("/account/security-events?page=later%26on").await;
    let asked = suite.services.asked::<ListMySecurityEventsRequest>("list_my_security_events");
    assert_eq!(asked.iter().map(|it| it.page_token.as_str()).collect::<Vec<_>>(), ["", "later&on"]);
}

/// proves ACC-10: whoever has to sign in afresh to switch alerts off comes back to the switch
#[tokio::test]
async fn switching_alerts_off_leads_through_a_fresh_sign_in() {
    const METHOD: &str = "update_my_security_settings";
    let suite = suite().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account/security-events").await;
    suite.services.refuse(METHOD, Kind::Precondition, ErrorReason::FreshSignInNeeded, vec![]);
    let sent = browser.post(&page, "/account/login-alerts", &[("login_alerts", "off")]).await;
    let to_gateway = browser.get(sent.location()).await;
    assert!(to_gateway.location().contains("&prompt=login"), "{}", to_gateway.location());
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
    let again = browser.get(&back).await;
    assert_eq!(again.location(), "/account/security-events?done=signed-in-again");
    let page = browser.get(again.location()).await;
    assert!(page.body.contains("You have signed in again"), "{}", page.body);
    suite.services.relent();
    let done = browser.post(&page, "/account/login-alerts", &[("login_alerts", "off")]).await;
    assert_eq!(done.location(), "/account/security-events?done=alerts-off");
}

/// proves ACC-10: alerts are switched off and on; a Managed Account has nothing to switch
#[tokio::test]
async fn login_alerts_are_switched() {
    let suite = suite().await;
    let (browser, _) = suite.signed_in().await;
    for (field, done) in [("off", "alerts-off"), ("on", "alerts-on")] {
        let page = browser.get("/account/security-events").await;
        assert!(page.body.contains(&format!(r#"name="login_alerts" value="{field}""#)), "{}", page.body);
        let switched = browser.post(&page, "/account/login-alerts", &[("login_alerts", field)]).await;
        assert_eq!(switched.location(), format!("/account/security-events?done={done}"));
    }
    let asked = suite.services.asked::<UpdateMySecuritySettingsRequest>("update_my_security_settings");
    let asked: Vec<_> = asked.into_iter().map(|it| it.settings.unwrap().login_alerts).collect();
    assert_eq!(asked, [false, true]);
    let page = browser.get("/account/security-events").await;
    for wrong in ["", "maybe", "true"] {
        let answer = browser.post(&page, "/account/login-alerts", &[("login_alerts", wrong)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong:?}");
    }
    suite.services.change(|data| data.account.kind = wire::AccountKind::Managed as i32);
    let page = browser.get("/account/security-events").await;
    assert!(page.body.contains("Password changed") && !page.body.contains("login_alerts"), "{}", page.body);
    assert!(page.body.contains("tell an administrator of your organization"), "{}", page.body);
    assert!(!page.body.contains("change your password"), "they have none: {}", page.body);
    assert!(!page.body.contains(PROTECTION), "it has no password (MAN-6)");
}
