//! "Log in with Managed Account" up to leaving (SML-8), and the link of an invitation (MAN-2).

use crate::{
    browser::between,
    saml::{Managed, departure},
    suite::Suite,
};
use pass_proto::{errors::v1::ErrorReason, types::v1::Language};

/// proves SML-8: what is wrong is said before leaving, an unknown Organization ID at its field, in both languages
#[tokio::test]
async fn what_is_wrong_is_said_before_leaving() {
    let managed = Managed::start().await;
    let set_refusal = |reason| managed.suite.neighbours.state().saml.companies[0].refusal = reason;
    for (reason, identifier, english, japanese) in [
        (None, "unknown", "There is no such Organization ID", "この組織IDは存在しません"),
        (
            Some(ErrorReason::SamlNotSetUp),
            "nulab",
            "has not set up SAML",
            "この組織ではSAMLが設定されていません",
        ),
        (Some(ErrorReason::NulabPassEnded), "nulab", "Nulab Pass has ended", "Nulab Passは終了しました"),
    ] {
        set_refusal(reason);
        for (language, text) in [("en", english), ("ja", japanese)] {
            let mut browser = managed.suite.browser();
            browser.language = Some(language);
            let page = browser.submit("/managed", &[("identifier", identifier)]).await;
            assert_eq!(page.status, if reason.is_none() { 404 } else { 422 });
            assert!(page.text.contains(&format!("lang=\"{language}\"")), "{}", page.text);
            assert!(page.text.contains(text), "{}", page.text);
            assert!(page.text.contains(&format!("value=\"{identifier}\"")), "typed once is enough");
            let at_field = page.text.contains("id=\"identifier-error\"");
            assert_eq!(at_field, reason.is_none(), "{}", page.text);
            assert!(!browser.cookies.lock().unwrap().contains_key("__Host-pass-saml"));
        }
    }
}

/// The form is our own page's, in a flow of the browser's, with its field once.
#[tokio::test]
async fn the_form_is_of_our_own_page() {
    let managed = Managed::start().await;
    let (browser, product) = (managed.suite.browser(), managed.suite.product("backlog").await);
    let token = browser.get("/managed").await.form_token();
    let post = async |fields: &[(&str, &str)]| browser.post("/managed", fields).await.status;
    assert_eq!(post(&[("identifier", "nulab")]).await, 403);
    assert_eq!(post(&[("form_token", &token)]).await, 400);
    assert_eq!(post(&[("identifier", "a"), ("identifier", "b"), ("form_token", &token)]).await, 400);
    let fields = [("identifier", "nulab"), ("form_token", token.as_str())];
    assert_eq!(browser.post_from(Some("https://evil.example"), "/managed", &fields).await.status, 403);
    let location = browser.get(&product.authorize(&[("ui_locales", "ja")])).await.location();
    let path = location.replace("/sign-in", "/managed");
    let stranger = managed.suite.browser();
    assert_eq!(stranger.get(&path).await.status, 400, "another browser's flow");
    let page = browser.get(&path).await;
    assert!(page.text.contains("マネージドアカウントでログイン"), "in the product's language");
    let page = browser.submit(&path, &[("identifier", "nulab")]).await;
    assert!(page.text.contains("lang=\"ja\"") && page.text.contains("IDプロバイダー（idp.example）"));
}

/// An address that is no web page's is never shown, whatever an organization's settings say.
#[tokio::test]
async fn a_hostile_address_is_not_shown() {
    let managed = Managed::start().await;
    let set_url = |url: &str| url.clone_into(&mut managed.suite.neighbours.state().saml.companies[0].sso_url);
    for hostile in [
        "javascript:alert(1)//",
        "JAVASCRIPT:alert(1)//",
        "data:text/html,<script>alert(1)</script>",
        "//evil",
    ] {
        set_url(hostile);
        let browser = managed.suite.browser();
        let page = browser.submit("/managed", &[("identifier", "nulab")]).await;
        assert_eq!(page.status, 500, "{hostile}");
        let text = page.text.to_lowercase();
        assert!(!text.contains("alert(") && !text.contains("refresh") && !text.contains("evil"), "{text}");
        assert!(!browser.cookies.lock().unwrap().contains_key("__Host-pass-saml"));
    }
}

/// Quotes, semicolons and what looks like a second address stay in the address: nothing ends it early.
#[tokio::test]
async fn an_address_stays_one_address() {
    let managed = Managed::start().await;
    for odd in [
        "https://idp.example/a;url=javascript:alert(1)?b='c';d",
        "https://idp.example/\"'/sso?x=\"><script>alert(1)</script>",
        "https://idp.example/sso?0;url=//evil.example, 1",
    ] {
        managed.suite.neighbours.state().saml.companies[0].sso_url = odd.to_owned();
        let browser = managed.suite.browser();
        let page = browser.submit("/managed", &[("identifier", "nulab")]).await;
        let (left, expected) = (departure(&page), url::Url::parse(odd).unwrap());
        assert_eq!((left.host_str(), left.path()), (Some("idp.example"), expected.path()));
        assert!(left.as_str().starts_with(expected.as_str()), "{left}");
        let refresh = between(&page.text, "http-equiv=\"refresh\" content=\"", "\"");
        assert!(refresh.starts_with("0;url=https://idp.example/") && !refresh.contains(['<', '>', ' ']));
        assert_eq!(page.text.matches("http-equiv").count(), 1);
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
}

/// 429 with Retry-After at the form.
#[tokio::test]
async fn organization_ids_typed_too_fast_are_slowed_down() {
    let suite = Suite::with(|config| config.credentials_per_minute = 2.try_into().unwrap()).await;
    let browser = suite.browser();
    let token = browser.get("/managed").await.form_token();
    let fields = [("identifier", "unknown"), ("form_token", token.as_str())];
    for status in [404, 404, 429] {
        let page = browser.post("/managed", &fields).await;
        assert_eq!(page.status, status);
        assert_eq!(status == 429, page.headers.contains_key("retry-after"));
        assert!(page.text.contains("name=\"identifier\""), "the form again: {}", page.text);
    }
}

/// proves MAN-2, as far as the gateway goes: the link says how to sign in, in the account's language; one that
/// is over bars nobody
#[tokio::test]
async fn an_invitation_leads_to_the_sign_in() {
    let managed = Managed::start().await;
    let (browser, neighbours) = (managed.suite.browser(), &managed.suite.neighbours);
    let link = neighbours.invite(&managed.company, "nulab", Language::En);
    let page = browser.get(&link).await;
    assert!(
        page.text.contains("Hanako &#60;b&#62;") && page.text.contains("nulab &#38; Sons"),
        "{}",
        page.text
    );
    let typed = between(&page.text, "name=\"identifier\" type=\"text\" value=\"", "\"");
    let fields = [("identifier", typed), ("form_token", &page.form_token())];
    departure(&browser.post("/managed", &fields).await);

    let link = neighbours.invite(&managed.company, "", Language::Ja);
    let page = browser.get(&link).await;
    assert!(page.text.contains("lang=\"ja\"") && page.text.contains("href=\"/managed\""), "{}", page.text);
    assert!(page.text.contains("組織でのメールアドレスでログイン") && !page.text.contains("identifier"));

    let page = browser.get("/managed/invitations/over").await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("You can sign in all the same"), "{}", page.text);
    assert!(page.text.contains("href=\"/managed\""), "{}", page.text);
}
