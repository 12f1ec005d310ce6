//! The journey that the suite exists for: a company's first managed sign-in, by the suite's own pages, a real
//! DNS server and a foreign identity provider.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass_mesh::{CallContext, Failure, Mesh, MeshConfig};
use pass_proto::{
    errors::v1::ErrorReason,
    organization::v1::{CheckAccessRequest, access_service_client::AccessServiceClient},
};
use pass_testkit::wait_up_to;
use pass_tests::{Browser, Company, DOMAIN, HANDLE, Page, Party, Suite, Tokens};
use pass_types::Origin;
use std::time::Duration;
use time::OffsetDateTime;

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

/// Seats that are taken, as billing has them.
async fn seats_used(suite: &Suite) -> i32 {
    let query = sqlx::query_scalar("SELECT seats_used FROM subscriptions");
    query.fetch_one(&suite.databases["billing"].pool).await.unwrap()
}

/// An organization that is not of this journey has this Organization ID.
async fn taken_by_another(suite: &Suite, handle: &str) {
    let pool = &suite.databases["organization"].pool;
    let other = "INSERT INTO organizations (id, name, name_key, space_key, created_at)
         VALUES ('01900000-0000-7000-8000-000000000001', 'Other', 'other', 'OtherSpace', now())";
    sqlx::query(other).execute(pool).await.unwrap();
    let taken = "INSERT INTO organization_handles (handle, organization_id, current, first_taken_at)
         VALUES ($1, '01900000-0000-7000-8000-000000000001', true, now())";
    sqlx::query(taken).bind(handle).execute(pool).await.unwrap();
}

/// When the trial ends, as billing has it.
async fn trial_end(suite: &Suite) -> OffsetDateTime {
    let query = sqlx::query_scalar("SELECT trial_ends_at FROM subscriptions");
    query.fetch_one(&suite.databases["billing"].pool).await.unwrap()
}

/// All that somebody had is over, and each is within a second from now: the gateway's session, the refresh token,
/// the access token, the product's session.
async fn all_is_over_within_a_second(suite: &Suite, browser: &Browser, party: &Party, tokens: &Tokens) {
    let second = Duration::from_secs(1);
    let start = suite.gateway.join("/").unwrap();
    let signed_out = suite.gateway.join("/sign-in").unwrap();
    let session = wait_up_to(second, async || browser.open(&start).await.url == signed_out);
    let refresh =
        wait_up_to(second, async || party.refresh(tokens).await.is_err_and(|error| error == "invalid_grant"));
    let access =
        wait_up_to(second, async || check_access(suite, tokens).await == Err(ErrorReason::TokenRevoked));
    let product = wait_up_to(second, async || browser.open(&suite.backlog).await.text("#ended").is_some());
    tokio::join!(session, refresh, access, product);
}

fn at_the_product(page: &Page, suite: &Suite) -> bool {
    page.url.host() == suite.backlog.host() && page.url.port() == suite.backlog.port()
}

/// proves BIL-1, BIL-2, BIL-6, ORG-3, ORG-8, DOM-1, DOM-2, SML-1, SML-2, SML-3, SML-4, SML-6, SML-8, MAN-1, MAN-2,
/// MAN-5, MAN-7, API-5: the journey
#[tokio::test(flavor = "multi_thread")]
async fn a_company_signs_in_with_its_own_identity_provider() {
    // 1. The application, and its approval.
    let company = Box::pin(Company::start(|_| ())).await;
    let (suite, taro) = (&company.suite, &company.taro);
    company.apply().await.must_say("Waiting");
    suite.mails.wait_for("taro@example.com").await;
    company.approve().await.must_say("Approved");
    let page = taro.open(company.at("nulab-pass")).await;
    page.must_say("Trial");

    // 2. The Organization ID: bad ones, one that another organization has, then a good one.
    for bad in ["ac", "acme.inc", "Acme Inc", "-acme", "acme-acme-acme-acme-1"] {
        company.choose_handle(bad).await.must_say("Use 3 to 20");
    }
    taken_by_another(suite, "nulab").await;
    company.choose_handle("nulab").await.must_say("The Nulab Organization ID is already used");
    company.choose_handle(HANDLE).await;
    taro.open(&company.pages).await.must_say(HANDLE);

    // 3. The domain. Before the record is there, it is not verified.
    let page = taro.open(company.at("domains")).await;
    taro.submit(page.form("/domains").with("name", "co.jp")).await.must_say("your own domain");
    company.verify_domain().await.must_say(DOMAIN);
    taro.open(company.at("domains")).await.must_say("Verified");

    // 4. The identity provider: not switched on before its test has passed.
    company.connect().await;
    let page = taro.open(company.at("saml")).await;
    assert!(page.forms().iter().all(|form| !form.action().path().ends_with("/switch-on")), "{}", page.body);

    // 5. A team, a Managed Account in it: when the answer comes it is in the list.
    company.create_team("Shop floor").await.must_say("Shop floor");
    company.create_managed("yuki", "Yuki Tanaka").await;
    let page = taro.open(company.at("members")).await;
    page.must_say("Yuki Tanaka").must_say("Shop floor");
    assert_eq!(seats_used(suite).await, 1);
    let mail = suite.mails.wait_for(&format!("yuki@{DOMAIN}")).await;
    assert!(mail.text.contains("Acme"), "{}", mail.text);
    let yuki = Browser::new("Yuki", "en");
    yuki.open(mail.link().unwrap()).await.must_say("Acme").must_say("Yuki Tanaka");

    // 6. That person signs in from the product.
    let page = company.sign_in(&yuki, "yuki", "Yuki Tanaka").await;
    assert!(at_the_product(&page, suite), "{} ({}):\n{}", page.url, page.status, page.body);
    assert_eq!(page.text("#name").as_deref(), Some("Yuki Tanaka"), "{}", page.body);
    assert_eq!(
        (page.text("#role").as_deref(), page.text("#allowed").as_deref()),
        (Some("member"), Some("yes"))
    );
    let party = Party::backlog(suite);
    let tokens = party.tokens(&yuki).await;
    assert_eq!(check_access(suite, &tokens).await, Ok(true));

    // 7. Suspended: everything ends within a second, and the seat is free. Resumed, it works again.
    let page = taro.open(company.at("members")).await;
    let page = taro.click(&page, "/managed/").await;
    page.must_say("Active");
    let details = page.url.clone();
    taro.submit(page.form("/suspend")).await.must_say("Suspended");
    assert_eq!(seats_used(suite).await, 0, "the seat is free when the answer comes");
    all_is_over_within_a_second(suite, &yuki, &party, &tokens).await;
    let page = company.sign_in(&yuki, "yuki", "Yuki Tanaka").await;
    assert!(!at_the_product(&page, suite), "suspended: {}", page.body);
    page.must_say("suspended");
    let page = taro.open(&details).await;
    taro.submit(page.form("/resume")).await.must_say("Active");
    assert_eq!(seats_used(suite).await, 1);
    let page = company.sign_in(&yuki, "yuki", "Yuki Tanaka").await;
    assert!(at_the_product(&page, suite), "{} {}", page.url, page.body);
    let tokens = party.tokens(&yuki).await;
    assert_eq!(check_access(suite, &tokens).await, Ok(true));

    // 8. The clock passes the trial's end: a token that is a minute old, and an answer on its way, are worth nothing.
    // (Both live for minutes; and what ends them has not done so two seconds before.)
    let (end, second) = (trial_end(suite).await, time::Duration::SECOND);
    suite.clock.set(end - time::Duration::MINUTE);
    let page = company.sign_in(&yuki, "yuki", "Yuki Tanaka").await;
    assert!(at_the_product(&page, suite), "{} {}", page.url, page.body);
    let tokens = party.tokens(&yuki).await;
    assert_eq!(check_access(suite, &tokens).await, Ok(true));
    let late = Browser::new("Late", "en");
    let leaving = company.leave_for_idp(&late).await;
    let answer = company.answer(&leaving, &company.somebody("yuki", "Yuki Tanaka")).await;
    suite.clock.set(end - second);
    assert_eq!(check_access(suite, &tokens).await, Ok(true));
    let tokens = [party.refresh(&tokens).await.unwrap(), tokens];
    suite.clock.set(end + second);
    for tokens in &tokens {
        assert_eq!(check_access(suite, tokens).await, Err(ErrorReason::TokenInvalid));
    }
    let [tokens, _] = tokens;
    assert_eq!(party.refresh(&tokens).await.unwrap_err(), "invalid_grant");
    company.post(&late, &answer).await.must_say("Nulab Pass has ended");
    company.leave_for_idp(&yuki).await.must_say("Nulab Pass has ended");
    let newcomer = Browser::new("Newcomer", "ja");
    company.leave_for_idp(&newcomer).await.must_say("Nulab Passは終了しました");
}
