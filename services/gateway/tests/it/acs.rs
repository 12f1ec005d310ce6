//! The assertion consumer service and the metadata: what anybody may post and ask (SML-1, SML-5).

use crate::{
    neighbours::{REFERENCE, response},
    saml::Managed,
    suite::Suite,
};
use reqwest::Method;

/// proves SML-5: a refused answer is a short text with a reference and a way back, in both languages
#[tokio::test]
async fn a_refused_answer_has_a_reference_and_a_way_back() {
    let managed = Managed::start().await;
    let path = format!("/saml/{}/acs", managed.company.space_key);
    for (language, text, reference) in [
        ("en", "was refused. Tell an administrator", format!("Reference: {REFERENCE}")),
        ("ja", "応答を受け付けられませんでした", format!("参照番号：{REFERENCE}")),
    ] {
        let mut browser = managed.suite.browser();
        browser.language = Some(language);
        let fields = [("SAMLResponse", "bm90IGFuIGFzc2VydGlvbg=="), ("RelayState", "x")];
        let page = browser.post_from(Some("null"), &path, &fields).await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains(&format!("lang=\"{language}\"")), "{}", page.text);
        assert!(page.text.contains(text) && page.text.contains(&reference), "{}", page.text);
        assert!(page.text.contains("href=\"/managed\""), "a way back: {}", page.text);
        assert!(!page.text.contains("bm90IGFu") && browser.session().is_none());
    }
}

/// proves SML-8: who is not known here, or suspended, is told so after a verified assertion, in both languages
#[tokio::test]
async fn who_may_not_come_in_is_told_why() {
    let managed = Managed::start().await;
    let suspended = managed.suite.neighbours.managed("Jiro");
    managed.suite.neighbours.change(&suspended, |it| it.suspended = true);
    let nulab = managed.suite.neighbours.account("Taro");
    for (email, status, english, japanese) in [
        ("nobody@example.com", 404, "no Managed Account for you", "あなたのマネージドアカウントはありません"),
        (&nulab.email, 404, "no Managed Account for you", "あなたのマネージドアカウントはありません"),
        (&suspended.email, 403, "This account is suspended", "このアカウントは停止されています"),
    ] {
        for (language, text) in [("en", english), ("ja", japanese)] {
            let mut browser = managed.suite.browser();
            browser.language = Some(language);
            let left = managed.leave(&browser, "/managed").await;
            let page = browser.get(&managed.answer(&left, email).await).await;
            assert_eq!(page.status, status, "{email}");
            assert!(page.text.contains(text) && page.text.contains("href=\"/managed\""), "{}", page.text);
            assert!(browser.session().is_none());
            let asked = browser.get(&managed.unsolicited(email).await).await;
            let handle = crate::browser::between(&asked.text, "name=\"handle\" value=\"", "\"");
            let fields = [("handle", handle), ("form_token", &asked.form_token())];
            let page = browser.post("/saml/continue", &fields).await;
            assert!(page.status == status && page.text.contains(text), "IdP-initiated too");
        }
    }
}

/// What is no form of one response is refused with a page, and identity is not even asked.
#[tokio::test]
async fn what_no_identity_provider_posts_is_refused() {
    let managed = Managed::start().await;
    let browser = managed.suite.browser();
    let path = format!("/saml/{}/acs", managed.company.space_key);
    let form = "application/x-www-form-urlencoded";
    let large = format!("SAMLResponse={}", "A".repeat(2_000_000));
    for (kind, body, status) in [
        (form, "", 400),
        (form, "RelayState=x", 400),
        (form, "SAMLResponse=a&SAMLResponse=b", 400),
        (form, "SAMLResponse=a&SAMLResponse=a", 400),
        (form, "SAMLResponse=a&RelayState=b&RelayState=c", 400),
        (form, "samlresponse=a", 400),
        (form, &large, 413),
        ("text/plain", "SAMLResponse=a", 400),
        ("application/json", "{\"SAMLResponse\":\"a\"}", 400),
        ("application/x-www-form-urlencodedx", "SAMLResponse=a", 400),
        ("multipart/form-data; boundary=x", "--x--", 400),
    ] {
        let headers = [("content-type", kind), ("origin", "https://idp.example")];
        let page = browser.raw(Method::POST, &path, body, &headers).await;
        assert_eq!(page.status, status, "{kind} {}", &body[..body.len().min(40)]);
        assert!(page.text.contains("<h1>That did not work</h1>"), "a page: {}", page.text);
    }
    let page = browser.raw(Method::POST, &path, "SAMLResponse=a", &[]).await;
    assert_eq!(page.status, 400, "no content type");
    for method in [Method::GET, Method::PUT] {
        let page = browser.send(method, &format!("{path}?SAMLResponse=a"), None, &[]).await;
        assert_eq!(page.status, 405);
        assert!(page.text.contains("<h1>That did not work</h1>"), "{}", page.text);
    }
    for key in ["x", "SPACE0000", "SPACE-0000", "..%2Fsign-in", "SPACE00000%0A"] {
        let page = browser
            .raw(Method::POST, &format!("/saml/{key}/acs"), "SAMLResponse=a", &[("content-type", form)])
            .await;
        assert_eq!(page.status, 404, "{key}");
    }
    assert!(managed.suite.neighbours.state().saml.posted.is_empty(), "identity was not asked");
    let fields = [("SAMLResponse", "a"), ("SigAlg", "x"), ("other", "y")];
    assert_eq!(managed.post(&fields).await.status, 422, "what nobody knows is ignored");
    let headers = [("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")];
    let page = browser.raw(Method::POST, &path, "SAMLResponse=a", &headers).await;
    assert_eq!(page.status, 422, "a media type has no case");
    assert_eq!(managed.suite.neighbours.state().saml.posted.len(), 2);
}

/// proves security.md: the relay state is identity's to judge, passed on to the letter, and leads nowhere
#[tokio::test]
async fn a_hostile_relay_state_leads_nowhere() {
    let managed = Managed::start().await;
    let long = "x".repeat(10_000);
    for relay in [
        "//evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "a\r\nSet-Cookie: __Host-pass=x\r\n",
        "\"><script>alert(1)</script>",
        "?handle=other&x=",
        "ログイン\u{0}",
        &long,
    ] {
        let browser = managed.suite.browser();
        let fields = [("SAMLResponse", &*response(&managed.person.email)), ("RelayState", relay)];
        let page = managed.post(&fields).await;
        let location = page.location();
        let handle = location.strip_prefix("/saml/continue?handle=").expect("our own page");
        assert!(handle.parse::<pass_types::Secret>().is_ok(), "{location}");
        assert!(page.headers.get("set-cookie").is_none());
        assert_eq!(managed.suite.neighbours.state().saml.posted.last().unwrap().2, relay);
        let asked = browser.get(&location).await;
        assert!(!asked.text.contains("evil") && !asked.text.contains("alert"), "{}", asked.text);
        let fields = [("handle", handle), ("form_token", &asked.form_token())];
        assert_eq!(browser.post("/saml/continue", &fields).await.location(), "/");
    }
}

/// A response as large as identity takes goes through.
#[tokio::test]
async fn a_large_response_is_passed_on() {
    let managed = Managed::start().await;
    let large = "A+/=".repeat(256 * 1024 / 3);
    assert_eq!(managed.post(&[("SAMLResponse", &large)]).await.status, 422);
    assert_eq!(managed.suite.neighbours.state().saml.posted[0].1, large);
}

/// proves SML-1: the metadata is where the entity ID points, as its own type
#[tokio::test]
async fn metadata_is_at_the_entity_id() {
    let managed = Managed::start().await;
    let browser = managed.suite.browser();
    let page = browser.get(&format!("/saml/{}", managed.company.space_key)).await;
    assert_eq!((page.status, page.header("content-type")), (200, "application/samlmetadata+xml"));
    let address = format!("{}/saml/{}", crate::suite::ISSUER, managed.company.space_key);
    assert!(page.text.contains(&address), "{}", page.text);
    for unknown in ["/saml/ABCDEFGHIJ", "/saml/x", "/saml/SPACE0000%22"] {
        let page = browser.get(unknown).await;
        assert_eq!(page.status, 404, "{unknown}");
        assert!(page.text.contains("<h1>Page not found</h1>"), "{}", page.text);
    }
}

/// Who posts and begins too fast is slowed down, before identity is asked.
#[tokio::test]
async fn posts_and_tests_are_limited() {
    let suite = Suite::with(|config| config.flows_per_minute = 2.try_into().unwrap()).await;
    let company = suite.neighbours.company("nulab");
    let browser = suite.browser();
    let path = format!("/saml/{}/acs", company.space_key);
    let fields = [("SAMLResponse", "a")];
    for _ in 0..2 {
        assert_eq!(browser.post(&path, &fields).await.status, 422);
    }
    for page in [browser.post(&path, &fields).await, browser.get("/saml/tests/x").await] {
        assert_eq!(page.status, 429);
        assert!(page.header("retry-after").parse::<u64>().unwrap() <= 61);
        assert!(page.text.contains("too many"), "{}", page.text);
    }
    assert_eq!(suite.neighbours.state().saml.posted.len(), 2);
    suite.clock.advance(time::Duration::minutes(1));
    assert_eq!(browser.post(&path, &fields).await.status, 422);
}

/// The credentials' limit counts for "Continue as …" too.
#[tokio::test]
async fn going_on_is_limited() {
    let suite = Suite::with(|config| config.credentials_per_minute = 2.try_into().unwrap()).await;
    let browser = suite.browser();
    let token = browser.get("/sign-in").await.form_token();
    let fields = [("handle", "x"), ("form_token", token.as_str())];
    for status in [422, 422, 429] {
        assert_eq!(browser.post("/saml/continue", &fields).await.status, status);
    }
}
