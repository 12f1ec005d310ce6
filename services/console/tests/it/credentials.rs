//! Asking for another address (ACC-7).

use crate::suite::Suite;
use http::StatusCode;
use pass_proto::{errors::v1::ErrorReason, identity::v1::RequestEmailChangeRequest, types::v1 as wire};
use pass_types::{Invalid, Kind};

const PATH: &str = "/account/email";
const METHOD: &str = "request_email_change";

/// proves ACC-7: another address is asked for on the account's page, after a fresh sign-in
#[tokio::test]
async fn another_address_is_asked_for_after_a_fresh_sign_in() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    assert!(browser.get("/account").await.body.contains("href=\"/account/email\""));
    let page = browser.get(PATH).await;
    assert!(page.body.contains("taro@example.com"), "{}", page.body);
    let fields = [("email", "new@example.com")];
    suite.services.refuse(METHOD, Kind::Precondition, ErrorReason::FreshSignInNeeded, vec![]);
    let sent = browser.post(&page, PATH, &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let to_gateway = browser.get(sent.location()).await;
    assert!(to_gateway.location().contains("&prompt=login"), "{}", to_gateway.location());
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
    let again = browser.get(&back).await;
    assert_eq!(again.location(), format!("{PATH}?done=signed-in-again"));
    let page = browser.get(again.location()).await;
    suite.services.relent();
    let done = browser.post(&page, PATH, &fields).await;
    assert_eq!(done.location(), "/account?done=email-change-sent");
    assert!(browser.get(done.location()).await.body.contains("works for 24 hours"));
    let asked = suite.services.asked::<RequestEmailChangeRequest>(METHOD);
    assert_eq!(asked.last().unwrap().email, "new@example.com");
}

/// proves ACC-7: what is wrong with an address is said at its field; what was typed stays
#[tokio::test]
async fn a_wrong_address_is_said_at_its_field() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(PATH).await;
    let violations = vec![Invalid("must be an email address").of("email")];
    suite.services.refuse(METHOD, Kind::InvalidInput, ErrorReason::InvalidArgument, violations);
    let refused = browser.post(&page, PATH, &[("email", "a\"b@example.com")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.body.contains("id=\"email-error\"") && refused.body.contains("a&#34;b@"),
        "{}",
        refused.body
    );
    suite.services.refuse(METHOD, Kind::RateLimited, ErrorReason::RateLimited, vec![]);
    let refused = browser.post(&page, PATH, &[("email", "new@example.com")]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

/// proves MAN-4: a Managed Account's address is not its person's to change, and the page does not offer it
#[tokio::test]
async fn a_managed_account_keeps_its_address() {
    let suite = Suite::start().await;
    suite.services.change(|data| data.account.kind = wire::AccountKind::Managed as i32);
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    assert!(!page.body.contains("/account/email"), "{}", page.body);
    assert_eq!(browser.get(PATH).await.location(), "/account");
    suite.services.refuse(METHOD, Kind::Forbidden, ErrorReason::ManagedByOrganization, vec![]);
    let refused = browser.post(&page, PATH, &[("email", "new@example.com")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
