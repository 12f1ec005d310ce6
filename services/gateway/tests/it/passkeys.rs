//! Signing in with a passkey alone.

use crate::{neighbours::ANSWER, suite::Suite};

/// proves ACC-9: looking at the page is no try: a page elsewhere that shows its address a hundred times as an image
/// keeps nobody of that network from signing in
#[tokio::test]
async fn looking_at_the_passkey_page_is_no_try() {
    let suite = Suite::with(|config| {
        config.credentials_per_minute = 3.try_into().unwrap();
        config.flows_per_minute = 10.try_into().unwrap();
    })
    .await;
    let (taro, browser) = (suite.neighbours.account("Taro"), suite.browser());
    for _ in 0..10 {
        assert_eq!(suite.browser().get("/sign-in/passkey").await.status, 200);
    }
    assert_eq!(suite.browser().get("/sign-in/passkey").await.status, 429, "but not without end");
    assert_eq!(browser.sign_in("/sign-in", &taro).await.location(), "/");
}

/// proves ACC-9: a passkey alone signs in, for a product, too; the challenge is of one browser and for one answer
#[tokio::test]
async fn a_passkey_alone_signs_in() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let jiro = suite.neighbours.account("Jiro");
    suite.neighbours.state().factors.keys.insert(jiro.id, vec!["Phone".to_owned()]);
    let browser = suite.browser();
    let sign_in = browser.get(&product.authorize(&[])).await.location();
    let page = browser.get(&sign_in).await;
    let path = format!("/sign-in/passkey{}", &sign_in["/sign-in".len()..]);
    assert!(page.text.contains(&format!("href=\"{path}\"")), "{}", page.text);
    let page = browser.get(&path).await;
    let cookie = page.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
    let cookie = cookie.filter(|it| it.starts_with("__Host-pass-passkey=")).collect::<String>();
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    assert!(page.text.contains("data-webauthn=\"get\"") && page.text.contains("Product backlog"));

    let wrong = browser.submit(&path, &[("credential", "{}")]).await;
    assert_eq!((wrong.status, browser.session().is_none()), (401, true));
    assert!(wrong.text.contains("That was not right"), "{}", wrong.text);
    let token = wrong.form_token();
    let other = suite.browser();
    let theirs = other.get("/sign-in").await.form_token();
    let stolen = other.post("/sign-in/passkey", &[("credential", ANSWER), ("form_token", &theirs)]).await;
    assert_eq!((stolen.status, other.session().is_none()), (422, true), "it was asked nothing");
    let fields = [("credential", ANSWER), ("form_token", token.as_str())];
    let evil = browser.post_from(Some("https://evil.example"), &path, &fields).await;
    assert_eq!(evil.status, 403);
    let on = browser.post(&path, &fields).await;
    assert!(on.location().starts_with("/oauth/resume?flow="), "{}", on.text);
    let back = browser.follow(on).await.leads_to();
    assert!(back.query_pairs().any(|(name, _)| name == "code"), "{back}");
    assert_eq!(suite.neighbours.sessions_of(&jiro).len(), 1);
    let again = browser.post("/sign-in/passkey", &fields).await;
    assert_eq!(again.status, 422, "the challenge was for one answer");
}
