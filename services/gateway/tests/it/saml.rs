//! Signing in through an organization's identity provider, from the product and back (SML-2, SML-8).

use crate::{
    browser::{Browser, Page, between},
    neighbours::{Company, Someone, response},
    product::{CALLBACK, Product, claims, query},
    suite::Suite,
};
use pass_types::{OrganizationId, Role};
use url::Url;

const COOKIE: &str = "__Host-pass-saml";

/// A suite with an organization that has an identity provider, and one of its people.
pub struct Managed {
    pub suite: Suite,
    pub company: Company,
    pub person: Someone,
    pub organization: OrganizationId,
}

impl Managed {
    pub async fn start() -> Self {
        let suite = Suite::start().await;
        let company = suite.neighbours.company("nulab");
        let person = suite.neighbours.managed("Hanako");
        let organization = suite.neighbours.organization_of(&person, Role::Member);
        Self { suite, company, person, organization }
    }

    /// Opens a page for Managed Accounts and types the Organization ID; gives where the browser is sent.
    pub async fn leave(&self, browser: &Browser, path: &str) -> Url {
        departure(&browser.submit(path, &[("identifier", &self.company.handle)]).await)
    }

    /// The identity provider's form, posted by a browser: from another site, so without our cookies.
    pub async fn post(&self, fields: &[(&str, &str)]) -> Page {
        let path = format!("/saml/{}/acs", self.company.space_key);
        self.suite.browser().post_from(Some("https://idp.example"), &path, fields).await
    }

    /// The provider's answer for somebody to what a browser left with; gives where that browser is sent.
    pub async fn answer(&self, left: &Url, email: &str) -> String {
        let relay = &query(left)["RelayState"];
        self.post(&[("SAMLResponse", &response(email)), ("RelayState", relay)]).await.location()
    }

    /// The same without a request of ours.
    pub async fn unsolicited(&self, email: &str) -> String {
        self.post(&[("SAMLResponse", &response(email))]).await.location()
    }

    /// The whole way of somebody at a product, up to the code's address.
    pub async fn sign_in(&self, product: &Product, browser: &Browser) -> Url {
        let sign_in = browser.get(&product.authorize(&[])).await.location();
        let left = self.leave(browser, &sign_in.replace("/sign-in", "/managed")).await;
        let finish = self.answer(&left, &self.person.email).await;
        let page = browser.get(&finish).await;
        browser.follow(page).await.leads_to()
    }

    fn sessions(&self) -> usize {
        self.suite.neighbours.sessions_of(&self.person).len()
    }
}

/// Where the leave page sends the browser: the same by itself and by its link.
pub fn departure(page: &Page) -> Url {
    assert_eq!(page.status, 200, "{}", page.text);
    let link = between(&page.text, "id=\"leave\" href=\"", "\"");
    if page.text.contains("http-equiv") {
        assert_eq!(between(&page.text, "http-equiv=\"refresh\" content=\"0;url=", "\""), link);
    }
    Url::parse(&link.replace("&#38;", "&").replace("&#39;", "'")).unwrap()
}

fn is_over(page: &Page) -> bool {
    let kept = page.headers.get_all("set-cookie").iter().any(|it| it.to_str().unwrap().contains("pass="));
    page.status == 422 && !kept && page.text.contains("was used already, has expired, or is incomplete")
}

/// proves SML-2 and SML-8: from the product over the identity provider to the product's code, in one browser
#[tokio::test]
async fn somebody_signs_in_through_the_identity_provider() {
    let managed = Managed::start().await;
    let (product, browser) = (managed.suite.product("backlog").await, managed.suite.browser());
    let sign_in = browser.get(&product.authorize(&[("login_hint", "hanako@example.com")])).await.location();
    let page = browser.get(&sign_in).await;
    let path = between(&page.text, "<a href=\"/managed", "\"").to_owned();
    let path = format!("/managed{path}");
    let page = browser.get(&path).await;
    assert!(page.text.contains("to go on to Product backlog"), "{}", page.text);
    assert!(page.text.contains("value=\"hanako@example.com\""), "the hint is typed already");

    let page = browser.submit(&path, &[("identifier", " nulab ")]).await;
    let set =
        page.headers.get_all("set-cookie").iter().find_map(|it| it.to_str().unwrap().strip_prefix(COOKIE));
    assert!(set.unwrap().ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{set:?}");
    assert!(page.text.contains("idp.example, and come back here"), "whose page comes next: {}", page.text);
    let left = departure(&page);
    assert!(left.as_str().starts_with("https://idp.example/sso?SAMLRequest=a%2Bb%3D&"), "{left}");

    let finish = managed.answer(&left, &managed.person.email).await;
    assert!(finish.starts_with("/saml/finish?handle="), "{finish}");
    let posted = managed.suite.neighbours.state().saml.posted[0].clone();
    let expected = (managed.company.space_key.clone(), response(&managed.person.email));
    assert_eq!((posted.0, posted.1), expected, "what was posted, to the letter");
    assert_eq!(managed.sessions(), 0, "no session before the browser that began it is back");

    let page = browser.get(&finish).await;
    assert!(page.location().starts_with("/oauth/resume?flow="), "{}", page.location());
    assert!(browser.session().is_some());
    assert!(!browser.cookies.lock().unwrap().contains_key(COOKIE), "it has done its work");
    let back = browser.follow(page).await.leads_to();
    assert!(back.as_str().starts_with(CALLBACK), "{back}");
    product.redeem(&query(&back)["code"]).await.good();
}

/// proves API-5 for Managed Accounts, as far as the gateway goes: their tokens say what they are, and there
/// are no more once identity says that the session is over
#[tokio::test]
async fn tokens_of_a_managed_account_say_so_and_end_with_its_session() {
    let managed = Managed::start().await;
    let (product, browser) = (managed.suite.product("backlog").await, managed.suite.browser());
    let back = managed.sign_in(&product, &browser).await;
    let tokens = product.redeem(&query(&back)["code"]).await;
    let access = claims(&tokens.text("access_token"));
    assert_eq!(access["account_kind"], "managed");
    assert_eq!(access["sub"], managed.person.id.to_string());
    assert_eq!(access["org_id"], managed.organization.to_string());
    let next = product.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(claims(&next.text("access_token"))["account_kind"], "managed");
    for session in managed.suite.neighbours.sessions_of(&managed.person) {
        managed.suite.neighbours.end(session);
    }
    product.refresh(&next.text("refresh_token")).await.refused("invalid_grant");
    let page = browser.get(&product.authorize(&[])).await;
    assert!(page.location().starts_with("/sign-in?flow="), "the browser's session is over too");
}

/// proves SML-2 (login CSRF): a browser without the cookie of the one that left can't finish the sign-in
#[tokio::test]
async fn only_the_browser_that_left_can_finish() {
    let managed = Managed::start().await;
    let product = managed.suite.product("backlog").await;
    let (browser, other, fresh) = (managed.suite.browser(), managed.suite.browser(), managed.suite.browser());
    let sign_in = browser.get(&product.authorize(&[])).await.location();
    let left = managed.leave(&browser, &sign_in.replace("/sign-in", "/managed")).await;
    managed.leave(&other, "/managed").await;
    let finish = managed.answer(&left, &managed.person.email).await;
    let handle = finish.strip_prefix("/saml/finish?handle=").unwrap();
    let forged = managed.suite.browser();
    forged.cookies.lock().unwrap().insert(COOKIE.to_owned(), "a b\"c".to_owned());
    for stranger in [&other, &fresh, &forged] {
        assert!(is_over(&stranger.get(&finish).await));
        assert!(is_over(&stranger.get(&format!("/saml/continue?handle={handle}")).await));
        let token = stranger.get("/sign-in").await.form_token();
        let fields = [("handle", handle), ("form_token", token.as_str())];
        assert!(is_over(&stranger.post("/saml/continue", &fields).await), "not without the cookie this way");
        assert!(stranger.session().is_none());
    }
    assert_eq!(managed.sessions(), 0);
    let page = browser.get(&finish).await;
    assert!(query(&browser.follow(page).await.leads_to()).contains_key("code"));
}

/// proves SML-2: each of a browser's tabs finishes its own sign-in, whichever comes back first; there may be four
#[tokio::test]
async fn each_tab_finishes_its_own() {
    let managed = Managed::start().await;
    let browser = managed.suite.browser();
    let mut tabs = Vec::new();
    for _ in 0..3 {
        tabs.push(managed.leave(&browser, "/managed").await);
    }
    for (i, left) in tabs.iter().enumerate() {
        let finish = managed.answer(left, &managed.person.email).await;
        assert_eq!(browser.get(&finish).await.location(), "/", "tab {i}");
        let kept = browser.cookies.lock().unwrap().get(COOKIE).map_or(0, |it| it.split('.').count());
        assert_eq!(kept, 2 - i, "what has done its work is forgotten");
    }

    let first = managed.leave(&browser, "/managed").await;
    let mut last = first.clone();
    for _ in 0..4 {
        last = managed.leave(&browser, "/managed").await;
    }
    assert_eq!(browser.cookies.lock().unwrap()[COOKIE].split('.').count(), 4);
    let finish = managed.answer(&first, &managed.person.email).await;
    assert!(is_over(&browser.get(&finish).await), "the oldest of five is forgotten");
    let nonsense = format!("x.{}.", browser.cookies.lock().unwrap()[COOKIE]);
    browser.cookies.lock().unwrap().insert(COOKIE.to_owned(), nonsense);
    let finish = managed.answer(&last, &managed.person.email).await;
    assert_eq!(browser.get(&finish).await.location(), "/", "what is no token is left out");
}

/// proves security.md: what asks for a fresh sign-in has the identity provider ask the person, and a session for
/// which it did not is nothing recent
#[tokio::test]
async fn a_fresh_sign_in_is_asked_of_the_provider() {
    let managed = Managed::start().await;
    let (product, browser) = (managed.suite.product("backlog").await, managed.suite.browser());
    for (asked, forced) in [
        (&[][..], false),
        (&[("max_age", "600")], true),
        (&[("prompt", "login")], true),
        (&[("prompt", "select_account")], true),
    ] {
        let page = browser.get(&product.authorize(asked)).await;
        let sign_in = page.location();
        assert!(sign_in.starts_with("/sign-in?flow="), "{asked:?}: {sign_in}");
        let left = managed.leave(&browser, &sign_in.replace("/sign-in", "/managed")).await;
        assert_eq!(query(&left).contains_key("ForceAuthn"), forced, "{asked:?}");
        let page = browser.get(&managed.answer(&left, &managed.person.email).await).await;
        let back = browser.follow(page).await.leads_to();
        assert!(query(&back).contains_key("code"), "{asked:?}: {back}");
    }
    // The last session was asked for; the client may have it while it is recent.
    let page = browser.get(&product.authorize(&[("max_age", "600")])).await;
    assert!(query(&page.leads_to()).contains_key("code"));

    // Who leaves the flow gets a session, and not what the flow asks for.
    let sign_in = browser.get(&product.authorize(&[("prompt", "login")])).await.location();
    let left = managed.leave(&browser, "/managed").await;
    assert!(!query(&left).contains_key("ForceAuthn"));
    browser.get(&managed.answer(&left, &managed.person.email).await).await;
    let resumed = browser.get(&sign_in.replace("/sign-in", "/oauth/resume")).await;
    assert_eq!(resumed.location(), sign_in);
    let page = browser.get(&product.authorize(&[("max_age", "600")])).await;
    assert!(page.location().starts_with("/sign-in?flow="), "a session of the provider's own is no sign-in");
}

/// proves SML-2: like a code, a handle works once; the browser's earlier session ends
#[tokio::test]
async fn a_handle_works_once_and_replaces_the_session() {
    let managed = Managed::start().await;
    let (taro, browser) = (managed.suite.neighbours.account("Taro"), managed.suite.browser());
    browser.sign_in("/sign-in", &taro).await;
    let left = managed.leave(&browser, "/managed").await;
    let finish = managed.answer(&left, &managed.person.email).await;
    let token = browser.cookies.lock().unwrap()[COOKIE].clone();
    assert_eq!(browser.get(&finish).await.location(), "/", "from nowhere to the start page");
    assert!(managed.suite.neighbours.sessions_of(&taro).is_empty(), "a new session at each change of level");
    assert_eq!(managed.sessions(), 1);
    browser.cookies.lock().unwrap().insert(COOKIE.to_owned(), token);
    assert!(is_over(&browser.get(&finish).await));
    assert!(browser.session().is_some(), "the session that came of it goes on");
    assert_eq!(managed.sessions(), 1);
    for path in
        ["/saml/finish", "/saml/continue", "/saml/finish?handle=a&handle=b", "/saml/finish?handle=%FF"]
    {
        let page = browser.get(path).await;
        assert!([400, 422].contains(&page.status), "{path}: {}", page.status);
        assert!(page.text.contains("<h1>That did not work</h1>"), "{path}: a page");
    }
}

/// proves SML-2 (IdP-initiated): nobody is signed in unasked; what is asked is a form of our own
#[tokio::test]
async fn an_unsolicited_sign_in_asks_first() {
    let managed = Managed::start().await;
    let (taro, mut browser) = (managed.suite.neighbours.account("Taro"), managed.suite.browser());
    browser.sign_in("/sign-in", &taro).await;
    let location = managed.unsolicited(&managed.person.email).await;
    let handle = location.strip_prefix("/saml/continue?handle=").unwrap().to_owned();
    let page = browser.get(&location).await;
    assert!(page.text.contains("of nulab &#38; Sons says that you are hanako@example.com"), "{}", page.text);
    assert!(page.text.contains("Continue as hanako@example.com"), "{}", page.text);
    browser.language = Some("ja");
    let page = browser.get(&location).await;
    assert!(page.text.contains("lang=\"ja\"") && page.text.contains("hanako@example.com として続ける"));
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("form-action 'self' https://console.example"), "{policy}");
    assert_eq!(managed.sessions(), 0, "asking signs nobody in");

    let fields = [("handle", handle.as_str()), ("form_token", &page.form_token())];
    assert_eq!(browser.post("/saml/continue", &fields[..1]).await.status, 403, "no form token");
    let elsewhere = browser.post_from(Some("https://idp.example"), "/saml/continue", &fields).await;
    assert_eq!(elsewhere.status, 403, "from another site");
    assert!(browser.get(&format!("/saml/finish?handle={handle}")).await.status == 422, "asked it must be");
    assert_eq!(managed.sessions(), 0);
    assert_eq!(browser.post("/saml/continue", &fields).await.location(), "/");
    assert_eq!(managed.sessions(), 1);
    assert!(managed.suite.neighbours.sessions_of(&taro).is_empty(), "the session so far is replaced");
    assert_eq!(browser.post("/saml/continue", &fields).await.status, 422, "once");
    assert_eq!(browser.get("/").await.location(), crate::suite::CONSOLE);
}

/// proves SML-6, as far as the pages go: a test ends where its verdict is, and signs nobody in
#[tokio::test]
async fn a_test_sign_in_ends_at_its_verdict() {
    let managed = Managed::start().await;
    let verdict = "https://console.example/organizations/1/saml/tests/2";
    managed.suite.neighbours.state().saml.tests.insert("the-test".to_owned(), verdict.to_owned());
    let browser = managed.suite.browser();
    let page = browser.get("/saml/tests/the-test").await;
    assert!(!page.text.contains("http-equiv"), "whoever was sent the link is asked: {}", page.text);
    let left = departure(&page);
    assert!(is_over(&browser.get("/saml/tests/the-test").await), "begun once");
    let finish = managed.answer(&left, &managed.person.email).await;
    assert!(is_over(&managed.suite.browser().get(&finish).await), "in the browser that began it");
    assert_eq!(browser.get(&finish).await.location(), verdict);
    assert!(browser.session().is_none() && managed.sessions() == 0);
    // Were identity's answer no web page's address, nobody would be sent there.
    let hostile = "javascript:alert(1)".to_owned();
    managed.suite.neighbours.state().saml.tests.insert("hostile".to_owned(), hostile);
    let left = departure(&browser.get("/saml/tests/hostile").await);
    let page = browser.get(&managed.answer(&left, &managed.person.email).await).await;
    assert!(page.status == 500 && page.headers.get("location").is_none() && !page.text.contains("alert("));
}
