//! Signing up, and going on where one started.

use crate::{product::query, suite::Suite};
use gateway::app::clients::Registration;

/// proves ACC-1, as far as the pages go: name and address, a mail, a password by its link, signed in, and back
/// to the product that one came from; also in another browser.
#[tokio::test]
async fn somebody_signs_up_and_goes_on_to_the_product() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    suite
        .register(Registration {
            client_id: "cacoo".to_owned(),
            name: "Cacoo".to_owned(),
            audience: "cacoo".to_owned(),
            redirect_uris: vec!["https://other.example/callback".to_owned()],
            ..Registration::default()
        })
        .await;
    let (mut browser, phone) = (suite.browser(), suite.browser());
    browser.language = Some("ja");
    let sign_in = browser.get(&product.authorize(&[])).await.location();
    let page = browser.get(&sign_in).await;
    let sign_up = sign_in.replace("/sign-in", "/sign-up");
    assert!(page.text.contains(&format!("href=\"{sign_up}\"")), "{}", page.text);
    let page = browser.submit(&sign_up, &[("name", "花子"), ("email", "hanako@example.com")]).await;
    let sent = page.location();
    assert!(browser.get(&sent).await.text.contains("メールをご確認ください"));
    let wish = suite.neighbours.state().wishes[0].clone();
    assert_eq!(wish.language, pass_proto::types::v1::Language::Ja);

    let link = format!("/sign-up/{}", wish.token);
    for _ in 0..2 {
        let page = phone.get(&link).await;
        assert!(
            page.text.contains("花子") && page.text.contains("hanako@example.com"),
            "opening it changes nothing"
        );
        let policy = page.header("content-security-policy");
        let (home, product) = ("https://console.example", "https://product.example");
        assert!(policy.ends_with(&format!("form-action 'self' {home} {product}")), "{policy}");
    }
    let refused = phone.submit(&link, &[("password", "short")]).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("12"), "{}", refused.text);
    let page = phone.submit(&link, &[("password", "correct horse battery")]).await;
    let back = phone.follow(page).await.leads_to();
    product.redeem(&query(&back)["code"]).await.good();

    let page = phone.get(&link).await;
    assert_eq!(page.status, 422, "the link works once");
    assert!(page.text.contains("expired") || page.text.contains("使用"), "{}", page.text);
}

/// When the flow is over, the form leads to the start page and nowhere else.
#[tokio::test]
async fn the_form_leads_to_no_client_when_the_flow_is_over() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let browser = suite.browser();
    let sign_in = browser.get(&product.authorize(&[])).await.location();
    let sign_up = sign_in.replace("/sign-in", "/sign-up");
    browser.submit(&sign_up, &[("name", "Taro"), ("email", "taro@example.com")]).await;
    let link = format!("/sign-up/{}", suite.neighbours.state().wishes[0].token);
    suite.clock.advance(time::Duration::hours(25));
    let page = browser.get(&link).await;
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("form-action 'self' https://console.example"), "{policy}");
    assert_eq!(browser.submit(&link, &[("password", "correct horse battery")]).await.location(), "/");
}

/// From nowhere one goes on to the start page; wrong fields are said at the field.
#[tokio::test]
async fn somebody_signs_up_from_nowhere() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    let page = browser.submit("/sign-up", &[("name", "Taro"), ("email", "nonsense")]).await;
    assert_eq!(page.status, 400);
    assert!(
        page.text.contains("id=\"email-error\"") && page.text.contains("value=\"nonsense\""),
        "{}",
        page.text
    );
    let page = browser.submit("/sign-up", &[("name", "Taro"), ("email", "taro@example.com")]).await;
    assert_eq!(page.location(), "/sign-up/sent");
    let link = format!("/sign-up/{}", suite.neighbours.state().wishes[0].token);
    let page = browser.submit(&link, &[("password", "correct horse battery")]).await;
    assert_eq!(page.location(), "/");
    assert!(browser.session().is_some());
}

/// proves ACC-3: the browser says its time zone; what is none, or no answer at all, is in nobody's way
#[tokio::test]
async fn the_browsers_time_zone_goes_along() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    let page = browser.get("/sign-up").await;
    assert!(page.text.contains("name=\"time_zone\" value=\"\""), "{}", page.text);
    let long = "Asia/".to_owned() + &"x".repeat(5_000);
    for (said, kept) in
        [("Asia/Tokyo", "Asia/Tokyo"), ("", ""), ("Mars/Base", ""), ("../etc/passwd", ""), (&long, "")]
    {
        let wish = [("name", "Taro"), ("email", "taro@example.com"), ("time_zone", said)];
        assert_eq!(browser.submit("/sign-up", &wish).await.location(), "/sign-up/sent", "{said:.20}");
        assert_eq!(suite.neighbours.state().wishes.pop().unwrap().time_zone, kept, "{said:.20}");
    }
    let wish = [("name", "Taro"), ("email", "taro@example.com")];
    assert_eq!(browser.submit("/sign-up", &wish).await.location(), "/sign-up/sent");
}
