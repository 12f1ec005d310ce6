//! Known devices and login alerts (ACC-10).

use crate::{
    company::Company,
    guessing::{device, user_with, with_device},
    suite::{PASSWORD, Suite, User, credentials},
};
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{
        NewDeviceSignedIn, account_change_refused::Subject, envelope::Payload, session_ended::Cause,
    },
    identity::v1::*,
};
use pass_testkit::wait_for;
use pass_types::{AccountId, Entropy, Kind, LinkKey};
use prost_types::FieldMask;
use std::time::Duration as Span;
use time::Duration;

const TARO: &str = "taro@example.com";
const HOME: &str = "192.0.2.1";
const AWAY: &str = "198.51.100.1";
const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The alerts of an account, in order.
async fn alerts(suite: &Suite, account: AccountId) -> Vec<NewDeviceSignedIn> {
    let told = suite.events_of(account).await.into_iter();
    let alerts = told.filter_map(|payload| match payload {
        Payload::NewDeviceSignedIn(alert) => Some(alert),
        _ => None,
    });
    alerts.collect()
}

/// Signs in from there with this device.
async fn sign_in(suite: &Suite, address: &str, device_token: &str) -> User {
    suite.clock.advance(Span::from_millis(1));
    let gateway = suite.gateway_from(address, LINUX);
    let answer = gateway.sign_in(with_device(TARO, PASSWORD, device_token)).await.unwrap();
    let session = answer.session.unwrap();
    User {
        account: answer.account_id.parse().unwrap(),
        session: session.session_id.parse().unwrap(),
        token: session.token,
    }
}

/// The mail of the account's only alert, and the token of its link.
async fn mail(suite: &Suite, account: AccountId) -> (PrepareLoginAlertMailResponse, String) {
    let [NewDeviceSignedIn { login_alert_id, .. }] = alerts(suite, account).await.try_into().unwrap();
    let request = PrepareLoginAlertMailRequest { login_alert_id };
    let mail = suite.system("notification").prepare_login_alert_mail(request).await.unwrap();
    let token = mail.url.strip_prefix("https://pass.test/not-me/").unwrap().to_owned();
    (mail, token)
}

async fn is_alive(suite: &Suite, user: &User) -> bool {
    let request = ResolveSessionRequest { token: user.token.clone() };
    suite.gateway_anonymous().resolve_session(request).await.is_ok()
}

fn switch(login_alerts: bool) -> UpdateMySecuritySettingsRequest {
    UpdateMySecuritySettingsRequest {
        settings: Some(SecuritySettings { login_alerts }),
        update_mask: Some(FieldMask { paths: vec!["login_alerts".to_owned()] }),
    }
}

/// proves ACC-10, ACC-11: an alert is for a new device in a new network, keyed on device and coarse network, not on the
/// bare address; the first sign-in after signing up is none. Every new device is in the list of security events.
#[tokio::test]
async fn news_is_a_new_device_in_a_new_network() {
    let suite = Suite::start().await;
    let (own, second, third) = (device(1), device(2), device(3));
    let account = user_with(&suite, TARO, &own).await;
    let count = async || alerts(&suite, account).await.len();
    let noted = async || suite.count("SELECT count(*) FROM security_events WHERE kind = 'new_device'").await;
    assert_eq!(count().await, 0, "signing up");
    // Mails so far, and what the list of security events has.
    for (address, device_token, mailed, listed, why) in [
        (HOME, own.as_str(), 0, 0, "the same again"),
        ("192.0.2.200", &own, 0, 0, "another address of the same network"),
        (AWAY, &own, 0, 0, "the same device on a journey"),
        ("192.0.2.9", &second, 0, 1, "a second device at home"),
        ("203.0.113.1", &third, 1, 2, "both are new"),
        ("203.0.113.1", &third, 1, 2, "and known from then on"),
        ("2001:db8:1::1", &device(4), 2, 3, "both are new, IPv6"),
        ("2001:db8:1:ffff::2", &device(5), 2, 4, "the same /48"),
        ("unknown", &device(6), 3, 5, "no network at all is nobody's"),
        ("", &device(7), 4, 6, "and is not known either"),
    ] {
        sign_in(&suite, address, device_token).await;
        assert_eq!((count().await, noted().await), (mailed, listed), "{why}");
    }
}

/// proves ACC-10, bad input: a cookie that is no device's is an unknown device's, and never an error
#[tokio::test]
async fn a_garbage_cookie_is_an_unknown_device() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let (long, other) = ("x".repeat(1 << 20), device(9));
    for (i, garbage) in ["", "nonsense", "a\0b", &long, &other[1..]].into_iter().enumerate() {
        sign_in(&suite, &format!("198.51.{i}.1"), garbage).await;
        assert_eq!(alerts(&suite, account).await.len(), i + 1, "{}", &garbage[..garbage.len().min(20)]);
    }
}

/// Bad input: browsers may say anything of any length.
#[tokio::test]
async fn odd_browsers_are_cut_short() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let long = "界".repeat(10 << 10);
    for (i, user_agent) in
        [long.as_str(), "a\n\tb\u{202e}\u{1b}[31m", "<script>", "a\0b"].into_iter().enumerate()
    {
        let gateway = suite.gateway_from(&format!("198.51.{i}.1"), user_agent);
        gateway.sign_in(with_device(TARO, PASSWORD, &device(20))).await.unwrap();
    }
    let longest = suite.count("SELECT max(length(user_agent))::bigint FROM login_history").await;
    assert!(longest <= 256, "{longest}");
    assert_eq!(alerts(&suite, account).await.len(), 1, "the device is known after the first");
}

/// proves ACC-10: the mail is in the owner's language and time zone, with when and what, and a link
#[tokio::test]
async fn the_mail() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let there = sign_in(&suite, AWAY, &device(2)).await;
    assert_eq!(alerts(&suite, account).await[0].session_id, there.session.to_string());
    let (first, token) = mail(&suite, account).await;
    assert_eq!((first.email.as_str(), first.time_zone.as_str()), (TARO, "Asia/Tokyo"));
    assert_eq!(first.language(), pass_proto::types::v1::Language::Ja);
    assert_eq!(first.user_agent, LINUX);
    let life = first.expire_time.unwrap().seconds - first.sign_in_time.unwrap().seconds;
    assert_eq!(life, 7 * 24 * 60 * 60);
    assert_eq!(mail(&suite, account).await.0, first, "preparing twice gives the same");
    let stored =
        suite.count("SELECT count(*) FROM login_alerts WHERE login_alerts::text LIKE '%not-me%'").await;
    assert_eq!(stored, 0, "the link is not stored");
    let shown = suite.gateway_anonymous().get_login_alert(GetLoginAlertRequest { token }).await.unwrap();
    assert_eq!((shown.sign_in_time, shown.user_agent), (first.sign_in_time, first.user_agent));
    assert_eq!((shown.language, shown.time_zone), (first.language, first.time_zone));
}

/// proves ACC-10: opening the link changes nothing; "this was not me" ends every session, makes the password useless,
/// forgets the devices and has the mail of a reset sent; it works once
#[tokio::test]
async fn this_was_not_me() {
    let suite = Suite::start().await;
    let own = device(1);
    let account = user_with(&suite, TARO, &own).await;
    let mine = sign_in(&suite, HOME, &own).await;
    let theirs = sign_in(&suite, AWAY, &device(2)).await;
    let stranger = suite.user("jiro@example.com").await;
    let (_, token) = mail(&suite, account).await;
    let gateway = suite.gateway_anonymous();
    for _ in 0..3 {
        gateway.get_login_alert(GetLoginAlertRequest { token: token.clone() }).await.unwrap();
    }
    assert!(is_alive(&suite, &mine).await && is_alive(&suite, &theirs).await);

    gateway.disown_sign_in(DisownSignInRequest { token: token.clone() }).await.unwrap();
    assert!(!is_alive(&suite, &mine).await && !is_alive(&suite, &theirs).await);
    assert!(is_alive(&suite, &stranger).await, "and nobody else's");
    let told = suite.events_of(account).await;
    let ended = |it: &&Payload| matches!(it, Payload::SessionEnded(it) if it.cause() == Cause::EndedByOwner);
    assert_eq!(told.iter().filter(ended).count(), 3, "that of signing up, too");
    assert_eq!(told.iter().filter(|it| matches!(it, Payload::SignInDisowned(_))).count(), 1);
    let resets = suite.events().await.into_iter();
    let resets = resets.filter(|it| matches!(it.payload, Some(Payload::PasswordResetRequested(_)))).count();
    let open = suite.count("SELECT count(*) FROM password_resets WHERE email = 'taro@example.com'").await;
    assert_eq!((resets, open), (1, 1));
    for device_token in [&own, &device(2)] {
        let refused = gateway.sign_in(with_device(TARO, PASSWORD, device_token)).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::CredentialsInvalid, "whoever knows the password");
    }
    let known = format!("SELECT count(*) FROM known_devices WHERE account_id = '{account}'");
    let known: i64 =
        sqlx::query_scalar(sqlx::AssertSqlSafe(known)).fetch_one(&suite.database.pool).await.unwrap();
    assert_eq!(known, 0);
    assert_eq!(suite.count("SELECT count(*) FROM security_events WHERE kind = 'not_me'").await, 1);
    for again in [
        gateway.get_login_alert(GetLoginAlertRequest { token: token.clone() }).await.err(),
        gateway.disown_sign_in(DisownSignInRequest { token }).await.err(),
    ] {
        assert_eq!(again.unwrap().reason, ErrorReason::LinkInvalid);
    }
    assert_eq!(suite.events_of(account).await.len(), told.len(), "there is no password to be wrong about");
}

/// proves ACC-10: of many who use the link at once, one does
#[tokio::test(flavor = "multi_thread")]
async fn the_link_works_once() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    sign_in(&suite, AWAY, &device(2)).await;
    let (_, token) = mail(&suite, account).await;
    let (here, there) = (suite.gateway_anonymous(), suite.replica().await);
    let request = || DisownSignInRequest { token: token.clone() };
    let uses = (0..20).map(|i| if i % 2 == 0 { &here } else { &there }.disown_sign_in(request()));
    let answers = futures::future::join_all(uses).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let told = suite.events_of(account).await;
    assert_eq!(told.iter().filter(|it| matches!(it, Payload::SignInDisowned(_))).count(), 1);
}

/// proves ACC-10, bad input: a link works for 7 days; those of others, of other purposes and changed ones open nothing
#[tokio::test]
async fn links_that_open_nothing() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let mine = sign_in(&suite, AWAY, &device(2)).await;
    let (_, token) = mail(&suite, account).await;
    let id = Entropy::from_seed(1).uuid(time::OffsetDateTime::UNIX_EPOCH);
    let foreign = LinkKey::new(b"a secret of others").unwrap().mint("login-alert", id, 1);
    let of_sign_up = suite.link("jiro@example.com").await;
    let mut changed = token.clone();
    changed.replace_range(30..31, if &token[30..31] == "A" { "B" } else { "A" });
    let gateway = suite.gateway_anonymous();
    for wrong in
        [String::new(), "done".to_owned(), "A".repeat(70), foreign, of_sign_up, changed, "x".repeat(1 << 20)]
    {
        let looked =
            gateway.get_login_alert(GetLoginAlertRequest { token: wrong.clone() }).await.unwrap_err();
        let done = gateway.disown_sign_in(DisownSignInRequest { token: wrong }).await.unwrap_err();
        for refused in [looked, done] {
            assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::LinkInvalid));
        }
    }
    assert!(is_alive(&suite, &mine).await);
    suite.clock.advance(Duration::days(7) - Duration::SECOND);
    gateway.get_login_alert(GetLoginAlertRequest { token: token.clone() }).await.unwrap();
    suite.clock.advance(Duration::SECOND);
    let late = gateway.disown_sign_in(DisownSignInRequest { token }).await.unwrap_err();
    assert_eq!(late.reason, ErrorReason::LinkInvalid);
    let [alert] = alerts(&suite, account).await.try_into().unwrap();
    let request = PrepareLoginAlertMailRequest { login_alert_id: alert.login_alert_id };
    let late = suite.system("notification").prepare_login_alert_mail(request).await.unwrap_err();
    assert_eq!(late.reason, ErrorReason::LinkInvalid);
    wait_for(async || suite.count("SELECT count(*) FROM login_alerts").await == 0).await;
}

/// proves ACC-10: alerts are on until the owner switches them off, which is a security event; a sign-in from something
/// new is one whether or not it is mailed
#[tokio::test]
async fn alerts_can_be_switched_off() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let mine = sign_in(&suite, HOME, &device(1)).await;
    let console = suite.console_as(&mine);
    let on = async || {
        let answer = console.get_my_security_settings(GetMySecuritySettingsRequest {}).await.unwrap();
        answer.settings.unwrap().login_alerts
    };
    let kinds = async || -> Vec<String> {
        let query = "SELECT kind FROM security_events ORDER BY id";
        sqlx::query_scalar(query).fetch_all(&suite.database.pool).await.unwrap()
    };
    assert!(on().await);
    for _ in 0..2 {
        suite.clock.advance(Duration::SECOND);
        let answer = console.update_my_security_settings(switch(false)).await.unwrap();
        assert!(!answer.settings.unwrap().login_alerts && !on().await);
    }
    assert_eq!(kinds().await, ["login_alerts_off"], "once");
    suite.clock.advance(Duration::SECOND);
    sign_in(&suite, AWAY, &device(2)).await;
    assert_eq!(alerts(&suite, account).await.len(), 0);
    suite.clock.advance(Duration::SECOND);
    console.update_my_security_settings(switch(true)).await.unwrap();
    assert!(on().await);
    suite.clock.advance(Duration::SECOND);
    sign_in(&suite, "203.0.113.1", &device(3)).await;
    assert_eq!(alerts(&suite, account).await.len(), 1);
    assert_eq!(kinds().await, ["login_alerts_off", "new_device", "login_alerts_on", "new_device"]);
    let told = suite.events_of(account).await;
    let changed = told.iter().filter(|it| matches!(it, Payload::SecuritySettingsChanged(_))).count();
    assert_eq!(changed, 2);
}

/// proves ACC-10, AUD-1: switching alerts off needs a sign-in of the last minutes, which is told when it is refused;
/// switching them on does not. The mail that is due says that they are off
#[tokio::test]
async fn switching_alerts_off_needs_a_fresh_sign_in() {
    let suite = Suite::start().await;
    user_with(&suite, TARO, &device(1)).await;
    let mine = sign_in(&suite, HOME, &device(1)).await;
    suite.clock.advance(Duration::minutes(10));
    let stale = suite.console_as(&mine);
    let refused = stale.update_my_security_settings(switch(false)).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::FreshSignInNeeded));
    let told = suite.events().await.pop().unwrap();
    let Some(Payload::AccountChangeRefused(told)) = told.payload else { panic!("{told:?}") };
    assert_eq!(told.subject(), Subject::SecuritySettings);
    assert_eq!(suite.count("SELECT count(*) FROM security_settings").await, 0);

    let fresh = suite.console_as(&sign_in(&suite, HOME, &device(1)).await);
    fresh.update_my_security_settings(switch(false)).await.unwrap();
    stale.update_my_security_settings(switch(false)).await.unwrap();
    stale.update_my_security_settings(switch(true)).await.unwrap();
    let told = suite.events_of(mine.account).await.into_iter();
    let told: Vec<_> = told
        .filter_map(|it| match it {
            Payload::SecuritySettingsChanged(it) => it.login_alerts,
            _ => None,
        })
        .collect();
    assert_eq!(told, [false, true]);
}

/// Bad input: masks and messages that say nothing, or too much.
#[tokio::test]
async fn settings_that_make_no_sense() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    let console = suite.console_as(&user);
    let mask = |paths: &[&str]| Some(FieldMask { paths: paths.iter().map(|&it| it.to_owned()).collect() });
    for (request, field) in [
        (UpdateMySecuritySettingsRequest::default(), "settings"),
        (UpdateMySecuritySettingsRequest { settings: None, ..switch(false) }, "settings"),
        (UpdateMySecuritySettingsRequest { update_mask: None, ..switch(false) }, "update_mask"),
        (UpdateMySecuritySettingsRequest { update_mask: mask(&[]), ..switch(false) }, "update_mask"),
        (UpdateMySecuritySettingsRequest { update_mask: mask(&["email"]), ..switch(false) }, "update_mask"),
        (
            UpdateMySecuritySettingsRequest { update_mask: mask(&["login_alerts"; 2]), ..switch(false) },
            "update_mask",
        ),
    ] {
        let refused = console.update_my_security_settings(request).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::InvalidArgument);
        assert_eq!(refused.violations[0].0, field);
    }
    assert_eq!(suite.count("SELECT count(*) FROM security_settings").await, 0);
}

/// proves ACC-10, MAN-6: who signs in to a Managed Account is its identity provider's to watch: there are no alerts, and
/// nothing to switch
#[tokio::test]
async fn managed_accounts_have_no_alerts() {
    let company = Company::start().await;
    let account = company.employ("hanako@acme.example").await;
    let token = company.suite.managed_session(account).await;
    let session: uuid::Uuid = sqlx::query_scalar("SELECT id FROM sessions WHERE account_id = $1")
        .bind(account.uuid())
        .fetch_one(&company.suite.database.pool)
        .await
        .unwrap();
    let user = User { account, session: session.into(), token };
    let console = company.suite.console_as(&user);
    let settings = console.get_my_security_settings(GetMySecuritySettingsRequest {}).await.unwrap().settings;
    assert!(!settings.unwrap().login_alerts);
    let refused = console.update_my_security_settings(switch(true)).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::ManagedByOrganization));
    console.list_my_login_history(ListMyLoginHistoryRequest::default()).await.unwrap();
}

/// An account knows so many devices, and those that it has seen in the last 13 months.
#[tokio::test]
async fn devices_are_forgotten() {
    let suite = Suite::start().await;
    user_with(&suite, TARO, &device(1)).await;
    let count = async || suite.count("SELECT count(*) FROM known_devices").await;
    for i in 0..60 {
        sign_in(&suite, HOME, &device(100 + i)).await;
    }
    assert_eq!(count().await, 50);
    let first = suite.gateway_from(AWAY, LINUX);
    first.sign_in(with_device(TARO, PASSWORD, &device(100))).await.unwrap();
    assert_eq!(suite.count("SELECT count(*) FROM login_alerts").await, 1, "long forgotten");
    suite.clock.advance(Duration::days(300));
    sign_in(&suite, HOME, &device(159)).await;
    suite.clock.advance(Duration::days(110));
    wait_for(async || count().await == 1).await;
    first.sign_in(credentials(TARO, PASSWORD)).await.unwrap();
}
