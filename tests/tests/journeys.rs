//! What people do with the suite, from the first page to the last, by its own pages.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass_mesh::{CallContext, Failure, Mesh, MeshConfig};
use pass_proto::{
    errors::v1::ErrorReason,
    organization::v1::{CheckAccessRequest, access_service_client::AccessServiceClient},
};
use pass_testkit::{wait_for, wait_up_to};
use pass_tests::{Browser, Page, Party, Suite, Tokens};
use pass_types::Origin;
use std::time::Duration;

const PASSWORD: &str = "correct horse battery 7 staple";

/// The sample product's page, opened or asked for a new token.
async fn at_the_product(suite: &Suite, browser: &Browser) -> Page {
    browser.open(suite.backlog.join("/sign-in").unwrap()).await
}

/// Whether a product is told that the token's person may use it, or why it is told nothing.
async fn check_access(suite: &Suite, tokens: &Tokens) -> Result<bool, ErrorReason> {
    let files = suite.pki.product("backlog").unwrap();
    let peers = suite.config.gateway.mesh.peers.clone();
    let config = MeshConfig { peers, ..files.config("pass.internal") };
    let mesh = Mesh::new(config, "backlog", &suite.context).unwrap();
    let mut client = AccessServiceClient::new(mesh.channel("organization").unwrap());
    let context = CallContext::person(tokens.access.as_str(), Origin::default());
    let answer = client.check_access(context.request(CheckAccessRequest::default())).await;
    answer.map(|answer| answer.into_inner().allowed).map_err(|status| Failure::of(&status).reason)
}

/// proves ACC-1, ACC-2, ACC-6, ACC-12, ORG-1, ORG-2, ORG-6, ORG-14, API-1, API-2, API-3, API-5: the first journey
#[tokio::test(flavor = "multi_thread")]
async fn a_nulab_account_signs_in_to_a_product() {
    let suite = Suite::start().await;
    let (taro, hanako) = (Browser::new("Taro", "en"), Browser::new("Hanako", "ja"));

    // 1. Somebody signs up; the link of the mail leads to choosing the password.
    suite.sign_up(&taro, "Taro Yamada", "Taro@example.com", PASSWORD).await;

    // 2. They open the product and come back signed in; it shows what it learns from the JWT and by gRPC.
    let page = at_the_product(&suite, &taro).await;
    assert_eq!(page.text("#name").as_deref(), Some("Taro Yamada"), "{}", page.body);
    assert_eq!(page.text("#email").as_deref(), Some("Taro@example.com"));
    assert_eq!(page.text("#org").as_deref(), Some("none"));
    assert_eq!(
        (page.text("#allowed").as_deref(), page.text("#reason").as_deref()),
        (Some("no"), Some("NOT_A_MEMBER"))
    );

    // 3. They start a trial: an organization with a Space; the next token names it and access is given.
    let page = taro.open(suite.console.join("/trial/backlog").unwrap()).await;
    let form = page.form("/trial/backlog").with("plan", "standard");
    let page = taro.submit(form.with("organization_name", "Acme").with("space_id", "acme")).await;
    page.must_say("Acme").must_say("Administrator").must_say("Plan Admin").must_say("acme");
    let mut organization = page.url.clone();
    organization.set_query(None);
    let page = at_the_product(&suite, &taro).await;
    assert_eq!(page.text("#role").as_deref(), Some("administrator"), "{}", page.body);
    assert_ne!(page.text("#org").as_deref(), Some("none"));
    assert_eq!(
        (page.text("#allowed").as_deref(), page.text("#reason").as_deref()),
        (Some("yes"), Some("ALLOWED"))
    );
    assert_eq!(page.text("#space").as_deref(), Some("Acme (acme)"));

    // 4. They invite a colleague, who signs up, accepts and is seen in the list.
    let invite = format!("{organization}/invitations/new");
    let page = taro.open(&invite).await;
    let form = page.form("/invitations/new").with("email", "hanako@example.com").with("role", "member");
    let page = taro.submit(form.with("message", "Welcome!").with("language", "ja")).await;
    page.must_say("hanako@example.com");
    let mail = suite.mails.wait_for("hanako@example.com").await;
    assert_eq!(mail.subject, "Taro YamadaさんからAcmeへの招待");
    let invitation = mail.link().unwrap().to_owned();
    let page = hanako.open(&invitation).await;
    page.must_say("Acme");
    let page = hanako.click(&page, "/sign-in?to=").await;
    let page = hanako.click(&page, "/sign-up").await;
    let form = page.form("/sign-up").with("name", "佐藤 花子").with("email", "hanako@example.com");
    hanako.submit(form).await;
    let mail = wait_for(async || {
        let mails = suite.mails.mails_to("hanako@example.com");
        mails.into_iter().find(|mail| mail.subject.contains("ヌーラボアカウント"))
    })
    .await;
    let page = hanako.open(mail.link().unwrap()).await;
    let page = hanako.submit(page.form("/sign-up/").with("password", PASSWORD)).await;
    // The sign-up goes on where it began: at the invitation.
    let page = hanako.submit(page.form("/invitations/")).await;
    page.must_say("Acme").must_say("メンバー");
    let page = taro.open(format!("{organization}/members")).await;
    page.must_say("佐藤 花子").must_say("Taro Yamada").must_say("Members");
    let page = hanako.open(format!("{organization}/members")).await;
    page.must_say("佐藤 花子").must_say("Taro Yamada").must_say("メンバー");
    let page = at_the_product(&suite, &hanako).await;
    assert_eq!(
        (page.text("#role").as_deref(), page.text("#allowed").as_deref()),
        (Some("member"), Some("yes"))
    );

    // 5. They end all other sessions: only their own second browser is signed out, everywhere.
    let second = Browser::new("Taro's second", "en");
    let page = at_the_product(&suite, &second).await;
    let page = suite.sign_in(&second, &page, "taro@example.com", PASSWORD).await;
    assert_eq!(page.text("#name").as_deref(), Some("Taro Yamada"), "{}", page.body);
    let party = Party::backlog(&suite);
    let (theirs, mine) = (party.tokens(&second).await, party.tokens(&taro).await);
    assert_eq!(check_access(&suite, &theirs).await, Ok(true));
    let page = taro.open(suite.console.join("/sessions").unwrap()).await;
    taro.submit(page.form("/sessions/end-others")).await;
    // At once: the refresh token. Within a second, by the stream: the access token, in every service.
    assert_eq!(party.refresh(&theirs).await.unwrap_err(), "invalid_grant");
    let revoked = Err(ErrorReason::TokenRevoked);
    wait_up_to(Duration::from_secs(1), async || check_access(&suite, &theirs).await == revoked).await;
    assert_eq!(check_access(&suite, &mine).await, Ok(true));
    party.refresh(&mine).await.unwrap();
    wait_for(async || second.open(&suite.backlog).await.text("#ended").is_some()).await;
    let page = at_the_product(&suite, &second).await;
    assert!(
        page.url.as_str().starts_with(suite.gateway.as_str()),
        "its session is over at the gateway: {}",
        page.url
    );
    let page = taro.open(&suite.backlog).await;
    assert_eq!(page.text("#allowed").as_deref(), Some("yes"), "the browser that asked is not touched");
    let page = hanako.open(&suite.backlog).await;
    assert_eq!(page.text("#allowed").as_deref(), Some("yes"), "nor is the colleague's");
}
